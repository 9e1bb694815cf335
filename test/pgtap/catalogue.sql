-- Rules that every object of the platform keeps, read from the system catalogue. Each query lists what breaks one; and
-- each is shown to find a violation that is planted for it and taken away again.
\set ON_ERROR_STOP on
begin;
set local client_min_messages = error;
-- Loads the library, whose settings are looked at.
select auxeira.version() \g /dev/null

-- --- What the rules speak of ------------------------------------------------------------------------------------

create temporary view platform_schemas as
  select oid, nspname as name from pg_namespace where nspname in ('auxeira', 'auxeira_api', 'bi');

create temporary view platform_relations as
  select c.*, c.relname::text as name from pg_class c join platform_schemas s on s.oid = c.relnamespace;

create temporary view platform_tables as
  select r.oid, r.name, r.relacl, r.relowner, r.relrowsecurity, r.relforcerowsecurity
  from platform_relations r where r.relkind in ('r', 'p');

-- Those of whose rows the matrix speaks.
create temporary view tenant_tables as
  select t.* from platform_tables t
  where t.name in (select v.table_name from auxeira.visibility v);

create temporary view platform_functions as
  select p.oid, p.oid::regprocedure::text as signature, p.proname::text as name, s.name as schema, p.prosecdef,
         p.proconfig, p.proleakproof, p.provolatile, p.prorettype, p.proargtypes, p.proowner,
         regexp_replace(p.prosrc, '--[^\n]*', '', 'g') as code, p.prosqlbody,
         coalesce(p.proacl, acldefault('f', p.proowner)) as acl, d.objid is not null as is_of_extension
  from pg_proc p join platform_schemas s on s.oid = p.pronamespace
    left join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e';

-- Rights on tables and on their columns, of everybody but the owner.
create temporary view table_grants as
  select t.oid, t.name, g.field, g.privilege_type, g.is_grantable, coalesce(r.rolname, 'public')::text as role, g.grantee
  from platform_tables t
    cross join lateral (
      select null::name as field, a.* from aclexplode(t.relacl) a
      union all
      select c.attname, a.* from pg_attribute c, aclexplode(c.attacl) a where c.attrelid = t.oid) g
    left join pg_roles r on r.oid = g.grantee
  where g.grantee <> t.relowner;

create temporary view platform_policies as
  select p.*, t.name, t.oid as table_oid, r.rolname as role, command,
         pg_get_expr(p.polqual, p.polrelid) as reading, pg_get_expr(p.polwithcheck, p.polrelid) as writing
  from pg_policy p join platform_tables t on t.oid = p.polrelid
    cross join unnest(p.polroles) polrole left join pg_roles r on r.oid = polrole
    cross join unnest(case p.polcmd when '*' then '{r,a,w,d}' else array[p.polcmd::text] end) command;

create temporary table own_roles (name) as
  values ('auxeira_anonymous'), ('auxeira_user'), ('auxeira_admin'), ('auxeira_bi'), ('auxeira_authenticator');

-- An expression as the server tells it when it is the condition of a policy of that table.
create function pg_temp.deparsed(of_table text, expression text) returns text language plpgsql as $$
declare
  told text;
begin
  execute format('create table public.like_it (like auxeira.%I)', of_table);
  execute format('create policy p on public.like_it using (%s)', expression);
  select pg_get_expr(polqual, polrelid) into told from pg_policy where polrelid = 'public.like_it'::regclass;
  drop table public.like_it;
  return told;
end
$$;

-- --- What is allowed, and why -----------------------------------------------------------------------------------

create temporary table allowed (rule text, name text, reason text);
insert into allowed values
  ('unprotected', 'api_functions', 'the catalogue of the API; no role may read it'),
  ('unprotected', 'schema_version', 'the version, which the shim reads before anybody is logged in'),
  ('no key', 'rights_changes', 'never has a row'),
  ('no key', 'event_outbox', 'rows are taken away as they come'),
  ('no key', 'event_turns', 'never has a row'),
  ('no key', 'ledger_open', 'a key costs as much as all else; the tree proves the rows'),
  ('no key', 'ledger_changes', 'a key costs as much as all else; the tree proves the rows'),
  ('signals', 'auxeira.seal_changes(integer,timestamp with time zone)', 'tells that there is a head; no role of callers may execute it'),
  ('signals', 'auxeira.wake_listener()', 'tells that something was committed; no role of callers may execute it'),
  ('signals', 'auxeira.rest_until_notified()', 'of the shim alone'),
  ('signals', 'auxeira.stop_resting()', 'of the shim alone'),
  ('signals', 'auxeira.await_run(uuid)', 'a few seconds at most; no role of callers may execute it'),
  ('not ordinary', 'live_events_position_seq', 'nobody may read it'),
  ('not ordinary', 'ledger_change_ids', 'the order of changes'),
  ('not ordinary', 'ledger_tables_table_id_seq', 'nobody may read it'),
  ('not ordinary', 'ledger_actors_actor_id_seq', 'nobody may read it'),
  ('not ordinary', 'ledger_events_event_id_seq', 'nobody may read it'),
  ('not ordinary', 'ledger_changes', 'by the month, so that a month can go'),
  ('not ordinary', 'ledger_changes_row', 'of the months'),
  ('not ordinary', 'ledger_changes_leaf', 'of the months'),
  ('not ordinary', 'ledger_changes_id', 'of the months'),
  ('not ordinary', 'ledger_changes_at', 'of the months'),
  ('not ordinary', 'ledger_changes_xid', 'of the months'),
  ('always true', 'activities.everyone_select', 'the public price list of actions'),
  ('always true', 'assumptions.everyone_select', 'what figures rest on'),
  ('beside the matrix', 'live_events', 'its policy is made of those of the tables it tells of'),
  ('not in the matrix', 'live_events auxeira_user SELECT', 'of each type what the matrix says of its table'),
  ('not in the matrix', 'users auxeira_user SELECT', 'the own row'),
  ('not in the matrix', 'users auxeira_admin SELECT', 'administrators see who there is'),
  ('not in the matrix', 'activities auxeira_user SELECT', 'the public price list of actions'),
  ('not in the matrix', 'activities auxeira_admin SELECT', 'the public price list of actions'),
  ('not in the matrix', 'assumptions auxeira_user SELECT', 'what figures rest on'),
  ('not in the matrix', 'assumptions auxeira_admin SELECT', 'what figures rest on'),
  ('not in the matrix', 'synthetic_data_templates auxeira_user SELECT', 'public templates'),
  ('not in the matrix', 'synthetic_data_templates auxeira_admin SELECT', 'public templates'),
  ('not in the matrix', 'schema_version auxeira_authenticator SELECT', 'the version, for the readiness check'),
  ('no index', 'relationships_kind_fkey', 'three kinds, which nobody deletes'),
  ('secret', 'user_credentials', 'password hashes'),
  ('secret', 'refresh_tokens', 'hashes of tokens'),
  ('secret', 'account_tokens', 'hashes of tokens'),
  ('secret', 'totp_secrets', 'sealed secrets'),
  ('secret', 'recovery_codes', 'hashes of codes'),
  ('secret', 'api_keys', 'hashes of keys'),
  ('secret', 'integration_credentials', 'sealed credentials'),
  ('secret', 'mail_outbox', 'sealed tokens, addresses'),
  ('secret', 'user_sessions', 'who is logged in where'),
  ('secret', 'invitations', 'hashes of tokens, addresses'),
  ('secret', 'login_delays', 'hashes of what was typed as an address'),
  ('secret', 'idempotent_answers', 'hashes of keys that clients made up'),
  ('secret', 'ledger_secrets', 'the key of digests'),
  ('secret', 'ledger_open', 'rows of all tables as they were'),
  ('secret', 'ledger_changes', 'rows of all tables as they were'),
  ('secret', 'ledger_blocks', 'what was sealed, by all tenants'),
  ('secret', 'ledger_holds', 'which rows are held, of all tenants'),
  ('secret', 'ledger_erasures', 'whose rows were erased'),
  ('secret', 'ledger_erasure_salts', 'of hashes of what was erased'),
  ('secret', 'ledger_prunings', 'what was let go, of all tenants'),
  ('secret', 'ledger_pruned_versions', 'hashes of keys, of all tenants'),
  ('secret', 'ledger_pruned_leaves', 'what was sealed, by all tenants'),
  ('secret', 'ledger_nodes', 'what was sealed, by all tenants'),
  ('secret', 'ledger_tables', 'which columns are secret'),
  ('harmless name', 'sse_scores.input_hash', 'of answers that may be read with it'),
  ('harmless name', 'documents.sha256', 'of a document whose address stands beside it'),
  ('harmless name', 'actions.base_tokens', 'points'),
  ('harmless name', 'actions.actual_tokens', 'points'),
  ('harmless name', 'activities.base_tokens', 'points'),
  ('harmless name', 'gamification_profiles.total_tokens', 'points'),
  ('harmless name', 'gamification_profiles.lifetime_tokens', 'points'),
  ('harmless name', 'gamification_profiles.tokens_spent', 'points'),
  ('harmless name', 'gamification_profiles.tokens_this_week', 'points'),
  ('harmless name', 'actions.once_key', 'an action type'),
  ('harmless name', 'assumptions.key', 'what an assumption is of');

-- Functions with the owner's rights, by who may execute them.
create temporary table reviewed (role text, name text, reason text);
insert into reviewed
select 'auxeira_authenticator', name, 'for the shim alone, before or beside a session'
from unnest(array['register_user', 'begin_login', 'login_failed', 'open_session', 'rotate_session', 'rehash_password',
  'request_password_reset', 'reset_context', 'reset_password', 'own_account', 'reauthentication_failed', 'change_password',
  'enroll_totp', 'activate_totp', 'disable_totp', 'renew_recovery_codes', 'switch_organization', 'take_mail', 'mail_sent',
  'mail_failed', 'operation_figures', 'take_events', 'rest_until_notified', 'stop_resting']) name;
insert into reviewed values
  ('auxeira_anonymous', 'health', 'states, no figures'),
  ('auxeira_anonymous', 'verify_email', 'the token says whose address it is'),
  ('auxeira_admin', 'admin_cleanup', 'no role may delete'),
  ('auxeira_admin', 'admin_create_ecosystem', 'makes organizations; touches no real one'),
  ('auxeira_admin', 'admin_verify_ledger', 'tells what is wrong, not what rows say'),
  ('auxeira_admin', 'admin_get_verification', 'tells what is wrong, not what rows say'),
  ('auxeira_user', 'event_page', 'ids of events, of which a policy lets the caller read some'),
  ('auxeira_user', 'is_event_known', 'whether an event is kept; its id is not to be guessed'),
  ('auxeira_user', 'newest_event', 'of the organizations that the caller may read of'),
  ('auxeira_user', 'event_types_asked', 'the names of the types'),
  ('auxeira_user', 'get_ledger_digest', 'the newest head, for everybody to keep'),
  ('auxeira_user', 'organization_receipt', 'of organizations that the user manages'),
  ('auxeira_user', 'synthesize_facts', 'after require_right, for the active organization, under a new session'),
  ('auxeira_user', 'check_facts', 'tells whether the active organization may have facts of these parameters'),
  ('auxeira_user', 'benefits_received', 'of the own organizations, without what is the partner''s'),
  ('auxeira_user', 'synthesize', 'after require_right, for the active organization, under a new session, within its limits'),
  ('auxeira_user', 'synthesis_progress', 'of the own organizations'),
  ('auxeira_user', 'remove_synthetic_session', 'after require_right; no role may delete'),
  ('auxeira_admin', 'admin_update_user', 'no role may update'),
  ('auxeira_user', 'propose_relationship', 'for the active organization; opens nothing'),
  ('auxeira_user', 'settle_relationship', 'for admins of a side, of the row that lock_relationship let through'),
  ('auxeira_user', 'record_sse_score', 'after require_right; tells the cohort of five or more'),
  ('auxeira_user', 'record_action', 'for the user and the active organization'),
  ('auxeira_user', 'record_investment', 'after require_right, for the active organization'),
  ('auxeira_user', 'record_partnership', 'after require_right, for the active organization'),
  ('auxeira_user', 'record_redemption', 'after require_right, of a partnership of the active organization'),
  ('auxeira_user', 'record_grant', 'after require_right, of a program of the active organization'),
  ('auxeira_user', 'benchmarks', 'groups of five or more'),
  ('auxeira_user', 'template_usage', 'how often each template was used, others'' only by the own organizations'),
  ('auxeira_user', 'record_template', 'after require_right, for the active organization'),
  ('auxeira_user', 'remove_template', 'after require_right'),
  ('auxeira_user', 'create_integration', 'after require_right, for the active organization'),
  ('auxeira_user', 'store_integration_credentials', 'after require_right; writes what it cannot read'),
  ('auxeira_user', 'update_organization', 'after require_right, under the lock of the organization'),
  ('auxeira_user', 'list_members', 'after require_right'),
  ('auxeira_user', 'change_member_role', 'after require_right, under the lock of the organization'),
  ('auxeira_user', 'remove_member', 'after require_right, under the lock of the organization'),
  ('auxeira_user', 'invite_member', 'after require_right, under the lock of the organization'),
  ('auxeira_user', 'list_invitations', 'after require_right'),
  ('auxeira_user', 'revoke_invitation', 'after require_right, under the lock of the organization'),
  ('auxeira_user', 'accept_invitation', 'the token and the address of the user'),
  ('auxeira_user', 'request_verification', 'to the own address'),
  ('auxeira_user', 'me', 'the own row'), ('auxeira_user', 'logout', 'the own session'),
  ('auxeira_user', 'logout_all', 'the own sessions'), ('auxeira_user', 'list_sessions', 'the own sessions'),
  ('auxeira_user', 'end_session', 'the own sessions'), ('auxeira_user', 'list_access_events', 'the own events'),
  ('auxeira_user', 'list_api_keys', 'the own keys'), ('auxeira_user', 'create_api_key', 'the own keys'),
  ('auxeira_user', 'revoke_api_key', 'the own keys');

-- --- Rules ------------------------------------------------------------------------------------------------------

create temporary table rules (rule text, violations text, plants text[]);
insert into rules values
('every table has row-level security, forced', $$
  select name from platform_tables where not (relrowsecurity and relforcerowsecurity)
    and name not in (select a.name from allowed a where a.rule = 'unprotected') $$,
  array['create table auxeira.planted (id uuid primary key)', 'alter table auxeira.documents disable row level security',
        'alter table auxeira.user_credentials no force row level security']),
('tables with org_id are in the matrix, or nobody may touch them', $$
  select t.name from platform_tables t join pg_attribute a on a.attrelid = t.oid and a.attname in ('org_id', 'startup_id')
  where t.name not in (select name from tenant_tables) and exists (select from table_grants g where g.oid = t.oid)
    and t.name not in (select a.name from allowed a where a.rule = 'beside the matrix') $$,
  array['create table auxeira.planted (org_id uuid primary key); grant select on auxeira.planted to auxeira_user']),
('tenant tables have policies for each command, for the owner and for administrators', $$
  select t.name, wanted.* from tenant_tables t, (
    select 'auxeira_user' as role, unnest(array['r', 'a', 'w', 'd']) as command
    union all select 'auxeira_owner', unnest(array['r', 'a', 'w', 'd']) union all select 'auxeira_admin', 'r') wanted
  where not exists (select from platform_policies p where p.polrelid = t.oid and p.polpermissive
                      and p.role = wanted.role and p.command = wanted.command) $$,
  array['drop policy member_delete on auxeira.documents', 'drop policy admin_select on auxeira.actions']),
('policies of tenant tables are those that the matrix generates', $$
  select p.name, p.polname, p.command from platform_policies p join tenant_tables t using (name)
    join (values ('r', 'select'), ('a', 'insert'), ('w', 'update'), ('d', 'delete')) c (command, word) using (command)
  where p.role = 'auxeira_user' and p.polpermissive
    and (p.polname <> 'member_' || c.word or pg_temp.deparsed(p.name, auxeira.visibility_condition(p.name, c.word))
         not in (coalesce(p.reading, p.writing), coalesce(p.writing, p.reading))
         or p.reading is distinct from p.writing and p.command = 'w') $$,
  array['alter policy member_select on auxeira.sse_scores using (org_id = any (auxeira.readable_org_ids(''metrics'')))',
        'alter policy member_update on auxeira.documents using (false) with check (true)',
        'delete from auxeira.visibility where table_name = ''documents'' and scope is not null',
        'update auxeira.visibility set minimum_role = ''viewer'' where (table_name, command) = (''documents'', ''insert'')']),
('rights on tables are those that the matrix gives', $$
  with granted as (
    select name, role, privilege_type, array_agg(field::text order by field) as fields from table_grants group by 1, 2, 3
  ), wanted as (
    select v.table_name as name, case v.audience when 'administrator' then 'auxeira_admin' else 'auxeira_user' end as role,
           upper(v.command) as privilege_type,
           coalesce((select array_agg(c order by c) from unnest(v.columns) c), array[null]) as fields
    from auxeira.visibility v where v.through = 'sql' group by 1, 2, 3, 4
  )
  select coalesce(g.name, w.name), coalesce(g.role, w.role), g.fields, w.fields
  from granted g full join wanted w using (name, role, privilege_type)
  where g.fields is distinct from w.fields
    and concat_ws(' ', g.name, g.role, g.privilege_type) not in (select a.name from allowed a
      where a.rule = 'not in the matrix') $$,
  array['grant insert on auxeira.sse_scores to auxeira_user',
    'grant insert (confidence_score) on auxeira.dashboard_metrics to auxeira_user',
        'grant select on auxeira.access_events to auxeira_admin', 'grant select (email) on auxeira.users to auxeira_bi',
        'revoke select on auxeira.documents from auxeira_user']),
('nobody passes rights on', $$ select name, role, privilege_type from table_grants where is_grantable $$,
  array['grant select on auxeira.documents to auxeira_admin with grant option']),
('policies call the readers of settings, and ask no table', $$
  select polrelid::regclass, polname from (
    select polrelid, polname, concat(polqual::text, polwithcheck::text) as tree from pg_policy
    where polrelid in (select oid from platform_tables)) p
  where tree ~ '\{(SUBLINK|SUBPLAN|QUERY)' or exists (
    select from regexp_matches(tree, '\{FUNCEXPR :funcid (\d+)', 'g') m
    where m[1]::oid <> all (array['auxeira.readable_org_ids()', 'auxeira.readable_org_ids(text)', 'auxeira.writable_org_ids()',
      'auxeira.managed_org_ids()', 'auxeira.owned_org_ids()', 'auxeira.user_id()', 'auxeira.own_user_type()']::regprocedure[]::oid[])) $$,
  array['alter policy member_select on auxeira.documents using (org_id in (select o.org_id from auxeira.organizations o))',
        'alter policy member_select on auxeira.documents using (org_id::text = current_setting(''auxeira.org_id''))',
        'alter policy own_writing on auxeira.documents with check (auxeira.has_right(''documents'', ''insert'', org_id))']),
('no policy is always true but those of the owner and of administrators', $$
  select name, polname from platform_policies
  where 'true' in (reading, writing) and (polname, role) not in (('owner_all', 'auxeira_owner'), ('admin_select', 'auxeira_admin'))
    and name || '.' || polname not in (select a.name from allowed a where a.rule = 'always true') $$,
  array['create policy planted on auxeira.documents for select to auxeira_user using (true)',
        'alter policy admin_select on auxeira.users to auxeira_admin, auxeira_user',
        'alter policy member_insert on auxeira.documents with check (true)']),
('administrators only read', $$
  select name, polname from platform_policies where role = 'auxeira_admin' and command <> 'r' $$,
  array['create policy planted on auxeira.documents for all to auxeira_admin using (org_id is null) with check (org_id is null)']),
('one permissive policy for a role and command', $$
  select polrelid::regclass, role, command from platform_policies where polpermissive group by 1, 2, 3 having count(*) > 1 $$,
  array['create policy planted on auxeira.documents for select to auxeira_user using (created_by is null)']),
('no policy is for everybody', $$ select name, polname from platform_policies where role is null $$,
  array['create policy planted on auxeira.documents for select using (org_id is null)']),
('policies for inserting and updating check the new row', $$
  select name, polname from platform_policies where command in ('a', 'w') and polwithcheck is null $$,
  array['create policy planted on auxeira.users for update to auxeira_user using (user_id is null)']),
('every granted command has a policy for the role', $$
  select g.name, g.role, g.privilege_type from table_grants g
  where g.name not in (select a.name from allowed a where a.rule = 'unprotected') and not exists (
    select from platform_policies p where p.table_oid = g.oid and p.role = g.role and p.polpermissive
      and p.command = translate(left(g.privilege_type, 1), 'SIUD', 'rawd')) $$,
  array['grant select on auxeira.users to auxeira_bi']),

('no role may update or delete: that would let a login lock a table for all tenants', $$
  select name, role, field from table_grants where privilege_type in ('UPDATE', 'DELETE') $$,
  array['grant delete on auxeira.documents to auxeira_user', 'grant update (title) on auxeira.documents to auxeira_user']),
('no role has what row-level security does not hold: truncate, references, trigger', $$
  select name, role, privilege_type from table_grants where privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE') $$,
  array['grant truncate on auxeira.documents to auxeira_user', 'grant trigger on auxeira.documents to auxeira_user',
        'grant references (org_id) on auxeira.organizations to auxeira_user']),
('nothing is for everybody', $$
  select name, privilege_type from table_grants where role = 'public'
  union all select f.signature, a.privilege_type from platform_functions f, aclexplode(f.acl) a where a.grantee = 0
  union all select n.nspname, a.privilege_type from pg_namespace n join platform_schemas s using (oid), aclexplode(n.nspacl) a
    where a.grantee = 0
  union all select 'default', a.privilege_type from pg_default_acl d, aclexplode(d.defaclacl) a where a.grantee = 0 $$,
  array['grant select on auxeira.documents to public', 'grant execute on function auxeira.success(json) to public',
        'set local role auxeira_owner; create function auxeira.planted() returns int language sql return 1;
         grant execute on function auxeira.planted() to public; reset role',
        'create function auxeira.planted() returns int language sql return 1', 'grant usage on schema auxeira_api to public',
        'alter default privileges in schema auxeira grant select on tables to public']),
('a function that the owner makes is for nobody', $$
  select d.defaclacl from (select 1) x left join pg_default_acl d
    on d.defaclrole = 'auxeira_owner'::regrole and d.defaclobjtype = 'f' and d.defaclnamespace = 0
  where d.defaclacl is null or exists (select from aclexplode(d.defaclacl) a where a.grantee <> d.defaclrole) $$,
  array['alter default privileges for role auxeira_owner grant execute on functions to public']),
('the shim reads the version and no other table', $$
  select name, privilege_type from table_grants
  where role = 'auxeira_authenticator' and (name, privilege_type) <> ('schema_version', 'SELECT') $$,
  array['grant select on auxeira.organizations to auxeira_authenticator']),
('no secret may be read by any role but the owner', $$
  select a.name, r.rolname from allowed a, pg_roles r
  where a.rule = 'secret' and not r.rolsuper and r.rolname !~ '^(auxeira_owner|pg_.*)$'
    and (to_regclass('auxeira.' || a.name) is null
      or has_any_column_privilege(r.oid, 'auxeira.' || a.name, 'select, insert, update, references')
         or has_table_privilege(r.oid, 'auxeira.' || a.name, 'select, insert, update, delete, truncate, references, trigger')) $$,
  array['grant select (password_hash) on auxeira.user_credentials to auxeira_admin',
    'grant insert on auxeira.mail_outbox to auxeira_user',
        'grant auxeira_owner to auxeira_bi', 'alter table auxeira.totp_secrets rename to planted']),
('columns whose names speak of secrets are in tables of secrets', $$
  select t.name, a.attname from platform_tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  where a.attname ~ 'passw|secret|token|hash|seal|credential|(^|_)key$|(^|_)code$|sha\d|private'
    and t.name not in (select name from allowed where rule = 'secret')
    and t.name || '.' || a.attname not in (select name from allowed where rule = 'harmless name') $$,
  array['alter table auxeira.users add column reset_token text', 'alter table auxeira.integrations add column api_key text',
        'create table auxeira.planted (password_of_somebody text primary key)']),

('definer functions have the search path pg_catalog, pg_temp and no other setting', $$
  select signature from platform_functions where prosecdef and proconfig is distinct from '{"search_path=pg_catalog, pg_temp"}' $$,
  array['alter function auxeira.template_usage() reset search_path',
    'alter function auxeira.template_usage() set search_path = pg_temp, pg_catalog',
        'alter function auxeira_api.me(jsonb) set search_path = auxeira, pg_catalog, pg_temp',
        'alter function auxeira.success(json) security definer']),
('definer functions that a role may execute are those that were reviewed for it', $$
  select role, coalesce(f.name, r.name) from (
    select d.name, o.name as role from platform_functions d, own_roles o
    where d.prosecdef and has_function_privilege(o.name, d.oid, 'execute')) f
    full join reviewed r using (role, name)
  where f.name is null or r.name is null $$,
  array['grant execute on function auxeira.has_right(text, text, uuid) to auxeira_bi',
        'grant execute on function auxeira.open_session(uuid, bytea, integer, jsonb, bigint, bytea, text) to auxeira_user',
        'create function auxeira_api.planted(r jsonb) returns json language sql security definer return ''{}''::json;
         grant execute on function auxeira_api.planted(jsonb) to auxeira_user', 'drop function auxeira.template_usage() cascade']),
('auxeira.call is for the shim', $$
  select a.grantee::regrole from platform_functions f, aclexplode(f.acl) a
  where f.signature ~ '^auxeira.call\('
    and a.grantee not in ('auxeira_authenticator'::regrole, 'auxeira_owner'::regrole, f.proowner) $$,
  array['grant execute on function auxeira.call(jsonb, text, jsonb) to auxeira_user']),
('the extension has no definer function', $$ select signature from platform_functions where prosecdef and is_of_extension $$,
  array['alter function auxeira.user_id() security definer']),
('the extension consists of functions and types', $$
  select classid::regclass, objid from pg_depend
  where refclassid = 'pg_extension'::regclass and deptype = 'e' and refobjid = (select oid from pg_extension
    where extname = 'auxeira')
    and classid not in ('pg_proc'::regclass, 'pg_type'::regclass)
    and not (classid = 'pg_class'::regclass and (select relkind = 'c' from pg_class where oid = objid)) $$,
  array['alter extension auxeira add table auxeira.documents']),
('no function is leakproof', $$ select signature from platform_functions where proleakproof $$,
  array['alter function auxeira.readable_org_ids() leakproof', 'alter function auxeira.success(json) leakproof']),
('readers of identity are stable, so that no plan keeps who asked', $$
  select signature from platform_functions
  where name in ('readable_org_ids', 'writable_org_ids', 'managed_org_ids', 'owned_org_ids', 'user_id', 'own_user_type', 'org_id',
                 'session_id', 'only_org_id') and provolatile <> 's' $$,
  array['alter function auxeira.readable_org_ids(text) immutable', 'alter function auxeira.only_org_id(text) immutable']),
('functions that callers reach run no text as SQL', $$
  select f.signature from platform_functions f, own_roles o
  where not f.is_of_extension and has_function_privilege(o.name, f.oid, 'execute')
    and f.code ~* '\mexecute\M|query_to_xml|refcursor' $$,
  array['create function auxeira_api.planted(r jsonb) returns json language plpgsql as ''begin execute r ->> ''''q''''; end'';
         grant execute on function auxeira_api.planted(jsonb) to auxeira_user']),
('no function signals across tenants: advisory locks, notifications, large objects, sequences, sleeping', $$
  select signature from platform_functions
  where (code ~* 'advisory|pg_notify|\mnotify\M|\mlo_|nextval|pg_sleep|dblink|\mcopy\M'
         or prosqlbody::text ~ ':funcid (288[0-9]|289[0-3]|3035|3036)\M')
    and signature not in (select a.name from allowed a where a.rule = 'signals') $$,
  array['create function auxeira.planted() returns void language plpgsql as ''begin perform pg_advisory_lock(1); end''',
        'create function auxeira.planted() returns void language plpgsql as ''begin perform pg_notify(''''x'''', ''''y''''); end''',
        'create function auxeira.planted() returns void language sql begin atomic select pg_notify(''x'', ''y''); end']),

('there are tables, views, indexes and types, and nothing else: no sequences, materialized views, foreign tables', $$
  select name, relkind from platform_relations where relkind not in ('r', 'v', 'i', 'c', 't')
    and name not in (select a.name from allowed a where a.rule = 'not ordinary') $$,
  array['create sequence auxeira.planted', 'create materialized view bi.planted as select * from auxeira.organizations']),
('views run as who asks', $$
  select name from platform_relations
  where relkind = 'v' and coalesce(reloptions, '{}') && '{security_invoker=true, security_invoker=on, security_invoker=1}' is not true $$,
  array['create view bi.planted as select * from auxeira.organizations',
        'create view auxeira.planted with (security_barrier) as select 1',
          'create view auxeira_api.planted with (security_invoker = off) as select 1']),
('tables have no rules and only triggers of the platform', $$
  select r.ev_class::regclass::text from pg_rewrite r join platform_tables t on t.oid = r.ev_class
  union all
  select g.tgname from pg_trigger g join platform_tables t on t.oid = g.tgrelid
  where not g.tgisinternal and g.tgfoid not in (select oid from platform_functions) $$,
  array['create rule planted as on insert to auxeira.documents do also select 1',
        'create trigger planted before update on auxeira.documents for each row execute function suppress_redundant_updates_trigger()']),
('no publication carries tables out: subscribers have no policies', $$
  select pubname from pg_publication where puballtables union all select pubname from pg_publication_tables
    where schemaname ~ '^auxeira' $$,
  array['create publication planted for table auxeira.documents', 'create publication planted for all tables']),
('nothing of the platform belongs to a superuser', $$
  select name from platform_relations where relkind <> 'c' and relowner <> 'auxeira_owner'::regrole and relkind not in ('i', 't')
  union all select signature from platform_functions where not is_of_extension and proowner <> 'auxeira_owner'::regrole
  union all select n.nspname from pg_namespace n join platform_schemas using (oid)
    where nspname <> 'auxeira' and nspowner <> 'auxeira_owner'::regrole $$,
  array['create table auxeira.planted (id uuid primary key)', 'alter function auxeira.success(json) owner to postgres',
        'alter schema bi owner to postgres']),
-- Nor temporary ones: see test/tap/spoofing.t, as a database made of a template has not its rights.
('nobody but the owner may make objects', $$
  select o.name, n.nspname from own_roles o, pg_namespace n
  where n.nspname in ('public', 'auxeira', 'auxeira_api', 'bi') and has_schema_privilege(o.name, n.oid, 'create')
  union all
  select o.name, 'database' from own_roles o where has_database_privilege(o.name, current_database(), 'create') $$,
  array['grant create on schema bi to auxeira_bi', 'grant create on schema public to public',
        format('grant create on database %I to auxeira_user', current_database())]),
('nobody makes large objects', $$
  select p.oid::regprocedure, o.name from pg_proc p, own_roles o
  where p.pronamespace = 'pg_catalog'::regnamespace
    and p.proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_import', 'lo_export')
    and has_function_privilege(o.name, p.oid, 'execute') $$,
  array['grant execute on function lo_create(oid) to auxeira_user']),

('tables have a primary key', $$
  select name from platform_tables t
  where not exists (select from pg_constraint c where c.conrelid = t.oid and c.contype = 'p')
    and name not in (select a.name from allowed a where a.rule = 'no key') $$, array['create table auxeira.planted (id uuid)']),
('primary keys of tenant tables begin with org_id', $$
  select t.name from tenant_tables t join pg_constraint c on c.conrelid = t.oid and c.contype = 'p'
    join pg_attribute a on a.attrelid = t.oid and a.attnum = c.conkey[1] where a.attname <> 'org_id' $$,
  array['alter table auxeira.documents drop constraint documents_pkey;
    alter table auxeira.documents add primary key (document_id)']),
('unique and exclusion keys of tenant tables include org_id', $$
  select i.indexrelid::regclass from tenant_tables t join pg_index i on i.indrelid = t.oid
  where (i.indisunique or i.indisexclusion) and not exists (
    select from pg_attribute a where a.attrelid = t.oid and a.attname = 'org_id' and a.attnum = any (i.indkey::int2[])) $$,
  array['create unique index planted on auxeira.documents (sha256)',
    'create unique index planted on auxeira.organizations (lower(name))']),
('foreign keys between tenant tables include org_id on both sides', $$
  select c.conname, f.name from pg_constraint c join tenant_tables t on t.oid = c.conrelid
    join tenant_tables f on f.oid = c.confrelid
  where c.contype = 'f' and f.name <> 'organizations' and not exists (
    select from unnest(c.conkey, c.confkey) as k (near, far)
      join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.near and a.attname = 'org_id'
      join pg_attribute b on b.attrelid = c.confrelid and b.attnum = k.far and b.attname = 'org_id') $$,
  array['create unique index planted on auxeira.sse_scores (score_id);
    alter table auxeira.sse_answers add foreign key (score_id) references auxeira.sse_scores (score_id)']),
('no statement of a member meets a foreign key to rows of others', $$
  select c.conname from pg_constraint c join tenant_tables f on f.oid = c.confrelid
    join table_grants g on g.oid = c.conrelid and g.role = 'auxeira_user' and g.privilege_type = 'INSERT'
      and (g.field is null or g.field = (select a.attname from pg_attribute a
        where a.attrelid = c.conrelid and a.attnum = c.conkey[1]))
  where c.contype = 'f' and not (f.name = 'organizations' and c.conkey = (
    select array[a.attnum] from pg_attribute a where a.attrelid = c.conrelid and a.attname = 'org_id'))
    and not exists (
      select from unnest(c.conkey, c.confkey) as k (near, far)
        join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.near and a.attname = 'org_id'
        join pg_attribute b on b.attrelid = c.confrelid and b.attnum = k.far and b.attname = 'org_id'
      where f.name <> 'organizations') $$,
  array['grant insert (startup_id) on auxeira.investments to auxeira_user',
        'create unique index planted on auxeira.investments (investment_id);
         alter table auxeira.investment_marks add foreign key (investment_id) references auxeira.investments (investment_id)']),
('global tables do not reference tenant tables', $$
  select c.conname from pg_constraint c join tenant_tables f on f.oid = c.confrelid
  where c.contype = 'f' and f.name <> 'organizations' and not exists (
    select from pg_attribute a where a.attrelid = c.conrelid and a.attname = 'org_id') $$,
  array['alter table auxeira.activities add column o uuid, add column d uuid, add foreign key (o, d) references auxeira.documents']),
('no foreign key sets a column to null', $$
  select c.conname from pg_constraint c join platform_tables t on t.oid = c.conrelid
  where c.contype = 'f' and (c.confdeltype = 'n' or c.confupdtype = 'n') $$,
  array['alter table auxeira.documents add foreign key (created_by) references auxeira.users on delete set null']),
('constraints are valid', $$ select conname from pg_constraint c join platform_tables t on t.oid = c.conrelid
  where not convalidated $$,
  array['alter table auxeira.documents add check (title > '''') not valid']),
('every foreign key has an index', $$
  select c.conrelid::regclass, c.conname from pg_constraint c join platform_tables t on t.oid = c.conrelid
  where c.contype = 'f' and c.conname not in (select a.name from allowed a where a.rule = 'no index') and not exists (
    select from pg_index i where i.indrelid = c.conrelid and i.indpred is null
      and (select array_agg(k order by k) from unnest(c.conkey) k) = (
        select array_agg(k order by k) from unnest((i.indkey::int2[])[0:cardinality(c.conkey) - 1]) k)) $$,
  array['drop index auxeira.investments_startup']),
('no index is there twice', $$
  select min(indexrelid::regclass::text) from pg_index i join platform_tables t on t.oid = i.indrelid
  group by i.indrelid, i.indkey::text, i.indclass::text, i.indcollation::text, i.indoption::text, i.indexprs::text, i.indpred::text
  having count(*) > 1 $$, array['create index planted on auxeira.investments (startup_id)']),

('no role is more than it should be', $$
  select rolname from pg_roles where rolname = 'auxeira_owner' or rolname in (select name from own_roles)
  group by rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolcanlogin
  having rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication
    or rolcanlogin <> (rolname = 'auxeira_authenticator') $$,
  array['alter role auxeira_bi bypassrls', 'alter role auxeira_owner login', 'alter role auxeira_user createrole',
        'alter role auxeira_authenticator superuser', 'alter role auxeira_admin replication']),
('roles of the platform are members of nothing, and the owner and the shim have no members', $$
  select roleid::regrole, member::regrole from pg_auth_members
  where member::regrole::text in (select name from own_roles union select 'auxeira_owner')
    or roleid in ('auxeira_authenticator'::regrole, 'auxeira_owner'::regrole) $$,
  array['grant auxeira_user to auxeira_authenticator', 'grant pg_read_all_data to auxeira_bi', 'grant pg_monitor to auxeira_user',
        'create role planted in role auxeira_owner']),
('identity settings are for superusers', $$
  select name from pg_settings where name ~ '^auxeira\.' and context <> 'superuser'
    -- The files of the ledger are set where the server is; why a change is made, by whoever makes it.
    and (name, context) not in (('auxeira.sse_missing_policy', 'user'), ('auxeira.response_status', 'user'),
      ('auxeira.reason', 'user'), ('auxeira.ledger_key_file', 'sighup'), ('auxeira.ledger_witness_file', 'sighup'))
  union all select parname from pg_parameter_acl where parname ~ '^auxeira'
  union all select 'too few' where (select count(*) < 16 from pg_settings where name ~ '^auxeira\.' and context = 'superuser') $$,
  array['grant set on parameter auxeira.org_ids to auxeira_user']),
('no role or database is set up as somebody, or past the checks', $$
  select setrole::regrole, setting from pg_db_role_setting, unnest(setconfig) setting
  where (setdatabase in (0, (select oid from pg_database where datname = current_database())))
    and (setting ~ '^auxeira\.'
      and setting !~ '^auxeira\.(bound_user_id|sse_missing_policy)='
        or setting ~ '^(session_replication_role|row_security|role)=') $$,
  array['alter role auxeira_bi set auxeira.org_ids = ''00000000-0000-0000-0000-000000000001''',
    'alter role auxeira_user set row_security = off']),

('every function, table, view, type and schema has a comment', $$
  select signature from platform_functions where obj_description(oid, 'pg_proc') is null
  union all select name from platform_relations where relkind in ('r', 'v') and obj_description(oid, 'pg_class') is null
  union all
  select t.oid::regtype::text from pg_type t join platform_schemas s on s.oid = t.typnamespace left
    join pg_class c on c.oid = t.typrelid
  where t.typelem = 0 and coalesce(c.relkind, 'c') = 'c' and obj_description(t.oid, 'pg_type') is null
  union all select name from platform_schemas where name <> 'auxeira' and obj_description(oid, 'pg_namespace') is null $$,
  array['comment on function auxeira.success(json) is null', 'comment on table auxeira.documents is null', 'comment on schema bi is null',
        'create type auxeira.planted as enum ()']),
('API functions and their catalogue are the same', $$
  select coalesce(f.signature, a.name) from auxeira.api_functions a
    full join (select * from platform_functions where schema = 'auxeira_api') f
      on f.name = a.name and f.proargtypes = array['jsonb'::regtype]::oidvector and f.prorettype = 'json'::regtype
  where f.name is null or a.name is null $$,
  array['delete from auxeira.api_functions where name = ''me''', 'drop function auxeira_api.me(jsonb)']),
('API functions that run read-only say that they change nothing, the others that they do', $$
  select f.signature from platform_functions f join auxeira.api_functions a using (name)
  where f.schema = 'auxeira_api' and (f.provolatile = 'v') = a.is_read_only $$,
  array['update auxeira.api_functions set is_read_only = not is_read_only where name = ''me''']),
('an API function may be executed by the role it needs, and no other', $$
  select f.signature, o.name from platform_functions f join auxeira.api_functions a using (name), own_roles o
  where f.schema = 'auxeira_api'
    and has_function_privilege(o.name, f.oid, 'execute') <> (o.name = 'auxeira_' || a.required_role) $$,
  array['grant execute on function auxeira_api.admin_stats(jsonb) to auxeira_user',
    'revoke execute on function auxeira_api.me(jsonb) from auxeira_user']);

-- --- The test ---------------------------------------------------------------------------------------------------

-- How many violations there are once something is planted, which is taken away again.
create function pg_temp.planted(plant text, violations text) returns bigint language plpgsql as $$
declare
  found_ones bigint;
begin
  execute plant;
  execute format('select count(*) from (%s) v', violations) into found_ones;
  raise exception using errcode = 'TOOK1';
exception when sqlstate 'TOOK1' then
  return found_ones;
end
$$;

select plan((select count(*) + sum(cardinality(plants)) + 2 from rules)::integer);
select is_empty(violations, rule) from rules;
select cmp_ok(pg_temp.planted(plant, violations), '>', 0::bigint, format('found: %s', left(regexp_replace(plant, '\s+', ' ', 'g'), 100)))
from rules, unnest(plants) plant;
select is_empty($$ select rule from rules
  where cardinality(plants) = 0 or plants is null $$, 'every rule was seen to find something');
select is_empty($$
  select name from allowed a where rule in ('unprotected', 'no key', 'secret') and to_regclass('auxeira.' || name) is null
  union all select name from allowed where rule = 'no index' and not exists (select from pg_constraint where conname = name)
  union all select name from allowed where rule = 'harmless name' and not exists (
    select from platform_tables t join pg_attribute a on a.attrelid = t.oid where t.name || '.' || a.attname = allowed.name) $$,
  'nothing is allowed that is not there');

select * from finish();
rollback;
