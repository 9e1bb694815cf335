-- The ledger: evidence for others, and what is wrong with the ledger itself.
set local role auxeira_owner;

-- --- Receipts ------------------------------------------------------------------------------------------------------------

create function auxeira.ledger_block_of(leaf_index bigint) returns auxeira.ledger_blocks language sql stable
  return (select b from auxeira.ledger_blocks b where b.tree_size > leaf_index order by b.block limit 1);
comment on function auxeira.ledger_block_of(bigint) is 'The block that sealed a leaf.';

create function auxeira.ledger_live_row(entry auxeira.ledger_tables, key bytea) returns bytea language plpgsql stable as $$
declare
  live record;
begin
  if entry.disabled_at is null then
    select * into live from auxeira.ledger_live_row(entry.relation, entry.key_columns, entry.secret_columns, entry.exempt_column,
      auxeira.key_texts(entry.key_columns, auxeira.key_of_row(entry.relation, key)));
    return live.encoded;
  end if;
  return null;
end
$$;
comment on function auxeira.ledger_live_row(auxeira.ledger_tables, bytea) is 'A row as it is, encoded; NULL when there is none.';

create function auxeira.refuse_receipt(change_id bigint) returns void language plpgsql stable as $$
declare
  pruning auxeira.ledger_prunings;
begin
  select * into pruning from auxeira.ledger_prunings p where p.last_change >= change_id order by p.first_leaf limit 1;
  if pruning.block is not null then
    raise exception 'change % is not kept', change_id using errcode = 'no_data_found',
      detail = format('What was sealed until %s was pruned: of such changes there are leaves, and no receipts any more.',
                      pruning.sealed_until),
      hint = 'A receipt that was given out before still holds.';
  end if;
  raise exception 'no sealed change %', change_id using errcode = 'no_data_found',
    hint = 'Changes have receipts when auxeira.ledger_seal() has sealed them.';
end
$$;
comment on function auxeira.refuse_receipt(bigint) is 'Says why there is no receipt of a change. Error P0002.';
revoke execute on function auxeira.refuse_receipt(bigint) from public;

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
    perform auxeira.refuse_receipt(change_id);
  end if;
  select * into entry from auxeira.ledger_tables t where t.table_id = change.table_id;
  select w.* into version
  from auxeira.ledger_walk(auxeira.ledger_live_row(entry, change.key),
         (select array_agg(r.version order by r.place desc, r.change_id desc) from auxeira.ledger_version_rows r
          where auxeira.ledger_row_hash(r.table_id, r.key) = auxeira.ledger_row_hash(change.table_id, change.key)
            and r.table_id = change.table_id and r.key = change.key
            and r.place >= coalesce(change.position, change.change_id << 16))) w
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
  'auxeira-verify checks it without a database. Errors: P0002 no such change, it is not sealed yet or was pruned; XX001 it was altered '
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

-- All tables at once: whatever their number, changes are read once.
create function auxeira.ledger_row_problems(target regclass) returns setof auxeira.ledger_problem
  language sql stable set work_mem = '64MB' set jit = off rows 1
begin atomic
  with entries as materialized (
    select t.*, auxeira.ledger_whole_after() as whole_after,
      t.disabled_at is null and exists (select from pg_class c where c.oid = t.relation) as is_live
    from auxeira.ledger_tables t where target is null or t.relation = target
  ), live as (
    select e.table_id, l.key, l.encoded
    from entries e cross join lateral auxeira.ledger_live(e.relation, e.key_columns, e.secret_columns, e.exempt_column) l where e.is_live
  ), known as (
    select r.table_id, r.key, array_agg(r.version order by r.place desc, r.change_id desc) as versions,
      array_agg(r.org_id order by r.place desc, r.change_id desc) as organizations, min(r.change_id) as oldest
    from auxeira.ledger_version_rows r where r.table_id in (select e.table_id from entries e)
    group by r.table_id, r.key
  )
  select f.problem, e.label, auxeira.ledger_key_json(coalesce(l.key, k.key)), f.change_id, null::bigint, f.detail
  from live l
    full join known k on k.table_id = l.table_id and k.key = l.key
    join entries e on e.table_id = coalesce(l.table_id, k.table_id)
    cross join lateral auxeira.ledger_row_faults(l.encoded, k.versions, k.organizations, coalesce(e.org_column, ''),
                                                 coalesce(k.oldest > e.whole_after, true)) f;
end;
comment on function auxeira.ledger_row_problems(regclass) is
  'Compares every row of a table (NULL: of all) with its history, and every change with its leaf.';

-- --- Verification: blocks ----------------------------------------------------------------------------------------------

create function auxeira.ledger_blocks_since(since_block bigint)
  returns table (before auxeira.ledger_blocks, sealed auxeira.ledger_blocks, place bigint) language sql stable rows 1000
begin atomic
  select (select b from auxeira.ledger_blocks b where b.block < s.block order by b.block desc limit 1), s,
    row_number() over (order by s.tree_size, s.block)
  from auxeira.ledger_blocks s where s.block >= since_block;
end;
comment on function auxeira.ledger_blocks_since(bigint) is
  'Blocks from this one on, each with the one before it, and its place by the size of its tree, from 1.';

create function auxeira.ledger_tree_sizes(since_block bigint) returns bigint[] language sql stable
  return array(select b.tree_size from auxeira.ledger_blocks b where b.block >= since_block order by b.tree_size, b.block);
comment on function auxeira.ledger_tree_sizes(bigint) is
  'Sizes of the tree from this block on. width_bucket() finds with them to which block a leaf belongs.';

create function auxeira.ledger_leaf_problems(since_block bigint) returns setof auxeira.ledger_problem
  language sql stable rows 1
begin atomic
  with bounds as materialized (
    select auxeira.ledger_tree_sizes(since_block) as sizes, greatest(auxeira.ledger_first_leaf(),
      (select max(b.tree_size) from auxeira.ledger_blocks b where b.block < since_block)) as first
  ), leaves as (
    select c.leaf_index, c.change_id, c.table_id, c.key, c.sealed_on, width_bucket(c.leaf_index, bounds.sizes) + 1 as place,
      lag(c.leaf_index, 1, bounds.first - 1) over by_index as leaf_before, lag(c.change_id) over by_index as change_before
    from bounds, auxeira.ledger_changes c
    where c.leaf_index >= bounds.first and c.leaf_index < bounds.sizes[cardinality(bounds.sizes)]
    window by_index as (order by c.leaf_index, c.change_id)
  ), placed as (
    select l.*, (b.sealed).block, auxeira.ledger_day(((b.sealed).sealed_at at time zone 'UTC')::date) as sealed_day, (b.before).tree_size as first_of_block
    from leaves l join auxeira.ledger_blocks_since(since_block) b using (place)
  ), found as (
    select 'leaves are gone' as problem, p.table_id, p.key, p.change_id, p.block,
      format('From leaf %s to leaf %s, between changes %s and %s.', p.leaf_before + 1, p.leaf_index - 1,
             coalesce(p.change_before::text, 'of the block before'), p.change_id) as detail
    from placed p where p.leaf_index > p.leaf_before + 1
    union all
    select 'two leaves in one place', p.table_id, p.key, p.change_id, p.block,
      format('Leaf %s is that of changes %s and %s.', p.leaf_index, p.change_before, p.change_id)
    from placed p where p.leaf_index = p.leaf_before
    union all
    -- Changes of long transactions come in a later block than greater ones.
    select 'a change out of order', p.table_id, p.key, p.change_id, p.block,
      format('Leaf %s is after that of change %s.', p.leaf_index, p.change_before)
    from placed p where p.change_id < p.change_before and p.leaf_index > coalesce(p.first_of_block, 0)
    union all
    select 'a change that was sealed on another day', p.table_id, p.key, p.change_id, p.block, format('It says %s.', date '2000-01-01' + p.sealed_on)
    from placed p where p.sealed_on <> p.sealed_day
    union all
    select 'leaves are gone', null, null, null, max(b.block), format('From leaf %s to leaf %s.', t.next, max(b.tree_size) - 1)
    from (select coalesce(max(l.leaf_index) + 1, (select first from bounds)) as next from leaves l) t, auxeira.ledger_blocks b
    where b.block >= since_block
    group by t.next having t.next < max(b.tree_size)
  )
  select f.problem, t.label, auxeira.ledger_key_json(f.key), f.change_id, f.block, f.detail
  from found f left join auxeira.ledger_tables t using (table_id);
end;
comment on function auxeira.ledger_leaf_problems(bigint) is 'What is wrong with the places of changes, from this block on.';

create function auxeira.ledger_leaves_of_blocks(since_block bigint) returns table (place bigint, hashes bytea)
  language sql stable rows 1000
begin atomic
  with bounds as materialized (
    select auxeira.ledger_tree_sizes(since_block) as sizes,
      coalesce((select max(b.tree_size) from auxeira.ledger_blocks b where b.block < since_block), 0) as first
  )
  select width_bucket(l.leaf_index, bounds.sizes) + 1, string_agg(l.hash, '' order by l.leaf_index, l.change_id)
  from bounds cross join lateral auxeira.ledger_leaves(bounds.first, bounds.sizes[cardinality(bounds.sizes)]) l
  group by 1;
end;
comment on function auxeira.ledger_leaves_of_blocks(bigint) is 'The leaves of each block from this one on, in their order.';

create function auxeira.ledger_tree_problems(before auxeira.ledger_blocks, sealed auxeira.ledger_blocks, leaves bytea)
  returns setof text language plpgsql stable rows 1 as $$
declare
  tree record;
begin
  select * into tree from auxeira.ledger_append(coalesce(before.tree_size, 0), coalesce(before.frontier, ''), coalesce(leaves, ''));
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
comment on function auxeira.ledger_tree_problems(auxeira.ledger_blocks, auxeira.ledger_blocks, bytea) is
  'Builds the part of the tree that a block added once more, and says how what is stored differs.';

create function auxeira.ledger_key_was_announced(older auxeira.ledger_blocks, public_key bytea) returns boolean
  language sql stable
  return exists (
    select from auxeira.ledger_events e
      join auxeira.ledger_tables t on t.relation = 'auxeira.ledger_events'::regclass
      join auxeira.ledger_changes c on c.table_id = t.table_id
        -- Of an event whose change was pruned there is the checkpoint.
        and (c.leaf_index < older.tree_size or c.operation = 'C' and e.at <= older.sealed_at)
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
  language sql stable set work_mem = '64MB' set jit = off rows 1
begin atomic
  select p, null, null::jsonb, null::bigint, (b.sealed).block, null
  from auxeira.ledger_blocks_since(since_block) b cross join lateral auxeira.ledger_head_problems(b.before, b.sealed) p
  union all
  select p, null, null, null, (b.sealed).block, null
  from auxeira.ledger_blocks_since(since_block) b left join auxeira.ledger_leaves_of_blocks(since_block) l using (place)
    cross join lateral auxeira.ledger_tree_problems(b.before, b.sealed, l.hashes) p
  union all
  select * from auxeira.ledger_leaf_problems(since_block);
end;
comment on function auxeira.ledger_block_problems(bigint) is 'What is wrong with blocks, from this one on.';

create function auxeira.ledger_stray_problems() returns setof auxeira.ledger_problem language sql stable rows 1
begin atomic
  with tree as materialized (
    select coalesce(max(b.tree_size), 0) as size, auxeira.ledger_first_leaf() as first from auxeira.ledger_blocks b
  )
  select 'a change in no block', t.label, auxeira.ledger_key_json(c.key), c.change_id, null::bigint,
    format('Its leaf is %s, and the tree has %s.', c.leaf_index, tree.size)
  from tree, auxeira.ledger_changes c left join auxeira.ledger_tables t using (table_id)
  where c.leaf_index >= tree.size or c.leaf_index < 0
  union all
  select 'a change that was pruned', t.label, auxeira.ledger_key_json(c.key), c.change_id, null,
    format('Its leaf is %s, and those before leaf %s were pruned.', c.leaf_index, tree.first)
  from tree, auxeira.ledger_changes c left join auxeira.ledger_tables t using (table_id)
  where c.leaf_index < tree.first
  union all
  select 'pruned leaves of no pruning', null, null, null, null, format('From leaf %s on.', l.first_leaf)
  from tree, auxeira.ledger_pruned_leaves l
  where l.first_leaf < 0 or l.first_leaf + length(l.hashes) / 32 > tree.first
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

-- Volatile, so that it sees what was sealed since whoever asks began to look.
create function auxeira.ledger_has_head(of_block bigint, head text, signature bytea, public_key bytea) returns boolean
  language plpgsql volatile as $$
begin
  return exists (select from auxeira.ledger_blocks b
                 where (b.block, b.head, b.signature, b.public_key) = (of_block, ledger_has_head.head, ledger_has_head.signature,
                                                                       ledger_has_head.public_key));
end
$$;
comment on function auxeira.ledger_has_head(bigint, text, bytea, bytea) is 'Whether the ledger has a signed head by now.';
revoke execute on function auxeira.ledger_has_head(bigint, text, bytea, bytea) from public;

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
  where (w.head is null or (b.head, b.signature, b.public_key) is distinct from (w.head, w.signature, w.public_key))
    and auxeira.ledger_has_head(w.block, w.head, w.signature, w.public_key) is not true;
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
      and t.tgargs = coalesce((select string_agg(convert_to(a.argument, getdatabaseencoding()) || '\x00', '' order by a.place)
                               from unnest(expected.arguments) with ordinality a (argument, place)), ''))
  union all
  select 'the primary key has other columns' where auxeira.key_columns_of(entry.relation) is distinct from entry.key_columns
  union all
  -- Whoever reads the table sees them, too.
  select format('rows of %s, which have no history with it, are seen through the table', i.inhrelid::regclass)
  from pg_inherits i where i.inhparent = entry.relation
  union all
  select 'the table is not logged: a crash empties it, and no copy has it'
  from pg_class c where c.oid = entry.relation and c.relpersistence <> 'p';
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
  select 'another table has the name that its changes say'
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where entry.disabled_at is null and format('%s.%s', n.nspname, c.relname) = entry.label and c.oid <> entry.relation
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
  select own.name || ' have no history', 'auxeira.ledger_' || own.name, null, null, null, null
  from unnest(auxeira.ledger_records()) own (name)
  where not exists (select from auxeira.ledger_tables t
                    where t.relation = to_regclass('auxeira.ledger_' || own.name) and t.disabled_at is null);
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
  end loop;
  return query select * from auxeira.ledger_row_problems(target);
  return query select * from auxeira.ledger_erasure_problems(target);
  return query select * from auxeira.ledger_block_problems(since_block);
  return query select * from auxeira.ledger_stray_problems();
  return query select * from auxeira.ledger_pruning_problems();
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
