-- Organizations and who belongs to them. Whatever changes members or invitations locks the organization first, and
-- reads the rights of who asks only then: two admins who demote each other come one after the other.
set local role auxeira_owner;

create function auxeira.lock_organization(of_org_id uuid, of_table text, of_command text)
  returns auxeira.member_role language plpgsql volatile
as $$
declare
  own_role auxeira.member_role;
begin
  perform auxeira.require_right(of_table, of_command, of_org_id, 'organization not found');
  perform from auxeira.organizations o where o.org_id = of_org_id for no key update;
  -- The rights of the call are those it began with.
  select m.role into own_role
  from auxeira.user_organizations m join auxeira.visibility v
    on v.table_name = of_table and v.command = of_command and v.audience = 'own' and m.role >= v.minimum_role
  where m.org_id = of_org_id and m.user_id = auxeira.user_id() and m.left_at is null;
  if not found then
    raise exception using errcode = '42501', message = 'your role or type of user does not allow this';
  end if;
  return own_role;
end
$$;
comment on function auxeira.lock_organization(uuid, text, text) is
  'Locks an organization for a change of its members, and gives the role that the caller has now. Errors: P0002 not '
  'an organization of the caller''s, 42501 the matrix does not allow the command, or not any more.';
revoke execute on function auxeira.lock_organization(uuid, text, text) from public;

create function auxeira.keep_an_owner(of_org_id uuid, other_than uuid) returns void language plpgsql stable as $$
begin
  if not exists (select from auxeira.user_organizations m join auxeira.users u on u.user_id = m.user_id
                 where m.org_id = of_org_id and m.user_id <> other_than and m.role = 'owner' and m.left_at is null
                   and u.is_active) then
    raise exception using errcode = 'ZA409', message = 'an organization keeps at least one owner',
      hint = 'Make another member an owner first.';
  end if;
end
$$;
comment on function auxeira.keep_an_owner(uuid, uuid) is
  'Error ZA409 when an organization, which is locked, has no other owner who can log in.';
revoke execute on function auxeira.keep_an_owner(uuid, uuid) from public;

create function auxeira.require_owner(own_role auxeira.member_role) returns void language plpgsql as $$
begin
  if own_role < 'owner' then
    raise exception using errcode = '42501', message = 'only owners make or unmake owners';
  end if;
end
$$;
comment on function auxeira.require_owner(auxeira.member_role) is 'Error 42501 for roles below owner.';
revoke execute on function auxeira.require_owner(auxeira.member_role) from public;

-- --- Organizations -------------------------------------------------------------------------------------------------

create function auxeira.organization_json(o auxeira.organizations) returns json language sql stable
  return json_build_object(
    'organizationId', o.org_id, 'name', o.name, 'type', o.org_type, 'description', o.description,
    'website', o.website, 'industry', o.industry, 'region', o.region, 'stage', o.stage,
    'businessModel', o.business_model, 'foundedOn', o.founded_on, 'closedOn', o.closed_on,
    'sizeCategory', o.size_category, 'logoUrl', o.logo_url, 'isSynthetic', o.is_synthetic, 'createdAt', o.created_at,
    'role', (select m.role from auxeira.user_organizations m
             where m.org_id = o.org_id and m.user_id = auxeira.user_id() and m.left_at is null));
comment on function auxeira.organization_json(auxeira.organizations) is
  'An organization as the API tells it, with the role that the user has in it.';

create function auxeira_api.list_organizations(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{"additionalProperties": false}');
begin
  return auxeira.success(json_build_object('organizations', (
    select coalesce(json_agg(json_build_object(
      'organizationId', o.org_id, 'name', o.name, 'type', o.org_type, 'role', m.role, 'isPrimary', m.is_primary,
      'isActive', o.org_id = auxeira.org_id(), 'joinedAt', m.joined_at) order by o.name, o.org_id), '[]')
    from auxeira.user_organizations m join auxeira.organizations o on o.org_id = m.org_id
    where m.user_id = auxeira.user_id() and m.left_at is null)));
end
$$;
comment on function auxeira_api.list_organizations(jsonb) is
  'GET /api/organizations: the organizations the user belongs to. isActive: the one that requests concern.';

create function auxeira_api.get_organization(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["organizationId"], "additionalProperties": false,
    "properties": {"organizationId": {"type": "string", "format": "uuid"}}}');
  found_one json;
begin
  select auxeira.organization_json(o) into found_one
  from auxeira.organizations o where o.org_id = (r ->> 'organizationId')::uuid;
  if found_one is null then
    raise exception using errcode = 'P0002', message = 'organization not found';
  end if;
  return auxeira.success(found_one);
end
$$;
comment on function auxeira_api.get_organization(jsonb) is
  'GET /api/organizations/:organizationId: the profile of an organization of the user''s own or related to one. role '
  'is the user''s own, if any. Error P0002.';

create function auxeira.check_url(path text, url text) returns void language plpgsql as $$
begin
  if url <> '' and url !~* '^https?://[^[:space:][:cntrl:]]+$' then
    perform auxeira.refuse_value(path, 'it is not a URL that begins with http:// or https://');
  end if;
end
$$;
comment on function auxeira.check_url(text, text) is
  'Error 22023 for what is neither empty nor the address of a page.';
revoke execute on function auxeira.check_url(text, text) from public;

-- Definer, because no API role may update: UPDATE would also let a login lock the table for all tenants.
create function auxeira_api.update_organization(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["organizationId"], "additionalProperties": false,
    "properties": {
      "organizationId": {"type": "string", "format": "uuid"},
      "name": {"type": "string", "minLength": 1, "maxLength": 255},
      "description": {"type": "string", "maxLength": 5000},
      "website": {"type": "string", "maxLength": 2000},
      "industry": {"type": "string", "maxLength": 100},
      "region": {"type": "string", "maxLength": 100},
      "stage": {"type": "string", "enum": ["", "pre_seed", "seed", "series_a", "series_b", "series_c", "growth",
        "late"]},
      "businessModel": {"type": "string", "enum": ["", "b2c", "smb", "mid_market", "enterprise", "marketplace"]},
      "foundedOn": {"type": "string", "format": "date-time"},
      "closedOn": {"type": "string", "format": "date-time"},
      "sizeCategory": {"type": "string", "maxLength": 50},
      "logoUrl": {"type": "string", "maxLength": 2000}}}');
  founded constant date := (r ->> 'foundedOn')::timestamptz at time zone 'UTC';
  closed constant date := (r ->> 'closedOn')::timestamptz at time zone 'UTC';
  changed auxeira.organizations;
begin
  perform auxeira.require_call();
  perform auxeira.lock_organization((r ->> 'organizationId')::uuid, 'organizations', 'update');
  perform auxeira.check_url(path, r ->> path) from unnest(array['website', 'logoUrl']) path;
  perform auxeira.refuse_value('closedOn', 'must not be before foundedOn') from auxeira.organizations o
  where o.org_id = (r ->> 'organizationId')::uuid and coalesce(closed, o.closed_on) < coalesce(founded, o.founded_on);
  update auxeira.organizations o set
    name = coalesce(r ->> 'name', o.name),
    description = nullif(coalesce(r ->> 'description', o.description), ''),
    website = nullif(coalesce(r ->> 'website', o.website), ''),
    industry = nullif(coalesce(r ->> 'industry', o.industry), ''),
    region = nullif(coalesce(r ->> 'region', o.region), ''),
    stage = nullif(coalesce(r ->> 'stage', o.stage::text), '')::auxeira.stage,
    business_model = nullif(coalesce(r ->> 'businessModel', o.business_model), ''),
    founded_on = coalesce(founded, o.founded_on),
    closed_on = coalesce(closed, o.closed_on),
    size_category = nullif(coalesce(r ->> 'sizeCategory', o.size_category), ''),
    logo_url = nullif(coalesce(r ->> 'logoUrl', o.logo_url), '')
  where o.org_id = (r ->> 'organizationId')::uuid
  returning * into changed;
  perform auxeira.record_own('organization_updated', changed.org_id);
  return auxeira.success(auxeira.organization_json(changed));
end
$$;
comment on function auxeira_api.update_organization(jsonb) is
  'PATCH /api/organizations/:organizationId: changes the profile, for admins. Any of name, description, website, '
  'industry, region, stage, businessModel (b2c, smb, mid_market, enterprise, marketplace), foundedOn, closedOn, '
  'sizeCategory, logoUrl; an empty text clears the field. Errors: P0002, 42501, 22023.';

-- Definer, as the shim has no rights of its own; for the shim alone.
create function auxeira.switch_organization(claims jsonb, org_id uuid, client jsonb)
  returns setof auxeira.opened_session
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me record;
begin
  -- Who leaves the organization at this moment waits for this lock, and then moves the session out of it again.
  select * into strict me from auxeira.locked_session_of(claims);
  perform from auxeira.user_organizations m join auxeira.organizations o on o.org_id = m.org_id
  where m.org_id = switch_organization.org_id and m.user_id = me.user_id and m.left_at is null and o.is_active;
  if not found then
    raise exception using errcode = 'P0002', message = 'organization not found';
  end if;
  update auxeira.user_sessions s set org_id = switch_organization.org_id, token_version = s.token_version + 1
  where s.session_id = me.session_id and s.revoked_at is null;
  if not found then
    raise exception using errcode = '28000', message = 'the session has ended',
      hint = 'Log in again, or use the refresh token.';
  end if;
  perform auxeira.record_access('organization_switched', me.user_id, org_id, me.session_id, client);
  return query select * from auxeira.login_row(me.session_id);
end
$$;
comment on function auxeira.switch_organization(jsonb, uuid, jsonb) is
  'Makes another organization of the user the active one of a session; its access tokens so far stop working. '
  'Errors: 28000, 42501 an API key, P0002 not a member.';
revoke execute on function auxeira.switch_organization(jsonb, uuid, jsonb) from public;

-- --- Members -------------------------------------------------------------------------------------------------------

-- Definer, because the addresses of others are in a table of which members see their own row alone.
create function auxeira_api.list_members(request jsonb) returns json
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["organizationId"], "additionalProperties": false,
    "properties": {"organizationId": {"type": "string", "format": "uuid"}}}');
  org constant uuid := r ->> 'organizationId';
begin
  perform auxeira.require_right('user_organizations', 'select', org, 'organization not found');
  return auxeira.success(json_build_object('members', (
    select coalesce(json_agg(json_build_object(
      'userId', u.user_id, 'email', u.email, 'role', m.role, 'joinedAt', m.joined_at)
      order by m.role desc, u.email, u.user_id), '[]')
    from auxeira.user_organizations m join auxeira.users u on u.user_id = m.user_id
    where m.org_id = org and m.left_at is null)));
end
$$;
comment on function auxeira_api.list_members(jsonb) is
  'GET /api/organizations/:organizationId/members: who belongs to an organization of the user''s own. Error P0002.';

-- Definer, as the next: no API role may update memberships.
create function auxeira_api.change_member_role(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["organizationId", "userId", "role"], "additionalProperties": false,
    "properties": {
      "organizationId": {"type": "string", "format": "uuid"}, "userId": {"type": "string", "format": "uuid"},
      "role": {"type": "string", "enum": ["viewer", "member", "admin", "owner"]}}}');
  org constant uuid := r ->> 'organizationId';
  member constant uuid := r ->> 'userId';
  new_role constant auxeira.member_role := r ->> 'role';
  own_role constant auxeira.member_role := auxeira.lock_organization(org, 'user_organizations', 'update');
  old_role auxeira.member_role;
begin
  perform auxeira.require_call();
  select m.role into old_role from auxeira.user_organizations m
  where m.org_id = org and m.user_id = member and m.left_at is null;
  if not found then
    raise exception using errcode = 'P0002', message = 'member not found';
  end if;
  if new_role <> old_role then
    if 'owner' in (old_role, new_role) then
      perform auxeira.require_owner(own_role);
    end if;
    if old_role = 'owner' then
      perform auxeira.keep_an_owner(org, member);
    end if;
    update auxeira.user_organizations m set role = new_role where m.org_id = org and m.user_id = member;
    perform auxeira.record_own('member_role_changed', member);
  end if;
  return auxeira.success(json_build_object('organizationId', org, 'userId', member, 'role', new_role));
end
$$;
comment on function auxeira_api.change_member_role(jsonb) is
  'PATCH /api/organizations/:organizationId/members/:userId: gives a member another role, for admins; owners are '
  'made and unmade by owners. The member''s access tokens stop working. Errors: P0002, 42501, ZA409 the last owner.';

create function auxeira_api.remove_member(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["organizationId", "userId"], "additionalProperties": false,
    "properties": {
      "organizationId": {"type": "string", "format": "uuid"}, "userId": {"type": "string", "format": "uuid"}}}');
  org constant uuid := r ->> 'organizationId';
  member constant uuid := r ->> 'userId';
  -- Everybody may leave.
  own_role constant auxeira.member_role := auxeira.lock_organization(org, 'user_organizations',
    case when member = auxeira.user_id() then 'select' else 'update' end);
  old_role auxeira.member_role;
begin
  perform auxeira.require_call();
  select m.role into old_role from auxeira.user_organizations m
  where m.org_id = org and m.user_id = member and m.left_at is null;
  if not found then
    raise exception using errcode = 'P0002', message = 'member not found';
  end if;
  if old_role = 'owner' then
    perform auxeira.require_owner(own_role);
    perform auxeira.keep_an_owner(org, member);
  end if;
  update auxeira.user_organizations m set left_at = clock_timestamp(), is_primary = false
  where m.org_id = org and m.user_id = member;
  perform auxeira.record_own('member_removed', member);
  return auxeira.success(json_build_object('organizationId', org, 'userId', member, 'removed', true));
end
$$;
comment on function auxeira_api.remove_member(jsonb) is
  'DELETE /api/organizations/:organizationId/members/:userId: removes a member, for admins and for oneself; owners '
  'are removed by owners. The member''s access tokens stop working. Errors: P0002, 42501, ZA409 the last owner.';

-- Definer, because no API role may update accounts.
create function auxeira_api.admin_update_user(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["userId", "isActive"], "additionalProperties": false,
    "properties": {"userId": {"type": "string", "format": "uuid"}, "isActive": {"type": "boolean"}}}');
  person constant uuid := r ->> 'userId';
  active constant boolean := r ->> 'isActive';
  was_active boolean;
begin
  if person = auxeira.user_id() then
    raise exception using errcode = 'ZA409', message = 'you cannot disable or enable yourself';
  end if;
  -- Both, in one order: of two administrators who disable each other, one is left.
  perform from auxeira.users u where u.user_id in (person, auxeira.user_id()) order by u.user_id for no key update;
  if not exists (select from auxeira.users u where u.user_id = auxeira.user_id() and u.is_active and u.is_admin) then
    raise exception using errcode = '42501', message = 'this needs a platform administrator';
  end if;
  select u.is_active into was_active from auxeira.users u where u.user_id = person;
  if not found then
    raise exception using errcode = 'P0002', message = 'user not found';
  end if;
  if active <> was_active then
    update auxeira.users u set is_active = active where u.user_id = person;
    perform auxeira.record_own(case when active then 'user_enabled' else 'user_disabled' end, person);
  end if;
  if not active then
    perform auxeira.end_sessions(person, 'administrator');
  end if;
  return auxeira.success(json_build_object('userId', person, 'isActive', active));
end
$$;
comment on function auxeira_api.admin_update_user(jsonb) is
  'PATCH /api/admin/users/:userId: disables or enables an account (isActive). A disabled one cannot log in, and its '
  'sessions end. Errors: P0002, ZA409 oneself.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('list_organizations', 'user', 200, true, 'organization'),
  ('get_organization', 'user', 200, true, 'organization'),
  ('update_organization', 'user', 200, false, 'organization'),
  ('list_members', 'user', 200, true, 'organization'),
  ('change_member_role', 'user', 200, false, 'organization'),
  ('remove_member', 'user', 200, false, 'organization'),
  ('admin_update_user', 'admin', 200, false, 'operations');

reset role;
