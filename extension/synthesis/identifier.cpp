#include "synthesis/identifier.hpp"

namespace auxeira::synthesis {

namespace {

void mark_version(Uuid& id) noexcept {
    id[6] = static_cast<std::uint8_t>((id[6] & 0x0F) | 0x80);
    id[8] = static_cast<std::uint8_t>((id[8] & 0x3F) | 0x80);
}

} // namespace

Uuid identifier(std::uint64_t key, std::uint64_t index) noexcept {
    const Block bits = random_block(key, Purpose::identifier, index);
    Uuid id{};
    for (std::size_t j = 0; j < id.size(); ++j)
        id[j] = static_cast<std::uint8_t>(bits[j / 4] >> (8 * (j % 4)));
    mark_version(id);
    return id;
}

Uuid identifier(std::uint64_t key, std::uint64_t index, std::int64_t microseconds) noexcept {
    const Block bits = random_block(key, Purpose::identifier, index);
    const std::int64_t milliseconds = (microseconds - (microseconds % 1000 + 1000) % 1000) / 1000;
    Uuid id{};
    for (std::size_t j = 0; j < 6; ++j)
        id[j] = static_cast<std::uint8_t>(milliseconds >> (8 * (5 - j)));
    for (std::size_t j = 6; j < 16; ++j)
        id[j] = static_cast<std::uint8_t>(bits[(j - 6) / 4] >> (8 * (j % 4)));
    mark_version(id);
    return id;
}

Uuid named_identifier(std::uint64_t seed, std::string_view name, std::uint64_t index,
                      std::optional<std::int64_t> microseconds) noexcept {
    const std::uint64_t key = KeyBuilder().add("uuid").add(seed).add(name).key();
    return microseconds ? identifier(key, index, *microseconds) : identifier(key, index);
}

} // namespace auxeira::synthesis
