// The second factor: setting it up, logging in with it, recovery codes, and what happens to wrong codes.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { newClient } from './support/clients.mjs';
import {
  assertProblem, codeNeeded, conflict, faulty, missing, tooManyAttempts, unauthenticated, verifyFirst, wrongCode,
  wrongCredentials, wrongPassword,
} from './support/problems.mjs';
import { leavesAttempts, leavesNoRow } from './support/rows.mjs';
import { newKey, startService } from './support/service.mjs';
import { execute, literal, query } from './support/sql.mjs';
import { codeAt, currentCode, currentStep, enroll, forgetUsedCodes, wrongCodeFor } from './support/totp.mjs';
import { newAccount, newUser, newVerifiedUser } from './support/users.mjs';

const service = await startService();
after(() => service.close());

const login = (account, api = newClient(service)) => api.post('/api/auth/login', account);
const begin = (user) => user.api.post('/api/auth/totp', { currentPassword: user.password });
const confirm = (user, code) => user.api.post('/api/auth/totp/confirm', { code });
const disable = (user, proof) =>
  user.api.post('/api/auth/totp/disable', { currentPassword: user.password, ...proof });
const renew = (user, code, currentPassword = user.password) =>
  user.api.post('/api/auth/totp/recovery-codes', { currentPassword, code });
const hasFactor = async (user) => (await user.api.get('/api/auth/me')).body.data.secondFactor;

async function newProtectedUser() {
  const user = await newVerifiedUser(service);
  return { ...user, ...await enroll(service, user) };
}

describe('setting it up', () => {
  test('a secret, a code of it, ten recovery codes: from then on it is needed', async () => {
    const user = await newVerifiedUser(service);
    const { status, body } = await begin(user);
    assert.equal(status, 201);
    const { secret, uri } = body.data;
    assert.match(secret, /^[A-Z2-7]{32}$/);
    assert.equal(uri, `otpauth://totp/Auxeira:${encodeURIComponent(user.email).toLowerCase()}?secret=${secret}`
      + '&issuer=Auxeira&algorithm=SHA1&digits=6&period=30');
    assert.equal((await login(user)).status, 200, 'not yet in force');
    assert.equal(await hasFactor(user), false);

    const confirmed = await confirm(user, currentCode(secret));
    assert.equal(confirmed.status, 200);
    const { recoveryCodes } = confirmed.body.data;
    assert.equal(new Set(recoveryCodes).size, 10);
    recoveryCodes.forEach((code) => assert.match(code, /^[2-9a-km-np-z]{4}(-[2-9a-km-np-z]{4}){3}$/));
    assert.equal(await hasFactor(user), true);
    assertProblem(await login(user), codeNeeded);
  });

  test('needs the password', async () => {
    const user = await newVerifiedUser(service);
    const answer = await leavesAttempts(service, () => user.api.post('/api/auth/totp', { currentPassword: 'not it' }));
    assertProblem(answer, wrongPassword);
  });

  test('needs a verified address', async () => {
    assertProblem(await begin(await newUser(service)), verifyFirst);
  });

  test('needs a token', async () => {
    for (const path of ['', '/confirm', '/recovery-codes', '/disable']) {
      assertProblem(await service.api.post(`/api/auth/totp${path}`, {}), unauthenticated);
    }
  });

  test('can be begun again; the earlier secret is no longer good', async () => {
    const user = await newVerifiedUser(service);
    const { secret: first } = (await begin(user)).body.data;
    const { secret: second } = (await begin(user)).body.data;
    assert.notEqual(first, second);
    assertProblem(await confirm(user, currentCode(first)), wrongCode);
    assert.equal((await confirm(user, currentCode(second))).status, 200);
  });

  test('a wrong code does not put it in force', async () => {
    const user = await newVerifiedUser(service);
    const { secret } = (await begin(user)).body.data;
    assertProblem(await confirm(user, wrongCodeFor(secret)), wrongCode);
    assert.equal((await login(user)).status, 200);
  });

  test('there must be one to confirm, and none may be active', async () => {
    const user = await newVerifiedUser(service);
    assertProblem(await confirm(user, '123456'), conflict('there is no second factor to confirm'));
    assertProblem(await disable(user, { code: '123456' }), conflict('no second factor is active'));
    assertProblem(await renew(user, '123456'), conflict('no second factor is active'));
    await enroll(service, user);
    assertProblem(await confirm(user, '123456'), conflict('a second factor is active already'));
    const again = await begin(user);
    assert.deepEqual([again.status, again.body.code], [409, 'ZA409']);
  });

  test('bodies are read strictly', async () => {
    const { api } = await newVerifiedUser(service);
    const refusal = (path, body) => leavesNoRow(service, () => api.post(`/api/auth/totp${path}`, body));
    assertProblem(await refusal('', {}), missing('currentPassword', ['currentPassword', 'is required']));
    assertProblem(await refusal('/confirm', {}), missing('code', ['code', 'is required']));
    assertProblem(await refusal('/confirm', { code: 123456 }), faulty('code', 'must be a string'));
    assertProblem(await refusal('/confirm', { code: '123456', secret: 'x' }),
      faulty('secret', 'this field is not known here'));
    assertProblem(await refusal('/disable', { currentPassword: 'x' }), missing('code', ['code', 'is required']));
    assertProblem(await refusal('/disable', { currentPassword: 'x', code: '1', recoveryCode: '2' }),
      faulty('recoveryCode', 'is not needed beside a one-time code'));
  });

  test('the database holds no secret that it could read, and no recovery code', async () => {
    const user = await newProtectedUser();
    const stored = JSON.stringify([
      await query(service.dsn, `select * from auxeira.totp_secrets where user_id = ${literal(user.userId)}`),
      await query(service.dsn, `select * from auxeira.recovery_codes where user_id = ${literal(user.userId)}`)]);
    for (const code of user.recoveryCodes) {
      for (const form of [code, code.replaceAll('-', '')]) assert.ok(!stored.includes(form));
    }
    assert.ok(!stored.includes(user.secret));
    assert.ok(!service.log().includes(user.secret));
  });
});

describe('logging in with it', () => {
  test('password and code together', async () => {
    const user = await newProtectedUser();
    const { status, body } = await login({ ...user, totp: currentCode(user.secret), refresh: true });
    assert.equal(status, 200);
    assert.ok(body.data.refreshToken);
    assert.equal((await service.api.post('/api/auth/refresh', { refreshToken: body.data.refreshToken })).status, 200);
  });

  test('a neighbouring step is taken, a farther one is not', async () => {
    const user = await newProtectedUser();
    const at = (offset) => login({ ...user, totp: codeAt(user.secret, currentStep() + offset) });
    assertProblem(await at(-3), wrongCredentials);
    assertProblem(await at(3), wrongCredentials);
    assert.equal((await at(1)).status, 200);
  });

  test('a code works once, in whatever session', async () => {
    const user = await newProtectedUser();
    const totp = currentCode(user.secret);
    assert.equal((await login({ ...user, totp })).status, 200);
    assertProblem(await login({ ...user, totp }), wrongCredentials);
    assertProblem(await disable(user, { code: totp }), wrongCode);
    // An earlier step than the one used is no better.
    assertProblem(await login({ ...user, totp: codeAt(user.secret, currentStep() - 1) }), wrongCredentials);
  });

  test('of sixteen logins at once with one code one succeeds', async () => {
    const user = await newProtectedUser();
    const totp = currentCode(user.secret);
    const answers = await Promise.all(Array.from({ length: 8 }, () => login({ ...user, totp })));
    const more = await Promise.all(Array.from({ length: 8 }, () => login({ ...user, totp })));
    const statuses = [...answers, ...more].map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 200).length, 1, `${statuses}`);
    assert.ok(statuses.every((status) => [200, 401, 429].includes(status)), `${statuses}`);
  });

  test('without the right password nobody learns that there is one', async () => {
    const user = await newProtectedUser();
    assertProblem(await login({ ...user, password: 'not it' }), wrongCredentials);
    assertProblem(await login({ ...user, password: 'not it', totp: currentCode(user.secret) }), wrongCredentials);
    assert.equal((await login({ ...user, totp: currentCode(user.secret) })).status, 200, 'the code was not used up');
  });

  test('what is no code is a wrong one', async () => {
    const user = await newProtectedUser();
    for (const totp of ['', '12345', '1234567', ' 12345', '１２３４５６']) {
      assertProblem(await login({ ...user, totp }), wrongCredentials);
    }
  });

  test('wrong codes are counted for the account, whoever sends them and in whatever session', async () => {
    const user = await newProtectedUser();
    const totp = wrongCodeFor(user.secret);
    const statuses = [];
    for (let i = 0; i < 8; i += 1) statuses.push((await login({ ...user, totp })).status); // each a new client
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 401, 429, 429]);
    assertProblem(await login({ ...user, totp: currentCode(user.secret) }), tooManyAttempts);
    assertProblem(await disable(user, { code: currentCode(user.secret) }), tooManyAttempts);
    await execute(service.dsn, 'update auxeira.login_delays set not_before = now() where not_before > now();');
    assert.equal((await login({ ...user, totp: currentCode(user.secret) })).status, 200);
    assert.equal((await user.api.get('/api/auth/me')).status, 200, 'nobody was logged out');
  });

  test('who does not know the password cannot make others wait', async () => {
    const user = await newProtectedUser();
    const client = newClient(service);
    for (let i = 0; i < 10; i += 1) await login({ ...user, password: 'not it', totp: '000000' }, client);
    assert.equal((await login({ ...user, totp: currentCode(user.secret) }, service.api)).status, 200);
  });

  test('an account without one does not mind a code', async () => {
    const user = await newVerifiedUser(service);
    assert.equal((await login({ ...user, totp: '123456' })).status, 200);
    assert.equal((await login({ ...user, recoveryCode: 'x' })).status, 200);
  });

  test('a newcomer with the same address does not come near the account', async () => {
    const user = await newProtectedUser();
    const other = newAccount('startup_founder', { email: user.email });
    await service.api.post('/api/auth/register', other);
    const { status, body } = await login(other);
    assert.equal(status, 200);
    assert.notEqual(body.data.userId, user.userId);
    assertProblem(await login(user), codeNeeded);
  });

  test('with another key of the vault codes cannot be checked, which is the fault of the service', async () => {
    const user = await newProtectedUser();
    const other = await service.another({ AUXEIRA_VAULT_KEY: newKey() });
    const answer = await other.api.post('/api/auth/login', { ...user, totp: currentCode(user.secret) });
    assert.deepEqual([answer.status, answer.body.code], [500, 'internal_error']);
    await other.stop();
    const rotated = await service.another({
      AUXEIRA_VAULT_KEY: newKey(), AUXEIRA_VAULT_PREVIOUS_KEY: service.settings.AUXEIRA_VAULT_KEY });
    assert.equal((await rotated.api.post('/api/auth/login', { ...user, totp: currentCode(user.secret) })).status, 200);
    await rotated.stop();
  });
});

describe('recovery codes', () => {
  test('each works once', async () => {
    const user = await newProtectedUser();
    const [first, second] = user.recoveryCodes;
    assert.equal((await login({ ...user, recoveryCode: first })).status, 200);
    assertProblem(await login({ ...user, recoveryCode: first }), wrongCredentials);
    const typed = ` ${second.toUpperCase().replaceAll('-', ' ')} `;
    assert.equal((await login({ ...user, recoveryCode: typed })).status, 200);
    assertProblem(await login({ ...user, recoveryCode: second }), wrongCredentials);
  });

  test('those of others, malformed ones and codes of the app are none', async () => {
    const user = await newProtectedUser();
    const { recoveryCodes: [foreign] } = await newProtectedUser();
    for (const recoveryCode of [foreign, '', 'x', currentCode(user.secret)]) {
      assertProblem(await login({ ...user, recoveryCode }), wrongCredentials);
    }
    assertProblem(await login({ ...user, totp: user.recoveryCodes[0] }), wrongCredentials);
  });

  test('wrong ones are counted with wrong codes', async () => {
    const user = await newProtectedUser();
    for (let i = 0; i < 6; i += 1) await login({ ...user, recoveryCode: 'abcd-efgh-jkmn-pq23' });
    assertProblem(await login({ ...user, recoveryCode: user.recoveryCodes[0] }), tooManyAttempts);
  });

  test('can be renewed with password and code; the old ones are void', async () => {
    const user = await newProtectedUser();
    assertProblem(await renew(user, currentCode(user.secret), 'not it'), wrongPassword);
    assertProblem(await renew(user, wrongCodeFor(user.secret)), wrongCode);
    const { status, body } = await renew(user, currentCode(user.secret));
    assert.equal(status, 200);
    const { recoveryCodes } = body.data;
    assert.equal(new Set([...recoveryCodes, ...user.recoveryCodes]).size, 20);
    assertProblem(await login({ ...user, recoveryCode: user.recoveryCodes[0] }), wrongCredentials);
    assert.equal((await login({ ...user, recoveryCode: recoveryCodes[0] })).status, 200);
  });
});

describe('removing it', () => {
  test('with password and code', async () => {
    const user = await newProtectedUser();
    assertProblem(await disable(user, { code: wrongCodeFor(user.secret) }), wrongCode);
    assertProblem(await disable({ ...user, password: 'not it' }, { code: currentCode(user.secret) }), wrongPassword);
    assert.equal(await hasFactor(user), true);
    const { status, body } = await disable(user, { code: currentCode(user.secret) });
    assert.deepEqual([status, body], [200, { success: true, data: { disabled: true } }]);
    assert.equal((await login(user)).status, 200);
  });

  test('with password and recovery code', async () => {
    const user = await newProtectedUser();
    assert.equal((await disable(user, { recoveryCode: user.recoveryCodes[3] })).status, 200);
    assert.equal(await hasFactor(user), false);
  });

  test('it can be set up again', async () => {
    const user = await newProtectedUser();
    await disable(user, { code: currentCode(user.secret) });
    const { secret } = await enroll(service, user);
    assert.notEqual(secret, user.secret);
    await forgetUsedCodes(service);
    assert.equal((await login({ ...user, totp: currentCode(secret) })).status, 200);
  });
});

test('every change is recorded once', async () => {
  const user = await newProtectedUser();
  await login({ ...user, recoveryCode: user.recoveryCodes[0] });
  await disable(user, { code: currentCode(user.secret) });
  const { body } = await user.api.get('/api/auth/events');
  const events = body.data.events.map(({ event }) => event).reverse();
  assert.deepEqual(events, ['registered', 'second_factor_enrolled', 'second_factor_activated', 'recovery_code_used',
    'login', 'second_factor_disabled']);
});
