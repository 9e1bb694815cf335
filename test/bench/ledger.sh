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

# change OPERATION CONTENDER CLIENTS ROUND
change() {
    local rate
    statement_of "$1" "$2" >"$out/change.sql"
    sql --command=checkpoint
    rate="$(PGOPTIONS='-c synchronous_commit=off' pgbench --no-vacuum --protocol=prepared --client="$3" --jobs="$3" --time="$seconds" \
        --file="$out/change.sql" "$AUXEIRA_DSN" 2>/dev/null | awk '/^tps/ { print $3 }')"
    sql --command="insert into bench.results values ('$1 of a row, $3 client$([ "$3" = 1 ] || echo s)', '$2', $4, 'changes/s', $rate)"
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
        for operation in INSERT UPDATE DELETE; do
            for contender in "${contenders[@]}"; do change "$operation" "$contender" "$clients" "$round"; done
        done
    done
    change_many "$round"
done

# Deleting what is not there would be fast.
last_key="select max(last_value) from (select last_value from bench.delete_bare union all select last_value from bench.delete_ours) keys"
[ "$(sql --tuples-only --no-align --command="$last_key")" -lt 500000 ]

sql --output=/dev/null --command="select auxeira.ledger_seal(1000000) from generate_series(1, (select 1 + count(*) / 1000000 from auxeira.ledger_open))"
sql --command="select round(sum(pg_total_relation_size(c.oid)) / (select count(*) from auxeira.ledger_changes)) as \"stored bytes a change, sealed, with proofs and indexes\"
    from pg_class c where c.relname ~ '^ledger_(changes_|nodes|blocks|actors)' and c.relkind = 'r'"
sql --command='select subject, contender, round(avg(wal)) as "WAL bytes a change" from bench.bytes group by 1, 2 order by 1, 3'
sql --file=test/bench/ledger_undo.sql
