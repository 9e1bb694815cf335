// Watches whether the service is ready: the database answers and the platform is installed in it.
#pragma once

#include <atomic>
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

    bool ready() const { return ready_; }
    std::string schema_version() const; // the last one seen

private:
    void watch();
    bool look();
    void note(bool ready, const std::string& what);
    bool pause(); // false when the monitor is to stop

    const std::string conninfo_;
    std::atomic<bool> ready_{false};
    mutable std::mutex mutex_;
    std::condition_variable stop_requested_;
    bool stopping_ = false;
    std::string version_;
    std::thread thread_;
};

} // namespace auxeira::api
