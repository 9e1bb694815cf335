-- Templates: what they may say, the series they make, and whose they are.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql

create function test.base() returns jsonb language sql immutable return '{
  "user_type": "startup_founder",
  "data_schema": {
    "mrr": {"type": "number", "unit": "€", "kind": "flow"},
    "arr": {"type": "number", "unit": "€", "kind": "flow"},
    "customers": {"type": "integer", "unit": "customers", "kind": "stock"},
    "visits": {"type": "integer", "kind": "flow"}},
  "generation_rules": {
    "mrr": {"distribution": "lognormal", "median": 10000, "sd": 0.5},
    "arr": {"expression": "mrr * 12"},
    "customers": {"low": 10, "high": 1000, "correlation": {"with": "mrr", "coefficient": 0.8}},
    "visits": {"model": "draw", "distribution": "poisson", "mean": 40}},
  "validation_rules": {
    "identities": [{"name": "a year", "expression": "mrr * 12 = arr"}],
    "ranges": {"visits": {"maximum": 1000}}},
  "default_parameters": {"count": 12, "timeRangeDays": 365, "variance": 0.1, "trend": "improving"}}'::jsonb;
create function test.faults(template jsonb) returns text language sql as $$
  select string_agg(path || ': ' || message, E'\n') from auxeira.check_template(template) $$;
-- The base with something else at a path.
create function test.changed(path text, value text) returns jsonb language sql immutable
  return case when path = '' then value::jsonb else jsonb_set(test.base(), path::text[], value::jsonb) end;
