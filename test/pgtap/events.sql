-- Live events: what statements leave, in which order it is read, by whom, and what ends it. Statements are transactions of
-- their own, as those of the shim are.
\set ON_ERROR_STOP on
\ir support/helpers.sql
\ir support/rows.sql
select plan(72);

create function test.head() returns text language sql as $$ select head::text from auxeira.take_events('') $$;
create function test.read(person text, after text, more jsonb default '{}') returns jsonb language sql as
  $$ select test.call(person, 'get_events', jsonb_build_object('after', after) || more) -> 'data' $$;
-- What a person reads after an event: "type operation count", in order.
create function test.told(person text, after text, more jsonb default '{}') returns text language sql as $$
  select string_agg(concat_ws(' ', e ->> 'type', e ->> 'operation', e ->> 'count'), ', ' order by place)
  from jsonb_array_elements(test.read(person, after, more) -> 'events') with ordinality v (e, place)
$$;
create procedure test.insert_metrics(org uuid, points integer) language sql as $$
  insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp)
  select org, 'startup_founder', '{"mrr": 1}', now() - make_interval(mins => n) from generate_series(1, points) n
$$;
grant execute on all functions in schema test to public;
select test.head() as mark \gset

-- --- What statements leave ----------------------------------------------------------------------------------------

call test.insert_metrics(test.org_of('ann'), 1);
select is(test.head() = :'mark', false, 'a change has become an event');
select is(test.told('ann', :'mark'), 'metrics insert 1', 'a row that was added');
select results_eq(format($$ select e ->> 'organizationId', e ->> 'id', (e ->> 'at')::timestamptz <= clock_timestamp()
                            from jsonb_array_elements(test.read('ann', %L) -> 'events') e $$, :'mark'),
  $$ select org_id::text, metric_id::text, true from auxeira.dashboard_metrics where org_id = test.org_of('ann') $$, 'whose, which and when');
select test.head() as mark \gset
call test.insert_metrics(test.org_of('ann'), 1000);
select test.head() \g /dev/null
select is(test.told('ann', :'mark'), 'metrics insert 1000', 'many rows of a statement are one event');
select is(test.read('ann', :'mark') #> '{events,0,id}', 'null', 'which names none of them');
select test.head() as mark \gset
begin;
call test.insert_metrics(test.org_of('ann'), 1);
call test.insert_metrics(test.org_of('ann'), 2);
update auxeira.dashboard_metrics set metric_value = '{"mrr": 2}' where org_id = test.org_of('ann');
commit;
select test.head() \g /dev/null
select is(test.told('ann', :'mark'), 'metrics insert 3, metrics update 1004', 'a transaction has one of each operation');
select test.head() as mark \gset
delete from auxeira.dashboard_metrics where org_id = test.org_of('ann');
select test.head() \g /dev/null
select is(test.told('ann', :'mark'), 'metrics delete 1004', 'rows that were removed');
select test.head() as mark \gset
update auxeira.organizations set description = 'one' where org_id = test.org_of('ann');
update auxeira.dashboard_metrics set metric_value = '{}' where false;
select test.head() \g /dev/null
select is(test.told('ann', :'mark'), 'organizations update 1', 'what changes no row leaves nothing');
select test.head() as mark \gset
begin;
call test.insert_metrics(test.org_of('ann'), 1);
rollback;
select is(test.head(), :'mark', 'what was undone leaves nothing');
select test.plant_rows(test.org_of('ann'), test.org_of('bob'), test.user_of('ann')) \g /dev/null
select test.head() \g /dev/null
select is((select array_agg(distinct e ->> 'type' order by e ->> 'type') from jsonb_array_elements(test.read('ann', :'mark') -> 'events') e),
  array['actions', 'documents', 'grants', 'integrations', 'investments', 'metrics', 'partnerships', 'profiles', 'programs',
        'relationships', 'scores', 'synthetic'], 'all types of what an organization has');
select is_empty($$ select t.type from auxeira.event_types t where (
    select count(*) from pg_trigger g where g.tgrelid = ('auxeira.' || t.table_name)::regclass and g.tgname like 'events_told_%'
      and g.tgfoid = ('auxeira.tell_of_' || t.type)::regproc) <> 3 $$, 'each type has its triggers');
select is_empty($$ select t.type from auxeira.event_types t where not exists (
    select from auxeira.visibility v where v.table_name = t.table_name and v.command = 'select') $$, 'and is of a table of tenants');

-- --- Who reads them -----------------------------------------------------------------------------------------------

select is(test.told('bob', :'mark'), 'grants insert 1, relationships insert 1', 'a counterparty is told of what names it');
select is(test.told('ivy', :'mark'), null, 'others are not');
select is(test.told('root', :'mark'), null, 'nor is an administrator, of organizations that are not the own');
select is(test.told('vic', :'mark') ~ 'metrics', true, 'a viewer is told of metrics');
select is(test.told('vic', :'mark') ~ 'integrations', false, 'but not of integrations, which viewers do not read');
select is(test.told('ann', :'mark') ~ 'integrations', true, 'of which the owner is told');
select test.head() as mark \gset
insert into auxeira.relationships (org_id, startup_id, kind, scopes, status, proposed_by, decided_at)
select test.org_of('ivy'), test.org_of('bob'), 'investor', '{scores}', 'accepted', test.user_of('ivy'), now();
select test.head() as opened \gset
call test.insert_metrics(test.org_of('bob'), 1);
update auxeira.organizations set description = 'two' where org_id = test.org_of('bob');
select test.head() \g /dev/null
select is(test.told('ivy', :'opened'), 'organizations update 1', 'an investor is told of the scopes that are open, and no others');
update auxeira.relationships set scopes = '{metrics}' where org_id = test.org_of('ivy');
select test.head() \g /dev/null
select is(test.told('ivy', :'opened') ~ 'metrics insert 1', true, 'rights are those of the moment of reading');
update auxeira.relationships set status = 'ended', scopes = '{}', ended_at = now() where org_id = test.org_of('ivy');
select test.head() \g /dev/null
select is(test.told('ivy', :'opened') ~ 'metrics|organizations', false, 'also when they are fewer than before');
select is(test.told('ann', :'mark', '{"types": "metrics,scores"}'), null, 'types that were not asked for are left out');
call test.insert_metrics(test.org_of('ann'), 1);
select test.head() \g /dev/null
select is(test.told('ann', :'mark', '{"types": "metrics,scores"}'), 'metrics insert 1', 'those that were are not');
select throws_ok($$ select test.read('ann', 'x', '{"types": "metrics,rights"}') $$, '22023', null, 'types that are none are refused');
set role auxeira_user;
select throws_ok('select position from auxeira.live_events', '42501', null, 'nobody sees places in the order');
select throws_ok('select * from auxeira.event_page(''00000000-0000-0000-0000-000000000000'', null, ''{metrics}'', 10)', '42501', null,
                 'nor counts them in SQL');
select is_empty('select event_id from auxeira.live_events', 'without an identity there are no events');
reset role;
select throws_ok(format($$ select auxeira.call('{}', 'get_events', '{}') $$), '28000', null, 'nor without a session');

-- --- Rights that end ----------------------------------------------------------------------------------------------

create function test.audience(since text) returns text[] language sql as $$
  select array(select p.name from test.people p, auxeira.take_events(since) t
               where p.user_id::text = any (string_to_array(t.audience, ',')) order by 1)
$$;
select test.head() as mark \gset
call test.insert_metrics(test.org_of('bob'), 1);
select is(test.audience(:'mark'), array['ann', 'bob', 'ivy', 'vic'], 'whom an event may concern: members, and those of related organizations');
select test.head() as mark \gset
select is(test.audience(:'mark'), '{}', 'nobody, when there is none');
select is((select is_for_all from auxeira.take_events('unknown')), true, 'all, when it is not known since when');
update auxeira.user_sessions set revoked_at = now(), revoke_reason = 'logout' where session_id = test.session_of('root');
select is(test.audience(:'mark'), array['root'], 'a session that ends concerns its user');
select throws_ok(format('select test.read(''root'', %L)', :'mark'), '28000', null, 'who reads no more');
select test.head() as mark \gset
update auxeira.user_organizations set left_at = now() where user_id = test.user_of('vic');
select is('vic' = any (test.audience(:'mark')), true, 'a member who leaves is concerned');
select throws_ok(format('select test.read(''vic'', %L)', :'mark'), '28000', null, 'and reads no more');
begin;
insert into auxeira.user_sessions (user_id, org_id, expires_at)
select user_id, org_id, expires_at from auxeira.user_sessions, generate_series(1, 50) n
where session_id = test.session_of('ann');
delete from auxeira.event_outbox;
delete from auxeira.user_sessions where user_id = test.user_of('ann');
select is((select array_agg(row_count) from auxeira.event_outbox where type = 'rights'), array[51::bigint], 'many sessions that end at once are one event');
rollback;
select is((select count(*) from auxeira.live_events where type = 'rights') > 1, true, 'such events are there');
select is(test.told('ann', '00000000-0000-0000-0000-000000000000') ~ 'rights', false, 'and for nobody to read');

-- --- Order --------------------------------------------------------------------------------------------------------

-- Commits in another order than ids were taken: test/isolation/specs/events.spec.
select test.head() as mark \gset
call test.insert_metrics(test.org_of('ann'), 1);
select test.head() as first \gset
call test.insert_metrics(test.org_of('bob'), 1);
select test.head() as second \gset
call test.insert_metrics(test.org_of('ann'), 2);
select test.head() as third \gset
select is(test.told('ann', :'mark'), 'metrics insert 1, metrics insert 2', 'in the order of commits');
select is(test.told('ann', :'first'), 'metrics insert 2', 'after an event come those that followed it');
select is(test.told('ann', :'second'), 'metrics insert 2', 'also after one that is not for the caller');
select is(test.told('ann', :'third'), null, 'after the last comes nothing');
select is(test.told('ann', :'mark', jsonb_build_object('until', :'second')), 'metrics insert 1', 'until one that is named');
select is(test.read('ann', :'third') ->> 'cursor', :'third', 'who has read all goes on from there');
select is(test.read('ann', :'mark', '{"limit": 1}') ->> 'cursor', :'first', 'a page ends with its last event');
select is(test.read('ann', :'mark', '{"limit": 1}') ->> 'isComplete', 'false', 'and is not all');
select is(test.read('ann', :'third', '{"limit": 1}') ->> 'isComplete', 'true', 'until nothing comes');
select is(test.call('ann', 'get_events') #>> '{data,cursor}', :'third', 'who begins goes on from the newest event of their own');
select is(test.call('ivy', 'get_events') #>> '{data,cursor}' in (:'second', :'third'), false, 'which does not tell of others');
select is(test.call('ann', 'get_events') #> '{data,events}', '[]', 'and is told nothing of before');
select is(test.read('ann', gen_random_uuid()::text) -> 'isReset', 'true', 'an event that is not known says so');
select is(test.read('ann', '; drop') -> 'isReset', 'true', 'whatever it looks like');
select is(test.read('ann', :'first') -> 'isReset', 'false', 'one that is known does not');

-- --- Lines --------------------------------------------------------------------------------------------------------

select is((select lines from auxeira.event_lines(auxeira.success(test.read('ann', :'second')::json)::text)),
  (select format(E'id: %s\nevent: metrics\ndata: %s\n\n', e ->> 'eventId', (auxeira.success(test.read('ann', :'second')::json)
    #> '{data,events,0}')) from jsonb_array_elements(test.read('ann', :'second') -> 'events') e), 'an event as lines of a stream');
select is((select lines ~ E'^id: [0-9a-f-]{36}\nevent: reset\ndata: [^\n]*\n\n$' from auxeira.event_lines((select body from auxeira.call(
  test.claims('ann'), 'get_events', '{"after": "x"}')))), true, 'a reset as lines');
select is((select lines from auxeira.event_lines((select body from auxeira.call(test.claims('ann'), 'get_events', '{}')))), '',
          'no event, no lines');
select is((select bool_and(line = '' or line ~ '^(id|event|data): ') from auxeira.event_lines((select body from auxeira.call(
  test.claims('ann'), 'get_events', '{"after": "00000000-0000-0000-0000-000000000000"}'))) l, regexp_split_to_table(l.lines, E'\n') line),
  true, 'nothing in an event begins a line of its own');

-- --- Waking, and forgetting ---------------------------------------------------------------------------------------

select is(auxeira.rest_until_notified(), true, 'a listener may rest when nobody writes');
select is((select count(*) from pg_locks where locktype = 'advisory' and mode = 'ExclusiveLock'), 1::bigint, 'which others see');
select is(auxeira.stop_resting(), true, 'and stop resting');
begin;
call test.insert_metrics(test.org_of('ann'), 1);
select is((select count(*) from pg_locks where locktype = 'advisory' and mode = 'ShareLock'), 1::bigint, 'who writes keeps it awake');
commit;
select test.head() as last \gset
update auxeira.live_events set at = now() - interval '25 hours';
call test.insert_metrics(test.org_of('bob'), 1);
select test.head() \g /dev/null
select is((select count(*) from auxeira.live_events where at < now() - interval '24 hours') < 2, true, 'events of more than a day ago go');
select is(test.read('ann', :'first') -> 'isReset', 'true', 'and one cannot go on from them');
insert into auxeira.event_outbox (type, operation, org_id, row_count) select 'scores', 'update', test.org_of('ann'), 1 from generate_series(1, 10001);
select test.head() \g /dev/null
select is((select count(*) from auxeira.event_outbox), 1::bigint, 'a long outbox is worked off step by step');

-- --- Where no shim runs -------------------------------------------------------------------------------------------

select test.head() as seen \gset
insert into auxeira.event_outbox (at, type, operation, org_id, row_count)
select now() - interval '25 hours', 'scores', 'update', test.org_of('ann'), 1 from generate_series(1, 20001);
insert into auxeira.event_outbox (type, operation, org_id, row_count) values ('actions', 'insert', test.org_of('ann'), 1);
select is(auxeira.run_job('events_tidy'), 20002::bigint, 'the job says how much was in the outbox');
select is((select count(*) from auxeira.event_outbox), 0::bigint, 'and works it all off');
select is(test.told('ann', :'seen'), 'actions insert 1', 'what is younger than a day is there for subscribers');
select is((select count(*) from auxeira.live_events where at < now() - interval '24 hours'), 0::bigint, 'what is older is not');
update auxeira.live_events set at = now() - interval '25 hours';
call test.insert_metrics(test.org_of('bob'), 1);
select auxeira.run_job('events_tidy') \g /dev/null
select is(test.read('ann', :'seen') -> 'isReset', 'true', 'who was away for longer begins anew');
call test.insert_metrics(test.org_of('bob'), 1);
select auxeira_api.admin_cleanup('{}') \g /dev/null
select is((select count(*) from auxeira.event_outbox), 0::bigint, 'the clean-up works it off, too');

insert into auxeira.event_outbox (type, operation, org_id, row_count) select 'scores', 'update', test.org_of('ann'), 1 from generate_series(1, 20001);
update auxeira.live_events set at = now() - interval '25 hours';
call auxeira.tidy_events_in_steps();
select is((select rows from auxeira.job_runs where job = 'events_tidy' and ended_at is not null order by started_at desc limit 1), 20001::bigint,
  'in steps, each a transaction, the same');
select is((select count(*) from auxeira.live_events where at < now() - interval '24 hours'), 0::bigint, 'and what is old goes');

select * from finish();
