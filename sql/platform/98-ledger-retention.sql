-- The ledger: what must stay, what must go, and what is let go. Holds, erasure, retention.
set local role auxeira_owner;

-- --- Holds -----------------------------------------------------------------------------------------------------------------

create table auxeira.ledger_holds (
  hold_id uuid primary key default gen_random_uuid(),
  table_id smallint not null references auxeira.ledger_tables,
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
  table_id smallint not null references auxeira.ledger_tables,
  key bytea not null,
  columns text[] not null,
  legal_basis text not null check (legal_basis ~ '\S'),
  changes bigint not null,
  up_to bigint not null,
  marked_by bigint not null unique,
  change_ids bigint[] not null,
  remains bytea[] not null,
  erased_at timestamptz not null default clock_timestamp(),
  erased_by text not null default session_user,
  constraint ledger_erasures_changes check (changes = cardinality(change_ids) and changes = cardinality(remains)),
  constraint ledger_erasures_order check (up_to < marked_by)
);
create index ledger_erasures_table on auxeira.ledger_erasures (table_id);
comment on table auxeira.ledger_erasures is 'What was erased, and on what legal basis. It has history itself.';
comment on column auxeira.ledger_erasures.columns is 'Whose values went; empty for all but the key.';
comment on column auxeira.ledger_erasures.up_to is 'The last change of those that were erased.';
comment on column auxeira.ledger_erasures.marked_by is 'The change of operation E.';
comment on column auxeira.ledger_erasures.change_ids is 'The changes that were erased.';
comment on column auxeira.ledger_erasures.remains is
  'Of each of them the hash of what is left, by its salt in auxeira.ledger_erasure_salts.';
call auxeira.protect_private_table('auxeira.ledger_erasures');

-- Without history, which would keep the salts: a later erasure takes them.
create table auxeira.ledger_erasure_salts (
  change_id bigint primary key,
  salt bytea not null check (length(salt) = 16)
);
comment on table auxeira.ledger_erasure_salts is
  'Salts of the hashes of what is left of erased changes. Each erasure of a row makes new ones, so that nobody can find by an '
  'earlier hash what a later erasure took.';
call auxeira.protect_private_table('auxeira.ledger_erasure_salts');

-- The leaf of an erased change proves nothing of it any more.
create function auxeira.remains_of(version auxeira.ledger_version, organization uuid, salt bytea) returns bytea language sql immutable
  return (select sha256(salt || int4send(length(w.metadata)) || w.metadata || coalesce(uuid_send(organization), '\x00')
            || case when (version).difference is null then '\x00' else '\x01' || (version).difference end)
          from auxeira.ledger_walk(null, array[version]) w);
comment on function auxeira.remains_of(auxeira.ledger_version, uuid, bytea) is
  'The hash of what is left of an erased change: what its leaf was of, but the row; the organization of the row; the difference.';

create function auxeira.changes_of_row(of_table integer, row_key bytea) returns setof auxeira.ledger_version_rows
  language sql stable rows 10
begin atomic
  select r.* from auxeira.ledger_version_rows r
  where r.table_id = of_table and r.key = row_key
    and auxeira.ledger_row_hash(r.table_id, r.key) = auxeira.ledger_row_hash(of_table, row_key);
end;
comment on function auxeira.changes_of_row(integer, bytea) is 'The changes of a row in one era.';
revoke execute on function auxeira.changes_of_row(integer, bytea) from public;

create function auxeira.erasure_faults(erasure auxeira.ledger_erasures)
  returns table (problem text, change_id bigint) language sql stable rows 1
begin atomic
  select 'an erased change that differs from what its erasure left', r.change_id
  from auxeira.changes_of_row(erasure.table_id, erasure.key) r
    left join unnest(erasure.change_ids, erasure.remains) kept (change_id, remains) on kept.change_id = r.change_id
    left join auxeira.ledger_erasure_salts s on s.change_id = r.change_id
  where r.change_id < erasure.marked_by and auxeira.remains_of(r.version, r.org_id, s.salt) is distinct from kept.remains;
end;
comment on function auxeira.erasure_faults(auxeira.ledger_erasures) is
  'What was done to the changes of a row after its latest erasure.';
revoke execute on function auxeira.erasure_faults(auxeira.ledger_erasures) from public;

create function auxeira.ledger_erasure_problems(target regclass) returns setof auxeira.ledger_problem language sql stable rows 1
begin atomic
  select f.problem, t.label, auxeira.ledger_key_json(e.key), f.change_id, null::bigint, format('The erasure is %s.', e.erasure_id)
  from (select distinct on (table_id, key) * from auxeira.ledger_erasures order by table_id, key, marked_by desc) latest
    join auxeira.ledger_erasures e using (erasure_id)
    join auxeira.ledger_tables t on t.table_id = e.table_id
    cross join lateral auxeira.erasure_faults(e) f
  where target is null or t.relation = target
  union all
  select 'a mark of no erasure', t.label, auxeira.ledger_key_json(c.key), c.change_id, null,
    'No row of auxeira.ledger_erasures names it.'
  from auxeira.ledger_all c join auxeira.ledger_tables t using (table_id)
  where c.operation = 'E' and (target is null or t.relation = target)
    and not exists (select from auxeira.ledger_erasures e where (e.marked_by, e.table_id, e.key) = (c.change_id, c.table_id, c.key));
end;
comment on function auxeira.ledger_erasure_problems(regclass) is
  'Whether whatever looks erased was, and is what the erasure left of it.';
revoke execute on function auxeira.ledger_erasure_problems(regclass) from public;

create function auxeira.check_erasure(entry auxeira.ledger_tables, encoded_key bytea, columns text[]) returns void
  language plpgsql stable as $$
declare
  hold text := (select h.reason from auxeira.ledger_active_holds h
                  join auxeira.ledger_tables t using (table_id)
                where t.relation = entry.relation and (h.key is null or h.key = encoded_key) limit 1);
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

create function auxeira.row_faults(entry auxeira.ledger_tables, row_key bytea) returns table (problem text, change_id bigint)
  language sql stable rows 1
begin atomic
  select f.problem, f.change_id
  from auxeira.ledger_live_row(entry, row_key) live,
    (select array_agg(r.version order by r.change_id desc) as versions, array_agg(r.org_id order by r.change_id desc) as organizations,
       min(r.change_id) > auxeira.ledger_whole_after() as is_whole
     from auxeira.changes_of_row(entry.table_id, row_key) r) known
    cross join lateral auxeira.ledger_row_faults(live, known.versions, known.organizations, coalesce(entry.org_column, ''),
                                                 coalesce(known.is_whole, true)) f
  where live is not null or known.versions is not null
  union all
  select f.problem, f.change_id
  from (select e from auxeira.ledger_erasures e where e.table_id = entry.table_id and e.key = row_key order by e.marked_by desc limit 1) latest
    cross join lateral auxeira.erasure_faults(latest.e) f;
end;
comment on function auxeira.row_faults(auxeira.ledger_tables, bytea) is
  'What auxeira.ledger_verify() would say of one row and its changes.';
revoke execute on function auxeira.row_faults(auxeira.ledger_tables, bytea) from public;

-- What is altered already could not be told from what was erased.
create function auxeira.check_row(entry auxeira.ledger_tables, row_key bytea) returns void language plpgsql stable as $$
declare
  fault record;
begin
  select * into fault from auxeira.row_faults(entry, row_key) limit 1;
  if found then
    raise exception using errcode = 'XX001', message = 'the history of the row is not in order, and nothing is erased',
      detail = format('Of %s %s: %s.', entry.label, auxeira.ledger_key_json(row_key), concat_ws(', change ', fault.problem, fault.change_id)),
      hint = 'auxeira.ledger_verify() tells all that is wrong.';
  end if;
end
$$;
comment on function auxeira.check_row(auxeira.ledger_tables, bytea) is 'Error XX001: the row or its history was tampered with.';
revoke execute on function auxeira.check_row(auxeira.ledger_tables, bytea) from public;

create function auxeira.without_salt(proof bytea) returns bytea language sql immutable
  return decode(repeat('00', 16), 'hex') || substr(proof, 17);
comment on function auxeira.without_salt(bytea) is 'The leaf alone: what it is of cannot be found by guessing.';

create function auxeira.erase_changes(of_table integer, row_key bytea, columns text[], kept text[], out changes bigint, out up_to bigint)
  language sql volatile
begin atomic
  with open as (
    update auxeira.ledger_open o
    set difference = auxeira.ledger_erased(o.difference, columns, kept), proof = auxeira.without_salt(o.proof),
      reason = case when o.operation = 'E' then o.reason end, request_id = null, trace_id = null
    where o.table_id = of_table and o.key = row_key returning o.change_id
  ), sealed as (
    update auxeira.ledger_changes c
    set difference = auxeira.ledger_erased(c.difference, columns, kept), proof = auxeira.without_salt(c.proof),
      reason = case when c.operation = 'E' then c.reason end, request_id = null, trace_id = null
    where auxeira.ledger_row_hash(c.table_id, c.key) = auxeira.ledger_row_hash(of_table, row_key)
      and c.table_id = of_table and c.key = row_key
    returning c.change_id
  )
  select count(*), max(e.change_id) from (select change_id from open union all select change_id from sealed) e;
end;
comment on function auxeira.erase_changes(integer, bytea, text[], text[]) is
  'Takes values, salts, reasons (but those of erasures), request and trace from the changes of a row, whose leaves stay: how many '
  'they were, and the last of them.';
revoke execute on function auxeira.erase_changes(integer, bytea, text[], text[]) from public;

create function auxeira.hash_remains(of_table integer, row_key bytea, out change_ids bigint[], out remains bytea[])
  language sql volatile
begin atomic
  with left_over as (
    select r.* from auxeira.changes_of_row(of_table, row_key) r
  ), salted as (
    insert into auxeira.ledger_erasure_salts (change_id, salt)
    select l.change_id, uuid_send(gen_random_uuid()) from left_over l
    on conflict (change_id) do update set salt = excluded.salt
    returning ledger_erasure_salts.change_id, ledger_erasure_salts.salt
  )
  select array_agg(l.change_id order by l.change_id), array_agg(auxeira.remains_of(l.version, l.org_id, s.salt) order by l.change_id)
  from left_over l join salted s using (change_id);
end;
comment on function auxeira.hash_remains(integer, bytea) is 'The changes of a row, with new salts and the hashes of what is left of them.';
revoke execute on function auxeira.hash_remains(integer, bytea) from public;

create function auxeira.mark_erasure(entry auxeira.ledger_tables, row_key bytea, texts text[], legal_basis text) returns bigint
  language plpgsql volatile as $$
declare
  said constant text := coalesce(current_setting('auxeira.reason', true), '');
begin
  perform auxeira.set_reason(legal_basis);
  if entry.disabled_at is null then
    perform auxeira.capture_mark(entry.relation, 'E', texts);
  else
    perform auxeira.capture_late_mark(entry.relation, 'E', entry.table_id, entry.label, entry.key_columns, coalesce(entry.org_column, ''), row_key);
  end if;
  perform auxeira.set_reason(said);
  return currval('auxeira.ledger_change_ids');
end
$$;
comment on function auxeira.mark_erasure(auxeira.ledger_tables, bytea, text[], text) is
  'The change that says in an era that something was erased, and its number.';
revoke execute on function auxeira.mark_erasure(auxeira.ledger_tables, bytea, text[], text) from public;

create function auxeira.erase_era(entry auxeira.ledger_tables, row_key bytea, texts text[], legal_basis text, columns text[])
  returns bigint language plpgsql volatile as $$
declare
  erased record;
  hashed record;
begin
  perform auxeira.check_erasure(entry, row_key, columns), auxeira.check_row(entry, row_key);
  select * into erased from auxeira.erase_changes(entry.table_id, row_key, columns, entry.key_columns);
  if erased.changes > 0 then
    select * into hashed from auxeira.hash_remains(entry.table_id, row_key);
    insert into auxeira.ledger_erasures (table_id, key, columns, legal_basis, changes, up_to, marked_by, change_ids, remains)
    values (entry.table_id, row_key, erase_era.columns, erase_era.legal_basis, erased.changes, erased.up_to,
      auxeira.mark_erasure(entry, row_key, texts, legal_basis), hashed.change_ids, hashed.remains);
  end if;
  return erased.changes;
end
$$;
comment on function auxeira.erase_era(auxeira.ledger_tables, bytea, text[], text, text[]) is
  'Erases what the history of a row in one era says of columns, and says of how many changes.';
revoke execute on function auxeira.erase_era(auxeira.ledger_tables, bytea, text[], text, text[]) from public;

create function auxeira.ledger_erase(target regclass, key jsonb, legal_basis text, columns text[] default '{}') returns bigint
  language plpgsql volatile as $$
declare
  newest constant auxeira.ledger_tables := auxeira.newest_era(target);
  texts constant text[] := auxeira.key_texts(newest.key_columns, key);
  row_key constant bytea := auxeira.encoded_key(newest, key);
  entry auxeira.ledger_tables;
  changes bigint := 0;
begin
  -- Nobody seals, or changes the row, meanwhile.
  lock table auxeira.ledger_blocks in share row exclusive mode;
  execute format('lock table %s in share row exclusive mode', target);
  for entry in select * from auxeira.eras_of(target, newest.key_columns) loop
    changes := changes + auxeira.erase_era(entry, row_key, texts, legal_basis, columns);
  end loop;
  if changes = 0 then
    raise exception using errcode = 'P0002', message = 'the row has no history', hint = 'Look at the key.';
  end if;
  return changes;
end
$$;
comment on function auxeira.ledger_erase(regclass, jsonb, text, text[]) is
  'Erases what the history of a row says of columns (none named: of all but the key), in every era of the table whose key columns '
  'are those of the newest, and says of how many changes. Their leaves '
  'stay, so that all proofs and heads hold; the salts go, so that nobody can find the values by trying, and so do the reasons '
  'and the requests. The row as it is stays: change or delete it before. Who made the changes stays, too: user, organization, '
  'session, roles and address are in auxeira.ledger_actors, which changes of other rows may share. A change of operation E, and auxeira.ledger_erasures, say that it was done and on what '
  'legal basis. Pages and write-ahead log that held the values are overwritten by VACUUM and in time; backups have their own '
  'retention. Errors: 55006 the row is held, in whichever era, P0002 it has no history, XX001 it was tampered with, 22023, 55000.';
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
  where exists (select from auxeira.ledger_changes c join auxeira.ledger_tables era using (table_id)
                where era.relation = t.relation and (h.key is null or c.key = h.key) and c.leaf_index < next_leaf)
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

create function auxeira.checkpoint_rows(next_leaf bigint) returns bigint language sql volatile
begin atomic
  with gone as (
    select (r.entry).relation, r.key, row_number() over (partition by (r.entry).relation order by r.key) / 10000 as part
    from auxeira.rows_to_checkpoint(next_leaf) r
  ), parts as materialized (
    select g.relation, array_agg(g.key) as keys from gone g group by g.relation, g.part
  )
  select coalesce(sum(auxeira.capture_checkpoints(p.relation, p.keys)), 0) from parts p;
end;
comment on function auxeira.checkpoint_rows(bigint) is
  'Writes the rows to the ledger as they are, whose changes are all before a leaf, and says how many there are.';
revoke execute on function auxeira.checkpoint_rows(bigint) from public;

create function auxeira.keep_leaves(next_leaf bigint) returns void language sql volatile
begin atomic
  insert into auxeira.ledger_pruned_leaves (first_leaf, hashes)
  select min(c.leaf_index), string_agg(substr(c.proof, 17), '' order by c.leaf_index)
  from auxeira.ledger_changes c where c.leaf_index < next_leaf group by c.leaf_index / 256;
end;
comment on function auxeira.keep_leaves(bigint) is 'Keeps the leaves of changes that go.';
revoke execute on function auxeira.keep_leaves(bigint) from public;

create function auxeira.count_versions(next_leaf bigint) returns void language sql volatile
begin atomic
  insert into auxeira.ledger_pruned_versions as p (table_id, key_hash, versions)
  select c.table_id, sha256(c.key), count(*) from auxeira.ledger_changes c
  where c.leaf_index < next_leaf and exists (select from auxeira.ledger_tables t where t.table_id = c.table_id)
  group by c.table_id, c.key
  on conflict (table_id, key_hash) do update set versions = p.versions + excluded.versions;
end;
comment on function auxeira.count_versions(bigint) is 'Counts the versions of each row that go.';
revoke execute on function auxeira.count_versions(bigint) from public;

-- What goes on in another era has its numbers after those of earlier ones.
create function auxeira.forget_versions() returns void language sql volatile
begin atomic
  with kept as materialized (
    select distinct t.relation, sha256(c.key) as key_hash from auxeira.ledger_all c join auxeira.ledger_tables t using (table_id)
  )
  delete from auxeira.ledger_pruned_versions p using auxeira.ledger_tables t
  where t.table_id = p.table_id and not exists (select from kept k where k.relation = t.relation and k.key_hash = p.key_hash);
end;
comment on function auxeira.forget_versions() is 'Forgets how many versions rows had of which nothing is kept any more.';
revoke execute on function auxeira.forget_versions() from public;

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

create function auxeira.forget_salts() returns void language sql volatile
begin atomic
  delete from auxeira.ledger_erasure_salts s where not exists (select from auxeira.ledger_all c where c.change_id = s.change_id);
end;
comment on function auxeira.forget_salts() is 'Deletes the salts of erased changes that are not kept any more.';
revoke execute on function auxeira.forget_salts() from public;

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
  -- Nobody seals, erases or prunes meanwhile.
  lock table auxeira.ledger_blocks, auxeira.ledger_holds in share row exclusive mode;
  call auxeira.check_whole_ledger();
  until := auxeira.pruning_until(before);
  if until.block is null then
    return 0;
  end if;
  perform auxeira.check_pruning(until.tree_size);
  perform auxeira.give_reason(format('pruning of what was sealed before %s', before));
  checkpoints := auxeira.checkpoint_rows(until.tree_size);
  select count(*) as changes, max(c.change_id) as last into pruned from auxeira.ledger_changes c where c.leaf_index < until.tree_size;
  insert into auxeira.ledger_prunings (block, first_leaf, last_change, whole_after, sealed_until, changes, checkpoints)
  select until.block, until.tree_size, pruned.last, ids.last_value, until.sealed_at, pruned.changes, checkpoints
  from auxeira.ledger_change_ids ids;
  perform auxeira.set_reason(said), auxeira.keep_leaves(until.tree_size), auxeira.count_versions(until.tree_size);
  -- The checkpoint is signed before anything goes.
  while auxeira.ledger_seal() is not null loop
    null;
  end loop;
  perform auxeira.drop_months(before), auxeira.forget_actors(), auxeira.forget_salts(), auxeira.forget_versions();
  return pruned.changes;
end
$$;
comment on function auxeira.ledger_prune(timestamptz) is
  'Lets go the changes that were sealed in months that were over before a time, and says how many. Rows whose last change goes '
  'are written to the ledger as they are, by a change of operation C; all is sealed; then the months are dropped. Their '
  'leaves stay, and versions keep their numbers, so that every head, and the receipt of every change that is kept or was given out, still holds. Whoever '
  'made those changes alone is forgotten. auxeira.ledger_prunings, which is in the ledger, says what went. For administrators '
  'of the database. Errors: 55006 a change is held, XX001 the ledger is not in order.';
revoke execute on function auxeira.ledger_prune(timestamptz) from public;

-- --- Verification ----------------------------------------------------------------------------------------------------------

create view auxeira.ledger_pruning_changes with (security_invoker = true) as
  select p.pruning_id, c.change_id, c.xid, c.operation, (auxeira.ledger_block_of(c.leaf_index)).sealed_at
  from auxeira.ledger_prunings p join auxeira.ledger_tables t on t.relation = 'auxeira.ledger_prunings'::regclass
    cross join lateral (select r.* from auxeira.ledger_all r
                        where r.table_id = t.table_id and auxeira.ledger_key_json(r.key) ->> 'pruning_id' = p.pruning_id::text
                        order by r.change_id limit 1) c;
comment on view auxeira.ledger_pruning_changes is 'The oldest change that is kept of each row of auxeira.ledger_prunings.';

create function auxeira.ledger_checkpoints_of(transaction xid8) returns bigint language sql stable
  return (select count(*) from auxeira.ledger_all c
          where c.operation = 'C' and auxeira.xid_number(c.xid) = auxeira.xid_number(transaction));
comment on function auxeira.ledger_checkpoints_of(xid8) is 'How many checkpoints a transaction made.';

-- Checkpoints of all but the latest may have been pruned themselves.
create function auxeira.ledger_pruning_problems() returns setof auxeira.ledger_problem language sql stable rows 1
begin atomic
  with prunings as (
    select p.*, lag(p.first_leaf, 1, 0::bigint) over by_leaf as leaf_before, lead(p.pruning_id) over by_leaf is null as is_latest,
      b.tree_size, b.sealed_at as block_sealed_at, c.change_id, c.xid, c.operation, coalesce(c.sealed_at, clock_timestamp()) as on_record_at
    from auxeira.ledger_prunings p left join auxeira.ledger_blocks b using (block)
      left join auxeira.ledger_pruning_changes c using (pruning_id)
    window by_leaf as (order by p.first_leaf, p.pruning_id)
  )
  select 'a pruning that was none', 'auxeira.ledger_prunings', jsonb_build_object('pruning_id', p.pruning_id), p.change_id, p.block,
    wrong.detail
  from prunings p cross join lateral (values
    (p.first_leaf is distinct from p.tree_size, 'Its first leaf is not that after its block.'),
    (p.sealed_until is distinct from p.block_sealed_at, 'Its block was sealed at another time.'),
    (p.changes is distinct from p.first_leaf - p.leaf_before, 'Its changes are not so many.'),
    (p.last_change > p.whole_after or p.whole_after >= p.change_id, 'Its last changes are not before its own.'),
    (date_trunc('month', p.block_sealed_at at time zone 'UTC') + interval '1 month' > p.pruned_at at time zone 'UTC'
     or p.pruned_at > p.on_record_at, 'The month of its block was not over.'),
    (p.is_latest and p.operation = 'I' and p.checkpoints <> auxeira.ledger_checkpoints_of(p.xid), 'Its checkpoints are not so many.'))
    wrong (is_so, detail)
  where wrong.is_so;
end;
comment on function auxeira.ledger_pruning_problems() is 'Whether prunings say what can have been pruned when they were made.';
revoke execute on function auxeira.ledger_pruning_problems() from public;

select auxeira.enable_history('auxeira.ledger_holds'), auxeira.enable_history('auxeira.ledger_erasures'),
  auxeira.enable_history('auxeira.ledger_prunings') \g /dev/null

reset role;
