-- Random queries over the tenant tables, and rows for them to find. Included by \ir after ecosystem.sql.
--
-- A query names its tables «so»: whoever runs it puts the table, or what stands for it, in their place. Whatever is picked
-- is picked by random(), from things in a known order: the same seed gives the same queries.

-- --- Rows: some for every organization, few values, so that conditions and joins hit ------------------------------

create function test.any_of(variadic choices text[]) returns text language sql volatile
  return choices[1 + floor(random() * cardinality(choices))::integer];

create function test.plant_varied_rows(org uuid, many integer) returns void language plpgsql as $$
declare
  startups constant uuid[] := array(select org_id from auxeira.organizations o where o.org_type = 'startup' and o.org_id <> org
                                    order by o.name);
  people constant uuid[] := array(select user_id from test.members order by name);
  score uuid;
  found_integration uuid;
  found uuid;
  startup uuid;
begin
  for n in 1 .. many loop
    insert into auxeira.dashboard_metrics (org_id, user_id, dashboard_type, metric_name, metric_category, metric_value,
      metric_unit, metric_timestamp, is_synthetic)
    values (org, people[1 + n % 28], test.any_of('startup_founder', 'government', 'esg_funder')::auxeira.user_type,
      test.any_of('mrr', 'users', 'burn'), test.any_of('finance', 'product', null),
      jsonb_build_object(test.any_of('mrr', 'users'), n, 'plan', test.any_of('a', 'b'), 'deep', jsonb_build_object('n', n)),
      test.any_of('USD', null), now() - n * interval '1 day', random() < 0.3);
    insert into auxeira.synthetic_data_sessions (org_id, user_id, session_name, parameters, status, generation_count)
    values (org, people[1 + n % 28], test.any_of('one', 'two', null), jsonb_build_object('count', n),
      test.any_of('active', 'completed'), n);
    insert into auxeira.actions (org_id, user_id, action_type, domain, base_tokens, actual_tokens, metadata)
    values (org, people[1 + n % 28], test.any_of('pivot', 'user_test', 'generic_action'), test.any_of('a', 'b'), n * 10, n,
      jsonb_build_object('n', n));
    insert into auxeira.gamification_profiles (org_id, user_id, total_tokens, lifetime_tokens, current_streak, longest_streak)
    values (org, public.next_uuid(), n, n, n % 3, n);
    insert into auxeira.mrr_movements (org_id, month, movement, amount, customers)
    select org, make_date(2025, n, 1), movement, n * 100, n from unnest(array['new', 'churn']) movement;
    insert into auxeira.cash_positions (org_id, month, opening, operating_inflow, operating_outflow, financing, closing)
    values (org, make_date(2025, n, 1), n * 1000, n, 0, 0, n * 1001);
    insert into auxeira.headcounts (org_id, month, employees, hires) values (org, make_date(2025, n, 1), n, n % 2);
    startup := startups[1 + floor(random() * cardinality(startups))::integer];
    insert into auxeira.investments (org_id, startup_id, investment_type, amount, status)
    values (org, startup, test.any_of('equity', 'grant'), n * 1000, test.any_of('pipeline', 'active', 'exited'))
    returning investment_id into found;
    insert into auxeira.investment_cash_flows (org_id, investment_id, flow_date, flow_type, amount)
    values (org, found, make_date(2025, n, 15), test.any_of('contribution', 'distribution', 'fee'), n * 1000);
    insert into auxeira.investment_marks (org_id, investment_id, as_of, fair_value, method)
    select org, found, make_date(2025, 12, day), n * day, test.any_of('cost', 'round', 'model') from unnest(array[1, 31]) day;
    insert into auxeira.partnerships (org_id, startup_id, partnership_type, priority, start_date)
    values (org, startup, test.any_of('pilot', 'supply'), test.any_of('low', 'high'), current_date - n)
    returning partnership_id into found;
    insert into auxeira.benefit_redemptions (org_id, partnership_id, startup_id, redeemed_at, benefit, list_value, partner_cost,
      startup_saving)
    values (org, found, startup, now() - n * interval '1 day', test.any_of('credits', 'licences'), n * 10, n, n * 9);
    insert into auxeira.programs (org_id, name, kind, region, budget, starts_on)
    values (org, 'programme ' || n, test.any_of('grant', 'accelerator'), test.any_of('north', null), n * 10000, current_date - n)
    returning program_id into found;
    insert into auxeira.grants (org_id, program_id, startup_id, awarded_on, amount, disbursed, status)
    values (org, found, startup, current_date - n, n * 1000, n * 100, test.any_of('awarded', 'active', 'completed'));
    insert into auxeira.documents (org_id, title, kind, url, sha256)
    values (org, test.any_of('deck', 'plan'), test.any_of('pitch_deck', 'legal'), 'https://files.example/' || n,
      sha256(convert_to(n::text, 'UTF8')));
    insert into auxeira.integrations (org_id, service_name, service_type, status, configuration)
    values (org, 'service ' || n, test.any_of('payments', 'books'), test.any_of('connected', 'pending'),
      jsonb_build_object('n', n))
    returning integration_id into found_integration;
    insert into auxeira.integration_data (org_id, integration_id, data_type, data_payload, sync_timestamp)
    values (org, found_integration, test.any_of('invoice', 'order'), jsonb_build_object('n', n), now() - n * interval '1 hour');
    insert into auxeira.sse_scores (org_id, version, total_score, raw_score, status, component_scores, percentile,
      success_probability, explanation, cohort, coverage, band, scale, missing_policy, formula_version, input_hash,
      data_quality_score, confidence_level, is_synthetic)
    values (org, n + 1, n * 7, n * 7, test.any_of('scored', 'provisional'), jsonb_build_object('team', n), n, 0.1, '{}', '{}',
      1, 1, 'unit', test.any_of('zero', 'reweight'), 'test', sha256(''), 1, 1, random() < 0.3)
    returning score_id into score;
    insert into auxeira.sse_answers (org_id, score_id, responses) values (org, score, jsonb_build_object('team', n));
    insert into auxeira.sse_score_history (org_id, score_id, change_type, old_values, new_values, change_delta, impact_score)
    values (org, score, 'recalculated', '{}', '{}', jsonb_build_object('team', n), n);
  end loop;
end
$$;

-- --- What queries are made of ---------------------------------------------------------------------------------------

create table test.columns (table_name text, name text, kind text, type text, is_key boolean);
insert into test.columns
select c.relname, a.attname,
       case when t.typname in ('int4', 'int8', 'numeric') then 'number' when t.typname in ('timestamptz', 'date') then 'time'
            when t.typname in ('uuid', 'text', 'jsonb') then t.typname else 'other' end,
       t.oid::regtype, a.attnum = any (k.conkey)
from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type typed on typed.oid = a.atttypid
  join pg_type t on t.oid = case typed.typtype when 'd' then typed.typbasetype else typed.oid end
  join pg_constraint k on k.conrelid = c.oid and k.contype = 'p'
where c.relnamespace = 'auxeira'::regnamespace
  and (c.relname = 'users' or c.relname in (select v.table_name from auxeira.visibility v
                                            where v.command = 'select' and v.through = 'sql'))
order by c.relname, a.attnum;
create index on test.columns (table_name, name);
create table test.tables as select distinct table_name as name from test.columns order by 1;

-- Values that occur, in whose rows so ever.
create table test.literals (table_name text, column_name text, literal text);
create index on test.literals (table_name, column_name);
create function test.collect_literals() returns void language plpgsql as $$
declare
  c test.columns;
begin
  for c in select * from test.columns loop
    execute format($q$
      insert into test.literals
      select %1$L, %2$L, format('%%L::%3$s', value)
      from (select distinct t.%2$I::text as value from auxeira.%1$I t where t.%2$I is not null order by 1 limit 12) v $q$,
      c.table_name, c.name, c.type);
  end loop;
end
$$;

create function test.any_table() returns text language sql volatile
begin atomic
  select name from test.tables order by random() limit 1;
end;
create function test.any_column(of_table text, kinds text[] default null) returns text language sql volatile
begin atomic
  select name from test.columns c where c.table_name = of_table and (kinds is null or c.kind = any (kinds))
  order by random() limit 1;
end;
create function test.any_literal(of_table text, of_column text) returns text language sql volatile
begin atomic
  select coalesce((select literal from test.literals l where l.table_name = of_table and l.column_name = of_column
                   order by random() limit 1), 'null');
end;
create function test.any_columns(alias text, of_table text) returns text language sql volatile
begin atomic
  select string_agg(format('%s.%I as %s_%s', alias, name, alias, name), ', ')
  from (select name from test.columns c where c.table_name = of_table order by random()
        limit 1 + floor(random() * 4)) chosen;
end;
create function test.key_of(alias text, of_table text) returns text language sql stable
begin atomic
  select string_agg(alias || quote_ident(name), ', ' order by name) from test.columns c
  where c.table_name = of_table and c.is_key;
end;
create function test.has_column(of_table text, of_column text) returns boolean language sql stable
begin atomic
  select exists (select from test.columns c where c.table_name = of_table and c.name = of_column);
end;

create function test.any_comparison(alias text, of_table text) returns text language plpgsql volatile as $$
declare
  of_column constant text := test.any_column(of_table);
  kind constant text := (select c.kind from test.columns c where c.table_name = of_table and c.name = of_column);
  x constant text := format('%s.%I', alias, of_column);
  v constant text := test.any_literal(of_table, of_column);
  w constant text := test.any_literal(of_table, of_column);
begin
  return case floor(random() * case kind when 'jsonb' then 11 when 'text' then 9 else 6 end)
    when 0 then format('%s = %s', x, v)
    when 1 then format('%s in (%s, %s)', x, v, w)
    when 2 then format('%s %s %s', x, test.any_of('<', '<=', '>', '>='), v)
    when 3 then format('%s between %s and %s', x, v, w)
    when 4 then format('%s is %s null', x, test.any_of('', 'not'))
    when 5 then format('%s is distinct from %s', x, v)
    when 6 then format('%s::text like %L', x, test.any_of('%e%', 'p%', '_o%', '%'))
    when 7 then format('%s::text ~* %L', x, test.any_of('^[a-m]', 'e', '\d'))
    when 8 then case kind when 'text' then format('lower(%s) <> upper(%s)', x, x)
                          else format('%s @> %L', x, test.any_of('{"n": 1}', '{"team": 2}', '{"plan": "a"}', '{}')) end
    when 9 then format('%s ? %L', x, test.any_of('mrr', 'n', 'team'))
    else format('jsonb_path_exists(%s, %L)', x, test.any_of('$.** ? (@ == 1)', '$.deep.n', '$.mrr ? (@ > 1)')) end;
end
$$;

create function test.any_condition(alias text, of_table text) returns text language plpgsql volatile as $$
begin
  return case floor(random() * 8)
    when 0 then 'true'
    when 1 then format('(%s and %s)', test.any_comparison(alias, of_table), test.any_comparison(alias, of_table))
    when 2 then format('(%s or %s)', test.any_comparison(alias, of_table), test.any_comparison(alias, of_table))
    when 3 then format('not coalesce(%s, false)', test.any_comparison(alias, of_table))
    when 4 then case when test.has_column(of_table, 'org_id') then format('%s.org_id = any (array[%s, %s])', alias,
      test.any_literal('organizations', 'org_id'), test.any_literal('organizations', 'org_id')) else 'true' end
    else test.any_comparison(alias, of_table) end;
end
$$;

-- How a row of table b belongs to one of a.
create function test.any_link(a_table text, b_table text) returns text language sql volatile
begin atomic
  select coalesce((
    select format('b.%I = a.%I', b_column, a_column)
    from (values ('org_id', 'org_id'), ('org_id', 'startup_id'), ('startup_id', 'org_id'), ('score_id', 'score_id'),
                 ('integration_id', 'integration_id'), ('investment_id', 'investment_id'), ('partnership_id', 'partnership_id'),
                 ('program_id', 'program_id'), ('month', 'month'), ('user_id', 'user_id')) link (b_column, a_column)
    where test.has_column(a_table, a_column) and test.has_column(b_table, b_column)
    order by random() limit 1),
    format('b.%I::timestamptz = a.%I::timestamptz', test.any_column(b_table, '{time}'), test.any_column(a_table, '{time}')));
end;

create function test.any_aggregate(alias text, of_table text) returns text language sql volatile
  return case floor(random() * 5)
    when 0 then 'count(*)'
    when 1 then format('count(distinct %s.%I)', alias, test.any_column(of_table))
    when 2 then format('max(%s.%I::text)', alias, test.any_column(of_table))
    when 3 then coalesce('sum(' || alias || '.' || test.any_column(of_table, '{number}') || ')', 'count(*)')
    else format('string_agg(%1$s.%2$I::text, '','' order by %1$s.%2$I::text)', alias, test.any_column(of_table)) end;

-- --- Queries ----------------------------------------------------------------------------------------------------------

create type test.query as (shape text, statement text);

-- The rows of a query as one text; in their order where the query has one.
create function test.as_text(shape text, statement text) returns text language sql immutable
  return format('select string_agg(q::text, ''|'' %s) from (%s) q', case when shape <> 'ordered' then 'order by q::text' end,
                statement);

create function test.any_query() returns test.query language plpgsql volatile as $$
declare
  a constant text := test.any_table();
  b constant text := test.any_table();
  ca constant text := test.any_columns('a', a);
  cb constant text := test.any_columns('b', b);
  where_a constant text := test.any_condition('a', a);
  where_b constant text := test.any_condition('b', b);
  also_a constant text := test.any_condition('a', a);
  link constant text := test.any_link(a, b);
  key_a constant text := test.key_of('a.', a);
  time_a constant text := test.any_column(a, '{time}');
  group_a constant text := test.any_column(a, '{text, uuid, other}');
  few constant integer := 1 + floor(random() * 5);
  shape constant text := test.any_of('plain', 'ordered', 'inner', 'left', 'full', 'semi', 'in', 'anti', 'not in', 'group',
    'rollup', 'total', 'window', 'lateral', 'cte', 'union', 'except', 'distinct on', 'scalar', 'self');
begin
  return row(shape, test.as_text(shape, case shape
    when 'plain' then format('select %s from «%s» a where %s', ca, a, where_a)
    when 'ordered' then format('select %1$s, %2$s from «%3$s» a where %4$s order by %2$s limit %5$s offset %6$s', ca, key_a, a,
      where_a, few, floor(random() * 3))
    when 'inner' then format('select %s, %s from «%s» a join «%s» b on %s where %s and %s', ca, cb, a, b, link, where_a, where_b)
    when 'left' then format('select %s, %s from «%s» a left join «%s» b on %s and %s where %s', ca, cb, a, b, link, where_b, where_a)
    when 'full' then format('select %s, %s from (select * from «%s» a where %s) a full join «%s» b on %s', ca, cb, a, where_a, b, link)
    when 'semi' then format('select %s from «%s» a where exists (select from «%s» b where %s and %s)', ca, a, b, link, where_b)
    when 'in' then format('select %s from «%s» a where a.%I in (select b.%I from «%s» b where %s) or %s', ca, a, time_a,
      test.any_column(b, '{time}'), b, where_b, where_a)
    when 'anti' then format('select %s from «%s» a where not exists (select from «%s» b where %s and %s) and %s', ca, a, b, link,
      where_b, where_a)
    when 'not in' then format('select %s from «%s» a where a.%I not in (select b.%I from «%s» b where %s)', ca, a,
      test.any_column(a, '{uuid}'), test.any_column(b, '{uuid}'), b, where_b)
    when 'group' then format('select a.%1$I, %2$s, %3$s from «%4$s» a where %5$s group by a.%1$I having count(*) >= %6$s', group_a,
      test.any_aggregate('a', a), test.any_aggregate('a', a), a, where_a, few / 2)
    when 'rollup' then format('select a.%1$I, a.%2$I, grouping(a.%1$I), count(*) from «%3$s» a group by rollup (a.%1$I, a.%2$I)',
      group_a, test.any_column(a, '{text, uuid, other}'), a)
    when 'total' then format('select %s, %s, (select count(*) from «%s» b where %s) from «%s» a where %s',
      test.any_aggregate('a', a), test.any_aggregate('a', a), b, where_b, a, where_a)
    when 'window' then format('select %1$s, row_number() over w, lag(a.%2$I) over w, count(*) over (partition by a.%3$I) from «%4$s» a
      where %5$s window w as (partition by a.%3$I order by %6$s)', ca, test.any_column(a), group_a, a, where_a, key_a)
    when 'lateral' then format('select %s, found.* from «%s» a %s join lateral (select %s from «%s» b where %s and %s order by %s limit %s)
      found on true where %s', ca, a, test.any_of('left', 'inner'), cb, b, link, where_b, test.key_of('b.', b), few, where_a)
    when 'cte' then format('with a as %1$s materialized (select * from «%2$s» a where %3$s) select %4$s, (select count(*) from a) from a
      where %5$s union all select %4$s, -1 from a', test.any_of('', 'not'), a, where_a, ca, also_a)
    when 'union' then format('select %1$s from «%2$s» a where %3$s union %4$s select %1$s from «%2$s» a where %5$s', key_a, a, where_a,
      test.any_of('', 'all'), also_a)
    when 'except' then format('select %1$s from «%2$s» a %3$s select %1$s from «%2$s» a where %4$s', key_a, a,
      test.any_of('except', 'except all', 'intersect'), where_a)
    when 'distinct on' then format('select distinct on (a.%1$I) a.%1$I, %2$s from «%3$s» a where %4$s order by a.%1$I, %5$s', group_a,
      ca, a, where_a, key_a)
    when 'scalar' then format('select %s, (select %s from «%s» b where %s) as found from «%s» a where %s', ca,
      test.any_aggregate('b', b), b, link, a, where_a)
    else format('select %1$s, b.%2$I from «%3$s» a join «%3$s» b using (%4$s) where %5$s and a.%2$I <= b.%2$I', ca, time_a, a,
      test.key_of('', a), where_a)
    end))::test.query;
end
$$;
