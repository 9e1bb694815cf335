-- The plan of an SQL login whose user has one organization compares with that and not with a list. What such a plan gives
-- must be right whenever it is run: after rights have changed, for another user, in a worker. Plans that connections keep while
-- others change rights: test/tap/policy_plans.t; plans of random queries: differential.sql.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
\ir support/logins.sql
\ir support/rows.sql
select plan(41);

select test.plant_rows(test.org_of(name), test.org_of('root'), test.user_of(name)) from unnest(array['ann', 'bob', 'ivy']) name \g /dev/null
insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp)
select test.org_of(name), 'startup_founder', jsonb_build_object(name, n), now() - n * interval '1 day'
from unnest(array['ann', 'bob', 'ivy']) name, generate_series(1, 50) n;
insert into auxeira.relationships (org_id, startup_id, kind) values (test.org_of('bob'), test.org_of('ann'), 'partner');
analyze;
set local plan_cache_mode = force_generic_plan;

create role auxeira_test_login in role auxeira_user;
-- Members of auxeira_user are shown no plan. This login has the policies that they have, and is none.
create role auxeira_test_reader;
grant usage on schema auxeira to auxeira_test_reader;
grant select on auxeira.dashboard_metrics, auxeira.relationships, auxeira.documents, auxeira.actions
  to auxeira_test_reader;
grant execute on all functions in schema auxeira to auxeira_test_reader;
create policy reader on auxeira.dashboard_metrics for select to auxeira_test_reader
  using (org_id = any (auxeira.readable_org_ids('metrics')));
create policy reader on auxeira.relationships for select to auxeira_test_reader
  using (org_id = any (auxeira.readable_org_ids()) or startup_id = any (auxeira.readable_org_ids()));
create policy reader on auxeira.actions for select to auxeira_test_reader using (org_id = all (auxeira.readable_org_ids()));
create policy reader on auxeira.documents for select to auxeira_test_reader
  using (org_id = any (auxeira.writable_org_ids()) and auxeira.own_user_type() = 'startup_founder');

-- What a statement tells a login that acts for somebody (NULL: that is not bound), or its error.
create function test.told(person text, statement text, login name default 'auxeira_test_login') returns text language sql as $$
  select test.by_login(login, case when person is null then ''
    else coalesce(test.user_of(person), '00000000-0000-0000-0000-000000000000')::text end, statement) $$;
create function test.explain(statement text) returns text language plpgsql as $$
declare
  line text;
  lines text[];
begin
  for line in execute 'explain (costs off) ' || statement loop lines := lines || trim(line); end loop;
  return array_to_string(lines, E'\n');
end
$$;
create function test.plan_of(person text, statement text) returns text language sql as $$
  select test.told(person, format('select test.explain(%L)', statement), 'auxeira_test_reader')
$$;
create procedure test.join_organization(person text, organization text, has_left boolean default false) language sql as $$
  insert into auxeira.user_organizations (org_id, user_id, role)
  values (test.org_of(organization), test.user_of(person), 'member')
  on conflict (org_id, user_id) do update set left_at = case when has_left then now() end
$$;

-- --- Which plans ------------------------------------------------------------------------------------------------

create table test.explained (name text, statement text, wanted text);
insert into test.explained values
  ('a policy on a scope', 'select * from auxeira.dashboard_metrics', $$ org_id = auxeira\.only_org_id\('metrics'$$),
  ('a policy with OR', 'select * from auxeira.relationships',
   $$ org_id = auxeira\.only_org_id\('readable'.* startup_id = auxeira\.only_org_id\('readable'$$),
  ('a policy with AND', 'select * from auxeira.documents', $$ org_id = auxeira\.only_org_id\('writable'$$),
  ('no policy with ALL', 'select * from auxeira.actions', 'ALL'),
  ('a subquery', 'select * from (select * from auxeira.dashboard_metrics offset 0) m', $$ auxeira\.only_org_id\('metrics'$$),
  ('a sublink', 'select 1 where exists (select from auxeira.dashboard_metrics)', $$ auxeira\.only_org_id\('metrics'$$),
  ('a CTE', 'with m as materialized (select * from auxeira.dashboard_metrics) select * from m',
   $$ auxeira\.only_org_id\('metrics'$$);
set local enable_seqscan = off;
select matches(replace(test.plan_of('bob', statement), '(', ' '), replace(wanted, '\(', ' '), 'one organization: ' || name)
from test.explained;

create view test.newest as
  select 'select * from auxeira.dashboard_metrics order by dashboard_type desc, metric_timestamp desc limit 3'::text as statement;
set local enable_sort = off;
select doesnt_match(test.plan_of('bob', statement), 'Sort', 'one organization: in the order of the index') from test.newest;
savepoint several;
call test.join_organization('bob', 'ivy');
select matches(test.plan_of('bob', statement), 'Sort.*org_id = ANY \(auxeira\.readable_org_ids', 'two: sorted') from test.newest;
rollback to several;
reset enable_sort;
reset enable_seqscan;

select matches(test.plan_of('bob', 'select * from auxeira.dashboard_metrics where not coalesce(
 org_id = any (auxeira.readable_org_ids()), false)'), 'ANY \(auxeira\.readable_org_ids\(\)\)', 'a condition of one''s own is left alone');
set local auxeira.org_ids = '00000000-0000-0000-0000-00000000000a';
select matches(test.plan_of(null, 'select * from auxeira.dashboard_metrics'), 'ANY', 'and so is the plan of a login that is not bound');
set local auxeira.org_ids = '';
savepoint without;
alter extension auxeira drop function auxeira.only_org_id(text);
drop function auxeira.only_org_id(text);
select matches(test.plan_of('bob', 'select * from auxeira.dashboard_metrics'), 'ANY', 'and every plan without the function');
rollback to without;

-- --- The function -------------------------------------------------------------------------------------------------

select is(test.told('bob', format('select auxeira.only_org_id(%L)', list)), test.org_of('bob')::text, 'the only one: ' || list)
from unnest(array['readable', 'writable', 'managed', 'owned', 'profile', 'scores', 'metrics', 'documents']) list;
select is(test.told('nobody', 'select auxeira.only_org_id(''readable'')'), null, 'nobody has none');
select is(test.told('bob', 'select auxeira.only_org_id(''x'')'), '22023 unknown list of organizations', 'a list that is not there');
select is(test.told('vic', 'select auxeira.only_org_id(''writable'')'), null, 'a viewer writes to none');
set local auxeira.org_ids = '';
set local auxeira.metrics_org_ids = '00000000-0000-0000-0000-00000000000a';
select is(test.told(null, 'select auxeira.only_org_id(''metrics'')'), '00000000-0000-0000-0000-00000000000a',
          'the only one that opened the scope');
set local auxeira.metrics_org_ids = '';
savepoint several;
call test.join_organization('bob', 'ivy');
select is(test.told('bob', 'select auxeira.only_org_id(''readable'')'), '40001 rights have changed since the statement was planned',
          'there is no only one of two');
select is(test.told('bob', 'select auxeira.only_org_id(''owned'')'), test.org_of('bob')::text, 'but of another list of the same user');
rollback to several;

-- --- What plans give that were made before ----------------------------------------------------------------------------

create table test.shapes (name text primary key, statement text not null);
insert into test.shapes values
  ('all', 'select string_agg(metric_value::text, '' '' order by metric_value) from «dashboard_metrics» m'),
  ('newest', 'select string_agg(n.metric_value::text, '' '') from (select metric_value from «dashboard_metrics» m
    where dashboard_type = ''startup_founder'' order by metric_timestamp desc, metric_value limit 3) n'),
  ('or', 'select string_agg(kind, '' '' order by kind, org_id) from «relationships» r'),
  ('join', 'select count(*) from «dashboard_metrics» m join «documents» d using (org_id)'),
  ('left join', 'select count(*) || '' '' || count(d.title) from «dashboard_metrics» m left join «documents» d
    on d.org_id = m.org_id and d.title is null'),
  ('self', 'select count(*) from «dashboard_metrics» a join «dashboard_metrics» b on a.org_id <> b.org_id'),
  ('lateral', 'select count(*) from «documents» d, lateral (select from «dashboard_metrics» m where m.org_id = d.org_id limit 2) x'),
  ('sublink', 'select count(*) from «documents» d where d.org_id in (select m.org_id from «dashboard_metrics» m)'),
  ('anti', 'select count(*) from «dashboard_metrics» m where not exists (select from «relationships» r where r.startup_id = m.org_id)'),
  ('cte', 'with m as materialized (select * from «dashboard_metrics» x) select count(*) || max(metric_value::text) from m'),
  ('union', 'select count(*) from (select m.org_id from «dashboard_metrics» m union select d.org_id from «documents» d) u');
create function test.over(statement text, form text) returns text language sql immutable
  return regexp_replace(statement, '«(\w+)»', form, 'g');

create view test.view_of_dashboard_metrics with (security_invoker) as select * from auxeira.dashboard_metrics;
create view test.view_of_relationships with (security_invoker) as select * from auxeira.relationships;
create view test.view_of_documents with (security_invoker) as select * from auxeira.documents;
grant select on test.view_of_dashboard_metrics, test.view_of_relationships, test.view_of_documents to auxeira_test_login;
create function test.inlined_dashboard_metrics() returns setof auxeira.dashboard_metrics language sql stable
  as 'select * from auxeira.dashboard_metrics';
create function test.inlined_relationships() returns setof auxeira.relationships language sql stable
  as 'select * from auxeira.relationships';
create function test.inlined_documents() returns setof auxeira.documents language sql stable as 'select * from auxeira.documents';
create function test.cached_dashboard_metrics() returns setof auxeira.dashboard_metrics language plpgsql stable
  as 'begin return query select * from auxeira.dashboard_metrics; end';
create function test.cached_relationships() returns setof auxeira.relationships language plpgsql stable
  as 'begin return query select * from auxeira.relationships; end';
create function test.cached_documents() returns setof auxeira.documents language plpgsql stable
  as 'begin return query select * from auxeira.documents; end';
create table test.forms (name text primary key, form text not null);
insert into test.forms values ('table', 'auxeira.\1'), ('view', 'test.view_of_\1'), ('inlined', 'test.inlined_\1()'),
  ('cached', 'test.cached_\1()'), ('parallel', 'auxeira.\1');

create view test.prepared as
  select format('%s of %s', s.name, f.name) as name, s.statement, test.over(s.statement, f.form) as prepared,
         f.name = 'parallel' as is_parallel
  from test.shapes s join test.forms f on f.name <> 'parallel' or s.name in ('all', 'join', 'anti');
create function test.prepare() returns bigint language sql as $$
  select count(test.told('ann', format('prepare %I as %s', name, prepared))) from test.prepared
$$;
select test.prepare() \g /dev/null
set local min_parallel_table_scan_size = 0;
set local parallel_tuple_cost = 0;
set local parallel_leader_participation = off;

create function test.organizations_of(person text, scope text) returns uuid[] language sql stable
  return array(
    select m.org_id from auxeira.user_organizations m where m.user_id = test.user_of(person) and m.left_at is null
    union
    select r.startup_id from auxeira.user_organizations m join auxeira.relationships r on r.org_id = m.org_id
    where m.user_id = test.user_of(person) and m.left_at is null and r.status = 'accepted' and scope = any (r.scopes));
create function test.oracle(person text, statement text) returns text language plpgsql as $$
declare
  answer text;
begin
  execute replace(replace(replace(statement,
    '«dashboard_metrics»', format('(select * from auxeira.dashboard_metrics where org_id = any (%L))', test.organizations_of(person, 'metrics'))),
    '«documents»', format('(select * from auxeira.documents where org_id = any (%L))', test.organizations_of(person, 'documents'))),
    '«relationships»', format('(select * from auxeira.relationships where org_id = any (%1$L) or startup_id = any (%1$L))',
                              test.organizations_of(person, ''))) into answer;
  return answer;
end
$$;
create function test.differences(person text) returns setof text language sql as $$
  select format('%s: have %s, want %s', name, left(have, 200), left(want, 200))
  from (select p.name, set_config('parallel_setup_cost', case when p.is_parallel then '0' else '1000000' end, true),
               test.told(person, format('execute %I', p.name)) as have, test.oracle(person, p.statement) as want
        from test.prepared p) t
  where have is distinct from want
$$;

select cmp_ok((select count(*) from test.shapes where test.oracle('ann', statement) <> test.oracle('bob', statement)), '>=', 3::bigint,
              'users are told different things');
select is_empty('select test.differences(''ann'')', 'one organization');
select is_empty('select test.differences(''ann'')', 'and again');
call test.join_organization('ann', 'bob');
select is_empty('select test.differences(''ann'')', 'another one is joined');
call test.join_organization('ann', 'ann', true);
select is_empty('select test.differences(''ann'')', 'the first is left');
call test.join_organization('ann', 'bob', true);
select is_empty('select test.differences(''ann'')', 'and the other');
call test.join_organization('ann', 'ann');
select is_empty('select test.differences(''ann'')', 'the first again');
select is_empty('select test.differences(''ivy'')', 'another user with one organization');
insert into auxeira.relationships (org_id, startup_id, kind, status, scopes, decided_at)
values (test.org_of('ivy'), test.org_of('bob'), 'investor', 'accepted', '{metrics}', now());
select is_empty('select test.differences(''ivy'')', 'a startup opens its metrics to that user');
deallocate all;
select test.prepare() \g /dev/null
select is_empty('select test.differences(''bob'')', 'the startup''s own user, with new plans');
select is_empty('select test.differences(''ivy'')', 'and the other one again, with plans that were made for one organization');
-- No statement is planned, and no EXECUTE run, between the change and the plan that is kept: as when another session has made
-- the change, nobody tells of it here.
create function test.join_ann() returns void language sql security definer as $$ call test.join_organization('bob', 'ann') $$;
create function test.rows_before_and_after() returns text language plpgsql as $$
declare
  counted bigint;
  answer text := '';
begin
  for turn in 1..2 loop
    select count(*) into counted from auxeira.dashboard_metrics;
    answer := answer || ' ' || counted;
    if turn = 1 then perform test.join_ann(); end if;
  end loop;
  return answer;
end
$$;
savepoint several;
alter table auxeira.user_organizations disable trigger events_told_insert;
alter table auxeira.user_organizations disable trigger events_told_rights_insert;
select is(test.told('bob', 'select test.rows_before_and_after()'),
          (select ' ' || count(*) filter (where org_id = test.org_of('bob')) || ' ' || count(*) from auxeira.dashboard_metrics
           where org_id in (test.org_of('ann'), test.org_of('bob'))), 'a plan that a function keeps is made again at once');
rollback to several;
-- Rights that are taken back with the transaction that gave them.
savepoint several;
call test.join_organization('bob', 'ann');
select is_empty('select test.differences(''bob'')', 'another organization');
rollback to several;
select is_empty('select test.differences(''bob'')', 'which is taken back');

-- --- What the test would find -------------------------------------------------------------------------------------------

alter function auxeira.only_org_id(text) immutable;
deallocate all;
select test.prepare(), test.differences('ann') \g /dev/null
select isnt_empty('select test.differences(''bob'')', 'a plan that keeps the organization of who asked first');

select * from finish();
rollback;
