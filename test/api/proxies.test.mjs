// Behind a proxy: 127.0.0.1 is one that is trusted, 10.0.0.0/8 has others behind it, and the rest of this machine's
// addresses are clients that come without one.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Client, newClient } from './support/clients.mjs';
import { assertProblem, tooManyAttempts, wrongCredentials } from './support/problems.mjs';
import { launch, startService } from './support/service.mjs';
import { literal, query } from './support/sql.mjs';
import { newUser, newVerifiedUser } from './support/users.mjs';
import { eventually } from './support/wait.mjs';

const service = await startService({ AUXEIRA_TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8' });
after(() => service.close());

const password = 'not the password';
const login = (account, forwarded, api = service.api) =>
  api.post('/api/auth/login', account, { headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } });

// Until it is delayed.
async function guess(email, forwardedOf, api) {
  for (let i = 0; i < 6; i += 1) await login({ email, password }, forwardedOf(i), api);
}

async function addressesOf({ userId }, event = 'login') {
  const events = await query(service.dsn, `select host(address) as address from auxeira.access_events
    where user_id = ${literal(userId)} and event = ${literal(event)} order by at, event_id`);
  return events.map(({ address }) => address);
}

// Where the service takes a client to be that logs in with this field.
async function placeOf(forwarded, api) {
  const user = await newUser(service);
  assert.equal((await login(user, forwarded, api)).status, 200);
  return (await addressesOf(user))[0];
}

describe('two clients of one proxy', () => {
  test('one has to wait after wrong passwords, the other does not', async () => {
    const user = await newVerifiedUser(service);
    await guess(user.email, () => '192.0.2.1');
    assertProblem(await login(user, '192.0.2.1'), tooManyAttempts);
    assert.equal((await login(user, '192.0.2.2')).status, 200);
    assertProblem(await login({ ...user, password }, '192.0.2.2'), wrongCredentials);
  });

  test('are told apart in the record of access, in the list of sessions and in the log', async () => {
    const user = await newVerifiedUser(service);
    await login({ ...user, password }, '198.51.100.1');
    const { body } = await login(user, '2001:DB8::7');
    assert.deepEqual(await addressesOf(user, 'login_failed'), ['198.51.100.1']);
    assert.deepEqual(await addressesOf(user), ['2001:db8::7']);
    const list = await service.api.get('/api/auth/sessions', { token: body.data.token });
    assert.deepEqual(list.body.data.sessions.map(({ address }) => address).sort(), ['127.0.0.1', '2001:db8::7']);
    await eventually('the log has both', () =>
      ['198.51.100.1', '2001:db8::7'].every((address) => service.log().includes(`"address":"${address}"`)));
  });
});

describe('what the field says', () => {
  test('an entry that the client wrote is not believed', async () => {
    assert.equal(await placeOf('203.0.113.9, 192.0.2.11'), '192.0.2.11');
    const { email } = await newVerifiedUser(service);
    await guess(email, (i) => `203.0.113.${i}, 192.0.2.12`);
    assertProblem(await login({ email, password }, '203.0.113.100, 192.0.2.12'), tooManyAttempts);
  });

  test('lines are joined in their order', async () => {
    const client = new Client(service.url);
    assert.equal(await placeOf(['203.0.113.9', '192.0.2.13', '10.0.0.1'], client), '192.0.2.13');
    client.close();
  });

  const places = {
    '192.0.2.14, 10.0.0.2, 10.0.0.1': '192.0.2.14',
    '192.0.2.15:567': '192.0.2.15',
    '[2001:db8::1]:567': '2001:db8::1',
    '::ffff:192.0.2.16': '192.0.2.16',
    '203.0.113.9, unknown, 10.0.0.1': '10.0.0.1',
    '203.0.113.9, unknown': '127.0.0.1',
    "192.0.2.17' or true": '127.0.0.1',
    '203.0.113.9,': '127.0.0.1',
    '': '127.0.0.1',
  };
  for (const [forwarded, place] of Object.entries(places)) {
    test(`\`${forwarded}\` is ${place}`, async () => assert.equal(await placeOf(forwarded), place));
  }

  test('without it the client is the proxy', async () => assert.equal(await placeOf(undefined), '127.0.0.1'));
});

describe('who is not believed', () => {
  test('a peer that is no trusted proxy', async () => {
    const client = newClient(service);
    assert.match(await placeOf('203.0.113.9', client), /^127\.1\./);
    const { email } = await newVerifiedUser(service);
    await guess(email, (i) => `203.0.113.${i}`, client);
    assertProblem(await login({ email, password }, '203.0.113.9', client), tooManyAttempts);
  });

  test('anybody, when no proxy is trusted', async () => {
    const other = await service.another({ AUXEIRA_TRUSTED_PROXIES: '' });
    const user = await newVerifiedUser(service);
    await guess(user.email, (i) => `203.0.113.${i}`, other.api);
    assertProblem(await login({ ...user, password }, '203.0.113.9', other.api), tooManyAttempts);
    assert.deepEqual([...new Set(await addressesOf(user, 'login_failed'))], ['127.0.0.1']);
    assert.ok(!other.log().includes('203.0.113.'));
    await other.stop();
  });
});

test('a list that cannot be read stops the start', async () => {
  for (const list of ['proxy.example', '10.0.0.1/8', '0.0.0.0/0']) {
    const started = launch({ ...service.settings, AUXEIRA_PORT: '0', AUXEIRA_TRUSTED_PROXIES: list });
    assert.equal((await started.ended).code, 2);
    assert.ok(started.log().includes(`AUXEIRA_TRUSTED_PROXIES=${list} is wrong; allowed: a comma list`));
  }
});
