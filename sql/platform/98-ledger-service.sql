-- The ledger over the API, and the jobs that keep it: sealing and verification.
set local role auxeira_owner;

-- --- Jobs --------------------------------------------------------------------------------------------------------------

create table auxeira.job_runs (
  run_id uuid primary key default gen_random_uuid(),
  job text not null check (job in ('ledger_seal', 'ledger_verify')),
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  rows bigint,
  error text
);
create index job_runs_latest on auxeira.job_runs (job, started_at);
comment on table auxeira.job_runs is 'Runs of jobs of the last seven days.';
comment on column auxeira.job_runs.rows is 'ledger_seal: changes that were sealed; ledger_verify: problems that were found.';
comment on column auxeira.job_runs.error is 'Why it failed: SQLSTATE and message.';
call auxeira.protect_private_table('auxeira.job_runs');

create function auxeira.do_job(job text) returns bigint language plpgsql volatile as $$
declare
  before constant bigint := coalesce((select max(b.tree_size) from auxeira.ledger_blocks b), 0);
begin
  if job = 'ledger_verify' then
    return (select count(*) from auxeira.ledger_verify());
  end if;
  while auxeira.ledger_seal() is not null loop
    null;
  end loop;
  return coalesce((select max(b.tree_size) from auxeira.ledger_blocks b), 0) - before;
end
$$;
comment on function auxeira.do_job(text) is 'Does what a job is for, and says how many rows that was.';
revoke execute on function auxeira.do_job(text) from public;

create function auxeira.run_job(job text) returns bigint language plpgsql volatile as $$
declare
  started constant timestamptz := clock_timestamp();
  done bigint;
  problem text;
begin
  begin
    done := auxeira.do_job(job);
  exception when others then
    problem := sqlstate || ' ' || sqlerrm;
  end;
  insert into auxeira.job_runs (job, started_at, ended_at, rows, error) values (job, started, clock_timestamp(), done, problem);
  delete from auxeira.job_runs r where r.job = run_job.job and r.started_at < now() - interval '7 days';
  if problem is not null then
    raise warning 'job % failed: %', job, problem;
  end if;
  return done;
end
$$;
comment on function auxeira.run_job(text) is
  'Runs a job (ledger_seal, every minute; ledger_verify, every night) and records that it ran; NULL and a warning when it '
  'fails. Two at a time wait for each other. For administrators of the database, by pg_cron or by make seal.';
revoke execute on function auxeira.run_job(text) from public;

-- The schema of pg_cron is there only when its extension is.
create procedure auxeira.schedule_jobs() language plpgsql as $$
begin
  if not exists (select from pg_extension where extname = 'pg_cron') then
    raise exception using errcode = '55000', message = 'the extension pg_cron is not installed in this database',
      hint = 'Install the package postgresql-15-cron, preload it, and run: create extension pg_cron.';
  end if;
  execute $jobs$
    select cron.schedule('auxeira-ledger-seal', '* * * * *', 'select auxeira.run_job(''ledger_seal'')'),
           cron.schedule('auxeira-ledger-verify', '17 3 * * *', 'select auxeira.run_job(''ledger_verify'')')
  $jobs$;
end
$$;
comment on procedure auxeira.schedule_jobs() is 'Has pg_cron run the jobs. Error 55000: it is not installed.';
revoke execute on procedure auxeira.schedule_jobs() from public;

-- --- Health ------------------------------------------------------------------------------------------------------------

create function auxeira.age_in_words(since timestamptz) returns text language sql stable
  return case when since is null then 'never'
    when now() - since < interval '1 minute' then 'less than a minute ago'
    when now() - since < interval '2 hours' then floor(extract(epoch from now() - since) / 60) || ' minutes ago'
    when now() - since < interval '2 days' then floor(extract(epoch from now() - since) / 3600) || ' hours ago'
    else floor(extract(epoch from now() - since) / 86400) || ' days ago' end;
comment on function auxeira.age_in_words(timestamptz) is 'How long ago something was, roughly.';

create view auxeira.ledger_condition with (security_invoker = true) as
  select (select max(sealed_at) from auxeira.ledger_blocks) as sealed_at,
    (select min(at) from auxeira.ledger_open) as waiting_since,
    s.started_at as seal_ran_at, s.error as seal_error, v.started_at as verified_at, v.rows as problems, v.error as verify_error
  from (select) x
    left join lateral (select * from auxeira.job_runs where job = 'ledger_seal' order by started_at desc limit 1) s on true
    left join lateral (select * from auxeira.job_runs where job = 'ledger_verify' order by started_at desc limit 1) v on true;
comment on view auxeira.ledger_condition is
  'When the ledger was last sealed and verified, since when the oldest change waits to be sealed, and how the jobs went.';

create function auxeira.ledger_health() returns text language sql stable
begin atomic
  select case
      when c.problems > 0 then 'problems found'
      when c.seal_error is not null then 'sealing fails'
      when c.verify_error is not null then 'verification fails'
      when c.waiting_since < now() - interval '10 minutes' then 'sealing lags'
      else 'ok' end
    || format(': sealed %s, verified %s', auxeira.age_in_words(c.sealed_at), auxeira.age_in_words(c.verified_at))
    || case when c.waiting_since is null then '' else ', oldest open change ' || auxeira.age_in_words(c.waiting_since) end
  from auxeira.ledger_condition c;
end;
comment on function auxeira.ledger_health() is 'The condition of the ledger in a line.';

create function auxeira.jobs_health() returns text language sql stable
begin atomic
  select case when c.seal_ran_at is null then 'not scheduled'
    when c.seal_ran_at < now() - interval '10 minutes' then 'ledger_seal ran ' || auxeira.age_in_words(c.seal_ran_at)
    else 'ok' end
  from auxeira.ledger_condition c;
end;
comment on function auxeira.jobs_health() is 'Whether jobs run.';

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
    ('A', 'alter'), ('E', 'erase')) w (letter, word) where letter = operation::text), operation::text);
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

-- Definer, because the ledger is nobody's to read. A receipt shows all of a row, and who changed it from where.
create function auxeira.organization_receipt(change_id bigint) returns json
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (
    select from auxeira.ledger_changes c join auxeira.ledger_tables t using (table_id)
      join auxeira.history_kinds() k on k.relation = t.relation
    where c.change_id = organization_receipt.change_id and c.org_id = any (auxeira.managed_org_ids())
      and has_table_privilege('auxeira_user', t.relation, 'select')) then
    raise exception using errcode = 'P0002', message = 'receipt not found';
  end if;
  return auxeira.ledger_receipt(change_id);
end
$$;
comment on function auxeira.organization_receipt(bigint) is
  'The receipt of a change, for those who manage the organization that the row is of. Error P0002: there is none, or not yet.';
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
  target constant regclass := (select t.relation from auxeira.ledger_tables t
                               where t.label = 'auxeira.' || (r ->> 'table') and t.disabled_at is null);
  started constant timestamptz := clock_timestamp();
  problems json;
  found bigint;
begin
  if r ? 'table' and target is null then
    raise exception using errcode = 'P0002', message = 'no such table has history';
  end if;
  select count(*), coalesce(json_agg(json_build_object('problem', v.problem, 'table', v.table_name, 'key', v.key,
      'changeId', v.change_id::text, 'block', v.block, 'detail', v.detail)) filter (where v.place <= 1000), '[]')
    into found, problems
  from (select p.*, row_number() over () as place from auxeira.ledger_verify(target, (r ->> 'sinceBlock')::bigint) p) v;
  if target is null and (r ->> 'sinceBlock')::bigint = 0 then
    insert into auxeira.job_runs (job, started_at, ended_at, rows) values ('ledger_verify', started, clock_timestamp(), found);
  end if;
  return auxeira.success(json_build_object('verified', found = 0, 'count', found, 'problems', problems,
    'treeSize', coalesce((select max(b.tree_size) from auxeira.ledger_blocks b), 0),
    'seconds', round(extract(epoch from clock_timestamp() - started)::numeric, 3)));
end
$$;
comment on function auxeira_api.admin_verify_ledger(jsonb) is
  'POST /api/ledger/verify: checks the ledger against itself, the rows, the signatures and the witness file. table: of one table '
  'alone; sinceBlock: blocks from this one on. verified, count, problems (at most 1,000), treeSize, seconds. Error P0002: the '
  'table has no history.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('get_history', 'user', 200, true, 'ledger'),
  ('get_ledger_receipt', 'user', 200, true, 'ledger'),
  ('get_ledger_digest', 'user', 200, true, 'ledger'),
  ('admin_verify_ledger', 'admin', 200, false, 'operations');

reset role;
