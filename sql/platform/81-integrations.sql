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
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, integration_id),
  unique (org_id, service_name),
  check ((last_error is null) = (last_error_at is null))
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
  quality_score numeric(3, 2) not null default 1 check (quality_score between 0 and 1),
  validation_status text not null default 'pending' check (validation_status in ('pending', 'valid', 'invalid')),
  validation_errors jsonb not null default '[]' check (jsonb_typeof(validation_errors) = 'array'),
  created_at timestamptz not null default now(),
  primary key (org_id, data_id),
  foreign key (org_id, integration_id) references auxeira.integrations (org_id, integration_id) on delete cascade
);
create index integration_data_sync on auxeira.integration_data (org_id, integration_id, sync_timestamp);
comment on table auxeira.integration_data is 'What integrations sent, with the metrics read from it.';

call auxeira.protect_tenant_table('auxeira.integrations');
call auxeira.protect_private_table('auxeira.integration_credentials');
call auxeira.protect_tenant_table('auxeira.integration_data');
grant select on auxeira.integrations, auxeira.integration_data to auxeira_user, auxeira_admin;

reset role;
