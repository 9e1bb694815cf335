// Accounts: registering, logging in, refreshing, logging out, and what a password may be.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { userTypes } from './support/api.mjs';
import {
  assertProblem, invalidToken, missing, sessionEnded, unacceptable, unauthenticated, wrongCredentials,
} from './support/problems.mjs';
import { leavesNoRow } from './support/rows.mjs';
import { startService } from './support/service.mjs';
import { assertShape, exactly, jwt, nothing, string, time, uuid } from './support/shapes.mjs';
import { execute, literal, query } from './support/sql.mjs';
import { read } from './support/tokens.mjs';
import { newAccount, newAddress, newUser } from './support/users.mjs';

const service = await startService();
after(() => service.close());

const register = (account) => service.api.post('/api/auth/register', account);
const login = (account) => service.api.post('/api/auth/login', account);
const refresh = (refreshToken) => service.api.post('/api/auth/refresh', { refreshToken });
const isAlive = async (token) => (await service.api.get('/api/auth/me', { token })).status === 200;
const refreshable = (fields) => newUser(service, 'startup_founder', { refresh: true, ...fields });

const faultOf = (path, message) => ({
  status: 422, code: '22023', error: `${path} ${message}`, errors: [{ path, message }],
});

const taken = {
  status: 409, code: 'ZA409', error: 'an account with this e-mail address already exists',
  detail: 'an account with this e-mail address already exists. Log in, or register another address.',
};

describe('registering', () => {
  test('without a wish to refresh: one token for a day', async () => {
    const { status, body } = await register(newAccount());
    assert.equal(status, 201);
    assert.equal(body.success, true);
    assertShape(body.data, {
      userId: uuid, userType: exactly('startup_founder'), organizationId: uuid, token: jwt, refreshToken: nothing,
      expiresIn: exactly(86_400),
    });
    const { claims } = read(body.data.token);
    assert.equal(claims.exp - claims.iat, 86_400);
  });

  test('with it: a token for 15 minutes and a refresh token', async () => {
    const { body } = await register(newAccount('government', { refresh: true }));
    assertShape(body.data, { userType: exactly('government'), expiresIn: exactly(900), refreshToken: string });
    assert.ok(Buffer.from(body.data.refreshToken, 'base64url').length >= 16, 'at least 128 bits');
    const { claims } = read(body.data.token);
    assert.equal(claims.exp - claims.iat, 900);
  });

  test('the token names the user, the session and the organization, and is made for this API', async () => {
    const { token, userId, organizationId } = await newUser(service);
    const { header, claims } = read(token);
    assert.deepEqual(Object.keys(header).sort(), ['alg', 'kid', 'typ']);
    assert.deepEqual([header.alg, header.typ], ['HS256', 'at+jwt']);
    assertShape(claims, {
      iss: exactly('auxeira'), aud: exactly('auxeira-api'), sub: exactly(userId), sid: uuid,
      org: exactly(organizationId), role: exactly('user'), jti: string,
    });
    assert.ok(Math.abs(claims.iat - Date.now() / 1000) < 60);
  });

  const organizationTypes = ['startup', 'venture_capital', 'angel_investor', 'corporate', 'government', 'esg_fund',
    'impact_fund'];
  userTypes.forEach((userType, index) => test(`${userType} gets an organization of its kind`, async () => {
    const { api, email, organizationId, userId } = await newUser(service, userType);
    const { status, body } = await api.get('/api/auth/me');
    assert.equal(status, 200);
    assertShape(body.data, {
      userId: exactly(userId), email: exactly(email), userType: exactly(userType), profile: exactly({}),
      isAdmin: exactly(false), organizationId: exactly(organizationId), createdAt: time, lastLogin: time,
      organizations: exactly([{
        organizationId, name: email.split('@')[0], type: organizationTypes[index], role: 'owner', isPrimary: true,
      }]),
    });
  }));

  test('the organization is called what the request says, else what the profile says', async () => {
    const named = async (fields) => (await (await newUser(service, 'startup_founder', fields)).api.get('/api/auth/me'))
      .body.data.organizations[0];
    assert.equal((await named({ profile: { companyName: 'Ærø Wind' } })).name, 'Ærø Wind');
    const both = await named({ profile: { companyName: 'A' }, organization: { name: 'B', type: 'non_profit' } });
    assert.deepEqual([both.name, both.type], ['B', 'non_profit']);
  });

  test('an address can be taken once, whatever its case', async () => {
    const account = newAccount();
    assert.equal((await register(account)).status, 201);
    for (const email of [account.email, account.email.toUpperCase()]) {
      assertProblem(await leavesNoRow(service, () => register({ ...account, email })), taken);
    }
  });

  test('ten at once with one address: one account', async () => {
    const account = newAccount();
    const answers = await Promise.all(Array.from({ length: 10 }, () => register(account)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(9).fill(409)]);
    answers.filter(({ status }) => status === 409).forEach((answer) => assertProblem(answer, taken));
    const users = await query(service.dsn, `select * from auxeira.users where email = ${literal(account.email)}`);
    assert.equal(users.length, 1);
  });

  for (const name of ['email', 'password', 'userType']) {
    for (const value of [undefined, null]) {
      test(`${name} is required, ${value} is none`, async () => {
        const answer = await leavesNoRow(service, () => register({ ...newAccount(), [name]: value }));
        assertProblem(answer, missing(name, [name, 'is required']));
      });
    }
  }

  test('all missing fields are named at once', async () => {
    assertProblem(await register({ profile: {} }), missing('email', ['email', 'is required'],
      ['password', 'is required'], ['userType', 'is required']));
  });

  const kinds = userTypes.join(', ');
  const refused = [
    ['email', 7, faultOf('email', 'must be a string')],
    ['email', 'nobody', unacceptable(['email', '"nobody" is not an e-mail address'])],
    ['email', 'a@b', unacceptable(['email', '"a@b" is not an e-mail address'])],
    ['email', 'a b@c.example', unacceptable(['email', '"a b@c.example" is not an e-mail address'])],
    ['userType', 'admin', unacceptable(['userType', `"admin" is not one of ${kinds}`])],
    ['userType', 'Startup_Founder', unacceptable(['userType', `"Startup_Founder" is not one of ${kinds}`])],
    ['userType', 1, unacceptable(['userType', '1 is not a string'])],
    ['profile', [], unacceptable(['profile', 'an array is not an object'])],
    ['profile', 'x', unacceptable(['profile', '"x" is not an object'])],
    ['refresh', 'yes', faultOf('refresh', 'must be true or false')],
    ['organization', { type: 'bank' }, unacceptable(['organization.type', '"bank" is not one of startup, '
      + 'venture_capital, angel_investor, corporate, government, esg_fund, impact_fund, non_profit'])],
    ['organization', { name: '' }, unacceptable(['organization.name', 'has 0 characters, 1 to 255 are allowed'])],
    ['organization', { stage: 'unicorn' }, unacceptable(['organization.stage',
      '"unicorn" is not one of pre_seed, seed, series_a, series_b, series_c, growth, late'])],
  ];
  for (const [field, value, expected] of refused) {
    test(`${field} ${JSON.stringify(value)} is refused`, async () => {
      assertProblem(await leavesNoRow(service, () => register({ ...newAccount(), [field]: value })), expected);
    });
  }
});

describe('passwords', () => {
  const tooShortOrLong = faultOf('password', 'must have at least 8 characters and at most 1024 bytes');
  const cases = [
    ['7 characters', 'seven77', tooShortOrLong],
    ['7 characters of 4 bytes', '🦀'.repeat(7), tooShortOrLong],
    ['none', '', tooShortOrLong],
    ['1025 bytes', 'x'.repeat(1025), tooShortOrLong],
    ['a number', 12345678, faultOf('password', 'must be a string')],
    ['8 characters', 'eight888'],
    ['8 characters of 4 bytes', '🦀'.repeat(8)],
    ['spaces only', ' '.repeat(8)],
    ['1024 bytes', 'x'.repeat(1024)],
    ['quotes and backslashes', `'"\\;--\t\n`],
  ];
  for (const [name, password, expected] of cases) {
    test(`${name}: ${expected ? 'refused' : 'accepted, and works'}`, async () => {
      const account = { ...newAccount(), password };
      if (expected) return assertProblem(await leavesNoRow(service, () => register(account)), expected);
      assert.equal((await register(account)).status, 201);
      assert.equal((await login(account)).status, 200);
    });
  }

  test('every character counts, and its case', async () => {
    const account = { ...newAccount(), password: `${'x'.repeat(200)}Aa` };
    await register(account);
    for (const end of ['AA', 'aa', 'A', 'Aa ', '']) {
      assertProblem(await login({ ...account, password: 'x'.repeat(200) + end }), wrongCredentials);
    }
  });

  test('the database holds an argon2id hash, and neither passwords nor refresh tokens', async () => {
    const { userId, password, refreshToken } = await refreshable();
    const [{ password_hash: hash }] = await query(service.dsn,
      `select password_hash from auxeira.user_credentials where user_id = ${literal(userId)}`);
    assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const sessions = JSON.stringify(await query(service.dsn,
      `select s.*, t.* from auxeira.user_sessions s join auxeira.refresh_tokens t using (session_id)
       where s.user_id = ${literal(userId)}`));
    for (const secret of [password, refreshToken]) assert.ok(!(sessions + hash).includes(secret));
  });
});

describe('logging in', () => {
  test('gives the fields of registering, and a session of its own', async () => {
    const user = await newUser(service, 'angel_investor');
    const { status, body } = await login(user);
    assert.equal(status, 200);
    assertShape(body.data, {
      userId: exactly(user.userId), userType: exactly('angel_investor'), organizationId: exactly(user.organizationId),
      token: jwt, refreshToken: nothing, expiresIn: exactly(86_400),
    });
    assert.notEqual(read(body.data.token).claims.sid, read(user.token).claims.sid);
    assertShape((await login({ ...user, refresh: true })).body.data, { expiresIn: exactly(900), refreshToken: string });
  });

  test('the case of the address does not matter', async () => {
    const user = await newUser(service);
    assert.equal((await login({ ...user, email: user.email.toUpperCase() })).status, 200);
  });

  test('a wrong password and an unknown address are answered alike', async () => {
    const { email } = await newUser(service);
    const password = 'not the password';
    const answers = await leavesNoRow(service, async () => [await login({ email, password }),
      await login({ email: newAddress(), password })]);
    answers.forEach((answer) => assertProblem(answer, wrongCredentials));
    const [known, unknown] = answers.map(({ headers }) => [...headers.keys()]);
    assert.deepEqual(known, unknown);
    assert.equal(answers[0].headers.get('www-authenticate'), 'Bearer');
  });

  // A hash costs 18 ms and more. Without one for unknown addresses the ratio would be 1 to 10.
  test('an unknown address takes as long as a wrong password', async () => {
    const { email } = await newUser(service);
    const times = { known: [], unknown: [] };
    for (let i = 0; i < 15; i += 1) {
      for (const [kind, address] of [['known', email], ['unknown', newAddress()]]) {
        const start = performance.now();
        await login({ email: address, password: 'not the password' });
        times[kind].push(performance.now() - start);
      }
    }
    const median = (values) => values.sort((a, b) => a - b)[7];
    assert.ok(median(times.unknown) > median(times.known) / 2, JSON.stringify(times));
  });

  const refused = [
    ['no address', { password: 'password' }, missing('email', ['email', 'is required'])],
    ['no password', { email: 'a@b.example' }, missing('password', ['password', 'is required'])],
    ['nothing', {}, missing('email', ['email', 'is required'], ['password', 'is required'])],
    ['a list of passwords', { email: 'a@b.example', password: ['password'] }, faultOf('password', 'must be a string')],
    ['an object for an address', { email: { $ne: '' }, password: 'password' }, faultOf('email', 'must be a string')],
    ['an address that is SQL', { email: "' or true --", password: 'password' }, wrongCredentials],
    ['a pattern for an address', { email: '%', password: 'password' }, wrongCredentials],
    ['an empty password', { email: 'a@b.example', password: '' }, wrongCredentials],
  ];
  for (const [name, body, expected] of refused) {
    test(`${name} is refused`, async () => assertProblem(await leavesNoRow(service, () => login(body)), expected));
  }

  test('an account that was switched off is like none, and its tokens end at once', async () => {
    const user = await newUser(service);
    await execute(service.dsn, `update auxeira.users set is_active = false where user_id = ${literal(user.userId)};`);
    assertProblem(await login(user), wrongCredentials);
    assertProblem(await user.api.get('/api/auth/me'), sessionEnded);
  });
});

describe('refreshing', () => {
  test('gives a new pair for the same session; the new ones work', async () => {
    const user = await refreshable();
    const { status, body } = await refresh(user.refreshToken);
    assert.equal(status, 200);
    assertShape(body.data, {
      userId: exactly(user.userId), organizationId: exactly(user.organizationId), expiresIn: exactly(900),
      userType: exactly('startup_founder'), token: jwt, refreshToken: string,
    });
    assert.notEqual(body.data.refreshToken, user.refreshToken);
    assert.equal(read(body.data.token).claims.sid, read(user.token).claims.sid);
    assert.ok(await isAlive(body.data.token));
    assert.equal((await refresh(body.data.refreshToken)).status, 200);
  });

  test('using a refresh token twice ends the session for every holder', async () => {
    const user = await refreshable();
    const other = (await login({ ...user, refresh: true })).body.data;
    const { token, refreshToken } = (await refresh(user.refreshToken)).body.data;
    assertProblem(await refresh(user.refreshToken), invalidToken);
    for (const access of [user.token, token]) {
      assertProblem(await service.api.get('/api/auth/me', { token: access }), sessionEnded);
    }
    assertProblem(await refresh(refreshToken), invalidToken);
    assert.ok(await isAlive(other.token), 'another session of the user goes on');
  });

  test('ten at once with one token: at most one succeeds', async () => {
    const { refreshToken } = await refreshable();
    const statuses = (await Promise.all(Array.from({ length: 10 }, () => refresh(refreshToken)))).map((a) => a.status);
    assert.deepEqual(statuses.sort(), [200, ...Array(9).fill(401)]);
  });

  const never = ['', 'x', 'rt_', `rt_${'A'.repeat(43)}`, `rt_${'A'.repeat(42)}B`, `RT_${'A'.repeat(43)}`,
    `rt_${'A'.repeat(44)}`, `rt_${'='.repeat(43)}`, "rt_' or true --", 7, true, {}, []];
  for (const token of never) {
    test(`${JSON.stringify(token)} is no refresh token`, async () => {
      assertProblem(await leavesNoRow(service, () => refresh(token)), invalidToken);
    });
  }

  test('a refresh token is required', async () => {
    assertProblem(await refresh(undefined), missing('refreshToken', ['refreshToken', 'is required']));
  });

  test('access and refresh tokens cannot stand for each other', async () => {
    const { token, refreshToken } = await refreshable();
    assertProblem(await refresh(token), invalidToken);
    assertProblem(await service.api.get('/api/auth/me', { token: refreshToken }), invalidToken);
  });

  test('a session that was not to be refreshed ends with its token', async () => {
    const { userId } = await newUser(service);
    const [{ seconds }] = await query(service.dsn, `
      select extract(epoch from expires_at - created_at)::integer as seconds from auxeira.user_sessions
      where user_id = ${literal(userId)}`);
    assert.equal(seconds, 86_400);
  });

  test('an expired session is neither usable nor refreshable', async () => {
    const user = await refreshable();
    await execute(service.dsn, `update auxeira.user_sessions set created_at = now() - interval '2 days',
      expires_at = now() - interval '1 second' where user_id = ${literal(user.userId)};`);
    assertProblem(await user.api.get('/api/auth/me'), sessionEnded);
    assertProblem(await refresh(user.refreshToken), invalidToken);
  });
});

describe('logging out', () => {
  test('ends the access token and the refresh token at once, and nothing else', async () => {
    const user = await refreshable();
    const other = (await login(user)).body.data;
    const { status, body } = await user.api.post('/api/auth/logout');
    assert.deepEqual([status, body], [200, { success: true, data: { loggedOut: true } }]);
    assertProblem(await user.api.get('/api/auth/me'), sessionEnded);
    assertProblem(await user.api.post('/api/auth/logout'), sessionEnded);
    assertProblem(await refresh(user.refreshToken), invalidToken);
    assert.ok(await isAlive(other.token));
  });

  test('needs a token', async () => {
    assertProblem(await service.api.post('/api/auth/logout'), unauthenticated);
  });

  test('a body is allowed', async () => {
    const { api } = await newUser(service);
    assert.equal((await api.post('/api/auth/logout', { reason: 'done' })).status, 200);
  });
});

test('the lifetimes are settings', async () => {
  const other = await service.another({ AUXEIRA_JWT_ACCESS_SECONDS: '60', AUXEIRA_JWT_LEGACY_SECONDS: '120' });
  const account = newAccount();
  assert.equal((await other.api.post('/api/auth/register', account)).body.data.expiresIn, 120);
  const { token, expiresIn } = (await other.api.post('/api/auth/login', { ...account, refresh: true })).body.data;
  const { claims } = read(token);
  assert.deepEqual([expiresIn, claims.exp - claims.iat], [60, 60]);
  await other.stop();
});

test('no secret is in the log', async () => {
  const user = await refreshable();
  await login({ ...user, password: 'not-the-password-either' });
  await refresh(user.refreshToken);
  await user.api.get(`/api/auth/me?token=${user.token}`);
  const secrets = [user.password, 'not-the-password-either', user.token, user.refreshToken, service.secret];
  for (const secret of secrets) assert.ok(!service.log().includes(secret), `the log has ${secret}`);
});
