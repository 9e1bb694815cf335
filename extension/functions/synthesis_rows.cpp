#include "functions/synthesis_rows.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

extern "C" {
#include "access/xact.h"
#include "utils/numeric.h"
#include "utils/uuid.h"
}

namespace auxeira::functions {

using namespace synthesis;

std::optional<std::string_view> text_or_null(FunctionCallInfo fcinfo, int argument) {
    if (PG_ARGISNULL(argument)) return std::nullopt;
    return backend([=] {
        const text* const value = PG_GETARG_TEXT_PP(argument);
        return std::string_view(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
    });
}

std::optional<std::int64_t> integer_or_null(FunctionCallInfo fcinfo, int argument) {
    if (PG_ARGISNULL(argument)) return std::nullopt;
    return PG_GETARG_INT32(argument);
}

std::optional<double> number_or_null(FunctionCallInfo fcinfo, int argument) {
    if (PG_ARGISNULL(argument)) return std::nullopt;
    return PG_GETARG_FLOAT8(argument);
}

std::uint64_t seed_argument(FunctionCallInfo fcinfo, int argument) {
    if (!PG_ARGISNULL(argument)) return static_cast<std::uint64_t>(PG_GETARG_INT64(argument));
    std::uint64_t seed = 0;
    const bool strong = backend([&seed] { return pg_strong_random(&seed, sizeof(seed)); });
    if (!strong) throw std::runtime_error("no random numbers for a seed");
    return seed >> 11;
}

std::int64_t as_of_argument(FunctionCallInfo fcinfo, int argument) {
    if (PG_ARGISNULL(argument)) {
        const std::int64_t now = GetCurrentTransactionStartTimestamp() + postgres_epoch;
        return now - now % microseconds_a_day;
    }
    const TimestampTz as_of = PG_GETARG_TIMESTAMPTZ(argument);
    // The infinities are integers beyond the range that the room accepts, and the sum must stay one.
    return std::min(as_of, std::numeric_limits<std::int64_t>::max() - postgres_epoch) + postgres_epoch;
}

Uuid uuid_argument(FunctionCallInfo fcinfo, int argument) {
    Uuid result{};
    if (!PG_ARGISNULL(argument)) std::memcpy(result.data(), PG_GETARG_UUID_P(argument), result.size());
    return result;
}

Datum text_datum(std::string_view text) {
    return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
}

Datum numeric_datum(std::int64_t scaled, int decimals) {
    return NumericGetDatum(int64_div_fast_to_numeric(scaled, decimals));
}

} // namespace auxeira::functions
