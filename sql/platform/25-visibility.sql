-- Who may read and write which rows: the one table that policies and grants are made from, and that functions with
-- more rights than their caller ask.
set local role auxeira_owner;

create table auxeira.visibility (
  table_name text not null,
  command text not null check (command in ('select', 'insert', 'update', 'delete')),
  audience text not null check (audience in ('own', 'investor', 'partner', 'grantor', 'startup', 'counterparty',
    'everyone', 'administrator')),
  minimum_role auxeira.member_role,
  user_types auxeira.user_type[] check (cardinality(user_types) > 0),
  scope text check (scope in ('profile', 'scores', 'metrics', 'documents')),
  through text not null default 'sql' check (through in ('sql', 'function')),
  columns text[] check (cardinality(columns) > 0),
  primary key (table_name, command, audience),
  check ((minimum_role is null) = (audience in ('everyone', 'administrator'))),
  check ((scope is not null) = (audience in ('investor', 'partner', 'grantor', 'startup'))),
  check (command = 'select' or audience in ('own', 'counterparty'))
);
comment on table auxeira.visibility is
  'Who may do what with which rows of a tenant table. What has no row here nobody may do.';
comment on column auxeira.visibility.audience is
  'own: members of the organization (org_id) of the row. investor, partner, grantor: members of organizations whose '
  'relationship of this kind the organization accepted. startup: members of the startup that the organization '
  'proposed a relationship to. counterparty: members of the startup (startup_id) that the row names. everyone: '
  'whoever is signed in. administrator: of the platform.';
comment on column auxeira.visibility.minimum_role is 'Least role of the member in their own organization.';
comment on column auxeira.visibility.user_types is 'Types of users; NULL for all seven.';
comment on column auxeira.visibility.scope is 'What the organization must have opened to the relationship.';
comment on column auxeira.visibility.through is
  'sql: by statements of one''s own. function: by the functions of the platform alone, which check more than a policy can.';
comment on column auxeira.visibility.columns is 'Columns it is about; NULL for all.';

create table auxeira.relationship_kinds (
  kind text primary key check (kind in ('investor', 'partner', 'grantor')),
  proposer_types auxeira.user_type[] not null check (cardinality(proposer_types) > 0)
);
comment on table auxeira.relationship_kinds is
  'Kinds of relationships with a startup, and whose users propose them. What a kind can be opened for is in '
  'auxeira.visibility.';
insert into auxeira.relationship_kinds values
  ('investor', '{venture_capital, angel_investor, corporate_partner, esg_funder, impact_investor}'),
  ('partner', '{corporate_partner, government}'),
  ('grantor', '{government, esg_funder, impact_investor}');

-- Reading. Administrators of the platform read every tenant table that has a row here.
insert into auxeira.visibility (table_name, command, audience, minimum_role, scope) values
  ('organizations',           'select', 'own',          'viewer', null),
  ('organizations',           'select', 'investor',     'viewer', 'profile'),
  ('organizations',           'select', 'partner',      'viewer', 'profile'),
  ('organizations',           'select', 'grantor',      'viewer', 'profile'),
  ('organizations',           'select', 'startup',      'viewer', 'profile'),
  ('user_organizations',      'select', 'own',          'viewer', null),
  ('dashboard_metrics',       'select', 'own',          'viewer', null),
  ('dashboard_metrics',       'select', 'investor',     'viewer', 'metrics'),
  ('dashboard_metrics',       'select', 'partner',      'viewer', 'metrics'),
  ('dashboard_metrics',       'select', 'grantor',      'viewer', 'metrics'),
  ('mrr_movements',           'select', 'own',          'viewer', null),
  ('mrr_movements',           'select', 'investor',     'viewer', 'metrics'),
  ('mrr_movements',           'select', 'partner',      'viewer', 'metrics'),
  ('mrr_movements',           'select', 'grantor',      'viewer', 'metrics'),
  ('cash_positions',          'select', 'own',          'viewer', null),
  ('cash_positions',          'select', 'investor',     'viewer', 'metrics'),
  ('cash_positions',          'select', 'partner',      'viewer', 'metrics'),
  ('cash_positions',          'select', 'grantor',      'viewer', 'metrics'),
  ('headcounts',              'select', 'own',          'viewer', null),
  ('headcounts',              'select', 'investor',     'viewer', 'metrics'),
  ('headcounts',              'select', 'partner',      'viewer', 'metrics'),
  ('headcounts',              'select', 'grantor',      'viewer', 'metrics'),
  ('sse_scores',              'select', 'own',          'viewer', null),
  ('sse_scores',              'select', 'investor',     'viewer', 'scores'),
  ('sse_scores',              'select', 'partner',      'viewer', 'scores'),
  ('sse_scores',              'select', 'grantor',      'viewer', 'scores'),
  ('sse_score_history',       'select', 'own',          'viewer', null),
  ('sse_score_history',       'select', 'investor',     'viewer', 'scores'),
  ('sse_score_history',       'select', 'partner',      'viewer', 'scores'),
  ('sse_score_history',       'select', 'grantor',      'viewer', 'scores'),
  ('sse_answers',             'select', 'own',          'viewer', null),
  ('documents',               'select', 'own',          'viewer', null),
  ('documents',               'select', 'investor',     'viewer', 'documents'),
  ('documents',               'select', 'grantor',      'viewer', 'documents'),
  ('synthetic_data_sessions', 'select', 'own',          'viewer', null),
  ('actions',                 'select', 'own',          'viewer', null),
  ('gamification_profiles',   'select', 'own',          'viewer', null),
  ('relationships',           'select', 'own',          'viewer', null),
  ('relationships',           'select', 'counterparty', 'viewer', null),
  ('investments',             'select', 'own',          'viewer', null),
  ('investment_cash_flows',   'select', 'own',          'viewer', null),
  ('investment_marks',        'select', 'own',          'viewer', null),
  ('partnerships',            'select', 'own',          'viewer', null),
  ('benefit_redemptions',     'select', 'own',          'viewer', null),
  ('programs',                'select', 'own',          'viewer', null),
  ('grants',                  'select', 'own',          'viewer', null),
  ('grants',                  'select', 'counterparty', 'viewer', null),
  ('integrations',            'select', 'own',          'member', null),
  ('integration_data',        'select', 'own',          'member', null);
insert into auxeira.visibility (table_name, command, audience, minimum_role) values
  ('organization_templates', 'select', 'own', 'viewer');
insert into auxeira.visibility (table_name, command, audience)
select distinct v.table_name, 'select', 'administrator' from auxeira.visibility v;

-- Writing by statements of one's own: new rows only. UPDATE and DELETE would let a login lock a table for all
-- tenants (LOCK TABLE), so that changes are made by functions.
insert into auxeira.visibility (table_name, command, audience, minimum_role, columns) values
  ('dashboard_metrics',       'insert', 'own',          'member', '{org_id, metric_id, user_id, dashboard_type,
    metric_name, metric_category, metric_value, metric_unit, metric_timestamp, aggregation_period, data_sources,
    is_synthetic, synthetic_algorithm, synthetic_trend, reported_at, first_value}'),
  ('documents',               'insert', 'own',          'member', '{org_id, document_id, title, kind, url, sha256,
    created_by}'),
  ('mrr_movements',           'insert', 'own',          'member', '{org_id, month, movement, amount, customers,
    currency}'),
  ('cash_positions',          'insert', 'own',          'member', '{org_id, month, opening, operating_inflow,
    operating_outflow, financing, closing, currency}'),
  ('headcounts',              'insert', 'own',          'member', '{org_id, month, employees, hires, leavers}'),
  ('investment_cash_flows',   'insert', 'own',          'member', '{org_id, flow_id, investment_id, flow_date,
    flow_type, amount, currency}'),
  ('investment_marks',        'insert', 'own',          'member', '{org_id, investment_id, as_of, fair_value, method,
    currency}'),
  ('programs',                'insert', 'own',          'member', '{org_id, program_id, name, kind, industry, region,
    budget, currency, starts_on, ends_on, jobs_target}');

insert into auxeira.visibility (table_name, command, audience, minimum_role, user_types, through) values
  ('synthetic_data_sessions', 'insert', 'own',          'member', null, 'function'),
  ('synthetic_data_sessions', 'delete', 'own',          'member', null, 'function'),
  ('organizations',           'update', 'own',          'admin',  null, 'function'),
  ('user_organizations',      'insert', 'own',          'admin',  null, 'function'),
  ('user_organizations',      'update', 'own',          'admin',  null, 'function'),
  ('sse_scores',              'insert', 'own',          'member', null, 'function'),
  ('sse_score_history',       'insert', 'own',          'member', null, 'function'),
  ('sse_answers',             'insert', 'own',          'member', null, 'function'),
  ('actions',                 'insert', 'own',          'member', null, 'function'),
  ('gamification_profiles',   'insert', 'own',          'member', null, 'function'),
  ('gamification_profiles',   'update', 'own',          'member', null, 'function'),
  ('relationships',           'insert', 'own',          'member',
    '{venture_capital, angel_investor, corporate_partner, government, esg_funder, impact_investor}', 'function'),
  ('relationships',           'update', 'own',          'admin',  null, 'function'),
  ('relationships',           'update', 'counterparty', 'admin',  null, 'function'),
  ('investments',             'insert', 'own',          'member',
    '{venture_capital, angel_investor, corporate_partner, esg_funder, impact_investor}', 'function'),
  ('partnerships',            'insert', 'own',          'member', '{corporate_partner, government}', 'function'),
  ('benefit_redemptions',     'insert', 'own',          'member', '{corporate_partner, government}', 'function'),
  ('grants',                  'insert', 'own',          'member', '{government, esg_funder, impact_investor}',
    'function'),
  ('integrations',            'insert', 'own',          'admin',  null, 'function'),
  ('integrations',            'update', 'own',          'admin',  null, 'function');

-- A startup reads what it took up without what that cost the partner.
insert into auxeira.visibility (table_name, command, audience, minimum_role, through) values
  ('benefit_redemptions',    'select', 'counterparty', 'viewer', 'function'),
  ('organization_templates', 'insert', 'own', 'member', 'function'),
  ('organization_templates', 'update', 'own', 'member', 'function');

-- --- Policies and grants -------------------------------------------------------------------------------------

create function auxeira.role_condition(organization text, minimum_role auxeira.member_role, scope text default null)
  returns text language sql immutable parallel safe
  return format('%I = any (auxeira.%s)', organization,
    case when scope is not null then format('readable_org_ids(%L)', scope)
      when minimum_role = 'viewer' then 'readable_org_ids()' when minimum_role = 'member' then 'writable_org_ids()'
      when minimum_role = 'admin' then 'managed_org_ids()' else 'owned_org_ids()' end);
comment on function auxeira.role_condition(text, auxeira.member_role, text) is
  'The condition of a policy: the column is an organization in which the user has the role, or that opened the scope.';

create function auxeira.visibility_condition(of_table text, of_command text) returns text
  language sql stable
begin atomic
  -- The organizations that opened a scope come with the user's own in one list: one look into the index.
  with rules as (
    select case v.audience when 'everyone' then 'auxeira.user_id() is not null'
        when 'counterparty' then auxeira.role_condition('startup_id', v.minimum_role)
        else auxeira.role_condition('org_id', v.minimum_role, coalesce(v.scope, (
          select max(other.scope) from auxeira.visibility other
          where other.table_name = v.table_name and other.command = v.command))) end
      || case when v.user_types is null then ''
           else format(' and auxeira.own_user_type() = any (%L::text[])', v.user_types) end as condition
    from auxeira.visibility v
    where v.table_name = of_table and v.command = of_command and v.through = 'sql' and v.audience <> 'administrator'
  )
  select coalesce(string_agg(distinct rules.condition, ' or '), 'false') from rules;
end;
comment on function auxeira.visibility_condition(text, text) is
  'The rows that the matrix lets users read (select) or make with statements of their own; false for none.';

create procedure auxeira.protect_private_table(private_table regclass) language plpgsql as $$
begin
  execute format('alter table %s enable row level security', private_table);
  execute format('alter table %s force row level security', private_table);
  execute format('create policy owner_all on %s to auxeira_owner using (true) with check (true)', private_table);
end
$$;
comment on procedure auxeira.protect_private_table(regclass) is
  'Turns on and forces row-level security for a table that nobody but the owner''s functions may touch.';
revoke execute on procedure auxeira.protect_private_table(regclass) from public;

create procedure auxeira.protect_tenant_table(tenant_table regclass) language plpgsql as $$
declare
  name constant text := (select relname from pg_class where oid = tenant_table);
  policies constant text[] := array[
    'create policy member_select on %1$s for select to auxeira_user using (%2$s)',
    'create policy member_insert on %1$s for insert to auxeira_user with check (%3$s)',
    'create policy member_update on %1$s for update to auxeira_user using (%4$s) with check (%4$s)',
    'create policy member_delete on %1$s for delete to auxeira_user using (%5$s)',
    'create policy admin_select on %1$s for select to auxeira_admin using (true)'];
  policy text;
  right_given record;
begin
  call auxeira.protect_private_table(tenant_table);
  foreach policy in array policies loop
    execute format(policy, tenant_table,
      auxeira.visibility_condition(name, 'select'), auxeira.visibility_condition(name, 'insert'),
      auxeira.visibility_condition(name, 'update'), auxeira.visibility_condition(name, 'delete'));
  end loop;
  for right_given in
    select distinct v.command, '(' || array_to_string(v.columns, ', ') || ')' as columns,
      case v.audience when 'administrator' then 'auxeira_admin' else 'auxeira_user' end as receiver
    from auxeira.visibility v where v.table_name = name and v.through = 'sql'
  loop
    execute format('grant %s %s on %s to %s', right_given.command, right_given.columns, tenant_table,
                   right_given.receiver);
  end loop;
end
$$;
comment on procedure auxeira.protect_tenant_table(regclass) is
  'Turns on and forces row-level security for a table with org_id, and makes the policies and grants that '
  'auxeira.visibility asks for: one policy for each command, which is false where nobody may do it.';
revoke execute on procedure auxeira.protect_tenant_table(regclass) from public;

-- --- For functions that run with more rights than their caller -----------------------------------------------

create function auxeira.has_right(of_table text, of_command text, of_org_id uuid) returns boolean
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from auxeira.visibility v
    where v.table_name = of_table and v.command = of_command and v.audience = 'own'
      and (v.user_types is null or auxeira.own_user_type() = any (v.user_types::text[]))
      and of_org_id = any (case v.minimum_role when 'viewer' then auxeira.readable_org_ids()
        when 'member' then auxeira.writable_org_ids() when 'admin' then auxeira.managed_org_ids()
        else auxeira.owned_org_ids() end));
end
$$;
comment on function auxeira.has_right(text, text, uuid) is
  'Whether the matrix lets the user do this with rows of this organization of theirs. Definer, because the matrix is '
  'not for everybody to read; it tells about the caller alone.';

create function auxeira.require_right(of_table text, of_command text, of_org_id uuid, missing text) returns void
  language plpgsql stable as $$
begin
  if auxeira.has_right(of_table, of_command, of_org_id) then
    return;
  end if;
  if coalesce(of_org_id = any (auxeira.readable_org_ids()), false) then
    raise exception using errcode = '42501', message = 'your role or type of user does not allow this';
  end if;
  raise exception using errcode = 'P0002', message = missing;
end
$$;
comment on function auxeira.require_right(text, text, uuid, text) is
  'Errors when the matrix does not let the user do this: 42501 in an organization of theirs, P0002 (with the message '
  'given) in one that they need not know of.';

call auxeira.protect_private_table('auxeira.visibility');
call auxeira.protect_private_table('auxeira.relationship_kinds');

reset role;
