-- Ten thousand rows whose histories are random, savepoints that are undone, keys that change, blocks of any size, triggers of the
-- table's owner that change rows before and after, columns that come, go and change type: nothing is accused.
\set ON_ERROR_STOP on
begin;
create schema test;
select plan(6);
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
  else perform test.alter(kind);
  end case;
end $$;

-- Whoever adds a column fills it, and what has other types has other values.
create function test.alter(kind integer) returns void language plpgsql as $$
begin
  case kind
  when 6 then
    execute 'alter table public.kept add column if not exists e text default ''new''';
    execute 'update public.kept set e = test.random_value() where random() < 0.3';
  when 7 then execute 'alter table public.kept drop column if exists e';
  when 8 then execute 'alter table public.kept alter b type numeric(30, 2), alter d type numeric using d::numeric, alter c type text using c::text';
  when 9 then execute 'alter table public.kept alter b type numeric, alter d type double precision, alter c type jsonb using c::jsonb';
  end case;
end $$;

-- A row that is changed changes once more, and another with it.
create function test.before_change() returns trigger language plpgsql as $$
begin
  if new.id % 7 = 0 then
    new.a := left(coalesce(new.a, ''), 20) || '!';
  end if;
  return case when new.id % 97 <> 0 then new end;
end $$;
create function test.after_change() returns trigger language plpgsql as $$
begin
  if pg_trigger_depth() < 3 and coalesce(new.id, old.id) % 11 = 0 then
    update public.kept set a = left(a, 20) || pg_trigger_depth() where id in (new.id, coalesce(new.id, old.id) + 1);
    if tg_op = 'DELETE' then delete from public.kept where id = old.id + 2; end if;
  end if;
  return null;
end $$;
create trigger a_before before insert or update on public.kept for each row execute function test.before_change();
create trigger a_after after insert or update or delete on public.kept for each row execute function test.after_change();
create trigger z_after after update on public.kept for each row when (new.id % 13 = 0) execute function test.after_change();
create function test.undone(kind integer) returns void language plpgsql as $$
begin
  perform test.change(kind);
  raise exception 'undone' using errcode = 'ZZ000';
exception when sqlstate 'ZZ000' then null;
end $$;

select test.change(case when i % 4 = 2 then 6 + (i / 4) % 4 else floor(random() * 6)::integer end),
  case when i % 3 = 0 then test.undone(floor(random() * 10)::integer) end,
  case when i % 4 = 0 then auxeira.ledger_seal(floor(random() * 30000)::integer) end
from generate_series(1, 24) i \g /dev/null
select test.change(0) \g /dev/null

select cmp_ok((select count(distinct key) from auxeira.ledger_all), '>', 10000::bigint, 'ten thousand rows have a history');
select cmp_ok((select max(block) from auxeira.ledger_blocks), '>', 3::bigint, 'in some blocks');
select cmp_ok((select count(*) from auxeira.ledger_all where operation = 'A'), '>', 10000::bigint, 'with columns that came, went and changed');
select cmp_ok((select count(*) from auxeira.ledger_all where place <> change_id << 16), '>', 500::bigint, 'and changes of triggers');
select is_empty('select * from auxeira.ledger_verify()', 'none is accused');
drop trigger a_before on public.kept;
drop trigger a_after on public.kept;
drop trigger z_after on public.kept;
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
