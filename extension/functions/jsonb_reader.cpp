#include "functions/jsonb_reader.hpp"

#include <cmath>
#include <string>

namespace auxeira::functions {

namespace {

bool within(double value, const Bounds& bounds) {
    return value >= bounds.lowest && value <= bounds.highest && (!bounds.whole || value == std::floor(value));
}

std::string demand(const Bounds& bounds) {
    return std::string("must be a ") + (bounds.whole ? "whole " : "") + "number from " +
           scoring::show(bounds.lowest) + " to " + scoring::show(bounds.highest);
}

} // namespace

// --- Arguments -------------------------------------------------------------------------------------------

const Jsonb& jsonb_argument(FunctionCallInfo fcinfo, int argument) {
    auto* const stored = reinterpret_cast<varlena*>(PG_GETARG_POINTER(argument));
    varlena* const plain =
        VARATT_IS_EXTENDED(stored) ? backend([stored] { return pg_detoast_datum(stored); }) : stored;
    return *reinterpret_cast<const Jsonb*>(plain);
}

std::string_view text_argument(FunctionCallInfo fcinfo, int argument, std::string_view otherwise) {
    if (PG_ARGISNULL(argument)) return otherwise;
    auto* const stored = reinterpret_cast<varlena*>(PG_GETARG_POINTER(argument));
    // A pointer to out-of-line text has the mark of short ones, too.
    const bool ready = VARATT_IS_4B_U(stored) || (VARATT_IS_SHORT(stored) && !VARATT_IS_EXTERNAL(stored));
    const varlena* const plain =
        ready ? stored : backend([stored] { return pg_detoast_datum_packed(stored); });
    return {VARDATA_ANY(plain), VARSIZE_ANY_EXHDR(plain)};
}

// --- Pairs -----------------------------------------------------------------------------------------------

std::string_view Pairs::kind() const {
    const JEntry entry = *value_;
    if (JBE_ISSTRING(entry)) return "a string";
    if (JBE_ISNUMERIC(entry)) return "a number";
    if (JBE_ISBOOL(entry)) return "true or false";
    if (JBE_ISNULL(entry)) return "null";
    return is_object() ? "an object" : "an array";
}

// --- Shapes ----------------------------------------------------------------------------------------------

namespace reading {

bool check_size(const Pairs& component, scoring::Faults& faults) {
    const uint32 count = JsonContainerSize(&component.container());
    if (count <= most_answers) return true;
    faults.add(path_of("responses", component.key()), "has " + std::to_string(count) + " answers, at most " +
                                                          std::to_string(most_answers) + " are allowed");
    return false;
}

bool check_object(const Jsonb& value, scoring::Faults& faults, std::string_view name,
                  std::string_view shape) {
    if (JsonContainerIsObject(&value.root)) return true;
    faults.add(std::string(name), "must be an object, " + std::string(shape));
    return false;
}

void refuse_component(Pairs component, scoring::Faults& faults) {
    if (!scoring::find_component(component.key())) {
        return scoring::refuse_component(faults, "responses", component.key());
    }
    faults.add(path_of("responses", component.key()),
               "must be an object, {question: number}, not " + std::string(component.kind()));
}

void refuse_answer(Pairs component, Pairs answer, scoring::Faults& faults) {
    honour_interrupts();
    faults.add(path_of(path_of("responses", component.key()), answer.key()),
               "must be a number, not " + std::string(answer.kind()));
}

} // namespace reading

scoring::PerComponent<std::optional<double>> read_numbers(const Jsonb& object, std::string_view name,
                                                          const Bounds& bounds, scoring::Faults& faults) {
    scoring::PerComponent<std::optional<double>> numbers;
    if (!reading::check_object(object, faults, name, "{component: number}")) return numbers;
    for (Pairs pair(object.root); pair.next();) {
        const auto component = scoring::find_component(pair.key());
        if (!component) {
            scoring::refuse_component(faults, name, pair.key());
        } else if (!pair.is_number()) {
            faults.add(path_of(name, pair.key()), demand(bounds) + ", not " + std::string(pair.kind()));
        } else if (const double number = pair.number(); !within(number, bounds)) {
            faults.add(path_of(name, pair.key()), demand(bounds) + ", not " + scoring::show(number));
        } else {
            numbers[scoring::index(*component)] = number;
        }
    }
    return numbers;
}

} // namespace auxeira::functions
