// The SQL functions of the model of a company: draws, profiles, months, deals, actions, calibration.
#include <algorithm>
#include <chrono>
#include <string_view>
#include <vector>

#include "synthesis/actions.hpp"
#include "synthesis/deals.hpp"
#include "synthesis/identifier.hpp"
#include "synthesis/months.hpp"
#include "synthesis/reader.hpp"

#include "functions/synthesis_rows.hpp"

extern "C" {
#include "utils/date.h"
#include "utils/uuid.h"
}

namespace auxeira::functions {

namespace {

using namespace synthesis;

// --- Draws -----------------------------------------------------------------------------------------------

std::uint64_t index_argument(FunctionCallInfo fcinfo) {
    return static_cast<std::uint64_t>(PG_GETARG_INT64(2));
}

Stream stream_argument(FunctionCallInfo fcinfo) {
    return synthesis::named_stream(static_cast<std::uint64_t>(PG_GETARG_INT64(0)), *text_or_null(fcinfo, 1));
}

// --- Rows ------------------------------------------------------------------------------------------------

void put_ratio(Ratio value, int decimals, Datum& datum, bool& null) {
    null = !value;
    if (value) datum = numeric_datum(*value, decimals);
}

void put_integer(std::optional<std::int32_t> value, Datum& datum, bool& null) {
    null = !value;
    if (value) datum = Int32GetDatum(*value);
}

std::int32_t days_since_2000(std::int32_t month) {
    using namespace std::chrono;
    const year_month_day first = year(month / 12) / (month % 12 + 1) / 1;
    return static_cast<std::int32_t>((sys_days(first) - sys_days(year(2000) / 1 / 1)).count());
}

struct AmountColumn {
    Amount Month::*value;
    int decimals;
};

struct RatioColumn {
    Ratio Month::*value;
    int decimals;
};

// The columns of auxeira.synthetic_month, in order.
constexpr AmountColumn amounts[] = {{&Month::mrr, 2},
                                    {&Month::arr, 2},
                                    {&Month::new_mrr, 2},
                                    {&Month::expansion_mrr, 2},
                                    {&Month::reactivation_mrr, 2},
                                    {&Month::contraction_mrr, 2},
                                    {&Month::churned_mrr, 2},
                                    {&Month::revenue, 2},
                                    {&Month::cogs, 2},
                                    {&Month::sales_marketing, 2},
                                    {&Month::operating_outflow, 2},
                                    {&Month::net_burn, 2},
                                    {&Month::financing, 2},
                                    {&Month::cash, 2}};
constexpr RatioColumn ratios[] = {{&Month::cac, 2},          {&Month::ltv, 2},
                                  {&Month::ltv_cac, 2},      {&Month::cac_payback_months, 1},
                                  {&Month::grr_12m, 4},      {&Month::nrr_12m, 4},
                                  {&Month::gross_margin, 4}, {&Month::logo_churn, 6},
                                  {&Month::quick_ratio, 2},  {&Month::burn_multiple, 2}};
constexpr AmountColumn scores[] = {{&Month::environmental, 2},
                                   {&Month::social, 2},
                                   {&Month::governance, 2},
                                   {&Month::scope1_tco2e, 3},
                                   {&Month::scope2_tco2e, 3}};
constexpr std::size_t month_columns = 44;

class MonthRow {
public:
    explicit MonthRow(const Month& month) {
        backend([&] { fill(month); });
    }
    const Datum* values() const { return values_; }
    const bool* nulls() const { return nulls_; }

private:
    void add(Datum value) { values_[column_++] = value; }
    void add(Ratio value, int decimals) {
        put_ratio(value, decimals, values_[column_], nulls_[column_]);
        ++column_;
    }
    void fill(const Month& month);

    Datum values_[month_columns] = {};
    bool nulls_[month_columns] = {};
    std::size_t column_ = 0;
};

void MonthRow::fill(const Month& month) {
    add(DateADTGetDatum(days_since_2000(month.month)));
    add(text_datum(stage_names[static_cast<std::size_t>(month.stage)]));
    for (const std::int64_t count : {month.customers, month.new_customers, month.lost_customers})
        add(Int32GetDatum(static_cast<std::int32_t>(count)));
    add(month.arpa, 2);
    for (const AmountColumn& column : amounts)
        add(numeric_datum(month.*column.value, column.decimals));
    for (const std::int64_t count : {month.headcount, month.hires, month.leavers})
        add(Int32GetDatum(static_cast<std::int32_t>(count)));
    add(month.runway_months, 1);
    for (const RatioColumn& column : ratios)
        add(month.*column.value, column.decimals);
    add(numeric_datum(month.sse_score, 2));
    add(month.pre_money, 2);
    for (const AmountColumn& column : scores)
        add(numeric_datum(month.*column.value, column.decimals));
    add(Int64GetDatum(month.lives_reached));
    add(Int64GetDatum(month.beneficiaries));
    add(BoolGetDatum(month.is_closed));
}

std::optional<std::uint64_t> seed_or_null(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(0)) return std::nullopt;
    return static_cast<std::uint64_t>(PG_GETARG_INT64(0));
}

MonthsConfig read_months(FunctionCallInfo fcinfo) {
    MonthsRequest request;
    request.seed = seed_or_null(fcinfo);
    request.org = uuid_argument(fcinfo, 1);
    request.months = integer_or_null(fcinfo, 2);
    request.as_of = as_of_argument(fcinfo, 3);
    request.stage = text_or_null(fcinfo, 4);
    request.industry = text_or_null(fcinfo, 5);
    request.region = text_or_null(fcinfo, 6);
    request.business_model = text_or_null(fcinfo, 7);
    request.variance = number_or_null(fcinfo, 8);
    request.trend = text_or_null(fcinfo, 9);
    request.survival = !PG_ARGISNULL(10) && PG_GETARG_BOOL(10);
    request.ends = !PG_ARGISNULL(11) && PG_GETARG_BOOL(11);
    return check(request);
}

ActionsConfig read_actions(FunctionCallInfo fcinfo) {
    ActionsRequest request;
    request.seed = seed_or_null(fcinfo);
    request.org = uuid_argument(fcinfo, 1);
    request.days = integer_or_null(fcinfo, 2);
    request.as_of = as_of_argument(fcinfo, 3);
    request.business_model = text_or_null(fcinfo, 4);
    request.trend = text_or_null(fcinfo, 5);
    request.variance = number_or_null(fcinfo, 6);
    return check(request);
}

Investor investor_argument(FunctionCallInfo fcinfo) {
    Reader reader;
    const std::size_t investor = reader.choice("kind", text_or_null(fcinfo, 0), investor_names);
    reader.finish();
    return static_cast<Investor>(investor);
}

} // namespace

AUXEIRA_SQL_FUNCTION(synthetic_uniform) {
    return Float8GetDatum(uniform_double(stream_argument(fcinfo), index_argument(fcinfo)));
}

AUXEIRA_SQL_FUNCTION(synthetic_normal) {
    return Float8GetDatum(normal_double(stream_argument(fcinfo), index_argument(fcinfo)));
}

AUXEIRA_SQL_FUNCTION(synthetic_uuid) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2)) {
        fcinfo->isnull = true;
        return 0;
    }
    std::optional<std::int64_t> at;
    if (!PG_ARGISNULL(3)) at = as_of_argument(fcinfo, 3);
    Reader reader;
    if (at) reader.moment("at", *at);
    reader.finish("Give a time in these years, or none.");
    const Uuid id = named_identifier(static_cast<std::uint64_t>(PG_GETARG_INT64(0)), *text_or_null(fcinfo, 1),
                                     index_argument(fcinfo), at);
    return backend([&id] {
        auto* const result = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
        std::copy(id.begin(), id.end(), result->data);
        return UUIDPGetDatum(result);
    });
}

AUXEIRA_SQL_FUNCTION(synthetic_deal) {
    const auto seed = static_cast<std::uint64_t>(PG_GETARG_INT64(1));
    const Deal deal = draw_deal(investor_argument(fcinfo), seed, *text_or_null(fcinfo, 2));
    Rows rows(fcinfo);
    Datum values[2];
    const bool nulls[2] = {};
    backend([&] {
        values[0] = numeric_datum(deal.multiple, 4);
        values[1] = numeric_datum(deal.holding_years, 2);
    });
    rows.put(values, nulls);
    return PointerGetDatum(nullptr);
}

AUXEIRA_SQL_FUNCTION(synthetic_multiple) {
    const Investor investor = investor_argument(fcinfo);
    Reader reader;
    const double share = reader.fraction("share", number_or_null(fcinfo, 1));
    reader.finish("Give a number from 0 to 1.");
    return backend([=] { return numeric_datum(multiple_at(investor, share), 4); });
}

AUXEIRA_SQL_FUNCTION(synthetic_company) {
    Reader reader;
    const Profile profile = read_profile(reader, text_or_null(fcinfo, 2), text_or_null(fcinfo, 3),
                                         text_or_null(fcinfo, 4), text_or_null(fcinfo, 5));
    const std::uint64_t seed = reader.seed(seed_or_null(fcinfo));
    reader.finish();
    const Company company = draw_company(seed, uuid_argument(fcinfo, 1), profile);
    Rows rows(fcinfo);
    Datum values[7] = {};
    bool nulls[7] = {};
    backend([&] {
        values[0] = text_datum(stage_names[static_cast<std::size_t>(company.stage)]);
        values[1] = PG_ARGISNULL(3) ? text_datum(industry_names[static_cast<std::size_t>(company.industry)])
                                    : PG_GETARG_DATUM(3);
        values[2] = PG_ARGISNULL(4) ? text_datum(region_names[static_cast<std::size_t>(company.region)])
                                    : PG_GETARG_DATUM(4);
        values[3] = text_datum(business_model_names[static_cast<std::size_t>(company.business_model)]);
    });
    values[4] = Int32GetDatum(company.founded_months_ago);
    put_integer(company.lifetime_months, values[5], nulls[5]);
    values[6] = BoolGetDatum(company.pre_revenue);
    rows.put(values, nulls);
    return PointerGetDatum(nullptr);
}

AUXEIRA_SQL_FUNCTION(synthetic_months) {
    const std::vector<Month> months = make_months(read_months(fcinfo));
    Rows rows(fcinfo);
    for (const Month& month : months) {
        honour_interrupts();
        const MonthRow row(month);
        rows.put(row.values(), row.nulls());
    }
    return PointerGetDatum(nullptr);
}

AUXEIRA_SQL_FUNCTION(synthetic_action_times) {
    Actions actions(read_actions(fcinfo));
    Rows rows(fcinfo);
    std::vector<std::int64_t> times;
    std::int32_t index = 0;
    while (actions.next_day(times)) {
        honour_interrupts();
        for (const std::int64_t time : times) {
            const Datum values[2] = {TimestampTzGetDatum(time - postgres_epoch), Int32GetDatum(++index)};
            const bool nulls[2] = {};
            rows.put(values, nulls);
        }
    }
    return PointerGetDatum(nullptr);
}

AUXEIRA_SQL_FUNCTION(synthetic_calibration) {
    Rows rows(fcinfo);
    const bool nulls[7] = {};
    for (const Constant& each : calibration()) {
        Datum values[7] = {};
        backend([&] {
            values[0] = text_datum(each.topic);
            values[1] = text_datum(each.key);
            values[2] = text_datum(each.parameter);
            values[3] = DirectFunctionCall1(float8_numeric, Float8GetDatum(each.value));
            values[4] = text_datum(each.unit);
            values[5] = text_datum({&each.evidence, 1});
            values[6] = text_datum(each.source);
        });
        rows.put(values, nulls);
    }
    return PointerGetDatum(nullptr);
}

} // namespace auxeira::functions
