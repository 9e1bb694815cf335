// Verification in the background: by a process of its own, which no timeout of a caller ends.
#include <cstring>

#include "functions/plans.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "utils/acl.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"
#include "utils/uuid.h"

PGDLLEXPORT void auxeira_ledger_verifier(Datum argument);
}

namespace auxeira::functions {

namespace {

// What a worker is told. An empty table stands for all.
struct Task {
    Oid database;
    pg_uuid_t run;
    int64 since_block;
    char table[NAMEDATALEN];
};
static_assert(sizeof(Task) <= BGW_EXTRALEN);

// In a transaction of its own, as the owner. Owns nothing with a destructor: an error ends the process.
void execute(const char* statement, int count, Oid* types, Datum* values) {
    SetCurrentStatementStartTimestamp();
    StartTransactionCommand();
    SetUserIdAndSecContext(get_role_oid("auxeira_owner", false), SECURITY_LOCAL_USERID_CHANGE);
    SPI_connect();
    PushActiveSnapshot(GetTransactionSnapshot());
    SPI_execute_with_args(statement, count, types, values, nullptr, false, 0);
    SPI_finish();
    PopActiveSnapshot();
    CommitTransactionCommand();
}

} // namespace

// start_verification(run uuid, table_name text, since_block bigint)
AUXEIRA_SQL_FUNCTION(start_verification) {
    Task task{MyDatabaseId, *PG_GETARG_UUID_P(0), PG_GETARG_INT64(2), {}};
    const bool started = backend([&] {
        text_to_cstring_buffer(PG_GETARG_TEXT_PP(1), task.table, sizeof task.table);
        BackgroundWorker worker{};
        worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
        worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
        worker.bgw_restart_time = BGW_NEVER_RESTART;
        strlcpy(worker.bgw_name, "auxeira ledger verification", BGW_MAXLEN);
        strlcpy(worker.bgw_type, "auxeira ledger verification", BGW_MAXLEN);
        strlcpy(worker.bgw_library_name, "$libdir/auxeira", BGW_MAXLEN);
        strlcpy(worker.bgw_function_name, "auxeira_ledger_verifier", BGW_MAXLEN);
        std::memcpy(worker.bgw_extra, &task, sizeof task);
        return RegisterDynamicBackgroundWorker(&worker, nullptr);
    });
    if (!started) {
        refuse(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED, "no background process is free",
               "Try again later, or raise max_worker_processes.");
    }
    return Datum{0};
}

} // namespace auxeira::functions

void auxeira_ledger_verifier(Datum) {
    using namespace auxeira::functions;
    Task task;
    std::memcpy(&task, MyBgworkerEntry->bgw_extra, sizeof task);
    BackgroundWorkerUnblockSignals();
    BackgroundWorkerInitializeConnectionByOid(task.database, InvalidOid, 0);
    SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_OVERRIDE);
    // Who may not look at processes of others sees this alone.
    pgstat_report_appname(DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&task.run))));
    Oid types[] = {UUIDOID, TEXTOID, INT8OID};
    Datum values[] = {UUIDPGetDatum(&task.run), CStringGetTextDatum(task.table),
                      Int64GetDatum(task.since_block)};
    execute("select auxeira.begin_run($1, 'ledger_verify', nullif($2, ''), $3)", 3, types, values);
    execute("select auxeira.finish_run($1)", 1, types, values);
    proc_exit(0);
}
