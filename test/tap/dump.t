#!/usr/bin/env bash
# A dump that is restored into an empty cluster gives the same platform: rows, policies, rights, and calls that work.
# shellcheck source=test/tap/lib.sh
. "$(dirname "$0")/lib.sh"
work="$(new_directory)"
clean_up() {
    drop_database tap_dump
    (AUXEIRA_DATA="$work/other" && other_cluster && stop_cluster)
    rm -rf "$work"
}
trap clean_up EXIT

# Makes the functions of the commands work on another cluster, with the extension that is staged for this one.
other_cluster() {
    # shellcheck source=api/launch/settings.sh
    . api/launch/settings.sh
    # shellcheck source=api/launch/cluster.sh
    . api/launch/cluster.sh
    choose_base
    stage="$staged"
}

new_database tap_dump
staged="$(sql "$admin" -c 'show extension_destdir')"
ann="$(register ann startup_founder '{"stage": "seed", "industry": "fintech"}')"
call "$ann" generate_synthetic '{"count": 500, "seed": 1}' >/dev/null
call "$ann" calculate_sse "{\"startupId\": \"$(org_of ann)\", \"responses\": {\"team\": {\"q\": 0.5}}}" >/dev/null
call "$ann" complete_action '{"actionType": "pivot", "domain": "O'"''"'Brien \\ \"é\""}' >/dev/null
sql "$admin" <<'SQL'
create role auxeira_tap_dumped login;
select user_id from auxeira.users \gset
call auxeira.bind_login('auxeira_tap_dumped', :'user_id');
create table public.kept (id integer primary key, note text);
select auxeira.enable_history('public.kept') \g /dev/null
insert into public.kept select i, 'note ' || i from generate_series(1, 100) i;
alter table public.kept add column more text default 'more';
select auxeira.ledger_seal() \g /dev/null
update public.kept set note = 'later' where id = 7;
-- A row of every tenant table, by a function that is gone again.
begin;
create schema test;
\i test/pgtap/support/rows.sql
insert into auxeira.organizations (name, org_type) values ('Fund', 'venture_capital') returning org_id as fund \gset
select test.plant_rows(:'fund', org_id, :'user_id') from auxeira.organizations where org_type = 'startup' \g /dev/null
drop schema test cascade;
commit;
SQL

sql "$admin" -c 'select count(*) > 0 and count(*) filter (where md5 = md5('"''"')) < count(*) from ('"$(cat test/pgtap/support/fingerprints.sql)"') f' |
    grep -qx t
ok 'there is something to dump'
is "$(sql "$admin" -c 'select relation from ('"$(cat test/pgtap/support/fingerprints.sql)"') f
    where md5 = md5('"''"') and relation in (select table_name from auxeira.visibility)')" '' 'in every tenant table'

pg_dumpall --dbname="$admin" --roles-only --no-role-passwords >"$work/roles.sql"
ok 'pg_dumpall --roles-only'
pg_dump --dbname="$admin" --format=custom --file="$work/platform.dump"
ok 'pg_dump'

(
    AUXEIRA_DATA="$work/other" && other_cluster && create_cluster && start_cluster &&
        echo "host='$sockets' port=$cluster_port user=postgres" >"$work/dsn"
)
ok 'another cluster'
copy="$(cat "$work/dsn")"
# The role that initdb made is the one that cannot be made again.
is "$(sql "$copy dbname=postgres" --set=ON_ERROR_STOP=0 -f "$work/roles.sql" | sed 's/^psql:[^ ]* //' | grep -v '^ *$')" \
    'ERROR:  role "postgres" already exists' 'roles are restored'
is "$(pg_restore --dbname="$copy dbname=postgres" --create --exit-on-error "$work/platform.dump" 2>&1)" '' 'the platform is restored'
copy="$copy dbname=tap_dump"

# same NAME QUERY: the same on both sides, and something at all.
same() {
    sql "$admin" -c "$2" >"$work/original"
    sql "$copy" -c "$2" >"$work/copy"
    diff "$work/original" "$work/copy" | sed 's/^/# /' | head -n 20
    [ -s "$work/original" ] && ! grep -q ^ERROR "$work/original" && cmp -s "$work/original" "$work/copy"
    ok "$1"
}
same 'every row of every table' "$(cat test/pgtap/support/fingerprints.sql)"
same 'policies' 'select * from pg_policies order by tablename, policyname'
same 'row-level security' "select relname, relrowsecurity, relforcerowsecurity from pg_class
    where relnamespace in ('auxeira'::regnamespace, 'bi'::regnamespace) and relkind = 'r' order by relname"
same 'rights on tables, functions, schemas' "
    select c.oid::regclass::text, a.grantee::regrole::text, a.privilege_type from pg_class c, aclexplode(c.relacl) a
    where c.relnamespace::regnamespace::text in ('auxeira', 'auxeira_api', 'bi')
    union all
    select p.oid::regprocedure::text, a.grantee::regrole::text, a.privilege_type
    from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    where p.pronamespace::regnamespace::text in ('auxeira', 'auxeira_api', 'bi')
    union all
    select n.nspname, a.grantee::regrole::text, a.privilege_type from pg_namespace n, aclexplode(n.nspacl) a
    where n.nspname in ('auxeira', 'auxeira_api', 'bi', 'public')
    union all
    select 'database', a.grantee::regrole::text, a.privilege_type
    from pg_database d, aclexplode(d.datacl) a where d.datname = current_database()
    order by 1, 2, 3"
same 'constraints, triggers, indexes' "
    select conrelid::regclass || ' ' || conname || contype::text from pg_constraint where connamespace = 'auxeira'::regnamespace
    union all select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal and tgrelid in
      (select oid from pg_class where relnamespace = 'auxeira'::regnamespace)
    union all select indexdef from pg_indexes where schemaname = 'auxeira' order by 1"
same 'settings of roles' "select r.rolname, setting from pg_db_role_setting s join pg_roles r on r.oid = s.setrole,
    unnest(s.setconfig) setting where r.rolname ~ '^auxeira_(tap_dumped|authenticator)' order by 1, 2"

same 'event triggers' 'select evtname, evtevent, evtfoid::regproc, evtenabled from pg_event_trigger order by 1'
same 'changes that were sealed, and that were not' 'select count(*), max(leaf_index), max(change_id) from auxeira.ledger_all'
is "$(sql "$copy" -c 'select problem, table_name, key, detail from auxeira.ledger_verify()')" '' 'the ledger of the copy is in order'
same 'versions of a row' "select version, operation, \"row\", standing, block from auxeira.history('public.kept', '7')"
sql "$copy" -c 'alter table public.kept drop column more'
is "$(sql "$copy" -c "select operation from auxeira.history('public.kept', '7') order by version desc limit 1")" A 'commands that alter tables are followed there, too'
is "$(sql "$copy" -c 'drop table public.kept' | head -n 1)" 'ERROR:  table public.kept belongs to a table with history' 'and refused'
pg_dump --dbname="$admin" --clean --if-exists --file="$work/platform.sql" &&
    is "$(sql "$copy" -o /dev/null -f "$work/platform.sql" 2>&1 | grep -v '^$')" '' 'a dump is restored over what is there, event triggers and all'
same 'and every row is as it was' "$(cat test/pgtap/support/fingerprints.sql)"
is "$(sql "$copy" -c 'select problem, table_name, key, detail from auxeira.ledger_verify()')" '' 'in order'
is "$(sql "$copy" -c 'set session authorization auxeira_authenticator' \
    -c "select body::jsonb #>> '{data,email}' from auxeira.call('$ann', 'me', '{}')")" ann@example.org 'a session goes on in the copy'
is "$(sql "$copy" -c 'set session authorization auxeira_authenticator' \
    -c "select body::jsonb #>> '{data,version}' from auxeira.call('$ann', 'calculate_sse',
        '{\"startupId\": \"$(org_of ann)\", \"responses\": {\"team\": {\"q\": 0.5}}}')")" 2 'and so do the versions'
is "$(sql "$copy" -f sql/platform.sql)" 'The platform is installed already.' 'the platform is known to be there'
sql "$admin" -c 'drop role auxeira_tap_dumped'
finish
