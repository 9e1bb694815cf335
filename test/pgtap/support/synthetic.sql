-- What there is of synthetic data. Included by \ir after helpers.sql.
create function test.synthetic_rows() returns bigint language plpgsql as $$
declare
  name text;
  counted bigint;
  total bigint := (select count(*) from auxeira.synthetic_members);
begin
  for name in select c.table_name from information_schema.columns c
              where c.table_schema = 'auxeira' and c.column_name = 'is_synthetic' loop
    execute format('select count(*) from auxeira.%I where is_synthetic', name) into counted;
    total := total + counted;
  end loop;
  return total;
end
$$;
