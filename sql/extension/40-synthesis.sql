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
  'the point. synthetic_algorithm: trend_based_v2, portfolio_simulation_v2, angel_portfolio_v2, partnership_metrics_v2, '
  'ecosystem_metrics_v2, esg_scoring_v2 or impact_measurement_v2, by user type: the second versions, the first being '
  'those of the service that this one replaces. Errors: 22023, or ZA400 where all that is wrong is missing; the detail '
  'has one "parameter: message" line for each fault.';

create function auxeira.synthetic_catalogue() returns table (
  user_type text,
  metric_name text,
  unit text,
  kind text,
  minimum numeric,
  maximum numeric,
  decimals integer,
  good_direction text,
  follows_trend boolean,
  trend_response numeric,
  variance_response numeric
)
  as 'MODULE_PATHNAME', 'auxeira_synthetic_catalogue' language c immutable strict parallel safe cost 100 rows 66;
comment on function auxeira.synthetic_catalogue() is
  'The metrics that are generated for each user type, in order. kind: stock, flow, ratio, score, cumulative (never '
  'falls), ytd (begins anew on 1 January UTC) or streak (in days: one more, or broken). minimum, maximum: bounds of '
  'every value, NULL for none. decimals: digits behind the point. good_direction: up, or down where less is better. '
  'follows_trend: whether trend and variance move it in full, with no ceiling near. trend_response, variance_response: the '
  'share of the trend and of the variance asked for that it follows, of its yearly rate where it is cumulative or ytd, of '
  'its share in another where it is a part of one, of one cheque where it is a sum of those; NULL where it is counted or '
  'computed from others. Less than all: levels that are bounded, and counts that change slowly.';

-- --- Draws: functions of a seed, the name of a stream and a position -------------------------------------------------

create function auxeira.synthetic_uniform(seed bigint, stream text, index bigint default 0) returns double precision
  as 'MODULE_PATHNAME', 'auxeira_synthetic_uniform' language c immutable strict parallel safe cost 2;
comment on function auxeira.synthetic_uniform(bigint, text, bigint) is
  'A number in [0, 1), a multiple of 2^-32: always the same for the same seed, stream and index, on any server.';

create function auxeira.synthetic_normal(seed bigint, stream text, index bigint default 0) returns double precision
  as 'MODULE_PATHNAME', 'auxeira_synthetic_normal' language c immutable strict parallel safe cost 2;
comment on function auxeira.synthetic_normal(bigint, text, bigint) is
  'A standard normal number with nine digits behind the point, between -5.6 and 5.6: always the same for the same '
  'seed, stream and index, on any server.';

create function auxeira.synthetic_uuid(seed bigint, stream text, index bigint default 0, at timestamptz default null)
  returns uuid
  as 'MODULE_PATHNAME', 'auxeira_synthetic_uuid' language c immutable called on null input parallel safe cost 2;
comment on function auxeira.synthetic_uuid(bigint, text, bigint, timestamptz) is
  'A UUID of version 8: always the same for the same arguments, on any server. With a time, its first 48 bits are the '
  'milliseconds, so that ids sort as their times. NULL where seed, stream or index is. Error 22023: a time outside the '
  'years 1 to 9999.';

-- --- Companies -------------------------------------------------------------------------------------------------------

create function auxeira.synthetic_calibration() returns table (
  topic text, key text, parameter text, value numeric, unit text, evidence text, source text
)
  as 'MODULE_PATHNAME', 'auxeira_synthetic_calibration' language c immutable strict parallel safe cost 100 rows 230;
comment on function auxeira.synthetic_calibration() is
  'Every constant of the model of a company. topic and key: what it belongs to, as stage and seed. evidence: V read in '
  'a published source, X computed from published figures and checked, M general knowledge, P a proposal of this '
  'project; the last two may be adjusted with a reason. Money is in US dollars at the price level of the region.';

create function auxeira.synthetic_deal(kind text, seed bigint, stream text)
  returns table (multiple numeric, holding_years numeric)
  as 'MODULE_PATHNAME', 'auxeira_synthetic_deal' language c immutable strict parallel safe cost 10 rows 1;
comment on function auxeira.synthetic_deal(text, bigint, text) is
  'What becomes of an investment. kind: vc or angel. multiple: what comes back over what was paid in, 0 for a total '
  'loss. holding_years: until then, the longer the higher the multiple. Always the same for the same arguments. '
  'Errors: 22023.';

create function auxeira.synthetic_multiple(kind text, share double precision) returns numeric
  as 'MODULE_PATHNAME', 'auxeira_synthetic_multiple' language c immutable strict parallel safe cost 2;
comment on function auxeira.synthetic_multiple(text, double precision) is
  'The multiple of what was paid in that this share of the deals, 0 to 1, does not exceed. kind: vc or angel, as in '
  'auxeira.synthetic_deal(). Errors: 22023.';

create function auxeira.synthetic_company(
  seed bigint, org uuid, stage text default null, industry text default null, region text default null,
  business_model text default null
) returns table (
  stage text, industry text, region text, business_model text,
  founded_months_ago integer, lifetime_months integer, pre_revenue boolean
)
  as 'MODULE_PATHNAME', 'auxeira_synthetic_company' language c immutable called on null input parallel safe
  cost 20 rows 1;
comment on function auxeira.synthetic_company(bigint, uuid, text, text, text, text) is
  'What kind of company an organization is: what is given, the rest drawn. stage and business_model: one of '
  'auxeira.synthetic_calibration(); an industry or region that is not there counts as other. lifetime_months: from its '
  'founding until it closed, NULL if it is alive. pre_revenue: it has no customers yet. Errors: 22023.';

create type auxeira.synthetic_month as (
  month date, stage text, customers integer, new_customers integer, lost_customers integer, arpa numeric,
  mrr numeric, arr numeric, new_mrr numeric, expansion_mrr numeric, reactivation_mrr numeric, contraction_mrr numeric,
  churned_mrr numeric, revenue numeric, cogs numeric, sales_marketing numeric, operating_outflow numeric,
  net_burn numeric, financing numeric, cash numeric, headcount integer, hires integer, leavers integer,
  runway_months numeric, cac numeric, ltv numeric, ltv_cac numeric, cac_payback_months numeric, grr_12m numeric,
  nrr_12m numeric, gross_margin numeric, logo_churn numeric, quick_ratio numeric, burn_multiple numeric,
  sse_score numeric, pre_money numeric, environmental numeric, social numeric, governance numeric,
  scope1_tco2e numeric, scope2_tco2e numeric, lives_reached bigint, beneficiaries bigint, is_closed boolean
);
comment on type auxeira.synthetic_month is
  'A calendar month of a company, in US dollars. customers = those of the month before + new - lost; mrr = customers * '
  'arpa; arr = 12 * mrr; mrr = that of the month before + new + expansion + reactivation - contraction - churned; '
  'cash = that of the month before - net_burn + financing, never below 0; net_burn = operating_outflow - revenue; '
  'headcount = that of the month before + hires - leavers; runway_months = cash / mean net_burn of three months; '
  'cac = sales_marketing / new_customers; ltv = arpa * gross_margin / logo_churn, at most of 60 months; '
  'cac_payback_months = cac / (arpa * gross_margin); grr_12m and nrr_12m: the monthly shares of revenue kept, without '
  'and with expansion, multiplied over the twelve months before; quick_ratio = (new + expansion) / (churned + contraction); '
  'burn_multiple = net_burn / increase of arr. Ratios are NULL where they are undefined. pre_money is there in the '
  'month of a round. beneficiaries are among lives_reached, which never falls.';

create function auxeira.synthetic_months(
  seed bigint, org uuid, months integer, as_of timestamptz default null, stage text default null,
  industry text default null, region text default null, business_model text default null,
  variance double precision default 0.2, trend text default null, survival boolean default false,
  ends boolean default false
) returns setof auxeira.synthetic_month
  as 'MODULE_PATHNAME', 'auxeira_synthetic_months' language c stable called on null input parallel safe
  cost 1000 rows 36;
comment on function auxeira.synthetic_months(
  bigint, uuid, integer, timestamptz, text, text, text, text, double precision, text, boolean, boolean) is
  'The books of a company, a row for each calendar month, oldest first; the last is the month of as_of (NULL: today). '
  'months: 1 to 1,200. stage: the one at as_of, earlier ones before; NULL profile parts are drawn as by '
  'auxeira.synthetic_company(). variance: 0 to 1, how much arrivals and costs swing. trend: as in '
  'auxeira.synthetic_metrics(); NULL draws the growth that companies of the stage have. survival: the company may '
  'close, and the rows then end with is_closed; ends: it does in the last month. Errors: 22023; 22003 where a number becomes too large to be stored.';

create function auxeira.synthetic_action_times(
  seed bigint, org uuid, days integer, as_of timestamptz default null, business_model text default null,
  trend text default 'stable', variance double precision default 0.2
) returns table (at timestamptz, action_index integer)
  as 'MODULE_PATHNAME', 'auxeira_synthetic_action_times' language c stable called on null input parallel safe
  cost 1000 rows 300;
comment on function auxeira.synthetic_action_times(
  bigint, uuid, integer, timestamptz, text, text, double precision) is
  'When the people of a company acted, in order, over the whole days (UTC) before that of as_of (NULL: today). Counts '
  'are over-dispersed, at most 12 a day, and lower on weekends where customers are businesses. days: 1 to 36,500. business_model, trend, '
  'variance: as in auxeira.synthetic_months(). Errors: 22023.';
