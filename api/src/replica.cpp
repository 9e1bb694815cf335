#include "replica.hpp"

#include "log.hpp"

namespace auxeira::api {

namespace {

constexpr std::chrono::milliseconds interval{100};
constexpr std::string_view cookie_name = "auxeira-written=";

DatabaseSettings pool_settings(DatabaseSettings settings, const std::string& dsn) {
    settings.dsn = dsn;
    settings.name = "replica";
    return settings;
}

// Longer than a replica may lag behind, so that no process needs to know of the others' writers.
std::string cookie_line(bool secure) {
    static_assert(ReadPositions::longest_lag < std::chrono::seconds(2));
    return "Set-Cookie: " + std::string(cookie_name) + "1; Max-Age=2; Path=/; HttpOnly; SameSite=Strict" +
           (secure ? "; Secure\r\n" : "\r\n");
}

bool is_change(const Exchange& exchange) {
    const Route* const route = exchange.match.route;
    return route != nullptr && route->method != "GET";
}

} // namespace

Replica::Replica(const DatabaseSettings& primary, const std::string& replica_dsn, bool secure_cookie)
    : exists_(!replica_dsn.empty()), pool_(pool_settings(primary, replica_dsn)),
      primary_(conninfo(primary, "auxeira-api replica"), primary.statement_timeout),
      cookie_(exists_ ? cookie_line(secure_cookie) : "") {}

void Replica::start() {
    if (!exists_) return;
    pool_.start();
    thread_ = std::thread([this] { watch_primary(); });
}

void Replica::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    stop_requested_.notify_all();
    if (thread_.joinable()) thread_.join();
    pool_.stop();
}

// An API key leaves the time of its last use, which a replica cannot note.
std::optional<std::string> Replica::demanded(const Exchange& exchange) const {
    const bool is_read = exchange.match.route->action == Action::call && !is_change(exchange);
    if (!exists_ || !is_read || !exchange.identity || !exchange.identity->key_hash.empty() || !pool_.up())
        return std::nullopt;
    if (exchange.request.header("cookie").find(cookie_name) != std::string_view::npos) return std::nullopt;
    return positions_.demanded(exchange.identity->user, std::chrono::steady_clock::now());
}

void Replica::answered(const Exchange& exchange) {
    if (exists_ && is_change(exchange) && exchange.identity)
        positions_.note_write(exchange.identity->user, std::chrono::steady_clock::now());
}

bool Replica::pause() {
    std::unique_lock lock(mutex_);
    return !stop_requested_.wait_for(lock, interval, [this] { return stopping_; });
}

// While the primary does not answer there are no samples, and soon no reads on the replica.
void Replica::watch_primary() {
    do {
        try {
            const auto now = std::chrono::steady_clock::now();
            if (!primary_.connected() && !primary_.connect()) continue;
            const Reply reply = primary_.run(Statement::log_position, {});
            if (reply.has_row()) positions_.sample(now, std::string(reply.text(0)));
        } catch (...) {
            log_current_exception("watching the primary failed");
        }
    } while (pause());
}

} // namespace auxeira::api
