// Watches whether the service is ready: the database answers and the platform is installed in it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <pqxx/nontransaction>

namespace auxeira::api {

// A figure of the service that the database knows.
struct Figure {
    std::string name;
    std::string label; // of what it is, such as a job
    double value = 0;
};

class Monitor {
public:
    // Figures are asked for only where somebody wants them.
    Monitor(std::string conninfo, bool has_figures)
        : conninfo_(std::move(conninfo)), has_figures_(has_figures) {}
    ~Monitor() { stop(); }
    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;

    void start();
    void stop();

    // The last look was good and not long ago: one that hangs says nothing.
    bool ready() const;
    std::string schema_version() const;  // the last one seen
    std::vector<Figure> figures() const; // some seconds old at most; none when the database does not answer

private:
    class Known;

    void watch();
    bool look();
    void note(bool ready, const std::string& what);
    void ask_for_figures(pqxx::nontransaction& work);
    void keep(std::vector<Figure> figures);
    bool pause(); // false when the monitor is to stop

    const std::string conninfo_;
    const bool has_figures_;
    std::chrono::steady_clock::time_point asked_{}; // for figures
    std::atomic<bool> ready_{false};
    std::atomic<std::chrono::steady_clock::time_point> looked_{};
    mutable std::mutex mutex_;
    std::condition_variable stop_requested_;
    std::condition_variable look_ended_;
    bool stopping_ = false;
    int socket_ = -1; // of the connection that look() has
    std::string version_;
    std::vector<Figure> figures_;
    std::thread thread_;
};

} // namespace auxeira::api
