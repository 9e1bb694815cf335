-- Reading and writing dashboard metrics through the API functions.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(34);

create function test.point(at timestamptz, mrr numeric, more jsonb default '{}') returns jsonb language sql as $$
  select jsonb_build_object('dashboard_type', 'startup_founder', 'metric_timestamp', at,
                            'metrics', jsonb_build_object('mrr', mrr)) || more $$;
create function test.add(person text, variadic points jsonb[]) returns jsonb language sql as
  $$ select test.call(person, 'create_metrics', jsonb_build_object('metrics', to_jsonb(points))) $$;
create function test.mrrs(person text, request jsonb default '{}') returns text language sql as $$
  select string_agg(m #>> '{metric_value,mrr}', ',')
  from jsonb_array_elements(test.call(person, 'get_metrics', request) #> '{data,metrics}') m $$;
create function test.pages(size integer) returns table (pages integer, points integer, distinct_points integer,
                                                        is_in_order boolean) language plpgsql as $$
declare
  cursor text;
  page jsonb;
  seen jsonb[] := '{}';
begin
  pages := 0;
  loop
    page := test.call('bob', 'get_metrics', jsonb_strip_nulls(jsonb_build_object('limit', size, 'cursor', cursor))) -> 'data';
    seen := seen || array(select jsonb_array_elements(page -> 'metrics'));
    pages := pages + 1;
    cursor := page ->> 'nextCursor';
    exit when cursor is null or pages > 300;
  end loop;
  points := cardinality(seen);
  distinct_points := (select count(distinct p ->> 'metric_id') from unnest(seen) p);
  is_in_order := (select array_agg(p ->> 'metric_timestamp' order by n) = array_agg(p ->> 'metric_timestamp'
                    order by (p ->> 'metric_timestamp')::timestamptz desc, n) from unnest(seen) with ordinality s (p, n));
  return next;
end
$$;
create view test.own_rows as select * from auxeira.dashboard_metrics where org_id = test.org_of('ann');

set session authorization auxeira_authenticator;

select is(test.call('ann', 'get_metrics'),
          '{"success": true, "data": {"metrics": [], "count": 0, "dashboardType": "startup_founder",
            "timeRange": "30 days", "includeSynthetic": true, "nextCursor": null}}', 'before the first metric');
select is(test.call('ivy', 'get_metrics') #>> '{data,dashboardType}', 'venture_capital', 'the own type by default');

select is(test.add('ann', test.point(now(), 5), test.point(now() - interval '1 day', 4),
                   test.point(now() - interval '10 days', 3, '{"is_synthetic": true, "synthetic_algorithm": "test"}'),
                   test.point(now() - interval '40 days', 2), test.point(now() + interval '1 day', 6)),
          '{"success": true, "message": "Inserted 5 metrics", "data": {"inserted": 5}}', 'what inserting answers');
reset session authorization;
select results_eq($$ select distinct org_id, user_id, metric_name, aggregation_period, session_id from test.own_rows $$,
  $$ values (test.org_of('ann'), test.user_of('ann'), 'metrics', null::text, null::uuid) $$,
  'rows belong to the active organization and to who wrote them');
set session authorization auxeira_authenticator;

select is(test.mrrs('ann', request), expected, 'get_metrics ' || request::text)
from (values
  ('{}'::jsonb, '6,5,4,3'), ('{"days": 1}', '6,5,4'), ('{"days": "9"}', '6,5,4'), ('{"days": 10}', '6,5,4,3'),
  ('{"days": 40}', '6,5,4,3,2'), ('{"includeSynthetic": false}', '6,5,4'), ('{"includeSynthetic": "false"}', '6,5,4'),
  ('{"type": "venture_capital"}', null), ('{"metric": "mrr"}', '6,5,4,3'), ('{"metric": "arr"}', null),
  ('{"metric": "mrr'' or true"}', null), ('{"limit": 2}', '6,5'), ('{"limit": "1"}', '6'), ('{"unknown": 1}', '6,5,4,3'),
  (jsonb_build_object('to', now()), '5,4,3'), (jsonb_build_object('from', now() - interval '40 days', 'to', now() - interval '2 days'), '3,2')
) as cases (request, expected);
select is((test.call('ann', 'get_metrics', '{"limit": 1}') #> '{data,metrics,0}') - '{metric_id,metric_timestamp}'::text[],
          jsonb_build_object('dashboard_type', 'startup_founder', 'metric_name', 'metrics', 'metric_value', '{"mrr": 6}'::jsonb,
                             'is_synthetic', false, 'synthetic_algorithm', null, 'created_at', now()),
          'the shape of a metric');
select is(test.mrrs('vic'), '6,5,4,3', 'a viewer of the organization reads the same');
select is(test.mrrs('bob'), null, 'another organization nothing');

-- Pages: 250 points, 50 of them at one moment.
select test.call('bob', 'create_metrics', jsonb_build_object('metrics', (
  select jsonb_agg(test.point(now() - greatest(i, 50) * interval '1 minute', i)) from generate_series(1, 250) i))) \g /dev/null
select results_eq(format('select * from test.pages(%s)', size),
                  format('values (%s, 250, 250, true)', pages), 'all points in pages of ' || size)
from (values (1000, 1), (100, 3), (7, 36)) as paging (size, pages);

-- --- All or nothing -----------------------------------------------------------------------------------------

select is(test.add('ann', test.point(now(), 7, '{"metric_id": "00000000-0000-0000-0000-000000000001"}'))
            #>> '{data,inserted}', '1', 'an id of one''s own');
reset session authorization;
create table test.before as select test.contents() as contents;
grant select on test.before to public;
set session authorization auxeira_authenticator;
select is(test.refusal('ann', 'create_metrics', jsonb_build_object('metrics', points)::text), test.spelled(expected), what)
from (values
  ('the same id again', jsonb_build_array(test.point(now(), 1), test.point(now(), 1,
     '{"metric_id": "00000000-0000-0000-0000-000000000001"}')),
   '23505 duplicate key value violates unique constraint "dashboard_metrics_pkey" | constraint: dashboard_metrics_pkey'),
  ('one bad point among good ones', jsonb_build_array(test.point(now(), 1), test.point(now(), 1, '{"metrics": {"mrr": "x"}}')),
   '22023 invalid request | detail: metrics[1].metrics.mrr: "x" is not a number'),
  ('a thousand and one', (select jsonb_agg(test.point(now(), i)) from generate_series(1, 1001) i),
   '22023 invalid request | detail: metrics: has 1001 items, at most 1000 are allowed'),
  ('none', '[]', '22023 invalid request | detail: metrics: needs at least one item')
) as refused (what, points, expected);
select is(test.refusal('vic', 'create_metrics', jsonb_build_object('metrics', jsonb_build_array(test.point(now(), 1)))::text),
          '42501 new row violates row-level security policy for table "dashboard_metrics"', 'a viewer writes nothing');
select is(test.contents(), (select contents from test.before), 'refused requests leave nothing');
select is(test.add('bob', test.point(now(), 7, '{"metric_id": "00000000-0000-0000-0000-000000000001"}'))
            #>> '{data,inserted}', '1', 'the same id is free in another organization');

reset session authorization;
select * from finish();
rollback;
