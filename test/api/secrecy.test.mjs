// Everything secret that an account ever has, used once; then looked for wherever it must not be. And the record of
// what was done: each event once.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { Api } from './support/api.mjs';
import { parseDsn } from './support/connection.mjs';
import { newLinkToken } from './support/ecosystem.mjs';
import { startService } from './support/service.mjs';
import { smtpSettings, startSmtp } from './support/smtp.mjs';
import { execute, query } from './support/sql.mjs';
import { currentCode, forgetUsedCodes, wrongCodeFor } from './support/totp.mjs';
import { newAddress } from './support/users.mjs';

const smtp = await startSmtp();
const service = await startService({ ...smtpSettings(smtp), AUXEIRA_LOG_LEVEL: 'debug' });
after(async () => {
  await service.close();
  smtp.close();
});

const marked = (what) => `${what} ${randomBytes(9).toString('base64url')} of nobody`;
const secrets = new Map(); // by what it is
const addresses = new Set();
const keep = (what, value) => {
  assert.equal(typeof value, 'string', what);
  secrets.set(`${what} (${secrets.size})`, value);
  return value;
};
const keepTokens = ({ token, refreshToken }) => {
  keep('access token', token);
  if (refreshToken !== null) keep('refresh token', refreshToken);
};

// --- What is done ----------------------------------------------------------------------------------------------------

const expected = []; // the events, in their order
const seenStatements = new Set();

const statements = () => query(service.dsn, `select coalesce(query, '') || ' ' || coalesce(application_name, '') as text
  from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`);

// A request with an id of its own, which brings about these events.
async function step(id, events, method, path, json, { token, status } = {}) {
  const answer = await new Api(service.url, token).send(method, path,
    { json, headers: { 'x-request-id': id, 'user-agent': 'a browser/1.0' } });
  assert.equal(answer.status, status, `${id}: ${answer.text}`);
  expected.push(...events.map((event) => `${id} ${event}`));
  (await statements()).forEach(({ text }) => seenStatements.add(text));
  return answer.body.data;
}

const linkTo = async (email, subject) => keep('link', (await smtp.waitFor(email, subject)).token);

async function liveThrough() {
  const [email, friend] = [newAddress(), newAddress()];
  [email, friend].forEach((address) => addresses.add(address));
  const [first, second, third] = ['first', 'second', 'third'].map((word) => keep('password', marked(word)));
  const wrong = keep('wrong password', marked('wrong'));
  const post = (id, events, path, json, options) => step(id, events, 'POST', path, json, options);

  const registered = await post('register', ['registered'], '/api/auth/register',
    { email, password: first, userType: 'startup_founder', profile: {}, refresh: true }, { status: 201 });
  keepTokens(registered);
  await post('verify', ['email_verified'], '/api/auth/verify-email',
    { token: await linkTo(email, /Confirm/) }, { status: 200 });
  await post('wrong', ['login_failed'], '/api/auth/login', { email, password: wrong }, { status: 401 });
  const login = await post('login', ['login'], '/api/auth/login',
    { email, password: first, refresh: true }, { status: 200 });
  keepTokens(login);
  const refreshed = await post('refresh', ['token_refreshed'], '/api/auth/refresh',
    { refreshToken: login.refreshToken }, { status: 200 });
  keepTokens(refreshed);
  const { token } = refreshed;

  await post('mistaken', ['reauthentication_failed'], '/api/auth/password',
    { currentPassword: wrong, newPassword: second }, { token, status: 422 });
  await post('change', ['password_changed'], '/api/auth/password',
    { currentPassword: first, newPassword: second }, { token, status: 200 });
  const key = await post('key', ['api_key_created'], '/api/auth/api-keys',
    { name: 'x', scopes: ['organization:write'] }, { token, status: 201 });
  keep('API key', key.key);
  await step('with-key', [], 'GET', '/api/organizations', undefined, { token: key.key, status: 200 });

  const { secret } = await post('enroll', ['second_factor_enrolled'], '/api/auth/totp',
    { currentPassword: second }, { token, status: 201 });
  keep('secret of the second factor', secret);
  const { recoveryCodes } = await post('activate', ['second_factor_activated'], '/api/auth/totp/confirm',
    { code: currentCode(secret) }, { token, status: 200 });
  recoveryCodes.forEach((code) => keep('recovery code', code));
  await forgetUsedCodes(service);
  await post('no-code', [], '/api/auth/login', { email, password: second }, { status: 401 });
  await post('wrong-code', ['login_failed'], '/api/auth/login',
    { email, password: second, totp: wrongCodeFor(secret) }, { status: 401 });
  keepTokens(await post('recover', ['recovery_code_used', 'login'], '/api/auth/login',
    { email, password: second, recoveryCode: recoveryCodes[0] }, { status: 200 }));
  await post('disable', ['second_factor_disabled'], '/api/auth/totp/disable',
    { currentPassword: second, recoveryCode: recoveryCodes[1] }, { token, status: 200 });

  const { organizationId } = registered;
  await post('invite', ['member_invited'], `/api/organizations/${organizationId}/invitations`,
    { email: friend, role: 'admin' }, { token, status: 201 });
  const guest = await post('guest', ['registered'], '/api/auth/register',
    { email: friend, password: third, userType: 'venture_capital', profile: {} }, { status: 201 });
  keepTokens(guest);
  await post('accept', ['member_joined'], '/api/invitations/accept',
    { token: await linkTo(friend, /Invitation/) }, { token: guest.token, status: 200 });
  const switched = await post('switch', ['organization_switched'], '/api/auth/active-organization',
    { organizationId }, { token: guest.token, status: 200 });
  keepTokens(switched);
  const { integrationId } = await post('integration', [], '/api/integrations',
    { serviceName: 'stripe', serviceType: 'payments' }, { token, status: 201 });
  await step('credentials', ['integration_credentials_changed'], 'PUT',
    `/api/integrations/${integrationId}/credentials`, { credentials: { key: keep('credential', marked('sk_live')) } },
    { token, status: 200 });

  await post('forgot', ['password_reset_requested'], '/api/auth/password-reset/request', { email }, { status: 202 });
  await post('unknown', [], '/api/auth/password-reset/confirm',
    { token: keep('unknown link', newLinkToken()), newPassword: keep('refused password', marked('never')) },
    { status: 422 });
  await post('reset', ['password_reset'], '/api/auth/password-reset/confirm',
    { token: await linkTo(email, /new password/), newPassword: keep('password', marked('fourth')) }, { status: 200 });
  await post('logout', ['logged_out'], '/api/auth/logout', undefined, { token: switched.token, status: 200 });
}

// The log of the database, which lies with its data: how long it is, and what came since.
const lengthOfLog = async () => Number(await execute(service.dsn, "select size from pg_stat_file('server.log')"));
const logSince = (start) => execute(service.dsn, `select pg_read_file('server.log', ${start}, 1000000000)`);
const start = await lengthOfLog();
await liveThrough();

// --- Where nothing of it is ------------------------------------------------------------------------------------

const own = Object.entries({
  'key of the tokens': service.settings.AUXEIRA_JWT_KEY, 'key of the vault': service.settings.AUXEIRA_VAULT_KEY,
  'password of the database': parseDsn(service.settings.AUXEIRA_APP_DSN).password,
});

// As it is, and as it would look in a bytea, in base64 or in an address.
const formsOf = (secret) => [secret, Buffer.from(secret).toString('hex'),
  Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -1), encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1)];
const foundIn = (text) => [...secrets, ...own]
  .filter(([, secret]) => formsOf(secret).some((form) => text.includes(form))).map(([what]) => what);

// All rows of all tables, as text, by table.
async function contents() {
  const names = await query(service.dsn, `select c.relname as name from pg_class c
    where c.relnamespace = 'auxeira'::regnamespace and c.relkind = 'r'`);
  const all = names.map(({ name }) => `select '${name}' as name, coalesce(string_agg(t::text, ' '), '') as text
    from auxeira.${name} t`).join(' union all ');
  return new Map((await query(service.dsn, all)).map(({ name, text }) => [name, text]));
}

describe('no password, token, code or key is', () => {
  test('in the log of the service, however much it says', () => {
    assert.ok(service.log().includes('"requestId":"recover"') && secrets.size > 25);
    assert.deepEqual(foundIn(service.log()), []);
  });

  test('in the log of the database', async () => {
    const log = await logSince(start);
    assert.ok(log.includes(parseDsn(service.dsn).dbname));
    assert.deepEqual(foundIn(log), []);
  });

  test('in what the database shows of its sessions', () => {
    assert.ok([...seenStatements].some((text) => text.includes('auxeira.call')));
    assert.deepEqual(foundIn([...seenStatements].join('\n')), []);
  });

  test('in any table, the mails that were sent among them', async () => {
    const tables = await contents();
    assert.ok(tables.get('mail_outbox') !== '' && tables.get('access_events') !== '' && tables.size > 30);
    for (const [name, text] of tables) assert.deepEqual(foundIn(text), [], name);
  });

  test('an argument of a process', () => {
    const lines = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return ''; // it has ended meanwhile
      }
    });
    assert.ok(lines.some((line) => line.includes('auxeira-api')) && lines.some((line) => line.includes('postgres')));
    assert.deepEqual(foundIn(lines.join('\n')), []);
  });
});

test('the logs name nobody by an address', async () => {
  const log = await logSince(start);
  for (const address of addresses) assert.ok(!service.log().includes(address) && !log.includes(address), address);
});

// --- Where all of it is ----------------------------------------------------------------------------------------

describe('the record of access', () => {
  test('has each event once, in order, with the request that brought it about', async () => {
    const events = await query(service.dsn, `select request_id || ' ' || event as text
      from auxeira.access_events order by at, event_id`);
    assert.deepEqual(events.map(({ text }) => text), expected);
  });

  test('says who, from where and with what', async () => {
    assert.deepEqual(await query(service.dsn, `
      select distinct host(address) as address, user_agent, user_id is null as is_anonymous
      from auxeira.access_events`), [{ address: '127.0.0.1', user_agent: 'a browser/1.0', is_anonymous: false }]);
  });

  test('tells times in UTC', async () => {
    const [{ email }] = await query(service.dsn, "select email from auxeira.users where user_type = 'venture_capital'");
    const password = [...secrets].find(([, value]) => value.startsWith('third '))[1];
    const { body: { data: { token } } } = await service.api.post('/api/auth/login', { email, password });
    const { body } = await service.api.get('/api/auth/events', { token });
    assert.ok(body.data.events.length > 3);
    for (const { at } of body.data.events) {
      assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)$/);
      assert.ok(Math.abs(Date.parse(at) - Date.now()) < 300_000);
    }
  });
});

// What people type into the wrong field: it is neither recorded nor logged.
describe('a password in the place of the address', () => {
  const slip = marked('slip');
  const fields = { '/api/auth/login': { email: slip, password: 'x' },
    '/api/auth/password-reset/request': { email: slip },
    '/api/auth/register': { email: slip, password: marked('other'), userType: 'government', profile: {} } };
  for (const [path, body] of Object.entries(fields)) {
    test(path, async () => {
      const before = await lengthOfLog();
      await service.api.post(path, body);
      assert.ok(!service.log().includes(slip));
      assert.ok(!(await logSince(before)).includes(slip), 'the log of the database has it');
      for (const [name, text] of await contents()) assert.ok(!text.includes(slip), name);
    });
  }
});

describe('lines of the logs cannot be forged', () => {
  const forged = '{"level":"error","message":"forged"}';
  const breaks = ['\r\n', '\n', '\r', '\u0085', '\u2028', '\u000b', '\u001b[2J'];

  test('through an address, a name or a user agent', async () => {
    for (const line of breaks) {
      const email = `x${line}${forged}@test.example`;
      await service.api.post('/api/auth/login', { email, password: marked('any') });
      await service.api.post('/api/auth/register',
        { email, password: marked('any'), userType: 'government', profile: { companyName: `x${line}${forged}` } });
      const sent = Buffer.from(`x${line}${forged}`, 'utf8').toString('latin1').replace(/[\r\n\v\u001b]/g, '\t');
      await service.api.get('/live', { headers: { 'user-agent': sent } });
    }
    for (const line of service.log().split('\n').filter(Boolean)) {
      const { time, level, message } = JSON.parse(line);
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.ok(['debug', 'info', 'warn', 'error'].includes(level) && message !== 'forged');
    }
    assert.deepEqual(await query(service.dsn, `select event from auxeira.access_events
      where user_agent ~ '[[:cntrl:]\\u2028]' or request_id ~ '[[:cntrl:]]'`), []);
  });
});
