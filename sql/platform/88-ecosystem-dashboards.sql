-- Synthetic ecosystems: the dashboards of investors, partners and governments, read off the rows of their children. No
-- figure here has a source of its own; whoever adds up the children of a point gets the same.
set local role auxeira_owner;

-- --- Internal rate of return -------------------------------------------------------------------------------------

create function auxeira.worth_at(rate double precision, amounts double precision[], years double precision[])
  returns double precision language sql immutable parallel safe
  return (select sum(f.amount * exp(-rate * f.year)) from unnest(amounts, years) f (amount, year));
comment on function auxeira.worth_at(double precision, double precision[], double precision[]) is
  'The present value of flows, at a rate as ln(1 + r).';

create function auxeira.xirr(dates date[], amounts numeric[], guess numeric default null) returns numeric
  language plpgsql immutable parallel safe as $$
declare
  sums constant double precision[] := amounts;
  years constant double precision[] := array(
    select (d - dates[1]) / 365.0 from unnest(dates) with ordinality t (d, n) order by n);
  low double precision := ln(0.0001);
  high double precision := ln(1001);
  middle double precision;
begin
  if (select min(a) >= 0 or max(a) <= 0 from unnest(amounts) a) is not false then
    return null;
  end if;
  if guess > -0.9998 and auxeira.worth_at(ln(1 + guess - 0.00005)::double precision, sums, years) >= 0
    and auxeira.worth_at(ln(1 + guess + 0.00005)::double precision, sums, years) <= 0 then
    return guess;
  end if;
  for step in 1 .. 50 loop
    middle := (low + high) / 2;
    if auxeira.worth_at(middle, sums, years) > 0 then low := middle; else high := middle; end if;
  end loop;
  return round((exp((low + high) / 2) - 1)::numeric, 9);
end
$$;
comment on function auxeira.xirr(date[], numeric[], numeric) is
  'The yearly rate r, -0.9999 to 1000, with sum(amount / (1 + r)^((date - first date) / 365)) = 0: Actual/365, as '
  'spreadsheets have it, for flows that are paid first and received later. By bisection in ln(1 + r), or the guess where it is '
  'right to four decimals. NULL when nothing was paid or nothing received.';

create function auxeira.irr_of(of_session uuid, investor uuid, day date, net_asset_value numeric, guess numeric)
  returns numeric
  language sql stable
  return (
    select case when min(f.flow_date) <= day - 365
             then round(auxeira.xirr(array_agg(f.flow_date order by f.flow_date, f.flow_id) || day,
                                     array_agg(f.amount order by f.flow_date, f.flow_id) || net_asset_value, guess), 4) end
    from (select c.flow_date, c.flow_id, case c.flow_type when 'contribution' then -c.amount else c.amount end as amount
          from auxeira.investment_cash_flows c
          where c.org_id = investor and c.session_id = of_session and c.flow_date <= day) f);
comment on function auxeira.irr_of(uuid, uuid, date, numeric, numeric) is
  'The gross rate of return of an investor up to a day, what is held counted as paid out then. NULL in the first year.';

-- --- Companies at a point ------------------------------------------------------------------------------------------

create function auxeira.part_of(part numeric, whole numeric, digits integer default 4) returns numeric
  language sql immutable parallel safe return round(part / nullif(whole, 0), digits);
comment on function auxeira.part_of(numeric, numeric, integer) is 'A ratio, NULL when there is nothing to divide by.';

create function auxeira.within(ratio numeric, low numeric, high numeric) returns numeric language sql immutable parallel safe
  return case when ratio is not null then least(greatest(ratio, low), high) end;
comment on function auxeira.within(numeric, numeric, numeric) is 'A ratio inside the bounds of the catalogue of metrics.';

create type auxeira.company_state as (
  sse numeric, runway numeric, revenue numeric, environmental numeric, social numeric, governance numeric, emissions numeric,
  lives numeric, beneficiaries numeric, employees integer, hires bigint);
comment on type auxeira.company_state is
  'What dashboards of others read of a company in a month. hires: all so far; emissions: scopes 1 and 2, NULL when not told.';

-- Company by company: while an ecosystem is being made there are no statistics to plan anything else by.
create function auxeira.states_of(session uuid, companies uuid[])
  returns table (org_id uuid, month date, at timestamptz, next_at timestamptz, state auxeira.company_state)
  language sql stable rows 10000
begin atomic
  select c.org_id, date_trunc('month', d.metric_timestamp at time zone 'UTC')::date, d.metric_timestamp,
    lead(d.metric_timestamp) over months,
    row(m.sse_score, m.runway_months, m.revenue, m.environmental_score, m.social_score, m.governance_score,
        m.scope1_tco2e + m.scope2_tco2e, m.lives_reached, m.beneficiaries, m.team_size::integer,
        sum(m.hires::integer) over months)::auxeira.company_state
  from unnest(companies) c (org_id)
    cross join lateral (
      select f.metric_timestamp, f.metric_value from auxeira.dashboard_metrics f
      where f.org_id = c.org_id and f.dashboard_type = 'startup_founder' and f.session_id = session
        and f.aggregation_period = 'month' offset 0) d
    cross join lateral jsonb_to_record(d.metric_value) m (sse_score numeric, runway_months numeric, revenue numeric,
      environmental_score numeric, social_score numeric, governance_score numeric, scope1_tco2e numeric,
      scope2_tco2e numeric, lives_reached numeric, beneficiaries numeric, team_size numeric, hires numeric)
  window months as (partition by c.org_id order by d.metric_timestamp);
end;
comment on function auxeira.states_of(uuid, uuid[]) is
  'The companies by month, from their own rows. next_at: when the next figures come, NULL for the last.';

-- --- Investors ---------------------------------------------------------------------------------------------------------

create function auxeira.shares_of(investment auxeira.investments) returns table (since date, until date, share numeric)
  language sql stable rows 3
begin atomic
  with rounds as (
    select investment.investment_date as day, 0 as sold
    union all
    -- The mark is what the part is worth at the price of that round: what was raised, at this price, is so many times the part.
    select k.as_of, c.financing / nullif(k.fair_value, 0)
    from auxeira.investment_marks k
      join auxeira.cash_positions c on c.org_id = investment.startup_id and c.month = date_trunc('month', k.as_of)::date
        and c.is_synthetic = investment.is_synthetic and c.session_id is not distinct from investment.session_id
    where k.org_id = investment.org_id and k.investment_id = investment.investment_id and k.method = 'round'
      and k.as_of > investment.investment_date
  )
  -- All of the company in parts like this one: as many as there were, and those that were sold since.
  select r.day, lead(r.day) over days, 100 / (100 / nullif(investment.equity_percentage, 0) + coalesce(sum(r.sold) over days, 0))
  from rounds r
  window days as (order by r.day);
end;
comment on function auxeira.shares_of(auxeira.investments) is
  'Which part of the company an investment is, in per cent, from when until when: what was bought, and less of it from each '
  'later round on, which sold new shares to others. until: NULL for what is held last. To who may not read the cash of the '
  'company, and so what it raised, it is the part that was bought throughout.';

create function auxeira.positions_of(session uuid, points auxeira.dashboard_point[])
  returns table (org_id uuid, kind auxeira.organization_type, at timestamptz, day date, investment auxeira.investments,
                 share numeric, invested numeric, distributed numeric, fair_value numeric, ended_on date)
  language sql stable rows 10000
begin atomic
  with asked as materialized (
    select p.* from unnest(points) p
  ), investors as (
    select distinct a.org_id, a.kind from asked a
    where a.kind in ('venture_capital', 'angel_investor', 'esg_fund', 'impact_fund')
  )
  select m.org_id, m.kind, p.at, p.day, i.investment, s.share, f.invested, coalesce(f.distributed, 0), k.fair_value,
    case when k.method = 'exit' then k.as_of end
  from investors m
    cross join lateral (
      select i.investment_id, i as investment from auxeira.investments i
      where i.org_id = m.org_id and i.session_id = session and i.status <> 'pipeline' offset 0) i
    cross join lateral auxeira.shares_of(i.investment) s
    join asked p on p.org_id = m.org_id and p.day >= s.since and (s.until is null or p.day < s.until)
    cross join lateral (
      select k.fair_value, k.method, k.as_of from auxeira.investment_marks k
      where k.org_id = m.org_id and k.investment_id = i.investment_id and k.session_id = session and k.as_of <= p.day
      order by k.as_of desc limit 1) k
    cross join lateral (
      select sum(f.amount) filter (where f.flow_type = 'contribution') as invested,
        sum(f.amount) filter (where f.flow_type = 'distribution') as distributed
      from auxeira.investment_cash_flows f
      where f.org_id = m.org_id and f.investment_id = i.investment_id and f.session_id = session
        and f.flow_date <= p.day) f;
end;
comment on function auxeira.positions_of(uuid, auxeira.dashboard_point[]) is
  'Every investment at every point since it was made: which part of the company it is by then, what was paid in and out, the '
  'latest mark, when it ended.';

create type auxeira.stake as (
  deals bigint, held bigint, exits bigint, exits_this_year bigint, new_deals bigint, syndicates bigint, pro_rata bigint,
  invested numeric, distributed numeric, fair_value numeric, lost numeric, equity numeric);
comment on type auxeira.stake is
  'What an investor has in a company at a point. held: deals that have not ended; new_deals: of the last 30 days; lost: paid '
  'for what is worth less now; equity: which part of the company is held, in per cent, after the rounds since.';

create type auxeira.holding as (
  deals bigint, held bigint, exits bigint, exits_this_year bigint, new_deals bigint, syndicates bigint, pro_rata bigint,
  invested numeric, distributed numeric, fair_value numeric, lost numeric, equity numeric,
  state auxeira.company_state, earlier auxeira.company_state, first auxeira.company_state, has_year boolean);
comment on type auxeira.holding is
  'A stake, and the company now, a year ago (has_year: it was there), and at the first deal.';

create function auxeira.holdings_of(session uuid, points auxeira.dashboard_point[])
  returns table (org_id uuid, kind auxeira.organization_type, at timestamptz, day date, startup_id uuid, since date,
                 stake auxeira.stake)
  language sql stable rows 10000
begin atomic
  select p.org_id, p.kind, p.at, p.day, (p.investment).startup_id, min((p.investment).investment_date),
    row(count(*), count(*) filter (where p.ended_on is null),
      count(*) filter (where p.ended_on is not null and p.distributed > 0),
      count(*) filter (where p.distributed > 0 and p.ended_on >= date_trunc('year', p.day)::date),
      count(*) filter (where (p.investment).investment_date > p.day - 30),
      count(*) filter (where p.ended_on is null and (p.investment).terms @> '{"syndicate": true}'),
      count(*) filter (where p.ended_on is null and (p.investment).terms @> '{"proRata": true}'),
      sum(p.invested), sum(p.distributed), sum(p.fair_value),
      sum(p.invested) filter (where p.distributed + p.fair_value < p.invested),
      sum(p.share) filter (where p.ended_on is null))::auxeira.stake
  from auxeira.positions_of(session, points) p
  group by p.org_id, p.kind, p.at, p.day, (p.investment).startup_id;
end;
comment on function auxeira.holdings_of(uuid, auxeira.dashboard_point[]) is
  'Positions by company. since: the first deal.';

create function auxeira.portfolios_at(session uuid, points auxeira.dashboard_point[], companies uuid[])
  returns table (org_id uuid, kind auxeira.organization_type, at timestamptz, day date, irr numeric, startups uuid[],
                 holdings auxeira.holding[])
  language sql stable rows 1000
begin atomic
  with states as materialized (select * from auxeira.states_of(session, companies)
  ), begun as (select s.org_id, min(s.month) as month from states s group by s.org_id
  )
  select h.org_id, h.kind, h.at, h.day, min(p.irr), array_agg(h.startup_id), array_agg(
    row((h.stake).*, now.state, year_ago.state, first.state, year_ago.org_id is not null)::auxeira.holding)
  from auxeira.holdings_of(session, points) h
    join unnest(points) p on p.org_id = h.org_id and p.at = h.at
    left join states now on now.org_id = h.startup_id and p.state_at >= now.at
      and (now.next_at is null or p.state_at < now.next_at)
    left join states year_ago on year_ago.org_id = h.startup_id and year_ago.month = now.month - interval '1 year'
    left join begun on begun.org_id = h.startup_id
    -- What was known at the deal: its own month was not over yet. Of a month in which the company began there is no other.
    left join states first on first.org_id = h.startup_id
      and first.month = greatest((date_trunc('month', h.since) - interval '1 month')::date, begun.month)
  group by h.org_id, h.kind, h.at, h.day
  having sum((h.stake).held) > 0;
end;
comment on function auxeira.portfolios_at(uuid, auxeira.dashboard_point[], uuid[]) is
  'What every investor has, with the states of the companies, at the points at which it holds one.';

create function auxeira.deal_flow_of(session uuid, points auxeira.dashboard_point[])
  returns table (org_id uuid, at timestamptz, open bigint, begun bigint) language sql stable rows 1000
begin atomic
  select p.org_id, p.at, count(*) filter (where i.due_diligence_start <= p.day and coalesce(i.due_diligence_end > p.day, true)),
    count(*) filter (where i.due_diligence_start <= p.day and i.due_diligence_start > p.day - 30)
  from unnest(points) p
    join auxeira.investments i on i.org_id = p.org_id and i.session_id = session
  group by p.org_id, p.at;
end;
comment on function auxeira.deal_flow_of(uuid, auxeira.dashboard_point[]) is
  'How many deals every investor looks at, at every point, and began to look at in the 30 days before.';

create function auxeira.venture_capital_figures(holdings auxeira.holding[], open bigint, begun bigint) returns jsonb
  language sql immutable parallel safe
  return (
    select jsonb_build_object(
      'portfolio_size', count(*) filter (where h.held > 0), 'total_aum', round(sum(h.invested)), 'active_deals', open,
      'deal_flow_monthly', begun, 'portfolio_valuation', round(sum(h.fair_value)), 'exits_ytd', sum(h.exits_this_year),
      'avg_sse_score', round(avg((h.state).sse) filter (where h.held > 0), 2),
      'high_performers', count(*) filter (where h.held > 0 and (h.state).sse >= 75),
      'at_risk_companies', count(*) filter (where h.held > 0
        and ((h.state).sse < 50 or (h.state).sse < 75 and (h.state).runway < 6)),
      'new_investments', sum(h.new_deals))
    from unnest(holdings) h);
comment on function auxeira.venture_capital_figures(auxeira.holding[], bigint, bigint) is
  'The figures of a fund. open, begun: its deal flow.';

create function auxeira.angel_investor_figures(holdings auxeira.holding[], open bigint, irr numeric) returns jsonb
  language sql immutable parallel safe
  return (
    select jsonb_build_object(
      'investments_count', sum(h.deals), 'total_invested', round(sum(h.invested)), 'active_investments', sum(h.held),
      'exits', sum(h.exits), 'portfolio_irr', auxeira.within(irr, -1, 2),
      'check_size_avg', auxeira.part_of(sum(h.invested), sum(h.deals), 0), 'due_diligence_active', open,
      'syndicate_deals', sum(h.syndicates),
      'follow_on_opportunities', coalesce(sum(h.pro_rata) filter (where (h.state).runway < 9), 0))
    from unnest(holdings) h);
comment on function auxeira.angel_investor_figures(auxeira.holding[], bigint, numeric) is 'The figures of an angel.';

create function auxeira.emission_figures(held auxeira.holding[]) returns jsonb language sql immutable parallel safe
  return (
    with intensities as (
      select auxeira.part_of(sum((h.state).emissions), sum((h.state).employees)
               filter (where (h.state).emissions is not null), 12) as now,
        auxeira.part_of(sum((h.first).emissions), sum((h.first).employees)
          filter (where (h.first).emissions is not null), 12) as before,
        auxeira.part_of(count((h.state).emissions), count(*)) as measured,
        round(sum((h.state).emissions * h.equity / 100), 2) as financed
      from unnest(held) h)
    select jsonb_build_object('carbon_reduction', auxeira.within(round(1 - i.now / nullif(i.before, 0), 4), 0, 1),
                              'impact_measurement', i.measured, 'financed_emissions', i.financed)
    from intensities i);
comment on function auxeira.emission_figures(auxeira.holding[]) is
  'What companies that are held emit for each employee, against what they did at the first deal; how many tell it; and the part '
  'of it that goes with the shares.';

create function auxeira.esg_fund_figures(holdings auxeira.holding[]) returns jsonb language sql immutable parallel safe
  return (
    with scores as (
      select array_agg(h) as held, sum(h.held) as deals, round(avg((h.state).environmental), 2) as environmental,
        round(avg((h.state).social), 2) as social, round(avg((h.state).governance), 2) as governance,
        auxeira.part_of(count(*) filter (where (h.state).governance >= 60), count(*)) as certified,
        avg((h.state).environmental + (h.state).social + (h.state).governance) filter (where h.has_year)
          / nullif(avg((h.earlier).environmental + (h.earlier).social + (h.earlier).governance)
                   filter (where h.has_year), 0) - 1 as change
      from unnest(holdings) h where h.held > 0)
    select auxeira.emission_figures(s.held) || jsonb_build_object(
      'esg_score_avg', round((s.environmental + s.social + s.governance) / 3, 2), 'environmental_score', s.environmental,
      'social_impact_score', s.social, 'governance_score', s.governance, 'sustainable_investments', s.deals,
      'certification_rate', s.certified, 'sustainability_trend', auxeira.within(round(s.change, 4), 0, 1))
    from scores s);
comment on function auxeira.esg_fund_figures(auxeira.holding[]) is 'The figures of an ESG fund.';

create function auxeira.social_return(lives numeric, invested numeric) returns numeric language sql stable
  return auxeira.part_of(lives * (auxeira.assumption('sroi_value_per_person')).value
    * (1 - (auxeira.assumption('sroi_deadweight')).value) * (1 - (auxeira.assumption('sroi_displacement')).value)
    * (auxeira.assumption('sroi_attribution')).value, invested, 2);
comment on function auxeira.social_return(numeric, numeric) is
  'What reaching so many lives is worth a year, for each dollar invested, on the assumptions in force.';

create function auxeira.impact_fund_figures(holdings auxeira.holding[]) returns jsonb language sql stable
  return (
    select jsonb_build_object(
      'social_roi', auxeira.social_return(sum((h.state).lives - (h.first).lives), sum(h.invested)),
      'lives_impacted', sum((h.state).lives),
      'sdg_alignment', auxeira.part_of(coalesce(sum(h.invested) filter (where h.held > 0 and (h.state).social >= 50), 0),
                                       sum(h.invested) filter (where h.held > 0)),
      'impact_investments', sum(h.held), 'beneficiaries', coalesce(sum((h.state).beneficiaries) filter (where h.held > 0), 0),
      'impact_score', round(avg((h.state).social) filter (where h.held > 0), 2),
      'community_development', auxeira.part_of(
        count(*) filter (where h.held > 0 and (h.state).employees >= (h.first).employees),
        count((h.state).employees) filter (where h.held > 0)),
      'social_progress', auxeira.within(round(sum((h.state).lives) filter (where h.has_year)
        / nullif(sum((h.earlier).lives) filter (where h.has_year), 0) - 1, 4), 0, 1),
      'outcome_achievement', round(avg(auxeira.within((h.state).lives / nullif(2 * (h.first).lives, 0), 0, 1)), 4))
    from unnest(holdings) h);
comment on function auxeira.impact_fund_figures(auxeira.holding[]) is 'The figures of an impact fund.';

create function auxeira.return_figures(holdings auxeira.holding[], irr numeric) returns jsonb
  language sql immutable parallel safe
  return (
    select jsonb_build_object(
      'paid_in', t.invested, 'distributed', t.distributed, 'nav', t.nav, 'irr', irr,
      'dpi', auxeira.part_of(t.distributed, t.invested), 'rvpi', auxeira.part_of(t.nav, t.invested),
      'tvpi', auxeira.part_of(t.distributed, t.invested) + auxeira.part_of(t.nav, t.invested),
      'moic', auxeira.part_of(t.distributed, t.invested) + auxeira.part_of(t.nav, t.invested),
      'loss_ratio', auxeira.part_of(t.lost, t.invested), 'top1_share', auxeira.part_of(t.largest, t.nav))
    from (select sum(h.invested) as invested, sum(h.distributed) as distributed, sum(h.fair_value) as nav,
            max(h.fair_value) as largest, coalesce(sum(h.lost), 0) as lost
          from unnest(holdings) h) t);
comment on function auxeira.return_figures(auxeira.holding[], numeric) is 'What every investor has: paid in, out, worth.';

create function auxeira.portfolios_of(session uuid, points auxeira.dashboard_point[], companies uuid[])
  returns table (org_id uuid, at timestamptz, startups uuid[], figures jsonb) language sql stable rows 1000
begin atomic
  select p.org_id, p.at, p.startups, case p.kind
    when 'venture_capital' then auxeira.venture_capital_figures(p.holdings, f.open, f.begun)
    when 'angel_investor' then auxeira.angel_investor_figures(p.holdings, f.open, r.irr)
    when 'esg_fund' then auxeira.esg_fund_figures(p.holdings)
    else auxeira.impact_fund_figures(p.holdings) end || auxeira.return_figures(p.holdings, r.irr)
  from auxeira.portfolios_at(session, points, companies) p
    join auxeira.deal_flow_of(session, points) f on f.org_id = p.org_id and f.at = p.at
    cross join lateral (
      select auxeira.irr_of(session, p.org_id, p.day, sum(h.fair_value), p.irr) as irr from unnest(p.holdings) h) r;
end;
comment on function auxeira.portfolios_of(uuid, auxeira.dashboard_point[], uuid[]) is
  'The dashboards of investors, for the points at which they hold a company. startups: those they are of.';

-- --- Partners ------------------------------------------------------------------------------------------------------------

create function auxeira.partners_of(session uuid, points auxeira.dashboard_point[])
  returns table (org_id uuid, at timestamptz, figures jsonb) language sql stable rows 1000
begin atomic
  with asked as materialized (
    select p.* from unnest(points) p where p.kind = 'corporate'
  ), partnered as (
    select p.org_id, asked.at, asked.day, count(*) filter (where p.end_date > asked.day) as active,
      count(distinct p.startup_id) filter (where p.end_date > asked.day - 90) as engaged,
      count(*) filter (where p.end_date > asked.day and p.partnership_type = 'pilot') as pilots,
      count(*) filter (where p.end_date > asked.day and p.partnership_type = 'joint_development') as projects
    from asked join auxeira.partnerships p on p.org_id = asked.org_id and p.session_id = session and p.start_date <= asked.day
    group by p.org_id, asked.at, asked.day
  ), applied as (
    select p.org_id, asked.at, count(*) as applications
    from asked join auxeira.partnerships p on p.org_id = asked.org_id and p.session_id = session
      and (p.terms ->> 'appliedOn')::date between asked.day - 29 and asked.day
    group by p.org_id, asked.at
  ), redeemed as (
    select r.org_id, asked.at, count(*) as benefits, sum(r.list_value) as list_value, sum(r.partner_cost) as cost,
      sum(r.startup_saving) as savings,
      sum(r.startup_saving) filter (where r.redeemed_at > asked.at - interval '1 year') as yearly_savings
    from asked join auxeira.benefit_redemptions r on r.org_id = asked.org_id and r.session_id = session
      and r.redeemed_at <= asked.at
    group by r.org_id, asked.at
  )
  select p.org_id, p.at, jsonb_build_object(
    'active_partnerships', p.active, 'startups_engaged', p.engaged, 'pilot_programs', p.pilots,
    'innovation_projects', p.projects, 'new_applications', coalesce(a.applications, 0),
    'partnership_value', coalesce(r.list_value, 0), 'benefits_redeemed', coalesce(r.benefits, 0),
    'partner_cost', coalesce(r.cost, 0), 'roi_partnerships', auxeira.part_of(r.savings, r.cost, 2),
    'cost_savings', coalesce(r.yearly_savings, 0))
  from partnered p
    left join applied a on a.org_id = p.org_id and a.at = p.at
    left join redeemed r on r.org_id = p.org_id and r.at = p.at;
end;
comment on function auxeira.partners_of(uuid, auxeira.dashboard_point[]) is
  'The dashboards of corporates, since their first partnership.';

-- --- Governments -----------------------------------------------------------------------------------------------------------

create function auxeira.supported_of(session uuid, points auxeira.dashboard_point[], governments uuid[], followed uuid[])
  returns table (org_id uuid, startup_id uuid, at timestamptz, is_alive boolean, is_granted boolean, state auxeira.company_state,
                 earlier auxeira.company_state, baseline integer, hires bigint)
  language sql stable rows 10000
begin atomic
  with states as materialized (select * from auxeira.states_of(session, followed)
  ), wards as materialized (select * from unnest(governments, followed) w (org_id, startup_id)
  ), granted as materialized (
    select distinct on (g.org_id, g.startup_id) g.org_id, g.startup_id, g.awarded_on, g.jobs_baseline
    from auxeira.grants g where g.session_id = session
    order by g.org_id, g.startup_id, g.awarded_on, g.grant_id
  )
  select w.org_id, w.startup_id, p.at, coalesce(o.closed_on > p.day, true),
    g.startup_id is not null, now.state, year_ago.state, g.jobs_baseline,
    greatest((now.state).hires - (award.state).hires, 0)
  from wards w
    join auxeira.organizations o on o.org_id = w.startup_id
    join unnest(points) p on p.org_id = w.org_id
    join states now on now.org_id = w.startup_id and p.state_at >= now.at
      and (now.next_at is null or p.state_at < now.next_at)
    left join states year_ago on year_ago.org_id = w.startup_id and year_ago.month = now.month - interval '1 year'
    left join granted g on g.org_id = w.org_id and g.startup_id = w.startup_id
      and g.awarded_on <= p.day
    left join states award on award.org_id = g.startup_id and award.month = date_trunc('month', g.awarded_on)::date;
end;
comment on function auxeira.supported_of(uuid, auxeira.dashboard_point[], uuid[], uuid[]) is
  'The companies a government follows, at every point since they began; with their people at the first grant and the hires '
  'since, where they have one.';

create function auxeira.governments_of(session uuid, points auxeira.dashboard_point[], governments uuid[], followed uuid[])
  returns table (org_id uuid, at timestamptz, startups uuid[], figures jsonb) language sql stable rows 1000
begin atomic
  with totals as (
    select s.org_id, s.at, array_agg(s.startup_id) as startups, count(*) as begun, count(*) filter (where is_alive) as alive,
      sum((state).revenue) filter (where is_alive and is_granted) as revenue, avg((state).sse) filter (where is_alive) as sse,
      coalesce(sum(s.hires), 0) as hired, sum((state).employees) filter (where is_alive) as employees,
      coalesce(sum(greatest((state).employees - baseline, 0)) filter (where is_alive), 0) as net_jobs,
      count(*) filter (where is_granted) as granted,
      count(*) filter (where is_granted and is_alive and (state).employees >= baseline) as compliant,
      sum(case when is_alive then (state).employees else 0 end) filter (where (s.earlier).employees > 0)
        / nullif(sum((s.earlier).employees), 0)::numeric - 1 as growth
    from auxeira.supported_of(session, points, governments, followed) s group by s.org_id, s.at
  ), granted as (
    select t.org_id, t.at, count(*) as grants, sum(g.amount) as awarded,
      sum(auxeira.disbursed_by(g.amount, g.awarded_on, least(o.closed_on, (t.at at time zone 'UTC')::date))) as disbursed
    from totals t join auxeira.grants g on g.org_id = t.org_id and g.session_id = session
      and g.awarded_on <= (t.at at time zone 'UTC')::date
      join auxeira.organizations o on o.org_id = g.startup_id
    group by t.org_id, t.at
  ), targets as (
    select p.org_id, sum(p.jobs_target) as jobs from auxeira.programs p where p.session_id = session group by p.org_id
  )
  select t.org_id, t.at, t.startups, jsonb_build_object(
    'startups_monitored', t.alive, 'grants_distributed', coalesce(g.grants, 0), 'jobs_created', t.hired,
    'economic_impact', round(12 * coalesce(t.revenue, 0)), 'compliance_rate', auxeira.part_of(t.compliant, t.granted),
    'innovation_index', round(t.sse, 2), 'regional_growth', case when t.growth between 0 and 1 then round(t.growth, 4) end,
    'startup_survival_rate', auxeira.part_of(t.alive, t.begun),
    'policy_effectiveness', auxeira.within(auxeira.part_of(t.net_jobs, targets.jobs), 0, 1),
    'jobs_supported', coalesce(t.employees, 0), 'net_jobs_created', t.net_jobs, 'jobs_growth_1y', round(t.growth, 4),
    'grants_awarded', coalesce(g.awarded, 0), 'grants_disbursed', coalesce(g.disbursed, 0),
    'cost_per_job', auxeira.part_of(g.disbursed, t.hired, 2),
    'jobs_per_million', auxeira.part_of(t.hired * 1000000, g.disbursed, 2))
  from totals t left join granted g on g.org_id = t.org_id and g.at = t.at left join targets on targets.org_id = t.org_id;
end;
comment on function auxeira.governments_of(uuid, auxeira.dashboard_point[], uuid[], uuid[]) is
  'The dashboards of governments, since the first of the companies they follow began. regional_growth: where it is within the '
  'bounds of the catalogue; jobs_growth_1y says it of every region.';

create function auxeira.figures_of(session uuid, points auxeira.dashboard_point[], companies uuid[], governments uuid[],
                                   followed uuid[])
  returns table (org_id uuid, at timestamptz, startups uuid[], figures jsonb) language sql stable rows 1000
begin atomic
  select p.org_id, p.at, p.startups, jsonb_strip_nulls(p.figures) from auxeira.portfolios_of(session, points, companies) p
  union all
  select c.org_id, c.at, '{}', jsonb_strip_nulls(c.figures) from auxeira.partners_of(session, points) c
  union all
  select g.org_id, g.at, g.startups, jsonb_strip_nulls(g.figures)
  from auxeira.governments_of(session, points, governments, followed) g;
end;
comment on function auxeira.figures_of(uuid, auxeira.dashboard_point[], uuid[], uuid[], uuid[]) is
  'What the rows of a session make the dashboards of investors, partners and governments at these points. companies: whose '
  'months are read; governments, followed: pairs of who follows whom; startups: those that the figures are of, besides own rows.';

-- --- Storing ---------------------------------------------------------------------------------------------------------------

create function auxeira.user_type_of(kind auxeira.organization_type) returns auxeira.user_type
  language sql immutable parallel safe
  return case kind when 'startup' then 'startup_founder' when 'corporate' then 'corporate_partner'
    when 'esg_fund' then 'esg_funder' when 'impact_fund' then 'impact_investor' when 'non_profit' then null
    else kind::text end::auxeira.user_type;
comment on function auxeira.user_type_of(auxeira.organization_type) is
  'Whose dashboard an organization of this type has; NULL for a non-profit.';

-- There are no statistics of rows this young: left to itself, the planner would take each set for a handful and compare
-- every row of one with every row of the other.
create function auxeira.store_dashboards(plan auxeira.ecosystem_plan) returns void
  language sql volatile set enable_nestloop = off
begin atomic
  with times as materialized (select * from auxeira.points_of(plan)
  ), members as materialized (select * from auxeira.members_of(plan)
  ), asked as (
    select array_agg(
      row(m.org_id, m.kind, t.at, (t.at at time zone 'UTC')::date, t.state_at, null)::auxeira.dashboard_point) as points
    from members m join times t on t.is_month or m.is_real where m.kind <> 'startup'
  ), wards as (
    select array_agg(w.org_id) as governments, array_agg(w.startup_id) as followed from auxeira.wards_of(plan) w
  )
  insert into auxeira.dashboard_metrics (org_id, metric_id, dashboard_type, metric_value, metric_timestamp,
    aggregation_period, is_synthetic, synthetic_algorithm, synthetic_trend, session_id)
  select f.org_id, auxeira.made_id(plan, 'figures/' || f.org_id, f.at), auxeira.user_type_of(m.kind), f.figures, f.at,
    case when t.is_month then 'month' else 'day' end, true, 'ecosystem_v1', plan.trend, plan.session_id
  from asked
    cross join wards
    cross join lateral auxeira.figures_of(plan.session_id, asked.points,
      array(select c.org_id from members c where c.kind = 'startup'), wards.governments, wards.followed) f
    join members m on m.org_id = f.org_id
    join times t on t.at = f.at;
end;
comment on function auxeira.store_dashboards(auxeira.ecosystem_plan) is
  'Stores what the dashboards of all but the companies show.';

reset role;
