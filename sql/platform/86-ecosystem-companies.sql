-- Synthetic ecosystems: the companies by month, what their people do, and their scores.
set local role auxeira_owner;

create function auxeira.company_months(plan auxeira.ecosystem_plan)
  returns table (org_id uuid, place integer, is_real boolean, at timestamptz, state auxeira.synthetic_month)
  language sql stable rows 10000
begin atomic
  select m.org_id, m.place, m.is_real, auxeira.month_end(s.month, plan.as_of), s
  from auxeira.members_of(plan) m
    cross join lateral auxeira.synthetic_months(plan.seed, m.model_id, m.months, m.last_at, m.stage, m.industry, m.region,
      m.business_model, plan.variance, plan.trend, ends => m.last_at < plan.as_of) s
  where m.kind = 'startup';
end;
comment on function auxeira.company_months(auxeira.ecosystem_plan) is
  'Every company of an ecosystem by month, until it closed or was sold. Real ones do not.';

-- --- What people do ------------------------------------------------------------------------------------------------

-- People report every third thing they do.
create function auxeira.reported_actions(plan auxeira.ecosystem_plan)
  returns table (org_id uuid, action_id uuid, action_type text, stage auxeira.stage, at timestamptz)
  language sql stable rows 10000
begin atomic
  with choices as (
    select array_agg(a.action_type order by a.activity_id, n) as types
    from auxeira.activities a cross join lateral generate_series(1, case a.tier when 'bronze' then 4 else 1 end) n
    where a.tier in ('bronze', 'silver') and not a.is_once_per_organization
  )
  select m.org_id, auxeira.made_id(plan, 'action/' || m.org_id || t.action_index, t.at),
    auxeira.chosen(plan, 'action/' || m.model_id || t.action_index, c.types), m.stage::auxeira.stage, t.at
  from auxeira.members_of(plan) m
    join auxeira.organizations o on o.org_id = m.org_id
    cross join choices c
    cross join lateral auxeira.synthetic_action_times(plan.seed, m.model_id, least(plan.days, 31 * m.months), m.last_at,
      m.business_model, coalesce(plan.trend, 'stable'), plan.variance) t
  where m.kind = 'startup' and t.action_index % 3 = 0
    and t.at >= coalesce(o.founded_on, '-infinity') and t.at < coalesce(o.closed_on, 'infinity')
    and t.at >= plan.as_of - make_interval(days => plan.days);
end;
comment on function auxeira.reported_actions(auxeira.ecosystem_plan) is
  'What somebody in each company would report, were everything paid.';

create function auxeira.paid_actions(plan auxeira.ecosystem_plan)
  returns table (org_id uuid, action_id uuid, action_type text, domain text, stage auxeira.stage, base_tokens integer,
                 tokens integer, at timestamptz)
  language sql stable rows 10000
begin atomic
  with awards as materialized (
    select a.action_type, a.base_tokens, case a.tier when 'bronze' then 'market' else 'product' end as domain, stage,
      a.daily_limit, a.cooldown, auxeira.token_award(a.base_tokens, 10000, auxeira.stage_multiplier(stage), 10000) as tokens
    from auxeira.activities a cross join unnest(enum_range(null::auxeira.stage)) stage
  ), seen as (
    select r.*, a.base_tokens, a.domain, a.tokens, a.daily_limit, a.cooldown, date_trunc('day', r.at, 'UTC') as day,
      row_number() over (partition by r.org_id, r.action_type, date_trunc('day', r.at, 'UTC') order by r.at, r.action_id)
        as times,
      lag(r.at) over (partition by r.org_id, r.action_type order by r.at, r.action_id) as before
    from auxeira.reported_actions(plan) r join awards a on a.action_type = r.action_type and a.stage = r.stage
  ), today as (
    select s.*, sum(s.tokens) over (partition by s.org_id, s.day order by s.at, s.action_id) as tokens_today
    from seen s where s.times <= s.daily_limit and (s.before is null or s.at >= s.before + s.cooldown)
  ), this_week as (
    select t.*, m.a_week, sum(t.tokens) over (partition by t.org_id, date_trunc('week', t.day, 'UTC')
                                              order by t.at, t.action_id) as tokens_this_week
    from today t cross join auxeira.token_limits() m where t.tokens_today <= m.a_day
  )
  select w.org_id, w.action_id, w.action_type, w.domain, w.stage, w.base_tokens, w.tokens, w.at
  from this_week w where w.tokens_this_week <= w.a_week;
end;
comment on function auxeira.paid_actions(auxeira.ecosystem_plan) is
  'The reported actions that auxeira.award_limit() pays in full: nobody goes on reporting what is not paid.';

create function auxeira.store_actions(plan auxeira.ecosystem_plan) returns void language sql volatile
begin atomic
  insert into auxeira.actions (org_id, action_id, user_id, action_type, domain, base_tokens, actual_tokens, multipliers,
    is_synthetic, session_id, completed_at)
  select p.org_id, p.action_id, auxeira.made_id(plan, 'person/' || p.org_id), p.action_type, p.domain, p.base_tokens, p.tokens,
    jsonb_build_object('quality', 1, 'stage', round(auxeira.stage_multiplier(p.stage) / 10000.0, 2), 'streak', 1),
    true, plan.session_id, p.at
  from auxeira.paid_actions(plan) p;
end;
comment on function auxeira.store_actions(auxeira.ecosystem_plan) is
  'Stores what somebody in each company reported, with the tokens that it is worth at its stage: within the limits that the '
  'catalogue of activities sets, however much variance is asked for.';

create function auxeira.activity_of(session uuid, points auxeira.dashboard_point[])
  returns table (org_id uuid, at timestamptz, figures jsonb) language sql stable rows 10000
begin atomic
  with done as materialized (
    select m.org_id, a.completed_at as at, a.actual_tokens, a.action_type like '%interview' as is_interview,
      (a.completed_at at time zone 'UTC')::date as day,
      dense_rank() over (partition by m.org_id order by (a.completed_at at time zone 'UTC')::date)::integer as days
    from (select distinct p.org_id from unnest(points) p) m
      cross join lateral (
        select a.completed_at, a.actual_tokens, a.action_type from auxeira.actions a
        where a.org_id = m.org_id and a.session_id = session offset 0) a
  ), active as materialized (
    select distinct d.org_id from done d
  ), events as (
    -- The days of a streak have the same difference of date and rank.
    select d.org_id, d.at, 1 as actions, d.is_interview::integer as interviews, d.actual_tokens, d.day,
      min(d.day) over (partition by d.org_id, d.day - d.days) as streak_start, false as is_point
    from done d
    union all
    select m.org_id, p.at, 0, 0, 0, null, null, true from active m join unnest(points) p on p.org_id = m.org_id
  ), so_far as (
    select e.org_id, e.at, e.is_point, sum(e.actions) over earlier as actions, sum(e.interviews) over earlier as interviews,
      sum(e.actual_tokens) over earlier as tokens, max(e.day) over earlier as last_day,
      max(e.streak_start) over earlier as streak_start,
      sum(e.actions) over (partition by e.org_id order by e.at range between '7 days' preceding and current row) as this_week
    from events e
    window earlier as (partition by e.org_id order by e.at)
  )
  select s.org_id, s.at, jsonb_build_object(
    'interviews_completed', s.interviews, 'tokens_earned', s.tokens,
    'profile_completion', least(100, 60 + round(s.actions / 10.0, 1)), 'actions_this_week', s.this_week,
    'streak_days', case when s.last_day >= (s.at at time zone 'UTC')::date - 1 then s.last_day - s.streak_start + 1
                     else 0 end)
  from so_far s where s.is_point;
end;
comment on function auxeira.activity_of(uuid, auxeira.dashboard_point[]) is
  'The figures of the founder''s dashboard that are counted from actions, of the companies that have any. actions_this_week: '
  'of seven days; profile_completion: a profile fills with what is reported.';

create function auxeira.activity_figures(plan auxeira.ecosystem_plan)
  returns table (org_id uuid, at timestamptz, figures jsonb) language sql stable rows 10000
begin atomic
  select a.* from auxeira.activity_of(plan.session_id, array(
    select row(m.org_id, m.kind, p.at, null, null, null)::auxeira.dashboard_point
    from auxeira.members_of(plan) m join auxeira.points_of(plan) p on p.is_month or m.is_real where m.kind = 'startup')) a;
end;
comment on function auxeira.activity_figures(auxeira.ecosystem_plan) is 'The figures of auxeira.activity_of() at every point.';

-- --- By month --------------------------------------------------------------------------------------------------------

create function auxeira.founder_figures(s auxeira.synthetic_month, reports_emissions boolean, activity jsonb)
  returns jsonb language sql immutable parallel safe
  return jsonb_strip_nulls(activity || jsonb_build_object(
    'sse_score', s.sse_score, 'revenue', s.revenue, 'customers', s.customers, 'team_size', s.headcount, 'hires', s.hires,
    'burn_rate', case when s.net_burn >= 1 then s.net_burn end,
    'runway_months', case when s.runway_months <= 120 then s.runway_months end, 'mrr', s.mrr, 'arr', s.arr, 'arpa', s.arpa,
    'cash', s.cash, 'operating_outflow', s.operating_outflow, 'net_burn', s.net_burn,
    'financing', nullif(s.financing, 0), 'gross_margin', s.gross_margin,
    'logo_churn', s.logo_churn, 'cac', s.cac, 'ltv', s.ltv, 'ltv_cac', s.ltv_cac,
    'cac_payback_months', s.cac_payback_months, 'grr_12m', s.grr_12m, 'nrr_12m', s.nrr_12m, 'quick_ratio', s.quick_ratio,
    'burn_multiple', s.burn_multiple, 'environmental_score', s.environmental, 'social_score', s.social)
    || jsonb_build_object('governance_score', s.governance,
    'scope1_tco2e', case when reports_emissions then s.scope1_tco2e end,
    'scope2_tco2e', case when reports_emissions then s.scope2_tco2e end,
    'lives_reached', s.lives_reached, 'beneficiaries', s.beneficiaries));
comment on function auxeira.founder_figures(auxeira.synthetic_month, boolean, jsonb) is
  'The figures of a company in a month, together with those of what its people did. No burn where cash grows, and no runway '
  'beyond ten years.';

create function auxeira.store_company_months(plan auxeira.ecosystem_plan) returns void language sql volatile
begin atomic
  with months as materialized (
    select c.*, (c.state).month from auxeira.company_months(plan) c
  ), movements as (
    insert into auxeira.mrr_movements (org_id, month, movement, amount, customers, source, is_synthetic, session_id)
    select m.org_id, m.month, v.movement, v.amount, v.customers, 'synthetic', true, plan.session_id
    from months m
      cross join lateral (values
        ('new', (m.state).new_mrr, (m.state).new_customers), ('expansion', (m.state).expansion_mrr, 0),
        ('reactivation', (m.state).reactivation_mrr, 0), ('contraction', (m.state).contraction_mrr, 0),
        ('churn', (m.state).churned_mrr, (m.state).lost_customers)) v (movement, amount, customers)
  ), cash as (
    insert into auxeira.cash_positions (org_id, month, opening, operating_inflow, operating_outflow, financing, closing,
      source, is_synthetic, session_id)
    select m.org_id, m.month, (m.state).cash + (m.state).net_burn - (m.state).financing, (m.state).revenue,
      (m.state).operating_outflow, (m.state).financing, (m.state).cash, 'synthetic', true, plan.session_id
    from months m
  ), people as (
    insert into auxeira.headcounts (org_id, month, employees, hires, leavers, source, is_synthetic, session_id)
    select m.org_id, m.month, (m.state).headcount, (m.state).hires, (m.state).leavers, 'synthetic', true, plan.session_id
    from months m
  )
  insert into auxeira.dashboard_metrics (org_id, metric_id, dashboard_type, metric_value, metric_timestamp,
    aggregation_period, is_synthetic, synthetic_algorithm, synthetic_trend, session_id)
  select m.org_id, auxeira.made_id(plan, 'figures/' || m.org_id, m.at), 'startup_founder',
    auxeira.founder_figures(m.state, auxeira.chance(plan, 'emissions/' || m.org_id) < 0.85,
                            coalesce(a.figures, '{}')),
    m.at, 'month', true, 'ecosystem_v1', plan.trend, plan.session_id
  from months m left join auxeira.activity_figures(plan) a on a.org_id = m.org_id and a.at = m.at;
end;
comment on function auxeira.store_company_months(auxeira.ecosystem_plan) is
  'Stores the months of the companies: MRR movements, cash, people and the founder''s dashboard.';

create function auxeira.between_months(before numeric, after numeric, part numeric, digits integer) returns numeric
  language sql immutable parallel safe return round(before + (after - before) * part, digits);
comment on function auxeira.between_months(numeric, numeric, numeric, integer) is
  'A figure on the way from one month''s end to the next.';

create function auxeira.store_founder_days(plan auxeira.ecosystem_plan) returns void language sql volatile
begin atomic
  with months as materialized (
    select c.org_id, c.at, (c.state).* from auxeira.company_months(plan) c where c.is_real
  ), days as (
    select m.org_id, p.at, extract(epoch from p.at - before.at) / extract(epoch from m.at - before.at) as part, m, before
    from auxeira.points_of(plan) p
      join months m on m.month = p.month
      join months before on before.org_id = m.org_id and before.at = p.state_at
    where not p.is_month
  )
  insert into auxeira.dashboard_metrics (org_id, metric_id, dashboard_type, metric_value, metric_timestamp,
    aggregation_period, is_synthetic, synthetic_algorithm, synthetic_trend, session_id)
  select d.org_id, auxeira.made_id(plan, 'figures/' || d.org_id, d.at), 'startup_founder',
    jsonb_strip_nulls(coalesce(a.figures, '{}') || jsonb_build_object(
      'sse_score', auxeira.between_months((d.before).sse_score, (d.m).sse_score, d.part, 2),
      'revenue', auxeira.between_months((d.before).revenue, (d.m).revenue, d.part, 2),
      'customers', auxeira.between_months((d.before).customers, (d.m).customers, d.part, 0),
      'team_size', (d.before).headcount,
      'burn_rate', case when least((d.before).net_burn, (d.m).net_burn) >= 1
                     then auxeira.between_months((d.before).net_burn, (d.m).net_burn, d.part, 2) end,
      'runway_months', case when greatest((d.before).runway_months, (d.m).runway_months) <= 120
                         then auxeira.between_months((d.before).runway_months, (d.m).runway_months, d.part, 1) end)),
    d.at, 'day', true, 'ecosystem_v1', plan.trend, plan.session_id
  from days d left join auxeira.activity_figures(plan) a on a.org_id = d.org_id and a.at = d.at;
end;
comment on function auxeira.store_founder_days(auxeira.ecosystem_plan) is
  'Stores the dashboards of real companies for the last 60 days: between the figures of the months, with what was done.';

-- --- Scores ----------------------------------------------------------------------------------------------------------

-- The components differ from one another, and their weighted mean stays: team and market move against product.
create function auxeira.made_answers(score numeric, lean double precision) returns jsonb language sql immutable parallel safe
  return (
    select jsonb_build_object('team', jsonb_build_object('experience', s.mean + s.lean, 'commitment', s.mean + s.lean),
      'market', jsonb_build_object('size', s.mean, 'growth', s.mean),
      'product', jsonb_build_object('readiness', s.mean - 1.25 * s.lean, 'fit', s.mean - 1.25 * s.lean),
      'business', jsonb_build_object('model', s.mean), 'financial', jsonb_build_object('runway', s.mean),
      'traction', jsonb_build_object('growth', s.mean))
    from (select score / 100 as mean,
                 round((lean - 0.5)::numeric * 0.4 * least(score / 100, 1 - score / 100), 6) as lean) s);
comment on function auxeira.made_answers(numeric, double precision) is
  'Answers that give this score. lean, 0 to 1: from a strong product to a strong team.';

create function auxeira.result_values(version integer, result auxeira.sse_result) returns jsonb
  language sql immutable parallel safe
  return jsonb_build_object('version', version, 'total', result.total, 'breakdown', result.breakdown,
                            'confidence', round(result.confidence::numeric, 3));
comment on function auxeira.result_values(integer, auxeira.sse_result) is 'What the history keeps of a result.';

create function auxeira.store_scores(plan auxeira.ecosystem_plan) returns void language sql volatile
begin atomic
  -- Versions go on after those of synthetic scores that are there, of which none may come in between.
  select auxeira.take_turn(m.org_id) from auxeira.members_of(plan) m where m.is_real and m.kind = 'startup' order by m.org_id;
  with scored as materialized (
    select c.org_id, c.at, auxeira.made_id(plan, 'score/' || c.org_id, c.at) as score_id,
      (row_number() over (partition by c.org_id order by c.at))::integer
        + coalesce((select max(s.version) from auxeira.sse_scores s where s.org_id = c.org_id and s.is_synthetic), 0)
        as version,
      auxeira.made_answers((c.state).sse_score, auxeira.chance(plan, 'answers/' || c.org_id)) as answers
    from auxeira.company_months(plan) c
    where extract(month from (c.state).month) in (3, 6, 9, 12) or c.at = plan.as_of
  ), results as materialized (
    select s.*, auxeira.sse_score(s.answers, 'unit', 'reweight') as result from scored s
  ), scores as (
    insert into auxeira.sse_scores (org_id, score_id, version, total_score, raw_score, status, component_scores, percentile,
      success_probability, explanation, cohort, coverage, band, is_synthetic, session_id, synthetic_seed,
      synthetic_algorithm, scale, missing_policy, formula_version, input_hash, data_quality_score, confidence_level,
      created_at)
    select r.org_id, r.score_id, r.version, (r.result).total, (r.result).raw, (r.result).status, (r.result).breakdown,
      (r.result).reference_percentile, (r.result).success_probability, auxeira.sse_explanation(r.result, null),
      '{"basis": "reference", "size": 0}', (r.result).coverage, (r.result).band, true, plan.session_id, plan.seed,
      'ecosystem_v1', (r.result).scale, 'reweight', (r.result).formula_version,
      sha256(convert_to(jsonb_build_array(r.answers, 'unit', 'reweight')::text, 'UTF8')), (r.result).data_quality,
      (r.result).confidence, r.at
    from results r
  ), answers as (
    insert into auxeira.sse_answers (org_id, score_id, responses, is_synthetic, session_id, created_at)
    select r.org_id, r.score_id, r.answers, true, plan.session_id, r.at from results r
  )
  insert into auxeira.sse_score_history (org_id, history_id, score_id, change_type, old_values, new_values, change_delta,
    change_reason, impact_score, is_synthetic, session_id, created_at)
  select r.org_id, auxeira.made_id(plan, 'history/' || r.org_id, r.at), r.score_id,
    case when before.result is null then 'created' else 'recalculated' end,
    case when before.result is not null then auxeira.result_values(r.version - 1, before.result) end,
    auxeira.result_values(r.version, r.result),
    auxeira.sse_change(coalesce((before.result).breakdown, '{}'), (r.result).breakdown), 'synthetic',
    (r.result).total - coalesce((before.result).total, 0), true, plan.session_id, r.at
  from results r left join results before on before.org_id = r.org_id and before.version = r.version - 1;
end;
comment on function auxeira.store_scores(auxeira.ecosystem_plan) is
  'Stores an SSE score for every company, each quarter and at the end: the one its dashboard shows, with answers that give it.';

-- --- Integrations ----------------------------------------------------------------------------------------------------

create function auxeira.store_integrations(plan auxeira.ecosystem_plan) returns void language sql volatile
begin atomic
  with connected as (
    insert into auxeira.integrations (org_id, integration_id, service_name, service_type, status, last_sync, is_synthetic,
      session_id, synthetic_pattern)
    select m.org_id, auxeira.made_id(plan, format('integration/%s/%s', m.org_id, s.name)), s.name, s.type,
      case when o.closed_on is null then 'connected' else 'disconnected' end,
      least(plan.as_of, o.closed_on::timestamp at time zone 'UTC'), true, plan.session_id, 'monthly'
    from auxeira.members_of(plan) m
      join auxeira.organizations o on o.org_id = m.org_id
      cross join (values ('Stripe', 'payments', 0.7), ('QuickBooks', 'accounting', 0.6),
                         ('HubSpot', 'crm', 0.4)) s (name, type, share)
    where m.kind = 'startup'
      and (m.is_real or auxeira.chance(plan, format('connects/%s/%s', m.org_id, s.name)) < s.share)
    on conflict (org_id, service_name, is_synthetic) do nothing
    returning org_id, integration_id, service_type
  )
  insert into auxeira.integration_data (org_id, data_id, integration_id, data_type, data_payload, metrics, sync_timestamp,
    data_timestamp, is_synthetic, session_id, synthetic_pattern, validation_status)
  select c.org_id, auxeira.made_id(plan, 'integration data/' || c.integration_id, m.at), c.integration_id, c.service_type,
    jsonb_build_object('month', (m.state).month),
    case c.service_type when 'payments' then jsonb_build_object('mrr', (m.state).mrr, 'customers', (m.state).customers)
      when 'accounting' then jsonb_build_object('cash', (m.state).cash, 'revenue', (m.state).revenue, 'cogs', (m.state).cogs)
      else jsonb_build_object('new_customers', (m.state).new_customers, 'lost_customers', (m.state).lost_customers) end,
    m.at, m.at, true, plan.session_id, 'monthly', 'valid'
  from connected c join auxeira.company_months(plan) m on m.org_id = c.org_id;
end;
comment on function auxeira.store_integrations(auxeira.ecosystem_plan) is
  'Stores which services the companies are connected to, and what each sent at the end of every month. A connection that '
  'there is of the same name stays as it is.';

reset role;
