-- Live events: what changed in an organization, for GET /api/events. Statements leave events in an outbox; those that are
-- committed get their place in the order of commits, which is what a subscriber who was away goes on from. A number that is
-- taken before the commit would not do: whoever commits late would be passed over.
--
-- The owner alone takes the advisory lock that is used here (see 10-roles.sql).
grant execute on function pg_catalog.pg_try_advisory_xact_lock_shared(bigint), pg_catalog.pg_try_advisory_lock(bigint),
  pg_catalog.pg_advisory_unlock(bigint) to auxeira_owner;
set local role auxeira_owner;

-- --- What there are events of --------------------------------------------------------------------------------------

create table auxeira.event_types (
  type text primary key check (type ~ '^[a-z]+$' and type <> 'rights'),
  table_name text not null unique,
  key_column text not null
);
comment on table auxeira.event_types is 'What there are events of: the name that subscribers know, the table, and the column that says which row.';
insert into auxeira.event_types values
  ('metrics', 'dashboard_metrics', 'metric_id'), ('scores', 'sse_scores', 'score_id'), ('actions', 'actions', 'action_id'),
  ('profiles', 'gamification_profiles', 'user_id'), ('organizations', 'organizations', 'org_id'),
  ('members', 'user_organizations', 'user_id'), ('relationships', 'relationships', 'relationship_id'),
  ('investments', 'investments', 'investment_id'), ('partnerships', 'partnerships', 'partnership_id'),
  ('programs', 'programs', 'program_id'), ('grants', 'grants', 'grant_id'), ('documents', 'documents', 'document_id'),
  ('integrations', 'integrations', 'integration_id'), ('synthetic', 'synthetic_data_sessions', 'session_id');
call auxeira.protect_private_table('auxeira.event_types');

create table auxeira.event_outbox (
  xid xid8 not null default pg_current_xact_id(),
  at timestamptz not null default now(),
  type text not null,
  operation text not null,
  org_id uuid,
  startup_id uuid,
  subject_id text,
  row_count bigint not null,
  user_id uuid
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
comment on table auxeira.event_outbox is
  'Events that have no place yet, one for each statement and organization. Nobody waits for anybody to write here.';
call auxeira.protect_private_table('auxeira.event_outbox');

create table auxeira.live_events (
  position bigint generated always as identity primary key,
  event_id uuid not null unique default gen_random_uuid(),
  at timestamptz not null,
  type text not null,
  operation text not null check (operation in ('insert', 'update', 'delete')),
  org_id uuid,
  startup_id uuid,
  subject_id text,
  row_count bigint not null check (row_count > 0),
  user_id uuid,
  check ((type = 'rights') = (org_id is null and user_id is not null))
);
create index live_events_org on auxeira.live_events (org_id, position);
create index live_events_startup on auxeira.live_events (startup_id, position) where startup_id is not null;
comment on table auxeira.live_events is
  'Events of the last day in the order of commits, one for each transaction, organization, type and operation. Ids have no '
  'foreign keys: events outlive what they are about.';
comment on column auxeira.live_events.position is 'Not for callers to see: it would tell how much goes on in other organizations.';
comment on column auxeira.live_events.type is 'One of auxeira.event_types; rights: what user_id may do has changed, which no caller reads.';
comment on column auxeira.live_events.subject_id is 'The row, when it is one.';
call auxeira.protect_private_table('auxeira.live_events');

create table auxeira.event_turns ();
comment on table auxeira.event_turns is 'Never has a row: its lock is held by whoever puts events in order.';
call auxeira.protect_private_table('auxeira.event_turns');

-- --- Rights --------------------------------------------------------------------------------------------------------

-- Who may read a row may read of its changes.
do $$
begin
  execute format('create policy subscriber_select on auxeira.live_events for select to auxeira_user using (%s)', (
    select string_agg(format('type = any (%L::text[]) and (%s)', c.types, c.condition), ' or ' order by c.types)
    from (
      select auxeira.visibility_condition(t.table_name, 'select') as condition, array_agg(t.type order by t.type) as types
      from auxeira.event_types t group by 1) c));
end
$$;
grant select (event_id, at, type, operation, org_id, startup_id, subject_id, row_count) on auxeira.live_events to auxeira_user;

-- --- Writing -------------------------------------------------------------------------------------------------------

create function auxeira.event_signal() returns bigint language sql immutable parallel safe
  return 4715390114287431;
comment on function auxeira.event_signal() is 'The advisory lock that says whether a notification is wanted.';

-- A notification makes transactions commit one after the other, so it is sent to a listener that sleeps, and to no other.
-- The lock of one that sleeps is exclusive; it cannot fall asleep while a transaction that found it awake is under way.
create function auxeira.wake_listener() returns void language plpgsql as $$
begin
  if not pg_try_advisory_xact_lock_shared(auxeira.event_signal()) then
    notify auxeira_events;
  end if;
end
$$;
comment on function auxeira.wake_listener() is 'Has whoever delivers events look into the outbox after the commit.';
revoke execute on function auxeira.wake_listener() from public;

-- A function for each table: the rows that a statement changed have the shape of their table.
create procedure auxeira.tell_of(of_type text) language plpgsql as $$
declare
  entry constant auxeira.event_types := (select t from auxeira.event_types t where t.type = of_type);
  name constant text := format('tell_of_%s', of_type);
  startup constant text := case when exists (
    select from auxeira.visibility v where v.table_name = entry.table_name and v.command = 'select' and v.audience = 'counterparty')
    then 'c.startup_id' else 'null::uuid' end;
  change record;
begin
  execute format($function$
    create function auxeira.%I() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $body$
    begin
      insert into auxeira.event_outbox (type, operation, org_id, startup_id, subject_id, row_count)
      select %L, lower(tg_op), c.org_id, %s, case when count(*) = 1 then min(c.%I::text collate "C") end, count(*)
      from changed c group by 3, 4;
      if found then
        perform auxeira.wake_listener();
      end if;
      return null;
    end
    $body$ $function$, name, of_type, startup, entry.key_column);
  execute format('comment on function auxeira.%I() is %L', name, format('Trigger: leaves events of type %s.', of_type));
  execute format('revoke execute on function auxeira.%I() from public', name);
  for change in select * from (values ('insert', 'new'), ('update', 'new'), ('delete', 'old')) v (event, rows) loop
    execute format('create trigger events_told_%s after %1$s on auxeira.%I referencing %s table as changed for each statement '
                   'execute function auxeira.%I()', change.event, entry.table_name, change.rows, name);
  end loop;
end
$$;
comment on procedure auxeira.tell_of(text) is 'Has changes of a table leave events, one for each statement and organization.';
revoke execute on procedure auxeira.tell_of(text) from public;

do $$
declare
  of_type text;
begin
  for of_type in select type from auxeira.event_types order by type loop
    call auxeira.tell_of(of_type);
  end loop;
end
$$;

-- Streams end, or stop, when the rights they stand on do.
create function auxeira.tell_of_rights() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into auxeira.event_outbox (type, operation, row_count, user_id)
  values ('rights', 'update', 1, new.user_id);
  perform auxeira.wake_listener();
  return null;
end
$$;
comment on function auxeira.tell_of_rights() is 'Trigger: has the streams of a user looked at again.';
revoke execute on function auxeira.tell_of_rights() from public;

create trigger events_told_rights after update of user_type, is_active, is_admin on auxeira.users
  for each row execute function auxeira.tell_of_rights();
create trigger events_told_rights after update of org_id, token_version, expires_at, revoked_at on auxeira.user_sessions
  for each row execute function auxeira.tell_of_rights();
create trigger events_told_rights after update of scopes, expires_at, revoked_at on auxeira.api_keys
  for each row execute function auxeira.tell_of_rights();

-- One event for each user, however many rows go at once. A trigger for some columns cannot have the rows of a statement.
create function auxeira.tell_of_all_rights() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into auxeira.event_outbox (type, operation, row_count, user_id)
  select 'rights', 'update', count(*), c.user_id from changed c group by c.user_id;
  if found then
    perform auxeira.wake_listener();
  end if;
  return null;
end
$$;
comment on function auxeira.tell_of_all_rights() is 'Trigger: has the streams of the users of all rows looked at again.';
revoke execute on function auxeira.tell_of_all_rights() from public;

do $$
declare
  change record;
begin
  for change in select * from (values
      ('users', 'delete', 'old'), ('user_sessions', 'delete', 'old'), ('api_keys', 'delete', 'old'),
      ('user_organizations', 'insert', 'new'), ('user_organizations', 'update', 'new'), ('user_organizations', 'delete', 'old')) v (name, event, rows) loop
    execute format('create trigger events_told_rights_%s after %1$s on auxeira.%I referencing %s table as changed for each statement '
                   'execute function auxeira.tell_of_all_rights()', change.event, change.name, change.rows);
  end loop;
end
$$;

-- --- Order ---------------------------------------------------------------------------------------------------------

create function auxeira.events_kept() returns interval language sql immutable parallel safe
  return interval '1 day';
comment on function auxeira.events_kept() is 'How long a subscriber may be away and still go on where it was.';

-- Who comes second sees what the first has put in order: a statement's snapshot is taken after the lock.
create function auxeira.order_events() returns bigint language plpgsql volatile as $$
declare
  ordered bigint;
begin
  if not exists (select from auxeira.event_outbox) then
    return 0;
  end if;
  lock table auxeira.event_turns in exclusive mode;
  with taken as (
    delete from auxeira.event_outbox o where o.ctid = any (array(select f.ctid from auxeira.event_outbox f limit 10000))
    returning o.*
  ), placed as (
  insert into auxeira.live_events (at, type, operation, org_id, startup_id, subject_id, row_count, user_id)
  select max(t.at), t.type, t.operation, t.org_id, t.startup_id,
         case when count(distinct t.subject_id) = 1 and count(t.subject_id) = count(*) then min(t.subject_id) end,
         case when count(distinct t.subject_id) = 1 and count(t.subject_id) = count(*) then 1 else sum(t.row_count) end, t.user_id
  from taken t group by t.xid, t.type, t.operation, t.org_id, t.startup_id, t.user_id
  order by t.xid, t.type, t.operation)
  select count(*) into ordered from taken;
  -- The newest stays, so that whoever has seen it goes on from there. A few at a time: this is on the way of events.
  delete from auxeira.live_events e
  where e.position < (select min(position) + 1000 from auxeira.live_events) and e.at < now() - auxeira.events_kept()
    and e.position < (select max(position) from auxeira.live_events);
  return ordered;
end
$$;
comment on function auxeira.order_events() is
  'Gives committed events their places, at most 10000 of the outbox at a time, says how many that were, and forgets some of those that '
  'are older than events_kept().';
revoke execute on function auxeira.order_events() from public;

create function auxeira.forget_events() returns bigint language plpgsql volatile as $$
declare
  forgotten bigint;
begin
  delete from auxeira.live_events e
  where e.position = any (array(
    select o.position from auxeira.live_events o
    where o.at < now() - auxeira.events_kept() and o.position < (select max(n.position) from auxeira.live_events n)
    order by o.position limit 10000));
  get diagnostics forgotten = row_count;
  return forgotten;
end
$$;
comment on function auxeira.forget_events() is
  'Forgets events that are older than events_kept(), at most 10000, and says how many. The newest stays.';
revoke execute on function auxeira.forget_events() from public;

-- In the place of the shim, which does it at once: at most a million at a time, so that it ends whoever writes meanwhile.
-- What is older than a day is put in order, too, and goes then: whoever was away that long must find what they saw last gone.
create function auxeira.tidy_events() returns bigint language plpgsql volatile as $$
declare
  ordered bigint := 0;
  in_step bigint;
begin
  for step in 1 .. 100 loop
    in_step := auxeira.order_events();
    exit when in_step = 0;
    ordered := ordered + in_step;
  end loop;
  loop
    exit when auxeira.forget_events() = 0;
  end loop;
  return ordered;
end
$$;
comment on function auxeira.tidy_events() is
  'Works off the outbox where no shim runs, forgets all that is older than events_kept(), and says how much of the outbox that was. '
  'Subscribers wait until the transaction ends: see tidy_events_in_steps.';
revoke execute on function auxeira.tidy_events() from public;

create function auxeira.event_position(of_event_id text) returns bigint language sql stable
begin atomic
  select case when of_event_id = '00000000-0000-0000-0000-000000000000' then 0 else (
    select e.position from auxeira.live_events e where e.event_id::text = of_event_id) end;
end;
comment on function auxeira.event_position(text) is 'Where an event is; NULL when it is not known (any more), 0 for the nil UUID: before all.';
revoke execute on function auxeira.event_position(text) from public;

-- --- For the shim --------------------------------------------------------------------------------------------------

create function auxeira.event_audience(since bigint, upto bigint) returns setof uuid language sql stable
begin atomic
  with told as materialized (
    select e.org_id, e.startup_id, e.user_id from auxeira.live_events e where e.position > since and e.position <= upto
  ), concerned as materialized (
    select t.org_id from told t where t.org_id is not null union select t.startup_id from told t where t.startup_id is not null
  ), near as (
    select c.org_id from concerned c
    union select r.org_id from auxeira.relationships r join concerned c on c.org_id = r.startup_id
    union select r.startup_id from auxeira.relationships r join concerned c on c.org_id = r.org_id
  )
  select m.user_id from auxeira.user_organizations m join near n on n.org_id = m.org_id where m.left_at is null
  union select t.user_id from told t where t.user_id is not null;
end;
comment on function auxeira.event_audience(bigint, bigint) is
  'The users who may have something to read among these events. Never too few: what each may read is found out when they read.';
revoke execute on function auxeira.event_audience(bigint, bigint) from public;

create function auxeira.take_events(known text, out head uuid, out is_for_all boolean, out audience text)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  since constant bigint := auxeira.event_position(known);
  upto bigint;
begin
  perform auxeira.order_events();
  select e.position, e.event_id into upto, head from auxeira.live_events e order by e.position desc limit 1;
  head := coalesce(head, '00000000-0000-0000-0000-000000000000');
  is_for_all := since is null;
  if upto > since then
    audience := (select string_agg(a::text, ',') from auxeira.event_audience(since, upto) a);
  end if;
end
$$;
comment on function auxeira.take_events(text) is
  'Puts events in order. head: the newest one; audience: the users whom those since the known one may concern, as "uuid,uuid", '
  'NULL for nobody; is_for_all: the known one is not known (any more).';
revoke execute on function auxeira.take_events(text) from public;

create function auxeira.rest_until_notified() returns boolean
  language sql volatile security definer set search_path = pg_catalog, pg_temp
  return pg_try_advisory_lock(auxeira.event_signal());
comment on function auxeira.rest_until_notified() is
  'From now on transactions notify channel auxeira_events; false when one is under way that does not, or another listener rests. '
  'What was committed before must be looked for once more.';
revoke execute on function auxeira.rest_until_notified() from public;

create function auxeira.stop_resting() returns boolean
  language sql volatile security definer set search_path = pg_catalog, pg_temp
  return pg_advisory_unlock(auxeira.event_signal());
comment on function auxeira.stop_resting() is 'No notifications are wanted any more: somebody looks from time to time.';
revoke execute on function auxeira.stop_resting() from public;

-- --- Reading -------------------------------------------------------------------------------------------------------

create function auxeira.concerned_org_ids() returns uuid[] language sql stable parallel safe
  return auxeira.readable_org_ids() || auxeira.readable_org_ids('profile');
comment on function auxeira.concerned_org_ids() is 'The organizations of whose changes the caller may read some.';
revoke execute on function auxeira.concerned_org_ids() from public;

-- Definer, because positions are nobody's to see. What the caller may read of these the policy says.
create function auxeira.event_page(after_event text, until_event text, of_types text[], most integer)
  returns table (event_id uuid, place bigint)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  since constant bigint := auxeira.event_position(after_event);
  upto constant bigint := coalesce(auxeira.event_position(until_event), 9223372036854775807);
  concerned constant uuid[] := auxeira.concerned_org_ids();
begin
  perform auxeira.require_call();
  return query
  select e.event_id, row_number() over (order by e.position)
  from auxeira.live_events e
  where e.position > since and e.position <= upto and e.type = any (of_types)
    and (e.org_id = any (concerned) or e.startup_id = any (concerned))
  order by e.position limit most;
end
$$;
comment on function auxeira.event_page(text, text, text[], integer) is
  'The first events after one, of the organizations that the caller may read of, in their order.';
revoke execute on function auxeira.event_page(text, text, text[], integer) from public;

create function auxeira.is_event_known(of_event_id text) returns boolean
  language sql stable security definer set search_path = pg_catalog, pg_temp
  return auxeira.event_position(of_event_id) is not null;
comment on function auxeira.is_event_known(text) is 'Whether one can go on from there: whoever names an event has seen it.';
revoke execute on function auxeira.is_event_known(text) from public;

create function auxeira.newest_event() returns uuid
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select coalesce((
    select newest.event_id
    from unnest(auxeira.concerned_org_ids()) org
      cross join lateral (
        (select e.event_id, e.position from auxeira.live_events e where e.org_id = org order by e.position desc limit 1)
        union all
        (select e.event_id, e.position from auxeira.live_events e where e.startup_id = org order by e.position desc limit 1)) newest
    order by newest.position desc limit 1), '00000000-0000-0000-0000-000000000000');
end;
comment on function auxeira.newest_event() is
  'The newest event of the organizations that the caller may read of; the nil UUID when there is none.';
revoke execute on function auxeira.newest_event() from public;

create function auxeira.event_types_asked(asked text) returns text[]
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  known constant text[] := array(select t.type from auxeira.event_types t order by t.type);
begin
  if asked is null then
    return known;
  end if;
  if not string_to_array(asked, ',') <@ known then
    raise exception using errcode = '22023', message = 'invalid request: types: not a type of events',
      detail = format('types: must be some of %s, with commas between', array_to_string(known, ', '));
  end if;
  return string_to_array(asked, ',');
end
$$;
comment on function auxeira.event_types_asked(text) is 'A list as in "metrics,scores"; all types for NULL. Error 22023: there is no such type.';
revoke execute on function auxeira.event_types_asked(text) from public;

create function auxeira_api.get_events(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "properties": {
      "after": {"type": "string", "maxLength": 64}, "until": {"type": "string", "maxLength": 64},
      "types": {"type": "string", "maxLength": 400},
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 500}}}', true);
  types constant text[] := auxeira.event_types_asked(r ->> 'types');
  is_known constant boolean := auxeira.is_event_known(r ->> 'after');
  most constant integer := r ->> 'limit';
begin
  if not r ? 'after' or not is_known then
    return auxeira.success(json_build_object('userId', auxeira.user_id(), 'events', json_build_array(),
      'cursor', auxeira.newest_event(), 'isComplete', true, 'isReset', r ? 'after'));
  end if;
  return (
    select auxeira.success(json_build_object('userId', auxeira.user_id(),
      'events', coalesce(json_agg(json_build_object('eventId', e.event_id, 'type', e.type, 'operation', e.operation,
        'organizationId', e.org_id, 'startupId', e.startup_id, 'id', e.subject_id, 'count', e.row_count, 'at', e.at)
        order by p.place) filter (where e.event_id is not null), '[]'),
      'cursor', coalesce((array_agg(p.event_id order by p.place desc))[1]::text, r ->> 'after'),
      'isComplete', count(*) < most, 'isReset', false))
    from auxeira.event_page(r ->> 'after', r ->> 'until', types, most) p left join auxeira.live_events e using (event_id));
end
$$;
comment on function auxeira_api.get_events(jsonb) is
  'GET /api/events: changes of what the caller may read, after the event that is named (Last-Event-ID), in the order of '
  'commits. types (such as "metrics,scores"); without after none, but where to begin (cursor). isReset: the event is not known '
  '(any more), so that what is shown must be read anew.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('get_events', 'user', 200, true, 'organization');

-- The lines of a stream (server-sent events, HTML Living Standard 9.2) from an answer of get_events.
create function auxeira.event_lines(answer text, out lines text, out cursor text, out is_complete boolean, out user_id text)
  language sql stable parallel safe
begin atomic
  select
    case when (d.data ->> 'isReset')::boolean then
      format(E'id: %s\nevent: reset\ndata: {"reason":"unknown event"}\n\n', d.data ->> 'cursor') else '' end
    || coalesce((
      select string_agg(format(E'id: %s\nevent: %s\ndata: %s\n\n', e.value ->> 'eventId', e.value ->> 'type', e.value), '' order by e.place)
      from json_array_elements(d.data -> 'events') with ordinality e (value, place)), ''),
    d.data ->> 'cursor', (d.data ->> 'isComplete')::boolean, d.data ->> 'userId'
  from (select answer::json -> 'data' as data) d;
end;
comment on function auxeira.event_lines(text) is
  'What a stream is sent of an answer of get_events, where to go on, whether that was all, and who the caller is.';
revoke execute on function auxeira.event_lines(text) from public;

reset role;
