-- The ledger: going back, by new changes.
set local role auxeira_owner;

-- --- Going back ----------------------------------------------------------------------------------------------------------------

create function auxeira.set_reason(reason text) returns void language sql volatile
begin atomic
  select set_config('auxeira.reason', coalesce(reason, ''), true);
end;
comment on function auxeira.set_reason(text) is 'Says why the changes of this transaction are made; the ledger keeps it with each.';

create function auxeira.settable_columns(target regclass) returns text[] language sql stable
  return array(select a.attname::text from pg_attribute a
               where a.attrelid = target and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                 and has_column_privilege(target, a.attnum, 'select')
                 and not exists (select from pg_trigger t
                                 where t.tgrelid = target and t.tgname = 'auxeira_history_insert'
                                   and position(convert_to('secret ' || a.attname, 'UTF8') || '\x00' in t.tgargs) > 0));
comment on function auxeira.settable_columns(regclass) is
  'The columns that going back to a version can set: neither secret nor generated, and readable.';

create function auxeira.row_condition(target regclass, key_columns text[]) returns text language sql stable
  return (select string_agg(format('t.%1$I = (jsonb_populate_record(null::%2$s, $2)).%1$I', name, target), ' and ')
          from unnest(key_columns) name);
comment on function auxeira.row_condition(regclass, text[]) is 'The condition that a row t has the key in parameter 2.';

create function auxeira.differing_columns(target regclass, encoded_1 bytea, encoded_2 bytea) returns text[]
  language sql stable
begin atomic
  select coalesce(array_agg(name order by name), '{}')
  from auxeira.settable_columns(target) c, unnest(c) name, auxeira.past_row_json(target, encoded_1, c) a,
    auxeira.past_row_json(target, encoded_2, c) b
  where (a -> name)::text is distinct from (b -> name)::text;
end;
comment on function auxeira.differing_columns(regclass, bytea, bytea) is
  'The columns that can be set in which two encoded rows differ.';

create function auxeira.check_fit(target regclass, encoded bytea) returns void language plpgsql stable as $$
declare
  unfit constant text := (
    select string_agg(name, ', ' order by name) from unnest(auxeira.ledger_unfit(target, encoded)) name
    where name = any (auxeira.settable_columns(target)));
begin
  if unfit is not null then
    raise exception using errcode = '22023', message = 'the row does not fit its table any more',
      detail = format('Its values of %s are not of the types that the columns have now, or were erased.', unfit),
      hint = 'Read the version with auxeira.history(), and write what is wanted of it.';
  end if;
end
$$;
comment on function auxeira.check_fit(regclass, bytea) is
  'Error 22023: a value of the encoded row is none of the type that its column has now.';

create function auxeira.lock_row(target regclass, key jsonb) returns void language plpgsql volatile as $$
begin
  if has_any_column_privilege(target, 'update') then
    execute format('select from %s t where %s for update', target,
                   auxeira.row_condition(target, auxeira.key_columns_of(target))) using null::bytea, key;
  end if;
end
$$;
comment on function auxeira.lock_row(regclass, jsonb) is 'Keeps others from changing a row, where the caller could.';

-- Ordinary statements of the caller: their rights, policies, constraints and triggers hold.
create function auxeira.restore_row(target regclass, key jsonb, current bytea, wanted bytea) returns boolean
  language plpgsql volatile as $$
declare
  condition constant text := auxeira.row_condition(target, auxeira.key_columns_of(target));
  settable constant text[] := case when current is null or wanted is null then auxeira.settable_columns(target)
                                   else auxeira.differing_columns(target, current, wanted) end;
  names constant text := (select string_agg(quote_ident(name), ', ') from unnest(settable) name);
  done bigint;
begin
  if current is not distinct from wanted or (wanted is not null and names is null) then
    return false;
  end if;
  perform auxeira.check_fit(target, wanted) where wanted is not null;
  execute case
    when wanted is null then format('delete from %s t where %s', target, condition)
    when current is null then format('insert into %1$s (%2$s) overriding system value
                                      select %2$s from auxeira.ledger_row(null::%1$s, $1) r', target, names)
    else format('update %1$s t set (%2$s) = (select %2$s from auxeira.ledger_row(null::%1$s, $1) r) where %3$s',
                target, names, condition) end
    using wanted, key;
  get diagnostics done = row_count;
  if done = 0 then
    raise exception using errcode = '42501', message = 'the row cannot be changed',
      detail = format('The policies of %s do not let you change it as it is, or it is gone.', target),
      hint = 'Ask somebody who may change it.';
  end if;
  return true;
end
$$;
comment on function auxeira.restore_row(regclass, jsonb, bytea, bytea) is
  'Makes a row what it was (wanted; NULL: there was none), where it is something else now (current). Whether it was.';

create function auxeira.give_reason(reason text) returns text language sql volatile
begin atomic
  select set_config('auxeira.reason', coalesce(nullif(current_setting('auxeira.reason', true), ''), reason), true);
end;
comment on function auxeira.give_reason(text) is 'Says why changes are made, unless that was said already.';

create function auxeira.revert(target regclass, key jsonb, version bigint) returns boolean language plpgsql volatile as $$
declare
  said constant text := coalesce(current_setting('auxeira.reason', true), '');
  row_key constant jsonb := auxeira.key_object(auxeira.key_columns_of(target), key);
  wanted record;
  current record;
  changed boolean;
begin
  perform auxeira.lock_row(target, row_key);
  select * into wanted from auxeira.state_of_version(target, row_key, version);
  if not wanted.is_known then
    raise exception using errcode = '22023', message = format('a part of version %s was erased', version),
      hint = 'auxeira.history() shows what is left of it.';
  end if;
  select h.encoded, h.operation into current from auxeira.ledger_history(target, row_key) h order by h.version desc limit 1;
  if current.operation = 'X' then
    raise exception using errcode = '55000', message = format('the history of %s has ended', target),
      hint = 'auxeira.enable_history() begins it again.';
  end if;
  perform auxeira.give_reason(format('revert to version %s', version));
  changed := auxeira.restore_row(target, row_key, current.encoded, wanted.encoded);
  perform auxeira.set_reason(said);
  return changed;
end
$$;
comment on function auxeira.revert(regclass, jsonb, bigint) is
  'Makes the row with a key what it was at a version, by a new change of the caller; false when it is that already. Secret and '
  'generated columns stay as they are. Errors: P0002 there is no such version, or it was pruned, 22023 a part of it was erased or does not fit '
  'the table any more, 55000 its history has ended, 42501, and those of the statement itself.';

-- --- Going back on a transaction -----------------------------------------------------------------------------------------------

create function auxeira.changes_of_transaction(transaction xid8) returns table (relation regclass, change_id bigint)
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select t.relation, c.change_id
  from auxeira.ledger_all c join auxeira.ledger_tables t using (table_id)
  where auxeira.xid_number(c.xid) = auxeira.xid_number(transaction) and t.disabled_at is null and c.operation in ('I', 'U', 'D', 'T')
  order by c.change_id desc;
end;
comment on function auxeira.changes_of_transaction(xid8) is
  'The changes that a transaction made, newest first. Definer, because the ledger is nobody''s to read; it says of what '
  'tables they were, and no more.';
revoke execute on function auxeira.changes_of_transaction(xid8) from public;

create function auxeira.revertible_changes(transaction xid8)
  returns table (relation regclass, change_id bigint, key bytea, encoded bytea, earlier bytea, was_known boolean,
    is_latest boolean, turn bigint, version bigint) language plpgsql stable as $$
declare
  target record;
  seen bigint;
begin
  for target in
    select c.relation, count(*) as changes, auxeira.key_columns_of(c.relation) as key_columns
    from auxeira.changes_of_transaction(transaction) c group by c.relation
  loop
    return query
      with states as (
        select h.*, auxeira.ledger_key_of(coalesce(h.encoded, h.earlier), target.key_columns) as key
        from auxeira.ledger_history_of_transaction(target.relation, transaction) h
      ), judged as (
        select s.*, max(s.change_id) filter (where s.xid <> transaction and s.operation not in ('E', 'C')) over (partition by s.key)
          as by_others
        from states s
      )
      select target.relation, j.change_id, j.key, j.encoded, j.earlier, j.was_known, coalesce(j.by_others < j.change_id, true),
        max(j.change_id) over (partition by j.key order by j.version), j.version
      from judged j where j.xid = transaction and j.operation in ('I', 'U', 'D', 'T');
    get diagnostics seen = row_count;
    if seen < target.changes or not target.key_columns <@ auxeira.readable_columns(target.relation) then
      raise exception using errcode = '42501', message = 'a row that the transaction changed is hidden from you',
        detail = format('It is a row of %s.', target.relation), hint = 'Ask somebody who may see all of them.';
    end if;
  end loop;
end
$$;
comment on function auxeira.revertible_changes(xid8) is
  'The changes of a transaction with the rows after and before each. is_latest: no other changed the row since; '
  'turn, then version: their order. '
  'Error 42501: one of them is hidden from the caller.';

create function auxeira.check_revertible(transaction xid8, changes bigint, known boolean, newer text) returns void
  language plpgsql immutable as $$
begin
  if changes = 0 then
    raise exception using errcode = 'P0002', message = format('transaction %s made no change that has history', transaction);
  elsif newer is not null then
    raise exception using errcode = '40001', message = 'rows that the transaction changed were changed since',
      detail = format('These were: %s.', left(newer, 2000)),
      hint = 'Revert what came later first, or single rows with auxeira.revert().';
  elsif not known then
    raise exception using errcode = '22023', message = 'a part of what the transaction changed was erased',
      hint = 'Revert single rows with auxeira.revert().';
  end if;
end
$$;
comment on function auxeira.check_revertible(xid8, bigint, boolean, text) is
  'Errors: P0002 there are no changes of the transaction, 40001 rows changed since (newer), 22023 a part was erased.';

create function auxeira.rows_by_key(target regclass) returns text language sql stable
  return format('unnest($1) e (encoded), auxeira.ledger_row(null::%s, e.encoded) k', target);
comment on function auxeira.rows_by_key(regclass) is 'A FROM clause: the rows k that are encoded in parameter 1.';

create function auxeira.key_condition(target regclass) returns text language sql stable
  return (select string_agg(format('t.%1$I = k.%1$I', name), ' and ') from unnest(auxeira.key_columns_of(target)) name);
comment on function auxeira.key_condition(regclass) is 'The condition that a row t has the key of a row k.';

create function auxeira.lock_rows(transaction xid8) returns void language plpgsql volatile as $$
declare
  target record;
begin
  for target in
    select c.relation, array_agg(distinct c.key) as keys from auxeira.revertible_changes(transaction) c group by c.relation
  loop
    if has_any_column_privilege(target.relation, 'update') then
      execute format('select from %s t, %s where %s for update of t', target.relation, auxeira.rows_by_key(target.relation),
                     auxeira.key_condition(target.relation)) using target.keys;
    end if;
  end loop;
end
$$;
comment on function auxeira.lock_rows(xid8) is 'Keeps others from changing the rows that a transaction changed, where the caller could.';

-- Changes of one row one after the other, and of many rows at a time.
create function auxeira.steps_back(transaction xid8)
  returns table (relation regclass, verb text, columns text[], rows bytea[]) language sql volatile rows 1000
begin atomic
  with changes as materialized (
    select c.* from auxeira.revertible_changes(transaction) c
  ), checked as materialized (
    select auxeira.check_revertible(transaction, count(*), bool_and(c.was_known),
      string_agg(distinct format('%s %s', c.relation, auxeira.key_of_row(c.relation, c.key)), ', ') filter (where not c.is_latest))
    from changes c
  ), settable as materialized (
    select r.relation, auxeira.settable_columns(r.relation) as columns from (select distinct c.relation from changes c) r
  ), steps as (
    select c.relation, coalesce(c.earlier, c.encoded) as encoded, c.turn,
      case when c.earlier is null then 'delete' when c.encoded is null then 'insert' else 'update' end as verb,
      case when c.earlier is null then null when c.encoded is null then s.columns
        else array(select d.name from unnest(auxeira.ledger_differing(c.encoded, c.earlier)) d (name) where d.name = any (s.columns)) end
        as columns,
      row_number() over (partition by c.relation, c.key order by c.turn desc, c.version desc) as depth
    from changes c join settable s using (relation)
  ), parts as (
    select s.*, row_number() over (partition by s.relation, s.verb, s.columns, s.depth order by s.turn desc) / 10000 as part from steps s
  ), ready as (
    select p.relation, p.verb, p.columns, array_agg(p.encoded order by p.turn desc) as rows, p.depth, max(p.turn) as turn
    from parts p group by p.relation, p.verb, p.columns, p.depth, p.part
  )
  -- The checks come first, whether there is anything to do or not.
  select r.relation, r.verb, r.columns, r.rows
  from checked left join ready r on true
  where r.verb <> 'update' or cardinality(r.columns) > 0
  order by r.depth, r.turn desc;
end;
comment on function auxeira.steps_back(xid8) is
  'What undoes a transaction, many rows at a time: verb (insert, update, delete), the columns that are set, and the rows as they '
  'shall be, or are, encoded. Errors: those of auxeira.check_revertible().';

create function auxeira.restore_rows(target regclass, verb text, columns text[], encoded bytea[]) returns bigint
  language plpgsql volatile as $$
declare
  source constant text := auxeira.rows_by_key(target);
  condition constant text := auxeira.key_condition(target);
  settable constant text[] := auxeira.settable_columns(target);
  done bigint;
begin
  if verb <> 'delete' and exists (select from unnest(encoded) e where auxeira.ledger_unfit(target, e) && settable) then
    raise exception using errcode = '22023', message = 'rows do not fit their table any more';
  end if;
  execute case verb
    when 'delete' then format('delete from %s t using %s where %s', target, source, condition)
    when 'insert' then (select format('insert into %s (%s) overriding system value select %s from %s', target,
      string_agg(quote_ident(name), ', '), string_agg('k.' || quote_ident(name), ', '), source) from unnest(columns) name)
    else (select format('update %s t set %s from %s where %s', target, string_agg(format('%1$I = k.%1$I', name), ', '), source, condition)
          from unnest(columns) name) end
    using encoded;
  get diagnostics done = row_count;
  if done <> cardinality(encoded) then
    raise exception using errcode = '42501', message = 'rows cannot be changed';
  end if;
  return done;
end
$$;
comment on function auxeira.restore_rows(regclass, text, text[], bytea[]) is
  'Makes many rows what they were; an error without a hint when that cannot be done with all of them at once.';

create function auxeira.restore_one_by_one(transaction xid8) returns bigint language plpgsql volatile as $$
declare
  change record;
  changes bigint := 0;
begin
  perform auxeira.steps_back(transaction);
  for change in select * from auxeira.revertible_changes(transaction) c order by c.turn desc, c.version desc loop
    changes := changes + auxeira.restore_row(change.relation, auxeira.key_of_row(change.relation, change.key), change.encoded,
                                             change.earlier)::integer;
  end loop;
  return changes;
end
$$;
comment on function auxeira.restore_one_by_one(xid8) is
  'Undoes the changes of a transaction one by one, newest first, and says how many there were. Errors: those of '
  'auxeira.steps_back() and auxeira.restore_row().';

create function auxeira.revert_transaction(transaction xid8) returns bigint language plpgsql volatile as $$
declare
  said constant text := coalesce(current_setting('auxeira.reason', true), '');
  steps record;
  changes bigint := 0;
begin
  perform auxeira.lock_rows(transaction);
  perform auxeira.give_reason(format('revert of transaction %s', transaction));
  begin
    for steps in select * from auxeira.steps_back(transaction) loop
      changes := changes + auxeira.restore_rows(steps.relation, steps.verb, steps.columns, steps.rows);
    end loop;
  -- What one statement cannot do, such as values that rows took from one another, single ones in their order may,
  -- or else they say what is wrong.
  exception
    when no_data_found or serialization_failure or deadlock_detected then
      raise;
    when others then
      changes := auxeira.restore_one_by_one(transaction);
  end;
  perform auxeira.set_reason(said);
  return changes;
end
$$;
comment on function auxeira.revert_transaction(xid8) is
  'Undoes all changes of a transaction by new ones of the caller, and says how many there were: many rows in one statement, or '
  'else one by one, newest first. Errors: P0002 it made none, 40001 rows were changed since (which are named), 22023 a part was '
  'erased, 42501, and those of the statements.';

-- --- Who may go back -----------------------------------------------------------------------------------------------------------

create procedure auxeira.grant_history(grantee regrole) language plpgsql as $$
declare
  signature regprocedure;
begin
  execute format('grant usage on schema auxeira to %s', grantee);
  for signature in
    select p.oid from pg_proc p
    where p.pronamespace = 'auxeira'::regnamespace and not p.prosecdef and p.proname = any ('{history, as_of, diff, revert,
      revert_transaction, set_reason, ledger_history, ledger_history_of_transaction, ledger_past, state_of_version, ledger_row,
      ledger_row_json, ledger_row_object, past_row_json, changed_columns, readable_columns, settable_columns,
      differing_columns, key_columns_of, key_object, key_of_row, row_condition, check_fit, lock_row, give_reason, restore_row,
      revertible_changes, check_revertible, rows_by_key, key_condition, lock_rows, steps_back, restore_rows, restore_one_by_one,
      refuse_version, ledger_key_of, ledger_differing, ledger_unfit}')
  loop
    execute format('grant execute on function %s to %s', signature, grantee);
  end loop;
end
$$;
comment on procedure auxeira.grant_history(regrole) is
  'Lets a role read the history of the tables it may read, and go back in those it may write: auxeira.history(), as_of(), '
  'diff() and revert(). auxeira.revert_transaction() needs auxeira.changes_of_transaction() besides, which is granted apart '
  'because it tells of every table that the transaction changed. For administrators of the database.';
revoke execute on procedure auxeira.grant_history(regrole) from public;

reset role;
