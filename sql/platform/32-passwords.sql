-- Proving oneself again, changing and resetting passwords.
set local role auxeira_owner;

-- --- Who asks ------------------------------------------------------------------------------------------------------

create function auxeira.session_of(claims jsonb) returns table (user_id uuid, session_id uuid, org_id uuid)
  language plpgsql stable rows 1
as $$
begin
  if claims ? 'key' then
    raise exception using errcode = '42501', message = 'API keys cannot do this', hint = 'Log in with a password.';
  end if;
  return query select s.user_id, s.session_id, s.org_id from auxeira.signed_in(claims) s;
end
$$;
comment on function auxeira.session_of(jsonb) is
  'The session that claims speak for. Errors: 28000 it has ended, 42501 the claims are those of an API key.';
revoke execute on function auxeira.session_of(jsonb) from public;

create function auxeira.locked_session_of(claims jsonb) returns table (user_id uuid, session_id uuid, org_id uuid)
  language plpgsql volatile rows 1
as $$
begin
  perform auxeira.lock_user((select s.user_id from auxeira.session_of(claims) s));
  -- Asked again: what this one waited for may have ended the session.
  return query select s.user_id, s.session_id, s.org_id from auxeira.session_of(claims) s;
end
$$;
comment on function auxeira.locked_session_of(jsonb) is
  'The same, after locking the user: for changes to what the user proves themselves with.';
revoke execute on function auxeira.locked_session_of(jsonb) from public;

-- --- Proving oneself again -----------------------------------------------------------------------------------------

create function auxeira.password_context(of_user_id uuid) returns text[] language sql stable
begin atomic
  select array(
    select distinct lower(w.word)
    from auxeira.users u cross join lateral (
      select u.email union all select split_part(u.email, '@', 1)
      union all select split_part(split_part(u.email, '@', 2), '.', 1)
      union all select p.value from jsonb_each_text(u.profile) p
      union all select o.name from auxeira.user_organizations m join auxeira.organizations o on o.org_id = m.org_id
        where m.user_id = u.user_id and m.left_at is null) w (word)
    where u.user_id = of_user_id and length(w.word) between 3 and 254);
end;
comment on function auxeira.password_context(uuid) is
  'Words that a new password of this user must not consist of: parts of the address, names of organizations, texts '
  'of the profile. In lower case.';
revoke execute on function auxeira.password_context(uuid) from public;

-- Definer, as the shim has no rights of its own; for the shim alone: it gives a password hash.
create function auxeira.own_account(claims jsonb, client jsonb)
  returns table (user_id uuid, session_id uuid, email text, password_hash text, context text[], totp_sealed bytea,
                 totp_is_active boolean, retry_after integer)
  language plpgsql volatile rows 1 security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  at constant timestamptz := clock_timestamp();
  me record;
begin
  select * into strict me from auxeira.session_of(claims);
  retry_after := auxeira.code_wait(me.user_id, at);
  if retry_after = 0 then
    retry_after := auxeira.count_attempt('session', auxeira.delay_key(me.session_id::text), null, at);
  end if;
  if retry_after > 0 then
    perform auxeira.record_delay('reauthentication_delayed', me.user_id::text, me.user_id, me.org_id, me.session_id,
                                 client, at);
    return query select me.user_id, me.session_id, null, null, null::text[], null::bytea, null::boolean, retry_after;
    return;
  end if;
  return query
  select u.user_id, me.session_id, u.email, c.password_hash, auxeira.password_context(u.user_id), t.sealed,
         t.activated_at is not null, 0
  from auxeira.users u
    join auxeira.user_credentials c on c.user_id = u.user_id
    left join auxeira.totp_secrets t on t.user_id = u.user_id
  where u.user_id = me.user_id;
end
$$;
comment on function auxeira.own_account(jsonb, jsonb) is
  'What the shim needs to have the user of a session prove themselves again, and counts the attempt. The second '
  'factor may be one that is not active yet. retry_after > 0: seconds to wait, and nothing to check. Errors: 28000, '
  '42501.';
revoke execute on function auxeira.own_account(jsonb, jsonb) from public;

-- Definer, as the shim has no rights of its own; for the shim alone.
create function auxeira.reauthentication_failed(claims jsonb, reason text, client jsonb) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me record;
begin
  select * into strict me from auxeira.session_of(claims);
  perform auxeira.record_access('reauthentication_failed', me.user_id, me.org_id, me.session_id, client);
  if reason = 'totp' then
    perform auxeira.count_wrong_code(me.user_id);
  end if;
end
$$;
comment on function auxeira.reauthentication_failed(jsonb, text, jsonb) is
  'Records that a user of a session did not prove themselves; own_account has counted it. reason: password, or totp '
  'for a wrong code.';
revoke execute on function auxeira.reauthentication_failed(jsonb, text, jsonb) from public;

create function auxeira.forgive_session(of_session_id uuid) returns void language sql volatile
begin atomic
  delete from auxeira.login_delays d
  where d.kind = 'session' and d.key = auxeira.delay_key(of_session_id::text);
end;
comment on function auxeira.forgive_session(uuid) is
  'Takes back what own_account counted: the user proved themselves.';
revoke execute on function auxeira.forgive_session(uuid) from public;

-- --- Passwords ---------------------------------------------------------------------------------------------------

create function auxeira.set_password(of_user_id uuid, new_hash text) returns void language sql volatile
begin atomic
  update auxeira.user_credentials c
  set password_hash = new_hash, rehashed_from = null, changed_at = clock_timestamp()
  where c.user_id = of_user_id;
  update auxeira.account_tokens t set used_at = clock_timestamp()
  where t.user_id = of_user_id and t.purpose = 'reset_password' and t.used_at is null;
end;
comment on function auxeira.set_password(uuid, text) is
  'Gives a user, who is locked, another password. Links to reset the one before stop working.';
revoke execute on function auxeira.set_password(uuid, text) from public;

-- Definer, as the shim has no rights of its own; for the shim alone: it does not ask for the password.
create function auxeira.change_password(claims jsonb, password_hash text, client jsonb) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me record;
begin
  select * into strict me from auxeira.locked_session_of(claims);
  perform auxeira.set_password(me.user_id, password_hash);
  perform auxeira.end_sessions(me.user_id, 'password_changed', me.session_id);
  perform auxeira.forgive_session(me.session_id);
  perform auxeira.record_access('password_changed', me.user_id, me.org_id, me.session_id, client);
  perform auxeira.notify_user(me.user_id, 'password_changed', '{}');
end
$$;
comment on function auxeira.change_password(jsonb, text, jsonb) is
  'Changes the password of the user of a session, who proved themselves, and ends their other sessions. Errors: '
  '28000, 42501.';
revoke execute on function auxeira.change_password(jsonb, text, jsonb) from public;

-- Definer, as there is no identity yet; for the shim alone.
create function auxeira.rehash_password(of_user_id uuid, old_hash text, new_hash text) returns void
  language sql volatile security definer set search_path = pg_catalog, pg_temp
begin atomic
  update auxeira.user_credentials c
  set password_hash = new_hash, rehashed_from = sha256(convert_to(old_hash, 'UTF8'))
  where c.user_id = of_user_id and c.password_hash = old_hash;
end;
comment on function auxeira.rehash_password(uuid, text, text) is
  'Replaces a hash by another of the same password; nothing happens when the hash is another by now.';
revoke execute on function auxeira.rehash_password(uuid, text, text) from public;

-- --- Tokens in mails -----------------------------------------------------------------------------------------------

create function auxeira.mail_token(of_user_id uuid, for_purpose text, token_hash bytea, token_sealed bytea,
                                   lifetime interval) returns void language plpgsql volatile as $$
begin
  insert into auxeira.account_tokens (token_hash, user_id, purpose, expires_at)
  select mail_token.token_hash, u.user_id, for_purpose, now() + lifetime
  from auxeira.users u where u.user_id = of_user_id;
  -- To the address as it is stored: the one that was typed may only look like it.
  perform auxeira.queue_mail(u.email, for_purpose, '{}', token_sealed, now() + lifetime)
  from auxeira.users u where u.user_id = of_user_id;
end
$$;
comment on function auxeira.mail_token(uuid, text, bytea, bytea, interval) is
  'Keeps the hash of a token and mails the token to a user. Nothing when there is none.';
revoke execute on function auxeira.mail_token(uuid, text, bytea, bytea, interval) from public;

create function auxeira.holder_of(token bytea, of_purpose text) returns uuid language sql stable
begin atomic
  select t.user_id
  from auxeira.account_tokens t join auxeira.users u on u.user_id = t.user_id
  where t.token_hash = token and t.purpose = of_purpose and t.used_at is null and t.expires_at > now()
    and u.is_active;
end;
comment on function auxeira.holder_of(bytea, text) is
  'Whom the token of a mail was sent to; NULL when it is of no use.';
revoke execute on function auxeira.holder_of(bytea, text) from public;

create function auxeira.use_token(token bytea, of_purpose text) returns uuid language plpgsql volatile as $$
declare
  person constant uuid := auxeira.holder_of(token, of_purpose);
begin
  perform auxeira.lock_user(person);
  -- Asked again: of two who use one link at the same time, the second finds it used.
  update auxeira.account_tokens t set used_at = clock_timestamp()
  where t.token_hash = token and auxeira.holder_of(token, of_purpose) = person and t.used_at is null;
  return case when found then person end;
end
$$;
comment on function auxeira.use_token(bytea, text) is
  'Uses up the token of a mail and locks its user, who is given; NULL when the token is of no use.';
revoke execute on function auxeira.use_token(bytea, text) from public;

-- --- Forgotten passwords -------------------------------------------------------------------------------------------

-- Definer, as there is no identity yet; for the shim alone: it makes a token good for a password.
create function auxeira.request_password_reset(address text, token_hash bytea, token_sealed bytea, client jsonb)
  returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  person constant uuid := auxeira.account_of(address);
  seconds constant integer := auxeira.count_mail(address, client, at);
begin
  if seconds = 0 then
    perform auxeira.record_access('password_reset_requested', person, null, null, client);
  else
    perform auxeira.record_delay('password_reset_delayed', lower(address), person, null, null, client, at);
  end if;
  -- Many clients together could flood a mailbox, and ten links are enough to choose from.
  if seconds = 0 and (select count(*) < 10 from auxeira.account_tokens t
                      where t.user_id = person and t.purpose = 'reset_password' and t.used_at is null
                        and t.expires_at > now()) then
    perform auxeira.mail_token(person, 'reset_password', token_hash, token_sealed, interval '30 minutes');
  end if;
  return seconds;
end
$$;
comment on function auxeira.request_password_reset(text, bytea, bytea, jsonb) is
  'Sends a link to reset the password, good for 30 minutes, if an account has the address; nobody is told whether. '
  'Gives 0, or the seconds to wait before asking again.';
revoke execute on function auxeira.request_password_reset(text, bytea, bytea, jsonb) from public;

-- Definer, as there is no identity yet; for the shim alone.
create function auxeira.reset_context(token_hash bytea) returns table (context text[])
  language sql stable rows 1 security definer set search_path = pg_catalog, pg_temp
begin atomic
  select auxeira.password_context(person)
  from auxeira.holder_of(token_hash, 'reset_password') person where person is not null;
end;
comment on function auxeira.reset_context(bytea) is
  'Words that the new password must not consist of; no row when the token is of no use. Does not use it up.';
revoke execute on function auxeira.reset_context(bytea) from public;

-- Definer, as there is no identity yet; for the shim alone: the token is all it asks for.
create function auxeira.reset_password(token_hash bytea, password_hash text, client jsonb) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  person constant uuid := auxeira.use_token(token_hash, 'reset_password');
begin
  if person is null then
    return false;
  end if;
  perform auxeira.set_password(person, password_hash);
  perform auxeira.end_sessions(person, 'password_reset');
  update auxeira.api_keys k set revoked_at = clock_timestamp() where k.user_id = person and k.revoked_at is null;
  perform auxeira.forgive_account(u.email) from auxeira.users u where u.user_id = person;
  perform auxeira.verify_address(person);
  perform auxeira.record_access('password_reset', person, null, null, client);
  perform auxeira.notify_user(person, 'password_changed', '{}');
  return true;
end
$$;
comment on function auxeira.reset_password(bytea, text, jsonb) is
  'Uses up a token to give its user another password: all sessions and API keys end, and the address is verified, as '
  'the mail came there. The second factor stays. False: the token is of no use.';
revoke execute on function auxeira.reset_password(bytea, text, jsonb) from public;

reset role;
