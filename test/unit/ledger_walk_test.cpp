// The versions of a row: a random history is walked back, and whatever was altered or erased in it shows.
#include <gtest/gtest.h>

#include "ledger/walk.hpp"
#include "ledger_vectors.hpp"

namespace auxeira::ledger {
namespace {

using State = std::optional<Bytes>;

struct Stored {
    char operation;
    Bytes metadata;
    State difference;
    std::optional<Salt> salt;
    Hash leaf;
    State before;

    Change change() const { return {operation, metadata, view(difference), salt, leaf}; }
};

Bytes row_of_numbers(std::mt19937& random) {
    Bytes row;
    Writer writer(row);
    for (const char* name : {"a", "b", "c", "d"}) {
        if (random() % 4 == 0) continue;
        writer.name(name);
        writer.integer(random() % 5);
    }
    return row;
}

// Changes of one row, the oldest first, and the row as it is now.
struct History {
    std::vector<Stored> changes;
    State row;

    void add(char operation, State after, State difference_) {
        const Salt salt{static_cast<std::uint8_t>(changes.size())};
        Bytes metadata(1, static_cast<std::uint8_t>(operation));
        const Hash leaf = leaf_hash(salt, metadata, view(after));
        changes.push_back({operation, std::move(metadata), std::move(difference_), salt, leaf, row});
        row = std::move(after);
    }

    void insert(Bytes after) { add('I', std::move(after), std::nullopt); }
    void update(const Bytes& after) { add('U', after, difference(read_row(after), read_row(*row))); }
    void remove() { add('D', std::nullopt, row); }

    void random_change(std::mt19937& random) {
        if (!row) return insert(row_of_numbers(random));
        if (random() % 5 == 0) return remove();
        if (random() % 9 == 0) return add(random() % 2 == 0 ? 'E' : 'C', row, std::nullopt);
        update(row_of_numbers(random));
    }

    // How each change stands, the newest first; where it is known, the state before it must be what it was.
    std::vector<Standing> walk() const {
        std::vector<Standing> standings;
        Walk walk_(view(row));
        for (auto stored = changes.rbegin(); stored != changes.rend(); ++stored) {
            standings.push_back(walk_.step(stored->change()));
            const State reached = walk_.row() ? State(encode(*walk_.row())) : std::nullopt;
            EXPECT_TRUE(!walk_.is_known() || reached == stored->before);
        }
        return standings;
    }
};

History random_history(unsigned seed, int length) {
    std::mt19937 random(seed);
    History history;
    for (int i = 0; i < length; ++i)
        history.random_change(random);
    return history;
}

// Five changes: inserted, updated twice, deleted, inserted again.
History short_history() {
    const json& rows = vectors()["differences"][0];
    History history;
    history.insert(bytes(rows["older"]));
    history.update(bytes(rows["newer"]));
    history.update(bytes(rows["older"]));
    history.remove();
    history.insert(bytes(rows["newer"]));
    return history;
}

constexpr auto proven = Standing::proven;
constexpr auto erased = Standing::erased;
constexpr auto altered = Standing::altered;

TEST(LedgerWalk, GoesBackThroughEveryVersion) {
    for (unsigned seed = 0; seed < 200; ++seed)
        EXPECT_EQ(random_history(seed, 30).walk(), std::vector(30, proven)) << seed;
}

TEST(LedgerWalk, ALiveRowChangedBehindTheLedgerShows) {
    History history = short_history();
    history.row = bytes(vectors()["differences"][0]["older"]);
    EXPECT_EQ(history.walk(), (std::vector{altered, proven, proven, proven, proven}));
    history.row = std::nullopt;
    EXPECT_EQ(history.walk(), (std::vector{altered, proven, proven, proven, proven}));
}

TEST(LedgerWalk, AnAlteredDifferenceShowsInTheChangeBeforeIt) {
    History history = short_history();
    flip(*history.changes[2].difference, 8 * history.changes[2].difference->size() - 8);
    Walk walk(view(history.row));
    std::vector<Standing> standings;
    for (auto stored = history.changes.rbegin(); stored != history.changes.rend(); ++stored)
        standings.push_back(walk.step(stored->change()));
    EXPECT_EQ(standings[2], proven);
    EXPECT_EQ(standings[3], altered);
}

TEST(LedgerWalk, AlteredMetadataSaltAndLeafShow) {
    for (const auto alter :
         {+[](Stored& stored) { flip(stored.metadata, 0); }, +[](Stored& stored) { flip(*stored.salt, 9); },
          +[](Stored& stored) { flip(stored.leaf, 200); }}) {
        History history = short_history();
        alter(history.changes[1]);
        EXPECT_EQ(history.walk(), (std::vector{proven, proven, proven, altered, proven}));
    }
}

TEST(LedgerWalk, AMissingChangeShows) {
    History history = short_history();
    history.changes.erase(history.changes.begin() + 3);
    Walk walk(view(history.row));
    EXPECT_EQ(walk.step(history.changes[3].change()), proven);
    EXPECT_EQ(walk.step(history.changes[2].change()), altered);
}

TEST(LedgerWalk, WhatWasErasedIsNeitherProvenNorAltered) {
    History history = short_history();
    for (const std::size_t change : {1U, 2U}) {
        history.changes[change].salt.reset();
        history.changes[change].difference.reset();
    }
    EXPECT_EQ(history.walk(), (std::vector{proven, proven, erased, erased, erased}));
}

// A column whose old value was erased: unknown from there on, until the change that set it anew.
TEST(LedgerWalk, AnErasedColumnIsUnknownUntilItsOlderValueIsKept) {
    History history;
    const auto row_with = [](std::int64_t number) {
        Bytes row;
        Writer writer(row);
        writer.name("a");
        writer.integer(number);
        return row;
    };
    history.insert(row_with(1));
    history.update(row_with(2));
    history.update(row_with(3));
    Bytes erased_difference;
    Writer writer(erased_difference);
    writer.name("a");
    writer.erased();
    history.changes[2].difference = erased_difference;
    history.changes[2].salt.reset();
    EXPECT_EQ(history.walk(), (std::vector{erased, erased, proven}));
}

TEST(LedgerWalk, UnknownOperationsAndMalformedRowsAreRefused) {
    for (const auto spoil : {+[](History& history) { history.changes[4].operation = '?'; },
                             +[](History& history) { history.row->pop_back(); },
                             +[](History& history) { history.changes[3].difference->pop_back(); }}) {
        History history = short_history();
        spoil(history);
        EXPECT_TRUE(refused([&] { history.walk(); }));
    }
}

} // namespace
} // namespace auxeira::ledger
