#include "functions/value_text.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "functions/numeric_form.hpp"

extern "C" {
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
}

namespace auxeira::functions {

namespace {

// --- numeric -----------------------------------------------------------------------------------------------

class ShortNumeric {
public:
    explicit ShortNumeric(const char* value)
        : words_(reinterpret_cast<const std::uint16_t*>(VARDATA(value))),
          groups_(static_cast<int>((VARSIZE(value) - VARHDRSZ) / sizeof(std::uint16_t)) - 1) {}

    bool is_it() const { return (words_[0] & numeric_form::form_mask) == numeric_form::short_form; }
    bool is_negative() const { return (words_[0] & numeric_form::negative) != 0; }
    int decimals() const {
        constexpr int mask =
            0xFFFF & ~(numeric_form::form_mask | numeric_form::negative | numeric_form::weight_mask);
        return (words_[0] & mask) >> numeric_form::decimals_shift;
    }
    int weight() const {
        return (words_[0] & numeric_form::weight_mask) - 2 * (words_[0] & numeric_form::weight_sign);
    }
    // Of the four decimal digits in a place; those that are not stored are 0.
    int group(int place) const { return place >= 0 && place < groups_ ? words_[1 + place] : 0; }

private:
    const std::uint16_t* words_;
    int groups_;
};

// Leading zeros are written.
void append_group(std::string& text, int group) {
    const char digits[] = {static_cast<char>('0' + group / 1000), static_cast<char>('0' + group / 100 % 10),
                           static_cast<char>('0' + group / 10 % 10), static_cast<char>('0' + group % 10)};
    text.append(digits, sizeof digits);
}

void append_whole_part(std::string& text, const ShortNumeric& number) {
    char first[8];
    text.append(first, std::to_chars(first, first + sizeof first, number.group(0)).ptr);
    for (int place = 1; place <= number.weight(); ++place)
        append_group(text, number.group(place));
}

void append_short(std::string& text, const ShortNumeric& number) {
    if (number.is_negative()) text += '-';
    number.weight() < 0 ? text += '0', void() : append_whole_part(text, number);
    if (number.decimals() == 0) return;
    text += '.';
    const std::size_t length = text.size() + static_cast<std::size_t>(number.decimals());
    for (int place = number.weight() + 1; text.size() < length; ++place)
        append_group(text, number.group(place));
    text.resize(length);
}

void append_plain_numeric(std::string& text, const char* value) {
    const ShortNumeric number(value);
    if (number.is_it()) return append_short(text, number);
    text +=
        backend([=] { return DatumGetCString(DirectFunctionCall1(numeric_out, PointerGetDatum(value))); });
}

// --- jsonb -------------------------------------------------------------------------------------------------

// Inlined where it is used, as a function's address would not be.
constexpr auto is_escaped = [](char character) {
    return static_cast<unsigned char>(character) < ' ' || character == '"' || character == '\\';
};

void append_escaped(std::string& text, char character) {
    constexpr std::string_view plain = "\b\f\n\r\t\"\\", letters = "bfnrt\"\\";
    const std::size_t place = plain.find(character);
    if (place != plain.npos) {
        text += '\\';
        text += letters[place];
        return;
    }
    constexpr std::string_view digits = "0123456789abcdef";
    text += "\\u00";
    text += digits[static_cast<unsigned char>(character) >> 4];
    text += digits[character & 15];
}

void append_with_escapes(std::string& text, std::string_view string) {
    for (const char character : string)
        is_escaped(character) ? append_escaped(text, character) : text.push_back(character);
}

void append_string(std::string& text, std::string_view string) {
    text += '"';
    if (std::none_of(string.begin(), string.end(), is_escaped))
        text.append(string);
    else
        append_with_escapes(text, string);
    text += '"';
}

void append_container(std::string& text, const JsonbContainer* container);

// The entries of a container in their order: their values follow one another (utils/jsonb.h).
class Entries {
public:
    Entries(const JsonbContainer* container, std::uint32_t count)
        : entries_(container->children), data_(reinterpret_cast<const char*>(container->children + count)) {}

    // Of an object the values come after all keys: a second walk starts there.
    void skip(std::uint32_t count) {
        for (; place_ < count; ++place_)
            JBE_ADVANCE_OFFSET(offset_, entries_[place_]);
    }

    std::string_view next_string() {
        const std::uint32_t begin = offset_;
        JBE_ADVANCE_OFFSET(offset_, entries_[place_++]);
        return {data_ + begin, offset_ - begin};
    }

    void append_next(std::string& text) {
        const JEntry entry = entries_[place_];
        if (JBE_ISSTRING(entry)) return append_string(text, next_string());
        const char* const value = data_ + INTALIGN(offset_);
        JBE_ADVANCE_OFFSET(offset_, entries_[place_++]);
        if (JBE_ISNUMERIC(entry)) return append_plain_numeric(text, value);
        if (JBE_ISCONTAINER(entry))
            return append_container(text, reinterpret_cast<const JsonbContainer*>(value));
        text += JBE_ISNULL(entry) ? "null" : JBE_ISBOOL_TRUE(entry) ? "true" : "false";
    }

private:
    const JEntry* entries_;
    const char* data_;
    std::uint32_t place_ = 0, offset_ = 0;
};

void append_object(std::string& text, const JsonbContainer* object) {
    const std::uint32_t count = JsonContainerSize(object);
    Entries keys(object, count * 2), values(object, count * 2);
    values.skip(count);
    text += '{';
    for (std::uint32_t place = 0; place < count; ++place) {
        if (place > 0) text += ", ";
        append_string(text, keys.next_string());
        text += ": ";
        values.append_next(text);
    }
    text += '}';
}

void append_elements(std::string& text, const JsonbContainer* array) {
    const std::uint32_t count = JsonContainerSize(array);
    Entries elements(array, count);
    for (std::uint32_t place = 0; place < count; ++place) {
        if (place > 0) text += ", ";
        elements.append_next(text);
    }
}

void append_container(std::string& text, const JsonbContainer* container) {
    backend([] { check_stack_depth(); });
    if (JsonContainerIsObject(container)) return append_object(text, container);
    // A value that is no container is stored as an array of it.
    if (JsonContainerIsScalar(container)) return append_elements(text, container);
    text += '[';
    append_elements(text, container);
    text += ']';
}

} // namespace

void append_numeric(std::string& text, Datum value) {
    append_plain_numeric(text,
                         backend([value] { return reinterpret_cast<const char*>(PG_DETOAST_DATUM(value)); }));
}

void append_jsonb(std::string& text, Datum value) {
    const Jsonb* const json = backend([value] { return DatumGetJsonbP(value); });
    append_container(text, &json->root);
}

} // namespace auxeira::functions
