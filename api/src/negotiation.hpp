// What a client can read: Accept and Accept-Encoding (RFC 9110, 12.4 and 12.5).
#pragma once

#include <string_view>

namespace auxeira::api {

// From 0, not at all, to 1000, of a type such as text/csv; 1000 when the field is empty. What cannot be read
// says nothing.
int quality_of_type(std::string_view accept, std::string_view type);

// Whether a coding such as gzip is wanted at least as much as none.
bool accepts_coding(std::string_view accept_encoding, std::string_view coding);

} // namespace auxeira::api
