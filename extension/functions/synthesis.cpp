// The SQL functions of synthesis; the model is in the synthesis room.
#include <string_view>

#include "synthesis/generator.hpp"

#include "functions/synthetic_series.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/tuplestore.h"
}

namespace auxeira::functions {

namespace {

using namespace synthesis;

constexpr int rows_between_interrupts = 1000;

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

// A double of the catalogue is a short decimal, which float8_numeric gives back. NULL for no limit.
void put_limit(double limit, Datum& value, bool& null) {
    null = limit == no_limit || limit == -no_limit;
    if (!null) value = DirectFunctionCall1(float8_numeric, Float8GetDatum(limit));
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
    PointRow point_row(dashboard);
    Rows rows(fcinfo);
    Datum values[9] = {};
    bool nulls[9] = {};
    backend([&values, &dashboard, &config] {
        values[1] = text_datum(dashboard.name);
        values[2] = text_datum("synthetic_metrics");
        values[5] = text_datum(dashboard.algorithm);
        values[6] = text_datum(name_of(config.trend));
    });
    constexpr std::size_t places[PointRow::columns] = {0, 3, 4, 7, 8};
    Point point;
    for (int row = 0; generator.next(point); ++row) {
        if (row % rows_between_interrupts == 0) honour_interrupts();
        point_row.fill(point);
        for (std::size_t j = 0; j < PointRow::columns; ++j) {
            values[places[j]] = point_row.values[j];
            nulls[places[j]] = point_row.nulls[j];
        }
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
