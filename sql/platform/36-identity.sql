-- Who a session, an API key or an SQL login is, and what they may touch: resolved here, put into settings by the
-- extension, compared with by policies.
set local role auxeira_owner;

create table auxeira.rights_changes ();
comment on table auxeira.rights_changes is
  'Never has a row: the extension invalidates its entry in the relation cache when rights change, which is how every '
  'session learns of it.';

create trigger rights_changed after update of user_type, is_active, is_admin or delete or truncate on auxeira.users
  for each statement execute function auxeira.rights_changed();
create trigger rights_changed after update of is_active or delete or truncate on auxeira.organizations
  for each statement execute function auxeira.rights_changed();
create trigger rights_changed after insert or update or delete or truncate on auxeira.user_organizations
  for each statement execute function auxeira.rights_changed();
create trigger rights_changed after update of org_id, token_version, expires_at, revoked_at or delete or truncate
  on auxeira.user_sessions for each statement execute function auxeira.rights_changed();
create trigger rights_changed after update of scopes, expires_at, revoked_at or delete or truncate on auxeira.api_keys
  for each statement execute function auxeira.rights_changed();
create trigger rights_changed after insert or update or delete or truncate on auxeira.relationships
  for each statement execute function auxeira.rights_changed();
call auxeira.protect_private_table('auxeira.rights_changes');

-- In the order of Part in extension/functions/settings.hpp.
create type auxeira.resolved_identity as (
  user_id uuid, user_type auxeira.user_type, session_id uuid, org_id uuid, org_ids text, writable_org_ids text,
  managed_org_ids text, owned_org_ids text, profile_org_ids text, scores_org_ids text, metrics_org_ids text,
  documents_org_ids text, is_admin boolean, scopes text, good_until timestamptz);
comment on type auxeira.resolved_identity is
  'Who somebody is and what they may touch, as the identity settings have it: lists are "uuid,uuid". scopes: of an API '
  'key; good_until: when to ask again at the latest.';

create function auxeira.rights_of(of_user_id uuid, only_org_id uuid default null)
  returns table (own text, writable text, managed text, owned text, profile text, scores text, metrics text,
                 documents text, members uuid[])
  language sql stable rows 1
begin atomic
  with own as materialized (
    select m.org_id, m.role
    from auxeira.user_organizations m join auxeira.organizations o on o.org_id = m.org_id
    where m.user_id = of_user_id and m.left_at is null and o.is_active
      and (only_org_id is null or m.org_id = only_org_id)
  ), related as materialized (
    select r.startup_id as org_id, r.scopes from auxeira.relationships r join own on own.org_id = r.org_id
    where r.status = 'accepted'
    union all
    -- Whoever is asked may see who asks.
    select r.org_id, '{}' from auxeira.relationships r join own on own.org_id = r.startup_id
    where r.status in ('proposed', 'accepted')
  )
  select mine.own, mine.writable, mine.managed, mine.owned, theirs.profile, theirs.scores, theirs.metrics,
         theirs.documents, mine.members
  from (
    select string_agg(org_id::text, ',') as own,
           string_agg(org_id::text, ',') filter (where role >= 'member') as writable,
           string_agg(org_id::text, ',') filter (where role >= 'admin') as managed,
           string_agg(org_id::text, ',') filter (where role = 'owner') as owned,
           array_agg(org_id) as members
    from own) mine
    cross join (
    select string_agg(distinct org_id::text, ',') as profile,
           string_agg(distinct org_id::text, ',') filter (where 'scores' = any (scopes)) as scores,
           string_agg(distinct org_id::text, ',') filter (where 'metrics' = any (scopes)) as metrics,
           string_agg(distinct org_id::text, ',') filter (where 'documents' = any (scopes)) as documents
    from related) theirs;
end;
comment on function auxeira.rights_of(uuid, uuid) is
  'The organizations a user belongs to, by least role, and the others they may read of, by scope; through one '
  'organization only when it is given.';
revoke execute on function auxeira.rights_of(uuid, uuid) from public;

create function auxeira.resolve_session(asked_user_id uuid, asked_session_id uuid, version integer)
  returns setof auxeira.resolved_identity
  language sql stable rows 1
begin atomic
  select u.user_id, u.user_type, s.session_id, s.org_id, r.own, r.writable, r.managed, r.owned, r.profile, r.scores,
         r.metrics, r.documents, u.is_admin, null::text, s.expires_at
  from auxeira.user_sessions s
    join auxeira.users u on u.user_id = s.user_id
    cross join lateral auxeira.rights_of(u.user_id) r
  where s.session_id = asked_session_id and s.user_id = asked_user_id and s.token_version = version
    and s.revoked_at is null and s.expires_at > now() and u.is_active and s.org_id = any (r.members);
end;
comment on function auxeira.resolve_session(uuid, uuid, integer) is
  'Who a session belongs to; no row when it is not alive or the token is of an earlier version.';
revoke execute on function auxeira.resolve_session(uuid, uuid, integer) from public;

-- Asked again after a minute at the latest, so that the time of last use is true to the minute.
create function auxeira.resolve_key(hash bytea) returns setof auxeira.resolved_identity
  language sql volatile rows 1
begin atomic
  -- Whoever holds the row writes the time; a call never waits for it.
  update auxeira.api_keys k set last_used_at = now()
  where k.key_id in (
    select free.key_id from auxeira.api_keys free
    where free.key_hash = hash and free.revoked_at is null and free.expires_at > now()
      and coalesce(free.last_used_at < now() - interval '1 minute', true)
    for no key update skip locked);
  select u.user_id, u.user_type, null::uuid, k.org_id, r.own, r.writable, r.managed, r.owned, r.profile, r.scores,
         r.metrics, r.documents, false, array_to_string(k.scopes, ','),
         least(k.expires_at, now() + interval '1 minute')
  from auxeira.api_keys k
    join auxeira.users u on u.user_id = k.user_id
    cross join lateral auxeira.rights_of(u.user_id, k.org_id) r
  where k.key_hash = hash and k.revoked_at is null and k.expires_at > now() and u.is_active
    and k.org_id = any (r.members);
end;
comment on function auxeira.resolve_key(bytea) is
  'Who an API key acts for, in its organization alone; no row when it is not alive. A key is never an administrator.';
revoke execute on function auxeira.resolve_key(bytea) from public;

create function auxeira.resolve_login(of_user_id uuid) returns setof auxeira.resolved_identity
  language sql stable rows 1
begin atomic
  select u.user_id, u.user_type, null::uuid, auxeira.home_organization(u.user_id), r.own, r.writable, r.managed,
         r.owned, r.profile, r.scores, r.metrics, r.documents, false, null::text, null::timestamptz
  from auxeira.users u cross join lateral auxeira.rights_of(u.user_id) r
  where u.user_id = of_user_id and u.is_active and r.members is not null;
end;
comment on function auxeira.resolve_login(uuid) is
  'Who an SQL login that is bound to this user acts as; no row when the user is disabled or in no organization.';
revoke execute on function auxeira.resolve_login(uuid) from public;

create function auxeira.client() returns jsonb language sql stable parallel safe
  return jsonb_strip_nulls(jsonb_build_object(
    'address', nullif(current_setting('auxeira.client_address'), ''),
    'userAgent', nullif(current_setting('auxeira.user_agent'), ''),
    'requestId', nullif(current_setting('auxeira.request_id'), '')));
comment on function auxeira.client() is 'Where the call under way comes from: {"address", "userAgent", "requestId"}.';

create function auxeira.require_call() returns void language plpgsql stable as $$
begin
  if not auxeira.client() ? 'requestId' then
    raise exception using errcode = '42501', message = 'this goes through the API alone';
  end if;
end
$$;
comment on function auxeira.require_call() is
  'Error 42501 for an SQL login: for functions that believe what the shim adds to a request, and for those that change '
  'rights. An SQL user could keep the locks of the latter for ever, and with them the own removal from coming.';
revoke execute on function auxeira.require_call() from public;

create function auxeira.signed_in(claims jsonb) returns table (user_id uuid, session_id uuid, org_id uuid)
  language plpgsql stable rows 1 as $$
begin
  return query
  select i.user_id, i.session_id, i.org_id
  from auxeira.resolve_session((claims ->> 'sub')::uuid, (claims ->> 'sid')::uuid, (claims ->> 'ver')::integer) i;
  if not found then
    raise exception using errcode = '28000', message = 'the session has ended',
      hint = 'Log in again, or use the refresh token.';
  end if;
end
$$;
comment on function auxeira.signed_in(jsonb) is
  'The session that the claims of an access token speak for. Error 28000 when it is not alive.';
revoke execute on function auxeira.signed_in(jsonb) from public;

-- --- SQL logins -----------------------------------------------------------------------------------------------

create procedure auxeira.bind_login(login name, bound_user_id uuid) language plpgsql as $$
begin
  if not exists (select from auxeira.resolve_login(bound_user_id)) then
    raise exception using errcode = 'P0002', message = 'no active user with an organization has this id';
  end if;
  execute format('alter role %I set auxeira.bound_user_id = %L', login, bound_user_id);
  execute format('alter role %I set session_preload_libraries = %L', login, '$libdir/auxeira');
  -- The login can change the second, but not the first.
  execute format('alter role %I set temp_file_limit = %L', login, '1GB');
  execute format('alter role %I set statement_timeout = %L', login, '5min');
  execute format('alter role %I connection limit 20', login);
  execute format('grant auxeira_user to %I', login);
end
$$;
comment on procedure auxeira.bind_login(name, uuid) is
  'Makes an existing SQL login act as a user, for people who bring their own SQL client. Superusers only; the login '
  'cannot change it. Every statement has the rights that the user has when it begins. Error P0002: no such member.';
revoke execute on procedure auxeira.bind_login(name, uuid) from public;

create procedure auxeira.unbind_login(login name) language plpgsql as $$
begin
  execute format('alter role %I reset auxeira.bound_user_id', login);
  execute format('alter role %I reset session_preload_libraries', login);
  execute format('alter role %I reset temp_file_limit', login);
  execute format('alter role %I reset statement_timeout', login);
  execute format('revoke auxeira_user from %I', login);
end
$$;
comment on procedure auxeira.unbind_login(name) is
  'Ends what bind_login began. Connections that are open keep their user and lose every table at once.';
revoke execute on procedure auxeira.unbind_login(name) from public;

reset role;
