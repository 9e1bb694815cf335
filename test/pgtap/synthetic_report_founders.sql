-- The quality report of an ecosystem finds each figure of each dashboard that is changed or missing at some of its points, and
-- rows that no figure shows.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
set local client_min_messages = error;

create table test.made as select * from auxeira.synthesize_ecosystem(24, 900, 4242, '2026-03-10T00:00:00Z');
create function test.session() returns uuid language sql stable return (select session_id from test.made);
analyze;
create function test.found(statement text default 'select') returns text[] language plpgsql as $$
declare
  found text[];
begin
  execute statement;
  found := array(select f.property || ' ' || f.subject from auxeira.synthetic_report(test.session()) f where not f.passed);
  raise exception using errcode = 'TOOK1', message = found::text;
exception when sqlstate 'TOOK1' then return sqlerrm::text[];
end
$$;
create table test.keys as
select d.dashboard_type::text as kind, v.key from auxeira.dashboard_metrics d cross join lateral jsonb_each(d.metric_value) v
where d.session_id = test.session() group by 1, 2 having count(*) >= 4;

create table test.spoiling (what text, statement text, finding text);
insert into test.spoiling values
  ('nothing is paid of grants', 'update auxeira.grants set disbursed = 0 where session_id = test.session()', 'R14 grants grants'),
  ('partnerships are renewed before they begin', 'update auxeira.partnerships set renewal_date = start_date - 1000 where session_id = test.session()',
   'R14 partnerships partnerships'),
  ('benefits save more than they are worth', 'update auxeira.benefit_redemptions set startup_saving = list_value * 2 where session_id = test.session()',
   'R14 benefits benefits'),
  ('actions of a month are of one moment', 'update auxeira.actions set completed_at = date_trunc(''month'', completed_at) + interval ''3 days''
    where session_id = test.session()', 'R19 moments actions'),
  ('tokens are paid for nothing', 'delete from auxeira.actions where session_id = test.session() and extract(day from completed_at) = 5', 'R14 activity tokens_earned'),
  ('companies were founded ten years before', 'update auxeira.organizations set founded_on = founded_on - 3650
    where synthetic_session = test.session() and org_type = ''startup''', 'R24 joining startups'),
  ('companies that ended go on', 'update auxeira.organizations set closed_on = null where synthetic_session = test.session()', 'R24 leaving startups'),
  ('rates of return but the latest are others', 'update auxeira.dashboard_metrics set metric_value = metric_value || ''{"irr": 9.9}''
    where session_id = test.session() and metric_value ? ''irr'' and metric_timestamp < ''2026-01-01''', 'R22 children venture_capital: irr'),
  ('jobs cost what was awarded', 'update auxeira.dashboard_metrics set metric_value = metric_value || jsonb_build_object(''cost_per_job'',
    round((metric_value ->> ''grants_awarded'')::numeric / nullif((metric_value ->> ''jobs_created'')::numeric, 0), 2))
    where session_id = test.session() and (metric_value ->> ''jobs_created'')::numeric > 0', 'R22 children government: cost_per_job');

-- All figures of all others at once: each is found by its name.
create function test.spoilt(change text) returns text[] language sql as $$
  select test.found(format('update auxeira.dashboard_metrics d set metric_value = %s
    where session_id = test.session() and dashboard_type <> ''startup_founder'' and extract(month from metric_timestamp)::integer %% 2 = 0', change)) $$;
create table test.changed as select unnest(test.spoilt($q$(select jsonb_object_agg(k.key, 1 + round(1.5 * k.value::numeric, 2))
  from jsonb_each_text(d.metric_value) k)$q$)) as finding;
create table test.emptied as select unnest(test.spoilt($q$'{}'$q$)) as finding;

select plan(2 + 2 * (select count(*) from test.keys)::integer + (select count(*) from test.spoiling)::integer);
select is(test.found(), '{}', 'nothing is wrong');
select cmp_ok((select count(distinct kind) from test.keys), '=', 7::bigint, 'of all dashboards');
select ok(format('R22 children %s: %s', kind, key) in (select finding from test.changed), format('%s: half of the points with another %s', kind, key))
from test.keys where kind <> 'startup_founder';
select ok(format('R22 children %s: %s', kind, key) in (select finding from test.emptied), format('%s: half of the points without %s', kind, key))
from test.keys where kind <> 'startup_founder';
select isnt(test.found(format('update auxeira.dashboard_metrics
    set metric_value = metric_value || jsonb_build_object(%L, 1 + round((metric_value ->> %1$L)::numeric * 1.5, 2))
    where session_id = test.session() and dashboard_type = %L and metric_value ? %1$L and extract(month from metric_timestamp)::integer %% 2 = 0', key, kind)),
  '{}', format('%s: half of the points with another %s', kind, key)) from test.keys where kind = 'startup_founder';
select isnt(test.found(format('update auxeira.dashboard_metrics set metric_value = metric_value - %L
    where session_id = test.session() and dashboard_type = %L', key, kind)), '{}', format('%s: no %s', kind, key))
from test.keys where kind = 'startup_founder';
select ok(finding = any (test.found(statement)), what || ': ' || finding) from test.spoiling;
select * from finish();
rollback;
