// The SQL functions of the Startup Success Engine score; the formula is in the scoring room.
#include <cmath>
#include <iterator>
#include <optional>
#include <string_view>

#include "scoring/likelihood.hpp"
#include "scoring/score.hpp"

#include "boundary/door.hpp"
#include "functions/jsonb_reader.hpp"
#include "functions/settings.hpp"

extern "C" {
#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
}

namespace auxeira::functions {

namespace {

using namespace scoring;

// --- Read ------------------------------------------------------------------------------------------------

Scale scale_argument(FunctionCallInfo fcinfo, int argument) {
    return scale_named(text_argument(fcinfo, argument, "unit"));
}

MissingPolicy policy_argument(FunctionCallInfo fcinfo, int argument) {
    return missing_policy_named(text_argument(fcinfo, argument, sse_missing_policy()));
}

double number_argument(FunctionCallInfo fcinfo, int argument, double otherwise) {
    return PG_ARGISNULL(argument) ? otherwise : PG_GETARG_FLOAT8(argument);
}

Answers read_answers(const Jsonb& responses) {
    Answers answers;
    read_responses(responses, answers.faults, [&answers](Component component, const Pairs& answer) {
        answers.list.push_back({component, answer.key(), answer.number()});
    });
    return answers;
}

PerComponent<int> expected_argument(FunctionCallInfo fcinfo, int argument, Faults& faults) {
    PerComponent<int> expected{};
    if (PG_ARGISNULL(argument)) return expected;
    constexpr Bounds questions{.lowest = 1, .highest = 10'000, .whole = true};
    const auto numbers = read_numbers(jsonb_argument(fcinfo, argument), "expected", questions, faults);
    for (std::size_t i = 0; i < components.size(); ++i) {
        expected[i] = static_cast<int>(numbers[i].value_or(0));
    }
    return expected;
}

Options options_arguments(FunctionCallInfo fcinfo, Faults& faults) {
    return {.scale = scale_argument(fcinfo, 1),
            .missing_policy = policy_argument(fcinfo, 2),
            .verification = verification_named(text_argument(fcinfo, 3, "self")),
            .age_days = number_argument(fcinfo, 4, 0),
            .base_rate = number_argument(fcinfo, 5, default_base_rate),
            .expected = expected_argument(fcinfo, 6, faults)};
}

Breakdown breakdown_argument(FunctionCallInfo fcinfo, int argument, std::string_view name, Faults& faults) {
    if (PG_ARGISNULL(argument)) return {};
    constexpr Bounds points{.lowest = 0, .highest = 100, .whole = false};
    return read_numbers(jsonb_argument(fcinfo, argument), name, points, faults);
}

// --- Write: what follows raises, so it runs inside backend() and owns nothing ---------------------------

Datum text_value(std::string_view text) {
    return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
}

// Builds one jsonb value.
struct Writer {
    JsonbParseState* state = nullptr;
    JsonbValue* result = nullptr;

    void put(JsonbIteratorToken token, JsonbValue* value = nullptr) {
        result = pushJsonbValue(&state, token, value);
    }
    void text(JsonbIteratorToken token, std::string_view text) {
        JsonbValue value;
        value.type = jbvString;
        value.val.string.val = const_cast<char*>(text.data());
        value.val.string.len = static_cast<int>(text.size());
        put(token, &value);
    }
    // A number that is rounded to so many decimals already, written with all of them.
    void number(double rounded, int decimals) {
        JsonbValue value;
        value.type = jbvNumeric;
        value.val.numeric =
            int64_div_fast_to_numeric(std::llrint(rounded * std::pow(10, decimals)), decimals);
        put(WJB_VALUE, &value);
    }
    Datum finish(JsonbIteratorToken token) {
        put(token);
        return JsonbPGetDatum(JsonbValueToJsonb(result));
    }
};

// {component: number} of the components that have one.
template <typename Number>
Datum by_component(int decimals, const Number& number) {
    Writer writer;
    writer.put(WJB_BEGIN_OBJECT);
    for (std::size_t i = 0; i < components.size(); ++i) {
        const std::optional<double> value = number(i);
        if (!value) continue;
        writer.text(WJB_KEY, components[i].name);
        writer.number(*value, decimals);
    }
    return writer.finish(WJB_END_OBJECT);
}

Datum figures(const Score& score, double ComponentScore::*figure, int decimals) {
    return by_component(decimals, [&](std::size_t i) {
        return score.components[i] ? std::optional(*score.components[i].*figure) : std::nullopt;
    });
}

Datum steps(const Score& score) {
    Writer writer;
    writer.put(WJB_BEGIN_ARRAY);
    for (const NextStep& step : score.next_steps) {
        writer.put(WJB_BEGIN_OBJECT);
        writer.text(WJB_KEY, "component");
        writer.text(WJB_VALUE, components[index(step.component)].name);
        writer.text(WJB_KEY, "question");
        writer.text(WJB_VALUE, step.question);
        writer.text(WJB_KEY, "gain");
        writer.number(step.gain, 2);
        writer.put(WJB_END_OBJECT);
    }
    return writer.finish(WJB_END_ARRAY);
}

// In the order of the type auxeira.sse_result.
Datum row_of(const Score& score, TupleDesc shape) {
    Datum values[] = {
        Int32GetDatum(score.total),
        Float8GetDatum(score.raw),
        figures(score, &ComponentScore::points, 1),
        figures(score, &ComponentScore::score, 1),
        text_value(name(score.status)),
        Float8GetDatum(score.present_weight),
        Float8GetDatum(score.coverage),
        Float8GetDatum(score.confidence),
        Float8GetDatum(score.band),
        Float8GetDatum(score.data_quality),
        Float8GetDatum(score.reference_percentile),
        Int32GetDatum(score.percentile_v1),
        Float8GetDatum(score.success_probability),
        Float8GetDatum(score.success_probability_v1),
        figures(score, &ComponentScore::headroom, 2),
        steps(score),
        text_value(scales[row(score.scale)].name),
        BoolGetDatum(score.scale_inferred),
        text_value(score.formula_version),
    };
    bool nulls[std::size(values)] = {};
    if (shape->natts != static_cast<int>(std::size(values))) {
        ereport(ERROR,
                (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("type auxeira.sse_result has been altered"),
                 errhint("Create the extension again.")));
    }
    return HeapTupleGetDatum(heap_form_tuple(shape, values, nulls));
}

// Looked up once per call site of a query: it costs as much as a score.
TupleDesc row_shape(FunctionCallInfo fcinfo) {
    if (fcinfo->flinfo->fn_extra == nullptr) {
        backend([fcinfo] {
            TupleDesc shape = nullptr;
            if (get_call_result_type(fcinfo, nullptr, &shape) != TYPEFUNC_COMPOSITE) {
                ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("a row type is expected")));
            }
            const MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
            fcinfo->flinfo->fn_extra = BlessTupleDesc(CreateTupleDescCopy(shape));
            MemoryContextSwitchTo(caller);
        });
    }
    return static_cast<TupleDesc>(fcinfo->flinfo->fn_extra);
}

} // namespace

// --- The functions ---------------------------------------------------------------------------------------

// Keeps no answer and allocates nothing: meant for whole tables.
AUXEIRA_SQL_FUNCTION(sse_total) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const Jsonb& responses = jsonb_argument(fcinfo, 0);
    fetch_ahead(responses);
    Scale scale = scale_argument(fcinfo, 1);
    const MissingPolicy policy = policy_argument(fcinfo, 2);
    if (scale == Scale::automatic) scale = inferred_scale(read_answers(responses).list);

    Faults faults;
    Tally tally(scale);
    read_responses(responses, faults, [&tally, &faults](Component component, const Pairs& answer) {
        const bool added = tally.add(component, answer.number());
        if (!added) tally.refuse(component, answer.key(), answer.number(), faults);
    });
    faults.check(invalid_input, responses_hint);
    PG_RETURN_INT32(total_of(tally, policy).total);
}

AUXEIRA_SQL_FUNCTION(sse_score) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    Answers answers = read_answers(jsonb_argument(fcinfo, 0));
    const Options options = options_arguments(fcinfo, answers.faults);
    const Score result = score(answers, options);
    TupleDesc const shape = row_shape(fcinfo);
    return backend([&result, shape] { return row_of(result, shape); });
}

AUXEIRA_SQL_FUNCTION(sse_percentile) {
    const Cohort cohort{.size = PG_GETARG_INT32(1), .below = PG_GETARG_INT32(2), .equal = PG_GETARG_INT32(3)};
    PG_RETURN_FLOAT8(percentile(PG_GETARG_FLOAT8(0), cohort));
}

AUXEIRA_SQL_FUNCTION(sse_change) {
    Faults faults;
    const Breakdown before = breakdown_argument(fcinfo, 0, "old", faults);
    const Breakdown after = breakdown_argument(fcinfo, 1, "new", faults);
    faults.check("invalid input for a change of score",
                 "give two breakdowns as auxeira.sse_score returns them");
    const Breakdown changes = change(before, after);
    return backend([&changes] { return by_component(1, [&changes](std::size_t i) { return changes[i]; }); });
}

} // namespace auxeira::functions
