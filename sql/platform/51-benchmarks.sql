-- Comparisons over all startups: averages of groups, never of few. This is all that governments and the public see of
-- organizations that did not open themselves to them.
set local role auxeira_owner;

create type auxeira.benchmark_group as (label text, size bigint, average double precision);
comment on type auxeira.benchmark_group is 'A group of startups: how many have the figure, and its average.';

create function auxeira.latest_figures(measure text, synthetic boolean)
  returns table (org_id uuid, stage text, industry text, region text, figure double precision)
  language sql stable
begin atomic
  select o.org_id, coalesce(o.stage::text, 'unknown'), coalesce(o.industry, 'unknown'), coalesce(o.region, 'unknown'),
         latest.figure
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
  where o.org_type = 'startup' and o.is_active
    and (synthetic or not o.is_synthetic and auxeira.is_proven(o.org_id));
end;
comment on function auxeira.latest_figures(text, boolean) is
  'The latest figure of every startup that counts, with what it says of itself: the real figures of real startups, or all '
  'synthetic ones. For benchmarks alone.';
revoke execute on function auxeira.latest_figures(text, boolean) from public;

-- From narrow to wide: whoever is not among enough of the same stage, industry and region is put with the others that
-- are left of the same stage and industry, then of the same stage, then with all that are left.
create function auxeira.benchmark_atoms(measure text, synthetic boolean)
  returns table (org_id uuid, stage text, industry text, region text, figure double precision)
  language sql stable
begin atomic
  with cells as (
    select f.*, count(*) over (partition by f.stage, f.industry, f.region) >= auxeira.smallest_cohort() as has_region
    from auxeira.latest_figures(measure, synthetic) f
  ), industries as (
    select c.*, c.has_region or count(*) over (partition by c.has_region, c.stage, c.industry)
                                >= auxeira.smallest_cohort() as has_industry
    from cells c
  ), stages as (
    select i.*, i.has_industry or count(*) over (partition by i.has_industry, i.stage)
                                  >= auxeira.smallest_cohort() as has_stage
    from industries i
  ), rest as (
    select s.*, s.has_stage or count(*) over (partition by s.has_stage) >= auxeira.smallest_cohort() as is_enough
    from stages s
  )
  select r.org_id, case when r.has_stage then r.stage else 'other' end,
         case when r.has_industry then r.industry else 'other' end,
         case when r.has_region then r.region else 'other' end, r.figure
  from rest r
  where r.is_enough;
end;
comment on function auxeira.benchmark_atoms(text, boolean) is
  'The startups that figures are published of, each in one atom: those with the same stage, industry and region here, '
  'never fewer than smallest_cohort(). Region, then industry, then stage is "other" where it takes that to be enough; '
  'the last that are left are in no figure when they are too few. Microaggregation, by recoding of categories: '
  'Willenborg and de Waal, Elements of Statistical Disclosure Control, Lecture Notes in Statistics 155, 2001.';
revoke execute on function auxeira.benchmark_atoms(text, boolean) from public;

-- Definer, because it reads all tenants; it gives sums over whole atoms, and nothing else.
create function auxeira.benchmarks(measure text, dimension text, synthetic boolean default false)
  returns table (label text, size bigint, average numeric, is_total boolean)
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  with published as (
    select case dimension when 'stage' then a.stage when 'industry' then a.industry when 'region' then a.region end
             as label, a.figure
    from auxeira.benchmark_atoms(measure, synthetic) a
  )
  select p.label, nullif(count(*), 0), round(avg(p.figure)::numeric, 1), grouping(p.label) = 1
  from published p
  group by grouping sets ((p.label), ())
  order by grouping(p.label), p.label;
end;
comment on function auxeira.benchmarks(text, text, boolean) is
  'The average of a measure over startups by stage, industry or region, and over all, of which size and average are NULL '
  'when there is nothing to publish. Names of smaller groups, which single startups make up, are not told. Every figure is '
  'of whole atoms (see benchmark_atoms), whatever the dimension. So tables of one moment, however they are added and '
  'subtracted, weigh all startups of an atom alike: what two of them share, or one has beyond the other, is no startup or '
  'smallest_cohort() and more, and nobody''s own figure remains.';

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
      'groups', coalesce(json_agg(json_build_object('group', b.label, 'startups', b.size, 'average', b.average))
                         filter (where not b.is_total), '[]'),
      'total', (array_agg(json_build_object('startups', b.size, 'average', b.average, 'isWithheld', b.size is null))
                filter (where b.is_total))[1]))
    from auxeira.benchmarks(r ->> 'measure', r ->> 'by', (r ->> 'synthetic')::boolean) b);
end
$$;
comment on function auxeira_api.get_benchmarks(jsonb) is
  'GET /api/benchmarks: averages over all startups, for everyone who is signed in. measure (sse_score, revenue, '
  'customers, team_size, burn_rate, runway_months), by (stage, industry, region), synthetic (of synthetic data). '
  'Startups that are fewer than five of a kind are put with others, in the group "other", or left out.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('get_benchmarks', 'user', 200, true, 'benchmarks');

reset role;
