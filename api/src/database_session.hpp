// One connection to the database, and the statements that it knows.
//
// This is plain libpq: libpqxx 6.4 gives a failed statement's DETAIL and HINT only as part of one text
// (no PQresultErrorField), and the contract needs each by itself. libpqxx is used by the monitor.
#pragma once

#include "histogram.hpp"
#include "problem.hpp"

#include <libpq-fe.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

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
    // Late: the statement had to wait for so long that it was not begun.
    enum class State { rows, failed, lost, late };

    explicit Reply(PGresult* result);
    static Reply lost() { return Reply(nullptr); }
    static Reply late();
    static Reply timed_out();

    State state() const { return state_; }
    const DatabaseError& error() const { return error_; }
    bool has_row() const { return state_ == State::rows && PQntuples(result_.get()) > 0; }
    bool is_null(int column) const { return PQgetisnull(result_.get(), 0, column) != 0; }
    // Of the first row: text of a null is empty, a number that is none is 0.
    std::string_view text(int column) const;
    std::int64_t number(int column) const;
    bool is_true(int column) const { return has_row() && text(column) == "t"; }
    // Nothing is left behind by the statement, a transaction of its own: a serialization failure or a
    // deadlock.
    bool is_undone() const { return error_.sqlstate == "40001" || error_.sqlstate == "40P01"; }
    std::size_t size() const; // of the first row

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

// The time to wait before another attempt, so that not all who failed together come together again.
std::chrono::milliseconds with_jitter(std::chrono::milliseconds pause);

// One connection. Not for two threads at once.
class Session {
public:
    // Text; null pointers are SQL nulls.
    using Values = std::span<const char* const>;

    // Each round trip is added to the histogram, where there is one.
    Session(std::string conninfo, std::chrono::milliseconds statement_timeout,
            Histogram* round_trips = nullptr);

    bool connected() const { return connection_ != nullptr; }
    bool connect(); // false with the reason in fault()
    const std::string& fault() const { return fault_; }

    // Notices a connection that ended while nobody used it, without asking the server.
    void check();

    // Waits for the reply. A connection that is lost stays closed.
    Reply run(Statement statement, Values values);
    Reply run(Statement statement, std::initializer_list<const char*> values) {
        return run(statement, Values(values.begin(), values.size()));
    }
    // Goes on with a reply that has come: a statement that was undone is run again, a few times.
    Reply insist(Reply reply, Statement statement, Values values);

    // The same in parts. Sends a statement; false when that was not possible at once, and finish() is to be
    // called.
    bool begin(Statement statement, Values values);
    // When there is something to read: takes it; the reply when that was all of it.
    std::optional<Reply> advance();
    // Waits for the reply to what was begun, but not for ever: a server that hangs does not enforce its own
    // timeout.
    Reply finish();
    std::chrono::steady_clock::time_point deadline() const { return begun_ + patience_; }
    Reply time_out(); // ends the connection

    // For whoever waits for notifications or for a reply; -1 without a connection.
    int socket() const { return connection_ ? PQsocket(connection_.get()) : -1; }
    void take_notices(); // what has come is forgotten

    // How long statements took since this was asked last.
    std::chrono::nanoseconds take_time() { return std::exchange(time_, {}); }

private:
    bool prepare_all();
    void sent(bool well);
    bool wait_for(short events);
    bool fail(std::string fault);
    Reply completed();
    void note_time();

    // How far the statement has got on its way.
    enum class Sending { done, unfinished, impossible };

    const std::string conninfo_;
    const std::chrono::milliseconds patience_;
    Histogram* const round_trips_;
    std::chrono::nanoseconds time_{0};
    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_{nullptr, PQfinish};
    bool is_prepared_ = false;
    Sending sending_ = Sending::done;
    std::chrono::steady_clock::time_point begun_{};
    std::unique_ptr<PGresult, decltype(&PQclear)> result_{nullptr, PQclear};
    std::string fault_;
};

} // namespace auxeira::api
