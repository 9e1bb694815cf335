-- Synthetic metrics, generated from a seed: the same configuration gives the same bytes on any server.

-- Volatile for the random seed. Parallel safe all the same: it reads nothing but its arguments and the time of the
-- transaction, which workers share, and keeps nothing. Not strict: NULL seed, as_of and org_id have a meaning, and
-- a NULL elsewhere must be refused, not answered with no rows.
create function auxeira.synthetic_metrics(
  user_type text,
  count integer default 30,
  time_range_days integer default 30,
  variance double precision default 0.2,
  trend text default 'stable',
  seed bigint default null,
  as_of timestamptz default null,
  org_id uuid default null,
  data_type text default 'metrics',
  stage text default null,
  industry text default null,
  region text default null,
  business_model text default null,
  missing_rate double precision default 0,
  late_rate double precision default 0,
  restatement_rate double precision default 0,
  shock_rate double precision default 0
) returns table (
  metric_id uuid,
  dashboard_type text,
  metric_name text,
  metric_value jsonb,
  metric_timestamp timestamptz,
  synthetic_algorithm text,
  synthetic_trend text,
  reported_at timestamptz,
  first_value jsonb
)
  as 'MODULE_PATHNAME', 'auxeira_synthetic_metrics' language c volatile called on null input parallel safe
  cost 1000 rows 30;
comment on function auxeira.synthetic_metrics(
  text, integer, integer, double precision, text, bigint, timestamptz, uuid, text, text, text, text, text,
  double precision, double precision, double precision, double precision) is
  'A series of synthetic points, oldest first; metric_value is {metric: number}, see auxeira.synthetic_catalogue() '
  'for units and bounds. user_type: one of the seven. count: points, 1 to 1,000,000. time_range_days: from the '
  'first to the last point, 1 to 36,500. variance: 0 to 1, noise with a log standard deviation of '
  'variance/sqrt(3). trend: improving (up 30 per cent over the window; burn and companies at risk down 20), '
  'declining (down 20, those up 30), stable, or volatile (twice the noise, two to four turns). seed: any bigint; '
  'NULL is a random one below 2^53. as_of: time of the last point; NULL is the start of today (UTC). org_id: part '
  'of the key of every random number; NULL is all zeros. data_type: metrics. stage, industry, region, '
  'business_model: of a founder''s company, see auxeira.synthetic_calibration(); NULL leaves the levels of the '
  'catalogue. missing_rate: the share of points that are left out (never the last). late_rate: the share that is '
  'reported up to 20 days after its time, in reported_at (else NULL). restatement_rate: the share whose first '
  'report differed, in first_value (else NULL). shock_rate: sudden changes of level in the window, on average, up to '
  '10. The same arguments give the same rows '
  'and the same ids on any server; metric_id is a UUID of version 8 whose first 48 bits are the milliseconds of '
  'the point. Errors: 22023, or ZA400 where all that is wrong is missing; the detail has one "parameter: message" '
  'line for each fault.';

create function auxeira.synthetic_catalogue() returns table (
  user_type text,
  metric_name text,
  unit text,
  kind text,
  minimum numeric,
  maximum numeric,
  decimals integer,
  good_direction text,
  follows_trend boolean
)
  as 'MODULE_PATHNAME', 'auxeira_synthetic_catalogue' language c immutable strict parallel safe cost 100 rows 66;
comment on function auxeira.synthetic_catalogue() is
  'The metrics that are generated for each user type, in order. kind: stock, flow, ratio, score, cumulative (never '
  'falls), ytd (begins anew on 1 January UTC) or streak (in days: one more, or broken). minimum, maximum: bounds of '
  'every value, NULL for none. decimals: digits behind the point. good_direction: up, or down where less is better. '
  'follows_trend: whether trend and variance move it in full; the others lean towards the trend inside their bounds, '
  'or are counted or computed from others.';
