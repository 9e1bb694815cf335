-- Random queries of random users, while rights change, against an oracle: the same query over tables that the matrix has
-- filtered in plain SQL, as superuser, without settings and policies. Half are calls, half are of a bound login; all on one
-- connection, so that whatever it remembers of one user is there when the next one asks. Rounds are transactions.
\set ON_ERROR_STOP on
select setseed(0.42) \g /dev/null
-- Ids are of the seed too, so that a difference can be met again.
create function public.next_uuid() returns uuid language sql volatile return md5(random()::text)::uuid;
select format('alter table %s alter %I set default public.next_uuid()', adrelid::regclass, attname)
from pg_attrdef join pg_attribute on attrelid = adrelid and attnum = adnum
where pg_get_expr(adbin, adrelid) = 'gen_random_uuid()' order by 1 \gexec
\ir support/helpers.sql
\ir support/rows.sql
\ir support/ecosystem.sql
\ir support/queries.sql
select plan(17);

select test.plant_varied_rows(org_id, floor(random() * 5)::integer) from test.organizations order by name \g /dev/null
select test.collect_literals() \g /dev/null
-- Two that belong to several organizations, of other kinds than their own.
insert into auxeira.user_organizations (org_id, user_id, role)
select test.home_of('venture_capital'), user_id, 'member' from test.members
where name in ('startup_founder.owner', 'government.viewer');
analyze;

-- --- The oracle -------------------------------------------------------------------------------------------------------

-- Whose rows a user may read: those whose org_id, or startup_id, is one of these.
create view test.matrix as
  with member as materialized (
    select u.user_id, u.user_type, m.role, m.org_id
    from auxeira.user_organizations m
      join auxeira.users u on u.user_id = m.user_id
      join auxeira.organizations o on o.org_id = m.org_id
    where m.left_at is null and u.is_active and o.is_active
  ), rule as materialized (
    select * from auxeira.visibility v where v.command = 'select' and v.through = 'sql' and v.audience <> 'administrator'
  ), pair as materialized (
    select 'own' as audience, m.org_id as mine, 'org_id' as names, m.org_id as theirs, null::text[] as scopes from member m
    union select 'counterparty', m.org_id, 'startup_id', m.org_id, null from member m
    union select 'startup', r.startup_id, 'org_id', r.org_id, '{profile}' from auxeira.relationships r
          where r.status in ('proposed', 'accepted')
    union select r.kind, r.org_id, 'org_id', r.startup_id, r.scopes || '{profile}' from auxeira.relationships r
          where r.status = 'accepted'
  )
  select member.user_id, rule.table_name, pair.names, pair.theirs as org_id
  from pair
    join member on member.org_id = pair.mine
    join rule on rule.audience = pair.audience and (rule.scope is null or rule.scope = any (pair.scopes))
      and member.role >= rule.minimum_role and (rule.user_types is null or member.user_type = any (rule.user_types));

create table test.allowed (user_id uuid, table_name text, names text, org_id uuid);
create index on test.allowed (user_id, table_name, names);
create function test.refresh() returns void language sql as $$
  delete from test.allowed;
  insert into test.allowed select distinct * from test.matrix;
$$;
select test.refresh() \g /dev/null

create function test.allowed_rows(of_table text, of_user uuid) returns text language sql stable
  return format(case when of_table = 'users'
    then '(select t.* from auxeira.%1$I t where t.user_id = %2$L and exists (
             select from test.allowed a where a.user_id = %2$L))'
    else '(select t.* from auxeira.%1$I t where exists (
             select from test.allowed a where a.user_id = %2$L and a.table_name = %1$L
               and a.org_id = case a.names when ''org_id'' then t.org_id else %3$s end))' end,
    of_table, of_user, case when test.has_column(of_table, 'startup_id') then 't.startup_id' else 'null' end);

-- The query with every table replaced: by the rows that are allowed, by itself, or by something that reads it.
create function test.over(statement text, form text, of_user uuid default null) returns text language plpgsql stable as $$
declare
  name text;
begin
  for name in select distinct m[1] from regexp_matches(statement, '«(\w+)»', 'g') m loop
    statement := replace(statement, '«' || name || '»',
      case form when 'oracle' then test.allowed_rows(name, of_user) when 'table' then 'auxeira.' || name
        when 'view' then 'test.view_of_' || name else format('test.%s_of_%s()', form, name) end);
  end loop;
  return statement;
end
$$;

-- --- The ways in -------------------------------------------------------------------------------------------------------

create function test.make_detours() returns void language plpgsql as $$
declare
  name text;
begin
  for name in select t.name from test.tables t loop
    execute format('create view test.view_of_%1$I with (security_invoker) as select * from auxeira.%1$I', name);
    execute format('create function test.inlined_of_%1$I() returns setof auxeira.%1$I language sql stable as
                    ''select * from auxeira.%1$I''', name);
    execute format('create function test.cached_of_%1$I() returns setof auxeira.%1$I language plpgsql stable as
                    ''begin return query select * from auxeira.%1$I; end''', name);
    execute format('grant select on test.view_of_%I to public', name);
  end loop;
end
$$;
select test.make_detours() \g /dev/null

create function auxeira_api.attempt(request jsonb) returns json language plpgsql as $$
declare
  answer text;
begin
  if request ? 'first' then
    execute request ->> 'first';
  end if;
  execute request ->> 'statement' into answer;
  return to_json(answer);
end
$$;
grant execute on function auxeira_api.attempt(jsonb) to auxeira_user;
insert into auxeira.api_functions values ('attempt', 'user', 200, false, 'account');
drop role if exists auxeira_differential_login;
create role auxeira_differential_login in role auxeira_user;

-- Of a session that lives, where the user has one.
create function test.claims_of(of_user uuid) returns jsonb language sql stable security definer as $$
  select jsonb_build_object('sub', s.user_id, 'sid', s.session_id, 'ver', s.token_version)
  from auxeira.user_sessions s where s.user_id = of_user
  order by s.revoked_at is not null, s.session_id limit 1
$$;
create function test.is_alive(of_user uuid) returns boolean language sql stable as $$
  select exists (
    select from auxeira.user_sessions s
      join auxeira.users u on u.user_id = s.user_id
      join auxeira.organizations o on o.org_id = s.org_id
      join auxeira.user_organizations m on m.org_id = s.org_id and m.user_id = s.user_id
    where s.session_id = (test.claims_of(of_user) ->> 'sid')::uuid
      and s.revoked_at is null and u.is_active and o.is_active and m.left_at is null)
$$;

create function test.answer_by_call(of_user uuid, first text, statement text) returns text language plpgsql as $$
declare
  answer text;
begin
  set local session authorization auxeira_authenticator;
  select body::jsonb #>> '{}' into answer
  from auxeira.call(test.claims_of(of_user), 'attempt', jsonb_strip_nulls(jsonb_build_object('first', first, 'statement', statement)));
  set local session authorization default;
  return answer;
exception when others then
  return sqlstate || ' ' || sqlerrm;
end
$$;

-- What the server does at login is done here by a superuser; tests with connections of their own: test/tap/revocation.t.
create function test.answer_by_login(of_user uuid, first text, statement text) returns text language plpgsql as $$
declare
  answer text;
begin
  perform set_config('auxeira.bound_user_id', of_user::text, true);
  set local session authorization auxeira_differential_login;
  if first is not null then
    execute first;
  end if;
  execute statement into answer;
  set local session authorization default;
  set local auxeira.bound_user_id = '';
  return answer;
exception when others then
  return sqlstate || ' ' || sqlerrm;
end
$$;

-- --- One comparison -----------------------------------------------------------------------------------------------------

-- Settings that make the planner choose otherwise.
create function test.any_planner() returns text[] language sql volatile as $$
  select case floor(random() * 80)
    when 0 then '{force_parallel_mode=on, max_parallel_workers_per_gather=2}'
    when 1 then '{min_parallel_table_scan_size=0, parallel_setup_cost=0, parallel_tuple_cost=0, parallel_leader_participation=off}'
    when 2 then '{join_collapse_limit=1, from_collapse_limit=1}'
    when 3 then '{work_mem=64kB, enable_hashagg=off}'
    else array(select 'enable_' || s || '=off' from unnest('{seqscan, indexscan, bitmapscan, hashjoin, mergejoin, nestloop,
      hashagg, sort, material, memoize, indexonlyscan, incremental_sort}'::text[]) s where random() < 0.25) end::text[]
$$;
create function test.plan_with(settings text[]) returns void language plpgsql as $$
declare
  setting text;
begin
  foreach setting in array settings loop
    perform set_config(split_part(setting, '=', 1), split_part(setting, '=', 2), true);
  end loop;
end
$$;

create table test.tally (what text primary key, times integer not null);
create function test.count(variadic things text[]) returns void language sql as $$
  insert into test.tally as t select distinct thing, 1 from unnest(things) thing where thing is not null
  on conflict (what) do update set times = t.times + 1
$$;

-- Some queries are prepared by one user and asked again by others, with the same plan.
create table test.prepared (name text primary key, query test.query not null);
create function test.prepare_queries(of_user uuid, way text, many integer) returns void language plpgsql as $$
declare
  q test.query;
  statement text;
begin
  for n in 1 .. many loop
    q := test.any_query();
    insert into test.prepared values (format('%s_%s', way, n), q);
    statement := format('prepare %s_%s as %s', way, n, test.over(q.statement, 'table'));
    perform case way when 'call' then test.answer_by_call(of_user, statement, 'select 1')
                     else test.answer_by_login(of_user, statement, 'select 1') end;
  end loop;
end
$$;

-- What the user is told other than the oracle; NULL when there is no difference.
create function test.compare(of_user uuid, way text, form text, q test.query) returns text language plpgsql as $$
declare
  is_refused constant boolean := way = 'call' and not test.is_alive(of_user);
  prepared constant text := format('%s_%s', way, 1 + floor(random() * 100));
  planner text[] := test.any_planner();
  asked text;
  have text;
  want text := '28000 the session has ended';
  unfiltered text;
begin
  if form = 'prepared' then
    q := (select p.query from test.prepared p where p.name = prepared);
    planner := planner || '{plan_cache_mode=force_generic_plan}'::text[];
  end if;
  asked := case form when 'prepared' then 'execute ' || prepared else test.over(q.statement, form) end;
  begin
    perform test.plan_with(planner);
    have := case way when 'call' then test.answer_by_call(of_user, null, asked) else test.answer_by_login(of_user, null, asked) end;
    raise exception using errcode = 'TOOK1';
  exception when sqlstate 'TOOK1' then null;
  end;
  if not is_refused then
    execute test.over(q.statement, 'oracle', of_user) into want;
  end if;
  if random() < 0.05 and not is_refused then
    execute test.over(q.statement, 'table') into unfiltered;
    perform test.count('sample', case when unfiltered is distinct from want then 'hidden' end);
  end if;
  perform test.count('all', way, form, q.shape, case when is_refused then 'refused' when want is null then 'empty' else 'rows' end,
    case when planner::text ~ 'parallel' then 'parallel' end,
    case when way = 'login' and (select count(distinct a.org_id) = 1 from test.allowed a where a.user_id = of_user
      and a.table_name = 'actions') then 'login of one organization' end);
  return case when have is distinct from want then format(E'%s, %s, %s: %s\n have %s\n want %s', way, form, planner, q.statement,
    left(have, 500), left(want, 500)) end;
end
$$;

-- --- What changes between queries -----------------------------------------------------------------------------------------

create function test.any_scopes(of_kind text) returns text[] language sql volatile as $$
  select array(select scope from (select distinct v.scope from auxeira.visibility v
                                  where v.audience = of_kind and v.scope <> 'profile' order by 1) s where random() < 0.6)
$$;
create function test.any_user() returns uuid language sql volatile as $$
  select user_id from test.members order by name offset floor(random() * 28) limit 1
$$;
-- Whoever has one now: joining and leaving changes who that is.
create function test.any_user_of_one_organization() returns uuid language sql volatile as $$
  select a.user_id from test.allowed a where a.table_name = 'actions'
  group by a.user_id having count(distinct a.org_id) = 1 order by md5(a.user_id::text || random()) limit 1
$$;
create function test.any_organization() returns uuid language sql volatile as $$
  select org_id from test.organizations order by name offset floor(random() * 18) limit 1
$$;

create function test.times(of_what text) returns integer language sql stable
  return coalesce((select times from test.tally where what = of_what), 0);
create function test.change() returns void language plpgsql as $$
declare
  -- In turn, so that each comes often enough.
  what constant text := ('{role, join, accept, leave, propose, scopes, user, role, join, accept, end, organization}'::text[])[
    1 + test.times('changes') % 12];
  someone constant uuid := test.any_user();
  somewhere constant uuid := test.any_organization();
  new_role constant auxeira.member_role := test.any_of('viewer', 'member', 'admin', 'owner');
  new_kind constant text := test.any_of('investor', 'partner', 'grantor');
  shuffle constant text := random();
begin
  case what
  when 'role' then
    update auxeira.user_organizations set role = new_role where user_id = someone;
  when 'leave' then
    update auxeira.user_organizations set left_at = now() where user_id = someone and left_at is null
      and (select count(*) from auxeira.user_organizations where left_at is not null) < 12;
  when 'join' then
    insert into auxeira.user_organizations (org_id, user_id, role) values (somewhere, someone, new_role)
    on conflict (org_id, user_id) do update set left_at = null, role = excluded.role;
    insert into auxeira.user_sessions (user_id, org_id, expires_at)
    select someone, somewhere, now() + interval '1 hour'
    where not exists (select from auxeira.user_sessions s where s.user_id = someone and s.revoked_at is null);
  when 'accept', 'scopes', 'end' then
    update auxeira.relationships r set
      status = case what when 'end' then 'ended' else 'accepted' end,
      scopes = case what when 'end' then '{}' else test.any_scopes(r.kind) end,
      decided_at = now(), ended_at = case what when 'end' then now() end
    where (org_id, relationship_id) = (
      select o.org_id, o.relationship_id from auxeira.relationships o
      where case what when 'accept' then o.status = 'proposed' or not exists (
                   select from auxeira.relationships alive where alive.org_id = o.org_id and alive.startup_id = o.startup_id
                     and alive.kind = o.kind and alive.status in ('proposed', 'accepted'))
                 when 'scopes' then o.status = 'accepted' else o.status in ('proposed', 'accepted') end
      order by md5(o.relationship_id::text || shuffle) limit 1);
  when 'propose' then
    insert into auxeira.relationships (org_id, startup_id, kind)
    select o.org_id, somewhere, new_kind from test.organizations o where o.org_id <> somewhere
    order by md5(o.org_id::text || shuffle) limit 1
    on conflict do nothing;
  when 'user' then
    update auxeira.users set is_active = not is_active
    where user_id = case when (select count(*) from auxeira.users where not is_active) < 3 then someone
                         else (select user_id from auxeira.users where not is_active order by user_id limit 1) end;
  when 'organization' then
    update auxeira.organizations set is_active = not is_active
    where org_id = case when (select count(*) from auxeira.organizations where not is_active) < 2 then somewhere
                        else (select org_id from auxeira.organizations where not is_active order by org_id limit 1) end;
  end case;
  perform test.count('changes', 'change: ' || what);
  perform test.refresh();
end
$$;

create function test.ask(queries integer) returns text[] language plpgsql as $$
declare
  differences text[] := '{}';
  q test.query;
  asker uuid;
begin
  for n in 1 .. queries loop
    -- Each query is asked by two users.
    if n % 2 = 1 then
      q := test.any_query();
    end if;
    asker := case when n % 4 = 2 then test.any_user_of_one_organization() end;
    differences := differences || test.compare(coalesce(asker, test.any_user()), case when n % 4 < 2 then 'call' else 'login' end,
      test.any_of('table', 'table', 'table', 'view', 'inlined', 'cached', 'prepared', 'prepared'), q);
  end loop;
  return array_remove(differences, null);
end
$$;

create table test.differences (part text, difference text);
create procedure test.play(part text, rounds integer) language plpgsql as $$
declare
  differences text[];
begin
  for n in 1 .. rounds loop
    perform test.change();
    -- A change that is taken back is seen by the queries before that, and by none after.
    begin
      perform test.change();
      differences := test.ask(4);
      raise exception using errcode = 'TOOK1';
    exception when sqlstate 'TOOK1' then null;
    end;
    differences := differences || test.ask(40);
    insert into test.differences select part, d from unnest(differences) d;
    commit;
  end loop;
end
$$;

-- --- The test ------------------------------------------------------------------------------------------------------------

-- Where the oracle is not what the other tests make of the matrix.
create view test.disagreements as
  select m.name, t.name as table_name, o.name as organization, as_startup
  from test.members m
    join auxeira.users u on u.user_id = m.user_id, test.tables t, test.organizations o, unnest(array[false, true]) as_startup
  where t.name <> 'users'
    and exists (select from test.allowed a where a.user_id = m.user_id and a.table_name = t.name and a.org_id = o.org_id
                  and a.names = case when as_startup then 'startup_id' else 'org_id' end)
      <> exists (
        select from auxeira.user_organizations mine join auxeira.organizations org on org.org_id = mine.org_id
        where mine.user_id = m.user_id and mine.left_at is null and u.is_active and org.is_active
          and test.may(row(m.name, m.user_id, m.session_id, m.user_type, mine.role, mine.org_id)::test.members, t.name, 'select',
                       case when not as_startup then o.org_id end, case when as_startup then o.org_id end, '{sql}'));
select is_empty('select * from test.disagreements', 'the oracle is the matrix');
select test.prepare_queries((select user_id from test.members where name = 'venture_capital.owner'), way, 100)
from unnest(array['call', 'login']) way \g /dev/null
call test.play('main', 250);
select is_empty($$ select difference from test.differences where part = 'main' limit 3 $$, 'no query differs');
select is_empty('select * from test.disagreements', 'the oracle is still the matrix');

select results_eq($$ select what, times from test.tally where what in ('all', 'call', 'login') order by 1 $$,
                  $$ values ('all', 10000), ('call', 5000), ('login', 5000) $$, '10,000 queries, half of them calls');
select cmp_ok((select min(test.times(shape)) from unnest(array['plain', 'ordered', 'inner', 'left', 'full', 'semi', 'in', 'anti',
  'not in', 'group', 'rollup', 'total', 'window', 'lateral', 'cte', 'union', 'except', 'distinct on', 'scalar', 'self']) shape),
  '>=', 300, 'of every shape');
select cmp_ok((select min(test.times(form)) from unnest(array['table', 'view', 'inlined', 'cached', 'prepared']) form), '>=', 1000,
  'of tables, views, inlined and cached functions, prepared statements');
select cmp_ok(test.times('parallel'), '>=', 100, 'and with parallel plans');
select cmp_ok(test.times('login of one organization'), '>=', 2000, 'half of the logins are of users with one organization');
select cmp_ok(test.times('rows'), '>=', 3000, 'there was something to see');
select cmp_ok(test.times('hidden') * 2, '>=', test.times('sample'), 'and something to hide');
select ok((select count(*) = 9 and min(times) >= 10 from test.tally where what like 'change: %'), 'rights changed in every way');
select ok(test.times('refused') between 500 and 2500, 'sessions ended');
select diag(format('%s %s', times, what)) from test.tally order by what;

-- --- What the test would find -----------------------------------------------------------------------------------------------

create function test.found(of_part text) returns bigint language sql stable
  return (select count(*) from test.differences d where d.part = of_part);

alter policy member_select on auxeira.sse_scores using (true);
call test.play('too much', 15);
select cmp_ok(test.found('too much'), '>', 0::bigint, 'a policy that shows too much would be found');
alter policy member_select on auxeira.sse_scores using (org_id = any (auxeira.readable_org_ids()));
call test.play('too little', 15);
select cmp_ok(test.found('too little'), '>', 0::bigint, 'and one that shows too little');
alter policy member_select on auxeira.sse_scores using (org_id = any (auxeira.readable_org_ids('scores')));

select format('alter table %s %s trigger rights_changed', tgrelid::regclass, 'disable') from pg_trigger
where tgname = 'rights_changed' \gexec
call test.play('remembered', 15);
select cmp_ok(test.found('remembered'), '>', 0::bigint, 'and rights that are remembered for too long');
select format('alter table %s %s trigger rights_changed', tgrelid::regclass, 'enable') from pg_trigger
where tgname = 'rights_changed' \gexec

-- These last, because plans with a folded identity are not made again.
alter function auxeira.readable_org_ids(text) immutable;
alter function auxeira.only_org_id(text) immutable;
call test.play('folded', 15);
select cmp_ok(test.found('folded'), '>', 0::bigint, 'and a plan that keeps the identity of who asked first');
select format('create or replace function auxeira.only_org_id(list text) returns uuid language sql immutable return %L::uuid',
              test.home_of('government')) \gexec
call test.play('another''s', 6);
select cmp_ok(test.found('another''s'), '>', 0::bigint, 'and one that compares with another''s organization');

select * from finish();
drop owned by auxeira_differential_login;
drop role auxeira_differential_login;
