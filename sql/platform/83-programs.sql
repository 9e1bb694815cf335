-- Programmes, the grants they give to startups, and the assumptions behind figures that nobody can count.
set local role auxeira_owner;

create table auxeira.programs (
  org_id uuid not null references auxeira.organizations on delete cascade,
  program_id uuid not null default gen_random_uuid(),
  name text not null check (length(name) between 1 and 255),
  kind text not null check (length(kind) between 1 and 50),
  industry text check (length(industry) between 1 and 100),
  region text check (length(region) between 1 and 100),
  budget numeric(15, 2) check (budget >= 0),
  currency auxeira.currency_code not null,
  starts_on date check (isfinite(starts_on)),
  ends_on date check (isfinite(ends_on)),
  jobs_target integer check (jobs_target >= 0),
  source auxeira.fact_source not null,
  is_synthetic boolean not null default false,
  session_id uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, program_id),
  check (ends_on >= starts_on),
  check (is_synthetic = (source = 'synthetic')),
  check (is_synthetic or session_id is null)
);
comment on table auxeira.programs is 'Programmes of a grantor (org_id): what for, for whom, with how much.';
comment on column auxeira.programs.industry is 'The industry it is for; NULL for any.';
comment on column auxeira.programs.region is 'The region it is for; NULL for any.';
comment on column auxeira.programs.jobs_target is 'Jobs that its startups are to create.';

create table auxeira.grants (
  org_id uuid not null references auxeira.organizations on delete cascade,
  grant_id uuid not null default gen_random_uuid(),
  program_id uuid not null,
  startup_id uuid not null references auxeira.organizations on delete cascade,
  awarded_on date not null check (isfinite(awarded_on)),
  amount numeric(15, 2) not null check (amount > 0),
  disbursed numeric(15, 2) not null default 0 check (disbursed between 0 and amount),
  currency auxeira.currency_code not null,
  status text not null default 'awarded' check (status in ('awarded', 'active', 'completed', 'terminated')),
  jobs_baseline integer check (jobs_baseline >= 0),
  source auxeira.fact_source not null,
  is_synthetic boolean not null default false,
  session_id uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, grant_id),
  foreign key (org_id, program_id) references auxeira.programs on delete cascade,
  check (startup_id <> org_id),
  check (is_synthetic = (source = 'synthetic')),
  check (is_synthetic or session_id is null)
);
create index grants_program on auxeira.grants (org_id, program_id);
create index grants_startup on auxeira.grants (startup_id);
comment on table auxeira.grants is
  'Grants of a programme to startups, each a row of the grantor (org_id). Both sides read them.';
comment on column auxeira.grants.jobs_baseline is
  'People the startup had at the award: jobs created are those it has beyond that.';

call auxeira.protect_tenant_table('auxeira.programs');
call auxeira.protect_tenant_table('auxeira.grants');

create table auxeira.assumptions (
  key text not null check (key ~ '^[a-z][a-z0-9_]*$'),
  value numeric not null,
  low numeric not null,
  high numeric not null,
  unit text not null check (length(unit) between 1 and 50),
  source text not null check (length(source) between 1 and 500),
  valid_from date not null default '-infinity',
  primary key (key, valid_from),
  check (value between low and high)
);
comment on table auxeira.assumptions is
  'What figures rest on that nobody can count, each with its range and its source: the row of a key in force on a day is '
  'the one with the latest valid_from up to it.';
call auxeira.protect_private_table('auxeira.assumptions');
create policy everyone_select on auxeira.assumptions for select to auxeira_user, auxeira_admin using (true);
grant select on auxeira.assumptions to auxeira_user, auxeira_admin;

reset role;
