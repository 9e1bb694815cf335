// The head of the tree: what is signed, and what others keep in order to notice a changed past.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/bytes.hpp"
#include "ledger/signature.hpp"

namespace auxeira::ledger {

struct Head {
    std::string origin; // UUID of the installation
    std::uint64_t tree_size = 0;
    Hash root{};
    std::uint64_t block = 0;
    Hash previous{}; // SHA-256 of the previous head's text; zeros in the first
    std::uint64_t incarnation = 0;
    std::int64_t sealed_at = 0; // microseconds since 2000-01-01 UTC
};

std::string head_text(const Head& head);

// A Rejection for a text that head_text() would not give.
Head parse_head(std::string_view text);

struct SignedHead {
    std::string text;
    Signature signature{};
    PublicKey public_key{};
};

SignedHead sign_head(const Head& head, const SigningKey& key);

// What is wrong with it, in one line; nothing when it is signed by the trusted key, or without one by its
// own.
std::optional<std::string> fault_of(const SignedHead& head, const std::optional<PublicKey>& trusted);

// Whether two good heads can be of one history: what is wrong, in one line. Which of them is the older is
// found out.
std::optional<std::string> fault_between(const SignedHead& one, const SignedHead& other);

} // namespace auxeira::ledger
