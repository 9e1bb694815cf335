#include "password.hpp"

#include "encoding.hpp"
#include "log.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

namespace auxeira::api {

namespace {

constexpr unsigned long long operations = 2;
constexpr std::size_t memory = 19UL * 1024 * 1024;
constexpr std::size_t queue_limit = 20;
constexpr unsigned most_threads = 2;

} // namespace

void Secret::wipe(std::string& text) {
    sodium_memzero(text.data(), text.size());
}

std::string hash_password(const std::string& password) {
    std::array<char, crypto_pwhash_STRBYTES> hash{};
    const int failed = crypto_pwhash_str_alg(hash.data(), password.data(), password.size(), operations,
                                             memory, crypto_pwhash_ALG_ARGON2ID13);
    return failed == 0 ? std::string(hash.data()) : std::string();
}

bool verify_password(const std::string& hash, const std::string& password) {
    return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

bool needs_rehash(const std::string& hash) {
    return crypto_pwhash_str_needs_rehash(hash.c_str(), operations, memory) != 0;
}

PasswordPool::PasswordPool() : tasks_(queue_limit), dummy_hash_(hash_password(random_bytes(32))) {}

void PasswordPool::start() {
    const unsigned count = std::clamp(std::thread::hardware_concurrency(), 1U, most_threads);
    for (unsigned i = 0; i < count; ++i)
        threads_.emplace_back([this] { work(); });
}

void PasswordPool::stop() {
    tasks_.close();
    for (std::thread& thread : threads_)
        thread.join();
    threads_.clear();
}

void PasswordPool::work() {
    while (true) {
        const auto task = tasks_.pop(std::chrono::hours(1));
        if (task) {
            (*task)();
        } else if (tasks_.closed_within(std::chrono::milliseconds(0))) {
            return;
        }
    }
}

} // namespace auxeira::api
