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
