-- Who may have synthetic ecosystems and facts, what is refused, and that nothing real hangs on them.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
\ir support/synthetic.sql
select plan(120);

-- --- Bad input -----------------------------------------------------------------------------------------------------------

select matches(test.fault(format('select auxeira.synthesize_ecosystem(12, 100, 6, ''2026-03-01'', around => %L)', around)), '^22023 .*around: ' || told, told)
from (values (array[test.org_of('ann'), test.org_of('ann')], '.* is named twice'),
             (array['00000000-0000-0000-0000-0000000000aa']::uuid[], 'there is no organization'),
             (array[null]::uuid[], 'there is no organization NULL')) f (around, told);
select is(test.fault('select auxeira.synthesize_ecosystem(' || arguments || ')'),
          '22023 invalid parameters for synthetic data | detail: ' || fault, arguments)
from (values
  ('9', 'organizations: a number from 10 to 1000 is expected'),
  ('null', 'organizations: a number from 10 to 1000 is expected'),
  ('1000, 7305', 'organizations: 775 companies over 240 months are 186000 company months, and at most 120000 are generated at once'),
  ('40, 0', 'days: a number from 1 to 7305 (20 years) is expected'),
  ('40, 10, 1, ''infinity''', 'as_of: a time from 1970 on that is not to come is expected'),
  ('40, 10, 1, ''1969-12-31''', 'as_of: a time from 1970 on that is not to come is expected'),
  ('40, 10, 1, now() + interval ''1 day''', 'as_of: a time from 1970 on that is not to come is expected'),
  ('1001, 7306, 1, null, ''NaN'', ''sideways''', e'organizations: a number from 10 to 1000 is expected\n'
    'days: a number from 1 to 7305 (20 years) is expected\nvariance: a number from 0 to 1 is expected\n'
    'trend: improving, declining, stable or volatile is expected')) f (arguments, fault);
select is(test.synthetic_rows(), 0::bigint, 'nothing is written');
select is(test.fault('select auxeira.remove_synthetic()'), '22023 one of session, older_than and org is expected',
          'what to remove must be said');

-- --- The API -----------------------------------------------------------------------------------------------------------

set local role auxeira_authenticator;
select is(test.call('root', 'admin_create_ecosystem',
                    '{"organizations": 12, "days": 200, "seed": 9, "asOf": "2026-03-10T00:00:00Z"}') #>> '{data,rows,organizations}',
          '12', 'an administrator makes an ecosystem');
select matches(test.refusal('root', 'admin_create_ecosystem', '{"organizations": 12, "days": 200, "seed": 9, "asOf": "2026-03-10T00:00:00Z"}'),
               '^ZA409 the ecosystem of this seed is there already', 'once');
select matches(test.refusal('ann', 'admin_create_ecosystem'), '^42501 ', 'nobody else does');
select matches(test.refusal('root', 'admin_create_ecosystem', '{"organizations": 101}'), '^22023 invalid request: organizations', 'a hundred at most');
select matches(test.refusal('root', 'admin_create_ecosystem', '{"asOf": "9000-01-01T00:00:00Z"}'), '^22023 invalid request: asOf', 'no time to come');
select is((select array_agg(s ->> 'status') from jsonb_array_elements(test.call('root', 'list_synthetic_sessions') #> '{data,sessions}') s),
          '{completed}', 'the session is on the list of the organization');
select is(test.call('ann', 'list_synthetic_sessions') #> '{data,sessions}', '[]', 'and on no other''s');
reset role;
create table test.api as select session_id from auxeira.synthetic_data_sessions;
grant select on test.api to public;
set local role auxeira_authenticator;
select is(test.refusal('ann', 'remove_synthetic_session', jsonb_build_object('sessionId', session_id)::text), 'P0002 session not found',
          'nobody else removes it') from test.api;
select is(test.refusal('vic', 'remove_synthetic_session', jsonb_build_object('sessionId', session_id)::text),
          '42501 your role or type of user does not allow this', 'viewers remove nothing') from test.api;
select cmp_ok((test.call('root', 'remove_synthetic_session', jsonb_build_object('sessionId', session_id)) #>> '{data,deletedRecords}')::integer,
              '>', 1000, 'whoever made it removes it') from test.api;
select is(test.call('root', 'remove_synthetic_session', jsonb_build_object('sessionId', session_id)) #> '{data,removed}', '{}',
          'again: nothing is left') from test.api;
reset role;
select is(test.synthetic_rows(), 0::bigint, 'nothing synthetic is left');

-- --- Around an organization of one's own ----------------------------------------------------------------------------

-- What each data type is made of: the tables that have rows, and whether the organization has a dashboard.
select test.register(kind, kind) from unnest(enum_range(null::auxeira.user_type)::text[]) kind \g /dev/null
select test.register('fund', 'venture_capital') \g /dev/null
create table test.facts (kind text, data_type text, tables text, has_dashboard boolean, session uuid);
create function test.generate(data_type text) returns jsonb language sql as $$
  select jsonb_build_object('dataType', data_type, 'count', 14, 'timeRangeDays', 700, 'seed', 3, 'asOf', '2026-03-10T00:00:00Z')
$$;
insert into test.facts (kind, data_type, has_dashboard, tables)
select v.kind, v.data_type, v.has_dashboard, (
  select string_agg(name, ' ' order by name collate "C")
  from regexp_split_to_table(replace(replace(replace(v.tables, 'COMPANIES', 'organizations MONTHS relationships'),
    'MONTHS', 'cash_positions dashboard_metrics headcounts mrr_movements'), 'SCORES', 'sse_answers sse_score_history sse_scores'), '\s+') name)
from (values
  ('startup_founder', 'history', true, 'MONTHS'),
  ('startup_founder', 'actions', false, 'actions'),
  ('startup_founder', 'scores', false, 'SCORES'),
  ('startup_founder', 'integrations', false, 'integration_data integrations'),
  ('fund', 'investments', false, 'COMPANIES investment_cash_flows investment_marks investments'),
  ('venture_capital', 'portfolio', true, 'COMPANIES investment_cash_flows investment_marks investments SCORES'),
  ('angel_investor', 'portfolio', true, 'COMPANIES investment_cash_flows investment_marks investments SCORES'),
  ('esg_funder', 'sustainability', true, 'COMPANIES investment_cash_flows investment_marks investments'),
  ('impact_investor', 'impact', true, 'COMPANIES investment_cash_flows investment_marks investments'),
  ('corporate_partner', 'partnerships', true, 'COMPANIES benefit_redemptions partnerships'),
  ('government', 'ecosystem', true, 'COMPANIES actions grants programs SCORES')) v (kind, data_type, has_dashboard, tables);
grant select, update on test.facts to public;
set local role auxeira_authenticator;
update test.facts set session = (test.call(kind, 'generate_synthetic', test.generate(data_type)) #>> '{data,sessionId}')::uuid;
reset role;
select is((select string_agg(key, ' ' order by key collate "C") from auxeira.synthetic_data_sessions s, jsonb_object_keys(s.row_counts) key
           where s.org_id = test.org_of(f.kind) and s.session_id = f.session), f.tables, format('%s of a %s: the tables that have rows', data_type, kind))
from test.facts f;
select is((select count(*) > 0 from auxeira.dashboard_metrics d where d.org_id = test.org_of(f.kind) and d.session_id = f.session), f.has_dashboard,
          format('%s of a %s: its dashboard', data_type, kind)) from test.facts f;
select is_empty($$ select d.metric_id from auxeira.dashboard_metrics d join test.facts f on f.session = d.session_id
  where d.dashboard_type = 'startup_founder' and f.data_type <> 'ecosystem'
    and d.metric_value ?| '{tokens_earned, actions_this_week, streak_days, interviews_completed, profile_completion}' $$,
  'without actions there are no figures of them');

-- An organization is generated once.
set local role auxeira_authenticator;
select is(test.refusal(kind, 'generate_synthetic', test.generate(data_type)::text), format(case
    when kind <> 'startup_founder' then 'ZA409 the organization takes part in a synthetic ecosystem already'
    when data_type = 'integrations' then 'ZA409 the organization has synthetic integrations already'
    else 'ZA409 the organization has synthetic %1$s of these months already' end
  || ' | detail: Session %2$s generated it for %3$s. | hint: Remove session %2$s first.', data_type, session, name), data_type || ': a second one is refused')
from test.facts f join test.people p on p.name = f.kind;
select is(test.call(kind, 'generate_synthetic', '{"count": 3, "seed": 1}') #>> '{data,inserted}', '3', 'metrics are generated beside them: ' || kind)
from test.facts where data_type not in ('actions', 'scores', 'integrations');
select is(test.call('startup_founder', 'generate_synthetic', test.generate(t) || '{"asOf": "2024-03-10T00:00:00Z"}') ->> 'success', 'true',
          'and of other months: ' || t) from unnest('{history, actions, scores}'::text[]) t;
select is(test.refusal(person, 'generate_synthetic', (test.generate(t) || request)::text), '22023 invalid parameters for synthetic data | detail: ' || told, told)
from (values
  ('government', 'portfolio', '{}'::jsonb, 'dataType: portfolio is not of an organization of type government'),
  ('government', 'partnerships', '{}', 'dataType: partnerships is not of an organization of type government'),
  ('government', 'history', '{}', 'dataType: history is not of an organization of type government'),
  ('government', 'impact', '{}', 'dataType: impact is not of an organization of type government'),
  ('government', 'ecosystem', '{"count": 501}', 'count: a number of companies from 1 to 500 is expected'),
  ('government', 'ecosystem', '{"timeRangeDays": 7306}', 'timeRangeDays: a number from 1 to 7305 (20 years) is expected'),
  ('government', 'portfolio', '{"asOf": "0099-03-10T00:00:00Z"}', e'dataType: portfolio is not of an organization of type government\n'
     'asOf: a time from 1970 on that is not to come is expected')) r (person, t, request, told);
reset role;
update auxeira.synthesis_limits set most_company_months = 300;
select is(test.fault(format('select test.call(''government'', ''generate_synthetic'', %L)', test.generate('ecosystem'))),
  '22023 invalid parameters for synthetic data | detail: count: 14 companies over 23 months are 322 company months, and at most 300 are generated at once',
  'companies times months are bounded');
update auxeira.synthesis_limits set most_company_months = default;
select matches(test.fault(format('select auxeira.synthesize_ecosystem(10, 100, 4, ''2026-03-10'', around => array[%L]::uuid[])', test.org_of(kind))),
               '^ZA409 the organization takes part in a synthetic ecosystem already', 'nor is an ecosystem made around it: ' || kind)
from unnest('{fund, corporate_partner}'::text[]) kind;
select matches(test.fault(format('select auxeira.synthesize_ecosystem(10, 100, 4, ''2026-03-10'', around => array[%L]::uuid[])', test.org_of('startup_founder'))),
               '^ZA409 the organization has synthetic history of these months already', 'nor around a startup with such months');

-- Real months and synthetic ones lie beside one another.
select lives_ok(format(statement, test.org_of('startup_founder')), 'a real month beside a synthetic one')
from (values ($$ insert into auxeira.headcounts (org_id, month, employees) values (%L, '2026-01-01', 3) $$),
  ($$ insert into auxeira.mrr_movements (org_id, month, movement, amount, customers) values (%L, '2026-01-01', 'new', 1, 1) $$),
  ($$ insert into auxeira.cash_positions (org_id, month, opening, operating_inflow, operating_outflow, closing)
      values (%L, '2026-01-01', 1, 1, 1, 1) $$)) r (statement);

-- The lives of organizations that there are.
update auxeira.organizations set founded_on = '2025-06-20' where org_id = any (array[test.org_of('bob'), test.org_of('ivy')]);
select matches(test.fault(format('select test.call(''ivy'', ''generate_synthetic'', %L)', test.generate('portfolio'))),
               '^22023 an organization that takes part was not there at the time . detail: The data would be of 2024-05-01 to 2026-03-10, and ivy', 'a fund has no deals before it was founded');
select is((test.call('bob', 'generate_synthetic', test.generate(t)) ->> 'success'), 'true', 'a younger startup has: ' || t)
from unnest('{history, actions, scores}'::text[]) t;
select is((select min(month) from auxeira.headcounts where org_id = test.org_of('bob')), '2025-06-01', 'months from its founding on');
select is((select min(completed_at) >= '2025-06-20' and min(completed_at) < '2025-07-20' from auxeira.actions where org_id = test.org_of('bob')), true, 'and actions');
update auxeira.organizations set closed_on = '2025-12-20' where org_id = test.org_of('bob');
select matches(test.fault(format('select test.call(''bob'', ''generate_synthetic'', %L)', test.generate('integrations'))),
               'and Bob Ltd was founded on 2025-06-20 and closed on 2025-12-20', 'one that closed has none afterwards');
update auxeira.organizations set founded_on = null, closed_on = null where org_id = any (array[test.org_of('bob'), test.org_of('ivy')]);

-- What is there twice for another reason is told as it is.
create unique index one_synthetic_action on auxeira.actions ((1)) where is_synthetic and completed_at < '2020-01-01';
select matches(test.fault($$ select auxeira.synthesize_ecosystem(10, 400, 31, '2019-06-10') $$), '^23505 .*constraint: one_synthetic_action', 'other causes are not hidden');
drop index auxeira.one_synthetic_action;
select is((select count(*) from auxeira.relationships r join auxeira.organizations o on o.org_id = r.startup_id
           where r.is_synthetic and not o.is_synthetic), 0::bigint, 'no real company is drawn into it');
create table test.facts_left as
select auxeira.remove_synthetic(org => test.org_of(kind)) from (select kind from test.facts union select 'bob') f;
select is(test.synthetic_rows(), 0::bigint, 'nothing synthetic is left');

select is((select count(*) from auxeira.synthetic_claims), 0::bigint, 'and what was generated may be again');

-- An SQL user chooses ids of sessions: one that is another's takes nothing from them.
select auxeira.synthesize_ecosystem(10, 100, 10, '2026-03-10T00:00:00Z') \g /dev/null
create table test.kept as
select test.synthetic_rows() as rows, (select session_id from auxeira.synthetic_members limit 1) as session_id;
insert into auxeira.synthetic_data_sessions (org_id, session_id, user_id, parameters, status)
select test.org_of('bob'), session_id, test.user_of('bob'), '{}', 'completed' from test.kept;
grant select on test.kept to public;
set local role auxeira_authenticator;
select is(test.call('bob', 'remove_synthetic_session', jsonb_build_object('sessionId', session_id)) #> '{data,removed}', '{}',
          'a session of the same id takes nothing from another organization') from test.kept;
reset role;
select is(test.synthetic_rows(), (select rows from test.kept), 'every row is there');

-- --- Limits and turns --------------------------------------------------------------------------------------------------

delete from auxeira.synthetic_data_sessions where org_id = test.org_of('bob');
create function test.around(person text, seed integer) returns text language sql as $$
  select test.fault(format('select auxeira.synthesize_ecosystem(10, 100, %s, ''2026-03-10'', around => array[%L]::uuid[])', seed, test.org_of(person))) $$;
update auxeira.synthesis_limits set most_points = 100;
select matches(test.around('bob', 61), '^ZA429 an organization may have 100 synthetic points, and there would be up to [0-9]{4} [|] hint: Generate fewer, or remove some first[.]$',
          'an ecosystem counts for its first organization, too');
select is(test.synthetic_rows(), (select rows from test.kept), 'one that is too large leaves nothing');
select matches(test.refusal('root', 'admin_create_ecosystem', '{"organizations": 12, "days": 200, "seed": 61}'), '^ZA429 an organization may have 100 ',
               'or for that of whoever has it made');
update auxeira.synthesis_limits set most_points = default, most_generations = 1;
select is(test.around('bob', 62), 'no error', 'within the limits it is made');
select auxeira.remove_synthetic(org => test.org_of('bob')) \g /dev/null
select matches(test.around('bob', 10), '^ZA429 the organization generated 1 times within an hour', 'and not more often than is allowed, before anything is looked at');
select matches(test.refusal('bob', 'generate_synthetic', '{"count": 3}'), '^ZA429 the organization generated 1 times', 'as anything else is');
update auxeira.synthesis_limits set most_generations = default;

-- Whoever knows the seed knows the ids to come.
insert into auxeira.dashboard_metrics (org_id, metric_id, dashboard_type, metric_value, metric_timestamp, is_synthetic)
select test.org_of('bob'), auxeira.synthetic_uuid(64, 'ecosystem/figures/' || test.org_of('bob'), 0, '2026-03-10'), 'startup_founder',
  '{"mrr": "x"}', '2026-03-10', true;
select is(test.around('bob', 64), 'ZA409 a row with the id of one that is to be generated is there already | detail: It is a row of '
  'dashboard_metrics, of Bob Ltd. | hint: Take another seed, or remove that row.', 'a row in the way is named');
select is(test.around('bob', 65), 'no error', 'another seed has other ids');
select auxeira.remove_synthetic(org => test.org_of('bob')) \g /dev/null

-- --- Ways into others' data, and ways to lose one's own ------------------------------------------------------------

select hasnt_function('auxeira', 'synthesize_facts', array['auxeira.synthetic_data_sessions'], 'nobody says under which session facts are made');
select results_eq($$ select pg_get_function_arguments(oid) from pg_proc where proname = 'synthesize_facts' $$, array['parameters jsonb']);
update auxeira.synthesis_limits set most_points = 100;
select matches(test.fault($$ select test.call('ivy', 'generate_synthetic', '{"dataType": "portfolio", "count": 30, "seed": 77, "timeRangeDays": 1200}') $$),
               '^ZA429 an organization may have 100 synthetic points', 'facts count, and too many leave nothing');
select is_empty($$ select from auxeira.synthetic_data_sessions where parameters ->> 'seed' = '77' $$, 'no session either');
update auxeira.synthesis_limits set most_points = default;
select is(test.call('ivy', 'generate_synthetic', '{"dataType": "portfolio", "count": 30, "seed": 77, "timeRangeDays": 1200}') ->> 'success', 'true',
          'within the limits they are made');
select row_counts as counts, session_id as session from auxeira.synthetic_data_sessions where parameters ->> 'seed' = '77' \gset
select isnt(:'counts'::text, '{}', 'and counted in their session');
select org_id as company from auxeira.organizations where synthetic_session = :'session' limit 1 \gset
select matches(test.fault(format('insert into auxeira.investments (org_id, startup_id, investment_type) values (%L, %L, ''equity'')',
                                 test.org_of('ivy'), :'company')),
               '^22023 a real row cannot belong to a synthetic one', 'nothing real hangs on what is removed');
select matches(test.fault(format('insert into auxeira.investment_marks (org_id, investment_id, as_of, fair_value, method, source, currency)
   select org_id, investment_id, ''2020-01-01'', 1, ''cost'', ''self'', ''USD'' from auxeira.investments where session_id = %L limit 1', :'session')),
               '^22023 a real row cannot belong to a synthetic one', 'nor on a synthetic investment');
create function test.ask(person text, startup uuid) returns text language sql as $$
  select test.fault(format('select test.call(%L, ''create_relationship'', %L)', person,
    jsonb_build_object('startupId', startup, 'kind', 'investor'))) $$;
select matches(test.ask(person, :'company'), '^22023 a real row cannot belong to a synthetic one', 'nor a relationship: ' || person)
from unnest('{ivy, venture_capital}'::text[]) person;
select matches(test.fault(format('insert into auxeira.relationships (org_id, startup_id, kind) values (%L, %L, ''investor'')', :'company', test.org_of('ann'))),
               '^22023 a real row cannot belong to a synthetic one', 'nor one of a synthetic organization');
select matches(test.fault(format('select test.call(%L, ''generate_synthetic'', %L)', person, request)), '^22023 .*' || told, told)
from (values ('ivy', '{"dataType": "portfolio", "missingRate": 0.5}', 'missingRate: is for dataType metrics'),
  ('ivy', '{"dataType": "portfolio", "userType": "government"}', 'userType: facts are of the own type'),
  ('ann', '{"asOf": "9000-01-01T00:00:00Z"}', 'asOf: lies in the future')) refused (person, request, told);
create function test.portfolio(seed integer) returns text language plpgsql as $$
declare
  digest text;
begin
  perform auxeira.synthesize_ecosystem(10, 400, seed, '2026-03-10T00:00:00Z');
  select md5(string_agg(md5((to_jsonb(i) - '{created_at,updated_at}'::text[])::text), '' order by investment_id)) into digest
  from auxeira.investments i where i.session_id = auxeira.synthetic_uuid(seed, 'ecosystem');
  raise exception using errcode = 'TOOK1', message = digest;
exception when sqlstate 'TOOK1' then return sqlerrm;
end
$$;
select test.portfolio(99) as digest \gset
set datestyle = 'German';
set timezone = 'Pacific/Auckland';
select is(test.portfolio(99), :'digest'::text, 'the same whatever dates look like and wherever one is');
reset datestyle;
set timezone = 'UTC';

select * from finish();
rollback;
