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
  row_counts jsonb not null default '{}' check (jsonb_typeof(row_counts) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_generated timestamptz,
  primary key (org_id, session_id)
);
create index synthetic_data_sessions_recent on auxeira.synthetic_data_sessions (org_id, created_at);
create index synthetic_data_sessions_template on auxeira.synthetic_data_sessions (template_id);
comment on table auxeira.synthetic_data_sessions is
  'Generations: parameters hold everything that makes the same data again, seed and as_of included.';
comment on column auxeira.synthetic_data_sessions.template_id is
  'Of auxeira.synthetic_data_templates or of auxeira.organization_templates.';
comment on column auxeira.synthetic_data_sessions.generation_count is 'Points or rows that were generated, stored or not.';
comment on column auxeira.synthetic_data_sessions.row_counts is 'Rows that were stored, by table.';
create trigger synthetic_data_sessions_updated before update on auxeira.synthetic_data_sessions
  for each row execute function auxeira.touch_updated_at();

call auxeira.protect_tenant_table('auxeira.synthetic_data_sessions');

create function auxeira.random_seed() returns bigint language sql volatile parallel safe
  return ('x' || right(translate(gen_random_uuid()::text, '-', ''), 13))::bit(52)::bigint;
comment on function auxeira.random_seed() is 'A seed below 2^52, which every JSON reader keeps exact.';

-- --- Limits -----------------------------------------------------------------------------------------------------

create table auxeira.synthesis_limits (
  only_row boolean primary key default true check (only_row),
  most_points bigint not null default 10000000 check (most_points >= 0),
  most_generations integer not null default 120 check (most_generations >= 0),
  most_company_months integer not null default 120000 check (most_company_months >= 0)
);
insert into auxeira.synthesis_limits default values;
call auxeira.protect_private_table('auxeira.synthesis_limits');
comment on table auxeira.synthesis_limits is
  'What an organization may generate; one row, for administrators of the database to change.';
comment on column auxeira.synthesis_limits.most_points is 'Synthetic points that it may have at a time.';
comment on column auxeira.synthesis_limits.most_generations is 'Generations within an hour.';
comment on column auxeira.synthesis_limits.most_company_months is
  'Companies times months of one generation of facts or of an ecosystem.';

create table auxeira.synthesis_turns (
  org_id uuid primary key references auxeira.organizations on delete cascade,
  taken_at timestamptz not null default now()
);
call auxeira.protect_private_table('auxeira.synthesis_turns');
comment on table auxeira.synthesis_turns is 'Rows to lock and write, so that each organization generates once at a time.';

-- The first two generations of an organization at once meet at the insert, later ones at the lock. The row is written, not
-- only locked: whoever still sees the database as it was before another's turn does not see what that one made, and would be
-- held to no limit. The server refuses them (40001).
create function auxeira.take_synthesis_turn(of_org_id uuid) returns void language plpgsql volatile
  set lock_timeout = '20ms'
as $$
begin
  insert into auxeira.synthesis_turns (org_id)
  select of_org_id where not exists (select from auxeira.synthesis_turns t where t.org_id = of_org_id) on conflict do nothing;
  perform from auxeira.synthesis_turns t where t.org_id = of_org_id for update nowait;
  update auxeira.synthesis_turns t set taken_at = now() where t.org_id = of_org_id;
exception when lock_not_available then
  raise exception using errcode = 'ZA409', message = 'the organization is generating already',
    hint = 'Wait until that is done, or cancel it.';
end
$$;
comment on function auxeira.take_synthesis_turn(uuid) is
  'Lets nobody else generate for an organization until the transaction ends. Errors: ZA409 it is generating already; 40001 it '
  'did since the transaction began, where that sees the database as it was (repeatable read).';

create function auxeira.synthetic_points(of_org_id uuid, enough bigint) returns bigint language plpgsql stable as $$
declare
  points bigint := (
    select coalesce(sum(s.generation_count), 0) from auxeira.synthetic_data_sessions s
    where s.org_id = of_org_id and s.status <> 'cleaned_up');
begin
  -- Sessions know of no points that were removed one by one, or were there before.
  if points > enough then
    points := (select count(*) from auxeira.dashboard_metrics m where m.org_id = of_org_id and m.is_synthetic)
      + (select coalesce(sum(s.generation_count), 0) from auxeira.synthetic_data_sessions s
         where s.org_id = of_org_id and s.status <> 'cleaned_up' and s.parameters ->> 'data_type' <> 'metrics');
  end if;
  return points;
end
$$;
comment on function auxeira.synthetic_points(uuid, bigint) is
  'How many synthetic points and facts an organization has: metrics are counted when that may be more than enough.';

create function auxeira.check_synthesis_limits(of_org_id uuid, points bigint) returns void language plpgsql stable as $$
declare
  limits constant auxeira.synthesis_limits := (select l from auxeira.synthesis_limits l);
  there constant bigint := auxeira.synthetic_points(of_org_id, limits.most_points - points);
  recent record;
begin
  select count(*) as generations, min(s.created_at) as oldest into recent
  from auxeira.synthetic_data_sessions s
  where s.org_id = of_org_id and s.created_at > now() - interval '1 hour';
  if recent.generations >= limits.most_generations then
    raise exception using errcode = 'ZA429',
      message = format('the organization generated %s times within an hour', recent.generations),
      detail = greatest(1, ceil(extract(epoch from recent.oldest + interval '1 hour' - now()))::integer)::text,
      hint = 'Try again later.';
  end if;
  if there > limits.most_points - points then
    raise exception using errcode = 'ZA429',
      message = format('an organization may have %s synthetic points, and there would be up to %s', limits.most_points,
                       there + points),
      hint = 'Generate fewer, or remove some first.';
  end if;
end
$$;
comment on function auxeira.check_synthesis_limits(uuid, bigint) is
  'Error ZA429 when an organization may not generate so many points more. The detail is the seconds to wait, if waiting helps.';

create function auxeira.begin_synthesis(of_org_id uuid, points bigint) returns void language plpgsql volatile as $$
begin
  if not coalesce(points >= 0, false) then
    perform auxeira.refuse_value('count', 'a number of points is expected');
  end if;
  perform auxeira.require_right('synthetic_data_sessions', 'insert', of_org_id, 'organization not found');
  perform auxeira.take_synthesis_turn(of_org_id);
  perform auxeira.check_synthesis_limits(of_org_id, points);
end
$$;
comment on function auxeira.begin_synthesis(uuid, bigint) is
  'Asks for a generation of so many points until the transaction ends. Errors: 42501 a viewer, P0002 not an organization '
  'of the user, ZA409 it is generating already, ZA429 more than its share.';

-- Definer, because what other connections do is nobody's to see; of other organizations it tells nothing.
create function auxeira.synthesis_progress()
  returns table (org_id uuid, session_id uuid, started_at timestamptz, generated bigint, count bigint, share numeric)
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select p.org_id, p.session_id, p.started_at, p.generated, p.count, round(p.generated::numeric / nullif(p.count, 0), 4)
  from auxeira.running_generations() p
  where p.org_id = any (auxeira.readable_org_ids());
end;
comment on function auxeira.synthesis_progress() is
  'The generations that are running for the organizations of the user: points of metrics, or steps of facts and ecosystems, '
  'so far, of how many.';

-- --- Generating -------------------------------------------------------------------------------------------------

create function auxeira.store_series(session auxeira.synthetic_data_sessions, template jsonb)
  returns table (generated bigint, inserted bigint, preview json) language plpgsql volatile
as $$
declare
  p constant jsonb := session.parameters;
  stored record;
begin
  select * into stored from auxeira.store_synthetic_metrics(
    p ->> 'user_type', (p ->> 'count')::integer, (p ->> 'time_range_days')::integer, (p ->> 'variance')::float8,
    p ->> 'trend', (p ->> 'seed')::bigint, (p ->> 'as_of')::timestamptz, session.org_id, p ->> 'data_type',
    p ->> 'stage', p ->> 'industry', p ->> 'region', p ->> 'business_model', coalesce((p ->> 'missing_rate')::float8, 0),
    coalesce((p ->> 'late_rate')::float8, 0), coalesce((p ->> 'restatement_rate')::float8, 0),
    coalesce((p ->> 'shock_rate')::float8, 0), session.user_id, session.session_id, template);
  return query select stored.generated, stored.inserted, (
    select json_agg(json_build_object(
        'metric_id', m.metric_id, 'dashboard_type', m.dashboard_type, 'metric_timestamp', m.metric_timestamp,
        'is_synthetic', true, 'synthetic_algorithm', m.synthetic_algorithm, 'metrics', m.metric_value)
      order by m.metric_timestamp)
    from auxeira.dashboard_metrics m
    where m.org_id = session.org_id and m.metric_id = any (stored.first_ids));
end
$$;
comment on function auxeira.store_series(auxeira.synthetic_data_sessions, jsonb) is
  'Generates the metrics that the parameters of a session describe, of the catalogue or of a template, and stores them. '
  'The same parameters give the same ids: generating them again finds its rows in place.';

-- Bounds of what a number of the generator holds; what it may be is told where it is used.
create function auxeira.synthesis_options(options jsonb) returns jsonb language sql immutable parallel safe
  return auxeira.checked(options, '{
    "additionalProperties": false,
    "properties": {
      "stage": {"type": "string", "maxLength": 50}, "industry": {"type": "string", "maxLength": 100},
      "region": {"type": "string", "maxLength": 100}, "businessModel": {"type": "string", "maxLength": 50},
      "missingRate": {"type": "number", "minimum": -1000000000, "maximum": 1000000000},
      "lateRate": {"type": "number", "minimum": -1000000000, "maximum": 1000000000},
      "restatementRate": {"type": "number", "minimum": -1000000000, "maximum": 1000000000},
      "shockRate": {"type": "number", "minimum": -1000000000, "maximum": 1000000000}}}');
comment on function auxeira.synthesis_options(jsonb) is
  'The options of auxeira.synthesize(), checked: stage, industry, region, businessModel, missingRate, lateRate, '
  'restatementRate, shockRate. Their values are checked by auxeira.synthetic_metrics(). Error 22023.';

-- What makes the same data again. `usual` is what a template says where the caller says nothing. Numbers in full: no setting
-- of the caller rounds them.
create function auxeira.synthesis_parameters(
  user_type text, data_type text, count integer, time_range_days integer, variance double precision, trend text,
  seed bigint, as_of timestamptz, template_id uuid, usual jsonb) returns jsonb language sql stable
  set extra_float_digits = 1
begin atomic
  select jsonb_build_object(
      'user_type', user_type, 'data_type', data_type, 'count', coalesce(count, (usual ->> 'count')::integer, 30),
      'time_range_days', coalesce(time_range_days, (usual ->> 'timeRangeDays')::integer, 30),
      'variance', coalesce(variance, (usual ->> 'variance')::float8, 0.2),
      'trend', coalesce(trend, usual ->> 'trend', 'stable'), 'seed', coalesce(seed, auxeira.random_seed()),
      'as_of', coalesce(as_of, date_trunc('day', now(), 'UTC')))
    || jsonb_strip_nulls(jsonb_build_object(
      'template_id', template_id, 'stage', usual ->> 'stage', 'industry', usual ->> 'industry',
      'region', usual ->> 'region', 'business_model', usual ->> 'businessModel',
      'missing_rate', nullif(round((usual ->> 'missingRate')::numeric, 300)::float8, 0),
      'late_rate', nullif(round((usual ->> 'lateRate')::numeric, 300)::float8, 0),
      'restatement_rate', nullif(round((usual ->> 'restatementRate')::numeric, 300)::float8, 0),
      'shock_rate', nullif(round((usual ->> 'shockRate')::numeric, 300)::float8, 0)));
end;
comment on function auxeira.synthesis_parameters(
  text, text, integer, integer, double precision, text, bigint, timestamptz, uuid, jsonb) is
  'The parameters of a generation in full, as its session keeps them.';

-- A time without an offset is one of UTC, wherever the caller is.
create function auxeira.typed_parameters(parameters jsonb) returns jsonb
  language plpgsql stable set timezone = 'UTC' set datestyle = 'ISO, MDY' set extra_float_digits = 1 as $$
declare
  p constant jsonb := auxeira.checked(coalesce(parameters, 'null'), '{
    "additionalProperties": false,
    "properties": {
      "stage": {"type": "string", "maxLength": 50}, "industry": {"type": "string", "maxLength": 100},
      "region": {"type": "string", "maxLength": 100}, "business_model": {"type": "string", "maxLength": 50},
      "user_type": {"type": "string", "maxLength": 50}, "data_type": {"type": "string", "maxLength": 50},
      "organizations": {"type": "integer", "minimum": 0, "maximum": 1000000},
      "count": {"type": "integer", "minimum": 0, "maximum": 1000000},
      "time_range_days": {"type": "integer", "minimum": 0, "maximum": 36500},
      "variance": {"type": "number", "minimum": 0, "maximum": 1}, "trend": {"type": "string", "maxLength": 50},
      "seed": {"type": "integer", "minimum": -9223372036854775808, "maximum": 9223372036854775807},
      "as_of": {"type": "string", "maxLength": 60}, "template_id": {"type": "string", "format": "uuid"},
      "missing_rate": {"type": "number", "minimum": 0, "maximum": 1},
      "late_rate": {"type": "number", "minimum": 0, "maximum": 1},
      "restatement_rate": {"type": "number", "minimum": 0, "maximum": 1},
      "shock_rate": {"type": "number", "minimum": 0, "maximum": 10}}}');
  as_of timestamptz;
begin
  begin
    as_of := p ->> 'as_of';
  exception when data_exception then
    as_of := 'infinity';
  end;
  if not isfinite(as_of) then
    perform auxeira.refuse_value('as_of', format('%s is not a time such as 2026-01-31T23:59:59Z', p -> 'as_of'));
  end if;
  return p || jsonb_strip_nulls(jsonb_build_object('as_of', as_of));
end
$$;
comment on function auxeira.typed_parameters(jsonb) is
  'The parameters of a generation, as auxeira.synthesis_parameters() gives them, each of its type. Error 22023: names those '
  'that are not, with what is expected, and those that there are not.';

create function auxeira.template_in_use(of_template_id uuid, of_user_type text) returns jsonb language plpgsql stable as $$
declare
  document jsonb;
begin
  if of_template_id is null then
    return null;
  end if;
  document := auxeira.template_document(of_template_id);
  if of_user_type <> document ->> 'user_type' then
    raise exception using errcode = '22023', message = 'invalid parameters for synthetic data',
      detail = format('user_type: the template is of %s', document ->> 'user_type');
  end if;
  return document;
end
$$;
comment on function auxeira.template_in_use(uuid, text) is
  'The template that is asked for, NULL for none. Errors: P0002 not found, 22023 it is of another user type.';

-- What is not used is refused: whoever asks for it would believe that they got it.
create function auxeira.refuse_unused(kind text, template_id uuid, options jsonb) returns void language plpgsql stable as $$
declare
  unused constant text := (select min(key) from jsonb_object_keys(coalesce(options, '{}')) key);
begin
  if kind <> auxeira.own_user_type() then
    perform auxeira.refuse_value('userType', 'facts are of the own type of organization');
  elsif template_id is not null then
    perform auxeira.refuse_value('templateId', 'templates are of dataType metrics');
  elsif unused is not null then
    perform auxeira.refuse_value(unused, 'is for dataType metrics');
  end if;
end
$$;
comment on function auxeira.refuse_unused(text, uuid, jsonb) is 'Error 22023 when facts are asked for with what they do not use.';

-- Definer, because a generation is held to limits and writes under a session that nobody chooses: rows of members' own
-- statements name no session. It generates for the active organization, where begin_synthesis() lets it.
create function auxeira.synthesize(
  user_type text default null, count integer default null, time_range_days integer default null,
  variance double precision default null, trend text default null, seed bigint default null,
  as_of timestamptz default null, data_type text default 'metrics', template_id uuid default null,
  options jsonb default '{}')
  returns table (session_id uuid, parameters jsonb, generated bigint, inserted bigint, preview json)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  document constant jsonb := auxeira.template_in_use(template_id, user_type);
  kind constant text := coalesce(user_type, document ->> 'user_type', auxeira.own_user_type());
  session auxeira.synthetic_data_sessions;
begin
  if jsonb_typeof(options) <> 'object' then
    perform auxeira.refuse_value('options', 'an object is expected, such as {"stage": "seed"}');
  end if;
  session_id := gen_random_uuid();
  parameters := auxeira.synthesis_parameters(kind, data_type, count, time_range_days, variance, trend, seed, as_of,
    template_id, coalesce(document -> 'default_parameters', '{}') || auxeira.synthesis_options(coalesce(options, '{}')));
  if (parameters ->> 'as_of')::timestamptz > now() then
    perform auxeira.refuse_value('as_of', 'lies in the future');
  end if;
  if data_type <> 'metrics' then
    perform auxeira.refuse_unused(kind, template_id, options);
    return query select f.session_id, parameters, f.generated, f.inserted, f.preview from auxeira.synthesize_facts(parameters) f;
    return;
  end if;
  session.org_id := auxeira.org_id();
  session.session_id := session_id;
  session.user_id := auxeira.user_id();
  session.parameters := parameters;
  -- More than the generator makes at all is no question of shares: it refuses that, with all else that is wrong.
  perform auxeira.begin_synthesis(session.org_id, case when (parameters ->> 'count')::bigint > 1000000 then 0
                                                    else (parameters ->> 'count')::bigint end);
  select * into generated, inserted, preview from auxeira.store_series(session, document);
  template_id := coalesce(template_id, (
    select t.template_id from auxeira.synthetic_data_templates t
    where t.user_type::text = kind and t.is_active order by t.version desc limit 1));
  insert into auxeira.synthetic_data_sessions (org_id, session_id, user_id, template_id, parameters, status,
    generation_count, row_counts, last_generated)
  values (session.org_id, session_id, session.user_id, template_id, parameters, 'completed', generated,
    jsonb_build_object('dashboard_metrics', inserted), now());
  return next;
end
$$;
comment on function auxeira.synthesize(
  text, integer, integer, double precision, text, bigint, timestamptz, text, uuid, jsonb) is
  'Generates synthetic data for the active organization, stores it, and records the session. user_type: '
  'the user''s own when NULL; count: points, 1 to 1,000,000, 30 when NULL; time_range_days: 30; variance: 0 to 1, 0.2; '
  'trend: improving, declining, stable, volatile; seed: random but recorded when NULL; as_of: the last point, the start of '
  'today (UTC) when NULL; data_type: metrics, or what auxeira.synthesize_facts() makes; template_id: of '
  'auxeira.visible_templates(), whose default_parameters hold where the others are NULL; options: {stage, industry, region, '
  'businessModel, missingRate, lateRate, restatementRate, shockRate}. inserted is less than generated where the same points '
  'were there already; preview has the first three. auxeira.synthesis_progress() tells other connections how far it is. '
  'Errors: 22023 naming every fault, 42501 a viewer, P0002 no such template, ZA409 the organization is generating '
  'already, ZA429 more than its share (auxeira.synthesis_limits). A cancelled call leaves nothing.';

create function auxeira_api.generate_synthetic(request jsonb) returns json language plpgsql volatile as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "properties": {
      "userType": {"type": "string", "enum": ["startup_founder", "venture_capital", "angel_investor",
        "corporate_partner", "government", "esg_funder", "impact_investor"]},
      "dataType": {"type": "string", "enum": ["metrics", "portfolio", "investments", "partnerships", "ecosystem",
        "sustainability", "impact", "history", "integrations", "actions", "scores"], "default": "metrics"},
      "count": {"type": "integer", "minimum": 1, "maximum": 100000},
      "timeRangeDays": {"type": "integer", "minimum": 1, "maximum": 36500},
      "variance": {"type": "number", "minimum": 0, "maximum": 1},
      "trend": {"type": "string", "enum": ["improving", "declining", "stable", "volatile"]},
      "seed": {"type": "integer", "minimum": -9223372036854775808, "maximum": 9223372036854775807},
      "asOf": {"type": "string", "format": "date-time"},
      "templateId": {"type": "string", "format": "uuid"},
      "stage": {"type": "string", "maxLength": 50}, "industry": {"type": "string", "maxLength": 100},
      "region": {"type": "string", "maxLength": 100}, "businessModel": {"type": "string", "maxLength": 50},
      "missingRate": {"type": "number"}, "lateRate": {"type": "number"}, "restatementRate": {"type": "number"},
      "shockRate": {"type": "number"}}}');
  first_point constant timestamptz := coalesce((r ->> 'asOf')::timestamptz, now())
    - make_interval(days => coalesce((r ->> 'timeRangeDays')::integer, case when r ? 'templateId' then 0 else 30 end));
  done record;
begin
  if r ->> 'dataType' <> 'metrics' then
    perform auxeira.check_facts(
      auxeira.synthesis_parameters(null, r ->> 'dataType', (r ->> 'count')::integer, (r ->> 'timeRangeDays')::integer,
        (r ->> 'variance')::float8, r ->> 'trend', (r ->> 'seed')::bigint, (r ->> 'asOf')::timestamptz, null, '{}'),
      '{"data_type": "dataType", "time_range_days": "timeRangeDays", "as_of": "asOf"}');
  end if;
  if first_point < '0001-01-01T00:00:00Z' then
    perform auxeira.refuse_value('asOf', 'the first point would be before the year 1');
  end if;
  if (r ->> 'asOf')::timestamptz > now() then
    perform auxeira.refuse_value('asOf', 'lies in the future');
  end if;
  if r ? 'templateId' and not r ? 'count' and (
      auxeira.template_document((r ->> 'templateId')::uuid) #>> '{default_parameters,count}')::bigint > 100000 then
    perform auxeira.refuse_value('count', 'the template asks for more than 100000');
  end if;
  select * into done from auxeira.synthesize(
    r ->> 'userType', (r ->> 'count')::integer, (r ->> 'timeRangeDays')::integer, (r ->> 'variance')::float8,
    r ->> 'trend', (r ->> 'seed')::bigint, (r ->> 'asOf')::timestamptz, r ->> 'dataType', (r ->> 'templateId')::uuid,
    r - '{userType,dataType,count,timeRangeDays,variance,trend,seed,asOf,templateId}'::text[]);
  return auxeira.success(json_build_object(
    'generated', done.generated, 'inserted', done.inserted, 'config', done.parameters,
    'sessionId', done.session_id, 'preview', done.preview));
end
$$;
comment on function auxeira_api.generate_synthetic(jsonb) is
  'POST /api/synthetic/generate: generates and stores synthetic data for the active organization. All fields optional: '
  'userType, dataType, count (at most 100,000), timeRangeDays, variance, trend, seed, asOf, templateId, stage, industry, '
  'region, businessModel, missingRate, lateRate, restatementRate, shockRate. Errors: those of auxeira.synthesize().';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('generate_synthetic', 'user', 201, false, 'synthetic');

reset role;
