#!/usr/bin/env bash
# A SQL user tries to become somebody else over connections of their own.
# shellcheck source=test/tap/lib.sh
. "$(dirname "$0")/lib.sh"
logins=(auxeira_tap_nobody auxeira_tap_stray auxeira_tap_bound)
clean_up() {
    drop_database tap_spoofing
    for login in "${logins[@]}"; do sql "$(setting AUXEIRA_DSN)" -c "drop role if exists $login"; done
}
trap clean_up EXIT
new_database tap_spoofing
ann="$(register ann startup_founder)"
bob="$(register bob startup_founder)"
bobs_org="$(org_of bob)"
anns_org="$(org_of ann)"
for claims in "$ann" "$bob"; do
    call "$claims" create_metrics '{"metrics": [{"dashboard_type": "startup_founder", "metric_timestamp": "2026-01-01T00:00:00Z", "metrics": {"mrr": 1}}]}' >/dev/null
done

# A nobody who may look things up; one who is a member of auxeira_user, but of nothing else; one who acts for Ann.
password="$(head -c 12 /dev/urandom | base64)"
for login in "${logins[@]}"; do
    sql "$admin" -c "create role $login login password '$password'" -c "grant usage on schema auxeira to $login" \
        -c "grant execute on function auxeira.readable_org_ids() to $login"
done
anns_id="$(sql "$admin" -c "select user_id from auxeira.users where email = 'ann@example.org'")"
sql "$admin" -c 'grant auxeira_user to auxeira_tap_stray' -c "call auxeira.bind_login('auxeira_tap_bound', '$anns_id')"

# as LOGIN STATEMENT...: over a new connection; warnings are shown, so that a refusal that is only one is seen.
as() {
    local login="auxeira_tap_$1" statement
    shift
    for statement; do printf '%s;\n' "$statement"; done |
        PGOPTIONS="${options:-} -c client_min_messages=warning" psql --no-psqlrc --quiet --tuples-only --no-align \
            "$admin user=$login password=$password" 2>&1 | sed -E 's/^(psql:[^:]*:[0-9]+: )?//'
}

rows='select count(*), count(*) filter (where org_id = '"'$bobs_org'"') from auxeira.dashboard_metrics'
ids='select auxeira.readable_org_ids()'
plant="set auxeira.org_ids = '$bobs_org'"
denied='permission denied to set parameter "auxeira.org_ids"'

is "$(as stray "$rows")" '0|0' 'a member without an identity sees nothing'
is "$(as bound "$rows")" '1|0' 'a bound login sees the own rows'
is "$(as nobody "$rows")" 'ERROR:  permission denied for table dashboard_metrics' 'a nobody sees no table'

# Before the library is loaded anybody can make a setting of this name; loading it must not believe it.
for login in nobody stray; do
    is "$(as "$login" "$plant" "$ids")" "WARNING:  $denied"$'\n{}' "planted before the library is loaded ($login)"
    is "$(as "$login" "$plant" 'load '"'auxeira'" "$ids" | tail -n 1)" '{}' "planted, the library loaded by hand ($login)"
    is "$(as "$login" 'begin' "set local auxeira.org_ids = '$bobs_org'" "$ids" 'commit' "$ids" | grep -v WARNING)" $'{}\n{}' \
        "planted in a transaction ($login)"
    is "$(as "$login" "select set_config('auxeira.org_ids', '$bobs_org', false)" "$ids" | tail -n 1)" '{}' \
        "planted by set_config ($login)"
    is "$(as "$login" "$ids" "$plant" "$ids")" $'{}\n'"ERROR:  $denied"$'\n{}' "set after it is loaded ($login)"
done
is "$(as stray "$plant" "$rows" | tail -n 1)" '0|0' 'planted, then read'
is "$(as bound "$plant" "$rows")" "ERROR:  $denied"$'\n1|0' 'a bound login cannot even plant'

for login in nobody stray bound; do
    case "$login" in bound) want="{$anns_org}" ;; *) want='{}' ;; esac
    have="$(options="-c auxeira.org_ids=$bobs_org" as "$login" "$ids" | tail -n 1)"
    [ "$have" = '{}' ] || [ "$have" = "$want" ]
    ok "given as an option of the connection ($login: $have)"
    have="$(options="-c auxeira.org_ids=$bobs_org -c auxeira.writable_org_ids=$bobs_org" as "$login" "$rows" | tail -n 1)"
    [[ "$have" =~ ^(0\|0|1\|0|ERROR.*)$ ]]
    ok "no row of another with it ($login: $have)"
    is "$(as "$login" "alter role current_user set auxeira.org_ids = '$bobs_org'")" "ERROR:  $denied" \
        "kept for the next connection ($login)"
    is "$(as "$login" "$plant" "alter role current_user set auxeira.org_ids = '$bobs_org'" | tail -n 1)" "ERROR:  $denied" \
        "planted and kept ($login)"
    is "$(as "$login" "$ids" | tail -n 1)" "$want" "and the next connection has its own ($login)"
    is "$(as "$login" 'set session authorization postgres')" 'ERROR:  permission denied to set session authorization "postgres"' \
        "another session user ($login)"
    is "$(as "$login" 'set role auxeira_owner')" 'ERROR:  permission denied to set role "auxeira_owner"' "the owner's role ($login)"
    is "$(as "$login" 'reset all' 'reset session authorization' 'reset role' "$ids" | tail -n 1)" "$want" "RESET ($login)"
    is "$(as "$login" 'discard all' "$ids" | tail -n 1)" "$want" "DISCARD ($login)"
    like "$(options='-c role=auxeira_owner' as "$login" "$ids")" 'permission denied to set role' "a role as an option ($login)"
    like "$(options='-c session_preload_libraries=' as "$login" "$ids")" \
        'permission denied to set parameter "session_preload_libraries"' "a connection without the library ($login)"
    is "$(as "$login" 'create temporary table t ()' | head -n 1)" \
        'ERROR:  permission denied to create temporary tables in database "tap_spoofing"' "no temporary tables ($login)"
done

# Workers inherit settings, and load the library themselves.
parallel='set force_parallel_mode = regress; set min_parallel_table_scan_size = 0; set parallel_setup_cost = 0;
    set parallel_tuple_cost = 0; set parallel_leader_participation = off'
is "$(as bound "$parallel" "$rows")" '1|0' 'a parallel plan sees the own rows'
is "$(as stray "$plant" "$parallel" "$rows" | tail -n 1)" '0|0' 'planted, then read by parallel workers'
is "$(as stray "$plant" 'set plan_cache_mode = force_generic_plan' "$parallel" "prepare q as $rows" 'execute q' 'execute q' |
    grep -v WARNING | sort -u)" '0|0' 'planted, then read by parallel workers of a generic plan'

is "$(sql "$shim" -c "$rows")" 'ERROR:  permission denied for table dashboard_metrics' "the shim's login reads no table"
is "$(sql "$shim" -c 'select version from auxeira.schema_version')" "$(sql "$admin" -c 'select auxeira.version()')" \
    'but the version'
like "$(sql "$shim" -c 'create temporary table t ()')" 'permission denied to create temporary tables' 'and makes none'
for table in dashboard_metrics organizations actions; do
    is "$(as bound begin "lock table auxeira.$table in access exclusive mode")" "ERROR:  permission denied for table $table" \
        "a login cannot lock $table for all tenants"
done
like "$(sql "$shim" -c 'create table public.t ()')" 'permission denied for schema public' 'nowhere'
finish
