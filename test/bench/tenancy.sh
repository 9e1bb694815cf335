# Sourced by run: the same questions without row-level security and an explicit condition, under the platform's
# policy, and under the original's.
# shellcheck shell=bash disable=SC2154
password="$(head -c 18 /dev/urandom | base64)"
sql --set=password="$password" --file=test/bench/tenancy.sql
org="$(sql --tuples-only --no-align --command="select md5('org 5000')::uuid")"

# ask CONTENDER ROUND SUBJECT STATEMENT
ask() {
    local rate
    echo "$4;" >"$out/question.sql"
    rate="$(PGPASSWORD="$password" pgbench --no-vacuum --protocol=prepared --client=1 --time="$seconds" \
        --username="$1" --file="$out/question.sql" "$AUXEIRA_DSN user=$1" 2>"$out/pgbench.log" | awk '/^tps/ { print $3 }')"
    sql --command="insert into bench.results values ('$3', '$1', $2, 'queries/s', $rate)"
}

# What an API function does, which says the organization too, and what a person with an SQL client may not.
own="where org_id = '$org'"
for round in $(seq 1 "$rounds"); do
    for login in bench_none bench_ours bench_original; do
        [ "$login" = bench_none ] && condition="$own" || condition=''
        ask "$login" "$round" 'own points: newest 30, saying org_id too' "select * from bench.points $own order by at desc limit 30"
        ask "$login" "$round" 'own points: newest 30' "select * from bench.points $condition order by at desc limit 30"
        ask "$login" "$round" 'own points: sum, saying org_id too' "select count(*), sum(value) from bench.points $own"
        ask "$login" "$round" 'own points: sum' "select count(*), sum(value) from bench.points $condition"
    done
done
