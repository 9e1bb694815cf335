-- The Startup Success Engine (SSE) score. Functions that may read the setting auxeira.sse_missing_policy are
-- STABLE, not IMMUTABLE: their result changes with the setting.

create type auxeira.sse_result as (
  total integer,
  raw double precision,
  breakdown jsonb,
  components jsonb,
  status text,
  present_weight double precision,
  coverage double precision,
  confidence double precision,
  band double precision,
  data_quality double precision,
  reference_percentile double precision,
  percentile_v1 integer,
  success_probability double precision,
  success_probability_v1 double precision,
  headroom jsonb,
  next_steps jsonb,
  scale text,
  scale_inferred boolean,
  formula_version text
);
comment on type auxeira.sse_result is
  'A score with its explanation. The keys of the jsonb columns are the components that have answers.';
comment on column auxeira.sse_result.total is
  'The score, 0 to 100: raw to the nearest whole number, a tie to the even one.';
comment on column auxeira.sse_result.raw is 'The score before rounding, 0 to 100.';
comment on column auxeira.sse_result.breakdown is
  '{component: points}: what each component adds to the total, one decimal.';
comment on column auxeira.sse_result.components is
  '{component: score}: the mean answer of each component, 0 to 100, one decimal.';
comment on column auxeira.sse_result.status is
  'scored, or provisional when components of less than half of the weight have answers.';
comment on column auxeira.sse_result.present_weight is 'Weight of the components that have answers, to 1.';
comment on column auxeira.sse_result.coverage is 'Answered share of the questionnaire by weight, 0 to 1.';
comment on column auxeira.sse_result.confidence is
  'coverage^(1/2) * freshness^(1/4) * verification^(1/4), 0.05 to 1; times 0.95 for an inferred scale. '
  'freshness = exp(-age_days / 180); verification = 0.6 self, 0.75 peer, 0.9 document, 1 integration.';
comment on column auxeira.sse_result.band is
  'Points up and down from the total within which to read it: 20 * (1 - confidence).';
comment on column auxeira.sse_result.data_quality is 'The least of coverage, freshness and verification.';
comment on column auxeira.sse_result.reference_percentile is
  'Percentile of raw in the reference population, normal with mean 55 and standard deviation 15.';
comment on column auxeira.sse_result.percentile_v1 is
  'Percentile by the first formula: total * 1.2 cut to a whole number, 5 to 95.';
comment on column auxeira.sse_result.success_probability is
  'Probability of the outcome that base_rate is the rate of: logistic, 0.45 per 10 points from 55. A prior, not '
  'fitted to outcomes.';
comment on column auxeira.sse_result.success_probability_v1 is
  'Probability by the first formula: total / 100 * 0.8.';
comment on column auxeira.sse_result.headroom is
  '{component: points} that full marks there would add to the total, two decimals.';
comment on column auxeira.sse_result.next_steps is
  '[{component, question, gain}]: the three questions where 0.2 more (of 1) would add most points, best first.';
comment on column auxeira.sse_result.scale is 'The scale the answers were read on, never auto.';
comment on column auxeira.sse_result.scale_inferred is 'Whether the scale was asked for as auto.';
comment on column auxeira.sse_result.formula_version is
  'sse-2.0, or sse-1.0 with policy zero. The same answers under the same version always give the same total.';

-- Called with NULL options, which mean the defaults; hence not strict.
create function auxeira.sse_score(
  responses jsonb,
  scale text default 'unit',
  missing_policy text default null,
  verification text default 'self',
  age_days double precision default 0,
  base_rate double precision default 0.154,
  expected jsonb default null
) returns auxeira.sse_result
  as 'MODULE_PATHNAME', 'auxeira_sse_score' language c stable parallel safe cost 500;
comment on function auxeira.sse_score(jsonb, text, text, text, double precision, double precision, jsonb) is
  'Scores one startup. responses: {component: {question: number}}, components team (weight .25), market (.20), '
  'product (.20), business (.15), financial (.10), traction (.10). scale: unit (0 to 1), likert5 (0 to 5), '
  'likert1_5 (1 to 5), percent (0 to 100), or auto, the smallest of unit, likert5 and percent that holds the '
  'largest answer. missing_policy: reweight stretches the weights of the components that have answers to 1, zero '
  'counts the others as 0; NULL is the setting auxeira.sse_missing_policy. verification: self, peer, document or '
  'integration. age_days: age of the answers. base_rate: share of startups with the outcome that '
  'success_probability is of, by default a priced round within 24 months. expected: {component: questions of the '
  'questionnaire}, by default as many as were answered. NULL for NULL responses. In a query over many rows write '
  '"from t, lateral auxeira.sse_score(t.responses)". Errors: 22023; the detail has one "path: message" line for '
  'each fault.';

create function auxeira.sse_total(responses jsonb, scale text default 'unit', missing_policy text default null)
  returns integer
  as 'MODULE_PATHNAME', 'auxeira_sse_total' language c stable parallel safe cost 25;
comment on function auxeira.sse_total(jsonb, text, text) is
  'The total of auxeira.sse_score alone, 0 to 100, for scoring whole tables. Same arguments, same errors.';

create function auxeira.sse_percentile(
  raw double precision, cohort_size integer, below integer, equal integer
) returns double precision
  as 'MODULE_PATHNAME', 'auxeira_sse_percentile' language c immutable strict parallel safe cost 5;
comment on function auxeira.sse_percentile(double precision, integer, integer, integer) is
  'Percentile 1 to 99, one decimal, of a raw score among cohort_size others, of whom below have less and equal the '
  'same: the empirical percentile, shrunk towards the reference population as if 30 of it were in the cohort. '
  'Errors: 22023 for counts that cannot be.';

-- Not strict: NULL is a score that does not exist yet.
create function auxeira.sse_change(old jsonb, new jsonb) returns jsonb
  as 'MODULE_PATHNAME', 'auxeira_sse_change' language c immutable parallel safe cost 50;
comment on function auxeira.sse_change(jsonb, jsonb) is
  '{component: points} that each component added between two breakdowns of auxeira.sse_score, exact to the decimal. '
  'A component that is missing, or a NULL breakdown, counts as 0. Errors: 22023 as auxeira.sse_score.';
