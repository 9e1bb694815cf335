-- What PostGraphile serves: the points of one organization among those of others, kept apart by a claim of its token.
drop schema if exists bench_graphql cascade;
create schema bench_graphql;
create table bench_graphql.readings (id bigint generated always as identity primary key, org_id uuid not null,
                                   metric_timestamp timestamptz not null, metrics jsonb not null);
insert into bench_graphql.readings (org_id, metric_timestamp, metrics)
select case n % 100 when 0 then :'org'::uuid else gen_random_uuid() end, metric_timestamp, metric_value
from auxeira.dashboard_metrics, generate_series(0, 99) n where org_id = :'org';
create type bench_graphql.token as (role text, org_id uuid);
create index on bench_graphql.readings (org_id, metric_timestamp);
alter table bench_graphql.readings enable row level security;
create policy own on bench_graphql.readings
  using (org_id = (select nullif(current_setting('jwt.claims.org_id', true), '')::uuid));
drop role if exists bench_reader;
create role bench_reader nologin;
grant usage on schema bench_graphql to bench_reader;
grant select on bench_graphql.readings to bench_reader;
analyze bench_graphql.readings;
