-- Users, organizations, memberships, login sessions.
set local role auxeira_owner;

create table auxeira.users (
  user_id uuid primary key default gen_random_uuid(),
  email text not null check (length(email) between 3 and 254 and email like '%_@_%'),
  user_type auxeira.user_type not null,
  profile jsonb not null default '{}' check (jsonb_typeof(profile) = 'object'),
  is_active boolean not null default true,
  is_admin boolean not null default false,
  email_verified boolean not null default false,
  last_login timestamptz,
  login_count integer not null default 0 check (login_count >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index users_email on auxeira.users (lower(email));
comment on table auxeira.users is 'User accounts. Passwords are elsewhere: see user_credentials.';
comment on column auxeira.users.is_admin is 'Administrator of the platform.';
create trigger users_updated before update on auxeira.users
  for each row execute function auxeira.touch_updated_at();

create table auxeira.user_credentials (
  user_id uuid primary key references auxeira.users on delete cascade,
  password_hash text not null check (password_hash like '$argon2id$%'),
  changed_at timestamptz not null default now()
);
comment on table auxeira.user_credentials is 'Password hashes (argon2id); the database never sees a password.';

create table auxeira.organizations (
  org_id uuid primary key default gen_random_uuid(),
  name text not null check (length(name) between 1 and 255),
  org_type auxeira.organization_type not null,
  description text,
  website text check (website ~* '^https?://'),
  industry text check (length(industry) between 1 and 100),
  region text check (length(region) between 1 and 100),
  stage auxeira.stage,
  size_category text check (length(size_category) between 1 and 50),
  logo_url text check (logo_url ~* '^https?://'),
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index organizations_cohort on auxeira.organizations (org_type, stage, industry);
comment on table auxeira.organizations is 'Companies, funds, agencies: the tenants.';
create trigger organizations_updated before update on auxeira.organizations
  for each row execute function auxeira.touch_updated_at();

create table auxeira.user_organizations (
  org_id uuid not null references auxeira.organizations on delete cascade,
  user_id uuid not null references auxeira.users on delete cascade,
  role auxeira.member_role not null default 'member',
  permissions jsonb not null default '{}' check (jsonb_typeof(permissions) = 'object'),
  is_primary boolean not null default false,
  joined_at timestamptz not null default now(),
  left_at timestamptz,
  primary key (org_id, user_id),
  check (left_at >= joined_at)
);
create index user_organizations_user on auxeira.user_organizations (user_id) include (org_id, role, left_at);
comment on table auxeira.user_organizations is 'Who belongs to which organization, as what, since when.';

create table auxeira.user_sessions (
  session_id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auxeira.users on delete cascade,
  org_id uuid not null references auxeira.organizations on delete cascade,
  client jsonb not null default '{}' check (jsonb_typeof(client) = 'object'),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoke_reason text check (revoke_reason in ('logout', 'refresh_reuse', 'administrator')),
  check (expires_at > created_at),
  check ((revoked_at is null) = (revoke_reason is null))
);
create index user_sessions_user on auxeira.user_sessions (user_id);
create index user_sessions_org on auxeira.user_sessions (org_id);
comment on table auxeira.user_sessions is
  'One row for each login. A call with its access token works while the row is neither expired nor revoked.';
comment on column auxeira.user_sessions.org_id is 'The active organization: what reads and writes concern.';
comment on column auxeira.user_sessions.client is 'Address and user agent at login.';

create table auxeira.refresh_tokens (
  token_hash bytea primary key check (length(token_hash) = 32),
  session_id uuid not null references auxeira.user_sessions on delete cascade,
  issued_at timestamptz not null default now(),
  used_at timestamptz check (used_at >= issued_at)
);
create index refresh_tokens_session on auxeira.refresh_tokens (session_id);
comment on table auxeira.refresh_tokens is
  'SHA-256 of every refresh token of a session. Each works once; using one twice ends the session.';

-- Users and organizations are global tables: each is seen by those it concerns.
call auxeira.protect_private_table('auxeira.users');
create policy self_select on auxeira.users for select to auxeira_user using (user_id = auxeira.user_id());
create policy admin_select on auxeira.users for select to auxeira_admin using (true);
call auxeira.protect_private_table('auxeira.user_credentials');
call auxeira.protect_private_table('auxeira.user_sessions');
call auxeira.protect_private_table('auxeira.refresh_tokens');
call auxeira.protect_tenant_table('auxeira.organizations');
call auxeira.protect_tenant_table('auxeira.user_organizations');
grant select on auxeira.users, auxeira.organizations, auxeira.user_organizations to auxeira_user, auxeira_admin;

-- --- What auxeira.call asks -------------------------------------------------------------------------------

create function auxeira.rights_of(of_user_id uuid) returns table (readable text, writable text, members uuid[])
  language sql stable rows 1
begin atomic
  select string_agg(m.org_id::text, ','), string_agg(m.org_id::text, ',') filter (where m.role >= 'member'),
         array_agg(m.org_id)
  from auxeira.user_organizations m
  where m.user_id = of_user_id and m.left_at is null;
end;
comment on function auxeira.rights_of(uuid) is
  'The organizations whose rows a user may read and write, as the identity settings have them, and the ones '
  'the user is a member of.';
revoke execute on function auxeira.rights_of(uuid) from public;

create function auxeira.home_organization(of_user_id uuid) returns uuid language sql stable
begin atomic
  select m.org_id from auxeira.user_organizations m
  where m.user_id = of_user_id and m.left_at is null
  order by m.is_primary desc, m.joined_at, m.org_id
  limit 1;
end;
comment on function auxeira.home_organization(uuid) is 'The organization a user''s sessions start in.';
revoke execute on function auxeira.home_organization(uuid) from public;

create function auxeira.resolve_identity(asked_user_id uuid, asked_session_id uuid)
  returns table (user_id uuid, user_type auxeira.user_type, session_id uuid, org_id uuid, org_ids text,
                 writable_org_ids text, is_admin boolean)
  language sql stable rows 1
begin atomic
  select u.user_id, u.user_type, s.session_id, s.org_id, rights.readable, rights.writable, u.is_admin
  from auxeira.user_sessions s
    join auxeira.users u on u.user_id = s.user_id
    cross join lateral auxeira.rights_of(u.user_id) rights
  where s.session_id = asked_session_id and s.user_id = asked_user_id
    and s.revoked_at is null and s.expires_at > now() and u.is_active and s.org_id = any (rights.members);
end;
comment on function auxeira.resolve_identity(uuid, uuid) is
  'Who a session belongs to and which organizations it may read and write; no row when it is not alive.';
revoke execute on function auxeira.resolve_identity(uuid, uuid) from public;

create function auxeira.login_row(of_user_id uuid, of_session_id uuid)
  returns table (user_id uuid, user_type text, org_id uuid, session_id uuid, role text)
  language sql stable rows 1
begin atomic
  select u.user_id, u.user_type::text, s.org_id, s.session_id, case when u.is_admin then 'admin' else 'user' end
  from auxeira.users u join auxeira.user_sessions s on s.user_id = u.user_id
  where u.user_id = of_user_id and s.session_id = of_session_id;
end;
comment on function auxeira.login_row(uuid, uuid) is 'What the shim puts into a token after a login.';
revoke execute on function auxeira.login_row(uuid, uuid) from public;

-- --- The login path: definer functions, because there is no identity yet ------------------------------------

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

create function auxeira.start_session(
  user_id uuid, org_id uuid, refresh_token_hash bytea, lifetime_seconds integer, client jsonb) returns uuid
  language plpgsql volatile
as $$
declare
  new_id uuid;
begin
  insert into auxeira.user_sessions (user_id, org_id, client, expires_at)
  values (start_session.user_id, start_session.org_id, start_session.client,
          now() + make_interval(secs => lifetime_seconds))
  returning session_id into new_id;
  if refresh_token_hash is not null then
    insert into auxeira.refresh_tokens (token_hash, session_id) values (refresh_token_hash, new_id);
  end if;
  update auxeira.users u set last_login = now(), login_count = login_count + 1
  where u.user_id = start_session.user_id;
  return new_id;
end
$$;
comment on function auxeira.start_session(uuid, uuid, bytea, integer, jsonb) is
  'Opens a login session for an authenticated user and counts the login.';
revoke execute on function auxeira.start_session(uuid, uuid, bytea, integer, jsonb) from public;

create function auxeira.register_user(
  request jsonb, password_hash text, refresh_token_hash bytea, lifetime_seconds integer, client jsonb)
  returns table (user_id uuid, user_type text, org_id uuid, session_id uuid, role text)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
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
  kind constant auxeira.user_type := r ->> 'userType';
  new_user uuid;
  new_org uuid;
  new_session uuid;
begin
  insert into auxeira.users (email, user_type, profile) values (r ->> 'email', kind, r -> 'profile')
  on conflict do nothing
  returning user_id into new_user;
  if new_user is null then
    raise exception using errcode = 'ZA409', message = 'an account with this e-mail address already exists',
      hint = 'Log in, or register another address.';
  end if;
  insert into auxeira.user_credentials (user_id, password_hash) values (new_user, register_user.password_hash);
  insert into auxeira.organizations (name, org_type, industry, region, stage)
  values (coalesce(r #>> '{organization,name}', nullif(left(r #>> '{profile,companyName}', 255), ''),
                   split_part(r ->> 'email', '@', 1)),
          coalesce((r #>> '{organization,type}')::auxeira.organization_type,
                   auxeira.organization_type_of(kind)),
          r #>> '{organization,industry}', r #>> '{organization,region}',
          (r #>> '{organization,stage}')::auxeira.stage)
  returning org_id into new_org;
  insert into auxeira.user_organizations (org_id, user_id, role, is_primary)
  values (new_org, new_user, 'owner', true);
  new_session := auxeira.start_session(new_user, new_org, refresh_token_hash, lifetime_seconds, client);
  return query select * from auxeira.login_row(new_user, new_session);
end
$$;
comment on function auxeira.register_user(jsonb, text, bytea, integer, jsonb) is
  'Creates a user, their primary organization and a login session. request: {email, userType, profile?, '
  'organization{name,type,industry,region,stage}?}. Errors: ZA400, 22023, ZA409 the address is taken.';
-- It creates accounts and carries a password hash: for the shim alone.
revoke execute on function auxeira.register_user(jsonb, text, bytea, integer, jsonb) from public;

create function auxeira.credentials(address text) returns table (user_id uuid, password_hash text)
  language sql stable strict rows 1 security definer set search_path = pg_catalog, pg_temp
begin atomic
  select u.user_id, c.password_hash
  from auxeira.users u join auxeira.user_credentials c on c.user_id = u.user_id
  where lower(u.email) = lower(address) and u.is_active;
end;
comment on function auxeira.credentials(text) is 'The password hash of an active account; no row for others.';
-- It gives password hashes: for the shim alone.
revoke execute on function auxeira.credentials(text) from public;

create function auxeira.open_session(
  of_user_id uuid, refresh_token_hash bytea, lifetime_seconds integer, client jsonb)
  returns table (user_id uuid, user_type text, org_id uuid, session_id uuid, role text)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  home constant uuid := auxeira.home_organization(of_user_id);
  new_session uuid;
begin
  if home is null then
    raise exception using errcode = '28000', message = 'the account belongs to no organization';
  end if;
  new_session := auxeira.start_session(of_user_id, home, refresh_token_hash, lifetime_seconds, client);
  return query select * from auxeira.login_row(of_user_id, new_session);
end
$$;
comment on function auxeira.open_session(uuid, bytea, integer, jsonb) is
  'Opens a login session, in the primary organization, for a user whose password was right.';
-- It opens sessions without a password: for the shim alone.
revoke execute on function auxeira.open_session(uuid, bytea, integer, jsonb) from public;

create function auxeira.rotate_session(old_hash bytea, new_hash bytea, client jsonb)
  returns table (user_id uuid, user_type text, org_id uuid, session_id uuid, role text)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  token record;
begin
  select t.used_at, s.session_id, s.user_id, s.revoked_at, s.expires_at, u.is_active into token
  from auxeira.refresh_tokens t
    join auxeira.user_sessions s on s.session_id = t.session_id
    join auxeira.users u on u.user_id = s.user_id
  where t.token_hash = old_hash
  for update of s;
  if not found or token.revoked_at is not null or token.expires_at <= now() or not token.is_active then
    return;
  end if;
  -- Read again: a parallel refresh may have used the token while this one waited for the session.
  update auxeira.refresh_tokens t set used_at = now() where t.token_hash = old_hash and t.used_at is null;
  if not found then
    update auxeira.user_sessions s set revoked_at = now(), revoke_reason = 'refresh_reuse'
    where s.session_id = token.session_id;
    return;
  end if;
  insert into auxeira.refresh_tokens (token_hash, session_id) values (new_hash, token.session_id);
  update auxeira.user_sessions s set client = rotate_session.client where s.session_id = token.session_id;
  return query select * from auxeira.login_row(token.user_id, token.session_id);
end
$$;
comment on function auxeira.rotate_session(bytea, bytea, jsonb) is
  'Exchanges a refresh token for the next. No row when it is unknown or its session has ended. A token used '
  'twice ends its session for everyone who holds a token of it (RFC 9700, 4.14.2); no error is raised, because '
  'that would undo the ending.';
-- It opens the way to a session: for the shim alone.
revoke execute on function auxeira.rotate_session(bytea, bytea, jsonb) from public;

-- --- API ----------------------------------------------------------------------------------------------------

create function auxeira_api.me(request jsonb) returns json language sql stable
begin atomic
  select auxeira.success(json_build_object(
    'userId', u.user_id, 'email', u.email, 'userType', u.user_type, 'profile', u.profile,
    'isAdmin', u.is_admin, 'organizationId', auxeira.org_id(),
    'organizations', (
      select json_agg(json_build_object('organizationId', o.org_id, 'name', o.name, 'type', o.org_type,
                                        'role', m.role, 'isPrimary', m.is_primary) order by o.name)
      from auxeira.user_organizations m join auxeira.organizations o on o.org_id = m.org_id
      where m.user_id = u.user_id and m.left_at is null),
    'createdAt', u.created_at, 'lastLogin', u.last_login))
  from auxeira.users u where u.user_id = auxeira.user_id();
end;
comment on function auxeira_api.me(jsonb) is 'GET /api/auth/me: the user of the session and their organizations.';

-- Definer, because sessions are in a table that no API role can touch; it ends the caller's own alone.
create function auxeira_api.logout(request jsonb) returns json
  language sql volatile security definer set search_path = pg_catalog, pg_temp
begin atomic
  update auxeira.user_sessions set revoked_at = now(), revoke_reason = 'logout'
  where session_id = auxeira.session_id() and revoked_at is null;
  select auxeira.success(json_build_object('loggedOut', true));
end;
comment on function auxeira_api.logout(jsonb) is 'POST /api/auth/logout: ends the session; its tokens stop working.';

insert into auxeira.api_functions (name, required_role, status, is_read_only) values
  ('me', 'user', 200, true),
  ('logout', 'user', 200, false);

-- --- SQL logins -----------------------------------------------------------------------------------------------

create procedure auxeira.bind_login(login name, bound_user_id uuid) language plpgsql as $$
declare
  identity record;
  setting record;
begin
  select u.user_id, u.user_type, home.org_id, rights.readable, rights.writable into identity
  from auxeira.users u
    cross join lateral auxeira.home_organization(u.user_id) as home (org_id)
    cross join lateral auxeira.rights_of(u.user_id) rights
  where u.user_id = bound_user_id and u.is_active and home.org_id is not null;
  if not found then
    raise exception using errcode = 'P0002', message = 'no active user with an organization has this id';
  end if;
  for setting in
    select * from (values ('auxeira.user_id', identity.user_id::text), ('auxeira.user_type', identity.user_type::text),
      ('auxeira.org_id', identity.org_id::text), ('auxeira.org_ids', identity.readable),
      ('auxeira.writable_org_ids', identity.writable), ('session_preload_libraries', '$libdir/auxeira'))
      as s (name, value)
  loop
    execute format('alter role %I set %s = %L', login, setting.name, coalesce(setting.value, ''));
  end loop;
  execute format('grant auxeira_user to %I', login);
end
$$;
comment on procedure auxeira.bind_login(name, uuid) is
  'Makes an existing SQL login act as a user, for people who bring their own SQL client. Superusers only; the '
  'login cannot change it. The rights are those the user has now: call it again, or drop the login, when they '
  'change. Error P0002: no such member.';
revoke execute on procedure auxeira.bind_login(name, uuid) from public;

reset role;
