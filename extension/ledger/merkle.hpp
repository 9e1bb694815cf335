// The tree over the leaves, of the shape of RFC 9162 (section 2.1), and the checking of its proofs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ledger/bytes.hpp"

namespace auxeira::ledger {

Hash node_hash(const Hash& left, const Hash& right);
Hash empty_root();

// Nodes are kept at every eighth level: those between are hashed again from at most 128 of them.
inline constexpr unsigned kept_levels = 8;

// The root of the complete subtree over the leaves from index * 2^level on.
struct Node {
    unsigned level;
    std::uint64_t index;
    Hash hash;

    bool operator==(const Node&) const = default;
};

// What is needed of a tree to add leaves: the roots of its complete subtrees, the largest first.
class Frontier {
public:
    Frontier() = default;
    // As encoding() gave it; a Rejection when the bytes are not those of a tree of this size.
    Frontier(std::uint64_t size, ByteView encoding);

    std::uint64_t size() const noexcept { return size_; }
    Hash root() const;
    Bytes encoding() const;

    // Adds leaves; the nodes of levels 8, 16, 24... that they complete are added to `finished`, a lower level
    // first.
    void append(std::span<const Hash> leaves, std::vector<Node>& finished);

private:
    void append(const Hash& leaf, std::vector<Node>& finished);

    std::uint64_t size_ = 0;
    std::vector<Hash> roots_;
};

// RFC 9162, 2.1.3.2: the leaf is the one at this index of the tree.
bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, std::span<const Hash> path,
                      const Hash& root);

// RFC 9162, 2.1.4.2: the first tree is the beginning of the second. Of two trees of the same size the proof
// is empty, as it is when the first one is empty.
bool verify_consistency(std::uint64_t first_size, const Hash& first_root, std::uint64_t second_size,
                        const Hash& second_root, std::span<const Hash> path);

} // namespace auxeira::ledger
