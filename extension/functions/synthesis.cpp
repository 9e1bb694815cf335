// The SQL functions of synthesis; the model is in the synthesis room.
#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "synthesis/generator.hpp"

#include "boundary/door.hpp"
#include "functions/number_object.hpp"

extern "C" {
#include "access/xact.h"
#include "funcapi.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/uuid.h"
}

namespace auxeira::functions {

namespace {

using namespace synthesis;

constexpr std::int64_t postgres_epoch = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * microseconds_a_day;
constexpr int rows_between_interrupts = 1000;

// --- Read ------------------------------------------------------------------------------------------------

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

// --- Write -----------------------------------------------------------------------------------------------

// Where the rows of a set-returning function go.
class Rows {
public:
    explicit Rows(FunctionCallInfo fcinfo) : info_(reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo)) {
        backend([fcinfo] { InitMaterializedSRF(fcinfo, 0); });
    }

    // Copies the row.
    void put(const Datum* values, const bool* nulls) {
        backend([=, this] {
            tuplestore_putvalues(info_->setResult, info_->setDesc, const_cast<Datum*>(values),
                                 const_cast<bool*>(nulls));
        });
    }

private:
    ReturnSetInfo* const info_;
};

Datum text_datum(std::string_view text) {
    return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
}

// A double of the catalogue is a short decimal, which float8_numeric gives back. NULL for no limit.
void put_limit(double limit, Datum& value, bool& null) {
    null = limit == no_limit || limit == -no_limit;
    if (!null) value = DirectFunctionCall1(float8_numeric, Float8GetDatum(limit));
}

NumberObject object_of(std::span<const Metric> metrics) {
    std::vector<NumberObject::Field> fields;
    for (const Metric& metric : metrics)
        fields.push_back({metric.name, metric.decimals});
    return NumberObject(fields);
}

void catalogue_row(const Dashboard& dashboard, const Metric& metric, Datum* values, bool* nulls) {
    values[0] = text_datum(dashboard.name);
    values[1] = text_datum(metric.name);
    values[2] = text_datum(metric.unit);
    values[3] = text_datum(name_of(metric.kind));
    put_limit(metric.minimum, values[4], nulls[4]);
    put_limit(metric.maximum, values[5], nulls[5]);
    values[6] = Int32GetDatum(metric.decimals);
    values[7] = text_datum(name_of(metric.good_direction));
    values[8] = BoolGetDatum(metric.follows_trend());
}

} // namespace

// The identifier, the numbers and the time are all that changes from row to row.
AUXEIRA_SQL_FUNCTION(synthetic_metrics) {
    const Config config = read_config(fcinfo);
    Generator generator(config, honour_interrupts);
    const Dashboard& dashboard = generator.dashboard();
    NumberObject object = object_of(dashboard.metrics);
    Rows rows(fcinfo);
    NumberObject first_object = object_of(dashboard.metrics);
    Datum values[9] = {};
    bool nulls[9] = {};
    backend([&values, &dashboard, &config] {
        values[1] = text_datum(dashboard.name);
        values[2] = text_datum("synthetic_metrics");
        values[5] = text_datum(dashboard.algorithm);
        values[6] = text_datum(name_of(config.trend));
    });
    Point point;
    for (int row = 0; generator.next(point); ++row) {
        if (row % rows_between_interrupts == 0) honour_interrupts();
        values[0] = UUIDPGetDatum(reinterpret_cast<const pg_uuid_t*>(point.id.data()));
        values[3] = object.fill(point.values);
        values[4] = TimestampTzGetDatum(point.timestamp - postgres_epoch);
        nulls[7] = point.reported_at == point.timestamp;
        values[7] = TimestampTzGetDatum(point.reported_at - postgres_epoch);
        nulls[8] = !point.is_restated;
        if (point.is_restated) values[8] = first_object.fill(point.first_values);
        rows.put(values, nulls);
    }
    return PointerGetDatum(nullptr);
}

AUXEIRA_SQL_FUNCTION(synthetic_catalogue) {
    Rows rows(fcinfo);
    for (const Dashboard& dashboard : catalogue()) {
        for (const Metric& metric : dashboard.metrics) {
            Datum values[9] = {};
            bool nulls[9] = {};
            backend([&] { catalogue_row(dashboard, metric, values, nulls); });
            rows.put(values, nulls);
        }
    }
    return PointerGetDatum(nullptr);
}

} // namespace auxeira::functions
