// Access tokens that must not be believed (RFC 8725), the keys behind them, and their change.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, randomUUID, verify } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { Api } from './support/api.mjs';
import { forgeries } from './support/forgeries.mjs';
import { assertProblem, forbidden, invalidToken, sessionEnded, unauthenticated } from './support/problems.mjs';
import { leavesNoRow } from './support/rows.mjs';
import { newKey, newSecret, startService } from './support/service.mjs';
import { ed25519, forge, hs256, read, sign } from './support/tokens.mjs';
import { newUser } from './support/users.mjs';
import { eventually, sleep } from './support/wait.mjs';

const service = await startService();
after(() => service.close());

const secret = newSecret();
const withHs256 = { AUXEIRA_JWT_KEY: undefined, AUXEIRA_JWT_SECRET: secret };
const hs256Service = await service.another(withHs256);
after(() => hs256Service.stop());

const user = await newUser(service);
const stranger = await newUser(service);
const login = async ({ api }, account) => (await api.post('/api/auth/login', account)).body.data;
const now = () => Math.floor(Date.now() / 1000);
const { claims } = read(user.token);

const me = (token, headers, { api } = service) => api.get('/api/auth/me', { token, headers });
const withClaims = (change) => forge(user.token, service.key, { claims: change });
const encoded = (value) => Buffer.from(value).toString('base64url');
const jwksOf = async ({ api }) => (await api.get('/.well-known/jwks.json')).body.keys;

const kinds = [
  [service, service.key, user.token, stranger.token],
  [hs256Service, hs256(secret), (await login(hs256Service, user)).token, (await login(hs256Service, stranger)).token],
];
for (const [running, key, token, strangers] of kinds) {
  describe(`a service that signs with ${key.alg} refuses`, () => {
    test('nothing of its own', async () => {
      assert.equal(read(token).header.alg, key.alg);
      assert.equal((await me(token, {}, running)).status, 200);
      assert.equal((await me(forge(token, key, {}), {}, running)).status, 200, 'signed by the test');
    });

    for (const [name, forged] of Object.entries(forgeries({ key, token, stranger: strangers }))) {
      test(name, async () => {
        const answer = await leavesNoRow(service, () => me(forged, {}, running));
        assertProblem(answer, invalidToken);
        assert.equal(answer.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
      });
    }
  });
}

describe('the Authorization field', () => {
  test('the user\'s own token is accepted, and so is the scheme in any case', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      assert.equal((await me(null, { authorization: `${scheme} ${user.token}` })).status, 200);
    }
  });

  test('without it the answer asks for a login', async () => {
    const answer = await me(null);
    assertProblem(answer, unauthenticated);
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
  });

  for (const field of [`Basic ${encoded(`${user.email}:${user.password}`)}`, user.token, 'Bearer',
    `Token ${user.token}`, `Bearer ${user.token} ${user.token}`, `Bearer ${user.token},Bearer ${user.token}`]) {
    test(`${field.slice(0, 12)}... is refused`, async () => {
      assertProblem(await me(null, { authorization: field }), invalidToken);
    });
  }

  test('a token in the address, the body or a cookie is not looked at', async () => {
    assertProblem(await service.api.get(`/api/auth/me?access_token=${user.token}`), unauthenticated);
    assertProblem(await service.api.post('/api/auth/logout', { token: user.token }), unauthenticated);
    assertProblem(await me(null, { cookie: `token=${user.token}` }), unauthenticated);
  });

  test('bis: a token of 1 MB is refused with the head', async () => {
    assertProblem(await me('x'.repeat(1_000_000)), {
      status: 431, code: 'header_too_large', error: 'header section is larger than 8192 bytes', instance: null,
    });
  });
});

describe('RFC 8725 3.12: one kind of token never passes as another', () => {
  const opaque = (prefix) => `${prefix}_${newKey()}`;
  const apiKey = () => opaque('ak_0123abcd');

  test('a refresh token is no access token', async () => {
    const { refreshToken } = await login(service, { ...user, refresh: true });
    assertProblem(await me(refreshToken), invalidToken);
  });

  test('neither are the tokens of links, nor texts that begin like API keys', async () => {
    for (const text of [opaque('vt'), opaque('rt'), opaque('ak'), 'ak_', `ak_short_${newKey()}`, `${apiKey()}.x.y`,
      `ak_0123abcd_${newKey().slice(1)}`, `${apiKey()}=`]) assertProblem(await me(text), invalidToken);
  });

  test('an API key that nobody has opens nothing', async () => {
    assert.equal((await me(apiKey())).status, 401);
  });

  test('an access token and an API key refresh nothing', async () => {
    for (const refreshToken of [user.token, apiKey(), opaque('vt')])
      assertProblem(await service.api.post('/api/auth/refresh', { refreshToken }), invalidToken);
  });

  test('nor do they, or a refresh token, verify an address or reset a password', async () => {
    for (const token of [user.token, apiKey(), opaque('rt')]) {
      const newPassword = `quite another ${randomUUID()}`;
      for (const [path, json] of [['/api/auth/verify-email', { token }],
        ['/api/auth/password-reset/confirm', { token, newPassword }]]) {
        const { status, body } = await service.api.post(path, json);
        assert.deepEqual([status, body.code], [422, '22023'], path);
      }
    }
    assert.equal((await service.api.post('/api/auth/login', user)).status, 200, 'the password is the same');
  });
});

describe('signed by the service, and yet', () => {
  test('a session that never was has ended', async () => {
    const answer = await me(withClaims({ sid: randomUUID() }));
    assertProblem(answer, sessionEnded);
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
  });

  test('a session of somebody else does not open their account', async () => {
    assertProblem(await me(withClaims({ sid: read(stranger.token).claims.sid })), sessionEnded);
    assertProblem(await me(withClaims({ sub: stranger.userId })), sessionEnded);
  });

  test('other rights than those of the session end it', async () => {
    assertProblem(await me(withClaims({ ver: claims.ver + 1 })), sessionEnded);
  });

  test('the role and the organization in the token give no right', async () => {
    const token = withClaims({ role: 'admin', org: stranger.organizationId });
    assertProblem(await service.api.get('/api/admin/stats', { token }), forbidden);
    const { body } = await me(token);
    assert.deepEqual([body.data.organizationId, body.data.isAdmin], [user.organizationId, false]);
  });

  test('unknown claims do no harm', async () => {
    assert.equal((await me(withClaims({ scope: 'all', nbf: now() - 5 }))).status, 200);
  });

  test('clocks may differ by some seconds', async () => {
    assert.equal((await me(withClaims({ iat: now() + 15 }))).status, 200);
  });

  test('a verdict that is kept ends with the token', async () => {
    const token = withClaims({ exp: now() + 2 });
    assert.equal((await me(token)).status, 200);
    assert.equal((await me(token)).status, 200, 'the second time without a look at the signature');
    await sleep(2500);
    assertProblem(await me(token), invalidToken);
  });
});

describe('the public keys', () => {
  test('are for everybody, and may be kept for some minutes', async () => {
    const { status, headers, body } = await new Api(service.url).get('/.well-known/jwks.json');
    assert.equal(status, 200);
    assert.match(headers.get('content-type'), /^application\/json/);
    assert.equal(headers.get('cache-control'), 'public, max-age=300');
    const [{ x, kid }] = body.keys;
    assert.deepEqual(body, { keys: [{ kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' }] });
  });

  test('check the tokens', async () => {
    const [jwk] = await jwksOf(service);
    const { token } = await login(service, user);
    const message = token.slice(0, token.lastIndexOf('.'));
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    assert.ok(verify(null, Buffer.from(message), key, Buffer.from(token.split('.')[2], 'base64url')));
    assert.equal(read(token).header.kid, jwk.kid);
  });

  test('are named by their RFC 7638 thumbprint', async () => {
    const [{ crv, kty, x, kid }] = await jwksOf(service);
    assert.equal(kid, createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url'));
  });

  test('a secret for HS256 is none', async () => assert.deepEqual(await jwksOf(hs256Service), []));

  test('can only be read', async () => {
    assert.equal((await service.api.post('/.well-known/jwks.json', {})).status, 405);
  });
});

// From the key of the service to another: old tokens work while the old key is kept, and not longer.
const changes = {
  'Ed25519 to Ed25519': [service, { AUXEIRA_JWT_KEY: newKey() },
    { AUXEIRA_JWT_PREVIOUS_KEY: service.settings.AUXEIRA_JWT_KEY }],
  'HS256 to Ed25519': [hs256Service, { AUXEIRA_JWT_KEY: newKey() }, { AUXEIRA_JWT_PREVIOUS_SECRET: secret }],
  'HS256 to HS256': [hs256Service, { ...withHs256, AUXEIRA_JWT_SECRET: newSecret() },
    { AUXEIRA_JWT_PREVIOUS_SECRET: secret }],
};
for (const [name, [before, current, previous]] of Object.entries(changes)) {
  test(`key rotated, ${name}: the old kid is valid while it is the previous one, then 401`, async () => {
    const { token: old } = await login(before, user);
    const during = await service.another({ ...current, ...previous });
    assert.equal((await me(old, {}, during)).status, 200);
    const { token } = await login(during, user);
    assert.notEqual(read(token).header.kid, read(old).header.kid);
    assertProblem(await me(token, {}, before), invalidToken);
    const publicKeys = (await jwksOf(during)).map(({ kid }) => kid);
    assert.deepEqual(publicKeys, [token, old].map(read).filter(({ header }) => header.alg === 'EdDSA')
      .map(({ header }) => header.kid), 'the current one first');
    await during.stop();

    const afterwards = await service.another(current);
    assertProblem(await me(old, {}, afterwards), invalidToken);
    assert.equal((await me(token, {}, afterwards)).status, 200);
    await afterwards.stop();
  });
}

test('RFC 8725 3.9: a token for another audience or issuer of the same key is refused', async () => {
  for (const other of [{ AUXEIRA_JWT_AUDIENCE: 'reports' }, { AUXEIRA_JWT_ISSUER: 'auxeira-reports' }]) {
    const another = await service.another(other);
    assertProblem(await me(user.token, {}, another), invalidToken);
    assertProblem(await me((await login(another, user)).token), invalidToken);
    await another.stop();
  }
});

test('RFC 8725 3.10: an unknown kid is not asked for, even with a good signature', async () => {
  const { header } = read(user.token);
  assertProblem(await me(sign({ ...header, kid: 'other' }, claims, service.key)), invalidToken);
  assertProblem(await me(sign({ ...header, kid: ed25519(newKey()).publicKey.export({ format: 'jwk' }).x }, claims,
    service.key)), invalidToken);
});

test('the log names an API key by the part that is no secret', async () => {
  const key = newKey();
  await me(`ak_0123abcd_${key}`);
  await eventually('the request is in the log', () => service.log().includes('"apiKey":"ak_0123abcd"'));
  const hash = createHash('sha256').update(`ak_0123abcd_${key}`).digest('hex');
  for (const text of [key, hash]) assert.ok(!service.log().includes(text));
});
