# Sourced by the TAP tests: assertions, and access to the running instance that $AUXEIRA_DATA/env describes.
# shellcheck shell=bash
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
count=0
failed=0
admin='' # set by new_database
shim=''
work='' # set by tests that have files

# ok NAME: passes when the command before it did.
ok() {
    # shellcheck disable=SC2319 # a condition is welcome
    local status=$?
    count=$((count + 1))
    [ "$status" = 0 ] || { failed=$((failed + 1)) && printf 'not '; }
    echo "ok $count - $1"
}

# is HAVE WANT NAME
is() {
    [ "$1" = "$2" ]
    ok "$3"
    [ "$1" = "$2" ] || printf '%s\n' "have: $1" "want: $2" | sed 's/^/# /'
}

# like HAVE PATTERN NAME
like() {
    [[ "$1" =~ $2 ]]
    ok "$3"
    [[ "$1" =~ $2 ]] || printf '%s\n' "have: $1" "pattern: $2" | sed 's/^/# /'
}

skip() {
    count=$((count + 1))
    echo "ok $count - # SKIP $1"
}

diag() { sed 's/^/# /' <<<"$*"; }

finish() {
    echo "1..$count"
    [ "$failed" = 0 ]
    exit
}

# setting NAME [DATA]: a value of the env file of an instance. Fails when there is none: an empty connection string
# would be that of the system's own cluster.
setting() {
    local file="${2:-${AUXEIRA_DATA:?is not set: start an instance first}}/env" value=''
    eval "value=$(sed -n "s/^$1=//p" "$file")"
    [ -n "$value" ] || { echo "no $1 in $file" >&2 && return 1; }
    echo "$value"
}

# sql DSN [OPTION...]: as the user of the connection string; the answer on standard output, errors too.
sql() {
    local dsn="$1"
    shift
    PGOPTIONS="${PGOPTIONS:--c client_min_messages=warning}" psql --no-psqlrc --quiet --tuples-only --no-align \
        --set=ON_ERROR_STOP=1 "$dsn" "$@" 2>&1
}

# A directory of this test's own, which others can look into.
new_directory() {
    local directory
    directory="$(mktemp -d "${TMPDIR:-/tmp}/auxeira-test.XXXXXX")"
    chmod 755 "$directory"
    echo "$directory"
}

# new_database NAME: a database of the instance with the platform in it; sets `admin` and `shim`, connection strings.
new_database() {
    local server
    server="$(setting AUXEIRA_DSN)" || exit 1
    sql "$server" -c "drop database if exists $1 with (force)" -c "create database $1" || exit 1
    admin="$server dbname=$1"
    shim="$(setting AUXEIRA_APP_DSN) dbname=$1"
    sql "$admin" -f sql/platform.sql >/dev/null || exit 1
}

drop_database() {
    local server
    server="$(setting AUXEIRA_DSN)" && sql "$server" -c "drop database if exists $1 with (force)"
}

# register NAME KIND [ORGANIZATION]: a user of the database that new_database made; prints the claims of a session.
register() {
    sql "$admin" <<SQL
select json_build_object('sub', user_id, 'sid', session_id, 'ver', token_version)
from auxeira.register_user(jsonb_build_object('email', '$1@example.org', 'userType', '$2', 'organization', '${3:-{\}}'::jsonb),
                           '\$argon2id\$test', sha256('$1'), 3600, '{}');
SQL
}

# org_of NAME
org_of() {
    sql "$admin" -c "select org_id from auxeira.users join auxeira.user_organizations using (user_id) where email = '$1@example.org'"
}

# call CLAIMS FUNCTION [REQUEST]
call() {
    sql "$shim" -c "select body from auxeira.call('$1', '$2', '${3:-{\}}')"
}

# connect NAME DSN: a connection that stays open; its files are in $work.
declare -A input
# shellcheck disable=SC2154 # $work is of whoever sources this.
connect() {
    local descriptor
    mkfifo "$work/$1.in"
    PGOPTIONS='-c client_min_messages=warning' psql --no-psqlrc --quiet --tuples-only --no-align --set=VERBOSITY=terse "$2" \
        <"$work/$1.in" >>"$work/$1.out" 2>&1 &
    exec {descriptor}>"$work/$1.in"
    input[$1]=$descriptor
}

disconnect() {
    local descriptor
    for descriptor in "${input[@]}"; do exec {descriptor}>&-; done
    wait
}

# ask NAME STATEMENT: what a connection answers, in one line.
asked=0
ask() {
    local tries end
    asked=$((asked + 1))
    end="-- end $asked of $BASHPID $RANDOM"
    : >"$work/$1.out"
    printf '%s;\n\\echo %s\n' "$2" "$end" >&"${input[$1]}"
    for tries in $(seq 1 1000); do
        grep -qxF -e "$end" "$work/$1.out" && break
        sleep 0.01
    done
    [ "$tries" -lt 1000 ] || echo 'no answer within 10 s'
    grep -vxF -e "$end" "$work/$1.out" | sed -n '/[^ ]/p' | paste -sd' '
}
