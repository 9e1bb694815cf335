// SIGHUP: keys, limits and the level of the log change while requests go on.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { newKey, startService, withoutLimits } from './support/service.mjs';
import { newUser } from './support/users.mjs';
import { eventually } from './support/wait.mjs';

const directory = mkdtempSync(join(tmpdir(), 'auxeira-reload-'));
chmodSync(directory, 0o755);
const file = join(directory, 'settings');
after(() => rmSync(directory, { recursive: true }));
const write = (settings) => writeFileSync(file,
  Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join(''));

const key = newKey();
write({ AUXEIRA_JWT_KEY: key });
// What the environment says, the file cannot change.
const silent = Object.fromEntries([...Object.keys(withoutLimits), 'AUXEIRA_JWT_KEY'].map((name) => [name, undefined]));
const database = await startService();
after(() => database.close());
const service = await database.another({ ...silent, AUXEIRA_SETTINGS_FILE: file });
after(() => service.stop());

const count = (message) => service.log().split(`"message":"${message}"`).length - 1;

async function reload(settings, message = 'settings read again') {
  const before = count(message);
  write(settings);
  service.child.kill('SIGHUP');
  await eventually(message, () => count(message) > before, { every: 5 });
}

const policy = async () => (await service.api.get('/api/none')).headers.get('ratelimit-policy');
const accepts = async (token) => (await service.api.get('/api/auth/me', { token })).status === 200;
const keys = async () => (await service.api.get('/.well-known/jwks.json')).body.keys.length;

test('limits', async () => {
  await reload({ AUXEIRA_JWT_KEY: key, AUXEIRA_LIMIT_ADDRESS: '123/45' });
  assert.equal(await policy(), '"address";q=123;w=45');
  await reload({ AUXEIRA_JWT_KEY: key, AUXEIRA_LIMIT_ADDRESS: 'off' });
  assert.equal(await policy(), null);
});

test('the level of the log', async () => {
  const lines = () => count('request');
  await reload({ AUXEIRA_JWT_KEY: key, AUXEIRA_LOG_LEVEL: 'warn' });
  const before = lines();
  await service.api.get('/api/none');
  await reload({ AUXEIRA_JWT_KEY: key, AUXEIRA_LOG_LEVEL: 'info' });
  assert.equal(lines(), before);
  await service.api.get('/api/none');
  await eventually('it is logged again', () => lines() === before + 1);
});

test('keys: a verdict that was kept does not outlive them', async () => {
  const { token } = await newUser(service);
  assert.ok(await accepts(token));
  const fresh = newKey();
  await reload({ AUXEIRA_JWT_KEY: fresh, AUXEIRA_JWT_PREVIOUS_KEY: key });
  assert.equal(await keys(), 2);
  assert.ok(await accepts(token));
  const { token: newer } = await newUser(service);
  await reload({ AUXEIRA_JWT_KEY: fresh });
  assert.equal(await keys(), 1);
  assert.ok(!await accepts(token));
  assert.ok(await accepts(newer));
  await reload({ AUXEIRA_JWT_KEY: key });
  assert.ok(!await accepts(newer));
  assert.ok(await accepts(token));
});

test('a wrong file changes nothing, and says why without telling a secret', async () => {
  const { token } = await newUser(service);
  const before = await policy();
  for (const settings of [{ AUXEIRA_JWT_KEY: 'short' }, { AUXEIRA_JWT_KEY: newKey(), AUXEIRA_LIMIT_ADDRESS: 'much' },
    { AUXEIRA_JWT_KEY: newKey(), AUXEIRA_NONSENSE: 'hidden' }]) {
    await reload(settings, 'settings kept as they were');
    assert.ok(await accepts(token));
    assert.ok(!service.log().includes(settings.AUXEIRA_JWT_KEY) && !service.log().includes('hidden'));
  }
  assert.equal(await policy(), before);
});

test('files that it cannot read any more are named, all of them', async () => {
  const files = ['AUXEIRA_JWT_KEY_FILE', 'AUXEIRA_VAULT_KEY_FILE'].map((name) => [name, join(directory, name)]);
  files.forEach(([, path]) => writeFileSync(path, newKey(), { mode: 0o644 }));
  const closed = await database.another({ ...Object.fromEntries(files), AUXEIRA_JWT_KEY: undefined, AUXEIRA_VAULT_KEY: undefined });
  files.forEach(([, path]) => chmodSync(path, 0));
  closed.child.kill('SIGHUP');
  await eventually('it says so', () => closed.log().includes('"message":"settings kept as they were"'));
  const named = closed.log().split('\n').find((line) => line.includes('"message":"files cannot be read again"'));
  assert.equal(JSON.parse(named).files, files.map(([name, path]) => `${name}=${path}`).join(', '));
  await closed.stop();
});

test('no request fails meanwhile', async () => {
  const { token } = await newUser(service);
  let goes = true;
  const results = [];
  const ask = async () => { while (goes) results.push((await service.api.get('/api/auth/me', { token })).status); };
  const asking = Promise.all(Array.from({ length: 4 }, ask));
  for (let i = 0; i < 30; i += 1) {
    await reload({ AUXEIRA_JWT_KEY: i % 2 ? key : newKey(), AUXEIRA_JWT_PREVIOUS_KEY: i % 2 ? newKey() : key, AUXEIRA_LIMIT_ADDRESS: 'off',
      AUXEIRA_LIMIT_USER: 'off', AUXEIRA_LIMIT_ORGANIZATION: 'off' });
  }
  goes = false;
  await asking;
  assert.ok(results.length > 50);
  assert.deepEqual([...new Set(results)], [200]);
});
