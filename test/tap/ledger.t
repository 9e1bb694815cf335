#!/usr/bin/env bash
# The ledger of a cluster of its own: many writers, crashes while it is sealed, prepared transactions, receipts checked without
# the database, a witness that notices a database that went back, a dump that is restored, a standby that is promoted.
# Functions of another cluster run in a subshell with what its settings set.
# shellcheck disable=SC2031,SC2317,SC2154
# shellcheck source=test/tap/lib.sh
. "$(dirname "$0")/lib.sh"
work="$(new_directory)"
staged="$(sql "$(setting AUXEIRA_DSN)" -c 'show extension_destdir')"

# on CLUSTER COMMAND...: a command of the private clusters, for another one, with the extension that is staged for the instance.
on() (
    AUXEIRA_DATA="$work/$1"
    # shellcheck source=api/launch/settings.sh
    . api/launch/settings.sh
    # shellcheck source=api/launch/cluster.sh
    . api/launch/cluster.sh
    choose_base
    # shellcheck disable=SC2034
    stage="$staged"
    shift
    "$@"
)
# shellcheck disable=SC2154 # what settings.sh and cluster.sh set
show_dsn() { echo "host='$sockets' port=$(cat "$port_file") user=postgres"; }
# shellcheck disable=SC2154
add_settings() { as_owner tee -a "$cluster/postgresql.conf" >/dev/null; }
# shellcheck disable=SC2154
let_copy() {
    echo 'local replication postgres peer map=auxeira' | as_owner tee -a "$cluster/pg_hba.conf" >/dev/null
    control reload --silent
}
clean_up() {
    on one stop_cluster
    on two stop_cluster
    rm -rf "$work"
}
trap clean_up EXIT

openssl genpkey -algorithm ed25519 -out "$work/ledger.key" 2>/dev/null
mkdir -m 777 "$work/witness"
chmod 644 "$work/ledger.key"
on one create_cluster >/dev/null
on one add_settings <<CONF
auxeira.ledger_key_file = '$work/ledger.key'
auxeira.ledger_witness_file = '$work/witness/heads'
max_prepared_transactions = 20
CONF
on one start_cluster
server="$(on one show_dsn)"
sql "$server" -c 'create database ledger' >/dev/null
admin="$server dbname=ledger"
sql "$admin" -f sql/platform.sql >/dev/null
ok 'a cluster with the platform'

problems() { sql "$1" -c 'select problem, table_name, key, change_id, block, detail from auxeira.ledger_verify() limit 5'; }
# Alone in its transaction, so that the witness sees the block.
seal() { sql "$admin" -c 'select auxeira.ledger_seal()' -c 'select auxeira.ledger_witness()'; }

sql "$admin" >/dev/null <<'SQL'
create table public.kept (id integer primary key, n integer not null, note text);
insert into public.kept select i, 0 from generate_series(1, 200) i;
select auxeira.enable_history('public.kept');
SQL
is "$(problems "$admin")" '' 'a ledger that was never sealed is in order'

# --- Sixteen writers, and one who seals ------------------------------------------------------------------------------------

cat >"$work/write.sql" <<'SQL'
\set id random(1, 300)
\set how random(1, 10)
begin;
insert into public.kept values (:id, 1) on conflict (id) do update set n = kept.n + 1;
savepoint s;
update public.kept set note = 'undone' where id = :id;
rollback to s;
update public.kept set note = 'x' || :how where id = :id;
\if :how = 1
delete from public.kept where id = :id;
\endif
\if :how = 2
rollback;
\else
commit;
\endif
SQL
write_for() {
    pgbench --no-vacuum --client=16 --jobs=2 --time="$1" --max-tries=100 --file="$work/write.sql" "$admin" >"$work/pgbench.log" 2>&1
}
seal_until() {
    while [ ! -e "$work/enough" ]; do
        seal >>"$work/sealed.log"
        sleep 0.1
    done
}
blocks() { sql "$admin" -c 'select count(*) from auxeira.ledger_blocks'; }
seal_until &
sealer=$!
write_for 3
while [ "$(blocks)" -le 10 ]; do write_for 1; done
ok 'sixteen writers write while it is sealed'
touch "$work/enough"
wait $sealer
! grep -q ERROR "$work/sealed.log"
ok 'and sealing does not fail'
[ "$(blocks)" -gt 10 ]
ok 'in many blocks'
is "$(problems "$admin")" '' 'all is in order afterwards'

# --- Crashes -----------------------------------------------------------------------------------------------------------------

sql "$admin" >/dev/null <<'SQL'
begin;
update public.kept set note = 'prepared and committed' where id between 100 and 110;
prepare transaction 'kept';
begin;
update public.kept set note = 'prepared and undone' where id between 120 and 130;
prepare transaction 'undone';
insert into public.kept select i, 0 from generate_series(1001, 200000) i;
SQL
wait_for_server() {
    local try
    for try in $(seq 1 300); do
        sql "$admin" -c 'select 1' >/dev/null && return
        sleep 0.1
    done
    return "$try"
}
sealed_before="$(sql "$admin" -c 'select max(block) from auxeira.ledger_blocks')"
crash_while_sealing() {
    local backend try
    PGAPPNAME=sealing sql "$admin" -c 'select auxeira.ledger_seal()' >"$work/crash.log" &
    for try in $(seq 1 200); do
        backend="$(sql "$admin" -c "select pid from pg_stat_activity where application_name = 'sealing' and query ~ 'ledger_seal' and state = 'active'")"
        [ -z "$backend" ] || break
        sleep 0.01
    done
    sleep "$1"
    kill -9 "$backend"
    wait $!
    wait_for_server
}
for pause in 0.05 0.2 0.4; do
    crash_while_sealing $pause
    grep -q 'server closed the connection' "$work/crash.log"
    ok "a server that is killed after $pause s of sealing comes back"
done
is "$(sql "$admin" -c 'select max(block) from auxeira.ledger_blocks')" "$sealed_before" 'what was not sealed is not'
is "$(problems "$admin")" '' 'and all is in order'
sql "$admin" -c "rollback prepared 'undone'" >/dev/null
sql "$admin" -c "commit prepared 'kept'" >/dev/null
seal >/dev/null
is "$(sql "$admin" -c "select count(*) from auxeira.ledger_open")" 0 'all changes are sealed then'
is "$(problems "$admin")" '' 'prepared transactions are in it when they are committed'
is "$(wc -l <"$work/witness/heads")" "$(sql "$admin" -c 'select count(*) from auxeira.ledger_blocks')" 'the witness has every head'

# --- Receipts without the database -------------------------------------------------------------------------------------------

sql "$admin" -c "select encode(public_key, 'hex') from auxeira.ledger_blocks where block = 1" >"$work/public.key"
{
    sql "$admin" -c "select auxeira.ledger_receipt(change_id) from (select change_id from auxeira.ledger_changes
        where change_id % 3001 = 0 or leaf_index in (0, 1, 255, 256, 257) order by 1 limit 60) c"
    sql "$admin" -c "select auxeira.ledger_consistency(a.tree_size, b.tree_size) from auxeira.ledger_blocks a, auxeira.ledger_blocks b
        where a.block in (1, 2, 7) and b.block in (7, 8) or b.block = (select max(block) from auxeira.ledger_blocks) and a.block % 9 = 0"
} >"$work/evidence"
cat "$work/evidence" "$work/witness/heads" >"$work/documents"
cat >"$work/verify.mjs" <<MJS
import { readFileSync } from 'node:fs';
import { verify } from '$PWD/api/client/ledger.mjs';
const key = readFileSync('$work/public.key', 'utf8').trim();
const lines = readFileSync(process.argv[2], 'utf8').trim().split('\n');
let proven = 0;
for (const line of lines) if (!(await verify(line, key)).fault) proven++;
console.log(proven);
MJS
documents="$(wc -l <"$work/documents")"
[ "$(wc -l <"$work/evidence")" -gt 50 ]
ok 'there are receipts and proofs of consistency'
build/cmake/auxeira-verify --key "$work/public.key" "$work/documents" >"$work/verified"
ok 'auxeira-verify accepts them'
is "$(grep -c ' proven: ' "$work/verified")" "$documents" 'every one'
is "$(node "$work/verify.mjs" "$work/documents")" "$documents" 'so does the verifier in JavaScript'
sed -E 's/"row":"(.)([0-9a-f])/"row":"\1f/; s/"path":\["(.)/"path":["\1\1/' "$work/evidence" | grep -vxF -f "$work/evidence" >"$work/forged"
[ -s "$work/forged" ] && ! build/cmake/auxeira-verify --key "$work/public.key" "$work/forged" >"$work/refused" 2>&1
ok 'and refuses forged ones'
is "$(sql "$admin" -c 'select auxeira.ledger_receipt(0)' | head -1)" 'ERROR:  no sealed change 0' 'there is no receipt of what is not there'

# --- What is left after pruning ----------------------------------------------------------------------------------------------

sql "$server" -c 'create database pruned' -c "alter database pruned set auxeira.ledger_witness_file = ''" >/dev/null
pruned="$server dbname=pruned"
sql "$pruned" -f sql/platform.sql >/dev/null
sql "$pruned" >/dev/null <<'SQL'
create table public.kept (id integer primary key, n integer not null);
insert into public.kept select i, 0 from generate_series(1, 1000) i;
select auxeira.enable_history('public.kept');
select auxeira.seal_changes(700, '2026-01-10 12:00Z');
select auxeira.seal_changes(100000, '2026-01-20 12:00Z');
update public.kept set n = 1 where id <= 500;
select auxeira.ledger_seal();
SQL
is "$(sql "$pruned" -c "select auxeira.ledger_prune('2026-02-01Z') > 1000")" t 'a month is pruned'
is "$(problems "$pruned")" '' 'and what is left is in order'
{
    sql "$pruned" -c "select auxeira.ledger_receipt(change_id) from auxeira.ledger_changes where leaf_index % 97 = 0 or operation = 'C' and leaf_index % 7 = 0"
    sql "$pruned" -c "select auxeira.ledger_consistency(a.tree_size, b.tree_size) from auxeira.ledger_blocks a join auxeira.ledger_blocks b on a.block < b.block"
} >"$work/left"
sql "$pruned" -c "select encode(public_key, 'hex') from auxeira.ledger_blocks where block = 1" >"$work/pruned.key"
build/cmake/auxeira-verify --key "$work/pruned.key" "$work/left" >"$work/verified"
ok 'auxeira-verify accepts receipts and consistency from before the cut to after it'
[ "$(grep -c '(C) of public.kept' "$work/verified")" -gt 50 ]
ok 'checkpoints among them'
sed "s#$work/public.key#$work/pruned.key#" "$work/verify.mjs" >"$work/verify_left.mjs"
is "$(node "$work/verify_left.mjs" "$work/left")" "$(wc -l <"$work/left")" 'and so does the verifier in JavaScript'

# --- Going back, and two futures --------------------------------------------------------------------------------------------

sql "$server" -c 'create database earlier template ledger' >/dev/null
sql "$admin" -c "update public.kept set n = n + 1 where id = 2001" >/dev/null
seal >/dev/null
is "$(problems "$admin")" '' 'the ledger goes on'
newest="$(sql "$admin" -c 'select max(block) from auxeira.ledger_blocks')"
is "$(problems "$server dbname=earlier")" \
    "a head of the witness file that the ledger does not have||||$newest|The ledger went back to an earlier state, or has another past." \
    'a copy of an earlier state is noticed by the witness'
sql "$server dbname=earlier" -c "update public.kept set n = 1000 where id = 2001" -c 'select auxeira.ledger_seal()' >/dev/null
like "$(problems "$server dbname=earlier")" "^a head of the witness file that the ledger does not have\|\|\|\|$newest\|" 'and so is another future of it'
cp "$work/witness/heads" "$work/kept-heads"
echo '{"version":1,"head":"forged"}' >>"$work/witness/heads"
is "$(problems "$admin" | cut -d'|' -f1)" 'a line of the witness file that is no head' 'a damaged witness is noticed'
sed -i '$d' "$work/witness/heads"
sed -E "\$s/\"signature\":\"../\"signature\":\"ff/" "$work/kept-heads" >"$work/witness/heads"
is "$(problems "$admin" | cut -d'|' -f1)" 'a head of the witness file that nobody signed' 'and so is a forged line'
cp "$work/kept-heads" "$work/witness/heads"

# --- A dump that is restored -------------------------------------------------------------------------------------------------

pg_dump --dbname="$admin" --format=custom --file="$work/ledger.dump"
sql "$server" -c 'create database restored' -c "alter database restored set auxeira.ledger_witness_file = ''" >/dev/null
is "$(pg_restore --dbname="$server dbname=restored" --exit-on-error "$work/ledger.dump" 2>&1)" '' 'a dump is restored'
restored="$server dbname=restored"
is "$(problems "$restored")" '' 'its ledger is in order'
sql "$restored" -c "update public.kept set note = 'after' where id = 2005" -c 'select auxeira.ledger_seal()' >/dev/null
is "$(sql "$restored" -c 'select array_agg(distinct incarnation) from auxeira.ledger_blocks')" '{1,2}' 'and goes on as another incarnation'
is "$(problems "$restored")" '' 'in order'

# --- Another key -------------------------------------------------------------------------------------------------------------

change_restored() { sql "$restored" -c "update public.kept set n = n + 1 where id = 2005" -c 'select auxeira.ledger_seal()' >/dev/null; }
for name in second third; do openssl genpkey -algorithm ed25519 -out "$work/$name.key" 2>/dev/null; done
second="$(openssl pkey -in "$work/second.key" -pubout -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n')"
cp "$work/ledger.key" "$work/first.key"
sql "$restored" -c "select auxeira.ledger_announce_key('\\x$second')" -c 'select auxeira.ledger_seal()' >/dev/null
cat "$work/second.key" >"$work/ledger.key"
change_restored
is "$(problems "$restored")" '' 'a key that was announced signs the next heads'
is "$(sql "$restored" -c 'select count(distinct public_key) from auxeira.ledger_blocks')" 2 'it does'
cat "$work/third.key" >"$work/ledger.key"
change_restored
is "$(problems "$restored")" "a key that nobody announced||||$(sql "$restored" -c 'select max(block) from auxeira.ledger_blocks')|" 'one that was not is noticed'
cat "$work/first.key" >"$work/ledger.key"

# --- A standby that is promoted ----------------------------------------------------------------------------------------------

on one let_copy
# shellcheck disable=SC2154
copy_cluster() {
    mkdir -m 700 "$cluster"
    hand_over postgres "$cluster"
    as_owner "$(bindir)/pg_basebackup" --pgdata="$cluster" --write-recovery-conf --checkpoint=fast --dbname="$server" 2>&1
}
is "$(on two copy_cluster)" '' 'a copy of the cluster'
on two start_cluster
standby="$(on two show_dsn) dbname=ledger"
sql "$admin" -c "update public.kept set note = 'streamed' where id = 2006" >/dev/null
seal >/dev/null
for _ in $(seq 1 100); do
    [ "$(sql "$standby" -c 'select max(block) from auxeira.ledger_blocks')" != "$(sql "$admin" -c 'select max(block) from auxeira.ledger_blocks')" ] || break
    sleep 0.1
done
is "$(problems "$standby")" '' 'a standby verifies, too'
on one stop_cluster
sql "$standby" -c 'select pg_promote()' >/dev/null
sql "$standby" -c "update public.kept set note = 'promoted' where id = 2007" -c 'select auxeira.ledger_seal()' -c 'select auxeira.ledger_witness()' >/dev/null
is "$(sql "$standby" -c 'select array_agg(distinct incarnation) from auxeira.ledger_blocks')" '{1,2}' 'it is another incarnation when it is promoted'
is "$(problems "$standby")" '' 'and in order'
finish
