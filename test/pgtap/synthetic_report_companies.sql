-- The quality report of companies: enough of them pass, each way of spoiling their books is found, and what needs many
-- companies is left out where there are few.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
set local client_min_messages = error;

-- Companies as the model has them, of four stages, with four years of books each.
create table test.companies as
select gen_random_uuid() as org_id, stage::auxeira.stage as stage, n, auxeira.synthetic_uuid(7, stage || n) as model_id
from (values ('pre_seed', 60), ('seed', 60), ('series_a', 190), ('series_b', 60)) stages (stage, companies), generate_series(1, companies) n;
create table test.session as select gen_random_uuid() as session_id;
create function test.session() returns uuid language sql stable return (select session_id from test.session);
insert into auxeira.synthetic_data_sessions (org_id, session_id, parameters, status)
values (test.org_of('root'), test.session(), '{"data_type": "ecosystem"}', 'completed');
insert into auxeira.organizations (org_id, name, org_type, stage, founded_on, is_synthetic, synthetic_session)
select org_id, 'Company ' || n, 'startup', stage, '2022-03-01', true, test.session() from test.companies;
create table test.months as
select c.org_id, m.* from test.companies c
  cross join lateral auxeira.synthetic_months(7, c.model_id, 49, '2026-03-01', c.stage::text, null, null, null, 0.2) m;
insert into auxeira.mrr_movements (org_id, month, movement, amount, customers, source, is_synthetic, session_id)
select m.org_id, m.month, v.movement, v.amount, v.customers, 'synthetic', true, test.session()
from test.months m
  cross join lateral (values ('new', new_mrr, new_customers), ('expansion', expansion_mrr, 0), ('reactivation', reactivation_mrr, 0),
                             ('contraction', contraction_mrr, 0), ('churn', churned_mrr, lost_customers)) v (movement, amount, customers);
insert into auxeira.cash_positions (org_id, month, opening, operating_inflow, operating_outflow, financing, closing, source,
  is_synthetic, session_id)
select org_id, month, cash + net_burn - financing, revenue, operating_outflow, financing, cash, 'synthetic', true, test.session()
from test.months;
insert into auxeira.headcounts (org_id, month, employees, hires, leavers, source, is_synthetic, session_id)
select org_id, month, headcount, hires, leavers, 'synthetic', true, test.session() from test.months;
insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp, aggregation_period, is_synthetic,
  session_id)
select org_id, 'startup_founder', jsonb_strip_nulls(jsonb_build_object('mrr', mrr, 'arr', arr, 'revenue', revenue, 'customers', customers,
  'arpa', arpa, 'grr_12m', grr_12m, 'nrr_12m', nrr_12m)), (month + 27)::timestamp at time zone 'UTC', 'month', true, test.session()
from test.months;
analyze;

-- What is found to be wrong in a part of the report, after a statement whose effects are taken back.
create function test.found(part text, statement text default 'select') returns text[] language plpgsql as $$
declare
  found text[];
begin
  perform setseed(0.5);
  execute statement;
  execute format('select array_agg(distinct f.property) from auxeira.%I(test.session()) f where not f.passed', part) into found;
  raise exception using errcode = 'TOOK1', message = coalesce(found::text, '{}');
exception when sqlstate 'TOOK1' then return sqlerrm::text[];
end
$$;
create function test.part_of(property text) returns text language sql immutable as $$
  select 'report_of_' || case when property = 'R14 identity' then 'identities' when property ~ '^R14' then 'books'
    when property ~ '^R(12|21|26)' then 'levels' when property ~ '^R16' then 'customers' when property ~ '^R17' then 'retention'
    when property ~ '^R18' then 'seasons' when property ~ '^R24' then 'lives' else 'marks' end
$$;

create table test.spoiling (what text, statement text, property text);
insert into test.spoiling values
  ('a movement is gone', 'delete from auxeira.mrr_movements m using test.companies c
    where c.org_id = m.org_id and c.n = 1 and c.stage = ''seed'' and m.month = ''2025-06-01'' and m.movement = ''new''', 'R14 MRR waterfall'),
  ('cash appears', 'update auxeira.cash_positions p set opening = p.opening + 1, closing = p.closing + 1 from test.companies c
    where c.org_id = p.org_id and c.n = 1 and c.stage = ''seed'' and p.month = ''2025-06-01''', 'R14 cash'),
  ('ARR is of another month', 'update auxeira.dashboard_metrics d set metric_value = metric_value || ''{"arr": 1}''
    from test.companies c where c.org_id = d.org_id and c.n = 1 and c.stage = ''seed'' and d.metric_timestamp > ''2026-02-01''', 'R14 identity'),
  ('retention is above one', 'update auxeira.dashboard_metrics d set metric_value = metric_value || ''{"grr_12m": 1.01}''
    from test.companies c where c.org_id = d.org_id and c.n = 1 and c.stage = ''seed'' and d.metric_timestamp > ''2026-02-01''', 'R14 identity'),
  ('all earn as much', 'update auxeira.dashboard_metrics set metric_value = metric_value || ''{"mrr": 1000, "arr": 12000}''
    where (metric_value ->> ''mrr'')::numeric > 0', 'R12 levels'),
  ('people are drawn by lot', 'update auxeira.headcounts set employees = 300 + 3000 * random()', 'R21 revenue and team'),
  ('all have revenue', 'update auxeira.dashboard_metrics set metric_value = metric_value || ''{"mrr": 1000, "arr": 12000}''
    where (metric_value ->> ''mrr'')::numeric = 0', 'R26 pre-revenue'),
  ('customers leave in lots', 'update auxeira.mrr_movements set customers = case when extract(month from month) = 6 then customers * 12 else 0 end
    where movement = ''churn''', 'R16 churn'),
  ('as many customers come every month', 'update auxeira.mrr_movements set customers = 10 where movement = ''new''', 'R16 arrivals'),
  ('customers leave whatever the price', 'update auxeira.mrr_movements m set customers = ceil(0.05 * (d.metric_value ->> ''customers'')::numeric)
    from auxeira.dashboard_metrics d where d.org_id = m.org_id and date_trunc(''month'', d.metric_timestamp)::date = m.month
      and m.movement = ''churn''', 'R16 price and churn'),
  ('nobody leaves', 'update auxeira.dashboard_metrics set metric_value = metric_value || ''{"grr_12m": 1, "nrr_12m": 1}''
    where metric_value ? ''grr_12m''', 'R17 retention'),
  ('the year is turned', 'update auxeira.mrr_movements m set customers = other.customers
    from (select org_id, (month + interval ''4 months'')::date as month, customers from auxeira.mrr_movements where movement = ''new'') other
    where other.org_id = m.org_id and other.month = m.month and m.movement = ''new''', 'R18 March'),
  ('and its end', 'update auxeira.mrr_movements set customers = 2 * customers where movement = ''new'' and extract(month from month) = 12',
   'R18 December'),
  ('and its middle', 'update auxeira.mrr_movements set customers = 2 * customers where movement = ''new'' and extract(month from month) = 7',
   'R18 July'),
  ('a season is too strong', 'update auxeira.mrr_movements set customers = 2 * customers where movement = ''new'' and extract(month from month) = 3',
   'R18 seasons'),
  ('a company has books before it was', 'update auxeira.organizations set founded_on = ''2024-03-15'' where name = ''Company 1''', 'R24 life'),
  ('or after it closed', 'update auxeira.organizations set closed_on = ''2025-03-15'' where name = ''Company 1''', 'R24 life'),
  ('a point is not marked', 'update auxeira.dashboard_metrics set is_synthetic = false, session_id = null where org_id =
    (select org_id from test.companies limit 1) and metric_timestamp > ''2026-02-01''', 'R27 marks');

select plan((select count(*) from test.spoiling)::integer + 6);
select is(test.found('synthetic_report'), '{}', 'nothing is wrong');
select is((select array_agg(distinct f.property order by f.property) from auxeira.synthetic_report(test.session()) f),
  '{BoundaryAdherence,R12 levels,R14 MRR,R14 MRR waterfall,R14 cash,R14 customers,R14 identity,R14 people,R14 revenue,R15 whole numbers,R16 arrivals,R16 churn,R16 price and churn,R17 retention,R18 December,R18 July,R18 March,R18 seasons,R21 revenue and team,R24 life,R26 pre-revenue,R27 marks}',
  'all that can be is measured');
select ok(property = any (test.found(test.part_of(property), statement)), what || ': ' || property || ' finds it') from test.spoiling;
select is(test.found('report_of_lives', 'update auxeira.organizations set founded_on = ''2022-03-15'''), '{}', 'a company is founded some day of its first month');

delete from auxeira.organizations o using (select c.org_id, row_number() over (partition by c.stage order by c.n) as place from test.companies c) placed
where placed.org_id = o.org_id and placed.place > 7;
select is_empty($$ select f.property from auxeira.synthetic_report(test.session()) f where f.property ~ '^R(12|17|18|21|26)' $$,
                'of thirty companies there is no more to say than of their books');
select isnt_empty($$ select f.property from auxeira.synthetic_report(test.session()) f where f.property = 'R14 cash' $$, 'which are looked at');
select is(test.found('synthetic_report'), '{}', 'and right');

select * from finish();
rollback;
