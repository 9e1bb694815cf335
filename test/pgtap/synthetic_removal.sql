-- Taking synthetic data away by organization: all that its sessions made and its own rows, each counted; whoever is merely in
-- a session of another keeps that whole.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
\ir support/synthetic.sql
select plan(23);

-- What is there of synthetic rows, by table.
create function test.present() returns jsonb language plpgsql as $$
declare
  name text;
  counted bigint;
  counts jsonb := '{}';
begin
  foreach name in array auxeira.synthetic_tables() || '{organizations}'::text[] loop
    execute format('select count(*) from auxeira.%I where is_synthetic', name) into counted;
    counts := counts || case when counted > 0 then jsonb_build_object(name, counted) else '{}' end;
  end loop;
  return counts;
end
$$;
create function test.remove(org uuid) returns text language sql as $$
  select test.fault(format('select auxeira.remove_synthetic(org => %L)', org)) $$;
create function test.ecosystem(seed bigint, around uuid[]) returns uuid language sql as $$
  select session_id from auxeira.synthesize_ecosystem(12, 400, seed, '2026-03-10T00:00:00Z', around => around) $$;
create function test.failures(session uuid) returns setof text language sql as $$
  select property || ' ' || subject from auxeira.synthetic_report(session) where not passed and property ~ '^(R14|R22|R24|R27|Ref)' $$;

-- --- In the session of another -----------------------------------------------------------------------------------------

create table test.made as select test.ecosystem(41, array[test.org_of('ann'), test.org_of('ivy')]) as session;
select test.present() as whole \gset
select org_id as startup from auxeira.synthetic_members where not is_real and kind = 'startup' order by place limit 1 \gset
create table test.members (who text, org uuid);
insert into test.members values ('a startup that it made', :'startup'), ('a real organization that is not its first', test.org_of('ivy'));
select is(test.remove(m.org), format('ZA409 the organization takes part in a synthetic session of another | detail: Session %s of Ann Ltd '
  'has rows of it, with which those of others add up. | hint: Remove that session as a whole: auxeira.remove_synthetic(session => ''%1$s'').',
  d.session), who || ': refused, with the session') from test.members m, test.made d;
select is(test.present(), :'whole'::jsonb, 'and every row is there');
select is_empty('select test.failures(session) from test.made', 'whose totals are still those of their children');
select matches(test.fault(format('select test.ecosystem(42, array[%L]::uuid[])', test.org_of('ivy'))), '^ZA409 the organization takes part', 'nor joins it another one');
select is(test.fault(format('select test.ecosystem(42, array[%L]::uuid[])', :'startup')), format(
  '22023 an organization that takes part is a synthetic one | detail: Session %s made %s, and takes it away again. | hint: Take one that is not of '
  'another ecosystem.', d.session, o.name), 'a startup that it made joins no other') from test.made d, auxeira.organizations o where o.org_id = :'startup';

-- --- Its own ---------------------------------------------------------------------------------------------------------------

-- Rows beside those of the session: of the organization, of one that was made, of another member and of a stranger.
create function test.add_point(org uuid) returns void language sql as $$
  insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp, is_synthetic)
  values (org, 'startup_founder', '{"mrr": 1}', '2025-01-01', true) $$;
select test.add_point(org) from unnest(array[test.org_of('ann'), test.org_of('ivy'), test.org_of('bob'), :'startup']::uuid[]) org \g /dev/null
select test.call('ann', 'generate_synthetic', '{"count": 7, "seed": 1, "asOf": "2026-01-01T00:00:00Z"}') \g /dev/null
select is((select array_agg(status) from auxeira.synthetic_data_sessions where org_id = test.org_of('ann')), '{completed,completed}', 'two sessions');
create table test.told as select test.present() as before, auxeira.remove_synthetic(org => test.org_of('ann')) as counts;
select is(test.present(), '{"dashboard_metrics": 2}', 'what is left is of others');
select results_eq($$ select key, value from test.told, jsonb_each(counts) order by 1 $$, $$
  select key, (value::bigint - case key when 'dashboard_metrics' then 2 else 0 end)::text::jsonb from test.told, jsonb_each(before) order by 1 $$,
  'what is told is what went, table by table');
select is((select counts ->> 'dashboard_metrics' from test.told)::bigint,
  (:'whole'::jsonb ->> 'dashboard_metrics')::bigint + 7 + 2, 'the other session, and rows of none, too');
select is((select array_agg(distinct status) from auxeira.synthetic_data_sessions where org_id = test.org_of('ann')), '{cleaned_up}', 'the sessions say so');
select is((select count(*) from auxeira.synthetic_members) + (select count(*) from auxeira.synthetic_claims), 0::bigint, 'nobody takes part any more');
select is(auxeira.remove_synthetic(org => test.org_of('ivy')), '{"dashboard_metrics": 1}', 'by organization, rows of no session are its own');
select is(auxeira.remove_synthetic(org => test.org_of('ann')), '{}', 'again: nothing is left');
select lives_ok(format('select test.ecosystem(42, array[%L]::uuid[])', test.org_of('ivy')), 'and it may join another ecosystem');
select is(auxeira.remove_synthetic(org => test.org_of('ivy')) ->> 'organizations', '11', 'which goes with it, as its first');

-- An ecosystem around nobody is its first government's.
create table test.alone as select * from auxeira.synthesize_ecosystem(10, 400, 43, '2026-03-10T00:00:00Z');
select matches(test.remove(org_id), '^ZA409 the organization takes part', 'no member takes it away')
from auxeira.synthetic_members where kind = 'venture_capital';
select is(auxeira.remove_synthetic(org => (select org_id from auxeira.synthetic_members where kind = 'government')), rows, 'its first does')
from test.alone;

-- --- By way of the API ---------------------------------------------------------------------------------------------------

set local role auxeira_authenticator;
select test.call('ivy', 'generate_synthetic', '{"dataType": "portfolio", "count": 8, "timeRangeDays": 400, "seed": 3, "asOf": "2026-03-10T00:00:00Z"}')
  #>> '{data,sessionId}' as session \gset
reset role;
select org_id as company from auxeira.organizations where synthetic_session = :'session' limit 1 \gset
select test.add_point(:'company') \g /dev/null
select test.present() as before \gset
select is(test.call('ivy', 'remove_synthetic_session', jsonb_build_object('sessionId', :'session')) #> '{data,removed}',
  (:'before'::jsonb || jsonb_build_object('dashboard_metrics', (:'before'::jsonb ->> 'dashboard_metrics')::integer - 1)),
  'rows of companies that a session made go with them, and are counted');

-- --- Nobody writes under a session -------------------------------------------------------------------------------------------

select is_empty($$ select attname from pg_attribute, (values ('auxeira.dashboard_metrics'), ('auxeira.synthetic_data_sessions')) t (name)
  where attrelid = name::regclass and attname = 'session_id' and has_column_privilege('auxeira_user', attrelid, attnum, 'insert') $$,
  'statements of members name no session');
select set_config('auxeira.' || name, value, true)
from (values ('user_id', test.user_of('ann')::text), ('user_type', 'startup_founder'), ('org_id', test.org_of('ann')::text),
             ('org_ids', test.org_of('ann')::text), ('writable_org_ids', test.org_of('ann')::text)) s (name, value) \g /dev/null
set local role auxeira_user;
select is(left(test.fault(format(statement, test.org_of('ann'), auxeira.user_id(), gen_random_uuid())), 5), '42501', what)
from (values
  ('a point of a session', 'insert into auxeira.dashboard_metrics (org_id, user_id, session_id, dashboard_type, metric_value, metric_timestamp, is_synthetic)
    values (%L, %L, %L, ''startup_founder'', ''{"mrr": "x"}'', now(), true)'),
  ('a session', 'insert into auxeira.synthetic_data_sessions (org_id, user_id, session_id, parameters, status) values (%L, %L, %L, ''{}'', ''completed'')'),
  ('points by the function that stores them', 'select auxeira.store_synthetic_metrics(''startup_founder'', 3, 60, 0.2, ''stable'', 1, ''2026-03-01'', %L,
    ''metrics'', null, null, null, null, 0, 0, 0, 0, %L, %L, null)')) w (what, statement);
reset role;

select * from finish();
rollback;
