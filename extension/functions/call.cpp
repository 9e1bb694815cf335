// auxeira.call: the one statement of a request. It looks the API function up in the catalogue, resolves who
// is calling and what they may touch, and runs the function as that identity and database role.
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "boundary/sqlstate.hpp"
#include "functions/etag.hpp"
#include "functions/plans.hpp"
#include "functions/replay.hpp"
#include "functions/rights.hpp"
#include "functions/settings.hpp"
#include "rejection.hpp"
#include "tenancy/organization_ids.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "access/xlogrecovery.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "funcapi.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/pg_lsn.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
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
    int status = 200;             // HTTP status of success
    std::string area;             // what scopes of API keys speak of
    std::optional<EtagRule> etag; // of its own answers, or of those that If-Match speaks of
    bool takes_key = false;       // Idempotency-Key
    SPIPlanPtr plan = nullptr;    // select auxeira_api.<name>($1)
};

using Catalogue = std::unordered_map<std::string, ApiFunction>;

// Entries live as long as the session, or until the catalogue or a role changes.
Catalogue& catalogue() {
    static Catalogue entries;
    return entries;
}

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

// --- Becoming somebody -----------------------------------------------------------------------------------

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

std::optional<EtagRule> etag_rule() {
    const std::string name = column_text(7);
    if (name.empty()) return std::nullopt;
    return EtagRule{name, read_sources(column_text(8)), column_text(9), column_is_true(10)};
}

const ApiFunction& load_function(const std::string& name) {
    if (catalogue_plan == nullptr) {
        Oid types[] = {TEXTOID};
        catalogue_plan = prepare_kept(
            "select quote_ident(f.name), f.required_role, f.status, f.is_read_only, f.area,"
            " f.is_replayable, e.name, auxeira.etag_sources(e.made_of), e.concerns, e.good_for = 'day'"
            " from auxeira.api_functions f left join auxeira.api_functions e"
            " on e.name = coalesce(f.compared_with, f.name) and e.made_of is not null where f.name = $1",
            1, types);
    }
    Datum values[] = {text_datum(name)};
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
    function.area = column_text(5);
    function.takes_key = column_is_true(6);
    function.etag = etag_rule();
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

// A member of the claims as text; empty when absent or neither a string nor a number.
std::string claim(Jsonb* claims, std::string_view key) {
    JsonbValue value;
    const bool found = backend([&] {
        return JB_ROOT_IS_OBJECT(claims) &&
               getKeyJsonValueFromContainer(&claims->root, key.data(), static_cast<int>(key.size()),
                                            &value) != nullptr;
    });
    if (!found) return {};
    if (value.type == jbvString) return std::string(value.val.string.val, value.val.string.len);
    if (value.type != jbvNumeric) return {};
    return backend([&] {
        return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
    });
}

// Never empty: it is also what tells a call from the statement of an SQL login.
std::string request_id_of(Jsonb* claims) {
    const std::string id = claim(claims, "requestId");
    return id.empty() ? "-" : id;
}

// W3C trace context: VERSION-TRACE-PARENT-FLAGS. Empty where there is none.
std::string trace_id_of(Jsonb* claims) {
    constexpr std::size_t first = 3, length = 32;
    const std::string context = claim(claims, "traceparent");
    if (context.size() <= first + length || context[first - 1] != '-' || context[first + length] != '-')
        return {};
    const std::string trace = context.substr(first, length);
    return trace.find_first_not_of("0123456789abcdef") == trace.npos ? trace : std::string();
}

// pg_stat_activity and the server's log show it while the call lasts; it costs no round trip.
void name_statement(const std::string& trace) {
    if (!trace.empty()) set_for_level("application_name", ("auxeira-api " + trace).c_str());
}

bool is_version(std::string_view text) {
    return !text.empty() && text.size() <= 9 && text.find_first_not_of("0123456789") == text.npos;
}

bool is_key_hash(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

Caller signed_in(Jsonb* claims) {
    const std::string user = claim(claims, "sub");
    const std::string session = claim(claims, "sid");
    const std::string version = claim(claims, "ver");
    if (!tenancy::parse_uuid(user) || !tenancy::parse_uuid(session) || !is_version(version))
        refuse(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, "authentication required", "Log in first.");
    Caller caller = caller_of_session(user, session, version);
    if (!caller.exists)
        refuse(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, "the session has ended",
               "Log in again, or use the refresh token.");
    return caller;
}

// Scopes are `area:read` and `area:write`, separated by commas; writing includes reading.
bool is_in_scope(const std::string& scopes, const ApiFunction& function) {
    const std::string list = ',' + scopes + ',';
    if (list.find(',' + function.area + ":write,") != std::string::npos) return true;
    return function.read_only && list.find(',' + function.area + ":read,") != std::string::npos;
}

Caller with_key(const std::string& hash, const ApiFunction& function) {
    Caller caller;
    if (is_key_hash(hash)) caller = caller_of_key(hash);
    if (!caller.exists)
        refuse(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, "the API key is not valid",
               "Make another one, or log in.");
    if (!is_in_scope(caller.scopes, function))
        refuse(ERRCODE_INSUFFICIENT_PRIVILEGE, "the API key is not for this", "Make one with another scope.");
    return caller;
}

Caller caller_of(const ApiFunction& function, Jsonb* claims) {
    if (!function.needs_session) return {};
    const std::string key = claim(claims, "key");
    Caller caller = key.empty() ? signed_in(claims) : with_key(key, function);
    if (function.needs_admin && !caller.is_admin)
        refuse(ERRCODE_INSUFFICIENT_PRIVILEGE, "this needs a platform administrator",
               "Ask an administrator of the platform.");
    return caller;
}

// --- Answers ---------------------------------------------------------------------------------------------

struct Answer {
    int status = 0;             // 0: a replica that does not know enough yet
    const char* body = nullptr; // in the caller's memory
    std::string etag;
    bool is_replayed = false;
};

// The conditions under which a request is to be carried out, as the shim read them.
struct Conditions {
    std::string if_none_match;
    std::string if_match;
    std::string idempotency_key;
};

Conditions conditions_of(Jsonb* claims) {
    return {claim(claims, "ifNoneMatch"), claim(claims, "ifMatch"), claim(claims, "idempotencyKey")};
}

Datum answer_row(FunctionCallInfo fcinfo, const Answer& answer) {
    const char* const etag = answer.etag.empty() ? nullptr : answer.etag.c_str();
    return backend([&] {
        TupleDesc shape = nullptr;
        if (get_call_result_type(fcinfo, nullptr, &shape) != TYPEFUNC_COMPOSITE) {
            ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("a row is expected")));
        }
        const auto text = [](const char* value) { return value == nullptr ? 0 : CStringGetTextDatum(value); };
        Datum values[] = {Int32GetDatum(answer.status), text(answer.body), text(etag),
                          BoolGetDatum(answer.is_replayed)};
        bool nulls[] = {answer.status == 0, answer.body == nullptr, etag == nullptr, false};
        return HeapTupleGetDatum(heap_form_tuple(shape, values, nulls));
    });
}

// From here on with the identity of whoever calls.
void act_for_caller(const ApiFunction& function, Jsonb* claims) {
    Caller caller = caller_of(function, claims);
    caller.identity[Part::request_id] = request_id_of(claims);
    caller.identity[Part::client_address] = claim(claims, "address");
    caller.identity[Part::user_agent] = claim(claims, "userAgent");
    caller.identity[Part::trace_id] = trace_id_of(claims);
    assume_identity(caller.identity);
    name_statement(caller.identity[Part::trace_id]);
    if (response_status() != 0) clear_response_status();
}

// The body must outlive the SPI connection, so it is copied into the caller's memory.
const char* run(const ApiFunction& function, Jsonb* request, MemoryContext callers_memory) {
    become(function.role);
    Datum values[] = {JsonbPGetDatum(request)};
    fetch_row(function.plan, values, function.read_only);
    const char* text = column_text(1);
    if (*text == '\0') text = "null"; // of JSON, for that of SQL
    return backend([&] { return MemoryContextStrdup(callers_memory, text); });
}

// A function may ask for another status, as the health check does; to be read before the settings go back.
int status_of(const ApiFunction& function) {
    return response_status() != 0 ? response_status() : function.status;
}

// The marks are read with the snapshot that the function will have.
Answer read(const ApiFunction& function, Jsonb* request, const Conditions& asked,
            MemoryContext callers_memory) {
    set_for_level("transaction_read_only", "on");
    Answer answer;
    if (function.etag) answer.etag = etag_of(*function.etag, request).value_or("");
    if (!answer.etag.empty() && is_listed(answer.etag, asked.if_none_match)) {
        answer.status = 304;
        return answer;
    }
    answer.body = run(function, request, callers_memory);
    answer.status = status_of(function);
    // Whatever there is will do: but it has to be there.
    if (!answer.etag.empty() && asked.if_none_match == "*") return {304, nullptr, answer.etag, false};
    return answer;
}

std::optional<UpdateGuard> guard_of(const ApiFunction& function, Jsonb* request,
                                    const std::string& if_match) {
    if (if_match.empty()) return std::nullopt;
    if (!function.etag)
        refuse(precondition_sqlstate, "there is nothing here that If-Match can be compared with",
               "Send the request without it.");
    return std::optional<UpdateGuard>(std::in_place, *function.etag,
                                      only_member(request, function.etag->concerns), if_match);
}

std::optional<Replay> replay_of(const std::string& name, const ApiFunction& function, Jsonb* request,
                                const std::string& key) {
    if (key.empty()) return std::nullopt;
    if (!function.takes_key)
        refuse(missing_field_sqlstate, "Idempotency-Key is not taken here", "Send the request without it.");
    return std::optional<Replay>(std::in_place, name, key, request);
}

Answer write(const std::string& name, const ApiFunction& function, Jsonb* request, const Conditions& asked,
             MemoryContext callers_memory) {
    const std::optional<Replay> replay = replay_of(name, function, request, asked.idempotency_key);
    if (replay) {
        if (const std::optional<KeptAnswer> kept = replay->find()) {
            const char* const body = backend([&] { return MemoryContextStrdup(callers_memory, kept->body); });
            return {kept->status, body, {}, true};
        }
    }
    std::optional<UpdateGuard> guard = guard_of(function, request, asked.if_match);
    const char* const body = run(function, request, callers_memory);
    const int status = status_of(function);
    become(role_named("auxeira_owner"));
    if (guard) guard->confirm();
    if (replay) replay->keep(status, body);
    return {status, body, {}, false};
}

// --- Replicas --------------------------------------------------------------------------------------------

// Where the log of the primary was when the shim last looked. What a replica has not replayed until there it
// must not answer for; nor must a server that is no replica any more.
bool knows_enough(const std::string& position) {
    if (position.empty()) return true;
    const char* const text = position.c_str();
    return backend([text] {
        const XLogRecPtr wanted = DatumGetLSN(DirectFunctionCall1(pg_lsn_in, CStringGetDatum(text)));
        if (!RecoveryInProgress() || GetXLogReplayRecPtr(nullptr) < wanted) return false;
        // The statement's own snapshot may be older than what was just looked at.
        PushActiveSnapshot(GetLatestSnapshot());
        return true;
    });
}

Answer answer_call(const std::string& name, Jsonb* claims, Jsonb* request, MemoryContext callers_memory) {
    const std::string position = claim(claims, "replayed");
    if (!knows_enough(position)) return {};
    const ApiFunction& function = function_named(name);
    act_for_caller(function, claims);
    const Conditions asked = conditions_of(claims);
    Answer answer = function.read_only ? read(function, request, asked, callers_memory)
                                       : write(name, function, request, asked, callers_memory);
    if (!position.empty()) backend([] { PopActiveSnapshot(); });
    return answer;
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
    const Answer answer = answer_call(name, claims, request, callers_memory);
    backend([&] {
        SPI_finish();
        AtEOXact_GUC(true, settings_level);
    });
    SetUserIdAndSecContext(callers_role, callers_context);
    return answer_row(fcinfo, answer);
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
