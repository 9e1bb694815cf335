-- The quality report of returns: those of a large ecosystem pass, other ones are found, and of few there is nothing to say.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
set local client_min_messages = error;
set local timezone = 'UTC';
set local datestyle = 'ISO, MDY';

create table test.plans as
select row(test.org_of('root'), gen_random_uuid(), 7, 'returns', '2026-03-01', 120, 3652, 0.2, null, null, null)::auxeira.ecosystem_plan as plan;
create function test.session() returns uuid language sql stable return (select (plan).session_id from test.plans);
insert into auxeira.synthetic_data_sessions (org_id, session_id, parameters, status)
values (test.org_of('root'), test.session(), '{"data_type": "ecosystem"}', 'completed');
select auxeira.make_organizations(plan, auxeira.cast_of(900)) from test.plans \g /dev/null
select auxeira.store_investments(plan) from test.plans \g /dev/null
analyze;

-- What is measured, and whether it passes, after a statement whose effects are taken back.
create function test.returns(statement text default 'select') returns text[] language plpgsql as $$
declare
  found text[];
begin
  execute statement;
  found := array(select f.property || ' of ' || f.subject || case when f.passed then '' else ' fails' end
                 from auxeira.report_of_returns(test.session()) f order by 1);
  raise exception using errcode = 'TOOK1', message = found::text;
exception when sqlstate 'TOOK1' then return sqlerrm::text[];
end
$$;

select plan(10);
select is(test.returns(), '{"R23 gains of angels","R23 gains of funds","R23 losses of angels","R23 losses of funds","R23 tenfold of angels","R23 tenfold of funds"}',
          'a large ecosystem returns what deals return');
select ok(finding || ' fails' = any (test.returns(format('update auxeira.investment_cash_flows set amount = amount * %s
    where flow_type = ''distribution''', factor))), what || ': ' || finding)
from (values ('half of it comes back', 0.5, 'R23 gains of angels'), ('of funds, too', 0.5, 'R23 gains of funds'),
             ('a quarter of it comes back', 0.25, 'R23 losses of angels'), ('a third of it comes back', 0.33, 'R23 losses of funds'),
             ('ten times as much', 10, 'R23 tenfold of angels'), ('of funds as well', 10, 'R23 tenfold of funds')) spoiling (what, factor, finding);
select is((select count(*) from auxeira.report_deals(test.session()) where years < 0.5 - 1.0 / 12), 0::bigint, 'nobody is out within half a year');
select cmp_ok((select count(distinct round(multiple::numeric, 2)) from auxeira.report_deals(test.session()) where multiple > 0), '>', 100::bigint,
              'deals return different multiples');
delete from auxeira.organizations o using auxeira.synthetic_members m where m.org_id = o.org_id and m.kind = 'startup' and m.place > 60;
select is(test.returns(), '{}', 'of few deals there is nothing to say');
select * from finish();
rollback;
