-- API keys: made in a session, they act for their maker in one organization, within scopes, until they end.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(44);

create function test.make(person text, scopes text, days integer default 90) returns text language sql as $$
  select test.call(person, 'create_api_key', jsonb_build_object('name', 'robot', 'scopes', scopes::text[], 'expiresInDays', days))
    #>> '{data,key}' $$;
create function test.with_key(key text, api_function text, request jsonb default '{}') returns jsonb language sql as $$
  select body::jsonb from auxeira.call(jsonb_build_object('key', encode(sha256(convert_to(key, 'UTF8')), 'hex')), api_function, request) $$;
create function test.key_refusal(key text, api_function text, request text default '{}') returns text language sql as $$
  select test.fault(format('select test.with_key(%L, %L, %L)', key, api_function, request)) $$;
create table test.keys (name text primary key, key text);
grant all on test.keys to public;
create function test.key(n text) returns text language sql as $$ select key from test.keys where name = n $$;

set session authorization auxeira_authenticator;

-- --- Making them --------------------------------------------------------------------------------------------------

insert into test.keys select 'reader', test.make('ann', '{scores:read,metrics:read,metrics:read}');
select matches((select key from test.keys), '^ak_[A-Za-z0-9]{8}_[A-Za-z0-9_-]{43}$', 'a key can be told from other texts');
select is((test.call('ann', 'list_api_keys') #> '{data,apiKeys,0}') - '{keyId,prefix,createdAt,expiresAt}'::text[],
          '{"name": "robot", "scopes": ["metrics:read", "scores:read"], "lastUsedAt": null}', 'it is listed, without the secret');
select is(test.call('ann', 'list_api_keys') #>> '{data,apiKeys,0,prefix}', substr(key, 4, 8), 'and known by its prefix')
from test.keys;
select is(test.call('bob', 'list_api_keys') #> '{data,apiKeys}', '[]', 'nobody sees those of another');
reset session authorization;
select results_eq('select key_hash, expires_at - created_at, org_id, user_id from auxeira.api_keys',
  $$ select sha256(convert_to(key, 'UTF8')), interval '90 days', test.org_of('ann'), test.user_of('ann') from test.keys $$,
  'the database keeps its hash');
select is((select count(distinct (k).key) from (select auxeira.new_api_key() as k from generate_series(1, 1000)) made
           where (k).key ~ '^ak_[A-Za-z0-9]{8}_[A-Za-z0-9_-]{43}$' and split_part((k).key, '_', 2) = (k).prefix), 1000::bigint,
          'every key is another');
select is(auxeira.base64url('\xfbefbeff'), '----_w', 'base64url');
select is(auxeira.base64url(''), '', 'of nothing');
set session authorization auxeira_authenticator;
select is(test.refusal('ann', 'create_api_key', request), test.spelled(expected), 'refused: ' || left(request, 80))
from (values
  ('{}', E'ZA400 Missing required field: name | detail: name: this field is required\nscopes: this field is required'),
  ('{"name": "", "scopes": [], "expiresInDays": 367, "userId": 1}',
   E'22023 invalid request | detail: name: has 0 characters, 1 to 100 are allowed\nscopes: needs at least one item\n'
   'expiresInDays: 367 is above the maximum 366\nuserId: this field is not known here'),
  ('{"name": "x", "scopes": ["metrics:read"], "expiresInDays": 0}', '22023 invalid request | detail: expiresInDays: 0 is below the minimum 1'),
  ('{"name": "x", "scopes": [1]}', '22023 invalid request | detail: scopes[0]: 1 is not a string'),
  ('{"name": "x", "scopes": ["metrics:read", "account:read", "operations:write", "metrics", "metrics:all", ":read", "METRICS:read"]}',
   E'22023 invalid request | detail: ' || (
     select string_agg(format('scopes[%s]: "%s" is not one of benchmarks, documents, gamification, integrations, ledger, metrics, '
       'organization, relationships, scores, synthetic, each with :read or :write', i, s), E'\n' order by i)
     from (values (1, 'account:read'), (2, 'operations:write'), (3, 'metrics'), (4, 'metrics:all'), (5, ':read'),
       (6, 'METRICS:read')) s (i, s)))) as refused (request, expected);
reset session authorization;
update auxeira.users set email_verified = false where user_id = test.user_of('bob');
set session authorization auxeira_authenticator;
select is(test.refusal('bob', 'create_api_key', '{"name": "x", "scopes": ["metrics:read"]}'),
          '42501 this needs a verified e-mail address | hint: Verify the e-mail address first.', 'not without a verified address');
reset session authorization;
update auxeira.users set email_verified = true where user_id = test.user_of('bob');

-- --- Using them ---------------------------------------------------------------------------------------------------

insert into auxeira.user_organizations (org_id, user_id, role) values (test.org_of('bob'), test.user_of('ann'), 'member');
set session authorization auxeira_authenticator;
select is(test.with_key(test.key('reader'), 'get_metrics') #>> '{data,count}', '0', 'it reads what its scopes are for');
select is(test.key_refusal(test.key('reader'), name, request), '42501 the API key is not for this | hint: Make one with another scope.',
          'and nothing else: ' || name)
from (values ('create_metrics', '{"metrics": []}'), ('list_organizations', '{}'), ('me', '{}'), ('list_api_keys', '{}'),
             ('create_api_key', '{}'), ('logout_all', '{}'), ('accept_invitation', '{}'), ('admin_stats', '{}')) calls (name, request);
insert into test.keys select 'manager', test.make('ann', '{organization:write}');
select is((select array_agg(o ->> 'organizationId') from jsonb_array_elements(
             test.with_key(test.key('manager'), 'list_organizations') #> '{data,organizations}') o),
          array[test.org_of('ann')::text], 'it sees one organization of its maker''s');
select is(test.key_refusal(test.key('manager'), 'list_members', jsonb_build_object('organizationId', test.org_of('bob'))::text),
          'P0002 organization not found', 'and nothing of the others');
select is(test.with_key(test.key('manager'), 'update_organization', jsonb_build_object('organizationId', test.org_of('ann'),
            'region', 'Kenya')) #>> '{data,region}', 'Kenya', 'it writes, as its maker may');
insert into test.keys select 'viewer', test.make('vic', '{organization:write}');
select is(test.key_refusal(test.key('viewer'), 'update_organization', jsonb_build_object('organizationId', test.org_of('ann'))::text),
          '42501 your role or type of user does not allow this', 'but not more than its maker may');
insert into test.keys select 'root', test.make('root', '{organization:write}');
select is(test.key_refusal(test.key('root'), 'admin_stats'), '42501 the API key is not for this | hint: Make one with another scope.',
          'a key of an administrator is no administrator');
select is(test.key_refusal(key, 'get_metrics'), '28000 the API key is not valid | hint: Make another one, or log in.',
          'no key: ' || left(key, 3) || ' of ' || length(key))
from unnest(array['', 'ak_', test.key('reader') || ' ', upper(test.key('reader')), repeat('x', 1000)]) key;
reset session authorization;
select isnt((select last_used_at from auxeira.api_keys where key_hash = sha256(test.key('reader')::bytea)), null,
            'when it was last used is known');

-- --- Ending them --------------------------------------------------------------------------------------------------

create function test.dead_after(change text, undo text) returns text language plpgsql as $$
declare
  refusal text;
begin
  execute change;
  set local role auxeira_authenticator;
  refusal := test.key_refusal(test.key('manager'), 'list_organizations');
  reset role;
  execute undo;
  return refusal;
end
$$;
select is(test.dead_after(change, undo), '28000 the API key is not valid | hint: Make another one, or log in.', change)
from (values
  ('update auxeira.users set is_active = false', 'update auxeira.users set is_active = true'),
  ('update auxeira.api_keys set created_at = now() - interval ''2 days'', expires_at = now() - interval ''1 second''',
   'update auxeira.api_keys set expires_at = now() + interval ''1 day''')) cases (change, undo);
set session authorization auxeira_authenticator;
select is(test.refusal('bob', 'revoke_api_key', format('{"keyId": "%s"}', test.call('ann', 'list_api_keys') #>> '{data,apiKeys,0,keyId}')),
          'P0002 API key not found', 'that of another is not found');
select is(test.refusal('ann', 'revoke_api_key', '{"keyId": "x"}'), test.spelled(
          '22023 invalid request | detail: keyId: "x" is not a UUID such as 6f9619ff-8b86-4d01-b42d-00cf4fc964ff'), 'nor what is none');
select is((test.call('ann', 'revoke_api_key', jsonb_build_object('keyId', k ->> 'keyId')) -> 'data') ->> 'revoked', 'true',
          'one''s own is revoked')
from jsonb_array_elements(test.call('ann', 'list_api_keys') #> '{data,apiKeys}') k where k ->> 'scopes' = '["organization:write"]';
select is(test.key_refusal(test.key('manager'), 'list_organizations'), '28000 the API key is not valid | hint: Make another one, or log in.',
          'and of no use from then on');
select is(jsonb_array_length(test.call('ann', 'list_api_keys') #> '{data,apiKeys}'), 1, 'nor listed');
reset session authorization;
update auxeira.user_organizations set left_at = now() where user_id = test.user_of('vic');
update auxeira.user_organizations set left_at = null where user_id = test.user_of('vic');
set session authorization auxeira_authenticator;
select is(test.key_refusal(test.key('viewer'), 'list_organizations'), '28000 the API key is not valid | hint: Make another one, or log in.',
          'keys of a member who left do not come back with the member');
select test.make('bob', '{metrics:read}') from generate_series(1, 50) \g /dev/null
select is(test.refusal('bob', 'create_api_key', '{"name": "x", "scopes": ["metrics:read"]}'),
          'ZA409 you have 50 API keys | hint: Revoke one first.', 'there is a limit');
reset session authorization;
select results_eq($$ select event, count(*)::integer from auxeira.access_events where user_id = test.user_of('ann') and event ~ 'key'
                     and subject_id in (select key_id from auxeira.api_keys) group by 1 order by 1 $$,
                  $$ values ('api_key_created', 2), ('api_key_revoked', 1) $$, 'all is recorded, with the key');

select * from finish();
rollback;
