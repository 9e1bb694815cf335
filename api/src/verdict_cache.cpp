#include "verdict_cache.hpp"

#include "encoding.hpp"

#include <algorithm>

namespace auxeira::api {

VerdictCache::Shelf& VerdictCache::shelf_of(const std::string& digest) {
    static_assert(capacity / places == 256, "one byte of the digest names a shelf");
    return shelves_[static_cast<unsigned char>(digest.front())];
}

Verdict VerdictCache::verify(std::string_view token, std::int64_t now) {
    std::string digest = sha256(token);
    const std::uint64_t generation = tokens_.generation();
    Shelf& shelf = shelf_of(digest);
    {
        const std::scoped_lock lock(shelf.mutex);
        for (Entry& entry : shelf.entries) {
            if (entry.digest != digest) continue;
            if (entry.expiry > now && entry.generation == generation)
                return {.identity = entry.identity, .expiry = entry.expiry};
            entry = {};
        }
    }
    Verdict verdict = tokens_.verify(token, now);
    if (verdict.identity) {
        const std::scoped_lock lock(shelf.mutex);
        Entry& place = *std::min_element(shelf.entries.begin(), shelf.entries.end(),
                                         [](const Entry& a, const Entry& b) { return a.expiry < b.expiry; });
        place = {std::move(digest), generation, *verdict.identity, verdict.expiry};
    }
    return verdict;
}

} // namespace auxeira::api
