-- Users, organizations, memberships, and everything that proves who somebody is: the tables, and what follows when a
-- membership changes.
--
-- Whoever needs several of these rows locks them in this order: organizations, user_organizations, users, tokens and
-- second factors, user_sessions, refresh_tokens, api_keys, login_delays. The row of the organization stands for its
-- memberships and invitations, that of the user for everything the user can prove themselves with.
set local role auxeira_owner;

-- --- Users and organizations: global tables, each row seen by those it concerns --------------------------------

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
create unique index users_verified_email on auxeira.users (lower(email)) where email_verified;
create index users_email on auxeira.users (lower(email), email_verified desc, created_at, user_id);
comment on table auxeira.users is 'User accounts. Passwords are elsewhere: see user_credentials.';
comment on column auxeira.users.email is
  'One verified account has it, and any number of others: registering must not tell whether an address is taken.';
comment on column auxeira.users.is_admin is 'Administrator of the platform.';
create trigger users_updated before update on auxeira.users
  for each row execute function auxeira.touch_updated_at();

create table auxeira.user_credentials (
  user_id uuid primary key references auxeira.users on delete cascade,
  password_hash text not null check (password_hash like '$argon2id$%'),
  rehashed_from bytea check (length(rehashed_from) = 32),
  changed_at timestamptz not null default now()
);
comment on table auxeira.user_credentials is 'Password hashes (argon2id); the database never sees a password.';
comment on column auxeira.user_credentials.rehashed_from is
  'SHA-256 of the hash before, when it was of the same password: a login that was checked against that one goes on.';

create table auxeira.organizations (
  org_id uuid primary key default gen_random_uuid(),
  name text not null check (length(name) between 1 and 255),
  org_type auxeira.organization_type not null,
  description text check (length(description) between 1 and 5000),
  website text check (website ~* '^https?://'),
  industry text check (length(industry) between 1 and 100),
  region text check (length(region) between 1 and 100),
  stage auxeira.stage,
  business_model text check (business_model in ('b2c', 'smb', 'mid_market', 'enterprise', 'marketplace')),
  founded_on date check (isfinite(founded_on)),
  closed_on date check (isfinite(closed_on)),
  size_category text check (length(size_category) between 1 and 50),
  logo_url text check (logo_url ~* '^https?://'),
  is_active boolean not null default true,
  is_synthetic boolean not null default false,
  synthetic_session uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check (closed_on >= founded_on),
  check (is_synthetic or synthetic_session is null)
);
create index organizations_cohort on auxeira.organizations (org_type, stage, industry);
create index organizations_synthetic on auxeira.organizations (synthetic_session) where is_synthetic;
comment on table auxeira.organizations is 'Companies, funds, agencies: the tenants.';
comment on column auxeira.organizations.business_model is
  'Whom a company sells to: consumers (b2c), small, mid-sized or large businesses, or both sides of a marketplace.';
comment on column auxeira.organizations.closed_on is 'When it stopped trading on its own, closed or sold; NULL while it trades.';
comment on column auxeira.organizations.is_synthetic is
  'Made up: nothing of it counts in comparisons with real organizations.';
comment on column auxeira.organizations.synthetic_session is
  'The synthetic_data_sessions row that generated it, which may be gone.';
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

create table auxeira.invitations (
  org_id uuid not null references auxeira.organizations on delete cascade,
  invitation_id uuid not null default gen_random_uuid(),
  email text not null check (length(email) between 3 and 254 and email like '%_@_%'),
  role auxeira.member_role not null,
  token_hash bytea not null check (length(token_hash) = 32),
  invited_by uuid not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  accepted_at timestamptz,
  revoked_at timestamptz,
  primary key (org_id, invitation_id),
  check (expires_at > created_at),
  check (accepted_at is null or revoked_at is null)
);
create unique index invitations_pending on auxeira.invitations (org_id, lower(email))
  where accepted_at is null and revoked_at is null;
create index invitations_token on auxeira.invitations (token_hash);
comment on table auxeira.invitations is
  'Who was invited to an organization by mail. The link works once, for an account with the address it was sent to.';
comment on column auxeira.invitations.invited_by is 'Kept when the account is deleted, hence no foreign key.';

-- --- Sessions, keys, tokens ------------------------------------------------------------------------------------

create table auxeira.user_sessions (
  session_id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auxeira.users on delete cascade,
  org_id uuid not null references auxeira.organizations on delete cascade,
  token_version integer not null default 1 check (token_version > 0),
  address inet,
  user_agent text check (user_agent = auxeira.one_line(user_agent, 256)),
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoke_reason text check (revoke_reason in ('logout', 'logout_all', 'ended_by_user', 'refresh_reuse',
    'password_changed', 'password_reset', 'removed', 'administrator')),
  check (expires_at > created_at),
  check ((revoked_at is null) = (revoke_reason is null))
);
create index user_sessions_user on auxeira.user_sessions (user_id);
create index user_sessions_org on auxeira.user_sessions (org_id);
comment on table auxeira.user_sessions is
  'One row for each login. A call with its access token works while the row is neither expired nor revoked and has '
  'the version that the token has.';
comment on column auxeira.user_sessions.org_id is 'The active organization: what reads and writes concern.';
comment on column auxeira.user_sessions.token_version is 'Raised to make every access token so far useless.';
comment on column auxeira.user_sessions.address is
  'Where the login came from. Not updated by refreshing: it tells which clients knew the password.';
comment on column auxeira.user_sessions.last_seen_at is 'When it was opened or last refreshed.';

create table auxeira.refresh_tokens (
  token_hash bytea primary key check (length(token_hash) = 32),
  session_id uuid not null references auxeira.user_sessions on delete cascade,
  issued_at timestamptz not null default now(),
  used_at timestamptz check (used_at >= issued_at)
);
create index refresh_tokens_session on auxeira.refresh_tokens (session_id);
comment on table auxeira.refresh_tokens is
  'SHA-256 of every refresh token of a session. Each works for some seconds after its first use; later use ends the '
  'session.';

create table auxeira.account_tokens (
  token_hash bytea primary key check (length(token_hash) = 32),
  user_id uuid not null references auxeira.users on delete cascade,
  purpose text not null check (purpose in ('verify_email', 'reset_password')),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null check (expires_at > created_at),
  used_at timestamptz
);
create index account_tokens_user on auxeira.account_tokens (user_id, purpose);
comment on table auxeira.account_tokens is 'SHA-256 of the tokens in links of mails. Each works once.';

create table auxeira.totp_secrets (
  user_id uuid primary key references auxeira.users on delete cascade,
  sealed bytea not null,
  created_at timestamptz not null default now(),
  activated_at timestamptz,
  last_counter bigint check (last_counter >= 0)
);
comment on table auxeira.totp_secrets is
  'Secrets of second factors (RFC 6238), encrypted before they come here. Without activated_at: not proven yet.';
comment on column auxeira.totp_secrets.last_counter is 'Time step of the last code; only later ones are taken.';

create table auxeira.recovery_codes (
  user_id uuid not null references auxeira.users on delete cascade,
  code_hash bytea not null check (length(code_hash) = 32),
  used_at timestamptz,
  primary key (user_id, code_hash)
);
comment on table auxeira.recovery_codes is 'SHA-256 of the codes that stand in for a lost second factor, once each.';

create table auxeira.api_keys (
  key_id uuid primary key default gen_random_uuid(),
  org_id uuid not null references auxeira.organizations on delete cascade,
  user_id uuid not null references auxeira.users on delete cascade,
  name text not null check (length(name) between 1 and 100),
  prefix text not null check (prefix ~ '^[A-Za-z0-9]{8}$'),
  key_hash bytea not null unique check (length(key_hash) = 32),
  scopes text[] not null check (cardinality(scopes) > 0
    and not scopes && '{account:read, account:write, operations:read, operations:write}'),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null check (expires_at > created_at),
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index api_keys_user on auxeira.api_keys (user_id);
create index api_keys_org on auxeira.api_keys (org_id);
comment on table auxeira.api_keys is
  'Keys with which machines act for a user in one organization, within scopes such as metrics:read.';
comment on column auxeira.api_keys.prefix is 'The part of the key that is shown, to tell keys apart.';

call auxeira.protect_private_table('auxeira.users');
create policy self_select on auxeira.users for select to auxeira_user using (user_id = auxeira.user_id());
create policy admin_select on auxeira.users for select to auxeira_admin using (true);
grant select on auxeira.users to auxeira_user, auxeira_admin;
call auxeira.protect_tenant_table('auxeira.organizations');
call auxeira.protect_tenant_table('auxeira.user_organizations');
call auxeira.protect_private_table('auxeira.user_credentials');
call auxeira.protect_private_table('auxeira.invitations');
call auxeira.protect_private_table('auxeira.user_sessions');
call auxeira.protect_private_table('auxeira.refresh_tokens');
call auxeira.protect_private_table('auxeira.account_tokens');
call auxeira.protect_private_table('auxeira.totp_secrets');
call auxeira.protect_private_table('auxeira.recovery_codes');
call auxeira.protect_private_table('auxeira.api_keys');

-- --- What follows when a membership changes --------------------------------------------------------------------

create function auxeira.home_organization(of_user_id uuid) returns uuid language sql stable
begin atomic
  select m.org_id
  from auxeira.user_organizations m join auxeira.organizations o on o.org_id = m.org_id
  where m.user_id = of_user_id and m.left_at is null and o.is_active
  order by m.is_primary desc, m.joined_at, m.org_id
  limit 1;
end;
comment on function auxeira.home_organization(uuid) is 'The organization a user''s sessions start in.';
revoke execute on function auxeira.home_organization(uuid) from public;

create function auxeira.lock_user(of_user_id uuid) returns void language sql volatile
begin atomic
  select from auxeira.users u where u.user_id = of_user_id for no key update;
end;
comment on function auxeira.lock_user(uuid) is
  'Makes everything that changes the sessions or credentials of one user wait for each other. What was read before '
  'may be old news afterwards: read it again.';
revoke execute on function auxeira.lock_user(uuid) from public;

create function auxeira.membership_changed() returns trigger language plpgsql as $$
declare
  has_left boolean;
  home uuid;
begin
  if tg_when <> 'AFTER' or tg_level <> 'ROW' or tg_op not in ('UPDATE', 'DELETE') then
    raise exception using errcode = '39P01', message = 'membership_changed is for after update or delete, each row';
  end if;
  has_left := tg_op = 'DELETE' or new.org_id <> old.org_id or new.user_id <> old.user_id or new.left_at is not null;
  if old.left_at is not null or not has_left and new.role = old.role then
    return null;
  end if;
  -- A parallel departure from another organization could be the home that sessions are moved to here.
  perform auxeira.lock_user(old.user_id);
  home := auxeira.home_organization(old.user_id);
  -- Every session, not those of this organization alone: one that another transaction is just moving here is waited
  -- for and then read as it became.
  update auxeira.user_sessions s set
    token_version = s.token_version + 1,
    org_id = case when has_left and s.org_id = old.org_id then coalesce(home, s.org_id) else s.org_id end,
    revoked_at = case when has_left and home is null then clock_timestamp() end,
    revoke_reason = case when has_left and home is null then 'removed' end
  where s.user_id = old.user_id and s.revoked_at is null;
  if has_left then
    update auxeira.api_keys k set revoked_at = clock_timestamp()
    where k.user_id = old.user_id and k.org_id = old.org_id and k.revoked_at is null;
  end if;
  -- An invitation must not outlive the right to make it.
  if has_left or new.role < old.role then
    update auxeira.invitations i set revoked_at = clock_timestamp()
    where i.org_id = old.org_id and i.invited_by = old.user_id and i.accepted_at is null and i.revoked_at is null;
  end if;
  return null;
end
$$;
comment on function auxeira.membership_changed() is
  'Trigger: a change of role or a departure makes the user''s access tokens useless. Who left is moved to the home '
  'organization, or logged out when there is none, and loses the API keys and invitations made there.';
create trigger membership_changed after update or delete on auxeira.user_organizations
  for each row execute function auxeira.membership_changed();

reset role;
