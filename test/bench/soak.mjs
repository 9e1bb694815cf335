// Whether the shim's memory grows: AUXEIRA_BENCH_SOAK seconds (600) of requests, writes, logins and streams, beside clients that break
// off, do not read, or send what is no request. Fails when the line through its resident memory rises by more than 1 KB/s: at the
// 500 requests a second and more that there are, the smallest leak in each of them (the allocator's 32 bytes) would be 16 KB/s.
import { startLoad, countBy } from '../api/support/load.mjs';
import { descriptorsOf, memoryOf } from '../api/support/process.mjs';
import { get, json, open, request } from '../api/support/raw.mjs';
import { startService } from '../api/support/service.mjs';
import { Stream } from '../api/support/stream.mjs';
import { newUser } from '../api/support/users.mjs';
import { sleep } from '../api/support/wait.mjs';

const seconds = Number(process.env.AUXEIRA_BENCH_SOAK ?? 600);
const warmUp = 120; // s: caches fill, threads take their share of memory
const every = 5;
const aim = 1; // KB/s

const service = await startService({ AUXEIRA_LOG_LEVEL: 'error', AUXEIRA_STREAMS_PER_USER: '100' });
const user = await newUser(service);
const reader = await newUser(service);
const bearer = `Authorization: Bearer ${user.token}`;
const wide = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`m${i}`.padEnd(90, 'x'), i]));
const point = (metrics) => ({ dashboard_type: 'startup_founder', metric_timestamp: new Date().toISOString(), metrics });
const etag = async () => (await user.api.get('/api/documents')).headers.get('etag');
for (const api of [user.api, reader.api]) await api.post('/api/dashboard/metrics', { metrics: Array(500).fill(point(wide)) });

// --- Good clients --------------------------------------------------------------------------------------------------

const questions = [
  () => user.api.get('/api/dashboard/metrics?limit=30'), () => user.api.get('/api/auth/me'), () => service.api.get('/api/health'),
  async () => user.api.get('/api/documents', { headers: { 'if-none-match': await etag() } }),
  () => user.api.post('/api/gamification/action', { actionType: 'customer_interview', domain: 'market' }),
  () => user.api.post('/api/dashboard/metrics', { metrics: [point({ mrr: 1 })] }), () => service.api.get('/live'),
  () => user.api.get('/none'), () => service.api.post('/api/auth/refresh', { refreshToken: 'x' }),
];
const logIn = async () => {
  await sleep(2000);
  return service.api.post('/api/auth/login', user);
};
const follow = async () => {
  const stream = await Stream.open(user.api);
  await sleep(3000);
  stream.close();
  return stream;
};

// --- Others --------------------------------------------------------------------------------------------------------

const bad = ['BREW / HTTP/1.1\r\n\r\n', '\0\x01\x02', get(`/${'x'.repeat(9000)}`), get('/live').repeat(100), 'GET /live\r\n\r\n',
  `${request('POST', '/api/auth/login', [json, 'Transfer-Encoding: chunked'])}2\r\nab\r`, get('/api/auth/me', bearer).repeat(20),
  request('POST', '/api/auth/login', [json, 'Content-Length: 99999999']), request('POST', '/api/auth/login', [json], '{"email":'),
  request('POST', '/api/dashboard/metrics', [bearer, json, 'Content-Length: 500'])];
const talk = async (bytes, milliseconds, { reads = true, reset = true } = {}) => {
  const { socket } = open(service.url);
  if (!reads) socket.pause();
  socket.write(bytes);
  await sleep(milliseconds);
  if (reset) socket.resetAndDestroy();
  else socket.destroy();
  return { status: 'talked' };
};
const loads = {
  'good clients': startLoad(6, (client, n) => questions[(client + n) % questions.length]()),
  logins: startLoad(1, logIn),
  streams: startLoad(10, follow),
  'bad requests, left or reset': startLoad(6, (client, n) => talk(bad[(client + n) % bad.length], n % 15, { reset: n % 2 === 0 })),
  'readers of 4 MB that do not read': startLoad(2, () =>
    talk(get('/api/dashboard/metrics?limit=500', `Authorization: Bearer ${reader.token}`), 8000, { reads: false })),
};

// --- The line ------------------------------------------------------------------------------------------------------

// What is used for a moment (a hash of a password, a large answer) is not what stays: the least of ten looks.
async function sample() {
  const looks = [];
  for (let n = 0; n < 10; n += 1) {
    await sleep((every * 1000) / 10);
    looks.push(memoryOf(service.child));
  }
  return Math.min(...looks);
}

// Least squares: the slope, and its standard error.
function lineThrough(points) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, value]) => value))];
  const spread = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  const slope = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / spread;
  const rest = points.reduce((sum, [at, value]) => sum + (value - y - slope * (at - x)) ** 2, 0);
  return { slope, error: Math.sqrt(rest / (points.length - 2) / spread) };
}

const counted = () => Object.values(loads).reduce((sum, { results }) => sum + results.length, 0);
await sleep(warmUp * 1000);
const [began, before, descriptors] = [Date.now(), counted(), descriptorsOf(service.child)];
const points = [];
while (Date.now() - began < seconds * 1000) {
  points.push([(Date.now() - began) / 1000, await sample()]);
  if (points.length % 12 === 0) console.log(`${Math.round(points.at(-1)[0])} s: ${points.at(-1)[1]} KB`);
}
const rate = (counted() - before) / ((Date.now() - began) / 1000);
for (const [name, load] of Object.entries(loads)) console.log(`${name}: ${JSON.stringify(countBy(await load.stop()))}`);

const { slope, error } = lineThrough(points);
const values = points.map(([, value]) => value);
console.log(`conversations: ${rate.toFixed(0)}/s; descriptors: ${descriptors} in the beginning, ${descriptorsOf(service.child)} in the end`);
console.log(`resident memory: ${values[0]} KB in the beginning, ${values.at(-1)} KB in the end, ${Math.min(...values)} to ${Math.max(...values)}`);
console.log(`slope: ${slope.toFixed(3)} KB/s, standard error ${error.toFixed(3)}, after ${warmUp} s, over ${seconds} s; aim: at most ${aim}`);
const isAlive = service.child.exitCode === null;
await service.close();
process.exit(isAlive && slope + 2 * error <= aim ? 0 : 1);
