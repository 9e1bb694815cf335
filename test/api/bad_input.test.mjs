// Requests that are refused: each with its exact status and body, and nothing left in the database.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { userTypes } from './support/api.mjs';
import { assertProblem, malformed, missing, unacceptable } from './support/problems.mjs';
import { leavesNoRow } from './support/rows.mjs';
import { complete } from './support/scores.mjs';
import { startService } from './support/service.mjs';
import { newUser } from './support/users.mjs';

const service = await startService();
after(() => service.close());

const user = await newUser(service);
const startupId = user.organizationId;
await user.api.post('/api/sse/calculate', { startupId, responses: complete.responses });

const kinds = userTypes.join(', ');
const now = new Date().toISOString();
const point = (fields) => ({ dashboard_type: 'startup_founder', metric_timestamp: now, metrics: { x: 1 }, ...fields });
const long = 'x'.repeat(1_000_000);
const shortened = `"${'x'.repeat(59)}...`; // how a message shows a long value

const notJson = (line, byte, reason = 'not valid JSON') => ({
  status: 400, code: 'malformed_json', error: `Malformed JSON at line ${line}, byte ${byte}: ${reason}`,
});

// Refused by the database in words of its own, which are not shown.
const outOfRange = (code) => ({ status: 422, code, error: 'A value in the request is not acceptable' });

const conflict = { status: 409, code: '23505', error: 'The same thing already exists' };

// Each case: a name, what is sent, what is answered.
function refuses(title, send, cases) {
  describe(title, () => {
    for (const [name, sent, expected] of cases) {
      test(name, async () => assertProblem(await leavesNoRow(service, () => send(sent)), expected));
    }
  });
}

// --- JSON that is none, or that two readers could take in two ways --------------------------------------------

const nested = (levels) => '{"x":'.repeat(levels - 1) + '{}' + '}'.repeat(levels - 1);
const bytes = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));
const around = (...value) => bytes('{"x":"', ...value, '"}');

const texts = [
  ['nothing', '', notJson(1, 1, 'a JSON object is expected')],
  ['white space', ' \n ', notJson(1, 1, 'a JSON object is expected')],
  ['a list', '[]', notJson(1, 1, 'a JSON object is expected')],
  ['a string', '"{}"', notJson(1, 1, 'a JSON object is expected')],
  ['null', 'null', notJson(1, 1, 'a JSON object is expected')],
  ['a number', ' 5', notJson(1, 2, 'a JSON object is expected')],
  ['half an object', '{"startupId":', notJson(1, 13)],
  ['an open brace', '{', notJson(1, 1)],
  ['two objects', '{} {}', notJson(1, 4)],
  ['something behind', '{}x', notJson(1, 3)],
  ['a comma too many', '{"a":1,}', notJson(1, 8)],
  ['a comment', '{/* */}', notJson(1, 2)],
  ['single quotes', "{'a':1}", notJson(1, 2)],
  ['a bare key', '{a:1}', notJson(1, 2)],
  ['on the third line', '{\n"a":\n}', notJson(3, 8)],
  ['NaN', '{"a":NaN}', notJson(1, 6)],
  ['Infinity', '{"a":-Infinity}', notJson(1, 7)],
  ['1e400', '{"a":1e400}', notJson(1, 11)],
  ['-1e400', '{"a":-1e400}', notJson(1, 12)],
  ['a leading zero', '{"a":01}', notJson(1, 8)],
  ['a hexadecimal number', '{"a":0x1F}', notJson(1, 7)],
  ['a plus sign', '{"a":+1}', notJson(1, 6)],
  ['a bare point', '{"a":1.}', notJson(1, 8)],
  ['a newline in a string', '{"a":"\n"}', notJson(2, 7)],
  ['an unknown escape', '{"a":"\\x41"}', notJson(1, 8)],
  ['half an escape', '{"a":"\\u12"}', notJson(1, 11)],
  ['a lone high surrogate', '{"a":"\\ud800"}', notJson(1, 13)],
  ['a lone low surrogate', '{"a":"\\udc00"}', notJson(1, 12)],
  ['surrogates the wrong way round', '{"a":"\\udc00\\ud800"}', notJson(1, 12)],
  ['a lone surrogate in a key', '{"\\ud800":1}', notJson(1, 9)],
  ['\\u0000 in a string', '{"a":"\\u0000"}', notJson(1, 13, 'a string contains \\u0000')],
  ['\\u0000 in a key', '{"\\u0000":1}', notJson(1, 9, 'a string contains \\u0000')],
  ['a NUL byte', bytes('{"a":1}', [0]), notJson(1, 8, 'contains a NUL byte')],
  ['a NUL byte in a string', around([0]), notJson(1, 7, 'contains a NUL byte')],
  ['a byte order mark', bytes([0xef, 0xbb, 0xbf], '{}'), notJson(1, 1, 'a JSON object is expected')],
  ['UTF-16', Buffer.from('{}', 'utf16le'), notJson(1, 2, 'contains a NUL byte')],
  ['a stray byte', around([0xff]), notJson(1, 7)],
  ['Latin-1', around([0xe9]), notJson(1, 8)],
  ['an overlong slash', around([0xc0, 0xaf]), notJson(1, 7)],
  ['a surrogate in UTF-8', around([0xed, 0xa0, 0x80]), notJson(1, 8)],
  ['beyond Unicode', around([0xf4, 0x90, 0x80, 0x80]), notJson(1, 8)],
  ['a cut character', around([0xf0, 0x9f, 0xa6]), notJson(1, 10)],
  ['a key twice', '{"a":1,"b":2,"a":3}', notJson(1, 19, 'duplicate key "a"')],
  ['a key twice, once escaped', '{"a":1,"\\u0061":3}', notJson(1, 18, 'duplicate key "a"')],
  ['a key twice inside', '{"x":{"a":1,"a":1}}', notJson(1, 18, 'duplicate key "a"')],
  ['33 levels', nested(33), notJson(1, 161, 'nested deeper than 32 levels')],
  ['10,000 levels', nested(10_000), notJson(1, 161, 'nested deeper than 32 levels')],
  ['60,000 open lists', `{"x":${'['.repeat(60_000)}`, notJson(1, 37, 'nested deeper than 32 levels')],
];

refuses('JSON text for an API function', (body) => user.api.send('POST', '/api/sse/calculate', { body }), texts);
refuses('JSON text for a login', (body) => service.api.send('POST', '/api/auth/login', { body }), texts);

test('32 levels are read', async () => {
  const { status } = await user.api.send('POST', '/api/gamification/action', {
    body: `{"actionType":"pivot","domain":"x","metadata":${nested(31)}}` });
  assert.equal(status, 201);
});

// --- Values, by endpoint ----------------------------------------------------------------------------------------

const parameter = (name, value) => `?${name}=${encodeURIComponent(value)}`;

refuses('parameters of GET /api/dashboard/metrics', (query) => user.api.get(`/api/dashboard/metrics${query}`), [
  ['days=0', '?days=0', unacceptable(['days', '0 is below the minimum 1'])],
  ['days=-1', '?days=-1', unacceptable(['days', '-1 is below the minimum 1'])],
  ['days=36501', '?days=36501', unacceptable(['days', '36501 is above the maximum 36500'])],
  ['days beyond 64 bits', '?days=99999999999999999999',
    unacceptable(['days', '99999999999999999999 is above the maximum 36500'])],
  ['days with 50 digits', `?days=${'9'.repeat(50)}`, unacceptable(['days', `"${'9'.repeat(50)}" is not an integer`])],
  ['days=1.5', '?days=1.5', unacceptable(['days', '1.5 is not an integer'])],
  ...['', 'NaN', 'Infinity', '1e2', '0x1F', '1_0', 'thirty', ' 5', "1; drop table users", "1' or '1'='1", '５']
    .map((text) => [`days=${text}`, parameter('days', text), unacceptable(['days', `"${text}" is not an integer`])]),
  ['days=null', '?days=null', unacceptable(['days', '"null" is not an integer'])],
  ['days without a value', '?days', unacceptable(['days', '"" is not an integer'])],
  ['type=admin', '?type=admin', unacceptable(['type', `"admin" is not one of ${kinds}`])],
  ['type=STARTUP_FOUNDER', '?type=STARTUP_FOUNDER', unacceptable(['type', `"STARTUP_FOUNDER" is not one of ${kinds}`])],
  ["type=' or true --", parameter('type', "' or true --"),
    unacceptable(['type', `"' or true --" is not one of ${kinds}`])],
  ['includeSynthetic=yes', '?includeSynthetic=yes', unacceptable(['includeSynthetic', '"yes" is not true or false'])],
  ['includeSynthetic=1', '?includeSynthetic=1', unacceptable(['includeSynthetic', '"1" is not true or false'])],
  ['limit=0', '?limit=0', unacceptable(['limit', '0 is below the minimum 1'])],
  ['limit=1001', '?limit=1001', unacceptable(['limit', '1001 is above the maximum 1000'])],
  ['metric empty', '?metric=', unacceptable(['metric', 'has 0 characters, 1 to 100 are allowed'])],
  ['metric of 101 characters', `?metric=${'x'.repeat(101)}`,
    unacceptable(['metric', 'has 101 characters, 1 to 100 are allowed'])],
  ...['yesterday', '2026-02-30T00:00:00Z', '2026-01-01', '2026-01-01T24:00:00Z', '2026-01-01T00:00:60Z', 'infinity',
    'now']
    .map((text) => [`from=${text}`, parameter('from', text),
      unacceptable(['from', `"${text}" is not a date and time such as 2026-01-31T23:59:59Z`])]),
  ['a foreign cursor', '?cursor=1', unacceptable(['cursor', 'it is not one that an earlier page gave'])],
  ['a cursor that is SQL', parameter('cursor', "1_'||pg_sleep(9)||'"),
    unacceptable(['cursor', 'it is not one that an earlier page gave'])],
  ['a cursor before all times', `?cursor=-999999999999999999_${randomUUID()}`,
    unacceptable(['cursor', 'it is not one that an earlier page gave'])],
  ['all faults at once', '?days=0&limit=0&type=x&includeSynthetic=maybe', unacceptable(
    ['days', '0 is below the minimum 1'], ['type', `"x" is not one of ${kinds}`],
    ['limit', '0 is below the minimum 1'], ['includeSynthetic', '"maybe" is not true or false'])],
  ['a parameter twice', '?days=1&days=2', malformed('query parameter given more than once')],
  ['a parameter twice, once escaped', '?days=1&d%61ys=1', malformed('query parameter given more than once')],
  ['an unknown parameter twice', '?x=1&x=1', malformed('query parameter given more than once')],
  ...['%', '%2', '%zz', '%00', '%ff', '%c0%80', '%ed%a0%80', '%u0041']
    .map((text) => [`the escape ${text}`, `?metric=${text}`, malformed('query string has a bad percent escape')]),
  ['a bad escape in a name', '?%zz=1', malformed('query string has a bad percent escape')],
]);

const notFound = { status: 404, code: 'not_found', error: 'There is nothing here' };
const noUuid = (text) => unacceptable(['startupId',
  `${JSON.stringify(text)} is not a UUID such as 6f9619ff-8b86-4d01-b42d-00cf4fc964ff`]);

refuses('the path of GET /api/sse/score/:startupId', (text) => user.api.get(`/api/sse/score/${text}`), [
  ['no id', '', notFound],
  ['a word', 'mine', noUuid('mine')],
  ['a number', '1', noUuid('1')],
  ['SQL', encodeURIComponent("' or '1'='1"), noUuid("' or '1'='1")],
  ['a path', '..%2f..%2fadmin%2fstats', noUuid('../../admin/stats')],
  ['a UUID with braces', encodeURIComponent(`{${startupId}}`), noUuid(`{${startupId}}`)],
  ['a UUID without hyphens', startupId.replaceAll('-', ''), noUuid(startupId.replaceAll('-', ''))],
  ['a UUID and more', `${startupId}x`, noUuid(`${startupId}x`)],
  ['a bad escape', '%zz', malformed('path has a bad percent escape')],
  ['a NUL', '%00', malformed('path has a bad percent escape')],
  ['one part too many', `${startupId}/x`, notFound],
  ['somebody\'s or nobody\'s', randomUUID(), { status: 404, code: 'P0002', error: 'SSE score not found' }],
]);

test('the id in the path wins over one in the query', async () => {
  const { status, body } = await user.api.get(`/api/sse/score/${startupId}?startupId=${randomUUID()}`);
  assert.deepEqual([status, body.data.currentScore], [200, 63]);
});

const inPoint = (field, message) => unacceptable([`metrics[0].${field}`, message]);
const dateTime = 'is not a date and time such as 2026-01-31T23:59:59Z';

refuses('POST /api/dashboard/metrics', (metrics) => user.api.post('/api/dashboard/metrics', { metrics }), [
  ['no metrics', undefined, missing('metrics', ['metrics', 'this field is required'])],
  ['null', null, missing('metrics', ['metrics', 'this field is required'])],
  ['an object', {}, unacceptable(['metrics', 'an object is not an array'])],
  ['a string', 'x', unacceptable(['metrics', '"x" is not an array'])],
  ['no point', [], unacceptable(['metrics', 'needs at least one item'])],
  ['1001 points', Array.from({ length: 1001 }, () => point()),
    unacceptable(['metrics', 'has 1001 items, at most 1000 are allowed'])],
  ['a point that is a number', [5], unacceptable(['metrics[0]', '5 is not an object'])],
  ['a point that is null', [null], unacceptable(['metrics[0]', 'null is not an object'])],
  ['an empty point', [{}], missing('metrics[0].dashboard_type', ['metrics[0].dashboard_type', 'this field is required'],
    ['metrics[0].metric_timestamp', 'this field is required'], ['metrics[0].metrics', 'this field is required'])],
  ['an unknown dashboard', [point({ dashboard_type: 'ceo' })],
    inPoint('dashboard_type', `"ceo" is not one of ${kinds}`)],
  ['a date that is none', [point({ metric_timestamp: '2026-02-29T00:00:00Z' })],
    inPoint('metric_timestamp', `"2026-02-29T00:00:00Z" ${dateTime}`)],
  ['a time that is a number', [point({ metric_timestamp: 1.7e9 })],
    inPoint('metric_timestamp', '1700000000 is not a string')],
  ['infinity', [point({ metric_timestamp: 'infinity' })], inPoint('metric_timestamp', `"infinity" ${dateTime}`)],
  ['an offset that no clock has', [point({ metric_timestamp: '2026-01-01T00:00:00+20:00' })],
    inPoint('metric_timestamp', `"2026-01-01T00:00:00+20:00" ${dateTime}`)],
  ['an id that is none', [point({ metric_id: '1' })],
    inPoint('metric_id', '"1" is not a UUID such as 6f9619ff-8b86-4d01-b42d-00cf4fc964ff')],
  ['is_synthetic in text', [point({ is_synthetic: 'true' })], inPoint('is_synthetic', '"true" is not true or false')],
  ['numbers that are a list', [point({ metrics: [1] })], inPoint('metrics', 'an array is not an object')],
  ['a number in text', [point({ metrics: { x: '1' } })], inPoint('metrics.x', '"1" is not a number')],
  ['NaN in text', [point({ metrics: { x: 'NaN' } })], inPoint('metrics.x', '"NaN" is not a number')],
  ['null for a number', [point({ metrics: { x: null } })], inPoint('metrics.x', 'null is not a number')],
  ['true for a number', [point({ metrics: { x: true } })], inPoint('metrics.x', 'true is not a number')],
  ['an object for a number', [point({ metrics: { x: {} } })], inPoint('metrics.x', 'an object is not a number')],
  ['a number too large', [point({ metrics: { x: 1e19 } })],
    inPoint('metrics.x', '10000000000000000000 is above the maximum 1000000000000000000')],
  ['a number too small', [point({ metrics: { x: -1e300 } })],
    inPoint('metrics.x', `-1${'0'.repeat(58)}... is below the minimum -1000000000000000000`)],
  ['101 numbers', [point({ metrics: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`m${i}`, i])) })],
    inPoint('metrics', 'has 101 members, at most 100 are allowed')],
  ['a name of 1 MB', [point({ metric_name: long })],
    inPoint('metric_name', 'has 1000000 characters, 1 to 100 are allowed')],
  ['a kind of 1 MB', [point({ dashboard_type: long })],
    inPoint('dashboard_type', `${shortened} is not one of ${kinds}`)],
  ['one bad point among good ones', [point(), point(), point({ metrics: { x: 'y' } })],
    unacceptable(['metrics[2].metrics.x', '"y" is not a number'])],
  ['faults in several points', [point({ metrics: { x: 'y' } }), point({ metric_name: '' })],
    unacceptable(['metrics[0].metrics.x', '"y" is not a number'],
      ['metrics[1].metric_name', 'has 0 characters, 1 to 100 are allowed'])],
  ['an id twice in one request', Array(2).fill(point({ metric_id: randomUUID() })), conflict],
]);

test('an id that is there already: none of the points is stored', async () => {
  const metric_id = randomUUID();
  const store = (...metrics) => user.api.post('/api/dashboard/metrics', { metrics });
  assert.equal((await store(point({ metric_id }))).status, 201);
  assertProblem(await leavesNoRow(service, () => store(point(), point({ metric_id }))), conflict);
});

test('a name cannot break the list of faults in two', async () => {
  const name = 'a\nb: c';
  const answer = await user.api.post('/api/dashboard/metrics', { metrics: [point({ metrics: { [name]: 'x' } })] });
  assert.equal(answer.status, 422);
  assert.equal(answer.body.errors.length, 1);
  assert.equal(answer.body.errors[0].message, '"x" is not a number');
});

test('a name of 1 MB does not come back whole', async () => {
  const answer = await leavesNoRow(service, () =>
    user.api.post('/api/dashboard/metrics', { metrics: [point({ metrics: { [long]: 'x' } })] }));
  assert.equal(answer.status, 422);
  assert.ok(answer.text.length < 4096, `${answer.text.length} bytes`);
});

test('a name of 1 MB is not stored', async () => {
  const answer = await leavesNoRow(service, () =>
    user.api.post('/api/dashboard/metrics', { metrics: [point({ metrics: { [long]: 1 } })] }));
  assert.equal(answer.status, 422);
});

refuses('POST /api/synthetic/generate', (body) => user.api.post('/api/synthetic/generate', body), [
  ['no point', { count: 0 }, unacceptable(['count', '0 is below the minimum 1'])],
  ['too many points', { count: 100_001 }, unacceptable(['count', '100001 is above the maximum 100000'])],
  ['half a point', { count: 1.5 }, unacceptable(['count', '1.5 is not an integer'])],
  ['a count in text', { count: '10' }, unacceptable(['count', '"10" is not an integer'])],
  ['a count of 2^63', { count: 2 ** 63 }, unacceptable(['count', '9223372036854776000 is above the maximum 100000'])],
  ['no day', { timeRangeDays: 0 }, unacceptable(['timeRangeDays', '0 is below the minimum 1'])],
  ['more than a century', { timeRangeDays: 36_501 },
    unacceptable(['timeRangeDays', '36501 is above the maximum 36500'])],
  ['a variance below 0', { variance: -0.1 }, unacceptable(['variance', '-0.1 is below the minimum 0'])],
  ['a variance above 1', { variance: 1.01 }, unacceptable(['variance', '1.01 is above the maximum 1'])],
  ['a variance of NaN', { variance: 'NaN' }, unacceptable(['variance', '"NaN" is not a number'])],
  ['a trend that is none', { trend: 'sideways' },
    unacceptable(['trend', '"sideways" is not one of improving, declining, stable, volatile'])],
  ['a user type that is none', { userType: 'admin' }, unacceptable(['userType', `"admin" is not one of ${kinds}`])],
  ['a data type that is none', { dataType: 'users' }, unacceptable(['dataType', '"users" is not one of metrics, portfolio, '
    + 'investments, partnerships, ecosystem, sustainability, impact, history, integrations, actions, scores'])],
  ['a seed in text', { seed: '42' }, unacceptable(['seed', '"42" is not an integer'])],
  ['a seed beyond 64 bits', { seed: 1e20 },
    unacceptable(['seed', '100000000000000000000 is above the maximum 9223372036854775807'])],
  ['a time that is none', { asOf: 'today' }, unacceptable(['asOf', `"today" ${dateTime}`])],
  ['everything at once', { count: 0, seed: 'x', variance: 2, trend: 'up' }, unacceptable(
    ['seed', '"x" is not an integer'], ['count', '0 is below the minimum 1'],
    ['trend', '"up" is not one of improving, declining, stable, volatile'], ['variance', '2 is above the maximum 1'])],
]);

test('a fault found while generating has the name of the request\'s field', async () => {
  const { status, body } = await leavesNoRow(service, () =>
    user.api.post('/api/synthetic/generate', { asOf: '0001-01-01T00:00:00Z' }));
  assert.equal(status, 422);
  assert.deepEqual(body.errors, [
    { path: 'asOf', message: 'the first point would be before the year 1' }]);
});

test('a number with 20,000 decimals is refused', async () => {
  assertProblem(await leavesNoRow(service, () =>
    user.api.send('POST', '/api/synthetic/generate', { body: '{"variance": 1e-20000}' })), outOfRange('22003'));
});

const scoreHint = 'responses are {component: {question: number}}, each number on the scale that the caller names';
const unscorable = (...faults) => ({
  status: 422, code: '22023', error: 'invalid input for a score', detail: `invalid input for a score. ${scoreHint}`,
  errors: faults.map(([path, message]) => ({ path, message })),
});
const notAComponent = 'is not a component (team, market, product, business, financial, traction)';

refuses('the answers of POST /api/sse/calculate',
  (responses) => user.api.post('/api/sse/calculate', { startupId, responses }), [
    ['none', undefined, missing('responses', ['responses', 'this field is required'])],
    ['a list', [], unacceptable(['responses', 'an array is not an object'])],
    ['no component', {}, { status: 422, code: '22023', error: 'responses hold no answer',
      detail: `responses hold no answer. ${scoreHint}`,
      errors: [{ path: 'responses', message: 'must hold at least one answer' }] }],
    ['no question', { team: {}, market: {} }, { status: 422, code: '22023', error: 'responses hold no answer',
      detail: `responses hold no answer. ${scoreHint}`,
      errors: [{ path: 'responses', message: 'must hold at least one answer' }] }],
    ['an unknown component', { luck: { q1: 1 } }, unscorable(['responses.luck', notAComponent])],
    ['a component that is a number', { team: 1 },
      unscorable(['responses.team', 'must be an object, {question: number}, not a number'])],
    ['a component that is null', { team: null },
      unscorable(['responses.team', 'must be an object, {question: number}, not null'])],
    ['an answer in text', { team: { q1: '0.5' } }, unscorable(['responses.team.q1', 'must be a number, not a string'])],
    ['an answer of null', { team: { q1: null } }, unscorable(['responses.team.q1', 'must be a number, not null'])],
    ['an answer of true', { team: { q1: true } },
      unscorable(['responses.team.q1', 'must be a number, not true or false'])],
    ['an answer in a list', { team: { q1: [1] } }, unscorable(['responses.team.q1', 'must be a number, not an array'])],
    ['an answer above 1', { team: { q1: 1.0000001 } },
      unscorable(['responses.team.q1', '1.0000001 is outside 0 to 1 (scale unit)'])],
    ['an answer below 0', { team: { q1: -0.5 } },
      unscorable(['responses.team.q1', '-0.5 is outside 0 to 1 (scale unit)'])],
    ['an answer of 1e300', { team: { q1: 1e300 } },
      unscorable(['responses.team.q1', '1e+300 is outside 0 to 1 (scale unit)'])],
    ['faults everywhere', { team: { q1: 2, q2: 'x' }, luck: {} }, unscorable(['responses.luck', notAComponent],
      ['responses.team.q2', 'must be a number, not a string'],
      ['responses.team.q1', '2 is outside 0 to 1 (scale unit)'])],
    ['a question that is a path', { team: { 'a\nb: "c"': 'x' } },
      unscorable(['responses.team."a\\u000ab\\u003a \\"c\\""', 'must be a number, not a string'])],
    ['101 components', Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`c${i}`, {}])),
      unacceptable(['responses', 'has 101 members, at most 100 are allowed'])],
  ]);

refuses('the other fields of POST /api/sse/calculate',
  (fields) => user.api.post('/api/sse/calculate', { startupId, responses: complete.responses, ...fields }), [
    ['no startup', { startupId: undefined }, missing('startupId', ['startupId', 'this field is required'])],
    ['a startup of null', { startupId: null }, missing('startupId', ['startupId', 'this field is required'])],
    ['a startup that is SQL', { startupId: "'; delete from sse_scores; --" }, noUuid("'; delete from sse_scores; --")],
    ['a startup that is a number', { startupId: 5 }, unacceptable(['startupId', '5 is not a string'])],
    ['a startup of 1 MB', { startupId: long }, unacceptable(['startupId',
      `${shortened} is not a UUID such as 6f9619ff-8b86-4d01-b42d-00cf4fc964ff`])],
    ['a scale that is none', { scale: 'stars' },
      unacceptable(['scale', '"stars" is not one of unit, likert5, likert1_5, percent, auto'])],
    ['isSynthetic in text', { isSynthetic: 'false' }, unacceptable(['isSynthetic', '"false" is not true or false'])],
    ['a reason of 501 characters', { reason: 'é'.repeat(501) },
      unacceptable(['reason', 'has 501 characters, 0 to 500 are allowed'])],
    ['a startup that is not ours', { startupId: randomUUID() },
      { status: 404, code: 'P0002', error: 'startup not found' }],
  ]);

refuses('POST /api/gamification/action',
  (fields) => user.api.post('/api/gamification/action', { actionType: 'pivot', domain: 'team', ...fields }), [
    ['no action', { actionType: undefined }, missing('actionType', ['actionType', 'this field is required'])],
    ['no domain', { domain: undefined }, missing('domain', ['domain', 'this field is required'])],
    ['neither', { actionType: null, domain: null }, missing('actionType',
      ['actionType', 'this field is required'], ['domain', 'this field is required'])],
    ['an empty domain', { domain: '' }, unacceptable(['domain', 'has 0 characters, 1 to 50 are allowed'])],
    ['a long domain', { domain: 'x'.repeat(51) }, unacceptable(['domain', 'has 51 characters, 1 to 50 are allowed'])],
    ['an action of 1 MB', { actionType: long },
      unacceptable(['actionType', 'has 1000000 characters, 1 to 100 are allowed'])],
    ['tokens below 0', { baseTokens: -5 }, unacceptable(['baseTokens', '-5 is below the minimum 0'])],
    ['tokens in text', { baseTokens: '50' }, unacceptable(['baseTokens', '"50" is not a number'])],
    ['metadata in a list', { metadata: [] }, unacceptable(['metadata', 'an array is not an object'])],
    ['multipliers in a number', { multipliers: 3 }, unacceptable(['multipliers', '3 is not an object'])],
    ['21 multipliers', { multipliers: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [i, 1])) },
      unacceptable(['multipliers', 'has 21 members, at most 20 are allowed'])],
  ]);

// --- Texts that mean something to somebody ------------------------------------------------------------------------

const hostileTexts = ["'; drop table auxeira.users; --", '" or ""="', '\\', '$$', '%s%n%x', '${7*7}', '{{7*7}}',
  '../../etc/passwd', '<script>alert(1)</script>', '=1+1', '\r\nSet-Cookie: a=b', '\t', '\u007f', '\u202e', 'null',
  'NaN', '🦀', 'e\u0301', '\ufeff', '\uffff', '1e1000'];

describe('texts are data: refused by name or kept letter for letter', () => {
  for (const text of hostileTexts) {
    const shown = JSON.stringify(text);

    test(`an action called ${shown} is not known`, async () => {
      const answer = await leavesNoRow(service, () =>
        user.api.post('/api/gamification/action', { actionType: text, domain: 'x' }));
      assert.deepEqual([answer.status, answer.body.code, answer.body.error, answer.body.errors], [
        422, '22023', `invalid request: actionType: ${shown} is not an activity`,
        [{ path: 'actionType', message: `${shown} is not an activity` }]]);
    });

    test(`a profile, an organization and a metric hold ${shown}`, async () => {
      const other = await newUser(service, 'government', { profile: { [text]: text }, organization: { name: text } });
      const { body } = await other.api.get('/api/auth/me');
      assert.deepEqual(body.data.profile, { [text]: text });
      assert.equal(body.data.organizations[0].name, text);
      await other.api.post('/api/dashboard/metrics', { metrics: [
        { ...point(), dashboard_type: 'government', metric_name: text, metrics: { [text]: 1 } }] });
      const { data } = (await other.api.get(`/api/dashboard/metrics${parameter('metric', text)}`)).body;
      assert.deepEqual(data.metrics.map((m) => [m.metric_name, m.metric_value]), [[text, { [text]: 1 }]]);
    });
  }

  test('no refusal names a table or a function of the database', async () => {
    const answers = [
      await user.api.post('/api/gamification/action', { actionType: 'nap', domain: 'x' }),
      await user.api.post('/api/synthetic/generate', { asOf: '0001-01-01T00:00:00Z' }),
      await user.api.post('/api/sse/calculate', { startupId, responses: { luck: {} } }),
      await user.api.post('/api/dashboard/metrics', { metrics: Array(2).fill(point({ metric_id: randomUUID() })) }),
      await user.api.get(`/api/dashboard/metrics?cursor=-999999999999999999_${randomUUID()}`),
    ];
    for (const { status, text } of answers) {
      assert.ok(status === 422 || status === 409, text);
      assert.doesNotMatch(text, /auxeira(_api)?\.|dashboard_metrics|_pkey|constraint|PL\/pgSQL/i);
    }
  });
});
