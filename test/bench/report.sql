-- Medians, spread, and each contender as a share of the first of its subject.
\pset footer off
select subject, contender, unit,
       round(percentile_cont(0.5) within group (order by rate)) as median,
       round(min(rate)) as min, round(max(rate)) as max,
       round((percentile_cont(0.5) within group (order by rate)
         / max(max(rate)) over (partition by subject))::numeric, 4) as "share of the best"
from bench.results
group by subject, contender, unit
order by subject, median desc;
