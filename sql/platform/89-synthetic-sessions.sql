-- Synthetic ecosystems and other facts as calls: making them, listing them, and taking them away.
set local role auxeira_owner;

-- --- What a session generated ------------------------------------------------------------------------------------

create function auxeira.synthetic_tables() returns text[] language sql immutable parallel safe
  return '{investment_marks, investment_cash_flows, benefit_redemptions, grants, programs, partnerships, investments,
    relationships, mrr_movements, cash_positions, headcounts, sse_scores, actions, integration_data, integrations,
    dashboard_metrics}'::text[];
comment on function auxeira.synthetic_tables() is
  'The tables of synthetic rows, which name their session; those that refer to others come first.';

create function auxeira.touched_by(session_org uuid, of_session uuid) returns uuid[] language sql stable
begin atomic
  select array_agg(m.org_id) || touched_by.session_org from auxeira.synthetic_members m
  where m.session_id = of_session and m.session_org = touched_by.session_org;
end;
comment on function auxeira.touched_by(uuid, uuid) is
  'The organizations that a session wrote rows of. A session is known by its organization too: SQL users choose ids.';

create function auxeira.count_synthetic(session_org uuid, of_session uuid) returns jsonb language plpgsql stable as $$
declare
  orgs constant uuid[] := auxeira.touched_by(session_org, of_session);
  counts jsonb := jsonb_build_object('organizations', (
    select count(*) from auxeira.organizations o
    where o.org_id = any (orgs) and o.is_synthetic and o.synthetic_session = of_session));
  name text;
  counted bigint;
begin
  foreach name in array auxeira.synthetic_tables() loop
    execute format('select count(*) from auxeira.%I where org_id = any ($1) and session_id = $2', name)
      into counted using orgs, of_session;
    counts := counts || jsonb_build_object(name, counted);
  end loop;
  return coalesce(jsonb_object_agg(key, value) filter (where value <> '0'), '{}') from jsonb_each(counts);
end
$$;
comment on function auxeira.count_synthetic(uuid, uuid) is 'How many rows of each table a session generated; tables with none are left out.';

-- --- Taking away -------------------------------------------------------------------------------------------------

create function auxeira.remove_rows(orgs uuid[], of_session uuid) returns jsonb language plpgsql volatile as $$
declare
  counts jsonb := '{}';
  name text;
  removed bigint;
begin
  foreach name in array auxeira.synthetic_tables() loop
    execute format('delete from auxeira.%I where org_id = any ($1) and is_synthetic and ($2 is null or session_id = $2)', name)
      using orgs, of_session;
    get diagnostics removed = row_count;
    counts := counts || case when removed > 0 then jsonb_build_object(name, removed) else '{}' end;
  end loop;
  return counts;
end
$$;
comment on function auxeira.remove_rows(uuid[], uuid) is
  'Deletes the synthetic rows of organizations, of one session or of all, and says how many of each table.';
revoke execute on function auxeira.remove_rows(uuid[], uuid) from public;

create function auxeira.remove_session(session auxeira.synthetic_data_sessions) returns jsonb language plpgsql volatile as $$
declare
  orgs constant uuid[] := auxeira.touched_by(session.org_id, session.session_id);
  counts jsonb := auxeira.remove_rows(orgs, session.session_id);
  removed bigint;
begin
  update auxeira.synthetic_data_sessions s set status = 'cleaned_up'
  where s.org_id = session.org_id and s.session_id = session.session_id;
  delete from auxeira.synthetic_members m where m.org_id = any (orgs) and m.session_id = session.session_id;
  delete from auxeira.organizations o
  where o.org_id = any (orgs) and o.is_synthetic and o.synthetic_session = session.session_id;
  get diagnostics removed = row_count;
  return counts || case when removed > 0 then jsonb_build_object('organizations', removed) else '{}' end;
end
$$;
comment on function auxeira.remove_session(auxeira.synthetic_data_sessions) is
  'Deletes what a session generated, and says how many rows of each table.';
revoke execute on function auxeira.remove_session(auxeira.synthetic_data_sessions) from public;

create function auxeira.summed(counts jsonb[]) returns jsonb language sql immutable parallel safe
  return coalesce((
    select jsonb_object_agg(t.key, t.total)
    from (select c.key, sum(c.value::bigint) as total from unnest(counts) one, jsonb_each_text(one) c group by c.key) t), '{}');
comment on function auxeira.summed(jsonb[]) is 'Adds up counts by table.';

create function auxeira.remove_synthetic(session uuid default null, older_than interval default null, org uuid default null)
  returns jsonb language plpgsql volatile as $$
declare
  counts jsonb;
begin
  if num_nonnulls(session, older_than, org) <> 1 then
    raise exception using errcode = '22023', message = 'one of session, older_than and org is expected';
  end if;
  counts := auxeira.summed(array(
    select auxeira.remove_session(s) from auxeira.synthetic_data_sessions s
    where s.status <> 'cleaned_up'
      and (s.session_id = session or s.org_id = org or s.created_at < now() - older_than)));
  if org is not null then
    counts := auxeira.summed(array[counts, auxeira.remove_rows(array[org], null)]);
    delete from auxeira.organizations o where o.org_id = org and o.is_synthetic;
  end if;
  return counts;
end
$$;
comment on function auxeira.remove_synthetic(uuid, interval, uuid) is
  'Removes synthetic data: what a session generated, with the organizations it made; what sessions older than this did; or '
  'what the sessions of an organization did and all synthetic rows of its own. Real rows stay. Gives the rows removed by '
  'table. For administrators of the database.';
revoke execute on function auxeira.remove_synthetic(uuid, interval, uuid) from public;

-- --- Making ------------------------------------------------------------------------------------------------------

create function auxeira.build_ecosystem(plan auxeira.ecosystem_plan, wanted jsonb, around uuid[]) returns void
  language plpgsql volatile as $$
begin
  perform auxeira.invite_real(plan, around);
  perform auxeira.make_organizations(plan, wanted);
  perform auxeira.settle_companies(plan);
  perform auxeira.store_actions(plan);
  perform auxeira.store_company_months(plan);
  perform auxeira.store_founder_days(plan);
  perform auxeira.store_scores(plan);
  perform auxeira.store_integrations(plan);
  perform auxeira.store_investments(plan);
  perform auxeira.store_model_marks(plan);
  perform auxeira.store_pipeline(plan);
  perform auxeira.store_partnerships(plan);
  perform auxeira.store_redemptions(plan);
  perform auxeira.store_programs(plan);
  perform auxeira.store_grants(plan);
  perform auxeira.store_relationships(plan);
  perform auxeira.store_dashboards(plan);
end
$$;
comment on function auxeira.build_ecosystem(auxeira.ecosystem_plan, jsonb, uuid[]) is
  'Makes an ecosystem of so many organizations of each type around those that there are.';
revoke execute on function auxeira.build_ecosystem(auxeira.ecosystem_plan, jsonb, uuid[]) from public;

create function auxeira.cast_of(organizations integer) returns jsonb language sql immutable parallel safe
  return (
    with others as (
      select kind, greatest(1, round(organizations * share)) as members
      from (values ('venture_capital', 0.05), ('angel_investor', 0.05), ('corporate', 0.05), ('government', 0.025),
                   ('esg_fund', 0.025), ('impact_fund', 0.025)) s (kind, share))
    select jsonb_object_agg(o.kind, o.members) || jsonb_build_object('startup', organizations - sum(o.members))
    from others o);
comment on function auxeira.cast_of(integer) is
  'How many of so many organizations are of each type: three quarters and more are startups.';

-- A month is the mean of 400 Gregorian years.
create function auxeira.plan_of(session_org uuid, session_id uuid, seed bigint, root text, as_of timestamptz, days integer,
                                variance double precision, trend text) returns auxeira.ecosystem_plan
  language sql immutable parallel safe
  return row(session_org, session_id, seed, root, as_of, greatest(1, round(days / 30.436875)::integer), days, variance,
             trend)::auxeira.ecosystem_plan;
comment on function auxeira.plan_of(uuid, uuid, bigint, text, timestamptz, integer, double precision, text) is
  'What an ecosystem of so many days is made from.';

create function auxeira.check_ecosystem(organizations integer, days integer, as_of timestamptz, variance double precision,
                                        trend text) returns void language plpgsql stable as $$
declare
  faults constant text[] := array_remove(array[
    case when organizations between 10 and 1000 is not true then 'organizations: a number from 10 to 1000 is expected' end,
    case when days between 1 and 7305 is not true then 'days: a number from 1 to 7305 (20 years) is expected' end,
    case when as_of between '0100-01-01T00:00:00Z' and now() is not true then 'as_of: a time that is not to come is expected' end,
    case when variance between 0 and 1 is not true then 'variance: a number from 0 to 1 is expected' end,
    case when trend not in ('improving', 'declining', 'stable', 'volatile')
      then 'trend: improving, declining, stable or volatile is expected' end], null);
begin
  if faults <> '{}' then
    raise exception using errcode = '22023', message = 'invalid parameters for synthetic data',
      detail = array_to_string(faults, e'\n');
  end if;
end
$$;
comment on function auxeira.check_ecosystem(integer, integer, timestamptz, double precision, text) is
  'Error 22023 that names every parameter that is out of bounds.';

create function auxeira.refuse_again() returns void language plpgsql as $$
begin
  raise exception using errcode = 'ZA409', message = 'this synthetic data, or other of the same months, is there already',
    hint = 'Take another seed, or remove the session that generated it first.';
end
$$;
comment on function auxeira.refuse_again() is 'Error ZA409 for what was generated before.';

-- Definer, because it makes organizations and rows of theirs, which no role may. It touches no real organization but those
-- that a superuser names.
create function auxeira.synthesize_ecosystem(
  organizations integer default 40, days integer default 1095, seed bigint default null, as_of timestamptz default null,
  variance double precision default 0.2, trend text default null, around uuid[] default '{}')
  returns table (session_id uuid, parameters jsonb, generated bigint, rows jsonb)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  plan auxeira.ecosystem_plan;
  taken boolean;
begin
  seed := coalesce(seed, auxeira.random_seed());
  as_of := coalesce(as_of, date_trunc('day', now(), 'UTC'));
  perform auxeira.check_ecosystem(organizations, days, as_of, variance, trend);
  plan := auxeira.plan_of(coalesce(auxeira.org_id(), around[1], auxeira.synthetic_uuid(seed, 'ecosystem/organization/government/1')),
    auxeira.synthetic_uuid(seed, 'ecosystem'), seed, 'ecosystem', as_of, days, variance, trend);
  session_id := plan.session_id;
  parameters := jsonb_build_object('data_type', 'ecosystem', 'organizations', organizations, 'time_range_days', days,
    'seed', seed, 'as_of', as_of, 'variance', variance, 'trend', trend);
  begin
    perform auxeira.build_ecosystem(plan, auxeira.cast_of(organizations), around);
  exception when unique_violation then
    taken := true;
  end;
  if taken then
    perform auxeira.refuse_again();
  end if;
  rows := auxeira.count_synthetic(plan.session_org, session_id);
  generated := (select sum(value::bigint) from jsonb_each_text(rows));
  insert into auxeira.synthetic_data_sessions (org_id, session_id, user_id, session_name, parameters, status,
    generation_count, row_counts, last_generated)
  values (plan.session_org, session_id, auxeira.user_id(), 'Ecosystem', parameters, 'completed', generated, rows, now());
  return next;
end
$$;
comment on function auxeira.synthesize_ecosystem(
  integer, integer, bigint, timestamptz, double precision, text, uuid[]) is
  'Makes a synthetic ecosystem: startups with their months, people, actions and scores; funds, angels, corporates, '
  'governments, ESG and impact funds with investments, cash flows, marks, partnerships, benefits, programmes and grants; '
  'and dashboards read off all of these. organizations: how many in all, 10 to 1,000; days: up to as_of, which is the start '
  'of today (UTC) when NULL; seed: random but recorded when NULL; trend: that of every company, or what is usual at its '
  'stage when NULL; around: organizations that there are, which take part with their synthetic rows. The same arguments '
  'give the same rows in any database. Errors: 22023, ZA409 the ecosystem of this seed is there already. For '
  'administrators of the database; see POST /api/admin/synthetic/ecosystem.';
revoke execute on function auxeira.synthesize_ecosystem(
  integer, integer, bigint, timestamptz, double precision, text, uuid[]) from public;

-- --- Facts around the caller's own organization --------------------------------------------------------------------

create function auxeira.fact_owners(data_type text) returns auxeira.organization_type[] language sql immutable parallel safe
  return case
    when data_type in ('portfolio', 'investments') then '{venture_capital, angel_investor, esg_fund, impact_fund}'
    when data_type = 'partnerships' then '{corporate}' when data_type = 'ecosystem' then '{government}'
    when data_type = 'sustainability' then '{esg_fund}' when data_type = 'impact' then '{impact_fund}'
    when data_type in ('history', 'actions', 'scores', 'integrations') then '{startup}'
    else '{}' end::auxeira.organization_type[];
comment on function auxeira.fact_owners(text) is 'Which types of organizations facts of a data type are of.';

create function auxeira.build_facts(plan auxeira.ecosystem_plan, data_type text, companies integer, org uuid,
                                    kind auxeira.organization_type) returns void language plpgsql volatile as $$
begin
  if kind <> 'startup' then
    perform auxeira.build_ecosystem(plan, jsonb_build_object('startup', companies, kind, 1), array[org]);
    return;
  end if;
  perform auxeira.invite_real(plan, array[org]);
  if data_type = 'history' then
    perform auxeira.store_company_months(plan);
    perform auxeira.store_founder_days(plan);
  elsif data_type = 'actions' then
    perform auxeira.store_actions(plan);
  elsif data_type = 'scores' then
    perform auxeira.store_scores(plan);
  else
    perform auxeira.store_integrations(plan);
  end if;
end
$$;
comment on function auxeira.build_facts(auxeira.ecosystem_plan, text, integer, uuid, auxeira.organization_type) is
  'Makes what a data type asks for: an organization''s own facts, or companies around it.';
revoke execute on function auxeira.build_facts(auxeira.ecosystem_plan, text, integer, uuid, auxeira.organization_type)
  from public;

create function auxeira.preview_of(of_session uuid, org uuid) returns json language sql stable
  return coalesce(
    (select json_agg(json_build_object('metric_id', d.metric_id, 'dashboard_type', d.dashboard_type, 'metric_timestamp',
       d.metric_timestamp, 'is_synthetic', true, 'synthetic_algorithm', d.synthetic_algorithm, 'metrics', d.metric_value))
     from (select * from auxeira.dashboard_metrics where org_id = org and session_id = of_session
           order by metric_timestamp limit 3) d),
    (select json_agg(json_build_object('score_id', s.score_id, 'version', s.version, 'total_score', s.total_score,
       'created_at', s.created_at))
     from (select * from auxeira.sse_scores where org_id = org and session_id = of_session order by version limit 3) s),
    (select json_agg(json_build_object('action_id', a.action_id, 'action_type', a.action_type, 'completed_at', a.completed_at,
       'actual_tokens', a.actual_tokens))
     from (select * from auxeira.actions where org_id = org and session_id = of_session
           order by completed_at, action_id limit 3) a),
    (select json_agg(json_build_object('integration_id', i.integration_id, 'service_name', i.service_name))
     from (select * from auxeira.integrations where org_id = org and session_id = of_session
           order by service_name limit 3) i),
    '[]');
comment on function auxeira.preview_of(uuid, uuid) is 'The first three rows a session generated for an organization.';

-- Definer, because facts are made by functions alone. Everything but the id comes from the session's own row, so that
-- nobody can have facts made for another organization.
create function auxeira.synthesize_facts(session auxeira.synthetic_data_sessions)
  returns table (generated bigint, inserted bigint, preview json)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  p constant jsonb := session.parameters;
  kind constant auxeira.organization_type := (select o.org_type from auxeira.organizations o where o.org_id = session.org_id);
  companies constant integer := p ->> 'count';
  plan auxeira.ecosystem_plan;
  taken boolean;
begin
  perform auxeira.begin_synthesis(session.org_id, (p ->> 'count')::bigint);
  if not kind = any (auxeira.fact_owners(p ->> 'data_type')) then
    perform auxeira.refuse_value('data_type', format('%s is not of an organization of type %s', p ->> 'data_type', kind));
  end if;
  plan := auxeira.plan_of(session.org_id, session.session_id, (p ->> 'seed')::bigint,
    format('%s of %s', p ->> 'data_type', session.org_id), (p ->> 'as_of')::timestamptz, (p ->> 'time_range_days')::integer,
    (p ->> 'variance')::double precision, p ->> 'trend');
  perform auxeira.check_ecosystem(10, plan.days, plan.as_of, plan.variance, plan.trend);
  if kind <> 'startup' and companies not between 1 and 500 then
    perform auxeira.refuse_value('count', 'a number of companies from 1 to 500 is expected');
  end if;
  begin
    perform auxeira.build_facts(plan, p ->> 'data_type', companies, session.org_id, kind);
  exception when unique_violation then
    taken := true;
  end;
  generated := (select sum(value::bigint) from jsonb_each_text(auxeira.count_synthetic(session.org_id, session.session_id)));
  if taken or generated is null then
    perform auxeira.refuse_again();
  end if;
  inserted := generated;
  preview := auxeira.preview_of(session.session_id, session.org_id);
  return next;
end
$$;
comment on function auxeira.synthesize_facts(auxeira.synthetic_data_sessions) is
  'Generates facts for the organization of a session. portfolio, investments, sustainability, impact: companies, count of '
  'them, and what an investor has in them; partnerships: a corporate''s; ecosystem: a government''s; history (months), '
  'actions, scores, integrations: a startup''s own. Errors: 22023 (also a data type that is not of this type of '
  'organization), ZA409 generated before, ZA429 more than its share.';

-- --- The API -------------------------------------------------------------------------------------------------------

-- Definer, because synthesize_ecosystem is not for everybody who may call this: it can be made around any organization.
create function auxeira_api.admin_create_ecosystem(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "additionalProperties": false,
    "properties": {
      "organizations": {"type": "integer", "minimum": 10, "maximum": 100, "default": 40},
      "days": {"type": "integer", "minimum": 1, "maximum": 3653, "default": 1095},
      "seed": {"type": "integer", "minimum": -9223372036854775808, "maximum": 9223372036854775807},
      "asOf": {"type": "string", "format": "date-time"},
      "variance": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.2},
      "trend": {"type": "string", "enum": ["improving", "declining", "stable", "volatile"]}}}');
  done record;
begin
  select * into done from auxeira.synthesize_ecosystem((r ->> 'organizations')::integer, (r ->> 'days')::integer,
    (r ->> 'seed')::bigint, (r ->> 'asOf')::timestamptz, (r ->> 'variance')::double precision, r ->> 'trend');
  return auxeira.success(json_build_object('sessionId', done.session_id, 'config', done.parameters,
                                           'generated', done.generated, 'rows', done.rows));
end
$$;
comment on function auxeira_api.admin_create_ecosystem(jsonb) is
  'POST /api/admin/synthetic/ecosystem: makes a synthetic ecosystem. All fields optional: organizations (10 to 100), days, '
  'seed, asOf, variance, trend. Errors: 22023, ZA409 the ecosystem of this seed is there already.';

create function auxeira_api.list_synthetic_sessions(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "additionalProperties": false,
    "properties": {"limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}}}', true);
begin
  return (
    select auxeira.success(json_build_object('sessions', coalesce(json_agg(json_build_object(
      'sessionId', s.session_id, 'status', s.status, 'parameters', s.parameters, 'generated', s.generation_count,
      'createdAt', s.created_at) order by s.created_at desc, s.session_id), '[]')))
    from (select * from auxeira.synthetic_data_sessions
          where org_id = auxeira.org_id()
          order by created_at desc, session_id limit (r ->> 'limit')::integer) s);
end
$$;
comment on function auxeira_api.list_synthetic_sessions(jsonb) is
  'GET /api/synthetic/sessions: generations of the active organization, newest first, with all that makes them again.';

-- Definer, because no role may delete.
create function auxeira_api.remove_synthetic_session(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["sessionId"], "additionalProperties": false,
    "properties": {"sessionId": {"type": "string", "format": "uuid"}}}', true);
  session auxeira.synthetic_data_sessions;
  removed jsonb;
begin
  perform auxeira.require_right('synthetic_data_sessions', 'delete', auxeira.org_id(), 'session not found');
  select * into session from auxeira.synthetic_data_sessions s
  where s.org_id = auxeira.org_id() and s.session_id = (r ->> 'sessionId')::uuid for update;
  if not found then
    raise exception using errcode = 'P0002', message = 'session not found';
  end if;
  removed := auxeira.remove_session(session);
  return auxeira.success(json_build_object('sessionId', r -> 'sessionId', 'status', 'cleaned_up', 'removed', removed,
    'deletedRecords', coalesce((select sum(value::bigint) from jsonb_each_text(removed)), 0)));
end
$$;
comment on function auxeira_api.remove_synthetic_session(jsonb) is
  'DELETE /api/synthetic/sessions/:sessionId: removes what a generation of the active organization stored; the record of '
  'it stays. Again: nothing is left to remove. Errors: 42501 a viewer, P0002.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('admin_create_ecosystem', 'admin', 201, false, 'operations'),
  ('list_synthetic_sessions', 'user', 200, true, 'synthetic'),
  ('remove_synthetic_session', 'user', 200, false, 'synthetic');

reset role;
