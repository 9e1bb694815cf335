// Reads events for the streams, each under the rights of its subscriber, with one connection for all of them.
#pragma once

#include "database.hpp"
#include "streams.hpp"

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace auxeira::api {

// Who reads what in a stream, and from where on.
struct Subscription {
    std::string identity; // streams of the same session read together
    std::string user;     // as the database knows it
    std::string claims;
    std::string types; // empty = all
    std::string cursor;
    bool is_behind = true; // somewhere before the event that all others have seen
};

class EventReader {
public:
    EventReader(std::string conninfo, std::chrono::milliseconds statement_timeout, Streams& streams);
    ~EventReader() { stop(); }
    EventReader(const EventReader&) = delete;
    EventReader& operator=(const EventReader&) = delete;

    void start();
    void stop();

    void add(StreamId id, Subscription subscription);

private:
    using Subscriptions = std::map<StreamId, Subscription>;
    using Group = std::vector<Subscriptions::iterator>;

    void run();
    void step();
    void wait(std::chrono::milliseconds limit);
    void collect();
    bool connect();

    bool read_all(); // true when something had happened, or could not be read
    void read(const Group& group, const std::string& until);
    bool read_page(const Group& group, const std::string& until);
    void deliver(const Group& group, std::string_view lines);
    bool is_anybody_there(const Group& group) const;
    void give_up(const Group& group);
    std::vector<Group> concerned(bool is_for_all, const std::set<std::string_view>& audience);

    bool rest();
    void stop_resting();

    Streams& streams_;
    Session session_;
    Descriptor wake_;
    std::string head_; // the newest event that was looked for
    bool is_resting_ = false;
    bool was_connected_ = true;
    Subscriptions subscriptions_;

    std::mutex mutex_;
    std::vector<std::pair<StreamId, Subscription>> arrived_;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace auxeira::api
