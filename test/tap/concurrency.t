#!/usr/bin/env bash
# Many sessions at once: versions have neither gaps nor duplicates, limits hold.
# shellcheck source=test/tap/lib.sh
. "$(dirname "$0")/lib.sh"
# Limits are those of a day.
[ "$(date -u +%H%M)" != 2359 ] || sleep 61
work="$(new_directory)"
trap 'drop_database tap_concurrency; rm -rf "$work"' EXIT
new_database tap_concurrency
ann="$(register ann startup_founder)"
bob="$(register bob startup_founder)"
cat_="$(register cat startup_founder)"

# at_once CLIENTS TIMES CLAIMS FUNCTION REQUEST: prints how many transactions were done and failed.
at_once() {
    echo "select auxeira.call('$3', '$4', '$5');" >"$work/script.sql"
    pgbench "$shim" --no-vacuum --client="$1" --jobs=4 --transactions="$2" --file="$work/script.sql" 2>"$work/errors" |
        sed -nE 's/^number of (transactions actually processed|failed transactions): ([0-9]+).*/\2/p' | paste -sd' '
}

is "$(at_once 16 10 "$ann" calculate_sse "{\"startupId\": \"$(org_of ann)\", \"responses\": {\"team\": {\"q\": 0.5}}}")" \
    '160 0' '16 sessions write 10 scores each'
is "$(sql "$admin" -c "select array_agg(version order by version) = array(select generate_series(1, 160)) from auxeira.sse_scores")" \
    t 'versions are 1 to 160'
is "$(sql "$admin" -c "select count(*), count(distinct score_id) from auxeira.sse_score_history")" '160|160' \
    'each has one history row'
is "$(sql "$admin" -c "select count(*) from auxeira.sse_score_history h join auxeira.sse_scores s using (org_id, score_id)
    where h.change_type <> case s.version when 1 then 'created' else 'recalculated' end
      or (h.old_values ->> 'version')::integer is distinct from nullif(s.version - 1, 0)")" \
    0 'each history row tells of the version before'

sql "$admin" -c "update auxeira.activities set cooldown = '0'"
is "$(at_once 50 1 "$ann" complete_action '{"actionType": "pivot", "domain": "x"}')" '50 0' '50 sessions report an action'
is "$(sql "$admin" -c "select count(*) filter (where actual_tokens > 0), sum(actual_tokens) from auxeira.actions")" '3|300' \
    'it is paid three times a day'

sql "$admin" -c "update auxeira.activities set daily_limit = 1000"
is "$(at_once 50 1 "$bob" complete_action '{"actionType": "pitch_deck", "domain": "x"}')" '50 0' '50 sessions report another'
is "$(sql "$admin" -c "select sum(actual_tokens) from auxeira.actions where action_type = 'pitch_deck'")" 300 \
    '300 tokens are paid a day'

sql "$admin" -c "update auxeira.activities set cooldown = '10 minutes'"
is "$(at_once 50 1 "$cat_" complete_action '{"actionType": "user_test", "domain": "x"}')" '50 0' '50 sessions report a third'
is "$(sql "$admin" -c "select count(*) filter (where actual_tokens > 0) from auxeira.actions where action_type = 'user_test'")" \
    1 'it is paid once in ten minutes'
is "$(sql "$admin" -c "select count(*) from auxeira.gamification_profiles p
    where lifetime_tokens <> (select sum(actual_tokens) from auxeira.actions a where a.org_id = p.org_id)
      or actions_this_week <> 50")" 0 'every profile is the sum of its actions'
is "$(cat "$work/errors")" '' 'no session met an error'
finish
