// Logging in and refreshing: what gives a session, what does not, and how long one waits after trying in vain.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { newClient } from './support/clients.mjs';
import {
  assertProblem, faulty, invalidToken, missing, sessionEnded, tooManyAttempts, wrongCredentials,
} from './support/problems.mjs';
import { leavesAttempts, leavesNoRow } from './support/rows.mjs';
import { startService } from './support/service.mjs';
import { assertShape, exactly, jwt, nothing, string } from './support/shapes.mjs';
import { execute, literal, query } from './support/sql.mjs';
import { read } from './support/tokens.mjs';
import { newAccount, newAddress, newUser, newVerifiedUser } from './support/users.mjs';

const service = await startService();
after(() => service.close());

const login = (account, api = service.api) => api.post('/api/auth/login', account);
const refresh = (refreshToken) => service.api.post('/api/auth/refresh', { refreshToken });
const isAlive = async (token) => (await service.api.get('/api/auth/me', { token })).status === 200;
const refreshable = (fields) => newUser(service, 'startup_founder', { refresh: true, ...fields });
const password = 'not the password';
const times = (count, action) => Array.from({ length: count }, (_, index) => action(index));
const statusesOf = (answers) => answers.map(({ status }) => status);

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
    const again = (await login({ ...user, refresh: true })).body.data;
    assertShape(again, { expiresIn: exactly(900), refreshToken: string });
    assert.ok(Buffer.from(again.refreshToken.slice(3), 'base64url').length >= 16, 'at least 128 bits');
  });

  test('the case of the address does not matter', async () => {
    const user = await newUser(service);
    assert.equal((await login({ ...user, email: user.email.toUpperCase() })).status, 200);
  });

  test('a wrong password and an unknown address are answered alike', async () => {
    const { email } = await newUser(service);
    const client = newClient(service);
    const answers = await leavesAttempts(service, async () => [await login({ email, password }, client),
      await login({ email: newAddress(), password }, client)]);
    answers.forEach((answer) => assertProblem(answer, wrongCredentials));
    const [known, unknown] = answers.map(({ headers }) => [...headers.keys()]);
    assert.deepEqual(known, unknown);
    assert.equal(answers[0].headers.get('www-authenticate'), 'Bearer');
  });

  const passwords = {
    'of 1,000 characters': 'long '.repeat(200), 'of 1,024 bytes': 'x'.repeat(1024), 'of 256 crabs': '🦀'.repeat(256),
    'of blanks': ' '.repeat(8), 'of quotes and backslashes': `'"\\;--\t\n`, 'in Greek': 'κωδικός πρόσβασης',
    'with combining marks': 'e\u0301e\u0301e\u0301e\u0301 rather',
    'of bidirectional text': '\u202eabc \u05d0\u05d1\u05d2\u05d3',
  };
  for (const [name, text] of Object.entries(passwords)) {
    test(`a password ${name} works, and nothing like it`, async () => {
      const account = { ...newAccount(), password: text };
      const client = newClient(service);
      assert.equal((await client.post('/api/auth/register', account)).status, 201);
      assert.equal((await login(account, client)).status, 200);
      for (const other of [`${text} `, ` ${text}`, [...text].slice(1).join(''), [...text].slice(0, -1).join('')]) {
        assertProblem(await login({ ...account, password: other }, client), wrongCredentials);
      }
    });
  }

  test('every character counts, and its case: nothing is cut at 72 bytes', async () => {
    const account = { ...newAccount(), password: `${'x'.repeat(200)}Aa` };
    const client = newClient(service);
    await client.post('/api/auth/register', account);
    for (const end of ['AA', 'aa', 'A', 'Aa ', '']) {
      assertProblem(await login({ ...account, password: 'x'.repeat(200) + end }, client), wrongCredentials);
    }
  });

  test('a NUL is refused, not the end of the password', async () => {
    const body = JSON.stringify({ email: newAddress(), password: 'long enough' }).replace('enough', '\\u0000enough');
    const answer = await leavesNoRow(service, () => service.api.send('POST', '/api/auth/login', { body }));
    assert.deepEqual([answer.status, answer.body.code], [400, 'malformed_json']);
  });

  const refused = [
    ['no address', { password: 'password' }, missing('email', ['email', 'is required'])],
    ['no password', { email: 'a@b.example' }, missing('password', ['password', 'is required'])],
    ['nothing', {}, missing('email', ['email', 'is required'], ['password', 'is required'])],
    ['a list of passwords', { email: 'a@b.example', password: ['password'] }, faulty('password', 'must be a string')],
    ['an object for an address', { email: { $ne: '' }, password: 'password' }, faulty('email', 'must be a string')],
    ['a code that is a number', { email: 'a@b.example', password, totp: 123456 }, faulty('totp', 'must be a string')],
    ['two kinds of codes', { email: 'a@b.example', password, totp: '123456', recoveryCode: 'x' },
      faulty('recoveryCode', 'is not needed beside a one-time code')],
  ];
  for (const [name, body, expected] of refused) {
    test(`${name} is refused`, async () => assertProblem(await leavesNoRow(service, () => login(body)), expected));
  }

  const unknown = [
    ['an address that is SQL', { email: "' or true --", password: 'password' }],
    ['a pattern for an address', { email: '%', password: 'password' }],
    ['an empty address', { email: '', password: 'password' }],
    ['an address of 10,000 characters', { email: `${'x'.repeat(10_000)}@y.example`, password: 'password' }],
    ['an empty password', { email: 'a@b.example', password: '' }],
  ];
  for (const [name, body] of unknown) {
    test(`${name} is unknown`, async () =>
      assertProblem(await leavesAttempts(service, () => login(body, newClient(service))), wrongCredentials));
  }

  test('an account that was switched off is like none, and its tokens end at once', async () => {
    const user = await newUser(service);
    await execute(service.dsn, `update auxeira.users set is_active = false where user_id = ${literal(user.userId)};`);
    assertProblem(await login(user, newClient(service)), wrongCredentials);
    assertProblem(await user.api.get('/api/auth/me'), sessionEnded);
  });

  test('a hash of weaker parameters is made anew when the password is there, once', async () => {
    const weak = '$argon2id$v=19$m=8,t=1,p=1$7j0z+oEnWLPX64923y25ww$GZ7OzS6CWIjyuaVTmcj/Pj9My+Qn6SuEf3kDFzIGEvw';
    const user = { ...await newUser(service), password: 'long enough before' };
    const hashOf = async () => (await query(service.dsn, `select password_hash from auxeira.user_credentials
      where user_id = ${literal(user.userId)}`))[0].password_hash;
    await execute(service.dsn, `update auxeira.user_credentials set password_hash = '${weak}'
      where user_id = ${literal(user.userId)};`);
    assertProblem(await login({ ...user, password }), wrongCredentials);
    assert.equal(await hashOf(), weak);
    assert.equal((await login(user)).status, 200);
    const strong = await hashOf();
    assert.match(strong, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.equal((await login(user)).status, 200);
    assert.equal(await hashOf(), strong);
  });
});

// Each test has clients and addresses of its own, so that none waits for another.
describe('delays', () => {
  const wrong = (email, client) => login({ email, password }, client);

  test('100 wrong passwords: few are checked, and the others told to wait', async () => {
    const { email } = await newVerifiedUser(service);
    const attacker = newClient(service);
    const answers = [];
    for (let i = 0; i < 100; i += 1) answers.push(await wrong(email, attacker));
    const delayed = answers.filter(({ status }) => status === 429);
    assert.deepEqual([...new Set(statusesOf(answers))].sort(), [401, 429]);
    assert.ok(delayed.length >= 85, `${delayed.length} were delayed`);
    delayed.forEach((answer) => assertProblem(answer, tooManyAttempts));
  });

  test('the wait doubles up to a minute', async () => {
    const { email } = await newVerifiedUser(service);
    const attacker = newClient(service);
    await Promise.all(times(5, () => wrong(email, attacker)));
    const waits = [];
    for (let i = 0; i < 8; i += 1) {
      assertProblem(await wrong(email, attacker), wrongCredentials);
      waits.push(Number((await wrong(email, attacker)).headers.get('retry-after')));
      await execute(service.dsn, 'update auxeira.login_delays set not_before = now() where not_before > now();');
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
  });

  test('not even the right password helps who has to wait', async () => {
    const user = await newVerifiedUser(service);
    const attacker = newClient(service);
    for (let i = 0; i < 6; i += 1) await wrong(user.email, attacker);
    assertProblem(await login(user, attacker), tooManyAttempts);
  });

  test('the victim gets in from where they were before, at once', async () => {
    const user = await newVerifiedUser(service); // from 127.0.0.1
    for (let i = 0; i < 4; i += 1) {
      const attacker = newClient(service);
      await Promise.all(times(6, () => wrong(user.email, attacker)));
    }
    assert.equal((await login(user)).status, 200);
  });

  test('from elsewhere the victim waits once, and is then let through whatever others do', async () => {
    const user = await newVerifiedUser(service);
    for (let i = 0; i < 4; i += 1) {
      const attacker = newClient(service);
      await Promise.all(times(6, () => wrong(user.email, attacker)));
    }
    const elsewhere = newClient(service);
    const told = await login(user, elsewhere);
    assertProblem(told, tooManyAttempts);
    assert.equal(told.headers.get('retry-after'), '30');
    // Half a minute later, in which the attack went on.
    await execute(service.dsn, `update auxeira.login_delays set not_before = now()
      where not_before between now() and now() + interval '35 seconds';`);
    await Promise.all(times(6, () => wrong(user.email, newClient(service))));
    assert.equal((await login(user, elsewhere)).status, 200);
    assert.equal((await login(user, elsewhere)).status, 200, 'and is known from now on');
  });

  test('sixteen at once are counted one by one', async () => {
    const { email } = await newVerifiedUser(service);
    const attacker = newClient(service);
    const statuses = statusesOf(await Promise.all(times(16, () => wrong(email, attacker))));
    assert.ok(statuses.filter((status) => status === 401).length <= 6, `${statuses}`);
    assert.ok(statuses.every((status) => [401, 429].includes(status)), `${statuses}`);
  });

  test('unknown addresses are delayed like known ones', async () => {
    const { email } = await newVerifiedUser(service);
    const sequence = async (address) => {
      const client = newClient(service);
      const answers = [];
      for (let i = 0; i < 8; i += 1) answers.push(await wrong(address, client));
      return answers.map(({ status, headers, body }) => [status, body.code, body.error, headers.get('retry-after')]);
    };
    assert.deepEqual(await sequence(newAddress()), await sequence(email));
  });

  test('who is made to wait again and again does not fill the list of events of the victim', async () => {
    const { email, userId } = await newVerifiedUser(service);
    const client = newClient(service);
    const answers = [];
    for (let i = 0; i < 40; i += 1) answers.push(await wrong(email, client));
    assert.ok(statusesOf(answers).filter((status) => status === 429).length >= 20);
    const [{ delays }] = await query(service.dsn, `select count(*) as delays from auxeira.access_events
      where user_id = ${literal(userId)} and event = 'login_delayed'`);
    assert.equal(Number(delays), 1);
  });

  test('one client that tries many addresses has to wait, too', async () => {
    const client = newClient(service);
    const answers = [];
    for (let i = 0; i < 30; i += 1) answers.push(await wrong(newAddress(), client));
    const first = statusesOf(answers).indexOf(429);
    assert.ok(first >= 20 && first <= 22, `the first delay is at ${first}`);
  });

  test('a success takes back the failures', async () => {
    const user = await newVerifiedUser(service);
    const client = newClient(service);
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 4; i += 1) assertProblem(await wrong(user.email, client), wrongCredentials);
      assert.equal((await login(user, client)).status, 200);
    }
  });

  test('headers that name another client change nothing', async () => {
    const { email } = await newVerifiedUser(service);
    const attacker = newClient(service);
    const answers = [];
    for (let i = 0; i < 8; i += 1) {
      const headers = { 'x-forwarded-for': `10.0.0.${i}`, forwarded: `for=10.0.0.${i}`, 'x-real-ip': `10.0.0.${i}` };
      answers.push(await attacker.post('/api/auth/login', { email, password }, { headers }));
    }
    assert.ok(statusesOf(answers).includes(429));
  });

  test('each event is recorded once, without what was typed', async () => {
    const user = await newVerifiedUser(service);
    const client = newClient(service);
    const headers = { 'user-agent': 'curl/8 \tforged', 'x-request-id': 'sign-in-1' };
    await client.post('/api/auth/login', { email: user.email, password }, { headers });
    await client.post('/api/auth/login', { ...user, refresh: undefined }, { headers });
    const events = await query(service.dsn, `select event, host(address) as address, user_agent, request_id
      from auxeira.access_events where user_id = ${literal(user.userId)} and event like 'login%' order by at`);
    assert.deepEqual(events.map(({ event }) => event), ['login_failed', 'login']);
    for (const event of events) {
      assert.match(event.address, /^127\./);
      assert.deepEqual([event.user_agent, event.request_id], ['curl/8  forged', 'sign-in-1']);
    }
  });
});

describe('refreshing', () => {
  const useLongAgo = (dsn, userId) => execute(dsn, `update auxeira.refresh_tokens t
    set issued_at = issued_at - interval '11 seconds', used_at = used_at - interval '11 seconds'
    from auxeira.user_sessions s where s.session_id = t.session_id and s.user_id = ${literal(userId)};`);

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

  test('sixteen tabs at once: all go on, in one session', async () => {
    const user = await refreshable();
    const answers = await Promise.all(times(16, () => refresh(user.refreshToken)));
    assert.deepEqual(statusesOf(answers), Array(16).fill(200));
    const pairs = answers.map(({ body }) => body.data);
    assert.equal(new Set(pairs.map(({ refreshToken }) => refreshToken)).size, 16);
    for (const { token, refreshToken } of pairs) {
      assert.ok(await isAlive(token));
      assert.equal((await refresh(refreshToken)).status, 200);
    }
    assert.ok(await isAlive(user.token));
  });

  test('using a refresh token again later ends the session for every holder', async () => {
    const user = await refreshable();
    const other = (await login({ ...user, refresh: true })).body.data;
    const { token, refreshToken } = (await refresh(user.refreshToken)).body.data;
    await useLongAgo(service.dsn, user.userId);
    assertProblem(await refresh(user.refreshToken), invalidToken);
    for (const access of [user.token, token]) {
      assertProblem(await service.api.get('/api/auth/me', { token: access }), sessionEnded);
    }
    assertProblem(await refresh(refreshToken), invalidToken);
    assert.ok(await isAlive(other.token), 'another session of the user goes on');
  });

  test('two at once with a token used long ago: the session has ended for both', async () => {
    const user = await refreshable();
    await refresh(user.refreshToken);
    await useLongAgo(service.dsn, user.userId);
    const answers = await Promise.all(times(2, () => refresh(user.refreshToken)));
    answers.forEach((answer) => assertProblem(answer, invalidToken));
    assert.equal(await isAlive(user.token), false);
  });

  const never = ['', 'x', 'rt_', `rt_${'A'.repeat(43)}`, `rt_${'A'.repeat(42)}B`, `RT_${'A'.repeat(43)}`,
    `rt_${'A'.repeat(44)}`, `rt_${'='.repeat(43)}`, `vt_${'A'.repeat(43)}`, "rt_' or true --", 7, true, {}, []];
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

  test('a session that nobody has used for two weeks is over', async () => {
    const user = await refreshable();
    await execute(service.dsn, `update auxeira.user_sessions set created_at = now() - interval '20 days',
      last_seen_at = now() - interval '14 days 1 minute' where user_id = ${literal(user.userId)};`);
    assertProblem(await refresh(user.refreshToken), invalidToken);
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
  const codes = { totp: '918273', recoveryCode: undefined };
  await login({ ...user, password: 'not-the-password-either' });
  await login({ ...user, ...codes });
  await refresh(user.refreshToken);
  await user.api.get(`/api/auth/me?token=${user.token}`);
  const secrets = [user.password, 'not-the-password-either', codes.totp, user.token, user.refreshToken,
    service.settings.AUXEIRA_JWT_KEY, service.settings.AUXEIRA_VAULT_KEY];
  for (const secret of secrets) assert.ok(!service.log().includes(secret), `the log has ${secret}`);
});
