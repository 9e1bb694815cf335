-- Requests as functions: a spec cannot hold the braces of JSON.
create function test.score(person text) returns integer language sql as $$
  select (test.call(person, 'calculate_sse', jsonb_build_object('startupId', test.org_of(person),
                    'responses', '{"team": {"q": 0.5}}'::jsonb)) #>> '{data,version}')::integer $$;
create function test.act(person text, action_type text) returns text language sql as $$
  select concat_ws(': ', d ->> 'tokensAwarded', d #>> '{warnings,0}')
  from (select test.call(person, 'complete_action', jsonb_build_object('actionType', action_type, 'domain', 'x')) -> 'data')
    as t (d) $$;
create function test.status(person text) returns integer language sql as $$
  select status from auxeira.call(test.claims(person), 'me', '{}') $$;
create function test.sign_up(address text) returns text language sql as $$
  select user_type from auxeira.register_user(jsonb_build_object('email', address, 'userType', 'government'),
    '$argon2id$x', sha256('first'), 3600, '{}') $$;
create function test.refresh(old text, new text) returns bigint language sql as $$
  select count(*) from auxeira.rotate_session(sha256(convert_to(old, 'UTF8')), sha256(convert_to(new, 'UTF8')), '{}') $$;
