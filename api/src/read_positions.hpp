// Which reads a replica may answer: what it must have replayed so that nobody is shown less than they have
// written themselves, and nobody anything that is older than a second.
#pragma once

#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace auxeira::api {

class ReadPositions {
public:
    using Time = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::milliseconds longest_lag{1000};
    static constexpr std::size_t most_writers = 100'000;

    // The end of the primary's log was at least here at this time.
    void sample(Time time, std::string position);

    // The answer to a change of this user is about to be sent.
    void note_write(const std::string& user, Time now);

    // What a replica must have replayed to answer a read of this user: as little as will do, so that one that
    // lags by less is of use. Nothing: the primary has to answer.
    std::optional<std::string> demanded(const std::string& user, Time now) const;

private:
    struct Sample {
        Time time;
        std::string position;
    };

    void forget_writers(Time now);

    mutable std::mutex mutex_;
    std::deque<Sample> samples_; // oldest first
    std::unordered_map<std::string, Time> writers_;
    Time last_unknown_write_{}; // of somebody for whom there was no room
};

} // namespace auxeira::api
