// Clients that mean harm, as bytes on a socket: what they send is never taken for another request, holds nothing of the service,
// and keeps nobody from being served. What HTTP itself says of a message is in framing.test.mjs, who is slow in delivery.test.mjs.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { cpuOf, descriptorsOf, memoryOf } from './support/process.mjs';
import { answered, converse, get, json, open, parseAnswers, request } from './support/raw.mjs';
import { program, root, startService } from './support/service.mjs';
import { execute, literal } from './support/sql.mjs';
import { newUser } from './support/users.mjs';
import { eventually, sleep } from './support/wait.mjs';
import { Witness } from './support/witness.mjs';

const service = await startService({ AUXEIRA_WEB: join(root, 'build/web'), AUXEIRA_STREAMS_PER_USER: '1000' });
const user = await newUser(service);
const other = await newUser(service);
after(() => service.close());
let witness;
beforeEach(() => { witness = new Witness(other); });
afterEach(async () => {
  await witness.isServed();
  await witness.stop();
});
const bearer = `Authorization: Bearer ${user.token}`;

const peers = [];
afterEach(() => peers.splice(0).forEach(({ socket }) => socket.destroy()));
function hold(url, count, bytes, { reads = true } = {}) {
  const held = Array.from({ length: count }, () => {
    const peer = open(url);
    if (!reads) peer.socket.pause();
    peer.socket.write(bytes);
    return peer;
  });
  peers.push(...held);
  return held;
}

const speak = async (pieces, count, options = {}) => {
  const { received, closed } = await converse(service.url, pieces, { enough: answered(count, options.methods), ...options });
  return { answers: parseAnswers(received, options.methods), closed };
};
const statusesOf = ({ answers }) => answers.map(({ status }) => status);

// --- One request is never two -------------------------------------------------------------------------------------

const deck = '{"title":"smuggled","kind":"pitch_deck","url":"https://files.example/deck.pdf"}';
const smuggled = request('POST', '/api/documents', [bearer, json], deck);
const smuggledRows = () => execute(service.dsn, "select count(*) from auxeira.documents where title = 'smuggled'");
const line = (text) => `${text}\r\nHost: test\r\n\r\n`;
const withHead = (...fields) => request('POST', '/api/documents', [bearer, json, ...fields]);

describe('a request behind', () => {
  const refused = {
    'two lengths': [withHead('Content-Length: 5', 'Content-Length: 0'), 400],
    'a length and chunks': [`${withHead('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`, 400],
    'chunks in a coding': [`${withHead('Transfer-Encoding: gzip, chunked')}0\r\n\r\n`, 400],
    'a folded line': [withHead('Content-Length: 0', 'X-A: 1', ' 2'), 400],
    'a name that ends in a space': [withHead('Content-Length : 500'), 400],
    'a line feed alone': ['GET /live HTTP/1.1\nHost: test\r\n\r\n', 400],
    'a chunk whose size is no number': [`${withHead('Transfer-Encoding: chunked')}x\r\n`, 400],
    'a chunk with an extension': [`${withHead('Transfer-Encoding: chunked')}0;a=b\r\n\r\n`, 400],
    'fields that follow chunks': [`${withHead('Transfer-Encoding: chunked')}0\r\nX-A: 1\r\n\r\n`, 400],
    'HTTP/0.9': ['GET /live\r\n', 400],
    'a body that is too large': [withHead('Content-Length: 99999999'), 413],
    'a chunk that is too large': [`${withHead('Transfer-Encoding: chunked')}fffffff\r\n`, 413],
    'a path that is too long': [line(`GET /${'x'.repeat(5000)} HTTP/1.1`), 414],
    'an expectation': [withHead('Expect: the worst', 'Content-Length: 0'), 417],
    'a head that is too large': [withHead(`X-A: ${'x'.repeat(9000)}`), 431],
    'an unknown method': [line('BREW /live HTTP/1.1'), 501],
    'another version': [line('GET /live HTTP/3.0'), 505],
    'a goodbye': [get('/live', 'Connection: close'), 200],
    'a goodbye among others': [get('/live', 'Connection: keep-alive', 'Connection: x, close'), 200],
    'HTTP/1.0': ['GET /live HTTP/1.0\r\n\r\n', 200],
    'an expectation that was refused': [withHead('Expect: 100-continue', 'Content-Length: 500').replace(bearer, 'X: 1'), 401],
  };
  for (const [name, [bytes, status]] of Object.entries(refused)) {
    test(`${name} is not read`, async () => {
      for (const pieces of [[bytes + smuggled], [bytes, smuggled, smuggled]]) {
        const spoken = await speak(pieces, 2, { pause: 50 });
        assert.deepEqual([statusesOf(spoken), spoken.closed], [[status], true]);
      }
      assert.equal(await smuggledRows(), '0');
    });
  }

  // Nobody wants these bodies: they are read past.
  const inside = {
    'nowhere': [request('POST', '/none', [json], smuggled), 404],
    'where the method is not allowed': [request('PUT', '/api/documents', [bearer, json], smuggled), 405],
    'without a token': [request('POST', '/api/documents', [json], smuggled), 401],
    'of another type': [request('POST', '/api/documents', [bearer, 'Content-Type: text/plain'], smuggled), 415],
    'when the answer could not be accepted': [request('POST', '/api/documents', [bearer, json, 'Accept: image/png'], smuggled), 406],
    'in chunks': [`${request('POST', '/none', [json, 'Transfer-Encoding: chunked'])}${smuggled.length.toString(16)}\r\n`
      + `${smuggled}\r\n0\r\n\r\n`, 404],
  };
  for (const [name, [bytes, status]] of Object.entries(inside)) {
    test(`that is the body of a request ${name} is none`, async () => {
      const half = bytes.length >> 1;
      for (const pieces of [[bytes + get('/live')], [bytes.slice(0, half), bytes.slice(half), get('/live')]])
        assert.deepEqual(statusesOf(await speak(pieces, 2, { pause: 50 })), [status, 200]);
      assert.equal(await smuggledRows(), '0');
    });
  }

  test('another is read: the same bytes by themselves are a request', async () => {
    assert.deepEqual(statusesOf(await speak([get('/live') + smuggled], 2)), [200, 201]);
    assert.equal(await smuggledRows(), '1');
    await execute(service.dsn, "delete from auxeira.documents where title = 'smuggled'");
  });

  test('answers without a body is answered by its own', async () => {
    const { headers } = (await speak([get('/api/documents', bearer)], 1)).answers[0];
    const sent = [['HEAD', '/api/documents', 200], ['OPTIONS', '/api/documents', 204], ['HEAD', '/none', 404],
      ['GET', '/api/documents', 304], ['HEAD', '/api/documents', 304], ['GET', '/live', 200]];
    const bytes = sent.map(([method, path, status]) =>
      request(method, path, [bearer, ...(status === 304 ? [`If-None-Match: ${headers.get('etag')}`] : [])])).join('');
    const spoken = await speak([bytes], sent.length, { methods: sent.map(([method]) => method) });
    assert.deepEqual(statusesOf(spoken), sent.map(([, , status]) => status));
    assert.equal(spoken.answers[1].headers.get('content-length'), null);
  });

  test('an offer of another protocol is answered in this one', async () => {
    const offers = ['websocket', 'h2c', 'TLS/1.3'].map((protocol) =>
      get('/live', `Upgrade: ${protocol}`, 'Connection: Upgrade', 'Sec-WebSocket-Key: x', 'Sec-WebSocket-Version: 13'));
    assert.deepEqual(statusesOf(await speak([offers.join('') + get('/none')], 4)), [200, 200, 200, 404]);
  });
});

describe('Expect: 100-continue', () => {
  const expecting = (...fields) => request('POST', '/api/auth/refresh', [json, 'Expect: 100-Continue', ...fields]);
  const cases = {
    'with the body at once': [`${expecting('Content-Length: 20')}{"refreshToken":"x"}`, [100, 401, 200]],
    'with chunks': [`${expecting('Transfer-Encoding: chunked')}14\r\n{"refreshToken":"x"}\r\n0\r\n\r\n`, [100, 401, 200]],
    'without a body': [get('/live', 'Expect: 100-continue'), [200, 200]],
    'of a body that is empty': [expecting('Content-Length: 0'), [400, 200]],
  };
  for (const [name, [bytes, statuses]] of Object.entries(cases)) {
    test(name, async () => {
      const final = statuses.filter((status) => status >= 200).length;
      assert.deepEqual(statusesOf(await speak([bytes + get('/live')], final)), statuses);
    });
  }
});

test('a stream of events is nothing that a page of another origin can have', async () => {
  const from = (...fields) => speak([get('/api/events', 'Origin: https://evil.example', ...fields)], 1);
  assert.deepEqual(statusesOf(await from('Cookie: token=x')), [401]);
  const [peer] = hold(service.url, 1, get('/api/events', bearer, 'Origin: https://evil.example'));
  await eventually('it has begun', () => peer.received.includes('200 OK'));
  assert.doesNotMatch(peer.received.toString(), /access-control-allow/i);
});

// --- The end before the end ---------------------------------------------------------------------------------------

describe('a client that says goodbye', () => {
  const unfinished = {
    'before it said anything': '',
    'in a head': 'GET /live HTTP/1.1\r\nHost: t',
    'in a body': `${withHead('Content-Length: 500')}{"title":`,
    'in the size of a chunk': `${withHead('Transfer-Encoding: chunked')}1`,
    'in the end of a chunk': `${withHead('Transfer-Encoding: chunked')}2\r\nab\r`,
    'in the second request': `${get('/live')}GET /li`,
  };
  for (const [name, bytes] of Object.entries(unfinished)) {
    test(`${name} is let go at once`, async () => {
      const [peer] = hold(service.url, 1, bytes);
      peer.socket.end();
      await eventually('the connection ends', () => peer.closed, { within: 5_000 });
      assert.deepEqual(parseAnswers(peer.received).map(({ status }) => status), bytes.startsWith(get('/live')) ? [200] : []);
    });
  }

  test('behind 20 requests gets 20 answers', async () => {
    const paths = Array.from({ length: 20 }, (_, i) => ['/api/auth/me', '/live', `/none/${i}`, '/api/documents'][i % 4]);
    const [peer] = hold(service.url, 1, '');
    peer.socket.end(paths.map((path, i) => get(path, bearer, `X-Request-Id: n${i}`)).join(''));
    await eventually('all answers', () => answered(20)(peer.received));
    assert.deepEqual(parseAnswers(peer.received).map(({ headers }) => headers.get('x-request-id')), paths.map((_, i) => `n${i}`));
    await eventually('the connection ends', () => peer.closed, { within: 5_000 });
  });

  test('by a reset, wherever it is, leaves no descriptor behind', { timeout: 120_000 }, async () => {
    const before = descriptorsOf(service.child);
    const places = ['', 'GET', get('/live'), get('/api/auth/me', bearer), smuggled.slice(0, -5), get('/docs').repeat(50),
      get('/api/events', bearer)];
    for (let round = 0; round < 20; round += 1) {
      const leaving = hold(service.url, 70, '').map(async ({ socket }, i) => {
        await once(socket, 'connect');
        socket.write(places[i % places.length]);
        await sleep(i % 20);
        socket.resetAndDestroy();
      });
      await Promise.all(leaving);
    }
    await eventually('as many descriptors as before', () => descriptorsOf(service.child) <= before + 2);
    assert.equal(await smuggledRows(), '0');
  });
});

// --- What it costs ------------------------------------------------------------------------------------------------

// By a process of its own, whom nobody else asks meanwhile.
describe('who holds a connection', () => {
  const wide = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`m${i}`.padEnd(90, 'x'), i]));
  const point = { dashboard_type: 'startup_founder', metric_timestamp: new Date().toISOString(), metrics: wide };
  const stuck = {
    'silent': [''],
    'in the middle of a chunk\'s end': [`${withHead('Transfer-Encoding: chunked')}2\r\nab\r`],
    'in the middle of a second request': [`${get('/live')}GET /li`],
    'with a body that never comes': [withHead('Content-Length: 1048576')],
    'behind an answer that ended it': ['BAD\r\n\r\n'],
    'without reading an answer of 8 MB': [get('/api/dashboard/metrics?limit=1000', bearer), { reads: false }],
  };
  let alone;

  // A connection of the pool keeps 16 MB once it has read such a page.
  test('and has read pages of 8 MB, leaves no memory behind but that of the pool', async () => {
    alone = await service.another({ AUXEIRA_WORKERS: '4' });
    for (let batch = 0; batch < 2; batch += 1)
      assert.equal((await user.api.post('/api/dashboard/metrics', { metrics: Array(500).fill(point) })).status, 201);
    const memory = memoryOf(alone.child);
    const read = () => alone.api.get('/api/dashboard/metrics?limit=1000', { token: user.token });
    for (let round = 0; round < 3; round += 1)
      (await Promise.all(Array.from({ length: 8 }, read))).forEach(({ text }) => assert.ok(text.length > 8e6));
    assert.ok(memoryOf(alone.child) - memory < 4 * 16 * 1024, `${memoryOf(alone.child) - memory} KB more`);
  });
  for (const [name, [bytes, how]] of Object.entries(stuck)) {
    test(`${name}, takes no time of the processor, and little memory`, async () => {
      const memory = memoryOf(alone.child);
      hold(alone.url, 24, bytes, how);
      await sleep(3000); // what had to be done is done
      const [spent, started] = [cpuOf(alone.child), Date.now()];
      await sleep(1000);
      assert.ok(cpuOf(alone.child) - spent < 0.25, `${cpuOf(alone.child) - spent} s in ${Date.now() - started} ms`);
      const bound = (how ? 64 + 32 : 16) * 1024; // answers that wait have 64 MB at most
      assert.ok(memoryOf(alone.child) - memory < bound, `${memoryOf(alone.child) - memory} KB more`);
      assert.equal((await alone.api.get('/api/auth/me', { token: user.token })).status, 200);
    });
  }

  test('and asks without ever reading is cut off', async () => {
    const memory = memoryOf(alone.child);
    const asking = hold(alone.url, 12, get('/api/auth/me', bearer).repeat(20_000), { reads: false });
    asking.push(...hold(alone.url, 12, get('/api/docs').repeat(80_000), { reads: false }));
    await sleep(8000); // who has not read for 5 s is cut off
    for (const { socket } of asking) socket.resume();
    await eventually('they are cut off', () => asking.every(({ closed }) => closed), { within: 15_000 });
    assert.ok(memoryOf(alone.child) - memory < 32 * 1024, `${memoryOf(alone.child) - memory} KB more`);
    assert.equal((await alone.api.get('/live')).status, 200);
    await alone.stop();
  });
});

test('declared lengths take no memory before the bodies come', async () => {
  const memory = memoryOf(service.child);
  hold(service.url, 300, request('POST', '/api/dashboard/metrics', [bearer, json, 'Content-Length: 8388608']));
  await sleep(1000);
  assert.ok(memoryOf(service.child) - memory < 32 * 1024, `${memoryOf(service.child) - memory} KB more for 300`);
});

test('downloads that are broken off leave no descriptor behind', async () => {
  const page = (await service.api.get('/docs')).text;
  const [script] = page.match(/\/docs\/[^"]+\.js/);
  const before = descriptorsOf(service.child);
  for (let round = 0; round < 10; round += 1) {
    const loading = hold(service.url, 30, get(script));
    await eventually('they have begun', () => loading.every(({ received }) => received.length > 0));
    loading.forEach(({ socket }) => socket.resetAndDestroy());
  }
  await eventually('as many descriptors as before', () => descriptorsOf(service.child) <= before + 2);
});

test('streams that are left while they are told of changes leave no descriptor behind', { timeout: 120_000 }, async () => {
  const before = descriptorsOf(service.child);
  const row = `insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp)
    values (${literal(user.organizationId)}, 'startup_founder', '{"mrr": 1}', clock_timestamp());`;
  for (let round = 0; round < 5; round += 1) {
    const streams = hold(service.url, 100, get('/api/events', bearer));
    await eventually('they have begun', () => streams.every(({ received }) => received.includes('200 OK')));
    const writing = execute(service.dsn, row.repeat(200));
    for (const { socket } of streams) {
      socket.resetAndDestroy();
      await sleep(2);
    }
    await writing;
  }
  await eventually('as many descriptors as before', () => descriptorsOf(service.child) <= before + 2);
});

test('without descriptors who is there is served, who comes is refused, and then all is as before', { timeout: 120_000 }, async () => {
  const narrow = join(service.directory, 'narrow');
  writeFileSync(narrow, `#!/bin/sh\nexec prlimit --nofile=256:256 ${program}\n`);
  chmodSync(narrow, 0o755);
  const small = await service.another({}, { binary: narrow });
  const [first] = hold(small.url, 1, get('/live'));
  await eventually('the first is served', () => answered(1)(first.received));
  const others = hold(small.url, 600, get('/api/auth/me', bearer));
  await eventually('each is answered or refused', () => others.every(({ received, closed }) => closed || answered(1)(received)));
  const spent = cpuOf(small.child);
  await sleep(1000);
  assert.ok(cpuOf(small.child) - spent < 0.25, `${cpuOf(small.child) - spent} s in 1 s`);
  first.socket.write(get('/api/auth/me', bearer));
  await eventually('the first is served again', () => answered(2)(first.received));
  assert.equal(parseAnswers(first.received)[1].status, 200);
  others.forEach(({ socket }) => socket.destroy());
  await eventually('others are served again', () => small.api.get('/live').then(({ status }) => status === 200, () => false));
  assert.deepEqual(await small.stop(), { code: 0, signal: null });
});
