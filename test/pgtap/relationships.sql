-- Relationships: who proposes, who decides, what is opened, how it ends; investments and partnerships; documents and
-- integrations. Who may see what is in visibility.sql.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(53);

select test.register('corp', 'corporate_partner'), test.register('gov', 'government') \g /dev/null
insert into auxeira.user_organizations (org_id, user_id, role)
select test.org_of('ivy'), test.user_of('corp'), 'viewer';

-- The answer's data, or one member of it.
create function test.data(person text, api_function text, request jsonb, member text default null) returns text
  language sql as $$ select case when member is null then test.call(person, api_function, request) ->> 'data'
                            else test.call(person, api_function, request) -> 'data' ->> member end $$;
create function test.statuses(person text) returns text language sql as $$
  select string_agg(format('%s %s %s %s', r ->> 'kind', r ->> 'status', coalesce(r ->> 'startupName', '-'),
                           coalesce(r ->> 'organizationName', '-')), ', ' order by r ->> 'kind')
  from jsonb_array_elements(test.call(person, 'list_relationships') -> 'data' -> 'relationships') r $$;
create function test.decide(person text, api_function text, relationship text, scopes text default null) returns text
  language sql as $$ select test.refusal(person, api_function, (jsonb_build_object('relationshipId', relationship)
    || case when scopes is null then '{}' else jsonb_build_object('scopes', scopes::jsonb) end)::text) $$;
create function test.ask(person text, startup text, kind text) returns text language sql as $$
  select test.data(person, 'create_relationship', jsonb_build_object('startupId', test.org_of(startup), 'kind', kind),
                   'relationshipId') $$;
create function test.request(startup text, others jsonb) returns text language sql stable
  return (jsonb_build_object('startupId', test.org_of(startup)) || others)::text;

insert into auxeira.sse_scores (org_id, version, total_score, raw_score, status, component_scores, percentile,
  success_probability, explanation, cohort, coverage, band, scale, missing_policy, formula_version, input_hash,
  data_quality_score, confidence_level)
values (test.org_of('ann'), 1, 50, 50, 'scored', '{}', 50, 0.1, '{}', '{}', 1, 1, 'unit', 'zero', 'test', sha256(''), 1, 1);
create function test.sees_score(person text) returns boolean language sql as $$
  select test.refusal(person, 'get_sse_score', test.request('ann', '{}')) = 'no error' $$;
create function test.sees_metrics(person text) returns boolean language sql as $$
  select test.refusal(person, 'get_metrics', jsonb_build_object('organizationId', test.org_of('ann'))::text) = 'no error' $$;

set session authorization auxeira_authenticator;

-- --- Proposing --------------------------------------------------------------------------------------------------

select test.ask('ivy', 'ann', 'investor') as asked \gset
select is(test.statuses('ivy'), 'investor proposed - ivy', 'the proposer does not learn so much as a name');
select is(test.statuses('ann'), 'investor proposed Ann Ltd ivy', 'the startup sees who asks');
select is(test.statuses('vic'), 'investor proposed Ann Ltd ivy', 'so does whoever views the startup');
select is(test.statuses('bob'), null, 'nobody else sees anything');
select ok(not test.sees_score('ivy') and not test.sees_metrics('ivy'), 'a proposal opens nothing');
select is(test.ask('ivy', 'ann', 'investor'), :'asked', 'asking twice is asking once');
select is(test.refusal('ann', 'create_relationship', test.request('bob', '{"kind": "investor"}')),
          '42501 your role or type of user does not allow this', 'startups do not propose');
select is(test.refusal('corp', 'create_relationship', test.request('ann', '{"kind": "grantor"}')),
          '42501 your type of user does not propose this kind of relationship', 'nor everybody every kind');
select is(test.refusal('ivy', 'create_relationship', test.request('ivy', '{"kind": "investor"}')),
          'P0002 startup not found', 'only startups are asked');
select is(test.refusal('ivy', 'create_relationship',
                       '{"startupId": "00000000-0000-0000-0000-000000000001", "kind": "investor"}'),
          'P0002 startup not found', 'of whom there is one');
select is(test.refusal('ivy', 'create_relationship', '{"kind": "friend", "scopes": ["scores"]}'),
          'ZA400 Missing required field: startupId | detail: kind: "friend" is not one of investor, partner, grantor'
          || E'\nstartupId: this field is required\nscopes: this field is not known here', 'every fault is named');

-- --- Deciding ---------------------------------------------------------------------------------------------------

select is(test.decide(person, 'accept_relationship', :'asked', '["scores"]'), expected, 'accepting as ' || who)
from (values ('ivy', '42501 this needs an administrator of the organization', 'the proposer'),
             ('vic', '42501 this needs an administrator of the organization', 'a viewer of the startup'),
             ('bob', 'P0002 relationship not found', 'a stranger')) as decider (person, expected, who);
select is(test.decide('ann', 'accept_relationship', :'asked', '["everything"]'),
          test.spelled('22023 invalid request | detail: scopes[0]: "everything" is not one of scores, metrics, documents'),
          'a scope that is none');
select is(test.decide('ann', 'accept_relationship', :'asked', '["scores"]'), 'no error', 'the startup accepts');
select is(test.statuses('ivy'), 'investor accepted Ann Ltd ivy', 'now there is a name');
select ok(test.sees_score('ivy') and not test.sees_metrics('ivy'), 'and what was opened, nothing else');
select ok(test.sees_score('corp'), 'whoever views the investor''s organization reads with it');
select is(test.decide('ann', 'accept_relationship', :'asked', '["metrics"]'), 'no error', 'scopes are changed');
select ok(not test.sees_score('ivy') and test.sees_metrics('ivy'), 'and count from the next call on');
select is(test.refusal('ivy', 'calculate_sse', test.request('ann', '{"responses": {"team": {"a": 1}}}')),
          'P0002 startup not found', 'reading is not writing');
select is(test.refusal('ivy', 'create_metrics', format('{"organizationId": %s, "metrics": [{"dashboard_type":
  "startup_founder", "metric_timestamp": "2026-01-01T00:00:00Z", "metrics": {"a": 1}}]}', to_json(test.org_of('ann')))),
          'no error', 'what the investor writes');
select is(jsonb_array_length(test.call('ann', 'get_metrics', '{"days": 36500}') -> 'data' -> 'metrics'), 0, 'is its own');

select test.ask('corp', 'ann', 'partner') as partner \gset
select is(test.decide('ann', 'accept_relationship', :'partner', '["documents", "scores"]'),
          test.spelled('22023 invalid request | detail: scopes: documents cannot be opened to a relationship of kind partner'),
          'the matrix bounds what a kind can be opened');
select is(test.decide('ann', 'decline_relationship', :'partner'), 'no error', 'the startup declines');
select is(test.decide('ann', 'accept_relationship', :'partner', '[]'), 'ZA409 the relationship is declined',
          'which cannot be taken back');
select is(test.refusal('corp', 'create_relationship', test.request('ann', '{"kind": "partner"}')),
          'ZA409 the startup declined this within the last 30 days', 'and is not asked again at once');
reset session authorization;
update auxeira.relationships set decided_at = now() - interval '31 days' where status = 'declined';
set session authorization auxeira_authenticator;
select is(test.refusal('corp', 'create_relationship', test.request('ann', '{"kind": "partner"}')), 'no error',
          'after 30 days it is');

-- --- Ending -----------------------------------------------------------------------------------------------------

select is(test.decide(person, 'end_relationship', :'asked'), expected, 'ending as ' || who)
from (values ('vic', '42501 this needs an administrator of the organization', 'a viewer of the startup'),
             ('bob', 'P0002 relationship not found', 'a stranger')) as ender (person, expected, who);
select is(test.decide('ann', 'end_relationship', :'asked'), 'no error', 'the startup ends it');
select ok(not test.sees_score('ivy') and not test.sees_metrics('ivy'), 'and everything is closed at once');
select is(test.statuses('ivy'), 'investor ended - ivy', 'the name too');
select is(test.decide('ann', 'end_relationship', :'asked'), 'ZA409 the relationship is ended', 'it ends once');
select is(test.decide('ann', 'accept_relationship', :'asked', '["scores"]'), 'ZA409 the relationship is ended',
          'and is not revived');
select test.ask('ivy', 'ann', 'investor') as again \gset
select isnt(:'again'::text, :'asked'::text, 'it can be proposed anew');
select is(test.decide('ivy', 'end_relationship', :'again'), 'no error', 'and withdrawn by who proposed it');
select is(test.statuses('bob'), null, 'a stranger has seen nothing of all this');

-- --- Investments and partnerships ---------------------------------------------------------------------------------

select is(test.refusal('ivy', 'create_investment', test.request('ann', '{"investmentType": "equity", "amount": 1000,
  "currency": "usd", "equityPercentage": 5, "investmentDate": "2026-01-02T00:00:00Z"}')), 'no error', 'an investment');
select results_eq($$ select i ->> 'amount', i ->> 'currency', i ->> 'investmentDate', i ->> 'startupName'
                     from jsonb_array_elements(test.call('ivy', 'list_investments') -> 'data' -> 'investments') i $$,
                  $$ values ('1000.00', 'USD', '2026-01-02', null::text) $$, 'is listed, without the name of a stranger');
select is(test.statuses('ann') like '%investor proposed Ann Ltd ivy%', true, 'and asks the startup');
select ok(not test.sees_score('ivy'), 'it opens nothing by itself');
select is(test.refusal('corp', 'create_partnership', test.request('ann', '{"partnershipType": "pilot"}')), 'no error',
          'a partnership');
select is(test.data('corp', 'list_partnerships', '{}') ~ '"partnershipType" ?: ?"pilot"', true, 'is listed');
select is(test.refusal('gov', 'create_investment', test.request('ann', '{"investmentType": "equity"}')),
          '42501 your role or type of user does not allow this', 'governments do not invest');

-- --- Documents and integrations -----------------------------------------------------------------------------------

select is(test.refusal('ann', 'create_document', '{"title": "Deck", "kind": "pitch_deck", "url": "http://x.example/a"}'),
          test.spelled('22023 invalid request | detail: url: must begin with https://'), 'a document is reached safely');
select is(test.refusal('ann', 'create_document', '{"title": "Deck", "kind": "pitch_deck", "url": "https://x.example/a"}'),
          'no error', 'a document');
select is(test.refusal('vic', 'create_document', '{"title": "Deck", "kind": "pitch_deck", "url": "https://x.example/a"}'),
          '42501 new row violates row-level security policy for table "documents"', 'not by a viewer');
select test.data('ann', 'create_integration', '{"serviceName": "books", "serviceType": "accounting"}', 'integrationId') as books \gset
select is(test.refusal('ann', 'create_integration', '{"serviceName": "books", "serviceType": "accounting"}'),
          'ZA409 the organization has a connection of this name already', 'an integration is made once');
select is(test.refusal('ann', 'store_integration_credentials',
                       jsonb_build_object('integrationId', :'books', 'sealedCredentials', '00ff')::text), 'no error',
          'and has credentials');
select is(test.refusal('bob', 'store_integration_credentials',
                       jsonb_build_object('integrationId', :'books', 'sealedCredentials', '00')::text),
          'P0002 integration not found', 'that nobody else sets');
reset session authorization;
select is((select sealed from auxeira.integration_credentials), '\x00ff'::bytea, 'they are kept as they were sealed');

select * from finish();
rollback;
