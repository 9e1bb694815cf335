// What streams of events cost: so many of them, of a hundred organizations, idle and with changes. Beside it what events cost those
// who write. node test/bench/streams.mjs [STREAMS] in a running instance.
import { request } from 'node:http';
import { readFileSync } from 'node:fs';
import { startService } from '../api/support/service.mjs';
import { Api } from '../api/support/api.mjs';
import { execute, literal } from '../api/support/sql.mjs';
import { newUser } from '../api/support/users.mjs';
import { eventually, sleep } from '../api/support/wait.mjs';

const wanted = Number(process.argv[2] ?? 1000);
const organizations = 100;
const idleSeconds = 10;
const rounds = 20;
const ticks = 100; // of the kernel in a second

const service = await startService({ AUXEIRA_METRICS_PORT: '0', AUXEIRA_STREAMS_PER_USER: '1000' });
const logged = service.log().split('\n').find((line) => line.includes('"message":"metrics"'));
const operators = new Api(new URL(JSON.parse(logged).url).origin);
const backend = Number(await execute(service.dsn, `select pid from pg_stat_activity
  where datname = current_database() and application_name = 'auxeira-api events'`));
const cpuOf = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13)
  .reduce((sum, value) => sum + Number(value), 0) / ticks;
const memoryOf = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;
const figure = async (name) => Number((await operators.get('/metrics')).text.match(new RegExp(`^${name} (.*)$`, 'm'))[1]);
const say = (what, value) => console.log(`${what.padEnd(60)} ${value}`);

const users = [];
for (let n = 0; n < organizations; n += 1) users.push(await newUser(service));
const before = memoryOf(service.child.pid);

let received = 0;
let latest = 0;
const { hostname, port } = new URL(service.url);
const opened = (user) => new Promise((resolve, reject) => {
  const options = { hostname, port, path: '/api/events?types=metrics', headers: { authorization: `Bearer ${user.token}` }, agent: false };
  request(options, (response) => {
    if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
    response.setEncoding('utf8').on('data', (text) => {
      const events = text.split('event: metrics').length - 1;
      received += events;
      if (events > 0) latest = performance.now();
    });
    response.on('error', () => {});
    resolve();
  }).on('error', reject).end();
});
for (let n = 0; n < wanted; n += 50)
  await Promise.all(Array.from({ length: Math.min(50, wanted - n) }, (_, k) => opened(users[(n + k) % organizations])));
await eventually('all are open', async () => await figure('auxeira_event_streams') === wanted);
await sleep(2000);
say('streams', wanted);
say('memory of the shim, MB, before and with them', `${before.toFixed(1)} ${memoryOf(service.child.pid).toFixed(1)}`);

const measured = async (work) => {
  const [shim, database, start] = [cpuOf(service.child.pid), cpuOf(backend), performance.now()];
  await work();
  const seconds = (performance.now() - start) / 1000;
  return [cpuOf(service.child.pid) - shim, cpuOf(backend) - database].map((cpu) => `${((cpu / seconds) * 100).toFixed(2)} %`).join(' ');
};
say(`CPU of shim and backend, idle for ${idleSeconds} s`, await measured(() => sleep(idleSeconds * 1000)));

const change = ({ organizationId }) => `insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp)
  values (${literal(organizationId)}, 'startup_founder', '{"mrr": 1}', clock_timestamp());`;
let expected = 0;
const arrived = () => eventually('all have come', () => received >= expected, { every: 5 });
const delays = [];
say(`CPU of shim and backend, a change of one organization each 0.5 s`, await measured(async () => {
  for (let n = 0; n < rounds; n += 1) {
    expected += wanted / organizations;
    const start = performance.now();
    await execute(service.dsn, change(users[n % organizations]));
    await arrived();
    delays.push(latest - start);
    await sleep(500);
  }
}));
say('to the last reader, ms, median (psql starts and commits first)', delays.sort((a, b) => a - b)[rounds / 2].toFixed(1));
const start = performance.now();
expected += wanted;
await execute(service.dsn, users.map(change).join(''));
await arrived();
say(`a change of each of ${organizations} organizations to all, ms`, (latest - start).toFixed(0));

const time = async (statement) => Number(await execute(service.dsn, `create temp table t as select clock_timestamp() as at; ${statement};
  select round(extract(epoch from clock_timestamp() - at) * 1000) from t; rollback`.replace(/^/, 'begin; ')));
const bulk = `insert into auxeira.dashboard_metrics (org_id, dashboard_type, metric_value, metric_timestamp, is_synthetic, synthetic_algorithm)
  select ${literal(users[0].organizationId)}, 'startup_founder', '{"mrr": 1}', now() - make_interval(secs => n), true, 'x' from generate_series(1, 100000) n`;
const pairs = [];
for (let n = 0; n < 3; n += 1)
  pairs.push([await time(bulk), await time(`alter table auxeira.dashboard_metrics disable trigger events_told_insert; ${bulk}`)]);
say('100,000 synthetic rows, ms, with events and without, best of 3', [0, 1].map((k) => Math.min(...pairs.map((p) => p[k]))).join(' '));
await service.close();
process.exit();
