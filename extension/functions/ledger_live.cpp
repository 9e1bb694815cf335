// Rows as they are, as the ledger would write them.
#include <optional>
#include <vector>

#include "functions/ledger_bytes.hpp"
#include "functions/ledger_rows.hpp"
#include "functions/rows.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/table.h"
#include "funcapi.h"
}

namespace auxeira::functions {

namespace {

Datum pair_datum(FunctionCallInfo fcinfo, Datum first, std::optional<Datum> second) {
    Datum values[] = {first, second.value_or(Datum{0})};
    bool nulls[] = {false, !second};
    Datum* const all = values;
    bool* const missing = nulls;
    return backend([=] {
        TupleDesc shape = nullptr;
        get_call_result_type(fcinfo, nullptr, &shape);
        return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), all, missing));
    });
}

// (relation, key_columns, secret_columns, exempt_column, ...). The views are of the arguments.
Description description_of(FunctionCallInfo fcinfo) {
    Description description;
    description.keys = names_argument(fcinfo, 1);
    description.secrets = names_argument(fcinfo, 2);
    description.exempt_column = text_argument(fcinfo, 3);
    return description;
}

} // namespace

AUXEIRA_SQL_FUNCTION(ledger_live) {
    Rows rows(fcinfo);
    const Oid target = PG_GETARG_OID(0);
    Relation const relation = backend([=] { return table_open(target, AccessShareLock); });
    const Tracked table = describe(relation, description_of(fcinfo));
    ledger::Bytes key, whole;
    for_each_row(relation, table, [&](const LedgerRow& row) {
        key.clear();
        whole.clear();
        write_key(key, table, row);
        write_row(whole, table, row);
        const Datum values[] = {bytea_datum(key), bytea_datum(whole)};
        const bool nulls[] = {false, false};
        rows.put(values, nulls);
    });
    backend([=] { table_close(relation, AccessShareLock); });
    return PointerGetDatum(nullptr);
}

// The fifth argument has the values of the key as texts.
AUXEIRA_SQL_FUNCTION(ledger_live_row) {
    const Oid target = PG_GETARG_OID(0);
    Relation const relation = backend([=] { return table_open(target, AccessShareLock); });
    const Description description = description_of(fcinfo);
    const Tracked table = describe(relation, description);
    LedgerRow row = key_row(RelationGetDescr(relation), table, description.keys, names_argument(fcinfo, 4));
    const std::optional<TupleTableSlot*> found = find_row(relation, key_columns(table, row));
    ledger::Bytes key, whole;
    if (found) row = {(*found)->tts_values, (*found)->tts_isnull};
    const bool is_there = found && !is_exempt(table, row);
    write_key(key, table, row);
    if (is_there) write_row(whole, table, row);
    if (found) backend([=] { ExecDropSingleTupleTableSlot(*found); });
    backend([=] { table_close(relation, AccessShareLock); });
    return pair_datum(fcinfo, bytea_datum(key), is_there ? std::optional(bytea_datum(whole)) : std::nullopt);
}

} // namespace auxeira::functions
