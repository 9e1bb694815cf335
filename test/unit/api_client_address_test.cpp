// Whom X-Forwarded-For speaks for, and how far it is believed.
#include "client_address.hpp"

#include <gtest/gtest.h>

namespace {

using auxeira::api::HeaderField;
using auxeira::api::TrustedProxies;
using auxeira::api::usual_address;

const std::string proxy = "10.0.0.1";

std::string client_of(const std::string& trusted, const std::string& peer,
                      const std::vector<HeaderField>& fields) {
    return TrustedProxies::from_list(trusted)->client(peer, fields).value_or("the peer");
}

// Behind a chain of proxies in 10.0.0.0/8 and 2001:db8:1::/48, of which the last is the peer.
std::string behind(std::string_view forwarded) {
    return client_of("10.0.0.0/8,2001:db8:1::/48", proxy, {{"X-Forwarded-For", forwarded}});
}

bool trusts(const std::string& list, const std::string& peer) {
    return client_of(list, peer, {{"x-forwarded-for", "192.0.2.1"}}) == "192.0.2.1";
}

// --- The list of proxies ----------------------------------------------------------------------------------

TEST(ApiClientAddress, list_has_addresses_and_networks) {
    for (const char* list : {"", "127.0.0.1", "::1", "10.0.0.0/8", "10.0.0.1/32", "2001:db8::/32", "::1/128",
                             "128.0.0.0/1", "127.0.0.1,::1,10.0.0.0/8", "::ffff:10.0.0.0/104"})
        EXPECT_TRUE(TrustedProxies::from_list(list)) << list;
    EXPECT_TRUE(TrustedProxies::from_list("")->empty());
}

TEST(ApiClientAddress, list_without_sense_is_refused) {
    for (const char* list : {" ",
                             ",",
                             "127.0.0.1,",
                             ",127.0.0.1",
                             "127.0.0.1,,::1",
                             "127.0.0.1, ::1",
                             "localhost",
                             "10.0.0",
                             "010.0.0.1",
                             "10.0.0.0/",
                             "10.0.0.0/33",
                             "10.0.0.0/-1",
                             "10.0.0.0/+8",
                             "10.0.0.0/8x",
                             "10.0.0.0/8/8",
                             "10.0.0.0/255.0.0.0",
                             "::1/129",
                             "[::1]",
                             "127.0.0.1:80",
                             "fe80::1%eth0",
                             "/8",
                             "*",
                             "unix:"})
        EXPECT_FALSE(TrustedProxies::from_list(list)) << list;
}

TEST(ApiClientAddress, list_has_no_bits_behind_a_prefix) {
    for (const char* list : {"10.0.0.1/8", "10.128.0.0/8", "10.0.0.1/31", "2001:db8::1/64",
                             "2001:db8:8000::/32", "::ffff:10.0.0.0/90"})
        EXPECT_FALSE(TrustedProxies::from_list(list)) << list;
}

TEST(ApiClientAddress, list_is_not_everybody) {
    for (const char* list : {"0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96", "127.0.0.1,0.0.0.0/0"})
        EXPECT_FALSE(TrustedProxies::from_list(list)) << list;
}

// --- Who is believed --------------------------------------------------------------------------------------

TEST(ApiClientAddress, networks_end_where_they_say) {
    EXPECT_TRUE(trusts("172.20.0.0/16", "172.20.0.0"));
    EXPECT_TRUE(trusts("172.20.0.0/16", "172.20.255.255"));
    EXPECT_FALSE(trusts("172.20.0.0/16", "172.21.0.0"));
    EXPECT_FALSE(trusts("172.20.0.0/16", "172.19.255.255"));
    EXPECT_TRUE(trusts("192.0.2.128/25", "192.0.2.200"));
    EXPECT_FALSE(trusts("192.0.2.128/25", "192.0.2.127"));
    EXPECT_TRUE(trusts("10.0.0.8/30", "10.0.0.11"));
    EXPECT_FALSE(trusts("10.0.0.8/30", "10.0.0.12"));
    EXPECT_TRUE(trusts("2001:db8::/33", "2001:db8:7fff::1"));
    EXPECT_FALSE(trusts("2001:db8::/33", "2001:db8:8000::1"));
    EXPECT_TRUE(trusts("127.0.0.1", "127.0.0.1"));
    EXPECT_FALSE(trusts("127.0.0.1", "127.0.0.2"));
    EXPECT_TRUE(trusts("10.0.0.1,::1", "::1"));
}

TEST(ApiClientAddress, both_forms_of_an_IPv4_address_are_one) {
    EXPECT_TRUE(trusts("127.0.0.1", "::ffff:127.0.0.1"));
    EXPECT_TRUE(trusts("::ffff:7f00:1", "127.0.0.1"));
    EXPECT_TRUE(trusts("::ffff:10.0.0.0/104", "10.1.2.3"));
    EXPECT_EQ(behind("::ffff:192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(behind("[::ffff:c000:201]:80"), "192.0.2.1");
    EXPECT_EQ(behind("192.0.2.1, ::ffff:10.0.0.7"), "192.0.2.1");
}

TEST(ApiClientAddress, networks_of_IPv6_have_no_IPv4_address) {
    EXPECT_TRUE(trusts("::/8", "::1"));
    EXPECT_FALSE(trusts("::/8", "127.0.0.1"));
    EXPECT_FALSE(trusts("::/8", "::ffff:127.0.0.1"));
}

TEST(ApiClientAddress, nobody_else_is_believed) {
    EXPECT_EQ(client_of("", proxy, {{"X-Forwarded-For", "192.0.2.1"}}), "the peer");
    EXPECT_EQ(client_of("10.0.0.2", proxy, {{"X-Forwarded-For", "192.0.2.1"}}), "the peer");
    EXPECT_EQ(client_of("10.0.0.1", "", {{"X-Forwarded-For", "192.0.2.1"}}), "the peer");
    EXPECT_EQ(client_of("10.0.0.1", "fe80::1%eth0", {{"X-Forwarded-For", "192.0.2.1"}}), "the peer");
}

// --- What is believed -------------------------------------------------------------------------------------

TEST(ApiClientAddress, is_the_rightmost_that_is_no_proxy) {
    EXPECT_EQ(behind("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(behind("203.0.113.9, 192.0.2.1"), "192.0.2.1") << "what the client wrote";
    EXPECT_EQ(behind("203.0.113.9,192.0.2.1,10.0.0.3,\t10.0.0.2 "), "192.0.2.1");
    EXPECT_EQ(behind("10.0.0.9, 192.0.2.1"), "192.0.2.1") << "a client that claims to be a proxy";
    EXPECT_EQ(behind("2001:db8:2::5, 2001:db8:1::7"), "2001:db8:2::5");
    EXPECT_EQ(behind("10.0.0.4, 10.0.0.3"), "10.0.0.4") << "nobody but proxies: the first of them";
}

TEST(ApiClientAddress, lines_of_the_field_are_one_list) {
    const auto lines = [](std::vector<HeaderField> fields) { return client_of("10.0.0.0/8", proxy, fields); };
    EXPECT_EQ(lines({{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-For", "192.0.2.1"}}), "192.0.2.1");
    EXPECT_EQ(lines({{"X-Forwarded-For", "203.0.113.9, 192.0.2.1"},
                     {"Host", "x"},
                     {"x-forwarded-FOR", "10.0.0.3, 10.0.0.2"}}),
              "192.0.2.1");
    EXPECT_EQ(lines({{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-For", ""}}), "the peer");
    EXPECT_EQ(lines({{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-For", ", 10.0.0.2"}}), "10.0.0.2");
    EXPECT_EQ(lines({{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-For", "x"}}), "the peer");
}

TEST(ApiClientAddress, other_fields_say_nothing) {
    EXPECT_EQ(client_of(proxy, proxy,
                        {{"Forwarded", "for=192.0.2.1"},
                         {"X-Real-IP", "192.0.2.1"},
                         {"X-Forwarded-Fo", "192.0.2.1"},
                         {"X-Forwarded-Foo", "192.0.2.1"},
                         {"X_Forwarded_For", "192.0.2.1"}}),
              "the peer");
    EXPECT_EQ(client_of(proxy, proxy, {}), "the peer");
}

TEST(ApiClientAddress, entries_may_have_ports_and_brackets) {
    EXPECT_EQ(behind("192.0.2.1:567"), "192.0.2.1");
    EXPECT_EQ(behind("[2001:db8::1]"), "2001:db8::1");
    EXPECT_EQ(behind("[2001:db8::1]:567"), "2001:db8::1");
    EXPECT_EQ(behind("192.0.2.1:567, 10.0.0.3:80, [2001:db8:1::7]:65535"), "192.0.2.1");
    EXPECT_EQ(behind("2001:DB8:0:0:0:0:0:1"), "2001:db8::1") << "in the usual form";
}

TEST(ApiClientAddress, what_is_no_address_ends_the_search) {
    for (const char* entry : {"",
                              " ",
                              "unknown",
                              "_hidden",
                              "\"192.0.2.1\"",
                              "for=192.0.2.1",
                              "192.0.2",
                              "192.0.2.256",
                              "192.0.02.1",
                              "192.0.2.1:",
                              "192.0.2.1:x",
                              "192.0.2.1:65536",
                              "192.0.2.1:-1",
                              "192.0.2.1:1:1",
                              ":80",
                              "[::1",
                              "::1]",
                              "[::1]80",
                              "[::1]:",
                              "[::1]:x",
                              "[]",
                              "[",
                              "[192.0.2.1]",
                              "[[::1]]",
                              "fe80::1%eth0",
                              "192.0.2.1/32",
                              "192.0.2.1 192.0.2.2",
                              "192.0.2.1;",
                              "unix:",
                              "2001:db8:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:1"}) {
        EXPECT_EQ(behind(entry), "the peer") << entry;
        EXPECT_EQ(behind("203.0.113.9, " + std::string(entry) + ", 10.0.0.2"), "10.0.0.2") << entry;
        EXPECT_EQ(behind(std::string(entry) + ", 192.0.2.1"), "192.0.2.1") << entry;
    }
    EXPECT_EQ(behind(std::string("192.0.2.1\0", 10)), "the peer");
}

// --- Forms ------------------------------------------------------------------------------------------------

TEST(ApiClientAddress, has_its_usual_form) {
    EXPECT_EQ(usual_address("::ffff:192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(usual_address("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(usual_address("2001:0DB8::0:1"), "2001:db8::1");
    EXPECT_EQ(usual_address("fe80::1%eth0"), "fe80::1%eth0");
    EXPECT_EQ(usual_address(""), "");
}

} // namespace
