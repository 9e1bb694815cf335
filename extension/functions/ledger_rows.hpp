// Rows of a table with history, in the ledger's encoding.
#pragma once

#include <string_view>
#include <vector>

#include "functions/ledger_lookup.hpp"
#include "functions/ledger_tracked.hpp"
#include "ledger/bytes.hpp"

extern "C" {
#include "access/htup.h"
#include "access/tableam.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
}

namespace auxeira::functions {

struct LedgerRow {
    Datum* values;
    bool* nulls;

    bool has(AttrNumber column) const { return !nulls[column - 1]; }
    Datum of(AttrNumber column) const { return values[column - 1]; }
};

LedgerRow deform(HeapTuple tuple, TupleDesc shape);

// Rows that say of themselves that they have no history.
bool is_exempt(const Tracked& table, const LedgerRow& row);

void write_row(ledger::Bytes& out, const Tracked& table, const LedgerRow& row);
void write_key(ledger::Bytes& out, const Tracked& table, const LedgerRow& row);

// The old values of the columns that differ. Values that are stored differently may be the same.
void write_difference(ledger::Bytes& out, const Tracked& table, const LedgerRow& before,
                      const LedgerRow& after);

bool has_other_key(const Tracked& table, const LedgerRow& before, const LedgerRow& after);

// A row with the key columns alone, whose values are given as texts.
LedgerRow key_row(TupleDesc shape, const Tracked& table, const std::vector<std::string_view>& names,
                  const std::vector<std::string_view>& texts);

std::vector<KeyColumn> key_columns(const Tracked& table, const LedgerRow& row);

// An array of text.
std::vector<std::string_view> names_argument(FunctionCallInfo fcinfo, int argument);

// Error 42809 for what is not an ordinary table.
void check_rows_can_be_read(Relation relation);

// Every row that has history, as the active snapshot has it.
template <typename Visit>
void for_each_row(Relation relation, const Tracked& table, Visit&& visit) {
    struct Scan {
        TableScanDesc scan;
        TupleTableSlot* slot;
    };
    check_rows_can_be_read(relation);
    const Scan scan = backend([=] {
        return Scan{table_beginscan(relation, GetActiveSnapshot(), 0, nullptr),
                    table_slot_create(relation, nullptr)};
    });
    MemoryContext const memory = backend(
        [] { return AllocSetContextCreate(CurrentMemoryContext, "auxeira row", ALLOCSET_DEFAULT_SIZES); });
    const MemoryContext callers = MemoryContextSwitchTo(memory);
    while (backend([=] { return table_scan_getnextslot(scan.scan, ForwardScanDirection, scan.slot); })) {
        honour_interrupts();
        backend([=] { slot_getallattrs(scan.slot); });
        const LedgerRow row{scan.slot->tts_values, scan.slot->tts_isnull};
        if (!is_exempt(table, row)) visit(row);
        MemoryContextReset(memory);
    }
    MemoryContextSwitchTo(callers);
    backend([=] {
        MemoryContextDelete(memory);
        ExecDropSingleTupleTableSlot(scan.slot);
        table_endscan(scan.scan);
    });
}

} // namespace auxeira::functions
