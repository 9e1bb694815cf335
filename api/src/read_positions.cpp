#include "read_positions.hpp"

#include <algorithm>

namespace auxeira::api {

void ReadPositions::sample(Time time, std::string position) {
    const std::lock_guard lock(mutex_);
    samples_.push_back({time, std::move(position)});
    while (time - samples_.front().time > longest_lag)
        samples_.pop_front();
    forget_writers(time);
}

// Older writes are covered by every sample that still counts.
void ReadPositions::forget_writers(Time now) {
    std::erase_if(writers_, [now](const auto& writer) { return now - writer.second > longest_lag; });
}

void ReadPositions::note_write(const std::string& user, Time now) {
    const std::lock_guard lock(mutex_);
    const bool has_room = writers_.size() < most_writers || writers_.count(user) > 0;
    Time& last = has_room ? writers_[user] : last_unknown_write_;
    last = std::max(last, now);
}

std::optional<std::string> ReadPositions::demanded(const std::string& user, Time now) const {
    const std::lock_guard lock(mutex_);
    const auto writer = writers_.find(user);
    const Time last_write = writer == writers_.end() ? last_unknown_write_ : writer->second;
    const auto enough = [&](const Sample& each) {
        return each.time > last_write && now - each.time <= longest_lag;
    };
    const auto oldest = std::find_if(samples_.begin(), samples_.end(), enough);
    return oldest == samples_.end() ? std::nullopt : std::optional(oldest->position);
}

} // namespace auxeira::api
