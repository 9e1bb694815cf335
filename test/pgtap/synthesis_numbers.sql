-- Numbers of synthetic data: the same on every server, and refused, not cut, where they are too large.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(42);
set local timezone = 'UTC';
set local datestyle = 'ISO';

-- --- The same on every server ---------------------------------------------------------------------------------

select is(auxeira.synthetic_uniform(7, 'a stream', 3)::text, '0.4392154021188617', 'a uniform number');
select is(auxeira.synthetic_normal(7, 'a stream', 3)::text, '0.152960594', 'a normal number');
select is(auxeira.synthetic_uuid(7, 'a stream', 3)::text, '22aa0fde-ef9b-87d9-89cb-887067f61443', 'an id');
select is(auxeira.synthetic_uuid(7, 'a stream', 3, '2026-03-01T12:00:00Z')::text, '019ca945-0a00-8fde-a2aa-97d9ef9b8870', 'an id with a time');
select is((select md5(string_agg(m::text, E'\n' order by m.month))
           from auxeira.synthetic_months(42, '00000000-0000-4000-8000-00000000c0de', 40, '2026-03-31', 'series_a',
                                         business_model => model) m),
          digest, 'the books of a company: ' || model)
from (values ('b2c', 'aff39fa2ec4531b15d1e94534ab2e64c'), ('smb', '4f876a7ed5d5e2a96bf44f38e6f1e857'),
             ('mid_market', 'e89c547af12e7b54b6bc2bf7b519888e'), ('enterprise', '4c3adfbd6022d57a689357864177a3f3'),
             ('marketplace', 'a832b39b84b4b129e7abf7d812893b35')) books (model, digest);
select is((select md5(string_agg(c::text, E'\n' order by seed)) from generate_series(1, 200) seed,
             auxeira.synthetic_company(seed, '00000000-0000-4000-8000-00000000c0de') c),
          '13974acfecc5c4beea15d60baef5f2e4', 'the profiles of companies');
select is((select md5(string_agg(d::text, E'\n' order by kind, seed)) from generate_series(1, 200) seed,
             unnest(array['vc', 'angel']) kind, auxeira.synthetic_deal(kind, seed, 'golden') d),
          'bd103d8d5744c959326f093225aeb9c7', 'deals');
select is((select md5(string_agg(a::text, E'\n' order by a.action_index))
           from auxeira.synthetic_action_times(42, '00000000-0000-4000-8000-00000000c0de', 60, '2026-03-01') a),
          '6a1fc77dab334e785369972d3249bd3f', 'actions');

-- What the label of a row says is what the documentation of its function says.
select is_empty(format($$
  select synthetic_algorithm from auxeira.synthetic_metrics(%L, 1)
  where position(synthetic_algorithm in obj_description(%L::oid, 'pg_proc')) = 0 $$, kind, (
    select oid from pg_proc where pronamespace = 'auxeira'::regnamespace and proname = 'synthetic_metrics')),
  kind || ': the algorithm is documented')
from unnest(enum_range(null::auxeira.user_type)) kind;
select is_empty($$
  select synthetic_algorithm from auxeira.synthetic_from_template(auxeira.synthetic_template('government'), 1)
  where position(synthetic_algorithm in col_description('auxeira.dashboard_metrics'::regclass, (
    select attnum from pg_attribute where attrelid = 'auxeira.dashboard_metrics'::regclass and attname = 'synthetic_algorithm'))) = 0 $$,
  'so is that of templates');

-- --- Too large ------------------------------------------------------------------------------------------------

-- A template of one metric in cents.
create function test.metric(rule jsonb) returns jsonb language sql immutable
  return jsonb_build_object('user_type', 'startup_founder',
    'data_schema', '{"mrr": {"type": "number"}, "users": {"type": "integer", "kind": "cumulative"}}'::jsonb,
    'generation_rules', jsonb_build_object('mrr', rule, 'users', '{"low": 1000, "high": 1000}'::jsonb));
create function test.growth(rule jsonb, variance float8 default 1) returns text language sql as $$
  select test.fault(format('select count(*) from auxeira.synthetic_from_template(%L, 20000, 36500, %s, ''volatile'', 1, ''2026-01-01'')',
                           test.metric(rule), variance)) $$;

select matches(test.growth(rule),
  '^22003 the numbers of the series are too large \| detail: generation_rules\.mrr: is beyond 90071992547409\.92 at point \d+ \| hint: ',
  rule::text)
from unnest(array[
  '{"model": "part", "of": "users", "low": 1e12, "high": 1e12}', '{"model": "purchases", "of": "users", "low": 1e12, "high": 1e12}',
  '{"model": "draw", "median": 1e6, "sd": 5}', '{"expression": "users * 1e15"}', '{"expression": "1e300 * users"}']::jsonb[]) rule;
select is(test.growth(rule || '{"maximum": 1000000000}'), 'no error', 'the maximum cuts ' || rule::text)
from unnest(array[
  '{"model": "part", "of": "users", "low": 1e12, "high": 1e12}', '{"model": "purchases", "of": "users", "low": 1e12, "high": 1e12}',
  '{"model": "draw", "median": 1e6, "sd": 5}']::jsonb[]) rule;
select matches(test.growth(jsonb_build_object('expression', expression, 'minimum', -1e12)),
  '^22023 point 0 does not keep the rules of the template \| detail: generation_rules\.mrr\.expression: is no number with users = ', expression)
from unnest(array['users / (users - users)', '(users - users) / (users - users)', 'max(0, 1e308 * users * 10 - 1e308 * users * 10)']) expression;

select is(test.fault(format($$ select count(*) from auxeira.synthetic_months(%s, null, 1200, '2026-01-01', 'late', null,
                                                                              'north_america', 'b2c') $$, seed)),
  format('22003 the numbers of the company are too large | detail: %s | hint: Ask for fewer months, less variance or another trend.',
         detail), detail)
from (values (14, 'customers: is more than can be stored in 1925-01'), (47, 'cash: is more than can be stored in 1946-11'))
  companies (seed, detail);
select is_empty($$
  select m.* from generate_series(1, 20) seed, unnest(array[null, 'volatile', 'improving']) trend,
    auxeira.synthetic_months(seed, null, 240, '2026-01-01', 'late', null, 'north_america', 'b2c', 1, trend) m
  where (m.arr::auxeira.amount, m.cash::auxeira.amount, m.financing::auxeira.amount) is null or least(m.arr, m.cash, m.financing) < 0 $$,
  'twenty years of the largest companies fit into amounts');
select is(test.fault(format('select auxeira.synthetic_uuid(1, ''a'', 0, %L)', at)),
  '22023 invalid parameters for synthetic data | detail: at: ' || expected || ' | hint: Give a time in these years, or none.', at)
from (values ('infinity', 'is after the year 9999'), ('-infinity', 'is before the year 1'), ('10000-01-01', 'is after the year 9999'),
             ('0001-01-01 BC', 'is before the year 1')) times (at, expected);

-- A generation that is refused at a later point leaves nothing.
set session authorization auxeira_authenticator;
select test.call('ann', 'create_template', test.metric('{"model": "draw", "median": 1e6, "sd": 5, "maximum": 1e12}')
  || '{"template_name": "large"}') #>> '{data,template_id}' as template \gset
reset session authorization;
alter table auxeira.organization_templates disable trigger user;
update auxeira.organization_templates t set generation_rules = t.generation_rules #- '{mrr,maximum}' where t.template_id = :'template';
select test.contents() as before \gset
set session authorization auxeira_authenticator;
select matches(test.refusal('ann', 'generate_synthetic', format('{"templateId": "%s", "count": 50000, "seed": 1}',
                                                                 :'template')),
  '^22003 the numbers of the series are too large \| detail: generation_rules\.mrr: is beyond', 'an overflow while storing');
reset session authorization;
select is(test.contents(), :'before', 'leaves nothing');

-- --- Settings of the caller -------------------------------------------------------------------------------------------

set local extra_float_digits = -15;
select is(auxeira.synthesis_parameters('startup_founder', 'metrics', 1, 1, 0.16, 'stable', 1, '2026-03-01', null, '{"missingRate": 0.123}')
            - '{as_of}'::text[] @> '{"variance": 0.16, "missing_rate": 0.123}', true, 'no setting rounds parameters');
select is((select parameters ->> 'variance' from auxeira.synthesize_ecosystem(10, 30, 5, '2026-03-01', 0.16)), '0.16', 'nor those of ecosystems');
reset extra_float_digits;

select * from finish();
rollback;
