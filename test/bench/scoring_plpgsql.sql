-- The total of a score in PL/pgSQL, for comparison with auxeira.sse_total: the same checks, the same doubles added in
-- the same order, so the same totals (unit scale, re-weighted). One aggregate query inside is the fastest form tried;
-- loops over the keys take twice as long.
create schema if not exists bench;

create function bench.sse_total_plpgsql(responses jsonb) returns integer
  language plpgsql immutable strict parallel safe
as $$
declare
  raw double precision;
  faults bigint;
begin
  select sum(sum / count * 100 * weight order by place) / (sum(percent) / 100.0::double precision), sum(bad)
    into raw, faults
    from (
      select place, percent, percent / 100.0::double precision as weight,
             sum(value::double precision), count(*),
             count(*) filter (where weights.name is null or value::numeric not between 0 and 1) as bad
        from jsonb_each(responses) as component (name, answers)
        cross join lateral jsonb_each_text(answers) as answer (question, value)
        left join (values ('team', 1, 25), ('market', 2, 20), ('product', 3, 20), ('business', 4, 15),
                          ('financial', 5, 10), ('traction', 6, 10)) as weights (name, place, percent) using (name)
        group by place, percent
    ) as sums;
  if faults > 0 or raw is null then
    raise exception using errcode = '22023', message = 'invalid input for a score';
  end if;
  return round(raw);
end
$$;
