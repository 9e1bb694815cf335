#include "event_reader.hpp"

#include "json_object.hpp"
#include "log.hpp"
#include "url.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <stdexcept>

namespace auxeira::api {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds gathering{100}; // so that a burst of changes is read at once
constexpr milliseconds reconnecting{500};
constexpr milliseconds without_streams{10'000};
constexpr milliseconds longest_rest{30'000}; // should a notification be lost

// Each has its id on a line of its own, and nothing else has.
std::size_t events_in(std::string_view lines) {
    constexpr std::string_view mark = "\nevent: ";
    std::size_t count = 0;
    for (std::size_t at = lines.find(mark); at != lines.npos; at = lines.find(mark, at + mark.size()))
        ++count;
    return count;
}

std::string request_of(const Subscription& subscription, const std::string& until) {
    JsonObject request;
    request.text("after", subscription.cursor).text("until", until);
    if (!subscription.types.empty()) request.text("types", subscription.types);
    return request.str();
}

} // namespace

EventReader::EventReader(std::string conninfo, milliseconds statement_timeout, Streams& streams)
    : streams_(streams), session_(std::move(conninfo), statement_timeout),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake_) throw std::runtime_error("no eventfd for the reader of events");
}

void EventReader::start() {
    thread_ = std::thread([this] { run(); });
}

void EventReader::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    eventfd_write(wake_.get(), 1);
    if (thread_.joinable()) thread_.join();
}

void EventReader::add(StreamId id, Subscription subscription) {
    const std::lock_guard lock(mutex_);
    arrived_.emplace_back(id, std::move(subscription));
    eventfd_write(wake_.get(), 1);
}

void EventReader::collect() {
    const std::lock_guard lock(mutex_);
    for (auto& [id, subscription] : arrived_)
        subscriptions_.emplace(id, std::move(subscription));
    arrived_.clear();
}

// --- Waiting ---------------------------------------------------------------------------------------------

void EventReader::wait(milliseconds limit) {
    pollfd polled[] = {{wake_.get(), POLLIN, 0}, {session_.socket(), POLLIN, 0}};
    ::poll(polled, session_.connected() ? 2 : 1, static_cast<int>(limit.count()));
    eventfd_t ignored = 0;
    eventfd_read(wake_.get(), &ignored);
    session_.check();
    session_.take_notices();
}

bool EventReader::connect() {
    is_resting_ = false; // the lock went with the connection
    const bool connected =
        session_.connect() && session_.run(Statement::listen_events, {}).state() == Reply::State::rows;
    if (connected != was_connected_)
        log_line(connected ? Level::info : Level::warn,
                 connected ? "events are read again" : "events cannot be read",
                 JsonObject().text("reason", session_.fault()));
    was_connected_ = connected;
    return connected;
}

bool EventReader::rest() {
    return session_.run(Statement::rest_until_notified, {}).is_true(0);
}

void EventReader::stop_resting() {
    if (is_resting_) session_.run(Statement::stop_resting, {});
    is_resting_ = false;
}

// While something happens it is looked for from time to time. Then the listener rests: from there on whoever
// commits notifies, and what was committed just before is looked for once more.
void EventReader::step() {
    collect();
    if (!session_.connected() && !connect()) return wait(reconnecting);
    const bool is_news = read_all();
    if (subscriptions_.empty()) {
        stop_resting();
        return wait(is_news ? gathering : without_streams);
    }
    if (is_news) {
        stop_resting();
        return wait(gathering);
    }
    if (is_resting_) return wait(longest_rest);
    is_resting_ = rest();
    if (!is_resting_) wait(gathering);
}

void EventReader::run() {
    while (true) {
        try {
            step();
        } catch (...) {
            log_current_exception("reading of events failed, trying again");
            wait(reconnecting);
        }
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
    }
}

// --- Reading ---------------------------------------------------------------------------------------------

std::vector<EventReader::Group> EventReader::concerned(bool is_for_all,
                                                       const std::set<std::string_view>& audience) {
    std::map<std::string, Group> groups;
    for (auto i = subscriptions_.begin(); i != subscriptions_.end(); ++i) {
        const Subscription& one = i->second;
        if (!is_for_all && !one.is_behind && audience.count(one.user) == 0) continue;
        groups[one.identity + '\n' + one.types + '\n' + one.cursor].push_back(i);
    }
    std::vector<Group> all;
    for (auto& [key, group] : groups)
        all.push_back(std::move(group));
    return all;
}

bool EventReader::read_all() {
    const Reply reply = session_.run(Statement::take_events, {head_.c_str()});
    if (!reply.has_row()) return false;
    const std::string head(reply.text(0));
    const std::vector<std::string_view> users = split(reply.text(2), ',');
    for (const Group& group : concerned(reply.is_true(1), {users.begin(), users.end()})) {
        for (const auto& member : group)
            member->second.is_behind = true; // until it has been read to the end
        read(group, head);
    }
    bool is_more = head != head_;
    head_ = head;
    std::erase_if(subscriptions_, [this](const auto& entry) { return !streams_.is_open(entry.first); });
    for (auto& [id, subscription] : subscriptions_) {
        is_more = is_more || subscription.is_behind;
        if (!subscription.is_behind) subscription.cursor = head;
    }
    return is_more;
}

void EventReader::read(const Group& group, const std::string& until) {
    while (read_page(group, until)) {
    }
}

// True when there is more.
bool EventReader::read_page(const Group& group, const std::string& until) {
    const Subscription& first = group.front()->second;
    const std::string request = request_of(first, until);
    const Reply reply = session_.run(Statement::read_events, {first.claims.c_str(), request.c_str()});
    if (reply.state() == Reply::State::failed && problem_of(reply.error()).status < 500) {
        give_up(group);
        return false;
    }
    if (!reply.has_row()) return false; // they stay behind, and are read again
    deliver(group, reply.text(1));
    const std::string cursor(reply.text(2));
    const bool is_complete = reply.is_true(3);
    for (const auto& member : group) {
        member->second.cursor = cursor;
        member->second.is_behind = !is_complete;
    }
    return !is_complete && is_anybody_there(group);
}

bool EventReader::is_anybody_there(const Group& group) const {
    return std::any_of(group.begin(), group.end(),
                       [this](const auto& member) { return streams_.is_open(member->first); });
}

void EventReader::deliver(const Group& group, std::string_view lines) {
    const std::size_t events = events_in(lines);
    for (const auto& member : group)
        if (streams_.send(member->first, lines)) streams_.figures().events += events;
}

// The session has ended, or the rights have.
void EventReader::give_up(const Group& group) {
    for (const auto& member : group)
        streams_.finish(member->first, "unauthorized");
}

} // namespace auxeira::api
