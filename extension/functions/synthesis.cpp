// The SQL functions of synthesis; the model is in the synthesis room.
#include <string_view>

#include "synthesis/generator.hpp"

#include "functions/synthetic_series.hpp"

namespace auxeira::functions {

namespace {

using namespace synthesis;

// A double of the catalogue is a short decimal, which float8_numeric gives back. NULL for no limit.
void put_limit(double limit, Datum& value, bool& null) {
    null = limit == no_limit || limit == -no_limit;
    if (!null) value = DirectFunctionCall1(float8_numeric, Float8GetDatum(limit));
}

// NULL where there is nothing that it could be of.
void put_share(bool is_known, double share, Datum& value, bool& null) {
    null = !is_known;
    if (is_known) value = DirectFunctionCall1(float8_numeric, Float8GetDatum(share));
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
    const Motion& motion = metric.motion;
    put_share(has_path(motion.rule), motion.response, values[9], nulls[9]);
    put_share(has_path(motion.rule), motion.response * motion.spread, values[10], nulls[10]);
}

} // namespace

AUXEIRA_SQL_FUNCTION(synthetic_metrics) {
    const Config config = read_config(fcinfo);
    return return_series(fcinfo, config, dashboard(config.user_type));
}

AUXEIRA_SQL_FUNCTION(synthetic_catalogue) {
    Rows rows(fcinfo);
    for (const Dashboard& dashboard : catalogue()) {
        for (const Metric& metric : dashboard.metrics) {
            Datum values[11] = {};
            bool nulls[11] = {};
            backend([&] { catalogue_row(dashboard, metric, values, nulls); });
            rows.put(values, nulls);
        }
    }
    return PointerGetDatum(nullptr);
}

} // namespace auxeira::functions
