-- One row of an organization in every tenant table. Included by \ir after helpers.sql.
create function test.plant_rows(org uuid, startup uuid, member uuid) returns void language plpgsql as $$
declare
  integration uuid;
  score uuid;
  investment uuid;
  partnership uuid;
  program uuid;
begin
  insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp, user_id)
  values (org, 'startup_founder', '{"mrr": 1}', now(), member);
  insert into auxeira.synthetic_data_sessions (org_id, parameters, status) values (org, '{}', 'completed');
  insert into auxeira.organization_templates (org_id, template_name, template_type, user_type, description, data_schema,
    generation_rules)
  values (org, 'users', 'dashboard_metrics', 'startup_founder', '', '{"users": {"type": "integer"}}',
          '{"users": {"low": 1, "high": 9}}');
  insert into auxeira.actions (org_id, user_id, action_type, domain, base_tokens, actual_tokens)
  values (org, member, 'generic_action', 'test', 0, 0);
  insert into auxeira.gamification_profiles (org_id, user_id) values (org, member);
  insert into auxeira.mrr_movements (org_id, month, movement, amount, customers) values (org, '2026-01-01', 'new', 100, 1);
  insert into auxeira.cash_positions (org_id, month, opening, operating_inflow, operating_outflow, closing)
  values (org, '2026-01-01', 1000, 100, 300, 800);
  insert into auxeira.headcounts (org_id, month, employees) values (org, '2026-01-01', 3);
  insert into auxeira.investments (org_id, startup_id, investment_type) values (org, startup, 'equity')
  returning investment_id into investment;
  insert into auxeira.investment_cash_flows (org_id, investment_id, flow_date, flow_type, amount)
  values (org, investment, '2026-01-15', 'contribution', 1000);
  insert into auxeira.investment_marks (org_id, investment_id, as_of, fair_value, method)
  values (org, investment, '2026-01-31', 1000, 'cost');
  insert into auxeira.partnerships (org_id, startup_id, partnership_type) values (org, startup, 'pilot')
  returning partnership_id into partnership;
  insert into auxeira.benefit_redemptions (org_id, partnership_id, startup_id, redeemed_at, benefit, list_value, partner_cost,
    startup_saving)
  values (org, partnership, startup, now(), 'cloud credits', 100, 20, 80);
  insert into auxeira.programs (org_id, name, kind) values (org, 'seed fund', 'grant') returning program_id into program;
  insert into auxeira.grants (org_id, program_id, startup_id, awarded_on, amount)
  values (org, program, startup, '2026-01-01', 5000);
  insert into auxeira.relationships (org_id, startup_id, kind) values (org, startup, 'grantor');
  insert into auxeira.documents (org_id, title, kind, url, created_by)
  values (org, 'deck', 'pitch_deck', 'https://files.example/deck.pdf', member);
  insert into auxeira.integrations (org_id, service_name, service_type) values (org, 'stripe', 'payments')
  returning integration_id into integration;
  insert into auxeira.integration_credentials (org_id, integration_id, sealed) values (org, integration, '\x00');
  insert into auxeira.integration_data (org_id, integration_id, data_type, data_payload, sync_timestamp)
  values (org, integration, 'invoice', '{}', now());
  insert into auxeira.sse_scores (org_id, version, total_score, raw_score, status, component_scores, percentile,
    success_probability, explanation, cohort, coverage, band, scale, missing_policy, formula_version, input_hash,
    data_quality_score, confidence_level)
  values (org, 1, 50, 50, 'scored', '{}', 50, 0.1, '{}', '{}', 1, 1, 'unit', 'zero', 'test', sha256(''), 1, 1)
  returning score_id into score;
  insert into auxeira.sse_answers (org_id, score_id, responses) values (org, score, '{}');
  insert into auxeira.sse_score_history (org_id, score_id, change_type, new_values, change_delta, impact_score)
  values (org, score, 'created', '{}', '{}', 50);
end
$$;
