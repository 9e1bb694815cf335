// Event triggers: commands that alter tables with history. The columns that one drops, adds, renames or gives
// another type are changes of the rows, and are written as such; a row's history then has the columns it had.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "functions/ledger_capture.hpp"
#include "functions/plans.hpp"

extern "C" {
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_type.h"
#include "commands/event_trigger.h"
#include "nodes/parsenodes.h"
#include "parser/parse_type.h"
#include "tcop/cmdtag.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
}

namespace auxeira::functions {

namespace {

using Names = std::vector<std::string>;

// What a command does to columns of one table.
struct Alteration {
    Oid relation = InvalidOid;
    Names go, come;             // retyped and renamed ones are in both
    Names renamed;              // by their old names
    std::vector<Oid> relatives; // which it makes parents or children
    bool triggers = false;
    bool loses_form = false; // as an ordinary table that outlives a crash
    bool is_of_note = false;
};

Oid relation_of(const RangeVar* name) {
    return name == nullptr ? InvalidOid : backend([=] { return RangeVarGetRelid(name, NoLock, true); });
}

bool is_about_triggers(AlterTableType type) {
    return type >= AT_EnableTrig && type <= AT_DisableTrigUser;
}

// That a trigger is always fired is as it should be.
void add(Alteration& alteration, const AlterTableCmd& command) {
    if (command.subtype == AT_EnableAlwaysTrig) return;
    alteration.is_of_note = true;
    switch (command.subtype) {
    case AT_DropColumn:
        return alteration.go.emplace_back(command.name), void();
    case AT_AddColumn:
        return alteration.come.emplace_back(reinterpret_cast<const ColumnDef*>(command.def)->colname), void();
    case AT_AlterColumnType:
        alteration.go.emplace_back(command.name);
        return alteration.come.emplace_back(command.name), void();
    case AT_AddInherit:
        alteration.relatives.push_back(relation_of(reinterpret_cast<const RangeVar*>(command.def)));
        alteration.loses_form = true;
        return;
    case AT_AttachPartition:
        alteration.relatives.push_back(relation_of(reinterpret_cast<const PartitionCmd*>(command.def)->name));
        return;
    case AT_AddOf:
    case AT_SetUnLogged:
        alteration.loses_form = true;
        return;
    default:
        alteration.triggers = alteration.triggers || is_about_triggers(command.subtype);
    }
}

Alteration alteration_of(const AlterTableStmt& statement) {
    Alteration alteration;
    alteration.relation = relation_of(statement.relation);
    for (int place = 0; place < list_length(statement.cmds); ++place)
        add(alteration, *static_cast<const AlterTableCmd*>(list_nth(statement.cmds, place)));
    return alteration;
}

Alteration alteration_of(const RenameStmt& statement) {
    Alteration alteration;
    if (statement.renameType != OBJECT_COLUMN) return alteration;
    alteration.relation = relation_of(statement.relation);
    alteration.go = alteration.renamed = {statement.subname};
    alteration.come = {statement.newname};
    alteration.is_of_note = true;
    return alteration;
}

Alteration alteration_of(const CreateStmt& statement) {
    Alteration alteration;
    for (int place = 0; place < list_length(statement.inhRelations); ++place)
        alteration.relatives.push_back(
            relation_of(static_cast<const RangeVar*>(list_nth(statement.inhRelations, place))));
    return alteration;
}

Alteration alteration_of(const Node* statement) {
    if (IsA(statement, CreateStmt)) return alteration_of(*reinterpret_cast<const CreateStmt*>(statement));
    if (IsA(statement, AlterTableStmt))
        return alteration_of(*reinterpret_cast<const AlterTableStmt*>(statement));
    if (IsA(statement, RenameStmt)) return alteration_of(*reinterpret_cast<const RenameStmt*>(statement));
    return {};
}

// Of a table that the caller may alter: what they may not is refused by the server, and waits for no lock.
std::optional<History> history_to_alter(Oid relation) {
    const bool is_table =
        OidIsValid(relation) && backend([=] { return get_rel_relkind(relation); }) == RELKIND_RELATION;
    const bool may_alter = is_table && backend([=] { return pg_class_ownercheck(relation, GetUserId()); });
    return may_alter ? history_of(relation) : std::nullopt;
}

bool meet(const Names& a, const Names& b) {
    return std::any_of(a.begin(), a.end(),
                       [&](const std::string& name) { return std::ranges::find(b, name) != b.end(); });
}

void refuse_what_history_cannot_follow(const Alteration& alteration, const History& history) {
    Names special = history.secrets;
    special.push_back(history.organization);
    special.push_back(history.exempt);
    const char* const hint = "End its history with auxeira.disable_history(), and begin it anew afterwards.";
    if (meet(alteration.go, history.keys))
        refuse(ERRCODE_FEATURE_NOT_SUPPORTED, "the key of a table with history cannot be altered", hint);
    if (meet(alteration.renamed, special))
        refuse(ERRCODE_FEATURE_NOT_SUPPORTED,
               "a column that the history of a table depends on cannot be renamed", hint);
    if (alteration.loses_form)
        refuse(ERRCODE_FEATURE_NOT_SUPPORTED,
               "a table with history cannot inherit, be of a type, or be unlogged", hint);
}

void refuse_relatives(const Alteration& alteration) {
    for (const Oid relative : alteration.relatives)
        if (history_to_alter(relative))
            refuse(ERRCODE_FEATURE_NOT_SUPPORTED,
                   "a table with history cannot be part of a hierarchy of tables",
                   "Keep its rows in one ordinary table, or end its history with auxeira.disable_history().");
}

// A column that is to be added unless it is there, and is there, does not come.
void leave_out_present(Alteration& alteration) {
    std::erase_if(alteration.come, [&](const std::string& name) {
        const bool is_there =
            backend([&] { return get_attnum(alteration.relation, name.c_str()); }) != InvalidAttrNumber;
        return is_there && std::ranges::find(alteration.go, name) == alteration.go.end();
    });
}

// Commands that change what the values of a type are written as: labels, fields, the name.
bool changes_values(const Node* statement) {
    if (IsA(statement, AlterEnumStmt))
        return reinterpret_cast<const AlterEnumStmt*>(statement)->oldVal != nullptr;
    if (IsA(statement, AlterTableStmt))
        return reinterpret_cast<const AlterTableStmt*>(statement)->objtype == OBJECT_TYPE;
    if (IsA(statement, AlterObjectSchemaStmt)) {
        const ObjectType type = reinterpret_cast<const AlterObjectSchemaStmt*>(statement)->objectType;
        return type == OBJECT_TYPE || type == OBJECT_DOMAIN || type == OBJECT_EXTENSION;
    }
    if (!IsA(statement, RenameStmt)) return false;
    const ObjectType type = reinterpret_cast<const RenameStmt*>(statement)->renameType;
    return type == OBJECT_TYPE || type == OBJECT_ATTRIBUTE || type == OBJECT_SCHEMA;
}

// The forms of the types of all columns with history, as one text: labels by their order, fields, names.
std::string forms_of_types() {
    static SPIPlanPtr plan = nullptr;
    backend([] { SPI_connect(); });
    AsOwner owner;
    if (plan == nullptr) plan = prepare_kept("select auxeira.ledger_forms()", 0, nullptr);
    fetch_row(plan, nullptr, false);
    std::string forms = column_text(1);
    owner.leave();
    backend([] { SPI_finish(); });
    return forms;
}

// Before the command that runs; empty when it changes no type. Commands of event triggers are not nested.
std::string& forms_before() {
    static std::string forms;
    return forms;
}

const EventTriggerData& event_of(FunctionCallInfo fcinfo) {
    if (!CALLED_AS_EVENT_TRIGGER(fcinfo)) {
        refuse(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED, "not called as an event trigger",
               "It is one of the ledger's event triggers that call it.");
    }
    return *reinterpret_cast<const EventTriggerData*>(fcinfo->context);
}

// By the command that runs.
struct Moving {
    Names go, come;
};
Moving& moving_columns() {
    static Moving columns;
    return columns;
}

} // namespace

void note_event(const char* event, std::int32_t table_id) {
    static SPIPlanPtr plan = nullptr;
    Oid types[] = {TEXTOID, INT4OID};
    backend([] { SPI_connect(); });
    AsOwner owner;
    if (plan == nullptr)
        plan = prepare_kept(
            "insert into auxeira.ledger_events (event, table_id, detail) "
            "values ($1, nullif($2, 0), jsonb_build_object('command', left(current_query(), 2000)))",
            2, types);
    Datum values[] = {text_datum(event), Int32GetDatum(table_id)};
    fetch_row(plan, values, false);
    owner.leave();
    backend([] { SPI_finish(); });
}

AUXEIRA_SQL_FUNCTION(ledger_before_command) {
    const EventTriggerData& event = event_of(fcinfo);
    moving_columns() = {};
    forms_before() = changes_values(event.parsetree) ? forms_of_types() : std::string();
    Alteration alteration = alteration_of(event.parsetree);
    refuse_relatives(alteration);
    if (const auto history = history_to_alter(alteration.relation)) {
        refuse_what_history_cannot_follow(alteration, *history);
        if (!alteration.go.empty()) capture_columns(alteration.relation, alteration.go, Columns::go);
        leave_out_present(alteration);
        moving_columns() = {alteration.go, alteration.come};
    }
    return PointerGetDatum(nullptr);
}

AUXEIRA_SQL_FUNCTION(ledger_after_command) {
    const EventTriggerData& event = event_of(fcinfo);
    if (!forms_before().empty() && changes_values(event.parsetree) && forms_of_types() != forms_before()) {
        refuse(ERRCODE_FEATURE_NOT_SUPPORTED,
               "a type that a table with history has values of cannot be altered so",
               "Give the columns another type first, or end the history with auxeira.disable_history().");
    }
    const Alteration alteration = alteration_of(event.parsetree);
    if (const auto history = history_to_alter(alteration.relation)) {
        const Names& come = moving_columns().come;
        if (!come.empty()) capture_columns(alteration.relation, come, Columns::come);
        if (alteration.is_of_note) note_event(alteration.triggers ? "triggers" : "alter", history->table_id);
    }
    return PointerGetDatum(nullptr);
}

// Whether the command that runs named the column as one that goes, so that its values are in the ledger.
AUXEIRA_SQL_FUNCTION(ledger_was_named) {
    const auto* const name = backend([fcinfo] { return PG_GETARG_TEXT_PP(0); });
    const std::string_view text(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
    const Names& go = moving_columns().go;
    return BoolGetDatum(std::ranges::find(go, text) != go.end());
}

} // namespace auxeira::functions
