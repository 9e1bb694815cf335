-- The quality of generated data: what founders state that no book has: what they did, how their companies are rated, and that
-- no figure is missing.
set local role auxeira_owner;

-- --- Presence -------------------------------------------------------------------------------------------------------

create function auxeira.report_of_presence(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with told as (
    select m.org_id, m.metric_value as figures, v.*
    from auxeira.synthetic_rows(session) m
      cross join lateral jsonb_to_record(m.metric_value) v (customers numeric, revenue numeric, net_burn numeric, cac numeric,
                                                            ltv numeric, arpa numeric)
    where m.dashboard_type = 'startup_founder' and m.aggregation_period = 'month' and m.synthetic_algorithm = 'ecosystem_v1'
  ), wanted as (
    select t.figures, w.name, w.applies
    from told t
      cross join lateral (
        select unnest('{sse_score, revenue, customers, team_size, hires, mrr, arr, cash, operating_outflow, net_burn,
          environmental_score, social_score, governance_score, lives_reached, beneficiaries}'::text[]), true
        union all values ('arpa', t.customers > 0), ('gross_margin', t.revenue > 0), ('burn_rate', t.net_burn >= 1),
          ('cac_payback_months', t.cac > 0 and t.arpa > 0), ('ltv_cac', t.cac > 0 and t.ltv is not null),
          ('cac', t.figures ?| '{cac_payback_months, ltv_cac}'), ('ltv', t.figures ? 'ltv_cac'),
          ('scope1_tco2e', t.figures ? 'scope2_tco2e'), ('scope2_tco2e', t.figures ? 'scope1_tco2e')) w (name, applies)
  )
  select (auxeira.finding('R14 figures', w.name, count(*) filter (where not w.figures ? w.name), 0, 0,
            format('of %s months of startups, those without it', count(*)))).*
  from wanted w where w.applies group by w.name;
end;
comment on function auxeira.report_of_presence(uuid) is 'That what every startup tells in a month is there.';

-- --- Slow figures -----------------------------------------------------------------------------------------------------

-- Nothing else says what they are: what can be asked of them is that they are as slow as made.
create function auxeira.report_of_drift(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with numbers as (
    select r.name, r.most, v.value, lag(v.value) over (partition by m.org_id, r.name order by m.metric_timestamp) as before
    from auxeira.synthetic_rows(session) m
      cross join (values ('sse_score', 15), ('environmental_score', 15), ('social_score', 15), ('governance_score', 15),
                         ('gross_margin', 0.25), ('lives_reached', null), ('scope 1 over scope 2', 0.1)) r (name, most)
      cross join lateral (
        select case r.name when 'scope 1 over scope 2'
          then case when least(e.one, e.two) >= 0.1 then ln(e.one / e.two) end else auxeira.number_of(m.metric_value, r.name) end
        from (select auxeira.number_of(m.metric_value, 'scope1_tco2e') as one,
                auxeira.number_of(m.metric_value, 'scope2_tco2e') as two) e) v (value)
    where m.dashboard_type = 'startup_founder' and m.aggregation_period = 'month'
  )
  select (auxeira.finding('R11 drift', n.name, max(abs(n.value - n.before)), 0, n.most,
            format('greatest step of %s from month to month', count(n.value - n.before)))).*
  from numbers n where n.most is not null group by n.name, n.most having count(n.value - n.before) > 0
  union all
  select (auxeira.finding('R15 cumulative', 'lives reached', count(*) filter (where n.value < n.before), 0, 0,
            format('of %s months, those in which they fall', count(*)))).*
  from numbers n where n.name = 'lives_reached' and n.value is not null having count(*) > 0;
end;
comment on function auxeira.report_of_drift(uuid) is
  'That scores, margins and the mixture of emissions, which come of nothing else that is stored, change as slowly as made.';

create function auxeira.report_of_reach(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  select (auxeira.finding('R14 reach', 'startups', count(*) filter (where v.beneficiaries not between
            floor(v.lives_reached * 0.199) and v.lives_reached), 0, 0,
            format('of %s months, those with fewer beneficiaries than a fifth of the lives reached, or more than all', count(*)))).*
  from auxeira.synthetic_rows(session) m
    cross join lateral jsonb_to_record(m.metric_value) v (lives_reached numeric, beneficiaries numeric)
  where m.dashboard_type = 'startup_founder' and m.aggregation_period = 'month' and v.beneficiaries is not null
  having count(*) > 0;
end;
comment on function auxeira.report_of_reach(uuid) is 'That beneficiaries are some of the lives reached.';

-- --- Retention --------------------------------------------------------------------------------------------------------

create function auxeira.report_of_kept_revenue(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with months as (
    select m.org_id, m.month, m.grr, m.nrr, m.figures ? 'net_burn' as is_full,
      nullif(greatest(1 - m.lost_mrr / nullif(m.mrr_before, 0), 0), 0) as kept,
      nullif(greatest(1 - (m.lost_mrr - m.grown_mrr) / nullif(m.mrr_before, 0), 0), 0) as grown
    from auxeira.report_months(session) m
  ), years as (
    select m.is_full, m.grr, m.nrr, count(m.kept) over year as months, exp(sum(ln(m.kept)) over year) as kept,
      exp(sum(ln(m.grown)) over year) as grown
    from months m
    window year as (partition by m.org_id order by m.month rows between 12 preceding and 1 preceding)
  )
  select (auxeira.finding('R14 retention', f.name, count(*) filter (where abs(f.stated - f.made) <= 0.0002 is not true), 0, 0,
            format('of %s months, those in which it is not what the movements of the year before leave', count(*)))).*
  from years y cross join lateral (values ('grr_12m', y.grr, y.kept), ('nrr_12m', y.nrr, y.grown)) f (name, stated, made)
  where y.is_full and y.months = 12 and f.made >= 0.0002 group by f.name;
end;
comment on function auxeira.report_of_kept_revenue(uuid) is
  'That the retention of a year is what the movements of its months leave, without and with what customers pay more.';

-- --- What people did --------------------------------------------------------------------------------------------------

create function auxeira.report_of_activity(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with told as materialized (
    select m.org_id, m.metric_timestamp as at, m.metric_value as figures
    from auxeira.synthetic_rows(session) m
    where m.dashboard_type = 'startup_founder'
      and exists (select from auxeira.actions a where a.org_id = m.org_id and a.session_id = session)
  ), done as (
    select a.* from auxeira.activity_of(session, array(
      select row(t.org_id, 'startup', t.at, null, null, null)::auxeira.dashboard_point from told t)) a
  )
  select (auxeira.finding('R14 activity', k.name, count(*) filter (where t.figures -> k.name is distinct from d.figures -> k.name),
            0, 0, format('of %s points of startups, those that state something else than the actions say', count(*)))).*
  from told t
    join done d on d.org_id = t.org_id and d.at = t.at
    cross join lateral jsonb_object_keys(d.figures) k (name)
  group by k.name;
end;
comment on function auxeira.report_of_activity(uuid) is 'That founders state what the actions of their companies add up to.';

-- Two people may act in the same moment, but many do not.
create function auxeira.report_of_moments(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  select (auxeira.finding('R19 moments', 'actions', count(distinct (a.org_id, a.completed_at))::double precision / count(*), 0.98, 1,
            format('share of %s actions that have a moment of their own', count(*)))).*
  from auxeira.session_organizations(session) o join auxeira.actions a on a.org_id = o.org_id and a.session_id = session
  having count(*) > 0;
end;
comment on function auxeira.report_of_moments(uuid) is 'That actions are not all of one moment.';

-- --- Lives ------------------------------------------------------------------------------------------------------------

create function auxeira.report_of_joining(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with asked as (
    select date_trunc('month', p.as_of at time zone 'UTC')::date as last_month,
      (date_trunc('month', p.as_of at time zone 'UTC') - make_interval(months => auxeira.months_in(p.time_range_days) - 1))::date
        as first_month
    from auxeira.report_session(session) s
      cross join lateral jsonb_to_record(auxeira.typed_parameters(s.parameters)) p (as_of timestamptz, time_range_days integer)
    where p.as_of is not null and p.time_range_days is not null
  ), lives as (
    select o.founded_on, o.closed_on, a.first_month, a.last_month, min(m.month) as first, max(m.month) as last
    from auxeira.session_organizations(session) o
      cross join asked a
      cross join lateral (
        select date_trunc('month', d.metric_timestamp at time zone 'UTC')::date as month from auxeira.dashboard_metrics d
        where d.org_id = o.org_id and d.session_id = session and d.dashboard_type = 'startup_founder') m
    where o.kind = 'startup' and o.is_made
    group by o.org_id, o.founded_on, o.closed_on, a.first_month, a.last_month
  )
  select (auxeira.finding(f.property, 'startups', count(*) filter (where not coalesce(f.holds, false)), 0, 0,
            format('of %s startups, those %s', count(*), f.detail))).*
  from lives l
    cross join lateral (values
      ('R24 joining', l.first in (l.first_month, (date_trunc('month', l.founded_on::timestamp) + interval '1 month')::date),
       'whose figures begin neither with the session nor after the founding'),
      ('R24 leaving', l.last = coalesce(date_trunc('month', l.closed_on::timestamp)::date, l.last_month),
       'whose figures end neither with the session nor in the month of the end')) f (property, holds, detail)
  group by f.property, f.detail;
end;
comment on function auxeira.report_of_joining(uuid) is
  'That generated companies have figures from the month after their founding, or the first of the session, to their end.';

create function auxeira.report_of_founders(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  select * from auxeira.report_of_presence(session)
  union all select * from auxeira.report_of_drift(session)
  union all select * from auxeira.report_of_reach(session)
  union all select * from auxeira.report_of_kept_revenue(session)
  union all select * from auxeira.report_of_activity(session)
  union all select * from auxeira.report_of_moments(session)
  union all select * from auxeira.report_of_joining(session);
end;
comment on function auxeira.report_of_founders(uuid) is
  'Of founders: that no figure is missing, that what no book has is as slow as made, what people did, and when figures begin.';

reset role;
