#include "functions/generation_progress.hpp"

#include <array>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "rejection.hpp"

#include "functions/synthetic_series.hpp"

extern "C" {
#include "access/xact.h"
#include "commands/progress.h"
#include "utils/backend_progress.h"
#include "utils/backend_status.h"
#include "utils/uuid.h"
}

namespace auxeira::functions {

namespace {

constexpr long milliseconds_between_notices = 1000;

// Parameters of a command in progress that COPY does not use. The mark tells a generation from a COPY, the
// start of its transaction what is left of one that has ended.
constexpr int mark = PGSTAT_NUM_PROGRESS_PARAM - 7;
constexpr int transaction_start = PGSTAT_NUM_PROGRESS_PARAM - 6;
constexpr int total = PGSTAT_NUM_PROGRESS_PARAM - 5;
constexpr int organization_halves = PGSTAT_NUM_PROGRESS_PARAM - 4;
constexpr int session_halves = PGSTAT_NUM_PROGRESS_PARAM - 2;
constexpr int64 generation_mark = 0x617578656972610A;

using Halves = std::array<int64, 2>;
static_assert(sizeof(Halves) == UUID_LEN);

Halves halves_of(const NullableDatum& id) {
    Halves halves{};
    if (!id.isnull) std::memcpy(halves.data(), DatumGetUUIDP(id.value), sizeof halves);
    return halves;
}

const PgBackendStatus& status_of(int session) {
#if PG_VERSION_NUM >= 160000
    return pgstat_get_local_beentry_by_index(session)->backendStatus;
#else
    return pgstat_fetch_stat_local_beentry(session)->backendStatus;
#endif
}

bool is_generation(const PgBackendStatus& status) {
    return status.st_procpid > 0 && status.st_databaseid == MyDatabaseId &&
           status.st_progress_command == PROGRESS_COMMAND_COPY &&
           status.st_progress_param[mark] == generation_mark && status.st_xact_start_timestamp != 0 &&
           status.st_progress_param[transaction_start] == status.st_xact_start_timestamp;
}

void put_generation(Rows& rows, const PgBackendStatus& status) {
    const int64* const parameters = status.st_progress_param;
    pg_uuid_t ids[2];
    std::memcpy(ids, parameters + organization_halves, sizeof ids);
    const Datum values[] = {
        UUIDPGetDatum(&ids[0]), UUIDPGetDatum(&ids[1]), TimestampTzGetDatum(status.st_xact_start_timestamp),
        Int64GetDatum(parameters[PROGRESS_COPY_TUPLES_PROCESSED]), Int64GetDatum(parameters[total])};
    const bool nulls[std::size(values)] = {};
    rows.put(values, nulls);
}

void check_steps(std::int64_t done, std::int64_t of_total) {
    std::vector<Fault> faults;
    const std::string told = std::to_string(done), whole = std::to_string(of_total);
    if (of_total < 1) faults.push_back({"total", whole + " is less than one step"});
    if (done < 0) faults.push_back({"done", told + " is less than no step"});
    if (done > of_total && of_total >= 1)
        faults.push_back({"done", told + " is more than the total, " + whole});
    if (!faults.empty())
        throw Rejection(Reason::invalid_value, "invalid progress of a generation", std::move(faults));
}

} // namespace

Progress::Progress(Oid table, std::int64_t of_total, const NullableDatum& organization,
                   const NullableDatum& session)
    : total_(of_total), told_(GetCurrentTimestamp()) {
    const Halves of_organization = halves_of(organization), of_session = halves_of(session);
    const int parameters[] = {
        PROGRESS_COPY_COMMAND, PROGRESS_COPY_TYPE,      mark,           transaction_start, total,
        organization_halves,   organization_halves + 1, session_halves, session_halves + 1};
    const int64 values[] = {PROGRESS_COPY_COMMAND_FROM,
                            PROGRESS_COPY_TYPE_CALLBACK,
                            generation_mark,
                            GetCurrentTransactionStartTimestamp(),
                            of_total,
                            of_organization[0],
                            of_organization[1],
                            of_session[0],
                            of_session[1]};
    backend([&] {
        pgstat_progress_start_command(PROGRESS_COMMAND_COPY, table);
        pgstat_progress_update_multi_param(std::size(parameters), parameters, values);
    });
}

void Progress::report(std::int64_t done) {
    pgstat_progress_update_param(PROGRESS_COPY_TUPLES_PROCESSED, done);
    const TimestampTz now = GetCurrentTimestamp();
    if (!TimestampDifferenceExceeds(told_, now, milliseconds_between_notices)) return;
    told_ = now;
    const auto percent = static_cast<int>(100 * done / total_);
    backend([=, this] {
        ereport(NOTICE, (errmsg("generated " INT64_FORMAT " of " INT64_FORMAT " points (%d %%)", done, total_,
                                percent)));
    });
}

void Progress::end() {
    backend([] { pgstat_progress_end_command(); });
}

AUXEIRA_SQL_FUNCTION(running_generations) {
    Rows rows(fcinfo);
    const int sessions = backend([] { return pgstat_fetch_stat_numbackends(); });
    for (int session = 1; session <= sessions; ++session) {
        const PgBackendStatus& status = status_of(session);
        if (is_generation(status)) put_generation(rows, status);
    }
    return PointerGetDatum(nullptr);
}

AUXEIRA_SQL_FUNCTION(report_generation) {
    const int64 done = PG_GETARG_INT64(2), of_total = PG_GETARG_INT64(3);
    check_steps(done, of_total);
    if (done == 0) {
        Progress(InvalidOid, of_total, fcinfo->args[0], fcinfo->args[1]);
    } else if (!is_generation(*MyBEEntry)) {
        PG_RETURN_VOID(); // another command's progress, or none, is no place for it
    } else if (done < of_total) {
        pgstat_progress_update_param(PROGRESS_COPY_TUPLES_PROCESSED, done);
    } else {
        backend([] { pgstat_progress_end_command(); });
    }
    PG_RETURN_VOID();
}

} // namespace auxeira::functions
