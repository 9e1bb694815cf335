-- Comparisons over all startups: averages of groups, never of few. This is all that governments and the public see of
-- organizations that did not open themselves to them.
set local role auxeira_owner;

create type auxeira.benchmark_group as (label text, size bigint, average double precision);
comment on type auxeira.benchmark_group is 'A group of startups: how many have the figure, and its average.';

-- What is published beside a total must not let the total minus the rest give a small group away: when a group is
-- withheld, so are the next smallest, until at least two groups and smallest_cohort() startups are.
create function auxeira.withheld_groups(sizes bigint[]) returns integer
  language sql immutable parallel safe
begin atomic
  with ordered as (
    select size, row_number() over (order by size, n) as place, sum(size) over (order by size, n) as up_to
    from unnest(sizes) with ordinality as s (size, n)
  ), few as (
    select count(*) as groups from ordered where size < auxeira.smallest_cohort()
  )
  select case when few.groups = 0 then 0 else coalesce(
    (select min(o.place) from ordered o
     where o.place >= greatest(few.groups, 2) and o.up_to >= auxeira.smallest_cohort()), cardinality(sizes)) end::integer
  from few;
end;
comment on function auxeira.withheld_groups(bigint[]) is
  'How many of the groups, smallest first, must be withheld beside a published total (cell suppression, primary and '
  'complementary: Willenborg and de Waal, Elements of Statistical Disclosure Control, 2001, section 1.4).';

create function auxeira.latest_figures(measure text, synthetic boolean)
  returns table (org_id uuid, stage text, industry text, region text, figure double precision)
  language sql stable
begin atomic
  select o.org_id, o.stage::text, o.industry, o.region, latest.figure
  from auxeira.organizations o
    cross join lateral (
      (select s.total_score::double precision as figure from auxeira.sse_scores s
       where measure = 'sse_score' and s.org_id = o.org_id and s.status = 'scored' and s.is_synthetic = synthetic
       order by s.version desc limit 1)
      union all
      -- Within bounds: who writes with SQL can store 1e400 and 1e-400, which are no double precision.
      (select round(least(greatest((m.metric_value ->> measure)::numeric, -1e18), 1e18), 6)::double precision
       from auxeira.dashboard_metrics m
       where measure <> 'sse_score' and m.org_id = o.org_id and m.dashboard_type = 'startup_founder'
         and m.is_synthetic = synthetic and jsonb_typeof(m.metric_value -> measure) = 'number'
       order by m.metric_timestamp desc limit 1)) latest
  where o.org_type = 'startup' and o.is_active and (synthetic or auxeira.is_proven(o.org_id));
end;
comment on function auxeira.latest_figures(text, boolean) is
  'The latest figure of every startup that counts. For auxeira.benchmarks alone.';
revoke execute on function auxeira.latest_figures(text, boolean) from public;

-- Definer, because it reads all tenants; it gives groups that withheld_groups lets through, and nothing else.
create function auxeira.benchmarks(measure text, dimension text, synthetic boolean default false)
  returns table (label text, size bigint, average numeric, is_total boolean)
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  with groups as (
    select coalesce(case dimension when 'stage' then f.stage when 'industry' then f.industry when 'region' then f.region end,
                    'unknown') as label,
           count(*) as size, sum(f.figure) as total
    from auxeira.latest_figures(measure, synthetic) f
    group by 1
  ), ordered as (
    select g.*, row_number() over (order by g.size, g.label) as place,
           auxeira.withheld_groups(array_agg(g.size) over ()) as withheld
    from groups g
  ), figures as (
    select o.label, o.place > o.withheld as is_shown, o.size, o.total, false as is_total from ordered o
    union all
    select null, sum(g.size) >= auxeira.smallest_cohort(), sum(g.size)::bigint, sum(g.total), true
    from groups g having count(*) > 0
  )
  select f.label, case when f.is_shown then f.size end,
         case when f.is_shown then round((f.total / f.size)::numeric, 1) end, f.is_total
  from figures f order by f.is_total, f.label;
end;
comment on function auxeira.benchmarks(text, text, boolean) is
  'The average of a measure over startups by stage, industry or region, and over all. size and average are NULL where '
  'the group, or what could be subtracted from the total, is of fewer than smallest_cohort() startups. One dimension at '
  'a time, so that no two tables share cells but the total.';

create function auxeira_api.get_benchmarks(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "properties": {
      "measure": {"type": "string", "enum": ["sse_score", "revenue", "customers", "team_size", "burn_rate",
        "runway_months"], "default": "sse_score"},
      "by": {"type": "string", "enum": ["stage", "industry", "region"], "default": "stage"},
      "synthetic": {"type": "boolean", "default": false}}}', true);
begin
  return (
    select auxeira.success(json_build_object(
      'measure', r -> 'measure', 'by', r -> 'by', 'smallestGroup', auxeira.smallest_cohort(),
      'groups', coalesce(json_agg(json_build_object('group', b.label, 'startups', b.size, 'average', b.average,
                                                    'isWithheld', b.size is null)) filter (where not b.is_total), '[]'),
      'total', (array_agg(json_build_object('startups', b.size, 'average', b.average, 'isWithheld', b.size is null))
                filter (where b.is_total))[1]))
    from auxeira.benchmarks(r ->> 'measure', r ->> 'by', (r ->> 'synthetic')::boolean) b);
end
$$;
comment on function auxeira_api.get_benchmarks(jsonb) is
  'GET /api/benchmarks: averages over all startups, for everyone who is signed in. measure (sse_score, revenue, '
  'customers, team_size, burn_rate, runway_months), by (stage, industry, region), synthetic (of synthetic data). Groups '
  'of fewer than five are withheld, and as many others as keep them from being worked out.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('get_benchmarks', 'user', 200, true, 'benchmarks');

reset role;
