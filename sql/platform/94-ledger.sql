-- The ledger: what has history, who made changes, the changes, and what proves them. Changes are written by the trigger
-- auxeira.capture() (extension/functions/ledger_capture.cpp) to auxeira.ledger_open; sealing moves them on.
set local role auxeira_owner;

-- --- What has history --------------------------------------------------------------------------------------------

create table auxeira.ledger_tables (
  table_id smallint generated always as identity primary key,
  relation regclass not null,
  label text not null check (label <> ''),
  key_columns text[] not null check (cardinality(key_columns) > 0),
  secret_columns text[] not null default '{}',
  org_column text,
  exempt_column text not null default '',
  enabled_at timestamptz not null default now(),
  disabled_at timestamptz
);
create unique index ledger_tables_relation on auxeira.ledger_tables (relation) where disabled_at is null;
comment on table auxeira.ledger_tables is 'Tables with history.';
comment on column auxeira.ledger_tables.label is 'The name that leaves have for the table, which renaming it does not change.';
comment on column auxeira.ledger_tables.secret_columns is 'Columns of which the ledger keeps a keyed digest alone.';
comment on column auxeira.ledger_tables.org_column is 'The column that says whose a row is, where there is one.';
comment on column auxeira.ledger_tables.exempt_column is 'Rows where this column is true have no history; empty for none.';
call auxeira.protect_private_table('auxeira.ledger_tables');

create table auxeira.ledger_secrets (
  only_row boolean primary key default true check (only_row),
  origin uuid not null default gen_random_uuid(),
  digest_key bytea not null default uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
);
insert into auxeira.ledger_secrets default values;
comment on table auxeira.ledger_secrets is 'What keeps this ledger apart from others, and the key of the digests of secret columns.';
comment on column auxeira.ledger_secrets.origin is 'The name of this ledger in signed heads.';
call auxeira.protect_private_table('auxeira.ledger_secrets');

-- --- Changes -----------------------------------------------------------------------------------------------------

create table auxeira.ledger_actors (
  actor_id bigint generated always as identity primary key,
  org_id uuid,
  user_id uuid,
  session_id uuid,
  role text not null,
  login text not null,
  address inet,
  met_at timestamptz not null default clock_timestamp()
);
comment on table auxeira.ledger_actors is
  'Who made changes: the user, active organization and session of a call, and the roles of the database. A connection adds '
  'a row for each it meets; leaves hold what the row says.';
comment on column auxeira.ledger_actors.met_at is
  'For pruning: the connection that added the row, and no other, may refer to it again.';
comment on column auxeira.ledger_actors.login is 'The role that connected.';
comment on column auxeira.ledger_actors.address is 'Of the client of a call, or else of the connection; NULL for local ones.';
call auxeira.protect_private_table('auxeira.ledger_actors');

-- One at a time: it is taken while the row is locked, so that the changes of a row are in its order.
create sequence auxeira.ledger_change_ids;

create table auxeira.ledger_open (
  change_id bigint not null,
  xid xid8 not null,
  at timestamptz not null,
  actor_id bigint not null,
  table_id smallint not null,
  operation "char" not null,
  org_id uuid,
  key bytea not null,
  difference bytea,
  proof bytea not null,
  request_id text,
  trace_id text,
  reason text,
  position bigint
);
comment on table auxeira.ledger_open is
  'Changes that are not sealed yet. Without keys and indexes, which would cost as much as all else; auxeira.capture() '
  'alone writes it.';
comment on column auxeira.ledger_open.change_id is 'The changes of a row are in this order. Gaps are transactions that were undone.';
comment on column auxeira.ledger_open.operation is
  'I insert, U update, D delete, T truncate, B baseline (what a row was when history began), X end (what it was when history '
  'ended), A alter (columns were dropped, added or changed type), E erase, C checkpoint (what it was when older changes were '
  'pruned).';
comment on column auxeira.ledger_open.key is 'The key columns, encoded as a row (extension/ledger/ENCODING.md).';
comment on column auxeira.ledger_open.difference is
  'The old values of the columns that differ, encoded as a row; of a delete the whole row. NULL for an insert.';
comment on column auxeira.ledger_open.position is
  'Where a change is among those of its row, when it is not where its id puts it: a statement that a trigger ran is captured before '
  'the one that caused it. Ids count 65536 each.';
comment on column auxeira.ledger_open.proof is 'Salt (16 bytes) and leaf hash (32 bytes).';
call auxeira.protect_private_table('auxeira.ledger_open');

create function auxeira.ledger_day(day date) returns smallint language sql immutable strict parallel safe
  return (day - date '2000-01-01')::smallint;
comment on function auxeira.ledger_day(date) is 'A day in two bytes of each change: from 2000-01-01 on, which lasts until 2089.';

-- The leaf first, where it needs no padding.
create table auxeira.ledger_changes (
  leaf_index bigint not null,
  like auxeira.ledger_open including comments,
  sealed_on smallint not null
) partition by range (sealed_on);
comment on table auxeira.ledger_changes is 'Changes that are sealed; a partition for each month.';
comment on column auxeira.ledger_changes.leaf_index is 'Its place among all leaves, from 0.';
comment on column auxeira.ledger_changes.sealed_on is 'The day (UTC) it was sealed on, by auxeira.ledger_day().';
call auxeira.protect_private_table('auxeira.ledger_changes');

create function auxeira.ledger_row_hash(table_id integer, key bytea) returns bigint language sql immutable parallel safe
  return ('x' || encode(substr(sha256(int4send(table_id) || key), 1, 8), 'hex'))::bit(64)::bigint;
comment on function auxeira.ledger_row_hash(integer, bytea) is 'What changes of one row have in common, for an index.';

create function auxeira.xid_number(xid xid8) returns bigint language sql immutable strict parallel safe
  return xid::text::bigint;
comment on function auxeira.xid_number(xid8) is 'A transaction as a number, for indexes by ranges.';

-- Keys may be longer than an index holds. The rest come in the order in which they are stored.
create index ledger_changes_row on auxeira.ledger_changes (auxeira.ledger_row_hash(table_id, key));
create index ledger_changes_leaf on auxeira.ledger_changes using brin (leaf_index) with (pages_per_range = 16);
create index ledger_changes_id on auxeira.ledger_changes using brin (change_id) with (pages_per_range = 16);
create index ledger_changes_at on auxeira.ledger_changes using brin (at) with (pages_per_range = 16);
create index ledger_changes_xid on auxeira.ledger_changes using brin (auxeira.xid_number(xid)) with (pages_per_range = 16);

create procedure auxeira.add_ledger_partition(month date) language plpgsql as $$
declare
  name constant text := 'ledger_changes_' || to_char(month, 'YYYY_MM');
  first constant date := date_trunc('month', month);
begin
  if to_regclass('auxeira.' || name) is null then
    execute format('create table auxeira.%I partition of auxeira.ledger_changes for values from (%L) to (%L)',
                   name, auxeira.ledger_day(first), auxeira.ledger_day((first + interval '1 month')::date));
    execute format('comment on table auxeira.%I is %L', name, 'Changes that were sealed in ' || to_char(month, 'YYYY-MM') || '.');
    call auxeira.protect_private_table(format('auxeira.%I', name)::regclass);
  end if;
end
$$;
comment on procedure auxeira.add_ledger_partition(date) is 'Makes room for the changes that are sealed in a month.';
revoke execute on procedure auxeira.add_ledger_partition(date) from public;

-- --- What happened to tables --------------------------------------------------------------------------------------

create table auxeira.ledger_events (
  event_id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  event text not null check (event in ('enable', 'disable', 'alter', 'triggers', 'replication role', 'key')),
  table_id smallint,
  detail jsonb not null default '{}'
);
comment on table auxeira.ledger_events is
  'What happened to tables with history, and to the key that signs heads. It has history itself.';
comment on column auxeira.ledger_events.event is
  'enable, disable: history began, ended. alter: a command that changed the table. triggers: one that turned triggers on or '
  'off. replication role: changes were made in a session that says it is a replica. key: heads will be signed by another key.';
call auxeira.protect_private_table('auxeira.ledger_events');

-- --- Beginning and ending history ----------------------------------------------------------------------------------

create function auxeira.key_columns_of(target regclass) returns text[] language sql stable
  return (select array_agg(a.attname::text order by a.attname)
          from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
          where i.indrelid = target and i.indisprimary);
comment on function auxeira.key_columns_of(regclass) is 'The columns of the primary key, by name; NULL without one.';

create function auxeira.capture_arguments(entry auxeira.ledger_tables) returns text[] language sql immutable
  return array[entry.table_id::text, entry.label, coalesce(entry.org_column, ''), entry.exempt_column]
    || array(select 'key ' || name from unnest(entry.key_columns) name)
    || array(select 'secret ' || name from unnest(entry.secret_columns) name);
comment on function auxeira.capture_arguments(auxeira.ledger_tables) is 'What the triggers of a table tell auxeira.capture().';

-- The types are those of pg_trigger, the conditions as the server prints them.
create function auxeira.history_triggers(entry auxeira.ledger_tables)
  returns table (name text, event text, level text, type smallint, condition text, arguments text[]) language sql immutable
begin atomic
  select 'auxeira_history_' || t.name, t.event, t.level, t.type,
    case when entry.exempt_column = '' then '' else format(t.condition, entry.exempt_column) end,
    case t.name when 'insert' then auxeira.capture_arguments(entry) else '{}' end
  from (values
    ('insert', 'after insert', 'row', 5::smallint, 'WHEN ((new.%1$I IS NOT TRUE))'),
    ('update', 'after update', 'row', 17, 'WHEN (((old.%1$I IS NOT TRUE) OR (new.%1$I IS NOT TRUE)))'),
    ('delete', 'after delete', 'row', 9, 'WHEN ((old.%1$I IS NOT TRUE))'),
    ('truncate', 'before truncate', 'statement', 34, '')) t (name, event, level, type, condition);
end;
comment on function auxeira.history_triggers(auxeira.ledger_tables) is
  'The triggers of a table with history. One of them describes it: the server copies the arguments of all for each statement.';

create function auxeira.create_history_triggers(entry auxeira.ledger_tables) returns void language plpgsql as $$
declare
  trigger record;
begin
  for trigger in select * from auxeira.history_triggers(entry) loop
    execute format('create trigger %s %s on %s for each %s %s execute function auxeira.capture(%s)', trigger.name, trigger.event,
                   entry.relation, trigger.level, trigger.condition,
                   (select string_agg(quote_literal(a.argument), ', ' order by a.place)
                    from unnest(trigger.arguments) with ordinality a (argument, place)));
    execute format('alter table %s enable always trigger %s', entry.relation, trigger.name);
  end loop;
end
$$;
comment on function auxeira.create_history_triggers(auxeira.ledger_tables) is 'Makes the triggers that write changes of a table.';
revoke execute on function auxeira.create_history_triggers(auxeira.ledger_tables) from public;

create function auxeira.ledger_terms(entry auxeira.ledger_tables) returns jsonb language sql stable
  return jsonb_build_object('label', entry.label, 'key', to_jsonb(entry.key_columns), 'secret', to_jsonb(entry.secret_columns),
    'organization', entry.org_column, 'exempt', entry.exempt_column,
    'digestKey', (select encode(sha256(digest_key), 'hex') from auxeira.ledger_secrets));
comment on function auxeira.ledger_terms(auxeira.ledger_tables) is
  'What was agreed on when history began, which does not change: the event of it says the same.';

create procedure auxeira.refuse_history(problem text, hint text, code text default 'feature_not_supported') language plpgsql as $$
begin
  raise exception '%', problem using errcode = code, hint = refuse_history.hint;
end
$$;
comment on procedure auxeira.refuse_history(text, text, text) is 'The error for a table that cannot have history.';
revoke execute on procedure auxeira.refuse_history(text, text, text) from public;

create function auxeira.ledger_records() returns text[] language sql immutable
  return array['events', 'incarnations', 'erasures', 'prunings', 'holds'];
comment on function auxeira.ledger_records() is 'The tables auxeira.ledger_... that have history themselves, always.';

create function auxeira.check_history(target regclass) returns void language plpgsql as $$
declare
  class pg_class;
  ours boolean;
begin
  select * into class from pg_class c where c.oid = target;
  ours := class.relnamespace = 'auxeira'::regnamespace and class.relname ~ '^ledger_'
    and substr(class.relname, 8) <> all (auxeira.ledger_records());
  case
  when class.relkind <> 'r' then
    call auxeira.refuse_history(target || ' is not an ordinary table', case class.relkind
      when 'p' then 'Partitions cannot have history either: keep the rows in an ordinary table.' when 'f' then
      'Its rows are another server''s: begin history there.' else 'Begin the history of the tables it reads.' end, 'wrong_object_type');
  when class.relpersistence <> 'p' then
    call auxeira.refuse_history(target || ' does not outlive a session or a crash', 'Make it an ordinary table: alter table ... set logged.');
  when class.relispartition or exists (select from pg_inherits i where target in (i.inhrelid, i.inhparent)) then
    call auxeira.refuse_history(target || ' is part of a hierarchy of tables', 'Keep the rows in one ordinary table.');
  when class.relnamespace = 'pg_catalog'::regnamespace or ours then
    call auxeira.refuse_history(target || ' is a table of the server or of the ledger itself', 'Changes of tables are events of the ledger.');
  when class.reloftype <> 0 then
    call auxeira.refuse_history(target || ' is a table of a type', 'Make it an ordinary one: alter table ... not of.');
  when auxeira.key_columns_of(target) is null then
    call auxeira.refuse_history(target || ' has no primary key', 'Add one: the rows of a history are told apart by it.');
  when exists (select from pg_index i where i.indrelid = target and i.indisprimary and not i.indimmediate) then
    call auxeira.refuse_history(target || ' has a primary key that is deferrable', 'Rows with one key at a time have a history.');
  when exists (select from pg_attribute a join pg_type y on y.oid = a.atttypid
               where a.attrelid = target and a.attname = any (auxeira.key_columns_of(target))
                 and (y.typcategory in ('A', 'C') or 'jsonb'::regtype in (y.oid, y.typbasetype))) then
    call auxeira.refuse_history(target || ' has an array, a document or a composite in its primary key',
                                'Rows are found again by values that one text says.');
  when pg_sequence_last_value('auxeira.ledger_tables_table_id_seq') >= 32767 then
    call auxeira.refuse_history('the ledger has room for no more tables', 'A table counts each time that its history begins.',
                                'program_limit_exceeded');
  when exists (select from auxeira.ledger_tables t where t.relation = target and t.disabled_at is null) then
    call auxeira.refuse_history(target || ' has history already', 'End it first with auxeira.disable_history().', 'duplicate_object');
  when exists (select from auxeira.ledger_tables t join pg_class c on c.oid = t.relation, pg_namespace n
               where n.oid = class.relnamespace and t.label = format('%s.%s', n.nspname, class.relname) and t.disabled_at is null) then
    call auxeira.refuse_history('another table began its history as ' || target, 'Changes of the two could not be told apart: end that '
      'history with auxeira.disable_history(), or give this table another name.', 'duplicate_object');
  else
    null;
  end case;
end
$$;
comment on function auxeira.check_history(regclass) is 'Refuses tables whose rows the ledger cannot follow.';
revoke execute on function auxeira.check_history(regclass) from public;

create function auxeira.check_history_columns(target regclass, secret_columns text[], org_column text, exempt_column text)
  returns void
  language plpgsql as $$
declare
  missing constant text := (
    select string_agg(quote_ident(name), ', ') from unnest(secret_columns || org_column || nullif(exempt_column, '')) name
    where name is not null and not exists (select from pg_attribute a
                                           where a.attrelid = target and a.attname = name and a.attnum > 0 and not a.attisdropped));
begin
  if missing is not null then
    call auxeira.refuse_history(format('%s has no column %s', target, missing), 'Name columns as the table does.', 'undefined_column');
  elsif secret_columns && auxeira.key_columns_of(target) then
    call auxeira.refuse_history('a key column cannot be secret', 'Rows are told apart by it.');
  elsif org_column is not null and not exists (select from pg_attribute a where a.attrelid = target and a.attname = org_column
                                                 and a.atttypid = 'uuid'::regtype and org_column <> all (secret_columns)) then
    call auxeira.refuse_history(format('column %I does not say whose a row is', org_column), 'Name a uuid that is not secret.',
                                'datatype_mismatch');
  elsif exempt_column <> '' and not exists (select from pg_attribute a where a.attrelid = target and a.attname = exempt_column
                                              and a.atttypid = 'boolean'::regtype and exempt_column <> all (secret_columns)) then
    call auxeira.refuse_history(format('column %I does not say which rows are exempt', exempt_column),
                                'Name a boolean that is not secret.', 'datatype_mismatch');
  end if;
end
$$;
comment on function auxeira.check_history_columns(regclass, text[], text, text) is 'Refuses columns that cannot be what is asked of them.';
revoke execute on function auxeira.check_history_columns(regclass, text[], text, text) from public;

create function auxeira.enable_history(target regclass, secret_columns text[] default '{}', org_column text default null,
  exempt_column text default '') returns bigint language plpgsql as $$
declare
  entry auxeira.ledger_tables;
begin
  perform auxeira.check_history(target);
  perform auxeira.check_history_columns(target, secret_columns, org_column, exempt_column);
  -- Nothing may change between the baseline and the triggers.
  execute format('lock table %s in share row exclusive mode', target);
  insert into auxeira.ledger_tables (relation, label, key_columns, secret_columns, exempt_column, org_column)
  select target, format('%s.%s', n.nspname, c.relname), auxeira.key_columns_of(target), secret_columns, exempt_column,
    coalesce(org_column, (select 'org_id' from pg_attribute a
                          where a.attrelid = target and a.attname = 'org_id' and a.atttypid = 'uuid'::regtype))
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.oid = target
  returning * into entry;
  insert into auxeira.ledger_events (event, table_id, detail) values ('enable', entry.table_id, auxeira.ledger_terms(entry));
  perform auxeira.create_history_triggers(entry);
  return auxeira.capture_table(target, 'B');
end
$$;
comment on function auxeira.enable_history(regclass, text[], text, text) is
  'Gives a table history: from now on every change of its rows is in the ledger; the rows that are there are written to it '
  'as a baseline, whose number is returned. secret_columns: of which a keyed digest alone is kept; org_column: whose a row '
  'is (org_id where there is such a column); exempt_column: a boolean that is true where a row has no history. For '
  'administrators of the database. Errors: 42809 not an ordinary table; 0A000 no key, a hierarchy, not logged, or a type whose values have no stable form; 42710 it has history, or another by its name; 42703 no such column; '
  '54000 history began 32767 times.';
revoke execute on function auxeira.enable_history(regclass, text[], text, text) from public;

create function auxeira.disable_history(target regclass) returns bigint language plpgsql as $$
declare
  entry auxeira.ledger_tables;
  rows bigint;
  name text;
begin
  execute format('lock table %s in share row exclusive mode', target);
  select * into entry from auxeira.ledger_tables t where t.relation = target and t.disabled_at is null;
  if entry.table_id is null then
    call auxeira.refuse_history(target || ' has no history', 'auxeira.enable_history() begins one.', 'undefined_object');
  elsif exists (select from unnest(auxeira.ledger_records()) own where target = to_regclass('auxeira.ledger_' || own)) then
    call auxeira.refuse_history(target || ' has history always', 'What the ledger says of itself is in the ledger: end the history of '
      'other tables.');
  end if;
  rows := auxeira.capture_table(target, 'X');
  update auxeira.ledger_tables set disabled_at = now() where table_id = entry.table_id;
  insert into auxeira.ledger_events (event, table_id) values ('disable', entry.table_id);
  for name in select t.name from auxeira.history_triggers(entry) t loop
    execute format('drop trigger %s on %s', name, target);
  end loop;
  return rows;
end
$$;
comment on function auxeira.disable_history(regclass) is
  'Ends the history of a table: its rows are written to the ledger once more, as they are, and how many is returned. What was '
  'stays, and so do its proofs. For administrators of the database. Errors: 42704 it has none, 0A000 it is one of the ledger''s own.';
revoke execute on function auxeira.disable_history(regclass) from public;

-- --- Commands that alter tables ------------------------------------------------------------------------------------------

create function auxeira.ledger_forms() returns text language sql stable
begin atomic
  with recursive used as (
    select a.atttypid as type
    from auxeira.ledger_tables t join pg_attribute a on a.attrelid = t.relation and a.attnum > 0 and not a.attisdropped
    where t.disabled_at is null
    union
    select unnest(array[y.typbasetype, y.typelem, r.rngsubtype, a.atttypid])
    from used u join pg_type y on y.oid = u.type
      left join pg_range r on r.rngtypid = y.oid
      left join pg_attribute a on a.attrelid = y.typrelid and a.attnum > 0 and not a.attisdropped
  )
  select string_agg(concat_ws(' ', y.typnamespace::regnamespace, y.typname,
      (select array_agg(e.enumlabel order by e.enumlabel) from pg_enum e where e.enumtypid = y.oid),
      (select array_agg(a.attname || ' ' || a.atttypid::regtype order by a.attname) from pg_attribute a
       where a.attrelid = y.typrelid and a.attnum > 0 and not a.attisdropped)), e'\n' order by y.oid)
  from used u join pg_type y on y.oid = u.type;
end;
comment on function auxeira.ledger_forms() is 'What values of columns with history are written as, for the event triggers.';
revoke execute on function auxeira.ledger_forms() from public;

-- Definer, because whoever drops something may know nothing of the ledger.
create function auxeira.ledger_dropped() returns event_trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  object record;
begin
  -- The ledger itself is dropped.
  if to_regclass('auxeira.ledger_tables') is null then
    return;
  end if;
  for object in
    select d.object_type, d.object_identity, d.address_names
    from auxeira.ledger_tables t
      -- A table that is dropped has no name any more, and a trigger that is dropped no table.
      left join pg_class c on c.oid = t.relation
      left join pg_namespace n on n.oid = c.relnamespace
      join pg_event_trigger_dropped_objects() d
        on d.objid = t.relation and d.classid = 'pg_class'::regclass
          or d.object_type = 'trigger' and d.address_names = array[n.nspname, c.relname, d.address_names[3]]::text[]
             and d.address_names[3] in (select h.name from auxeira.history_triggers(t) h)
    where t.disabled_at is null and (d.object_type in ('table', 'trigger')
      or d.object_type = 'table column' and not auxeira.ledger_was_named(d.address_names[3]))
  loop
    raise exception '% % belongs to a table with history', object.object_type, object.object_identity
      using errcode = 'dependent_objects_still_exist',
        hint = case object.object_type when 'table column' then 'Drop the column itself first: alter table ... drop column.'
                 else 'End its history first with auxeira.disable_history().' end;
  end loop;
end
$$;
comment on function auxeira.ledger_dropped() is 'Refuses to drop tables with history, their triggers, and columns that nobody named.';

reset role;

create event trigger auxeira_ledger_before on ddl_command_start execute function auxeira.ledger_before_command();
comment on event trigger auxeira_ledger_before is 'Columns that go from tables with history.';
create event trigger auxeira_ledger_after on ddl_command_end execute function auxeira.ledger_after_command();
comment on event trigger auxeira_ledger_after is 'Columns that came to tables with history.';
create event trigger auxeira_ledger_drop on sql_drop execute function auxeira.ledger_dropped();
comment on event trigger auxeira_ledger_drop is 'What tables with history cannot do without.';
alter event trigger auxeira_ledger_before enable always;
alter event trigger auxeira_ledger_after enable always;
alter event trigger auxeira_ledger_drop enable always;
