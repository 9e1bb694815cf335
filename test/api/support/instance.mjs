// A whole instance of one's own: a cluster that may be stopped, killed and started again.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instanceAt, root, withoutLimits } from './service.mjs';
import { eventually } from './wait.mjs';

export async function run(command, args, env = {}) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (data) => { output += data; });
  child.stderr.on('data', (data) => { output += data; });
  const [code] = await once(child, 'exit');
  return { code, output };
}

const command = join(root, 'api/launch/auxeira');

// Starting builds what is not built; two at once would build twice. What is started must not inherit the lock.
const alone = ['--close', join(tmpdir(), 'auxeira-build.lock'), command];

export async function startInstance() {
  const data = mkdtempSync(join(tmpdir(), 'auxeira-instance-'));
  const env = { ...withoutLimits, AUXEIRA_DATA: data, AUXEIRA_PORT: '0', AUXEIRA_DEMO: '0', AUXEIRA_DATABASE_URL: undefined };
  const stopAtExit = () => spawnSync(command, ['stop'], { env: { ...process.env, ...env }, stdio: 'ignore' });
  process.on('exit', stopAtExit);
  const started = await run('flock', [...alone, 'start'], env);
  if (started.code !== 0) throw new Error(started.output);
  return {
    ...instanceAt(data),
    pid: Number(readFileSync(join(data, 'api.pid'), 'utf8')),
    cluster: join(data, 'cluster'),
    async close() {
      const { code, output } = await run(command, ['stop'], env);
      if (code !== 0) throw new Error(output);
      process.off('exit', stopAtExit);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

export const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

export const postmasterOf = ({ cluster }) =>
  Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);

// PostgreSQL's own signals: SIGINT stops it at once but in order, SIGKILL is the power cord.
export async function stopDatabase(instance, signal = 'SIGINT') {
  const pid = postmasterOf(instance);
  process.kill(pid, signal);
  await eventually('PostgreSQL ends', () => !isAlive(pid));
}

// PostgreSQL does not run as root; a killed one's backends hold its memory for a moment.
export async function startDatabase({ cluster }) {
  const pgCtl = join((await run('pg_config', ['--bindir'])).output.trim(), 'pg_ctl');
  const start = [pgCtl, 'start', `--pgdata=${cluster}`, '--wait', '--silent', '--log=/dev/null'];
  const asOwner = ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', ...start];
  const [program, ...args] = process.getuid() === 0 ? asOwner : start;
  await eventually('PostgreSQL starts', async () => {
    const child = spawn(program, args, { stdio: 'ignore', cwd: '/' });
    const [code] = await once(child, 'exit');
    return code === 0 && existsSync(join(cluster, 'postmaster.pid'));
  }, { within: 60_000, every: 500 });
}
