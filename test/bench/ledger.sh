# Sourced by run: changes of a bare table, of one with our history, with a PL/pgSQL trigger, and with table_log.
# shellcheck shell=bash disable=SC2154
sql --file=test/bench/ledger.sql
contenders=(bare ours plpgsql table_log)
document="{$(for n in $(seq 1 14); do printf '"measure %s": %s, ' "$n" $((n * 37)); done)\"n\": 0}"

# No two clients ever wait for a row. A key is asked for once for a statement, not for every row of the table.
statement_of() {
    case "$1" in
    INSERT) echo "insert into audited.$2 (id, org_id, one, other, total) values (nextval('bench.insert_$2'), '00000000-0000-0000-0000-00000000000a', '$document', '$document', 1)" ;;
    UPDATE) echo "update audited.$2 set total = total + 1, at = clock_timestamp() where id = (select 1 + nextval('bench.update_$2') % 100000)" ;;
    DELETE) echo "delete from audited.$2 where id = (select nextval('bench.delete_$2'))" ;;
    esac
}

# Blocks of changes of all contenders in one run, one block after the other by chance: whatever else the machine does,
# it does to all of them. change OPERATION CLIENTS ROUND
block=20
change() {
    local contender rate n scripts=()
    for contender in "${contenders[@]}"; do
        for ((n = 0; n < block; n++)); do echo "$(statement_of "$1" "$contender");"; done >"$out/$contender.sql"
        scripts+=(--file="$out/$contender.sql")
    done
    sql --command=checkpoint
    PGOPTIONS='-c synchronous_commit=off' pgbench --no-vacuum --protocol=prepared --client="$2" --jobs="$2" --time=$((4 * seconds)) \
        "${scripts[@]}" "$AUXEIRA_DSN" 2>/dev/null |
        awk -v changes=$((1000 * block * $2)) '/^SQL script/ { n = split($4, path, "/"); sub(/[.]sql$/, "", path[n]); contender = path[n] }
            contender && /latency average/ { print contender, changes / $5 }' >"$out/rates"
    while read -r contender rate; do
        sql --command="insert into bench.results values ('$1 of a row, $2 client$([ "$2" = 1 ] || echo s)', '$contender', $3, 'changes/s', $rate)"
    done <"$out/rates"
}

change_many() {
    local contender
    for contender in "${contenders[@]}"; do
        sql --command=checkpoint \
            --command="call bench.measure_bulk('INSERT of 500,000 rows', '$contender', $1, 'call bench.fill_audited(''$contender'', $1)')" \
            --command=checkpoint \
            --command="call bench.measure_bulk('UPDATE of 500,000 rows', '$contender', $1, 'update audited.$contender set total = total + 1, at = clock_timestamp() where id > $1 * 500000 and id <= ($1 + 1) * 500000')"
    done
}

for round in $(seq 1 "$rounds"); do
    for clients in 1 2; do
        for operation in INSERT UPDATE DELETE; do change "$operation" "$clients" "$round"; done
    done
    change_many "$round"
done

# Deleting what is not there would be fast.
last_key="select max(last_value) from (select last_value from bench.delete_bare union all select last_value from bench.delete_ours) keys"
[ "$(sql --tuples-only --no-align --command="$last_key")" -lt 500000 ]

sql --output=/dev/null --command="select auxeira.ledger_seal(1000000) from generate_series(1, (select 1 + count(*) / 1000000 from auxeira.ledger_open))"
# What is stored of a change, sealed, with proofs and indexes, beyond the values that it changed.
sql --command="insert into bench.results
    select 'room of a change', contender, 1, 'changes/MB', 1000000 / bytes from (
      select 'ours', (sum(pg_total_relation_size(c.oid)) - (select sum(octet_length(difference)) from auxeira.ledger_changes))
                     / (select count(*) from auxeira.ledger_changes)
      from pg_class c where c.relname ~ '^ledger_(changes_|nodes|blocks|actors)' and c.relkind = 'r'
      union all values ('200 bytes', 200)) room (contender, bytes)" \
    --command="insert into bench.aims values ('room of a change', 'ours', '200 bytes', 1)"
sql --command='select subject, contender, round(avg(wal)) as "WAL bytes a change" from bench.bytes group by 1, 2 order by 1, 3'
sql --file=test/bench/ledger_undo.sql
