// The hash of one change.
#pragma once

#include <optional>

#include "ledger/bytes.hpp"

namespace auxeira::ledger {

// SHA-256 over the salt, the encoded metadata and the row as the change left it; nothing when it left none.
// Without the salt a row that can be guessed cannot be proved from its leaf: erasing forgets the salt.
Hash leaf_hash(const Salt& salt, ByteView metadata, std::optional<ByteView> row);

} // namespace auxeira::ledger
