-- The columns of what people with a SQL client call: names, types and order are the contract.
select * from auxeira.synthetic_metrics('startup_founder', 3, 30, 0.2, 'stable', 42, '2026-03-01T00:00:00Z') \gdesc
select * from auxeira.synthetic_catalogue() \gdesc
select * from auxeira.synthetic_months(42, null, 3) \gdesc
select (auxeira.sse_score('{"team": {"q": 0.5}}')).* \gdesc
select auxeira.sse_total('{"team": {"q": 0.5}}') \gdesc
select auxeira.sse_percentile(50, 10, 5, 1) \gdesc
select auxeira.sse_change('{}', '{}') \gdesc
select * from auxeira.call('{}', 'health', '{}') \gdesc
select auxeira.user_id(), auxeira.session_id(), auxeira.org_id(), auxeira.readable_org_ids(), auxeira.writable_org_ids() \gdesc
select auxeira.checked('{}', '{}') \gdesc
select * from auxeira.register_user(null, null, null, null, null) \gdesc
select * from auxeira.open_session(null, null, null, null) \gdesc
select * from auxeira.rotate_session(null, null, null) \gdesc
select * from auxeira.begin_login(null, null) \gdesc
select * from auxeira.own_account(null, null) \gdesc
select * from auxeira.switch_organization(null, null, null) \gdesc
select * from auxeira.reset_context(null) \gdesc
select * from auxeira.take_mail(null) \gdesc
