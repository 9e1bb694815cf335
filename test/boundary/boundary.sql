-- Errors across the boundary between C++ and the server. psql variables: library, and private_limit, the bytes that
-- the process may grow by, where that is not 256 kB.
\set ON_ERROR_STOP on
\set QUIET on
\if :{?private_limit} \else \set private_limit 262144 \endif
create extension pgtap;
\ir probe.sql
select plan(37);
select pg_backend_pid() as pid \gset

-- --- What arrives -------------------------------------------------------------------------------------------

select is(probe.fault(format('select probe.throw(%L)', kind)), expected, 'throwing ' || kind)
from (values
  ('integer', 'XX000|unexpected failure inside auxeira: an exception of unknown type|||||||'),
  ('bad_alloc', '53200|out of memory|||||||'),
  ('runtime_error', 'XX000|something of the library|||||||'),
  ('empty', 'XX000|unexpected failure inside auxeira|||||||'),
  ('percent', 'XX000|100 %s %n|||||||'),
  ('long', 'XX000|' || repeat('x', 65536) || '|||||||'),
  ('missing', 'ZA400|Missing required field: a|a: this field is required||||||'),
  ('rejection', E'22023|two faults|a: is 1\nb[2]: is ä|Try again.|||||')
) as thrown (kind, expected);

create table probe.statements (statement text, fault text);
insert into probe.statements values
  ('select 1', 'no error'),
  ('insert into probe.things values (1, 1)',
   '23505|duplicate key value violates unique constraint "things_are_unique"|Key (id)=(1) already exists.||things_are_unique||things|probe|'),
  ('insert into probe.things values (2, 0)',
   '23514|new row for relation "things" violates check constraint "sizes_are_positive"|Failing row contains (2, 0).||sizes_are_positive||things|probe|'),
  ('insert into probe.things values (2, null)',
   '23502|null value in column "size" of relation "things" violates not-null constraint|Failing row contains (2, null).|||size|things|probe|'),
  ('call probe.refuse()', 'P0QQ1|refused|The detail.|The hint.|c|k|t|s|d'),
  ('select 1 / 0', '22012|division by zero|||||||'),
  ('selec 1', '42601|syntax error at or near "selec"|||||||'),
  ('select probe.throw(''rejection'')', E'22023|two faults|a: is 1\nb[2]: is ä|Try again.|||||'),
  ('select probe.throw(''integer'')', 'XX000|unexpected failure inside auxeira: an exception of unknown type|||||||');
select is(probe.fault(format('select probe.sql(%L)', statement)), fault, 'through C++: ' || statement) from probe.statements;
select is(probe.fault(format('select probe.nest(%L, 12)', statement)), fault, 'through a dozen doors: ' || statement)
from probe.statements;
select is(probe.alive(), 0, 'every destructor has run');
select is((select array_agg(id) from probe.things), array[1], 'and every change is undone');

-- --- What stays: nothing ------------------------------------------------------------------------------------

create procedure probe.measure(statement text, inout server bigint, inout private bigint) language plpgsql as $$
begin
  call probe.repeat(statement, 2000);
  server := probe.server_memory();
  private := probe.private_memory();
  call probe.repeat(statement, 20000);
  server := probe.server_memory() - server;
  private := probe.private_memory() - private;
end
$$;

create table probe.growth (what text, server bigint, private bigint);
create procedure probe.remember(what text, statement text) language plpgsql as $$
declare
  server bigint;
  private bigint;
begin
  call probe.measure(statement, server, private);
  insert into probe.growth values (what, server, private);
end
$$;
-- What the loop itself takes when it runs first is not counted.
call probe.remember('errors of the server', 'select 1 / 0');
truncate probe.growth;
call probe.remember('integers', 'select probe.throw(''integer'')');
call probe.remember('refusals', 'select probe.throw(''rejection'')');
call probe.remember('exceptions', 'select probe.throw(''runtime_error'')');
call probe.remember('bad_alloc', 'select probe.throw(''bad_alloc'')');
call probe.remember('errors of SQL', 'select probe.sql(''insert into probe.things values (1, 1)'')');
call probe.remember('errors of nested SQL', 'select probe.nest(''call probe.refuse()'', 1)');
select diag(format('20,000 %s: %s bytes in the server, %s in the process', what, server, private)) from probe.growth;
-- One byte an error would be more.
select is_empty('select what, server from probe.growth where server >= 20000', '20,000 errors leave nothing in the server');
select is_empty('select what, private from probe.growth where private > ' || :private_limit, 'nor in the process');
select is(probe.alive(), 0, 'nor an object');

-- --- What can be stopped ------------------------------------------------------------------------------------

create table probe.loops (what text, function regproc, statement text);
insert into probe.loops values
  ('a loop without end', 'probe.spin', 'select probe.spin()'),
  ('checking a request', 'auxeira.checked',
   'select auxeira.checked(request, ''{"properties": {"numbers": {"type": "array", "items": {"type": "number"}}}}'')
    from (select jsonb_build_object(''numbers'', jsonb_agg(1)) as request from generate_series(1, 10000)) requests'),
  ('generating points', 'auxeira.synthetic_metrics',
   'select count(*) from auxeira.synthetic_metrics(''startup_founder'', 10000, 30, 0.2, ''stable'', 1)');

-- How a function ends that finds a cancel pending, and what the client is told.
create function probe.ending_of(function regproc, statement text) returns text language plpgsql as $$
declare
  fault text;
begin
  perform probe.cancel_in(function);
  fault := probe.fault(statement);
  return concat_ws(', ', probe.ending(), fault);
end
$$;
select is(probe.ending_of(function, statement), 'stopped, 57014|canceling statement due to user request|||||||',
          'a cancel ends ' || what) from probe.loops order by what;
set statement_timeout = '50ms';
select is(probe.fault('select probe.spin()'), '57014|canceling statement due to statement timeout|||||||',
          'statement_timeout ends a loop without end');
reset statement_timeout;
select is(probe.alive(), 0, 'and runs the destructors');

select is(pg_backend_pid(), :pid, 'all of this was one session');
select * from finish();
