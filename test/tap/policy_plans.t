#!/usr/bin/env bash
# Plans that a connection keeps, made when the user of its login had one organization, while others change the user's rights:
# with statements prepared by the driver and by PREPARE, in a transaction, and between planning and running.
# shellcheck source=test/tap/lib.sh
. "$(dirname "$0")/lib.sh"
work="$(new_directory)"
clean_up() {
    disconnect
    drop_database tap_policy_plans
    sql "$(setting AUXEIRA_DSN)" -c 'drop role if exists auxeira_tap_member'
    rm -rf "$work"
}
trap clean_up EXIT
new_database tap_policy_plans
register ann startup_founder >/dev/null
register bob startup_founder >/dev/null
anns_id="$(sql "$admin" -c "select user_id from auxeira.users where email = 'ann@example.org'")"
declare -A organization=([ann]="$(org_of ann)" [bob]="$(org_of bob)")
# One row of Ann's, two of Bob's: the sum tells whose are seen.
sql "$admin" -c "insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp)
    select org_id, 'startup_founder', '{}', now()
    from unnest(array['${organization[ann]}', '${organization[bob]}', '${organization[bob]}']::uuid[]) org_id"
password="$(head -c 12 /dev/urandom | base64)"
sql "$admin" -c "create role auxeira_tap_member login password '$password'" \
    -c "call auxeira.bind_login('auxeira_tap_member', '$anns_id')"
member="$admin user=auxeira_tap_member password=$password"
rows='select count(*) from auxeira.dashboard_metrics'

# change NAME...: makes Ann a member of these organizations.
change() {
    local name
    sql "$admin" -c "update auxeira.user_organizations set left_at = clock_timestamp() where user_id = '$anns_id' and left_at is null"
    for name; do
        sql "$admin" -c "insert into auxeira.user_organizations (org_id, user_id, role) values ('${organization[$name]}', '$anns_id', 'member')
            on conflict (org_id, user_id) do update set left_at = null"
    done
}

# --- Prepared by the driver ---------------------------------------------------------------------------------------------

steps=('' 'ann bob' 'bob' '' 'ann' 'bob ann' 'ann')
cat >"$work/step" <<STEP
#!/usr/bin/env bash
. test/tap/lib.sh
$(declare -p admin anns_id organization work steps)
$(declare -f change)
echo "\$1" >>"\$work/seen"
change \${steps[\$(wc -l <"\$work/seen")]:-}
STEP
chmod +x "$work/step"
printf '%s \\gset\n\\shell %s :count\n' "$rows" "$work/step" >"$work/script.sql"
PGOPTIONS='-c plan_cache_mode=force_generic_plan' \
    pgbench "$member" --no-vacuum --protocol=prepared --transactions=7 --file="$work/script.sql" >"$work/log" 2>&1 || diag "$(cat "$work/log")"
is "$(paste -sd' ' "$work/seen")" '1 3 2 0 1 3 1' 'a statement that is kept shows what the user may see each time'

# --- Prepared by PREPARE ----------------------------------------------------------------------------------------------------

change ann
connect autocommit "$member"
connect open "$member"
for connection in autocommit open; do
    ask "$connection" "set plan_cache_mode = force_generic_plan; prepare p as $rows; execute p" >/dev/null
done
ask open 'begin; execute p' >/dev/null
seen=''
for organizations in 'ann bob' 'bob' '' 'ann' 'bob ann' 'ann'; do
    # shellcheck disable=SC2086 # names
    change $organizations
    seen+=" $(ask autocommit 'execute p')=$(ask open 'execute p')"
done
is "$seen" ' 3=3 2=2 0=0 1=1 3=3 1=1' 'so does EXECUTE, in a transaction too'
ask open 'rollback' >/dev/null

# --- Planned before, run after -------------------------------------------------------------------------------------------------

# All statements of a function are planned before the first runs.
sql "$admin" -c "create function public.late() returns bigint language sql as 'select pg_sleep(1); $rows'"
printf 'select public.late();\n\\echo done\n' >&"${input[open]}"
for _ in $(seq 1 100); do
    [ "$(sql "$admin" -c "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'")" = 0 ] || break
done
change ann bob
for _ in $(seq 1 1000); do grep -qx 'done' "$work/open.out" && break || sleep 0.01; done
like "$(cat "$work/open.out")" 'rights have changed since the statement was planned' \
    'a plan for one organization gives nothing for two, rather than too little'
is "$(ask open 'select public.late()')" 3 'and repeated gives all'
finish
