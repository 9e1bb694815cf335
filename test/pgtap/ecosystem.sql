-- Synthetic ecosystems: what refers to what adds up, from the rows alone; the same seed gives the same rows; whatever is
-- made can be taken away, and nothing else is. Who may have them made: ecosystem_calls.sql.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
\ir support/synthetic_digest.sql
\ir support/synthetic.sql
select plan(60);

-- --- Internal rate of return ------------------------------------------------------------------------------------

\set vectors `cat test/vectors/xirr.json`
select is(
  (select auxeira.xirr(array_agg((f ->> 0)::date order by n), array_agg((f ->> 1)::numeric order by n))
   from jsonb_array_elements(v -> 'flows') with ordinality t (f, n)),
  (v ->> 'irr')::numeric, 'xirr of ' || jsonb_array_length(v -> 'flows') || ' flows is that of spreadsheets')
from jsonb_array_elements(:'vectors'::jsonb -> 'irr') v where v -> 'irr' <> 'null';
select is(auxeira.xirr('{2020-01-01, 2025-01-01}', '{-50000, 0}'), null, 'nothing came back: no rate');
select is(auxeira.xirr('{2020-01-01, 2021-01-01}', '{50000, 10}'), null, 'nothing was paid: no rate');

-- --- An ecosystem -----------------------------------------------------------------------------------------------

-- Real rows, before.
create function test.real_rows() returns text language plpgsql as $$
declare
  name text;
  digest text;
  digests text := '';
begin
  for name in
    select c.table_name from information_schema.tables c
    where c.table_schema = 'auxeira' and c.table_type = 'BASE TABLE'
      and c.table_name not in ('synthetic_data_sessions', 'synthetic_members', 'synthetic_claims', 'synthesis_turns', 'writing_turns',
                               'change_marks', 'event_outbox', 'live_events')
      and c.table_name !~ '^ledger_'
    order by 1
  loop
    execute format('select md5(string_agg(t::text, '';'' order by t::text)) from auxeira.%I t
                    where coalesce((to_jsonb(t) ->> ''is_synthetic'')::boolean, false) = false', name) into digest;
    digests := digests || format('%s %s', name, digest) || e'\n';
  end loop;
  return digests;
end
$$;
-- Somebody real, with rows of every kind that the synthetic ones lie beside.
select test.call('ann', 'calculate_sse', jsonb_build_object('startupId', test.org_of('ann'), 'responses',
  '{"team": {"a": 0.5}}'::jsonb)) \g /dev/null
select test.call('ann', 'complete_action', '{"actionType": "pivot", "domain": "x"}') \g /dev/null
select test.call('ann', 'create_metrics', '{"metrics": [{"dashboard_type": "startup_founder",
  "metric_timestamp": "2026-01-01T00:00:00Z", "metrics": {"revenue": 1}}]}') \g /dev/null
select test.call('ivy', 'create_investment', jsonb_build_object('startupId', test.org_of('ann'), 'investmentType', 'equity'))
\g /dev/null
create table test.before as select test.real_rows() as digest;

create table test.made as
select * from auxeira.synthesize_ecosystem(24, 1000, 7, '2026-03-10T00:00:00Z',
  around => array[test.org_of('ann'), test.org_of('ivy')]);
create function test.session() returns uuid language sql stable return (select session_id from test.made);
select results_eq('select m.kind::text, count(*)::integer, bool_and(o.is_synthetic <> m.is_real)
                   from auxeira.synthetic_members m join auxeira.organizations o using (org_id) group by 1 order by 1',
  $$ values ('angel_investor', 1, true), ('corporate', 1, true), ('esg_fund', 1, true), ('government', 1, true),
            ('impact_fund', 1, true), ('startup', 18, true), ('venture_capital', 1, true) $$,
  'as many organizations as asked for, of every kind; those that there were take part');
select is((select sum(value::bigint) from test.made, jsonb_each_text(rows)), (select generated::numeric from test.made),
          'what was generated is told');
select ok((select bool_and(rows ? name) from test.made, unnest(auxeira.synthetic_tables()) name), 'rows in every table');
select is((select count(*) from auxeira.synthetic_data_sessions s join test.made m using (session_id)
           where s.status = 'completed' and s.generation_count = m.generated and s.parameters = m.parameters), 1::bigint,
          'and a session that has all that makes it again');

-- What the statement lists breaks a rule; there must be rows it could list.
create function test.holds(rule text, rows_looked_at bigint, breaches text) returns text language plpgsql as $$
begin
  return is_empty(breaches, rule) || case when rows_looked_at > 0 then '' else e'\n' || fail(rule || ': there is nothing to look at') end;
end
$$;

-- --- Companies --------------------------------------------------------------------------------------------------

create view test.months as
select h.org_id, h.month, h.employees, h.hires, h.leavers, c.opening, c.operating_inflow, c.operating_outflow, c.financing,
  c.closing, d.metric_value as f, d.metric_timestamp as at, lag(h.month) over w as month_before,
  lag(h.employees) over w as employees_before, lag(c.closing) over w as closing_before,
  lag((d.metric_value ->> 'mrr')::numeric) over w as mrr_before, lag((d.metric_value ->> 'customers')::integer) over w as customers_before,
  (select sum(case when v.movement in ('contraction', 'churn') then -v.amount else v.amount end)
   from auxeira.mrr_movements v where v.org_id = h.org_id and v.month = h.month) as movement,
  (select sum(case v.movement when 'churn' then -v.customers when 'new' then v.customers else 0 end)
   from auxeira.mrr_movements v where v.org_id = h.org_id and v.month = h.month) as customers_moved
from auxeira.headcounts h
  left join auxeira.cash_positions c using (org_id, month)
  left join auxeira.dashboard_metrics d on d.org_id = h.org_id and d.dashboard_type = 'startup_founder'
    and d.aggregation_period = 'month' and date_trunc('month', d.metric_timestamp)::date = h.month
where h.session_id = test.session()
window w as (partition by h.org_id order by h.month);

select test.holds(rule, (select count(*) from test.months), format('select org_id, month from test.months where not (%s)', holds))
from (values
  ('every month follows the one before', 'month_before is null or month = month_before + interval ''1 month'''),
  ('people: those before, hires, leavers', 'employees_before is null or employees = employees_before + hires - leavers'),
  ('cash opens with what it closed with', 'closing_before is null or opening = closing_before'),
  ('MRR movements are the change of MRR', 'mrr_before is null or (f ->> ''mrr'')::numeric = mrr_before + movement'),
  ('customers are those before, new ones and lost ones',
   'customers_before is null or (f ->> ''customers'')::integer = customers_before + customers_moved'),
  ('ARR is twelve times MRR', '(f ->> ''arr'')::numeric = 12 * (f ->> ''mrr'')::numeric'),
  ('MRR is customers times ARPA', 'not f ? ''arpa'' or (f ->> ''mrr'')::numeric = (f ->> ''customers'')::numeric * (f ->> ''arpa'')::numeric'),
  ('the dashboard has the people and the cash of the books',
   '(f ->> ''team_size'')::integer = employees and (f ->> ''hires'')::integer = hires and (f ->> ''cash'')::numeric = closing
    and (f ->> ''net_burn'')::numeric = operating_outflow - operating_inflow')) r (rule, holds);
select test.holds('a company that closed has no figures afterwards', (select count(*) from auxeira.organizations where closed_on is not null),
  $$ select m.org_id from test.months m join auxeira.organizations o using (org_id) where m.month > o.closed_on $$);
select test.holds('nor was it without cash', (select count(*) from test.months), 'select * from test.months where closing < 0');

select test.holds('tokens, interviews and the actions of the week are those of the actions', (select count(*) from auxeira.actions), $$
  select d.org_id, d.metric_timestamp, d.metric_value
  from auxeira.dashboard_metrics d
    cross join lateral (
      select count(*) filter (where a.action_type like '%interview') as interviews, coalesce(sum(a.actual_tokens), 0) as tokens,
        count(*) filter (where a.completed_at >= d.metric_timestamp - interval '7 days') as week
      from auxeira.actions a
      where a.org_id = d.org_id and a.session_id = d.session_id and a.completed_at <= d.metric_timestamp) a
  where d.session_id = test.session() and d.dashboard_type = 'startup_founder'
    and (d.metric_value ->> 'interviews_completed', d.metric_value ->> 'tokens_earned', d.metric_value ->> 'actions_this_week')
      is distinct from (a.interviews::text, a.tokens::text, a.week::text) $$);
select test.holds('a streak is of days that follow one another', (select count(*) from auxeira.actions), $$
  select d.org_id, d.metric_timestamp
  from auxeira.dashboard_metrics d
    cross join lateral (select (d.metric_timestamp at time zone 'UTC')::date as day, (d.metric_value ->> 'streak_days')::integer as streak) s
  where d.session_id = test.session() and d.dashboard_type = 'startup_founder' and s.streak > 0
    and s.streak not in (
      (select count(distinct a.completed_at::date) from auxeira.actions a
       where a.org_id = d.org_id and a.session_id = d.session_id and a.completed_at <= d.metric_timestamp
         and a.completed_at::date > s.day - s.streak),
      (select count(distinct a.completed_at::date) from auxeira.actions a
       where a.org_id = d.org_id and a.session_id = d.session_id and a.completed_at <= d.metric_timestamp
         and a.completed_at::date > s.day - s.streak - 1)) $$);
select test.holds('scores are those of the dashboards, with answers that give them', (select count(*) from auxeira.sse_scores where is_synthetic), $$
  select s.org_id, s.version from auxeira.sse_scores s join auxeira.sse_answers a using (org_id, score_id)
    join auxeira.dashboard_metrics d on d.org_id = s.org_id and d.metric_timestamp = s.created_at and d.session_id = s.session_id
  where s.session_id = test.session()
    and (round(s.raw_score::numeric, 2) <> (d.metric_value ->> 'sse_score')::numeric
         or s.total_score <> auxeira.sse_total(a.responses, 'unit', 'reweight')) $$);
select is((select count(*) from auxeira.sse_scores s where s.is_synthetic and not exists (
             select from auxeira.dashboard_metrics d where d.org_id = s.org_id and d.metric_timestamp = s.created_at)), 0::bigint,
          'and there is no other');

-- --- Deals ------------------------------------------------------------------------------------------------------

select test.holds('cheques are parts of what the company raised in the month', (select count(*) from auxeira.investments where amount > 0 and is_synthetic), $$
  select c.startup_id, c.month from (
    select i.startup_id, date_trunc('month', i.investment_date)::date as month, sum(i.amount) as paid
    from auxeira.investments i where i.session_id = test.session() and i.status <> 'pipeline' group by 1, 2) c
    left join auxeira.cash_positions p on p.org_id = c.startup_id and p.month = c.month
  where c.paid > coalesce(p.financing, 0) $$);
select test.holds('an investment was paid once, and ended where it did', (select count(*) from auxeira.investments where is_synthetic), $$
  select i.org_id, i.investment_id
  from auxeira.investments i join auxeira.organizations o on o.org_id = i.startup_id
    left join auxeira.investment_cash_flows c on c.org_id = i.org_id and c.investment_id = i.investment_id and c.flow_type = 'contribution'
    left join auxeira.investment_cash_flows d on d.org_id = i.org_id and d.investment_id = i.investment_id and d.flow_type = 'distribution'
    left join auxeira.investment_marks m on m.org_id = i.org_id and m.investment_id = i.investment_id and m.method = 'exit'
  where i.session_id = test.session()
    and case i.status
      when 'pipeline' then c.flow_id is not null or i.amount is not null or i.investment_date is not null
      when 'active' then m.as_of is not null or d.flow_id is not null or o.closed_on is not null
      when 'exited' then m.as_of is distinct from d.flow_date or m.fair_value <> 0 or d.amount is null or m.as_of > o.closed_on
      else m.as_of is null or m.as_of > o.closed_on or d.flow_id is not null end
    or i.session_id = test.session() and i.status <> 'pipeline'
      and (c.amount, c.flow_date) is distinct from (i.amount, i.investment_date) $$);
select test.holds('benefits are taken up while a partnership lasts', (select count(*) from auxeira.benefit_redemptions), $$
  select r.redemption_id from auxeira.benefit_redemptions r join auxeira.partnerships p using (org_id, partnership_id)
  where r.redeemed_at::date not between p.start_date and p.end_date or r.redeemed_at > '2026-03-10' $$);
select test.holds('grants go to companies that there are, and count from the people they had', (select count(*) from auxeira.grants), $$
  select g.grant_id from auxeira.grants g join auxeira.organizations o on o.org_id = g.startup_id
    left join auxeira.headcounts h on h.org_id = g.startup_id and h.month = date_trunc('month', g.awarded_on)::date
  where g.jobs_baseline is distinct from h.employees or g.awarded_on >= o.closed_on or g.awarded_on > '2026-03-10' $$);
select test.holds('whoever deals with a company has a relationship with it', (select count(*) from auxeira.relationships where is_synthetic), $$
  select k.org_id, k.startup_id, k.kind from (
    select org_id, startup_id, 'investor' from auxeira.investments where session_id = test.session() and status <> 'pipeline'
    union select org_id, startup_id, 'partner' from auxeira.partnerships where session_id = test.session()
    union select org_id, startup_id, 'grantor' from auxeira.grants where session_id = test.session()) k (org_id, startup_id, kind)
  where not exists (select from auxeira.relationships r where r.org_id = k.org_id and r.startup_id = k.startup_id
                      and r.kind = k.kind and r.status = 'accepted' and r.scopes @> '{scores, metrics}')
    and not (k.org_id = test.org_of('ivy') and k.startup_id = test.org_of('ann')) $$);
select is((select array_agg(r.status) from auxeira.relationships r where r.org_id = test.org_of('ivy') and r.startup_id = test.org_of('ann')),
          '{proposed}', 'a real company opens itself to a real investor by consent alone');

-- Every day in every row of an organization or of a startup it deals with. Rows are made (created_at) at any time, except that
-- scores and relationships are made when they begin.
create function test.dated() returns table (name text, org_id uuid, day date) language plpgsql as $$
declare
  dated record;
begin
  for dated in
    select c.table_name as tab, c.column_name as col, who.column_name as who
    from information_schema.columns c join information_schema.columns who using (table_schema, table_name)
    where c.table_schema = 'auxeira' and c.table_name = any (auxeira.synthetic_tables()) and who.column_name in ('org_id', 'startup_id')
      and (c.data_type = 'date' or c.data_type like 'timestamp%') and c.column_name <> 'updated_at'
      and (c.column_name <> 'created_at' or c.table_name in ('sse_scores', 'relationships')) and (c.table_name, c.column_name) <> ('programs', 'ends_on')
  loop
    return query execute format('select %L, %I, (%I%s)::date from auxeira.%I where is_synthetic and %3$I is not null',
      format('%s.%s of %s', dated.tab, dated.col, dated.who), dated.who, dated.col,
      case when dated.col = 'month' then ' + interval ''1 month'' - interval ''1 day''' else '' end, dated.tab);
  end loop;
  return query select 'appliedOn', p.startup_id, (p.terms ->> 'appliedOn')::date from auxeira.partnerships p;
end
$$;
create table test.days as select d.*, o.founded_on, o.closed_on, o.org_type from test.dated() d join auxeira.organizations o using (org_id);
select test.holds('nothing happens before an organization is founded', (select count(distinct name) - 30 from test.days where founded_on is not null), $$
  select name, min(day - founded_on) from test.days where day < founded_on group by name $$);
select test.holds('nothing happens after it closed, but in the month of it', (select count(distinct name) - 10 from test.days where closed_on is not null), $$
  select name, max(day - closed_on) from test.days
  where day > case when name like '%.month of%' then (date_trunc('month', closed_on) + interval '1 month')::date else closed_on end group by name $$);

-- --- Dashboards: every total again, from the rows of the children ---------------------------------------------------

create view test.points as
select d.org_id, m.kind::text, d.metric_timestamp as at, (d.metric_timestamp at time zone 'UTC')::date as day, d.metric_value as f
from auxeira.dashboard_metrics d join auxeira.synthetic_members m on m.org_id = d.org_id and m.session_id = d.session_id
where d.session_id = test.session() and m.kind <> 'startup';

-- A company as of a point: the latest month's end up to it.
create function test.company(startup uuid, point timestamptz) returns jsonb language sql stable as $$
  select d.metric_value from auxeira.dashboard_metrics d
  where d.org_id = startup and d.session_id = test.session() and d.dashboard_type = 'startup_founder'
    and d.aggregation_period = 'month' and d.metric_timestamp <= point
  order by d.metric_timestamp desc limit 1
$$;
create function test.company_before(startup uuid, point timestamptz) returns jsonb language sql stable as $$
  select d.metric_value from auxeira.dashboard_metrics d
  where d.org_id = startup and d.session_id = test.session() and d.dashboard_type = 'startup_founder'
    and d.aggregation_period = 'month'
    and date_trunc('month', d.metric_timestamp) = (
      select date_trunc('month', max(e.metric_timestamp)) - interval '1 year' from auxeira.dashboard_metrics e
      where e.org_id = startup and e.session_id = test.session() and e.dashboard_type = 'startup_founder'
        and e.aggregation_period = 'month' and e.metric_timestamp <= point)
$$;
-- What was known of it in the morning of the first deal; of what was founded in that month, what came first.
create function test.company_first(investor uuid, startup uuid) returns jsonb language sql stable as $$
  select d.metric_value
  from (select min(i.investment_date)::timestamptz as deal from auxeira.investments i
        where i.org_id = investor and i.startup_id = startup and i.session_id = test.session()) i
    join auxeira.dashboard_metrics d on d.org_id = startup and d.session_id = test.session() and d.aggregation_period = 'month'
  order by d.metric_timestamp < i.deal desc, abs(extract(epoch from d.metric_timestamp - i.deal)) limit 1
$$;

create table test.deals as
select p.org_id, p.kind, p.at, p.day, i.startup_id, i.investment_id, i.investment_date, i.terms,
  -- Of each round since, in parts like this one at its price, others hold so many more.
  (select 1 / (100 / i.equity_percentage + coalesce(sum(c.financing / k.fair_value), 0)) from auxeira.investment_marks k
     join auxeira.cash_positions c on c.org_id = i.startup_id and c.session_id = test.session() and c.month <= k.as_of and c.month > k.as_of - interval '1 month'
   where k.org_id = p.org_id and k.investment_id = i.investment_id and k.method = 'round' and k.as_of <= p.day) as part,
  (select sum(c.amount) from auxeira.investment_cash_flows c where c.org_id = p.org_id and c.investment_id = i.investment_id
     and c.flow_type = 'contribution' and c.flow_date <= p.day) as paid,
  (select coalesce(sum(c.amount), 0) from auxeira.investment_cash_flows c where c.org_id = p.org_id
     and c.investment_id = i.investment_id and c.flow_type = 'distribution' and c.flow_date <= p.day) as received,
  (select k.fair_value from auxeira.investment_marks k where k.org_id = p.org_id and k.investment_id = i.investment_id
     and k.as_of <= p.day order by k.as_of desc limit 1) as fair_value,
  (select k.as_of from auxeira.investment_marks k where k.org_id = p.org_id and k.investment_id = i.investment_id
     and k.as_of <= p.day and k.method = 'exit') as ended_on
from test.points p join auxeira.investments i on i.org_id = p.org_id and i.session_id = test.session()
  and i.investment_date <= p.day and i.status <> 'pipeline';

create table test.holdings as
select d.org_id, d.kind, d.at, d.day, d.startup_id, bool_or(d.ended_on is null) as is_held, sum(d.paid) as paid,
  sum(d.fair_value) as fair_value, sum(d.part) filter (where d.ended_on is null) as part,
  test.company(d.startup_id, d.at) as f, test.company_before(d.startup_id, d.at) as before,
  test.company_first(d.org_id, d.startup_id) as first
from test.deals d group by d.org_id, d.kind, d.at, d.day, d.startup_id;

create function test.number(f jsonb, name text) returns numeric language sql immutable return (f ->> name)::numeric;

create function test.bounded(ratio numeric) returns numeric language sql immutable
  return case when ratio is not null then least(greatest(ratio, 0), 1) end;

-- What figures ought to be, as {name: figure}; those that cannot be worked out are not there.
create function test.portfolio(investor uuid, point timestamptz, today date) returns jsonb language sql stable as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'paid_in', sum(paid), 'distributed', sum(received), 'nav', sum(fair_value), 'dpi', round(sum(received) / sum(paid), 4),
    'rvpi', round(sum(fair_value) / sum(paid), 4), 'tvpi', round(sum(received) / sum(paid), 4) + round(sum(fair_value) / sum(paid), 4),
    'moic', round(sum(received) / sum(paid), 4) + round(sum(fair_value) / sum(paid), 4),
    'loss_ratio', round((select coalesce(sum(paid), 0) from test.deals l where l.org_id = investor and l.at = point
                         and l.received + l.fair_value < l.paid) / sum(paid), 4),
    'top1_share', (select round(max(h.fair_value) / nullif(sum(h.fair_value), 0), 4) from test.holdings h
                   where h.org_id = investor and h.at = point)))
  from test.deals d where d.org_id = investor and d.at = point
$$;
create function test.venture_capital(investor uuid, point timestamptz, today date) returns jsonb language sql stable as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'portfolio_size', count(*) filter (where is_held), 'total_aum', round(sum(paid)), 'portfolio_valuation', round(sum(fair_value)),
    'avg_sse_score', round(avg(test.number(f, 'sse_score')) filter (where is_held), 2),
    'high_performers', count(*) filter (where is_held and test.number(f, 'sse_score') >= 75),
    'at_risk_companies', count(*) filter (where is_held and (test.number(f, 'sse_score') < 50
      or test.number(f, 'sse_score') < 75 and test.number(f, 'runway_months') < 6)),
    'exits_ytd', (select count(*) from test.deals d where d.org_id = investor and d.at = point and d.received > 0
                  and extract(year from d.ended_on) = extract(year from today)),
    'new_investments', (select count(*) from test.deals d where d.org_id = investor and d.at = point and d.investment_date > today - 30),
    'active_deals', (select count(*) from auxeira.investments i where i.org_id = investor and i.session_id = test.session()
                     and i.due_diligence_start <= today and (i.due_diligence_end is null or i.due_diligence_end > today)),
    'deal_flow_monthly', (select count(*) from auxeira.investments i where i.org_id = investor and i.session_id = test.session()
                          and i.due_diligence_start > today - 30 and i.due_diligence_start <= today)))
  from test.holdings h where h.org_id = investor and h.at = point
$$;
create function test.angel_investor(investor uuid, point timestamptz, today date) returns jsonb language sql stable as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'investments_count', count(*), 'total_invested', round(sum(paid)), 'active_investments', count(*) filter (where ended_on is null),
    'exits', count(*) filter (where ended_on is not null and received > 0), 'check_size_avg', round(sum(paid) / count(*)),
    'due_diligence_active', (select count(*) from auxeira.investments i where i.org_id = investor and i.session_id = test.session()
                     and i.due_diligence_start <= today and (i.due_diligence_end is null or i.due_diligence_end > today)),
    'syndicate_deals', count(*) filter (where ended_on is null and (terms ->> 'syndicate')::boolean),
    'follow_on_opportunities', count(*) filter (where ended_on is null and (terms ->> 'proRata')::boolean
       and test.number(test.company(startup_id, point), 'runway_months') < 9)))
  from test.deals d where d.org_id = investor and d.at = point
$$;
create function test.esg_fund(investor uuid, point timestamptz, today date) returns jsonb language sql stable as $$
  with h as (
    select * from test.holdings where org_id = investor and at = point and is_held
  ), e as (
    select *, test.number(f, 'scope1_tco2e') + test.number(f, 'scope2_tco2e') as now,
      test.number(first, 'scope1_tco2e') + test.number(first, 'scope2_tco2e') as at_first from h
  ), y as (
    select avg(test.number(f, 'environmental_score') + test.number(f, 'social_score') + test.number(f, 'governance_score'))
      / nullif(avg(test.number(before, 'environmental_score') + test.number(before, 'social_score') + test.number(before, 'governance_score')), 0)
      - 1 as change from h where before is not null
  ), means as (
    select round(avg(test.number(f, 'environmental_score')), 2) as e, round(avg(test.number(f, 'social_score')), 2) as s,
      round(avg(test.number(f, 'governance_score')), 2) as g from h
  ), rates as (
    select (select sum(now) / nullif(sum(test.number(f, 'team_size')), 0) from e where now is not null) as now,
      (select sum(at_first) / nullif(sum(test.number(first, 'team_size')), 0) from e where at_first is not null) as at_first
  )
  select jsonb_strip_nulls(jsonb_build_object(
    'environmental_score', e, 'social_impact_score', s, 'governance_score', g, 'esg_score_avg', round((e + s + g) / 3, 2),
    'sustainable_investments', (select count(*) from test.deals d where d.org_id = investor and d.at = point and d.ended_on is null),
    'impact_measurement', (select round(count(now)::numeric / count(*), 4) from e),
    'certification_rate', (select round(count(*) filter (where test.number(f, 'governance_score') >= 60)::numeric / count(*), 4) from h),
    'financed_emissions', (select round(sum(now * part), 2) from e),
    'carbon_reduction', test.bounded(round(1 - round(rates.now, 12) / nullif(round(rates.at_first, 12), 0), 4)),
    'sustainability_trend', test.bounded(round(y.change, 4))))
  from means, y, rates
$$;
create function test.impact_fund(investor uuid, point timestamptz, today date) returns jsonb language sql stable as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'lives_impacted', sum(test.number(f, 'lives_reached')),
    'beneficiaries', coalesce(sum(test.number(f, 'beneficiaries')) filter (where is_held), 0),
    'impact_investments', (select count(*) from test.deals d where d.org_id = investor and d.at = point and d.ended_on is null),
    'impact_score', round(avg(test.number(f, 'social_score')) filter (where is_held), 2),
    'sdg_alignment', round(coalesce(sum(paid) filter (where is_held and test.number(f, 'social_score') >= 50), 0) / sum(paid) filter (where is_held), 4),
    'community_development', round(count(*) filter (where is_held and test.number(f, 'team_size') >= test.number(first, 'team_size'))::numeric
                                   / nullif(count(f) filter (where is_held), 0), 4),
    'outcome_achievement', round(avg(test.bounded(test.number(f, 'lives_reached') / nullif(2 * test.number(first, 'lives_reached'), 0))), 4),
    'social_progress', test.bounded(round(sum(test.number(f, 'lives_reached')) filter (where before is not null)
      / nullif(sum(test.number(before, 'lives_reached')) filter (where before is not null), 0) - 1, 4)),
    'social_roi', round(sum(test.number(f, 'lives_reached') - test.number(first, 'lives_reached'))
      * (select (auxeira.assumption('sroi_value_per_person')).value * (1 - (auxeira.assumption('sroi_deadweight')).value)
                * (1 - (auxeira.assumption('sroi_displacement')).value) * (auxeira.assumption('sroi_attribution')).value)
      / sum(paid), 2)))
  from test.holdings h where h.org_id = investor and h.at = point
$$;
create function test.corporate(partner uuid, point timestamptz, today date) returns jsonb language sql stable as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'active_partnerships', count(*) filter (where end_date > today), 'startups_engaged', count(distinct startup_id) filter (where end_date > today - 90),
    'pilot_programs', count(*) filter (where end_date > today and partnership_type = 'pilot'),
    'innovation_projects', count(*) filter (where end_date > today and partnership_type = 'joint_development'),
    'new_applications', (select count(*) from auxeira.partnerships a where a.org_id = partner and a.session_id = test.session()
                         and (a.terms ->> 'appliedOn')::date between today - 29 and today)))
    || (select jsonb_strip_nulls(jsonb_build_object(
          'benefits_redeemed', count(*), 'partnership_value', coalesce(sum(list_value), 0), 'partner_cost', coalesce(sum(partner_cost), 0),
          'roi_partnerships', round(sum(startup_saving) / nullif(sum(partner_cost), 0), 2),
          'cost_savings', coalesce(sum(startup_saving) filter (where redeemed_at > point - interval '1 year'), 0)))
        from auxeira.benefit_redemptions r where r.org_id = partner and r.session_id = test.session() and r.redeemed_at <= point)
  from auxeira.partnerships p where p.org_id = partner and p.session_id = test.session() and p.start_date <= today
$$;
create function test.government(government uuid, point timestamptz, today date) returns jsonb language sql stable as $$
  with wards as (
    select r.startup_id, o.closed_on is null or o.closed_on > today as is_alive, test.company(r.startup_id, point) as f,
      test.company_before(r.startup_id, point) as before, g.awarded_on, g.jobs_baseline as baseline,
      (select coalesce(sum(h.hires), 0) from auxeira.headcounts h where h.org_id = r.startup_id and h.session_id = test.session()
         and h.month > date_trunc('month', g.awarded_on)::date
         and auxeira.month_end(h.month, '2026-03-10') <= point) as hired
    from auxeira.relationships r join auxeira.organizations o on o.org_id = r.startup_id
      left join lateral (select * from auxeira.grants g where g.org_id = government and g.startup_id = r.startup_id
                           and g.session_id = test.session() and g.awarded_on <= today order by g.awarded_on, g.grant_id limit 1) g on true
    where r.org_id = government and r.kind = 'grantor' and r.session_id = test.session()
  ), begun as (select * from wards where f is not null
  ), totals as (
    select count(*) filter (where is_alive) as alive, count(*) as begun, coalesce(sum(hired) filter (where awarded_on is not null), 0) as hired,
      coalesce(sum(greatest(test.number(f, 'team_size') - baseline, 0)) filter (where is_alive), 0) as net,
      round(sum(case when is_alive then test.number(f, 'team_size') else 0 end) filter (where before is not null)
            / nullif(sum(test.number(before, 'team_size')), 0) - 1, 4) as growth
    from begun
  ), awards as (
    select count(*) as grants, coalesce(sum(amount), 0) as awarded,
      -- A quarter at once and after every 91 days, up to the end of the company.
      coalesce(sum(round(amount / 4 * (select count(*) from generate_series(0, 3) n
                                       where g.awarded_on + 91 * n <= least(o.closed_on, today)), 2)), 0) as disbursed
    from auxeira.grants g join auxeira.organizations o on o.org_id = g.startup_id
    where g.org_id = government and g.session_id = test.session() and awarded_on <= today)
  select jsonb_strip_nulls(jsonb_build_object(
    'startups_monitored', t.alive, 'startup_survival_rate', round(t.alive::numeric / t.begun, 4), 'jobs_created', t.hired, 'net_jobs_created', t.net,
    'jobs_supported', (select coalesce(sum(test.number(f, 'team_size')), 0) from begun where is_alive),
    'innovation_index', (select round(avg(test.number(f, 'sse_score')), 2) from begun where is_alive),
    'economic_impact', (select round(12 * coalesce(sum(test.number(f, 'revenue')), 0)) from begun where is_alive and awarded_on is not null),
    'compliance_rate', (select round(count(*) filter (where is_alive and test.number(f, 'team_size') >= baseline)::numeric / nullif(count(*), 0), 4)
                        from begun where awarded_on is not null),
    'regional_growth', case when t.growth between 0 and 1 then t.growth end, 'jobs_growth_1y', t.growth,
    'grants_distributed', a.grants, 'grants_awarded', a.awarded, 'grants_disbursed', a.disbursed,
    'cost_per_job', round(nullif(a.disbursed, 0) / nullif(t.hired, 0), 2),
    'jobs_per_million', round(t.hired * 1000000 / nullif(a.disbursed, 0), 2),
    'policy_effectiveness', least(1, round(t.net / (select sum(jobs_target) from auxeira.programs where org_id = government and session_id = test.session()), 4))))
  from totals t, awards a
$$;

-- The figures that differ, of all points of a kind. Rates of return come below.
create function test.differences(of_kind text, common boolean) returns table (at timestamptz, figures jsonb, wanted jsonb) language plpgsql as $$
begin
  return query execute format('
    select p.at, p.f, w.wanted from test.points p
      cross join lateral (select test.%I(p.org_id, p.at, p.day) %s as wanted) w
    where p.kind = %L and p.f - ''{irr,portfolio_irr}''::text[] is distinct from w.wanted',
    of_kind, case when common then '|| test.portfolio(p.org_id, p.at, p.day)' else '' end, of_kind);
end
$$;
select test.holds(kind || ': every figure of every point is what its children make it', (select count(*) from test.points p where p.kind = k.kind),
                  format('select * from test.differences(%L, %L)', kind, common))
from (values ('venture_capital', true), ('angel_investor', true), ('esg_fund', true), ('impact_fund', true), ('corporate', false),
             ('government', false)) k (kind, common);
select test.holds('every figure of the catalogue that can be worked out is there, within its bounds and decimals', (select count(*) from test.points), $$
  select p.at, p.kind, c.metric_name, p.f -> c.metric_name
  from (select p.*, auxeira.user_type_of(p.kind::auxeira.organization_type)::text as user_type from test.points p) p
    join auxeira.synthetic_catalogue() c using (user_type)
  where not p.f ? c.metric_name and c.metric_name not in ('portfolio_irr', 'roi_partnerships', 'compliance_rate', 'regional_growth',
      'sustainability_trend', 'social_progress', 'carbon_reduction', 'outcome_achievement', 'social_roi', 'policy_effectiveness')
    or test.number(p.f, c.metric_name) not between coalesce(c.minimum, '-infinity') and coalesce(c.maximum, 'infinity')
    or scale(trim_scale(test.number(p.f, c.metric_name))) > c.decimals $$);
select is_empty($$
  select c.user_type, c.metric_name from auxeira.synthetic_catalogue() c
  where not exists (select from auxeira.dashboard_metrics d
                    where d.session_id = test.session() and d.dashboard_type::text = c.user_type and d.metric_value ? c.metric_name)
    -- Of less than a year there is no rate, and this angel is young: those of funds are enough.
    and (c.user_type, c.metric_name) <> ('angel_investor', 'portfolio_irr') $$,
  'and every metric of every dashboard is there some time');
select isnt_empty($$ select from test.points p where p.kind = 'venture_capital' and p.f ? 'irr' $$, 'and rates of return');

-- Present value at a rate, of what was paid, what came back, and what is held.
create function test.present_value(investor uuid, today date, nav numeric, rate numeric) returns double precision language sql stable as $$
  select sum(f.amount / power(1 + rate, (f.day - min_day) / 365.0))
  from (select f.*, min(f.day) over () as min_day from (
    select c.flow_date as day, (case c.flow_type when 'contribution' then -c.amount else c.amount end)::double precision as amount
    from auxeira.investment_cash_flows c where c.org_id = investor and c.session_id = test.session() and c.flow_date <= today
    union all select today, nav) f) f
$$;
select test.holds('rates of return make the present value nothing', (select count(*) from test.points where f ? 'irr'), $$
  select p.at, p.f -> 'irr' from test.points p
  where p.f ? 'irr' and test.number(p.f, 'irr') > -0.999
    and sign(test.present_value(p.org_id, p.day, test.number(p.f, 'nav'), test.number(p.f, 'irr') - 0.00006))
      * sign(test.present_value(p.org_id, p.day, test.number(p.f, 'nav'), test.number(p.f, 'irr') + 0.00006)) > 0
    or p.kind = 'angel_investor' and test.number(p.f, 'portfolio_irr') is distinct from case when p.f ? 'irr' then least(2, test.number(p.f, 'irr')) end $$);
select test.holds('cumulative figures never fall', (select count(*) from test.points), $$
  select * from (
    select p.org_id, p.at, v.key, v.value::numeric - lag(v.value::numeric) over (partition by p.org_id, v.key order by p.at) as step
    from test.points p, jsonb_each_text(p.f) v
    where v.key in ('paid_in', 'distributed', 'investments_count', 'total_invested', 'exits', 'benefits_redeemed', 'grants_distributed',
                    'jobs_created', 'lives_impacted')) s where step < 0 $$);

-- --- The same again, and nothing left ---------------------------------------------------------------------------------

create table test.first as select test.synthetic_digest() as digest;
select is(test.fault('select auxeira.synthesize_ecosystem(24, 1000, 7, ''2026-03-10'')'),
          format('ZA409 the ecosystem of this seed is there already | detail: Session %s generated it.'
          ' | hint: Take another seed, or remove that session first.', test.session()), 'the same a second time is refused');
select is(test.fault(format('select auxeira.synthesize_ecosystem(24, 1000, 8, ''2026-03-10'', around => array[%L]::uuid[])', test.org_of('ivy'))),
          format('ZA409 the organization takes part in a synthetic ecosystem already | detail: Session %s generated it for ivy.'
          ' | hint: Whoever generated that session, or an administrator, can remove it.', test.session()), 'nobody takes part in two');
select is(test.synthetic_digest(), (select digest from test.first), 'and nothing is written');
select is(test.real_rows(), (select digest from test.before), 'every row that was made is marked as such: without those all is as it was');
select is(auxeira.remove_synthetic(session => test.session()), (select rows from test.made), 'removing the session removes what it made');
select is(test.real_rows(), (select digest from test.before), 'no real row is touched');
select is(test.synthetic_rows(), 0::bigint, 'and nothing synthetic is left');
select is((select status from auxeira.synthetic_data_sessions where session_id = test.session()), 'cleaned_up', 'the session says so');
select is(auxeira.remove_synthetic(session => test.session()), '{}', 'there is nothing to remove again');

delete from auxeira.synthetic_data_sessions;
select ok((select s.rows = m.rows and s.session_id = m.session_id
           from test.made m, auxeira.synthesize_ecosystem(24, 1000, 7, '2026-03-10T00:00:00Z',
                                                          around => array[test.org_of('ann'), test.org_of('ivy')]) s),
          'the same seed makes as much again');
select is(test.synthetic_digest(), (select digest from test.first), 'the same rows, ids and all');
select is(auxeira.remove_synthetic(older_than => '1 hour'), '{}', 'nothing is older than an hour');
update auxeira.synthetic_data_sessions set created_at = now() - interval '2 hours';
select is(auxeira.remove_synthetic(older_than => '1 hour'), (select rows from test.made), 'by age');
select is(test.real_rows(), (select digest from test.before), 'no real row is touched');
delete from auxeira.synthetic_data_sessions;
create table test.other as select * from auxeira.synthesize_ecosystem(10, 400, 8, '2026-03-10T00:00:00Z');
select isnt(test.synthetic_digest(), (select digest from test.first), 'another seed makes other rows');
select is((select count(*) from auxeira.synthetic_members), 10::bigint, 'ten organizations are enough');
select is(auxeira.remove_synthetic(org => (select org_id from auxeira.synthetic_members where kind = 'government')),
          (select rows from test.other), 'by organization: what its sessions made, and itself');
select is(test.synthetic_rows(), 0::bigint, 'and nothing synthetic is left');

select * from finish();
rollback;
