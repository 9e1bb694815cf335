-- ETags: what they change with, what they do not tell, and the updates that If-Match refuses. Statements are transactions
-- of their own, as those of the shim are.
\set ON_ERROR_STOP on
\ir support/helpers.sql
\ir support/rows.sql
select plan(324);

select test.plant_rows(test.org_of(name), test.org_of(other), test.user_of(name))
from (values ('ann', 'bob'), ('bob', 'ann')) v (name, other) \g /dev/null

-- What the tests ask for, by the name of a person.
create function test.request_of(api_function text, person text) returns jsonb language sql stable as $$
  select case f.concerns when 'organizationId' then jsonb_build_object('organizationId', test.org_of(person))
    when 'startupId' then jsonb_build_object('startupId', test.org_of(person)) else '{}' end
  from auxeira.api_functions f where f.name = api_function
$$;
create function test.answer(person text, api_function text, conditions jsonb, request jsonb, out status integer, out body text,
  out etag text) language sql as
  $$ select status, body, etag from auxeira.call(test.claims(person) || conditions, api_function, request) $$;
create function test.etag(person text, api_function text, about text default null) returns text language sql as
  $$ select etag from test.answer(person, api_function, '{}', test.request_of(api_function, coalesce(about, person))) $$;
-- A score that is gone is another answer, too.
create function test.etag_if_any(person text, api_function text) returns text language plpgsql as $$
begin
  return test.etag(person, api_function);
exception when no_data_found then
  return 'gone';
end
$$;
create function test.is_new(person text, api_function text, known text) returns boolean language sql as
  $$ select test.etag_if_any(person, api_function) <> known $$;
create table test.tagged as select name, made_of from auxeira.api_functions where made_of is not null;
grant select on test.tagged to public;

-- --- Which answers ----------------------------------------------------------------------------------------------

select is_empty($$ select name from test.tagged t where test.etag('ann', t.name) !~ '^[0-9a-f]{32}$' $$, 'an ETag is 128 bits');
select is((select etag from auxeira.call(test.claims('ann'), name, '{}')), null, name || ' has no ETag')
from unnest(array['me', 'list_sessions', 'get_benchmarks', 'list_templates']) name;
select is((select count(distinct test.etag('ann', t.name)) from test.tagged t), (select count(*) from test.tagged),
          'every function has ETags of its own');
select is(test.etag('ann', name), test.etag('ann', name), name || ': asked again it is the same') from test.tagged;

-- The tables that a function reads are known from the locks it takes, in a session that knows the caller already.
create table test.read (api_function text, table_name text);
create procedure test.note_reading(api_function text) language plpgsql as $$
begin
  commit;
  perform test.etag('ann', api_function);
  commit;
  perform test.etag('ann', api_function);
  insert into test.read
  select distinct api_function, c.relname from pg_locks l join pg_class c on c.oid = l.relation
  where l.pid = pg_backend_pid() and l.locktype = 'relation' and c.relkind = 'r' and c.relnamespace = 'auxeira'::regnamespace
    and c.relname not in ('change_marks', 'api_functions');
  commit;
end
$$;
select format('call test.note_reading(%L)', name) from test.tagged \gexec
select bag_eq('select * from test.read', 'select name, unnest(made_of) from test.tagged',
              'a function with an ETag reads the tables it is made of, and no others');

-- --- What they change with ----------------------------------------------------------------------------------------

create table test.changes (api_function text, table_name text, statement text, is_new boolean, is_new_to_bob boolean);
create procedure test.try_change(of_table text, what text, statement text) language plpgsql as $$
declare
  entry record;
begin
  create temporary table known as
    select name, test.etag_if_any('ann', name) as anns, test.etag_if_any('bob', name) as bobs from test.tagged;
  commit;
  execute statement;
  commit;
  insert into test.changes
  select k.name, of_table, what, test.is_new('ann', k.name, k.anns), test.is_new('bob', k.name, k.bobs) from known k;
  drop table known;
  commit;
end
$$;
create table test.kept (table_name text, row_kept jsonb);
create procedure test.try_table(of_table text) language plpgsql as $$
declare
  org constant uuid := test.org_of('ann');
begin
  call test.try_change(of_table, 'update', format('update auxeira.%I set org_id = org_id where org_id = %L', of_table, org));
  if of_table in ('organizations', 'user_organizations') then
    return;
  end if;
  execute format('insert into test.kept select %L, to_jsonb(t) from auxeira.%1$I t where org_id = %L', of_table, org);
  call test.try_change(of_table, 'delete', format('delete from auxeira.%I where org_id = %L', of_table, org));
  call test.try_change(of_table, 'insert', format('insert into auxeira.%I select r.* from test.kept k, '
    'jsonb_populate_record(null::auxeira.%1$I, k.row_kept) r where k.table_name = %1$L', of_table));
end
$$;
-- Nor do foreign keys stand in the way of a replica, whose changes count all the same.
set session_replication_role = replica;
select format('call test.try_table(%L)', table_name)
from (select distinct unnest(made_of) as table_name from test.tagged union values ('documents')) t order by 1 \gexec
reset session_replication_role;

select is(is_new, table_name = any (t.made_of), format('%s: %s %s', api_function, statement, table_name))
from test.changes c join test.tagged t on t.name = c.api_function order by 1;
select is_empty($$
  select api_function, table_name, statement from test.changes c
  where is_new_to_bob and table_name not in ('relationships', 'organizations') $$, 'what changes at one tenant is not told another');
select bag_eq($$ select distinct table_name from test.changes where is_new_to_bob $$, $$ values ('relationships'), ('organizations') $$,
  'but those whom a row names learn of it, and of the name of who asks them');

-- --- Rights, and who asks ---------------------------------------------------------------------------------------------

select test.etag('vic', 'get_metrics') as known \gset
select isnt(test.etag('ann', 'get_metrics'), :'known', 'another caller, another ETag');
update auxeira.user_organizations set role = 'member' where user_id = test.user_of('vic');
select test.renew('vic') \g /dev/null
select ok(test.is_new('vic', 'get_metrics', :'known'), 'rights that changed are another ETag');
select isnt((select etag from test.answer('ann', 'get_metrics', '{}', '{"days": 7}')), test.etag('ann', 'get_metrics'),
            'another request, another ETag');
select is((select etag from test.answer('ann', 'get_metrics', '{"requestId": "x", "address": "192.0.2.1"}',
                                        test.request_of('get_metrics', 'ann'))), test.etag('ann', 'get_metrics'),
          'where a request comes from does not matter');
select is(test.fault(format($$ select test.etag('bob', 'get_metrics', 'ann') $$)), 'P0002 organization not found',
          'there is no ETag of what is not to be seen');
select is(test.fault($$ select * from test.answer('ann', 'get_metrics', '{}', '{"organizationId": "x"}') $$) ~ '^22023', true,
          'a request that is refused is refused');
select test.etag('ann', 'get_metrics') as known \gset
update auxeira.api_functions set good_for = null where name = 'get_metrics';
select ok(test.is_new('ann', 'get_metrics', :'known'), 'the day is a part of it where the answer depends on the day');
update auxeira.api_functions set good_for = 'day' where name = 'get_metrics';

-- Ivy may see the scores of Ann's startup, and nothing else of it.
insert into auxeira.relationships (org_id, startup_id, kind, status, scopes, decided_at)
values (test.org_of('ivy'), test.org_of('ann'), 'investor', 'accepted', '{scores}', now());
select test.etag('ivy', 'get_sse_score', 'ann') as scores, test.etag('ivy', 'list_investments') as investments \gset
insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp)
values (test.org_of('ann'), 'startup_founder', '{"mrr": 2}', now());
update auxeira.investments set status = status where org_id = test.org_of('ann');
select is(array[test.etag('ivy', 'get_sse_score', 'ann'), test.etag('ivy', 'list_investments')], array[:'scores', :'investments'],
          'what happens beyond the scope of a relationship is not told');
update auxeira.sse_scores set status = status where org_id = test.org_of('ann');
update auxeira.organizations set name = 'Ann Inc' where org_id = test.org_of('ann');
select ok(test.etag('ivy', 'get_sse_score', 'ann') <> :'scores' and test.is_new('ivy', 'list_investments', :'investments'),
          'what happens within it is');

-- --- Transactions --------------------------------------------------------------------------------------------------------

create function test.touch() returns void language sql as
  $$ update auxeira.dashboard_metrics set org_id = org_id where org_id = test.org_of('ann') $$;
create function test.touch_in_vain() returns void language plpgsql as $$
begin
  perform test.touch();
  raise exception 'in vain';
exception when others then
  null;
end
$$;
select test.etag('ann', 'get_metrics') as known \gset
select test.touch_in_vain() \g /dev/null
select ok(not test.is_new('ann', 'get_metrics', :'known'), 'what was undone has changed nothing');
begin;
select test.touch_in_vain() \g /dev/null
select test.touch() \g /dev/null
commit;
select ok(test.is_new('ann', 'get_metrics', :'known'), 'a change after one that was undone counts');
select test.etag('ann', 'get_metrics') as known \gset
begin;
savepoint before;
select test.touch() \g /dev/null
rollback to savepoint before;
select test.touch() \g /dev/null
commit;
select ok(test.is_new('ann', 'get_metrics', :'known'), 'so does one after a savepoint');
select test.etag('ann', 'get_metrics') as known \gset
begin isolation level serializable;
select test.touch() \g /dev/null
commit;
select ok(test.is_new('ann', 'get_metrics', :'known'), 'so does one of a serializable transaction');

select is((select max(n) from (select count(*) as n from auxeira.change_marks group by org_id, table_name) m), 1::bigint,
          'transactions that follow one another share a mark');
begin;
select test.touch() \g /dev/null
select mark as known from auxeira.change_marks where org_id = test.org_of('ann') and table_name = 'dashboard_metrics' \gset
select test.touch() from generate_series(1, 3) \g /dev/null
select is((select mark from auxeira.change_marks where org_id = test.org_of('ann') and table_name = 'dashboard_metrics'), :'known',
          'a transaction leaves one');
commit;

-- Rows that are stored in bulk leave one mark for all, each time.
select test.etag('ann', 'get_metrics') as known \gset
select test.call('ann', 'generate_synthetic', '{"count": 2000}') \g /dev/null
select ok(test.is_new('ann', 'get_metrics', :'known'), 'rows that are stored in bulk count');
select test.etag('ann', 'get_metrics') as known \gset
select test.call('ann', 'generate_synthetic', '{"count": 2000}') \g /dev/null
select ok(test.is_new('ann', 'get_metrics', :'known'), 'and so do more of them');

select test.etag('ann', 'list_documents') as known \gset
truncate auxeira.documents;
select ok(test.is_new('ann', 'list_documents', :'known'), 'emptying a table changes every ETag it is in');

select test.register('eve', 'startup_founder') \g /dev/null
delete from auxeira.organizations where org_id = test.org_of('eve');
select is((select count(*) from auxeira.change_marks where org_id = test.org_of('eve')), 0::bigint,
          'an organization that goes takes its marks along');

-- --- Nothing is run for a 304 ---------------------------------------------------------------------------------------------

select test.etag('ann', name) as etag, name from test.tagged where name = 'get_metrics' \gset
alter function auxeira_api.get_metrics(jsonb) rename to get_metrics_kept;
create function auxeira_api.get_metrics(request jsonb) returns json language plpgsql stable as
  $$ begin raise exception 'it was run'; end $$;
grant execute on function auxeira_api.get_metrics(jsonb) to auxeira_user;
select is(row(a.status, coalesce(a.body, 'none'), a.etag), row(304, 'none'::text, :'etag'::text), 'a 304 has no body, and runs nothing')
from test.answer('ann', 'get_metrics', jsonb_build_object('ifNoneMatch', 'f00,' || :'etag'),
                 test.request_of('get_metrics', 'ann')) a;
select is(test.fault(format($$ select test.answer('ann', 'get_metrics', '{"ifNoneMatch": "%s"}', '%s') $$, list,
                            test.request_of('get_metrics', 'ann'))), 'P0001 it was run', 'it is run for ' || list)
from unnest(array['', '*', 'f00', left(:'etag', 31), :'etag' || 'a', 'W/' || :'etag']) list;
select is(test.fault(format($$ select test.answer('bob', 'get_metrics', '{"ifNoneMatch": "%s"}', '%s') $$, :'etag',
                            test.request_of('get_metrics', 'ann'))), 'P0001 it was run', 'another''s ETag is none');
update auxeira.user_sessions set revoked_at = now(), revoke_reason = 'logout' where session_id = test.session_of('vic');
select is(test.fault(format($$ select test.answer('vic', 'get_metrics', '{"ifNoneMatch": "%s"}', '{}') $$, :'etag')) ~ '^28000', true,
          'whoever has logged out gets no 304');
drop function auxeira_api.get_metrics(jsonb);
alter function auxeira_api.get_metrics_kept(jsonb) rename to get_metrics;

-- --- If-Match ---------------------------------------------------------------------------------------------------------------

create function test.rename_ann(if_match text, to_name text, person text default 'ann') returns text language sql as $$
  select test.fault(format($f$ select auxeira.call(test.claims(%L) || jsonb_build_object('ifMatch', %L::text),
    'update_organization', %L) $f$, person, if_match, jsonb_build_object('organizationId', test.org_of('ann'), 'name', to_name)))
$$;
create function test.anns_name() returns text language sql as
  $$ select name from auxeira.organizations where org_id = test.org_of('ann') $$;
select test.etag('ann', 'get_organization') as etag \gset
select is(test.rename_ann(:'etag', 'Ann One'), 'no error', 'what was seen may be changed');
select is(test.rename_ann(:'etag', 'Ann Two'),
          'ZA412 it has been changed since it was read | hint: Read it again, and repeat the change if it is still wanted.',
          'what was changed since may not');
select is(test.anns_name(), 'Ann One', 'and is not');
select is(test.rename_ann('f00,' || test.etag('ann', 'get_organization'), 'Ann Three'), 'no error', 'one of a list is enough');
select is(test.rename_ann('*', 'Ann Four'), 'no error', '* is whatever there is');
select is(test.rename_ann('', 'Ann Five'), 'no error', 'nothing is no condition');
select is(test.rename_ann('-', 'Ann Six') ~ '^ZA412', true, 'a list of foreign ETags fits nothing');
select is(test.rename_ann(test.etag('bob', 'get_organization'), 'Taken over', 'bob') ~ '^(P0002|ZA412)', true,
          'If-Match opens nothing to others');
select is(test.rename_ann('*', 'Taken over', 'bob') ~ '^P0002', true, 'nor does *');
select is(test.anns_name(), 'Ann Five', 'nothing of it was done');
select is(test.fault(format($$ select auxeira.call(test.claims('ann') || '{"ifMatch": "%s"}', 'create_document',
    '{"title": "x", "kind": "pitch_deck", "url": "https://files.example/x"}') $$, condition)) ~ '^ZA412', true,
  'where there is nothing to compare with, ' || condition || ' is refused')
from unnest(array['*', 'f00']) condition;
select is_empty($$
  select f.name from auxeira.api_functions f left join auxeira.api_functions g on g.name = f.compared_with
  where f.compared_with is not null and (g.concerns is null or g.concerns = 'active' or g.good_for is not null) $$,
  'what If-Match is compared with is of one organization that the request names, and of no day');

-- --- The triggers --------------------------------------------------------------------------------------------------------------

select bag_eq($$
    select c.relname::text, g.tgname::text, g.tgenabled from pg_trigger g join pg_class c on c.oid = g.tgrelid
    where g.tgfoid = 'auxeira.mark_changes'::regproc $$, $$
    select distinct table_name, 'changes_marked_' || event, 'A'::"char"
    from test.tagged, unnest(made_of) table_name, unnest(array['insert', 'update', 'delete', 'truncate']) event $$,
  'the tables that answers are made of leave marks, in replicas, too');
set role auxeira_user;
select throws_ok('select * from auxeira.change_marks', '42501', null, 'marks are nobody''s to see');
reset role;
select is(test.fault('select auxeira.mark_changes()'),
          '39P01 mark_changes was not called as a trigger | hint: Use it in CREATE TRIGGER only.', 'the trigger is a trigger');
create trigger wrong before update on auxeira.documents for each row execute function auxeira.mark_changes('documents', 'org_id');
insert into auxeira.documents (org_id, title, kind, url, created_by)
values (test.org_of('ann'), 'deck', 'pitch_deck', 'https://files.example/deck.pdf', test.user_of('ann'));
select is(test.fault('update auxeira.documents set title = title') ~ '^39P01', true, 'and comes after a change');

select * from finish();
