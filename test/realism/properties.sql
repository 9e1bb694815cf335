-- How real generated data is: the properties R1 to R28, measured over fixed seeds on what the database gives, each beside its
-- tolerance. The seeds never change, so that a figure changes only with the code. Prints one line for each figure.
\set ON_ERROR_STOP on
begin;
\ir ../pgtap/support/helpers.sql
\ir support/measures.sql

-- --- Series with a trend: R3, R5 to R9, R11, R20 --------------------------------------------------------------------

create temp table series as
select s.kind, s.trend, s.variance, s.count, seed, m.metric_timestamp as at, m.metric_value
from (values
    ('improving', 0.2, 30), ('declining', 0.2, 30), ('stable', 0.2, 30), ('volatile', 0.2, 30),
    ('improving', 0.2, 100), ('declining', 0.2, 100), ('stable', 0.2, 200), ('stable', 0.2, 365), ('volatile', 0.2, 200),
    ('stable', 0, 30), ('improving', 0, 30), ('declining', 0, 30), ('stable', 0.05, 30), ('stable', 0.1, 30), ('stable', 0.4, 30), ('stable', 0.8, 30)
  ) as config (trend, variance, count)
  cross join (select unnest(enum_range(null::auxeira.user_type))::text as kind) kinds
  cross join lateral (select kind, config.*) s
  cross join generate_series(1, 60) seed
  cross join lateral auxeira.synthetic_metrics(s.kind, s.count, s.count, s.variance, s.trend, seed, '2026-03-01') m;

create temp table numbers as
select s.kind, s.trend, s.variance, s.count, s.seed, c.metric_name as metric, s.at,
       extract(epoch from s.at - timestamptz '2026-03-01') / (s.count * 86400.0) + 1 as place,
       ln((s.metric_value ->> c.metric_name)::double precision) as logarithm, c.good_direction
from series s join auxeira.synthetic_catalogue() c on c.user_type = s.kind
where c.follows_trend and c.decimals > 0;
analyze numbers;

create temp table lines as
with fitted as (
  select kind, metric, trend, variance, count, seed, regr_slope(logarithm, place) as slope, regr_intercept(logarithm, place) as intercept
  from numbers group by kind, metric, trend, variance, count, seed
), around as (
  select n.*, f.slope, n.logarithm - f.intercept - f.slope * n.place as residual
  from numbers n join fitted f using (kind, metric, trend, variance, count, seed)
), beside as (
  select a.*, lag(residual) over series as before, logarithm - lag(logarithm) over series as step
  from around a window series as (partition by kind, metric, trend, variance, count, seed order by at)
)
select kind, metric, trend, variance, count, seed,
       min(slope) * case min(good_direction) when 'down' then -1 else 1 end as slope, sqrt(avg(residual * residual)) as spread,
       sum(residual * before) / nullif(sum(residual * residual), 0) as memory, test.median(abs(step)) as median_step,
       avg(exp(logarithm)) filter (where place > 0.9) / avg(exp(logarithm)) filter (where place < 0.1) as rise
from beside group by kind, metric, trend, variance, count, seed;

select test.measure('R3', 'points that are missing, uneven or in the future', count(*), 0, 0)
from (select count(*) = max(s.count) and max(s.at) = '2026-03-01' and min(s.at) = '2026-03-01'::timestamptz - max(s.count) * interval '1 day'
        and max(s.step) < min(s.step) * 1.01 as is_good
      from (select *, at - lag(at) over (partition by kind, trend, variance, count, seed order by at) as step from series) s
      group by s.kind, s.trend, s.variance, s.count, s.seed) checked
where not is_good;

select test.measure('R5', trend || ': median slope', test.median(slope), lower, upper)
from lines join (values ('improving', 0.21, 0.32), ('declining', -0.28, -0.17), ('stable', -0.02, 0.02)) b (trend, lower, upper) using (trend)
where count = 30 and variance = 0.2 group by trend, lower, upper;
select test.measure('R5', trend || ': share of slopes in ' || lower || ' to ' || upper, avg((slope between lower and upper)::integer), share, 1)
from lines join (values ('improving', 0.08, 0.45, 0.9), ('stable', -0.06, 0.06, 0.95)) b (trend, lower, upper, share) using (trend)
where count = 30 and variance = 0.2 group by trend, lower, upper, share;
select test.measure('R5', 'share with the right sign', avg((sign(slope) = case trend when 'improving' then 1 else -1 end)::integer), 0.99, 1)
from lines where count = 30 and variance = 0.2 and trend in ('improving', 'declining');
select test.measure('R6', trend || ': last tenth over first', test.median(rise), lower, upper)
from lines join (values ('improving', 1.18, 1.40), ('declining', 0.72, 0.90)) b (trend, lower, upper) using (trend)
where count = 100 and metric in (select metric_name from auxeira.synthetic_catalogue() where good_direction = 'up') group by trend, lower, upper;
select test.measure('R6', trend || ': on the right side of 1', avg((sign(rise - 1) = direction)::integer), share, 1)
from lines join (values ('improving', 1, 0.95), ('declining', -1, 0.9)) b (trend, direction, share) using (trend)
where count = 100 and metric in (select metric_name from auxeira.synthetic_catalogue() where good_direction = 'up') group by trend, share;
select test.measure('R7', 'spread asked for, v = ' || variance, test.median(spread) / (variance / sqrt(3)), 0.85, 1.15)
from lines where trend = 'stable' and count = 30 and variance > 0 group by variance;
select test.measure('R7', 'spread without variance, ' || trend, max(spread), 0, 0.005) from lines where variance = 0 group by trend;
-- Days in a row are as they come, also without variance, and cash is burnt and raised; what accumulates grows, and parts of it.
create temp view still as
select c.kind, (s.metric_value ->> c.metric_name)::numeric as value, lag((s.metric_value ->> c.metric_name)::numeric) over series as before,
       lag((s.metric_value ->> c.metric_name)::numeric, 2) over series as earlier
from series s join auxeira.synthetic_catalogue() c on c.user_type = s.kind
where s.variance = 0 and s.trend = 'stable'
  and c.metric_name not in ('streak_days', 'actions_this_week', 'runway_months', 'total_invested',
                            'active_investments', 'syndicate_deals', 'follow_on_opportunities', 'beneficiaries')
window series as (partition by s.kind, c.metric_name, s.seed order by s.at);
select test.measure('R7', 'without variance: ' || rule, count(*) filter (where not holds), 0, 0)
from still cross join lateral (values
    ('values of what is stable that are not the one before', case when kind not in ('cumulative', 'ytd') then value = before end),
    ('steps of what accumulates that differ by more than one', case when kind = 'cumulative' then abs(value - 2 * before + earlier) <= 1 end)) rules (rule, holds)
where holds is not null group by rule;
select test.measure('R8', 'volatile: spread over that of stable', test.median(spread) filter (where trend = 'volatile')
                          / test.median(spread) filter (where trend = 'stable'), 1.6, null)
from lines where count = 30 and variance = 0.2;
select test.measure('R8', 'volatile: greatest slope', max(abs(slope)), 0, 0.06) from lines where trend = 'volatile' and count = 30;
select test.measure('R9', 'memory at ' || count || ' points', test.median(memory), least_memory, 1)
from lines join (values (30, 0.4), (200, 0.8), (365, 0.8)) b (count, least_memory) using (count)
where trend = 'stable' and variance = 0.2 group by count, least_memory;
select test.measure('R11', 'median step at ' || count || ' points, in spreads', test.median(median_step) / (0.2 / sqrt(3)), 0, most)
from lines join (values (30, 0.7), (365, 0.3)) b (count, most) using (count)
where trend = 'stable' and variance = 0.2 group by count, most;

create temp table steps as
select kind, metric, seed, logarithm - lag(logarithm) over (partition by kind, metric, seed order by at) as step
from numbers where trend = 'stable' and variance = 0.2 and count = 365;
create temp table scaled_steps as
select s.step / m.scale as step
from steps s join (select kind, metric, seed, test.median(abs(step)) as scale from steps group by kind, metric, seed) m using (kind, metric, seed)
where s.step is not null;
select test.measure('R20', 'share of steps beyond 4 median deviations', avg((abs(step) > 4)::integer), 0.01, 0.06) from scaled_steps;
select test.measure('R20', 'excess kurtosis of steps', avg(step ^ 4) / avg(step ^ 2) ^ 2 - 3, 0.3, 15) from scaled_steps;

-- --- Seeds: R1, R2 ------------------------------------------------------------------------------------------------

create function pg_temp.revenue(seed bigint) returns double precision[] language sql as $$
  select array_agg(ln((metric_value ->> 'revenue')::double precision) order by metric_timestamp)
  from auxeira.synthetic_metrics('startup_founder', 30, 30, 0.2, 'stable', seed, '2026-03-01') $$;
create temp table of_seeds as
select s.kind, s.seed, s.at, v.key, v.value
from series s, jsonb_each(s.metric_value) v join auxeira.synthetic_catalogue() c on c.metric_name = v.key and c.decimals >= 2
where s.trend = 'stable' and s.variance = 0.2 and s.count = 30 and s.seed <= 2 and c.user_type = s.kind;
analyze of_seeds;
select test.measure('R1', a.kind || ': values that change with the seed', avg((a.value <> b.value)::integer), 0.99, 1)
from of_seeds a join of_seeds b using (kind, key, at)
where a.seed = 1 and b.seed = 2 group by a.kind having count(*) > 30;
select test.measure('R2', 'correlation of neighbouring seeds', abs(corr(a.residual, b.residual)), 0, 0.1)
from (select seed, ordinality, value - avg(value) over (partition by seed) as residual
      from generate_series(0, 399, 2) seed, unnest(pg_temp.revenue(seed)) with ordinality value) a
  join (select seed - 1 as seed, ordinality, value - avg(value) over (partition by seed) as residual
        from generate_series(1, 399, 2) seed, unnest(pg_temp.revenue(seed)) with ordinality value) b using (seed, ordinality);

-- --- Startups by month: R9, R10, R12 to R18, R21, R24, R26 -----------------------------------------------------------

create temp table months as
select stage.name as asked_stage, n as company, m.*
from (values ('pre_seed'), ('seed'), ('series_a'), ('series_b')) stage (name)
  cross join generate_series(1, 500) n
  cross join lateral auxeira.synthetic_months(42, md5(stage.name || n)::uuid, 49, '2026-03-01', stage.name, null, null, null, 0.2) m;
create index on months (asked_stage, company, month);
analyze months;
create temp view latest as select distinct on (asked_stage, company) * from months order by asked_stage, company, month desc;

create temp view growth as
select asked_stage, company, month, ln(mrr) - lag(ln(mrr)) over (partition by asked_stage, company order by month) as growth, ln(mrr) as logarithm,
       row_number() over (partition by asked_stage, company order by month)::double precision as place
from months where mrr > 0 and asked_stage = 'series_a';
select test.measure('R9', 'memory of monthly MRR', test.median(memory), 0.6, 1)
from (select company, corr(residual, before) as memory
      from (select *, lag(residual) over (partition by company order by place) as before
            from (select g.company, g.place, g.logarithm - f.intercept - f.slope * g.place as residual
                  from growth g join (select company, regr_slope(logarithm, place) as slope, regr_intercept(logarithm, place) as intercept
                                      from growth group by company) f using (company)) around) beside
      group by company) companies;
select test.measure('R10', 'memory of monthly growth', test.median(memory), -0.05, 0.5)
from (select company, corr(growth, before) as memory
      from (select *, lag(growth) over (partition by company order by place) as before from growth) beside group by company) companies;
select test.measure('R12', measure, value, lower, upper)
from (select test.skewness(ln(mrr)) as of_logarithms, test.skewness(mrr::double precision) as of_levels, stddev(ln(mrr)) as spread
      from latest where mrr > 0 and asked_stage = 'series_a') skew
  cross join lateral (values ('skewness of ln MRR', of_logarithms, -0.5, 0.5), ('skewness of MRR', of_levels, 1.5, null),
                             ('spread of ln MRR', spread, 0.5, 1.2)) figures (measure, value, lower, upper);

create temp view flows as
select *, lag(mrr) over company as mrr_before, lag(customers) over company as customers_before, lag(cash) over company as cash_before,
       avg(net_burn) over (partition by asked_stage, company order by month rows 2 preceding) as burn_of_three,
       row_number() over company as number
from months window company as (partition by asked_stage, company order by month);
select test.measure('R14', rule || ': months that break it', count(*) filter (where not holds), 0, 0)
from flows cross join lateral (values
    ('ARR = 12 MRR', arr = 12 * mrr), ('MRR = customers * ARPA', mrr = customers * arpa or customers = 0 and mrr = 0),
    ('the MRR waterfall', mrr = mrr_before + new_mrr + expansion_mrr + reactivation_mrr - contraction_mrr - churned_mrr),
    ('the flow of customers', customers = customers_before + new_customers - lost_customers),
    ('the flow of cash', cash = cash_before - net_burn + financing),
    ('net burn = outflow - revenue', net_burn = operating_outflow - revenue),
    ('runway = cash / mean burn of three months',
     number < 3 or runway_months is not distinct from case when burn_of_three > 0 then round(cash / burn_of_three, 1) end),
    ('cash is never negative', cash >= 0), ('GRR <= 100 %', grr_12m <= 1), ('NRR >= GRR', nrr_12m >= grr_12m),
    ('LTV = ARPA * margin / churn, of 60 months at most',
     ltv is not distinct from case when logo_churn is not null
       then round(least(arpa * gross_margin * 60, arpa * gross_margin / nullif(logo_churn, 0)), 2) end),
    ('CAC = sales and marketing / new customers', cac is not distinct from round(sales_marketing / nullif(new_customers, 0), 2)),
    ('payback = CAC / (ARPA * margin)', cac_payback_months is not distinct from round(cac / (arpa * gross_margin), 1)),
    ('quick ratio = (new + expansion) / (churned + contraction)',
     quick_ratio is not distinct from round((new_mrr + expansion_mrr) / nullif(churned_mrr + contraction_mrr, 0), 2)),
    ('beneficiaries <= lives reached', beneficiaries <= lives_reached)) rules (rule, holds)
group by rule;

-- A round is seen in the cash of its month, and in nothing else; that of a new stage comes with the growth that led there.
create temp table jumps as
select asked_stage, company, name, abs(ln(value / before)) as jump,
       case when financing > 0 then 'round of the month' when financing_before > 0 then 'round of the month before' end as time,
       stage <> stage_before or stage <> stage_earlier as is_advance
from (select f.*, v.name, v.value, lag(v.value) over series as before, lag(f.financing) over series as financing_before,
             lag(f.stage) over series as stage_before, lag(f.stage, 2) over series as stage_earlier
      from flows f cross join lateral (values ('cash', cash), ('MRR', mrr), ('customers', customers), ('ARPA', arpa),
                                              ('outflow', operating_outflow)) v (name, value)
      window series as (partition by f.asked_stage, f.company, v.name order by f.month)) valued
where value > 0 and before > 0;
select test.measure('R20', 'step of ' || name || ' with a ' || time || ', in usual ones', test.median(j.jump / usual.jump), lower, upper)
from jumps j
  join (select asked_stage, company, name, test.median(jump) as jump from jumps where time is null group by asked_stage, company, name) usual
    using (asked_stage, company, name)
  join (values ('round of the month', 'cash', 4, null), ('round of the month', 'MRR', 0.7, 1.4), ('round of the month', 'customers', 0.7, 1.4), ('round of the month', 'ARPA', 0.7, 1.4),
               ('round of the month', 'outflow', 0.7, 1.4), ('round of the month before', 'MRR', 0.7, 1.4), ('round of the month before', 'customers', 0.7, 1.4),
               ('round of the month before', 'ARPA', 0.7, 1.4)) b (time, name, lower, upper) using (time, name)
where not is_advance and usual.jump > 0
group by time, name, lower, upper;

select test.measure('R16', 'variance over mean of lost customers', test.median(dispersion), 0.8, 1.6)
from (select sum((lost_customers - expected) ^ 2 / nullif(expected, 0)) / count(*) as dispersion
      from (select company, lost_customers, customers_before * (sum(lost_customers) over (partition by company)::double precision
                    / sum(customers_before) over (partition by company)) as expected
            from flows where asked_stage = 'series_a' and customers_before > 0) months group by company) companies;
select test.measure('R16', 'variance over mean of arrivals', test.median(fano), 1.3, null)
from (select variance(new_customers) / nullif(avg(new_customers), 0) as fano from months where asked_stage = 'series_a' group by company) companies;
select test.measure('R16', 'correlation of ln ARPA and ln churn', corr(ln(arpa), ln(churn)), -0.8, -0.2)
from (select avg(arpa) as arpa, sum(lost_customers)::double precision / sum(customers_before) as churn
      from flows where asked_stage = 'series_a' and customers_before > 0 group by company) companies where arpa > 0 and churn > 0;
select test.measure('R17', 'median GRR, ARPA ' || segment, test.median(grr), lower, upper)
from (select distinct on (asked_stage, company) grr_12m as grr, arpa from months where grr_12m is not null order by asked_stage, company, month desc) latest
  join (values ('below 100', 0, 100, 0.5, 0.8), ('100 to 1,000', 100, 1000, 0.7, 0.9), ('above 1,000', 1000, 1e9, 0.85, 0.95)) segments (segment, low, high, lower, upper)
    on arpa >= low and arpa < high
group by segment, lower, upper;
select test.measure('R17', 'top decile of NRR, ARPA ' || segment, percentile_cont(0.9) within group (order by nrr), lower, upper)
from (select distinct on (asked_stage, company) nrr_12m as nrr, arpa from months where nrr_12m is not null order by asked_stage, company, month desc) latest
  join (values ('below 25', 0, 25, 0.7, 0.95), ('above 1,000', 1000, 1e9, 1.1, 1.4)) segments (segment, low, high, lower, upper) on arpa >= low and arpa < high
group by segment, lower, upper;

create temp view seasons as
select extract(month from month)::integer as calendar_month, avg(ratio) as ratio
from (select month, new_customers / nullif((sum(new_customers) over (w rows between 5 preceding and 6 following)
                    + sum(new_customers) over (w rows between 6 preceding and 5 following))::double precision / 24, 0) as ratio,
             row_number() over w as number, count(*) over (partition by month is not null) as months
      from (select month, sum(new_customers) as new_customers from months where asked_stage in ('series_a', 'series_b') group by month) pooled
      window w as (order by month)) centred
where number between 7 and 43
group by calendar_month;
select test.measure('R18', 'rank of March among the months', (select count(*) + 1 from seasons where ratio > (select ratio from seasons where calendar_month = 3)), 1, 3);
select test.measure('R18', 'rank from below of ' || name, (select count(*) + 1 from seasons where ratio < (select ratio from seasons where calendar_month = number)), 1, 4)
from (values ('July', 7), ('December', 12)) weak (name, number);
select test.measure('R18', 'half the range of the seasons', (max(ratio) - min(ratio)) / 2, 0.05, 0.2) from seasons;

select test.measure('R21', 'correlation of ' || pair, value, lower, upper)
from (select corr(ln(mrr), ln(headcount)) as team, corr(operating_outflow, headcount) as burn from latest
      where asked_stage = 'series_a' and mrr > 0 and headcount > 0) figures
  cross join lateral (values ('ln MRR and ln team', team, 0.35, 0.9), ('gross burn and team', burn, 0.7, 1)) pairs (pair, value, lower, upper);
select test.measure('R21', 'correlation of score and growth of a year', corr(score, growth), 0.2, 0.6)
from (select sse_score as score, ln(mrr) - lag(ln(mrr), 12) over (partition by company order by month) as growth, month
      from months where asked_stage = 'series_a' and mrr > 0) years where month = '2026-03-01' and growth is not null;
select test.measure('R21', 'median burn multiple', test.median(multiple), 0.8, 2.5)
from (select sum(net_burn) / nullif(12 * (max(mrr) filter (where number = 49) - max(mrr) filter (where number = 37)), 0) as multiple
      from flows where asked_stage in ('seed', 'series_a') and number >= 37 group by asked_stage, company) companies
where multiple > 0;
select test.measure('R26', 'share of pre-revenue companies at pre-seed', avg((mrr = 0)::integer), 0.4, 0.55)
from months where asked_stage = 'pre_seed' and month = (select max(month) from months);
select test.measure('R26', 'figures of pre-revenue companies that cannot be', count(*), 0, 0)
from months where mrr = 0 and (arr <> 0 or arpa is not null or ltv is not null or grr_12m is not null or logo_churn is not null and lost_customers = 0);

create temp table lives as
select n as company, max(m.is_closed::integer) as closed, count(*) as months_lived
from generate_series(1, 1000) n
  cross join lateral auxeira.synthetic_months(7, md5('life' || n)::uuid, 49, '2026-03-01', 'seed', null, null, null, 0.2, null, true) m
group by n;
select test.measure('R24', 'survival of four years', 1 - avg((closed = 1 and months_lived <= 48)::integer), 0.44, 0.6) from lives;
select test.measure('R24', 'survival of year ' || year || ' by those who reached it',
   1 - count(*) filter (where closed = 1 and months_lived <= 12 * year)::double precision / count(*), 0.8, 0.9)
from lives, generate_series(1, 4) year where months_lived > 12 * (year - 1) group by year;

-- --- Sub-streams, levels, values: R4, R13, R15 ------------------------------------------------------------------------

create temp view templates as
select t as template, jsonb_set(jsonb_set(t, '{data_schema,another}', '{"type": "number", "unit": "x", "kind": "stock"}'),
                                '{generation_rules,another}', '{"low": 1, "high": 9}') as with_another
from auxeira.synthetic_template('startup_founder') t;
select test.measure('R4', 'points that another metric changes', count(*) filter (where a.metric_value <> b.metric_value - 'another'), 0, 0)
from templates t
  cross join generate_series(1, 50) seed
  cross join lateral auxeira.synthetic_from_template(t.template, 30, 30, 0.2, 'stable', seed, '2026-03-01') a
  join lateral auxeira.synthetic_from_template(t.with_another, 30, 30, 0.2, 'stable', seed, '2026-03-01') b using (metric_timestamp);

create function pg_temp.calibrated(of_topic text, of_key text, of_parameter text) returns double precision language sql stable as $$
  select value from auxeira.synthetic_calibration() where (topic, key, parameter) = (of_topic, of_key, of_parameter) $$;
-- Of the region whose prices are those of the medians.
create temp table levels as
select ln(m.mrr)::double precision as level, ln(pg_temp.calibrated('stage', 'series_a', 'mrr')) as middle,
       sqrt(pg_temp.calibrated('company', 'all', 'mrr_spread') ^ 2 + 0.2 ^ 2 / 3) as spread
from generate_series(1, 500) n
  cross join lateral auxeira.synthetic_months(42, md5('level' || n)::uuid, 1, '2026-03-01', 'series_a', null, 'africa', null, 0.2) m where m.mrr > 0;
select test.measure('R13', 'distance (KS) of ln MRR from what is declared', max(greatest(abs(place - share), abs(place - 1.0 / companies - share))), 0, 0.08)
from (select row_number() over (order by level)::double precision / count(*) over () as place, count(*) over () as companies,
             test.normal_share((level - middle) / spread) as share from levels) ordered;
select test.measure('R13', quantile || ' of MRR over what is declared', exp(percentile_cont(share) within group (order by level - middle) - z * max(spread)), 1 - most, 1 + most)
from levels cross join (values ('first quartile', 0.25, -0.6745, 0.2), ('median', 0.5, 0, 0.15), ('third quartile', 0.75, 0.6745, 0.25)) q (quantile, share, z, most)
group by quantile, share, z, most;

create temp view figures as
select c.kind, c.decimals, c.minimum, c.maximum, v.value, lag(v.value) over series as before,
       extract(year from s.at) = lag(extract(year from s.at)) over series as is_same_year
from series s join auxeira.synthetic_catalogue() c on c.user_type = s.kind
  cross join lateral (select (s.metric_value ->> c.metric_name)::numeric as value offset 0) v
where s.seed <= 20 and s.count >= 100
window series as (partition by s.kind, c.metric_name, s.trend, s.variance, s.count, s.seed order by s.at);
select test.measure('R15', rule || ': values that break it', count(*) filter (where not holds), 0, 0)
from figures cross join lateral (values
    ('counts are whole', case when decimals = 0 then value = trunc(value) end),
    ('bounds', value >= coalesce(minimum, value) and value <= coalesce(maximum, value)),
    ('what accumulates never falls', case kind when 'cumulative' then value >= before end),
    ('year to date never falls but at New Year', case when kind = 'ytd' and is_same_year then value >= before end),
    ('a streak is a day longer, as long (a freeze), or broken', case kind when 'streak' then value in (before + 1, before) or value <= 1 end)) rules (rule, holds)
where holds is not null group by rule;

-- --- Deals: R23 --------------------------------------------------------------------------------------------------------

create temp table deals as
select kind, d.* from (values ('vc'), ('angel')) kinds (kind), generate_series(1, 3000) n, lateral auxeira.synthetic_deal(kind, 42, 'deal ' || n) d;
select test.measure('R23', kind || ': share below 1x', avg((multiple < 1)::integer), below - 0.04, below + 0.04)
from deals join (values ('vc', 0.65), ('angel', 0.52)) b (kind, below) using (kind) group by kind, below;
select test.measure('R23', kind || ': share above 10x', avg((multiple > 10)::integer), lower, upper)
from deals join (values ('vc', 0.025, 0.055), ('angel', 0.05, 0.09)) b (kind, lower, upper) using (kind) group by kind, lower, upper;
select test.measure('R23', kind || ': buckets held shorter than the one before', count(*), 0, 0)
from (select kind, years < lag(years) over (partition by kind order by bucket) as is_shorter
      from (select kind, width_bucket(multiple, array[1, 5, 10]::numeric[]) as bucket, avg(holding_years) as years from deals group by kind, bucket) held) steps
where is_shorter group by kind
union all select test.measure('R23', 'holding time grows with the multiple', corr(width_bucket(multiple, array[1, 5, 10]::numeric[]), holding_years), 0.2, 1) from deals;

-- What is stored of ecosystems of ten years, where companies close and take their deals along.
create temp table plans as
select row((select org_id from auxeira.organizations limit 1), md5('returns' || seed)::uuid, seed, 'ecosystem ' || seed, '2026-03-01', 120, 3652, 0.2,
           null, null, null)::auxeira.ecosystem_plan as plan from generate_series(1, 50) seed;
select auxeira.make_organizations(plan, auxeira.cast_of(200)) from plans \g /dev/null
analyze auxeira.organizations, auxeira.synthetic_members;
select auxeira.store_investments(plan) from plans \g /dev/null
create temp table ended as
select case o.org_type when 'angel_investor' then 'angel' else 'vc' end as kind, i.startup_id, k.as_of - i.investment_date as days,
       coalesce(returned.amount, 0) / paid.amount as multiple, width_bucket(coalesce(returned.amount, 0) / paid.amount, array[1, 5, 10]) as bucket
from auxeira.investments i join auxeira.organizations o using (org_id)
  join auxeira.investment_marks k on k.org_id = i.org_id and k.investment_id = i.investment_id and k.method = 'exit'
  join auxeira.investment_cash_flows paid on paid.org_id = i.org_id and paid.investment_id = i.investment_id and paid.flow_type = 'contribution'
  left join auxeira.investment_cash_flows returned
    on returned.org_id = i.org_id and returned.investment_id = i.investment_id and returned.flow_type = 'distribution'
where i.session_id in (select (plan).session_id from plans);
select test.measure('R23', 'stored, ' || kind || ': deals that ended', count(*), 1500, null) from ended group by kind;
select test.measure('R23', 'stored, ' || kind || ': share below 1x', avg((multiple < 1)::integer), below - 0.04, below + 0.04)
from ended join (values ('vc', 0.65), ('angel', 0.52)) b (kind, below) using (kind) group by kind, below;
select test.measure('R23', 'stored, ' || kind || ': share above 10x', avg((multiple > 10)::integer), lower, upper)
from ended join (values ('vc', 0.025, 0.055), ('angel', 0.05, 0.09)) b (kind, lower, upper) using (kind) group by kind, lower, upper;
-- The deals of a company end together: it is the companies that are independent of one another. Means of so few differ by
-- chance, and of four alike every other would be shorter than the one before: shorter is what is so by more than two standard
-- errors of the difference. That nothing is does not yet say that anything is longer: the last is, by more than chance.
create temp table held as
select bucket, avg(days) as days, variance(days) / count(*) as error
from (select bucket, startup_id, avg(days) as days from ended group by bucket, startup_id) companies group by bucket;
select test.measure('R23', 'stored: buckets held shorter than the one before', count(*), 0, 0)
from held one join held next on next.bucket = one.bucket + 1 where next.days - one.days < -2 * sqrt(one.error + next.error);
select test.measure('R23', 'stored: how much longer the last is held, in its errors', (next.days - one.days) / sqrt(one.error + next.error), 3, null)
from held one join held next on (one.bucket, next.bucket) = (0, 3);

-- --- Actions by weekday: R19; missing and late points: R25 -----------------------------------------------------------

select test.measure('R19', model || ': actions of a weekend day over those of a weekday', weekend / 2 / (weekdays / 5), lower, upper)
from (select model, lower, upper, count(*) filter (where extract(isodow from a.at) >= 6)::double precision as weekend,
             count(*) filter (where extract(isodow from a.at) < 6)::double precision as weekdays
      from (values ('enterprise', 0.3, 0.6), ('b2c', 0.8, 1.2)) models (model, lower, upper), generate_series(1, 60) n,
        lateral auxeira.synthetic_action_times(42, md5(model || n)::uuid, 140, '2026-03-01', model, 'stable', 0.2) a
      group by model, lower, upper) counted;
create temp table gaps as
select kind, seed, m.*
from unnest(array['startup_founder', 'government']) kind, generate_series(1, 60) seed,
  lateral auxeira.synthetic_metrics(kind, 1000, 365, 0.2, 'stable', seed, '2026-03-01', missing_rate => 0.2, late_rate => 0.3) m;
select test.measure('R25', 'share of points left out, of 0.2', 1 - count(*) / (2 * 60 * 1000.0), 0.19, 0.21) from gaps;
select test.measure('R25', 'longest delay of a report, days', max(extract(epoch from reported_at - metric_timestamp) / 86400), 0, 20) from gaps;
select test.measure('R25', 'values that differ from those of a series without gaps', count(*), 0, 0)
from gaps g join lateral auxeira.synthetic_metrics(g.kind, 1000, 365, 0.2, 'stable', g.seed, '2026-03-01') w using (metric_timestamp)
where g.seed <= 3 and g.metric_value <> w.metric_value;

-- --- Ecosystems: R22, R24, R27; what is refused: R28 ----------------------------------------------------------------------

select session_id as ecosystem from auxeira.synthesize_ecosystem(60, 1095, 7, '2026-03-01') \gset
select test.measure(substr(property, 1, 3), what, sum(value), 0, 0)
from auxeira.synthetic_report(:'ecosystem')
  join (values ('R22 children', 'dashboards that state what their children do not add up to'),
               ('R24 life', 'dates before the founding or after the end of a company'),
               ('R27 marks', 'points of generated organizations that are not marked')) w (property, what) using (property)
group by property, what;
create temp view stored as
select d.dashboard_type::text as kind, f.*, moved.won, moved.lost
from auxeira.dashboard_metrics d
  cross join lateral jsonb_to_record(d.metric_value) f (mrr numeric, arr numeric, arpa numeric, customers numeric, gross_margin numeric,
    logo_churn numeric, ltv numeric, cac numeric, cac_payback_months numeric, quick_ratio numeric, check_size_avg numeric,
    total_invested numeric, investments_count numeric, tvpi numeric, dpi numeric, rvpi numeric, esg_score_avg numeric,
    environmental_score numeric, social_impact_score numeric, governance_score numeric)
  left join lateral (
    select sum(m.amount) filter (where m.movement in ('new', 'expansion')) as won,
           sum(m.amount) filter (where m.movement in ('churn', 'contraction')) as lost
    from auxeira.mrr_movements m
    where m.org_id = d.org_id and m.session_id = d.session_id and m.month = date_trunc('month', d.metric_timestamp at time zone 'UTC')
      and d.dashboard_type = 'startup_founder') moved on true
where d.session_id = :'ecosystem' and d.aggregation_period = 'month';
select test.measure('R14', 'stored, ' || kind || ': ' || rule, count(*) filter (where not holds), 0, 0)
from stored cross join lateral (values
    ('ARR = 12 MRR', arr = 12 * mrr), ('MRR = customers * ARPA', mrr = customers * arpa),
    ('LTV', ltv = round(least(arpa * gross_margin * 60, arpa * gross_margin / nullif(logo_churn, 0)), 2)),
    ('payback', cac_payback_months = round(cac / nullif(arpa * gross_margin, 0), 1)),
    ('quick ratio of the movements', quick_ratio = round(won / nullif(lost, 0), 2)),
    ('average cheque', check_size_avg = round(total_invested / nullif(investments_count, 0))),
    ('TVPI = DPI + RVPI', tvpi = dpi + rvpi),
    ('ESG = mean of E, S, G', esg_score_avg = round((environmental_score + social_impact_score + governance_score) / 3, 2))) rules (rule, holds)
where holds is not null group by kind, rule;
select test.measure('R14', 'series, angel_investor: average cheque', count(*), 0, 0)
from series, jsonb_to_record(metric_value) f (check_size_avg numeric, total_invested numeric, investments_count numeric)
where kind = 'angel_investor' and check_size_avg is distinct from round(total_invested / nullif(investments_count, 0));
select test.measure('R28', 'wrong parameters that are not refused as such', count(*) filter (where test.fault(statement) not like '22023 %'), 0, 0)
from (values ('government', '30', '30', '1.01', 'stable'), ('government', '30', '30', '-0.01', 'stable'), ('government', '30', '30', '''NaN''', 'stable'),
             ('government', '0', '30', '0.2', 'stable'), ('government', '1000001', '30', '0.2', 'stable'), ('government', '30', '0', '0.2', 'stable'),
             ('government', '30', '36501', '0.2', 'stable'), ('government', '30', '30', '0.2', 'sideways'), ('nobody', '30', '30', '0.2', 'stable')
     ) p (kind, count, days, variance, trend)
  cross join lateral format('select * from auxeira.synthetic_metrics(%L, %s, %s, %s, %L)', kind, count, days, variance, trend) f (statement);

-- --- The verdict -------------------------------------------------------------------------------------------------------

select plan(count(*)::integer) from test.measures;
select ok(coalesce(value >= coalesce(lower, value) and value <= coalesce(upper, value), false),
          format('%-4s %-58s %12s  in %s to %s', id, what, round(value::numeric, 4), coalesce(lower::text, '-'), coalesce(upper::text, '-')))
from test.measures order by substr(id, 2)::integer, number;
select * from finish();
rollback;
