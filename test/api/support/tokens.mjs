// Access tokens taken apart, changed and put together again.
import { createHmac } from 'node:crypto';

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const decode = (part) => JSON.parse(Buffer.from(part, 'base64url'));

export function read(token) {
  const [header, claims] = token.split('.');
  return { header: decode(header), claims: decode(claims) };
}

// A header or claims given as a string are taken as JSON text.
export function sign(header, claims, secret) {
  const message = `${encode(header)}.${encode(claims)}`;
  return `${message}.${createHmac('sha256', secret).update(message).digest('base64url')}`;
}

// The token with some members changed (undefined removes), signed with the service's own key.
export function forge(token, secret, { header = {}, claims = {} }) {
  const was = read(token);
  return sign({ ...was.header, ...header }, { ...was.claims, ...claims }, secret);
}
