-- Mails: written with what causes them, taken by one sender at a time, tried again, given up; and the clean-up.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(29);

create function test.state(mail text) returns text language sql security definer as $$
  select concat_ws(' ', case when sent_at is not null then 'sent' when dropped_at is not null then 'dropped' else 'waits' end,
                   attempts || 'x', case when token_sealed is not null then 'token' end, last_error)
  from auxeira.mail_outbox where recipient = mail || '@example.org' $$;
create function test.id(mail text) returns uuid language sql security definer as $$
  select mail_id from auxeira.mail_outbox where recipient = mail || '@example.org' $$;
create function test.write(mail text, lifetime interval default '1 day') returns void language sql security definer as $$
  select auxeira.queue_mail(mail || '@example.org', 'reset_password', '{"n": 1}', convert_to(mail, 'UTF8'), now() + lifetime) $$;
create function test.due(mail text) returns interval language sql security definer as $$
  select due_at - now() from auxeira.mail_outbox where recipient = mail || '@example.org' $$;
create function test.fail(mail text, error text default 'no route', permanent boolean default false) returns void language sql as $$
  select auxeira.mail_failed(test.id(mail), error, permanent) $$;

select is(auxeira.next_try(attempts, timestamptz '2026-01-01 00:00Z') - '2026-01-01 00:00Z', pause, 'after attempt ' || attempts)
from (values (0, interval '1 minute'), (1, '1 minute'), (2, '2 minutes'), (6, '32 minutes'), (7, '1 hour'), (1000000, '1 hour')) tries (attempts, pause);

select test.write(m) from unnest('{a,b,c}'::text[]) m \g /dev/null
update auxeira.mail_outbox set due_at = now() - case recipient when 'b@example.org' then interval '2 minutes' else interval '1 minute' end
where recipient <> 'c@example.org';
select test.write('expired', '-1 minute') \g /dev/null
set session authorization auxeira_authenticator;
select is_empty('select * from auxeira.take_mail(0)', 'none is taken when none is wanted');
select is(test.state('expired'), 'dropped 0x', 'what is of no use any more is dropped, and its token with it');
select results_eq('select recipient, template, fields, token_sealed from auxeira.take_mail(1)',
  $$ values ('b@example.org', 'reset_password', '{"n": 1}'::jsonb, bytea 'b') $$, 'the one that waits for longest is taken');
select results_eq('select mail_id from auxeira.take_mail(10) order by recipient', $$ select test.id(m) from unnest('{a,c}'::text[]) m $$,
                  'then the others');
select is_empty('select * from auxeira.take_mail(10)', 'not again');
select is(test.due('a'), interval '5 minutes', 'for five minutes');
select auxeira.mail_sent(test.id('a')) \g /dev/null
select is(test.state('a'), 'sent 1x', 'a mail that was sent has no token');
select test.fail('a') \g /dev/null
select is(test.state('a'), 'sent 1x', 'it cannot fail any more');
select test.fail('b', E'451 later\r\n' || repeat('x', 1000)) \g /dev/null
select is(test.state('b'), 'waits 1x token 451 later  ' || repeat('x', 489), 'one that failed waits');
select is(test.due('b'), interval '1 minute', 'for a minute');
select test.fail('c', '550 nobody', true) \g /dev/null
select is(test.state('c'), 'dropped 1x 550 nobody', 'one that can never be sent is dropped');
select auxeira.mail_sent(test.id('c')) \g /dev/null
select is(test.state('c'), 'dropped 1x 550 nobody', 'for good');
reset session authorization;
update auxeira.mail_outbox set due_at = now(), attempts = 6;
set session authorization auxeira_authenticator;
select set_eq('select recipient from auxeira.take_mail(10)', array['b@example.org'], 'what waits is tried again');
select test.fail('b') \g /dev/null
select is(test.due('b'), interval '1 hour', 'after an hour at most');
reset session authorization;
update auxeira.mail_outbox set expires_at = now() + interval '59 minutes';
set session authorization auxeira_authenticator;
select test.fail('b') \g /dev/null
select is(test.state('b'), 'dropped 7x no route', 'unless that is too late');
reset session authorization;
select is(split_part(test.fault(statement), ' ', 1), '23514', 'refused: ' || statement)
from unnest(array['update auxeira.mail_outbox set token_sealed = ''x''',
                  'update auxeira.mail_outbox set template = ''spam''',
                  'update auxeira.mail_outbox set sent_at = now(), dropped_at = now()']) statement;
select auxeira.notify_user(test.user_of('ann'), 'password_changed', '{}'),
       auxeira.notify_user(gen_random_uuid(), 'password_changed', '{}') \g /dev/null
select matches((select fields ->> 'at' from auxeira.mail_outbox where recipient = 'ann@example.org'),
               '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$', 'news come with the time');
update auxeira.users set email_verified = false where user_id = test.user_of('bob');
select auxeira.notify_user(test.user_of('bob'), 'password_changed', '{}') \g /dev/null
select is(test.state('bob'), null, 'and are not sent to addresses that are not verified');

-- --- Clean-up -----------------------------------------------------------------------------------------------------

update auxeira.mail_outbox set sent_at = now() - interval '3 days' where recipient = 'ann@example.org';
insert into auxeira.account_tokens (token_hash, user_id, purpose, created_at, expires_at, used_at)
select sha256(n::text::bytea), test.user_of('ann'), 'verify_email', now() - n * interval '1 day', now() - n * interval '1 day' + interval '2 days',
  case when n = 4 then now() - interval '4 days' end from generate_series(1, 5) n;
insert into auxeira.login_delays (kind, key, failures, last_failure_at)
select 'pair', sha256(n::text::bytea), 1, now() - n * interval '11 hours' from generate_series(1, 4) n;
insert into auxeira.invitations (org_id, email, role, token_hash, invited_by, created_at, expires_at)
select test.org_of('ann'), n || '@example.org', 'viewer', sha256('i'), test.user_of('ann'), now() - interval '9 days', now() - n * interval '1 day'
from generate_series(1, 3) n;
insert into auxeira.api_keys (org_id, user_id, name, prefix, key_hash, scopes, created_at, expires_at, revoked_at)
select test.org_of('ann'), test.user_of('ann'), 'k', 'abcdefgh', sha256(n::text::bytea), '{metrics:read}', now() - interval '9 days',
  now() + interval '1 day', case when n < 3 then now() - n * interval '1.5 days' end from generate_series(1, 3) n;
select auxeira.keep_answer(test.user_of('ann'), 'create_document', sha256(n::text::bytea), test.org_of('ann'), sha256('r'), 201, '{}')
from generate_series(1, 3) n \g /dev/null
update auxeira.idempotent_answers set answered_at = now() - interval '25 hours' where key_hash <> sha256('1');
update auxeira.user_sessions set revoked_at = now() - interval '3 days', revoke_reason = 'logout' where user_id = test.user_of('vic');
select results_eq('select * from auxeira.forget_expired_accounts(now() - interval ''2 days'')',
                  $$ values (1::bigint, 2::bigint, 1::bigint, 1::bigint, 1::bigint, 2::bigint, 2::bigint) $$, 'what was over for long is removed');
select is((select count(*) from auxeira.access_events), 5::bigint, 'the record of access stays');
select is((select count(*) from auxeira.refresh_tokens), 4::bigint, 'tokens go with their session');

select * from finish();
rollback;
