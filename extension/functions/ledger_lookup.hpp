// Finding the row of a table that has a key.
#pragma once

#include <optional>
#include <span>

#include "boundary/door.hpp"

extern "C" {
#include "access/skey.h"
#include "executor/tuptable.h"
#include "utils/rel.h"
}

namespace auxeira::functions {

struct KeyColumn {
    AttrNumber number;
    Datum value;
};

// That a column of an index (from 0) equals a value.
ScanKeyData equality(Relation index, int column, Datum value);

// A slot with the row as the active snapshot has it, to be dropped by the caller; nothing when there is
// none. An error (0A000) when the primary key is of other columns.
std::optional<TupleTableSlot*> find_row(Relation relation, std::span<const KeyColumn> key);

} // namespace auxeira::functions
