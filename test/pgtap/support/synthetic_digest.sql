-- All that is synthetic, table by table, but for when it was written.
create function test.synthetic_digest() returns text language plpgsql as $$
declare
  name text;
  digest text;
  digests text := '';
begin
  foreach name in array auxeira.synthetic_tables() || '{organizations, synthetic_members}'::text[] loop
    execute format('select md5(string_agg(r, '';'' order by r)) from (
      select (to_jsonb(t) - ''{created_at, updated_at}''::text[])::text as r from auxeira.%I t
      where coalesce((to_jsonb(t) ->> ''is_synthetic'')::boolean, true)) x', name) into digest;
    digests := digests || format('%s %s', name, digest) || e'\n';
  end loop;
  return digests;
end
$$;
