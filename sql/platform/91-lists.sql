-- Lists in other forms than JSON, and where the next page begins: what the REST shim puts around the answers of the API.
set local role auxeira_owner;

create function auxeira.csv_text(content text) returns text language sql immutable parallel safe
begin atomic
  -- A program of spreadsheets takes what begins so for a formula (OWASP, CSV injection).
  select '"' || replace(case when content ~ '^([[:space:]]*[=+@＝＋－＠-]|[\t\r\n])' then '''' || content else content end, '"', '""') || '"';
end;
comment on function auxeira.csv_text(text) is
  'A cell of text, in quotes (RFC 4180). What could be a formula gets an apostrophe before it.';

create function auxeira.csv_cell(value json) returns text language sql immutable parallel safe
begin atomic
  select case json_typeof(value) when 'null' then '' when 'number' then value::text when 'boolean' then value::text
    else auxeira.csv_text(value #>> '{}') end;
end;
comment on function auxeira.csv_cell(json) is 'A cell: numbers and booleans as they are, all else as text.';

create function auxeira.csv(document text, list text) returns text language sql immutable strict parallel safe
begin atomic
  with recursive leaf (line, name, place, value) as (
    select r.n, f.key, array[f.place], f.value
    from json_array_elements(document::json -> 'data' -> list) with ordinality r (item, n)
      cross join lateral (select e.key, e.value, e.place from json_each(r.item) with ordinality e (key, value, place)) f
    union all
    select l.line, l.name || '.' || e.key, l.place || e.place, e.value
    from leaf l cross join lateral json_each(case json_typeof(l.value) when 'object' then l.value else '{}' end)
      with ordinality e (key, value, place)
    where json_typeof(l.value) = 'object'
  ), cell as (
    select line, name, place, auxeira.csv_cell(value) as text from leaf where json_typeof(value) is distinct from 'object'
  ), field as (
    select name, min(place) as place from cell group by name
  ), whole as (
    select l.line, string_agg(coalesce(c.text, ''), ',' order by f.place, f.name) as text
    from (select distinct line from cell) l cross join field f left join cell c on c.line = l.line and c.name = f.name
    group by l.line
  )
  select coalesce(
    (select string_agg(auxeira.csv_text(name), ',' order by place, name) from field)
    || chr(13) || chr(10) || (select string_agg(text, chr(13) || chr(10) order by line) from whole) || chr(13) || chr(10), '');
end;
comment on function auxeira.csv(text, text) is
  'A list of an answer ({"data": {list: [...]}}) as CSV with a line of names: members of members are columns of their own. '
  'Empty when the list is.';

create function auxeira.next_cursor(document text) returns text language sql immutable parallel safe
  -- Its place is the end, so that no page is read for it.
  return substring(right(document, 120) from '"nextCursor" ?: ?"([0-9a-z_-]+)" ?\} ?\}$');
comment on function auxeira.next_cursor(text) is
  'The cursor with which an answer ends ({"data": {..., "nextCursor"}}); NULL when there is no further page.';

reset role;
