// Whether a text is UTF-8 (RFC 3629).
#pragma once

#include <string_view>

namespace auxeira::ledger {

bool is_utf8(std::string_view text) noexcept;

} // namespace auxeira::ledger
