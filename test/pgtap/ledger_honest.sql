-- Ten thousand rows whose histories are random, savepoints that are undone, keys that change, blocks of any size: nothing is accused.
\set ON_ERROR_STOP on
begin;
create schema test;
select plan(4);
select setseed(0.5) \g /dev/null
create table public.kept (id integer primary key, org_id uuid, a text, b numeric, c jsonb, d double precision);
insert into public.kept select i, gen_random_uuid() from generate_series(1, 2000) i;
select auxeira.enable_history('public.kept') \g /dev/null

create function test.random_value() returns text language sql volatile as
  $$ select (array[null, '', 'x', repeat('y', 3000), random()::text])[1 + floor(random() * 5)] $$;
-- One of these for a random half of the rows.
create function test.change(kind integer) returns void language plpgsql as $$
begin
  case kind
  when 0 then insert into public.kept select i, case when random() < 0.5 then gen_random_uuid() end, test.random_value(), random() * 1000
              from generate_series(1, 10000) i where random() < 0.5 on conflict (id) do update set b = excluded.b;
  when 1 then update public.kept set a = test.random_value(), d = nullif(floor(random() * 3), 0) where random() < 0.5;
  when 2 then delete from public.kept where random() < 0.3;
  when 3 then update public.kept set id = id + 10000 where id <= 10000 and random() < 0.1
                and not exists (select from public.kept k where k.id = kept.id + 10000);
  when 4 then update public.kept set c = jsonb_build_object('b', test.random_value(), 'a', round(b)), org_id = null where random() < 0.2;
  when 5 then update public.kept set a = a, b = b * 1.0 where random() < 0.2;
  end case;
end $$;
create function test.undone(kind integer) returns void language plpgsql as $$
begin
  perform test.change(kind);
  raise exception 'undone' using errcode = 'ZZ000';
exception when sqlstate 'ZZ000' then null;
end $$;

select test.change(floor(random() * 6)::integer), case when i % 3 = 0 then test.undone(floor(random() * 6)::integer) end,
  case when i % 4 = 0 then auxeira.ledger_seal(floor(random() * 30000)::integer) end
from generate_series(1, 24) i \g /dev/null
select test.change(0) \g /dev/null

select cmp_ok((select count(distinct key) from auxeira.ledger_all), '>', 10000::bigint, 'ten thousand rows have a history');
select cmp_ok((select max(block) from auxeira.ledger_blocks), '>', 3::bigint, 'in some blocks');
select is_empty('select * from auxeira.ledger_verify()', 'none is accused');
alter event trigger auxeira_ledger_before disable;
alter event trigger auxeira_ledger_after disable;
alter table public.kept disable trigger user;
update public.kept set b = b + 1 where id = (select max(id) from public.kept where b is not null);
select format('alter table public.kept %s', string_agg(format('enable always trigger %I', tgname), ', '))
from pg_trigger where tgrelid = 'public.kept'::regclass and tgname ~ '^auxeira_history_' \gexec
select is((select count(*) from auxeira.ledger_verify('public.kept') where problem = 'a row that differs from its last change'), 1::bigint,
          'but the one row that was tampered with');
select * from finish();
rollback;
