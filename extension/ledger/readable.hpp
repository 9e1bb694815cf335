// The encoding as JSON that people read. It follows from the encoding alone, so that a verifier can tell
// whether what a receipt shows is what it proves.
#pragma once

#include <optional>
#include <string>

#include "ledger/bytes.hpp"

namespace auxeira::ledger {

// An object with the columns as members. A Rejection for an encoding that is malformed at any depth.
std::string readable_row(ByteView row);

// The metadata as members, and "row": the row after the change, or null.
std::string readable_change(ByteView metadata, std::optional<ByteView> row);

// A text in quotes, as JSON has it.
std::string json_text(std::string_view text);

} // namespace auxeira::ledger
