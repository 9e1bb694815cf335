-- Registering, refreshing, ending sessions, and what becomes of them when memberships change.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(77);

create function test.try_register(request jsonb, password_hash text default '$argon2id$x') returns text language sql as $$
  select test.fault(format('select * from auxeira.register_user(%L, %L, null, 3600, ''{}'')', request, password_hash))
$$;
create function test.rotate(old text, new text) returns setof uuid language sql as $$
  select session_id from auxeira.rotate_session(sha256(convert_to(old, 'UTF8')), sha256(convert_to(new, 'UTF8')), '{}')
$$;
create function test.revoked(person text) returns text language sql security definer as $$
  select revoke_reason from auxeira.user_sessions where session_id = test.session_of(person) $$;
create table test.before as select test.contents() as contents;
grant select on test.before to public;

set session authorization auxeira_authenticator;

-- --- Registering: refusals leave nothing ----------------------------------------------------------------------

select is(test.try_register(request::jsonb), test.spelled(expected), 'register ' || left(request, 60))
from (values
  ('[]', '22023 the request is not an object | detail: $: a JSON object is expected'),
  ('{}', E'ZA400 Missing required field: email | detail: email: this field is required\nuserType: this field is required'),
  ('{"email": null, "userType": "government"}', 'ZA400 Missing required field: email | detail: email: this field is required'),
  ('{"email": "a@b.example"}', 'ZA400 Missing required field: userType | detail: userType: this field is required'),
  ('{"email": 5, "userType": "government"}', '22023 invalid request | detail: email: 5 is not a string'),
  ('{"email": "a", "userType": "government"}', '22023 invalid request | detail: email: "a" is not an e-mail address'),
  ('{"email": "a@b.example", "userType": "pope"}',
   '22023 invalid request | detail: userType: "pope" is not one of startup_founder, venture_capital, '
   'angel_investor, corporate_partner, government, esg_funder, impact_investor'),
  ('{"email": "a@b.example", "userType": "government", "profile": 1}',
   '22023 invalid request | detail: profile: 1 is not an object'),
  ('{"email": "a@b.example", "userType": "government", "organization": {"name": "", "stage": "ipo", "region": 1}}',
   E'22023 invalid request | detail: organization.name: has 0 characters, 1 to 255 are allowed\n'
   'organization.stage: "ipo" is not one of pre_seed, seed, series_a, series_b, series_c, growth, late\n'
   'organization.region: 1 is not a string')
) as refused (request, expected);
select is(test.try_register('{"email": "a@b.example", "userType": "government"}', 'secret'),
          '23514 new row for relation "user_credentials" violates check constraint "user_credentials_password_hash_check" '
          '| constraint: user_credentials_password_hash_check', 'a password that is not hashed is never stored');
select is(test.contents(), (select contents from test.before), 'refused registrations leave nothing');

select results_eq($$
  select user_type, role, token_version, is_refreshable from auxeira.register_user('{"email": "Zoe@example.org",
    "userType": "angel_investor", "profile": {"companyName": "Zoe & Co"}, "isAdmin": true, "role": "admin",
    "emailVerified": true}', '$argon2id$z', sha256('zoe'), 3600, '{"address": "::1", "userAgent": "a browser"}') $$,
  $$ values ('angel_investor', 'user', 1, true) $$, 'nobody registers as an administrator');
select results_eq($$
  select is_refreshable from auxeira.register_user('{"email": "zoe@example.org", "userType": "government"}',
    '$argon2id$zz', null, 3600, '{"address": "::1"}', sha256('vt'), 'sealed') $$, array[false],
  'an address that has an account is registered like any other');
reset session authorization;
select results_eq($$
  select u.email, u.is_admin, u.email_verified, u.login_count, o.name, o.org_type::text, m.role::text, m.is_primary,
         s.address, s.user_agent, s.expires_at - s.created_at
  from auxeira.users u join auxeira.user_organizations m using (user_id) join auxeira.organizations o using (org_id)
    join auxeira.user_sessions s using (user_id) where u.email = 'Zoe@example.org' $$,
  $$ values ('Zoe@example.org', false, false, 1, 'Zoe & Co', 'angel_investor', 'owner', true, inet '::1', 'a browser',
             interval '1 hour') $$, 'a user comes with an organization, as its owner, and a session');
select is(auxeira.organization_type_of(kind)::text, expected, kind || ' gets an organization of its kind')
from (values ('startup_founder'::auxeira.user_type, 'startup'), ('venture_capital', 'venture_capital'),
  ('angel_investor', 'angel_investor'), ('corporate_partner', 'corporate'), ('government', 'government'),
  ('esg_funder', 'esg_fund'), ('impact_investor', 'impact_fund')) kinds (kind, expected);
set session authorization auxeira_authenticator;
select is((test.call('ann', 'me') -> 'data') - '{createdAt,lastLogin,userId,organizationId}'::text[] #- '{organizations,0,organizationId}',
  '{"email": "ann@example.org", "emailVerified": true, "secondFactor": false, "userType": "startup_founder",
    "profile": {}, "isAdmin": false, "role": "owner",
    "organizations": [{"name": "Ann Ltd", "type": "startup", "role": "owner", "isPrimary": true}]}', 'who one is');
select is(test.call('vic', 'me') #>> '{data,role}', 'viewer', 'and as what in the active organization');

-- --- Refreshing -----------------------------------------------------------------------------------------------

select is_empty('select test.rotate(''nonsense'', ''x'')', 'an unknown token gives nothing');
select set_eq('select test.rotate(''ann'', ''ann 2'')', array[test.session_of('ann')], 'a token gives the session once');
select set_eq('select test.rotate(''ann 2'', ''ann 3'')', array[test.session_of('ann')], 'and so does the next');
select is(test.fault('select test.call(''ann'', ''me'')'), 'no error', 'the session goes on');
select set_eq('select test.rotate(''ann 2'', ''ann 3b'')', array[test.session_of('ann')],
              'a token that was used a moment ago gives the session again: another tab, or a lost answer');
reset session authorization;
update auxeira.refresh_tokens set issued_at = issued_at - interval '1 minute', used_at = used_at - interval '11 seconds'
where session_id = test.session_of('ann');
set session authorization auxeira_authenticator;
select is_empty('select test.rotate(''ann 2'', ''thief'')', 'one that was used longer ago gives nothing');
select is(test.revoked('ann'), 'refresh_reuse', 'and ends the session');
select is_empty('select test.rotate(''ann 3'', ''ann 4'')', 'for the rightful token too');
select is_empty('select test.rotate(''thief'', ''thief 2'')', 'and there is none for the thief');
select is(test.refusal('ann', 'me'), '28000 the session has ended | hint: Log in again, or use the refresh token.',
          'calls are refused from then on');
select is(test.fault('select test.call(''bob'', ''me'')'), 'no error', 'other sessions go on');

-- --- Ending ---------------------------------------------------------------------------------------------------

select is(test.call('bob', 'logout'), '{"success": true, "data": {"loggedOut": true}}', 'logging out');
select is(test.revoked('bob'), 'logout', 'ends the session');
select is(test.revoked('ivy'), null, 'and no other');
select is(test.refusal('bob', 'logout'), '28000 the session has ended | hint: Log in again, or use the refresh token.',
          'it cannot be used again');
select is_empty('select test.rotate(''bob'', ''bob 2'')', 'nor refreshed');
reset session authorization;

create function test.refused_after(change text, undo text) returns text language plpgsql as $$
declare
  refusal text;
begin
  execute change;
  set local role auxeira_authenticator;
  refusal := test.refusal('ivy', 'me');
  if exists (select test.rotate('ivy', 'ivy 2')) then refusal := refusal || ' (but refreshed)'; end if;
  reset role;
  execute undo;
  return refusal;
end
$$;
select is(test.refused_after(change, undo), expected, what)
from (values
  ('an expired session is refused',
   'update auxeira.user_sessions set created_at = now() - interval ''2 hours'', expires_at = now() - interval ''1 second''
    where session_id = test.session_of(''ivy'')',
   'update auxeira.user_sessions set expires_at = now() + interval ''1 hour'' where session_id = test.session_of(''ivy'')',
   '28000 the session has ended | hint: Log in again, or use the refresh token.'),
  ('a blocked account is refused',
   'update auxeira.users set is_active = false where user_id = test.user_of(''ivy'')',
   'update auxeira.users set is_active = true where user_id = test.user_of(''ivy'')',
   '28000 the session has ended | hint: Log in again, or use the refresh token.'),
  ('a session that was not used for two weeks is not refreshed',
   'update auxeira.user_sessions set last_seen_at = now() - interval ''15 days'' where session_id = test.session_of(''ivy'')',
   'update auxeira.user_sessions set last_seen_at = now() where session_id = test.session_of(''ivy'')', 'no error')
) as cases (what, change, undo, expected);

-- Dee: logs in twice, and is a member of Bob's organization besides her own.
select test.register('dee', 'angel_investor') \g /dev/null
select auxeira.open_session(test.user_of('dee'), sha256('dee 2'), 3600, '{"address": "192.0.2.7", "userAgent": "other"}') \g /dev/null
set session authorization auxeira_authenticator;
select results_eq($$ select s ->> 'isCurrent', s ->> 'address', s ->> 'userAgent'
                     from jsonb_array_elements(test.call('dee', 'list_sessions') #> '{data,sessions}') s order by 1 $$,
                  $$ values ('false', '192.0.2.7', 'other'), ('true', null, null) $$, 'sessions of one''s own are listed');
select is(test.refusal('dee', 'end_session', jsonb_build_object('sessionId', test.session_of('ivy'))::text),
          'P0002 session not found', 'the session of another cannot be ended');
select is(test.refusal('dee', 'end_session', '{"sessionId": "x", "all": true}'), test.spelled(
          E'22023 invalid request | detail: sessionId: "x" is not a UUID such as 6f9619ff-8b86-4d01-b42d-00cf4fc964ff\n'
          'all: this field is not known here'), 'nor what is no session');
select is(test.call('dee', 'end_session', jsonb_build_object('sessionId', s ->> 'sessionId')) #>> '{data,ended}', 'true',
          'another session of one''s own can')
from jsonb_array_elements(test.call('dee', 'list_sessions') #> '{data,sessions}') s where s ->> 'isCurrent' = 'false';
select is_empty('select test.rotate(''dee 2'', ''x'')', 'it cannot be refreshed');
select is(test.call('dee', 'logout_all'), '{"success": true, "data": {"endedSessions": 1}}', 'logging out everywhere');
select is(test.revoked('dee'), 'logout_all', 'ends this session too');
reset session authorization;
select results_eq($$ select event, count(*)::integer from auxeira.access_events
                     where user_id in (test.user_of('ann'), test.user_of('dee')) group by 1 order by 1 $$,
  $$ values ('logged_out_everywhere', 1), ('login', 1), ('refresh_reused', 1), ('registered', 2), ('session_ended', 1),
            ('token_refreshed', 3) $$, 'each event is recorded once');

-- --- When memberships change -----------------------------------------------------------------------------------

insert into auxeira.user_organizations (org_id, user_id, role) values (test.org_of('bob'), test.user_of('ivy'), 'admin');
insert into auxeira.user_sessions (user_id, org_id, expires_at)
values (test.user_of('ivy'), test.org_of('bob'), now() + interval '1 hour');
insert into auxeira.api_keys (org_id, user_id, name, prefix, key_hash, scopes, expires_at)
select org, test.user_of('ivy'), 'k', 'abcdefgh', sha256(org::text::bytea), '{metrics:read}', now() + interval '1 day'
from unnest(array[test.org_of('bob'), test.org_of('ivy')]) org;
insert into auxeira.invitations (org_id, email, role, token_hash, invited_by, expires_at)
select org, 'new@example.org', 'member', sha256(org::text::bytea), test.user_of('ivy'), now() + interval '1 day'
from unnest(array[test.org_of('bob'), test.org_of('ivy')]) org;
create function test.sessions(person text) returns table (home boolean, version integer, reason text) language sql as $$
  select s.org_id = test.org_of(person), s.token_version, s.revoke_reason from auxeira.user_sessions s
  where s.user_id = test.user_of(person) order by s.created_at, 1 desc $$;
create function test.leftovers() returns table (kind text, home boolean, revoked boolean) language sql as $$
  select 'invitation', org_id = test.org_of('ivy'), revoked_at is not null from auxeira.invitations
  union all select 'key', org_id = test.org_of('ivy'), revoked_at is not null from auxeira.api_keys
  order by 1, 2 $$;

update auxeira.user_organizations set permissions = '{"x": 1}' where user_id = test.user_of('ivy');
select results_eq('select * from test.sessions(''ivy'')', $$ values (true, 1, null), (false, 1, null) $$,
                  'what has nothing to do with rights makes no token useless');
update auxeira.user_organizations set role = 'member' where user_id = test.user_of('ivy') and org_id = test.org_of('bob');
select results_eq('select * from test.sessions(''ivy'')', $$ values (true, 2, null), (false, 2, null) $$,
                  'another role makes every token so far useless');
select results_eq('select * from test.leftovers()', $$ values ('invitation', false, true), ('invitation', true, false),
                  ('key', false, false), ('key', true, false) $$, 'and a lower one the invitations made there');
set session authorization auxeira_authenticator;
select is(test.refusal('ivy', 'me'), '28000 the session has ended | hint: Log in again, or use the refresh token.',
          'a token from before is refused');
select results_eq('select token_version from auxeira.rotate_session(sha256(''ivy''), sha256(''ivy 5''), ''{}'')',
                  array[2], 'refreshing gives one that works');
reset session authorization;
update auxeira.user_organizations set left_at = now() where user_id = test.user_of('ivy') and org_id = test.org_of('bob');
select results_eq('select * from test.sessions(''ivy'')', $$ values (true, 3, null), (true, 3, null) $$,
                  'who leaves an organization is brought home');
select results_eq('select * from test.leftovers()', $$ values ('invitation', false, true), ('invitation', true, false),
                  ('key', false, true), ('key', true, false) $$, 'and loses the API keys made there');
update auxeira.user_organizations set role = 'viewer' where user_id = test.user_of('ivy') and org_id = test.org_of('bob');
select results_eq('select * from test.sessions(''ivy'')', $$ values (true, 3, null), (true, 3, null) $$,
                  'a role that one had once is of no interest');
delete from auxeira.user_organizations where user_id = test.user_of('ivy') and org_id = test.org_of('ivy');
select results_eq('select * from test.sessions(''ivy'')', $$ values (true, 4, 'removed'), (true, 4, 'removed') $$,
                  'who has no home is logged out');
select lives_ok('delete from auxeira.users where user_id = test.user_of(''dee'')', 'an account can be deleted');
select isnt_empty('select from auxeira.access_events where user_id = test.user_of(''dee'')', 'what happened stays on record');

-- --- The record ------------------------------------------------------------------------------------------------

select auxeira.record_access('login', test.user_of('ann'), null, null, jsonb_build_object('address', '192.0.2.1 or so',
  'userAgent', E'a\r\nFORGED\u2028LINE\u202e' || repeat('x', 300), 'requestId', E'r\n\u0085' || repeat('y', 200))) \g /dev/null
select results_eq($$ select address, user_agent, request_id from auxeira.access_events where request_id like 'r%y' $$,
  $$ values (null::inet, 'a  FORGED LINE ' || repeat('x', 241), 'r  ' || repeat('y', 125)) $$,
  'what a client says of itself stays on one line');
select throws_ok('select auxeira.record_access(''nonsense'', null, null, null, ''{}'')', '23514', null,
                 'events are those of the list');
select is_empty($$ select a.attname from pg_attribute a where a.attrelid = 'auxeira.access_events'::regclass
                   and a.attname ~ 'mail|password|token' $$, 'there is no place for addresses, passwords and tokens');

update auxeira.user_sessions set revoked_at = null, revoke_reason = null where user_id = test.user_of('ann');
insert into auxeira.access_events (event, user_id, at)
select 'login', test.user_of('ann'), now() - i / 2 * interval '1 second' from generate_series(1, 5) i;
insert into auxeira.access_events (event, user_id) values ('login', test.user_of('bob')), ('login_failed', null);
create function test.pages(page integer) returns table (place bigint, event jsonb) language sql as $$
  with recursive pages as (
    select test.call('ann', 'list_access_events', jsonb_build_object('limit', page::text)) -> 'data' as data
    union all
    select test.call('ann', 'list_access_events', jsonb_build_object('limit', page, 'cursor', data -> 'nextCursor')) -> 'data'
    from pages where data ->> 'nextCursor' is not null)
  select row_number() over (), e from pages, jsonb_array_elements(data -> 'events') e
$$;
set session authorization auxeira_authenticator;
select results_eq('select * from test.pages(2)', 'select * from test.pages(1000)', 'pages follow each other');
select is((select count(*) from test.pages(3)), 11::bigint, 'of all events of one''s own, and no others');
select is(test.refusal('ann', 'list_access_events', request), test.spelled('22023 invalid request | detail: ' || detail),
          'events: ' || request)
from (values ('{"limit": 0, "user": "x"}', E'limit: 0 is below the minimum 1\nuser: this field is not known here'),
             ('{"cursor": "1_x"}', 'cursor: it is not one that an earlier page gave')) as refused (request, detail);
reset session authorization;

-- --- Invariants -----------------------------------------------------------------------------------------------

select is(split_part(test.fault(statement), ' ', 1), '23514', 'refused: ' || statement)
from unnest(array[
  'insert into auxeira.users (email, user_type) values (''x'', ''government'')',
  'update auxeira.users set profile = ''[]''',
  'update auxeira.users set login_count = -1',
  'update auxeira.user_sessions set expires_at = created_at',
  'update auxeira.user_sessions set revoked_at = now() where revoked_at is null',
  'update auxeira.user_organizations set left_at = joined_at - interval ''1 day''',
  'insert into auxeira.refresh_tokens (token_hash, session_id) values ('''', test.session_of(''ivy''))',
  'update auxeira.organizations set website = ''javascript:alert(1)''']) statement;
select is(split_part(test.fault('update auxeira.users set email = ''BOB@example.org'' where email = ''ann@example.org'''), ' ', 1),
          '23505', 'verified addresses are unique whatever their case');

select * from finish();
rollback;
