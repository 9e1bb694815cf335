-- Who a statement runs for. The values come from settings that only superusers and auxeira.call can set;
-- the functions read a setting and nothing else, so that they are safe and cheap in row-level policies.

create function auxeira.version() returns text
  as 'MODULE_PATHNAME', 'auxeira_version' language c immutable strict parallel safe;
comment on function auxeira.version() is 'Version of the extension library that is loaded.';

create function auxeira.user_id() returns uuid
  as 'MODULE_PATHNAME', 'auxeira_user_id' language c stable parallel safe;
comment on function auxeira.user_id() is 'The user the statement runs for; NULL for nobody.';

create function auxeira.own_user_type() returns text
  as 'MODULE_PATHNAME', 'auxeira_own_user_type' language c stable parallel safe;
comment on function auxeira.own_user_type() is 'The type of the user the statement runs for; NULL for nobody.';

create function auxeira.session_id() returns uuid
  as 'MODULE_PATHNAME', 'auxeira_session_id' language c stable parallel safe;
comment on function auxeira.session_id() is 'The login session the statement belongs to; NULL outside one.';

create function auxeira.org_id() returns uuid
  as 'MODULE_PATHNAME', 'auxeira_org_id' language c stable parallel safe;
comment on function auxeira.org_id() is 'The active organization; NULL for nobody.';

create function auxeira.readable_org_ids() returns uuid[]
  as 'MODULE_PATHNAME', 'auxeira_readable_org_ids' language c stable parallel safe;
comment on function auxeira.readable_org_ids() is
  'The organizations the statement''s user belongs to, as a viewer or more; empty for nobody. For row-level policies.';

create function auxeira.readable_org_ids(scope text) returns uuid[]
  as 'MODULE_PATHNAME', 'auxeira_readable_org_ids_in' language c stable strict parallel safe;
comment on function auxeira.readable_org_ids(text) is
  'The same and the organizations that opened a scope (profile, scores, metrics, documents) to one of them. For '
  'row-level policies. Error 22023: no such scope.';

create function auxeira.writable_org_ids() returns uuid[]
  as 'MODULE_PATHNAME', 'auxeira_writable_org_ids' language c stable parallel safe;
comment on function auxeira.writable_org_ids() is
  'The organizations the statement''s user belongs to, as a member or more; empty for nobody. For row-level policies.';

create function auxeira.managed_org_ids() returns uuid[]
  as 'MODULE_PATHNAME', 'auxeira_managed_org_ids' language c stable parallel safe;
comment on function auxeira.managed_org_ids() is
  'The organizations the statement''s user administers, as an admin or an owner; empty for nobody.';

create function auxeira.owned_org_ids() returns uuid[]
  as 'MODULE_PATHNAME', 'auxeira_owned_org_ids' language c stable parallel safe;
comment on function auxeira.owned_org_ids() is 'The organizations the statement''s user owns; empty for nobody.';

create function auxeira.only_org_id(list text) returns uuid
  as 'MODULE_PATHNAME', 'auxeira_only_org_id' language c stable strict parallel safe;
comment on function auxeira.only_org_id(text) is
  'The one organization of a list (readable, writable, managed, owned, or a scope: readable and those that opened it); '
  'NULL when there is none. Plans of SQL logins whose user has one organization compare with it. Error 40001: there are '
  'more by now; 22023: no such list.';

create function auxeira.rights_changed() returns trigger
  as 'MODULE_PATHNAME', 'auxeira_rights_changed' language c;
comment on function auxeira.rights_changed() is
  'Trigger for the tables that rights come from: tells every session to resolve them again.';
