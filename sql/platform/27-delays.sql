-- How long to wait after trying in vain. Attempts are counted before they are checked, so that parallel ones are all
-- counted, and taken back when they succeed. Nobody is locked out: a wait ends, and is the wait of the client that
-- failed, not of the account.
set local role auxeira_owner;

-- Unlogged: a crash forgives everybody, and a login costs no write to the log.
create unlogged table auxeira.login_delays (
  kind text not null,
  key bytea not null check (length(key) = 32),
  account bytea check (length(account) = 32),
  failures integer not null default 0 check (failures >= 0),
  last_failure_at timestamptz,
  not_before timestamptz,
  primary key (kind, key)
);
create index login_delays_account on auxeira.login_delays (account);
comment on table auxeira.login_delays is
  'How often something was tried in vain and when it may be tried again. Keys are SHA-256, since what is tried may '
  'be anything, even a password. Kinds that are events: when it was last recorded that somebody had to wait.';
comment on column auxeira.login_delays.account is 'SHA-256 of the address that was tried, where there is one.';
call auxeira.protect_private_table('auxeira.login_delays');

-- --- The arithmetic --------------------------------------------------------------------------------------------

create function auxeira.delay_seconds(of_kind text, failures integer) returns integer
  language sql immutable parallel safe
begin atomic
  select case when failures <= rule.free then 0
              else least(rule.longest, rule.first * power(2, least(failures - rule.free - 1, 20))) end::integer
  from (values
    ('pair', 5, 1, 60),
    ('address', 20, 1, 60),
    ('account', 0, 0, 0),
    ('session', 5, 1, 60),
    ('totp', 5, 1, 60),
    ('mail', 3, 600, 3600),
    ('mail_address', 50, 60, 3600)) rule (kind, free, first, longest)
  where rule.kind = of_kind;
end;
comment on function auxeira.delay_seconds(text, integer) is
  'Seconds to wait after so many failures in a row, which double with each. Kinds: pair (an account''s address, from '
  'one client), address (one client), account (an account''s address; never waited for by itself), session '
  '(passwords asked for in a session), totp (one-time codes of a user), mail (to an address, by one client), '
  'mail_address (to anybody, by one client).';

create function auxeira.is_recent(d auxeira.login_delays, at timestamptz) returns boolean
  language sql immutable parallel safe
  return coalesce(greatest(d.last_failure_at, d.not_before) > at - interval '1 hour', false);
comment on function auxeira.is_recent(auxeira.login_delays, timestamptz) is
  'Whether this is remembered: an hour after the last failure or wait all is forgotten.';

create function auxeira.failed_again(d auxeira.login_delays, at timestamptz) returns auxeira.login_delays
  language plpgsql immutable parallel safe as $$
begin
  d.failures := case when auxeira.is_recent(d, at) then d.failures + 1 else 1 end;
  d.last_failure_at := at;
  -- Not even until now: a parallel attempt may have looked at the clock a moment before this one.
  d.not_before := at + make_interval(secs => nullif(auxeira.delay_seconds(d.kind, d.failures), 0));
  return d;
end
$$;
comment on function auxeira.failed_again(auxeira.login_delays, timestamptz) is 'The row after one more failure.';

create function auxeira.taken_back(d auxeira.login_delays, attempts integer) returns auxeira.login_delays
  language plpgsql immutable parallel safe as $$
begin
  d.failures := greatest(d.failures - attempts, 0);
  if auxeira.delay_seconds(d.kind, d.failures) = 0 then
    d.not_before := null;
  end if;
  return d;
end
$$;
comment on function auxeira.taken_back(auxeira.login_delays, integer) is
  'The row after so many attempts turned out not to be failures.';

create function auxeira.seconds_left(d auxeira.login_delays, at timestamptz) returns integer
  language sql immutable parallel safe
  return coalesce(greatest(0, ceil(extract(epoch from d.not_before - at))), 0)::integer;
comment on function auxeira.seconds_left(auxeira.login_delays, timestamptz) is
  'Seconds to wait from now on; 0 for none.';

create function auxeira.delay_key(variadic parts text[]) returns bytea language sql immutable parallel safe
  return sha256(convert_to(to_jsonb(parts)::text, 'UTF8'));
comment on function auxeira.delay_key(text[]) is 'A key of login_delays.';

-- --- Counting ----------------------------------------------------------------------------------------------------

create function auxeira.count_failure(of_kind text, of_key bytea, of_account bytea, at timestamptz) returns void
  language sql volatile
begin atomic
  insert into auxeira.login_delays as d
  select * from auxeira.failed_again(row(of_kind, of_key, of_account, 0, null, null)::auxeira.login_delays, at)
  on conflict (kind, key) do update set (failures, last_failure_at, not_before) = (
    select n.failures, n.last_failure_at, n.not_before from auxeira.failed_again(d, at) n);
end;
comment on function auxeira.count_failure(text, bytea, bytea, timestamptz) is 'Counts a failure.';
revoke execute on function auxeira.count_failure(text, bytea, bytea, timestamptz) from public;

create function auxeira.lock_delay(of_kind text, of_key bytea, of_account bytea) returns auxeira.login_delays
  language plpgsql volatile as $$
declare
  found_one auxeira.login_delays;
begin
  insert into auxeira.login_delays (kind, key, account) values (of_kind, of_key, of_account) on conflict do nothing;
  select * into found_one from auxeira.login_delays d where d.kind = of_kind and d.key = of_key for update;
  return found_one;
end
$$;
comment on function auxeira.lock_delay(text, bytea, bytea) is
  'A row of login_delays, locked, so that parallel attempts are counted one after the other.';
revoke execute on function auxeira.lock_delay(text, bytea, bytea) from public;

create function auxeira.count_attempt(of_kind text, of_key bytea, of_account bytea, at timestamptz) returns integer
  language plpgsql volatile as $$
declare
  seconds constant integer := auxeira.seconds_left(auxeira.lock_delay(of_kind, of_key, of_account), at);
begin
  if seconds = 0 then
    perform auxeira.count_failure(of_kind, of_key, of_account, at);
  end if;
  return seconds;
end
$$;
comment on function auxeira.count_attempt(text, bytea, bytea, timestamptz) is
  'Counts an attempt as if it had failed and gives 0, or the seconds to wait and counts nothing.';
revoke execute on function auxeira.count_attempt(text, bytea, bytea, timestamptz) from public;

-- Rows are locked in the order account, address, pair everywhere.
create function auxeira.count_login(address text, client jsonb, is_known_client boolean, at timestamptz)
  returns integer language plpgsql volatile as $$
declare
  network constant text := auxeira.client_network(auxeira.client_address(client));
  account_key constant bytea := auxeira.delay_key(lower(address));
  pair_key constant bytea := auxeira.delay_key(lower(address), network);
  of_account constant auxeira.login_delays := auxeira.lock_delay('account', account_key, account_key);
  of_address auxeira.login_delays;
  of_pair auxeira.login_delays;
  seconds integer;
begin
  -- Clients without an address cannot be told apart.
  if network is not null then
    of_address := auxeira.lock_delay('address', auxeira.delay_key(network), null);
  end if;
  of_pair := auxeira.lock_delay('pair', pair_key, account_key);
  seconds := greatest(auxeira.seconds_left(of_pair, at),
                      case when not is_known_client then auxeira.seconds_left(of_address, at) end);
  -- An account under attack: who was never here waits once, and is then let through whatever others do.
  if seconds = 0 and not is_known_client and not auxeira.is_recent(of_pair, at)
     and of_account.failures >= 10 and auxeira.is_recent(of_account, at) then
    seconds := 30;
    update auxeira.login_delays d set failures = 0, not_before = at + make_interval(secs => seconds)
    where d.kind = 'pair' and d.key = pair_key;
  elsif seconds = 0 then
    perform auxeira.count_failure(k.kind, k.key, k.account, at)
    from (values ('account', account_key, account_key), ('address', auxeira.delay_key(network), null),
                 ('pair', pair_key, account_key)) k (kind, key, account)
    where network is not null or k.kind <> 'address';
  end if;
  return seconds;
end
$$;
comment on function auxeira.count_login(text, jsonb, boolean, timestamptz) is
  'Counts a login as if it had failed and gives 0, or the seconds to wait and counts nothing. The same for addresses '
  'that nobody has. is_known_client: it logged in to the account lately, and is spared what others brought about.';
revoke execute on function auxeira.count_login(text, jsonb, boolean, timestamptz) from public;

create function auxeira.forgive_login(address text, client jsonb, forgives_all boolean) returns void
  language plpgsql volatile as $$
declare
  network constant text := auxeira.client_network(auxeira.client_address(client));
  account_key constant bytea := auxeira.delay_key(lower(address));
  pair_key constant bytea := auxeira.delay_key(lower(address), network);
  attempts integer;
begin
  perform from auxeira.login_delays d
  where (d.kind, d.key) in (('account', account_key), ('address', auxeira.delay_key(network)), ('pair', pair_key))
  order by d.kind for update;
  attempts := case when forgives_all
    then (select d.failures from auxeira.login_delays d where d.kind = 'pair' and d.key = pair_key) else 1 end;
  update auxeira.login_delays d set (failures, not_before) = (
    select n.failures, n.not_before from auxeira.taken_back(d, attempts) n)
  where (d.kind, d.key) in (('account', account_key), ('address', auxeira.delay_key(network)), ('pair', pair_key))
    and attempts > 0;
end
$$;
comment on function auxeira.forgive_login(text, jsonb, boolean) is
  'Takes back what was counted for a login that succeeded: all of this client''s attempts at this account, or the '
  'last one alone. An account that merely has the same address, unverified, must not wipe out attempts at the '
  'verified one.';
revoke execute on function auxeira.forgive_login(text, jsonb, boolean) from public;

create function auxeira.forgive_account(address text) returns void language plpgsql volatile as $$
declare
  account_key constant bytea := auxeira.delay_key(lower(address));
begin
  perform from auxeira.login_delays d where d.kind = 'account' and d.key = account_key for update;
  delete from auxeira.login_delays d where d.account = account_key and d.kind in ('account', 'pair', 'totp');
end
$$;
comment on function auxeira.forgive_account(text) is
  'Forgets every attempt at an account: its password is another now.';
revoke execute on function auxeira.forgive_account(text) from public;

create function auxeira.count_mail(recipient text, client jsonb, at timestamptz) returns integer
  language plpgsql volatile as $$
declare
  network constant text := auxeira.client_network(auxeira.client_address(client));
  seconds constant integer := auxeira.count_attempt(
    'mail', auxeira.delay_key(lower(recipient), network), auxeira.delay_key(lower(recipient)), at);
begin
  if seconds > 0 or network is null then
    return seconds;
  end if;
  return auxeira.count_attempt('mail_address', auxeira.delay_key(network), null, at);
end
$$;
comment on function auxeira.count_mail(text, jsonb, timestamptz) is
  'Counts a mail that anybody may cause to be sent to anybody and gives 0, or the seconds until the next may be '
  'caused.';
revoke execute on function auxeira.count_mail(text, jsonb, timestamptz) from public;

-- --- Recording -----------------------------------------------------------------------------------------------------

-- Remembered here by what was tried, not looked up in the record: all unknown addresses are one there, and whether an
-- event is written takes a time that tells known addresses from unknown ones.
create function auxeira.record_delay(event text, target text, of_user_id uuid, of_org_id uuid, of_session_id uuid,
                                     client jsonb, at timestamptz) returns void language plpgsql volatile as $$
begin
  insert into auxeira.login_delays as d (kind, key, last_failure_at)
  values (event, auxeira.delay_key(target, auxeira.client_network(auxeira.client_address(client))::text), at)
  on conflict (kind, key) do update set last_failure_at = excluded.last_failure_at
  where d.last_failure_at <= excluded.last_failure_at - interval '1 minute';
  if found then
    perform auxeira.record_access(event, of_user_id, of_org_id, of_session_id, client);
  end if;
end
$$;
comment on function auxeira.record_delay(text, text, uuid, uuid, uuid, jsonb, timestamptz) is
  'Records that a client has to wait, once a minute for the same client and target (what was tried: an address that '
  'need not be known, or a user), so that nobody can fill the list of events of somebody else.';
revoke execute on function auxeira.record_delay(text, text, uuid, uuid, uuid, jsonb, timestamptz) from public;

reset role;
