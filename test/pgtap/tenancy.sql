-- Rows of one organization are closed to the members of another, whatever statement they try. The rows are
-- written here as superuser; the attacks run as a SQL login that acts for Ann.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql

-- One row for Ann and one for Bob in every tenant table.
insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp, user_id)
select org_id, 'startup_founder', '{"mrr": 1}', now(), user_id from test.people where name in ('ann', 'bob');
insert into auxeira.synthetic_data_sessions (org_id, parameters, status)
select org_id, '{}', 'completed' from test.people where name in ('ann', 'bob');
insert into auxeira.actions (org_id, user_id, action_type, domain, base_tokens, actual_tokens)
select org_id, user_id, 'generic_action', 'test', 0, 0 from test.people where name in ('ann', 'bob');
insert into auxeira.gamification_profiles (org_id, user_id)
select org_id, user_id from test.people where name in ('ann', 'bob');
insert into auxeira.investments (org_id, startup_id, investment_type)
select org_id, test.org_of('ivy'), 'equity' from test.people where name in ('ann', 'bob');
insert into auxeira.partnerships (org_id, startup_id, partnership_type)
select org_id, test.org_of('ivy'), 'pilot' from test.people where name in ('ann', 'bob');
insert into auxeira.integrations (org_id, service_name, service_type)
select org_id, 'stripe', 'payments' from test.people where name in ('ann', 'bob');
insert into auxeira.integration_credentials (org_id, integration_id, sealed)
select org_id, integration_id, '\x00' from auxeira.integrations;
insert into auxeira.integration_data (org_id, integration_id, data_type, data_payload, sync_timestamp)
select org_id, integration_id, 'invoice', '{}', now() from auxeira.integrations;
insert into auxeira.sse_scores (org_id, version, total_score, raw_score, status, component_scores, responses, percentile,
  success_probability, explanation, cohort, coverage, band, scale, missing_policy, formula_version, input_hash,
  data_quality_score, confidence_level)
select org_id, 1, 50, 50, 'scored', '{}', '{}', 50, 0.1, '{}', '{}', 1, 1, 'unit', 'zero', 'test', sha256(''), 1, 1
from test.people where name in ('ann', 'bob');
insert into auxeira.sse_score_history (org_id, score_id, change_type, new_values, change_delta, impact_score)
select org_id, score_id, 'created', '{}', '{}', 50 from auxeira.sse_scores;

create table test.tenant_tables as
  select c.relname::text as name, has_table_privilege('auxeira_user', c.oid, 'select') as is_readable
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
  where c.relnamespace = 'auxeira'::regnamespace and c.relkind = 'r';
grant select on test.tenant_tables to public;

-- Tables that members may only read get every right here, so that the policies are seen to hold by themselves.
create function test.open_up() returns void language plpgsql as $$
begin
  execute (select string_agg(format('grant select, insert, update, delete on auxeira.%I to auxeira_user', name), ';')
           from test.tenant_tables where is_readable);
end
$$;
select test.open_up() \g /dev/null

create role auxeira_test_login;
grant auxeira_user to auxeira_test_login;
select set_config('auxeira.' || name, value::text, true)
from (values ('user_id', test.user_of('ann')), ('org_id', test.org_of('ann')), ('org_ids', test.org_of('ann')),
             ('writable_org_ids', test.org_of('ann'))) setting (name, value) \g /dev/null

-- Tells of every row it is shown, by failing.
create function test.tells(name text) returns boolean language plpgsql cost 0.0001 as $$
begin
  if name = 'Bob Ltd' then raise exception 'seen: %', name; end if;
  return true;
end
$$;

create function test.hidden_integration() returns uuid language sql security definer
  return (select integration_id from auxeira.integrations where org_id = test.org_of('bob'));

create function test.plan_of(statement text) returns setof text language plpgsql as $$
begin
  return query execute 'explain (analyze, costs off, timing off, summary off) ' || statement;
end
$$;

create function test.rows_touched(statement text) returns bigint language plpgsql as $$
declare
  touched bigint;
begin
  execute statement;
  get diagnostics touched = row_count;
  return touched;
end
$$;

select plan((select 1 + count(*) + 7 * count(*) filter (where is_readable) from test.tenant_tables)::integer + 13);

-- The superuser's own view: there is something to hide, and nothing was forgotten above.
select is_empty($$
  select name from test.tenant_tables
  where (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from auxeira.%I where org_id = %L', name,
           test.org_of('bob')), false, true, '')))[1]::text = '0' $$, 'every tenant table has a row of Bob''s');

set session authorization auxeira_test_login;

select is(test.fault(format('select * from auxeira.%I', name)),
          case when is_readable then 'no error' else '42501 permission denied for table ' || name end,
          'reading ' || name || case when is_readable then ' is allowed' else ' is refused' end)
from test.tenant_tables;

select is_empty(format('select org_id from auxeira.%I where org_id <> %L', name, test.org_of('ann')),
                name || ': no rows of others are seen')
from test.tenant_tables where is_readable;
select isnt_empty(format('select org_id from auxeira.%I where org_id = %L', name, test.org_of('ann')),
                  name || ': one''s own are')
from test.tenant_tables where is_readable;
select is(test.rows_touched(format('update auxeira.%I set org_id = org_id where org_id = %L', name, test.org_of('bob'))),
          0::bigint, name || ': rows of others cannot be changed')
from test.tenant_tables where is_readable;
select is(test.rows_touched(format('select from auxeira.%I where org_id = %L for update', name, test.org_of('bob'))),
          0::bigint, name || ': nor locked')
from test.tenant_tables where is_readable;
select is(test.rows_touched(format('delete from auxeira.%I where org_id = %L', name, test.org_of('bob'))),
          0::bigint, name || ': nor deleted')
from test.tenant_tables where is_readable;
select is(test.fault(format('update auxeira.%I set org_id = %L', name, test.org_of('bob'))),
          format('42501 new row violates row-level security policy for table "%s"', name),
          name || ': one''s own cannot be moved to others')
from test.tenant_tables where is_readable;
select is(test.fault(format('insert into auxeira.%I select (jsonb_populate_record(t, %L)).* from auxeira.%1$I t limit 1',
                            name, jsonb_build_object('org_id', test.org_of('bob')))),
          format('42501 new row violates row-level security policy for table "%s"', name),
          name || ': no row can be made for others')
from test.tenant_tables where is_readable;

-- The ways around a policy.
select is(test.fault('select * from auxeira.organizations where test.tells(name)'), 'no error',
          'a condition is not asked about rows of others');
select is(test.fault(format('insert into auxeira.organizations (org_id, name, org_type) values (%L, ''x'', ''startup'')
                             on conflict (org_id) do update set name = ''x''', test.org_of('bob'))),
          '42501 new row violates row-level security policy for table "organizations"', 'no upsert of a row of others');
select is(test.fault(format('merge into auxeira.organizations o using (values (%L::uuid)) v (id) on o.org_id = v.id
                             when matched then delete', test.org_of('bob'))),
          'no error', 'MERGE finds no row of others');
select is(test.fault('truncate auxeira.dashboard_metrics'), '42501 permission denied for table dashboard_metrics',
          'no TRUNCATE');
select is(test.fault(format(
            'insert into auxeira.integration_data (org_id, integration_id, data_type, data_payload, sync_timestamp)
             select %L, integration_id, ''x'', ''{}'', now() from (values (%L::uuid)) v (integration_id)',
            test.org_of('ann'), id)),
          '23503 insert or update on table "integration_data" violates foreign key constraint '
          '"integration_data_org_id_integration_id_fkey" | detail: Key is not present in table "integrations". | '
          'constraint: integration_data_org_id_integration_id_fkey',
          'a hidden parent is as absent as one that never was: ' || what)
from (select 'hidden' as what, test.hidden_integration() as id
      union all select 'absent', '00000000-0000-0000-0000-000000000001') parent;

set force_parallel_mode = regress;
set min_parallel_table_scan_size = 0;
set parallel_setup_cost = 0;
set parallel_tuple_cost = 0;
set max_parallel_workers_per_gather = 2;
select matches((select string_agg(line, ' ') from test.plan_of('select count(*) from auxeira.dashboard_metrics') line),
               'Workers Launched: [1-9]', 'a parallel worker runs');
select is((select count(*) from auxeira.dashboard_metrics), 1::bigint, 'a parallel worker sees the same rows');
select is((select array_agg(distinct org_id) from auxeira.dashboard_metrics), array[test.org_of('ann')],
          'those of Ann');
reset force_parallel_mode;

-- A viewer reads and writes nothing.
reset session authorization;
select set_config('auxeira.writable_org_ids', '', true) \g /dev/null
set session authorization auxeira_test_login;
select isnt_empty('select * from auxeira.dashboard_metrics', 'a viewer reads');
select is(test.rows_touched('delete from auxeira.dashboard_metrics'), 0::bigint, 'and deletes nothing');
select is(test.fault('insert into auxeira.dashboard_metrics select * from auxeira.dashboard_metrics'),
          '42501 new row violates row-level security policy for table "dashboard_metrics"', 'and writes nothing');
reset session authorization;

select is((select name from auxeira.organizations where org_id = test.org_of('bob')), 'Bob Ltd', 'Bob''s rows are as before');

select * from finish();
rollback;
