-- Whose an e-mail address is: whoever followed a link that was sent there.
set local role auxeira_owner;

create function auxeira.verify_address(of_user_id uuid) returns boolean language plpgsql volatile as $$
begin
  update auxeira.users u set email_verified = true where u.user_id = of_user_id and not u.email_verified;
  return true;
exception when unique_violation then
  return false;
end
$$;
comment on function auxeira.verify_address(uuid) is
  'Marks the address of a user as theirs. False: it is that of another account already.';
revoke execute on function auxeira.verify_address(uuid) from public;

create function auxeira.send_verification(of_user_id uuid, token_hash bytea, token_sealed bytea, client jsonb)
  returns integer language plpgsql volatile as $$
declare
  address constant text := (select u.email from auxeira.users u where u.user_id = of_user_id);
  seconds constant integer := auxeira.count_mail(address, client, clock_timestamp());
begin
  if seconds > 0 then
    return seconds;
  end if;
  if exists (select from auxeira.users u where lower(u.email) = lower(address) and u.email_verified) then
    perform auxeira.queue_mail(address, 'already_registered');
  else
    perform auxeira.mail_token(of_user_id, 'verify_email', token_hash, token_sealed, interval '24 hours');
  end if;
  return 0;
end
$$;
comment on function auxeira.send_verification(uuid, bytea, bytea, jsonb) is
  'Sends a link to verify the address of a user, good for 24 hours; a note without one when another account has '
  'verified it. Gives 0, or the seconds to wait before asking again.';
revoke execute on function auxeira.send_verification(uuid, bytea, bytea, jsonb) from public;

create function auxeira.require_verified_address(of_user_id uuid) returns void language plpgsql stable as $$
begin
  if not exists (select from auxeira.users u where u.user_id = of_user_id and u.email_verified) then
    raise exception using errcode = '42501', message = 'this needs a verified e-mail address',
      hint = 'Verify the e-mail address first.';
  end if;
end
$$;
comment on function auxeira.require_verified_address(uuid) is
  'Error 42501 when the address of a user is not verified.';
revoke execute on function auxeira.require_verified_address(uuid) from public;

-- Definer, because it is asked before login; the token says whose address it is.
create function auxeira_api.verify_email(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["token"], "additionalProperties": false,
    "properties": {"token": {"type": "string", "minLength": 1, "maxLength": 200}}}');
  person constant uuid := auxeira.use_token(sha256(convert_to(r ->> 'token', 'UTF8')), 'verify_email');
begin
  if person is null or not auxeira.verify_address(person) then
    perform auxeira.refuse_value('token', 'it has been used, has expired or never was');
  end if;
  perform auxeira.record_access('email_verified', person, null, null, auxeira.client());
  return auxeira.success(json_build_object('verified', true));
end
$$;
comment on function auxeira_api.verify_email(jsonb) is
  'POST /api/auth/verify-email: verifies an address with the token of the mail. token. Error 22023: it is of no use.';

-- Definer, because tokens are in a table that no API role can touch; it sends to the caller's own address alone.
create function auxeira_api.request_verification(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["tokenHash", "tokenSealed"], "additionalProperties": false,
    "properties": {"tokenHash": {"type": "string", "minLength": 64, "maxLength": 64},
                   "tokenSealed": {"type": "string", "minLength": 2, "maxLength": 2000}}}');
  me constant uuid := auxeira.user_id();
begin
  perform auxeira.require_call();
  if exists (select from auxeira.users u where u.user_id = me and u.email_verified) then
    raise exception using errcode = 'ZA409', message = 'the e-mail address is verified already';
  end if;
  if auxeira.send_verification(me, decode(r ->> 'tokenHash', 'hex'), decode(r ->> 'tokenSealed', 'hex'),
                               auxeira.client()) > 0 then
    raise exception using errcode = 'ZA429', message = 'too many mails were asked for', hint = 'Try again later.';
  end if;
  perform auxeira.record_own('verification_requested');
  return auxeira.success(json_build_object('sent', true));
end
$$;
comment on function auxeira_api.request_verification(jsonb) is
  'POST /api/auth/verify-email/request: sends another link to verify the address. tokenHash and tokenSealed come '
  'from the shim. Errors: ZA409 it is verified, ZA429 too many were asked for.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('verify_email', 'anonymous', 200, false, 'account'),
  ('request_verification', 'user', 202, false, 'account');

reset role;
