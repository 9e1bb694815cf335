#include "json_object.hpp"

#include "encoding.hpp"

#include <algorithm>

namespace auxeira::api {

namespace {

void append_escaped(std::string& out, char c, bool utf8) {
    static constexpr char digits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
        out += "\\u00";
        out += digits[byte >> 4U];
        out += digits[byte & 0xFU];
    } else {
        out += utf8 || byte < 0x80 ? c : '?';
    }
}

void append_string(std::string& out, std::string_view text) {
    const auto plain = [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; };
    out += '"';
    if (std::all_of(text.begin(), text.end(), plain)) {
        out += text;
    } else {
        const bool utf8 = is_utf8(text);
        for (const char c : text)
            append_escaped(out, c, utf8);
    }
    out += '"';
}

} // namespace

std::string json_string(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    append_string(out, text);
    return out;
}

void JsonObject::begin(std::string_view name) {
    if (out_.size() > 1) out_ += ',';
    append_string(out_, name);
    out_ += ':';
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
    begin(name);
    append_string(out_, value);
    return *this;
}

JsonObject& JsonObject::number(std::string_view name, std::int64_t value) {
    begin(name);
    out_ += std::to_string(value);
    return *this;
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
    begin(name);
    out_ += json;
    return *this;
}

JsonObject& JsonObject::members(const JsonObject& of) {
    if (of.out_.size() == 1) return *this;
    if (out_.size() > 1) out_ += ',';
    out_.append(of.out_, 1);
    return *this;
}

} // namespace auxeira::api
