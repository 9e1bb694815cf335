-- The ledger: what rows were, by whom they were changed, and whether all of it is true.
set local role auxeira_owner;

-- --- Versions ----------------------------------------------------------------------------------------------------------

create view auxeira.ledger_all as
  select change_id, xid, at, actor_id, table_id, operation, org_id, key, difference, proof, request_id, trace_id, reason,
    null::bigint as leaf_index
  from auxeira.ledger_open
  union all
  select change_id, xid, at, actor_id, table_id, operation, org_id, key, difference, proof, request_id, trace_id, reason, leaf_index
  from auxeira.ledger_changes;
comment on view auxeira.ledger_all is 'All changes, open and sealed.';

create view auxeira.ledger_version_rows as
  select c.table_id, c.key, c.leaf_index, c.change_id,
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
          cross join lateral auxeira.ledger_live(t.relation, t.label, t.key_columns, t.secret_columns) l
        where t.table_id = of_table and t.disabled_at is null
          and exists (select from pg_class c where c.oid = t.relation)) l
    full join (select r.key, array_agg(r.version order by r.change_id desc) as versions
               from auxeira.ledger_version_rows r where r.table_id = of_table group by r.key) v on v.key = l.key;
end;
comment on function auxeira.ledger_rows_of(integer) is 'Every row that a table has or had, with its changes, newest first.';
revoke execute on function auxeira.ledger_rows_of(integer) from public;

reset role;
