-- The quality report: good data passes, and each way of spoiling what is stored is found.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
set local client_min_messages = error;

create function test.generate(person text, request jsonb) returns uuid language sql as $$
  select (jsonb_path_query_first(test.call(person, 'generate_synthetic', request), '$.data.sessionId') #>> '{}')::uuid $$;

create table test.kinds (person text, kind text, trend text, variance numeric, session uuid);
grant all on test.kinds to public;
insert into test.kinds (person, kind, trend, variance)
select case kind when 'startup_founder' then 'ann' else 'ivy' end, kind, trend, variance
from unnest(enum_range(null::auxeira.user_type)::text[]) kind,
     (values ('improving', 0.2), ('declining', 0.2), ('stable', 0.2), ('volatile', 0.2), ('stable', 0)) as t (trend, variance);
-- Each session over a time of its own, so that no two share points.
set session authorization auxeira_authenticator;
update test.kinds k set session = test.generate(person, jsonb_build_object('userType', kind, 'trend', trend, 'variance', variance,
  'count', 200, 'timeRangeDays', 200, 'seed', 7, 'asOf', '2020-01-01'::timestamptz + n * interval '1 year'))
from (select ctid, row_number() over (partition by person, kind order by trend, variance) as n from test.kinds) numbered where numbered.ctid = k.ctid;
reset session authorization;

-- What a person's report says is wrong, and what it says in all; as if they had asked.
create function test.report(person text, session uuid) returns setof auxeira.synthetic_finding language plpgsql as $$
begin
  return query select f.* from jsonb_array_elements(
    test.call(person, 'get_synthetic_report', jsonb_build_object('sessionId', session)) #> '{data,findings}') e,
    jsonb_populate_record(null::auxeira.synthetic_finding, e) f;
end
$$;

create table test.bad_parameters (n integer generated always as identity, parameters jsonb, told text);
insert into test.bad_parameters (parameters, told) values
  ('{"data_type": "metrics", "count": "x"}', 'count: "x" is not an integer'),
  ('{"data_type": "metrics", "count": 3, "as_of": "soon"}', 'as_of: "soon" is not a time such as 2026-01-31T23:59:59Z'),
  ('{"data_type": "metrics", "late_rate": {}}', 'late_rate: an object is not a number'),
  ('{"data_type": "metrics", "template_id": "mine"}', 'template_id: "mine" is not a UUID such as 6f9619ff-8b86-4d01-b42d-00cf4fc964ff'),
  ('{"data_type": "portfolio", "variance": "high"}', 'variance: "high" is not a number'),
  ('{"data_type": 7}', 'data_type: 7 is not a string');

create table test.spoiling (person text, what text, statement text, property text);
insert into test.spoiling values
  ('ann', 'a point is gone', 'delete from spoilt where metric_id = (select metric_id from spoilt limit 1)', 'R3 rows'),
  ('ann', 'a point is late', 'update spoilt set metric_timestamp = metric_timestamp + interval ''12 hours''
    where metric_id = (select metric_id from spoilt order by metric_timestamp offset 100 limit 1)', 'R3 evenness'),
  ('ann', 'a point lies in the future', 'update spoilt set metric_timestamp = metric_timestamp + interval ''1 second''
    where metric_timestamp = (select max(metric_timestamp) from spoilt)', 'R3 future'),
  ('ann', 'the trend is taken out', 'update spoilt set metric_value = metric_value || jsonb_build_object(''revenue'', 50000
      + random(), ''burn_rate'', 50000 + random())', 'R5 trend'),
  ('ann', 'noise is added', 'update spoilt set metric_value = metric_value || jsonb_build_object(
      ''revenue'', (metric_value ->> ''revenue'')::numeric * (0.5 + random())::numeric,
      ''burn_rate'', (metric_value ->> ''burn_rate'')::numeric * (0.5 + random())::numeric)', 'R7 spread'),
  ('ann', 'values change places', 'update spoilt m set metric_value = other.metric_value
     from (select a.metric_id, b.metric_value from (select metric_id, row_number() over (order by metric_timestamp) as n from spoilt) a
           join (select metric_value, row_number() over (order by md5(metric_id::text)) as n from spoilt) b using (n)) other
     where other.metric_id = m.metric_id', 'R9 memory'),
  ('ann', 'and jump about', 'update spoilt m set metric_value = other.metric_value
     from (select a.metric_id, b.metric_value from (select metric_id, row_number() over (order by metric_timestamp) as n from spoilt) a
           join (select metric_value, row_number() over (order by md5(metric_id::text)) as n from spoilt) b using (n)) other
     where other.metric_id = m.metric_id', 'R11 step'),
  ('ann', 'a value is out of bounds', 'update spoilt set metric_value = metric_value || ''{"sse_score": 101}''
     where metric_id = (select metric_id from spoilt limit 1)', 'BoundaryAdherence'),
  ('ann', 'a customer is cut in two', 'update spoilt set metric_value = metric_value || ''{"customers": 10.5}''
     where metric_id = (select metric_id from spoilt limit 1)', 'R15 whole numbers'),
  ('ann', 'what only grows falls', 'update spoilt set metric_value = metric_value || ''{"tokens_earned": 0}''
     where metric_timestamp = (select max(metric_timestamp) from spoilt)', 'R15 cumulative'),
  ('ann', 'revenue without customers', 'update spoilt set metric_value = metric_value || ''{"customers": 0}''
     where metric_id = (select metric_id from spoilt limit 1)', 'R14 identity');

-- What is found after spoiling the founder's improving series; everything is taken back.
create function test.found(statement text) returns text[] language plpgsql as $$
declare
  session constant uuid := (select k.session from test.kinds k where kind = 'startup_founder' and trend = 'improving');
  found text[];
begin
  perform setseed(0.5);
  execute format('create view spoilt as select * from auxeira.dashboard_metrics where session_id = %L', session);
  execute statement;
  found := (select array_agg(distinct f.property) from test.report('ann', session) f where not f.passed);
  raise exception using errcode = 'TOOK1', message = coalesce(found::text, '{}');
exception when sqlstate 'TOOK1' then return sqlerrm::text[];
end
$$;

select plan((2 * (select count(*) from test.kinds) + (select count(*) from test.spoiling) + (select count(*) from test.bad_parameters) + 23)::integer);

select is_empty(format('select property, subject, value, lower, upper from test.report(%L, %L) where not passed', person, session),
                format('%s, %s, variance %s: nothing is wrong', kind, trend, variance)) from test.kinds;
select cmp_ok((select count(*)::integer from test.report(person, session)), '>=', 7, format('%s, %s, variance %s: and enough is measured', kind, trend, variance))
from test.kinds;
select ok(property = any (test.found(statement)), what || ': ' || property || ' finds it') from test.spoiling;

select is(test.call('ann', 'get_synthetic_report', jsonb_build_object('sessionId', session)) #>> '{data,passed}', 'true', 'the verdict of all')
from test.kinds where kind = 'startup_founder' and trend = 'stable' and variance > 0;
select test.fault(format($$ select test.call('bob', 'get_synthetic_report', '{"sessionId": "%s"}') $$, session)) as of_others,
       test.fault($$ select test.call('bob', 'get_synthetic_report', '{"sessionId": "00000000-0000-0000-0000-000000000001"}') $$) as of_none
from test.kinds where kind = 'startup_founder' limit 1 \gset
select matches(:'of_none'::text, '^P0002 session not found', 'no session');
select is(:'of_others'::text, :'of_none'::text, 'and that of others is none');

-- Real points beside it: the same numbers are alike, others are not.
insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp)
select test.org_of('ann'), 'startup_founder', metric_value || jsonb_build_object('burn_rate', 1), metric_timestamp
from auxeira.dashboard_metrics where session_id = (select session from test.kinds where kind = 'startup_founder' and trend = 'volatile');
create view test.likeness as
select f.property, f.subject, f.value
from test.kinds k, lateral test.report('ann', k.session) f where k.kind = 'startup_founder' and k.trend = 'volatile';
select is((select value from test.likeness where property = 'KSComplement' and subject = 'revenue'), 1::double precision, 'the same numbers are alike');
select cmp_ok((select value from test.likeness where property = 'KSComplement' and subject = 'burn_rate'), '<=', 0.01::double precision, 'others are not');
select is((select value from test.likeness where property = 'CorrelationSimilarity' and subject = 'customers, revenue'), 1::double precision,
          'and so are correlations');

-- Points that are left out, late and corrected.
create table test.others (name text primary key, session uuid);
grant select, insert on test.others to public;
set session authorization auxeira_authenticator;
insert into test.others
select name, test.generate('bob', '{"count": 1000, "timeRangeDays": 999, "seed": 7, "asOf": "2026-01-01T00:00:00Z"}' || parameters)
from (values ('whole', '{}'::jsonb), ('again', '{}'),
             ('reported', '{"missingRate": 0.1, "lateRate": 0.2, "restatementRate": 0.3, "seed": 8, "asOf": "2025-12-31T12:00:00Z"}'),
             ('shocked', '{"shockRate": 2, "asOf": "2025-12-31T06:00:00Z"}')) o (name, parameters) order by name desc;
reset session authorization;
create function test.of_other(of_name text, statement text default 'select') returns text[] language plpgsql as $$
declare
  of_session constant uuid := (select o.session from test.others o where o.name = of_name);
  found text[];
begin
  execute format('create view spoilt as select * from auxeira.dashboard_metrics where session_id = %L', of_session);
  execute statement;
  found := (select array_agg(f.property || case when f.passed then '' else ' fails' end order by f.property) from test.report('bob', of_session) f
            where f.property ~ '^(R3|R25|R7)' or not f.passed);
  raise exception using errcode = 'TOOK1', message = coalesce(found::text, '{}');
exception when sqlstate 'TOOK1' then return sqlerrm::text[];
end
$$;
select is(test.of_other('reported'), '{R25 delay,R25 late,R25 missing,R25 restated,R3 future}', 'what was asked to be left out, late and corrected is so');
select is(test.of_other('shocked'), '{R3 evenness,R3 future,R3 rows}', 'a shock is no noise');
select ok(finding || ' fails' = any (test.of_other('reported', statement)), what || ': ' || finding || ' finds it')
from (values
  ('more is left out', 'delete from auxeira.dashboard_metrics where metric_id in (select metric_id from spoilt limit 100)', 'R25 missing'),
  ('less is late', 'update auxeira.dashboard_metrics set reported_at = null where metric_id in (select metric_id from spoilt where reported_at is not null limit 100)', 'R25 late'),
  ('it is too late', 'update auxeira.dashboard_metrics set reported_at = reported_at + interval ''20 days'' where metric_id in (select metric_id from spoilt)', 'R25 delay'),
  ('less is corrected', 'update auxeira.dashboard_metrics set first_value = null where metric_id in (select metric_id from spoilt where first_value is not null limit 100)', 'R25 restated'))
  spoiling (what, statement, finding);
select is(test.call('bob', 'get_synthetic_report', jsonb_build_object('sessionId', session)) -> 'data', jsonb_build_object('sessionId', session, 'passed', null, 'findings', '[]'::jsonb),
          'whose points were all there before has none to measure') from test.others where name = 'again';

-- A template has rules of its own.
set session authorization auxeira_authenticator;
select test.call('bob', 'create_template', '{"template_name": "Own", "user_type": "startup_founder",
  "data_schema": {"customers": {"type": "number", "unit": "thousand", "kind": "stock", "decimals": 3}, "sse_score": {"type": "number", "unit": "points", "kind": "stock", "decimals": 2},
    "visits": {"type": "integer", "unit": "visits", "kind": "cumulative"}},
  "generation_rules": {"customers": {"low": 200, "high": 900}, "sse_score": {"low": 2000, "high": 9000, "minimum": 1000, "maximum": 20000},
    "visits": {"low": 100, "high": 1000}}}') #>> '{data,template_id}' as own \gset
insert into test.others
select 'own', test.generate('bob', jsonb_build_object('templateId', :'own', 'count', 200, 'timeRangeDays', 199, 'seed', 7, 'asOf', '2024-01-01T00:00:00Z', 'trend', 'improving'));
reset session authorization;
select is(test.of_other('own'), '{R3 evenness,R3 future,R3 rows,R7 spread}', 'a template is measured by what it says');
select ok(finding || ' fails' = any (test.of_other('own', format('update auxeira.dashboard_metrics set metric_value = metric_value || %L
    where metric_id = (select metric_id from spoilt order by metric_timestamp desc limit 1)', value))), finding || ' of a template')
from (values ('BoundaryAdherence', '{"sse_score": 999}'), ('BoundaryAdherence', '{"sse_score": 20001}'), ('R15 whole numbers', '{"visits": 99999.5}'),
             ('R15 cumulative', '{"visits": 0}')) spoiling (finding, value);
update auxeira.organization_templates set is_active = false;
select is(test.of_other('own'), '{R3 evenness,R3 future,R3 rows,R7 spread}', 'removed ones too');

-- Sessions that no generation made: parameters of other types, and the id of a session of somebody else.
insert into auxeira.synthetic_data_sessions (org_id, session_id, parameters, status)
select test.org_of('ann'), ('00000000-0000-4000-8000-0000000000' || lpad(n::text, 2, '0'))::uuid, b.parameters, 'completed'
from test.bad_parameters b;
select is(test.fault(format('select test.report(''ann'', %L)', s.session_id)), '22023 the parameters of the session are not those of a generation | detail: '
  || b.told || ' | hint: Generate anew: auxeira.synthesize() keeps what makes the same data again.', 'no report of ' || b.parameters::text)
from test.bad_parameters b join auxeira.synthetic_data_sessions s using (parameters);
create table test.seen as select k.session, f.* from test.kinds k, test.report('ann', k.session) f where k.kind = 'startup_founder' and k.trend = 'stable' and k.variance > 0;
insert into auxeira.synthetic_data_sessions (org_id, session_id, parameters, status, created_at)
select test.org_of('bob'), session, '{"data_type": "metrics", "count": "x"}', 'completed', clock_timestamp() from test.seen limit 1;
select set_eq(format($$ select session, f.* from (select %L::uuid as session) s, test.report('ann', %1$L) f $$, session), 'select * from test.seen',
              'a session of the same id in another organization changes nothing') from test.seen limit 1;
select set_eq('select property, value from auxeira.synthetic_report((select session from test.seen limit 1)) where property ~ ''^R''',
              'select property, value from test.seen where property ~ ''^R''', 'nor for whoever sees both: the older one is meant');
select set_config('auxeira.org_id', test.org_of('bob')::text, true) \g /dev/null
select matches(test.fault(format('select auxeira.synthetic_report(%L)', session)), '^22023 the parameters of the session are not those',
               'but that of the active organization, where it has one') from test.seen limit 1;
reset auxeira.org_id;
select matches(test.fault(format('select test.report(''bob'', %L)', session)), '^22023 the parameters of the session are not those', 'and to the other it is its own')
from test.seen limit 1;

select * from finish();
rollback;
