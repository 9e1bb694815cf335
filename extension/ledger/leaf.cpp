#include "ledger/leaf.hpp"

#include "ledger/sha256.hpp"

namespace auxeira::ledger {

namespace {

constexpr std::array<std::uint8_t, 1> leaf_prefix{0x00};
constexpr std::array<std::uint8_t, 1> row_follows{0x01};
constexpr std::array<std::uint8_t, 1> no_row{0x02};

} // namespace

Hash leaf_hash(const Salt& salt, ByteView metadata, std::optional<ByteView> row) {
    static thread_local Sha256 hasher;
    hasher.add(leaf_prefix).add(salt);
    hasher.add(big_endian(static_cast<std::uint32_t>(metadata.size()))).add(metadata);
    if (row)
        hasher.add(row_follows).add(*row);
    else
        hasher.add(no_row);
    return hasher.finish();
}

} // namespace auxeira::ledger
