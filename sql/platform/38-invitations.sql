-- Invitations to an organization: by mail, to an address, for one use.
set local role auxeira_owner;

create function auxeira.invitation_json(i auxeira.invitations) returns json language sql stable
  return json_build_object('invitationId', i.invitation_id, 'email', i.email, 'role', i.role,
    'invitedBy', i.invited_by, 'createdAt', i.created_at, 'expiresAt', i.expires_at);
comment on function auxeira.invitation_json(auxeira.invitations) is 'An invitation as the API tells it.';
revoke execute on function auxeira.invitation_json(auxeira.invitations) from public;

create function auxeira.check_invitation(org uuid, address text) returns void language plpgsql stable as $$
begin
  if exists (select from auxeira.user_organizations m join auxeira.users u on u.user_id = m.user_id
             where m.org_id = org and m.left_at is null and u.email_verified and lower(u.email) = lower(address)) then
    raise exception using errcode = 'ZA409', message = 'a member has this e-mail address';
  end if;
  if (select count(*) >= 50 from auxeira.invitations i
      where i.org_id = org and i.created_at > now() - interval '24 hours') then
    raise exception using errcode = 'ZA429', message = 'the organization invited 50 times within 24 hours',
      hint = 'Try again later.';
  end if;
end
$$;
comment on function auxeira.check_invitation(uuid, text) is
  'Whether an organization, which is locked, may invite an address. Errors: ZA409 a member has it, ZA429 too many.';
revoke execute on function auxeira.check_invitation(uuid, text) from public;

-- Definer, as all below: invitations are in a table that no API role can touch.
create function auxeira_api.invite_member(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["organizationId", "email", "role", "tokenHash", "tokenSealed"], "additionalProperties": false,
    "properties": {
      "organizationId": {"type": "string", "format": "uuid"},
      "email": {"type": "string", "format": "email"},
      "role": {"type": "string", "enum": ["viewer", "member", "admin", "owner"]},
      "tokenHash": {"type": "string", "minLength": 64, "maxLength": 64},
      "tokenSealed": {"type": "string", "minLength": 2, "maxLength": 2000}}}');
  org constant uuid := r ->> 'organizationId';
  own_role constant auxeira.member_role := auxeira.lock_organization(org, 'user_organizations', 'insert');
  made auxeira.invitations;
begin
  perform auxeira.require_call();
  perform auxeira.require_verified_address(auxeira.user_id());
  if r ->> 'role' = 'owner' then
    perform auxeira.require_owner(own_role);
  end if;
  perform auxeira.check_invitation(org, r ->> 'email');
  -- The later invitation is the one that counts.
  update auxeira.invitations i set revoked_at = clock_timestamp()
  where i.org_id = org and lower(i.email) = lower(r ->> 'email') and i.accepted_at is null and i.revoked_at is null;
  insert into auxeira.invitations (org_id, email, role, token_hash, invited_by, expires_at)
  values (org, r ->> 'email', (r ->> 'role')::auxeira.member_role, decode(r ->> 'tokenHash', 'hex'),
          auxeira.user_id(), now() + interval '7 days')
  returning * into made;
  perform auxeira.queue_mail(made.email, 'invitation', jsonb_build_object(
      'organization', auxeira.one_line(o.name, 255), 'inviter', auxeira.one_line(u.email, 254), 'role', made.role),
    decode(r ->> 'tokenSealed', 'hex'), made.expires_at)
  from auxeira.organizations o, auxeira.users u where o.org_id = org and u.user_id = auxeira.user_id();
  perform auxeira.record_own('member_invited', made.invitation_id);
  return auxeira.success(auxeira.invitation_json(made));
end
$$;
comment on function auxeira_api.invite_member(jsonb) is
  'POST /api/organizations/:organizationId/invitations: invites an address by mail, for admins, for 7 days. email, '
  'role (owner: by owners). Another invitation of the address ends the one before. tokenHash and tokenSealed come '
  'from the shim. Whether the address has an account makes no difference. Errors: P0002, 42501, ZA409 a member, '
  'ZA429.';

create function auxeira_api.list_invitations(request jsonb) returns json
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["organizationId"], "additionalProperties": false,
    "properties": {"organizationId": {"type": "string", "format": "uuid"}}}');
  org constant uuid := r ->> 'organizationId';
begin
  perform auxeira.require_right('user_organizations', 'insert', org, 'organization not found');
  return auxeira.success(json_build_object('invitations', (
    select coalesce(json_agg(auxeira.invitation_json(i) order by i.created_at desc, i.invitation_id), '[]')
    from auxeira.invitations i
    where i.org_id = org and i.accepted_at is null and i.revoked_at is null and i.expires_at > now())));
end
$$;
comment on function auxeira_api.list_invitations(jsonb) is
  'GET /api/organizations/:organizationId/invitations: those that wait to be accepted, for admins. Errors: P0002, '
  '42501.';

create function auxeira_api.revoke_invitation(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["organizationId", "invitationId"], "additionalProperties": false,
    "properties": {
      "organizationId": {"type": "string", "format": "uuid"},
      "invitationId": {"type": "string", "format": "uuid"}}}');
  org constant uuid := r ->> 'organizationId';
begin
  perform auxeira.require_call();
  perform auxeira.lock_organization(org, 'user_organizations', 'insert');
  update auxeira.invitations i set revoked_at = clock_timestamp()
  where i.org_id = org and i.invitation_id = (r ->> 'invitationId')::uuid and i.accepted_at is null
    and i.revoked_at is null;
  if not found then
    raise exception using errcode = 'P0002', message = 'invitation not found';
  end if;
  perform auxeira.record_own('invitation_revoked', (r ->> 'invitationId')::uuid);
  return auxeira.success(json_build_object('invitationId', r ->> 'invitationId', 'revoked', true));
end
$$;
comment on function auxeira_api.revoke_invitation(jsonb) is
  'DELETE /api/organizations/:organizationId/invitations/:invitationId: ends an invitation that was not accepted, '
  'for admins. Errors: P0002, 42501.';

create function auxeira.use_invitation(token bytea, address text) returns auxeira.invitations
  language plpgsql volatile
as $$
declare
  used auxeira.invitations;
begin
  -- Everything about invitations happens under the lock of the organization.
  perform from auxeira.organizations o
  where o.is_active and o.org_id in (select i.org_id from auxeira.invitations i where i.token_hash = token)
  for no key update;
  if found then
    update auxeira.invitations i set accepted_at = clock_timestamp()
    where i.token_hash = token and lower(i.email) = lower(address) and i.accepted_at is null
      and i.revoked_at is null and i.expires_at > now()
    returning * into used;
  end if;
  return used;
end
$$;
comment on function auxeira.use_invitation(bytea, text) is
  'Uses up an invitation and gives it; NULL when it is of no use to whom has this address.';
revoke execute on function auxeira.use_invitation(bytea, text) from public;

create function auxeira_api.accept_invitation(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["token"], "additionalProperties": false,
    "properties": {"token": {"type": "string", "minLength": 1, "maxLength": 200}}}');
  me constant uuid := auxeira.user_id();
  used constant auxeira.invitations := auxeira.use_invitation(sha256(convert_to(r ->> 'token', 'UTF8')),
    (select u.email from auxeira.users u where u.user_id = me));
  given_role auxeira.member_role;
begin
  perform auxeira.require_call();
  if used.invitation_id is null then
    perform auxeira.refuse_value('token', 'it has been used, has expired, or is for another e-mail address');
  end if;
  -- The mail came there, so the address is theirs, unless it is proven to be that of another account.
  if not auxeira.verify_address(me) then
    raise exception using errcode = '42501', message = 'another account has verified this e-mail address',
      hint = 'Log in to that account.';
  end if;
  insert into auxeira.user_organizations as m (org_id, user_id, role) values (used.org_id, me, used.role)
  on conflict (org_id, user_id) do update set
    role = case when m.left_at is null then greatest(m.role, excluded.role) else excluded.role end,
    joined_at = case when m.left_at is null then m.joined_at else clock_timestamp() end,
    left_at = null
  returning m.role into given_role;
  perform auxeira.record_access('member_joined', me, used.org_id, auxeira.session_id(), auxeira.client(),
                                used.invitation_id);
  return auxeira.success(json_build_object('organizationId', used.org_id, 'role', given_role, 'name', (
    select o.name from auxeira.organizations o where o.org_id = used.org_id)));
end
$$;
comment on function auxeira_api.accept_invitation(jsonb) is
  'POST /api/invitations/accept: joins the organization of an invitation (token) that was sent to the user''s '
  'address. Members keep the greater role. Errors: 22023 the token is of no use, 42501 another account verified the '
  'address.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('invite_member', 'user', 201, false, 'organization'),
  ('list_invitations', 'user', 200, true, 'organization'),
  ('revoke_invitation', 'user', 200, false, 'organization'),
  ('accept_invitation', 'user', 200, false, 'account');

reset role;
