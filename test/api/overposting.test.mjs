// Members of a body, or of a query, that nobody may choose: who one is, what one owns, what one may do.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { described, startAttempts } from './support/attempts.mjs';
import { membersOfRequests } from './support/endpoints.mjs';
import { query } from './support/sql.mjs';

const { service, world, endpoints, requestOf, send } = await startAttempts();
const member = world.members.find(({ name }) => name === 'startup_founder.owner');
const known = await membersOfRequests(service);

// None of these values is in the database before, and none may be in it afterwards.
const id = randomUUID();
const hash = 'c0ffee'.repeat(11).slice(0, 64);
const number = 987_654_321;
const time = '1999-12-31T23:59:59Z';
const word = 'planted-by-the-client';
const marks = [id, hash, String(number), '1999-12-31', word];

const chosen = {
  org_id: id, orgId: id, organization_id: id, organizationId: id, startup_id: id, user_id: id, userId: id, sub: id,
  session_id: id, sid: id, created_by: id, invitedBy: id, proposed_by: id, key_id: id, metric_id: id,
  relationship_id: id, is_admin: true, isAdmin: true, required_role: 'admin', role: 'owner', user_type: 'government', userType: 'government',
  org_type: 'government', type: 'government', email_verified: true, emailVerified: true, is_active: false,
  isActive: false, is_primary: true, status: 'accepted', scopes: ['metrics:write', 'scores'],
  permissions: { all: true }, tokens: number, total_tokens: number, lifetime_tokens: number, tokens_spent: -number, actual_tokens: number,
  baseMultipliers: { all: number }, stage_multiplier: number, login_count: number, token_version: number, ver: number,
  total_score: number, version: number, is_synthetic: true, created_at: time, createdAt: time, expires_at: time,
  expiresAt: time, activated_at: time, revoked_at: null, key_hash: hash, token_hash: hash, tokenHash: hash,
  tokenSealed: hash, sealed: hash, sealedCredentials: hash, password_hash: `$argon2id$${word}`, prefix: word,
  requestId: word, address: '203.0.113.9', claims: { sub: id }, key: hash,
  constructor: { prototype: { isAdmin: true } },
};

// What a request may choose by rights.
const mayBeChosen = {
  'POST /api/auth/register': ['userType'], 'POST /api/auth/active-organization': ['organizationId'],
};
const isKnown = (endpoint, name) => (known.get(endpoint.function)?.all ?? []).includes(name)
  || (mayBeChosen[endpoint.name] ?? []).includes(name);

// Who is what, and owns what, beyond what the requests themselves are for.
const standing = `
  select (select json_agg((u.user_id, u.user_type, u.is_admin, u.is_active, u.email_verified) order by u.user_id)
          from auxeira.users u join test.saved_users s using (user_id)) as users,
         (select count(*) from auxeira.users where is_admin) as administrators,
         (select count(*) from auxeira.users u where u.email_verified and not exists (
            select from test.saved_users s where s.user_id = u.user_id)) as verified,
         (select json_agg((o.org_id, o.org_type, o.is_active) order by o.org_id)
          from auxeira.organizations o join test.saved_organizations s using (org_id)) as organizations,
         (select count(*) from auxeira.relationships where status = 'accepted') as relationships`;

const stored = `
  select c.relname, mark from pg_class c, unnest(array[${marks.map((mark) => `'${mark}'`).join(', ')}]) mark
  where c.relnamespace = 'auxeira'::regnamespace and c.relkind = 'r' and query_to_xml(format(
    'select from auxeira.%I t where t::text like %L', c.relname, '%' || mark || '%'), false, true, '')::text <> ''`;

const changing = endpoints.filter(({ method }) => method !== 'GET');

describe('what nobody may choose is refused, or makes no difference', () => {
  for (const endpoint of changing) {
    test(endpoint.name, async () => {
      const cell = await requestOf(endpoint, member);
      const before = await query(service.dsn, standing);
      const names = Object.keys(chosen).filter((name) => !isKnown(endpoint, name));
      const inQuery = names.filter((name) => typeof chosen[name] !== 'object')
        .map((name) => ({ ...cell, query: { [name]: String(chosen[name]) } }));
      const inBody = endpoint.body === 'none' ? []
        : names.map((name) => ({ ...cell, json: { ...cell.json, [name]: chosen[name] } }));
      const tried = [...inBody, ...inQuery];
      const answers = await send(endpoint, tried);
      const failed = answers.map((answer, index) => [tried[index], answer]).filter(([, { status }]) => status >= 500)
        .map(([asked, answer]) => described(endpoint, asked, answer, 'failed'));
      assert.deepEqual(failed, []);
      assert.deepEqual(await query(service.dsn, stored), []);
      const settles = /^POST .*\/(accept|decline|end)$|^PATCH \/api\/admin/.test(endpoint.name);
      const after = await query(service.dsn, standing);
      if (settles) [before, after].forEach(([row]) => { delete row.relationships; });
      assert.deepEqual(after, before);
      await world.putBack();
    });
  }
});

// The shim makes the token of a link and seals credentials: what a client sends under those names must not count.
describe('the shim\'s own members of a request', () => {
  const smuggled = { tokenHash: hash, tokenSealed: '00', sealedCredentials: '00' };
  for (const name of ['POST /api/organizations/:organizationId/invitations', 'POST /api/auth/verify-email/request',
    'PUT /api/integrations/:integrationId/credentials']) {
    test(name, async () => {
      await world.run('update auxeira.users set email_verified = false;');
      const endpoint = changing.find((other) => other.name === name);
      const cell = await requestOf(endpoint, member);
      const inBody = Object.entries(smuggled)
        .map(([key, value]) => ({ ...cell, json: { ...cell.json, [key]: value } }));
      const inQuery = Object.entries(smuggled).map(([key, value]) => ({ ...cell, query: { [key]: value } }));
      await send(endpoint, [...inBody, ...inQuery]);
      assert.deepEqual(await query(service.dsn, stored), []);
      assert.deepEqual(await query(service.dsn, `
        select 1 from auxeira.mail_outbox where length(token_sealed) < 40
        union all select 1 from auxeira.integration_credentials
        where length(sealed) < 40 and changed_at > now() - interval '10 seconds' and sealed <> '\\x00'`), []);
      await world.run('update auxeira.users u set email_verified = s.email_verified from test.saved_users s '
        + 'where s.user_id = u.user_id;');
      await world.putBack();
    });
  }
});
