-- Synthetic data: sessions, and the call that generates and stores.
set local role auxeira_owner;

create table auxeira.synthetic_data_sessions (
  org_id uuid not null references auxeira.organizations on delete cascade,
  session_id uuid not null default gen_random_uuid(),
  user_id uuid,
  template_id uuid,
  session_name text check (length(session_name) between 1 and 255),
  description text,
  parameters jsonb not null check (jsonb_typeof(parameters) = 'object'),
  status text not null check (status in ('active', 'completed', 'cleaned_up')),
  generation_count bigint not null default 0 check (generation_count >= 0),
  expiry_date timestamptz,
  auto_cleanup boolean not null default true,
  success_rate numeric(5, 4) not null default 1 check (success_rate between 0 and 1),
  error_log jsonb not null default '[]' check (jsonb_typeof(error_log) = 'array'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_generated timestamptz,
  primary key (org_id, session_id)
);
create index synthetic_data_sessions_template on auxeira.synthetic_data_sessions (template_id);
comment on table auxeira.synthetic_data_sessions is
  'Generations: parameters hold everything that makes the same data again, seed and as_of included.';
comment on column auxeira.synthetic_data_sessions.template_id is
  'Of auxeira.synthetic_data_templates or of auxeira.organization_templates.';
create trigger synthetic_data_sessions_updated before update on auxeira.synthetic_data_sessions
  for each row execute function auxeira.touch_updated_at();

call auxeira.protect_tenant_table('auxeira.synthetic_data_sessions');
create policy own_writing on auxeira.synthetic_data_sessions as restrictive for insert to auxeira_user
  with check (user_id = auxeira.user_id());

create function auxeira.random_seed() returns bigint language sql volatile parallel safe
  return ('x' || right(translate(gen_random_uuid()::text, '-', ''), 13))::bit(52)::bigint;
comment on function auxeira.random_seed() is 'A seed below 2^52, which every JSON reader keeps exact.';

create function auxeira.synthesize(
  user_type text default null, count integer default 30, time_range_days integer default 30,
  variance double precision default 0.2, trend text default 'stable', seed bigint default null,
  as_of timestamptz default null, data_type text default 'metrics')
  returns table (session_id uuid, parameters jsonb, generated bigint, inserted bigint, preview json)
  language plpgsql volatile
as $$
#variable_conflict use_variable
declare
  org constant uuid := auxeira.org_id();
  kind constant text := coalesce(user_type, auxeira.own_user_type());
begin
  session_id := gen_random_uuid();
  seed := coalesce(seed, auxeira.random_seed());
  as_of := coalesce(as_of, date_trunc('day', now(), 'UTC'));
  parameters := jsonb_build_object('user_type', kind, 'data_type', data_type, 'count', count,
    'time_range_days', time_range_days, 'variance', variance, 'trend', trend, 'seed', seed, 'as_of', as_of);
  -- The same configuration gives the same ids: generating it again finds its rows in place.
  with series as materialized (
    select * from auxeira.synthetic_metrics(kind, count, time_range_days, variance, trend, seed, as_of, org, data_type)
  ), stored as (
    insert into auxeira.dashboard_metrics (org_id, metric_id, user_id, dashboard_type, metric_name, metric_value,
      metric_timestamp, is_synthetic, synthetic_algorithm, synthetic_trend, session_id)
    select org, s.metric_id, auxeira.user_id(), s.dashboard_type::auxeira.user_type, s.metric_name, s.metric_value,
      s.metric_timestamp, true, s.synthetic_algorithm, s.synthetic_trend, session_id
    from series s
    on conflict do nothing
    returning true
  )
  select (select count(*) from series), (select count(*) from stored),
    (select json_agg(json_build_object(
       'metric_id', s.metric_id, 'dashboard_type', s.dashboard_type, 'metric_timestamp', s.metric_timestamp,
       'is_synthetic', true, 'synthetic_algorithm', s.synthetic_algorithm, 'metrics', s.metric_value))
     from (select * from series limit 3) s)
  into generated, inserted, preview;
  insert into auxeira.synthetic_data_sessions (org_id, session_id, user_id, template_id, parameters, status,
    generation_count, last_generated)
  values (org, session_id, auxeira.user_id(),
    (select t.template_id from auxeira.synthetic_data_templates t
     where t.user_type::text = kind and t.is_active order by t.version desc limit 1),
    parameters, 'completed', generated, now());
  return next;
end
$$;
comment on function auxeira.synthesize(text, integer, integer, double precision, text, bigint, timestamptz, text) is
  'Generates synthetic metrics for the active organization, stores them, and records the session. user_type: '
  'the user''s own when NULL; count: points, 1 to 1,000,000; variance: 0 to 1; trend: improving, declining, '
  'stable, volatile; seed: random but recorded when NULL; as_of: the last point, the start of today (UTC) when '
  'NULL. inserted is less than generated where the same points were there already; preview has the first '
  'three. Error 22023 names every fault.';

create function auxeira_api.generate_synthetic(request jsonb) returns json language plpgsql volatile as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "properties": {
      "userType": {"type": "string", "enum": ["startup_founder", "venture_capital", "angel_investor",
        "corporate_partner", "government", "esg_funder", "impact_investor"]},
      "dataType": {"type": "string", "enum": ["metrics"], "default": "metrics"},
      "count": {"type": "integer", "minimum": 1, "maximum": 100000, "default": 30},
      "timeRangeDays": {"type": "integer", "minimum": 1, "maximum": 36500, "default": 30},
      "variance": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.2},
      "trend": {"type": "string", "enum": ["improving", "declining", "stable", "volatile"], "default": "stable"},
      "seed": {"type": "integer", "minimum": -9223372036854775808, "maximum": 9223372036854775807},
      "asOf": {"type": "string", "format": "date-time"}}}');
  first_point constant timestamptz := coalesce((r ->> 'asOf')::timestamptz, now())
    - make_interval(days => (r ->> 'timeRangeDays')::integer);
  done record;
begin
  if first_point < '0001-01-01T00:00:00Z' then
    raise exception using errcode = '22023',
      message = 'invalid request: asOf: the first point would be before the year 1',
      detail = 'asOf: the first point would be before the year 1';
  end if;
  select * into done from auxeira.synthesize(
    r ->> 'userType', (r ->> 'count')::integer, (r ->> 'timeRangeDays')::integer, (r ->> 'variance')::float8,
    r ->> 'trend', (r ->> 'seed')::bigint, (r ->> 'asOf')::timestamptz, r ->> 'dataType');
  return auxeira.success(json_build_object(
    'generated', done.generated, 'inserted', done.inserted, 'config', done.parameters,
    'sessionId', done.session_id, 'preview', done.preview));
end
$$;
comment on function auxeira_api.generate_synthetic(jsonb) is
  'POST /api/synthetic/generate: generates and stores metrics for the active organization. All fields '
  'optional: userType, dataType, count (at most 100,000), timeRangeDays, variance, trend, seed, asOf.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('generate_synthetic', 'user', 201, false, 'synthetic');

reset role;
