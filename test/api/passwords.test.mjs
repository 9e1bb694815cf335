// What a password may be, changing it, and resetting a forgotten one.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { newClient } from './support/clients.mjs';
import {
  assertProblem, codeNeeded, faulty, missing, sessionEnded, tooManyAttempts, unauthenticated, unusableLink,
  wrongCredentials, wrongPassword,
} from './support/problems.mjs';
import { leavesAttempts, leavesNoRow } from './support/rows.mjs';
import { launch, startService } from './support/service.mjs';
import { smtpSettings, startSmtp } from './support/smtp.mjs';
import { execute, literal, query } from './support/sql.mjs';
import { enroll } from './support/totp.mjs';
import { newAccount, newAddress, newUser, newVerifiedUser } from './support/users.mjs';
import { eventually } from './support/wait.mjs';

// The service reads it as nobody.
const directory = mkdtempSync(join(tmpdir(), 'auxeira-passwords-'));
chmodSync(directory, 0o755);
const list = join(directory, 'list');
writeFileSync(list, 'Password1234\ntrustno1trustno1\n');

const smtp = await startSmtp();
const service = await startService(smtpSettings(smtp, { AUXEIRA_PASSWORD_LIST: list }));
after(async () => {
  await service.close();
  rmSync(directory, { recursive: true });
});

const login = (account, api = service.api) => api.post('/api/auth/login', account);
const isAlive = async (token) => (await service.api.get('/api/auth/me', { token })).status === 200;
const newPassword = 'quite another one';

const tooShort = 'must have at least 8 characters, and better 15 or more';
const tooLong = 'must have at most 1024 bytes';
const common = 'is among common or leaked passwords';
const ownWords = 'must not consist of your name, organization or "auxeira"';

// For a user with the address jane.founder@... of Acme Rockets.
const refused = [
  ['7 characters', 'seven77', tooShort],
  ['7 characters of 4 bytes', '🦀'.repeat(7), tooShort],
  ['none', '', tooShort],
  ['1025 bytes', 'x'.repeat(1025), tooLong],
  ['one of the list', 'Password1234', common],
  ['one of the list in other case', 'TRUSTNO1trustno1', common],
  ['the name of the product', 'Auxeira1', ownWords],
  ['the name of the organization', 'acme-rockets!', ownWords],
  ['the own name', 'Jane.Founder1', ownWords],
];
const accepted = [
  ['8 characters', 'eight888'],
  ['8 characters of 4 bytes', '🦀'.repeat(8)],
  ['spaces only', ' '.repeat(8)],
  ['1024 bytes', 'x'.repeat(1024)],
  ['quotes and backslashes', `'"\\;--\t\n`],
  ['one letter only', 'a'.repeat(9)],
  ['a longer one than that of the list', 'Password12345'],
  ['the name of the product in a sentence', 'auxeira is where we work'],
];

let number = 0;
const jane = (fields) => {
  number += 1;
  const email = `jane.founder@${number}.test.example`;
  return { ...newAccount(), email, organization: { name: 'Acme Rockets' }, ...fields };
};

async function newJane() {
  const account = jane();
  const user = { ...account, ...(await service.api.post('/api/auth/register', account)).body.data };
  await execute(service.dsn, `update auxeira.users set email_verified = true where user_id = ${literal(user.userId)};`);
  return user;
}

describe('a new password', () => {
  for (const [name, password, expected] of refused) {
    test(`${name}: refused`, async () => {
      const answer = await leavesNoRow(service, () => service.api.post('/api/auth/register', jane({ password })));
      assertProblem(answer, faulty('password', expected));
    });
  }

  for (const [name, password] of accepted) {
    test(`${name}: accepted, and works`, async () => {
      const account = jane({ password });
      assert.equal((await service.api.post('/api/auth/register', account)).status, 201);
      assert.equal((await login(account)).status, 200);
    });
  }

  test('a number is none', async () => {
    const account = jane({ password: 12345678 });
    const answer = await leavesNoRow(service, () => service.api.post('/api/auth/register', account));
    assertProblem(answer, faulty('password', 'must be a string'));
  });

  test('the database holds an argon2id hash, and neither passwords nor refresh tokens', async () => {
    const { userId, password, refreshToken } = await newUser(service, 'startup_founder', { refresh: true });
    const [{ password_hash: hash }] = await query(service.dsn,
      `select password_hash from auxeira.user_credentials where user_id = ${literal(userId)}`);
    assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const sessions = JSON.stringify(await query(service.dsn,
      `select s.*, t.* from auxeira.user_sessions s join auxeira.refresh_tokens t using (session_id)
       where s.user_id = ${literal(userId)}`));
    for (const secret of [password, refreshToken]) assert.ok(!(sessions + hash).includes(secret));
  });

  test('without the list the service does not start', async () => {
    const { ended, log } = launch({ ...service.settings, AUXEIRA_PASSWORD_LIST: join(directory, 'none') });
    assert.equal((await ended).code, 2);
    assert.match(log(), /AUXEIRA_PASSWORD_LIST=.*none cannot be read/);
  });
});

describe('changing it', () => {
  const change = (user, body) => service.api.post('/api/auth/password', body, { token: user.token });
  const changeTo = (user, password) => change(user, { currentPassword: user.password, newPassword: password });

  test('needs the current one, ends all other sessions, and keeps this one', async () => {
    const user = await newVerifiedUser(service, 'startup_founder', { refresh: true });
    const other = (await login({ ...user, refresh: true })).body.data;
    const { status, body } = await changeTo(user, newPassword);
    assert.deepEqual([status, body], [200, { success: true, data: { changed: true } }]);
    assert.ok(await isAlive(user.token));
    assertProblem(await service.api.get('/api/auth/me', { token: other.token }), sessionEnded);
    const refresh = (refreshToken) => service.api.post('/api/auth/refresh', { refreshToken });
    assert.equal((await refresh(other.refreshToken)).status, 401);
    assert.equal((await refresh(user.refreshToken)).status, 200);
    assertProblem(await login(user), wrongCredentials);
    assert.equal((await login({ ...user, password: newPassword })).status, 200);
    assert.match((await smtp.waitFor(user.email, /changed/i)).text, /password/i);
  });

  test('a wrong current one changes nothing', async () => {
    const user = await newVerifiedUser(service);
    const answer = await leavesAttempts(service, () => change(user, { currentPassword: 'not it', newPassword }));
    assertProblem(answer, wrongPassword);
    assert.equal((await login(user)).status, 200);
  });

  test('who tries in vain has to wait, and only for this', async () => {
    const user = await newVerifiedUser(service);
    for (let i = 0; i < 6; i += 1) await change(user, { currentPassword: `guess ${i}`, newPassword });
    assertProblem(await changeTo(user, newPassword), tooManyAttempts);
    assert.ok(await isAlive(user.token));
    assert.equal((await login(user)).status, 200);
  });

  for (const [name, password, expected] of refused) {
    test(`${name}: refused`, async () => {
      const user = await newJane();
      const answer = await leavesAttempts(service, () => changeTo(user, password));
      assertProblem(answer, faulty('newPassword', expected));
      assert.equal((await login(user)).status, 200);
    });
  }

  for (const [name, password] of accepted) {
    test(`${name}: accepted, and works`, async () => {
      const user = await newJane();
      assert.equal((await changeTo(user, password)).status, 200);
      assert.equal((await login({ ...user, password })).status, 200);
    });
  }

  test('bodies are read strictly', async () => {
    const user = await newVerifiedUser(service);
    const names = (...list_) => missing(list_[0], ...list_.map((name) => [name, 'is required']));
    const refusal = async (body) => leavesNoRow(service, () => change(user, body));
    assertProblem(await refusal({}), names('currentPassword', 'newPassword'));
    assertProblem(await refusal({ currentPassword: null, newPassword }), names('currentPassword'));
    assertProblem(await refusal({ currentPassword: 7, newPassword }), faulty('currentPassword', 'must be a string'));
    assertProblem(await refusal({ currentPassword: user.password, newPassword, userId: user.userId }),
      faulty('userId', 'this field is not known here'));
  });

  test('needs a token', async () => {
    assertProblem(await service.api.post('/api/auth/password', { currentPassword: 'x', newPassword }), unauthenticated);
  });

  test('of two changes at once with the same current password both end in order', async () => {
    const user = await newVerifiedUser(service);
    const passwords = ['the first of the two', 'the second of the two'];
    const answers = await Promise.all(passwords.map((password) => changeTo(user, password)));
    answers.forEach(({ status }) => assert.ok([200, 422].includes(status), `${status}`));
    const logins = await Promise.all(passwords.map((password) => login({ ...user, password })));
    assert.equal(logins.filter(({ status }) => status === 200).length, 1);
  });
});

describe('resetting it', () => {
  const request = (email, api = service.api) => api.post('/api/auth/password-reset/request', { email });
  const confirm = (token, password = newPassword) =>
    service.api.post('/api/auth/password-reset/confirm', { token, newPassword: password });
  const isReset = /choose a new password/i;

  async function linkFor(user) {
    const { status, text } = await request(user.email, newClient(service));
    assert.equal(status, 202, text);
    return (await smtp.waitFor(user.email, isReset)).token;
  }

  test('with the link of the mail, once; all sessions end', async () => {
    const user = await newVerifiedUser(service, 'startup_founder', { refresh: true });
    const token = await linkFor(user);
    const { status, body } = await confirm(token);
    assert.deepEqual([status, body], [200, { success: true, data: { changed: true } }]);
    assertProblem(await service.api.get('/api/auth/me', { token: user.token }), sessionEnded);
    assert.equal((await service.api.post('/api/auth/refresh', { refreshToken: user.refreshToken })).status, 401);
    assertProblem(await login(user), wrongCredentials);
    assert.equal((await login({ ...user, password: newPassword })).status, 200);
    assertProblem(await confirm(token, 'yet another password'), unusableLink);
    assert.equal((await login({ ...user, password: newPassword })).status, 200);
  });

  test('known and unknown addresses are answered alike', async () => {
    const { email } = await newVerifiedUser(service);
    const answers = await Promise.all([email, newAddress(), 'no address', "' or true --"]
      .map((address) => request(address, newClient(service))));
    const likeness = ({ status, headers, body }) => ({ status, headers: [...headers.keys()], body });
    for (const answer of answers) {
      assert.deepEqual(likeness(answer), likeness(answers[0]));
      assert.deepEqual([answer.status, answer.body], [202, { success: true, data: { accepted: true } }]);
    }
  });

  test('looking at the link does not use it up', async () => {
    const user = await newVerifiedUser(service);
    const token = await linkFor(user);
    for (const path of ['confirm', 'request'].map((end) => `/api/auth/password-reset/${end}?token=${token}`)) {
      for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']) {
        const answer = await leavesNoRow(service, () => service.api.send(method, path));
        assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'POST, OPTIONS']);
      }
    }
    assert.equal((await confirm(token)).status, 200);
  });

  test('a password that is refused leaves the link as it is', async () => {
    const user = await newJane();
    const token = await linkFor(user);
    for (const [, password, expected] of refused) {
      assertProblem(await leavesNoRow(service, () => confirm(token, password)), faulty('newPassword', expected));
    }
    assert.equal((await confirm(token)).status, 200);
  });

  test('the second factor is not skipped', async () => {
    const user = await newVerifiedUser(service);
    await enroll(service, user);
    assert.equal((await confirm(await linkFor(user))).status, 200);
    assertProblem(await login({ ...user, password: newPassword }), codeNeeded);
  });

  test('the links before stop working', async () => {
    const user = await newVerifiedUser(service);
    const first = await linkFor(user);
    await request(user.email, newClient(service));
    const mails = () => smtp.messages().filter(({ recipients, subject }) =>
      recipients.includes(user.email) && isReset.test(subject));
    await eventually('the second mail', () => mails().length === 2);
    const second = mails().map(({ token }) => token).find((token) => token !== first);
    assert.equal((await confirm(second)).status, 200);
    assertProblem(await confirm(first), unusableLink);
  });

  test('a link is good for half an hour', async () => {
    const user = await newVerifiedUser(service);
    const token = await linkFor(user);
    const later = (time) => execute(service.dsn, `update auxeira.account_tokens
      set created_at = created_at - interval '${time}', expires_at = expires_at - interval '${time}'
      where user_id = ${literal(user.userId)} and purpose = 'reset_password';`);
    await later('29 minutes');
    assertProblem(await confirm(token, 'short'), faulty('newPassword', tooShort));
    await later('1 minute');
    assertProblem(await confirm(token), unusableLink);
    assert.equal((await login(user)).status, 200);
  });

  test('of sixteen who use one link at once one succeeds', async () => {
    const user = await newVerifiedUser(service);
    const token = await linkFor(user);
    const statuses = (await Promise.all(Array.from({ length: 16 }, (_, i) => confirm(token, `password number ${i}`))))
      .map(({ status }) => status);
    assert.deepEqual(statuses.sort(), [200, ...Array(15).fill(422)]);
  });

  test('other tokens are no links for this', async () => {
    const user = await newUser(service, 'startup_founder', { refresh: true });
    const verification = (await smtp.waitFor(user.email)).token;
    const others = [verification, user.token, user.refreshToken, `vt_${'A'.repeat(43)}`, '', 'vt_', "' or true --"];
    for (const token of others) {
      assertProblem(await leavesNoRow(service, () => confirm(token)), unusableLink);
    }
    assertProblem(await confirm(7), faulty('token', 'must be a string'));
    assert.equal((await login(user)).status, 200);
  });

  test('nor is a link for this one to verify an address; but the address is verified by using it', async () => {
    const user = await newUser(service);
    const token = await linkFor(user);
    assertProblem(await service.api.post('/api/auth/verify-email', { token }), unusableLink);
    assert.equal((await confirm(token)).status, 200);
    const { token: access } = (await login({ ...user, password: newPassword })).body.data;
    assert.equal((await service.api.get('/api/auth/me', { token: access })).body.data.emailVerified, true);
  });

  test('who waits after wrong passwords need not wait after a reset', async () => {
    const user = await newVerifiedUser(service);
    const client = newClient(service);
    for (let i = 0; i < 6; i += 1) await login({ ...user, password: 'forgotten it' }, client);
    assertProblem(await login(user, client), tooManyAttempts);
    assert.equal((await confirm(await linkFor(user))).status, 200);
    assert.equal((await login({ ...user, password: newPassword }, client)).status, 200);
  });

  test('who asks again and again has to wait, for known and unknown addresses', async () => {
    const { email } = await newVerifiedUser(service);
    const asked = async (address) => {
      const client = newClient(service);
      const answers = [];
      for (let i = 0; i < 6; i += 1) answers.push(await request(address, client));
      return answers.map(({ status, headers }) => [status, headers.get('retry-after') !== null]);
    };
    const known = await asked(email);
    assert.deepEqual(await asked(newAddress()), known);
    assert.ok(known.some(([status]) => status === 429));
  });

  test('an account that was switched off stays so', async () => {
    const user = await newVerifiedUser(service);
    const token = await linkFor(user);
    await execute(service.dsn, `update auxeira.users set is_active = false where user_id = ${literal(user.userId)};`);
    assertProblem(await confirm(token), unusableLink);
    assert.equal((await request(user.email, newClient(service))).status, 202);
  });

  test('neither links nor passwords are in the database or in the log', async () => {
    const user = await newVerifiedUser(service);
    const token = await linkFor(user);
    const stored = () => execute(service.dsn, 'select string_agg(t::text, chr(10)) from auxeira.account_tokens t;');
    assert.ok(!(await stored()).includes(token));
    await confirm(token, 'a password to be looked for');
    await confirm(token, 'a password to be looked for');
    for (const secret of [token, 'to be looked for']) assert.ok(!service.log().includes(secret), secret);
  });
});
