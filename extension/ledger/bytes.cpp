#include "ledger/bytes.hpp"

namespace auxeira::ledger {

namespace {

constexpr std::string_view hexadecimal = "0123456789abcdef";
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::uint32_t group_of(ByteView bytes) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
        group = group << 8 | (i < bytes.size() ? bytes[i] : 0U);
    return group;
}

} // namespace

std::string hex(ByteView bytes) {
    std::string text;
    text.reserve(2 * bytes.size());
    for (const std::uint8_t byte : bytes) {
        text += hexadecimal[byte >> 4];
        text += hexadecimal[byte & 0xf];
    }
    return text;
}

std::optional<Bytes> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    Bytes bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const std::size_t high = hexadecimal.find(text[i]);
        const std::size_t low = hexadecimal.find(text[i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
        bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
    }
    return bytes;
}

std::string base64(ByteView bytes) {
    std::string text;
    for (; !bytes.empty(); bytes = bytes.subspan(std::min<std::size_t>(3, bytes.size()))) {
        const std::uint32_t group = group_of(bytes);
        for (std::size_t i = 0; i < 4; ++i)
            text += i <= bytes.size() ? alphabet[group >> (18 - 6 * i) & 0x3f] : '=';
    }
    return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
    Bytes bytes;
    std::uint32_t bits = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] != '='; ++digits) {
        const std::size_t digit = alphabet.find(text[digits]);
        if (digit == std::string_view::npos) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        if (digits % 4 != 0) bytes.push_back(static_cast<std::uint8_t>(bits >> (6 - 2 * (digits % 4))));
    }
    // Padding and the bits that are left over have one form only.
    return base64(bytes) == text ? std::optional(std::move(bytes)) : std::nullopt;
}

std::string uuid_text(ByteView uuid) {
    std::string text = hex(uuid);
    for (const std::size_t hyphen : {8U, 13U, 18U, 23U})
        text.insert(std::min(hyphen, text.size()), 1, '-');
    return text;
}

} // namespace auxeira::ledger
