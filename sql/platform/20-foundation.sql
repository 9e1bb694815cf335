-- What all other files build on: the version, the kinds of things, the catalogue of API functions.
set local role auxeira_owner;

create table auxeira.schema_version (
  version text primary key,
  installed_at timestamptz not null default now()
);
comment on table auxeira.schema_version is 'Versions of the platform that were installed here, newest last.';
insert into auxeira.schema_version (version) values (auxeira.version());

create type auxeira.user_type as enum (
  'startup_founder', 'venture_capital', 'angel_investor', 'corporate_partner', 'government', 'esg_funder',
  'impact_investor');
comment on type auxeira.user_type is 'The seven kinds of users; each has a dashboard of its own.';

create type auxeira.organization_type as enum (
  'startup', 'venture_capital', 'angel_investor', 'corporate', 'government', 'esg_fund', 'impact_fund',
  'non_profit');
comment on type auxeira.organization_type is 'Kinds of organizations.';

create type auxeira.stage as enum ('pre_seed', 'seed', 'series_a', 'series_b', 'series_c', 'growth', 'late');
comment on type auxeira.stage is 'Stages of a startup, earliest first.';

create type auxeira.member_role as enum ('viewer', 'member', 'admin', 'owner');
comment on type auxeira.member_role is 'What a member of an organization may do, least first.';

create domain auxeira.fact_source as text default 'self'
  check (value in ('self', 'peer', 'document', 'integration', 'computed', 'synthetic'));
comment on domain auxeira.fact_source is
  'Where a fact comes from: self (its organization says so), peer, document, integration (another system delivered it), '
  'computed from other facts, synthetic.';

-- Not a number is greater than every number, so that no lower bound refuses it.
create domain auxeira.amount as numeric(15, 2) check (value < 'infinity');
comment on domain auxeira.amount is 'An amount of money, to the cent.';

create domain auxeira.currency_code as text default 'USD' check (value ~ '^[A-Z]{3}$');
comment on domain auxeira.currency_code is 'A currency, as ISO 4217 spells it.';

create domain auxeira.calendar_month as date check (isfinite(value) and extract(day from value) = 1);
comment on domain auxeira.calendar_month is 'A month, by its first day.';

create function auxeira.touch_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at := now();
  return new;
end
$$;
comment on function auxeira.touch_updated_at() is 'Trigger: keeps updated_at true.';

create table auxeira.api_functions (
  name text primary key check (name ~ '^[a-z][a-z0-9_]*$'),
  required_role text not null check (required_role in ('anonymous', 'user', 'admin')),
  status integer not null check (status between 200 and 299),
  is_read_only boolean not null,
  area text not null check (area in ('account', 'benchmarks', 'documents', 'gamification', 'integrations', 'ledger', 'metrics',
    'operations', 'organization', 'relationships', 'scores', 'synthetic')),
  made_of text[] check (cardinality(made_of) > 0),
  concerns text check (concerns ~ '^[a-zA-Z]+$'),
  good_for text check (good_for = 'day'),
  compared_with text,
  is_replayable boolean not null default false,
  check (is_read_only or made_of is null),
  check (made_of is not null or coalesce(concerns, good_for) is null),
  check (not is_read_only or (compared_with is null and not is_replayable))
);
comment on table auxeira.api_functions is
  'The functions of schema auxeira_api that auxeira.call runs, and the role each needs.';
comment on column auxeira.api_functions.status is 'HTTP status of success.';
comment on column auxeira.api_functions.is_read_only is 'Runs in a read-only transaction.';
comment on column auxeira.api_functions.area is
  'What the scopes of API keys speak of: area:read runs the read-only functions, area:write all. No key has account '
  'or operations.';
comment on column auxeira.api_functions.made_of is
  'Tenant tables whose rows the answer is made of, and nothing else but the request, the rights of the caller and good_for: '
  'changes of these rows change its ETag. NULL: it has none.';
comment on column auxeira.api_functions.concerns is
  'Of one organization alone: the member of the request that names it, which is the active one without that member; '
  '"active": always that one. NULL: of all organizations that the caller may read.';
comment on column auxeira.api_functions.good_for is 'day: the answer also depends on the day (UTC).';
comment on column auxeira.api_functions.compared_with is
  'The function whose ETag If-Match speaks of: that which reads what this one changes.';
comment on column auxeira.api_functions.is_replayable is
  'Its answers are kept for Idempotency-Key. Not where an answer holds a secret.';

create trigger api_functions_changed after insert or update or delete or truncate on auxeira.api_functions
  for each statement execute function auxeira.api_functions_changed();

-- Stable as what it calls: an immutable one would not be inlined.
create function auxeira.success(data json) returns json language sql stable parallel safe
  return json_build_object('success', true, 'data', data);
comment on function auxeira.success(json) is 'The envelope of every successful API answer.';

reset role;
