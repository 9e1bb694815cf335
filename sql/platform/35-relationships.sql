-- Relationships with a startup, by consent: whoever proposes one sees nothing of the startup until it accepts.
set local role auxeira_owner;

create table auxeira.relationships (
  org_id uuid not null references auxeira.organizations on delete cascade,
  relationship_id uuid not null default gen_random_uuid(),
  startup_id uuid not null references auxeira.organizations on delete cascade,
  kind text not null references auxeira.relationship_kinds,
  status text not null default 'proposed' check (status in ('proposed', 'accepted', 'declined', 'ended')),
  scopes text[] not null default '{}' check (scopes <@ '{scores, metrics, documents}'),
  message text check (length(message) between 1 and 500),
  proposed_by uuid,
  decided_by uuid,
  decided_at timestamptz,
  ended_by uuid,
  ended_at timestamptz,
  is_synthetic boolean not null default false,
  session_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, relationship_id),
  check (startup_id <> org_id),
  check (status = 'accepted' or scopes = '{}'),
  check ((status in ('accepted', 'declined')) <= (decided_at is not null)),
  check ((status = 'ended') = (ended_at is not null)),
  check (is_synthetic or session_id is null)
);
create unique index relationships_alive on auxeira.relationships (org_id, startup_id, kind)
  where status in ('proposed', 'accepted');
create index relationships_kind on auxeira.relationships (kind);
create index relationships_startup on auxeira.relationships (startup_id, status);
comment on table auxeira.relationships is
  'Relationships of investors, partners and grantors (org_id, who propose) with startups, who accept, choose what they '
  'open (scopes), or decline. Either side ends it. Accepted: the startup''s profile and the scopes may be read.';
comment on column auxeira.relationships.scopes is 'What the startup opened: scores, metrics, documents.';
create trigger relationships_updated before update on auxeira.relationships
  for each row execute function auxeira.touch_updated_at();
call auxeira.protect_tenant_table('auxeira.relationships');

create function auxeira.relationship_json(r auxeira.relationships) returns json language sql stable parallel safe
  return json_build_object(
    'relationshipId', r.relationship_id, 'kind', r.kind, 'status', r.status, 'scopes', r.scopes,
    'organizationId', r.org_id, 'startupId', r.startup_id, 'message', r.message, 'createdAt', r.created_at,
    'decidedAt', r.decided_at, 'endedAt', r.ended_at);
comment on function auxeira.relationship_json(auxeira.relationships) is 'A relationship as the API tells it.';

create function auxeira.list_related(of_kind text, of_status text, page integer) returns json language sql stable
begin atomic
  select coalesce(json_agg(found.item order by found.created_at desc, found.relationship_id), '[]')
  from (
    select r.created_at, r.relationship_id, auxeira.relationship_json(r)::jsonb
      || jsonb_build_object('organizationName', proposer.name, 'startupName', startup.name) as item
    from auxeira.relationships r
      left join auxeira.organizations proposer on proposer.org_id = r.org_id
      left join auxeira.organizations startup on startup.org_id = r.startup_id
    where (of_kind is null or r.kind = of_kind) and (of_status is null or r.status = of_status)
    order by r.created_at desc, r.relationship_id limit page) found;
end;
comment on function auxeira.list_related(text, text, integer) is
  'Relationships that the caller may see, newest first, with the names that the caller may see.';

-- --- Proposing ----------------------------------------------------------------------------------------------

create function auxeira.check_proposal(of_startup_id uuid, of_kind text) returns void language plpgsql stable as $$
begin
  perform auxeira.require_right('relationships', 'insert', auxeira.org_id(), 'organization not found');
  if not exists (select from auxeira.relationship_kinds k
                 where k.kind = of_kind and auxeira.own_user_type() = any (k.proposer_types::text[])) then
    raise exception using errcode = '42501', message = 'your type of user does not propose this kind of relationship';
  end if;
  if not exists (select from auxeira.organizations o
                 where o.org_id = of_startup_id and o.org_type = 'startup' and o.is_active
                   and o.org_id <> auxeira.org_id()) then
    raise exception using errcode = 'P0002', message = 'startup not found';
  end if;
  if exists (select from auxeira.relationships r
             where r.org_id = auxeira.org_id() and r.startup_id = of_startup_id and r.kind = of_kind
               and r.status = 'declined' and r.decided_at > now() - interval '30 days') then
    raise exception using errcode = 'ZA409', message = 'the startup declined this within the last 30 days';
  end if;
end
$$;
comment on function auxeira.check_proposal(uuid, text) is
  'Errors when the active organization may not propose this: 42501 not for this role or type of user, P0002 no such '
  'startup, ZA409 declined lately.';

-- Definer, because nobody may write relationships in any other way; it writes for the active organization only.
create function auxeira.propose_relationship(of_startup_id uuid, of_kind text, words text default null)
  returns auxeira.relationships
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  proposed auxeira.relationships;
begin
  perform auxeira.check_proposal(of_startup_id, of_kind);
  insert into auxeira.relationships (org_id, startup_id, kind, message, proposed_by)
  values (auxeira.org_id(), of_startup_id, of_kind, words, auxeira.user_id())
  on conflict (org_id, startup_id, kind) where status in ('proposed', 'accepted') do nothing
  returning * into proposed;
  if found then
    perform auxeira.record_own('relationship_proposed', proposed.relationship_id);
    return proposed;
  end if;
  select * into strict proposed from auxeira.relationships r
  where r.org_id = auxeira.org_id() and r.startup_id = of_startup_id and r.kind = of_kind
    and r.status in ('proposed', 'accepted');
  return proposed;
end
$$;
comment on function auxeira.propose_relationship(uuid, text, text) is
  'Proposes a relationship of the active organization with a startup; gives the one there is when it is proposed or '
  'accepted already. Errors: those of check_proposal.';

create function auxeira_api.create_relationship(request jsonb) returns json language plpgsql volatile as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["startupId", "kind"], "additionalProperties": false,
    "properties": {
      "startupId": {"type": "string", "format": "uuid"},
      "kind": {"type": "string", "enum": ["investor", "partner", "grantor"]},
      "message": {"type": "string", "minLength": 1, "maxLength": 500}}}');
begin
  return auxeira.success(auxeira.relationship_json(
    auxeira.propose_relationship((r ->> 'startupId')::uuid, r ->> 'kind', r ->> 'message')));
end
$$;
comment on function auxeira_api.create_relationship(jsonb) is
  'POST /api/relationships: proposes a relationship. startupId, kind (investor, partner, grantor), message?. It opens '
  'nothing until the startup accepts. Errors: 42501, P0002, ZA409.';

create function auxeira_api.list_relationships(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "properties": {
      "kind": {"type": "string", "enum": ["investor", "partner", "grantor"]},
      "status": {"type": "string", "enum": ["proposed", "accepted", "declined", "ended"]},
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}}}', true);
begin
  return auxeira.success(json_build_object(
    'relationships', auxeira.list_related(r ->> 'kind', r ->> 'status', (r ->> 'limit')::integer)));
end
$$;
comment on function auxeira_api.list_relationships(jsonb) is
  'GET /api/relationships: those the user''s organizations proposed or were proposed. kind, status, limit optional.';

-- --- Deciding and ending --------------------------------------------------------------------------------------

create function auxeira.check_scopes(kind text, scopes text[]) returns void language plpgsql stable as $$
declare
  refused text;
begin
  select string_agg(format('scopes: %s cannot be opened to a relationship of kind %s', s, kind), E'\n') into refused
  from unnest(scopes) s
  where not exists (select from auxeira.visibility v where v.audience = check_scopes.kind and v.scope = s);
  if refused is not null then
    raise exception using errcode = '22023', message = 'invalid request: ' || refused, detail = refused;
  end if;
end
$$;
comment on function auxeira.check_scopes(text, text[]) is
  'Error 22023 when the matrix does not let a relationship of this kind have one of the scopes.';

-- The row is locked, so that accepting and ending at the same time give one of the two and never a mixture.
create function auxeira.lock_relationship(wanted uuid, for_startup boolean, for_proposer boolean, states text[])
  returns auxeira.relationships language plpgsql volatile as $$
declare
  found_one auxeira.relationships;
begin
  select * into found_one from auxeira.relationships r
  where r.relationship_id = wanted
    and (r.org_id = any (auxeira.readable_org_ids()) or r.startup_id = any (auxeira.readable_org_ids()))
  for update;
  if not found then
    raise exception using errcode = 'P0002', message = 'relationship not found';
  end if;
  if not (for_startup and found_one.startup_id = any (auxeira.managed_org_ids())
          or for_proposer and found_one.org_id = any (auxeira.managed_org_ids())) then
    raise exception using errcode = '42501', message = 'this needs an administrator of the organization';
  end if;
  if not found_one.status = any (states) then
    raise exception using errcode = 'ZA409', message = format('the relationship is %s', found_one.status);
  end if;
  return found_one;
end
$$;
comment on function auxeira.lock_relationship(uuid, boolean, boolean, text[]) is
  'The relationship, locked, for an admin of the startup or of the proposer. Errors: P0002 neither side is the '
  'user''s, 42501 not an admin of a side that may do this, ZA409 it is in another state.';

-- Definer, because nobody may write relationships in any other way; the row is one that lock_relationship let through.
create function auxeira.settle_relationship(wanted uuid, new_status text, new_scopes text[] default '{}')
  returns auxeira.relationships
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  was auxeira.relationships;
  settled auxeira.relationships;
begin
  perform auxeira.require_call();
  was := auxeira.lock_relationship(wanted, true, new_status = 'ended', case new_status
    when 'accepted' then '{proposed, accepted}' when 'ended' then '{proposed, accepted}'
    when 'declined' then '{proposed}' else '{}' end::text[]);
  perform auxeira.check_scopes(was.kind, new_scopes);
  update auxeira.relationships r set
    status = new_status, scopes = new_scopes,
    decided_by = case when new_status <> 'ended' then auxeira.user_id() else r.decided_by end,
    decided_at = case when new_status <> 'ended' then now() else r.decided_at end,
    ended_by = case when new_status = 'ended' then auxeira.user_id() end,
    ended_at = case when new_status = 'ended' then now() end
  where r.org_id = was.org_id and r.relationship_id = was.relationship_id
  returning * into settled;
  perform auxeira.record_own('relationship_' || new_status, wanted);
  return settled;
end
$$;
comment on function auxeira.settle_relationship(uuid, text, text[]) is
  'Accepts (with scopes, also to change them later), declines or ends a relationship. Accepting and declining is for '
  'admins of the startup, ending for admins of either side. Errors: those of lock_relationship, 22023 a scope.';

create function auxeira_api.accept_relationship(request jsonb) returns json language plpgsql volatile as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["relationshipId", "scopes"], "additionalProperties": false,
    "properties": {
      "relationshipId": {"type": "string", "format": "uuid"},
      "scopes": {"type": "array", "maxItems": 3,
        "items": {"type": "string", "enum": ["scores", "metrics", "documents"]}}}}');
begin
  return auxeira.success(auxeira.relationship_json(auxeira.settle_relationship((r ->> 'relationshipId')::uuid,
    'accepted', array(select distinct jsonb_array_elements_text(r -> 'scopes') order by 1))));
end
$$;
comment on function auxeira_api.accept_relationship(jsonb) is
  'POST /api/relationships/:relationshipId/accept: an admin of the startup accepts, and chooses what is opened. scopes: '
  'any of scores, metrics, documents; again to change them. Errors: P0002, 42501, ZA409, 22023.';

create function auxeira_api.decline_relationship(request jsonb) returns json language plpgsql volatile as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["relationshipId"], "additionalProperties": false,
    "properties": {"relationshipId": {"type": "string", "format": "uuid"}}}');
begin
  return auxeira.success(auxeira.relationship_json(
    auxeira.settle_relationship((r ->> 'relationshipId')::uuid, 'declined')));
end
$$;
comment on function auxeira_api.decline_relationship(jsonb) is
  'POST /api/relationships/:relationshipId/decline: an admin of the startup declines. Errors: P0002, 42501, ZA409.';

create function auxeira_api.end_relationship(request jsonb) returns json language plpgsql volatile as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["relationshipId"], "additionalProperties": false,
    "properties": {"relationshipId": {"type": "string", "format": "uuid"}}}');
begin
  return auxeira.success(auxeira.relationship_json(
    auxeira.settle_relationship((r ->> 'relationshipId')::uuid, 'ended')));
end
$$;
comment on function auxeira_api.end_relationship(jsonb) is
  'POST /api/relationships/:relationshipId/end: an admin of either side ends it; what it opened is closed at once. '
  'Errors: P0002, 42501, ZA409.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('create_relationship', 'user', 201, false, 'relationships'),
  ('list_relationships', 'user', 200, true, 'relationships'),
  ('accept_relationship', 'user', 200, false, 'relationships'),
  ('decline_relationship', 'user', 200, false, 'relationships'),
  ('end_relationship', 'user', 200, false, 'relationships');

reset role;
