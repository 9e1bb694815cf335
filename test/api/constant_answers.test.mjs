// Known and unknown addresses take as long: medians of samples taken in turns. A hash costs 20 to 40 ms, so that
// one check more or less is seen, and noise is not.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startService } from './support/service.mjs';
import { Session } from './support/sql.mjs';
import { newAccount, newAddress, newVerifiedUser } from './support/users.mjs';

const service = await startService();
const database = new Session(service.dsn);
after(async () => {
  await database.close();
  await service.close();
});

const samples = 50;
const median = (values) => [...values].sort((a, b) => a - b)[values.length / 2];
const known = await newVerifiedUser(service);

// What was tried before must neither be waited for nor be in the way.
const forget = () => database.run('truncate auxeira.login_delays; delete from auxeira.account_tokens;');

async function timesOf(attempt) {
  const times = { known: [], unknown: [] };
  for (let i = 0; i < samples + 2; i += 1) {
    // Who is first changes, too.
    const order = i % 2 === 0 ? ['known', 'unknown'] : ['unknown', 'known'];
    for (const kind of order) {
      await forget();
      const body = attempt(kind === 'known' ? known.email : newAddress());
      const start = performance.now();
      const { status, text } = await service.api.post(body.path, body.json);
      if (i >= 2) times[kind].push(performance.now() - start); // after warming up
      assert.equal(status, body.status, text);
    }
  }
  return { known: median(times.known), unknown: median(times.unknown) };
}

const attempts = {
  'logging in with a wrong password': (email) =>
    ({ path: '/api/auth/login', json: { email, password: 'not the password' }, status: 401 }),
  registering: (email) => ({ path: '/api/auth/register', json: { ...newAccount(), email }, status: 201 }),
  'asking for a reset': (email) => ({ path: '/api/auth/password-reset/request', json: { email }, status: 202 }),
};

for (const [name, attempt] of Object.entries(attempts)) {
  test(`${name} takes as long for a known address as for an unknown one`, async () => {
    const medians = await timesOf(attempt);
    const difference = Math.abs(medians.known - medians.unknown);
    assert.ok(difference < Math.max(5, 0.2 * medians.unknown), JSON.stringify(medians));
  });
}
