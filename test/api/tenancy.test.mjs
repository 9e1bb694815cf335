// Who sees and changes what: other tenants, administrators, and members of a body that ask for more.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { userTypes } from './support/api.mjs';
import { assertProblem, forbidden, unacceptable, unauthenticated } from './support/problems.mjs';
import { leavesNoRow } from './support/rows.mjs';
import { complete } from './support/scores.mjs';
import { startService } from './support/service.mjs';
import { assertShape, exactly } from './support/shapes.mjs';
import { execute, literal, query } from './support/sql.mjs';
import { makeAdmin, newAccount, newUser } from './support/users.mjs';

const service = await startService();
after(() => service.close());

const metric = (fields = {}) => ({
  dashboard_type: 'startup_founder', metric_timestamp: new Date().toISOString(), metrics: { revenue: 1 }, ...fields,
});
const store = (user, ...metrics) => user.api.post('/api/dashboard/metrics', { metrics });
const metricsOf = async (user, parameters = '') =>
  (await user.api.get(`/api/dashboard/metrics${parameters}`)).body.data.metrics;
const score = (user, startupId) =>
  user.api.post('/api/sse/calculate', { startupId, responses: complete.responses });

const alice = await newUser(service);
const bob = await newUser(service);

describe('another tenant', () => {
  const noStartup = { status: 404, code: 'P0002', error: 'startup not found' };
  const noScore = { status: 404, code: 'P0002', error: 'SSE score not found' };

  test('cannot score a startup, whether it is somebody\'s or nobody\'s', async () => {
    for (const startupId of [alice.organizationId, alice.userId, randomUUID()]) {
      assertProblem(await leavesNoRow(service, () => score(bob, startupId)), noStartup);
    }
  });

  test('cannot read a score, and cannot tell whether there is one', async () => {
    assert.equal((await score(alice, alice.organizationId)).status, 201);
    for (const startupId of [alice.organizationId, randomUUID()]) {
      assertProblem(await bob.api.get(`/api/sse/score/${startupId}`), noScore);
    }
    assert.equal((await alice.api.get(`/api/sse/score/${alice.organizationId}`)).body.data.currentScore, 63);
  });

  test('sees its own metrics only, whatever it asks for', async () => {
    await store(alice, metric({ metrics: { of: 1 } }));
    await store(bob, metric({ metrics: { of: 2 } }));
    assert.deepEqual((await metricsOf(alice)).map((m) => m.metric_value), [{ of: 1 }]);
    for (const parameters of ['', `?org_id=${alice.organizationId}`, `?user_id=${alice.userId}`,
      '?type=startup_founder&days=36500']) {
      assert.deepEqual((await metricsOf(bob, parameters)).map((m) => m.metric_value), [{ of: 2 }], parameters);
    }
    for (const organizationId of [alice.organizationId, randomUUID()]) {
      const answer = await bob.api.get(`/api/dashboard/metrics?organizationId=${organizationId}`);
      assertProblem(answer, { status: 404, code: 'P0002', error: 'organization not found' });
    }
    assert.deepEqual(await metricsOf(bob, '?type=government'), []);
  });

  test('another tenant\'s metric id is free to use and touches nothing of theirs', async () => {
    const metric_id = randomUUID();
    await store(alice, metric({ metric_id, metrics: { of: 1 } }));
    assert.equal((await store(bob, metric({ metric_id, metrics: { of: 2 } }))).status, 201);
    const of = async (user) => (await metricsOf(user)).find((m) => m.metric_id === metric_id).metric_value.of;
    assert.deepEqual([await of(alice), await of(bob)], [1, 2]);
  });

  test('has tokens, synthetic data and a profile of its own', async () => {
    await alice.api.post('/api/gamification/action', { actionType: 'pivot', domain: 'team' });
    await alice.api.post('/api/synthetic/generate', { count: 3, userType: 'government' });
    const { body } = await bob.api.get('/api/gamification/profile');
    assert.deepEqual([body.data.user_id, body.data.total_tokens], [bob.userId, 0]);
    assert.equal((await metricsOf(alice, '?type=government')).length, 3);
    assert.deepEqual(await metricsOf(bob, '?type=government'), []);
  });
});

describe('a viewer', () => {
  test('reads the organization but changes nothing', async () => {
    const owner = await newUser(service);
    await store(owner, metric());
    await score(owner, owner.organizationId);
    const viewer = await newUser(service);
    await execute(service.dsn, `
      insert into auxeira.user_organizations (org_id, user_id, role)
        values (${literal(owner.organizationId)}, ${literal(viewer.userId)}, 'viewer');
      update auxeira.user_sessions set org_id = ${literal(owner.organizationId)}
        where user_id = ${literal(viewer.userId)};`);
    assert.equal((await metricsOf(viewer)).length, 1);
    assert.equal((await viewer.api.get(`/api/sse/score/${owner.organizationId}`)).status, 200);
    const writes = [
      ['/api/dashboard/metrics', { metrics: [metric()] }],
      ['/api/synthetic/generate', { count: 1 }],
      ['/api/sse/calculate', { startupId: owner.organizationId, responses: complete.responses }],
      ['/api/gamification/action', { actionType: 'pivot', domain: 'team' }],
    ];
    for (const [path, body] of writes) {
      assertProblem(await leavesNoRow(service, () => viewer.api.post(path, body)), forbidden);
    }
  });

  test('a member who was removed has no way in from the next request on', async () => {
    const user = await newUser(service);
    await execute(service.dsn, `update auxeira.user_organizations set left_at = now()
      where user_id = ${literal(user.userId)};`);
    assert.equal((await user.api.get('/api/auth/me')).status, 401);
    const { status, body } = await service.api.post('/api/auth/login', user);
    assert.equal(status, 200);
    assert.notEqual(body.data.organizationId, user.organizationId, 'logging in is at home in a new organization');
    assert.equal((await user.api.get('/api/auth/me')).status, 401);
  });
});

describe('administration', () => {
  const paths = [['GET', '/api/admin/stats'], ['POST', '/api/admin/cleanup'], ['POST', '/api/admin/cleanup?days=1']];

  for (const [method, path] of paths) {
    test(`${method} ${path} is for administrators alone`, async () => {
      assertProblem(await service.api.send(method, path), unauthenticated);
      for (const userType of userTypes) {
        const { api } = await newUser(service, userType);
        assertProblem(await leavesNoRow(service, () => api.send(method, path)), forbidden);
      }
    });
  }

  test('an administrator sees the figures of all tenants', async () => {
    const admin = await newUser(service, 'government');
    await makeAdmin(service.dsn, admin);
    const { status, body } = await admin.api.get('/api/admin/stats');
    assert.equal(status, 200);
    const [expected] = await query(service.dsn, `
      select (select count(*) from auxeira.users) as users_count,
             (select count(*) from auxeira.organizations where not is_synthetic) as organizations_count,
             (select count(*) from auxeira.sse_scores where not is_synthetic) as sse_scores_count,
             (select count(*) from auxeira.dashboard_metrics where not is_synthetic) as dashboard_metrics_count,
             (select count(*) from auxeira.actions where not is_synthetic) as actions_count,
             (select count(*) from auxeira.gamification_profiles where not is_synthetic) as gamification_profiles_count,
             (select count(*) from auxeira.integrations where not is_synthetic) as integrations_count,
             (select round(100.0 * count(*) filter (where is_synthetic) / count(*), 2)
              from auxeira.dashboard_metrics) as synthetic_data_percentage,
             (select count(*) from auxeira.actions where not is_synthetic) as recent_actions_24h`);
    assert.ok(expected.users_count > 20 && expected.dashboard_metrics_count > 1);
    const seen = Object.fromEntries(Object.keys(expected).map((key) => [key, body.data[key]]));
    assert.deepEqual(seen, expected);
    assert.ok(Math.abs(Date.parse(body.data.timestamp) - Date.now()) < 60_000);
  });

  test('the right ends with the next request after it was taken away', async () => {
    const admin = await newUser(service);
    await makeAdmin(service.dsn, admin);
    assert.equal((await admin.api.get('/api/admin/stats')).status, 200);
    await execute(service.dsn, `update auxeira.users set is_admin = false where user_id = ${literal(admin.userId)};`);
    assertProblem(await admin.api.get('/api/admin/stats'), forbidden);
  });

  test('cleaning up removes old synthetic points and keeps the rest', async () => {
    const admin = await newUser(service);
    await makeAdmin(service.dsn, admin);
    await execute(service.dsn, 'delete from auxeira.dashboard_metrics where is_synthetic;');
    const user = await newUser(service);
    const ago = (days) => new Date(Date.now() - days * 86_400_000).toISOString();
    await store(user,
      metric({ metric_timestamp: ago(100), is_synthetic: true, metrics: { n: 1 } }),
      metric({ metric_timestamp: ago(100), metrics: { n: 2 } }),
      metric({ metric_timestamp: ago(50), is_synthetic: true, metrics: { n: 3 } }),
      metric({ metric_timestamp: ago(50), metrics: { n: 4 } }));
    const left = async () => (await metricsOf(user, '?days=365')).map((m) => m.metric_value.n).sort();
    const cleanup = async (parameters) => (await admin.api.post(`/api/admin/cleanup${parameters}`)).body;
    assertShape(await cleanup(''), { success: exactly(true), data: {
      deletedRecords: exactly(1), retentionDays: exactly(90), tables: { dashboard_metrics: exactly(1) } } });
    assert.deepEqual(await left(), [2, 3, 4]);
    assert.equal((await cleanup('?days=10')).data.deletedRecords, 1);
    assert.deepEqual(await left(), [2, 4]);
    assert.equal((await cleanup('?days=1')).data.deletedRecords, 0);
    assertProblem(await admin.api.post('/api/admin/cleanup?days=0'),
      unacceptable(['days', '0 is below the minimum 1']));
  });
});

describe('a body that asks for more than it may', () => {
  test('registering cannot choose ids, rights or tokens', async () => {
    const chosen = randomUUID();
    const account = newAccount('startup_founder', {
      user_id: chosen, userId: chosen, org_id: alice.organizationId, organizationId: alice.organizationId,
      is_admin: true, isAdmin: true, role: 'admin', is_active: false, email_verified: true, login_count: 1000,
      total_tokens: 1e6, organization: { org_id: alice.organizationId, is_active: false, role: 'owner' },
    });
    const { body } = await service.api.post('/api/auth/register', account);
    assert.notEqual(body.data.userId, chosen);
    assert.notEqual(body.data.organizationId, alice.organizationId);
    const [row] = await query(service.dsn, `select is_admin, is_active, email_verified, login_count, profile
      from auxeira.users where user_id = ${literal(body.data.userId)}`);
    assert.deepEqual(row, { is_admin: false, is_active: true, email_verified: false, login_count: 1, profile: {} });
    assertProblem(await service.api.get('/api/admin/stats', { token: body.data.token }), forbidden);
  });

  test('metrics go to the own organization, whatever they say', async () => {
    const user = await newUser(service);
    const before = (await metricsOf(alice)).length;
    const { body } = await user.api.post('/api/dashboard/metrics', {
      org_id: alice.organizationId, user_id: alice.userId,
      metrics: [metric({ org_id: alice.organizationId, user_id: alice.userId, created_at: '2000-01-01T00:00:00Z',
        confidence_score: 0.1, session_id: randomUUID() })],
    });
    assert.equal(body.data.inserted, 1);
    assert.equal((await metricsOf(alice)).length, before);
    const [row] = await query(service.dsn, `select org_id, user_id, confidence_score, session_id,
      created_at > now() - interval '1 hour' as is_new from auxeira.dashboard_metrics
      where org_id = ${literal(user.organizationId)}`);
    assert.deepEqual(row, {
      org_id: user.organizationId, user_id: user.userId, confidence_score: 1, session_id: null, is_new: true });
  });

  test('generating writes to the own organization', async () => {
    const user = await newUser(service);
    const before = (await metricsOf(alice, '?days=365')).length;
    const { organizationId } = alice;
    await user.api.post('/api/synthetic/generate', { count: 4, org_id: organizationId, organizationId });
    assert.equal((await metricsOf(user)).length, 4);
    assert.equal((await metricsOf(alice, '?days=365')).length, before);
  });

  test('a score is computed, not told', async () => {
    const user = await newUser(service);
    const { body } = await user.api.post('/api/sse/calculate', {
      startupId: user.organizationId, responses: complete.responses, totalScore: 100, total_score: 100, version: 50,
      percentile: 99, confidence: 1,
    });
    assert.deepEqual([body.data.totalScore, body.data.version, body.data.confidence], [63, 1, 0.88]);
  });

  test('tokens come from the catalogue: no base, multiplier, user or balance of the request counts', async () => {
    const user = await newUser(service, 'startup_founder', { organization: { stage: 'seed' } });
    const { body } = await user.api.post('/api/gamification/action', {
      actionType: 'customer_interview', domain: 'market', baseTokens: 1_000_000, actualTokens: 1_000_000,
      multipliers: { quality: 100, streak: 100 }, total_tokens: 1_000_000, user_id: bob.userId,
      org_id: bob.organizationId, isSynthetic: true, completed_at: '2000-01-01T00:00:00Z',
    });
    assert.deepEqual(body.data.multipliers, { quality: 1, stage: 1.3, streak: 1 });
    assert.deepEqual([body.data.tokensAwarded, body.data.baseTokens], [26, 20]);
    assert.deepEqual(body.data.warnings, [
      'baseTokens is ignored: this action is worth 20', 'multipliers are ignored: the server computes its own',
      'isSynthetic is ignored: the action counts as real',
    ]);
    const profile = await bob.api.get('/api/gamification/profile');
    assert.equal(profile.body.data.total_tokens, 0);
  });

  test('the same action again at once is recorded and not paid', async () => {
    const user = await newUser(service);
    const act = () => user.api.post('/api/gamification/action', { actionType: 'customer_interview', domain: 'market' });
    const answers = await Promise.all(Array.from({ length: 8 }, act));
    const paid = answers.map(({ body }) => body.data.tokensAwarded).sort((a, b) => b - a);
    assert.deepEqual(paid, [20, 0, 0, 0, 0, 0, 0, 0]);
    const unpaid = answers.filter(({ body }) => body.data.tokensAwarded === 0);
    unpaid.forEach(({ body }) => assert.deepEqual(body.data.warnings, ['this action is paid once in 10 minutes']));
    const { body } = await user.api.get('/api/gamification/profile');
    assert.deepEqual([body.data.total_tokens, body.data.actions_this_week], [20, 8]);
  });

  test('scores of 16 parallel requests have versions without gap or duplicate', async () => {
    const user = await newUser(service);
    const answers = await Promise.all(Array.from({ length: 16 }, () => score(user, user.organizationId)));
    const versions = answers.map(({ body }) => body.data.version).sort((a, b) => a - b);
    assert.deepEqual(versions, Array.from({ length: 16 }, (_, i) => i + 1));
  });
});
