// Accounts that no other run has.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Api } from './api.mjs';
import { execute, literal } from './sql.mjs';

export const newAddress = () => `${randomUUID()}@test.example`;

export const newAccount = (userType = 'startup_founder', fields = {}) => ({
  email: newAddress(), password: `long enough ${randomUUID()}`, userType, profile: {}, ...fields,
});

// A registered user: what the answer said, and `api`, which speaks with the user's token.
export async function newUser({ url }, userType, fields) {
  const account = newAccount(userType, fields);
  const { status, body, text } = await new Api(url).post('/api/auth/register', account);
  assert.equal(status, 201, text);
  return { ...account, ...body.data, api: new Api(url, body.data.token) };
}

// As if the user had followed the link of the mail.
export const verifyAddress = (dsn, { userId }) =>
  execute(dsn, `update auxeira.users set email_verified = true where user_id = ${literal(userId)};`);

export async function newVerifiedUser(service, userType, fields) {
  const user = await newUser(service, userType, fields);
  await verifyAddress(service.dsn, user);
  return user;
}

export const makeAdmin = (dsn, { userId }) =>
  execute(dsn, `update auxeira.users set is_admin = true where user_id = ${literal(userId)};`);
