-- The ledger: evidence for others, and what is wrong with the ledger itself.
set local role auxeira_owner;

-- --- Receipts ------------------------------------------------------------------------------------------------------------

create function auxeira.ledger_block_of(leaf_index bigint) returns auxeira.ledger_blocks language sql stable
  return (select b from auxeira.ledger_blocks b where b.tree_size > leaf_index order by b.block limit 1);
comment on function auxeira.ledger_block_of(bigint) is 'The block that sealed a leaf.';

create function auxeira.ledger_live_row(entry auxeira.ledger_tables, key bytea) returns bytea language sql stable
  return (select l.encoded
          from auxeira.ledger_live(entry.relation, entry.key_columns, entry.secret_columns, entry.exempt_column) l
          where l.key = ledger_live_row.key and entry.disabled_at is null);
comment on function auxeira.ledger_live_row(auxeira.ledger_tables, bytea) is 'A row as it is, encoded; NULL when there is none.';

-- Definer, because the ledger is nobody's to touch. Whoever may execute it sees every change.
create function auxeira.ledger_receipt(change_id bigint) returns json
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  change auxeira.ledger_changes;
  entry auxeira.ledger_tables;
  sealed auxeira.ledger_blocks;
  version record;
begin
  select * into change from auxeira.ledger_changes c where c.change_id = ledger_receipt.change_id;
  if not found then
    raise exception 'no sealed change %', change_id using errcode = 'no_data_found',
      hint = 'Changes have receipts when auxeira.ledger_seal() has sealed them.';
  end if;
  select * into entry from auxeira.ledger_tables t where t.table_id = change.table_id;
  select w.* into version
  from auxeira.ledger_walk(auxeira.ledger_live_row(entry, change.key),
         (select array_agg(r.version order by r.change_id desc) from auxeira.ledger_version_rows r
          where r.table_id = change.table_id and r.key = change.key and r.change_id >= change.change_id)) w
  where w.change_id = ledger_receipt.change_id;
  if version.standing is distinct from 'proven' then
    raise exception 'change % cannot be proved', change_id using errcode = 'data_corrupted',
      detail = case version.standing when 'erased' then 'What it was has been erased.' else 'It was altered.' end,
      hint = 'auxeira.ledger_verify() tells what is wrong.';
  end if;
  sealed := auxeira.ledger_block_of(change.leaf_index);
  return auxeira.ledger_receipt_of(change.proof, version.metadata, version.encoded, change.leaf_index, sealed.head,
    sealed.signature, sealed.public_key);
end
$$;
comment on function auxeira.ledger_receipt(bigint) is
  'The receipt of a sealed change: what it was, and the path from its leaf to the signed head of the block that sealed it. '
  'auxeira-verify checks it without a database. Errors: P0002 no such change, or it is not sealed yet; XX001 it was altered '
  'or erased.';
revoke execute on function auxeira.ledger_receipt(bigint) from public;

create function auxeira.ledger_block_of_size(size bigint) returns auxeira.ledger_blocks language plpgsql stable as $$
declare
  found_block auxeira.ledger_blocks;
begin
  select * into found_block from auxeira.ledger_blocks b where b.tree_size = size;
  if found_block.block is null then
    raise exception 'the tree had no head of size %', size using errcode = 'no_data_found',
      hint = 'Give the tree sizes of two heads.';
  end if;
  return found_block;
end
$$;
comment on function auxeira.ledger_block_of_size(bigint) is 'The block whose head has this size. Error P0002: there is none.';

create function auxeira.ledger_consistency(from_size bigint, to_size bigint) returns json
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  older constant auxeira.ledger_blocks := auxeira.ledger_block_of_size(least(from_size, to_size));
  newer constant auxeira.ledger_blocks := auxeira.ledger_block_of_size(greatest(from_size, to_size));
begin
  return auxeira.ledger_consistency_of(older.head, older.signature, older.public_key, newer.head, newer.signature,
    newer.public_key);
end
$$;
comment on function auxeira.ledger_consistency(bigint, bigint) is
  'The proof that the tree of one head is the beginning of that of another, by their sizes. auxeira-verify checks it. '
  'Error P0002: there is no head of that size.';
revoke execute on function auxeira.ledger_consistency(bigint, bigint) from public;

create function auxeira.ledger_announce_key(public_key bytea) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if length(public_key) <> 32 then
    raise exception 'a public key has 32 bytes' using errcode = 'invalid_parameter_value',
      detail = format('This has %s.', length(public_key)), hint = 'Give the bytes of the Ed25519 public key.';
  end if;
  insert into auxeira.ledger_events (event, detail)
  values ('key', jsonb_build_object('publicKey', encode(public_key, 'hex')));
end
$$;
comment on function auxeira.ledger_announce_key(bytea) is
  'Says which key will sign heads after the present one. To be called, and sealed with the present key, before '
  'auxeira.ledger_key_file names the new one. Error 22023: not 32 bytes.';
revoke execute on function auxeira.ledger_announce_key(bytea) from public;

-- --- Verification: rows ------------------------------------------------------------------------------------------------

create type auxeira.ledger_problem as (
  problem text, table_name text, key jsonb, change_id bigint, block bigint, detail text);
comment on type auxeira.ledger_problem is 'Something that is wrong with the ledger, and where.';

create function auxeira.ledger_first_leaf() returns bigint language sql stable return 0;
comment on function auxeira.ledger_first_leaf() is 'The oldest leaf that is kept.';

create function auxeira.ledger_row_problems(entry auxeira.ledger_tables) returns setof auxeira.ledger_problem
  language sql stable rows 1
begin atomic
  select f.problem, entry.label, auxeira.ledger_key_json(coalesce(l.key, v.key)), f.change_id, null::bigint, f.detail
  from (select l.* from auxeira.ledger_live(entry.relation, entry.key_columns, entry.secret_columns, entry.exempt_column) l
        where entry.disabled_at is null and exists (select from pg_class c where c.oid = entry.relation)) l
    full join (select r.key, array_agg(r.version order by r.change_id desc) as versions,
                 array_agg(r.org_id order by r.change_id desc) as organizations
               from auxeira.ledger_version_rows r where r.table_id = entry.table_id group by r.key) v on v.key = l.key
    cross join lateral auxeira.ledger_row_faults(l.encoded, v.versions, v.organizations, coalesce(entry.org_column, ''),
                                                 auxeira.ledger_first_leaf() = 0) f;
end;
comment on function auxeira.ledger_row_problems(auxeira.ledger_tables) is
  'Compares every row of a table with its history, and every change with its leaf.';

-- --- Verification: blocks ----------------------------------------------------------------------------------------------

create function auxeira.ledger_leaf_problems(before auxeira.ledger_blocks, sealed auxeira.ledger_blocks)
  returns setof auxeira.ledger_problem language sql stable rows 1
begin atomic
  with leaves as (
    select c.leaf_index, c.change_id, c.table_id, c.key, c.sealed_on,
      lag(c.leaf_index, 1, coalesce(before.tree_size, 0) - 1) over by_index as leaf_before,
      lag(c.change_id) over by_index as change_before
    from auxeira.ledger_changes c
    where c.leaf_index >= coalesce(before.tree_size, 0) and c.leaf_index < sealed.tree_size
    window by_index as (order by c.leaf_index, c.change_id)
  ), found as (
    select 'leaves are gone' as problem, l.*,
      format('From leaf %s to leaf %s, between changes %s and %s.', l.leaf_before + 1, l.leaf_index - 1,
             coalesce(l.change_before::text, 'of the block before'), l.change_id) as detail
    from leaves l where l.leaf_index > l.leaf_before + 1
    union all
    select 'two leaves in one place', l.*, format('Leaf %s is that of changes %s and %s.', l.leaf_index, l.change_before, l.change_id)
    from leaves l where l.leaf_index = l.leaf_before
    union all
    select 'a change out of order', l.*, format('Leaf %s is after that of change %s.', l.leaf_index, l.change_before)
    from leaves l where l.change_id < l.change_before
    union all
    select 'a change that was sealed on another day', l.*, format('It says %s.', l.sealed_on)
    from leaves l where l.sealed_on <> (sealed.sealed_at at time zone 'UTC')::date
    union all
    select 'leaves are gone', max(l.leaf_index), max(l.change_id), null, null, null, null, null,
      format('From leaf %s to leaf %s.', coalesce(max(l.leaf_index) + 1, before.tree_size, 0), sealed.tree_size - 1)
    from leaves l having coalesce(max(l.leaf_index) + 1, before.tree_size, 0) < sealed.tree_size
  )
  select f.problem, t.label, auxeira.ledger_key_json(f.key), case when f.table_id is not null then f.change_id end,
    sealed.block, f.detail
  from found f left join auxeira.ledger_tables t using (table_id);
end;
comment on function auxeira.ledger_leaf_problems(auxeira.ledger_blocks, auxeira.ledger_blocks) is
  'What is wrong with the places of the changes that a block sealed.';

create function auxeira.ledger_tree_problems(before auxeira.ledger_blocks, sealed auxeira.ledger_blocks)
  returns setof text language plpgsql stable rows 1 as $$
declare
  tree record;
begin
  select * into tree from auxeira.ledger_append(coalesce(before.tree_size, 0), coalesce(before.frontier, ''), coalesce(
    (select string_agg(substr(c.proof, 17), '' order by c.leaf_index, c.change_id) from auxeira.ledger_changes c
     where c.leaf_index >= coalesce(before.tree_size, 0) and c.leaf_index < sealed.tree_size), ''));
  if tree.root is distinct from sealed.root then
    return next 'a root that is not that of its leaves';
  end if;
  if (tree.tree_size, tree.new_frontier) is distinct from (sealed.tree_size, sealed.frontier) then
    return next 'a tree that is not that of its leaves';
  end if;
  return query
  select format('node %s of level %s is not that of its leaves', n.node, n.level)
  from unnest(tree.levels, tree.nodes, tree.hashes) n (level, node, hash)
    left join auxeira.ledger_nodes k using (level, node)
  where k.hash is distinct from n.hash;
exception
  -- What is altered may be none of what the tree is made of.
  when data_exception then
    return next 'leaves or a frontier that are none: ' || sqlerrm;
end
$$;
comment on function auxeira.ledger_tree_problems(auxeira.ledger_blocks, auxeira.ledger_blocks) is
  'Builds the part of the tree that a block added once more, and says how what is stored differs.';

create function auxeira.ledger_key_was_announced(older auxeira.ledger_blocks, public_key bytea) returns boolean
  language sql stable
  return exists (
    select from auxeira.ledger_events e
      join auxeira.ledger_tables t on t.relation = 'auxeira.ledger_events'::regclass
      join auxeira.ledger_changes c on c.table_id = t.table_id and c.leaf_index < older.tree_size
    where e.event = 'key' and e.detail ->> 'publicKey' = encode(public_key, 'hex')
      and auxeira.ledger_key_json(c.key) ->> 'event_id' = e.event_id::text);
comment on function auxeira.ledger_key_was_announced(auxeira.ledger_blocks, bytea) is
  'Whether the event that says which key is next was sealed by then.';

create function auxeira.ledger_head_problems(before auxeira.ledger_blocks, sealed auxeira.ledger_blocks)
  returns setof text language sql stable rows 1
begin atomic
  select 'blocks are gone before it' where sealed.block <> coalesce(before.block, 0) + 1
  union all
  select 'its leaves are not so many' where sealed.leaves <> sealed.tree_size - coalesce(before.tree_size, 0)
  union all
  select 'a head that differs from its block'
  where sealed.head <> auxeira.ledger_head_text((select origin::text from auxeira.ledger_secrets), sealed.tree_size,
    case when length(sealed.root) = 32 then sealed.root else sha256('') end, sealed.block,
    coalesce(sha256(convert_to(before.head, 'UTF8')), decode(repeat('00', 32), 'hex')), sealed.incarnation, sealed.sealed_at)
  union all
  select fault from auxeira.ledger_head_fault(sealed.head, sealed.signature, sealed.public_key) fault where fault is not null
  union all
  select 'a key that nobody announced'
  where before.public_key <> sealed.public_key and not auxeira.ledger_key_was_announced(before, sealed.public_key)
  union all
  select 'an incarnation that is not known'
  where not exists (select from auxeira.ledger_incarnations i where i.incarnation = sealed.incarnation)
    or sealed.incarnation < before.incarnation or sealed.sealed_at < before.sealed_at;
end;
comment on function auxeira.ledger_head_problems(auxeira.ledger_blocks, auxeira.ledger_blocks) is
  'What is wrong with a block by itself, and with its place after the one before it.';

create function auxeira.ledger_block_problems(since_block bigint) returns setof auxeira.ledger_problem
  language plpgsql stable rows 1 as $$
declare
  before auxeira.ledger_blocks;
  sealed auxeira.ledger_blocks;
begin
  select * into before from auxeira.ledger_blocks b where b.block < since_block order by b.block desc limit 1;
  for sealed in select * from auxeira.ledger_blocks b where b.block >= since_block order by b.block loop
    return query select p::text, null, null::jsonb, null::bigint, sealed.block, null
      from auxeira.ledger_head_problems(before, sealed) p;
    if sealed.tree_size > auxeira.ledger_first_leaf() then
      return query select * from auxeira.ledger_leaf_problems(before, sealed);
      return query select p, null, null::jsonb, null::bigint, sealed.block, null
        from auxeira.ledger_tree_problems(before, sealed) p;
    end if;
    before := sealed;
  end loop;
end
$$;
comment on function auxeira.ledger_block_problems(bigint) is 'What is wrong with blocks, from this one on.';

create function auxeira.ledger_stray_problems() returns setof auxeira.ledger_problem language sql stable rows 1
begin atomic
  with tree as (select coalesce(max(b.tree_size), 0) as size from auxeira.ledger_blocks b)
  select 'a change in no block', t.label, auxeira.ledger_key_json(c.key), c.change_id, null::bigint,
    format('Its leaf is %s, and the tree has %s.', c.leaf_index, tree.size)
  from tree, auxeira.ledger_changes c left join auxeira.ledger_tables t using (table_id)
  where c.leaf_index >= tree.size or c.leaf_index < 0
  union all
  select 'a change of a table that is not known', null, auxeira.ledger_key_json(c.key), c.change_id, null,
    format('It says table %s.', c.table_id)
  from auxeira.ledger_all c where not exists (select from auxeira.ledger_tables t where t.table_id = c.table_id)
  union all
  select 'a node of no block', null, null, null, null, format('Node %s of level %s.', n.node, n.level)
  from tree, auxeira.ledger_nodes n
  where n.level not in (8, 16, 24, 32, 40, 48) or n.node < 0 or (n.node + 1) << n.level > tree.size;
end;
comment on function auxeira.ledger_stray_problems() is 'What the ledger has and no block or table accounts for.';

-- --- Verification: the witness -------------------------------------------------------------------------------------------

create function auxeira.ledger_witness_problems() returns setof auxeira.ledger_problem language sql volatile rows 1
begin atomic
  select case when w.head is null then 'a line of the witness file that is no head'
              when auxeira.ledger_head_fault(w.head, w.signature, w.public_key) is not null
                then 'a head of the witness file that nobody signed'
              else 'a head of the witness file that the ledger does not have' end,
    null, null::jsonb, null::bigint, w.block,
    case when w.head is not null then 'The ledger went back to an earlier state, or has another past.' end
  from auxeira.ledger_witness_heads(1::bigint << 62) w
    left join auxeira.ledger_blocks b on b.block = w.block
  where w.head is null or (b.head, b.signature, b.public_key) is distinct from (w.head, w.signature, w.public_key);
end;
comment on function auxeira.ledger_witness_problems() is 'Compares the heads of the witness file with those of the ledger.';
revoke execute on function auxeira.ledger_witness_problems() from public;

-- --- Verification: tables and triggers -------------------------------------------------------------------------------

create function auxeira.ledger_trigger_problems(entry auxeira.ledger_tables) returns setof text language sql stable rows 1
begin atomic
  select format('trigger %s is missing, turned off or another one', expected.name)
  from auxeira.history_triggers(entry) expected
  where not exists (
    select from pg_trigger t
    where t.tgrelid = entry.relation and t.tgname = expected.name and t.tgtype = expected.type and t.tgenabled = 'A'
      and t.tgfoid = 'auxeira.capture()'::regprocedure and t.tgattr::text = '' and not t.tgdeferrable
      and coalesce(substring(pg_get_triggerdef(t.oid) from '(WHEN .*) EXECUTE FUNCTION'), '') = expected.condition
      and t.tgargs = (select string_agg(convert_to(a.argument, getdatabaseencoding()) || '\x00', '' order by a.place)
                      from unnest(auxeira.capture_arguments(entry)) with ordinality a (argument, place)))
  union all
  select 'the primary key has other columns' where auxeira.key_columns_of(entry.relation) is distinct from entry.key_columns;
end;
comment on function auxeira.ledger_trigger_problems(auxeira.ledger_tables) is 'What keeps changes of a table from the ledger.';

create function auxeira.ledger_table_problems(entry auxeira.ledger_tables) returns setof text language sql stable rows 1
begin atomic
  select 'the table is gone'
  where entry.disabled_at is null and not exists (select from pg_class c where c.oid = entry.relation)
  union all
  select p from auxeira.ledger_trigger_problems(entry) p
  where entry.disabled_at is null and exists (select from pg_class c where c.oid = entry.relation)
  union all
  select 'its history began otherwise'
  where not exists (
    select from auxeira.ledger_events e
    where e.event = 'enable' and e.table_id = entry.table_id and e.at = entry.enabled_at and e.detail = auxeira.ledger_terms(entry))
  union all
  select 'its history ended without a record'
  where entry.disabled_at is not null and not exists (
    select from auxeira.ledger_events e
    where e.event = 'disable' and e.table_id = entry.table_id and e.at = entry.disabled_at);
end;
comment on function auxeira.ledger_table_problems(auxeira.ledger_tables) is
  'What is wrong with what the ledger knows of a table.';

create function auxeira.ledger_unknown_tables() returns setof auxeira.ledger_problem language sql stable rows 1
begin atomic
  select 'a table whose history is forgotten', e.detail ->> 'label', null::jsonb, null::bigint, null::bigint,
    format('Event %s began it.', e.event_id)
  from auxeira.ledger_events e
  where e.event = 'enable' and not exists (select from auxeira.ledger_tables t where t.table_id = e.table_id)
  union all
  select 'a table whose history should have ended', t.label, null, null, null, format('Event %s ended it.', e.event_id)
  from auxeira.ledger_events e join auxeira.ledger_tables t using (table_id)
  where e.event = 'disable' and t.disabled_at is null
  union all
  select 'events have no history', 'auxeira.ledger_events', null, null, null, null
  where not exists (select from auxeira.ledger_tables t
                    where t.relation = 'auxeira.ledger_events'::regclass and t.disabled_at is null);
end;
comment on function auxeira.ledger_unknown_tables() is 'Tables that events tell of otherwise than the list of tables does.';

create function auxeira.ledger_server_problems() returns setof text language sql stable rows 1
begin atomic
  select format('event trigger %s is missing or turned off', expected.name)
  from (values ('auxeira_ledger_before', 'ddl_command_start'), ('auxeira_ledger_after', 'ddl_command_end'),
               ('auxeira_ledger_drop', 'sql_drop')) expected (name, event)
  where not exists (
    select from pg_event_trigger t join pg_proc p on p.oid = t.evtfoid
    where t.evtname = expected.name and t.evtevent = expected.event and t.evtenabled = 'A' and t.evttags is null
      and p.pronamespace = 'auxeira'::regnamespace);
end;
comment on function auxeira.ledger_server_problems() is 'What keeps changes of tables themselves from the ledger.';

-- --- Verification: all of it -----------------------------------------------------------------------------------------------

-- Definer, because the ledger is nobody's to touch.
create function auxeira.ledger_verify(target regclass default null, since_block bigint default 0)
  returns table (problem text, table_name text, key jsonb, change_id bigint, block bigint, detail text)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp rows 1
as $$
declare
  entry auxeira.ledger_tables;
begin
  for entry in select * from auxeira.ledger_tables t where target is null or t.relation = target order by t.table_id loop
    return query select p, entry.label, null::jsonb, null::bigint, null::bigint, null
      from auxeira.ledger_table_problems(entry) p;
    return query select * from auxeira.ledger_row_problems(entry);
  end loop;
  return query select * from auxeira.ledger_block_problems(since_block);
  return query select * from auxeira.ledger_stray_problems();
  return query select * from auxeira.ledger_unknown_tables();
  return query select p, null, null::jsonb, null::bigint, null::bigint, null from auxeira.ledger_server_problems() p;
  return query select * from auxeira.ledger_witness_problems();
end
$$;
comment on function auxeira.ledger_verify(regclass, bigint) is
  'What is wrong with the ledger, or with the history of one table; no rows when all is well. Every row is compared with its '
  'history and every change with its leaf; blocks, from since_block on, are built again from their leaves, and their heads '
  'compared with them, with one another, with their signatures and with the witness file. It reads everything once.';
revoke execute on function auxeira.ledger_verify(regclass, bigint) from public;

-- What happens to tables is itself in the ledger.
select auxeira.enable_history('auxeira.ledger_events'), auxeira.enable_history('auxeira.ledger_incarnations') \g /dev/null

reset role;
