-- Commands that alter tables with history are in it; those it cannot follow, and tables that cannot have any, are refused.
-- As a superuser, because history is begun by administrators of the database.
\set ON_ERROR_STOP on
begin;
create schema test;
select plan(87);

create function test.clean() returns setof auxeira.ledger_problem language sql as $$
  select (p.problem, p.table_name, p.key, p.change_id, p.block, p.detail)::auxeira.ledger_problem from auxeira.ledger_verify() p $$;
-- The versions of a row, the oldest first, as the columns it had.
create function test.versions(of_row integer) returns setof jsonb language sql as $$
  select auxeira.ledger_row_json(w.encoded)
  from auxeira.ledger_tables t cross join lateral auxeira.ledger_rows_of(t.table_id) r
    cross join lateral auxeira.ledger_walk(r.live, r.versions) w
  where t.label = 'public.kept' and auxeira.ledger_row_json(r.key) ->> 'id' = of_row::text order by w.change_id $$;
create function test.events() returns text language sql as $$
  select string_agg(event, ' ' order by event_id) from auxeira.ledger_events e join auxeira.ledger_tables t using (table_id)
  where t.label = 'public.kept' $$;

-- --- Columns ---------------------------------------------------------------------------------------------------------------

create type public.mood as enum ('sad', 'ok');
create table public.kept (id integer primary key, a integer, b text, c public.mood, password text, org_id uuid);
insert into public.kept values (1, 1, 'one', 'sad', 'p', null), (2, null, null, null, null, gen_random_uuid()), (3, 3, 'three', 'ok', 'q', null);
select is(auxeira.enable_history('public.kept', '{password}'), 3::bigint, 'history begins with the rows that are there');

alter table public.kept drop column b;
select results_eq('select test.versions(1) - ''password''', $$ values ('{"a": 1, "b": "one", "c": "sad", "id": 1}'::jsonb),
  ('{"a": 1, "c": "sad", "id": 1}') $$, 'a column that is dropped is a change of rows that had a value');
select is((select count(*) from test.versions(2)), 1::bigint, 'and of no others');
alter table public.kept alter column a type text using 'n' || a, add column d integer default 7;
select results_eq('select test.versions(1) - ''password'' offset 2', $$ values ('{"c": "sad", "id": 1}'::jsonb),
  ('{"a": "n1", "c": "sad", "d": 7, "id": 1}') $$, 'so is one that has another type, and one that is added');
alter table public.kept rename column d to e;
select results_eq('select test.versions(2) - ''password'' - ''org_id'' offset 1', $$ values ('{"d": 7, "id": 2}'::jsonb), ('{"id": 2}'),
  ('{"e": 7, "id": 2}') $$, 'and one that is renamed');
select is_empty('select * from test.clean()', 'nothing is wrong afterwards');
alter table public.kept add column f integer generated always as (e * 2) stored;
select is((select max(v ->> 'f') from test.versions(3) v), '14', 'generated columns are followed');
update public.kept set e = 8 where id = 3;
select is((select max(v ->> 'f') from test.versions(3) v), '16', 'when they change, too');
alter table public.kept drop column if exists nothing, alter column e set default 9, alter column password type varchar(100);
alter table public.kept rename to renamed;
insert into public.renamed (id) values (4);
create table public.kept (id integer primary key);
select throws_like($$select auxeira.enable_history('public.kept')$$, 'another table began its history as kept',
  'a table that takes the name does not begin a history that could not be told apart');
drop table public.kept;
alter table public.renamed rename to kept;
select is_empty('select * from test.clean()', 'nothing is wrong after that');
select count(*) as versions from test.versions(1) \gset
alter table public.kept add column if not exists e integer default 5, add column if not exists g integer default 3;
select is((select count(*) from test.versions(1)), :versions + 1::bigint, 'a column that is there already does not come');
select is((select max(v ->> 'g') from test.versions(1) v), '3', 'another of the same command does');
select is_empty('select * from test.clean()', 'and nothing is wrong');
alter view public.kept rename column g to h;
select is((select max(v ->> 'h') from test.versions(1) v), '3', 'a column renamed as if of a view is followed');
alter table public.kept drop column h;
select is_empty('select * from test.clean()', 'nothing is wrong after that either');
alter type public.mood add value 'happy' before 'ok';
select is(test.events(), 'enable' || repeat(' alter', 8), 'commands that alter the table are events');

select throws_ok($$alter table public.kept drop column e cascade$$, '2BP01', null, 'a column does not go with another unsaid');
alter table public.kept drop column f, drop column e;
select is_empty('select * from test.clean()', 'but both do when they are named');

-- --- What is refused ---------------------------------------------------------------------------------------------------------

select throws_ok(statement, code, null, statement) from (values
  ('alter table public.kept drop column id', '0A000'), ('alter table public.kept rename column id to key', '0A000'),
  ('alter table public.kept alter column id type text', '0A000'), ('alter table public.kept rename column password to word', '0A000'),
  ('alter table public.kept rename column org_id to org', '0A000'), ('drop table public.kept', '2BP01'),
  ('drop trigger auxeira_history_insert on public.kept', '2BP01'), ('drop trigger auxeira_history_truncate on public.kept', '2BP01'),
  ($$alter type public.mood rename value 'sad' to 'blue'$$, '0A000'), ('alter type public.mood rename to temper', '0A000'),
  ('drop type public.mood cascade', '2BP01'), ('alter type public.mood set schema test', '0A000')) c (statement, code);
create type public.other_mood as enum ('sad');
select lives_ok($$alter type public.other_mood rename value 'sad' to 'blue'$$, 'types of no table with history are as ever');
create table public.parent (a text);
create table public.whole (like public.kept) partition by range (id);
create type public.form as (id integer, a text);
select throws_ok(statement, '0A000', null, statement) from (values
  ('alter table public.kept inherit public.parent'), ('create table public.heir () inherits (public.kept)'),
  ('create table public.heir () inherits (public.parent, public.kept)'),
  ('alter table public.parent inherit public.kept'), ('alter table public.kept of public.form'), ('alter table public.kept set unlogged'),
  ('alter table public.whole attach partition public.kept for values from (0) to (100)')) c (statement);

create view public.v as select 1 as id;
create table public.parts (id integer primary key) partition by range (id);
create table public.part partition of public.parts for values from (0) to (10);
create table public.child (id integer primary key) inherits (public.parent);
create temporary table passing (id integer primary key);
create unlogged table public.quick (id integer primary key);
create table public.keyless (id integer);
create table public.deferred (id integer primary key deferrable);
create table public.formed of public.form (primary key (id));
create domain public.document as jsonb;
create table public.listed (id integer[] primary key); create table public.documented (id public.document primary key);
create table public.objects (id integer primary key, o regclass);
create foreign data wrapper nowhere; create server nowhere foreign data wrapper nowhere;
create foreign table public.far (id integer) server nowhere;
select throws_ok(format('select auxeira.enable_history(%L)', target), code, message, target || ' cannot have history')
from (values ('public.v', '42809', 'v is not an ordinary table'), ('public.parts', '42809', 'parts is not an ordinary table'),
  ('public.far', '42809', 'far is not an ordinary table'), ('public.part', '0A000', 'part is part of a hierarchy of tables'),
  ('public.child', '0A000', 'child is part of a hierarchy of tables'), ('public.parent', '0A000', 'parent is part of a hierarchy of tables'),
  ('pg_temp.passing', '0A000', 'passing does not outlive a session or a crash'),
  ('public.quick', '0A000', 'quick does not outlive a session or a crash'), ('public.keyless', '0A000', 'keyless has no primary key'),
  ('public.deferred', '0A000', 'deferred has a primary key that is deferrable'), ('public.formed', '0A000', 'formed is a table of a type'),
  ('public.listed', '0A000', 'listed has an array, a document or a composite in its primary key'),
  ('public.documented', '0A000', 'documented has an array, a document or a composite in its primary key'),
  ('public.objects', '0A000', 'the ledger cannot hold values of type regclass'), ('public.kept', '42710', 'kept has history already'),
  ('pg_class', '0A000', 'pg_class is a table of the server or of the ledger itself'),
  ('auxeira.ledger_open', '0A000', 'auxeira.ledger_open is a table of the server or of the ledger itself'),
  ('auxeira.ledger_tables', '0A000', 'auxeira.ledger_tables is a table of the server or of the ledger itself')) t (target, code, message);
create table public.last_one (id integer primary key);
create table public.one_more (id integer primary key);
alter sequence auxeira.ledger_tables_table_id_seq restart with 32767;
select is(auxeira.enable_history('public.last_one'), 0::bigint, 'history begins 32767 times');
select throws_ok($$select auxeira.enable_history('public.one_more')$$, '54000', 'the ledger has room for no more tables', 'and no more');
alter sequence auxeira.ledger_tables_table_id_seq restart with 1000;
select throws_ok($$select auxeira.enable_history('public.other', '{nothing}')$$, '42P01', 'relation "public.other" does not exist', 'nor can a table that is not there');
select throws_ok(format('select * from auxeira.ledger_live(%L, %L, %L, %L)', name, '{id}', '{}', ''), '42809', null, 'nor are its rows read: ' || name)
from unnest('{public.v,public.parts,public.far}'::text[]) name;
create table public.plain (id integer primary key, a text);
select throws_ok(format('select auxeira.enable_history(''public.plain'', %L, %L)', secret, org), code, message, message)
from (values ('{nothing}', null, '42703', 'plain has no column nothing'), ('{id}', null, '0A000', 'a key column cannot be secret'),
  ('{}', 'b', '42703', 'plain has no column b'), ('{}', 'a', '42804', 'column a does not say whose a row is')) t (secret, org, code, message);

-- --- All sorts of types ----------------------------------------------------------------------------------

create domain public.short as text check (length(value) < 10);
create type public.pair as (x integer, y public.short);
create table public.sorts (id uuid primary key default gen_random_uuid(), i interval default '1 month', n inet default '10.0.0.1/8',
  r int4range default '[1,9)', p public.pair default row(1, 'a'), ps public.pair[] default array[row(1, 'b')::public.pair, null],
  m money default 3, j json default '{"b":1, "a": 2}', jb jsonb default '{"b":1, "a": 2}', t timetz default '10:00+02', x xml default '<a/>',
  b bit(3) default '101', f double precision default 'NaN', v tsvector default 'a:1', c char(5) default 'c', d numeric default 'Infinity',
  at timestamptz default 'infinity', g point default '(1,2)', k "char" default 'k', mr int4multirange default '{[1,3)}');
select auxeira.enable_history('public.sorts') \g /dev/null
insert into public.sorts default values;
update public.sorts set i = i * 2, p = row(2, 'b'), ps[5] = row(3, null), jb = jb || '{"c": null}', m = 4, b = '111', f = 0, d = 1.10;
update public.sorts set d = 1.1;
set local timezone = 'Asia/Tokyo'; set local intervalstyle = sql_standard; set local bytea_output = escape; set local extra_float_digits = 0;
set local client_encoding = latin1; set local lc_monetary = 'C'; set local datestyle = german;
select is_empty('select * from test.clean()', 'values of all sorts are what they were, whatever the session''s settings are');
reset client_encoding;

-- --- The end of a history ----------------------------------------------------------------------------------------------------

truncate public.kept cascade;
select is((select string_agg(operation::text, '' order by change_id) from auxeira.ledger_open o join auxeira.ledger_tables t using (table_id)
           where t.label = 'public.kept' and operation = 'T'), 'TTTT', 'truncate is a change of every row');
insert into public.kept (id) values (5), (6);
alter table public.kept disable trigger user;
select format('alter table public.kept %s', string_agg(format('enable always trigger %I', tgname), ', '))
from pg_trigger where tgrelid = 'public.kept'::regclass and tgname ~ '^auxeira_history_' \gexec
select alike(test.events(), '%triggers', 'turning triggers off is an event');
savepoint before_replica;
set local session_replication_role = replica;
update public.kept set password = 'r' where id = 5;
select is((select count(*) from auxeira.ledger_events where event = 'replication role'), 1::bigint, 'a session that says it is a replica is noted');
select is((select operation from auxeira.ledger_open order by change_id desc limit 1), 'U'::"char", 'and its changes are captured');
reset session_replication_role;
select is(auxeira.disable_history('public.kept'), 2::bigint, 'a history ends with the rows that are there');
update public.kept set a = 'unknown to the ledger';
drop table public.kept;
select is_empty('select * from test.clean()', 'what was is as provable as before, without the table');
select throws_ok($$select auxeira.disable_history('public.plain')$$, '42704', null, 'a history that there is not does not end');
select throws_ok(format('select auxeira.disable_history(%L)', 'auxeira.ledger_' || own), '0A000', null, 'that of ' || own || ' does not end')
from unnest('{events,incarnations,erasures,prunings,holds}'::text[]) own;
set search_path = auxeira, public;
select throws_ok($$select auxeira.enable_history('auxeira.ledger_open')$$, '0A000', null, 'that of changes does not begin, by whatever name');
reset search_path;
create table public.kept (id integer primary key, a text);
select is(auxeira.enable_history('public.kept'), 0::bigint, 'a history begins anew');
insert into public.kept values (5, 'new');
select is_empty('select * from test.clean()', 'beside the former one');

-- Whoever owns a table alters it, and knows nothing of the ledger.
create role ledger_owner_test;
create schema owned authorization ledger_owner_test;
set local role ledger_owner_test;
create table owned.kept (id integer primary key, a integer);
reset role;
select auxeira.enable_history('owned.kept') \g /dev/null
set local role ledger_owner_test;
insert into owned.kept values (1, 1);
alter table owned.kept alter column a type bigint;
select throws_ok('drop table owned.kept', '2BP01', null, 'nor does the owner drop a table with history');
reset role;
create role ledger_stranger_test;
grant usage on schema owned to ledger_stranger_test;
grant usage on schema test to ledger_stranger_test;
set local role ledger_stranger_test;
select throws_ok('alter table owned.kept drop column a', '42501', null, 'who may not alter a table writes nothing to the ledger');
reset role;
select is_empty('select * from test.clean()', 'the owner''s commands are in the ledger');

-- --- Large values --------------------------------------------------------------------------------------------------------

create table public.large (id integer primary key, content bytea);
select auxeira.enable_history('public.large') \g /dev/null
insert into public.large select 1, decode(repeat('ab', 100000000), 'hex');
update public.large set content = content || '\x00';
delete from public.large;
select is((select length(difference) > 100000000 from auxeira.ledger_open where operation = 'D' order by change_id desc limit 1), true,
          '100 MB are one value among others');
select is_empty($$select * from auxeira.ledger_verify('public.large')$$, 'and proven like others');

select * from finish();
rollback;
