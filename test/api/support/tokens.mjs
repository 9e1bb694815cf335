// Access tokens taken apart, changed and put together again.
import { createHmac, createPrivateKey, createPublicKey, sign as signWith } from 'node:crypto';

const textOf = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
const encode = (value) => Buffer.from(textOf(value)).toString('base64url');
const decode = (part) => JSON.parse(Buffer.from(part, 'base64url'));

// --- Keys, as the service is given them ---------------------------------------------------------------------

export const hs256 = (secret) => ({
  alg: 'HS256', sign: (message) => createHmac('sha256', secret).update(message).digest(),
});

// RFC 8410: a seed of 32 bytes as PKCS #8.
const pkcs8 = (seed) => Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);

export function ed25519(seed) {
  const key = createPrivateKey({ key: pkcs8(Buffer.from(seed, 'base64url')), format: 'der', type: 'pkcs8' });
  return {
    alg: 'EdDSA', publicKey: createPublicKey(key), sign: (message) => signWith(null, Buffer.from(message), key),
  };
}

export const keyOf = ({ AUXEIRA_JWT_KEY: seed, AUXEIRA_JWT_SECRET: secret }) =>
  (secret === undefined ? ed25519(seed) : hs256(secret));

// --- Tokens ---------------------------------------------------------------------------------------------------

export function read(token) {
  const [header, claims] = token.split('.');
  return { header: decode(header), claims: decode(claims) };
}

// A header or claims given as a string are taken as JSON text.
export function sign(header, claims, key) {
  const message = `${encode(header)}.${encode(claims)}`;
  return `${message}.${key.sign(message).toString('base64url')}`;
}

// The token with some members changed (undefined removes), signed with the service's own key.
export function forge(token, key, { header = {}, claims = {} }) {
  const was = read(token);
  return sign({ ...was.header, ...header }, { ...was.claims, ...claims }, key);
}
