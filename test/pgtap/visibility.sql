-- The visibility matrix against what happens: every table, command and API function, tried by a member of each role
-- in an organization of each type, with the rows of their own, related and foreign organizations.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
\ir support/rows.sql
\ir support/ecosystem.sql

create table test.tenant_tables as
  select distinct v.table_name as name from auxeira.visibility v;

-- --- Trying ---------------------------------------------------------------------------------------------------

create function test.claims_of(member test.members) returns jsonb language sql stable
  return jsonb_build_object('sub', member.user_id, 'sid', member.session_id, 'ver', 1, 'requestId', 'matrix');

-- What a statement gives inside a call, or the error's code; what it wrote is taken back.
create function auxeira_api.attempt(request jsonb) returns json language plpgsql as $$
declare
  answer text;
begin
  execute request ->> 'statement' into answer;
  return to_json(coalesce(answer, ''));
end
$$;
grant execute on function auxeira_api.attempt(jsonb) to auxeira_user;
insert into auxeira.api_functions (name, required_role, status, is_read_only, area)
values ('attempt', 'user', 200, false, 'account');

create function test.outcome(member test.members, api_function text, request jsonb) returns text language plpgsql as $$
declare
  answer text;
begin
  select body into answer from auxeira.call(test.claims_of(member), api_function, request);
  raise exception using errcode = 'TOOK1', message = answer;
exception
  when sqlstate 'TOOK1' then return 'done ' || sqlerrm;
  when others then return sqlstate;
end
$$;
create function test.attempt(member test.members, statement text) returns text language sql as
  $$ select test.outcome(member, 'attempt', jsonb_build_object('statement', statement)) $$;

-- --- Reading: the very rows -------------------------------------------------------------------------------------

create table test.readings (member text, table_name text, expected text, seen text);
create function test.read_everything() returns void language plpgsql as $$
declare
  member test.members;
  relation text;
  expected text;
begin
  for relation in select name from test.tenant_tables loop
    for member in select * from test.members loop
      execute format($q$select string_agg(md5(t::text), ' ' order by md5(t::text)) from auxeira.%I t
        where test.may($1, %1$L, 'select', t.org_id, (to_jsonb(t) ->> 'startup_id')::uuid, '{sql}')$q$, relation)
      into expected using member;
      insert into test.readings values (member.name, relation, 'done ' || coalesce(to_json(expected)::text, '""'),
        test.attempt(member, format('select string_agg(md5(t::text), '' '' order by md5(t::text)) from auxeira.%I t', relation)));
    end loop;
  end loop;
end
$$;
select test.read_everything() \g /dev/null

-- --- Writing by statements of one's own -----------------------------------------------------------------------------

create table test.writings (member text, table_name text, command text, organization text, is_allowed boolean, outcome text);
create function test.statement_for(of_table text, of_command text, org uuid, member test.members) returns text
  language plpgsql as $$
declare
  columns text[] := (select v.columns from auxeira.visibility v
                     where v.table_name = of_table and v.command = of_command and v.audience = 'own');
  row_of_org jsonb;
begin
  if of_command <> 'insert' then
    return format(case of_command when 'update' then 'update auxeira.%I set org_id = org_id where org_id = %L'
                  else 'delete from auxeira.%I where org_id = %L' end, of_table, org);
  end if;
  execute format('select to_jsonb(t) from auxeira.%I t where t.org_id = $1 limit 1', of_table) into row_of_org using org;
  -- Another key; and the writer's own name where rows carry one.
  row_of_org := coalesce(row_of_org, '{}') || jsonb_build_object('org_id', org)
    || (select coalesce(jsonb_object_agg(key, case when key in ('user_id', 'created_by') then member.user_id::text
                                              when key in ('month', 'as_of') then '2030-01-01'
                                              else gen_random_uuid()::text end), '{}')
        from jsonb_object_keys(row_of_org) key
        where key in ('metric_id', 'document_id', 'session_id', 'user_id', 'created_by', 'flow_id', 'program_id', 'month', 'as_of'));
  if not coalesce((row_of_org ->> 'is_synthetic')::boolean, true) then
    row_of_org := row_of_org - 'session_id';
  end if;
  columns := coalesce(columns, array['org_id']);
  return format('insert into auxeira.%I (%s) select %2$s from jsonb_populate_record(null::auxeira.%1$I, %3$L) returning 1',
                of_table, array_to_string(columns, ', '), row_of_org);
end
$$;
create function test.write_everything() returns void language plpgsql as $$
begin
  insert into test.writings
  select (m).name, t.name, command, o.name, test.may(m, t.name, command, o.org_id, null, '{sql}'),
         test.attempt(m, test.statement_for(t.name, command, o.org_id, m))
  from test.members m, test.tenant_tables t, test.organizations o, unnest(array['insert', 'update', 'delete']) command;
end
$$;
select test.write_everything() \g /dev/null

-- --- API functions ------------------------------------------------------------------------------------------------------

-- What each does with the rows of which organization: the one that the request names, or the active one. Members and
-- invitations are of the organization itself. % stands for the organization.
create table test.api_cells (api_function text primary key, table_name text, command text, names_organization boolean,
  request text);
insert into test.api_cells values
  ('get_metrics',              'dashboard_metrics',       'select', true,  '{"organizationId": "%"}'),
  ('get_sse_score',            'sse_scores',              'select', true,  '{"startupId": "%"}'),
  ('calculate_sse',            'sse_scores',              'insert', true,  '{"startupId": "%", "responses": {"team": {"a": 0.5}}}'),
  ('list_documents',           'documents',               'select', true,  '{"organizationId": "%"}'),
  ('get_organization',         'organizations',           'select', true,  '{"organizationId": "%"}'),
  ('update_organization',      'organizations',           'update', true,  '{"organizationId": "%", "region": "x"}'),
  ('get_history',              'organizations',           'select', true,
   '{"table": "organizations", "id": "%", "organizationId": "%"}'),
  ('list_members',             'user_organizations',      'select', true,  '{"organizationId": "%"}'),
  ('list_invitations',         'user_organizations',      'insert', true,  '{"organizationId": "%"}'),
  ('invite_member',            'user_organizations',      'insert', true,
   '{"organizationId": "%", "email": "new@matrix.example", "role": "viewer",
     "tokenHash": "0000000000000000000000000000000000000000000000000000000000000000", "tokenSealed": "00"}'),
  ('create_metrics',           'dashboard_metrics',       'insert', false, '{"metrics": [{"dashboard_type": "government",
     "metric_timestamp": "2026-01-01T00:00:00Z", "metrics": {"a": 1}}]}'),
  ('generate_synthetic',       'synthetic_data_sessions', 'insert', false, '{"count": 1}'),
  ('create_template',          'organization_templates',  'insert', false, '{"template_name": "x", "data_schema":
     {"a": {"type": "number"}}, "generation_rules": {"a": {"low": 1, "high": 2}}}'),
  ('complete_action',          'actions',                 'insert', false, '{"actionType": "pivot", "domain": "x"}'),
  ('create_document',          'documents',               'insert', false, '{"title": "x", "kind": "legal", "url": "https://files.example/x"}'),
  ('create_integration',       'integrations',            'insert', false, '{"serviceName": "x", "serviceType": "y"}');

-- Whether a call got to do its work, or to say that the state of things forbids it; NULL for what no call should give.
create function test.is_reached(outcome text) returns boolean language sql immutable
  return case when outcome like 'done %' or outcome in ('22023', 'ZA409') then true
              when outcome in ('42501', 'P0002') then false end;

create table test.calls (member text, api_function text, organization text, is_allowed boolean, outcome text);
insert into test.calls
select m.name, c.api_function, o.name,
       test.may(m, c.table_name, c.command, o.org_id, null, '{sql, function}')
         -- Nothing to read is as good as nothing to see.
         and not (c.api_function = 'get_sse_score' and not exists (select from auxeira.sse_scores s where s.org_id = o.org_id)),
       test.outcome(m, c.api_function, replace(c.request, '%', o.org_id::text)::jsonb)
from test.members m, test.api_cells c, test.organizations o
where c.names_organization or o.org_id = m.org_id;

-- Facts are of the organization that the request names; the assumptions are everybody's.
insert into test.calls
select m.name, 'list_facts', f.kind || ' of ' || o.name,
       case when f.table_name is null then o.org_id = m.org_id else test.may(m, f.table_name, 'select', o.org_id, null, '{sql}') end,
       test.outcome(m, 'list_facts', jsonb_build_object('kind', f.kind, 'organizationId', o.org_id))
from test.members m, test.organizations o,
  (values ('mrr-movements', 'mrr_movements'), ('cash-positions', 'cash_positions'), ('headcounts', 'headcounts'),
          ('cash-flows', 'investment_cash_flows'), ('marks', 'investment_marks'), ('redemptions', 'benefit_redemptions'),
          ('programs', 'programs'), ('grants', 'grants'), ('assumptions', null)) f (kind, table_name);

-- Generations are known by their sessions.
insert into test.calls
select m.name, c.api_function, o.name, test.may(m, 'synthetic_data_sessions', c.command, o.org_id, null, '{sql, function}'),
       test.outcome(m, c.api_function, jsonb_build_object('sessionId', s.session_id))
from test.members m, test.organizations o join auxeira.synthetic_data_sessions s using (org_id),
  (values ('get_synthetic_report', 'select'), ('remove_synthetic_session', 'delete')) c (api_function, command);

-- Proposals go to any startup; what is asked is the proposer's right.
insert into test.calls
select m.name, c.api_function, o.name,
       test.may(m, c.table_name, 'insert', m.org_id, null, '{function}') and o.org_id <> m.org_id
         and (select org.org_type = 'startup' from auxeira.organizations org where org.org_id = o.org_id)
         and m.user_type = any (k.proposer_types),
       test.outcome(m, c.api_function, replace(c.request, '%', o.org_id::text)::jsonb)
from test.members m, test.organizations o,
  (values ('create_relationship', 'relationships', 'investor', '{"startupId": "%", "kind": "investor"}'),
          ('create_relationship', 'relationships', 'partner', '{"startupId": "%", "kind": "partner"}'),
          ('create_relationship', 'relationships', 'grantor', '{"startupId": "%", "kind": "grantor"}'),
          ('create_investment', 'investments', 'investor', '{"startupId": "%", "investmentType": "equity"}'),
          ('create_partnership', 'partnerships', 'partner', '{"startupId": "%", "partnershipType": "pilot"}')
  ) c (api_function, table_name, kind, request)
  join auxeira.relationship_kinds k on k.kind = c.kind;

-- Deciding is the startup's; ending is for either side.
insert into test.calls
select m.name, c.api_function, r.relationship_id::text,
       test.may(m, 'relationships', 'update', case when c.by_proposer then r.org_id end, r.startup_id, '{function}'),
       test.outcome(m, c.api_function, replace(c.request, '%', r.relationship_id::text)::jsonb)
from test.members m, auxeira.relationships r,
  (values ('accept_relationship', false, '{"relationshipId": "%", "scopes": ["scores"]}'),
          ('decline_relationship', false, '{"relationshipId": "%"}'),
          ('end_relationship', true, '{"relationshipId": "%"}')) c (api_function, by_proposer, request);

-- Templates are named by their id, whoever's they are.
insert into test.calls
select m.name, c.api_function, o.name, test.may(m, 'organization_templates', c.command, o.org_id, null, '{sql, function}'),
       test.outcome(m, c.api_function, jsonb_build_object('templateId', t.template_id))
from test.members m, test.organizations o join auxeira.organization_templates t using (org_id),
  (values ('get_template', 'select'), ('remove_template', 'update')) c (api_function, command);

-- Members are changed and removed by administrators, and may leave.
insert into test.calls
select m.name, c.api_function, other.name,
       test.may(m, 'user_organizations', 'update', other.org_id, null, '{function}')
         or c.api_function = 'remove_member' and other.name = m.name,
       test.outcome(m, c.api_function, replace(replace(c.request, '%', other.org_id::text), '#', other.user_id::text)::jsonb)
from test.members m, test.members other,
  (values ('change_member_role', '{"organizationId": "%", "userId": "#", "role": "viewer"}'),
          ('remove_member', '{"organizationId": "%", "userId": "#"}')) c (api_function, request)
where other.role = 'viewer';

-- One's own things, for everyone; and the platform's, for none of these.
insert into test.calls
select m.name, c.api_function, 'self', not c.api_function like 'admin%', test.outcome(m, c.api_function, c.request::jsonb)
from test.members m,
  (values ('me', '{}'), ('logout', '{}'), ('logout_all', '{}'), ('list_sessions', '{}'), ('list_access_events', '{}'),
          ('list_api_keys', '{}'), ('list_organizations', '{}'), ('list_relationships', '{}'),
          ('list_investments', '{}'), ('list_partnerships', '{}'), ('list_integrations', '{}'), ('list_templates', '{}'),
          ('list_synthetic_sessions', '{}'), ('admin_create_ecosystem', '{"organizations": 10, "days": 30}'),
          ('get_gamification_profile', '{}'), ('get_benchmarks', '{}'),
          ('create_api_key', '{"name": "x", "scopes": ["metrics:read"]}'),
          ('admin_stats', '{}'), ('admin_cleanup', '{}'), ('admin_verify_ledger', '{}'),
          ('admin_get_verification', '{"runId": "00000000-0000-0000-0000-000000000001"}'),
          ('admin_update_user', '{"userId": "00000000-0000-0000-0000-000000000001", "isActive": false}')) c (api_function, request);

-- --- What came of it ------------------------------------------------------------------------------------------------------

-- Functions that the matrix has nothing to say of: they run before login, name a thing of the caller's own by its id, or tell
-- of what there was before (get_events: events.sql).
create table test.beside_the_matrix as
  select unnest(array['health', 'attempt', 'verify_email', 'request_verification', 'end_session', 'revoke_api_key',
                      'accept_invitation', 'revoke_invitation', 'store_integration_credentials',
                      'get_ledger_receipt', 'get_ledger_digest', 'get_events']) as api_function;

select plan((3 * (select count(*) from test.tenant_tables) + 1 + (select count(distinct api_function) from test.calls) + 6)::integer);

select is_empty(format($$
  select member, expected, seen from test.readings where table_name = %L and expected <> seen $$, name),
  name || ': each member reads the rows that the matrix allows, and no other')
from test.tenant_tables;
select is_empty(format($$
  select member, command, organization, outcome from test.writings
  where table_name = %L and is_allowed <> (outcome like 'done %%') $$, name),
  name || ': each member writes where the matrix allows, and nowhere else')
from test.tenant_tables;
select ok((select count(distinct seen) > 1 from test.readings r where r.table_name = t.name),
          name || ': what is seen depends on who looks')
from test.tenant_tables t;
select is_empty($$ select member, table_name, outcome from test.writings where not is_allowed and outcome <> '42501' $$,
                'a refused statement is refused as such');
select is_empty(format($$
  select member, organization, is_allowed, outcome from test.calls
  where api_function = %L and test.is_reached(outcome) is distinct from is_allowed $$, api_function),
  api_function || ': reached by whom the matrix allows, and nobody else')
from (select distinct api_function from test.calls) c order by 1;
select is_empty($$
  select name from auxeira.api_functions
  except select api_function from test.calls except select api_function from test.beside_the_matrix $$,
  'no API function is forgotten');
select is_empty($$
  select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
  where c.relnamespace = 'auxeira'::regnamespace and c.relkind = 'r' and not exists (
    select from auxeira.visibility v where v.table_name = c.relname)
  except values ('integration_credentials'), ('user_sessions'), ('api_keys'), ('access_events'), ('invitations'),
     ('writing_turns'), ('synthesis_turns'), ('synthetic_members'), ('synthetic_claims'), ('ledger_open'), ('ledger_actors'),
     ('change_marks'), ('idempotent_answers'), ('event_outbox'), ('live_events') $$,
  'no tenant table is forgotten, except those that nobody may touch');
select is_empty($$ select v.table_name from auxeira.visibility v where to_regclass('auxeira.' || v.table_name) is null $$,
                'the matrix has no table that is not there');
select is((select count(distinct (m.user_type, m.role)) from test.members m), 28::bigint, 'seven types in four roles');
select ok((select count(*) filter (where is_allowed) > 1000 and count(*) filter (where not is_allowed) > 1000 from test.calls),
          'calls of both kinds were tried');
select cmp_ok((select (select count(*) from test.members, test.tenant_tables, test.organizations)
                    + (select count(*) from test.writings) + (select count(*) from test.calls)), '>', 25000::bigint,
              'cells tried');
select diag(format('cells: %s readings, %s writings, %s calls',
  (select count(*) from test.members, test.tenant_tables, test.organizations), (select count(*) from test.writings),
  (select count(*) from test.calls)));

select * from finish();
rollback;
