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

-- --- Retention -------------------------------------------------------------------------------------------------------------

create function auxeira.month_of_partition(partition name) returns date language sql immutable
  return to_date(right(partition::text, 7), 'YYYY_MM');
comment on function auxeira.month_of_partition(name) is 'In which month the changes of a partition were sealed.';

create function auxeira.partitions_before(moment timestamptz) returns setof regclass language sql stable
begin atomic
  select c.oid::regclass
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = 'auxeira.ledger_changes'::regclass
    and auxeira.month_of_partition(c.relname) + interval '1 month' <= least(moment, now()) at time zone 'UTC'
  order by c.relname;
end;
comment on function auxeira.partitions_before(timestamptz) is 'The months of sealed changes that were over by then.';

create function auxeira.pruning_until(moment timestamptz) returns auxeira.ledger_blocks language sql stable
  return (select b from auxeira.ledger_blocks b
          where b.tree_size > auxeira.ledger_first_leaf()
            and b.sealed_at < (select max(auxeira.month_of_partition(c.relname)) + interval '1 month'
                               from auxeira.partitions_before(moment) p join pg_class c on c.oid = p) at time zone 'UTC'
          order by b.block desc limit 1);
comment on function auxeira.pruning_until(timestamptz) is
  'The last block of the months that were over by then; NULL when there is nothing to prune.';

create function auxeira.check_pruning(next_leaf bigint) returns void language plpgsql stable as $$
declare
  hold record;
begin
  select t.label, auxeira.ledger_key_json(h.key)::text as key, h.reason into hold
  from auxeira.ledger_active_holds h join auxeira.ledger_tables t using (table_id)
  where exists (select from auxeira.ledger_changes c
                where c.table_id = h.table_id and (h.key is null or c.key = h.key) and c.leaf_index < next_leaf)
  order by h.held_at limit 1;
  if found then
    raise exception using errcode = '55006', message = 'history that would be pruned is held',
      detail = format('Of %s%s; the reason is: %s', hold.label, ' ' || hold.key, hold.reason),
      hint = 'auxeira.ledger_release() ends a hold.';
  end if;
end
$$;
comment on function auxeira.check_pruning(bigint) is 'Error 55006: a change before this leaf is held.';
revoke execute on function auxeira.check_pruning(bigint) from public;

-- What is altered already would look as if it had always been so.
create procedure auxeira.check_whole_ledger() language plpgsql as $$
declare
  problems bigint;
  first text;
begin
  select count(*), min(concat_ws(' ', v.problem, v.table_name, v.key)) into problems, first from auxeira.ledger_verify() v;
  if problems > 0 then
    raise exception using errcode = 'XX001', message = 'the ledger is not in order, and nothing is pruned',
      detail = format('There are %s problems, such as: %s', problems, first), hint = 'auxeira.ledger_verify() tells all of them.';
  end if;
end
$$;
comment on procedure auxeira.check_whole_ledger() is 'Error XX001: the ledger was tampered with.';
revoke execute on procedure auxeira.check_whole_ledger() from public;

create function auxeira.rows_to_checkpoint(next_leaf bigint)
  returns table (entry auxeira.ledger_tables, key bytea) language sql stable rows 1000
begin atomic
  with gone as (
    select distinct c.table_id, c.key from auxeira.ledger_changes c where c.leaf_index < next_leaf
  ), kept as (
    select c.table_id, c.key from auxeira.ledger_changes c where c.leaf_index >= next_leaf
    union
    select o.table_id, o.key from auxeira.ledger_open o
  )
  select t, g.key
  from gone g join auxeira.ledger_tables t on t.table_id = g.table_id and t.disabled_at is null
    left join kept k on k.table_id = g.table_id and k.key = g.key
  where k.table_id is null;
end;
comment on function auxeira.rows_to_checkpoint(bigint) is 'The rows whose changes are all before a leaf.';
revoke execute on function auxeira.rows_to_checkpoint(bigint) from public;

-- Whoever changes the row meanwhile is waited for, and waits.
create function auxeira.checkpoint_row(entry auxeira.ledger_tables, key bytea) returns boolean language plpgsql volatile as $$
declare
  key_json constant jsonb := auxeira.key_of_row(entry.relation, key);
  has_history boolean;
begin
  execute format('select from %s t where %s for share', entry.relation, auxeira.row_condition(entry.relation, entry.key_columns))
    using null::bytea, key_json;
  has_history := auxeira.ledger_live_row(entry, key) is not null;
  if has_history then
    perform auxeira.capture_mark(entry.relation, 'C', auxeira.key_texts(entry.key_columns, key_json));
  end if;
  return has_history;
end
$$;
comment on function auxeira.checkpoint_row(auxeira.ledger_tables, bytea) is
  'Writes a row to the ledger as it is, of which all changes will go. Whether there is such a row, with history.';
revoke execute on function auxeira.checkpoint_row(auxeira.ledger_tables, bytea) from public;

create function auxeira.keep_leaves(next_leaf bigint) returns void language sql volatile
begin atomic
  insert into auxeira.ledger_pruned_leaves (first_leaf, hashes)
  select min(c.leaf_index), string_agg(substr(c.proof, 17), '' order by c.leaf_index)
  from auxeira.ledger_changes c where c.leaf_index < next_leaf group by c.leaf_index / 256;
end;
comment on function auxeira.keep_leaves(bigint) is 'Keeps the leaves of changes that go.';
revoke execute on function auxeira.keep_leaves(bigint) from public;

-- A connection refers to no actor but those that it added, and a prepared transaction may to any.
create function auxeira.forget_actors() returns bigint language plpgsql volatile as $$
declare
  forgotten bigint;
begin
  delete from auxeira.ledger_actors a
  where a.met_at < (select min(s.backend_start) from pg_stat_activity s where s.datname = current_database())
    and not exists (select from pg_prepared_xacts x where x.database = current_database())
    and not exists (select from auxeira.ledger_all c where c.actor_id = a.actor_id);
  get diagnostics forgotten = row_count;
  return forgotten;
end
$$;
comment on function auxeira.forget_actors() is
  'Deletes whom no change names and no connection can name any more, and says how many they were.';
revoke execute on function auxeira.forget_actors() from public;

create function auxeira.drop_months(before timestamptz) returns void language plpgsql volatile as $$
declare
  month regclass;
begin
  for month in select auxeira.partitions_before(before) loop
    execute format('drop table %s', month);
  end loop;
end
$$;
comment on function auxeira.drop_months(timestamptz) is 'Drops the months of sealed changes that were over by then.';
revoke execute on function auxeira.drop_months(timestamptz) from public;

create function auxeira.ledger_prune(before timestamptz) returns bigint language plpgsql volatile as $$
declare
  said constant text := coalesce(current_setting('auxeira.reason', true), '');
  until auxeira.ledger_blocks;
  pruned record;
  checkpoints bigint;
begin
  call auxeira.check_whole_ledger();
  -- Nobody seals, erases or prunes meanwhile.
  lock table auxeira.ledger_blocks, auxeira.ledger_holds in share row exclusive mode;
  until := auxeira.pruning_until(before);
  if until.block is null then
    return 0;
  end if;
  perform auxeira.check_pruning(until.tree_size);
  perform auxeira.give_reason(format('pruning of what was sealed before %s', before));
  select count(*) filter (where auxeira.checkpoint_row(r.entry, r.key)) into checkpoints
  from auxeira.rows_to_checkpoint(until.tree_size) r;
  select count(*) as changes, max(c.change_id) as last into pruned from auxeira.ledger_changes c where c.leaf_index < until.tree_size;
  insert into auxeira.ledger_prunings (block, first_leaf, last_change, whole_after, sealed_until, changes, checkpoints)
  select until.block, until.tree_size, pruned.last, ids.last_value, until.sealed_at, pruned.changes, checkpoints
  from auxeira.ledger_change_ids ids;
  perform auxeira.set_reason(said), auxeira.keep_leaves(until.tree_size);
  -- The checkpoint is signed before anything goes.
  while auxeira.ledger_seal() is not null loop
    null;
  end loop;
  perform auxeira.drop_months(before), auxeira.forget_actors();
  return pruned.changes;
end
$$;
comment on function auxeira.ledger_prune(timestamptz) is
  'Lets go the changes that were sealed in months that were over before a time, and says how many. Rows whose last change goes '
  'are written to the ledger as they are, by a change of operation C; all is sealed; then the months are dropped. Their '
  'leaves stay, so that every head, and the receipt of every change that is kept or was given out, still holds. Whoever '
  'made those changes alone is forgotten. auxeira.ledger_prunings, which is in the ledger, says what went. For administrators '
  'of the database. Errors: 55006 a change is held, XX001 the ledger is not in order.';
revoke execute on function auxeira.ledger_prune(timestamptz) from public;

select auxeira.enable_history('auxeira.ledger_holds'), auxeira.enable_history('auxeira.ledger_erasures'),
  auxeira.enable_history('auxeira.ledger_prunings') \g /dev/null

reset role;
