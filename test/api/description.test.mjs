// The description of the API against the program, the database and the standard; and the check of answers against it.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { answer } from './support/api.mjs';
import { checkAnswer, description, operations, resolve } from './support/description.mjs';
import { endpoints } from './support/endpoints.mjs';
import { startService } from './support/service.mjs';
import { query } from './support/sql.mjs';

const service = await startService();
after(() => service.close());
const functions = await query(service.dsn, `
  select f.*, f.made_of is not null as has_etag, p.prosrc as source, obj_description(p.oid) as comment
  from auxeira.api_functions f join pg_proc p on p.proname = f.name and p.pronamespace = 'auxeira_api'::regnamespace`);
// Some leave the check of their request to another function.
const checking = new Map((await query(service.dsn, `
  select proname as name, pg_get_functiondef(oid) as source from pg_proc
  where pronamespace = 'auxeira'::regnamespace and prokind = 'f' and pg_get_functiondef(oid) like '%auxeira.checked(%'`)).map(({ name, source }) => [name, source]));
const named = new Map(functions.map((one) => [one.name, one]));
const called = operations.filter(({ operationId }) => named.has(operationId));

const parametersOf = ({ parameters = [] }, place) => parameters.map(resolve).filter((one) => one.in === place);
const namesOf = (operation, place) => parametersOf(operation, place).map(({ name }) => name);
const bodyOf = ({ requestBody }) => requestBody?.content['application/json'].schema;
const isForAnybody = ({ security }) => security?.length === 0;
const wrong = (list, isRight) => list.filter((one) => !isRight(one)).map(({ method, path }) => `${method} ${path}`);

describe('the endpoints', () => {
  test('are those of the program', () => {
    const told = endpoints.map(({ method, path, function: name, needsToken, body }) =>
      `${method} ${path.replace(/:(\w+)/g, '{$1}')} ${name} ${needsToken} ${body}`);
    const described = operations.map((operation) => {
      const { method, path, operationId, requestBody } = operation;
      const body = requestBody ? (requestBody.required ? 'required' : 'optional') : 'none';
      return `${method} ${path} ${named.has(operationId) ? operationId : null} ${!isForAnybody(operation)} ${body}`;
    });
    assert.deepEqual(told.sort(), described.sort());
  });

  test('call every function of the database', () => {
    assert.deepEqual(called.map(({ operationId }) => operationId).sort(), [...named.keys()].sort());
  });
});

describe('of a function the description says', () => {
  const of = ({ operationId }) => named.get(operationId);

  test('its endpoint, as its comment does', () => {
    const form = ({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, ':')}`;
    assert.deepEqual(wrong(called, (one) =>
      form(one) === of(one).comment.match(/^([A-Z]+) ([^\s?]+)(\?\S*)?: /)?.slice(1, 3).join(' ').replace(/:\w+/g, ':')), []);
  });

  test('its area, who may call it, and the status of success', () => {
    assert.deepEqual(wrong(called, (one) => one.tags.join() === of(one).area), []);
    assert.deepEqual(wrong(called, (one) => isForAnybody(one) === (of(one).required_role === 'anonymous')), []);
    assert.deepEqual(wrong(called, (one) => of(one).status in one.responses), []);
    assert.deepEqual(wrong(called, (one) => of(one).is_read_only || one.method !== 'GET'), []);
  });

  test('which conditions it heeds', () => {
    assert.deepEqual(wrong(called, (one) => of(one).has_etag === '304' in one.responses
      && of(one).has_etag === namesOf(one, 'header').includes('If-None-Match')), []);
    assert.deepEqual(wrong(called, (one) => (of(one).compared_with !== null) === namesOf(one, 'header').includes('If-Match')), []);
    // Where there is nothing to compare with, it never holds.
    assert.deepEqual(wrong(called, ({ method, responses }) => method === 'GET' || '412' in responses), []);
    assert.deepEqual(wrong(called, (one) => of(one).is_replayable === namesOf(one, 'header').includes('Idempotency-Key')), []);
  });

  // What the shim adds to a request, or puts in place of a member, is not the client's to send.
  const ofTheShim = { tokenHash: [], tokenSealed: [], sealedCredentials: ['credentials'] };
  // A stream goes on behind Last-Event-ID, page by page.
  const ofStreams = { after: [], until: [], limit: [] };

  test('what it asks for, word for word', () => {
    const expected = (one) => {
      const asked = [...of(one).source.matchAll(/auxeira\.(\w+)\(request\)/g)].map(([, name]) => checking.get(name) ?? '');
      const [, text] = [of(one).source, ...asked].join('\n').match(/auxeira\.checked\([^{]*?'(\{.*?\})'/s) ?? [];
      const schema = text === undefined ? {} : JSON.parse(text.replaceAll("''", "'"));
      return { properties: {}, required: [], ...schema };
    };
    const seen = (one) => {
      const inAddress = [...parametersOf(one, 'path'), ...parametersOf(one, 'query')];
      const required = [...inAddress.filter((parameter) => parameter.required).map(({ name }) => name), ...bodyOf(one)?.required ?? []];
      return { properties: { ...Object.fromEntries(inAddress.map(({ name, schema }) => [name, schema])), ...bodyOf(one)?.properties },
        required, additionalProperties: bodyOf(one)?.additionalProperties };
    };
    for (const one of called) {
      const { properties, required, additionalProperties } = expected(one);
      const shown = seen(one);
      const others = one['x-auxeira']?.action === 'events' ? ofStreams : ofTheShim;
      for (const [hidden, instead] of Object.entries(others)) {
        if (!(hidden in properties)) continue;
        delete properties[hidden];
        instead.forEach((name) => { properties[name] = shown.properties[name]; });
        if (required.includes(hidden)) required.splice(required.indexOf(hidden), 1, ...instead);
      }
      const where = `${one.method} ${one.path}`;
      assert.deepEqual(shown.properties, { ...properties,
        ...Object.fromEntries(namesOf(one, 'path').filter((name) => !(name in properties)).map((name) => [name, { type: 'string' }])) }, where);
      assert.deepEqual(shown.required.filter((name) => name in properties).sort(), required.sort(), where);
      if (bodyOf(one)) assert.equal(shown.additionalProperties, additionalProperties, where);
    }
  });
});

describe('an answer', () => {
  const problem = (status) => ({ type: 'about:blank', title: 'x', status, detail: 'x', code: 'x', error: 'x', requestId: 'x' });
  const made = ({ method = 'GET', path = '/api/auth/sessions', status = 200, type = 'application/json',
    body = { success: true, data: { sessions: [] } }, headers = { 'x-request-id': 'x' } } = {}) =>
    ({ method, ...answer(status, new Headers({ 'content-type': type, ...headers }), JSON.stringify(body), path) });
  const refused = (changes, why) => assert.throws(() => checkAnswer(made(changes)), why, JSON.stringify(changes));

  test('that is as described passes', () => {
    checkAnswer(made());
    checkAnswer(made({ path: '/api/auth/sessions?limit=1' }));
    checkAnswer(made({ status: 401, type: 'application/problem+json', body: problem(401), headers: { 'x-request-id': 'x' } }));
    checkAnswer(made({ path: '/api/none', status: 404, type: 'application/problem+json', body: problem(404) }));
  });

  test('that is not does not', () => {
    refused({ status: 201 }, /is not described/);
    refused({ status: 409, type: 'application/problem+json', body: problem(409) }, /is not described/);
    refused({ path: '/api/none' }, /is not described/);
    refused({ type: 'text/html' }, /is text\/html/);
    refused({ headers: {} }, /has no X-Request-Id/);
    refused({ headers: { 'x-request-id': ' *' } }, /has X-Request-Id/);
    refused({ body: {} }, /must have required property 'success'/);
    refused({ body: { success: true, data: { sessions: [], more: 1 } } }, /must NOT have additional properties/);
    refused({ body: { success: true, data: { sessions: [{}] } } }, /must have required property/);
    refused({ status: 404, path: '/api/none', type: 'application/problem+json', body: {} }, /must have required property/);
    refused({ method: 'HEAD' }, /has a body/);
  });
});

describe('/api/openapi.json', () => {
  const path = '/api/openapi.json';

  test('is the description, for anybody', async () => {
    const { status, body, headers } = await service.api.get(path);
    assert.equal(status, 200);
    assert.deepEqual(body, description);
    assert.equal(headers.get('content-type'), 'application/json; charset=utf-8');
    assert.equal(headers.get('cache-control'), 'public, no-cache');
    assert.match(headers.get('vary'), /Accept-Encoding/);
  });

  test('is not sent again to who has it', async () => {
    const etag = (await service.api.get(path)).headers.get('etag');
    for (const value of [etag, `"x", ${etag}`, `W/${etag}`, '*']) {
      const { status, text, headers } = await service.api.get(path, { headers: { 'if-none-match': value } });
      assert.deepEqual([status, text, headers.get('etag')], [304, '', etag], value);
    }
    assert.equal((await service.api.get(path, { headers: { 'if-none-match': `"${'0'.repeat(32)}"` } })).status, 200);
    const plain = await service.api.get(path, { headers: { 'accept-encoding': 'identity' } });
    assert.equal(plain.headers.get('content-encoding'), null);
    assert.notEqual(plain.headers.get('etag'), etag);
  });
});
