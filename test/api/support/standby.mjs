// A physical standby of the running instance's cluster, with a socket of its own.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatDsn, parseDsn } from './connection.mjs';
import { sharedInstance } from './service.mjs';
import { execute, query } from './sql.mjs';
import { eventually } from './wait.mjs';

const bindir = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' }).stdout.trim();

// PostgreSQL does not run as root.
function asOwner(name, ...args) {
  const command = [join(bindir, name), ...args];
  const [program, ...rest] = process.getuid() === 0
    ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', ...command] : command;
  const { status, stderr } = spawnSync(program, rest, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
}

// The primary keeps what it has not read yet, also while it is stopped. `dsn` and `appDsn` of the database that is meant. stop() and start() may be repeated.
export async function startStandby({ dsn, appDsn }) {
  const primary = sharedInstance();
  const directory = mkdtempSync(join(tmpdir(), 'auxeira-standby-'));
  const owner = statSync(join(primary.data, 'cluster'), { throwIfNoEntry: false }) ?? statSync(directory);
  chownSync(directory, owner.uid, owner.gid);
  chmodSync(directory, 0o755);
  const data = join(directory, 'data');
  const slot = `standby_${randomBytes(6).toString('hex')}`;
  asOwner('pg_basebackup', '--create-slot', `--slot=${slot}`, '--write-recovery-conf', '--checkpoint=fast', `--pgdata=${data}`, `--dbname=${primary.dsn}`);
  const options = `-c listen_addresses= -c unix_socket_directories=${directory} -c hot_standby_feedback=on`;
  const start = () => asOwner('pg_ctl', 'start', '--silent', '--wait', `--pgdata=${data}`, '--log=/dev/null', '--options', options);
  const stop = () => asOwner('pg_ctl', 'stop', '--silent', '--wait', '--mode=immediate', `--pgdata=${data}`);
  const here = (connection) => formatDsn({ ...parseDsn(connection), host: directory });
  const superuser = here(dsn);
  start();
  return {
    start,
    stop,
    appDsn: here(appDsn),
    query: (statement) => query(superuser, statement),
    pause: () => query(superuser, 'select pg_wal_replay_pause()'),
    resume: () => query(superuser, 'select pg_wal_replay_resume()'),
    promote: () => query(superuser, 'select pg_promote()'),
    async caughtUp() {
      const [{ position }] = await query(dsn, 'select pg_current_wal_insert_lsn() as position');
      await eventually('the standby has caught up', async () =>
        (await query(superuser, `select pg_last_wal_replay_lsn() >= '${position}' as is_there`))[0].is_there);
    },
    async close() {
      try {
        stop();
        await eventually('nobody reads from the slot', async () => (await query(primary.dsn,
          `select active from pg_replication_slots where slot_name = '${slot}'`)).every(({ active }) => !active));
        await execute(primary.dsn, `select pg_drop_replication_slot('${slot}');`);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}
