-- Companies close or are sold while others are founded: they are as many and as mixed at the beginning of an ecosystem as in
-- its end, and of one that is gone there is nothing any more.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
set local client_min_messages = error;
set local timezone = 'UTC';
select plan(13);

create table test.plans as
select row(test.org_of('root'), md5('ends' || seed)::uuid, seed, 'ends ' || seed, '2026-03-10', 72, 2190, 0.2, null,
           'investments', null)::auxeira.ecosystem_plan as plan from generate_series(1, 4) seed;
select auxeira.build_facts(plan, auxeira.cast_of(200), '{}') from test.plans \g /dev/null
create table test.companies as
select o.org_id, o.stage, o.founded_on, o.closed_on, m.months, exists (
    select from auxeira.investments i where i.startup_id = o.org_id and i.status = 'exited') as is_sold
from auxeira.organizations o join auxeira.synthetic_members m using (org_id) where m.kind = 'startup';
create table test.months as
select d.org_id, date_trunc('month', d.metric_timestamp)::date as month, (d.metric_value ->> 'mrr')::numeric as mrr,
  (d.metric_value ->> 'team_size')::integer as team, (d.metric_timestamp::date - c.founded_on) / 365.25 as age
from auxeira.dashboard_metrics d join test.companies c using (org_id);
-- The first year and the last.
create table test.years as
select is_last, count(distinct org_id) as companies, percentile_cont(0.5) within group (order by age) as age,
  percentile_cont(0.5) within group (order by mrr) filter (where mrr > 0) as mrr, percentile_cont(0.5) within group (order by team) as team
from (select m.*, month >= '2025-03-01' as is_last from test.months m where month >= '2025-03-01' or month < '2021-04-01') m group by is_last;

select cmp_ok(one.companies, '>=', (0.7 * other.companies)::bigint, format('year of %s: there are as many as in the other', one.is_last))
from test.years one join test.years other on one.is_last <> other.is_last;
select cmp_ok(one.age, '>=', 0.6 * other.age, format('year of %s: they are as old', one.is_last))
from test.years one join test.years other on one.is_last <> other.is_last;
select cmp_ok(one.mrr, '>=', (other.mrr / 3), format('year of %s: their revenue is not of another kind', one.is_last))
from test.years one join test.years other on one.is_last <> other.is_last;
select cmp_ok(one.team, '>=', other.team / 3, format('year of %s: nor are their people', one.is_last))
from test.years one join test.years other on one.is_last <> other.is_last;

select cmp_ok((select count(*) from test.companies where is_sold), '>=', 20::bigint, 'companies are sold');
select is((select count(*) from test.companies where is_sold and closed_on is null), 0::bigint, 'and are no companies of their own then');
select is_empty($$ select c.org_id from test.companies c join auxeira.cash_positions f using (org_id) where f.month > c.closed_on $$,
                'nothing is in their books afterwards');
select is_empty($$ select c.org_id from test.companies c join auxeira.investments i on i.startup_id = c.org_id
                   where c.closed_on is not null and (i.status = 'active' or i.status = 'pipeline' and i.due_diligence_end is null
                     or i.investment_date > c.closed_on - 150) $$, 'nobody holds or looks at a part of them, nor came in shortly before');
select is_empty($$ select c.org_id from test.companies c join auxeira.investment_cash_flows f using (org_id) where f.flow_date > c.closed_on $$,
                'and no money moves');
select * from finish();
rollback;
