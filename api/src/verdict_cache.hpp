// Verdicts that were favourable, kept until the token expires: checking a signature takes 60 microseconds of
// an IO thread, looking here takes 2. A refusal is never kept. What the keys and the database say of a token
// may change while it is here: when the keys change, all verdicts are forgotten, and the database is asked
// with each call anyway.
#pragma once

#include "token.hpp"

#include <array>
#include <mutex>
#include <vector>

namespace auxeira::api {

class VerdictCache {
public:
    static constexpr std::size_t capacity = 4096;

    explicit VerdictCache(const Tokens& tokens) : tokens_(tokens) {}

    Verdict verify(std::string_view token, std::int64_t now);

private:
    // A token is known by its SHA-256, so that nothing here can be used to log in.
    struct Entry {
        std::string digest;
        std::uint64_t generation = 0; // of the keys
        Identity identity;
        std::int64_t expiry = 0;
    };

    // The digest decides in which shelf a token may be; there the one that expires first makes room.
    static constexpr std::size_t places = 16;
    struct Shelf {
        std::mutex mutex;
        std::array<Entry, places> entries;
    };

    Shelf& shelf_of(const std::string& digest);

    const Tokens& tokens_;
    std::vector<Shelf> shelves_ = std::vector<Shelf>(capacity / places);
};

} // namespace auxeira::api
