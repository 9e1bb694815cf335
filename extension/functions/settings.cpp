#include "functions/settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "functions/plans.hpp"
#include "rejection.hpp"
#include "tenancy/organization_ids.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/guc.h"
#include "utils/uuid.h"
}

namespace auxeira::functions {

namespace {

using tenancy::Uuid;

static_assert(sizeof(Uuid) == UUID_LEN);

// The parsed form of a list setting: a ready uuid[] value, made once when the setting changes.
struct SettingValue {
    char* text = nullptr;
    ArrayType* parsed = nullptr;
};

SettingValue values[parts];
unsigned long assignments = 0;
SettingValue bound_user;
int missing_policy = 0;
int status = 0;
char* reason = nullptr;
char* key_file = nullptr;
char* witness_file = nullptr;

constexpr config_enum_entry missing_policies[] = {
    {"reweight", 0, false}, {"zero", 1, false}, {nullptr, 0, false}};

// The settings machinery frees what a check hook hands over with free() before PostgreSQL 16.
void* setting_memory(size_t size) {
#if PG_VERSION_NUM >= 160000
    return guc_malloc(LOG, size);
#else
    return std::malloc(size);
#endif
}

void setting_memory_free(void* memory) {
#if PG_VERSION_NUM >= 160000
    guc_free(memory);
#else
    std::free(memory);
#endif
}

bool check_ids(char** text, void** extra, [[maybe_unused]] GucSource source) {
    const std::string_view list(*text);
    const size_t capacity = tenancy::capacity_for(list);
    const size_t size = ARR_OVERHEAD_NONULLS(1) + capacity * sizeof(Uuid);
    auto* const array = static_cast<ArrayType*>(setting_memory(size));
    if (array == nullptr) return false;
    std::memset(array, 0, size);
    array->ndim = 1;
    array->elemtype = UUIDOID;
    const auto count = tenancy::parse_ids(
        list, reinterpret_cast<Uuid*>(reinterpret_cast<char*>(array) + ARR_OVERHEAD_NONULLS(1)));
    if (!count) {
        setting_memory_free(array);
        GUC_check_errdetail("A list of UUIDs separated by commas is expected.");
        return false;
    }
    ARR_DIMS(array)[0] = static_cast<int>(*count);
    ARR_LBOUND(array)[0] = 1;
    SET_VARSIZE(array, size);
    *extra = array;
    return true;
}

bool check_id(char** text, void** extra, GucSource source) {
    if (tenancy::capacity_for(*text) > 1) {
        GUC_check_errdetail("One UUID is expected.");
        return false;
    }
    return check_ids(text, extra, source);
}

template <SettingValue& value>
void assign_ids([[maybe_unused]] const char* text, void* extra) {
    value.parsed = static_cast<ArrayType*>(extra);
    ++assignments;
}

struct IdentitySetting {
    const char* name;
    const char* description;
    GucStringCheckHook check;
    GucStringAssignHook assign;
};

constexpr std::size_t index_of(Part part) {
    return static_cast<std::size_t>(part);
}

template <Part part>
constexpr GucStringAssignHook assign_part = assign_ids<values[index_of(part)]>;

// In the order of Part.
constexpr IdentitySetting identity_settings[] = {
    {"auxeira.user_id", "The user a call runs for.", check_id, assign_part<Part::user_id>},
    {"auxeira.user_type", "The type of that user.", nullptr, nullptr},
    {"auxeira.session_id", "The login session a call belongs to.", check_id, assign_part<Part::session_id>},
    {"auxeira.org_id", "The active organization.", check_id, assign_part<Part::org_id>},
    {"auxeira.org_ids", "The organizations whose rows may be read.", check_ids, assign_part<Part::org_ids>},
    {"auxeira.writable_org_ids", "The organizations whose rows may be written.", check_ids,
     assign_part<Part::writable_org_ids>},
    {"auxeira.managed_org_ids", "The organizations that may be administered.", check_ids,
     assign_part<Part::managed_org_ids>},
    {"auxeira.owned_org_ids", "The organizations that are owned.", check_ids,
     assign_part<Part::owned_org_ids>},
    {"auxeira.profile_org_ids", "Other organizations whose profile may be read.", check_ids,
     assign_part<Part::profile_org_ids>},
    {"auxeira.scores_org_ids", "Other organizations whose scores may be read.", check_ids,
     assign_part<Part::scores_org_ids>},
    {"auxeira.metrics_org_ids", "Other organizations whose metrics may be read.", check_ids,
     assign_part<Part::metrics_org_ids>},
    {"auxeira.documents_org_ids", "Other organizations whose documents may be read.", check_ids,
     assign_part<Part::documents_org_ids>},
    {"auxeira.request_id", "The id of the request, for records and logs.", nullptr, nullptr},
    {"auxeira.client_address", "The address of the client, for records.", nullptr, nullptr},
    {"auxeira.user_agent", "The program of the client, for records.", nullptr, nullptr},
    {"auxeira.trace_id", "The trace that the request is a part of, for records.", nullptr, nullptr},
};
static_assert(std::size(identity_settings) == parts);

const SettingValue& value_of(Part part) {
    return values[index_of(part)];
}

// An empty setting means nobody: NULL for one id, no organizations for a list.
Datum one_id(FunctionCallInfo fcinfo, const SettingValue& value) {
    if (value.parsed == nullptr || ARR_DIMS(value.parsed)[0] == 0) PG_RETURN_NULL();
    auto* const copy = backend([] { return static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t))); });
    std::memcpy(copy, ARR_DATA_PTR(value.parsed), sizeof(pg_uuid_t));
    PG_RETURN_UUID_P(copy);
}

int count_of(const SettingValue& value) {
    return value.parsed == nullptr ? 0 : ARR_DIMS(value.parsed)[0];
}

void append(ArrayType* list, int& filled, const SettingValue& value) {
    const int count = count_of(value);
    if (count == 0) return;
    auto* const ids = reinterpret_cast<Uuid*>(ARR_DATA_PTR(list));
    std::memcpy(ids + filled, ARR_DATA_PTR(value.parsed), static_cast<std::size_t>(count) * sizeof(Uuid));
    filled += count;
}

// One or two lists as one uuid[].
ArrayType* joined(const SettingValue& first, const SettingValue* second) {
    const int count = count_of(first) + (second == nullptr ? 0 : count_of(*second));
    if (count == 0) return backend([] { return construct_empty_array(UUIDOID); });
    const size_t size = ARR_OVERHEAD_NONULLS(1) + static_cast<size_t>(count) * sizeof(Uuid);
    auto* const list = backend([size] { return static_cast<ArrayType*>(palloc0(size)); });
    SET_VARSIZE(list, size);
    list->ndim = 1;
    list->elemtype = UUIDOID;
    ARR_DIMS(list)[0] = count;
    ARR_LBOUND(list)[0] = 1;
    int filled = 0;
    append(list, filled, first);
    if (second != nullptr) append(list, filled, *second);
    return list;
}

// What a place in a plan got last: a policy that is a filter asks for every row.
struct Answered {
    unsigned long assignments;
    const SettingValue* second;
    ArrayType* list;
};

// The list lives as long as the place in the plan, because a setting can change while it is in use.
Datum id_list(FunctionCallInfo fcinfo, const SettingValue& first, const SettingValue* second = nullptr) {
    auto* answered = static_cast<Answered*>(fcinfo->flinfo->fn_extra);
    if (answered == nullptr || answered->assignments != assignments || answered->second != second) {
        const MemoryContext callers_memory = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
        answered = backend([] { return static_cast<Answered*>(palloc(sizeof(Answered))); });
        *answered = {assignments, second, joined(first, second)};
        MemoryContextSwitchTo(callers_memory);
        fcinfo->flinfo->fn_extra = answered;
    }
    return PointerGetDatum(answered->list);
}

// What policies ask for: organizations of the user's own, or all of those and the ones that opened a scope.
struct List {
    std::string_view name;
    Part own;
    bool has_scope = false;
    Part scope = own;
};

constexpr List lists[] = {{"readable", Part::org_ids},
                          {"writable", Part::writable_org_ids},
                          {"managed", Part::managed_org_ids},
                          {"owned", Part::owned_org_ids},
                          {"profile", Part::org_ids, true, Part::profile_org_ids},
                          {"scores", Part::org_ids, true, Part::scores_org_ids},
                          {"metrics", Part::org_ids, true, Part::metrics_org_ids},
                          {"documents", Part::org_ids, true, Part::documents_org_ids}};

const List* list_named(std::string_view name) {
    const auto* const found = std::find_if(std::begin(lists), std::end(lists),
                                           [name](const List& list) { return list.name == name; });
    return found != std::end(lists) ? found : nullptr;
}

int count_of(const List& list) {
    return count_of(value_of(list.own)) + (list.has_scope ? count_of(value_of(list.scope)) : 0);
}

const SettingValue& value_of_scope(std::string_view name) {
    const List* const list = list_named(name);
    if (list != nullptr && list->has_scope) return value_of(list->scope);
    throw Rejection(Reason::invalid_value, "unknown scope",
                    {{"scope", "must be profile, scores, metrics or documents"}});
}

std::string_view text_argument(FunctionCallInfo fcinfo) {
    const text* const argument = backend([fcinfo] { return PG_GETARG_TEXT_PP(0); });
    return {VARDATA_ANY(argument), VARSIZE_ANY_EXHDR(argument)};
}

void set_text(const char* name, const std::string& text, GucAction action) {
    const char* const value = text.c_str();
    backend([=] { set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, action, true, 0, false); });
}

// Most parts are what they were: empty, or those of the statement before.
bool is_set(std::size_t part, const std::string& text) {
    return values[part].text != nullptr && text == values[part].text;
}

} // namespace

void define_settings() {
    for (std::size_t part = 0; part < parts; ++part) {
        const IdentitySetting& setting = identity_settings[part];
        DefineCustomStringVariable(setting.name, setting.description, nullptr, &values[part].text, "",
                                   PGC_SUSET, 0, setting.check, setting.assign, nullptr);
    }
    DefineCustomStringVariable("auxeira.bound_user_id", "The user an SQL login acts for.",
                               "Set for a login by auxeira.bind_login.", &bound_user.text, "", PGC_SUSET, 0,
                               check_id, assign_ids<bound_user>, nullptr);
    DefineCustomEnumVariable("auxeira.sse_missing_policy", "What a missing component does to an SSE score.",
                             "reweight: the others carry its weight; zero: it counts as nought.",
                             &missing_policy, 0, missing_policies, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("auxeira.response_status", "The HTTP status an API function asks for.",
                            "0: the usual one of the function.", &status, 0, 0, 599, PGC_USERSET, 0, nullptr,
                            nullptr, nullptr);
    DefineCustomStringVariable("auxeira.reason", "Why what follows is done, for the ledger.",
                               "Set by auxeira.set_reason(), or SET LOCAL.", &reason, "", PGC_USERSET, 0,
                               nullptr, nullptr, nullptr);
    DefineCustomStringVariable("auxeira.ledger_key_file",
                               "The file of the key that signs heads of the ledger.",
                               "Ed25519: PEM, or the 32 bytes of a seed. Best outside the data directory.",
                               &key_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, nullptr, nullptr, nullptr);
    DefineCustomStringVariable("auxeira.ledger_witness_file",
                               "The file that every signed head of the ledger is added to.",
                               "Outside the data directory, where it survives what happens to that.",
                               &witness_file, "", PGC_SUSET, 0, nullptr, nullptr, nullptr);
    MarkGUCPrefixReserved("auxeira");
}

void set_for_level(const char* name, const char* value) {
    set_text(name, value, GUC_ACTION_SAVE);
}

void assume_identity(const Identity& identity) {
    for (std::size_t part = 0; part < parts; ++part) {
        if (!is_set(part, identity.texts[part]))
            set_text(identity_settings[part].name, identity.texts[part], GUC_ACTION_SAVE);
    }
}

void keep_identity(const Identity& identity) {
    for (std::size_t part = 0; part < parts_of_user; ++part) {
        if (!is_set(part, identity.texts[part]))
            set_text(identity_settings[part].name, identity.texts[part], GUC_ACTION_SET);
    }
}

ArrayType* readable_organizations(std::string_view scope) {
    return joined(value_of(Part::org_ids), scope.empty() ? nullptr : &value_of_scope(scope));
}

const char* setting_text(Part part) {
    const char* const text = value_of(part).text;
    return text == nullptr ? "" : text;
}

unsigned long identity_assignments() {
    return assignments;
}

unsigned lists_of_several() {
    unsigned several = 0;
    for (std::size_t list = 0; list < std::size(lists); ++list)
        if (count_of(lists[list]) > 1) several |= 1U << list;
    return several;
}

const char* bound_user_id() {
    return bound_user.text == nullptr ? "" : bound_user.text;
}

const char* sse_missing_policy() {
    return missing_policies[missing_policy].name;
}

const char* change_reason() {
    return reason;
}

const char* ledger_key_file() {
    return key_file;
}

const char* ledger_witness_file() {
    return witness_file;
}

int response_status() {
    return status;
}

void clear_response_status() {
    set_for_level("auxeira.response_status", "0");
}

AUXEIRA_SQL_FUNCTION(user_id) {
    return one_id(fcinfo, value_of(Part::user_id));
}
AUXEIRA_SQL_FUNCTION(own_user_type) {
    const char* const type = value_of(Part::user_type).text;
    if (type == nullptr || *type == '\0') PG_RETURN_NULL();
    return backend([type] { return CStringGetTextDatum(type); });
}

AUXEIRA_SQL_FUNCTION(session_id) {
    return one_id(fcinfo, value_of(Part::session_id));
}
AUXEIRA_SQL_FUNCTION(org_id) {
    return one_id(fcinfo, value_of(Part::org_id));
}
AUXEIRA_SQL_FUNCTION(readable_org_ids) {
    return id_list(fcinfo, value_of(Part::org_ids));
}
AUXEIRA_SQL_FUNCTION(readable_org_ids_in) {
    return id_list(fcinfo, value_of(Part::org_ids), &value_of_scope(text_argument(fcinfo)));
}
AUXEIRA_SQL_FUNCTION(writable_org_ids) {
    return id_list(fcinfo, value_of(Part::writable_org_ids));
}
AUXEIRA_SQL_FUNCTION(managed_org_ids) {
    return id_list(fcinfo, value_of(Part::managed_org_ids));
}
AUXEIRA_SQL_FUNCTION(owned_org_ids) {
    return id_list(fcinfo, value_of(Part::owned_org_ids));
}

AUXEIRA_SQL_FUNCTION(only_org_id) {
    const List* const list = list_named(text_argument(fcinfo));
    if (list == nullptr) {
        throw Rejection(Reason::invalid_value, "unknown list of organizations",
                        {{"list", "must be readable, writable, managed, owned or a scope"}});
    }
    if (count_of(*list) > 1) {
        refuse(ERRCODE_T_R_SERIALIZATION_FAILURE, "rights have changed since the statement was planned",
               "Repeat the transaction.");
    }
    const SettingValue& own = value_of(list->own);
    return one_id(fcinfo, count_of(own) == 1 ? own : value_of(list->scope));
}

const char* list_read_by(PGFunction function, const char* scope) {
    struct Reader {
        PGFunction function;
        const char* list;
    };
    const Reader readers[] = {{auxeira_readable_org_ids, "readable"},
                              {auxeira_readable_org_ids_in, scope},
                              {auxeira_writable_org_ids, "writable"},
                              {auxeira_managed_org_ids, "managed"},
                              {auxeira_owned_org_ids, "owned"}};
    for (const Reader& reader : readers)
        if (reader.function == function) return reader.list;
    return nullptr;
}

bool has_only_one(const char* list) {
    const List* const found = list_named(list);
    return found != nullptr && count_of(*found) == 1;
}

} // namespace auxeira::functions
