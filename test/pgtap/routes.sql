-- The known ways around row-level security in PostgreSQL, one after the other. Each is tried against the platform, and again
-- with its guard removed, where it must lead to what is hidden: a guard that is not needed is no guard. What needs connections,
-- a dump or an installation of its own is in test/tap/routes.t (19, 20, 24; temporary objects: spoofing.t), what races in
-- test/tap/revocation.t; 22 and the rules for whatever is added later are in catalogue.sql. Guards that are compiled in are
-- removed by test/mutation/run.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
\ir support/rows.sql
set local client_min_messages = error;

select test.plant_rows(test.org_of(name), test.org_of('ivy'), test.user_of(name)) from unnest(array['ann', 'bob']) name \g /dev/null
update auxeira.dashboard_metrics set metric_value = '{"mrr": 2}' where org_id = test.org_of('bob');
update auxeira.users set email_verified = true where user_id = test.user_of('ann');
create role auxeira_test_login;
call auxeira.bind_login('auxeira_test_login', test.user_of('ann'));
-- Somebody else's schema, as if an administrator had let the login have one.
create schema evil;
grant usage on schema evil to public;
create function evil.now() returns timestamptz language plpgsql as $$ begin raise exception 'HIJACKED as %', current_user; end $$;
create function evil.tells(value jsonb) returns boolean language plpgsql cost 0.0001 as $$
begin
  if value = '{"mrr": 2}' then raise exception 'seen: %', value; end if;
  return true;
end
$$;
create function evil.steals() returns trigger language plpgsql as $$ begin return null; end $$;
create function evil.rows() returns setof auxeira.dashboard_metrics language sql stable as 'select * from auxeira.dashboard_metrics';

-- --- Trying -----------------------------------------------------------------------------------------------------

-- Who: ann and bob by a bound login, "stray" by a login that may read the tables but is nobody; "shim" and "owner" as themselves.
-- "unbound" reads Ann's rows, as a bound login that the library does not know of.
create function test.become(who text) returns void language plpgsql as $$
begin
  set local session authorization default;
  perform set_config('auxeira.bound_user_id', coalesce(test.user_of(who)::text, ''), true);
  perform set_config('auxeira.org_ids', case who when 'unbound' then test.org_of('ann')::text else '' end, true);
  case who when 'shim' then set local session authorization auxeira_authenticator;
    when 'owner' then set local role auxeira_owner;
    when 'superuser' then null;
    else set local session authorization auxeira_test_login; end case;
end
$$;

-- What the last of some statements tells whoever runs them, or the error of one; everything is taken back.
create function test.told(who text, statements text[], beforehand text default '') returns text language plpgsql as $$
declare
  statement text;
  answer text;
  detail text;
begin
  execute beforehand;
  perform test.become(coalesce(nullif(current_setting('test.who', true), ''), who));
  foreach statement in array statements loop
    if statement ~ '^(select|with|execute|explain)' then
      execute statement into answer;
    else
      execute statement;
      answer := 'done';
    end if;
  end loop;
  raise exception using errcode = 'TOOK1', message = coalesce(answer, 'null');
exception
  when sqlstate 'TOOK1' then return sqlerrm;
  when others then
    get stacked diagnostics detail = pg_exception_detail;
    return concat_ws(' | ', sqlstate || ' ' || sqlerrm, nullif(detail, ''));
end
$$;

create table test.routes (number integer, what text, who text, statements text[], told text, removal text, leaks text,
  setup text not null);
create function test.insert_into(of_table text, org uuid, others text, fields text) returns text language sql immutable
  return format('insert into auxeira.%s (org_id%s) values (%L%s)', of_table, others, org, fields);
create function test.metric(org uuid, id uuid default gen_random_uuid(), name text default 'x') returns text language sql stable
  return test.insert_into('dashboard_metrics', org, ', metric_id, user_id, dashboard_type, metric_value, metric_name, metric_timestamp',
    format(', %L, %L, ''government'', ''{}'', %L, now()', id, test.user_of('ann'), name));
create function test.id_of(of_table text, org uuid) returns uuid language plpgsql as $$
declare
  id uuid;
begin
  execute format('select %I from auxeira.%I where org_id = $1',
    case of_table when 'dashboard_metrics' then 'metric_id' else 'integration_id' end, of_table) into id using org;
  return id;
end
$$;

select test.org_of('ann') as ann, test.org_of('bob') as bob, test.id_of('dashboard_metrics', test.org_of('bob')) as bobs_metric,
       '00000000-0000-0000-0000-000000000001' as nobody, 'select count(*) from auxeira.dashboard_metrics' as rows,
       format('select * from auxeira.register_user(%L, %L, sha256(''1''), 60, ''{}'')', '{"email": "ann@example.org", "userType": "government"}',
              '$argon2id$x') as register \gset
select test.metric(:'ann', :'bobs_metric') as same_key, test.metric(:'bob') as for_bob, test.metric(:'nobody') as for_nobody \gset

create function test.add_route(number integer, what text, who text, statements text[], told text, removal text, leaks text,
                               setup text default '') returns void language sql as
  $$ insert into test.routes values (number, what, who, statements, told, removal, leaks, setup) $$;

select test.add_route(1, 'the key of a hidden row can be used again', 'ann', array[:'same_key'], '^done$',
 'create unique index planted on auxeira.dashboard_metrics (metric_id)', '^23505 .*"planted"') \g /dev/null
select test.add_route(2, 'registering an address that is taken is like any other', 'shim',
 array[replace(:'register', '*', 'count(*)')], '^1$',
 'create unique index planted on auxeira.users (lower(email))', '^23505 .*"planted"') \g /dev/null
select test.add_route(3, 'the owner is held by policies too', 'owner', array[:'rows'], '^0$',
 'alter table auxeira.dashboard_metrics no force row level security',
 '^2$', 'drop policy owner_all on auxeira.dashboard_metrics') \g /dev/null
select test.add_route(4, 'a view shows each their own rows', 'ann', array['select count(*) from evil.planted'], '^1$',
 'alter view evil.planted set (security_invoker = false)', '^2$',
 'create view evil.planted with (security_invoker) as select * from auxeira.dashboard_metrics;
 grant select on evil.planted to auxeira_user') \g /dev/null
select test.add_route(5, 'a materialized view is for nobody', 'ann', array['select count(*) from evil.planted'],
 '^42501 permission denied',
 'grant select on evil.planted to auxeira_user',
 '^2$', 'create materialized view evil.planted as select * from auxeira.dashboard_metrics') \g /dev/null
select test.add_route(6, 'a row cannot be made for an organization that is there', 'ann', array[:'for_bob'],
 '^42501 new row violates',
 'alter policy member_insert on auxeira.dashboard_metrics with check (true)', '^done$') \g /dev/null
select test.add_route(6, 'nor for one that is not', 'ann', array[:'for_nobody'], '^42501 new row violates',
 'alter policy member_insert on auxeira.dashboard_metrics with check (true)', '^23503 ') \g /dev/null
select test.add_route(6, 'a hidden parent is as absent as one that never was', 'ann',
 array[test.insert_into('integration_data', :'ann', ', integration_id, data_type, data_payload, sync_timestamp',
                        format(', %L, ''x'', ''{}'', now()', test.id_of('integrations', :'bob')))],
 '^23503 .* Key is not present in table',
 'alter table auxeira.integration_data drop constraint integration_data_org_id_integration_id_fkey;
  create unique index planted on auxeira.integrations (integration_id);
  alter table auxeira.integration_data add foreign key (integration_id) references auxeira.integrations (integration_id)', '^done$',
 'grant insert on auxeira.integration_data to auxeira_user;
  alter policy member_insert on auxeira.integration_data with check (org_id = any (auxeira.writable_org_ids()))') \g /dev/null
-- The guard is in the library: a login that it does not know of shows what it is for.
-- Who is not a member of auxeira_user is not refused plans: the login then reads by a policy of its own.
select format('revoke auxeira_user from auxeira_test_login; grant usage on schema auxeira to auxeira_test_login;
  grant select on auxeira.dashboard_metrics to auxeira_test_login;
  create policy planted on auxeira.dashboard_metrics to auxeira_test_login using (org_id = %L)', :'ann') as plain,
  format('insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp)
   select case when n < 30 then %L else %L end::uuid, ''government'', ''{}'', now() from generate_series(1, 700) n;
   analyze auxeira.dashboard_metrics', :'ann', :'bob') as many \gset
select test.add_route(7, 'plans, whose estimates count the rows of others, are not told to an SQL login', 'ann',
 array[format('explain select from auxeira.dashboard_metrics where user_id is null and org_id > %L', :'nobody')],
 '^42501 plans are not shown', :'plain', 'rows=[23]\d ', :'many') \g /dev/null
select test.add_route(7, 'nor printed as messages', 'ann', array[:'rows'], '^42501 plans are not shown',
 :'plain', '^30$', :'many' || '; set local debug_print_plan = on') \g /dev/null
select test.add_route(8, 'statistics of the planner are for nobody', 'ann',
 array['select count(*) from pg_stats where schemaname = ''auxeira'''], '^0$',
 'alter table auxeira.dashboard_metrics disable row level security', '^[1-9]', 'analyze auxeira.dashboard_metrics') \g /dev/null
-- What 18 and 20 know of is in the server too; test/tap/routes.t installs into a server that says it is an older one.
select test.add_route(8, format('version %s of the server, which tells them, is refused', version), 'superuser',
 array[format('select auxeira.require_server(%s)', version)],
 '^0A000 PostgreSQL 1[4-7]\.\d+ lacks corrections .* \| .*CVE-2024-10976, CVE-2025-8713.*CVE-2025-8714, CVE-2025-8715',
 'create or replace function auxeira.require_server(version integer) returns void language sql as ''''', '^null$')
from unnest(array[140019, 150013, 160009, 170005]) version \g /dev/null
select test.add_route(9, 'a condition is not asked about rows of others', 'ann',
 array[:'rows' || ' where evil.tells(metric_value)'], '^1$',
 'alter function evil.tells(jsonb) leakproof', '^P0001 seen: \{"mrr": 2\}',
 'set local enable_indexscan = off; set local enable_indexonlyscan = off; set local enable_bitmapscan = off') \g /dev/null
select test.add_route(10, 'a row cannot be changed', 'ann',
 array[format('update auxeira.dashboard_metrics set org_id = %L', :'bob')], '^42501 permission denied',
 'grant update on auxeira.dashboard_metrics to auxeira_user;
 alter policy member_update on auxeira.dashboard_metrics using (true) with check (true);
  alter policy member_select on auxeira.dashboard_metrics using (true)', '^done$') \g /dev/null
select test.add_route(10, 'nor moved, if it could', 'ann',
 array[format('update auxeira.dashboard_metrics set org_id = %L', :'bob')], '^42501 new row violates',
 'alter policy member_update on auxeira.dashboard_metrics with check (true);
 alter policy member_select on auxeira.dashboard_metrics using (true)',
 '^done$', 'grant update on auxeira.dashboard_metrics to auxeira_user;
  alter policy member_update on auxeira.dashboard_metrics using (org_id = any (auxeira.writable_org_ids()))
 with check (org_id = any (auxeira.writable_org_ids()))') \g /dev/null
select test.add_route(10, 'nor deleted, if it could', 'ann',
 array[format('with d as (delete from auxeira.dashboard_metrics where org_id = %L returning 1) select count(*) from d', :'bob')],
 '^0$', 'alter policy member_delete on auxeira.dashboard_metrics using (true);
 alter policy member_select on auxeira.dashboard_metrics using (true)',
 '^1$', 'grant delete on auxeira.dashboard_metrics to auxeira_user;
  alter policy member_delete on auxeira.dashboard_metrics using (org_id = any (auxeira.writable_org_ids()))') \g /dev/null
select test.add_route(11, 'a row of one''s own cannot be copied to others', 'ann',
 array[format('insert into auxeira.dashboard_metrics (org_id, user_id, dashboard_type, metric_value, metric_timestamp)
   select %L, user_id, dashboard_type, metric_value, metric_timestamp from auxeira.dashboard_metrics', :'bob')],
 '^42501 new row violates',
 'alter policy member_insert on auxeira.dashboard_metrics with check (true)', '^done$') \g /dev/null
select test.add_route(12, 'no table is emptied', 'ann', array['truncate auxeira.documents'], '^42501 permission denied',
 'grant truncate on auxeira.documents to auxeira_user', '^done$') \g /dev/null
select test.add_route(12, 'no key of one''s own asks for rows of others', 'ann',
 array[format('create table evil.probe (org_id uuid references auxeira.organizations)'),
   format('insert into evil.probe values (%L)', :'bob')], '^42501 permission denied for table organizations',
 'grant references on auxeira.organizations to auxeira_user',
 '^done$', 'grant create on schema evil to auxeira_test_login') \g /dev/null
select test.add_route(12, 'no trigger of one''s own runs as others', 'ann',
 array['create trigger planted before insert on auxeira.documents for each row execute function evil.steals()'],
 '^42501 permission denied',
 'grant trigger on auxeira.documents to auxeira_user', '^done$') \g /dev/null
select test.add_route(13, 'nobody says who they are: ' || name, 'stray', array[format('set local auxeira.%s = %L', name, value), :'rows'],
 '^42501 permission denied to set parameter', format('grant set on parameter auxeira.%s to auxeira_test_login', name), '^1$')
from (values ('metrics_org_ids', test.org_of('bob')), ('bound_user_id', test.user_of('bob'))) setting (name, value) \g /dev/null
select test.add_route(14, 'no identity, no rows and no error', 'stray', array[:'rows'], '^0$',
 'alter policy member_select on auxeira.dashboard_metrics using (org_id = current_setting(''auxeira.org_id'')::uuid)',
 '^22P02 ') \g /dev/null
select test.add_route(15, 'the owner''s functions call nothing of anybody''s', 'ann',
 array['set local search_path = evil, pg_catalog',
   'select status from auxeira.propose_relationship(' || quote_literal(:'bob') || ', ''investor'')'], '^proposed$',
 'alter function auxeira.propose_relationship(uuid, text, text) reset search_path', '^P0001 HIJACKED as auxeira_owner',
 'update auxeira.users set user_type = ''venture_capital'';
 insert into auxeira.relationships (org_id, startup_id, kind, status, decided_at)
  select org_id, ' || quote_literal(:'bob') || ', ''investor'', ''declined'', now() - interval ''60 days'' from test.people where name = ''ann''') \g /dev/null
select test.add_route(16, 'a number that is none breaks and tells nothing to others: ' || number, 'shim',
 array['select test.refusal(''bob'', ''get_benchmarks'', ''{"measure": "revenue"}'')'], '^no error$',
 'create or replace function auxeira.latest_figures(measure text, synthetic boolean)
    returns table (org_id uuid, stage text, industry text, region text, figure double precision) language sql stable as
  ''select o.org_id, o.stage::text, o.industry, o.region, (m.metric_value ->> measure)::double precision
    from auxeira.organizations o join auxeira.dashboard_metrics m on m.org_id = o.org_id''',
 '^22003 "?[01]', format('insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp)
   values (%L, ''startup_founder'', ''{"revenue": %s}'', now())', :'ann', number))
from unnest(array['1e400', '1e-400']) number \g /dev/null
select test.add_route(17, 'a conflict tells no values', 'ann',
 array[test.metric(:'ann', :'nobody'), test.metric(:'ann', :'nobody')], '^23505 [^|]*$',
 'alter table auxeira.dashboard_metrics disable row level security', '^23505 .* \| Key \(org_id, metric_id\)=') \g /dev/null
select test.add_route(17, 'nor does a value that is refused', 'ann', array[test.metric(:'ann', :'nobody', '')], '^23514 [^|]*$',
 'alter table auxeira.dashboard_metrics disable row level security', '^23514 .* \| Failing row contains') \g /dev/null
select test.add_route(21, 'what others are asking is not told', 'ann',
 array['select query from pg_stat_activity where pid = pg_backend_pid()'], '^<insufficient privilege>$',
 'grant pg_read_all_stats to auxeira_test_login', '^select') \g /dev/null
select test.add_route(21, 'how many rows all tenants have is not told', 'ann',
 array['select sum(n_tup_ins) from pg_stat_all_tables'], '^42501 permission denied', 'grant pg_monitor to auxeira_test_login', '^\d+$') \g /dev/null
select test.add_route(21, 'nor how many there are in all databases', 'ann',
 array['select sum(pg_stat_get_db_tuples_inserted(oid)) from pg_database'], '^42501 permission denied',
 'grant pg_monitor to auxeira_test_login', '^\d+$') \g /dev/null
select test.add_route(21, 'nor how much room they take: ' || how, 'ann', array['select pg_' || how],
 '^42501 permission denied', 'grant execute on function pg_relation_size(regclass), pg_relation_size(regclass, text), pg_table_size(regclass),
 pg_indexes_size(regclass), pg_total_relation_size(regclass), pg_database_size(name), pg_tablespace_size(name) to public', '^\d+$')
from unnest(array['relation_size(''auxeira.users'')', 'table_size(''auxeira.users'')', 'indexes_size(''auxeira.users'')',
 'total_relation_size(''auxeira.users'')', 'database_size(current_database())', 'tablespace_size(''pg_default'')']) how \g /dev/null
select test.add_route(21, 'nor how many the server counted: ' || query, 'ann', array[query], '^42501 how large tables are is not shown',
 :'plain', answer, :'many')
from (values ('select reltuples from pg_class where relname = ''dashboard_metrics''', '^70\d$'),
 ('select relpages > 1 from pg_class where relname = ''dashboard_metrics''', '^true$'),
 ('select relallvisible from pg_class where relname = ''dashboard_metrics''', '^\d+$'),
 ('select * from pg_class', '^\d+$'),
 ('select c from pg_class c where relname = ''dashboard_metrics''', ',70\d,'),
 ('select count(*) from pg_class natural join pg_namespace where reltuples > 700', '^\d+$'),
 ('select query_to_xml(''select relpages from pg_class'', true, true, '''') is document', '^false$'),
 ('select max(ctid) from auxeira.dashboard_metrics', '^\(\d+,\d+\)$')) reading (query, answer) \g /dev/null
select test.add_route(21, 'nor that, unless a superuser lets it', 'ann',
 array['select reltuples from pg_class where relname = ''dashboard_metrics'''],
 '^42501 how large tables are is not shown', 'set local auxeira.show_volumes = on', '^70\d$', :'many') \g /dev/null
select test.add_route(21, 'which no login does itself', 'ann', array['set local auxeira.show_volumes = on'],
 '^42501 permission denied to set parameter', 'grant set on parameter auxeira.show_volumes to auxeira_test_login', '^done$') \g /dev/null
select test.add_route(21, 'nobody sends signals', 'ann', array['notify x'], '^42501 signals are not for',
 :'plain', '^done$') \g /dev/null
select test.add_route(21, 'nor waits for those of others', 'ann', array['listen x'], '^42501 signals are not for',
 :'plain', '^done$') \g /dev/null
select test.add_route(21, 'nobody is woken by pg_notify', 'ann', array['select pg_notify(''x'', ''y'')'], '^42501 permission denied',
 'grant execute on function pg_notify(text, text) to public', '^$') \g /dev/null
select test.add_route(21, 'no large objects are left for others', 'ann', array['select lo_create(0)'], '^42501 permission denied',
 'grant execute on function lo_create(oid) to public', '^\d+$') \g /dev/null
select test.add_route(21, 'nobody takes the server''s room for locks, which is everybody''s', 'ann',
 array['select pg_advisory_xact_lock(1)'], '^42501 permission denied',
 'grant execute on function pg_advisory_xact_lock(bigint) to public', '^$') \g /dev/null
select test.add_route(22, 'nobody takes part in replication, which has no policies', 'ann',
 array['select pg_create_logical_replication_slot(''x'', ''pgoutput'')'], '^42501 ',
 'alter role auxeira_test_login replication', '^(55000|25001|0A000) ') \g /dev/null

-- --- Route 18: plans that outlive who asked ---------------------------------------------------------------------

-- The first statement is there because an SQL login has its rights from its first statement on: a plan made before has none.
create table test.plans (what text, statements text[]);
insert into test.plans values
  ('a generic plan', array['select 1', 'prepare p as
 select string_agg(metric_value::text, '','') from auxeira.dashboard_metrics', 'execute p']),
  ('an inlined function', array['select 1', 'prepare q as
 select string_agg(metric_value::text, '','') from evil.rows()', 'execute q']),
  ('a parallel plan', array['select 1', 'set local force_parallel_mode = regress', 'set local min_parallel_table_scan_size = 0',
     'set local parallel_setup_cost = 0', 'set local parallel_tuple_cost = 0',
     'prepare r as select string_agg(metric_value::text, '','') from auxeira.dashboard_metrics', 'execute r']);

-- What two users are told one after the other on one connection, with one plan.
create function test.told_twice(statements text[], beforehand text default '') returns text language plpgsql as $$
declare
  statement text;
  first text;
  second text;
begin
  execute beforehand;
  set local plan_cache_mode = force_generic_plan;
  perform test.become('ann');
  foreach statement in array statements loop
    if statement ~ '^execute' then execute statement into first; else execute statement; end if;
  end loop;
  perform test.become('bob');
  execute statements[cardinality(statements)] into second;
  set local session authorization default;
  execute 'deallocate all';
  raise exception using errcode = 'TOOK1', message = concat_ws(' then ', first, second);
exception when sqlstate 'TOOK1' then return sqlerrm;
end
$$;

-- --- Beside the list: an SQL login is not the shim ----------------------------------------------------------------

-- What functions take from the shim on trust: tokens that were mailed, sealed values. And a key would outlive the login.
create table test.trusting (api_function text, request text);
insert into test.trusting values
  ('request_verification', '{"tokenHash": "' || repeat('0', 64) || '", "tokenSealed": "00"}'),
  ('invite_member', format('{"organizationId": "%s", "email": "x@y.example", "role": "viewer", "tokenHash": "%s", "tokenSealed": "00"}',
                           :'ann', repeat('0', 64))),
  ('create_api_key', '{"name": "x", "scopes": ["metrics:read"]}'),
  ('store_integration_credentials', format('{"integrationId": "%s", "sealedCredentials": "00"}', test.id_of('integrations', :'ann')));
-- And those that change rights, whose locks an SQL login could keep.
create table test.rights_changing (api_function text, request text);
insert into test.rights_changing values
  ('logout', '{}'), ('logout_all', '{}'), ('end_session', format('{"sessionId": "%s"}', :'nobody')),
  ('revoke_api_key', format('{"keyId": "%s"}', :'nobody')),
  ('update_organization', format('{"organizationId": "%s", "region": "x"}', :'ann')),
  ('change_member_role', format('{"organizationId": "%s", "userId": "%s", "role": "viewer"}', :'ann', :'nobody')),
  ('remove_member', format('{"organizationId": "%s", "userId": "%s"}', :'ann', :'nobody')),
  ('revoke_invitation', format('{"organizationId": "%s", "invitationId": "%s"}', :'ann', :'nobody')),
  ('accept_invitation', '{"token": "vt_0000000000000000000000000000000000000000000"}'),
  ('accept_relationship', format('{"relationshipId": "%s", "scopes": []}', :'nobody')),
  ('decline_relationship', format('{"relationshipId": "%s"}', :'nobody')),
  ('end_relationship', format('{"relationshipId": "%s"}', :'nobody'));
create function test.trusted(api_function text, request text, beforehand text default '') returns text language sql as $$
  select test.told('ann', array[format('select auxeira_api.%I(%L)', api_function, request)],
    case api_function when 'request_verification' then 'update auxeira.users set email_verified = false;' else '' end || beforehand) $$;

-- --- The test ---------------------------------------------------------------------------------------------------

select plan((2 * ((select count(*) from test.routes) + (select count(*) from test.plans) + (select count(*) from test.trusting))
  + (select count(*) from test.rights_changing) + 14)::integer);

select matches(test.told(who, statements, setup), told, format('route %s: %s', number, what)) from test.routes;
select matches(test.told(who, statements, setup || ';' || removal), leaks, format('route %s: %s, and leaks without its guard', number, what))
from test.routes;

select is(test.told_twice(statements), '{"mrr": 1} then {"mrr": 2}', format('route 18: %s is of whoever asks', what)) from test.plans;
select is(test.told_twice(statements, 'alter function auxeira.readable_org_ids(text) immutable; alter function auxeira.only_org_id(text) immutable'),
          '{"mrr": 1} then {"mrr": 1}', format('route 18: %s is of whoever asks, and leaks without its guard', what)) from test.plans;

select matches(test.trusted(api_function, request),
 '^42501 this goes through the API alone', 'an SQL login is not the shim: ' || api_function)
from test.trusting;
select matches(test.trusted(api_function, request, 'create or replace function auxeira.require_call() returns void language sql as '''''),
               '"success" : true', format('an SQL login is not the shim: %s, and it would pass for it without the guard', api_function))
from test.trusting;

select matches(test.trusted(api_function, request), '^42501 this goes through the API alone',
               'an SQL login does not hold up a change of rights: ' || api_function)
from test.rights_changing;

select is(test.fault(format('select auxeira.require_server(%s)', version)), 'no error',
          format('routes 8, 18, 20: version %s of the server is good enough', version))
from unnest(array[150014, 150020, 160010, 170006, 180000, 190000, current_setting('server_version_num')::integer]) version;

-- Guards that are compiled in, and removed in test/mutation/guards.
select pg_backend_pid() as pid \gset
select matches(test.told('ann', array['select auxeira.checked(''{}'', ''{"required": ["a"]}'')']), '^ZA400 ',
               'route 23: a C++ exception is an error (the door that makes it one: test/boundary)');
select is(pg_backend_pid(), :pid, 'route 23: and ends nobody''s connection');
select matches(test.told('shim', array[format('select auxeira.call(''{}'', ''health'', %s::jsonb)', nested)]), '^54001 ',
               'route 25: a request of many levels is refused: ' || what)
from (values ('arrays', 'repeat(''['', 1000000)'), ('objects', 'repeat(''{"a":'', 1000000)')) deep (what, nested);
select matches(test.told('ann', array['select auxeira.checked(jsonb_build_object(''a'', (repeat(''['', 8000) || repeat('']'', 8000))::jsonb),
  (''{"properties": {"a": '' || repeat(''{"type": "array", "items": '', 8000) || ''{"type": "number"}'' || repeat(''}'', 8002))::jsonb)']),
 '^54001 ', 'route 25: nor is one followed deeper than the stack');
select matches(test.told('ann', array['select auxeira.checked(to_jsonb(repeat(''x'', 270000000)), ''{"type": "object"}'')']),
 '^(54000|22023|22026) ',
               'route 25: and one that is too large');

-- --- Functions of the extension ------------------------------------------------------------------------------------

select is_empty($$
  select p.oid::regprocedure from pg_proc p join pg_depend d on d.objid = p.oid and d.deptype = 'e'
  where p.pronamespace = 'auxeira'::regnamespace and p.provolatile = 'v'
    and (has_function_privilege('auxeira_user', p.oid, 'execute') or has_function_privilege('auxeira_admin', p.oid, 'execute'))
    and p.proname <> 'store_synthetic_metrics' and p.proname !~ '^synthetic_' $$,
  'users run no function of the extension that acts, but the one that stores rows under their own rights');

select * from finish();
rollback;
