// A jsonb object of fixed keys and changing numbers, written straight into its binary form. Building one
// through the server's pushJsonbValue costs several times as much as making up the numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "boundary/postgres.hpp"

namespace auxeira::functions {

class NumberObject {
public:
    // A key, and how many of the digits of its numbers stand behind the point (0 to 12).
    struct Field {
        std::string_view key;
        int decimals;
    };

    // The keys must differ; they are copied.
    explicit NumberObject(std::span<const Field> fields);

    // {key: scaled / 10^decimals}, the numbers in the order of the fields. Valid until the next call.
    Datum fill(std::span<const std::int64_t> scaled) noexcept;

private:
    struct Slot {
        std::size_t field; // its position among the fields
        std::int64_t unit; // 10^decimals
        int decimals;
    };

    std::vector<Slot> slots_; // in the order of the keys in jsonb
    std::vector<std::uint32_t> image_;
    std::size_t data_begin_; // in bytes
    std::size_t keys_length_ = 0;
};

} // namespace auxeira::functions
