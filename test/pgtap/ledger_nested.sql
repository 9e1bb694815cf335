-- Statements within statements: what a trigger or a function does to the table is captured before the statement that caused
-- it, and came after it.
\set ON_ERROR_STOP on
begin;
create schema test;
select plan(22);

create function test.versions(target regclass, key integer) returns text language sql as $$
  select string_agg(concat_ws(' ', operation, "row" - 'id', nullif(standing, 'proven')), ', ' order by version)
  from auxeira.history(target, to_jsonb(key)) $$;
create function test.problems() returns setof text language sql as $$ select problem || ' ' || key from auxeira.ledger_verify() $$;

-- --- A trigger that changes the row itself, before ours and after it ------------------------------------------------------

create table test.touched (id integer primary key, n integer not null default 0);
create function test.touch() returns trigger language plpgsql as $$
begin
  if new.n < 3 then
    update test.touched set n = n + 1 where id = new.id;
  end if;
  return null;
end
$$;
create trigger aaa after insert or update on test.touched for each row execute function test.touch();
select auxeira.enable_history('test.touched') \g /dev/null
insert into test.touched values (1);
select is(test.versions('test.touched', 1), 'I {"n": 0}, U {"n": 1}, U {"n": 2}, U {"n": 3}', 'statements three deep come in their order');
select is_empty('select test.problems()', 'and none is accused');
update test.touched set n = -1 where id = 1;
select is(test.versions('test.touched', 1), 'I {"n": 0}, U {"n": 1}, U {"n": 2}, U {"n": 3}, U {"n": -1}, U {"n": 0}, U {"n": 1}, U {"n": 2}, '
  'U {"n": 3}', 'so do those of another statement');
drop trigger aaa on test.touched;
create trigger zzz after insert or update on test.touched for each row execute function test.touch();
insert into test.touched select 100 + i from generate_series(1, 5) i;
select is(test.versions('test.touched', 103), 'I {"n": 0}, U {"n": 1}, U {"n": 2}, U {"n": 3}', 'wherever the trigger comes');
select is_empty('select test.problems()', 'and none is accused');

-- --- A trigger that changes other rows ------------------------------------------------------------------------------------

create table test.latest (id integer primary key, latest boolean default true);
create function test.only_one() returns trigger language plpgsql as $$
begin
  update test.latest set latest = false where id <> (select max(id) from test.latest) and latest;
  return null;
end
$$;
create trigger zzz after insert on test.latest for each row execute function test.only_one();
select auxeira.enable_history('test.latest') \g /dev/null
insert into test.latest (id) values (1), (2), (3);
select is(test.versions('test.latest', id), expected, 'row ' || id)
from (values (1, 'I {"latest": true}, U {"latest": false}'), (2, 'I {"latest": true}, U {"latest": false}'), (3, 'I {"latest": true}'))
  v (id, expected);
select is_empty('select test.problems()', 'rows that were changed before their insert was captured are not accused');

-- --- Deleting, and another key --------------------------------------------------------------------------------------------

create table test.moved (id integer primary key, n integer);
create function test.bring_back() returns trigger language plpgsql as $$
begin
  insert into test.moved values (old.id, old.n + 1);
  return null;
end
$$;
select auxeira.enable_history('test.moved') \g /dev/null
insert into test.moved values (1, 1), (2, 2);
create trigger aaa after delete on test.moved for each row execute function test.bring_back();
delete from test.moved where id = 1;
select is(test.versions('test.moved', 1), 'I {"n": 1}, D, I {"n": 2}', 'a row that a trigger brings back');
drop trigger aaa on test.moved;
update test.moved set id = id + 10;
select is(test.versions('test.moved', 11), 'I {"n": 2}', 'another key');
select is_empty('select test.problems()', 'and nothing is wrong');

-- --- A function within the statement --------------------------------------------------------------------------------------

create table test.called (id integer primary key, n integer default 0);
select auxeira.enable_history('test.called') \g /dev/null
create function test.count_up(of_id integer) returns integer language plpgsql as $$
begin
  update test.called set n = n + 1 where id < of_id;
  return 0;
end
$$;
insert into test.called select i, test.count_up(i) from generate_series(1, 4) i;
select is(test.versions('test.called', 1), 'I {"n": 0}, U {"n": 1}, U {"n": 2}, U {"n": 3}', 'rows that the statement''s own function changes');
with changed as (update test.called set n = 10 where id = 1 returning id)
insert into test.called select id + 100 from changed;
select is(test.versions('test.called', 1), 'I {"n": 0}, U {"n": 1}, U {"n": 2}, U {"n": 3}, U {"n": 10}', 'or a statement with another in it');
select is_empty('select test.problems()', 'nothing is wrong');

-- --- What depends on the order --------------------------------------------------------------------------------------------

select isnt((select max(position) from auxeira.ledger_open), null, 'some changes have a place that is not their id''s');
select auxeira.ledger_seal() \g /dev/null
select is_empty('select test.problems()', 'sealing keeps the order');
select is((select count(*) from auxeira.ledger_changes c join auxeira.ledger_tables t using (table_id)
           where t.label ~ '^test' and auxeira.ledger_receipt(c.change_id) ->> 'leaf' is null), 0::bigint, 'all have receipts');
select is((select count(*) from auxeira.diff('test.touched', '1', 1, 4)), 1::bigint, 'versions differ as they did');
savepoint forged;
alter table test.touched disable trigger user;
update auxeira.ledger_changes set position = null where position is not null;
select isnt_empty('select test.problems()', 'another order is found');
rollback to forged;
commit;

-- In transactions of their own.
begin;
update test.touched set n = 0 where id = 1;
select pg_current_xact_id() as transaction \gset
commit;
begin;
select is(auxeira.revert_transaction(:'transaction'), 4::bigint, 'a transaction with statements within statements is undone');
select results_eq('select n from test.touched where id = 1', 'values (3)', 'in their order');
select * from finish();
rollback;
