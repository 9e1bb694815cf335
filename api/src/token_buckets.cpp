#include "token_buckets.hpp"

#include <sodium.h>

#include <algorithm>
#include <charconv>

namespace auxeira::api {

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::uint32_t most_quota = 1'000'000;
constexpr std::uint32_t most_seconds = 86'400;

std::uint32_t seconds_up(std::int64_t nanoseconds) {
    return nanoseconds <= 0 ? 0 : static_cast<std::uint32_t>((nanoseconds + second - 1) / second);
}

// From 1 to the limit, in digits only.
std::optional<std::uint32_t> number_of(std::string_view text, std::uint32_t limit) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value == 0 || value > limit)
        return std::nullopt;
    return value;
}

} // namespace

std::optional<Limit> limit_of(std::string_view text) {
    if (text == "off") return Limit{};
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto quota = number_of(text.substr(0, slash), most_quota);
    const auto seconds = number_of(text.substr(slash + 1), most_seconds);
    if (!quota || !seconds) return std::nullopt;
    return Limit{*quota, *seconds};
}

TokenBuckets::TokenBuckets(Limit limit) : limit_(limit) {
    static_assert(sizeof secret_ == crypto_shorthash_KEYBYTES);
    randombytes_buf(secret_.data(), secret_.size());
}

TokenBuckets::Bucket& TokenBuckets::find(Shelf& shelf, std::uint64_t key) {
    for (Bucket& bucket : shelf)
        if (bucket.key == key) return bucket;
    Bucket& place = *std::min_element(shelf.begin(), shelf.end(),
                                      [](const Bucket& a, const Bucket& b) { return a.full_at < b.full_at; });
    place = {key, 0};
    return place;
}

TokenBuckets::Verdict TokenBuckets::take(std::string_view key, std::uint32_t cost, Time now) {
    const Limit limit = limit_;
    if (limit.quota == 0) return {};
    std::uint64_t hash = 0;
    crypto_shorthash(reinterpret_cast<unsigned char*>(&hash),
                     reinterpret_cast<const unsigned char*>(key.data()), key.size(), secret_.data());
    const std::int64_t time = std::chrono::nanoseconds(now.time_since_epoch()).count();
    const std::int64_t room = limit.seconds * second;
    const std::int64_t step = room / limit.quota;
    const std::size_t place = hash % shelves_.size();
    const std::scoped_lock lock(mutexes_[place % locks]);
    Bucket& bucket = find(shelves_[place], hash);
    const std::int64_t before = std::max(bucket.full_at, time);
    const std::int64_t full_at = before + std::min(cost, limit.quota) * step;
    const bool is_allowed = full_at - time <= room;
    if (is_allowed) bucket.full_at = full_at;
    const std::int64_t missing = (is_allowed ? full_at : before) - time;
    return {.is_allowed = is_allowed,
            .remaining = static_cast<std::uint32_t>(std::max<std::int64_t>((room - missing) / step, 0)),
            .full_in = seconds_up(missing),
            .retry_after = is_allowed ? 0 : std::max(seconds_up(full_at - time - room), 1U)};
}

} // namespace auxeira::api
