-- What cannot be generated: an error with a code of its own that names the parameter, and nothing is written.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(38);

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
  ($$ options => '[]' $$, '22023 the request is ');

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
