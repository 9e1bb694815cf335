-- Synthetic ecosystems: who takes part. Everything is made from a seed with statements over
-- sets; what one step needs of another it reads from the tables, so that figures cannot differ from what they are of.
set local role auxeira_owner;

create type auxeira.ecosystem_plan as (
  session_org uuid, session_id uuid, seed bigint, root text, as_of timestamptz, months integer, days integer,
  variance double precision, trend text, data_type text, companies int4range);
comment on type auxeira.ecosystem_plan is
  'What an ecosystem is made from. session_org and session_id: the session; root: what keeps ecosystems of one seed apart; '
  'months: calendar months, the one of as_of the last; trend: NULL for what is usual at the stage of each company; '
  'data_type: which steps of auxeira.synthetic_steps make it, NULL for all; companies: the places of the startups to which a '
  'step is confined, NULL for all.';

create table auxeira.synthetic_members (
  org_id uuid not null references auxeira.organizations on delete cascade,
  session_id uuid not null,
  session_org uuid not null,
  kind auxeira.organization_type not null,
  place integer not null check (place >= 1),
  model_id uuid not null,
  is_real boolean not null,
  stage text,
  industry text not null,
  region text not null,
  business_model text not null,
  months integer not null check (months >= 1),
  last_at timestamptz not null,
  primary key (org_id, session_id)
);
create index synthetic_members_place on auxeira.synthetic_members (session_id, kind, place);
comment on table auxeira.synthetic_members is
  'Who takes part in a synthetic ecosystem: organizations it made, and real ones that it was made around.';
comment on column auxeira.synthetic_members.session_org is 'Whose session it is, who may have it removed.';
comment on column auxeira.synthetic_members.place is 'First, second, ... of its kind.';
comment on column auxeira.synthetic_members.model_id is
  'What the model knows it by: its own id, or for a real one the id that would have been made in its place, so that the same '
  'seed makes the same figures of it anywhere.';
comment on column auxeira.synthetic_members.months is 'For how many months, up to last_at, there are figures of it.';
comment on column auxeira.synthetic_members.last_at is
  'The time that its last figures are of: as_of, or the end of the month in which it closed or was sold.';
call auxeira.protect_private_table('auxeira.synthetic_members');

create function auxeira.members_of(plan auxeira.ecosystem_plan) returns setof auxeira.synthetic_members
  language sql stable rows 100
begin atomic
  select m.* from auxeira.synthetic_members m
  where m.session_id = (plan).session_id and m.session_org = (plan).session_org
    and ((plan).companies is null or m.kind <> 'startup' or m.place <@ (plan).companies);
end;
comment on function auxeira.members_of(auxeira.ecosystem_plan) is
  'Who takes part, of the startups those to which the step is confined. A session is known by its organization too: SQL users '
  'choose ids.';

-- A real organization has one synthetic past: totals of its dashboards are those of one set of children, and a month of a
-- company is generated once.
create table auxeira.synthetic_claims (
  org_id uuid not null,
  what text not null check (what in ('ecosystem', 'history', 'actions', 'scores', 'integrations')),
  month date not null,
  session_id uuid not null,
  primary key (org_id, what, month),
  foreign key (org_id, session_id) references auxeira.synthetic_members on delete cascade,
  check ((month = '-infinity') = (what in ('ecosystem', 'integrations')))
);
create index synthetic_claims_session on auxeira.synthetic_claims (org_id, session_id);
comment on table auxeira.synthetic_claims is
  'What sessions made of real organizations, each thing once: the key refuses a second, also of a session at the same time.';
comment on column auxeira.synthetic_claims.month is '-infinity: of all time, because it cannot be put together from parts.';
call auxeira.protect_private_table('auxeira.synthetic_claims');

-- --- Choices -----------------------------------------------------------------------------------------------------

create function auxeira.chance(plan auxeira.ecosystem_plan, what text) returns double precision
  language sql immutable parallel safe return auxeira.synthetic_uniform(plan.seed, plan.root || '/' || what);
comment on function auxeira.chance(auxeira.ecosystem_plan, text) is 'A number from 0 to 1, always the same for the same thing.';

create function auxeira.chosen(plan auxeira.ecosystem_plan, what text, choices text[]) returns text
  language sql immutable parallel safe
  return choices[1 + floor(auxeira.chance(plan, what) * cardinality(choices))::integer];
comment on function auxeira.chosen(auxeira.ecosystem_plan, text, text[]) is
  'One of the choices, always the same for the same thing.';

create function auxeira.made_id(plan auxeira.ecosystem_plan, what text) returns uuid
  language sql immutable parallel safe return auxeira.synthetic_uuid(plan.seed, plan.root || '/' || what);
comment on function auxeira.made_id(auxeira.ecosystem_plan, text) is 'The id of a thing that an ecosystem makes.';

create function auxeira.made_id(plan auxeira.ecosystem_plan, what text, at timestamptz) returns uuid
  language sql immutable parallel safe return auxeira.synthetic_uuid(plan.seed, plan.root || '/' || what, 0, at);
comment on function auxeira.made_id(auxeira.ecosystem_plan, text, timestamptz) is
  'The id of a thing of which there are many, in the order of time.';

create function auxeira.month_end(month date, as_of timestamptz) returns timestamptz language sql immutable parallel safe
  return least((month + interval '1 month' - interval '1 second') at time zone 'UTC', as_of);
comment on function auxeira.month_end(date, timestamptz) is
  'The point that the figures of a month are of: its last second (UTC), or the time they are as of.';

create function auxeira.day_of(plan auxeira.ecosystem_plan, what text, month date) returns date
  language sql immutable parallel safe
  return least(month + floor(auxeira.chance(plan, what) * 28)::integer, (plan.as_of at time zone 'UTC')::date);
comment on function auxeira.day_of(auxeira.ecosystem_plan, text, date) is 'The day of a month on which a thing happens.';

create function auxeira.points_of(plan auxeira.ecosystem_plan)
  returns table (month date, at timestamptz, state_at timestamptz, is_month boolean)
  language sql stable rows 36
begin atomic
  with months as (
    select (date_trunc('month', plan.as_of at time zone 'UTC') - make_interval(months => n))::date as month
    from generate_series(plan.months - 1, 0, -1) n
  ), days as (
    select ((plan.as_of at time zone 'UTC')::date - n) as day from generate_series(60, 1, -1) n
  )
  select m.month, auxeira.month_end(m.month, plan.as_of), auxeira.month_end(m.month, plan.as_of), true from months m
  union all
  select date_trunc('month', d.day)::date, (d.day + interval '1 day' - interval '1 second') at time zone 'UTC',
    auxeira.month_end((date_trunc('month', d.day) - interval '1 month')::date, plan.as_of), false
  from days d join months m on m.month = date_trunc('month', d.day) - interval '1 month'
  where (d.day + interval '1 day' - interval '1 second') at time zone 'UTC' < plan.as_of
    and extract(month from d.day) = extract(month from d.day + 1);
end;
comment on function auxeira.points_of(auxeira.ecosystem_plan) is
  'The points of the dashboards: the end of every month and, for organizations that there are, of the last 60 days. '
  'state_at: the month''s end up to then, which is how old the latest figures of companies are.';

create type auxeira.dashboard_point as (
  org_id uuid, kind auxeira.organization_type, at timestamptz, day date, state_at timestamptz, irr numeric);
comment on type auxeira.dashboard_point is
  'A point of a dashboard that figures are to be made for. state_at: how old the latest figures of companies are; irr: a guess '
  'of it.';

-- --- Who takes part ----------------------------------------------------------------------------------------------

create function auxeira.made_name(plan auxeira.ecosystem_plan, kind auxeira.organization_type, place integer)
  returns text language sql immutable parallel safe
begin atomic
  select case kind
      when 'startup' then first.name || last.name
      when 'angel_investor' then person.name || ' ' || family.name
      when 'government' then first.name || ' Innovation Agency'
      when 'corporate' then first.name || ' Group'
      when 'esg_fund' then first.name || ' Sustainability Fund'
      when 'impact_fund' then first.name || ' Impact Fund'
      else first.name || ' Ventures' end
  from auxeira.chosen(plan, format('name/%s/%s/first', kind, place), '{Acacia, Aloe, Amber, Baobab, Bright, Cedar, Clear,
      Coral, Delta, Ebony, Falcon, Fern, Granite, Harbour, Indigo, Iroko, Jasmin, Kite, Kola, Lagoon, Lotus, Marula, Mint,
      Nile, North, Ocean, Olive, Palm, Quartz, River, Rooibos, Saffron, Sahel, Savanna, Shea, Sun, Teak, Tide, Umber, Vela,
      West, Zambezi}') as first (name),
    auxeira.chosen(plan, format('name/%s/%s/last', kind, place), '{Base, Box, Care, Cart, Cloud, Desk, Farm, Flow, Grid, Health,
      Hub, Labs, Learn, Ledger, Line, Link, Logic, Loop, Market, Metrics, Mobility, Pay, Power, Route, Soft, Stack, Stock,
      Track, Water, Works}') as last (name),
    auxeira.chosen(plan, format('name/%s/%s/person', kind, place), '{Abena, Amina, Ben, Chidi, Chloe, Daniel, Efua, Farid, Grace,
      Hana, Ibrahim, Imani, Jonas, Kofi, Lena, Lindiwe, Maria, Musa, Nadia, Noor, Omar, Peter, Rosa, Samuel, Sara, Tariq,
      Thandi, Victor, Wanjiru, Yusuf, Zainab}') as person (name),
    auxeira.chosen(plan, format('name/%s/%s/family', kind, place), '{Abebe, Adeyemi, Banda, Berg, Botha, Chen, Diallo, Dlamini,
      Fischer, Garcia, Haddad, Jensen, Kamau, Keita, Mensah, Mokoena, Moreau, Mwangi, Ndiaye, Nkosi, Novak, Okafor, Osei,
      Otieno, Patel, Rossi, Santos, Tadesse, Toure, Wilson}') as family (name);
end;
comment on function auxeira.made_name(auxeira.ecosystem_plan, auxeira.organization_type, integer) is
  'The name of a synthetic organization.';

create function auxeira.months_of_life(founded_on date, as_of timestamptz) returns integer
  language sql immutable parallel safe
  return (
    select 1 + 12 * extract(year from life)::integer + extract(month from life)::integer
    from age(date_trunc('month', as_of at time zone 'UTC'), date_trunc('month', founded_on::timestamp)) life
    where founded_on is not null);
comment on function auxeira.months_of_life(date, timestamptz) is
  'In how many calendar months a company was, that of its founding and the present one included; NULL when that is not known.';

-- A fund of two years has no deals of three years ago; a startup that is younger joins when it is founded.
create function auxeira.check_lives(plan auxeira.ecosystem_plan, around uuid[]) returns void language plpgsql stable as $$
declare
  today constant date := (plan.as_of at time zone 'UTC')::date;
  first_day constant date := (date_trunc('month', plan.as_of at time zone 'UTC')
                              - make_interval(months => plan.months - 1))::date;
  unfit constant auxeira.organizations := (
    select o from auxeira.organizations o
    where o.org_id = any (around)
      and (o.closed_on <= today or o.founded_on > case o.org_type when 'startup' then today else first_day end)
    order by o.org_id limit 1);
begin
  if unfit.org_id is not null then
    raise exception using errcode = '22023', message = 'an organization that takes part was not there at the time',
      detail = format('The data would be of %s to %s, and %s was founded on %s and closed on %s.', first_day, today,
        unfit.name, coalesce(unfit.founded_on::text, 'a day that is not known'), coalesce(unfit.closed_on::text, 'no day')),
      hint = 'Take a time in which the organization was there.';
  end if;
end
$$;
comment on function auxeira.check_lives(auxeira.ecosystem_plan, uuid[]) is
  'Error 22023 when an organization that is to take part was not there all the time; startups may have been founded within it.';

create function auxeira.invite_real(plan auxeira.ecosystem_plan, around uuid[]) returns void language sql volatile
begin atomic
  with placed as (
    select o.*, row_number() over (partition by o.org_type order by a.place)::integer as place
    from unnest(around) with ordinality a (org_id, place) join auxeira.organizations o on o.org_id = a.org_id
  )
  insert into auxeira.synthetic_members (org_id, session_id, session_org, kind, place, model_id, is_real, stage, industry,
    region, business_model, months, last_at)
  select p.org_id, plan.session_id, plan.session_org, p.org_type, p.place, model.id, true,
    case when p.org_type = 'startup' then c.stage end, c.industry, c.region, c.business_model,
    least(plan.months, case p.org_type when 'startup' then auxeira.months_of_life(p.founded_on, plan.as_of) end), plan.as_of
  from placed p
    cross join lateral auxeira.made_id(plan, format('organization/%s/%s', p.org_type, p.place)) model (id)
    cross join lateral auxeira.synthetic_company(plan.seed, model.id, p.stage::text, p.industry, p.region,
      p.business_model) c;
end;
comment on function auxeira.invite_real(auxeira.ecosystem_plan, uuid[]) is
  'Lets organizations that there are take part, first of their kinds, in the order given.';

-- --- Ends ----------------------------------------------------------------------------------------------------------

create function auxeira.ending_rates() returns table (stage text, closing numeric, sale numeric) language sql stable rows 7
begin atomic
  select s.key, -ln(s.value), -ln(s.value) * (1 - d.value) / d.value
  from auxeira.synthetic_calibration() s join auxeira.synthetic_calibration() d on (d.topic, d.parameter) = ('deal', 'closing')
  where (s.topic, s.parameter) = ('stage', 'survival');
end;
comment on function auxeira.ending_rates() is 'How often a year companies of a stage close, and how often they are sold.';

-- Where as many come as go, those that end over some years are so many to one of those that there are. Whoever ended was of an
-- age and a stage then as the others are in the end: so companies are as mixed at the beginning as they are in the end.
create function auxeira.ended_months_ago(plan auxeira.ecosystem_plan, company uuid, company_stage text) returns integer
  language sql stable
  return (
    select case when drawn.part < ended.part then 1 + floor(drawn.part / ended.part * ((plan).months - 1))::integer end
    from auxeira.ending_rates() r
      cross join lateral (select (r.closing + r.sale)::double precision * ((plan).months - 1) / 12 as to_one) e
      cross join lateral (select e.to_one / (1 + e.to_one) as part) ended
      cross join lateral auxeira.chance(plan, 'ends/' || company) drawn (part)
    where r.stage = company_stage);
comment on function auxeira.ended_months_ago(auxeira.ecosystem_plan, uuid, text) is
  'How many months before the last a company closed or was sold, each as likely as the other; NULL when it is there in the end.';

-- A company that is younger than the ecosystem joins it when it is founded; everybody else was there a year before.
create function auxeira.make_organizations(plan auxeira.ecosystem_plan, wanted jsonb) returns void
  language sql volatile
begin atomic
  with made as (
    select auxeira.made_id(plan, format('organization/%s/%s', w.key, n)) as org_id,
           w.key::auxeira.organization_type as kind, n as place
    from jsonb_each_text(wanted) w
      cross join lateral generate_series(1 + (
        select count(*) from auxeira.members_of(plan) m where m.kind::text = w.key)::integer, w.value::integer) n
  ), described as materialized (
    select made.*, c.stage, c.industry, c.region, c.business_model, ended.months_ago,
      case made.kind when 'startup' then c.founded_months_ago else plan.months end as months_of_figures,
      coalesce(ended.months_ago, 0) + c.founded_months_ago + case made.kind when 'startup' then 0 else plan.months + 12 end
        as founded_months_ago
    from made
      cross join lateral auxeira.synthetic_company(plan.seed, made.org_id) c
      cross join lateral (
        select case made.kind when 'startup' then auxeira.ended_months_ago(plan, made.org_id, c.stage) end as months_ago) ended
  ), dated as materialized (
    select d.*, (this.month - make_interval(months => d.founded_months_ago))::date as founded_on,
      (this.month - make_interval(months => d.months_ago - 1) - interval '1 day')::date as closed_on,
      case when d.months_ago is null then plan.as_of
        else auxeira.month_end((this.month - make_interval(months => d.months_ago))::date, plan.as_of) end as last_at
    from described d cross join lateral date_trunc('month', plan.as_of at time zone 'UTC') this (month)
  ), stored as (
    insert into auxeira.organizations (org_id, name, org_type, industry, region, stage, business_model, founded_on, closed_on,
      is_synthetic, synthetic_session, created_at)
    select d.org_id, auxeira.made_name(plan, d.kind, d.place), d.kind, d.industry, d.region,
      case when d.kind = 'startup' then d.stage::auxeira.stage end,
      case when d.kind = 'startup' then d.business_model end, d.founded_on, d.closed_on, true, plan.session_id, plan.as_of
    from dated d
  )
  insert into auxeira.synthetic_members (org_id, session_id, session_org, kind, place, model_id, is_real, stage, industry,
    region, business_model, months, last_at)
  select d.org_id, plan.session_id, plan.session_org, d.kind, d.place, d.org_id, false,
    case when d.kind = 'startup' then d.stage end, d.industry, d.region, d.business_model,
    least(plan.months - coalesce(d.months_ago, 0), greatest(d.months_of_figures, 1)), d.last_at
  from dated d;
end;
comment on function auxeira.make_organizations(auxeira.ecosystem_plan, jsonb) is
  'Makes the organizations that are missing, those that closed or were sold since among them. wanted: {type of organization: how '
  'many, real ones included}.';

reset role;
