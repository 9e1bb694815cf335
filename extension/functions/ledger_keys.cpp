// Rows by their encoded keys, many at a time.
#include <algorithm>
#include <optional>
#include <vector>

#include "functions/ledger_bytes.hpp"
#include "functions/ledger_record.hpp"
#include "functions/ledger_typed.hpp"
#include "functions/rows.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "nodes/lockoptions.h"
}

namespace auxeira::functions {

namespace {

std::vector<ledger::ByteView> keys_argument(FunctionCallInfo fcinfo, int argument) {
    struct Keys {
        Datum* values;
        int count;
    };
    const Keys found = backend([=] {
        Keys keys{};
        deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), BYTEAOID, -1, false, TYPALIGN_INT, &keys.values,
                          nullptr, &keys.count);
        return keys;
    });
    std::vector<ledger::ByteView> keys;
    for (int place = 0; place < found.count; ++place) {
        const Datum value = found.values[place];
        const auto* const bytes = backend([value] { return DatumGetByteaPP(value); });
        keys.push_back(ledger::bytes_of({VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)}));
    }
    return keys;
}

// A key whose values are of no type that the columns have now is that of no row.
std::optional<TupleTableSlot*> find_encoded(Relation relation, const Tracked& table, ledger::ByteView key) {
    const TypedRow typed = typed_row(ledger::read_row(key), RelationGetDescr(relation));
    std::vector<KeyColumn> columns;
    for (const TrackedColumn& column : table.columns) {
        if (!column.is_key) continue;
        const auto place = static_cast<std::size_t>(column.number - 1);
        if (typed.nulls[place]) return std::nullopt;
        columns.push_back({column.number, typed.values[place]});
    }
    return find_row(relation, columns);
}

LedgerRow row_of(TupleTableSlot* slot) {
    return {slot->tts_values, slot->tts_isnull};
}

// As SELECT FOR SHARE does, so that whoever changes the row is waited for, and waits. False when it is gone.
bool lock_row(Relation relation, TupleTableSlot* slot) {
    return backend([=] {
        TM_FailureData failure;
        const int follow = IsolationUsesXactSnapshot() ? 0 : TUPLE_LOCK_FLAG_FIND_LAST_VERSION;
        const TM_Result result = table_tuple_lock(relation, &slot->tts_tid, GetActiveSnapshot(), slot,
                                                  GetCurrentCommandId(true), LockTupleShare, LockWaitBlock,
                                                  TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS | follow, &failure);
        if (result == TM_Ok) {
            slot_getallattrs(slot);
            ExecMaterializeSlot(slot);
        } else if (IsolationUsesXactSnapshot()) {
            ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                            errmsg("could not serialize access due to concurrent update")));
        }
        return result == TM_Ok;
    });
}

bool has_key(const Tracked& table, const LedgerRow& row, ledger::ByteView key) {
    static ledger::Bytes encoded;
    encoded.clear();
    write_key(encoded, table, row);
    return std::ranges::equal(encoded, key);
}

// Calls visit(key, row) for each key of which there is a row with history. is_wanted(slot) may still turn it
// down.
template <typename Wanted, typename Visit>
void for_each_key(Relation relation, const Tracked& table, const std::vector<ledger::ByteView>& keys,
                  Wanted&& is_wanted, Visit&& visit) {
    check_rows_can_be_read(relation);
    MemoryContext const memory = backend(
        [] { return AllocSetContextCreate(CurrentMemoryContext, "auxeira key", ALLOCSET_DEFAULT_SIZES); });
    const MemoryContext callers = MemoryContextSwitchTo(memory);
    for (const ledger::ByteView key : keys) {
        honour_interrupts();
        if (const std::optional<TupleTableSlot*> found = find_encoded(relation, table, key)) {
            TupleTableSlot* const slot = *found;
            if (is_wanted(slot) && !is_exempt(table, row_of(slot)) && has_key(table, row_of(slot), key))
                visit(key, row_of(slot));
            backend([=] { ExecDropSingleTupleTableSlot(slot); });
        }
        MemoryContextReset(memory);
    }
    MemoryContextSwitchTo(callers);
    backend([=] { MemoryContextDelete(memory); });
}

} // namespace

// ledger_live_rows(relation, key_columns, secret_columns, exempt_column, keys)
AUXEIRA_SQL_FUNCTION(ledger_live_rows) {
    Rows rows(fcinfo);
    const Oid target = PG_GETARG_OID(0);
    Relation const relation = backend([=] { return table_open(target, AccessShareLock); });
    Description description;
    description.keys = names_argument(fcinfo, 1);
    description.secrets = names_argument(fcinfo, 2);
    description.exempt_column = text_argument(fcinfo, 3);
    const Tracked table = describe(relation, description);
    ledger::Bytes whole;
    for_each_key(
        relation, table, keys_argument(fcinfo, 4), [](TupleTableSlot*) { return true; },
        [&](ledger::ByteView key, const LedgerRow& row) {
            whole.clear();
            write_row(whole, table, row);
            const Datum values[] = {bytea_datum(key), bytea_datum(whole)};
            const bool nulls[] = {false, false};
            rows.put(values, nulls);
        });
    backend([=] { table_close(relation, AccessShareLock); });
    return PointerGetDatum(nullptr);
}

// capture_checkpoints(relation, keys): the rows with these keys as they are.
AUXEIRA_SQL_FUNCTION(capture_checkpoints) {
    const Oid target = PG_GETARG_OID(0);
    Relation const relation = backend([=] { return table_open(target, RowShareLock); });
    std::int64_t checkpoints = 0;
    if (const Trigger* const trigger = history_trigger(relation)) {
        const Tracked table = describe(relation, description_of(*trigger));
        for_each_key(
            relation, table, keys_argument(fcinfo, 1),
            [=](TupleTableSlot* slot) { return lock_row(relation, slot); },
            [&](ledger::ByteView, const LedgerRow& row) {
                record_mark(table, 'C', row, &row);
                ++checkpoints;
            });
    }
    backend([=] { table_close(relation, NoLock); });
    return Int64GetDatum(checkpoints);
}

// capture_late_mark(relation, operation, table_id, label, key_columns, org_column, key): when history has
// ended there is no row to it.
AUXEIRA_SQL_FUNCTION(capture_late_mark) {
    const Oid target = PG_GETARG_OID(0);
    Relation const relation = backend([=] { return table_open(target, RowShareLock); });
    Description description;
    description.table_id = PG_GETARG_INT16(2);
    description.label = text_argument(fcinfo, 3);
    description.keys = names_argument(fcinfo, 4);
    description.org_column = text_argument(fcinfo, 5);
    const Tracked table = describe(relation, description);
    const TypedRow typed = typed_row(ledger::read_row(bytea_argument(fcinfo, 6)), RelationGetDescr(relation));
    const LedgerRow key{const_cast<Datum*>(typed.values.data()), typed.nulls.get()};
    record_mark(table, PG_GETARG_CHAR(1), key, nullptr);
    backend([=] { table_close(relation, NoLock); });
    return PointerGetDatum(nullptr);
}

// ledger_key_of(encoded bytea, key_columns text[])
AUXEIRA_SQL_FUNCTION(ledger_key_of) {
    const std::vector<std::string_view> names = names_argument(fcinfo, 1);
    ledger::Row row = ledger::read_difference(bytea_argument(fcinfo, 0));
    std::erase_if(
        row, [&](const ledger::Field& field) { return std::ranges::find(names, field.name) == names.end(); });
    return bytea_datum(ledger::encode(row));
}

// ledger_differing(one bytea, other bytea)
AUXEIRA_SQL_FUNCTION(ledger_differing) {
    const ledger::Row one = ledger::read_difference(bytea_argument(fcinfo, 0));
    const ledger::Row other = ledger::read_difference(bytea_argument(fcinfo, 1));
    std::vector<std::string_view> names;
    const auto add_those_not_in = [&](const ledger::Row& row, const ledger::Row& known, bool is_first) {
        for (const ledger::Field& field : row) {
            const auto same = std::ranges::find(known, field.name, &ledger::Field::name);
            const bool is_missing = same == known.end();
            if (is_missing || (is_first && !std::ranges::equal(same->value.encoding, field.value.encoding)))
                names.push_back(field.name);
        }
    };
    add_those_not_in(one, other, true);
    add_those_not_in(other, one, false);
    std::ranges::sort(names);
    return names_datum(names);
}

} // namespace auxeira::functions
