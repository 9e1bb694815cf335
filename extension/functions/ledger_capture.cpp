// auxeira.capture(): the trigger that writes every change of a table with history to the ledger, in the
// transaction that makes it. A change that cannot be written fails with its statement.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "functions/ledger_capture.hpp"
#include "functions/ledger_record.hpp"
#include "functions/plans.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "utils/snapmgr.h"
}

namespace auxeira::functions {

namespace {

// What others have committed until now, and what this transaction has done.
class LatestSnapshot {
public:
    LatestSnapshot() {
        backend([] {
            CommandCounterIncrement();
            PushActiveSnapshot(GetLatestSnapshot());
        });
    }
    // After an error the transaction pops it.
    void leave() {
        backend([] { PopActiveSnapshot(); });
    }
};

// The row with no values in some columns.
LedgerRow without(const LedgerRow& row, TupleDesc shape, const Tracked& table,
                  const std::vector<std::string>& columns) {
    const auto width = static_cast<std::size_t>(shape->natts);
    LedgerRow rest = backend([=] {
        return LedgerRow{row.values, static_cast<bool*>(palloc(width * sizeof(bool)))};
    });
    std::copy(row.nulls, row.nulls + width, rest.nulls);
    for (const TrackedColumn& column : table.columns)
        if (std::find(columns.begin(), columns.end(), column.name) != columns.end())
            rest.nulls[column.number - 1] = true;
    return rest;
}

// The lock was waited for: what others committed meanwhile goes, too.
void capture_statement(const TriggerData& data) {
    const Tracked& table = tracked(data.tg_relation);
    LatestSnapshot snapshot;
    for_each_row(data.tg_relation, table, [&](const LedgerRow& row) { record_gone(table, 'T', row); });
    snapshot.leave();
}

CommandId command_of(const TriggerData& data) {
    return backend([&data] {
        if (TRIGGER_FIRED_BY_DELETE(data.tg_event)) return HeapTupleHeaderGetCmax(data.tg_trigtuple->t_data);
        HeapTuple const made = TRIGGER_FIRED_BY_UPDATE(data.tg_event) ? data.tg_newtuple : data.tg_trigtuple;
        return HeapTupleHeaderGetCmin(made->t_data);
    });
}

void capture_row(const TriggerData& data) {
    const Tracked& table = tracked(data.tg_relation);
    TupleDesc const shape = RelationGetDescr(data.tg_relation);
    const LedgerRow row = deform(data.tg_trigtuple, shape);
    const CommandId command = command_of(data);
    if (TRIGGER_FIRED_BY_UPDATE(data.tg_event)) {
        record_update(table, row, deform(data.tg_newtuple, shape), command);
    } else if (!is_exempt(table, row)) {
        TRIGGER_FIRED_BY_INSERT(data.tg_event) ? record_new(table, 'I', row, command)
                                               : record_gone(table, 'D', row, command);
    }
}

// A session that says it is a replica does not fire ordinary triggers. Once in a (sub)transaction is enough.
void note_replication_role() {
    static std::pair<std::uint64_t, SubTransactionId> noted;
    if (SessionReplicationRole == SESSION_REPLICATION_ROLE_ORIGIN) return;
    const std::pair now{U64FromFullTransactionId(backend([] { return GetTopFullTransactionId(); })),
                        GetCurrentSubTransactionId()};
    if (std::exchange(noted, now) != now) note_event("replication role", 0);
}

} // namespace

std::optional<History> history_of(Oid target) {
    Relation const relation = backend([=] { return table_open(target, AccessShareLock); });
    std::optional<History> history;
    if (const Trigger* const trigger = history_trigger(relation)) {
        const Description description = description_of(*trigger);
        history = History{description.table_id,
                          std::string(description.org_column),
                          std::string(description.exempt_column),
                          {description.keys.begin(), description.keys.end()},
                          {description.secrets.begin(), description.secrets.end()}};
    }
    backend([=] { table_close(relation, AccessShareLock); });
    return history;
}

void capture_columns(Oid target, const std::vector<std::string>& columns, Columns what) {
    Relation const relation = backend([=] { return table_open(target, AccessExclusiveLock); });
    const Tracked table = describe(relation, description_of(*history_trigger(relation)));
    TupleDesc const shape = RelationGetDescr(relation);
    LatestSnapshot snapshot;
    for_each_row(relation, table, [&](const LedgerRow& row) {
        const LedgerRow rest = without(row, shape, table, columns);
        what == Columns::go ? record_altered(table, row, rest) : record_altered(table, rest, row);
    });
    snapshot.leave();
    backend([=] { table_close(relation, NoLock); });
}

AUXEIRA_SQL_FUNCTION(capture) {
    if (!CALLED_AS_TRIGGER(fcinfo)) {
        refuse(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "auxeira.capture() was not called as a trigger",
               "auxeira.enable_history() makes the triggers that call it.");
    }
    const auto& data = *reinterpret_cast<const TriggerData*>(fcinfo->context);
    note_replication_role();
    if (TRIGGER_FIRED_FOR_ROW(data.tg_event)) {
        capture_row(data);
    } else {
        capture_statement(data);
    }
    return PointerGetDatum(nullptr);
}

// capture_table(relation, operation): every row as it is, by the trigger that the table has. B begins its
// history, X ends it.
AUXEIRA_SQL_FUNCTION(capture_table) {
    const Oid target = PG_GETARG_OID(0);
    const char operation = PG_GETARG_CHAR(1);
    Relation const relation = backend([=] { return table_open(target, ShareRowExclusiveLock); });
    std::int64_t rows = 0;
    if (const Trigger* const trigger = history_trigger(relation)) {
        const Tracked& table = tracked(relation);
        LatestSnapshot snapshot;
        for_each_row(relation, table, [&](const LedgerRow& row) {
            operation == 'X' ? record_gone(table, operation, row) : record_new(table, operation, row);
            ++rows;
        });
        snapshot.leave();
    }
    backend([=] { table_close(relation, NoLock); });
    return Int64GetDatum(rows);
}

// capture_mark(relation, operation, key): the row with the key as it is, or that there is none.
AUXEIRA_SQL_FUNCTION(capture_mark) {
    const Oid target = PG_GETARG_OID(0);
    Relation const relation = backend([=] { return table_open(target, RowShareLock); });
    if (const Trigger* const trigger = history_trigger(relation)) {
        const Tracked& table = tracked(relation);
        const std::vector<std::string_view> names = description_of(*trigger).keys;
        const LedgerRow key = key_row(RelationGetDescr(relation), table, names, names_argument(fcinfo, 2));
        const std::optional<TupleTableSlot*> found = find_row(relation, key_columns(table, key));
        const LedgerRow row = found ? LedgerRow{(*found)->tts_values, (*found)->tts_isnull} : key;
        record_mark(table, PG_GETARG_CHAR(1), key, found ? &row : nullptr);
        if (found) backend([=] { ExecDropSingleTupleTableSlot(*found); });
    }
    backend([=] { table_close(relation, NoLock); });
    return PointerGetDatum(nullptr);
}

} // namespace auxeira::functions
