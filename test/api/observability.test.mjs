// What operators see: metrics, the lines of the log, traces from the client to the statement.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { OtherApi } from './support/api.mjs';
import { parseExposition, samplesOf, valueOf } from './support/exposition.mjs';
import { answered, converse, get, open, parseAnswers } from './support/raw.mjs';
import { root, startService } from './support/service.mjs';
import { exactly, assertShape, string, time } from './support/shapes.mjs';
import { execute, query } from './support/sql.mjs';
import { newAccount, newUser } from './support/users.mjs';
import { eventually } from './support/wait.mjs';

const service = await startService({ AUXEIRA_METRICS_PORT: '0', AUXEIRA_MAX_CONNECTIONS: '40', AUXEIRA_WORKERS: '3' });
after(() => service.close());
const user = await newUser(service);

const linesOf = ({ log }) => log().split('\n').filter(Boolean).map((line) => JSON.parse(line));
const operations = new OtherApi(new URL(linesOf(service).find(({ message }) => message === 'metrics').url).origin);
const metrics = async () => parseExposition((await operations.get('/metrics')).text);
const duration = 'auxeira_http_request_duration_seconds';

// Holds a table for less than statements wait for it.
async function lock(table) {
  const done = execute(service.dsn, `begin; lock table ${table} in access exclusive mode; select pg_sleep(0.9); commit;`);
  await eventually('the lock is held', async () => (await query(service.dsn,
    `select pid from pg_locks where relation = '${table}'::regclass and mode = 'AccessExclusiveLock' and granted`)).length > 0,
  { every: 5 });
  return { done };
}

describe('the page of metrics', () => {
  test('is of the text format 0.0.4, and ends the connection', async () => {
    const { status, headers, text } = await operations.get('/metrics');
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(headers.get('connection'), 'close');
    const families = parseExposition(text);
    assert.deepEqual([...families.values()].filter(({ kind }) => !kind), []);
    assert.equal(valueOf(families, 'auxeira_build_info'), 1);
  });

  test('is the only one there, and is nowhere else', async () => {
    assert.equal((await operations.get('/')).status, 404);
    assert.equal((await operations.get('/api/health')).status, 404);
    const refused = await operations.post('/metrics', {});
    assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'GET, HEAD']);
    assert.equal((await operations.send('HEAD', '/metrics')).text, '');
    assert.equal((await service.api.get('/metrics')).status, 404);
  });

  // One after the other, each would have kept the next one waiting.
  test('is given though others are silent, stop in their request or never read', async (t) => {
    const pieces = ['', 'GET /metr', 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(50)];
    const peers = Array.from({ length: 60 }, (_, i) => {
      const peer = open(operations.url);
      peer.socket.pause();
      peer.socket.write(pieces[i % pieces.length]);
      return peer;
    });
    t.after(() => peers.forEach(({ socket }) => socket.destroy()));
    await Promise.all(peers.map(({ socket }) => (socket.connecting ? once(socket, 'connect') : undefined)));
    const started = Date.now();
    for (let i = 0; i < 5; i += 1) assert.equal((await operations.get('/metrics')).status, 200);
    assert.ok(Date.now() - started < 2500, `${Date.now() - started} ms`);
    for (const { socket } of peers) socket.resume();
    await eventually('all of them are cut off', () => peers.every(({ closed }) => closed), { within: 10_000 });
  });

  test('is given to a client that sends byte by byte, unless it takes too long', async () => {
    const bytes = [...get('/metrics')];
    const [inTime, tooLate] = await Promise.all([1, 100].map((pause) => converse(operations.url, bytes, { pause })));
    assert.equal(parseAnswers(inTime.received)[0].status, 200);
    assert.equal(tooLate.received.length, 0);
  });

  test('is not there unless it is wanted', async () => {
    const silent = await service.another({ AUXEIRA_METRICS_PORT: undefined });
    assert.deepEqual(linesOf(silent).filter(({ message }) => message === 'metrics'), []);
    await silent.stop();
  });

  test('counts requests by route and class of status', async () => {
    const first = await metrics();
    for (let i = 0; i < 5; i += 1) await user.api.get('/api/dashboard/metrics?days=1');
    await user.api.get('/api/dashboard/metrics?days=0');
    await service.api.get('/api/none');
    const second = await metrics();
    const more = (labels) => valueOf(second, `${duration}_count`, labels) - valueOf(first, `${duration}_count`, labels);
    const route = { method: 'GET', route: '/api/dashboard/metrics' };
    assert.deepEqual([more({ ...route, status: '2xx' }), more({ ...route, status: '4xx' }), more({ route: '-', status: '4xx' })],
      [5, 1, 1]);
    const sum = valueOf(second, `${duration}_sum`, { ...route, status: '2xx' });
    assert.ok(sum > 0 && sum < 60, `${sum} s`);
    const buckets = samplesOf(second).filter(({ name, labels }) => name === `${duration}_bucket`
      && labels.route === route.route && labels.status === '2xx');
    assert.deepEqual(buckets.map(({ value }) => value), buckets.map(({ value }) => value).sort((a, b) => a - b));
    assert.equal(buckets.at(-1).labels.le, '+Inf');
    assert.equal(buckets.at(-1).value, valueOf(second, `${duration}_count`, { ...route, status: '2xx' }));
  });

  test('takes nonsense of a client for no failure of the service', async () => {
    const failures = async () => valueOf(await metrics(), `${duration}_count`, { status: '5xx' });
    const before_ = await failures();
    for (const line of ['BREW / HTTP/1.1', 'GET / HTTP/2.0']) await converse(service.url, [`${line}\r\nHost: x\r\n\r\n`]);
    assert.equal(await failures(), before_);
    const lines = () => linesOf(service).filter(({ status }) => status === 501 || status === 505);
    const told = await eventually('both are in the log', () => (lines().length === 2 ? lines() : undefined));
    assert.deepEqual(told.map(({ level }) => level), ['info', 'info']);
  });

  test('counts refusals by reason', async () => {
    const refused = async (code) => valueOf(await metrics(), 'auxeira_http_refused_total', { code });
    const reasons = {
      not_found: () => service.api.get('/api/none'),
      invalid_token: () => service.api.get('/api/auth/me', { token: 'x' }),
      authentication_required: () => service.api.get('/api/auth/me'),
      malformed_request: () => converse(service.url, ['GET / HTTP/1.1\r\nHost : x\r\n\r\n']),
    };
    for (const [code, provoke] of Object.entries(reasons)) {
      const before_ = await refused(code);
      await provoke();
      assert.equal(await refused(code), before_ + 1, code);
    }
  });

  test('has no more series whatever clients send', async () => {
    const series = async () => samplesOf(await metrics()).length;
    await service.api.get('/api/none/0');
    const few = await series();
    for (let i = 0; i < 50; i += 1) {
      await service.api.get(`/api/none/${i}`);
      await user.api.get(`/api/facts/x?${'y'.repeat(i)}`, { headers: { 'user-agent': `u${i}`, 'x-request-id': `r${i}` } });
    }
    assert.ok(await series() <= few + 20, 'one new route and class at most');
  });

  test('tells of the pool, the round trips and the connections', async () => {
    const families = await metrics();
    assert.equal(valueOf(families, 'auxeira_ready'), 1);
    assert.equal(valueOf(families, 'auxeira_database_workers'), 3);
    assert.equal(valueOf(families, 'auxeira_database_queue_limit'), 256);
    const trips = valueOf(families, 'auxeira_database_round_trip_seconds_count');
    await user.api.get('/api/auth/me');
    assert.equal(valueOf(await metrics(), 'auxeira_database_round_trip_seconds_count'), trips + 1);
    const held = Array.from({ length: 3 }, () => converse(service.url, [get('/live')], { patience: 2000 }));
    await eventually('three connections more', async () => valueOf(await metrics(), 'auxeira_http_connections') >= 3);
    await Promise.all(held);
  });

  test('tells who is busy and who waits', async () => {
    const { done } = await lock('auxeira.users');
    const answers = Promise.all(Array.from({ length: 8 }, () => newUser(service).catch(() => null)));
    let families;
    await eventually('all are busy and others wait', async () => {
      families = await metrics();
      return valueOf(families, 'auxeira_database_workers_busy') === 3 && valueOf(families, 'auxeira_database_queue_length') > 0;
    }, { every: 10 });
    await Promise.all([done, answers]);
    await eventually('nobody is busy', async () => {
      families = await metrics();
      return valueOf(families, 'auxeira_database_workers_busy') + valueOf(families, 'auxeira_database_queue_length') === 0;
    });
  });

  test('tells of jobs, the ledger and mails, and of nothing when the database does not say', async () => {
    await query(service.dsn, "select auxeira.run_job('ledger_seal') as sealed");
    await newUser(service);
    const at = (families) => valueOf(families, 'auxeira_job_last_success_timestamp_seconds', { task: 'ledger_seal' });
    await eventually('the figures are new', async () => {
      const families = await metrics();
      return Math.abs(at(families) - Date.now() / 1000) < 60 && valueOf(families, 'auxeira_ledger_open_changes') > 0;
    });
    const families = await metrics();
    assert.ok(valueOf(families, 'auxeira_ledger_seal_lag_seconds') >= 0);
    assert.equal(valueOf(families, 'auxeira_ledger_problems'), 0);
    assert.ok(valueOf(families, 'auxeira_mails_waiting') > 0);
    await execute(service.dsn, 'revoke execute on function auxeira.operation_figures() from auxeira_authenticator;');
    await eventually('the figures are gone', async () =>
      (await metrics()).get('auxeira_ledger_open_changes').samples.length === 0);
    assert.equal(valueOf(await metrics(), 'auxeira_ready'), 1);
    await eventually('the log says so', () => linesOf(service).some(({ message }) => message === 'no figures of the database'));
    await execute(service.dsn, 'grant execute on function auxeira.operation_figures() to auxeira_authenticator;');
    await eventually('the figures are there again', async () =>
      (await metrics()).get('auxeira_ledger_open_changes').samples.length === 1);
  });

  test('tells of the process', async () => {
    const families = await metrics();
    const status = readFileSync(`/proc/${service.child.pid}/status`, 'utf8');
    const resident = Number(status.match(/^VmRSS:\s+(\d+) kB$/m)[1]) * 1024;
    const told = valueOf(families, 'process_resident_memory_bytes');
    assert.ok(told > 0.8 * resident && told < 1.2 * resident, `${told} for ${resident}`);
    assert.equal(valueOf(families, 'process_threads'), Number(status.match(/^Threads:\s+(\d+)$/m)[1]));
    assert.ok(Math.abs(valueOf(families, 'process_start_time_seconds') - Date.now() / 1000) < 600);
    for (const name of ['process_cpu_seconds_total', 'process_open_fds', 'process_max_fds']) assert.ok(valueOf(families, name) > 0);
  });

  test('comes although clients of it stall, or send what is no request', async () => {
    const stalled = converse(operations.url, ['GET /met'], { patience: 5000 });
    const odd = converse(operations.url, [Buffer.from(Array.from({ length: 64 }, (_, i) => i))], { patience: 5000 });
    assert.equal((await operations.get('/metrics')).status, 200);
    await Promise.all([stalled, odd]);
    const { received } = await converse(operations.url, [get('/metrics')], { enough: answered(1) });
    assert.match(received.toString(), /^HTTP\/1\.1 200 OK\r\n/);
  });
});

describe('what the rules and the dashboard ask for', () => {
  const files = ['docker/prometheus/alerts.yml', 'docker/grafana/auxeira.json'];
  let known;
  before(async () => {
    const families = await metrics();
    known = new Set([...families.keys(), ...samplesOf(families).map(({ name }) => name)]);
  });

  for (const file of files) {
    test(`${file} knows no metric that there is not`, () => {
      const asked = readFileSync(`${root}/${file}`, 'utf8').match(/\b(auxeira|process)_[a-z_]+\b/g)
        .filter((name) => !/^auxeira_(database|api)$/.test(name));
      assert.ok(asked.length > 10);
      assert.deepEqual([...new Set(asked)].filter((name) => !known.has(name)), []);
    });
  }
});

describe('the log', () => {
  const lineOf = async (id) => eventually(`the line of ${id}`, () =>
    linesOf(service).find(({ requestId, message }) => requestId === id && message === 'request'));

  test('has who, what, how long and the trace of each request', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    await user.api.get('/api/auth/me', { headers: { 'x-request-id': 'seen', traceparent: `00-${trace}-00f067aa0ba902b7-01` } });
    const line = await lineOf('seen');
    assertShape(line, { time, level: exactly('info'), method: exactly('GET'), route: exactly('/api/auth/me'),
      status: exactly(200), user: exactly(user.userId), organization: exactly(user.organizationId), address: string,
      traceId: exactly(trace) });
    assert.ok(line.database_ms > 0 && line.database_ms <= line.duration_ms);
  });

  test('has the SQLSTATE and the code of a refusal, never a token', async () => {
    await user.api.get('/api/dashboard/metrics?days=0', { headers: { 'x-request-id': 'refused' } });
    assert.equal((await lineOf('refused')).sqlstate, '22023');
    await service.api.get('/api/auth/me', { token: `${user.token}x`, headers: { 'x-request-id': 'forged' } });
    assert.equal((await lineOf('forged')).code, 'invalid_token');
    assert.ok(!service.log().includes(user.token));
  });
});

describe('traces', () => {
  const trace = 'aaf92f3577b34da6a3ce929d0e0e4736';
  const parent = '00f067aa0ba902b7';
  const ask = (traceparent, path = '/api/auth/me', api = user.api) => api.get(path, { headers: { traceparent } });
  const timing = ({ headers }) => headers.get('server-timing');

  test('the answer says the step, and how long it and the database took', async () => {
    const [, database, total, of, step, flags] = timing(await ask(`00-${trace}-${parent}-01`))
      .match(/^db;dur=([0-9.]+), total;dur=([0-9.]+), traceparent;desc="00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})"$/);
    assert.ok(Number(database) > 0 && Number(database) <= Number(total));
    assert.deepEqual([of, flags], [trace, '01']);
    assert.notEqual(step, parent);
  });

  for (const malformed of ['', 'x', `00-${trace}-${parent}-01-x`, `ff-${trace}-${parent}-01`, `00-${'0'.repeat(32)}-${parent}-01`,
    `00-${trace.toUpperCase()}-${parent}-01`]) {
    test(`${JSON.stringify(malformed)} is no trace: another is begun`, async () => {
      const [, of] = timing(await ask(malformed)).match(/desc="00-([0-9a-f]{32})-[0-9a-f]{16}-00"$/);
      assert.notEqual(of, trace);
    });
  }

  test('two fields are none', async () => {
    const fields = [1, 2].map(() => `traceparent: 00-${trace}-${parent}-01`);
    const { received } = await converse(service.url, [get('/live', ...fields)], { enough: answered(1) });
    assert.match(received.toString(), /traceparent;desc="00-(?!aaf92f)/);
  });

  test('how long an account flow took is not told', async () => {
    const { headers } = await service.api.post('/api/auth/login', newAccount());
    assert.match(headers.get('server-timing'), /^traceparent;desc="[^"]+"$/);
  });

  test('a statement that runs is known by its trace', async () => {
    const { done } = await lock('auxeira.dashboard_metrics');
    const answer = ask(`00-${trace}-${parent}-01`, '/api/dashboard/metrics');
    const names = () => query(service.dsn, `select application_name as name from pg_stat_activity
      where datname = current_database() and usename = 'auxeira_authenticator' and state = 'active'`);
    await eventually('the statement has the name', async () => (await names()).some(({ name }) => name === `auxeira-api ${trace}`),
      { within: 5000, every: 20 });
    await done;
    assert.equal((await answer).status, 200);
    const left = await query(service.dsn, `select application_name as name from pg_stat_activity where application_name like '%${trace}%'`);
    assert.deepEqual(left, [], 'and by that no longer');
  });
});
