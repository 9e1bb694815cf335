-- Facts as the API tells them: one function for the tables behind the metrics.
set local role auxeira_owner;

create function auxeira.fact_json(fact jsonb) returns jsonb language sql immutable parallel safe
begin atomic
  select jsonb_object_agg(
    case key when 'org_id' then 'organizationId'
      else lower(left(key, 1)) || substr(replace(initcap(replace(key, '_', ' ')), ' ', ''), 2) end, value)
  from jsonb_each(fact) where key <> 'session_id';
end;
comment on function auxeira.fact_json(jsonb) is 'A row as the API tells it: the names of its columns in camel case.';

-- Whoever is named in the row of another is not told which of their rows it belongs to, and what it cost them.
create function auxeira.facts(kind text, of_org_id uuid) returns table (day date, fact jsonb) language sql stable
begin atomic
  select t.month, to_jsonb(t) from auxeira.mrr_movements t where kind = 'mrr-movements' and t.org_id = of_org_id
  union all
  select t.month, to_jsonb(t) from auxeira.cash_positions t where kind = 'cash-positions' and t.org_id = of_org_id
  union all
  select t.month, to_jsonb(t) from auxeira.headcounts t where kind = 'headcounts' and t.org_id = of_org_id
  union all
  select t.flow_date, to_jsonb(t) from auxeira.investment_cash_flows t
  where kind = 'cash-flows' and t.org_id = of_org_id
  union all
  select t.as_of, to_jsonb(t) from auxeira.investment_marks t where kind = 'marks' and t.org_id = of_org_id
  union all
  select (t.redeemed_at at time zone 'UTC')::date, to_jsonb(t) from auxeira.benefit_redemptions t
  where kind = 'redemptions' and t.org_id = of_org_id
  union all
  select (t.redeemed_at at time zone 'UTC')::date, to_jsonb(t) from auxeira.benefits_received() t
  where kind = 'redemptions' and t.startup_id = of_org_id
  union all
  select coalesce(t.starts_on, (t.created_at at time zone 'UTC')::date), to_jsonb(t) from auxeira.programs t
  where kind = 'programs' and t.org_id = of_org_id
  union all
  select t.awarded_on, to_jsonb(t) - case when t.org_id = of_org_id then '' else 'program_id' end from auxeira.grants t
  where kind = 'grants' and (t.org_id = of_org_id or t.startup_id = of_org_id)
  union all
  select t.valid_from, to_jsonb(t) from auxeira.assumptions t where kind = 'assumptions';
end;
comment on function auxeira.facts(text, uuid) is
  'The rows of a kind of facts that an organization made or is named in, with the day each is of; the assumptions are '
  'everybody''s.';

create function auxeira_api.list_facts(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["kind"], "additionalProperties": false,
    "properties": {
      "kind": {"type": "string", "enum": ["mrr-movements", "cash-positions", "headcounts", "cash-flows",
        "marks", "redemptions", "programs", "grants", "assumptions"]},
      "organizationId": {"type": "string", "format": "uuid"},
      "investmentId": {"type": "string", "format": "uuid"},
      "includeSynthetic": {"type": "boolean", "default": true},
      "from": {"type": "string", "format": "date-time"},
      "to": {"type": "string", "format": "date-time"},
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1000}}}', true);
  kind constant text := r ->> 'kind';
  org constant uuid := coalesce((r ->> 'organizationId')::uuid, auxeira.org_id());
  first_day constant date := coalesce(((r ->> 'from')::timestamptz at time zone 'UTC')::date, '-infinity');
  last_day constant date := coalesce(((r ->> 'to')::timestamptz at time zone 'UTC')::date, 'infinity');
begin
  if not org = any (case when kind in ('mrr-movements', 'cash-positions', 'headcounts')
                      then auxeira.readable_org_ids('metrics') else auxeira.readable_org_ids() end) then
    raise exception using errcode = 'P0002', message = 'organization not found';
  end if;
  return (
    select auxeira.success(json_build_object('kind', kind, 'count', count(*),
      'facts', coalesce(json_agg(auxeira.fact_json(f.fact) order by f.day desc, f.fact), '[]')))
    from (select * from auxeira.facts(kind, org) all_facts
          where all_facts.day between first_day and last_day
            and ((r ->> 'includeSynthetic')::boolean or all_facts.fact ->> 'is_synthetic' is distinct from 'true')
            and (not r ? 'investmentId' or all_facts.fact ->> 'investment_id' = r ->> 'investmentId')
          order by all_facts.day desc, all_facts.fact limit (r ->> 'limit')::integer) f);
end
$$;
comment on function auxeira_api.list_facts(jsonb) is
  'GET /api/facts/:kind: the facts behind the metrics, newest first. kind: mrr-movements, cash-positions, headcounts (of the '
  'active organization, or of organizationId when it opened its metrics), cash-flows, marks '
  '(investmentId: of one investment), redemptions, programs, grants (of one of the user''s own; redemptions and grants '
  'also where it is the startup), assumptions. includeSynthetic, from, to (days, UTC), limit. Error P0002: not readable.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('list_facts', 'user', 200, true, 'metrics');

reset role;
