// Rings until every visitor has been heard.
//
// When two connections arrive in the same instant, Pistache 0.0.5 can lose the wake-up for the second: its
// queue clears its event after having looked for the last time (mended upstream in 2024). Seen once in about
// 100,000 connections of a burst; the client then waits until somebody else connects. So after every
// arrival a few connections are made from here, which make each IO thread look again.
#pragma once

#include "socket_address.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace auxeira::api {

class Doorbell {
public:
    // `heard` counts the connections that an IO thread has taken over.
    explicit Doorbell(const std::atomic<std::uint64_t>& heard) : heard_(heard) {}
    ~Doorbell() { stop(); }
    Doorbell(const Doorbell&) = delete;
    Doorbell& operator=(const Doorbell&) = delete;

    void start(const SocketAddress& address);
    void stop();

private:
    void watch();
    void ring();

    const std::atomic<std::uint64_t>& heard_;
    SocketAddress address_;
    std::mutex mutex_;
    std::condition_variable stop_requested_;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace auxeira::api
