-- What users see and end of their own account: sessions and the record of access.
set local role auxeira_owner;

-- Definer, because whether there is a second factor is in a table that no API role can touch.
create function auxeira_api.me(request jsonb) returns json
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select auxeira.success(json_build_object(
    'userId', u.user_id, 'email', u.email, 'emailVerified', u.email_verified, 'userType', u.user_type,
    'profile', u.profile, 'isAdmin', u.is_admin,
    'secondFactor', exists (
      select from auxeira.totp_secrets t where t.user_id = u.user_id and t.activated_at is not null),
    'organizationId', auxeira.org_id(),
    'role', (select m.role from auxeira.user_organizations m
             where m.org_id = auxeira.org_id() and m.user_id = u.user_id and m.left_at is null),
    'organizations', (
      select json_agg(json_build_object('organizationId', o.org_id, 'name', o.name, 'type', o.org_type,
                                        'role', m.role, 'isPrimary', m.is_primary) order by o.name, o.org_id)
      from auxeira.user_organizations m join auxeira.organizations o on o.org_id = m.org_id
      where m.user_id = u.user_id and m.left_at is null),
    'createdAt', u.created_at, 'lastLogin', u.last_login))
  from auxeira.users u where u.user_id = auxeira.user_id();
end;
comment on function auxeira_api.me(jsonb) is 'GET /api/auth/me: the user of the session and their organizations.';

-- Definer, as all below: sessions and events are in tables that no API role can touch. They touch the caller's alone.
create function auxeira_api.logout(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform auxeira.require_call();
  update auxeira.user_sessions s set revoked_at = clock_timestamp(), revoke_reason = 'logout'
  where s.session_id = auxeira.session_id() and s.revoked_at is null;
  -- Of two that log out at the same time, one did it.
  if found then
    perform auxeira.record_own('logged_out');
  end if;
  return auxeira.success(json_build_object('loggedOut', true));
end
$$;
comment on function auxeira_api.logout(jsonb) is
  'POST /api/auth/logout: ends the session; its tokens stop working.';

create function auxeira_api.logout_all(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  ended integer;
begin
  perform auxeira.require_call();
  perform auxeira.lock_user(auxeira.user_id());
  ended := auxeira.end_sessions(auxeira.user_id(), 'logout_all');
  perform auxeira.record_own('logged_out_everywhere');
  return auxeira.success(json_build_object('endedSessions', ended));
end
$$;
comment on function auxeira_api.logout_all(jsonb) is
  'POST /api/auth/logout-all: ends all sessions of the user, this one too.';

create function auxeira_api.list_sessions(request jsonb) returns json
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{"additionalProperties": false}');
begin
  return auxeira.success(json_build_object('sessions', (
    select coalesce(json_agg(json_build_object(
      'sessionId', s.session_id, 'createdAt', s.created_at, 'lastSeenAt', s.last_seen_at, 'expiresAt', s.expires_at,
      'address', host(s.address), 'userAgent', s.user_agent, 'isCurrent', s.session_id = auxeira.session_id())
      order by s.last_seen_at desc, s.session_id), '[]')
    from auxeira.user_sessions s
    where s.user_id = auxeira.user_id() and s.revoked_at is null and s.expires_at > now())));
end
$$;
comment on function auxeira_api.list_sessions(jsonb) is
  'GET /api/auth/sessions: where the user is logged in, with address and user agent of the login.';

create function auxeira_api.end_session(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["sessionId"], "additionalProperties": false,
    "properties": {"sessionId": {"type": "string", "format": "uuid"}}}');
begin
  perform auxeira.require_call();
  update auxeira.user_sessions s set revoked_at = clock_timestamp(), revoke_reason = 'ended_by_user'
  where s.session_id = (r ->> 'sessionId')::uuid and s.user_id = auxeira.user_id() and s.revoked_at is null
    and s.expires_at > now();
  if not found then
    raise exception using errcode = 'P0002', message = 'session not found';
  end if;
  perform auxeira.record_own('session_ended', (r ->> 'sessionId')::uuid);
  return auxeira.success(json_build_object('sessionId', r ->> 'sessionId', 'ended', true));
end
$$;
comment on function auxeira_api.end_session(jsonb) is
  'DELETE /api/auth/sessions/:sessionId: ends one session of the user. Error P0002: there is none with this id.';

create function auxeira_api.list_access_events(request jsonb) returns json
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "additionalProperties": false,
    "properties": {"limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
                   "cursor": {"type": "string", "maxLength": 60}}}', true);
  page constant integer := r ->> 'limit';
  last_time timestamptz := 'infinity';
  last_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  events json;
  next_cursor text;
begin
  if r ? 'cursor' then
    if r ->> 'cursor' !~ '^[0-9]{1,17}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
      perform auxeira.refuse_value('cursor', 'it is not one that an earlier page gave');
    end if;
    last_time := 'epoch'::timestamptz + split_part(r ->> 'cursor', '_', 1)::bigint * interval '1 microsecond';
    last_id := split_part(r ->> 'cursor', '_', 2);
  end if;
  select coalesce(json_agg(json_build_object(
           'event', e.event, 'at', e.at, 'address', host(e.address), 'userAgent', e.user_agent,
           'requestId', e.request_id, 'organizationId', e.org_id) order by e.at desc, e.event_id desc), '[]'),
         max((extract(epoch from e.at) * 1000000)::bigint || '_' || e.event_id) filter (where e.place = page)
  into events, next_cursor
  from (select a.*, row_number() over (order by a.at desc, a.event_id desc) as place
        from auxeira.access_events a
        where a.user_id = auxeira.user_id() and (a.at, a.event_id) < (last_time, last_id)
        order by a.at desc, a.event_id desc
        limit page) e;
  return auxeira.success(json_build_object('events', events, 'nextCursor', next_cursor));
end
$$;
comment on function auxeira_api.list_access_events(jsonb) is
  'GET /api/auth/events: what happened to the user''s own account, newest first. limit (at most 1000), cursor (the '
  'nextCursor of the page before).';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('me', 'user', 200, true, 'account'),
  ('logout', 'user', 200, false, 'account'),
  ('logout_all', 'user', 200, false, 'account'),
  ('list_sessions', 'user', 200, true, 'account'),
  ('end_session', 'user', 200, false, 'account'),
  ('list_access_events', 'user', 200, true, 'account');

-- --- Clean-up ------------------------------------------------------------------------------------------------------

create function auxeira.forget_expired_accounts(
  before timestamptz, out user_sessions bigint, out account_tokens bigint, out invitations bigint,
  out api_keys bigint, out mail_outbox bigint, out login_delays bigint, out idempotent_answers bigint)
  language plpgsql volatile
as $$
begin
  delete from auxeira.user_sessions s where least(s.expires_at, s.revoked_at) < before;
  get diagnostics user_sessions = row_count;
  delete from auxeira.account_tokens t where least(t.expires_at, t.used_at) < before;
  get diagnostics account_tokens = row_count;
  delete from auxeira.invitations i where least(i.expires_at, i.accepted_at, i.revoked_at) < before;
  get diagnostics invitations = row_count;
  delete from auxeira.api_keys k where least(k.expires_at, k.revoked_at) < before;
  get diagnostics api_keys = row_count;
  delete from auxeira.mail_outbox m where least(m.sent_at, m.dropped_at) < before;
  get diagnostics mail_outbox = row_count;
  -- All of it is forgotten after an hour anyway.
  delete from auxeira.login_delays d
  where coalesce(greatest(d.last_failure_at, d.not_before), '-infinity') < now() - interval '1 day';
  get diagnostics login_delays = row_count;
  delete from auxeira.idempotent_answers a where a.answered_at <= now() - interval '24 hours';
  get diagnostics idempotent_answers = row_count;
end
$$;
comment on function auxeira.forget_expired_accounts(timestamptz) is
  'Removes sessions, tokens, invitations, API keys and mails that were over before a time, and counts of failures '
  'that are of no use, and answers kept for more than 24 hours. How many of each. The record of access stays.';
revoke execute on function auxeira.forget_expired_accounts(timestamptz) from public;

reset role;
