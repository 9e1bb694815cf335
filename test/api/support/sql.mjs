// SQL through psql: statements go in on standard input.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { environmentOf } from './connection.mjs';

const options = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1',
  '--set=VERBOSITY=verbose'];

function startPsql(dsn) {
  const env = { PATH: process.env.PATH, PGCLIENTENCODING: 'UTF8', PGOPTIONS: '-c client_min_messages=warning',
    ...environmentOf(dsn) };
  const child = spawn('psql', options, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  child.output = '';
  child.errors = '';
  child.stdout.on('data', (data) => { child.output += data; });
  child.stderr.on('data', (data) => { child.errors += data; });
  child.stdin.on('error', () => {}); // psql has ended; its exit code tells why
  return child;
}

export class SqlError extends Error {
  constructor(text) {
    super(text);
    [, this.sqlstate] = text.match(/(?:ERROR|FATAL):\s+([0-9A-Z]{5}):/) ?? [];
    [, this.sqlMessage] = text.match(/(?:ERROR|FATAL):\s+[0-9A-Z]{5}: (.*)/) ?? [];
  }
}

export async function execute(dsn, statements) {
  const child = startPsql(dsn);
  child.stdin.end(statements);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new SqlError(child.errors);
  return child.output.trim();
}

// The rows of one query, as objects.
export async function query(dsn, text) {
  return JSON.parse(await execute(dsn, `select coalesce(json_agg(q), '[]') from (${text}) q;`));
}

export function literal(value) {
  return value === null ? 'null' : `'${String(value).replaceAll("'", "''")}'`;
}

// One psql for many statements. It ends with the program, and does not keep it from ending.
export class Session {
  #child;
  #failure; // fails when psql ends
  #replies = 0;

  constructor(dsn) {
    this.#child = startPsql(dsn);
    this.#failure = failed(this.#child);
    this.#failure.catch(() => {}); // for those who wait for an answer
    this.#rest(true);
  }

  #rest(resting) {
    const { stdin, stdout, stderr } = this.#child;
    for (const part of [this.#child, stdin, stdout, stderr]) part[resting ? 'unref' : 'ref']();
  }

  async run(statements) {
    const child = this.#child;
    const end = `end of reply ${this.#replies += 1}\n`;
    this.#rest(false);
    child.stdin.write(`${statements}\n\\echo ${end}`);
    while (!child.output.endsWith(end)) await Promise.race([once(child.stdout, 'data'), this.#failure]);
    this.#rest(true);
    const reply = child.output.slice(0, -end.length);
    child.output = '';
    return reply.trim();
  }

  async close() {
    this.#rest(false);
    this.#child.stdin.end();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'close');
  }
}

async function failed(child) {
  await once(child, 'close');
  throw new SqlError(child.errors);
}

// Holds a lock on a table until release() is called: whoever needs the table waits.
export async function lockTable(dsn, table) {
  const session = new Session(dsn);
  await session.run(`begin; lock table ${table} in access exclusive mode;`);
  return { release: () => session.close() };
}
