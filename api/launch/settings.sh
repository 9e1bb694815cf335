# Sourced: the settings of the commands, checked, and where things are.
# shellcheck shell=bash

fail() {
    echo "auxeira: $*" >&2
    exit 2
}

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
AUXEIRA_PORT="${AUXEIRA_PORT:-8080}"
AUXEIRA_DATA="${AUXEIRA_DATA:-$root/.auxeira}"
AUXEIRA_DEMO="${AUXEIRA_DEMO:-$([ -z "${AUXEIRA_DATABASE_URL:-}" ] && echo 1 || echo 0)}"

[[ "$AUXEIRA_PORT" =~ ^[0-9]{1,5}$ ]] && [ "$AUXEIRA_PORT" -le 65535 ] ||
    fail "AUXEIRA_PORT is \"$AUXEIRA_PORT\": a port from 0 (any free one) to 65535 is expected"
[[ "$AUXEIRA_DEMO" =~ ^[01]$ ]] || fail "AUXEIRA_DEMO is \"$AUXEIRA_DEMO\": 0 or 1 is expected"
[[ "$AUXEIRA_DATA" != *[$'\n\'\\']* ]] || fail "AUXEIRA_DATA must not hold quotes, backslashes or newlines"

mkdir -p "$AUXEIRA_DATA"
data="$(cd "$AUXEIRA_DATA" && pwd -P)"
chmod 755 "$data"
keys="$data/keys"
mkdir -p "$keys"
chmod 700 "$keys"
logs="$data/logs"
mkdir -p "$logs"

# Random text for passwords, from the kernel.
random_text() {
    head -c 24 /dev/urandom | base64 | tr '+/' '-_'
}

# A secret that is made once and kept: prints the path of its file.
secret_file() {
    local file="$keys/$1"
    [ -s "$file" ] || (umask 077 && random_text | tr -d '\n' >"$file.new" && mv "$file.new" "$file")
    echo "$file"
}

say() {
    echo "auxeira: $*"
}
