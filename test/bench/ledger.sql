-- Tables of two documents and a figure: bare, with our history, with a trigger as people write it, and with table_log.
create extension if not exists table_log;
select auxeira.disable_history(t.relation) from auxeira.ledger_tables t where t.label = 'audited.ours' and t.disabled_at is null \g /dev/null
drop schema if exists audited cascade;
create schema audited;
select string_agg(format('"measure %s": %s', n, n * 37), ', ') as members from generate_series(1, 14) n \gset
create table bench.documents as
select n, format('{%s, "n": %s}', :'members', n)::jsonb as one, format('{"n": %s, %s}', n, :'members')::jsonb as other
from generate_series(1, 500000) n;

create table audited.log (
  change_id bigint generated always as identity primary key, at timestamptz not null default now(),
  xid xid8 not null default pg_current_xact_id(), table_name text not null, operation text not null, role text not null,
  old_row jsonb, new_row jsonb);
create function audited.keep() returns trigger language plpgsql as $$
begin
  insert into audited.log (table_name, operation, role, old_row, new_row)
  values (tg_table_name, tg_op, current_user, case when tg_op <> 'INSERT' then to_jsonb(old) end,
          case when tg_op <> 'DELETE' then to_jsonb(new) end);
  return null;
end
$$;

create procedure bench.make_audited(contender text) language plpgsql as $$
begin
  execute format('create table audited.%I (id bigint primary key, org_id uuid not null, one jsonb not null, other jsonb not null,
                  total numeric(12, 2) not null, at timestamptz not null default now())', contender);
  -- Clients of UPDATE and DELETE take one key after the other.
  execute format('create sequence bench.%I', 'update_' || contender);
  execute format('create sequence bench.%I start 100001', 'delete_' || contender);
  execute format('create sequence bench.%I start 10000001', 'insert_' || contender);
  if contender = 'ours' then
    perform auxeira.enable_history('audited.ours');
  elsif contender = 'plpgsql' then
    create trigger keep after insert or update or delete on audited.plpgsql for each row execute function audited.keep();
  elsif contender = 'table_log' then
    perform public.table_log_init(5, 'audited', 'table_log', 'audited', 'table_log_log');
  end if;
end
$$;
create procedure bench.fill_audited(contender text, round integer) language plpgsql as $$
begin
  execute format('insert into audited.%I (id, org_id, one, other, total)
                  select n + %s, ''00000000-0000-0000-0000-00000000000a'', one, other, n from bench.documents', contender,
                 round * 500000);
end
$$;
select format('call bench.%s(%L%s)', p.name, contender, p.argument)
from (values ('make_audited', ''), ('fill_audited', ', 0')) p (name, argument), unnest(array['bare', 'ours', 'plpgsql', 'table_log']) contender \gexec
vacuum analyze;

create table bench.bytes (subject text, contender text, wal numeric);
create procedure bench.measure_bulk(subject text, contender text, round integer, statement text) language plpgsql as $$
declare
  before constant pg_lsn := pg_current_wal_insert_lsn();
begin
  call bench.measure(subject, contender, round, 500000, statement);
  insert into bench.bytes (subject, contender, wal)
  values (subject, contender, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), before) / 500000);
end
$$;
insert into bench.aims
select format('%s of a row, %s', operation, clients), 'ours', 'bare', aim
from (values ('INSERT', 0.9), ('UPDATE', 0.8), ('DELETE', 0.7)) a (operation, aim), unnest(array['1 client', '2 clients']) clients
union all select operation || ' of 500,000 rows', 'ours', 'bare', 0.556 from unnest(array['INSERT', 'UPDATE']) operation;
