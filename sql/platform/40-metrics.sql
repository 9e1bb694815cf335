-- Dashboard metrics: points in time, each with a set of named numbers.
set local role auxeira_owner;

create table auxeira.dashboard_metrics (
  org_id uuid not null references auxeira.organizations on delete cascade,
  metric_id uuid not null default gen_random_uuid(),
  user_id uuid,
  dashboard_type auxeira.user_type not null,
  metric_name text not null default 'metrics' check (length(metric_name) between 1 and 100),
  metric_category text check (length(metric_category) between 1 and 50),
  metric_value jsonb not null check (jsonb_typeof(metric_value) = 'object'),
  metric_unit text check (length(metric_unit) between 1 and 20),
  metric_timestamp timestamptz not null check (isfinite(metric_timestamp)),
  aggregation_period text check (length(aggregation_period) between 1 and 50),
  data_sources jsonb not null default '[]' check (jsonb_typeof(data_sources) = 'array'),
  confidence_score numeric(3, 2) not null default 1 check (confidence_score between 0 and 1),
  is_synthetic boolean not null default false,
  synthetic_algorithm text check (length(synthetic_algorithm) between 1 and 100),
  synthetic_trend text check (synthetic_trend in ('improving', 'declining', 'stable', 'volatile')),
  session_id uuid,
  created_at timestamptz not null default now(),
  reported_at timestamptz check (isfinite(reported_at)),
  first_value jsonb check (jsonb_typeof(first_value) = 'object'),
  primary key (org_id, metric_id),
  check (is_synthetic or session_id is null),
  check (reported_at >= metric_timestamp)
);
-- The second index of two: each costs a bulk load more than the row itself.
create index dashboard_metrics_series on auxeira.dashboard_metrics (org_id, dashboard_type, metric_timestamp);
comment on table auxeira.dashboard_metrics is
  'Metrics of every dashboard: one row for each point in time, its numbers by name in metric_value.';
comment on column auxeira.dashboard_metrics.user_id is
  'Who wrote the row; kept when the account is deleted, hence no foreign key.';
comment on column auxeira.dashboard_metrics.synthetic_algorithm is
  'What generated it: see auxeira.synthetic_metrics(), template_v1 of a template, ecosystem_v1 with what it is the sum of. '
  'The same version and seed give the same numbers.';
comment on column auxeira.dashboard_metrics.reported_at is
  'When the numbers became known, where that was later than metric_timestamp.';
comment on column auxeira.dashboard_metrics.first_value is
  'The numbers as they were first reported, where metric_value corrects them.';
comment on column auxeira.dashboard_metrics.session_id is
  'The synthetic_data_sessions row that generated it, which may be gone.';

call auxeira.protect_tenant_table('auxeira.dashboard_metrics');
create policy own_writing on auxeira.dashboard_metrics as restrictive for insert to auxeira_user
  with check (user_id = auxeira.user_id());

create function auxeira_api.get_metrics(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "properties": {
      "type": {"type": "string", "enum": ["startup_founder", "venture_capital", "angel_investor",
        "corporate_partner", "government", "esg_funder", "impact_investor"]},
      "days": {"type": "integer", "minimum": 1, "maximum": 36500, "default": 30},
      "includeSynthetic": {"type": "boolean", "default": true},
      "metric": {"type": "string", "minLength": 1, "maxLength": 100},
      "organizationId": {"type": "string", "format": "uuid"},
      "from": {"type": "string", "format": "date-time"},
      "to": {"type": "string", "format": "date-time"},
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1000},
      "cursor": {"type": "string", "maxLength": 60}}}', true);
  org constant uuid := coalesce((r ->> 'organizationId')::uuid, auxeira.org_id());
  kind constant auxeira.user_type := coalesce(r ->> 'type', auxeira.own_user_type());
  days constant integer := r ->> 'days';
  since constant timestamptz := coalesce((r ->> 'from')::timestamptz,
    date_trunc('day', now(), 'UTC') - make_interval(days => days));
  until constant timestamptz := coalesce((r ->> 'to')::timestamptz, 'infinity');
  with_synthetic constant boolean := r ->> 'includeSynthetic';
  page constant integer := r ->> 'limit';
  last_time timestamptz := 'infinity';
  last_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  found json;
  times timestamptz[];
  ids uuid[];
begin
  if not org = any (auxeira.readable_org_ids('metrics')) then
    raise exception using errcode = 'P0002', message = 'organization not found';
  end if;
  if r ? 'cursor' then
    if r ->> 'cursor' !~ '^(-?[0-9]{1,17}|[0-9]{18})_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
      raise exception using errcode = '22023', message = 'invalid request: cursor: it is not one that an earlier page gave',
        detail = 'cursor: it is not one that an earlier page gave';
    end if;
    last_time := 'epoch'::timestamptz + split_part(r ->> 'cursor', '_', 1)::bigint * interval '1 microsecond';
    last_id := split_part(r ->> 'cursor', '_', 2);
  end if;
  select json_agg(m), array_agg(m.metric_timestamp), array_agg(m.metric_id) into found, times, ids
  from (select d.metric_id, d.dashboard_type, d.metric_name, d.metric_value, d.metric_timestamp, d.is_synthetic,
               d.synthetic_algorithm, d.created_at
        from auxeira.dashboard_metrics d
        where d.org_id = org and d.dashboard_type = kind
          and d.metric_timestamp >= since and d.metric_timestamp <= until
          and (with_synthetic or not d.is_synthetic)
          and (not r ? 'metric' or d.metric_value ? (r ->> 'metric'))
          and (d.metric_timestamp, d.metric_id) < (last_time, last_id)
        order by d.metric_timestamp desc, d.metric_id desc
        limit page) m;
  return auxeira.success(json_build_object(
    'metrics', coalesce(found, '[]'), 'count', coalesce(cardinality(ids), 0), 'dashboardType', kind,
    'timeRange', days || ' days', 'includeSynthetic', with_synthetic,
    -- A page ends at a point in time and an id; the next one starts before it.
    'nextCursor', (extract(epoch from times[page]) * 1000000)::bigint || '_' || ids[page]));
end
$$;
comment on function auxeira_api.get_metrics(jsonb) is
  'GET /api/dashboard/metrics: metrics of the active organization, newest first. All fields optional: organizationId '
  '(another of the user''s, or one that opened its metrics; P0002 otherwise), type, '
  'days (since the start, UTC, of the day that many days ago), includeSynthetic, metric (rows that have it), '
  'from and to (in place of days), limit (at most 1000), cursor (the nextCursor of the page before).';

create function auxeira_api.create_metrics(request jsonb) returns json language plpgsql volatile as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["metrics"],
    "properties": {"metrics": {"type": "array", "minItems": 1, "maxItems": 1000, "items": {
      "type": "object",
      "required": ["dashboard_type", "metric_timestamp", "metrics"],
      "properties": {
        "metric_id": {"type": "string", "format": "uuid"},
        "dashboard_type": {"type": "string", "enum": ["startup_founder", "venture_capital", "angel_investor",
          "corporate_partner", "government", "esg_funder", "impact_investor"]},
        "metric_name": {"type": "string", "minLength": 1, "maxLength": 100, "default": "metrics"},
        "metric_timestamp": {"type": "string", "format": "date-time"},
        "is_synthetic": {"type": "boolean", "default": false},
        "synthetic_algorithm": {"type": "string", "minLength": 1, "maxLength": 100},
        "metrics": {"type": "object", "maxProperties": 100, "propertyNames": {"maxLength": 100},
          "additionalProperties": {"type": "number", "minimum": -1e18, "maximum": 1e18}}}}}}}');
  inserted integer;
begin
  insert into auxeira.dashboard_metrics (org_id, metric_id, user_id, dashboard_type, metric_name, metric_value,
    metric_timestamp, is_synthetic, synthetic_algorithm)
  select auxeira.org_id(), coalesce((m ->> 'metric_id')::uuid, gen_random_uuid()), auxeira.user_id(),
    (m ->> 'dashboard_type')::auxeira.user_type, m ->> 'metric_name', m -> 'metrics',
    (m ->> 'metric_timestamp')::timestamptz, (m ->> 'is_synthetic')::boolean, m ->> 'synthetic_algorithm'
  from jsonb_array_elements(r -> 'metrics') m;
  get diagnostics inserted = row_count;
  return json_build_object('success', true, 'message', format('Inserted %s metrics', inserted),
                           'data', json_build_object('inserted', inserted));
end
$$;
comment on function auxeira_api.create_metrics(jsonb) is
  'POST /api/dashboard/metrics: stores up to 1,000 points for the active organization, all or none. '
  'metrics: [{dashboard_type, metric_timestamp, metrics{name: number}, metric_id?, metric_name?, is_synthetic?, '
  'synthetic_algorithm?}]. Errors: ZA400, 22023, 23505 a metric_id is there already, 42501 a viewer.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('get_metrics', 'user', 200, true, 'metrics'),
  ('create_metrics', 'user', 201, false, 'metrics');

reset role;
