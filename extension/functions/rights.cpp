#include "functions/rights.hpp"

#include <optional>
#include <unordered_map>

#include "functions/plans.hpp"
#include "functions/policy_plans.hpp"

extern "C" {
#include "access/parallel.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "optimizer/planner.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
}

namespace auxeira::functions {

namespace {

// --- What this backend remembers -------------------------------------------------------------------------

struct Remembered {
    Caller caller;
    TimestampTz good_until = 0;
};

constexpr std::size_t most_remembered = 4096;

std::unordered_map<std::string, Remembered>& memory() {
    static std::unordered_map<std::string, Remembered> callers;
    return callers;
}

// A change of rights invalidates the relation-cache entry of this table, which has no other use: the server
// then tells every backend, when the change commits.
constexpr const char* signal_table = "auxeira.rights_changes";
Oid signal_relation = InvalidOid;
unsigned long changes_seen = 0;
unsigned long changes_remembered = 0;

void note_change([[maybe_unused]] Datum argument, Oid relation) {
    if (relation == InvalidOid || relation == signal_relation) ++changes_seen;
}

Oid find_signal_relation() {
    return backend(
        [] { return DatumGetObjectId(DirectFunctionCall1(regclassin, CStringGetDatum(signal_table))); });
}

void listen_for_changes() {
    static bool listening = false;
    if (!listening) {
        backend([] { CacheRegisterRelcacheCallback(note_change, static_cast<Datum>(0)); });
        listening = true;
    }
    signal_relation = find_signal_relation();
}

// Messages are read at the beginning of a transaction and when a lock is taken; a transaction that goes on
// for long must not live on old rights.
void forget_if_changed() {
    backend([] { AcceptInvalidationMessages(); });
    if (changes_seen == changes_remembered && memory().size() < most_remembered) return;
    memory().clear();
    changes_remembered = changes_seen;
}

// --- Asking the tables -----------------------------------------------------------------------------------

struct Question {
    const char* statement;
    int count;
    Oid types[3];
    SPIPlanPtr plan;
};

Question of_session = {
    "select * from auxeira.resolve_session($1, $2, $3)", 3, {UUIDOID, UUIDOID, INT4OID}, nullptr};
Question of_key = {"select * from auxeira.resolve_key($1)", 1, {BYTEAOID}, nullptr};
Question of_login = {"select * from auxeira.resolve_login($1)", 1, {UUIDOID}, nullptr};

// The columns after the parts of the identity.
constexpr int is_admin_column = static_cast<int>(parts_of_user) + 1;
constexpr int scopes_column = is_admin_column + 1;
constexpr int good_until_column = scopes_column + 1;

TimestampTz good_until() {
    return backend([] {
        bool is_null = false;
        const Datum value =
            SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, good_until_column, &is_null);
        return is_null ? DT_NOEND : DatumGetTimestampTz(value);
    });
}

// With a snapshot of now: that of a repeatable-read transaction may be older than the last change, and what
// is remembered outlives the transaction.
bool fetch_latest(SPIPlanPtr plan, Datum* values) {
    return backend([&] {
        const int result =
            SPI_execute_snapshot(plan, values, nullptr, GetLatestSnapshot(), InvalidSnapshot, false, true, 1);
        if (result < 0) {
            ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                            errmsg("could not execute a plan: %s", SPI_result_code_string(result))));
        }
        return SPI_processed > 0;
    });
}

Remembered ask(Question& question, Datum* values) {
    if (question.plan == nullptr)
        question.plan = prepare_kept(question.statement, question.count, question.types);
    Remembered answer;
    if (!fetch_latest(question.plan, values)) return answer;
    for (std::size_t part = 0; part < parts_of_user; ++part)
        answer.caller.identity.texts[part] = column_text(static_cast<int>(part) + 1);
    answer.caller.exists = true;
    answer.caller.is_admin = column_is_true(is_admin_column);
    answer.caller.scopes = column_text(scopes_column);
    answer.good_until = good_until();
    return answer;
}

// What is remembered under this name and still good; null for nothing.
const Caller* recall(const std::string& name) {
    forget_if_changed();
    const auto known = memory().find(name);
    const bool good = known != memory().end() && known->second.good_until > GetCurrentTimestamp();
    return good ? &known->second.caller : nullptr;
}

// Values are made only when they are needed. Nobody's absence is remembered.
template <typename MakeValues>
Caller find(const std::string& name, Question& question, MakeValues make_values) {
    if (const Caller* const known = recall(name)) return *known;
    listen_for_changes();
    Datum values[3] = {};
    make_values(values);
    const Remembered answer = ask(question, values);
    // A change that came in meanwhile may or may not be in the answer.
    if (answer.caller.exists && changes_seen == changes_remembered) memory()[name] = answer;
    return answer.caller;
}

Datum uuid_datum(const std::string& text) {
    const char* const characters = text.c_str();
    return backend([characters] { return DirectFunctionCall1(uuid_in, CStringGetDatum(characters)); });
}

// --- Bound logins ----------------------------------------------------------------------------------------

ExecutorStart_hook_type next_executor_start = nullptr;
bool asking = false;

class Asking {
public:
    Asking() { asking = true; }
    ~Asking() { asking = false; }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;
};

Caller resolve_login(const std::string& name) {
    backend([] { SPI_connect(); });
    AsOwner owner;
    const Caller caller =
        find(name, of_login, [](Datum* values) { values[0] = uuid_datum(bound_user_id()); });
    owner.leave();
    backend([] { SPI_finish(); });
    return caller;
}

// A change of rights ends the plans that were made for fewer organizations; another user on the connection
// ends them here.
void forget_plans_for_fewer() {
    static unsigned several_before = 0;
    const unsigned several = lists_of_several();
    if ((several & ~several_before) != 0) backend([] { forget_narrowed_plans(); });
    several_before = several;
}

// When the settings were last made those of the bound user. Most statements find that nothing has happened
// since.
struct Followed {
    unsigned long changes = 0;
    unsigned long assignments = 0;
};
std::optional<Followed> followed;

bool is_followed() {
    return followed && followed->changes == changes_seen && followed->assignments == identity_assignments();
}

void follow_bound_login() {
    const Asking now;
    const unsigned long changes = changes_seen;
    const std::string name = std::string("login ") + bound_user_id();
    const Caller* const known = recall(name);
    keep_identity(known != nullptr ? known->identity : resolve_login(name).identity);
    forget_plans_for_fewer();
    followed = {changes, identity_assignments()};
}

// Workers inherit the leader's settings and cannot change them; nor can a leader while it has workers. False
// when there is nobody to follow.
bool follow_if_bound() {
    if (*bound_user_id() == '\0' || asking || IsParallelWorker() || IsInParallelMode()) return false;
    AcceptInvalidationMessages();
    if (is_followed()) return true;
    boundary::enter(
        [](FunctionCallInfo) -> Datum {
            follow_bound_login();
            return 0;
        },
        nullptr);
    return true;
}

void start_executor(QueryDesc* query, int flags) {
    follow_if_bound();
    next_executor_start != nullptr ? next_executor_start(query, flags) : standard_ExecutorStart(query, flags);
}

// --- Plans -----------------------------------------------------------------------------------------------

// Estimates tell how many rows others have, and which values are frequent in them. Whoever sees a part of the
// rows is not shown a plan: neither by EXPLAIN nor printed as a message.
Datum refuse_plan(FunctionCallInfo) {
    refuse(ERRCODE_INSUFFICIENT_PRIVILEGE, "plans are not shown to a login that sees a part of the rows",
           "Ask the owner of the database for a plan.");
}

// A signal comes from, and goes to, sessions of every tenant.
Datum refuse_signal(FunctionCallInfo) {
    refuse(ERRCODE_INSUFFICIENT_PRIVILEGE, "signals are not for a login that sees a part of the rows",
           "Read the rows again from time to time.");
}

boundary::SqlFunctionBody refusal_of(NodeTag statement) {
    if (statement == T_ExplainStmt) return refuse_plan;
    return statement == T_NotifyStmt || statement == T_ListenStmt ? refuse_signal : nullptr;
}

ProcessUtility_hook_type next_utility = nullptr;
planner_hook_type next_planner = nullptr;

void start_utility(PlannedStmt* statement, const char* text, bool is_shared, ProcessUtilityContext context,
                   ParamListInfo parameters, QueryEnvironment* environment, DestReceiver* receiver,
                   QueryCompletion* completion) {
    const auto refusal = refusal_of(nodeTag(statement->utilityStmt));
    if (refusal != nullptr && sees_a_part()) boundary::enter(refusal, nullptr);
    // The plan that EXECUTE finds must not be older than the rights it is for.
    if (IsA(statement->utilityStmt, ExecuteStmt)) follow_if_bound();
    const auto process = next_utility != nullptr ? next_utility : standard_ProcessUtility;
    process(statement, text, is_shared, context, parameters, environment, receiver, completion);
}

PlannedStmt* start_planner(Query* query, const char* text, int options, ParamListInfo parameters) {
    if (Debug_print_plan && sees_a_part()) boundary::enter(refuse_plan, nullptr);
    const bool is_narrowed = follow_if_bound() && narrow_policies(query);
    const auto make = next_planner != nullptr ? next_planner : standard_planner;
    PlannedStmt* const plan = make(query, text, options, parameters);
    if (is_narrowed) plan->relationOids = lappend_oid(plan->relationOids, signal_relation);
    return plan;
}

} // namespace

Caller caller_of_session(const std::string& user, const std::string& session, const std::string& version) {
    return find("session " + user + ' ' + session + ' ' + version, of_session, [&](Datum* values) {
        values[0] = uuid_datum(user);
        values[1] = uuid_datum(session);
        values[2] = Int32GetDatum(std::stoi(version));
    });
}

Caller caller_of_key(const std::string& key_hash) {
    return find("key " + key_hash, of_key, [&](Datum* values) {
        const std::string text = "\\x" + key_hash;
        const char* const characters = text.c_str();
        values[0] =
            backend([characters] { return DirectFunctionCall1(byteain, CStringGetDatum(characters)); });
    });
}

void follow_bound_logins() {
    next_executor_start = ExecutorStart_hook;
    ExecutorStart_hook = start_executor;
    next_utility = ProcessUtility_hook;
    ProcessUtility_hook = start_utility;
    next_planner = planner_hook;
    planner_hook = start_planner;
}

bool sees_a_part() {
    const Oid role = get_role_oid("auxeira_user", true);
    return OidIsValid(role) && !superuser() && has_privs_of_role(GetUserId(), role);
}

// Trigger on every table that rights are resolved from.
AUXEIRA_SQL_FUNCTION(rights_changed) {
    if (!CALLED_AS_TRIGGER(fcinfo)) {
        refuse(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "rights_changed was not called as a trigger",
               "Use it in CREATE TRIGGER only.");
    }
    const Oid relation = find_signal_relation();
    backend([relation] { CacheInvalidateRelcacheByRelid(relation); });
    return PointerGetDatum(nullptr);
}

} // namespace auxeira::functions
