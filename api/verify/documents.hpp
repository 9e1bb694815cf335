// Evidence as JSON documents: receipts, consistency proofs and heads.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/head.hpp"

namespace auxeira::verify {

// Not evidence at all, be it good or bad.
class Unreadable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct Verdict {
    std::string summary;              // what it shows, if there is no fault
    std::optional<std::string> fault; // in one line
    std::vector<ledger::SignedHead> heads;
};

// One verdict for each document of a text: a single one, or one on each line. Unreadable when there is none,
// or one of them is none of the three kinds.
std::vector<Verdict> verdicts_of(std::string_view text, const std::optional<ledger::PublicKey>& trusted);

// What is wrong between documents that are good each for itself: heads that cannot be of one history.
std::optional<std::string> fault_among(const std::vector<Verdict>& verdicts);

} // namespace auxeira::verify
