-- The quality report of ecosystems: dashboards are what their children add up to, nothing happens outside of the life of a
-- company, and each planted error is found. As those ask who may read, and of all of an ecosystem.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
set local client_min_messages = error;

select test.register(kind, kind) from unnest('{venture_capital, angel_investor, corporate_partner, government, esg_funder, impact_investor}'::text[])
kind \g /dev/null
create table test.sessions (person text primary key, data_type text, session uuid);
grant select, insert on test.sessions to public;
set session authorization auxeira_authenticator;
insert into test.sessions
select person, data_type, (test.call(person, 'generate_synthetic', jsonb_build_object('dataType', data_type, 'count', 24, 'timeRangeDays', 900,
  'seed', seed, 'asOf', '2026-03-10T00:00:00Z')) #>> '{data,sessionId}')::uuid
from (values ('venture_capital', 'portfolio', 3), ('angel_investor', 'portfolio', 3), ('corporate_partner', 'partnerships', 3),
             ('government', 'ecosystem', 3), ('esg_funder', 'sustainability', 3), ('impact_investor', 'impact', 3)) k (person, data_type, seed);
reset session authorization;

create function test.report(of_person text) returns setof auxeira.synthetic_finding language plpgsql as $$
begin
  return query select f.*
  from test.sessions s,
    jsonb_array_elements(test.call(s.person, 'get_synthetic_report', jsonb_build_object('sessionId', s.session)) #> '{data,findings}') e,
    jsonb_populate_record(null::auxeira.synthetic_finding, e) f
  where s.person = of_person;
end
$$;
-- What is found to be wrong ("property subject"), after a statement whose effects are taken back.
create function test.found(person text, statement text default 'select') returns text[] language plpgsql as $$
declare
  found text[];
begin
  execute statement;
  found := (select array_agg(f.property || ' ' || f.subject) from test.report(person) f where not f.passed);
  raise exception using errcode = 'TOOK1', message = coalesce(found::text, '{}');
exception when sqlstate 'TOOK1' then return sqlerrm::text[];
end
$$;

-- The figures that are made again, by kind of organization: all that there are, but for what needs what companies raised.
create table test.figures as
select distinct s.person, figure
from test.sessions s join auxeira.dashboard_metrics d on d.session_id = s.session and d.org_id = test.org_of(s.person)
  cross join lateral jsonb_object_keys(d.metric_value) figure
where figure <> 'financed_emissions';

create function test.latest(person text) returns tid language sql as $$
  select d.ctid from auxeira.dashboard_metrics d where d.org_id = test.org_of(person) and d.is_synthetic order by d.metric_timestamp desc limit 1
$$;
create function test.child(person text) returns uuid language sql as $$
  select r.startup_id from auxeira.relationships r join auxeira.organizations o on o.org_id = r.startup_id and o.closed_on is null
  where r.org_id = test.org_of(person) and r.is_synthetic order by r.startup_id limit 1
$$;

-- Errors among the children, and which totals they make wrong.
create table test.spoiling (person text, what text, statement text, finding text);
insert into test.spoiling values
  ('venture_capital', 'a mark is doubled', 'update auxeira.investment_marks m set fair_value = 2 * fair_value + 1 where (org_id, investment_id, as_of) = (
    select org_id, investment_id, max(as_of) from auxeira.investment_marks where org_id = test.org_of(''venture_capital'') group by 1, 2
    order by investment_id limit 1)', 'R22 children venture_capital: nav'),
  ('venture_capital', 'a contribution is gone', 'delete from auxeira.investment_cash_flows where flow_id = (select flow_id from
    auxeira.investment_cash_flows where org_id = test.org_of(''venture_capital'') and flow_type = ''contribution'' limit 1)',
   'R22 children venture_capital: paid_in'),
  ('venture_capital', 'a company scores less', 'update auxeira.dashboard_metrics set metric_value = metric_value || ''{"sse_score": 1}''
    where dashboard_type = ''startup_founder'' and session_id = (select session from test.sessions where person = ''venture_capital'')
      and metric_timestamp = ''2026-03-10''', 'R22 children venture_capital: avg_sse_score'),
  ('corporate_partner', 'a benefit is worth more', 'update auxeira.benefit_redemptions set list_value = list_value + 1 where redemption_id = (
    select redemption_id from auxeira.benefit_redemptions where org_id = test.org_of(''corporate_partner'') limit 1)',
   'R22 children corporate_partner: partnership_value'),
  ('government', 'a grant is larger', 'update auxeira.grants set amount = amount + 1 where grant_id = (
    select grant_id from auxeira.grants where org_id = test.org_of(''government'') limit 1)', 'R22 children government: grants_awarded'),
  ('government', 'people are hired', 'update auxeira.headcounts h set employees = employees + 1, hires = hires + 1 from auxeira.grants g
    where g.org_id = test.org_of(''government'') and h.org_id = g.startup_id and h.month > g.awarded_on', 'R14 hires startups'),
  ('government', 'a grant is given before the founding', 'update auxeira.organizations o set founded_on = g.awarded_on + 40, closed_on = null from auxeira.grants g
    where g.org_id = test.org_of(''government'') and o.org_id = g.startup_id', 'R24 life grants'),
  ('venture_capital', 'a company was looked at before it was', 'update auxeira.investments set due_diligence_start = ''1990-01-01''
    where org_id = test.org_of(''venture_capital'') and status <> ''pipeline''', 'R24 life investments'),
  ('venture_capital', 'a mark comes after the end', 'update auxeira.organizations set founded_on = ''2014-01-01'', closed_on = ''2024-01-31''
    where org_id = test.child(''venture_capital'')', 'R24 life investment marks'),
  ('venture_capital', 'or money', 'update auxeira.investment_cash_flows set flow_date = ''1990-01-01''
    where org_id = test.org_of(''venture_capital'')', 'R24 life investment flows'),
  ('corporate_partner', 'a benefit is taken up after the end', 'update auxeira.benefit_redemptions set redeemed_at = ''1990-01-01''
    where org_id = test.org_of(''corporate_partner'')', 'R24 life benefits'),
  ('corporate_partner', 'an application comes before the founding', 'update auxeira.partnerships set terms = ''{"appliedOn": "1990-01-01"}''
    where org_id = test.org_of(''corporate_partner'')', 'R24 life partnerships'),
  ('corporate_partner', 'a relationship begins before the founding', 'update auxeira.relationships set decided_at = ''1990-01-01''
    where org_id = test.org_of(''corporate_partner'')', 'R24 life relationships'),
  ('venture_capital', 'a point comes before the founding', 'update auxeira.dashboard_metrics set metric_timestamp = ''1990-01-01''
    where org_id = test.child(''venture_capital'')', 'R24 life dashboard points'),
  ('venture_capital', 'a score comes before the founding', 'update auxeira.sse_scores set created_at = ''1990-01-01''
    where org_id = test.child(''venture_capital'')', 'R24 life scores'),
  ('venture_capital', 'an investment is of another session', 'update auxeira.investments set session_id = null
    where org_id = test.org_of(''venture_capital'') and status <> ''pipeline''', 'ReferentialIntegrity marks, their investments'),
  ('government', 'a programme is of another session', 'update auxeira.programs set session_id = null
    where org_id = test.org_of(''government'')', 'ReferentialIntegrity grants, their programmes');

select plan((select 3 * count(*) from test.sessions)::integer
            + (select count(*) from test.spoiling)::integer + 10);

select is(test.found(person), '{}', format('%s, %s: nothing is wrong', person, data_type)) from test.sessions;
select is((select array_agg(f.subject order by f.subject) from test.report(person) f where f.property = 'R22 children'),
          (select array_agg(format('%s: %s', person, figure) order by format('%s: %s', person, figure)) from test.figures f where f.person = s.person),
          format('%s: the figures that are added up again', person)) from test.sessions s;
select is(
  (select array_agg(f order by f) from unnest(test.found(person, format(
     'update auxeira.dashboard_metrics d set metric_value = metric_value || (
        select jsonb_object_agg(figure, coalesce((d.metric_value ->> figure)::numeric, 0) + 1) from test.figures where person = %L)
      where ctid = test.latest(%L)', person, person))) f where f ~ '^R22'),
  (select array_agg(format('R22 children %s: %s', person, figure) order by figure) from test.figures f where f.person = s.person),
  format('%s: each wrong total is found', person)) from test.sessions s;
select ok(finding = any (test.found(person, statement)), what || ': ' || finding) from test.spoiling;

-- Of what may not be read nothing is said, neither good nor bad.
select is(test.found('venture_capital', $$ update auxeira.relationships set status = 'ended', scopes = '{}', ended_at = now()
    where org_id = test.org_of('venture_capital') and startup_id = test.child('venture_capital') $$), '{}', 'a startup that withdrew is no error');
create function test.withdrawn() returns setof text language plpgsql as $$
begin
  update auxeira.relationships set status = 'ended', scopes = '{}', ended_at = now()
  where org_id = test.org_of('venture_capital') and is_synthetic;
  return query select f.subject from test.report('venture_capital') f where f.property = 'R22 children' order by 1;
  raise exception using errcode = 'TOOK1';
exception when sqlstate 'TOOK1' then return;
end
$$;
select ok(not 'venture_capital: avg_sse_score' = any (array(select test.withdrawn())), 'and no more is said of the scores of all');
select ok('venture_capital: nav' = any (array(select test.withdrawn())), 'but of the investor''s own money');
select isnt(test.found('venture_capital', format('delete from auxeira.dashboard_metrics where ctid = %L', test.latest('venture_capital'))), null,
            'without its latest point, the one before is added up');

-- All of an ecosystem, real organizations among it, as an administrator of the database sees it.
create table test.made as
select * from auxeira.synthesize_ecosystem(30, 700, 7, '2026-03-10T00:00:00Z', around => array[test.org_of('ann'), test.org_of('ivy'), test.org_of('root')]);
create view test.whole as select f.* from test.made m, auxeira.synthetic_report(m.session_id) f;
select is_empty($$ select property, subject, value, detail from test.whole where not passed $$, 'an ecosystem: nothing is wrong');
select is((select array_agg(distinct split_part(subject, ':', 1) order by split_part(subject, ':', 1)) from test.whole where property = 'R22 children'),
          '{angel_investor,corporate_partner,esg_funder,government,impact_investor,venture_capital}', 'every kind of organization is added up');
select is((select count(*) from test.whole where property = 'R24 life'), 14::bigint, 'and everything that has a date is looked at');
select matches((select detail from test.whole where subject = 'venture_capital: nav'), 'of 2 dashboards,', 'the real investor among them');
select is_empty($$ select from test.whole where subject = 'government: jobs_created' $$,
                'but for whom a real government follows among real companies, which nothing tells');
select auxeira.remove_synthetic(session => session_id) from test.made \g /dev/null
select is_empty('select * from test.whole', 'after the clean-up there is nothing to measure');

select * from finish();
rollback;
