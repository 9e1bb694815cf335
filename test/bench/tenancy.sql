-- 2,000,000 points of 10,000 organizations, read under row-level security by members of 1, 2, 100 and 2,000 of them. One table
-- for all contenders: they are roles of their own, each with its own policy or none.
drop table if exists bench.points;
create table bench.members (organizations integer primary key);
insert into bench.members values (1), (2), (100), (2000);
create view bench.logins as
  select 'bench_none' as login union all select 'bench_original' union all select format('bench_member_%s', organizations) from bench.members;
select format('drop owned by %1$I; drop role %1$I', login) from bench.logins join pg_roles on rolname = login \gexec
select format('create role %I login password %L', login, :'password') from bench.logins \gexec
alter role bench_none bypassrls;

create table bench.points (
  org_id uuid not null,
  point_id uuid not null,
  user_id uuid not null,
  at timestamptz not null,
  value double precision not null,
  primary key (org_id, point_id)
);
insert into bench.points
select md5('org ' || o)::uuid, md5('point ' || o || ' ' || p)::uuid, md5('user ' || o)::uuid, '2026-01-01'::timestamptz + p * interval '1 day', p
from generate_series(1, 200) p, generate_series(1, 10000) o;
create index on bench.points (org_id, at);
vacuum analyze bench.points;

-- The memberships of the original: each user is in one organization.
create table bench.memberships (user_id uuid not null, organization_id uuid not null, primary key (user_id, organization_id));
insert into bench.memberships select md5('user ' || o)::uuid, md5('org ' || o)::uuid from generate_series(1, 10000) o;
analyze bench.memberships;

alter table bench.points enable row level security;
alter table bench.points force row level security;
create policy ours on bench.points for select to auxeira_user using (org_id = any (auxeira.readable_org_ids('metrics')));
-- As in the original's database/init.sql: current_user_id() reads a setting, and there are two ways to see a row.
create function bench.current_user_id() returns uuid language plpgsql volatile security definer as $$
begin
  return coalesce(current_setting('app.current_user_id', true)::uuid, '00000000-0000-0000-0000-000000000000'::uuid);
end
$$;
create policy original on bench.points for select to bench_original using (user_id = bench.current_user_id() or org_id in (
  select m.organization_id from bench.memberships m where m.user_id = bench.current_user_id()));
grant usage on schema bench to auxeira_user, bench_none, bench_original;
grant select on bench.points to auxeira_user, bench_none, bench_original;
grant select on bench.memberships to bench_original;
select format('alter role bench_original set app.current_user_id = %L', md5('user 5000')::uuid) \gexec

-- Real members, bound to their logins as people with an SQL client are.
create function bench.organizations(many integer) returns setof uuid language sql
  as 'select md5(''org '' || o)::uuid from generate_series(5000, 4999 + many) o';
insert into auxeira.organizations (org_id, name, org_type) select id, 'bench', 'startup' from bench.organizations(2000) id
on conflict do nothing;
insert into auxeira.users (user_id, email, user_type)
select md5('member of ' || organizations)::uuid, format('bench%s@bench.example', organizations), 'startup_founder' from bench.members
on conflict do nothing;
insert into auxeira.user_organizations (org_id, user_id, role)
select id, md5('member of ' || organizations)::uuid, 'owner' from bench.members, bench.organizations(organizations) id
on conflict do nothing;
select format('call auxeira.bind_login(%L, %L)', 'bench_member_' || organizations, md5('member of ' || organizations)::uuid)
from bench.members \gexec

-- How many times as long ours takes as the limit: the median over the rounds, each of which has both within seconds.
create view bench.own_rows as
  select subject, percentile_cont(0.5) within group (order by limits.rate / ours.rate) as times, count(*) as rounds
  from bench.results limits join bench.results ours using (subject, round)
  where limits.contender = 'no row-level security' and ours.contender = 'our policy'
  group by subject;
