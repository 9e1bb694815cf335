#include "functions/jsonb_document.hpp"

#include "functions/numeric_reader.hpp"
#include "rejection.hpp"

namespace auxeira::functions {

namespace {

using synthesis::Value;

constexpr std::size_t most_bytes = 64 * 1024;
constexpr std::size_t most_levels = 8;

[[noreturn]] void refuse(std::string_view path, std::string message) {
    throw Rejection(Reason::invalid_value, "the template is too large",
                    {{std::string(path), std::move(message)}});
}

std::string text_of(const JsonbValue& value) {
    return {value.val.string.val, static_cast<std::size_t>(value.val.string.len)};
}

Value scalar(const JsonbValue& value) {
    if (value.type == jbvString) return Value::of(text_of(value));
    if (value.type == jbvNumeric)
        return Value::of(number_of(reinterpret_cast<const char*>(value.val.numeric)));
    Value result;
    if (value.type != jbvBool) return result;
    result.kind = Value::Kind::boolean;
    result.boolean = value.val.boolean;
    return result;
}

// Reads what is left of a container, which has begun.
class Reader {
public:
    Reader(const Jsonb& jsonb, std::string_view path) : path_(path) {
        auto* const root = const_cast<JsonbContainer*>(&jsonb.root);
        iterator_ = backend([root] { return JsonbIteratorInit(root); });
    }

    Value read() { return read_token(next()); }

private:
    JsonbIteratorToken next() {
        return backend([this] { return JsonbIteratorNext(&iterator_, &value_, false); });
    }

    Value read_token(JsonbIteratorToken token) {
        if (token == WJB_BEGIN_OBJECT) return read_object();
        if (token != WJB_BEGIN_ARRAY) return scalar(value_);
        const bool is_scalar = value_.val.array.rawScalar;
        Value array = read_array();
        return is_scalar ? std::move(array.items[0]) : std::move(array);
    }

    Value read_object() {
        descend();
        Value object = Value::object();
        while (next() == WJB_KEY) {
            std::string name = text_of(value_);
            object.add(std::move(name), read_token(next()));
        }
        --level_;
        return object;
    }

    Value read_array() {
        descend();
        Value array;
        array.kind = Value::Kind::array;
        for (JsonbIteratorToken token = next(); token != WJB_END_ARRAY; token = next())
            array.items.push_back(read_token(token));
        --level_;
        return array;
    }

    void descend() {
        if (++level_ <= most_levels) return;
        refuse(path_, "is nested more than " + std::to_string(most_levels) + " levels deep");
    }

    std::string_view path_;
    JsonbIterator* iterator_;
    JsonbValue value_{};
    std::size_t level_ = 0;
};

// These run inside backend(), and own nothing.

JsonbValue string_value(std::string_view text) {
    JsonbValue result{};
    result.type = jbvString;
    result.val.string.val = const_cast<char*>(text.data());
    result.val.string.len = static_cast<int>(text.size());
    return result;
}

JsonbValue scalar_value(const Value& value) {
    if (value.kind == Value::Kind::text) return string_value(value.text);
    JsonbValue result{};
    if (value.kind == Value::Kind::number) {
        result.type = jbvNumeric;
        result.val.numeric =
            DatumGetNumeric(DirectFunctionCall1(float8_numeric, Float8GetDatum(value.number)));
    } else if (value.kind == Value::Kind::boolean) {
        result.type = jbvBool;
        result.val.boolean = value.boolean;
    } else {
        result.type = jbvNull;
    }
    return result;
}

JsonbValue* push(JsonbParseState** state, JsonbIteratorToken as, const Value& value);

JsonbValue* push_object(JsonbParseState** state, const Value& object) {
    pushJsonbValue(state, WJB_BEGIN_OBJECT, nullptr);
    for (std::size_t j = 0; j < object.items.size(); ++j) {
        JsonbValue key = string_value(object.names[j]);
        pushJsonbValue(state, WJB_KEY, &key);
        push(state, WJB_VALUE, object.items[j]);
    }
    return pushJsonbValue(state, WJB_END_OBJECT, nullptr);
}

JsonbValue* push_array(JsonbParseState** state, const Value& array) {
    pushJsonbValue(state, WJB_BEGIN_ARRAY, nullptr);
    for (const Value& item : array.items)
        push(state, WJB_ELEM, item);
    return pushJsonbValue(state, WJB_END_ARRAY, nullptr);
}

JsonbValue* push(JsonbParseState** state, JsonbIteratorToken as, const Value& value) {
    if (value.kind == Value::Kind::object) return push_object(state, value);
    if (value.kind == Value::Kind::array) return push_array(state, value);
    JsonbValue scalar = scalar_value(value);
    return pushJsonbValue(state, as, &scalar);
}

} // namespace

Value read_document(const Jsonb& jsonb, std::string_view path) {
    const std::size_t bytes = VARSIZE(&jsonb);
    if (bytes > most_bytes) {
        refuse(path, "has " + std::to_string(bytes) + " bytes, at most " + std::to_string(most_bytes) +
                         " are allowed");
    }
    return Reader(jsonb, path).read();
}

Datum write_document(const Value& value) {
    return backend([&value] {
        JsonbParseState* state = nullptr;
        return JsonbPGetDatum(JsonbValueToJsonb(push(&state, WJB_VALUE, value)));
    });
}

} // namespace auxeira::functions
