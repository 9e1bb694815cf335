// auxeira.checked: holds a request against a schema and names every fault at once. The schema is a subset of
// JSON Schema 2020-12: type, enum, minimum, maximum, minLength, maxLength, minItems, maxItems, maxProperties,
// format (uuid, date-time, email), required, properties, additionalProperties, propertyNames (maxLength, in
// bytes), items, default.
#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "boundary/door.hpp"
#include "functions/text_formats.hpp"
#include "rejection.hpp"
#include "tenancy/organization_ids.hpp"

extern "C" {
#include "mb/pg_wchar.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
}

namespace auxeira::functions {

namespace {

constexpr size_t longest_echo = 60;
constexpr size_t most_faults = 100;
constexpr int steps_between_interrupts = 1000;

using Value = std::optional<JsonbValue>;

// --- Reading jsonb ---------------------------------------------------------------------------------------

Value member(JsonbContainer* object, std::string_view key) {
    JsonbValue value;
    const bool found = backend([&] {
        return getKeyJsonValueFromContainer(object, key.data(), static_cast<int>(key.size()), &value) !=
               nullptr;
    });
    if (!found) return std::nullopt;
    return value;
}

bool is_object(const JsonbValue& value) {
    return value.type == jbvBinary && JsonContainerIsObject(value.val.binary.data);
}

bool is_array(const JsonbValue& value) {
    return value.type == jbvBinary && JsonContainerIsArray(value.val.binary.data) &&
           !JsonContainerIsScalar(value.val.binary.data);
}

std::string_view text_of(const JsonbValue& value) {
    return {value.val.string.val, static_cast<size_t>(value.val.string.len)};
}

[[noreturn]] void refuse_schema(std::string_view key, const char* expected) {
    throw Rejection(Reason::invalid_value, "the schema is wrong",
                    {{std::string(key), std::string("in a schema this is ") + expected}});
}

// Members of a schema, each of the type that the keyword has; null or the fallback when absent.
JsonbContainer* object_member(JsonbContainer* schema, std::string_view key) {
    const Value value = member(schema, key);
    if (!value) return nullptr;
    if (!is_object(*value)) refuse_schema(key, "an object");
    return value->val.binary.data;
}

JsonbContainer* array_member(JsonbContainer* schema, std::string_view key) {
    const Value value = member(schema, key);
    if (!value) return nullptr;
    if (!is_array(*value)) refuse_schema(key, "an array of strings");
    return value->val.binary.data;
}

std::string_view string_member(JsonbContainer* schema, std::string_view key) {
    const Value value = member(schema, key);
    if (!value) return {};
    if (value->type != jbvString) refuse_schema(key, "a string");
    return text_of(*value);
}

Numeric number_member(JsonbContainer* schema, std::string_view key) {
    const Value value = member(schema, key);
    if (!value) return nullptr;
    if (value->type != jbvNumeric) refuse_schema(key, "a number");
    return value->val.numeric;
}

int compare(Numeric left, Numeric right) {
    return backend([=] {
        return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(left), NumericGetDatum(right)));
    });
}

std::string numeric_text(Numeric number) {
    const char* const text =
        backend([=] { return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number))); });
    return text;
}

int int_member(JsonbContainer* schema, std::string_view key, int otherwise) {
    const Numeric number = number_member(schema, key);
    if (number == nullptr) return otherwise;
    return backend([=] { return DatumGetInt32(DirectFunctionCall1(numeric_int4, NumericGetDatum(number))); });
}

// Iterates over the members of an object or the elements of an array, in jsonb's own order.
template <typename Visit>
void for_each(JsonbContainer* container, Visit&& visit) {
    JsonbIterator* iterator = backend([=] { return JsonbIteratorInit(container); });
    JsonbValue key{};
    JsonbValue value{};
    int steps = 0;
    const auto next = [&] { return backend([&] { return JsonbIteratorNext(&iterator, &value, true); }); };
    for (JsonbIteratorToken token = next(); token != WJB_DONE; token = next()) {
        if (++steps % steps_between_interrupts == 0) honour_interrupts();
        if (token == WJB_KEY) key = value;
        if (token == WJB_VALUE || token == WJB_ELEM) visit(key, value);
    }
}

// A value as it stands in messages: JSON text on one line, shortened.
std::string echo(const JsonbValue& value) {
    const auto text = backend([&value]() -> const char* {
        if (value.type == jbvBinary)
            return JsonContainerIsArray(value.val.binary.data) ? "an array" : "an object";
        JsonbValue copy = value;
        Jsonb* const json = JsonbValueToJsonb(&copy);
        return JsonbToCString(nullptr, &json->root, 0);
    });
    std::string shown(text);
    if (shown.size() > longest_echo) {
        shown.resize(
            static_cast<size_t>(pg_mbcliplen(shown.data(), static_cast<int>(shown.size()), longest_echo)));
        shown += "...";
    }
    return shown;
}

// --- Checking --------------------------------------------------------------------------------------------

class Checker {
public:
    explicit Checker(bool from_text) : from_text_(from_text) {}

    Jsonb* check(Jsonb* request, Jsonb* schema) {
        if (!JB_ROOT_IS_OBJECT(schema)) refuse_schema("$", "an object");
        if (!JB_ROOT_IS_OBJECT(request)) {
            throw Rejection(Reason::invalid_value, "the request is not an object",
                            {{"$", "a JSON object is expected"}});
        }
        check_object(&schema->root, &request->root, "");
        if (faults_.empty()) return backend([this] { return JsonbValueToJsonb(result_); });
        refuse();
    }

private:
    // Thrown when the request has been gone through, or when there are more faults than anybody reads.
    [[noreturn]] void refuse() const {
        if (!first_missing_.empty()) {
            throw Rejection(Reason::missing_field, "Missing required field: " + first_missing_, faults_);
        }
        const Fault& first = faults_.front();
        throw Rejection(Reason::invalid_value, "invalid request: " + first.path + ": " + first.message,
                        faults_);
    }

    void fault(const std::string& path, std::string message) {
        faults_.push_back({path, std::move(message)});
        if (faults_.size() >= most_faults) refuse();
    }

    void push(JsonbIteratorToken token, const JsonbValue* value = nullptr) {
        JsonbValue copy{};
        if (value != nullptr) copy = *value;
        JsonbValue* const pushed = value != nullptr ? &copy : nullptr;
        result_ = backend([&] { return pushJsonbValue(&state_, token, pushed); });
    }

    void check_object(JsonbContainer* schema, JsonbContainer* object, const std::string& path) {
        push(WJB_BEGIN_OBJECT);
        JsonbContainer* const properties = object_member(schema, "properties");
        if (properties != nullptr) check_properties(properties, object, path);
        check_required(schema, object, path);
        check_others(schema, properties, object, path);
        push(WJB_END_OBJECT);
    }

    void check_properties(JsonbContainer* properties, JsonbContainer* object, const std::string& path) {
        for_each(properties, [&](const JsonbValue& key, const JsonbValue& property) {
            if (!is_object(property)) refuse_schema(text_of(key), "an object");
            JsonbContainer* const schema = property.val.binary.data;
            Value value = member(object, text_of(key));
            if (!value || value->type == jbvNull) value = member(schema, "default");
            if (!value) return;
            push(WJB_KEY, &key);
            check_value(schema, *value, WJB_VALUE, path_of(path, text_of(key)));
        });
    }

    void check_required(JsonbContainer* schema, JsonbContainer* object, const std::string& path) {
        JsonbContainer* const required = array_member(schema, "required");
        if (required == nullptr) return;
        for_each(required, [&](const JsonbValue&, const JsonbValue& name) {
            if (name.type != jbvString) refuse_schema("required", "an array of strings");
            const Value value = member(object, text_of(name));
            if (value && value->type != jbvNull) return;
            const std::string where = path_of(path, text_of(name));
            if (first_missing_.empty()) first_missing_ = where;
            fault(where, "this field is required");
        });
    }

    // Members that `properties` does not name: refused, checked or left out, as the schema says.
    void check_others(JsonbContainer* schema, JsonbContainer* properties, JsonbContainer* object,
                      const std::string& path) {
        const Value others = member(schema, "additionalProperties");
        JsonbContainer* const names = object_member(schema, "propertyNames");
        const size_t longest_name =
            names != nullptr ? int_member(names, "maxLength", PG_INT32_MAX) : PG_INT32_MAX;
        check_count(schema, "maxProperties", static_cast<int>(JsonContainerSize(object)), "members", path);
        if (!others) return;
        if (others->type != jbvBool && !is_object(*others))
            refuse_schema("additionalProperties", "an object or false");
        for_each(object, [&](const JsonbValue& key, const JsonbValue& value) {
            if (properties != nullptr && member(properties, text_of(key))) return;
            const std::string where = path_of(path, text_of(key));
            if (text_of(key).size() > longest_name) return fault(where, "the name is too long");
            if (others->type == jbvBool) return fault(where, "this field is not known here");
            push(WJB_KEY, &key);
            check_value(others->val.binary.data, value, WJB_VALUE, where);
        });
    }

    void check_count(JsonbContainer* schema, std::string_view limit, int count, const char* what,
                     const std::string& path) {
        const int most = int_member(schema, limit, PG_INT32_MAX);
        if (count <= most) return;
        fault(path, "has " + std::to_string(count) + " " + what + ", at most " + std::to_string(most) +
                        " are allowed");
    }

    void check_value(JsonbContainer* schema, const JsonbValue& value, JsonbIteratorToken token,
                     const std::string& path) {
        struct Type {
            std::string_view name;
            JsonbValue (Checker::*check)(JsonbContainer*, const JsonbValue&, const std::string&);
        };
        static constexpr Type scalars[] = {{"string", &Checker::check_string},
                                           {"number", &Checker::check_number},
                                           {"integer", &Checker::check_number},
                                           {"boolean", &Checker::check_boolean}};
        backend([] { check_stack_depth(); });
        const std::string_view type = string_member(schema, "type");
        if (type == "object") return check_container(schema, value, token, path, is_object(value));
        if (type == "array") return check_array(schema, value, token, path);
        for (const Type& scalar : scalars) {
            if (scalar.name != type) continue;
            const JsonbValue accepted = (this->*scalar.check)(schema, value, path);
            return push(token, &accepted);
        }
        refuse_schema("type", "string, number, integer, boolean, object or array");
    }

    void check_container(JsonbContainer* schema, const JsonbValue& value, JsonbIteratorToken token,
                         const std::string& path, bool right_type) {
        if (!right_type) {
            fault(path, echo(value) + " is not an object");
            push(token, &value);
        } else if (member(schema, "properties") || member(schema, "additionalProperties")) {
            check_object(schema, value.val.binary.data, path);
        } else {
            check_count(schema, "maxProperties", static_cast<int>(JsonContainerSize(value.val.binary.data)),
                        "members", path);
            push(token, &value);
        }
    }

    void check_array(JsonbContainer* schema, const JsonbValue& value, JsonbIteratorToken token,
                     const std::string& path) {
        if (!is_array(value)) {
            fault(path, echo(value) + " is not an array");
            return push(token, &value);
        }
        const int count = static_cast<int>(JsonContainerSize(value.val.binary.data));
        check_count(schema, "maxItems", count, "items", path);
        if (count < int_member(schema, "minItems", 0)) fault(path, "needs at least one item");
        push(WJB_BEGIN_ARRAY);
        JsonbContainer* const items = object_member(schema, "items");
        if (items == nullptr) refuse_schema("items", "an object, and needed for an array");
        int index = 0;
        for_each(value.val.binary.data, [&](const JsonbValue&, const JsonbValue& item) {
            check_value(items, item, WJB_ELEM, path + "[" + std::to_string(index++) + "]");
        });
        push(WJB_END_ARRAY);
    }

    JsonbValue check_string(JsonbContainer* schema, const JsonbValue& value, const std::string& path) {
        if (value.type != jbvString) {
            fault(path, echo(value) + " is not a string");
            return value;
        }
        check_length(schema, value, path);
        if (JsonbContainer* const allowed = array_member(schema, "enum")) check_enum(allowed, value, path);
        const std::string_view format = string_member(schema, "format");
        const std::string problem = format_problem(format, text_of(value));
        if (!problem.empty()) fault(path, echo(value) + " " + problem);
        return format == "date-time" && problem.empty() ? with_offset(value) : value;
    }

    // A time without an offset is UTC, whatever the session's time zone.
    static JsonbValue with_offset(const JsonbValue& value) {
        if (has_offset(text_of(value))) return value;
        const std::string text = std::string(text_of(value)) + "Z";
        JsonbValue complete = value;
        complete.val.string.len = static_cast<int>(text.size());
        complete.val.string.val = backend([&text] { return pstrdup(text.c_str()); });
        return complete;
    }

    void check_length(JsonbContainer* schema, const JsonbValue& value, const std::string& path) {
        const int length = pg_mbstrlen_with_len(value.val.string.val, value.val.string.len);
        const int least = int_member(schema, "minLength", 0);
        const int most = int_member(schema, "maxLength", PG_INT32_MAX);
        if (length >= least && length <= most) return;
        fault(path, "has " + std::to_string(length) + " characters, " + std::to_string(least) + " to " +
                        std::to_string(most) + " are allowed");
    }

    void check_enum(JsonbContainer* allowed, const JsonbValue& value, const std::string& path) {
        JsonbValue wanted = value;
        const bool found =
            backend([&] { return findJsonbValueFromContainer(allowed, JB_FARRAY, &wanted) != nullptr; });
        if (found) return;
        std::string names;
        for_each(allowed, [&](const JsonbValue&, const JsonbValue& name) {
            if (name.type != jbvString) refuse_schema("enum", "an array of strings");
            names += (names.empty() ? "" : ", ") + std::string(text_of(name));
        });
        fault(path, echo(value) + " is not one of " + names);
    }

    JsonbValue check_number(JsonbContainer* schema, const JsonbValue& value, const std::string& path) {
        const bool whole = string_member(schema, "type") == "integer";
        const Value number = value.type == jbvNumeric ? Value(value) : number_from_text(value);
        if (!number) {
            fault(path, echo(value) + (whole ? " is not an integer" : " is not a number"));
            return value;
        }
        check_range(schema, *number, path);
        return whole ? without_fraction(*number, path) : *number;
    }

    // 5.0 is an integer, and is handed on as 5.
    JsonbValue without_fraction(const JsonbValue& number, const std::string& path) {
        JsonbValue integer = number;
        integer.val.numeric = backend([&number] {
            return DatumGetNumeric(
                DirectFunctionCall2(numeric_trunc, NumericGetDatum(number.val.numeric), Int32GetDatum(0)));
        });
        if (compare(number.val.numeric, integer.val.numeric) != 0)
            fault(path, echo(number) + " is not an integer");
        return integer;
    }

    void check_range(JsonbContainer* schema, const JsonbValue& number, const std::string& path) {
        const Numeric least = number_member(schema, "minimum");
        const Numeric most = number_member(schema, "maximum");
        if (least != nullptr && compare(number.val.numeric, least) < 0) {
            fault(path, echo(number) + " is below the minimum " + numeric_text(least));
        }
        if (most != nullptr && compare(number.val.numeric, most) > 0) {
            fault(path, echo(number) + " is above the maximum " + numeric_text(most));
        }
    }

    // Query parameters come as text. Digits only: what PostgreSQL reads beyond them (NaN, 1_000, hex) is not
    // a number here.
    Value number_from_text(const JsonbValue& value) const {
        if (!from_text_ || value.type != jbvString || !is_decimal_number(text_of(value))) return std::nullopt;
        const std::string text(text_of(value));
        JsonbValue number{};
        number.type = jbvNumeric;
        number.val.numeric = backend([&] {
            return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text.c_str()),
                                                       ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
        });
        return number;
    }

    JsonbValue check_boolean(JsonbContainer*, const JsonbValue& value, const std::string& path) {
        if (value.type == jbvBool) return value;
        const std::string_view text = value.type == jbvString ? text_of(value) : std::string_view();
        const bool readable = from_text_ && (text == "true" || text == "false");
        if (!readable) fault(path, echo(value) + " is not true or false");
        JsonbValue boolean{};
        boolean.type = jbvBool;
        boolean.val.boolean = text == "true";
        return boolean;
    }

    const bool from_text_;
    JsonbParseState* state_ = nullptr;
    JsonbValue* result_ = nullptr;
    std::vector<Fault> faults_;
    std::string first_missing_;
};

} // namespace

AUXEIRA_SQL_FUNCTION(checked) {
    Jsonb* const request = backend([fcinfo] { return PG_GETARG_JSONB_P(0); });
    Jsonb* const schema = backend([fcinfo] { return PG_GETARG_JSONB_P(1); });
    return JsonbPGetDatum(Checker(PG_GETARG_BOOL(2)).check(request, schema));
}

} // namespace auxeira::functions
