-- Undoing a transaction and pruning, in a database of their own: whoever prunes verifies the whole ledger before.
\set measured :DBNAME
drop database if exists bench_undo with (force);
create database bench_undo;
\connect bench_undo
\ir ../../sql/platform.sql
create table public.things (id integer primary key, name text, n integer not null, amount numeric(12, 2));
insert into public.things select i, 'name ' || i, i, i / 3.0 from generate_series(1, 100000) i;
select auxeira.enable_history('public.things') \g /dev/null
begin;
select pg_current_xact_id() as xid \gset
update public.things set n = n + 1, amount = amount + 1 where id <= 50000;
delete from public.things where id > 75000;
insert into public.things select i, 'new', i from generate_series(100001, 125000) i;
commit;
vacuum analyze;

select clock_timestamp() as began \gset
select auxeira.revert_transaction(:'xid') as undone \gset
select :undone / extract(epoch from clock_timestamp() - :'began') as undone_rate \gset
select auxeira.seal_changes(1000000, '2026-01-10 12:00Z') \g /dev/null
vacuum analyze;
select clock_timestamp() as began \gset
select auxeira.ledger_prune('2026-02-01Z') \g /dev/null
select checkpoints / extract(epoch from clock_timestamp() - :'began') as pruned_rate from auxeira.ledger_prunings \gset

\connect :measured
drop database bench_undo;
insert into bench.results values
('changes of a transaction undone', 'ours', 1, 'rows/s', :undone_rate),
('rows whose last change is pruned, with verification', 'ours', 1, 'rows/s', :pruned_rate);
