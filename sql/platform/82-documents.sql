-- Documents of an organization: where they are and what they are, not their bytes.
set local role auxeira_owner;

create table auxeira.documents (
  org_id uuid not null references auxeira.organizations on delete cascade,
  document_id uuid not null default gen_random_uuid(),
  title text not null check (length(title) between 1 and 255),
  kind text not null check (kind in ('pitch_deck', 'financials', 'legal', 'report', 'other')),
  url text not null check (url ~ '^https://' and length(url) <= 2000),
  sha256 bytea check (length(sha256) = 32),
  created_by uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, document_id)
);
comment on table auxeira.documents is
  'What an organization keeps in its data room: a startup opens it to investors and grantors by the scope documents.';
comment on column auxeira.documents.sha256 is 'Of the bytes behind the address, so that a reader can tell a change.';
call auxeira.protect_tenant_table('auxeira.documents');
create policy own_writing on auxeira.documents as restrictive for insert to auxeira_user
  with check (created_by = auxeira.user_id());

create function auxeira_api.create_document(request jsonb) returns json language plpgsql volatile as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["title", "kind", "url"], "additionalProperties": false,
    "properties": {
      "title": {"type": "string", "minLength": 1, "maxLength": 255},
      "kind": {"type": "string", "enum": ["pitch_deck", "financials", "legal", "report", "other"]},
      "url": {"type": "string", "minLength": 9, "maxLength": 2000},
      "sha256": {"type": "string", "minLength": 64, "maxLength": 64}}}');
  new_id constant uuid := gen_random_uuid();
begin
  if r ->> 'url' !~ '^https://' then
    perform auxeira.refuse_value('url', 'must begin with https://');
  end if;
  if r ->> 'sha256' !~ '^[0-9a-f]{64}$' then
    perform auxeira.refuse_value('sha256', 'must be 64 hexadecimal digits in lower case');
  end if;
  insert into auxeira.documents (org_id, document_id, title, kind, url, sha256, created_by)
  values (auxeira.org_id(), new_id, r ->> 'title', r ->> 'kind', r ->> 'url', decode(r ->> 'sha256', 'hex'),
          auxeira.user_id());
  return auxeira.success(json_build_object('documentId', new_id));
end
$$;
comment on function auxeira_api.create_document(jsonb) is
  'POST /api/documents: adds a document to the active organization''s data room. title, kind (pitch_deck, financials, '
  'legal, report, other), url (https), sha256? of its bytes. Errors: ZA400, 22023, 42501 a viewer.';

create function auxeira_api.list_documents(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "properties": {
      "organizationId": {"type": "string", "format": "uuid"},
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}}}', true);
  org constant uuid := coalesce((r ->> 'organizationId')::uuid, auxeira.org_id());
begin
  if not org = any (auxeira.readable_org_ids('documents')) then
    raise exception using errcode = 'P0002', message = 'organization not found';
  end if;
  return (
    select auxeira.success(json_build_object('documents', coalesce(json_agg(json_build_object(
      'documentId', d.document_id, 'title', d.title, 'kind', d.kind, 'url', d.url, 'sha256', encode(d.sha256, 'hex'),
      'createdAt', d.created_at)), '[]')))
    from (select doc.* from auxeira.documents doc where doc.org_id = org
          order by doc.created_at desc, doc.document_id limit (r ->> 'limit')::integer) d);
end
$$;
comment on function auxeira_api.list_documents(jsonb) is
  'GET /api/documents: the data room of the active organization, or of organizationId when it opened its documents. '
  'Error P0002: it did not.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('create_document', 'user', 201, false, 'documents'),
  ('list_documents', 'user', 200, true, 'documents');

reset role;
