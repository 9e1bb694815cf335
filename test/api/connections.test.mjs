// Ten thousand clients that stay: each is answered over its own connection, others are served as before, and what they cost is little.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { offer, percentile } from './support/load.mjs';
import { descriptorsOf, memoryOf } from './support/process.mjs';
import { answered, get, open, parseAnswers } from './support/raw.mjs';
import { startService } from './support/service.mjs';
import { newUser } from './support/users.mjs';
import { eventually } from './support/wait.mjs';
import { Witness } from './support/witness.mjs';

const count = 10_000;
const batch = 500;

describe(`${count} connections`, { timeout: 300_000 }, () => {
  let service;
  let user;
  let witness;
  let memory;
  let descriptors;
  let opened;
  const peers = [];

  before(async () => {
    service = await startService({ AUXEIRA_MAX_CONNECTIONS: String(count + 100), AUXEIRA_LOG_LEVEL: 'warn' });
    user = await newUser(service);
    witness = new Witness(await newUser(service));
    await witness.isServed(50);
    [memory, descriptors] = [memoryOf(service.child), descriptorsOf(service.child)];
  });
  after(async () => {
    peers.forEach(({ socket }) => socket.destroy());
    await service.close();
  });

  // Half of them ask the service, half the database.
  const askAll = async (from, to) => {
    for (let i = from; i < to; i += 1) {
      const path = i % 2 ? '/live' : '/api/auth/me';
      peers[i].socket.write(get(path, `Authorization: Bearer ${user.token}`, `X-Request-Id: c${i}`));
    }
    const asked = peers.slice(from, to);
    await eventually('each is answered', () => asked.every(({ received }) => answered(1)(received)), { within: 60_000 });
    assert.deepEqual(asked.filter((peer, i) => {
      const { status, headers } = parseAnswers(peer.received)[0];
      return status !== 200 || headers.get('x-request-id') !== `c${from + i}`;
    }).length, 0);
  };

  test('are all answered, each by its own answer, and stay', async (t) => {
    opened = Date.now();
    for (let from = 0; from < count; from += batch) {
      for (let i = 0; i < batch; i += 1) peers.push(open(service.url));
      await askAll(from, from + batch);
    }
    assert.equal(peers.filter(({ closed }) => closed).length, 0);
    assert.ok(descriptorsOf(service.child) >= descriptors + count);
    t.diagnostic(`${memoryOf(service.child) - memory} KB more`);
    assert.ok(memoryOf(service.child) - memory < 64 * 1024, `${memoryOf(service.child) - memory} KB more`);
  });

  test('take no time from others', async (t) => {
    const { results } = await offer(50, 4, () => user.api.get('/api/auth/me'));
    assert.deepEqual(results.filter(({ status }) => status !== 200), []);
    t.diagnostic(`p99 ${Math.round(percentile(results, 0.99))} ms`);
    assert.ok(percentile(results, 0.99) < 1000, `${percentile(results, 0.99)} ms`);
  });

  // Whoever was silent for 20 s may have been let go.
  test('ask all at once, and each is answered; others are served', async () => {
    const stay = peers.filter(({ closed }) => !closed);
    assert.ok(stay.length === count || Date.now() - opened > 15_000, `${stay.length} are there`);
    for (const { socket } of stay) socket.write(get('/live'));
    await eventually('each is answered', () => stay.every(({ received, closed }) => closed || answered(2)(received)), { within: 60_000 });
    const statuses = stay.filter(({ received }) => answered(2)(received)).map(({ received }) => parseAnswers(received)[1].status);
    assert.deepEqual([...new Set(statuses)], [200]);
    await witness.isServed();
    await witness.stop();
  });

  test('go, and nothing of them is left', async () => {
    peers.forEach(({ socket }) => socket.destroy());
    await eventually('as many descriptors as before', () => descriptorsOf(service.child) <= descriptors + 2);
  });
});
