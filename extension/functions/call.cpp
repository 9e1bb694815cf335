// auxeira.call: the one statement of a request. It looks the API function up in the catalogue, resolves who
// is calling and what they may touch, and runs the function as that identity and database role.
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>

#include "functions/settings.hpp"
#include "rejection.hpp"
#include "tenancy/organization_ids.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/uuid.h"
}

namespace auxeira::functions {

namespace {

// --- The catalogue, as this session knows it -------------------------------------------------------------

struct ApiFunction {
    Oid role = InvalidOid;     // the database role the function runs as
    bool needs_session = true; // false: before login
    bool needs_admin = false;
    bool read_only = false;
    int status = 200;          // HTTP status of success
    SPIPlanPtr plan = nullptr; // select auxeira_api.<name>($1)
};

using Catalogue = std::unordered_map<std::string, ApiFunction>;

// Entries live as long as the session, or until the catalogue or a role changes.
Catalogue& catalogue() {
    static Catalogue entries;
    return entries;
}

SPIPlanPtr identity_plan = nullptr;
SPIPlanPtr catalogue_plan = nullptr;
Oid catalogue_relation = InvalidOid;
bool catalogue_changed = false;
int calls_under_way = 0;

// Counts calls inside calls: a plan that an outer one is running must not be freed.
class UnderWay {
public:
    UnderWay() { ++calls_under_way; }
    ~UnderWay() { --calls_under_way; }
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;
};

void note_relation_change([[maybe_unused]] Datum argument, Oid relation) {
    if (relation == InvalidOid || relation == catalogue_relation) catalogue_changed = true;
}

void note_role_change([[maybe_unused]] Datum argument, [[maybe_unused]] int cache,
                      [[maybe_unused]] uint32 hash) {
    catalogue_changed = true;
}

void watch_catalogue() {
    static bool watching = false;
    if (!watching) {
        backend([] {
            CacheRegisterRelcacheCallback(note_relation_change, static_cast<Datum>(0));
            CacheRegisterSyscacheCallback(AUTHOID, note_role_change, static_cast<Datum>(0));
        });
        watching = true;
    }
    if (catalogue_relation == InvalidOid) {
        catalogue_relation = backend([] {
            return DatumGetObjectId(
                DirectFunctionCall1(regclassin, CStringGetDatum("auxeira.api_functions")));
        });
    }
}

void forget_catalogue_if_changed() {
    if (!catalogue_changed || calls_under_way > 1) return;
    for (const auto& entry : catalogue()) {
        SPIPlanPtr const plan = entry.second.plan;
        backend([plan] { SPI_freeplan(plan); });
    }
    catalogue().clear();
    catalogue_relation = InvalidOid; // it may have been dropped and made again
    catalogue_changed = false;
}

// --- Small SPI helpers -----------------------------------------------------------------------------------

SPIPlanPtr prepare_kept(const std::string& statement, int count, Oid* types) {
    const char* const text = statement.c_str();
    return backend([&] {
        SPIPlanPtr const plan = SPI_prepare(text, count, types);
        if (plan == nullptr) {
            ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not prepare \"%s\": %s", text,
                                                                    SPI_result_code_string(SPI_result))));
        }
        SPI_keepplan(plan);
        return plan;
    });
}

// Runs a plan that gives at most one row; true when there is one.
bool fetch_row(SPIPlanPtr plan, Datum* values, bool read_only) {
    return backend([&] {
        const int result = SPI_execute_plan(plan, values, nullptr, read_only, 1);
        if (result < 0) {
            ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                            errmsg("could not execute a plan: %s", SPI_result_code_string(result))));
        }
        return SPI_processed > 0;
    });
}

// One column of the fetched row as text; empty for NULL. Lives until the SPI connection ends.
const char* column_text(int column) {
    return backend([column] {
        const char* const text = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);
        return text != nullptr ? text : "";
    });
}

bool column_is_true(int column) {
    return std::strcmp(column_text(column), "t") == 0;
}

// --- Becoming somebody -----------------------------------------------------------------------------------

// SECURITY_LOCAL_USERID_CHANGE makes SET ROLE and SET SESSION AUTHORIZATION fail, so that there is no way
// back inside the call. An abort puts the old identity back (see AbortTransaction), which is why no
// destructor does.
void become(Oid role) {
    int context = 0;
    Oid current = InvalidOid;
    GetUserIdAndSecContext(&current, &context);
    SetUserIdAndSecContext(role, context | SECURITY_LOCAL_USERID_CHANGE);
}

Oid role_named(const char* name) {
    return backend([name] { return get_role_oid(name, false); });
}

struct Pin {
    const char* name;
    const char* value;
};

// The path keeps operators and casts of our statements from being shadowed (their names are all qualified);
// the zone makes JSON times the same everywhere.
constexpr Pin pins[] = {{"search_path", "pg_catalog, pg_temp"}, {"TimeZone", "UTC"}};

void pin_settings() {
    for (const Pin& pin : pins) {
        const char* const current = backend([&pin] { return GetConfigOption(pin.name, false, false); });
        if (std::strcmp(current, pin.value) == 0) continue;
        set_for_level(pin.name, pin.value);
    }
}

// --- The steps of a call ---------------------------------------------------------------------------------

[[noreturn]] void refuse(int sqlstate, const char* message, const char* hint) {
    backend(
        [=] { ereport(ERROR, (errcode(sqlstate), errmsg_internal("%s", message), errhint("%s", hint))); });
    std::abort(); // ereport does not return
}

const ApiFunction& load_function(const std::string& name) {
    if (catalogue_plan == nullptr) {
        Oid types[] = {TEXTOID};
        catalogue_plan = prepare_kept("select quote_ident(name), required_role, status, is_read_only"
                                      " from auxeira.api_functions where name = $1",
                                      1, types);
    }
    Datum values[] = {backend([&] { return CStringGetTextDatum(name.c_str()); })};
    if (!fetch_row(catalogue_plan, values, true)) {
        throw Rejection(Reason::invalid_value, "unknown API function",
                        {{"function", "\"" + name + "\" is not in auxeira.api_functions"}});
    }
    const std::string quoted_name = column_text(1);
    const std::string role = column_text(2);
    ApiFunction function;
    function.role = role_named(("auxeira_" + role).c_str());
    function.needs_session = role != "anonymous";
    function.needs_admin = role == "admin";
    function.status = std::atoi(column_text(3));
    function.read_only = column_is_true(4);
    Oid types[] = {JSONBOID};
    function.plan = prepare_kept("select auxeira_api." + quoted_name + "($1)::text", 1, types);
    return catalogue().emplace(name, function).first->second;
}

const ApiFunction& function_named(const std::string& name) {
    forget_catalogue_if_changed();
    watch_catalogue();
    const auto found = catalogue().find(name);
    return found != catalogue().end() ? found->second : load_function(name);
}

// A member of the claims as text; empty when absent or not a string.
std::string claim(Jsonb* claims, std::string_view key) {
    JsonbValue value;
    const bool found = backend([&] {
        return JB_ROOT_IS_OBJECT(claims) &&
               getKeyJsonValueFromContainer(&claims->root, key.data(), static_cast<int>(key.size()),
                                            &value) != nullptr &&
               value.type == jbvString;
    });
    return found ? std::string(value.val.string.val, value.val.string.len) : std::string();
}

Datum uuid_datum(const std::string& text) {
    return backend([&] { return DirectFunctionCall1(uuid_in, CStringGetDatum(text.c_str())); });
}

// Reads who the session belongs to and which organizations they may read and write. No row: the session
// was revoked, has expired, or never was.
Identity resolve(const std::string& user, const std::string& session, bool needs_admin) {
    if (identity_plan == nullptr) {
        Oid types[] = {UUIDOID, UUIDOID};
        identity_plan = prepare_kept("select user_id, user_type, session_id, org_id, org_ids,"
                                     " writable_org_ids, is_admin"
                                     " from auxeira.resolve_identity($1, $2)",
                                     2, types);
    }
    Datum values[] = {uuid_datum(user), uuid_datum(session)};
    if (!fetch_row(identity_plan, values, true)) {
        refuse(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, "the session has ended",
               "Log in again, or use the refresh token.");
    }
    Identity identity;
    identity.user_id = column_text(1);
    identity.user_type = column_text(2);
    identity.session_id = column_text(3);
    identity.org_id = column_text(4);
    identity.org_ids = column_text(5);
    identity.writable_org_ids = column_text(6);
    const bool is_admin = column_is_true(7);
    if (needs_admin && !is_admin) {
        refuse(ERRCODE_INSUFFICIENT_PRIVILEGE, "this needs a platform administrator",
               "Ask an administrator of the platform.");
    }
    return identity;
}

Identity caller_of(const ApiFunction& function, Jsonb* claims) {
    if (!function.needs_session) return {};
    const std::string user = claim(claims, "sub");
    const std::string session = claim(claims, "sid");
    if (!tenancy::parse_uuid(user) || !tenancy::parse_uuid(session)) {
        refuse(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, "authentication required", "Log in first.");
    }
    return resolve(user, session, function.needs_admin);
}

Datum answer(FunctionCallInfo fcinfo, int status, const char* body) {
    return backend([&] {
        TupleDesc shape = nullptr;
        if (get_call_result_type(fcinfo, nullptr, &shape) != TYPEFUNC_COMPOSITE) {
            ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("a row is expected")));
        }
        Datum values[] = {Int32GetDatum(status), CStringGetTextDatum(body)};
        bool nulls[] = {false, body == nullptr};
        return HeapTupleGetDatum(heap_form_tuple(shape, values, nulls));
    });
}

// The body must outlive the SPI connection, so it is copied into the caller's memory.
const char* run(const ApiFunction& function, Jsonb* request, MemoryContext callers_memory) {
    Datum values[] = {JsonbPGetDatum(request)};
    fetch_row(function.plan, values, function.read_only);
    const char* text = column_text(1);
    if (*text == '\0') text = "null"; // of JSON, for that of SQL
    return backend([&] { return MemoryContextStrdup(callers_memory, text); });
}

} // namespace

AUXEIRA_SQL_FUNCTION(call) {
    const UnderWay under_way;
    const MemoryContext callers_memory = CurrentMemoryContext;
    Jsonb* const claims = backend([fcinfo] { return PG_GETARG_JSONB_P(0); });
    const char* const name = backend([fcinfo] { return text_to_cstring(PG_GETARG_TEXT_PP(1)); });
    Jsonb* const request = backend([fcinfo] { return PG_GETARG_JSONB_P(2); });

    Oid callers_role = InvalidOid;
    int callers_context = 0;
    GetUserIdAndSecContext(&callers_role, &callers_context);
    const int settings_level = NewGUCNestLevel();

    backend([] { SPI_connect(); });
    pin_settings();
    become(role_named("auxeira_owner"));
    const ApiFunction function = function_named(name);
    Identity caller = caller_of(function, claims);
    const std::string request_id = claim(claims, "requestId");
    caller.request_id = request_id.c_str();
    assume_identity(caller);
    if (response_status() != 0) clear_response_status();
    if (function.read_only) set_for_level("transaction_read_only", "on");
    become(function.role);
    const char* const body = run(function, request, callers_memory);
    // Read before the settings go back: a function may ask for another status, as the health check does.
    const int status = response_status() != 0 ? response_status() : function.status;

    backend([&] {
        SPI_finish();
        AtEOXact_GUC(true, settings_level);
    });
    SetUserIdAndSecContext(callers_role, callers_context);
    return answer(fcinfo, status, body);
}

// Trigger on the catalogue: every session forgets what it knows of it when the change commits.
AUXEIRA_SQL_FUNCTION(api_functions_changed) {
    if (!CALLED_AS_TRIGGER(fcinfo)) {
        refuse(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "api_functions_changed was not called as a trigger",
               "Use it in CREATE TRIGGER only.");
    }
    const auto* const trigger = reinterpret_cast<TriggerData*>(fcinfo->context);
    backend([trigger] { CacheInvalidateRelcache(trigger->tg_relation); });
    return PointerGetDatum(nullptr);
}

} // namespace auxeira::functions
