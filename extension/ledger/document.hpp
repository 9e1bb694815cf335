// Documents as the server stores them in a jsonb: ENCODING.md has the form.
#pragma once

#include <string>

#include "ledger/bytes.hpp"

namespace auxeira::ledger {

// The text that the server gives the document. A Rejection for bytes that are none.
std::string document_text(ByteView stored);

} // namespace auxeira::ledger
