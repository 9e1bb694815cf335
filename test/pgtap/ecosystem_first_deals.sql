-- What figures of funds compare with the first deal is what was known on its day: nothing has changed by then, over many seeds.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
set local client_min_messages = error;
set local timezone = 'UTC';
select plan(8);

-- Real funds have dashboards of every day. Two months of each ecosystem, so that first deals are among the days.
create table test.funds as
select seed, kind, md5(kind::text || seed)::uuid as org_id from generate_series(1, 60) seed, unnest('{esg_fund, impact_fund}'::auxeira.organization_type[]) kind;
insert into auxeira.organizations (org_id, name, org_type, founded_on) select org_id, 'Fund', kind, '2020-01-01' from test.funds;
create table test.made as
select seed, array_agg(org_id order by kind) as funds,
  row((array_agg(org_id))[1], gen_random_uuid(), seed, 'first deals', '2026-03-28', 2, 61, 0.2, null, 'impact', null)::auxeira.ecosystem_plan as plan
from test.funds group by seed;
select auxeira.build_facts(plan, '{"startup": 60}', funds) from test.made \g /dev/null

create table test.points as
select f.kind, f.org_id, d.metric_timestamp as at, d.metric_value as figures, d.aggregation_period, deal.first_day
from test.funds f
  join test.made m using (seed)
  join auxeira.dashboard_metrics d on d.org_id = f.org_id and d.session_id = (m.plan).session_id
  cross join lateral (select min(i.investment_date) as first_day from auxeira.investments i
                      where i.org_id = f.org_id and i.status <> 'pipeline') deal;
-- Days before the month of the first deal was over: its companies are as they were.
create view test.fresh as
select p.* from test.points p where p.aggregation_period = 'day' and date_trunc('month', p.at) = date_trunc('month', p.first_day::timestamptz);

select cmp_ok((select count(distinct org_id) from test.fresh where kind::text = name), '>=', 3::bigint, name || ': there are days after first deals')
from unnest('{esg_fund, impact_fund}'::text[]) name;
select is_empty($$ select at, figures from test.fresh where (figures ->> 'outcome_achievement')::numeric <> 0.5 $$, 'outcomes are half of the goal, which is twice as much');
select is_empty($$ select at, figures from test.fresh where (figures ->> 'community_development')::numeric <> 1 $$, 'no company has fewer people yet');
select is_empty($$ select at, figures from test.fresh where (figures ->> 'social_roi')::numeric <> 0 $$, 'nobody more is reached');
select is_empty($$ select at, figures from test.fresh where (figures ->> 'carbon_reduction')::numeric <> 0 $$, 'and no carbon is saved');
select is_empty($$ select at, figures from test.points where (figures ->> 'outcome_achievement')::numeric < 0.5 $$, 'as many are reached as at first, at any time');
select isnt_empty($$ select from test.points where (figures ->> 'outcome_achievement')::numeric > 0.5 $$, 'and more in the end');
select * from finish();
rollback;
