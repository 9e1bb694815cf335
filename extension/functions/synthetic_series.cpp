#include "functions/synthetic_series.hpp"

#include <optional>
#include <span>
#include <vector>

extern "C" {
#include "utils/uuid.h"
}

namespace auxeira::functions {

namespace {

using namespace synthesis;

NumberObject object_of(std::span<const Metric> metrics) {
    std::vector<NumberObject::Field> fields;
    for (const Metric& metric : metrics)
        fields.push_back({metric.name, metric.decimals});
    return NumberObject(fields);
}

} // namespace

namespace {

// All but the user type.
Request read_request(FunctionCallInfo fcinfo) {
    Request request;
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
    return request;
}

template <typename Number>
void fill(std::optional<Number>& value, const std::optional<Number>& of_template,
          std::optional<Number> usual) {
    if (!value) value = of_template ? of_template : usual;
}

} // namespace

Config read_config(FunctionCallInfo fcinfo) {
    Request request = read_request(fcinfo);
    request.user_type = text_or_null(fcinfo, 0);
    return check(request);
}

Config read_config(FunctionCallInfo fcinfo, const Template& of_template) {
    const Request& defaults = of_template.defaults();
    Request request = read_request(fcinfo);
    request.user_type = defaults.user_type;
    fill(request.count, defaults.count, {30});
    fill(request.time_range_days, defaults.time_range_days, {30});
    fill(request.variance, defaults.variance, {0.2});
    fill(request.trend, defaults.trend, {"stable"});
    fill(request.stage, defaults.stage, {});
    fill(request.industry, defaults.industry, {});
    fill(request.region, defaults.region, {});
    fill(request.business_model, defaults.business_model, {});
    fill(request.missing_rate, defaults.missing_rate, {0});
    fill(request.late_rate, defaults.late_rate, {0});
    fill(request.restatement_rate, defaults.restatement_rate, {0});
    fill(request.shock_rate, defaults.shock_rate, {0});
    return check(request);
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

// The identifier, the numbers and the times are all that changes from row to row.
Datum return_series(FunctionCallInfo fcinfo, const Config& config, const Dashboard& dashboard,
                    Inspector* inspector) {
    constexpr int rows_between_interrupts = 1000;
    constexpr std::size_t places[PointRow::columns] = {0, 3, 4, 7, 8};
    Generator generator(config, dashboard, honour_interrupts);
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
    Point point;
    for (int row = 0; generator.next(point); ++row) {
        if (row % rows_between_interrupts == 0) honour_interrupts();
        if (inspector != nullptr) inspector->check(point.values);
        point_row.fill(point);
        for (std::size_t j = 0; j < PointRow::columns; ++j) {
            values[places[j]] = point_row.values[j];
            nulls[places[j]] = point_row.nulls[j];
        }
        rows.put(values, nulls);
    }
    return PointerGetDatum(nullptr);
}

} // namespace auxeira::functions
