-- Going back on a whole transaction. Each statement is one, so nothing here is rolled back.
\set ON_ERROR_STOP on
\ir support/helpers.sql
select plan(25);

create table test.orders (id integer generated always as identity primary key, customer text);
create table test.items (order_id integer references test.orders, place integer, what text, primary key (order_id, place));
insert into test.orders (customer) values ('kim'), ('lee');
insert into test.items values (1, 1, 'tea'), (2, 1, 'jam');
select auxeira.enable_history('test.orders') \g /dev/null
select auxeira.enable_history('test.items') \g /dev/null
create function test.all() returns text language sql as $$
  select (select string_agg(o::text, ' ' order by id) from test.orders o) || ' '
         || (select string_agg(i::text, ' ' order by order_id, place) from test.items i)
$$;
select test.all() as before \gset

begin;
select pg_current_xact_id() as xid \gset
insert into test.orders (customer) values ('new');
insert into test.items values (3, 1, 'new'), (1, 2, 'milk');
update test.items set what = 'coffee' where order_id = 1 and place = 1;
update test.items set what = 'cocoa' where order_id = 1 and place = 1;
delete from test.items where order_id = 2;
delete from test.orders where id = 2;
update test.items set place = 9 where place = 2;
commit;
select isnt(test.all(), :'before', 'a transaction that changes much');
select test.all() as after \gset

select is(auxeira.revert_transaction(:'xid'), 9::bigint, 'is undone, change by change');
select is(test.all(), :'before', 'and all is as it was before, identities and references too');
select is(test.fault(format('select auxeira.revert_transaction(%L)', :'xid')),
  '40001 rows that the transaction changed were changed since | detail: These were: test.items {"place": 1, "order_id": 1}, '
  'test.items {"place": 1, "order_id": 2}, test.items {"place": 1, "order_id": 3}, test.items {"place": 2, "order_id": 1}, '
  'test.items {"place": 9, "order_id": 1}, test.orders {"id": 2}, test.orders {"id": 3}. | hint: Revert what came later '
  'first, or single rows with auxeira.revert().', 'it cannot be undone twice');
select xid as undoing from auxeira.history('test.orders', '2') order by version desc limit 1 \gset
select is((select distinct reason from auxeira.history('test.orders', '3') where xid = :'undoing'),
          format('revert of transaction %s', :'xid'), 'the ledger says what it was');
select is(auxeira.revert_transaction(:'undoing'), 9::bigint, 'but the undoing can be undone');
select is(test.all(), :'after', 'and gives what the transaction made');

begin;
select pg_current_xact_id() as xid \gset
update test.orders set customer = 'other' where id = 1;
delete from test.items where order_id = 3;
commit;
update test.orders set customer = 'later' where id = 1;
select test.all() as before \gset
select is(test.fault(format('select auxeira.revert_transaction(%L)', :'xid')),
  '40001 rows that the transaction changed were changed since | detail: These were: test.orders {"id": 1}. | hint: Revert what '
  'came later first, or single rows with auxeira.revert().', 'what was changed since is named');
select is(test.all(), :'before', 'and nothing is undone then');
select matches(test.fault('select auxeira.revert_transaction(''3'')'), '^P0002', 'a transaction that made no change');

-- A row of it that the caller may not see keeps it from being undone.
begin;
select pg_current_xact_id() as xid \gset
update test.orders set customer = 'kim' where id = 1;
update test.orders set customer = 'zed' where id = 3;
commit;
grant select, update on test.orders to auxeira_user;
alter table test.orders enable row level security;
create policy own on test.orders to auxeira_user using (customer = 'kim') with check (true);
set role auxeira_user;
select is(test.fault(format('select auxeira.revert_transaction(%L)', :'xid')), '42501 permission denied for function '
  'revert_transaction', 'it is not for everybody');
reset role;
call auxeira.grant_history('auxeira_user');
set role auxeira_user;
select matches(test.fault(format('select auxeira.revert_transaction(%L)', :'xid')),
  '^42501 permission denied for function changes_of_transaction', 'nor is what it touched');
reset role;
grant execute on function auxeira.changes_of_transaction(xid8) to auxeira_user;
set role auxeira_user;
select matches(test.fault(format('select auxeira.revert_transaction(%L)', :'xid')),
  '^42501 a row that the transaction changed is hidden from you', 'all of it must be the caller''s to see');
reset role;
alter policy own on test.orders using (true);
set role auxeira_user;
select is(auxeira.revert_transaction(:'xid'), 2::bigint, 'then it is undone');
reset role;
select is((select customer from test.orders where id = 1), 'later', 'as it was');
select is((select role from auxeira.history('test.orders', '1') order by version desc limit 1), 'auxeira_user', 'by the caller');

-- --- Many rows --------------------------------------------------------------------------------------------------------------

create table test.places (id integer primary key, place integer unique, note varchar(20), twice integer generated always as (place * 2) stored);
create table test.statements (event text);
create function test.count_statement() returns trigger language plpgsql as $$
begin
  insert into test.statements values (tg_op);
  return null;
end
$$;
create trigger statements after insert or update or delete on test.places for each statement execute function test.count_statement();
insert into test.places select i, i, 'place ' || i from generate_series(1, 20000) i;
select auxeira.enable_history('test.places') \g /dev/null
select md5(string_agg(p::text, ' ' order by id)) as places from test.places p \gset
begin;
select pg_current_xact_id() as xid \gset
update test.places set note = 'other' where id <= 10000;
update test.places set place = place + 1000000 where id <= 2000;
delete from test.places where id > 16000;
insert into test.places select i, i from generate_series(30001, 34000) i;
commit;
delete from test.statements;
select is(auxeira.revert_transaction(:'xid'), 20000::bigint, 'twenty thousand changes are undone');
select is((select md5(string_agg(p::text, ' ' order by id)) from test.places p), :'places', 'and all is as it was');
select cmp_ok((select count(*) from test.statements), '<', 20::bigint, 'by few statements');
select is_empty($$ select * from auxeira.ledger_verify('test.places') $$, 'and the ledger is in order');

-- What one statement for each kind of change cannot give back: a value that a new row took.
begin;
select pg_current_xact_id() as xid \gset
update test.places set place = 2000000 where id = 500;
insert into test.places values (30001, 500);
update test.places set place = 2000001 where id = 499;
commit;
delete from test.statements;
select is(auxeira.revert_transaction(:'xid'), 3::bigint, 'values that went from row to row go back, newest first');
select is((select md5(string_agg(p::text, ' ' order by id)) from test.places p), :'places', 'to where they were');
select is((select count(*) from test.statements), 3::bigint, 'one by one, and once');

begin;
select pg_current_xact_id() as xid \gset
update test.places set note = 'a' where id <= 100;
delete from test.places where id > 100;
commit;
alter table test.places add check (note = 'a');
select alike(test.fault(format('select auxeira.revert_transaction(%L)', :'xid')), '23514 new row for relation "places" violates %',
             'what the table does not take any more is refused');
select is((select string_agg(distinct note, ' ') from test.places), 'a', 'and nothing is undone then');
select * from finish();
