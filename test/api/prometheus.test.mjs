// The configuration for Prometheus and Grafana, with Prometheus itself.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { OtherApi } from './support/api.mjs';
import { root, startService } from './support/service.mjs';
import { newUser } from './support/users.mjs';
import { eventually } from './support/wait.mjs';

const service = await startService({ AUXEIRA_METRICS_PORT: '0' });
after(() => service.close());
const configuration = join(root, 'docker/prometheus');
const metricsUrl = () => JSON.parse(service.log().split('\n').find((line) => line.includes('"message":"metrics"'))).url;

function promtool(args, options) {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: configuration, encoding: 'utf8', ...options });
  assert.equal(status, 0, stdout + stderr);
}

describe('promtool', () => {
  test('takes the rules and the configuration', () => {
    promtool(['check', 'rules', 'alerts.yml']);
    promtool(['check', 'config', 'prometheus.yml']);
  });

  test('finds that each alert fires when it should', () => promtool(['test', 'rules', 'alerts_test.yml']));

  test('has a test of each alert', () => {
    const named = (file) => [...readFileSync(join(configuration, file), 'utf8').matchAll(/^ *(?:- )?alert(?:name)?: (\w+)$/gm)]
      .map(([, name]) => name);
    assert.deepEqual(named('alerts.yml').filter((name) => !named('alerts_test.yml').includes(name)), []);
  });

  test('has nothing to say of the page', async () => {
    const { text } = await new OtherApi(new URL(metricsUrl()).origin).get('/metrics');
    promtool(['check', 'metrics'], { input: text });
  });
});

// One that scrapes every second. Gives its address, and how to end it.
async function startPrometheus() {
  const directory = mkdtempSync(join(tmpdir(), 'auxeira-prometheus-'));
  copyFileSync(join(configuration, 'alerts.yml'), join(directory, 'alerts.yml'));
  const text = readFileSync(join(configuration, 'prometheus.yml'), 'utf8');
  assert.ok(text.includes('127.0.0.1:9464'));
  writeFileSync(join(directory, 'prometheus.yml'),
    text.replace('127.0.0.1:9464', new URL(metricsUrl()).host).replaceAll('15s', '1s'));
  const child = spawn('prometheus', [`--config.file=${directory}/prometheus.yml`, `--storage.tsdb.path=${directory}/data`,
    '--web.listen-address=127.0.0.1:0', '--log.format=json'], { stdio: ['ignore', 'ignore', 'pipe'] });
  process.on('exit', () => child.kill('SIGKILL'));
  let log = '';
  child.stderr.on('data', (data) => { log += data; });
  const port = () => log.match(/"address":"127\.0\.0\.1:([1-9][0-9]*)","[^}]*"msg":"Listening on"/)?.[1];
  await eventually('Prometheus listens', port);
  const api = new OtherApi(`http://127.0.0.1:${port()}`);
  await eventually('Prometheus is ready', async () => (await api.get('/-/ready')).status === 200);
  return {
    api,
    async close() {
      child.kill('SIGTERM');
      await once(child, 'exit');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

describe('Prometheus', () => {
  let prometheus;
  const ask = async (expression) => {
    const { status, body, text } = await prometheus.api.get(`/api/v1/query?query=${encodeURIComponent(expression)}`);
    assert.equal(status, 200, `${expression}: ${text}`);
    return body.data.result;
  };
  before(async () => { prometheus = await startPrometheus(); });
  after(() => prometheus.close());

  test('scrapes the service', async () => {
    await eventually('the target is up', async () => (await ask('up{job="auxeira"}'))[0]?.value[1] === '1');
    const user = await newUser(service);
    for (let i = 0; i < 7; i += 1) await user.api.get('/api/auth/me');
    await eventually('the requests are counted', async () =>
      (await ask('auxeira_http_request_duration_seconds_count{route="/api/auth/me",status="2xx"}'))[0]?.value[1] === '7');
  });

  test('evaluates the rules, and none fires', async () => {
    const groups = async () => (await prometheus.api.get('/api/v1/rules')).body.data.groups;
    await eventually('the rules are evaluated', async () =>
      (await groups()).every(({ rules }) => rules.every(({ health }) => health === 'ok')));
    const firing = (await groups()).flatMap(({ rules }) => rules).filter(({ state }) => state === 'firing');
    assert.deepEqual(firing.map(({ name }) => name), []);
  });

  test('answers what the dashboard asks', async () => {
    const dashboard = JSON.parse(readFileSync(join(root, 'docker/grafana/auxeira.json'), 'utf8'));
    const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    assert.ok(expressions.length > 15);
    for (const expression of expressions) {
      await ask(expression.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m'));
    }
    assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
  });
});
