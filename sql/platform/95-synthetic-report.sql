-- The quality report of a session as a call.
set local role auxeira_owner;

create function auxeira.report_data_type(session uuid) returns text language plpgsql stable as $$
declare
  asked jsonb;
  told text;
begin
  select s.parameters into asked from auxeira.report_session(session) s;
  if not found then
    raise exception using errcode = 'P0002', message = 'session not found';
  end if;
  return auxeira.typed_parameters(asked) ->> 'data_type';
exception when invalid_parameter_value then
  get stacked diagnostics told = pg_exception_detail;
  raise exception using errcode = '22023', message = 'the parameters of the session are not those of a generation',
    detail = told, hint = 'Generate anew: auxeira.synthesize() keeps what makes the same data again.';
end
$$;
comment on function auxeira.report_data_type(uuid) is
  'What the session is of, as asked for. Errors: P0002; 22023 its parameters are not of their types, which are named.';

create function auxeira.synthetic_report(session uuid) returns setof auxeira.synthetic_finding language plpgsql stable as $$
declare
  data_type constant text := auxeira.report_data_type(session);
begin
  if data_type = 'metrics' then
    return query select * from auxeira.report_of_times(session) f order by f.property, f.subject;
    return query select * from auxeira.report_of_reporting(session) f order by f.property, f.subject;
    return query select * from auxeira.report_of_motion(session) f order by f.property, f.subject;
  else
    return query select * from auxeira.report_of_companies(session) f order by f.property, f.subject;
    return query select * from auxeira.report_of_founders(session) f order by f.property, f.subject;
    return query select * from auxeira.report_of_children(session) f order by f.property, f.subject;
    return query select * from auxeira.report_of_facts(session) f order by f.property, f.subject;
  end if;
  return query select * from auxeira.report_of_values(session) f order by f.property, f.subject;
  return query select * from auxeira.report_of_identities(session) f order by f.property, f.subject;
  return query select * from auxeira.report_beside_real(session) f order by f.property, f.subject;
end
$$;
comment on function auxeira.synthetic_report(uuid) is
  'How good the data of a session is, measured on the rows that are stored and that the caller may read: a line for each '
  'property and subject, with its figure, its bounds and whether it lies in them (NULL: no bounds). R1 to R28 are the '
  'properties of the realism suite; what chance adds to few organizations is added to their bounds, and what needs more '
  'of them is left out. The others are measures of SDMetrics. Of sessions with the same id it is that of the '
  'active organization, else the oldest. Errors: P0002; 22023 parameters of the session are not of their types.';

create function auxeira_api.get_synthetic_report(request jsonb) returns json language plpgsql stable as $$
declare
  r constant jsonb := auxeira.checked(request, '{
    "required": ["sessionId"], "properties": {"sessionId": {"type": "string", "format": "uuid"}}}', true);
begin
  return auxeira.success((
    select json_build_object('sessionId', r ->> 'sessionId', 'passed', bool_and(f.passed),
      'findings', coalesce(json_agg(json_build_object('property', f.property, 'subject', f.subject, 'value', f.value,
        'lower', f.lower, 'upper', f.upper, 'passed', f.passed, 'detail', f.detail)), '[]'))
    from auxeira.synthetic_report((r ->> 'sessionId')::uuid) f));
end
$$;
comment on function auxeira_api.get_synthetic_report(jsonb) is
  'GET /api/synthetic/sessions/:id/report: the quality of generated data, measured on what is stored. passed: of all; null '
  'where nothing is stored, as after a clean-up. Error: P0002.';

insert into auxeira.api_functions (name, required_role, status, is_read_only, area) values
  ('get_synthetic_report', 'user', 200, true, 'synthetic');

reset role;
