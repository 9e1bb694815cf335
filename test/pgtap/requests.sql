-- auxeira.checked: what each word of a schema accepts, what it changes, and the exact fault it names.
\set ON_ERROR_STOP on
begin;
\ir support/helpers.sql
select plan(148);

-- The schema of one member `a`, and the outcome: the request as handed on, or the faults.
create function test.outcome(member jsonb, request text, from_text boolean) returns text language plpgsql as $$
begin
  return auxeira.checked(request::jsonb, jsonb_build_object('properties', jsonb_build_object('a', member)), from_text);
exception when invalid_parameter_value then
  declare detail text;
  begin
    get stacked diagnostics detail = pg_exception_detail;
    return detail;
  end;
end
$$;

select is(test.outcome(member::jsonb, request, from_text), expected, member || ' and ' || left(request, 70) ||
          case when from_text then ' from text' else '' end)
from (values
  -- strings
  ('{"type": "string"}', '{"a": "x"}', false, '{"a": "x"}'),
  ('{"type": "string"}', '{"a": ""}', false, '{"a": ""}'),
  ('{"type": "string"}', '{"a": "<script>'';--"}', false, '{"a": "<script>'';--"}'),
  ('{"type": "string"}', '{"a": 1}', false, 'a: 1 is not a string'),
  ('{"type": "string"}', '{"a": true}', false, 'a: true is not a string'),
  ('{"type": "string"}', '{"a": {}}', false, 'a: an object is not a string'),
  ('{"type": "string"}', '{"a": []}', false, 'a: an array is not a string'),
  ('{"type": "string"}', '{"a": 1}', true, 'a: 1 is not a string'),
  ('{"type": "string", "minLength": 2, "maxLength": 3}', '{"a": "éé"}', false, '{"a": "éé"}'),
  ('{"type": "string", "minLength": 2, "maxLength": 3}', '{"a": "é"}', false, 'a: has 1 characters, 2 to 3 are allowed'),
  ('{"type": "string", "minLength": 2, "maxLength": 3}', '{"a": "éééé"}', false, 'a: has 4 characters, 2 to 3 are allowed'),
  ('{"type": "string", "maxLength": 3}', '{"a": ""}', false, '{"a": ""}'),
  ('{"type": "string", "enum": ["x", "y"]}', '{"a": "y"}', false, '{"a": "y"}'),
  ('{"type": "string", "enum": ["x", "y"]}', '{"a": "Y"}', false, 'a: "Y" is not one of x, y'),
  ('{"type": "string", "enum": ["x", "y"]}', '{"a": ""}', false, 'a: "" is not one of x, y'),
  ('{"type": "string", "enum": ["x"]}', '{"a": null}', false, '{}'),
  -- numbers
  ('{"type": "number"}', '{"a": 1.50}', false, '{"a": 1.50}'),
  ('{"type": "number"}', '{"a": -1e-3}', false, '{"a": -0.001}'),
  ('{"type": "number"}', '{"a": "1"}', false, 'a: "1" is not a number'),
  ('{"type": "number"}', '{"a": "NaN"}', false, 'a: "NaN" is not a number'),
  ('{"type": "number"}', '{"a": "Infinity"}', false, 'a: "Infinity" is not a number'),
  ('{"type": "number"}', '{"a": true}', false, 'a: true is not a number'),
  ('{"type": "number"}', '{"a": []}', false, 'a: an array is not a number'),
  ('{"type": "number", "minimum": 0, "maximum": 1}', '{"a": 0}', false, '{"a": 0}'),
  ('{"type": "number", "minimum": 0, "maximum": 1}', '{"a": 1.0}', false, '{"a": 1.0}'),
  ('{"type": "number", "minimum": 0, "maximum": 1}', '{"a": -0.0000001}', false, 'a: -0.0000001 is below the minimum 0'),
  ('{"type": "number", "minimum": 0, "maximum": 1}', '{"a": 1.0000001}', false, 'a: 1.0000001 is above the maximum 1'),
  ('{"type": "number", "maximum": 1e18}', '{"a": 1e400}', false,
   'a: 1' || repeat('0', 59) || '... is above the maximum 1000000000000000000'),
  ('{"type": "number"}', '{"a": "+1.5"}', true, '{"a": 1.5}'),
  ('{"type": "number"}', '{"a": "-0"}', true, '{"a": 0}'),
  ('{"type": "number"}', '{"a": "NaN"}', true, 'a: "NaN" is not a number'),
  ('{"type": "number"}', '{"a": "inf"}', true, 'a: "inf" is not a number'),
  ('{"type": "number"}', '{"a": "1e3"}', true, 'a: "1e3" is not a number'),
  ('{"type": "number"}', '{"a": "0x10"}', true, 'a: "0x10" is not a number'),
  ('{"type": "number"}', '{"a": "1_000"}', true, 'a: "1_000" is not a number'),
  ('{"type": "number"}', '{"a": " 1"}', true, 'a: " 1" is not a number'),
  ('{"type": "number"}', '{"a": "1."}', true, 'a: "1." is not a number'),
  ('{"type": "number"}', '{"a": ".5"}', true, 'a: ".5" is not a number'),
  ('{"type": "number"}', '{"a": ""}', true, 'a: "" is not a number'),
  ('{"type": "number"}', '{"a": "1; drop table x"}', true, 'a: "1; drop table x" is not a number'),
  -- integers
  ('{"type": "integer"}', '{"a": 5.0}', false, '{"a": 5}'),
  ('{"type": "integer"}', '{"a": 5e0}', false, '{"a": 5}'),
  ('{"type": "integer"}', '{"a": 5.5}', false, 'a: 5.5 is not an integer'),
  ('{"type": "integer"}', '{"a": "5"}', false, 'a: "5" is not an integer'),
  ('{"type": "integer"}', '{"a": "5.0"}', true, '{"a": 5}'),
  ('{"type": "integer"}', '{"a": "x"}', true, 'a: "x" is not an integer'),
  ('{"type": "integer", "minimum": 1, "maximum": 10}', '{"a": 0.5}', false,
   E'a: 0.5 is below the minimum 1\na: 0.5 is not an integer'),
  ('{"type": "integer", "maximum": 9223372036854775807}', '{"a": 9223372036854775808}', false,
   'a: 9223372036854775808 is above the maximum 9223372036854775807'),
  -- booleans
  ('{"type": "boolean"}', '{"a": false}', false, '{"a": false}'),
  ('{"type": "boolean"}', '{"a": "false"}', false, 'a: "false" is not true or false'),
  ('{"type": "boolean"}', '{"a": 0}', false, 'a: 0 is not true or false'),
  ('{"type": "boolean"}', '{"a": "true"}', true, '{"a": true}'),
  ('{"type": "boolean"}', '{"a": "false"}', true, '{"a": false}'),
  ('{"type": "boolean"}', '{"a": "TRUE"}', true, 'a: "TRUE" is not true or false'),
  ('{"type": "boolean"}', '{"a": "1"}', true, 'a: "1" is not true or false'),
  -- defaults and null
  ('{"type": "integer", "default": 7}', '{}', false, '{"a": 7}'),
  ('{"type": "integer", "default": 7}', '{"a": null}', false, '{"a": 7}'),
  ('{"type": "integer", "default": 7}', '{"a": 8}', false, '{"a": 8}'),
  ('{"type": "boolean", "default": true}', '{"a": false}', false, '{"a": false}'),
  ('{"type": "object", "default": {}, "properties": {"b": {"type": "integer", "default": 1}}}', '{}', false,
   '{"a": {"b": 1}}'),
  -- objects
  ('{"type": "object"}', '{"a": {"b": [1, {"c": null}]}}', false, '{"a": {"b": [1, {"c": null}]}}'),
  ('{"type": "object"}', '{"a": []}', false, 'a: an array is not an object'),
  ('{"type": "object"}', '{"a": "x"}', false, 'a: "x" is not an object'),
  ('{"type": "object"}', '{"a": "{}"}', true, 'a: "{}" is not an object'),
  ('{"type": "object", "maxProperties": 1}', '{"a": {"b": 1}}', false, '{"a": {"b": 1}}'),
  ('{"type": "object", "maxProperties": 1}', '{"a": {"b": 1, "c": 2}}', false, 'a: has 2 members, at most 1 are allowed'),
  ('{"type": "object", "maxProperties": 1, "properties": {"b": {"type": "number"}}}', '{"a": {"b": 1, "c": 2}}', false,
   'a: has 2 members, at most 1 are allowed'),
  ('{"type": "object", "properties": {"b": {"type": "number"}}}', '{"a": {"b": 1, "c": 2}}', false, '{"a": {"b": 1}}'),
  ('{"type": "object", "properties": {"b": {"type": "number"}}}', '{"a": {"b": "x"}}', false, 'a.b: "x" is not a number'),
  ('{"type": "object", "properties": {"b": {"type": "number"}}, "additionalProperties": false}',
   '{"a": {"b": 1, "c": 2, "dd": 3}}', false, E'a.c: this field is not known here\na.dd: this field is not known here'),
  ('{"type": "object", "additionalProperties": {"type": "number", "maximum": 5}}', '{"a": {"x y": 1, "z": 6, "w": "1"}}',
   false, E'a.w: "1" is not a number\na.z: 6 is above the maximum 5'),
  ('{"type": "object", "additionalProperties": {"type": "number"}}', '{"a": {"x": 1, "y": 2}}', false,
   '{"a": {"x": 1, "y": 2}}'),
  ('{"type": "object", "additionalProperties": {"type": "number"}}', '{"a": {"x": null}}', false,
   'a.x: null is not a number'),
  -- arrays
  ('{"type": "array", "items": {"type": "integer"}}', '{"a": []}', false, '{"a": []}'),
  ('{"type": "array", "items": {"type": "integer"}}', '{"a": [1, 2.0]}', false, '{"a": [1, 2]}'),
  ('{"type": "array", "items": {"type": "integer"}}', '{"a": [1, "x", null]}', false,
   E'a[1]: "x" is not an integer\na[2]: null is not an integer'),
  ('{"type": "array", "items": {"type": "integer"}}', '{"a": {}}', false, 'a: an object is not an array'),
  ('{"type": "array", "items": {"type": "integer"}}', '{"a": 1}', false, 'a: 1 is not an array'),
  ('{"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "integer"}}', '{"a": []}', false,
   'a: needs at least one item'),
  ('{"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "integer"}}', '{"a": [1, 2, 3]}', false,
   'a: has 3 items, at most 2 are allowed'),
  ('{"type": "array", "items": {"type": "object", "properties": {"b": {"type": "string"}}}}', '{"a": [{}, {"b": 1}]}',
   false, 'a[1].b: 1 is not a string'),
  ('{"type": "array", "items": {"type": "array", "items": {"type": "boolean"}}}', '{"a": [[true], [1]]}', false,
   'a[1][0]: 1 is not true or false'),
  -- a time without an offset is UTC
  ('{"type": "string", "format": "date-time"}', '{"a": "2026-01-31T23:59:59"}', false, '{"a": "2026-01-31T23:59:59Z"}'),
  ('{"type": "string", "format": "date-time"}', '{"a": "2026-01-31T23:59:59-03:00"}', false,
   '{"a": "2026-01-31T23:59:59-03:00"}'),
  -- echoes are short, whole characters, on one line
  ('{"type": "number"}', '{"a": "' || repeat('x', 70) || '"}', false, 'a: "' || repeat('x', 59) || '... is not a number'),
  ('{"type": "number"}', '{"a": "x' || repeat('é', 70) || '"}', false, 'a: "x' || repeat('é', 29) || '... is not a number'),
  ('{"type": "number"}', '{"a": "x\ny\u0007\""}', false, 'a: "x\ny\u0007\"" is not a number')
) as cases (member, request, from_text, expected);

select is(test.outcome('{"type": "string", "format": "uuid"}', jsonb_build_object('a', value)::text, false),
          case when accepted then jsonb_build_object('a', value)::text
               else format('a: %s is not a UUID such as 6f9619ff-8b86-4d01-b42d-00cf4fc964ff', to_jsonb(value)) end,
          'uuid ' || value)
from (values
  ('6f9619ff-8b86-4d01-b42d-00cf4fc964ff', true), ('6F9619FF-8B86-4D01-B42D-00CF4FC964FF', true), ('', false),
  ('6f9619ff-8b86-4d01-b42d-00cf4fc964f', false), ('6f9619ff-8b86-4d01-b42d-00cf4fc964fff', false),
  ('6f9619ff8b864d01b42d00cf4fc964ff', false), ('{6f9619ff-8b86-4d01-b42d-00cf4fc964ff}', false),
  ('6f9619ff-8b86-4d01-b42d-00cf4fc964fg', false), ('6f9619ff_8b86-4d01-b42d-00cf4fc964ff', false)
) as uuids (value, accepted);

select is(test.outcome('{"type": "string", "format": "date-time"}', jsonb_build_object('a', value)::text, false),
          case when accepted then jsonb_build_object('a', value)::text
               else format('a: %s is not a date and time such as 2026-01-31T23:59:59Z', to_jsonb(value)) end,
          'date-time ' || value)
from (values
  ('2026-01-31T23:59:59Z', true), ('2026-01-31t23:59:59.123456789z', true), ('2026-01-31 23:59:59+05:30', true),
  ('2024-02-29T00:00:00Z', true), ('2000-02-29T00:00:00-12:00', true), ('9999-12-31T23:59:59Z', true),
  ('2026-02-29T00:00:00Z', false), ('1900-02-29T00:00:00Z', false), ('2026-13-01T00:00:00Z', false),
  ('2026-00-01T00:00:00Z', false), ('2026-01-00T00:00:00Z', false), ('2026-04-31T00:00:00Z', false),
  ('0000-01-01T00:00:00Z', false), ('2026-01-01T24:00:00Z', false), ('2026-01-01T00:60:00Z', false),
  ('2026-01-01T00:00:60Z', false), ('2026-01-01T00:00Z', false), ('2026-01-01', false), ('infinity', false),
  ('now', false), ('2026-01-01T00:00:00.Z', false), ('2026-01-01T00:00:00Z ', false), ('26-01-01T00:00:00Z', false),
  ('2026-01-01T00:00:00+5:30', false), ('2026-01-01T00:00:00+24:00', false), ('2026-01-01T00:00:00+23:00', false),
  ('', false)
) as times (value, accepted);

select is(test.outcome('{"type": "string", "format": "email"}', jsonb_build_object('a', value)::text, false),
          case when accepted then jsonb_build_object('a', value)::text
               else format('a: %s is not an e-mail address', to_jsonb(value)) end, 'email ' || to_jsonb(left(value, 40))::text)
from (values
  ('a@b.example', true), ('a.b+c@d.e.example', true), ('ä@b.example', true), ('''; drop table users; --@b.example', false),
  ('a', false), ('@b.example', false), ('a@', false), ('a@b', false), ('a@.example', false), ('a@b.', false),
  ('a@b..example', false), ('a b@c.example', false), ('a@b@c.example', false), (E'a\n@b.example', false)
) as addresses (value, accepted);

-- --- Whole requests -----------------------------------------------------------------------------------------

select is(test.fault(format('select auxeira.checked(%L, %L)', request, schema)), test.spelled(expected), what)
from (values
  ('not an object', '"x"', '{}', '22023 the request is not an object | detail: $: a JSON object is expected'),
  ('null', 'null', '{}', '22023 the request is not an object | detail: $: a JSON object is expected'),
  ('missing members are named before the rest',
   '{"n": "x", "o": {}}', '{"required": ["a", "b"], "properties": {"n": {"type": "number"},
     "o": {"type": "object", "required": ["c"], "properties": {"c": {"type": "number"}}}}}',
   E'ZA400 Missing required field: o.c | detail: n: "x" is not a number\no.c: this field is required\n'
   'a: this field is required\nb: this field is required'),
  ('a required member of an item', '{"l": [{"b": 1}, {}]}', '{"properties": {"l": {"type": "array", "items":
     {"type": "object", "required": ["b"], "properties": {"b": {"type": "number"}}}}}}',
   'ZA400 Missing required field: l[1].b | detail: l[1].b: this field is required'),
  ('the message names the first fault', '{"a": "x", "b": 2}',
   '{"properties": {"a": {"type": "number"}, "b": {"type": "string"}}}',
   E'22023 invalid request | detail: a: "x" is not a number\nb: 2 is not a string')
) as requests (what, request, schema, expected);
select is(auxeira.checked('{"a": 1, "b": 2}', '{"properties": {"a": {"type": "number"}}}'), '{"a": 1}',
          'unknown members are left out');
select is(auxeira.checked('{"constructor": 1, "__proto__": 2}', '{}'), '{}', 'whatever they are called');
select is((select count(*) - 1 from regexp_matches(test.fault(format('select auxeira.checked(%L, %L)',
             (select jsonb_build_object('a', jsonb_agg('x'::text)) from generate_series(1, 1000)),
             '{"properties": {"a": {"type": "array", "items": {"type": "number"}}}}')), 'is not a number', 'g')),
          100::bigint, 'at most a hundred faults are named');
select is(octet_length(test.fault(format('select auxeira.checked(%L, %L)', jsonb_build_object('a', repeat('x', 1048576)),
            '{"properties": {"a": {"type": "string", "maxLength": 5, "format": "uuid"}}}'))) < 400, true,
          'a megabyte of text is refused in a line');
select is(test.fault(format('select auxeira.checked(%L, %L)',
            jsonb_build_object('o', (repeat('{"o":', 1000) || '1' || repeat('}', 1000))::jsonb),
            '{"properties": {"o": {"type": "object"}}}')), 'no error', 'deep nesting in an open object is handed on');
select is(auxeira.checked(null, '{}'), null, 'no request, no answer');

select * from finish();
rollback;
