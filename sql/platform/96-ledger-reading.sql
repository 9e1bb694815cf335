-- The ledger: what rows were, by whom they were changed, and whether all of it is true.
set local role auxeira_owner;

-- --- Versions ----------------------------------------------------------------------------------------------------------

create view auxeira.ledger_all with (security_invoker = true) as
  select change_id, xid, at, actor_id, table_id, operation, org_id, key, difference, proof, request_id, trace_id, reason,
    coalesce(position, change_id << 16) as place, null::bigint as leaf_index, null::smallint as sealed_on
  from auxeira.ledger_open
  union all
  select change_id, xid, at, actor_id, table_id, operation, org_id, key, difference, proof, request_id, trace_id, reason,
    coalesce(position, change_id << 16), leaf_index, sealed_on
  from auxeira.ledger_changes;
comment on view auxeira.ledger_all is 'All changes, open and sealed. place, then change_id: their order in a row.';

create view auxeira.ledger_version_rows with (security_invoker = true) as
  select c.table_id, c.key, c.leaf_index, c.change_id, c.place,
    row(c.change_id, c.xid, c.at, t.label, c.operation, c.key, a.org_id, a.user_id, a.session_id, a.role, a.login, host(a.address),
        c.request_id, c.trace_id, c.reason, c.difference, nullif(substr(c.proof, 1, 16), '\x00000000000000000000000000000000'),
        substr(c.proof, 17))::auxeira.ledger_version as version,
    c.org_id
  from auxeira.ledger_all c
    join auxeira.ledger_tables t using (table_id)
    left join auxeira.ledger_actors a using (actor_id);
comment on view auxeira.ledger_version_rows is 'All changes with what their leaves are of.';

create function auxeira.ledger_rows_of(of_table integer)
  returns table (key bytea, live bytea, versions auxeira.ledger_version[]) language sql stable rows 1000
begin atomic
  select coalesce(l.key, v.key), l.encoded, v.versions
  from (select l.* from auxeira.ledger_tables t
          cross join lateral auxeira.ledger_live(t.relation, t.key_columns, t.secret_columns, t.exempt_column) l
        where t.table_id = of_table and t.disabled_at is null
          and exists (select from pg_class c where c.oid = t.relation)) l
    full join (select r.key, array_agg(r.version order by r.place desc, r.change_id desc) as versions
               from auxeira.ledger_version_rows r where r.table_id = of_table group by r.key) v on v.key = l.key;
end;
comment on function auxeira.ledger_rows_of(integer) is 'Every row that a table has or had, with its changes, newest first.';
revoke execute on function auxeira.ledger_rows_of(integer) from public;

-- --- Which row, of which table -----------------------------------------------------------------------------------------

create function auxeira.tracked_table(target regclass) returns auxeira.ledger_tables language plpgsql stable as $$
declare
  entry auxeira.ledger_tables;
begin
  select * into entry from auxeira.ledger_tables t where t.relation = target and t.disabled_at is null;
  if entry.table_id is null then
    raise exception using errcode = '55000', message = format('table %s has no history', target),
      hint = 'auxeira.enable_history() gives it one.';
  end if;
  return entry;
end
$$;
comment on function auxeira.tracked_table(regclass) is 'What the ledger knows of a table. Error 55000: it has no history.';
revoke execute on function auxeira.tracked_table(regclass) from public;

-- A table whose history ended and began again has had several. What its key was then is not asked for by today's.
create function auxeira.eras_of(target regclass, key_columns text[]) returns setof auxeira.ledger_tables language sql stable
begin atomic
  select t.* from auxeira.ledger_tables t
  where t.relation = target and (select array_agg(name order by name) from unnest(t.key_columns) name)
    = (select array_agg(name order by name) from unnest(eras_of.key_columns) name)
  order by t.table_id;
end;
comment on function auxeira.eras_of(regclass, text[]) is 'The times in which a table had history, by this key, oldest first.';
revoke execute on function auxeira.eras_of(regclass, text[]) from public;

create function auxeira.newest_era(target regclass) returns auxeira.ledger_tables language plpgsql stable as $$
declare
  entry auxeira.ledger_tables;
begin
  select * into entry from auxeira.ledger_tables t where t.relation = target order by t.table_id desc limit 1;
  if entry.table_id is null then
    return auxeira.tracked_table(target);
  end if;
  return entry;
end
$$;
comment on function auxeira.newest_era(regclass) is
  'What the ledger knows of a table that has history, or had it last. Error 55000: it never had any.';
revoke execute on function auxeira.newest_era(regclass) from public;

create function auxeira.key_object(key_columns text[], key jsonb) returns jsonb language plpgsql immutable as $$
declare
  object constant jsonb := case when jsonb_typeof(key) = 'object' or cardinality(key_columns) > 1 then key
                                else jsonb_build_object(key_columns[1], key) end;
begin
  if jsonb_typeof(object) <> 'object' or jsonb_path_exists(object, '$.* ? (@ == null)')
     or array(select jsonb_object_keys(object) order by 1) <> array(select unnest(key_columns) order by 1) then
    raise exception using errcode = '22023', message = 'this is not a key of the table',
      detail = format('The key columns are %s.', array_to_string(key_columns, ', ')),
      hint = 'Give an object with each of them, such as {"id": 1}; of a single one the value alone will do.';
  end if;
  return object;
end
$$;
comment on function auxeira.key_object(text[], jsonb) is
  'A key as an object with all key columns. Error 22023: it lacks one, or has another.';

create function auxeira.key_texts(key_columns text[], key jsonb) returns text[] language sql immutable
  return array(select auxeira.key_object(key_columns, key) ->> c.name
               from unnest(key_columns) with ordinality c (name, place) order by c.place);
comment on function auxeira.key_texts(text[], jsonb) is 'The values of a key as texts, in the order of the columns.';

create function auxeira.key_of_row(target regclass, encoded bytea) returns jsonb language sql stable
begin atomic
  select jsonb_object_agg(name, auxeira.ledger_row_object(target, encoded) -> name) from unnest(auxeira.key_columns_of(target)) name;
end;
comment on function auxeira.key_of_row(regclass, bytea) is 'The key of an encoded row.';

-- --- What auxeira.ledger_history() and auxeira.ledger_past() read ----------------------------------------------------------

create index ledger_blocks_tree_size on auxeira.ledger_blocks (tree_size);

-- Where somebody was when they made a change is shown to their own organization, and to whom nothing is hidden.
create function auxeira.states_of(live bytea, versions auxeira.ledger_version[], leaves bigint[], versions_before bigint,
  is_unlimited boolean) returns setof auxeira.ledger_state language sql stable rows 10
begin atomic
  select w.encoded, w.earlier, versions_before + cardinality(versions) - f.place + 1, f.change_id, f.xid, f.at, f.operation, f.user_id,
    f.org_id, case when t.tells_all then f.session_id end, case when t.tells_all then f.role end,
    case when t.tells_all then f.login end, case when t.tells_all then f.address::inet end,
    case when t.tells_all then f.request_id end, case when t.tells_all then f.trace_id end,
    f.reason, w.standing, w.is_known, w.was_known,
    (select b.block from auxeira.ledger_blocks b where b.tree_size > f.leaf_index order by b.tree_size limit 1)
  from auxeira.ledger_walk(live, versions) w
    join unnest(versions, leaves) with ordinality f (change_id, xid, at, label, operation, key, org_id, user_id, session_id, role,
      login, address, request_id, trace_id, reason, difference, salt, leaf, leaf_index, place) on f.change_id = w.change_id
    cross join lateral (select is_unlimited or f.org_id = auxeira.org_id()) t (tells_all)
  order by f.place desc;
end;
comment on function auxeira.states_of(bytea, auxeira.ledger_version[], bigint[], bigint, boolean) is
  'The changes of a row in one era, oldest first, with the row after and before each, and who made it. versions: newest first; '
  'versions_before: how many the row had before, in earlier eras and of those that were pruned.';
revoke execute on function auxeira.states_of(bytea, auxeira.ledger_version[], bigint[], bigint, boolean) from public;

create function auxeira.versions_of(of_table integer, key bytea, out versions auxeira.ledger_version[], out leaves bigint[])
  language sql stable
begin atomic
  select array_agg(r.version order by r.place desc, r.change_id desc),
    array_agg(r.leaf_index order by r.place desc, r.change_id desc)
  from auxeira.ledger_version_rows r
  where r.table_id = of_table and r.key = versions_of.key
    and auxeira.ledger_row_hash(r.table_id, r.key) = auxeira.ledger_row_hash(of_table, versions_of.key);
end;
comment on function auxeira.versions_of(integer, bytea) is 'The changes of a row in one era and their leaves, newest first.';
revoke execute on function auxeira.versions_of(integer, bytea) from public;

create function auxeira.pruned_versions(of_table integer, key bytea) returns bigint language sql stable
  return coalesce((select p.versions from auxeira.ledger_pruned_versions p
                   where p.table_id = of_table and p.key_hash = sha256(pruned_versions.key)), 0);
comment on function auxeira.pruned_versions(integer, bytea) is 'How many changes of a row in one era were pruned.';
revoke execute on function auxeira.pruned_versions(integer, bytea) from public;

create function auxeira.history_source(target regclass, key jsonb, is_unlimited boolean)
  returns setof auxeira.ledger_state language plpgsql stable rows 10 as $$
declare
  newest constant auxeira.ledger_tables := auxeira.newest_era(target);
  live record;
  entry auxeira.ledger_tables;
  found_in record;
  before bigint := 0;
begin
  select * into live from auxeira.ledger_live_row(
    target, newest.key_columns, newest.secret_columns, newest.exempt_column, auxeira.key_texts(newest.key_columns, key));
  for entry in select * from auxeira.eras_of(target, newest.key_columns) loop
    before := before + auxeira.pruned_versions(entry.table_id, live.key_encoded);
    select * into found_in from auxeira.versions_of(entry.table_id, live.key_encoded);
    return query select * from auxeira.states_of(case when entry.disabled_at is null then live.encoded end, found_in.versions,
                                                 found_in.leaves, before, is_unlimited);
    before := before + coalesce(cardinality(found_in.versions), 0);
  end loop;
end
$$;
comment on function auxeira.history_source(regclass, jsonb, boolean) is 'The changes of the row with a key.';
revoke execute on function auxeira.history_source(regclass, jsonb, boolean) from public;

-- Open changes have no index, and are read once whatever is asked of them; of sealed ones those of each key are looked up.
create function auxeira.versions_of_transaction(of_table integer, transaction xid8)
  returns table (key bytea, versions auxeira.ledger_version[], leaves bigint[]) language sql stable rows 1000
begin atomic
  with keys as materialized (
    select distinct c.key from auxeira.ledger_all c where auxeira.xid_number(c.xid) = auxeira.xid_number(transaction) and c.table_id = of_table
  ), changes as (
    select r.key, r.change_id, r.place, r.version, r.leaf_index from auxeira.ledger_version_rows r
    where r.leaf_index is null and r.table_id = of_table and (r.key in (select k.key from keys k)) is true
    union all
    select r.key, r.change_id, r.place, r.version, r.leaf_index
    from keys k join auxeira.ledger_version_rows r
      on r.key = k.key and auxeira.ledger_row_hash(r.table_id, r.key) = auxeira.ledger_row_hash(of_table, k.key)
    where r.leaf_index is not null and r.table_id = of_table
  )
  select c.key, array_agg(c.version order by c.place desc, c.change_id desc),
    array_agg(c.leaf_index order by c.place desc, c.change_id desc)
  from changes c group by c.key;
end;
comment on function auxeira.versions_of_transaction(integer, xid8) is
  'The changes of each row that a transaction changed, newest first.';
revoke execute on function auxeira.versions_of_transaction(integer, xid8) from public;

create function auxeira.transaction_source(target regclass, transaction xid8, is_unlimited boolean)
  returns setof auxeira.ledger_state language plpgsql stable rows 1000 as $$
declare
  entry constant auxeira.ledger_tables := auxeira.tracked_table(target);
begin
  return query
    with changed as materialized (
      select v.* from auxeira.versions_of_transaction(entry.table_id, transaction) v
    )
    select s.*
    from changed v
      left join auxeira.ledger_live_rows(entry.relation, entry.key_columns, entry.secret_columns, entry.exempt_column,
        (select array_agg(c.key) from changed c)) l on l.key = v.key
      cross join lateral auxeira.states_of(l.encoded, v.versions, v.leaves, 0, is_unlimited) s;
end
$$;
comment on function auxeira.transaction_source(regclass, xid8, boolean) is
  'The changes of the rows of a table that a transaction changed.';
revoke execute on function auxeira.transaction_source(regclass, xid8, boolean) from public;

-- Of the changes of a row none is undone before those that came after it, whatever the time of its transaction.
create function auxeira.era_at(target regclass, moment timestamptz) returns auxeira.ledger_tables language plpgsql stable as $$
declare
  newest constant auxeira.ledger_tables := auxeira.newest_era(target);
  pruned_until constant timestamptz := (select max(p.sealed_until) from auxeira.ledger_prunings p);
  entry auxeira.ledger_tables;
begin
  select * into entry from auxeira.eras_of(target, newest.key_columns) t
  where t.enabled_at <= moment and (t.disabled_at is null or t.disabled_at > moment) order by t.table_id desc limit 1;
  if moment < pruned_until or entry.table_id is null then
    raise exception using errcode = '22023', message = format('there is no history of %s at that time', target),
      detail = case when moment < pruned_until then format('What was sealed until %s was pruned.', pruned_until)
                    else format('It had history %s.', (select string_agg(format('from %s %s', t.enabled_at,
                      coalesce('to ' || t.disabled_at, 'on')), ', ' order by t.table_id) from auxeira.eras_of(target, newest.key_columns) t)) end,
      hint = 'Ask for another time.';
  end if;
  return entry;
end
$$;
comment on function auxeira.era_at(regclass, timestamptz) is
  'What the ledger knows of a table at a time. Error 22023: it had no history then, or what there was has been pruned.';
revoke execute on function auxeira.era_at(regclass, timestamptz) from public;

create function auxeira.past_source(target regclass, moment timestamptz, is_unlimited boolean)
  returns table (encoded bytea, earlier bytea, is_known boolean) language plpgsql stable rows 1000 as $$
declare
  entry constant auxeira.ledger_tables := auxeira.era_at(target, moment);
  since bigint;
begin
  select min(a.change_id) into since from auxeira.ledger_all a
  where a.table_id = entry.table_id and a.at > moment
    and (a.sealed_on is null or a.sealed_on >= auxeira.ledger_day((least(moment, now()) - interval '1 day')::date));
  return query
  with later as (
    select r.key, r.change_id, r.place, r.version,
      min(r.place) filter (where (r.version).at > moment) over (partition by r.key) as first
    from auxeira.ledger_version_rows r where r.table_id = entry.table_id and r.change_id >= since
  ), changed as (
    select l.key, (array_agg(l.change_id order by l.place, l.change_id))[1] as oldest,
      array_agg(l.version order by l.place desc, l.change_id desc) as versions
    from later l where l.place >= l.first group by l.key
  ), live as (
    select l.* from auxeira.ledger_live(target, entry.key_columns, entry.secret_columns, entry.exempt_column) l
    where entry.disabled_at is null
  )
  select case when c.key is null then l.encoded else w.earlier end, null::bytea, c.key is null or w.was_known
  from live l full join changed c on c.key = l.key
    left join lateral (select v.earlier, v.was_known from auxeira.ledger_walk(l.encoded, c.versions) v
                       where v.change_id = c.oldest) w on c.key is not null
  where case when c.key is null then l.encoded else w.earlier end is not null;
end
$$;
comment on function auxeira.past_source(regclass, timestamptz, boolean) is 'The rows of a table at a time.';
revoke execute on function auxeira.past_source(regclass, timestamptz, boolean) from public;

-- --- History -----------------------------------------------------------------------------------------------------------------

create function auxeira.readable_columns(target regclass) returns text[] language sql stable
  return array(select a.attname::text from pg_attribute a
               where a.attrelid = target and a.attnum > 0 and not a.attisdropped
                 and has_column_privilege(target, a.attnum, 'select'));
comment on function auxeira.readable_columns(regclass) is 'The columns of a table that the caller may read.';

create function auxeira.past_row_json(target regclass, encoded bytea, readable text[]) returns jsonb language sql stable
  return (select jsonb_object_agg(coalesce(t.key, r.key), coalesce(nullif(t.value, 'null'), r.value, 'null'))
          from (select e.* from jsonb_each(auxeira.ledger_row_object(target, encoded)) e where e.key = any (readable)) t
            full join jsonb_each(auxeira.ledger_row_json(encoded)) r on r.key = t.key
          where encoded is not null);
comment on function auxeira.past_row_json(regclass, bytea, text[]) is
  'An encoded row as an object with the columns that its table has now, where they are readable, and those it had; of secret '
  'ones the digest.';

create function auxeira.changed_columns(before jsonb, after jsonb) returns jsonb language sql immutable
  return (select jsonb_object_agg(coalesce(b.key, a.key), jsonb_build_object('from', b.value, 'to', a.value))
          from jsonb_each(before) b full join jsonb_each(after) a on a.key = b.key
          where before is not null and after is not null and b.value::text is distinct from a.value::text
            and coalesce(nullif(a.value, 'null'), nullif(b.value, 'null')) is not null);
comment on function auxeira.changed_columns(jsonb, jsonb) is
  'The columns that differ, each with what it was and is; NULL when none does or there is one row only.';

create function auxeira.history(target regclass, key jsonb)
  returns table (version bigint, change_id bigint, xid xid8, at timestamptz, operation "char", user_id uuid, org_id uuid,
    session_id uuid, role text, login text, address inet, request_id text, trace_id text, reason text, "row" jsonb,
    changed jsonb, standing text, block bigint) language sql stable rows 10
begin atomic
  select h.version, h.change_id, h.xid, h.at, h.operation, h.user_id, h.org_id, h.session_id, h.role, h.login, h.address,
    h.request_id, h.trace_id, h.reason, s.after, auxeira.changed_columns(s.before, s.after), h.standing, h.block
  from auxeira.readable_columns(target) c, auxeira.ledger_history(target, key) h
    cross join lateral (select auxeira.past_row_json(target, h.encoded, c) as after,
                               auxeira.past_row_json(target, h.earlier, c) as before) s
  order by h.version;
end;
comment on function auxeira.history(regclass, jsonb) is
  'The versions of the row with a key ({"id": 1}; a single column also as its value), oldest first: who made each change, when, '
  'in which transaction and why, the row after it (NULL: it was deleted) and the columns it changed. standing: proven, '
  'altered or erased; block: what sealed it, NULL before. When history ended and began again, versions go on, and they keep their '
  'numbers when older ones are pruned. Only versions that the policies of today show the caller, with '
  'the columns they may read; where a change came from (session, roles, address, request) only to the organization that '
  'made it. Errors: 55000 the table has no history, 22023 it has another key, 42501.';

create function auxeira.as_of(base anyelement, moment timestamptz) returns setof anyelement language sql stable rows 1000 as $$
  select auxeira.ledger_row(base, p.encoded)
  from auxeira.ledger_past((select t.typrelid::regclass from pg_type t where t.oid = pg_typeof(base) and t.typrelid <> 0),
                           moment) p
$$;
comment on function auxeira.as_of(anyelement, timestamptz) is
  'The rows of a table at a time: select * from auxeira.as_of(null::auxeira.sse_scores, ''2026-01-01''). A change counts from '
  'when its transaction began, and not before changes of the same row that it came after. Secret columns and erased values '
  'are NULL. Only rows that the policies of today show the caller, with the columns they may read. Errors: 55000 the table '
  'has no history, 22023 its history begins later, 42501.';

create function auxeira.refuse_version(version bigint, oldest bigint) returns void language plpgsql immutable as $$
begin
  if version between 1 and oldest - 1 then
    raise exception using errcode = 'P0002', message = format('version %s of the row is not kept', version),
      detail = format('The oldest that you can see is version %s: those before it were pruned, or are hidden from you.', oldest),
      hint = 'auxeira.history() lists the versions.';
  end if;
  raise exception using errcode = 'P0002', message = format('there is no version %s of the row', version),
    hint = 'auxeira.history() lists the versions.';
end
$$;
comment on function auxeira.refuse_version(bigint, bigint) is 'Says why there is no such version. Error P0002.';

create function auxeira.state_of_version(target regclass, key jsonb, version bigint, out encoded bytea, out is_known boolean)
  language plpgsql stable as $$
begin
  select h.encoded, h.is_known into encoded, is_known
  from auxeira.ledger_history(target, key) h where h.version = state_of_version.version;
  if not found then
    perform auxeira.refuse_version(version, (select min(h.version) from auxeira.ledger_history(target, key) h));
  end if;
end
$$;
comment on function auxeira.state_of_version(regclass, jsonb, bigint) is
  'A version of a row. Error P0002: there is none, or it was pruned.';

create function auxeira.diff(target regclass, key jsonb, version_1 bigint, version_2 bigint)
  returns table (column_name text, "from" jsonb, "to" jsonb) language sql stable rows 10
begin atomic
  with versions as (
    select auxeira.past_row_json(target, one.encoded, c) as one, auxeira.past_row_json(target, two.encoded, c) as two
    from auxeira.state_of_version(target, key, version_1) one, auxeira.state_of_version(target, key, version_2) two,
      auxeira.readable_columns(target) c
  )
  select n.name, nullif(v.one -> n.name, 'null'), nullif(v.two -> n.name, 'null')
  from versions v, jsonb_object_keys(coalesce(v.one, '{}') || coalesce(v.two, '{}')) n (name)
  where nullif(v.one -> n.name, 'null')::text is distinct from nullif(v.two -> n.name, 'null')::text
  order by n.name;
end;
comment on function auxeira.diff(regclass, jsonb, bigint, bigint) is
  'The columns in which two versions of a row differ, with their values; NULL where there is none. Shows what '
  'auxeira.history() does. Error P0002: there is no such version, or it was pruned.';

reset role;
