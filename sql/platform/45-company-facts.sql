-- Facts of a company by month, which its metrics are sums of: recurring revenue, cash, people.
set local role auxeira_owner;

create table auxeira.mrr_movements (
  org_id uuid not null references auxeira.organizations on delete cascade,
  month auxeira.calendar_month not null,
  movement text not null check (movement in ('new', 'expansion', 'reactivation', 'contraction', 'churn')),
  amount auxeira.amount not null check (amount >= 0),
  customers integer not null check (customers >= 0),
  currency auxeira.currency_code not null,
  source auxeira.fact_source not null,
  is_synthetic boolean not null default false,
  session_id uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, month, movement, is_synthetic),
  check (is_synthetic = (source = 'synthetic')),
  check (is_synthetic or session_id is null)
);
comment on table auxeira.mrr_movements is
  'What changed the monthly recurring revenue of a company: new + expansion + reactivation - contraction - churn of a month '
  'is its MRR less that of the month before.';
comment on column auxeira.mrr_movements.amount is 'Of a month, never negative: the movement says which way it goes.';
comment on column auxeira.mrr_movements.customers is 'How many customers the movement is of.';

create table auxeira.cash_positions (
  org_id uuid not null references auxeira.organizations on delete cascade,
  month auxeira.calendar_month not null,
  opening auxeira.amount not null check (opening >= 0),
  operating_inflow auxeira.amount not null check (operating_inflow >= 0),
  operating_outflow auxeira.amount not null check (operating_outflow >= 0),
  financing auxeira.amount not null default 0,
  closing auxeira.amount not null check (closing >= 0),
  currency auxeira.currency_code not null,
  source auxeira.fact_source not null,
  is_synthetic boolean not null default false,
  session_id uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, month, is_synthetic),
  check (closing = opening + operating_inflow - operating_outflow + financing),
  check (is_synthetic = (source = 'synthetic')),
  check (is_synthetic or session_id is null)
);
comment on table auxeira.cash_positions is
  'Cash of a company by month. Net burn is operating_outflow - operating_inflow, which is opening - closing + financing.';
comment on column auxeira.cash_positions.financing is 'Raised in the month less repaid.';

create table auxeira.headcounts (
  org_id uuid not null references auxeira.organizations on delete cascade,
  month auxeira.calendar_month not null,
  employees integer not null check (employees >= 0),
  hires integer not null default 0 check (hires >= 0),
  leavers integer not null default 0 check (leavers >= 0),
  source auxeira.fact_source not null,
  is_synthetic boolean not null default false,
  session_id uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, month, is_synthetic),
  check (hires <= employees + leavers),
  check (is_synthetic = (source = 'synthetic')),
  check (is_synthetic or session_id is null)
);
comment on table auxeira.headcounts is 'People of a company by month.';
comment on column auxeira.headcounts.employees is 'Full-time equivalents at the end of the month.';

call auxeira.protect_tenant_table('auxeira.mrr_movements');
call auxeira.protect_tenant_table('auxeira.cash_positions');
call auxeira.protect_tenant_table('auxeira.headcounts');

reset role;
