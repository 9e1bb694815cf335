// How long things took: counts in buckets, as Prometheus has them. Any thread may add.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace auxeira::api {

class Histogram {
public:
    using Duration = std::chrono::nanoseconds;

    // Upper bounds in seconds; what is longer is in the last bucket.
    static constexpr std::array<double, 12> bounds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                      0.05,   0.1,   0.25,   0.5,   1,    5};

    void add(Duration taken) {
        const double seconds = std::chrono::duration<double>(taken).count();
        std::size_t bucket = 0;
        while (bucket < bounds.size() && seconds > bounds[bucket])
            ++bucket;
        buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
        nanoseconds_.fetch_add(taken.count(), std::memory_order_relaxed);
    }

    std::uint64_t count(std::size_t bucket) const { return buckets_[bucket].load(std::memory_order_relaxed); }
    double seconds() const { return static_cast<double>(nanoseconds_.load(std::memory_order_relaxed)) / 1e9; }

private:
    std::array<std::atomic<std::uint64_t>, bounds.size() + 1> buckets_{};
    std::atomic<std::int64_t> nanoseconds_{0};
};

} // namespace auxeira::api
