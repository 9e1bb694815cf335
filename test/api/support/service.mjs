// The servers that the tests drive.
//
// Most suites want a database of their own, in the running instance's cluster, behind a service process of
// their own: what they count is then theirs alone, and they may stop the process.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Api } from './api.mjs';
import { formatDsn, parseDsn } from './connection.mjs';
import { execute } from './sql.mjs';
import { keyOf } from './tokens.mjs';
import { eventually } from './wait.mjs';

export const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
export const program = join(root, 'build/cmake/auxeira-api');

// --- The running instance ------------------------------------------------------------------------------------

// Its env file is shell text, so a shell reads it.
function readEnvFile(file) {
  const script = ['--norc', '-c', 'set -a; . "$1"; env -0', 'bash', file];
  const text = execFileSync('bash', script, { env: {}, encoding: 'utf8' });
  return Object.fromEntries(text.split('\0').filter(Boolean).map((line) => line.split(/=(.*)/s).slice(0, 2)));
}

export function instanceAt(data) {
  const env = readEnvFile(join(data, 'env'));
  const { AUXEIRA_URL: url, AUXEIRA_DSN: dsn, AUXEIRA_APP_DSN: appDsn } = env;
  return { data, url, dsn, appDsn, api: new Api(url) };
}

export const sharedInstance = () => instanceAt(process.env.AUXEIRA_DATA ?? join(root, '.auxeira'));

// --- Processes -------------------------------------------------------------------------------------------------

// The latter is for a build with sanitizers.
const { PATH, ASAN_OPTIONS } = process.env;

// Whatever a failed test leaves behind ends with the tests of the file.
const processes = new Set();
const killAll = () => processes.forEach((child) => child.kill('SIGKILL'));
after(killAll);
process.on('exit', killAll);

// Started by root, the program becomes nobody, who must be able to write where it tells its address.
function openDirectory() {
  const directory = mkdtempSync(join(tmpdir(), 'auxeira-service-'));
  chmodSync(directory, 0o777);
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function launch(settings, binary = program) {
  const directory = openDirectory();
  const logFile = join(directory, 'log');
  const log = openSync(logFile, 'a');
  const child = spawn(binary, [], {
    env: { PATH, ASAN_OPTIONS, AUXEIRA_READY_FILE: join(directory, 'url'), ...settings },
    stdio: ['ignore', log, log],
  });
  processes.add(child);
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  ended.then(() => processes.delete(child));
  return { child, directory, ended, log: () => readFileSync(logFile, 'utf8') };
}

// Healthy is more than ready: a request has been through the database.
const isHealthy = (api) => api.get('/api/health').then(({ status }) => status === 200, () => false);

export async function startProcess(settings, { untilReady = true, binary } = {}) {
  const started = launch({ AUXEIRA_PORT: '0', ...settings }, binary);
  const url = await eventually('the service tells its address', () => {
    if (started.child.exitCode !== null) throw new Error(`the service ended: ${started.log()}`);
    try {
      return readFileSync(join(started.directory, 'url'), 'utf8').trim();
    } catch {
      return '';
    }
  });
  const api = new Api(url);
  if (untilReady) await eventually('the service is healthy', () => isHealthy(api));
  const stop = async (signal = 'SIGTERM') => {
    started.child.kill(signal);
    return started.ended;
  };
  return { ...started, url, api, stop };
}

// --- A database and a process of one's own ------------------------------------------------------------------

const inDatabase = (dsn, dbname) => formatDsn({ ...parseDsn(dsn), dbname });

// The platform creates roles, which the whole cluster shares: one installation at a time.
async function installPlatform(lockFile, dsn) {
  const lock = spawn('flock', [lockFile, 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  lock.stdin.write('locked');
  await once(lock.stdout, 'data');
  try {
    await execute(dsn, `\\i ${join(root, 'sql/platform.sql')}\n`);
  } finally {
    lock.stdin.end();
    await once(lock, 'exit');
  }
}

async function createDatabase(instance) {
  const name = `api_test_${randomBytes(6).toString('hex')}`;
  await execute(instance.dsn, `create database ${name};`);
  const dsn = inDatabase(instance.dsn, name);
  await installPlatform(join(instance.data, 'keys', 'test.lock'), dsn);
  return {
    dsn,
    appDsn: inDatabase(instance.appDsn, name),
    drop: () => execute(instance.dsn, `drop database ${name} with (force);`),
  };
}

export const newSecret = () => randomBytes(36).toString('base64');
export const newKey = () => randomBytes(32).toString('base64url');

// Tests ask more often than people do; those of the limits set them again.
export const withoutLimits = Object.fromEntries(['ADDRESS', 'PASSWORD', 'USER', 'ORGANIZATION', 'COSTLY']
  .map((name) => [`AUXEIRA_LIMIT_${name}`, 'off']));

// Signing with Ed25519, unless the settings have a secret for HS256.
const withKeys = (settings) => ({
  ...(settings.AUXEIRA_JWT_SECRET === undefined ? { AUXEIRA_JWT_KEY: newKey() } : {}),
  AUXEIRA_VAULT_KEY: newKey(),
  ...withoutLimits,
  ...settings,
});

export async function startService(settings = {}, options = {}) {
  const database = await createDatabase(sharedInstance());
  const all = withKeys({ AUXEIRA_APP_DSN: database.appDsn, ...settings });
  const running = await startProcess(all, options);
  return {
    ...running,
    dsn: database.dsn,
    settings: all,
    key: keyOf(all),
    // A second process on the same database, with other settings.
    another: (others = {}, options) => startProcess({ ...all, ...others }, options),
    async close() {
      await running.stop();
      await database.drop();
    },
  };
}
