-- Investments and partnerships: a row belongs to the side that made it, and opens nothing of the other side.
set local role auxeira_owner;

create table auxeira.investments (
  org_id uuid not null references auxeira.organizations on delete cascade,
  investment_id uuid not null default gen_random_uuid(),
  startup_id uuid not null references auxeira.organizations on delete cascade,
  investment_type text not null check (length(investment_type) between 1 and 50),
  round_name text check (length(round_name) between 1 and 100),
  amount numeric(15, 2) check (amount >= 0),
  currency text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
  valuation numeric(15, 2) check (valuation >= 0),
  equity_percentage numeric(7, 4) check (equity_percentage between 0 and 100),
  investment_date date,
  due_diligence_start date,
  due_diligence_end date,
  status text not null default 'active' check (status in ('pipeline', 'active', 'exited', 'written_off')),
  terms jsonb not null default '{}' check (jsonb_typeof(terms) = 'object'),
  documents jsonb not null default '[]' check (jsonb_typeof(documents) = 'array'),
  is_synthetic boolean not null default false,
  synthetic_market_conditions jsonb not null default '{}' check (jsonb_typeof(synthetic_market_conditions) = 'object'),
  accepted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, investment_id),
  check (startup_id <> org_id),
  check (due_diligence_end >= due_diligence_start)
);
create index investments_startup on auxeira.investments (startup_id);
comment on table auxeira.investments is 'Investments, each a row of the investor (org_id) in a startup.';
comment on column auxeira.investments.accepted_at is 'When the startup agreed; until then it is a claim only.';
comment on column auxeira.investments.equity_percentage is 'Per cent, 0 to 100.';
create trigger investments_updated before update on auxeira.investments
  for each row execute function auxeira.touch_updated_at();

create table auxeira.partnerships (
  org_id uuid not null references auxeira.organizations on delete cascade,
  partnership_id uuid not null default gen_random_uuid(),
  startup_id uuid not null references auxeira.organizations on delete cascade,
  partnership_type text not null check (length(partnership_type) between 1 and 50),
  partnership_name text check (length(partnership_name) between 1 and 255),
  description text,
  status text not null default 'active' check (status in ('proposed', 'active', 'paused', 'ended')),
  priority text not null default 'medium' check (priority in ('low', 'medium', 'high')),
  benefits jsonb not null default '{}' check (jsonb_typeof(benefits) = 'object'),
  terms jsonb not null default '{}' check (jsonb_typeof(terms) = 'object'),
  kpis jsonb not null default '{}' check (jsonb_typeof(kpis) = 'object'),
  start_date date,
  end_date date,
  renewal_date date,
  is_synthetic boolean not null default false,
  synthetic_performance jsonb not null default '{}' check (jsonb_typeof(synthetic_performance) = 'object'),
  accepted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, partnership_id),
  check (startup_id <> org_id),
  check (end_date >= start_date)
);
create index partnerships_startup on auxeira.partnerships (startup_id);
comment on table auxeira.partnerships is 'Partnerships, each a row of the partner (org_id) with a startup.';
comment on column auxeira.partnerships.accepted_at is 'When the startup agreed; until then it is a claim only.';
create trigger partnerships_updated before update on auxeira.partnerships
  for each row execute function auxeira.touch_updated_at();

call auxeira.protect_tenant_table('auxeira.investments');
call auxeira.protect_tenant_table('auxeira.partnerships');
grant select on auxeira.investments, auxeira.partnerships to auxeira_user, auxeira_admin;

reset role;
