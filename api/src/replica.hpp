// Reads on a replica of the database: a pool of connections of its own, and what it must have replayed.
#pragma once

#include "database.hpp"
#include "exchange.hpp"
#include "read_positions.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace auxeira::api {

class Replica {
public:
    // An empty DSN of the replica: there is none, and every read is the primary's.
    Replica(const DatabaseSettings& primary, const std::string& replica_dsn, bool secure_cookie);
    ~Replica() { stop(); }
    Replica(const Replica&) = delete;
    Replica& operator=(const Replica&) = delete;

    void start();
    void stop();

    // What the replica must have replayed to answer this request; nothing when the primary has to.
    std::optional<std::string> demanded(const Exchange& exchange) const;

    bool ask(Question question) { return pool_.ask(std::move(question)); }

    void answered(const Exchange& exchange);

    // Null when there is no replica.
    const Database* pool() const { return exists_ ? &pool_ : nullptr; }

    // A line for the answer to a change: a browser brings it back to whichever process it asks next. Empty
    // where there is no replica.
    std::string_view written_cookie() const { return cookie_; }

private:
    void watch_primary();
    bool pause(); // false when it is to stop

    const bool exists_;
    Database pool_;
    Session primary_;
    ReadPositions positions_;
    std::string cookie_;
    std::mutex mutex_;
    std::condition_variable stop_requested_;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace auxeira::api
