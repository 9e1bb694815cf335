-- What those who run the service want to measure, in the form of samples: for the metrics of the REST shim.
set local role auxeira_owner;

-- Counting stops there: a scrape must cost the same whatever the state of things.
create function auxeira.most_counted() returns bigint language sql immutable parallel safe return 100000;
comment on function auxeira.most_counted() is 'Rows up to which operation_figures counts.';

create function auxeira.job_figures() returns table (name text, label text, value double precision) language sql stable
begin atomic
  select f.name, j.job, extract(epoch from f.at)::double precision
  from (select job, max(started_at) as started, max(ended_at) filter (where error is null) as succeeded
        from auxeira.job_runs group by job) j
    cross join lateral (values ('job_start', j.started), ('job_success', j.succeeded)) f (name, at)
  where f.at is not null;
end;
comment on function auxeira.job_figures() is 'When each job was last started, and last ended well, in seconds since 1970.';

create function auxeira.ledger_figures() returns table (name text, label text, value double precision) language sql stable
begin atomic
  select f.name, '', f.value
  from auxeira.ledger_condition c
    cross join lateral (values
      ('ledger_open_changes', (select count(*) from (select from auxeira.ledger_open limit auxeira.most_counted()) o)::double precision),
      ('ledger_seal_lag', coalesce(extract(epoch from clock_timestamp() - c.waiting_since), 0)::double precision),
      ('ledger_problems', coalesce(c.problems, 0)::double precision)) f (name, value);
end;
comment on function auxeira.ledger_figures() is
  'Changes that wait to be sealed (up to most_counted), seconds since the oldest of them, problems of the last verification.';

-- Definer, because it is asked by the shim itself, which reads no table.
create function auxeira.operation_figures() returns table (name text, label text, value double precision)
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select * from auxeira.job_figures()
  union all select * from auxeira.ledger_figures()
  union all select 'mails_waiting', '', (select count(*) from (
    select from auxeira.mail_outbox where sent_at is null and dropped_at is null limit auxeira.most_counted()) m)::double precision;
end;
comment on function auxeira.operation_figures() is
  'Figures of the service: name, what it is of (a job, or nothing), value. No figure is of a tenant.';

reset role;
