-- The quality of generated data: the dashboards of investors, partners and governments beside the rows of their children
-- (R22). Each total is added up here once more, from the rows alone.
set local role auxeira_owner;

create type auxeira.dashboard_total as (org_id uuid, user_type text, figure text, stated numeric, summed numeric);
comment on type auxeira.dashboard_total is 'A figure of a dashboard, as it states it and as its children add up to.';

-- Months, because days lie between them. Of many some four hundred, evenly drawn, and always the latest.
create function auxeira.report_dashboards(session uuid)
  returns table (org_id uuid, user_type text, is_made boolean, at timestamptz, day date, is_latest boolean, figures jsonb)
  language sql stable rows 1000
begin atomic
  with points as (
    select o.org_id, m.dashboard_type::text as user_type, o.is_made, m.metric_timestamp as at, m.metric_value as figures,
      m.aggregation_period = 'month' as is_month, count(*) over () as points,
      m.metric_timestamp = max(m.metric_timestamp) over (partition by o.org_id) as is_latest,
      row_number() over (order by o.org_id, m.metric_timestamp) as number
    from auxeira.session_organizations(session) o join auxeira.dashboard_metrics m on m.org_id = o.org_id
    where o.kind <> 'startup' and m.session_id = session
  )
  select p.org_id, p.user_type, p.is_made, p.at, (p.at at time zone 'UTC')::date, p.is_latest, p.figures
  from points p
  where p.is_latest or p.is_month and p.number % (1 + p.points / 400) = 0;
end;
comment on function auxeira.report_dashboards(uuid) is
  'The points of the dashboards that a session generated together with what they are of.';

create function auxeira.company_as_of(session uuid, company uuid, point timestamptz) returns jsonb language sql stable
begin atomic
  select m.metric_value from auxeira.dashboard_metrics m
  where m.org_id = company and m.dashboard_type = 'startup_founder' and m.metric_timestamp <= point
    and m.session_id = session and m.aggregation_period = 'month'
  order by m.metric_timestamp desc limit 1;
end;
comment on function auxeira.company_as_of(uuid, uuid, timestamptz) is
  'The latest month of a company up to a point; NULL where the caller may not read it.';

-- --- Investors ------------------------------------------------------------------------------------------------------

create function auxeira.deals_as_of(session uuid)
  returns table (org_id uuid, user_type text, at timestamptz, startup_id uuid, paid numeric, received numeric, worth numeric,
                 is_held boolean)
  language sql stable
begin atomic
  select d.org_id, d.user_type, d.at, i.startup_id, coalesce(f.paid, 0), coalesce(f.received, 0), coalesce(k.fair_value, 0),
    coalesce(k.method <> 'exit', true)
  from auxeira.report_dashboards(session) d
    join auxeira.investments i on i.org_id = d.org_id and i.session_id = session and i.status <> 'pipeline'
      and i.investment_date <= d.day
    left join lateral (
      select sum(f.amount) filter (where f.flow_type = 'contribution') as paid,
        sum(f.amount) filter (where f.flow_type = 'distribution') as received
      from auxeira.investment_cash_flows f
      where f.org_id = i.org_id and f.investment_id = i.investment_id and f.session_id = session and f.flow_date <= d.day) f
      on true
    left join lateral (
      select k.fair_value, k.method from auxeira.investment_marks k
      where k.org_id = i.org_id and k.investment_id = i.investment_id and k.session_id = session and k.as_of <= d.day
      order by k.as_of desc limit 1) k on true;
end;
comment on function auxeira.deals_as_of(uuid) is
  'The investments behind the points of dashboards: what was paid in and out by then, the latest mark, and whether they are held.';

create function auxeira.totals_of_deals(session uuid) returns setof auxeira.dashboard_total language sql stable
begin atomic
  with sums as (
    select d.org_id, d.at, sum(d.paid) as paid, sum(d.received) as received, sum(d.worth) as worth, count(*) as deals,
      count(*) filter (where d.is_held) as held, count(*) filter (where not d.is_held and d.received > 0) as exits,
      count(distinct d.startup_id) filter (where d.is_held) as companies
    from auxeira.deals_as_of(session) d group by d.org_id, d.at
  )
  select d.org_id, d.user_type, t.figure, auxeira.number_of(d.figures, t.figure)::numeric, t.summed
  from auxeira.report_dashboards(session) d
    left join sums s on s.org_id = d.org_id and s.at = d.at
    cross join lateral (values
      ('{venture_capital, angel_investor, esg_funder, impact_investor}'::text[], 'paid_in', s.paid),
      ('{venture_capital, angel_investor, esg_funder, impact_investor}', 'distributed', s.received),
      ('{venture_capital, angel_investor, esg_funder, impact_investor}', 'nav', s.worth),
      ('{venture_capital, angel_investor, esg_funder, impact_investor}', 'dpi', round(s.received / nullif(s.paid, 0), 4)),
      ('{venture_capital, angel_investor, esg_funder, impact_investor}', 'rvpi', round(s.worth / nullif(s.paid, 0), 4)),
      ('{venture_capital, angel_investor, esg_funder, impact_investor}', 'tvpi',
       round(s.received / nullif(s.paid, 0), 4) + round(s.worth / nullif(s.paid, 0), 4)),
      ('{venture_capital}', 'portfolio_size', s.companies), ('{venture_capital}', 'total_aum', round(s.paid)),
      ('{venture_capital}', 'portfolio_valuation', round(s.worth)), ('{angel_investor}', 'total_invested', round(s.paid)),
      ('{angel_investor}', 'investments_count', s.deals), ('{angel_investor}', 'active_investments', s.held),
      ('{angel_investor}', 'exits', s.exits), ('{esg_funder}', 'sustainable_investments', s.held),
      ('{impact_investor}', 'impact_investments', s.held)) t (user_types, figure, summed)
  where d.user_type = any (t.user_types);
end;
comment on function auxeira.totals_of_deals(uuid) is 'What investors state of their money and deals, and what these add up to.';

create function auxeira.totals_of_returns(session uuid) returns setof auxeira.dashboard_total language sql stable
begin atomic
  with worths as (
    select w.org_id, w.at, sum(w.worth) as worth from auxeira.deals_as_of(session) w group by w.org_id, w.at
  )
  select d.org_id, d.user_type, 'irr', auxeira.number_of(d.figures, 'irr')::numeric,
    auxeira.irr_of(session, d.org_id, d.day, w.worth)
  from auxeira.report_dashboards(session) d join worths w on w.org_id = d.org_id and w.at = d.at
  where d.is_latest and d.user_type in ('venture_capital', 'angel_investor', 'esg_funder', 'impact_investor');
end;
comment on function auxeira.totals_of_returns(uuid) is
  'The rates of return that the latest dashboards of investors state, and those that their cash flows give.';

create function auxeira.totals_of_portfolios(session uuid) returns setof auxeira.dashboard_total language sql stable
begin atomic
  with holdings as (
    select d.org_id, d.at, d.startup_id, bool_or(d.is_held) as is_held
    from auxeira.deals_as_of(session) d group by d.org_id, d.at, d.startup_id
  ), children as (
    select h.org_id, h.at, h.is_held, f.figures is not null as is_told, v.*
    from holdings h
      cross join lateral auxeira.company_as_of(session, h.startup_id, h.at) f (figures)
      left join lateral jsonb_to_record(f.figures) v (sse_score numeric, environmental_score numeric, social_score numeric,
        governance_score numeric, lives_reached numeric, beneficiaries numeric) on true
  ), sums as (
    select c.org_id, c.at, round(avg(c.sse_score) filter (where c.is_held), 2) as sse,
      round(avg(c.environmental_score) filter (where c.is_held), 2) as environmental,
      round(avg(c.social_score) filter (where c.is_held), 2) as social,
      round(avg(c.governance_score) filter (where c.is_held), 2) as governance,
      sum(c.lives_reached) as lives, coalesce(sum(c.beneficiaries) filter (where c.is_held), 0) as beneficiaries
    from children c group by c.org_id, c.at having bool_and(c.is_told)
  )
  select d.org_id, d.user_type, t.figure, auxeira.number_of(d.figures, t.figure)::numeric, t.summed
  from auxeira.report_dashboards(session) d
    join sums s on s.org_id = d.org_id and s.at = d.at
    cross join lateral (values
      ('venture_capital', 'avg_sse_score', s.sse), ('esg_funder', 'environmental_score', s.environmental),
      ('esg_funder', 'social_impact_score', s.social), ('esg_funder', 'governance_score', s.governance),
      ('impact_investor', 'impact_score', s.social), ('impact_investor', 'lives_impacted', s.lives),
      ('impact_investor', 'beneficiaries', s.beneficiaries)) t (user_type, figure, summed)
  where d.user_type = t.user_type;
end;
comment on function auxeira.totals_of_portfolios(uuid) is
  'What investors state of their companies, and what these state themselves; where the caller may read all of them.';

-- --- Partners and governments -----------------------------------------------------------------------------------------

create function auxeira.totals_of_benefits(session uuid) returns setof auxeira.dashboard_total language sql stable
begin atomic
  select d.org_id, d.user_type, t.figure, auxeira.number_of(d.figures, t.figure)::numeric, t.summed
  from auxeira.report_dashboards(session) d
    cross join lateral (
      select count(*) as benefits, coalesce(sum(r.list_value), 0) as list_value, coalesce(sum(r.partner_cost), 0) as cost,
        coalesce(sum(r.startup_saving) filter (where r.redeemed_at > d.at - interval '1 year'), 0) as saving
      from auxeira.benefit_redemptions r
      where r.org_id = d.org_id and r.session_id = session and r.redeemed_at <= d.at) r
    cross join lateral (
      select count(*) as partnerships from auxeira.partnerships p
      where p.org_id = d.org_id and p.session_id = session and p.start_date <= d.day and p.end_date > d.day) p
    cross join lateral (values
      ('active_partnerships', p.partnerships), ('benefits_redeemed', r.benefits), ('partnership_value', r.list_value),
      ('partner_cost', r.cost), ('cost_savings', r.saving)) t (figure, summed)
  where d.user_type = 'corporate_partner';
end;
comment on function auxeira.totals_of_benefits(uuid) is 'What partners state of what they gave, and what that adds up to.';

create function auxeira.totals_of_grants(session uuid) returns setof auxeira.dashboard_total language sql stable
begin atomic
  select d.org_id, d.user_type, t.figure, auxeira.number_of(d.figures, t.figure)::numeric, t.summed
  from auxeira.report_dashboards(session) d
    cross join lateral (
      select count(*) as grants, coalesce(sum(g.amount), 0) as awarded, coalesce(sum(
          auxeira.disbursed_by(g.amount, g.awarded_on, least(o.closed_on, d.day))), 0) as disbursed
      from auxeira.grants g left join auxeira.organizations o on o.org_id = g.startup_id
      where g.org_id = d.org_id and g.session_id = session and g.awarded_on <= d.day) g
    cross join lateral (values ('grants_distributed', g.grants), ('grants_awarded', g.awarded),
      ('grants_disbursed', g.disbursed)) t (figure, summed)
  where d.user_type = 'government';
end;
comment on function auxeira.totals_of_grants(uuid) is 'What governments state of their grants, and what these add up to.';

create function auxeira.wards_as_of(session uuid)
  returns table (org_id uuid, at timestamptz, is_alive boolean, figures jsonb, jobs_baseline integer, hires bigint)
  language sql stable
begin atomic
  select d.org_id, d.at, coalesce(o.closed_on > d.day, true), auxeira.company_as_of(session, r.startup_id, d.at), g.jobs_baseline,
    h.hires
  from auxeira.report_dashboards(session) d
    join auxeira.relationships r on r.org_id = d.org_id and r.kind = 'grantor' and r.session_id = session
    left join auxeira.organizations o on o.org_id = r.startup_id
    left join lateral (
      select g.awarded_on, g.jobs_baseline from auxeira.grants g
      where g.org_id = d.org_id and g.startup_id = r.startup_id and g.session_id = session and g.awarded_on <= d.day
      order by g.awarded_on, g.grant_id limit 1) g on true
    left join lateral (
      select sum(h.hires) as hires from auxeira.headcounts h
      where h.org_id = r.startup_id and h.session_id = session and h.month > g.awarded_on and h.month <= d.day) h on true
  where d.user_type = 'government'
    -- A company counts from its first month on; of one that may not be read none is to be seen.
    and not coalesce((
      select min(m.metric_timestamp) > d.at from auxeira.dashboard_metrics m
      where m.org_id = r.startup_id and m.dashboard_type = 'startup_founder' and m.session_id = session), false)
    -- Who follows a real company is told by its consent alone.
    and (d.is_made or not exists (
      select from auxeira.session_organizations(session) real where real.kind = 'startup' and not real.is_made));
end;
comment on function auxeira.wards_as_of(uuid) is
  'The companies that governments follow, at the points of these, with their people at the first grant and the hires since.';

create function auxeira.totals_of_wards(session uuid) returns setof auxeira.dashboard_total language sql stable
begin atomic
  with wards as (
    select w.*, v.* from auxeira.wards_as_of(session) w
      left join lateral jsonb_to_record(w.figures) v (sse_score numeric, team_size integer) on true
  ), sums as (
    select w.org_id, w.at, count(*) filter (where w.is_alive) as alive, round(avg(w.sse_score) filter (where w.is_alive), 2) as sse,
      coalesce(sum(w.team_size) filter (where w.is_alive), 0) as jobs, coalesce(sum(w.hires), 0) as hires,
      coalesce(sum(greatest(w.team_size - w.jobs_baseline, 0)) filter (where w.is_alive), 0) as net_jobs
    from wards w group by w.org_id, w.at having bool_and(w.figures is not null)
  )
  select d.org_id, d.user_type, t.figure, auxeira.number_of(d.figures, t.figure)::numeric, t.summed
  from auxeira.report_dashboards(session) d
    join sums s on s.org_id = d.org_id and s.at = d.at
    cross join lateral (values
      ('startups_monitored', s.alive), ('innovation_index', s.sse), ('jobs_supported', s.jobs), ('jobs_created', s.hires),
      ('net_jobs_created', s.net_jobs)) t (figure, summed);
end;
comment on function auxeira.totals_of_wards(uuid) is
  'What governments state of companies and jobs, and what the companies state themselves; where the caller may read all of them.';

-- --- Verdict --------------------------------------------------------------------------------------------------------

create function auxeira.report_of_children(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with totals as (
    select * from auxeira.totals_of_deals(session)
    union all select * from auxeira.totals_of_returns(session)
    union all select * from auxeira.totals_of_portfolios(session)
    union all select * from auxeira.totals_of_benefits(session)
    union all select * from auxeira.totals_of_grants(session)
    union all select * from auxeira.totals_of_wards(session)
  )
  select (auxeira.finding('R22 children', t.user_type || ': ' || t.figure,
            count(*) filter (where t.stated is distinct from t.summed), 0, 0,
            format('points, %s of %s dashboards, that state another figure than their children add up to', count(*),
              count(distinct t.org_id)))).*
  from totals t
  group by t.user_type, t.figure;
end;
comment on function auxeira.report_of_children(uuid) is
  'That what dashboards state of others is what these add up to, as far as the caller may read them.';

reset role;
