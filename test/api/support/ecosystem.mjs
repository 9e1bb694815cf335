// Seven organizations, one for each type of user, each with a member of each role; startups in every state of
// relationship with them; rows of all of them. And what the visibility matrix in the database lets whom do.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { root } from './service.mjs';
import { Session, execute, literal, query } from './sql.mjs';
import { read, sign } from './tokens.mjs';
import { newUser } from './users.mjs';

const roles = ['viewer', 'member', 'admin', 'owner'];
const atLeast = (role, minimum) => roles.indexOf(role) >= roles.indexOf(minimum);
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

export const newLinkToken = () => `vt_${randomBytes(32).toString('base64url')}`;

// What a test changes is put back from here.
const saved = ['users', 'organizations', 'user_organizations', 'user_credentials', 'relationships',
  'dashboard_metrics'];

const setUp = `
  create schema test;
  grant usage on schema test to public;
  \\i ${root}/test/pgtap/support/rows.sql
  \\i ${root}/test/pgtap/support/ecosystem.sql
  update auxeira.organizations set name = 'org ' || org_id;
  ${saved.map((table) => `create table test.saved_${table} as table auxeira.${table};`).join('\n')}`;

const putBack = `
  begin;
  delete from auxeira.users u where not exists (select from test.saved_users s where s.user_id = u.user_id);
  delete from auxeira.organizations o where not exists (
    select from test.saved_organizations s where s.org_id = o.org_id);
  delete from auxeira.user_organizations m where not exists (
    select from test.saved_user_organizations s where (s.org_id, s.user_id) = (m.org_id, m.user_id));
  update auxeira.user_organizations m set role = s.role, left_at = s.left_at, is_primary = s.is_primary
  from test.saved_user_organizations s
  where (s.org_id, s.user_id) = (m.org_id, m.user_id)
    and (m.role, m.left_at, m.is_primary) is distinct from (s.role, s.left_at, s.is_primary);
  update auxeira.user_credentials c set password_hash = s.password_hash
  from test.saved_user_credentials s where s.user_id = c.user_id and c.password_hash <> s.password_hash;
  update auxeira.organizations o set name = s.name, region = s.region
  from test.saved_organizations s where s.org_id = o.org_id and (o.name, o.region) is distinct from (s.name, s.region);
  delete from auxeira.relationships;
  insert into auxeira.relationships table test.saved_relationships;
  delete from auxeira.dashboard_metrics m where not exists (
    select from test.saved_dashboard_metrics s where (s.org_id, s.metric_id) = (m.org_id, m.metric_id));
  delete from auxeira.organization_templates where template_name <> 'users' or version > 1;
  update auxeira.organization_templates set is_active = true where not is_active;
  delete from auxeira.invitations;
  delete from auxeira.api_keys;
  delete from auxeira.totp_secrets;
  delete from auxeira.login_delays;
  delete from auxeira.user_sessions;
  commit;`;

// Ids of rows, by themselves: whose they are.
const rowsOf = (table, key) => `
  select ${literal(table)} as table_name, ${key}::text as id, t.org_id, to_jsonb(t) ->> 'startup_id' as startup_id
  from auxeira.${table} t`;
const rows = [['dashboard_metrics', 'metric_id'], ['sse_scores', 'score_id'], ['documents', 'document_id'],
  ['integrations', 'integration_id'], ['investments', 'investment_id'], ['partnerships', 'partnership_id'],
  ['relationships', 'relationship_id'], ['actions', 'action_id'], ['gamification_profiles', 'profile_id'],
  ['integration_data', 'data_id'], ['investment_cash_flows', 'flow_id'], ['benefit_redemptions', 'redemption_id'],
  ['programs', 'program_id'], ['grants', 'grant_id'], ['organization_templates', 'template_id']]
  .map(([table, key]) => rowsOf(table, key)).join(' union all ');

export class Ecosystem {
  #session;
  #template;

  static async in(service) {
    const made = new Ecosystem();
    await made.#make(service);
    return made;
  }

  // All members have the password of a user who registered.
  async #make(service) {
    const { dsn, key } = service;
    const template = await newUser(service);
    await execute(dsn, setUp);
    await execute(dsn, `
      insert into auxeira.user_credentials (user_id, password_hash)
      select m.user_id, c.password_hash from test.members m, auxeira.user_credentials c
      where c.user_id = ${literal(template.userId)} on conflict do nothing;
      drop table test.saved_user_credentials;
      create table test.saved_user_credentials as table auxeira.user_credentials;`);
    this.#session = new Session(dsn);
    this.#template = { ...read(template.token), key };
    this.password = template.password;
    this.members = await query(dsn, `select m.*, u.email from test.members m join auxeira.users u using (user_id)
      order by m.user_type, m.role`);
    this.organizations = await query(dsn, `select t.name, o.org_id, o.org_type
      from test.organizations t join auxeira.organizations o using (org_id) order by t.name`);
    this.homes = this.organizations.filter(({ org_id: id }) => this.members.some(({ org_id: home }) => home === id));
    this.nowhere = { name: 'nowhere', org_id: randomUUID() };
    this.relationships = await query(dsn, 'select * from auxeira.relationships');
    this.kinds = await query(dsn, 'select * from auxeira.relationship_kinds');
    this.matrix = await query(dsn, 'select * from auxeira.visibility');
    this.templates = await query(dsn, 'select org_id, template_id from auxeira.organization_templates');
    this.sessions = await query(dsn, 'select org_id, session_id from auxeira.synthetic_data_sessions');
    this.integrations = await query(dsn, 'select org_id, integration_id from auxeira.integrations');
    await this.lookAgain(dsn);
  }

  // Which rows there are, by their ids.
  async lookAgain(dsn) {
    this.rows = new Map((await query(dsn, rows)).map((row) => [row.id, row]));
  }

  run(statements) {
    return this.#session.run(statements);
  }

  putBack() {
    return this.run(putBack);
  }

  close() {
    return this.#session.close();
  }

  #inserted(table, columns, items) {
    const names = columns.map((column) => column.split(' ')[0]).join(', ');
    return this.run(`insert into auxeira.${table} (${names}) select ${names}
      from json_to_recordset(${literal(JSON.stringify(items))}) r (${columns.join(', ')});`);
  }

  // --- What the matrix says ------------------------------------------------------------------------------------

  #isRelated(member, { audience, scope }, organization) {
    return this.relationships.some((r) => r.org_id === member.org_id && r.startup_id === organization
      && r.kind === audience && r.status === 'accepted' && (scope === 'profile' || r.scopes.includes(scope)));
  }

  #isAudience(member, rule, organization, startup) {
    switch (rule.audience) {
      case 'everyone': return true;
      case 'administrator': return false;
      case 'own': return member.org_id === organization;
      case 'counterparty': return member.org_id === startup;
      case 'startup': return this.relationships.some((r) => r.org_id === organization
        && r.startup_id === member.org_id && ['proposed', 'accepted'].includes(r.status));
      default: return this.#isRelated(member, rule, organization);
    }
  }

  may(member, table, command, organization, startup) {
    return this.matrix.some((rule) => rule.table_name === table && rule.command === command
      && (rule.user_types === null || rule.user_types.includes(member.user_type))
      && (rule.minimum_role === null || atLeast(member.role, rule.minimum_role))
      && this.#isAudience(member, rule, organization, startup));
  }

  maySeeOrganization(member, organization) {
    return this.may(member, 'organizations', 'select', organization);
  }

  // What an answer tells of others: ids of rows, names of organizations, addresses of people.
  leaksIn(member, text, opened) {
    const ids = text.match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? [];
    const rowIds = ids.filter((id) => this.rows.has(id)).filter((id) => {
      const { table_name: table, org_id: organization, startup_id: startup } = this.rows.get(id);
      return !this.may(member, table, 'select', organization, startup);
    });
    const names = [...text.matchAll(/org ([0-9a-f-]{36})/g)].map(([, id]) => id)
      .filter((id) => id !== opened && !this.maySeeOrganization(member, id));
    const addresses = this.members.filter(({ email, org_id: home }) => home !== member.org_id && text.includes(email));
    return [...rowIds, ...names, ...addresses.map(({ email }) => email)];
  }

  // --- Ways in ---------------------------------------------------------------------------------------------------

  tokenOf(member, session, version = 1) {
    const { header, claims, key } = this.#template;
    return sign(header, { ...claims, sub: member.user_id, sid: session, org: member.org_id, ver: version }, key);
  }

  // A session for each of the members: its id and its access token.
  async openSessions(members, { endedAt = null, expiresAt = '2100-01-01', token_version = 1 } = {}) {
    const sessions = members.map((member) => ({ session_id: randomUUID(), user_id: member.user_id,
      org_id: member.org_id, created_at: '2020-01-01', expires_at: expiresAt, revoked_at: endedAt,
      revoke_reason: endedAt === null ? null : 'logout', token_version }));
    await this.#inserted('user_sessions', ['session_id uuid', 'user_id uuid', 'org_id uuid', 'created_at timestamptz',
      'expires_at timestamptz', 'revoked_at timestamptz', 'revoke_reason text', 'token_version integer'], sessions);
    return sessions.map(({ session_id: id }, index) => ({ id, token: this.tokenOf(members[index], id) }));
  }

  // A refresh token for each of the sessions.
  async giveRefreshTokens(sessions) {
    const tokens = sessions.map(() => `rt_${randomBytes(32).toString('base64url')}`);
    await this.#inserted('refresh_tokens', ['token_hash bytea', 'session_id uuid'],
      tokens.map((token, index) => ({ token_hash: `\\x${sha256(token)}`, session_id: sessions[index].id })));
    return tokens;
  }

  // An API key for each of the members, with these scopes.
  async makeKeys(members, scopes, { revokedAt = null, expiresAt = '2100-01-01' } = {}) {
    const keys = members.map((member) => ({ member, id: randomUUID(), prefix: randomBytes(4).toString('hex') }))
      .map((key) => ({ ...key, text: `ak_${key.prefix}_${randomBytes(32).toString('base64url')}` }));
    await this.#inserted('api_keys', ['key_id uuid', 'org_id uuid', 'user_id uuid', 'name text', 'prefix text',
      'key_hash bytea', 'scopes text[]', 'created_at timestamptz', 'expires_at timestamptz', 'revoked_at timestamptz'],
    keys.map(({ member, id, prefix, text }) => ({ key_id: id, org_id: member.org_id, user_id: member.user_id,
      name: 'of a test', prefix, key_hash: `\\x${sha256(text)}`, scopes, created_at: '2020-01-01',
      expires_at: expiresAt, revoked_at: revokedAt })));
    return keys;
  }

  // --- What can be acted on ----------------------------------------------------------------------------------------

  // A viewer of each of the organizations (null where there is none): their ids.
  async addViewers(organizations) {
    const added = organizations.map((org_id) => ({ org_id, user_id: randomUUID(), role: 'viewer',
      user_type: 'startup_founder', email: `${randomUUID()}@matrix.example`, email_verified: true }));
    const real = added.filter(({ org_id: organization }) => organization !== null);
    await this.#inserted('users', ['user_id uuid', 'email text', 'user_type auxeira.user_type',
      'email_verified boolean'], real);
    await this.#inserted('user_organizations', ['org_id uuid', 'user_id uuid', 'role auxeira.member_role'], real);
    return added.map(({ user_id: user }) => user);
  }

  // An invitation to each of the organizations, for an address each.
  async addInvitations(invitations) {
    const added = invitations.map(({ org_id, email }) => ({ org_id, email: email ?? `${randomUUID()}@matrix.example`,
      invitation_id: randomUUID(), role: 'viewer', token: newLinkToken(), invited_by: randomUUID(),
      expires_at: '2100-01-01' }));
    await this.run(`delete from auxeira.invitations i
      where i.email = any (array[${added.map(({ email }) => literal(email)).join(', ')}]);`);
    await this.#inserted('invitations', ['org_id uuid', 'invitation_id uuid', 'email text',
      'role auxeira.member_role', 'token_hash bytea', 'invited_by uuid', 'expires_at timestamptz'],
    added.map(({ token, ...invitation }) => ({ ...invitation, token_hash: `\\x${sha256(token)}` })));
    return added.map(({ invitation_id: id, token }) => ({ id, token }));
  }
}
