#include "functions/ledger_tracked.hpp"

#include <algorithm>
#include <cstdlib>
#include <unordered_map>
#include <utility>

#include "functions/plans.hpp"

extern "C" {
#include "utils/inval.h"
}

namespace auxeira::functions {

namespace {

// By relation. Forgotten when a relation changes.
std::unordered_map<Oid, Tracked>& tracked_tables() {
    static std::unordered_map<Oid, Tracked> tables;
    return tables;
}
bool tables_changed = false;

void note_change(Datum, Oid) {
    tables_changed = true;
}

bool is_among(const std::vector<std::string_view>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// Of a table whose change is captured.
const Trigger& trigger_of(Relation relation) {
    const Trigger* const trigger = history_trigger(relation);
    if (trigger == nullptr || trigger->tgnargs < 4) {
        refuse(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
               "the triggers that write the history of the table are not whole",
               "auxeira.disable_history() and auxeira.enable_history() make them anew.");
    }
    return *trigger;
}

} // namespace

const Trigger* history_trigger(Relation relation) {
    const TriggerDesc* const triggers = relation->trigdesc;
    for (int place = 0; triggers != nullptr && place < triggers->numtriggers; ++place)
        if (std::string_view(triggers->triggers[place].tgname) == "auxeira_history_insert")
            return &triggers->triggers[place];
    return nullptr;
}

// The number of the table, its label, the columns of the organization and of exemption, then one for each
// column that is special: "key NAME" or "secret NAME".
Description description_of(const Trigger& trigger) {
    char** const arguments = trigger.tgargs;
    Description description{
        static_cast<std::int16_t>(std::atoi(arguments[0])), arguments[1], arguments[2], arguments[3], {}, {}};
    for (int place = 4; place < trigger.tgnargs; ++place) {
        const std::string_view text = arguments[place];
        if (text.starts_with("key ")) description.keys.push_back(text.substr(4));
        if (text.starts_with("secret ")) description.secrets.push_back(text.substr(7));
    }
    return description;
}

Tracked describe(Relation relation, const Description& description) {
    Tracked table{description.table_id, std::string(description.label), {}, {}, {}};
    TupleDesc const shape = RelationGetDescr(relation);
    for (int place = 0; place < shape->natts; ++place) {
        const FormData_pg_attribute& attribute = *TupleDescAttr(shape, place);
        if (attribute.attisdropped) continue;
        const std::string_view name = NameStr(attribute.attname);
        if (name == description.org_column) table.organization = attribute.attnum;
        if (name == description.exempt_column) table.exempt = attribute.attnum;
        table.columns.push_back({std::string(name), attribute.attnum, encoded_type(attribute.atttypid),
                                 is_among(description.keys, name), is_among(description.secrets, name)});
    }
    std::sort(table.columns.begin(), table.columns.end(),
              [](const TrackedColumn& a, const TrackedColumn& b) { return a.name < b.name; });
    return table;
}

const Tracked& tracked(Relation relation) {
    static bool listening = false;
    if (!listening) backend([] { CacheRegisterRelcacheCallback(note_change, static_cast<Datum>(0)); });
    listening = true;
    if (tables_changed) tracked_tables().clear();
    tables_changed = false;
    const auto known = tracked_tables().find(RelationGetRelid(relation));
    if (known != tracked_tables().end()) return known->second;
    Tracked table = describe(relation, description_of(trigger_of(relation)));
    return tracked_tables().emplace(RelationGetRelid(relation), std::move(table)).first->second;
}

} // namespace auxeira::functions
