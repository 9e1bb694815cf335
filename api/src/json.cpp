#include "json.hpp"

#include "json_object.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

namespace auxeira::api {

namespace {

using Json = nlohmann::json;

constexpr std::string_view space = " \t\r\n";

// Lets the checker know how far the parser has read, which the SAX events do not say.
class CountingIterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator(const char* at, const char** reached) : at_(at), reached_(reached) {}

    reference operator*() const { return *at_; }
    CountingIterator& operator++() {
        *reached_ = ++at_;
        return *this;
    }
    bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
    bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

private:
    const char* at_;
    const char** reached_;
};

// Refuses what is legal JSON but which two readers could understand differently.
class Checker : public nlohmann::json_sax<Json> {
public:
    explicit Checker(const char** reached) : reached_(reached) {}

    const std::string& reason() const { return reason_; }
    const char* at() const { return at_; }

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool binary(binary_t&) override { return refuse("binary data"); }
    bool string(string_t& text) override { return whole(text); }

    bool start_object(std::size_t) override {
        keys_.emplace_back();
        return deeper();
    }
    bool key(string_t& name) override {
        keys_.back().push_back(name);
        return whole(name);
    }
    // Compared at the end of the object by sorting: no input makes this slower than n log n.
    bool end_object() override {
        std::vector<std::string> names = std::move(keys_.back());
        keys_.pop_back();
        std::sort(names.begin(), names.end());
        const auto twice = std::adjacent_find(names.begin(), names.end());
        --depth_;
        return twice == names.end() || refuse("duplicate key " + json_string(twice->substr(0, 64)));
    }
    bool start_array(std::size_t) override { return deeper(); }
    bool end_array() override {
        --depth_;
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
        return refuse("not valid JSON");
    }

private:
    bool deeper() {
        if (++depth_ <= max_json_depth) return true;
        return refuse("nested deeper than " + std::to_string(max_json_depth) + " levels");
    }
    bool whole(const std::string& text) {
        if (text.find('\0') == std::string::npos) return true;
        return refuse("a string contains \\u0000");
    }
    bool refuse(std::string reason) {
        reason_ = std::move(reason);
        at_ = *reached_;
        return false;
    }

    const char** reached_;
    const char* at_ = nullptr;
    std::size_t depth_ = 0;
    std::vector<std::vector<std::string>> keys_;
    std::string reason_;
};

JsonFault fault(std::string_view text, std::size_t byte, std::string reason) {
    byte = std::min(byte, text.size());
    const auto lines = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(byte), '\n');
    return {static_cast<std::size_t>(lines) + 1, std::max<std::size_t>(byte, 1), std::move(reason)};
}

// Position after the JSON value that starts at `from`, in text that has already been checked.
std::size_t skip_value(std::string_view text, std::size_t from) {
    std::size_t depth = 0;
    bool quoted = false;
    for (std::size_t i = from; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\') ++i;
            if (c == '"') quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if (c == '}' || c == ']') {
            if (depth-- == 0) return i;
        } else if (depth == 0 && (c == ',' || c == ':')) {
            return i;
        }
    }
    return text.size();
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

} // namespace

std::optional<JsonFault> check_object(std::string_view text) {
    // The parser takes NUL for the end of the text, and skips a byte order mark; PostgreSQL does neither.
    const std::size_t nul = text.find('\0');
    if (nul != std::string_view::npos) return fault(text, nul + 1, "contains a NUL byte");
    const std::size_t first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return fault(text, 1, "a JSON object is expected");
    if (text[first] != '{') return fault(text, first + 1, "a JSON object is expected");

    const char* reached = text.data();
    Checker checker(&reached);
    const CountingIterator begin(text.data(), &reached);
    const CountingIterator end(text.data() + text.size(), &reached);
    if (Json::sax_parse(begin, end, &checker)) return std::nullopt;
    return fault(text, static_cast<std::size_t>(checker.at() - text.data()), checker.reason());
}

std::vector<JsonMember> members(std::string_view object) {
    std::vector<JsonMember> found;
    std::size_t at = object.find('{') + 1;
    while (true) {
        const std::size_t colon = skip_value(object, at);
        if (colon >= object.size() || object[colon] != ':') return found; // the end of an empty object
        const std::size_t end = skip_value(object, colon + 1);
        const std::string_view key = trimmed(object.substr(at, colon - at));
        found.push_back(
            {string_value(key).value_or(""), key, trimmed(object.substr(colon + 1, end - colon - 1))});
        if (end >= object.size() || object[end] != ',') return found;
        at = end + 1;
    }
}

std::optional<std::string> string_value(std::string_view value) {
    if (value.size() < 2 || value.front() != '"') return std::nullopt;
    if (value.find('\\') == std::string_view::npos) return std::string(value.substr(1, value.size() - 2));
    const Json parsed = Json::parse(value, nullptr, false);
    if (!parsed.is_string()) return std::nullopt;
    return parsed.get<std::string>();
}

std::string splice(std::string_view object, const Parameters& additions) {
    const std::string_view body = trimmed(object);
    std::string out(body.substr(0, body.size() - 1));
    bool empty = trimmed(body.substr(1, body.size() - 2)).empty();
    for (const auto& [name, value] : additions) {
        if (!empty) out += ',';
        out += json_string(name) + ':' + json_string(value);
        empty = false;
    }
    return out + '}';
}

} // namespace auxeira::api
