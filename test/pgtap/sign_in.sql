-- Logging in: what the shim gets to check, what it may open, and how long one waits after failing.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(117);

-- --- The arithmetic: a clock that the test turns ----------------------------------------------------------------

select is((select array_agg(auxeira.delay_seconds(kind, n) order by n) from generate_series(1, 16) n), expected,
          'seconds to wait after failures of kind ' || kind)
from (values ('pair', '{0,0,0,0,0,1,2,4,8,16,32,60,60,60,60,60}'::integer[]),
             ('session', '{0,0,0,0,0,1,2,4,8,16,32,60,60,60,60,60}'),
             ('totp', '{0,0,0,0,0,1,2,4,8,16,32,60,60,60,60,60}'),
             ('account', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}'),
             ('mail', '{0,0,0,600,1200,2400,3600,3600,3600,3600,3600,3600,3600,3600,3600,3600}')) kinds (kind, expected);
select is((select array_agg(auxeira.delay_seconds('address', n) order by n) from unnest('{20,21,22,26,27,1000}'::integer[]) n),
          '{0,1,2,32,60,60}', 'one client fails twenty times for nothing, and never waits for more than a minute');
select is(auxeira.delay_seconds('pair', 2147483647), 60, 'however often it failed');
select is(auxeira.failed_again(row('pair', '', null, 7, timestamptz '2026-01-01 12:00Z', null)::auxeira.login_delays, at)::text,
          row('pair', ''::bytea, null, failures, at, not_before)::text, what)
from (values (timestamptz '2026-01-01 12:59:59Z', 8, timestamptz '2026-01-01 13:00:03Z', 'failures add up'),
             ('2026-01-01 13:00Z', 1, null, 'and are forgotten after an hour'))
     as cases (at, failures, not_before, what);
select is(auxeira.seconds_left(row('', '', null, 1, null, timestamptz '2026-01-01 12:00Z')::auxeira.login_delays, at),
          expected, 'at ' || at)
from (values (timestamptz '2026-01-01 11:59:58.5Z', 2), ('2026-01-01 11:59:59.001Z', 1), ('2026-01-01 12:00Z', 0),
             ('2026-01-01 12:01Z', 0)) as cases (at, expected);
select is(auxeira.client_network(a::inet)::text, n, a || ' counts as ' || n)
from (values ('192.0.2.1', '192.0.2.1/32'), ('2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'),
             ('::ffff:192.0.2.1', '::ffff:192.0.2.1/128')) cases (a, n);

create table test.clock (at timestamptz);
insert into test.clock values ('2026-01-01 12:00Z');
-- try ADDRESS from CLIENT: the answers of so many attempts in a row, the clock standing still.
create function test.try(address text, client text, times integer default 1, known boolean default false) returns integer[]
  language sql as $$
  select array_agg(auxeira.count_login(address, jsonb_build_object('address', client), known, at))
  from test.clock, generate_series(1, times) $$;
create function test.later(pause interval) returns void language sql as $$ update test.clock set at = at + pause $$;
create function test.failures(kind text) returns integer[] language sql as $$
  select array_agg(d.failures order by d.failures) from auxeira.login_delays d where d.kind = failures.kind $$;

select is(test.try('ann@example.org', '192.0.2.1', 8), '{0,0,0,0,0,0,1,1}', 'five failures are free, the sixth costs a second');
select is(test.failures('pair'), '{6}', 'who is told to wait is not counted');
select is(test.try('ANN@example.org', '192.0.2.1'), '{1}', 'whatever the case of the address');
select is(test.try('bob@example.org', '192.0.2.1'), '{0}', 'another account does not wait');
select is(test.try('ann@example.org', '192.0.2.2'), '{0}', 'nor does another client');
select test.later('1 second') \g /dev/null
select is(test.try('ann@example.org', '192.0.2.1', 2), '{0,2}', 'the wait is over, and the next is longer');
select test.later('59 minutes') \g /dev/null
select is(test.try('ann@example.org', '192.0.2.1', 2), '{0,4}', 'it grows');
select test.later('62 minutes') \g /dev/null
select is(test.try('ann@example.org', '192.0.2.1', 7), '{0,0,0,0,0,0,1}', 'after an hour without failures all is forgotten');
-- spray CLIENT: the last answers of so many attempts, each at another account. '#' in CLIENT is the number.
create function test.spray(client text, times integer, known boolean default false) returns integer[] language sql as $$
  select (array_agg(a.answer order by i))[times - 1:]
  from generate_series(1, times) i, lateral (
    select (test.try(i || client || '@example.org', replace(client, '#', i::text), 1, known))[1] as answer) a $$;
select is(test.spray('192.0.2.3', 20), '{0,0}', 'one client fails twenty times at many accounts for nothing');
select is(test.spray('192.0.2.4', 22), '{0,1}', 'then it waits');
select is(test.spray('192.0.2.4', 1, true), '{0}', 'but not for an account that it logged in to lately');
select is(test.spray('2001:db8::#', 22), '{0,1}', 'addresses of one network are one client');
select is(test.spray('somewhere', 60), '{0,0}', 'clients without an address are not taken for one');

-- An account that many clients attack at once.
create function test.attack(clients integer) returns integer language sql as $$
  select sum((test.try('victim@example.org', '198.51.100.' || i))[1])::integer from generate_series(1, clients) i $$;
select is(test.attack(10), 0, 'ten clients fail once each');
select is(test.try('victim@example.org', '203.0.113.1', 2), '{30,30}', 'who was never here waits for half a minute');
select is(test.try('victim@example.org', '203.0.113.2', 2, true), '{0,0}', 'who logged in lately does not');
select test.later('29 seconds') \g /dev/null
select is(test.try('victim@example.org', '203.0.113.1'), '{1}', 'the wait goes by');
select test.later('1 second') \g /dev/null
select is(test.attack(100) > 0, true, 'the attack goes on');
select is(test.try('victim@example.org', '203.0.113.1', 7), '{0,0,0,0,0,0,1}', 'whoever waited once is let through all the same');
select is(test.try('victim2@example.org', '203.0.113.3'), '{0}', 'other accounts are as before');
select test.later('2 hours') \g /dev/null
select is(test.try('victim@example.org', '203.0.113.4'), '{0}', 'and this one is, an hour after the attack');

-- Success.
delete from auxeira.login_delays;
create function test.forgive(address text, client text, everything boolean) returns void language sql as $$
  select auxeira.forgive_login(address, jsonb_build_object('address', client), everything) $$;
select test.try('ann@example.org', '192.0.2.1', 7), test.try('bob@example.org', '192.0.2.1', 2), test.try('ann@example.org', '192.0.2.2'),
       test.forgive('Ann@example.org', '192.0.2.1', true) \g /dev/null
select is(test.failures(kind), expected, 'success takes back what it cost: ' || kind)
from (values ('pair', '{0,1,2}'::integer[]), ('account', '{1,2}'), ('address', '{1,2}')) kinds (kind, expected);
select is(test.try('ann@example.org', '192.0.2.1', 7), '{0,0,0,0,0,0,1}', 'and the wait');
select test.forgive('ann@example.org', '192.0.2.1', false) \g /dev/null
select is(test.failures('pair'), '{1,2,5}', 'or that attempt alone');
select test.forgive('nobody@example.org', '192.0.2.1', true) \g /dev/null
select is(test.failures('address'), '{1,7}', 'what was not counted is not taken back');
select auxeira.forgive_account('ANN@example.org') \g /dev/null
select is(test.failures('pair'), '{2}', 'another password makes everybody begin anew');
delete from auxeira.login_delays;

-- What a delay leaves in the record of access.
create function test.delayed(target text, client text, pause interval default '0') returns bigint language sql as $$
  select auxeira.record_delay('login_delayed', target, null, null, null,
    jsonb_build_object('address', client, 'requestId', 'd'), at + pause) from test.clock;
  select count(*) from auxeira.access_events where request_id = 'd' $$;
select is(test.delayed(target, client, pause), expected, what)
from (values
  (1, 'ann', '192.0.2.1', interval '0', 1::bigint, 'a delay is recorded'),
  (2, 'ann', '192.0.2.1', '59.999 seconds', 1, 'and not again within a minute'),
  (3, 'ann', '192.0.2.2', '59.999 seconds', 2, 'but for another client'),
  (4, 'nobody', '192.0.2.1', '59.999 seconds', 3, 'or another target, whether it is known or not'),
  (5, 'ann', '192.0.2.1', '1 minute', 4, 'and after a minute'),
  (6, 'ann', '192.0.2.1', '119 seconds', 4, 'which counts from there'),
  (7, 'ann', '2001:db8::1', '1 minute', 5, 'a network'),
  (8, 'ann', '2001:db8::2', '1 minute', 5, 'is one client'),
  (9, 'ann', 'somewhere', '1 minute', 6, 'and so are all without an address'),
  (10, 'ann', 'elsewhere', '1 minute', 6, 'who cannot be told apart')) cases (n, target, client, pause, expected, what);
delete from auxeira.login_delays;

-- --- What there is to check -----------------------------------------------------------------------------------

create function test.sign_up(address text, hash text) returns uuid language sql as $$
  select user_id from auxeira.register_user(jsonb_build_object('email', address, 'userType', 'government'),
    '$argon2id$' || hash, null, 3600, '{"address": "192.0.2.50"}') $$;
create table test.zoes (name text, user_id uuid);
insert into test.zoes select n, test.sign_up('Zoe@example.org', n) from unnest('{one,two,three}'::text[]) n;
update auxeira.users u set created_at = now() - case z.name when 'one' then interval '3' day when 'two' then interval '2' day
  else interval '1' day end from test.zoes z where z.user_id = u.user_id;
create function test.zoe(n text) returns uuid language sql security definer as $$ select user_id from test.zoes where name = n $$;
create function test.begun(address text, client text default '192.0.2.9') returns text language sql as $$
  select concat_ws(' ', ltrim(password_hash, '$'), encode(totp_sealed, 'escape'), ltrim(other_password_hash, '$'),
                   encode(other_totp_sealed, 'escape'), nullif(retry_after, 0))
  from auxeira.begin_login(address, jsonb_build_object('address', client, 'requestId', 'b')) $$;
set session authorization auxeira_authenticator;
select is(test.begun('zoe@EXAMPLE.org'), 'argon2id$one argon2id$three', 'of unverified accounts the oldest and the newest');
reset session authorization;
update auxeira.users set email_verified = true where user_id = test.zoe('two');
set session authorization auxeira_authenticator;
select is(test.begun('zoe@example.org'), 'argon2id$two argon2id$three', 'the verified one first');
select is((select array[b.user_id, b.other_user_id] from auxeira.begin_login('zoe@example.org', '{}') b),
          array[test.zoe('two'), test.zoe('three')], 'with their ids');
select is(test.begun(address), expected, 'for ' || address)
from (values ('ann@example.org', 'argon2id$test'), ('nobody@example.org', ''), ('%@example.org', ''), ('', ''),
             (E'zoe@example.org\n', ''), (repeat('x', 100000), '')) as cases (address, expected);
reset session authorization;
update auxeira.users set is_active = false where user_id = test.zoe('two');
insert into auxeira.totp_secrets (user_id, sealed, activated_at, last_counter) values (test.user_of('ann'), 'sealed', now(), 0),
  (test.user_of('bob'), 'pending', null, null);
set session authorization auxeira_authenticator;
select is(test.begun('zoe@example.org'), 'argon2id$one argon2id$three', 'not those that are disabled');
select is(test.begun('ann@example.org'), 'argon2id$test sealed', 'with the second factor');
select is(test.begun('bob@example.org'), 'argon2id$test', 'when it is active');
select is((select array_agg(test.begun('ivy@example.org')) from generate_series(1, 8))[7:8],
          array['1', '1'], 'after six failures there is nothing to check, but a time to wait');
select is((select array_agg(test.begun('nobody@example.org')) from generate_series(1, 7))[7:7],
          array['1'], 'the same for an address that nobody has');
reset session authorization;
select results_eq($$ select event, user_id from auxeira.access_events where request_id = 'b' and at > now() - interval '1 day'
                     order by user_id nulls last limit 3 $$,
  $$ values ('login_delayed', test.user_of('ivy')), ('login_delayed', null) $$,
  'and a record of it, once a minute');

-- --- Opening a session ------------------------------------------------------------------------------------------

delete from auxeira.login_delays;
create function test.open(person uuid, hash text default null, counter bigint default null, code text default null)
  returns text language sql as $$
  select coalesce((select concat_ws(' ', user_type, role, token_version, is_refreshable::text)
                   from auxeira.open_session(person, sha256(gen_random_uuid()::text::bytea), 60, '{"address": "192.0.2.9"}',
                                             counter, sha256(code::bytea), hash)), 'nothing') $$;
set session authorization auxeira_authenticator;
select is(test.open(test.user_of('root')), 'government admin 1 true', 'a session says what a token is made of');
select is(test.open(gen_random_uuid()), 'nothing', 'there is none for a stranger');
select is(test.open(test.zoe('two')), 'nothing', 'nor for a disabled account');
select is(test.open(test.zoe('one'), '$argon2id$one'), 'government user 1 true', 'the hash that was checked is the one');
select is(test.open(test.zoe('one'), '$argon2id$none'), 'nothing', 'if it is another by now there is no session');
select auxeira.rehash_password(test.zoe('one'), '$argon2id$one', '$argon2id$uno') \g /dev/null
select is(test.open(test.zoe('one'), '$argon2id$one'), 'government user 1 true', 'another hash of the same password is no matter');
select is(test.open(test.zoe('one'), '$argon2id$uno'), 'government user 1 true', 'nor is the new one');
select auxeira.rehash_password(test.zoe('one'), '$argon2id$one', '$argon2id$eins') \g /dev/null
select is(test.open(test.zoe('one'), '$argon2id$eins'), 'nothing', 'a hash is replaced only if it is still the one');
select is(test.begun('ivy@example.org'), 'argon2id$test', 'an attempt')
from generate_series(1, 6);
select is(test.begun('ivy@example.org'), '1', 'is waited for');
select is(test.open(test.user_of('ivy')), 'venture_capital user 1 true', 'until one succeeds');
select is(test.begun('ivy@example.org'), 'argon2id$test', 'and all is forgiven');
reset session authorization;
select is(auxeira.is_known_client(test.user_of('ivy'), jsonb_build_object('address', client)), expected, 'a known client: ' || client)
from (values ('192.0.2.9', true), ('192.0.2.8', false), ('::1', false)) clients (client, expected);
update auxeira.user_sessions set created_at = now() - interval '91 days' where user_id = test.user_of('ivy');
select is(auxeira.is_known_client(test.user_of('ivy'), '{"address": "192.0.2.9"}'), false, 'not for ever');

-- An account of the same address, unverified, must not give more guesses at the verified one.
update auxeira.users set is_active = true where user_id = test.zoe('two');
delete from auxeira.login_delays;
select test.begun('zoe@example.org') from generate_series(1, 5) \g /dev/null
select test.begun('zoe@example.org'), test.open(test.zoe('three')) \g /dev/null
select is(test.failures('pair'), '{5}', 'the failures before stay');
select test.begun('zoe@example.org'), test.open(test.zoe('two')) \g /dev/null
select is(test.failures('pair'), '{0}', 'which the owner of the verified one wipes out');

-- --- The second factor ------------------------------------------------------------------------------------------

insert into auxeira.recovery_codes (user_id, code_hash) values (test.user_of('ann'), sha256('code'));
set session authorization auxeira_authenticator;
select is(test.fault('select test.open(test.user_of(''ann''))'), 'ZA401 a one-time code is needed', 'a code is needed');
select is(test.open(test.user_of('ann'), null, counter), expected, 'time step ' || counter)
from (values (100, 'startup_founder user 1 true'), (100, 'nothing'), (99, 'nothing'), (101, 'startup_founder user 1 true'))
  codes (counter, expected);
select is(test.open(test.user_of('ann'), null, null, code), expected, 'recovery code ' || code)
from (values ('wrong', 'nothing'), ('code', 'startup_founder user 1 true'), ('code', 'nothing')) codes (code, expected);
select is(test.open(test.user_of('bob')), 'startup_founder user 1 true', 'one that is not active is not asked for');
select auxeira.login_failed('ann@example.org', test.user_of('ann'), 'totp', '{"requestId": "f"}') from generate_series(1, 6) \g /dev/null
select is(test.begun('ann@example.org', '203.0.113.99'), '1', 'wrong codes are counted for the account, whatever the client');
select is(test.open(test.user_of('ann'), null, 200), 'nothing', 'and a right one behind too many wrong ones is of no use');
reset session authorization;
update auxeira.login_delays set not_before = now() - interval '1 second';
set session authorization auxeira_authenticator;
select is(test.open(test.user_of('ann'), null, 200), 'startup_founder user 1 true', 'until the wait is over');
select auxeira.login_failed('ann@example.org', test.user_of('ann'), 'password', '{"requestId": "f"}'),
       auxeira.login_failed('nobody@example.org', null, 'password', '{"requestId": "f"}') \g /dev/null
reset session authorization;
select is(test.failures('totp'), null, 'success makes up for wrong codes, and passwords are no codes');
select results_eq($$ select event, user_id is null, count(*)::integer from auxeira.access_events where request_id = 'f'
                     group by 1, 2 order by 2 $$, $$ values ('login_failed', false, 7), ('login_failed', true, 1) $$,
                  'failures are recorded, of unknown addresses too');
select results_eq($$ select template, fields ->> 'what' from auxeira.mail_outbox where recipient = 'ann@example.org' $$,
                  $$ values ('second_factor_changed', 'a recovery code was used') $$, 'a recovery code is told by mail');

-- --- Who belongs nowhere ----------------------------------------------------------------------------------------

update auxeira.user_organizations set left_at = clock_timestamp(), is_primary = false where user_id = test.user_of('bob');
create function test.homes(person text) returns text language sql security definer as $$
  select string_agg(concat_ws(' ', o.name, o.org_type, m.role, m.is_primary::text), ', ' order by m.joined_at)
  from auxeira.user_organizations m join auxeira.organizations o using (org_id)
  where m.user_id = test.user_of(person) and m.left_at is null $$;
set session authorization auxeira_authenticator;
select is_empty('select auxeira.rotate_session(sha256(''bob''), sha256(''bob 2''), ''{}'')', 'has no session that goes on');
select is(test.refusal('bob', 'me'), '28000 the session has ended | hint: Log in again, or use the refresh token.',
          'and no token that works');
select is(test.open(gen_random_uuid()), 'nothing', 'a stranger founds nothing');
select is(test.open(test.user_of('bob'), '$argon2id$none'), 'nothing', 'nor does who has not the right password');
select is(test.homes('bob'), null, 'so far there is no organization');
select is(test.open(test.user_of('bob')), 'startup_founder user 1 true', 'but logging in again is possible');
select is(test.homes('bob'), 'bob startup owner true', 'and founds an organization');
select is(test.open(test.user_of('bob')), 'startup_founder user 1 true', 'where the next login is at home too');
select is(test.homes('bob'), 'bob startup owner true', 'without another one');
select is_empty('select auxeira.rotate_session(sha256(''bob''), sha256(''bob 2''), ''{}'')', 'the session before stays ended');
reset session authorization;

select * from finish();
rollback;
