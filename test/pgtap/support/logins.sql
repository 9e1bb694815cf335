-- What somebody gets who is bound to a login. Included by \ir after helpers.sql.

-- The answer of a statement, or the error, as the login of a user ('' for nobody) has it; another statement may come first. What the
-- server does at login is done here by a superuser; tests with connections of their own: test/tap/revocation.t.
create function test.by_login(login name, of_user text, statement text, first text default null) returns text language plpgsql as $$
declare
  answer text;
begin
  perform set_config('auxeira.bound_user_id', of_user, true);
  execute format('set local session authorization %I', login);
  if first is not null then
    execute first;
  end if;
  if statement ~ '^prepare' then execute statement; else execute statement into answer; end if;
  set local session authorization default;
  set local auxeira.bound_user_id = '';
  return answer;
exception when others then
  return sqlstate || ' ' || sqlerrm;
end
$$;
