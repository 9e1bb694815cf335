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
