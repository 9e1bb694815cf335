# Sourced after service.sh: demo data. Accounts are made through the API like anybody's. A load that was cut short is taken up
# again at the next start: passwords are kept before they are used, and what is there already is left alone.
# shellcheck shell=bash

demo_done="$keys/demo.done"
demo_types=(startup_founder venture_capital angel_investor corporate_partner government esg_funder impact_investor)

# post PATH [TOKEN]: sends standard input. The token goes through a file descriptor, never an argument.
post() {
    curl --silent --show-error --fail-with-body --header 'Content-Type: application/json' \
        --header @<([ -z "${2:-}" ] || printf 'Authorization: Bearer %s' "$2") --data-binary @- "$url$1"
}

member() {
    sed -E "s/.*\"$1\" ?: ?\"([^\"]*)\".*/\1/"
}

# enter NAME [TYPE ORGANIZATION]: logs in, after registering where that has not been done; prints the answer.
enter() {
    local credentials
    credentials="\"email\": \"$1@demo.example\", \"password\": \"$(secret "demo.$1.password")\""
    printf '{%s}' "$credentials" | post /api/auth/login 2>/dev/null || {
        [ $# = 3 ] && printf '{%s, "userType": "%s", "organization": %s}' "$credentials" "$2" "$3" | post /api/auth/register
    }
}

demo_organization() {
    printf '{"name": "Demo %s", "industry": "fintech", "region": "East Africa"%s}' "${1//_/ }" \
        "$([ "$1" = startup_founder ] && echo ', "stage": "seed"')"
}

load_demo_user() {
    local type="$1" answer
    answer="$(enter "$type" "$type" "$(demo_organization "$type")")" || { echo "$answer"; return 1; }
    [ "$type" = startup_founder ] || return 0
    echo '{"actionType": "customer_interview", "domain": "market"}' |
        post /api/gamification/action "$(member token <<<"$answer")"
}

# Companies, funds and agencies around the demo's organizations, with three years behind them.
load_demo_ecosystem() {
    run_sql <<'SQL'
select auxeira.synthesize_ecosystem(40, 1095, 5, around => members.organizations)
from (select array_agg(m.org_id order by u.user_type) as organizations
      from auxeira.users u join auxeira.user_organizations m on m.user_id = u.user_id and m.is_primary
      where u.email like '%@demo.example' and u.email_verified and not u.is_admin) members
where not exists (select from auxeira.synthetic_members where org_id = any (members.organizations));
SQL
}

# The demo's investor asks to see the demo's startup, which opens its scores and metrics.
connect_demo_investor() {
    local founder investor startup relationship
    founder="$(enter startup_founder)" && investor="$(enter venture_capital)" || return
    startup="$(member organizationId <<<"$founder")"
    relationship="$(printf '{"startupId": "%s", "kind": "investor", "message": "We would like to follow you."}' "$startup" |
        post /api/relationships "$(member token <<<"$investor")")" || { echo "$relationship"; return 1; }
    echo '{"scopes": ["scores", "metrics"]}' |
        post "/api/relationships/$(member relationshipId <<<"$relationship")/accept" "$(member token <<<"$founder")"
}

load_demo_data() {
    [ ! -e "$demo_done" ] || return 0
    local type answer
    say "loading demo data for the seven dashboards"
    for type in "${demo_types[@]}"; do
        answer="$(load_demo_user "$type" 2>&1)" || fail "demo data of the $type: $answer"
        echo "  ${type//_/ }"
    done
    answer="$(enter admin government '{"name": "Demo platform"}' 2>&1)" || fail "demo administrator: $answer"
    # An address may have more accounts than one: the demo's are the first.
    run_sql <<'SQL'
update auxeira.users set email_verified = true, is_admin = email = 'admin@demo.example'
where user_id in (select distinct on (email) user_id from auxeira.users where email like '%@demo.example'
                  order by email, email_verified desc, created_at);
SQL
    answer="$(load_demo_ecosystem 2>&1)" || fail "demo ecosystem: $answer"
    echo "  forty organizations"
    answer="$(connect_demo_investor 2>&1)" || fail "demo relationship: $answer"
    create_demo_logins
    : >"$demo_done"
    say "demo logins (shown once; $data/env keeps them):"
    for type in "${demo_types[@]}" admin; do
        printf '  %-32s %s\n' "$type@demo.example" "$(secret "demo.$type.password")"
    done
}

# The lines of the env file.
demo_env() {
    [ -e "$demo_done" ] || return 0
    printf 'AUXEIRA_SQL_DSN=%q\n' "$(dsn_of auxeira_founder_demo "$(secret auxeira_founder_demo.password)")"
    printf 'AUXEIRA_BI_DSN=%q\n' "$(url_of auxeira_bi_demo "$(secret auxeira_bi_demo.password)")"
    local name
    for name in "${demo_types[@]}" admin; do
        printf 'AUXEIRA_DEMO_%s_EMAIL=%s\n' "${name^^}" "$name@demo.example"
        printf 'AUXEIRA_DEMO_%s_PASSWORD=%s\n' "${name^^}" "$(secret "demo.$name.password")"
    done
}
