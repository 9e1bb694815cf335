// Bytes as SQL functions take and give them.
#pragma once

#include <algorithm>
#include <vector>

#include "boundary/door.hpp"
#include "functions/plans.hpp"
#include "ledger/bytes.hpp"
#include "rejection.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
}

namespace auxeira::functions {

inline ledger::ByteView bytea_argument(FunctionCallInfo fcinfo, int argument) {
    const auto* const bytes = backend([=] { return PG_GETARG_BYTEA_PP(argument); });
    return ledger::bytes_of({VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)});
}

inline std::string_view text_argument(FunctionCallInfo fcinfo, int argument) {
    return ledger::text_of(bytea_argument(fcinfo, argument));
}

inline Datum bytea_datum(ledger::ByteView bytes) {
    return backend([bytes] {
        return PointerGetDatum(cstring_to_text_with_len(reinterpret_cast<const char*>(bytes.data()),
                                                        static_cast<int>(bytes.size())));
    });
}

// An array of text.
inline Datum names_datum(const std::vector<std::string_view>& names) {
    std::vector<Datum> texts;
    for (const std::string_view name : names)
        texts.push_back(bytea_datum(ledger::bytes_of(name)));
    Datum* const all = texts.data();
    const int count = static_cast<int>(texts.size());
    return backend(
        [=] { return PointerGetDatum(construct_array(all, count, TEXTOID, -1, false, TYPALIGN_INT)); });
}

// An encoded row that is to become a jsonb, which holds 256 MB at most.
inline ledger::ByteView showable_argument(FunctionCallInfo fcinfo, int argument) {
    constexpr std::size_t most = 0x0FFFFFFF;
    const ledger::ByteView row = bytea_argument(fcinfo, argument);
    if (row.size() > most) {
        refuse(ERRCODE_PROGRAM_LIMIT_EXCEEDED,
               "a version of the row is larger than the 256 MB that a jsonb holds",
               "auxeira.as_of() reads the row as it was at a time, by columns.");
    }
    return row;
}

// Bytes of a length that is known beforehand; a Rejection, which gives them this name, when it is another.
template <typename Array>
Array exactly(ledger::ByteView bytes, const char* name) {
    Array array{};
    if (bytes.size() != array.size())
        throw Rejection(Reason::invalid_value, "malformed bytes", {{name, "has another length"}});
    std::copy(bytes.begin(), bytes.end(), array.begin());
    return array;
}

} // namespace auxeira::functions
