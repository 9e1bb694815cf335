-- Who there is. Roles belong to the whole server, so they may exist already from another database.
do $$
declare
  role record;
begin
  for role in
    select * from (values
      ('auxeira_owner', 'nologin', 'Auxeira: owns every platform object; nobody connects as it'),
      ('auxeira_anonymous', 'nologin', 'Auxeira: what a call before login runs as'),
      ('auxeira_user', 'nologin', 'Auxeira: what a call of a member runs as'),
      ('auxeira_admin', 'nologin', 'Auxeira: what a call of a platform administrator runs as'),
      ('auxeira_bi', 'nologin', 'Auxeira: group of read-only logins of BI tools'),
      ('auxeira_authenticator', 'login noinherit', 'Auxeira: the only login of the REST shim')
    ) as wanted (name, attributes, purpose)
  loop
    if not exists (select from pg_roles where rolname = role.name) then
      execute format('create role %I', role.name);
    end if;
    execute format('alter role %I %s nosuperuser nocreatedb nocreaterole nobypassrls noreplication',
                   role.name, role.attributes);
    execute format('comment on role %I is %L', role.name, role.purpose);
  end loop;
end
$$;

alter role auxeira_authenticator set search_path = pg_catalog, pg_temp;
alter role auxeira_authenticator set timezone = 'UTC';
-- Refusals quote what users typed, which may be a password in the wrong field. The shim logs every failure that is none.
alter role auxeira_authenticator set log_min_messages = 'log';
alter role auxeira_authenticator set temp_file_limit = '1GB';

-- Nobody makes objects but the owner: no tables, no large objects, no temporary ones to shadow names with.
revoke create on schema public from public;
revoke execute on function pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid),
  pg_catalog.lo_from_bytea(oid, bytea) from public;
-- Nor do they take advisory locks (a million of them, which one statement takes, and no tenant gets any lock), wake
-- others by pg_notify, or read how many rows of all tenants there are, how often they are read and how much room they
-- take. The library refuses what cannot be revoked (extension/functions/volumes.cpp).
do $$
declare
  signature text;
  relation text;
begin
  for signature in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'pg_catalog'::regnamespace and (
        p.proname ~ '^pg_((try_)?advisory_|notify$|(relation|table|indexes|total_relation|database|tablespace)_size$)'
        or p.proname ~ '^pg_stat_get_(?!backend_|subscription)' and p.proargtypes = '26'::oidvector)
  loop
    execute format('revoke execute on function %s from public', signature);
    execute format('grant execute on function %s to pg_monitor', signature);
  end loop;
  for relation in
    select c.oid::regclass from pg_class c
    where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'v'
      and (c.relname ~ '^pg_stat(io)?_(xact_)?(all|user|sys)_' or c.relname ~ '^pg_stat_database')
  loop
    execute format('revoke select on %s from public', relation);
    execute format('grant select on %s to pg_monitor', relation);
  end loop;
  execute format('revoke temporary on database %I from public', current_database());
end
$$;

create schema auxeira_api;
alter schema auxeira_api owner to auxeira_owner;
comment on schema auxeira_api is
  'One function for each REST endpoint: jsonb in, json out, for the user and organization of the session.';

create schema bi;
alter schema bi owner to auxeira_owner;
comment on schema bi is 'What BI tools may read.';

grant usage, create on schema auxeira to auxeira_owner;
grant usage on schema auxeira to auxeira_anonymous, auxeira_user, auxeira_admin, auxeira_authenticator;
grant usage on schema auxeira_api to auxeira_anonymous, auxeira_user, auxeira_admin;
grant usage on schema bi to auxeira_bi;
