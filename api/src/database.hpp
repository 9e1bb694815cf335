// The database behind a pool of threads, each with a connection of its own.
//
// This is plain libpq: libpqxx 6.4 gives a failed statement's DETAIL and HINT only as part of one text
// (no PQresultErrorField), and the contract needs each by itself. libpqxx is used by the monitor.
#pragma once

#include "histogram.hpp"
#include "problem.hpp"
#include "queue.hpp"

#include <libpq-fe.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace auxeira::api {

enum class Statement {
    call,
    register_user,
    begin_login,
    login_failed,
    open_session,
    rehash_password,
    rotate_session,
    switch_organization,
    own_account,
    reauthentication_failed,
    change_password,
    request_password_reset,
    reset_context,
    reset_password,
    enroll_totp,
    activate_totp,
    renew_recovery_codes,
    disable_totp,
    call_list,
    log_position,
    read_events,
    take_events,
    listen_events,
    rest_until_notified,
    stop_resting,
};

// What became of a statement.
class Reply {
public:
    enum class State { rows, failed, lost };

    explicit Reply(PGresult* result);
    static Reply lost() { return Reply(nullptr); }
    static Reply timed_out();

    State state() const { return state_; }
    const DatabaseError& error() const { return error_; }
    bool has_row() const { return state_ == State::rows && PQntuples(result_.get()) > 0; }
    bool is_null(int column) const { return PQgetisnull(result_.get(), 0, column) != 0; }
    // Of the first row: text of a null is empty, a number that is none is 0.
    std::string_view text(int column) const;
    std::int64_t number(int column) const;
    bool is_true(int column) const { return has_row() && text(column) == "t"; }

private:
    std::unique_ptr<PGresult, decltype(&PQclear)> result_;
    State state_ = State::lost;
    DatabaseError error_;
};

struct DatabaseSettings {
    std::string dsn;
    std::size_t workers = 4;
    std::size_t queue = 256;
    std::chrono::milliseconds statement_timeout{5000};
    std::string name = "database"; // in the log
};

// The connection string with everything that must not be left to the environment or to the DSN.
std::string conninfo(const DatabaseSettings& settings, const std::string& application_name);

// One connection. Not for two threads at once.
class Session {
public:
    // Each round trip is added to the histogram, where there is one.
    Session(std::string conninfo, std::chrono::milliseconds statement_timeout,
            Histogram* round_trips = nullptr);

    bool connected() const { return connection_ != nullptr; }
    bool connect(); // false with the reason in fault()
    const std::string& fault() const { return fault_; }

    // Notices a connection that ended while nobody used it, without asking the server.
    void check();

    // Parameters are text; null pointers are SQL nulls. A connection that is lost stays closed. Repeats the
    // statement after a serialization failure or a deadlock: it is a transaction of its own, of which these
    // leave nothing behind.
    Reply run(Statement statement, std::initializer_list<const char*> parameters);

    // For whoever waits for notifications; -1 without a connection. What has come is forgotten.
    int socket() const { return connection_ ? PQsocket(connection_.get()) : -1; }
    void take_notices();

    // How long statements took since this was asked last.
    std::chrono::nanoseconds take_time() { return std::exchange(time_, {}); }

private:
    Reply run_once(Statement statement, std::initializer_list<const char*> parameters);
    bool prepare_all();
    Reply complete(bool sent);
    bool wait_for(short events, std::chrono::steady_clock::time_point deadline);
    bool fail(std::string fault);
    Reply time_out();

    const std::string conninfo_;
    const std::chrono::milliseconds patience_;
    Histogram* const round_trips_;
    std::chrono::nanoseconds time_{0};
    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_{nullptr, PQfinish};
    std::string fault_;
};

// How much a pool has to do.
struct PoolFigures {
    std::size_t workers = 0;
    std::size_t connected = 0;
    std::size_t busy = 0;
    std::size_t waiting = 0;
    std::size_t room = 0; // for those that wait
};

class Database {
public:
    // Runs on a worker with its session. Must not throw.
    using Task = std::function<void(Session&)>;

    explicit Database(const DatabaseSettings& settings);
    ~Database() { stop(); }
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    void start();
    void stop(); // after the tasks that are waiting

    // Waits for the first connection; false when there is none in time.
    bool up_within(std::chrono::milliseconds patience) const;

    // Whether any worker has a connection. While none has, calls should fail at once instead of waiting.
    bool up() const { return connected_ > 0; }

    // False when the queue is full.
    bool submit(Task task) { return tasks_.push(std::move(task)); }

    PoolFigures figures() const;
    const Histogram& round_trips() const { return round_trips_; }

private:
    struct Worker;

    void work();
    std::optional<Task> next_task(Worker& worker);
    void reconnect(Worker& worker);
    void count(Worker& worker);

    const DatabaseSettings settings_;
    const std::string conninfo_;
    Queue<Task> tasks_;
    std::atomic<std::size_t> connected_{0};
    std::atomic<std::size_t> busy_{0};
    Histogram round_trips_;
    std::vector<std::thread> threads_;
};

} // namespace auxeira::api
