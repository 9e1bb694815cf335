#!/usr/bin/env bash
# The ways around row-level security that need connections, a dump or an installation of their own. Each is tried again with
# its guard removed. The others are in test/pgtap/routes.sql.
# shellcheck source=test/tap/lib.sh
. "$(dirname "$0")/lib.sh"
work="$(new_directory)"
server="$(setting AUXEIRA_DSN)" || exit 1
clean_up() {
    local database role
    for database in tap_routes tap_routes_copy tap_squatted; do drop_database "$database"; done
    for role in auxeira_tap_login auxeira_tap_reader auxeira_tap_squatter; do sql "$server" -c "drop role if exists $role"; done
    rm -rf "$work"
}
trap clean_up EXIT
new_database tap_routes
for name in ann bob; do
    register "$name" startup_founder >/dev/null
    sql "$admin" -c "insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp)
        values ('$(org_of "$name")', 'startup_founder', '{\"of\": \"$name\"}', now())"
done
password="$(head -c 12 /dev/urandom | base64)"
anns_id="$(sql "$admin" -c "select user_id from auxeira.users where email = 'ann@example.org'")"
sql "$admin" -c "create role auxeira_tap_login login password '$password'" -c "call auxeira.bind_login('auxeira_tap_login', '$anns_id')"
login="$admin user=auxeira_tap_login password=$password"
rls() { sql "$admin" -c "alter table auxeira.dashboard_metrics $1 row level security"; }

# --- 19: copies and dumps ----------------------------------------------------------------------------------------

copy='copy auxeira.dashboard_metrics (metric_value) to stdout'
is "$(sql "$login" -c "$copy")" '{"of": "ann"}' 'route 19: COPY copies the own rows'
rls disable
is "$(sql "$login" -c "$copy" | sort)" $'{"of": "ann"}\n{"of": "bob"}' 'route 19: COPY copies the own rows, and leaks without its guard'
rls enable
like "$(sql "$login" -c 'copy auxeira.dashboard_metrics (org_id) from stdin' </dev/null)" 'COPY FROM not supported with row-level security' \
    'route 19: and takes none'

# pg_dump asks for the sizes of tables, which a bound login is not told; this one reads the own rows by a policy of its own.
sql "$admin" -c "create role auxeira_tap_reader login password '$password'" -c 'grant usage on schema auxeira to auxeira_tap_reader' \
    -c 'grant select on auxeira.dashboard_metrics to auxeira_tap_reader' \
    -c "create policy reader on auxeira.dashboard_metrics to auxeira_tap_reader using (org_id = '$(org_of ann)')"
reader="$admin user=auxeira_tap_reader password=$password"
# dump DSN [OPTION...]
dump() {
    local dsn="$1"
    shift
    pg_dump --dbname="$dsn" --data-only --table=auxeira.dashboard_metrics "$@" 2>&1
}
like "$(dump "$login")" 'how large tables are is not shown' 'route 19: a bound login does not run pg_dump'
is "$(dump "$reader" --enable-row-security | grep -o '"of": "[a-z]*"')" '"of": "ann"' 'route 19: pg_dump with row security dumps the own rows'
like "$(dump "$reader")" 'query would be affected by row-level security policy' 'route 19: pg_dump refuses to dump a part as the whole'
sql "$admin" -c 'alter role auxeira_tap_reader bypassrls'
is "$(dump "$reader" | grep -o '"of": "[a-z]*"' | sort | paste -sd,)" '"of": "ann","of": "bob"' \
    'route 19: pg_dump refuses to dump a part as the whole, and leaks without its guard'
sql "$admin" -c 'drop policy reader on auxeira.dashboard_metrics' -c 'drop owned by auxeira_tap_reader'

# What psql shows of tables it shows to a bound login too.
for command in '\d' '\dt auxeira.*' '\d+ auxeira.dashboard_metrics' '\di auxeira.*' '\df auxeira_api.*' '\l' '\dp auxeira.*'; do
    [[ "$(sql "$login" -c "$command")" != *ERROR* ]]
    ok "route 21: psql's $command"
done

# --- 8, 18, 20: what the server itself holds back, in versions that are good enough ---------------------------------

# pretend SED...: the installation, changed in this way, into a database of its own.
pretend() {
    rm -rf "$work/stage"
    cp -r "$(sql "$server" -c 'show extension_destdir')" "$work/stage"
    sed -i "$@" "$work"/stage/usr/share/postgresql/*/extension/auxeira--*.sql
    chmod -R a+rX "$work/stage"
    sql "$server" -c 'drop database if exists tap_squatted' -c 'create database tap_squatted' \
        -c "alter database tap_squatted set extension_destdir = '$work/stage'"
    sql "$server dbname=tap_squatted" -f sql/platform.sql
    sql "$server dbname=tap_squatted" -c "select count(*) from pg_extension where extname = 'auxeira'"
}
older="s/current_setting('server_version_num')::integer/150013/"
have="$(pretend -e "$older")"
like "$have" 'PostgreSQL 15.13 lacks corrections that the platform relies on' 'routes 8, 18, 20: an older server is refused'
is "${have##*$'\n'}" 0 'routes 8, 18, 20: and gets nothing'
have="$(pretend -e "$older" -e '/^select auxeira.require_server/d')"
is "${have##*$'\n'}" 1 'routes 8, 18, 20: an older server is refused, and gets all without that guard'

# --- 20: names of objects that a dump runs -----------------------------------------------------------------------

# The guard is in pg_dump and psql, whose versions are what can be looked after.
sql "$admin" <<SQL
create schema planted;
create table planted."x
\! touch $work/hijacked
-- " (id integer);
comment on table planted."x
\! touch $work/hijacked
-- " is 'x';
SQL
pg_dump --dbname="$admin" --schema=planted >"$work/planted.sql"
sql "$server" -c 'create database tap_routes_copy'
sql "$server dbname=tap_routes_copy" --set=ON_ERROR_STOP=0 -f "$work/planted.sql" >/dev/null
[ ! -e "$work/hijacked" ]
ok 'route 20: restoring a dump runs no command out of the name of an object (the guard is in pg_dump)'
is "$(sql "$server dbname=tap_routes_copy" -c "select count(*) from pg_tables where schemaname = 'planted'")" 1 'route 20: and the table is restored'
for program in pg_dump psql; do
    version="$("$program" --version | grep -oE '[0-9]+\.[0-9]+' | head -n 1)"
    case "${version%.*}" in 13) least=22 ;; 14) least=19 ;; 15) least=14 ;; 16) least=10 ;; 17) least=6 ;; *) least=0 ;; esac
    [ "${version#*.}" -ge "$least" ]
    ok "route 20: $program $version has the corrections of CVE-2025-8714 and CVE-2025-8715"
done
is "$(sql "$login" -c 'create table public."x
y" ()' | grep -o 'permission denied.*')" 'permission denied for schema public' 'route 20: an SQL login names no objects'

# --- 24: a schema that somebody else made before ------------------------------------------------------------------

sql "$server" -c "create role auxeira_tap_squatter login password '$password'"
# squat STATEMENT...: a database in which the squatter has done this; sets `squatted` and `squatter`.
squat() {
    local statement
    sql "$server" -c 'drop database if exists tap_squatted' -c 'create database tap_squatted' \
        -c 'grant create on database tap_squatted to auxeira_tap_squatter'
    squatted="$server dbname=tap_squatted"
    squatter="$squatted user=auxeira_tap_squatter password=$password"
    for statement; do sql "$squatter" -c "$statement"; done
}
for schema in auxeira auxeira_api bi; do
    squat "create schema $schema"
    like "$(sql "$squatted" -f sql/platform.sql)" "a schema of the platform exists and is not a superuser's" \
        "route 24: nothing is installed into somebody else's schema $schema"
    is "$(sql "$squatted" -c "select to_regclass('auxeira.users') is null and not exists (select from pg_extension where extname = 'auxeira')")" t \
        "route 24: nothing at all ($schema)"
done
for object in 'function auxeira.user_id() returns uuid language sql return null::uuid' 'type auxeira.sse_result as (x integer)' \
    'procedure auxeira.call(claims jsonb, function text, request jsonb) language sql as $$ select 1 $$'; do
    squat 'create schema auxeira' "create $object"
    like "$(sql "$squatted" -c 'create extension auxeira')" 'already exists' "route 24: the extension takes over no ${object%% *} that is there"
done
squat 'create schema auxeira'
sed -e "/^  do \\$\\$/,/^  \\$\\$;/d" -e "s#\\\\ir platform/#\\\\i sql/platform/#" sql/platform.sql >"$work/unguarded.sql"
sql "$squatted" -f "$work/unguarded.sql" >/dev/null
sql "$squatted" -c "select auxeira.disable_history('auxeira.documents')" >/dev/null
is "$(sql "$squatter" -c 'drop table auxeira.documents')" '' \
    "route 24: nothing is installed into somebody else's schema, whose owner could drop the tables without that guard"

# --- 25: more than there is room or time for -----------------------------------------------------------------------

long='select count(*) from auxeira.synthetic_metrics('"'startup_founder'"', 300000)'
like "$(sql "$login" -c "set statement_timeout = '40ms'" -c "$long")" 'canceling statement due to statement timeout' \
    'route 25: what takes too long is stopped, in C++ too'
is "$(sql "$login" -c 'set statement_timeout = 0' -c "$long")" 300000 'route 25: what takes too long is stopped, and goes on without its guard'
big='select count(*) from (select n from generate_series(1, 300000) n order by md5(n::text)) sorted'
is "$(sql "$login" -c 'show temp_file_limit')" 1GB 'route 25: a login has a limit for temporary files'
like "$(sql "$login" -c 'set temp_file_limit = -1')" 'permission denied to set parameter "temp_file_limit"' 'route 25: which it cannot change'
is "$(sql "$shim" -c 'show temp_file_limit')" 1GB 'route 25: the shim has one too'
sql "$admin" -c "alter role auxeira_tap_login set temp_file_limit = '1MB'"
like "$(sql "$login" -c "set work_mem = '64kB'" -c "$big")" 'temporary file size exceeds temp_file_limit' 'route 25: a login fills no disk'
sql "$admin" -c 'alter role auxeira_tap_login reset temp_file_limit'
is "$(sql "$login" -c "set work_mem = '64kB'" -c "$big")" 300000 'route 25: a login fills no disk, and goes on without its guard'
finish
