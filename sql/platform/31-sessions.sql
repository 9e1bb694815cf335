-- Logging in, registering, refreshing: what the shim does before there is an identity.
set local role auxeira_owner;

create type auxeira.opened_session as (
  user_id uuid, user_type text, org_id uuid, session_id uuid, role text, token_version integer,
  is_refreshable boolean);
comment on type auxeira.opened_session is
  'What the shim puts into an access token. role: admin for administrators of the platform, else user.';

create function auxeira.login_row(of_session_id uuid) returns setof auxeira.opened_session
  language sql stable rows 1
begin atomic
  select u.user_id, u.user_type::text, s.org_id, s.session_id, case when u.is_admin then 'admin' else 'user' end,
         s.token_version, exists (select from auxeira.refresh_tokens t where t.session_id = s.session_id)
  from auxeira.user_sessions s join auxeira.users u on u.user_id = s.user_id
  where s.session_id = of_session_id;
end;
comment on function auxeira.login_row(uuid) is 'A session as the shim gets it.';
revoke execute on function auxeira.login_row(uuid) from public;

create function auxeira.start_session(of_user_id uuid, in_org_id uuid, refresh_token_hash bytea,
                                      lifetime_seconds integer, client jsonb) returns uuid
  language plpgsql volatile
as $$
declare
  new_id uuid;
begin
  insert into auxeira.user_sessions (user_id, org_id, address, user_agent, expires_at)
  values (of_user_id, in_org_id, auxeira.client_address(client), auxeira.one_line(client ->> 'userAgent', 256),
          now() + make_interval(secs => lifetime_seconds))
  returning session_id into new_id;
  if refresh_token_hash is not null then
    insert into auxeira.refresh_tokens (token_hash, session_id) values (refresh_token_hash, new_id);
  end if;
  update auxeira.users u set last_login = now(), login_count = login_count + 1 where u.user_id = of_user_id;
  return new_id;
end
$$;
comment on function auxeira.start_session(uuid, uuid, bytea, integer, jsonb) is
  'Opens a login session for an authenticated user and counts the login.';
revoke execute on function auxeira.start_session(uuid, uuid, bytea, integer, jsonb) from public;

create function auxeira.end_sessions(of_user_id uuid, reason text, except_session_id uuid default null)
  returns integer language plpgsql volatile as $$
declare
  ended integer;
begin
  update auxeira.user_sessions s set revoked_at = clock_timestamp(), revoke_reason = reason
  where s.user_id = of_user_id and s.revoked_at is null and s.expires_at > now()
    and s.session_id is distinct from except_session_id;
  get diagnostics ended = row_count;
  return ended;
end
$$;
comment on function auxeira.end_sessions(uuid, text, uuid) is
  'Ends the sessions of a user, except one when given. How many.';
revoke execute on function auxeira.end_sessions(uuid, text, uuid) from public;

-- --- Registering -------------------------------------------------------------------------------------------------

create function auxeira.organization_type_of(user_type auxeira.user_type) returns auxeira.organization_type
  language sql immutable parallel safe
  return (case user_type
    when 'startup_founder' then 'startup'
    when 'venture_capital' then 'venture_capital'
    when 'angel_investor' then 'angel_investor'
    when 'corporate_partner' then 'corporate'
    when 'government' then 'government'
    when 'esg_funder' then 'esg_fund'
    when 'impact_investor' then 'impact_fund'
  end)::auxeira.organization_type;
comment on function auxeira.organization_type_of(auxeira.user_type) is
  'The kind of the organization that a new user of this type gets.';

create function auxeira.found_organization(founder_id uuid, wished jsonb default '{}') returns uuid
  language plpgsql volatile
as $$
declare
  new_id uuid;
begin
  insert into auxeira.organizations (name, org_type, industry, region, stage)
  select coalesce(wished ->> 'name', split_part(u.email, '@', 1)),
         coalesce((wished ->> 'type')::auxeira.organization_type, auxeira.organization_type_of(u.user_type)),
         wished ->> 'industry', wished ->> 'region', (wished ->> 'stage')::auxeira.stage
  from auxeira.users u where u.user_id = founder_id
  returning org_id into strict new_id;
  insert into auxeira.user_organizations (org_id, user_id, role, is_primary)
  values (new_id, founder_id, 'owner', true);
  return new_id;
end
$$;
comment on function auxeira.found_organization(uuid, jsonb) is
  'A primary organization, which the user owns. wished: {name, type, industry, region, stage}; by default the local '
  'part of the user''s address and the kind of the user. It locks nothing that anybody else could have locked.';
revoke execute on function auxeira.found_organization(uuid, jsonb) from public;

create function auxeira.create_account(r jsonb, password_hash text) returns table (new_user uuid, new_org uuid)
  language plpgsql volatile
as $$
begin
  insert into auxeira.users (email, user_type, profile)
  values (r ->> 'email', (r ->> 'userType')::auxeira.user_type, r -> 'profile')
  returning user_id into new_user;
  insert into auxeira.user_credentials (user_id, password_hash) values (new_user, create_account.password_hash);
  new_org := auxeira.found_organization(new_user, r -> 'organization' || jsonb_build_object('name',
    coalesce(r #>> '{organization,name}', nullif(left(r #>> '{profile,companyName}', 255), ''))));
  return next;
end
$$;
comment on function auxeira.create_account(jsonb, text) is
  'A user and their primary organization, of a checked request.';
revoke execute on function auxeira.create_account(jsonb, text) from public;

-- Definer, as there is no identity yet: it creates accounts and carries a password hash, for the shim alone.
create function auxeira.register_user(
  request jsonb, password_hash text, refresh_token_hash bytea, lifetime_seconds integer, client jsonb,
  verify_token_hash bytea default null, verify_token_sealed bytea default null)
  returns setof auxeira.opened_session
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["email", "userType"],
    "properties": {
      "email": {"type": "string", "format": "email"},
      "userType": {"type": "string", "enum": ["startup_founder", "venture_capital", "angel_investor",
        "corporate_partner", "government", "esg_funder", "impact_investor"]},
      "profile": {"type": "object", "maxProperties": 100, "default": {}},
      "organization": {"type": "object", "default": {}, "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 255},
        "type": {"type": "string", "enum": ["startup", "venture_capital", "angel_investor", "corporate",
          "government", "esg_fund", "impact_fund", "non_profit"]},
        "industry": {"type": "string", "minLength": 1, "maxLength": 100},
        "region": {"type": "string", "minLength": 1, "maxLength": 100},
        "stage": {"type": "string", "enum": ["pre_seed", "seed", "series_a", "series_b", "series_c", "growth",
          "late"]}}}}}');
  account record;
  session uuid;
begin
  select * into account from auxeira.create_account(r, password_hash);
  session := auxeira.start_session(account.new_user, account.new_org, refresh_token_hash, lifetime_seconds, client);
  if verify_token_hash is not null then
    perform auxeira.send_verification(account.new_user, verify_token_hash, verify_token_sealed, client);
  end if;
  perform auxeira.record_access('registered', account.new_user, account.new_org, session, client);
  return query select * from auxeira.login_row(session);
end
$$;
comment on function auxeira.register_user(jsonb, text, bytea, integer, jsonb, bytea, bytea) is
  'Creates a user, their primary organization and a login session. request: {email, userType, profile?, '
  'organization{name,type,industry,region,stage}?}. An address that is taken makes no difference to the answer; its '
  'owner is told by mail. Errors: ZA400, 22023.';
revoke execute on function auxeira.register_user(jsonb, text, bytea, integer, jsonb, bytea, bytea) from public;

-- --- Logging in ----------------------------------------------------------------------------------------------------

create function auxeira.account_of(address text) returns uuid language sql stable
begin atomic
  select u.user_id from auxeira.users u
  where lower(u.email) = lower(address) and u.is_active
  order by u.email_verified desc, u.created_at, u.user_id limit 1;
end;
comment on function auxeira.account_of(text) is
  'The account that an address stands for: the verified one, else the oldest; NULL for none.';
revoke execute on function auxeira.account_of(text) from public;

create function auxeira.latest_account_of(address text, other_than uuid) returns uuid language sql stable
begin atomic
  select u.user_id from auxeira.users u
  where lower(u.email) = lower(address) and u.is_active and not u.email_verified and u.user_id <> other_than
  order by u.created_at desc, u.user_id desc limit 1;
end;
comment on function auxeira.latest_account_of(text, uuid) is
  'The newest unverified account with an address, which whoever has just registered may want to log in to.';
revoke execute on function auxeira.latest_account_of(text, uuid) from public;

create function auxeira.is_known_client(of_user_id uuid, client jsonb) returns boolean language sql stable
begin atomic
  select exists (
    select from auxeira.user_sessions s
    where s.user_id = of_user_id and s.created_at > now() - interval '90 days'
      and auxeira.client_network(s.address) = auxeira.client_network(auxeira.client_address(client)));
end;
comment on function auxeira.is_known_client(uuid, jsonb) is 'Whether this client logged in to the account lately.';
revoke execute on function auxeira.is_known_client(uuid, jsonb) from public;

-- Definer, as there is no identity yet: it gives password hashes, for the shim alone.
create function auxeira.begin_login(address text, client jsonb)
  returns table (user_id uuid, password_hash text, totp_sealed bytea, other_user_id uuid, other_password_hash text,
                 other_totp_sealed bytea, retry_after integer)
  language plpgsql volatile rows 1 security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  at constant timestamptz := clock_timestamp();
  first constant uuid := auxeira.account_of(address);
  other constant uuid := auxeira.latest_account_of(address, first);
begin
  -- Wrong codes are waited for by everybody. Only who knows the password can bring that about.
  retry_after := auxeira.code_wait(first, at);
  if retry_after = 0 then
    retry_after := auxeira.count_login(address, client, auxeira.is_known_client(first, client), at);
  end if;
  if retry_after = 0 then
    select c.password_hash, t.sealed into password_hash, totp_sealed
    from auxeira.user_credentials c left join auxeira.totp_secrets t
      on t.user_id = c.user_id and t.activated_at is not null
    where c.user_id = first;
    select c.password_hash, t.sealed into other_password_hash, other_totp_sealed
    from auxeira.user_credentials c left join auxeira.totp_secrets t
      on t.user_id = c.user_id and t.activated_at is not null
    where c.user_id = other;
    user_id := first;
    other_user_id := other;
  else
    perform auxeira.record_delay('login_delayed', lower(address), first, null, null, client, at);
  end if;
  return next;
end
$$;
comment on function auxeira.begin_login(text, jsonb) is
  'Counts an attempt to log in and gives the hashes to check, of at most two accounts that have the address: the one '
  'it stands for, and the newest unverified one. retry_after > 0: seconds to wait, and nothing to check.';
revoke execute on function auxeira.begin_login(text, jsonb) from public;

-- Definer, as there is no identity yet; for the shim alone.
create function auxeira.login_failed(address text, failed_user_id uuid, reason text, client jsonb) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform auxeira.record_access('login_failed', failed_user_id, null, null, client);
  if reason = 'totp' and failed_user_id is not null then
    perform auxeira.count_wrong_code(failed_user_id);
  end if;
end
$$;
comment on function auxeira.login_failed(text, uuid, text, jsonb) is
  'Records that a login failed; begin_login has counted it. reason: password, or totp for a wrong one-time or '
  'recovery code after the right password, which is counted for the account.';
revoke execute on function auxeira.login_failed(text, uuid, text, jsonb) from public;

-- Definer, as there is no identity yet: it opens sessions without a password, for the shim alone.
create function auxeira.open_session(
  of_user_id uuid, refresh_token_hash bytea, lifetime_seconds integer, client jsonb,
  totp_counter bigint default null, recovery_code_hash bytea default null, checked_hash text default null)
  returns setof auxeira.opened_session
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  address text;
  home uuid;
  session uuid;
begin
  -- The password was checked some time ago. Whoever changed it meanwhile, or disabled the account, held this lock.
  perform auxeira.lock_user(of_user_id);
  select u.email into address
  from auxeira.users u join auxeira.user_credentials c on c.user_id = u.user_id
  where u.user_id = of_user_id and u.is_active
    and (checked_hash is null or checked_hash = c.password_hash
         or sha256(convert_to(checked_hash, 'UTF8')) = c.rehashed_from);
  if not found or not auxeira.pass_second_factor(of_user_id, totp_counter, recovery_code_hash, client) then
    return;
  end if;
  -- Who was removed from their only organization keeps the account: without a session no invitation can be accepted.
  home := coalesce(auxeira.home_organization(of_user_id), auxeira.found_organization(of_user_id));
  session := auxeira.start_session(of_user_id, home, refresh_token_hash, lifetime_seconds, client);
  perform auxeira.forgive_login(address, client, of_user_id = auxeira.account_of(address));
  perform auxeira.record_access('login', of_user_id, home, session, client);
  return query select * from auxeira.login_row(session);
end
$$;
comment on function auxeira.open_session(uuid, bytea, integer, jsonb, bigint, bytea, text) is
  'Opens a login session, in the home organization, for a user whose password was right; who belongs to none gets a '
  'new one of their own. With a second factor, the time step of the right one-time code or a recovery code is needed '
  'too. No row: the account was disabled, checked_hash (the hash that the password was checked against) is not its '
  'hash any more, the code was used before, or there were too many wrong ones. Errors: ZA401 a code is needed.';
revoke execute on function auxeira.open_session(uuid, bytea, integer, jsonb, bigint, bytea, text) from public;

-- --- Refreshing ----------------------------------------------------------------------------------------------------

-- Definer, as there is no identity yet: it opens the way to a session, for the shim alone.
create function auxeira.rotate_session(old_hash bytea, new_hash bytea, client jsonb,
                                       idle_seconds integer default 1209600) returns setof auxeira.opened_session
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  session record;
  first_use timestamptz;
begin
  select s.session_id, s.user_id, s.org_id into session
  from auxeira.refresh_tokens t
    join auxeira.user_sessions s on s.session_id = t.session_id
    join auxeira.users u on u.user_id = s.user_id
  where t.token_hash = old_hash and s.revoked_at is null and s.expires_at > now() and u.is_active
    and s.last_seen_at > now() - make_interval(secs => idle_seconds)
  for no key update of s;
  if not found then
    return;
  end if;
  -- Read only now: a parallel refresh may have used the token while this one waited for the session.
  select t.used_at into first_use from auxeira.refresh_tokens t where t.token_hash = old_hash;
  if first_use < clock_timestamp() - interval '10 seconds' then
    update auxeira.user_sessions s set revoked_at = clock_timestamp(), revoke_reason = 'refresh_reuse'
    where s.session_id = session.session_id;
    perform auxeira.record_access('refresh_reused', session.user_id, session.org_id, session.session_id, client);
    return;
  end if;
  update auxeira.refresh_tokens t set used_at = clock_timestamp() where t.token_hash = old_hash and t.used_at is null;
  insert into auxeira.refresh_tokens (token_hash, session_id) values (new_hash, session.session_id);
  update auxeira.user_sessions s set last_seen_at = clock_timestamp() where s.session_id = session.session_id;
  perform auxeira.record_access('token_refreshed', session.user_id, session.org_id, session.session_id, client);
  return query select * from auxeira.login_row(session.session_id);
end
$$;
comment on function auxeira.rotate_session(bytea, bytea, jsonb, integer) is
  'Exchanges a refresh token for the next. No row when it is unknown, or its session has ended or was not used for '
  'idle_seconds. A token works for 10 seconds after its first use, for tabs that refresh at once and answers that '
  'get lost; after that it ends its session for everyone who holds a token of it (RFC 9700, 4.14.2). No error is '
  'raised for that, because it would undo the ending.';
revoke execute on function auxeira.rotate_session(bytea, bytea, jsonb, integer) from public;

reset role;
