// Limits of rates: a bucket for each key, of which each request takes something and which refills with time.
// What is remembered is bounded, however many keys there are.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace auxeira::api {

// So much in so many seconds; a quota of 0 is no limit.
struct Limit {
    std::uint32_t quota = 0;
    std::uint32_t seconds = 0;

    bool operator==(const Limit&) const = default;
};

// `3000/60`, or `off`. Nothing when the text is neither.
std::optional<Limit> limit_of(std::string_view text);

class TokenBuckets {
public:
    using Time = std::chrono::steady_clock::time_point;

    struct Verdict {
        bool is_allowed = true;
        std::uint32_t remaining = 0;
        std::uint32_t full_in = 0;     // seconds until the bucket is full again
        std::uint32_t retry_after = 0; // seconds until there is enough, when it is refused
    };

    explicit TokenBuckets(Limit limit);

    void set(Limit limit) { limit_ = limit; }
    Limit limit() const { return limit_; }

    // Nothing is taken when there is not enough.
    Verdict take(std::string_view key, std::uint32_t cost, Time now);

    static constexpr std::size_t capacity = 32768;

private:
    // A full bucket is as good as none, so that its place may be another's. `full_at` says all: what is
    // missing is what refills until then.
    struct Bucket {
        std::uint64_t key = 0;
        std::int64_t full_at = 0; // nanoseconds
    };

    // The key decides in which shelf a bucket is; there the one that is the first to be full makes room, so
    // that nobody gets rid of a debt by bringing many others.
    static constexpr std::size_t places = 8;
    using Shelf = std::array<Bucket, places>;
    static constexpr std::size_t locks = 64;

    static Bucket& find(Shelf& shelf, std::uint64_t key);

    std::atomic<Limit> limit_;
    std::array<unsigned char, 16> secret_{}; // so that nobody can choose keys that share a shelf
    std::vector<Shelf> shelves_ = std::vector<Shelf>(capacity / places);
    std::array<std::mutex, locks> mutexes_;
};

} // namespace auxeira::api
