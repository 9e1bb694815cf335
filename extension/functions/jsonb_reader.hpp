// Reads numbers out of jsonb where it lies. The server's iterator and its conversion of numerics cost ten
// times as much, which is the difference between scoring a table and waiting for it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include "scoring/answers.hpp"

#include "boundary/door.hpp"
#include "functions/numeric_reader.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace auxeira::functions {

// The jsonb argument, fetched and decompressed where it must be.
const Jsonb& jsonb_argument(FunctionCallInfo fcinfo, int argument);

// Asks the processor for the value ahead of its use: a scan has not touched it, and it lies in slow memory.
inline void fetch_ahead(const Jsonb& value) {
    constexpr std::size_t line = 64, most = 4096;
    const auto* const start = reinterpret_cast<const char*>(&value);
    const std::size_t size = std::min<std::size_t>(VARSIZE(&value), most);
    for (std::size_t offset = line; offset < size; offset += line) {
        __builtin_prefetch(start + offset);
    }
}

// The text argument; `otherwise` when it is NULL.
std::string_view text_argument(FunctionCallInfo fcinfo, int argument, std::string_view otherwise);

// Steps through the pairs of an object in stored order: by length of the key, then by bytes.
class Pairs {
public:
    explicit Pairs(const JsonbContainer& object)
        : object_(&object), value_(object.children + JsonContainerSize(&object) - 1),
          last_(value_ + JsonContainerSize(&object)), data_(reinterpret_cast<const char*>(last_ + 1)),
          value_end_(getJsonbOffset(&object, static_cast<int>(JsonContainerSize(&object)))) {}

    bool next() {
        if (value_ == last_) return false;
        ++value_;
        value_start_ = value_end_;
        JBE_ADVANCE_OFFSET(value_end_, *value_);
        return true;
    }
    // The key, given where the one before it ended (0 at first); sets the end of this one.
    std::string_view key_after(uint32& end) const {
        const uint32 start = end;
        JBE_ADVANCE_OFFSET(end, *(value_ - JsonContainerSize(object_)));
        return {data_ + start, end - start};
    }
    // Looked for only when asked: whole tables are scored without reading one name of a question.
    std::string_view key() const {
        const int place =
            static_cast<int>(value_ - object_->children) - static_cast<int>(JsonContainerSize(object_));
        return {data_ + getJsonbOffset(object_, place), getJsonbLength(object_, place)};
    }

    bool is_number() const { return JBE_ISNUMERIC(*value_); }
    bool is_object() const { return JBE_ISCONTAINER(*value_) && JsonContainerIsObject(&container()); }
    // What a fault calls the value.
    std::string_view kind() const;

    const JsonbContainer& container() const { return *reinterpret_cast<const JsonbContainer*>(aligned()); }
    double number() const { return number_of(aligned()); }

private:
    const char* aligned() const { return data_ + INTALIGN(value_start_); }

    const JsonbContainer* object_;
    const JEntry* value_; // the current one; before the first, the last key
    const JEntry* last_;
    const char* data_;
    uint32 value_start_ = 0, value_end_;
};

namespace reading {
// Far above any questionnaire, and little enough to be done before anybody waits for a cancel.
inline constexpr uint32 most_answers = 10'000;
bool check_size(const Pairs& component, scoring::Faults& faults);
bool check_object(const Jsonb& value, scoring::Faults& faults, std::string_view name, std::string_view shape);
// By value, so that the loops keep their Pairs in registers.
[[gnu::cold]] void refuse_component(Pairs component, scoring::Faults& faults);
[[gnu::cold]] void refuse_answer(Pairs component, Pairs answer, scoring::Faults& faults);
} // namespace reading

// Calls take(component, answer) for every answer of {component: {question: number}}. Whatever has another
// shape, and every unknown component, becomes a fault.
template <typename Take>
void read_responses(const Jsonb& responses, scoring::Faults& faults, Take take) {
    if (!reading::check_object(responses, faults, "responses", "{component: {question: number}}")) return;
    uint32 key_end = 0;
    for (Pairs component(responses.root); component.next();) {
        honour_interrupts();
        const auto known = scoring::find_component(component.key_after(key_end));
        if (!known || !component.is_object()) {
            reading::refuse_component(component, faults);
            continue;
        }
        if (!reading::check_size(component, faults)) continue;
        for (Pairs answer(component.container()); answer.next();) {
            if (answer.is_number()) {
                take(*known, answer);
            } else {
                reading::refuse_answer(component, answer, faults);
            }
        }
    }
}

// What a number may be.
struct Bounds {
    double lowest, highest;
    bool whole;
};

// The numbers of {component: number}; empty for components that are not there. Whatever is unknown or out of
// bounds becomes a fault; `name` is what faults call the object.
scoring::PerComponent<std::optional<double>> read_numbers(const Jsonb& object, std::string_view name,
                                                          const Bounds& bounds, scoring::Faults& faults);

} // namespace auxeira::functions
