// The encoding: the vectors, round trips of random rows, and malformed input, of which every length is cut to
// the byte.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "ledger/document.hpp"
#include "ledger/metadata.hpp"
#include "ledger/readable.hpp"
#include "ledger/reader.hpp"
#include "ledger/timestamp.hpp"
#include "ledger/utf8.hpp"
#include "ledger_vectors.hpp"

namespace auxeira::ledger {
namespace {

Bytes row_with(ByteView value) {
    Bytes row;
    Writer writer(row);
    writer.name("c");
    writer.encoded(value);
    return row;
}

json shown(ByteView row) {
    return json::parse(readable_row(row));
}

template <typename Write>
std::string written(Write write) {
    Bytes out;
    Writer writer(out);
    write(writer);
    return hex(out);
}

std::string vector_of(const std::string& name) {
    for (const json& vector : vectors()["values"]) {
        if (vector["name"] == name) return vector["encoding"];
    }
    return "no such vector";
}

TEST(LedgerEncoding, EveryValueIsShownAsTheVectorsSay) {
    for (const json& vector : vectors()["values"])
        EXPECT_EQ(shown(row_with(bytes(vector["encoding"])))["c"], vector["shown"]) << vector["name"];
}

TEST(LedgerEncoding, MalformedValuesAreRefused) {
    for (const json& vector : vectors()["malformedValues"]) {
        const Bytes row = row_with(bytes(vector["encoding"]));
        EXPECT_TRUE(refused([&] { readable_row(row); })) << vector["name"];
    }
}

TEST(LedgerEncoding, ValuesAreWrittenAsTheVectorsSay) {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    const std::pair<const char*, void (*)(Writer&)> rows[] = {
        {"true", [](Writer& w) { w.boolean(true); }},
        {"minus one", [](Writer& w) { w.integer(-1); }},
        {"a real", [](Writer& w) { w.real(0.1F); }},
        {"real NaN", [](Writer& w) { w.real(-std::numeric_limits<float>::quiet_NaN()); }},
        {"a double", [](Writer& w) { w.double_precision(0.1); }},
        {"minus zero", [](Writer& w) { w.double_precision(-0.0); }},
        {"NaN", [](Writer& w) { w.double_precision(-std::numeric_limits<double>::quiet_NaN()); }},
        {"a numeric", [](Writer& w) { w.numeric("1.00"); }},
        {"empty text", [](Writer& w) { w.text(""); }},
        {"bytes",
         [](Writer& w) {
             w.bytea(std::array<std::uint8_t, 2>{0, 255});
         }},
        {"before the epoch", [](Writer& w) { w.timestamptz(-1); }},
        {"timestamp infinity", [](Writer& w) { w.timestamptz(most); }},
        {"a leap day", [](Writer& w) { w.timestamp(8825 * 86'400'000'000); }},
        {"a date", [](Writer& w) { w.date(9823); }},
        {"a time", [](Writer& w) { w.time(86'399'999'999); }},
        {"an interval", [](Writer& w) { w.other("pg_catalog.interval", Bytes(16, 0)); }},
        {"an empty array", [](Writer& w) { w.end(w.begin_array({})); }},
        {"an empty composite", [](Writer& w) { w.end(w.begin_composite()); }},
    };
    for (const auto& [name, write] : rows)
        EXPECT_EQ(written(write), vector_of(name)) << name;
}

TEST(LedgerEncoding, NestedValuesAreWrittenAsTheVectorsSay) {
    EXPECT_EQ(written([](Writer& writer) {
                  const Dimension dimensions[] = {{2, 1}, {2, 0}};
                  const std::size_t opened = writer.begin_array(dimensions);
                  writer.element();
                  writer.text("a");
                  writer.element();
                  writer.text("b");
                  writer.null_element();
                  writer.element();
                  writer.text("");
                  writer.end(opened);
              }),
              vector_of("an array of two dimensions"));
    EXPECT_EQ(written([](Writer& writer) {
                  const std::size_t opened = writer.begin_composite();
                  writer.name("a");
                  writer.text("x");
                  writer.name("b");
                  writer.integer(2);
                  writer.end(opened);
              }),
              vector_of("a composite"));
}

TEST(LedgerEncoding, DocumentsAreReadHoweverDeep) {
    constexpr std::uint32_t depth = 100'000, header_and_entry = 8;
    Bytes stored;
    const auto add = [&](std::uint32_t number) {
        for (int byte = 0; byte < 4; ++byte)
            stored.push_back(static_cast<std::uint8_t>(number >> 8 * byte));
    };
    for (std::uint32_t inner = depth; inner-- > 0;) {
        add(0x40000001);
        add(0xD0000000 | (header_and_entry * inner + 4));
    }
    add(0x40000000);
    EXPECT_EQ(document_text(stored), std::string(depth + 1, '[') + std::string(depth + 1, ']'));
}

TEST(LedgerEncoding, ANameThatIsTooLongIsRefused) {
    EXPECT_TRUE(refused([] { written([](Writer& writer) { writer.name(std::string(65'536, 'n')); }); }));
}

TEST(LedgerEncoding, Rows) {
    for (const json& vector : vectors()["rows"]) {
        const Bytes row = bytes(vector["encoding"]);
        EXPECT_EQ(shown(row), vector["shown"]);
        EXPECT_EQ(encode(read_row(row)), row);
    }
}

TEST(LedgerEncoding, Metadata) {
    for (const json& vector : vectors()["metadata"]) {
        json expected = vector["shown"];
        expected["row"] = nullptr;
        EXPECT_EQ(json::parse(readable_change(bytes(vector["encoding"]), std::nullopt)), expected);
    }
}

TEST(LedgerEncoding, OperationsAreThoseThatAreKnown) {
    Bytes metadata = bytes(vectors()["metadata"][0]["encoding"]);
    const MetadataContents contents = read_metadata(metadata);
    const auto place = static_cast<std::size_t>(contents[4]->data() - metadata.data());
    std::string known;
    for (int letter = 0; letter < 256; ++letter) {
        metadata[place] = static_cast<std::uint8_t>(letter);
        if (!refused([&] { read_metadata(metadata); })) known += static_cast<char>(letter);
    }
    EXPECT_EQ(known, "ABCDEITUX");
}

TEST(LedgerEncoding, MetadataAreWrittenAsTheVectorsSay) {
    const Bytes expected = bytes(vectors()["metadata"][0]["encoding"]);
    const MetadataContents contents = read_metadata(expected);
    const auto uuid = [&](std::size_t field) {
        return sized<Uuid>(Bytes(contents[field]->begin(), contents[field]->end()));
    };
    const auto text = [&](std::size_t field) { return text_of(*contents[field]); };
    Metadata metadata{42,
                      7001,
                      848'000'000'123'456,
                      "auxeira.startups",
                      'U',
                      *contents[5],
                      uuid(6),
                      uuid(7),
                      uuid(8),
                      text(9),
                      text(10),
                      text(11),
                      text(12),
                      text(13),
                      text(14)};
    Bytes out;
    encode(metadata, out);
    EXPECT_EQ(out, expected);
    metadata.organization = metadata.user = metadata.session = std::nullopt;
    metadata.role = metadata.login = metadata.address = std::nullopt;
    metadata.request_id = metadata.trace_id = metadata.reason = std::nullopt;
    out.clear();
    encode(metadata, out);
    EXPECT_EQ(out, bytes(vectors()["metadata"][1]["encoding"]));
}

// Every beginning of an encoding, in memory of just that size.
template <typename Read>
void expect_no_reading_beyond(const Bytes& whole, Read read) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        refused([&] { read(cut); });
    }
}

template <typename Read>
void expect_no_crash_with_other_bits(const Bytes& whole, Read read) {
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
        Bytes other = whole;
        flip(other, bit);
        refused([&] { read(other); });
    }
}

TEST(LedgerEncoding, WhatIsCutOrDamagedIsReadWithinItsBounds) {
    const auto read = [](const Bytes& row) { readable_row(row); };
    for (const json& vector : vectors()["values"]) {
        const Bytes row = row_with(bytes(vector["encoding"]));
        expect_no_reading_beyond(row, read);
        expect_no_crash_with_other_bits(row, read);
    }
    const auto read_change = [](const Bytes& metadata) { readable_change(metadata, std::nullopt); };
    const Bytes metadata = bytes(vectors()["metadata"][0]["encoding"]);
    expect_no_reading_beyond(metadata, read_change);
    expect_no_crash_with_other_bits(metadata, read_change);
}

TEST(LedgerEncoding, NoiseIsReadWithinItsBounds) {
    std::mt19937 random(7);
    for (int round = 0; round < 20'000; ++round) {
        Bytes noise(random() % 64);
        for (std::uint8_t& byte : noise)
            byte = static_cast<std::uint8_t>(random() % 20);
        refused([&] { readable_row(noise); });
        refused([&] { read_difference(noise); });
        refused([&] { readable_change(noise, std::nullopt); });
    }
}

// --- Differences -------------------------------------------------------------------------------------------

Bytes random_row(std::mt19937& random) {
    Bytes row;
    Writer writer(row);
    for (char name = 'a'; name <= 'h'; ++name) {
        if (random() % 3 == 0) continue;
        writer.name({&name, 1});
        random() % 2 == 0 ? writer.integer(random() % 3) : writer.text("x");
    }
    return row;
}

TEST(LedgerDifference, Vector) {
    const json& vector = vectors()["differences"][0];
    const Bytes newer = bytes(vector["newer"]);
    const Bytes older = bytes(vector["older"]);
    EXPECT_EQ(hex(difference(read_row(newer), read_row(older))), vector["difference"]);
}

TEST(LedgerDifference, LeadsBackToTheOlderRow) {
    std::mt19937 random(11);
    for (int round = 0; round < 5'000; ++round) {
        const Bytes newer = random_row(random);
        const Bytes older = random_row(random);
        const Bytes back = difference(read_row(newer), read_row(older));
        EXPECT_EQ(back.empty(), newer == older);
        EXPECT_EQ(encode(older_row(read_difference(back), read_row(newer))), older);
    }
}

// --- Text forms --------------------------------------------------------------------------------------------

TEST(LedgerText, HexadecimalAndBase64ReadBackAndHaveOneForm) {
    std::mt19937 random(13);
    for (std::size_t length = 0; length < 100; ++length) {
        Bytes some(length);
        for (std::uint8_t& byte : some)
            byte = static_cast<std::uint8_t>(random());
        EXPECT_EQ(from_hex(hex(some)), some);
        EXPECT_EQ(from_base64(base64(some)), some);
    }
    EXPECT_EQ(base64(bytes_of("fo")), "Zm8=");
    for (const char* text : {"0", "0G", "AB", "0x"})
        EXPECT_FALSE(from_hex(text)) << text;
    for (const char* text : {"Z", "Zm8", "Zm9=", "Zm8=\n", "Zm8==", "=", "Zg=", "Z===", "Zm_8", "Zm8=Zm8="})
        EXPECT_FALSE(from_base64(text)) << text;
}

TEST(LedgerText, TimestampsReadBack) {
    std::mt19937_64 random(17);
    for (int round = 0; round < 5'000; ++round) {
        const auto at =
            static_cast<std::int64_t>(random() % 250'000'000'000'000'000) - 60'000'000'000'000'000;
        EXPECT_EQ(parse_timestamp(timestamp_text(at, "Z")), at);
    }
    for (const char* text :
         {"", "2026-02-29T00:00:00.000000Z", "2026-01-01T24:00:00.000000Z", "2026-01-01T00:60:00.000000Z",
          "2026-01-01 00:00:00.000000Z", "2026-01-01T00:00:00.000000z", "2026-1--01T00:00:00.000000Z",
          "2026-01-01T00:00:00.0000Z"})
        EXPECT_FALSE(parse_timestamp(text)) << text;
}

TEST(LedgerText, TheEarliestTimestampIsADate) {
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    EXPECT_EQ(timestamp_text(least, ""), "-infinity");
    EXPECT_EQ(timestamp_text(least + 1, ""), "-290278-12-22T19:59:05.224193");
}

TEST(LedgerText, Utf8) {
    for (const char* text : {"", "a", "\u00e9", "\u20ac", "\U0001f600", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
        EXPECT_TRUE(is_utf8(text)) << text;
    for (const char* text : {"\x80", "\xc0\x80", "\xc3", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                             "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "a\xffz"})
        EXPECT_FALSE(is_utf8(text)) << hex(bytes_of(text));
}

} // namespace
} // namespace auxeira::ledger
