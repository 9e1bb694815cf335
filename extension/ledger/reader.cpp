#include "ledger/reader.hpp"

#include "rejection.hpp"

namespace auxeira::ledger {

namespace {

constexpr std::int8_t any_length = -1;
// By tag, from null to erased.
constexpr std::array<std::int8_t, 19> lengths{0,          1,  8, 4, 8,  any_length, any_length, any_length,
                                              8,          8,  4, 8, 16, any_length, any_length, any_length,
                                              any_length, 32, 0};
constexpr std::uint32_t most_dimensions = 6;

bool is_value(Tag tag) {
    return tag != Tag::null && tag != Tag::erased;
}

Row read_columns(ByteView bytes, bool values_only) {
    Row row;
    Reader reader(bytes);
    while (!reader.done()) {
        const std::string_view name = text_of(reader.take(reader.number<std::uint16_t>()));
        const Value value = read_value(reader);
        if (!row.empty() && row.back().name >= name) refuse_encoding("the columns are not in order");
        if (values_only && !is_value(value.tag)) refuse_encoding("a column of a row has no value");
        row.push_back({name, value});
    }
    return row;
}

std::vector<Dimension> read_dimensions(Reader& reader) {
    const auto count = reader.number<std::uint32_t>();
    if (count > most_dimensions) refuse_encoding("an array has too many dimensions");
    std::vector<Dimension> dimensions;
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto length = reader.number<std::uint32_t>();
        dimensions.push_back({length, static_cast<std::int32_t>(reader.number<std::uint32_t>())});
    }
    return dimensions;
}

// Every element takes a byte at least, so that more of them than bytes are not there, whatever the product
// is.
std::size_t count_of(const std::vector<Dimension>& dimensions, std::size_t bytes) {
    std::size_t count = dimensions.empty() ? 0 : 1;
    for (const Dimension& dimension : dimensions) {
        count *= dimension.length;
        if (count == 0 || count > bytes)
            refuse_encoding("the dimensions of an array do not fit its elements");
    }
    return count;
}

std::optional<Value> read_element(Reader& reader) {
    const auto null = reader.number<std::uint8_t>();
    if (null > 1) refuse_encoding("an element is neither null nor a value");
    if (null == 1) return std::nullopt;
    const Value value = read_value(reader);
    if (!is_value(value.tag)) refuse_encoding("an element has no value");
    return value;
}

const Field* find(const Row& row, std::size_t& place, std::string_view name) {
    while (place < row.size() && row[place].name < name)
        ++place;
    return place < row.size() && row[place].name == name ? &row[place] : nullptr;
}

bool same(const Value& one, const Value& other) {
    return std::ranges::equal(one.encoding, other.encoding);
}

// Of two rows in order: each name once, with the column of either that has it.
template <typename Use>
void merge(const Row& one, const Row& other, Use use) {
    std::size_t left = 0;
    std::size_t right = 0;
    while (left < one.size() || right < other.size()) {
        const bool first =
            right == other.size() || (left < one.size() && one[left].name <= other[right].name);
        const std::string_view name = first ? one[left].name : other[right].name;
        const Field* in_one = find(one, left, name);
        const Field* in_other = find(other, right, name);
        use(name, in_one, in_other);
        left += in_one != nullptr;
        right += in_other != nullptr;
    }
}

} // namespace

void refuse_encoding(std::string_view why) {
    throw Rejection(Reason::invalid_value, "malformed encoding", {{"encoding", std::string(why)}});
}

ByteView Reader::take(std::size_t bytes) {
    if (bytes > left_.size()) refuse_encoding("it ends too early");
    const ByteView taken = left_.first(bytes);
    left_ = left_.subspan(bytes);
    return taken;
}

Value read_value(Reader& reader) {
    const ByteView start = reader.left();
    const auto tag = reader.number<std::uint8_t>();
    if (tag >= lengths.size()) refuse_encoding("a tag is unknown");
    const auto length = reader.number<std::uint32_t>();
    if (lengths[tag] != any_length && length != static_cast<std::uint32_t>(lengths[tag]))
        refuse_encoding("a value has not the length of its type");
    const ByteView content = reader.take(length);
    if (tag == static_cast<std::uint8_t>(Tag::boolean) && content[0] > 1)
        refuse_encoding("a boolean is neither true nor false");
    return {static_cast<Tag>(tag), content, start.first(start.size() - reader.left().size())};
}

Row read_row(ByteView bytes) {
    return read_columns(bytes, true);
}

Row read_difference(ByteView bytes) {
    return read_columns(bytes, false);
}

Array read_array(const Value& value) {
    Reader reader(value.content);
    Array array{read_dimensions(reader), {}};
    const std::size_t count = count_of(array.dimensions, reader.left().size());
    array.elements.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        array.elements.push_back(read_element(reader));
    if (!reader.done()) refuse_encoding("an array has more than its elements");
    return array;
}

Bytes encode(const Row& row) {
    Bytes bytes;
    Writer writer(bytes);
    for (const Field& field : row) {
        writer.name(field.name);
        writer.encoded(field.value.encoding);
    }
    return bytes;
}

Bytes difference(const Row& newer, const Row& older) {
    Bytes bytes;
    Writer writer(bytes);
    merge(newer, older, [&](std::string_view name, const Field* in_newer, const Field* in_older) {
        if (in_newer && in_older && same(in_newer->value, in_older->value)) return;
        writer.name(name);
        if (in_older)
            writer.encoded(in_older->value.encoding);
        else
            writer.null();
    });
    return bytes;
}

Row older_row(const Row& difference, const Row& newer) {
    Row older;
    merge(newer, difference, [&](std::string_view, const Field* in_newer, const Field* in_difference) {
        const Field* kept = in_difference ? in_difference : in_newer;
        if (kept->value.tag != Tag::null) older.push_back(*kept);
    });
    return older;
}

std::int64_t signed_number(ByteView bytes) {
    std::uint64_t number = !bytes.empty() && bytes[0] >= 0x80 ? ~std::uint64_t{0} : 0;
    for (const std::uint8_t byte : bytes)
        number = number << 8 | byte;
    return static_cast<std::int64_t>(number);
}

} // namespace auxeira::ledger
