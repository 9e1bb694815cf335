#!/usr/bin/env bash
# The keys of an instance: made at the first start, kept, rotated while it runs; or an operator's own.
# shellcheck source=test/tap/lib.sh
. "$(dirname "$0")/lib.sh"
work="$(new_directory)"
data="$work/data"
unset AUXEIRA_DATABASE_URL
export AUXEIRA_DATA="$data" AUXEIRA_PORT=0 AUXEIRA_DEMO=0

auxeira() { api/launch/auxeira "$@" 2>&1; }
trap 'auxeira stop >/dev/null; rm -rf "$work"' EXIT

post() {
    curl --silent --max-time 10 --header 'Content-Type: application/json' --data-binary @- "$(setting AUXEIRA_URL)$1"
}
member() { sed -E "s/.*\"$1\":\"([^\"]*)\".*/\1/"; }
me() {
    curl --silent --max-time 10 --output /dev/null --write-out '%{http_code}' --header "Authorization: Bearer $1" \
        "$(setting AUXEIRA_URL)/api/auth/me"
}
key_of() { cut -d. -f1 <<<"$1" | tr '_-' '/+' | base64 --decode 2>/dev/null | member kid; }
public_keys() {
    curl --silent "$(setting AUXEIRA_URL)/.well-known/jwks.json" | grep -oE '"kid":"[^"]*"' | cut -d'"' -f4
}
modes() { (cd "$data/keys" && stat -c '%n %a' "$@" 2>&1); }

# --- Made at the first start ----------------------------------------------------------------------------------

# A directory as older versions left it.
mkdir -p "$data/keys"
: >"$data/.auxeira-data"
echo 'the secret of an older version, for HS256' >"$data/keys/jwt.secret"
chmod 600 "$data/keys/jwt.secret"

AUXEIRA_CORS_ORIGINS=https://app.example api/launch/auxeira run >"$work/run.log" 2>&1 &
foreground=$!
for _ in $(seq 1 600); do
    grep -q Ctrl-C "$work/run.log" && break
    sleep 0.5
done
grep -q Ctrl-C "$work/run.log"
ok 'an instance runs'
is "$(modes jwt.key vault.key)" $'jwt.key 600\nvault.key 600' 'its keys are for the owner alone'
is "$(wc -c <"$data/keys/jwt.key") $(wc -c <"$data/keys/vault.key")" '43 43' 'of 32 bytes each'
[ "$(cat "$data/keys/jwt.key")" != "$(cat "$data/keys/vault.key")" ]
ok 'and not alike'
environment="$(tr '\0' '\n' <"/proc/$(cat "$data/api.pid")/environ")"
grep -qx "AUXEIRA_JWT_PREVIOUS_SECRET_FILE=$data/keys/jwt.secret" <<<"$environment"
ok 'the secret of the older version is the previous one'

person='{"email": "ann@example.org", "password": "correct horse battery", "userType": "startup_founder",
    "refresh": true}'
answer="$(post /api/auth/register <<<"$person")"
token="$(member token <<<"$answer")"
first="$(public_keys)"
is "$(key_of "$token")" "$first" 'tokens are signed with the key that is made public'
is "$(me "$token")" 200 'and accepted'

# --- Rotated --------------------------------------------------------------------------------------------------

like "$(auxeira rotate-keys)" 'may be in use for another [0-9]+ s; rotate-keys --now ends them' \
    'no rotation while tokens of the key before the current one may live'
is "$(public_keys)" "$first" 'and nothing has changed'
touch -d '25 hours ago' "$data/keys/jwt.key"
url="$(setting AUXEIRA_URL)"
like "$(auxeira rotate-keys)" 'signed with a new key' 'later there is one'
is "$(modes jwt.key jwt.previous.key)" $'jwt.key 600\njwt.previous.key 600' 'both keys are for the owner alone'
[ ! -e "$data/keys/jwt.secret" ]
ok 'that secret is gone'
is "$(setting AUXEIRA_URL)" "$url" 'the address is the same'
second="$(public_keys | head -n 1)"
is "$(public_keys | tail -n +2)" "$first" 'the old key is public still, the new one comes first'
is "$(me "$token")" 200 'nobody is logged out'
new="$(post /api/auth/login <<<"$person" | member token)"
is "$(key_of "$new")" "$second" 'new tokens are signed with the new key'
like "$(curl --silent --head --header 'Origin: https://app.example' "$url/live")" \
    'Access-Control-Allow-Origin: https://app.example' 'the settings are those of the start'
kill -0 "$foreground" 2>/dev/null
ok 'the command in the foreground goes on'

like "$(auxeira rotate-keys --now)" 'signed with a new key' 'a rotation that cannot wait'
is "$(me "$token")" 401 'ends the tokens of the first key'
token="$(post /api/auth/refresh <<<"{\"refreshToken\": \"$(member refreshToken <<<"$answer")\"}" | member token)"
is "$(me "$token")" 200 'and no session that can be refreshed'
is "$(public_keys | tail -n 1)" "$second" 'the second is the previous one now'

kill -TERM "$foreground"
wait "$foreground"
have="$(auxeira rotate-keys)"
is "$? $have" '2 auxeira: not running: start it first, then rotate its keys' 'what does not run is not rotated'

# --- An operator's own ----------------------------------------------------------------------------------------

export AUXEIRA_JWT_SECRET='a secret of the operator, for HS256'
auxeira start >"$work/start.log"
ok 'it starts with a secret of the operator'
is "$(public_keys)" '' 'which is not public'
is "$(me "$(post /api/auth/login <<<"$person" | member token)")" 200 'and signs tokens'
unset AUXEIRA_JWT_SECRET
like "$(auxeira rotate-keys)" 'the signing key was given with AUXEIRA_JWT_' 'and is the operator'\''s to change'
auxeira stop >/dev/null

while IFS='|' read -r settings want; do
    have="$(env $settings api/launch/auxeira start 2>&1)"
    like "$have" "$want" "$settings"
done <<'REFUSED'
AUXEIRA_JWT_SECRET=short|AUXEIRA_JWT_SECRET has a wrong value; allowed: at least 32 random bytes
AUXEIRA_JWT_KEY=short|AUXEIRA_JWT_KEY has a wrong value; allowed: 32 random bytes as base64
AUXEIRA_VAULT_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|AUXEIRA_VAULT_KEY has a wrong value
AUXEIRA_JWT_KEY=nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A AUXEIRA_JWT_SECRET=0123456789abcdef0123456789abcdef|AUXEIRA_JWT_KEY and AUXEIRA_JWT_SECRET are both set
REFUSED
finish
