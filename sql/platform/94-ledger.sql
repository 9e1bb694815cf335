-- The ledger: what has history, who made changes, the changes, and what proves them. Changes are written by the trigger
-- auxeira.capture() (extension/functions/ledger_capture.cpp) to auxeira.ledger_open; sealing moves them on.
set local role auxeira_owner;

-- --- What has history --------------------------------------------------------------------------------------------

create table auxeira.ledger_tables (
  table_id integer generated always as identity primary key,
  relation regclass not null,
  label text not null check (label <> ''),
  key_columns text[] not null check (cardinality(key_columns) > 0),
  secret_columns text[] not null default '{}',
  org_column text,
  enabled_at timestamptz not null default now(),
  disabled_at timestamptz
);
create unique index ledger_tables_relation on auxeira.ledger_tables (relation) where disabled_at is null;
comment on table auxeira.ledger_tables is 'Tables with history.';
comment on column auxeira.ledger_tables.label is 'The name that leaves have for the table, which renaming it does not change.';
comment on column auxeira.ledger_tables.secret_columns is 'Columns of which the ledger keeps a keyed digest alone.';
comment on column auxeira.ledger_tables.org_column is 'The column that says whose a row is, where there is one.';
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
  address inet
);
comment on table auxeira.ledger_actors is
  'Who made changes: the user, active organization and session of a call, and the roles of the database. A connection adds '
  'a row for each it meets; leaves hold what the row says.';
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
  table_id integer not null,
  operation "char" not null,
  org_id uuid,
  key bytea not null,
  difference bytea,
  proof bytea not null,
  request_id text,
  trace_id text,
  reason text
);
comment on table auxeira.ledger_open is
  'Changes that are not sealed yet. Without keys and indexes, which would cost as much as all else; auxeira.capture() '
  'alone writes it.';
comment on column auxeira.ledger_open.change_id is 'The changes of a row are in this order. Gaps are transactions that were undone.';
comment on column auxeira.ledger_open.operation is
  'I insert, U update, D delete, T truncate, B baseline (what a row was when history began), A alter (columns were dropped, '
  'added or changed type), E erase.';
comment on column auxeira.ledger_open.key is 'The key columns, encoded as a row (extension/ledger/ENCODING.md).';
comment on column auxeira.ledger_open.difference is
  'The old values of the columns that differ, encoded as a row; of a delete the whole row. NULL for an insert.';
comment on column auxeira.ledger_open.proof is 'Salt (16 bytes) and leaf hash (32 bytes).';
call auxeira.protect_private_table('auxeira.ledger_open');

create table auxeira.ledger_changes (
  like auxeira.ledger_open including comments,
  leaf_index bigint not null,
  sealed_on date not null
) partition by range (sealed_on);
comment on table auxeira.ledger_changes is 'Changes that are sealed, by the day (UTC) they were; a partition for each month.';
comment on column auxeira.ledger_changes.leaf_index is 'Its place among all leaves, from 0.';
call auxeira.protect_private_table('auxeira.ledger_changes');

create function auxeira.ledger_row_hash(table_id integer, key bytea) returns bigint language sql immutable parallel safe
  return ('x' || encode(substr(sha256(int4send(table_id) || key), 1, 8), 'hex'))::bit(64)::bigint;
comment on function auxeira.ledger_row_hash(integer, bytea) is 'What changes of one row have in common, for an index.';

-- Keys may be longer than an index holds. The rest come in the order in which they are stored.
create index ledger_changes_row on auxeira.ledger_changes (auxeira.ledger_row_hash(table_id, key));
create index ledger_changes_leaf on auxeira.ledger_changes using brin (leaf_index) with (pages_per_range = 16);
create index ledger_changes_id on auxeira.ledger_changes using brin (change_id) with (pages_per_range = 16);

create procedure auxeira.add_ledger_partition(month date) language plpgsql as $$
declare
  name constant text := 'ledger_changes_' || to_char(month, 'YYYY_MM');
begin
  if to_regclass('auxeira.' || name) is null then
    execute format('create table auxeira.%I partition of auxeira.ledger_changes for values from (%L) to (%L)',
                   name, date_trunc('month', month)::date, (date_trunc('month', month) + interval '1 month')::date);
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
  table_id integer,
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
  return array[entry.table_id::text, entry.label, coalesce(entry.org_column, '')]
    || array(select 'key ' || name from unnest(entry.key_columns) name)
    || array(select 'secret ' || name from unnest(entry.secret_columns) name);
comment on function auxeira.capture_arguments(auxeira.ledger_tables) is 'What the triggers of a table tell auxeira.capture().';

create function auxeira.create_history_triggers(entry auxeira.ledger_tables) returns void language plpgsql as $$
declare
  arguments constant text := (
    select string_agg(quote_literal(a.argument), ', ' order by a.place)
    from unnest(auxeira.capture_arguments(entry)) with ordinality a (argument, place));
begin
  execute format('create trigger auxeira_history after insert or update or delete on %s for each row
                  execute function auxeira.capture(%s)', entry.relation, arguments);
  execute format('create trigger auxeira_history_truncate before truncate on %s for each statement
                  execute function auxeira.capture(%s)', entry.relation, arguments);
  execute format('alter table %s enable always trigger auxeira_history', entry.relation);
  execute format('alter table %s enable always trigger auxeira_history_truncate', entry.relation);
end
$$;
comment on function auxeira.create_history_triggers(auxeira.ledger_tables) is 'Makes the triggers that write changes of a table.';
revoke execute on function auxeira.create_history_triggers(auxeira.ledger_tables) from public;

create function auxeira.ledger_terms(entry auxeira.ledger_tables) returns jsonb language sql stable
  return jsonb_build_object('label', entry.label, 'key', to_jsonb(entry.key_columns), 'secret', to_jsonb(entry.secret_columns),
    'organization', entry.org_column,
    'digestKey', (select encode(sha256(digest_key), 'hex') from auxeira.ledger_secrets));
comment on function auxeira.ledger_terms(auxeira.ledger_tables) is
  'What was agreed on when history began, which does not change: the event of it says the same.';

create function auxeira.enable_history(target regclass, secret_columns text[] default '{}', org_column text default null)
  returns bigint language plpgsql as $$
declare
  entry auxeira.ledger_tables;
begin
  insert into auxeira.ledger_tables (relation, label, key_columns, secret_columns, org_column)
  select target, format('%s.%s', n.nspname, c.relname), auxeira.key_columns_of(target), secret_columns,
    coalesce(org_column, (select 'org_id' from pg_attribute a
                          where a.attrelid = target and a.attname = 'org_id' and a.atttypid = 'uuid'::regtype))
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.oid = target
  returning * into entry;
  insert into auxeira.ledger_events (event, table_id, detail) values ('enable', entry.table_id, auxeira.ledger_terms(entry));
  perform auxeira.create_history_triggers(entry);
  return auxeira.capture_baseline(target);
end
$$;
comment on function auxeira.enable_history(regclass, text[], text) is
  'Gives a table history: from now on every change of its rows is in the ledger; the rows that are there are written to it '
  'as a baseline, whose number is returned. secret_columns: of which a keyed digest alone is kept; org_column: whose a row '
  'is (org_id where there is such a column). For administrators of the database.';
revoke execute on function auxeira.enable_history(regclass, text[], text) from public;

reset role;
