-- md5 of the contents of every table of the platform, in no particular order of rows.
select c.relname as relation, (xpath('/row/md5/text()', query_to_xml(
    format('select md5(coalesce(string_agg(t::text, chr(10) order by t::text), '''')) as md5 from %s t', c.oid::regclass),
    false, true, '')))[1]::text as md5
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname in ('auxeira', 'bi')
order by c.relname
