-- Numbers are hashed as the texts that the server gives them, which the extension writes by itself; documents as they are
-- stored, of which it makes the texts that the server gives them.
\set ON_ERROR_STOP on
-- Rows that nobody wrote, of a list of five names that has none, and of a type without a schema.
select '\x0007636f6c756d6e730e0000000c000000010000000500000001' as no_list, '\x00036b6579100000000500036162' || '63' as no_type \gset
create function pg_temp.is_refused(encoded bytea) returns boolean language plpgsql as $$
begin
  perform auxeira.ledger_row(null::auxeira.ledger_erasures, encoded);
  return false;
exception
  when others then return sqlerrm ~ 'malformed';
end
$$;
select pg_temp.is_refused(:'no_list') as is_list_refused \gset
select now() = statement_timestamp() as is_over \gset
begin;
select plan(13);

create table public.valued (id bigint generated always as identity primary key, number numeric, document jsonb);
create function written(row_id bigint) returns bytea language sql as $$
  select l.encoded from auxeira.ledger_live_row('public.valued', '{id}', '{}', '', array[row_id::text]) l $$;
create view public.strange as
select v.id, v.number, v.document from public.valued v
where position(convert_to(v.number::text, 'UTF8') in written(v.id)) = 0
   or auxeira.ledger_row_json(written(v.id)) ->> 'document' <> v.document::text
   or (auxeira.ledger_row(null::public.valued, written(v.id))).document::text <> v.document::text;

insert into public.valued (number) values (0), (0.0), (-0.5), (1), (9999), (10000), (10001), (-12345678.9), (0.0001), (0.00012340),
  (100000000), (1e-20), (1e30), (123456789012345678901234567890.123456789), ('NaN'), ('Infinity'), ('-Infinity'), (1e-100), (1e1000),
  (12.500), (100.00), (0.00000), (99999999.99999999), (1.23e-5), (('1' || repeat('0', 200) || '.5')::numeric);
select is_empty('table public.strange', 'numbers at the edges of their form');
truncate public.valued;
select setseed(0.5) \g /dev/null
insert into public.valued (number)
select round((random() - 0.5)::numeric * (10::numeric ^ (i % 40 - 15)), i % 23) from generate_series(1, 3000) i;
select is_empty('table public.strange', 'and 3,000 of all sizes and scales');
truncate public.valued;

insert into public.valued (document)
values ('{}'), ('[]'), ('null'), ('true'), ('12.50'), ('"text"'), ('""'), ('[1, "a", null, true, false, -2.5, {}, []]'), ('{"": ""}'),
  ('{"a": {"b": {"c": [[[]]]}}}'), ('[{}, {"a": 1}]'), ('"\"\\\b\f\n\r\t\u0001\u001f\u007f\u00e4\u20ac\ud83d\ude00/"'), ('{"k\ney": "v\"alue"}'),
  ('[1e400, -1e-50]'), (to_jsonb(repeat('long ', 50000)));
insert into public.valued (document) values ((select jsonb_agg(i * 1.5) from generate_series(1, 500) i)),
  ((select jsonb_object_agg('key ' || i, jsonb_build_object('n', i, 'list', jsonb_build_array(i, null, i::text))) from generate_series(1, 300) i));
select is_empty('table public.strange', 'documents of every form');
truncate public.valued;
insert into public.valued (document)
select jsonb_build_object('seed', random(), repeat('k', i % 70), (select jsonb_agg(case (i * j) % 5
    when 0 then to_jsonb(round(random()::numeric * 10::numeric ^ (j % 12), j % 7)) when 1 then to_jsonb(md5(random()::text)) when 2 then 'null'
    when 3 then jsonb_build_object('x', random() < 0.5, chr(1 + (i * j) % 300), j) else jsonb_build_array(j, i::text) end)
  from generate_series(1, i % 60) j)) from generate_series(1, 1500) i;
select is_empty('table public.strange', 'and 1,500 at random');
truncate public.valued;
-- Wherever it stands among characters that are copied by eight.
insert into public.valued (document)
select to_jsonb(repeat('a', before) || one || repeat('b', after))
from generate_series(0, 20) before, generate_series(0, 20) after,
  unnest(array['"', '\', chr(1), chr(31), ' ', '!', '#', '[', ']', chr(127), 'ä', '€', '😀']) one;
select is_empty('table public.strange', 'a character that is escaped, and its neighbours, at every place');
truncate public.valued;
insert into public.valued (document) values (to_jsonb(repeat(chr(1), 100000))), (to_jsonb(repeat('"\', 100000)));
select is_empty('table public.strange', 'nothing but characters that are escaped');
truncate public.valued;
insert into public.valued (document) values ((repeat('[', 2000) || repeat(']', 2000))::jsonb);
select is_empty('table public.strange', 'however deep');
truncate public.valued;
insert into public.valued (document) values ('{"a": [1, 2.50]}');
select is((select substr(encoded, 11, 51) from written((select max(id) from public.valued)) encoded), '\x0d0000002e'
  '0100002001000080210000506100000002000040080000900a000010200000000080010028000000008102008813', 'the bytes are those that the server stores');
select throws_like($$ select auxeira.ledger_row_json(set_byte(written((select max(id) from public.valued)), 18, 255)) $$, '%malformed%',
  'bytes that are no document are refused');

select ok(:'is_list_refused', 'a list that ends too early is refused');
select ok(:'is_over', 'and the transaction in which it was is over with its statement');
select ok(pg_temp.is_refused(:'no_type'), 'a value of a type without a schema is refused');

create table public.small (id bigint primary key, org_id uuid not null);
select auxeira.enable_history('public.small') \g /dev/null
insert into public.small values (1, gen_random_uuid());
select auxeira.ledger_seal() \g /dev/null
select is((select pg_column_size(c) from auxeira.ledger_changes c join auxeira.ledger_tables t using (table_id) where t.label = 'public.small'),
  160, 'a sealed change of a row with a short key has 160 bytes');
select * from finish();
rollback;
