-- Proving oneself again, changing and resetting passwords, verifying addresses.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(69);

create function test.hash(token text) returns bytea language sql as $$ select sha256(convert_to(token, 'UTF8')) $$;
create function test.client(name text default 'one') returns jsonb language sql as $$
  select jsonb_build_object('address', case name when 'one' then '192.0.2.1' else '192.0.2.2' end, 'requestId', name) $$;
create function test.password(person text) returns text language sql security definer as $$
  select password_hash from auxeira.user_credentials where user_id = test.user_of(person) $$;
create function test.events(person text) returns text language sql security definer as $$
  select string_agg(event, ' ' order by at) from auxeira.access_events
  where user_id is not distinct from test.user_of(person) and request_id is not null $$;
create function test.mails(address text) returns text language sql security definer as $$
  select string_agg(concat_ws(' ', template, encode(token_sealed, 'escape'),
                              round(extract(epoch from expires_at - created_at) / 60)), ', ' order by created_at, template, token_sealed)
  from auxeira.mail_outbox where recipient = address $$;
create function test.sessions(person text) returns text language sql security definer as $$
  select string_agg(coalesce(revoke_reason, 'alive'), ' ' order by revoke_reason nulls first)
  from auxeira.user_sessions where user_id = test.user_of(person) $$;
create function test.account(person text) returns text language sql as $$
  select concat_ws(' ', a.email, ltrim(a.password_hash, '$'), encode(a.totp_sealed, 'escape'), a.totp_is_active::text,
                   nullif(a.retry_after, 0))
  from auxeira.own_account(test.claims(person), test.client()) a $$;
-- Another session of the same person.
create function test.also(person text) returns void language sql security definer as $$
  select auxeira.open_session(test.user_of(person), null, 3600, '{}') $$;

-- --- Proving oneself again --------------------------------------------------------------------------------------

update auxeira.users set profile = '{"companyName": "Acme Rockets", "age": 7, "x": "ab", "y": {"z": "deep"}}'
where user_id = test.user_of('ann');
set session authorization auxeira_authenticator;
select is(test.account('ann'), 'ann@example.org argon2id$test false', 'what there is to check');
select set_eq($$ select unnest(context) from auxeira.own_account(test.claims('ann'), '{}') $$,
              array['ann', 'ann@example.org', 'ann ltd', 'acme rockets', 'example', '{"z": "deep"}'],
              'and what a new password must not consist of');
select is(test.account('ann'), expected, what)
from (values ('ann@example.org argon2id$test false', 'attempt 3'), ('ann@example.org argon2id$test false', 'attempt 4'),
             ('ann@example.org argon2id$test false', 'attempt 5'), ('ann@example.org argon2id$test false', 'attempt 6'),
             ('1', 'then there is a time to wait, and nothing to check'), ('1', 'which is not counted')) as cases (expected, what);
select is(test.account('bob'), 'bob@example.org argon2id$test false', 'others do not wait');
select auxeira.reauthentication_failed(test.claims('ann'), 'password', test.client()) \g /dev/null
select is(test.events('ann'), 'reauthentication_delayed reauthentication_failed', 'it is recorded, and waiting once a minute');
select is(test.fault(format('select * from auxeira.%s', call)), expected, call)
from (values
  ('own_account(''{"key": "x"}'', ''{}'')', '42501 API keys cannot do this | hint: Log in with a password.'),
  ('own_account(''{}'', ''{}'')', '28000 the session has ended | hint: Log in again, or use the refresh token.'),
  ('own_account(test.claims(''ann'') || ''{"ver": 2}'', ''{}'')',
   '28000 the session has ended | hint: Log in again, or use the refresh token.'),
  ('reauthentication_failed(''{}'', ''totp'', ''{}'')',
   '28000 the session has ended | hint: Log in again, or use the refresh token.'),
  ('change_password(''{"key": "x"}'', ''$argon2id$new'', ''{}'')', '42501 API keys cannot do this | hint: Log in with a password.'),
  ('change_password(''{}'', ''$argon2id$new'', ''{}'')',
   '28000 the session has ended | hint: Log in again, or use the refresh token.')) as refused (call, expected);

-- --- Changing it --------------------------------------------------------------------------------------------------

select auxeira.request_password_reset('ann@example.org', test.hash('before'), 'sealed', '{}') \g /dev/null
reset session authorization;
select test.also('ann'), test.also('ann') \g /dev/null
insert into auxeira.api_keys (org_id, user_id, name, prefix, key_hash, scopes, expires_at)
values (test.org_of('ann'), test.user_of('ann'), 'k', 'abcdefgh', sha256('k'), '{metrics:read}', now() + interval '1 day');
set session authorization auxeira_authenticator;
select auxeira.change_password(test.claims('ann'), '$argon2id$changed', test.client()) \g /dev/null
select is(test.password('ann'), '$argon2id$changed', 'the password is changed');
select is(test.sessions('ann'), 'alive password_changed password_changed', 'the other sessions end');
select is(test.fault('select test.call(''ann'', ''me'')'), 'no error', 'this one goes on');
select is(test.account('ann'), 'ann@example.org argon2id$changed false', 'failures before are forgiven');
select is(test.mails('ann@example.org'), 'password_changed 4320, reset_password sealed 30', 'the user is told');
select is_empty('select * from auxeira.reset_context(test.hash(''before''))', 'links to reset the old one are of no use');
select is(test.fault('select auxeira.change_password(test.claims(''ann''), ''secret'', ''{}'')'),
          '23514 new row for relation "user_credentials" violates check constraint "user_credentials_password_hash_check" '
          '| constraint: user_credentials_password_hash_check', 'a password that is not hashed is never stored');

-- --- Resetting it -------------------------------------------------------------------------------------------------

select is((select array_agg(auxeira.request_password_reset(address, test.hash(address || i), 'sealed', test.client()))
           from generate_series(1, 7) i), '{0,0,0,0,600,600,600}', 'asking again and again is waited for: ' || address)
from unnest('{Ivy@example.org,nobody@example.org}'::text[]) address;
select is(auxeira.request_password_reset('ivy@example.org', test.hash('two'), 'sealed', test.client('two')), 0,
          'another client does not wait');
select is(test.mails('ivy@example.org'), 'reset_password sealed 30, reset_password sealed 30, reset_password sealed 30, '
  'reset_password sealed 30, reset_password sealed 30', 'there is a mail for each link');
select is(test.mails('nobody@example.org'), null, 'and none for an address that nobody has');
select is(test.events('ivy'), 'password_reset_requested password_reset_requested password_reset_requested '
          'password_reset_requested password_reset_delayed password_reset_requested', 'all of it is recorded, waiting once a minute');
select is((select auxeira.request_password_reset('bob@example.org', test.hash('flood' || i), 'sealed',
             jsonb_build_object('address', '198.51.100.' || i)) from generate_series(1, 20) i order by 1 desc limit 1), 0,
          'many clients');
select is((select length(test.mails('bob@example.org'))), length(repeat('reset_password sealed 30, ', 10)) - 2,
          'send ten mails at most');

select is((select context @> '{ivy,ivy@example.org}' from auxeira.reset_context(test.hash('Ivy@example.org1'))), true,
          'a token tells what the password must not consist of');
select is_empty('select * from auxeira.reset_context(test.hash(''nonsense''))', 'one that is none does not');
select is((select count(*) from auxeira.reset_context(test.hash('Ivy@example.org1'))), 1::bigint, 'asking does not use it up');
select is(auxeira.reset_password(test.hash('nonsense'), '$argon2id$x', '{}'), false, 'an unknown token');
reset session authorization;
select test.also('ivy') \g /dev/null
insert into auxeira.totp_secrets (user_id, sealed, activated_at, last_counter) values (test.user_of('ivy'), 'sealed', now(), 5);
update auxeira.users set email_verified = false where user_id = test.user_of('ivy');
insert into auxeira.api_keys (org_id, user_id, name, prefix, key_hash, scopes, expires_at)
values (test.org_of('ivy'), test.user_of('ivy'), 'k', 'abcdefgh', sha256('k2'), '{metrics:read}', now() + interval '1 day');
insert into auxeira.account_tokens (token_hash, user_id, purpose, created_at, expires_at) values
  (test.hash('expired'), test.user_of('ivy'), 'reset_password', now() - interval '31 minutes', now() - interval '1 minute'),
  (test.hash('verify'), test.user_of('ivy'), 'verify_email', now(), now() + interval '1 hour');
select count_login from auxeira.count_login('ivy@example.org', test.client(), false, clock_timestamp()), generate_series(1, 7) \g /dev/null
set session authorization auxeira_authenticator;
select is(auxeira.reset_password(test.hash(token), '$argon2id$x', '{}'), false, 'a token that is ' || token)
from unnest('{expired,verify}'::text[]) token;
select is(auxeira.reset_password(test.hash('Ivy@example.org1'), '$argon2id$reset', test.client()), true, 'a good one');
select is(test.password('ivy'), '$argon2id$reset', 'sets the password');
select is(test.sessions('ivy'), 'password_reset password_reset', 'ends all sessions');
select is(auxeira.reset_password(test.hash(token), '$argon2id$x', '{}'), false, 'and no token works again: ' || token)
from unnest('{Ivy@example.org1,Ivy@example.org2,two}'::text[]) token;
reset session authorization;
select results_eq($$ select u.email_verified, k.revoked_at is not null, t.sealed::text
                     from auxeira.users u join auxeira.api_keys k using (user_id) join auxeira.totp_secrets t using (user_id)
                     where user_id = test.user_of('ivy') $$,
                  $$ values (true, true, '\x7365616c6564') $$,
                  'the address is verified, API keys end, the second factor stays');
select is((select count(*) from auxeira.login_delays d where d.account = auxeira.delay_key('ivy@example.org') and d.kind <> 'mail'),
          0::bigint, 'failures before are forgiven');
select is((select count(*) from auxeira.api_keys k where k.user_id = test.user_of('ann') and k.revoked_at is null), 1::bigint,
          'changing it does not end API keys');
update auxeira.users set is_active = false where user_id = test.user_of('bob');
set session authorization auxeira_authenticator;
select is(auxeira.reset_password(test.hash('flood1'), '$argon2id$x', '{}'), false, 'a disabled account cannot be reset');
reset session authorization;
update auxeira.users set is_active = true where user_id = test.user_of('bob');

-- --- Verifying addresses ------------------------------------------------------------------------------------------

create function test.sign_up(name text, address text) returns void language sql security definer as $$
  insert into test.people (name, user_id, org_id, session_id)
  select name, r.user_id, r.org_id, r.session_id from auxeira.register_user(
    jsonb_build_object('email', address, 'userType', 'government'), '$argon2id$test', null, 3600, test.client(),
    test.hash(name), convert_to(name, 'UTF8')) r $$;
create function test.verified(person text) returns boolean language sql security definer as $$
  select email_verified from auxeira.users where user_id = test.user_of(person) $$;
create function test.minted(token text) returns text language sql as $$
  select jsonb_build_object('tokenHash', encode(test.hash(token), 'hex'), 'tokenSealed', encode('again', 'hex'))::text $$;
set session authorization auxeira_authenticator;
select test.sign_up('gus', 'gus@example.org'), test.sign_up('fake', 'Gus@example.org') \g /dev/null
select is(test.mails('gus@example.org'), 'verify_email gus 1440', 'who registers is sent a link');
select is(test.mails('Gus@example.org'), 'verify_email fake 1440', 'to the address as it was given');
select is(test.refusal('gus', 'create_api_key', '{"name": "x", "scopes": ["metrics:read"]}'),
          '42501 this needs a verified e-mail address | hint: Verify the e-mail address first.', 'until it is used');
select is(test.fault('select auxeira.enroll_totp(test.claims(''gus''), ''x'', ''{}'')'),
          '42501 this needs a verified e-mail address | hint: Verify the e-mail address first.', 'some things are not for them');
select is(test.call(null, 'verify_email', '{"token": "gus"}') #>> '{data,verified}', 'true', 'it verifies the address');
select is(test.verified('gus'), true, 'of the account it was sent to');
select is(test.refusal(null, 'verify_email', request), test.spelled(expected), 'verifying ' || request)
from (values
  ('{"token": "gus"}', '22023 invalid request | detail: token: it has been used, has expired or never was'),
  ('{"token": "fake"}', '22023 invalid request | detail: token: it has been used, has expired or never was'),
  ('{"token": "Ivy@example.org3"}', '22023 invalid request | detail: token: it has been used, has expired or never was'),
  ('{"token": "nonsense"}', '22023 invalid request | detail: token: it has been used, has expired or never was'),
  ('{}', 'ZA400 Missing required field: token | detail: token: this field is required'),
  ('{"token": "x", "y": 1}', '22023 invalid request | detail: y: this field is not known here'),
  ('{"token": 1}', '22023 invalid request | detail: token: 1 is not a string')) as refused (request, expected);
select is(test.verified('fake'), false, 'an address that is verified is verified for no other account');
select test.sign_up('late', 'gus@example.org') \g /dev/null
select is(test.mails('gus@example.org'), 'already_registered 4320, verify_email gus 1440',
          'whoever registers it again causes a mail to its owner');
select is(test.call('fake', 'request_verification', test.minted('fake 2')::jsonb) #>> '{data,sent}', 'true', 'another link');
select is(test.mails('Gus@example.org'), 'already_registered 4320, verify_email fake 1440', 'is none for an address that is taken');
select test.call('fake', 'request_verification', test.minted('fake ' || i)::jsonb) from generate_series(3, 5) i \g /dev/null
select is(test.refusal('fake', 'request_verification', test.minted('fake 6')),
          'ZA429 too many mails were asked for | hint: Try again later.', 'nor are there many');
select is(test.refusal('gus', 'request_verification', test.minted('x')), 'ZA409 the e-mail address is verified already',
          'none is needed where it is verified');
select is(test.events('fake'), 'registered' || repeat(' verification_requested', 4), 'it is recorded');
reset session authorization;
update auxeira.users set email_verified = false where user_id = test.user_of('gus');
set session authorization auxeira_authenticator;
select is(test.call(null, 'verify_email', '{"token": "fake"}') #>> '{data,verified}', 'true',
          'a refusal does not use up a token');
reset session authorization;
select is(auxeira.verify_address(test.user_of('gus')), false, 'then it is that account''s');

select * from finish();
rollback;
