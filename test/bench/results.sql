-- Where contenders put what they measured.
drop schema if exists bench cascade;
create schema bench;
create table bench.results (
  subject text not null,
  contender text not null,
  round integer not null,
  unit text not null,
  rate double precision not null,
  primary key (subject, contender, round)
);

create view bench.medians as
  select subject, contender, unit, percentile_cont(0.5) within group (order by rate) as median,
         min(rate) as lowest, max(rate) as highest
  from bench.results
  group by subject, contender, unit;

-- How many times as fast as another one a contender must be.
create table bench.aims (
  subject text not null,
  contender text not null,
  other text not null,
  ratio numeric not null,
  primary key (subject, contender, other)
);
create view bench.verdicts as
  select a.subject, a.contender, a.other, a.ratio as aim, round((own.median / others.median)::numeric, 2) as ratio,
         coalesce(own.median / others.median >= a.ratio, false) as met
  from bench.aims a
    left join bench.medians own on (own.subject, own.contender) = (a.subject, a.contender)
    left join bench.medians others on (others.subject, others.contender) = (a.subject, a.other);

-- Runs a statement and records rows per second.
create procedure bench.measure(subject text, contender text, round integer, n bigint, statement text)
  language plpgsql as $$
declare
  started timestamptz;
begin
  started := clock_timestamp();
  execute statement;
  insert into bench.results
  values (subject, contender, round, 'rows/s', n / extract(epoch from clock_timestamp() - started));
end
$$;
