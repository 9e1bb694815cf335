#include "functions/jsonb_reader.hpp"

#include <array>
#include <cmath>
#include <string>

extern "C" {
#include "utils/numeric.h"
}

namespace auxeira::functions {

namespace {

// --- Numerics --------------------------------------------------------------------------------------------

// The stored form of a short numeric (numeric.c, NumericShort): a header of 16 bits, then digits of base
// 10,000, the first of which counts 10,000 ^ weight. It is on disk everywhere and cannot change without a
// dump.
constexpr uint16 form_mask = 0xC000;
constexpr uint16 short_form = 0x8000;
constexpr uint16 negative = 0x2000;
constexpr uint16 weight_sign = 0x0040;
constexpr uint16 weight_mask = 0x003F;

constexpr int most_digits = 4;
// Doubles hold these exactly, so that one multiplication or division rounds once: the same double as from
// text.
constexpr int64 largest_exact = int64{1} << 53;
constexpr std::array<double, 6> powers{1, 1e4, 1e8, 1e12, 1e16, 1e20};

// The value of a small numeric; empty for others.
std::optional<double> small_number(const char* numeric) {
    if (!VARATT_IS_4B_U(numeric)) return std::nullopt;
    const auto* const words = reinterpret_cast<const uint16*>(VARDATA(numeric));
    const int digits = static_cast<int>((VARSIZE(numeric) - VARHDRSZ) / sizeof(uint16)) - 1;
    const uint16 header = words[0];
    if ((header & form_mask) != short_form || digits > most_digits) return std::nullopt;

    int64 units = 0;
    for (int i = 1; i <= digits; ++i) {
        units = units * 10'000 + words[i];
    }
    const int weight = (header & weight_mask) - (header & weight_sign);
    const auto exponent = static_cast<std::size_t>(std::abs(weight - digits + 1));
    if (units > largest_exact || exponent >= powers.size()) return std::nullopt;

    const auto whole = static_cast<double>(units);
    const double value = weight < digits - 1 ? whole / powers[exponent] : whole * powers[exponent];
    return (header & negative) != 0 ? -value : value;
}

double any_number(const char* numeric) {
    return backend([numeric] {
        return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, PointerGetDatum(numeric)));
    });
}

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
    const bool ready = VARATT_IS_4B_U(stored) || VARATT_IS_SHORT(stored);
    const varlena* const plain =
        ready ? stored : backend([stored] { return pg_detoast_datum_packed(stored); });
    return {VARDATA_ANY(plain), VARSIZE_ANY_EXHDR(plain)};
}

// --- Pairs -----------------------------------------------------------------------------------------------

double reading::number(const char* numeric) {
    honour_interrupts();
    const auto small = small_number(numeric);
    return small ? *small : any_number(numeric);
}

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
    faults.add(scoring::path("responses", component.key()),
               "must be an object, {question: number}, not " + std::string(component.kind()));
}

void refuse_answer(Pairs component, Pairs answer, scoring::Faults& faults) {
    honour_interrupts();
    faults.add(scoring::path(scoring::path("responses", component.key()), answer.key()),
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
            faults.add(scoring::path(name, pair.key()), demand(bounds) + ", not " + std::string(pair.kind()));
        } else if (const double number = pair.number(); !within(number, bounds)) {
            faults.add(scoring::path(name, pair.key()), demand(bounds) + ", not " + scoring::show(number));
        } else {
            numbers[scoring::index(*component)] = number;
        }
    }
    return numbers;
}

} // namespace auxeira::functions
