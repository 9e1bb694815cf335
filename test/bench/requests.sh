# Sourced by run: wrk against the shim, pgbench against the same functions, in turn.
# shellcheck shell=bash disable=SC2154
connections=16

post() { curl --silent --fail --header 'Content-Type: application/json' --header "$1" --data-binary @- "$AUXEIRA_URL$2"; }
member() { sed -E "s/.*\"$1\": ?\"([^\"]*)\".*/\1/"; }

answer="$(echo '{"email": "bench@bench.example", "password": "'"$(head -c 18 /dev/urandom | base64)"'", "userType": "startup_founder"}' |
    post 'Accept: */*' /api/auth/register)"
token="$(echo "$answer" | member token)"
org="$(echo "$answer" | member organizationId)"
echo '{"count": 30}' | post "Authorization: Bearer $token" /api/synthetic/generate >/dev/null
echo '{"startupId": "'"$org"'", "responses": {"team": {"a": 0.5}, "market": {"b": 0.7}}}' |
    post "Authorization: Bearer $token" /api/sse/calculate >/dev/null
claims="$(sql --tuples-only --no-align --command="select json_build_object('sub', user_id, 'sid', session_id, 'ver', token_version, 'requestId', 'bench') from auxeira.user_sessions where org_id = '$org'")"

# The token is handed to wrk in a file, not in its arguments.
echo "wrk.headers['Authorization'] = 'Bearer $token'" >"$out/token.lua"

# A client that has the answer already: the ETag of the first one is sent along.
conditional() {
    local etag
    etag="$(curl --silent --fail --output /dev/null --dump-header - --header "Authorization: Bearer $token" "$AUXEIRA_URL$1" |
        sed -nE 's/^ETag: (.*)\r/\1/p')"
    { cat "$out/token.lua" && echo "wrk.headers['If-None-Match'] = '$etag'"; } >"$out/conditional.lua"
}

# wrk counts answers below 400 as answers.
wrk_rate() {
    wrk -t2 -c$connections -d"${seconds}s" -s "$1" "$AUXEIRA_URL$2" |
        awk '/Non-2xx/ { bad = 1 } /^Requests\/sec/ { rate = $2 } END { if (bad || !rate) exit 1; print rate }'
}

record() { sql --command="insert into bench.results values ('$1', '$2', $3, 'requests/s', $4)"; }

measure_requests() {
    local subject="$1" path="$2" function="$3" request="$4" round="$5" rate
    record "$subject" 'wrk -c16 through the shim, 8 connections' "$round" "$(wrk_rate "$out/token.lua" "$path")"
    conditional "$path"
    record "$subject" 'the same, not modified (304)' "$round" "$(wrk_rate "$out/conditional.lua" "$path")"
    echo "select status, body from auxeira.call('$claims'::jsonb, '$function', '$request'::jsonb);" >"$out/call.sql"
    rate="$(pgbench --no-vacuum --protocol=prepared --client="$AUXEIRA_WORKERS" --jobs=2 --time="$seconds" \
        --file="$out/call.sql" "$AUXEIRA_APP_DSN" 2>/dev/null | awk '/^tps/ { print $3 }')"
    record "$subject" 'pgbench -c8, same function' "$round" "$rate"
}

sql --command="insert into bench.aims values ('GET metrics (30 rows)', 'the same, not modified (304)', 'wrk -c16 through the shim, 8 connections', 3)"

for round in $(seq 1 "$rounds"); do
    measure_requests 'GET metrics (30 rows)' /api/dashboard/metrics get_metrics '{}' "$round"
    measure_requests 'GET score' "/api/sse/score/$org" get_sse_score '{"startupId": "'"$org"'"}' "$round"
done
