-- Idempotency-Key: what a request with a key was answered, kept in the transaction that did what it asked for, so that the
-- same request again does nothing and gets the same answer (extension/functions/replay.cpp).
set local role auxeira_owner;

create table auxeira.idempotent_answers (
  user_id uuid not null references auxeira.users on delete cascade,
  function text not null,
  key_hash bytea not null check (length(key_hash) = 32),
  org_id uuid not null references auxeira.organizations on delete cascade,
  request_hash bytea not null check (length(request_hash) = 32),
  status integer not null,
  body text not null,
  answered_at timestamptz not null default now(),
  primary key (user_id, function, key_hash)
);
create index idempotent_answers_age on auxeira.idempotent_answers (answered_at);
create index idempotent_answers_organization on auxeira.idempotent_answers (org_id);
comment on table auxeira.idempotent_answers is
  'Answers to requests with an Idempotency-Key, for 24 hours. Only of functions that take one: no answer here holds a secret.';
comment on column auxeira.idempotent_answers.key_hash is 'SHA-256 of the key that the client made up.';
comment on column auxeira.idempotent_answers.request_hash is
  'SHA-256 of the active organization and of the request: the same key with another request is refused.';
call auxeira.protect_private_table('auxeira.idempotent_answers');

create function auxeira.kept_answer(of_user_id uuid, of_function text, of_key_hash bytea, of_request_hash bytea)
  returns table (is_same boolean, status integer, body text) language sql volatile rows 1
begin atomic
  select a.request_hash = of_request_hash, a.status, a.body from auxeira.idempotent_answers a
  where a.user_id = of_user_id and a.function = of_function and a.key_hash = of_key_hash
    and a.answered_at > now() - interval '24 hours';
end;
comment on function auxeira.kept_answer(uuid, text, bytea, bytea) is
  'What a key was answered with, and whether the request was the same; no row for a key that is new or forgotten.';
revoke execute on function auxeira.kept_answer(uuid, text, bytea, bytea) from public;

-- Each answer that is kept forgets some that are too old, so that they go where no job runs, too.
create function auxeira.keep_answer(of_user_id uuid, of_function text, of_key_hash bytea, of_org_id uuid,
                                    of_request_hash bytea, with_status integer, with_body text) returns void
  language sql volatile
begin atomic
  delete from auxeira.idempotent_answers a
  where (a.user_id, a.function, a.key_hash) in (
    select o.user_id, o.function, o.key_hash from auxeira.idempotent_answers o
    where o.answered_at <= now() - interval '24 hours' order by o.answered_at limit 10 for update skip locked);
  insert into auxeira.idempotent_answers as a (user_id, function, key_hash, org_id, request_hash, status, body)
  values (of_user_id, of_function, of_key_hash, of_org_id, of_request_hash, with_status, with_body)
  on conflict (user_id, function, key_hash) do update
    set org_id = excluded.org_id, request_hash = excluded.request_hash, status = excluded.status, body = excluded.body,
        answered_at = excluded.answered_at;
end;
comment on function auxeira.keep_answer(uuid, text, bytea, uuid, bytea, integer, text) is
  'Keeps an answer for 24 hours.';
revoke execute on function auxeira.keep_answer(uuid, text, bytea, uuid, bytea, integer, text) from public;

-- Every POST that creates something; but not create_api_key, whose answer is the only place where the key ever stands.
update auxeira.api_functions set is_replayable = true
where name in ('create_metrics', 'generate_synthetic', 'create_template', 'calculate_sse', 'complete_action',
  'create_relationship', 'create_investment', 'create_partnership', 'create_document', 'create_integration', 'invite_member',
  'admin_create_ecosystem');

reset role;
