// Access tokens that must not be believed: what RFC 8725 warns of, section by section, what its successor's draft
// adds, and what was seen elsewhere. Each is made from a good token and, where that helps the forger, the service's
// own key.
import { createHmac, generateKeyPairSync, sign as signWith } from 'node:crypto';
import { newKey, newSecret } from './service.mjs';
import { ed25519, forge, hs256, read, sign } from './tokens.mjs';

const encoded = (value) => Buffer.from(value).toString('base64url');
const json = (value) => encoded(JSON.stringify(value));

// --- Signatures -----------------------------------------------------------------------------------------------

// The last character of 32 bytes carries 4 bits, that of 64 bytes 2; its others must be zero.
const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const trailingBits = (part) => part.slice(0, -1) + digits[digits.indexOf(part.at(-1)) + 1];

// S plus the order of the group stands for the same number.
const order = 2n ** 252n + 27742317777372353535851937790883648493n;
function secondForm(signature) {
  const bytes = Buffer.from(signature, 'base64url');
  const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`);
  const other = Buffer.from((s + order).toString(16).padStart(64, '0'), 'hex').reverse();
  return Buffer.concat([bytes.subarray(0, 32), other]).toString('base64url');
}

const zeros = (count) => Buffer.alloc(count).toString('base64url');
const identityPoint = Buffer.from(`01${'00'.repeat(31)}`, 'hex');
const pointOfOrder8 = Buffer.from('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'hex');
const withScalarZero = (point) => Buffer.concat([point, Buffer.alloc(32)]).toString('base64url');

// --- The key in other hands -----------------------------------------------------------------------------------

function signedWithAlgorithm(header, claimsPart, alg, type, options, digest) {
  const { privateKey } = generateKeyPairSync(type, options);
  const message = `${json({ ...header, alg })}.${claimsPart}`;
  return `${message}.${signWith(digest, Buffer.from(message), privateKey).toString('base64url')}`;
}

// What is public of the key, taken for the secret of HS256.
function publicKeyAsSecret({ publicKey }, header, claims) {
  if (!publicKey) return {};
  const jwk = publicKey.export({ format: 'jwk' });
  const texts = {
    'its point': Buffer.from(jwk.x, 'base64url'), 'its point in base64url': jwk.x, 'its JWK': JSON.stringify(jwk),
    'its DER': publicKey.export({ type: 'spki', format: 'der' }),
    'its PEM': publicKey.export({ type: 'spki', format: 'pem' }),
  };
  return Object.fromEntries(Object.entries(texts).map(([name, secret]) => [
    `RFC 8725 3.1: HS256 with the public key as its secret, ${name}`,
    sign({ ...header, alg: 'HS256' }, claims, hs256(secret))]));
}

// --- The table ------------------------------------------------------------------------------------------------

// `key` signed `token`; `stranger` is a good token of somebody else.
export function forgeries({ key, token, stranger }) {
  const { header, claims } = read(token);
  const [headerPart, claimsPart, signature] = token.split('.');
  const [, strangersClaims, strangersSignature] = stranger.split('.');
  const somebody = read(stranger).claims.sub;
  const now = Math.floor(Date.now() / 1000);
  const own = ed25519(newKey());
  const ownJwk = own.publicKey.export({ format: 'jwk' });

  const withHeader = (change) => forge(token, key, { header: change });
  const withClaims = (change) => forge(token, key, { claims: change });
  const withSignature = (text) => `${headerPart}.${claimsPart}.${text}`;
  const hmac = (alg, digest) => {
    const message = `${json({ ...header, alg })}.${claimsPart}`;
    return `${message}.${createHmac(digest, newSecret()).update(message).digest('base64url')}`;
  };
  // With all members that the service wants, but text that a JSON reader could take in two ways.
  const claimsAnd = (text) => sign(header, JSON.stringify(claims).replace(/}$/, `,${text}}`), key);
  const expiring = (text) => sign(header, JSON.stringify(claims).replace(/"exp":\d+/, `"exp":${text}`), key);

  return {
    'RFC 8725 3.1: alg none, unsigned': `${json({ ...header, alg: 'none' })}.${claimsPart}.`,
    'RFC 8725 3.1: alg none, with the old signature':
      `${json({ ...header, alg: 'none' })}.${claimsPart}.${signature}`,
    'RFC 8725 3.1: alg none': withHeader({ alg: 'none' }),
    'RFC 8725 3.1: alg None': withHeader({ alg: 'None' }),
    'RFC 8725 3.1: alg nOnE': withHeader({ alg: 'nOnE' }),
    'RFC 8725 3.1: no alg': withHeader({ alg: undefined }),
    'RFC 8725 3.1: an empty alg': withHeader({ alg: '' }),
    'RFC 8725 3.1: an alg that is a number': withHeader({ alg: 256 }),
    'RFC 8725 3.1: an alg in lower case': withHeader({ alg: header.alg.toLowerCase() }),
    'RFC 8725 3.1: the alg of another kind of key': withHeader({ alg: header.alg === 'HS256' ? 'EdDSA' : 'HS256' }),
    'RFC 8725 3.1: HS256 with a secret of its own': hmac('HS256', 'sha256'),
    'RFC 8725 3.1: HS384': hmac('HS384', 'sha384'),
    'RFC 8725 3.1: HS512': hmac('HS512', 'sha512'),
    'RFC 8725 3.1: RS256 with a key of its own':
      signedWithAlgorithm(header, claimsPart, 'RS256', 'rsa', { modulusLength: 2048 }, 'sha256'),
    'RFC 8725 3.1: ES256 with a key of its own':
      signedWithAlgorithm(header, claimsPart, 'ES256', 'ec', { namedCurve: 'P-256' }, 'sha256'),
    'RFC 8725 3.1: EdDSA with a key of its own':
      signedWithAlgorithm(header, claimsPart, 'EdDSA', 'ed25519', {}, null),
    ...publicKeyAsSecret(key, header, claims),
    'RFC 8725 3.2: RSA1_5': withHeader({ alg: 'RSA1_5' }),
    'RFC 8725 3.2: PBES2': withHeader({ alg: 'PBES2-HS256+A128KW' }),

    'RFC 8725 3.3: another key': sign(header, claims, key.alg === 'HS256' ? hs256(newSecret()) : own),
    'RFC 8725 3.3: an empty secret': sign({ ...header, alg: 'HS256' }, claims, hs256('')),
    'RFC 8725 3.3: a signature of another token': withSignature(strangersSignature),
    'RFC 8725 3.3: claims of another token': `${headerPart}.${strangersClaims}.${signature}`,
    'RFC 8725 3.3: signature stripped': withSignature(''),
    'RFC 8725 3.3: half a signature': token.slice(0, -20),
    'RFC 8725 3.3: a longer signature': `${token}AAAA`,
    'RFC 8725 3.3: a bit of the signature changed':
      withSignature(`${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`),
    'RFC 8725 3.3: trailing bits in the signature': withSignature(trailingBits(signature)),
    'RFC 8725 3.3: base64url with padding': `${token}=`,
    'RFC 8725 3.3: white space inside': withSignature(` ${signature}`),
    'RFC 8725 3.3: standard base64': withSignature(`+/${Buffer.from(signature, 'base64url').toString('base64')}`),

    'RFC 8725 3.4: ES256 with r = s = 0 (CVE-2022-21449)':
      `${json({ ...header, alg: 'ES256' })}.${claimsPart}.${zeros(64)}`,
    'RFC 8725 3.4: a signature of zeros': withSignature(zeros(signature.length > 43 ? 64 : 32)),
    'RFC 8725 3.4: the neutral point and zero': withSignature(withScalarZero(identityPoint)),
    'RFC 8725 3.4: a point of small order and zero': withSignature(withScalarZero(pointOfOrder8)),
    ...(key.alg === 'EdDSA'
      ? { 'RFC 8725 3.4: the second form of a signature': withSignature(secondForm(signature)) } : {}),
    'RFC 8725 3.4: a public key of small order in the header':
      `${json({ ...header, jwk: { kty: 'OKP', crv: 'Ed25519', x: encoded(pointOfOrder8) } })}.${claimsPart}.${
        withScalarZero(identityPoint)}`,

    'RFC 8725 3.6: zip': withHeader({ zip: 'DEF' }),
    'RFC 8725 3.7: claims that are not UTF-8': token.replace(claimsPart,
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')),
    'RFC 8725 3.7: claims with half a character': claimsAnd('"x":"\\ud800"'),

    'RFC 8725 3.8: another iss': withClaims({ iss: 'somebody' }),
    'RFC 8725 3.8: no iss': withClaims({ iss: undefined }),
    'RFC 8725 3.8: no sub': withClaims({ sub: undefined }),
    'RFC 8725 3.8: a sub that is no UUID': withClaims({ sub: "' or true --" }),
    'RFC 8725 3.8: a sub in a list': withClaims({ sub: [claims.sub] }),
    'RFC 8725 3.8: no sid': withClaims({ sid: undefined }),
    'RFC 8725 3.8: a sid that is no UUID': withClaims({ sid: '*' }),
    'RFC 8725 3.9: another aud': withClaims({ aud: 'another-api' }),
    'RFC 8725 3.9: no aud': withClaims({ aud: undefined }),
    'RFC 8725 3.9: an aud of null': withClaims({ aud: null }),
    'RFC 8725 3.9: the right aud among others': withClaims({ aud: [claims.aud, 'another-api'] }),

    'RFC 8725 3.10: no kid': withHeader({ kid: undefined }),
    'RFC 8725 3.10: an unknown kid': withHeader({ kid: '0123456789abcdef' }),
    'RFC 8725 3.10: an empty kid': withHeader({ kid: '' }),
    'RFC 8725 3.10: an empty kid and an empty secret': sign({ ...header, alg: 'HS256', kid: '' }, claims, hs256('')),
    'RFC 8725 3.10: a kid that is a path': withHeader({ kid: '../../../../dev/null' }),
    'RFC 8725 3.10: a kid that is a path to nothing, signed with nothing':
      sign({ ...header, alg: 'HS256', kid: '/dev/null' }, claims, hs256('')),
    'RFC 8725 3.10: a kid that is SQL': withHeader({ kid: "' union select 'key" }),
    'RFC 8725 3.10: a kid that is an address': withHeader({ kid: 'http://127.0.0.1/key' }),
    'RFC 8725 3.10: a kid that is a list': withHeader({ kid: [header.kid] }),
    'RFC 8725 3.10: jku': withHeader({ jku: 'http://127.0.0.1/keys' }),
    'RFC 8725 3.10: x5u': withHeader({ x5u: 'http://127.0.0.1/certificate' }),
    'RFC 8725 3.10: jwk, signed with that key': sign({ ...header, alg: 'EdDSA', jwk: ownJwk }, claims, own),
    'RFC 8725 3.10: jwk of a symmetric key':
      sign({ ...header, alg: 'HS256', jwk: { kty: 'oct', k: encoded('key') } }, claims, hs256('key')),
    'RFC 8725 3.10: crit': withHeader({ crit: ['exp'] }),

    'RFC 8725 3.11: typ JWT': withHeader({ typ: 'JWT' }),
    'RFC 8725 3.11: no typ': withHeader({ typ: undefined }),
    'RFC 8725 3.11: typ of a refresh token': withHeader({ typ: 'rt+jwt' }),

    'bis: JSON serialisation': JSON.stringify({ protected: headerPart, payload: claimsPart, signature }),
    'bis: JSON serialisation, general':
      JSON.stringify({ payload: claimsPart, signatures: [{ protected: headerPart, signature }] }),
    'bis: a header with a member twice': sign(JSON.stringify(header).replace('{', '{"alg":"none",'), claims, key),
    'bis: claims with a member twice': claimsAnd(`"sub":"${somebody}"`),
    'bis: claims with a member twice, once escaped': claimsAnd(`"\\u0073ub":"${somebody}"`),
    'bis: claims nested too deep': claimsAnd(`"x":${'{"a":'.repeat(40)}1${'}'.repeat(40)}`),
    'a header that is a list': sign('[]', claims, key),
    'a header that is no JSON': sign('{', claims, key),
    'claims that are a list': sign(header, '[]', key),
    'claims that are no JSON': sign(header, '{"sub":', key),

    'two parts': `${headerPart}.${claimsPart}`,
    'four parts': `${token}.${signature}`,
    'five parts, as if encrypted': `${token}.${signature}.${signature}`,
    'one part': headerPart,
    'dots only': '..',
    'a word': 'token',

    'exp in the past': withClaims({ exp: now - 1 }),
    'exp now': withClaims({ exp: now }),
    'exp negative': withClaims({ exp: -1 }),
    'exp missing': withClaims({ exp: undefined }),
    'exp null': withClaims({ exp: null }),
    'exp a string': withClaims({ exp: String(now + 900) }),
    'exp with a fraction': withClaims({ exp: now + 900.5 }),
    'exp 1e400': expiring('1e400'),
    'exp beyond 64 bits': expiring('99999999999999999999'),
    'iat missing': withClaims({ iat: undefined }),
    'iat in the future': withClaims({ iat: now + 3600 }),
    'nbf in the future': withClaims({ nbf: now + 3600 }),
    'nbf a string': withClaims({ nbf: 'now' }),

    'no version of the rights': withClaims({ ver: undefined }),
    'version 0 of the rights': withClaims({ ver: 0 }),
    'a version that is a string': withClaims({ ver: String(claims.ver) }),
  };
}
