-- Synthetic metrics, generated and stored in one call at the speed of a bulk load.

-- Invoker: the rows are stored with the privileges of the caller, under the row policies of the table.
create function auxeira.store_synthetic_metrics(
  user_type text,
  count integer,
  time_range_days integer,
  variance double precision,
  trend text,
  seed bigint,
  as_of timestamptz,
  org_id uuid,
  data_type text,
  stage text,
  industry text,
  region text,
  business_model text,
  missing_rate double precision,
  late_rate double precision,
  restatement_rate double precision,
  shock_rate double precision,
  user_id uuid,
  session_id uuid,
  template jsonb,
  out generated bigint,
  out inserted bigint,
  out first_ids uuid[]
)
  as 'MODULE_PATHNAME', 'auxeira_store_synthetic_metrics' language c volatile called on null input parallel unsafe
  cost 100000;
comment on function auxeira.store_synthetic_metrics(
  text, integer, integer, double precision, text, bigint, timestamptz, uuid, text, text, text, text, text,
  double precision, double precision, double precision, double precision, uuid, uuid, jsonb) is
  'Stores the rows of auxeira.synthetic_metrics() of the same arguments in auxeira.dashboard_metrics, as one INSERT of '
  'the caller would: privileges, row policies, constraints, triggers and indexes are honoured. user_id, session_id: '
  'for the columns of the same names. template: for rows of auxeira.synthetic_from_template(); NULL for the catalogue''s. '
  'generated: points made; inserted: fewer where the same points were there '
  'already; first_ids: of the first three. pg_stat_progress_copy shows it while it runs, and there is a notice for '
  'each second. Errors: those of auxeira.synthetic_metrics() and of the INSERT; 22023 for more than 25,000,000 values; '
  '0A000 where the table is not an ordinary one.';
-- It knows no limits and takes any session.
revoke execute on function auxeira.store_synthetic_metrics(
  text, integer, integer, double precision, text, bigint, timestamptz, uuid, text, text, text, text, text,
  double precision, double precision, double precision, double precision, uuid, uuid, jsonb) from public;

create function auxeira.running_generations(
  out org_id uuid, out session_id uuid, out started_at timestamptz, out generated bigint, out count bigint)
  returns setof record
  as 'MODULE_PATHNAME', 'auxeira_running_generations' language c volatile strict parallel restricted rows 10;
comment on function auxeira.running_generations() is
  'The generations that are running in this database, with the start of their transaction, and for no longer than that: points '
  'generated so far by auxeira.store_synthetic_metrics(), or steps told by auxeira.report_generation(), of how many.';
-- It tells of all organizations.
revoke execute on function auxeira.running_generations() from public;

create function auxeira.report_generation(org_id uuid, session_id uuid, done bigint, total bigint) returns void
  as 'MODULE_PATHNAME', 'auxeira_report_generation' language c volatile strict parallel unsafe;
comment on function auxeira.report_generation(uuid, uuid, bigint, bigint) is
  'Tells auxeira.running_generations() how many steps of a generation are done: 0 when it begins, all of them when it ends. '
  'What has not begun in the transaction is told of nowhere. Error 22023: total is not 1 or more, or done not 0 to total.';
-- What it tells is shown to the members of any organization.
revoke execute on function auxeira.report_generation(uuid, uuid, bigint, bigint) from public;
