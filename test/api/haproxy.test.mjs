// Two shims behind HAProxy, as docker/haproxy/haproxy.cfg has them: restarts that no client notices, and what must be the same
// through either.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { Api } from './support/api.mjs';
import { Client, newClient } from './support/clients.mjs';
import { countBy, percentile, startLoad } from './support/load.mjs';
import { assertProblem, tooManyAttempts, unavailable } from './support/problems.mjs';
import { startProxy } from './support/proxy.mjs';
import { startService } from './support/service.mjs';
import { execute, literal, query } from './support/sql.mjs';
import { Stream } from './support/stream.mjs';
import { newUser, newVerifiedUser } from './support/users.mjs';
import { eventually, sleep } from './support/wait.mjs';

const service = await startService({ AUXEIRA_TRUSTED_PROXIES: '127.0.0.1', AUXEIRA_LINGER_SECONDS: '3', AUXEIRA_HEARTBEAT_SECONDS: '1' });
const shims = [service, await service.another()];
const proxy = await startProxy(...shims.map(({ url }) => url));
after(async () => {
  await Promise.all(shims.map((shim) => shim.stop()));
  await service.close();
});
const user = await newUser(service);
const through = new Api(proxy.url, user.token);

async function startAgain(place, signal) {
  const { url, stop } = shims[place];
  const ended = await stop(signal);
  shims[place] = await service.another({ AUXEIRA_PORT: new URL(url).port });
  return ended;
}

const now = new Date().toISOString();
const point = (name) => ({ metrics: [{ dashboard_type: 'startup_founder', metric_timestamp: now, metrics: { [name]: 1 } }] });
const write = (name, key) =>
  through.post('/api/dashboard/metrics', point(name), key ? { headers: { 'idempotency-key': key } } : {});

// 409 says that the request is under way, and to come again.
async function insist(name) {
  for (;;) {
    const answer = await write(name, name);
    if (answer.status !== 409) return answer;
    await sleep(50);
  }
}

async function written({ organizationId }) {
  const rows = await query(service.dsn, `select name, count(*)::int as times from auxeira.dashboard_metrics,
    jsonb_object_keys(metric_value) name where org_id = ${literal(organizationId)} group by 1`);
  return new Map(rows.map(({ name, times }) => [name, times]));
}

// As an EventSource: it comes again with the last id it has seen.
async function follow() {
  const seen = [];
  let goes = true;
  let current;
  let begun;
  const first = new Promise((resolve) => { begun = resolve; });
  const run = async () => {
    let lastId;
    while (goes) {
      current = await Stream.open(through, { path: '/api/events?types=metrics', lastId });
      assert.equal(current.status, 200);
      await current.begun();
      begun();
      await eventually('the stream ends', () => current.ended, { within: 120_000 });
      seen.push(...current.events);
      lastId = current.lastId;
    }
  };
  const running = run();
  await first;
  return {
    told: () => [...seen, ...(seen.includes(current.events[0]) ? [] : current.events)],
    async stop() {
      goes = false;
      current.close();
      await running;
      return seen;
    },
  };
}

// What many clients do at once; names of points are of a round, a client and its request.
let rounds = 0;
function startAll() {
  rounds += 1;
  const name = (kind) => (client, n) => `${kind}_${rounds}_${client}_${n}`;
  const fresh = new Client(proxy.url, { token: user.token, keepAlive: false });
  return {
    reads: startLoad(4, () => through.get('/api/dashboard/metrics?limit=3')),
    readsOfNewConnections: startLoad(1, () => fresh.get('/api/auth/me')),
    writes: startLoad(2, (...at) => write(name('plain')(...at))),
    writesWithKeys: startLoad(2, (...at) => insist(name('keyed')(...at))),
    logins: startLoad(1, () => new Api(proxy.url).post('/api/auth/login', user)),
  };
}
const stopAll = async (loads) => Object.fromEntries(await Promise.all(Object.entries(loads).map(async ([kind, load]) => [kind, await load.stop()])));
const good = { reads: 200, readsOfNewConnections: 200, writes: 201, writesWithKeys: 201, logins: 200 };
const failures = (results) => Object.entries(results).flatMap(([kind, all]) => all.filter(({ status }) => status !== good[kind])
  .map(({ status, answer, error }) => `${kind}: ${status} ${answer?.text ?? error?.cause ?? error}`));
const tell = (t, results) => Object.entries(results).forEach(([kind, all]) =>
  t.diagnostic(`${kind}: ${JSON.stringify(countBy(all))}, p99 ${Math.round(percentile(all, 0.99))} ms`));

test('one shim after the other starts again, three times, under load: no request fails, and no event is missing', { timeout: 240_000 }, async (t) => {
  const stream = await follow();
  const loads = startAll();
  await eventually('all work', () => Object.values(loads).every(({ results }) => results.length > 3));
  for (let n = 0; n < 6; n += 1) assert.deepEqual(await startAgain(n % 2), { code: 0, signal: null });
  const results = await stopAll(loads);
  tell(t, results);
  assert.deepEqual(failures(results), []);
  const rows = await written(user);
  assert.equal(rows.size, results.writes.length + results.writesWithKeys.length);
  assert.deepEqual([...rows.values()].filter((times) => times !== 1), []);
  const told = (events) => events.reduce((sum, { data }) => sum + (data.count ?? 0), 0);
  await eventually('all events have come', () => told(stream.told()) >= rows.size);
  const events = await stream.stop();
  assert.deepEqual([...new Set(events.map(({ event }) => event))].sort(), ['end', 'metrics']);
  const metrics = events.filter(({ event }) => event === 'metrics');
  assert.equal(told(metrics), rows.size);
  assert.equal(new Set(metrics.map(({ id }) => id)).size, metrics.length);
});

test('a shim is killed under load: reads and writes with a key do not fail, each write is done once', { timeout: 120_000 }, async (t) => {
  const loads = startAll();
  await eventually('all work', () => Object.values(loads).every(({ results }) => results.length > 3));
  for (let n = 0; n < 4; n += 1) {
    await startAgain(n % 2, 'SIGKILL');
    await sleep(700); // so that one of them is known to work
  }
  const results = await stopAll(loads);
  tell(t, results);
  const { reads, readsOfNewConnections, writesWithKeys } = results;
  assert.deepEqual(failures({ reads, readsOfNewConnections, writesWithKeys }), []);
  const rows = await written(user);
  assert.deepEqual([...rows.values()].filter((times) => times !== 1), []);
});

test('what is written through one is read through the other, and the same key is the same request', async () => {
  const [one, other] = shims.map(({ url }) => new Api(url, user.token));
  for (let n = 0; n < 20; n += 1) {
    const [to, from] = n % 2 ? [one, other] : [other, one];
    const key = randomUUID();
    const deck = { title: `deck ${n}`, kind: 'pitch_deck', url: 'https://files.example/deck.pdf' };
    const made = await to.post('/api/documents', deck, { headers: { 'idempotency-key': key } });
    assert.equal(made.status, 201, made.text);
    const again = await from.post('/api/documents', deck, { headers: { 'idempotency-key': key } });
    assert.deepEqual([again.status, again.text, again.headers.get('idempotency-replayed')], [201, made.text, 'true']);
    assert.equal((await through.get('/api/documents')).body.data.documents.length, n + 1);
  }
});

test('wrong passwords are counted over both, and of the client that HAProxy sees, whatever it says of itself', async () => {
  const untilRefused = async (place) => {
    const { email, userId } = await newVerifiedUser(service);
    for (let n = 1; n < 50; n += 1) {
      const answer = await newClientOf(place).post('/api/auth/login', { email, password: 'not the password' },
        { headers: { 'x-forwarded-for': `203.0.113.${n}` } });
      if (answer.status === 429) {
        assertProblem(answer, tooManyAttempts);
        const events = await query(service.dsn, `select distinct host(address) as address from auxeira.access_events
          where user_id = ${literal(userId)} and event = 'login_failed'`);
        return { tried: n, addresses: events.length };
      }
    }
    throw new Error('never refused');
  };
  const clients = new Map();
  const newClientOf = (place) => {
    if (!clients.has(place)) clients.set(place, newClient(place));
    return clients.get(place);
  };
  const alone = await untilRefused(shims[0]);
  assert.deepEqual(await untilRefused(proxy), alone);
  assert.equal(alone.addresses, 1);
  clients.forEach((client) => client.close());
});

test('what HAProxy adds and what it lets through', async () => {
  const { status, headers } = await through.get('/api/dashboard/metrics');
  assert.equal(status, 200);
  assert.equal(headers.get('strict-transport-security'), 'max-age=31536000');
  assert.ok(headers.get('etag') && headers.get('x-request-id'));
});

test('the database is away: shims say so themselves, and no client waits for a time limit', async () => {
  const name = new URLSearchParams(service.dsn.replaceAll(' ', '&')).get('dbname').replaceAll("'", '');
  const server = service.dsn.replace(/dbname='?\w+'?/, "dbname='postgres'");
  await execute(server, `alter database ${name} allow_connections false;
    select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = '${name}';`);
  await eventually('it is noticed', async () => (await through.get('/api/auth/me')).status === 503);
  await sleep(1500); // HAProxy knows
  for (let n = 0; n < 4; n += 1) assertProblem(await through.get('/api/auth/me'), unavailable);
  await execute(server, `alter database ${name} allow_connections true;`);
  await eventually('requests work', async () => (await through.get('/api/auth/me')).status === 200);
});
