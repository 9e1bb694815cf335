// auxeira.capture(): the trigger that writes every change of a table with history to the ledger, in the
// transaction that makes it. A change that cannot be written fails with its statement.
#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "functions/ledger_actor.hpp"
#include "functions/ledger_bytes.hpp"
#include "functions/ledger_capture.hpp"
#include "functions/ledger_lookup.hpp"
#include "functions/ledger_values.hpp"
#include "functions/plans.hpp"
#include "functions/rows.hpp"
#include "functions/settings.hpp"
#include "ledger/leaf.hpp"
#include "ledger/metadata.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
}

namespace auxeira::functions {

namespace {

// --- What is captured of a table --------------------------------------------------------------------------

struct Column {
    std::string name;
    AttrNumber number;
    EncodedType type;
    bool is_key = false;
    bool is_secret = false;
};

struct Tracked {
    std::int32_t table_id;
    std::string label;
    AttrNumber organization = InvalidAttrNumber;
    std::vector<Column> columns; // by name
};

// By trigger. Forgotten when the relation changes.
std::unordered_map<Oid, Tracked>& tracked_tables() {
    static std::unordered_map<Oid, Tracked> tables;
    return tables;
}
bool tables_changed = false;

void note_change(Datum, Oid) {
    tables_changed = true;
}

// What enable_history was told of a table: trigger arguments, or a row of auxeira.ledger_tables.
struct Description {
    std::int32_t table_id;
    std::string_view label;
    std::string_view org_column; // empty for none
    std::vector<std::string_view> keys, secrets;
};

// The number of the table, its label, the column of the organization, then one for each column that is
// special: "key NAME" or "secret NAME".
Description description_of(const Trigger& trigger) {
    Description description{std::atoi(trigger.tgargs[0]), trigger.tgargs[1], trigger.tgargs[2], {}, {}};
    for (int argument = 3; argument < trigger.tgnargs; ++argument) {
        const std::string_view text = trigger.tgargs[argument];
        if (text.starts_with("key ")) description.keys.push_back(text.substr(4));
        if (text.starts_with("secret ")) description.secrets.push_back(text.substr(7));
    }
    return description;
}

bool is_among(const std::vector<std::string_view>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

Tracked describe(Relation relation, const Description& description) {
    Tracked table{description.table_id, std::string(description.label), InvalidAttrNumber, {}};
    TupleDesc const shape = RelationGetDescr(relation);
    for (int place = 0; place < shape->natts; ++place) {
        const FormData_pg_attribute& attribute = *TupleDescAttr(shape, place);
        if (attribute.attisdropped) continue;
        const std::string_view name = NameStr(attribute.attname);
        if (name == description.org_column) table.organization = attribute.attnum;
        table.columns.push_back({std::string(name), attribute.attnum, encoded_type(attribute.atttypid),
                                 is_among(description.keys, name), is_among(description.secrets, name)});
    }
    std::sort(table.columns.begin(), table.columns.end(),
              [](const Column& a, const Column& b) { return a.name < b.name; });
    return table;
}

const Tracked& tracked(Relation relation, const Trigger& trigger) {
    static bool listening = false;
    if (!listening) backend([] { CacheRegisterRelcacheCallback(note_change, static_cast<Datum>(0)); });
    listening = true;
    if (tables_changed) tracked_tables().clear();
    tables_changed = false;
    const auto known = tracked_tables().find(trigger.tgoid);
    if (known != tracked_tables().end()) return known->second;
    return tracked_tables().emplace(trigger.tgoid, describe(relation, description_of(trigger))).first->second;
}

// --- Rows --------------------------------------------------------------------------------------------------

struct Row {
    Datum* values;
    bool* nulls;

    bool has(const Column& column) const { return !nulls[column.number - 1]; }
    Datum of(const Column& column) const { return values[column.number - 1]; }
};

Row deform(HeapTuple tuple, TupleDesc shape) {
    return backend([=] {
        const auto columns = static_cast<std::size_t>(shape->natts);
        const Row row = {static_cast<Datum*>(palloc(columns * sizeof(Datum))),
                         static_cast<bool*>(palloc(columns * sizeof(bool)))};
        heap_deform_tuple(tuple, shape, row.values, row.nulls);
        return row;
    });
}

const ledger::Bytes& digest_key() {
    static ledger::Bytes key;
    if (!key.empty()) return key;
    Oid role = InvalidOid;
    int context = 0;
    GetUserIdAndSecContext(&role, &context);
    backend([] { SPI_connect(); });
    become(role_named("auxeira_owner"));
    static SPIPlanPtr plan = nullptr;
    if (plan == nullptr)
        plan = prepare_kept("select encode(digest_key, 'hex') from auxeira.ledger_secrets", 0, nullptr);
    if (fetch_row(plan, nullptr, true)) key = *ledger::from_hex(column_text(1));
    SetUserIdAndSecContext(role, context);
    backend([] { SPI_finish(); });
    return key;
}

void write_column(ledger::Bytes& out, const Column& column, Datum value) {
    ledger::Writer writer(out);
    writer.name(column.name);
    if (!column.is_secret) return write_value(out, column.type, value);
    ledger::Bytes plain;
    write_value(plain, column.type, value);
    writer.digest(ledger::secret_digest(digest_key(), plain));
}

void write_row(ledger::Bytes& out, const Tracked& table, const Row& row) {
    for (const Column& column : table.columns)
        if (row.has(column)) write_column(out, column, row.of(column));
}

void write_key(ledger::Bytes& out, const Tracked& table, const Row& row) {
    for (const Column& column : table.columns)
        if (column.is_key) write_column(out, column, row.of(column));
}

bool is_same(const Column& column, const Row& a, const Row& b) {
    if (a.has(column) != b.has(column)) return false;
    return !a.has(column) ||
           datumIsEqual(a.of(column), b.of(column), column.type.by_value, column.type.length);
}

void write_null(ledger::Bytes& out, const Column& column) {
    ledger::Writer writer(out);
    writer.name(column.name);
    writer.null();
}

// The old values of the columns that differ. Values that are stored differently may be the same.
void write_difference(ledger::Bytes& out, const Tracked& table, const Row& before, const Row& after) {
    ledger::Bytes was, is;
    for (const Column& column : table.columns) {
        if (is_same(column, before, after)) continue;
        was.clear();
        is.clear();
        if (before.has(column)) write_column(was, column, before.of(column));
        if (after.has(column)) write_column(is, column, after.of(column));
        if (was == is) continue;
        if (was.empty()) write_null(was, column);
        ledger::append(out, was);
    }
}

bool has_other_key(const Tracked& table, const Row& before, const Row& after) {
    return std::any_of(table.columns.begin(), table.columns.end(), [&](const Column& column) {
        return column.is_key && !is_same(column, before, after);
    });
}

// --- Changes -----------------------------------------------------------------------------------------------

// Found by name once, and again when it was made anew.
class Named {
public:
    explicit Named(const char* name) : name_(name) {}

    Oid find() {
        if (!OidIsValid(object_)) {
            object_ = backend(
                [this] { return DatumGetObjectId(DirectFunctionCall1(regclassin, CStringGetDatum(name_))); });
        }
        return object_;
    }
    void forget() { object_ = InvalidOid; }

private:
    const char* name_;
    Oid object_ = InvalidOid;
};

Named open_changes("auxeira.ledger_open");
Named change_ids("auxeira.ledger_change_ids");

ledger::Salt new_salt() {
    constexpr std::size_t salts = 256;
    static ledger::Salt pool[salts];
    static std::size_t used = salts;
    if (used == salts) {
        backend([] {
            if (!pg_strong_random(pool, sizeof pool)) {
                ereport(ERROR,
                        (errcode(ERRCODE_INTERNAL_ERROR), errmsg("there are no random numbers for a salt")));
            }
        });
        used = 0;
    }
    return pool[used++];
}

// A row of auxeira.ledger_open.
class OpenRow {
public:
    enum Column : std::size_t {
        change_id,
        xid,
        at,
        actor_id,
        table_id,
        operation,
        org_id,
        key,
        difference,
        proof,
        request_id,
        trace_id,
        reason,
        columns
    };

    OpenRow() { std::fill(std::begin(nulls_), std::end(nulls_), true); }

    void set(Column column, Datum value) {
        values_[column] = value;
        nulls_[column] = false;
    }
    void set(Column column, std::optional<std::string_view> text) {
        if (text)
            set(column, backend([&] {
                    return PointerGetDatum(cstring_to_text_with_len(text->data(), text->size()));
                }));
    }

    // By the heap alone: the table has neither keys nor indexes nor triggers.
    void store() {
        const Oid table = open_changes.find();
        backend([&] {
            Relation const relation = table_open(table, RowExclusiveLock);
            heap_insert(relation, heap_form_tuple(RelationGetDescr(relation), values_, nulls_),
                        GetCurrentCommandId(true), 0, nullptr);
            table_close(relation, NoLock);
        });
    }

private:
    Datum values_[columns] = {};
    bool nulls_[columns];
};

std::optional<std::string_view> some(const char* text) {
    return *text == '\0' ? std::nullopt : std::optional<std::string_view>(text);
}

struct Change {
    char operation;
    const Row* row; // as it is now, null when it is gone
    const Row& any; // has the key and the organization
    ledger::ByteView difference;
};

ledger::Metadata metadata_of(const Tracked& table, const Change& change, ledger::ByteView key) {
    const Oid sequence = change_ids.find();
    ledger::Metadata metadata;
    metadata.change_id = backend([=] { return nextval_internal(sequence, false); });
    metadata.xid = U64FromFullTransactionId(backend([] { return GetTopFullTransactionId(); }));
    metadata.at = GetCurrentTransactionStartTimestamp();
    metadata.table = table.label;
    metadata.operation = change.operation;
    metadata.key = key;
    metadata.request_id = some(setting_text(Part::request_id));
    metadata.trace_id = some(setting_text(Part::trace_id));
    metadata.reason = some(change_reason());
    return metadata;
}

Datum proof_of(const ledger::Metadata& metadata, std::optional<ledger::ByteView> row) {
    static ledger::Bytes encoded;
    encoded.clear();
    ledger::encode(metadata, encoded);
    const ledger::Salt salt = new_salt();
    const ledger::Hash leaf = ledger::leaf_hash(salt, encoded, row);
    std::array<std::uint8_t, sizeof salt + sizeof leaf> proof;
    std::copy(leaf.begin(), leaf.end(), std::copy(salt.begin(), salt.end(), proof.begin()));
    return bytea_datum(proof);
}

Datum row_proof(const Tracked& table, const ledger::Metadata& metadata, const Row* row) {
    static ledger::Bytes encoded;
    encoded.clear();
    if (row == nullptr) return proof_of(metadata, std::nullopt);
    write_row(encoded, table, *row);
    return proof_of(metadata, encoded);
}

void record(const Tracked& table, const Change& change) {
    static ledger::Bytes key;
    key.clear();
    write_key(key, table, change.any);
    const Actor& actor = current_actor();
    ledger::Metadata metadata = metadata_of(table, change, key);
    put_actor(metadata, actor);
    OpenRow row;
    row.set(OpenRow::change_id, Int64GetDatum(metadata.change_id));
    row.set(OpenRow::xid, UInt64GetDatum(metadata.xid));
    row.set(OpenRow::at, TimestampTzGetDatum(metadata.at));
    row.set(OpenRow::actor_id, Int64GetDatum(actor.id));
    row.set(OpenRow::table_id, Int32GetDatum(table.table_id));
    row.set(OpenRow::operation, CharGetDatum(change.operation));
    const bool has_organization = table.organization != 0 && !change.any.nulls[table.organization - 1];
    if (has_organization) row.set(OpenRow::org_id, change.any.values[table.organization - 1]);
    row.set(OpenRow::key, bytea_datum(key));
    if (!change.difference.empty()) row.set(OpenRow::difference, bytea_datum(change.difference));
    row.set(OpenRow::proof, row_proof(table, metadata, change.row));
    row.set(OpenRow::request_id, metadata.request_id);
    row.set(OpenRow::trace_id, metadata.trace_id);
    row.set(OpenRow::reason, metadata.reason);
    row.store();
}

void record_new(const Tracked& table, char operation, const Row& row) {
    record(table, {operation, &row, row, {}});
}

void record_gone(const Tracked& table, char operation, const Row& row) {
    static ledger::Bytes whole;
    whole.clear();
    write_row(whole, table, row);
    record(table, {operation, nullptr, row, whole});
}

// What has another key is another row.
void record_update(const Tracked& table, const Row& before, const Row& after) {
    if (has_other_key(table, before, after)) {
        record_gone(table, 'D', before);
        return record_new(table, 'I', after);
    }
    static ledger::Bytes difference;
    difference.clear();
    write_difference(difference, table, before, after);
    if (!difference.empty()) record(table, {'U', &after, after, difference});
}

// --- Every row of a table
// ------------------------------------------------------------------------------------

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

template <typename Visit>
void for_each_row(Relation relation, Visit&& visit) {
    struct Scan {
        TableScanDesc scan;
        TupleTableSlot* slot;
    };
    if (relation->rd_rel->relkind != RELKIND_RELATION) {
        refuse(ERRCODE_WRONG_OBJECT_TYPE, "only the rows of an ordinary table can be read for the ledger",
               "auxeira.enable_history() tells what it needs.");
    }
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
        visit(Row{scan.slot->tts_values, scan.slot->tts_isnull});
        MemoryContextReset(memory);
    }
    MemoryContextSwitchTo(callers);
    backend([=] {
        MemoryContextDelete(memory);
        ExecDropSingleTupleTableSlot(scan.slot);
        table_endscan(scan.scan);
    });
}

std::vector<std::string_view> names_argument(FunctionCallInfo fcinfo, int argument) {
    struct Names {
        Datum* values;
        int count;
    };
    const Names found = backend([=] {
        Names names{};
        deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), TEXTOID, -1, false, TYPALIGN_INT, &names.values,
                          nullptr, &names.count);
        return names;
    });
    std::vector<std::string_view> names;
    for (int place = 0; place < found.count; ++place) {
        const text* const name = DatumGetTextPP(found.values[place]);
        names.emplace_back(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
    }
    return names;
}

// Null for a table without history.
const Trigger* history_trigger(Relation relation) {
    const TriggerDesc* const triggers = relation->trigdesc;
    for (int place = 0; triggers != nullptr && place < triggers->numtriggers; ++place)
        if (std::string_view(triggers->triggers[place].tgname) == "auxeira_history")
            return &triggers->triggers[place];
    return nullptr;
}

// The row with no values in some columns.
Row without(const Row& row, TupleDesc shape, const Tracked& table, const std::vector<std::string>& columns) {
    const auto width = static_cast<std::size_t>(shape->natts);
    Row rest = backend([=] { return Row{row.values, static_cast<bool*>(palloc(width * sizeof(bool)))}; });
    std::copy(row.nulls, row.nulls + width, rest.nulls);
    for (const Column& column : table.columns)
        if (std::find(columns.begin(), columns.end(), column.name) != columns.end())
            rest.nulls[column.number - 1] = true;
    return rest;
}

void record_altered(const Tracked& table, const Row& before, const Row& after) {
    static ledger::Bytes difference;
    difference.clear();
    write_difference(difference, table, before, after);
    if (!difference.empty()) record(table, {'A', &after, after, difference});
}

void capture_statement(const TriggerData& data) {
    const Tracked& table = tracked(data.tg_relation, *data.tg_trigger);
    for_each_row(data.tg_relation, [&](const Row& row) { record_gone(table, 'T', row); });
}

void capture_row(const TriggerData& data) {
    const Tracked& table = tracked(data.tg_relation, *data.tg_trigger);
    TupleDesc const shape = RelationGetDescr(data.tg_relation);
    const Row row = deform(data.tg_trigtuple, shape);
    if (TRIGGER_FIRED_BY_INSERT(data.tg_event)) return record_new(table, 'I', row);
    if (TRIGGER_FIRED_BY_DELETE(data.tg_event)) return record_gone(table, 'D', row);
    record_update(table, row, deform(data.tg_newtuple, shape));
}

// --- The row with a key ------------------------------------------------------------------------------------

Row empty_row(TupleDesc shape) {
    return backend([=] {
        const auto columns = static_cast<std::size_t>(shape->natts);
        const Row row = {static_cast<Datum*>(palloc0(columns * sizeof(Datum))),
                         static_cast<bool*>(palloc(columns * sizeof(bool)))};
        std::memset(row.nulls, 1, columns * sizeof(bool));
        return row;
    });
}

Datum value_of_text(const FormData_pg_attribute& attribute, std::string_view characters) {
    return backend([&] {
        Oid input = InvalidOid, parameter = InvalidOid;
        getTypeInputInfo(attribute.atttypid, &input, &parameter);
        char* const text = pnstrdup(characters.data(), characters.size());
        return OidInputFunctionCall(input, text, parameter, attribute.atttypmod);
    });
}

// A row with the key columns alone, whose values are given as texts.
Row key_row(TupleDesc shape, const Tracked& table, const std::vector<std::string_view>& names,
            const std::vector<std::string_view>& texts) {
    const Row row = empty_row(shape);
    for (const Column& column : table.columns) {
        const auto place = std::find(names.begin(), names.end(), column.name) - names.begin();
        if (!column.is_key || static_cast<std::size_t>(place) >= texts.size()) continue;
        row.values[column.number - 1] =
            value_of_text(*TupleDescAttr(shape, column.number - 1), texts[static_cast<std::size_t>(place)]);
        row.nulls[column.number - 1] = false;
    }
    return row;
}

std::vector<KeyColumn> key_columns(const Tracked& table, const Row& row) {
    std::vector<KeyColumn> key;
    for (const Column& column : table.columns)
        if (column.is_key) key.push_back({column.number, row.of(column)});
    return key;
}

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
    for_each_row(relation, [&](const Row& row) {
        const Row rest = without(row, shape, table, columns);
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
        const Tracked& table = tracked(relation, *trigger);
        LatestSnapshot snapshot;
        for_each_row(relation, [&](const Row& row) {
            operation == 'X' ? record_gone(table, operation, row) : record_new(table, operation, row);
            ++rows;
        });
        snapshot.leave();
    }
    backend([=] { table_close(relation, NoLock); });
    return Int64GetDatum(rows);
}

// ledger_live(relation, label, key_columns, secret_columns): every row as the ledger would write it.
AUXEIRA_SQL_FUNCTION(ledger_live) {
    Rows rows(fcinfo);
    const Oid target = PG_GETARG_OID(0);
    Description description{
        0, text_argument(fcinfo, 1), {}, names_argument(fcinfo, 2), names_argument(fcinfo, 3)};
    Relation const relation = backend([=] { return table_open(target, AccessShareLock); });
    const Tracked table = describe(relation, description);
    ledger::Bytes key, whole;
    for_each_row(relation, [&](const Row& row) {
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

// capture_mark(relation, operation, key): the row with the key as it is, or that there is none.
AUXEIRA_SQL_FUNCTION(capture_mark) {
    const Oid target = PG_GETARG_OID(0);
    Relation const relation = backend([=] { return table_open(target, RowShareLock); });
    if (const Trigger* const trigger = history_trigger(relation)) {
        const Tracked& table = tracked(relation, *trigger);
        const Description description = description_of(*trigger);
        const Row key = key_row(RelationGetDescr(relation), table, description.keys, names_argument(fcinfo, 2));
        const std::optional<TupleTableSlot*> found = find_row(relation, key_columns(table, key));
        const Row row = found ? Row{(*found)->tts_values, (*found)->tts_isnull} : key;
        record(table, {PG_GETARG_CHAR(1), found ? &row : nullptr, row, {}});
        if (found) backend([=] { ExecDropSingleTupleTableSlot(*found); });
    }
    backend([=] { table_close(relation, NoLock); });
    return PointerGetDatum(nullptr);
}

// ledger_live_row(relation, label, key_columns, secret_columns, key): the row that has the key.
AUXEIRA_SQL_FUNCTION(ledger_live_row) {
    const Oid target = PG_GETARG_OID(0);
    const std::vector<std::string_view> names = names_argument(fcinfo, 2);
    Relation const relation = backend([=] { return table_open(target, AccessShareLock); });
    TupleDesc const shape = RelationGetDescr(relation);
    const Tracked table =
        describe(relation, {0, text_argument(fcinfo, 1), {}, names, names_argument(fcinfo, 3)});
    Row row = key_row(shape, table, names, names_argument(fcinfo, 4));
    const std::optional<TupleTableSlot*> found = find_row(relation, key_columns(table, row));
    ledger::Bytes key, whole;
    if (found) row = {(*found)->tts_values, (*found)->tts_isnull};
    write_key(key, table, row);
    if (found) write_row(whole, table, row);
    if (found) backend([=] { ExecDropSingleTupleTableSlot(*found); });
    backend([=] { table_close(relation, AccessShareLock); });
    return pair_datum(fcinfo, bytea_datum(key), found ? std::optional(bytea_datum(whole)) : std::nullopt);
}

} // namespace auxeira::functions
