// What the SQL functions share that make a series: their first arguments, and the changing part of its rows.
#pragma once

#include <array>
#include <string_view>

#include "synthesis/generator.hpp"

#include "boundary/door.hpp"
#include "functions/number_object.hpp"

namespace auxeira::functions {

// From the arguments of auxeira.synthetic_metrics, which other functions have too, in the same places.
synthesis::Config read_config(FunctionCallInfo fcinfo);

inline constexpr int series_arguments = 17;

// A value of SQL's type text. For the inside of backend().
Datum text_datum(std::string_view text);

// What changes from row to row, valid until the next one.
class PointRow {
public:
    explicit PointRow(const synthesis::Dashboard& dashboard);

    void fill(const synthesis::Point& point) noexcept;

    // metric_id, metric_value, metric_timestamp, reported_at, first_value
    static constexpr std::size_t columns = 5;
    std::array<Datum, columns> values{};
    std::array<bool, columns> nulls{};

private:
    NumberObject value_, first_value_;
};

} // namespace auxeira::functions
