// The database stops, is killed, hangs; the service is told to stop, or is given wrong settings.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { isAlive, run, startDatabase, startInstance, stopDatabase } from './support/instance.mjs';
import { assertProblem, unavailable } from './support/problems.mjs';
import { complete } from './support/scores.mjs';
import { launch, newKey, newSecret, program, root, startProcess, startService } from './support/service.mjs';
import { assertShape, exactly, string, time } from './support/shapes.mjs';
import { execute, lockTable, query } from './support/sql.mjs';
import { newAccount, newUser } from './support/users.mjs';
import { answered, converse, get, open, parseAnswers } from './support/raw.mjs';
import { eventually, sleep } from './support/wait.mjs';

const count = async (dsn, condition) => Number(await execute(dsn, `select count(*) from pg_stat_activity
  where datname = current_database() and application_name ~ '^auxeira-api( [0-9a-f]{32})?$' and ${condition};`));

// A request that is answered before it waits for the lock fails the test at once.
async function waits(dsn, pending) {
  let early;
  pending.then((answer) => { early = answer; });
  await eventually('the request waits', async () => {
    assert.equal(early, undefined, early?.text);
    return count(dsn, "wait_event_type = 'Lock'");
  });
}

const killBackends = (dsn, condition = 'true') => execute(dsn, `select count(pg_terminate_backend(pid))
  from pg_stat_activity where datname = current_database() and application_name ~ '^auxeira-api( [0-9a-f]{32})?$' and ${condition};`);

const metric = { dashboard_type: 'startup_founder', metric_timestamp: new Date().toISOString(), metrics: { x: 1 } };

describe('a database that goes away', { timeout: 300_000 }, () => {
  test('answers 503 while it is gone, works again when it is back, and nothing is half done', async (t) => {
    const instance = await startInstance();
    t.after(() => instance.close());
    const user = await newUser(instance);
    await user.api.post('/api/sse/calculate', { startupId: user.organizationId, responses: complete.responses });

    const requests = [
      ['GET', '/api/auth/me'], ['GET', '/api/dashboard/metrics'], ['GET', `/api/sse/score/${user.organizationId}`],
      ['POST', '/api/auth/login', user], ['POST', '/api/auth/register', newAccount()],
      ['POST', '/api/dashboard/metrics', { metrics: [metric] }], ['POST', '/api/synthetic/generate', { count: 1 }],
      ['POST', '/api/gamification/action', { actionType: 'pivot', domain: 'x' }],
      ['POST', '/api/sse/calculate', { startupId: user.organizationId, responses: complete.responses }],
      ['POST', '/api/auth/refresh', { refreshToken: `rt_${'A'.repeat(43)}` }],
    ];

    const works = async () => (await user.api.get('/api/auth/me')).status === 200;
    const connections = await eventually('the pool is there', () => count(instance.dsn, 'true'), { every: 1000 });

    // Also with the pool's connections in any state: all of them are asked.
    async function isRefusedEverywhere() {
      for (const [method, path, json] of requests) {
        const started = Date.now();
        const answers = await Promise.all(Array.from({ length: 3 }, () => user.api.send(method, path, { json })));
        answers.forEach((answer) => assertProblem(answer, unavailable));
        assert.ok(Date.now() - started < 5000, `${method} ${path}: ${Date.now() - started} ms`);
      }
      const health = await user.api.get('/api/health');
      assert.equal(health.status, 503);
      assertShape(health.body, {
        status: exactly('unhealthy'), timestamp: time, database: exactly('disconnected'), version: string });
      assert.equal((await user.api.get('/live')).status, 200);
      await eventually('/ready says no', async () => (await user.api.get('/ready')).status === 503);
      assert.ok(isAlive(instance.pid), 'the service lives');
    }

    async function worksAgain() {
      await eventually('requests work', works);
      await eventually('/ready says yes', async () => (await user.api.get('/ready')).status === 200);
      await eventually('the pool is there again', async () => await count(instance.dsn, 'true') === connections);
      assert.ok(isAlive(instance.pid), 'the same process');
      assert.equal((await user.api.get(`/api/sse/score/${user.organizationId}`)).body.data.currentScore, 63);
    }

    for (const [how, signal] of [['stopped', 'SIGINT'], ['killed', 'SIGKILL']]) {
      await t.test(how, async () => {
        await stopDatabase(instance, signal);
        await isRefusedEverywhere();
        await startDatabase(instance);
        await worksAgain();
        const [rows] = await query(instance.dsn, `select (select count(*) from auxeira.users) as users,
          (select count(*) from auxeira.dashboard_metrics) as metrics,
          (select count(*) from auxeira.actions) as actions,
          (select count(*) from auxeira.sse_scores) as scores`);
        assert.deepEqual(rows, { users: 1, metrics: 0, actions: 0, scores: 1 });
      });
    }

    await t.test('killed while a request runs', async () => {
      const lock = await lockTable(instance.dsn, 'auxeira.dashboard_metrics');
      const pending = user.api.post('/api/dashboard/metrics', { metrics: [metric] });
      await waits(instance.dsn, pending);
      await stopDatabase(instance, 'SIGKILL');
      assertProblem(await pending, unavailable);
      await lock.release().catch(() => {});
      await startDatabase(instance);
      await worksAgain();
      assert.equal((await user.api.get('/api/dashboard/metrics')).body.data.count, 0);
    });

    await t.test('once one request works, all do', async () => {
      await stopDatabase(instance);
      await eventually('requests are refused', async () => !await works());
      await sleep(5000); // the pool now tries only now and then
      await startDatabase(instance);
      await eventually('requests work', works);
      const statuses = [];
      for (let i = 0; i < 12; i += 1) {
        statuses.push((await user.api.post('/api/dashboard/metrics', { metrics: [metric] })).status);
      }
      assert.deepEqual(statuses, Array(12).fill(201));
    });
  });
});

describe('a database that is there, but', () => {
  test('its connections were ended: requests go on as if nothing had been', async (t) => {
    const service = await startService();
    t.after(() => service.close());
    const user = await newUser(service);
    for (let round = 0; round < 5; round += 1) {
      assert.ok(Number(await killBackends(service.dsn)) > 0);
      const reads = await Promise.all(Array.from({ length: 12 }, () => user.api.get('/api/auth/me')));
      reads.forEach(({ status, text }) => assert.equal(status, 200, text));
      await killBackends(service.dsn);
      await sleep(100); // the ends have been told
      const write = await user.api.post('/api/dashboard/metrics', { metrics: [metric] });
      assert.equal(write.status, 201, write.text);
    }
  });

  test('one connection was ended while it worked: 503, and no row', async (t) => {
    const service = await startService();
    t.after(() => service.close());
    const user = await newUser(service);
    const lock = await lockTable(service.dsn, 'auxeira.dashboard_metrics');
    const pending = user.api.post('/api/dashboard/metrics', { metrics: [metric] });
    await waits(service.dsn, pending);
    await killBackends(service.dsn, "wait_event_type = 'Lock'");
    assertProblem(await pending, unavailable);
    await lock.release();
    assert.equal((await user.api.get('/api/dashboard/metrics')).body.data.count, 0);
  });

  test('a statement takes too long: 504, and no row', async (t) => {
    const service = await startService({ AUXEIRA_STATEMENT_TIMEOUT_MS: '500' });
    t.after(() => service.close());
    const user = await newUser(service);
    const lock = await lockTable(service.dsn, 'auxeira.dashboard_metrics');
    const slow = { status: 504, code: '57014', error: 'The request took too long' };
    assertProblem(await user.api.get('/api/dashboard/metrics'), slow);
    assertProblem(await user.api.post('/api/dashboard/metrics', { metrics: [metric] }), slow);
    assert.equal((await user.api.get('/api/auth/me')).status, 200);
    await lock.release();
    assert.equal((await user.api.get('/api/dashboard/metrics')).body.data.count, 0);
  });

  test('all of it is busy: what cannot wait is refused, and pages of operations are served', async (t) => {
    const service = await startService({
      AUXEIRA_WORKERS: '2', AUXEIRA_QUEUE: '3', AUXEIRA_STATEMENT_TIMEOUT_MS: '20000' });
    t.after(() => service.close());
    const user = await newUser(service);
    const lock = await lockTable(service.dsn, 'auxeira.dashboard_metrics');
    const refused = [];
    const pending = Array.from({ length: 12 }, () => user.api.get('/api/dashboard/metrics').then((answer) => {
      if (answer.status !== 200) refused.push(answer);
      return answer.status;
    }));
    await eventually('two work and three wait', () => refused.length === 7);
    refused.forEach((answer) => assertProblem(answer, {
      status: 503, code: 'overloaded', error: 'The service is busy, please try again' }));
    assert.equal(await count(service.dsn, "wait_event_type = 'Lock'"), 2);
    assert.equal((await service.api.get('/live')).status, 200);
    assert.equal((await service.api.get('/ready')).status, 200);
    await lock.release();
    assert.deepEqual((await Promise.all(pending)).sort(), [...Array(5).fill(200), ...Array(7).fill(503)]);
  });

  test('it cannot be reached from the beginning: the service waits for it', async () => {
    const waiting = await startProcess({
      AUXEIRA_APP_DSN: 'host=127.0.0.1 port=1 user=nobody', AUXEIRA_JWT_KEY: newKey(), AUXEIRA_VAULT_KEY: newKey(),
    }, { untilReady: false });
    assert.equal((await waiting.api.get('/live')).status, 200);
    assert.equal((await waiting.api.get('/ready')).status, 503);
    assertProblem(await waiting.api.post('/api/auth/login', newAccount()), unavailable);
    assert.deepEqual(await waiting.stop(), { code: 0, signal: null });
  });

  test('the service says that it is ready when it is, and not before', async (t) => {
    const service = await startService();
    t.after(() => service.close());
    for (let i = 0; i < 10; i += 1) {
      const another = await service.another({}, { untilReady: false });
      await eventually('/ready says yes', async () => (await another.api.get('/ready')).status === 200, { every: 1 });
      assert.equal((await another.api.post('/api/auth/login', newAccount())).status, 401);
      await another.stop();
    }
  });

  test('its platform has another version: unhealthy', async (t) => {
    const service = await startService();
    t.after(() => service.close());
    await execute(service.dsn, "insert into auxeira.schema_version values ('0.0.1', now() + interval '1 minute');");
    const { status, body } = await service.api.get('/api/health');
    assert.deepEqual([status, body.status], [503, 'unhealthy']);
  });
});

describe('a service that is told to stop', () => {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    test(`by ${signal}: what runs is answered, what comes is refused, and it ends well`, async (t) => {
      const service = await startService();
      t.after(() => service.close());
      const user = await newUser(service);
      const idle = open(service.url);
      const lock = await lockTable(service.dsn, 'auxeira.dashboard_metrics');
      const bearer = `Authorization: Bearer ${user.token}`;
      const running = converse(service.url, [get('/api/dashboard/metrics', bearer)], { patience: 20_000 });
      const storing = user.api.post('/api/dashboard/metrics', { metrics: [metric] });
      await eventually('both wait', async () => await count(service.dsn, "wait_event_type = 'Lock'") === 2);

      service.child.kill(signal);
      await eventually('new connections are refused', async () =>
        (await converse(service.url, [get('/live')], { patience: 300, enough: answered(1) })).received.length === 0);
      await lock.release();

      const { received, closed } = await running;
      const [answer] = parseAnswers(received);
      assert.deepEqual([answer.status, answer.headers.get('connection'), closed], [200, 'close', true]);
      assert.equal((await storing).status, 201);
      assert.deepEqual(await service.ended, { code: 0, signal: null });
      idle.socket.destroy();
      assert.equal(await execute(service.dsn, 'select count(*) from auxeira.dashboard_metrics;'), '1');
    });
  }

  test('a request that never gets whole does not hold it up', async () => {
    const service = await startService();
    const half = open(service.url);
    half.socket.write('POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
      + 'Content-Length: 100\r\n\r\n{');
    await sleep(300); // it has been read
    const started = Date.now();
    assert.deepEqual(await service.stop(), { code: 0, signal: null });
    assert.ok(Date.now() - started < 5_000, `${Date.now() - started} ms`);
    half.socket.destroy();
    await service.close();
  });

  test('though the database hangs, it says so and ends', async (t) => {
    const service = await startService({ AUXEIRA_STATEMENT_TIMEOUT_MS: '1000' });
    const pids = (await execute(service.dsn, `select pid from pg_stat_activity
      where datname = current_database() and application_name like 'auxeira-api%';`)).trim().split('\n').map(Number);
    const user = await newUser(service);
    const freeze = (signal) => pids.forEach((pid) => process.kill(pid, signal));
    t.after(() => { freeze('SIGCONT'); return service.close(); });
    freeze('SIGSTOP');
    const answers = await Promise.all(Array.from({ length: 60 }, () => user.api.get('/api/auth/me')));
    answers.forEach(({ status }) => assert.ok([200, 503, 504].includes(status), String(status)));
    await eventually('it is not ready', async () => (await service.api.get('/ready')).status === 503);
    const started = Date.now();
    assert.deepEqual(await service.stop(), { code: 0, signal: null });
    assert.ok(Date.now() - started < 20_000, `${Date.now() - started} ms`);
  });

  test('with nothing to do it ends at once', async () => {
    const service = await startService();
    const started = Date.now();
    assert.deepEqual(await service.stop(), { code: 0, signal: null });
    assert.ok(Date.now() - started < 10_000);
    await service.close();
  });
});

describe('settings', () => {
  const enough = { AUXEIRA_APP_DSN: 'dbname=x', AUXEIRA_JWT_KEY: newKey(), AUXEIRA_VAULT_KEY: newKey() };
  const wrong = [
    ['AUXEIRA_PORT', '70000', '0 to 65535'], ['AUXEIRA_PORT', '80a', '0 to 65535'],
    ['AUXEIRA_PORT', '-1', '0 to 65535'], ['AUXEIRA_PORT', '', '0 to 65535'],
    ['AUXEIRA_LISTEN', 'everywhere', 'an IPv4 or IPv6 address'], ['AUXEIRA_WORKERS', '0', '1 to 64'],
    ['AUXEIRA_WORKERS', '65', '1 to 64'], ['AUXEIRA_QUEUE', '1.5', '1 to 100000'],
    ['AUXEIRA_STATEMENT_TIMEOUT_MS', '5s', '100 to 600000'], ['AUXEIRA_JWT_ACCESS_SECONDS', '0', '10 to 86400'],
    ['AUXEIRA_JWT_LEGACY_SECONDS', '99999999', '10 to 2592000'],
    ['AUXEIRA_JWT_REFRESH_SECONDS', '1', '60 to 31622400'],
    ['AUXEIRA_JWT_IDLE_SECONDS', '1', '60 to 31622400'],
    ['AUXEIRA_PUBLIC_URL', 'app.example', 'an http or https URL without user, query and fragment'],
    ['AUXEIRA_JWT_ISSUER', 'a b', 'visible ASCII'],
    ['AUXEIRA_CORS_ORIGINS', '*', 'a comma list of origins such as https://app.example.com'],
    ['AUXEIRA_CORS_ORIGINS', 'https://a.example/', 'a comma list of origins such as https://app.example.com'],
    ['AUXEIRA_BODY_LIMIT', '0', '1024 to 67108864'], ['AUXEIRA_MAX_CONNECTIONS', '0', '1 to 1000000'],
    ['AUXEIRA_LOG_LEVEL', 'verbose', 'debug, info, warn or error'],
  ];
  for (const [name, value, allowed] of wrong) {
    test(`${name}=${value} stops the start`, async () => {
      const started = launch({ ...enough, [name]: value });
      assert.deepEqual(await started.ended, { code: 2, signal: null });
      assert.equal(started.log(), `auxeira-api: ${name}=${value} is wrong; allowed: ${allowed}\n`);
    });
  }

  const secrets = [
    [{ AUXEIRA_JWT_SECRET: 'too short' }, 'AUXEIRA_JWT_SECRET has a wrong value; allowed: at least 32 random bytes'],
    [{ AUXEIRA_JWT_SECRET: '' }, 'AUXEIRA_JWT_SECRET has a wrong value; allowed: at least 32 random bytes'],
    [{ AUXEIRA_JWT_SECRET: 'a'.repeat(40) },
      'AUXEIRA_JWT_SECRET has a wrong value; allowed: at least 32 random bytes'],
    [{ AUXEIRA_JWT_KEY: 'too short' }, 'AUXEIRA_JWT_KEY has a wrong value; allowed: 32 random bytes as base64'],
    [{ AUXEIRA_JWT_KEY: undefined },
      'AUXEIRA_JWT_KEY and AUXEIRA_JWT_SECRET are not set; allowed: exactly one of them'],
    [{ AUXEIRA_JWT_SECRET: newSecret() },
      'AUXEIRA_JWT_KEY and AUXEIRA_JWT_SECRET are both set; allowed: exactly one of them'],
    [{ AUXEIRA_VAULT_KEY: undefined }, 'AUXEIRA_VAULT_KEY is not set; allowed: 32 random bytes as base64'],
    [{ AUXEIRA_JWT_PREVIOUS_SECRET: 'too short' },
      'AUXEIRA_JWT_PREVIOUS_SECRET has a wrong value; allowed: at least 32 random bytes'],
    [{ AUXEIRA_APP_DSN: undefined }, 'AUXEIRA_APP_DSN is not set; allowed: a libpq connection string or URI'],
    [{ AUXEIRA_APP_DSN: 'no dsn' }, 'AUXEIRA_APP_DSN has a wrong value; allowed: a libpq connection string or URI'],
    [{ AUXEIRA_JWT_KEY_FILE: 'x' }, 'AUXEIRA_JWT_KEY and AUXEIRA_JWT_KEY_FILE are both set; allowed: one'],
    [{ AUXEIRA_APP_DSN: undefined, AUXEIRA_APP_DSN_FILE: '/nowhere' }, 'AUXEIRA_APP_DSN_FILE=/nowhere cannot be read'],
  ];
  for (const [settings, message] of secrets) {
    test(message, async () => {
      const started = launch({ ...enough, ...settings });
      assert.deepEqual(await started.ended, { code: 2, signal: null });
      assert.equal(started.log(), `auxeira-api: ${message}\n`);
    });
  }

  test('--check-config shows the settings in force, and no secret', async () => {
    const { code, output } = await run(program, ['--check-config'], { ...enough, AUXEIRA_PORT: '1234' });
    assert.equal(code, 0, output);
    assert.match(output, /^AUXEIRA_PORT=1234$/m);
    assert.match(output, /^AUXEIRA_JWT_KEY=\(set\)$/m);
    assert.match(output, /^AUXEIRA_APP_DSN=\(set\)$/m);
    assert.ok(!output.includes(enough.AUXEIRA_JWT_KEY));
    assert.equal((await run(program, ['--check-config'], { ...enough, AUXEIRA_PORT: 'x' })).code, 2);
  });

  test('--help names every setting', async () => {
    const { code, output } = await run(program, ['--help']);
    assert.equal(code, 0);
    for (const [name] of wrong) assert.ok(output.includes(name), name);
  });

  test('the commands refuse wrong settings too', async () => {
    for (const [name, value] of [['AUXEIRA_PORT', '99999'], ['AUXEIRA_DEMO', 'yes'], ['AUXEIRA_DATA', "it's"]]) {
      const { code, output } = await run(`${root}/api/launch/auxeira`, ['start'], { [name]: value });
      assert.equal(code, 2);
      assert.match(output, new RegExp(`^auxeira: ${name} `));
    }
  });
});
