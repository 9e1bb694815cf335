#!/usr/bin/env bash
# A right ends with the change that ends it, on connections that are open and have used it: for calls and for SQL logins, inside
# a transaction, under one snapshot, with a plan made before. A change that is not committed, or taken back, is nobody else's.
# shellcheck source=test/tap/lib.sh
. "$(dirname "$0")/lib.sh"
work="$(new_directory)"
clean_up() {
    disconnect
    drop_database tap_revocation
    sql "$(setting AUXEIRA_DSN)" -c 'drop role if exists auxeira_tap_investor'
    rm -rf "$work"
}
trap clean_up EXIT

new_database tap_revocation
register ann startup_founder >/dev/null
register ivy venture_capital >/dev/null
anns_org="$(org_of ann)"
ivys_org="$(org_of ivy)"
ivys_id="$(sql "$admin" -c "select user_id from auxeira.users where email = 'ivy@example.org'")"
metric="insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp)
    values ('$anns_org', 'venture_capital', '{\"mrr\": 1}', now())"
sql "$admin" -c "insert into auxeira.relationships (org_id, startup_id, kind, status, scopes, decided_at)
        values ('$ivys_org', '$anns_org', 'investor', 'accepted', '{metrics}', now())" -c "$metric"
password="$(head -c 12 /dev/urandom | base64)"
sql "$admin" -c "create role auxeira_tap_investor login password '$password'" \
    -c "call auxeira.bind_login('auxeira_tap_investor', '$ivys_id')"
investor="$admin user=auxeira_tap_investor password=$password"

# --- The connections: what each sees of Ann's rows ------------------------------------------------------------------

rows="select count(*) from auxeira.dashboard_metrics where org_id = '$anns_org'"
connect change "$admin"
connect calls "$shim"
ways=(plain open prepared repeatable serializable imported)
for way in "${ways[@]}"; do connect "$way" "$investor"; done
ask prepared "set plan_cache_mode = force_generic_plan; prepare p as $rows" >/dev/null

# As a client would that has refreshed its token when it was told to.
claims() {
    sql "$admin" -c "select jsonb_build_object('sub', user_id, 'sid', session_id, 'ver', token_version, 'requestId', 'x')
        from auxeira.user_sessions where user_id = '$ivys_id' order by revoked_at is not null, created_at desc limit 1"
}
by_call() {
    ask calls "select (body::jsonb #>> '{data,count}') from auxeira.call('$token', 'get_metrics', '{\"organizationId\": \"$anns_org\"}')" |
        sed -E 's/^ERROR: +//'
}
# What the connections of the login see, in the order of `ways`.
by_login() {
    local way
    for way in "${ways[@]}"; do
        case "$way" in prepared) ask prepared 'execute p' ;; *) ask "$way" "$rows" ;; esac
    done | paste -sd' '
}
# Transactions that are open while something changes. The one with a snapshot of another connection gets it before.
begin() {
    ask open "begin; $rows" >/dev/null
    ask repeatable "begin isolation level repeatable read; $rows" >/dev/null
    ask serializable "begin isolation level serializable; $rows" >/dev/null
    snapshot="$(ask repeatable 'select pg_export_snapshot()')"
}
import() { ask imported "begin isolation level repeatable read; set transaction snapshot '$snapshot'" >/dev/null; }
commit() {
    local way
    for way in open repeatable serializable imported; do ask "$way" commit >/dev/null; done
}

# --- Changes ----------------------------------------------------------------------------------------------------------

relationship="update auxeira.relationships set"
membership="update auxeira.user_organizations set"
names=('the relationship ends' 'the scope is closed' 'the member is removed' 'the organization is closed' 'the user is disabled')
changes=("$relationship status = 'ended', scopes = '{}', ended_at = now()" "$relationship scopes = '{scores}'"
    "$membership left_at = clock_timestamp() where user_id = '$ivys_id'"
    "update auxeira.organizations set is_active = false where org_id = '$ivys_org'"
    "update auxeira.users set is_active = false where user_id = '$ivys_id'")
undoings=("$relationship status = 'accepted', scopes = '{metrics}', ended_at = null" "$relationship scopes = '{metrics}'"
    "$membership left_at = null where user_id = '$ivys_id'; update auxeira.user_sessions set revoked_at = null, revoke_reason = null"
    'update auxeira.organizations set is_active = true' 'update auxeira.users set is_active = true')
refusals=('organization not found' 'organization not found' 'the session has ended' 'the session has ended' 'the session has ended')

for n in "${!names[@]}"; do
    name="${names[n]}"
    token="$(claims)"
    begin
    import
    is "$(by_call), $(by_login)" '1, 1 1 1 1 1 1' "before $name, it is seen"
    ask change "begin; ${changes[n]}" >/dev/null
    is "$(by_call), $(by_login)" '1, 1 1 1 1 1 1' "$name: not for others before the commit"
    ask change rollback >/dev/null
    is "$(by_call), $(by_login)" '1, 1 1 1 1 1 1' "$name: not at all when it is taken back"
    commit
    begin
    ask change "begin; ${changes[n]}" >/dev/null
    ask change commit >/dev/null
    import
    is "$(by_call)" "${refusals[n]}" "$name: the next call is refused"
    is "$(by_login)" '0 0 0 0 0 0' "$name: the next statement of a login sees nothing (${ways[*]})"
    commit
    sql "$admin" -c "$metric"
    is "$(by_login)" '0 0 0 0 0 0' "$name: nor is anything seen after the transactions, or of what is new"
    sql "$admin" -c "delete from auxeira.dashboard_metrics where metric_id not in (select metric_id from auxeira.dashboard_metrics limit 1)"
    ask change "${undoings[n]}" >/dev/null
done
token="$(claims)"
is "$(by_call), $(by_login)" '1, 1 1 1 1 1 1' 'when all is as it was, it is seen again'

# --- Roles, writing, cursors, the binding itself ------------------------------------------------------------------------

own="insert into auxeira.dashboard_metrics (org_id, user_id, dashboard_type, metric_value, metric_timestamp)
    values ('$ivys_org', '$ivys_id', 'venture_capital', '{}', now())"
begin
is "$(ask open "$own; select 'done'")" 'done' 'an owner writes'
ask change "$membership role = 'viewer' where user_id = '$ivys_id'" >/dev/null
like "$(ask plain "$own")" 'new row violates row-level security policy' 'a viewer does not, from the next statement on'
like "$(ask open "$own")" 'new row violates row-level security policy' 'not in a transaction that is open either'
like "$(ask repeatable "$own")" 'new row violates row-level security policy' 'nor in one that has a snapshot'
commit
is "$(by_call)" 'the session has ended' 'the access token of the former role is refused'
ask change "$membership role = 'owner' where user_id = '$ivys_id'" >/dev/null
is "$(ask plain "$own; select 'done'")" 'done' 'an owner again, and at once'

ask open "begin; declare c cursor for select metric_value from auxeira.dashboard_metrics where org_id = '$anns_org'" >/dev/null
ask change "${changes[0]}; $metric" >/dev/null
is "$(ask open 'fetch all c')" '{"mrr": 1}' 'a cursor that was open ends what it began, and shows nothing that is new'
is "$(ask open "$rows")" 0 'beside it nothing is seen'
ask open commit >/dev/null
ask change "${undoings[0]}" >/dev/null

# --- No transaction of a login keeps its user's rights from ending --------------------------------------------------------

root="$(register root government)"
sql "$admin" -c "update auxeira.users set is_admin = true where email = 'root@example.org'"
actions=("auxeira_api.complete_action('{\"actionType\": \"pivot\", \"domain\": \"x\"}')"
    "auxeira_api.create_relationship('{\"startupId\": \"$anns_org\", \"kind\": \"investor\"}')"
    "auxeira_api.generate_synthetic('{\"count\": 3}')" "auxeira_api.create_document('{\"title\": \"x\", \"kind\": \"legal\",
    \"url\": \"https://files.example/x\"}')")
for action in "${actions[@]}"; do
    like "$(ask open "begin; select $action" | head -c 200)" success "an SQL login has done something and not committed: ${action%%\(*}"
    like "$(PGOPTIONS='-c lock_timeout=2s' call "$root" admin_update_user "{\"userId\": \"$ivys_id\", \"isActive\": false}")" success \
        'its user is disabled nevertheless'
    is "$(ask open "$rows")" 0 'and sees nothing more'
    ask open rollback >/dev/null
    call "$root" admin_update_user "{\"userId\": \"$ivys_id\", \"isActive\": true}" >/dev/null
done

ask change "call auxeira.unbind_login('auxeira_tap_investor')" >/dev/null
like "$(ask plain "$rows")" 'permission denied' 'a login that is unbound loses every table on open connections'

# --- That all this would be noticed ---------------------------------------------------------------------------------------

ask change "call auxeira.bind_login('auxeira_tap_investor', '$ivys_id')" >/dev/null
is "$(by_login)" '2 2 2 2 2 2' 'bound again'
sql "$admin" -c 'alter table auxeira.relationships disable trigger rights_changed'
ask change "${changes[0]}" >/dev/null
is "$(by_login)" '2 2 2 2 2 2' 'without the trigger that tells of changes, rights would be remembered'
finish
