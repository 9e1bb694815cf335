// SQL in every parameter, and header fields that try to be more than they are.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { described, startAttempts } from './support/attempts.mjs';
import { put } from './support/parameters.mjs';
import { answered, converse, get, parseAnswers, request } from './support/raw.mjs';
import { query } from './support/sql.mjs';
import { eventually } from './support/wait.mjs';

const { service, world, endpoints, places, requestOf, send } = await startAttempts();
const member = world.members.find(({ name }) => name === 'startup_founder.owner');

// --- SQL -----------------------------------------------------------------------------------------------------------

const seconds = 20;
const sql = ["'", '"', '\\', "\\'", '$$', '$1', ';', '--', '/*', '%_', "''", "E'\\\\x'",
  `' || pg_sleep(${seconds}) || '`, `1; select pg_sleep(${seconds}); --`, `'); select pg_sleep(${seconds}); --`, `(select pg_sleep(${seconds}))`,
  `" or (select pg_sleep(${seconds})) is null --`, `x' and 1 = (select 1 from pg_sleep(${seconds})) --`,
  '{"$ne": null}', "' union select password_hash from auxeira.user_credentials --"];

// What PostgreSQL would say of a statement that was changed: class 42 but for rights, and its own errors.
function faultIn({ status, text, body, milliseconds }) {
  if (status >= 500) return 'an error of the server';
  if (/^(42(?!501)|XX|0A|2[BDF])/.test(body?.code ?? '')) return 'an error of a statement';
  if (/syntax error|\$argon2id\$/.test(text)) return 'an answer of the database';
  return milliseconds > seconds * 500 ? `took ${milliseconds} ms` : null;
}

describe('SQL is text', () => {
  for (const endpoint of endpoints) {
    test(endpoint.name, async (t) => {
      const cell = await requestOf(endpoint, member);
      const tried = places(endpoint, cell).flatMap((place) => sql.map((text) => put(cell, place, text)));
      if (tried.length === 0) return t.skip('it has no parameters');
      const answers = await send(endpoint, tried);
      const found = answers.map((answer, index) => [tried[index], answer, faultIn(answer)])
        .filter(([, , fault]) => fault !== null).map((fields) => described(endpoint, ...fields));
      await world.putBack();
      return assert.deepEqual(found.slice(0, 10), []);
    });
  }
});

// --- Header fields --------------------------------------------------------------------------------------------------

const newToken = async () => (await world.openSessions([member]))[0].token;
const speak = async (bytes) =>
  parseAnswers((await converse(service.url, [bytes], { enough: answered(1) })).received)[0];

const impostors = {
  'x-forwarded-for': '203.0.113.9', 'x-real-ip': '203.0.113.9', forwarded: 'for=203.0.113.9;proto=https',
  'x-client-ip': '203.0.113.9', 'true-client-ip': '203.0.113.9', 'cf-connecting-ip': '203.0.113.9',
  'x-user-id': '00000000-0000-0000-0000-000000000001', 'x-org-id': '00000000-0000-0000-0000-000000000001',
  'x-organization-id': '00000000-0000-0000-0000-000000000001', 'x-role': 'admin', 'x-admin': 'true',
  'x-authenticated-user': 'root', 'remote-user': 'root', 'x-original-url': '/api/admin/stats',
  'x-rewrite-url': '/api/admin/stats', 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE',
};

test('no header field says who somebody is, where they are or what they ask for', async () => {
  const token = await newToken();
  const usual = await service.api.get('/api/auth/me', { token });
  const { status, text } = await service.api.get('/api/auth/me', { token, headers: impostors });
  assert.deepEqual([status, text], [200, usual.text]);
  assert.equal((await service.api.get('/api/auth/me', { headers: impostors })).status, 401);
  assert.equal((await service.api.get('/api/admin/stats', { token, headers: impostors })).status, 403);
});

test('the address in the record of access and in the log is that of the connection', async () => {
  const id = `where-${Date.now()}`;
  await service.api.post('/api/auth/login', { email: member.email, password: world.password },
    { headers: { ...impostors, 'x-request-id': id } });
  const events = await query(service.dsn, `select event, host(address) as address from auxeira.access_events
    where request_id = '${id}'`);
  assert.deepEqual(events, [{ event: 'login', address: '127.0.0.1' }]);
  await eventually('the log has the request', () => service.log().includes(id));
  assert.ok(!service.log().includes('203.0.113.9'));
});

test('an origin, a host, an id of the request: none comes back as lines of its own', async () => {
  const planted = 'x\r\nSet-Cookie: planted=1';
  const fields = ['Host', 'Origin', 'X-Request-Id', 'User-Agent', 'Accept', 'Access-Control-Request-Method',
    'traceparent'];
  for (const field of fields) {
    for (const value of [planted, planted.replace('\r\n', '\n'), planted.replace('\r\n', '\r'),
      encodeURIComponent(planted), planted.replace('\r\n', '\u010d\u010a')]) {
      const answer = await speak(Buffer.from(`GET /api/health?x=${encodeURIComponent(planted)} HTTP/1.1\r\n`
        + `${field === 'Host' ? '' : 'Host: test\r\n'}${field}: ${value}\r\n\r\n`, 'utf8'));
      assert.equal(answer.headers.get('set-cookie'), null);
      assert.doesNotMatch([...answer.headers.values()].join('\n'), /planted/);
    }
  }
});

test('cookies neither log anybody in nor are set', async () => {
  const token = await newToken();
  const cookie = `token=${token}; session=${token}; __Host-refresh=${token}; Authorization=Bearer%20${token}`;
  const answer = await service.api.get('/api/auth/me', { headers: { cookie } });
  assert.deepEqual([answer.status, answer.headers.get('set-cookie')], [401, null]);
  const login = await service.api.post('/api/auth/login',
    { email: member.email, password: world.password, refresh: true }, { headers: { cookie } });
  assert.deepEqual([login.status, login.headers.get('set-cookie')], [200, null]);
});

test('a method is what the request line says', async () => {
  const token = await newToken();
  const headers = { 'x-http-method-override': 'POST' };
  assert.equal((await service.api.get('/api/auth/logout?_method=POST', { token, headers })).status, 405);
  assert.equal((await service.api.get('/api/auth/me?_method=DELETE', { token, headers })).status, 200);
  assert.equal((await speak(request('POST', '/api/auth/me', ['X-HTTP-Method-Override: GET',
    `Authorization: Bearer ${token}`]))).status, 405);
  assert.equal((await speak(get('/live', 'Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAM')))
    .status, 200);
});
