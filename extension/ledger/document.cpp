#include "ledger/document.hpp"

#include <algorithm>
#include <string>

#include "ledger/reader.hpp"

namespace auxeira::ledger {

namespace {

constexpr std::size_t word = 4;

template <typename Unsigned>
Unsigned little_endian(ByteView bytes, std::size_t place) {
    if (place > bytes.size() || bytes.size() - place < sizeof(Unsigned))
        refuse_encoding("a document ends too early");
    Unsigned number = 0;
    for (std::size_t i = sizeof(Unsigned); i-- > 0;)
        number = static_cast<Unsigned>(std::uint64_t{number} << 8 | bytes[place + i]);
    return number;
}

// --- Strings and numbers -----------------------------------------------------------------------------------

std::string escape_of(char character) {
    constexpr std::string_view plain = "\b\f\n\r\t\"\\", letters = "bfnrt\"\\";
    if (const std::size_t place = plain.find(character); place != plain.npos) return {'\\', letters[place]};
    const auto code = static_cast<std::uint8_t>(character);
    return "\\u00" + hex({&code, 1});
}

void append_string(std::string& text, std::string_view string) {
    text += '"';
    for (const char character : string) {
        const bool is_plain =
            static_cast<unsigned char>(character) >= ' ' && character != '"' && character != '\\';
        is_plain ? text += character : text += escape_of(character);
    }
    text += '"';
}

// Digits of 10,000 each, the first one worth 10,000 to the power of the weight.
struct Number {
    bool is_negative;
    int decimals;
    int weight;
    std::vector<std::uint16_t> groups;
};

Number read_number(ByteView stored) {
    constexpr std::size_t half = sizeof(std::uint16_t);
    if (little_endian<std::uint32_t>(stored, 0) != stored.size() << 2)
        refuse_encoding("a number has another length");
    const auto header = little_endian<std::uint16_t>(stored, word);
    const bool is_short = (header & 0xC000) == 0x8000;
    if (header >= 0xC000 || stored.size() % half != 0) refuse_encoding("a number is none");
    Number number{};
    number.is_negative = (header & (is_short ? 0x2000 : 0x4000)) != 0;
    number.decimals = is_short ? header >> 7 & 0x3F : header & 0x3FFF;
    number.weight = is_short ? (header & 0x3F) - (header & 0x40)
                             : static_cast<std::int16_t>(little_endian<std::uint16_t>(stored, word + half));
    for (std::size_t place = word + (is_short ? half : word); place < stored.size(); place += half) {
        number.groups.push_back(little_endian<std::uint16_t>(stored, place));
        if (number.groups.back() > 9999) refuse_encoding("a number has digits above 9999");
    }
    return number;
}

std::string group_text(const Number& number, int place) {
    const bool is_stored = place >= 0 && static_cast<std::size_t>(place) < number.groups.size();
    const std::string digits = std::to_string(is_stored ? number.groups[static_cast<std::size_t>(place)] : 0);
    return std::string(4 - digits.size(), '0') + digits;
}

void append_number(std::string& text, ByteView stored) {
    const Number number = read_number(stored);
    std::string whole, decimals;
    for (int place = 0; place <= number.weight; ++place)
        whole += group_text(number, place);
    whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
    for (int place = number.weight + 1; decimals.size() < static_cast<std::size_t>(number.decimals); ++place)
        decimals += group_text(number, place);
    decimals.resize(static_cast<std::size_t>(number.decimals));
    if (number.is_negative) text += '-';
    text += whole.empty() ? "0" : whole;
    if (!decimals.empty()) (text += '.') += decimals;
}

// --- Objects and arrays ------------------------------------------------------------------------------------

enum class Kind : std::uint32_t { string, numeric, is_false, is_true, null, container };

// The entries say where each key and value ends; all keys of an object come before its values.
class Container {
public:
    explicit Container(ByteView stored) : header_(little_endian<std::uint32_t>(stored, 0)) {
        const std::size_t entries = (is_object() ? 2 : 1) * std::size_t{count()};
        if ((stored.size() - word) / word < entries) refuse_encoding("a document ends too early");
        entries_ = stored.subspan(word, entries * word);
        data_ = stored.subspan(word + entries * word);
        if (is_object() == is_array() || (is_scalar() && (is_object() || count() != 1)))
            refuse_encoding("a part of a document is neither object nor array");
        value_ = {is_object() ? count() : 0, 0};
        if (is_object()) skip_keys();
    }

    bool is_object() const { return (header_ & 0x20000000) != 0; }
    bool is_scalar() const { return (header_ & 0x10000000) != 0; }
    bool is_done() const { return value_.entry * word == entries_.size(); }
    bool is_at_first() const { return value_.entry == (is_object() ? count() : 0); }

    void check_end() const {
        if (value_.offset != data_.size()) refuse_encoding("a document goes on after its end");
    }

    std::string_view next_key() { return text_of(next(key_)); }

    struct Item {
        Kind kind;
        ByteView bytes;
    };
    // Numbers and containers begin at the next word.
    Item next_value() {
        const auto kind = static_cast<Kind>(entry(value_) >> 28 & 7);
        const std::size_t padding = (word - value_.offset % word) % word;
        const ByteView bytes = next(value_);
        if (kind != Kind::numeric && kind != Kind::container) return {kind, bytes};
        if (bytes.size() < padding) refuse_encoding("a document ends too early");
        return {kind, bytes.subspan(padding)};
    }

private:
    struct Cursor {
        std::uint32_t entry;
        std::size_t offset;
    };

    std::uint32_t count() const { return header_ & 0x0FFFFFFF; }
    bool is_array() const { return (header_ & 0x40000000) != 0; }
    std::uint32_t entry(const Cursor& cursor) const {
        return little_endian<std::uint32_t>(entries_, cursor.entry * word);
    }

    // An entry has the length, or the offset of the end.
    ByteView next(Cursor& cursor) {
        const std::uint32_t entry_ = entry(cursor), number = entry_ & 0x0FFFFFFF;
        const std::size_t begin = cursor.offset, end = (entry_ & 0x80000000) != 0 ? number : begin + number;
        if (end < begin || end > data_.size()) refuse_encoding("a part of a document lies outside it");
        cursor = {cursor.entry + 1, end};
        return data_.subspan(begin, end - begin);
    }

    void skip_keys() {
        Cursor cursor{0, 0};
        while (cursor.entry < count()) {
            if ((entry(cursor) & 0x70000000) != 0) refuse_encoding("a key of a document is no string");
            next(cursor);
        }
        value_ = cursor;
    }

    std::uint32_t header_;
    ByteView entries_, data_;
    Cursor key_{0, 0}, value_{0, 0};
};

// Without recursion: documents may be nested deeper than a stack is.
class Printer {
public:
    std::string print(ByteView stored) {
        open(stored);
        while (!open_.empty())
            open_.back().is_done() ? close() : print_next();
        return std::move(text_);
    }

private:
    void open(ByteView stored) {
        open_.emplace_back(stored);
        if (!open_.back().is_scalar()) text_ += open_.back().is_object() ? '{' : '[';
    }

    void close() {
        open_.back().check_end();
        if (!open_.back().is_scalar()) text_ += open_.back().is_object() ? '}' : ']';
        open_.pop_back();
    }

    void print_next() {
        Container& container = open_.back();
        if (!container.is_at_first()) text_ += ", ";
        if (container.is_object()) {
            append_string(text_, container.next_key());
            text_ += ": ";
        }
        const auto [kind, bytes] = container.next_value();
        print_value(kind, bytes);
    }

    void print_value(Kind kind, ByteView bytes) {
        switch (kind) {
        case Kind::string:
            return append_string(text_, text_of(bytes));
        case Kind::numeric:
            return append_number(text_, bytes);
        case Kind::is_false:
            return void(text_ += "false");
        case Kind::is_true:
            return void(text_ += "true");
        case Kind::null:
            return void(text_ += "null");
        case Kind::container:
            return open(bytes);
        }
        refuse_encoding("a part of a document is of no kind");
    }

    std::vector<Container> open_;
    std::string text_;
};

} // namespace

std::string document_text(ByteView stored) {
    return Printer().print(stored);
}

} // namespace auxeira::ledger
