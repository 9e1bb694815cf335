// What commands that alter tables with history ask of the capture of changes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "boundary/door.hpp"

namespace auxeira::functions {

struct History {
    std::int32_t table_id;
    std::string organization, exempt; // columns; empty for none
    std::vector<std::string> keys, secrets;
};

// Nothing for a table that has none.
std::optional<History> history_of(Oid relation);

// Writes a change for every row that has a value in one of these columns: as if they were set to NULL before
// they go, or had been NULL before they came. Locks the table.
enum class Columns { go, come };
void capture_columns(Oid relation, const std::vector<std::string>& columns, Columns what);

// A row of auxeira.ledger_events, with the command that runs; 0 for no table.
void note_event(const char* event, std::int32_t table_id);

} // namespace auxeira::functions
