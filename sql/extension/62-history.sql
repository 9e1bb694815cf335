-- The ledger: what callers may read of rows as they were. The tables and functions that these read are the platform's.

create function auxeira.ledger_live_row(relation regclass, key_columns text[], secret_columns text[], exempt_column text, key text[],
  out key_encoded bytea, out encoded bytea)
  as 'MODULE_PATHNAME', 'auxeira_ledger_live_row' language c stable strict;
comment on function auxeira.ledger_live_row(regclass, text[], text[], text, text[]) is
  'The row with a key, whose values are given as texts in the order of key_columns, and the key in the encoding of the ledger. '
  'Row-level security does not hold here.';

create type auxeira.ledger_state as (encoded bytea, earlier bytea, version bigint, change_id bigint, xid xid8, at timestamptz, operation "char",
  user_id uuid, org_id uuid, session_id uuid, role text, login text, address inet, request_id text, trace_id text,
  reason text, standing text, is_known boolean, was_known boolean, block bigint);
comment on type auxeira.ledger_state is 'A change, with the encoded row after it and before it.';

create function auxeira.ledger_history(target regclass, key jsonb) returns setof auxeira.ledger_state
  as 'MODULE_PATHNAME', 'auxeira_ledger_history' language c stable strict rows 10 set search_path = pg_catalog, pg_temp;
comment on function auxeira.ledger_history(regclass, jsonb) is
  'What auxeira.history() is made of: the changes of a row, with the encoded row after each and before it. Only what the '
  'policies and column privileges of the caller show.';

create function auxeira.ledger_history_of_transaction(target regclass, transaction xid8) returns setof auxeira.ledger_state
  as 'MODULE_PATHNAME', 'auxeira_ledger_history_of_transaction' language c stable strict rows 10
  set search_path = pg_catalog, pg_temp;
comment on function auxeira.ledger_history_of_transaction(regclass, xid8) is
  'As auxeira.ledger_history(), for the rows that a transaction changed.';

create function auxeira.ledger_past(target regclass, at timestamptz)
  returns table (encoded bytea, earlier bytea, is_known boolean)
  as 'MODULE_PATHNAME', 'auxeira_ledger_past' language c stable strict rows 1000 set search_path = pg_catalog, pg_temp;
comment on function auxeira.ledger_past(regclass, timestamptz) is
  'What auxeira.as_of() is made of: encoded, the rows of a table at a time. Only what the policies and column privileges of '
  'the caller show.';

create function auxeira.ledger_row_object(target regclass, encoded bytea) returns jsonb
  as 'MODULE_PATHNAME', 'auxeira_ledger_row_object' language c stable strict;
comment on function auxeira.ledger_row_object(regclass, bytea) is
  'An encoded row as the object that to_jsonb() makes of a row of the table. Columns are NULL as of auxeira.ledger_row().';

create function auxeira.ledger_unfit(target regclass, encoded bytea) returns text[]
  as 'MODULE_PATHNAME', 'auxeira_ledger_unfit' language c stable strict;
comment on function auxeira.ledger_unfit(regclass, bytea) is
  'The columns of which an encoded row has a value that is none of the type they have now, or was erased.';

-- --- Many rows at a time -------------------------------------------------------------------------------------------------

create function auxeira.ledger_live_rows(relation regclass, key_columns text[], secret_columns text[], exempt_column text, keys bytea[])
  returns table (key bytea, encoded bytea)
  as 'MODULE_PATHNAME', 'auxeira_ledger_live_rows' language c stable strict rows 1000;
comment on function auxeira.ledger_live_rows(regclass, text[], text[], text, bytea[]) is
  'The rows that are there of those with these keys, in the encoding of the ledger. Row-level security does not hold here.';

create function auxeira.ledger_key_of(encoded bytea, key_columns text[]) returns bytea
  as 'MODULE_PATHNAME', 'auxeira_ledger_key_of' language c immutable strict parallel safe;
comment on function auxeira.ledger_key_of(bytea, text[]) is 'The key of an encoded row, encoded.';

create function auxeira.ledger_differing(one bytea, other bytea) returns text[]
  as 'MODULE_PATHNAME', 'auxeira_ledger_differing' language c immutable strict parallel safe;
comment on function auxeira.ledger_differing(bytea, bytea) is 'The columns in which two encoded rows differ, by name.';

create function auxeira.capture_checkpoints(relation regclass, keys bytea[]) returns bigint
  as 'MODULE_PATHNAME', 'auxeira_capture_checkpoints' language c volatile strict;
comment on function auxeira.capture_checkpoints(regclass, bytea[]) is
  'Writes the rows with these keys, which are encoded, to the ledger as they are, by changes of operation C, and says how many '
  'there were. Whoever changes one of them meanwhile is waited for, and waits.';

-- --- Erasure -------------------------------------------------------------------------------------------------------------

create function auxeira.capture_mark(relation regclass, operation "char", key text[]) returns void
  as 'MODULE_PATHNAME', 'auxeira_capture_mark' language c volatile strict;
comment on function auxeira.capture_mark(regclass, "char", text[]) is
  'Writes the row with a key, whose values are given as texts in the order of the names of the key columns, to the ledger as it '
  'is, or that there is none.';

create function auxeira.capture_late_mark(relation regclass, operation "char", table_id smallint, label text, key_columns text[],
  org_column text, key bytea) returns void
  as 'MODULE_PATHNAME', 'auxeira_capture_late_mark' language c volatile strict;
comment on function auxeira.capture_late_mark(regclass, "char", smallint, text, text[], text, bytea) is
  'Writes to the ledger, in an era of a table that has ended, that something was done about the row with an encoded key, of which '
  'there is none. org_column: empty for none.';

create function auxeira.ledger_erased(difference bytea, columns text[], kept text[]) returns bytea
  as 'MODULE_PATHNAME', 'auxeira_ledger_erased' language c immutable strict parallel safe;
comment on function auxeira.ledger_erased(bytea, text[], text[]) is
  'A difference without the values of columns (empty: of all), but with those of kept: it says that they were erased.';
