#include "ledger/merkle.hpp"

#include <bit>

#include "ledger/sha256.hpp"
#include "rejection.hpp"

namespace auxeira::ledger {

namespace {

constexpr std::array<std::uint8_t, 1> node_prefix{0x01};

// Where a proof has come to on its way up: the node, and the last node of the same level.
struct Climb {
    std::uint64_t node;
    std::uint64_t last;

    bool at_root() const noexcept { return last == 0; }
    bool is_right() const noexcept { return (node & 1) != 0; }
    // A last node without a brother is its own parent, up to where it has one.
    bool joins_left() const noexcept { return is_right() || node == last; }
    void up() noexcept {
        node >>= 1;
        last >>= 1;
    }
    void up_past_only_children() noexcept {
        while (!is_right() && node != 0)
            up();
    }
};

} // namespace

Hash node_hash(const Hash& left, const Hash& right) {
    static thread_local Sha256 hasher;
    return hasher.add(node_prefix).add(left).add(right).finish();
}

Hash empty_root() {
    return sha256({});
}

Frontier::Frontier(std::uint64_t size, ByteView encoding)
    : size_(size), roots_(static_cast<std::size_t>(std::popcount(size))) {
    if (encoding.size() != roots_.size() * sizeof(Hash))
        throw Rejection(Reason::invalid_value, "frontier does not fit the size of the tree");
    for (std::size_t i = 0; i < roots_.size(); ++i)
        std::ranges::copy(encoding.subspan(i * sizeof(Hash), sizeof(Hash)), roots_[i].begin());
}

Hash Frontier::root() const {
    if (roots_.empty()) return empty_root();
    Hash hash = roots_.back();
    for (std::size_t i = roots_.size() - 1; i > 0; --i)
        hash = node_hash(roots_[i - 1], hash);
    return hash;
}

Bytes Frontier::encoding() const {
    Bytes bytes;
    for (const Hash& root : roots_)
        ledger::append(bytes, root);
    return bytes;
}

void Frontier::append(std::span<const Hash> leaves, std::vector<Node>& finished) {
    for (const Hash& leaf : leaves)
        append(leaf, finished);
}

void Frontier::append(const Hash& leaf, std::vector<Node>& finished) {
    Hash hash = leaf;
    std::uint64_t index = size_;
    for (unsigned level = 0;; ++level, index >>= 1) {
        if (level > 0 && level % kept_levels == 0) finished.push_back({level, index, hash});
        if ((index & 1) == 0) break;
        hash = node_hash(roots_.back(), hash);
        roots_.pop_back();
    }
    roots_.push_back(hash);
    ++size_;
}

bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, std::span<const Hash> path,
                      const Hash& root) {
    if (index >= size) return false;
    Climb climb{index, size - 1};
    Hash hash = leaf;
    for (const Hash& brother : path) {
        if (climb.at_root()) return false;
        const bool left = climb.joins_left();
        hash = left ? node_hash(brother, hash) : node_hash(hash, brother);
        if (left) climb.up_past_only_children();
        climb.up();
    }
    return climb.at_root() && hash == root;
}

bool verify_consistency(std::uint64_t first_size, const Hash& first_root, std::uint64_t second_size,
                        const Hash& second_root, std::span<const Hash> path) {
    if (first_size == second_size) return path.empty() && first_root == second_root;
    if (first_size == 0) return path.empty() && first_root == empty_root();
    if (first_size > second_size) return false;
    Climb climb{first_size - 1, second_size - 1};
    while (climb.is_right())
        climb.up();
    // A first tree that is one complete subtree is a node of the second, and the proof leaves it out.
    const bool complete = std::has_single_bit(first_size);
    if (!complete && path.empty()) return false;
    Hash first = complete ? first_root : path[0];
    Hash second = first;
    for (const Hash& brother : path.subspan(complete ? 0 : 1)) {
        if (climb.at_root()) return false;
        const bool left = climb.joins_left();
        if (left) first = node_hash(brother, first);
        second = left ? node_hash(brother, second) : node_hash(second, brother);
        if (left) climb.up_past_only_children();
        climb.up();
    }
    return climb.at_root() && first == first_root && second == second_root;
}

} // namespace auxeira::ledger
