// What the SQL functions of synthesis have in common: arguments, where NULL has a meaning, and values of
// rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "synthesis/config.hpp"

#include "functions/rows.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/timestamp.h"
}

namespace auxeira::functions {

inline constexpr std::int64_t postgres_epoch =
    (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * synthesis::microseconds_a_day;

std::optional<std::string_view> text_or_null(FunctionCallInfo fcinfo, int argument);
std::optional<std::int64_t> integer_or_null(FunctionCallInfo fcinfo, int argument);
std::optional<double> number_or_null(FunctionCallInfo fcinfo, int argument);

// Random when NULL, below 2^53, so that every JSON reader keeps it exact.
std::uint64_t seed_argument(FunctionCallInfo fcinfo, int argument);

// Microseconds since 1970; the start of the transaction's day, UTC, when NULL.
std::int64_t as_of_argument(FunctionCallInfo fcinfo, int argument);

// All zeros when NULL.
synthesis::Uuid uuid_argument(FunctionCallInfo fcinfo, int argument);

Datum text_datum(std::string_view text);

// scaled / 10^decimals
Datum numeric_datum(std::int64_t scaled, int decimals);

} // namespace auxeira::functions
