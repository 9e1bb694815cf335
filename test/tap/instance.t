#!/usr/bin/env bash
# Starting and stopping: instances side by side, killed and started again, in awkward places, by an ordinary user.
# shellcheck source=test/tap/lib.sh
. "$(dirname "$0")/lib.sh"
work="$(new_directory)"
user="auxeira-test-$$"
unset AUXEIRA_DATABASE_URL
export AUXEIRA_PORT=0 AUXEIRA_DEMO=0

auxeira() { AUXEIRA_DATA="$1" api/launch/auxeira "$2" 2>&1; }
# begins DATA: starts, and shows what the command said when it fails.
begins() {
    auxeira "$1" start >"$work/start.log" && return
    sed 's/^/# /' "$work/start.log"
    return 1
}
answers() { curl --silent --max-time 5 --output /dev/null --write-out '%{http_code}' "$(setting AUXEIRA_URL "$1")$2"; }
post() {
    curl --silent --max-time 10 --header 'Content-Type: application/json' --data-binary @- --output /dev/null \
        --write-out '%{http_code}' "$(setting AUXEIRA_URL "$1")$2"
}
clean_up() {
    local data
    for data in "$work/one" "$work/two" "$deep"; do
        [ ! -d "$data" ] || auxeira "$data" stop >/dev/null
    done
    [ "$(id -u)" != 0 ] || ! id "$user" >/dev/null 2>&1 || userdel --remove "$user" 2>/dev/null
    rm -rf "$work"
}
deep="$work/$(printf 'a-directory-with-a-long-name/%.0s' 1 2 3 4 5)instance"
trap clean_up EXIT

# The system's own clusters: their state, their process, their configuration.
system_clusters() {
    pg_lsclusters --no-header 2>/dev/null
    head -qn 1 /var/lib/postgresql/*/*/postmaster.pid 2>/dev/null
    find /etc/postgresql /var/lib/postgresql/[0-9]* -maxdepth 2 -printf '%p %s %T@\n' 2>/dev/null | sort
}
system_clusters >"$work/clusters"

# --- Wrong settings -------------------------------------------------------------------------------------------

while read -r name value want; do
    have="$(env AUXEIRA_DATA="$work/wrong" "$name=$value" api/launch/auxeira start 2>&1)"
    is "$? $have" "2 auxeira: $name is \"$value\": $want" "$name=$value"
done <<'WRONG'
AUXEIRA_PORT x a port from 0 (any free one) to 65535 is expected
AUXEIRA_PORT -1 a port from 0 (any free one) to 65535 is expected
AUXEIRA_PORT 65536 a port from 0 (any free one) to 65535 is expected
AUXEIRA_PORT 80a a port from 0 (any free one) to 65535 is expected
AUXEIRA_DEMO 2 0 or 1 is expected
WRONG
is "$(AUXEIRA_DATA="$work/o'one" api/launch/auxeira start 2>&1)" \
    'auxeira: AUXEIRA_DATA must not hold quotes, backslashes or newlines' 'AUXEIRA_DATA with a quote'
[ ! -e "$work/o'one" ] && [ ! -e "$work/wrong" ]
ok 'and nothing is made there'

is "$(AUXEIRA_DATA="$work/far" AUXEIRA_DATABASE_URL='postgresql://postgres:hidden@db.example/x' api/launch/auxeira start 2>&1 |
    tail -n 1)" "auxeira: AUXEIRA_DATABASE_URL leads to db.example with sslmode=prefer; allowed: sslmode=verify-full or \
verify-ca for a server on another machine" 'no password goes to a server on another machine that is not verified'

# --- Two side by side -----------------------------------------------------------------------------------------

begins "$work/one"
ok 'an instance starts'
is "$(answers "$work/one" /ready)" 200 'and is ready'
begins "$work/two"
ok 'another starts beside it'
is "$(answers "$work/two" /ready) $(answers "$work/one" /ready)" '200 200' 'both are ready'
[ "$(setting AUXEIRA_URL "$work/one")" != "$(setting AUXEIRA_URL "$work/two")" ]
ok 'at addresses of their own'
is "$(stat -c %a "$work/one/env") $(stat -c %a "$work/one/keys")" '600 700' 'what is secret is for the owner alone'
like "$(auxeira "$work/one" start)" 'already running' 'starting it again is refused'

person='{"email": "ann@example.org", "password": "correct horse battery", "userType": "startup_founder"}'
is "$(post "$work/one" /api/auth/register <<<"$person")" 201 'a user registers with one'
is "$(post "$work/two" /api/auth/login <<<"$person")" 401 'and is unknown to the other'
# ASVS 6.2.4: at least the 3,000 most common of those that are long enough. Some of them are names, or have a pattern.
[ "$(awk 'length >= 8' "$work/one/common-passwords" | wc -l)" -ge 3000 ]
ok 'thousands of common passwords are known'
for password in password1 trustno1 jennifer december 88888888 12341234 123123123 87654321 abcdefgh; do
    is "$(post "$work/one" /api/auth/register <<<"{\"email\": \"x@example.org\", \"password\": \"$password\", \"userType\": \"government\"}")" \
        422 "of leaked passwords $password is refused"
done
auxeira "$work/two" stop >/dev/null
ok 'the other stops'
is "$(answers "$work/one" /ready)" 200 'the first goes on'

# --- Killed ---------------------------------------------------------------------------------------------------

# processes_of DATA: the server, everything it started, and the shim.
processes_of() {
    local server
    server="$(sql "$(setting AUXEIRA_DSN "$1")" -c "select pg_read_file('postmaster.pid')" | head -n 1)"
    echo "$server"
    pgrep --parent "$server"
    cat "$1/api.pid"
}
# Sessions with work in them, to be killed with the rest.
sql "$(setting AUXEIRA_DSN "$work/one")" -c 'create table public.half as select generate_series(1, 100000)' \
    -c 'select pg_sleep(60)' >/dev/null &
mapfile -t processes < <(processes_of "$work/one")
kill -KILL "${processes[@]}" 2>/dev/null # some go by themselves when the first are gone
ok "kill -9 of ${#processes[@]} processes"
begins "$work/one"
ok 'it starts again on the same data'
is "$(post "$work/one" /api/auth/login <<<"$person")" 200 'and knows its user'

kill -KILL "$(cat "$work/one/api.pid")"
begins "$work/one"
ok 'it starts again when the shim alone was killed'
is "$(post "$work/one" /api/auth/login <<<"$person")" 200 'with its user'

auxeira "$work/one" stop >/dev/null
ok 'it stops'
is "$(answers "$work/one" /ready)" 000 'nobody answers'
auxeira "$work/one" stop >/dev/null
ok 'stopping what is stopped is no error'

# --- Awkward places -------------------------------------------------------------------------------------------

mkdir -p "$deep"
begins "$deep"
ok "a path of ${#deep} bytes, longer than a socket's may be"
is "$(answers "$deep" /ready)" 200 'is ready'
is "$(sql "$(setting AUXEIRA_DSN "$deep")" -c 'select 1')" 1 'and can be reached by its connection string'
auxeira "$deep" stop >/dev/null
# Its sockets had to go elsewhere.
sockets="$(setting AUXEIRA_DSN "$deep" | sed -n "s/^host='\([^']*\)'.*/\1/p")"
[[ "$sockets" != /tmp/auxeira-* ]] || rmdir "$sockets"

# An ordinary user with a checkout of their own, built already.
if [ "$(id -u)" = 0 ] && useradd --create-home "$user" 2>/dev/null; then
    home="$(getent passwd "$user" | cut -d: -f6)"
    mkdir -p "$home/auxeira/build/cmake"
    cp -a api extension sql Makefile docker "$home/auxeira/"
    cp -a auxeira.so "$home/auxeira/" 2>/dev/null
    cp -a build/extension build/*.sql "$home/auxeira/build/"
    cp -a build/cmake/auxeira-api "$home/auxeira/build/cmake/"
    cat >"$home/start" <<'START'
. "$HOME/auxeira/api/launch/settings.sh"
. "$HOME/auxeira/api/launch/cluster.sh"
. "$HOME/auxeira/api/launch/database.sh"
. "$HOME/auxeira/api/launch/keys.sh"
. "$HOME/auxeira/api/launch/service.sh"
set -e
choose_database
install_platform
start_service
curl --silent --output /dev/null --write-out '%{http_code}\n' "$url/ready"
echo 'select current_user, rolsuper from pg_roles where rolname = current_user' | run_sql
stat -c '%U' "$cluster" "/proc/$(service_pid)"
stop_service
stop_cluster
START
    chown -R "$user": "$home"
    have="$(cd / && setpriv --reuid="$user" --regid="$user" --init-groups env -i HOME="$home" PATH="$PATH" AUXEIRA_PORT=0 \
        AUXEIRA_DATA="$home/data" bash "$home/start" 2>&1 | grep -v ^auxeira:)"
    is "$have" $'200\npostgres|t\n'"$user"$'\n'"$user" 'an ordinary user runs it, as themselves'
else
    skip 'root is needed to add an ordinary user'
fi

system_clusters | diff "$work/clusters" - | sed 's/^/# /'
[ "${PIPESTATUS[1]}" = 0 ]
ok 'the clusters of the system are as they were'
finish
