-- Synthetic people do what people can do, however much variance is asked for, and what would be too much is refused beforehand.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
\ir support/synthetic.sql
select plan(12);

-- --- A person's day ----------------------------------------------------------------------------------------------------

select auxeira.synthesize_ecosystem(40, 365, 102, '2026-02-15', 1, 'volatile') \g /dev/null
create view test.done as
select a.*, date_trunc('day', a.completed_at, 'UTC') as day, l.daily_limit, l.cooldown,
  lag(a.completed_at) over (partition by a.org_id, a.action_type order by a.completed_at) as before
from auxeira.actions a join auxeira.activities l using (action_type);
select cmp_ok((select count(*) from test.done), '>', 5000::bigint, 'there is enough to look at');
select is_empty($$ select from test.done group by org_id, day having count(*) > 4 $$, 'nobody reports more than four things a day');
select isnt_empty($$ select from test.done group by org_id, day having count(*) = 4 $$, 'some do report four');
select is_empty($$ select from test.done group by org_id, day, action_type having count(*) > max(daily_limit) $$,
                'an action is reported as often as it is paid a day');
select is_empty('select from test.done where completed_at < before + cooldown', 'and not sooner than it is paid again');
select is_empty('select from test.done group by org_id, day having sum(actual_tokens) > 300', 'at most 300 tokens a day');
select is_empty($$ select from test.done group by org_id, date_trunc('week', day, 'UTC') having sum(actual_tokens) > 1000 $$,
                'at most 1000 a week');

-- The limits of the catalogue are those that hold, whatever they are.
select auxeira.remove_synthetic(session => auxeira.synthetic_uuid(102, 'ecosystem')) \g /dev/null
update auxeira.activities set daily_limit = 1, cooldown = '30 hours';
select auxeira.synthesize_ecosystem(40, 365, 102, '2026-02-15', 1, 'volatile') \g /dev/null
select is_empty($$ select from test.done group by org_id, day, action_type having count(*) > 1 $$, 'one a day');
select is_empty('select from test.done where completed_at < before + cooldown', 'one in thirty hours');

-- --- Too much ----------------------------------------------------------------------------------------------------------

select is_empty($$
  select s.step, s.most_rows from auxeira.synthetic_data_sessions d
    cross join (select count(*) as companies from auxeira.synthetic_members where kind = 'startup') c
    cross join (values ('store_actions', '{actions}'::text[]), ('store_scores', '{sse_scores, sse_answers, sse_score_history}'),
      ('store_company_months', '{mrr_movements, cash_positions, headcounts}'), ('store_pipeline', '{investments}'),
      ('store_investments', '{investments, investment_cash_flows}'), ('store_model_marks', '{investment_marks}'),
      ('store_integrations', '{integrations, integration_data}'), ('store_redemptions', '{benefit_redemptions}'),
      ('store_partnerships', '{partnerships}'), ('store_programs', '{programs}'), ('store_grants', '{grants}'),
      ('store_relationships', '{relationships}')) t (step, tables)
    join auxeira.synthetic_steps s using (step)
  where s.most_rows * c.companies * 12 < (select sum((d.row_counts ->> one)::bigint) from unnest(t.tables) one) $$,
  'no step stores more than was estimated');
select cmp_ok((select generation_count from auxeira.synthetic_data_sessions), '<=', auxeira.most_rows('{"count": 40, "time_range_days": 365}', null),
              'nor do all of them');
set local statement_timeout = '5s';
select is(test.fault($$ select auxeira.synthesize_ecosystem(640, 7305, 103, '2026-02-15', 1) $$),
  'ZA429 an organization may have 10000000 synthetic points, and there would be up to 22617700 | hint: Generate fewer, or remove some first.',
  'what may be too much is refused before it is made');

select * from finish();
rollback;
