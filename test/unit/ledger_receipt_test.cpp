// Heads, receipts and consistency proofs: the vectors, and that no bit of them may be another.
#include <gtest/gtest.h>

#include "ledger/leaf.hpp"
#include "ledger/merkle.hpp"
#include "ledger/timestamp.hpp"
#include "ledger_vectors.hpp"

namespace auxeira::ledger {
namespace {

SigningKey key() {
    return SigningKey(text_of(bytes(vectors()["key"]["seed"])));
}

PublicKey trusted() {
    return fixed<PublicKey>(vectors()["key"]["public"]);
}

Head parsed(std::size_t block) {
    return parse_head(vectors()["heads"][block]["head"].get<std::string>());
}

std::string text_of_head(std::size_t block) {
    return vectors()["heads"][block]["head"];
}

TEST(LedgerHead, VectorsAreParsedWrittenAndSigned) {
    for (const json& vector : vectors()["heads"]) {
        const Head head = parse_head(vector["head"].get<std::string>());
        EXPECT_EQ(head.origin, vector["origin"]);
        EXPECT_EQ(head.tree_size, vector["treeSize"]);
        EXPECT_EQ(head.block, vector["block"]);
        EXPECT_EQ(head.incarnation, vector["incarnation"]);
        const SignedHead made = sign_head(head, key());
        EXPECT_EQ(made.text, vector["head"]);
        EXPECT_EQ(hex(made.signature), vector["signature"]);
        EXPECT_EQ(hex(made.public_key), vector["publicKey"]);
        EXPECT_EQ(fault_of(made, trusted()), std::nullopt);
    }
}

TEST(LedgerHead, NoOtherTextIsAHead) {
    const std::string text = text_of_head(1);
    for (std::size_t length = 0; length < text.size(); ++length)
        EXPECT_TRUE(refused([&] { parse_head(text.substr(0, length)); })) << length;
    for (const auto& [from, to] :
         std::vector<std::pair<std::string, std::string>>{{"ledger/1", "ledger/2"},
                                                          {"\n8\n", "\n08\n"},
                                                          {"\n8\n", "\n+8\n"},
                                                          {"\n8\n", "\n9223372036854775808\n"},
                                                          {"block 2", "block  2"},
                                                          {"block 2", "block -2"},
                                                          {"previous", "Previous"},
                                                          {".250000Z", ".25Z"},
                                                          {"T14:01", "T25:01"},
                                                          {"0b7f", "0B7F"},
                                                          {"Z\n", "Z\nmore\n"},
                                                          {"Z\n", "Z\r\n"}}) {
        std::string other = text;
        other.replace(other.find(from), from.size(), to);
        EXPECT_TRUE(refused([&] { parse_head(other); })) << other;
    }
}

TEST(LedgerHead, NoBitMayBeAnother) {
    const SignedHead good = sign_head(parsed(0), key());
    for (std::size_t bit = 0; bit < 8 * good.text.size(); ++bit) {
        SignedHead forged = good;
        forged.text[bit / 8] = static_cast<char>(forged.text[bit / 8] ^ (1 << (bit % 8)));
        ASSERT_TRUE(fault_of(forged, trusted())) << bit;
    }
    const SignedHead stranger = sign_head(parsed(0), SigningKey(std::string(32, 's')));
    EXPECT_FALSE(fault_of(stranger, std::nullopt));
    EXPECT_EQ(fault_of(stranger, trusted())->find("the head is signed by key"), 0U);
}

TEST(LedgerHead, AForkShows) {
    const SignedHead first = sign_head(parsed(0), key());
    const auto fault_with = [&](void (*change)(Head&)) {
        Head head = parsed(1);
        change(head);
        return fault_between(sign_head(head, key()), first).has_value();
    };
    EXPECT_FALSE(fault_with([](Head&) {}));
    EXPECT_TRUE(fault_with([](Head& head) { head.origin[0] = '1'; }));
    EXPECT_TRUE(fault_with([](Head& head) { head.tree_size = 4; }));
    EXPECT_TRUE(fault_with([](Head& head) { head.tree_size = 5; }));
    EXPECT_TRUE(fault_with([](Head& head) { head.block = 1; }));
    EXPECT_TRUE(fault_with([](Head& head) { flip(head.previous, 3); }));
    EXPECT_TRUE(fault_with([](Head& head) { head.incarnation = 0; }));
    EXPECT_TRUE(fault_with([](Head& head) { head.block = 0; }));
}

TEST(LedgerReceipt, VectorsAreProvenAndWritten) {
    for (const json& vector : vectors()["receipts"]) {
        const Receipt receipt = receipt_of(vector);
        EXPECT_EQ(fault_of(receipt, trusted()), std::nullopt);
        EXPECT_EQ(json::parse(json_of(receipt)), vector);
    }
    for (const json& vector : vectors()["consistencies"]) {
        const Consistency consistency = consistency_of(vector);
        EXPECT_EQ(fault_of(consistency, trusted()), std::nullopt);
        EXPECT_EQ(json::parse(json_of(consistency)), vector);
    }
}

// Refused, either because it is malformed or because it is not proven.
template <typename Document>
bool is_refused(const Document& document) {
    bool fault = false;
    return refused([&] { fault = fault_of(document, trusted()).has_value(); }) || fault;
}

template <typename Document, typename Part>
void expect_no_other_bit(const Document& good, Part part) {
    Document forged = good;
    const std::size_t bits = 8 * part(forged).size();
    for (std::size_t bit = 0; bit < bits; ++bit) {
        flip(part(forged), bit);
        ASSERT_TRUE(is_refused(forged)) << bit;
        flip(part(forged), bit);
    }
}

TEST(LedgerReceipt, NoBitMayBeAnother) {
    const Receipt good = receipt_of(vectors()["receipts"][1]);
    using Part = std::span<std::uint8_t> (*)(Receipt&);
    for (const Part part : {+[](Receipt& r) { return std::span<std::uint8_t>(r.salt); },
                            +[](Receipt& r) { return std::span<std::uint8_t>(r.metadata); },
                            +[](Receipt& r) { return std::span<std::uint8_t>(*r.row); },
                            +[](Receipt& r) { return std::span<std::uint8_t>(r.leaf); },
                            +[](Receipt& r) { return std::span<std::uint8_t>(r.path[0]); },
                            +[](Receipt& r) { return std::span<std::uint8_t>(r.path.back()); },
                            +[](Receipt& r) { return std::span<std::uint8_t>(r.head.signature); },
                            +[](Receipt& r) { return std::span<std::uint8_t>(r.head.public_key); }})
        expect_no_other_bit(good, part);
}

TEST(LedgerReceipt, NoNumberMayBeAnother) {
    for (std::size_t i = 0; i < vectors()["receipts"].size(); ++i) {
        const Receipt good = receipt_of(vectors()["receipts"][i]);
        for (std::uint64_t number = 0; number < 20; ++number) {
            Receipt forged = good;
            forged.leaf_index = number;
            EXPECT_EQ(is_refused(forged), number != good.leaf_index);
            forged = good;
            forged.tree_size = number;
            EXPECT_EQ(is_refused(forged), number != good.tree_size);
        }
    }
}

TEST(LedgerReceipt, NoRowIsNotAnEmptyRow) {
    Receipt forged = receipt_of(vectors()["receipts"][2]);
    ASSERT_FALSE(forged.row);
    forged.row = Bytes{};
    EXPECT_TRUE(is_refused(forged));
}

// Well signed, but over something that is no head.
TEST(LedgerReceipt, ASignedTextThatIsNoHeadIsRefused) {
    Receipt forged = receipt_of(vectors()["receipts"][0]);
    forged.head.text += "x\n";
    forged.head.signature = key().sign(forged.head.text);
    EXPECT_TRUE(is_refused(forged));
}

TEST(LedgerConsistency, NothingMayBeAnother) {
    const Consistency good = consistency_of(vectors()["consistencies"][3]);
    for (std::size_t step = 0; step < good.path.size(); ++step)
        expect_no_other_bit(good, [&](Consistency& c) { return std::span<std::uint8_t>(c.path[step]); });
    Consistency forged = good;
    forged.path.pop_back();
    EXPECT_TRUE(is_refused(forged));
    forged = good;
    std::swap(forged.first, forged.second);
    EXPECT_TRUE(is_refused(forged));
}

// The key's owner rewrites a change that is sealed: everything is well signed, and no path leads from the old
// head.
TEST(LedgerConsistency, AWellSignedForkIsRefused) {
    Consistency forged = consistency_of(vectors()["consistencies"][3]);
    Head head = parse_head(forged.second.text);
    flip(head.root, 1);
    forged.second = sign_head(head, key());
    EXPECT_TRUE(is_refused(forged));
}

} // namespace
} // namespace auxeira::ledger
