// Access tokens that must not be believed (RFC 8725 and what was seen elsewhere).
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, randomUUID, sign as signWith } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { assertProblem, forbidden, invalidToken, sessionEnded, unauthenticated } from './support/problems.mjs';
import { leavesNoRow } from './support/rows.mjs';
import { newSecret, startService } from './support/service.mjs';
import { forge, read, sign } from './support/tokens.mjs';
import { newUser } from './support/users.mjs';

const service = await startService();
after(() => service.close());

const user = await newUser(service);
const stranger = await newUser(service);
const now = Math.floor(Date.now() / 1000);
const { header, claims } = read(user.token);
const [headerPart, claimsPart, signature] = user.token.split('.');

const me = (token, headers) => service.api.get('/api/auth/me', { token, headers });
const forged = (changes) => forge(user.token, service.secret, changes);
const withHeader = (change) => forged({ header: change });
const withClaims = (change) => forged({ claims: change });
const encoded = (value) => Buffer.from(value).toString('base64url');

// The last character of 32 bytes carries 4 bits; its other 2 must be zero.
const trailingBits = (part) => part.slice(0, -1)
  + 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.indexOf(part.at(-1)) + 1];

const withAlgorithm = (alg, digest) => {
  const message = `${encoded(JSON.stringify({ ...header, alg }))}.${claimsPart}`;
  return `${message}.${createHmac(digest, service.secret).update(message).digest('base64url')}`;
};

const withKeyPair = (alg, type, options, digest) => {
  const { privateKey } = generateKeyPairSync(type, options);
  const message = `${encoded(JSON.stringify({ ...header, alg }))}.${claimsPart}`;
  return `${message}.${signWith(digest, Buffer.from(message), privateKey).toString('base64url')}`;
};

// With all members that the service wants, but text that a JSON reader could take in two ways.
const claimsText = (text) => sign(header, JSON.stringify(claims).replace(/}$/, `,${text}}`), service.secret);

const withExpiry = (text) =>
  sign(header, JSON.stringify(claims).replace(/"exp":\d+/, `"exp":${text}`), service.secret);

const deep = `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`;

const refused = {
  'none, unsigned': `${encoded(JSON.stringify({ ...header, alg: 'none' }))}.${claimsPart}.`,
  'None, signed': withHeader({ alg: 'None' }),
  'nOnE, signed': withHeader({ alg: 'nOnE' }),
  'no algorithm': withHeader({ alg: undefined }),
  'an algorithm that is a number': withHeader({ alg: 256 }),
  'HS384': withAlgorithm('HS384', 'sha384'),
  'HS512': withAlgorithm('HS512', 'sha512'),
  'RS256 with a key of its own': withKeyPair('RS256', 'rsa', { modulusLength: 2048 }, 'sha256'),
  'ES256 with a key of its own': withKeyPair('ES256', 'ec', { namedCurve: 'P-256' }, 'sha256'),
  'ES256 with r = s = 0': [JSON.stringify({ ...header, alg: 'ES256' }), Buffer.from(claimsPart, 'base64url'),
    Buffer.alloc(64)].map(encoded).join('.'),
  'HS256 in lower case': withHeader({ alg: 'hs256' }),

  'no kid': withHeader({ kid: undefined }),
  'an unknown kid': withHeader({ kid: '0123456789abcdef' }),
  'an empty kid': withHeader({ kid: '' }),
  'a kid that is a path': withHeader({ kid: '../../../../dev/null' }),
  'a kid that is SQL': withHeader({ kid: "' union select 'key" }),
  'a kid that is an address': withHeader({ kid: 'http://127.0.0.1/key' }),
  'a kid that is a list': withHeader({ kid: [header.kid] }),
  'an empty kid signed with an empty key': sign({ ...header, kid: '' }, claims, ''),
  'another type': withHeader({ typ: 'JWT' }),
  'no type': withHeader({ typ: undefined }),
  'a critical extension': withHeader({ crit: ['exp'] }),
  'a key address': withHeader({ jku: 'http://127.0.0.1/keys' }),
  'a certificate address': withHeader({ x5u: 'http://127.0.0.1/certificate' }),
  'a key of its own': withHeader({ jwk: { kty: 'oct', k: encoded('key') } }),
  'compression': withHeader({ zip: 'DEF' }),
  'a header that is a list': sign('[]', claims, service.secret),
  'a header that is no JSON': sign('{', claims, service.secret),
  'a header with a member twice': sign(JSON.stringify(header).replace('{', '{"alg":"none",'), claims, service.secret),

  'another key': sign(header, claims, newSecret()),
  'an empty key': sign(header, claims, ''),
  'a signature of another token': `${headerPart}.${claimsPart}.${stranger.token.split('.')[2]}`,
  'claims of another token': `${headerPart}.${stranger.token.split('.')[1]}.${signature}`,
  'no signature': `${headerPart}.${claimsPart}.`,
  'half a signature': user.token.slice(0, -20),
  'a longer signature': `${user.token}AAAA`,
  'a bit of the signature changed':
    `${headerPart}.${claimsPart}.${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`,
  'trailing bits in the signature': `${headerPart}.${claimsPart}.${trailingBits(signature)}`,
  'padding': `${user.token}=`,
  'a space inside': `${headerPart}.${claimsPart}. ${signature}`,
  'standard base64': `${headerPart}.${claimsPart}.${Buffer.from(signature, 'base64url').toString('base64')}`,

  'two parts': `${headerPart}.${claimsPart}`,
  'four parts': `${user.token}.${signature}`,
  'five parts, as if encrypted': `${user.token}.${signature}.${signature}`,
  'one part': headerPart,
  'dots only': '..',
  'a word': 'token',
  'the JSON form': JSON.stringify({ protected: headerPart, payload: claimsPart, signature }).replaceAll(' ', ''),

  'expired': withClaims({ exp: now - 1 }),
  'expired now': withClaims({ exp: now }),
  'a negative expiry': withClaims({ exp: -1 }),
  'no expiry': withClaims({ exp: undefined }),
  'an expiry of null': withClaims({ exp: null }),
  'an expiry in text': withClaims({ exp: String(now + 900) }),
  'an expiry with a fraction': withClaims({ exp: now + 900.5 }),
  'an expiry beyond all numbers': withExpiry('1e400'),
  'an expiry beyond 64 bits': withExpiry('99999999999999999999'),
  'no time of issue': withClaims({ iat: undefined }),
  'issued in the future': withClaims({ iat: now + 3600 }),
  'not valid yet': withClaims({ nbf: now + 3600 }),
  'a start in text': withClaims({ nbf: 'now' }),

  'another audience': withClaims({ aud: 'another-api' }),
  'no audience': withClaims({ aud: undefined }),
  'an audience of null': withClaims({ aud: null }),
  'another issuer': withClaims({ iss: 'somebody' }),
  'no issuer': withClaims({ iss: undefined }),
  'no subject': withClaims({ sub: undefined }),
  'a subject that is no UUID': withClaims({ sub: "' or true --" }),
  'a subject in a list': withClaims({ sub: [claims.sub] }),
  'no session': withClaims({ sid: undefined }),
  'a session that is no UUID': withClaims({ sid: '*' }),
  'claims that are a list': sign(header, '[]', service.secret),
  'claims that are no JSON': sign(header, '{"sub":', service.secret),
  'claims with a member twice': claimsText(`"sub":"${stranger.userId}"`),
  'claims with a member twice, once escaped': claimsText(`"\\u0073ub":"${stranger.userId}"`),
  'claims nested too deep': claimsText(`"x":${deep}`),
  'claims that are not UTF-8': sign(header, claims, service.secret).replace(claimsPart,
    Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')),

};

describe('refused as if there were no session', () => {
  for (const [name, token] of Object.entries(refused)) {
    test(name, async () => {
      const answer = await leavesNoRow(service, () => me(token));
      assertProblem(answer, invalidToken);
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
    });
  }
});

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

  test('a larger token than a head may hold is refused with the head', async () => {
    assertProblem(await me('x'.repeat(1_000_000)), {
      status: 431, code: 'header_too_large', error: 'header section is larger than 8192 bytes', instance: null,
    });
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

  test('the role and the organization in the token give no right', async () => {
    const token = withClaims({ role: 'admin', org: stranger.organizationId });
    assertProblem(await service.api.get('/api/admin/stats', { token }), forbidden);
    const { body } = await me(token);
    assert.deepEqual([body.data.organizationId, body.data.isAdmin], [user.organizationId, false]);
  });

  test('unknown claims do no harm', async () => {
    assert.equal((await me(withClaims({ scope: 'all', nbf: now - 5 }))).status, 200);
  });

  test('clocks may differ by some seconds', async () => {
    assert.equal((await me(withClaims({ iat: now + 15 }))).status, 200);
  });
});

test('after a change of keys the old tokens work while the old key is kept, and not longer', async () => {
  const secret = newSecret();
  const during = await service.another({ AUXEIRA_JWT_SECRET: secret, AUXEIRA_JWT_PREVIOUS_SECRET: service.secret });
  assert.equal((await during.api.get('/api/auth/me', { token: user.token })).status, 200);
  const { token } = (await during.api.post('/api/auth/login', user)).body.data;
  assertProblem(await me(token), invalidToken);
  await during.stop();

  const afterwards = await service.another({ AUXEIRA_JWT_SECRET: secret });
  assertProblem(await afterwards.api.get('/api/auth/me', { token: user.token }), invalidToken);
  assert.equal((await afterwards.api.get('/api/auth/me', { token })).status, 200);
  await afterwards.stop();
});

test('a token for another audience or issuer of the same key is refused', async () => {
  const other = await service.another({ AUXEIRA_JWT_AUDIENCE: 'reports', AUXEIRA_JWT_ISSUER: 'auxeira-reports' });
  assertProblem(await other.api.get('/api/auth/me', { token: user.token }), invalidToken);
  await other.stop();
});
