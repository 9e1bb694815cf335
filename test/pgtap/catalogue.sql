-- Rules that every object of the platform keeps, read from the system catalogue. Each query lists what breaks one.
\set ON_ERROR_STOP on
begin;

create temporary view platform_tables as
  select c.oid, c.relname::text as name, c.relacl, c.relowner, c.relrowsecurity, c.relforcerowsecurity,
         exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id') as has_org_id
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('auxeira', 'bi') and c.relkind in ('r', 'p');

-- org_id of a login session is the organization it has switched to: an attribute, not the tenant that owns the row.
create temporary view tenant_tables as
  select * from platform_tables where has_org_id and name <> 'user_sessions';

create temporary view platform_functions as
  select p.oid, p.oid::regprocedure::text as signature, p.proname::text as name, n.nspname as schema, p.prosecdef,
         p.proconfig, p.proleakproof, p.provolatile, p.prorettype, p.proargtypes, p.proowner,
         d.objid is not null as is_of_extension
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    left join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
  where n.nspname in ('auxeira', 'auxeira_api', 'bi');

create temporary view table_grants as
  select t.oid, t.name, t.has_org_id, t.relrowsecurity, a.grantee,
         coalesce(r.rolname, 'public')::text as role, a.privilege_type
  from platform_tables t cross join aclexplode(t.relacl) a left join pg_roles r on r.oid = a.grantee
  where a.grantee <> t.relowner;

create temporary table rules (rule text, violations text);
insert into rules values
('tables with org_id have row-level security, forced', $$
  select name from platform_tables where has_org_id and not (relrowsecurity and relforcerowsecurity) $$),
('tables that a member is granted have row-level security, forced', $$
  select distinct g.name from table_grants g join platform_tables t using (oid)
  where g.role <> 'auxeira_authenticator' and not (t.relrowsecurity and t.relforcerowsecurity) $$),
('every granted command on a protected table has a policy for the role', $$
  select g.name, g.role, g.privilege_type from table_grants g
  where g.relrowsecurity and not exists (
    select from pg_policy p
    where p.polrelid = g.oid and g.grantee = any (p.polroles)
      and p.polcmd in ('*', translate(left(g.privilege_type, 1), 'SIUD', 'rawd')::"char")) $$),
('no policy is for everybody', $$
  select polrelid::regclass, polname from pg_policy where polroles = '{0}' $$),
('members read tenant rows by readable_org_ids alone', $$
  select polrelid::regclass, polname, pg_get_expr(polqual, polrelid) from pg_policy join tenant_tables t on t.oid = polrelid
  where 'auxeira_user'::regrole = any (polroles) and polcmd = 'r'
    and pg_get_expr(polqual, polrelid) <> '(org_id = ANY (auxeira.readable_org_ids()))' $$),
('members write tenant rows by writable_org_ids alone', $$
  select polrelid::regclass, polname from pg_policy join tenant_tables t on t.oid = polrelid
  where 'auxeira_user'::regrole = any (polroles) and polcmd <> 'r' and polpermissive
    and (polcmd = '*' or '(org_id = ANY (auxeira.writable_org_ids()))' <> any (array_remove(
           array[pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)], null))) $$),
('policies for inserting and updating check the new row', $$
  select polrelid::regclass, polname from pg_policy where polcmd in ('a', 'w', '*') and polwithcheck is null $$),
('tables with a policy have a primary key', $$
  select name from platform_tables t
  where not exists (select from pg_constraint c where c.conrelid = t.oid and c.contype = 'p') $$),
('primary keys of tenant tables begin with org_id', $$
  select t.name from tenant_tables t join pg_constraint c on c.conrelid = t.oid and c.contype = 'p'
    join pg_attribute a on a.attrelid = t.oid and a.attnum = c.conkey[1]
  where a.attname <> 'org_id' $$),
('unique and exclusion keys of tenant tables include org_id', $$
  select i.indexrelid::regclass from tenant_tables t join pg_index i on i.indrelid = t.oid
  where (i.indisunique or i.indisexclusion) and not exists (
    select from pg_attribute a where a.attrelid = t.oid and a.attname = 'org_id' and a.attnum = any (i.indkey::int2[])) $$),
('foreign keys between tenant tables include org_id on both sides', $$
  select c.conname, f.name from pg_constraint c join tenant_tables t on t.oid = c.conrelid
    join tenant_tables f on f.oid = c.confrelid
  where c.contype = 'f' and f.name <> 'organizations' and not exists (
    select from unnest(c.conkey, c.confkey) as k (near, far)
      join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.near and a.attname = 'org_id'
      join pg_attribute b on b.attrelid = c.confrelid and b.attnum = k.far and b.attname = 'org_id') $$),
('global tables do not reference tenant tables', $$
  select c.conname from pg_constraint c join tenant_tables f on f.oid = c.confrelid
  where c.contype = 'f' and f.name <> 'organizations'
    and not exists (select from tenant_tables t where t.oid = c.conrelid) $$),
('no foreign key sets a column to null', $$
  select c.conname from pg_constraint c join platform_tables t on t.oid = c.conrelid
  where c.contype = 'f' and (c.confdeltype = 'n' or c.confupdtype = 'n') $$),
('every foreign key has an index', $$
  select c.conrelid::regclass, c.conname from pg_constraint c join platform_tables t on t.oid = c.conrelid
  where c.contype = 'f' and not exists (
    select from pg_index i
    where i.indrelid = c.conrelid
      and (select array_agg(k order by k) from unnest(c.conkey) k) = (
        select array_agg(k order by k) from unnest((i.indkey::int2[])[0:cardinality(c.conkey) - 1]) k)) $$),
('definer functions pin search_path, pg_temp last', $$
  select signature from platform_functions
  where prosecdef and not 'search_path=pg_catalog, pg_temp' = any (coalesce(proconfig, '{}')) $$),
('the extension has no definer function', $$
  select signature from platform_functions where prosecdef and is_of_extension $$),
('the extension consists of functions and types', $$
  select classid::regclass, objid from pg_depend
  where refclassid = 'pg_extension'::regclass and deptype = 'e'
    and refobjid = (select oid from pg_extension where extname = 'auxeira')
    and classid not in ('pg_proc'::regclass, 'pg_type'::regclass)
    and not (classid = 'pg_class'::regclass and (select relkind = 'c' from pg_class where oid = objid)) $$),
('nothing of the platform belongs to a superuser', $$
  select name from platform_tables where relowner <> 'auxeira_owner'::regrole
  union all
  select signature from platform_functions where not is_of_extension and proowner <> 'auxeira_owner'::regrole $$),
('no function is leakproof', $$
  select signature from platform_functions where proleakproof $$),
('views run as who asks, and there are no materialized ones', $$
  select c.oid::regclass from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('auxeira', 'auxeira_api', 'bi')
    and (c.relkind = 'm' or c.relkind = 'v' and not 'security_invoker=true' = any (coalesce(c.reloptions, '{}'))) $$),
('nothing is granted to everybody', $$
  select name, privilege_type from table_grants where role = 'public'
  union all
  select f.signature, a.privilege_type
  from platform_functions f join pg_proc p using (oid), aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
  where a.grantee = 0 $$),
('members are granted nothing that would let them lock a table for all tenants: update, delete', $$
  select name, role, privilege_type from table_grants where privilege_type in ('UPDATE', 'DELETE') $$),
('nobody is granted what row-level security does not hold: truncate, references, trigger', $$
  select name, role, privilege_type from table_grants
  where privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE') $$),
('the shim may read the version and no other table', $$
  select name, privilege_type from table_grants
  where role = 'auxeira_authenticator' and (name, privilege_type) <> ('schema_version', 'SELECT') $$),
('nobody but the owner may create objects', $$
  select r.rolname, n.nspname from pg_roles r, pg_namespace n
  where r.rolname ~ '^auxeira_' and r.rolname <> 'auxeira_owner'
    and n.nspname in ('public', 'auxeira', 'auxeira_api', 'bi')
    and has_schema_privilege(r.oid, n.oid, 'create') $$),
('no role is more than it should be', $$
  select rolname from pg_roles
  where rolname in ('auxeira_owner', 'auxeira_anonymous', 'auxeira_user', 'auxeira_admin', 'auxeira_bi',
                    'auxeira_authenticator')
    and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication
         or rolcanlogin <> (rolname = 'auxeira_authenticator')) $$),
('the shim''s login and the owner are members of nothing and have no members', $$
  select roleid::regrole, member::regrole from pg_auth_members
  where member in ('auxeira_authenticator'::regrole, 'auxeira_owner'::regrole)
    or roleid in ('auxeira_authenticator'::regrole, 'auxeira_owner'::regrole) $$),
('identity settings are for superusers', $$
  select name from pg_settings
  where name ~ '^auxeira\.' and context <> 'superuser'
    and name not in ('auxeira.sse_missing_policy', 'auxeira.response_status')
  union all select parname from pg_parameter_acl where parname ~ '^auxeira' $$),
('every function, table, view, type and schema has a comment', $$
  select signature from platform_functions where obj_description(oid, 'pg_proc') is null
  union all
  select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('auxeira', 'auxeira_api', 'bi') and c.relkind in ('r', 'p', 'v', 'm')
    and obj_description(c.oid, 'pg_class') is null
  union all
  select t.oid::regtype::text from pg_type t join pg_namespace n on n.oid = t.typnamespace
    left join pg_class c on c.oid = t.typrelid
  where n.nspname in ('auxeira', 'auxeira_api', 'bi') and t.typelem = 0 and coalesce(c.relkind, 'c') = 'c'
    and obj_description(t.oid, 'pg_type') is null
  union all
  select nspname from pg_namespace
  where nspname in ('auxeira_api', 'bi') and obj_description(oid, 'pg_namespace') is null $$),
('API functions and their catalogue are the same', $$
  select coalesce(f.signature, a.name) from auxeira.api_functions a
    full join (select * from platform_functions where schema = 'auxeira_api') f
      on f.name = a.name and f.proargtypes = array['jsonb'::regtype]::oidvector and f.prorettype = 'json'::regtype
  where f.name is null or a.name is null $$),
('API functions that run read-only say that they change nothing, the others that they do', $$
  select f.signature from platform_functions f join auxeira.api_functions a using (name)
  where f.schema = 'auxeira_api' and (f.provolatile = 'v') = a.is_read_only $$),
('an API function may be executed by the role it needs, and no other', $$
  select f.signature, r.rolname from platform_functions f join auxeira.api_functions a using (name), pg_roles r
  where f.schema = 'auxeira_api' and r.rolname ~ '^auxeira_' and r.rolname <> 'auxeira_owner'
    and has_function_privilege(r.oid, f.oid, 'execute') <> (r.rolname = 'auxeira_' || a.required_role) $$);

select plan((select count(*)::integer from rules) + 2);

select is_empty(violations, rule) from rules;

create function pg_temp.may_execute(role text) returns setof text language sql as $$
  select name from platform_functions
  where schema = 'auxeira' and has_function_privilege(role, oid, 'execute')
    and (prosecdef or name in ('call', 'start_session', 'login_row', 'resolve_identity', 'bind_login',
                               'protect_tenant_table', 'protect_private_table'))
$$;
select set_eq($$ select pg_temp.may_execute('auxeira_authenticator') $$,
  array['call', 'register_user', 'credentials', 'open_session', 'rotate_session'],
  'the shim may execute auxeira.call and the login path');
select set_eq($$ select pg_temp.may_execute(role)
                 from unnest(array['auxeira_anonymous', 'auxeira_user', 'auxeira_admin', 'auxeira_bi']) role $$,
  array['record_sse_score', 'record_action', 'template_usage'],
  'of the powerful functions members may execute those that act for the identity of the session');

select * from finish();
rollback;
