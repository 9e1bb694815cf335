-- What can be worked out of answers that are meant for everybody: benchmarks, and refusals.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select setseed(0.5) \g /dev/null

-- --- Benchmarks: random worlds of startups ------------------------------------------------------------------------

-- Few or many startups, of uneven groups; some without a value, some without a score, some of them synthetic, some
-- without an owner who proved an address.
update auxeira.users set email_verified = user_id = test.user_of('root');
create function test.any_value(choices text[]) returns text language sql volatile
  return choices[1 + floor(power(random(), 1.7) * cardinality(choices))::integer];
create function test.make_world(startups integer) returns void language plpgsql as $$
begin
  delete from auxeira.organizations where org_id not in (select org_id from test.people);
  with made as (
    insert into auxeira.organizations (name, org_type, stage, industry, region, is_active)
    select 'startup ' || n, case when random() < 0.95 then 'startup' else 'corporate' end::auxeira.organization_type,
      test.any_value(array['seed', 'series_a', 'pre_seed', 'growth', 'late', null])::auxeira.stage,
      test.any_value(array['fintech', 'health', 'food', 'space']), test.any_value(array['north', 'south', null]), random() < 0.97
    from generate_series(1, startups) n returning org_id
  ), owned as (
    insert into auxeira.user_organizations (org_id, user_id, role)
    select org_id, test.user_of(case when random() < 0.9 then 'root' else 'bob' end), 'owner' from made
  )
  insert into auxeira.sse_scores (org_id, version, total_score, raw_score, status, component_scores, percentile,
    success_probability, explanation, cohort, coverage, band, scale, missing_policy, formula_version, input_hash,
    data_quality_score, confidence_level, is_synthetic)
  select org_id, version, random() * 100, 50, test.any_value(array['scored', 'scored', 'provisional']), '{}', 50, 0.1, '{}', '{}', 1, 1, 'unit',
    'zero', 'test', sha256(''), 1, 1, random() < 0.1
  from made, generate_series(1, 2) version where random() < 0.8;
end
$$;

-- The truth about every group, and what is published of it.
create table test.groups (world integer, dimension text, label text, size bigint, average numeric, is_shown boolean, total bigint,
  is_total_shown boolean);
create function test.look_at(world integer) returns void language sql as $$
  with figures as (
    select o.*, s.total_score
    from auxeira.organizations o cross join lateral (
      select * from auxeira.sse_scores s where s.org_id = o.org_id and s.status = 'scored' and not s.is_synthetic
      order by version desc limit 1) s
    where o.org_type = 'startup' and o.is_active and exists (
      select from auxeira.user_organizations m where m.org_id = o.org_id and m.user_id = test.user_of('root'))
  ), truth as (
    select dimension, coalesce(to_jsonb(f) ->> dimension, 'unknown') as label, count(*) as size, avg(f.total_score) as average
    from figures f, unnest(array['stage', 'industry', 'region']) dimension group by 1, 2
  )
  insert into test.groups
  select world, t.dimension, t.label, t.size, round(t.average, 1), b.size is not null, sum(t.size) over (partition by t.dimension),
         total.size is not null
  from truth t
    cross join lateral (select * from auxeira.benchmarks('sse_score', t.dimension) b where b.label = t.label and not is_total) b
    cross join lateral (select * from auxeira.benchmarks('sse_score', t.dimension) where is_total) total
$$;

-- Everything that can be had by subtraction: the total less any of the groups that are shown. What remains must be nothing,
-- or five startups or more; and not one group that is withheld.
create view test.remainders as
  with numbered as (
    select g.*, row_number() over (partition by world, dimension, is_shown order by label) - 1 as place from test.groups g
  ), tables as (
    select world, dimension, count(*) filter (where is_shown) as shown, count(*) filter (where not is_shown) as withheld,
           min(total) as total, bool_and(is_total_shown) as is_total_shown
    from numbered group by world, dimension
  )
  select t.world, t.dimension, chosen, t.total - coalesce(sum(n.size), 0) as startups, t.shown - count(n.size) as shown_groups, t.withheld
  from tables t cross join lateral generate_series(0, (1 << t.shown::integer) - 1) chosen
    left join numbered n on n.world = t.world and n.dimension = t.dimension and n.is_shown and (chosen >> n.place::integer) & 1 = 1
  where t.is_total_shown
  group by t.world, t.dimension, chosen, t.total, t.shown, t.withheld;
create view test.disclosures as
  select world, dimension, startups::text from test.remainders
  where startups between 1 and 4 or shown_groups = 0 and withheld = 1 and (select count(*) from test.groups g
    where (g.world, g.dimension) = (remainders.world, remainders.dimension)) > 1
  union all
  select world, dimension, label from test.groups where is_shown and size < 5
  union all
  select world, dimension, 'total' from test.groups where is_total_shown and total < 5;

create procedure test.play(worlds integer) language plpgsql as $$
begin
  truncate test.groups;
  for world in 1 .. worlds loop
    perform test.make_world(5 + floor(random() * 60)::integer);
    perform test.look_at(world);
  end loop;
end
$$;

-- --- Refusals ----------------------------------------------------------------------------------------------------------

-- Startups that Ivy may know nothing of: one that she has asked, one that declined, one that ended it, one that she has not asked,
-- one that is not there. Whatever she asks of them, she is told the same.
select test.register(name, 'startup_founder') from unnest(array['asked', 'declined', 'ended', 'stranger']) name \g /dev/null
insert into auxeira.relationships (org_id, startup_id, kind, status, decided_at, ended_at) values
  (test.org_of('ivy'), test.org_of('asked'), 'investor', 'proposed', null, null),
  (test.org_of('ivy'), test.org_of('declined'), 'investor', 'declined', now(), null),
  (test.org_of('ivy'), test.org_of('ended'), 'investor', 'ended', now(), now());
insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp)
select org_id, 'venture_capital', '{"mrr": 7}', now() from test.people where name in ('asked', 'declined', 'ended', 'stranger');
insert into auxeira.documents (org_id, title, kind, url)
select org_id, 'x', 'legal', 'https://x.example/' from test.people where name in ('asked', 'declined', 'ended', 'stranger');
create table test.targets as
  select name, org_id, user_id from test.people where name in ('asked', 'declined', 'ended', 'stranger')
  union all values ('nobody', '00000000-0000-0000-0000-000000000001'::uuid, '00000000-0000-0000-0000-000000000002'::uuid);
create table test.questions (api_function text, request text);
insert into test.questions values
  ('get_metrics', '{"organizationId": "%"}'), ('get_sse_score', '{"startupId": "%"}'), ('list_documents', '{"organizationId": "%"}'),
  ('calculate_sse', '{"startupId": "%", "responses": {"team": {"a": 0.5}}}'), ('get_organization', '{"organizationId": "%"}'),
  ('update_organization', '{"organizationId": "%", "name": "x"}'), ('list_members', '{"organizationId": "%"}'),
  ('list_invitations', '{"organizationId": "%"}'), ('change_member_role', '{"organizationId": "%", "userId": "#", "role": "viewer"}'),
  ('remove_member', '{"organizationId": "%", "userId": "#"}'),
  ('invite_member', format('{"organizationId": "%%", "email": "x@y.example", "role": "viewer", "tokenHash": "%s", "tokenSealed": "00"}',
                           repeat('0', 64))),
  ('admin_update_user', '{"userId": "#", "isActive": false}');
create table test.answers as
  select q.api_function, t.name,
         test.refusal('ivy', q.api_function, replace(replace(q.request, '%', t.org_id::text), '#', t.user_id::text)) as told
  from test.questions q, test.targets t;

create role auxeira_test_login in role auxeira_user;
-- Rows of the targets that a login of Ivy's is shown, by table.
create function test.shown_to_login() returns table (relation text, rows bigint) language plpgsql as $$
declare
  name text;
begin
  perform set_config('auxeira.bound_user_id', test.user_of('ivy')::text, true);
  set local session authorization auxeira_test_login;
  for name in select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
              where c.relnamespace = 'auxeira'::regnamespace and c.relkind = 'r' and has_table_privilege(c.oid, 'select') loop
    execute format('select %L, count(*) from auxeira.%1$I where org_id = any ($1)', name) into relation, rows
    using array(select org_id from test.targets);
    return next;
  end loop;
  set local session authorization default;
  set local auxeira.bound_user_id = '';
end
$$;
grant select on test.targets to public;

-- --- The test ------------------------------------------------------------------------------------------------------------

select plan(12);

call test.play(60);
select is_empty('select * from test.disclosures', 'no group of fewer than five startups can be worked out of the tables and their totals');
select is_empty($$
  select g.*, b.* from test.groups g cross join lateral auxeira.benchmarks('sse_score', g.dimension) b
  where g.world = 60 and b.label = g.label and g.is_shown and (b.size, b.average) <> (g.size, g.average) $$, 'what is shown is right');
select cmp_ok((select count(*) from test.groups where is_shown), '>', 300::bigint, 'much is shown');
select cmp_ok((select count(*) from test.groups where not is_shown and size >= 5), '>', 5::bigint, 'some only withheld for the sake of others');
select cmp_ok((select count(*) from test.remainders), '>', 800::bigint, 'much was tried');
select is_empty($$
  select sizes, withheld
  from (select n, array_agg((1 + floor(power(random(), 2) * 12))::bigint) as sizes
        from generate_series(1, 3000) n, generate_series(0, n % 8) group by n) s
    cross join lateral (select auxeira.withheld_groups(sizes) as withheld) w
    cross join lateral (select sum(size) filter (where place <= withheld) as hidden, min(size) filter (where place > withheld) as smallest
                        from (select size, row_number() over (order by size) as place from unnest(sizes) size) o) h
  where smallest < 5 or withheld = 1 and cardinality(sizes) > 1 or hidden < 5 and withheld < cardinality(sizes) $$,
  'of any sizes enough is withheld');

create or replace function auxeira.withheld_groups(sizes bigint[]) returns integer language sql immutable as
  'select count(*)::integer from unnest(sizes) s where s < 5';
call test.play(60);
select isnt_empty('select * from test.disclosures', 'and this would be noticed, if only the small groups were withheld');

select is_empty($$ select api_function, array_agg(name || ': ' || told) from test.answers group by 1 having count(distinct told) > 1 $$,
                'whoever is not accepted is told the same of a startup as of one that is not there');
select is_empty($$ select api_function, told from test.answers where told !~ '^(P0002|42501) ' $$, 'which is that there is none');
select is_empty('select * from test.shown_to_login() where rows > 0 and relation <> ''relationships''', 'an SQL login is shown no row of it');
select is(test.fault('set local role auxeira_user; select * from auxeira.sse_cohort(gen_random_uuid(), 50, false)'),
          '42501 permission denied for function sse_cohort', 'nobody asks for cohorts of made-up scores');
reset role;
-- Accepted, all of it would be there.
update auxeira.relationships set status = 'accepted', scopes = '{metrics, documents}', decided_at = now() where status = 'proposed';
select set_eq('select relation from test.shown_to_login() where rows > 0 and relation <> ''relationships''',
              array['organizations', 'dashboard_metrics', 'documents'], 'accepted, it is shown');

select * from finish();
rollback;
