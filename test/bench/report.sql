-- Medians, spread, and each contender's median as a share of the best of its subject; what was aimed at.
\pset footer off
select subject, contender, unit, round(median) as median, round(lowest) as min, round(highest) as max,
       round((median / max(median) over (partition by subject))::numeric, 3) as "share of the best"
from bench.medians m
order by subject, m.median desc;
select subject, contender || ' over ' || other as "ratio of medians", aim, ratio, case when met then 'met' else 'MISSED' end as verdict
from bench.verdicts
order by subject, contender;

select to_regclass('bench.own_rows') is not null as has_own_rows \gset
\if :has_own_rows
\echo Times of our policy as multiples of the limit: medians of the rounds
select subject, round(times::numeric, 3) as "times the limit", rounds from bench.own_rows order by subject;
\endif
