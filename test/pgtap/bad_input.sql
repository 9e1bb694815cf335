-- What is wrong is refused with its SQLSTATE, a message, every fault by path, and nothing written. Registering is in
-- accounts.sql, actions in gamification.sql.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql

create table test.refused (id serial, person text, api_function text, request text, expected text);
insert into test.refused (person, api_function, request, expected) values
-- reading metrics
('ann', 'get_metrics', '{"days": 0}', '22023 invalid request | detail: days: 0 is below the minimum 1'),
('ann', 'get_metrics', '{"days": "36501"}', '22023 invalid request | detail: days: 36501 is above the maximum 36500'),
('ann', 'get_metrics', '{"days": "NaN"}', '22023 invalid request | detail: days: "NaN" is not an integer'),
('ann', 'get_metrics', '{"days": "30; drop table auxeira.users"}',
 '22023 invalid request | detail: days: "30; drop table auxeira.users" is not an integer'),
('ann', 'get_metrics', '{"type": "pope", "days": [], "limit": 1001, "from": "yesterday", "to": 5, "includeSynthetic": "no"}',
 E'22023 invalid request | detail: to: 5 is not a string\n'
 'days: an array is not an integer\n'
 'from: "yesterday" is not a date and time such as 2026-01-31T23:59:59Z\n'
 'type: "pope" is not one of startup_founder, venture_capital, angel_investor, corporate_partner, government, esg_funder, impact_investor\n'
 'limit: 1001 is above the maximum 1000\n'
 'includeSynthetic: "no" is not true or false'),
('ann', 'get_metrics', '{"metric": ""}',
 '22023 invalid request | detail: metric: has 0 characters, 1 to 100 are allowed'),
('ann', 'get_metrics', '{"cursor": "1"}',
 '22023 invalid request | detail: cursor: it is not one that an earlier page gave'),
('ann', 'get_metrics', '{"cursor": "1_00000000-0000-0000-0000-000000000000'' or true"}',
 '22023 invalid request | detail: cursor: it is not one that an earlier page gave'),
('ann', 'get_metrics', '{"cursor": "-999999999999999999_00000000-0000-0000-0000-000000000000"}',
 '22023 invalid request | detail: cursor: it is not one that an earlier page gave'),
('ann', 'get_metrics', '[]', '22023 the request is not an object | detail: $: a JSON object is expected'),
-- writing metrics
('ann', 'create_metrics', '{}', 'ZA400 Missing required field: metrics | detail: metrics: this field is required'),
('ann', 'create_metrics', '{"metrics": "x"}', '22023 invalid request | detail: metrics: "x" is not an array'),
('ann', 'create_metrics', '{"metrics": [{}]}',
 E'ZA400 Missing required field: metrics[0].dashboard_type | detail: metrics[0].dashboard_type: this field is required\n'
 'metrics[0].metric_timestamp: this field is required\nmetrics[0].metrics: this field is required'),
('ann', 'create_metrics', '{"metrics": [{"dashboard_type": "government", "metric_timestamp": "infinity", "metrics": {"a": "NaN", "b": 1e19, "c": null, "d": {}}}]}',
 E'22023 invalid request | detail: metrics[0].metrics.a: "NaN" is not a number\n'
 'metrics[0].metrics.b: 10000000000000000000 is above the maximum 1000000000000000000\n'
 'metrics[0].metrics.c: null is not a number\nmetrics[0].metrics.d: an object is not a number\n'
 'metrics[0].metric_timestamp: "infinity" is not a date and time such as 2026-01-31T23:59:59Z'),
('ann', 'create_metrics', '{"metrics": [{"dashboard_type": "government", "metric_timestamp": "2026-01-01T00:00:00+23:00", "metrics": {}}]}',
 '22023 invalid request | detail: metrics[0].metric_timestamp: "2026-01-01T00:00:00+23:00" is not a date and time such as 2026-01-31T23:59:59Z'),
('ann', 'create_metrics', jsonb_build_object('metrics', jsonb_build_array(jsonb_build_object('dashboard_type', 'government',
   'metric_timestamp', '2026-01-01T00:00:00Z', 'metric_name', repeat('x', 1048576), 'metrics', '{}'::jsonb)))::text,
 '22023 invalid request | detail: metrics[0].metric_name: has 1048576 characters, 1 to 100 are allowed'),
('ann', 'create_metrics', jsonb_build_object('metrics', jsonb_build_array(jsonb_build_object('dashboard_type', 'government',
   'metric_timestamp', '2026-01-01T00:00:00Z', 'metrics', (select jsonb_object_agg('m' || i, i) from generate_series(1, 101) i))))::text,
 '22023 invalid request | detail: metrics[0].metrics: has 101 members, at most 100 are allowed'),
-- scores
('ann', 'calculate_sse', '{}',
 E'ZA400 Missing required field: startupId | detail: startupId: this field is required\nresponses: this field is required'),
('ann', 'calculate_sse', '{"startupId": "''; drop table auxeira.users; --", "responses": {"team": {"q": 1}}}',
 '22023 invalid request | detail: startupId: "''; drop table auxeira.users; --" is not a UUID such as 6f9619ff-8b86-4d01-b42d-00cf4fc964ff'),
('ann', 'calculate_sse', format('{"startupId": %s, "responses": {"team": {"q": 1}}}', to_json(test.org_of('bob'))), 'P0002 startup not found'),
('ann', 'calculate_sse', format('{"startupId": %s, "responses": {"team": {"q": 1}}}', to_json(gen_random_uuid())), 'P0002 startup not found'),
('vic', 'calculate_sse', format('{"startupId": %s, "responses": {"team": {"q": 1}}}', to_json(test.org_of('ann'))), '42501 your role or type of user does not allow this'),
('ivy', 'calculate_sse', format('{"startupId": %s, "responses": {"team": {"q": 1}}}', to_json(test.org_of('ivy'))),
 '22023 invalid request | detail: startupId: this organization is not a startup'),
('ann', 'calculate_sse', format('{"startupId": %s, "responses": {"team": {"q": 1.5}, "luck": {"q": 1}, "market": {"q": "NaN"}, "product": {"q": {"q": {"q": 1}}}, "business": 1}}', to_json(test.org_of('ann'))),
 E'22023 invalid input for a score | detail: responses.luck: is not a component (team, market, product, business, financial, traction)\n'
 'responses.market.q: must be a number, not a string\nresponses.product.q: must be a number, not an object\n'
 'responses.business: must be an object, {question: number}, not a number\n'
 'responses.team.q: 1.5 is outside 0 to 1 (scale unit) | hint: responses are {component: {question: number}}, each '
 'number on the scale that the caller names'),
('ann', 'calculate_sse', format('{"startupId": %s, "responses": {}}', to_json(test.org_of('ann'))),
 '22023 responses hold no answer | detail: responses: must hold at least one answer | hint: responses are {component: '
 '{question: number}}, each number on the scale that the caller names'),
('ann', 'calculate_sse', format('{"startupId": %s, "responses": {"team": {"q": 1}}, "scale": "x", "isSynthetic": 1, "missingPolicy": "none", "percentileBasis": 1, "probabilityBasis": "", "reason": []}', to_json(test.org_of('ann'))),
 E'22023 invalid request | detail: scale: "x" is not one of unit, likert5, likert1_5, percent, auto\n'
 'reason: an array is not a string\nisSynthetic: 1 is not true or false\n'
 'missingPolicy: "none" is not one of reweight, zero\npercentileBasis: 1 is not a string\n'
 'probabilityBasis: "" is not one of prior, formula_v1'),
('ann', 'get_sse_score', '{}', 'ZA400 Missing required field: startupId | detail: startupId: this field is required'),
('ann', 'get_sse_score', '{"startupId": 5}', '22023 invalid request | detail: startupId: 5 is not a string'),
('ann', 'get_sse_score', jsonb_build_object('startupId', test.org_of('ann'))::text, 'P0002 SSE score not found'),
('ann', 'get_sse_score', jsonb_build_object('startupId', test.org_of('bob'))::text, 'P0002 SSE score not found'),
-- synthetic data
('ann', 'generate_synthetic', '{"count": 0, "timeRangeDays": 0, "variance": -0.1, "trend": "up", "dataType": "x", "seed": 9223372036854775808, "asOf": "now", "userType": "x"}',
 E'22023 invalid request | detail: asOf: "now" is not a date and time such as 2026-01-31T23:59:59Z\n'
 'seed: 9223372036854775808 is above the maximum 9223372036854775807\ncount: 0 is below the minimum 1\n'
 'trend: "up" is not one of improving, declining, stable, volatile\ndataType: "x" is not one of metrics, portfolio, investments, partnerships, ecosystem, '
 'sustainability, impact, history, integrations, actions, scores\n'
 'userType: "x" is not one of startup_founder, venture_capital, angel_investor, corporate_partner, government, esg_funder, impact_investor\n'
 'variance: -0.1 is below the minimum 0\ntimeRangeDays: 0 is below the minimum 1'),
('ann', 'generate_synthetic', '{"count": 100001, "timeRangeDays": 36501, "variance": 1.1, "seed": -9223372036854775809}',
 E'22023 invalid request | detail: seed: -9223372036854775809 is below the minimum -9223372036854775808\n'
 'count: 100001 is above the maximum 100000\nvariance: 1.1 is above the maximum 1\n'
 'timeRangeDays: 36501 is above the maximum 36500'),
('ann', 'generate_synthetic', '{"count": "30", "variance": "NaN", "seed": 1.5}',
 E'22023 invalid request | detail: seed: 1.5 is not an integer\ncount: "30" is not an integer\n'
 'variance: "NaN" is not a number'),
('ann', 'generate_synthetic', '{"asOf": "0001-01-01T00:00:00Z"}',
 '22023 invalid request | detail: asOf: the first point would be before the year 1'),
('vic', 'generate_synthetic', '{}', '42501 your role or type of user does not allow this'),
('ann', 'list_templates', '{"type": "x"}',
 '22023 invalid request | detail: type: "x" is not one of all, startup_founder, venture_capital, angel_investor, corporate_partner, government, esg_funder, impact_investor'),
('ann', 'create_template', '{}', E'ZA400 Missing required field: template_name | detail: template_name: this field is required\n'
 'data_schema: this field is required\ngeneration_rules: this field is required'),
('ann', 'create_template', '{"template_name": "", "user_type": "x", "description": 5, "data_schema": [], "generation_rules": "x", "default_parameters": 1, "validation_rules": null}',
 E'22023 invalid request | detail: user_type: "x" is not one of startup_founder, venture_capital, angel_investor, corporate_partner, government, esg_funder, impact_investor\n'
 'data_schema: an array is not an object\ndescription: 5 is not a string\n'
 'template_name: has 0 characters, 1 to 255 are allowed\ngeneration_rules: "x" is not an object\ndefault_parameters: 1 is not an object'),
('ann', 'create_template', '{"template_name": "x", "data_schema": {"a": {"type": "integer", "decimals": 2}}, "generation_rules": {"a": {"low": 9, "high": 1}, "b": {}}}',
 E'22023 the template is wrong | detail: data_schema.a.decimals: an integer has none\n'
 'generation_rules.b: is not a metric of data_schema\ngeneration_rules.a.low: 9 is above high, which is 1 | hint: '
 'Every line of the detail is the path of a fault and what is wrong there.'),
('vic', 'create_template', '{"template_name": "x", "data_schema": {"a": {"type": "number"}}, "generation_rules": {"a": {"low": 1, "high": 2}}}',
 '42501 your role or type of user does not allow this'),
('ann', 'get_template', '{"templateId": 5}', '22023 invalid request | detail: templateId: 5 is not a string'),
('ann', 'get_template', '{"templateId": "00000000-0000-0000-0000-000000000001"}', 'P0002 template not found'),
('ann', 'remove_template', '{}', 'ZA400 Missing required field: templateId | detail: templateId: this field is required'),
('ann', 'remove_template', '{"templateId": "00000000-0000-0000-0000-000000000001"}', 'P0002 template not found'),
-- administration
('ann', 'admin_cleanup', '{}', '42501 this needs a platform administrator | hint: Ask an administrator of the platform.'),
('root', 'admin_cleanup', '{"days": 0}', '22023 invalid request | detail: days: 0 is below the minimum 1'),
('root', 'admin_cleanup', '{"days": "90 days"}', '22023 invalid request | detail: days: "90 days" is not an integer');
grant select on test.refused to public;

create table test.before as select test.contents() as contents;
grant select on test.before to public;

select plan((select count(*)::integer from test.refused) + 5);

set session authorization auxeira_authenticator;
select is(test.refusal(person, api_function, request), test.spelled(expected),
          person || ' ' || api_function || ' ' || left(regexp_replace(request, '[0-9a-f-]{36}', 'ID'), 80))
from test.refused order by id;

-- What no request can be at all: the server refuses it as jsonb.
select is(split_part(test.fault(format('select test.call(''ann'', ''create_metrics'', %L)', request)), ' ', 1), state, what)
from (values
  ('{"metrics": NaN}', '22P02', 'NaN is not JSON'),
  ('{"metrics": "\u0000"}', '22P05', 'a zero byte is no text'),
  ('{"metrics": 1e1000000}', '22003', 'a number beyond all numbers'),
  (repeat('[', 100000) || repeat(']', 100000), '54001', 'nested a hundred thousand deep')
) as requests (request, state, what);

reset session authorization;
select is(test.contents(), (select contents from test.before), 'nothing was written');
select * from finish();
rollback;
