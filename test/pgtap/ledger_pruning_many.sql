-- Retention where many rows have no change but one that goes.
\set ON_ERROR_STOP on
set client_min_messages = error;
create extension if not exists pgtap;
create schema test;
select plan(5);

create table test.many (id integer, part text, name text, primary key (part, id));
insert into test.many select i, 'part ' || i % 7, 'name ' || i from generate_series(1, 20000) i;
select auxeira.enable_history('test.many') \g /dev/null
delete from test.many where id > 19990;
create table test.cases (id integer primary key, name text);
insert into test.cases values (1, 'Ulm');
select auxeira.enable_history('test.cases') \g /dev/null
select auxeira.disable_history('test.cases') \g /dev/null
select auxeira.seal_changes(1000000, '2026-03-10 12:00Z') \g /dev/null
-- The newest era of the table has nothing that would go.
select auxeira.enable_history('test.cases') \g /dev/null
select auxeira.ledger_hold('test.cases', '1', 'the case Ulm') as hold \gset
select throws_ok('select auxeira.ledger_prune(now())', '55006', 'history that would be pruned is held', 'a hold holds earlier eras, too');
select auxeira.ledger_release(:'hold', 'closed') \g /dev/null
begin;
set local track_functions = 'all';
select cmp_ok(auxeira.ledger_prune(now()), '>', 20000::bigint, 'twenty thousand rows are pruned');
select cmp_ok((select sum(f.calls) from pg_stat_xact_user_functions f where f.funcname ~ '^capture_'), '<', 200::numeric,
              'many at a time');
commit;
select is((select count(*) from auxeira.ledger_all c join auxeira.ledger_tables t using (table_id)
           where t.relation = 'test.many'::regclass and c.operation = 'C'), 19990::bigint, 'each that is there has a checkpoint');
select is_empty('select * from auxeira.ledger_verify()', 'and nothing is wrong');
select * from finish();
