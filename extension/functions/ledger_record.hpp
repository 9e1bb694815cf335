// Writing changes of rows to the ledger.
#pragma once

#include "functions/ledger_rows.hpp"

namespace auxeira::functions {

// A change that leaves the row as it is.
void record_new(const Tracked& table, char operation, const LedgerRow& row);

// A change after which there is no row.
void record_gone(const Tracked& table, char operation, const LedgerRow& row);

void record_update(const Tracked& table, const LedgerRow& before, const LedgerRow& after);

// The same row with other columns; nothing where it has no value in them.
void record_altered(const Tracked& table, const LedgerRow& before, const LedgerRow& after);

// That something was done about the row with a key, which is as it is, or is not there (null).
void record_mark(const Tracked& table, char operation, const LedgerRow& key, const LedgerRow* row);

} // namespace auxeira::functions
