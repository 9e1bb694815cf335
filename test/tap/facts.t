#!/usr/bin/env bash
# Facts and ecosystems: what others see while they are made, two at once, a cancelled one, and the same in two databases.
# shellcheck source=test/tap/lib.sh
. "$(dirname "$0")/lib.sh"
work="$(new_directory)"
trap 'disconnect; drop_database tap_facts; drop_database tap_facts_again; rm -rf "$work"' EXIT

# What a database has that is synthetic, apart from when it was stored.
digest() {
    sql "$1" <<'SQL'
create function pg_temp.digest(name text) returns text language plpgsql as $$
declare
  found text;
begin
  execute format('select count(*) || '' '' || md5(string_agg(r, '';'' order by r)) from (
    select (to_jsonb(t) - ''{created_at, updated_at}''::text[])::text as r from auxeira.%I t) rows', name) into found;
  return name || ' ' || coalesce(found, 'nothing');
end
$$;
select pg_temp.digest(name) from unnest(auxeira.synthetic_tables() || '{organizations, synthetic_members}'::text[]) name order by 1;
select user_type, md5(string_agg(m::text, ';' order by m.metric_timestamp))
from unnest(enum_range(null::auxeira.user_type)) user_type
  cross join lateral auxeira.synthetic_metrics(user_type::text, 50, 365, 0.3, 'volatile', 11, '2026-03-10T00:00:00Z',
    '00000000-0000-4000-8000-000000000001', 'metrics', missing_rate => 0.1, late_rate => 0.1, restatement_rate => 0.1,
    shock_rate => 1) m
group by 1 order by 1;
SQL
}

generate="select count(*) from auxeira.synthesize_ecosystem(14, 500, 7, '2026-03-10T00:00:00Z')"
new_database tap_facts_again
sql "$admin" -c 'set work_mem = 64' -c 'set enable_hashjoin = off' -c "set timezone = 'Pacific/Auckland'" -c "$generate" >/dev/null
again="$(digest "$admin")"
new_database tap_facts
sql "$admin" -c "$generate" >/dev/null
here="$(digest "$admin")"
is "$here" "$again" 'the same parameters give the same rows in another database, planned otherwise'
is "$(grep -c nothing <<<"$here")" 0 'in every table'

ann="$(register ann startup_founder)"
org="$(org_of ann)"
connect first "$admin"
connect second "$admin"
around() { echo "select count(*) from auxeira.synthesize_ecosystem($1, $2, $3, '2026-03-10T00:00:00Z', around => array['$org']::uuid[]);"; }
state_of() { sql "$admin" -c "select state || ' ' || coalesce(wait_event_type, '') from pg_stat_activity where query like '%ecosystem($1,%' and pid <> pg_backend_pid()"; }
wait_for_state() {
    local tries
    for tries in $(seq 1 1000); do
        # shellcheck disable=SC2053 # the state is a pattern
        [[ "$(state_of "$1")" == $2 ]] && return
        sleep 0.02
    done
    return 1
}
sessions() { call "$ann" list_synthetic_sessions; }

around 90 1095 8 >&"${input[first]}"
seen=''
for _ in $(seq 1 500); do
    seen="$(sessions)"
    [[ "$seen" != *running* ]] || break
    sleep 0.02
done
like "$seen" '"status" *: *"running", *"generated" *: *[0-9]+, *"count" *: *[2-9][0-9], *"share" *: *0' 'a session that runs is on the list, with how far it is'
around 10 30 9 >&"${input[second]}"
wait_for_state 10 'idle*'
like "$(cat "$work/second.out")" 'ERROR:  the organization is generating already' 'a second ecosystem around the organization is refused meanwhile'
wait_for_state 90 'idle*'
is "$(sed -n '/[^ ]/p' "$work/first.out")" 1 'the first is made'
around 11 30 9 >&"${input[second]}"
wait_for_state 11 'idle*'
like "$(cat "$work/second.out")" 'ERROR:  the organization takes part in a synthetic ecosystem already' 'and the second is refused afterwards'
like "$(sessions)" '"status" *: *"completed"' 'what is done is on the list'
is "$(sessions | grep -c running)" 0 'and runs no more'

register eve startup_founder >/dev/null
around 91 1095 10 | sed "s/$org/$(org_of eve)/" >&"${input[first]}"
for _ in $(seq 1 500); do
    [ "$(sql "$admin" -c 'select count(*) from auxeira.running_generations()')" = 0 ] || break
    sleep 0.02
done
sql "$admin" -c "select pg_cancel_backend(pid) from pg_stat_activity where query like '%ecosystem(91,%' and pid <> pg_backend_pid()" >/dev/null
wait_for_state 91 'idle*'
is "$(sql "$admin" -c "select (select count(*) from auxeira.running_generations()), (select count(*) from auxeira.synthetic_claims
    where org_id = '$(org_of eve)'), (select count(*) from auxeira.organizations where synthetic_session = auxeira.synthetic_uuid(10, 'ecosystem'))")" \
    '0|0|0' 'a cancelled one leaves nothing'
finish
