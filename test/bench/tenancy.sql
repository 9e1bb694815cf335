-- 2,000,000 points of 10,000 organizations, read under row-level security by a member of one of them. One table for
-- all contenders: they are roles of their own, each with its own policy or none.
drop table if exists bench.points;
do $$
declare
  login text;
begin
  foreach login in array array['bench_none', 'bench_ours', 'bench_original'] loop
    if exists (select from pg_roles where rolname = login) then
      execute format('drop owned by %I', login);
      execute format('drop role %I', login);
    end if;
    execute format('create role %I login', login);
  end loop;
end
$$;
alter role bench_none bypassrls;
alter role bench_none password :'password';
alter role bench_ours password :'password';
alter role bench_original password :'password';

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
create policy ours on bench.points for select to bench_ours using (org_id = any (auxeira.readable_org_ids('metrics')));
-- As in the original's database/init.sql: current_user_id() reads a setting, and there are two ways to see a row.
create function bench.current_user_id() returns uuid language plpgsql volatile security definer as $$
begin
  return coalesce(current_setting('app.current_user_id', true)::uuid, '00000000-0000-0000-0000-000000000000'::uuid);
end
$$;
create policy original on bench.points for select to bench_original using (user_id = bench.current_user_id() or org_id in (
  select m.organization_id from bench.memberships m where m.user_id = bench.current_user_id()));
grant usage on schema bench to bench_none, bench_ours, bench_original;
grant select on bench.points to bench_none, bench_ours, bench_original;
grant select on bench.memberships to bench_original;
grant usage on schema auxeira to bench_ours;
grant execute on function auxeira.readable_org_ids(text) to bench_ours;

-- A real member, bound to the login as people with an SQL client are.
insert into auxeira.organizations (org_id, name, org_type) values (md5('org 5000')::uuid, 'bench', 'startup')
on conflict do nothing;
insert into auxeira.users (user_id, email, user_type) values (md5('user 5000')::uuid, 'bench5000@bench.example', 'startup_founder')
on conflict do nothing;
insert into auxeira.user_organizations (org_id, user_id, role) values (md5('org 5000')::uuid, md5('user 5000')::uuid, 'owner')
on conflict do nothing;
call auxeira.bind_login('bench_ours', md5('user 5000')::uuid);
select format('alter role bench_original set app.current_user_id = %L', md5('user 5000')::uuid) \gexec
