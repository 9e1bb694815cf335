-- Programmes, the grants they give to startups, and the assumptions behind figures that nobody can count.
set local role auxeira_owner;

create table auxeira.programs (
  org_id uuid not null references auxeira.organizations on delete cascade,
  program_id uuid not null default gen_random_uuid(),
  name text not null check (length(name) between 1 and 255),
  kind text not null check (length(kind) between 1 and 50),
  industry text check (length(industry) between 1 and 100),
  region text check (length(region) between 1 and 100),
  budget auxeira.amount check (budget >= 0),
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
  amount auxeira.amount not null check (amount > 0),
  disbursed auxeira.amount not null default 0 check (disbursed between 0 and amount),
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

-- Definer, because rows that name a startup are made by functions alone: a foreign key would tell which there are.
create function auxeira.record_grant(
  of_program_id uuid, of_startup_id uuid, amount numeric, awarded_on date default current_date,
  jobs_baseline integer default null, currency text default 'USD')
  returns auxeira.grants
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  recorded auxeira.grants;
begin
  perform auxeira.require_right('grants', 'insert', auxeira.org_id(), 'organization not found');
  if not exists (select from auxeira.programs p
                 where p.org_id = auxeira.org_id() and p.program_id = of_program_id) then
    raise exception using errcode = 'P0002', message = 'program not found';
  end if;
  perform auxeira.propose_relationship(of_startup_id, 'grantor');
  insert into auxeira.grants (org_id, program_id, startup_id, awarded_on, amount, jobs_baseline, currency)
  values (auxeira.org_id(), of_program_id, of_startup_id, record_grant.awarded_on, record_grant.amount,
    record_grant.jobs_baseline, record_grant.currency)
  returning * into recorded;
  return recorded;
end
$$;
comment on function auxeira.record_grant(uuid, uuid, numeric, date, integer, text) is
  'Stores a grant of a program of the active organization and proposes the relationship with the startup. Errors: 42501, '
  'P0002 no such program or startup, ZA409 the startup declined lately, 23514 a value that cannot be.';

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

insert into auxeira.assumptions (key, value, low, high, unit, source) values
  ('job_multiplier', 1, 1, 5, 'jobs per direct job',
   '1 counts direct jobs alone. Local jobs that follow in the long run: 1.6 for each in manufacturing, 2.5 for each skilled '
   'one, 5 for each in high technology, in cities of the United States: Moretti, Local Multipliers, American Economic Review '
   '100(2), 2010'),
  ('labour_tax_rate', 0.348, 0, 0.527, 'fraction of labour cost',
   'Average tax wedge of a single worker at the average wage in the OECD, 2023; Colombia to Belgium: Taxing Wages 2024'),
  ('profit_tax_rate', 0.211, 0, 0.35, 'fraction of profit',
   'Average statutory rate over the jurisdictions of OECD, Corporate Tax Statistics 2023; the range is of this project'),
  ('sroi_discount_rate', 0.035, 0.015, 0.05, 'per year',
   'Social time preference rate, and for effects on health: HM Treasury, The Green Book; high: European Commission, Guide to '
   'Cost-Benefit Analysis of Investment Projects, 2014'),
  ('sroi_value_per_person', 50, 10, 150, 'USD per person per year',
   'Proxy for what reaching a person is worth: no published value, to be replaced by a survey of those reached'),
  ('sroi_deadweight', 0.25, 0, 0.5, 'fraction', 'What would have happened anyway: adjustable, no published value'),
  ('sroi_displacement', 0.25, 0, 0.5, 'fraction',
   'What moved from elsewhere: low displacement; none to medium: Homes and Communities Agency, Additionality Guide, 2014'),
  ('sroi_attribution', 0.5, 0.25, 1, 'fraction', 'The part that the funding brought about: adjustable, no published value'),
  ('sroi_drop_off', 0.2, 0, 0.5, 'per year', 'What an outcome loses in a year: adjustable, no published value'),
  ('customer_lifetime_cap', 60, 36, 60, 'months', 'Longest lifetime that LTV counts: practice, adjustable'),
  ('strategic_value_per_partnership', 0, 0, 0, 'USD per year', 'Not counted: no published value'),
  ('esg_weight_environmental', 1, 0, 3, 'weight', 'Equal weights of the three scores'),
  ('esg_weight_social', 1, 0, 3, 'weight', 'Equal weights of the three scores'),
  ('esg_weight_governance', 1, 0, 3, 'weight', 'Equal weights of the three scores'),
  ('ecosystem_weight_fintech', 0.30, 0, 1, 'weight', 'Weight of the industry in ecosystem health: policy, adjustable'),
  ('ecosystem_weight_agriculture', 0.25, 0, 1, 'weight', 'Weight of the industry in ecosystem health: policy, adjustable'),
  ('ecosystem_weight_health', 0.20, 0, 1, 'weight', 'Weight of the industry in ecosystem health: policy, adjustable'),
  ('ecosystem_weight_education', 0.15, 0, 1, 'weight', 'Weight of the industry in ecosystem health: policy, adjustable'),
  ('ecosystem_weight_other', 0.10, 0, 1, 'weight', 'Weight of the industry in ecosystem health: policy, adjustable');

create function auxeira.assumption(of_key text, on_day date default current_date) returns auxeira.assumptions
  language sql stable parallel safe
begin atomic
  select a from auxeira.assumptions a where a.key = of_key and a.valid_from <= on_day order by a.valid_from desc limit 1;
end;
comment on function auxeira.assumption(text, date) is 'The assumption in force on a day; NULL when there is none.';

reset role;
