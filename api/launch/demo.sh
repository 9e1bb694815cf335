# Sourced after service.sh: demo data, made through the API like anybody's.
# shellcheck shell=bash

demo_file="$keys/demo.env"
user_types=(startup_founder venture_capital angel_investor corporate_partner government esg_funder impact_investor)

# post PATH [TOKEN]: sends standard input. The token goes through a file descriptor, never an argument.
post() {
    curl --silent --show-error --fail-with-body --header 'Content-Type: application/json' \
        --header @<([ -z "${2:-}" ] || printf 'Authorization: Bearer %s' "$2") --data-binary @- "$url$1"
}

member() {
    sed -E "s/.*\"$1\": ?\"([^\"]*)\".*/\1/"
}

# Registers a user, keeps the login for the env file, and prints the answer.
register_demo_user() {
    local name="$1" type="$2" organization="$3" password upper
    password="$(random_text)"
    upper="$(echo "$name" | tr '[:lower:]' '[:upper:]')"
    printf '{"email": "%s@demo.example", "password": "%s", "userType": "%s", "organization": %s}' \
        "$name" "$password" "$type" "$organization" | post /api/auth/register || return
    {
        echo "AUXEIRA_DEMO_${upper}_EMAIL=$name@demo.example"
        echo "AUXEIRA_DEMO_${upper}_PASSWORD=$password"
    } >>"$demo_file.new"
}

demo_organization() {
    printf '{"name": "Demo %s", "industry": "fintech", "region": "East Africa"%s}' "${1//_/ }" \
        "$([ "$1" = startup_founder ] && echo ', "stage": "seed"')"
}

score_demo_startup() {
    printf '{"startupId": "%s", "responses": {"team": {"experience": 0.8, "commitment": 0.9},
        "market": {"size": 0.7, "growth": 0.6}, "product": {"readiness": 0.7, "fit": 0.6},
        "business": {"model": 0.6}, "financial": {"runway": 0.5}, "traction": {"growth": 0.4}}}' "$1" |
        post /api/sse/calculate "$2"
}

create_demo_user() {
    local type="$1" answer token
    answer="$(register_demo_user "$type" "$type" "$(demo_organization "$type")")" || return
    token="$(echo "$answer" | member token)"
    echo '{"count": 60, "timeRangeDays": 60, "trend": "improving"}' | post /api/synthetic/generate "$token" || return
    [ "$type" = startup_founder ] || return 0
    score_demo_startup "$(echo "$answer" | member organizationId)" "$token" || return
    echo '{"actionType": "customer_interview", "domain": "market"}' | post /api/gamification/action "$token"
}

create_demo_data() {
    local type
    say "loading demo data for the seven dashboards"
    (umask 077 && : >"$demo_file.new")
    for type in "${user_types[@]}"; do
        create_demo_user "$type" >"$logs/demo.log" || fail "demo data: $(cat "$logs/demo.log")"
        echo "  ${type//_/ }"
    done
    register_demo_user admin government '{"name": "Demo platform"}' >"$logs/demo.log" ||
        fail "demo data: $(cat "$logs/demo.log")"
    echo "update auxeira.users set is_admin = true where email = 'admin@demo.example'" | run_sql
    create_demo_logins "$(echo "select user_id from auxeira.users where email = 'startup_founder@demo.example'" | run_sql)"
    mv "$demo_file.new" "$demo_file"
    say "demo logins (shown once; $data/env keeps them):"
    paste -d' ' - - <"$demo_file" | sed -E 's/AUXEIRA_DEMO_([A-Z_]+)_EMAIL=([^ ]+) [^=]+=(.*)/  \2  \3/'
}
