# Sourced by run: the same questions without row-level security and an explicit condition, which is the limit, under the
# platform's policy, and under the original's. Statements are prepared and have no parameter, so that plans are generic.
# shellcheck shell=bash disable=SC2154
password="$(head -c 18 /dev/urandom | base64)"
sql --set=password="$password" --file=test/bench/tenancy.sql
answer_of() { sql --tuples-only --no-align --command="$1"; }
org="$(answer_of "select bench.organizations(1)")"
most_times=1.1
most_rounds=9

# ask LOGIN CONTENDER ROUND SUBJECT STATEMENT: by the latency that a tenth of the queries has or less, because whatever else
# the machine does only adds to it; without parallel workers, who have to wait for a core.
ask() {
    local latency protocol=prepared
    [[ "$4" != *'planned each time' ]] || protocol=simple
    echo "$5;" >"$out/question.sql"
    rm -f "$out"/latency.*
    PGPASSWORD="$password" PGOPTIONS='-c max_parallel_workers_per_gather=0' pgbench --no-vacuum --protocol="$protocol" --client=1 --time=1 --log --log-prefix="$out/latency" \
        --username="$1" --file="$out/question.sql" "$AUXEIRA_DSN user=$1" >"$out/pgbench.log" 2>&1
    # pgbench writes 0 when it has not looked at the clock again.
    latency="$(cat "$out"/latency.* | cut -d' ' -f3 | grep -vx 0 | sort -n | awk '{ of[NR] = $1 } END { print of[int((NR + 9) / 10)] }')"
    sql --command="insert into bench.results values ('$4', '$2', $3, 'queries/s', 1e6 / $latency)"
}

# The questions: SUBJECT|STATEMENT, in which WHERE stands for the condition that a policy makes needless, ALSO for the word
# before a further one. One organization has the forms that API functions use, which say the organization too.
questions=('newest 30|select * from bench.points WHERE order by at desc limit 30'
    'sum|select count(*), sum(value) from bench.points WHERE'
    'count by organization|select org_id, count(*) from bench.points WHERE group by org_id'
    "30 days of one organization|select * from bench.points WHERE ALSO org_id = '$org' and at >= '2026-06-20'")
of_one=("newest 30, planned each time|${questions[0]#*|}" "newest 30, saying org_id too|${questions[0]#*|}"
    "sum, saying org_id too|${questions[1]#*|}")

# compare ORGANIZATIONS ROUND SUBJECT STATEMENT: which contender is first changes with the round.
compare() {
    local condition limit ours="$4" turn
    condition="where org_id = any ('$(answer_of "select array(select bench.organizations($1))")')"
    [ "$1" != 1 ] || condition="where org_id = '$org'"
    limit="${4/WHERE/$condition}"
    [[ "$3" != *'saying org_id too' ]] || ours="$limit"
    ours="${ours/WHERE/}"
    [[ "$3" != *'one organization' ]] || ours="${ours/ALSO/where}"
    for turn in $(($2 % 2)) $((($2 + 1) % 2)); do
        if [ "$turn" = 0 ]; then
            ask bench_none 'no row-level security' "$2" "member of $1: $3" "${limit/ALSO/and}"
        else
            ask "bench_member_$1" 'our policy' "$2" "member of $1: $3" "$ours"
        fi
    done
}

# compare_all ROUND PATTERN: those whose subject matches.
compare_all() {
    local organizations question asked
    for organizations in 1 2 100 2000; do
        asked=("${questions[@]}")
        [ "$organizations" != 1 ] || asked+=("${of_one[@]}")
        for question in "${asked[@]}"; do
            if grep -qxE "$2" <<<"member of $organizations: ${question%%|*}"; then
                compare "$organizations" "$1" "${question%%|*}" "${question#*|}"
            fi
        done
    done
}

too_slow() { answer_of "select string_agg(subject, '|') from bench.own_rows where times > $most_times"; }

for round in $(seq 1 "$rounds"); do compare_all "$round" '.*'; done
# Once is enough for what takes seconds.
for question in "${questions[@]:0:2}"; do
    statement="${question#*|}"
    ask bench_original 'policy of the original' 1 "member of 1: ${question%%|*}" "${statement/WHERE/}"
done
# A machine that does other things has to be asked longer.
for round in $(seq $((rounds + 1)) "$most_rounds"); do
    slow="$(too_slow)"
    [ -z "$slow" ] || compare_all "$round" "$slow"
done
