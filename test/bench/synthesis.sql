-- 1,000,000 points of eleven metrics, generated and counted.
set statement_timeout = 0;
set work_mem = '1GB';
select set_config('bench.rounds', :'rounds', false) \g /dev/null
do $$
begin
  for i in 1..current_setting('bench.rounds')::integer loop
    call bench.measure('synthesis', 'auxeira.synthetic_metrics', i, 1000000,
      'select count(metric_value) from auxeira.synthetic_metrics(''startup_founder'', 1000000, 365, 0.2, ''improving'', 42)');
    call bench.measure('synthesis', 'SQL: jsonb_build_object of random()', i, 1000000, $sql$
      select count(metric_value) from (
        select gen_random_uuid() as metric_id, now() - i * interval '30 seconds' as metric_timestamp,
          jsonb_build_object('sse_score', (50 + 40 * random())::integer, 'revenue', (500000 * random())::integer,
            'customers', (1000 * random())::integer, 'team_size', (50 * random())::integer,
            'burn_rate', (100000 * random())::integer, 'runway_months', round((24 * random())::numeric, 1),
            'interviews_completed', (20 * random())::integer, 'tokens_earned', (5000 * random())::integer,
            'profile_completion', (100 * random())::integer, 'actions_this_week', (8 * random())::integer,
            'streak_days', (30 * random())::integer) as metric_value
        from generate_series(1, 1000000) i offset 0) points $sql$);
  end loop;
end
$$;
