// The tree: the well-known one of eight leaves, all trees up to 300 leaves and all pairs of them, a large one
// in tiles; and proofs that were tampered with.
#include <bit>

#include <gtest/gtest.h>

#include "ledger/leaf.hpp"
#include "ledger/proofs.hpp"
#include "ledger/sha256.hpp"
#include "ledger_vectors.hpp"

namespace auxeira::ledger {
namespace {

constexpr std::uint64_t largest = 300;

Hash numbered(std::uint64_t number) {
    return sha256(big_endian(number));
}

std::vector<Hash> numbered_leaves(std::uint64_t count) {
    std::vector<Hash> leaves;
    for (std::uint64_t i = 0; i < count; ++i)
        leaves.push_back(numbered(i));
    return leaves;
}

// The definition of RFC 9162, 2.1.1, word by word.
Hash tree_hash(std::span<const Hash> leaves) {
    if (leaves.empty()) return sha256({});
    if (leaves.size() == 1) return leaves[0];
    std::size_t left = 1;
    while (2 * left < leaves.size())
        left *= 2;
    return node_hash(tree_hash(leaves.first(left)), tree_hash(leaves.subspan(left)));
}

// A ledger in memory: leaves, and the nodes of levels 8, 16... that appending gave.
struct Store {
    std::vector<Hash> leaves;
    std::vector<Node> nodes;
    Frontier frontier;

    explicit Store(std::vector<Hash> from) : leaves(std::move(from)) { frontier.append(leaves, nodes); }

    Proofs proofs(std::uint64_t size) const {
        return Proofs(
            [this](unsigned level, std::uint64_t first, std::span<Hash> into) { read(level, first, into); },
            size);
    }

    void read(unsigned level, std::uint64_t first, std::span<Hash> into) const {
        for (std::size_t i = 0; i < into.size(); ++i)
            into[i] = level == 0 ? leaves.at(first + i) : node(level, first + i);
    }

    Hash node(unsigned level, std::uint64_t index) const {
        for (const Node& node_ : nodes) {
            if (node_.level == level && node_.index == index) return node_.hash;
        }
        throw std::out_of_range("no such node");
    }
};

const Store& store() {
    static const Store made(numbered_leaves(largest));
    return made;
}

std::vector<Hash> known_leaves() {
    std::vector<Hash> leaves;
    for (const json& input : vectors()["tree"]["leaves"]) {
        Bytes prefixed{0x00};
        append(prefixed, bytes(input));
        leaves.push_back(sha256(prefixed));
    }
    return leaves;
}

TEST(LedgerTree, KnownRoots) {
    const std::vector<Hash> leaves = known_leaves();
    const json& roots = vectors()["tree"]["roots"];
    ASSERT_EQ(roots.size(), leaves.size() + 1);
    Frontier frontier;
    std::vector<Node> nodes;
    EXPECT_EQ(hex(frontier.root()), roots[0]);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        frontier.append({&leaves[i], 1}, nodes);
        EXPECT_EQ(hex(frontier.root()), roots[i + 1]);
    }
}

TEST(LedgerTree, KnownProofs) {
    const Store known(known_leaves());
    const json& tree = vectors()["tree"];
    for (const json& vector : tree["inclusion"])
        EXPECT_EQ(known.proofs(vector["size"]).inclusion(vector["index"]), hashes(vector["path"])) << vector;
    for (const json& vector : tree["consistency"])
        EXPECT_EQ(known.proofs(vector["second"]).consistency(vector["first"]), hashes(vector["path"]))
            << vector;
}

TEST(LedgerTree, EverySizeHasTheRootOfTheDefinition) {
    Frontier frontier;
    std::vector<Node> nodes;
    for (std::uint64_t size = 0; size <= largest; ++size) {
        const std::span<const Hash> leaves(store().leaves.data(), size);
        EXPECT_EQ(frontier.root(), tree_hash(leaves)) << size;
        EXPECT_EQ(store().proofs(size).root(), frontier.root()) << size;
        if (size < largest) frontier.append({&store().leaves[size], 1}, nodes);
    }
}

TEST(LedgerTree, BatchesAndStoredFrontiersMakeTheSameTree) {
    for (const std::uint64_t batch : {1U, 2U, 7U, 64U, 255U, 256U, 257U}) {
        Frontier frontier;
        std::vector<Node> nodes;
        for (std::uint64_t first = 0; first < largest; first += batch) {
            frontier = Frontier(frontier.size(), frontier.encoding());
            frontier.append(std::span(store().leaves).subspan(first, std::min(batch, largest - first)),
                            nodes);
        }
        EXPECT_EQ(frontier.root(), store().frontier.root()) << batch;
        EXPECT_EQ(nodes, store().nodes) << batch;
    }
}

TEST(LedgerTree, AFrontierOfAnotherSizeIsRefused) {
    const Bytes encoding = store().frontier.encoding();
    EXPECT_TRUE(refused([&] { Frontier(largest - 1, encoding); }));
    EXPECT_TRUE(refused([&] { Frontier(largest, ByteView(encoding).first(encoding.size() - 1)); }));
    EXPECT_TRUE(refused([] { Frontier(1, {}); }));
}

TEST(LedgerTree, EveryLeafOfEveryTreeIsProven) {
    for (std::uint64_t size = 1; size <= largest; ++size) {
        Proofs proofs = store().proofs(size);
        const Hash root = proofs.root();
        for (std::uint64_t index = 0; index < size; ++index)
            ASSERT_TRUE(verify_inclusion(numbered(index), index, size, proofs.inclusion(index), root))
                << index << " of " << size;
    }
}

TEST(LedgerTree, EveryPairOfTreesIsConsistent) {
    std::vector<Hash> roots;
    for (std::uint64_t size = 0; size <= largest; ++size)
        roots.push_back(store().proofs(size).root());
    for (std::uint64_t second = 0; second <= largest; ++second) {
        Proofs proofs = store().proofs(second);
        for (std::uint64_t first = 0; first <= second; ++first)
            ASSERT_TRUE(
                verify_consistency(first, roots[first], second, roots[second], proofs.consistency(first)))
                << first << " to " << second;
    }
}

TEST(LedgerTree, WhatATreeDoesNotHaveIsRefused) {
    EXPECT_TRUE(refused([] { store().proofs(0).inclusion(0); }));
    EXPECT_TRUE(refused([] { store().proofs(5).inclusion(5); }));
    EXPECT_TRUE(refused([] { store().proofs(5).consistency(6); }));
}

TEST(LedgerTree, ALargeOneIsReadInTiles) {
    constexpr std::uint64_t size = 2 * 65536 + 777;
    const Store large(numbered_leaves(size));
    std::uint64_t reads = 0;
    Proofs proofs(
        [&](unsigned level, std::uint64_t first, std::span<Hash> into) {
            ++reads;
            ASSERT_EQ(level % kept_levels, 0U);
            ASSERT_LE(into.size(), 256U);
            large.read(level, first, into);
        },
        size);
    const Hash root = large.frontier.root();
    EXPECT_EQ(root, tree_hash(large.leaves));
    for (const std::uint64_t index :
         {std::uint64_t{0}, std::uint64_t{65535}, std::uint64_t{65536}, size - 1}) {
        reads = 0;
        EXPECT_TRUE(verify_inclusion(large.leaves[index], index, size, proofs.inclusion(index), root))
            << index;
        EXPECT_LE(reads, 8U) << index;
    }
    for (const std::uint64_t first : {std::uint64_t{1}, std::uint64_t{65535}, std::uint64_t{65536}, size - 1})
        EXPECT_TRUE(verify_consistency(first, tree_hash(std::span(large.leaves).first(first)), size, root,
                                       proofs.consistency(first)));
}

TEST(LedgerTree, ASourceThatFailsIsAskedAgain) {
    bool fails = false;
    Proofs proofs(
        [&](unsigned level, std::uint64_t first, std::span<Hash> into) {
            if (fails) throw std::runtime_error("no node");
            store().read(level, first, into);
        },
        largest);
    const auto path = proofs.inclusion(0);
    fails = true;
    EXPECT_THROW(proofs.inclusion(299), std::runtime_error);
    fails = false;
    EXPECT_EQ(proofs.inclusion(0), path);
}

// --- Forgeries ---------------------------------------------------------------------------------------------

struct Inclusion {
    Hash leaf, root;
    std::uint64_t index, size;
    std::vector<Hash> path;

    bool holds() const { return verify_inclusion(leaf, index, size, path, root); }
    Hash root_of_a_tree() const { return root; }
};

struct Extension {
    Hash first_root, second_root;
    std::uint64_t first, second;
    std::vector<Hash> path;

    bool holds() const { return verify_consistency(first, first_root, second, second_root, path); }
    Hash root_of_a_tree() const { return first_root; }
};

Inclusion inclusion(std::uint64_t index, std::uint64_t size) {
    Proofs proofs = store().proofs(size);
    return {numbered(index), proofs.root(), index, size, proofs.inclusion(index)};
}

Extension extension(std::uint64_t first, std::uint64_t second) {
    Proofs proofs = store().proofs(second);
    return {store().proofs(first).root(), proofs.root(), first, second, proofs.consistency(first)};
}

template <typename Proof>
void expect_no_other_path(const Proof& proof, const std::string& what) {
    const std::size_t length = proof.path.size();
    for (std::size_t bit = 0; bit < 256 * length; ++bit) {
        Proof forged = proof;
        flip(forged.path[bit / 256], bit % 256);
        ASSERT_FALSE(forged.holds()) << what << " with bit " << bit;
    }
    for (std::size_t one = 0; one < length; ++one) {
        for (std::size_t other = one + 1; other < length; ++other) {
            Proof forged = proof;
            std::swap(forged.path[one], forged.path[other]);
            ASSERT_FALSE(forged.holds()) << what << " with " << one << " and " << other << " swapped";
        }
    }
    for (std::size_t place = 0; place <= length; ++place) {
        Proof longer = proof;
        longer.path.insert(longer.path.begin() + static_cast<std::ptrdiff_t>(place), proof.root_of_a_tree());
        ASSERT_FALSE(longer.holds()) << what << " with one more at " << place;
        if (place == length) continue;
        Proof shorter = proof;
        shorter.path.erase(shorter.path.begin() + static_cast<std::ptrdiff_t>(place));
        ASSERT_FALSE(shorter.holds()) << what << " without " << place;
    }
}

TEST(LedgerForgery, AnotherPathProvesNoInclusion) {
    for (const std::uint64_t size : {1U, 2U, 3U, 7U, 8U, 9U, 100U, 257U}) {
        for (const std::uint64_t index : {std::uint64_t{0}, size / 2, size - 1})
            expect_no_other_path(inclusion(index, size),
                                 std::to_string(index) + " of " + std::to_string(size));
    }
}

TEST(LedgerForgery, AnotherPathProvesNoConsistency) {
    for (const std::uint64_t second : {2U, 3U, 7U, 8U, 9U, 100U, 257U}) {
        for (const std::uint64_t first : {std::uint64_t{1}, second / 2, second - 1, second})
            expect_no_other_path(extension(first, second),
                                 std::to_string(first) + " to " + std::to_string(second));
    }
}

TEST(LedgerForgery, AnotherLeafIndexOrRootIsRefused) {
    for (std::uint64_t size = 1; size <= 40; ++size) {
        for (std::uint64_t index = 0; index < size; ++index) {
            const Inclusion proof = inclusion(index, size);
            for (std::uint64_t other = 0; other <= size; ++other) {
                if (other == index) continue;
                EXPECT_FALSE(verify_inclusion(proof.leaf, other, size, proof.path, proof.root));
                EXPECT_FALSE(verify_inclusion(numbered(other), index, size, proof.path, proof.root));
                EXPECT_FALSE(verify_inclusion(proof.leaf, index, size, proof.path, numbered(other)));
            }
        }
    }
}

// Of one size and path only: neither root may be another.
TEST(LedgerForgery, AnotherBeginningIsNotConsistent) {
    for (std::uint64_t second = 1; second <= 40; ++second) {
        for (std::uint64_t first = 0; first <= second; ++first) {
            Extension forged = extension(first, second);
            flip(forged.first_root, 7);
            EXPECT_FALSE(forged.holds()) << first << " to " << second;
            forged = extension(first, second);
            flip(forged.second_root, 7);
            EXPECT_EQ(forged.holds(), first == 0) << first << " to " << second;
            forged = extension(first, second);
            std::swap(forged.first, forged.second);
            EXPECT_EQ(forged.holds(), first == second) << first << " to " << second;
        }
    }
}

// A tree whose past was changed at any leaf cannot be shown to go on from the old root, whichever path is
// given.
TEST(LedgerForgery, AChangedPastIsNotConsistent) {
    constexpr std::uint64_t first = 21;
    constexpr std::uint64_t second = 37;
    const Hash old_root = store().proofs(first).root();
    for (std::uint64_t changed = 0; changed < first; ++changed) {
        std::vector<Hash> leaves = numbered_leaves(second);
        flip(leaves[changed], 0);
        const Store forged(std::move(leaves));
        const Hash root = forged.frontier.root();
        const auto path = forged.proofs(second).consistency(first);
        EXPECT_FALSE(verify_consistency(first, old_root, second, root, path)) << changed;
        const auto honest = store().proofs(second).consistency(first);
        EXPECT_FALSE(verify_consistency(first, old_root, second, root, honest)) << changed;
    }
}

// A chain in place of the tree: each step hashes one more leaf to the right of all before. Only where a tree
// of the size has a way of just that length may a verifier follow it.
TEST(LedgerForgery, ALinearFakeIsRefused) {
    Hash root = numbered(0);
    std::vector<Hash> path;
    for (std::uint64_t i = 1; i < 20; ++i) {
        path.push_back(numbered(i));
        root = node_hash(root, numbered(i));
        for (std::uint64_t size = 2; size <= largest; ++size)
            EXPECT_EQ(verify_inclusion(numbered(0), 0, size, path, root),
                      i == static_cast<std::uint64_t>(std::bit_width(size - 1)))
                << i << " steps of " << size;
    }
}

// The same along the right edge: the way must not go on beyond the root.
TEST(LedgerForgery, ALinearFakeOfTheLastLeafIsRefused) {
    Hash root = numbered(0);
    std::vector<Hash> path;
    for (std::uint64_t i = 1; i < 10; ++i) {
        path.push_back(numbered(i));
        root = node_hash(numbered(i), root);
        for (std::uint64_t size = 1; size <= largest; ++size)
            EXPECT_EQ(verify_inclusion(numbered(0), size - 1, size, path, root),
                      i == static_cast<std::uint64_t>(std::popcount(size - 1)))
                << i << " steps of " << size;
    }
}

// The old root as a node of the new tree, which it is only when the old tree was one complete subtree.
TEST(LedgerForgery, AnOldRootIsNoNode) {
    for (std::uint64_t first = 1; first < 64; ++first) {
        const Hash old_root = store().proofs(first).root();
        const Hash root = node_hash(old_root, numbered(first));
        EXPECT_FALSE(
            verify_consistency(first, old_root, first + 1, root, std::vector{old_root, numbered(first)}));
        const std::vector<Hash> path{numbered(first)};
        EXPECT_EQ(verify_consistency(first, old_root, first + 1, root, path), std::has_single_bit(first))
            << first;
    }
}

// A node's two children presented as a leaf: the prefixes keep them apart.
TEST(LedgerForgery, ANodeIsNoLeaf) {
    const Hash node = node_hash(numbered(0), numbered(1));
    Bytes children;
    for (const std::uint64_t child : {0U, 1U})
        append(children, numbered(child));
    EXPECT_NE(sha256(children), node);
    const Inclusion proof = inclusion(0, 4);
    const std::vector<Hash> upper(proof.path.begin() + 1, proof.path.end());
    EXPECT_FALSE(verify_inclusion(node, 0, 4, upper, proof.root));
}

} // namespace
} // namespace auxeira::ledger
