// Limits of rates: whom they count, what they say, and that one client's excess is not another's.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Api } from './support/api.mjs';
import { newClient } from './support/clients.mjs';
import { assertProblem, rateLimited } from './support/problems.mjs';
import { startService } from './support/service.mjs';
import { execute } from './support/sql.mjs';
import { newAccount, newUser, newVerifiedUser } from './support/users.mjs';
import { sleep } from './support/wait.mjs';

const service = await startService({ AUXEIRA_TRUSTED_PROXIES: '127.0.0.1' });
after(() => service.close());

// Other limits, the same database.
async function limited(limits, tests) {
  const process_ = await service.another(Object.fromEntries(Object.entries(limits)
    .map(([name, value]) => [`AUXEIRA_LIMIT_${name}`, value])));
  try {
    await tests(process_);
  } finally {
    await process_.stop();
  }
}

const from = (address) => ({ headers: { 'x-forwarded-for': address } });
const statuses = async (count, ask) => {
  const answers = [];
  for (let i = 0; i < count; i += 1) answers.push(await ask(i));
  return answers.map(({ status }) => status);
};
const repeated = (count, status) => Array(count).fill(status);

describe('of addresses', () => {
  test('each has its own, whatever it asks for, and is told', () => limited({ ADDRESS: '5/50' }, async ({ api }) => {
    const first = await api.get('/api/none', from('192.0.2.1'));
    assert.equal(first.headers.get('ratelimit-policy'), '"address";q=5;w=50');
    assert.equal(first.headers.get('ratelimit'), '"address";r=4;t=10');
    assert.deepEqual(await statuses(4, () => api.get('/api/auth/me', from('192.0.2.1'))), repeated(4, 401));
    const refused = await api.get('/api/health', from('192.0.2.1'));
    assertProblem(refused, rateLimited);
    assert.equal(refused.headers.get('retry-after'), '10');
    assert.match(refused.headers.get('ratelimit'), /^"address";r=0;t=(49|50)$/);
    assert.equal((await api.get('/api/health', from('192.0.2.2'))).status, 200);
  }));

  test('of IPv6 64 bits are one client, and a field that no proxy wrote is nobody', () => limited({ ADDRESS: '3/300' }, async (process_) => {
    const ask = (i) => process_.api.get('/api/none', from(`2001:db8:1:2::${i}`));
    assert.deepEqual(await statuses(5, ask), [404, 404, 404, 429, 429]);
    assert.equal((await process_.api.get('/api/none', from('2001:db8:1:3::1'))).status, 404);
    const direct = newClient(process_);
    assert.deepEqual(await statuses(5, (i) => direct.get('/api/none', from(`203.0.113.${i}`))), [404, 404, 404, 429, 429]);
  }));

  test('probes are free', () => limited({ ADDRESS: '2/200' }, async ({ api }) => {
    assert.deepEqual(await statuses(5, () => api.get('/live', from('192.0.2.3'))), repeated(5, 200));
    assert.equal((await api.get('/ready', from('192.0.2.3'))).headers.get('ratelimit'), null);
  }));

  test('after Retry-After it goes on', () => limited({ ADDRESS: '2/2' }, async ({ api }) => {
    const ask = () => api.get('/api/none', from('192.0.2.4'));
    await statuses(3, ask);
    const refused = await ask();
    assert.equal(refused.status, 429);
    await sleep(1000 * Number(refused.headers.get('retry-after')) + 50);
    assert.equal((await ask()).status, 404);
  }));

  test('hashing passwords has a smaller one', () => limited({ ADDRESS: '100/100', PASSWORD: '3/300' }, async ({ api }) => {
    const login = () => api.post('/api/auth/login', newAccount(), from('192.0.2.5'));
    assert.deepEqual(await statuses(5, login), [401, 401, 401, 429, 429]);
    assert.equal((await login()).headers.get('ratelimit-policy'), '"address";q=100;w=100, "password";q=3;w=300');
    assert.equal((await api.post('/api/auth/refresh', {}, from('192.0.2.5'))).status, 400);
    const answers = await statuses(2, () => api.get('/api/none', from('192.0.2.5')));
    assert.deepEqual(answers, [404, 404]);
  }));
});

describe('of users and organizations', () => {
  test('a user has one, from wherever; another user another', () => limited({ USER: '4/400' }, async ({ api }) => {
    const [one, two] = [await newUser(service), await newUser(service)];
    const ask = (user) => (i) => api.get('/api/auth/me', { token: user.token, ...from(`192.0.2.${10 + i}`) });
    assert.deepEqual(await statuses(6, ask(one)), [...repeated(4, 200), 429, 429]);
    assert.deepEqual(await statuses(4, ask(two)), repeated(4, 200));
    const { headers } = await ask(one)(0);
    assert.equal(headers.get('ratelimit-policy'), '"user";q=4;w=400');
    assert.equal((await api.get('/api/auth/me', from('192.0.2.10'))).status, 401);
  }));

  test('the members of an organization share one', () => limited({ ORGANIZATION: '4/400', USER: '3/300' }, async ({ api }) => {
    const owner = await newUser(service);
    const member = await newUser(service);
    await execute(service.dsn, `insert into auxeira.user_organizations (org_id, user_id, role)
      values ('${owner.organizationId}', '${member.userId}', 'member');`);
    const { body } = await service.api.post('/api/auth/active-organization', { organizationId: owner.organizationId },
      { token: member.token });
    const ask = (token) => () => api.get('/api/auth/me', { token });
    assert.deepEqual(await statuses(3, ask(owner.token)), repeated(3, 200));
    const { headers } = await ask(owner.token)();
    assert.match(headers.get('ratelimit'), /^"user";r=0/);
    assert.deepEqual(await statuses(2, ask(body.data.token)), [200, 429]);
    assert.match((await ask(body.data.token)()).headers.get('ratelimit'), /^"organization";r=0/);
  }));

  test('what is costly has its own', () => limited({ COSTLY: '2/200' }, async ({ api }) => {
    const user = await newUser(service);
    const generate = () => api.post('/api/synthetic/generate', { count: 1 }, { token: user.token });
    assert.deepEqual(await statuses(3, generate), [201, 201, 429]);
    assertProblem(await generate(), rateLimited);
    assert.equal((await api.get('/api/synthetic/sessions', { token: user.token })).status, 200);
    const other = await newUser(service);
    assert.equal((await api.post('/api/synthetic/generate', { count: 1 }, { token: other.token })).status, 201);
  }));

  test('an API key counts by itself', () => limited({ USER: '2/200' }, async ({ api }) => {
    const user = await newVerifiedUser(service);
    const keys = [];
    for (const name of ['a', 'b']) {
      const { body, text } = await user.api.post('/api/auth/api-keys', { name, scopes: ['metrics:read'] });
      assert.ok(body?.data?.key, text);
      keys.push(body.data.key);
    }
    const ask = (token) => () => api.get('/api/dashboard/metrics', { token });
    assert.deepEqual(await statuses(3, ask(keys[0])), [200, 200, 429]);
    assert.deepEqual(await statuses(2, ask(keys[1])), [200, 200]);
  }));
});

describe('by default', () => {
  const defaults = Object.fromEntries(['ADDRESS', 'PASSWORD', 'USER', 'ORGANIZATION', 'COSTLY'].map((name) => [name, undefined]));

  test('there are limits that nobody meets in ordinary use', () => limited(defaults, async ({ api }) => {
    const user = await newUser(service);
    const { headers } = await api.post('/api/synthetic/generate', { count: 1 }, { token: user.token });
    assert.equal(headers.get('ratelimit-policy'),
      '"address";q=3000;w=60, "user";q=1200;w=60, "organization";q=6000;w=60, "costly";q=60;w=60');
    assert.match(headers.get('ratelimit'), /^"costly";r=59;t=1$/);
  }));

  test('a wrong one stops the start', async () => {
    await assert.rejects(service.another({ AUXEIRA_LIMIT_USER: '10' }, { untilReady: false }),
      /AUXEIRA_LIMIT_USER=10 is wrong; allowed: REQUESTS\/SECONDS such as 3000\/60, or off/);
  });
});

test('a flood from one address leaves the others as they were', () => limited({ ADDRESS: '20/20' }, async ({ api, url }) => {
  const flood = Array.from({ length: 300 }, () => new Api(url).get('/api/health', from('192.0.2.66')));
  const calm = await statuses(15, () => api.get('/api/health', from('192.0.2.67')));
  assert.deepEqual(calm, repeated(15, 200));
  const passed = (await Promise.all(flood)).filter(({ status }) => status === 200).length;
  assert.ok(passed >= 20 && passed <= 50, `${passed} of 300`);
}));
