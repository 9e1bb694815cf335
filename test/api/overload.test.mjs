// Ten times the requests that the service can answer: what it takes it answers soon, what it cannot it refuses at once, and it does
// as much work as before. Calls take the database 20 ms each here, whatever else the machine does: the service can answer so many.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { OtherApi } from './support/api.mjs';
import { Client } from './support/clients.mjs';
import { parseExposition, valueOf } from './support/exposition.mjs';
import { countBy, offer, percentile, startLoad } from './support/load.mjs';
import { assertProblem } from './support/problems.mjs';
import { startService } from './support/service.mjs';
import { execute } from './support/sql.mjs';
import { newUser } from './support/users.mjs';
import { sleep } from './support/wait.mjs';

const workers = 2;
const queue = 20;
const callSeconds = 0.02;
const capacity = workers / callSeconds; // requests/s at most

const service = await startService({ AUXEIRA_WORKERS: String(workers), AUXEIRA_QUEUE: String(queue), AUXEIRA_METRICS_PORT: '0' });
after(() => service.close());
await execute(service.dsn, `create or replace function auxeira_api.list_documents(request jsonb) returns json language plpgsql stable as $$
  begin perform pg_catalog.pg_sleep(${callSeconds}); return '{"success": true}'::json; end $$;`);
const user = await newUser(service);
const client = Object.assign(new Client(service.url, { token: user.token }), { isDescribed: false });
after(() => client.close());
const ask = () => client.get('/api/documents');
const overloaded = { status: 503, code: 'overloaded', error: 'The service is busy, please try again' };
const isGood = ({ status }) => status === 200;
const rateOf = ({ results, seconds }) => results.filter(isGood).length / seconds;

async function figures() {
  const { url } = JSON.parse(service.log().split('\n').find((line) => line.includes('"message":"metrics"')));
  return parseExposition((await new OtherApi(new URL(url).origin).get('/metrics')).text);
}

function tell(t, what, run) {
  const { results } = run;
  const [taken, refused] = [results.filter(isGood), results.filter(({ status }) => status === 503)];
  const times = (some) => `p50 ${Math.round(percentile(some, 0.5))} p99 ${Math.round(percentile(some, 0.99))} ms`;
  t.diagnostic(`${what}: ${JSON.stringify(countBy(results))}, ${Math.round(rateOf(run))} good/s; answers ${times(taken)}`
    + `${refused.length ? `; refusals ${times(refused)}` : ''}`);
}

describe('ten times of what can be answered', { timeout: 120_000 }, () => {
  test('by rate: work goes on as before, who is let in is answered soon, the others are refused at once', async (t) => {
    await offer(capacity / 2, 1, ask);
    const usual = await offer(capacity * 0.9, 4, ask);
    tell(t, 'at capacity', usual);
    const waiting = [];
    const health = startLoad(1, async () => {
      waiting.push(valueOf(await figures(), 'auxeira_database_queue_length'));
      const answer = await service.api.get('/live');
      await sleep(50);
      return answer;
    });
    const much = await offer(capacity * 10, 4, ask);
    const probes = await health.stop();
    tell(t, 'at ten times', much);
    t.diagnostic(`probes ${JSON.stringify(countBy(probes))}, queue at most ${Math.max(...waiting)} of ${queue}`);

    assert.deepEqual(Object.keys(countBy(much.results)).sort(), ['200', '503']);
    assert.ok(rateOf(much) >= rateOf(usual) / 2, `${rateOf(much)} good/s of ${rateOf(usual)}`);
    const refused = much.results.filter(({ status }) => status === 503);
    refused.forEach(({ answer }) => assertProblem(answer, overloaded));
    const taken = much.results.filter(isGood);
    // Twenty wait for two workers: 0.22 s. Only a queue without a bound comes near ten times that.
    assert.ok(percentile(taken, 0.99) < 2000 && percentile(refused, 0.99) < 2000);
    assert.deepEqual(Object.keys(countBy(probes)), ['200']);
    assert.ok(Math.max(...waiting) > 0 && Math.max(...waiting) <= queue);
    const calm = await offer(capacity / 2, 1, ask);
    assert.deepEqual(Object.keys(countBy(calm.results)), ['200']);
  });

  test('by clients that come again at once: each of them gets its part', async (t) => {
    const load = startLoad(10 * (workers + queue), ask);
    const started = performance.now();
    await sleep(4000);
    const seconds = (performance.now() - started) / 1000;
    const run = { results: (await load.stop()), seconds };
    tell(t, 'clients', run);
    assert.deepEqual(Object.keys(countBy(run.results)).sort(), ['200', '503']);
    assert.ok(rateOf(run) >= capacity / 4, `${rateOf(run)} good/s`);
    assert.ok(percentile(run.results.filter(isGood), 0.99) < 5000);
  });
});
