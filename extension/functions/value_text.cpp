#include "functions/value_text.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

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

// Each writes where it is told and says where it ended. Leading zeros are written.
char* write_group(char* to, int group) {
    to[0] = static_cast<char>('0' + group / 1000);
    to[1] = static_cast<char>('0' + group / 100 % 10);
    to[2] = static_cast<char>('0' + group / 10 % 10);
    to[3] = static_cast<char>('0' + group % 10);
    return to + 4;
}

// Without leading zeros.
char* write_first_group(char* to, int group) {
    constexpr int length = 4;
    char digits[2 * length] = {};
    write_group(digits, group);
    const int zeros = (group < 1000) + (group < 100) + (group < 10);
    std::memcpy(to, digits + zeros, length);
    return to + length - zeros;
}

char* write_whole_part(char* to, const ShortNumeric& number) {
    if (number.weight() < 0) return *to = '0', to + 1;
    to = write_first_group(to, number.group(0));
    for (int place = 1; place <= number.weight(); ++place)
        to = write_group(to, number.group(place));
    return to;
}

// A last group may have more digits than there are decimals.
char* write_decimals(char* to, const ShortNumeric& number) {
    if (number.decimals() == 0) return to;
    *to++ = '.';
    char* const end = to + number.decimals();
    for (int place = number.weight() + 1; to < end; ++place)
        to = write_group(to, number.group(place));
    return end;
}

void append_short(TextBuffer& text, const ShortNumeric& number) {
    constexpr std::size_t most = 512; // 64 groups of digits before and 63 digits after the point
    char* to = text.room(most);
    if (number.is_negative()) *to++ = '-';
    text.end_at(write_decimals(write_whole_part(to, number), number));
}

void append_plain_numeric(TextBuffer& text, const char* value) {
    const ShortNumeric number(value);
    if (number.is_it()) return append_short(text, number);
    text.append(
        backend([=] { return DatumGetCString(DirectFunctionCall1(numeric_out, PointerGetDatum(value))); }));
}

// --- jsonb -------------------------------------------------------------------------------------------------

bool is_escaped(char character) {
    return static_cast<unsigned char>(character) < ' ' || character == '"' || character == '\\';
}

char* write_escaped(char* to, char character) {
    constexpr std::string_view plain = "\b\f\n\r\t\"\\", letters = "bfnrt\"\\", digits = "0123456789abcdef";
    *to++ = '\\';
    const std::size_t place = plain.find(character);
    if (place != plain.npos) return *to = letters[place], to + 1;
    const char code[] = {'u', '0', '0', digits[static_cast<unsigned char>(character) >> 4],
                         digits[character & 15]};
    return std::copy(std::begin(code), std::end(code), to);
}

// Whether any of eight bytes is zero, by the carries of a subtraction.
constexpr std::uint64_t each_byte = 0x0101010101010101;
constexpr bool has_zero(std::uint64_t bytes) {
    return ((bytes - each_byte) & ~bytes & (each_byte << 7)) != 0;
}

[[gnu::always_inline]] inline bool has_escaped(std::uint64_t bytes) {
    constexpr std::uint64_t printable = each_byte * ' ';
    return ((bytes - printable) & ~bytes & (each_byte << 7)) != 0 || has_zero(bytes ^ each_byte * '"') ||
           has_zero(bytes ^ each_byte * '\\');
}

bool copy_eight(char* to, const char* from) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, from, sizeof bytes);
    std::memcpy(to, &bytes, sizeof bytes);
    return !has_escaped(bytes);
}

// As far as nothing is to be escaped: by eight, the last eight overlapping, and where that ends one by one.
// Returns how many.
std::size_t copy_plain(char* to, std::string_view string) {
    constexpr std::size_t eight = 8;
    const char* const from = string.data();
    std::size_t done = 0;
    while (done + eight <= string.size() && copy_eight(to + done, from + done))
        done += eight;
    if (done + eight > string.size() && string.size() >= eight &&
        copy_eight(to + string.size() - eight, from + string.size() - eight))
        return string.size();
    for (; done < string.size() && !is_escaped(from[done]); ++done)
        to[done] = from[done];
    return done;
}

void append_string(TextBuffer& text, std::string_view string) {
    constexpr std::size_t longest_escape = 6;
    char* to = text.room(string.size() + 2);
    *to++ = '"';
    const std::size_t plain = copy_plain(to, string);
    if (plain < string.size()) {
        const std::string_view rest = string.substr(plain);
        text.end_at(to + plain);
        to = text.room(longest_escape * rest.size() + 1);
        for (const char character : rest)
            to = is_escaped(character) ? write_escaped(to, character) : (*to = character, to + 1);
    } else {
        to += plain;
    }
    *to++ = '"';
    text.end_at(to);
}

void append_container(TextBuffer& text, const JsonbContainer* container);

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

    void append_next(TextBuffer& text) {
        const JEntry entry = entries_[place_];
        if (JBE_ISSTRING(entry)) return append_string(text, next_string());
        const char* const value = data_ + INTALIGN(offset_);
        JBE_ADVANCE_OFFSET(offset_, entries_[place_++]);
        if (JBE_ISNUMERIC(entry)) return append_plain_numeric(text, value);
        if (JBE_ISCONTAINER(entry))
            return append_container(text, reinterpret_cast<const JsonbContainer*>(value));
        text.append(JBE_ISNULL(entry) ? "null" : JBE_ISBOOL_TRUE(entry) ? "true" : "false");
    }

private:
    const JEntry* entries_;
    const char* data_;
    std::uint32_t place_ = 0, offset_ = 0;
};

void append_object(TextBuffer& text, const JsonbContainer* object) {
    const std::uint32_t count = JsonContainerSize(object);
    Entries keys(object, count * 2), values(object, count * 2);
    values.skip(count);
    text.append("{");
    for (std::uint32_t place = 0; place < count; ++place) {
        if (place > 0) text.append(", ");
        append_string(text, keys.next_string());
        text.append(": ");
        values.append_next(text);
    }
    text.append("}");
}

void append_elements(TextBuffer& text, const JsonbContainer* array) {
    const std::uint32_t count = JsonContainerSize(array);
    Entries elements(array, count);
    for (std::uint32_t place = 0; place < count; ++place) {
        if (place > 0) text.append(", ");
        elements.append_next(text);
    }
}

void append_container(TextBuffer& text, const JsonbContainer* container) {
    if (stack_is_too_deep()) backend([] { check_stack_depth(); });
    if (JsonContainerIsObject(container)) return append_object(text, container);
    // A value that is no container is stored as an array of it.
    if (JsonContainerIsScalar(container)) return append_elements(text, container);
    text.append("[");
    append_elements(text, container);
    text.append("]");
}

} // namespace

void TextBuffer::grow(std::size_t most) {
    const std::size_t before = length();
    bytes_.resize(2 * (before + most));
    end_ = bytes_.data() + before;
}

void append_numeric(TextBuffer& text, Datum value) {
    append_plain_numeric(text,
                         backend([value] { return reinterpret_cast<const char*>(PG_DETOAST_DATUM(value)); }));
}

void append_jsonb(TextBuffer& text, Datum value) {
    const Jsonb* const json = backend([value] { return DatumGetJsonbP(value); });
    append_container(text, &json->root);
}

} // namespace auxeira::functions
