-- Seven organizations, one for each type of user, each with a member of each role; startups in every state of
-- relationship with them; and rows of all of them. Included by \ir after helpers.sql and rows.sql.
create table test.organizations (name text primary key, org_id uuid not null);
create table test.members (name text primary key, user_id uuid not null, session_id uuid not null,
  user_type auxeira.user_type not null, role auxeira.member_role not null, org_id uuid not null);
grant select on test.organizations, test.members to public;

create function test.make_organization(label text, kind auxeira.organization_type) returns uuid language sql as $$
  with made as (insert into auxeira.organizations (name, org_type) values (label, kind) returning org_id)
  insert into test.organizations select label, org_id from made returning org_id
$$;

create function test.make_member(kind auxeira.user_type, member_role auxeira.member_role, org uuid) returns uuid
  language plpgsql as $$
declare
  made uuid;
  session uuid;
begin
  insert into auxeira.users (email, user_type, email_verified)
  values (kind || '.' || member_role || '@matrix.example', kind, true) returning user_id into made;
  insert into auxeira.user_organizations (org_id, user_id, role, is_primary) values (org, made, member_role, true);
  insert into auxeira.user_sessions (user_id, org_id, expires_at) values (made, org, now() + interval '1 hour')
  returning session_id into session;
  insert into test.members values (kind || '.' || member_role, made, session, kind, member_role, org);
  return made;
end
$$;

create function test.home_of(kind auxeira.user_type) returns uuid language sql stable
  return (select org_id from test.organizations where name = kind::text);

select test.make_organization(kind::text, auxeira.organization_type_of(kind))
from unnest(enum_range(null::auxeira.user_type)) kind \g /dev/null
select test.make_member(kind, role, test.home_of(kind))
from unnest(enum_range(null::auxeira.user_type)) kind, unnest(enum_range(null::auxeira.member_role)) role \g /dev/null

-- What a startup's name says is what its relationships are; each is with every organization that may propose it.
select test.make_organization(name, 'startup')
from unnest(array['investor all', 'investor scores', 'investor metrics', 'investor nothing', 'partner all', 'grantor all',
                  'grantor documents', 'investor proposed', 'investor declined', 'investor ended', 'stranger']) name
\g /dev/null
insert into auxeira.relationships (org_id, startup_id, kind, status, scopes, decided_at, ended_at)
select test.home_of(proposer), o.org_id, k.kind,
       case when state in ('proposed', 'declined', 'ended') then state else 'accepted' end,
       case when state = 'all' then array(
              select distinct v.scope from auxeira.visibility v where v.audience = k.kind and v.scope <> 'profile')
            when state in ('scores', 'metrics', 'documents') then array[state] else '{}' end,
       case when state <> 'proposed' then now() - interval '60 days' end, case when state = 'ended' then now() end
from test.organizations o
  cross join lateral (select split_part(o.name, ' ', 1), split_part(o.name, ' ', 2)) as said (kind, state)
  join auxeira.relationship_kinds k on k.kind = said.kind
  cross join lateral unnest(k.proposer_types) proposer;
-- The founder's own startup is asked and has answered too.
insert into auxeira.relationships (org_id, startup_id, kind, status, scopes, decided_at) values
  (test.home_of('venture_capital'), test.home_of('startup_founder'), 'investor', 'accepted', '{scores}', now()),
  (test.home_of('corporate_partner'), test.home_of('startup_founder'), 'partner', 'proposed', '{}', null);

select test.plant_rows(o.org_id, (select org_id from test.organizations where name = 'stranger'),
                       coalesce((select m.user_id from test.members m where m.org_id = o.org_id and m.role = 'owner'),
                                gen_random_uuid()))
from test.organizations o where o.name <> 'stranger' \g /dev/null
select test.plant_rows(org_id, (select org_id from test.organizations where name = 'investor all'), gen_random_uuid())
from test.organizations where name = 'stranger' \g /dev/null

-- --- What the matrix says, worked out without settings and policies --------------------------------------------

-- Whether the matrix lets a member do this with a row of an organization, which may name a startup.
create function test.may(member test.members, of_table text, of_command text, org uuid, startup uuid, ways text[])
  returns boolean language sql stable as $$
  select exists (
    select from auxeira.visibility v
    where v.table_name = of_table and v.command = of_command and v.through = any (ways)
      and (v.user_types is null or member.user_type = any (v.user_types))
      and member.role >= v.minimum_role
      and case v.audience
        when 'own' then member.org_id = org
        when 'counterparty' then member.org_id = startup
        when 'startup' then exists (
          select from auxeira.relationships r
          where r.org_id = org and r.startup_id = member.org_id and r.status in ('proposed', 'accepted'))
        else exists (
          select from auxeira.relationships r
          where r.org_id = member.org_id and r.startup_id = org and r.kind = v.audience and r.status = 'accepted'
            and (v.scope = 'profile' or v.scope = any (r.scopes))) end)
$$;
