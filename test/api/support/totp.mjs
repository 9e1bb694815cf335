// An authenticator app (RFC 6238), and users who have one.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { execute } from './sql.mjs';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const fromBase32 = (text) => {
  const bits = [...text].map((character) => alphabet.indexOf(character).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
};

export const currentStep = () => Math.floor(Date.now() / 30_000);

export function codeAt(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', fromBase32(secret)).update(counter).digest();
  const number = digest.readUInt32BE(digest.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

export const currentCode = (secret) => codeAt(secret, currentStep());

// A code that is none, now and in the next minutes.
export function wrongCodeFor(secret) {
  const near = Array.from({ length: 12 }, (_, index) => codeAt(secret, currentStep() + index - 4));
  return ['000000', '111111', '222222', '333333'].find((code) => !near.includes(code));
}

// So that a test need not wait half a minute for the next code.
export const forgetUsedCodes = ({ dsn }) => execute(dsn, 'update auxeira.totp_secrets set last_counter = 0;');

// Sets up a second factor: the secret in the app, and the recovery codes.
export async function enroll(service, user) {
  const { api, password: currentPassword } = user;
  const enrolled = await api.post('/api/auth/totp', { currentPassword });
  assert.equal(enrolled.status, 201, enrolled.text);
  const { secret } = enrolled.body.data;
  const confirmed = await api.post('/api/auth/totp/confirm', { code: currentCode(secret) });
  assert.equal(confirmed.status, 200, confirmed.text);
  await forgetUsedCodes(service);
  return { secret, recoveryCodes: confirmed.body.data.recoveryCodes };
}
