#include "database_session.hpp"

#include "connection_string.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <random>
#include <thread>

namespace auxeira::api {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds longest_lock_wait{1000};
constexpr milliseconds first_retry_pause{10};
constexpr int most_retries = 3;
// What a statement may take beyond the server's own timeout before the connection is given up.
constexpr milliseconds grace{2000};

struct StatementText {
    const char* name;
    const char* sql;
};

// What the functions that open a session give.
#define SESSION_ROW "SELECT user_id, user_type, org_id, session_id, role, token_version, is_refreshable FROM "

// In the order of Statement.
constexpr std::array<StatementText, 25> statements = {{
    {"call", "SELECT status, body, etag, is_replayed FROM auxeira.call($1::jsonb, $2::text, $3::jsonb)"},
    {"register_user",
     SESSION_ROW "auxeira.register_user($1::jsonb, $2::text, $3::bytea, $4::integer, $5::jsonb, $6::bytea, "
                 "$7::bytea)"},
    {"begin_login", "SELECT user_id, password_hash, encode(totp_sealed, 'hex'), other_user_id, "
                    "other_password_hash, encode(other_totp_sealed, 'hex'), retry_after "
                    "FROM auxeira.begin_login($1::text, $2::jsonb)"},
    {"login_failed", "SELECT auxeira.login_failed($1::text, $2::uuid, $3::text, $4::jsonb)"},
    {"open_session",
     SESSION_ROW "auxeira.open_session($1::uuid, $2::bytea, $3::integer, $4::jsonb, $5::bigint, $6::bytea, "
                 "$7::text)"},
    {"rehash_password", "SELECT auxeira.rehash_password($1::uuid, $2::text, $3::text)"},
    {"rotate_session", SESSION_ROW "auxeira.rotate_session($1::bytea, $2::bytea, $3::jsonb, $4::integer)"},
    {"switch_organization", SESSION_ROW "auxeira.switch_organization($1::jsonb, $2::uuid, $3::jsonb)"},
    {"own_account", "SELECT user_id, email, password_hash, array_to_string(context, E'\n'), "
                    "encode(totp_sealed, 'hex'), totp_is_active, retry_after "
                    "FROM auxeira.own_account($1::jsonb, $2::jsonb)"},
    {"reauthentication_failed", "SELECT auxeira.reauthentication_failed($1::jsonb, $2::text, $3::jsonb)"},
    {"change_password", "SELECT auxeira.change_password($1::jsonb, $2::text, $3::jsonb)"},
    {"request_password_reset",
     "SELECT auxeira.request_password_reset($1::text, $2::bytea, $3::bytea, $4::jsonb)"},
    {"reset_context", "SELECT array_to_string(context, E'\n') FROM auxeira.reset_context($1::bytea)"},
    {"reset_password", "SELECT auxeira.reset_password($1::bytea, $2::text, $3::jsonb)"},
    {"enroll_totp", "SELECT auxeira.enroll_totp($1::jsonb, $2::bytea, $3::jsonb)"},
    {"activate_totp", "SELECT auxeira.activate_totp($1::jsonb, $2::bigint, $3::bytea[], $4::jsonb)"},
    {"renew_recovery_codes",
     "SELECT auxeira.renew_recovery_codes($1::jsonb, $2::bigint, $3::bytea[], $4::jsonb)"},
    {"disable_totp", "SELECT auxeira.disable_totp($1::jsonb, $2::bigint, $3::bytea, $4::jsonb)"},
    {"call_list", "SELECT status, CASE WHEN $4::text IS NULL THEN body ELSE auxeira.csv(body, $4) END, "
                  "CASE WHEN $4 IS NULL THEN etag END, is_replayed, auxeira.next_cursor(body) "
                  "FROM auxeira.call($1::jsonb, $2::text, $3::jsonb)"},
    // What is committed is in the log before here, flushed or not.
    {"log_position", "SELECT pg_catalog.pg_current_wal_insert_lsn()"},
    {"read_events", "SELECT c.status, e.lines, e.cursor, e.is_complete, e.user_id "
                    "FROM auxeira.call($1::jsonb, 'get_events', $2::jsonb) c, auxeira.event_lines(c.body) e"},
    {"take_events", "SELECT head, is_for_all, audience FROM auxeira.take_events($1::text)"},
    {"listen_events", "LISTEN auxeira_events"},
    {"rest_until_notified", "SELECT auxeira.rest_until_notified()"},
    {"stop_resting", "SELECT auxeira.stop_resting()"},
}};

#undef SESSION_ROW

std::string field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? "" : text;
}

std::string quoted(const std::string& value) {
    std::string out = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

} // namespace

std::string conninfo(const DatabaseSettings& settings, const std::string& application_name) {
    const std::string timeout = std::to_string(settings.statement_timeout.count());
    ConnectionOptions values = connection_options(settings.dsn).value_or(ConnectionOptions());
    values["application_name"] = application_name;
    values["client_encoding"] = "UTF8";
    values["connect_timeout"] = "5";
    values["keepalives"] = "1";
    values["keepalives_idle"] = "30";
    values["keepalives_interval"] = "10";
    values["keepalives_count"] = "3";
    values["tcp_user_timeout"] = "10000";
    values["options"] += " -c search_path=pg_catalog,pg_temp -c statement_timeout=" + timeout +
                         " -c idle_in_transaction_session_timeout=" + timeout +
                         // Whoever keeps a lock must not keep the workers waiting with it.
                         " -c lock_timeout=" + std::to_string(longest_lock_wait.count());
    std::string text;
    for (const auto& [key, value] : values)
        text += key + '=' + quoted(value) + ' ';
    return text;
}

milliseconds with_jitter(milliseconds pause) {
    thread_local std::minstd_rand random(std::random_device{}());
    return pause / 2 + milliseconds(random() % static_cast<std::uint64_t>(pause.count() / 2 + 1));
}

Reply::Reply(PGresult* result) : result_(result, PQclear) {
    if (result == nullptr) return;
    const ExecStatusType status = PQresultStatus(result);
    state_ = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ? State::rows : State::failed;
    if (state_ == State::failed)
        error_ = {field(result, PG_DIAG_SQLSTATE), field(result, PG_DIAG_MESSAGE_PRIMARY),
                  field(result, PG_DIAG_MESSAGE_DETAIL), field(result, PG_DIAG_MESSAGE_HINT)};
}

Reply Reply::late() {
    Reply reply(nullptr);
    reply.state_ = State::late;
    return reply;
}

Reply Reply::timed_out() {
    Reply reply(nullptr);
    reply.state_ = State::failed;
    reply.error_ = {"57014", "the server did not answer in time", "", ""};
    return reply;
}

std::string_view Reply::text(int column) const {
    return {PQgetvalue(result_.get(), 0, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), 0, column))};
}

std::int64_t Reply::number(int column) const {
    const std::string_view digits = text(column);
    std::int64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

std::size_t Reply::size() const {
    std::size_t bytes = 0;
    for (int column = 0; has_row() && column < PQnfields(result_.get()); ++column)
        bytes += text(column).size();
    return bytes;
}

Session::Session(std::string conninfo, milliseconds statement_timeout, Histogram* round_trips)
    : conninfo_(std::move(conninfo)), patience_(statement_timeout + grace), round_trips_(round_trips) {}

bool Session::fail(std::string fault) {
    fault_ = std::move(fault);
    connection_.reset();
    return false;
}

bool Session::connect() {
    is_prepared_ = false;
    connection_.reset(PQconnectdb(conninfo_.c_str()));
    if (PQstatus(connection_.get()) != CONNECTION_OK) return fail(PQerrorMessage(connection_.get()));
    // Notices would go to standard error as plain text.
    PQsetNoticeReceiver(
        connection_.get(), [](void*, const PGresult*) {}, nullptr);
    PQsetnonblocking(connection_.get(), 1);
    return is_prepared_ = prepare_all();
}

bool Session::prepare_all() {
    for (const StatementText& statement : statements) {
        sent(PQsendPrepare(connection_.get(), statement.name, statement.sql, 0, nullptr) == 1);
        const Reply reply = finish();
        if (reply.state() == Reply::State::lost) return fail("connection lost while preparing");
        if (reply.state() == Reply::State::failed) return fail(reply.error().message);
    }
    return true;
}

// The server's farewell comes before the end of the connection: one read is not enough to see it.
void Session::check() {
    while (connection_) {
        pollfd socket{PQsocket(connection_.get()), POLLIN, 0};
        if (::poll(&socket, 1, 0) <= 0) return;
        if (PQconsumeInput(connection_.get()) == 0 || PQstatus(connection_.get()) != CONNECTION_OK)
            fail("connection ended");
    }
}

void Session::take_notices() {
    while (connection_) {
        PGnotify* const notice = PQnotifies(connection_.get());
        if (notice == nullptr) return;
        PQfreemem(notice);
    }
}

Reply Session::run(Statement statement, Values values) {
    begin(statement, values);
    return insist(finish(), statement, values);
}

Reply Session::insist(Reply reply, Statement statement, Values values) {
    milliseconds pause = first_retry_pause;
    for (int retries = 0; reply.is_undone() && retries < most_retries; ++retries) {
        std::this_thread::sleep_for(with_jitter(pause));
        pause *= 2;
        begin(statement, values);
        reply = finish();
    }
    return reply;
}

bool Session::begin(Statement statement, Values values) {
    const char* const name = statements[static_cast<std::size_t>(statement)].name;
    sent(connection_ && PQsendQueryPrepared(connection_.get(), name, static_cast<int>(values.size()),
                                            values.data(), nullptr, nullptr, 0) == 1);
    return sending_ == Sending::done;
}

void Session::sent(bool well) {
    begun_ = Clock::now();
    result_.reset();
    const int rest = well ? PQflush(connection_.get()) : -1;
    sending_ = rest == 0 ? Sending::done : rest > 0 ? Sending::unfinished : Sending::impossible;
}

std::optional<Reply> Session::advance() {
    PGconn* const connection = connection_.get();
    if (sending_ == Sending::impossible || PQconsumeInput(connection) == 0) return completed();
    if (sending_ == Sending::unfinished && PQflush(connection) == 0) sending_ = Sending::done;
    while (PQisBusy(connection) == 0) {
        PGresult* const next = PQgetResult(connection);
        if (next == nullptr) return completed();
        result_.reset(next);
    }
    return std::nullopt;
}

Reply Session::completed() {
    note_time();
    if (!connection_) return Reply::lost();
    if (sending_ == Sending::done && result_ && PQstatus(connection_.get()) == CONNECTION_OK)
        return Reply(result_.release());
    fail(PQerrorMessage(connection_.get()));
    return Reply::lost();
}

// What prepares a connection is nobody's time.
void Session::note_time() {
    if (!is_prepared_ || !connection_) return;
    const auto taken = Clock::now() - begun_;
    time_ += taken;
    if (round_trips_ != nullptr) round_trips_->add(taken);
}

bool Session::wait_for(short events) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline() - Clock::now()).count();
    pollfd socket{PQsocket(connection_.get()), events, 0};
    return left > 0 && ::poll(&socket, 1, static_cast<int>(left)) > 0;
}

Reply Session::time_out() {
    note_time();
    fail("no answer in time");
    return Reply::timed_out();
}

Reply Session::finish() {
    while (true) {
        const short events = sending_ == Sending::unfinished ? POLLIN | POLLOUT : POLLIN;
        if (sending_ != Sending::impossible && !wait_for(events)) return time_out();
        if (auto reply = advance()) return std::move(*reply);
    }
}

} // namespace auxeira::api
