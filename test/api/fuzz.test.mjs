// Requests that no client would send, to a service that stops at the first memory error: after them it is there, holds no more than
// before, and others were served right meanwhile.
//
//   AUXEIRA_FUZZ_REQUESTS=200000   how many
//   AUXEIRA_FUZZ_SEED=1            which; a fault names the connection, and with the seed come its bytes again
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { answer } from './support/api.mjs';
import { checkAnswer, validatorAt } from './support/description.mjs';
import { conversation } from './support/mutations.mjs';
import { descriptorsOf } from './support/process.mjs';
import { open } from './support/raw.mjs';
import { reportCode, sanitizedProgram, sanitizerOptions } from './support/sanitized.mjs';
import { startService } from './support/service.mjs';
import { makeAdmin, newUser } from './support/users.mjs';
import { eventually, sleep } from './support/wait.mjs';
import { Witness } from './support/witness.mjs';

const wanted = Number(process.env.AUXEIRA_FUZZ_REQUESTS ?? 20_000);
const seed = Number(process.env.AUXEIRA_FUZZ_SEED ?? 1);
const width = 24; // connections at once
const usersEvery = 1000; // connections
const patience = 60_000;

// --- The answers on a connection ----------------------------------------------------------------------------------

const endOfHead = Buffer.from('\r\n\r\n');
const nextAnswer = Buffer.from('HTTP/1.1 ');
const isProblem = validatorAt('#/components/schemas/Problem');

function readHead(bytes) {
  const [statusLine, ...lines] = bytes.toString('latin1').split('\r\n');
  const status = Number(statusLine.match(/^HTTP\/1\.1 ([1-5][0-9]{2}) [A-Za-z' -]+$/)?.[1]);
  assert.ok(status > 0, `status line: ${statusLine}`);
  for (const line of lines) assert.match(line, /^[A-Za-z-]+: [^\0-\x1f\x7f]*$/);
  return { status, headers: new Headers(lines.map((line) => line.split(/: (.*)/s).slice(0, 2))) };
}

// Of a request whose bytes were changed nobody knows whether it was a HEAD: its answer is followed by another or by nothing.
function lengthOfBody({ status, headers }, rest) {
  if (status < 200 || status === 204 || status === 304) return 0;
  if (/^text\/event-stream/.test(headers.get('content-type'))) return rest.length;
  const length = Number(headers.get('content-length') ?? assert.fail(`${status} without a length`));
  const isHead = rest.length === 0 || rest.subarray(0, nextAnswer.length).equals(nextAnswer);
  return isHead ? 0 : length;
}

function readAnswers(bytes) {
  const answers = [];
  for (let rest = bytes; rest.length > 0;) {
    const end = rest.indexOf(endOfHead);
    assert.ok(end > 0, `no whole head in ${JSON.stringify(rest.toString('latin1').slice(0, 200))}`);
    const head = readHead(rest.subarray(0, end));
    rest = rest.subarray(end + endOfHead.length);
    const length = lengthOfBody(head, rest);
    assert.ok(rest.length >= length, `${rest.length} bytes of ${length}`);
    answers.push({ ...head, bytes: rest.subarray(0, length) });
    rest = rest.subarray(length);
  }
  return answers.filter(({ status }) => status >= 200);
}

// A name that the service gave, or one that was sent over this connection.
function assertOwn(headers, sent) {
  const id = headers.get('x-request-id');
  assert.ok(/^[0-9a-f]{32}$/.test(id) || sent.includes(id), `an answer to another request: ${id}`);
}

function checkOne({ status, headers, bytes }, request, sent) {
  assertOwn(headers, sent);
  assert.notEqual(status, 500);
  const packed = headers.has('content-encoding');
  const read = answer(status, headers, packed ? '' : bytes.toString(), request?.target ?? '/');
  if (packed) return;
  if (request) checkAnswer({ method: request.method, ...read });
  else if (status >= 400 && read.body !== undefined) assert.ok(isProblem(read.body), bytes.toString());
}

// --- The clients --------------------------------------------------------------------------------------------------

const endings = {
  end: (socket) => socket.end(),
  reset: (socket) => socket.resetAndDestroy(),
  leave: (socket) => socket.destroy(),
};

async function converse(url, { requests, pieces, ending }) {
  const peer = open(url);
  await once(peer.socket, 'connect');
  for (const piece of pieces) {
    if (peer.closed) break;
    peer.socket.write(piece);
    if (pieces.length > 1) await sleep(0);
  }
  endings[ending](peer.socket);
  await eventually('the service ends the connection', () => peer.closed, { within: patience, every: 2 });
  peer.socket.destroy();
  if (ending !== 'end') return [];
  const answers = readAnswers(peer.received);
  // Where all requests have heads that can be read, answers are told apart by their place.
  const inPlace = requests.every(({ isUnderstood }) => isUnderstood);
  const sent = Buffer.concat(pieces).toString('latin1');
  answers.forEach((one, index) => checkOne(one, inPlace ? requests[index] : undefined, sent));
  return answers.map(({ status }) => status);
}

const careful = async (service, userType) => {
  const user = await newUser(service, userType);
  return { token: user.token, ids: [user.userId, user.organizationId] };
};

async function newUsers(service) {
  const careless = await newUser(service);
  await makeAdmin(service.dsn, careless);
  return { founder: await careful(service, 'startup_founder'), investor: await careful(service, 'venture_capital'),
    careless: { token: careless.token, ids: [careless.userId, careless.organizationId] } };
}

// --- The tests ----------------------------------------------------------------------------------------------------

describe(`${wanted} requests that no client would send, of seed ${seed}`, { timeout: 3 * 3600_000 }, () => {
  let service;
  let witness;
  let descriptors;
  const statuses = {};

  before(async () => {
    service = await startService({ ...sanitizerOptions, AUXEIRA_LOG_LEVEL: 'warn' },
      { binary: sanitizedProgram() });
    witness = new Witness(await newUser(service));
    await witness.isServed(50);
    descriptors = descriptorsOf(service.child);
  });
  after(() => service.close());

  test('are answered, each by its own answer, or refused', async () => {
    let next = 0;
    let sent = 0;
    let users;
    const client = async () => {
      while (sent < wanted) {
        const number = next;
        next += 1;
        if (number % usersEvery === 0) users = await newUsers(service);
        while (!users) await sleep(10);
        const talk = conversation(seed, number, users);
        sent += talk.requests.length;
        try {
          for (const status of await converse(service.url, talk)) statuses[status] = (statuses[status] ?? 0) + 1;
        } catch (error) {
          error.message = `connection ${number}: ${error.message}\n${JSON.stringify(talk.pieces.map((piece) => piece.toString('latin1')))}`;
          throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: width }, client));
  });

  test('do not keep others from being served', async (t) => {
    await witness.isServed();
    await witness.stop();
    t.diagnostic(`${witness.answers} right answers to others; statuses ${JSON.stringify(statuses)}`);
  });

  test('leave no descriptor behind', () =>
    eventually('as many descriptors as before', () => descriptorsOf(service.child) <= descriptors, { within: patience }));

  test('leave no error in the log', () => {
    const errors = service.log().split('\n').filter((line) => /"level":"error"/.test(line) && !/"status":50[34]/.test(line));
    assert.deepEqual(errors.slice(0, 10), []);
  });

  test('are survived without a report of the sanitizers, of leaks neither', async () => {
    assert.equal(service.child.exitCode, null, service.log());
    const { code, signal } = await service.stop();
    assert.deepEqual([code, signal], [0, null], service.log());
    assert.doesNotMatch(service.log(), /Sanitizer/);
    assert.notEqual(code, reportCode);
  });
});
