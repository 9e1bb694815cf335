-- Going back on a whole transaction. Each statement is one, so nothing here is rolled back.
\set ON_ERROR_STOP on
\ir support/helpers.sql
select plan(16);

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
select * from finish();
