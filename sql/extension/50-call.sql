-- The way in for the REST shim, and what API functions need to read their requests.

create function auxeira.call(claims jsonb, function text, request jsonb, out status integer, out body text,
    out etag text, out is_replayed boolean)
  as 'MODULE_PATHNAME', 'auxeira_call' language c volatile strict parallel unsafe;
comment on function auxeira.call(jsonb, text, jsonb) is
  'Runs an API function as the user the claims name: {"sub": user id, "sid": session id, "ver": version of the '
  'token, "requestId", "address", "userAgent"}, or with {"key": SHA-256 of an API key in hexadecimal} in place of '
  'the first three; and under which conditions: "ifNoneMatch", "ifMatch" (lists of ETags, without quotes and blanks), '
  '"idempotencyKey", "replayed" (a replica answers only when it has replayed the log until there). Gives the HTTP status of '
  'success (304: what ifNoneMatch names still holds; NULL: not on this replica, or not yet), the JSON answer, its ETag where '
  'it has one, and whether it was given before. Errors: 28000 no such session or key, 42501 not allowed, 22023 unknown '
  'function, ZA400 no key is taken here, ZA409 the same key is under way, ZA412 something else than ifMatch names is there, '
  'ZA422 the key came with another request, and whatever the function raises.';
-- Whoever may execute this can speak for any user whose session they know: the shim alone.
revoke execute on function auxeira.call(jsonb, text, jsonb) from public;

create function auxeira.checked(request jsonb, schema jsonb, from_text boolean default false) returns jsonb
  as 'MODULE_PATHNAME', 'auxeira_checked' language c immutable strict parallel safe;
comment on function auxeira.checked(jsonb, jsonb, boolean) is
  'The request with defaults filled in and unknown members left out, if it fits the schema (a subset of JSON '
  'Schema). from_text: numbers and booleans may come as text, as in query strings. Errors: ZA400 a required '
  'member is missing, 22023 anything else; the detail has one "path: message" line for each fault.';

create function auxeira.api_functions_changed() returns trigger
  as 'MODULE_PATHNAME', 'auxeira_api_functions_changed' language c;
comment on function auxeira.api_functions_changed() is
  'Trigger for the catalogue of API functions: tells every session to read it again.';
