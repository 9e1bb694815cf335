// Accounts: registering, and what it tells of an address that is taken.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { userTypes } from './support/api.mjs';
import { assertProblem, faulty, missing, unacceptable, unusableLink, wrongCredentials } from './support/problems.mjs';
import { leavesNoRow } from './support/rows.mjs';
import { startService } from './support/service.mjs';
import { assertShape, exactly, jwt, nothing, string, time, uuid } from './support/shapes.mjs';
import { smtpSettings, startSmtp } from './support/smtp.mjs';
import { query, literal } from './support/sql.mjs';
import { read } from './support/tokens.mjs';
import { newAccount, newUser, newVerifiedUser } from './support/users.mjs';
import { eventually } from './support/wait.mjs';

const smtp = await startSmtp();
const service = await startService(smtpSettings(smtp));
after(() => service.close());

const register = (account) => service.api.post('/api/auth/register', account);
const login = (account) => service.api.post('/api/auth/login', account);

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
    assert.deepEqual([header.alg, header.typ], ['EdDSA', 'at+jwt']);
    assertShape(claims, {
      iss: exactly('auxeira'), aud: exactly('auxeira-api'), sub: exactly(userId), sid: uuid,
      org: exactly(organizationId), role: exactly('user'), ver: exactly(1), jti: string,
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
      isAdmin: exactly(false), emailVerified: exactly(false), secondFactor: exactly(false), role: exactly('owner'),
      organizationId: exactly(organizationId), createdAt: time, lastLogin: time,
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
    ['email', 7, faulty('email', 'must be a string')],
    ['email', 'nobody', unacceptable(['email', '"nobody" is not an e-mail address'])],
    ['email', 'a@b', unacceptable(['email', '"a@b" is not an e-mail address'])],
    ['email', 'a b@c.example', unacceptable(['email', '"a b@c.example" is not an e-mail address'])],
    ['userType', 'admin', unacceptable(['userType', `"admin" is not one of ${kinds}`])],
    ['userType', 'Startup_Founder', unacceptable(['userType', `"Startup_Founder" is not one of ${kinds}`])],
    ['userType', 1, unacceptable(['userType', '1 is not a string'])],
    ['profile', [], unacceptable(['profile', 'an array is not an object'])],
    ['profile', 'x', unacceptable(['profile', '"x" is not an object'])],
    ['refresh', 'yes', faulty('refresh', 'must be true or false')],
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

describe('an address that is taken', () => {
  // Without what is different in any two answers.
  const likeness = ({ status, headers, body }) => {
    const { userId, organizationId, token, ...rest } = body.data;
    const claims = Object.keys(read(token).claims);
    return { status, headers: [...headers.keys()], success: body.success, rest, claims };
  };
  const usersWith = async (email) => (await query(service.dsn,
    `select email_verified from auxeira.users where lower(email) = lower(${literal(email)}) order by created_at`))
    .map((row) => row.email_verified);

  test('is answered like any other, whatever its case', async () => {
    const { email } = await newVerifiedUser(service);
    const fresh = likeness(await register(newAccount()));
    for (const address of [email, email.toUpperCase()]) {
      assert.deepEqual(likeness(await register({ ...newAccount(), email: address })), fresh);
    }
    assert.deepEqual(await usersWith(email), [true, false, false]);
  });

  test('its owner is told, without a link', async () => {
    const { email } = await newVerifiedUser(service);
    await register({ ...newAccount(), email });
    const mail = await smtp.waitFor(email, /already/i);
    assert.equal(mail.token, undefined);
    assert.ok(!mail.text.includes('vt_'));
  });

  test('gives the newcomer nothing of the owner, and the owner loses nothing', async () => {
    const owner = await newVerifiedUser(service);
    const other = newAccount('startup_founder', { email: owner.email });
    const newcomer = (await register(other)).body.data;
    assert.notEqual(newcomer.userId, owner.userId);
    assert.notEqual(newcomer.organizationId, owner.organizationId);
    assert.equal((await login(owner)).body.data.userId, owner.userId);
    assert.equal((await login(other)).body.data.userId, newcomer.userId);
    assertProblem(await login({ ...owner, password: 'neither of the two' }), wrongCredentials);
  });

  test('ten at once with one address: of ten accounts one can be verified', async () => {
    const account = newAccount();
    const answers = await Promise.all(Array.from({ length: 10 }, () => register(account)));
    assert.deepEqual(answers.map(({ status }) => status), Array(10).fill(201));
    assert.deepEqual(await usersWith(account.email), Array(10).fill(false));
  });
});

describe('verifying the address', () => {
  const verify = (token, options) => service.api.post('/api/auth/verify-email', { token }, options);
  const isVerified = async (user) => (await user.api.get('/api/auth/me')).body.data.emailVerified;
  const linksOf = ({ email }, count) => eventually(`${count} mails with links to ${email}`, () => {
    const tokens = smtp.messages().filter(({ recipients }) => recipients.includes(email)).map(({ token }) => token);
    return tokens.filter(Boolean).length === count && tokens;
  });
  const linkOf = async (user) => (await linksOf(user, 1))[0];

  test('with the link of the mail, once', async () => {
    const user = await newUser(service);
    const token = await linkOf(user);
    assert.match(token, /^vt_[\w-]{43}$/);
    assert.equal(await isVerified(user), false);
    const { status, body } = await verify(token);
    assert.deepEqual([status, body], [200, { success: true, data: { verified: true } }]);
    assert.equal(await isVerified(user), true);
    assertProblem(await verify(token), unusableLink);
  });

  test('a link is not used up by looking at it', async () => {
    const user = await newUser(service);
    const token = await linkOf(user);
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
      assert.notEqual((await service.api.send(method, `/api/auth/verify-email?token=${token}`)).status, 200);
    }
    assert.equal((await verify(token)).status, 200);
  });

  test('another link can be asked for; the database keeps neither of them', async () => {
    const user = await newUser(service);
    const first = await linkOf(user);
    const { status, body } = await user.api.post('/api/auth/verify-email/request');
    assert.deepEqual([status, body], [202, { success: true, data: { sent: true } }]);
    const tokens = await linksOf(user, 2);
    const stored = JSON.stringify([await query(service.dsn, 'select * from auxeira.account_tokens'),
      await query(service.dsn, 'select * from auxeira.mail_outbox')]);
    for (const token of tokens) assert.ok(!stored.includes(token));
    assert.equal((await verify(first)).status, 200);
    assert.equal((await user.api.post('/api/auth/verify-email/request')).status, 409);
  });

  test('the client cannot choose the token', async () => {
    const user = await newUser(service);
    const json = { tokenHash: '0'.repeat(64), tokenSealed: '00' };
    const answer = await user.api.post('/api/auth/verify-email/request', json);
    assert.equal(answer.status, 202);
    const rows = await query(service.dsn, `select * from auxeira.account_tokens
      where token_hash = decode(repeat('00', 32), 'hex')`);
    assert.deepEqual(rows, []);
  });

  test('of two accounts with one address one is verified; the other cannot be', async () => {
    const account = newAccount();
    await register(account);
    await register({ ...account, password: 'another password' });
    const [one, other] = await linksOf(account, 2);
    assert.equal((await verify(one)).status, 200);
    assertProblem(await verify(other), unusableLink);
  });

  const never = ['', 'x', 'vt_', `vt_${'A'.repeat(43)}`, `vt_${'A'.repeat(42)}B`, `VT_${'A'.repeat(43)}`,
    `rt_${'A'.repeat(43)}`, `vt_${'A'.repeat(44)}`, `vt_${'='.repeat(43)}`, "vt_' or true --"];
  for (const token of never) {
    test(`${JSON.stringify(token)} is no link`, async () => {
      assertProblem(await leavesNoRow(service, () => verify(token)), unusableLink);
    });
  }

  test('other kinds of values are refused', async () => {
    for (const token of [7, true, {}, []]) {
      assertProblem(await leavesNoRow(service, () => verify(token)), faulty('token', 'must be a string'));
    }
    assertProblem(await verify(undefined), missing('token', ['token', 'is required']));
  });
});
