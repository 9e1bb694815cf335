#include "functions/bulk_insert.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "functions/change_marks.hpp"

extern "C" {
#include "access/genam.h"
#include "access/hio.h"
#include "access/nbtree.h"
#include "access/sysattr.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_am.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "nodes/makefuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parser.h"
#include "rewrite/prs2lock.h"
#include "rewrite/rewriteManip.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace auxeira::functions {

namespace {

std::string statement_text(const char* table, std::span<const BulkInsert::Column> columns) {
    std::string names, values;
    for (std::size_t j = 0; j < columns.size(); ++j) {
        const char* const comma = j == 0 ? "" : ", ";
        names += std::string(comma) + columns[j].name;
        values += std::string(comma) + "$" + std::to_string(j + 1) + columns[j].cast;
    }
    return std::string("insert into ") + table + " (" + names + ") select " + values;
}

ParamListInfo parameters_of(std::span<const BulkInsert::Column> columns) {
    ParamListInfo parameters = makeParamList(static_cast<int>(columns.size()));
    for (std::size_t j = 0; j < columns.size(); ++j) {
        const BulkInsert::Column& column = columns[j];
        const bool is_null = column.varies || column.is_null;
        parameters->params[j] = {is_null ? Datum{0} : column.value, is_null, PARAM_FLAG_CONST, column.type};
    }
    return parameters;
}

[[noreturn]] void refuse_table(const char* why) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("rows cannot be stored in bulk"),
                    errdetail_internal("%s", why), errhint("Store them with an INSERT of your own.")));
    pg_unreachable();
}

PlannedStmt* plan_of(const char* text, std::span<const BulkInsert::Column> columns,
                     ParamListInfo parameters) {
    Oid* const types = static_cast<Oid*>(palloc(columns.size() * sizeof(Oid)));
    for (std::size_t j = 0; j < columns.size(); ++j)
        types[j] = columns[j].type;
    List* const parsed = pg_parse_query(text);
    List* const queries = pg_analyze_and_rewrite_fixedparams(linitial_node(RawStmt, parsed), text, types,
                                                             static_cast<int>(columns.size()), nullptr);
    if (list_length(queries) != 1 || linitial_node(Query, queries)->commandType != CMD_INSERT)
        refuse_table("The table has a rule.");
    return pg_plan_query(linitial_node(Query, queries), text, 0, parameters);
}

List* insert_into_indexes(ResultRelInfo* target, TupleTableSlot* slot, EState* estate) {
#if PG_VERSION_NUM >= 160000
    return ExecInsertIndexTuples(target, slot, estate, false, false, nullptr, NIL, false);
#else
    return ExecInsertIndexTuples(target, slot, estate, false, false, nullptr, NIL);
#endif
}

bool is_taken(ResultRelInfo* target, TupleTableSlot* slot, EState* estate, List* index) {
    ItemPointerData conflict;
    ItemPointerSetInvalid(&conflict);
#if PG_VERSION_NUM >= 180000
    ItemPointerData itself;
    ItemPointerSetInvalid(&itself);
    return !ExecCheckIndexConstraints(target, slot, estate, &conflict, &itself, index);
#else
    return !ExecCheckIndexConstraints(target, slot, estate, &conflict, index);
#endif
}

IndexScanDesc begin_scan(Relation table, Relation index, Snapshot snapshot, int keys) {
#if PG_VERSION_NUM >= 180000
    return index_beginscan(table, index, snapshot, nullptr, keys, 0);
#else
    return index_beginscan(table, index, snapshot, keys, 0);
#endif
}

ExprState** check_expressions(ResultRelInfo* target) {
#if PG_VERSION_NUM >= 180000
    return target->ri_CheckConstraintExprs;
#else
    return target->ri_ConstraintExprs;
#endif
}

// A condition of a search of an index, by the rules of the index.
void set_key(ScanKey key, Relation index, int column, StrategyNumber strategy, Datum value) {
    const Oid family = index->rd_opfamily[column];
    const Oid type = index->rd_opcintype[column];
    const RegProcedure function = get_opcode(get_opfamily_member(family, type, type, strategy));
    ScanKeyEntryInitialize(key, 0, static_cast<AttrNumber>(column + 1), strategy, type,
                           index->rd_indcollation[column], function, value);
}

// A primary key has columns only, none of them NULL.
Datum key_of(TupleTableSlot* slot, Relation index, int column) {
    bool is_null = false;
    return slot_getattr(slot, index->rd_index->indkey.values[column], &is_null);
}

bool fires(const Trigger& trigger) {
    return trigger.tgenabled != TRIGGER_DISABLED &&
           TRIGGER_TYPE_MATCHES(trigger.tgtype, TRIGGER_TYPE_ROW, TRIGGER_TYPE_AFTER, TRIGGER_TYPE_INSERT);
}

} // namespace

BulkInsert::BulkInsert(const char* table, std::span<const Column> columns) {
    const std::string statement = statement_text(table, columns);
    const char* const text = statement.c_str();
    backend([=, this] {
        // As every command of a volatile function it sees what came before it.
        CommandCounterIncrement();
        PushActiveSnapshot(GetTransactionSnapshot());
        start(text, columns);
    });
}

void BulkInsert::add(const Datum* values, const bool* nulls) {
    backend([=, this] { put(values, nulls); });
}

std::int64_t BulkInsert::finish() {
    backend([this] { end(); });
    return stored_;
}

// --- The statement ---------------------------------------------------------------------------------------

void BulkInsert::start(const char* text, std::span<const Column> columns) {
    ParamListInfo const parameters = parameters_of(columns);
    PlannedStmt* const plan = plan_of(text, columns, parameters);
    query_ = CreateQueryDesc(plan, pstrdup(text), GetActiveSnapshot(), InvalidSnapshot, None_Receiver,
                             parameters, nullptr, 0);
    ExecutorStart(query_, 0);
    if (!IsA(query_->planstate, ModifyTableState)) refuse_table("The table is not one of this server alone.");
    auto* const statement = castNode(ModifyTableState, query_->planstate);
    estate_ = query_->estate;
    target_ = statement->resultRelInfo;
    source_ = outerPlanState(statement);
    transition_ = statement->mt_transition_capture;
    if (relation()->rd_rel->relkind != RELKIND_RELATION) refuse_table("It is not an ordinary table.");
    const MemoryContext callers_memory = MemoryContextSwitchTo(estate_->es_query_cxt);
    ExecOpenIndices(target_, true);
    bulk_ = GetBulkInsertState();
    // Pages stay in the shared buffers, as those of any INSERT: in the small ring of COPY each page would
    // wait for the log to be flushed before its place is used again.
    FreeAccessStrategy(bulk_->strategy);
    bulk_->strategy = nullptr;
    find_varying(columns);
    find_primary_key();
    fresh_defaults_ = contain_volatile_functions(reinterpret_cast<Node*>(source_->plan->targetlist));
    // What a trigger or a default looks up must be in the table already.
    batch_ = has_trigger(&TriggerDesc::trig_insert_before_row) || fresh_defaults_ ? 1 : longest_batch;
    checks_policies_ = target_->ri_WithCheckOptions != NIL;
    ExecBSInsertTriggers(estate_, target_);
    MemoryContextSwitchTo(callers_memory);
}

void BulkInsert::find_varying(std::span<const Column> columns) {
    for (const Column& column : columns) {
        if (!column.varies) continue;
        if (varying_count_ == most_varying) elog(ERROR, "too many columns that vary");
        const AttrNumber attribute = get_attnum(table(), column.name);
        attributes_[varying_count_++] = attribute;
        varying_ = bms_add_member(varying_, attribute - FirstLowInvalidHeapAttributeNumber);
    }
    const TupleDesc row = RelationGetDescr(relation());
    for (int j = 0; j < row->natts; ++j) {
        if (TupleDescAttr(row, j)->attgenerated == '\0') continue;
        varying_ = bms_add_member(varying_, j + 1 - FirstLowInvalidHeapAttributeNumber);
    }
}

void BulkInsert::find_primary_key() {
    for (int j = 0; j < target_->ri_NumIndices; ++j) {
        const Relation index = target_->ri_IndexRelationDescs[j];
        if (index->rd_index->indisprimary && index->rd_index->indimmediate) primary_key_ = index;
    }
}

void BulkInsert::end() {
    flush();
    ExecASInsertTriggers(estate_, target_, transition_);
    FreeBulkInsertState(bulk_);
    table_finish_bulk_insert(relation(), 0);
    ExecutorFinish(query_);
    ExecutorEnd(query_);
    FreeQueryDesc(query_);
    PopActiveSnapshot();
}

bool BulkInsert::has_trigger(bool TriggerDesc::*kind) const {
    return target_->ri_TrigDesc != nullptr && target_->ri_TrigDesc->*kind;
}

// --- A row -----------------------------------------------------------------------------------------------

void BulkInsert::put(const Datum* values, const bool* nulls) {
    ResetPerTupleExprContext(estate_);
    const MemoryContext callers_memory = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate_));
    TupleTableSlot* const slot = fill(values, nulls);
    if (prepare(slot)) {
        ExecMaterializeSlot(slot);
        ++filled_;
    }
    if (filled_ == batch_) flush();
    MemoryContextSwitchTo(callers_memory);
}

TupleTableSlot* BulkInsert::fill(const Datum* values, const bool* nulls) {
    TupleTableSlot* const slot = empty_slot();
    const TupleTableSlot* const row = source_row();
    const auto width = static_cast<std::size_t>(slot->tts_tupleDescriptor->natts);
    std::memcpy(slot->tts_values, row->tts_values, width * sizeof(Datum));
    std::memcpy(slot->tts_isnull, row->tts_isnull, width * sizeof(bool));
    for (int j = 0; j < varying_count_; ++j) {
        slot->tts_values[attributes_[j] - 1] = values[j];
        slot->tts_isnull[attributes_[j] - 1] = nulls[j];
    }
    return ExecStoreVirtualTuple(slot);
}

TupleTableSlot* BulkInsert::empty_slot() {
    TupleTableSlot*& slot = slots_[filled_];
    if (slot != nullptr) return ExecClearTuple(slot);
    const MemoryContext row_memory = MemoryContextSwitchTo(estate_->es_query_cxt);
    slot = table_slot_create(relation(), &estate_->es_tupleTable);
    MemoryContextSwitchTo(row_memory);
    return slot;
}

// The columns that do not vary, with the defaults of those that the statement does not name.
const TupleTableSlot* BulkInsert::source_row() {
    if (constants_ != nullptr && !fresh_defaults_) return constants_;
    if (constants_ != nullptr) ExecReScan(source_);
    constants_ = ExecProcNode(source_);
    slot_getallattrs(constants_);
    if (!fresh_defaults_) ExecMaterializeSlot(constants_);
    return constants_;
}

// Everything that comes before storing, in the order of an INSERT. False when a trigger left the row out.
bool BulkInsert::prepare(TupleTableSlot* slot) {
    slot->tts_tableOid = RelationGetRelid(relation());
    const TupleConstr* const constraints = RelationGetDescr(relation())->constr;
    if (has_trigger(&TriggerDesc::trig_insert_before_row) && !ExecBRInsertTriggers(estate_, target_, slot))
        return false;
    if (constraints != nullptr && constraints->has_generated_stored)
        ExecComputeStoredGenerated(target_, estate_, slot, CMD_INSERT);
    if (checks_policies_) ExecWithCheckOptions(WCO_RLS_INSERT_CHECK, target_, slot, estate_);
    if (constraints != nullptr) ExecConstraints(target_, slot, estate_);
    if (relation()->rd_rel->relispartition) ExecPartitionCheck(target_, slot, estate_, true);
    if (!settled_) settle_constants();
    return true;
}

// --- What the first row decides --------------------------------------------------------------------------

// Of a row that triggers may change, no column is constant.
void BulkInsert::settle_constants() {
    settled_ = true;
    if (has_trigger(&TriggerDesc::trig_insert_before_row) || fresh_defaults_) return;
    settle_policies();
    settle_checks();
}

bool BulkInsert::varies(Node* expression, Index table) const {
    Bitmapset* used = nullptr;
    pull_varattnos(expression, table, &used);
    const bool whole_row = bms_is_member(-FirstLowInvalidHeapAttributeNumber, used);
    return whole_row || bms_overlap(used, varying_) || contain_volatile_functions(expression) ||
           contain_subplans(expression);
}

bool BulkInsert::varies(AttrNumber attribute) const {
    return bms_is_member(attribute - FirstLowInvalidHeapAttributeNumber, varying_);
}

void BulkInsert::settle_policies() {
    ListCell* cell = nullptr;
    bool settled = true;
    foreach (cell, target_->ri_WithCheckOptions)
        settled = settled && !varies(lfirst_node(WithCheckOption, cell)->qual, target_->ri_RangeTableIndex);
    if (settled) checks_policies_ = false;
}

// The server takes a missing expression for one that holds.
void BulkInsert::settle_checks() {
    const TupleConstr* const constraints = RelationGetDescr(relation())->constr;
    ExprState** const expressions = check_expressions(target_);
    if (constraints == nullptr || expressions == nullptr) return;
    for (int j = 0; j < constraints->num_check; ++j) {
        auto* const condition = static_cast<Node*>(stringToNode(constraints->check[j].ccbin));
        if (!varies(condition, 1)) expressions[j] = nullptr;
    }
}

// Whether the check of a foreign key can only repeat what it said of the row before. A deferred one may find
// that the row which it was asked about is gone.
bool BulkInsert::is_settled_key(const Trigger& trigger) const {
    if (RI_FKey_trigger_type(trigger.tgfoid) != RI_TRIGGER_FK || trigger.tgdeferrable) return false;
    ListCell* cell = nullptr;
    foreach (cell, RelationGetFKeyList(relation())) {
        const auto* const key = static_cast<const ForeignKeyCacheInfo*>(lfirst(cell));
        if (key->conoid != trigger.tgconstraint) continue;
        return std::none_of(key->conkey, key->conkey + key->nkeys,
                            [this](AttrNumber attribute) { return varies(attribute); });
    }
    return false;
}

// Whether all rows would leave the mark that the first one leaves.
bool BulkInsert::is_settled_mark(const Trigger& trigger) const {
    if (!is_marking_trigger(trigger.tgfoid) || trigger.tgqual == nullptr) return false;
    return !varies(static_cast<Node*>(stringToNode(trigger.tgqual)), PRS2_NEW_VARNO);
}

// Whether the condition of a trigger does not hold for this row, nor for any other.
bool BulkInsert::never_fires(const Trigger& trigger, TupleTableSlot* row) const {
    if (trigger.tgqual == nullptr) return false;
    auto* const condition = static_cast<Node*>(stringToNode(trigger.tgqual));
    if (varies(condition, PRS2_NEW_VARNO)) return false;
    ChangeVarNodes(condition, PRS2_NEW_VARNO, OUTER_VAR, 0);
    ExprContext* const context = GetPerTupleExprContext(estate_);
    context->ecxt_outertuple = row;
    List* const conditions = make_ands_implicit(reinterpret_cast<Expr*>(condition));
    return !ExecQual(ExecPrepareQual(conditions, estate_), context);
}

// After the first row is queued for them. Another trigger could remove that row before they look.
void BulkInsert::settle_triggers(TupleTableSlot* row) {
    TriggerDesc* const triggers = target_->ri_TrigDesc;
    if (triggers == nullptr || !triggers->trig_insert_after_row || batch_ == 1) return;
    const std::span all(triggers->triggers, static_cast<std::size_t>(triggers->numtriggers));
    const bool all_settled = std::all_of(all.begin(), all.end(), [=, this](const Trigger& trigger) {
        return !fires(trigger) || is_settled_key(trigger) || is_settled_mark(trigger) ||
               never_fires(trigger, row);
    });
    if (all_settled) triggers->trig_insert_after_row = false;
}

// --- A batch ---------------------------------------------------------------------------------------------

void BulkInsert::flush() {
    if (filled_ == 0) return;
    const MemoryContext callers_memory = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate_));
    if (may_have_duplicates()) drop_duplicates();
    if (filled_ > 0) store();
    filled_ = 0;
    // Lets the log writer write what there is, before this session has to for want of space in the log's
    // buffers.
    XLogSetAsyncXactLSN(XactLastRecEnd);
    MemoryContextSwitchTo(callers_memory);
    ResetPerTupleExprContext(estate_);
}

void BulkInsert::store() {
    table_multi_insert(relation(), slots_, filled_, estate_->es_output_cid, 0, bulk_);
    for (int j = 0; j < filled_; ++j) {
        TupleTableSlot* const slot = slots_[j];
        List* const recheck = target_->ri_NumIndices > 0 ? insert_into_indexes(target_, slot, estate_) : NIL;
        ExecARInsertTriggers(estate_, target_, slot, recheck, transition_);
        if (stored_++ == 0) settle_triggers(slot);
        ExecClearTuple(slot);
    }
}

// Whether the primary key, or an entry of it that is no longer alive, has anything between the least and the
// greatest key of the batch.
bool BulkInsert::may_have_duplicates() const {
    if (primary_key_ == nullptr) return false;
    if (!ends_in_series()) return true;
    const int last = primary_key_->rd_index->indnkeyatts - 1;
    FmgrInfo* const compare =
        index_getprocinfo(primary_key_, static_cast<AttrNumber>(last + 1), BTORDER_PROC);
    const Oid collation = primary_key_->rd_indcollation[last];
    Datum least = key_of(slots_[0], primary_key_, last), greatest = least;
    for (int j = 1; j < filled_; ++j) {
        const Datum key = key_of(slots_[j], primary_key_, last);
        if (DatumGetInt32(FunctionCall2Coll(compare, collation, key, least)) < 0) least = key;
        if (DatumGetInt32(FunctionCall2Coll(compare, collation, key, greatest)) > 0) greatest = key;
    }
    return is_in_use(least, greatest);
}

// Whether all columns of the primary key but the last are the same throughout the batch.
bool BulkInsert::ends_in_series() const {
    const FormData_pg_index* const key = primary_key_->rd_index;
    const int16* const attributes = key->indkey.values;
    const int last = key->indnkeyatts - 1;
    return primary_key_->rd_rel->relam == BTREE_AM_OID &&
           (batch_ == 1 || std::none_of(attributes, attributes + last,
                                        [this](AttrNumber attribute) { return varies(attribute); }));
}

bool BulkInsert::is_in_use(Datum least, Datum greatest) const {
    const int last = primary_key_->rd_index->indnkeyatts - 1;
    ScanKeyData keys[INDEX_MAX_KEYS + 1];
    for (int j = 0; j < last; ++j)
        set_key(&keys[j], primary_key_, j, BTEqualStrategyNumber, key_of(slots_[0], primary_key_, j));
    set_key(&keys[last], primary_key_, last, BTGreaterEqualStrategyNumber, least);
    set_key(&keys[last + 1], primary_key_, last, BTLessEqualStrategyNumber, greatest);
    SnapshotData everything;
    InitDirtySnapshot(everything);
    IndexScanDesc const scan = begin_scan(relation(), primary_key_, &everything, last + 2);
    index_rescan(scan, keys, last + 2, nullptr, 0);
    const bool found = index_getnext_tid(scan, ForwardScanDirection) != nullptr;
    index_endscan(scan);
    return found;
}

void BulkInsert::drop_duplicates() {
    List* const arbiter = list_make1_oid(RelationGetRelid(primary_key_));
    int kept = 0;
    for (int j = 0; j < filled_; ++j) {
        if (is_taken(target_, slots_[j], estate_, arbiter)) continue;
        std::swap(slots_[kept++], slots_[j]);
    }
    filled_ = kept;
}

} // namespace auxeira::functions
