-- The jobs of the ledger: by hand, and in a process of the server; what health and monitoring say of them.
\set ON_ERROR_STOP on
\ir support/helpers.sql
set client_min_messages = error;
select plan(31);
set statement_timeout = '10s';

create function test.started(of_table text default '', since bigint default 0) returns auxeira.job_runs language plpgsql as $$
declare
  run constant uuid := gen_random_uuid();
  r auxeira.job_runs;
begin
  perform auxeira.start_verification(run, of_table, since);
  r := auxeira.await_run(run);
  return r;
end
$$;
create function test.health() returns text language sql as $$ select auxeira.ledger_health() $$;

-- --- Sealing and verifying -------------------------------------------------------------------------------------------

select matches(test.health(), '^ok: sealed never, verified never, oldest open change', 'a new ledger');
select is(auxeira.jobs_health(), 'not scheduled', 'whose jobs nobody runs');
select results_eq('select changes, blocks, sealed_at, verified_at, problems from auxeira.ledger_status()',
  'select 0::bigint, 0::bigint, null::timestamptz, null::timestamptz, null::bigint', 'as monitoring sees it');
select is((select open_changes from auxeira.ledger_status()), (select count(*) from auxeira.ledger_open), 'open changes');
select cmp_ok((select seal_lag_seconds from auxeira.ledger_status()), '>', 0::double precision, 'wait');
select auxeira.run_job('ledger_seal') as sealed \gset
select is((select count(*) from auxeira.ledger_changes), :sealed::bigint, 'sealing says how many changes it sealed');
select is((select (changes, kept_changes, open_changes, blocks, seal_lag_seconds)::text from auxeira.ledger_status()),
  (select (count(*), count(*), 0, (select max(block) from auxeira.ledger_blocks), 0)::text from auxeira.ledger_changes), 'and then none waits');
select is(auxeira.run_job('ledger_verify'), 0::bigint, 'verifying says how many problems there are');
select matches(test.health(), '^ok: sealed less than a minute ago, verified less than a minute ago$', 'health says so');
select is((select problems from auxeira.ledger_status()), 0::bigint, 'and so does monitoring');
select cmp_ok((select verification_seconds from auxeira.ledger_status()), '>', 0::double precision, 'and how long it took');

-- --- Jobs that ought to have run -----------------------------------------------------------------------------------------

select is(auxeira.jobs_health(), 'ok', 'jobs ran');
begin;
select auxeira.run_job('events_tidy') \g /dev/null
select is(auxeira.jobs_health(), 'ok', 'the newest run of each counts');
update auxeira.job_runs set started_at = now() - interval '12 minutes';
select is(auxeira.jobs_health(), 'events_tidy ran 12 minutes ago, ledger_seal ran 12 minutes ago', 'each has its own longest pause');
rollback;
select throws_ok($$ select auxeira.run_job('nonsense') $$, '23503', null, 'there is no other job');

-- --- In a process of the server ------------------------------------------------------------------------------------------

select is((select (rows, findings, error, table_name, since_block, ended_at is not null)::text from test.started()), '(0,[],,,0,t)',
          'verification in the background');
select isnt((select pid from auxeira.job_runs order by started_at desc limit 1), pg_backend_pid(), 'is not this process');
select is((select (rows, table_name, since_block)::text from test.started('organizations', 1)), '(0,organizations,1)', 'of one table');
set statement_timeout = '200ms';
select is(auxeira.patience(), interval '100 milliseconds', 'who has little time waits less');
set statement_timeout = '10s';
create function test.deafen(how text) returns void language plpgsql as $$
declare
  name text;
begin
  for name in select tgname from pg_trigger where tgrelid = 'auxeira.users'::regclass and tgfoid = 'auxeira.capture()'::regprocedure loop
    execute format('alter table auxeira.users %s trigger %I', how, name);
  end loop;
end
$$;
select test.deafen('disable') \g /dev/null
update auxeira.users set email = 'somebody-else@example.org' where user_id = test.user_of('ann');
select test.deafen('enable always') \g /dev/null
select is((select (rows, findings #>> '{0,problem}', findings #>> '{0,table}')::text from test.started()),
  '(1,"a row that differs from its last change",auxeira.users)', 'what is wrong is found and kept');
select is((select findings #>> '{0,key,user_id}' from auxeira.job_runs where rows = 1), test.user_of('ann')::text, 'with the row');
select matches(test.health(), '^problems found:', 'health warns');
select is((select problems from auxeira.ledger_status()), 1::bigint, 'and monitoring counts');

-- --- Runs that fail ---------------------------------------------------------------------------------------------------------

select matches((select error from test.started('no_such_table')), '^42P01 ', 'a run that fails says why');
insert into auxeira.job_runs (job, pid, started_at) values ('ledger_verify', 1, now() - interval '1 minute');
select is((select auxeira.verification_json(r) ->> 'status' from auxeira.job_runs r where r.pid = 1), 'failed', 'one whose process is gone has failed');
select is(auxeira.verification_under_way(null, 0), null, 'and nobody waits for it');
insert into auxeira.job_runs (job) values ('ledger_verify') returning run_id \gset
set application_name = :'run_id';
select isnt(auxeira.verification_under_way(null, 0), null, 'one that goes on is waited for');
select is(auxeira.verification_under_way(null, 7), null, 'by who asks the same');
insert into auxeira.job_runs (job, started_at) values ('ledger_seal', now() - interval '8 days');
select auxeira.run_job('ledger_seal') \g /dev/null
select is((select count(*) from auxeira.job_runs where started_at < now() - interval '7 days'), 0::bigint, 'old runs are forgotten');

select is_empty($$ select rolname from pg_roles where rolname ~ '^auxeira_' and rolname <> 'auxeira_owner'
  and has_function_privilege(rolname, 'auxeira.ledger_status()', 'execute') $$, 'no role of callers has the figures of monitoring');
select ok(has_function_privilege('pg_monitor', 'auxeira.ledger_status()', 'execute') and has_schema_privilege('pg_monitor', 'auxeira', 'usage'),
          'who monitors the server has');
select * from finish();
