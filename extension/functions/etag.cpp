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
#include "utils/array.h"
#include "utils/snapmgr.h"
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

bool is_among(const pg_uuid_t& id, const ArrayType* list) {
    const auto* const ids = reinterpret_cast<const pg_uuid_t*>(ARR_DATA_PTR(list));
    const int count = ArrayGetNItems(ARR_NDIM(list), ARR_DIMS(list));
    return std::any_of(ids, ids + count,
                       [&](const pg_uuid_t& each) { return std::memcmp(&each, &id, sizeof(id)) == 0; });
}

// What a caller may not read does not show, not even as a change.
ArrayType* visible(const Organization& organization, const EtagSource& source) {
    ArrayType* const all = readable_organizations(source.scope);
    if (!organization.is_named) return all;
    const int count = is_among(organization.id, all) ? 1 : 0;
    return backend([&, count] {
        Datum one = UUIDPGetDatum(&organization.id);
        return construct_array(&one, count, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR);
    });
}

// --- Counting marks --------------------------------------------------------------------------------------

struct Question {
    const char* statement;
    SPIPlanPtr plan;
};

Question holding = {
    "select count(*) from (select from auxeira.change_marks where table_name = $1 and org_id = $2"
    " order by slot for update) held",
    nullptr};
Question counting = {"select count(*) from auxeira.change_marks where table_name = $1 and org_id = $2",
                     nullptr};

int count_marks(Question& question, const std::string& table, const pg_uuid_t& organization) {
    Oid types[] = {TEXTOID, UUIDOID};
    if (question.plan == nullptr) question.plan = prepare_kept(question.statement, 2, types);
    Datum values[] = {text_datum(table), UUIDPGetDatum(&organization)};
    fetch_row(question.plan, values, false);
    return std::atoi(column_text(1));
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

std::optional<std::string> etag_of(const EtagRule& rule, Jsonb* request) {
    const Organization organization = organization_of(rule, request);
    if (!organization.is_readable_text) return std::nullopt;
    ledger::Sha256 hash;
    add(hash, AUXEIRA_VERSION);
    add(hash, rule.function);
    add(hash, {VARDATA(request), VARSIZE(request) - VARHDRSZ});
    add_caller(hash);
    if (rule.is_of_the_day) add(hash, today());
    for (const EtagSource& source : rule.sources)
        add(hash, marks_of(source.table, visible(organization, source)));
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

namespace {

// What others have committed until now, and not when the statement began.
std::optional<std::string> latest_etag(const EtagRule& rule, Jsonb* request) {
    backend([] { PushActiveSnapshot(GetLatestSnapshot()); });
    std::optional<std::string> etag = etag_of(rule, request);
    backend([] { PopActiveSnapshot(); });
    return etag;
}

} // namespace

UpdateGuard::UpdateGuard(const EtagRule& rule, Jsonb* request, std::string_view if_match) : rule_(rule) {
    const Organization organization = organization_of(rule, request);
    if (!organization.is_readable_text || !organization.is_named)
        refuse_change("there is nothing here that If-Match can be compared with");
    organization_ = organization.id;
    // Whoever does not belong there is refused by the function, and holds nobody up.
    const bool is_own = is_among(organization.id, readable_organizations({}));
    if (!is_own && if_match != "*") refuse_change("it has been changed since it was read");
    if (!is_own) return;
    for (const EtagSource& source : rule.sources)
        marks_.push_back(std::max(count_marks(holding, source.table, organization_), 1));
    if (if_match != "*" && !is_listed(*latest_etag(rule, request), if_match))
        refuse_change("it has been changed since it was read");
    // From here on whoever else leaves a mark has to add one.
    for (const EtagSource& source : rule.sources)
        mark_change(source.table, organization_);
}

void UpdateGuard::confirm() {
    for (std::size_t i = 0; i < marks_.size(); ++i)
        if (count_marks(counting, rule_.sources[i].table, organization_) != marks_[i])
            refuse_change("it has been changed at the same time");
}

} // namespace auxeira::functions
