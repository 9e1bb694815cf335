-- What the properties are measured with.
create table test.measures (number integer generated always as identity, id text not null, what text not null, value double precision,
                            lower double precision, upper double precision);

-- A figure and the bounds that it must lie in; NULL for none.
create function test.measure(id text, what text, value double precision, lower double precision, upper double precision) returns void
  language sql as 'insert into test.measures (id, what, value, lower, upper) values (id, what, value, lower, upper)';

create function test.middle(figures double precision[]) returns double precision language sql immutable as
  'select percentile_cont(0.5) within group (order by f) from unnest(figures) f';
create aggregate test.median(double precision) (sfunc = array_append, stype = double precision[], initcond = '{}', finalfunc = test.middle);

create function test.third_moment(figures double precision[]) returns double precision language sql immutable as
  'select avg(((f - m) / s) ^ 3) from (select avg(f) as m, stddev_pop(f) as s from unnest(figures) f) of_all, unnest(figures) f';
create aggregate test.skewness(double precision) (sfunc = array_append, stype = double precision[], initcond = '{}', finalfunc = test.third_moment);

-- The share of a normal distribution below z: Abramowitz and Stegun 26.2.17, good to 7.5e-8.
create function test.normal_share(z double precision) returns double precision language sql immutable as $$
  select case when z < 0 then tail else 1 - tail end
  from (select exp(-z * z / 2) / sqrt(2 * pi()) * t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429)))) as tail
        from (select 1 / (1 + 0.2316419 * abs(z)) as t) terms) area
$$;
