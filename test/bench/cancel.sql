-- Cancels a generation that another session has begun, and records how long it is until that is at rest. Each round comes later
-- in the generation.
select set_config('bench.round', :'round', false) \g /dev/null
do $$
declare
  round constant integer := current_setting('bench.round');
  running integer;
  started timestamptz;
begin
  while running is null loop
    perform pg_stat_clear_snapshot(), pg_sleep(0.001);
    running := (select pid from pg_stat_progress_copy
                where relid = 'auxeira.dashboard_metrics'::regclass and tuples_processed >= 20000 * round);
  end loop;
  started := clock_timestamp();
  perform pg_cancel_backend(running);
  while exists (select from pg_stat_activity where pid = running and state = 'active') loop
    perform pg_stat_clear_snapshot(), pg_sleep(0.0001);
  end loop;
  insert into bench.results values ('cancelling the storing of 1000000 points', 'auxeira.synthesize', round, 'us until it is at rest',
    1e6 * extract(epoch from clock_timestamp() - started));
end
$$;
