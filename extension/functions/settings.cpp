#include "functions/settings.hpp"

#include <cstdlib>
#include <cstring>

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

SettingValue user_id;
SettingValue user_type;
SettingValue session_id;
SettingValue org_id;
SettingValue org_ids;
SettingValue writable_org_ids;
SettingValue request_id;
int missing_policy = 0;
int status = 0;

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
}

struct IdentitySetting {
    const char* name;
    const char* description;
    const char* Identity::*member;
    SettingValue* value;
    GucStringCheckHook check;
    GucStringAssignHook assign;
};

constexpr IdentitySetting identity_settings[] = {
    {"auxeira.user_id", "The user a call runs for.", &Identity::user_id, &user_id, check_id,
     assign_ids<user_id>},
    {"auxeira.user_type", "The type of that user.", &Identity::user_type, &user_type, nullptr, nullptr},
    {"auxeira.session_id", "The login session a call belongs to.", &Identity::session_id, &session_id,
     check_id, assign_ids<session_id>},
    {"auxeira.org_id", "The active organization.", &Identity::org_id, &org_id, check_id, assign_ids<org_id>},
    {"auxeira.org_ids", "The organizations whose rows may be read.", &Identity::org_ids, &org_ids, check_ids,
     assign_ids<org_ids>},
    {"auxeira.writable_org_ids", "The organizations whose rows may be written.", &Identity::writable_org_ids,
     &writable_org_ids, check_ids, assign_ids<writable_org_ids>},
    {"auxeira.request_id", "The id of the request, for records and logs.", &Identity::request_id, &request_id,
     nullptr, nullptr},
};

// An empty setting means nobody: NULL for one id, no organizations for a list.
Datum one_id(FunctionCallInfo fcinfo, const SettingValue& value) {
    if (value.parsed == nullptr || ARR_DIMS(value.parsed)[0] == 0) PG_RETURN_NULL();
    auto* const copy = backend([] { return static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t))); });
    std::memcpy(copy, ARR_DATA_PTR(value.parsed), sizeof(pg_uuid_t));
    PG_RETURN_UUID_P(copy);
}

// A copy, because the setting can change while the value is still in use.
Datum id_list(const SettingValue& value) {
    if (value.parsed == nullptr || ARR_DIMS(value.parsed)[0] == 0) {
        return backend([] { return PointerGetDatum(construct_empty_array(UUIDOID)); });
    }
    const size_t size = VARSIZE(value.parsed);
    void* const copy = backend([size] { return palloc(size); });
    std::memcpy(copy, value.parsed, size);
    return PointerGetDatum(copy);
}

} // namespace

void define_settings() {
    for (const IdentitySetting& setting : identity_settings) {
        DefineCustomStringVariable(setting.name, setting.description, nullptr, &setting.value->text, "",
                                   PGC_SUSET, 0, setting.check, setting.assign, nullptr);
    }
    DefineCustomEnumVariable("auxeira.sse_missing_policy", "What a missing component does to an SSE score.",
                             "reweight: the others carry its weight; zero: it counts as nought.",
                             &missing_policy, 0, missing_policies, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("auxeira.response_status", "The HTTP status an API function asks for.",
                            "0: the usual one of the function.", &status, 0, 0, 599, PGC_USERSET, 0, nullptr,
                            nullptr, nullptr);
    MarkGUCPrefixReserved("auxeira");
}

void set_for_level(const char* name, const char* value) {
    backend(
        [=] { set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false); });
}

void assume_identity(const Identity& identity) {
    for (const IdentitySetting& setting : identity_settings) {
        set_for_level(setting.name, identity.*setting.member);
    }
}

const char* sse_missing_policy() {
    return missing_policies[missing_policy].name;
}

int response_status() {
    return status;
}

void clear_response_status() {
    set_for_level("auxeira.response_status", "0");
}

AUXEIRA_SQL_FUNCTION(user_id) {
    return one_id(fcinfo, user_id);
}
AUXEIRA_SQL_FUNCTION(own_user_type) {
    if (user_type.text == nullptr || *user_type.text == '\0') PG_RETURN_NULL();
    return backend([] { return CStringGetTextDatum(user_type.text); });
}

AUXEIRA_SQL_FUNCTION(session_id) {
    return one_id(fcinfo, session_id);
}
AUXEIRA_SQL_FUNCTION(org_id) {
    return one_id(fcinfo, org_id);
}
AUXEIRA_SQL_FUNCTION(readable_org_ids) {
    return id_list(org_ids);
}
AUXEIRA_SQL_FUNCTION(writable_org_ids) {
    return id_list(writable_org_ids);
}

} // namespace auxeira::functions
