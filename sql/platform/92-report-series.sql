-- How good generated data is, measured on what is stored: each property a figure beside its tolerance. Here: what is
-- measured, and the properties of the points of dashboards.
set local role auxeira_owner;

create type auxeira.synthetic_finding as (property text, subject text, value double precision, lower double precision,
  upper double precision, passed boolean, detail text);
comment on type auxeira.synthetic_finding is
  'A property of generated data: of what, the figure, the bounds it must lie in (NULL: none) and whether it does.';

create function auxeira.finding(property text, subject text, value double precision, lower double precision,
                                upper double precision, detail text) returns auxeira.synthetic_finding
  language sql immutable parallel safe
  return row(property, subject, round(value::numeric, 6)::double precision, round(lower::numeric, 6)::double precision,
             round(upper::numeric, 6)::double precision,
             value >= coalesce(lower, value) and value <= coalesce(upper, value), detail)::auxeira.synthetic_finding;
comment on function auxeira.finding(text, text, double precision, double precision, double precision, text) is
  'A finding with its verdict; no verdict on a value that there is none of.';

-- What chance adds to a share of n: three standard deviations.
create function auxeira.share_margin(share double precision, n bigint) returns double precision
  language sql immutable parallel safe return 3 * sqrt(share * (1 - share) / nullif(n, 0));
comment on function auxeira.share_margin(double precision, bigint) is
  'How far the share of n that something happens to may lie from the one that was asked for, but for three in a thousand.';

-- The binomial distribution itself: of few, or where nearly none or nearly all are expected, it is not symmetric. The
-- logarithms keep its ends from becoming zero.
create function auxeira.report_share_bounds(share double precision, n bigint, out lower double precision,
                                            out upper double precision)
  language sql immutable parallel safe
begin atomic
  with terms as (
    select k, exp(greatest(sum(case k when 0 then n * ln(1 - share)
                                 else ln((n - k + 1) * share / (k * (1 - share))) end) over (order by k), -700)) as part
    from generate_series(0, n) k where share > 0 and share < 1 and n <= 1000
  ), sums as (
    select t.k, sum(t.part) over (order by t.k) as so_far from terms t
  ), exact as (
    select min(s.k) filter (where s.so_far > 0.00135)::double precision / n as lower,
      min(s.k) filter (where s.so_far >= 0.99865)::double precision / n as upper
    from sums s where n > 0
  )
  select coalesce(e.lower, share - auxeira.share_margin(share, n), share),
    coalesce(e.upper, share + auxeira.share_margin(share, n), share)
  from exact e;
end;
comment on function auxeira.report_share_bounds(double precision, bigint) is
  'Between which shares of n those lie that something of this probability happens to, but for three in a thousand; of more '
  'than a thousand by auxeira.share_margin().';

-- A median varies by a quarter more than a mean does.
create function auxeira.median_margin(spread double precision, n bigint) returns double precision
  language sql immutable parallel safe return 3 * 1.2533 * spread / sqrt(nullif(n, 0));
comment on function auxeira.median_margin(double precision, bigint) is
  'How far the median of n with this standard deviation may lie from that of all, but for three in a thousand.';

create function auxeira.correlation_margin(correlation double precision, n bigint) returns double precision
  language sql immutable parallel safe return 3 * (1 - correlation ^ 2) / sqrt(nullif(n, 0));
comment on function auxeira.correlation_margin(double precision, bigint) is
  'How far the correlation over n may lie from this one of all, but for three in a thousand.';

-- --- What is measured ---------------------------------------------------------------------------------------------

create function auxeira.report_session(session uuid) returns setof auxeira.synthetic_data_sessions
  language sql stable rows 1
begin atomic
  select s.* from auxeira.synthetic_data_sessions s where s.session_id = session
  order by coalesce(s.org_id = auxeira.org_id(), false) desc, s.created_at, s.org_id limit 1;
end;
comment on function auxeira.report_session(uuid) is
  'The session of this id: that of the active organization, else the oldest that the caller may read.';

-- Strict keeps it whole: put into another statement, the planner would take it for a handful of rows.
create function auxeira.session_organizations(session uuid)
  returns table (org_id uuid, kind auxeira.organization_type, stage text, founded_on date, closed_on date, is_made boolean)
  language sql stable strict rows 1000
begin atomic
  with made as (
    select o.org_id from auxeira.organizations o where o.is_synthetic and o.synthetic_session = session
  ), involved as (
    select m.org_id from made m
    union select s.org_id from auxeira.report_session(session) s
    union select r.org_id from made m join auxeira.relationships r on r.startup_id = m.org_id and r.session_id = session
    union select r.startup_id from made m join auxeira.relationships r on r.org_id = m.org_id and r.session_id = session
  )
  select o.org_id, o.org_type, o.stage::text, o.founded_on, o.closed_on, coalesce(o.synthetic_session = session, false)
  from involved i join auxeira.organizations o on o.org_id = i.org_id;
end;
comment on function auxeira.session_organizations(uuid) is
  'The organizations a session is about, as far as the caller may read: its own, those it made, and those that deal with them.';

create function auxeira.synthetic_rows(session uuid) returns setof auxeira.dashboard_metrics language sql stable
begin atomic
  select m.* from auxeira.dashboard_metrics m
  where m.session_id = session and m.is_synthetic
    and m.org_id in (select o.org_id from auxeira.session_organizations(session) o);
end;
comment on function auxeira.synthetic_rows(uuid) is
  'The points of a session that the caller may read, of the organizations it is about.';

-- A series that others of the same seed share points with is whole in no session.
create function auxeira.series_asked(session uuid)
  returns table (as_of timestamptz, count bigint, trend text, variance double precision, missing double precision,
                 late double precision, restated double precision, shocks double precision)
  language sql stable
begin atomic
  select p.as_of, p.count, p.trend, p.variance, coalesce(p.missing_rate, 0), coalesce(p.late_rate, 0),
    coalesce(p.restatement_rate, 0), coalesce(p.shock_rate, 0)
  from auxeira.report_session(session) s
    cross join lateral jsonb_to_record(auxeira.typed_parameters(s.parameters)) p (data_type text, as_of timestamptz, count bigint, trend text,
      variance double precision, missing_rate double precision, late_rate double precision,
      restatement_rate double precision, shock_rate double precision)
  where p.data_type = 'metrics'
    and (s.row_counts ->> 'dashboard_metrics')::bigint = s.generation_count;
end;
comment on function auxeira.series_asked(uuid) is
  'What a session of metrics was asked for; no row where a part of its points was there before.';

create function auxeira.template_asked(session uuid) returns jsonb language sql stable
begin atomic
  select coalesce(
      (select to_jsonb(t) from auxeira.organization_templates t
       where t.org_id = s.org_id and t.template_id = (s.parameters ->> 'template_id')::uuid),
      (select to_jsonb(t) from auxeira.synthetic_data_templates t
       where t.template_id = (s.parameters ->> 'template_id')::uuid), '{}')
  from auxeira.report_session(session) s where s.parameters ? 'template_id';
end;
comment on function auxeira.template_asked(uuid) is
  'The template that a session was asked to follow, removed ones too; {} for one that is not to be read, NULL for none.';

create function auxeira.series_rules(session uuid)
  returns table (user_type text, metric_name text, kind text, minimum double precision, maximum double precision,
                 decimals integer, good_direction text, follows_trend boolean)
  language sql stable
begin atomic
  select c.user_type, c.metric_name, c.kind, c.minimum::double precision, c.maximum::double precision, c.decimals,
    c.good_direction, c.follows_trend
  from auxeira.synthetic_catalogue() c where auxeira.template_asked(session) is null
  union all
  select t.document ->> 'user_type', r.key, t.document #>> array['data_schema', r.key, 'kind'], coalesce(v.minimum, 0),
    v.maximum, case s.type when 'integer' then 0 else coalesce(s.decimals, 2) end, coalesce(v."goodDirection", 'up'),
    coalesce(v.model, 'path') = 'path' and coalesce(v."trendResponse", 1) = 1 and v.distribution is distinct from 'constant'
      and num_nulls(v.maximum, v.ceiling, v.expression) = 3
  from auxeira.template_asked(session) t (document)
    cross join lateral jsonb_each(t.document -> 'generation_rules') r
    cross join lateral jsonb_to_record(r.value) v (minimum double precision, maximum double precision, ceiling double precision,
      model text, distribution text, expression text, "trendResponse" double precision, "goodDirection" text)
    cross join lateral jsonb_to_record(t.document -> 'data_schema' -> r.key) s (type text, decimals integer);
end;
comment on function auxeira.series_rules(uuid) is
  'What the numbers of a session must keep to: the catalogue, or the template that was asked for.';

create function auxeira.number_of(figures jsonb, name text) returns double precision language sql immutable parallel safe
  return case jsonb_typeof(figures -> name) when 'number' then (figures -> name)::double precision end;
comment on function auxeira.number_of(jsonb, text) is 'A figure of a point; NULL when it has none, or what is no number.';

create function auxeira.series_numbers(session uuid)
  returns table (org_id uuid, at timestamptz, value double precision, user_type text, metric_name text, kind text,
                 minimum double precision, maximum double precision, decimals integer)
  language sql stable
begin atomic
  select m.org_id, m.metric_timestamp, v.value, r.user_type, r.metric_name, r.kind, r.minimum, r.maximum, r.decimals
  from auxeira.synthetic_rows(session) m
    join auxeira.series_rules(session) r on r.user_type = m.dashboard_type::text
    cross join lateral (select auxeira.number_of(m.metric_value, r.metric_name) as value offset 0) v
  where v.value is not null;
end;
comment on function auxeira.series_numbers(uuid) is 'The numbers of a session that there are rules for, one by one.';

-- Of a long series some ten thousand points, evenly spaced: more tell nothing new of its motion.
create function auxeira.series_steps(session uuid)
  returns table (org_id uuid, user_type text, metric_name text, good_direction text, is_fine boolean, unit double precision,
                 place double precision, logarithm double precision, place_before double precision, logarithm_before double precision)
  language sql stable
begin atomic
  with numbered as (
    select m.org_id, m.dashboard_type::text as user_type, m.metric_value, m.metric_timestamp as at,
      row_number() over (partition by m.org_id, m.dashboard_type order by m.metric_timestamp) as number,
      count(*) over (partition by m.org_id, m.dashboard_type) as points
    from auxeira.synthetic_rows(session) m
  ), numbers as (
    select n.org_id, n.user_type, r.metric_name, r.good_direction, r.decimals >= 1 or v.value >= 1000 as is_fine,
      10.0 ^ -r.decimals / nullif(v.value, 0) as unit, n.number::double precision / n.points as place, n.at, case when v.value > 0 then ln(v.value) end as logarithm
    from numbered n
      join auxeira.series_rules(session) r on r.user_type = n.user_type and r.follows_trend
      cross join lateral (select auxeira.number_of(n.metric_value, r.metric_name) as value offset 0) v
    where n.number % (1 + n.points / 10000) = 0 and v.value is not null
  )
  select n.org_id, n.user_type, n.metric_name, n.good_direction, n.is_fine, n.unit, n.place, n.logarithm,
    lag(n.place) over series, lag(n.logarithm) over series
  from numbers n
  window series as (partition by n.org_id, n.user_type, n.metric_name order by n.at);
end;
comment on function auxeira.series_steps(uuid) is
  'The logarithms of the metrics that follow trend and variance in full, each with its place from 0 to 1 and the one before. '
  'is_fine: rounding it changes it by less than a thousandth; unit: the last decimal, as a share of the value.';

create function auxeira.series_lines(session uuid)
  returns table (org_id uuid, user_type text, metric_name text, points bigint, slope double precision, spread double precision,
                 autocorrelation double precision, median_step double precision, unit double precision)
  language sql stable
begin atomic
  with steps as materialized (
    select * from auxeira.series_steps(session)
  ), lines as materialized (
    select s.org_id, s.user_type, s.metric_name, count(*) as points, min(s.good_direction) as good_direction,
      max(s.unit) as unit, regr_slope(s.logarithm, s.place) as slope, regr_intercept(s.logarithm, s.place) as intercept
    from steps s group by s.org_id, s.user_type, s.metric_name
    having count(*) = count(s.logarithm) and count(*) >= 30 and bool_and(s.is_fine)
  ), residuals as (
    select l.*, s.logarithm - l.intercept - l.slope * s.place as residual,
      s.logarithm_before - l.intercept - l.slope * s.place_before as before, abs(s.logarithm - s.logarithm_before) as step
    from lines l join steps s using (org_id, user_type, metric_name)
  )
  select r.org_id, r.user_type, r.metric_name, min(r.points),
    min(r.slope) * case min(r.good_direction) when 'down' then -1 else 1 end, sqrt(avg(r.residual * r.residual)),
    sum(r.residual * r.before) / nullif(sum(r.residual * r.residual), 0), percentile_cont(0.5) within group (order by r.step), min(r.unit)
  from residuals r
  group by r.org_id, r.user_type, r.metric_name;
end;
comment on function auxeira.series_lines(uuid) is
  'Of each series of 30 points or more the straight line through the logarithms: slope over the whole time, upwards for the '
  'better, spread of the residuals, their first autocorrelation, the median step, and the last decimal as a share of the '
  'lowest value.';

-- --- Times --------------------------------------------------------------------------------------------------------

create function auxeira.report_of_times(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with steps as (
    select m.org_id, m.dashboard_type, m.metric_timestamp as at,
      m.metric_timestamp - lag(m.metric_timestamp) over series as step
    from auxeira.synthetic_rows(session) m
    window series as (partition by m.org_id, m.dashboard_type order by m.metric_timestamp)
  ), series as (
    select s.dashboard_type::text as subject, count(*) as points, max(s.at) as last,
      date_part('epoch', max(s.step)) / nullif(date_part('epoch', min(s.step)), 0) as evenness
    from steps s group by s.org_id, s.dashboard_type
  )
  select (auxeira.finding(f.property, s.subject, f.value, f.lower, f.upper, f.detail)).*
  from series s
    cross join auxeira.series_asked(session) a
    cross join lateral (values
      ('R3 rows', a.missing = 0, s.points, a.count, a.count, 'points, as many as were asked for'),
      ('R3 evenness', a.missing = 0, s.evenness, 1, 1.01, 'longest gap over shortest'),
      ('R3 future', true, greatest(0, date_part('epoch', s.last - a.as_of)), 0, 0,
       'seconds that the last point lies after as_of')) f (property, applies, value, lower, upper, detail)
  where f.applies and f.value is not null;
end;
comment on function auxeira.report_of_times(uuid) is 'How many points there are, how even, and none in the future.';

-- The last point is that of as_of: it is there, and cannot be reported after it.
create function auxeira.report_of_reporting(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with series as (
    select m.dashboard_type::text as subject, count(*) as points, count(m.reported_at) as late, count(m.first_value) as restated,
      max(m.reported_at - m.metric_timestamp) as longest
    from auxeira.synthetic_rows(session) m group by m.org_id, m.dashboard_type
  )
  select (auxeira.finding(f.property, s.subject, f.share, b.lower * f.possible / f.points - 0.01,
            b.upper * f.possible / f.points + 0.01, format('share of %s points, of %s asked for', f.points, f.asked))).*
  from series s
    cross join auxeira.series_asked(session) a
    cross join lateral (values
      ('R25 missing', 1 - s.points::double precision / a.count, a.missing, a.count, a.count - 1),
      ('R25 late', s.late::double precision / s.points, a.late, s.points, s.points - 1),
      ('R25 restated', s.restated::double precision / s.points, a.restated, s.points, s.points))
      f (property, share, asked, points, possible)
    cross join lateral auxeira.report_share_bounds(f.asked, f.possible) b
  where f.asked > 0
  union all
  select (auxeira.finding('R25 delay', s.subject, date_part('epoch', s.longest) / 86400, 0, 20,
            format('days that the latest of %s late reports came after its time', s.late))).*
  from series s where s.late > 0;
end;
comment on function auxeira.report_of_reporting(uuid) is
  'Points that are left out, late and corrected, where that was asked for: as often as asked, within one point in a hundred '
  'and what chance adds to so many.';

-- --- Motion -------------------------------------------------------------------------------------------------------

create function auxeira.report_motion(session uuid)
  returns table (subject text, points bigint, metrics bigint, slope double precision, spread double precision,
                 autocorrelation double precision, median_step double precision, unit double precision)
  language sql stable
begin atomic
  select l.user_type || ', ' || count(*) || ' metrics', min(l.points), count(*),
    percentile_cont(0.5) within group (order by l.slope), percentile_cont(0.5) within group (order by l.spread),
    percentile_cont(0.5) within group (order by l.autocorrelation),
    percentile_cont(0.5) within group (order by l.median_step), max(l.unit)
  from auxeira.series_lines(session) l group by l.user_type;
end;
comment on function auxeira.report_motion(uuid) is
  'The lines of a session by dashboard, as medians over the metrics. unit: the coarsest.';

-- One series may lie outside of what nine in ten must keep to: the bounds of R5, R9 and R11 are for the median of many. To
-- these chance adds what it adds to so few metrics of so few points: over generated series the memory varies by 2.5 / points
-- around its median, and the median step by 0.4 spreads / sqrt(points); slopes have ends of 0.02 beyond the bounds. Rounding moves a value by half a
-- unit, and a step by one; the trend moves every step. What is left out of a series, and shocks, are no noise around a trend.
create function auxeira.report_of_motion(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with asked as (
    select m.*, a.trend, a.variance > 0 as has_noise,
      a.variance / sqrt(3) * case a.trend when 'volatile' then 2 else 1 end as asked_spread,
      case a.trend when 'improving' then 0.08 when 'declining' then -0.45 else -0.06 end as least_slope,
      case a.trend when 'improving' then 0.45 when 'declining' then -0.08 else 0.06 end as greatest_slope,
      case when m.points >= 180 then 0.8 else 0.4 end as memory, case when m.points >= 365 then 0.3 else 0.7 end as steps
    from auxeira.report_motion(session) m cross join auxeira.series_asked(session) a
    where a.missing = 0 and a.shocks = 0
  )
  select (auxeira.finding(f.property, a.subject, f.value, f.lower - f.margin, f.upper + f.margin, f.detail)).*
  from asked a
    cross join lateral (values
      ('R5 trend', true, a.slope, a.least_slope, a.greatest_slope,
       case when a.trend in ('improving', 'declining') then auxeira.median_margin(0.02, a.metrics) else 0 end,
       'change of the logarithm over the whole time, upwards for the better'),
      ('R7 spread', a.has_noise, a.spread, a.asked_spread * 0.85, a.asked_spread * 1.15, a.unit / 2,
       'standard deviation of the logarithm around the trend'),
      ('R7 spread', not a.has_noise, a.spread, 0, 0.005, a.unit / 2, 'exactly on trend'),
      ('R9 memory', a.has_noise, a.autocorrelation, a.memory, null,
       auxeira.median_margin(2.5 / a.points, a.metrics) + a.unit / nullif(a.asked_spread, 0),
       'first autocorrelation around the trend'),
      ('R11 step', a.has_noise, a.median_step, null, a.asked_spread * a.steps,
       a.asked_spread * auxeira.median_margin(0.4 / sqrt(a.points), a.metrics) + a.unit + abs(a.slope) / a.points,
       'median step of the logarithm'))
      f (property, applies, value, lower, upper, margin, detail)
  where f.applies;
end;
comment on function auxeira.report_of_motion(uuid) is
  'Trend, spread, memory and steps of the metrics that follow trend and variance in full, as medians over them.';

-- --- Values -------------------------------------------------------------------------------------------------------

create function auxeira.report_of_values(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with counted as (
    select n.user_type, count(*)::double precision as numbers,
      count(*) filter (where n.value >= coalesce(n.minimum, n.value) and n.value <= coalesce(n.maximum, n.value)) as within,
      count(*) filter (where n.decimals = 0)::double precision as counts,
      count(*) filter (where n.decimals = 0 and n.value = trunc(n.value)) as whole
    from auxeira.series_numbers(session) n group by n.user_type
  ), steps as (
    select n.user_type, n.value - lag(n.value) over (partition by n.org_id, n.user_type, n.metric_name order by n.at) as step
    from auxeira.series_numbers(session) n where n.kind = 'cumulative'
  )
  select (auxeira.finding(f.property, c.user_type, f.value, 1, 1, f.detail)).*
  from counted c
    cross join lateral (values
      ('BoundaryAdherence', c.within / c.numbers, format('share of %s values within their bounds', c.numbers)),
      ('R15 whole numbers', c.whole / nullif(c.counts, 0), format('share of %s counts that are', c.counts)))
      f (property, value, detail)
  where f.value is not null
  union all
  select (auxeira.finding('R15 cumulative', s.user_type, count(*) filter (where s.step < 0), 0, 0, 'falls of what only grows')).*
  from steps s group by s.user_type;
end;
comment on function auxeira.report_of_values(uuid) is 'Bounds, whole numbers, and that what accumulates never falls.';

-- --- Identities -----------------------------------------------------------------------------------------------------

create function auxeira.report_of_identities(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  select (auxeira.finding('R14 identity', rule.name, count(*) filter (where not rule.holds), 0, 0,
            format('points of %s that break it', count(*)))).*
  from auxeira.synthetic_rows(session) m
    cross join lateral jsonb_to_record(m.metric_value) as v (
      mrr numeric, arr numeric, revenue numeric, customers numeric, grr_12m numeric, nrr_12m numeric,
      arpa numeric, gross_margin numeric, logo_churn numeric, cac numeric, ltv numeric, cac_payback_months numeric,
      actions_this_week numeric, streak_days numeric,
      investments_count numeric, total_invested numeric, check_size_avg numeric, active_investments numeric, exits numeric,
      syndicate_deals numeric, follow_on_opportunities numeric,
      portfolio_size numeric, high_performers numeric, at_risk_companies numeric,
      esg_score_avg numeric, environmental_score numeric, social_impact_score numeric, governance_score numeric,
      beneficiaries numeric, lives_impacted numeric, tvpi numeric, dpi numeric, rvpi numeric,
      moic numeric, irr numeric, portfolio_irr numeric, grants_disbursed numeric, jobs_created numeric, cost_per_job numeric,
      jobs_per_million numeric, jobs_growth_1y numeric, regional_growth numeric, ltv_cac numeric)
    cross join lateral (values
      ('ARR = 12 MRR', v.arr = 12 * v.mrr),
      ('no customers, no revenue', v.customers > 0 or v.revenue = 0),
      ('GRR <= 100 %', v.grr_12m <= 1),
      ('NRR >= GRR', v.nrr_12m >= v.grr_12m),
      ('LTV = ARPA * margin / churn, of 60 months at most',
       v.ltv = round(least(v.arpa * v.gross_margin * 60, v.arpa * v.gross_margin / nullif(v.logo_churn, 0)), 2)),
      ('payback = CAC / (ARPA * margin)', v.cac_payback_months = round(v.cac / nullif(v.arpa * v.gross_margin, 0), 1)),
      ('cheque average = total / count', v.check_size_avg = round(v.total_invested / nullif(v.investments_count, 0))),
      ('a streak is of things done', v.actions_this_week >= least(v.streak_days, 6)),
      ('syndicates and follow-ons are of active investments',
       greatest(v.syndicate_deals, v.follow_on_opportunities) <= v.active_investments),
      ('active + exits <= investments', v.active_investments + v.exits <= v.investments_count),
      ('high performers + at risk <= portfolio', v.high_performers + v.at_risk_companies <= v.portfolio_size),
      ('ESG = mean of E, S, G',
       abs(v.esg_score_avg - (v.environmental_score + v.social_impact_score + v.governance_score) / 3) <= 0.005),
      ('beneficiaries <= lives reached', v.beneficiaries <= v.lives_impacted),
      ('TVPI = DPI + RVPI', v.tvpi = v.dpi + v.rvpi),
      ('MOIC = TVPI', v.moic = v.tvpi),
      ('rate of return of an angel', v.portfolio_irr = case when v.irr is not null then least(v.irr, 2) end),
      ('cost of a job = disbursed / jobs', v.cost_per_job = round(v.grants_disbursed / nullif(v.jobs_created, 0), 2)),
      ('jobs of a million = jobs / disbursed',
       v.jobs_per_million = round(1000000 * v.jobs_created / nullif(v.grants_disbursed, 0), 2)),
      ('growth of a region = growth of its jobs', v.regional_growth = v.jobs_growth_1y),
      ('LTV / CAC', abs(v.ltv_cac - v.ltv / nullif(v.cac, 0)) <= 0.01)) as rule (name, holds)
  where rule.holds is not null and auxeira.template_asked(session) is null
  group by rule.name;
end;
comment on function auxeira.report_of_identities(uuid) is
  'Identities between the numbers of a point, and how many points break one. Templates name their metrics as they like.';

-- --- Beside real data ------------------------------------------------------------------------------------------------

create function auxeira.ks_complement(a double precision[], b double precision[]) returns double precision
  language sql immutable parallel safe
begin atomic
  with pooled as (
    select v as value, 1 as of_a, 0 as of_b from unnest(a) v union all select v, 0, 1 from unnest(b) v
  ), steps as (
    select sum(p.of_a) over (order by p.value)::double precision / cardinality(a) as share_a,
           sum(p.of_b) over (order by p.value)::double precision / cardinality(b) as share_b
    from pooled p
  )
  select 1 - max(abs(s.share_a - s.share_b)) from steps s;
end;
comment on function auxeira.ks_complement(double precision[], double precision[]) is
  'One less the greatest distance of two empirical distributions (two-sample Kolmogorov-Smirnov): 1 for the same. The '
  'KSComplement of SDMetrics.';

-- The newest ten thousand points of either side: more would tell nothing new.
create function auxeira.likeness_numbers(session uuid)
  returns table (side text, org_id uuid, metric_name text, at timestamptz, value double precision)
  language sql stable
begin atomic
  with synthetic as (
    select m.org_id, m.dashboard_type, m.metric_timestamp, m.metric_value from auxeira.synthetic_rows(session) m
    order by m.metric_timestamp desc limit 10000
  ), real as materialized (
    select m.org_id, m.metric_timestamp, m.metric_value from auxeira.dashboard_metrics m
    where not m.is_synthetic and m.org_id = any (auxeira.readable_org_ids('metrics'))
      and m.dashboard_type in (select s.dashboard_type from synthetic s)
    order by m.metric_timestamp desc limit 10000
  ), sides as (
    select 'real' as side, r.* from real r
    union all
    select 'synthetic', s.org_id, s.metric_timestamp, s.metric_value from synthetic s where exists (select from real)
  )
  select s.side, s.org_id, v.key, s.metric_timestamp, least(greatest(v.value::text::numeric, -1e18), 1e18)::double precision
  from sides s cross join lateral jsonb_each(s.metric_value) v
  where jsonb_typeof(v.value) = 'number';
end;
comment on function auxeira.likeness_numbers(uuid) is
  'The numbers of a session, and what the caller may read of real points of the same dashboards, to compare them with.';

create function auxeira.likeness_of_values(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with sequences as (
    select d.side, d.metric_name, d.org_id, array_agg(d.value) as values, avg(d.value) as mean, avg(d.step) as step
    from (select n.*, n.value - lag(n.value) over (partition by n.side, n.org_id, n.metric_name order by n.at) as step
          from auxeira.likeness_numbers(session) n) d
    group by d.side, d.metric_name, d.org_id
  ), figures as (
    select 'KSComplement' as property, 30 as enough, 'likeness of the distribution to that of the real points' as detail,
      s.side, s.metric_name, v.value
    from sequences s cross join lateral unnest(s.values) v (value)
    union all
    select m.property, 5, m.detail, s.side, s.metric_name, m.value
    from sequences s cross join lateral (values
      ('StatisticMSAS', s.mean, 'likeness of the distribution of means over organizations'),
      ('InterRowMSAS', s.step, 'likeness of the distribution of mean steps over organizations')) m (property, value, detail)
  ), pooled as (
    select f.property, f.metric_name, f.detail, f.enough, array_agg(f.value) filter (where f.side = 'real') as real,
      array_agg(f.value) filter (where f.side = 'synthetic') as synthetic
    from figures f where f.value is not null group by f.property, f.metric_name, f.detail, f.enough
  )
  select (auxeira.finding(p.property, p.metric_name, auxeira.ks_complement(p.real, p.synthetic), null, null, p.detail)).*
  from pooled p where cardinality(p.real) >= p.enough and cardinality(p.synthetic) >= p.enough;
end;
comment on function auxeira.likeness_of_values(uuid) is
  'Likeness of distributions: KSComplement of values, StatisticMSAS of means and InterRowMSAS of steps over organizations.';

create function auxeira.likeness_of_pairs(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with numbers as materialized (
    select * from auxeira.likeness_numbers(session)
  ), pairs as (
    select a.side, a.metric_name as one, b.metric_name as other, corr(a.value, b.value) as correlation
    from numbers a join numbers b on b.side = a.side and b.org_id = a.org_id and b.at = a.at and b.metric_name > a.metric_name
    group by a.side, a.metric_name, b.metric_name
    having count(*) >= 30
  )
  select (auxeira.finding('CorrelationSimilarity', s.one || ', ' || s.other, 1 - abs(s.correlation - r.correlation) / 2,
            null, null, 'likeness of the correlation to that of the real points')).*
  from pairs s join pairs r on r.side = 'real' and r.one = s.one and r.other = s.other
  where s.side = 'synthetic' and s.correlation is not null and r.correlation is not null;
end;
comment on function auxeira.likeness_of_pairs(uuid) is 'Likeness of the correlations of pairs of metrics.';

-- No bounds: how much the data should look like theirs is for its owners to say.
create function auxeira.report_beside_real(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  select * from auxeira.likeness_of_values(session)
  union all
  select * from auxeira.likeness_of_pairs(session);
end;
comment on function auxeira.report_beside_real(uuid) is
  'Likeness to the real points of the same dashboards that the caller may read, by the measures of SDMetrics: '
  'KSComplement, StatisticMSAS, InterRowMSAS, CorrelationSimilarity. Only where there are enough: 30 points, 5 '
  'organizations.';

reset role;
