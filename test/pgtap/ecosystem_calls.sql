-- Who may have synthetic ecosystems and facts, what is refused, and that nothing real hangs on them.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
\ir support/synthetic.sql
select plan(61);

-- --- Bad input -----------------------------------------------------------------------------------------------------------

select is(test.fault('select auxeira.synthesize_ecosystem(' || arguments || ')'),
          '22023 invalid parameters for synthetic data | detail: ' || fault, arguments)
from (values
  ('9', 'organizations: a number from 10 to 1000 is expected'),
  ('null', 'organizations: a number from 10 to 1000 is expected'),
  ('40, 0', 'days: a number from 1 to 7305 (20 years) is expected'),
  ('40, 10, 1, ''infinity''', 'as_of: a time that is not to come is expected'),
  ('40, 10, 1, ''0099-01-01''', 'as_of: a time that is not to come is expected'),
  ('40, 10, 1, now() + interval ''1 day''', 'as_of: a time that is not to come is expected'),
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
               '^ZA409 ', 'once');
select matches(test.refusal('ann', 'admin_create_ecosystem'), '^42501 ', 'nobody else does');
select matches(test.refusal('root', 'admin_create_ecosystem', '{"organizations": 101}'), '^22023 invalid request: organizations', 'a hundred at most');
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

select test.register(kind, kind) from unnest(enum_range(null::auxeira.user_type)::text[]) kind \g /dev/null
create table test.facts (kind text, data_type text, rows_of text, generated integer);
create function test.generate(kind text, data_type text) returns text language sql as $$
  select jsonb_build_object('dataType', data_type, 'count', 14, 'timeRangeDays', 700, 'seed', 3, 'asOf', '2026-03-10T00:00:00Z')::text
$$;
grant select, insert on test.facts to public;
set local role auxeira_authenticator;
insert into test.facts
select v.kind, v.data_type, v.rows_of,
  (test.call(v.kind, 'generate_synthetic', test.generate(v.kind, v.data_type)::jsonb) #>> '{data,generated}')::integer
from (values
  ('startup_founder', 'history', 'mrr_movements'), ('startup_founder', 'actions', 'actions'), ('startup_founder', 'scores', 'sse_scores'),
  ('startup_founder', 'integrations', 'integration_data'), ('venture_capital', 'portfolio', 'investment_marks'),
  ('angel_investor', 'investments', 'investment_cash_flows'), ('corporate_partner', 'partnerships', 'benefit_redemptions'),
  ('government', 'ecosystem', 'grants'), ('esg_funder', 'sustainability', 'dashboard_metrics'),
  ('impact_investor', 'impact', 'dashboard_metrics')) v (kind, data_type, rows_of);
select matches(test.refusal(kind, 'generate_synthetic', test.generate(kind, data_type)), '^ZA409 ', data_type || ': the same again is refused')
from test.facts;
select matches(test.refusal('government', 'generate_synthetic', test.generate('government', t)), '^22023 invalid request: data_type',
               t || ' is not a government''s')
from unnest(array['portfolio', 'partnerships', 'history', 'impact']) t;
select matches(test.refusal('government', 'generate_synthetic', '{"dataType": "ecosystem", "count": 501}'), '^22023 invalid request: count',
               'five hundred companies at most');
reset role;
create function test.own_rows(kind text, rows_of text) returns bigint language plpgsql as $$
declare
  counted bigint;
begin
  execute format('select count(*) from auxeira.%I where org_id = %L and is_synthetic', rows_of, test.org_of(kind)) into counted;
  return counted;
end
$$;
select cmp_ok(test.own_rows(kind, rows_of), '>', 0::bigint, format('%s of a %s: rows in %s', data_type, kind, rows_of)) from test.facts;
select is((select count(*) from auxeira.relationships r join auxeira.organizations o on o.org_id = r.startup_id
           where r.is_synthetic and not o.is_synthetic), 0::bigint, 'no real company is drawn into it');
create table test.facts_left as
select auxeira.remove_synthetic(org => test.org_of(kind)) from (select distinct kind from test.facts) f;
select is(test.synthetic_rows(), 0::bigint, 'nothing synthetic is left');

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

-- --- Ways into others' data, and ways to lose one's own ------------------------------------------------------------

select hasnt_function('auxeira', 'synthesize_facts', array['auxeira.synthetic_data_sessions'], 'nobody says under which session facts are made');
select results_eq($$ select pg_get_function_arguments(oid) from pg_proc where proname = 'synthesize_facts' $$, array['parameters jsonb']);
update auxeira.synthesis_limits set most_points = 100;
select matches(test.fault($$ select test.call('ivy', 'generate_synthetic', '{"dataType": "portfolio", "count": 5, "seed": 77}') $$),
               '^ZA429 an organization may have 100 synthetic points', 'facts count, and too many leave nothing');
select is_empty($$ select from auxeira.synthetic_data_sessions where parameters ->> 'seed' = '77' $$, 'no session either');
update auxeira.synthesis_limits set most_points = default;
select is(test.call('ivy', 'generate_synthetic', '{"dataType": "portfolio", "count": 5, "seed": 77, "timeRangeDays": 400}') ->> 'success', 'true',
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
