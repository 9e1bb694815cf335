// Watches whether the service is ready: the database answers and the platform is installed in it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace auxeira::api {

class Monitor {
public:
    explicit Monitor(std::string conninfo) : conninfo_(std::move(conninfo)) {}
    ~Monitor() { stop(); }
    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;

    void start();
    void stop();

    // The last look was good and not long ago: one that hangs says nothing.
    bool ready() const;
    std::string schema_version() const; // the last one seen

private:
    class Known;

    void watch();
    bool look();
    void note(bool ready, const std::string& what);
    bool pause(); // false when the monitor is to stop

    const std::string conninfo_;
    std::atomic<bool> ready_{false};
    std::atomic<std::chrono::steady_clock::time_point> looked_{};
    mutable std::mutex mutex_;
    std::condition_variable stop_requested_;
    bool stopping_ = false;
    int socket_ = -1; // of the connection that look() has
    std::string version_;
    std::thread thread_;
};

} // namespace auxeira::api
