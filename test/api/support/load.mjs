// Requests that go on until they are told to stop, and what became of each.
import { performance } from 'node:perf_hooks';

// What is neither answered nor refused is a failure, too: an error in place of an answer.
async function timed(results, ask) {
  const started = performance.now();
  const result = await ask().then((answer) => ({ answer, status: answer.status }), (error) => ({ error, status: 0 }));
  results.push({ ...result, started, ended: performance.now() });
  return result;
}

// So many clients ask one thing after the other; each is given its number and that of its request.
export function startLoad(clients, ask) {
  const results = [];
  let goes = true;
  const run = async (client) => {
    for (let n = 0; goes; n += 1) await timed(results, () => ask(client, n));
  };
  const all = Promise.all(Array.from({ length: clients }, (_, client) => run(client)));
  return {
    results,
    async stop() {
      goes = false;
      await all;
      return results;
    },
  };
}

// So many requests in each second, whether those before have been answered or not.
export async function offer(rate, seconds, ask) {
  const results = [];
  const running = [];
  const started = performance.now();
  for (let n = 0; n < rate * seconds; n += 1) {
    const wait = started + (n * 1000) / rate - performance.now();
    if (wait > 1) await new Promise((resolve) => { setTimeout(resolve, wait); });
    running.push(timed(results, () => ask(n)));
  }
  const ended = performance.now();
  await Promise.all(running);
  return { results, seconds: (ended - started) / 1000 };
}

export const countBy = (results) => results.reduce((counts, { status }) => ({ ...counts, [status]: (counts[status] ?? 0) + 1 }), {});

export function percentile(results, part) {
  const times = results.map(({ started, ended }) => ended - started).sort((a, b) => a - b);
  return times[Math.min(Math.floor(times.length * part), times.length - 1)];
}
