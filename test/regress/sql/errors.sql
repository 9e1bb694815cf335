-- What a psql user reads when something is refused.
\set SHOW_CONTEXT never
select auxeira.sse_score('{"team": {"q": 2}}');
\echo :SQLSTATE
select auxeira.sse_score('{"team": {"q": "x"}, "luck": {"q": 1}}', 'furlong');
\echo :SQLSTATE
select auxeira.sse_score('[]');
\echo :SQLSTATE
select auxeira.sse_score('{}');
\echo :SQLSTATE
select auxeira.sse_percentile(50, -1, 0, 0);
\echo :SQLSTATE
select * from auxeira.synthetic_metrics('pope', 0, 0, 2, 'up', 1);
\echo :SQLSTATE
select * from auxeira.synthetic_metrics(null);
\echo :SQLSTATE
select auxeira.checked('{"days": "x"}', '{"required": ["name"], "properties": {"days": {"type": "integer"}}}');
\echo :SQLSTATE
set auxeira.org_ids = 'mine';
\echo :SQLSTATE
set auxeira.org_id = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff,6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
\echo :SQLSTATE
set auxeira.sse_missing_policy = 'guess';
\echo :SQLSTATE
set auxeira.anything = 'x';
\echo :SQLSTATE
call auxeira.bind_login('nobody', '6f9619ff-8b86-4d01-b42d-00cf4fc964ff');
\echo :SQLSTATE
select auxeira.api_functions_changed();
\echo :SQLSTATE
set session authorization auxeira_authenticator;
select auxeira.call('{}', 'me', '{}');
\echo :SQLSTATE
select auxeira.call('{"sub": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "sid": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "ver": 1}', 'me', '{}');
\echo :SQLSTATE
select auxeira.call('{}', 'nonsense', '{}');
\echo :SQLSTATE
select auxeira.user_id();
\echo :SQLSTATE
set session authorization default;
set role auxeira_user;
select auxeira.record_sse_score('6f9619ff-8b86-4d01-b42d-00cf4fc964ff', '{"team": {"q": 1}}');
\echo :SQLSTATE
select auxeira.record_action('pivot', 'x');
\echo :SQLSTATE
select * from auxeira.synthetic_months(null, null, 0, 'infinity', 'unicorn', variance => 2, trend => 'up');
select * from auxeira.synthetic_action_times(1, null, 36501, '-infinity', 'shop', null, 'NaN');
select * from auxeira.synthetic_company(1, null, 'unicorn', business_model => 'shop');
select * from auxeira.synthetic_deal('loan', 1, 'x');
select auxeira.synthetic_multiple('loan', 0.5);
select auxeira.synthetic_multiple('vc', 'NaN');
