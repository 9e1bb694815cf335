// The API by SQL: a login bound to a user calls auxeira_api.<function>(jsonb) and gets what REST gives.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { formatDsn, parseDsn } from './support/connection.mjs';
import { complete } from './support/scores.mjs';
import { startService } from './support/service.mjs';
import { execute, literal, SqlError } from './support/sql.mjs';
import { newUser } from './support/users.mjs';

const service = await startService();
const logins = [];
after(async () => {
  await service.close();
  const elsewhere = formatDsn({ ...parseDsn(service.dsn), dbname: 'postgres' });
  for (const login of logins) await execute(elsewhere, `drop role ${login};`);
});

// A user with a login of their own for SQL.
async function newSqlUser(userType, fields) {
  const user = await newUser(service, userType, fields);
  const login = `api_test_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(18).toString('base64url');
  await execute(service.dsn, `create role ${login} login password ${literal(password)};
    call auxeira.bind_login('${login}', ${literal(user.userId)});`);
  logins.push(login);
  const dsn = formatDsn({ ...parseDsn(service.dsn), user: login, password });
  const run = (statements) => execute(dsn, `set timezone = 'UTC';\n${statements}`);
  return {
    ...user,
    run,
    call: async (name, request = {}) =>
      JSON.parse(await run(`select auxeira_api.${name}(${literal(JSON.stringify(request))}::jsonb);`)),
  };
}

const founder = await newSqlUser();
await founder.api.post('/api/synthetic/generate', { count: 12, seed: 5 });
await founder.api.post('/api/sse/calculate', { startupId: founder.organizationId, responses: complete.responses });
await founder.api.post('/api/gamification/action', { actionType: 'mvp_launch', domain: 'product' });

describe('reading', () => {
  const same = [
    ['me', {}, '/api/auth/me'],
    ['get_metrics', {}, '/api/dashboard/metrics'],
    ['get_metrics', { days: 7, limit: 3, metric: 'revenue' }, '/api/dashboard/metrics?days=7&limit=3&metric=revenue'],
    ['get_metrics', { includeSynthetic: false }, '/api/dashboard/metrics?includeSynthetic=false'],
    ['list_templates', { type: 'all' }, '/api/synthetic/templates?type=all'],
    ['get_sse_score', { startupId: founder.organizationId }, `/api/sse/score/${founder.organizationId}`],
    ['get_gamification_profile', {}, '/api/gamification/profile'],
  ];
  for (const [name, request, path] of same) {
    test(`${name} ${JSON.stringify(request)}`, async () => {
      const { status, body } = await founder.api.get(path);
      assert.equal(status, 200);
      assert.deepEqual(await founder.call(name, request), body);
    });
  }
});

describe('writing', () => {
  const without = (data, ...names) =>
    Object.fromEntries(Object.entries(data).filter(([key]) => !names.includes(key)));

  test('create_metrics', async () => {
    const metric_timestamp = new Date().toISOString();
    const metrics = [{ dashboard_type: 'startup_founder', metric_timestamp, metrics: { x: 1.5 } }];
    const { body } = await founder.api.post('/api/dashboard/metrics', { metrics });
    assert.deepEqual(await founder.call('create_metrics', { metrics }), body);
    const { data } = (await founder.api.get('/api/dashboard/metrics?metric=x')).body;
    assert.deepEqual(data.metrics.map((m) => m.metric_value), [{ x: 1.5 }, { x: 1.5 }]);
  });

  test('generate_synthetic: the same points, ids included', async () => {
    const request = {
      count: 6, seed: 77, asOf: '2026-01-01T00:00:00Z', userType: 'venture_capital', trend: 'volatile' };
    const { body } = await founder.api.post('/api/synthetic/generate', request);
    const bySql = await founder.call('generate_synthetic', request);
    assert.deepEqual([body.data.inserted, bySql.data.inserted], [6, 0]);
    const varying = ['sessionId', 'inserted'];
    assert.deepEqual(without(bySql.data, ...varying), without(body.data, ...varying));
  });

  test('calculate_sse', async () => {
    const request = { startupId: founder.organizationId, responses: complete.responses, reason: 'again' };
    const { body } = await founder.api.post('/api/sse/calculate', request);
    const bySql = await founder.call('calculate_sse', request);
    assert.equal(bySql.data.version, body.data.version + 1);
    const varying = ['scoreId', 'timestamp', 'version'];
    assert.deepEqual(without(bySql.data, ...varying), without(body.data, ...varying));
  });

  test('complete_action', async () => {
    const [byRest, bySql] = [await newSqlUser(), await newSqlUser()];
    const request = { actionType: 'feedback_loop', domain: 'market', baseTokens: 1 };
    const { body } = await byRest.api.post('/api/gamification/action', request);
    const { data } = await bySql.call('complete_action', request);
    assert.deepEqual(without(data, 'actionId'), without(body.data, 'actionId'));
  });
});

describe('refusals have the same SQLSTATE, message and faults', () => {
  const refused = [
    ['get_metrics', { days: 0, limit: 5000 }, ['GET', '/api/dashboard/metrics?days=0&limit=5000']],
    ['create_metrics', { metrics: [{ metrics: { x: 'y' } }] }, ['POST', '/api/dashboard/metrics']],
    ['create_metrics', {}, ['POST', '/api/dashboard/metrics']],
    ['calculate_sse', { startupId: founder.organizationId, responses: { team: { q1: 7 }, luck: { q1: 1 } } },
      ['POST', '/api/sse/calculate']],
    ['calculate_sse', { startupId: founder.userId, responses: complete.responses }, ['POST', '/api/sse/calculate']],
    ['generate_synthetic', { variance: 2, trend: 'up' }, ['POST', '/api/synthetic/generate']],
    ['complete_action', { actionType: 'nap', domain: 'x' }, ['POST', '/api/gamification/action']],
  ];
  for (const [name, request, [method, path]] of refused) {
    test(`${name} ${JSON.stringify(request)}`, async () => {
      const { body } = await founder.api.send(method, path, method === 'GET' ? {} : { json: request });
      const error = await founder.call(name, request).then(() => assert.fail('accepted'), (caught) => caught);
      assert.ok(error instanceof SqlError, String(error));
      assert.deepEqual([error.sqlstate, error.sqlMessage], [body.code, body.error]);
      for (const { path: where } of body.errors ?? []) assert.ok(error.message.includes(`${where}: `), where);
    });
  }
});

describe('a bound login', () => {
  const refusedWith = async (statement, sqlstate) => {
    await assert.rejects(founder.run(statement), { sqlstate }, statement);
  };

  test('sees the rows of its own organization only', async () => {
    const other = await newSqlUser();
    await other.api.post('/api/synthetic/generate', { count: 2 });
    assert.equal(await other.run('select count(*) from auxeira.dashboard_metrics;'), '2');
    assert.equal(await other.run('select count(*) from auxeira.organizations;'), '1');
    assert.equal(await other.run('select count(*) from auxeira.users;'), '1');
    assert.equal(await other.run('select count(*) from auxeira.sse_scores;'), '0');
  });

  test('cannot become somebody else', async () => {
    const other = await newUser(service);
    for (const setting of ['user_id', 'org_id', 'org_ids', 'writable_org_ids', 'session_id']) {
      await refusedWith(`set auxeira.${setting} = ${literal(other.organizationId)};`, '42501');
      await refusedWith(`select set_config('auxeira.${setting}', ${literal(other.organizationId)}, true);`, '42501');
    }
    await refusedWith('set role auxeira_admin;', '42501');
    await refusedWith('set role auxeira_owner;', '42501');
    await refusedWith(`select auxeira.call('{"sub": "${other.userId}"}', 'me', '{}');`, '42501');
  });

  test('cannot make tokens, scores or accounts, nor read passwords', async () => {
    for (const statement of [
      'update auxeira.gamification_profiles set total_tokens = 1000000;',
      "insert into auxeira.actions (org_id, user_id) values (auxeira.org_id(), auxeira.user_id());",
      'update auxeira.sse_scores set total_score = 100;',
      'select * from auxeira.user_credentials;',
      'select * from auxeira.user_sessions;',
      "select auxeira.begin_login('a@b.example', '{}');",
      "select auxeira.open_session(auxeira.user_id(), null, 60, '{}');",
      "select auxeira.request_password_reset('a@b.example', sha256('x'), 'x', '{}');",
      'update auxeira.users set is_admin = true;',
    ]) await refusedWith(statement, '42501');
  });

  test('cannot call what is for administrators', async () => {
    await assert.rejects(founder.call('admin_stats'), { sqlstate: '42501' });
    await assert.rejects(founder.call('admin_cleanup'), { sqlstate: '42501' });
  });
});
