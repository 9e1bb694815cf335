-- Real and synthetic scores of one startup: each kind has versions of its own, and its answers and history say which they are.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
\ir support/synthetic.sql
select plan(17);

create function test.score(person text, as_synthetic boolean) returns integer language sql as $$
  select (test.call(person, 'calculate_sse', jsonb_build_object('startupId', test.org_of(person), 'isSynthetic', as_synthetic,
    'responses', '{"team": {"a": 0.5}}'::jsonb)) #>> '{data,version}')::integer $$;
create function test.generate(person text, as_of text) returns uuid language sql as $$
  select (test.call(person, 'generate_synthetic', jsonb_build_object('dataType', 'scores', 'timeRangeDays', 365, 'seed', 3, 'asOf', as_of))
    #>> '{data,sessionId}')::uuid $$;
create function test.versions(of_synthetic boolean) returns integer[] language sql as $$
  select array_agg(s.version order by s.version) from auxeira.sse_scores s
  where s.org_id = test.org_of('ann') and s.is_synthetic = of_synthetic $$;
-- Answers and history that do not say what their score says.
create view test.mismatches as
select s.score_id from auxeira.sse_scores s
  left join auxeira.sse_answers a using (org_id, score_id) left join auxeira.sse_score_history h using (org_id, score_id)
where (a.is_synthetic, a.session_id) is distinct from (s.is_synthetic, s.session_id)
   or (h.is_synthetic, h.session_id) is distinct from (s.is_synthetic, s.session_id);

-- --- Versions --------------------------------------------------------------------------------------------------------

select is(test.score('ann', false), 1, 'the first real score');
create table test.session as select test.generate('ann', '2026-03-10T00:00:00Z') as session;
select is(test.versions(true), '{1,2,3,4}', 'generated ones have versions of their own');
select is(test.score('ann', false), 2, 'the second real score is the second');
select is(test.call('ann', 'get_sse_score', jsonb_build_object('startupId', test.org_of('ann'))) #>> '{data,version}', '2', 'and the one that is told');
select is(test.score('ann', true), 5, 'a made-up one follows the generated ones');
create table test.earlier as select test.generate('ann', '2024-03-10T00:00:00Z') as session;
select is(test.versions(true), '{1,2,3,4,5,6,7,8,9}', 'as do others that are generated');
select results_eq($$ select h.old_values ->> 'version', h.new_values ->> 'version' from auxeira.sse_score_history h
    where h.org_id = test.org_of('ann') and not h.is_synthetic order by h.new_values ->> 'version' $$,
  $$ values (null, '1'), ('1', '2') $$, 'the history of real ones knows real ones alone');

-- --- Marks -----------------------------------------------------------------------------------------------------------

select is_empty('select * from test.mismatches', 'answers and history are of the kind and the session of their score');
select is((select count(*) from auxeira.sse_answers where is_synthetic), 9::bigint, 'all of them');
select matches(test.fault('update auxeira.' || name || ' set is_synthetic = false where session_id is not null'), '^23514 ',
               name || ': what a session generated is synthetic')
from unnest('{sse_scores, sse_answers, sse_score_history}'::text[]) name;

-- --- Without them ----------------------------------------------------------------------------------------------------

select is(auxeira.remove_synthetic(session => (select session from test.session)),
          '{"sse_scores": 4, "sse_answers": 4, "sse_score_history": 4}', 'a session goes with answers and history');
select is(test.versions(true), '{5,6,7,8,9}', 'and no other does');
select is(auxeira.remove_synthetic(org => test.org_of('ann')),
          '{"sse_scores": 5, "sse_answers": 5, "sse_score_history": 5}', 'by organization, those of calls go too');
select is(array[test.synthetic_rows(), (select count(*) from auxeira.sse_answers)], array[0, 2]::bigint[], 'real ones stay');
select is(test.score('ann', false), 3, 'and go on as if there had been no others');

select * from finish();
rollback;
