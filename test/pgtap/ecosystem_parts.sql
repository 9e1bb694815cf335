-- An ecosystem is stored for some companies at a time: how many is not to be seen in the rows, and the client is told of each part.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
\ir support/synthetic_digest.sql
set local client_min_messages = error;
select plan(7);

create table test.told (done bigint, total bigint, n integer generated always as identity);
create or replace function auxeira.report_generation(org_id uuid, session_id uuid, done bigint, total bigint) returns void
  language sql security definer as 'insert into test.told (done, total) values (done, total)';

create table test.made (at_a_time integer, digest text, told integer[], total bigint);
create function test.make(at_a_time integer) returns void language plpgsql as $$
begin
  execute format('create or replace function auxeira.companies_at_a_time() returns integer language sql immutable return %s', at_a_time);
  truncate test.told;
  perform auxeira.synthesize_ecosystem(30, 400, 7, '2026-03-10', around => array[test.org_of('ann')]);
  insert into test.made
  select at_a_time, test.synthetic_digest(), array_agg(t.done order by t.n), max(t.total) from test.told t;
  perform auxeira.remove_synthetic(session => auxeira.synthetic_uuid(7, 'ecosystem'));
  delete from auxeira.synthetic_data_sessions;
end
$$;
select test.make(n) from unnest('{1, 7, 10, 1000}'::integer[]) n \g /dev/null

select is((select count(distinct digest) from test.made), 1::bigint, 'rows are the same for 1, 7, 10 or all companies at a time');
select cmp_ok((select total from test.made where at_a_time = 1), '>', (select total from test.made where at_a_time = 10),
              'the fewer at a time, the more parts');
select is((select total from test.made where at_a_time = 1000), (select count(*) from auxeira.synthetic_steps),
          'all at once: a part is a step');
select is(m.told, array(select generate_series(0, m.total::integer)), format('each of %s parts is told, once', m.total)) from test.made m;
select * from finish();
rollback;
