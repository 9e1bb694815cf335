-- The quality of generated data: companies, by the books they keep.
set local role auxeira_owner;

create function auxeira.report_months(session uuid)
  returns table (org_id uuid, month date, stage text, is_last boolean, mrr numeric, mrr_before numeric, net_movement numeric,
                 arpa numeric, grr numeric, nrr numeric, customers_before numeric, arrivals bigint, losses bigint,
                 opening numeric, closing_before numeric, employees integer, figures jsonb, customers_after numeric,
                 inflow numeric, outflow numeric, closing numeric, burn_of_quarter numeric, employees_after integer, hires integer,
                 financing numeric, won_mrr numeric, lost_mrr numeric, grown_mrr numeric)
  language sql stable
begin atomic
  with figures as (
    select m.org_id, date_trunc('month', m.metric_timestamp at time zone 'UTC')::date as month, m.metric_value as figures, f.*
    from auxeira.synthetic_rows(session) m
      cross join lateral jsonb_to_record(m.metric_value) f (mrr numeric, arpa numeric, grr_12m numeric, nrr_12m numeric,
                                                            customers numeric)
    where m.dashboard_type = 'startup_founder' and m.aggregation_period = 'month'
  ), movements as (
    select m.org_id, m.month, sum(case when m.movement in ('contraction', 'churn') then -m.amount else m.amount end) as net,
      sum(m.customers) filter (where m.movement = 'new') as arrivals,
      sum(m.customers) filter (where m.movement = 'churn') as losses,
      sum(m.amount) filter (where m.movement in ('new', 'expansion')) as won,
      sum(m.amount) filter (where m.movement in ('contraction', 'churn')) as lost,
      sum(m.amount) filter (where m.movement in ('expansion', 'reactivation')) as grown
    from auxeira.mrr_movements m
    where m.session_id = session and m.org_id in (select o.org_id from auxeira.session_organizations(session) o)
    group by m.org_id, m.month
  )
  select f.org_id, f.month, o.stage, lead(f.month) over months is null, f.mrr, lag(f.mrr) over months, m.net, f.arpa,
    f.grr_12m, f.nrr_12m, lag(f.customers) over months, m.arrivals, m.losses, c.opening, lag(c.closing) over months, h.employees,
    f.figures, lag(f.customers) over months + m.arrivals - m.losses, c.operating_inflow, c.operating_outflow, c.closing,
    case when count(c.closing) over quarter = 3 then sum(c.operating_outflow - c.operating_inflow) over quarter end,
    lag(h.employees) over months + h.hires - h.leavers, h.hires, c.financing, m.won, m.lost, m.grown
  from figures f
    join auxeira.session_organizations(session) o on o.org_id = f.org_id
    left join movements m on m.org_id = f.org_id and m.month = f.month
    left join auxeira.cash_positions c on c.org_id = f.org_id and c.month = f.month and c.session_id = session
    left join auxeira.headcounts h on h.org_id = f.org_id and h.month = f.month and h.session_id = session
  window months as (partition by f.org_id order by f.month),
    quarter as (partition by f.org_id order by f.month rows 2 preceding);
end;
comment on function auxeira.report_months(uuid) is
  'The companies of a session by month: what their dashboards say beside their books.';

-- --- Books --------------------------------------------------------------------------------------------------------

-- What a dashboard does not show has nothing to agree with; what it shows and the books lack is wrong.
create function auxeira.report_of_books(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  select (auxeira.finding(f.property, 'startups', count(*) filter (where not coalesce(f.holds, false)), 0, 0,
            format('months of %s %s', count(*), f.detail))).*
  from auxeira.report_months(session) m
    cross join lateral jsonb_to_record(m.figures) v (customers numeric, revenue numeric, team_size numeric, cash numeric,
      operating_outflow numeric, net_burn numeric, burn_rate numeric, runway_months numeric, hires numeric, financing numeric,
      logo_churn numeric, burn_multiple numeric, quick_ratio numeric)
    cross join lateral (values
      ('R14 MRR waterfall', m.mrr_before is not null, m.net_movement = m.mrr - m.mrr_before,
       'whose movements do not add up to the change of revenue'),
      ('R14 MRR', v.customers > 0, m.mrr = v.customers * m.arpa, 'whose revenue is not that of so many customers at ARPA'),
      ('R14 customers', m.customers_before is not null, v.customers = m.customers_after,
       'whose customers are not those of the month before, with who came and left'),
      ('R14 cash', true, m.opening = coalesce(m.closing_before, m.opening),
       'that do not open with what the month before closed with'),
      ('R14 money', v.cash is not null, (v.cash, v.operating_outflow, v.net_burn)
         = (m.closing, m.outflow, m.outflow - m.inflow), 'whose cash, outflow or burn are not those of the books'),
      ('R14 revenue', v.revenue is not null, v.revenue = m.inflow, 'whose revenue is not what came in'),
      ('R14 burn', v.burn_rate is not null, v.burn_rate = m.outflow - m.inflow, 'that burn another sum than the books say'),
      ('R14 runway', v.runway_months is not null and m.burn_of_quarter is not null,
       abs(v.runway_months - 3 * m.closing / nullif(m.burn_of_quarter, 0)) <= 0.1,
       'whose runway is not cash over the mean burn of a quarter'),
      ('R14 team', v.team_size is not null, v.team_size = m.employees, 'whose team is not the head count'),
      ('R14 people', m.employees_after is not null, m.employees = m.employees_after,
       'whose people are not those of the month before, with who came and left'),
      ('R14 hires', v.net_burn is not null and m.hires is not null, v.hires = m.hires, 'whose hires are not those of the books'),
      ('R14 rounds', v.net_burn is not null and m.closing is not null, coalesce(v.financing, 0) = m.financing, 'that raised another sum than the books say'),
      ('R14 churn', v.net_burn is not null and m.customers_before > 0, v.logo_churn = round(m.losses::numeric / nullif(m.customers_before, 0), 6),
       'whose churn is not those who left over those who were there'),
      ('R14 quick ratio', v.net_burn is not null and m.lost_mrr > 0, v.quick_ratio = round(m.won_mrr / nullif(m.lost_mrr, 0), 2),
       'whose quick ratio is not that of their movements'),
      ('R14 burn multiple', v.net_burn is not null and m.mrr > m.mrr_before and m.outflow > m.inflow,
       v.burn_multiple = round((m.outflow - m.inflow) / nullif(12 * (m.mrr - m.mrr_before), 0), 2),
       'whose burn multiple is not burn over the revenue it added'))
      f (property, applies, holds, detail)
  where f.applies
  group by f.property, f.detail;
end;
comment on function auxeira.report_of_books(uuid) is
  'That the books of companies add up from month to month, and that dashboards say what they do.';

-- --- Companies beside one another -----------------------------------------------------------------------------------

-- To the bounds of R12 to R26, which are for many companies, chance adds what it adds to so few: as much as it does where
-- companies vary as the model makes them, not as those of the session do.
create function auxeira.report_of_levels(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with stages as (
    select m.stage, count(*) as companies, count(*) filter (where m.mrr > 0 and m.employees > 0) as earning,
      count(*) filter (where m.mrr = 0)::double precision / count(*) as without_revenue,
      stddev(ln(m.mrr)) filter (where m.mrr > 0) as spread,
      corr(ln(nullif(m.mrr, 0)), ln(nullif(m.employees, 0)::numeric)) as team
    from auxeira.report_months(session) m where m.is_last group by m.stage
  )
  select (auxeira.finding(f.property, s.stage || ' startups', f.value, f.lower - f.margin, f.upper + f.margin,
            format('%s, of %s', f.detail, f.measured))).*
  from stages s
    cross join lateral (values
      ('R12 levels', s.earning, s.spread, 0.5, 1.2, 3 * 0.85 / sqrt(2 * nullif(s.earning, 0)), 'standard deviation of ln MRR'),
      ('R21 revenue and team', s.earning, s.team, 0.35, 0.9, auxeira.correlation_margin(0.65, s.earning),
       'correlation of the logarithms of MRR and team'),
      ('R26 pre-revenue', case s.stage when 'pre_seed' then s.companies end, s.without_revenue, 0.40, 0.55,
       auxeira.share_margin(0.47, s.companies), 'share without revenue'))
      f (property, measured, value, lower, upper, margin, detail)
  where f.measured >= 30;
end;
comment on function auxeira.report_of_levels(uuid) is
  'Revenue and people of the companies of a stage in their last months, where there are thirty of them.';

create function auxeira.report_has_swing(session uuid) returns boolean language sql stable
  return (select coalesce((s.parameters ->> 'variance')::double precision, 0.2) >= 0.1 from auxeira.report_session(session) s);
comment on function auxeira.report_has_swing(uuid) is
  'Whether the arrivals of a session were asked to swing enough for seasons and lots of them to be seen.';

-- --- Customers ------------------------------------------------------------------------------------------------------

-- Without variance arrivals do not come in lots.
create function auxeira.report_of_customers(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with months as (
    select m.*, m.customers_before * sum(m.losses) over company::double precision
      / nullif(sum(m.customers_before) over company, 0) as expected
    from auxeira.report_months(session) m where m.customers_before > 0 and m.losses is not null
    window company as (partition by m.org_id)
  ), companies as (
    select m.org_id, sum((m.losses - m.expected) ^ 2 / m.expected) / count(*) as churn_dispersion,
      variance(m.arrivals)::double precision / nullif(avg(m.arrivals), 0) as fano, ln(avg(m.arpa)) as arpa,
      ln(sum(m.losses)::double precision / sum(m.customers_before)) as churn
    from months m where m.expected > 0 group by m.org_id having count(*) >= 12 and avg(m.arpa) > 0
  ), measured as (
    select count(*) as companies, corr(c.arpa, c.churn) as correlation,
      percentile_cont(0.5) within group (order by c.churn_dispersion) as churn_dispersion,
      percentile_cont(0.5) within group (order by c.fano) as fano
    from companies c
  )
  select (auxeira.finding(f.property, 'startups', f.value, f.lower - f.margin, f.upper + f.margin,
            format('%s, of %s startups', f.detail, m.companies))).*
  from measured m
    cross join lateral (values
      ('R16 churn', m.churn_dispersion, 0.8, 1.6, auxeira.median_margin(0.3, m.companies),
       'median of variance over mean of lost customers'),
      ('R16 arrivals', m.fano, 1.3, null, 0, 'median of variance over mean of new customers'),
      ('R16 price and churn', m.correlation, -0.8, -0.2, auxeira.correlation_margin(0.65, m.companies),
       'correlation of the logarithms of ARPA and churn')) f (property, value, lower, upper, margin, detail)
  where m.companies >= 30 and (f.property <> 'R16 arrivals' or auxeira.report_has_swing(session));
end;
comment on function auxeira.report_of_customers(uuid) is
  'How customers come and go, where there are thirty companies with a year of them.';

create function auxeira.report_of_retention(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with latest as (
    select distinct on (m.org_id) m.org_id, m.arpa, m.grr
    from auxeira.report_months(session) m where m.grr is not null order by m.org_id, m.month desc
  ), segments as (
    select b.segment, b.lower, b.upper, count(*) as companies, percentile_cont(0.5) within group (order by l.grr) as grr
    from latest l
      join (values ('ARPA below 100', 0, 100, 0.50, 0.80), ('ARPA 100 to 1,000', 100, 1000, 0.70, 0.90),
                   ('ARPA above 1,000', 1000, 1e9, 0.85, 0.95)) b (segment, low, high, lower, upper)
        on l.arpa >= b.low and l.arpa < b.high
    group by b.segment, b.lower, b.upper
  )
  select (auxeira.finding('R17 retention', s.segment, s.grr, s.lower - auxeira.median_margin(0.15, s.companies),
            s.upper + auxeira.median_margin(0.15, s.companies),
            format('median of the yearly GRR of %s startups', s.companies))).*
  from segments s where s.companies >= 30;
end;
comment on function auxeira.report_of_retention(uuid) is
  'Gross revenue retention by price, where there are thirty companies with a year of customers.';

-- --- Seasons ----------------------------------------------------------------------------------------------------------

-- As a ratio to the mean of the twelve months around, so that growth is no season; of every company alike, so that the
-- largest is not the season of all.
create function auxeira.report_seasons(session uuid)
  returns table (month integer, ratio double precision, companies bigint, from_above bigint, from_below bigint)
  language sql stable
begin atomic
  with months as (
    select m.org_id, m.month, m.arrivals::double precision as arrivals, row_number() over company as number,
      count(*) over (partition by m.org_id) as months, avg(m.arrivals) over (partition by m.org_id) as usual,
      (sum(m.arrivals) over (company rows between 5 preceding and 6 following)
        + sum(m.arrivals) over (company rows between 6 preceding and 5 following)) / 24 as around
    from auxeira.report_months(session) m where m.arrivals is not null
    window company as (partition by m.org_id order by m.month)
  )
  select extract(month from m.month)::integer, avg(m.arrivals / m.around), count(distinct m.org_id),
    rank() over (order by avg(m.arrivals / m.around) desc), rank() over (order by avg(m.arrivals / m.around))
  from months m
  where m.months >= 36 and m.usual >= 5 and m.number between 7 and m.months - 6 and m.around > 0
  group by 1;
end;
comment on function auxeira.report_seasons(uuid) is
  'New customers of a month of the year beside those of the months around, on average over the companies with three years '
  'of five or more a month; with the rank of the month.';

-- What does not swing has no season.
create function auxeira.report_of_seasons(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with measured as (
    select min(s.companies) as companies, count(*) as months, (max(s.ratio) - min(s.ratio)) / 2 as amplitude,
      min(s.from_above) filter (where s.month = 3) as march, min(s.from_below) filter (where s.month = 7) as july,
      min(s.from_below) filter (where s.month = 12) as december
    from auxeira.report_seasons(session) s
  )
  select (auxeira.finding('R18 ' || f.name, 'startups', f.value, f.lower, f.upper,
            format('%s of %s startups', f.detail, m.companies))).*
  from measured m
    cross join lateral (values
      ('March', m.march, 1, 3, 'rank among the months, by the new customers'),
      ('July', m.july, 1, 4, 'rank from below among the months, by the new customers'),
      ('December', m.december, 1, 4, 'rank from below among the months, by the new customers'),
      ('seasons', m.amplitude, 0.05, 0.20, 'half the range of the months, by the new customers'))
      f (name, value, lower, upper, detail)
  where m.companies >= 200 and m.months = 12 and auxeira.report_has_swing(session);
end;
comment on function auxeira.report_of_seasons(uuid) is
  'The season of new customers, where there are two hundred companies with three years of them.';

-- --- Returns ----------------------------------------------------------------------------------------------------------

create function auxeira.report_deals(session uuid)
  returns table (investors text, startup_id uuid, multiple double precision, years double precision)
  language sql stable
begin atomic
  select case o.kind when 'angel_investor' then 'angels' else 'funds' end, i.startup_id,
    (coalesce(f.received, 0) / nullif(f.paid, 0))::double precision, (k.as_of - i.investment_date) / 365.25
  from auxeira.session_organizations(session) o
    join auxeira.investments i on i.org_id = o.org_id and i.session_id = session
    join auxeira.investment_marks k on k.org_id = i.org_id and k.investment_id = i.investment_id and k.session_id = session
      and k.method = 'exit'
    cross join lateral (
      select sum(c.amount) filter (where c.flow_type = 'contribution') as paid,
        sum(c.amount) filter (where c.flow_type = 'distribution') as received
      from auxeira.investment_cash_flows c
      where c.org_id = i.org_id and c.investment_id = i.investment_id and c.session_id = session) f;
end;
comment on function auxeira.report_deals(uuid) is
  'The investments of a session that ended: what came back over what was paid in, and after how many years.';

create function auxeira.report_of_gains(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with companies as (
    select d.investors, avg(ln(d.multiple)) as gain
    from auxeira.report_deals(session) d where d.multiple > 0 group by d.investors, d.startup_id
  ), measured as (
    select c.investors, count(*) as companies, exp(avg(c.gain)) as gain from companies c group by c.investors
  )
  select (auxeira.finding('R23 gains', m.investors, m.gain, exp(b.middle - b.margin), exp(b.middle + b.margin),
            format('geometric mean of what came back over what was paid in, where anything did, of %s startups', m.companies))).*
  from measured m
    join (values ('angels', 0.783, 1.2265), ('funds', 0.33, 1.315)) v (investors, middle, spread) on v.investors = m.investors
    cross join lateral (select v.middle, 0.23 + 3 * v.spread / sqrt(m.companies) as margin) b
  where m.companies >= 30;
end;
comment on function auxeira.report_of_gains(uuid) is
  'How much came back where anything did, where it did of thirty companies: as much as of all such deals, within a quarter (four '
  'losses more in a hundred) and what chance adds to so many. It finds wrong amounts sooner than the share of losses does.';

-- The deals of one company share its fate: they tell as much as fewer of as many companies would.
create function auxeira.report_of_returns(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with companies as (
    select d.investors, count(*) as deals, count(*) filter (where d.multiple < 1) as lost,
      count(*) filter (where d.multiple > 10) as tenfold
    from auxeira.report_deals(session) d group by d.investors, d.startup_id
  ), measured as (
    select c.investors, sum(c.deals) as deals, (sum(c.deals) ^ 2 / sum(c.deals ^ 2))::bigint as companies,
      sum(c.lost)::double precision / sum(c.deals)::double precision as lost,
      sum(c.tenfold)::double precision / sum(c.deals)::double precision as tenfold
    from companies c group by c.investors
  )
  select (auxeira.finding(b.property, m.investors, case b.property when 'R23 losses' then m.lost else m.tenfold end,
            least_of.lower, most_of.upper,
            format('%s, of %s deals that ended, as of %s startups', b.detail, m.deals, m.companies))).*
  from measured m
    join (values
      ('angels', 'R23 losses', 0.52, 0.04, 'share that returned less than was paid in'),
      ('funds', 'R23 losses', 0.65, 0.04, 'share that returned less than was paid in'),
      ('angels', 'R23 tenfold', 0.07, 0.02, 'share that returned more than ten times as much'),
      ('funds', 'R23 tenfold', 0.04, 0.015, 'share that returned more than ten times as much'))
      b (investors, property, share, most, detail) on b.investors = m.investors
    cross join lateral auxeira.report_share_bounds(b.share - b.most, m.companies) least_of
    cross join lateral auxeira.report_share_bounds(b.share + b.most, m.companies) most_of
  where m.companies >= 30
  union all select * from auxeira.report_of_gains(session);
end;
comment on function auxeira.report_of_returns(uuid) is
  'What the deals of angels and of funds returned, where those of thirty companies ended.';

-- --- From founding to closing -----------------------------------------------------------------------------------------

-- What is of a month lies anywhere within it.
create function auxeira.report_company_events(session uuid)
  returns table (what text, org_id uuid, first_day date, last_day date) language sql stable
begin atomic
  with companies as materialized (
    select o.org_id from auxeira.session_organizations(session) o
    where o.kind = 'startup' and num_nonnulls(o.founded_on, o.closed_on) > 0
  ), months as (
    select 'MRR movements' as what, f.org_id, f.month from companies join auxeira.mrr_movements f using (org_id)
    where f.session_id = session
    union all
    select 'cash positions', f.org_id, f.month from companies join auxeira.cash_positions f using (org_id)
    where f.session_id = session
    union all
    select 'headcounts', f.org_id, f.month from companies join auxeira.headcounts f using (org_id)
    where f.session_id = session
  ), times as (
    select 'dashboard points' as what, f.org_id, f.metric_timestamp as at
    from companies join auxeira.dashboard_metrics f using (org_id) where f.session_id = session
    union all
    select 'scores', f.org_id, f.created_at from companies join auxeira.sse_scores f using (org_id)
    where f.session_id = session
    union all
    select 'actions', f.org_id, f.completed_at from companies join auxeira.actions f using (org_id)
    where f.session_id = session
    union all
    select 'integration data', f.org_id, f.data_timestamp from companies join auxeira.integration_data f using (org_id)
    where f.session_id = session
  )
  select m.what, m.org_id, m.month, (m.month + interval '1 month' - interval '1 day')::date from months m
  union all
  select t.what, t.org_id, d.day, d.day from times t cross join lateral date(t.at at time zone 'UTC') d (day);
end;
comment on function auxeira.report_company_events(uuid) is
  'What companies of a session reported, scored and did, by day or month, where their founding or closing is known.';

create function auxeira.report_investment_events(session uuid) returns table (what text, org_id uuid, day date)
  language sql stable
begin atomic
  with investments as materialized (
    select i.* from auxeira.session_organizations(session) o join auxeira.investments i using (org_id)
    where o.kind <> 'startup' and i.session_id = session
  )
  select 'investments', i.startup_id, d.day
  from investments i
    cross join lateral unnest(array[i.due_diligence_start, i.due_diligence_end, i.investment_date]) d (day)
  union all
  select 'investment flows', i.startup_id, f.flow_date
  from investments i join auxeira.investment_cash_flows f using (org_id, investment_id)
  union all
  select 'investment marks', i.startup_id, f.as_of
  from investments i join auxeira.investment_marks f using (org_id, investment_id);
end;
comment on function auxeira.report_investment_events(uuid) is
  'The days of the investments of a session, of what was paid and of what they were worth. org_id: of the company.';

create function auxeira.report_support_events(session uuid) returns table (what text, org_id uuid, day date)
  language sql stable
begin atomic
  with supporters as materialized (
    select o.org_id from auxeira.session_organizations(session) o where o.kind <> 'startup'
  )
  select 'benefits', f.startup_id, (f.redeemed_at at time zone 'UTC')::date
  from supporters join auxeira.benefit_redemptions f using (org_id) where f.session_id = session
  union all
  select 'relationships', f.startup_id, (d.at at time zone 'UTC')::date
  from supporters join auxeira.relationships f using (org_id)
    cross join lateral unnest(array[f.created_at, f.decided_at]) d (at)
  where f.session_id = session
  union all
  select 'partnerships', f.startup_id, d.day
  from supporters join auxeira.partnerships f using (org_id)
    cross join lateral unnest(array[(f.terms ->> 'appliedOn')::date, f.start_date, f.end_date]) d (day)
  where f.session_id = session
  union all
  select 'grants', f.startup_id, f.awarded_on from supporters join auxeira.grants f using (org_id)
  where f.session_id = session;
end;
comment on function auxeira.report_support_events(uuid) is
  'The days of relationships, partnerships, benefits and grants of a session. org_id: of the company.';

create function auxeira.report_events(session uuid) returns table (what text, org_id uuid, first_day date, last_day date)
  language sql stable
begin atomic
  select c.* from auxeira.report_company_events(session) c
  union all
  select i.what, i.org_id, i.day, i.day from auxeira.report_investment_events(session) i
  union all
  select s.what, s.org_id, s.day, s.day from auxeira.report_support_events(session) s;
end;
comment on function auxeira.report_events(uuid) is
  'Everything of a session that has a date and is of a company whose founding or closing is known.';

create function auxeira.report_of_lives(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  select (auxeira.finding('R24 life', e.what,
            count(*) filter (where e.last_day < o.founded_on or e.first_day > o.closed_on), 0, 0,
            format('of %s dates of companies, those before the founding or after the end', count(*)))).*
  from auxeira.report_events(session) e
    join auxeira.session_organizations(session) o on o.org_id = e.org_id
  where e.first_day is not null
  group by e.what;
end;
comment on function auxeira.report_of_lives(uuid) is
  'That nothing happens to a company before it is founded or after it closes, by kind of what happens.';

-- --- What is made, and refers to what --------------------------------------------------------------------------------

create function auxeira.report_of_marks(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with involved as materialized (
    select * from auxeira.session_organizations(session)
  ), parts as (
    select 'cash flows, their investments' as what, i.org_id is not null as is_whole
    from involved join auxeira.investment_cash_flows f using (org_id)
      left join auxeira.investments i on i.org_id = f.org_id and i.investment_id = f.investment_id and i.session_id = session
    where f.session_id = session
    union all
    select 'marks, their investments', i.org_id is not null
    from involved join auxeira.investment_marks f using (org_id)
      left join auxeira.investments i on i.org_id = f.org_id and i.investment_id = f.investment_id and i.session_id = session
    where f.session_id = session
    union all
    select 'benefits, their partnerships', p.org_id is not null
    from involved join auxeira.benefit_redemptions f using (org_id)
      left join auxeira.partnerships p on p.org_id = f.org_id and p.partnership_id = f.partnership_id and p.session_id = session
    where f.session_id = session
    union all
    select 'grants, their programmes', p.org_id is not null
    from involved join auxeira.grants f using (org_id)
      left join auxeira.programs p on p.org_id = f.org_id and p.program_id = f.program_id and p.session_id = session
    where f.session_id = session
  )
  select (auxeira.finding('ReferentialIntegrity', p.what, count(*) filter (where p.is_whole)::double precision / count(*), 1, 1,
            format('share of %s that belong to one of the same session', count(*)))).*
  from parts p group by p.what
  union all
  select (auxeira.finding('R27 marks', 'organizations', count(*) filter (where not m.is_synthetic), 0, 0,
            format('of %s points of generated organizations, those that are not marked', count(*)))).*
  from involved i join auxeira.dashboard_metrics m on m.org_id = i.org_id where i.is_made having count(*) > 0;
end;
comment on function auxeira.report_of_marks(uuid) is
  'That what is generated belongs together, and is marked as generated.';

create function auxeira.report_of_companies(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  select * from auxeira.report_of_books(session)
  union all select * from auxeira.report_of_levels(session)
  union all select * from auxeira.report_of_customers(session)
  union all select * from auxeira.report_of_retention(session)
  union all select * from auxeira.report_of_seasons(session)
  union all select * from auxeira.report_of_returns(session)
  union all select * from auxeira.report_of_lives(session)
  union all select * from auxeira.report_of_marks(session);
end;
comment on function auxeira.report_of_companies(uuid) is
  'Of the companies of a session: books, levels, customers, retention, seasons, returns, lives, and that they are marked.';

reset role;
