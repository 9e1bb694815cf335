#!/usr/bin/env bash
# A million points: what generating them takes of memory, what others see meanwhile, what a cancelled one leaves.
# shellcheck source=test/tap/lib.sh
. "$(dirname "$0")/lib.sh"
work="$(new_directory)"
trap 'exec {to}>&-; disconnect; drop_database tap_generation; sql "$(setting AUXEIRA_DSN)" -c "drop role if exists auxeira_tap_generation"; rm -rf "$work"' EXIT
new_database tap_generation
ann="$(register ann startup_founder)"
bob="$(register bob startup_founder)"
password="$(od -An -N16 -tx1 /dev/urandom | tr -d ' ')"
sql "$admin" -c 'drop role if exists auxeira_tap_generation' -c "create role auxeira_tap_generation login password '$password'" \
    -c "call auxeira.bind_login('auxeira_tap_generation', '$(sql "$admin" -c "select user_id from auxeira.users where email = 'ann@example.org'")')"
member="$admin user=auxeira_tap_generation password=$password"

# The session that generates: statements go in by the descriptor `to`, answers and errors come out in a file.
mkfifo "$work/in"
psql --no-psqlrc --quiet --tuples-only --no-align "$member" <"$work/in" >"$work/out" 2>&1 &
exec {to}>"$work/in"
tell() { echo "$1" >&"$to"; }
# Until the session says it; false when it says an error instead.
wait_for() {
    until grep -q "$1" "$work/out"; do
        if grep -q '^ERROR' "$work/out"; then
            grep -q "$1" "$work/out"
            return
        fi
        sleep 0.02
    done
}
generate() { tell "select 'inserted', inserted from auxeira.synthesize('startup_founder', $1, 365, seed => $2, as_of => '2026-03-01');"; }
anonymous_memory() { awk '$1 == "RssAnon:" { print $2 }' "/proc/$pid/status"; }
progress() { sql "$admin" -c "select coalesce(max(tuples_processed), 0) from pg_stat_progress_copy where relid = 'auxeira.dashboard_metrics'::regclass"; }
wait_for_progress() {
    until [ "$(progress)" -ge "$1" ]; do
        ! grep -q '^ERROR' "$work/out" || return 1
        sleep 0.02
    done
}

tell "select 'pid', pg_backend_pid();"
wait_for '^pid|'
pid="$(sed -n 's/^pid|//p' "$work/out")"
generate 5000 1
wait_for '^inserted|5000$'
ok 'a member generates in an SQL session'
base="$(anonymous_memory)"

generate 1000000 2
wait_for_progress 1
ok 'pg_stat_progress_copy shows a generation that runs'
refusal="$(call "$ann" generate_synthetic '{"count": 5}')"
like "$refusal" 'the organization is generating already' 'a second one of the organization is refused'
like "$(call "$bob" generate_synthetic '{"count": 5}')" '"inserted" *: *5' 'other organizations generate at the same time'
seen="$(sql "$member" -c "select count = 1000000 and generated between 1 and count and share between 0 and 1 and org_id = auxeira.org_id()
    and session_id is not null and started_at < clock_timestamp() from auxeira.synthesis_progress()")"
is "$seen" t 'another session of the organization sees how far it is'
is "$(sql "$shim" -c "select count(*) from pg_stat_progress_copy where tuples_processed is not null")" 0 'others see nothing of it'
most="$base"
until grep -q '^inserted|1000000$\|^ERROR' "$work/out"; do
    now="$(anonymous_memory)"
    [ "$now" -le "$most" ] || most="$now"
    sleep 0.05
done
is "$(grep -c '^inserted|1000000$' "$work/out")" 1 'a million points are stored'
diag "memory of the session: $base kB before, at most $most kB while generating"
[ $((most - base)) -lt 65536 ]
ok 'it takes less than 64 MiB more than the session had'
like "$(cat "$work/out")" 'NOTICE:  generated [0-9]+ of 1000000 points \([0-9]+ %\)' 'the client is told how far it is'

contents="select count(*), (select count(*) from auxeira.synthetic_data_sessions), (select count(*) from auxeira.running_generations())
    from auxeira.dashboard_metrics"
before="$(sql "$admin" -c "$contents")"
generate 1000000 3
wait_for_progress 100000
stopped="$(sql "$admin" <<SQL
do \$\$
declare
  started constant timestamptz := clock_timestamp();
begin
  perform pg_cancel_backend($pid);
  loop
    perform pg_stat_clear_snapshot();
    exit when (select state <> 'active' from pg_stat_activity where pid = $pid);
    perform pg_sleep(0.001);
  end loop;
  raise warning '% ms', round(1000 * extract(epoch from clock_timestamp() - started));
end
\$\$;
SQL
)"
wait_for '^ERROR:  canceling statement due to user request$'
ok 'it is cancelled while it stores'
diag "cancelled within ${stopped##*WARNING:  }"
is "$(sql "$admin" -c "$contents")" "$before" 'a cancelled one leaves no point and no session'
is "$(progress)" 0 'and shows no progress'
: >"$work/out"
generate 30 4
wait_for '^inserted|30$'
ok 'the session goes on generating'

# Steps that somebody tells of are shown until the end of the transaction, and no session that goes on shows what it left.
running() { sql "$admin" -c "select count(*) from auxeira.running_generations() where count = 7"; }
connect other "$admin"
ask other "begin; select auxeira.report_generation('$(org_of bob)', gen_random_uuid(), 0, 7)" >/dev/null
is "$(running)" 1 'steps are shown while their transaction runs'
ask other 'commit' >/dev/null
is "$(running)" 0 'no longer than that'
ask other 'begin; select now()' >/dev/null
is "$(running)" 0 'nor in the next one'
finish
