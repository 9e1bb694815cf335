-- The quality report of facts: what is gone, changed among stored rows, or shown otherwise than it is, is found; and honest
-- series of any seed and size pass.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
set local client_min_messages = error;

create table test.made as select session_id as session from auxeira.synthesize_ecosystem(20, 730, 4242, '2026-03-10T00:00:00Z');

-- SESSION stands for the ecosystem, MONTH for a month of its books, DAY for the dashboards of that month.
create table test.spoiling (what text, statement text, property text);
insert into test.spoiling
select what, replace(replace(replace(statement, 'SESSION', 'session_id = (select session from test.made)'), 'MONTH', 'month = ''2025-06-01'''),
  'DAY', 'metric_timestamp::date = ''2025-06-30'''), property
from (values
  ('movements of half the months are gone', 'delete from auxeira.mrr_movements where SESSION and extract(month from month)::integer % 2 = 0', 'R14 MRR waterfall'),
  ('all movements are gone', 'delete from auxeira.mrr_movements where SESSION', 'R14 customers'),
  ('all cash is gone', 'delete from auxeira.cash_positions where SESSION', 'R14 cash'),
  ('a month of cash is gone', 'delete from auxeira.cash_positions where SESSION and MONTH', 'R14 cash'),
  ('no people are counted', 'delete from auxeira.headcounts where SESSION', 'R14 team'),
  ('an amount is doubled', 'update auxeira.mrr_movements set amount = amount * 2 where SESSION and MONTH and movement = ''new''', 'R14 MRR waterfall'),
  ('three times as many customers leave', 'update auxeira.mrr_movements set customers = customers * 3 where SESSION and MONTH and movement = ''churn''', 'R14 customers'),
  ('ten times as many people', 'update auxeira.headcounts set employees = employees * 10 where SESSION and MONTH', 'R14 people'),
  ('cash of another size', 'update auxeira.cash_positions set opening = opening + 1, closing = closing + 1 where SESSION and MONTH', 'R14 money'),
  ('money came in otherwise', 'update auxeira.cash_positions set operating_inflow = operating_inflow + 1, operating_outflow = operating_outflow + 1
    where SESSION and MONTH', 'R14 revenue'),
  ('more customers are shown', 'update auxeira.dashboard_metrics set metric_value = metric_value || ''{"customers": 99999}''
    where SESSION and DAY and dashboard_type = ''startup_founder''', 'R14 MRR'),
  ('another runway is shown', 'update auxeira.dashboard_metrics set metric_value = metric_value || ''{"runway_months": 99}''
    where SESSION and DAY and dashboard_type = ''startup_founder''', 'R14 runway'),
  ('another burn is shown', 'update auxeira.dashboard_metrics set metric_value = metric_value || ''{"burn_rate": 1}''
    where SESSION and DAY and dashboard_type = ''startup_founder''', 'R14 burn'),
  ('another team is shown', 'update auxeira.dashboard_metrics set metric_value = metric_value || ''{"team_size": 1}''
    where SESSION and DAY and dashboard_type = ''startup_founder''', 'R14 team'),
  ('another score is shown', 'update auxeira.dashboard_metrics set metric_value = metric_value || ''{"sse_score": 1}''
    where SESSION and DAY and dashboard_type = ''startup_founder''', 'R14 score shown'),
  ('what a fund had earlier', 'update auxeira.dashboard_metrics set metric_value = metric_value || ''{"nav": 1}''
    where SESSION and DAY and dashboard_type = ''venture_capital''', 'R22 children'),
  ('what a fund earns', 'update auxeira.dashboard_metrics set metric_value = metric_value || ''{"irr": 9.9}''
    where SESSION and dashboard_type = ''venture_capital''', 'R22 children'),
  ('what a fund returned', 'update auxeira.dashboard_metrics set metric_value = metric_value || ''{"tvpi": 0, "dpi": 0, "rvpi": 0}''
    where SESSION and dashboard_type = ''venture_capital''', 'R22 children'),
  ('what a government had earlier', 'update auxeira.dashboard_metrics set metric_value = metric_value || ''{"jobs_supported": 1}''
    where SESSION and DAY and dashboard_type = ''government''', 'R22 children'),
  ('the first points are gone', 'delete from auxeira.dashboard_metrics where SESSION and metric_timestamp < ''2025-01-01''', 'R3 rows'),
  ('all points are gone', 'delete from auxeira.dashboard_metrics where SESSION', 'R3 rows'),
  ('the points of funds are gone', 'delete from auxeira.dashboard_metrics where SESSION and dashboard_type = ''venture_capital''', 'R3 rows'),
  ('all scores are gone', 'delete from auxeira.sse_scores where SESSION', 'R3 rows'),
  ('scores are others', 'update auxeira.sse_scores set total_score = 1 where SESSION', 'R14 score'),
  ('scores have no history', 'delete from auxeira.sse_score_history where SESSION', 'R14 score history'),
  ('all actions are gone', 'delete from auxeira.actions where SESSION', 'R3 rows'),
  ('actions are paid nothing', 'update auxeira.actions set actual_tokens = 0 where SESSION', 'R14 tokens'),
  ('more was invested', 'update auxeira.investments set amount = amount * 2 where SESSION', 'R14 paid in'),
  ('a first mark is another', 'update auxeira.investment_marks set fair_value = fair_value + 1 where SESSION and method = ''cost''', 'R14 cost'),
  ('all of a company is held', 'update auxeira.investments set equity_percentage = 100 where SESSION', 'R14 equity'),
  ('more than all of it was sold', 'update auxeira.investments set valuation = amount / 2, equity_percentage = 100 where SESSION', 'R14 equity'),
  ('early marks are doubled', 'update auxeira.investment_marks set fair_value = fair_value * 2 where SESSION and as_of < ''2025-01-01''', 'R22 children'),
  ('nobody knows anybody', 'delete from auxeira.relationships where SESSION', 'R3 rows')) s (what, statement, property);

-- What is found after a statement whose effects are taken back. Triggers would refuse some of them.
create function test.found(statement text default 'select') returns text[] language plpgsql as $$
declare
  found text[];
begin
  perform set_config('session_replication_role', 'replica', true);
  execute statement;
  found := (select array_agg(distinct f.property) from test.made m, auxeira.synthetic_report(m.session) f where not f.passed);
  raise exception using errcode = 'TOOK1', message = coalesce(found::text, '{}');
exception when sqlstate 'TOOK1' then return sqlerrm::text[];
end
$$;

-- A startup's own facts, and series of many seeds and sizes: as their person sees them, taken back one by one.
create table test.asked (n integer generated always as identity, request jsonb);
insert into test.asked (request)
select jsonb_build_object('dataType', kind, 'count', 6, 'timeRangeDays', 200, 'seed', 3, 'asOf', '2026-03-10T00:00:00Z')
from unnest('{scores, actions, integrations, history}'::text[]) kind;
insert into test.asked (request)
select jsonb_build_object('userType', kind, 'count', (array[30, 30, 30, 31, 60, 100])[1 + seed % 6], 'timeRangeDays', 30, 'seed', seed,
  'asOf', '2026-01-01T00:00:00Z', 'variance', (array[0.2, 0.05, 0.001, 0.01])[1 + seed % 4], 'trend', (array['improving', 'declining', 'stable', 'volatile'])[1 + seed / 4 % 4])
from unnest(enum_range(null::auxeira.user_type)::text[]) kind, generate_series(1, 40) seed;
insert into test.asked (request)
select jsonb_build_object('userType', 'government', 'count', count, 'timeRangeDays', 30, 'seed', 5, 'asOf', '2026-01-01T00:00:00Z') || rates
from unnest(array[1, 2, 3, 5, 30, 36, 200]) count, unnest(array['{"missingRate": 1}', '{"lateRate": 1}', '{"lateRate": 0.01}',
  '{"missingRate": 0.95, "lateRate": 1, "restatementRate": 1}']::jsonb[]) rates;
update auxeira.synthesis_limits set most_generations = 1000000;
create function test.measured(request jsonb, out findings bigint, out wrong text) language plpgsql as $$
declare
  told jsonb;
begin
  told := test.call('ann', 'get_synthetic_report', jsonb_build_object('sessionId',
    test.call('ann', 'generate_synthetic', request) #> '{data,sessionId}')) #> '{data,findings}';
  raise exception using errcode = 'TOOK1', message = told;
exception when sqlstate 'TOOK1' then
  select count(*), string_agg(concat_ws(' ', f ->> 'property', f ->> 'subject', f ->> 'value', f ->> 'lower', f ->> 'upper'), '; ')
           filter (where not (f ->> 'passed')::boolean) into findings, wrong
  from jsonb_array_elements(sqlerrm::jsonb) f;
end
$$;
create table test.measures as select a.n, a.request, m.* from test.asked a, test.measured(a.request) m;

select plan((select count(*) from test.spoiling)::integer + 3);
select is(test.found(), '{}', 'nothing is wrong');
select ok(property = any (test.found(statement)), what || ': ' || property || ' finds it') from test.spoiling;
select is_empty('select request, wrong from test.measures where wrong is not null', 'honest sessions of any seed and size pass');
select is_empty($$ select request from test.measures where request ? 'dataType' and findings < 3 $$, 'of each kind of facts there is something to say');
select * from finish();
rollback;
