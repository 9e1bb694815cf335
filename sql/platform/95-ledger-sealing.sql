-- The ledger: sealing. Changes whose transactions are over become leaves of one tree (RFC 9162), whose head is signed.
set local role auxeira_owner;

-- --- Incarnations --------------------------------------------------------------------------------------------------

create table auxeira.ledger_incarnations (
  incarnation bigint primary key,
  cluster bigint not null,
  timeline text not null,
  database bigint not null,
  began_at timestamptz not null default now()
);
comment on table auxeira.ledger_incarnations is
  'Lives of the ledger: a restored dump, a copy that was promoted and a recovery to a point in time each begin another, so '
  'that two futures of one past differ.';
comment on column auxeira.ledger_incarnations.cluster is 'System identifier of the cluster.';
comment on column auxeira.ledger_incarnations.timeline is 'Timeline of the write-ahead log.';
call auxeira.protect_private_table('auxeira.ledger_incarnations');

create function auxeira.ledger_incarnation() returns bigint language plpgsql volatile as $$
declare
  here constant auxeira.ledger_incarnations := (null, (select system_identifier from pg_control_system()),
    left(pg_walfile_name(pg_current_wal_lsn()), 8), (select oid::bigint from pg_database where datname = current_database()), now());
  latest auxeira.ledger_incarnations;
begin
  select * into latest from auxeira.ledger_incarnations order by incarnation desc limit 1;
  if (latest.cluster, latest.timeline, latest.database) is distinct from (here.cluster, here.timeline, here.database) then
    insert into auxeira.ledger_incarnations
    select coalesce(latest.incarnation, 0) + 1, here.cluster, here.timeline, here.database, here.began_at returning * into latest;
  end if;
  return latest.incarnation;
end
$$;
comment on function auxeira.ledger_incarnation() is 'The number of the life the ledger leads; begins another where it must.';
revoke execute on function auxeira.ledger_incarnation() from public;

-- --- Blocks ----------------------------------------------------------------------------------------------------------

create table auxeira.ledger_blocks (
  block bigint primary key,
  tree_size bigint not null check (tree_size > 0),
  leaves bigint not null check (leaves > 0),
  root bytea not null,
  frontier bytea not null,
  incarnation bigint not null references auxeira.ledger_incarnations,
  sealed_at timestamptz not null,
  head text not null,
  signature bytea not null,
  public_key bytea not null
);
create index ledger_blocks_incarnation on auxeira.ledger_blocks (incarnation);
comment on table auxeira.ledger_blocks is 'What was sealed at a time.';
comment on column auxeira.ledger_blocks.tree_size is 'Leaves of the tree after it.';
comment on column auxeira.ledger_blocks.leaves is 'Leaves that it added, the last of the tree.';
comment on column auxeira.ledger_blocks.frontier is 'What is needed to add leaves: the roots of the complete subtrees.';
comment on column auxeira.ledger_blocks.head is 'What is signed; it has the hash of the head before it.';
comment on column auxeira.ledger_blocks.signature is 'Ed25519, of the head.';
call auxeira.protect_private_table('auxeira.ledger_blocks');

create table auxeira.ledger_nodes (
  level integer not null,
  node bigint not null,
  hash bytea not null,
  primary key (level, node)
);
comment on table auxeira.ledger_nodes is
  'Roots of complete subtrees of 2^level leaves, for levels 8, 16, 24, ...: what proofs need, the rest is hashed again.';
call auxeira.protect_private_table('auxeira.ledger_nodes');

-- --- What is kept of changes that were let go ---------------------------------------------------------------------------

create table auxeira.ledger_prunings (
  pruning_id uuid primary key default gen_random_uuid(),
  block bigint not null references auxeira.ledger_blocks,
  first_leaf bigint not null check (first_leaf > 0),
  last_change bigint not null,
  whole_after bigint not null,
  sealed_until timestamptz not null,
  changes bigint not null,
  checkpoints bigint not null,
  pruned_at timestamptz not null default clock_timestamp(),
  pruned_by text not null default session_user
);
create index ledger_prunings_block on auxeira.ledger_prunings (block);
create index ledger_prunings_first_leaf on auxeira.ledger_prunings (first_leaf);
comment on table auxeira.ledger_prunings is 'Which changes were let go, and by whom. It has history itself.';
comment on column auxeira.ledger_prunings.block is 'The last of the blocks whose changes went.';
comment on column auxeira.ledger_prunings.first_leaf is 'The first leaf whose change was kept.';
comment on column auxeira.ledger_prunings.last_change is 'The highest number of the changes that went.';
comment on column auxeira.ledger_prunings.whole_after is
  'The highest number when the checkpoints were made: a row whose oldest change has a higher one began by it.';
comment on column auxeira.ledger_prunings.sealed_until is 'When the last of them were sealed.';
comment on column auxeira.ledger_prunings.checkpoints is 'Rows whose last change would have gone: as they were, they are a change again.';
call auxeira.protect_private_table('auxeira.ledger_prunings');

create table auxeira.ledger_pruned_leaves (
  first_leaf bigint primary key,
  hashes bytea not null check (length(hashes) between 32 and 8192 and length(hashes) % 32 = 0)
);
-- Hashes cannot be compressed.
alter table auxeira.ledger_pruned_leaves alter hashes set storage external;
comment on table auxeira.ledger_pruned_leaves is
  'Leaves of changes that were let go, up to 256 that follow one another: every root and every proof can still be made of them, '
  'and they tell nothing else.';
call auxeira.protect_private_table('auxeira.ledger_pruned_leaves');

create table auxeira.ledger_pruned_versions (
  table_id smallint not null references auxeira.ledger_tables,
  key_hash bytea check (length(key_hash) = 32),
  versions bigint not null check (versions > 0),
  primary key (table_id, key_hash)
);
comment on table auxeira.ledger_pruned_versions is
  'How many versions of a row were let go, so that those that are kept have the numbers they had, which nothing proves. Of '
  'rows of which nothing is kept it says nothing.';
comment on column auxeira.ledger_pruned_versions.key_hash is 'SHA-256 of the encoded key: keys may be longer than an index holds.';
call auxeira.protect_private_table('auxeira.ledger_pruned_versions');

create function auxeira.ledger_first_leaf() returns bigint language sql stable
  return (select coalesce(max(p.first_leaf), 0) from auxeira.ledger_prunings p);
comment on function auxeira.ledger_first_leaf() is 'The oldest leaf whose change is kept.';

create function auxeira.ledger_whole_after() returns bigint language sql stable
  return (select coalesce(max(p.whole_after), 0) from auxeira.ledger_prunings p);
comment on function auxeira.ledger_whole_after() is 'Rows whose oldest change has a higher number have their whole history.';

create function auxeira.ledger_leaves(first bigint, next bigint)
  returns table (leaf_index bigint, hash bytea, change_id bigint) language sql stable rows 1000
begin atomic
  select l.leaf_index, substr(p.hashes, 32 * place + 1, 32), null::bigint
  from auxeira.ledger_pruned_leaves p
    cross join lateral generate_series(0, length(p.hashes) / 32 - 1) place
    cross join lateral (select p.first_leaf + place) l (leaf_index)
  where p.first_leaf > first - 256 and p.first_leaf < next and l.leaf_index >= first and l.leaf_index < next
  union all
  select c.leaf_index, substr(c.proof, 17), c.change_id
  from auxeira.ledger_changes c where c.leaf_index >= first and c.leaf_index < next;
end;
comment on function auxeira.ledger_leaves(bigint, bigint) is
  'The leaves of the tree from one up to before another; of changes that were let go the hash alone.';

-- --- The witness -----------------------------------------------------------------------------------------------------

create function auxeira.ledger_witness_heads(latest bigint)
  returns table (block bigint, head text, signature bytea, public_key bytea) language plpgsql volatile rows 1000 as $$
declare
  shape constant text := '^\{"version":1,"head":"auxeira-ledger/1\\u000a([-+/=:. a-zA-Z0-9]|\\u000a)*\\u000ablock [0-9]{1,18}\\u000a'
    '([-+/=:. a-zA-Z0-9]|\\u000a)*","signature":"([0-9a-f]{2})*","publicKey":"([0-9a-f]{2})*"\}$';
begin
  return query
  with lines as (
    -- What is not ASCII is escaped, and then no line of ours.
    select replace(encode(l.line, 'escape'), '\\', '\') as line from auxeira.ledger_witness_lines(latest) l
  ), documents as (
    select case when line ~ shape then line::json end as document from lines
  )
  select substring(d.document ->> 'head' from '\nblock ([0-9]+)\n')::bigint, d.document ->> 'head',
    decode(d.document ->> 'signature', 'hex'), decode(d.document ->> 'publicKey', 'hex')
  from documents d
  where d.document is null or split_part(d.document ->> 'head', e'\n', 2) = (select origin::text from auxeira.ledger_secrets);
end
$$;
comment on function auxeira.ledger_witness_heads(bigint) is
  'The heads of this ledger that the witness file has, in its last so many bytes; NULLs for a line that is no head.';
revoke execute on function auxeira.ledger_witness_heads(bigint) from public;

-- Definer, because the ledger is nobody's to touch.
create function auxeira.ledger_witness() returns bigint
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  known bigint;
  added bigint;
  lines text;
begin
  if coalesce(current_setting('auxeira.ledger_witness_file', true), '') = '' then
    return 0;
  end if;
  lock table auxeira.ledger_blocks in share row exclusive mode;
  select max(w.block) into known from auxeira.ledger_witness_heads(100000) w;
  if known is null then
    select max(w.block) into known from auxeira.ledger_witness_heads(1::bigint << 62) w;
  end if;
  -- A block of this very transaction may yet not come to be.
  select count(*), string_agg(auxeira.ledger_head_json(b.head, b.signature, b.public_key)::text, e'\n' order by b.block) || e'\n'
  into added, lines
  from auxeira.ledger_blocks b where b.block > coalesce(known, 0) and b.sealed_at < now();
  perform auxeira.ledger_witness_add(lines);
  return added;
end
$$;
comment on function auxeira.ledger_witness() is
  'Adds the heads that it does not have yet to the file that auxeira.ledger_witness_file names, and says how many. '
  'auxeira.ledger_seal() does so before it seals: once more after it, and the witness has the newest, too.';
revoke execute on function auxeira.ledger_witness() from public;

-- --- Moving changes -----------------------------------------------------------------------------------------------

create function auxeira.move_changes(first_leaf bigint, most integer, sealed_on smallint, out leaves bigint, out hashes bytea)
  language sql volatile
begin atomic
  with taken as (
    -- What is visible is committed. What commits later comes with the next block.
    select o.ctid from auxeira.ledger_open o order by o.change_id limit most
  ), moved as (
    delete from auxeira.ledger_open o using taken t where o.ctid = t.ctid returning o.*
  ), sealed as (
    insert into auxeira.ledger_changes
    select first_leaf + row_number() over (order by m.change_id) - 1, m.*, sealed_on from moved m
    returning leaf_index, proof
  )
  select count(*), string_agg(substr(s.proof, 17), '' order by s.leaf_index) from sealed s;
end;
comment on function auxeira.move_changes(bigint, integer, smallint) is 'Moves open changes to the sealed ones, and gives their leaves.';
revoke execute on function auxeira.move_changes(bigint, integer, smallint) from public;

create function auxeira.seal_changes(most integer, moment timestamptz) returns bigint language plpgsql volatile as $$
declare
  before auxeira.ledger_blocks;
  moved record;
  tree record;
  signed record;
  at timestamptz;
  today date;
  life bigint;
begin
  lock table auxeira.ledger_blocks in share row exclusive mode;
  perform auxeira.ledger_witness();
  select * into before from auxeira.ledger_blocks order by block desc limit 1;
  -- Known only now that nobody else seals; and clocks are set back at times.
  at := greatest(coalesce(moment, clock_timestamp()), before.sealed_at);
  today := (at at time zone 'UTC')::date;
  call auxeira.add_ledger_partition(today);
  select * into moved from auxeira.move_changes(coalesce(before.tree_size, 0), most, auxeira.ledger_day(today));
  if moved.leaves = 0 then
    return null;
  end if;
  life := auxeira.ledger_incarnation();
  -- The witness must never know a block that a crash takes back.
  if current_setting('synchronous_commit') = 'off' then
    set local synchronous_commit = local;
  end if;
  select * into tree from auxeira.ledger_append(coalesce(before.tree_size, 0), coalesce(before.frontier, ''), moved.hashes);
  insert into auxeira.ledger_nodes select * from unnest(tree.levels, tree.nodes, tree.hashes);
  select * into signed from auxeira.ledger_sign((select origin::text from auxeira.ledger_secrets), tree.tree_size, tree.root,
    coalesce(before.block, 0) + 1, coalesce(sha256(convert_to(before.head, 'UTF8')), decode(repeat('00', 32), 'hex')), life, at);
  insert into auxeira.ledger_blocks (block, tree_size, leaves, root, frontier, incarnation, sealed_at, head, signature, public_key)
  values (coalesce(before.block, 0) + 1, tree.tree_size, moved.leaves, tree.root, tree.new_frontier, life, at, signed.head,
    signed.signature, signed.public_key);
  notify auxeira_ledger;
  return coalesce(before.block, 0) + 1;
end
$$;
comment on function auxeira.seal_changes(integer, timestamptz) is
  'What auxeira.ledger_seal() does. moment: when it was done; NULL for now.';
revoke execute on function auxeira.seal_changes(integer, timestamptz) from public;

-- Definer, because the ledger is nobody's to touch.
create function auxeira.ledger_seal(most integer default 500000) returns bigint
  language sql volatile security definer set search_path = pg_catalog, pg_temp
begin atomic
  select auxeira.seal_changes(most, null);
end;
comment on function auxeira.ledger_seal(integer) is
  'Seals what has been committed, at most so many changes, as one block, and gives its number; NULL when there is nothing. '
  'Two at a time wait for each other. Writers do not. Error 22023: auxeira.ledger_key_file names no key.';
revoke execute on function auxeira.ledger_seal(integer) from public;

reset role;
