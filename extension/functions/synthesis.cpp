// The SQL functions of synthesis; the model is in the synthesis room.
#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>

#include "rejection.hpp"
#include "synthesis/generator.hpp"

#include "boundary/door.hpp"

extern "C" {
#include "access/xact.h"
#include "funcapi.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
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
    if (TIMESTAMP_NOT_FINITE(as_of)) {
        throw Rejection(Reason::invalid_value, "invalid configuration of synthetic data",
                        {{"as_of", "a finite time is expected"}});
    }
    // Past the range of the room, which refuses it, the sum would not fit.
    return std::min(as_of, std::numeric_limits<std::int64_t>::max() - postgres_epoch) + postgres_epoch;
}

Config read_config(FunctionCallInfo fcinfo) {
    Request request;
    request.user_type = text_or_null(fcinfo, 0);
    request.count = integer_or_null(fcinfo, 1);
    request.time_range_days = integer_or_null(fcinfo, 2);
    if (!PG_ARGISNULL(3)) request.variance = PG_GETARG_FLOAT8(3);
    request.trend = text_or_null(fcinfo, 4);
    request.seed = seed_argument(fcinfo, 5);
    request.as_of = as_of_argument(fcinfo, 6);
    if (!PG_ARGISNULL(7)) std::memcpy(request.org.data(), PG_GETARG_UUID_P(7), request.org.size());
    request.data_type = text_or_null(fcinfo, 8);
    return check(request);
}

// --- Write -----------------------------------------------------------------------------------------------

// Where the rows of a set-returning function go. Its memory is emptied after every row.
class Rows {
public:
    explicit Rows(FunctionCallInfo fcinfo) : info_(reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo)) {
        backend([this, fcinfo] {
            InitMaterializedSRF(fcinfo, 0);
            memory_ = AllocSetContextCreate(CurrentMemoryContext, "auxeira row", ALLOCSET_DEFAULT_SIZES);
        });
    }

    // `fill(values, nulls)` runs in the row's memory and calls the server freely.
    template <typename Fill>
    void put(Fill&& fill) {
        backend([this, &fill] {
            Datum values[16] = {};
            bool nulls[16] = {};
            const MemoryContext before = MemoryContextSwitchTo(memory_);
            fill(values, nulls);
            MemoryContextSwitchTo(before);
            tuplestore_putvalues(info_->setResult, info_->setDesc, values, nulls);
            MemoryContextReset(memory_);
        });
    }

private:
    ReturnSetInfo* const info_;
    MemoryContext memory_ = nullptr;
};

Datum text_datum(std::string_view text) {
    return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
}

// A double of the catalogue is a short decimal: its text is exact. NULL for no limit.
void put_limit(double limit, Datum& value, bool& null) {
    null = limit == no_limit || limit == -no_limit;
    if (!null) value = DirectFunctionCall1(float8_numeric, Float8GetDatum(limit));
}

// Values carry their decimals as a scale: value = scaled / 10^decimals.
Datum metric_object(std::span<const Metric> metrics, std::span<const std::int64_t> scaled) {
    JsonbParseState* state = nullptr;
    pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
    for (std::size_t i = 0; i < metrics.size(); ++i) {
        JsonbValue key;
        key.type = jbvString;
        key.val.string.val = const_cast<char*>(metrics[i].name.data());
        key.val.string.len = static_cast<int>(metrics[i].name.size());
        pushJsonbValue(&state, WJB_KEY, &key);
        JsonbValue number;
        number.type = jbvNumeric;
        number.val.numeric = metrics[i].decimals == 0 ? int64_to_numeric(scaled[i])
                                                      : int64_div_fast_to_numeric(scaled[i], metrics[i].decimals);
        pushJsonbValue(&state, WJB_VALUE, &number);
    }
    return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr)));
}

} // namespace

AUXEIRA_SQL_FUNCTION(synthetic_metrics) {
    const Config config = read_config(fcinfo);
    Generator generator(config, honour_interrupts);
    const Dashboard& dashboard = generator.dashboard();
    const std::string_view trend = name_of(config.trend);
    Rows rows(fcinfo);
    Point point;
    for (int row = 0; generator.next(point); ++row) {
        if (row % rows_between_interrupts == 0) honour_interrupts();
        rows.put([&](Datum* values, bool*) {
            values[0] = UUIDPGetDatum(reinterpret_cast<const pg_uuid_t*>(point.id.data()));
            values[1] = text_datum(dashboard.name);
            values[2] = text_datum("synthetic_metrics");
            values[3] = metric_object(dashboard.metrics, point.values);
            values[4] = TimestampTzGetDatum(point.timestamp - postgres_epoch);
            values[5] = text_datum(dashboard.algorithm);
            values[6] = text_datum(trend);
        });
    }
    return PointerGetDatum(nullptr);
}

AUXEIRA_SQL_FUNCTION(synthetic_catalogue) {
    Rows rows(fcinfo);
    for (const Dashboard& dashboard : catalogue()) {
        for (const Metric& metric : dashboard.metrics) {
            rows.put([&](Datum* values, bool* nulls) {
                values[0] = text_datum(dashboard.name);
                values[1] = text_datum(metric.name);
                values[2] = text_datum(metric.unit);
                values[3] = text_datum(name_of(metric.kind));
                put_limit(metric.minimum, values[4], nulls[4]);
                put_limit(metric.maximum, values[5], nulls[5]);
                values[6] = Int32GetDatum(metric.decimals);
                values[7] = text_datum(name_of(metric.good_direction));
                values[8] = BoolGetDatum(metric.follows_trend());
            });
        }
    }
    return PointerGetDatum(nullptr);
}

} // namespace auxeira::functions
