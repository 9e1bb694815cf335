// Requests that no client would send, made from valid ones: their values, fields, framing and bytes are changed, some at a time.
// The same seed and number give the same bytes for the same users.
import { Random } from './random.mjs';
import { everyOperation, sampleRequest } from './samples.mjs';

// --- Values -------------------------------------------------------------------------------------------------------

// JSON as text, for what JavaScript would not write.
const rawValues = ['null', '0', '-1', '-0', '1e400', '1e-400', '9223372036854775808', '01', '+1', '.5', 'NaN', 'Infinity', 'true',
  '""', '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\u0000"', '"\t"', '"\\x"', '"\\u12"', '"%00%0d%0a"', '"\'; select 1 --"',
  '"$1 :x @y"', '"../../etc/passwd"', '"<script>"', '"\ud83d\ude00"', '"00000000-0000-0000-0000-000000000000"', '"{}"',
  '"infinity"', '"9999-12-31"', '"-4713-01-01"', '[]', '{}', '[null]', '{"":""}', '{"a":1,"a":2}', '{"__proto__":1}', '}', ']', '"',
  ',', '/**/1', `"${'x'.repeat(5000)}"`, `${'['.repeat(31)}${']'.repeat(31)}`, `${'['.repeat(600)}${']'.repeat(600)}`,
  `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`, `[${'0,'.repeat(2000)}0]`, '1'.repeat(500), '1'.padEnd(70, '0'), `0.${'3'.repeat(400)}`];

const words = ['', '*', '*/*', 'a', ',', ';', ', ,', '"', '"\\', 'W/"x"', '"x"', '*/*;q=2', 'text/csv', 'text/event-stream',
  'application/json', 'application/json; charset=utf-16', 'multipart/form-data; boundary=x', 'gzip', 'gzip;q=0', 'br, gzip;q=nan', 'close',
  'keep-alive', 'upgrade', 'keep-alive, Upgrade, close', 'websocket', 'h2c', 'chunked', 'identity', 'gzip, chunked', '0', '1', '-1',
  '18446744073709551616', '99999999999999999999', '0x10', '100-continue', '200-ok', 'null', 'https://evil.example', 'Bearer', 'Bearer ',
  'Bearer a.b.c', 'Bearer ak_00000000_x', 'Basic YTpi', '127.0.0.1', '::1, 10.0.0.1', 'for="[::1]:x"', '999.1.1.1', 'bytes=0-0,-1',
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '00-00000000000000000000000000000000-0000000000000000-00', 'a=b; c', '=',
  'a%0d%0aX: y', '%00', 'é', 'x'.repeat(3000), 'x,'.repeat(1500), '\t \t', '\x00', '\x7f', '\x0b', 'a\rb', 'a\nb', 'a\r\n b'];

const names = ['Accept', 'Accept-Encoding', 'Authorization', 'Cache-Control', 'Connection', 'Content-Length', 'Content-Type',
  'Cookie', 'Expect', 'Forwarded', 'Host', 'If-Match', 'If-None-Match', 'Idempotency-Key', 'Last-Event-ID', 'Origin', 'Range', 'TE', 'Trailer',
  'Transfer-Encoding', 'traceparent', 'tracestate', 'Upgrade', 'HTTP2-Settings', 'Via', 'X-Forwarded-For', 'X-HTTP-Method-Override',
  'X-Request-Id', 'X-User-Id', 'Access-Control-Request-Method', '', ' ', 'A B', 'X\x00', 'X:', 'é', 'x'.repeat(300)];

const targets = ['*', '/', '//', '/..', '/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/docs/../../etc/passwd', '/docs/%2e%2e%2f', '/%',
  '/%zz', '/%00', '/\\', '/é', '/ ', '/live#x', 'http://a/live', 'a:80', '?', '/?', '/live?', '/live?&&=&', '/live?a=1&a=2',
  '/live?a=%00', '/live?a=%', '/api/events', `/${'/'.repeat(4000)}`, '/'.repeat(16_000), `/live?${'a&'.repeat(1500)}`, `/${'%41'.repeat(1300)}`,
  `/live?${'x'.repeat(5000)}`, '/api/sse/score/%c0%af', '/api/history/users/1%27', '/api//health', '/api/health/', '/API/HEALTH'];

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'PRI', 'BREW', 'get', '', 'G\x00T'];

const versions = ['HTTP/1.0', 'HTTP/1.1', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.', 'http/1.1', 'HTTP/11', '', 'HTTP/1.1 '];

// --- Of a request as its parts ------------------------------------------------------------------------------------

const placesIn = (value, path = []) => (value !== null && typeof value === 'object'
  ? [path, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...path, key]))] : [path]);

// The document with other text in one place.
function withText(json, [key, ...rest], raw) {
  if (key === undefined) return raw;
  const members = Object.entries(json).map(([name, value]) =>
    [name, name === key ? withText(value, rest, raw) : JSON.stringify(value)]);
  return Array.isArray(json) ? `[${members.map(([, value]) => value).join()}]`
    : `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`;
}

const setBody = (request, body) => {
  request.body = Buffer.from(body);
  if (request.framing === 'none') request.framing = 'length';
};

const insert = (list, random, item) => list.splice(random.below(list.length + 1), 0, item);

// Of the body and the query alone: the head is still one that is understood.
const ofValues = {
  value: (request, random) => {
    const json = request.json ?? { startupId: random.uuid() };
    setBody(request, withText(json, random.pick(placesIn(json)), random.pick(rawValues)));
  },
  memberTwice: (request) => setBody(request, request.body.toString().replace(/^\{("\w+":)/, '{$1null,$1')),
  memberMissing: (request, random) => {
    const json = { ...request.json };
    delete json[random.pick(Object.keys(json))];
    setBody(request, JSON.stringify(json));
  },
  memberMore: (request, random) => setBody(request, JSON.stringify({ ...request.json, [random.pick(names)]: random.pick(words) })),
  cut: (request, random) => setBody(request, request.body.subarray(0, random.below(request.body.length + 1))),
  wide: (request, random) => setBody(request, Buffer.concat([request.body, Buffer.alloc(random.below(40_000), ' ')])),
  bytes: (request, random) => setBody(request, edited(Buffer.concat([request.body, Buffer.from(' ')]), random)),
  query: (request, random) => {
    request.target += `${request.target.includes('?') ? '&' : '?'}${random.pick(['limit', 'days', 'cursor', 'type', 'x', ''])}=`
      + encodeURIComponent(random.pick(words));
  },
};

const ofHead = {
  method: (request, random) => { request.method = random.pick(methods); },
  target: (request, random) => { request.target = random.pick(targets); },
  targetBytes: (request, random) => { request.target = edited(Buffer.from(request.target), random).toString('latin1'); },
  version: (request, random) => { request.version = random.pick(versions); },
  field: (request, random) => insert(request.fields, random, [random.pick(names), random.pick(words)]),
  fieldOfName: (request, random) => insert(request.fields, random, [random.hex(3), random.pick(words)]),
  fieldTwice: (request, random) => insert(request.fields, random, [...random.pick(request.fields)]),
  fieldMissing: (request, random) => request.fields.splice(random.below(request.fields.length), 1),
  fieldValue: (request, random) => { random.pick(request.fields)[1] = random.pick(words); },
  fieldCase: (request, random) => {
    const field = random.pick(request.fields);
    field[0] = random.chance(0.5) ? field[0].toUpperCase() : ` ${field[0]}`;
  },
  manyFields: (request, random) => {
    for (let n = random.between(80, 130); n > 0; n -= 1) request.fields.push([`X-${n}`, 'x']);
  },
  wideField: (request, random) => request.fields.push(['X-Wide', 'x'.repeat(random.between(7000, 9000))]),
  chunks: (request) => { request.framing = 'chunks'; },
  badChunks: (request) => { request.framing = 'badChunks'; },
  wrongLength: (request) => { request.framing = 'wrongLength'; },
  lengthAndChunks: (request) => { request.framing = 'lengthAndChunks'; },
  unframed: (request) => { request.framing = 'none'; },
};

// --- As bytes -----------------------------------------------------------------------------------------------------

const seams = ['\r\n', '\n', '\r', '\0', '\r\n\r\n', ' ', '\t', ':', '0', ';', '%', '\xff', 'GET /live HTTP/1.1\r\n', '0\r\n\r\n'];

// One change at a place: a bit, some bytes less, some twice, something between.
const edits = [
  (bytes, at, random) => Buffer.concat([bytes.subarray(0, at), Buffer.from([bytes[at] ^ (1 << random.below(8))]), bytes.subarray(at + 1)]),
  (bytes, at, random) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.between(1, 20))]),
  (bytes, at, random) => Buffer.concat([bytes.subarray(0, at + random.between(1, 30)), bytes.subarray(at)]),
  (bytes, at, random) => Buffer.concat([bytes.subarray(0, at), Buffer.from(random.pick(seams), 'latin1'), bytes.subarray(at)]),
  (bytes, at, random) => Buffer.concat([bytes.subarray(0, at), Buffer.from(random.hex(random.between(1, 8)), 'hex'), bytes.subarray(at)]),
  (bytes, at) => bytes.subarray(0, at),
];

function edited(bytes, random) {
  let result = bytes;
  for (let n = random.between(1, 4); n > 0 && result.length > 0; n -= 1) {
    result = random.pick(edits)(result, random.below(result.length), random);
  }
  return result;
}

function inChunks(body, random, size = (length) => length.toString(16)) {
  const parts = [];
  for (let at = 0; at < body.length;) {
    const piece = body.subarray(at, at + random.between(1, Math.max(1, body.length >> 1)));
    parts.push(Buffer.from(`${size(piece.length)}\r\n`), piece, Buffer.from('\r\n'));
    at += piece.length;
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

const badSizes = [(n) => `0x${n.toString(16)}`, (n) => `${n.toString(16)};a=b`, (n) => `-${n}`, (n) => (n + 1).toString(16), () => 'ffffffff',
  () => '', (n) => n.toString(16).padStart(40, '0'), () => 'fffffffffffffffff', (n) => `${n.toString(16)} `, () => 'g'];

const framings = {
  none: ({ body }) => [[], body],
  length: ({ body }) => [[['Content-Length', body.length]], body],
  wrongLength: ({ body }, random) => [[['Content-Length', random.pick([0, body.length - 1, body.length + 1, 10_000_000_000])]], body],
  chunks: ({ body }, random) => [[['Transfer-Encoding', 'chunked']], inChunks(body, random)],
  badChunks: ({ body }, random) => [[['Transfer-Encoding', 'chunked']], inChunks(body, random, random.pick(badSizes))],
  lengthAndChunks: ({ body }, random) =>
    [[['Content-Length', body.length], ['Transfer-Encoding', 'chunked']], inChunks(body, random)],
};

function bytesOf(request, random) {
  const [framing, body] = framings[request.framing](request, random);
  const lines = [...request.fields, ...framing].map(([name, value]) => `${name}: ${value}`);
  const head = [[request.method, request.target, request.version].join(' '), ...lines, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

// --- A connection -------------------------------------------------------------------------------------------------

const changesState = /logout|\/password$|sessions\/\{|admin\/|totp|active-organization/;
const isCostly = ({ 'x-auxeira': { budget } = {} }) => budget === 'costly' || budget === 'password';
const choices = everyOperation.filter(({ path }) => path !== '/api/admin/synthetic/ecosystem')
  .flatMap((operation) => Array(isCostly(operation) ? 1 : 8).fill(operation));

// What ends sessions and changes rights is done by users that nothing else depends on.
function makeRequest(random, users) {
  const operation = random.pick(choices);
  const user = users[changesState.test(operation.path) ? 'careless' : random.pick(['founder', 'investor'])];
  const request = sampleRequest(operation, random, user);
  request.takesBody = operation.requestBody !== undefined;
  request.fields.unshift(['Host', 'fuzz'], ['X-Request-Id', `fz-${random.hex(12)}`]);
  return request;
}

function mutate(request, random, table, most) {
  for (let n = random.between(1, most); n > 0; n -= 1) {
    if (request.fields.length > 0) random.pick(Object.values(table))(request, random);
  }
}

// Behind a request that cannot be read nothing is: where the heads are left alone all of them are answered.
const kinds = { calm: ['plain', 'values', 'values', 'values'], wild: ['plain', 'head', 'head', 'head', 'bytes', 'bytes', 'both'] };

function oneRequest(random, users, style) {
  const kind = random.pick(kinds[style]);
  const request = makeRequest(random, users);
  const { method, target } = request;
  if (kind === 'values' || kind === 'both') mutate(request, random, request.takesBody ? ofValues : { query: ofValues.query }, 2);
  if (kind === 'head' || kind === 'both') mutate(request, random, ofHead, 3);
  const bytes = bytesOf(request, random);
  const isUnderstood = kind === 'plain' || kind === 'values';
  return { bytes: kind === 'bytes' ? edited(bytes, random) : bytes, isUnderstood, method, target: isUnderstood ? request.target : target };
}

// The bytes cut at some places, most often at none.
function cut(bytes, random) {
  const count = random.pick([0, 0, 0, 1, 2, 5, 20]);
  const places = Array.from({ length: count }, () => random.below(bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length)).filter(({ length }) => length > 0);
}

// What is sent over connection `number`, and how it ends: with the client's end, with a reset, or by leaving.
export function conversation(seed, number, users) {
  const random = new Random(seed, number);
  const style = random.pick(['calm', 'wild']);
  const requests = Array.from({ length: random.pick([1, 1, 2, 3, 5]) }, () => oneRequest(random, users, style));
  const pieces = cut(Buffer.concat(requests.map(({ bytes }) => bytes)), random);
  return { requests, pieces, ending: random.pick(['end', 'end', 'end', 'end', 'end', 'end', 'reset', 'leave']) };
}
