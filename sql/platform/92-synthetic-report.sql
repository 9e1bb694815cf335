-- How good generated data is, measured on what is stored: each property a figure beside its tolerance.
set local role auxeira_owner;

create type auxeira.synthetic_finding as (property text, subject text, value double precision, lower double precision,
  upper double precision, passed boolean, detail text);
comment on type auxeira.synthetic_finding is
  'A property of generated data: of what, the figure, the bounds it must lie in (NULL: none) and whether it does.';

create function auxeira.finding(property text, subject text, value double precision, lower double precision,
                                upper double precision, detail text) returns auxeira.synthetic_finding
  language sql immutable parallel safe
  return row(property, subject, round(value::numeric, 6)::double precision, lower, upper,
             value >= coalesce(lower, value) and value <= coalesce(upper, value), detail)::auxeira.synthetic_finding;
comment on function auxeira.finding(text, text, double precision, double precision, double precision, text) is
  'A finding with its verdict; no verdict on a value that there is none of.';

-- --- What is measured ---------------------------------------------------------------------------------------------

create function auxeira.synthetic_rows(session uuid) returns setof auxeira.dashboard_metrics language sql stable
begin atomic
  select m.* from auxeira.dashboard_metrics m
  where m.session_id = session and m.is_synthetic and m.org_id in (
    select s.org_id from auxeira.synthetic_data_sessions s where s.session_id = session
    union all select o.org_id from auxeira.organizations o where o.synthetic_session = session);
end;
comment on function auxeira.synthetic_rows(uuid) is
  'The points of a session that the caller may read: those of its organization, and of the organizations it made.';

-- Positions run from 0 to 1 over the time of each series. Logarithms of what is not above zero there are none.
create function auxeira.synthetic_numbers(session uuid)
  returns table (org_id uuid, user_type text, metric_name text, at timestamptz, place double precision,
                 value double precision, logarithm double precision)
  language sql stable
begin atomic
  select r.org_id, r.dashboard_type::text, v.key, r.metric_timestamp,
         extract(epoch from r.metric_timestamp - r.first)::double precision / nullif(extract(epoch from r.last - r.first), 0)::double precision,
         v.value::text::double precision,
         case when v.value::text::numeric > 0 then ln(v.value::text::double precision) end
  from (select m.*, min(m.metric_timestamp) over series as first, max(m.metric_timestamp) over series as last
        from auxeira.synthetic_rows(session) m
        window series as (partition by m.org_id, m.dashboard_type)) r
    cross join lateral jsonb_each(r.metric_value) v
  where jsonb_typeof(v.value) = 'number';
end;
comment on function auxeira.synthetic_numbers(uuid) is 'The numbers of a session one by one, with their place in the series.';

create function auxeira.synthetic_lines(session uuid)
  returns table (org_id uuid, user_type text, metric_name text, points bigint, lowest double precision, slope double precision,
                 spread double precision, autocorrelation double precision, median_step double precision)
  language sql stable
begin atomic
  with lines as (
    select n.org_id, n.user_type, n.metric_name, count(*) as points, min(n.value) as lowest, regr_slope(n.logarithm, n.place) as slope,
           regr_intercept(n.logarithm, n.place) as intercept
    from auxeira.synthetic_numbers(session) n
    group by n.org_id, n.user_type, n.metric_name
    having count(*) = count(n.logarithm) and count(*) >= 3
  ), residuals as (
    select l.*, n.logarithm - l.intercept - l.slope * n.place as residual,
           n.logarithm - lag(n.logarithm) over series as step,
           lag(n.logarithm - l.intercept - l.slope * n.place) over series as before
    from lines l join auxeira.synthetic_numbers(session) n using (org_id, user_type, metric_name)
    window series as (partition by n.org_id, n.user_type, n.metric_name order by n.at)
  )
  select r.org_id, r.user_type, r.metric_name, r.points, r.lowest, r.slope, sqrt(avg(r.residual * r.residual)),
         sum(r.residual * r.before) / nullif(sum(r.residual * r.residual), 0),
         percentile_cont(0.5) within group (order by abs(r.step))
  from residuals r
  group by r.org_id, r.user_type, r.metric_name, r.points, r.lowest, r.slope;
end;
comment on function auxeira.synthetic_lines(uuid) is
  'Of each series the least value and the straight line through the logarithms: slope over the whole time, spread of the residuals, their '
  'first autocorrelation, and the median step.';

-- --- Properties -----------------------------------------------------------------------------------------------------

create function auxeira.report_of_times(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with steps as (
    select m.org_id, m.dashboard_type, m.metric_timestamp as at,
           m.metric_timestamp - lag(m.metric_timestamp) over (partition by m.org_id, m.dashboard_type order by m.metric_timestamp) as step
    from auxeira.synthetic_rows(session) m
  ), series as (
    select s.dashboard_type::text as subject, count(*) as points, max(s.at) as last,
           extract(epoch from max(s.step))::double precision / nullif(extract(epoch from min(s.step)), 0)::double precision as evenness
    from steps s group by s.org_id, s.dashboard_type
  ), asked as (
    select s.parameters, (s.parameters ->> 'as_of')::timestamptz as as_of, (s.parameters ->> 'count')::bigint as count,
           coalesce((s.parameters #>> '{options,missingRate}')::double precision, 0) as missing
    from auxeira.synthetic_data_sessions s where s.session_id = session and s.parameters ->> 'data_type' = 'metrics'
  )
  select (auxeira.finding('R3 rows', s.subject, s.points, a.count, a.count, 'points, as many as were asked for')).*
  from series s, asked a where a.missing = 0
  union all
  select (auxeira.finding('R25 missing', s.subject, 1 - s.points::double precision / a.count,
            a.missing - 0.01 - 3 * sqrt(a.missing / a.count), a.missing + 0.01 + 3 * sqrt(a.missing / a.count),
            'share of points left out, within one point in a hundred and what chance adds to so many')).*
  from series s, asked a where a.missing > 0
  union all
  select (auxeira.finding('R3 evenness', s.subject, s.evenness, 1, 1.01, 'longest gap over shortest')).*
  from series s, asked a where a.missing = 0 and a.count > 1 and s.evenness is not null
  union all
  select (auxeira.finding('R3 future', s.subject, greatest(0, extract(epoch from s.last - a.as_of)), 0, 0,
            'seconds that the last point lies after as_of')).*
  from series s, asked a;
end;
comment on function auxeira.report_of_times(uuid) is 'How many points there are, how even, and none in the future.';

-- One series may lie outside of what nine in ten must keep to: the bounds of R5 and R9 are for the median. Numbers that
-- are rounded to more than a thousandth are left out: rounding is not noise.
create function auxeira.report_of_motion(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with asked as (
    select s.parameters ->> 'trend' as trend, (s.parameters ->> 'variance')::double precision as variance
    from auxeira.synthetic_data_sessions s where s.session_id = session and s.parameters ->> 'data_type' = 'metrics'
  ), followers as (
    select l.user_type, l.points, a.trend, a.variance / sqrt(3) * case a.trend when 'volatile' then 2 else 1 end as asked_spread,
           l.slope * case c.good_direction when 'down' then -1 else 1 end as slope, l.spread, l.autocorrelation, l.median_step
    from auxeira.synthetic_lines(session) l
      join auxeira.synthetic_catalogue() c on c.user_type = l.user_type and c.metric_name = l.metric_name
      cross join asked a
    where c.follows_trend and (c.decimals >= 1 or l.lowest >= 1000) and l.points >= 30
  ), medians as (
    select f.user_type || ', ' || count(*) || ' metrics' as subject, f.trend, min(f.points) as points, min(f.asked_spread) as asked_spread,
           percentile_cont(0.5) within group (order by f.slope) as slope,
           percentile_cont(0.5) within group (order by f.spread) as spread,
           percentile_cont(0.5) within group (order by f.autocorrelation) as autocorrelation,
           percentile_cont(0.5) within group (order by f.median_step) as median_step
    from followers f group by f.user_type, f.trend
  )
  select (auxeira.finding('R5 trend', m.subject, m.slope,
            case m.trend when 'improving' then 0.08 when 'declining' then -0.45 else -0.06 end,
            case m.trend when 'improving' then 0.45 when 'declining' then -0.08 else 0.06 end,
            'change of the logarithm over the whole time, upwards for the better')).*
  from medians m
  union all
  select (auxeira.finding('R7 spread', m.subject, m.spread, m.asked_spread * 0.85, m.asked_spread * 1.15,
            'standard deviation of the logarithm around the trend')).*
  from medians m where m.asked_spread > 0
  union all
  select (auxeira.finding('R7 spread', m.subject, m.spread, 0, 0.005, 'exactly on trend')).* from medians m where m.asked_spread = 0
  union all
  select (auxeira.finding('R9 memory', m.subject, m.autocorrelation, case when m.points >= 180 then 0.8 else 0.4 end, 1,
            'first autocorrelation around the trend')).*
  from medians m where m.asked_spread > 0
  union all
  select (auxeira.finding('R11 step', m.subject, m.median_step, null,
            m.asked_spread * case when m.points >= 365 then 0.3 else 0.7 end, 'median step of the logarithm')).*
  from medians m where m.asked_spread > 0;
end;
comment on function auxeira.report_of_motion(uuid) is
  'Trend, spread, memory and steps of the metrics that follow trend and variance in full, as medians over them.';

create function auxeira.report_of_values(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with numbers as (
    select n.user_type, n.value, c.decimals, c.kind, c.minimum, c.maximum
    from auxeira.synthetic_numbers(session) n
      join auxeira.synthetic_catalogue() c on c.user_type = n.user_type and c.metric_name = n.metric_name
  ), falls as (
    select n.user_type, n.value - lag(n.value) over (partition by n.org_id, n.metric_name order by n.at) as step
    from auxeira.synthetic_numbers(session) n
      join auxeira.synthetic_catalogue() c on c.user_type = n.user_type and c.metric_name = n.metric_name
    where c.kind = 'cumulative'
  )
  select (auxeira.finding('BoundaryAdherence', n.user_type,
            avg((n.value >= coalesce(n.minimum, n.value) and n.value <= coalesce(n.maximum, n.value))::integer), 1, 1,
            'share of values within the bounds of the catalogue')).*
  from numbers n group by n.user_type
  union all
  select (auxeira.finding('R15 whole numbers', n.user_type, avg((n.value = trunc(n.value))::integer), 1, 1, 'share of counts that are')).*
  from numbers n where n.decimals = 0 group by n.user_type
  union all
  select (auxeira.finding('R15 cumulative', f.user_type, count(*) filter (where f.step < 0), 0, 0, 'falls of what only grows')).*
  from falls f group by f.user_type;
end;
comment on function auxeira.report_of_values(uuid) is 'Bounds, whole numbers, and that what accumulates never falls.';

-- --- Beside real data of the same organizations ------------------------------------------------------------------

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

create function auxeira.real_numbers(session uuid)
  returns table (org_id uuid, metric_name text, at timestamptz, value double precision)
  language sql stable
begin atomic
  select m.org_id, v.key, m.metric_timestamp, least(greatest(v.value::text::numeric, -1e18), 1e18)::double precision
  from auxeira.dashboard_metrics m cross join lateral jsonb_each(m.metric_value) v
  where not m.is_synthetic and m.org_id = any (auxeira.readable_org_ids('metrics')) and jsonb_typeof(v.value) = 'number'
    and m.dashboard_type::text in (select r.dashboard_type::text from auxeira.synthetic_rows(session) r);
end;
comment on function auxeira.real_numbers(uuid) is
  'What the caller may read of real points of the same dashboards, to compare a session with.';

-- No bounds: how much the data should look like theirs is for its owners to say.
create function auxeira.report_beside_real(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with synthetic as materialized (
    select n.org_id, n.metric_name, n.at, n.value from auxeira.synthetic_numbers(session) n
  ), real as materialized (
    select n.* from auxeira.real_numbers(session) n
  ), sides as (
    select 'synthetic' as side, s.* from synthetic s union all select 'real', r.* from real r
  ), sequences as (
    select d.side, d.metric_name, d.org_id, avg(d.value) as mean, avg(d.step) as step
    from (select s.*, s.value - lag(s.value) over (partition by s.side, s.org_id, s.metric_name order by s.at) as step from sides s) d
    group by d.side, d.metric_name, d.org_id
  ), pairs as (
    select a.side, a.metric_name as one, b.metric_name as other, corr(a.value, b.value) as correlation
    from sides a join sides b on b.side = a.side and b.org_id = a.org_id and b.at = a.at and b.metric_name > a.metric_name
    group by a.side, a.metric_name, b.metric_name
    having count(*) >= 30
  )
  select (auxeira.finding('KSComplement', s.metric_name,
            auxeira.ks_complement(array_agg(s.value) filter (where s.side = 'real'), array_agg(s.value) filter (where s.side = 'synthetic')),
            null, null, 'likeness of the distribution to that of the real points')).*
  from sides s group by s.metric_name
  having count(*) filter (where s.side = 'real') >= 30 and count(*) filter (where s.side = 'synthetic') >= 30
  union all
  select (auxeira.finding(m.property, q.metric_name,
            auxeira.ks_complement(array_agg(m.figure) filter (where q.side = 'real'), array_agg(m.figure) filter (where q.side = 'synthetic')),
            null, null, m.detail)).*
  from sequences q cross join lateral (values
    ('StatisticMSAS', q.mean, 'likeness of the distribution of means over organizations'),
    ('InterRowMSAS', q.step, 'likeness of the distribution of mean steps over organizations')) m (property, figure, detail)
  group by m.property, m.detail, q.metric_name
  having count(*) filter (where q.side = 'real') >= 5 and count(*) filter (where q.side = 'synthetic') >= 5
  union all
  select (auxeira.finding('CorrelationSimilarity', s.one || ', ' || s.other, 1 - abs(s.correlation - r.correlation) / 2,
            null, null, 'likeness of the correlation to that of the real points')).*
  from pairs s join pairs r on r.side = 'real' and r.one = s.one and r.other = s.other
  where s.side = 'synthetic' and s.correlation is not null and r.correlation is not null;
end;
comment on function auxeira.report_beside_real(uuid) is
  'Likeness to the real points of the same dashboards that the caller may read, by the measures of SDMetrics: '
  'KSComplement of values, StatisticMSAS of means and InterRowMSAS of steps over organizations, CorrelationSimilarity of '
  'pairs of metrics. Only where there are enough: 30 points, 5 organizations.';

-- --- Identities and children -------------------------------------------------------------------------------------

create function auxeira.report_of_identities(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  select (auxeira.finding('R14 identity', rule.name, count(*) filter (where not rule.holds), 0, 0,
            format('points of %s that break it', count(*)))).*
  from auxeira.synthetic_rows(session) m
    cross join lateral jsonb_to_record(m.metric_value) as v (
      mrr numeric, arr numeric, revenue numeric, customers numeric, burn_rate numeric, team_size numeric,
      investments_count numeric, total_invested numeric, check_size_avg numeric, active_investments numeric, exits numeric,
      portfolio_size numeric, high_performers numeric, at_risk_companies numeric,
      esg_score_avg numeric, environmental_score numeric, social_impact_score numeric, governance_score numeric,
      beneficiaries numeric, lives_impacted numeric, tvpi numeric, dpi numeric, rvpi numeric)
    cross join lateral (values
      ('ARR = 12 MRR', v.arr = 12 * v.mrr),
      ('no customers, no revenue', v.customers > 0 or v.revenue = 0),
      ('cheque average = total / count', v.check_size_avg = round(v.total_invested / nullif(v.investments_count, 0))),
      ('active + exits <= investments', v.active_investments + v.exits <= v.investments_count),
      ('high performers + at risk <= portfolio', v.high_performers + v.at_risk_companies <= v.portfolio_size),
      ('ESG = mean of E, S, G',
       abs(v.esg_score_avg - (v.environmental_score + v.social_impact_score + v.governance_score) / 3) <= 0.005),
      ('beneficiaries <= lives reached', v.beneficiaries <= v.lives_impacted),
      ('TVPI = DPI + RVPI', v.tvpi = v.dpi + v.rvpi)) as rule (name, holds)
  where rule.holds is not null
  group by rule.name;
end;
comment on function auxeira.report_of_identities(uuid) is 'Identities between the numbers of a point, and how many points break one.';

create function auxeira.report_of_companies(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with revenue as (
    select m.org_id, date_trunc('month', m.metric_timestamp, 'UTC')::date as month,
           max((m.metric_value ->> 'revenue')::numeric) as mrr, count(*) as points
    from auxeira.synthetic_rows(session) m
    where m.dashboard_type = 'startup_founder'
    group by m.org_id, date_trunc('month', m.metric_timestamp, 'UTC')
  ), changes as (
    select r.org_id, r.month, r.mrr, r.mrr - lag(r.mrr) over (partition by r.org_id order by r.month) as change
    from revenue r where r.points = 1
  ), movements as (
    select m.org_id, m.month, sum(case when m.movement in ('contraction', 'churn') then -m.amount else m.amount end) as net
    from auxeira.mrr_movements m where m.session_id = session group by m.org_id, m.month
  ), cash as (
    select c.org_id, c.month, c.opening, lag(c.closing) over (partition by c.org_id order by c.month) as before
    from auxeira.cash_positions c where c.session_id = session
  ), companies as (
    select distinct on (c.org_id) c.org_id, c.mrr, h.employees
    from changes c join auxeira.headcounts h on h.org_id = c.org_id and h.month = c.month
    where c.mrr > 0 and h.employees > 0
    order by c.org_id, c.month desc
  ), named as (
    select i.startup_id from auxeira.investments i join auxeira.organizations o on o.org_id = i.org_id where o.synthetic_session = session
    union all select g.startup_id from auxeira.grants g where g.session_id = session
    union all select b.startup_id from auxeira.benefit_redemptions b where b.session_id = session
  ), made as (
    select o.org_id, o.closed_on from auxeira.organizations o where o.synthetic_session = session
  )
  select (auxeira.finding('R14 MRR waterfall', 'startups', count(*) filter (where m.net <> c.change), 0, 0,
            format('months of %s whose movements do not add up to the change of revenue', count(*)))).*
  from changes c join movements m using (org_id, month) where c.change is not null having count(*) > 0
  union all
  select (auxeira.finding('R14 cash', 'startups', count(*) filter (where c.opening <> c.before), 0, 0,
            format('months of %s that do not open with what the month before closed with', count(*)))).*
  from cash c where c.before is not null having count(*) > 0
  union all
  select (auxeira.finding('R12 levels', 'startups', stddev(ln(c.mrr)), 0.5, null,
            format('standard deviation of ln MRR over %s startups', count(*)))).*
  from companies c having count(*) >= 30
  union all
  select (auxeira.finding('R21 revenue and team', 'startups', corr(ln(c.mrr), ln(c.employees)), 0.35, 0.98,
            format('correlation over %s startups of all stages', count(*)))).*
  from companies c having count(*) >= 30
  union all
  select (auxeira.finding('ReferentialIntegrity', 'startups named', avg((o.org_id is not null)::integer), 1, 1,
            'share of investments, grants and redemptions whose startup is there')).*
  from named n left join auxeira.organizations o on o.org_id = n.startup_id having count(*) > 0
  union all
  select (auxeira.finding('R24 end', 'startups', count(*) filter (where m.metric_timestamp::date > o.closed_on), 0, 0,
            format('points of %s startups that ended which lie after it', count(distinct o.org_id)))).*
  from made o join auxeira.dashboard_metrics m on m.org_id = o.org_id where o.closed_on is not null having count(*) > 0
  union all
  select (auxeira.finding('R27 marks', 'organizations', count(*) filter (where not m.is_synthetic), 0, 0,
            'points of generated organizations that are not marked')).*
  from made o join auxeira.dashboard_metrics m on m.org_id = o.org_id having count(*) > 0;
end;
comment on function auxeira.report_of_companies(uuid) is
  'Of generated companies: that their facts add up to their metrics, are referred to, end when they end and are marked.';

create function auxeira.synthetic_report(session uuid) returns setof auxeira.synthetic_finding language plpgsql stable as $$
begin
  perform from auxeira.synthetic_data_sessions s where s.session_id = session;
  if not found then
    raise exception using errcode = 'P0002', message = 'session not found';
  end if;
  return query select * from auxeira.report_of_times(session);
  return query select * from auxeira.report_of_motion(session);
  return query select * from auxeira.report_of_values(session);
  return query select * from auxeira.report_of_identities(session);
  return query select * from auxeira.report_of_companies(session);
  return query select * from auxeira.report_beside_real(session);
end
$$;
comment on function auxeira.synthetic_report(uuid) is
  'How good the data of a session is, measured on the points that are stored and that the caller may read: a line for '
  'each property and subject, with its figure, its bounds and whether it lies in them (NULL: no bounds). Error: P0002.';

create function auxeira_api.get_synthetic_report(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["sessionId"], "properties": {"sessionId": {"type": "string", "format": "uuid"}}}', true);
begin
  return auxeira.success((
    select json_build_object('sessionId', r ->> 'sessionId', 'passed', coalesce(bool_and(f.passed), true),
      'findings', coalesce(json_agg(json_build_object('property', f.property, 'subject', f.subject, 'value', f.value,
        'lower', f.lower, 'upper', f.upper, 'passed', f.passed, 'detail', f.detail)), '[]'))
    from auxeira.synthetic_report((r ->> 'sessionId')::uuid) f));
end
$$;
comment on function auxeira_api.get_synthetic_report(jsonb) is
  'GET /api/synthetic/sessions/:id/report: the quality of generated data, measured on what is stored. Error: P0002.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('get_synthetic_report', 'user', 200, true, 'synthetic');

reset role;
