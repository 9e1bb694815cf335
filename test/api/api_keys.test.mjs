// API keys: made by people for machines, for a purpose and a time.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { Api } from './support/api.mjs';
import { singleConnection } from './support/clients.mjs';
import { assertProblem, forbidden, invalidToken, missing, unauthenticated, verifyFirst } from './support/problems.mjs';
import { leavesNoRow } from './support/rows.mjs';
import { startService } from './support/service.mjs';
import { assertShape, exactly, nothing, time, uuid } from './support/shapes.mjs';
import { execute, literal, query } from './support/sql.mjs';
import { makeAdmin, newUser, newVerifiedUser } from './support/users.mjs';
import { eventually } from './support/wait.mjs';

const service = await startService();
after(() => service.close());

const make = (user, fields = {}) =>
  user.api.post('/api/auth/api-keys', { name: 'nightly job', scopes: ['metrics:read'], ...fields });
const revoke = (user, keyId) => user.api.delete(`/api/auth/api-keys/${keyId}`);
const list = async (user) => (await user.api.get('/api/auth/api-keys')).body.data.apiKeys;
const withKey = (key) => new Api(service.url, key);

async function newKey(user, fields) {
  const { status, body, text } = await make(user, fields);
  assert.equal(status, 201, text);
  return { ...body.data, api: withKey(body.data.key) };
}

const metric = (value) => ({ metrics: [{
  dashboard_type: 'startup_founder', metric_timestamp: new Date().toISOString(), metrics: { value } }] });
// When a key was used last may be told even of a refused call.
const leavesItsUse = (attempt) => leavesNoRow(service, attempt, { except: ['api_keys'] });
const assertRefused = ({ status, body }) => assert.deepEqual([status, body.code], [401, '28000']);

describe('making one', () => {
  test('the key is shown once; the database has its hash alone', async () => {
    const user = await newVerifiedUser(service);
    const { status, body } = await make(user, { expiresInDays: 30 });
    assert.equal(status, 201);
    assert.match(body.data.key, /^ak_[A-Za-z0-9]{8}_[\w-]{43}$/);
    assertShape(body.data, {
      keyId: uuid, name: exactly('nightly job'), prefix: exactly(body.data.key.slice(3, 11)),
      scopes: exactly(['metrics:read']), createdAt: time, expiresAt: time, lastUsedAt: nothing,
    });
    const days = (Date.parse(body.data.expiresAt) - Date.parse(body.data.createdAt)) / 86_400_000;
    assert.ok(Math.abs(days - 30) < 0.1);
    const [listed] = await list(user);
    assert.equal(listed.key, undefined);
    assert.equal(listed.keyId, body.data.keyId);
    const stored = JSON.stringify(await query(service.dsn, 'select * from auxeira.api_keys'));
    assert.ok(!stored.includes(body.data.key.slice(12)));
    assert.ok(!service.log().includes(body.data.key.slice(12)));
  });

  test('needs a verified address', async () => {
    const user = await newUser(service);
    assertProblem(await leavesNoRow(service, () => make(user)), verifyFirst);
  });

  const refused = [
    ['an unknown scope', { scopes: ['metrics:read', 'everything:read'] }, 422],
    ['a scope without a right', { scopes: ['metrics'] }, 422],
    ['the account', { scopes: ['account:read'] }, 422],
    ['no scopes', { scopes: [] }, 422],
    ['scopes that are a text', { scopes: 'metrics:read' }, 422],
    ['no name', { name: '' }, 422],
    ['a life of 0 days', { expiresInDays: 0 }, 422],
    ['a life of 367 days', { expiresInDays: 367 }, 422],
    ['half a day', { expiresInDays: 0.5 }, 422],
    ['a key of one\'s own', { key: `ak_AAAAAAAA_${'A'.repeat(43)}` }, 422],
    ['another user\'s name', { userId: randomUUID() }, 422],
  ];
  for (const [name, fields, status] of refused) {
    test(`${name} is refused`, async () => {
      const user = await newVerifiedUser(service);
      assert.equal((await leavesNoRow(service, () => make(user, fields))).status, status);
    });
  }

  test('name and scopes are required', async () => {
    const user = await newVerifiedUser(service);
    const answer = await leavesNoRow(service, () => user.api.post('/api/auth/api-keys', {}));
    assertProblem(answer, missing('name', ['name', 'this field is required'],
      ['scopes', 'this field is required']));
  });
});

describe('using one', () => {
  test('for what its scopes say, as its user, in its organization', async () => {
    const user = await newVerifiedUser(service);
    await user.api.post('/api/dashboard/metrics', metric(1));
    const { api } = await newKey(user);
    const { status, body } = await api.get('/api/dashboard/metrics');
    assert.equal(status, 200);
    assert.deepEqual(body.data.metrics.map((m) => m.metric_value), [{ value: 1 }]);
    const others = await newVerifiedUser(service);
    const { api: foreign } = await newKey(others);
    assert.deepEqual((await foreign.get('/api/dashboard/metrics')).body.data.metrics, []);
  });

  test('for nothing else', async () => {
    const { api } = await newKey(await newVerifiedUser(service));
    for (const [method, path, json] of [
      ['POST', '/api/dashboard/metrics', metric(1)], ['GET', '/api/gamification/profile'],
      ['GET', '/api/organizations'], ['POST', '/api/synthetic/generate', { count: 1 }]]) {
      assertProblem(await leavesItsUse(() => api.send(method, path, { json })), forbidden);
    }
  });

  test('to write includes to read', async () => {
    const { api } = await newKey(await newVerifiedUser(service), { scopes: ['metrics:write'] });
    assert.equal((await api.post('/api/dashboard/metrics', metric(2))).status, 201);
    assert.equal((await api.get('/api/dashboard/metrics')).body.data.count, 1);
  });

  test('never for the account', async () => {
    const user = await newVerifiedUser(service);
    const scopes = ['benchmarks', 'documents', 'gamification', 'integrations', 'ledger', 'metrics', 'organization',
      'relationships', 'scores', 'synthetic'].map((area) => `${area}:write`);
    const { api, keyId } = await newKey(user, { scopes });
    const calls = [
      ['GET', '/api/auth/me'], ['GET', '/api/auth/sessions'], ['GET', '/api/auth/events'],
      ['GET', '/api/auth/api-keys'],
      ['POST', '/api/auth/api-keys', { name: 'x', scopes: ['metrics:read'] }],
      ['DELETE', `/api/auth/api-keys/${keyId}`], ['POST', '/api/auth/logout'], ['POST', '/api/auth/logout-all'],
      ['POST', '/api/auth/password', { currentPassword: user.password, newPassword: 'another password' }],
      ['POST', '/api/auth/active-organization', { organizationId: user.organizationId }],
      ['POST', '/api/auth/totp', { currentPassword: user.password }],
      ['POST', '/api/auth/totp/confirm', { code: '123456' }],
      ['POST', '/api/auth/totp/disable', { currentPassword: user.password, code: '123456' }],
      ['POST', '/api/auth/totp/recovery-codes', { currentPassword: user.password, code: '123456' }],
      ['POST', '/api/auth/verify-email/request'],
      ['POST', '/api/invitations/accept', { token: `vt_${'A'.repeat(43)}` }],
    ];
    for (const [method, path, json] of calls) {
      const answer = await leavesItsUse(() => api.send(method, path, { json }));
      assertProblem(answer, { ...forbidden, detail: answer.body.detail });
    }
    assert.equal((await user.api.get('/api/auth/me')).status, 200);
  });

  test('never for administration', async () => {
    const user = await newVerifiedUser(service);
    await makeAdmin(service.dsn, user);
    const { api } = await newKey(user);
    assertProblem(await api.get('/api/admin/stats'), forbidden);
  });

  test('its last use is told', async () => {
    const user = await newVerifiedUser(service);
    const { api } = await newKey(user);
    await api.get('/api/dashboard/metrics');
    const [{ lastUsedAt }] = await list(user);
    assert.ok(Math.abs(Date.parse(lastUsedAt) - Date.now()) < 120_000);
  });

  test('the log has its prefix and not the key', async () => {
    const { api, key, prefix } = await newKey(await newVerifiedUser(service));
    await api.get('/api/dashboard/metrics');
    await eventually('the request is logged', () => service.log().includes(`"apiKey":"ak_${prefix}"`));
    assert.ok(!service.log().includes(key));
  });
});

describe('its end', () => {
  const alive = async (api) => (await api.get('/api/dashboard/metrics')).status === 200;

  test('revoked: the very next request is refused, on its connection and on others', async () => {
    const user = await newVerifiedUser(service);
    const { api, key, keyId } = await newKey(user);
    const connection = singleConnection(service, key);
    assert.ok(await alive(connection));
    const { status, body } = await revoke(user, keyId);
    assert.deepEqual([status, body.data], [200, { keyId, revoked: true }]);
    assertRefused(await connection.get('/api/dashboard/metrics'));
    assertRefused(await api.get('/api/dashboard/metrics'));
    assert.deepEqual(await list(user), []);
    assert.equal((await revoke(user, keyId)).status, 404);
    connection.close();
  });

  test('expired', async () => {
    const { api, keyId } = await newKey(await newVerifiedUser(service));
    await execute(service.dsn, `update auxeira.api_keys set created_at = now() - interval '2 days',
      expires_at = now() - interval '1 second' where key_id = ${literal(keyId)};`);
    assertRefused(await api.get('/api/dashboard/metrics'));
  });

  test('with its user', async () => {
    const user = await newVerifiedUser(service);
    const { api } = await newKey(user);
    await execute(service.dsn, `update auxeira.users set is_active = false where user_id = ${literal(user.userId)};`);
    assertRefused(await api.get('/api/dashboard/metrics'));
  });

  test('with the membership', async () => {
    const user = await newVerifiedUser(service);
    const { api } = await newKey(user);
    await execute(service.dsn, `update auxeira.user_organizations set left_at = clock_timestamp()
      where user_id = ${literal(user.userId)};`);
    assertRefused(await api.get('/api/dashboard/metrics'));
  });

  test('not by logging out', async () => {
    const user = await newVerifiedUser(service);
    const { api } = await newKey(user);
    await user.api.post('/api/auth/logout-all');
    assert.ok(await alive(api));
  });

  test('is not in the hands of others', async () => {
    const user = await newVerifiedUser(service);
    const { api, keyId } = await newKey(user);
    assert.equal((await revoke(await newVerifiedUser(service), keyId)).status, 404);
    assert.ok(await alive(api));
  });
});

describe('what is no key', () => {
  const filler = 'A'.repeat(43);
  const malformed = ['ak_', 'ak_x', `ak_AAAAAAAA_${'A'.repeat(42)}`, `AK_AAAAAAAA_${filler}`,
    `ak_AAAAAAA_${filler}`, `ak_AAAA-AAA_${filler}`, `ak_AAAAAAAA${filler}`, `ak_AAAAAAAA_${'='.repeat(43)}`,
    `ak_AAAAAAAA_${'A'.repeat(5000)}`];
  for (const key of malformed) {
    test(`${key.slice(0, 60)} is refused unread`, async () => {
      assertProblem(await leavesNoRow(service, () => withKey(key).get('/api/dashboard/metrics')), invalidToken);
    });
  }

  test('an unknown one', async () => {
    assertRefused(await leavesNoRow(service, () => withKey(`ak_AAAAAAAA_${filler}`).get('/api/dashboard/metrics')));
  });

  test('one with a character changed, with the prefix of another, or the hash of one', async () => {
    const user = await newVerifiedUser(service);
    const { key } = await newKey(user);
    const { prefix } = await newKey(user);
    const last = key.at(-2) === 'A' ? 'B' : 'A';
    for (const other of [key.slice(0, -2) + last + key.at(-1), `ak_${prefix}${key.slice(11)}`]) {
      assertRefused(await withKey(other).get('/api/dashboard/metrics'));
    }
  });

  test('without one the endpoints want a token', async () => {
    assertProblem(await service.api.post('/api/auth/api-keys', {}), unauthenticated);
    assertProblem(await service.api.get('/api/auth/api-keys'), unauthenticated);
  });
});
