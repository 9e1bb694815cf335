-- Investments and partnerships: a row belongs to the side that made it, and opens nothing of the other side; it
-- proposes the relationship that may.
set local role auxeira_owner;

create table auxeira.investments (
  org_id uuid not null references auxeira.organizations on delete cascade,
  investment_id uuid not null default gen_random_uuid(),
  startup_id uuid not null references auxeira.organizations on delete cascade,
  investment_type text not null check (length(investment_type) between 1 and 50),
  round_name text check (length(round_name) between 1 and 100),
  amount numeric(15, 2) check (amount >= 0),
  currency text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
  valuation numeric(15, 2) check (valuation >= 0),
  equity_percentage numeric(7, 4) check (equity_percentage between 0 and 100),
  investment_date date,
  due_diligence_start date,
  due_diligence_end date,
  status text not null default 'active' check (status in ('pipeline', 'active', 'exited', 'written_off')),
  terms jsonb not null default '{}' check (jsonb_typeof(terms) = 'object'),
  documents jsonb not null default '[]' check (jsonb_typeof(documents) = 'array'),
  is_synthetic boolean not null default false,
  synthetic_market_conditions jsonb not null default '{}' check (jsonb_typeof(synthetic_market_conditions) = 'object'),
  session_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, investment_id),
  check (startup_id <> org_id),
  check (due_diligence_end >= due_diligence_start),
  check (is_synthetic or session_id is null)
);
create index investments_startup on auxeira.investments (startup_id);
comment on table auxeira.investments is 'Investments, each a row of the investor (org_id) in a startup.';
comment on column auxeira.investments.equity_percentage is
  'Per cent of the company, 0 to 100, as bought: later rounds make it less, and change nothing here.';
create trigger investments_updated before update on auxeira.investments
  for each row execute function auxeira.touch_updated_at();

create table auxeira.partnerships (
  org_id uuid not null references auxeira.organizations on delete cascade,
  partnership_id uuid not null default gen_random_uuid(),
  startup_id uuid not null references auxeira.organizations on delete cascade,
  partnership_type text not null check (length(partnership_type) between 1 and 50),
  partnership_name text check (length(partnership_name) between 1 and 255),
  description text,
  status text not null default 'active' check (status in ('proposed', 'active', 'paused', 'ended')),
  priority text not null default 'medium' check (priority in ('low', 'medium', 'high')),
  benefits jsonb not null default '{}' check (jsonb_typeof(benefits) = 'object'),
  terms jsonb not null default '{}' check (jsonb_typeof(terms) = 'object'),
  kpis jsonb not null default '{}' check (jsonb_typeof(kpis) = 'object'),
  start_date date,
  end_date date,
  renewal_date date,
  is_synthetic boolean not null default false,
  synthetic_performance jsonb not null default '{}' check (jsonb_typeof(synthetic_performance) = 'object'),
  session_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, partnership_id),
  unique (org_id, partnership_id, startup_id),
  check (startup_id <> org_id),
  check (end_date >= start_date),
  check (is_synthetic or session_id is null)
);
create index partnerships_startup on auxeira.partnerships (startup_id);
comment on table auxeira.partnerships is 'Partnerships, each a row of the partner (org_id) with a startup.';
create trigger partnerships_updated before update on auxeira.partnerships
  for each row execute function auxeira.touch_updated_at();

-- --- What investments and partnerships came to ----------------------------------------------------------------

create table auxeira.investment_cash_flows (
  org_id uuid not null references auxeira.organizations on delete cascade,
  flow_id uuid not null default gen_random_uuid(),
  investment_id uuid not null,
  flow_date date not null check (isfinite(flow_date)),
  flow_type text not null check (flow_type in ('contribution', 'distribution', 'fee', 'recallable')),
  amount auxeira.amount not null check (amount > 0),
  currency auxeira.currency_code not null,
  source auxeira.fact_source not null,
  is_synthetic boolean not null default false,
  session_id uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, flow_id),
  foreign key (org_id, investment_id) references auxeira.investments on delete cascade,
  check (is_synthetic = (source = 'synthetic')),
  check (is_synthetic or session_id is null)
);
create index investment_cash_flows_investment on auxeira.investment_cash_flows (org_id, investment_id, flow_date);
comment on table auxeira.investment_cash_flows is
  'What an investor (org_id) paid for an investment and got back: what IRR, TVPI and DPI are worked out from.';
comment on column auxeira.investment_cash_flows.flow_type is
  'contribution and fee: paid by the investor. distribution and recallable (which may be called again): paid to it.';
comment on column auxeira.investment_cash_flows.amount is 'Always positive: the type says which way it goes.';

create table auxeira.investment_marks (
  org_id uuid not null references auxeira.organizations on delete cascade,
  investment_id uuid not null,
  as_of date not null check (isfinite(as_of)),
  fair_value auxeira.amount not null check (fair_value >= 0),
  method text not null check (method in ('cost', 'round', 'model', 'exit')),
  currency auxeira.currency_code not null,
  source auxeira.fact_source not null,
  is_synthetic boolean not null default false,
  session_id uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, investment_id, as_of),
  foreign key (org_id, investment_id) references auxeira.investments on delete cascade,
  check (is_synthetic = (source = 'synthetic')),
  check (is_synthetic or session_id is null)
);
comment on table auxeira.investment_marks is
  'What an investor holds an investment to be worth: the net asset value of a day is the sum of the latest marks up to it.';
comment on column auxeira.investment_marks.method is
  'cost: what was paid. round: the price of a later round. model: estimated. exit: what the exit gave or will give.';

create table auxeira.benefit_redemptions (
  org_id uuid not null references auxeira.organizations on delete cascade,
  redemption_id uuid not null default gen_random_uuid(),
  partnership_id uuid not null,
  startup_id uuid not null references auxeira.organizations on delete cascade,
  redeemed_at timestamptz not null check (isfinite(redeemed_at)),
  benefit text not null check (length(benefit) between 1 and 255),
  list_value auxeira.amount not null check (list_value >= 0),
  partner_cost auxeira.amount not null check (partner_cost >= 0),
  startup_saving auxeira.amount not null check (startup_saving >= 0),
  currency auxeira.currency_code not null,
  source auxeira.fact_source not null,
  is_synthetic boolean not null default false,
  session_id uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, redemption_id),
  foreign key (org_id, partnership_id, startup_id)
    references auxeira.partnerships (org_id, partnership_id, startup_id) on delete cascade,
  check (is_synthetic = (source = 'synthetic')),
  check (is_synthetic or session_id is null)
);
create index benefit_redemptions_partnership
  on auxeira.benefit_redemptions (org_id, partnership_id, startup_id, redeemed_at);
create index benefit_redemptions_startup on auxeira.benefit_redemptions (startup_id);
comment on table auxeira.benefit_redemptions is
  'Benefits of a partnership that the startup took up, with what each was worth. The startup reads them by '
  'auxeira.benefits_received(), without partnership_id and partner_cost.';
comment on column auxeira.benefit_redemptions.partner_cost is 'What it cost the partner (org_id), which is its own affair.';
comment on column auxeira.benefit_redemptions.startup_saving is 'What the startup would have paid elsewhere.';

call auxeira.protect_tenant_table('auxeira.investments');
call auxeira.protect_tenant_table('auxeira.partnerships');
call auxeira.protect_tenant_table('auxeira.investment_cash_flows');
call auxeira.protect_tenant_table('auxeira.investment_marks');
call auxeira.protect_tenant_table('auxeira.benefit_redemptions');

-- Definer, because the rows have columns that are the partner's alone.
create function auxeira.benefits_received()
  returns table (org_id uuid, redemption_id uuid, startup_id uuid, redeemed_at timestamptz, benefit text,
                 list_value auxeira.amount, startup_saving auxeira.amount, currency auxeira.currency_code,
                 source auxeira.fact_source, is_synthetic boolean, session_id uuid, created_at timestamptz)
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select r.org_id, r.redemption_id, r.startup_id, r.redeemed_at, r.benefit, r.list_value, r.startup_saving, r.currency,
    r.source, r.is_synthetic, r.session_id, r.created_at
  from auxeira.benefit_redemptions r where r.startup_id = any (auxeira.readable_org_ids());
end;
comment on function auxeira.benefits_received() is
  'The benefits that the organizations of the user took up as startups: what each would have cost and what it saved.';

-- Definer, because rows are made by functions alone: a foreign key would tell which startups there are.
create function auxeira.record_investment(investment auxeira.investments) returns auxeira.investments
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  recorded auxeira.investments;
begin
  perform auxeira.require_right('investments', 'insert', auxeira.org_id(), 'organization not found');
  perform auxeira.propose_relationship(investment.startup_id, 'investor');
  insert into auxeira.investments (org_id, startup_id, investment_type, round_name, amount, currency, valuation,
    equity_percentage, investment_date, status)
  values (auxeira.org_id(), investment.startup_id, investment.investment_type, investment.round_name,
    investment.amount, investment.currency, investment.valuation, investment.equity_percentage,
    investment.investment_date, investment.status)
  returning * into recorded;
  return recorded;
end
$$;
comment on function auxeira.record_investment(auxeira.investments) is
  'Stores an investment of the active organization and proposes the relationship with the startup. Errors: 42501, '
  'P0002 no such startup, ZA409 the startup declined lately.';

create function auxeira_api.create_investment(request jsonb) returns json language plpgsql volatile as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["startupId", "investmentType"], "additionalProperties": false,
    "properties": {
      "startupId": {"type": "string", "format": "uuid"},
      "investmentType": {"type": "string", "minLength": 1, "maxLength": 50},
      "roundName": {"type": "string", "minLength": 1, "maxLength": 100},
      "amount": {"type": "number", "minimum": 0, "maximum": 1e12},
      "currency": {"type": "string", "minLength": 3, "maxLength": 3, "default": "USD"},
      "valuation": {"type": "number", "minimum": 0, "maximum": 1e12},
      "equityPercentage": {"type": "number", "minimum": 0, "maximum": 100},
      "investmentDate": {"type": "string", "format": "date-time"},
      "status": {"type": "string", "enum": ["pipeline", "active", "exited", "written_off"], "default": "active"}}}');
  asked auxeira.investments;
begin
  asked.startup_id := r ->> 'startupId';
  asked.investment_type := r ->> 'investmentType';
  asked.round_name := r ->> 'roundName';
  asked.amount := r ->> 'amount';
  asked.currency := upper(r ->> 'currency');
  asked.valuation := r ->> 'valuation';
  asked.equity_percentage := r ->> 'equityPercentage';
  asked.investment_date := ((r ->> 'investmentDate')::timestamptz at time zone 'UTC')::date;
  asked.status := r ->> 'status';
  asked := auxeira.record_investment(asked);
  return auxeira.success(json_build_object('investmentId', asked.investment_id, 'startupId', asked.startup_id,
                                           'status', asked.status, 'createdAt', asked.created_at));
end
$$;
comment on function auxeira_api.create_investment(jsonb) is
  'POST /api/investments: records an investment, and proposes the relationship to the startup. startupId, '
  'investmentType; optional: roundName, amount, currency, valuation, equityPercentage, investmentDate, status. Errors: '
  '42501, P0002, ZA409, 22023.';

create function auxeira_api.list_investments(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "properties": {"limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}}}', true);
begin
  return (
    select auxeira.success(json_build_object('investments', coalesce(json_agg(json_build_object(
      'investmentId', i.investment_id, 'startupId', i.startup_id, 'startupName', i.name,
      'investmentType', i.investment_type, 'roundName', i.round_name, 'amount', i.amount, 'currency', i.currency,
      'valuation', i.valuation, 'equityPercentage', i.equity_percentage, 'investmentDate', i.investment_date,
      'status', i.status, 'createdAt', i.created_at)), '[]')))
    from (select inv.*, o.name from auxeira.investments inv left join auxeira.organizations o on o.org_id = inv.startup_id
          where inv.org_id = auxeira.org_id()
          order by inv.created_at desc, inv.investment_id limit (r ->> 'limit')::integer) i);
end
$$;
comment on function auxeira_api.list_investments(jsonb) is
  'GET /api/investments: those of the active organization, newest first; a startup''s name once it may be seen.';

-- Definer, for the same reason.
create function auxeira.record_partnership(partnership auxeira.partnerships) returns auxeira.partnerships
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  recorded auxeira.partnerships;
begin
  perform auxeira.require_right('partnerships', 'insert', auxeira.org_id(), 'organization not found');
  perform auxeira.propose_relationship(partnership.startup_id, 'partner');
  insert into auxeira.partnerships (org_id, startup_id, partnership_type, partnership_name, description, priority,
    status)
  values (auxeira.org_id(), partnership.startup_id, partnership.partnership_type, partnership.partnership_name,
    partnership.description, partnership.priority, partnership.status)
  returning * into recorded;
  return recorded;
end
$$;
comment on function auxeira.record_partnership(auxeira.partnerships) is
  'Stores a partnership of the active organization and proposes the relationship with the startup. Errors: 42501, '
  'P0002 no such startup, ZA409 the startup declined lately.';

-- Definer, because rows that name a startup are made by functions alone.
create function auxeira.record_redemption(
  of_partnership_id uuid, benefit text, list_value numeric, partner_cost numeric, startup_saving numeric,
  redeemed_at timestamptz default now(), currency text default 'USD')
  returns auxeira.benefit_redemptions
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  recorded auxeira.benefit_redemptions;
begin
  perform auxeira.require_right('benefit_redemptions', 'insert', auxeira.org_id(), 'organization not found');
  insert into auxeira.benefit_redemptions (org_id, partnership_id, startup_id, redeemed_at, benefit, list_value,
    partner_cost, startup_saving, currency)
  select p.org_id, p.partnership_id, p.startup_id, record_redemption.redeemed_at, record_redemption.benefit,
    record_redemption.list_value, record_redemption.partner_cost, record_redemption.startup_saving,
    record_redemption.currency
  from auxeira.partnerships p where p.org_id = auxeira.org_id() and p.partnership_id = of_partnership_id
  returning * into recorded;
  if not found then
    raise exception using errcode = 'P0002', message = 'partnership not found';
  end if;
  return recorded;
end
$$;
comment on function auxeira.record_redemption(uuid, text, numeric, numeric, numeric, timestamptz, text) is
  'Stores a benefit that the startup of a partnership of the active organization took up. Errors: 42501, P0002 no such '
  'partnership, 23514 a value that cannot be.';

create function auxeira_api.create_partnership(request jsonb) returns json language plpgsql volatile as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["startupId", "partnershipType"], "additionalProperties": false,
    "properties": {
      "startupId": {"type": "string", "format": "uuid"},
      "partnershipType": {"type": "string", "minLength": 1, "maxLength": 50},
      "name": {"type": "string", "minLength": 1, "maxLength": 255},
      "description": {"type": "string", "maxLength": 5000},
      "priority": {"type": "string", "enum": ["low", "medium", "high"], "default": "medium"},
      "status": {"type": "string", "enum": ["proposed", "active", "paused", "ended"], "default": "active"}}}');
  asked auxeira.partnerships;
begin
  asked.startup_id := r ->> 'startupId';
  asked.partnership_type := r ->> 'partnershipType';
  asked.partnership_name := r ->> 'name';
  asked.description := r ->> 'description';
  asked.priority := r ->> 'priority';
  asked.status := r ->> 'status';
  asked := auxeira.record_partnership(asked);
  return auxeira.success(json_build_object('partnershipId', asked.partnership_id, 'startupId', asked.startup_id,
                                           'status', asked.status, 'createdAt', asked.created_at));
end
$$;
comment on function auxeira_api.create_partnership(jsonb) is
  'POST /api/partnerships: records a partnership, and proposes the relationship to the startup. startupId, '
  'partnershipType; optional: name, description, priority, status. Errors: 42501, P0002, ZA409, 22023.';

create function auxeira_api.list_partnerships(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "properties": {"limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}}}', true);
begin
  return (
    select auxeira.success(json_build_object('partnerships', coalesce(json_agg(json_build_object(
      'partnershipId', p.partnership_id, 'startupId', p.startup_id, 'startupName', p.startup_name,
      'partnershipType', p.partnership_type, 'name', p.partnership_name, 'description', p.description,
      'priority', p.priority, 'status', p.status, 'createdAt', p.created_at)), '[]')))
    from (select part.*, o.name as startup_name
          from auxeira.partnerships part left join auxeira.organizations o on o.org_id = part.startup_id
          where part.org_id = auxeira.org_id()
          order by part.created_at desc, part.partnership_id limit (r ->> 'limit')::integer) p);
end
$$;
comment on function auxeira_api.list_partnerships(jsonb) is
  'GET /api/partnerships: those of the active organization, newest first; a startup''s name once it may be seen.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('create_investment', 'user', 201, false, 'relationships'),
  ('list_investments', 'user', 200, true, 'relationships'),
  ('create_partnership', 'user', 201, false, 'relationships'),
  ('list_partnerships', 'user', 200, true, 'relationships');

reset role;
