-- Points of eleven metrics: generated and counted; generated and stored, beside other ways to store the same rows in
-- the same table. Each way to store begins with an empty table after a checkpoint, and ends with its commit.
set statement_timeout = 0;
set work_mem = '1GB';
set client_min_messages = warning;
select set_config('bench.rounds', :'rounds', false) \g /dev/null

insert into auxeira.organizations (org_id, name, org_type)
values ('00000000-0000-4000-8000-00000000be4c', 'Bench', 'startup') on conflict do nothing;
update auxeira.synthesis_limits set most_points = 1000000000, most_generations = 1000000;

-- As a member of the organization, so that rights and row policies are those of users.
create function bench.synthesize(points integer) returns bigint language plpgsql as $$
declare
  stored bigint;
begin
  perform set_config('auxeira.' || setting, '00000000-0000-4000-8000-00000000be4c', true)
  from unnest(array['user_id', 'org_id', 'org_ids', 'writable_org_ids']) setting;
  perform set_config('auxeira.user_type', 'startup_founder', true);
  set local role auxeira_user;
  stored := (select inserted from auxeira.synthesize('startup_founder', points, 365, 0.2, 'improving', 42, '2026-03-01'));
  reset role;
  return stored;
end
$$;

create function bench.points_of_sql(points integer)
  returns table (metric_id uuid, metric_value jsonb, metric_timestamp timestamptz) language sql as $$
  select gen_random_uuid(), jsonb_build_object('sse_score', (50 + 40 * random())::integer,
      'revenue', (500000 * random())::integer, 'customers', (1000 * random())::integer,
      'team_size', (50 * random())::integer, 'burn_rate', (100000 * random())::integer,
      'runway_months', round((24 * random())::numeric, 1), 'interviews_completed', (20 * random())::integer,
      'tokens_earned', (5000 * random())::integer, 'profile_completion', (100 * random())::integer,
      'actions_this_week', (8 * random())::integer, 'streak_days', (30 * random())::integer),
    timestamptz '2026-03-01' - i * interval '30 seconds'
  from generate_series(1, points) i offset 0
$$;

create function bench.file(points integer, format text) returns text language sql stable
  return format('%s/bench-%s.%s', current_setting('data_directory'), points, format);

create procedure bench.store(contender text, round integer, points integer, statement text) language plpgsql as $$
declare
  started timestamptz;
  seconds double precision;
begin
  truncate auxeira.dashboard_metrics;
  commit;
  execute 'checkpoint';
  started := clock_timestamp();
  execute statement;
  commit;
  seconds := extract(epoch from clock_timestamp() - started);
  insert into bench.results values (format('storing %s points', points), contender, round, 'rows/s',
    (select count(*) from auxeira.dashboard_metrics) / seconds);
end
$$;

-- The rows that all store, and log files for all of them to write into.
create procedure bench.prepare_synthesis(points integer) language plpgsql as $$
declare
  form text;
begin
  truncate auxeira.dashboard_metrics;
  perform bench.synthesize(points);
  foreach form in array array['text', 'binary'] loop
    execute format('copy auxeira.dashboard_metrics to %L (format %s)', bench.file(points, form), form);
  end loop;
  commit;
end
$$;

create procedure bench.round_of_synthesis(round integer, points integer) language plpgsql as $$
declare
  form text;
begin
  call bench.measure(format('generating %s points', points), 'auxeira.synthetic_metrics', round, points, format(
    'select count(metric_value) from auxeira.synthetic_metrics(''startup_founder'', %s, 365, 0.2, ''improving'', 42)', points));
  call bench.measure(format('generating %s points', points), 'SQL: jsonb_build_object of random()', round, points,
    format('select count(metric_value) from bench.points_of_sql(%s)', points));
  call bench.store('auxeira.synthesize', round, points, format('select bench.synthesize(%s)', points));
  foreach form in array array['text', 'binary'] loop
    call bench.store('COPY ' || form, round, points,
      format('copy auxeira.dashboard_metrics from %L (format %s)', bench.file(points, form), form));
  end loop;
  call bench.store('SQL: INSERT ... SELECT of expressions', round, points, format(
    'insert into auxeira.dashboard_metrics (org_id, user_id, dashboard_type, metric_name, is_synthetic, synthetic_algorithm,
       synthetic_trend, session_id, metric_id, metric_value, metric_timestamp)
     select ''00000000-0000-4000-8000-00000000be4c'', ''00000000-0000-4000-8000-00000000be4c'', ''startup_founder'',
       ''synthetic_metrics'', true, ''trend_based_v2'', ''improving'', ''00000000-0000-4000-8000-00000000be4c'', p.*
     from bench.points_of_sql(%s) p', points));
end
$$;

do $$
declare
  points integer;
begin
  foreach points in array array[10000, 100000, 1000000] loop
    call bench.prepare_synthesis(points);
    -- The short ones more often: there a single wait for the disk counts.
    for i in 1..current_setting('bench.rounds')::integer * case when points < 100000 then 5 else 1 end loop
      call bench.round_of_synthesis(i, points);
    end loop;
    execute format('copy (select) to program %L',
      format('rm -f %s %s', quote_literal(bench.file(points, 'text')), quote_literal(bench.file(points, 'binary'))));
  end loop;
end
$$;
truncate auxeira.dashboard_metrics;
insert into bench.aims
select format('storing %s points', points), 'auxeira.synthesize', 'COPY text', 3
from unnest(array[10000, 100000, 1000000]) points;
