// Writing the encoding that is hashed: ENCODING.md has its description.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ledger/bytes.hpp"

namespace auxeira::ledger {

enum class Tag : std::uint8_t {
    null = 0, // in a difference: the column had no value
    boolean,
    integer,
    real,
    double_precision,
    numeric,
    text,
    bytea,
    timestamptz,
    timestamp,
    date,
    time,
    uuid,
    jsonb,
    array,
    composite,
    other,
    digest,
    erased, // in a difference: the old value was erased
};

struct Dimension {
    std::uint32_t length;
    std::int32_t lower_bound;
};

// Appends to bytes that the caller keeps, so that one buffer serves many rows. Columns of rows, of
// differences and of composites must come in the order of the bytes of their names, each as name() and then
// one value.
class Writer {
public:
    explicit Writer(Bytes& out) : out_(out) {}

    void name(std::string_view column); // at most 65535 bytes

    void null() { value(Tag::null, {}); }
    void boolean(bool truth) { number(Tag::boolean, static_cast<std::uint8_t>(truth)); }
    void integer(std::int64_t number_) { number(Tag::integer, static_cast<std::uint64_t>(number_)); }
    void real(float number_);
    void double_precision(double number_);
    void numeric(std::string_view decimal) { value(Tag::numeric, bytes_of(decimal)); }
    void text(std::string_view text_) { value(Tag::text, bytes_of(text_)); }
    void bytea(ByteView bytes) { value(Tag::bytea, bytes); }
    // Microseconds since 2000-01-01 00:00 (UTC); days since 2000-01-01; microseconds since midnight.
    void timestamptz(std::int64_t at) { number(Tag::timestamptz, static_cast<std::uint64_t>(at)); }
    void timestamp(std::int64_t at) { number(Tag::timestamp, static_cast<std::uint64_t>(at)); }
    void date(std::int32_t days) { number(Tag::date, static_cast<std::uint32_t>(days)); }
    void time(std::int64_t at) { number(Tag::time, static_cast<std::uint64_t>(at)); }
    void uuid(ByteView uuid_) { value(Tag::uuid, uuid_); } // 16 bytes
    void jsonb(ByteView stored) { value(Tag::jsonb, stored); }
    void other(std::string_view type, ByteView sent); // "schema.type"
    void digest(const Hash& keyed) { value(Tag::digest, keyed); }
    void erased() { value(Tag::erased, {}); }

    // The elements follow, each as null_element() or element() and then one value; end() closes what begin_
    // opened.
    std::size_t begin_array(std::span<const Dimension> dimensions);
    void element() { out_.push_back(0); }
    void null_element() { out_.push_back(1); }
    // The columns follow, those without a value left out.
    std::size_t begin_composite() { return begin(Tag::composite); }
    void end(std::size_t opened);

    // A value that is encoded already.
    void encoded(ByteView value_) { append(out_, value_); }

private:
    template <typename Unsigned>
    void number(Tag tag, Unsigned number_) {
        value(tag, big_endian(number_));
    }
    void value(Tag tag, ByteView content);
    std::size_t begin(Tag tag);

    Bytes& out_;
};

// What stands for a value that is kept secret: it changes when the value does, and says nothing without the
// key.
Hash secret_digest(ByteView key, ByteView encoded_value);

} // namespace auxeira::ledger
