-- The outbox: mails are written in the transaction that causes them, and the shim sends them afterwards.
set local role auxeira_owner;

create table auxeira.mail_outbox (
  mail_id uuid primary key default gen_random_uuid(),
  recipient text not null check (length(recipient) between 3 and 254),
  template text not null check (template in ('verify_email', 'already_registered', 'reset_password',
    'password_changed', 'invitation', 'second_factor_changed')),
  fields jsonb not null default '{}' check (jsonb_typeof(fields) = 'object'),
  token_sealed bytea,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '3 days',
  due_at timestamptz not null default now(),
  attempts integer not null default 0 check (attempts >= 0),
  sent_at timestamptz,
  dropped_at timestamptz,
  last_error text check (last_error = auxeira.one_line(last_error, 500)),
  check (sent_at is null or dropped_at is null),
  check (token_sealed is null or sent_at is null and dropped_at is null)
);
create index mail_outbox_due on auxeira.mail_outbox (due_at) where sent_at is null and dropped_at is null;
comment on table auxeira.mail_outbox is
  'Mails to be sent. The token of a link is encrypted with a key that is not in the database, and removed once the '
  'mail is sent or given up.';
comment on column auxeira.mail_outbox.due_at is
  'When to try next. A mail that is being sent is due again in 5 minutes.';
comment on column auxeira.mail_outbox.expires_at is
  'When it is of no use any more, such as when its link has expired.';
call auxeira.protect_private_table('auxeira.mail_outbox');

create function auxeira.queue_mail(recipient text, template text, fields jsonb default '{}',
                                   token_sealed bytea default null, expires_at timestamptz default null)
  returns void language sql volatile
begin atomic
  insert into auxeira.mail_outbox (recipient, template, fields, token_sealed, expires_at)
  values (recipient, template, fields, token_sealed, coalesce(expires_at, now() + interval '3 days'));
end;
comment on function auxeira.queue_mail(text, text, jsonb, bytea, timestamptz) is 'Writes a mail into the outbox.';
revoke execute on function auxeira.queue_mail(text, text, jsonb, bytea, timestamptz) from public;

create function auxeira.notify_user(of_user_id uuid, template text, fields jsonb) returns void language plpgsql as $$
begin
  perform auxeira.queue_mail(u.email, template,
    jsonb_build_object('at', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) || fields)
  from auxeira.users u where u.user_id = of_user_id and u.email_verified;
end
$$;
comment on function auxeira.notify_user(uuid, text, jsonb) is
  'Writes a mail that tells a user of a change to their account. Nothing for unverified addresses, which may be '
  'those of somebody else.';
revoke execute on function auxeira.notify_user(uuid, text, jsonb) from public;

-- Definer, as the next two: it gives what links are made of, for the shim alone.
create function auxeira.take_mail(batch integer)
  returns table (mail_id uuid, recipient text, template text, fields jsonb, token_sealed bytea)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  update auxeira.mail_outbox m set dropped_at = clock_timestamp(), token_sealed = null
  where m.mail_id in (
    select o.mail_id from auxeira.mail_outbox o
    where o.sent_at is null and o.dropped_at is null and o.due_at <= now() and o.expires_at <= now()
    for update skip locked);
  return query
  update auxeira.mail_outbox m set due_at = now() + interval '5 minutes', attempts = m.attempts + 1
  where m.mail_id in (
    select o.mail_id from auxeira.mail_outbox o
    where o.sent_at is null and o.dropped_at is null and o.due_at <= now()
    order by o.due_at limit batch for update skip locked)
  returning m.mail_id, m.recipient, m.template, m.fields, m.token_sealed;
end
$$;
comment on function auxeira.take_mail(integer) is
  'Mails that are due, for one sender alone for 5 minutes. Drops those that are of no use any more.';
revoke execute on function auxeira.take_mail(integer) from public;

create function auxeira.mail_sent(sent_mail_id uuid) returns void
  language sql volatile security definer set search_path = pg_catalog, pg_temp
begin atomic
  update auxeira.mail_outbox m set sent_at = clock_timestamp(), token_sealed = null, last_error = null
  where m.mail_id = sent_mail_id and m.sent_at is null and m.dropped_at is null;
end;
comment on function auxeira.mail_sent(uuid) is 'Says that a mail was handed over to the mail server.';
revoke execute on function auxeira.mail_sent(uuid) from public;

create function auxeira.next_try(attempts integer, at timestamptz) returns timestamptz
  language sql immutable parallel safe
  return at + make_interval(mins => least(60, power(2, least(greatest(attempts, 1) - 1, 10)))::integer);
comment on function auxeira.next_try(integer, timestamptz) is
  'When to try again after so many attempts: 1, 2, 4 ... 60 minutes later.';

create function auxeira.mail_failed(failed_mail_id uuid, error text, is_permanent boolean) returns void
  language sql volatile security definer set search_path = pg_catalog, pg_temp
begin atomic
  with failed as (
    select m.mail_id, auxeira.next_try(m.attempts, now()) as due_at,
           is_permanent or auxeira.next_try(m.attempts, now()) >= m.expires_at as is_over
    from auxeira.mail_outbox m
    where m.mail_id = failed_mail_id and m.sent_at is null and m.dropped_at is null
    for update)
  update auxeira.mail_outbox m set
    due_at = failed.due_at, last_error = auxeira.one_line(error, 500),
    dropped_at = case when failed.is_over then clock_timestamp() end,
    token_sealed = case when not failed.is_over then m.token_sealed end
  from failed where m.mail_id = failed.mail_id;
end;
comment on function auxeira.mail_failed(uuid, text, boolean) is
  'Says that a mail could not be handed over. It is tried again after 1, 2, 4 ... 60 minutes; dropped when that is '
  'pointless (is_permanent) or it would be too late.';
revoke execute on function auxeira.mail_failed(uuid, text, boolean) from public;

reset role;
