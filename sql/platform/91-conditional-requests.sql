-- ETags: what says that an answer is still true without making it again. Every transaction that changes rows of an
-- organization leaves a new mark (extension/functions/change_marks.cpp); an ETag is a hash of the marks of the tables that an
-- answer is made of, of the request and of the caller's rights (extension/functions/etag.cpp).
set local role auxeira_owner;

-- Marks are random and not counted: nobody can tell from an ETag how much goes on, and a database that was restored to
-- an earlier time never gives an old ETag to new rows.
create table auxeira.change_marks (
  org_id uuid not null references auxeira.organizations on delete cascade,
  table_name text not null,
  slot uuid not null default gen_random_uuid(),
  mark uuid not null default gen_random_uuid(),
  primary key (org_id, table_name, slot)
) with (fillfactor = 50);
comment on table auxeira.change_marks is
  'The last changes of the rows of an organization in a table. Transactions that run at the same time take a row (slot) '
  'each, so that none waits for another: there are as many as ever ran at once.';
call auxeira.protect_private_table('auxeira.change_marks');

create function auxeira.change_mark_columns(of_table text) returns text[] language sql stable
  return (select array['org_id'] || array_agg('startup_id'::text) filter (where v.audience = 'counterparty')
          from auxeira.visibility v where v.table_name = of_table and v.command = 'select');
comment on function auxeira.change_mark_columns(text) is
  'The columns that name the organizations whose members read a row: their own, and the startup it names.';

create procedure auxeira.mark_changes_of(of_table text) language plpgsql as $$
declare
  columns constant text[] := auxeira.change_mark_columns(of_table);
  arguments constant text := (select string_agg(quote_literal(a), ', ') from unnest(of_table || columns) a);
  event record;
begin
  for event in
    select e.event, string_agg(format('auxeira.is_change_marked(%L, %s.%I)', of_table, r, c), ' and ') as condition
    from (values ('insert', '{new}'::text[]), ('update', '{old, new}'), ('delete', '{old}')) e (event, rows),
      unnest(e.rows) r, unnest(columns) c
    group by e.event
  loop
    execute format('create trigger changes_marked_%s after %1$s on auxeira.%I for each row when (not (%s)) '
                   'execute function auxeira.mark_changes(%s)', event.event, of_table, event.condition, arguments);
    execute format('alter table auxeira.%I enable always trigger changes_marked_%s', of_table, event.event);
  end loop;
  execute format('create trigger changes_marked_truncate after truncate on auxeira.%I for each statement '
                 'execute function auxeira.mark_changes(%s)', of_table, arguments);
  execute format('alter table auxeira.%I enable always trigger changes_marked_truncate', of_table);
end
$$;
comment on procedure auxeira.mark_changes_of(text) is 'Has changes of a tenant table leave marks, one in a transaction.';
revoke execute on procedure auxeira.mark_changes_of(text) from public;

-- Not here: answers that tell of other tenants (benchmarks), of tables that are not one organization's (templates, users),
-- of sessions, or of the time to the second.
update auxeira.api_functions f
set made_of = v.made_of, concerns = v.concerns, good_for = v.good_for
from (values
  ('get_metrics', '{dashboard_metrics}'::text[], 'organizationId', 'day'),
  ('get_sse_score', '{sse_scores}', 'startupId', null),
  ('get_gamification_profile', '{gamification_profiles}', 'active', 'day'),
  ('get_organization', '{organizations, user_organizations}', 'organizationId', null),
  ('list_organizations', '{organizations, user_organizations}', null, null),
  ('list_relationships', '{relationships, organizations}', null, null),
  ('list_investments', '{investments, organizations}', null, null),
  ('list_partnerships', '{partnerships, organizations}', null, null),
  ('list_documents', '{documents}', 'organizationId', null),
  ('list_integrations', '{integrations}', 'active', null)) v (name, made_of, concerns, good_for)
where f.name = v.name;

update auxeira.api_functions set compared_with = 'get_organization' where name = 'update_organization';

do $$
declare
  of_table text;
begin
  for of_table in select distinct unnest(made_of) from auxeira.api_functions loop
    call auxeira.mark_changes_of(of_table);
  end loop;
end
$$;

create function auxeira.etag_sources(made_of text[]) returns text language sql stable
  return (select string_agg(name || ':' || coalesce((
            select max(v.scope) from auxeira.visibility v where v.table_name = name and v.command = 'select'), ''), ',' order by name)
          from unnest(made_of) name);
comment on function auxeira.etag_sources(text[]) is
  'Tables, each with the scope that opens its rows to others: "documents:documents,sse_scores:scores,user_organizations:".';
revoke execute on function auxeira.etag_sources(text[]) from public;

reset role;
