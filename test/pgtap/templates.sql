-- Templates: what they may say, the series they make, and whose they are.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql

create function test.base() returns jsonb language sql immutable return '{
  "user_type": "startup_founder",
  "data_schema": {
    "mrr": {"type": "number", "unit": "€", "kind": "flow"},
    "arr": {"type": "number", "unit": "€", "kind": "flow"},
    "customers": {"type": "integer", "unit": "customers", "kind": "stock"},
    "visits": {"type": "integer", "kind": "flow"}},
  "generation_rules": {
    "mrr": {"distribution": "lognormal", "median": 10000, "sd": 0.5},
    "arr": {"expression": "mrr * 12"},
    "customers": {"low": 10, "high": 1000, "correlation": {"with": "mrr", "coefficient": 0.8}},
    "visits": {"model": "draw", "distribution": "poisson", "mean": 40}},
  "validation_rules": {
    "identities": [{"name": "a year", "expression": "mrr * 12 = arr"}],
    "ranges": {"visits": {"maximum": 1000}}},
  "default_parameters": {"count": 12, "timeRangeDays": 365, "variance": 0.1, "trend": "improving"}}'::jsonb;
create function test.faults(template jsonb) returns text language sql as $$
  select string_agg(path || ': ' || message, E'\n') from auxeira.check_template(template) $$;
-- The base with something else at a path.
create function test.changed(path text, value text) returns jsonb language sql immutable
  return case when path = '' then value::jsonb else jsonb_set(test.base(), path::text[], value::jsonb) end;

-- --- What is refused ------------------------------------------------------------------------------------------------

create table test.refused (id integer generated always as identity, path text, value text, expected text);
insert into test.refused (path, value, expected) values
  ('', '[]', '$: must be an object, not an array'),
  ('', '"x"', '$: must be an object, not a string'),
  ('', '{}', E'user_type: is missing\ndata_schema: is missing\ngeneration_rules: is missing'),
  ('{user_type}', '"pope"',
   'user_type: "pope" is not one of «types»'),
  ('{user_type}', '1',
   'user_type: must be one of «types», not a number'),
  ('{colour}', '1', 'colour: is not known here'),
  ('{template_name}', '""', 'template_name: must have 1 to 255 bytes, not 0'),
  ('{data_schema}', '[]', 'data_schema: must be an object, not an array'),
  ('{data_schema}', '{}', 'data_schema: names no metric'),
  ('{data_schema,mrr}', '[]', 'data_schema.mrr: must be an object, not an array'),
  ('{data_schema,mrr,type}', '"money"', 'data_schema.mrr.type: "money" is not one of integer, number'),
  ('{data_schema,mrr,kind}', '"state"',
   'data_schema.mrr.kind: "state" is not one of stock, flow, ratio, score, cumulative, ytd, streak'),
  ('{data_schema,mrr,colour}', '1', 'data_schema.mrr.colour: is not known here'),
  ('{data_schema,mrr,decimals}', '7', 'data_schema.mrr.decimals: 7 is outside 0 to 6'),
  ('{data_schema,mrr,decimals}', '1.5', 'data_schema.mrr.decimals: 1.5 is not a whole number'),
  ('{data_schema,customers,decimals}', '2', 'data_schema.customers.decimals: an integer has none'),
  ('{data_schema,visits}', '{}', 'data_schema.visits.type: is missing'),
  ('{data_schema,mrr,unit}', '5', 'data_schema.mrr.unit: must be a string, not a number'),
  ('{data_schema,mrr,kind}', '"streak"', 'data_schema.mrr.type: a streak is an integer'),
  ('{data_schema,other}', '{"type": "number"}', 'generation_rules.other: is missing'),
  ('{generation_rules,other}', '{}', 'generation_rules.other: is not a metric of data_schema'),
  ('{generation_rules}', '7', 'generation_rules: must be an object, not a number'),
  ('{generation_rules,mrr}', 'null', 'generation_rules.mrr: is missing'),
  ('{generation_rules,mrr}', '[]', 'generation_rules.mrr: must be an object, not an array'),
  ('{generation_rules,mrr,colour}', '1', 'generation_rules.mrr.colour: is not known to the model path'),
  ('{generation_rules,mrr,model}', '"magic"',
   'generation_rules.mrr.model: "magic" is not one of «models»'),
  ('{generation_rules,mrr,model}', '1',
   'generation_rules.mrr.model: must be one of «models», not a number'),
  ('{generation_rules,mrr,distribution}', '"zipf"',
   'generation_rules.mrr.distribution: "zipf" is not one of lognormal, normal, uniform, constant, poisson'),
  ('{generation_rules,mrr,distribution}', '"normal"',
   'generation_rules.mrr.distribution: normal needs low and high, or mean and sd'),
  ('{generation_rules,mrr}', '{}',
   'generation_rules.mrr.distribution: lognormal needs low and high, or median and sd'),
  ('{generation_rules,mrr}', '{"median": 5}',
   'generation_rules.mrr.sd: is missing: lognormal needs low and high, or median and sd'),
  ('{generation_rules,mrr}', '{"low": 5}',
   'generation_rules.mrr.high: is missing: lognormal needs low and high, or median and sd'),
  ('{generation_rules,mrr}', '{"median": 5, "sd": 1, "low": 1}',
   E'generation_rules.mrr.high: is missing: lognormal needs low and high, or median and sd\ngeneration_rules.mrr.median: is too much: lognormal needs low and high, or median and sd\ngeneration_rules.mrr.sd: is too much: lognormal needs low and high, or median and sd'),
  ('{generation_rules,mrr}', '{"median": -5, "sd": 1}', 'generation_rules.mrr.median: -5 is not above 0'),
  ('{generation_rules,mrr}', '{"median": 5, "sd": -1}', 'generation_rules.mrr.sd: -1 is outside 0 to 5'),
  ('{generation_rules,mrr}', '{"median": 5, "sd": 9}', 'generation_rules.mrr.sd: 9 is outside 0 to 5'),
  ('{generation_rules,mrr}', '{"low": 5, "high": 1}', 'generation_rules.mrr.low: 5 is above high, which is 1'),
  ('{generation_rules,mrr}', '{"low": 0, "high": 1}',
   'generation_rules.mrr.low: the level begins at 0, and must be above 0'),
  ('{generation_rules,mrr}', '{"low": "5", "high": true}',
   E'generation_rules.mrr.low: must be a number, not a string\ngeneration_rules.mrr.high: must be a number, not true or false'),
  ('{generation_rules,mrr}', '{"low": 1, "high": 1e13}',
   'generation_rules.mrr.high: 10000000000000 is outside -1000000000000 to 1000000000000'),
  ('{generation_rules,mrr}', '{"low": 1, "high": 1e400}',
   'generation_rules.mrr.high: infinity is outside -1000000000000 to 1000000000000'),
  ('{generation_rules,mrr}', '{"distribution": "normal", "mean": 5, "sd": 3}',
   'generation_rules.mrr.mean: the level begins at -2.5, and must be above 0'),
  ('{generation_rules,mrr}', '{"distribution": "constant", "low": 5}',
   'generation_rules.mrr.distribution: constant needs value'),
  ('{generation_rules,visits}', '{"model": "draw", "distribution": "poisson", "mean": 0}',
   'generation_rules.visits.mean: the level begins at 0, and must be above 0'),
  ('{generation_rules,mrr,minimum}', '1e9',
   'generation_rules.mrr.minimum: is above every level, which ends at 34903.42957496643'),
  ('{generation_rules,mrr,maximum}', '1',
   'generation_rules.mrr.maximum: is below every level, which begins at 2865.047968864441'),
  ('{generation_rules,mrr}', '{"low": 1, "high": 9, "minimum": 8, "maximum": 5}',
   'generation_rules.mrr.minimum: 8 is above the maximum 5'),
  ('{generation_rules,mrr,minimum}', '0.001', 'generation_rules.mrr.minimum: 0.001 has more than 2 decimals'),
  ('{generation_rules,customers,minimum}', '0.5', 'generation_rules.customers.minimum: 0.5 has more than 0 decimals'),
  ('{generation_rules,mrr,ceiling}', '5',
   'generation_rules.mrr.ceiling: is not above the level, which begins at 2865.047968864441'),
  ('{generation_rules,mrr}', '{"low": 1, "high": 9, "ceiling": 20, "maximum": 10}',
   'generation_rules.mrr.ceiling: is above the maximum 10'),
  ('{generation_rules,mrr,goodDirection}', '"left"',
   'generation_rules.mrr.goodDirection: "left" is not one of up, down'),
  ('{generation_rules,mrr,trendResponse}', '2', 'generation_rules.mrr.trendResponse: 2 is outside 0 to 1'),
  ('{generation_rules,mrr,pace}', '1', 'generation_rules.mrr.pace: is not known to the model path'),
  ('{generation_rules,mrr,of}', '"arr"', 'generation_rules.mrr.of: is not known to the model path'),
  ('{generation_rules,mrr}', '{"model": "part", "low": 0.1, "high": 0.2}',
   'generation_rules.mrr.of: is missing: the metric it is computed from'),
  ('{generation_rules,mrr}', '{"model": "part", "low": 0.1, "high": 0.2, "of": "pear"}',
   'generation_rules.mrr.of: "pear" is not a metric of data_schema'),
  ('{generation_rules,mrr}', '{"model": "part", "low": 0.1, "high": 0.2, "of": "mrr"}',
   'generation_rules.mrr.of: is the metric itself'),
  ('{generation_rules,mrr}', '{"model": "part", "low": 0.1, "high": 0.2, "of": "arr"}',
   'generation_rules.arr.expression: depends on itself: arr, mrr, arr'),
  ('{data_schema,visits,kind}', '"cumulative"',
   'generation_rules.visits.model: "draw" does not make a metric of kind cumulative'),
  ('{data_schema,visits,kind}', '"ytd"', 'generation_rules.visits.model: "draw" does not make a metric of kind ytd'),
  ('{generation_rules,customers,correlation}', '1',
   'generation_rules.customers.correlation: must be an object, not a number'),
  ('{generation_rules,customers,correlation}', '{}',
   E'generation_rules.customers.correlation.with: is missing\ngeneration_rules.customers.correlation.coefficient: is missing'),
  ('{generation_rules,customers,correlation,with}', '"pear"',
   'generation_rules.customers.correlation.with: "pear" is not a metric of data_schema'),
  ('{generation_rules,customers,correlation,with}', '"customers"',
   'generation_rules.customers.correlation.with: is the metric itself'),
  ('{generation_rules,customers,correlation,with}', '"arr"',
   'generation_rules.customers.correlation.with: "arr" has no noise to be correlated with'),
  ('{generation_rules,customers,correlation,with}', '"visits"',
   'generation_rules.customers.correlation.with: "visits" has no noise to be correlated with'),
  ('{generation_rules,customers,correlation,coefficient}', '1.5',
   'generation_rules.customers.correlation.coefficient: 1.5 is outside -1 to 1'),
  ('{generation_rules,mrr,correlation}', '{"with": "customers", "coefficient": 0.5}',
   'generation_rules.mrr.correlation.with: depends on itself: mrr, customers, mrr'),
  ('{generation_rules,visits,correlation}', '{"with": "mrr", "coefficient": 0.5}',
   'generation_rules.visits.correlation: is not known to the model draw'),
  ('{generation_rules,arr,expression}', '5', 'generation_rules.arr.expression: must be a string, not a number'),
  ('{generation_rules,arr,expression}', '""', 'generation_rules.arr.expression: must have 1 to 1000 bytes, not 0'),
  ('{generation_rules,arr,expression}', '"mrr *"',
   'generation_rules.arr.expression: expected a number, a metric or "(" at character 6, where it ends'),
  ('{generation_rules,arr,expression}', '"mrr mrr"',
   'generation_rules.arr.expression: expected an operator or the end at character 5, not "mrr"'),
  ('{generation_rules,arr,expression}', '"12 * (mrr"',
   'generation_rules.arr.expression: expected ")" at character 10, where it ends'),
  ('{generation_rules,arr,expression}', '"12 * pear"',
   'generation_rules.arr.expression: names "pear", which is not a metric of the template'),
  ('{generation_rules,arr,expression}', '"arr + 1"', 'generation_rules.arr.expression: depends on itself: arr, arr'),
  ('{generation_rules,arr,expression}', '"min(mrr)"',
   'generation_rules.arr.expression: expected "," and another value at character 8, not ")"'),
  ('{generation_rules,arr,expression}', '"round(mrr, 9)"',
   'generation_rules.arr.expression: expected 0 to 6 digits at character 12, not "9)"'),
  ('{generation_rules,arr,expression}', '"mrr ^ 2"',
   'generation_rules.arr.expression: expected an operator or the end at character 5, not "^ 2"'),
  ('{generation_rules,arr,expression}', '"1e999"',
   'generation_rules.arr.expression: expected a number at character 1, not "1e999"'),
  ('{generation_rules,arr,expression}', '"mrr * 12; drop table users"',
   'generation_rules.arr.expression: expected an operator or the end at character 9, not "; drop table"'),
  ('{generation_rules,arr,expression}', '"umsätze * 12"',
   'generation_rules.arr.expression: names "ums", which is not a metric of the template'),
  ('{generation_rules,arr,expression}', '"-5 - mrr"',
   'generation_rules.arr.expression: lies in -infinity to -5, outside the bounds 0 to infinity'),
  ('{generation_rules,arr}', '{"model": "expression"}', 'generation_rules.arr.expression: is missing'),
  ('{generation_rules,arr,low}', '5', 'generation_rules.arr.low: is not known to the model expression'),
  ('{validation_rules}', '[]', 'validation_rules: must be an object, not an array'),
  ('{validation_rules,rules}', '1', 'validation_rules.rules: is not known here'),
  ('{validation_rules,identities}', '{}', 'validation_rules.identities: must be an array, not an object'),
  ('{validation_rules,identities,0}', '"mrr = arr"',
   'validation_rules.identities[0]: must be an object, not a string'),
  ('{validation_rules,identities,0,tolerance}', '-1',
   'validation_rules.identities[0].tolerance: -1 is outside 0 to 1000000000000'),
  ('{validation_rules,identities,0}', '{"name": "x"}', 'validation_rules.identities[0].expression: is missing'),
  ('{validation_rules,identities,0,expression}', '"mrr * 12"',
   'validation_rules.identities[0].expression: expected an operator, "=", "<=" or ">=" at character 9, where it ends'),
  ('{validation_rules,identities,0,expression}', '"mrr < arr"',
   'validation_rules.identities[0].expression: expected an operator, "=", "<=" or ">=" at character 5, not "< arr"'),
  ('{validation_rules,identities,0,expression}', '"mrr = pear"',
   'validation_rules.identities[0].expression: names "pear", which is not a metric of the template'),
  ('{validation_rules,ranges}', '[]', 'validation_rules.ranges: must be an object, not an array'),
  ('{validation_rules,ranges,pear}', '{}', 'validation_rules.ranges.pear: is not a metric of data_schema'),
  ('{validation_rules,ranges,visits}', '{"minimum": 5, "maximum": 1}',
   'validation_rules.ranges.visits.minimum: 5 is above the maximum 1'),
  ('{validation_rules,ranges,visits}', '{"maximum": -1}',
   'validation_rules.ranges.visits: does not meet the bounds of its rule, 0 to infinity'),
  ('{default_parameters}', '[]', 'default_parameters: must be an object, not an array'),
  ('{default_parameters,count}', '0', 'default_parameters.count: 0 is outside 1 to 1000000'),
  ('{default_parameters,count}', '1000001', 'default_parameters.count: 1000001 is outside 1 to 1000000'),
  ('{default_parameters,count}', '1.5', 'default_parameters.count: 1.5 is not a whole number'),
  ('{default_parameters,timeRangeDays}', '36501', 'default_parameters.timeRangeDays: 36501 is outside 1 to 36500'),
  ('{default_parameters,variance}', '2', 'default_parameters.variance: 2 is outside 0 to 1'),
  ('{default_parameters,trend}', '"up"',
   'default_parameters.trend: "up" is not one of improving, declining, stable, volatile'),
  ('{default_parameters,stage}', '"dead"',
   'default_parameters.stage: "dead" is not one of pre_seed, seed, series_a, series_b, series_c, growth, late'),
  ('{default_parameters,shockRate}', '11', 'default_parameters.shockRate: 11 is outside 0 to 10'),
  ('{default_parameters,colour}', '1', 'default_parameters.colour: is not known here'),
  ('{data_schema,größe}', '{"type": "number"}',
   E'data_schema.größe: a name has 1 to 63 letters (a to z), digits and _, no digit first\ngeneration_rules.größe: is missing'),
  (E'{data_schema,"a\\"; drop table users --"}', '{"type": "number"}',
   E'data_schema."a\\"; drop table users --": a name has 1 to 63 letters (a to z), digits and _, no digit first\ngeneration_rules."a\\"; drop table users --": is missing'),
  ('{data_schema,max}', '{"type": "number"}',
   E'data_schema.max: means something else in expressions\ngeneration_rules.max: is missing'),
  ('{generation_rules,mrr}', '{"low": 1, "high": 9, "correlation": {"with": "customers", "coefficient": 0.5}, "minimum": -5}',
   'generation_rules.mrr.correlation.with: depends on itself: mrr, customers, mrr'),
  ('{generation_rules,customers}', '{"model": "part", "of": "visits", "low": 0.1, "high": 0.2, "less": "arr"}', null),
  ('{generation_rules,visits}', '{"model": "part", "of": "visits", "less": "visits", "low": 0.1, "high": 0.2}',
   E'generation_rules.visits.of: is the metric itself\ngeneration_rules.visits.less: is the metric itself');
update test.refused set expected = replace(replace(expected, '«types»', 'startup_founder, venture_capital, '
    'angel_investor, corporate_partner, government, esg_funder, impact_investor'),
  '«models»', 'path, draw, accumulates, year_to_date, streak, week, part, purchases, sales, staff, runway, expression');
-- Templates of so many metrics, nested so deep, with so long an expression.
create function test.wide(metrics integer) returns jsonb language sql immutable as $$
  select jsonb_build_object('user_type', 'government',
    'data_schema', jsonb_object_agg('m' || n, '{"type": "number"}'::jsonb),
    'generation_rules', jsonb_object_agg('m' || n, '{"low": 1, "high": 2}'::jsonb))
  from generate_series(1, metrics) n $$;
create function test.computed(expression text) returns jsonb language sql immutable
  return test.changed('{generation_rules,arr,expression}', to_jsonb(expression)::text);

create table test.points as
  select s.metric_value, s.metric_timestamp from auxeira.synthetic_from_template(test.base(), 400, seed => 7) s;

select plan((select count(*)::integer from test.refused) + 75);

select is(test.faults(test.base()), null, 'a good template has no fault');
select is(test.faults(test.changed(path, value)), expected, format('%s: %s', path, value))
from test.refused order by id;
select is(test.faults(test.wide(100)), null, 'a hundred metrics are allowed');
select is(test.faults(test.wide(101)), 'data_schema: has 101 metrics, at most 100 are allowed', 'one more is not');
select matches(test.fault($$ select test.faults(jsonb_set(test.base(), '{description}', to_jsonb(repeat('x', 65536)))) $$),
  '^22023 the template is too large \| detail: \$: has \d+ bytes, at most 65536 are allowed$', 'nor are more than 64 KiB');
select is(test.fault($$ select test.faults((repeat('{"a": ', 9) || '1' || repeat('}', 9))::jsonb) $$),
  '22023 the template is too large | detail: $: is nested more than 8 levels deep', 'nor more than eight levels');
select is(test.faults(test.computed(repeat('(', 32) || 'mrr' || repeat(')', 32))), null, '32 parentheses inside one another are allowed');
select is(test.faults(test.computed(repeat('(', 33) || 'mrr' || repeat(')', 33))),
  'generation_rules.arr.expression: has more than 32 parentheses inside one another', 'not 33');
select is(test.faults(test.computed(repeat('-', 900) || 'mrr')), null, 'a long sign is no depth');
select is(test.faults(test.computed('mrr' || repeat('+mrr', 250))),
  'generation_rules.arr.expression: must have 1 to 1000 bytes, not 1003', 'expressions have an end');

-- --- What is generated ------------------------------------------------------------------------------------------------

create view test.kinds as select unnest(enum_range(null::auxeira.user_type))::text as kind;
select is_empty(format($$
  select c.metric_timestamp, c.metric_value, t.metric_value
  from auxeira.synthetic_metrics(%1$L, 300, 400, 0.3, %2$L, 7, '2026-03-01') c
    full join auxeira.synthetic_from_template(auxeira.synthetic_template(%1$L), 300, 400, 0.3, %2$L, 7, '2026-03-01') t
      using (metric_timestamp)
  where c.metric_value::text is distinct from t.metric_value::text $$, kind, trend),
  kind || ': the catalogue as a template makes the same series')
from test.kinds, (values ('improving'), ('volatile')) trends (trend);
select is_empty($$
  select t.template_name, f.* from auxeira.synthetic_data_templates t, auxeira.check_template(to_jsonb(t)) f $$,
  'templates of the platform are good');
select is_empty(format($$
  select * from auxeira.synthetic_data_templates t cross join lateral (
    select count(*) as points from auxeira.synthetic_from_template(to_jsonb(t), 1000, 3000, 1, 'volatile', %s)) s
  where s.points <> 1000 $$, seed), 'and keep their own rules, seed ' || seed)
from unnest(array[1, 2, 3]) seed;

select is((select count(*) from test.points), 400::bigint, 'as many points as asked for');
select is_empty($$ select * from test.points where (metric_value ->> 'arr')::numeric <> (metric_value ->> 'mrr')::numeric * 12 $$,
  'what is computed is computed to the cent');
select is_empty($$ select * from test.points where scale((metric_value ->> 'visits')::numeric) > 0
  or scale((metric_value ->> 'customers')::numeric) > 0 or scale((metric_value ->> 'mrr')::numeric) <> 2 $$,
  'with the decimals of the schema');
select results_eq($$ select avg((metric_value ->> 'visits')::numeric) between 38 and 42,
    variance((metric_value ->> 'visits')::numeric) between 32 and 48 from test.points $$,
  'values (true, true)', 'draws of a Poisson distribution have its mean and variance');
select results_eq($$ select count(*), max(metric_timestamp) - min(metric_timestamp), min(synthetic_trend)
    from auxeira.synthetic_from_template(test.base(), seed => 1) $$,
  $$ values (12::bigint, interval '365 days', 'improving') $$, 'what is not said is as the template says');
select results_eq($$ select count(*), min(synthetic_trend), min(dashboard_type), min(synthetic_algorithm)
    from auxeira.synthetic_from_template(test.base(), 5, trend => 'stable', seed => 1) $$,
  $$ values (5::bigint, 'stable', 'startup_founder', 'template_v1') $$, 'what is said is as said');
select results_eq($$ select s::text from auxeira.synthetic_from_template(test.base(), seed => 5, as_of => '2026-01-01') s $$,
  $$ select s::text from auxeira.synthetic_from_template(test.base(), seed => 5, as_of => '2026-01-01') s $$, 'the same seed, the same bytes');
select is_empty($$
  select metric_id from auxeira.synthetic_from_template(test.base(), seed => 5, as_of => '2026-01-01')
  intersect
  select metric_id from auxeira.synthetic_from_template(test.changed('{generation_rules,visits,mean}', '41'), seed => 5, as_of => '2026-01-01')
  $$, 'another template, other ids');
select results_eq($$
  select metric_value - 'visits' from auxeira.synthetic_from_template(test.base(), seed => 5, as_of => '2026-01-01') $$, $$
  select metric_value - 'visits'
  from auxeira.synthetic_from_template(test.changed('{generation_rules,visits,mean}', '41'), seed => 5, as_of => '2026-01-01')
  $$, 'and the same numbers of all other metrics');
select is_empty($$ select * from auxeira.synthetic_from_template(test.changed('{generation_rules,mrr}', '{"distribution": "constant",
    "value": 100}'), 50, variance => 0, trend => 'stable') where metric_value ->> 'mrr' <> '100.00' $$, 'a constant level');
select is_empty($$ select * from auxeira.synthetic_from_template(test.changed('{generation_rules,mrr}', '{"model": "draw",
    "distribution": "uniform", "low": 100, "high": 200, "trendResponse": 0}') #- '{generation_rules,customers,correlation}', 500)
  where (metric_value ->> 'mrr')::numeric not between 100 and 200 $$, 'draws of a uniform distribution are within it');
select results_eq($$ select avg((metric_value ->> 'mrr')::numeric) between -52 and -48, stddev((metric_value ->> 'mrr')::numeric)
    between 9 and 11 from auxeira.synthetic_from_template(jsonb_set(test.changed('{generation_rules,mrr}', '{"model": "draw",
    "distribution": "normal", "mean": -50, "sd": 10, "minimum": -1000}'), '{generation_rules,arr,minimum}', '-12000')
      #- '{generation_rules,customers,correlation}', 1000, seed => 3) $$,
  'values (true, true)', 'draws of a normal distribution have its mean and deviation');

-- --- Points that break the rules ---------------------------------------------------------------------------------------

create function test.broken(template jsonb) returns text language sql as
  $$ select test.fault(format('select count(*) from auxeira.synthetic_from_template(%L, 5, seed => 1, as_of => ''2026-01-01'')', template)) $$;
select matches(test.broken(test.changed('{validation_rules,identities,0,expression}', '"mrr * 12 = arr + 1"')),
  '^22023 point 0 does not keep the rules of the template \| detail: validation_rules\.identities\[0\]: "a year", '
  'mrr \* 12 = arr \+ 1, does not hold with arr = [\d.]+, mrr = [\d.]+ \| hint: ', 'an identity that does not hold');
select is(test.broken(test.changed('{validation_rules,identities,0}', '{"expression": "mrr * 12 = arr + 1", "tolerance": 1}')),
  'no error', 'within its tolerance it does');
select matches(test.broken(test.computed('mrr / (customers - customers)')),
  '^22023 point 0 .* detail: generation_rules\.arr\.expression: is no number with mrr = [\d.]+, customers = \d+ ', 'a division by zero');
select matches(test.broken(test.computed('mrr - 1000000')),
  '^22023 point 0 .* detail: generation_rules\.arr\.expression: -[\d.]+ is outside its bounds with mrr = [\d.]+ ', 'a computed value out of bounds');
select matches(test.broken(test.changed('{validation_rules,ranges,visits}', '{"maximum": 1}')),
  '^22023 point 0 .* detail: validation_rules\.ranges\.visits: \d+ is outside the range ', 'a value out of its range');
select matches(test.broken(jsonb_set(test.computed('1 / visits'), '{data_schema,arr,kind}', '"cumulative"') #- '{validation_rules}'),
  '^22023 point \d .* detail: generation_rules\.arr\.expression: falls, and the metric is cumulative with visits = \d+ ',
  'a cumulative value that falls');
select is(test.fault('select auxeira.synthetic_from_template(null)'),
  'ZA400 invalid parameters for synthetic data | detail: template: is missing', 'no template');
select is(test.fault($$ select auxeira.synthetic_from_template(test.base(), 0, 0, 2, 'up') $$),
  E'22023 invalid parameters for synthetic data | detail: count: 0 is outside 1 to 1000000\ntime_range_days: 0 is outside 1 to 36500\n'
  'variance: 2 is outside 0 to 1\ntrend: "up" is not one of improving, declining, stable, volatile | hint: See '
  'auxeira.synthetic_catalogue() for the user types and their metrics.', 'arguments are checked as those of the catalogue');
select is(test.fault($$ select auxeira.synthetic_template('pope') $$),
  '22023 invalid parameters for synthetic data | detail: user_type: "pope" is not a type of user', 'no such catalogue');

-- --- Over the API ------------------------------------------------------------------------------------------------------------

create function test.template(name text, template jsonb default test.base()) returns jsonb language sql immutable
  return template || jsonb_build_object('template_name', name, 'description', 'of a test; ''quoted'' & "quoted"');
create function test.listed(person text, type text default 'startup_founder') returns setof jsonb language sql
  as $$ select jsonb_array_elements(test.call(person, 'list_templates', jsonb_build_object('type', type)) #> '{data,templates}') $$;
create table test.made (version integer primary key, template jsonb);
grant select, insert on test.made to public;

set session authorization auxeira_authenticator;
insert into test.made select 1, test.call('ann', 'create_template', test.template('SaaS')) -> 'data';
select is(template - '{template_id,created_at,updated_at,sample_data}'::text[],
  test.template('SaaS') || jsonb_build_object('org_id', test.org_of('ann'), 'created_by', test.user_of('ann'), 'version', 1,
    'is_active', true, 'template_type', 'dashboard_metrics', 'usage_count', 0), 'a template is told as it was made')
from test.made;
reset session authorization;
select is(test.faults(template), null, 'and can be made again of what is told') from test.made;
set session authorization auxeira_authenticator;
select set_eq($$ select jsonb_object_keys(template -> 'sample_data') from test.made $$,
  $$ values ('mrr'), ('arr'), ('customers'), ('visits') $$, 'with a sample');
insert into test.made select 2, test.call('ann', 'create_template', test.template('SaaS', test.computed('12 * mrr'))) -> 'data';
insert into test.made select 3, test.call('bob', 'create_template', test.template('SaaS')) -> 'data';
select results_eq($$ select (template ->> 'version')::integer from test.made order by version $$, 'values (1), (2), (1)',
  'the same name again is the next version, in each organization by itself');
select results_eq($$ select t ->> 'template_name', t ->> 'org_id', t -> 'version' from test.listed('vic') t order by 1 $$,
  $$ values ('SaaS', test.org_of('ann')::text, '2'::jsonb), ('Startup founder metrics', null, '1') $$,
  'members see the newest of their own and those of the platform');
select results_eq($$ select t ->> 'template_name' from test.listed('ivy', 'all') t where t ->> 'org_id' is not null $$,
  $$ select null where false $$, 'others do not');
select is(test.call('vic', 'get_template', jsonb_build_object('templateId', template -> 'template_id')) -> 'data', template,
  'one by its id') from test.made where version = 2;
select is(test.refusal(person, name, jsonb_build_object('templateId', template -> 'template_id')::text), 'P0002 template not found',
  format('%s has no way to %s', person, name))
from test.made, (values ('ivy', 'get_template'), ('bob', 'get_template'), ('ivy', 'remove_template'), ('root', 'remove_template'))
  attempts (person, name) where version = 2;
select is(test.refusal('ann', 'get_template', jsonb_build_object('templateId', template -> 'template_id')::text),
  'P0002 template not found', 'a version of before is not found') from test.made where version = 1;
select is(test.refusal('vic', 'create_template', test.template('x')::text), '42501 your role or type of user does not allow this',
  'a viewer makes none');
select is(test.refusal('vic', 'remove_template', jsonb_build_object('templateId', template -> 'template_id')::text),
  '42501 your role or type of user does not allow this', 'and removes none') from test.made where version = 2;
select is(test.refusal('ann', 'remove_template', jsonb_build_object('templateId', t -> 'template_id')::text),
  '42501 a template of the platform is not removed', 'nobody removes those of the platform')
from test.listed('ann') t where t ->> 'org_id' is null;
select is(test.refusal('ann', 'create_template', test.template('x', test.changed('{generation_rules,mrr,sd}', '-1'))::text),
  '22023 the template is wrong | detail: generation_rules.mrr.sd: -1 is outside 0 to 5 | hint: Every line of the detail is the path of '
  'a fault and what is wrong there.', 'a faulty one is refused with the path of the fault');
select matches(test.refusal('ann', 'create_template', test.template('x', test.computed('mrr * 13'))::text),
  '^22023 point 0 does not keep the rules of the template', 'so is one that breaks its own rules');
select is(test.refusal('ann', 'create_template', '{"colour": 1, "data_schema": 5}'),
  E'ZA400 Missing required field: template_name | detail: data_schema: 5 is not an object\ntemplate_name: this field is '
  'required\ngeneration_rules: this field is required\ncolour: this field is not known here', 'what is missing');
select is(test.call('ann', 'remove_template', jsonb_build_object('templateId', template -> 'template_id')) #> '{data,isActive}',
  'false', 'a member removes one') from test.made where version = 2;
select results_eq($$ select t ->> 'org_id' from test.listed('ann') t $$, 'values (null)', 'and it is gone from the list');
reset session authorization;
select is(test.fault(format($$ insert into auxeira.organization_templates select (jsonb_populate_record(t, '{"generation_rules":
    {}, "version": 9}')).* from auxeira.organization_templates t limit 1 $$)) ~ '^22023 the template is wrong', true,
  'nobody stores a faulty one, not even the owner');

-- --- Limits and uses --------------------------------------------------------------------------------------------------------------

insert into auxeira.organization_templates (org_id, template_name, template_type, user_type, description, data_schema, generation_rules)
select test.org_of('ivy'), 'number ' || n, 'x', 'venture_capital', '', '{"a": {"type": "number"}}', '{"a": {"low": 1, "high": 2}}'
from generate_series(1, 100) n;
set session authorization auxeira_authenticator;
select matches(test.refusal('ivy', 'create_template', test.template('one more')::text),
  '^ZA429 the organization has as many templates as it may have', 'there is an end to it');
select is((test.call('ivy', 'create_template', test.template('number 1') || '{"user_type": "venture_capital"}') #>> '{data,version}'), '2',
  'a new version is no new template');
reset session authorization;
set session authorization auxeira_authenticator;
select is(test.call('bob', 'generate_synthetic', jsonb_build_object('templateId', template -> 'template_id', 'count', 4, 'seed', 7,
    'asOf', '2026-03-01T00:00:00Z')) #>> '{data,inserted}', '4', 'a template is used by its id') from test.made where version = 3;
select is(t -> 'usage_count', '1'::jsonb, 'and its uses are counted') from test.listed('bob') t where t ->> 'org_id' is not null;
select is(test.refusal('ivy', 'generate_synthetic', jsonb_build_object('templateId', template -> 'template_id')::text),
  'P0002 template not found', 'others do not use it') from test.made where version = 3;
reset session authorization;
select results_eq($$ select metric_timestamp, metric_value, dashboard_type::text from auxeira.dashboard_metrics
    where org_id = test.org_of('bob') order by metric_timestamp $$,
  $$ select s.metric_timestamp, s.metric_value, 'startup_founder' from test.made m, auxeira.synthetic_from_template(m.template, 4, seed => 7,
       as_of => '2026-03-01T00:00:00Z', org_id => test.org_of('bob')) s
     where m.version = 3 order by s.metric_timestamp $$, 'what is stored is what the function gives');

select * from finish();
rollback;
