-- Rows that are exempt from history: those of synthetic data, whose session has history in their place.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
\ir support/synthetic.sql
select plan(26);

create table public.kept (id integer primary key, name text, is_copy boolean, flag integer);
insert into public.kept values (1, 'a', false), (2, 'b', true), (3, 'c', null);
select is(auxeira.enable_history('public.kept', exempt_column => 'is_copy'), 2::bigint, 'the baseline is of rows that have history');

create function test.operations(id integer) returns text language sql as $$
  select coalesce(string_agg(c.operation::text, '' order by c.change_id), '') from auxeira.ledger_all c
    join auxeira.ledger_tables t using (table_id)
  where t.label = 'public.kept' and auxeira.ledger_row_json(c.key) = jsonb_build_object('id', id) $$;

insert into public.kept values (4, 'd', false), (5, 'e', true);
update public.kept set name = name || '.';
select is(test.operations(id), expected, format('row %s has changes %L', id, expected))
from (values (1, 'BU'), (2, ''), (3, 'BU'), (4, 'IU'), (5, '')) v (id, expected);
update public.kept set is_copy = not is_copy where id in (1, 2);
select is(test.operations(1), 'BUD', 'a row that becomes exempt is gone');
select is(test.operations(2), 'I', 'and one that is so no more begins');
select is_empty('select * from auxeira.ledger_verify()', 'nothing is wrong with either');
delete from public.kept where id in (4, 5);
select is(test.operations(4) || ' ' || test.operations(5), 'IUD ', 'nor is deleting exempt rows a change');
select set_eq($$select id from auxeira.as_of(null::public.kept, now() + interval '1 second')$$, array[2, 3], 'time travel does not know them');
select is_empty($$select * from auxeira.history('public.kept', '{"id": 1}') where operation = 'U' and standing <> 'proven'$$,
                'what they were before stays proven');
truncate public.kept;
select is(test.operations(1) || ' ' || test.operations(2), 'BUD IT', 'nor is their being truncated');

-- --- Tampering, and what is refused ---------------------------------------------------------------------------------

insert into public.kept values (6, 'f', false), (7, 'g', true);
savepoint honest;
alter table public.kept disable trigger user;
update public.kept set is_copy = true where id = 6;
select isnt_empty($$select * from auxeira.ledger_verify('public.kept') where key = '{"id": 6}'$$, 'hiding a row as exempt is found');
rollback to honest;
alter table public.kept disable trigger user;
update public.kept set is_copy = false where id = 7;
select isnt_empty($$select * from auxeira.ledger_verify('public.kept') where key = '{"id": 7}'$$, 'so is bringing one in');
rollback to honest;
update auxeira.ledger_tables set exempt_column = '' where relation = 'public.kept'::regclass;
select isnt_empty($$select * from auxeira.ledger_verify() where table_name = 'public.kept'$$, 'and another agreement on what is exempt');
rollback to honest;
select throws_ok(statement, code, null, statement) from (values
  ('alter table public.kept drop column is_copy cascade', '2BP01'), ('alter table public.kept rename is_copy to other', '0A000'))
  v (statement, code);
create table public.other (id integer primary key, name text, is_copy boolean);
select throws_ok(format('select auxeira.enable_history(%L, %L, exempt_column => %L)', 'public.other', secret, exempt), code, null, problem)
from (values ('{}', 'missing', '42703', 'the column has to be there'), ('{}', 'name', '42804', 'and a boolean'),
             ('{is_copy}', 'is_copy', '42804', 'and not secret')) v (secret, exempt, code, problem);

-- --- A session of synthetic data is one change ------------------------------------------------------------------------

create table test.before as select coalesce(max(change_id), 0) as change_id from auxeira.ledger_open;
create function test.changes() returns text language sql as $$
  select string_agg(format('%s %s %s', t.label, c.operation, c.changes), ', ' order by t.label, c.operation)
  from (select table_id, operation, count(*) as changes from auxeira.ledger_open
        where change_id > (select b.change_id from test.before b) group by 1, 2) c
    join auxeira.ledger_tables t using (table_id) $$;
select isnt((select session_id from auxeira.synthesize_ecosystem(20, 300, 7, '2026-03-10') e), null, 'a session of many rows');
select is(test.changes(), 'auxeira.synthetic_data_sessions I 1', 'is one change');
select cmp_ok((select sum(value::integer) from auxeira.synthetic_data_sessions s, jsonb_each_text(s.row_counts)), '>', 1000::bigint, 'of many rows');
select auxeira.remove_synthetic(session => session_id) from auxeira.synthetic_data_sessions \g /dev/null
select is(test.changes(), 'auxeira.synthetic_data_sessions D 1, auxeira.synthetic_data_sessions I 1, auxeira.synthetic_data_sessions U 1',
          'and so is removing it');
select is_empty('select * from auxeira.ledger_verify()', 'nothing is wrong with that');
select * from finish();
rollback;
