-- Who may execute what: nothing by itself (PUBLIC), then by name.
revoke execute on all functions in schema auxeira, auxeira_api from public;
alter default privileges for role auxeira_owner revoke execute on functions from public;
grant execute on all functions in schema auxeira to auxeira_owner;

-- API functions: the role that the catalogue names.
do $$
declare
  entry record;
begin
  for entry in select name, required_role from auxeira.api_functions loop
    execute format('grant execute on function auxeira_api.%I(jsonb) to auxeira_%s', entry.name,
                   entry.required_role);
  end loop;
end
$$;

-- Identity, which policies read.
grant execute on function auxeira.version(), auxeira.user_id(), auxeira.own_user_type(), auxeira.session_id(),
  auxeira.org_id(), auxeira.readable_org_ids(), auxeira.readable_org_ids(text), auxeira.writable_org_ids(),
  auxeira.managed_org_ids(), auxeira.owned_org_ids(), auxeira.only_org_id(text)
  to auxeira_anonymous, auxeira_user, auxeira_admin, auxeira_bi;

-- Conditions of triggers run as whoever changes a row.
grant execute on function auxeira.is_change_marked(text, uuid) to auxeira_user;

-- What API functions are made of.
grant execute on function auxeira.checked(jsonb, jsonb, boolean), auxeira.success(json)
  to auxeira_anonymous, auxeira_user, auxeira_admin;
grant execute on function auxeira.sse_score_json(auxeira.sse_scores),
  auxeira.record_sse_score(uuid, jsonb, text, text, boolean, text), auxeira.record_action(text, text, jsonb),
  auxeira.organization_json(auxeira.organizations), auxeira.refuse_value(text, text),
  auxeira.relationship_json(auxeira.relationships), auxeira.list_related(text, text, integer),
  auxeira.propose_relationship(uuid, text, text), auxeira.settle_relationship(uuid, text, text[]),
  auxeira.record_investment(auxeira.investments), auxeira.record_partnership(auxeira.partnerships),
  auxeira.record_redemption(uuid, text, numeric, numeric, numeric, timestamptz, text),
  auxeira.record_grant(uuid, uuid, numeric, date, integer, text),
  auxeira.assumption(text, date), auxeira.benefits_received(), auxeira.facts(text, uuid), auxeira.fact_json(jsonb),
  auxeira.benchmarks(text, text, boolean), auxeira.smallest_cohort(),
  auxeira.synthesize(text, integer, integer, double precision, text, bigint, timestamptz, text, uuid, jsonb),
  auxeira.synthesis_parameters(text, text, integer, integer, double precision, text, bigint, timestamptz, uuid, jsonb),
  auxeira.random_seed(), auxeira.synthesis_progress(), auxeira.synthesize_facts(jsonb), auxeira.check_facts(jsonb, jsonb),
  auxeira.template_usage(), auxeira.visible_templates(), auxeira.template_document(uuid),
  auxeira.template_json(jsonb, bigint), auxeira.template_members(jsonb),
  auxeira.record_template(jsonb), auxeira.remove_template(uuid),
  auxeira.event_page(text, text, text[], integer), auxeira.is_event_known(text), auxeira.newest_event(),
  auxeira.event_types_asked(text)
  to auxeira_user;

-- The quality report, which reads what its caller may.
do $$
declare
  entry record;
begin
  for entry in
    select p.oid::regprocedure as signature from pg_proc p
    where p.pronamespace = 'auxeira'::regnamespace and (p.proname ~ '^(report|series|totals|likeness)_' or p.proname in (
      'synthetic_report', 'synthetic_rows', 'session_organizations', 'template_asked', 'irr_of', 'xirr', 'worth_at',
      'figures_of', 'portfolios_of', 'portfolios_at', 'holdings_of', 'positions_of', 'shares_of', 'states_of', 'deal_flow_of',
      'partners_of', 'governments_of', 'supported_of', 'venture_capital_figures', 'angel_investor_figures', 'emission_figures',
      'esg_fund_figures', 'impact_fund_figures', 'return_figures', 'social_return', 'assumption', 'part_of', 'within',
      'disbursed_by', 'activity_of', 'months_in', 'number_of', 'finding', 'share_margin', 'median_margin', 'correlation_margin',
      'ks_complement', 'typed_parameters', 'refuse_value'))
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  loop
    execute format('grant execute on function %s to auxeira_user, auxeira_admin', entry.signature);
  end loop;
end
$$;

-- Reading history, which shows what the caller may see.
grant execute on function auxeira.history(regclass, jsonb), auxeira.as_of(anyelement, timestamptz),
  auxeira.diff(regclass, jsonb, bigint, bigint), auxeira.ledger_history(regclass, jsonb),
  auxeira.ledger_past(regclass, timestamptz), auxeira.state_of_version(regclass, jsonb, bigint),
  auxeira.refuse_version(bigint, bigint),
  auxeira.ledger_row(anyelement, bytea), auxeira.ledger_row_json(bytea), auxeira.ledger_row_object(regclass, bytea),
  auxeira.past_row_json(regclass, bytea, text[]), auxeira.changed_columns(jsonb, jsonb), auxeira.readable_columns(regclass)
  to auxeira_user, auxeira_admin;
grant execute on function auxeira.history_kinds(), auxeira.operation_word("char"), auxeira.organization_receipt(bigint)
  to auxeira_user;

-- The functions of the extension for people who work on sets.
do $$
declare
  entry record;
begin
  for entry in
    select p.oid::regprocedure as signature from pg_proc p
    where p.pronamespace = 'auxeira'::regnamespace and (p.proname like 'sse\_%' or p.proname like 'synthetic\_%'
        or p.proname = 'check_template')
      and exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  loop
    execute format('grant execute on function %s to auxeira_user, auxeira_admin', entry.signature);
  end loop;
end
$$;

-- The shim: the call and the login path, and the version for its readiness check.
grant execute on function auxeira.call(jsonb, text, jsonb),
  auxeira.register_user(jsonb, text, bytea, integer, jsonb, bytea, bytea), auxeira.begin_login(text, jsonb),
  auxeira.login_failed(text, uuid, text, jsonb), auxeira.rehash_password(uuid, text, text),
  auxeira.open_session(uuid, bytea, integer, jsonb, bigint, bytea, text),
  auxeira.rotate_session(bytea, bytea, jsonb, integer),
  auxeira.request_password_reset(text, bytea, bytea, jsonb), auxeira.reset_context(bytea),
  auxeira.reset_password(bytea, text, jsonb), auxeira.own_account(jsonb, jsonb),
  auxeira.reauthentication_failed(jsonb, text, jsonb), auxeira.change_password(jsonb, text, jsonb),
  auxeira.enroll_totp(jsonb, bytea, jsonb), auxeira.activate_totp(jsonb, bigint, bytea[], jsonb),
  auxeira.disable_totp(jsonb, bigint, bytea, jsonb), auxeira.renew_recovery_codes(jsonb, bigint, bytea[], jsonb),
  auxeira.switch_organization(jsonb, uuid, jsonb),
  auxeira.take_mail(integer), auxeira.mail_sent(uuid), auxeira.mail_failed(uuid, text, boolean)
  to auxeira_authenticator;
grant execute on function auxeira.operation_figures(), auxeira.csv(text, text), auxeira.csv_cell(json),
  auxeira.csv_text(text), auxeira.next_cursor(text), auxeira.take_events(text), auxeira.rest_until_notified(),
  auxeira.stop_resting(), auxeira.event_lines(text) to auxeira_authenticator;
grant select on auxeira.schema_version to auxeira_authenticator;
