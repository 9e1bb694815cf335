# Sourced by run: wrk against the shim and its peers (peers.mjs), and pgbench against the same functions, in turn.
# shellcheck shell=bash disable=SC2154
post() { curl --silent --fail --header 'Content-Type: application/json' --header "$1" --data-binary @- "$AUXEIRA_URL$2"; }
member() { sed -E "s/.*\"$1\": ?\"([^\"]*)\".*/\1/"; }

# Reports of one organization come one after the other: there are as many founders as connections of the smaller number.
tokens=()
for n in $(seq 16); do
    answer="$(echo '{"email": "bench'"$n"'@bench.example", "password": "'"$(head -c 18 /dev/urandom | base64)"'", "userType": "startup_founder"}' |
        post 'Accept: */*' /api/auth/register)"
    tokens+=("$(echo "$answer" | member token)")
done
token="${tokens[-1]}"
org="$(echo "$answer" | member organizationId)"
echo '{"count": 30}' | post "Authorization: Bearer $token" /api/synthetic/generate >/dev/null
echo '{"startupId": "'"$org"'", "responses": {"team": {"a": 0.5}, "market": {"b": 0.7}}}' |
    post "Authorization: Bearer $token" /api/sse/calculate >/dev/null
# claims_of CONDITION: what the shim says of those who call, as an SQL array.
claims_of() {
    sql --tuples-only --no-align --command="select format('array[%s]::jsonb[]', string_agg(quote_literal(json_build_object(
            'sub', user_id, 'sid', session_id, 'ver', token_version, 'requestId', 'bench')), ', '))
        from auxeira.user_sessions join auxeira.users using (user_id) where email like 'bench%@bench.example' and $1"
}
one_founder="$(claims_of "org_id = '$org'")"
all_founders="$(claims_of true)"

# wrk reads requests from files: a token is in no argument. read_with NAME TOKEN [HEADER VALUE], post_with NAME TOKEN BODY
read_with() {
    {
        echo "wrk.headers['Authorization'] = 'Bearer $2'"
        [ $# -eq 2 ] || echo "wrk.headers['$3'] = '$4'"
    } >"$out/$1.lua"
}
post_with() {
    read_with "$1" "$2" Content-Type application/json
    printf "wrk.method = 'POST'\nwrk.body = [==[%s]==]\n" "$3" >>"$out/$1.lua"
}

# The founders in turn.
act_with() {
    post_with "$1" "${tokens[0]}" "$2"
    {
        printf 'local n, tokens = 0, {'
        printf "'%s', " "${tokens[@]}"
        echo '}'
        echo "request = function() n = n % #tokens + 1; wrk.headers['Authorization'] = 'Bearer ' .. tokens[n]; return wrk.format() end"
    } >>"$out/$1.lua"
}

# A client that has the answer already: the ETag of the first one is sent along.
conditional() {
    local etag
    etag="$(curl --silent --fail --output /dev/null --dump-header - --header "Authorization: Bearer $token" "$AUXEIRA_URL$1" |
        sed -nE 's/^ETag: (.*)\r/\1/p')"
    read_with conditional "$token" If-None-Match "$etag"
}

# Answers of 400 and above are none. wrk_rate CONNECTIONS FILE URL
wrk_rate() {
    wrk -t2 -c"$1" -d"${seconds}s" -s "$out/$2.lua" "$3" |
        awk '/Non-2xx/ { bad = 1 } /^Requests\/sec/ { rate = $2 } END { if (bad || !rate) exit 1; print rate }'
}

# record SUBJECT CONTENDER ROUND RATE [UNIT]
record() { sql --command="insert into bench.results values ('$1', '$2', $3, '${5:-requests/s}', $4)"; }

# --- Peers -------------------------------------------------------------------------------------------------------

peer_pids=()
# start_peer KIND: its address and token in $out/KIND.json.
start_peer() {
    : >"$out/$1.json"
    AUXEIRA_URL="$AUXEIRA_URL" AUXEIRA_DSN="$AUXEIRA_DSN" AUXEIRA_APP_DSN="$AUXEIRA_APP_DSN" ORG="$org" \
        node test/bench/peers.mjs "$1" >"$out/$1.json" &
    peer_pids+=($!)
    for _ in $(seq 100); do [ -s "$out/$1.json" ] && return || sleep 0.1; done
    echo "$1 does not answer" >&2
    return 1
}
stop_peers() { kill "${peer_pids[@]}" 2>/dev/null && wait "${peer_pids[@]}" 2>/dev/null || true; }
of_peer() { member "$2" <"$out/$1.json"; }

# --- What the shim costs -----------------------------------------------------------------------------------------

shim="$(cat "$AUXEIRA_DATA/api.pid")"
shim_ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$shim/stat"; }

# shim_rate SUBJECT CONTENDER CONNECTIONS FILE PATH ROUND: its rate, and its requests in a second of its own CPU time.
shim_rate() {
    local before rate
    before="$(shim_ticks)"
    rate="$(wrk_rate "$3" "$4" "$AUXEIRA_URL$5")"
    record "$1" "$2" "$6" "$rate"
    [ "$2" != shim ] || record "$1, CPU of the shim" shim "$6" \
        "$(awk -v used=$(($(shim_ticks) - before)) -v ticks="$(getconf CLK_TCK)" -v n="$rate" -v s="$seconds" 'BEGIN { print n * s * ticks / used }')" \
        'requests/CPU s'
}

# call_rate FUNCTION REQUEST CLAIMS: with as many connections to the database as the shim and its peers have.
call_rate() {
    printf '\\set n random(1, %d)\nselect status, body from auxeira.call((%s)[:n], '\''%s'\'', '\''%s'\''::jsonb);\n' \
        "$(grep -o '"sub"' <<<"$3" | wc -l)" "$3" "$1" "$2" >"$out/call.sql"
    pgbench --no-vacuum --protocol=prepared --client="$AUXEIRA_WORKERS" --jobs=2 --time="$seconds" \
        --file="$out/call.sql" "$AUXEIRA_APP_DSN" 2>/dev/null | awk '/^tps/ { print $3 }'
}

# --- The contenders of a request ---------------------------------------------------------------------------------

# measure NAME FILE PATH FUNCTION REQUEST CONNECTIONS ROUND CLAIMS
measure() {
    local subject="$1, $6 connections"
    shim_rate "$subject" shim "$6" "$2" "$3" "$7"
    record "$subject" pgbench "$7" "$(call_rate "$4" "$5" "$8")"
    record "$subject" 'Node, http and pg' "$7" "$(wrk_rate "$6" "$2" "$(of_peer node url)$3")"
}
measure_unchanged() {
    conditional "$2"
    shim_rate "$1, $3 connections" 'shim, 304' "$3" conditional "$2" "$4"
}

measure_all() {
    local connections="$1" round="$2"
    measure 'GET metrics (30 rows)' read /api/dashboard/metrics get_metrics '{}' "$connections" "$round" "$one_founder"
    measure_unchanged 'GET metrics (30 rows)' /api/dashboard/metrics "$connections" "$round"
    record "GET metrics (30 rows), $connections connections" PostGraphile "$round" \
        "$(wrk_rate "$connections" graphql "$(of_peer postgraphile url)/graphql")"
    measure 'GET score' read "/api/sse/score/$org" get_sse_score '{"startupId": "'"$org"'"}' "$connections" "$round" "$one_founder"
    measure_unchanged 'GET score' "/api/sse/score/$org" "$connections" "$round"
    measure 'POST action' act /api/gamification/action complete_action "$action" "$connections" "$round" "$all_founders"
    measure 'GET health' read /api/health health '{}' "$connections" "$round" "$one_founder"
}

# --- The run -----------------------------------------------------------------------------------------------------

(cd test/bench && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
sql --set=org="$org" --file=test/bench/requests.sql
trap 'stop_peers; api/launch/auxeira stop >/dev/null' EXIT
start_peer node
start_peer postgraphile
action='{"actionType": "customer_interview", "domain": "market"}'
read_with read "$token"
act_with act "$action"
points='{"query": "{ allReadings(first: 30, orderBy: METRIC_TIMESTAMP_DESC) { nodes { id metricTimestamp metrics } } }"}'
post_with graphql "$(of_peer postgraphile token)" "$points"
[ "$(echo "$points" | AUXEIRA_URL="$(of_peer postgraphile url)" post "Authorization: Bearer $(of_peer postgraphile token)" /graphql |
    grep -o metricTimestamp | wc -l)" = 30 ]

for round in $(seq 1 "$rounds"); do
    for connections in 16 256; do measure_all "$connections" "$round"; done
done
record 'memory of the shim' shim 1 "$(awk '/^VmRSS/ { print 1048576 / $2 }' "/proc/$shim/status")" 'shims/GB'
sql --file=test/bench/requests_aims.sql
stop_peers
