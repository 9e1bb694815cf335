-- Synthetic data: templates, sessions, and the call that generates and stores.
set local role auxeira_owner;

create table auxeira.synthetic_data_templates (
  template_id uuid primary key default gen_random_uuid(),
  template_name text not null check (length(template_name) between 1 and 255),
  template_type text not null check (length(template_type) between 1 and 100),
  user_type auxeira.user_type not null,
  data_schema jsonb not null check (jsonb_typeof(data_schema) = 'object'),
  generation_rules jsonb not null check (jsonb_typeof(generation_rules) = 'object'),
  validation_rules jsonb not null default '{}' check (jsonb_typeof(validation_rules) = 'object'),
  sample_data jsonb not null default '{}' check (jsonb_typeof(sample_data) = 'object'),
  default_parameters jsonb not null default '{}' check (jsonb_typeof(default_parameters) = 'object'),
  description text not null,
  version integer not null default 1 check (version >= 1),
  is_active boolean not null default true,
  usage_count bigint not null default 0 check (usage_count >= 0),
  last_used timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_type, template_name, version)
);
comment on table auxeira.synthetic_data_templates is 'What can be generated for each user type, with a sample.';
create trigger synthetic_data_templates_updated before update on auxeira.synthetic_data_templates
  for each row execute function auxeira.touch_updated_at();

create table auxeira.synthetic_data_sessions (
  org_id uuid not null references auxeira.organizations on delete cascade,
  session_id uuid not null default gen_random_uuid(),
  user_id uuid,
  template_id uuid references auxeira.synthetic_data_templates,
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
create trigger synthetic_data_sessions_updated before update on auxeira.synthetic_data_sessions
  for each row execute function auxeira.touch_updated_at();

call auxeira.protect_private_table('auxeira.synthetic_data_templates');
create policy everyone_select on auxeira.synthetic_data_templates for select
  to auxeira_user, auxeira_admin using (is_active);
grant select on auxeira.synthetic_data_templates to auxeira_user, auxeira_admin;
call auxeira.protect_tenant_table('auxeira.synthetic_data_sessions');
grant select, insert on auxeira.synthetic_data_sessions to auxeira_user;
grant select on auxeira.synthetic_data_sessions to auxeira_admin;

-- One template for each user type, made from the catalogue that the generator itself uses.
insert into auxeira.synthetic_data_templates (template_name, template_type, user_type, data_schema,
  generation_rules, sample_data, default_parameters, description)
select kind.title || ' metrics', 'dashboard_metrics', kind.user_type::auxeira.user_type,
  jsonb_object_agg(c.metric_name, jsonb_build_object(
    'type', case when c.decimals = 0 then 'integer' else 'number' end, 'unit', c.unit, 'kind', c.kind)),
  jsonb_object_agg(c.metric_name, jsonb_build_object(
    'minimum', c.minimum, 'maximum', c.maximum, 'decimals', c.decimals,
    'goodDirection', c.good_direction, 'followsTrend', c.follows_trend)),
  (select s.metric_value
   from auxeira.synthetic_metrics(kind.user_type, 1, 30, 0.2, 'stable', 42, '2026-01-01T00:00:00Z') s),
  '{"count": 30, "timeRangeDays": 30, "variance": 0.2, "trend": "stable"}', kind.description
from (values
    ('startup_founder', 'Startup founder', 'Score, revenue, customers, team, burn, runway and activity of a startup.'),
    ('venture_capital', 'Venture capital', 'Portfolio, assets, deal flow and exits of a fund.'),
    ('angel_investor', 'Angel investor', 'Investments, cheques, exits and return of an angel.'),
    ('corporate_partner', 'Corporate partner', 'Partnerships, pilots, benefits and return of a corporate programme.'),
    ('government', 'Government', 'Startups, grants, jobs and growth of a region.'),
    ('esg_funder', 'ESG funder', 'Environmental, social and governance scores of a portfolio.'),
    ('impact_investor', 'Impact investor', 'People reached, social return and outcomes of a portfolio.')
  ) as kind (user_type, title, description)
  join auxeira.synthetic_catalogue() c on c.user_type = kind.user_type
group by kind.user_type, kind.title, kind.description;

-- Definer, because templates are shared and no tenant may write them; it counts a use, nothing else.
create function auxeira.count_template_use(of_user_type auxeira.user_type) returns uuid
  language sql volatile security definer set search_path = pg_catalog, pg_temp
begin atomic
  update auxeira.synthetic_data_templates set usage_count = usage_count + 1, last_used = now()
  where template_id = (select template_id from auxeira.synthetic_data_templates
                       where user_type = of_user_type and is_active order by version desc limit 1)
  returning template_id;
end;
comment on function auxeira.count_template_use(auxeira.user_type) is 'Counts one use of a type''s template.';

create function auxeira.random_seed() returns bigint language sql volatile parallel safe
  return ('x' || right(translate(gen_random_uuid()::text, '-', ''), 13))::bit(52)::bigint;
comment on function auxeira.random_seed() is 'A seed below 2^52, which every JSON reader keeps exact.';

create function auxeira.synthesize(
  user_type text default null, count integer default 30, time_range_days integer default 30,
  variance double precision default 0.2, trend text default 'stable', seed bigint default null,
  as_of timestamptz default null, data_type text default 'metrics')
  returns auxeira.synthetic_data_sessions
  language plpgsql volatile
as $$
declare
  kind constant text := coalesce(user_type, auxeira.own_user_type());
  used_seed constant bigint := coalesce(seed, auxeira.random_seed());
  until constant timestamptz := coalesce(as_of, date_trunc('day', now(), 'UTC'));
  session auxeira.synthetic_data_sessions;
begin
  insert into auxeira.synthetic_data_sessions (org_id, user_id, parameters, status, generation_count, last_generated)
  values (auxeira.org_id(), auxeira.user_id(),
          jsonb_build_object('user_type', kind, 'data_type', data_type, 'count', count,
            'time_range_days', time_range_days, 'variance', variance, 'trend', trend, 'seed', used_seed,
            'as_of', until),
          'completed', count, now())
  returning * into session;
  -- The same configuration gives the same ids: generating it again finds its rows in place.
  insert into auxeira.dashboard_metrics (org_id, metric_id, user_id, dashboard_type, metric_name, metric_value,
    metric_timestamp, is_synthetic, synthetic_algorithm, synthetic_trend, session_id)
  select session.org_id, s.metric_id, session.user_id, s.dashboard_type::auxeira.user_type, s.metric_name,
    s.metric_value, s.metric_timestamp, true, s.synthetic_algorithm, s.synthetic_trend, session.session_id
  from auxeira.synthetic_metrics(kind, count, time_range_days, variance, trend, used_seed, until,
                                 session.org_id, data_type) s
  on conflict (org_id, metric_id) do nothing;
  perform auxeira.count_template_use(kind::auxeira.user_type);
  return session;
end
$$;
comment on function auxeira.synthesize(text, integer, integer, double precision, text, bigint, timestamptz, text) is
  'Generates synthetic metrics for the active organization, stores them, and records the session. user_type: '
  'the user''s own when NULL; count: points, 1 to 1,000,000; variance: 0 to 1; trend: improving, declining, '
  'stable, volatile; seed: random but recorded when NULL; as_of: the last point, the start of today (UTC) when '
  'NULL. Error 22023 names every fault.';

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
  session constant auxeira.synthetic_data_sessions := auxeira.synthesize(
    r ->> 'userType', (r ->> 'count')::integer, (r ->> 'timeRangeDays')::integer, (r ->> 'variance')::float8,
    r ->> 'trend', (r ->> 'seed')::bigint, (r ->> 'asOf')::timestamptz, r ->> 'dataType');
  p constant jsonb := session.parameters;
begin
  return auxeira.success(json_build_object(
    'generated', session.generation_count, 'config', p, 'sessionId', session.session_id,
    'preview', (
      select json_agg(json_build_object(
        'metric_id', s.metric_id, 'dashboard_type', s.dashboard_type, 'metric_timestamp', s.metric_timestamp,
        'is_synthetic', true, 'synthetic_algorithm', s.synthetic_algorithm, 'metrics', s.metric_value))
      from (select *
            from auxeira.synthetic_metrics(p ->> 'user_type', (p ->> 'count')::integer,
              (p ->> 'time_range_days')::integer, (p ->> 'variance')::float8, p ->> 'trend',
              (p ->> 'seed')::bigint, (p ->> 'as_of')::timestamptz, session.org_id, p ->> 'data_type')
            limit 3) s)));
end
$$;
comment on function auxeira_api.generate_synthetic(jsonb) is
  'POST /api/synthetic/generate: generates and stores metrics for the active organization. All fields '
  'optional: userType, dataType, count (at most 100,000), timeRangeDays, variance, trend, seed, asOf.';

create function auxeira_api.list_templates(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "properties": {"type": {"type": "string", "enum": ["all", "startup_founder", "venture_capital",
      "angel_investor", "corporate_partner", "government", "esg_funder", "impact_investor"]}}}', true);
  kind constant text := coalesce(r ->> 'type', auxeira.own_user_type());
begin
  return auxeira.success((
    select json_build_object('templates', coalesce(json_agg(json_build_object(
             'template_id', t.template_id, 'template_name', t.template_name, 'template_type', t.template_type,
             'user_type', t.user_type, 'description', t.description, 'sample_data', t.sample_data,
             'usage_count', t.usage_count) order by t.usage_count desc, t.template_name), '[]'),
           'count', count(*))
    from auxeira.synthetic_data_templates t
    where t.is_active and (kind = 'all' or t.user_type::text = kind)));
end
$$;
comment on function auxeira_api.list_templates(jsonb) is
  'GET /api/synthetic/templates: the templates of the user''s own type, of ?type=, or with ?type=all of all.';

insert into auxeira.api_functions (name, required_role, status, is_read_only) values
  ('generate_synthetic', 'user', 201, false),
  ('list_templates', 'user', 200, true);

reset role;
