// Bodies in fewer bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace auxeira::api {

// Nothing when it would not be shorter.
std::optional<std::string> gzip(std::string_view text);

} // namespace auxeira::api
