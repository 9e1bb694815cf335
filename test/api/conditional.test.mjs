// ETag, If-None-Match and If-Match as a client sees them.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { assertProblem, unauthenticated } from './support/problems.mjs';
import { answered, converse, get, parseAnswers } from './support/raw.mjs';
import { startService } from './support/service.mjs';
import { execute, literal } from './support/sql.mjs';
import { newUser, newVerifiedUser } from './support/users.mjs';

const service = await startService();
after(() => service.close());
const founder = await newVerifiedUser(service);
const other = await newVerifiedUser(service);
const organization = `/api/organizations/${founder.organizationId}`;
const metric = (value) => ({ metrics: [{ dashboard_type: 'startup_founder',
  metric_timestamp: new Date(Date.now() - 3_600_000).toISOString(), metrics: { mrr: value } }] });
await founder.api.post('/api/dashboard/metrics', metric(1));
await founder.api.post('/api/sse/calculate', { startupId: founder.organizationId, responses: { team: { a: 0.5 } } });

const conditional = ['/api/dashboard/metrics', `/api/sse/score/${founder.organizationId}`, '/api/gamification/profile',
  '/api/organizations', organization, '/api/relationships', '/api/investments', '/api/partnerships', '/api/documents',
  '/api/integrations'];
const etagOf = async (path, api = founder.api) => (await api.get(path)).headers.get('etag');
const again = (path, etag, api = founder.api) => api.get(path, { headers: { 'if-none-match': etag } });

describe('If-None-Match', () => {
  for (const path of conditional) {
    test(`GET ${path} is answered with 304 until something changes`, async () => {
      const first = await founder.api.get(path);
      assert.equal(first.status, 200);
      const etag = first.headers.get('etag');
      assert.match(etag, /^"[0-9a-f]{32}"$/);
      for (const list of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
        const { status, text, headers } = await again(path, list);
        assert.equal(status, 304, list);
        assert.equal(text, '');
        assert.equal(headers.get('etag'), etag);
        assert.equal(headers.get('cache-control'), 'no-store');
        assert.equal(headers.get('content-type'), null);
        assert.equal(headers.get('content-length'), null);
      }
      for (const list of ['"x"', '"00000000000000000000000000000000"', etag.replaceAll('"', '')]) {
        const { status, text } = await again(path, list);
        assert.equal(status, 200, list);
        assert.equal(text, first.text);
      }
    });
  }

  test('a 304 ends with its head, and the connection goes on', async () => {
    const etag = await etagOf('/api/documents');
    const ask = get('/api/documents', `Authorization: Bearer ${founder.token}`, `If-None-Match: ${etag}`);
    const { received } = await converse(service.url, [ask, ask], { enough: answered(2) });
    assert.deepEqual(parseAnswers(received).map(({ status, text }) => [status, text]), [[304, ''], [304, '']]);
  });

  test('HEAD says the same as GET', async () => {
    const etag = await etagOf('/api/documents');
    const head = await founder.api.send('HEAD', '/api/documents');
    assert.deepEqual([head.status, head.headers.get('etag')], [200, etag]);
    assert.equal((await founder.api.send('HEAD', '/api/documents', { headers: { 'if-none-match': etag } })).status, 304);
  });

  test('whoever has written reads what was written', async () => {
    const path = '/api/dashboard/metrics';
    for (const value of [2, 3, 4]) {
      const etag = await etagOf(path);
      await founder.api.post(path, metric(value));
      const { status, body } = await again(path, etag);
      assert.equal(status, 200);
      assert.ok(body.data.metrics.some(({ metric_value: { mrr } }) => mrr === value));
    }
  });

  test('an answer to one is none to another', async () => {
    for (const path of ['/api/dashboard/metrics', '/api/documents', '/api/organizations']) {
      assert.equal((await again(path, await etagOf(path), other.api)).status, 200, path);
    }
    const foreign = await again(organization, await etagOf(organization), other.api);
    assert.equal(foreign.status, 404);
  });

  test('what happens at others does not show', async () => {
    const etags = await Promise.all(conditional.map((path) => etagOf(path)));
    await other.api.post('/api/dashboard/metrics', metric(5));
    await other.api.patch(`/api/organizations/${other.organizationId}`, { region: 'Elsewhere' });
    await newUser(service);
    assert.deepEqual(await Promise.all(conditional.map((path) => etagOf(path))), etags);
  });

  test('rights that were lost are no 304', async () => {
    const member = await newUser(service);
    await execute(service.dsn, `insert into auxeira.user_organizations (user_id, org_id, role)
      values (${literal(member.userId)}, ${literal(founder.organizationId)}, 'viewer');`);
    const etag = await etagOf(organization, member.api);
    assert.equal((await again(organization, etag, member.api)).status, 304);
    await execute(service.dsn, `delete from auxeira.user_organizations where user_id = ${literal(member.userId)}
      and org_id = ${literal(founder.organizationId)};`);
    assert.equal((await again(organization, etag, member.api)).status, 401, 'a token ends with its rights');
  });

  test('without a token there is no 304', async () => {
    assertProblem(await again('/api/documents', await etagOf('/api/documents'), service.api), unauthenticated);
  });

  test('answers that depend on other things have no ETag', async () => {
    for (const path of ['/api/auth/me', '/api/auth/sessions', '/api/benchmarks?kind=x', '/api/synthetic/templates', '/api/health', '/live']) {
      assert.equal((await founder.api.get(path)).headers.get('etag'), null, path);
    }
  });
});

describe('If-Match', () => {
  const rename = (name, ifMatch) => founder.api.patch(organization, { name }, { headers: { 'if-match': ifMatch } });
  const changed = { status: 412, code: 'ZA412', error: 'it has been changed since it was read',
    detail: 'it has been changed since it was read. Read it again, and repeat the change if it is still wanted.' };
  const incomparable = { status: 412, code: 'ZA412', error: 'there is nothing here that If-Match can be compared with',
    detail: 'there is nothing here that If-Match can be compared with. Send the request without it.' };
  const malformed = (error) => ({ status: 400, code: 'malformed_condition', error });

  test('the second of two changes is refused', async () => {
    const etag = await etagOf(organization);
    assert.equal((await rename('First', etag)).status, 200);
    assertProblem(await rename('Second', etag), changed);
    assert.equal((await founder.api.get(organization)).body.data.name, 'First');
    assert.equal((await rename('Third', await etagOf(organization))).status, 200);
  });

  test('of many at once one is carried out', async () => {
    const etag = await etagOf(organization);
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => rename(`Name ${i}`, etag)));
    const statuses = answers.map(({ status }) => status);
    // Whoever has waited too long for the others is asked to come again.
    assert.equal(statuses.filter((status) => status === 200).length, 1, String(statuses));
    assert.ok(statuses.every((status) => [200, 412, 503].includes(status)), String(statuses));
    const { name } = (await founder.api.get(organization)).body.data;
    assert.equal(name, answers.find(({ status }) => status === 200).body.data.name);
  });

  test('a weak or foreign ETag fits nothing, * fits everything', async () => {
    const etag = await etagOf(organization);
    assertProblem(await rename('Weak', `W/${etag}`), changed);
    assertProblem(await rename('Foreign', '"x"'), changed);
    assert.equal((await rename('Any', '*')).status, 200);
  });

  test('the ETag of a compressed answer fits like that of the plain one', async () => {
    const etag = await etagOf(organization);
    assert.equal((await rename('Packed', etag.replace(/"$/, '-gzip"'))).status, 200);
    assertProblem(await rename('Again', etag.replace(/"$/, '-gzip"')), changed);
  });

  test('what is no list of ETags is refused', async () => {
    for (const text of ['x', '"x', '"x" "y"']) {
      assertProblem(await rename('Malformed', text), malformed('If-Match is not a list of ETags'));
    }
  });

  test('where there is nothing to compare with it is not overheard', async () => {
    const headers = { 'if-match': '"x"' };
    assertProblem(await founder.api.post('/api/dashboard/metrics', metric(9), { headers }), incomparable);
    assertProblem(await founder.api.post('/api/auth/login', { email: 'x', password: 'y' }, { headers }),
      malformed('If-Match is of no use here'));
  });
});
