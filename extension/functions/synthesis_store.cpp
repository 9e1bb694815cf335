// Generating and storing in one go: no row of the series is ever kept but in the table.
#include <optional>
#include <string>

#include "rejection.hpp"
#include "synthesis/generator.hpp"
#include "synthesis/template.hpp"

#include "functions/bulk_insert.hpp"
#include "functions/generation_progress.hpp"
#include "functions/jsonb_document.hpp"
#include "functions/jsonb_reader.hpp"
#include "functions/synthetic_series.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/uuid.h"
}

namespace auxeira::functions {

namespace {

using namespace synthesis;

constexpr int rows_between_interrupts = 100;
constexpr int rows_between_reports = 1000;

constexpr std::int64_t most_values = 25'000'000;

// Among the arguments of the series, and behind them.
constexpr int organization_argument = 7;
constexpr int user_argument = series_arguments;
constexpr int session_argument = series_arguments + 1;
constexpr int template_argument = series_arguments + 2;

std::optional<Template> template_of(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(template_argument)) return std::nullopt;
    return std::optional<Template>(std::in_place,
                                   read_document(jsonb_argument(fcinfo, template_argument), "$"));
}

void check_size(const Config& config, const Dashboard& dashboard) {
    const auto metrics = static_cast<std::int64_t>(dashboard.metrics.size());
    if (config.count * metrics <= most_values) return;
    throw Rejection(Reason::invalid_value, "invalid parameters for synthetic data",
                    {{"count", std::to_string(config.count) + " points of " + std::to_string(metrics) +
                                   " metrics are more than " + std::to_string(most_values) + " values"}},
                    "Generate them in parts, each with an as_of of its own.");
}

BulkInsert::Column constant(const char* name, Oid type, Datum value, bool is_null = false,
                            const char* cast = "") {
    return {name, cast, type, false, value, is_null};
}

BulkInsert::Column changing(const char* name, Oid type) {
    return {name, "", type, true, Datum{0}, true};
}

BulkInsert::Column argument(FunctionCallInfo fcinfo, const char* name, int index) {
    return constant(name, UUIDOID, fcinfo->args[index].value, fcinfo->args[index].isnull);
}

// The columns of auxeira.dashboard_metrics; those that change are in the order of PointRow.
BulkInsert begin_storing(FunctionCallInfo fcinfo, const Config& config, const Dashboard& dashboard) {
    const auto text = [](std::string_view value) { return backend([value] { return text_datum(value); }); };
    const BulkInsert::Column columns[] = {
        argument(fcinfo, "org_id", organization_argument),
        changing("metric_id", UUIDOID),
        changing("metric_value", JSONBOID),
        changing("metric_timestamp", TIMESTAMPTZOID),
        changing("reported_at", TIMESTAMPTZOID),
        changing("first_value", JSONBOID),
        argument(fcinfo, "user_id", user_argument),
        constant("dashboard_type", TEXTOID, text(dashboard.name), false, "::auxeira.user_type"),
        constant("metric_name", TEXTOID, text("synthetic_metrics")),
        constant("is_synthetic", BOOLOID, BoolGetDatum(true)),
        constant("synthetic_algorithm", TEXTOID, text(dashboard.algorithm)),
        constant("synthetic_trend", TEXTOID, text(name_of(config.trend))),
        argument(fcinfo, "session_id", session_argument)};
    return BulkInsert("auxeira.dashboard_metrics", columns);
}

// The first identifiers, for a preview of what the table now holds.
struct Preview {
    static constexpr int longest = 3;
    Uuid ids[longest];
    int count = 0;

    void note(const Uuid& id) {
        if (count < longest) ids[count++] = id;
    }
};

Datum result_row(FunctionCallInfo fcinfo, std::int64_t generated, std::int64_t inserted, Preview& preview) {
    TupleDesc row = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) elog(ERROR, "no row type");
    Datum ids[Preview::longest];
    for (int j = 0; j < preview.count; ++j)
        ids[j] = UUIDPGetDatum(reinterpret_cast<const pg_uuid_t*>(preview.ids[j].data()));
    ArrayType* const list = construct_array(ids, preview.count, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR);
    Datum values[] = {Int64GetDatum(generated), Int64GetDatum(inserted), PointerGetDatum(list)};
    bool nulls[std::size(values)] = {};
    return HeapTupleGetDatum(heap_form_tuple(row, values, nulls));
}

} // namespace

AUXEIRA_SQL_FUNCTION(store_synthetic_metrics) {
    const std::optional<Template> made = template_of(fcinfo);
    const Config config = made ? read_config(fcinfo, *made) : read_config(fcinfo);
    const Dashboard& metrics = made ? made->dashboard() : dashboard(config.user_type);
    check_size(config, metrics);
    Generator generator(config, metrics, honour_interrupts);
    std::optional<Inspector> inspector;
    if (made) inspector.emplace(*made);
    PointRow row(metrics);
    BulkInsert rows = begin_storing(fcinfo, config, metrics);
    Progress progress(rows.table(), config.count, fcinfo->args[organization_argument],
                      fcinfo->args[session_argument]);
    Preview preview;
    Point point;
    std::int64_t generated = 0;
    for (; generator.next(point); ++generated) {
        if (generated % rows_between_interrupts == 0) honour_interrupts();
        if (generated % rows_between_reports == 0) progress.report(generated);
        if (inspector) inspector->check(point.values);
        row.fill(point);
        rows.add(row.values.data(), row.nulls.data());
        preview.note(point.id);
    }
    const std::int64_t inserted = rows.finish();
    progress.end();
    return backend([&] { return result_row(fcinfo, generated, inserted, preview); });
}

} // namespace auxeira::functions
