# Sourced: the settings of the commands, checked, and where things are.
# shellcheck shell=bash

fail() {
    echo "auxeira: $*" >&2
    exit 2
}

say() {
    echo "auxeira: $*"
}

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
if [ -n "${AUXEIRA_DATABASE_URL_FILE:-}" ]; then
    AUXEIRA_DATABASE_URL="$(cat "$AUXEIRA_DATABASE_URL_FILE")" || fail "AUXEIRA_DATABASE_URL_FILE cannot be read"
fi
AUXEIRA_PORT="${AUXEIRA_PORT:-8080}"
AUXEIRA_DATA="${AUXEIRA_DATA:-$root/.auxeira}"
AUXEIRA_DEMO="${AUXEIRA_DEMO:-$([ -z "${AUXEIRA_DATABASE_URL:-}" ] && echo 1 || echo 0)}"

[[ "$AUXEIRA_PORT" =~ ^[0-9]{1,5}$ ]] && [ "$AUXEIRA_PORT" -le 65535 ] ||
    fail "AUXEIRA_PORT is \"$AUXEIRA_PORT\": a port from 0 (any free one) to 65535 is expected"
[[ "$AUXEIRA_DEMO" =~ ^[01]$ ]] || fail "AUXEIRA_DEMO is \"$AUXEIRA_DEMO\": 0 or 1 is expected"
[[ "$AUXEIRA_DATA" != *[$'\n\'\\']* ]] || fail "AUXEIRA_DATA must not hold quotes, backslashes or newlines"
if [ -n "${AUXEIRA_DATABASE_URL:-}" ]; then
    [[ "$AUXEIRA_DATABASE_URL" =~ ^postgres(ql)?:// && ! "$AUXEIRA_DATABASE_URL" =~ [?\&](user|password|dbname)= ]] ||
        fail "AUXEIRA_DATABASE_URL must be a URL, postgresql://user:password@host:port/database, with no user," \
            "password or dbname among its parameters"
fi

# The directory is taken over only when it is new, empty, or ours already.
data_mark=.auxeira-data
if [ -d "$AUXEIRA_DATA" ] && [ -n "$(ls -A "$AUXEIRA_DATA")" ] && [ ! -e "$AUXEIRA_DATA/$data_mark" ]; then
    fail "AUXEIRA_DATA is \"$AUXEIRA_DATA\": a directory of its own is expected, and this one holds other things"
fi
mkdir -p "$AUXEIRA_DATA"
data="$(cd "$AUXEIRA_DATA" && pwd -P)"
[ -e "$data/$data_mark" ] || { chmod 755 "$data" && : >"$data/$data_mark"; }
keys="$data/keys"
logs="$data/logs"
install -d -m 700 "$keys" "$logs"

# Random text for passwords, from the kernel: 48 bytes, 64 characters.
random_text() {
    head -c 48 /dev/urandom | base64 --wrap=0 | tr '+/' '-_'
}

# A key of the shim: 32 bytes as base64url.
random_key() {
    head -c 32 /dev/urandom | base64 --wrap=0 | tr '+/' '-_' | tr -d '='
}

# kept_file NAME COMMAND: a file with a secret that the command makes once. Prints its path.
kept_file() {
    local file="$keys/$1"
    [ -s "$file" ] || (umask 077 && "$2" >"$file.new" && mv "$file.new" "$file")
    echo "$file"
}

secret_file() {
    kept_file "$1" random_text
}

secret() {
    cat "$(secret_file "$1")"
}
