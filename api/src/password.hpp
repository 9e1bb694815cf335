// Password hashing (argon2id) on threads of its own: 18 ms of a core must not be taken from requests.
#pragma once

#include "queue.hpp"

#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace auxeira::api {

// Text that is wiped when it is no longer needed.
class Secret {
public:
    explicit Secret(std::string text) : text_(std::move(text)) {}
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret() { wipe(text_); }

    const std::string& text() const { return text_; }

    static void wipe(std::string& text);

private:
    std::string text_;
};

// A self-describing argon2id text with the parameters that OWASP recommends; empty when memory is short.
std::string hash_password(const std::string& password);

bool verify_password(const std::string& hash, const std::string& password);

// Whether a hash was made with other parameters than a new one would be.
bool needs_rehash(const std::string& hash);

class PasswordPool {
public:
    using Task = std::function<void()>; // must not throw

    PasswordPool();
    ~PasswordPool() { stop(); }
    PasswordPool(const PasswordPool&) = delete;
    PasswordPool& operator=(const PasswordPool&) = delete;

    void start();
    void stop();

    // False when too many are waiting.
    bool submit(Task task) { return tasks_.push(std::move(task)); }

    // Verifying against this takes as long as against a real hash and never succeeds.
    const std::string& dummy_hash() const { return dummy_hash_; }

private:
    void work();

    Queue<Task> tasks_;
    std::string dummy_hash_;
    std::vector<std::thread> threads_;
};

} // namespace auxeira::api
