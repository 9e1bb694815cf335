-- The record of access: who did what with an account or with rights, from where.
set local role auxeira_owner;

-- --- Texts that come from outside --------------------------------------------------------------------------------

create function auxeira.one_line(words text, longest integer) returns text language sql immutable parallel safe
  return left(regexp_replace(words, '[\u0001-\u001F\u007F-\u009F\u200E\u200F\u2028-\u202E\u2066-\u2069]', ' ', 'g'),
              longest);
comment on function auxeira.one_line(text, integer) is
  'A text that cannot forge a line of a log or a header: characters that control, or that turn the direction of '
  'writing, become spaces, and what is too long is cut.';

create function auxeira.client_address(client jsonb) returns inet language plpgsql immutable as $$
begin
  return host((client ->> 'address')::inet);
exception when invalid_text_representation then
  return null;
end
$$;
comment on function auxeira.client_address(jsonb) is 'The address of a client, NULL when it is none.';

create function auxeira.client_network(client_address inet) returns inet language sql immutable parallel safe
  return case when family(client_address) = 6 and not client_address << '::ffff:0:0/96'
    then network(set_masklen(client_address, 64)) else client_address end;
comment on function auxeira.client_network(inet) is
  'What counts as one client: an IPv4 address, or the /64 that one customer has of IPv6.';

create function auxeira.refuse_value(path text, problem text) returns void language plpgsql as $$
begin
  raise exception using errcode = '22023', message = format('invalid request: %s: %s', path, problem),
    detail = format('%s: %s', path, problem);
end
$$;
comment on function auxeira.refuse_value(text, text) is
  'Raises 22023 for a member of the request, in the form of auxeira.checked.';
revoke execute on function auxeira.refuse_value(text, text) from public;

-- --- Events --------------------------------------------------------------------------------------------------------

create table auxeira.access_events (
  event_id uuid primary key default gen_random_uuid(),
  at timestamptz not null default clock_timestamp(),
  event text not null check (event in (
    'registered', 'login', 'login_failed', 'login_delayed', 'token_refreshed', 'refresh_reused', 'logged_out',
    'logged_out_everywhere', 'session_ended', 'organization_switched', 'password_changed', 'password_reset_requested',
    'password_reset_delayed', 'password_reset', 'reauthentication_failed', 'reauthentication_delayed',
    'verification_requested', 'email_verified', 'second_factor_enrolled', 'second_factor_activated',
    'second_factor_disabled', 'recovery_code_used', 'recovery_codes_renewed', 'api_key_created', 'api_key_revoked',
    'member_invited', 'invitation_revoked', 'member_joined', 'member_removed', 'member_role_changed',
    'organization_updated', 'integration_credentials_changed', 'relationship_proposed', 'relationship_accepted',
    'relationship_declined', 'relationship_ended', 'user_disabled', 'user_enabled')),
  user_id uuid,
  org_id uuid,
  session_id uuid,
  subject_id uuid,
  address inet,
  user_agent text check (user_agent = auxeira.one_line(user_agent, 256)),
  request_id text check (request_id = auxeira.one_line(request_id, 128))
);
create index access_events_user on auxeira.access_events (user_id, at desc, event_id desc);
comment on table auxeira.access_events is
  'Who did what with an account or with rights, once for each event. Ids have no foreign keys: the record outlives '
  'what it is about. It holds no e-mail address, password or token.';
comment on column auxeira.access_events.user_id is
  'Who did it, or whom it was tried for; NULL for unknown addresses.';
comment on column auxeira.access_events.subject_id is
  'What it was done to, where that is not the user: a member, session, API key or invitation.';
call auxeira.protect_private_table('auxeira.access_events');

create function auxeira.record_access(event text, of_user_id uuid, of_org_id uuid, of_session_id uuid, client jsonb,
                                      of_subject_id uuid default null) returns void language sql volatile
begin atomic
  insert into auxeira.access_events (event, user_id, org_id, session_id, subject_id, address, user_agent, request_id)
  values (event, of_user_id, of_org_id, of_session_id, of_subject_id, auxeira.client_address(client),
          auxeira.one_line(client ->> 'userAgent', 256), auxeira.one_line(client ->> 'requestId', 128));
end;
comment on function auxeira.record_access(text, uuid, uuid, uuid, jsonb, uuid) is
  'Adds an event to the record of access. client: {"address", "userAgent", "requestId"}.';
revoke execute on function auxeira.record_access(text, uuid, uuid, uuid, jsonb, uuid) from public;

create function auxeira.record_own(event text, subject_id uuid default null) returns void language plpgsql as $$
begin
  perform auxeira.record_access(event, auxeira.user_id(), auxeira.org_id(), auxeira.session_id(), auxeira.client(),
                                subject_id);
end
$$;
comment on function auxeira.record_own(text, uuid) is
  'Adds an event that the caller of an API function brought about.';
revoke execute on function auxeira.record_own(text, uuid) from public;

reset role;
