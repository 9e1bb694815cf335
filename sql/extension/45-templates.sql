-- Templates: metrics, distributions, correlations and identities of a user's own, generated as those of the catalogue.

create function auxeira.check_template(template jsonb) returns table (path text, message text)
  as 'MODULE_PATHNAME', 'auxeira_check_template' language c immutable strict parallel safe cost 1000 rows 1;
comment on function auxeira.check_template(jsonb) is
  'What is wrong with a template, a row for each fault with its JSON path; no row when it may be used. A template is an '
  'object of user_type (one of the seven) and: '
  'data_schema {metric: {type: integer or number, unit, kind: stock, flow, ratio, score, cumulative, ytd or streak, '
  'decimals: 0 to 6, 2 by default}}, up to 100 metrics; names are letters, digits and _. '
  'generation_rules {metric: rule}, for every metric. A rule has minimum (0 by default), maximum, goodDirection (up or '
  'down) and a model: path (a level that follows trend and variance; the default), draw (an independent number at each '
  'point, moved by the trend), accumulates (grows by pace a year from its level, below another metric: of), '
  'year_to_date (the level is a rate of a year), streak (in days), week (things done in seven days, one at least on each '
  'day of a streak: of), part (the level is a share of another metric: of, '
  'less a third: less), purchases (the level is an amount for each step of a count: of), sales (what the customers of a '
  'count pay, the same each: of), staff (people, in steps, more of them after a round of funding), runway (months that '
  'cash lasts at a burn: of; the level is what it lasts at first), or expression (computed: + - '
  '* / parentheses, round(x, digits), min, max, names of metrics). Levels: distribution lognormal (low and high, its 0.6 '
  'and 99.4 per cent quantiles, or median and sd of the logarithm), normal (low and high, or mean and sd), uniform (low '
  'and high), constant (value), poisson (mean, or low and high of it; counts). trendResponse: 0 to 1, the share of trend '
  'and variance it follows (1 by default, of draws 0); spread: 0 to 1, the share of that variance it shows (1); ceiling: neared smoothly; correlation {with: metric, '
  'coefficient: -1 to 1} of noise, level and strength of the trend (levelFollows: growth: of the level with the other''s '
  'growth). '
  'validation_rules {identities: [{name, expression: "mrr * 12 = arr", also <= and >=, tolerance}], ranges: {metric: '
  '{minimum, maximum}}}, held against every point. '
  'default_parameters {count, timeRangeDays, variance, trend, stage, industry, region, businessModel, missingRate, '
  'lateRate, restatementRate, shockRate}. A row of the tables of templates, as to_jsonb gives it, is such an object. '
  'Error 22023: larger than 64 KiB or nested more than 8 levels deep.';

-- Volatile, safe and not strict for the reasons of auxeira.synthetic_metrics.
create function auxeira.synthetic_from_template(
  template jsonb,
  count integer default null,
  time_range_days integer default null,
  variance double precision default null,
  trend text default null,
  seed bigint default null,
  as_of timestamptz default null,
  org_id uuid default null,
  data_type text default 'metrics',
  stage text default null,
  industry text default null,
  region text default null,
  business_model text default null,
  missing_rate double precision default null,
  late_rate double precision default null,
  restatement_rate double precision default null,
  shock_rate double precision default null
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
  as 'MODULE_PATHNAME', 'auxeira_synthetic_from_template' language c volatile called on null input parallel safe
  cost 1000 rows 30;
comment on function auxeira.synthetic_from_template(
  jsonb, integer, integer, double precision, text, bigint, timestamptz, uuid, text, text, text, text, text,
  double precision, double precision, double precision, double precision) is
  'A series of the metrics of a template, see auxeira.check_template(), with the arguments and the rows of '
  'auxeira.synthetic_metrics(). NULL takes what the template''s default_parameters say, else what is usual there. Ids '
  'differ from template to template. Errors: 22023 with a line for each fault of the template or the arguments, or for '
  'each rule that a point does not keep, with its index and values; 22003 where a metric that has no maximum becomes '
  'greater than 2^53 in units of its last decimal; ZA400. synthetic_algorithm is template_v1.';

create function auxeira.synthetic_template(user_type text) returns jsonb
  as 'MODULE_PATHNAME', 'auxeira_synthetic_template' language c immutable strict parallel safe cost 100;
comment on function auxeira.synthetic_template(text) is
  'The catalogue of a user type as a template: user_type, data_schema, generation_rules. '
  'auxeira.synthetic_from_template() makes of it the values of auxeira.synthetic_metrics(). Error 22023: no such type.';
