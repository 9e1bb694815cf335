-- One-time codes (TOTP, RFC 6238) and recovery codes. The shim holds the key of the secrets and checks codes; the
-- database sees to it that a code works once and that wrong ones are counted for the account, whoever sends them.
set local role auxeira_owner;

create function auxeira.code_wait(of_user_id uuid, at timestamptz) returns integer language sql stable
begin atomic
  select coalesce((
    select auxeira.seconds_left(d, at) from auxeira.login_delays d
    where d.kind = 'totp' and d.key = auxeira.delay_key(of_user_id::text)), 0);
end;
comment on function auxeira.code_wait(uuid, timestamptz) is
  'Seconds until a user may send another one-time code; 0 for none.';
revoke execute on function auxeira.code_wait(uuid, timestamptz) from public;

create function auxeira.count_wrong_code(of_user_id uuid) returns void language sql volatile
begin atomic
  select auxeira.count_failure('totp', auxeira.delay_key(of_user_id::text), auxeira.delay_key(lower(u.email)),
                               clock_timestamp())
  from auxeira.users u where u.user_id = of_user_id;
end;
comment on function auxeira.count_wrong_code(uuid) is 'Counts a wrong one-time or recovery code.';
revoke execute on function auxeira.count_wrong_code(uuid) from public;

create function auxeira.use_code(of_user_id uuid, counter bigint, code_hash bytea) returns boolean
  language plpgsql volatile
as $$
begin
  -- Asked here too: of many codes that are guessed at once, a right one behind too many wrong ones does not count.
  if auxeira.code_wait(of_user_id, clock_timestamp()) > 0 then
    return false;
  end if;
  if counter is not null then
    update auxeira.totp_secrets t set last_counter = counter
    where t.user_id = of_user_id and t.activated_at is not null and t.last_counter < counter;
  else
    update auxeira.recovery_codes c set used_at = clock_timestamp()
    where c.user_id = of_user_id and c.code_hash = use_code.code_hash and c.used_at is null;
  end if;
  if not found then
    return false;
  end if;
  delete from auxeira.login_delays d where d.kind = 'totp' and d.key = auxeira.delay_key(of_user_id::text);
  return true;
end
$$;
comment on function auxeira.use_code(uuid, bigint, bytea) is
  'Uses up the time step of a right one-time code, or a recovery code when counter is null. False: it was used '
  'before, is unknown, or there were too many wrong ones.';
revoke execute on function auxeira.use_code(uuid, bigint, bytea) from public;

create function auxeira.pass_second_factor(of_user_id uuid, counter bigint, code_hash bytea, client jsonb)
  returns boolean language plpgsql volatile
as $$
begin
  if not exists (select from auxeira.totp_secrets t where t.user_id = of_user_id and t.activated_at is not null) then
    return true;
  end if;
  if counter is null and code_hash is null then
    raise exception using errcode = 'ZA401', message = 'a one-time code is needed';
  end if;
  if not auxeira.use_code(of_user_id, counter, code_hash) then
    return false;
  end if;
  if counter is null then
    perform auxeira.record_access('recovery_code_used', of_user_id, null, null, client);
    perform auxeira.notify_user(of_user_id, 'second_factor_changed', '{"what": "a recovery code was used"}');
  end if;
  return true;
end
$$;
comment on function auxeira.pass_second_factor(uuid, bigint, bytea, jsonb) is
  'Whether a user, whose password was right, passes the second factor. Error ZA401: there is one, and no code.';
revoke execute on function auxeira.pass_second_factor(uuid, bigint, bytea, jsonb) from public;

create function auxeira.set_recovery_codes(of_user_id uuid, hashes bytea[]) returns void language sql volatile
begin atomic
  delete from auxeira.recovery_codes c where c.user_id = of_user_id;
  insert into auxeira.recovery_codes (user_id, code_hash) select of_user_id, h from unnest(hashes) h;
end;
comment on function auxeira.set_recovery_codes(uuid, bytea[]) is 'Replaces the recovery codes of a user.';
revoke execute on function auxeira.set_recovery_codes(uuid, bytea[]) from public;

create function auxeira.second_factor_changed(me record, client jsonb, event text, what text) returns void
  language plpgsql volatile
as $$
begin
  perform auxeira.forgive_session(me.session_id);
  perform auxeira.record_access(event, me.user_id, me.org_id, me.session_id, client);
  perform auxeira.notify_user(me.user_id, 'second_factor_changed', jsonb_build_object('what', what));
end
$$;
comment on function auxeira.second_factor_changed(record, jsonb, text, text) is
  'Records and mails that the user of a session (a row of session_of) changed their second factor.';
revoke execute on function auxeira.second_factor_changed(record, jsonb, text, text) from public;

-- --- What the shim calls: definer functions, as it has no rights of its own; they do not ask for the password -----

create function auxeira.enroll_totp(claims jsonb, sealed bytea, client jsonb) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me record;
begin
  select * into strict me from auxeira.locked_session_of(claims);
  perform auxeira.require_verified_address(me.user_id);
  insert into auxeira.totp_secrets as t (user_id, sealed) values (me.user_id, enroll_totp.sealed)
  on conflict (user_id) do update set sealed = excluded.sealed, created_at = now(), last_counter = null
  where t.activated_at is null;
  if not found then
    raise exception using errcode = 'ZA409', message = 'a second factor is active', hint = 'Disable it first.';
  end if;
  perform auxeira.forgive_session(me.session_id);
  perform auxeira.record_access('second_factor_enrolled', me.user_id, me.org_id, me.session_id, client);
end
$$;
comment on function auxeira.enroll_totp(jsonb, bytea, jsonb) is
  'Keeps the sealed secret of a second factor until activate_totp, in place of an earlier one that was not '
  'activated. Errors: 28000, 42501 the address is not verified, ZA409 one is active.';
revoke execute on function auxeira.enroll_totp(jsonb, bytea, jsonb) from public;

create function auxeira.activate_totp(claims jsonb, counter bigint, recovery_hashes bytea[], client jsonb)
  returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me record;
begin
  select * into strict me from auxeira.locked_session_of(claims);
  update auxeira.totp_secrets t set activated_at = clock_timestamp(), last_counter = counter
  where t.user_id = me.user_id and t.activated_at is null and auxeira.code_wait(me.user_id, clock_timestamp()) = 0;
  if not found then
    return false;
  end if;
  perform auxeira.set_recovery_codes(me.user_id, recovery_hashes);
  perform auxeira.second_factor_changed(me, client, 'second_factor_activated', 'it was turned on');
  return true;
end
$$;
comment on function auxeira.activate_totp(jsonb, bigint, bytea[], jsonb) is
  'Turns the second factor on: a right code of it was shown, of time step counter. False: none is waiting for that, '
  'or there were too many wrong codes. Errors: 28000, 42501.';
revoke execute on function auxeira.activate_totp(jsonb, bigint, bytea[], jsonb) from public;

create function auxeira.disable_totp(claims jsonb, counter bigint, recovery_code_hash bytea, client jsonb)
  returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me record;
begin
  if num_nonnulls(counter, recovery_code_hash) <> 1 then
    perform auxeira.refuse_value('code', 'either a one-time code or a recovery code is needed');
  end if;
  select * into strict me from auxeira.locked_session_of(claims);
  if not auxeira.use_code(me.user_id, counter, recovery_code_hash) then
    return false;
  end if;
  delete from auxeira.totp_secrets t where t.user_id = me.user_id;
  delete from auxeira.recovery_codes c where c.user_id = me.user_id;
  perform auxeira.second_factor_changed(me, client, 'second_factor_disabled', 'it was turned off');
  return true;
end
$$;
comment on function auxeira.disable_totp(jsonb, bigint, bytea, jsonb) is
  'Turns the second factor off, with one of the two kinds of code. False: the code was used before or is unknown, or '
  'there were too many wrong ones. Errors: 28000, 42501.';
revoke execute on function auxeira.disable_totp(jsonb, bigint, bytea, jsonb) from public;

create function auxeira.renew_recovery_codes(claims jsonb, counter bigint, recovery_hashes bytea[], client jsonb)
  returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me record;
begin
  select * into strict me from auxeira.locked_session_of(claims);
  if counter is null or not auxeira.use_code(me.user_id, counter, null) then
    return false;
  end if;
  perform auxeira.set_recovery_codes(me.user_id, recovery_hashes);
  perform auxeira.second_factor_changed(me, client, 'recovery_codes_renewed', 'there are new recovery codes');
  return true;
end
$$;
comment on function auxeira.renew_recovery_codes(jsonb, bigint, bytea[], jsonb) is
  'Replaces the recovery codes. False: the one-time code was used before, or there were too many wrong ones. Errors: '
  '28000, 42501.';
revoke execute on function auxeira.renew_recovery_codes(jsonb, bigint, bytea[], jsonb) from public;

reset role;
