// What befell others (Directus, Supabase, Hasura, PostgREST, and the original), and must not happen here. What other
// files have tests of is not repeated: test/asvs.md says where.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { newLinkToken } from './support/ecosystem.mjs';
import { endpoints } from './support/endpoints.mjs';
import { startService } from './support/service.mjs';
import { smtpSettings, startSmtp } from './support/smtp.mjs';
import { execute, literal, query } from './support/sql.mjs';
import { newAccount, newAddress, newUser, newVerifiedUser } from './support/users.mjs';

const smtp = await startSmtp();
const service = await startService(smtpSettings(smtp));
after(async () => {
  await service.close();
  smtp.close();
});

// CVE-2018-10723 of Directus, and the original's admin@auxeira.com: an account that everybody knows.
test('a new installation has no account and no key', async () => {
  const fresh = await startService();
  for (const table of ['users', 'user_credentials', 'organizations', 'api_keys', 'user_sessions', 'invitations']) {
    assert.deepEqual(await query(fresh.dsn, `select * from auxeira.${table}`), [], table);
  }
  for (const [email, password] of [['admin@auxeira.com', 'admin123'], ['admin@example.com', 'password'],
    ['admin', 'admin'], ['postgres', 'postgres']]) {
    assert.equal((await fresh.api.post('/api/auth/login', { email, password })).status, 401);
  }
  await fresh.close();
});

// GHSA-2ccr-g2rv-h677: what is in an address is in histories, in logs and in Referer fields.
describe('a token in the address is not looked at', () => {
  const inAddress = (path, token) => `${path}?token=${encodeURIComponent(token)}`;

  test('the link of a verification', async () => {
    const user = await newUser(service);
    const { token } = await smtp.waitFor(user.email, /Confirm/);
    for (const body of [undefined, {}, { token: newLinkToken() }, { token: '' }]) {
      const { status } = await service.api.post(inAddress('/api/auth/verify-email', token), body);
      assert.ok(status >= 400 && status < 500, `${JSON.stringify(body)}: ${status}`);
    }
    assert.equal((await service.api.get(inAddress('/api/auth/verify-email', token))).status, 405);
    assert.equal((await service.api.post('/api/auth/verify-email', { token })).status, 200, 'it was not used up');
  });

  test('an invitation', async () => {
    const owner = await newVerifiedUser(service);
    const guest = await newUser(service);
    await owner.api.post(`/api/organizations/${owner.organizationId}/invitations`,
      { email: guest.email, role: 'viewer' });
    const { token } = await smtp.waitFor(guest.email, /Invitation/);
    for (const body of [undefined, {}, { token: newLinkToken() }]) {
      const { status } = await guest.api.post(inAddress('/api/invitations/accept', token), body);
      assert.ok(status >= 400 && status < 500, `${JSON.stringify(body)}: ${status}`);
    }
    assert.equal((await guest.api.post('/api/invitations/accept', { token })).status, 200, 'it was not used up');
  });

  test('a password reset', async () => {
    const user = await newVerifiedUser(service);
    await service.api.post('/api/auth/password-reset/request', { email: user.email });
    const { token } = await smtp.waitFor(user.email, /new password/);
    const { password: newPassword } = newAccount();
    for (const body of [{ newPassword }, { newPassword, token: newLinkToken() }]) {
      const { status } = await service.api.post(inAddress('/api/auth/password-reset/confirm', token), body);
      assert.ok(status >= 400 && status < 500, `${JSON.stringify(body)}: ${status}`);
    }
    assert.equal((await service.api.post('/api/auth/password-reset/confirm', { token, newPassword })).status, 200);
  });

  test('a refresh token, a password, an API key', async () => {
    const user = await newUser(service, 'startup_founder', { refresh: true });
    const { refreshToken, email, password, token } = user;
    assert.equal((await service.api.post(`/api/auth/refresh?refreshToken=${refreshToken}`, {})).status, 400);
    const search = new URLSearchParams({ email, password });
    assert.equal((await service.api.post(`/api/auth/login?${search}`, {})).status, 400);
    for (const name of ['access_token', 'token', 'apikey', 'api_key', 'key', 'jwt', 'authorization']) {
      assert.equal((await service.api.get(`/api/auth/me?${name}=${token}`)).status, 401);
    }
  });
});

// Supabase #2642: the tokens of a banned user went on to work; #2624: so did an old refresh token.
test('whoever is disabled has no way in: token, refresh token, API key, password, link', async () => {
  const user = await newVerifiedUser(service, 'startup_founder', { refresh: true });
  const { key } = (await user.api.post('/api/auth/api-keys', { name: 'x', scopes: ['organization:read'] })).body.data;
  await service.api.post('/api/auth/password-reset/request', { email: user.email });
  const { token: link } = await smtp.waitFor(user.email, /new password/);
  const ways = {
    token: () => user.api.get('/api/auth/me'),
    'refresh token': () => service.api.post('/api/auth/refresh', { refreshToken: user.refreshToken }),
    key: () => service.api.get('/api/organizations', { token: key }),
    password: () => service.api.post('/api/auth/login', user),
    link: () => service.api.post('/api/auth/password-reset/confirm',
      { token: link, newPassword: newAccount().password }),
  };
  assert.equal((await ways.key()).status, 200);
  await execute(service.dsn, `update auxeira.users set is_active = false where user_id = ${literal(user.userId)};`);
  for (const [name, go] of Object.entries(ways)) {
    const { status } = await go();
    assert.ok(status === 401 || (name === 'link' && status === 422), `${name}: ${status}`);
  }
});

// GHSA-4hmq-ggrm-qfc6: HTML of one's own in the mails that others get.
test('names and addresses stay text in mails', async () => {
  const name = '<a href="https://evil.example">Click</a> https://evil.example/x#token=vt_1';
  const owner = await newVerifiedUser(service, 'startup_founder', { organization: { name } });
  const email = newAddress();
  await owner.api.post(`/api/organizations/${owner.organizationId}/invitations`, { email, role: 'viewer' });
  const mail = await smtp.waitFor(email);
  assert.match(mail.headers['content-type'], /^text\/plain;/);
  assert.equal(mail.text.match(/^https?:\/\/\S+$/gm).length, 1, 'one link stands alone');
  assert.ok(mail.link.startsWith('http://127.0.0.1:8080/invitation#token='));
});

// CVE-2019-1020015 and GHSA-9wqv-qhrh-87f4 have tests in tokens.test.mjs. PostgREST #4675: names in hints.
test('no refusal tells the names of functions, tables, columns or roles', async () => {
  const user = await newVerifiedUser(service);
  const known = await query(service.dsn, `
    select p.proname as name from pg_proc p
    where p.pronamespace in ('auxeira'::regnamespace, 'auxeira_api'::regnamespace)
    union select c.relname from pg_class c where c.relnamespace = 'auxeira'::regnamespace
    union select rolname from pg_roles where rolname ~ '^auxeira_'`);
  const internal = known.map(({ name }) => name).filter((name) => name.includes('_'));
  const texts = [];
  const bodies = [{}, { unknown: 1 }, { name: 7, email: [] }];
  for (const { method, path, body } of endpoints.filter((one) => !one.path.startsWith('/api/auth/logout'))) {
    for (const id of ['x', '00000000-0000-0000-0000-000000000001']) {
      for (const json of body === 'none' ? [undefined] : bodies) {
        const { status, text } = await user.api.send(method, path.replace(/:\w+/g, id), { json });
        if (status >= 400) texts.push(text);
      }
    }
  }
  assert.ok(texts.length > 100);
  for (const text of texts) {
    assert.deepEqual(internal.filter((name) => new RegExp(`\\b${name}\\b`).test(text)), [], text);
  }
});

// Directus: a field that was masked could be searched for. Here no request sorts or filters by a column.
test('no parameter names a column', async () => {
  const user = await newVerifiedUser(service);
  const odd = { select: 'password_hash', fields: '*.*', order: 'password_hash.asc', sort: '-password_hash',
    filter: '{"password_hash":{"_starts_with":"$"}}', search: '$argon2id', where: '1=1', embed: 'user_credentials',
    'password_hash': 'like.*', limit: '1', aggregate: '{"max":"password_hash"}', groupBy: 'password_hash' };
  for (const { method, path } of endpoints.filter(({ method: one }) => one === 'GET')) {
    const { status, text } = await user.api.send(method,
      `${path.replace(/:\w+/g, user.organizationId)}?${new URLSearchParams(odd)}`);
    assert.ok(status < 500 && !text.includes('$argon2id$'), `${path}: ${status} ${text}`);
  }
});

// API7, server-side request forgery: addresses are kept and never asked for.
test('no address that a client gives is fetched', async () => {
  const { createServer } = await import('node:http');
  let calls = 0;
  const trap = createServer((request, response) => { calls += 1; response.end(); });
  await new Promise((resolve) => { trap.listen(0, '127.0.0.1', resolve); });
  const url = `http://127.0.0.1:${trap.address().port}/${randomBytes(4).toString('hex')}`;
  const user = await newVerifiedUser(service, 'startup_founder', { profile: { avatar: url, website: url } });
  const { status } = await user.api.patch(`/api/organizations/${user.organizationId}`, { website: url, logoUrl: url });
  assert.equal(status, 200);
  await user.api.get(`/api/organizations/${user.organizationId}`);
  await user.api.post('/api/documents', { title: 'x', kind: 'legal', url: url.replace('http:', 'https:') });
  await service.api.get('/.well-known/jwks.json');
  assert.equal(calls, 0);
  trap.close();
});
