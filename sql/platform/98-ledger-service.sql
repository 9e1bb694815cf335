-- The ledger over the API, and the jobs that keep it: sealing and verification.
set local role auxeira_owner;

-- --- Jobs --------------------------------------------------------------------------------------------------------------

create table auxeira.jobs (
  job text primary key,
  longest_pause interval not null
);
comment on table auxeira.jobs is 'What is done from time to time.';
comment on column auxeira.jobs.longest_pause is 'After so long without a run /api/health tells of it.';
insert into auxeira.jobs values ('ledger_seal', '10 minutes'), ('ledger_verify', '2 days'), ('events_tidy', '10 minutes');
call auxeira.protect_private_table('auxeira.jobs');

create table auxeira.job_runs (
  run_id uuid primary key default gen_random_uuid(),
  job text not null references auxeira.jobs,
  table_name text,
  since_block bigint not null default 0,
  pid integer not null default pg_backend_pid(),
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  rows bigint,
  findings jsonb,
  error text
);
create index job_runs_latest on auxeira.job_runs (job, started_at);
comment on table auxeira.job_runs is 'Runs of jobs of the last seven days.';
comment on column auxeira.job_runs.table_name is 'Of ledger_verify: the table of schema auxeira whose rows were looked at; NULL for all.';
comment on column auxeira.job_runs.since_block is 'Of ledger_verify: the block it began with.';
comment on column auxeira.job_runs.pid is 'The process of the server that runs it.';
comment on column auxeira.job_runs.rows is 'ledger_seal: changes that were sealed; ledger_verify: problems that were found; events_tidy: rows of the outbox.';
comment on column auxeira.job_runs.findings is 'ledger_verify: the first thousand of the problems.';
comment on column auxeira.job_runs.error is 'Why it failed: SQLSTATE and message.';
call auxeira.protect_private_table('auxeira.job_runs');

create function auxeira.seal_all() returns bigint language plpgsql volatile as $$
declare
  before constant bigint := coalesce((select max(b.tree_size) from auxeira.ledger_blocks b), 0);
begin
  while auxeira.ledger_seal() is not null loop
    null;
  end loop;
  return coalesce((select max(b.tree_size) from auxeira.ledger_blocks b), 0) - before;
end
$$;
comment on function auxeira.seal_all() is 'Seals whatever is open, and says how many changes that was.';
revoke execute on function auxeira.seal_all() from public;

create function auxeira.verify_all(table_name text, since_block bigint, out rows bigint, out findings jsonb)
  language sql volatile
begin atomic
  select count(*), coalesce(jsonb_agg(jsonb_build_object('problem', v.problem, 'table', v.table_name, 'key', v.key,
    'changeId', v.change_id::text, 'block', v.block, 'detail', v.detail)) filter (where v.place <= 1000), '[]')
  from (select p.*, row_number() over () as place
        from auxeira.ledger_verify(('auxeira.' || quote_ident(verify_all.table_name))::regclass, verify_all.since_block) p) v;
end;
comment on function auxeira.verify_all(text, bigint) is 'How many problems the ledger has, and the first of them.';
revoke execute on function auxeira.verify_all(text, bigint) from public;

create function auxeira.begin_run(run uuid, job text, table_name text default null, since_block bigint default 0) returns void
  language sql volatile
begin atomic
  delete from auxeira.job_runs r where r.job = begin_run.job and r.started_at < now() - interval '7 days';
  insert into auxeira.job_runs (run_id, job, table_name, since_block) values (run, job, table_name, since_block);
end;
comment on function auxeira.begin_run(uuid, text, text, bigint) is 'Notes that a job begins, and forgets old runs of it.';
revoke execute on function auxeira.begin_run(uuid, text, text, bigint) from public;

create function auxeira.finish_run(run uuid) returns bigint language plpgsql volatile as $$
declare
  r auxeira.job_runs;
begin
  select * into r from auxeira.job_runs j where j.run_id = run;
  begin
    if r.job = 'ledger_verify' then
      select v.rows, v.findings into r.rows, r.findings from auxeira.verify_all(r.table_name, r.since_block) v;
    elsif r.job = 'events_tidy' then
      r.rows := auxeira.tidy_events();
    else
      r.rows := auxeira.seal_all();
    end if;
  exception when others then
    r.error := sqlstate || ' ' || sqlerrm;
    raise warning 'job % failed: %', r.job, r.error;
  end;
  update auxeira.job_runs j set ended_at = clock_timestamp(), rows = r.rows, findings = r.findings, error = r.error where j.run_id = run;
  return r.rows;
end
$$;
comment on function auxeira.finish_run(uuid) is 'Does the job of a run, and notes how it went.';
revoke execute on function auxeira.finish_run(uuid) from public;

create function auxeira.run_job(job text) returns bigint language plpgsql volatile as $$
declare
  run constant uuid := gen_random_uuid();
begin
  perform auxeira.begin_run(run, job);
  return auxeira.finish_run(run);
end
$$;
comment on function auxeira.run_job(text) is
  'Runs a job (ledger_seal and events_tidy, every minute; ledger_verify, every night) and records that it ran; NULL and a warning when it '
  'fails. For administrators of the database, by pg_cron or by make seal.';
revoke execute on function auxeira.run_job(text) from public;

-- The lock on the order of events ends with each step, so that subscribers need not wait for all of them.
create procedure auxeira.tidy_events_in_steps() language plpgsql as $$
declare
  run constant uuid := gen_random_uuid();
  ordered bigint := 0;
  in_step bigint;
begin
  perform auxeira.begin_run(run, 'events_tidy');
  commit;
  for step in 1 .. 100 loop
    in_step := auxeira.order_events();
    commit;
    exit when in_step = 0;
    ordered := ordered + in_step;
  end loop;
  loop
    in_step := auxeira.forget_events();
    commit;
    exit when in_step = 0;
  end loop;
  update auxeira.job_runs j set ended_at = clock_timestamp(), rows = ordered where j.run_id = run;
end
$$;
comment on procedure auxeira.tidy_events_in_steps() is 'The job events_tidy in a transaction for each 10000 events. Not within a transaction.';
revoke execute on procedure auxeira.tidy_events_in_steps() from public;

-- The schema of pg_cron is there only when its extension is.
create procedure auxeira.schedule_jobs() language plpgsql as $$
begin
  if not exists (select from pg_extension where extname = 'pg_cron') then
    raise exception using errcode = '55000', message = 'the extension pg_cron is not installed in this database',
      hint = 'Install the package postgresql-15-cron, preload it, and run: create extension pg_cron.';
  end if;
  execute $jobs$
    select cron.schedule('auxeira-ledger-seal', '* * * * *', 'select auxeira.run_job(''ledger_seal'')'),
           cron.schedule('auxeira-events-tidy', '* * * * *', 'call auxeira.tidy_events_in_steps()'),
           cron.schedule('auxeira-ledger-verify', '17 3 * * *', 'select auxeira.run_job(''ledger_verify'')')
  $jobs$;
end
$$;
comment on procedure auxeira.schedule_jobs() is 'Has pg_cron run the jobs. Error 55000: it is not installed.';
revoke execute on procedure auxeira.schedule_jobs() from public;

-- --- Health ------------------------------------------------------------------------------------------------------------

create function auxeira.age_in_words(since timestamptz) returns text language plpgsql stable as $$
begin
  return case when since is null then 'never'
    when now() - since < interval '1 minute' then 'less than a minute ago'
    when now() - since < interval '2 hours' then floor(extract(epoch from now() - since) / 60) || ' minutes ago'
    when now() - since < interval '2 days' then floor(extract(epoch from now() - since) / 3600) || ' hours ago'
    else floor(extract(epoch from now() - since) / 86400) || ' days ago' end;
end
$$;
comment on function auxeira.age_in_words(timestamptz) is 'How long ago something was, roughly.';

-- Open changes lie about as they came. Looking at the first of them costs the same however many there are.
create view auxeira.ledger_condition with (security_invoker = true) as
  select (select max(sealed_at) from auxeira.ledger_blocks) as sealed_at,
    (select min(o.at) from (select at from auxeira.ledger_open limit 100) o) as waiting_since,
    s.started_at as seal_ran_at, s.error as seal_error, v.started_at as verified_at, v.ended_at - v.started_at as verification_took, v.rows as problems, v.error as verify_error
  from (select) x
    left join lateral (select * from auxeira.job_runs where job = 'ledger_seal' and ended_at is not null
                       order by started_at desc limit 1) s on true
    left join lateral (select * from auxeira.job_runs
                       where job = 'ledger_verify' and ended_at is not null and table_name is null and since_block = 0
                       order by started_at desc limit 1) v on true;
comment on view auxeira.ledger_condition is
  'When the ledger was last sealed and verified, since when the oldest change waits to be sealed (of the 100 that lie first), and '
  'how the jobs went.';

create function auxeira.ledger_health() returns text language plpgsql stable as $$
begin
  return (select case
      when c.problems > 0 then 'problems found'
      when c.seal_error is not null then 'sealing fails'
      when c.verify_error is not null then 'verification fails'
      when c.waiting_since < now() - interval '10 minutes' then 'sealing lags'
      else 'ok' end
    || format(': sealed %s, verified %s', auxeira.age_in_words(c.sealed_at), auxeira.age_in_words(c.verified_at))
    || case when c.waiting_since is null then '' else ', oldest open change ' || auxeira.age_in_words(c.waiting_since) end
  from auxeira.ledger_condition c);
end
$$;
comment on function auxeira.ledger_health() is 'The condition of the ledger in a line.';

-- Definer, because the ledger is nobody's to read; it tells how much there is, and of what age.
create function auxeira.ledger_status(out changes bigint, out kept_changes bigint, out open_changes bigint, out blocks bigint,
  out seal_lag_seconds double precision, out sealed_at timestamptz, out verified_at timestamptz, out verification_seconds double precision,
  out problems bigint) language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select coalesce(latest.tree_size, 0), coalesce(latest.tree_size, 0) - auxeira.ledger_first_leaf(),
    (select count(*) from auxeira.ledger_open), coalesce(latest.block, 0),
    coalesce(greatest(extract(epoch from clock_timestamp() - c.waiting_since), 0), 0)::double precision,
    c.sealed_at, c.verified_at, extract(epoch from c.verification_took)::double precision, c.problems
  from auxeira.ledger_condition c
    left join (select * from auxeira.ledger_blocks order by block desc limit 1) latest on true;
end;
comment on function auxeira.ledger_status() is
  'For monitoring: changes that were ever sealed, how many of them are kept, how many wait to be sealed and since how many '
  'seconds the oldest does, blocks, when was sealed and verified last, and how long that took and how many problems it found.';
revoke execute on function auxeira.ledger_status() from public;
grant execute on function auxeira.ledger_status() to pg_monitor;

-- A job that never ran is one that nobody wanted to run here: a shim does without events_tidy.
create function auxeira.jobs_health() returns text language plpgsql stable as $$
begin
  return (with latest as (
    select j.job, j.longest_pause, max(r.started_at) as ran_at from auxeira.jobs j join auxeira.job_runs r using (job) group by j.job
  )
  select case when count(*) filter (where l.job = 'ledger_seal') = 0 then 'not scheduled'
    else coalesce(string_agg(l.job || ' ran ' || auxeira.age_in_words(l.ran_at), ', ' order by l.job)
                    filter (where l.ran_at < now() - l.longest_pause), 'ok') end
  from latest l);
end
$$;
comment on function auxeira.jobs_health() is 'Whether jobs run: ok, not scheduled, or those that did not run for longer than they should.';

-- --- Reading history -----------------------------------------------------------------------------------------------------

create function auxeira.history_kinds() returns table (kind text, relation regclass, id_column text) language sql stable
begin atomic
  select k.kind, ('auxeira.' || k.name)::regclass, k.id_column
  from (values ('organizations', 'organizations', 'org_id'), ('scores', 'sse_scores', 'score_id'),
    ('metrics', 'dashboard_metrics', 'metric_id'), ('investments', 'investments', 'investment_id'),
    ('partnerships', 'partnerships', 'partnership_id'), ('relationships', 'relationships', 'relationship_id'),
    ('documents', 'documents', 'document_id'), ('integrations', 'integrations', 'integration_id'),
    ('actions', 'actions', 'action_id'), ('cash-flows', 'investment_cash_flows', 'flow_id'),
    ('redemptions', 'benefit_redemptions', 'redemption_id'), ('programs', 'programs', 'program_id'),
    ('grants', 'grants', 'grant_id'), ('templates', 'organization_templates', 'template_id')) k (kind, name, id_column);
end;
comment on function auxeira.history_kinds() is 'What GET /api/history/:table/:id knows, and the column of the id.';

create function auxeira.operation_word(operation "char") returns text language sql immutable
  return coalesce((select word from (values ('I', 'insert'), ('U', 'update'), ('D', 'delete'), ('T', 'truncate'), ('B', 'baseline'),
    ('X', 'end'), ('A', 'alter'), ('E', 'erase'), ('C', 'checkpoint')) w (letter, word) where letter = operation::text), operation::text);
comment on function auxeira.operation_word("char") is 'The name of an operation of the ledger.';

create function auxeira_api.get_history(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["table", "id"], "additionalProperties": false,
    "properties": {
      "table": {"type": "string", "enum": ["organizations", "scores", "metrics", "investments", "partnerships", "relationships",
        "documents", "integrations", "actions", "cash-flows", "redemptions", "programs", "grants", "templates"]},
      "id": {"type": "string", "format": "uuid"},
      "organizationId": {"type": "string", "format": "uuid"},
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}}}', true);
  k record;
  key jsonb;
  versions json;
begin
  select * into k from auxeira.history_kinds() h where h.kind = r ->> 'table';
  key := jsonb_build_object('org_id', coalesce(r ->> 'organizationId', auxeira.org_id()::text))
         || jsonb_build_object(k.id_column, r ->> 'id');
  select json_agg(json_build_object('version', h.version, 'changeId', h.change_id::text, 'at', h.at,
      'operation', auxeira.operation_word(h.operation), 'userId', h.user_id, 'organizationId', h.org_id, 'sessionId', h.session_id,
      'address', host(h.address), 'requestId', h.request_id, 'traceId', h.trace_id, 'reason', h.reason, 'row', h."row", 'changed', h.changed,
      'standing', h.standing, 'block', h.block) order by h.version desc)
    into versions
  from (select * from auxeira.history(k.relation, key) order by version desc limit (r ->> 'limit')::integer) h;
  if versions is null then
    raise exception using errcode = 'P0002', message = 'history not found';
  end if;
  return auxeira.success(json_build_object('table', k.kind, 'id', r ->> 'id', 'count', json_array_length(versions),
                                           'versions', versions));
end
$$;
comment on function auxeira_api.get_history(jsonb) is
  'GET /api/history/:table/:id?organizationId=&limit=100: the versions of a row, newest first, of the active organization or of '
  'another, as far as the rows themselves may be read today. table: organizations, scores, metrics, investments, partnerships, '
  'relationships, documents, integrations, actions, cash-flows, redemptions, programs, grants, templates. Error P0002: there '
  'is none, or it may not be read.';

-- --- Evidence ---------------------------------------------------------------------------------------------------------------

-- Definer, because the ledger is nobody's to read. A receipt shows all of a row, and who changed it from where: of a change
-- that another organization made of one's row, auxeira.history() shows what it shows.
create function auxeira.organization_receipt(change_id bigint) returns json
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (
    select from auxeira.ledger_changes c join auxeira.ledger_tables t using (table_id)
      join auxeira.history_kinds() k on k.relation = t.relation
      join auxeira.ledger_actors a using (actor_id)
    where c.change_id = organization_receipt.change_id and c.org_id = any (auxeira.managed_org_ids())
      and a.org_id = any (auxeira.managed_org_ids()) and has_table_privilege('auxeira_user', t.relation, 'select')) then
    raise exception using errcode = 'P0002', message = 'receipt not found',
      hint = 'There is one of sealed changes of your rows that your organization made itself.';
  end if;
  return auxeira.ledger_receipt(change_id);
end
$$;
comment on function auxeira.organization_receipt(bigint) is
  'The receipt of a change, for those who manage the organization that the row is of and the one that made the change. Error '
  'P0002: there is none, or not yet.';
revoke execute on function auxeira.organization_receipt(bigint) from public;

create function auxeira_api.get_ledger_receipt(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["changeId"], "additionalProperties": false,
    "properties": {"changeId": {"type": "integer", "minimum": 1, "maximum": 9007199254740991}}}', true);
begin
  return auxeira.success(auxeira.organization_receipt((r ->> 'changeId')::bigint));
end
$$;
comment on function auxeira_api.get_ledger_receipt(jsonb) is
  'GET /api/ledger/receipt/:changeId: the proof that a change of a row of one''s organization is in the ledger, for '
  'auxeira-verify. For administrators of the organization. Error P0002: there is none, it is not sealed yet, or not theirs.';

-- Definer, because the ledger is nobody's to read. The head is for everybody to keep: that is what makes it evidence.
create function auxeira_api.get_ledger_digest(request jsonb) returns json
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  latest auxeira.ledger_blocks;
begin
  perform auxeira.checked(request, '{"additionalProperties": false, "properties": {}}');
  select * into latest from auxeira.ledger_blocks order by block desc limit 1;
  if latest.block is null then
    raise exception using errcode = 'P0002', message = 'nothing has been sealed yet';
  end if;
  return auxeira.success(auxeira.ledger_head_json(latest.head, latest.signature, latest.public_key)::json);
end
$$;
comment on function auxeira_api.get_ledger_digest(jsonb) is
  'GET /api/ledger/digest: the newest head of the ledger, signed. Who keeps it can notice a past that was changed afterwards. '
  'Error P0002: nothing has been sealed yet.';

-- --- Verification ------------------------------------------------------------------------------------------------------------

-- Volatile: a process that is gone may have ended the run since the caller's snapshot, and a later one shows that.
create function auxeira.has_run_off(run auxeira.job_runs) returns boolean language plpgsql volatile as $$
begin
  if run.ended_at is not null
    or exists (select from pg_stat_activity a where a.pid = run.pid and a.application_name = run.run_id::text) then
    return false;
  end if;
  return exists (select from auxeira.job_runs j where j.run_id = run.run_id and j.ended_at is null);
end
$$;
comment on function auxeira.has_run_off(auxeira.job_runs) is 'Whether the process of a run is gone and the run never ended.';

create function auxeira.verification_json(run auxeira.job_runs) returns json language sql volatile
  return json_build_object('runId', run.run_id,
    'status', case when run.error is not null or auxeira.has_run_off(run) then 'failed' when run.ended_at is null then 'running'
                   else 'done' end,
    'table', run.table_name, 'sinceBlock', run.since_block, 'startedAt', run.started_at, 'verified', run.rows = 0, 'count', run.rows,
    'problems', coalesce(run.findings, '[]'), 'error', coalesce(run.error, case when auxeira.has_run_off(run) then 'its process ended' end),
    'treeSize', (select coalesce(max(b.tree_size), 0) from auxeira.ledger_blocks b),
    'seconds', round(extract(epoch from coalesce(run.ended_at, clock_timestamp()) - run.started_at)::numeric, 3));
comment on function auxeira.verification_json(auxeira.job_runs) is 'A verification as the API tells it.';
revoke execute on function auxeira.verification_json(auxeira.job_runs) from public;

create function auxeira.verification_under_way(table_name text, since_block bigint) returns uuid language sql volatile
begin atomic
  select r.run_id from auxeira.job_runs r
  where r.job = 'ledger_verify' and r.ended_at is null and not auxeira.has_run_off(r)
    and r.table_name is not distinct from verification_under_way.table_name and r.since_block = verification_under_way.since_block
  order by r.started_at desc limit 1;
end;
comment on function auxeira.verification_under_way(text, bigint) is 'The same verification, where somebody began it before.';
revoke execute on function auxeira.verification_under_way(text, bigint) from public;

create function auxeira.patience() returns interval language sql stable
  return (select least(interval '2.5 seconds', case when t.setting = '0' then null else t.setting::interval / 2 end)
          from (select current_setting('statement_timeout')) t (setting));
comment on function auxeira.patience() is 'How long a call waits for what goes on behind it.';

create function auxeira.await_run(run uuid) returns auxeira.job_runs language plpgsql volatile as $$
declare
  until constant timestamptz := clock_timestamp() + auxeira.patience();
  r auxeira.job_runs;
begin
  loop
    select * into r from auxeira.job_runs j where j.run_id = run;
    exit when r.ended_at is not null or clock_timestamp() > until;
    perform pg_sleep(0.02);
  end loop;
  -- The list of processes is otherwise that of the first look at it.
  perform pg_stat_clear_snapshot();
  return r;
end
$$;
comment on function auxeira.await_run(uuid) is 'The run when it has ended, or as it is after a while.';
revoke execute on function auxeira.await_run(uuid) from public;

-- Definer, because the ledger is nobody's to read.
create function auxeira_api.admin_verify_ledger(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "additionalProperties": false,
    "properties": {
      "table": {"type": "string", "minLength": 1, "maxLength": 63},
      "sinceBlock": {"type": "integer", "minimum": 0, "maximum": 9007199254740991, "default": 0}}}');
  since constant bigint := (r ->> 'sinceBlock')::bigint;
  run_id uuid;
  run auxeira.job_runs;
begin
  if r ? 'table' and not exists (
    select from auxeira.ledger_tables t where t.label = 'auxeira.' || (r ->> 'table') and t.disabled_at is null) then
    raise exception using errcode = 'P0002', message = 'no such table has history';
  end if;
  run_id := auxeira.verification_under_way(r ->> 'table', since);
  if run_id is null then
    run_id := gen_random_uuid();
    perform auxeira.start_verification(run_id, coalesce(r ->> 'table', ''), since);
  end if;
  run := auxeira.await_run(run_id);
  if run.ended_at is null then
    perform set_config('auxeira.response_status', '202', true);
  end if;
  run.run_id := run_id;
  return auxeira.success(auxeira.verification_json(run));
end
$$;
comment on function auxeira_api.admin_verify_ledger(jsonb) is
  'POST /api/ledger/verify: checks the ledger against itself, the rows, the signatures and the witness file, in the background. '
  'table: rows of one table alone; sinceBlock: blocks from this one on. status: done, with verified, count, problems (at most '
  '1,000), treeSize, seconds; or running (202) when it takes longer: GET /api/ledger/verify/:runId tells how it went. Errors: '
  'P0002 the table has no history, 53400 the server has no process left for it.';

-- Definer, because the ledger is nobody's to read.
create function auxeira_api.admin_get_verification(request jsonb) returns json
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["runId"], "additionalProperties": false, "properties": {"runId": {"type": "string", "format": "uuid"}}}', true);
  run auxeira.job_runs;
begin
  select * into run from auxeira.job_runs j where j.run_id = (r ->> 'runId')::uuid and j.job = 'ledger_verify';
  if run.run_id is null then
    raise exception using errcode = 'P0002', message = 'verification not found';
  end if;
  return auxeira.success(auxeira.verification_json(run));
end
$$;
comment on function auxeira_api.admin_get_verification(jsonb) is
  'GET /api/ledger/verify/:runId: a verification of the last seven days. status: running, done or failed. Error P0002: there is none.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('get_history', 'user', 200, true, 'ledger'),
  ('get_ledger_receipt', 'user', 200, true, 'ledger'),
  ('get_ledger_digest', 'user', 200, true, 'ledger'),
  ('admin_verify_ledger', 'admin', 200, false, 'operations'),
  ('admin_get_verification', 'admin', 200, true, 'operations');

reset role;
grant usage on schema auxeira to pg_monitor;
