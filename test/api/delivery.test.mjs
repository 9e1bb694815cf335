// Many clients at once: everybody gets their own answer, nobody waits for a slow one, nobody stays for ever.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { answered, converse, get, json, open, parseAnswers, request } from './support/raw.mjs';
import { startService } from './support/service.mjs';
import { newUser } from './support/users.mjs';
import { eventually, sleep } from './support/wait.mjs';

const service = await startService();
after(() => service.close());
const user = await newUser(service);
const bearer = `Authorization: Bearer ${user.token}`;

describe('a stranger\'s answer', () => {
  // Sends a request and closes at once: the descriptor is free for the next client while the answer is made.
  function leave(path) {
    const peer = open(service.url);
    peer.socket.on('connect', () => {
      peer.socket.write(get(path, bearer));
      setImmediate(() => peer.socket.resetAndDestroy());
    });
  }

  async function stay(path, id) {
    const { received } = await converse(service.url, [get(path, bearer, `X-Request-Id: ${id}`)],
      { enough: answered(1), patience: 30_000 });
    const [answer, ...more] = parseAnswers(received);
    assert.ok(answer, `no answer for ${path}`);
    assert.deepEqual([answer.headers.get('x-request-id'), more.length], [id, 0]);
    if (answer.status >= 400) assert.deepEqual([answer.body.instance, answer.body.requestId], [path, id]);
    return answer.status;
  }

  const kinds = {
    'refused at once': () => [`/none/${randomUUID()}`, 404],
    'answered by the database': () => [`/api/sse/score/${randomUUID()}`, 404],
    'answered with data': () => ['/api/auth/me', 200],
  };
  for (const [kind, make] of Object.entries(kinds)) {
    test(`reaches nobody while 3,000 clients leave: ${kind}`, { timeout: 120_000 }, async () => {
      const statuses = new Set();
      for (let round = 0; round < 60; round += 1) {
        for (let i = 0; i < 50; i += 1) leave(make()[0]);
        const stays = Array.from({ length: 25 }, () => stay(make()[0], randomUUID()));
        (await Promise.all(stays)).forEach((status) => statuses.add(status));
      }
      assert.deepEqual([...statuses], [make()[1]]);
    });
  }
});

test('a thousand connections at once are all served', { timeout: 120_000 }, async () => {
  const answers = await Promise.all(Array.from({ length: 1000 }, (_, i) =>
    converse(service.url, [get('/live', `X-Request-Id: c${i}`)], { enough: answered(1), patience: 60_000 })));
  const ids = answers.map(({ received }) => parseAnswers(received)[0]?.headers.get('x-request-id'));
  assert.deepEqual(ids, Array.from({ length: 1000 }, (_, i) => `c${i}`));
});

describe('a slow reader', () => {
  // Two requests to store, each below the limit of a body; one page to read, larger than any socket buffer.
  const wide = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`m${i}`.padEnd(90, 'x'), i]));
  const page = '/api/dashboard/metrics?limit=1000';

  test('gets a large page whole when it reads, and holds up nobody when not', { timeout: 120_000 }, async () => {
    for (let batch = 0; batch < 2; batch += 1) {
      const { status, text } = await user.api.post('/api/dashboard/metrics', {
        metrics: Array.from({ length: 500 }, () => ({
          dashboard_type: 'startup_founder', metric_timestamp: new Date().toISOString(), metrics: wide })) });
      assert.equal(status, 201, text);
    }
    const whole = await user.api.get(page);
    assert.equal(whole.body.data.count, 1000);
    assert.ok(whole.text.length > 8e6, `${whole.text.length} bytes`);

    const slow = Array.from({ length: 6 }, () => {
      const peer = open(service.url);
      peer.socket.pause();
      peer.socket.write(get(page, bearer));
      return peer;
    });
    await sleep(1500); // by now their answers fill the socket buffers
    const started = Date.now();
    for (let i = 0; i < 40; i += 1) {
      assert.equal((await service.api.get('/live')).status, 200);
      assert.equal((await user.api.get('/api/auth/me')).status, 200);
    }
    assert.ok(Date.now() - started < 15_000, `${Date.now() - started} ms for 80 requests`);

    // Who has not read for seconds is cut off: what is left in the buffers is less than the answer.
    await sleep(7000);
    for (const peer of slow) peer.socket.resume();
    await eventually('the slow ones are cut off', () => slow.every((peer) => peer.closed));
    for (const { received } of slow) assert.ok(received.length < whole.text.length);
    assert.equal((await user.api.get('/api/auth/me')).status, 200);
  });

  test('who reads slowly but steadily gets all of it', { timeout: 120_000 }, async () => {
    const peer = open(service.url);
    peer.socket.write(get(page, bearer));
    const steps = setInterval(() => (peer.socket.isPaused() ? peer.socket.resume() : peer.socket.pause()), 100);
    await eventually('the page', () => answered(1)(peer.received), { within: 60_000, every: 500 });
    clearInterval(steps);
    assert.equal(parseAnswers(peer.received)[0].body.data.count, 1000);
    peer.socket.destroy();
  });
});

// The service allows 20 s. Without a deadline each of these would stay for minutes or for ever.
describe('who does not finish a request is disconnected', { concurrency: true }, () => {
  const half = get('/live').slice(0, -6);
  const partialBody = `${request('POST', '/api/auth/login', [json, 'Content-Length: 100'])}{"email":`;
  const partialChunk = `${request('POST', '/api/auth/login', [json, 'Transfer-Encoding: chunked'])}ff\r\n{`;
  const whole = get('/live');
  // What is sent at once, what then comes a byte a second, and what is answered before the end.
  const cases = {
    'nothing sent': [[], '', []],
    'half a head': [[half], '', []],
    'half a body': [[partialBody], '', []],
    'half a chunk': [[partialChunk], '', []],
    'a second request that stops in its head': [[whole, half], '', [200]],
    'a second request that stops in its body': [[whole, partialBody], '', [200]],
    'a head that trickles': [[half], 'x', []],
    'a second head that trickles': [[whole, half], 'x', [200]],
    'a body that trickles': [[partialBody], ' ', []],
    'a chunk that trickles': [[partialChunk], ' ', []],
    'more and more after a refusal': [['BAD\r\n\r\n'], 'x', [400]],
    'more and more after a goodbye': [[get('/live', 'Connection: close')], 'x', [200]],
  };
  for (const [name, [pieces, trickle, statuses]] of Object.entries(cases)) {
    test(name, { timeout: 90_000 }, async () => {
      const peer = open(service.url);
      let gone = false;
      for (const event of ['close', 'error']) peer.socket.on(event, () => { gone = true; });
      // Who has nothing more to say closes, too, once the server has.
      peer.socket.on('end', () => { if (!trickle) peer.socket.end(); });
      for (const piece of pieces) {
        peer.socket.write(piece);
        await sleep(100);
      }
      await eventually('the connection ends', () => {
        if (!gone && trickle) peer.socket.write(trickle);
        return gone;
      }, { within: 45_000, every: 1000 });
      assert.deepEqual(parseAnswers(peer.received).map(({ status }) => status), statuses);
    });
  }
});
