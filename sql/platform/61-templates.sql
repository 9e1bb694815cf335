-- Templates of synthetic data: those that come with the platform, for everyone, and those that organizations write.
set local role auxeira_owner;

create table auxeira.synthetic_data_templates (
  template_id uuid primary key default gen_random_uuid(),
  template_name text not null check (length(template_name) between 1 and 255),
  template_type text not null check (length(template_type) between 1 and 100),
  user_type auxeira.user_type not null,
  data_schema jsonb not null check (jsonb_typeof(data_schema) = 'object'),
  generation_rules jsonb not null check (jsonb_typeof(generation_rules) = 'object'),
  validation_rules jsonb not null default '{}' check (jsonb_typeof(validation_rules) = 'object'),
  sample_data jsonb not null default '{}' check (jsonb_typeof(sample_data) = 'object'),
  default_parameters jsonb not null default '{}' check (jsonb_typeof(default_parameters) = 'object'),
  description text not null,
  version integer not null default 1 check (version >= 1),
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_type, template_name, version)
);
comment on table auxeira.synthetic_data_templates is
  'What can be generated for each user type, with a sample. auxeira.check_template() tells what the four JSON columns say.';

create table auxeira.organization_templates (
  org_id uuid not null references auxeira.organizations on delete cascade,
  template_id uuid not null default gen_random_uuid(),
  template_name text not null check (length(template_name) between 1 and 255),
  template_type text not null check (length(template_type) between 1 and 100),
  user_type auxeira.user_type not null,
  data_schema jsonb not null check (jsonb_typeof(data_schema) = 'object'),
  generation_rules jsonb not null check (jsonb_typeof(generation_rules) = 'object'),
  validation_rules jsonb not null default '{}' check (jsonb_typeof(validation_rules) = 'object'),
  sample_data jsonb not null default '{}' check (jsonb_typeof(sample_data) = 'object'),
  default_parameters jsonb not null default '{}' check (jsonb_typeof(default_parameters) = 'object'),
  description text not null check (length(description) <= 2000),
  version integer not null default 1 check (version >= 1),
  is_active boolean not null default true,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, template_id),
  unique (org_id, user_type, template_name, version)
);
comment on table auxeira.organization_templates is
  'Templates that organizations wrote for themselves. A new version takes the place of the one before, which is kept for '
  'the sessions that name it.';
comment on column auxeira.organization_templates.is_active is 'The newest version of those that were not removed.';

-- A template that nothing can be made of is never stored, whoever stores it.
create function auxeira.refuse_faulty_template() returns trigger language plpgsql as $$
declare
  faults constant text := (select string_agg(f.path || ': ' || f.message, E'\n')
                           from auxeira.check_template(to_jsonb(new)) f);
begin
  if faults is not null then
    raise exception using errcode = '22023', message = 'the template is wrong', detail = faults,
      hint = 'Every line of the detail is the path of a fault and what is wrong there.';
  end if;
  return new;
end
$$;
comment on function auxeira.refuse_faulty_template() is
  'Trigger: error 22023 with every fault of the template, each with its JSON path.';

do $$
declare
  name text;
begin
  foreach name in array array['synthetic_data_templates', 'organization_templates'] loop
    execute format('create trigger %1$s_updated before update on auxeira.%1$I
      for each row execute function auxeira.touch_updated_at()', name);
    execute format('create trigger %1$s_checked before insert or update on auxeira.%1$I
      for each row execute function auxeira.refuse_faulty_template()', name);
  end loop;
end
$$;

call auxeira.protect_private_table('auxeira.synthetic_data_templates');
create policy everyone_select on auxeira.synthetic_data_templates for select
  to auxeira_user, auxeira_admin using (is_active);
grant select on auxeira.synthetic_data_templates to auxeira_user, auxeira_admin;
call auxeira.protect_tenant_table('auxeira.organization_templates');

-- --- Built-in ---------------------------------------------------------------------------------------------------

-- One template for each user type, made from the catalogue that the generator itself uses.
insert into auxeira.synthetic_data_templates (template_name, template_type, user_type, data_schema,
  generation_rules, validation_rules, sample_data, default_parameters, description)
select kind.title || ' metrics', 'dashboard_metrics', kind.user_type::auxeira.user_type,
  t.document -> 'data_schema', t.document -> 'generation_rules',
  jsonb_build_object('identities', kind.identities),
  (select s.metric_value
   from auxeira.synthetic_metrics(kind.user_type, 1, 30, 0.2, 'stable', 42, '2026-01-01T00:00:00Z') s),
  '{"count": 30, "timeRangeDays": 30, "variance": 0.2, "trend": "stable"}', kind.description
from (values
    ('startup_founder', 'Startup founder', '[]'::jsonb,
     'Score, revenue, customers, team, burn, runway and activity of a startup.'),
    ('venture_capital', 'Venture capital',
     '[{"name": "high performers are of the portfolio", "expression": "high_performers + at_risk_companies <= portfolio_size"}]',
     'Portfolio, assets, deal flow and exits of a fund.'),
    ('angel_investor', 'Angel investor',
     '[{"name": "investments are active or were left", "expression": "active_investments + exits <= investments_count"},
       {"name": "the average cheque", "expression": "check_size_avg = round(total_invested / investments_count)"}]',
     'Investments, cheques, exits and return of an angel.'),
    ('corporate_partner', 'Corporate partner', '[]',
     'Partnerships, pilots, benefits and return of a corporate programme.'),
    ('government', 'Government', '[]', 'Startups, grants, jobs and growth of a region.'),
    ('esg_funder', 'ESG funder',
     '[{"name": "the score is the mean of three",
        "expression": "esg_score_avg = round((environmental_score + social_impact_score + governance_score) / 3, 2)"}]',
     'Environmental, social and governance scores of a portfolio.'),
    ('impact_investor', 'Impact investor',
     '[{"name": "who benefits is among whom is reached", "expression": "beneficiaries <= lives_impacted"}]',
     'People reached, social return and outcomes of a portfolio.')
  ) as kind (user_type, title, identities, description)
  cross join lateral auxeira.synthetic_template(kind.user_type) as t (document);

-- --- Finding ----------------------------------------------------------------------------------------------------

create function auxeira.template_json(template jsonb, usage_count bigint) returns jsonb
  language sql immutable parallel safe
  return jsonb_build_object('org_id', null, 'created_by', null) || template
    || jsonb_build_object('usage_count', coalesce(usage_count, 0));
comment on function auxeira.template_json(jsonb, bigint) is
  'A template, as to_jsonb gives its row, as the API tells it; org_id is null for those of the platform.';

-- Counted from the sessions: a counter in the shared row would make all tenants wait for one another. Definer,
-- because it counts over tenants; of templates of others it tells nothing.
create function auxeira.template_usage() returns table (template_id uuid, usage_count bigint)
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select s.template_id, count(*) from auxeira.synthetic_data_sessions s
  where s.template_id in (select t.template_id from auxeira.synthetic_data_templates t)
    or s.org_id = any (auxeira.readable_org_ids())
  group by s.template_id;
end;
comment on function auxeira.template_usage() is
  'How often each template was used: those of the platform by anybody, others by the caller''s organizations.';

create function auxeira.visible_templates() returns table (template jsonb, usage_count bigint)
  language sql stable parallel safe
begin atomic
  select t.template, coalesce(u.usage_count, 0)
  from (select s.template_id, to_jsonb(s) as template from auxeira.synthetic_data_templates s where s.is_active
        union all
        select o.template_id, to_jsonb(o) from auxeira.organization_templates o
        where o.org_id = any (auxeira.readable_org_ids()) and o.is_active) t
    left join auxeira.template_usage() u on u.template_id = t.template_id;
end;
comment on function auxeira.visible_templates() is
  'The active templates of the platform and of the caller''s organizations, each as to_jsonb gives its row.';

create function auxeira.template_document(of_template_id uuid) returns jsonb language plpgsql stable as $$
declare
  document jsonb;
begin
  select to_jsonb(t) into document from auxeira.synthetic_data_templates t
  where t.template_id = of_template_id and t.is_active;
  if document is null then
    select to_jsonb(t) into document from auxeira.organization_templates t
    where t.org_id = any (auxeira.readable_org_ids()) and t.template_id = of_template_id and t.is_active;
  end if;
  if document is null then
    raise exception using errcode = 'P0002', message = 'template not found';
  end if;
  return document;
end
$$;
comment on function auxeira.template_document(uuid) is
  'A template of the platform or of an organization of the caller''s, for auxeira.synthetic_from_template(). Error '
  'P0002: there is none, or it was removed.';

-- --- Writing ----------------------------------------------------------------------------------------------------

create function auxeira.check_template_limits(of_org_id uuid) returns void language plpgsql stable as $$
declare
  counts record;
begin
  select count(*) filter (where t.is_active) as active, count(*) as stored into counts
  from auxeira.organization_templates t where t.org_id = of_org_id;
  if counts.active >= 100 or counts.stored >= 1000 then
    raise exception using errcode = 'ZA429', message = 'the organization has as many templates as it may have',
      detail = format('There are %s, and %s with those of before.', counts.active, counts.stored),
      hint = 'An organization has up to 100 templates, and 1000 with earlier versions and removed ones.';
  end if;
end
$$;
comment on function auxeira.check_template_limits(uuid) is
  'Error ZA429 when the organization may not have another template.';
revoke execute on function auxeira.check_template_limits(uuid) from public;

create function auxeira.template_members(document jsonb) returns jsonb language sql immutable parallel safe
  return auxeira.checked(coalesce(document, 'null'), '{
    "required": ["template_name", "data_schema", "generation_rules"], "additionalProperties": false,
    "properties": {
      "template_name": {"type": "string", "minLength": 1, "maxLength": 255},
      "template_type": {"type": "string", "minLength": 1, "maxLength": 100, "default": "dashboard_metrics"},
      "user_type": {"type": "string", "enum": ["startup_founder", "venture_capital", "angel_investor",
        "corporate_partner", "government", "esg_funder", "impact_investor"]},
      "description": {"type": "string", "maxLength": 2000, "default": ""},
      "data_schema": {"type": "object"},
      "generation_rules": {"type": "object"},
      "validation_rules": {"type": "object"},
      "default_parameters": {"type": "object"}}}');
comment on function auxeira.template_members(jsonb) is
  'A template that somebody writes, each member of its type, with those that were left out where they may be. Error 22023: '
  'names those that are not, that are missing, and that there are not.';

-- Definer, because nobody may write templates in any other way: they are versioned, and tried before they are kept.
create function auxeira.record_template(document jsonb) returns auxeira.organization_templates
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  org constant uuid := auxeira.org_id();
  made auxeira.organization_templates := jsonb_populate_record(null::auxeira.organization_templates,
                                                               auxeira.template_members(document));
begin
  perform auxeira.require_right('organization_templates', 'insert', org, 'organization not found');
  made.sample_data := (
    select s.metric_value
    from auxeira.synthetic_from_template(document, 30, seed => 42, as_of => '2026-01-01T00:00:00Z') s
    order by s.metric_timestamp desc limit 1);
  perform auxeira.take_turn(org);
  made.version := 1 + coalesce((
    select max(t.version) from auxeira.organization_templates t
    where t.org_id = org and t.user_type = made.user_type and t.template_name = made.template_name), 0);
  update auxeira.organization_templates t set is_active = false
  where t.org_id = org and t.user_type = made.user_type and t.template_name = made.template_name and t.is_active;
  perform auxeira.check_template_limits(org);
  insert into auxeira.organization_templates (org_id, template_name, template_type, user_type, data_schema,
    generation_rules, validation_rules, sample_data, default_parameters, description, version, created_by)
  values (org, made.template_name, made.template_type, made.user_type, made.data_schema, made.generation_rules,
    coalesce(made.validation_rules, '{}'), made.sample_data, coalesce(made.default_parameters, '{}'),
    coalesce(made.description, ''), made.version, auxeira.user_id())
  returning * into made;
  return made;
end
$$;
comment on function auxeira.record_template(jsonb) is
  'Stores a template of the active organization as version 1, or as the next version of the one of the same name and '
  'user type, after generating 30 points with it. Errors: 22023 with each fault, 42501 a viewer, ZA429.';

-- Definer, because nobody may write templates in any other way; sessions go on naming it, so it is kept.
create function auxeira.remove_template(of_template_id uuid) returns auxeira.organization_templates
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  removed auxeira.organization_templates;
begin
  select * into removed from auxeira.organization_templates t
  where t.org_id = any (auxeira.readable_org_ids()) and t.template_id = of_template_id and t.is_active for update;
  if not found then
    if exists (select from auxeira.synthetic_data_templates t where t.template_id = of_template_id and t.is_active) then
      raise exception using errcode = '42501', message = 'a template of the platform is not removed';
    end if;
    raise exception using errcode = 'P0002', message = 'template not found';
  end if;
  perform auxeira.require_right('organization_templates', 'update', removed.org_id, 'template not found');
  update auxeira.organization_templates t set is_active = false
  where t.org_id = removed.org_id and t.template_id = removed.template_id returning * into removed;
  return removed;
end
$$;
comment on function auxeira.remove_template(uuid) is
  'Takes a template of an organization of the caller''s out of use. Errors: P0002 there is none, 42501 a viewer, or it is '
  'of the platform.';

-- --- API --------------------------------------------------------------------------------------------------------

create function auxeira_api.create_template(request jsonb) returns json language plpgsql volatile as $$
declare
  r constant jsonb := auxeira.template_members(request);
  made constant auxeira.organization_templates :=
    auxeira.record_template(jsonb_build_object('user_type', auxeira.own_user_type()) || r);
begin
  return auxeira.success(auxeira.template_json(to_jsonb(made), 0)::json);
end
$$;
comment on function auxeira_api.create_template(jsonb) is
  'POST /api/synthetic/templates: a template of the active organization. template_name, data_schema, generation_rules, '
  'user_type? (the own), template_type?, description?, validation_rules?, default_parameters?: see '
  'auxeira.check_template(). The same name again is its next version. Errors: ZA400, 22023 with the JSON path of each '
  'fault, 42501 a viewer, ZA429.';

create function auxeira_api.list_templates(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "properties": {"type": {"type": "string", "enum": ["all", "startup_founder", "venture_capital",
      "angel_investor", "corporate_partner", "government", "esg_funder", "impact_investor"]}}}', true);
  kind constant text := coalesce(r ->> 'type', auxeira.own_user_type());
begin
  return auxeira.success((
    select json_build_object('templates', coalesce(json_agg(json_build_object(
             'template_id', t ->> 'template_id', 'template_name', t ->> 'template_name',
             'template_type', t ->> 'template_type', 'user_type', t ->> 'user_type',
             'description', t ->> 'description', 'sample_data', t -> 'sample_data', 'usage_count', usage_count,
             'org_id', t ->> 'org_id', 'version', t -> 'version')
             order by usage_count desc, t ->> 'template_name', t ->> 'template_id'), '[]'),
           'count', count(*))
    from auxeira.visible_templates() v (t, usage_count)
    where kind = 'all' or t ->> 'user_type' = kind));
end
$$;
comment on function auxeira_api.list_templates(jsonb) is
  'GET /api/synthetic/templates: the templates of the platform (org_id null) and of the user''s organizations, of the '
  'user''s own type, of ?type=, or with ?type=all of all, those most used first.';

create function auxeira_api.get_template(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["templateId"], "properties": {"templateId": {"type": "string", "format": "uuid"}}}', true);
  document constant jsonb := auxeira.template_document((r ->> 'templateId')::uuid);
begin
  return auxeira.success(auxeira.template_json(document, (
    select u.usage_count from auxeira.template_usage() u where u.template_id = (r ->> 'templateId')::uuid))::json);
end
$$;
comment on function auxeira_api.get_template(jsonb) is
  'GET /api/synthetic/templates/:templateId: a template with all that it says. Error P0002.';

create function auxeira_api.remove_template(request jsonb) returns json language plpgsql volatile as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["templateId"], "additionalProperties": false,
    "properties": {"templateId": {"type": "string", "format": "uuid"}}}', true);
  removed constant auxeira.organization_templates := auxeira.remove_template((r ->> 'templateId')::uuid);
begin
  return auxeira.success(json_build_object('templateId', removed.template_id, 'isActive', removed.is_active));
end
$$;
comment on function auxeira_api.remove_template(jsonb) is
  'DELETE /api/synthetic/templates/:templateId: takes a template of the user''s organizations out of use. Errors: P0002, '
  '42501 a viewer, or it is of the platform.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('create_template', 'user', 201, false, 'synthetic'),
  ('list_templates', 'user', 200, true, 'synthetic'),
  ('get_template', 'user', 200, true, 'synthetic'),
  ('remove_template', 'user', 200, false, 'synthetic');

reset role;
