// The project's own SQLSTATEs (class ZA: classes I-Z are left to applications). The last three digits are
// the HTTP status of the REST shim. Everything else uses PostgreSQL's codes.
#pragma once

#include "boundary/postgres.hpp"

namespace auxeira {

inline constexpr int missing_field_sqlstate = MAKE_SQLSTATE('Z', 'A', '4', '0', '0');
inline constexpr int under_way_sqlstate = MAKE_SQLSTATE('Z', 'A', '4', '0', '9');
inline constexpr int precondition_sqlstate = MAKE_SQLSTATE('Z', 'A', '4', '1', '2');
inline constexpr int other_request_sqlstate = MAKE_SQLSTATE('Z', 'A', '4', '2', '2');

// Raised from SQL only, listed here so that one place names them all:
//   ZA409  conflict with existing data that the caller may know about, such as a registered e-mail
//          address, beside a request that is under way
//   ZA429  a limit of the caller's own is reached

} // namespace auxeira
