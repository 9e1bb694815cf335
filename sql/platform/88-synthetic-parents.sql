-- Removing synthetic data removes what hangs on it: nothing real may.
set local role auxeira_owner;

create function auxeira.refuse_real_of_synthetic() returns trigger language plpgsql as $$
declare
  made constant jsonb := to_jsonb(new);
begin
  if new.is_synthetic then
    return new;
  end if;
  if exists (select from auxeira.organizations o
             where o.is_synthetic and (o.org_id = (made ->> 'startup_id')::uuid
               or tg_table_name = 'relationships' and o.org_id = new.org_id))
    or tg_table_name <> 'investments' and exists (select from auxeira.investments i
      where i.org_id = new.org_id and i.investment_id = (made ->> 'investment_id')::uuid and i.is_synthetic)
    or tg_table_name <> 'partnerships' and exists (select from auxeira.partnerships p
      where p.org_id = new.org_id and p.partnership_id = (made ->> 'partnership_id')::uuid and p.is_synthetic)
    or tg_table_name <> 'programs' and exists (select from auxeira.programs p
      where p.org_id = new.org_id and p.program_id = (made ->> 'program_id')::uuid and p.is_synthetic)
    or exists (select from auxeira.integrations i
      where i.org_id = new.org_id and i.integration_id = (made ->> 'integration_id')::uuid and i.is_synthetic) then
    raise exception using errcode = '22023', message = 'a real row cannot belong to a synthetic one',
      hint = 'Synthetic data is removed as a whole; name a real organization, investment, partnership or program.';
  end if;
  return new;
end
$$;
comment on function auxeira.refuse_real_of_synthetic() is
  'Trigger: error 22023 when a real row names a synthetic organization, investment, partnership, program or integration.';

do $$
declare
  name text;
begin
  foreach name in array '{relationships, investments, partnerships, grants, investment_cash_flows, investment_marks,
      benefit_redemptions, integration_data}'::text[] loop
    execute format('create trigger %1$s_of_real before insert on auxeira.%1$I
      for each row execute function auxeira.refuse_real_of_synthetic()', name);
  end loop;
end
$$;

reset role;
