-- Keys with which machines act for a user. They are made in a login session only: a key cannot make another.
set local role auxeira_owner;

create function auxeira.base64url(bytes bytea) returns text language sql immutable parallel safe
  return rtrim(translate(encode(bytes, 'base64'), E'+/\n', '-_'), '=');
comment on function auxeira.base64url(bytea) is 'RFC 4648, 5, without padding.';

-- Version 4 UUIDs are what the server gives of its strong random generator: 122 bits each, the rest is fixed.
create function auxeira.random_bytes() returns bytea language sql volatile
begin atomic
  select sha256(string_agg(uuid_send(gen_random_uuid()), '')) from generate_series(1, 4);
end;
comment on function auxeira.random_bytes() is '32 bytes that cannot be guessed, made of 488 random bits.';
revoke execute on function auxeira.random_bytes() from public;

create function auxeira.new_api_key(out prefix text, out key text) language sql volatile
begin atomic
  select p.prefix, 'ak_' || p.prefix || '_' || auxeira.base64url(auxeira.random_bytes())
  from (select left(translate(auxeira.base64url(auxeira.random_bytes()), '-_', ''), 8) as prefix) p;
end;
comment on function auxeira.new_api_key() is
  'A new API key: ak_, 8 letters and digits to tell it by, _, and 43 characters that are the secret.';
revoke execute on function auxeira.new_api_key() from public;

create function auxeira.check_key_scopes(scopes jsonb) returns text[] language plpgsql stable as $$
declare
  areas constant text[] := array(
    select distinct f.area from auxeira.api_functions f
    where f.area not in ('account', 'operations') order by f.area);
  faults text;
begin
  select string_agg(format('scopes[%s]: "%s" is not one of %s, each with :read or :write', s.place - 1,
                           auxeira.one_line(s.scope, 60), array_to_string(areas, ', ')), E'\n' order by s.place)
  into faults
  from jsonb_array_elements_text(scopes) with ordinality s (scope, place)
  where not (split_part(s.scope, ':', 1) = any (areas) and s.scope ~ '^[a-z]+:(read|write)$');
  if faults is not null then
    raise exception using errcode = '22023', message = 'invalid request: ' || split_part(faults, E'\n', 1),
      detail = faults;
  end if;
  return array(select distinct s from jsonb_array_elements_text(scopes) s order by s);
end
$$;
comment on function auxeira.check_key_scopes(jsonb) is
  'The scopes of a request, sorted. Error 22023: one of them is not an area of API functions with :read or :write.';
revoke execute on function auxeira.check_key_scopes(jsonb) from public;

create function auxeira.api_key_json(k auxeira.api_keys) returns jsonb language sql stable
  return jsonb_build_object('keyId', k.key_id, 'name', k.name, 'prefix', k.prefix, 'scopes', k.scopes,
    'createdAt', k.created_at, 'expiresAt', k.expires_at, 'lastUsedAt', k.last_used_at);
comment on function auxeira.api_key_json(auxeira.api_keys) is 'An API key as the API tells it.';
revoke execute on function auxeira.api_key_json(auxeira.api_keys) from public;

-- Definer, as the next two: API keys are in a table that no API role can touch. They touch the caller's own alone.
create function auxeira_api.list_api_keys(request jsonb) returns json
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{"additionalProperties": false}');
begin
  return auxeira.success(json_build_object('apiKeys', (
    select coalesce(jsonb_agg(auxeira.api_key_json(k) order by k.created_at desc, k.key_id), '[]')
    from auxeira.api_keys k
    where k.user_id = auxeira.user_id() and k.org_id = auxeira.org_id() and k.revoked_at is null)));
end
$$;
comment on function auxeira_api.list_api_keys(jsonb) is
  'GET /api/auth/api-keys: the user''s own API keys for the active organization, newest first.';

create function auxeira_api.create_api_key(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["name", "scopes"], "additionalProperties": false,
    "properties": {
      "name": {"type": "string", "minLength": 1, "maxLength": 100},
      "scopes": {"type": "array", "minItems": 1, "maxItems": 20,
        "items": {"type": "string", "minLength": 1, "maxLength": 60}},
      "expiresInDays": {"type": "integer", "minimum": 1, "maximum": 366, "default": 90}}}');
  scopes constant text[] := auxeira.check_key_scopes(r -> 'scopes');
  made record;
  kept auxeira.api_keys;
begin
  perform auxeira.require_call();
  perform auxeira.require_verified_address(auxeira.user_id());
  -- Locked, so that parallel requests cannot go over the limit together.
  perform auxeira.lock_user(auxeira.user_id());
  if (select count(*) >= 50 from auxeira.api_keys k
      where k.user_id = auxeira.user_id() and k.revoked_at is null and k.expires_at > now()) then
    raise exception using errcode = 'ZA409', message = 'you have 50 API keys', hint = 'Revoke one first.';
  end if;
  select * into made from auxeira.new_api_key();
  insert into auxeira.api_keys (org_id, user_id, name, prefix, key_hash, scopes, expires_at)
  values (auxeira.org_id(), auxeira.user_id(), r ->> 'name', made.prefix, sha256(convert_to(made.key, 'UTF8')),
          scopes, now() + make_interval(days => (r ->> 'expiresInDays')::integer))
  returning * into kept;
  perform auxeira.record_own('api_key_created', kept.key_id);
  return auxeira.success((auxeira.api_key_json(kept) || jsonb_build_object('key', made.key))::json);
end
$$;
comment on function auxeira_api.create_api_key(jsonb) is
  'POST /api/auth/api-keys: makes a key with which a machine acts for the user in the active organization, and gives '
  'it this once. name, scopes (such as metrics:read; write includes read), expiresInDays (90; at most 366). Errors: '
  '22023, 42501 the address is not verified, ZA409 there are 50.';

create function auxeira_api.revoke_api_key(request jsonb) returns json
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["keyId"], "additionalProperties": false,
    "properties": {"keyId": {"type": "string", "format": "uuid"}}}');
begin
  perform auxeira.require_call();
  update auxeira.api_keys k set revoked_at = clock_timestamp()
  where k.key_id = (r ->> 'keyId')::uuid and k.user_id = auxeira.user_id() and k.revoked_at is null;
  if not found then
    raise exception using errcode = 'P0002', message = 'API key not found';
  end if;
  perform auxeira.record_own('api_key_revoked', (r ->> 'keyId')::uuid);
  return auxeira.success(json_build_object('keyId', r ->> 'keyId', 'revoked', true));
end
$$;
comment on function auxeira_api.revoke_api_key(jsonb) is
  'DELETE /api/auth/api-keys/:keyId: ends an API key of the user''s own. Error P0002: there is none with this id.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('list_api_keys', 'user', 200, true, 'account'),
  ('create_api_key', 'user', 201, false, 'account'),
  ('revoke_api_key', 'user', 200, false, 'account');

reset role;
