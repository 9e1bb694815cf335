-- The ledger: the trigger that captures changes, and what reads them.

create function auxeira.capture() returns trigger
  as 'MODULE_PATHNAME', 'auxeira_capture' language c;
comment on function auxeira.capture() is
  'Trigger of tables with history: writes every change to the ledger. auxeira.enable_history() makes it.';

create function auxeira.capture_table(relation regclass, operation "char") returns bigint
  as 'MODULE_PATHNAME', 'auxeira_capture_table' language c strict;
comment on function auxeira.capture_table(regclass, "char") is
  'Writes every row of a table with history to the ledger, and says how many there are: B as it is when history begins, X as '
  'it was when history ends. The table is locked against changes until the transaction ends.';

create function auxeira.ledger_before_command() returns event_trigger
  as 'MODULE_PATHNAME', 'auxeira_ledger_before_command' language c;
comment on function auxeira.ledger_before_command() is
  'Before a command alters a table with history: writes the values of columns that go, and refuses what history cannot follow.';

create function auxeira.ledger_after_command() returns event_trigger
  as 'MODULE_PATHNAME', 'auxeira_ledger_after_command' language c;
comment on function auxeira.ledger_after_command() is
  'After a command altered a table with history: writes the values of columns that came, and the event.';

create function auxeira.ledger_live(relation regclass, key_columns text[], secret_columns text[], exempt_column text)
  returns table (key bytea, encoded bytea)
  as 'MODULE_PATHNAME', 'auxeira_ledger_live' language c stable strict rows 1000;
comment on function auxeira.ledger_live(regclass, text[], text[], text) is
  'Every row of a table in the encoding of the ledger, with its key; none where exempt_column (empty for none) is true. '
  'Row-level security does not hold here.';

-- --- Versions ----------------------------------------------------------------------------------------------------

create type auxeira.ledger_version as (
  change_id bigint, xid xid8, at timestamptz, label text, operation "char", key bytea, org_id uuid, user_id uuid,
  session_id uuid, role text, login text, address text, request_id text, trace_id text, reason text, difference bytea,
  salt bytea, leaf bytea);
comment on type auxeira.ledger_version is 'A change with all that its leaf is of, but for the row.';

create function auxeira.ledger_walk(live bytea, versions auxeira.ledger_version[])
  returns table (change_id bigint, standing text, metadata bytea, encoded bytea, is_known boolean, earlier bytea,
    was_known boolean)
  as 'MODULE_PATHNAME', 'auxeira_ledger_walk' language c immutable rows 10 parallel safe;
comment on function auxeira.ledger_walk(bytea, auxeira.ledger_version[]) is
  'The row as each of its changes left it (NULL: there was none), from the row as it is (live) and the changes, newest first. '
  'standing: proven, where the leaf is of that row and metadata; altered, where it is of something else; erased. is_known: '
  'false when a part of the row was erased. earlier and was_known: the same of the row before the change.';

create function auxeira.ledger_row(base anyelement, encoded bytea) returns anyelement
  as 'MODULE_PATHNAME', 'auxeira_ledger_row' language c stable;
comment on function auxeira.ledger_row(anyelement, bytea) is
  'An encoded row as a row of the type of base. Columns it has no values of, secret ones and erased ones are NULL, and so is '
  'what does not fit the type that a column has now.';

create function auxeira.ledger_row_json(encoded bytea) returns jsonb
  as 'MODULE_PATHNAME', 'auxeira_ledger_row_json' language c immutable strict parallel safe;
comment on function auxeira.ledger_row_json(bytea) is
  'An encoded row as an object, for people to read; {"erased": true} for values that were erased.';

-- --- The tree ----------------------------------------------------------------------------------------------------

create function auxeira.ledger_append(size bigint, frontier bytea, leaves bytea,
  out tree_size bigint, out new_frontier bytea, out root bytea, out levels integer[], out nodes bigint[], out hashes bytea[])
  as 'MODULE_PATHNAME', 'auxeira_ledger_append' language c immutable strict parallel safe;
comment on function auxeira.ledger_append(bigint, bytea, bytea) is
  'Adds leaves (32 bytes each) to a tree of so many leaves, of which frontier is what is needed: the new size, frontier and '
  'root, and the nodes of levels 8, 16, 24, ... that are complete now (RFC 9162, section 2.1).';

create function auxeira.ledger_sign(origin text, tree_size bigint, root bytea, block bigint, previous bytea,
  incarnation bigint, sealed_at timestamptz, out head text, out signature bytea, out public_key bytea)
  as 'MODULE_PATHNAME', 'auxeira_ledger_sign' language c volatile strict;
comment on function auxeira.ledger_sign(text, bigint, bytea, bigint, bytea, bigint, timestamptz) is
  'The head of the tree, signed (Ed25519) with the key in the file that auxeira.ledger_key_file names.';

create function auxeira.ledger_head_text(origin text, tree_size bigint, root bytea, block bigint, previous bytea,
  incarnation bigint, sealed_at timestamptz) returns text
  as 'MODULE_PATHNAME', 'auxeira_ledger_head_text' language c immutable strict parallel safe;
comment on function auxeira.ledger_head_text(text, bigint, bytea, bigint, bytea, bigint, timestamptz) is
  'The head of the tree as it is signed.';

-- --- Evidence ----------------------------------------------------------------------------------------------------

create function auxeira.ledger_receipt_of(proof bytea, metadata bytea, encoded bytea, leaf_index bigint, head text,
  signature bytea, public_key bytea) returns json
  as 'MODULE_PATHNAME', 'auxeira_ledger_receipt_of' language c stable;
comment on function auxeira.ledger_receipt_of(bytea, bytea, bytea, bigint, text, bytea, bytea) is
  'The receipt of a change: what its leaf is of, and the path to the signed head. For auxeira.ledger_receipt().';

create function auxeira.ledger_consistency_of(head text, signature bytea, public_key bytea, newer_head text,
  newer_signature bytea, newer_public_key bytea) returns json
  as 'MODULE_PATHNAME', 'auxeira_ledger_consistency_of' language c stable strict;
comment on function auxeira.ledger_consistency_of(text, bytea, bytea, text, bytea, bytea) is
  'The proof that the tree of one head is the beginning of that of another. For auxeira.ledger_consistency().';

create function auxeira.ledger_head_json(head text, signature bytea, public_key bytea) returns json
  as 'MODULE_PATHNAME', 'auxeira_ledger_head_json' language c immutable strict parallel safe;
comment on function auxeira.ledger_head_json(text, bytea, bytea) is 'A signed head as a document that auxeira-verify reads.';

create function auxeira.ledger_head_fault(head text, signature bytea, public_key bytea) returns text
  as 'MODULE_PATHNAME', 'auxeira_ledger_head_fault' language c immutable strict parallel safe;
comment on function auxeira.ledger_head_fault(text, bytea, bytea) is
  'What is wrong with the signature of a head; NULL when it is signed by the key beside it.';

create function auxeira.ledger_key_json(key bytea) returns jsonb
  as 'MODULE_PATHNAME', 'auxeira_ledger_key_json' language c immutable strict parallel safe;
comment on function auxeira.ledger_key_json(bytea) is
  'The key of a change for people to read; {"malformed": hexadecimal} for what is none.';

create function auxeira.ledger_row_faults(live bytea, versions auxeira.ledger_version[], organizations uuid[],
  org_column text, is_whole boolean)
  returns table (problem text, change_id bigint, detail text)
  as 'MODULE_PATHNAME', 'auxeira_ledger_row_faults' language c immutable rows 1 parallel safe;
comment on function auxeira.ledger_row_faults(bytea, auxeira.ledger_version[], uuid[], text, boolean) is
  'What is wrong with the history of a row, from the row as it is and the changes, newest first, with the organizations the '
  'ledger has for them. Of what follows from one another, the newest. org_column: empty for none; is_whole: the history has '
  'to have its beginning. For auxeira.ledger_verify().';

create function auxeira.ledger_witness_add(lines text) returns void
  as 'MODULE_PATHNAME', 'auxeira_ledger_witness_add' language c volatile strict;
comment on function auxeira.ledger_witness_add(text) is
  'Adds to the file that auxeira.ledger_witness_file names; nothing where it names none.';

create function auxeira.ledger_witness_lines(latest bigint) returns table (place bigint, line bytea)
  as 'MODULE_PATHNAME', 'auxeira_ledger_witness_lines' language c volatile strict rows 1000;
comment on function auxeira.ledger_witness_lines(bigint) is
  'The lines that the last so many bytes of the file auxeira.ledger_witness_file hold whole.';

create function auxeira.ledger_was_named(column_name text) returns boolean
  as 'MODULE_PATHNAME', 'auxeira_ledger_was_named' language c volatile strict;
comment on function auxeira.ledger_was_named(text) is
  'Whether the command that runs names the column as one that goes. For the event trigger auxeira_ledger_drop.';

create function auxeira.start_verification(run uuid, table_name text, since_block bigint) returns void
  as 'MODULE_PATHNAME', 'auxeira_start_verification' language c volatile strict;
comment on function auxeira.start_verification(uuid, text, bigint) is
  'Starts a process of the server that verifies the ledger, as auxeira.ledger_verify() does, and notes it as this run in '
  'auxeira.job_runs. table_name: of schema auxeira, or empty for all. Error 53400: no process is free.';
