-- Registering, logging in, refreshing, ending sessions: the functions that the shim's login may execute.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(53);

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
   'organization.region: 1 is not a string'),
  ('{"email": "ANN@Example.org", "userType": "government"}',
   'ZA409 an account with this e-mail address already exists | hint: Log in, or register another address.')
) as refused (request, expected);
select is(test.try_register('{"email": "a@b.example", "userType": "government"}', 'secret'),
          '23514 new row for relation "user_credentials" violates check constraint "user_credentials_password_hash_check" '
          '| constraint: user_credentials_password_hash_check', 'a password that is not hashed is never stored');
select is(test.contents(), (select contents from test.before), 'refused registrations leave nothing');

select results_eq($$
  select user_type, role from auxeira.register_user('{"email": "Zoe@example.org", "userType": "angel_investor",
    "profile": {"companyName": "Zoe & Co"}, "isAdmin": true, "role": "admin"}', '$argon2id$z',
    sha256('zoe'), 3600, '{"ip": "::1"}') $$,
  $$ values ('angel_investor', 'user') $$, 'nobody registers as an administrator');
reset session authorization;
select results_eq($$
  select u.email, u.is_admin, u.login_count, o.name, o.org_type::text, m.role::text, m.is_primary, s.client,
         s.expires_at - s.created_at
  from auxeira.users u join auxeira.user_organizations m using (user_id) join auxeira.organizations o using (org_id)
    join auxeira.user_sessions s using (user_id) where u.email = 'Zoe@example.org' $$,
  $$ values ('Zoe@example.org', false, 1, 'Zoe & Co', 'angel_investor', 'owner', true, '{"ip": "::1"}'::jsonb,
             interval '1 hour') $$, 'a user comes with an organization, as its owner, and a session');
select is(auxeira.organization_type_of(kind)::text, expected, kind || ' gets an organization of its kind')
from (values ('startup_founder'::auxeira.user_type, 'startup'), ('venture_capital', 'venture_capital'),
  ('angel_investor', 'angel_investor'), ('corporate_partner', 'corporate'), ('government', 'government'),
  ('esg_funder', 'esg_fund'), ('impact_investor', 'impact_fund')) kinds (kind, expected);

-- --- Logging in -----------------------------------------------------------------------------------------------

set session authorization auxeira_authenticator;
select results_eq('select * from auxeira.credentials(''zOE@EXAMPLE.org'')',
  $$ select user_id, '$argon2id$z' from auxeira.open_session((select user_id from auxeira.credentials('zoe@example.org')),
       null, 60, '{}') $$, 'credentials are found whatever the case of the address, and open a session');
select is_empty('select * from auxeira.credentials(''nobody@example.org'')', 'no credentials for a stranger');
select is_empty('select * from auxeira.credentials(''%@example.org'')', 'an address is no pattern');
select is((test.call('ann', 'me') -> 'data') - '{createdAt,lastLogin,userId,organizationId}'::text[] #- '{organizations,0,organizationId}',
  '{"email": "ann@example.org", "userType": "startup_founder", "profile": {}, "isAdmin": false,
    "organizations": [{"name": "Ann Ltd", "type": "startup", "role": "owner", "isPrimary": true}]}', 'who one is');
select is(test.fault(format('select * from auxeira.open_session(%L, null, 60, ''{}'')', gen_random_uuid())),
          '28000 the account belongs to no organization', 'no session for a stranger');

-- --- Refreshing -----------------------------------------------------------------------------------------------

select is_empty('select test.rotate(''nonsense'', ''x'')', 'an unknown token gives nothing');
select set_eq('select test.rotate(''ann'', ''ann 2'')', array[test.session_of('ann')], 'a token gives the session once');
select set_eq('select test.rotate(''ann 2'', ''ann 3'')', array[test.session_of('ann')], 'and so does the next');
select is(test.fault('select test.call(''ann'', ''me'')'), 'no error', 'the session goes on');
select is_empty('select test.rotate(''ann 2'', ''thief'')', 'a used token gives nothing');
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
   '28000 the session has ended | hint: Log in again, or use the refresh token.')
) as cases (what, change, undo, expected);
select is(test.refused_after('update auxeira.user_organizations set left_at = now() where user_id = test.user_of(''ivy'')',
                             'select 1'),
          '28000 the session has ended | hint: Log in again, or use the refresh token. (but refreshed)',
          'who left the organization is refused');

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
          '23505', 'addresses are unique whatever their case');

select * from finish();
rollback;
