#include "functions/etag.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "boundary/sqlstate.hpp"
#include "functions/change_marks.hpp"
#include "functions/plans.hpp"
#include "functions/settings.hpp"
#include "ledger/sha256.hpp"
#include "tenancy/organization_ids.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/timestamp.h"
}

namespace auxeira::functions {

namespace {

constexpr std::size_t etag_bytes = 16;

bool find_member(Jsonb* object, std::string_view name, JsonbValue& value) {
    return backend([&] {
        return JB_ROOT_IS_OBJECT(object) &&
               getKeyJsonValueFromContainer(&object->root, name.data(), static_cast<int>(name.size()),
                                            &value) != nullptr;
    });
}

// --- Whose rows ------------------------------------------------------------------------------------------

struct Organization {
    bool is_named = false; // by the request, or the active one; or else all that the caller may read
    bool is_readable_text = true;
    pg_uuid_t id{};
};

Organization organization_of(const EtagRule& rule, Jsonb* request) {
    if (rule.concerns.empty()) return {};
    std::string text = rule.concerns == "active" ? "" : text_member(request, rule.concerns);
    if (text.empty()) text = setting_text(Part::org_id);
    const auto id = tenancy::parse_uuid(text);
    Organization organization{true, id.has_value(), {}};
    if (id) std::memcpy(&organization.id, id->data(), sizeof(organization.id));
    return organization;
}

// --- Marks -----------------------------------------------------------------------------------------------

// What a caller may not read does not show, not even as a change.
std::string visible_marks(const EtagSource& source, bool one_organization) {
    return "auxeira.change_marks where table_name = $1 and org_id = any (auxeira.readable_org_ids(" +
           std::string(source.scope.empty() ? "" : "$2") + "))" +
           (one_organization ? " and org_id = $3" : "");
}

enum class Question { marks, hold, count };

std::string statement_of(Question question, const EtagSource& source, bool one_organization) {
    const std::string from = visible_marks(source, one_organization);
    if (question == Question::marks)
        return "select string_agg(mark::text, '' order by org_id, slot) from " + from;
    if (question == Question::count) return "select count(*) from " + from;
    return "select count(*) from (select from " + from + " order by org_id, slot for update) held";
}

// One plan for each form that the statement can have.
SPIPlanPtr plan_of(Question question, const EtagSource& source, bool one_organization) {
    static SPIPlanPtr plans[3][2][2];
    SPIPlanPtr& plan =
        plans[static_cast<std::size_t>(question)][source.scope.empty() ? 0 : 1][one_organization ? 1 : 0];
    Oid types[] = {TEXTOID, TEXTOID, UUIDOID};
    if (plan == nullptr) plan = prepare_kept(statement_of(question, source, one_organization), 3, types);
    return plan;
}

const char* ask(Question question, const EtagSource& source, const Organization& organization,
                bool read_only) {
    Datum values[] = {text_datum(source.table), text_datum(source.scope), UUIDPGetDatum(&organization.id)};
    fetch_row(plan_of(question, source, organization.is_named), values, read_only);
    return column_text(1);
}

// --- The hash --------------------------------------------------------------------------------------------

// Each part with its end, so that two sequences of parts are never one text.
void add(ledger::Sha256& hash, std::string_view part) {
    const std::string length = std::to_string(part.size()) + ':';
    hash.add(ledger::bytes_of(length)).add(ledger::bytes_of(part));
}

// The session is not a part: another login of the same user sees the same.
void add_caller(ledger::Sha256& hash) {
    for (std::size_t part = 0; part < parts_of_user; ++part)
        if (static_cast<Part>(part) != Part::session_id) add(hash, setting_text(static_cast<Part>(part)));
}

std::string today() {
    return std::to_string(GetCurrentTransactionStartTimestamp() / USECS_PER_DAY);
}

[[noreturn]] void refuse_change(const char* message) {
    refuse(precondition_sqlstate, message, "Read it again, and repeat the change if it is still wanted.");
}

} // namespace

std::vector<EtagSource> read_sources(std::string_view sources) {
    std::vector<EtagSource> list;
    while (!sources.empty()) {
        const std::string_view entry = sources.substr(0, sources.find(','));
        sources.remove_prefix(std::min(entry.size() + 1, sources.size()));
        const std::size_t colon = entry.find(':');
        list.push_back({std::string(entry.substr(0, colon)), std::string(entry.substr(colon + 1))});
    }
    return list;
}

std::string text_member(Jsonb* object, std::string_view name) {
    JsonbValue value;
    if (!find_member(object, name, value) || value.type != jbvString) return {};
    return std::string(value.val.string.val, value.val.string.len);
}

Jsonb* only_member(Jsonb* object, std::string_view name) {
    JsonbValue value;
    const bool found = find_member(object, name, value);
    return backend([&] {
        JsonbParseState* state = nullptr;
        JsonbValue key{};
        key.type = jbvString;
        key.val.string.val = const_cast<char*>(name.data());
        key.val.string.len = static_cast<int>(name.size());
        pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
        if (found) pushJsonbValue(&state, WJB_KEY, &key);
        if (found) pushJsonbValue(&state, WJB_VALUE, &value);
        return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr));
    });
}

std::optional<std::string> etag_of(const EtagRule& rule, Jsonb* request, bool read_only) {
    const Organization organization = organization_of(rule, request);
    if (!organization.is_readable_text) return std::nullopt;
    ledger::Sha256 hash;
    add(hash, AUXEIRA_VERSION);
    add(hash, rule.function);
    add(hash, {VARDATA(request), VARSIZE(request) - VARHDRSZ});
    add_caller(hash);
    if (rule.is_of_the_day) add(hash, today());
    for (const EtagSource& source : rule.sources)
        add(hash, ask(Question::marks, source, organization, read_only));
    const ledger::Hash whole = hash.finish();
    return ledger::hex(ledger::ByteView(whole).first(etag_bytes));
}

bool is_listed(std::string_view etag, std::string_view list) {
    while (!list.empty()) {
        const std::string_view entry = list.substr(0, list.find(','));
        if (entry == etag) return true;
        list.remove_prefix(std::min(entry.size() + 1, list.size()));
    }
    return false;
}

UpdateGuard::UpdateGuard(const EtagRule& rule, Jsonb* request, std::string_view if_match) : rule_(rule) {
    const Organization organization = organization_of(rule, request);
    if (!organization.is_readable_text || !organization.is_named)
        refuse_change("there is nothing here that If-Match can be compared with");
    organization_ = organization.id;
    for (const EtagSource& source : rule.sources)
        marks_.push_back(std::max(count_marks(source, true), 1));
    if (if_match != "*" && !is_listed(*etag_of(rule, request, false), if_match))
        refuse_change("it has been changed since it was read");
    // From here on whoever else leaves a mark has to add one.
    for (const EtagSource& source : rule.sources)
        mark_change(source.table, organization_);
}

void UpdateGuard::confirm() {
    for (std::size_t i = 0; i < marks_.size(); ++i)
        if (count_marks(rule_.sources[i], false) != marks_[i])
            refuse_change("it has been changed at the same time");
}

int UpdateGuard::count_marks(const EtagSource& source, bool and_hold) const {
    const Organization organization{true, true, organization_};
    return std::atoi(ask(and_hold ? Question::hold : Question::count, source, organization, false));
}

} // namespace auxeira::functions
