#include "monitor.hpp"

#include "log.hpp"

#include <pqxx/pqxx>

#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>

namespace auxeira::api {

namespace {

constexpr std::chrono::seconds interval{1};
constexpr std::chrono::seconds freshness{5};
constexpr std::chrono::seconds figures_interval{5};
constexpr std::chrono::milliseconds patience{500}; // with a look when the monitor is to stop
constexpr const char* figures_question = "SELECT name, label, value FROM auxeira.operation_figures()";
constexpr const char* question = "SELECT version FROM auxeira.schema_version";

// Something to read that nobody asked for is the end of the connection. libpqxx 6.4 leaks a result when it
// finds that out by asking.
bool has_ended(const pqxx::connection& connection) {
    pollfd socket{connection.sock(), POLLIN, 0};
    return ::poll(&socket, 1, 0) > 0;
}

} // namespace

void Monitor::start() {
    thread_ = std::thread([this] { watch(); });
}

void Monitor::stop() {
    {
        std::unique_lock lock(mutex_);
        stopping_ = true;
        stop_requested_.notify_all();
        // A look ends by itself, unless it hangs. Of one that is cut off libpqxx 6.4 leaks the result.
        if (!look_ended_.wait_for(lock, patience, [this] { return socket_ < 0; }))
            ::shutdown(socket_, SHUT_RDWR);
    }
    if (thread_.joinable()) thread_.join();
}

bool Monitor::ready() const {
    return ready_ && std::chrono::steady_clock::now() - looked_.load() < freshness;
}

std::vector<Figure> Monitor::figures() const {
    if (std::chrono::steady_clock::now() - looked_.load() >= freshness) return {};
    const std::lock_guard lock(mutex_);
    return figures_;
}

void Monitor::keep(std::vector<Figure> figures) {
    const std::lock_guard lock(mutex_);
    figures_ = std::move(figures);
}

// Without them the service is as ready as with them.
void Monitor::ask_for_figures(pqxx::nontransaction& work) {
    const auto now = std::chrono::steady_clock::now();
    if (!has_figures_ || now - asked_ < figures_interval) return;
    asked_ = now;
    try {
        std::vector<Figure> figures;
        for (const auto& row : work.exec(figures_question))
            figures.push_back({row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<double>()});
        keep(std::move(figures));
    } catch (const pqxx::sql_error& error) {
        keep({});
        log_line(Level::warn, "no figures of the database", JsonObject().text("reason", error.what()));
    }
}

std::string Monitor::schema_version() const {
    const std::lock_guard lock(mutex_);
    return version_;
}

void Monitor::note(bool ready, const std::string& what) {
    if (ready_.exchange(ready) == ready) return;
    log_line(ready ? Level::info : Level::error, ready ? "ready" : "not ready",
             JsonObject().text("reason", what));
}

bool Monitor::pause() {
    std::unique_lock lock(mutex_);
    return !stop_requested_.wait_for(lock, interval, [this] { return stopping_; });
}

// Lets stop() reach the connection while there is one.
class Monitor::Known {
public:
    Known(Monitor& monitor, int socket) : monitor_(monitor) { tell(socket); }
    ~Known() { tell(-1); }
    Known(const Known&) = delete;
    Known& operator=(const Known&) = delete;

private:
    void tell(int socket) {
        const std::lock_guard lock(monitor_.mutex_);
        monitor_.socket_ = monitor_.stopping_ ? -1 : socket;
        monitor_.look_ended_.notify_all();
    }
    Monitor& monitor_;
};

// One connection for as long as it lasts: every failure ends it, so that libpqxx never mends it by itself.
// False when the monitor is to stop.
bool Monitor::look() {
    pqxx::connection connection(conninfo_);
    const pqxx::quiet_errorhandler quiet(connection);
    const Known known(*this, connection.sock());
    do {
        pqxx::nontransaction work(connection);
        const pqxx::result rows = work.exec(question);
        const std::string version = rows.empty() ? "" : rows.back()[0].as<std::string>("");
        {
            const std::lock_guard lock(mutex_);
            version_ = version;
        }
        looked_ = std::chrono::steady_clock::now();
        note(!rows.empty(), rows.empty() ? "the platform's schema version is missing" : version);
        if (!rows.empty()) ask_for_figures(work);
        if (!pause()) return false;
    } while (!has_ended(connection));
    return true;
}

void Monitor::watch() {
    for (bool go_on = true; go_on;) {
        try {
            go_on = look();
        } catch (const std::exception& error) {
            note(false, error.what());
            go_on = pause();
        } catch (...) {
            note(false, "unknown failure");
            go_on = pause();
        }
    }
}

} // namespace auxeira::api
