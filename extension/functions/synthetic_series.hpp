// What the SQL functions share that make a series: their first arguments, and the changing part of its rows.
#pragma once

#include <array>
#include <string_view>

#include "synthesis/generator.hpp"
#include "synthesis/template.hpp"

#include "boundary/door.hpp"
#include "functions/number_object.hpp"
#include "functions/synthesis_rows.hpp"

namespace auxeira::functions {

// From the arguments of auxeira.synthetic_metrics, which other functions have too, in the same places. Those
// of a series that is made of a template say with NULL that its defaults hold.
synthesis::Config read_config(FunctionCallInfo fcinfo);
synthesis::Config read_config(FunctionCallInfo fcinfo, const synthesis::Template& of_template);

inline constexpr int series_arguments = 17;

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

// The rows of auxeira.synthetic_metrics. Every point is held against the rules of a template, if there is
// one.
Datum return_series(FunctionCallInfo fcinfo, const synthesis::Config& config,
                    const synthesis::Dashboard& dashboard, synthesis::Inspector* inspector = nullptr);

} // namespace auxeira::functions
