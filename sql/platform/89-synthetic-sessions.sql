-- Synthetic ecosystems and other facts as calls: making them, listing them, and taking them away.
set local role auxeira_owner;

-- --- What a session generated ------------------------------------------------------------------------------------

create function auxeira.synthetic_tables() returns text[] language sql immutable parallel safe
  return '{investment_marks, investment_cash_flows, benefit_redemptions, grants, programs, partnerships, investments,
    relationships, mrr_movements, cash_positions, headcounts, sse_answers, sse_score_history, sse_scores, actions,
    integration_data, integrations, dashboard_metrics}'::text[];
comment on function auxeira.synthetic_tables() is
  'The tables of synthetic rows, which name their session; those that refer to others come first.';

create function auxeira.touched_by(session_org uuid, of_session uuid) returns uuid[] language sql stable
begin atomic
  select array_agg(m.org_id) || touched_by.session_org from auxeira.synthetic_members m
  where m.session_id = of_session and m.session_org = touched_by.session_org;
end;
comment on function auxeira.touched_by(uuid, uuid) is
  'The organizations that a session wrote rows of. A session is known by its organization too: its id alone says little.';

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
comment on function auxeira.count_synthetic(uuid, uuid) is
  'How many rows of each table a session generated; tables with none are left out.';

-- --- Taking away -------------------------------------------------------------------------------------------------

create function auxeira.remove_rows(orgs uuid[], of_session uuid) returns jsonb language plpgsql volatile as $$
declare
  counts jsonb := '{}';
  name text;
  removed bigint;
begin
  foreach name in array auxeira.synthetic_tables() loop
    execute format('delete from auxeira.%I where org_id = any ($1) and is_synthetic
      and ($2 is null or session_id = $2)', name) using orgs, of_session;
    get diagnostics removed = row_count;
    counts := counts || case when removed > 0 then jsonb_build_object(name, removed) else '{}' end;
  end loop;
  return counts;
end
$$;
comment on function auxeira.remove_rows(uuid[], uuid) is
  'Deletes the synthetic rows of organizations, of one session or of all, and says how many of each table.';
revoke execute on function auxeira.remove_rows(uuid[], uuid) from public;

-- Their rows first, and not by way of them: so each is counted.
create function auxeira.remove_organizations(orgs uuid[]) returns jsonb language plpgsql volatile as $$
declare
  counts constant jsonb := auxeira.remove_rows(orgs, null);
  removed bigint;
begin
  delete from auxeira.organizations o where o.org_id = any (orgs) and o.is_synthetic;
  get diagnostics removed = row_count;
  return counts || case when removed > 0 then jsonb_build_object('organizations', removed) else '{}' end;
end
$$;
comment on function auxeira.remove_organizations(uuid[]) is
  'Deletes the synthetic rows of organizations, and those of the organizations that are synthetic, and says how many rows of '
  'each table.';
revoke execute on function auxeira.remove_organizations(uuid[]) from public;

create function auxeira.remove_session(session auxeira.synthetic_data_sessions) returns jsonb language plpgsql volatile as $$
declare
  orgs constant uuid[] := auxeira.touched_by(session.org_id, session.session_id);
  made constant uuid[] := array(
    select o.org_id from auxeira.organizations o
    where o.org_id = any (orgs) and o.is_synthetic and o.synthetic_session = session.session_id);
  counts constant jsonb := auxeira.remove_rows(orgs, session.session_id);
begin
  update auxeira.synthetic_data_sessions s set status = 'cleaned_up'
  where s.org_id = session.org_id and s.session_id = session.session_id;
  delete from auxeira.synthetic_members m where m.session_org = session.org_id and m.session_id = session.session_id;
  return auxeira.summed(array[counts, auxeira.remove_organizations(made)]);
end
$$;
comment on function auxeira.remove_session(auxeira.synthetic_data_sessions) is
  'Deletes what a session generated, with the organizations it made, and says how many rows of each table.';
revoke execute on function auxeira.remove_session(auxeira.synthetic_data_sessions) from public;

create function auxeira.summed(counts jsonb[]) returns jsonb language sql immutable parallel safe
  return coalesce((
    select jsonb_object_agg(t.key, t.total)
    from (select c.key, sum(c.value::bigint) as total from unnest(counts) one, jsonb_each_text(one) c group by c.key) t), '{}');
comment on function auxeira.summed(jsonb[]) is 'Adds up counts by table.';

create function auxeira.refuse_member(org uuid) returns void language plpgsql stable as $$
declare
  taken record;
begin
  select m.session_id, o.name into taken
  from auxeira.synthetic_members m join auxeira.organizations o on o.org_id = m.session_org
  where m.org_id = refuse_member.org and m.session_org <> m.org_id
  order by m.session_id limit 1;
  if found then
    raise exception using errcode = 'ZA409', message = 'the organization takes part in a synthetic session of another',
      detail = format('Session %s of %s has rows of it, with which those of others add up.', taken.session_id, taken.name),
      hint = format('Remove that session as a whole: auxeira.remove_synthetic(session => ''%s'').', taken.session_id);
  end if;
end
$$;
comment on function auxeira.refuse_member(uuid) is
  'Error ZA409 when an organization is in a session of another, or was made by one: that goes as a whole or not at all.';

create function auxeira.remove_synthetic(session uuid default null, older_than interval default null, org uuid default null)
  returns jsonb language plpgsql volatile as $$
declare
  counts jsonb;
begin
  if num_nonnulls(session, older_than, org) <> 1 then
    raise exception using errcode = '22023', message = 'one of session, older_than and org is expected';
  end if;
  perform auxeira.refuse_member(org);
  counts := auxeira.summed(array(
    select auxeira.remove_session(s) from auxeira.synthetic_data_sessions s
    where s.status <> 'cleaned_up'
      and (s.session_id = session or s.org_id = org or s.created_at < now() - older_than)));
  return auxeira.summed(array[counts, case when org is null then '{}' else auxeira.remove_organizations(array[org]) end]);
end
$$;
comment on function auxeira.remove_synthetic(uuid, interval, uuid) is
  'Removes synthetic data: what a session generated, with the organizations it made; what sessions older than this did; or '
  'what the sessions of an organization did and all synthetic rows of its own. Real rows stay. Gives the rows removed by '
  'table. Errors: 22023 not one of the three; ZA409 the organization takes part in a session of another, or was made by one, '
  'with that session. For administrators of the database.';
revoke execute on function auxeira.remove_synthetic(uuid, interval, uuid) from public;

-- --- Making ------------------------------------------------------------------------------------------------------

create function auxeira.refuse_seed(plan auxeira.ecosystem_plan) returns void language plpgsql as $$
begin
  raise exception using errcode = 'ZA409', message = 'the ecosystem of this seed is there already',
    detail = format('Session %s generated it.', plan.session_id),
    hint = 'Take another seed, or remove that session first.';
end
$$;
comment on function auxeira.refuse_seed(auxeira.ecosystem_plan) is 'Error ZA409 for an ecosystem that there is.';

-- Organizations of a seed are the same everywhere: two sessions at once meet at them. Whatever else is there twice has
-- another cause, and is told as it is.
create function auxeira.build_whole(plan auxeira.ecosystem_plan, wanted jsonb, around uuid[]) returns void
  language plpgsql volatile as $$
declare
  violated text;
begin
  if exists (select from auxeira.synthetic_members m where m.session_id = plan.session_id) then
    perform auxeira.refuse_seed(plan);
  end if;
  perform auxeira.build_facts(plan, wanted, around);
exception when unique_violation then
  get stacked diagnostics violated = constraint_name;
  if violated not in ('organizations_pkey', 'synthetic_members_pkey') then
    raise;
  end if;
  perform auxeira.refuse_seed(plan);
end
$$;
comment on function auxeira.build_whole(auxeira.ecosystem_plan, jsonb, uuid[]) is
  'auxeira.build_facts() of an ecosystem. Error ZA409: the one of this seed is there already.';
revoke execute on function auxeira.build_whole(auxeira.ecosystem_plan, jsonb, uuid[]) from public;

create function auxeira.take_ecosystem_turns(home uuid, around uuid[]) returns void language plpgsql volatile as $$
declare
  unknown constant uuid := (select min(a::text) from unnest(around) a
                            where not exists (select from auxeira.organizations o where o.org_id = a));
  twice constant uuid := (select min(a::text) from (select a from unnest(around) a group by a having count(*) > 1) d (a));
begin
  if unknown is not null or array_position(around, null) is not null then
    perform auxeira.refuse_value('around', format('there is no organization %s', coalesce(unknown::text, 'NULL')));
  elsif twice is not null then
    perform auxeira.refuse_value('around', format('%s is named twice', twice));
  end if;
  perform auxeira.take_synthesis_turn(o.org_id) from auxeira.organizations o
  where o.org_id = home or o.org_id = any (around) order by o.org_id;
end
$$;
comment on function auxeira.take_ecosystem_turns(uuid, uuid[]) is
  'Lets nobody else generate for these organizations until the transaction ends. Errors: 22023 one that is not there, or is '
  'named twice; ZA409 one that is generating already.';
revoke execute on function auxeira.take_ecosystem_turns(uuid, uuid[]) from public;

create function auxeira.ecosystem_parameters(
  organizations integer, days integer, seed bigint, as_of timestamptz, variance double precision, trend text) returns jsonb
  language sql volatile set extra_float_digits = 1
  return jsonb_build_object('data_type', 'ecosystem', 'organizations', organizations, 'time_range_days', days,
    'seed', coalesce(seed, auxeira.random_seed()), 'as_of', coalesce(as_of, date_trunc('day', now(), 'UTC')),
    'variance', variance, 'trend', trend);
comment on function auxeira.ecosystem_parameters(integer, integer, bigint, timestamptz, double precision, text) is
  'The parameters of an ecosystem in full, as its session keeps them.';

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
  p constant jsonb := auxeira.ecosystem_parameters(organizations, days, seed, as_of, variance, trend);
  home constant uuid := coalesce(auxeira.org_id(), around[1],
    auxeira.synthetic_uuid((p ->> 'seed')::bigint, 'ecosystem/organization/government/1'));
begin
  perform auxeira.refuse_faults(p || jsonb_build_object('count', organizations), null,
                                '{"count": "organizations", "time_range_days": "days"}');
  perform auxeira.take_ecosystem_turns(home, around);
  perform auxeira.check_synthesis_limits(home, auxeira.most_rows(p || jsonb_build_object('count', organizations), null));
  session_id := auxeira.synthetic_uuid((p ->> 'seed')::bigint, 'ecosystem');
  perform auxeira.build_whole(auxeira.plan_of(home, session_id, 'ecosystem', p, null), auxeira.cast_of(organizations), around);
  rows := auxeira.count_synthetic(home, session_id);
  generated := (select sum(value::bigint) from jsonb_each_text(rows));
  perform auxeira.check_synthesis_limits(home, generated);
  parameters := p;
  insert into auxeira.synthetic_data_sessions (org_id, session_id, user_id, session_name, parameters, status,
    generation_count, row_counts, last_generated)
  values (home, session_id, auxeira.user_id(), 'Ecosystem', p, 'completed', generated, rows, now())
  on conflict on constraint synthetic_data_sessions_pkey do update set user_id = excluded.user_id,
    parameters = excluded.parameters, status = excluded.status, generation_count = excluded.generation_count,
    row_counts = excluded.row_counts, last_generated = excluded.last_generated, created_at = excluded.created_at;
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
  'give the same rows in any database. More organizations change nothing of those that are there, but totals of whoever deals '
  'with one that joined, and, when another government joins (60, 100, ...), which companies each follows. '
  'auxeira.synthesis_progress() tells other connections how far it is. Errors: 22023 (also more companies times months than '
  'auxeira.synthesis_limits has), ZA409 the ecosystem of this seed is there already, or an organization of around takes part '
  'in one or has such rows of these months, with the session that made them; ZA429 what may be more than the share '
  '(auxeira.synthesis_limits) of the organization whose session it is: the caller''s, else the first of '
  'around. For administrators of the database; see POST /api/admin/synthetic/ecosystem.';
revoke execute on function auxeira.synthesize_ecosystem(
  integer, integer, bigint, timestamptz, double precision, text, uuid[]) from public;

-- --- Facts around the caller's own organization --------------------------------------------------------------------

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

-- Definer, because facts are made by functions alone. The organization is the caller's and the session a new one: who
-- could name another's would write among its rows.
create function auxeira.synthesize_facts(parameters jsonb)
  returns table (session_id uuid, generated bigint, inserted bigint, preview json)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  org constant uuid := auxeira.org_id();
  p constant jsonb := auxeira.typed_parameters(parameters);
  data_type constant text := p ->> 'data_type';
  kind constant auxeira.organization_type := (select o.org_type from auxeira.organizations o where o.org_id = org);
  counts jsonb;
begin
  perform auxeira.check_facts(p);
  perform auxeira.begin_synthesis(org, auxeira.most_rows(p, kind));
  session_id := gen_random_uuid();
  perform auxeira.build_facts(
    auxeira.plan_of(org, session_id, format('%s of %s', data_type, org), p, data_type),
    case when kind = 'startup' then '{}' else jsonb_build_object('startup', p -> 'count', kind, 1) end, array[org]);
  counts := auxeira.count_synthetic(org, session_id);
  generated := coalesce((select sum(value::bigint) from jsonb_each_text(counts)), 0);
  perform auxeira.check_synthesis_limits(org, generated);
  insert into auxeira.synthetic_data_sessions (org_id, session_id, user_id, parameters, status, generation_count, row_counts,
    last_generated)
  values (org, session_id, auxeira.user_id(), parameters || p, 'completed', generated, counts, now());
  inserted := generated;
  preview := auxeira.preview_of(session_id, org);
  return next;
end
$$;
comment on function auxeira.synthesize_facts(jsonb) is
  'Generates facts for the active organization and records the session; the parameters are those that auxeira.synthesize() '
  'keeps. data_type: investments (of an investor): count companies with their months, deals with cash flows, marks, pipeline '
  'and relationships; portfolio: that, scores of the companies and the investor''s dashboard; sustainability (of an ESG fund), '
  'impact (of an impact fund): deals and the dashboard; partnerships (of a corporate): companies with their months, '
  'partnerships, benefits taken up, relationships, the dashboard; ecosystem (of a government): companies with their months, '
  'actions and scores, programmes, grants, relationships, the dashboard. Of a startup itself: history (months and daily '
  'figures), actions, scores, integrations. auxeira.synthetic_steps has it as a table. An organization takes part in one '
  'ecosystem at a time; a startup may have each of its own once for the same months (integrations: once). At most 500 '
  'companies, 20 years, and as many companies times months as auxeira.synthesis_limits says. auxeira.synthesis_progress() '
  'tells other connections how far it is. Errors: 22023 naming every fault (also a data type that is not of this type of '
  'organization, and a time in which it was not there), 42501 a viewer, ZA409 generated before, with the session that did, '
  'ZA429 what may be more than its share.';

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
  if (r ->> 'asOf')::timestamptz > now() then
    perform auxeira.refuse_value('asOf', 'lies in the future');
  end if;
  select * into done from auxeira.synthesize_ecosystem((r ->> 'organizations')::integer, (r ->> 'days')::integer,
    (r ->> 'seed')::bigint, (r ->> 'asOf')::timestamptz, (r ->> 'variance')::double precision, r ->> 'trend');
  return auxeira.success(json_build_object('sessionId', done.session_id, 'config', done.parameters,
                                           'generated', done.generated, 'rows', done.rows));
end
$$;
comment on function auxeira_api.admin_create_ecosystem(jsonb) is
  'POST /api/admin/synthetic/ecosystem: makes a synthetic ecosystem. All fields optional: organizations (10 to 100), days, '
  'seed, asOf, variance, trend. Errors: 22023, ZA409 the ecosystem of this seed is there already, ZA429 more than the share of '
  'the active organization.';

create function auxeira_api.list_synthetic_sessions(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "additionalProperties": false,
    "properties": {"limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}}}', true);
begin
  return (
    select auxeira.success(json_build_object('sessions', coalesce(json_agg(
      s.item order by s.is_running desc, s.created_at desc, s.session_id), '[]')))
    from (
      select p.started_at as created_at, p.session_id, json_build_object('sessionId', p.session_id, 'status', 'running',
        'generated', p.generated, 'count', p.count, 'share', p.share, 'createdAt', p.started_at) as item, true as is_running
      from auxeira.synthesis_progress() p where p.org_id = auxeira.org_id()
      union all
      select d.created_at, d.session_id, json_build_object('sessionId', d.session_id, 'status', d.status,
        'parameters', d.parameters, 'generated', d.generation_count, 'createdAt', d.created_at), false
      from auxeira.synthetic_data_sessions d where d.org_id = auxeira.org_id()
      order by is_running desc, created_at desc, session_id limit (r ->> 'limit')::integer) s);
end
$$;
comment on function auxeira_api.list_synthetic_sessions(jsonb) is
  'GET /api/synthetic/sessions: generations of the active organization: those that are running (generated of count points or '
  'steps, share of it done), then the finished ones with all that makes them again, newest first.';

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
