// Finishes answers whose reader is slow, so that no other thread ever waits for a client.
#pragma once

#include "descriptor.hpp"

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace auxeira::api {

// Sends what fits without waiting. The rest of the text is left in `head` and `body`; false when the
// connection is broken.
bool send_some(int socket, std::string_view& head, std::string_view& body);

class Sender {
public:
    // Called with the socket once everything has been sent; not called when the client was too slow. Must not
    // throw.
    using Done = std::function<void(Descriptor)>;

    Sender();
    ~Sender();
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    void start();
    void stop();

    // False when too much is waiting already.
    bool take(Descriptor socket, std::string rest, Done done);

private:
    using Clock = std::chrono::steady_clock;

    struct Item {
        Descriptor socket;
        std::string text;
        std::size_t sent = 0;
        Clock::time_point last_progress;
        Clock::time_point deadline;
        Done done;
    };

    void run();
    void collect(std::vector<Item>& items);
    void wait(const std::vector<Item>& items);
    bool advance(Item& item); // true = nothing more to do

    std::mutex mutex_;
    std::vector<Item> arrived_;
    std::size_t waiting_bytes_ = 0;
    bool stopping_ = false;
    Descriptor wake_;
    std::thread thread_;
};

} // namespace auxeira::api
