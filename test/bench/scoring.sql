-- SSE scores of 1,000,000 sets of answers (6 components, 4 to 5 questions each, jsonb).
\i test/bench/scoring_plpgsql.sql
create unlogged table bench.answers as
select jsonb_object_agg(component, answers) as responses
from generate_series(1, 1000000) row_number
  cross join lateral (
    select component, jsonb_object_agg('q' || q, ((row_number::bigint * 7919 + q * 104729 + length(component) * 31) % 101) / 100.0) as answers
    from unnest(array['team', 'market', 'product', 'business', 'financial', 'traction']) component,
      generate_series(1, 4 + length(component) % 2) q
    group by component) parts
group by row_number;
vacuum analyze bench.answers;
set max_parallel_workers_per_gather = 0;
set statement_timeout = 0;
select set_config('bench.rounds', :'rounds', false) \g /dev/null
do $$
begin
  for i in 1..current_setting('bench.rounds')::integer loop
    call bench.measure('scoring', 'scan: count(responses) (the limit)', i, 1000000, 'select count(responses) from bench.answers');
    call bench.measure('scoring', 'auxeira.sse_total', i, 1000000, 'select sum(auxeira.sse_total(responses)) from bench.answers');
    call bench.measure('scoring', 'auxeira.sse_score (all columns)', i, 1000000, 'select count(s) from (select auxeira.sse_score(responses) as s from bench.answers offset 0) x');
    call bench.measure('scoring', 'PL/pgSQL equivalent (50,000 rows)', i, 50000, 'select sum(bench.sse_total_plpgsql(responses)) from (select responses from bench.answers limit 50000) x');
  end loop;
end
$$;
