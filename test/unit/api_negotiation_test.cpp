// What clients can read, and bodies in fewer bytes.
#include "gzip.hpp"
#include "negotiation.hpp"
#include "url.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>
#include <thread>

namespace {

using auxeira::api::accepts_coding;
using auxeira::api::gzip;
using auxeira::api::quality_of_type;

int json(std::string_view accept) {
    return quality_of_type(accept, "application/json");
}

TEST(Negotiation, TheMostPreciseRangeCounts) {
    EXPECT_EQ(json(""), 1000);
    EXPECT_EQ(json(" \t"), 1000);
    EXPECT_EQ(json("*/*"), 1000);
    EXPECT_EQ(json("application/*;q=0.5, */*;q=0.1"), 500);
    EXPECT_EQ(json("*/*, application/json;q=0"), 0);
    EXPECT_EQ(json("application/json ; q=0.25 , application/*"), 250);
    EXPECT_EQ(json("application/json;q=0.2, application/json;q=0.7"), 700);
    EXPECT_EQ(json("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"), 800);
    EXPECT_EQ(json("APPLICATION/JSON;charset=utf-8;Q=0.125"), 125);
    EXPECT_EQ(json("text/csv, text/*"), 0);
    EXPECT_EQ(json("application/jsonp, application/problem+json, applications/*, application/js*"), 0);
}

TEST(Negotiation, WhatCannotBeReadSaysNothing) {
    for (const char* text : {"application/json;q=2", "application/json;q=1.001", "application/json;q=0.1234",
                             "application/json;q=", "application/json;q=-1", "application/json;q=1x",
                             "application/json;q=x", "json", ",", ";q=1", "application", "/", "*/json"})
        EXPECT_EQ(json(text), 0) << text;
    EXPECT_EQ(json("application/json;q=x, */*;q=0.5"), 500);
    EXPECT_EQ(json("application/json;q=1.000"), 1000);
}

TEST(Negotiation, GzipIsWantedOrNot) {
    for (const char* text : {"gzip", "GZIP", "deflate, gzip;q=1.0, *;q=0.5", "x-gzip", "*",
                             "br;q=1, gzip;q=0.1", "gzip;q=0.5, identity;q=0.5"})
        EXPECT_TRUE(accepts_coding(text, "gzip")) << text;
    for (const char* text : {"", "identity", "gzip;q=0", "gzip;q=0.000, *", "br", "*;q=0", "gzip;q=2",
                             "gzip;q=0.2, identity;q=0.9", "gzipped"})
        EXPECT_FALSE(accepts_coding(text, "gzip")) << text;
    EXPECT_TRUE(accepts_coding("gzip, br", "br"));
    EXPECT_FALSE(accepts_coding("gzip, br;q=0", "br"));
}

std::string unpacked(const std::string& packed, std::size_t size) {
    std::string text(size, '\0');
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(text.data());
    stream.avail_out = static_cast<uInt>(size);
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    EXPECT_EQ(stream.avail_out, 0U);
    inflateEnd(&stream);
    return text;
}

TEST(Gzip, IsShorterAndTheSame) {
    for (const std::size_t size : {100UL, 1024UL, 65536UL, 3'000'001UL}) {
        std::string text;
        while (text.size() < size)
            text += R"({"metric_id":")" + std::to_string(text.size() * 7919) + "\"}";
        text.resize(size);
        const auto packed = gzip(text);
        ASSERT_TRUE(packed) << size;
        EXPECT_LT(packed->size(), text.size());
        EXPECT_EQ(unpacked(*packed, size), text);
    }
}

TEST(Gzip, WhatWouldNotBeShorterStays) {
    std::mt19937 random(1);
    std::string noise(5000, '\0');
    for (char& c : noise)
        c = static_cast<char>(random());
    EXPECT_FALSE(gzip(noise));
    EXPECT_FALSE(gzip(""));
    EXPECT_FALSE(gzip("a"));
    const std::string text(5000, 'a');
    EXPECT_EQ(unpacked(*gzip(text), text.size()), text) << "what did not fit leaves nothing behind";
}

TEST(Gzip, ThreadsDoNotMeet) {
    const auto work = [](char c) {
        for (int i = 1; i < 200; ++i) {
            const std::string text(static_cast<std::size_t>(i) * 100, c);
            ASSERT_EQ(unpacked(*gzip(text), text.size()), text);
        }
    };
    std::thread other(work, 'a');
    work('b');
    other.join();
}

TEST(PercentEncode, ComesBackAsItWas) {
    EXPECT_EQ(auxeira::api::percent_encode("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(auxeira::api::percent_encode("a b&c=d/é\"<>"), "a%20b%26c%3Dd%2F%C3%A9%22%3C%3E");
}

} // namespace
