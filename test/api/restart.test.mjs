// The database goes away and comes back, and connections are cut, while many ask and write: what clients see meanwhile, how soon
// it is over, and that nothing is missing or there twice.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { performance } from 'node:perf_hooks';
import { Api } from './support/api.mjs';
import { startDetour } from './support/cut.mjs';
import { isAlive, startDatabase, startInstance, stopDatabase } from './support/instance.mjs';
import { countBy, startLoad } from './support/load.mjs';
import { assertProblem, unavailable } from './support/problems.mjs';
import { get, open, request, json as jsonType } from './support/raw.mjs';
import { newKey, startProcess, startService, withoutLimits } from './support/service.mjs';
import { execute, literal, query } from './support/sql.mjs';
import { Stream } from './support/stream.mjs';
import { newUser } from './support/users.mjs';
import { eventually, sleep } from './support/wait.mjs';

const soonest = 2000; // ms in which requests work again once the database does

// The same for the same name: what is sent again is no other request.
const now = new Date().toISOString();
const point = (name) => ({ metrics: [{ dashboard_type: 'startup_founder', metric_timestamp: now, metrics: { [name]: 1 } }] });
const write = (user, name, key) =>
  user.api.post('/api/dashboard/metrics', point(name), key ? { headers: { 'idempotency-key': key } } : {});

// How often each of the points is there.
async function written({ dsn }, { organizationId }) {
  const rows = await query(dsn, `select name, count(*)::int as times from auxeira.dashboard_metrics,
    jsonb_object_keys(metric_value) name where org_id = ${literal(organizationId)} group by 1`);
  return new Map(rows.map(({ name, times }) => [name, times]));
}

const isUp = ({ dsn }) => execute(dsn, 'select 1').then(() => true, () => false);

// A client that keeps to the rules: the same key until it has an answer.
async function insist(user, name) {
  for (;;) {
    const answer = await write(user, name, name);
    if (answer.status !== 503 && answer.status !== 409) return answer;
    await sleep(20);
  }
}

describe('a database that starts again under load', { timeout: 300_000 }, async () => {
  const instance = await startInstance();
  after(() => instance.close());
  const user = await newUser(instance);
  // With one connection there is no other that may happen to try at the right time.
  const lone = await startProcess({ AUXEIRA_APP_DSN: instance.appDsn, AUXEIRA_WORKERS: '1', AUXEIRA_JWT_KEY: newKey(), AUXEIRA_VAULT_KEY: newKey(),
    ...withoutLimits });
  after(() => lone.stop());
  let round = 0;

  // From its first answer, to a client of its own, to the first answer of the services.
  async function timeUntilServed() {
    await eventually('the database answers', () => isUp(instance), { every: 10 });
    const back = performance.now();
    await Promise.all([instance, lone].map(({ url }) => eventually('requests work', async () =>
      (await new Api(url).post('/api/auth/refresh', { refreshToken: `rt_${'A'.repeat(43)}` })).status === 401, { every: 5 })));
    return performance.now() - back;
  }

  for (const [how, signal, away] of [['stopped', 'SIGINT', 8000], ['killed', 'SIGKILL', 300], ['stopped for a moment', 'SIGINT', 0]]) {
    test(`${how}: 503 with Retry-After while it is away, then answers at once; every write is there, and once`, async (t) => {
      round += 1;
      const names = { kept: [], tried: new Map() };
      const stream = await Stream.open(user.api, { path: '/api/events?types=metrics' });
      await stream.begun();
      const before = (await written(instance, user)).size;
      const reading = startLoad(4, () => user.api.get('/api/dashboard/metrics?limit=3'));
      const insisting = startLoad(2, async (client, n) => {
        const name = `kept_${round}_${client}_${n}`;
        const answer = await insist(user, name);
        names.kept.push(name);
        return answer;
      });
      const trying = startLoad(2, async (client, n) => {
        const name = `tried_${round}_${client}_${n}`;
        const answer = await write(user, name);
        names.tried.set(name, answer.status);
        return answer;
      });

      await eventually('all work', () => [reading, insisting, trying].every(({ results }) => results.length > 10));
      await stopDatabase(instance, signal);
      await sleep(away);
      const [took] = await Promise.all([timeUntilServed(), startDatabase(instance)]);
      await sleep(500);
      const read = await reading.stop();
      const tried = await trying.stop();
      assert.deepEqual(Object.keys(countBy(await insisting.stop())), ['201']);

      t.diagnostic(`served ${Math.round(took)} ms after the database; reads ${JSON.stringify(countBy(read))}, writes `
        + `${JSON.stringify(countBy(tried))}, ${names.kept.length} writes with a key`);
      for (const [results, good] of [[read, 200], [tried, 201]]) {
        results.filter(({ status }) => status !== good).forEach(({ answer, error }) => {
          assert.equal(error, undefined);
          assertProblem(answer, unavailable);
        });
      }
      assert.ok(took <= soonest, `${took} ms`);
      assert.ok(isAlive(instance.pid));

      const rows = await written(instance, user);
      names.kept.forEach((name) => assert.equal(rows.get(name), 1, name));
      names.tried.forEach((status, name) => assert.ok(status === 201 ? rows.get(name) === 1 : (rows.get(name) ?? 0) <= 1, `${name} ${status}`));
      const told = () => stream.events.reduce((sum, { data }) => sum + data.count, 0);
      await eventually('events of all of them have come', () => told() >= rows.size - before);
      assert.equal(told(), rows.size - before);
      assert.equal(new Set(stream.events.map(({ id }) => id)).size, stream.events.length);
      assert.equal(stream.of('reset').length, 0);
      stream.close();
    });
  }

  test('a process of it is killed, so that it starts all of them anew: the same', async (t) => {
    const reading = startLoad(4, () => user.api.get('/api/dashboard/metrics?limit=3'));
    await eventually('they work', () => reading.results.length > 10);
    const [{ pid }] = await query(instance.dsn, `select pid from pg_stat_activity where application_name ~ '^auxeira-api' limit 1`);
    process.kill(pid, 'SIGKILL');
    await eventually('it is gone', () => !isAlive(pid), { every: 5 });
    const took = await timeUntilServed();
    await sleep(300);
    const results = await reading.stop();
    t.diagnostic(`served ${Math.round(took)} ms after the database; ${JSON.stringify(countBy(results))}`);
    results.filter(({ status }) => status !== 200).forEach(({ answer }) => assertProblem(answer, unavailable));
    assert.ok(took <= soonest, `${took} ms`);
    assert.ok(isAlive(instance.pid));
  });
});

describe('an answer that is lost', async () => {
  const service = await startService({ AUXEIRA_WORKERS: '2' });
  after(() => service.close());
  const detour = await startDetour(service.settings.AUXEIRA_APP_DSN);
  const behind = await service.another({ AUXEIRA_APP_DSN: detour.dsn });
  after(async () => {
    await behind.stop();
    detour.close();
  });
  const user = await newUser(behind);
  const times = async (name) => (await written(service, user)).get(name);

  test('on the way from the database: with an Idempotency-Key it is asked for again, and is the answer to what was done', async () => {
    const name = `m_${randomUUID().replaceAll('-', '')}`;
    detour.marks.push(name);
    const answer = await write(user, name, name);
    assert.deepEqual([answer.status, answer.headers.get('idempotency-replayed')], [201, 'true']);
    assert.deepEqual([detour.cuts, await times(name)], [1, 1]);
  });

  test('without one nobody knows whether it was done: 503, and it is not done again', async () => {
    const name = `m_${randomUUID().replaceAll('-', '')}`;
    const { cuts } = detour;
    detour.marks.push(name);
    assertProblem(await write(user, name), unavailable);
    assert.deepEqual([detour.cuts, await times(name)], [cuts + 1, 1]);
  });

  test('twice, and the client asks again with the same key: done once', async () => {
    const name = `m_${randomUUID().replaceAll('-', '')}`;
    detour.marks.push(name, name);
    assertProblem(await write(user, name, name), unavailable);
    const answer = await write(user, name, name);
    assert.deepEqual([answer.status, answer.headers.get('idempotency-replayed'), await times(name)], [201, 'true', 1]);
  });

  test('on the way to the client, which hung up: what it asked for is done, and once when it asks again', async () => {
    const name = `m_${randomUUID().replaceAll('-', '')}`;
    const peer = open(behind.url);
    peer.socket.write(request('POST', '/api/dashboard/metrics',
      [`Authorization: Bearer ${user.token}`, `Idempotency-Key: ${name}`, jsonType], JSON.stringify(point(name))));
    await eventually('it is done', async () => await times(name) === 1, { every: 10 });
    peer.socket.destroy();
    const answer = await write(user, name, name);
    assert.deepEqual([answer.status, answer.headers.get('idempotency-replayed'), await times(name)], [201, 'true', 1]);
  });

  test('clients that hang up in the middle of everything keep nobody waiting', async () => {
    const text = get('/api/dashboard/metrics', `Authorization: Bearer ${user.token}`);
    for (let n = 0; n < 300; n += 1) {
      const { socket } = open(behind.url);
      socket.write(text.slice(0, 1 + (n * 7) % text.length));
      setTimeout(() => (n % 2 ? socket.resetAndDestroy() : socket.destroy()), n % 20);
    }
    for (let n = 0; n < 30; n += 1) assert.equal((await user.api.get('/api/auth/me')).status, 200);
  });
});
