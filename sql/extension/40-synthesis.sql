-- Synthetic metrics, generated from a seed: the same configuration gives the same bytes on any server.

create function auxeira.synthetic_metrics(
  user_type text, count integer default 30, time_range_days integer default 30,
  variance double precision default 0.2, trend text default 'stable', seed bigint default null,
  as_of timestamptz default null, org_id uuid default null, data_type text default 'metrics')
  returns table (metric_id uuid, dashboard_type text, metric_name text, metric_value jsonb,
                 metric_timestamp timestamptz, synthetic_algorithm text, synthetic_trend text)
  as 'MODULE_PATHNAME', 'auxeira_synthetic_metrics' language c volatile called on null input parallel safe
  cost 1000 rows 30;
comment on function auxeira.synthetic_metrics(text, integer, integer, double precision, text, bigint, timestamptz,
                                              uuid, text) is
  'A series of synthetic points, oldest first. user_type: one of the seven; count: points, 1 to 1,000,000; '
  'time_range_days: from the first to the last point, 1 to 36,500; variance: 0 to 1, noise with a log standard '
  'deviation of variance/sqrt(3); trend: improving (up 30 per cent), declining (down 20), stable, volatile; seed: random '
  'when NULL; as_of: the last point, the start of today (UTC) when NULL; org_id: part of the key of all '
  'randomness; data_type: metrics. VOLATILE for the random seed. Error 22023 names every fault.';

create function auxeira.synthetic_catalogue()
  returns table (user_type text, metric_name text, unit text, kind text, minimum numeric, maximum numeric,
                 decimals integer, good_direction text, follows_trend boolean)
  as 'MODULE_PATHNAME', 'auxeira_synthetic_catalogue' language c immutable strict parallel safe rows 70;
comment on function auxeira.synthetic_catalogue() is
  'The metrics that synthesis knows: unit, kind (stock, flow, ratio, score, cumulative, ytd, streak), bounds '
  '(NULL: none), decimals, the direction that is good, and whether trend and variance move it in full.';
