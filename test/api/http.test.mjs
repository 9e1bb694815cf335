// What every answer has in common: methods, media types, ids, headers, CORS, the pages of operations.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { assertProblem, malformed, unauthenticated } from './support/problems.mjs';
import { answered, converse, get, parseAnswers, request } from './support/raw.mjs';
import { leavesNoRow } from './support/rows.mjs';
import { startService } from './support/service.mjs';
import { assertShape, exactly, mapOf, string, time } from './support/shapes.mjs';
import { newAccount, newUser } from './support/users.mjs';
import { eventually } from './support/wait.mjs';

const service = await startService();
after(() => service.close());
const user = await newUser(service);

const speak = async (bytes, url = service.url) =>
  parseAnswers((await converse(url, [bytes], { enough: answered(1) })).received)[0];

const routes = {
  '/api/auth/register': 'POST, OPTIONS', '/api/auth/login': 'POST, OPTIONS', '/api/auth/refresh': 'POST, OPTIONS',
  '/api/auth/logout': 'POST, OPTIONS', '/api/auth/me': 'GET, HEAD, OPTIONS',
  '/api/dashboard/metrics': 'GET, HEAD, POST, OPTIONS', '/api/synthetic/generate': 'POST, OPTIONS',
  '/api/synthetic/templates': 'GET, HEAD, POST, OPTIONS', '/api/sse/calculate': 'POST, OPTIONS',
  '/api/sse/score/x': 'GET, HEAD, OPTIONS', '/api/gamification/action': 'POST, OPTIONS',
  '/api/gamification/profile': 'GET, HEAD, OPTIONS', '/api/health': 'GET, HEAD, OPTIONS',
  '/api/history/x/x': 'GET, HEAD, OPTIONS', '/api/ledger/receipt/x': 'GET, HEAD, OPTIONS',
  '/api/ledger/digest': 'GET, HEAD, OPTIONS', '/api/ledger/verify': 'POST, OPTIONS',
  '/api/admin/stats': 'GET, HEAD, OPTIONS', '/api/admin/cleanup': 'POST, OPTIONS', '/live': 'GET, HEAD, OPTIONS',
  '/ready': 'GET, HEAD, OPTIONS', '/.well-known/jwks.json': 'GET, HEAD, OPTIONS',

  '/api/auth/logout-all': 'POST, OPTIONS', '/api/auth/sessions': 'GET, HEAD, OPTIONS',
  '/api/auth/sessions/x': 'DELETE, OPTIONS', '/api/auth/events': 'GET, HEAD, OPTIONS',
  '/api/auth/api-keys': 'GET, HEAD, POST, OPTIONS', '/api/auth/api-keys/x': 'DELETE, OPTIONS',
  '/api/auth/verify-email': 'POST, OPTIONS', '/api/auth/verify-email/request': 'POST, OPTIONS',
  '/api/auth/password': 'POST, OPTIONS', '/api/auth/password-reset/request': 'POST, OPTIONS',
  '/api/auth/password-reset/confirm': 'POST, OPTIONS', '/api/auth/active-organization': 'POST, OPTIONS',
  '/api/auth/totp': 'POST, OPTIONS', '/api/auth/totp/confirm': 'POST, OPTIONS',
  '/api/auth/totp/recovery-codes': 'POST, OPTIONS', '/api/auth/totp/disable': 'POST, OPTIONS',

  '/api/organizations': 'GET, HEAD, OPTIONS', '/api/organizations/x': 'GET, HEAD, PATCH, OPTIONS',
  '/api/organizations/x/members': 'GET, HEAD, OPTIONS', '/api/organizations/x/members/x': 'PATCH, DELETE, OPTIONS',
  '/api/organizations/x/invitations': 'GET, HEAD, POST, OPTIONS',
  '/api/organizations/x/invitations/x': 'DELETE, OPTIONS', '/api/invitations/accept': 'POST, OPTIONS',
  '/api/admin/users/x': 'PATCH, OPTIONS',

  '/api/relationships': 'GET, HEAD, POST, OPTIONS',
  '/api/relationships/x/accept': 'POST, OPTIONS', '/api/relationships/x/decline': 'POST, OPTIONS',
  '/api/relationships/x/end': 'POST, OPTIONS', '/api/investments': 'GET, HEAD, POST, OPTIONS',
  '/api/partnerships': 'GET, HEAD, POST, OPTIONS', '/api/documents': 'GET, HEAD, POST, OPTIONS',
  '/api/benchmarks': 'GET, HEAD, OPTIONS', '/api/facts/x': 'GET, HEAD, OPTIONS', '/api/integrations': 'GET, HEAD, POST, OPTIONS',
  '/api/integrations/x/credentials': 'PUT, OPTIONS',
  '/api/synthetic/templates/x': 'GET, HEAD, DELETE, OPTIONS', '/api/synthetic/sessions': 'GET, HEAD, OPTIONS',
  '/api/synthetic/sessions/x': 'DELETE, OPTIONS', '/api/synthetic/sessions/x/report': 'GET, HEAD, OPTIONS',
  '/api/admin/synthetic/ecosystem': 'POST, OPTIONS',
};

describe('methods', () => {
  for (const [path, allow] of Object.entries(routes)) {
    test(`${path} allows ${allow} and refuses the others`, async () => {
      const allowed = allow.split(', ');
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE'].filter((m) => !allowed.includes(m))) {
        const answer = await leavesNoRow(service, () => speak(request(method, path)));
        assertProblem(answer, {
          status: 405, code: 'method_not_allowed', error: 'This method is not allowed here', instance: path });
        assert.equal(answer.headers.get('allow'), allow);
      }
      const options = await speak(request('OPTIONS', path));
      assert.deepEqual([options.status, options.headers.get('allow'), options.headers.get('content-length')],
        [204, allow, null]);
    });
  }

  test('OPTIONS * is answered for the service', async () => {
    assert.equal((await speak(request('OPTIONS', '*'))).status, 204);
  });

  test('every endpoint that needs a login says so', async () => {
    const open = ['/api/auth/register', '/api/auth/login', '/api/auth/refresh', '/api/auth/verify-email',
      '/api/auth/password-reset/request', '/api/auth/password-reset/confirm', '/api/health', '/live', '/ready',
      '/.well-known/jwks.json'];
    for (const [path, allow] of Object.entries(routes)) {
      if (open.includes(path)) continue;
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((m) => allow.includes(m))) {
        assertProblem(await leavesNoRow(service, () => service.api.send(method, path)), unauthenticated);
      }
    }
  });
});

describe('paths', () => {
  const nowhere = ['/', '/api', '/api/', '/api/auth', '/api/auth/me/', '//api/auth/me', '/API/auth/me',
    '/api/auth/me/x', '/api/../api/auth/me', '/api/auth/%6de', '/api/auth/me;x', '/api/auth/me%00', '/.env',
    '/..%2f..%2fetc/passwd', '/static/../../etc/passwd', '/api/sse/score/', '/metrics/', '/api//auth/me'];
  for (const path of nowhere) {
    test(`there is nothing at ${path}`, async () => {
      const answer = await speak(get(path, `Authorization: Bearer ${user.token}`));
      assertProblem(answer, { status: 404, code: 'not_found', error: 'There is nothing here', instance: path });
    });
  }
});

describe('media types', () => {
  const endpoint = '/api/auth/login';
  const unsupported = { status: 415, code: 'unsupported_media_type', error: 'Content-Type must be application/json' };
  const types = ['text/plain', 'text/plain;charset=UTF-8', 'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x', 'application/xml', 'application/json; charset=latin1',
    'application/json;charset=utf-16', 'application/jsonp', 'application/problem+json', 'application/json, text/plain', 'json',
    '*/*'];
  for (const type of types) {
    test(`${type} is refused`, async () => {
      assertProblem(await leavesNoRow(service, () =>
        service.api.send('POST', endpoint, { body: '{}', headers: { 'content-type': type } })), unsupported);
    });
  }

  test('a body without a type is refused', async () => {
    assertProblem(await speak(request('POST', endpoint, [], '{}')), { ...unsupported, instance: endpoint });
  });

  test('also where a body may be left out', async () => {
    for (const path of ['/api/synthetic/generate', '/api/auth/logout', '/api/admin/cleanup']) {
      assertProblem(await leavesNoRow(service, () =>
        user.api.send('POST', path, { body: 'count=5', headers: { 'content-type': 'text/plain' } })), unsupported);
    }
  });

  for (const type of ['application/json', 'APPLICATION/JSON', 'application/json; charset=utf-8',
    'application/json;charset=UTF-8', 'application/json; charset="utf-8"']) {
    test(`${type} is accepted`, async () => {
      const { status } = await service.api.send('POST', endpoint, { body: '{}', headers: { 'content-type': type } });
      assert.equal(status, 400);
    });
  }
});

describe('request ids', () => {
  const idOf = async (path, headers, api = service.api) => {
    const answer = await api.get(path, { headers });
    if (answer.status >= 400) assert.equal(answer.body.requestId, answer.headers.get('x-request-id'));
    return answer.headers.get('x-request-id');
  };

  for (const id of ['a', 'A-b_c.9', 'x'.repeat(64)]) {
    test(`${id} is kept, whoever answers`, async () => {
      for (const path of ['/live', '/none', '/api/auth/me', '/api/health', '/api/dashboard/metrics?days=x']) {
        assert.equal(await idOf(path, { 'x-request-id': id }, user.api), id);
      }
    });
  }

  for (const id of ['', 'x'.repeat(65), 'a b', 'a/b', '{}', "';--", 'é']) {
    test(`${JSON.stringify(id)} is replaced`, async () => {
      assert.match(await idOf('/none', { 'x-request-id': id }), /^[0-9a-f]{32}$/);
    });
  }

  test('new ones never repeat', async () => {
    const ids = await Promise.all(Array.from({ length: 50 }, () => idOf('/live', {})));
    assert.equal(new Set(ids).size, 50);
  });
});

describe('trace context', () => {
  const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  for (const traceparent of [parent, '', 'x', '00-0-0-0', parent.toUpperCase(), `${parent}-x`,
    parent.replace('00-', 'ff-'), "00-';drop table users;--"]) {
    test(`${JSON.stringify(traceparent)} is accepted or ignored`, async () => {
      assert.equal((await user.api.get('/api/auth/me', { headers: { traceparent } })).status, 200);
    });
  }
});

describe('headers of every answer', () => {
  const expected = {
    'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin', 'strict-transport-security': 'max-age=31536000',
  };
  for (const path of ['/live', '/ready', '/api/health', '/api/auth/me', '/none', '/api/admin/stats',
    '/api/dashboard/metrics?days=0']) {
    test(path, async () => {
      const { headers } = await user.api.get(path);
      for (const [name, value] of Object.entries(expected)) assert.equal(headers.get(name), value, name);
      assert.match(headers.get('content-type'), /^application\/(problem\+)?json; charset=utf-8$/);
      assert.ok(Math.abs(Date.parse(headers.get('date')) - Date.now()) < 60_000);
      for (const name of ['server', 'x-powered-by', 'set-cookie', 'access-control-allow-origin']) {
        assert.equal(headers.get(name), null, name);
      }
    });
  }
});

describe('CORS', () => {
  const allowed = ['https://app.example.com', 'http://localhost:3000'];
  const foreign = ['https://app.example.com.evil.example', 'http://app.example.com', 'https://app.example.com:8443',
    'https://APP.example.com', 'https://evil.example', 'null', 'https://app.example.com/', '*'];
  let sharing;
  const answerTo = async (method, origin, more = [], path = '/api/auth/login') =>
    speak(request(method, path, [`Origin: ${origin}`, ...more]), sharing.url);

  test('with a list of origins', async (t) => {
    sharing = await service.another({ AUXEIRA_CORS_ORIGINS: allowed.join(',') });

    for (const origin of allowed) {
      await t.test(`${origin} may read answers and refusals, and send JSON with a token`, async () => {
        for (const [method, path] of [['GET', '/live'], ['GET', '/none'], ['GET', '/api/auth/me'], ['POST', '/live']]) {
          const { headers } = await answerTo(method, origin, [], path);
          assert.equal(headers.get('access-control-allow-origin'), origin);
          assert.equal(headers.get('vary'), 'Origin');
          assert.match(headers.get('access-control-expose-headers'), /\bX-Request-Id\b/);
          assert.equal(headers.get('access-control-allow-credentials'), null);
        }
        const { status, headers } = await answerTo('OPTIONS', origin,
          ['Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: authorization,content-type']);
        assert.equal(status, 204);
        assert.equal(headers.get('access-control-allow-origin'), origin);
        assert.equal(headers.get('access-control-allow-methods'), 'POST, OPTIONS');
        assert.match(headers.get('access-control-allow-headers'), /^authorization, content-type\b.*, last-event-id$/);
        assert.equal(headers.get('vary'), 'Origin');
        for (const [path, methods] of [['/api/organizations/x/members/x', 'PATCH, DELETE, OPTIONS'],
          ['/api/integrations/x/credentials', 'PUT, OPTIONS']]) {
          const preflight = await answerTo('OPTIONS', origin, ['Access-Control-Request-Method: PATCH'], path);
          assert.equal(preflight.headers.get('access-control-allow-methods'), methods);
        }
      });
    }

    for (const origin of foreign) {
      await t.test(`${origin} gets no leave`, async () => {
        for (const [method, ...more] of [['GET'], ['OPTIONS', ['Access-Control-Request-Method: POST']]]) {
          const { headers } = await answerTo(method, origin, ...more);
          const names = [...headers.keys()].filter((name) => name.startsWith('access-control-'));
          assert.deepEqual(names, []);
          assert.equal(headers.get('vary'), 'Origin');
        }
      });
    }

    await t.test('answers without an Origin depend on it too', async () => {
      assert.equal((await sharing.api.get('/live')).headers.get('vary'), 'Origin');
    });

    await sharing.stop();
  });

  test('without a list nobody is allowed', async () => {
    const { headers } = await speak(request('OPTIONS', '/api/auth/login',
      ['Origin: https://app.example.com', 'Access-Control-Request-Method: POST']));
    assert.deepEqual([...headers.keys()].filter((name) => name.startsWith('access-control-')), []);
  });
});

describe('operations', () => {
  test('/live, /ready and /api/health', async () => {
    assert.deepEqual((await service.api.get('/live')).body, { status: 'live' });
    const ready = await service.api.get('/ready');
    assertShape(ready.body, { status: exactly('ready'), version: string, schemaVersion: string });
    const { status, body } = await service.api.get('/api/health');
    assert.equal(status, 200);
    assertShape(body, {
      status: exactly('healthy'), timestamp: time, database: exactly('connected'), version: string,
      checks: mapOf(string) });
  });

  test('health tells what has been going on, in words', async () => {
    const fresh = await startService();
    const checks = async () => (await fresh.api.get('/api/health')).body.checks;
    assertShape(await checks(), { database: exactly('ok'), data_volume: exactly('empty'),
      recent_activity: exactly('none in 24 hours'), synthetic_data: exactly('never generated') });
    const { api } = await newUser(fresh);
    await api.post('/api/synthetic/generate', { count: 1 });
    assertShape(await checks(), {
      data_volume: exactly('ok'), recent_activity: exactly('ok'), synthetic_data: exactly('ok') });
    await fresh.close();
  });

  test('each request is a line of JSON in the log, with its id, status and user', async () => {
    const id = `logged-${Date.now()}`;
    await user.api.get('/api/dashboard/metrics?days=0', { headers: { 'x-request-id': id } });
    const logged = () => service.log().split('\n').filter(Boolean).map((line) => JSON.parse(line))
      .filter(({ requestId, message }) => requestId === id && message === 'request');
    await eventually('the log has the line', () => logged().length === 1);
    assertShape(logged()[0], { time, level: string, method: exactly('GET'), route: exactly('/api/dashboard/metrics'),
      status: exactly(422), user: exactly(user.userId), sqlstate: exactly('22023') });
  });

  test('a line cannot be forged through a field', async () => {
    const lines = service.log().split('\n').length;
    await service.api.post('/api/auth/login', newAccount(), { headers: { 'user-agent': 'x"}{"level":"error' } });
    await service.api.get('/api/none?x=%0a%7b%22level%22%3a%22error%22%7d');
    await eventually('two lines', () => service.log().split('\n').length === lines + 2);
    service.log().split('\n').filter(Boolean).forEach((line) => JSON.parse(line));
  });
});

describe('limits are settings', () => {
  test('a smaller body limit', async () => {
    const small = await service.another({ AUXEIRA_BODY_LIMIT: '2048', AUXEIRA_METRICS_BODY_LIMIT: '4096' });
    const refusal = { status: 413, code: 'body_too_large', error: 'request body is larger than this endpoint allows' };
    for (const [path, limit] of [['/api/sse/calculate', 2048], ['/api/dashboard/metrics', 4096]]) {
      const send = (length) =>
        small.api.send('POST', path, { body: `{"x":"${'x'.repeat(length - 8)}"}`, token: user.token });
      assert.equal((await send(limit)).status, 400);
      assertProblem(await send(limit + 1), refusal);
    }
    await small.stop();
  });

  test('more connections than allowed are turned away, and places are given again', async () => {
    const narrow = await service.another({ AUXEIRA_MAX_CONNECTIONS: '4' });
    const talk = () => converse(narrow.url, [get('/live')], { enough: answered(1) });
    const held = await Promise.all(Array.from({ length: 12 }, () => converse(narrow.url, [], { patience: 300 })
      .then(() => talk())));
    assert.ok(held.some(({ received }) => received.includes('200 OK')));
    await eventually('a place is free', async () => (await talk()).received.includes('200 OK'));
    await narrow.stop();
  });
});

test('a request with a bad escape is refused on every endpoint', async () => {
  for (const path of ['/live', '/ready', '/api/health', '/api/auth/me', '/api/admin/stats']) {
    assertProblem(await user.api.get(`${path}?x=%`), malformed('query string has a bad percent escape'));
  }
});
