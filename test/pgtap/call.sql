-- auxeira.call: one request as the user of a session. The statements run as the shim's login.
\set ON_ERROR_STOP on
\ir support/helpers.sql
select plan(76);

-- An API function that does what the test says, in place of one with a mistake in it.
create function auxeira_api.attempt(request jsonb) returns json language plpgsql as $$
declare
  answer text;
begin
  execute request ->> 'statement' into answer;
  return to_json(coalesce(answer, ''));
end
$$;
create function auxeira_api.attempt_reading(request jsonb) returns json language sql as
  $$ select auxeira_api.attempt(request) $$;
create function auxeira_api.attempt_as_admin(request jsonb) returns json language sql as
  $$ select auxeira_api.attempt(request) $$;
create function auxeira_api.nothing(request jsonb) returns json language sql as $$ select null::json $$;
create function auxeira_api."no such"(request jsonb) returns json language sql as $$ select '1'::json $$;
grant execute on all functions in schema auxeira_api to auxeira_user, auxeira_admin, auxeira_anonymous;
insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('attempt', 'user', 200, false, 'metrics'), ('attempt_reading', 'user', 200, true, 'metrics'),
  ('attempt_as_admin', 'admin', 202, false, 'operations'), ('nothing', 'anonymous', 200, true, 'operations'),
  ('vanished', 'anonymous', 200, true, 'operations');
create function test.attempt(person text, statement text) returns text language sql as
  $$ select test.call(person, 'attempt', jsonb_build_object('statement', statement)) #>> '{}' $$;
create function test.failed_attempt(person text, statement text, api_function text default 'attempt') returns text
  language sql as $$ select test.refusal(person, api_function, jsonb_build_object('statement', statement)::text) $$;

create function test.trace(context text) returns text language sql as $$
  select body::jsonb #>> '{}' from auxeira.call(test.claims('ann') || jsonb_strip_nulls(jsonb_build_object('traceparent', context)),
    'attempt', '{"statement": "select current_setting(''auxeira.trace_id'')"}') $$;
create view test.identity as
  select current_user, array(select current_setting('auxeira.' || name)
                             from unnest(array['user_id', 'user_type', 'session_id', 'org_id', 'org_ids', 'writable_org_ids',
                                               'request_id']) name) as identity,
         current_setting('transaction_read_only') as read_only;
grant select on test.identity to public;
create function test.metrics_of(person text) returns jsonb language sql as $$
  select jsonb_path_query_array(test.call(person, 'get_metrics'), '$.data.metrics[*].metric_value.mrr') $$;

set session authorization auxeira_authenticator;

-- --- What a call runs as ------------------------------------------------------------------------------------

select is(test.attempt('ann', 'select current_user'), 'auxeira_user', 'a member''s call runs as auxeira_user');
select is(test.attempt('ann', format('select %s', value)), expected, value || ' inside a call')
from (values
  ('auxeira.user_id()', test.user_of('ann')::text), ('auxeira.session_id()', test.session_of('ann')::text),
  ('auxeira.org_id()', test.org_of('ann')::text), ('auxeira.readable_org_ids()', format('{%s}', test.org_of('ann'))),
  ('auxeira.writable_org_ids()', format('{%s}', test.org_of('ann'))),
  ('current_setting(''auxeira.user_type'')', 'startup_founder'), ('current_setting(''auxeira.request_id'')', 'test'),
  ('current_setting(''search_path'')', 'pg_catalog, pg_temp'),
  ('current_setting(''TimeZone'')', 'UTC'), ('current_setting(''transaction_read_only'')', 'off')
) as wanted (value, expected);
select is(test.attempt('vic', 'select (auxeira.readable_org_ids(), auxeira.writable_org_ids())'),
          format('({%s},{})', test.org_of('ann')), 'a viewer may write nothing');
select is((select status from auxeira.call(test.claims('root'), 'attempt_as_admin', '{"statement": "select 1"}')), 202,
          'the status is that of the catalogue');
select is(test.call('root', 'attempt_as_admin', '{"statement": "select current_user"}'), '"auxeira_admin"',
          'an administrator''s call runs as auxeira_admin');
select is((select body from auxeira.call('{}', 'nothing', '{}')), 'null', 'NULL is null in JSON');
select is((select body from auxeira.call(null, 'nothing', '{}')), null, 'no claims, no answer');

select is(test.trace(context), trace, 'the trace of ' || coalesce(context, 'no context'))
from (values
  ('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', '4bf92f3577b34da6a3ce929d0e0e4736'), (null, ''), ('', ''),
  ('01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more', '4bf92f3577b34da6a3ce929d0e0e4736'),
  ('00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01', ''), ('00-4bf92f3577b34da6a3ce929d0e0e4736', ''),
  ('00-4bf92f3577b34da6a3ce929d0e0e473-000f067aa0ba902b7-01', ''), (E'00-4bf92f3577b34da6\n3ce929d0e0e4736-00f067aa0ba902b7-01', '')
) as contexts (context, trace);

-- --- Who is refused -----------------------------------------------------------------------------------------

select is(test.fault(format('select auxeira.call(%L, %L, ''{}'')', claims, api_function)), expected, what)
from (values
  ('no claims', '{}', 'me', '28000 authentication required | hint: Log in first.'),
  ('no session', jsonb_build_object('sub', test.user_of('ann'))::text, 'me',
   '28000 authentication required | hint: Log in first.'),
  ('claims that are no strings', '{"sub": 1, "sid": true}', 'me', '28000 authentication required | hint: Log in first.'),
  ('claims that are no object', '[]', 'me', '28000 authentication required | hint: Log in first.'),
  ('an unknown session', jsonb_build_object('sub', test.user_of('ann'), 'sid', gen_random_uuid(), 'ver', 1)::text, 'me',
   '28000 the session has ended | hint: Log in again, or use the refresh token.'),
  ('the session of another', jsonb_build_object('sub', test.user_of('ann'), 'sid', test.session_of('bob'), 'ver', 1)::text, 'me',
   '28000 the session has ended | hint: Log in again, or use the refresh token.'),
  ('no version of the token', (test.claims('ann') - 'ver')::text, 'me',
   '28000 authentication required | hint: Log in first.'),
  ('a version that is no number', (test.claims('ann') || '{"ver": "1 or 1"}')::text, 'me',
   '28000 authentication required | hint: Log in first.'),
  ('another version', (test.claims('ann') || '{"ver": 2}')::text, 'me',
   '28000 the session has ended | hint: Log in again, or use the refresh token.'),
  ('a version beyond all numbers', (test.claims('ann') || '{"ver": 99999999999}')::text, 'me',
   '28000 authentication required | hint: Log in first.'),
  ('a key that is none', '{"key": "x"}', 'me', '28000 the API key is not valid | hint: Make another one, or log in.'),
  ('a key that nobody has, beside a session', (test.claims('ann') || jsonb_build_object('key', repeat('0', 64)))::text,
   'me', '28000 the API key is not valid | hint: Make another one, or log in.'),
  ('a founder where an administrator is needed', test.claims('ann')::text, 'admin_stats',
   '42501 this needs a platform administrator | hint: Ask an administrator of the platform.'),
  ('a role that the claims make up', (test.claims('ann') || '{"role": "admin", "is_admin": true}')::text, 'admin_stats',
   '42501 this needs a platform administrator | hint: Ask an administrator of the platform.'),
  ('a function that is not in the catalogue', test.claims('ann')::text, 'no such',
   '22023 unknown API function | detail: function: "no such" is not in auxeira.api_functions'),
  ('a function of another schema', test.claims('ann')::text, 'auxeira.user_id',
   '22023 unknown API function | detail: function: "auxeira.user_id" is not in auxeira.api_functions'),
  ('SQL for a name', test.claims('ann')::text, 'me(); drop table auxeira.users; --',
   '22023 unknown API function | detail: function: "me(); drop table auxeira.users; --" is not in '
   'auxeira.api_functions'),
  ('a function that is gone', test.claims('ann')::text, 'vanished',
   '42883 function auxeira_api.vanished(jsonb) does not exist | hint: No function matches the given name and argument '
   'types. You might need to add explicit type casts.')
) as refused (what, claims, api_function, expected);

-- --- No way back, no way up ---------------------------------------------------------------------------------

select is(test.failed_attempt('ann', statement), expected, 'inside a call: ' || statement)
from (values
  ('set role auxeira_owner', '42501 cannot set parameter "role" within security-definer function'),
  ('set role none', '42501 cannot set parameter "role" within security-definer function'),
  ('reset role', '42501 cannot set parameter "role" within security-definer function'),
  ('set session authorization default',
   '42501 cannot set parameter "session_authorization" within security-definer function'),
  ('select set_config(''role'', ''auxeira_admin'', true)',
   '42501 cannot set parameter "role" within security-definer function'),
  ('select set_config(''auxeira.org_ids'', '''', true)', '42501 permission denied to set parameter "auxeira.org_ids"'),
  ('select auxeira.call(''{}'', ''health'', ''{}'')', '42501 permission denied for function call'),
  ('select * from auxeira.user_credentials', '42501 permission denied for table user_credentials'),
  ('select * from auxeira.api_functions', '42501 permission denied for table api_functions'),
  ('create function auxeira_api.x() returns void language sql as ''''', '42501 permission denied for schema auxeira_api'),
  ('commit', '0A000 EXECUTE of transaction commands is not implemented')
) as attack (statement, expected);

-- --- Read-only functions ------------------------------------------------------------------------------------

select is(test.failed_attempt('ann', statement, 'attempt_reading'), expected, 'reading only: ' || statement)
from (values
  ('delete from auxeira.dashboard_metrics', '25006 cannot execute DELETE in a read-only transaction'),
  ('insert into auxeira.dashboard_metrics default values', '25006 cannot execute INSERT in a read-only transaction'),
  ('set transaction read write', '25001 cannot set transaction read-write mode inside a read-only transaction')
) as attack (statement, expected);
begin;
select test.call('ann', 'attempt_reading', '{"statement": "select 1"}') \g /dev/null
select is(test.failed_attempt('ann', 'insert into auxeira.dashboard_metrics
            (org_id, user_id, dashboard_type, metric_value, metric_timestamp)
            values (auxeira.org_id(), auxeira.user_id(), ''government'', ''{}'', now()) returning 1'), 'no error',
          'the call after it can write, in the same transaction');
rollback;

-- --- Afterwards ---------------------------------------------------------------------------------------------

prepare nobody as select 'auxeira_authenticator'::name, array['', '', '', '', '', '', ''], 'off';
begin;
select test.call('ann', 'me') \g /dev/null
select results_eq('select * from test.identity', 'nobody', 'the identity is gone when a call ends');
select test.refusal('ann', 'attempt', '{"statement": "select 1/0"}') \g /dev/null
select results_eq('select * from test.identity', 'nobody', 'and when it fails');
select test.refusal('ann', 'admin_stats') \g /dev/null
select results_eq('select * from test.identity', 'nobody', 'and when it is refused');
commit;
select results_eq('select * from test.identity', 'nobody', 'and after the transaction');

begin;
select is((select status from auxeira.call(test.claims('ann'), 'attempt',
            '{"statement": "select set_config(''auxeira.response_status'', ''418'', true)"}')), 418,
          'a function may ask for another status');
select is((select status from auxeira.call(test.claims('ann'), 'me', '{}')), 200, 'the next call has its own again');
commit;

-- --- Two users, one connection ------------------------------------------------------------------------------

select test.call(name, 'create_metrics', jsonb_build_object('metrics', jsonb_build_array(jsonb_build_object(
  'dashboard_type', 'startup_founder', 'metric_timestamp', now(), 'metrics', jsonb_build_object('mrr', mrr)))))
from (values ('ann', 1), ('bob', 2)) own (name, mrr) \g /dev/null

set plan_cache_mode = force_generic_plan;
select is_empty($$
  select name from generate_series(1, 20), (values ('ann', '[1]'::jsonb), ('vic', '[1]'), ('bob', '[2]')) own (name, seen)
  where test.metrics_of(name) <> seen $$, 'each sees the own rows under a generic plan');
select is_empty($$
  select name from generate_series(1, 20), unnest(array['ann', 'bob', 'root']) name
  where test.call(name, 'me') #>> '{data,email}' <> name || '@example.org' $$, 'each is who they are');
select is(test.attempt(name, 'select string_agg(metric_value::text, '','') from auxeira.dashboard_metrics'), seen,
          name || ' sees the own rows with no condition at all')
from (values ('ann', '{"mrr": 1}'), ('bob', '{"mrr": 2}'), ('root', '')) own (name, seen);
select is(test.call('root', 'attempt_as_admin', '{"statement": "select count(*) from auxeira.dashboard_metrics"}'), '"2"',
          'an administrator sees all');
set force_parallel_mode = regress;
set min_parallel_table_scan_size = 0;
set parallel_setup_cost = 0;
select is(test.attempt('bob', 'select string_agg(metric_value::text, '','') from auxeira.dashboard_metrics'), '{"mrr": 2}',
          'and so with a forced parallel plan');
reset force_parallel_mode;
reset plan_cache_mode;

-- --- What is remembered of a session lasts no longer than it -------------------------------------------------

reset session authorization;
update auxeira.user_sessions set expires_at = clock_timestamp() + interval '1 second' where session_id = test.session_of('ivy');
set session authorization auxeira_authenticator;
select is(test.call('ivy', 'me') #>> '{data,email}', 'ivy@example.org', 'a session is used in its last second');
select pg_sleep(1.1) \g /dev/null
select is(test.refusal('ivy', 'me'), '28000 the session has ended | hint: Log in again, or use the refresh token.',
          'a session that was used is refused when its time is over');

-- --- The catalogue is read again when it changes ------------------------------------------------------------

reset session authorization;
update auxeira.api_functions set status = 203 where name = 'attempt';
set session authorization auxeira_authenticator;
select is((select status from auxeira.call(test.claims('ann'), 'attempt', '{"statement": "select 1"}')), 203,
          'another status');
reset session authorization;
update auxeira.api_functions set required_role = 'admin' where name = 'attempt';
set session authorization auxeira_authenticator;
select is(test.failed_attempt('ann', 'select 1'),
          '42501 this needs a platform administrator | hint: Ask an administrator of the platform.', 'another role');
reset session authorization;
begin;
select test.call('bob', 'me') \g /dev/null
alter role auxeira_user rename to auxeira_test_renamed;
set local session authorization auxeira_authenticator;
select is(test.refusal('bob', 'me'), '42704 role "auxeira_user" does not exist', 'nor with a role that is not theirs any more');
rollback;
truncate auxeira.api_functions;
set session authorization auxeira_authenticator;
select is(test.refusal('ann', 'me'), '22023 unknown API function | detail: function: "me" is not in '
          'auxeira.api_functions', 'no functions any more');
reset session authorization;

select * from finish();
