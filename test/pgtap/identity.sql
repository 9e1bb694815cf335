-- Who a statement runs for, and that an SQL user cannot change it. Attacks that need a fresh connection are in
-- test/tap/spoofing.t.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(44);

create role auxeira_test_nobody;
create role auxeira_test_login login;
grant usage on schema auxeira to auxeira_test_nobody;

-- --- What settings mean -----------------------------------------------------------------------------------

select is(auxeira.version(), (select extversion from pg_extension where extname = 'auxeira'),
          'library and installed extension are of one version');
select results_eq(
  'select auxeira.user_id(), auxeira.session_id(), auxeira.org_id(), auxeira.readable_org_ids(), auxeira.writable_org_ids()',
  $$ values (null::uuid, null::uuid, null::uuid, '{}'::uuid[], '{}'::uuid[]) $$, 'no settings, nobody');

set local auxeira.org_ids = '00000000-0000-0000-0000-00000000000A,00000000-0000-0000-0000-00000000000b';
select is(auxeira.readable_org_ids(),
          '{00000000-0000-0000-0000-00000000000a,00000000-0000-0000-0000-00000000000b}'::uuid[], 'a list of two');
set local auxeira.org_ids = '';
select is(auxeira.readable_org_ids(), '{}'::uuid[], 'an empty list');

select is(test.fault(format('set local auxeira.%s = %L', name, value)),
          format('22023 invalid value for parameter "auxeira.%s": "%s" | detail: %s', name, value, detail),
          format('%s refuses "%s"', name, value))
from (values
  ('org_ids', 'x', 'A list of UUIDs separated by commas is expected.'),
  ('org_ids', ',', 'A list of UUIDs separated by commas is expected.'),
  ('org_ids', '00000000-0000-0000-0000-00000000000a,', 'A list of UUIDs separated by commas is expected.'),
  ('org_ids', '00000000-0000-0000-0000-00000000000a, 00000000-0000-0000-0000-00000000000b',
   'A list of UUIDs separated by commas is expected.'),
  ('writable_org_ids', '00000000-0000-0000-0000-00000000000', 'A list of UUIDs separated by commas is expected.'),
  ('user_id', 'x', 'A list of UUIDs separated by commas is expected.'),
  ('org_id', '00000000-0000-0000-0000-00000000000a,00000000-0000-0000-0000-00000000000b', 'One UUID is expected.'),
  ('session_id', '{00000000-0000-0000-0000-00000000000a}', 'A list of UUIDs separated by commas is expected.')
) as refused (name, value, detail);

-- --- What a nobody and a bound login can do about it --------------------------------------------------------

call auxeira.bind_login('auxeira_test_login', test.user_of('ann'));
-- What the server does at login with the settings of the role.
select set_config(split_part(setting, '=', 1), split_part(setting, '=', 2), true)
from pg_db_role_setting, unnest(setconfig) setting
where setrole = 'auxeira_test_login'::regrole and setting ~ '^auxeira' \g /dev/null

create table test.attacks (statement text, error text);
insert into test.attacks
select format(form, name, test.org_of('bob')), format('42501 permission denied to set parameter "auxeira.%s"', name)
from unnest(array['user_id', 'user_type', 'session_id', 'org_id', 'org_ids', 'writable_org_ids', 'request_id']) name,
  unnest(array['set auxeira.%s = %L', 'set local auxeira.%s = %L', 'select set_config(''auxeira.%s'', %L, true)']) form
union all values
  ('reset auxeira.org_ids', '42501 permission denied to set parameter "auxeira.org_ids"'),
  ('set auxeira.org_ids to default', '42501 permission denied to set parameter "auxeira.org_ids"'),
  ('update pg_settings set setting = '''' where name = ''auxeira.org_ids''',
   '42501 permission denied to set parameter "auxeira.org_ids"'),
  ('set role auxeira_owner', '42501 permission denied to set role "auxeira_owner"'),
  ('set role auxeira_admin', '42501 permission denied to set role "auxeira_admin"'),
  ('alter role current_user set auxeira.org_ids = ''''', '42501 permission denied to set parameter "auxeira.org_ids"'),
  ('grant set on parameter auxeira.org_ids to current_user', '42501 permission denied for parameter auxeira.org_ids');
grant select on test.attacks to public;

create function test.succeeded() returns setof text language sql as $$
  select format('%s: %s', statement, test.fault(statement)) from test.attacks where test.fault(statement) <> error
$$;
set session authorization auxeira_test_nobody;
select is_empty('select test.succeeded()', 'a nobody can set no identity, in any way');
reset session authorization;
set session authorization auxeira_test_login;
select is_empty('select test.succeeded()', 'a bound login can set no identity, in any way');

select is(auxeira.readable_org_ids(), array[test.org_of('ann')], 'a bound login reads the organizations of its user');
select set_eq('select org_id from auxeira.organizations', array[test.org_of('ann')],
              'a bound login sees the rows of its organizations');
set local row_security = off;
select is(test.fault('select * from auxeira.organizations'),
          '42501 query would be affected by row-level security policy for table "organizations"',
          'row-level security cannot be switched off');
reset row_security;
reset all;
select is(auxeira.readable_org_ids() <@ array[test.org_of('ann')], true, 'RESET ALL opens nothing');
reset session authorization;

select is(test.fault('call auxeira.bind_login(''auxeira_test_login'', gen_random_uuid())'),
          'P0002 no active user with an organization has this id', 'a login is not bound to a stranger');
set role auxeira_test_nobody;
select is(test.fault('call auxeira.bind_login(''auxeira_test_nobody'', gen_random_uuid())'),
          '42501 permission denied for procedure bind_login', 'a nobody cannot bind a login');
reset role;

-- --- No identity, no rows -----------------------------------------------------------------------------------

create function test.visible_rows() returns setof text language plpgsql as $$
declare
  relation text;
  visible bigint;
begin
  for relation in select c.oid::regclass from pg_class c where c.relnamespace = 'auxeira'::regnamespace
                    and c.relkind = 'r' and has_table_privilege(c.oid, 'select')
                    and exists (select from pg_attribute where attrelid = c.oid and attname in ('org_id', 'user_id')) loop
    execute format('select count(*) from %s', relation) into visible;
    if visible > 0 then return next relation; end if;
  end loop;
end
$$;
select isnt_empty('select test.visible_rows()', 'a superuser sees rows');
select set_config('auxeira.' || name, '', true)
from unnest(array['user_id', 'session_id', 'org_id', 'org_ids', 'writable_org_ids']) name \g /dev/null
set local role auxeira_user;
select is_empty('select test.visible_rows()', 'a member without an identity sees none');
reset role;

-- Even the owner sees through its policy alone, and loses all rows with it.
drop policy owner_all on auxeira.dashboard_metrics;
insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp)
values (test.org_of('ann'), 'startup_founder', '{}', now());
set local role auxeira_owner;
select is_empty('select * from auxeira.dashboard_metrics', 'row-level security holds the owner too');
reset role;

create function test.privileged(relation text, privilege text) returns boolean language sql as $$
  select bool_or(has_table_privilege(role, relation, privilege))
  from unnest(array['auxeira_user', 'auxeira_admin', 'auxeira_anonymous', 'auxeira_bi', 'auxeira_authenticator',
                    'auxeira_test_nobody']) role
$$;
select ok(not test.privileged('auxeira.' || name, 'select'), 'no role may read ' || name)
from unnest(array['user_credentials', 'user_sessions', 'refresh_tokens', 'integration_credentials', 'api_functions']) name;
select ok(not test.privileged('auxeira.' || name, 'insert, update, delete'), 'no role may write ' || name)
from unnest(array['users', 'organizations', 'user_organizations', 'sse_scores', 'sse_score_history', 'actions',
                  'gamification_profiles', 'activities', 'synthetic_data_templates', 'integrations', 'schema_version',
                  'api_functions']) name;

set local role auxeira_test_nobody;
select is(test.fault('select auxeira.call(''{}'', ''health'', ''{}'')'), '42501 permission denied for function call',
          'a nobody cannot make calls');
select is(test.fault('select * from auxeira.users'), '42501 permission denied for table users', 'nor read a table');
reset role;
set session authorization auxeira_authenticator;
select is(test.fault('select * from auxeira.users'), '42501 permission denied for table users',
          'the shim''s login cannot read users');
select is(test.fault('set role auxeira_user'), '42501 permission denied to set role "auxeira_user"',
          'the shim''s login cannot become a member by itself');
reset session authorization;

select * from finish();
rollback;
