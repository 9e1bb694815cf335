-- What they give: the same on every server, byte for byte.
set timezone = 'UTC';
set datestyle = 'ISO';
\x on
select * from auxeira.sse_score('{"team": {"a": 0.9, "b": 0.8}, "market": {"a": 0.7}, "product": {"a": 0.6},
  "business": {"a": 0.5}, "financial": {"a": 0.4}, "traction": {"a": 0.3}}');
select * from auxeira.sse_score('{"team": {"a": 4}, "market": {"a": 3}}', 'likert5', 'zero', 'document', 90, 0.3,
  '{"team": 2, "market": 2}');
select * from auxeira.sse_score(null);
\x off
select auxeira.sse_total('{"team": {"a": 0.5}}'), auxeira.sse_total('{"team": {"a": 0.5}}', 'unit', 'zero'),
  auxeira.sse_percentile(50, 10, 5, 1),
  auxeira.sse_change('{"team": 10.5}', '{"team": 12, "market": 1.5}');
select metric_id, metric_timestamp, dashboard_type, metric_name, synthetic_algorithm, synthetic_trend, jsonb_pretty(metric_value)
from auxeira.synthetic_metrics('startup_founder', 2, 30, 0.2, 'improving', 42, '2026-03-01T00:00:00Z',
                               '6f9619ff-8b86-4d01-b42d-00cf4fc964ff');
select user_type, md5(string_agg(s::text, ' ' order by metric_timestamp))
from (select distinct user_type from auxeira.synthetic_catalogue()) c
  cross join lateral auxeira.synthetic_metrics(c.user_type, 100, 365, 0.3, 'volatile', 7, '2026-03-01T00:00:00Z') s
group by user_type order by user_type;
select user_type, string_agg(metric_name, ' ' order by metric_name) as metrics
from auxeira.synthetic_catalogue() group by user_type order by user_type;
select auxeira.synthetic_uniform(42, 'a stream', 7), auxeira.synthetic_normal(-1, 'a stream', 7),
  auxeira.synthetic_uuid(42, 'a stream'), auxeira.synthetic_uuid(42, 'a stream', 1, '2026-03-01T00:00:00Z');
select * from auxeira.synthetic_deal('vc', 42, 'deal 5') v, auxeira.synthetic_deal('angel', 42, 'deal 5') a;
select kind, share, auxeira.synthetic_multiple(kind, share) from unnest(array['vc', 'angel']) kind, unnest(array[0, 0.5, 0.9, 1]) share order by 1, 2;
select * from auxeira.synthetic_company(42, '6f9619ff-8b86-4d01-b42d-00cf4fc964ff', region => 'Europe');
\x on
select * from auxeira.synthetic_months(42, '6f9619ff-8b86-4d01-b42d-00cf4fc964ff', 2, '2026-03-01T00:00:00Z', 'series_a');
\x off
select md5(string_agg(m::text, ' ' order by seed, month))
from generate_series(1, 20) seed, lateral auxeira.synthetic_months(seed, null, 36, '2026-03-01T00:00:00Z', survival => true) m;
select md5(string_agg(a::text, ' ' order by action_index))
from auxeira.synthetic_action_times(42, null, 60, '2026-03-01T00:00:00Z') a;
select topic, count(*), count(distinct key) as keys, string_agg(distinct evidence, '') as evidence
from auxeira.synthetic_calibration() group by topic order by topic;
