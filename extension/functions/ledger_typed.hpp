// Rows of the ledger as rows of their tables.
#pragma once

#include <memory>
#include <vector>

#include "functions/ledger_values.hpp"
#include "ledger/reader.hpp"

extern "C" {
#include "access/tupdesc.h"
}

namespace auxeira::functions {

// A value for each column of a shape.
struct TypedRow {
    std::vector<Datum> values;
    std::unique_ptr<bool[]> nulls;
};

// Columns are NULL of which the row has no value, or none that the type which they have now can have.
TypedRow typed_row(const ledger::Row& row, TupleDesc shape);

} // namespace auxeira::functions
