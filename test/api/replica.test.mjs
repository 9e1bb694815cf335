// Reads on a replica, over a physical standby: whoever has written reads what was written, nobody reads what is older than
// a second, and the primary answers what the replica cannot.
import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { parseExposition, valueOf } from './support/exposition.mjs';
import { assertProblem, sessionEnded } from './support/problems.mjs';
import { startService } from './support/service.mjs';
import { execute, literal } from './support/sql.mjs';
import { startStandby } from './support/standby.mjs';
import { newVerifiedUser } from './support/users.mjs';
import { eventually, sleep } from './support/wait.mjs';

const first = await startService({ AUXEIRA_PUBLIC_URL: 'https://auxeira.example' });
const standby = await startStandby({ dsn: first.dsn, appDsn: first.settings.AUXEIRA_APP_DSN });
const service = await first.another({ AUXEIRA_READ_URL: standby.appDsn, AUXEIRA_METRICS_PORT: '0' });
after(async () => {
  await service.stop();
  await first.close();
  await standby.close();
});
const writer = await newVerifiedUser(first);
const reader = await newVerifiedUser(first);
await execute(first.dsn, `insert into auxeira.user_organizations (user_id, org_id, role)
  values (${literal(reader.userId)}, ${literal(writer.organizationId)}, 'viewer');`);

// Both speak with the process that has the replica.
const by = (user) => Object.assign(Object.create(Object.getPrototypeOf(user.api)), { url: service.url, token: user.token });
const organization = `/api/organizations/${writer.organizationId}`;
let names = 0;
const rename = async (options) => {
  names += 1;
  const answer = await by(writer).patch(organization, { name: `Name ${names}` }, options);
  assert.equal(answer.status, 200, answer.text);
  return answer;
};
const nameFor = async (user, options) => (await by(user).get(organization, options)).body.data?.name;

// Of the connections of the shim: what the standby was asked last.
const lastAsked = async () => (await standby.query(`select max(query_start)::text as at from pg_stat_activity
  where application_name = 'auxeira-api'`))[0].at;
async function answersFromReplica(ask) {
  const before = await lastAsked();
  const answer = await ask();
  return { answer, isFromReplica: await lastAsked() !== before };
}
const readsAreOnReplica = () => eventually('reads are on the replica', async () =>
  (await answersFromReplica(() => by(reader).get(organization))).isFromReplica, { every: 100 });

beforeEach(async () => {
  await standby.resume();
  await standby.caughtUp();
  await readsAreOnReplica();
});

describe('a replica', () => {
  test('answers reads, and no changes', async () => {
    await sleep(1200);
    const { answer, isFromReplica } = await answersFromReplica(() => by(writer).get('/api/documents'));
    assert.deepEqual([answer.status, isFromReplica], [200, true]);
    assert.equal((await answersFromReplica(() => rename())).isFromReplica, false);
  });

  test('has figures of its own', async () => {
    const page = JSON.parse(service.log().split('\n').find((line) => line.includes('"message":"metrics"'))).url;
    const figure = async (name, server) => valueOf(parseExposition(await (await fetch(page)).text()), `auxeira_database_${name}`, { server });
    const trips = () => figure('round_trip_seconds_count', 'replica');
    const before = await trips();
    await by(reader).get(organization);
    assert.equal(await trips(), before + 1);
    for (const server of ['primary', 'replica']) assert.ok(await figure('workers_connected', server) > 0, server);
  });

  test('answers what still holds with 304', async () => {
    const headers = { 'if-none-match': (await by(reader).get(organization)).headers.get('etag') };
    const { answer, isFromReplica } = await answersFromReplica(() => by(reader).get(organization, { headers }));
    assert.deepEqual([answer.status, isFromReplica], [304, true]);
  });

  test('shows a writer what was written, at once and ever after', async () => {
    for (let i = 0; i < 40; i += 1) {
      await rename();
      const asked = `Name ${names}`;
      assert.equal(await nameFor(writer), asked);
      await sleep(10 * (i % 20));
      assert.equal(await nameFor(writer), asked);
    }
  });

  test('also when it has stopped replaying', async () => {
    await standby.pause();
    for (let i = 0; i < 10; i += 1) {
      await rename();
      for (const pause of [0, 50, 150]) {
        await sleep(pause);
        assert.equal(await nameFor(writer), `Name ${names}`);
      }
    }
  });

  test('shows nobody what is older than a second', async () => {
    await standby.pause();
    await rename();
    await sleep(1300);
    assert.equal(await nameFor(reader), `Name ${names}`);
    await standby.resume();
    await standby.caughtUp();
    await readsAreOnReplica();
  });

  test('answers again while it is paused and nothing happens', async () => {
    await standby.caughtUp();
    await standby.pause();
    await sleep(1500);
    assert.equal((await by(reader).get(organization)).status, 200);
  });

  test('does not keep whoever has logged in waiting, nor whoever has logged out in', async () => {
    await standby.pause();
    const { body } = await by(writer).post('/api/auth/login', { email: writer.email, password: writer.password });
    const session = { api: writer.api, token: body.data.token };
    assert.equal((await by(session).get('/api/auth/me')).status, 200);
    assert.equal((await by(session).post('/api/auth/logout')).status, 200);
    assertProblem(await by(session).get(organization), sessionEnded);
    await sleep(1300);
    assertProblem(await by(session).get(organization), sessionEnded);
  });

  test('is not asked for what was refused there alone', async () => {
    await standby.pause();
    const { body } = await by(writer).post('/api/documents',
      { title: 'new', kind: 'pitch_deck', url: 'https://files.example/new.pdf' });
    const id = body.data.documentId;
    assert.ok((await by(writer).get('/api/documents')).body.data.documents.some(({ documentId }) => documentId === id));
    const foreign = await by(reader).get('/api/organizations/00000000-0000-4000-8000-000000000000');
    assert.equal(foreign.status, 404);
  });

  test('is left alone by API keys, which note their use', async () => {
    const { body } = await by(writer).post('/api/auth/api-keys', { name: 'reader', scopes: ['documents:read'], expiresInDays: 1 });
    await sleep(1200);
    const { answer, isFromReplica } = await answersFromReplica(() =>
      by({ ...writer, token: body.data.key }).get('/api/documents'));
    assert.deepEqual([answer.status, isFromReplica], [200, false]);
  });
});

describe('several processes', () => {
  test('a browser takes along that it has written', async () => {
    const written = await first.api.post('/api/auth/login', { email: reader.email, password: reader.password });
    assert.equal(written.headers.get('set-cookie'), null, 'none without a replica');
    const { headers } = await rename();
    const cookie = headers.get('set-cookie');
    assert.equal(cookie, 'auxeira-written=1; Max-Age=2; Path=/; HttpOnly; SameSite=Strict; Secure');
    assert.equal((await by(reader).get(organization)).headers.get('set-cookie'), null);
    const second = await first.another({ AUXEIRA_READ_URL: standby.appDsn });
    const there = Object.assign(Object.create(Object.getPrototypeOf(writer.api)), { url: second.url, token: writer.token });
    await eventually('reads are on the replica', async () =>
      (await answersFromReplica(() => there.get(organization))).isFromReplica);
    await standby.pause();
    await rename();
    const answer = await there.get(organization, { headers: { cookie: `x=y; ${cookie.split(';')[0]}` } });
    assert.equal(answer.body.data.name, `Name ${names}`);
    await second.stop();
  });
});

describe('without the replica', () => {
  test('the primary answers, until it is back', async () => {
    standby.stop();
    for (let i = 0; i < 20; i += 1) {
      assert.equal((await by(reader).get(organization)).status, 200);
      await sleep(20);
    }
    standby.start();
    await standby.caughtUp();
    await readsAreOnReplica();
  });

  test('one that has become a primary is no replica', async () => {
    await standby.promote();
    await rename();
    await sleep(1300);
    for (let i = 0; i < 5; i += 1) assert.equal(await nameFor(reader), `Name ${names}`);
  });
});
