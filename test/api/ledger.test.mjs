// History and evidence over HTTP: who sees what was, and that what is handed out can be checked without the server.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { anyKey, verify } from '../../api/client/ledger.mjs';
import { assertProblem, forbidden, unacceptable } from './support/problems.mjs';
import { startService } from './support/service.mjs';
import { execute, literal, lockTable, query } from './support/sql.mjs';
import { makeAdmin, newUser, newVerifiedUser } from './support/users.mjs';

const service = await startService();
after(() => service.close());

const founder = await newUser(service, 'startup_founder', { organization: { name: 'A', stage: 'seed' } });
const stranger = await newUser(service, 'startup_founder', { organization: { name: 'B', stage: 'seed' } });
const admin = await newUser(service, 'government');
await makeAdmin(service.dsn, admin);

const { organizationId } = founder;
const historyOf = (user, table, id, search = '') => user.api.get(`/api/history/${table}/${id}${search}`);
const organizationHistory = (user) => historyOf(user, 'organizations', organizationId, `?organizationId=${organizationId}`);
const seal = () => query(service.dsn, "select auxeira.run_job('ledger_seal')::int as changes");
const notFound = (error) => ({ status: 404, code: 'P0002', error });
const noReceipt = { ...notFound('receipt not found'),
  detail: 'receipt not found. There is one of sealed changes of your rows that your organization made itself.' };

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
await founder.api.send('PATCH', `/api/organizations/${organizationId}`, {
  json: { region: 'EU' }, headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
});

describe('history', () => {
  test('is that of one\'s own rows, newest first', async () => {
    const { status, body } = await organizationHistory(founder);
    assert.equal(status, 200);
    const [update, insert] = body.data.versions;
    assert.deepEqual([update.operation, insert.operation], ['update', 'insert']);
    assert.deepEqual(update.changed.region, { from: null, to: 'EU' });
    assert.equal(update.row.name, 'A');
    assert.equal(update.userId, founder.userId);
    assert.equal(update.standing, 'proven');
    assert.equal(body.data.count, 2);
  });

  test('says from where to the own organization', async () => {
    const [update] = (await organizationHistory(founder)).body.data.versions;
    assert.match(update.requestId, /./);
    assert.equal(update.traceId, traceId);
    assert.match(update.address, /^127\.0\.0\.1$|^::/);
  });

  test('of others\' rows is not there', async () => {
    assertProblem(await organizationHistory(stranger), notFound('history not found'));
    assertProblem(await historyOf(founder, 'scores', randomUUID()), notFound('history not found'));
  });

  test('is of tables that are known', async () => {
    const { status, body } = await historyOf(founder, 'user_credentials', organizationId);
    assert.equal(status, 422);
    assert.deepEqual(body.errors.map(({ path }) => path), ['table']);
    assert.equal((await historyOf(founder, 'scores', 'x')).status, 422);
  });
});

describe('evidence', () => {
  const changeOf = async (user) => (await organizationHistory(user)).body.data.versions[0].changeId;

  test('comes with sealing', async () => {
    assertProblem(await founder.api.get('/api/ledger/digest'), notFound('nothing has been sealed yet'));
    assertProblem(await founder.api.get(`/api/ledger/receipt/${await changeOf(founder)}`), noReceipt);
    const [{ changes }] = await seal();
    assert.ok(changes > 0);
    assert.equal((await organizationHistory(founder)).body.data.versions[0].block, 1);
  });

  test('a receipt proves a change by itself', async () => {
    const { status, body } = await founder.api.get(`/api/ledger/receipt/${await changeOf(founder)}`);
    assert.equal(status, 200);
    const verdict = await verify(body.data, anyKey);
    assert.equal(verdict.fault, undefined);
    assert.equal(verdict.change.table, 'auxeira.organizations');
    assert.equal(verdict.change.row.region, 'EU');
    assert.equal(verdict.change.traceId, traceId);
  });

  test('and is for the organization alone', async () => {
    const change = await changeOf(founder);
    assertProblem(await stranger.api.get(`/api/ledger/receipt/${change}`), noReceipt);
    assertProblem(await admin.api.get(`/api/ledger/receipt/${change}`), noReceipt);
    const [{ id }] = await query(service.dsn, `select c.change_id::text as id from auxeira.ledger_changes c
      join auxeira.ledger_tables t using (table_id) where t.label = 'auxeira.user_credentials' limit 1`);
    assertProblem(await founder.api.get(`/api/ledger/receipt/${id}`), noReceipt);
  });

  test('a change that another organization made shows no more of it than history does', async () => {
    const investor = await newVerifiedUser(service, 'angel_investor', { organization: { name: 'Angel' } });
    const proposal = await investor.api.post('/api/relationships', { startupId: organizationId, kind: 'investor' });
    assert.equal(proposal.status, 201, proposal.text);
    const { relationshipId } = proposal.body.data;
    const accepted = await founder.api.post(`/api/relationships/${relationshipId}/accept`, { scopes: [] });
    assert.equal(accepted.status, 200, accepted.text);
    await seal();
    const { versions: [acceptance, proposed] } = (await historyOf(investor, 'relationships', relationshipId)).body.data;
    assert.deepEqual([acceptance.operation, acceptance.organizationId, acceptance.sessionId], ['update', organizationId, null]);
    assertProblem(await investor.api.get(`/api/ledger/receipt/${acceptance.changeId}`), noReceipt);
    const own = await investor.api.get(`/api/ledger/receipt/${proposed.changeId}`);
    assert.equal((await verify(own.body.data, anyKey)).change.session, proposed.sessionId);
  });

  test('of a number that is none is refused', async () => {
    assert.equal((await founder.api.get('/api/ledger/receipt/x')).status, 422);
    assert.equal((await founder.api.get('/api/ledger/receipt/0')).status, 422);
  });

  test('the digest is a signed head', async () => {
    const { status, body } = await stranger.api.get('/api/ledger/digest');
    assert.equal(status, 200);
    assert.equal((await verify(body.data, anyKey)).fault, undefined);
    assert.match(body.data.head, /^auxeira-ledger\/1\n/);
  });
});

describe('verification', () => {
  const verifyLedger = (user, json = {}) => user.api.post('/api/ledger/verify', json);

  test('is for administrators', async () => {
    assertProblem(await verifyLedger(founder), forbidden);
  });

  test('finds nothing, and what was altered behind the ledger', async () => {
    const { status, body } = await verifyLedger(admin);
    assert.equal(status, 200);
    assert.deepEqual([body.data.verified, body.data.count, body.data.problems], [true, 0, []]);
    assert.ok(body.data.treeSize > 0);
    await execute(service.dsn, `alter table auxeira.organizations disable trigger auxeira_history_update;
      update auxeira.organizations set name = 'C' where org_id = ${literal(organizationId)};
      alter table auxeira.organizations enable always trigger auxeira_history_update;`);
    const found = (await verifyLedger(admin, { table: 'organizations' })).body.data;
    assert.equal(found.verified, false);
    assert.ok(found.problems.some(({ problem, key }) =>
      problem === 'a row that differs from its last change' && key.org_id === organizationId));
  });

  test('is kept for who asks later', async () => {
    const { body } = await verifyLedger(admin);
    const kept = await admin.api.get(`/api/ledger/verify/${body.data.runId}`);
    assert.equal(kept.status, 200);
    assert.equal(body.data.status, 'done');
    assert.deepEqual(kept.body.data.problems, body.data.problems);
    assertProblem(await admin.api.get(`/api/ledger/verify/${randomUUID()}`), notFound('verification not found'));
    assertProblem(await founder.api.get(`/api/ledger/verify/${body.data.runId}`), forbidden);
  });

  // What is locked takes as long as what is large.
  test('goes on when it takes longer than a call may', async () => {
    const lock = await lockTable(service.dsn, 'auxeira.ledger_changes');
    const [first, second] = await Promise.all([verifyLedger(admin), verifyLedger(admin)]);
    assert.deepEqual([first.status, first.body.data.status], [202, 'running']);
    // Two that begin at once may both run; whoever comes later joins one of them.
    const { runId } = (await verifyLedger(admin)).body.data;
    assert.ok([first, second].some(({ body }) => body.data.runId === runId));
    assert.equal((await admin.api.get(`/api/ledger/verify/${first.body.data.runId}`)).body.data.status, 'running');
    await lock.release();
    for (const { body } of [first, second]) {
      let run;
      do run = (await admin.api.get(`/api/ledger/verify/${body.data.runId}`)).body.data; while (run.status === 'running');
      assert.equal(run.status, 'done', run.error);
      assert.equal(run.verified, false);
    }
  });

  test('that ends before its time has failed', async () => {
    const lock = await lockTable(service.dsn, 'auxeira.ledger_changes');
    const { runId } = (await verifyLedger(admin)).body.data;
    await query(service.dsn, `select pg_terminate_backend(pid)::text as done from auxeira.job_runs where run_id = ${literal(runId)}`);
    await lock.release();
    let run;
    do run = (await admin.api.get(`/api/ledger/verify/${runId}`)).body.data; while (run.status === 'running');
    assert.deepEqual([run.status, run.error], ['failed', 'its process ended']);
  });

  test('of a table that is not known is refused', async () => {
    assertProblem(await verifyLedger(admin, { table: 'none' }), notFound('no such table has history'));
    assertProblem(await verifyLedger(admin, { other: 1 }), unacceptable(['other', 'this field is not known here']));
  });
});

test('health tells how the ledger is', async () => {
  const { checks } = (await service.api.get('/api/health')).body;
  assert.match(checks.ledger, /^problems found: sealed less than a minute ago, verified less than a minute ago/);
  assert.equal(checks.jobs, 'ok');
});
