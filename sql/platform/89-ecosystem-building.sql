-- Synthetic ecosystems and other facts: which steps make which data type, what may be asked for, and taking the steps.
set local role auxeira_owner;

-- --- Data types ------------------------------------------------------------------------------------------------------

create table auxeira.synthetic_steps (
  place integer primary key,
  step text not null unique check (step ~ '^store_[a-z_]+$'),
  data_types text[] not null check (cardinality(data_types) >= 1),
  most_rows integer not null check (most_rows >= 0),
  is_by_company boolean not null,
  claims text check (claims in ('ecosystem', 'history', 'actions', 'scores', 'integrations'))
);
comment on table auxeira.synthetic_steps is
  'What facts and ecosystems are made of: the functions, by name, in their order. An ecosystem of everything takes them all.';
comment on column auxeira.synthetic_steps.data_types is 'The data types of which it is a part.';
comment on column auxeira.synthetic_steps.most_rows is
  'How many rows it stores for a company in a month, estimated from above: so what is too much is refused before it is made.';
comment on column auxeira.synthetic_steps.is_by_company is
  'What it stores of a company depends on no other: it is taken for some of them at a time.';
comment on column auxeira.synthetic_steps.claims is
  'What no other session may have made of the same real organization: being in an ecosystem (of all members), history, '
  'actions, scores of the same months, integrations (of startups).';
call auxeira.protect_private_table('auxeira.synthetic_steps');

insert into auxeira.synthetic_steps
select row_number() over (), s.step, s.data_types, s.most_rows, s.is_by_company, s.claims
from (values
  ('store_actions', '{ecosystem, actions}'::text[], 124, true, 'actions'),
  ('store_company_months', '{investments, portfolio, sustainability, impact, partnerships, ecosystem, history}', 8, true,
   'history'),
  ('store_founder_days', '{history}', 31, true, 'history'),
  ('store_scores', '{portfolio, ecosystem, scores}', 3, true, 'scores'),
  ('store_integrations', '{integrations}', 6, true, 'integrations'),
  ('store_investments', '{investments, portfolio, sustainability, impact}', 5, false, null),
  ('store_model_marks', '{investments, portfolio, sustainability, impact}', 2, false, null),
  ('store_pipeline', '{investments, portfolio, sustainability, impact}', 2, false, null),
  ('store_partnerships', '{partnerships}', 1, false, null),
  ('store_redemptions', '{partnerships}', 2, false, null),
  ('store_programs', '{ecosystem}', 1, false, null),
  ('store_grants', '{ecosystem}', 1, false, null),
  ('store_relationships', '{investments, portfolio, sustainability, impact, partnerships, ecosystem}', 3, false,
   'ecosystem'),
  ('store_dashboards', '{portfolio, sustainability, impact, partnerships, ecosystem}', 1, false, null))
  s (step, data_types, most_rows, is_by_company, claims);

create function auxeira.steps_of(data_type text) returns setof auxeira.synthetic_steps language sql stable rows 15
begin atomic
  select s.* from auxeira.synthetic_steps s where steps_of.data_type = any (s.data_types) or steps_of.data_type is null;
end;
comment on function auxeira.steps_of(text) is 'The steps that make a data type; all of them for NULL.';

create function auxeira.fact_owners(data_type text) returns auxeira.organization_type[] language sql immutable parallel safe
  return case
    when data_type in ('portfolio', 'investments') then '{venture_capital, angel_investor, esg_fund, impact_fund}'
    when data_type = 'partnerships' then '{corporate}' when data_type = 'ecosystem' then '{government}'
    when data_type = 'sustainability' then '{esg_fund}' when data_type = 'impact' then '{impact_fund}'
    when data_type in ('history', 'actions', 'scores', 'integrations') then '{startup}'
    else '{}' end::auxeira.organization_type[];
comment on function auxeira.fact_owners(text) is 'Which types of organizations facts of a data type are of.';

create function auxeira.cast_of(organizations integer) returns jsonb language sql immutable parallel safe
  return (
    with others as (select s.kind, greatest(1, round((organizations - s.later) * s.share)) as members from auxeira.cast_shares() s)
    select jsonb_object_agg(o.kind, o.members) || jsonb_build_object('startup', organizations - sum(o.members))
    from others o);
comment on function auxeira.cast_of(integer) is
  'How many of so many organizations, ten and more, are of each type: three quarters and more are startups. One organization '
  'more is one more of one type.';

-- --- Asking ----------------------------------------------------------------------------------------------------------

-- A month is the mean of 400 Gregorian years.
create function auxeira.months_in(days integer) returns integer language sql immutable parallel safe
  return greatest(1, round(days / 30.436875)::integer);
comment on function auxeira.months_in(integer) is 'Calendar months that so many days of facts are of.';

create function auxeira.size_fault(companies integer, days integer, most integer) returns text
  language sql immutable parallel safe
  return case when companies::bigint * auxeira.months_in(days) > most
    then format('%s companies over %s months are %s company months, and at most %s are generated at once', companies,
                auxeira.months_in(days), companies::bigint * auxeira.months_in(days), most) end;
comment on function auxeira.size_fault(integer, integer, integer) is 'What is wrong with so many companies for so many days.';

create function auxeira.companies_of(kind auxeira.organization_type, members integer) returns integer
  language sql immutable parallel safe
  return case when kind is null then (auxeira.cast_of(members) ->> 'startup')::integer when kind = 'startup' then 1
    else members end;
comment on function auxeira.companies_of(auxeira.organization_type, integer) is
  'How many companies facts around an organization of a type, or (NULL) an ecosystem of so many members, are of.';

-- The hundred are daily figures of whoever asks.
create function auxeira.most_rows(p jsonb, kind auxeira.organization_type) returns bigint language sql stable
begin atomic
  select 100 + sum(s.most_rows) * auxeira.companies_of(kind, (p ->> 'count')::integer)
    * auxeira.months_in((p ->> 'time_range_days')::integer)
  from auxeira.steps_of(case when kind is not null then p ->> 'data_type' end) s;
end;
comment on function auxeira.most_rows(jsonb, auxeira.organization_type) is
  'How many rows facts with these parameters, or (NULL) an ecosystem, may be of, estimated from above.';

create function auxeira.fact_faults(p jsonb, kind auxeira.organization_type, most integer)
  returns table (field text, fault text) language sql stable rows 6
begin atomic
  select f.field, f.fault
  from (select (p ->> 'count')::integer as members, (p ->> 'time_range_days')::integer as days,
          (p ->> 'as_of')::timestamptz as as_of, (p ->> 'variance')::double precision as variance) a
    cross join lateral (values
      ('seed', case when p ->> 'seed' is null then 'is missing' end),
      ('data_type', case when p ->> 'data_type' is null then 'is missing'
         when kind is not null and kind = any (auxeira.fact_owners(p ->> 'data_type')) is not true
         then format('%s is not of an organization of type %s', p ->> 'data_type', kind) end),
      ('count', case
         when kind is null and members between 10 and 1000 is not true then 'a number from 10 to 1000 is expected'
         when kind <> 'startup' and members between 1 and 500 is not true
           then 'a number of companies from 1 to 500 is expected' end),
      ('time_range_days', case when days between 1 and 7305 is not true
         then 'a number from 1 to 7305 (20 years) is expected' end),
      ('as_of', case when as_of between '1970-01-01T00:00:00Z' and now() is not true
         then 'a time from 1970 on that is not to come is expected' end),
      ('variance', case when variance between 0 and 1 is not true then 'a number from 0 to 1 is expected' end),
      ('trend', case when p ->> 'trend' not in ('improving', 'declining', 'stable', 'volatile')
         then 'improving, declining, stable or volatile is expected' end),
      ('count', case when members between 1 and 1000 and days between 1 and 7305 then auxeira.size_fault(
         auxeira.companies_of(kind, members), days, most) end)) f (field, fault)
  where f.fault is not null;
end;
comment on function auxeira.fact_faults(jsonb, auxeira.organization_type, integer) is
  'What is wrong with the parameters of facts around an organization of a type, or (NULL) of an ecosystem of count '
  'organizations. most: company months.';

create function auxeira.refuse_faults(p jsonb, kind auxeira.organization_type, names jsonb) returns void
  language plpgsql stable as $$
declare
  faults constant text := (
    select string_agg(format('%s: %s', coalesce(names ->> f.field, f.field), f.fault), e'\n')
    from auxeira.fact_faults(p, kind, (select l.most_company_months from auxeira.synthesis_limits l)) f);
begin
  if faults is not null then
    raise exception using errcode = '22023', message = 'invalid parameters for synthetic data', detail = faults;
  end if;
end
$$;
comment on function auxeira.refuse_faults(jsonb, auxeira.organization_type, jsonb) is
  'Error 22023 that names every parameter that is out of bounds. names: what the caller calls them, where it is not so.';

-- Definer, because the limit is not for everybody to read; what it tells is of the active organization.
create function auxeira.check_facts(parameters jsonb, names jsonb default '{}') returns void
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  kind constant auxeira.organization_type := (
    select o.org_type from auxeira.organizations o where o.org_id = auxeira.org_id());
begin
  if kind is null then
    raise exception using errcode = 'P0002', message = 'organization not found';
  end if;
  perform auxeira.refuse_faults(auxeira.typed_parameters(parameters), kind, coalesce(names, '{}'));
end
$$;
comment on function auxeira.check_facts(jsonb, jsonb) is
  'Error 22023 when facts of the active organization cannot be made of the parameters: names every fault. names: {parameter: '
  'what the caller calls it}.';

-- --- Once ------------------------------------------------------------------------------------------------------------

create function auxeira.claims_of(plan auxeira.ecosystem_plan) returns setof auxeira.synthetic_claims
  language sql stable rows 100
begin atomic
  select distinct m.org_id, s.claims, c.month, m.session_id
  from auxeira.members_of(plan) m
    join auxeira.steps_of((plan).data_type) s on s.claims = 'ecosystem' or s.claims is not null and m.kind = 'startup'
    cross join lateral (
      select '-infinity'::date where s.claims in ('ecosystem', 'integrations')
      union all
      select (date_trunc('month', (plan).as_of at time zone 'UTC') - make_interval(months => n))::date
      from generate_series(0, m.months - 1) n where s.claims not in ('ecosystem', 'integrations')) c (month)
  where m.is_real
  order by 1, 2, 3;
end;
comment on function auxeira.claims_of(auxeira.ecosystem_plan) is 'What a session makes of real organizations.';

create function auxeira.claim(plan auxeira.ecosystem_plan) returns void language plpgsql volatile as $$
declare
  taken record;
begin
  insert into auxeira.synthetic_claims select c.* from auxeira.claims_of(plan) c on conflict do nothing;
  select o.name, held.what, held.session_id, m.session_org into taken
  from auxeira.claims_of(plan) c
    join auxeira.synthetic_claims held using (org_id, what, month)
    join auxeira.synthetic_members m on m.org_id = held.org_id and m.session_id = held.session_id
    join auxeira.organizations o on o.org_id = held.org_id
  where held.session_id <> plan.session_id
  order by array_position('{ecosystem, history, actions, scores, integrations}', held.what), held.month desc, o.org_id limit 1;
  if found then
    raise exception using errcode = 'ZA409', message = case taken.what
        when 'ecosystem' then 'the organization takes part in a synthetic ecosystem already'
        when 'integrations' then 'the organization has synthetic integrations already'
        else format('the organization has synthetic %s of these months already', taken.what) end,
      detail = format('Session %s generated it for %s.', taken.session_id, taken.name),
      hint = case when taken.session_org = auxeira.org_id() then format('Remove session %s first.', taken.session_id)
        else 'Whoever generated that session, or an administrator, can remove it.' end;
  end if;
end
$$;
comment on function auxeira.claim(auxeira.ecosystem_plan) is
  'Writes down what a session makes of real organizations. Error ZA409 when another made it, or makes it at this time: tells '
  'which.';

-- --- Building --------------------------------------------------------------------------------------------------------

create function auxeira.plan_of(session_org uuid, session_id uuid, root text, p jsonb, data_type text)
  returns auxeira.ecosystem_plan language sql stable
  return row(session_org, session_id, (p ->> 'seed')::bigint, root, (p ->> 'as_of')::timestamptz,
             auxeira.months_in((p ->> 'time_range_days')::integer), (p ->> 'time_range_days')::integer,
             (p ->> 'variance')::double precision, p ->> 'trend', data_type, null)::auxeira.ecosystem_plan;
comment on function auxeira.plan_of(uuid, uuid, text, jsonb, text) is 'What a session with these parameters is made from.';

create function auxeira.refuse_made(around uuid[]) returns void language plpgsql stable as $$
declare
  made constant auxeira.organizations := (
    select o from auxeira.organizations o where o.org_id = any (around) and o.synthetic_session is not null
    order by o.org_id limit 1);
begin
  if made.org_id is not null then
    raise exception using errcode = '22023', message = 'an organization that takes part is a synthetic one',
      detail = format('Session %s made %s, and takes it away again.', made.synthetic_session, made.name),
      hint = 'Take one that is not of another ecosystem.';
  end if;
end
$$;
comment on function auxeira.refuse_made(uuid[]) is 'Error 22023 when an organization is one that a session made.';

-- So little is stored by one statement that the client sees how far it is, can cancel at once, and nothing is spilled to files.
create function auxeira.companies_at_a_time() returns integer language sql immutable parallel safe return 10;
comment on function auxeira.companies_at_a_time() is
  'For how many companies a step that is taken by company stores in one statement. Any number makes the same rows.';

create function auxeira.parts_of(plan auxeira.ecosystem_plan)
  returns table (step text, companies int4range)
  language sql stable rows 30
begin atomic
  select s.step, p.companies
  from auxeira.steps_of(plan.data_type) s
    cross join lateral (
      select null::int4range as companies where not s.is_by_company
      union all
      select int4range(first, first + auxeira.companies_at_a_time())
      from (select max(m.place) as startups from auxeira.members_of(plan) m where m.kind = 'startup') c
        cross join lateral generate_series(1, c.startups, auxeira.companies_at_a_time()) first
      where s.is_by_company) p
  order by s.place, p.companies;
end;
comment on function auxeira.parts_of(auxeira.ecosystem_plan) is
  'The steps of a data type in their order, each for some companies at a time where what it stores depends on no others.';

create function auxeira.take_steps(plan auxeira.ecosystem_plan) returns void language plpgsql volatile as $$
declare
  of_all constant integer := (select count(*) from auxeira.parts_of(plan));
  part record;
  done integer := 0;
  told timestamptz := clock_timestamp();
begin
  perform auxeira.report_generation(plan.session_org, plan.session_id, done, of_all);
  for part in select * from auxeira.parts_of(plan) loop
    plan.companies := part.companies;
    execute format('select auxeira.%I($1)', part.step) using plan;
    done := done + 1;
    perform auxeira.report_generation(plan.session_org, plan.session_id, done, of_all);
    if clock_timestamp() > told + interval '1 second' then
      told := clock_timestamp();
      raise notice 'generated % of % parts (% %%)', done, of_all, 100 * done / of_all;
    end if;
  end loop;
end
$$;
comment on function auxeira.take_steps(auxeira.ecosystem_plan) is
  'Takes the steps of a data type part by part, and tells auxeira.synthesis_progress() and the client how far it is.';

-- In UTC and with ISO dates, because draws are keyed by dates as text. There are no statistics of rows this young: compiling
-- would take longer than what it is guessed to save.
create function auxeira.build_facts(plan auxeira.ecosystem_plan, wanted jsonb, around uuid[]) returns void
  language plpgsql volatile set timezone = 'UTC' set datestyle = 'ISO, MDY' set extra_float_digits = 1 set jit = off as $$
declare
  violated text;
  in_table text;
begin
  perform auxeira.refuse_made(around);
  perform auxeira.check_lives(plan, around);
  perform auxeira.invite_real(plan, around);
  perform auxeira.claim(plan);
  perform auxeira.make_organizations(plan, wanted);
  perform auxeira.take_steps(plan);
exception when unique_violation then
  get stacked diagnostics violated = constraint_name, in_table = table_name;
  if in_table <> all (auxeira.synthetic_tables()) or violated <> in_table || '_pkey' then
    raise;
  end if;
  raise exception using errcode = 'ZA409', message = 'a row with the id of one that is to be generated is there already',
    detail = format('It is a row of %s, of %s.', in_table, coalesce((
      select string_agg(o.name, ' or ' order by o.name) from auxeira.organizations o where o.org_id = any (around)), 'nobody')),
    hint = 'Take another seed, or remove that row.';
end
$$;
comment on function auxeira.build_facts(auxeira.ecosystem_plan, jsonb, uuid[]) is
  'Makes what a data type asks for, with so many organizations of each type, around those that there are. wanted: {} for an '
  'organization''s own facts alone. Errors: 22023 an organization was not there at the time, or is a synthetic one; ZA409 made '
  'already, or a row is there that has the id of one to be made: whoever knows the seed knows the ids.';
revoke execute on function auxeira.build_facts(auxeira.ecosystem_plan, jsonb, uuid[]) from public;

reset role;
