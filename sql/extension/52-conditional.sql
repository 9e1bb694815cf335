-- Changes that ETags are made of.

create function auxeira.is_change_marked(table_name text, org_id uuid) returns boolean
  as 'MODULE_PATHNAME', 'auxeira_is_change_marked' language c stable parallel unsafe;
comment on function auxeira.is_change_marked(text, uuid) is
  'Whether this transaction has left its mark already, so that a trigger need not; true for NULL.';

create function auxeira.mark_changes() returns trigger
  as 'MODULE_PATHNAME', 'auxeira_mark_changes' language c;
comment on function auxeira.mark_changes() is
  'Trigger for a tenant table, by auxeira.mark_changes_of: leaves a mark for each organization that a changed row names. '
  'Arguments: the name of the table, then the columns.';
