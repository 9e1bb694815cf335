-- Reading history and going back: versions, differences, rows as they were, under the policies and rights of the caller.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(78);

-- --- Versions ---------------------------------------------------------------------------------------------------------

create table test.notes (id integer primary key, body text, price numeric(8,2), tags text[], secret text,
  doubled integer generated always as (id * 2) stored);
insert into test.notes values (1, 'first', 1, '{a}', 'hidden'), (2, null, null, null, null);
select is(auxeira.enable_history('test.notes', '{secret}'), 2::bigint, 'the rows that are there become a baseline');
select auxeira.set_reason('a correction') \g /dev/null
update test.notes set body = 'second', price = 2.50 where id = 1;
update test.notes set body = 'second' where id = 1;
select auxeira.set_reason(null) \g /dev/null
update test.notes set secret = 'other' where id = 1;
delete from test.notes where id = 1;
insert into test.notes (id, body) values (1, 'again');

create function test.versions(key jsonb, what text) returns text language plpgsql as $$
declare
  answer text;
begin
  execute format('select string_agg(coalesce((%s)::text, ''-''), '' / '' order by version)
                  from auxeira.history(''test.notes'', $1)', what) into answer using key;
  return answer;
end
$$;

select is(test.versions('1', 'version'), '1 / 2 / 3 / 4 / 5', 'an update that changes nothing is no version');
select is(test.versions('{"id": 1}', 'operation'), 'B / U / U / D / I', 'operations');
select is(test.versions('"1"', '"row" ->> ''body'''), 'first / second / second / - / again', 'the row after each change');
select is(test.versions('1', '"row" -> ''doubled'''), '2 / 2 / 2 / - / 2', 'generated columns are in it');
select is(test.versions('1', 'changed #>> ''{body,from}'' || '','' || (changed #>> ''{body,to}'')'), '- / first,second / - / - / -',
          'what each changed');
select is(test.versions('1', 'changed -> ''price'''), '- / {"to": 2.50, "from": 1.00} / - / - / -', 'numbers keep their scale');
select is(test.versions('1', 'array(select jsonb_object_keys(changed))'), '{} / {body,price} / {secret} / {} / {}',
          'a secret that changes is a change');
select is(test.versions('1', '("row" -> ''secret'') ? ''digest'''), 'true / true / true / - / false', 'but no version tells it');
select unalike(test.versions('1', '"row"'), '%hidden%', 'nor does any other column');
select is(test.versions('1', 'reason'), '- / a correction / - / - / -', 'why');
select is(test.versions('1', 'role'), repeat('postgres / ', 4) || 'postgres', 'who');
select is(test.versions('1', 'standing'), repeat('proven / ', 4) || 'proven', 'each is proven');
select is(test.versions('1', 'block'), '- / - / - / - / -', 'and not sealed yet');
select is(test.versions('3', 'version'), null, 'a row that never was has no versions');
select is((select string_agg(concat_ws(' ', column_name, "from", "to"), ', ') from auxeira.diff('test.notes', '1', 1, 2)),
          'body "first" "second", price 1.00 2.50', 'two versions differ');
select is((select string_agg(column_name, ' ') from auxeira.diff('test.notes', '1', 3, 4)), 'body doubled id price secret tags',
          'a version and none differ in all that there was');
select is_empty($$ select * from auxeira.diff('test.notes', '1', 2, 2) $$, 'a version does not differ from itself');

-- --- Rows of other shapes ----------------------------------------------------------------------------------------------

alter table test.notes drop column tags, add column stars integer;
select is(test.versions('1', '"row" -> ''tags'''), '["a"] / ["a"] / ["a"] / - / -', 'columns that were dropped are in versions');
select is(test.versions('1', '"row" -> ''stars'''), 'null / null / null / - / null', 'columns that were added are NULL');

create table test.pairs (b text, a numeric(6,2), id uuid default gen_random_uuid(), body text, primary key (a, b));
select auxeira.enable_history('test.pairs') \g /dev/null
insert into test.pairs (a, b, body) values (1, 'x', 'one'), (1, 'y', 'two');
update test.pairs set b = 'z' where b = 'y';
select is((select string_agg(operation::text, '') from auxeira.history('test.pairs', '{"a": 1, "b": "y"}')), 'ID',
          'a key of several columns; a row that is given another is gone');
select is((select string_agg("row" ->> 'body', '') from auxeira.history('test.pairs', '{"a": 1, "b": "z"}')), 'two',
          'and is another');

-- --- Bad input ---------------------------------------------------------------------------------------------------------

select is(test.fault($$ select * from auxeira.history('test.pairs', '{"a": 1}') $$),
  '22023 this is not a key of the table | detail: The key columns are a, b. | hint: Give an object with each of them, such as '
  '{"id": 1}; of a single one the value alone will do.', 'a part of a key');
select matches(test.fault(format('select * from auxeira.history(''test.notes'', %L)', k)), '^22023 this is not a key', k)
from unnest(array['{"id": 1, "body": "x"}', '{"id": null}', 'null', '{}', '{"nr": 1}']) k;
select matches(test.fault($$ select * from auxeira.history('test.notes', '"x"') $$), '^22P02', 'a key of another type');
select is(test.fault($$ select * from auxeira.history('test.people', '1') $$),
  '55000 table test.people has no history | hint: auxeira.enable_history() gives it one.', 'a table without history');
select matches(test.fault($$ select * from auxeira.as_of(null::test.people, now()) $$), '^55000', 'as of, without history');
select matches(test.fault($$ select * from auxeira.as_of(null::test.notes, now() - interval '1 second') $$),
  '^22023 there is no history of test.notes at that time', 'a time before history began');
select is(test.fault($$ select * from auxeira.diff('test.notes', '1', 1, 9) $$),
  'P0002 there is no version 9 of the row | hint: auxeira.history() lists the versions.', 'a version that never was');

-- --- Going back ----------------------------------------------------------------------------------------------------------

select is(auxeira.revert('test.notes', '1', 2), true, 'going back to a version');
select results_eq($$ select body, price, secret, doubled from test.notes where id = 1 $$,
                  $$ values ('second', 2.50, null::text, 2) $$, 'makes the row what it was, but for secrets');
select is((select concat_ws(' ', version, operation, reason, standing) from auxeira.history('test.notes', '1') order by version desc
           limit 1), '6 U revert to version 2 proven', 'is a change like others');
select is(auxeira.revert('test.notes', '1', 2), false, 'and not made twice');
select is(current_setting('auxeira.reason'), '', 'and no reason for what comes then');
select is(auxeira.revert('test.notes', '1', 4), true, 'to when it was deleted');
select is_empty('select from test.notes where id = 1', 'deletes it');
select is(auxeira.revert('test.notes', '1', 1), true, 'and to when it was there');
select results_eq($$ select body, price from test.notes where id = 1 $$, $$ values ('first', 1.00) $$, 'inserts it');
select lives_ok($$ alter table test.notes alter body type integer using length(body) $$, 'a column is given another type');
select matches(test.fault($$ select auxeira.revert('test.notes', '1', 5) $$),
  '^22023 the row does not fit its table any more \| detail: Its values of body', 'a version whose values do not fit is refused');

-- --- Eras ----------------------------------------------------------------------------------------------------------------

create table test.eras (id integer primary key, body text);
insert into test.eras values (1, 'one'), (2, 'two');
create function test.era_versions(what text) returns text language plpgsql as $$
declare
  answer text;
begin
  execute format('select string_agg(coalesce((%s)::text, ''-''), '' / '' order by version) from auxeira.history(''test.eras'', ''1'')', what)
    into answer;
  return answer;
end
$$;
select auxeira.enable_history('test.eras') \g /dev/null
update test.eras set body = 'first';
select is(auxeira.disable_history('test.eras'), 2::bigint, 'history ends with every row');
select is(test.era_versions('operation'), 'B / U / X', 'and is still there');
update test.eras set body = 'unseen';
select matches(test.fault($$ select auxeira.revert('test.eras', '1', 1) $$), '^55000 the history of test.eras has ended',
               'but nobody goes back in it');
select auxeira.enable_history('test.eras') \g /dev/null
update test.eras set body = 'second' where id = 1;
select is(test.era_versions('version || operation::text'), '1B / 2U / 3X / 4B / 5U', 'when it begins again, versions go on');
select is(test.era_versions('"row" ->> ''body'''), 'one / first / - / unseen / second', 'with the row of each');
select is(test.era_versions('standing'), 'proven / proven / proven / proven / proven', 'and each is proven');
select is((select string_agg(concat_ws(' ', column_name, "from", "to"), ', ') from auxeira.diff('test.eras', '1', 2, 5)),
          'body "first" "second"', 'versions of two eras differ');
select is(auxeira.revert('test.eras', '1', 2), true, 'and one goes back to that of an earlier one');
select is((select body from test.eras where id = 1), 'first', 'as to any other');

-- --- Under policies ----------------------------------------------------------------------------------------------------

create table test.rows (id integer primary key, org_id uuid, encoded text, draft boolean default false, salary integer);
insert into test.rows values (1, test.org_of('ann'), 'of ann', false, 10), (2, test.org_of('bob'), 'of bob', false, 20);
select auxeira.enable_history('test.rows') \g /dev/null
alter table test.rows enable row level security;
create policy members on test.rows for select to auxeira_user using (org_id = any (auxeira.readable_org_ids()));
create policy no_drafts on test.rows as restrictive for select to auxeira_user
  using (not draft and exists (select from test.people encoded where encoded.org_id = rows.org_id));
create policy others on test.rows for select to auxeira_admin using (true);
create policy updates on test.rows for update to auxeira_user using (true);
grant select (id, org_id, encoded, draft), update (encoded) on test.rows to auxeira_user;
update test.rows set org_id = test.org_of('bob'), encoded = 'moved' where id = 1;
update test.rows set encoded = 'bob has it' where id = 1;
update test.rows set draft = true where id = 1;
delete from test.rows where id = 2;

create function test.as_member(person text, statement text) returns text language plpgsql as $$
declare
  answer text;
begin
  perform set_config('auxeira.org_ids', test.org_of(person)::text, true), set_config('auxeira.org_id', test.org_of(person)::text, true);
  set local role auxeira_user;
  begin
    execute statement into answer;
  exception when others then
    answer := sqlstate || ' ' || sqlerrm;
  end;
  reset role;
  return answer;
end
$$;
create function test.seen(person text, row_id integer, what text default 'version') returns text language sql as $$
  select test.as_member(person, format(
    'select string_agg((%s)::text, '' / '' order by version) from auxeira.history(''test.rows'', ''%s'')', what, row_id))
$$;

select is(test.seen('ann', 1), '1', 'versions of a row that was hers until it was given away');
select is(test.seen('bob', 1), '2 / 3', 'from when it was his, without drafts');
select is(test.seen('bob', 1, 'coalesce(changed, ''{}'')'), '{} / {"encoded": {"to": "bob has it", "from": "moved"}}',
          'what it was before is not his to see');
select is(test.seen('bob', 2), '1 / 2', 'the deletion of a row is seen by who saw it');
select is(test.seen('ann', 2), null, 'and by nobody else');
select unalike(test.seen('bob', 2, '"row"::text || coalesce(changed::text, '''')'), '%salary%', 'columns that are not his to read are not shown');
select is(test.seen('bob', 2, 'role'), null, 'nor is where others made changes');
select is(test.as_member('ann', $$ select string_agg(encoded, ',') from auxeira.as_of(null::test.rows, now()) $$), null,
          'rows at a time are those that the policies show');
select is(test.as_member('bob', $$ select left(auxeira.revert('test.rows', '1', 2)::text, 60) $$),
          '42501 permission denied for function revert', 'going back is granted apart');
call auxeira.grant_history('auxeira_user');
select is(test.as_member('bob', $$ select auxeira.revert('test.rows', '1', 2) $$), '42501 the row cannot be changed',
          'a row that the policies hide is not changed');
update test.rows set draft = false where id = 1;
select is(test.as_member('bob', $$ select auxeira.revert('test.rows', '1', 2) $$), 'true', 'one that they show is');
select is((select encoded || salary from test.rows where id = 1), 'moved10', 'in the columns that differ');
select is(test.as_member('bob', format('select count(*) from auxeira.%s', t)), '42501 permission denied for '
  || case when t ~ '\(' then 'function ' || split_part(t, '(', 1) else case when t ~ 'all|rows' then 'view ' else 'table ' end || t end,
  'the ledger itself is nobody''s to read: ' || t)
from unnest(array['ledger_open', 'ledger_changes', 'ledger_actors', 'ledger_secrets', 'ledger_all', 'ledger_version_rows',
  'history_source(''test.rows'', ''1'', true)', 'past_source(''test.rows'', now(), true)', 'changes_of_transaction(''1'')']) t;
revoke select on test.rows from auxeira_user;
revoke select (id, org_id, encoded, draft) on test.rows from auxeira_user;
select is(test.seen('bob', 1), '42501 permission denied for table rows', 'whoever may not read the table has no history of it');

-- --- What is too large to be shown ------------------------------------------------------------------------------------------

-- Before it is read: the encoding of such a row is that long.
select throws_ok(format($$ select auxeira.%s convert_to(repeat('x', 268435456), 'SQL_ASCII')) $$, call), '54000',
  'a version of the row is larger than the 256 MB that a jsonb holds', 'a version that is too large is refused, and why')
from unnest('{ledger_row_json(,"ledger_row_object(''test.rows'',"}'::text[]) call;

-- --- Without the trigger that describes the table ---------------------------------------------------------------------------

alter event trigger auxeira_ledger_drop disable;
drop trigger auxeira_history_insert on test.rows;
select throws_ok($$ update test.rows set draft = not draft $$, '55000', 'the triggers that write the history of the table are not whole',
  'a change that cannot be described fails');
select * from finish();
rollback;
