// Reading the encoding. Every length is checked against what is there; what is malformed is a Rejection.
#pragma once

#include <string_view>
#include <vector>

#include "ledger/encoding.hpp"

namespace auxeira::ledger {

class Reader {
public:
    explicit Reader(ByteView bytes) : left_(bytes) {}

    bool done() const noexcept { return left_.empty(); }
    ByteView left() const noexcept { return left_; }
    ByteView take(std::size_t bytes);

    template <typename Unsigned>
    Unsigned number() {
        Unsigned number_ = 0;
        for (const std::uint8_t byte : take(sizeof(Unsigned)))
            number_ = static_cast<Unsigned>(std::uint64_t{number_} << 8 | byte);
        return number_;
    }

private:
    ByteView left_;
};

// The views are of the bytes that were read.
struct Value {
    Tag tag;
    ByteView content;
    ByteView encoding; // tag, length and content
};

struct Field {
    std::string_view name;
    Value value;
};

// Columns in the order of the bytes of their names.
using Row = std::vector<Field>;

// One value with a known tag and, where the tag fixes it, the right length. What is inside arrays and
// composites is checked when it is read.
Value read_value(Reader& reader);

// Columns that all have a value; a difference may also say that one had none, or that it was erased.
Row read_row(ByteView bytes);
Row read_difference(ByteView bytes);

struct Array {
    std::vector<Dimension> dimensions;
    std::vector<std::optional<Value>> elements; // row by row
};
Array read_array(const Value& value);

Bytes encode(const Row& row);

// The difference that leads from the newer row back to the older: the columns that differ, with their older
// values.
Bytes difference(const Row& newer, const Row& older);
Row older_row(const Row& difference, const Row& newer);

// The number that eight or fewer bytes are, as a two's complement.
std::int64_t signed_number(ByteView bytes);

[[noreturn]] void refuse_encoding(std::string_view why);

} // namespace auxeira::ledger
