-- One-time codes and recovery codes: each works once, and wrong ones are counted for the account.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(44);

create function test.codes(variadic codes text[]) returns bytea[] language sql immutable as $$
  select array_agg(sha256(convert_to(c, 'UTF8'))) from unnest(codes) c $$;
create function test.factor(person text) returns text language sql security definer as $$
  select concat_ws(' ', encode(t.sealed, 'escape'), case when t.activated_at is null then 'pending' else 'active' end,
                   t.last_counter, (select count(*) filter (where used_at is null) || '/' || count(*)
                                    from auxeira.recovery_codes c where c.user_id = t.user_id))
  from auxeira.totp_secrets t where t.user_id = test.user_of(person) $$;
create function test.account(person text) returns text language sql as $$
  select concat_ws(' ', encode(a.totp_sealed, 'escape'), a.totp_is_active::text, a.retry_after)
  from auxeira.own_account(test.claims(person), '{}') a $$;
create function test.news(person text) returns table (event text) language sql security definer as $$
  select event from auxeira.access_events where user_id = test.user_of(person) and event <> 'registered'
  union all select 'mail: ' || (fields ->> 'what') from auxeira.mail_outbox
  where recipient = person || '@example.org' and template = 'second_factor_changed' and fields ->> 'at' ~ 'Z$' $$;
create function test.enroll(person text, sealed text) returns text language sql as $$
  select test.fault(format('select auxeira.enroll_totp(test.claims(%L), %L, ''{}'')', person, sealed)) $$;
create function test.activate(person text, counter bigint, variadic codes text[]) returns boolean language sql as $$
  select auxeira.activate_totp(test.claims(person), counter, test.codes(variadic codes), '{}') $$;
create function test.disable(person text, counter bigint, code text) returns boolean language sql as $$
  select auxeira.disable_totp(test.claims(person), counter, sha256(convert_to(code, 'UTF8')), '{}') $$;
create function test.renew_codes(person text, counter bigint, variadic codes text[]) returns boolean language sql as $$
  select auxeira.renew_recovery_codes(test.claims(person), counter, test.codes(variadic codes), '{}') $$;

set session authorization auxeira_authenticator;

-- --- Turning it on ------------------------------------------------------------------------------------------------

select is(test.activate('ann', 1, 'a'), false, 'nothing is waiting to be turned on');
select is(test.enroll('ann', 'one'), 'no error', 'a secret');
select is(test.factor('ann'), 'one pending 0/0', 'waits to be proven');
select is(test.account('ann'), 'one false 0', 'the shim gets it to check a code');
select is(test.call('ann', 'me') #>> '{data,secondFactor}', 'false', 'it is not there yet');
select is(test.disable('ann', 5, null), false, 'and cannot be turned off');
select is(test.renew_codes('ann', 5, 'a'), false, 'nor have recovery codes');
select is(test.enroll('ann', 'two'), 'no error', 'another one');
select is(test.factor('ann'), 'two pending 0/0', 'takes its place');
select is(test.activate('ann', 10, 'a', 'b', 'c'), true, 'turning it on');
select is(test.factor('ann'), 'two active 10 3/3', 'gives recovery codes, and the code cannot be used again');
select is(test.activate('ann', 11, 'x'), false, 'once');
select is(test.enroll('ann', 'three'), 'ZA409 a second factor is active | hint: Disable it first.', 'it is not replaced');
select is(test.factor('ann'), 'two active 10 3/3', 'by nothing');
select is(test.account('ann'), 'two true 0', 'the shim gets it, active');
select is(test.call('ann', 'me') #>> '{data,secondFactor}', 'true', 'it is there');
select is(test.factor('bob'), null, 'for nobody else');
select bag_eq('select * from test.news(''ann'')', $$ values ('second_factor_enrolled'), ('second_factor_enrolled'),
  ('second_factor_activated'), ('mail: it was turned on') $$, 'it is recorded, and told by mail');

-- --- Recovery codes -----------------------------------------------------------------------------------------------

select is(test.renew_codes('ann', counter, 'd', 'e'), expected, 'new recovery codes for time step ' || coalesce(counter, -1))
from (values (10::bigint, false), (9, false), (null, false), (11, true), (11, false)) codes (counter, expected);
select is(test.factor('ann'), 'two active 11 2/2', 'take the place of the old');
select is((select count(*) from auxeira.open_session(test.user_of('ann'), null, 60, '{}', null, sha256('a'))), 0::bigint,
          'which are of no use');
select is((select count(*) from auxeira.open_session(test.user_of('ann'), null, 60, '{}', null, sha256('d'))), 1::bigint,
          'a new one works');
select is((select count(*) from auxeira.open_session(test.user_of('ann'), null, 60, '{}', null, sha256('d'))), 0::bigint,
          'once');
select is(test.factor('ann'), 'two active 11 1/2', 'it is used up');

-- --- Wrong codes --------------------------------------------------------------------------------------------------

select auxeira.reauthentication_failed(test.claims('ann'), 'totp', '{}') from generate_series(1, 6) \g /dev/null
select is(test.account('ann'), '1', 'after six wrong codes there is nothing to check');
select is(test.disable('ann', 99, null), false, 'and a right one is of no use');
select is(test.renew_codes('ann', 99, 'z'), false, 'for nothing');
select is((select retry_after from auxeira.begin_login('ann@example.org', '{}')), 1, 'nor to log in');
select is((select count(*) from auxeira.open_session(test.user_of('ann'), null, 60, '{}', 99)), 0::bigint, 'with any code');
select is((select count(*) from auxeira.open_session(test.user_of('ann'), null, 60, '{}', null, sha256('e'))), 0::bigint,
          'of any kind');
reset session authorization;
update auxeira.login_delays set not_before = now() - interval '1 minute';
set session authorization auxeira_authenticator;

-- --- Turning it off -----------------------------------------------------------------------------------------------

select is(test.fault(format('select test.disable(''ann'', %L, %L)', counter, code)),
          '22023 invalid request: code: either a one-time code or a recovery code is needed '
          '| detail: code: either a one-time code or a recovery code is needed', 'it takes one kind of code')
from (values (null, null), (12, 'e')) as codes (counter, code);
select is(test.disable('ann', 11, null), false, 'one that was used does not do');
select is(test.disable('ann', null, 'd'), false, 'nor does a recovery code that was');
select is(test.disable('ann', null, 'e'), true, 'another does');
select is(test.factor('ann'), null, 'nothing is left');
select is((select count(*) from auxeira.open_session(test.user_of('ann'), null, 60, '{}')), 1::bigint, 'one logs in without');
select is(test.enroll('ann', 'four'), 'no error', 'or begins anew');
select is(test.factor('ann'), 'four pending 0/0', 'with no recovery codes of before');
reset session authorization;
select is((select string_agg(distinct event, ' ' order by event) from auxeira.access_events where user_id = test.user_of('ann')
             and (event ~ 'factor|code')), 'recovery_code_used recovery_codes_renewed second_factor_activated '
          'second_factor_disabled second_factor_enrolled', 'everything is recorded');

select * from finish();
rollback;
