#include "ledger/encoding.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "ledger/sha256.hpp"
#include "rejection.hpp"

namespace auxeira::ledger {

namespace {

constexpr std::uint32_t one_nan = 0x7fc00000;
constexpr std::uint64_t one_double_nan = 0x7ff8000000000000;

// Lengths are part of what is hashed: one that does not fit must not be cut.
template <typename Unsigned>
std::array<std::uint8_t, sizeof(Unsigned)> length_of(std::size_t bytes) {
    if (bytes > std::numeric_limits<Unsigned>::max())
        throw Rejection(Reason::invalid_value, "value too long for the ledger");
    return big_endian(static_cast<Unsigned>(bytes));
}

} // namespace

void Writer::value(Tag tag, ByteView content) {
    const auto length = length_of<std::uint32_t>(content.size());
    std::uint8_t* to = extend(out_, 1 + length.size() + content.size());
    *to++ = static_cast<std::uint8_t>(tag);
    std::copy(content.begin(), content.end(), std::copy(length.begin(), length.end(), to));
}

void Writer::name(std::string_view column) {
    const auto length = length_of<std::uint16_t>(column.size());
    std::uint8_t* const to = extend(out_, length.size() + column.size());
    std::copy(column.begin(), column.end(), std::copy(length.begin(), length.end(), to));
}

void Writer::real(float number_) {
    number(Tag::real, std::isnan(number_) ? one_nan : std::bit_cast<std::uint32_t>(number_));
}

void Writer::double_precision(double number_) {
    number(Tag::double_precision,
           std::isnan(number_) ? one_double_nan : std::bit_cast<std::uint64_t>(number_));
}

void Writer::other(std::string_view type, ByteView sent) {
    const std::size_t opened = begin(Tag::other);
    name(type);
    append(out_, sent);
    end(opened);
}

std::size_t Writer::begin(Tag tag) {
    value(tag, {});
    return out_.size();
}

std::size_t Writer::begin_array(std::span<const Dimension> dimensions) {
    const std::size_t opened = begin(Tag::array);
    append(out_, length_of<std::uint32_t>(dimensions.size()));
    for (const Dimension& dimension : dimensions) {
        append(out_, big_endian(dimension.length));
        append(out_, big_endian(static_cast<std::uint32_t>(dimension.lower_bound)));
    }
    return opened;
}

void Writer::end(std::size_t opened) {
    const auto length = length_of<std::uint32_t>(out_.size() - opened);
    std::copy(length.begin(), length.end(),
              out_.begin() + static_cast<std::ptrdiff_t>(opened - length.size()));
}

Hash secret_digest(ByteView key, ByteView encoded_value) {
    return hmac_sha256(key, encoded_value);
}

} // namespace auxeira::ledger
