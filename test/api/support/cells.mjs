// For each endpoint the requests to try it with: who asks, for what of whom, and whether the visibility matrix allows
// it. A cell says
//   caller; parameters, query, json    the request
//   isAllowed                          by the matrix
//   isOwn                              it is about the caller or their organization
//   isSeen                             the caller may know that it is there: a refusal may say so
//   asIf                               else the refusal must be word for word that of the cell called by this name
//   accepts                            statuses of an allowed one (2xx)
//   refusedWith                        statuses of a refused one (403 or 404)
//   opens                              an organization that it lets the caller into
import { randomUUID } from 'node:crypto';
import { newLinkToken } from './ecosystem.mjs';
import { complete } from './scores.mjs';
import { newAccount } from './users.mjs';

const key = (caller, ...more) => [caller.name, ...more].join(' ');
const always = { isAllowed: true, isOwn: true };

// --- Of the caller's own ----------------------------------------------------------------------------------------

const own = (request = () => ({}), others = {}) => (world) =>
  world.members.map((caller) => ({ caller, ...always, ...request(caller, world), ...others }));

const json = (body, others) =>
  own((caller, world) => ({ json: typeof body === 'function' ? body(caller, world) : body }), others);

const inActive = (table, body, more = {}) => (world) => world.members.map((caller) => ({
  caller, isOwn: true, isSeen: true, isAllowed: world.may(caller, table, 'insert', caller.org_id),
  json: typeof body === 'function' ? body() : body, ...more,
}));

const forAdministrators = (request = () => ({})) => (world) =>
  world.members.map((caller) => ({ caller, isOwn: true, isSeen: true, isAllowed: false, ...request(world) }));

// One's own, a colleague's, a stranger's, nobody's: `make` gives an id for each of the members.
const ownedById = (parameter, make) => async (world) => {
  const { members } = world;
  const next = (caller, isColleague) => members.find((other) => other.name !== caller.name
    && (other.org_id === caller.org_id) === isColleague);
  const kinds = [['own', (caller) => caller], ['a colleague\'s', (caller) => next(caller, true)],
    ['a stranger\'s', (caller) => next(caller, false)]];
  const all = members.map((caller) => ({ caller, target: 'nobody\'s', name: key(caller, 'nobody\'s'),
    isAllowed: false, parameters: { [parameter]: randomUUID() } }));
  for (const [target, holder] of kinds) {
    const ids = await make(world, members.map(holder));
    all.push(...members.map((caller, index) => ({ caller, target, isOwn: target === 'own',
      isAllowed: target === 'own', parameters: { [parameter]: ids[index] }, asIf: key(caller, 'nobody\'s') })));
  }
  return all;
};

// --- Of an organization that the request names ------------------------------------------------------------------

// `request` of an organization and the caller; a name of its own for each way to ask it.
const ofOrganization = (table, command, request, others = {}) => (world) => world.members.flatMap((caller) =>
  [...world.organizations, world.nowhere].map((organization) => ({
    caller, target: organization.name, isOwn: organization.org_id === caller.org_id,
    isAllowed: world.may(caller, table, command, organization.org_id),
    isSeen: world.maySeeOrganization(caller, organization.org_id),
    name: organization === world.nowhere ? key(caller, 'nowhere') : undefined, asIf: key(caller, 'nowhere'),
    ...request(organization, caller), ...others,
  })));

const inPath = (parameter, body) => (organization, caller) => ({
  parameters: { [parameter]: organization.org_id },
  json: typeof body === 'function' ? body(organization, caller) : body });

// Something of an organization, made for each cell, by its id; and something of a stranger's under one's own name.
const insideOrganization = (parameter, make, rule, body) => async (world) => {
  const places = [...world.homes.map(({ org_id: id, name }) => ({ name, id, holder: id })),
    { name: 'nowhere', id: world.nowhere.org_id, holder: null }];
  const cells = world.members.flatMap((caller) => [
    ...places,
    { name: 'own, a stranger\'s', id: caller.org_id,
      holder: world.homes.find(({ org_id: id }) => id !== caller.org_id).org_id },
    { name: 'own, nobody\'s', id: caller.org_id, holder: null },
  ].map(({ name, id, holder }) => ({
    caller, target: name, holder, isOwn: id === caller.org_id && holder === caller.org_id,
    isAllowed: id === holder && world.may(caller, rule.table, rule.command, id),
    isSeen: id === holder && id === caller.org_id,
    name: name.startsWith('n') || name.endsWith('nobody\'s') ? key(caller, name) : undefined,
    asIf: key(caller, name.startsWith('own,') ? 'own, nobody\'s' : 'nowhere'),
    parameters: { organizationId: id }, json: body,
  })));
  const ids = await make(world, cells.map(({ holder }) => holder));
  cells.forEach((cell, index) => { cell.parameters[parameter] = ids[index]; });
  return cells;
};

const ofMember = (rule, body) =>
  insideOrganization('userId', (world, organizations) => world.addViewers(organizations), rule, body);

const ofInvitation = (rule) => insideOrganization('invitationId', async (world, organizations) => {
  const real = organizations.filter((organization) => organization !== null);
  const made = await world.addInvitations(real.map((org_id) => ({ org_id })));
  return organizations.map((organization) => (organization === null ? randomUUID() : made.shift().id));
}, rule);

const facts = { 'mrr-movements': 'mrr_movements', 'cash-positions': 'cash_positions', headcounts: 'headcounts',
  'cash-flows': 'investment_cash_flows', marks: 'investment_marks', redemptions: 'benefit_redemptions',
  programs: 'programs', grants: 'grants' };

const ofFacts = (world) => Object.entries(facts).flatMap(([kind, table]) => ofOrganization(table, 'select',
  ({ org_id: organizationId }) => ({ parameters: { kind }, query: { organizationId } }))(world));

// --- Relationships ------------------------------------------------------------------------------------------------

// Who may propose one of a kind, to which startups; `table` is where else a row is written.
const proposal = (table, kind, body) => (world) => {
  const { proposer_types: types } = world.kinds.find((other) => other.kind === kind);
  return world.members.flatMap((caller) => [...world.organizations, world.nowhere].map((organization) => ({
    caller, target: `${kind} ${organization.name}`,
    isOwn: types.includes(caller.user_type) && organization.name === 'stranger',
    isAllowed: types.includes(caller.user_type) && organization.org_type === 'startup'
      && organization.org_id !== caller.org_id
      && [table, 'relationships'].every((name) => world.may(caller, name, 'insert', caller.org_id)),
    name: organization === world.nowhere ? key(caller, kind, 'nowhere') : undefined,
    asIf: key(caller, kind, 'nowhere'),
    json: { startupId: organization.org_id, ...body },
  })));
};

const proposals = (world) => world.kinds.flatMap(({ kind }) => proposal('relationships', kind, { kind })(world));

// Deciding is the startup's; ending is for either side.
const ofRelationship = (isForProposer, body) => (world) => world.members.flatMap((caller) =>
  [...world.relationships, { relationship_id: randomUUID(), org_id: null, startup_id: null }].map((r) => ({
    caller, target: r.org_id === null ? 'nobody\'s' : `${r.kind} ${r.status}`,
    isOwn: [r.org_id, r.startup_id].includes(caller.org_id),
    isAllowed: world.may(caller, 'relationships', 'update', isForProposer ? r.org_id : null, r.startup_id),
    isSeen: world.may(caller, 'relationships', 'select', r.org_id, r.startup_id),
    name: r.org_id === null ? key(caller, 'nobody\'s') : undefined, asIf: key(caller, 'nobody\'s'),
    parameters: { relationshipId: r.relationship_id }, json: body,
    // What was ended or declined stays so; the other cells about it may have come first.
    accepts: [200, 409],
  })));

const ofIntegration = (body) => (world) => world.members.flatMap((caller) =>
  [...world.integrations.filter(({ org_id: id }) => world.homes.some((home) => home.org_id === id)),
    { org_id: world.nowhere.org_id, integration_id: randomUUID() }].map((integration) => ({
    caller, target: integration.org_id, isOwn: integration.org_id === caller.org_id,
    isAllowed: world.may(caller, 'integrations', 'update', integration.org_id),
    isSeen: integration.org_id === caller.org_id,
    name: integration.org_id === world.nowhere.org_id ? key(caller, 'nowhere') : undefined,
    asIf: key(caller, 'nowhere'), parameters: { integrationId: integration.integration_id }, json: body,
  })));

const ofTemplate = (command) => (world) => world.members.flatMap((caller) =>
  [...world.templates, { org_id: world.nowhere.org_id, template_id: randomUUID() }].map((template) => ({
    caller, target: template.org_id, isOwn: template.org_id === caller.org_id,
    isAllowed: world.may(caller, 'organization_templates', command, template.org_id),
    isSeen: template.org_id === caller.org_id,
    name: template.org_id === world.nowhere.org_id ? key(caller, 'nowhere') : undefined,
    asIf: key(caller, 'nowhere'), parameters: { templateId: template.template_id },
    // What was removed stays so until all have asked; the other cells about it may have come first.
    accepts: command === 'update' ? [200, 404] : [200],
  })));

const ofSession = (command) => (world) => world.members.flatMap((caller) =>
  [...world.sessions, { org_id: world.nowhere.org_id, session_id: randomUUID() }].map((session) => ({
    caller, target: session.org_id, isOwn: session.org_id === caller.org_id,
    isAllowed: world.may(caller, 'synthetic_data_sessions', command, session.org_id),
    isSeen: session.org_id === caller.org_id,
    name: session.org_id === world.nowhere.org_id ? key(caller, 'nowhere') : undefined,
    asIf: key(caller, 'nowhere'), parameters: { sessionId: session.session_id },
  })));

// --- Mails' tokens, and others ---------------------------------------------------------------------------------------

const invitationsToAccept = async (world) => {
  const { members, homes } = world;
  const foreign = (caller) => homes.find(({ org_id: id }) => id !== caller.org_id).org_id;
  const unknown = { refusedWith: [422], isAllowed: false };
  const invited = (holder) => world.addInvitations(members.map((caller) =>
    ({ org_id: foreign(caller), email: holder(caller) })));
  const toCallers = await invited(({ email }) => email);
  const toOthers = await invited(() => undefined);
  return members.flatMap((caller, index) => [
    { caller, ...always, target: 'own', json: { token: toCallers[index].token }, opens: foreign(caller) },
    { caller, ...unknown, target: 'another\'s', json: { token: toOthers[index].token }, asIf: key(caller, 'none') },
    { caller, ...unknown, target: 'none', json: { token: newLinkToken() }, name: key(caller, 'none') },
  ]);
};

const points = () => ({ metrics: [{ metric_id: randomUUID(), dashboard_type: 'government',
  metric_timestamp: '2026-01-01T00:00:00Z', metrics: { a: 1 } }] });
const password = (caller, world) => ({ currentPassword: world.password });
const withCode = (caller, world) => ({ currentPassword: world.password, code: '123456' });
const noFactor = { accepts: [409] }; // there is none to confirm, to renew or to disable
const noToken = { accepts: [422] };
const noPages = { accepts: [404] }; // the service was given none

export const cells = {
  'GET /live': own(),
  'GET /ready': own(),
  'GET /api/health': own(),
  'GET /.well-known/jwks.json': own(),
  'GET /api/openapi.json': own(),
  'GET /docs': own(undefined, noPages),
  'GET /docs/:file': own(() => ({ parameters: { file: 'viewer.js' } }), noPages),
  'POST /api/auth/register': json(({ user_type: type }) => newAccount(type)),
  'POST /api/auth/login': json(({ email }, world) => ({ email, password: world.password })),
  'POST /api/auth/refresh': async (world) => {
    const tokens = await world.giveRefreshTokens(await world.openSessions(world.members));
    return world.members.map((caller, index) => ({ caller, ...always, json: { refreshToken: tokens[index] } }));
  },
  'POST /api/auth/verify-email': json(() => ({ token: newLinkToken() }), noToken),
  'POST /api/auth/password-reset/request': json(() => ({ email: newAccount().email })),
  'POST /api/auth/password-reset/confirm': json(() => ({ token: newLinkToken(), newPassword: newAccount().password }),
    noToken),

  'GET /api/auth/me': own(),
  'GET /api/auth/sessions': own(),
  'GET /api/auth/events': own(),
  'GET /api/auth/api-keys': own(),
  'POST /api/auth/logout': own(),
  'POST /api/auth/logout-all': own(),
  'DELETE /api/auth/sessions/:sessionId': ownedById('sessionId', async (world, holders) =>
    (await world.openSessions(holders)).map(({ id }) => id)),
  'POST /api/auth/api-keys': json({ name: 'x', scopes: ['metrics:read'] }),
  'DELETE /api/auth/api-keys/:keyId': ownedById('keyId', async (world, holders) =>
    (await world.makeKeys(holders, ['metrics:read'])).map(({ id }) => id)),
  'POST /api/auth/verify-email/request': own(() => ({}), { accepts: [409] }), // it is verified
  'POST /api/auth/password': json((caller, world) =>
    ({ ...password(caller, world), newPassword: newAccount().password })),
  'POST /api/auth/active-organization': ofOrganization('user_organizations', 'select',
    ({ org_id: organizationId }) => ({ json: { organizationId } })),
  'POST /api/auth/totp': json(password),
  'POST /api/auth/totp/confirm': json({ code: '123456' }, noFactor),
  'POST /api/auth/totp/recovery-codes': json(withCode, noFactor),
  'POST /api/auth/totp/disable': json(withCode, noFactor),

  'GET /api/events': own(),
  'GET /api/organizations': own(),
  'GET /api/organizations/:organizationId': ofOrganization('organizations', 'select', inPath('organizationId')),
  'PATCH /api/organizations/:organizationId': ofOrganization('organizations', 'update',
    inPath('organizationId', { region: 'somewhere' })),
  'GET /api/organizations/:organizationId/members': ofOrganization('user_organizations', 'select',
    inPath('organizationId')),
  'PATCH /api/organizations/:organizationId/members/:userId': ofMember(
    { table: 'user_organizations', command: 'update' }, { role: 'member' }),
  'DELETE /api/organizations/:organizationId/members/:userId': ofMember(
    { table: 'user_organizations', command: 'update' }),
  'GET /api/organizations/:organizationId/invitations': ofOrganization('user_organizations', 'insert',
    inPath('organizationId')),
  'POST /api/organizations/:organizationId/invitations': ofOrganization('user_organizations', 'insert',
    inPath('organizationId', () => ({ email: newAccount().email, role: 'viewer' }))),
  'DELETE /api/organizations/:organizationId/invitations/:invitationId': ofInvitation(
    { table: 'user_organizations', command: 'insert' }),
  'POST /api/invitations/accept': invitationsToAccept,

  'GET /api/relationships': own(),
  'POST /api/relationships': proposals,
  'POST /api/relationships/:relationshipId/accept': ofRelationship(false, { scopes: [] }),
  'POST /api/relationships/:relationshipId/decline': ofRelationship(false),
  'POST /api/relationships/:relationshipId/end': ofRelationship(true),
  'GET /api/investments': own(),
  'POST /api/investments': proposal('investments', 'investor', { investmentType: 'equity' }),
  'GET /api/partnerships': own(),
  'POST /api/partnerships': proposal('partnerships', 'partner', { partnershipType: 'pilot' }),
  'GET /api/documents': ofOrganization('documents', 'select',
    ({ org_id: organizationId }) => ({ query: { organizationId } })),
  'POST /api/documents': inActive('documents', { title: 'x', kind: 'legal', url: 'https://files.example/x' }),
  'GET /api/benchmarks': own(),
  'GET /api/integrations': own(),
  'POST /api/integrations': inActive('integrations', () => ({ serviceName: randomUUID(), serviceType: 'x' })),
  'PUT /api/integrations/:integrationId/credentials': ofIntegration({ credentials: { apiKey: 'x' } }),

  'GET /api/dashboard/metrics': ofOrganization('dashboard_metrics', 'select',
    ({ org_id: organizationId }) => ({ query: { organizationId, type: 'startup_founder' } })),
  'POST /api/dashboard/metrics': inActive('dashboard_metrics', points),
  // 409: another member of the organization is generating at the same time.
  'POST /api/synthetic/generate': inActive('synthetic_data_sessions', { count: 1 }, { accepts: [201, 409] }),
  'GET /api/synthetic/sessions': own(),
  'DELETE /api/synthetic/sessions/:sessionId': ofSession('delete'),
  'GET /api/synthetic/sessions/:sessionId/report': ofSession('select'),
  'GET /api/synthetic/templates': own(),
  'POST /api/synthetic/templates': inActive('organization_templates', () => ({ template_name: randomUUID(),
    data_schema: { users: { type: 'integer' } }, generation_rules: { users: { low: 1, high: 9 } } })),
  'GET /api/synthetic/templates/:templateId': ofTemplate('select'),
  'DELETE /api/synthetic/templates/:templateId': ofTemplate('update'),
  'POST /api/sse/calculate': (world) => ofOrganization('sse_scores', 'insert',
    ({ org_id: startupId }) => ({ json: { startupId, responses: complete.responses } }))(world)
    .map((cell) => ({ ...cell, accepts: cell.caller.user_type === 'startup_founder' ? [201] : [422] })),
  'GET /api/sse/score/:startupId': ofOrganization('sse_scores', 'select', inPath('startupId')),
  'POST /api/gamification/action': inActive('actions', { actionType: 'pivot', domain: 'x' }),
  'GET /api/gamification/profile': own(),
  'GET /api/facts/:kind': (world) => [...ofFacts(world),
    ...own(() => ({ target: 'assumptions', parameters: { kind: 'assumptions' } }))(world)],

  'GET /api/history/:table/:id': ofOrganization('organizations', 'select', ({ org_id: id }) => ({
    parameters: { table: 'organizations', id }, query: { organizationId: id } })),
  // Nothing has been sealed.
  'GET /api/ledger/receipt/:changeId': own(() => ({ parameters: { changeId: 1 } }), { accepts: [404] }),
  'GET /api/ledger/digest': own(undefined, { accepts: [404] }),
  'POST /api/ledger/verify': forAdministrators(),
  'GET /api/ledger/verify/:runId': forAdministrators(() => ({ parameters: { runId: randomUUID() }, accepts: [404] })),

  'GET /api/admin/stats': forAdministrators(),
  'POST /api/admin/cleanup': forAdministrators(),
  'POST /api/admin/synthetic/ecosystem': forAdministrators(() => ({ json: { organizations: 10, days: 30 } })),
  'PATCH /api/admin/users/:userId': forAdministrators((world) => ({
    parameters: { userId: world.members[0].user_id }, json: { isActive: false } })),
};
