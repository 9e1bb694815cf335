-- The SQL functions of the score: what they give, refuse and promise. The formula itself, with all vectors and
-- properties, is tested in its room (test/unit/scoring_*).
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(116);

create role auxeira_test_nobody;
grant auxeira_user to auxeira_test_nobody;

create table test.vectors (id text primary key, responses jsonb not null);
insert into test.vectors values
  ('complete', '{"team": {"q1": 0.8, "q2": 0.6, "q3": 1.0}, "market": {"q1": 0.7, "q2": 0.5},
                 "product": {"q1": 0.9, "q2": 0.9, "q3": 0.6}, "business": {"q1": 0.5, "q2": 0.4},
                 "financial": {"q1": 0.3, "q2": 0.7}, "traction": {"q1": 0.2, "q2": 0.4}}'),
  ('four of six', '{"team": {"q1": 0.8, "q2": 0.6, "q3": 1.0}, "market": {"q1": 0.7, "q2": 0.5},
                    "product": {"q1": 0.9, "q2": 0.9, "q3": 0.6}, "business": {"q1": 0.5, "q2": 0.4}}'),
  ('one of six', '{"team": {"q1": 0.9, "q2": 0.9}, "market": {}}');
grant select on test.vectors to public;
create function test.vector(id text) returns jsonb language sql stable
  return (select v.responses from test.vectors v where v.id = vector.id);

set local role auxeira_test_nobody;

-- --- Scores -------------------------------------------------------------------------------------------------

select is(to_jsonb(auxeira.sse_score(test.vector('complete'))), '{
  "total": 63, "raw": 62.75, "status": "scored", "present_weight": 1, "coverage": 1, "confidence": 0.88, "band": 2.4,
  "breakdown": {"team": 20.0, "market": 12.0, "product": 16.0, "business": 6.8, "financial": 5.0, "traction": 3.0},
  "components": {"team": 80.0, "market": 60.0, "product": 80.0, "business": 45.0, "financial": 50.0, "traction": 30.0},
  "headroom": {"team": 5, "market": 8, "product": 4, "business": 8.25, "financial": 5, "traction": 7},
  "next_steps": [{"component": "market", "question": "q1", "gain": 2}, {"component": "market", "question": "q2", "gain": 2},
                 {"component": "team", "question": "q2", "gain": 1.67}],
  "data_quality": 0.6, "reference_percentile": 69.7, "percentile_v1": 75, "success_probability": 0.205,
  "success_probability_v1": 0.504, "scale": "unit", "scale_inferred": false, "formula_version": "sse-2.0"}',
  'every column of a complete score');
select is(to_jsonb(auxeira.sse_score(test.vector('four of six'))), '{
  "total": 68, "raw": 68.4375, "status": "scored", "present_weight": 0.8, "coverage": 0.8, "confidence": 0.787,
  "band": 4.3, "breakdown": {"team": 25.0, "market": 15.0, "product": 20.0, "business": 8.4},
  "components": {"team": 80.0, "market": 60.0, "product": 80.0, "business": 45.0},
  "headroom": {"team": 6.25, "market": 10, "product": 5, "business": 10.31},
  "next_steps": [{"component": "market", "question": "q1", "gain": 2.5}, {"component": "market", "question": "q2", "gain": 2.5},
                 {"component": "team", "question": "q2", "gain": 2.08}],
  "data_quality": 0.6, "reference_percentile": 81.5, "percentile_v1": 81, "success_probability": 0.25,
  "success_probability_v1": 0.544, "scale": "unit", "scale_inferred": false, "formula_version": "sse-2.0"}',
  'the present components carry the weight of the missing ones');
select results_eq(
  $$ select total, raw, status, breakdown::text, formula_version
     from auxeira.sse_score(test.vector('four of six'), missing_policy => 'zero') $$,
  $$ values (55, 54.75::double precision, 'scored',
             '{"team": 20.0, "market": 12.0, "product": 16.0, "business": 6.8}', 'sse-1.0') $$,
  'policy zero: missing components count 0');
select results_eq(
  $$ select total, present_weight, status, breakdown::text, confidence, band
     from auxeira.sse_score(test.vector('one of six')) $$,
  $$ values (90, 0.25::double precision, 'provisional', '{"team": 90.0}', 0.44::double precision, 11.2::double precision) $$,
  'less than half of the weight is provisional, and an empty component is a missing one');

select results_eq(
  format('select total, confidence, scale, scale_inferred from auxeira.sse_score(%L, %L)',
         (select jsonb_object_agg(c.key, (select jsonb_object_agg(q.key, q.value::numeric * factor)
                                          from jsonb_each(c.value) q)) from jsonb_each(test.vector('complete')) c), scale),
  format('values (63, %s::double precision, %L, %L::boolean)', confidence, scale_used, inferred),
  format('%s times %s', scale, factor))
from (values ('unit', 1, 0.88, 'unit', false), ('likert5', 5, 0.88, 'likert5', false),
             ('percent', 100, 0.88, 'percent', false), ('auto', 1, 0.836, 'unit', true),
             ('auto', 5, 0.836, 'likert5', true), ('auto', 100, 0.836, 'percent', true))
  as scaled (scale, factor, confidence, scale_used, inferred);
select is(auxeira.sse_total('{"team": {"a": 5, "b": 1}}', 'likert1_5'), 50, 'likert1_5 begins at 1');
select is(auxeira.sse_total('{"team": {"a": 4}}', 'auto'), 80, 'a total on an inferred scale');

select results_eq(
  format('select total, confidence, data_quality from auxeira.sse_score(test.vector(''complete''), %s)', options),
  format('values (63, %s::double precision, %s::double precision)', confidence, quality), options)
from (values ('verification => ''peer''', 0.931, 0.75), ('verification => ''document''', 0.974, 0.9),
             ('verification => ''integration''', 1, 1), ('age_days => 180', 0.685, 0.368),
             ('age_days => 1e9', 0.05, 0), ('expected => ''{"team": 6}''', 0.823, 0.6),
             ('expected => ''{"team": 1}''', 0.88, 0.6))
  as trust (options, confidence, quality);
select is((auxeira.sse_score('{"team": {"a": 0.55}}', base_rate => 0.306)).success_probability,
          0.306::double precision, 'at the mean of the reference the base rate');

-- --- The setting, and NULL -----------------------------------------------------------------------------------

set local auxeira.sse_missing_policy = 'zero';
select is(auxeira.sse_total(test.vector('four of six')), 55, 'the setting decides');
select is((auxeira.sse_score(test.vector('four of six'))).formula_version, 'sse-1.0', 'and the version tells');
select is(auxeira.sse_total(test.vector('four of six'), 'unit', 'reweight'), 68, 'unless the caller does');
set local auxeira.sse_missing_policy = 'reweight';
select is(test.fault('set local auxeira.sse_missing_policy = ''nonsense'''),
          '22023 invalid value for parameter "auxeira.sse_missing_policy": "nonsense" | hint: Available values: reweight, zero.',
          'the setting takes its two values only');
select is(auxeira.sse_total(null), null, 'no answers, no total');
select ok(auxeira.sse_score(null) is null, 'no answers, no score');
select is(auxeira.sse_score(test.vector('four of six'), null, null, null, null, null, null),
          auxeira.sse_score(test.vector('four of six')), 'a NULL option is the default');
select is(auxeira.sse_total(test.vector('complete'), null, null), 63, 'also of the total');

-- --- Many rows: total and score agree, wherever they run ------------------------------------------------------

reset role;
select setseed(0.42) \g /dev/null
create table test.answers as
select id, (select jsonb_object_agg(name, answers) from (
    select c.name, jsonb_object_agg('q' || q, round(random()::numeric, (id % 8)::integer)) as answers
    from unnest(array['team', 'market', 'product', 'business', 'financial', 'traction']) with ordinality c (name, place)
      cross join lateral generate_series(1, 1 + (random() * 5)::integer) q
    where id % 64 = 0 or (id >> (place - 1)::integer) & 1 = 1
    group by c.name) parts) as responses
from generate_series(1, 1000) id;
grant select on test.answers to public;
analyze test.answers;
set local role auxeira_test_nobody;
select is_empty(format($$
    select id from test.answers, auxeira.sse_score(responses, 'unit', %L) score
    where auxeira.sse_total(responses, 'unit', %1$L) <> score.total or score.total not between 0 and 100
      or abs((select sum(p.value::numeric) from jsonb_each_text(breakdown) p) - raw::numeric) > 0.3 $$, policy),
  policy || ': 1,000 random sets of answers, total = score.total, points sum to raw')
from unnest(array['reweight', 'zero']) policy;
select is_empty(
  $$ select id from test.answers,
       auxeira.sse_score(responses, 'unit', 'zero') a, auxeira.sse_score(responses) b
     where id % 64 = 0 and (a.raw, a.breakdown) <> (b.raw, b.breakdown) $$,
  'complete answers: both policies agree');

reset role;
set local parallel_setup_cost = 0;
set local parallel_tuple_cost = 0;
set local min_parallel_table_scan_size = 0;
set local max_parallel_workers_per_gather = 2;
set local auxeira.sse_missing_policy = 'zero';
create function test.plan(statement text) returns setof text language plpgsql as $$
begin return query execute 'explain (costs off) ' || statement; end $$;
select ok(exists (select from test.plan('select sum(auxeira.sse_total(responses)) from test.answers') line
                  where line ~ 'Gather'), 'a total can be made in a parallel worker');
select is((select sum(auxeira.sse_total(responses)) from test.answers),
          (select sum(auxeira.sse_total(responses, 'unit', 'zero')) from (select * from test.answers offset 0) serial),
          'where the setting is the same');
set local auxeira.sse_missing_policy = 'reweight';
set local role auxeira_test_nobody;

-- --- Numbers, however they are stored -------------------------------------------------------------------------

select is((auxeira.sse_score(jsonb_build_object('team', jsonb_build_object('q', number::numeric)), 'percent')).raw,
          number::numeric::double precision / 100 * 100 * 0.25::double precision / 0.25::double precision,
          'the double of ' || number)
from unnest(array['0', '0.00', '1', '100', '0.5', '99.99', '0.0001', '0.99990001', '12.3456789', '0.123456789012',
                  '12.34567890123456', '12.345678901234567', '90.07199254740993', '1e-20', '1e-24', '1e-30',
                  '33.333333333333333333333333333333333333333333', '0.1000000000000000055511151231257827']) number;

select is((auxeira.sse_score('{"team": {"q": 1e-400}}')).raw, 0::double precision, 'what is too small for a double is 0');

reset role;
create table test.long as
select n, jsonb_build_object('market', (
    select jsonb_object_agg('question number ' || q, (q * 7919 % 997) / 997.0) from generate_series(1, n) q)) as responses
from unnest(array[1, 31, 32, 33, 64, 65, 1000, 10000]) n;
insert into test.long values (0, '{"team": {"a": 1}}');
grant select on test.long to public;
set local role auxeira_test_nobody;
-- Summed in stored order, as the function does.
select is((auxeira.sse_score(responses)).raw,
          (select sum(value::double precision order by ordinality)
           from jsonb_each_text(responses -> 'market') with ordinality q) / n * 100 * 0.2::double precision / 0.2::double precision,
          format('%s answers in one component', n))
from test.long where n > 0 order by n;
select is((select auxeira.sse_total(responses) from test.long where n = 0), 100, 'a stored value of a few bytes');
select ok((select pg_column_size(responses) < octet_length(responses::text) / 2 from test.long where n = 10000),
          'the longest was stored compressed');

-- --- Refusals ------------------------------------------------------------------------------------------------

reset role;
create view test.refused as
select * from (values
  ('[]', 'responses: must be an object, {component: {question: number}}'),
  ('1', 'responses: must be an object, {component: {question: number}}'),
  ('null', 'responses: must be an object, {component: {question: number}}'),
  ('{}', 'responses: must hold at least one answer'),
  ('{"team": {}}', 'responses: must hold at least one answer'),
  ('{"team": 1}', 'responses.team: must be an object, {question: number}, not a number'),
  ('{"team": [0.5]}', 'responses.team: must be an object, {question: number}, not an array'),
  ('{"team": {"q1": "0.5", "q2": null, "q3": true, "q4": [1], "q5": {}}}',
   E'responses.team.q1: must be a number, not a string\nresponses.team.q2: must be a number, not null\n'
   'responses.team.q3: must be a number, not true or false\nresponses.team.q4: must be a number, not an array\n'
   'responses.team.q5: must be a number, not an object'),
  ('{"Team": {"q1": 7}, "team": {"q1": 4, "q2": 0.5}, "market": "x", "traction": {"q9": -0.1}}',
   E'responses.Team: is not a component (team, market, product, business, financial, traction)\n'
   'responses.team.q1: 4 is outside 0 to 1 (scale unit)\n'
   'responses.market: must be an object, {question: number}, not a string\n'
   'responses.traction.q9: -0.1 is outside 0 to 1 (scale unit)'),
  ('{"team": {"q1": 1e400, "q2": -1e400, "q3": 1e200, "q4": 1.0000000000000002}}',
   E'responses.team.q1: a number above 1.8e308 is outside 0 to 1 (scale unit)\n'
   'responses.team.q2: a number below -1.8e308 is outside 0 to 1 (scale unit)\n'
   'responses.team.q3: 1e+200 is outside 0 to 1 (scale unit)\n'
   'responses.team.q4: 1.0000000000000002 is outside 0 to 1 (scale unit)'),
  ('{"team": {"a.b": 2, "": 2, "x\ny\"": 2}}',
   E'responses.team."": 2 is outside 0 to 1 (scale unit)\nresponses.team."a.b": 2 is outside 0 to 1 (scale unit)\n'
   'responses.team."x\\u000ay\\"": 2 is outside 0 to 1 (scale unit)')) as r (responses, detail);
-- The score finds the range of an answer once all are read, the total as it reads: the same faults, another order.
create function test.sorted(fault text) returns text[] language sql immutable as $$
  select array_agg(line order by line) from unnest(regexp_split_to_array(fault, ' \| detail: | \| hint: |\n')) line
$$;
grant select on test.refused to public;
set local role auxeira_test_nobody;
select is(test.sorted(test.fault(format('select auxeira.%s(%L)', function, responses))),
          test.sorted(format('22023 %s | detail: %s | hint: responses are {component: {question: number}}, each '
                                'number on the scale that the caller names',
                                case when detail ~ 'at least one' then 'responses hold no answer'
                                     else 'invalid input for a score' end, detail)),
          format('%s: %s', function, responses))
from test.refused cross join unnest(array['sse_score', 'sse_total']) function;

select is(test.fault(format('select auxeira.sse_score(test.vector(''complete''), %s)', options)),
          '22023 ' || fault, options)
from (values
  ('scale => ''likert''', 'unknown scale | detail: scale: must be unit, likert5, likert1_5, percent or auto, not "likert"'),
  ('missing_policy => ''''', 'unknown missing_policy | detail: missing_policy: must be reweight or zero, not ""'),
  ('verification => ''none''',
   'unknown verification | detail: verification: must be self, peer, document or integration, not "none"')) o (options, fault);
select is(split_part(test.fault(format('select auxeira.sse_score(test.vector(''complete''), %s)', options)), ' | ', 2),
          'detail: ' || detail, options)
from (values
  ('age_days => -1, base_rate => 0',
   E'age_days: -1 is not a number of days, 0 or more\nbase_rate: 0 is not between 0 and 1'),
  ('age_days => ''NaN'', base_rate => ''Infinity''',
   E'age_days: NaN is not a number of days, 0 or more\nbase_rate: a number above 1.8e308 is not between 0 and 1'),
  ('expected => ''{"team": 0, "market": 1.5, "x": 1, "product": "1"}''',
   E'expected.x: is not a component (team, market, product, business, financial, traction)\n'
   'expected.team: must be a whole number from 1 to 10000, not 0\n'
   'expected.market: must be a whole number from 1 to 10000, not 1.5\n'
   'expected.product: must be a whole number from 1 to 10000, not a string'),
  ('expected => ''[]''', 'expected: must be an object, {component: number}')) o (options, detail);
select is((select count(*) from regexp_split_to_table(
             test.fault($$ select auxeira.sse_total(jsonb_build_object('team', (
               select jsonb_object_agg(q, 2) from generate_series(1, 5000) q))) $$), '\n')), 1001::bigint,
          'of 5,000 faults 1,000 are named and the rest is counted');

-- --- Percentile and change -----------------------------------------------------------------------------------

select is(auxeira.sse_percentile(raw, size, below, equal), percentile::double precision,
          format('%s among %s: %s below, %s equal', raw, size, below, equal))
from (values (62.75, 0, 0, 0, 69.7), (55, 30, 30, 0, 75), (55, 30, 0, 30, 50), (100, 1000, 1000, 0, 99),
             (0, 1000, 0, 0, 1), (55, 2147483647, 1073741824, 1073741823, 75)) p (raw, size, below, equal, percentile);
select is(auxeira.sse_percentile(50, 10, null, 0), null, 'an unknown count, an unknown percentile');
select is(test.fault('select auxeira.sse_percentile(''NaN'', 3, 2, -1)'),
          E'22023 invalid input for a percentile | detail: raw: NaN is outside 0 to 100\nequal: must be 0 or more | '
          'hint: the cohort is counted without the startup itself', 'impossible cohorts are refused');
select is(test.fault('select auxeira.sse_percentile(50, 3, 2, 2)'),
          '22023 invalid input for a percentile | detail: cohort_size: must be at least below + equal | '
          'hint: the cohort is counted without the startup itself', 'also those that do not add up');

select is(auxeira.sse_change('{"team": 20.1, "market": 12.0, "business": 6.8}', '{"team": 20.2, "market": 11.9, "product": 16}')::text,
          '{"team": 0.1, "market": -0.1, "product": 16.0, "business": -6.8}', 'differences are exact');
select is(auxeira.sse_change(null, '{"team": 20.1}'), '{"team": 20.1}', 'from nothing');
select is(auxeira.sse_change('{"team": 20.1}', null), '{"team": -20.1}', 'to nothing');
select is(test.fault($$ select auxeira.sse_change('{"team": "1"}', '{"market": 100.1, "x": 1}') $$),
          E'22023 invalid input for a change of score | detail: old.team: must be a number from 0 to 100, not a string\n'
          'new.x: is not a component (team, market, product, business, financial, traction)\n'
          'new.market: must be a number from 0 to 100, not 100.1 | '
          'hint: give two breakdowns as auxeira.sse_score returns them', 'breakdowns are checked');

-- --- What the functions promise ------------------------------------------------------------------------------

select results_eq(
  $$ select proname::text collate "default", provolatile, proisstrict, proparallel, prosecdef from pg_proc
     where pronamespace = 'auxeira'::regnamespace and proname ~ '^sse_(score|total|percentile|change)$' order by 1 $$,
  $$ values ('sse_change', 'i'::"char", false, 's'::"char", false), ('sse_percentile', 'i', true, 's', false),
            ('sse_score', 's', false, 's', false), ('sse_total', 's', false, 's', false) $$,
  'volatility, strictness, parallel safety, whose rights');
select is_empty(
  $$ select proname from pg_proc where pronamespace = 'auxeira'::regnamespace
     and proname ~ '^sse_(score|total|percentile|change)$' and obj_description(oid, 'pg_proc') is null $$,
  'every function is explained');
select is_empty(
  $$ select attname from pg_attribute where attrelid = 'auxeira.sse_result'::regclass and attnum > 0
     and col_description(attrelid, attnum) is null $$, 'every column is explained');

-- --- Sizes ----------------------------------------------------------------------------------------------------

reset role;
create table test.long_texts (scale text);
alter table test.long_texts alter scale set storage external;
insert into test.long_texts values (repeat('percent ', 1000));
grant select on test.long_texts to public;
set local role auxeira_test_nobody;
select is(test.fault($$ select auxeira.sse_total('{"team": {"q": 1}}', scale) from test.long_texts $$),
  test.fault($$ select auxeira.sse_total('{"team": {"q": 1}}', repeat('percent ', 1000)) $$),
  'an option that is stored out of line is read like any other');
select is(auxeira.sse_total(jsonb_build_object('team', (select jsonb_object_agg('q' || i, 1)
    from generate_series(1, 10000) i))), 100, 'as many answers as may be');
select is(test.fault($$ select auxeira.sse_score(jsonb_build_object('team', (select jsonb_object_agg('q' || i, 1)
    from generate_series(1, 10001) i))) $$) ~ 'responses.team: has 10001 answers, at most 10000 are allowed', true,
  'more answers than a cancel could wait for are refused');

-- --- Scores of others cannot be worked out ---------------------------------------------------------------------------

reset role;
-- Startups with a score each, whose owner proved an address, or did not.
create function test.plant_peers(scores integer[], proven boolean) returns void language plpgsql as $$
begin
  delete from auxeira.organizations where name = 'a peer';
  update auxeira.users set email_verified = proven where user_id = test.user_of('root');
  with made as (
    insert into auxeira.organizations (name, org_type, stage, industry)
    select 'a peer', 'startup', 'growth', 'space' from unnest(scores) returning org_id
  ), owned as (
    insert into auxeira.user_organizations (org_id, user_id, role) select org_id, test.user_of('root'), 'owner' from made
  )
  insert into auxeira.sse_scores (org_id, version, total_score, raw_score, status, component_scores, percentile,
    success_probability, explanation, cohort, coverage, band, scale, missing_policy, formula_version, input_hash,
    data_quality_score, confidence_level)
  select org_id, 1, score, score, 'scored', '{}', 50, 0.1, '{}', '{}', 1, 1, 'unit', 'zero', 'test', sha256(''), 1, 1
  from (select org_id, scores[row_number() over ()] as score from made) numbered;
end
$$;
-- What the percentile would be of every possible score, for a startup of the stage and industry that is not one of them.
create function test.percentiles(scores integer[], proven boolean default true) returns numeric[] language plpgsql as $$
begin
  perform test.plant_peers(scores, proven);
  update auxeira.organizations set stage = 'growth', industry = 'space' where org_id = test.org_of('ann');
  return array(
    select auxeira.cohort_percentile(probe / 2.0::double precision, c.size, c.below, c.near)
    from generate_series(0, 200) probe
      cross join lateral auxeira.sse_cohort(test.org_of('ann'), probe / 2.0::double precision, false) c
    order by probe);
end
$$;
select is(test.percentiles('{30,31,47,52,68,83}'), test.percentiles('{30,39,41,59,60,89}'),
          'whatever is scored, nobody sees where in its ten points another startup is');
select isnt(test.percentiles('{30,31,47,52,68,83}'), test.percentiles('{30,31,47,52,78,83}'), 'but how many are better');
select is((select bool_and(p >= before) from (select p, lag(p, 1, p) over (order by place) as before
             from unnest(test.percentiles('{30,31,47,52,68,83}')) with ordinality u (p, place)) x), true,
          'a better score never has a lower percentile');
select test.plant_peers('{30,31,47,52,68,83}', false) \g /dev/null
select is((select c.basis from auxeira.sse_cohort(test.org_of('ann'), 50, false) c), 'reference',
          'startups that anybody can make up are in no cohort');

-- --- What is stored ---------------------------------------------------------------------------------------------------

-- Six components of 60.2 points add up to 60.19999999999999 in doubles.
set session authorization auxeira_authenticator;
select test.call('ann', 'calculate_sse', jsonb_build_object('startupId', test.org_of('ann'), 'responses', (
  select jsonb_object_agg(name, '{"q": 0.602}'::jsonb)
  from unnest(array['team', 'market', 'product', 'business', 'financial', 'traction']) name))) \g /dev/null
reset session authorization;
select is((select raw_score::text from auxeira.sse_scores where org_id = test.org_of('ann') order by version desc limit 1),
          '60.200000', 'the score before rounding is stored to six decimals');

select finish();
rollback;
