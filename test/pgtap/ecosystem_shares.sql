-- Which part of a company its investors hold: what they bought, less what later rounds sold to others. Over several ecosystems.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
set local client_min_messages = error;
select plan(8);

-- One fund of each kind for all companies of ten years: they go along in most of the rounds.
create table test.funds as
select seed, kind, md5(kind::text || seed)::uuid as org_id
from generate_series(71, 74) seed, unnest('{venture_capital, angel_investor, esg_fund, impact_fund}'::auxeira.organization_type[]) kind;
insert into auxeira.organizations (org_id, name, org_type, founded_on) select org_id, 'Fund', kind, '2015-01-01' from test.funds;
create table test.made as
select seed, array_agg(org_id order by kind) as funds,
  row((array_agg(org_id))[1], gen_random_uuid(), seed, 'shares', '2026-03-28', 120, 64, 0.2, null, 'investments', null)::auxeira.ecosystem_plan as plan
from test.funds group by seed;
select auxeira.build_facts(plan, '{"startup": 60}', funds) from test.made \g /dev/null

create table test.rounds as
select m.seed, r.startup_id, r.round, r.closed_on, r.price, r.post_money from test.made m cross join lateral auxeira.rounds_of(m.plan) r;
create table test.shares as
select i.startup_id, i.investment_id, i.equity_percentage as bought, i.investment_date, s.*, r.part
from test.made m
  join auxeira.investments i on i.session_id = (m.plan).session_id and i.status <> 'pipeline'
  cross join lateral auxeira.shares_of(i) s
  -- From the model itself, which counts shares: those of the investor, of all that there are after the round.
  left join lateral (
    select 100 * i.amount / own.price / (r.post_money / r.price) as part
    from test.rounds own join test.rounds r using (seed, startup_id)
    where seed = m.seed and startup_id = i.startup_id and own.round = (i.terms ->> 'round')::integer and r.closed_on = s.since) r on true;
create table test.sums as
select d.startup_id, d.since as day, sum(s.share) as held, sum(s.bought) as bought
from (select distinct startup_id, since from test.shares) d
  join test.shares s on s.startup_id = d.startup_id and d.since >= s.since and (s.until is null or d.since < s.until)
group by d.startup_id, d.since;

select cmp_ok((select max(bought) from test.sums), '>', 100::numeric, 'what was bought of a company adds up to more than all of it');
select is_empty('select * from test.sums where held > 100', 'what is held does not, at any time');
select cmp_ok((select count(distinct startup_id) from test.sums), '>=', 100::bigint, 'of many companies');
select is_empty($$ select * from test.shares where part is null or abs(share / part - 1) > 0.001 + 0.00005 / bought $$,
                'a share is that of all shares, after every round');
select is_empty($$ select * from test.shares where since = investment_date and abs(share - bought) > 1e-9 $$, 'at first it is what was bought');
select is_empty($$ select * from (select share, lag(share) over (partition by investment_id order by since) as before from test.shares) s
                   where share >= before $$, 'and less from every later round on');
select is_empty($$ select * from (select until, lead(since) over (partition by investment_id order by since) as next from test.shares) s
                   where until is distinct from next $$, 'one ends when the next begins');
select isnt_empty($$ select from test.shares where since > investment_date and until is not null $$, 'several rounds came after some');
select * from finish();
rollback;
