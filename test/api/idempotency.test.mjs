// Idempotency-Key as a client sees it: carried out once, whatever is sent again.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { assertProblem } from './support/problems.mjs';
import { startService } from './support/service.mjs';
import { query } from './support/sql.mjs';
import { newAccount, newVerifiedUser } from './support/users.mjs';

const service = await startService();
after(() => service.close());
const user = await newVerifiedUser(service);
const other = await newVerifiedUser(service);

const deck = (title) => ({ title, kind: 'pitch_deck', url: 'https://files.example/deck.pdf' });
const keyed = (key, body, { path = '/api/documents', api = user.api } = {}) =>
  api.post(path, body, { headers: { 'idempotency-key': key } });
const titles = async ({ api } = user) => (await api.get('/api/documents')).body.data.documents.map(({ title }) => title);
const count = async (title) => (await titles()).filter((each) => each === title).length;
const isReplayed = ({ headers }) => headers.get('idempotency-replayed');

describe('Idempotency-Key', () => {
  test('the same request again is answered alike, and done once', async () => {
    const key = `"${randomUUID()}"`;
    const first = await keyed(key, deck('once'));
    assert.deepEqual([first.status, isReplayed(first)], [201, null]);
    for (const again of [await keyed(key, deck('once')), await keyed(key.replaceAll('"', ''), deck('once'))]) {
      assert.deepEqual([again.status, again.text, isReplayed(again)], [201, first.text, 'true']);
    }
    assert.equal(await count('once'), 1);
  });

  test('without a key each request is one of its own', async () => {
    await user.api.post('/api/documents', deck('twice'));
    await user.api.post('/api/documents', deck('twice'));
    assert.equal(await count('twice'), 2);
  });

  test('another request with the same key is refused', async () => {
    const key = randomUUID();
    await keyed(key, deck('this'));
    assertProblem(await keyed(key, deck('that')), { status: 422, code: 'ZA422',
      error: 'this Idempotency-Key came with another request before',
      detail: 'this Idempotency-Key came with another request before. Make up a new key for each request.' });
    assert.equal(await count('that'), 0);
  });

  test('of many at once one is carried out, the others are told that it is under way or how it ended', async () => {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 12 }, () => keyed(key, deck('at once'))));
    const made = answers.filter((answer) => answer.status === 201);
    assert.equal(made.filter((answer) => isReplayed(answer) === null).length, 1);
    assert.equal(new Set(made.map(({ text }) => text)).size, 1);
    answers.filter((answer) => answer.status !== 201).forEach((answer) => assertProblem(answer, {
      status: 409, code: 'ZA409', error: 'a request with this Idempotency-Key is under way',
      detail: 'a request with this Idempotency-Key is under way. Repeat the request in a moment.' }));
    assert.equal(await count('at once'), 1);
  });

  test('what was refused may be repeated with the same key', async () => {
    const key = randomUUID();
    assert.equal((await keyed(key, { title: 'repeated' })).status, 400);
    assert.equal(isReplayed(await keyed(key, deck('repeated'))), null);
    assert.equal(await count('repeated'), 1);
  });

  test('keys are of one user and one endpoint', async () => {
    const key = randomUUID();
    await keyed(key, deck('mine'));
    assert.equal(isReplayed(await keyed(key, deck('mine'), { api: other.api })), null);
    assert.deepEqual(await titles(other), ['mine']);
    const score = { startupId: user.organizationId, responses: { team: { a: 0.5 } } };
    const calculated = await keyed(key, score, { path: '/api/sse/calculate' });
    assert.deepEqual([calculated.status, isReplayed(calculated)], [201, null]);
    assert.equal(isReplayed(await keyed(key, score, { path: '/api/sse/calculate' })), 'true');
  });

  test('an invitation is sent once', async () => {
    const path = `/api/organizations/${user.organizationId}/invitations`;
    const key = randomUUID();
    const first = await keyed(key, { email: 'new@example.org', role: 'viewer' }, { path });
    const again = await keyed(key, { email: 'new@example.org', role: 'viewer' }, { path });
    assert.deepEqual([first.status, again.status, again.text, isReplayed(again)], [201, 201, first.text, 'true']);
    const mails = await query(service.dsn, `select 1 from auxeira.mail_outbox where recipient = 'new@example.org'`);
    assert.equal(mails.length, 1);
  });

  test('a key has a form', async () => {
    for (const key of ['', '""', 'a b', '"a', 'k'.repeat(256)]) {
      assertProblem(await keyed(key, deck('malformed')), { status: 400, code: 'malformed_condition',
        error: 'Idempotency-Key is not one of 1 to 255 visible characters' });
    }
  });

  test('where none is taken it is not overheard', async () => {
    assertProblem(await keyed(randomUUID(), { name: 'x', scopes: ['metrics:read'], expiresInDays: 1 }, { path: '/api/auth/api-keys' }),
      { status: 400, code: 'ZA400', error: 'Idempotency-Key is not taken here',
        detail: 'Idempotency-Key is not taken here. Send the request without it.' });
    assertProblem(await keyed(randomUUID(), newAccount(), { path: '/api/auth/register', api: service.api }),
      { status: 400, code: 'malformed_condition', error: 'Idempotency-Key is not taken here' });
    const [{ kept }] = await query(service.dsn, `select count(*)::int as kept from auxeira.api_keys`);
    assert.equal(kept, 0);
  });

  test('what is repeatable by itself needs none', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    assert.equal((await user.api.get('/api/documents', { headers })).status, 200);
    assert.equal((await other.api.post('/api/auth/logout', undefined, { headers })).status, 200);
  });

  test('a connection that is lost on the way is no second request', async () => {
    const key = randomUUID();
    const first = await keyed(key, deck('cut'));
    await query(service.dsn, `select count(pg_terminate_backend(pid))::int as ended from pg_stat_activity
      where application_name = 'auxeira-api' and datname = current_database()`);
    const again = await keyed(key, deck('cut'));
    assert.deepEqual([again.status, again.text, isReplayed(again)], [201, first.text, 'true']);
  });
});
