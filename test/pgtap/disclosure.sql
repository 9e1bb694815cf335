-- What can be worked out of answers that are meant for everybody: benchmarks, and refusals.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select setseed(0.5) \g /dev/null

-- --- Benchmarks: random worlds of startups ------------------------------------------------------------------------

-- Few or many startups, of uneven groups; some without a value, some without a score, some with a synthetic one, some
-- without an owner who proved an address, some synthetic as a whole.
update auxeira.users set email_verified = user_id = test.user_of('root');
create function test.any_value(choices text[]) returns text language sql volatile
  return choices[1 + floor(power(random(), 1.7) * cardinality(choices))::integer];
create function test.make_world(startups integer) returns void language plpgsql as $$
begin
  delete from auxeira.organizations where org_id not in (select org_id from test.people);
  with made as (
    insert into auxeira.organizations (name, org_type, stage, industry, region, is_active, is_synthetic)
    select 'startup ' || n, case when random() < 0.95 then 'startup' else 'corporate' end::auxeira.organization_type,
      test.any_value(array['seed', 'series_a', 'pre_seed', 'growth', 'late', null])::auxeira.stage,
      test.any_value(array['fintech', 'health', 'food', 'space']), test.any_value(array['north', 'south', null]), random() < 0.97,
      random() < 0.1
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

-- The truth: the startups that count, as they describe themselves.
create view test.truth as
  select o.org_id, coalesce(o.stage::text, 'unknown') as stage, coalesce(o.industry, 'unknown') as industry,
         coalesce(o.region, 'unknown') as region, s.total_score as figure
  from auxeira.organizations o cross join lateral (
    select * from auxeira.sse_scores s where s.org_id = o.org_id and s.status = 'scored' and not s.is_synthetic
    order by version desc limit 1) s
  where o.org_type = 'startup' and o.is_active and not o.is_synthetic and exists (
    select from auxeira.user_organizations m where m.org_id = o.org_id and m.user_id = test.user_of('root'));

-- What is known of each world: the truth, the atoms, and all that is published: three tables and their totals.
create table test.startups (world integer, org_id uuid, stage text, industry text, region text, figure numeric);
create table test.atoms (like test.startups);
create table test.published (world integer, dimension text, label text, size bigint, average numeric, is_total boolean);
create function test.look_at(world integer) returns void language sql as $$
  insert into test.startups select world, t.* from test.truth t;
  insert into test.atoms select world, a.* from auxeira.benchmark_atoms('sse_score', false) a;
  insert into test.published
  select world, d, b.* from unnest(array['stage', 'industry', 'region']) d, auxeira.benchmarks('sse_score', d) b
$$;
-- Startups by the published figures that they are in.
create view test.members as
  select p.world, p.dimension || ': ' || coalesce(p.label, 'total') as figure, a.org_id
  from test.published p join test.atoms a on a.world = p.world and (p.is_total or p.label = to_jsonb(a) ->> p.dimension)
  where p.size is not null;

-- Whoever compares two published figures: the startups that both are of, and those that only the first is of.
create view test.pairs as
  with pairs as (
    select x.world, x.figure, y.figure as other, x.size, count(m.org_id) as shared
    from (select world, figure, count(*) as size, array_agg(org_id) as members from test.members group by 1, 2) x
      join (select distinct world, figure from test.members) y on y.world = x.world and y.figure <> x.figure
      left join test.members m on m.world = y.world and m.figure = y.figure and m.org_id = any (x.members)
    group by x.world, x.figure, y.figure, x.size
  )
  select world, figure, other, shared as startups from pairs
  union all
  select world, figure, other, size - shared from pairs;

-- Whoever adds and subtracts published figures at random gets a sum in which every startup has some weight: startups by
-- weight.
create function test.combinations(tries integer) returns table (world integer, try integer, weight bigint, startups bigint)
language sql as $$
  with chosen as materialized (
    select f.world, f.figure, try, floor(random() * 3)::integer - 1 as weight
    from (select distinct m.world, m.figure from test.members m) f, generate_series(1, tries) try
  ), weights as (
    select m.world, c.try, m.org_id, sum(c.weight) as weight
    from test.members m join chosen c on c.world = m.world and c.figure = m.figure
    group by m.world, c.try, m.org_id
  )
  select w.world, w.try, w.weight, count(*) from weights w where w.weight <> 0 group by w.world, w.try, w.weight
$$;

create procedure test.play(worlds integer) language plpgsql as $$
begin
  truncate test.startups, test.atoms, test.published;
  for world in 1 .. worlds loop
    perform test.make_world(5 + floor(random() * 60)::integer);
    perform test.look_at(world);
  end loop;
  analyze test.atoms, test.published;
end
$$;

-- A world of startups that are told, as "stage industry region revenue"; and a table of it in words.
create function test.tell(told text[]) returns void language sql as $$
  delete from auxeira.organizations where org_id not in (select org_id from test.people);
  with made as (
    insert into auxeira.organizations (name, org_type, stage, industry, region)
    select t, 'startup', split_part(t, ' ', 1)::auxeira.stage, split_part(t, ' ', 2), split_part(t, ' ', 3) from unnest(told) t
    returning org_id, name
  ), owned as (
    insert into auxeira.user_organizations (org_id, user_id, role)
    select org_id, test.user_of('root'), 'owner' from made
  )
  insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp)
  select org_id, 'startup_founder', jsonb_build_object('revenue', split_part(name, ' ', 4)::numeric), now() from made
$$;
create function test.table_by(dimension text) returns text language sql as $$
  select string_agg(concat_ws(' ', coalesce(label, 'total'), size, average), ', ' order by is_total, label)
  from auxeira.benchmarks('revenue', dimension)
$$;
create function test.tables() returns text language sql
  return concat_ws('; ', test.table_by('stage'), test.table_by('industry'), test.table_by('region'));

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
  ('list_facts', '{"kind": "mrr-movements", "organizationId": "%"}'), ('list_facts', '{"kind": "grants", "organizationId": "%"}'),
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

select plan(22);

-- Eleven startups, of which six are in one group, and five of the six in a group of another table.
select test.tell(array(select case when n <= 6 then 'seed ' else 'growth ' end || case when n <= 5 then 'fintech' else 'health' end
                              || ' north ' || n * n from generate_series(1, 11) n)) \g /dev/null
select is(test.tables(), 'growth 5 83.0, seed 5 11.0, total 10 47.0; fintech 5 11.0, health 5 83.0, total 10 47.0; '
          'north 10 47.0, total 10 47.0', 'the sixth of a group is in no figure, when five of them are a group of another table');
-- Twenty, of whom five have all in common, five a stage and an industry, five a stage, and five nothing.
select test.tell(array['seed fintech north 1', 'seed fintech north 2', 'seed fintech north 3', 'seed fintech north 4',
  'seed fintech north 5', 'seed fintech south 6', 'seed fintech west 7', 'seed fintech south 8', 'seed fintech south 9',
  'seed fintech west 10', 'growth food south 11', 'growth space south 12', 'growth food west 13', 'growth food west 14',
  'growth space west 15', 'late food west 16', 'series_a food west 17', 'series_a space west 18', 'late food west 19',
  'pre_seed fintech north 20']) \g /dev/null
select is(test.tables(), 'growth 5 13.0, other 5 18.0, seed 10 5.5, total 20 10.5; '
          'fintech 10 5.5, other 10 15.5, total 20 10.5; north 5 3.0, other 15 13.0, total 20 10.5',
          'regions, then industries, then stages are put together as "other", and the names of small groups are not told');
select test.tell(array['seed food north 1', 'seed food north 2', 'seed food south 3', 'late food south 4']) \g /dev/null
select is(test.tables(), 'total; total; total', 'of few startups there is no figure');
select is(test.call('bob', 'get_benchmarks', '{"measure": "revenue", "by": "industry"}') -> 'data',
  '{"measure": "revenue", "by": "industry", "smallestGroup": 5,
    "groups": [],
    "total": {"startups": null, "average": null, "isWithheld": true}}', 'and everybody is told so');

call test.play(60);
prepare small_atoms as
  select world, stage, industry, region, count(*) from test.atoms group by 1, 2, 3, 4 having count(*) < 5;
prepare telling_pairs as select * from test.pairs where startups between 1 and 4;
prepare telling_combinations as select * from test.combinations(40) where startups < 5;
select is_empty('execute small_atoms', 'no atom is of fewer than five startups');
select is_empty($$
  select world, count(*) from test.startups s left join test.atoms a using (world, org_id)
  group by world having count(a.org_id) <> (select count(*) from test.atoms o where o.world = s.world)
    or count(a.org_id) <> count(distinct a.org_id) or count(*) - count(a.org_id) > 4 or bool_or(a.figure <> s.figure) $$,
  'every startup that counts is in one atom, with its figure, or is one of fewer than five that are in none');
select is_empty($$
  select * from (
    select s.*, a.stage as to_stage, a.industry as to_industry, a.region as to_region,
      count(*) over (partition by world, s.stage, s.industry, s.region) < 5 as is_rare,
      count(*) filter (where coalesce(a.region, 'other') = 'other')
        over (partition by world, s.stage, s.industry) < 5 as is_rare_here,
      count(*) filter (where coalesce(a.industry, 'other') = 'other') over (partition by world, s.stage) < 5 as is_rare_stage
    from test.startups s left join test.atoms a using (world, org_id)) placed
  where (coalesce(to_region, 'other'), coalesce(to_industry, 'other'), coalesce(to_stage, 'other'))
    <> (case when is_rare then 'other' else region end, case when is_rare and is_rare_here then 'other' else industry end,
        case when is_rare and is_rare_here and is_rare_stage then 'other' else stage end) $$,
  'which it shares no more with others than it takes');
select set_eq('select * from test.published', $$
  select world, dimension, label, nullif(count(figure), 0), round(avg(figure), 1), false
  from (select world, dimension, to_jsonb(a) ->> dimension as label, figure
        from test.atoms a, unnest(array['stage', 'industry', 'region']) dimension) f
  group by world, dimension, label
  union all
  select s.world, dimension, null, nullif(count(a.figure), 0), round(avg(a.figure), 1), true
  from test.startups s left join test.atoms a using (world, org_id), unnest(array['stage', 'industry', 'region']) dimension
  group by s.world, dimension $$, 'what is published are the numbers and the averages of the atoms with the label, and of all');
select is_empty('execute telling_pairs', 'two published figures share no startup or five, and differ by none or by five');
select is_empty('execute telling_combinations', 'no sums and differences of published figures weigh fewer than five startups apart');
select set_has('select distinct region = ''other'' r, industry = ''other'' i, stage = ''other'' s from test.atoms',
               'values (false, false, false), (true, false, false), (true, true, false), (true, true, true)',
               'all ways of putting startups together occurred');
select cmp_ok((select count(*) from test.published where size is not null), '>', 400::bigint, 'much is shown');
select cmp_ok((select count(*) from test.published where size is null), '>', 5::bigint, 'some is withheld');
select cmp_ok((select count(*) from test.pairs where startups > 0) + (select count(*) from test.combinations(40)),
              '>', 5000::bigint, 'much was tried');

create or replace function auxeira.benchmark_atoms(measure text, synthetic boolean)
  returns table (org_id uuid, stage text, industry text, region text, figure double precision) language sql stable as
  'select * from auxeira.latest_figures(measure, synthetic)';
call test.play(20);
select isnt_empty('execute small_atoms', 'were startups not put together, the size of atoms would be noticed');
select isnt_empty('execute telling_pairs', 'and pairs of figures');
select isnt_empty('execute telling_combinations', 'and combinations of figures');

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
