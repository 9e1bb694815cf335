#include "functions/change_marks.hpp"

#include <cstring>
#include <span>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "functions/ledger_lookup.hpp"
#include "functions/plans.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace auxeira::functions {

namespace {

// --- What this transaction has marked --------------------------------------------------------------------

// In the subtransaction that is current: what one before it has marked may have been undone.
class Marked {
public:
    bool has(std::string_view table, const pg_uuid_t& organization) {
        if (now() != noted_in_) return false;
        if (table == last_table_ && is_same(organization, last_organization_)) return true;
        return keys_.count(key(table, organization)) > 0;
    }

    void add(std::string_view table, const pg_uuid_t& organization) {
        if (std::exchange(noted_in_, now()) != noted_in_) keys_.clear();
        keys_.insert(key(table, organization));
        last_table_ = table;
        last_organization_ = organization;
    }

private:
    using Moment = std::pair<std::uint64_t, SubTransactionId>;

    static Moment now() {
        return {U64FromFullTransactionId(GetTopFullTransactionIdIfAny()), GetCurrentSubTransactionId()};
    }

    static bool is_same(const pg_uuid_t& one, const pg_uuid_t& other) {
        return std::memcmp(&one, &other, sizeof(pg_uuid_t)) == 0;
    }

    static std::string key(std::string_view table, const pg_uuid_t& organization) {
        std::string key(reinterpret_cast<const char*>(&organization), sizeof(pg_uuid_t));
        return key.append(table);
    }

    // No transaction has the number 0, so that nothing is marked before the first.
    Moment noted_in_{0, InvalidSubTransactionId};
    std::unordered_set<std::string> keys_;
    std::string last_table_; // of the row before, which most rows are like
    pg_uuid_t last_organization_{};
};

Marked& marked() {
    static Marked marks;
    return marks;
}

// --- Marking ---------------------------------------------------------------------------------------------

// A row that nobody holds gets a new mark; when there is none, one is added. An organization that this
// transaction removes has marks no more.
constexpr const char* marking =
    "with free as materialized (select m.slot from auxeira.change_marks m"
    " where m.table_name = $1 and m.org_id = $2 limit 1 for no key update skip locked),"
    " marked as (update auxeira.change_marks m set mark = gen_random_uuid()"
    " where m.table_name = $1 and m.org_id = $2 and m.slot = (select free.slot from free) returning 1)"
    " insert into auxeira.change_marks (table_name, org_id) select $1, o.org_id from auxeira.organizations o"
    " where o.org_id = $2 and not exists (select from marked)";
constexpr const char* marking_all =
    "update auxeira.change_marks m set mark = gen_random_uuid() where m.table_name = $1";

// With a snapshot of now: under the one of a repeatable-read transaction, a mark that somebody has left since
// would be an error.
void execute(SPIPlanPtr plan, Datum* values) {
    backend([&] {
        const int result =
            SPI_execute_snapshot(plan, values, nullptr, GetLatestSnapshot(), InvalidSnapshot, false, true, 0);
        if (result < 0) {
            ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                            errmsg("could not execute a plan: %s", SPI_result_code_string(result))));
        }
    });
}

// Marks are nobody's to touch, so the owner leaves them.
void execute_as_owner(SPIPlanPtr& plan, const char* statement, std::span<Datum> values) {
    Oid types[] = {TEXTOID, UUIDOID};
    backend([] { SPI_connect(); });
    AsOwner owner;
    if (plan == nullptr) plan = prepare_kept(statement, static_cast<int>(values.size()), types);
    execute(plan, values.data());
    owner.leave();
    backend([] { SPI_finish(); });
}

void mark_all(const std::string& table) {
    static SPIPlanPtr plan = nullptr;
    Datum values[] = {text_datum(table)};
    execute_as_owner(plan, marking_all, values);
}

// --- Reading ---------------------------------------------------------------------------------------------

// Columns of auxeira.change_marks, whose key is organization, table, slot.
constexpr int mark_attribute = 4;

struct MarkScan {
    Relation table, index;
    IndexScanDesc scan;
    TupleTableSlot* row;
};

MarkScan begin_scan() {
    const Oid relation = get_relname_relid("change_marks", get_namespace_oid("auxeira", false));
    Relation const table = table_open(relation, AccessShareLock);
    Relation const index = index_open(RelationGetPrimaryKeyIndex(table), AccessShareLock);
    return {table, index, index_beginscan(table, index, GetActiveSnapshot(), 2, 0),
            table_slot_create(table, nullptr)};
}

void end_scan(const MarkScan& marks) {
    ExecDropSingleTupleTableSlot(marks.row);
    index_endscan(marks.scan);
    index_close(marks.index, AccessShareLock);
    table_close(marks.table, AccessShareLock);
}

void append_marks(StringInfo text, const MarkScan& marks, ScanKeyData* keys) {
    index_rescan(marks.scan, keys, 2, nullptr, 0);
    while (index_getnext_slot(marks.scan, ForwardScanDirection, marks.row)) {
        bool is_null = false;
        const Datum mark = slot_getattr(marks.row, mark_attribute, &is_null);
        appendBinaryStringInfo(text, reinterpret_cast<const char*>(DatumGetUUIDP(mark)), sizeof(pg_uuid_t));
    }
}

// --- The trigger -----------------------------------------------------------------------------------------

void mark_columns(const TriggerData& data, HeapTuple row, const std::string& table) {
    const std::span columns(data.tg_trigger->tgargs + 1,
                            static_cast<std::size_t>(data.tg_trigger->tgnargs - 1));
    for (const char* const column : columns) {
        bool is_null = false;
        const Datum value = backend([&] {
            TupleDesc const shape = RelationGetDescr(data.tg_relation);
            return SPI_getbinval(row, shape, SPI_fnumber(shape, column), &is_null);
        });
        if (is_null) continue;
        const pg_uuid_t& organization = *DatumGetUUIDP(value);
        if (!marked().has(table, organization)) mark_change(table, organization);
    }
}

} // namespace

void mark_change(const std::string& table, const pg_uuid_t& organization) {
    static SPIPlanPtr plan = nullptr;
    Datum values[] = {text_datum(table), UUIDPGetDatum(&organization)};
    execute_as_owner(plan, marking, values);
    marked().add(table, organization);
}

// Without the executor, which would take as long as everything else that a 304 needs.
std::string_view marks_of(std::string_view table, const ArrayType* organizations) {
    const int count = ArrayGetNItems(ARR_NDIM(organizations), ARR_DIMS(organizations));
    auto* const ids = reinterpret_cast<pg_uuid_t*>(ARR_DATA_PTR(organizations));
    StringInfo const text = backend([] { return makeStringInfo(); });
    const MarkScan marks = backend([] { return begin_scan(); });
    const Datum name = backend([table] {
        return PointerGetDatum(cstring_to_text_with_len(table.data(), static_cast<int>(table.size())));
    });
    for (int i = 0; i < count; ++i) {
        ScanKeyData keys[] = {equality(marks.index, 0, UUIDPGetDatum(ids + i)),
                              equality(marks.index, 1, name)};
        backend([&] { append_marks(text, marks, keys); });
    }
    backend([&] { end_scan(marks); });
    return {text->data, static_cast<std::size_t>(text->len)};
}

bool is_marking_trigger(Oid function) {
    const char* const name = get_func_name(function);
    const Oid schema = get_func_namespace(function);
    return name != nullptr && std::strcmp(name, "mark_changes") == 0 &&
           std::strcmp(get_namespace_name(schema), "auxeira") == 0;
}

AUXEIRA_SQL_FUNCTION(is_change_marked) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) PG_RETURN_BOOL(true);
    const text* const table = backend([fcinfo] { return PG_GETARG_TEXT_PP(0); });
    const std::string_view name(VARDATA_ANY(table), VARSIZE_ANY_EXHDR(table));
    PG_RETURN_BOOL(marked().has(name, *PG_GETARG_UUID_P(1)));
}

AUXEIRA_SQL_FUNCTION(mark_changes) {
    if (!CALLED_AS_TRIGGER(fcinfo)) {
        refuse(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "mark_changes was not called as a trigger",
               "Use it in CREATE TRIGGER only.");
    }
    const auto& data = *reinterpret_cast<const TriggerData*>(fcinfo->context);
    if (data.tg_trigger->tgnargs < 2 || !TRIGGER_FIRED_AFTER(data.tg_event)) {
        refuse(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
               "mark_changes needs a table and its columns, after a change",
               "Make the trigger with auxeira.mark_changes_of.");
    }
    const std::string table = data.tg_trigger->tgargs[0];
    if (!TRIGGER_FIRED_FOR_ROW(data.tg_event)) {
        mark_all(table);
        return PointerGetDatum(nullptr);
    }
    mark_columns(data, data.tg_trigtuple, table);
    if (TRIGGER_FIRED_BY_UPDATE(data.tg_event)) mark_columns(data, data.tg_newtuple, table);
    return PointerGetDatum(nullptr);
}

} // namespace auxeira::functions
