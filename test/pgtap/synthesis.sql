-- Synthetic data: the set-returning function for SQL, and the API functions that store. Properties of single series
-- are tests of the pure room (test/unit); those of many in test/realism.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(70);

create view test.kinds as select unnest(enum_range(null::auxeira.user_type))::text as kind;
grant select on test.kinds to public;

-- --- The function -------------------------------------------------------------------------------------------

select results_eq(
  format('select count(*)::integer, min(metric_timestamp), max(metric_timestamp), count(distinct metric_id)::integer,
                 array_agg(distinct dashboard_type), bool_and(jsonb_typeof(metric_value) = ''object'')
          from auxeira.synthetic_metrics(%L, 50, 30, 0.2, ''improving'', 42, ''2026-03-01T00:00:00Z'')', kind),
  format('values (50, timestamptz ''2026-01-30T00:00:00Z'', timestamptz ''2026-03-01T00:00:00Z'', 50, array[%L], true)', kind),
  kind || ': as many points as asked for, over the time asked for')
from test.kinds;
select set_eq(
  format('select jsonb_object_keys(metric_value)
          from auxeira.synthetic_metrics(%L, 5, 30, 0.2, ''stable'', 1, ''2026-03-01T00:00:00Z'')', kind),
  format('select metric_name from auxeira.synthetic_catalogue() where user_type = %L', kind),
  kind || ': every metric of the catalogue, and no other')
from test.kinds;
select is_empty(format($$
    select p.metric_id, v.key, v.value
    from auxeira.synthetic_metrics(%L, 300, 300, 1, 'volatile', 7, '2026-03-01T00:00:00Z') p,
      jsonb_each(p.metric_value) v join auxeira.synthetic_catalogue() c on c.user_type = %1$L and c.metric_name = v.key
    where jsonb_typeof(v.value) <> 'number' or scale(v.value::numeric) > c.decimals
      or v.value::numeric < c.minimum::numeric or v.value::numeric > c.maximum::numeric $$, kind),
  kind || ': within bounds and decimals at the greatest variance')
from test.kinds;

create function test.series(seed bigint, kind text default 'startup_founder', count integer default 30) returns text
  language sql as $$
  select md5(string_agg(s::text, '')) from auxeira.synthetic_metrics(kind, count, 30, 0.2, 'stable', seed, '2026-03-01') s
$$;
select is(test.series(42, kind), test.series(42, kind), kind || ': the same seed, the same bytes') from test.kinds;
select isnt(test.series(42), test.series(seed), format('seed %s is another', seed))
from unnest(array[0, 1, 41, -42, 9223372036854775807, -9223372036854775808]) seed;
select results_eq(
  $$ select metric_id from auxeira.synthetic_metrics('government', 5, 30, 0.2, 'stable', 42, '2026-03-01', test.org_of('ann'))
     intersect
     select metric_id from auxeira.synthetic_metrics('government', 5, 30, 0.2, 'stable', 42, '2026-03-01', test.org_of('bob')) $$,
  $$ select null::uuid where false $$, 'ids of two organizations do not meet');
select results_eq($$ select count(*) from auxeira.synthetic_metrics('government', 1, 30, 0.2, 'stable', 42, '2026-03-01') $$,
                  'values (1::bigint)', 'a single point');

select is(test.fault(format('select count(*) from auxeira.synthetic_metrics(%s)', arguments)),
          '22023 invalid parameters for synthetic data | detail: ' || detail ||
          ' | hint: See auxeira.synthetic_catalogue() for the user types and their metrics.', arguments)
from (values
  ('''pope'', 30, 30, 0.2, ''stable'', 1', 'user_type: "pope" is not one of startup_founder, venture_capital, '
    'angel_investor, corporate_partner, government, esg_funder, impact_investor'),
  ('''government'', 0, 30, 0.2, ''stable'', 1', 'count: 0 is outside 1 to 1000000'),
  ('''government'', 1000001, 30, 0.2, ''stable'', 1', 'count: 1000001 is outside 1 to 1000000'),
  ('''government'', 30, 0, 0.2, ''stable'', 1', 'time_range_days: 0 is outside 1 to 36500'),
  ('''government'', 30, 30, ''NaN'', ''stable'', 1', 'variance: NaN is outside 0 to 1'),
  ('''government'', 30, 30, ''Infinity'', ''stable'', 1', 'variance: Infinity is outside 0 to 1'),
  ('''government'', 30, 30, -0.1, ''stable'', 1', 'variance: -0.1 is outside 0 to 1'),
  ('''government'', 30, 30, 0.2, ''up'', 1', 'trend: "up" is not one of improving, declining, stable, volatile'),
  ('''x'', -1, -1, 2, ''up'', 1', E'user_type: "x" is not one of startup_founder, venture_capital, angel_investor, '
    'corporate_partner, government, esg_funder, impact_investor\ncount: -1 is outside 1 to 1000000\n'
    'time_range_days: -1 is outside 1 to 36500\nvariance: 2 is outside 0 to 1\n'
    'trend: "up" is not one of improving, declining, stable, volatile')
) as refused (arguments, detail);

-- --- The API ------------------------------------------------------------------------------------------------

create view test.stored as
  select m.org_id, m.user_id, m.dashboard_type::text as kind, m.is_synthetic, m.synthetic_trend, m.metric_id,
         m.metric_value, m.metric_timestamp, s.parameters, s.generation_count
  from auxeira.dashboard_metrics m join auxeira.synthetic_data_sessions s using (org_id, session_id);
create function test.generate(person text, request jsonb) returns jsonb language sql as $$
  select jsonb_path_query_first(test.call(person, 'generate_synthetic', request), '$.data') $$;

create function test.limits() returns jsonb language sql security definer as $$
  select to_jsonb(l) from auxeira.synthesis_limits l $$;

set session authorization auxeira_authenticator;
select is((test.generate('ann', '{"count": 50, "timeRangeDays": 60, "trend": "improving", "variance": 0.1, "seed": 7,
             "asOf": "2026-03-01T00:00:00Z"}') - '{preview,sessionId}'::text[]),
          '{"generated": 50, "inserted": 50, "config": {"user_type": "startup_founder", "data_type": "metrics", "count": 50,
            "time_range_days": 60, "variance": 0.1, "trend": "improving", "seed": 7, "as_of": "2026-03-01T00:00:00+00:00"}}',
          'what generating answers: everything that makes the same data again');
reset session authorization;
select results_eq($$ select distinct org_id, user_id, kind, is_synthetic, synthetic_trend, generation_count from test.stored $$,
  $$ values (test.org_of('ann'), test.user_of('ann'), 'startup_founder', true, 'improving', 50::bigint) $$,
  'rows are marked, and belong to the active organization and the session');
select results_eq($$ select metric_id, metric_value, metric_timestamp from test.stored order by metric_timestamp $$,
  $$ select metric_id, metric_value, metric_timestamp
     from auxeira.synthetic_metrics('startup_founder', 50, 60, 0.1, 'improving', 7, '2026-03-01T00:00:00Z', test.org_of('ann'))
     order by metric_timestamp $$, 'they are what the function gives');

set session authorization auxeira_authenticator;
select test.generate('ann', '{"count": 50, "timeRangeDays": 60, "trend": "improving", "variance": 0.1, "seed": 7,
                       "asOf": "2026-03-01T00:00:00Z"}') \g /dev/null
reset session authorization;
select is((select count(*) from test.stored), 50::bigint, 'generating the same again finds its rows in place');
select is((select count(*) from auxeira.synthetic_data_sessions), 2::bigint, 'and records a session');

set session authorization auxeira_authenticator;
select results_eq($$
    with done as (select test.generate('bob', '{}') as d)
    select d #>> '{config,count}', d #>> '{config,user_type}', d #>> '{config,trend}', d #>> '{config,variance}',
           d #>> '{config,time_range_days}', jsonb_array_length(d -> 'preview'), d -> 'config' ? 'seed' from done $$,
  $$ values ('30', 'startup_founder', 'stable', '0.2', '30', 3, true) $$, 'the defaults');
select isnt(test.generate('bob', '{}') #> '{config,seed}', test.generate('bob', '{}') #> '{config,seed}',
            'a seed of one''s own each time');
select is(test.generate('ivy', '{"count": 5}') #>> '{config,user_type}', 'venture_capital', 'the own user type by default');
select is(test.generate('ivy', '{"count": 5, "userType": "government"}') #>> '{preview,0,dashboard_type}', 'government',
          'another on request');
select is(test.call('bob', 'get_metrics') #>> '{data,count}', '90', 'a series over 30 days is found whole in 30 days');
select is(test.call('bob', 'get_metrics', '{"includeSynthetic": false}') #>> '{data,count}', '0', 'or left out');

-- --- Options and templates ------------------------------------------------------------------------------------

select is(test.generate('ann', '{"count": 3, "seed": 1, "asOf": "2026-03-01T00:00:00Z", "stage": "seed", "industry": "fintech",
            "region": "africa", "businessModel": "smb", "missingRate": 0.1, "shockRate": 1}') -> 'config',
          '{"user_type": "startup_founder", "data_type": "metrics", "count": 3, "time_range_days": 30, "variance": 0.2,
            "trend": "stable", "seed": 1, "as_of": "2026-03-01T00:00:00+00:00", "stage": "seed", "industry": "fintech",
            "region": "africa", "business_model": "smb", "missing_rate": 0.1, "shock_rate": 1}', 'options are recorded');
select is((test.generate('ann', jsonb_build_object('templateId', test.call('ann', 'create_template', '{"template_name": "mine",
            "data_schema": {"score": {"type": "integer"}}, "generation_rules": {"score": {"low": 10, "high": 90}},
            "default_parameters": {"count": 12, "timeRangeDays": 12, "variance": 0.1, "trend": "improving"}}')
            #>> '{data,template_id}', 'trend', 'declining', 'seed', 1)) - '{preview,sessionId}'::text[])
            #- '{config,as_of}' #- '{config,template_id}',
          '{"generated": 12, "inserted": 12, "config": {"user_type": "startup_founder", "data_type": "metrics", "count": 12,
            "time_range_days": 12, "variance": 0.1, "trend": "declining", "seed": 1}}',
          'a template says what its caller does not');
reset session authorization;
select results_eq($$ select k, count(*) from auxeira.dashboard_metrics m
    join auxeira.synthetic_data_sessions s using (org_id, session_id)
    join auxeira.organization_templates t using (org_id, template_id), jsonb_object_keys(m.metric_value) k group by 1 $$,
  $$ values ('score', 12::bigint) $$, 'its metrics are stored, and its session names it');
select results_eq($$ select row_counts, generation_count, status from auxeira.synthetic_data_sessions
                     where parameters ->> 'count' = '12' $$,
  $$ values ('{"dashboard_metrics": 12}'::jsonb, 12::bigint, 'completed') $$, 'a session tells what it stored');
set session authorization auxeira_authenticator;

-- --- Templates ----------------------------------------------------------------------------------------------

select results_eq($$
    select t ->> 'user_type', (t ->> 'usage_count')::integer, jsonb_typeof(t -> 'sample_data'), t ? 'description'
    from jsonb_array_elements(test.call('ivy', 'list_templates') #> '{data,templates}') t $$,
  $$ values ('venture_capital', 1, 'object', true) $$, 'the templates of the own type, with their uses');
select set_eq($$ select t ->> 'user_type'
                 from jsonb_array_elements(test.call('ann', 'list_templates', '{"type": "all"}') #> '{data,templates}') t $$,
              'select kind from test.kinds', 'there is one for each type');

-- --- Limits ---------------------------------------------------------------------------------------------------

reset session authorization;
update auxeira.synthesis_limits set most_points = 10 + (select sum(generation_count) from auxeira.synthetic_data_sessions
                                                        where org_id = test.org_of('ann'));
set session authorization auxeira_authenticator;
select matches(test.refusal('ann', 'generate_synthetic', '{"count": 1000}'), format(
    '^ZA429 an organization may have %s synthetic points, and there would be up to 10[0-9]{2} [|] hint: Generate fewer, or remove some first[.]$',
    test.limits() ->> 'most_points'), 'no organization generates more than its share');
select is(test.generate('bob', '{"count": 20}') ->> 'inserted', '20', 'what others generated does not count');
select is(test.generate('ann', '{"count": 60, "seed": 1}') ->> 'inserted', '60',
          'points that were generated twice are counted once when it matters');
reset session authorization;
update auxeira.synthesis_limits set most_points = 1000000, most_generations = (
  select count(*) from auxeira.synthetic_data_sessions where org_id = test.org_of('ann'));
set session authorization auxeira_authenticator;
select matches(test.refusal('ann', 'generate_synthetic'),
  '^ZA429 the organization generated [0-9]+ times within an hour [|] detail: 3600 [|] hint: Try again later[.]$',
  'nor more often within an hour');
reset session authorization;
update auxeira.synthetic_data_sessions set created_at = now() - interval '61 minutes';
set session authorization auxeira_authenticator;
select is(test.generate('ann', '{"count": 2}') ->> 'inserted', '2', 'an hour later it may go on');

-- --- Cleaning up --------------------------------------------------------------------------------------------

select test.call('ann', 'create_metrics', '{"metrics": [{"dashboard_type": "startup_founder",
  "metric_timestamp": "2001-01-01T00:00:00Z", "metrics": {"mrr": 1}}]}') \g /dev/null
select is(test.call('root', 'admin_cleanup', '{"days": 1}') #> '{data,retentionDays}', '1', 'cleaning up');
reset session authorization;
select is_empty($$ select * from auxeira.dashboard_metrics where is_synthetic and metric_timestamp < now() - interval '1 day' $$,
                'removes old synthetic rows');
select isnt_empty($$ select * from auxeira.dashboard_metrics where not is_synthetic $$, 'and never a real one');

select * from finish();
rollback;
