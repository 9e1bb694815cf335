-- What is generated keeps to its streams: more organizations change nothing of those that were there, and whatever comes from
-- another system comes at its time.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(33);

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

-- A fund, an angel and a corporate join, and then a government, an ESG and an impact fund: no company, so that what others have stays.
create table test.funds as select * from test.made(32);
create table test.before as select * from test.made(59);
create table test.after as select * from test.made(62);
create view test.types as
select b.org_id, substring(b.value from '"kind": "([a-z_]+)"') as kind from test.before b where b.name = 'synthetic_members';

select is((select count(*) from test.funds where name = 'organizations') - (select count(*) from test.many where name = 'organizations'), 3::bigint,
          'three that join are no companies');
select is((select count(distinct m.org_id) from test.funds m join test.funds k using (org_id)
           where k.name = 'synthetic_members' and k.value ~ '"place": 2' and k.value ~ 'venture_capital|angel|corporate'
             and m.name in ('investments', 'partnerships')), 3::bigint, 'they have deals of their own');
select is_empty($$ select m.name, m.org_id, m.value from test.many m where m.name <> 'dashboard_metrics' except all select name, org_id, value from test.funds $$,
                'a fund that joins changes no row of another''s');
select is_empty($$ select m.name, m.org_id, m.value from test.many m join test.kinds k using (org_id)
                   where m.name = 'dashboard_metrics' and k.kind <> 'government' except all select name, org_id, value from test.funds $$,
                'nor their dashboards');
select is_empty($$ select b.name, b.org_id, b.value from test.before b join test.types t using (org_id)
                   where t.kind <> 'government' and (b.name, t.kind) <> ('relationships', 'government') except all select name, org_id, value from test.after $$,
                'nor does a government, nor an ESG or impact fund');
select is((select array_agg(distinct b.name order by b.name) from (table test.before except all table test.after) b),
          '{dashboard_metrics,grants,relationships}', 'a government shares the companies: these are of others then');
select is_empty($$ select b.name from (table test.before except all table test.after) b join test.types t using (org_id) where t.kind <> 'government' $$,
                'of governments alone');
select is((select count(*) from (
    select (select jsonb_object_agg(key, value::integer) from jsonb_each_text(auxeira.cast_of(n))) as small,
           (select jsonb_object_agg(key, value::integer) from jsonb_each_text(auxeira.cast_of(n + 1))) as large
    from generate_series(10, 999) n) c
  where (select count(*) from jsonb_each(c.small) s join jsonb_each(c.large) l using (key) where l.value <> s.value
           and (l.value::integer <> s.value::integer + 1)) > 0), 0::bigint, 'one organization more takes the place of none');

-- --- What other systems send (R25) ----------------------------------------------------------------------------------------

select auxeira.synthesize_ecosystem(22, 500, 7, '2026-03-10T00:00:00Z') \g /dev/null
select is_empty($$ select org_id, data_id from auxeira.integration_data where sync_timestamp is distinct from data_timestamp $$,
                'what an integration sends is there at the time it is of');
select cmp_ok((select count(*) from auxeira.integration_data), '>', 100::bigint, 'and there is enough of it');

select * from finish();
rollback;
