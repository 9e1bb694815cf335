#include "functions/synthetic_series.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

extern "C" {
#include "access/xact.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
}

namespace auxeira::functions {

namespace {

using namespace synthesis;

constexpr std::int64_t postgres_epoch = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * microseconds_a_day;

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

// Random when NULL, below 2^53, so that every JSON reader keeps it exact.
std::uint64_t seed_argument(FunctionCallInfo fcinfo, int argument) {
    if (!PG_ARGISNULL(argument)) return static_cast<std::uint64_t>(PG_GETARG_INT64(argument));
    std::uint64_t seed = 0;
    const bool strong = backend([&seed] { return pg_strong_random(&seed, sizeof(seed)); });
    if (!strong) throw std::runtime_error("no random numbers for a seed");
    return seed >> 11;
}

// The start of the transaction's day, UTC, when NULL.
std::int64_t as_of_argument(FunctionCallInfo fcinfo, int argument) {
    if (PG_ARGISNULL(argument)) {
        const std::int64_t now = GetCurrentTransactionStartTimestamp() + postgres_epoch;
        return now - now % microseconds_a_day;
    }
    const TimestampTz as_of = PG_GETARG_TIMESTAMPTZ(argument);
    // The infinities are integers beyond the range that the room accepts, and the sum must stay one.
    return std::min(as_of, std::numeric_limits<std::int64_t>::max() - postgres_epoch) + postgres_epoch;
}

NumberObject object_of(std::span<const Metric> metrics) {
    std::vector<NumberObject::Field> fields;
    for (const Metric& metric : metrics)
        fields.push_back({metric.name, metric.decimals});
    return NumberObject(fields);
}

} // namespace

Config read_config(FunctionCallInfo fcinfo) {
    Request request;
    request.user_type = text_or_null(fcinfo, 0);
    request.count = integer_or_null(fcinfo, 1);
    request.time_range_days = integer_or_null(fcinfo, 2);
    request.variance = number_or_null(fcinfo, 3);
    request.trend = text_or_null(fcinfo, 4);
    request.seed = seed_argument(fcinfo, 5);
    request.as_of = as_of_argument(fcinfo, 6);
    if (!PG_ARGISNULL(7)) std::memcpy(request.org.data(), PG_GETARG_UUID_P(7), request.org.size());
    request.data_type = text_or_null(fcinfo, 8);
    request.stage = text_or_null(fcinfo, 9);
    request.industry = text_or_null(fcinfo, 10);
    request.region = text_or_null(fcinfo, 11);
    request.business_model = text_or_null(fcinfo, 12);
    request.missing_rate = number_or_null(fcinfo, 13);
    request.late_rate = number_or_null(fcinfo, 14);
    request.restatement_rate = number_or_null(fcinfo, 15);
    request.shock_rate = number_or_null(fcinfo, 16);
    return check(request);
}

Datum text_datum(std::string_view text) {
    return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
}

PointRow::PointRow(const Dashboard& dashboard)
    : value_(object_of(dashboard.metrics)), first_value_(object_of(dashboard.metrics)) {}

void PointRow::fill(const Point& point) noexcept {
    values[0] = UUIDPGetDatum(reinterpret_cast<const pg_uuid_t*>(point.id.data()));
    values[1] = value_.fill(point.values);
    values[2] = TimestampTzGetDatum(point.timestamp - postgres_epoch);
    nulls[3] = point.reported_at == point.timestamp;
    values[3] = TimestampTzGetDatum(point.reported_at - postgres_epoch);
    nulls[4] = !point.is_restated;
    if (point.is_restated) values[4] = first_value_.fill(point.first_values);
}

} // namespace auxeira::functions
