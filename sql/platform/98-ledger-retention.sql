-- The ledger: what must stay, what must go, and what is let go. Holds, erasure, retention.
set local role auxeira_owner;

-- --- Holds -----------------------------------------------------------------------------------------------------------------

create table auxeira.ledger_holds (
  hold_id uuid primary key default gen_random_uuid(),
  table_id integer not null references auxeira.ledger_tables,
  key bytea,
  reason text not null check (reason ~ '\S'),
  held_at timestamptz not null default clock_timestamp(),
  held_by text not null default session_user,
  released_at timestamptz,
  released_by text,
  release_reason text,
  constraint ledger_holds_release check (num_nulls(released_at, released_by, release_reason) in (0, 3))
);
create index ledger_holds_table on auxeira.ledger_holds (table_id);
comment on table auxeira.ledger_holds is 'What must not be erased or pruned, such as evidence in a lawsuit. It has history itself.';
comment on column auxeira.ledger_holds.key is 'Of the row that is held, encoded; NULL for all rows of the table.';
call auxeira.protect_private_table('auxeira.ledger_holds');

create function auxeira.encoded_key(entry auxeira.ledger_tables, key jsonb) returns bytea language sql stable
  return (select l.key_encoded from auxeira.ledger_live_row(entry.relation, entry.key_columns, entry.secret_columns, entry.exempt_column,
                                                           auxeira.key_texts(entry.key_columns, key)) l);
comment on function auxeira.encoded_key(auxeira.ledger_tables, jsonb) is 'A key in the encoding of the ledger.';
revoke execute on function auxeira.encoded_key(auxeira.ledger_tables, jsonb) from public;

-- The functions of this file are the owner's and the superusers'; none is granted.
create function auxeira.ledger_hold(target regclass, key jsonb, reason text) returns uuid language plpgsql volatile as $$
declare
  entry constant auxeira.ledger_tables := auxeira.tracked_table(target);
  id uuid;
begin
  insert into auxeira.ledger_holds (table_id, key, reason)
  values (entry.table_id, case when key is not null then auxeira.encoded_key(entry, key) end, reason)
  returning hold_id into id;
  return id;
end
$$;
comment on function auxeira.ledger_hold(regclass, jsonb, text) is
  'Keeps the history of a row (key NULL: of all rows of a table) from being erased or pruned until auxeira.ledger_release(). '
  'Gives the number of the hold. Errors: 55000 the table has no history, 23502 and 23514 there is no reason.';
revoke execute on function auxeira.ledger_hold(regclass, jsonb, text) from public;

create function auxeira.ledger_release(hold uuid, reason text) returns void language plpgsql volatile as $$
begin
  update auxeira.ledger_holds set released_at = clock_timestamp(), released_by = session_user, release_reason = ledger_release.reason
  where hold_id = hold and released_at is null;
  if not found then
    raise exception using errcode = 'P0002', message = 'there is no such hold', hint = 'It may have been released already.';
  end if;
end
$$;
comment on function auxeira.ledger_release(uuid, text) is 'Ends a hold. Errors: P0002 there is none, 23514 there is no reason.';
revoke execute on function auxeira.ledger_release(uuid, text) from public;

create view auxeira.ledger_active_holds with (security_invoker = true) as
  select * from auxeira.ledger_holds where released_at is null;
comment on view auxeira.ledger_active_holds is 'Holds that have not been released.';

-- --- Erasure ---------------------------------------------------------------------------------------------------------------

create table auxeira.ledger_erasures (
  erasure_id uuid primary key default gen_random_uuid(),
  table_id integer not null references auxeira.ledger_tables,
  key bytea not null,
  columns text[] not null,
  legal_basis text not null check (legal_basis ~ '\S'),
  changes bigint not null,
  up_to bigint not null,
  erased_at timestamptz not null default clock_timestamp(),
  erased_by text not null default session_user
);
create index ledger_erasures_table on auxeira.ledger_erasures (table_id);
comment on table auxeira.ledger_erasures is 'What was erased, and on what legal basis. It has history itself.';
comment on column auxeira.ledger_erasures.columns is 'Whose values went; empty for all but the key.';
comment on column auxeira.ledger_erasures.up_to is 'The last change of those that were erased.';
call auxeira.protect_private_table('auxeira.ledger_erasures');

create function auxeira.check_erasure(entry auxeira.ledger_tables, encoded_key bytea, columns text[]) returns void
  language plpgsql stable as $$
declare
  hold text := (select h.reason from auxeira.ledger_active_holds h
                where h.table_id = entry.table_id and (h.key is null or h.key = encoded_key) limit 1);
begin
  if hold is not null then
    raise exception using errcode = '55006', message = 'the history of the row is held', detail = format('The reason is: %s', hold),
      hint = 'auxeira.ledger_release() ends a hold.';
  elsif columns && entry.key_columns then
    raise exception using errcode = '22023', message = 'the key of a row cannot be erased from its history',
      detail = format('The key columns are %s.', array_to_string(entry.key_columns, ', ')), hint = 'Name other columns.';
  end if;
end
$$;
comment on function auxeira.check_erasure(auxeira.ledger_tables, bytea, text[]) is
  'Errors: 55006 the row is held, 22023 a column is of the key.';
revoke execute on function auxeira.check_erasure(auxeira.ledger_tables, bytea, text[]) from public;

create function auxeira.without_salt(proof bytea) returns bytea language sql immutable
  return decode(repeat('00', 16), 'hex') || substr(proof, 17);
comment on function auxeira.without_salt(bytea) is 'The leaf alone: what it is of cannot be found by guessing.';

create function auxeira.erase_changes(of_table integer, row_key bytea, columns text[], kept text[], out changes bigint, out up_to bigint)
  language sql volatile
begin atomic
  with open as (
    update auxeira.ledger_open o
    set difference = auxeira.ledger_erased(o.difference, columns, kept), proof = auxeira.without_salt(o.proof)
    where o.table_id = of_table and o.key = row_key returning o.change_id
  ), sealed as (
    update auxeira.ledger_changes c
    set difference = auxeira.ledger_erased(c.difference, columns, kept), proof = auxeira.without_salt(c.proof)
    where auxeira.ledger_row_hash(c.table_id, c.key) = auxeira.ledger_row_hash(of_table, row_key)
      and c.table_id = of_table and c.key = row_key
    returning c.change_id
  )
  select count(*), max(e.change_id) from (select change_id from open union all select change_id from sealed) e;
end;
comment on function auxeira.erase_changes(integer, bytea, text[], text[]) is
  'Takes values and salts from the changes of a row, whose leaves stay: how many they were, and the last of them.';
revoke execute on function auxeira.erase_changes(integer, bytea, text[], text[]) from public;

create function auxeira.ledger_erase(target regclass, key jsonb, legal_basis text, columns text[] default '{}') returns bigint
  language plpgsql volatile as $$
declare
  entry constant auxeira.ledger_tables := auxeira.tracked_table(target);
  texts constant text[] := auxeira.key_texts(entry.key_columns, key);
  row_key constant bytea := auxeira.encoded_key(entry, key);
  said constant text := coalesce(current_setting('auxeira.reason', true), '');
  erased record;
begin
  -- Nobody seals, or changes the row, meanwhile.
  lock table auxeira.ledger_blocks in share row exclusive mode;
  execute format('lock table %s in share row exclusive mode', target);
  perform auxeira.check_erasure(entry, row_key, columns);
  select * into erased from auxeira.erase_changes(entry.table_id, row_key, columns, entry.key_columns);
  if erased.changes = 0 then
    raise exception using errcode = 'P0002', message = 'the row has no history', hint = 'Look at the key.';
  end if;
  insert into auxeira.ledger_erasures (table_id, key, columns, legal_basis, changes, up_to)
  values (entry.table_id, row_key, ledger_erase.columns, ledger_erase.legal_basis, erased.changes, erased.up_to);
  perform auxeira.set_reason(legal_basis), auxeira.capture_mark(target, 'E', texts), auxeira.set_reason(said);
  return erased.changes;
end
$$;
comment on function auxeira.ledger_erase(regclass, jsonb, text, text[]) is
  'Erases what the history of a row says of columns (none named: of all but the key), and says of how many changes. Their leaves '
  'stay, so that all proofs and heads hold; the salts go, so that nobody can find the values by trying. The row as it is '
  'stays: change or delete it before. A change of operation E, and auxeira.ledger_erasures, say that it was done and on what '
  'legal basis. Pages and write-ahead log that held the values are overwritten by VACUUM and in time; backups have their own '
  'retention. Errors: 55006 the row is held, P0002 it has no history, 22023, 55000.';
revoke execute on function auxeira.ledger_erase(regclass, jsonb, text, text[]) from public;

select auxeira.enable_history('auxeira.ledger_holds'), auxeira.enable_history('auxeira.ledger_erasures') \g /dev/null

reset role;
