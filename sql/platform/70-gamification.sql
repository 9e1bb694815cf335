-- Tokens for actions. What an action pays is the server's alone: see auxeira.activities.
set local role auxeira_owner;

create table auxeira.activities (
  action_type text primary key check (action_type ~ '^[a-z][a-z0-9_]*$'),
  activity_id integer unique check (activity_id > 0),
  title text not null,
  tier text not null check (tier in ('bronze', 'silver', 'gold', 'profile', 'unpaid')),
  base_tokens integer not null check (base_tokens between 0 and 1000),
  daily_limit integer not null default 3 check (daily_limit > 0),
  cooldown interval not null default '10 minutes' check (cooldown >= '0'),
  is_once_per_organization boolean not null default false
);
comment on table auxeira.activities is 'Catalogue of the actions that can be reported, and what each pays.';
comment on column auxeira.activities.daily_limit is 'Paid reports of the action a user can make a day.';

insert into auxeira.activities (activity_id, action_type, title, tier, base_tokens, is_once_per_organization) values
  (1, 'customer_interview', 'Customer interviews', 'bronze', 20, false),
  (2, 'feedback_loop', 'Feedback loops', 'bronze', 25, false),
  (3, 'problem_solution_interview', 'Problem-solution interviews', 'bronze', 20, false),
  (4, 'mvp_launch', 'Minimum viable product', 'silver', 75, false),
  (5, 'short_release', 'Short releases', 'bronze', 20, false),
  (6, 'user_test', 'User tests', 'bronze', 25, false),
  (7, 'pivot', 'Pivot', 'silver', 100, false),
  (8, 'kpi_dashboard', 'KPI dashboard', 'silver', 50, false),
  (9, 'metric_review', 'Metric reviews', 'bronze', 15, false),
  (10, 'decision_document', 'Decision documents', 'bronze', 20, false),
  (11, 'founder_agreement', 'Founder agreements', 'silver', 75, true),
  (12, 'team_retrospective', 'Team retrospectives', 'bronze', 20, false),
  (13, 'key_hire', 'Key hire', 'silver', 75, false),
  (14, 'monthly_financials', 'Monthly financials', 'bronze', 20, false),
  (15, 'runway_extension', 'Runway extension', 'silver', 75, false),
  (16, 'unit_economics', 'Unit economics', 'bronze', 25, false),
  (17, 'first_revenue', 'First revenue', 'gold', 300, true),
  (18, 'retention_improvement', 'Retention', 'silver', 75, false),
  (19, 'market_research', 'Market research', 'silver', 75, false),
  (20, 'post_mortem', 'Post-mortem', 'bronze', 20, false),
  (21, 'competitive_intelligence', 'Competitive intelligence', 'bronze', 20, false),
  (22, 'industry_event', 'Industry event', 'bronze', 25, false),
  (23, 'pitch_deck', 'Pitch deck', 'silver', 75, false),
  (24, 'investor_meeting', 'Investor meeting', 'bronze', 20, false),
  (25, 'due_diligence', 'Due diligence', 'gold', 250, true),
  (null, 'complete_profile', 'Profile completed', 'profile', 100, true),
  (null, 'first_metric', 'First metric tracked', 'profile', 50, true),
  (null, 'upload_pitch_deck', 'Pitch deck uploaded', 'profile', 75, true),
  (null, 'connect_financials', 'Financials connected', 'profile', 100, true),
  (null, 'complete_checklist', 'Checklist completed', 'profile', 150, true),
  (null, 'weekly_check_in', 'Seven-day check-in', 'profile', 50, false),
  (null, 'success_story', 'Success story shared', 'profile', 75, false),
  (null, 'peer_assessment', 'Peer assessment', 'profile', 25, false),
  (null, 'generic_action', 'Any other action, kept for the record', 'unpaid', 0, false);

create table auxeira.actions (
  org_id uuid not null references auxeira.organizations on delete cascade,
  action_id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  action_type text not null references auxeira.activities,
  domain text not null check (length(domain) between 1 and 50),
  description text,
  base_tokens integer not null check (base_tokens >= 0),
  actual_tokens integer not null check (actual_tokens between 0 and base_tokens * 3),
  multipliers jsonb not null default '{}' check (jsonb_typeof(multipliers) = 'object'),
  verification_level text not null default 'self'
    check (verification_level in ('self', 'peer', 'document', 'integration')),
  verification_data jsonb not null default '{}' check (jsonb_typeof(verification_data) = 'object'),
  verification_status text not null default 'pending'
    check (verification_status in ('pending', 'verified', 'rejected')),
  verified_by uuid,
  verified_at timestamptz,
  status text not null default 'completed' check (status in ('completed', 'reversed')),
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 65536),
  once_key text check (once_key = action_type),
  is_synthetic boolean not null default false,
  synthetic_probability numeric(3, 2) check (synthetic_probability between 0 and 1),
  session_id uuid,
  completed_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  primary key (org_id, action_id),
  unique (org_id, once_key, is_synthetic),
  check (is_synthetic or session_id is null),
  check ((verified_at is null) = (verified_by is null))
);
create index actions_user on auxeira.actions (org_id, user_id, completed_at);
-- Limits are of what was paid: whoever goes on reporting what is not makes nothing slower.
create index actions_paid on auxeira.actions (org_id, user_id, completed_at) where actual_tokens > 0;
create index actions_type on auxeira.actions (action_type);
comment on table auxeira.actions is 'Reported actions and the tokens each was paid.';
comment on column auxeira.actions.actual_tokens is 'Tokens paid; 0 where a limit was reached.';
comment on column auxeira.actions.once_key is
  'The action type, where it was paid and is paid once for an organization: a second one cannot be written.';

create table auxeira.gamification_profiles (
  org_id uuid not null references auxeira.organizations on delete cascade,
  user_id uuid not null,
  profile_id uuid not null default gen_random_uuid(),
  total_tokens bigint not null default 0,
  lifetime_tokens bigint not null default 0,
  tokens_spent bigint not null default 0 check (tokens_spent >= 0),
  current_streak integer not null default 0 check (current_streak >= 0),
  longest_streak integer not null default 0,
  streak_start_date date,
  last_action_date date,
  week_number integer not null default 1 check (week_number between 1 and 53),
  week_start date,
  actions_this_week integer not null default 0 check (actions_this_week >= 0),
  tokens_this_week integer not null default 0 check (tokens_this_week >= 0),
  achievements jsonb not null default '[]' check (jsonb_typeof(achievements) = 'array'),
  milestones jsonb not null default '[]' check (jsonb_typeof(milestones) = 'array'),
  commitments jsonb not null default '[]' check (jsonb_typeof(commitments) = 'array'),
  last_active_date date,
  activity_score numeric(5, 2) not null default 0 check (activity_score between 0 and 100),
  is_synthetic boolean not null default false,
  synthetic_behavior_pattern text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, user_id),
  unique (org_id, profile_id),
  check (total_tokens >= 0 and total_tokens = lifetime_tokens - tokens_spent),
  check (current_streak <= longest_streak)
);
comment on table auxeira.gamification_profiles is 'Tokens, streak and week of a member in an organization.';
comment on column auxeira.gamification_profiles.week_start is 'Monday (UTC) of the week the counters are of.';
create trigger gamification_profiles_updated before update on auxeira.gamification_profiles
  for each row execute function auxeira.touch_updated_at();

call auxeira.protect_private_table('auxeira.activities');
create policy everyone_select on auxeira.activities for select to auxeira_user, auxeira_admin using (true);
call auxeira.protect_tenant_table('auxeira.actions');
call auxeira.protect_tenant_table('auxeira.gamification_profiles');
-- Reading only: tokens are made by auxeira.record_action, so that none can be minted.
grant select on auxeira.activities to auxeira_user, auxeira_admin;

create function auxeira.token_award(base_tokens integer, quality integer, stage integer, streak integer)
  returns integer language sql immutable strict parallel safe
  return floor(base_tokens * least(quality::numeric * stage * streak, 3 * 1e12) / 1e12)::integer;
comment on function auxeira.token_award(integer, integer, integer, integer) is
  'Tokens an action pays: base times three multipliers in basis points (15000 = 1.5), their product at most 3, '
  'rounded down. Exact arithmetic: binary fractions would lose a token now and then.';

create function auxeira.stage_multiplier(stage auxeira.stage) returns integer
  language sql immutable parallel safe
  return case stage when 'pre_seed' then 15000 when 'seed' then 13000 when 'series_a' then 11000
    when 'series_b' then 9000 when 'series_c' then 8000 when 'growth' then 7000 when 'late' then 6000
    else 10000 end;
comment on function auxeira.stage_multiplier(auxeira.stage) is
  'Basis points by stage: the same step is harder for a younger startup. 1 when the stage is not known.';

create function auxeira.streak_multiplier(days integer) returns integer language sql immutable parallel safe
  return case when days >= 19 then 15000 when days >= 12 then 12500 when days >= 7 then 11000 else 10000 end;
comment on function auxeira.streak_multiplier(integer) is 'Basis points by length of the streak in days.';

create function auxeira.streak_after(last_day date, streak integer, today date) returns integer
  language sql immutable parallel safe
  return case when last_day >= today then streak when last_day = today - 1 then streak + 1 else 1 end;
comment on function auxeira.streak_after(date, integer, date) is
  'The streak once today counts: unchanged on the same day, one more on the next, 1 after a gap.';

create function auxeira.token_limits() returns table (a_day integer, a_week integer) language sql immutable parallel safe rows 1
begin atomic
  select 300, 1000;
end;
comment on function auxeira.token_limits() is 'The most tokens that a member is paid in an organization a day and a week (UTC).';

create function auxeira.award_limit(
  profile auxeira.gamification_profiles, activity auxeira.activities, award integer, today date)
  returns table (tokens integer, warning text)
  language sql stable rows 1
begin atomic
  with done_today as (
    select coalesce(sum(a.actual_tokens), 0) as tokens,
           count(*) filter (where a.action_type = activity.action_type) as times,
           max(a.completed_at) filter (where a.action_type = activity.action_type) as latest
    from auxeira.actions a
    where a.org_id = profile.org_id and a.user_id = profile.user_id and a.is_synthetic = profile.is_synthetic
      and a.completed_at >= today::timestamp at time zone 'UTC' and a.actual_tokens > 0
  ), limits as (
    select greatest(0, least(m.a_day - d.tokens, m.a_week - case
             when profile.week_start = date_trunc('week', today)::date then profile.tokens_this_week else 0 end)) as room,
           case
             when activity.is_once_per_organization and exists (
               select from auxeira.actions a
               where a.org_id = profile.org_id and a.once_key = activity.action_type
                 and a.is_synthetic = profile.is_synthetic)
               then 'this action is paid once for an organization'
             when d.times >= activity.daily_limit
               then format('this action is paid %s times a day', activity.daily_limit)
             when d.latest > clock_timestamp() - activity.cooldown
               then format('this action is paid once in %s minutes', extract(epoch from activity.cooldown)::integer / 60)
           end as refusal,
           format('at most %s tokens a day and %s a week are paid', m.a_day, m.a_week) as too_many
    from done_today d cross join auxeira.token_limits() m
  )
  select case when l.refusal is null then least(award, l.room)::integer else 0 end,
         coalesce(l.refusal, case when award > l.room then l.too_many end)
  from limits l;
end;
comment on function auxeira.award_limit(auxeira.gamification_profiles, auxeira.activities, integer, date) is
  'What of an award may be paid today, and why not all of it.';

create function auxeira.pay(member auxeira.gamification_profiles, tokens integer, streak integer, today date)
  returns void language plpgsql volatile as $$
begin
  update auxeira.gamification_profiles p set
    total_tokens = p.total_tokens + tokens,
    lifetime_tokens = p.lifetime_tokens + tokens,
    current_streak = streak,
    longest_streak = greatest(p.longest_streak, streak),
    streak_start_date = today - (streak - 1),
    last_action_date = today,
    last_active_date = today,
    week_number = extract(week from today),
    week_start = date_trunc('week', today)::date,
    actions_this_week = 1 + case when p.week_start = date_trunc('week', today)::date then p.actions_this_week else 0 end,
    tokens_this_week = tokens + case when p.week_start = date_trunc('week', today)::date then p.tokens_this_week else 0 end
  where p.org_id = member.org_id and p.user_id = member.user_id;
end
$$;
comment on function auxeira.pay(auxeira.gamification_profiles, integer, integer, date) is
  'Books a paid action into a profile: balance, streak and week.';
revoke execute on function auxeira.pay(auxeira.gamification_profiles, integer, integer, date) from public;

create function auxeira.lock_own_profile() returns auxeira.gamification_profiles language plpgsql volatile as $$
declare
  profile auxeira.gamification_profiles;
begin
  insert into auxeira.gamification_profiles (org_id, user_id, is_synthetic)
  select o.org_id, auxeira.user_id(), o.is_synthetic from auxeira.organizations o where o.org_id = auxeira.org_id()
  on conflict do nothing;
  select * into profile from auxeira.gamification_profiles p
  where p.org_id = auxeira.org_id() and p.user_id = auxeira.user_id() for update;
  return profile;
end
$$;
comment on function auxeira.lock_own_profile() is
  'The profile of the session''s user, made when missing. Its row is the lock that lets limits hold.';
revoke execute on function auxeira.lock_own_profile() from public;

-- Definer, because tokens are worth money and nobody may write them in any other way; it writes for the user
-- and the active organization of the session only.
create function auxeira.record_action(action_type text, domain text, metadata jsonb default '{}')
  returns table (action auxeira.actions, warning text)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  moment timestamptz;
  today date;
  stage_points constant integer := auxeira.stage_multiplier(
    (select o.stage from auxeira.organizations o where o.org_id = auxeira.org_id()));
  activity auxeira.activities;
  profile auxeira.gamification_profiles;
  streak integer;
  streak_points integer;
  payable record;
  recorded auxeira.actions;
begin
  perform auxeira.require_right('actions', 'insert', auxeira.org_id(), 'organization not found');
  select * into activity from auxeira.activities a where a.action_type = record_action.action_type;
  if not found then
    raise exception using errcode = '22023',
      message = format('invalid request: actionType: %s is not an activity', to_json(left(record_action.action_type, 60))),
      detail = format('actionType: %s is not an activity', to_json(left(record_action.action_type, 60))),
      hint = 'See the catalogue of activities.';
  end if;
  -- One report in an organization at a time, so that limits and what is paid once hold.
  perform auxeira.take_turn(auxeira.org_id());
  profile := auxeira.lock_own_profile();
  -- Read after the lock, and never before what is booked: a transaction may have been open since yesterday.
  moment := clock_timestamp();
  today := greatest((moment at time zone 'UTC')::date, profile.last_action_date);
  streak := auxeira.streak_after(profile.last_action_date, profile.current_streak, today);
  streak_points := auxeira.streak_multiplier(streak);
  select * into payable from auxeira.award_limit(profile, activity,
    auxeira.token_award(activity.base_tokens, 10000, stage_points, streak_points), today);
  insert into auxeira.actions (org_id, user_id, action_type, domain, base_tokens, actual_tokens, multipliers, metadata,
    once_key, is_synthetic, completed_at)
  values (profile.org_id, profile.user_id, activity.action_type, record_action.domain, activity.base_tokens,
          payable.tokens, jsonb_build_object('quality', 1, 'stage', round(stage_points / 10000.0, 2),
                                             'streak', round(streak_points / 10000.0, 2)),
          record_action.metadata,
          case when activity.is_once_per_organization and payable.tokens > 0 then activity.action_type end,
          profile.is_synthetic, moment)
  returning * into recorded;
  perform auxeira.pay(profile, payable.tokens, streak, today);
  return query select recorded, payable.warning;
end
$$;
comment on function auxeira.record_action(text, text, jsonb) is
  'Records an action of the session''s user and pays what the catalogue says: base x stage x streak, within '
  'the limits of the day and the week. Errors: 22023 no such activity, 42501 a viewer.';

create function auxeira_api.complete_action(request jsonb) returns json language plpgsql volatile as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["actionType", "domain"],
    "properties": {
      "actionType": {"type": "string", "minLength": 1, "maxLength": 100},
      "domain": {"type": "string", "minLength": 1, "maxLength": 50},
      "baseTokens": {"type": "number", "minimum": 0, "maximum": 1000000000},
      "multipliers": {"type": "object", "maxProperties": 20, "default": {}},
      "metadata": {"type": "object", "maxProperties": 100, "default": {}},
      "isSynthetic": {"type": "boolean", "default": false}}}');
  done record;
  warnings text[];
begin
  select (a.action).*, a.warning into done
  from auxeira.record_action(r ->> 'actionType', r ->> 'domain', r -> 'metadata') a;
  warnings := array_remove(array[done.warning], null);
  if (r ->> 'baseTokens')::numeric <> done.base_tokens then
    warnings := warnings || format('baseTokens is ignored: this action is worth %s', done.base_tokens);
  end if;
  if r -> 'multipliers' <> '{}' then
    warnings := warnings || 'multipliers are ignored: the server computes its own'::text;
  end if;
  if (r ->> 'isSynthetic')::boolean then
    warnings := warnings || 'isSynthetic is ignored: the action counts as real'::text;
  end if;
  return auxeira.success(json_build_object(
    'actionId', done.action_id, 'tokensAwarded', done.actual_tokens, 'multipliers', done.multipliers,
    'baseTokens', done.base_tokens, 'warnings', warnings));
end
$$;
comment on function auxeira_api.complete_action(jsonb) is
  'POST /api/gamification/action: records an action and pays its tokens. actionType (see auxeira.activities), '
  'domain; baseTokens and multipliers are accepted for compatibility and never pay.';

create function auxeira_api.get_gamification_profile(request jsonb) returns json language plpgsql stable as $$
declare
  today constant date := (now() at time zone 'UTC')::date;
  monday constant date := date_trunc('week', today)::date;
  p auxeira.gamification_profiles;
  this_week boolean;
begin
  select * into p from auxeira.gamification_profiles g
  where g.org_id = auxeira.org_id() and g.user_id = auxeira.user_id();
  this_week := coalesce(p.week_start = monday, false);
  return auxeira.success(json_build_object(
    'profile_id', p.profile_id, 'user_id', auxeira.user_id(), 'startup_id', auxeira.org_id(),
    'total_tokens', coalesce(p.total_tokens, 0), 'lifetime_tokens', coalesce(p.lifetime_tokens, 0),
    'tokens_spent', coalesce(p.tokens_spent, 0),
    'current_streak', case when p.last_action_date >= today - 1 then p.current_streak else 0 end,
    'longest_streak', coalesce(p.longest_streak, 0), 'streak_start_date', p.streak_start_date,
    'last_action_date', p.last_action_date, 'week_number', extract(week from today)::integer,
    'actions_this_week', case when this_week then p.actions_this_week else 0 end,
    'tokens_this_week', case when this_week then p.tokens_this_week else 0 end,
    'achievements', coalesce(p.achievements, '[]'), 'milestones', coalesce(p.milestones, '[]'),
    'commitments', coalesce(p.commitments, '[]'), 'last_active_date', p.last_active_date,
    'activity_score', coalesce(p.activity_score, 0), 'is_synthetic', coalesce(p.is_synthetic, false),
    'created_at', p.created_at, 'updated_at', p.updated_at));
end
$$;
comment on function auxeira_api.get_gamification_profile(jsonb) is
  'GET /api/gamification/profile: tokens, streak and week of the user; zeros before the first action.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('complete_action', 'user', 201, false, 'gamification'),
  ('get_gamification_profile', 'user', 200, true, 'gamification');

reset role;
