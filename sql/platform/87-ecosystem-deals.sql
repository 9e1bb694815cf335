-- Synthetic ecosystems: who backs which company. Cheques are parts of the rounds that the companies raised.
set local role auxeira_owner;

create function auxeira.cast_shares() returns table (kind auxeira.organization_type, share numeric, later integer)
  language sql immutable parallel safe rows 6
begin atomic
  values ('venture_capital'::auxeira.organization_type, 0.05, 0), ('angel_investor', 0.05, 1), ('corporate', 0.05, 2),
    ('government', 0.025, 0), ('esg_fund', 0.025, 1), ('impact_fund', 0.025, 2);
end;
comment on function auxeira.cast_shares() is
  'Which part of the organizations of an ecosystem are of a type; all others are startups. later: after how many more the '
  'next of the type comes, so that no two come at once.';

create function auxeira.joined_at(kind auxeira.organization_type, place integer) returns numeric
  language sql immutable parallel safe
  return (select case when place > 1 then (place - 0.5) / s.share + s.later else 0 end from auxeira.cast_shares() s
          where s.kind = joined_at.kind);
comment on function auxeira.joined_at(auxeira.organization_type, integer) is
  'How many organizations an ecosystem has when the first, second, ... of a type joins; 0: it is there from the beginning.';

create function auxeira.match_rate(per_company double precision, place integer, rivals double precision)
  returns double precision language sql immutable parallel safe
  return case when place > rivals then least(0.6, per_company / place) / 4 when rivals = 1 then 0.9
    else least(0.6, per_company / rivals) end;
comment on function auxeira.match_rate(double precision, integer, double precision) is
  'How likely the first, second, ... member of its kind deals with a company that found so many of them: a quarter of it where '
  'it came later.';

-- Whether two members are a match at all is decided once, so that what one does with the other hangs together. It is decided
-- by who was there when the later of them joined: whoever joins afterwards changes nothing.
create function auxeira.matches_of(plan auxeira.ecosystem_plan, of_kinds auxeira.organization_type[],
                                  per_company double precision)
  returns table (org_id uuid, kind auxeira.organization_type, place integer, startup_id uuid, stage text)
  language sql stable rows 1000
begin atomic
  select i.org_id, i.kind, i.place, s.org_id, s.stage
  from (select m.*, count(*) over (partition by m.kind) as all_rivals, c.share / 0.775 as per_startup
        from auxeira.members_of(plan) m join auxeira.cast_shares() c on c.kind = m.kind
        where m.kind = any (of_kinds)) i
    join auxeira.members_of(plan) s on s.kind = 'startup'
  where i.is_real and s.is_real
    or auxeira.chance(plan, format('match/%s/%s', i.org_id, s.org_id))
      < auxeira.match_rate(per_company, i.place, greatest(1, least(i.all_rivals, floor(s.place * i.per_startup))));
end;
comment on function auxeira.matches_of(auxeira.ecosystem_plan, auxeira.organization_type[], double precision) is
  'Which members of these kinds deal with which companies: as many of each kind as per_company says, on average, of those that '
  'were there when the company joined, some that joined later, and most of the companies where there is one of the kind. Of '
  'a pair it depends on these two and their places alone. Real ones always deal with one another.';

create function auxeira.first_day_of(one uuid, other uuid) returns date language sql stable
  return (select max(o.founded_on) from auxeira.organizations o where o.org_id in (one, other));
comment on function auxeira.first_day_of(uuid, uuid) is
  'The first day on which both organizations are there, as far as that is known: they deal with one another from then on.';

-- --- Rounds ------------------------------------------------------------------------------------------------------

create function auxeira.rank_of_sum(one double precision, other double precision) returns double precision
  language sql immutable strict parallel safe
  return case when one + other < 1 then (one + other) ^ 2 / 2 else 1 - (2 - one - other) ^ 2 / 2 end;
comment on function auxeira.rank_of_sum(double precision, double precision) is
  'Which part of the sums of two even numbers from 0 to 1 is smaller: an even number itself, that goes with either.';

create function auxeira.raised_by(plan auxeira.ecosystem_plan)
  returns table (startup_id uuid, round integer, day date, stage text, raised numeric, price numeric, shares numeric)
  language sql stable rows 1000
begin atomic
  with raised as materialized (
    select c.org_id, (c.state).stage, (c.state).financing, (c.state).pre_money,
      greatest(auxeira.day_of(plan, format('round/%s/%s', c.org_id, (c.state).month), (c.state).month), o.founded_on) as day,
      row_number() over (partition by c.org_id order by (c.state).month)::integer as round
    from auxeira.company_months(plan) c join auxeira.organizations o on o.org_id = c.org_id
    where (c.state).financing > 0 and (c.state).pre_money > 0
  ), priced as (
    -- Later rounds are dearer by a third in the middle, and every fourth is a down round.
    select r.*, exp(sum(case when r.round > 1 then 0.3 + 0.45 * step.normal::numeric else 0 end)
      over (partition by r.org_id order by r.round)) as price
    from raised r
      cross join lateral auxeira.synthetic_normal(plan.seed, format('%s/step/%s', plan.root, r.org_id), r.round) step (normal)
  )
  -- A share costs 1 in the first round: as many are there as it was worth before, and each round adds what it raised.
  select p.org_id, p.round, p.day, p.stage, p.financing, p.price,
    sum(p.financing / p.price + case p.round when 1 then p.pre_money else 0 end) over (partition by p.org_id order by p.round)
  from priced p;
end;
comment on function auxeira.raised_by(auxeira.ecosystem_plan) is
  'What companies raised when. price: of a share, in that of the first round; shares: afterwards.';

-- --- Ends --------------------------------------------------------------------------------------------------------

-- Nobody puts money into a company in its last half year, so that of as many months before it rounds may be.
create function auxeira.ends_of(plan auxeira.ecosystem_plan)
  returns table (startup_id uuid, round integer, day date, stage text, raised numeric, price numeric, shares numeric,
                 ends_on date, is_closed boolean, held double precision)
  language sql stable rows 1000
begin atomic
  select r.startup_id, r.round, r.day, r.stage, r.raised, r.price, r.shares, case when not m.is_real then o.closed_on end,
    auxeira.chance(plan, 'closes/' || r.startup_id) * (e.closing + e.sale)::double precision < e.closing,
    least((auxeira.months_of_life(r.day, m.last_at) - 7 + auxeira.chance(plan, format('held/%s/%s', r.startup_id, r.round)))
      / greatest(m.months - 6, 1), 1)
  from auxeira.raised_by(plan) r
    join auxeira.members_of(plan) m on m.org_id = r.startup_id
    join auxeira.ending_rates() e on e.stage = m.stage
    join auxeira.organizations o on o.org_id = r.startup_id;
end;
comment on function auxeira.ends_of(auxeira.ecosystem_plan) is
  'The rounds of companies. ends_on: when their investors are out, NULL while they hold; is_closed: the company closed, else it '
  'was sold; held: which part of the rounds it could have raised were held less long, 0 to 1. Real companies do not end.';

create function auxeira.rounds_of(plan auxeira.ecosystem_plan)
  returns table (startup_id uuid, round integer, round_name text, closed_on date, stage text, raised numeric,
                 post_money numeric, price numeric, ends_on date, standing double precision)
  language sql stable rows 1000
begin atomic
  with ranked as (
    select e.*, d.value::double precision as closing,
      auxeira.rank_of_sum(e.held, auxeira.chance(plan, 'outcome/' || e.startup_id)) as rank
    from auxeira.ends_of(plan) e
      join auxeira.synthetic_calibration() d on (d.topic, d.parameter) = ('deal', 'closing')
  )
  select r.startup_id, r.round, initcap(replace(r.stage, '_', ' '))
      || case when r.stage = lag(r.stage) over (partition by r.startup_id order by r.round) then ' extension' else '' end,
    r.day, r.stage, r.raised, round(r.shares * r.price, 2), round(r.price, 9), r.ends_on,
    case when r.ends_on is not null
      then r.rank * case when r.is_closed then r.closing else 1 - r.closing end + case when r.is_closed then 0 else r.closing end
    end
  from ranked r;
end;
comment on function auxeira.rounds_of(auxeira.ecosystem_plan) is
  'The rounds that companies raised. price: of a share, in that of the first round. ends_on: when their investors are out, '
  'because it closed or was sold. standing: which part of the deals that ended did no better, 0 to 1; those of companies that '
  'closed did worse than all others, and the longer a round was held the better it does. Both NULL while it is held.';

-- --- Investments -------------------------------------------------------------------------------------------------

-- Which part of a round each kind takes, from and to, and at which stages: an angel writes small cheques, early.
create table auxeira.cheque_sizes (
  kind auxeira.organization_type primary key,
  per_round double precision not null check (per_round > 0),
  least_share numeric not null check (least_share > 0),
  greatest_share numeric not null check (greatest_share between least_share and 1),
  ceiling numeric,
  last_stage auxeira.stage not null
);
comment on table auxeira.cheque_sizes is
  'Of synthetic investors, by kind: how many there are in a round, the part of it that each takes, and up to which stage.';
insert into auxeira.cheque_sizes values
  ('venture_capital', 1.6, 0.15, 0.40, 15000000, 'late'),
  ('angel_investor', 2.0, 0.05, 0.25, 250000, 'series_a'),
  ('esg_fund', 0.8, 0.08, 0.20, 8000000, 'late'),
  ('impact_fund', 0.8, 0.08, 0.20, 5000000, 'late');
call auxeira.protect_private_table('auxeira.cheque_sizes');

create function auxeira.cheques_of(plan auxeira.ecosystem_plan)
  returns table (org_id uuid, kind auxeira.organization_type, startup_id uuid, round integer, amount numeric,
                 is_syndicate boolean)
  language sql stable rows 1000
begin atomic
  with rounds as materialized (
    select * from auxeira.rounds_of(plan)
  ), asked as materialized (
    select m.org_id, m.kind, auxeira.joined_at(m.kind, m.place) as joined, r.startup_id, r.round, r.raised, c.ceiling,
      c.least_share + (c.greatest_share - c.least_share)
        * auxeira.chance(plan, format('share/%s/%s/%s', m.org_id, r.startup_id, r.round))::numeric as share
    from auxeira.cheque_sizes c
      cross join lateral auxeira.matches_of(plan, array[c.kind], c.per_round) m
      join rounds r on r.startup_id = m.startup_id
    where r.stage::auxeira.stage <= c.last_stage
      and auxeira.chance(plan, format('joins/%s/%s/%s', m.org_id, r.startup_id, r.round)) < 0.75
  ), sized as (
    -- What is left by those who joined the ecosystem before: nobody who joins later takes anything from them.
    select a.*, trunc(least(a.raised * least(a.share, 0.95 - coalesce(sum(a.share) over before, 0)), a.ceiling), -3) as amount
    from asked a
    window before as (partition by a.startup_id, a.round order by a.joined, a.kind
                      rows between unbounded preceding and 1 preceding)
  )
  select s.org_id, s.kind, s.startup_id, s.round, s.amount,
    row_number() over (partition by s.startup_id, s.round order by s.joined, s.kind) > 1
  from sized s where s.amount > 0;
end;
comment on function auxeira.cheques_of(auxeira.ecosystem_plan) is
  'Who puts how much into which round, in whole thousands: together at most 95 per cent of what the company raised. '
  'is_syndicate: it went along with one that was there before.';

create function auxeira.deals_of(plan auxeira.ecosystem_plan)
  returns table (org_id uuid, kind auxeira.organization_type, startup_id uuid, round integer, amount numeric,
                 is_syndicate boolean, investment_id uuid, round_name text, made_on date, post_money numeric, price numeric,
                 ends_on date, returned numeric)
  language sql stable rows 1000
begin atomic
  with rounds as materialized (
    select * from auxeira.rounds_of(plan)
  )
  select q.org_id, q.kind, q.startup_id, q.round, q.amount, q.is_syndicate,
    auxeira.made_id(plan, format('investment/%s/%s/%s', q.org_id, q.startup_id, q.round)), r.round_name, r.closed_on,
    r.post_money, r.price, r.ends_on,
    round(q.amount * auxeira.synthetic_multiple(case q.kind when 'angel_investor' then 'angel' else 'vc' end, r.standing), 2)
  from auxeira.cheques_of(plan) q join rounds r on r.startup_id = q.startup_id and r.round = q.round;
end;
comment on function auxeira.deals_of(auxeira.ecosystem_plan) is
  'The cheques, with their rounds and with what came back: NULL while they are held.';

create function auxeira.store_deals(plan auxeira.ecosystem_plan) returns void language sql volatile
begin atomic
  with deals as materialized (
    select d.*, auxeira.first_day_of(d.org_id, d.startup_id) as first_day from auxeira.deals_of(plan) d
  ), flows as (
    insert into auxeira.investment_cash_flows (org_id, flow_id, investment_id, flow_date, flow_type, amount, source,
      is_synthetic, session_id)
    select d.org_id, auxeira.made_id(plan, format('flow/%s/%s', d.investment_id, f.flow_type)), d.investment_id,
      f.flow_date, f.flow_type, f.amount, 'synthetic', true, plan.session_id
    from deals d
      cross join lateral (values ('contribution', d.made_on, d.amount),
                                 ('distribution', d.ends_on, d.returned)) f (flow_type, flow_date, amount)
    where f.amount > 0
  )
  insert into auxeira.investments (org_id, investment_id, startup_id, investment_type, round_name, amount, valuation,
    equity_percentage, investment_date, due_diligence_start, due_diligence_end, status, terms, is_synthetic, session_id)
  select d.org_id, d.investment_id, d.startup_id, case d.kind when 'angel_investor' then 'safe' else 'equity' end,
    d.round_name, d.amount, d.post_money, round(100 * d.amount / d.post_money, 4), d.made_on,
    greatest(d.made_on - 30 - floor(90 * auxeira.chance(plan, 'diligence/' || d.investment_id))::integer, d.first_day),
    d.made_on, case when d.ends_on is null then 'active' when d.returned > 0 then 'exited' else 'written_off' end,
    jsonb_build_object('round', d.round, 'syndicate', d.is_syndicate,
                       'proRata', auxeira.chance(plan, 'pro rata/' || d.investment_id) < 0.6),
    true, plan.session_id
  from deals d;
end;
comment on function auxeira.store_deals(auxeira.ecosystem_plan) is
  'Stores what was invested, paid in and paid back; a total loss is written off.';

create function auxeira.store_marks(plan auxeira.ecosystem_plan) returns void language sql volatile
begin atomic
  with rounds as materialized (
    select * from auxeira.rounds_of(plan)
  ), held as (
    select i.org_id, i.investment_id, i.amount, own.*
    from auxeira.members_of(plan) m
      join auxeira.investments i on i.org_id = m.org_id and i.session_id = m.session_id and i.status <> 'pipeline'
      join rounds own on own.startup_id = i.startup_id and own.round = (i.terms ->> 'round')::integer
  )
  insert into auxeira.investment_marks (org_id, investment_id, as_of, fair_value, method, source, is_synthetic, session_id)
  select h.org_id, h.investment_id, m.as_of, m.fair_value, m.method, 'synthetic', true, plan.session_id
  from held h
    cross join lateral (
      select h.closed_on as as_of, h.amount as fair_value, 'cost' as method
      union all
      select later.closed_on, round(h.amount * later.price / h.price, 2), 'round'
      from rounds later where later.startup_id = h.startup_id and later.round > h.round
      union all
      select h.ends_on, 0, 'exit' where h.ends_on is not null) m;
end;
comment on function auxeira.store_marks(auxeira.ecosystem_plan) is
  'Stores marks of investments: at cost, at the price of each later round, and nothing once they ended.';

create function auxeira.store_investments(plan auxeira.ecosystem_plan) returns void language sql volatile
begin atomic
  select auxeira.store_deals(plan);
  select auxeira.store_marks(plan);
end;
comment on function auxeira.store_investments(auxeira.ecosystem_plan) is 'Stores investments with their flows and marks.';

-- Between rounds a holding is worth what half of the change of revenue, in logarithms, makes of the last price.
create function auxeira.store_model_marks(plan auxeira.ecosystem_plan) returns void language sql volatile
begin atomic
  with revenue as materialized (
    select m.org_id, date_trunc('month', d.at at time zone 'UTC')::date as month, d.at, d.mrr
    from auxeira.members_of(plan) m
      cross join lateral (
        select f.metric_timestamp as at, (f.metric_value ->> 'mrr')::numeric as mrr from auxeira.dashboard_metrics f
        where f.org_id = m.org_id and f.dashboard_type = 'startup_founder' and f.session_id = m.session_id
          and f.aggregation_period = 'month' offset 0) d
    where m.kind = 'startup'
  ), held as materialized (
    select i.* from auxeira.members_of(plan) m
      cross join lateral (
        select i.org_id, i.investment_id, i.startup_id from auxeira.investments i
        where i.org_id = m.org_id and i.session_id = m.session_id and i.status <> 'pipeline' offset 0) i
  ), last_marks as (
    select h.org_id, h.investment_id, r.at, r.mrr, mark.fair_value, before.mrr as mrr_before
    from held h
      join revenue r on r.org_id = h.startup_id and extract(month from r.month) in (3, 6, 9, 12)
      join lateral (
        select m.as_of, m.fair_value, m.method from auxeira.investment_marks m
        where m.org_id = h.org_id and m.investment_id = h.investment_id and m.as_of <= (r.at at time zone 'UTC')::date
        order by m.as_of desc limit 1) mark on mark.as_of < (r.at at time zone 'UTC')::date - 180 and mark.method <> 'exit'
      join revenue before on before.org_id = h.startup_id and before.month = date_trunc('month', mark.as_of)::date
  )
  insert into auxeira.investment_marks (org_id, investment_id, as_of, fair_value, method, source, is_synthetic, session_id)
  select l.org_id, l.investment_id, (l.at at time zone 'UTC')::date,
    round(l.fair_value * case when l.mrr > 0 and l.mrr_before > 0
                           then least(greatest(sqrt(l.mrr / l.mrr_before), 0.25), 2.5) else 1 end, 2),
    'model', 'synthetic', true, plan.session_id
  from last_marks l;
end;
comment on function auxeira.store_model_marks(auxeira.ecosystem_plan) is
  'Stores the marks of the quarters that lie half a year or more after a round.';

create function auxeira.store_pipeline(plan auxeira.ecosystem_plan) returns void language sql volatile
begin atomic
  with matches as materialized (
    select m.* from auxeira.matches_of(plan, '{venture_capital, angel_investor, esg_fund, impact_fund}', 2.5) m
  ), taken as materialized (
    select i.org_id, i.startup_id, i.investment_date
    from auxeira.investments i join auxeira.members_of(plan) m on m.org_id = i.org_id and m.session_id = i.session_id
  ), looked_at as (
    select m.org_id, m.kind, m.startup_id, 'round ' || r.round as occasion, r.round_name, r.closed_on as decided_on
    from matches m
      join auxeira.rounds_of(plan) r on r.startup_id = m.startup_id
      left join taken t on t.org_id = m.org_id and t.startup_id = m.startup_id and t.investment_date = r.closed_on
    where t.org_id is null
    union all
    select m.org_id, m.kind, m.startup_id, 'next round', null, null
    from matches m join auxeira.organizations o on o.org_id = m.startup_id and o.closed_on is null
    where auxeira.chance(plan, format('next/%s/%s', m.org_id, m.startup_id)) < 0.15
  ), dated as (
    select l.*, greatest(auxeira.first_day_of(l.org_id, l.startup_id),
      coalesce(l.decided_on, (plan.as_of at time zone 'UTC')::date) - 5
        - floor(auxeira.chance(plan, format('pipeline/%s/%s/%s', l.org_id, l.startup_id, l.occasion)) * 85)::integer) as begun_on
    from looked_at l
  )
  insert into auxeira.investments (org_id, investment_id, startup_id, investment_type, round_name, due_diligence_start,
    due_diligence_end, status, terms, is_synthetic, session_id)
  select d.org_id, auxeira.made_id(plan, format('pipeline/%s/%s/%s', d.org_id, d.startup_id, d.occasion)), d.startup_id,
    case d.kind when 'angel_investor' then 'safe' else 'equity' end, d.round_name, d.begun_on, d.decided_on, 'pipeline',
    jsonb_build_object('passed', d.decided_on is not null), true, plan.session_id
  from dated d;
end;
comment on function auxeira.store_pipeline(auxeira.ecosystem_plan) is
  'Stores the deals that investors looked at and passed on, and those they look at now.';

-- --- Partnerships --------------------------------------------------------------------------------------------------

create function auxeira.store_partnerships(plan auxeira.ecosystem_plan) returns void language sql volatile
begin atomic
  with pairs as (
    select m.org_id, m.startup_id, o.closed_on, format('%s/%s', m.org_id, m.startup_id) as pair,
      auxeira.first_day_of(m.org_id, m.startup_id) as first_day, greatest(first.month, o.founded_on) as first_month,
      (plan.as_of at time zone 'UTC')::date as today
    from auxeira.matches_of(plan, '{corporate}', 1.5) m
      join auxeira.organizations o on o.org_id = m.startup_id
      cross join lateral (select min(c.month) as month from (
        select h.month from auxeira.headcounts h
        where h.org_id = m.startup_id and h.session_id = plan.session_id offset 0) c) first
  ), begun as (
    select p.*, auxeira.chosen(plan, 'partnership/' || p.pair,
        '{pilot, pilot, pilot, joint_development, procurement, procurement, perks}') as type,
      p.first_month + floor(auxeira.chance(plan, 'begins/' || p.pair) * greatest(
        least(p.closed_on, p.today) - p.first_month - 30, 1))::integer as start_date
    from pairs p where p.first_month is not null
  ), dated as (
    select b.*, least(b.closed_on, b.start_date + 180 + floor(auxeira.chance(plan, 'lasts/' || b.pair)
        * case b.type when 'pilot' then 185 else 900 end)::integer) as end_date
    from begun b
    where b.start_date < least(b.closed_on, b.today)
  )
  insert into auxeira.partnerships (org_id, partnership_id, startup_id, partnership_type, partnership_name, status, priority,
    benefits, terms, start_date, end_date, renewal_date, is_synthetic, session_id)
  select d.org_id, auxeira.made_id(plan, 'partnership/' || d.pair), d.startup_id, d.type,
    initcap(replace(d.type, '_', ' ')) || ' with ' || o.name, case when d.end_date <= d.today then 'ended' else 'active' end,
    auxeira.chosen(plan, 'priority/' || d.pair, '{low, medium, medium, high}'),
    jsonb_build_object('package', auxeira.chosen(plan, 'benefit/' || d.pair, '{Cloud credits, Legal advice, Workspace,
                                                 Software licences, Data access, Training}')),
    jsonb_build_object('appliedOn', greatest(
      d.start_date - 10 - floor(auxeira.chance(plan, 'applies/' || d.pair) * 50)::integer, d.first_day)),
    d.start_date, d.end_date, greatest(d.end_date - 30, d.start_date), true, plan.session_id
  from dated d join auxeira.organizations o on o.org_id = d.startup_id;
end;
comment on function auxeira.store_partnerships(auxeira.ecosystem_plan) is
  'Stores partnerships of corporates with companies: pilots of half a year to a year, and others that last longer.';

create function auxeira.store_redemptions(plan auxeira.ecosystem_plan) returns void language sql volatile
begin atomic
  with offered as (
    select p.*, m.month, n, format('redemption/%s/%s/%s', p.partnership_id, m.month, n) as key,
      p.benefits ->> 'package' as benefit
    from auxeira.partnerships p cross join auxeira.points_of(plan) m cross join generate_series(1, 2) n
    where p.session_id = plan.session_id and m.is_month
  ), taken as (
    select o.*, auxeira.day_of(plan, o.key, o.month) as day,
      trunc((800 + 7200 * auxeira.chance(plan, o.key || '/value'))::numeric, -2) as list_value
    from offered o where auxeira.chance(plan, o.key || '/taken') < 0.45
  )
  insert into auxeira.benefit_redemptions (org_id, redemption_id, partnership_id, startup_id, redeemed_at, benefit,
    list_value, partner_cost, startup_saving, source, is_synthetic, session_id)
  select t.org_id, auxeira.made_id(plan, t.key), t.partnership_id, t.startup_id, t.day::timestamp at time zone 'UTC',
    t.benefit, t.list_value,
    round(t.list_value * (0.15 + 0.25 * auxeira.chance(plan, t.key || '/cost'))::numeric),
    round(t.list_value * (0.6 + 0.4 * auxeira.chance(plan, t.key || '/saving'))::numeric),
    'synthetic', true, plan.session_id
  from taken t
  where t.day >= t.start_date and t.day < t.end_date and t.day < (plan.as_of at time zone 'UTC')::date;
end;
comment on function auxeira.store_redemptions(auxeira.ecosystem_plan) is
  'Stores the benefits that companies took up while their partnerships lasted.';

-- --- Programmes ----------------------------------------------------------------------------------------------------

-- Each government has its share of the companies, as a region has.
create function auxeira.wards_of(plan auxeira.ecosystem_plan) returns table (org_id uuid, startup_id uuid)
  language sql stable rows 1000
begin atomic
  select g.org_id, s.org_id
  from (select m.*, count(*) over () as governments from auxeira.members_of(plan) m where m.kind = 'government') g
    join auxeira.members_of(plan) s on s.kind = 'startup'
  where (s.place - 1) % g.governments = g.place - 1;
end;
comment on function auxeira.wards_of(auxeira.ecosystem_plan) is
  'Which government follows which companies. They are shared out anew when another government joins.';

create function auxeira.store_programs(plan auxeira.ecosystem_plan) returns void language sql volatile
begin atomic
  insert into auxeira.programs (org_id, program_id, name, kind, region, budget, starts_on, ends_on, jobs_target, source,
    is_synthetic, session_id)
  select g.org_id, auxeira.made_id(plan, format('program/%s/%s', g.org_id, p.kind)), p.name, p.kind, g.region,
    wards.companies * p.grant_size, (select min(month) from auxeira.points_of(plan)), (plan.as_of at time zone 'UTC')::date
      + 365, ceil(wards.companies * p.jobs), 'synthetic', true, plan.session_id
  from auxeira.members_of(plan) g
    cross join lateral (select count(*) as companies from auxeira.wards_of(plan) w where w.org_id = g.org_id) wards
    cross join (values ('Seed grants', 'grant', 60000, 2), ('Youth employment', 'wage_subsidy', 30000, 1.5),
                       ('Green innovation', 'innovation_grant', 90000, 1)) p (name, kind, grant_size, jobs)
  where g.kind = 'government';
end;
comment on function auxeira.store_programs(auxeira.ecosystem_plan) is 'Stores three programmes of each government.';

create function auxeira.disbursed_by(amount numeric, awarded_on date, day date) returns numeric
  language sql immutable parallel safe
  return round(amount * least(4, 1 + (day - awarded_on) / 91) / 4, 2);
comment on function auxeira.disbursed_by(numeric, date, date) is
  'What of a synthetic grant is paid by a day: a quarter at the award and every three months, until the company ends.';

create function auxeira.store_grants(plan auxeira.ecosystem_plan) returns void language sql volatile
begin atomic
  with awards as materialized (
    select p.org_id, p.program_id, w.startup_id, h.month, h.employees, o.founded_on, o.closed_on,
      (plan.as_of at time zone 'UTC')::date as today,
      format('grant/%s/%s', p.program_id, w.startup_id) as key,
      case p.kind when 'grant' then 50000 when 'wage_subsidy' then 20000 else 80000 end as size
    from auxeira.programs p
      join auxeira.wards_of(plan) w on w.org_id = p.org_id
      join auxeira.organizations o on o.org_id = w.startup_id
      cross join lateral (
        select c.month, c.employees from auxeira.headcounts c
        where c.org_id = w.startup_id and c.session_id = plan.session_id
        order by auxeira.chance(plan, format('award/%s/%s/%s', p.program_id, w.startup_id, c.month)), c.month limit 1) h
    where p.session_id = plan.session_id
      and auxeira.chance(plan, format('grant/%s/%s', p.program_id, w.startup_id)) < 0.3
  ), dated as (
    select a.*, greatest(auxeira.day_of(plan, a.key, a.month), a.founded_on) as awarded_on,
      trunc((a.size * (0.6 + 0.8 * auxeira.chance(plan, a.key || '/size')))::numeric, -3) as amount
    from awards a
  )
  insert into auxeira.grants (org_id, grant_id, program_id, startup_id, awarded_on, amount, disbursed, status, jobs_baseline,
    source, is_synthetic, session_id)
  select d.org_id, auxeira.made_id(plan, d.key), d.program_id, d.startup_id, d.awarded_on, d.amount,
    auxeira.disbursed_by(d.amount, d.awarded_on, least(d.closed_on, d.today)),
    case when d.closed_on < d.awarded_on + 365 then 'terminated' when d.awarded_on + 365 <= d.today then 'completed'
      when d.awarded_on + 30 <= d.today then 'active' else 'awarded' end,
    d.employees, 'synthetic', true, plan.session_id
  from dated d
  where d.closed_on is null or d.awarded_on < d.closed_on;
end;
comment on function auxeira.store_grants(auxeira.ecosystem_plan) is
  'Stores grants to the companies a government follows, each paid in quarters over a year.';

-- --- Relationships -------------------------------------------------------------------------------------------------

create function auxeira.store_relationships(plan auxeira.ecosystem_plan) returns void language sql volatile
begin atomic
  with backed as (
    select i.org_id, i.startup_id, 'investor' as kind, min(i.due_diligence_start) as since from auxeira.investments i
    where i.session_id = plan.session_id and i.status <> 'pipeline' group by 1, 2
    union all
    select p.org_id, p.startup_id, 'partner', min((p.terms ->> 'appliedOn')::date) from auxeira.partnerships p
    where p.session_id = plan.session_id group by 1, 2
    union all
    select w.org_id, w.startup_id, 'grantor', greatest((select min(month) from auxeira.points_of(plan)),
      auxeira.first_day_of(w.org_id, w.startup_id)) from auxeira.wards_of(plan) w
  ), earliest as (
    select b.org_id, b.startup_id, b.kind, min(b.since) as since from backed b
    -- Real companies open themselves to real investors by consent alone.
    where exists (select from auxeira.organizations o where o.org_id in (b.org_id, b.startup_id) and o.is_synthetic)
    group by 1, 2, 3
  )
  insert into auxeira.relationships (org_id, relationship_id, startup_id, kind, status, scopes, decided_at, is_synthetic,
    session_id, created_at)
  select e.org_id, auxeira.made_id(plan, format('relationship/%s/%s/%s', e.org_id, e.startup_id, e.kind)), e.startup_id,
    e.kind, 'accepted', '{scores, metrics}', e.since::timestamp at time zone 'UTC', true, plan.session_id,
    e.since::timestamp at time zone 'UTC'
  from earliest e
  on conflict do nothing;
end;
comment on function auxeira.store_relationships(auxeira.ecosystem_plan) is
  'Stores the relationships behind investments, partnerships and grants. Companies opened their scores and metrics.';

reset role;
