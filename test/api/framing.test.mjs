// HTTP/1.1 on the wire, sent as bytes: what must be understood, and what must be refused with the connection
// closed, so that no two readers see two different requests.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { assertProblem, invalidToken, malformed, unauthenticated } from './support/problems.mjs';
import { answered, converse, get, json, open, parseAnswers, request } from './support/raw.mjs';
import { leavesNoRow } from './support/rows.mjs';
import { startService } from './support/service.mjs';
import { newUser } from './support/users.mjs';
import { eventually } from './support/wait.mjs';

const service = await startService();
after(() => service.close());
const user = await newUser(service);
const bearer = `Authorization: Bearer ${user.token}`;

// Answered 401 once its body has been read and understood.
const refreshPath = '/api/auth/refresh';
const refreshBody = '{"refreshToken":"x"}';
const refreshRead = { ...invalidToken, instance: refreshPath };
const chunked = (chunks, path = refreshPath) =>
  `${request('POST', path, [json, 'Transfer-Encoding: chunked'])}${chunks}`;
const inChunks = (...sizes) => {
  let at = 0;
  const pieces = sizes.map((size) => refreshBody.slice(at, at += size));
  return `${pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')}0\r\n\r\n`;
};

const speak = async (pieces, count, { methods, ...options } = {}) => {
  const { received, closed } = await converse(service.url, pieces, { enough: answered(count, methods), ...options });
  return { answers: parseAnswers(received, methods), closed };
};

// One answer, then the end of the connection; what follows the request is not read as another one.
async function refusedAndClosed(bytes, expected) {
  const following = Buffer.from(get('/live'));
  const { received, closed, milliseconds } = await leavesNoRow(service, () =>
    converse(service.url, [Buffer.concat([Buffer.from(bytes, 'latin1'), following])], { patience: 15_000 }));
  const answers = parseAnswers(received);
  assert.deepEqual(answers.map(({ status }) => status), [expected.status]);
  assertProblem(answers[0], { instance: null, ...expected });
  assert.equal(answers[0].headers.get('connection'), 'close');
  assert.ok(closed && milliseconds < 15_000, 'the connection stays open');
}

describe('understood', () => {
  const cases = [
    ['a cookie without a value', [get('/live', 'Cookie: a')], 200],
    ['a directive that is new', [get('/live', 'Cache-Control: immutable')], 200],
    ['a date that is none', [get('/live', 'Date: yesterday')], 200],
    ['a media type of its own', [get('/live', 'Accept: a/b;q=x, */*;q=0')], 200],
    ['an empty Content-Type', [get('/live', 'Content-Type: ')], 200],
    ['a port beyond all ports', ['GET /live HTTP/1.1\r\nHost: a:99999\r\n\r\n'], 200],
    ['an empty line in front', ['\r\n', get('/live')], 200],
    ['white space around a value', [get('/live', 'X-Request-Id: \t abc \t ')], 200],
    ['an empty value', [get('/live', 'X-Empty:')], 200],
    ['bytes above ASCII in a value', [Buffer.from(get('/live', 'X-Name: \xe9'), 'latin1')], 200],
    ['HTTP/1.0 without a host', ['GET /live HTTP/1.0\r\n\r\n'], 200],
    ['100 fields', [get('/live', ...Array.from({ length: 99 }, (_, i) => `X-${i}: ${i}`))], 200],
    ['escapes in a path', [get('/api/sse/score/%6dine')], 401],
  ];
  for (const [name, pieces, status] of cases) {
    test(name, async () => {
      const { answers } = await speak(pieces, 1, { pause: 20 });
      assert.deepEqual(answers.map((answer) => answer.status), [status]);
    });
  }

  const bodies = {
    'one chunk': chunked(inChunks(20)),
    'many chunks': chunked(inChunks(...Array(20).fill(1))),
    'a size with zeros in front': chunked(`0014\r\n${refreshBody}\r\n0\r\n\r\n`),
    'a size in capitals': chunked(`A\r\n${refreshBody.slice(0, 10)}\r\n0a\r\n${refreshBody.slice(10)}\r\n0\r\n\r\n`),
    'Content-Length': request('POST', refreshPath, [json], refreshBody),
    'Transfer-Encoding in capitals': chunked(inChunks(20)).replace('chunked', 'CHUNKED'),
  };
  for (const [name, bytes] of Object.entries(bodies)) {
    test(`a body: ${name}`, async () => assertProblem((await speak([bytes], 1)).answers[0], refreshRead));
  }

  test('a chunk\'s line end split over two pieces, at every place', async () => {
    const bytes = chunked(inChunks(2, 18));
    const places = [...bytes.matchAll(/\r\n/g)].map(({ index }) => index + 1);
    for (const place of places) {
      const { answers } = await speak([bytes.slice(0, place), bytes.slice(place)], 1, { pause: 25 });
      assertProblem(answers[0], refreshRead);
    }
  });

  test('a request that comes byte by byte', async () => {
    const { answers } = await speak([...chunked(inChunks(7, 13))], 1, { pause: 1 });
    assertProblem(answers[0], refreshRead);
  });

  test('a request cut in two at every byte', async () => {
    const bytes = chunked(inChunks(20));
    const cut = async (place) => {
      const { answers } = await speak([bytes.slice(0, place), bytes.slice(place)], 1, { pause: 40 });
      assertProblem(answers[0], refreshRead);
    };
    for (let from = 1; from < bytes.length; from += 25) {
      await Promise.all(Array.from({ length: Math.min(25, bytes.length - from) }, (_, i) => cut(from + i)));
    }
  });
});

describe('pipelining', () => {
  const paths = Array.from({ length: 60 }, (_, i) =>
    ['/live', `/none/${i}`, '/api/auth/me', '/api/dashboard/metrics'][i % 4]);
  const requests = paths.map((path, i) => get(path, bearer, `X-Request-Id: number-${i}`));
  const statuses = paths.map((path) => (path.startsWith('/none') ? 404 : 200));

  for (const [name, pieces] of [['in one piece', [requests.join('')]], ['in pieces of 100 bytes',
    requests.join('').match(/[^]{1,100}/g)]]) {
    test(`60 requests ${name} are answered in their order`, async () => {
      const { answers } = await speak(pieces, 60, { patience: 30_000 });
      assert.deepEqual(answers.map((a) => a.headers.get('x-request-id')), paths.map((_, i) => `number-${i}`));
      assert.deepEqual(answers.map((a) => a.status), statuses);
    });
  }

  test('requests with bodies, chunked and not', async () => {
    const bodies = [request('POST', refreshPath, [json], refreshBody), chunked(inChunks(5, 15)), get('/live')];
    const { answers } = await speak([bodies.join('').repeat(5)], 15);
    assert.deepEqual(answers.map((a) => a.status), Array(5).fill([401, 401, 200]).flat());
  });

  test('a refused request ends what came before in order, and what comes after unread', async () => {
    const bytes = `${get('/live')}${get('/api/auth/me', bearer)}BAD\r\n\r\n${get('/live')}`;
    const { answers, closed } = await speak([bytes], 9);
    assert.deepEqual(answers.map((a) => a.status), [200, 200, 400]);
    assert.ok(closed);
  });

  test('nothing behind a request that asks to close is answered', async () => {
    const { answers, closed } = await speak([get('/live', 'Connection: close') + get('/live')], 2);
    assert.deepEqual([answers.length, closed], [1, true]);
  });
});

const head = (...lines) => `${['POST /api/auth/refresh HTTP/1.1', ...lines].join('\r\n')}\r\n\r\n`;
const post = (...lines) => `${head('Host: test', json, ...lines)}${refreshBody}`;

const badFraming = malformed('unclear message length');
const badLine = malformed('request line is not `METHOD target HTTP/1.1`');
const badName = malformed('malformed header field name');
const badChunks = { ...malformed('malformed chunked body'), instance: refreshPath };
const twice = malformed('header field given more than once');
const badHead = malformed('malformed request head');
const control = malformed('control character in the head');
const noLineFeed = malformed('line feed without carriage return');
const noReturn = malformed('carriage return without line feed');
const badTarget = malformed('request target must be a path in visible ASCII');
const version = { status: 505, code: 'http_version', error: 'only HTTP/1.1 and HTTP/1.0 are spoken here' };

describe('refused, and the connection closed', () => {
  const cases = {
    'two lengths that differ': [post('Content-Length: 20', 'Content-Length: 0'), badHead],
    'two lengths that agree': [post('Content-Length: 20', 'Content-Length: 20'), badHead],
    'a list of lengths': [post('Content-Length: 20, 20'), badHead],
    'a length with a sign': [post('Content-Length: +20'), badHead],
    'a length below zero': [post('Content-Length: -1'), badHead],
    'a length with a word behind': [post('Content-Length: 20x'), badHead],
    'a length in hexadecimal': [post('Content-Length: 0x14'), badHead],
    'a length that is empty': [post('Content-Length: '), badHead],
    'a length with a point': [post('Content-Length: 20.0'), badHead],
    'a length beyond 64 bits': [post('Content-Length: 99999999999999999999'), badHead],
    'a length and chunks': [post('Content-Length: 20', 'Transfer-Encoding: chunked'), badHead],
    'chunks and a length': [post('Transfer-Encoding: chunked', 'Content-Length: 20'), badHead],
    'an unknown coding': [post('Transfer-Encoding: gzip'), badFraming],
    'chunks inside a coding': [post('Transfer-Encoding: gzip, chunked'), badFraming],
    'chunks twice': [post('Transfer-Encoding: chunked, chunked'), badFraming],
    'identity': [post('Transfer-Encoding: identity'), badFraming],
    'chunked with a vertical tab': [post('Transfer-Encoding: \x0bchunked'), control],
    'chunked with a word behind': [post('Transfer-Encoding: chunkedx'), badFraming],
    'two codings': [post('Transfer-Encoding: chunked', 'Transfer-Encoding: identity'), twice],
    'chunks in HTTP/1.0': [post('Transfer-Encoding: chunked').replace('HTTP/1.1', 'HTTP/1.0'), badFraming],

    'a folded line': [head('Host: test', 'X-A: 1', ' 2'), badName],
    'a folded line with a tab': [head('Host: test', 'X-A: 1', '\t2'), badName],
    'a folded first line': [head(' Host: test'), badName],
    'a space before the colon': [head('Host : test'), badName],
    'a name with a space': [head('Host: test', 'X A: 1'), badName],
    'an empty name': [head('Host: test', ': 1'), badName],
    'a line without a colon': [head('Host: test', 'X-A'), badName],
    'a name in brackets': [head('Host: test', 'X[A]: 1'), badName],
    'a name above ASCII': [head('Host: test', 'X-\xe9: 1'), badName],
    'a NUL in a value': [head('Host: test', 'X-A: a\0b'), control],
    'a NUL in a name': [head('Host: test', 'X\0A: b'), control],
    'a DEL in a value': [head('Host: test', 'X-A: a\x7fb'), control],
    'an escape in a value': [head('Host: test', 'X-A: \x1b[0m'), control],
    'line feeds alone': [head('Host: test').replaceAll('\r\n', '\n'), noLineFeed],
    'one line feed alone': ['GET /live HTTP/1.1\nHost: test\r\n\r\n', noLineFeed],
    'a line feed at the end': ['GET /live HTTP/1.1\r\nHost: test\r\n\n', noLineFeed],
    'a carriage return alone': ['GET /live HTTP/1.1\r\nHost: te\rst\r\n\r\n', noReturn],

    'no host': [head(), malformed('one Host field is required')],
    'an empty host': [head('Host: '), malformed('one Host field is required')],
    'two hosts': [head('Host: a', 'Host: b'), twice],
    'two Authorizations': [head('Host: a', bearer, 'Authorization: Bearer x'), twice],
    'two Content-Types': [post(json, 'Content-Length: 20'), twice],
    'two Origins': [head('Host: a', 'Origin: https://a.example', 'Origin: https://b.example'), twice],

    'HTTP/0.9': ['GET /live\r\n\r\n', badLine],
    'HTTP/2.0': ['GET /live HTTP/2.0\r\nHost: a\r\n\r\n', version],
    'HTTP/1.2': ['GET /live HTTP/1.2\r\nHost: a\r\n\r\n', version],
    'HTTP/1.': ['GET /live HTTP/1.\r\nHost: a\r\n\r\n', version],
    'HTTP/1.10': ['GET /live HTTP/1.10\r\nHost: a\r\n\r\n', version],
    'http/1.1': ['GET /live http/1.1\r\nHost: a\r\n\r\n', version],
    'HTTP/2 itself': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', version],
    'two spaces': ['GET  /live HTTP/1.1\r\nHost: a\r\n\r\n', badLine],
    'a tab': ['GET\t/live HTTP/1.1\r\nHost: a\r\n\r\n', badLine],
    'a space behind': ['GET /live HTTP/1.1 \r\nHost: a\r\n\r\n', badLine],
    'a space in the path': ['GET /li ve HTTP/1.1\r\nHost: a\r\n\r\n', badLine],
    'a method in small letters': ['get /live HTTP/1.1\r\nHost: a\r\n\r\n', malformed('request line expected')],
    'an unknown method': ['BREW /live HTTP/1.1\r\nHost: a\r\n\r\n',
      { status: 501, code: 'unknown_method', error: 'unknown request method' }],
    'two empty lines in front': ['\r\n\r\nGET /live HTTP/1.1\r\nHost: a\r\n\r\n', malformed('request line expected')],
    'a TLS greeting': ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', malformed('request line expected')],
    'a whole address for a path': ['GET http://a/live HTTP/1.1\r\nHost: a\r\n\r\n', badTarget],
    'no slash': ['GET live HTTP/1.1\r\nHost: a\r\n\r\n', badHead],
    'a star': ['GET * HTTP/1.1\r\nHost: a\r\n\r\n', badTarget],
    'a fragment': ['GET /live#x HTTP/1.1\r\nHost: a\r\n\r\n', badTarget],
    'a path above ASCII': ['GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n', badTarget],
    'CONNECT': ['CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n', badTarget],

    'a chunk extension': [chunked(`14;a=b\r\n${refreshBody}\r\n0\r\n\r\n`), badChunks],
    'a chunk size with 0x': [chunked(`0x14\r\n${refreshBody}\r\n0\r\n\r\n`), badChunks],
    'a chunk size with a sign': [chunked(`+14\r\n${refreshBody}\r\n0\r\n\r\n`), badChunks],
    'a chunk size with a space': [chunked(`14 \r\n${refreshBody}\r\n0\r\n\r\n`), badChunks],
    'an empty chunk size': [chunked(`\r\n${refreshBody}\r\n0\r\n\r\n`), badChunks],
    'a chunk size of 9 digits': [chunked(`000000014\r\n${refreshBody}\r\n0\r\n\r\n`), badChunks],
    'a chunk longer than its size': [chunked(`2\r\n${refreshBody}\r\n0\r\n\r\n`), badChunks],
    'a chunk without its line end': [chunked(`14\r\n${refreshBody}0\r\n\r\n`), badChunks],
    'a chunk that ends in a line feed': [chunked(`14\r\n${refreshBody}\n0\r\n\r\n`), badChunks],
    'a chunk size that ends in a line feed': [chunked(`14\n${refreshBody}\r\n0\r\n\r\n`), badChunks],
    'fields behind the chunks': [chunked(`14\r\n${refreshBody}\r\n0\r\nHost: b\r\n\r\n`), badChunks],
    'a chunk of 4 GiB': [chunked('ffffffff\r\n'), { status: 413, code: 'body_too_large',
      error: 'request body is larger than this endpoint allows', instance: refreshPath }],

    'an expectation that nobody knows': [post('Content-Length: 20', 'Expect: 200-ok'),
      { status: 417, code: 'expectation_failed', error: 'only `Expect: 100-continue` is understood' }],
  };
  for (const [name, [bytes, expected]] of Object.entries(cases)) {
    test(name, () => refusedAndClosed(bytes, expected));
  }
});

describe('limits', () => {
  const tooLong = { status: 414, code: 'uri_too_long', error: 'request target is longer than 4096 bytes' };
  const tooWide = { status: 431, code: 'header_too_large', error: 'header section is larger than 8192 bytes' };
  const tooLarge = (instance) => ({
    status: 413, code: 'body_too_large', error: 'request body is larger than this endpoint allows', instance });
  const path = (length) => `/${'x'.repeat(length - 1)}`;
  const withHead = (length) => {
    const bytes = get('/live', 'X-Filler: ');
    return bytes.replace('X-Filler: ', `X-Filler: ${'x'.repeat(length - bytes.length)}`);
  };

  test('a path of 4096 bytes is looked up, one of 4097 is refused', async () => {
    const { answers } = await speak([get(path(4096))], 1);
    assert.equal(answers[0].status, 404);
    await refusedAndClosed(get(path(4097)), tooLong);
    await refusedAndClosed(get(path(16_000)), tooLong);
  });

  test('16,000 slashes do no harm', () => refusedAndClosed(get('/'.repeat(16_000)), tooLong));

  test('a head of 8192 bytes is read, one of 8193 is refused', async () => {
    assert.equal((await speak([withHead(8192)], 1)).answers[0].status, 200);
    await refusedAndClosed(withHead(8193), tooWide);
    await refusedAndClosed(withHead(100_000), tooWide);
  });

  test('a head without end is refused as soon as it is too large', () =>
    refusedAndClosed(`GET /live HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(9000)}`, tooWide));

  test('101 fields are refused', () => refusedAndClosed(
    get('/live', ...Array.from({ length: 100 }, (_, i) => `X-${i}: 1`)),
    { status: 431, code: 'header_too_large', error: 'more than 100 header fields' }));

  // The declared length is enough to refuse; the connection is closed and the body never becomes a request.
  const sizes = [
    ['/api/auth/refresh', 65_536, []], ['/api/sse/calculate', 1_048_576, [bearer]],
    ['/api/dashboard/metrics', 8_388_608, [bearer]],
  ];
  for (const [endpoint, limit, fields] of sizes) {
    const filled = (length) => `{"x":"${'x'.repeat(length - 8)}"}`;

    test(`a body of ${limit} bytes is read by ${endpoint}`, async () => {
      const bytes = request('POST', endpoint, [json, ...fields], filled(limit));
      const { answers } = await speak([bytes], 1, { patience: 30_000 });
      assert.match(answers[0].body.error, /^Missing required field: /);
    });

    test(`one byte more is refused by ${endpoint} before it comes`, () => refusedAndClosed(
      request('POST', endpoint, [json, ...fields, `Content-Length: ${limit + 1}`]), tooLarge(endpoint)));

    test(`one byte more is refused by ${endpoint} with the body`, () => refusedAndClosed(
      request('POST', endpoint, [json, ...fields], filled(limit + 1)), tooLarge(endpoint)));

    test(`one byte more in chunks is refused by ${endpoint}`, () => refusedAndClosed(
      `${request('POST', endpoint, [json, ...fields, 'Transfer-Encoding: chunked'])}${(limit + 1).toString(16)}\r\n`
        + `${filled(limit + 1)}\r\n0\r\n\r\n`, tooLarge(endpoint)));
  }

  test('a request in the part of the body that is too much is not executed', async () => {
    const smuggled = request('POST', '/api/gamification/action', [bearer, json], '{"actionType":"pivot","domain":"x"}');
    await refusedAndClosed(`${request('POST', refreshPath, [json, 'Content-Length: 65537'])}${smuggled}`,
      tooLarge(refreshPath));
    await refusedAndClosed(request('POST', refreshPath, [json], smuggled.repeat(400)), tooLarge(refreshPath));
  });

  test('a length of 10 GB reserves nothing', async () => {
    await refusedAndClosed(request('POST', refreshPath, [json, 'Content-Length: 10000000000']), tooLarge(refreshPath));
    assert.equal((await service.api.get('/live')).status, 200);
  });

  test('a GET has no body', () => refusedAndClosed(
    request('GET', '/api/auth/me', [bearer], 'x'), tooLarge('/api/auth/me')));
});

describe('Expect: 100-continue', () => {
  const waiting = (fields, length = refreshBody.length) =>
    request('POST', refreshPath, [json, 'Expect: 100-continue', `Content-Length: ${length}`, ...fields]);

  test('is answered before the body comes, and the body is then read', async () => {
    const peer = open(service.url);
    peer.socket.write(waiting([]));
    await eventually('100 Continue', () => peer.received.includes('100 Continue\r\n\r\n'));
    peer.socket.write(refreshBody);
    await eventually('the answer', () => answered(1)(peer.received));
    const [first, second] = parseAnswers(peer.received);
    peer.socket.destroy();
    assert.equal(first.status, 100);
    assertProblem(second, refreshRead);
  });

  test('is not answered when the body is too large, or nobody may send it', async () => {
    await refusedAndClosed(waiting([], 70_000), {
      status: 413, code: 'body_too_large', error: 'request body is larger than this endpoint allows',
      instance: refreshPath });
    const { answers, closed } = await speak([waiting([]).replace(refreshPath, '/api/sse/calculate')], 1, { pause: 50 });
    assert.equal(answers.length, 1);
    assertProblem(answers[0], { ...unauthenticated, instance: '/api/sse/calculate' });
    assert.equal(answers[0].headers.get('connection'), 'close');
    assert.ok(closed || answers[0].headers.get('connection') === 'close');
  });

  test('is not sent to HTTP/1.0', async () => {
    const { answers } = await speak([waiting([]).replace('HTTP/1.1', 'HTTP/1.0') + refreshBody], 1);
    assert.equal(answers[0].status, 401);
  });
});

describe('keeping and closing the connection', () => {
  const cases = [
    ['HTTP/1.1 keeps it', [get('/live'), get('/live')], ['keep-alive', 'keep-alive'], false],
    ['Connection: close closes it', [get('/live', 'Connection: close')], ['close'], true],
    ['in any case', [get('/live', 'connection: CLOSE')], ['close'], true],
    ['HTTP/1.0 closes it', ['GET /live HTTP/1.0\r\n\r\n'], ['close'], true],
    ['HTTP/1.0 keeps it when asked', ['GET /live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', get('/live')],
      ['keep-alive', 'keep-alive'], false],
    ['a refusal of values keeps it', [get('/api/dashboard/metrics?days=0', bearer), get('/live')],
      ['keep-alive', 'keep-alive'], false],
    ['an answer of the database closes it, too', [get('/api/auth/me', bearer, 'Connection: close')], ['close'], true],
  ];
  for (const [name, pieces, connections, closes] of cases) {
    test(name, async () => {
      const { answers, closed } = closes ? await speak(pieces, 9) : await speak(pieces, pieces.length, { pause: 200 });
      assert.deepEqual(answers.map((a) => a.headers.get('connection')), connections);
      assert.equal(closed, closes);
    });
  }

  test('a client that has said all it has to say still gets its answer', async () => {
    const peer = open(service.url);
    peer.socket.end(get('/api/auth/me', bearer));
    await eventually('the answer', () => answered(1)(peer.received));
    assert.equal(parseAnswers(peer.received)[0].status, 200);
    peer.socket.destroy();
  });
});

describe('HEAD', () => {
  for (const [path, status] of [['/live', 200], ['/api/auth/me', 200], ['/none', 404], ['/api/health', 200]]) {
    test(`${path} has the head of GET and no body`, async () => {
      const { answers } = await speak([request('HEAD', path, [bearer]) + get(path, bearer)], 2, { methods: ['HEAD'] });
      const [headOnly, whole] = answers;
      assert.deepEqual([headOnly.status, headOnly.text, whole.status], [status, '', status]);
      const lengths = [headOnly, whole].map((a) => Number(a.headers.get('content-length')));
      if (path !== '/api/health' && status === 200) assert.equal(lengths[0], lengths[1]);
      assert.equal(lengths[1], Buffer.byteLength(whole.text));
      assert.equal(headOnly.headers.get('content-type'), whole.headers.get('content-type'));
    });
  }
});
