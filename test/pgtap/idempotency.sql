-- Idempotency-Key: the same request is carried out once, and answered alike.
\set ON_ERROR_STOP on
\ir support/helpers.sql
select plan(30);

create function test.keyed(person text, key text, api_function text, request jsonb, out status integer, out body text,
  out is_replayed boolean) language sql as $$
  select status, body, is_replayed from auxeira.call(test.claims(person) || jsonb_build_object('idempotencyKey', key),
                                                     api_function, request)
$$;
create function test.keyed_fault(person text, key text, api_function text, request jsonb) returns text language sql as
  $$ select test.fault(format('select test.keyed(%L, %L, %L, %L)', person, key, api_function, request)) $$;
create function test.deck(title text) returns jsonb language sql as $$
  select jsonb_build_object('title', title, 'kind', 'pitch_deck', 'url', 'https://files.example/deck.pdf')
$$;
create function test.decks(person text default 'ann') returns bigint language sql stable as
  $$ select count(*) from auxeira.documents where org_id = test.org_of(person) $$;

-- --- Once, and the same again ----------------------------------------------------------------------------------------

create table test.first as select * from test.keyed('ann', 'key-1', 'create_document', test.deck('one'));
select is(row(status, is_replayed), row(201, false), 'a new key is a request like any other') from test.first;
select is(row(again.status, again.body, again.is_replayed), row(f.status, f.body, true), 'the same again is answered alike')
from test.first f, test.keyed('ann', 'key-1', 'create_document', test.deck('one')) again;
select is(test.decks(), 1::bigint, 'and does nothing');
select is(again.is_replayed, true, 'members in another order are the same request')
from test.keyed('ann', 'key-1', 'create_document', '{"url": "https://files.example/deck.pdf", "kind": "pitch_deck", "title": "one"}') again;
select is(test.keyed_fault('ann', 'key-1', 'create_document', test.deck('two')),
          'ZA422 this Idempotency-Key came with another request before | hint: Make up a new key for each request.',
          'another request with the same key is refused');
select is(test.decks(), 1::bigint, 'and does nothing either');
select is((test.keyed('ann', 'key-2', 'create_document', test.deck('one'))).is_replayed, false, 'another key is another request');
select is((test.keyed('bob', 'key-1', 'create_document', test.deck('one'))).is_replayed, false, 'keys are everybody''s own');
select is((test.keyed('ann', 'key-1', 'calculate_sse', jsonb_build_object('startupId', test.org_of('ann'),
            'responses', '{"team": {"a": 0.5}}'::jsonb))).is_replayed, false, 'and every function''s');
select is(test.decks('bob'), 1::bigint, 'those were carried out');

-- --- What fails, and what is forgotten -----------------------------------------------------------------------------------

select is(test.keyed_fault('ann', 'key-3', 'create_document', '{}') ~ '^ZA400', true, 'a request that fails');
select is((test.keyed('ann', 'key-3', 'create_document', test.deck('three'))).is_replayed, false,
          'has not used its key: nothing was done');
select is((select count(*) from auxeira.idempotent_answers a where a.key_hash = sha256('key-3')), 1::bigint, 'one answer is kept');
update auxeira.idempotent_answers set answered_at = now() - interval '24 hours' where key_hash = sha256('key-1');
select is((test.keyed('ann', 'key-1', 'create_document', test.deck('two'))).is_replayed, false, 'after 24 hours a key is new');
select is((test.keyed('ann', 'key-1', 'create_document', test.deck('two'))).is_replayed, true, 'and is kept again');
select is((select count(*) from auxeira.idempotent_answers where answered_at <= now() - interval '24 hours'), 0::bigint,
          'old answers go when new ones come');
update auxeira.idempotent_answers set answered_at = now() - interval '23 hours' where key_hash = sha256('key-1');
select is((test.keyed('ann', 'key-1', 'create_document', test.deck('two'))).is_replayed, true, 'not before');
update auxeira.idempotent_answers set answered_at = now() - interval '25 hours';
select test.call('root', 'admin_cleanup') \g /dev/null
select is((select count(*) from auxeira.idempotent_answers), 0::bigint, 'and when an administrator cleans up');

-- --- Who, and where ------------------------------------------------------------------------------------------------------

select is(test.keyed_fault('vic', 'key-4', 'create_document', test.deck('v')) ~ '^42501', true, 'a key gives no rights');
select (test.keyed('ann', 'key-5', 'create_document', test.deck('five'))).status \g /dev/null
insert into auxeira.user_organizations (user_id, org_id, role) values (test.user_of('ann'), test.org_of('bob'), 'member');
update auxeira.user_sessions set org_id = test.org_of('bob') where session_id = test.session_of('ann');
select test.renew('ann') \g /dev/null
select is(test.keyed_fault('ann', 'key-5', 'create_document', test.deck('five')) ~ '^ZA422', true,
          'in another organization it is another request');
select is_empty($$
  select name from auxeira.api_functions f where not f.is_read_only and not f.is_replayable and f.required_role <> 'anonymous'
    and test.keyed_fault('root', 'key-6', f.name, '{}')
        <> 'ZA400 Idempotency-Key is not taken here | hint: Send the request without it.' $$,
  'what takes no key says so, and does nothing');
select is((select is_replayable from auxeira.api_functions where name = 'create_api_key'), false,
          'an answer that holds a secret is never kept');
select is((select is_replayed from auxeira.call(test.claims('bob') || '{"idempotencyKey": "key-7"}', 'me', '{}')), false,
          'reading needs no key');

-- What the shim makes anew for each request is no part of it, and what is kept holds none of it.
create function test.invitation(seed text) returns jsonb language sql as $$
  select jsonb_build_object('organizationId', test.org_of('bob'), 'email', 'new@example.org', 'role', 'viewer',
    'tokenHash', encode(sha256(seed::bytea), 'hex'), 'tokenSealed', encode(seed::bytea, 'hex'))
$$;
select is((test.keyed('bob', 'key-8', 'invite_member', test.invitation(seed))).is_replayed, seed = 'b', 'invited with token ' || seed)
from unnest(array['a', 'b']) seed;
select is((select count(*) from auxeira.invitations where org_id = test.org_of('bob')), 1::bigint, 'one invitation is made');
select is_empty($$
  select body from auxeira.idempotent_answers where body ~* '"(token|refreshToken|key|secret|password|[a-z]*hash|[a-z]*sealed)"' $$,
  'no secret is kept');

-- --- Whose they are --------------------------------------------------------------------------------------------------------

set role auxeira_user;
select throws_ok('select * from auxeira.idempotent_answers', '42501', null, 'answers are nobody''s to read');
reset role;
select test.register('eve', 'startup_founder') \g /dev/null
update auxeira.users set email_verified = true where user_id = test.user_of('eve');
select (test.keyed('eve', 'key-9', 'create_document', test.deck('nine'))).status \g /dev/null
select is((select count(*) from auxeira.idempotent_answers where org_id = test.org_of('eve')), 1::bigint, 'kept for an organization');
delete from auxeira.organizations where org_id = test.org_of('eve');
select is((select count(*) from auxeira.idempotent_answers where user_id = test.user_of('eve')), 0::bigint, 'and gone with it');

select * from finish();
