-- Synthetic organizations and rows are apart: no comparison, count or payment of real ones is other with them than without.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
\ir support/rows.sql
select plan(25);

-- --- Worlds ---------------------------------------------------------------------------------------------------------

-- Startups of a stage and an industry, owned by somebody with a verified address, with a figure of everything; what they
-- and their rows are.
create function test.make_startups(number integer, figure integer, org_is_synthetic boolean, row_is_synthetic boolean) returns void
  language plpgsql as $$
declare
  org uuid;
begin
  for n in 1 .. number loop
    insert into auxeira.organizations (name, org_type, stage, industry, region, is_synthetic)
    values ('startup', 'startup', 'seed', 'fintech', 'north', org_is_synthetic) returning org_id into org;
    insert into auxeira.user_organizations (org_id, user_id, role) values (org, test.user_of('root'), 'owner');
    perform test.add_figures(org, test.user_of('root'), figure + n, row_is_synthetic);
  end loop;
end
$$;
create function test.add_figures(org uuid, member uuid, figure integer, as_synthetic boolean) returns void language sql as $$
  insert into auxeira.sse_scores (org_id, version, total_score, raw_score, status, component_scores, percentile,
    success_probability, explanation, cohort, coverage, band, scale, missing_policy, formula_version, input_hash,
    data_quality_score, confidence_level, is_synthetic)
  values (org, coalesce((select max(version) from auxeira.sse_scores where org_id = org), 0) + 1, figure, figure, 'scored',
    jsonb_build_object('team', figure), 50, 0.1, '{}', '{}', 1, 1, 'unit', 'zero', 'test', sha256(''), 1, 1, as_synthetic);
  insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp, is_synthetic)
  values (org, 'startup_founder', jsonb_build_object('revenue', figure, 'customers', figure, 'team_size', figure,
    'burn_rate', figure, 'runway_months', figure), clock_timestamp(), as_synthetic);
  insert into auxeira.actions (org_id, user_id, action_type, domain, base_tokens, actual_tokens, once_key, is_synthetic, completed_at)
  values (org, member, 'first_revenue', 'test', 300, 300, 'first_revenue', as_synthetic, now());
  insert into auxeira.gamification_profiles (org_id, user_id, total_tokens, lifetime_tokens, is_synthetic)
  values (org, member, 300, 300, as_synthetic) on conflict do nothing;
  insert into auxeira.integrations (org_id, service_name, service_type, is_synthetic)
  values (org, 'books ' || gen_random_uuid(), 'accounting', as_synthetic);
  insert into auxeira.investments (org_id, startup_id, investment_type, is_synthetic)
  values (org, test.org_of(case org when test.org_of('bob') then 'ann' else 'bob' end), 'equity', as_synthetic);
  insert into auxeira.partnerships (org_id, startup_id, partnership_type, is_synthetic)
  values (org, test.org_of(case org when test.org_of('bob') then 'ann' else 'bob' end), 'pilot', as_synthetic)
$$;

-- --- Everything that compares, counts or pays --------------------------------------------------------------------------

create function test.counts() returns jsonb language sql as $$
  select (auxeira_api.admin_stats('{}') -> 'data')::jsonb
    - '{synthetic, synthetic_data_percentage, synthetic_sessions_count, timestamp}'::text[] $$;
create function test.benchmarks() returns jsonb language sql as $$
  select jsonb_agg(to_jsonb(b) || jsonb_build_object('of', measure, 'by', by) order by measure, by, b::text)
  from unnest(array['sse_score', 'revenue', 'customers', 'team_size', 'burn_rate', 'runway_months']) measure,
    unnest(array['stage', 'industry', 'region']) by, auxeira.benchmarks(measure, by) b $$;
create function test.percentiles() returns jsonb language sql as $$
  select jsonb_agg(to_jsonb(c) || jsonb_build_object('percentile', auxeira.cohort_percentile(probe, c.size, c.below, c.near)))
  from generate_series(0, 100, 5) probe, auxeira.sse_cohort(test.org_of('ann'), probe, false) c $$;
create function test.payable() returns jsonb language sql as $$
  select jsonb_agg(to_jsonb(l) order by a.action_type)
  from auxeira.gamification_profiles p, auxeira.activities a, auxeira.award_limit(p, a, 300, current_date) l
  where p.org_id = test.org_of('ann') $$;
create table test.looks (name text primary key, look text);
insert into test.looks values ('counts', 'test.counts()'), ('benchmarks', 'test.benchmarks()'), ('percentiles', 'test.percentiles()'),
  ('what may be paid', 'test.payable()');
create function test.look() returns jsonb language plpgsql as $$
declare
  seen jsonb := '{}';
  one record;
  told jsonb;
begin
  for one in select * from test.looks loop
    execute 'select ' || one.look into told;
    seen := seen || jsonb_build_object(one.name, told);
  end loop;
  return seen;
end
$$;

select test.make_startups(6, 20, false, false) \g /dev/null
insert into auxeira.gamification_profiles (org_id, user_id, total_tokens, lifetime_tokens)
values (test.org_of('ann'), test.user_of('ann'), 0, 0);
create table test.before as select test.look() as seen, test.contents() as contents;
select is(seen #> '{counts,sse_scores_count}', '6', 'there is something to count') from test.before;
select is((seen #> '{percentiles,0,size}'), '6', 'and to compare with') from test.before;
select cmp_ok(jsonb_array_length(seen -> 'benchmarks'), '>=', 36, 'and to publish') from test.before;

-- --- With synthetic data -------------------------------------------------------------------------------------------------

select test.make_startups(7, 80, true, true), test.make_startups(7, 60, true, false) \g /dev/null
select test.add_figures(org_id, test.user_of('ann'), 95, true) from auxeira.organizations where not is_synthetic \g /dev/null
select is(test.look() -> name, seen -> name, name || ' are the same with synthetic data') from test.before, test.looks;
select is((auxeira_api.admin_stats('{}')::jsonb #> '{data,synthetic}') ->> what, figure, 'synthetic ' || what)
from (values ('organizations_count', '14'), ('sse_scores_count', '25'), ('dashboard_metrics_count', '25'), ('actions_count', '25'))
  f (what, figure);
select is(auxeira_api.admin_stats('{}')::jsonb #>> '{data,synthetic_data_percentage}', '80.65', 'the part of all metrics that is synthetic');
select isnt((select jsonb_agg(b) from auxeira.benchmarks('revenue', 'stage', true) b), null, 'synthetic data is compared with its like');
select is((select c.size from auxeira.sse_cohort(test.org_of('ann'), 50, true) c), 13, 'and so are synthetic scores');

-- --- Without it again ------------------------------------------------------------------------------------------------------

select isnt(test.contents(), contents, 'it is there') from test.before;
delete from auxeira.organizations where is_synthetic;
select format('delete from auxeira.%I where is_synthetic', c.relname)
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'is_synthetic'
where c.relnamespace = 'auxeira'::regnamespace and c.relkind = 'r' \gexec
-- But for the sessions of who was a member of what went, for the record of it all, the marks and events of what has changed.
select set_eq('select e.* from test.before, jsonb_each(contents) e where key !~ ''^(user_sessions|change_marks|event_outbox|live_events|ledger_.*)$''',
              'select * from jsonb_each(test.contents()) where key !~ ''^(user_sessions|change_marks|event_outbox|live_events|ledger_.*)$''', 'and is_synthetic is all it takes to remove it');
select is(test.look(), seen, 'real figures are what they were') from test.before;

-- --- Tokens --------------------------------------------------------------------------------------------------------------

select test.add_figures(org_id, test.user_of('ann'), 95, true) from auxeira.organizations \g /dev/null
-- Actions of a real member are paid whatever was made up; those in a synthetic organization are no real tokens.
update auxeira.organizations set is_synthetic = true where org_id = test.org_of('bob');
create function test.real_tokens() returns bigint language sql security definer as $$
  select sum(p.lifetime_tokens)::bigint from auxeira.gamification_profiles p where not p.is_synthetic $$;
create function test.pay(person text, action_type text) returns jsonb language sql as $$
  select test.call(person, 'complete_action', jsonb_build_object('actionType', action_type, 'domain', 'x')) #> '{data,tokensAwarded}' $$;
select test.real_tokens() as tokens \gset
set session authorization auxeira_authenticator;
select is(test.pay('ann', 'first_revenue'), '300', 'what is paid once is paid, when a synthetic action was');
select is(test.real_tokens(), :tokens + 300::bigint, 'in real tokens');
select is(test.pay('bob', 'pivot'), '100', 'in a synthetic organization it is played');
select is(test.real_tokens(), :tokens + 300::bigint, 'with tokens of its own');
reset session authorization;
select is((select array[a.is_synthetic, p.is_synthetic] from auxeira.actions a join auxeira.gamification_profiles p using (org_id, user_id)
           where a.user_id = test.user_of('bob')), array[true, true], 'which say so');

update auxeira.organizations set is_synthetic = false where org_id = test.org_of('bob');

-- --- What the test would find ---------------------------------------------------------------------------------------------

select test.make_startups(7, 60, false, false) \g /dev/null
select isnt(test.look() -> name, seen -> name, name || ' change with real data') from test.before, test.looks where name <> 'what may be paid';

select * from finish();
rollback;
