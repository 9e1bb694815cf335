-- What the server must be, checked before anything else is made: also where a dump is restored.

create function auxeira.require_server(version integer) returns void
  language plpgsql immutable strict parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  least_minor constant integer := case version / 10000 when 15 then 14 when 16 then 10 when 17 then 6 else 0 end;
begin
  if version < 150000 or version % 10000 < least_minor then
    raise exception using errcode = '0A000',
      message = format('PostgreSQL %s.%s lacks corrections that the platform relies on', version / 10000,
                       version % 10000),
      detail = 'Plans and statistics could show rows of others (CVE-2024-10976, CVE-2025-8713), and dumps could run '
        'commands (CVE-2025-8714, CVE-2025-8715).',
      hint = 'Install PostgreSQL 15.14, 16.10, 17.6, 18.0 or a later minor version of these.';
  end if;
end
$$;
comment on function auxeira.require_server(integer) is
  'Error 0A000 for versions of PostgreSQL (as in server_version_num) that lack corrections the platform relies on. '
  'Asked when the extension is installed.';
select auxeira.require_server(current_setting('server_version_num')::integer);
