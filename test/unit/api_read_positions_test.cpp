// What a replica must have replayed before it may answer.
#include "read_positions.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using auxeira::api::ReadPositions;
using namespace std::chrono_literals;

const ReadPositions::Time start = ReadPositions::Time() + 1h;

std::string demanded(const ReadPositions& positions, ReadPositions::Time now,
                     const std::string& user = "ann") {
    return positions.demanded(user, now).value_or("the primary");
}

// A position every 100 ms for a second: "0" to "10".
void fill(ReadPositions& positions) {
    for (int i = 0; i <= 10; ++i)
        positions.sample(start + i * 100ms, std::to_string(i));
}

TEST(ReadPositions, nothing_is_known_before_the_primary_was_asked) {
    EXPECT_EQ(demanded(ReadPositions(), start), "the primary");
}

TEST(ReadPositions, readers_may_see_what_is_a_second_old) {
    ReadPositions positions;
    fill(positions);
    EXPECT_EQ(demanded(positions, start + 1000ms), "0");
    EXPECT_EQ(demanded(positions, start + 1001ms), "1");
    EXPECT_EQ(demanded(positions, start + 2000ms), "10");
    EXPECT_EQ(demanded(positions, start + 2001ms), "the primary") << "it has been silent for too long";
}

TEST(ReadPositions, writers_see_what_they_have_written) {
    ReadPositions positions;
    fill(positions);
    positions.note_write("ann", start + 550ms);
    EXPECT_EQ(demanded(positions, start + 1000ms), "6");
    EXPECT_EQ(demanded(positions, start + 1000ms, "bob"), "0");
    positions.note_write("ann", start + 1000ms);
    EXPECT_EQ(demanded(positions, start + 1000ms), "the primary") << "no sample is later than the write";
    positions.note_write("ann", start + 900ms);
    EXPECT_EQ(demanded(positions, start + 1000ms), "the primary") << "an earlier one takes nothing back";
    positions.sample(start + 1100ms, "11");
    EXPECT_EQ(demanded(positions, start + 1100ms), "11");
}

TEST(ReadPositions, writers_become_readers) {
    ReadPositions positions;
    positions.note_write("ann", start);
    fill(positions);
    EXPECT_EQ(demanded(positions, start + 1000ms), "1");
    positions.sample(start + 1500ms, "15");
    EXPECT_EQ(demanded(positions, start + 1500ms), "5");
}

TEST(ReadPositions, whoever_there_is_no_room_for_is_everybody) {
    ReadPositions positions;
    fill(positions);
    for (std::size_t i = 0; i < ReadPositions::most_writers; ++i)
        positions.note_write(std::to_string(i), start);
    positions.note_write("one more", start + 550ms);
    EXPECT_EQ(demanded(positions, start + 1000ms, "one more"), "6");
    EXPECT_EQ(demanded(positions, start + 1000ms, "bob"), "6");
    positions.note_write("7", start + 650ms);
    EXPECT_EQ(demanded(positions, start + 1000ms, "7"), "7") << "whoever is known has room";
    positions.sample(start + 1800ms, "18");
    EXPECT_EQ(demanded(positions, start + 1800ms, "bob"), "8");
}

} // namespace
