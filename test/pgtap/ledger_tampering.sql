-- What a superuser does to the ledger behind its back is found, and named: the table, the row, the change or the block.
-- Every column that is stored is altered once. As a superuser, because nobody else can.
\set ON_ERROR_STOP on
begin;
create schema test;
select no_plan();

-- --- A ledger to tamper with: 700 changes in two blocks, and some that are open ------------------------------------------

create table public.kept (id integer primary key, org_id uuid, name text, amount numeric, password text);
insert into public.kept select i, gen_random_uuid(), 'name ' || i, i / 7.0, 'secret' || i from generate_series(1, 350) i;
select auxeira.enable_history('public.kept', '{password}') \g /dev/null
create function test.become(who text) returns void language sql as $$
  select set_config('auxeira.user_id', md5(who)::uuid::text, true), set_config('auxeira.session_id', md5(who)::uuid::text, true),
    set_config('auxeira.org_id', md5('org ' || who)::uuid::text, true), set_config('auxeira.client_address', '192.0.2.7', true),
    set_config('auxeira.request_id', 'request of ' || who, true), set_config('auxeira.reason', 'reason of ' || who, true) $$;
select test.become('ann') \g /dev/null
update public.kept set name = 'second ' || id;
update public.kept set amount = null where id <= 20;
delete from public.kept where id = 10;
select auxeira.ledger_seal() \g /dev/null
select test.become('bob') \g /dev/null
update public.kept set name = 'third', password = 'changed' where id <= 20;
insert into public.kept (id, name) values (10, 'again');
delete from public.kept where id = 11;
select auxeira.ledger_seal() \g /dev/null
update public.kept set amount = 1 where id <= 5;
delete from public.kept where id = 12;

-- --- What is tampered with, and what is found ------------------------------------------------------------------------------

-- Even what only the server numbers.
alter table auxeira.ledger_tables alter table_id drop identity;
alter table auxeira.ledger_events alter event_id drop identity;
create table test.cases (name text, statement text, expected text);

-- The change of row 7 that has two after it and two before, and one that is not sealed.
create function test.change(of_row integer, of_operation "char", back integer default 0) returns bigint language sql stable as $$
  select change_id from auxeira.ledger_all c join auxeira.ledger_tables t using (table_id)
  where t.label = 'public.kept' and auxeira.ledger_row_json(c.key) ->> 'id' = of_row::text and c.operation = of_operation
  order by change_id desc offset back limit 1 $$;

-- A value of the type that is another.
create function test.other(name text, type oid) returns text language sql immutable as $$
  select format(case type::regtype::text
      when 'bytea' then 'set_byte(%1$I, length(%1$I) - 1, get_byte(%1$I, length(%1$I) - 1) # 1)'
      when 'text' then 'coalesce(%1$I, '''') || ''!''' when 'uuid' then 'gen_random_uuid()'
      when 'timestamp with time zone' then '%1$I + interval ''1 microsecond'''
      when 'xid8' then '(%1$I::text::bigint + 1)::text::xid8' when '"char"' then 'case %1$I when ''U'' then ''D'' else ''U'' end::"char"'
      when 'date' then 'case when extract(day from %1$I) = 1 then %1$I + 1 else %1$I - 1 end'
      when 'inet' then 'coalesce(%1$I, ''192.0.2.1'') + 1' when 'text[]' then '%1$I || ''x''::text'
      when 'regclass' then '''auxeira.users''::regclass' else 'coalesce(%1$I, 0) + 1000' end, name) $$;
create function test.columns(relation regclass) returns table (name text, type oid) language sql stable as $$
  select attname, atttypid from pg_attribute where attrelid = relation and attnum > 0 and not attisdropped order by attnum $$;

insert into test.cases
select format('%s.%s of change %s', relation, c.name, place), format('update %s set %I = %s where change_id = %s', relation, c.name,
    test.other(c.name, c.type), change), format('p.change_id = %s or p.key ->> ''id'' = ''%s''', change, row_id)
from (values ('auxeira.ledger_changes'::regclass, 'U', 7, test.change(7, 'U')), ('auxeira.ledger_changes', 'U', 7, test.change(7, 'U', 1)),
             ('auxeira.ledger_changes', 'B', 7, test.change(7, 'B')), ('auxeira.ledger_changes', 'D', 11, test.change(11, 'D')),
             ('auxeira.ledger_open', 'U', 5, test.change(5, 'U')), ('auxeira.ledger_open', 'D', 12, test.change(12, 'D')))
       tampered (relation, place, row_id, change)
  cross join lateral test.columns(relation) c
-- An insert has no difference to be altered.
where not (place = 'B' and c.name = 'difference');

-- Named exactly: what a change says of itself.
insert into test.cases
select format('%s of change %s is named', c.name, change), format('update auxeira.ledger_changes set %I = %s where change_id = %s', c.name,
    test.other(c.name, c.type), change), format($$p.change_id = %s and p.table_name = 'public.kept' and p.key = '{"id": 7}'$$, change)
from test.columns('auxeira.ledger_changes') c, test.change(7, 'U', 1) change
where c.name in ('xid', 'at', 'actor_id', 'operation', 'org_id', 'proof', 'request_id', 'trace_id', 'reason', 'leaf_index', 'sealed_on');

insert into test.cases
select format('ledger_blocks.%s', c.name), format('update auxeira.ledger_blocks set %I = %s where block = 1', c.name,
    test.other(c.name, c.type)), 'p.block in (1, 1001)'
from test.columns('auxeira.ledger_blocks') c;

insert into test.cases
select format('ledger_nodes.%s', c.name), format('update auxeira.ledger_nodes set %I = %s where (level, node) = (8, 0)', c.name,
    test.other(c.name, c.type)), $$p.block = 1 and p.problem ~ 'node 0 of level 8'$$
from test.columns('auxeira.ledger_nodes') c;

insert into test.cases
select format('ledger_actors.%s', c.name), format('update auxeira.ledger_actors set %I = %s where user_id = md5(''bob'')::uuid', c.name,
    test.other(c.name, c.type)), $$p.table_name = 'public.kept' and p.change_id is not null and p.key ->> 'id' = '5'$$
from test.columns('auxeira.ledger_actors') c where c.name <> 'actor_id';

insert into test.cases
select format('ledger_tables.%s', c.name), format('update auxeira.ledger_tables set %I = %s where label = ''public.kept''', c.name,
    case c.name when 'org_column' then '''name''' when 'disabled_at' then 'now()' else test.other(c.name, c.type) end),
  case c.name when 'table_id' then $$p.problem = 'a table whose history is forgotten' and p.table_name = 'public.kept'$$
    else $$p.table_name ~ 'public.kept' and p.problem ~ 'its history (began|ended)'$$ end
from test.columns('auxeira.ledger_tables') c where c.name <> 'relation';

insert into test.cases
select format('ledger_events.%s', c.name), format('update auxeira.ledger_events set %I = %s where event = ''enable'' and table_id =
    (select table_id from auxeira.ledger_tables where label = ''public.kept'')', c.name,
    case c.name when 'event' then '''alter''' when 'detail' then '''{}''' else test.other(c.name, c.type) end),
  $$p.table_name = 'auxeira.ledger_events' and p.key is not null$$
from test.columns('auxeira.ledger_events') c;

insert into test.cases
select format('ledger_incarnations.%s', c.name), format('update auxeira.ledger_incarnations set %I = %s', c.name, test.other(c.name, c.type)),
  $$p.table_name = 'auxeira.ledger_incarnations' and p.key = '{"incarnation": 1}'$$
from test.columns('auxeira.ledger_incarnations') c;

insert into test.cases
select format('kept.%s', c.name), format('update public.kept set %I = %s where id = 7', c.name, test.other(c.name, c.type)),
  $$p.table_name = 'public.kept' and p.key = '{"id": 7}' and p.problem = 'a row that differs from its last change'$$
from test.columns('public.kept') c;

insert into test.cases values
('the name of the ledger', 'update auxeira.ledger_secrets set origin = gen_random_uuid()', 'p.block = 1'),
('the key of digests', $$update auxeira.ledger_secrets set digest_key = sha256('')$$, $$p.problem = 'its history began otherwise'$$),
('a deleted row', 'delete from public.kept where id = 7', $$p.key = '{"id": 7}' and p.table_name = 'public.kept'$$),
('an added row', $$insert into public.kept values (999, null, 'forged')$$,
 $$p.key = '{"id": 999}' and p.problem = 'a row without history'$$),
('an added row whose former one had history', $$insert into public.kept values (11, null, 'forged')$$, $$p.key = '{"id": 11}'$$),
('two rows that changed keys', 'update public.kept set id = -7 where id = 7; update public.kept set id = 7 where id = 8;
   update public.kept set id = 8 where id = -7', $$p.key = '{"id": 8}'$$),
('a table that was emptied', 'truncate public.kept', $$p.key = '{"id": 350}'$$),
('the last change deleted', format('delete from auxeira.ledger_changes where change_id = %s', test.change(20, 'U')),
 $$p.key = '{"id": 20}' and p.table_name = 'public.kept'$$),
('its leaf is missed', format('delete from auxeira.ledger_changes where change_id = %s', test.change(20, 'U')),
 $$p.block = 2 and p.problem = 'leaves are gone'$$),
('a change between deleted', format('delete from auxeira.ledger_changes where change_id = %s', test.change(7, 'U', 1)), $$p.key = '{"id": 7}'$$),
('the first change deleted', format('delete from auxeira.ledger_changes where change_id = %s', test.change(7, 'B')),
 $$p.key = '{"id": 7}' and p.problem = 'a history without a beginning'$$),
('an open change deleted', format('delete from auxeira.ledger_open where change_id = %s', test.change(5, 'U')), $$p.key = '{"id": 5}'$$),
('all changes of a row that is gone deleted',
 $$delete from auxeira.ledger_changes where auxeira.ledger_row_json(key) = '{"id": 11}'$$, $$p.block = 2 and p.problem = 'leaves are gone'$$),
('the open changes deleted', 'delete from auxeira.ledger_open', $$p.key = '{"id": 3}' and p.problem = 'a row that differs from its last change'$$);
insert into test.cases
select 'the leaves of two changes exchanged', format('update auxeira.ledger_changes set leaf_index = (array[%1$s, %2$s])[array_position(
   array[%2$s, %1$s], leaf_index)] where leaf_index in (%1$s, %2$s)', a.leaf_index, b.leaf_index),
 format($$p.problem = 'a change out of order' and p.change_id in (%s, %s) and p.table_name = 'public.kept'$$, a.change_id, b.change_id)
from auxeira.ledger_changes a, auxeira.ledger_changes b
where a.change_id = test.change(7, 'U', 1) and b.change_id = test.change(8, 'U', 1);
insert into test.cases
select 'the proofs of two changes exchanged', format('update auxeira.ledger_changes set proof = case change_id when %1$s
    then (select proof from auxeira.ledger_changes where change_id = %2$s) else (select proof from auxeira.ledger_changes
    where change_id = %1$s) end where change_id in (%1$s, %2$s)', one, another), 'p.change_id = ' || one
from test.change(7, 'U', 1) one, test.change(8, 'U', 1) another;
insert into test.cases values
('a change twice', format('insert into auxeira.ledger_changes select * from auxeira.ledger_changes where change_id = %s', test.change(7, 'U', 1)),
 format($$p.problem = 'two leaves in one place' and p.key = '{"id": 7}' and p.change_id = %s$$, test.change(7, 'U', 1))),
('a change forged in the open', format('insert into auxeira.ledger_open select change_id + 100000, xid, at, actor_id, table_id, operation,
   org_id, key, difference, proof, request_id, trace_id, reason from auxeira.ledger_changes where change_id = %s', test.change(7, 'U')),
 format('p.change_id = %s', test.change(7, 'U') + 100000)),
('a salt that is gone without an erasure', format($$update auxeira.ledger_changes set proof = decode(repeat('00', 16), 'hex') ||
   substr(proof, 17), difference = null where change_id = %s$$, test.change(7, 'U', 1)),
 format($$p.change_id = %s and p.problem = 'an erased change without an erasure'$$, test.change(7, 'U', 1))),
('a block deleted', 'delete from auxeira.ledger_blocks where block = 1', $$p.block = 2 and p.problem = 'blocks are gone before it'$$),
('the last block deleted', 'delete from auxeira.ledger_blocks where block = 2',
 format($$p.problem = 'a change in no block' and p.change_id = %s$$, test.change(7, 'U'))),
('the tail cut off', 'delete from auxeira.ledger_changes where leaf_index >= (select tree_size from auxeira.ledger_blocks where block = 1);
   delete from auxeira.ledger_open; delete from auxeira.ledger_blocks where block = 2;
   delete from auxeira.ledger_nodes where (node + 1) << level > (select max(tree_size) from auxeira.ledger_blocks)',
 $$p.key = '{"id": 7}' and p.problem = 'a row that differs from its last change'$$),
('a node deleted', 'delete from auxeira.ledger_nodes where (level, node) = (8, 1)', $$p.problem = 'node 1 of level 8 is not that of its leaves'$$),
('a node added', $$insert into auxeira.ledger_nodes values (8, 77, sha256(''))$$, $$p.problem = 'a node of no block'$$),
('a head signed by another key', $$update auxeira.ledger_blocks set public_key = sha256(''), signature = signature where block = 2$$,
 $$p.block = 2 and p.problem = 'a key that nobody announced'$$),
('an actor deleted', $$delete from auxeira.ledger_actors where user_id = md5('bob')::uuid$$, $$p.key = '{"id": 5}'$$),
('a table forgotten', $$delete from auxeira.ledger_tables where label = 'public.kept'$$, $$p.problem = 'a table whose history is forgotten'$$),
('an event deleted', $$delete from auxeira.ledger_events where event = 'enable'$$, $$p.problem = 'its history began otherwise'$$),
('the ledger of events turned off', $$update auxeira.ledger_tables set disabled_at = now() where label = 'auxeira.ledger_events'$$,
 $$p.problem = 'events have no history'$$),
('a trigger turned off', 'alter table public.kept disable trigger auxeira_history',
 $$p.problem = 'trigger auxeira_history is missing, turned off or another one' and p.table_name = 'public.kept'$$),
('a trigger that a replica does not fire', 'alter table public.kept enable trigger auxeira_history', $$p.problem ~ '^trigger auxeira_history '$$),
('a trigger dropped', 'drop trigger auxeira_history_truncate on public.kept', $$p.problem ~ '^trigger auxeira_history_truncate '$$),
('a trigger with a condition', 'drop trigger auxeira_history on public.kept; create trigger auxeira_history after insert or update or delete
   on public.kept for each row when (false) execute function auxeira.capture(); alter table public.kept enable always trigger auxeira_history',
 $$p.problem ~ '^trigger auxeira_history '$$),
('a trigger of fewer columns', $$update pg_trigger set tgattr = '3' where tgname = 'auxeira_history' and tgrelid = 'public.kept'::regclass$$,
 $$p.problem ~ '^trigger auxeira_history '$$),
('a trigger with other arguments', $$update pg_trigger set tgargs = tgargs || '\x00' where tgname = 'auxeira_history'
   and tgrelid = 'public.kept'::regclass$$, $$p.problem ~ '^trigger auxeira_history '$$),
('the event trigger turned off', 'alter event trigger auxeira_ledger_before disable', $$p.problem ~ '^event trigger auxeira_ledger_before '$$),
('the event trigger dropped', 'drop event trigger auxeira_ledger_drop', $$p.problem ~ '^event trigger auxeira_ledger_drop '$$),
('the key dropped', 'alter table public.kept drop constraint kept_pkey', $$p.problem = 'the primary key has other columns'$$);

-- --- Trying them -----------------------------------------------------------------------------------------------------------

create function test.deafen(silent boolean) returns void language plpgsql as $$
declare
  entry record;
begin
  for entry in select relation, tgname from auxeira.ledger_tables t join pg_trigger g on g.tgrelid = t.relation
               where tgfoid = 'auxeira.capture()'::regprocedure loop
    execute format('alter table %s %s trigger %I', entry.relation, case when silent then 'disable' else 'enable always' end, entry.tgname);
  end loop;
end $$;

-- What is found after a statement, of which nothing is left then.
create function test.found_after(statement text, expected text) returns text language plpgsql as $$
declare
  problems text;
  hits integer;
begin
  begin
    set local session_replication_role = replica;
    if statement !~ 'trigger' then perform test.deafen(true); end if;
    execute statement;
    if statement !~ 'trigger' then perform test.deafen(false); end if;
    set local session_replication_role = origin;
    execute format('select count(*) filter (where %s), left(string_agg(p::text, e''\n''), 2000) from auxeira.ledger_verify() p', expected)
    into hits, problems;
    raise exception 'undone' using errcode = 'ZZ000';
  exception when sqlstate 'ZZ000' then null;
  end;
  return case when hits > 0 then 'found' else coalesce(problems, 'nothing was found') end;
end $$;

select is_empty('select * from auxeira.ledger_verify()', 'an honest ledger is not accused');
select is(test.found_after(statement, expected), 'found', name) from test.cases;
select is_empty('select * from auxeira.ledger_verify()', 'nor is it afterwards');

select * from finish();
rollback;
