#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tenancy/organization_ids.hpp"

namespace auxeira::tenancy {
namespace {

const std::string first = "00112233-4455-6677-8899-aabbccddeeff";
const std::string second = "FFEEDDCC-BBAA-9988-7766-554433221100";

std::optional<std::vector<Uuid>> ids_of(const std::string& list) {
    std::vector<Uuid> ids(capacity_for(list));
    const auto count = parse_ids(list, ids.data());
    if (!count) return std::nullopt;
    EXPECT_LE(*count, ids.size());
    ids.resize(*count);
    return ids;
}

TEST(Uuid, ReadsEveryDigitInPlace) {
    const Uuid expected{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                        0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    EXPECT_EQ(parse_uuid(first), expected);
    EXPECT_EQ(parse_uuid(second)->front(), 0xff);
    EXPECT_EQ(parse_uuid(second)->back(), 0x00);
}

TEST(Uuid, RefusesAnythingElse) {
    for (const std::string text :
         {"", "00112233445566778899aabbccddeeff", "{00112233-4455-6677-8899-aabbccddeeff}",
          "00112233-4455-6677-8899-aabbccddeefg", "00112233-4455-6677-8899-aabbccddeef",
          "00112233-4455-6677-8899-aabbccddeeff ", "0011223-34455-6677-8899-aabbccddeeff"}) {
        EXPECT_FALSE(parse_uuid(text)) << text;
    }
}

TEST(OrganizationIds, EmptyListHoldsNone) {
    EXPECT_EQ(ids_of("")->size(), 0U);
}

TEST(OrganizationIds, KeepsOrder) {
    const auto ids = ids_of(first + "," + second);
    ASSERT_TRUE(ids);
    ASSERT_EQ(ids->size(), 2U);
    EXPECT_EQ(ids->at(0), parse_uuid(first));
    EXPECT_EQ(ids->at(1), parse_uuid(second));
}

TEST(OrganizationIds, RefusesTheWholeListForOneBadPart) {
    const std::vector<std::string> lists{",",
                                         first + ",",
                                         "," + first,
                                         first + ", " + second,
                                         first + ";" + second,
                                         first + "," + second + ",x",
                                         "*",
                                         "' or true --"};
    for (const std::string& list : lists)
        EXPECT_FALSE(ids_of(list)) << list;
}

} // namespace
} // namespace auxeira::tenancy
