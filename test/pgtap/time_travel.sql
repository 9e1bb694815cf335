-- Time travel against an oracle: 1,000 random histories of tables of many types, which are altered meanwhile, and of which full
-- copies were kept, compared with what the ledger says. Seeded: a failure happens again.
\set ON_ERROR_STOP on
set client_min_messages = error;
set timezone = 'UTC';
create schema test;
select setseed(0.42) \g /dev/null

-- --- What histories are made of ---------------------------------------------------------------------------------------

create type test.colour as enum ('red', 'green', 'blue');
create type test.pair as (x integer, y text);
create domain test.positive as integer check (value > 0);

-- Of each type a few values, so that some changes go back to an old one.
create table test.values (of_type text, value text);
insert into test.values
select t.of_type, v.value
from (values
  ('integer', array['0', '-1', '2147483647']), ('bigint', array['9223372036854775807', '-5']),
  ('numeric', array['1.0', '1.00', '-0.5', 'NaN', '123456789012345678901234567890.123']),
  ('numeric(8,2)', array['1', '2.5', '999999.99']), ('real', array['0.1', '-0', 'Infinity', 'NaN']),
  ('double precision', array['0.1', '1e300', '-0', 'NaN']), ('text', array['', 'é', E'line\nline', repeat('long ', 1000)]),
  ('varchar(8)', array['', 'eight888']), ('char(4)', array['a', 'abcd']), ('bytea', array['\x', '\x00ff']),
  ('boolean', array['true', 'false']), ('date', array['2024-02-29', 'infinity', '0044-03-15 BC']),
  ('timestamptz', array['2024-02-29 12:34:56.789012+02', '-infinity']), ('timestamp', array['1999-12-31 23:59:59.999999']),
  ('time', array['24:00:00', '00:00:00.000001']), ('uuid', array['00000000-0000-0000-0000-000000000000']),
  ('jsonb', array['null', '{"b": [1, 2.50], "a": {}}', '"text"', '1.0']), ('json', array['{"b":  1}', '[]']),
  ('text[]', array['{}', '{a,NULL,"b c"}', '[2:3]={x,y}']), ('integer[]', array['{{1,2},{3,4}}', '{}']),
  ('interval', array['1 year 2 days', '-00:00:01']), ('inet', array['10.0.0.0/8', '::1']),
  ('int4range', array['[1,5)', 'empty']), ('test.colour', array['red', 'blue']), ('test.pair', array['(1,)', '(,"a b")']),
  ('test.positive', array['1', '7'])) t (of_type, texts), unnest(t.texts) v (value);

create table test.tables (place integer primary key, name text, types text[]);
insert into test.tables
select n, 'test.t' || n, array(select of_type from (select distinct of_type from test.values) t order by md5(of_type || n) limit 6)
from generate_series(1, 20) n;

-- --- Random transactions -----------------------------------------------------------------------------------------------

create function test.one_of(choices text[]) returns text language sql volatile as $$
  select choices[1 + floor(random() * cardinality(choices))::integer]
$$;

create function test.literal(of_type text) returns text language sql volatile as $$
  select case when random() < 0.2 then 'null' else
    (select format('%L::%s', v.value, of_type) from test.values v where v.of_type = literal.of_type
     order by random() limit 1) end
$$;

create function test.make_table(t test.tables) returns void language plpgsql as $$
begin
  execute format('create table %s (id integer, part text, %s, doubled integer generated always as (id * 2) stored,
                  primary key (part, id))', t.name,
                 (select string_agg(format('c%s %s', place, of_type), ', ') from unnest(t.types) with ordinality u (of_type, place)));
  execute format('insert into %s (id, part) values (1, ''a''), (2, ''b'')', t.name);
  perform auxeira.enable_history(t.name::regclass);
end
$$;

create function test.operation(t test.tables) returns text language plpgsql volatile as $$
declare
  place constant integer := 1 + floor(random() * cardinality(t.types))::integer;
  condition constant text := format('id = %s and part = %L', 1 + floor(random() * 3), test.one_of('{a,b}'));
  kind constant text := test.one_of('{insert,insert,insert,update,update,update,update,delete,key,all,truncate}');
begin
  return case kind
    when 'insert' then format('insert into %s (id, part, c%s) values (%s, %L, %s) on conflict (part, id) do update set c%2$s = excluded.c%2$s',
                              t.name, place, 1 + floor(random() * 3), test.one_of('{a,b}'), test.literal(t.types[place]))
    when 'update' then format('update %s set c%s = %s where %s', t.name, place, test.literal(t.types[place]), condition)
    when 'delete' then format('delete from %s where %s', t.name, condition)
    when 'key' then format('update %s set id = id + 1, c%s = %s where %s', t.name, place, test.literal(t.types[place]), condition)
    when 'all' then format('update %s set c%s = %s', t.name, place, test.literal(t.types[place]))
    when 'truncate' then case when random() < 0.2 then 'truncate ' || t.name else 'select' end
  end;
end
$$;

-- Names are never used twice: of a column that is gone nothing is told.
create function test.alteration(t test.tables, history integer) returns text language plpgsql volatile as $$
declare
  old constant text := (select a.attname from pg_attribute a where a.attrelid = t.name::regclass and a.attname ~ '^n'
                          and not a.attisdropped order by random() limit 1);
begin
  return case when old is null or random() < 0.4 then
      format('alter table %s add column n%s %s', t.name, history, test.one_of(array['integer', 'integer default 7', 'text default ''x''']))
    when random() < 0.5 then format('alter table %s drop column %s', t.name, old)
    else format('alter table %s alter column %s type text', t.name, old) end;
end
$$;

-- What fails, or is undone at random, leaves nothing.
create function test.try(statement text) returns void language plpgsql as $$
begin
  execute statement;
  if random() < 0.1 then
    raise exception 'undone';
  end if;
exception when others then
  null;
end
$$;

-- --- The oracle -----------------------------------------------------------------------------------------------------------

create table test.copies (history integer, place integer, at timestamptz, rows jsonb);

create function test.rows_of(source text) returns jsonb language plpgsql as $$
declare
  rows jsonb;
begin
  execute format('select coalesce(jsonb_agg(to_jsonb(r)), ''[]'') from %s r', source) into rows;
  return rows;
end
$$;

-- In the columns that the table has now, as texts.
create function test.told(rows jsonb, of_table regclass) returns text language sql stable as $$
  select string_agg(r.told, e'\n' order by r.told collate "C")
  from (select (select string_agg(concat(a.attname, '=', coalesce(e.value ->> a.attname, '-')), ' ' order by a.attname)
                from pg_attribute a where a.attrelid = of_table and a.attnum > 0 and not a.attisdropped) as told
        from jsonb_array_elements(rows) e (value)) r
$$;

create procedure test.run(first integer, last integer) language plpgsql as $$
declare
  t test.tables;
  moment timestamptz;
begin
  for history in first .. last loop
    select * into t from test.tables where place = 1 + history % 20;
    if random() < 0.2 then
      execute test.alteration(t, history);
      commit;
    end if;
    for transaction in 1 .. 4 loop
      for operation in 1 .. 1 + floor(random() * 3)::integer loop
        perform test.try(test.operation(t));
      end loop;
      if random() < 0.1 then
        rollback;
      else
        commit;
      end if;
      moment := clock_timestamp();
      insert into test.copies values (history, t.place, moment, test.rows_of(t.name));
      commit;
    end loop;
  end loop;
end
$$;

create view test.differences as
  select * from (
    select c.history, c.at, test.told(c.rows, t.name::regclass) as was,
      test.told(test.rows_of(format('auxeira.as_of(null::%s, %L)', t.name, c.at)), t.name::regclass) as told
    from test.copies c join test.tables t using (place)) compared
  where was is distinct from told;

-- --- The comparison -----------------------------------------------------------------------------------------------------------

select plan(11);
select test.make_table(t) from test.tables t \g /dev/null
call test.run(1, 1000);

select is((select count(distinct history) from test.copies), 1000::bigint, 'there are 1,000 histories');
select cmp_ok((select count(*) from auxeira.ledger_open), '>', 4000::bigint, 'of thousands of changes');
select bag_has($$ select distinct operation::text from auxeira.ledger_open $$, $$ select unnest('{B,I,U,D,T,A}'::text[]) $$, 'and of every kind of them');
select is_empty('select * from test.differences',
                'every table was at every moment what a copy of it says');
select is_empty($$ select t.name, v.* from test.tables t, auxeira.ledger_row_problems(t.name::regclass) v $$, 'and every change is proven');

-- A copy that differs would be found.
update test.copies set rows = '[]' where history = 500 and rows <> '[]';
select isnt_empty('select * from test.differences d where d.history = 500',
                  'a copy that differs is noticed');
-- --- Eras -----------------------------------------------------------------------------------------------------------------------

create table test.eras (id integer primary key, body text);
insert into test.eras values (1, 'first'), (2, 'gone');
select clock_timestamp() as before \gset
select auxeira.enable_history('test.eras') \g /dev/null
select clock_timestamp() as first \gset
update test.eras set body = 'changed' where id = 1;
delete from test.eras where id = 2;
select clock_timestamp() as second \gset
select auxeira.disable_history('test.eras') \g /dev/null
select clock_timestamp() as gap \gset
update test.eras set body = 'unseen';
select auxeira.enable_history('test.eras') \g /dev/null
select clock_timestamp() as third \gset
create function test.eras_at(moment timestamptz) returns text language plpgsql as $$
begin
  return (select string_agg(id || ' ' || body, ', ' order by id) from auxeira.as_of(null::test.eras, moment));
exception when sqlstate '22023' then
  return sqlerrm;
end
$$;
select is(test.eras_at(:'before'), 'there is no history of test.eras at that time', 'before history began');
select is(test.eras_at(:'first'), '1 first, 2 gone', 'when it had begun');
select is(test.eras_at(:'second'), '1 changed', 'before it ended');
select is(test.eras_at(:'gap'), 'there is no history of test.eras at that time', 'between its end and its new beginning');
select is(test.eras_at(:'third'), '1 unseen', 'when it had begun again');
select * from finish();
