-- What cannot be generated: an error with a code of its own that names the parameter, and nothing is written.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(130);

create table test.refused (person text, request jsonb, expected text);
grant select on test.refused to public;
insert into test.refused values
  ('vic', '{}', '42501 your role or type of user does not allow this'),
  ('ann', '{"variance": 1.5}', '22023 invalid request: variance: '),
  ('ann', '{"variance": -0.1}', '22023 invalid request: variance: '),
  ('ann', '{"count": 0}', '22023 invalid request: count: '),
  ('ann', '{"count": 100001}', '22023 invalid request: count: '),
  ('ann', '{"trend": "sideways"}', '22023 invalid request: trend: '),
  ('ann', '{"userType": "pope"}', '22023 invalid request: userType: '),
  ('ann', '{"dataType": "dreams"}', '22023 invalid request: dataType: '),
  ('ann', '{"timeRangeDays": 0}', '22023 invalid request: timeRangeDays: '),
  ('ann', '{"timeRangeDays": 36501}', '22023 invalid request: timeRangeDays: '),
  ('ann', '{"seed": 9223372036854775808}', '22023 invalid request: seed: '),
  ('ann', '{"seed": -9223372036854775809}', '22023 invalid request: seed: '),
  ('ann', '{"seed": 0.5}', '22023 invalid request: seed: '),
  ('ann', '{"asOf": "infinity"}', '22023 invalid request: asOf: '),
  ('ann', '{"asOf": "0001-01-05T00:00:00Z", "timeRangeDays": 30}',
    '22023 invalid request: asOf: the first point would be before the year 1'),
  ('ann', '{"asOf": "0001-01-05T00:00:00Z"}', '22023 invalid request: asOf: the first point would be before the year 1'),
  ('ann', '{"missingRate": 2}', '22023 invalid parameters for synthetic data | detail: missing_rate: '),
  ('ann', '{"lateRate": -1}', '22023 invalid parameters for synthetic data | detail: late_rate: '),
  ('ann', '{"restatementRate": 7}', '22023 invalid parameters for synthetic data | detail: restatement_rate: '),
  ('ann', '{"shockRate": 1000}', '22023 invalid parameters for synthetic data | detail: shock_rate: '),
  ('ann', '{"stage": "retired"}', '22023 invalid parameters for synthetic data | detail: stage: '),
  ('ann', '{"businessModel": "magic"}', '22023 invalid parameters for synthetic data | detail: business_model: '),
  ('ann', '{"templateId": "00000000-0000-4000-8000-000000000000"}', 'P0002 template not found');

create table test.refused_in_sql (arguments text, expected text);
grant select on test.refused_in_sql to public;
insert into test.refused_in_sql values
  ($$ count => 1000001 $$, '22023 invalid parameters for synthetic data | detail: count: 1000001 is outside 1 to 1000000'),
  ($$ count => 2147483647 $$, '22023 invalid parameters for synthetic data | detail: count: 2147483647 is outside 1 to 1000000'),
  ($$ options => '{"missingRate": 1e400}' $$, '22023 invalid request: missingRate: '),
  ($$ options => '{"shockRate": -1e400}' $$, '22023 invalid request: shockRate: '),
  ($$ options => '{"junk": 1}' $$, '22023 invalid request: junk'),
  ($$ variance => 'NaN' $$, '22023 invalid parameters for synthetic data | detail: variance: NaN is outside 0 to 1'),
  ($$ as_of => 'infinity' $$, '22023 invalid request: as_of: lies in the future | detail: as_of: lies in the future'),
  ($$ as_of => '-infinity' $$, '22023 invalid parameters for synthetic data | detail: as_of: is before the year 1'),
  ($$ as_of => '0001-01-02 BC' $$, '22023 invalid parameters for synthetic data | detail: as_of: is before the year 1'),
  ($$ as_of => '10000-01-01' $$, '22023 invalid request: as_of: lies in the future | detail: as_of: lies in the future'),
  ($$ count => 0, variance => 2, trend => 'up' $$, E'22023 invalid parameters for synthetic data | detail: count: 0 is outside 1 '
    'to 1000000\nvariance: 2 is outside 0 to 1\ntrend: "up" is not one of improving, declining, stable, volatile'),
  ($$ seed => 9223372036854775808 $$, '42883 function auxeira.synthesize(seed => numeric) does not exist'),
  ($$ seed => '9223372036854775808' $$, '22003 value "9223372036854775808" is out of range for type bigint'),
  ($$ options => '{"stages": 1}' $$, '22023 invalid request: stages: '),
  ($$ options => '{"stage": 1}' $$, '22023 invalid request: stage: '),
  ($$ options => '[]' $$, '22023 invalid request: options: an object is expected');

set session authorization auxeira_authenticator;
select test.call('ann', 'create_template', '{"template_name": "of a fund", "user_type": "venture_capital",
  "data_schema": {"score": {"type": "integer"}}, "generation_rules": {"score": {"low": 10, "high": 90}}}') \g /dev/null
reset session authorization;
select test.contents() as before \gset

set session authorization auxeira_authenticator;
select is(left(test.refusal(person, 'generate_synthetic', request::text), length(expected)), expected, person || ' ' || request)
from test.refused;
reset session authorization;

select set_config('auxeira.' || name, value, true)
from (values ('user_id', test.user_of('ann')::text), ('user_type', 'startup_founder'), ('org_id', test.org_of('ann')::text),
             ('org_ids', test.org_of('ann')::text), ('writable_org_ids', test.org_of('ann')::text)) s (name, value) \g /dev/null
select is(left(test.fault(format('select auxeira.synthesize(%s)', arguments)), length(expected)), expected, arguments)
from test.refused_in_sql;
select is(test.fault(format('select auxeira.record_template(%L)', document)), fault, 'a template ' || document)
from (values
  ('[]', '22023 the request is not an object | detail: $: a JSON object is expected'),
  ('{"template_name": "x", "data_schema": {}, "generation_rules": {}, "created_at": "x"}',
   '22023 invalid request: created_at: this field is not known here | detail: created_at: this field is not known here'),
  ('{"template_name": "x", "data_schema": [], "generation_rules": {}}',
   '22023 invalid request: data_schema: an array is not an object | detail: data_schema: an array is not an object')) t (document, fault);
select matches(test.fault($$ select auxeira.record_template('{"template_name": "x", "data_schema": {}, "generation_rules": {}, "user_type": "zz"}') $$),
               '^22023 invalid request: user_type: "zz" is not one of ', 'nor of a type of user that there is not');
-- Facts by parameters of one's own, for whom they are the same as for auxeira.synthesize().
create table test.refused_facts (parameters jsonb, fault text);
insert into test.refused_facts values
  ('{"seed": 9223372036854775808}', 'seed: 9223372036854775808 is above the maximum 9223372036854775807'),
  ('{"seed": 36893488147419103232}', 'seed: 36893488147419103232 is above the maximum 9223372036854775807'),
  ('{"seed": -9223372036854775809}', 'seed: -9223372036854775809 is below the minimum -9223372036854775808'),
  ('{"junk": "x"}', 'junk: this field is not known here'),
  ('{"seed": "7"}', 'seed: "7" is not an integer'), ('{"seed": 0.5}', 'seed: 0.5 is not an integer'),
  ('{"seed": null}', 'seed: is missing'), ('{"data_type": null}', 'data_type: is missing'),
  ('{"data_type": "dreams"}', 'data_type: dreams is not of an organization of type startup'),
  ('{"data_type": ["scores"]}', 'data_type: an array is not a string'),
  ('{"count": "x"}', 'count: "x" is not an integer'), ('{"count": [1]}', 'count: an array is not an integer'),
  ('{"count": 1e400}', 'count: 1% is above the maximum 1000000'), ('{"count": -1}', 'count: -1 is below the minimum 0'),
  ('{"time_range_days": {}}', 'time_range_days: an object is not an integer'),
  ('{"time_range_days": null}', 'time_range_days: a number from 1 to 7305 (20 years) is expected'),
  ('{"time_range_days": 0}', 'time_range_days: a number from 1 to 7305 (20 years) is expected'),
  ('{"time_range_days": 99999999999}', 'time_range_days: 99999999999 is above the maximum 36500'),
  ('{"variance": "NaN"}', 'variance: "NaN" is not a number'), ('{"variance": 1e400}', 'variance: 1% is above the maximum 1'),
  ('{"variance": true}', 'variance: true is not a number'), ('{"trend": 1}', 'trend: 1 is not a string'),
  ('{"trend": "up"}', 'trend: improving, declining, stable or volatile is expected'),
  ('{"as_of": "soon"}', 'as_of: "soon" is not a time such as 2026-01-31T23:59:59Z'),
  ('{"as_of": "infinity"}', 'as_of: "infinity" is not a time such as 2026-01-31T23:59:59Z'),
  ('{"as_of": "2026-02-31"}', 'as_of: "2026-02-31" is not a time such as 2026-01-31T23:59:59Z'),
  ('{"as_of": "294277-01-01"}', 'as_of: "294277-01-01" is not a time such as 2026-01-31T23:59:59Z'),
  ('{"as_of": 7}', 'as_of: 7 is not a string'), ('{"as_of": null}', 'as_of: a time from 1970 on that is not to come is expected'),
  ('{"as_of": "9000-01-01T00:00:00Z"}', 'as_of: a time from 1970 on that is not to come is expected'),
  ('{"count": "x", "seed": "y", "variance": []}', e'seed: "y" is not an integer\ncount: "x" is not an integer\nvariance: an array is not a number');
create function test.facts(call text, parameters text) returns text language sql as $$
  select test.fault(format('select auxeira.%s(%L)', call, parameters)) $$;
select alike(test.facts(call, ('{"data_type": "scores", "count": 1, "time_range_days": 100, "variance": 0.2, "trend": "stable", "seed": 1,
    "as_of": "2026-03-01T00:00:00Z"}' || r.parameters)::text), '22023 invalid %| detail: ' || r.fault, call || ' ' || r.parameters)
from test.refused_facts r, unnest('{synthesize_facts, check_facts}'::text[]) call;
select is(test.facts(call, '{}'), e'22023 invalid parameters for synthetic data | detail: seed: is missing\ndata_type: is missing\n'
  'time_range_days: a number from 1 to 7305 (20 years) is expected\nas_of: a time from 1970 on that is not to come is expected\n'
  'variance: a number from 0 to 1 is expected', call || ' of nothing')
from unnest('{synthesize_facts, check_facts}'::text[]) call;
select is(test.facts(call, nothing), '22023 the request is not an object | detail: $: a JSON object is expected', call || ' of ' || coalesce(nothing, 'NULL'))
from unnest('{synthesize_facts, check_facts}'::text[]) call, unnest(array['[]', 'null', '"x"', '7', null]) nothing;
select is(test.fault(format('select auxeira.synthesize_ecosystem(%s)', arguments)), fault, arguments)
from (values
  ('null, null, null, null, null', e'22023 invalid parameters for synthetic data | detail: organizations: a number from 10 to 1000 is expected\n'
    'days: a number from 1 to 7305 (20 years) is expected\nvariance: a number from 0 to 1 is expected'),
  ('12, 100, 1, variance => ''-Infinity''', '22023 invalid parameters for synthetic data | detail: variance: a number from 0 to 1 is expected'),
  ('12, 100, 1, trend => ''''', '22023 invalid parameters for synthetic data | detail: trend: improving, declining, stable or volatile is expected'),
  ('12, 100, 1, around => ''{{00000000-0000-4000-8000-000000000001}}''', '22023 invalid request: around: there is no organization '
    '00000000-0000-4000-8000-000000000001 | detail: around: there is no organization 00000000-0000-4000-8000-000000000001')) e (arguments, fault);

-- Steps that are told: of how many, and no more.
select is(test.fault(format('select auxeira.report_generation(%L, %L, %s)', test.org_of('ann'), gen_random_uuid(), told)),
          '22023 invalid progress of a generation | detail: ' || fault, 'steps ' || told)
from (values ('0, 0', 'total: 0 is less than one step'), ('-1, 3', 'done: -1 is less than no step'), ('4, 3', 'done: 4 is more than the total, 3'),
  ('-1, -1', e'total: -1 is less than one step\ndone: -1 is less than no step')) t (told, fault);
select is(test.fault(format('select auxeira.report_generation(%L, %L, 2, 3)', test.org_of('ann'), gen_random_uuid())), 'no error', 'what has not begun');
select is((select count(*) from auxeira.running_generations()), 0::bigint, 'is told of nowhere');

select is(test.fault(format('select auxeira.synthesize(template_id => %L, user_type => ''government'')', t.template_id)),
          '22023 invalid parameters for synthetic data | detail: user_type: the template is of venture_capital',
          'a template of another user type')
from auxeira.organization_templates t;
select is(test.fault($$ select auxeira.store_synthetic_metrics(null, 1000000, 365, 0.2, 'stable', 1, '2026-03-01', auxeira.org_id(),
    'metrics', null, null, null, null, 0, 0, 0, 0, auxeira.user_id(), null, (
      select jsonb_build_object('user_type', 'startup_founder', 'data_schema', jsonb_object_agg('m' || i, '{"type": "number"}'::jsonb),
        'generation_rules', jsonb_object_agg('m' || i, '{"low": 1, "high": 2}'::jsonb)) from generate_series(1, 26) i)) $$),
  '22023 invalid parameters for synthetic data | detail: count: 1000000 points of 26 metrics are more than 25000000 values'
  ' | hint: Generate them in parts, each with an as_of of its own.', 'too many values in all');
select is(test.contents(), :'before', 'nothing of what was refused is written');

select * from finish();
rollback;
