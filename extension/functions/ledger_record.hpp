// Writing changes of rows to the ledger.
#pragma once

#include <optional>

#include "functions/ledger_rows.hpp"

namespace auxeira::functions {

// Which command made a change: triggers of nested statements come before those of the statement that caused
// them. Nothing is the command that runs.
using Command = std::optional<CommandId>;

// A change that leaves the row as it is.
void record_new(const Tracked& table, char operation, const LedgerRow& row, Command command = {});

// A change after which there is no row.
void record_gone(const Tracked& table, char operation, const LedgerRow& row, Command command = {});

void record_update(const Tracked& table, const LedgerRow& before, const LedgerRow& after, Command command);

// The same row with other columns; nothing where it has no value in them.
void record_altered(const Tracked& table, const LedgerRow& before, const LedgerRow& after);

// That something was done about the row with a key, which is as it is, or is not there (null).
void record_mark(const Tracked& table, char operation, const LedgerRow& key, const LedgerRow* row);

} // namespace auxeira::functions
