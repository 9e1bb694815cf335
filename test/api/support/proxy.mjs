// HAProxy with the configuration that operators are given, in front of two shims.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { host, selfSigned } from './certificate.mjs';
import { root } from './service.mjs';
import { eventually } from './wait.mjs';

// The certificate vouches for itself only.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';

async function freePort() {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const isOpen = (port) => new Promise((resolve) => {
  const socket = connect({ host, port });
  socket.on('connect', () => { socket.destroy(); resolve(true); });
  socket.on('error', () => resolve(false));
});

// Who is not root stays who they are.
const identity = () => (process.getuid() === 0 ? {} : {
  AUXEIRA_PROXY_USER: userInfo().username,
  AUXEIRA_PROXY_GROUP: execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim(),
});

export async function startProxy(first, second) {
  const directory = mkdtempSync(join(tmpdir(), 'auxeira-proxy-'));
  const { certificate, key } = selfSigned(directory);
  const pem = join(directory, 'both.pem');
  writeFileSync(pem, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'));
  const port = await freePort();
  const child = spawn('haproxy', ['-db', '-f', join(root, 'docker/haproxy/haproxy.cfg')], {
    env: { PATH: `${process.env.PATH}:/usr/sbin`, AUXEIRA_FRONT: `${host}:${port}`, AUXEIRA_CERTIFICATE: pem,
      AUXEIRA_FIRST: new URL(first).host, AUXEIRA_SECOND: new URL(second).host, ...identity() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stdout.on('data', (data) => { log += data; });
  child.stderr.on('data', (data) => { log += data; });
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  await eventually(`HAProxy listens: ${log}`, () => {
    if (child.exitCode !== null) throw new Error(log);
    return isOpen(port);
  });
  after(async () => {
    kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    rmSync(directory, { recursive: true });
  });
  return { url: `https://${host}:${port}`, log: () => log };
}
