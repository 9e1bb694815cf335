-- SSE scores: every accepted calculation appends a version; nothing is ever changed or removed.
set local role auxeira_owner;

create table auxeira.sse_scores (
  org_id uuid not null references auxeira.organizations on delete cascade,
  score_id uuid not null default gen_random_uuid(),
  version integer not null check (version >= 1),
  total_score integer not null check (total_score between 0 and 100),
  raw_score numeric(9, 6) not null check (raw_score between 0 and 100),
  status text not null check (status in ('scored', 'provisional')),
  component_scores jsonb not null check (jsonb_typeof(component_scores) = 'object'),
  percentile numeric(4, 1) not null check (percentile between 0 and 100),
  success_probability numeric(5, 4) not null check (success_probability between 0 and 1),
  causal_metrics jsonb not null default '{}' check (jsonb_typeof(causal_metrics) = 'object'),
  explanation jsonb not null check (jsonb_typeof(explanation) = 'object'),
  cohort jsonb not null check (jsonb_typeof(cohort) = 'object'),
  coverage numeric(5, 4) not null check (coverage between 0 and 1),
  band numeric(4, 1) not null check (band >= 0),
  is_synthetic boolean not null default false,
  synthetic_seed bigint,
  synthetic_algorithm text,
  synthetic_parameters jsonb,
  session_id uuid,
  scale text not null,
  missing_policy text not null check (missing_policy in ('reweight', 'zero')),
  formula_version text not null,
  input_hash bytea not null check (length(input_hash) = 32),
  data_quality_score numeric(3, 2) not null check (data_quality_score between 0 and 1),
  confidence_level numeric(4, 3) not null check (confidence_level between 0 and 1),
  created_at timestamptz not null default now(),
  created_by uuid,
  primary key (org_id, score_id),
  unique (org_id, is_synthetic, version),
  check (is_synthetic or session_id is null)
);
comment on table auxeira.sse_scores is
  'SSE scores of startups, all versions. org_id is the startup (startupId in the API).';
comment on column auxeira.sse_scores.version is
  'First, second, ... of the real scores of the startup, or of its synthetic ones: neither counts the other.';
comment on column auxeira.sse_scores.raw_score is
  'The score before it was rounded to a whole number, to six decimals: what adding up in doubles leaves is behind them.';
comment on column auxeira.sse_scores.component_scores is
  'Points by component, one decimal; their sum is the raw score but for that.';
comment on column auxeira.sse_scores.input_hash is 'SHA-256 of answers, scale and policy: same input, same score.';
comment on column auxeira.sse_scores.band is 'Half width of the confidence band, points.';

create table auxeira.sse_answers (
  org_id uuid not null,
  score_id uuid not null,
  responses jsonb not null check (jsonb_typeof(responses) = 'object' and octet_length(responses::text) <= 262144),
  is_synthetic boolean not null default false,
  session_id uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, score_id),
  foreign key (org_id, score_id) references auxeira.sse_scores (org_id, score_id) on delete cascade,
  check (is_synthetic or session_id is null)
);
comment on table auxeira.sse_answers is
  'The answers each score was made of: apart from the scores, because whoever may read a startup''s scores does not '
  'read its answers.';

create table auxeira.sse_score_history (
  org_id uuid not null,
  history_id uuid not null default gen_random_uuid(),
  score_id uuid not null,
  change_type text not null check (change_type in ('created', 'recalculated')),
  old_values jsonb,
  new_values jsonb not null check (jsonb_typeof(new_values) = 'object'),
  change_delta jsonb not null check (jsonb_typeof(change_delta) = 'object'),
  change_reason text,
  impact_score integer not null,
  changed_by uuid,
  is_synthetic boolean not null default false,
  session_id uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, history_id),
  foreign key (org_id, score_id) references auxeira.sse_scores (org_id, score_id) on delete cascade,
  check (is_synthetic or session_id is null),
  check ((change_type = 'created') = (old_values is null))
);
create index sse_score_history_score on auxeira.sse_score_history (org_id, score_id);
comment on table auxeira.sse_score_history is 'What each new version of a score changed, by component.';
comment on column auxeira.sse_score_history.impact_score is 'Change of the total, points.';

call auxeira.protect_tenant_table('auxeira.sse_scores');
call auxeira.protect_tenant_table('auxeira.sse_answers');
call auxeira.protect_tenant_table('auxeira.sse_score_history');

create function auxeira.smallest_cohort() returns integer language sql immutable parallel safe return 5;
comment on function auxeira.smallest_cohort() is 'Cohorts with fewer organizations are not used or shown.';

-- Not the row of the organization: whoever holds that keeps its administrators from changing anything, their own
-- removal for one.
create table auxeira.writing_turns (
  org_id uuid primary key references auxeira.organizations on delete cascade
);
comment on table auxeira.writing_turns is
  'A row to lock for an organization, so that scores and actions are recorded one after the other.';
call auxeira.protect_private_table('auxeira.writing_turns');

create function auxeira.take_turn(of_org_id uuid) returns void language plpgsql volatile as $$
begin
  insert into auxeira.writing_turns (org_id) values (of_org_id) on conflict do nothing;
  perform from auxeira.writing_turns t where t.org_id = of_org_id for update;
end
$$;
comment on function auxeira.take_turn(uuid) is
  'Waits until nobody else records a score or an action of the organization, and keeps others waiting.';
revoke execute on function auxeira.take_turn(uuid) from public;

create function auxeira.is_proven(of_org_id uuid) returns boolean language sql stable
  return exists (
    select from auxeira.user_organizations m join auxeira.users u on u.user_id = m.user_id
    where m.org_id = of_org_id and m.role = 'owner' and m.left_at is null and u.is_active and u.email_verified);
comment on function auxeira.is_proven(uuid) is
  'Whether an owner of the organization has a verified address. Others do not count in comparisons: whoever could make '
  'up members of a group at will would work out the one that is not made up.';
revoke execute on function auxeira.is_proven(uuid) from public;

create function auxeira.score_band(raw double precision) returns integer language sql immutable parallel safe
  return least(floor(raw / 10), 9)::integer;
comment on function auxeira.score_band(double precision) is 'Which ten points, 0 to 9, a raw score lies in.';

create function auxeira.cohort_percentile(raw double precision, size integer, below integer, near integer)
  returns numeric language sql immutable parallel safe
begin atomic
  select round((edge.lower + (edge.upper - edge.lower) * least(raw / 10 - auxeira.score_band(raw), 1))::numeric, 1)
  from (select auxeira.sse_percentile(raw, size, below, 0)::double precision as lower,
               auxeira.sse_percentile(raw, size, below + near, 0)::double precision as upper) edge;
end;
comment on function auxeira.cohort_percentile(double precision, integer, integer, integer) is
  'The percentile of a score in a cohort of which it is known how many are in lower score bands and in its own, spread '
  'evenly over the band. Anybody may score made-up answers as often as they like: exact counts would show, step by '
  'step, the score of each member.';

create function auxeira.sse_cohort(startup_id uuid, raw double precision, synthetic boolean)
  returns table (basis text, size integer, below integer, near integer, median jsonb)
  language sql stable rows 1
begin atomic
  with subject as (
    select o.stage, o.industry from auxeira.organizations o where o.org_id = startup_id
  ), peers as (
    select o.stage = subject.stage as same_stage,
           o.stage = subject.stage and o.industry = subject.industry as same_both,
           latest.raw_score, latest.component_scores
    from auxeira.organizations o
      cross join subject
      cross join lateral (
        select s.raw_score, s.component_scores
        from auxeira.sse_scores s
        where s.org_id = o.org_id and s.status = 'scored' and s.is_synthetic = synthetic
        order by s.version desc limit 1) latest
    where o.org_id <> startup_id and o.org_type = 'startup' and o.is_active
      and (synthetic or not o.is_synthetic and auxeira.is_proven(o.org_id))
  ), cohorts as (
    select 1 as choice, 'stage_and_industry' as basis, raw_score, component_scores from peers where same_both
    union all select 2, 'stage', raw_score, component_scores from peers where same_stage
    union all select 3, 'all', raw_score, component_scores from peers
  ), chosen as (
    select choice from cohorts group by choice having count(*) >= auxeira.smallest_cohort()
    order by choice limit 1
  ), members as (
    select c.* from cohorts c join chosen using (choice)
  )
  select coalesce(max(m.basis), 'reference'), count(*)::integer,
         (count(*) filter (where auxeira.score_band(m.raw_score) < auxeira.score_band(raw)))::integer,
         (count(*) filter (where auxeira.score_band(m.raw_score) = auxeira.score_band(raw)))::integer,
         (select jsonb_object_agg(component, middle)
          from (select c.key as component,
                       round(percentile_cont(0.5) within group (order by c.value::double precision)) as middle
                from members, jsonb_each_text(members.component_scores) c
                group by c.key having count(*) >= auxeira.smallest_cohort()) medians)
  from members m;
end;
revoke execute on function auxeira.sse_cohort(uuid, double precision, boolean) from public;
comment on function auxeira.sse_cohort(uuid, double precision, boolean) is
  'The startups a score is compared with (latest score of each, itself left out; a real score with real ones of real '
  'startups, a synthetic one with synthetic ones): the '
  'narrowest of stage and industry, stage, all that has enough members, else the reference distribution. below and '
  'near: how many are in a lower score band and in the same. median: of each component, in whole points.';

create function auxeira.sse_explanation(result auxeira.sse_result, median jsonb) returns jsonb
  language sql stable parallel safe
  return jsonb_build_object(
    'contributions', result.breakdown,
    'cohortMedian', median,
    'versusCohort', (
      select jsonb_object_agg(b.key, round((b.value::numeric - (median ->> b.key)::numeric), 1))
      from jsonb_each_text(result.breakdown) b where median ? b.key),
    'headroom', result.headroom,
    'nextSteps', result.next_steps);
comment on function auxeira.sse_explanation(auxeira.sse_result, jsonb) is
  'Where the points come from, how the cohort does, and what would add most.';

create function auxeira.sse_values(score auxeira.sse_scores) returns jsonb language sql immutable parallel safe
  return case when score.version is not null then jsonb_build_object(
    'version', score.version, 'total', score.total_score, 'breakdown', score.component_scores,
    'confidence', score.confidence_level) end;
comment on function auxeira.sse_values(auxeira.sse_scores) is 'What the history keeps of a score; NULL for none.';

-- Definer, because nobody may write scores in any other way; it writes for organizations of the session only.
create function auxeira.record_sse_score(
  startup_id uuid, responses jsonb, scale text default 'unit', missing_policy text default null,
  is_synthetic boolean default false, change_reason text default null)
  returns auxeira.sse_scores
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  policy constant text := coalesce(missing_policy, current_setting('auxeira.sse_missing_policy'));
  result constant auxeira.sse_result := auxeira.sse_score(responses, scale, policy);
  cohort record;
  previous auxeira.sse_scores;
  recorded auxeira.sse_scores;
begin
  perform auxeira.require_right('sse_scores', 'insert', startup_id, 'startup not found');
  if (select o.org_type <> 'startup' from auxeira.organizations o where o.org_id = startup_id) then
    raise exception using errcode = '22023', message = 'invalid request: startupId: this organization is not a startup',
      detail = 'startupId: this organization is not a startup';
  end if;
  -- So that no two scores have one version.
  perform auxeira.take_turn(startup_id);
  select * into previous from auxeira.sse_scores s
  where s.org_id = startup_id and s.is_synthetic = record_sse_score.is_synthetic order by s.version desc limit 1;
  select * into cohort from auxeira.sse_cohort(startup_id, result.raw, is_synthetic);
  insert into auxeira.sse_scores (org_id, version, total_score, raw_score, status, component_scores,
    percentile, success_probability, explanation, cohort, coverage, band, is_synthetic, scale, missing_policy,
    formula_version, input_hash, data_quality_score, confidence_level, created_by)
  values (startup_id, 1 + coalesce(previous.version, 0), result.total, result.raw, result.status, result.breakdown,
    auxeira.cohort_percentile(result.raw, cohort.size, cohort.below, cohort.near), result.success_probability,
    auxeira.sse_explanation(result, cohort.median),
    jsonb_build_object('basis', cohort.basis, 'size', cohort.size), result.coverage, result.band,
    record_sse_score.is_synthetic, result.scale, policy, result.formula_version,
    sha256(convert_to(jsonb_build_array(responses, scale, policy)::text, 'UTF8')), result.data_quality,
    result.confidence, auxeira.user_id())
  returning * into recorded;
  insert into auxeira.sse_answers (org_id, score_id, responses, is_synthetic)
  values (startup_id, recorded.score_id, record_sse_score.responses, recorded.is_synthetic);
  insert into auxeira.sse_score_history (org_id, score_id, change_type, old_values, new_values, change_delta,
    change_reason, impact_score, changed_by, is_synthetic)
  values (startup_id, recorded.score_id, case when previous.version is null then 'created' else 'recalculated' end,
    auxeira.sse_values(previous), auxeira.sse_values(recorded),
    auxeira.sse_change(coalesce(previous.component_scores, '{}'), recorded.component_scores),
    record_sse_score.change_reason, recorded.total_score - coalesce(previous.total_score, 0), auxeira.user_id(),
    recorded.is_synthetic);
  return recorded;
end
$$;

comment on function auxeira.record_sse_score(uuid, jsonb, text, text, boolean, text) is
  'Scores a startup of the session and appends the next version, of the real scores or of the synthetic ones, with its '
  'history row. Errors: P0002 no such '
  'startup, 42501 a viewer, 22023 or ZA400 the answers (every fault is named).';

create function auxeira.sse_score_json(score auxeira.sse_scores) returns json language sql stable parallel safe
  return json_build_object(
    'version', score.version, 'status', score.status, 'percentile', score.percentile,
    'successProbability', score.success_probability::double precision, 'confidence', score.confidence_level,
    'band', score.band, 'coverage', score.coverage::double precision, 'dataQuality', score.data_quality_score,
    'cohort', score.cohort, 'explanation', score.explanation, 'scale', score.scale,
    'missingPolicy', score.missing_policy, 'formulaVersion', score.formula_version);
comment on function auxeira.sse_score_json(auxeira.sse_scores) is 'What calculating and reading a score both tell.';
create function auxeira_api.calculate_sse(request jsonb) returns json language plpgsql volatile as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["startupId", "responses"],
    "properties": {
      "startupId": {"type": "string", "format": "uuid"},
      "responses": {"type": "object", "maxProperties": 100},
      "isSynthetic": {"type": "boolean", "default": false},
      "scale": {"type": "string", "enum": ["unit", "likert5", "likert1_5", "percent", "auto"], "default": "unit"},
      "missingPolicy": {"type": "string", "enum": ["reweight", "zero"]},
      "percentileBasis": {"type": "string", "enum": ["cohort", "formula_v1"], "default": "cohort"},
      "probabilityBasis": {"type": "string", "enum": ["prior", "formula_v1"], "default": "prior"},
      "reason": {"type": "string", "maxLength": 500}}}');
  score constant auxeira.sse_scores := auxeira.record_sse_score(
    (r ->> 'startupId')::uuid, r -> 'responses', r ->> 'scale', r ->> 'missingPolicy',
    (r ->> 'isSynthetic')::boolean, r ->> 'reason');
  first_version constant auxeira.sse_result := auxeira.sse_score(
    r -> 'responses', score.scale, score.missing_policy);
  original constant boolean := r ->> 'percentileBasis' = 'formula_v1';
  original_odds constant boolean := r ->> 'probabilityBasis' = 'formula_v1';
begin
  return auxeira.success((
    jsonb_build_object('scoreId', score.score_id, 'totalScore', score.total_score,
                       'breakdown', score.component_scores, 'timestamp', score.created_at)
    || auxeira.sse_score_json(score)::jsonb
    || jsonb_build_object('percentileBasis', r ->> 'percentileBasis', 'probabilityBasis', r ->> 'probabilityBasis')
    || case when original then jsonb_build_object('percentile', first_version.percentile_v1) else '{}' end
    || case when original_odds
         then jsonb_build_object('successProbability', first_version.success_probability_v1) else '{}' end)::json);
end
$$;
comment on function auxeira_api.calculate_sse(jsonb) is
  'POST /api/sse/calculate: scores a startup and stores the next version. startupId, responses{component: '
  '{question: number}}; optional: isSynthetic, scale, missingPolicy, percentileBasis, probabilityBasis, reason. '
  'Errors: ZA400, 22023 with every fault of the answers, P0002 not a startup of the user, 42501 a viewer.';

create function auxeira_api.get_sse_score(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["startupId"], "properties": {"startupId": {"type": "string", "format": "uuid"}}}', true);
  startup constant uuid := r ->> 'startupId';
  score auxeira.sse_scores;
begin
  -- Real ones before synthetic ones.
  select * into score from auxeira.sse_scores s where s.org_id = startup
  order by s.is_synthetic, s.version desc limit 1;
  if not found then
    raise exception using errcode = 'P0002', message = 'SSE score not found';
  end if;
  return auxeira.success((
    jsonb_build_object('scoreId', score.score_id, 'currentScore', score.total_score,
                       'breakdown', score.component_scores, 'createdAt', score.created_at,
                       'isSynthetic', score.is_synthetic)
    || auxeira.sse_score_json(score)::jsonb)::json);
end
$$;
comment on function auxeira_api.get_sse_score(jsonb) is
  'GET /api/sse/score/:startupId: the latest score of a startup. Error P0002: none, or not readable.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('calculate_sse', 'user', 201, false, 'scores'),
  ('get_sse_score', 'user', 200, true, 'scores');

reset role;
