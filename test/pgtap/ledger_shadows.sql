-- Who owns a table with history, and a schema before all others, makes nothing of theirs run as the owner of the platform.
\set ON_ERROR_STOP on
begin;
select plan(9);
create role shadow;
create schema shadows authorization shadow;
call auxeira.grant_history('shadow');
set local role shadow;
create table shadows.runs (place text, runner text);
grant usage on schema shadows to public;
grant insert on shadows.runs to public;
create function shadows.note(place text) returns text language sql as $$ insert into shadows.runs values ($1, current_user) returning place $$;
create function shadows.jsonb_build_object(text, text) returns jsonb language sql as
  $$ select json_build_object($1, $2)::jsonb from shadows.note('jsonb_build_object') $$;
create function shadows.encode(bytea, text) returns text language sql as $$ select pg_catalog.encode($1, $2) from shadows.note('encode') $$;
create function shadows."left"(text, integer) returns text language sql as $$ select substr($1, 1, $2) from shadows.note('left') $$;
create function shadows.is_same(regclass, regclass) returns boolean language sql as
  $$ select $1::oid operator(pg_catalog.=) $2::oid from shadows.note('=') $$;
create operator shadows.= (function = shadows.is_same, leftarg = regclass, rightarg = regclass);
create table shadows.things (id integer primary key, name text, pin text);
reset role;
select auxeira.enable_history('shadows.things', '{pin}') \g /dev/null

set local role shadow;
set local search_path = shadows, pg_catalog, public;
select jsonb_build_object('a', 'b'), encode('a', 'hex'), "left"('a', 1), 'shadows.things'::regclass = 'shadows.things'::regclass \g /dev/null
select is((select count(*) from runs where runner = 'shadow'), 4::bigint, 'for whoever names them so, they stand before those of the server');
truncate runs;
insert into things values (1, 'one', '1234');
select is_empty('table runs', 'writing a change, and who made it, runs none');
update things set pin = '4321';
select is_empty('table runs', 'nor does a secret');
alter table things add column more text;
select is_empty('table runs', 'nor does an event');
select is((select count(*) from auxeira.ledger_history('shadows.things', '1')), 2::bigint, 'history is read');
select is((select count(*) from auxeira.ledger_past('shadows.things', now())), 1::bigint, 'and the past');
select is_empty($$select * from runs where runner <> 'shadow'$$, 'neither as the owner');
select is(current_setting('search_path'), 'shadows, pg_catalog, public', 'the path is the caller''s again');
reset role;
select is(current_setting('search_path'), 'shadows, pg_catalog, public', 'and so it stays');
select * from finish();
rollback;
