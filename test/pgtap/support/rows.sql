-- One row of an organization in every tenant table. Included by \ir after helpers.sql.
create function test.plant_rows(org uuid, startup uuid, member uuid) returns void language plpgsql as $$
declare
  integration uuid;
  score uuid;
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
  insert into auxeira.investments (org_id, startup_id, investment_type) values (org, startup, 'equity');
  insert into auxeira.partnerships (org_id, startup_id, partnership_type) values (org, startup, 'pilot');
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
