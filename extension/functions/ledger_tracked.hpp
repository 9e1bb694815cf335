// What the ledger captures of a table with history.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "functions/ledger_values.hpp"

extern "C" {
#include "utils/rel.h"
}

namespace auxeira::functions {

struct TrackedColumn {
    std::string name;
    AttrNumber number;
    EncodedType type;
    bool is_key = false;
    bool is_secret = false;
};

struct Tracked {
    std::int16_t table_id;
    std::string label;
    AttrNumber organization = InvalidAttrNumber;
    AttrNumber exempt = InvalidAttrNumber; // rows where it is true have no history
    std::vector<TrackedColumn> columns;    // by name
};

// What enable_history was told of a table: trigger arguments, or a row of auxeira.ledger_tables.
struct Description {
    std::int16_t table_id = 0;
    std::string_view label;
    std::string_view org_column, exempt_column; // empty for none
    std::vector<std::string_view> keys, secrets;
};

// The one that has the description as its arguments: the server copies those of all triggers for each
// statement. Null for a table without history.
const Trigger* history_trigger(Relation relation);

// The views are of the trigger.
Description description_of(const Trigger& trigger);

Tracked describe(Relation relation, const Description& description);

// The same by the triggers of a table that has history, made once. The reference holds until the next call.
const Tracked& tracked(Relation relation);

} // namespace auxeira::functions
