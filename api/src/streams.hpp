// The open streams of events: their sockets, what is still to be sent, heartbeats, and their end.
#pragma once

#include "descriptor.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace auxeira::api {

struct StreamLimits {
    std::size_t total = 2000;
    std::size_t per_user = 10;
    std::chrono::milliseconds heartbeat{15000};
};

struct StreamFigures {
    std::atomic<std::uint64_t> opened{0};
    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> events{0};
    std::atomic<std::uint64_t> slow{0}; // readers that were dropped
};

using StreamId = std::uint64_t;

class Streams {
public:
    enum class Refusal { none, full, too_many, ending };

    // A place among those that may be open; whoever holds it counts.
    class Place {
    public:
        Place() = default;
        Place(Streams& streams, std::string owner) : streams_(&streams), owner_(std::move(owner)) {}
        Place(Place&& other) noexcept { *this = std::move(other); }
        Place& operator=(Place&& other) noexcept {
            std::swap(streams_, other.streams_);
            std::swap(owner_, other.owner_);
            return *this;
        }
        ~Place();

    private:
        Streams* streams_ = nullptr;
        std::string owner_;
    };

    using Clock = std::chrono::steady_clock;

    explicit Streams(const StreamLimits& limits);
    ~Streams() { stop(); }
    Streams(const Streams&) = delete;
    Streams& operator=(const Streams&) = delete;

    void start();
    // Every stream is told that it ends, and to come back. New ones are refused from now on.
    void end_all();
    void stop();

    Refusal reserve(const std::string& owner, Place& place);
    // Sends the text, then whatever comes until the end.
    StreamId open(Descriptor socket, Place place, std::string_view text, Clock::time_point end);
    // False when there is no such stream any more. Never waits for a reader.
    bool send(StreamId id, std::string_view lines);
    void finish(StreamId id, std::string_view reason);
    bool is_open(StreamId id) const;

    std::size_t count() const;
    StreamFigures& figures() { return figures_; }
    const StreamFigures& figures() const { return figures_; }

private:
    struct Stream {
        Descriptor socket;
        Place place;
        std::string waiting;     // for a reader that is slow
        Clock::time_point heard; // when it last got something
        Clock::time_point end;
    };
    using Table = std::map<StreamId, Stream>;

    void run();
    void watch();
    void wake() const;
    // These hold the mutex. False: the stream is gone.
    bool push(Stream& stream, std::string_view text);
    bool write(Stream& stream);
    bool tend(Stream& stream, Clock::time_point now);
    void farewell(Stream& stream, std::string_view reason);
    void poll_for_writing(StreamId id, const Stream& stream, bool wanted) const;

    const StreamLimits limits_;
    StreamFigures figures_;
    mutable std::mutex mutex_;
    mutable std::mutex places_mutex_;
    std::map<std::string, std::size_t> places_; // by owner
    std::size_t taken_ = 0;
    Table streams_;
    StreamId last_ = 0;
    bool ending_ = false;
    std::atomic<bool> stopping_{false};
    Descriptor epoll_, wake_;
    std::thread thread_;
};

} // namespace auxeira::api
