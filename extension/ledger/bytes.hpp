// Bytes and their two text forms: lower-case hexadecimal and base64.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace auxeira::ledger {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using Hash = std::array<std::uint8_t, 32>;
using Salt = std::array<std::uint8_t, 16>;
using Uuid = std::array<std::uint8_t, 16>;

inline ByteView bytes_of(std::string_view text) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view text_of(ByteView bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// More bytes at the end, to be written by the caller.
inline std::uint8_t* extend(Bytes& to, std::size_t bytes) {
    const std::size_t before = to.size();
    to.resize(before + bytes);
    return to.data() + before;
}

inline void append(Bytes& to, ByteView bytes) {
    std::copy(bytes.begin(), bytes.end(), extend(to, bytes.size()));
}

// Big-endian, whatever the processor's order is.
template <typename Unsigned>
constexpr std::array<std::uint8_t, sizeof(Unsigned)> big_endian(Unsigned number) noexcept {
    std::array<std::uint8_t, sizeof(Unsigned)> bytes{};
    for (std::size_t i = 0; i < sizeof(Unsigned); ++i)
        bytes[i] = static_cast<std::uint8_t>(number >> (8 * (sizeof(Unsigned) - 1 - i)));
    return bytes;
}

// Nothing but what hex() and base64() make is read: one text for one sequence of bytes.
std::string hex(ByteView bytes);
std::optional<Bytes> from_hex(std::string_view text);
std::string base64(ByteView bytes);
std::optional<Bytes> from_base64(std::string_view text);

// Bytes of a length that is known beforehand; nothing when it is another.
template <typename Array>
std::optional<Array> sized(const std::optional<Bytes>& bytes) {
    Array array{};
    if (!bytes || bytes->size() != array.size()) return std::nullopt;
    std::copy(bytes->begin(), bytes->end(), array.begin());
    return array;
}

// Eight, four, four, four and twelve hexadecimal digits.
std::string uuid_text(ByteView uuid);

} // namespace auxeira::ledger
