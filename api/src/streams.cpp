#include "streams.hpp"

#include "log.hpp"
#include "sender.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>

namespace auxeira::api {

namespace {

constexpr std::size_t most_waiting = 64UL * 1024; // of one stream, besides the kernel's own buffer
constexpr int kernel_buffer = 64 * 1024;          // which would grow to megabytes otherwise
constexpr std::chrono::seconds stall_limit{30};   // of a reader that takes nothing
constexpr std::chrono::milliseconds tick{250};
constexpr std::string_view heartbeat = ":\n\n";
constexpr StreamId no_stream = 0;

} // namespace

Streams::Place::~Place() {
    if (streams_ == nullptr) return;
    const std::lock_guard lock(streams_->places_mutex_);
    --streams_->taken_;
    const auto owner = streams_->places_.find(owner_);
    if (--owner->second == 0) streams_->places_.erase(owner);
}

Streams::Streams(const StreamLimits& limits)
    : limits_(limits), epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = no_stream}};
    if (!epoll_ || !wake_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0)
        throw std::runtime_error("no epoll for the streams");
}

void Streams::start() {
    thread_ = std::thread([this] { run(); });
}

void Streams::stop() {
    stopping_ = true;
    wake();
    if (thread_.joinable()) thread_.join();
    const std::lock_guard lock(mutex_);
    streams_.clear();
}

void Streams::wake() const {
    eventfd_write(wake_.get(), 1);
}

std::size_t Streams::count() const {
    const std::lock_guard lock(mutex_);
    return streams_.size();
}

bool Streams::is_open(StreamId id) const {
    const std::lock_guard lock(mutex_);
    return streams_.count(id) > 0;
}

Streams::Refusal Streams::reserve(const std::string& owner, Place& place) {
    const std::lock_guard lock(places_mutex_);
    if (ending_) return Refusal::ending;
    if (taken_ >= limits_.total) return Refusal::full;
    const auto known = places_.find(owner);
    if (known != places_.end() && known->second >= limits_.per_user) return Refusal::too_many;
    ++places_[owner];
    ++taken_;
    place = Place(*this, owner);
    return Refusal::none;
}

StreamId Streams::open(Descriptor socket, Place place, std::string_view text, Clock::time_point end) {
    const std::lock_guard lock(mutex_);
    const StreamId id = ++last_;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &kernel_buffer, sizeof kernel_buffer);
    const auto now = Clock::now();
    Stream& stream =
        streams_.emplace(id, Stream{std::move(socket), std::move(place), {}, now, end}).first->second;
    epoll_event event{.events = EPOLLRDHUP, .data = {.u64 = id}};
    ++figures_.opened;
    const bool watched = ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, stream.socket.get(), &event) == 0;
    if (!watched || !push(stream, text)) {
        farewell(stream, {});
        streams_.erase(id);
        return id;
    }
    if (!stream.waiting.empty()) poll_for_writing(id, stream, true);
    return id;
}

bool Streams::send(StreamId id, std::string_view lines) {
    const std::lock_guard lock(mutex_);
    const auto found = streams_.find(id);
    if (found == streams_.end()) return false;
    Stream& stream = found->second;
    if (!push(stream, lines)) {
        farewell(stream, {});
        streams_.erase(found);
        return false;
    }
    if (!stream.waiting.empty()) poll_for_writing(id, stream, true);
    return true;
}

void Streams::finish(StreamId id, std::string_view reason) {
    const std::lock_guard lock(mutex_);
    const auto found = streams_.find(id);
    if (found == streams_.end()) return;
    farewell(found->second, reason);
    streams_.erase(found);
}

void Streams::end_all() {
    {
        const std::lock_guard lock(places_mutex_);
        ending_ = true;
    }
    const std::lock_guard lock(mutex_);
    for (auto& [id, stream] : streams_)
        farewell(stream, "shutdown");
    streams_.clear();
}

void Streams::poll_for_writing(StreamId id, const Stream& stream, bool wanted) const {
    epoll_event event{.events = EPOLLRDHUP, .data = {.u64 = id}};
    if (wanted) event.events |= EPOLLOUT;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, stream.socket.get(), &event);
}

// A reader that is behind gets what is new after what it has not taken yet, within a bound.
bool Streams::push(Stream& stream, std::string_view text) {
    if (text.empty()) return true;
    figures_.bytes += text.size();
    std::string_view nothing;
    if (stream.waiting.empty()) {
        if (!send_some(stream.socket.get(), text, nothing)) return false;
        stream.heard = Clock::now();
    }
    stream.waiting.append(text);
    if (stream.waiting.size() <= most_waiting) return true;
    ++figures_.slow;
    return false;
}

bool Streams::write(Stream& stream) {
    std::string_view rest = stream.waiting;
    std::string_view nothing;
    if (!send_some(stream.socket.get(), rest, nothing)) return false;
    if (rest.size() < stream.waiting.size()) stream.heard = Clock::now();
    stream.waiting.erase(0, stream.waiting.size() - rest.size());
    return true;
}

// The end of the text is announced, so that no reset overtakes it; a reader that is behind, or gone, gets
// none.
void Streams::farewell(Stream& stream, std::string_view reason) {
    if (!reason.empty() && stream.waiting.empty()) {
        const std::string lines = "event: end\ndata: {\"reason\":\"" + std::string(reason) + "\"}\n\n";
        std::string_view text = lines;
        std::string_view nothing;
        send_some(stream.socket.get(), text, nothing);
        ::shutdown(stream.socket.get(), SHUT_WR);
        return;
    }
    ::shutdown(stream.socket.get(), SHUT_RDWR);
}

bool Streams::tend(Stream& stream, Clock::time_point now) {
    if (now >= stream.end) {
        farewell(stream, "expired");
        return false;
    }
    if (!stream.waiting.empty() && now - stream.heard > stall_limit) {
        ++figures_.slow;
        farewell(stream, {});
        return false;
    }
    const bool is_due = stream.waiting.empty() && now - stream.heard >= limits_.heartbeat;
    return !is_due || push(stream, heartbeat);
}

void Streams::watch() {
    std::array<epoll_event, 256> events{};
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                   static_cast<int>(tick.count()));
    const std::lock_guard lock(mutex_);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        const auto found = streams_.find(event.data.u64);
        if (found == streams_.end()) continue;
        const bool is_gone = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        if (is_gone || !write(found->second)) {
            farewell(found->second, {});
            streams_.erase(found);
        } else if (found->second.waiting.empty()) {
            poll_for_writing(found->first, found->second, false);
        }
    }
}

void Streams::run() {
    auto tended = Clock::now();
    while (!stopping_) {
        try {
            watch();
            const auto now = Clock::now();
            if (now - tended < tick) continue;
            tended = now;
            const std::lock_guard lock(mutex_);
            for (auto i = streams_.begin(); i != streams_.end();)
                i = tend(i->second, now) ? std::next(i) : streams_.erase(i);
        } catch (...) {
            log_current_exception("streams failed, trying again");
        }
    }
}

} // namespace auxeira::api
