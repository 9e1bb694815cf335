-- Medians, spread, and each contender's median as a share of the best of its subject.
\pset footer off
with medians as (
  select subject, contender, unit, percentile_cont(0.5) within group (order by rate) as median,
         min(rate) as lowest, max(rate) as highest
  from bench.results
  group by subject, contender, unit
)
select subject, contender, unit, round(median) as median, round(lowest) as min, round(highest) as max,
       round((median / max(median) over (partition by subject))::numeric, 3) as "share of the best"
from medians
order by subject, median desc;

select to_regclass('bench.own_rows') is not null as has_own_rows \gset
\if :has_own_rows
\echo Times of our policy as multiples of the limit: medians of the rounds
select subject, round(times::numeric, 3) as "times the limit", rounds from bench.own_rows order by subject;
\endif
