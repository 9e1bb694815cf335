// Waiting for what happens soon or never: the bound is generous, and says what did not happen.
import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };

export async function eventually(what, check, { within = 30_000, every = 50 } = {}) {
  const deadline = Date.now() + within;
  for (;;) {
    const result = await check();
    if (result) return result;
    if (Date.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
    await sleep(every);
  }
}
