-- Who may execute what. API functions: by the role the catalogue names. Login path: the shim alone.
revoke execute on all functions in schema auxeira_api from public;
do $$
declare
  entry record;
begin
  for entry in select name, required_role from auxeira.api_functions loop
    execute format('grant execute on function auxeira_api.%I(jsonb) to auxeira_%s', entry.name,
                   entry.required_role);
  end loop;
end
$$;

grant execute on function auxeira.call(jsonb, text, jsonb) to auxeira_authenticator;
grant execute on function auxeira.register_user(jsonb, text, bytea, integer, jsonb) to auxeira_authenticator;
grant execute on function auxeira.credentials(text) to auxeira_authenticator;
grant execute on function auxeira.open_session(uuid, bytea, integer, jsonb) to auxeira_authenticator;
grant execute on function auxeira.rotate_session(bytea, bytea, jsonb) to auxeira_authenticator;

-- The readiness check of the shim.
grant select on auxeira.schema_version to auxeira_authenticator;

-- Functions made later get no execution right by themselves.
alter default privileges for role auxeira_owner in schema auxeira_api revoke execute on functions from public;
alter default privileges for role auxeira_owner in schema auxeira revoke execute on functions from public;
