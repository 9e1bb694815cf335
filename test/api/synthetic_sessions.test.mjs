// Generations over HTTP: ecosystems, the facts of one's own organization, and taking them away.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { assertProblem, forbidden } from './support/problems.mjs';
import { leavesNoRow } from './support/rows.mjs';
import { startService } from './support/service.mjs';
import { query } from './support/sql.mjs';
import { makeAdmin, newUser } from './support/users.mjs';

const service = await startService();
after(() => service.close());

const ecosystem = '/api/admin/synthetic/ecosystem';
const sessions = '/api/synthetic/sessions';
const asOf = '2026-03-10T00:00:00Z';
const listed = async (user) => (await user.api.get(sessions)).body.data.sessions;
const organizations = async () =>
  (await query(service.dsn, 'select count(*)::int as n from auxeira.organizations where is_synthetic'))[0].n;

const admin = await newUser(service, 'government');
await makeAdmin(service.dsn, admin);
const founder = await newUser(service, 'startup_founder', { organization: { name: 'A', stage: 'seed' } });
const investor = await newUser(service, 'venture_capital');

describe('an ecosystem', () => {
  test('is for administrators alone', async () => {
    assertProblem(await leavesNoRow(service, () => founder.api.post(ecosystem, {})), forbidden);
  });

  test('of bad parameters is refused, each named', async () => {
    const { status, body } = await leavesNoRow(service, () =>
      admin.api.post(ecosystem, { organizations: 9, days: 0, variance: 2, trend: 'sideways', size: 1 }));
    assert.equal(status, 422);
    assert.deepEqual(body.errors.map(({ path }) => path).sort(), ['days', 'organizations', 'size', 'trend', 'variance']);
  });

  test('is made once, listed, and taken away', async () => {
    const { status, body } = await admin.api.post(ecosystem, { organizations: 12, days: 200, seed: 4, asOf });
    assert.equal(status, 201);
    assert.equal(body.data.rows.organizations, 12);
    assert.equal(await organizations(), 12);
    assert.deepEqual((await listed(admin)).map(({ sessionId, status: state }) => [sessionId, state]),
      [[body.data.sessionId, 'completed']]);
    assert.equal((await leavesNoRow(service, () => admin.api.post(ecosystem, { organizations: 12, days: 200, seed: 4, asOf }))).status, 409);
    const removed = await admin.api.send('DELETE', `${sessions}/${body.data.sessionId}`);
    assert.equal(removed.status, 200);
    assert.deepEqual(removed.body.data.removed, body.data.rows);
    assert.equal(await organizations(), 0);
    assert.equal((await listed(admin))[0].status, 'cleaned_up');
  });
});

describe('facts of one\'s own organization', () => {
  const generate = (user, fields) => user.api.post('/api/synthetic/generate', { timeRangeDays: 700, seed: 3, asOf, ...fields });

  test('a founder\'s history shows on the dashboard, and goes with its session', async () => {
    const { status, body } = await generate(founder, { dataType: 'history' });
    assert.equal(status, 201);
    assert.ok(body.data.preview.length === 3 && body.data.preview[0].metrics.team_size >= 1);
    const metrics = async () => (await founder.api.get('/api/dashboard/metrics?from=2026-03-01T00:00:00Z')).body.data.metrics;
    assert.ok((await metrics()).length > 5);
    assert.equal((await founder.api.send('DELETE', `${sessions}/${body.data.sessionId}`)).body.data.deletedRecords, body.data.generated);
    assert.deepEqual(await metrics(), []);
  });

  test('an investor\'s portfolio is of companies that open themselves to it', async () => {
    const { status, body } = await generate(investor, { dataType: 'portfolio', count: 14 });
    assert.equal(status, 201);
    const { investments } = (await investor.api.get('/api/investments')).body.data;
    const held = investments.filter(({ status: state }) => state !== 'pipeline');
    assert.ok(held.length > 0 && held.every(({ startupName }) => startupName));
    await investor.api.send('DELETE', `${sessions}/${body.data.sessionId}`);
    assert.deepEqual((await investor.api.get('/api/investments')).body.data.investments, []);
    assert.equal(await organizations(), 0);
  });

  test('what is of another type of organization is refused', async () => {
    const { status, body } = await leavesNoRow(service, () => generate(founder, { dataType: 'portfolio', timeRangeDays: 7306 }));
    assert.equal(status, 422);
    assert.deepEqual(body.errors.map(({ path }) => path).sort(), ['dataType', 'timeRangeDays']);
  });

  test('a second portfolio is refused, and metrics are not', async () => {
    const { sessionId } = (await generate(investor, { dataType: 'portfolio', count: 14 })).body.data;
    const { status, body } = await leavesNoRow(service, () => generate(investor, { dataType: 'investments', count: 14, seed: 4 }));
    assert.equal(status, 409);
    assert.match(body.error, /takes part in a synthetic ecosystem already/);
    assert.ok(JSON.stringify(body).includes(sessionId), 'the session to remove is named');
    assert.equal((await generate(investor, { dataType: 'metrics', count: 3 })).status, 201);
    await investor.api.send('DELETE', `${sessions}/${sessionId}`);
    assert.equal((await generate(investor, { dataType: 'investments', count: 14, seed: 4 })).status, 201);
  });

  test('sessions of others, and of nobody, are not found', async () => {
    const { sessionId } = (await generate(founder, { dataType: 'actions' })).body.data;
    for (const id of [sessionId, randomUUID()]) {
      const { status, body } = await leavesNoRow(service, () => investor.api.send('DELETE', `${sessions}/${id}`));
      assert.deepEqual([status, body.error], [404, 'session not found']);
    }
  });
});
