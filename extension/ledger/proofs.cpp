#include "ledger/proofs.hpp"

#include <bit>

#include "rejection.hpp"

namespace auxeira::ledger {

namespace {

constexpr std::uint64_t tile_nodes = std::uint64_t{1} << kept_levels;

// Of a tree of two leaves or more: how many are left of the root.
std::uint64_t left_part(std::uint64_t count) {
    return std::bit_floor(count - 1);
}

unsigned level_of(std::uint64_t count) {
    return static_cast<unsigned>(std::countr_zero(count));
}

[[noreturn]] void refuse(const char* message) {
    throw Rejection(Reason::invalid_value, message);
}

} // namespace

Hash Proofs::root() {
    return size_ == 0 ? empty_root() : range_root(0, size_);
}

std::vector<Hash> Proofs::inclusion(std::uint64_t index) {
    if (index >= size_) refuse("the tree has no leaf with this index");
    std::vector<Hash> path;
    std::uint64_t first = 0;
    for (std::uint64_t count = size_; count > 1;) {
        const std::uint64_t left = left_part(count);
        const bool goes_left = index - first < left;
        path.push_back(goes_left ? range_root(first + left, count - left) : range_root(first, left));
        first += goes_left ? 0 : left;
        count = goes_left ? left : count - left;
    }
    std::ranges::reverse(path);
    return path;
}

std::vector<Hash> Proofs::consistency(std::uint64_t first_size) {
    if (first_size > size_) refuse("the first tree is larger than the second");
    std::vector<Hash> path;
    if (first_size == 0) return path;
    std::uint64_t first = 0;
    std::uint64_t count = size_;
    while (first_size - first != count) {
        const std::uint64_t left = left_part(count);
        const bool goes_left = first_size - first <= left;
        path.push_back(goes_left ? range_root(first + left, count - left) : range_root(first, left));
        first += goes_left ? 0 : left;
        count = goes_left ? left : count - left;
    }
    // Whoever checks has the root of the first tree, which is this subtree when the way went left only.
    if (first != 0) path.push_back(range_root(first, count));
    std::ranges::reverse(path);
    return path;
}

// The leaves begin at a multiple of the largest power of two in their count, so that complete subtrees cover
// them.
Hash Proofs::range_root(std::uint64_t first, std::uint64_t count) {
    if (std::has_single_bit(count)) return subtree(level_of(count), first >> level_of(count));
    const std::uint64_t left = left_part(count);
    const Hash left_root = range_root(first, left);
    return node_hash(left_root, range_root(first + left, count - left));
}

Hash Proofs::subtree(unsigned level, std::uint64_t index) {
    const unsigned above = level % kept_levels;
    const std::uint64_t first = index << above;
    const std::size_t count = std::size_t{1} << above;
    const auto nodes = tile(level - above, first / tile_nodes).subspan(first % tile_nodes, count);
    std::vector<Hash> hashes(nodes.begin(), nodes.end());
    for (; hashes.size() > 1; hashes.resize(hashes.size() / 2)) {
        for (std::size_t i = 0; i < hashes.size() / 2; ++i)
            hashes[i] = node_hash(hashes[2 * i], hashes[2 * i + 1]);
    }
    return hashes[0];
}

std::span<const Hash> Proofs::tile(unsigned level, std::uint64_t index) {
    if (tile_.empty() || tile_level_ != level || tile_index_ != index) {
        const std::uint64_t first = index * tile_nodes;
        std::vector<Hash> nodes(std::min(tile_nodes, (size_ >> level) - first));
        source_(level, first, nodes);
        tile_ = std::move(nodes);
        tile_level_ = level;
        tile_index_ = index;
    }
    return tile_;
}

} // namespace auxeira::ledger
