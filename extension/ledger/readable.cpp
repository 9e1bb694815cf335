#include "ledger/readable.hpp"

#include <bit>
#include <charconv>
#include <cmath>

#include "ledger/document.hpp"
#include "ledger/metadata.hpp"
#include "ledger/reader.hpp"
#include "ledger/timestamp.hpp"
#include "ledger/utf8.hpp"

namespace auxeira::ledger {

namespace {

constexpr int deepest = 64;
// Up to here every integer is a number of JavaScript.
constexpr std::int64_t largest_exact = 9'007'199'254'740'991;

std::string list(const std::vector<std::string>& parts, char open, char close) {
    std::string text(1, open);
    for (const std::string& part : parts) {
        if (text.size() > 1) text += ',';
        text += part;
    }
    return text + close;
}

std::string member(std::string_view name, const std::string& json) {
    if (!is_utf8(name)) refuse_encoding("a name is not UTF-8");
    return json_text(name) + ':' + json;
}

std::string object(const std::vector<std::string>& members) {
    return list(members, '{', '}');
}

std::string integer_json(std::int64_t number) {
    const std::string digits = std::to_string(number);
    return number >= -largest_exact && number <= largest_exact ? digits : '"' + digits + '"';
}

// A float becomes the double that it is: 0.1::real is 0.10000000149011612.
std::string number_json(double number) {
    if (std::isnan(number)) return "\"NaN\"";
    if (std::isinf(number)) return number > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number);
    return {text.data(), end.ptr};
}

std::string text_json(ByteView content) {
    const std::string_view text = text_of(content);
    return is_utf8(text) ? json_text(text) : object({member("bytes", json_text(hex(content)))});
}

std::string value_json(const Value& value, int depth);

std::string row_json(const Row& row, int depth) {
    std::vector<std::string> members;
    for (const Field& field : row)
        members.push_back(member(field.name, value_json(field.value, depth)));
    return object(members);
}

std::string boolean(const Value& value, int) {
    return value.content[0] == 1 ? "true" : "false";
}

std::string integer(const Value& value, int) {
    return integer_json(signed_number(value.content));
}

std::string real(const Value& value, int) {
    return number_json(std::bit_cast<float>(static_cast<std::uint32_t>(signed_number(value.content))));
}

std::string double_precision(const Value& value, int) {
    return number_json(std::bit_cast<double>(signed_number(value.content)));
}

std::string text(const Value& value, int) {
    return text_json(value.content);
}

std::string bytea(const Value& value, int) {
    return object({member("bytes", json_text(hex(value.content)))});
}

std::string timestamptz(const Value& value, int) {
    return json_text(timestamp_text(signed_number(value.content), "Z"));
}

std::string timestamp(const Value& value, int) {
    return json_text(timestamp_text(signed_number(value.content), ""));
}

std::string date(const Value& value, int) {
    return json_text(date_text(static_cast<std::int32_t>(signed_number(value.content))));
}

std::string time(const Value& value, int) {
    return json_text(time_text(signed_number(value.content)));
}

std::string uuid(const Value& value, int) {
    return json_text(uuid_text(value.content));
}

std::string jsonb(const Value& value, int) {
    return text_json(bytes_of(document_text(value.content)));
}

std::string nested(const Array& array, std::size_t dimension, std::size_t& next, int depth) {
    if (dimension == array.dimensions.size()) {
        const std::optional<Value>& element = array.elements[next++];
        return element ? value_json(*element, depth) : "null";
    }
    std::vector<std::string> parts;
    for (std::uint32_t i = 0; i < array.dimensions[dimension].length; ++i)
        parts.push_back(nested(array, dimension + 1, next, depth));
    return list(parts, '[', ']');
}

std::string array(const Value& value, int depth) {
    const Array elements = read_array(value);
    std::size_t next = 0;
    return elements.dimensions.empty() ? "[]" : nested(elements, 0, next, depth);
}

std::string composite(const Value& value, int depth) {
    return row_json(read_row(value.content), depth);
}

std::string other(const Value& value, int) {
    Reader reader(value.content);
    const ByteView type = reader.take(reader.number<std::uint16_t>());
    return object({member("type", text_json(type)), member("bytes", json_text(hex(reader.left())))});
}

std::string digest(const Value& value, int) {
    return object({member("digest", json_text(hex(value.content)))});
}

std::string nothing(const Value&, int) {
    refuse_encoding("a value is missing");
}

using Show = std::string (*)(const Value& value, int depth);
// By tag.
constexpr std::array<Show, 19> shows{
    nothing, boolean, integer, real,  double_precision, text,  text,   bytea,  timestamptz, timestamp, date,
    time,    uuid,    jsonb,   array, composite,        other, digest, nothing};

std::string value_json(const Value& value, int depth) {
    if (depth == deepest) refuse_encoding("values are nested too deep");
    return shows[static_cast<std::size_t>(value.tag)](value, depth + 1);
}

std::string field_json(FieldKind kind, ByteView content) {
    switch (kind) {
    case FieldKind::integer:
        return integer_json(signed_number(content));
    case FieldKind::timestamp:
        return json_text(timestamp_text(signed_number(content), "Z"));
    case FieldKind::row:
        return row_json(read_row(content), 0);
    case FieldKind::uuid:
        return json_text(uuid_text(content));
    default:
        return text_json(content);
    }
}

} // namespace

std::string json_text(std::string_view text_) {
    std::string json = "\"";
    for (const char c : text_) {
        if (static_cast<unsigned char>(c) < 0x20) {
            const auto code = static_cast<std::uint8_t>(c);
            json += "\\u00" + hex({&code, 1});
            continue;
        }
        if (c == '"' || c == '\\') json += '\\';
        json += c;
    }
    return json + '"';
}

std::string readable_row(ByteView row) {
    return row_json(read_row(row), 0);
}

std::string readable_change(ByteView metadata, std::optional<ByteView> row) {
    const MetadataContents contents = read_metadata(metadata);
    std::vector<std::string> members;
    for (std::size_t i = 0; i < contents.size(); ++i) {
        const FieldRow& field = metadata_fields[i];
        if (contents[i]) members.push_back(member(field.name, field_json(field.kind, *contents[i])));
    }
    members.push_back(member("row", row ? readable_row(*row) : "null"));
    return object(members);
}

} // namespace auxeira::ledger
