// What is handed out as evidence, and the checking of it: receipts of changes, proofs that nothing was taken
// back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/head.hpp"

namespace auxeira::ledger {

// That a change is in the ledger.
struct Receipt {
    Salt salt{};
    Bytes metadata;
    std::optional<Bytes> row;
    Hash leaf{};
    std::uint64_t leaf_index = 0;
    std::uint64_t tree_size = 0;
    std::vector<Hash> path;
    SignedHead head;
};

// That the tree of the first head is the beginning of that of the second.
struct Consistency {
    SignedHead first;
    SignedHead second;
    std::vector<Hash> path;
};

// As JSON documents: ENCODING.md. A Rejection when the encodings of a receipt are malformed.
std::string json_of(const SignedHead& head);
std::string json_of(const Receipt& receipt);
std::string json_of(const Consistency& consistency);

// What is wrong, in one line; nothing when it proves what it says and is signed by the trusted key, or
// without one by whatever key it brings. A Rejection when a head is malformed.
std::optional<std::string> fault_of(const Receipt& receipt, const std::optional<PublicKey>& trusted);
std::optional<std::string> fault_of(const Consistency& consistency, const std::optional<PublicKey>& trusted);

} // namespace auxeira::ledger
