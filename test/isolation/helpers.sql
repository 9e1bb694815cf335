-- Requests as functions: a spec cannot hold the braces of JSON.
create function test.score(person text, as_synthetic boolean default false) returns integer language sql as $$
  select (test.call(person, 'calculate_sse', jsonb_build_object('startupId', test.org_of(person), 'isSynthetic', as_synthetic,
                    'responses', '{"team": {"q": 0.5}}'::jsonb)) #>> '{data,version}')::integer $$;
create function test.generate_scores(person text) returns integer language sql as $$
  select (test.call(person, 'generate_synthetic', '{"dataType": "scores", "timeRangeDays": 365, "seed": 3, "asOf": "2026-03-10T00:00:00Z"}')
    #>> '{data,generated}')::integer $$;
create function test.generate_points(person text, seed bigint) returns integer language sql as $$
  select (test.call(person, 'generate_synthetic', jsonb_build_object('count', 90, 'seed', seed)) #>> '{data,generated}')::integer $$;
create function test.act(person text, action_type text) returns text language sql as $$
  select concat_ws(': ', d ->> 'tokensAwarded', d #>> '{warnings,0}')
  from (select test.call(person, 'complete_action', jsonb_build_object('actionType', action_type, 'domain', 'x')) -> 'data')
    as t (d) $$;
create function test.status(person text) returns integer language sql as $$
  select status from auxeira.call(test.claims(person), 'me', '{}') $$;
create function test.sign_up(address text, token text default 'first') returns text language sql as $$
  select user_type from auxeira.register_user(jsonb_build_object('email', address, 'userType', 'government'),
    '$argon2id$x', sha256(convert_to(token, 'UTF8')), 3600, '{}') $$;
create function test.refresh(old text, new text) returns bigint language sql as $$
  select count(*) from auxeira.rotate_session(sha256(convert_to(old, 'UTF8')), sha256(convert_to(new, 'UTF8')), '{}') $$;
-- Zoe: her sessions, passwords and codes. Her own organization is the one she came with.
create function test.zoe() returns uuid language sql security definer as $$
  select user_id from auxeira.users where lower(email) = 'zoe@example.org' order by created_at limit 1 $$;
create function test.log_in(checked_hash text, counter bigint default null) returns text language sql as $$
  select case count(*) when 0 then 'refused' else 'in' end
  from auxeira.open_session(test.zoe(), null, 3600, '{}', counter, null, checked_hash) $$;
create function test.attempt(client text) returns text language sql as $$
  select case when retry_after > 0 then 'wait' else 'checked' end
  from auxeira.begin_login('zoe@example.org', jsonb_build_object('address', client)) $$;
create function test.reset(token text, hash text) returns boolean language sql as $$
  select auxeira.reset_password(sha256(convert_to(token, 'UTF8')), hash, '{}') $$;
create function test.ask_reset(token text) returns integer language sql as $$
  select auxeira.request_password_reset('zoe@example.org', sha256(convert_to(token, 'UTF8')), 'sealed', '{}') $$;
create function test.verify(token text) returns text language sql as $$
  select body::jsonb #>> '{data,verified}' from auxeira.call('{}', 'verify_email', jsonb_build_object('token', token)) $$;
create function test.sign_up_with(address text, token text) returns void language sql as $$
  select auxeira.register_user(jsonb_build_object('email', address, 'userType', 'government'), '$argon2id$x', null, 3600, '{}',
    sha256(convert_to(token, 'UTF8')), 'sealed') $$;
create function test.about(person text, of text, more jsonb) returns jsonb language sql as $$
  select jsonb_build_object('organizationId', test.org_of(of), 'userId', test.user_of(person)) || more $$;
create function test.set_role(person text, who text, role text) returns text language sql as $$
  select test.call(person, 'change_member_role', test.about(who, 'ann', jsonb_build_object('role', role))) #>> '{data,role}' $$;
create function test.remove(person text, who text, of text) returns text language sql as $$
  select test.call(person, 'remove_member', test.about(who, of, '{}')) #>> '{data,removed}' $$;
create function test.switch(person text, of text) returns integer language sql as $$
  select token_version from auxeira.switch_organization(test.claims(person), test.org_of(of), '{}') $$;
create function test.accept(person text, token text) returns text language sql as $$
  select test.call(person, 'accept_invitation', jsonb_build_object('token', token)) #>> '{data,role}' $$;
create function test.disable(person text, who text) returns text language sql as $$
  select test.call(person, 'admin_update_user', jsonb_build_object('userId', test.user_of(who), 'isActive', false)) #>> '{data,isActive}' $$;
create function test.renew_all() returns void language sql as $$
  update auxeira.user_sessions set token_version = 1, revoked_at = null, revoke_reason = null;
  update auxeira.users set is_active = true $$;
-- ETags that were seen before, and requests under conditions.
create table test.seen (etag text);
grant select, insert, delete on test.seen to public;
create function test.etag(api_function text) returns text language sql as $$
  select etag from auxeira.call(test.claims('ann'), api_function, jsonb_build_object('organizationId', test.org_of('ann'))) $$;
create function test.see(api_function text) returns text language sql as $$
  with known as (select etag from test.seen), forgotten as (delete from test.seen), shown as (select test.etag(api_function) as etag),
    noted as (insert into test.seen select etag from shown)
  select case when s.etag = k.etag then 'as before' when k.etag is null then 'first' else 'new' end
  from shown s left join known k on true $$;
create function test.measure() returns void language sql security definer as $$
  insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp)
  values (test.org_of('ann'), 'startup_founder', '{"mrr": 1}', now()) $$;
create function test.rename(to_name text) returns text language plpgsql as $$
begin
  perform auxeira.call(test.claims('ann') || jsonb_build_object('ifMatch', (select etag from test.seen)), 'update_organization',
    jsonb_build_object('organizationId', test.org_of('ann'), 'name', to_name));
  return to_name;
exception when sqlstate 'ZA412' then
  return sqlerrm;
end
$$;
create function test.keyed(title text) returns text language plpgsql as $$
begin
  return (select case when is_replayed then 'again' else 'done' end
          from auxeira.call(test.claims('ann') || '{"idempotencyKey": "the key"}', 'create_document',
            jsonb_build_object('title', title, 'kind', 'pitch_deck', 'url', 'https://files.example/deck.pdf')));
exception when sqlstate 'ZA409' or sqlstate 'ZA422' then
  return sqlerrm;
end
$$;
-- How many rows the events tell of that came since this was asked last.
create table test.read_until (only_row boolean primary key default true, event text not null);
create function test.begin_events() returns void language sql security definer as $$
  insert into test.read_until (event) select head from auxeira.take_events('')
  on conflict (only_row) do update set event = excluded.event $$;
create function test.next_events() returns text language plpgsql security definer as $$
declare
  data jsonb;
begin
  perform auxeira.take_events('');
  data := test.call('ann', 'get_events', jsonb_build_object('types', 'metrics', 'after', (select event from test.read_until))) -> 'data';
  update test.read_until set event = data ->> 'cursor';
  return (select coalesce(string_agg(e ->> 'count', ' ' order by place), 'none')
          from jsonb_array_elements(data -> 'events') with ordinality v (e, place));
end
$$;
