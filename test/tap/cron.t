#!/usr/bin/env bash
# pg_cron runs the jobs of a private cluster: nobody seals by hand, and the ledger is sealed.
# Functions of another cluster run in a subshell with what its settings set.
# shellcheck disable=SC2031,SC2154
# shellcheck source=test/tap/lib.sh
. "$(dirname "$0")/lib.sh"
work="$(new_directory)"
staged="$(sql "$(setting AUXEIRA_DSN)" -c 'show extension_destdir')"

# with COMMAND...: a command of the private clusters, for this test's own, with the extension that is staged for the instance.
with() (
    AUXEIRA_DATA="$work/cron"
    # shellcheck source=api/launch/settings.sh
    . api/launch/settings.sh
    # shellcheck source=api/launch/cluster.sh
    . api/launch/cluster.sh
    # shellcheck source=api/launch/database.sh
    . api/launch/database.sh
    choose_base
    # shellcheck disable=SC2034
    stage="$staged"
    superuser_password=''
    superuser_dsn="$(show_dsn) dbname=auxeira"
    "$@"
)
show_dsn() { echo "host='$sockets' port=$(cat "$port_file" 2>/dev/null) user=postgres"; }
clean_up() {
    with stop_cluster
    rm -rf "$work"
}
trap clean_up EXIT

with has_cron
ok 'the package of pg_cron is installed'
with create_cluster >/dev/null
with start_cluster
server="$(with show_dsn)"
sql "$server" -c 'create database auxeira' >/dev/null
admin="$server dbname=auxeira"
sql "$admin" -f sql/platform.sql >/dev/null
is "$(sql "$admin" -c 'call auxeira.schedule_jobs()' | head -n 1)" 'ERROR:  the extension pg_cron is not installed in this database' \
    'jobs cannot be scheduled without its extension'
with schedule_jobs
is "$(sql "$admin" -c "select jobname || ' ' || schedule || ' ' || username from cron.job order by 1")" \
    $'auxeira-events-tidy * * * * * postgres\nauxeira-ledger-seal * * * * * postgres\nauxeira-ledger-verify 17 3 * * * postgres' 'it is told of the jobs'
with schedule_jobs
is "$(sql "$admin" -c 'select count(*) from cron.job')" 3 'once, however often it is told'
is "$(sql "$admin" -c 'select count(*) from auxeira.ledger_blocks')" 0 'nothing is sealed yet'
sql "$admin" -c "insert into auxeira.event_outbox (type, operation, org_id, row_count) values ('scores', 'update', gen_random_uuid(), 1)" >/dev/null
sql "$admin" -c "select cron.schedule('auxeira-ledger-verify', '* * * * *', command) from cron.job where jobname = 'auxeira-ledger-verify'" >/dev/null

# It looks at the clock once a minute.
for _ in $(seq 1 75); do
    [ "$(sql "$admin" -c 'select count(distinct job) from auxeira.job_runs where ended_at is not null')" != 3 ] || break
    sleep 1
done
is "$(sql "$admin" -c "select count(*) > 0 from auxeira.ledger_blocks")" t 'within a minute the ledger is sealed'
is "$(sql "$admin" -c "select distinct job, error, rows > 0 from auxeira.job_runs where job like 'ledger%' order by job")" $'ledger_seal||t\nledger_verify||f' 'and verified, without a problem'
is "$(sql "$admin" -c "select count(error), bool_or(rows > 0) from auxeira.job_runs where job = 'events_tidy' and ended_at is not null")" '0|t' 'events are put in order'
is "$(sql "$admin" -c 'select count(*) from auxeira.event_outbox')" 0 'no event waits'
is "$(sql "$admin" -c 'select count(*) from auxeira.ledger_open')" 0 'no change waits'
like "$(sql "$admin" -c 'select auxeira.ledger_health()')" '^ok: sealed less than a minute ago, verified less than a minute ago$' 'health knows'
is "$(sql "$admin" -c 'select auxeira.jobs_health()')" ok 'and that jobs run'
finish
