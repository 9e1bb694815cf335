#include "one_time_code.hpp"

#include "encoding.hpp"

#include <liboath/oath.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>

namespace auxeira::api {

namespace {

constexpr std::size_t secret_bytes = 20; // as long as what HMAC-SHA-1 gives (RFC 4226, 4)
constexpr unsigned step_seconds = 30;
constexpr std::size_t neighbours = 1; // steps before and after the present one: clocks differ
constexpr std::size_t digits = 6;
constexpr std::string_view issuer = "Auxeira";

// Base 32 without 0, 1, l and o.
constexpr std::string_view recovery_alphabet = "23456789abcdefghijkmnpqrstuvwxyz";
constexpr std::size_t recovery_length = 16;
constexpr std::size_t recovery_group = 4;

static_assert(recovery_alphabet.size() == 32);

void ready_library() {
    static const bool ready = oath_init() == OATH_OK;
    if (!ready) throw std::runtime_error("liboath cannot be initialised");
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view plain = "-._~";
    std::string out;
    for (const char c : text) {
        const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (alphanumeric || plain.find(c) != std::string_view::npos)
            out += c;
        else
            out += '%' + hex({&c, 1});
    }
    return out;
}

std::string new_recovery_code() {
    std::string code;
    for (const char byte : random_bytes(recovery_length)) {
        if (code.size() % (recovery_group + 1) == recovery_group) code += '-';
        code += recovery_alphabet[static_cast<unsigned char>(byte) % recovery_alphabet.size()];
    }
    return code;
}

} // namespace

std::string new_totp_secret() {
    return random_bytes(secret_bytes);
}

std::string base32(std::string_view bytes) {
    ready_library();
    char* text = nullptr;
    if (oath_base32_encode(bytes.data(), bytes.size(), &text, nullptr) != OATH_OK) throw std::bad_alloc();
    const std::unique_ptr<char, decltype(&std::free)> owner(text, std::free);
    return text;
}

std::string totp_uri(std::string_view secret, std::string_view account) {
    const std::string name(issuer);
    return "otpauth://totp/" + name + ':' + percent_encoded(account) + "?secret=" + base32(secret) +
           "&issuer=" + name + "&algorithm=SHA1&digits=6&period=30";
}

std::optional<std::int64_t> matching_step(const std::string& secret, const std::string& code,
                                          std::time_t now) {
    const bool plain = std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!plain || code.size() != digits) return std::nullopt;
    ready_library();
    std::uint64_t step = 0;
    const int position = oath_totp_validate3(secret.data(), secret.size(), now, step_seconds, 0, neighbours,
                                             nullptr, &step, code.c_str());
    if (position < 0) return std::nullopt;
    return static_cast<std::int64_t>(step);
}

RecoveryCodes new_recovery_codes() {
    RecoveryCodes codes;
    std::generate(codes.begin(), codes.end(), new_recovery_code);
    return codes;
}

std::optional<std::string> recovery_code_hash(std::string_view code) {
    std::string normal = lower(code);
    normal.erase(std::remove_if(normal.begin(), normal.end(), [](char c) { return c == '-' || c == ' '; }),
                 normal.end());
    if (normal.size() != recovery_length || normal.find_first_not_of(recovery_alphabet) != std::string::npos)
        return std::nullopt;
    return sha256(normal);
}

} // namespace auxeira::api
