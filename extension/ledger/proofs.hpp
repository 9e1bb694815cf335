// Making proofs from stored nodes.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ledger/merkle.hpp"

namespace auxeira::ledger {

// Reads the nodes of one level (0 for the leaves, or 8, 16, 24...) from `first` on; all of them are there, or
// it throws.
using NodeSource = std::function<void(unsigned level, std::uint64_t first, std::span<Hash> into)>;

// Proofs about a tree of a size up to that of all leaves. A proof reads about log256 of the size times two
// tiles, each of up to 256 nodes that follow one another.
class Proofs {
public:
    Proofs(NodeSource source, std::uint64_t size) : source_(std::move(source)), size_(size) {}

    Hash root();
    // From the leaf's brother up; a Rejection when the tree has no such leaf.
    std::vector<Hash> inclusion(std::uint64_t index);
    // That the tree of `first_size` is the beginning of this one; a Rejection when it is larger.
    std::vector<Hash> consistency(std::uint64_t first_size);

private:
    Hash range_root(std::uint64_t first, std::uint64_t count);
    Hash subtree(unsigned level, std::uint64_t index);
    std::span<const Hash> tile(unsigned level, std::uint64_t index);

    NodeSource source_;
    std::uint64_t size_;
    std::vector<Hash> tile_;
    unsigned tile_level_ = 0;
    std::uint64_t tile_index_ = 0;
};

} // namespace auxeira::ledger
