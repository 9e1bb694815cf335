-- The quality of generated data: the dashboards of investors, partners and governments beside the rows of their children
-- (R22). Every figure of every point is made again of the rows as they are now, and what is missing or too much is found.
set local role auxeira_owner;

create function auxeira.report_dashboards(session uuid)
  returns table (org_id uuid, user_type text, kind auxeira.organization_type, is_made boolean, at timestamptz, state_at timestamptz,
                 figures jsonb)
  language sql stable rows 1000
begin atomic
  select o.org_id, m.dashboard_type::text, o.kind, o.is_made, m.metric_timestamp, case m.aggregation_period when 'month'
      then m.metric_timestamp
      else (date_trunc('month', m.metric_timestamp at time zone 'UTC') - interval '1 second') at time zone 'UTC' end, m.metric_value
  from auxeira.session_organizations(session) o join auxeira.dashboard_metrics m on m.org_id = o.org_id
  where o.kind <> 'startup' and m.session_id = session;
end;
comment on function auxeira.report_dashboards(uuid) is
  'The points of the dashboards that a session generated together with what they are of.';

create function auxeira.report_figures(session uuid)
  returns table (org_id uuid, at timestamptz, is_whole boolean, figures jsonb) language sql stable
begin atomic
  with points as (
    select array_agg(row(d.org_id, d.kind, d.at, (d.at at time zone 'UTC')::date, d.state_at,
      auxeira.number_of(d.figures, 'irr'))::auxeira.dashboard_point) as points
    from auxeira.report_dashboards(session) d
  ), companies as (
    select coalesce(array_agg(o.org_id) filter (where m.org_id is not null), '{}') as told
    from auxeira.session_organizations(session) o
      left join lateral (
        select m.org_id from auxeira.dashboard_metrics m
        where m.org_id = o.org_id and m.session_id = session and m.dashboard_type = 'startup_founder' limit 1) m on true
    where o.kind = 'startup'
  ), wards as (
    select coalesce(array_agg(r.org_id), '{}') as governments, coalesce(array_agg(r.startup_id), '{}') as followed
    from auxeira.session_organizations(session) o
      join auxeira.relationships r on r.org_id = o.org_id and r.kind = 'grantor' and r.session_id = session
    where o.kind = 'government'
  )
  select f.org_id, f.at, f.startups <@ companies.told and not exists (
      select from unnest(wards.governments, wards.followed) w (org_id, startup_id)
      where w.org_id = f.org_id and w.startup_id <> all (companies.told)), f.figures
  from points
    cross join companies
    cross join wards
    cross join lateral auxeira.figures_of(session, points.points, companies.told, wards.governments, wards.followed) f;
end;
comment on function auxeira.report_figures(uuid) is
  'What the figures of the points of a session are by the rows that the caller may read. is_whole: all companies that they are '
  'made of may be read.';

-- Figures made of what companies tell need all of them; the other ones are of the own rows of whose dashboard it is. What part
-- of the emissions is financed is known to who may read what the companies raised.
create function auxeira.report_is_of_companies(figure text) returns boolean language sql immutable parallel safe
  return figure in ('avg_sse_score', 'high_performers', 'at_risk_companies', 'follow_on_opportunities', 'carbon_reduction',
    'impact_measurement', 'financed_emissions', 'esg_score_avg', 'environmental_score', 'social_impact_score', 'governance_score',
    'certification_rate', 'sustainability_trend', 'social_roi', 'lives_impacted', 'sdg_alignment', 'beneficiaries',
    'impact_score', 'community_development', 'social_progress', 'outcome_achievement', 'startups_monitored', 'jobs_created',
    'economic_impact', 'compliance_rate', 'innovation_index', 'regional_growth', 'startup_survival_rate',
    'policy_effectiveness', 'jobs_supported', 'net_jobs_created', 'jobs_growth_1y', 'cost_per_job', 'jobs_per_million');
comment on function auxeira.report_is_of_companies(text) is 'Whether a figure of a dashboard is made of those of companies.';

-- Who follows a real company is told by its consent alone.
create function auxeira.report_hides_wards(session uuid) returns boolean language sql stable
  return exists (select from auxeira.session_organizations(session) real where real.kind = 'startup' and not real.is_made);
comment on function auxeira.report_hides_wards(uuid) is 'Whether a real government may follow companies that nothing tells of.';

create function auxeira.report_totals(session uuid)
  returns table (org_id uuid, user_type text, figure text, stated jsonb, made jsonb) language sql stable
begin atomic
  with made as materialized (
    select * from auxeira.report_figures(session)
  ), dashboards as (
    select d.*, d.kind = 'government' and not d.is_made and h.hides as is_hidden
    from auxeira.report_dashboards(session) d cross join auxeira.report_hides_wards(session) h (hides)
  )
  select d.org_id, d.user_type, k.figure, d.figures -> k.figure, f.figures -> k.figure
  from dashboards d
    left join made f on f.org_id = d.org_id and f.at = d.at
    cross join lateral (
      select jsonb_object_keys(d.figures) as figure
      union select jsonb_object_keys(f.figures)) k
  where (f.org_id is not null or d.kind <> 'government')
    and (not auxeira.report_is_of_companies(k.figure) or coalesce(f.is_whole, true) and not d.is_hidden)
    and (k.figure <> 'financed_emissions' or not row_security_active('auxeira.cash_positions'));
end;
comment on function auxeira.report_totals(uuid) is
  'Each figure of each point, as the dashboard states it and as its children make it: NULL where it is not there.';

create function auxeira.report_of_children(session uuid) returns setof auxeira.synthetic_finding language sql stable
  set enable_nestloop = off
begin atomic
  select (auxeira.finding('R22 children', t.user_type || ': ' || t.figure,
            count(*) filter (where t.stated is distinct from t.made), 0, 0,
            format('points, %s of %s dashboards, that state another figure than their children make', count(*),
              count(distinct t.org_id)))).*
  from auxeira.report_totals(session) t
  group by t.user_type, t.figure;
end;
comment on function auxeira.report_of_children(uuid) is
  'That what dashboards state of others is what these make it, at every point, as far as the caller may read them.';

reset role;
