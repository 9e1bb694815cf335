-- The bulk path stores what an INSERT of the caller would store, and refuses what it would refuse.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(40);

-- Members store by auxeira.synthesize(). Whoever else is let to the path writes with their own rights.
grant execute on function auxeira.store_synthetic_metrics(text, integer, integer, double precision, text, bigint, timestamptz, uuid, text,
  text, text, text, text, double precision, double precision, double precision, double precision, uuid, uuid, jsonb) to auxeira_user;
grant insert (session_id) on auxeira.dashboard_metrics to auxeira_user;

create function test.become(person text) returns void language sql as $$
  select set_config('auxeira.' || name, coalesce(value, ''), true)
  from (select string_agg(org_id::text, ',') as readable, string_agg(org_id::text, ',') filter (where role <> 'viewer') as writable
        from auxeira.user_organizations where user_id = test.user_of(person)) o,
    lateral (values ('user_id', test.user_of(person)::text), ('user_type', 'startup_founder'),
                    ('org_id', test.org_of(person)::text), ('org_ids', o.readable),
                    ('writable_org_ids', o.writable)) setting (name, value)
$$;

create function test.storing(points integer default 6, org uuid default test.org_of('ann'),
  writer uuid default test.user_of('ann'), seed integer default 42) returns text language sql as $$
  select format($sql$
    select auxeira.store_synthetic_metrics('startup_founder', %s, 60, 0.2, 'stable', %s, '2026-03-01', %L, 'metrics',
      null, null, null, null, 0, 0, 0, 0, %L, null, null) $sql$, points, seed, org, writer)
$$;

-- What storing comes to after a change of the table, and what the table tells then. All of it is taken back.
create function test.outcome(change text, statement text default test.storing(), person text default 'ann',
  look text default 'select count(*) from auxeira.dashboard_metrics') returns text language plpgsql as $$
declare
  fault text;
  seen text;
begin
  set constraints all deferred;
  execute change;
  perform test.become(person);
  set local role auxeira_user;
  fault := test.fault(statement || '; set constraints all immediate');
  reset role;
  execute look into seen;
  raise exception using errcode = 'ZZ999', message = concat_ws(' | ', split_part(fault, ' | ', 1), seen);
exception when sqlstate 'ZZ999' then
  return sqlerrm;
end
$$;

create function test.refused_row() returns text language sql
  return '42501 new row violates row-level security policy for table "dashboard_metrics" | 0';

-- --- Rows ---------------------------------------------------------------------------------------------------

select is(test.outcome(''), 'no error | 6', 'a member stores');
select is(test.outcome('', test.storing(3000), look => $$
    select (count(*), count(distinct m.metric_id)) from auxeira.dashboard_metrics m
      join auxeira.synthetic_metrics('startup_founder', 3000, 60, 0.2, 'stable', 42, '2026-03-01', test.org_of('ann')) s
        using (metric_id, metric_value, metric_timestamp, metric_name, synthetic_algorithm, synthetic_trend)
    where m.org_id = test.org_of('ann') and m.user_id = test.user_of('ann') and m.dashboard_type = 'startup_founder'
      and m.is_synthetic and m.session_id is null and m.created_at = now() and m.data_sources = '[]'
      and m.confidence_score = 1 and m.reported_at is null and m.first_value is null $$),
  'no error | (3000,3000)', 'the rows of the function, with the defaults of the table');
select is(test.outcome('', replace(test.storing(3000), '0, 0, 0, 0', '0.1, 0.1, 0.1, 0'), look => $$
    select (count(*) < 2950, count(*) = count(s.metric_id), count(m.reported_at) > 50, count(m.first_value) > 50)
    from auxeira.dashboard_metrics m left join auxeira.synthetic_metrics('startup_founder', 3000, 60, 0.2, 'stable', 42,
        '2026-03-01', test.org_of('ann'), 'metrics', null, null, null, null, 0.1, 0.1, 0.1, 0) s
      on s.metric_id = m.metric_id and (s.reported_at, s.first_value) is not distinct from (m.reported_at, m.first_value) $$),
  'no error | (t,t,t,t)', 'missing, late and restated reports are stored as such');
create extension amcheck;
select is(test.outcome('', test.storing(5000), look => $$
    select count(bt_index_check(indexrelid, true)) from pg_index where indrelid = 'auxeira.dashboard_metrics'::regclass $$),
  'no error | 2', 'the two indexes have every row');
select is(test.outcome(test.storing(2500) || '; delete from auxeira.dashboard_metrics where extract(hour from metric_timestamp)::integer % 3 = 0',
    test.storing(2500)), 'no error | 2500', 'rows that are there already are left out, the others stored');
select is(test.outcome(test.storing(2500), test.storing(2500, seed => 43)), 'no error | 5000', 'another series is stored between them');

-- --- Rights -------------------------------------------------------------------------------------------------

select is(test.outcome('', person => 'vic'), test.refused_row(), 'a viewer is refused');
select is(test.outcome('', person => 'bob'), test.refused_row(), 'so is a member of another organization');
select is(test.outcome('', test.storing(writer => test.user_of('bob'))),
  '42501 new row violates row-level security policy "own_writing" for table "dashboard_metrics" | 0',
  'rows in the name of another user are refused');
select is(test.outcome('alter policy member_insert on auxeira.dashboard_metrics with check (false)'), test.refused_row(),
  'the policies are those of the table');
select is(test.outcome($$ alter policy member_insert on auxeira.dashboard_metrics with check (metric_timestamp < '2026-02-20') $$),
  test.refused_row(), 'one that looks at what changes is asked for every row');
select is(test.outcome($$ alter policy member_insert on auxeira.dashboard_metrics
    with check (not exists (select where metric_timestamp > '2026-02-20')) $$), test.refused_row(), 'so is one with a query');
select is(test.outcome('revoke insert on auxeira.dashboard_metrics from auxeira_user; '
    'revoke insert (metric_value) on auxeira.dashboard_metrics from auxeira_user'),
  '42501 permission denied for table dashboard_metrics | 0', 'every column needs the privilege');
select is(test.outcome('set local transaction_read_only = on'),
  '25006 cannot execute INSERT in a read-only transaction | 0', 'nothing is stored in a read-only transaction');

-- --- Constraints --------------------------------------------------------------------------------------------

select is(test.outcome($$ alter table auxeira.dashboard_metrics add constraint c check (metric_timestamp < '2026-02-20') $$),
  '23514 new row for relation "dashboard_metrics" violates check constraint "c" | 0', 'a check of what changes');
select is(test.outcome($$ alter table auxeira.dashboard_metrics add constraint c check (synthetic_trend <> 'stable') $$),
  '23514 new row for relation "dashboard_metrics" violates check constraint "c" | 0', 'a check of what does not');
select is(test.outcome($$ alter table auxeira.dashboard_metrics add constraint c check (to_jsonb(dashboard_metrics) ->> 'metric_timestamp' < '2026-02-20') $$),
  '23514 new row for relation "dashboard_metrics" violates check constraint "c" | 0', 'a check of the row');
select is(test.outcome($$ alter table auxeira.dashboard_metrics add constraint c check (metric_value ? 'sse_score') $$),
  'no error | 6', 'a check that holds');
select is(test.outcome('alter table auxeira.dashboard_metrics add needed integer not null'),
  '23502 null value in column "needed" of relation "dashboard_metrics" violates not-null constraint | 0', 'not null');
select is(test.outcome('create unique index u on auxeira.dashboard_metrics (org_id, synthetic_trend)'),
  '23505 duplicate key value violates unique constraint "u" | 0', 'a unique index');
select is(test.outcome('create unique index u on auxeira.dashboard_metrics (org_id, (metric_timestamp > ''2026-02-20''))'),
  '23505 duplicate key value violates unique constraint "u" | 0', 'a unique index on an expression');
select is(test.outcome('alter table auxeira.dashboard_metrics add constraint u unique (org_id, synthetic_trend) deferrable initially deferred'),
  '23505 duplicate key value violates unique constraint "u" | 0', 'a deferred unique constraint');
select is(test.outcome($$ create extension btree_gist; alter table auxeira.dashboard_metrics
    add constraint e exclude using gist (org_id with =, metric_timestamp with <>) $$),
  '23P01 conflicting key value violates exclusion constraint "e" | 0', 'an exclusion constraint');
select matches(test.fault(test.storing(org => '00000000-0000-4000-8000-000000000001')), '^23503 insert or update on table.*constraint: dashboard_metrics_org_id_fkey$',
  'an organization that there is not');
create table test.moments (at timestamptz primary key);
insert into test.moments values ('2025-12-31'), ('2026-01-12');
select is(test.outcome('alter table auxeira.dashboard_metrics add constraint f foreign key (metric_timestamp) references test.moments'),
  '23503 insert or update on table "dashboard_metrics" violates foreign key constraint "f" | 0', 'a foreign key of what changes');
create table test.writers (user_id uuid primary key);
select is(test.outcome('alter table auxeira.dashboard_metrics add constraint f foreign key (user_id) references test.writers
    deferrable initially deferred'),
  '23503 insert or update on table "dashboard_metrics" violates foreign key constraint "f" | 0', 'a deferred foreign key');
select is(test.outcome('alter table auxeira.dashboard_metrics add constraint f foreign key (user_id) references test.writers;
    insert into test.writers values (test.user_of(''ann''))'), 'no error | 6', 'a foreign key that holds');

select matches(test.fault('alter table auxeira.dashboard_metrics add constraint f foreign key (user_id) references test.writers
    deferrable initially deferred; set constraints all deferred;' || test.storing() || ';
    delete from auxeira.dashboard_metrics where metric_timestamp = ''2025-12-31''; set constraints all immediate'),
  '^23503 .* constraint: f$', 'a deferred foreign key, when the first row is gone');

-- --- Triggers, defaults and the rest ------------------------------------------------------------------------

create table test.seen (what text);
grant insert on test.seen to public;
create function test.before_row() returns trigger language plpgsql as $$
begin
  if extract(day from new.metric_timestamp) < 10 then
    return null;
  end if;
  new.metric_unit := (select count(*) from auxeira.dashboard_metrics);
  new.user_id := coalesce(nullif(tg_argv[0], '')::uuid, new.user_id);
  return new;
end
$$;
create function test.after_row() returns trigger language plpgsql as $$
begin
  insert into test.seen values (tg_when || ' ' || tg_level);
  return null;
end
$$;
create function test.after_statement() returns trigger language plpgsql as $$
begin
  insert into test.seen select 'transition of ' || count(*) from stored;
  return null;
end
$$;
create function test.trigger(timing text, function text, argument text default '') returns text language sql
  return format('create trigger zz %s execute function test.%s(%L)', replace(timing, 'TABLE', 'insert on auxeira.dashboard_metrics'),
                function, argument);
select is(test.outcome(test.trigger('before TABLE for each row', 'before_row'),
    look => $$ select string_agg(metric_unit, ',' order by metric_timestamp) from auxeira.dashboard_metrics $$),
  'no error | 0,1,2,3', 'a trigger before each row changes it, leaves it out, and sees the rows before it');
select is(test.outcome(test.trigger('before TABLE for each row', 'before_row', test.user_of('bob')::text)),
  '42501 new row violates row-level security policy "own_writing" for table "dashboard_metrics" | 0',
  'policies are asked about the row as triggers left it');
select is(test.outcome(format(timing, 'insert on auxeira.dashboard_metrics'), look => $$ select count(*) || what from test.seen group by what $$),
  'no error | ' || expected, expected)
from (values
  ('create trigger zz before %s for each statement execute function test.after_row()', '1BEFORE STATEMENT'),
  ('create trigger zz after %s for each statement execute function test.after_row()', '1AFTER STATEMENT'),
  ('create trigger zz after %s for each row execute function test.after_row()', '6AFTER ROW'),
  ('create constraint trigger zz after %s deferrable initially deferred for each row execute function test.after_row()', '6AFTER ROW'),
  ('create trigger zz after %s referencing new table as stored for each statement execute function test.after_statement()',
   '1transition of 6')) t (timing, expected);
select is(test.outcome('alter table auxeira.dashboard_metrics add day date generated always as ((metric_timestamp at time zone ''UTC'')::date) stored',
    look => 'select count(distinct day) || min(day)::text from auxeira.dashboard_metrics'), 'no error | 62025-12-31', 'a generated column');
select is(test.outcome($$ alter table auxeira.dashboard_metrics
    add day date generated always as ((metric_timestamp at time zone 'UTC')::date) stored check (day < '2026-02-20') $$),
  '23514 new row for relation "dashboard_metrics" violates check constraint "dashboard_metrics_day_check" | 0', 'a check of it');
select is(test.outcome('alter table auxeira.dashboard_metrics add chance uuid default gen_random_uuid()',
    look => 'select count(distinct chance) from auxeira.dashboard_metrics'), 'no error | 6', 'a default of each row''s own');
select is(test.outcome('create rule r as on insert to auxeira.dashboard_metrics do also notify stored'),
  '0A000 rows cannot be stored in bulk | 0', 'a rule is not passed by');

-- A cancel that comes at the 1,500th point, while a check that looks at every point counts on.
create sequence test.looks;
grant usage on sequence test.looks to auxeira_user;
create function test.points_until_cancelled() returns bigint language plpgsql as $$
begin
  alter table auxeira.dashboard_metrics add constraint c check (nextval('test.looks') <> 1500 or pg_cancel_backend(pg_backend_pid()));
  execute test.storing(3000);
  return null;
exception when query_canceled then
  return (select last_value - 1500 from test.looks);
end
$$;
select cmp_ok(test.points_until_cancelled(), '<=', 100::bigint, 'a cancel ends it within a hundred points');

select * from finish();
rollback;
