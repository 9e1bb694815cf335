-- Organizations: who may change them, their members and invitations, and switching between them.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(102);

create function test.with_org(person text, request jsonb default '{}') returns jsonb language sql as $$
  select jsonb_build_object('organizationId', test.org_of(person)) || request $$;
-- The error of a request about the organization of somebody.
create function test.denied(person text, api_function text, of text, request jsonb default '{}') returns text language sql as $$
  select test.refusal(person, api_function, test.with_org(of, request)::text) $$;
create function test.role(person text, of text) returns text language sql security definer as $$
  select role::text from auxeira.user_organizations
  where user_id = test.user_of(person) and org_id = test.org_of(of) and left_at is null $$;
create function test.set_role(person text, who text, role text, of text default 'ann') returns text language sql as $$
  select test.denied(person, 'change_member_role', of, jsonb_build_object('userId', test.user_of(who), 'role', role)) $$;
create function test.remove(person text, who text, of text default 'ann') returns text language sql as $$
  select test.denied(person, 'remove_member', of, jsonb_build_object('userId', test.user_of(who))) $$;
create function test.minted(token text) returns jsonb language sql as $$
  select jsonb_build_object('tokenHash', encode(sha256(convert_to(token, 'UTF8')), 'hex'), 'tokenSealed', encode(convert_to(token, 'UTF8'), 'hex')) $$;
create function test.invite(person text, address text, role text, token text default 'token', of text default 'ann') returns text language sql as $$
  select test.denied(person, 'invite_member', of, test.minted(token) || jsonb_build_object('email', address, 'role', role)) $$;
create function test.accept(person text, token text) returns text language sql as $$
  select test.refusal(person, 'accept_invitation', jsonb_build_object('token', token)::text) $$;
create function test.renew_all() returns void language sql as $$ select test.renew(name) from test.people $$;

-- Kim is an admin and Moe a member of Ann's organization. Their own are elsewhere.
select test.register('kim', 'startup_founder'), test.register('moe', 'startup_founder') \g /dev/null
update auxeira.users set email_verified = true;
insert into auxeira.user_organizations (org_id, user_id, role)
values (test.org_of('ann'), test.user_of('kim'), 'admin'), (test.org_of('ann'), test.user_of('moe'), 'member');
set session authorization auxeira_authenticator;

-- --- Organizations ------------------------------------------------------------------------------------------------

select results_eq($$ select o ->> 'role', o ->> 'isActive', o ->> 'isPrimary', o ->> 'name'
                     from jsonb_array_elements(test.call('moe', 'list_organizations') #> '{data,organizations}') o $$,
                  $$ values ('member', 'false', 'false', 'Ann Ltd'), ('owner', 'true', 'true', 'moe') $$, 'one''s own are listed');
select is((test.call('vic', 'get_organization', test.with_org('ann')) -> 'data') - '{organizationId,createdAt}'::text[],
  '{"name": "Ann Ltd", "type": "startup", "description": null, "website": null, "industry": "fintech", "region": null,
    "stage": "seed", "businessModel": null, "foundedOn": null, "closedOn": null, "sizeCategory": null, "logoUrl": null,
    "isSynthetic": false, "role": "viewer"}', 'the profile of one''s own');
select is(test.denied(person, api_function, 'ann', request), 'P0002 organization not found', person || ' finds none: ' || api_function)
from (values ('bob'), ('ivy'), ('root')) people (person), (values ('get_organization', '{}'::jsonb), ('update_organization', '{"name": "x"}'),
  ('list_members', '{}'), ('list_invitations', '{}')) calls (api_function, request);
select is(test.denied(person, 'update_organization', 'ann', '{"name": "Mine"}'), '42501 your role or type of user does not allow this',
          person || ' may not change it')
from unnest('{vic,moe}'::text[]) person;
select is((test.call('kim', 'update_organization', test.with_org('ann', '{"name": "Ann & Co", "description": "Sells pumps",
    "website": "https://ann.example/x?y", "region": "Kenya", "stage": "series_a", "industry": "", "businessModel": "smb",
    "foundedOn": "2024-02-29T23:59:59Z"}')) -> 'data') - '{organizationId,createdAt}'::text[],
  '{"name": "Ann & Co", "type": "startup", "description": "Sells pumps", "website": "https://ann.example/x?y", "industry": null,
    "region": "Kenya", "stage": "series_a", "businessModel": "smb", "foundedOn": "2024-02-29", "closedOn": null,
    "sizeCategory": null, "logoUrl": null, "isSynthetic": false, "role": "admin"}', 'an admin changes what is named');
select is(test.denied('ann', 'update_organization', 'ann', request::jsonb), test.spelled(expected), 'refused: ' || request)
from (values
  ('{"type": "government", "metadata": {}, "isActive": false}',
   E'22023 invalid request | detail: type: this field is not known here\nisActive: this field is not known here\nmetadata: this field is not known here'),
  ('{"name": "", "stage": "ipo"}', E'22023 invalid request | detail: name: has 0 characters, 1 to 255 are allowed\n'
   'stage: "ipo" is not one of pre_seed, seed, series_a, series_b, series_c, growth, late'),
  ('{"closedOn": "2024-02-28T00:00:00Z"}', '22023 invalid request | detail: closedOn: must not be before foundedOn'),
  ('{"website": "javascript:alert(1)"}', '22023 invalid request | detail: website: it is not a URL that begins with http:// or https://'),
  ('{"logoUrl": "https://a b"}', '22023 invalid request | detail: logoUrl: it is not a URL that begins with http:// or https://'),
  ('{"organizationId": "x"}', '22023 invalid request | detail: organizationId: "x" is not a UUID such as 6f9619ff-8b86-4d01-b42d-00cf4fc964ff')
) as refused (request, expected);

-- --- Members ------------------------------------------------------------------------------------------------------

select results_eq($$ select m ->> 'email', m ->> 'role' from jsonb_array_elements(test.call('vic', 'list_members', test.with_org('ann')) #> '{data,members}') m $$,
  $$ values ('ann@example.org', 'owner'), ('kim@example.org', 'admin'), ('moe@example.org', 'member'), ('vic@example.org', 'viewer') $$,
  'every member sees who belongs to it');
select is(test.set_role(person, who, role), expected, format('%s makes %s %s', person, who, role))
from (values
  ('bob', 'moe', 'admin', 'P0002 organization not found'),
  ('vic', 'vic', 'owner', '42501 your role or type of user does not allow this'),
  ('moe', 'vic', 'member', '42501 your role or type of user does not allow this'),
  ('kim', 'kim', 'owner', '42501 only owners make or unmake owners'),
  ('kim', 'ann', 'viewer', '42501 only owners make or unmake owners'),
  ('kim', 'ivy', 'member', 'P0002 member not found'),
  ('ann', 'ann', 'admin', 'ZA409 an organization keeps at least one owner | hint: Make another member an owner first.'),
  ('kim', 'vic', 'god', '22023 invalid request: role: "god" is not one of viewer, member, admin, owner | detail: role: "god" is not one of viewer, member, admin, owner'),
  ('kim', 'moe', 'member', 'no error'),
  ('kim', 'vic', 'member', 'no error')) as cases (person, who, role, expected);
select is(test.refusal('vic', 'me'), '28000 the session has ended | hint: Log in again, or use the refresh token.',
          'the token of who has another role is refused');
select is(test.fault('select test.call(''moe'', ''me'')'), 'no error', 'one of who has the same is not');
select test.renew_all() \g /dev/null
select is(test.role('vic', 'ann'), 'member', 'the role is another');
select is(test.call('vic', 'me') #>> '{data,role}', 'member', 'from the next token on');
select is(test.set_role('ann', 'kim', 'owner'), 'no error', 'an owner makes another');
select is(test.set_role('ann', 'ann', 'viewer'), 'no error', 'and may step down');
select test.renew_all() \g /dev/null
select is(test.set_role('kim', 'ann', 'owner'), 'no error', 'who is owner now makes an owner');
select test.renew_all() \g /dev/null
select is(test.set_role('ann', 'kim', 'admin'), 'no error', 'who unmakes the other');
reset session authorization;
update auxeira.users set is_active = false where user_id = test.user_of('kim');
update auxeira.user_organizations set role = 'owner' where user_id = test.user_of('kim') and org_id = test.org_of('ann');
set session authorization auxeira_authenticator;
select is(test.set_role('ann', 'ann', 'viewer'), 'ZA409 an organization keeps at least one owner | hint: Make another member an owner first.',
          'an owner who cannot log in does not count');
reset session authorization;
update auxeira.users set is_active = true where user_id = test.user_of('kim');
update auxeira.user_organizations set role = 'admin' where user_id = test.user_of('kim') and org_id = test.org_of('ann');
select test.renew_all() \g /dev/null
set session authorization auxeira_authenticator;

select is(test.remove(person, who), expected, format('%s removes %s', person, who))
from (values
  ('bob', 'moe', 'P0002 organization not found'),
  ('moe', 'vic', '42501 your role or type of user does not allow this'),
  ('kim', 'ann', '42501 only owners make or unmake owners'),
  ('kim', 'ivy', 'P0002 member not found'),
  ('ann', 'ann', 'ZA409 an organization keeps at least one owner | hint: Make another member an owner first.'),
  ('moe', 'moe', 'no error'),
  ('kim', 'vic', 'no error'),
  ('kim', 'vic', 'P0002 member not found')) as cases (person, who, expected);
select is(test.refusal('vic', 'me'), '28000 the session has ended | hint: Log in again, or use the refresh token.',
          'who was removed is refused');
select is_empty('select from auxeira.rotate_session(sha256(''vic''), sha256(''vic 2''), ''{}'')', 'and has nowhere to go');
select test.renew_all() \g /dev/null
select is(test.denied('moe', 'list_members', 'ann'), 'P0002 organization not found', 'who left does not find it');

-- --- Invitations --------------------------------------------------------------------------------------------------

select is(test.invite(person, address, role), expected, format('%s invites %s as %s', person, address, role))
from (values
  ('bob', 'new@example.org', 'member', 'P0002 organization not found'),
  ('kim', 'new@example.org', 'owner', '42501 only owners make or unmake owners'),
  ('kim', 'KIM@example.org', 'member', 'ZA409 a member has this e-mail address'),
  ('kim', 'nonsense', 'member', '22023 invalid request: email: "nonsense" is not an e-mail address | detail: email: "nonsense" is not an e-mail address'),
  ('kim', 'Moe@example.org', 'member', 'no error'),
  ('kim', 'nobody@example.org', 'viewer', 'no error')) as cases (person, address, role, expected);
select is(test.refusal('kim', 'invite_member', (test.with_org('ann') || '{"email": "x@example.org", "role": "viewer"}')::text),
          E'ZA400 Missing required field: tokenHash | detail: tokenHash: this field is required\ntokenSealed: this field is required',
          'the token comes from the shim');
select is(test.invite('kim', 'MOE@example.org', 'admin', 'token 2'), 'no error', 'an address can be invited again');
select results_eq($$ select i ->> 'email', i ->> 'role' from jsonb_array_elements(test.call('kim', 'list_invitations', test.with_org('ann')) #> '{data,invitations}') i order by 1 $$,
  $$ values ('MOE@example.org', 'admin'), ('nobody@example.org', 'viewer') $$, 'in place of the time before');
select is(test.accept(person, token), test.spelled('22023 invalid request | detail: token: it has been used, has expired, or is for another e-mail address'),
          format('%s accepts %s', person, token))
from (values ('bob', 'token 2'), ('moe', 'token'), ('moe', 'nonsense')) as cases (person, token);
select is((test.call('moe', 'accept_invitation', '{"token": "token 2"}') -> 'data') - 'organizationId', '{"role": "admin", "name": "Ann & Co"}',
          'whoever has the address joins');
select is(test.role('moe', 'ann'), 'admin', 'with the role of the invitation');
select is(test.accept('moe', 'token 2'), test.spelled('22023 invalid request | detail: token: it has been used, has expired, or is for another e-mail address'),
          'once');
select is(test.fault('select test.call(''moe'', ''list_members'', test.with_org(''ann''))'), 'no error', 'and sees it at once');
reset session authorization;
select is((select array_agg(recipient || ' ' || (fields ->> 'inviter') || ' ' || (fields ->> 'role') || ' ' || (fields ->> 'organization') || ' ' || encode(token_sealed, 'escape')
                            order by recipient) from auxeira.mail_outbox where template = 'invitation'),
          '{"MOE@example.org kim@example.org admin Ann & Co token 2","Moe@example.org kim@example.org member Ann & Co token",'
          '"nobody@example.org kim@example.org viewer Ann & Co token"}', 'the mails say who invites, and to what');

-- Moe, an admin, invites Bob, and is removed: the invitation goes with Moe.
set session authorization auxeira_authenticator;
select is(test.invite('moe', 'bob@example.org', 'admin', 'by moe'), 'no error', 'a member invites');
select is(test.invite('kim', 'ivy@example.org', 'member', 'for ivy'), 'no error', 'as does another');
select is(test.remove('kim', 'moe'), 'no error', 'and is removed');
select is(test.accept('bob', 'by moe'), test.spelled('22023 invalid request | detail: token: it has been used, has expired, or is for another e-mail address'),
          'the invitation is of no use then');
select is(test.call('kim', 'revoke_invitation', test.with_org('ann') || jsonb_build_object('invitationId', i ->> 'invitationId')) #>> '{data,revoked}', 'true',
          'an invitation is revoked')
from jsonb_array_elements(test.call('kim', 'list_invitations', test.with_org('ann')) #> '{data,invitations}') i where i ->> 'email' = 'ivy@example.org';
select is(test.accept('ivy', 'for ivy'), test.spelled('22023 invalid request | detail: token: it has been used, has expired, or is for another e-mail address'),
          'and of no use then');
select is(test.denied(person, 'revoke_invitation', 'ann', jsonb_build_object('invitationId', gen_random_uuid())), expected, person || ' revokes')
from (values ('kim', 'P0002 invitation not found'), ('bob', 'P0002 organization not found')) as cases (person, expected);
select test.invite('kim', 'bob@example.org', 'viewer', 'again'), test.invite('kim', 'x' || i || '@example.org', 'viewer', 'x' || i)
from generate_series(1, 60) i \g /dev/null
select is(test.invite('kim', 'last@example.org', 'viewer'), 'ZA429 the organization invited 50 times within 24 hours | hint: Try again later.',
          'there is a limit');
reset session authorization;
update auxeira.invitations set created_at = now() - interval '8 days', expires_at = now() - interval '1 day' where email like 'x1@%';
update auxeira.users set email_verified = false where user_id in (test.user_of('bob'), test.user_of('kim'));
select test.register('x2', 'government'), test.register('x1', 'government') \g /dev/null
set session authorization auxeira_authenticator;
select is(test.invite('kim', 'y@example.org', 'viewer'), '42501 this needs a verified e-mail address | hint: Verify the e-mail address first.',
          'only who has a verified address invites');
select is(test.accept('x1', 'x1'), test.spelled('22023 invalid request | detail: token: it has been used, has expired, or is for another e-mail address'),
          'an invitation expires');
select is(test.accept('x2', 'x2'), 'no error', 'the mail came to the address');
select is(test.call('x2', 'me') #>> '{data,emailVerified}', 'true', 'which is verified by that');
reset session authorization;
select auxeira.register_user('{"email": "BOB@example.org", "userType": "government"}', '$argon2id$x', null, 3600, '{}') \g /dev/null
update auxeira.users set email_verified = true where email = 'BOB@example.org';
insert into auxeira.invitations (org_id, email, role, token_hash, invited_by, expires_at)
values (test.org_of('ann'), 'Bob@example.org', 'viewer', sha256('other bob'), test.user_of('ann'), now() + interval '1 day')
on conflict (org_id, lower(email)) where accepted_at is null and revoked_at is null do update set token_hash = excluded.token_hash;
set session authorization auxeira_authenticator;
select is(test.accept('bob', 'other bob'), '42501 another account has verified this e-mail address | hint: Log in to that account.',
          'it is for the account that has verified the address');

-- --- Switching ----------------------------------------------------------------------------------------------------

select is(test.fault(format('select * from auxeira.switch_organization(%s, %L, ''{}'')', claims, org)), expected, what)
from (values
  ('test.claims(''kim'')', test.org_of('bob'), 'P0002 organization not found', 'who is no member does not switch'),
  ('test.claims(''kim'')', gen_random_uuid(), 'P0002 organization not found', 'nor to what is none'),
  ('test.claims(''kim'') || ''{"ver": 99}''', test.org_of('kim'), '28000 the session has ended | hint: Log in again, or use the refresh token.',
   'nor with another token'),
  ('''{"key": "x"}''', test.org_of('kim'), '42501 API keys cannot do this | hint: Log in with a password.', 'nor with a key')
) as cases (claims, org, expected, what);
select results_eq('select org_id, session_id, role, token_version - (test.claims(''kim'') ->> ''ver'')::integer, is_refreshable
                   from auxeira.switch_organization(test.claims(''kim''), test.org_of(''ann''), ''{"requestId": "s"}'')',
  $$ values (test.org_of('ann'), test.session_of('kim'), 'user', 1, true) $$, 'a member does, and needs another token');
select is(test.refusal('kim', 'me'), '28000 the session has ended | hint: Log in again, or use the refresh token.', 'the one before is refused');
reset session authorization;
update test.people p set token_version = s.token_version from auxeira.user_sessions s where s.session_id = p.session_id;
set session authorization auxeira_authenticator;
select is(test.call('kim', 'me') #>> '{data,organizationId}', test.org_of('ann')::text, 'the new one is for the other organization');
select is(test.call('kim', 'me') #>> '{data,role}', 'admin', 'with the role there');

-- --- Administrators of the platform -------------------------------------------------------------------------------

select is(test.refusal('ann', 'admin_update_user', jsonb_build_object('userId', test.user_of('bob'), 'isActive', false)::text),
          '42501 this needs a platform administrator | hint: Ask an administrator of the platform.', 'members do not disable accounts');
select is(test.refusal('root', 'admin_update_user', request::text), expected, what)
from (values
  (jsonb_build_object('userId', gen_random_uuid(), 'isActive', false), 'P0002 user not found', 'nor what is none'),
  (jsonb_build_object('userId', test.user_of('root'), 'isActive', false), 'ZA409 you cannot disable or enable yourself', 'nor oneself'),
  (jsonb_build_object('userId', test.user_of('bob'), 'isActive', false), 'no error', 'an administrator disables an account')) as cases (request, expected, what);
select is(test.refusal('bob', 'me'), '28000 the session has ended | hint: Log in again, or use the refresh token.', 'which is out at once');
select is_empty('select from auxeira.rotate_session(sha256(''bob''), sha256(''bob 2''), ''{}'')', 'for good');
select is(test.call('root', 'admin_update_user', jsonb_build_object('userId', test.user_of('bob'), 'isActive', true)) #>> '{data,isActive}', 'true',
          'and enables it again');
select is(test.refusal('bob', 'me'), '28000 the session has ended | hint: Log in again, or use the refresh token.', 'the old session stays ended');
reset session authorization;
select results_eq($$ select e.event, count(*)::integer, count(e.subject_id)::integer from auxeira.access_events e
                     where e.event ~ 'member|invit|organization|user_' group by 1 order by 1 $$,
  $$ values ('invitation_revoked', 1, 1), ('member_invited', 50, 50), ('member_joined', 2, 2), ('member_removed', 3, 3),
            ('member_role_changed', 5, 5), ('organization_switched', 1, 0), ('organization_updated', 1, 1), ('user_disabled', 1, 1),
            ('user_enabled', 1, 1) $$, 'all of it is recorded once, with what it was done to');

select * from finish();
rollback;
