-- Retention: months of sealed changes go, and what is left of the ledger is as good as before.
\set ON_ERROR_STOP on
set client_min_messages = error;
create extension if not exists pgtap;
create schema test;
select plan(73);

create function test.fault(statement text) returns text language plpgsql as $$
declare
  detail text;
begin
  execute statement;
  return 'no error';
exception when others then
  get stacked diagnostics detail = pg_exception_detail;
  return sqlstate || ' ' || sqlerrm || coalesce(nullif(' | ' || detail, ' | '), '');
end
$$;
create function test.versions(row_id integer, what text) returns text language plpgsql as $$
declare
  answer text;
begin
  execute format('select string_agg(coalesce((%s)::text, ''-''), '' / '' order by version)
                  from auxeira.history(''test.things'', %L)', what, row_id) into answer;
  return answer;
end
$$;
create function test.changes() returns bigint language sql as $$ select count(*) from auxeira.ledger_changes $$;

-- --- Three months: January and February with 700 changes, and now -------------------------------------------------------

create table test.things (id integer primary key, name text, n integer default 0, secret text);
insert into test.things (id, name, secret) select i, 'name ' || i, 'secret ' || i from generate_series(1, 300) i;
select auxeira.enable_history('test.things', '{secret}') \g /dev/null
create table test.copies (id integer primary key, is_copy boolean);
insert into test.copies values (1, false), (2, false);
select auxeira.enable_history('test.copies', exempt_column => 'is_copy') \g /dev/null
update test.copies set is_copy = true where id = 1;
select auxeira.ledger_announce_key(sha256('the next key')) \g /dev/null
select auxeira.seal_changes(1000000, '2026-01-10 12:00Z') as january \gset
select change_id as old_change from auxeira.history('test.things', '1') \gset
update test.things set n = 1 where id <= 250;
delete from test.things where id = 3;
select auxeira.seal_changes(200, '2026-01-31 23:59:59Z') \g /dev/null
select auxeira.seal_changes(1000000, '2026-02-01 00:00:00Z') as february \gset
select pg_sleep(0.01) \g /dev/null
select clock_timestamp() as then \gset
update test.things set n = 2 where id <= 100;
delete from test.things where id = 4;
insert into test.things (id, name) values (3, 'again');
select auxeira.ledger_seal() as now \gset
update test.things set n = 3 where id = 1;
update test.things set n = 3 where id = 290;
select change_id as new_change from auxeira.history('test.things', '1') order by version desc offset 1 limit 1 \gset

create table test.before as select * from auxeira.as_of(null::test.things, :'then');
select auxeira.ledger_receipt(:old_change) as old_receipt \gset
select auxeira.ledger_receipt(:new_change)::jsonb as new_receipt \gset
create table test.consistencies as
  select a.tree_size as older, b.tree_size as newer, auxeira.ledger_consistency(a.tree_size, b.tree_size)::jsonb as proof
  from auxeira.ledger_blocks a join auxeira.ledger_blocks b on b.block >= a.block;
select is_empty('select * from auxeira.ledger_verify()', 'nothing is wrong before');
select count(*) as gone, max(leaf_index) + 1 as cut, max(change_id) as last_gone from auxeira.ledger_changes
where sealed_on < auxeira.ledger_day('2026-02-01') \gset
select count(*) as gone_later from auxeira.ledger_changes where sealed_on < auxeira.ledger_day('2026-03-01') \gset

create table test.numbers as
  select i as id, h.version, h.change_id, h.operation::text, h."row" from unnest('{1, 3, 4, 200, 260, 290}'::integer[]) i,
    auxeira.history('test.things', to_jsonb(i)) h;
create table test.differences as
  select d.* from generate_series(2, 3) one, auxeira.diff('test.things', '1', one, one + 1) d;

-- --- What is refused ---------------------------------------------------------------------------------------------------

select is(auxeira.ledger_prune('2026-01-31 23:59:59Z'), 0::bigint, 'a month that is not over is kept');
select is(auxeira.ledger_prune('2025-06-01Z'), 0::bigint, 'and so is everything when nothing is so old');
select is((select count(*) from auxeira.ledger_prunings), 0::bigint, 'which is no pruning');
select auxeira.ledger_hold('test.things', '200', 'the case Ulm') as hold \gset
select is(test.fault($$ select auxeira.ledger_prune('2026-02-01Z') $$),
  '55006 history that would be pruned is held | Of test.things {"id": 200}; the reason is: the case Ulm', 'what is held is not pruned');
select auxeira.ledger_release(:'hold', 'closed'), auxeira.ledger_hold('test.things', null, 'an audit') as hold \gset
select is(test.fault($$ select auxeira.ledger_prune('2026-02-01Z') $$),
  '55006 history that would be pruned is held | Of test.things; the reason is: an audit', 'nor is that of a table that is held');
select auxeira.ledger_release(:'hold', 'over') \g /dev/null
select auxeira.ledger_hold('test.things', '3000', 'a row that never was') \g /dev/null

create function test.deafen(relation regclass, how text) returns void language plpgsql as $$
declare
  name text;
begin
  for name in select tgname from pg_trigger where tgrelid = relation and tgfoid = 'auxeira.capture()'::regprocedure loop
    execute format('alter table %s %s trigger %I', relation, how, name);
  end loop;
end
$$;
create function test.tampered() returns text language plpgsql as $$
declare
  answer text;
begin
  perform test.deafen('test.things', 'disable');
  update test.things set n = 999 where id = 280;
  perform test.deafen('test.things', 'enable always');
  answer := test.fault($q$ select auxeira.ledger_prune('2026-02-01Z') $q$);
  raise exception 'undone' using detail = answer;
exception when others then
  get stacked diagnostics answer = pg_exception_detail;
  return answer;
end
$$;
select is(test.tampered(), 'XX001 the ledger is not in order, and nothing is pruned | There are 1 problems, such as: a row that differs '
  'from its last change test.things {"id": 280}', 'a row that was altered is not written to the ledger as if it were true');
select is(test.changes(), (select max(leaf_index) + 1 from auxeira.ledger_changes), 'and what is refused prunes nothing');
-- Whoever looks before nobody else may seal has not looked at what is sealed meanwhile.
create function test.locks_before_looking() returns text language plpgsql as $$
begin
  create or replace procedure auxeira.check_whole_ledger() language plpgsql as $p$
  begin
    raise exception '%', (select string_agg(l.relation::regclass::text, ' ' order by l.relation::regclass::text) from pg_locks l
      where l.pid = pg_backend_pid() and l.mode = 'ShareRowExclusiveLock' and l.granted);
  end
  $p$;
  perform auxeira.ledger_prune('2026-02-01Z');
exception when others then
  return sqlerrm;
end
$$;
select is(test.locks_before_looking(), 'auxeira.ledger_blocks auxeira.ledger_holds', 'the ledger is verified when nobody else may seal');
select is_empty($$ select rolname from pg_roles where not rolsuper and rolname <> 'auxeira_owner'
  and has_function_privilege(rolname, 'auxeira.ledger_prune(timestamptz)', 'execute') $$, 'nobody prunes but administrators of the database');

-- --- Pruning January ---------------------------------------------------------------------------------------------------

insert into auxeira.ledger_actors (role, login, address, met_at) values ('gone', 'gone', '192.0.2.1', '2026-01-01');
select is(auxeira.ledger_prune('2026-02-27Z'), :gone::bigint, 'January is pruned');
select is((select min(leaf_index) from auxeira.ledger_changes), :cut::bigint, 'what was sealed then is gone');
select is((select count(*) from pg_class where relname = 'ledger_changes_2026_01'), 0::bigint, 'and so is its room');
select is(auxeira.ledger_first_leaf(), :cut::bigint, 'the ledger knows its first leaf');
select is_empty('select * from auxeira.ledger_verify()', 'nothing is wrong after it');
select is((select concat_ws(' ', first_leaf, last_change, changes, block, pruned_by, sealed_until) from auxeira.ledger_prunings),
  concat_ws(' ', :cut, :last_gone, :gone, 2, 'postgres', '2026-01-31 23:59:59+00'::timestamptz), 'and it is on record');
select is((select string_agg(operation::text, '') from auxeira.history('auxeira.ledger_prunings',
  (select to_jsonb(pruning_id) from auxeira.ledger_prunings))), 'I', 'in the ledger itself');
select is((select count(*) from auxeira.ledger_open), 0::bigint, 'sealed');
select is_empty($$ select from auxeira.ledger_actors where role = 'gone' $$, 'who made none of the changes that are left is forgotten');

-- --- Rows and their versions --------------------------------------------------------------------------------------------

select is(test.versions(260, 'operation'), 'C', 'a row without later changes has a checkpoint');
select is(test.versions(260, '"row" ->> ''name'''), 'name 260', 'of the row as it is');
select is(test.versions(260, 'reason'), 'pruning of what was sealed before 2026-02-27 00:00:00+00', 'which says why');
select is(test.versions(1, 'operation'), 'U / U', 'a row with later changes has those');
select is(test.versions(1, '"row" ->> ''n'''), '2 / 3', 'with the row after each');
select is(test.versions(1, 'changed #>> ''{n,from}'''), '1 / 2', 'and before');
select is(test.versions(290, 'operation::text || standing'), 'Uproven', 'one that is not sealed counts');
select is(test.versions(3, 'operation'), 'D / I', 'a row that was deleted and came again');
select is((select checkpoints from auxeira.ledger_prunings), (select count(*) from auxeira.ledger_changes where operation = 'C'),
  'checkpoints are counted');
select cmp_ok((select count(distinct table_id) from auxeira.ledger_changes where operation = 'C'), '>', 1::bigint,
  'those of the platform''s own tables, too');
select is_empty($$ select from auxeira.history('test.copies', '1') $$, 'a row that is exempt from history has none');
select is((select string_agg(operation::text, '') from auxeira.history('test.copies', '2')), 'C', 'one that is not has');
select results_eq(format('select * from auxeira.as_of(null::test.things, %L) order by id', :'then'),
                  'select * from test.before order by id', 'rows are what they were at a time after the cut');
select is_empty($$ select from unnest('{1, 3, 4, 200, 260, 290}'::integer[]) i cross join lateral auxeira.history('test.things', to_jsonb(i)) h
  join test.numbers n using (change_id) where h.version <> n.version $$, 'versions that are kept have the numbers they had');
select is(test.versions(1, 'version'), '3 / 4', 'which do not begin at one');
select is(test.versions(260, 'version'), '2', 'nor does the checkpoint, which goes on');
select is(test.versions(4, 'operation || version'), 'U3 / D4', 'nor what is left of a row that was deleted');
select results_eq($$ select * from auxeira.diff('test.things', '1', 3, 4) $$,
  $$ select d.* from test.differences d where "to" = '3' $$, 'two versions differ in what they did');
select is(test.fault($$ select * from auxeira.diff('test.things', '1', 2, 3) $$), 'P0002 version 2 of the row is not kept | The oldest that '
  'you can see is version 3: those before it were pruned, or are hidden from you.', 'a version that was pruned is refused');
select matches(test.fault($$ select auxeira.revert('test.things', '1', 1) $$), '^P0002 version 1 of the row is not kept', 'going back, too');
select is(test.fault($$ select auxeira.revert('test.things', '1', 9) $$), 'P0002 there is no version 9 of the row', 'one that never was is another thing');
select is_empty($$ select from auxeira.ledger_pruned_versions p where not exists (
  select from auxeira.ledger_all c where c.table_id = p.table_id and sha256(c.key) = p.key_hash) $$,
  'of rows of which nothing is kept nothing is counted');
select is(auxeira.revert('test.things', '1', 3), true, 'going back to a version that is kept');
select is((select n from test.things where id = 1), 2, 'makes the row what it was');

-- --- Proofs -------------------------------------------------------------------------------------------------------------

select is(auxeira.ledger_receipt(:new_change)::jsonb, :'new_receipt'::jsonb, 'the receipt of a change that is kept is what it was');
select is_empty($$ select * from test.consistencies c
  where c.proof is distinct from auxeira.ledger_consistency(c.older, c.newer)::jsonb $$, 'and so are all proofs of consistency');
select ok(auxeira.ledger_consistency(:cut, (select max(tree_size) from auxeira.ledger_blocks)) is not null,
  'the newest head goes on from the last that was pruned');
select is(test.fault(format('select auxeira.ledger_receipt(%s)', :old_change)), format('P0002 change %s is not kept | What was sealed until '
  '2026-01-31 23:59:59+00 was pruned: of such changes there are leaves, and no receipts any more.', :old_change),
  'of a change that was pruned there is no receipt, and why');
select is(test.fault('select auxeira.ledger_receipt(1000000)'), 'P0002 no sealed change 1000000', 'which is not said of others');
select is((select encode(hash, 'hex') from auxeira.ledger_leaves((:'old_receipt'::jsonb ->> 'leafIndex')::bigint,
  (:'old_receipt'::jsonb ->> 'leafIndex')::bigint + 1)), :'old_receipt'::jsonb ->> 'leaf', 'its leaf is kept, which its receipt names');
select is((select count(*) from auxeira.ledger_pruned_leaves where hashes like '%name%'), 0::bigint, 'and nothing else');

-- --- What is tampered with after it ---------------------------------------------------------------------------------------

create function test.found_after(statement text) returns text language plpgsql as $$
declare
  answer text;
begin
  set local session_replication_role = replica;
  perform test.deafen('auxeira.ledger_prunings', 'disable');
  execute statement;
  perform test.deafen('auxeira.ledger_prunings', 'enable always');
  select string_agg(distinct problem, ', ' order by problem) into answer from auxeira.ledger_verify();
  raise exception 'undone' using detail = coalesce(answer, 'nothing');
exception when others then
  get stacked diagnostics answer = pg_exception_detail;
  return answer;
end
$$;
select alike(test.found_after(statement), found, statement) from (values
  ('update auxeira.ledger_pruned_leaves set hashes = set_byte(hashes, 40, 1 - sign(get_byte(hashes, 40))::integer) where first_leaf = 256',
   '%a root that is not that of its leaves%'),
  ('delete from auxeira.ledger_pruned_leaves where first_leaf = 0', '%a root that is not that of its leaves%'),
  ('insert into auxeira.ledger_pruned_leaves values (1 << 20, sha256(''''))', '%pruned leaves of no pruning%'),
  ('update auxeira.ledger_prunings set first_leaf = first_leaf + 1', '%a row that differs from its last change%'),
  ('delete from auxeira.ledger_prunings', '%leaves are gone%'),
  ('delete from auxeira.ledger_changes where operation = ''C'' and leaf_index = (select max(leaf_index) from auxeira.ledger_changes
    where operation = ''C'')', '%a row without history%')) t (statement, found);

-- A pruning that says what cannot be, as if it had been recorded so.
create function test.found_of_pruning(what text) returns text language plpgsql as $$
declare
  answer text;
begin
  perform test.deafen('auxeira.ledger_prunings', 'disable');
  execute 'update auxeira.ledger_prunings set ' || what;
  perform test.deafen('auxeira.ledger_prunings', 'enable always');
  select string_agg(detail, ' ') into answer from auxeira.ledger_verify() where problem = 'a pruning that was none';
  raise exception 'undone' using detail = coalesce(answer, 'nothing');
exception when others then
  get stacked diagnostics answer = pg_exception_detail;
  return answer;
end
$$;
select is(test.found_of_pruning(what), found, 'found: ' || what) from (values
  ('pruned_by = ''another''', 'nothing'),
  ('first_leaf = first_leaf - 1, changes = changes - 1', 'Its first leaf is not that after its block.'),
  ('sealed_until = sealed_until - interval ''1 day''', 'Its block was sealed at another time.'),
  ('changes = 0', 'Its changes are not so many.'),
  ('whole_after = 1000000000', 'Its last changes are not before its own.'),
  ('whole_after = last_change - 1', 'Its last changes are not before its own.'),
  ('pruned_at = ''2026-01-31 23:59:59.5Z''', 'The month of its block was not over.'),
  ('pruned_at = now() + interval ''1 year''', 'The month of its block was not over.'),
  ('checkpoints = checkpoints - 1', 'Its checkpoints are not so many.')) t (what, found);

-- The first changes of rows that are newer than the pruning.
insert into test.things (id, name) values (900001, 'new') \g /dev/null
update test.things set name = 'newer' where id = 900001;
select alike(test.found_after('delete from auxeira.ledger_open where operation = ''I'''), '%a history without a beginning%',
             'of rows that began after it, the beginning is missed still');

-- As if all until now had been pruned.
create function test.asked_too_late() returns text language plpgsql as $$
declare
  answer text;
begin
  insert into auxeira.ledger_prunings (block, first_leaf, last_change, whole_after, sealed_until, changes, checkpoints)
  select block, 1, 1, 1, '2100-01-01Z', 1, 0 from auxeira.ledger_blocks limit 1;
  answer := test.fault('select * from auxeira.as_of(null::test.things, now())');
  raise exception 'undone';
exception when others then
  return answer;
end
$$;
select is(test.asked_too_late(), format('22023 there is no history of test.things at that time | What was sealed until %s was pruned.',
  '2100-01-01Z'::timestamptz), 'of a time whose changes were pruned nothing is told');

-- --- And February ---------------------------------------------------------------------------------------------------------

select is(auxeira.ledger_prune('2026-03-01Z'), (:gone_later - :gone)::bigint, 'the next month is pruned');
select is_empty('select * from auxeira.ledger_verify()', 'nothing is wrong after that either');
select is(test.versions(260, 'operation || version'), 'C2', 'a checkpoint that is kept has the number it had');
select is(test.versions(1, 'operation || version'), 'U3 / U4 / U5', 'versions that are kept have theirs still');
select is_empty($$ select * from test.consistencies c
  where c.proof is distinct from auxeira.ledger_consistency(c.older, c.newer)::jsonb $$, 'proofs of consistency are what they were');
select is(auxeira.ledger_prune(now()), 0::bigint, 'and nothing is left to prune');
select * from finish();
