-- The quality of generated data: that the rows are there, and what single ones of them say: scores, actions, deals.
set local role auxeira_owner;

-- --- All rows -------------------------------------------------------------------------------------------------------

-- Own rows are read in full. Of those of others a company may have closed some, and their number says nothing.
create function auxeira.report_row_counts(session uuid) returns table (table_name text, stored bigint, counted bigint)
  language sql stable rows 20
begin atomic
  with orgs as materialized (
    select o.org_id from auxeira.session_organizations(session) o
  ), counts as (
    select 'investment_marks' as table_name, count(*) as stored
    from orgs join auxeira.investment_marks t using (org_id) where t.session_id = session
    union all
    select 'investment_cash_flows', count(*)
    from orgs join auxeira.investment_cash_flows t using (org_id) where t.session_id = session
    union all
    select 'benefit_redemptions', count(*)
    from orgs join auxeira.benefit_redemptions t using (org_id) where t.session_id = session
    union all
    select 'grants', count(*)
    from orgs join auxeira.grants t using (org_id) where t.session_id = session
    union all
    select 'programs', count(*)
    from orgs join auxeira.programs t using (org_id) where t.session_id = session
    union all
    select 'partnerships', count(*)
    from orgs join auxeira.partnerships t using (org_id) where t.session_id = session
    union all
    select 'investments', count(*)
    from orgs join auxeira.investments t using (org_id) where t.session_id = session
    union all
    select 'relationships', count(*)
    from orgs join auxeira.relationships t using (org_id) where t.session_id = session
    union all
    select 'mrr_movements', count(*)
    from orgs join auxeira.mrr_movements t using (org_id) where t.session_id = session
    union all
    select 'cash_positions', count(*)
    from orgs join auxeira.cash_positions t using (org_id) where t.session_id = session
    union all
    select 'headcounts', count(*)
    from orgs join auxeira.headcounts t using (org_id) where t.session_id = session
    union all
    select 'sse_answers', count(*)
    from orgs join auxeira.sse_answers t using (org_id) where t.session_id = session
    union all
    select 'sse_score_history', count(*)
    from orgs join auxeira.sse_score_history t using (org_id) where t.session_id = session
    union all
    select 'sse_scores', count(*)
    from orgs join auxeira.sse_scores t using (org_id) where t.session_id = session
    union all
    select 'actions', count(*)
    from orgs join auxeira.actions t using (org_id) where t.session_id = session
    union all
    select 'integration_data', count(*)
    from orgs join auxeira.integration_data t using (org_id) where t.session_id = session
    union all
    select 'integrations', count(*)
    from orgs join auxeira.integrations t using (org_id) where t.session_id = session
    union all
    select 'dashboard_metrics', count(*)
    from orgs join auxeira.dashboard_metrics t using (org_id) where t.session_id = session
  )
  select c.table_name, c.stored, (s.row_counts ->> c.table_name)::bigint
  from auxeira.report_session(session) s join counts c on s.row_counts ? c.table_name
  where s.status = 'completed' and s.parameters ->> 'data_type' <> 'metrics'
    and (not s.row_counts ? 'organizations' or not row_security_active('auxeira.' || c.table_name)
      or c.table_name in ('investments', 'investment_marks', 'investment_cash_flows', 'relationships', 'partnerships',
        'benefit_redemptions', 'programs', 'grants'));
end;
comment on function auxeira.report_row_counts(uuid) is
  'How many rows of each table there are of a session that has not been cleaned up, and how many it stored.';

create function auxeira.report_of_rows(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  select (auxeira.finding('R3 rows', c.table_name, c.stored, c.counted, c.counted, 'rows, as many as were stored')).*
  from auxeira.report_row_counts(session) c;
end;
comment on function auxeira.report_of_rows(uuid) is 'That no row of a session is gone or came later.';

-- --- Scores ---------------------------------------------------------------------------------------------------------

create function auxeira.report_scores(session uuid)
  returns table (total integer, answered integer, is_told boolean, shown double precision) language sql stable
begin atomic
  select s.total_score, (r.result).total, h.org_id is not null,
    (select auxeira.number_of(m.metric_value, 'sse_score') from auxeira.dashboard_metrics m
     where m.org_id = s.org_id and m.session_id = session and m.dashboard_type = 'startup_founder'
       and m.metric_timestamp = s.created_at and m.aggregation_period = 'month' limit 1)
  from auxeira.session_organizations(session) o
    join auxeira.sse_scores s on s.org_id = o.org_id and s.session_id = session
    left join auxeira.sse_answers a on a.org_id = s.org_id and a.score_id = s.score_id
    left join auxeira.sse_score_history h on h.org_id = s.org_id and h.score_id = s.score_id and h.session_id = session
    cross join lateral (select auxeira.sse_score(a.responses, s.scale, s.missing_policy) as result offset 0) r;
end;
comment on function auxeira.report_scores(uuid) is
  'The scores of a session: what they say, what the answers give (NULL: not to be read), whether the history has them, and '
  'what the dashboard shows at that time.';

create function auxeira.report_of_scores(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  select (auxeira.finding(f.property, 'scores', count(*) filter (where not f.holds), 0, 0,
            format('of %s, those %s', count(*), f.detail))).*
  from auxeira.report_scores(session) s
    cross join lateral (values
      ('R14 score', s.total = s.answered, 'that are not what the answers give'),
      ('R14 score history', s.is_told, 'that the history does not have'),
      ('R14 score shown', abs(s.total - s.shown) <= 1, 'that the dashboard of the day does not show'))
      f (property, holds, detail)
  where f.holds is not null
  group by f.property, f.detail;
end;
comment on function auxeira.report_of_scores(uuid) is 'That scores are what the answers give, in the history and as shown.';

-- --- Actions --------------------------------------------------------------------------------------------------------

create function auxeira.report_of_actions(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  select (auxeira.finding('R14 tokens', 'actions', count(*) filter (where a.actual_tokens is distinct from
            floor(a.base_tokens * least(3, (a.multipliers ->> 'quality')::numeric * (a.multipliers ->> 'stage')::numeric
              * (a.multipliers ->> 'streak')::numeric))), 0, 0,
            format('of %s, those that are paid another sum than base times multipliers', count(*)))).*
  from auxeira.session_organizations(session) o
    join auxeira.actions a on a.org_id = o.org_id and a.session_id = session
  having count(*) > 0;
end;
comment on function auxeira.report_of_actions(uuid) is 'That the actions of a session are paid what they are worth.';

-- --- Deals ----------------------------------------------------------------------------------------------------------

create function auxeira.report_of_deals(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with deals as (
    select i.amount, i.valuation, i.equity_percentage as equity, i.status,
      (select sum(f.amount) from auxeira.investment_cash_flows f where f.org_id = i.org_id
         and f.investment_id = i.investment_id and f.session_id = session and f.flow_type = 'contribution') as paid,
      (select k.fair_value from auxeira.investment_marks k where k.org_id = i.org_id and k.investment_id = i.investment_id
         and k.session_id = session and k.as_of = i.investment_date and k.method = 'cost') as at_cost,
      sum(i.equity_percentage) over (partition by i.startup_id, i.investment_date) as sold
    from auxeira.session_organizations(session) o
      join auxeira.investments i on i.org_id = o.org_id and i.session_id = session and i.status <> 'pipeline'
  )
  select (auxeira.finding(f.property, 'investments', count(*) filter (where not coalesce(f.holds, false)), 0, 0,
            format('of %s, those %s', count(*), f.detail))).*
  from deals d
    cross join lateral (values
      ('R14 paid in', d.paid = d.amount, 'of another amount than was paid in'),
      ('R14 cost', d.at_cost = d.amount, 'that were marked at another value than their cost at first'),
      ('R14 equity', d.equity = round(100 * d.amount / nullif(d.valuation, 0), 4),
       'with another share than amount over valuation'),
      ('R14 shares', d.sold <= 100, 'of rounds in which more than all of a company was sold')) f (property, holds, detail)
  group by f.property, f.detail;
end;
comment on function auxeira.report_of_deals(uuid) is 'That amounts, payments, first marks and shares of investments agree.';

create function auxeira.report_of_support(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  with involved as materialized (
    select o.org_id from auxeira.session_organizations(session) o where o.kind in ('corporate', 'government')
  ), checks as (
    select 'R14 grants' as property, 'grants' as subject, g.disbursed = auxeira.disbursed_by(g.amount, g.awarded_on,
        least(o.closed_on, (p.as_of at time zone 'UTC')::date)) as holds, 'of which another part is paid than is due' as detail
    from involved join auxeira.grants g using (org_id)
      join auxeira.organizations o on o.org_id = g.startup_id
      cross join lateral (
        select (auxeira.typed_parameters(s.parameters) ->> 'as_of')::timestamptz as as_of from auxeira.report_session(session) s) p
    where g.session_id = session
    union all
    select 'R14 partnerships', 'partnerships', p.start_date <= p.end_date and p.renewal_date between p.start_date and p.end_date
      and (p.terms ->> 'appliedOn')::date <= p.start_date, 'with days that are not in their order'
    from involved join auxeira.partnerships p using (org_id) where p.session_id = session
    union all
    select 'R14 benefits', 'benefits', (b.redeemed_at at time zone 'UTC')::date between p.start_date and p.end_date
      and greatest(b.partner_cost, b.startup_saving) <= b.list_value, 'out of their partnership, or that cost or save too much'
    from involved join auxeira.benefit_redemptions b using (org_id)
      join auxeira.partnerships p using (org_id, partnership_id)
    where b.session_id = session
  )
  select (auxeira.finding(c.property, c.subject, count(*) filter (where not coalesce(c.holds, false)), 0, 0,
            format('of %s, those %s', count(*), c.detail))).*
  from checks c group by c.property, c.subject, c.detail;
end;
comment on function auxeira.report_of_support(uuid) is 'That grants are paid as due, and that partnerships and benefits have their order.';

-- --- Within the time that was asked for -----------------------------------------------------------------------------

create function auxeira.report_own_days(session uuid) returns table (what text, first_day date) language sql stable
begin atomic
  with orgs as materialized (
    select o.org_id from auxeira.session_organizations(session) o where o.kind = 'startup'
  ), times as (
    select 'scores' as what, f.created_at as at from orgs join auxeira.sse_scores f using (org_id) where f.session_id = session
    union all
    select 'actions', f.completed_at from orgs join auxeira.actions f using (org_id) where f.session_id = session
    union all
    select 'integration data', f.data_timestamp from orgs join auxeira.integration_data f using (org_id)
    where f.session_id = session
  )
  select t.what, (t.at at time zone 'UTC')::date from times t;
end;
comment on function auxeira.report_own_days(uuid) is 'The days of the scores, actions and integration data of a session.';

create function auxeira.report_of_time_asked(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  select (auxeira.finding('R3 future', e.what, count(*) filter (where e.first_day > p.last_day), 0, 0,
            format('of %s dates, those after as_of', count(*)))).*
  from auxeira.report_own_days(session) e
    cross join lateral (
      select (((auxeira.typed_parameters(s.parameters) ->> 'as_of')::timestamptz) at time zone 'UTC')::date as last_day
      from auxeira.report_session(session) s) p
  where p.last_day is not null
  group by e.what;
end;
comment on function auxeira.report_of_time_asked(uuid) is 'That nothing a startup generated of itself lies in the future.';

create function auxeira.report_of_facts(session uuid) returns setof auxeira.synthetic_finding language sql stable
begin atomic
  select * from auxeira.report_of_rows(session)
  union all select * from auxeira.report_of_scores(session)
  union all select * from auxeira.report_of_actions(session)
  union all select * from auxeira.report_of_deals(session)
  union all select * from auxeira.report_of_support(session)
  union all select * from auxeira.report_of_time_asked(session);
end;
comment on function auxeira.report_of_facts(uuid) is
  'Of the rows of a session: that all are there, and what scores, actions and investments say.';

reset role;
