-- The functions of probe.cpp. psql variable: library
create schema probe;
create function probe.throw(kind text) returns void as :'library', 'auxeira_probe_throw' language c strict;
create function probe.sql(statement text) returns boolean as :'library', 'auxeira_probe_sql' language c strict;
create function probe.nest(statement text, depth integer) returns boolean
  as :'library', 'auxeira_probe_nest' language c strict;
create function probe.spin() returns boolean as :'library', 'auxeira_probe_spin' language c;
create function probe.cancel_in(function regproc) returns void as :'library', 'auxeira_probe_cancel_in' language c strict;
create function probe.ending() returns text as :'library', 'auxeira_probe_ending' language c;
create function probe.alive() returns integer as :'library', 'auxeira_probe_alive' language c;

create table probe.things (id integer constraint things_are_unique primary key, size integer not null
                           constraint sizes_are_positive check (size > 0));
insert into probe.things values (1, 1);

create procedure probe.refuse() language plpgsql as $$
begin
  raise exception using errcode = 'P0QQ1', message = 'refused', detail = 'The detail.', hint = 'The hint.',
    constraint = 'c', column = 'k', table = 't', schema = 's', datatype = 'd';
end
$$;

-- Everything that an error carries.
create function probe.fault(statement text) returns text language plpgsql as $$
declare
  state text; message text; detail text; hint text; rule text; field text; relation text; home text; kind text;
begin
  execute statement;
  return 'no error';
exception when others or query_canceled then
  get stacked diagnostics state = returned_sqlstate, message = message_text, detail = pg_exception_detail,
    hint = pg_exception_hint, rule = constraint_name, field = column_name, relation = table_name, home = schema_name,
    kind = pg_datatype_name;
  return concat_ws('|', state, message, detail, hint, rule, field, relation, home, kind);
end
$$;

-- Memory of this session: what the server counts, and what the system sees, in bytes.
create function probe.server_memory() returns bigint language sql as
  $$ select sum(total_bytes)::bigint from pg_backend_memory_contexts $$;
create function probe.private_memory() returns bigint language sql as $$
  select (statm[2]::bigint - statm[3]::bigint) * 4096 from string_to_array(pg_read_file('/proc/self/statm'), ' ') statm $$;

-- Runs a statement many times, and catches each error where a client's would be.
create procedure probe.repeat(statement text, times integer) language plpgsql as $$
begin
  for i in 1..times loop
    begin
      execute statement;
    exception when others then null;
    end;
    -- What a transaction keeps for its subtransactions is no leak.
    if i % 100 = 0 then commit; end if;
  end loop;
end
$$;
