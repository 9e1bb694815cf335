-- Tokens, limits and streaks. One transaction, so that now() stands still and no midnight comes between.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(92);

-- --- Arithmetic ---------------------------------------------------------------------------------------------

select is(auxeira.token_award(base, quality, stage, streak), award, format('%s x %s x %s x %s', base, quality, stage, streak))
from (values
  (20, 15000, 13000, 10000, 39), (75, 15000, 13000, 10000, 146), (75, 12000, 11000, 11000, 108),
  (75, 12000, 7000, 10000, 63), (20, 10000, 11000, 12500, 27), (250, 12000, 9000, 15000, 405),
  (300, 15000, 15000, 20000, 900), (0, 15000, 15000, 15000, 0), (1000, 10000, 10000, 10000, 1000),
  (1000, 10000, 10000, 30000, 3000), (1000, 10000, 10000, 30001, 3000), (null, 10000, 10000, 10000, null)
) as vectors (base, quality, stage, streak, award);

select is_empty($$
  select base, quality, stage, streak
  from (select distinct base_tokens from auxeira.activities) bases (base), unnest(array[10000, 12000, 15000]) quality,
    unnest(array[15000, 13000, 11000, 10000, 9000, 8000, 7000, 6000]) stage, unnest(array[10000, 11000, 12500, 15000]) streak
  where auxeira.token_award(base, quality, stage, streak)
    <> div(base * least(quality::numeric * stage * streak, 3000000000000), 1000000000000) $$,
  'no award loses a token to binary fractions');

select is(auxeira.stage_multiplier(stage), points, format('stage %s', stage))
from (values ('pre_seed'::auxeira.stage, 15000), ('seed', 13000), ('series_a', 11000), ('series_b', 9000),
  ('series_c', 8000), ('growth', 7000), ('late', 6000), (null, 10000)) as stages (stage, points);

select is(auxeira.streak_multiplier(days), points, format('%s days', days))
from (values (0, 10000), (1, 10000), (6, 10000), (7, 11000), (11, 11000), (12, 12500), (18, 12500), (19, 15000),
  (1000, 15000)) as streaks (days, points);

select is(auxeira.streak_after(last_day, streak, today), expected, format('%s days until %s, today %s', streak, last_day, today))
from (values
  (null::date, 0, '2026-03-10'::date, 1), ('2026-03-10', 5, '2026-03-10', 5), ('2026-03-09', 5, '2026-03-10', 6),
  ('2026-03-08', 5, '2026-03-10', 1), ('2025-03-10', 5, '2026-03-10', 1), ('2026-03-11', 5, '2026-03-10', 5),
  ('2025-12-31', 9, '2026-01-01', 10), ('2024-02-28', 2, '2024-02-29', 3), ('2024-02-29', 3, '2024-03-01', 4),
  ('2024-02-28', 2, '2024-03-01', 1), ('2026-02-28', 2, '2026-03-01', 3), ('2026-03-09', 0, '2026-03-10', 1)
) as cases (last_day, streak, today, expected);

select results_eq($$
    select array_agg(base_tokens order by activity_id) from auxeira.activities where activity_id is not null $$,
  $$ values ('{20,25,20,75,20,25,100,50,15,20,75,20,75,20,75,25,300,75,75,20,20,25,75,20,250}'::integer[]) $$,
  'the catalogue pays what its rules say');

-- --- Reporting actions --------------------------------------------------------------------------------------

create function test.act(person text, action_type text, more jsonb default '{}') returns jsonb language sql as $$
  select (test.call(person, 'complete_action',
                    jsonb_build_object('actionType', action_type, 'domain', 'test') || more) -> 'data') - 'actionId'
$$;
create function test.paid(tokens integer, base integer, streak numeric, variadic warnings text[]) returns jsonb
  language sql as $$
  select jsonb_build_object('tokensAwarded', tokens, 'baseTokens', base, 'warnings', warnings,
    'multipliers', jsonb_build_object('quality', 1, 'stage', 1.30, 'streak', streak))
$$;
create function test.profile(person text) returns jsonb language sql as $$
  select jsonb_path_query_first(test.call(person, 'get_gamification_profile'), '$.data') $$;
create function test.set_profile(person text, streak integer, days_ago integer, week_tokens integer, weeks_ago integer)
  returns void language sql security definer as $$
  update auxeira.gamification_profiles
  set current_streak = streak, longest_streak = greatest(longest_streak, streak),
      last_action_date = (now() at time zone 'UTC')::date - days_ago,
      tokens_this_week = week_tokens,
      week_start = date_trunc('week', (now() at time zone 'UTC')::date)::date - 7 * weeks_ago
  where user_id = test.user_of(person)
$$;
create function test.forget_actions() returns void language sql security definer as $$
  delete from auxeira.actions; delete from auxeira.gamification_profiles $$;
create function test.without_cooldown() returns void language sql security definer as $$
  update auxeira.activities set cooldown = '0' $$;

create function test.take_step(days_ago integer, streak integer, week_tokens integer, weeks_ago integer, action_type text)
  returns jsonb language plpgsql as $$
declare
  paid jsonb;
begin
  perform test.set_profile('ann', streak, days_ago, week_tokens, weeks_ago);
  paid := test.act('ann', action_type);
  return jsonb_build_array(paid, test.profile('ann') -> 'current_streak', test.profile('ann') -> 'tokens_this_week');
end
$$;
create view test.steps as
  select * from (values
    (1, 'the seventh day in a row', 6, 1, 0, 0, 'customer_interview', test.paid(28, 20, 1.1, variadic '{}'), 7, 28),
    (2, 'the same day again', 7, 0, 0, 0, 'feedback_loop', test.paid(35, 25, 1.1, variadic '{}'), 7, 35),
    (3, 'the nineteenth day', 18, 1, 0, 0, 'user_test', test.paid(48, 25, 1.5, variadic '{}'), 19, 48),
    (4, 'a day left out', 19, 2, 0, 0, 'short_release', test.paid(26, 20, 1, variadic '{}'), 1, 26),
    (5, 'a new week', 1, 1, 999, 1, 'post_mortem', test.paid(26, 20, 1, variadic '{}'), 2, 26),
    (6, 'the last tokens of a week', 1, 1, 990, 0, 'decision_document',
     test.paid(10, 20, 1, 'at most 300 tokens a day and 1000 a week are paid'), 2, 1000),
    (7, 'no tokens left in the week', 1, 1, 1000, 0, 'investor_meeting',
     test.paid(0, 20, 1, 'at most 300 tokens a day and 1000 a week are paid'), 2, 1000)
  ) as steps (step, what, streak, days_ago, week_tokens, weeks_ago, action_type, paid, streak_after, week_after);
grant select on test.steps to public;

set session authorization auxeira_authenticator;

select is(test.profile('ann') - '{user_id,startup_id,week_number}'::text[],
  '{"profile_id": null, "total_tokens": 0, "lifetime_tokens": 0, "tokens_spent": 0, "current_streak": 0,
    "longest_streak": 0, "streak_start_date": null, "last_action_date": null, "actions_this_week": 0,
    "tokens_this_week": 0, "achievements": [], "milestones": [], "commitments": [], "last_active_date": null,
    "activity_score": 0, "is_synthetic": false, "created_at": null, "updated_at": null}',
  'zeros before the first action');

select is(test.act('ann', 'customer_interview'), test.paid(26, 20, 1, variadic '{}'), 'an interview at the seed stage');
select is(test.act('ann', 'customer_interview'), test.paid(0, 20, 1, 'this action is paid once in 10 minutes'),
          'not so soon again');
select is(test.act('ann', 'feedback_loop', '{"baseTokens": 1000000000, "multipliers": {"stage": 99}, "isSynthetic": true}'),
          test.paid(32, 25, 1, 'baseTokens is ignored: this action is worth 25',
                    'multipliers are ignored: the server computes its own',
                    'isSynthetic is ignored: the action counts as real'), 'a client cannot mint');
select is(test.act('ann', 'user_test', '{"baseTokens": 25}'), test.paid(32, 25, 1, variadic '{}'),
          'no warning where the client is right');
select is(test.act('ann', 'generic_action'), test.paid(0, 0, 1, variadic '{}'), 'an action that pays nothing');
select is(test.act('ann', 'first_revenue'), test.paid(210, 300, 1, 'at most 300 tokens a day and 1000 a week are paid'),
          'the limit of a day is paid up to');
select is(test.act('ann', 'pitch_deck'), test.paid(0, 75, 1, 'at most 300 tokens a day and 1000 a week are paid'),
          'and not beyond');
select is(test.act('ann', 'first_revenue'), test.paid(0, 300, 1, 'this action is paid once for an organization'),
          'some actions are paid once');
select is(test.profile('ann') - '{user_id,startup_id,week_number,profile_id,created_at,updated_at}'::text[],
  jsonb_build_object('total_tokens', 300, 'lifetime_tokens', 300, 'tokens_spent', 0, 'current_streak', 1,
    'longest_streak', 1, 'actions_this_week', 8, 'tokens_this_week', 300, 'achievements', '[]'::jsonb,
    'milestones', '[]'::jsonb, 'commitments', '[]'::jsonb, 'activity_score', 0, 'is_synthetic', false,
    'streak_start_date', (now() at time zone 'UTC')::date, 'last_action_date', (now() at time zone 'UTC')::date,
    'last_active_date', (now() at time zone 'UTC')::date), 'the profile adds up');
select is(test.profile('bob') -> 'total_tokens', '0', 'another member has none of it');
select is(test.profile('vic') -> 'total_tokens', '0', 'nor one of the same organization');

reset session authorization;
insert into auxeira.user_organizations (org_id, user_id, role) values (test.org_of('ann'), test.user_of('ivy'), 'member');
update auxeira.user_sessions set org_id = test.org_of('ann') where user_id = test.user_of('ivy');
set session authorization auxeira_authenticator;
select is(test.act('ivy', 'first_revenue'), test.paid(0, 300, 1, 'this action is paid once for an organization'),
          'once for an organization is once for all its members');

select test.forget_actions(), test.without_cooldown() \g /dev/null
select is(test.act('ann', 'customer_interview'), test.paid(26, 20, 1, variadic '{}'), format('interview %s of a day', n))
from generate_series(1, 3) n;
select is(test.act('ann', 'customer_interview'), test.paid(0, 20, 1, 'this action is paid 3 times a day'),
          'interview 4 of a day');

-- --- Streaks and weeks --------------------------------------------------------------------------------------

select test.forget_actions() \g /dev/null
select test.act('ann', 'generic_action') \g /dev/null
select is(test.take_step(days_ago, streak, week_tokens, weeks_ago, action_type),
          jsonb_build_array(paid, streak_after, week_after), what)
from test.steps order by step;
select is(test.profile('ann') -> 'longest_streak', '19', 'the longest streak is kept');
select test.set_profile('ann', 5, 2, 100, 1) \g /dev/null
select results_eq($$ select p ->> 'current_streak', p ->> 'actions_this_week', p ->> 'tokens_this_week'
                     from test.profile('ann') p $$, $$ values ('0', '0', '0') $$,
                  'a broken streak and a past week are shown as nothing');

-- --- Refusals -----------------------------------------------------------------------------------------------

reset session authorization;
create table test.before as select test.contents() as contents;
grant select on test.before to public;
set session authorization auxeira_authenticator;
select is(test.refusal(person, 'complete_action', request), test.spelled(expected), 'refused: ' || left(request, 60))
from (values
  ('ann', '{}', E'ZA400 Missing required field: actionType | detail: actionType: this field is required\n'
                'domain: this field is required'),
  ('ann', '{"actionType": "mint", "domain": "x"}', '22023 invalid request | detail: actionType: "mint" is not '
    'an activity | hint: See the catalogue of activities.'),
  ('ann', '{"actionType": "pivot", "domain": ""}',
   '22023 invalid request | detail: domain: has 0 characters, 1 to 50 are allowed'),
  ('ann', '{"actionType": "pivot", "domain": "x", "baseTokens": -1}',
   '22023 invalid request | detail: baseTokens: -1 is below the minimum 0'),
  ('ann', '{"actionType": "pivot", "domain": "x", "multipliers": [3], "metadata": 1}',
   E'22023 invalid request | detail: metadata: 1 is not an object\nmultipliers: an array is not an object'),
  ('vic', '{"actionType": "pivot", "domain": "x"}', '42501 your role or type of user does not allow this')
) as refused (person, request, expected);
select is(test.contents(), (select contents from test.before), 'refused actions leave nothing');

-- --- Invariants ---------------------------------------------------------------------------------------------

reset session authorization;
select is_empty($$
  select p.user_id, p.lifetime_tokens, sum(a.actual_tokens)
  from auxeira.gamification_profiles p join auxeira.actions a using (org_id, user_id)
  group by p.org_id, p.user_id having p.lifetime_tokens <> sum(a.actual_tokens) $$,
  'every profile is the sum of its actions');
select is(split_part(test.fault(statement), ' ', 1), '23514', 'refused: ' || statement)
from unnest(array[
  'update auxeira.gamification_profiles set total_tokens = total_tokens + 1',
  'update auxeira.gamification_profiles set total_tokens = -1, tokens_spent = lifetime_tokens + 1',
  'update auxeira.gamification_profiles set tokens_spent = -1, total_tokens = lifetime_tokens + 1',
  'update auxeira.gamification_profiles set current_streak = longest_streak + 1',
  'update auxeira.gamification_profiles set current_streak = -1',
  'update auxeira.actions set actual_tokens = -1',
  'update auxeira.actions set actual_tokens = base_tokens * 3 + 1',
  'update auxeira.activities set base_tokens = 1001',
  'update auxeira.activities set daily_limit = 0']) statement;

-- What is reported and not paid is not looked at again: it slows nobody down.
create function test.read_for_limit() returns bigint language plpgsql as $$
declare
  plan jsonb;
begin
  execute $explain$ explain (analyze, format json) select l.* from auxeira.gamification_profiles p, auxeira.activities a,
    auxeira.award_limit(p, a, 20, current_date) l where p.user_id = test.user_of('ann') and a.action_type = 'post_mortem' $explain$ into plan;
  return (select sum((n ->> 'Actual Rows')::numeric + coalesce((n ->> 'Rows Removed by Filter')::numeric, 0))
          from jsonb_path_query(plan, '$.**') n where n ->> 'Alias' like 'a%' and n ->> 'Relation Name' = 'actions');
end
$$;
insert into auxeira.actions (org_id, user_id, action_type, domain, base_tokens, actual_tokens)
select test.org_of('ann'), test.user_of('ann'), 'customer_interview', 'market', 20, 0 from generate_series(1, 3000);
analyze auxeira.actions;
select cmp_ok(test.read_for_limit(), '<', 100::bigint, 'limits are worked out from what was paid, however much was reported');

-- A SQL login that acts for Ann has no other way to tokens.
create role auxeira_test_login;
grant auxeira_user to auxeira_test_login;
select set_config('auxeira.' || name, value::text, true)
from (values ('user_id', test.user_of('ann')), ('org_id', test.org_of('ann')), ('org_ids', test.org_of('ann')),
             ('writable_org_ids', test.org_of('ann'))) setting (name, value) \g /dev/null
set session authorization auxeira_test_login;
select is(test.fault(statement), expected, statement)
from (values
  ('update auxeira.gamification_profiles set total_tokens = 1000000, lifetime_tokens = 1000000',
   '42501 permission denied for table gamification_profiles'),
  ('update auxeira.actions set actual_tokens = 60', '42501 permission denied for table actions'),
  ('insert into auxeira.actions default values', '42501 permission denied for table actions'),
  ('update auxeira.activities set base_tokens = 1000', '42501 permission denied for table activities'),
  ('delete from auxeira.actions', '42501 permission denied for table actions')
) as attack (statement, expected);
reset session authorization;

select * from finish();
rollback;
