-- Connections to other services and what they sent.
set local role auxeira_owner;

create table auxeira.integrations (
  org_id uuid not null references auxeira.organizations on delete cascade,
  integration_id uuid not null default gen_random_uuid(),
  service_name text not null check (length(service_name) between 1 and 100),
  service_type text not null check (length(service_type) between 1 and 50),
  status text not null default 'disconnected' check (status in ('connected', 'disconnected', 'error', 'pending')),
  configuration jsonb not null default '{}' check (jsonb_typeof(configuration) = 'object'),
  last_sync timestamptz,
  next_sync timestamptz,
  sync_frequency interval not null default '1 hour' check (sync_frequency > '0'),
  sync_enabled boolean not null default true,
  error_count integer not null default 0 check (error_count >= 0),
  last_error text,
  last_error_at timestamptz,
  is_synthetic boolean not null default false,
  synthetic_pattern text,
  synthetic_config jsonb not null default '{}' check (jsonb_typeof(synthetic_config) = 'object'),
  session_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, integration_id),
  unique (org_id, service_name, is_synthetic),
  check ((last_error is null) = (last_error_at is null)),
  check (is_synthetic or session_id is null)
);
comment on table auxeira.integrations is 'Connections of an organization to other services.';
create trigger integrations_updated before update on auxeira.integrations
  for each row execute function auxeira.touch_updated_at();

create table auxeira.integration_credentials (
  org_id uuid not null,
  integration_id uuid not null,
  sealed bytea not null,
  changed_at timestamptz not null default now(),
  primary key (org_id, integration_id),
  foreign key (org_id, integration_id) references auxeira.integrations (org_id, integration_id) on delete cascade
);
comment on table auxeira.integration_credentials is
  'Credentials of integrations, encrypted before they come here; apart, so that no API role can read them.';

create table auxeira.integration_data (
  org_id uuid not null,
  data_id uuid not null default gen_random_uuid(),
  integration_id uuid not null,
  data_type text not null check (length(data_type) between 1 and 100),
  data_payload jsonb not null check (jsonb_typeof(data_payload) = 'object'),
  metrics jsonb not null default '{}' check (jsonb_typeof(metrics) = 'object'),
  sync_timestamp timestamptz not null,
  data_timestamp timestamptz,
  is_synthetic boolean not null default false,
  synthetic_pattern text,
  synthetic_variance numeric(5, 4) check (synthetic_variance between 0 and 1),
  session_id uuid,
  quality_score numeric(3, 2) not null default 1 check (quality_score between 0 and 1),
  validation_status text not null default 'pending' check (validation_status in ('pending', 'valid', 'invalid')),
  validation_errors jsonb not null default '[]' check (jsonb_typeof(validation_errors) = 'array'),
  created_at timestamptz not null default now(),
  primary key (org_id, data_id),
  foreign key (org_id, integration_id) references auxeira.integrations (org_id, integration_id) on delete cascade,
  check (is_synthetic or session_id is null)
);
create index integration_data_sync on auxeira.integration_data (org_id, integration_id, sync_timestamp);
comment on table auxeira.integration_data is 'What integrations sent, with the metrics read from it.';

call auxeira.protect_tenant_table('auxeira.integrations');
call auxeira.protect_private_table('auxeira.integration_credentials');
call auxeira.protect_tenant_table('auxeira.integration_data');

create function auxeira_api.list_integrations(request jsonb) returns json language sql stable
begin atomic
  select auxeira.success(json_build_object('integrations', coalesce(json_agg(json_build_object(
    'integrationId', i.integration_id, 'serviceName', i.service_name, 'serviceType', i.service_type,
    'status', i.status, 'lastSync', i.last_sync, 'syncEnabled', i.sync_enabled, 'createdAt', i.created_at)
    order by i.service_name), '[]')))
  from auxeira.integrations i where i.org_id = auxeira.org_id();
end;
comment on function auxeira_api.list_integrations(jsonb) is
  'GET /api/integrations: connections of the active organization, for members; credentials are never told.';

-- Definer, because connections are made by administrators alone, of the active organization.
create function auxeira_api.create_integration(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["serviceName", "serviceType"], "additionalProperties": false,
    "properties": {
      "serviceName": {"type": "string", "minLength": 1, "maxLength": 100},
      "serviceType": {"type": "string", "minLength": 1, "maxLength": 50}}}');
  new_id uuid;
begin
  perform auxeira.require_right('integrations', 'insert', auxeira.org_id(), 'organization not found');
  insert into auxeira.integrations (org_id, service_name, service_type)
  values (auxeira.org_id(), r ->> 'serviceName', r ->> 'serviceType')
  on conflict do nothing returning integration_id into new_id;
  if new_id is null then
    raise exception using errcode = 'ZA409', message = 'the organization has a connection of this name already';
  end if;
  return auxeira.success(json_build_object('integrationId', new_id, 'status', 'disconnected'));
end
$$;
comment on function auxeira_api.create_integration(jsonb) is
  'POST /api/integrations: makes a connection to a service, for admins. serviceName, serviceType. Errors: 42501, ZA409.';

-- Definer, because no API role may touch the credentials.
create function auxeira_api.store_integration_credentials(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["integrationId", "sealedCredentials"], "additionalProperties": false,
    "properties": {
      "integrationId": {"type": "string", "format": "uuid"},
      "sealedCredentials": {"type": "string", "minLength": 2, "maxLength": 65536}}}');
begin
  perform auxeira.require_call();
  perform auxeira.require_right('integrations', 'update', auxeira.org_id(), 'organization not found');
  perform from auxeira.integrations i
  where i.org_id = auxeira.org_id() and i.integration_id = (r ->> 'integrationId')::uuid and not i.is_synthetic;
  if not found then
    raise exception using errcode = 'P0002', message = 'integration not found';
  end if;
  insert into auxeira.integration_credentials (org_id, integration_id, sealed)
  values (auxeira.org_id(), (r ->> 'integrationId')::uuid, decode(r ->> 'sealedCredentials', 'hex'))
  on conflict (org_id, integration_id) do update set sealed = excluded.sealed, changed_at = now();
  perform auxeira.record_own('integration_credentials_changed', (r ->> 'integrationId')::uuid);
  return auxeira.success(json_build_object('integrationId', r -> 'integrationId', 'stored', true));
end
$$;
comment on function auxeira_api.store_integration_credentials(jsonb) is
  'PUT /api/integrations/:integrationId/credentials: stores credentials that the shim has sealed with a key that is not '
  'in the database (sealedCredentials, hexadecimal), for admins. Errors: 42501, P0002, 22023.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('list_integrations', 'user', 200, true, 'integrations'),
  ('create_integration', 'user', 201, false, 'integrations'),
  ('store_integration_credentials', 'user', 200, false, 'integrations');

reset role;
