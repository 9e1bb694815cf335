// The SQL functions of synthesis; the model is in the synthesis room.
#include <span>
#include <string_view>
#include <vector>

#include "synthesis/generator.hpp"

#include "functions/number_object.hpp"
#include "functions/synthesis_rows.hpp"

extern "C" {
#include "utils/uuid.h"
}

namespace auxeira::functions {

namespace {

using namespace synthesis;

constexpr int rows_between_interrupts = 1000;

Config read_config(FunctionCallInfo fcinfo) {
    Request request;
    request.user_type = text_or_null(fcinfo, 0);
    request.count = integer_or_null(fcinfo, 1);
    request.time_range_days = integer_or_null(fcinfo, 2);
    request.variance = number_or_null(fcinfo, 3);
    request.trend = text_or_null(fcinfo, 4);
    request.seed = seed_argument(fcinfo, 5);
    request.as_of = as_of_argument(fcinfo, 6);
    request.org = uuid_argument(fcinfo, 7);
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
