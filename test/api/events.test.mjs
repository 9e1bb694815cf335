// Live events over HTTP: who is told what, in which order, going on after a break, and the end of streams.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, describe, test } from 'node:test';
import { connect } from 'node:net';
import { startDatabase, startInstance, stopDatabase } from './support/instance.mjs';
import { Api, OtherApi } from './support/api.mjs';
import { startService } from './support/service.mjs';
import { execute, literal, Session } from './support/sql.mjs';
import { Stream } from './support/stream.mjs';
import { newUser, verifyAddress } from './support/users.mjs';
import { eventually, sleep } from './support/wait.mjs';

const service = await startService({ AUXEIRA_HEARTBEAT_SECONDS: '1', AUXEIRA_STREAMS_PER_USER: '4', AUXEIRA_METRICS_PORT: '0' });
after(() => service.close());
const open = [];
afterEach(() => open.splice(0).forEach((stream) => stream.close()));

const subscribe = async (user, options) => {
  const stream = await Stream.open(user.api, options);
  open.push(stream);
  assert.equal(stream.status, 200);
  await stream.begun();
  return stream;
};
// What registering left may be told of just after it.
const follow = (user, options) => subscribe(user, { path: '/api/events?types=metrics', ...options });
const point = (mrr = 1) => ({ dashboard_type: 'startup_founder', metric_timestamp: new Date().toISOString(), metrics: { mrr } });
const insert = async (user, points = 1) => {
  const { status, text } = await user.api.post('/api/dashboard/metrics', { metrics: Array.from({ length: points }, (_, n) => point(n)) });
  assert.equal(status, 201, text);
};
const row = ({ organizationId }) => `insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp)
  values (${literal(organizationId)}, 'startup_founder', '{"mrr": 1}', clock_timestamp());`;
const insertRow = (user) => execute(service.dsn, row(user));
const ids = (stream) => stream.events.map(({ id }) => id);
const page = async (running) => {
  const url = JSON.parse(running.log().split('\n').find((line) => line.includes('"message":"metrics"'))).url;
  return (await new OtherApi(new URL(url).origin).get('/metrics')).text;
};
const figure = async (name) => Number((await page(service)).match(new RegExp(`^${name} (.*)$`, 'm'))[1]);

describe('a stream', () => {
  test('tells what changed, of which organization, how and when', async () => {
    const user = await newUser(service);
    const stream = await subscribe(user);
    const { headers } = stream.response;
    assert.equal(headers.get('content-type'), 'text/event-stream; charset=utf-8');
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(headers.get('content-length'), null);
    assert.ok(headers.get('x-request-id'));
    assert.equal(stream.retry, 2000);
    await insert(user);
    const [{ id, data }] = await stream.has(1, 'metrics');
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.deepEqual({ ...data, at: 0, id: typeof data.id }, { eventId: id, type: 'metrics', operation: 'insert', at: 0,
      organizationId: user.organizationId, startupId: null, id: 'string', count: 1 });
    assert.ok(Math.abs(Date.parse(data.at) - Date.now()) < 60_000);
    await insert(user, 5);
    assert.deepEqual((await stream.has(2, 'metrics')).map(({ data: { count } }) => count), [1, 5]);
  });

  test('tells nothing of before, nor of other organizations', async () => {
    const [user, other] = [await newUser(service), await newUser(service)];
    await insert(user);
    await sleep(300);
    const stream = await subscribe(user);
    await insert(other);
    await insert(user, 2);
    const events = await stream.has(1, 'metrics');
    await sleep(500);
    assert.deepEqual(events.map(({ data: { organizationId, count } }) => [organizationId, count]), [[user.organizationId, 2]]);
  });

  test('is filtered by types', async () => {
    const user = await newUser(service);
    const stream = await subscribe(user, { path: '/api/events?types=actions,scores' });
    await insert(user);
    await user.api.post('/api/gamification/action', { actionType: 'pivot', domain: 'x', baseTokens: 1 });
    await stream.has(1, 'actions');
    assert.equal(stream.of('metrics').length, 0);
    const { status, body } = await user.api.get('/api/events?types=metrics,none');
    assert.deepEqual([status, body.errors[0].path], [422, 'types']);
  });

  test('is kept alive by comments', async () => {
    const stream = await follow(await newUser(service));
    await eventually('heartbeats', () => stream.comments >= 2);
    assert.equal(stream.events.length, 0);
  });

  test('holds no database worker: many are open, and calls are answered', async () => {
    const users = await Promise.all(Array.from({ length: 12 }, () => newUser(service)));
    await Promise.all(users.flatMap((user) => [subscribe(user), subscribe(user), subscribe(user)]));
    for (const user of users) assert.equal((await user.api.get('/api/auth/me')).status, 200);
    assert.equal(await execute(service.dsn, `select count(*) from pg_stat_activity
      where datname = current_database() and application_name = 'auxeira-api events'`), '1');
  });

  test('has figures for operators', async () => {
    const user = await newUser(service);
    const stream = await subscribe(user);
    const sent = await figure('auxeira_events_sent_total');
    assert.ok(await figure('auxeira_event_streams') >= 1);
    await insert(user);
    await stream.has(1);
    await eventually('the event is counted', async () => await figure('auxeira_events_sent_total') > sent);
    stream.close();
    await eventually('streams that are gone are not counted', async () => await figure('auxeira_event_streams') === 0);
  });
});

describe('who may open one', () => {
  test('nobody without a token, or with one in the address', async () => {
    const { token } = await newUser(service);
    for (const path of ['/api/events', `/api/events?token=${token}`, `/api/events?access_token=${token}`])
      assert.equal((await service.api.get(path)).status, 401, path);
    assert.equal((await service.api.get('/api/events', { token: `${token}x` })).status, 401);
  });

  test('HEAD is answered without a stream', async () => {
    const { api } = await newUser(service);
    const { status, headers } = await api.send('HEAD', '/api/events');
    assert.deepEqual([status, headers.get('content-type')], [200, 'text/event-stream; charset=utf-8']);
  });

  test('so many of one user, and so many of all', async () => {
    const user = await newUser(service);
    for (let n = 0; n < 4; n += 1) await subscribe(user);
    const refused = await user.api.get('/api/events');
    assert.deepEqual([refused.status, refused.body.code, refused.headers.get('retry-after')], [429, 'too_many_streams', '30']);
    open.pop().close();
    await eventually('a place is free', async () => (await Stream.open(user.api).then((s) => { open.push(s); return s; })).status === 200,
      { every: 300 });
    const few = await service.another({ AUXEIRA_STREAMS: '1' });
    const [first, second] = [await newUser(service), await newUser(service)].map(({ token }) => new Api(few.url, token));
    await subscribe({ api: first });
    const full = await second.get('/api/events');
    assert.deepEqual([full.status, full.headers.get('retry-after')], [503, '30']);
    open.pop().close();
    await few.stop();
  });
});

describe('going on after a break', () => {
  test('nothing is missing and nothing comes twice', async () => {
    const user = await newUser(service);
    const first = await follow(user);
    for (let n = 0; n < 3; n += 1) await insertRow(user);
    await first.has(3);
    const { lastId } = first;
    first.close();
    for (let n = 0; n < 4; n += 1) await insertRow(user);
    const second = await follow(user, { lastId });
    await second.has(4);
    await insertRow(user);
    await second.has(5);
    await sleep(300);
    assert.equal(second.events.length, 5);
    assert.equal(new Set([...ids(first), ...ids(second)]).size, ids(first).length + 5);
    const again = await follow(user, { lastId: second.events[1].id });
    await again.has(3);
    assert.deepEqual(ids(again), ids(second).slice(2));
  });

  test('also before the first event', async () => {
    const user = await newUser(service);
    const first = await follow(user);
    assert.ok(first.lastId);
    first.close();
    await insertRow(user);
    const second = await follow(user, { lastId: first.lastId });
    assert.equal((await second.has(1)).length, 1);
  });

  test('in many pages', async () => {
    const user = await newUser(service);
    const { lastId } = await follow(user);
    await execute(service.dsn, row(user).repeat(1300));
    const stream = await follow(user, { lastId });
    await stream.has(1300);
    assert.equal(new Set(ids(stream)).size, 1300);
  });

  test('a transaction that stays open while later ones commit is told of when it commits', async () => {
    const user = await newUser(service);
    const early = new Session(service.dsn);
    after(() => early.close());
    const stream = await follow(user);
    await early.run(`begin; ${row(user)}${row(user)}`);
    await insertRow(user);
    await insertRow(user);
    await stream.has(2);
    assert.deepEqual(stream.events.map(({ data: { count } }) => count), [1, 1]);
    const { lastId } = stream;
    stream.close();
    const next = await follow(user, { lastId });
    await sleep(300);
    assert.equal(next.events.length, 0);
    await early.run('commit;');
    assert.equal((await next.has(1))[0].data.count, 2);
    const resumed = await follow(user, { lastId });
    await resumed.has(1);
    assert.deepEqual(ids(resumed), ids(next));
  });

  test('while many write at once each event comes once, in the same order for all', async () => {
    const user = await newUser(service);
    const [one, other] = [await follow(user), await follow(user)];
    const writers = Array.from({ length: 6 }, () => execute(service.dsn, `begin; ${row(user)} select pg_sleep(random() / 20); commit;`.repeat(20)));
    await sleep(400);
    one.close();
    await sleep(200);
    const resumed = await follow(user, { lastId: one.lastId });
    await Promise.all(writers);
    await other.has(120);
    await resumed.has(120 - one.events.length);
    assert.deepEqual([...ids(one), ...ids(resumed)], ids(other));
    assert.equal(new Set(ids(other)).size, 120);
  });

  test('from an event that is not known the client is told to read anew', async () => {
    const user = await newUser(service);
    for (const lastId of ['a7d0ff1c-7b1a-4f5c-9d2c-0d6f5d2f1b11', 'x', '%00']) {
      const stream = await follow(user, { lastId });
      await stream.has(1, 'reset');
      await insertRow(user);
      await stream.has(1, 'metrics');
      stream.close();
    }
  });
});

describe('rights that end while a stream is open', () => {
  test('a session that is logged out ends it', async () => {
    const user = await newUser(service);
    const stream = await follow(user);
    assert.equal((await user.api.post('/api/auth/logout', {})).status, 200);
    assert.deepEqual(await stream.end().then(({ event, data }) => [event, data.reason]), ['end', 'unauthorized']);
    await insertRow(user);
    await sleep(300);
    assert.equal(stream.of('metrics').length, 0);
  });

  test('a member who is removed is told of nothing more', async () => {
    const [owner, member] = [await newUser(service), await newUser(service)];
    await verifyAddress(service.dsn, member);
    await execute(service.dsn, `insert into auxeira.user_organizations (org_id, user_id, role)
      values (${literal(owner.organizationId)}, ${literal(member.userId)}, 'viewer');`);
    const stream = await subscribe(member);
    await insertRow(owner);
    await stream.has(1, 'metrics');
    await execute(service.dsn, `begin; update auxeira.user_organizations set left_at = now()
      where org_id = ${literal(owner.organizationId)} and user_id = ${literal(member.userId)}; ${row(owner)} commit;`);
    await insertRow(owner);
    await sleep(700);
    assert.equal(stream.of('metrics').length, 1);
    if (!stream.ended) {
      await insertRow(member);
      await stream.has(2, 'metrics');
    }
  });

  test('a scope that is closed is told of no more', async () => {
    const [startup, investor] = [await newUser(service), await newUser(service, 'venture_capital')];
    const pair = `org_id = ${literal(investor.organizationId)} and startup_id = ${literal(startup.organizationId)}`;
    await execute(service.dsn, `insert into auxeira.relationships (org_id, startup_id, kind, status, scopes, proposed_by, decided_at)
      values (${literal(investor.organizationId)}, ${literal(startup.organizationId)}, 'investor', 'accepted', '{metrics}',
              ${literal(investor.userId)}, now());`);
    const stream = await subscribe(investor, { path: '/api/events?types=metrics' });
    await insertRow(startup);
    await stream.has(1);
    await execute(service.dsn, `update auxeira.relationships set scopes = '{}' where ${pair};`);
    await insertRow(startup);
    await sleep(500);
    assert.equal(stream.events.length, 1);
    await execute(service.dsn, `update auxeira.relationships set scopes = '{metrics}' where ${pair};`);
    await insertRow(startup);
    await stream.has(2);
  });

  test('a token that expires ends it', async () => {
    const brief = await service.another({ AUXEIRA_JWT_LEGACY_SECONDS: '10' });
    const stream = await subscribe(await newUser(brief));
    const started = Date.now();
    await eventually('the stream ends', () => stream.ended, { within: 20_000 });
    assert.ok(Date.now() - started > 5000);
    assert.equal(stream.events.at(-1).data.reason, 'expired');
    await brief.stop();
  });
});

describe('what goes wrong', () => {
  test('a reader that is slow is dropped, and keeps nobody waiting', async () => {
    const user = await newUser(service);
    const good = await follow(user, { path: '/api/events?types=metrics' });
    const dropped = await figure('auxeira_event_streams_dropped_total');
    const { hostname, port } = new URL(service.url);
    const slow = connect({ host: hostname, port: Number(port) });
    await once(slow, 'connect');
    slow.pause();
    slow.write(`GET /api/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${user.token}\r\n\r\n`);
    await eventually('it is open', async () => await figure('auxeira_event_streams') === 2);
    const writing = eventually('it is dropped', async () => {
      await execute(service.dsn, row(user).repeat(2000));
      return await figure('auxeira_event_streams_dropped_total') > dropped;
    }, { within: 90_000 });
    await writing;
    const count = good.events.length;
    await insertRow(user);
    await good.has(count + 1);
    slow.destroy();
  });

  test('at the end of the service streams end in order, and clients go on with another', async () => {
    const other = await service.another();
    const user = await newUser(service);
    const stream = await follow({ api: new Api(other.url, user.token) });
    await insertRow(user);
    await stream.has(1);
    const started = Date.now();
    assert.deepEqual(await other.stop(), { code: 0, signal: null });
    assert.ok(Date.now() - started < 3000);
    assert.deepEqual(await stream.end().then(({ event, data }) => [event, data.reason]), ['end', 'shutdown']);
    await insertRow(user);
    const next = await follow(user, { lastId: stream.lastId });
    assert.equal((await next.has(1)).length, 1);
  });

  test('two services: each tells of what is written through either', async () => {
    const other = await service.another();
    const user = await newUser(service);
    const streams = [await follow(user), await follow({ api: new Api(other.url, user.token) })];
    for (let n = 0; n < 5; n += 1) {
      await insertRow(user);
      await sleep(150);
    }
    for (const stream of streams) await stream.has(5);
    assert.deepEqual(ids(streams[0]), ids(streams[1]));
    streams.forEach((stream) => stream.close());
    await other.stop();
  });

  test('the database starts again: the stream goes on', { timeout: 120_000 }, async (t) => {
    const instance = await startInstance();
    t.after(() => instance.close());
    const user = await newUser(instance);
    const stream = await follow(user);
    const write = () => execute(instance.dsn, row(user));
    await write();
    await stream.has(1);
    await stopDatabase(instance);
    await startDatabase(instance);
    await eventually('the database takes it', () => write().then(() => true, () => false), { every: 200 });
    await stream.has(2);
    assert.equal(new Set(ids(stream)).size, 2);
  });
});
