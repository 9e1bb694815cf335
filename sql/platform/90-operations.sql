-- Health, statistics, clean-up.
set local role auxeira_owner;

-- Definer, because it is asked before login; it tells states only, no figures.
create function auxeira_api.health(request jsonb) returns json
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  installed constant text := (select version from auxeira.schema_version order by installed_at desc limit 1);
  healthy constant boolean := installed = auxeira.version();
begin
  if not healthy then
    perform set_config('auxeira.response_status', '503', true);
  end if;
  return json_build_object(
    'status', case when healthy then 'healthy' else 'unhealthy' end,
    'timestamp', clock_timestamp(), 'database', 'connected', 'version', auxeira.version(),
    'checks', json_build_object(
      'database', case when healthy then 'ok'
        else format('the schema is %s, the library %s', installed, auxeira.version()) end,
      'data_volume', case when exists (select from auxeira.dashboard_metrics) then 'ok' else 'empty' end,
      'recent_activity', case when exists (
        select from auxeira.user_sessions where created_at > now() - interval '24 hours')
        then 'ok' else 'none in 24 hours' end,
      'synthetic_data', case when exists (select from auxeira.synthetic_data_sessions)
        then 'ok' else 'never generated' end,
      'jobs', auxeira.jobs_health(),
      'ledger', auxeira.ledger_health()));
end
$$;
comment on function auxeira_api.health(jsonb) is
  'GET /api/health: whether library and schema fit, and what has been going on. Status 503 when unhealthy.';

create function auxeira_api.admin_stats(request jsonb) returns json language sql stable
begin atomic
  with held as (
    select 'organizations' as what, org_id, is_synthetic, null::timestamptz as at from auxeira.organizations
    union all select 'sse_scores', org_id, is_synthetic, null from auxeira.sse_scores
    union all select 'dashboard_metrics', org_id, is_synthetic, null from auxeira.dashboard_metrics
    union all select 'actions', org_id, is_synthetic, completed_at from auxeira.actions
    union all select 'gamification_profiles', org_id, is_synthetic, null from auxeira.gamification_profiles
    union all select 'integrations', org_id, is_synthetic, null from auxeira.integrations
    union all select 'investments', org_id, is_synthetic, null from auxeira.investments
    union all select 'partnerships', org_id, is_synthetic, null from auxeira.partnerships
  ), counted as (
    select h.what, count(*) as total, count(*) filter (where h.is_synthetic or o.is_synthetic) as synthetic,
           count(*) filter (where not (h.is_synthetic or o.is_synthetic) and h.at > now() - interval '24 hours') as recent
    from held h join auxeira.organizations o using (org_id)
    group by h.what
  ), figures as (
    select what, coalesce(c.total, 0) as total, coalesce(c.synthetic, 0) as synthetic, coalesce(c.recent, 0) as recent
    from unnest(array['organizations', 'sse_scores', 'dashboard_metrics', 'actions', 'gamification_profiles',
                      'integrations', 'investments', 'partnerships']) what
      left join counted c using (what)
  )
  select auxeira.success((
    jsonb_object_agg(f.what || '_count', f.total - f.synthetic)
    || jsonb_build_object(
      'users_count', (select count(*) from auxeira.users),
      'recent_actions_24h', sum(f.recent) filter (where f.what = 'actions'),
      'synthetic', jsonb_object_agg(f.what || '_count', f.synthetic),
      'synthetic_sessions_count', (select count(*) from auxeira.synthetic_data_sessions),
      'synthetic_data_percentage', coalesce(
        max(round(100.0 * f.synthetic / nullif(f.total, 0), 2)) filter (where f.what = 'dashboard_metrics'), 0),
      'timestamp', now()))::json)
  from figures f;
end;
comment on function auxeira_api.admin_stats(jsonb) is
  'GET /api/admin/stats: what the database holds, all tenants. Synthetic rows, and the rows of synthetic organizations, are '
  'counted apart, in synthetic; synthetic_data_percentage is their part of all dashboard metrics.';

-- Definer, because no API role may delete: DELETE would also let a login lock the tables for all tenants.
create function auxeira_api.admin_cleanup(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "properties": {"days": {"type": "integer", "minimum": 1, "maximum": 36500, "default": 90}}}', true);
  days constant integer := r ->> 'days';
  before constant timestamptz := now() - make_interval(days => days);
  metrics bigint;
  removed jsonb;
begin
  -- An ecosystem goes as a whole: its figures would no longer add up.
  delete from auxeira.dashboard_metrics d
  where d.is_synthetic and d.metric_timestamp < before and not exists (
    select from auxeira.synthetic_members m where m.org_id = d.org_id and m.session_id = d.session_id);
  get diagnostics metrics = row_count;
  perform auxeira.tidy_events();
  removed := auxeira.summed(array[jsonb_build_object('dashboard_metrics', metrics),
                                  auxeira.remove_synthetic(older_than => make_interval(days => days))]);
  return auxeira.success(json_build_object(
    'deletedRecords', (select sum(value::bigint) from jsonb_each_text(removed)), 'retentionDays', days,
    'tables', removed || (select to_jsonb(f) from auxeira.forget_expired_accounts(before) f)));
end
$$;
comment on function auxeira_api.admin_cleanup(jsonb) is
  'POST /api/admin/cleanup?days=90: removes synthetic metrics of points in time before that, all that was generated before '
  'that, and sessions, tokens, invitations, API keys and mails that were over before. Real data, scores and the record of '
  'access are never removed.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('health', 'anonymous', 200, true, 'operations'),
  ('admin_stats', 'admin', 200, true, 'operations'),
  ('admin_cleanup', 'admin', 200, false, 'operations');

reset role;
