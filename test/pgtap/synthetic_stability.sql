-- What is generated keeps to its streams: more organizations change nothing of those that were there, and whatever comes from
-- another system comes at its time.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(25);

-- --- More organizations (R4) ----------------------------------------------------------------------------------------

-- Every synthetic row to the last byte; what is stored in one transaction is stored at one time.
create function test.made(of_size integer) returns table (name text, org_id uuid, value text) language plpgsql as $$
declare
  of_table text;
begin
  perform auxeira.synthesize_ecosystem(of_size, 500, 7, '2026-03-10T00:00:00Z');
  foreach of_table in array auxeira.synthetic_tables() || '{organizations, synthetic_members}'::text[] loop
    return query execute format('select %L, t.org_id, (to_jsonb(t) - %L::text[])::text from auxeira.%1$I t
      where coalesce((to_jsonb(t) ->> ''is_synthetic'')::boolean, true)', of_table,
      case of_table when 'programs' then '{budget, jobs_target}' else '{}' end);
  end loop;
  perform auxeira.remove_synthetic(session => auxeira.synthetic_uuid(7, 'ecosystem'));
end
$$;
create table test.few as select * from test.made(22);
create table test.many as select * from test.made(29);
create view test.kinds as
select f.org_id, substring(f.value from '"kind": "([a-z_]+)"') as kind from test.few f where f.name = 'synthetic_members';

select is((select count(*) from test.many where name = 'organizations') - (select count(*) from test.few where name = 'organizations'), 7::bigint,
          'seven organizations more, all of them startups');
select is((select count(*) from test.many m where m.name = 'synthetic_members' and m.value like '%"startup"%')
        - (select count(*) from test.kinds where kind = 'startup'), 7::bigint, 'of no other kind');
-- Dashboards of whoever deals with companies, and budgets of programmes, are for more of them; all else is the same.
select is_empty(format($$
  select f.org_id, f.value from test.few f join test.kinds k using (org_id) where f.name = %L and (f.name <> 'dashboard_metrics' or k.kind = 'startup')
  except all
  select m.org_id, m.value from test.many m join test.kinds k using (org_id) where m.name = %1$L and (m.name <> 'dashboard_metrics' or k.kind = 'startup') $$, t),
  t || ': unchanged') from unnest(auxeira.synthetic_tables() || '{organizations, synthetic_members}'::text[]) t;
select is((select count(distinct name) from test.few), (select cardinality(auxeira.synthetic_tables()) + 2)::bigint, 'with rows in every table');

-- --- What other systems send (R25) ----------------------------------------------------------------------------------------

select auxeira.synthesize_ecosystem(22, 500, 7, '2026-03-10T00:00:00Z') \g /dev/null
select is_empty($$ select org_id, data_id from auxeira.integration_data where sync_timestamp is distinct from data_timestamp $$,
                'what an integration sends is there at the time it is of');
select cmp_ok((select count(*) from auxeira.integration_data), '>', 100::bigint, 'and there is enough of it');

select * from finish();
rollback;
