-- Facts behind the metrics: what rows can be, who writes and reads them, and how the API tells them.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(104);

-- Ann and Bob: startups. Ivy: an investor. Corp: a partner. Root: a government.
select test.register('corp', 'corporate_partner') \g /dev/null
update auxeira.users set email_verified = true;

-- --- What rows can be -----------------------------------------------------------------------------------------------

insert into auxeira.investments (org_id, startup_id, investment_type)
values (test.org_of('ivy'), test.org_of('ann'), 'equity'), (test.org_of('corp'), test.org_of('ann'), 'convertible');
insert into auxeira.partnerships (org_id, startup_id, partnership_type) values (test.org_of('corp'), test.org_of('ann'), 'pilot');
insert into auxeira.programs (org_id, name, kind, starts_on) values (test.org_of('root'), 'Seed fund', 'grant', '2026-01-01');
select i.investment_id as investment from auxeira.investments i where org_id = test.org_of('ivy') \gset
select i.investment_id as foreign_investment from auxeira.investments i where org_id = test.org_of('corp') \gset
select p.partnership_id as partnership from auxeira.partnerships p \gset
select p.program_id as program from auxeira.programs p \gset
select test.org_of('ann') as ann, test.org_of('bob') as bob, test.org_of('ivy') as ivy, test.org_of('corp') as corp,
       test.org_of('root') as root, gen_random_uuid() as nobody \gset

-- A good row of each table; the tests change members of it.
create table test.good (of_table text primary key, fact jsonb);
insert into test.good values
  ('mrr_movements', format('{"org_id": "%s", "month": "2026-01-01", "movement": "new", "amount": 100, "customers": 2}', :'ann')::jsonb),
  ('cash_positions', format('{"org_id": "%s", "month": "2026-01-01", "opening": 1000, "operating_inflow": 100,
    "operating_outflow": 300, "financing": 50, "closing": 850}', :'ann')::jsonb),
  ('headcounts', format('{"org_id": "%s", "month": "2026-01-01", "employees": 5, "hires": 2, "leavers": 1}', :'ann')::jsonb),
  ('investment_cash_flows', format('{"org_id": "%s", "investment_id": "%s", "flow_date": "2026-01-15",
    "flow_type": "contribution", "amount": 1000}', :'ivy', :'investment')::jsonb),
  ('investment_marks', format('{"org_id": "%s", "investment_id": "%s", "as_of": "2026-01-31", "fair_value": 1000,
    "method": "cost"}', :'ivy', :'investment')::jsonb),
  ('benefit_redemptions', format('{"org_id": "%s", "partnership_id": "%s", "startup_id": "%s", "redeemed_at":
    "2026-01-20T12:00:00Z", "benefit": "credits", "list_value": 100, "partner_cost": 20, "startup_saving": 80}',
    :'corp', :'partnership', :'ann')::jsonb),
  ('programs', format('{"org_id": "%s", "name": "Jobs", "kind": "grant", "budget": 1000000, "starts_on": "2026-01-01",
    "ends_on": "2026-12-31", "jobs_target": 50}', :'root')::jsonb),
  ('grants', format('{"org_id": "%s", "program_id": "%s", "startup_id": "%s", "awarded_on": "2026-01-10", "amount": 5000,
    "disbursed": 1000, "jobs_baseline": 3}', :'root', :'program', :'ann')::jsonb);

create function test.insert_of(table_name text, changes jsonb default '{}') returns text language sql stable
begin atomic
  select format('insert into auxeira.%I (%s) select %2$s from jsonb_populate_record(null::auxeira.%1$I, %3$L)', of_table,
                (select string_agg(key, ', ') from jsonb_object_keys(fact || changes) key), fact || changes)
  from test.good where of_table = table_name;
end;

-- What comes of a row; it is taken back.
create function test.outcome(statement text) returns text language plpgsql as $$
begin
  execute statement;
  raise exception using errcode = 'TOOK1';
exception
  when sqlstate 'TOOK1' then return 'stored';
  when others then return sqlstate;
end
$$;

select is(test.outcome(test.insert_of(of_table)), 'stored', 'a row of ' || of_table) from test.good;
select is(test.outcome(test.insert_of(of_table, changes::jsonb)), expected, format('%s with %s', of_table, changes))
from (values
  ('mrr_movements', '{"month": "2026-01-02"}', '23514'), ('mrr_movements', '{"month": "infinity"}', '23514'),
  ('mrr_movements', '{"month": null}', '23502'), ('mrr_movements', '{"movement": "refund"}', '23514'),
  ('mrr_movements', '{"amount": -0.01}', '23514'), ('mrr_movements', '{"amount": "NaN"}', '23514'),
  ('mrr_movements', '{"amount": 10000000000000}', '22003'), ('mrr_movements', '{"customers": -1}', '23514'),
  ('mrr_movements', '{"currency": "usd"}', '23514'), ('mrr_movements', '{"source": "rumour"}', '23514'),
  ('cash_positions', '{"closing": 850.01}', '23514'), ('cash_positions', '{"financing": -900, "closing": -100}', '23514'),
  ('cash_positions', '{"financing": "NaN", "closing": "NaN"}', '23514'), ('cash_positions', '{"opening": -1, "closing": -151}', '23514'),
  ('headcounts', '{"employees": -1}', '23514'), ('headcounts', '{"hires": 7}', '23514'),
  ('investment_cash_flows', '{"amount": 0}', '23514'), ('investment_cash_flows', '{"flow_type": "dividend"}', '23514'),
  ('investment_cash_flows', '{"flow_date": "infinity"}', '23514'),
  ('investment_cash_flows', format('{"investment_id": "%s"}', :'foreign_investment'), '23503'),
  ('investment_marks', '{"fair_value": -1}', '23514'), ('investment_marks', '{"fair_value": 0}', 'stored'),
  ('investment_marks', '{"method": "hope"}', '23514'),
  ('investment_marks', format('{"investment_id": "%s"}', :'foreign_investment'), '23503'),
  ('benefit_redemptions', format('{"startup_id": "%s"}', :'bob'), '23503'), ('benefit_redemptions', '{"benefit": ""}', '23514'),
  ('benefit_redemptions', '{"partner_cost": -1}', '23514'),
  ('programs', '{"ends_on": "2025-12-31"}', '23514'), ('programs', '{"budget": -1}', '23514'),
  ('grants', '{"disbursed": 5000.01}', '23514'), ('grants', '{"status": "lost"}', '23514'), ('grants', '{"amount": 0}', '23514'),
  ('grants', format('{"startup_id": "%s"}', :'root'), '23514'), ('grants', format('{"program_id": "%s"}', :'nobody'), '23503')
) as bad (of_table, changes, expected);
select is_empty($$
  select of_table, changes, test.outcome(test.insert_of(of_table, changes::jsonb)) from test.good, (values
    ('{"is_synthetic": true}'), ('{"source": "synthetic"}'), ('{"session_id": "00000000-0000-0000-0000-000000000001"}')) c (changes)
  where test.outcome(test.insert_of(of_table, changes::jsonb)) <> '23514' $$, 'what is synthetic says so throughout');
select is_empty($$
  select of_table from test.good where test.outcome(test.insert_of(of_table,
    '{"is_synthetic": true, "source": "synthetic", "session_id": "00000000-0000-0000-0000-000000000001"}')) <> 'stored' $$,
  'and then is stored');
select is(test.outcome(statement), expected, name) from (values
  ('an organization has closed after it was founded', format('update auxeira.organizations set founded_on = ''2026-01-02'',
    closed_on = ''2026-01-01'' where org_id = %L', :'ann'), '23514'),
  ('an organization sells to somebody', 'update auxeira.organizations set business_model = ''b2x''', '23514'),
  ('a real organization is of no session', 'update auxeira.organizations set synthetic_session = org_id', '23514')) u (name, statement, expected);

-- --- Who writes ---------------------------------------------------------------------------------------------------------

create role auxeira_test_login in role auxeira_user;
grant select on test.good to public;
create function test.by_login(person text, statement text) returns text language plpgsql as $$
declare
  outcome text;
begin
  perform set_config('auxeira.bound_user_id', test.user_of(person)::text, true);
  set local session authorization auxeira_test_login;
  outcome := test.outcome(statement);
  set local session authorization default;
  set local auxeira.bound_user_id = '';
  return outcome;
end
$$;

create table test.writers as
  select of_table, case of_table when 'programs' then 'root' when 'investment_cash_flows' then 'ivy' when 'investment_marks' then 'ivy'
                   else 'ann' end as own
  from test.good where of_table not in ('grants', 'benefit_redemptions');
select is(test.by_login(own, test.insert_of(of_table)), 'stored', format('%s stores %s', own, of_table)) from test.writers;
select is_empty($$
  select of_table, person from test.writers, unnest(array['ann', 'bob', 'ivy', 'root', 'corp', 'vic']) person
  where person <> own and test.by_login(person, test.insert_of(of_table)) <> '42501' $$, 'for nobody else, and no viewer for anybody');
select is_empty($$
  select of_table, changes from test.writers, (values ('{"source": "document"}'), ('{"is_synthetic": false}'), ('{"session_id": null}'),
    ('{"created_at": "2020-01-01"}')) c (changes)
  where test.by_login(own, test.insert_of(of_table, changes::jsonb)) <> '42501' $$,
  'what one writes is real, one''s own word, and of now');
select is(test.by_login('ivy', test.insert_of('investment_marks', format('{"investment_id": "%s"}', :'foreign_investment')::jsonb)), '23503',
          'an investment of another is as good as none');
select is(test.by_login('corp', test.insert_of('benefit_redemptions')), '42501', 'redemptions name a startup: by functions alone');
select is(test.by_login('root', test.insert_of('grants')), '42501', 'grants too');

create function test.by_call(person text, statement text) returns jsonb language sql as $$
  select test.call(person, 'attempt', jsonb_build_object('statement', statement)) $$;
create function auxeira_api.attempt(request jsonb) returns json language plpgsql as $$
declare
  answer json;
begin
  execute request ->> 'statement' into answer;
  return answer;
end
$$;
grant execute on function auxeira_api.attempt(jsonb) to auxeira_user;
insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values ('attempt', 'user', 200, false, 'account');
create function test.denied(person text, statement text) returns text language sql as $$
  select test.refusal(person, 'attempt', jsonb_build_object('statement', statement)::text) $$;

set session authorization auxeira_authenticator;
select test.by_call('corp', format('select to_json(auxeira.record_redemption(%L, ''credits'', 100, 20, 80, ''2026-01-20T23:00:00Z''))',
                                   :'partnership')) as redeemed \gset
select is(:'redeemed'::jsonb - '{redemption_id,created_at}'::text[], format('{"org_id": "%s", "partnership_id": "%s", "startup_id": "%s",
  "redeemed_at": "2026-01-20T23:00:00+00:00", "benefit": "credits", "list_value": 100.00, "partner_cost": 20.00, "startup_saving": 80.00,
  "currency": "USD", "source": "self", "is_synthetic": false, "session_id": null}', :'corp', :'partnership', :'ann')::jsonb,
  'a partner records what the startup took up');
select is(test.denied(person, format('select to_json(auxeira.record_redemption(%L, ''x'', %s, 1, 1))', id, value)), expected, 'a redemption by ' || who)
from (values
  ('corp', :'nobody', 1, 'P0002 partnership not found', 'a partner, of no partnership'),
  ('ann', :'partnership', 1, '42501 your role or type of user does not allow this', 'the startup'),
  ('ivy', :'partnership', 1, '42501 your role or type of user does not allow this', 'an investor')) as r (person, id, value, expected, who);
select test.by_call('root', format('select to_json(auxeira.record_grant(%L, %L, 5000, ''2026-01-10'', 3))', :'program', :'ann')) as granted \gset
select is(:'granted'::jsonb - '{grant_id,created_at}'::text[], format('{"org_id": "%s", "program_id": "%s", "startup_id": "%s",
  "awarded_on": "2026-01-10", "amount": 5000.00, "disbursed": 0.00, "currency": "USD", "status": "awarded", "jobs_baseline": 3,
  "source": "self", "is_synthetic": false, "session_id": null}', :'root', :'program', :'ann')::jsonb, 'a government records a grant');
select is(test.call('ann', 'list_relationships') #>> '{data,relationships,0,kind}', 'grantor', 'which asks the startup for a relationship');
select is(test.denied(person, format('select to_json(auxeira.record_grant(%L, %L, 1))', program, startup)), expected, 'a grant by ' || who)
from (values
  ('root', :'nobody', :'ann', 'P0002 program not found', 'a government, of no program'),
  ('root', :'program', :'ivy', 'P0002 startup not found', 'a government, to no startup'),
  ('ivy', :'program', :'ann', '42501 your role or type of user does not allow this', 'a fund'),
  ('ann', :'program', :'ann', '42501 your role or type of user does not allow this', 'a startup')) as g (person, program, startup, expected, who);
reset session authorization;

-- --- Who reads, over the API --------------------------------------------------------------------------------------------

select test.insert_of(of_table) from test.good where of_table in ('mrr_movements', 'cash_positions', 'headcounts', 'investment_cash_flows',
  'investment_marks') \gexec
select test.insert_of('mrr_movements', jsonb_build_object('month', make_date(2025, n, 1), 'amount', n)) from generate_series(1, 12) n \gexec
select test.insert_of('investment_marks', format('{"org_id": "%s", "investment_id": "%s"}', :'corp', :'foreign_investment')::jsonb) \gexec
select test.insert_of('mrr_movements', '{"month": "2024-12-01", "is_synthetic": true, "source": "synthetic"}') \gexec
insert into auxeira.relationships (org_id, startup_id, kind, status, scopes, decided_at)
values (test.org_of('ivy'), test.org_of('ann'), 'investor', 'accepted', '{scores}', now());

create function test.facts(person text, kind text, more jsonb default '{}') returns jsonb language sql as $$
  select test.call(person, 'list_facts', jsonb_build_object('kind', kind) || more) -> 'data' $$;
create function test.of(person text) returns jsonb language sql stable as $$ select jsonb_build_object('organizationId', test.org_of(person)) $$;

set session authorization auxeira_authenticator;
select is(test.facts('ann', 'cash-positions') #- '{facts,0,createdAt}', format('{"kind": "cash-positions", "count": 1, "facts": [
  {"organizationId": "%s", "month": "2026-01-01", "opening": 1000.00, "operatingInflow": 100.00, "operatingOutflow": 300.00,
   "financing": 50.00, "closing": 850.00, "currency": "USD", "source": "self", "isSynthetic": false}]}', :'ann')::jsonb, 'a fact as the API tells it');
select is(test.refusal('bob', 'list_facts', (jsonb_build_object('kind', kind) || test.of('ann'))::text), 'P0002 organization not found',
          'of a startup that one is not related to: ' || kind) from unnest(array['headcounts', 'grants']) kind;
select is(test.refusal('ivy', 'list_facts', (test.of('ann') || '{"kind": "mrr-movements"}')::text), 'P0002 organization not found',
          'or that opened something else');
reset session authorization;
update auxeira.relationships set scopes = '{metrics}' where status = 'accepted';
set session authorization auxeira_authenticator;
select is(test.facts('ivy', kind, test.of('ann')) -> 'count', to_jsonb(number), 'open metrics open ' || kind)
from (values ('mrr-movements', 14), ('cash-positions', 1), ('headcounts', 1)) k (kind, number);
select is(test.refusal('ivy', 'list_facts', (test.of('ann') || '{"kind": "grants"}')::text), 'P0002 organization not found', 'and no grants');
select is((select string_agg(f ->> 'month', ' ') from jsonb_array_elements(test.facts('ann', 'mrr-movements', request::jsonb) -> 'facts') f), expected,
          'MRR movements ' || request)
from (values
  ('{"from": "2025-11-30T00:00:00Z"}', '2026-01-01 2025-12-01'), ('{"from": "2025-01-01T00:00:00Z", "to": "2025-02-01T00:00:00Z"}', '2025-02-01 2025-01-01'),
  ('{"to": "2025-01-01T00:00:00Z"}', '2025-01-01 2024-12-01'),
  ('{"to": "2025-01-01T00:00:00Z", "includeSynthetic": false}', '2025-01-01'),
  ('{"limit": 2}', '2026-01-01 2025-12-01'), ('{"limit": 1, "to": "2025-12-31T00:00:00Z"}', '2025-12-01')) as requests (request, expected);
select is((test.facts('ann', 'redemptions') #> '{facts,0}') - '{redemptionId,createdAt}'::text[],
  format('{"organizationId": "%s", "startupId": "%s", "redeemedAt": "2026-01-20T23:00:00+00:00", "benefit": "credits", "listValue": 100.00,
    "startupSaving": 80.00, "currency": "USD", "source": "self", "isSynthetic": false}', :'corp', :'ann')::jsonb,
  'a startup reads what it took up, and neither what it cost the partner nor which row of the partner''s it belongs to');
select is(test.facts('corp', 'redemptions') #> '{facts,0}' @> format('{"partnershipId": "%s", "partnerCost": 20.00}', :'partnership')::jsonb, true,
          'the partner reads that too');
select is(test.by_call(person, 'select to_json(count(*)) from auxeira.benefit_redemptions')::text, rows, format('the table itself, for %s', person))
from (values ('corp', '1'), ('ann', '0')) as r (person, rows);
select is(test.facts(person, 'grants') #>> '{facts,0,programId}', expected, format('the program of a grant, for %s', person))
from (values ('root', :'program'), ('ann', null)) as g (person, expected);
select is(test.facts('bob', kind) -> 'count', '0', 'another startup reads none: ' || kind) from unnest(array['grants', 'redemptions']) kind;
select is((test.facts('ivy', 'marks', format('{"investmentId": "%s"}', id)::jsonb)) -> 'count', to_jsonb(number), 'marks of ' || which)
from (values (:'investment', 1, 'an investment'), (:'foreign_investment', 0, 'an investment of another')) m (id, number, which);
select is(test.refusal('ann', 'list_facts', '{"kind": "users", "more": 1}'), test.spelled(E'22023 invalid request | detail: kind: "users" is not one of '
  'mrr-movements, cash-positions, headcounts, cash-flows, marks, redemptions, programs, grants, assumptions\n'
  'more: this field is not known here'), 'kinds are those that there are');

-- --- Assumptions ----------------------------------------------------------------------------------------------------------

select is(jsonb_path_query_array(test.facts('vic', 'assumptions'), '$.facts[*] ? (@.key == "job_multiplier").value'), '[1]',
          'everybody who is signed in reads the assumptions');
reset session authorization;
select is(test.outcome('set local role auxeira_anonymous; select * from auxeira.assumptions'), '42501', 'nobody else does');
select is(test.by_login('ann', 'insert into auxeira.assumptions values (''x'', 1, 1, 1, ''x'', ''x'')'), '42501', 'and no member makes one');
select is(test.outcome('insert into auxeira.assumptions values (''x'', 3, 1, 2, ''x'', ''x'')'), '23514', 'a value is in its range');
insert into auxeira.assumptions values ('job_multiplier', 1.6, 1, 5, 'jobs per direct job', 'a study', '2026-01-01');
select is((auxeira.assumption('job_multiplier', day::date)).value, value, 'the assumption of ' || day)
from (values ('2025-12-31', 1), ('2026-01-01', 1.6), ('2030-01-01', 1.6)) d (day, value);
select is(auxeira.assumption('no_such'), null, 'what nobody assumed is NULL');
select is((select sum(value) from auxeira.assumptions where key like 'ecosystem_weight_%'), 1.0, 'weights of industries sum to 1');

-- --- What goes with what -------------------------------------------------------------------------------------------------

delete from auxeira.investments where org_id = test.org_of('ivy');
select is((select count(*) from auxeira.investment_cash_flows) + (select count(*) from auxeira.investment_marks where org_id = test.org_of('ivy')),
          0::bigint, 'flows and marks go with their investment');
delete from auxeira.organizations where org_id = test.org_of('ann');
select is_empty($$
  select org_id from auxeira.mrr_movements union all select org_id from auxeira.cash_positions union all select org_id from auxeira.headcounts
  union all select org_id from auxeira.benefit_redemptions union all select org_id from auxeira.grants $$,
  'and all facts with the organization that they are of or name');

select * from finish();
rollback;
