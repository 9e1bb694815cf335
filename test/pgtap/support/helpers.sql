-- What the tests share: people who registered, calls in their name, and errors as text. Included by \ir.
\set ON_ERROR_STOP on
set timezone = 'UTC';
create schema test;
grant usage on schema test to public;

create table test.people (name text primary key, user_id uuid not null, org_id uuid not null, session_id uuid not null,
  token_version integer not null default 1);
grant select on test.people to public;

create function test.register(name text, kind text, organization jsonb default '{}') returns uuid
  language sql security definer set search_path = pg_catalog, pg_temp
as $$
  insert into test.people (name, user_id, org_id, session_id)
  select name, r.user_id, r.org_id, r.session_id
  from auxeira.register_user(
    jsonb_build_object('email', name || '@example.org', 'userType', kind, 'organization', organization),
    '$argon2id$test', sha256(convert_to(name, 'UTF8')), 3600, '{}') r
  returning org_id
$$;

-- Ann and Bob: founders of two startups. Vic: views Ann's startup. Ivy: an investor. Root: an administrator. The
-- addresses of all are verified.
select test.register('ann', 'startup_founder', '{"name": "Ann Ltd", "stage": "seed", "industry": "fintech"}'),
       test.register('bob', 'startup_founder', '{"name": "Bob Ltd"}'),
       test.register('vic', 'startup_founder'),
       test.register('ivy', 'venture_capital'),
       test.register('root', 'government') \g /dev/null

create function test.user_of(person text) returns uuid language sql stable
  return (select user_id from test.people where name = person);
create function test.org_of(person text) returns uuid language sql stable
  return (select org_id from test.people where name = person);
create function test.session_of(person text) returns uuid language sql stable
  return (select session_id from test.people where name = person);

-- A change of role or organization makes tokens useless; this is what refreshing one does.
create function test.renew(person text) returns void language sql security definer set search_path = pg_catalog, pg_temp
as $$
  update test.people p set token_version = s.token_version, org_id = s.org_id
  from auxeira.user_sessions s where p.name = person and s.session_id = p.session_id
$$;

update auxeira.users set email_verified = true;
update auxeira.users set is_admin = true where user_id = test.user_of('root');
update auxeira.user_organizations set org_id = test.org_of('ann'), role = 'viewer' where user_id = test.user_of('vic');
select test.renew('vic') \g /dev/null

create function test.claims(person text) returns jsonb language sql stable
  return coalesce((select jsonb_build_object('sub', user_id, 'sid', session_id, 'ver', token_version, 'requestId', 'test')
                   from test.people where name = person), '{}');

-- For auxeira_authenticator: the answer to a request of this person.
create function test.call(person text, api_function text, request jsonb default '{}') returns jsonb language sql
as $$ select body::jsonb from auxeira.call(test.claims(person), api_function, request) $$;

-- The error of a statement: "SQLSTATE message", then detail, hint and constraint where there are any.
create function test.fault(statement text) returns text language plpgsql as $$
declare
  state text;
  message text;
  detail text;
  hint text;
  name text;
begin
  execute statement;
  return 'no error';
exception when others then
  get stacked diagnostics state = returned_sqlstate, message = message_text, detail = pg_exception_detail,
    hint = pg_exception_hint, name = constraint_name;
  return concat_ws(' | ', state || ' ' || message, 'detail: ' || nullif(detail, ''), 'hint: ' || nullif(hint, ''),
                   'constraint: ' || nullif(name, ''));
end
$$;

-- The error of a request of this person.
create function test.refusal(person text, api_function text, request text default '{}') returns text language sql
as $$ select test.fault(format('select test.call(%L, %L, %L)', person, api_function, request)) $$;

-- The message of a refused request repeats the first line of its detail; the tests leave that out.
create function test.spelled(expected text) returns text language sql as $$
  select regexp_replace(expected, '^22023 invalid request \| detail: (.*?)(\n| \| hint|$)',
                        '22023 invalid request: \1 | detail: \1\2')
$$;

-- Everything the platform holds, to see that a refused request left nothing.
\set fingerprints `cat test/pgtap/support/fingerprints.sql`
create table test.fingerprints (statement text);
insert into test.fingerprints values (:'fingerprints');
create function test.contents() returns jsonb language plpgsql security definer as $$
declare
  contents jsonb;
begin
  execute format('select jsonb_object_agg(relation, md5) from (%s) f', (select statement from test.fingerprints))
  into contents;
  return contents;
end
$$;
