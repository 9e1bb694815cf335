// Every endpoint, asked by a member of each type and role, about their own, related and foreign organizations, and with
// credentials of every kind. What must come of it is read from the tables auxeira.visibility and auxeira.api_functions
// of the database.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { cells } from './support/cells.mjs';
import { Client } from './support/clients.mjs';
import { Ecosystem } from './support/ecosystem.mjs';
import { endpoints, inParallel, pathOf } from './support/endpoints.mjs';
import { startService } from './support/service.mjs';
import { execute, query } from './support/sql.mjs';

const service = await startService();
const world = await Ecosystem.in(service);
const client = new Client(service.url, { maxSockets: 16 });
const catalogue = new Map((await query(service.dsn, 'select * from auxeira.api_functions'))
  .map((entry) => [entry.name, entry]));
after(async () => {
  client.close();
  await world.close();
  await service.close();
});

// Reading first: nothing has changed then.
const inOrder = [...endpoints.filter(({ method }) => method === 'GET'),
  ...endpoints.filter(({ method }) => method !== 'GET')];

// --- What an answer must be ------------------------------------------------------------------------------------

const fixed = [['x-content-type-options', 'nosniff'], ['referrer-policy', 'no-referrer'], ['set-cookie', null],
  ['server', null], ['x-powered-by', null]];

// What every answer has in its head, whoever gets it.
function faultInHead({ status, headers }, endpoint) {
  const fault = fixed.find(([name, value]) => headers.get(name) !== value);
  if (fault) return `${fault[0]} is ${headers.get(fault[0])}`;
  const good = endpoint.name === 'GET /api/events' ? 'text/event-stream' : 'application/json';
  const type = `${status < 400 ? good : 'application/problem+json'}; charset=utf-8`;
  if (headers.get('content-type') !== type) return `content-type is ${headers.get('content-type')}`;
  const isPublic = ['/.well-known/jwks.json', '/api/openapi.json'].includes(endpoint.path) && status === 200;
  if (!isPublic && headers.get('cache-control') !== 'no-store') return 'a cache may keep it';
  if (!/frame-ancestors 'none'/.test(headers.get('content-security-policy'))) return 'a page may frame it';
  return null;
}

const isSuccess = (status) => status >= 200 && status < 300;
const secret = /\$argon2|"(password|token|key)_?hash"|"(token_?)?sealed"/i;

function faultInStatus(cell, { status }) {
  if (cell.isAllowed) {
    return (cell.accepts ? cell.accepts.includes(status) : isSuccess(status)) ? null : 'is allowed';
  }
  return (cell.refusedWith ?? [403, 404]).includes(status) ? null : 'is not allowed';
}

// A refusal without what differs from request to request.
const wordsOf = ({ body: { instance, requestId, ...words } }) => JSON.stringify(words);

function faultInRefusal(cell, answer, named) {
  if (cell.isAllowed || cell.isSeen || cell.asIf === undefined) return null;
  const like = named.get(cell.asIf);
  return wordsOf(answer) === wordsOf(like) ? null : `differs from what is not there: ${wordsOf(like)}`;
}

function faultInContent(cell, { status, text }) {
  if (secret.test(text)) return 'tells a secret';
  const leaks = isSuccess(status) ? world.leaksIn(cell.caller, text, cell.opens) : [];
  return leaks.length === 0 ? null : `tells of others: ${leaks.join(', ')}`;
}

const faultIn = (endpoint, cell, answer, named) => faultInStatus(cell, answer)
  ?? faultInRefusal(cell, answer, named) ?? faultInContent(cell, answer) ?? faultInHead(answer, endpoint);

const described = (endpoint, { caller, target, json, credential }, { status, text }, fault) =>
  `${caller.name} ${endpoint.name} ${[target, credential, json && JSON.stringify(json)].filter(Boolean).join(', ')}: `
  + `${fault}: ${status} ${text.slice(0, 300)}`;

// --- Trying --------------------------------------------------------------------------------------------------------

const ask = (endpoint, cell) =>
  client.send(endpoint.method, pathOf(endpoint, cell.parameters, cell.query), { json: cell.json, token: cell.token });

// Each cell that changes something has a session of its own, which it may end.
async function withSessions(endpoint, asked) {
  const callers = endpoint.method === 'GET' ? world.members : asked.map(({ caller }) => caller);
  const sessions = await world.openSessions(callers);
  return asked.map((cell, index) => ({
    ...cell, token: sessions[endpoint.method === 'GET' ? callers.indexOf(cell.caller) : index].token,
  }));
}

async function expectAll(endpoint, asked) {
  const answers = await inParallel(asked, (cell) => ask(endpoint, cell));
  const named = new Map(asked.map(({ name }, index) => [name, answers[index]]));
  const unexpected = asked.map((cell, index) => [cell, answers[index], faultIn(endpoint, cell, answers[index], named)])
    .filter(([, , fault]) => fault !== null).map(([cell, answer, fault]) => described(endpoint, cell, answer, fault));
  await world.putBack();
  assert.deepEqual([unexpected.length, unexpected.slice(0, 12)], [0, []]);
  return asked.length;
}

// A 2xx says that something of the sort happens; without any, a service that refuses all would pass.
const isEverAllowed = ({ function: name }) => catalogue.get(name)?.required_role !== 'admin';

test('every endpoint of the service has its cells, and no other', () => {
  assert.deepEqual(Object.keys(cells).sort(), endpoints.map(({ name }) => name).sort());
});

test('every function of the API has an endpoint, and every endpoint its function', () => {
  const called = endpoints.map(({ function: name }) => name).filter((name) => name !== null);
  assert.deepEqual([...catalogue.keys()].sort(), [...new Set(called)].sort());
});

let total = 0;
const counted = (t, count) => {
  total += count;
  t.diagnostic(`cells: ${count}, so far ${total}`);
};

describe('whoever asks, for whom: as the matrix says', () => {
  for (const endpoint of inOrder) {
    test(endpoint.name, async (t) => {
      const asked = await withSessions(endpoint, await cells[endpoint.name](world));
      assert.equal(asked.some(({ isAllowed }) => isAllowed), isEverAllowed(endpoint));
      counted(t, await expectAll(endpoint, asked));
    });
  }
});

// --- Credentials -----------------------------------------------------------------------------------------------------

const areas = [...new Set([...catalogue.values()].map(({ area }) => area))].sort();
const refused = { isAllowed: false, isSeen: true, refusedWith: [401] };
const past = '2020-02-01';

// No key is for these, whatever its scopes say.
const keyless = ['account', 'operations'];
const entryOf = (endpoint) => catalogue.get(endpoint.function) ?? { area: 'account', is_read_only: false };

// What a living key may do: what its user may, within its scopes.
function withKey(endpoint, scopes) {
  const { area, is_read_only: isReading } = entryOf(endpoint);
  const covers = scopes.includes(`${area}:write`) || (isReading && scopes.includes(`${area}:read`));
  const isLetIn = !endpoint.needsToken || (covers && !keyless.includes(area));
  return isLetIn ? {} : { isAllowed: false, isSeen: true, refusedWith: [403] };
}

const tokensOf = async (members, options) => (await world.openSessions(members, options)).map(({ token }) => token);
const keysOf = async (...args) => (await world.makeKeys(...args)).map(({ text }) => text);

// Each: a name, a token for each of the members, and what differs from what the member themselves could do.
function credentialsFor(endpoint) {
  const { area } = entryOf(endpoint);
  const openAreas = areas.filter((other) => !keyless.includes(other));
  const own = openAreas.filter((other) => keyless.includes(area) || other === area);
  const others = openAreas.filter((other) => other !== area);
  const dead = endpoint.needsToken ? refused : {};
  // The shim tells keys from tokens: where no key is let in it need not ask whether one is alive.
  const deadKey = endpoint.needsToken && endpoint.function === null ? { ...refused, refusedWith: [403] } : dead;
  const key = (name, scopes, options, changes = withKey(endpoint, scopes)) =>
    [name, (members) => keysOf(members, scopes, options), changes];
  const scopes = (of, access) => of.map((one) => `${one}:${access}`);
  return [
    ['no credential', (members) => members.map(() => null), dead],
    ['a session that was ended', (members) => tokensOf(members, { endedAt: past }), dead],
    ['a session that has expired', (members) => tokensOf(members, { expiresAt: past }), dead],
    ['a token of before a change', (members) => tokensOf(members, { token_version: 2 }), dead],
    key('a key for all other areas', scopes(others, 'write')),
    key('a key to read', scopes(own, 'read')),
    key('a key to write', scopes(own, 'write')),
    key('a key that has expired', scopes(own, 'write'), { expiresAt: past }, deadKey),
    key('a key that was revoked', scopes(own, 'write'), { revokedAt: past }, deadKey),
  ];
}

// Where a member could ask for several things of their own, one will do; where nobody is asked who they are, two
// members will, others for each credential.
function onePerCaller(endpoint, all, index) {
  const mine = [...new Map(all.filter(({ isOwn }) => isOwn).map((cell) => [cell.caller.name, cell])).values()];
  return endpoint.needsToken ? mine : mine.slice(2 * index, 2 * index + 2);
}

describe('with credentials of every kind', () => {
  for (const endpoint of inOrder) {
    test(endpoint.name, async (t) => {
      const asked = [];
      for (const [index, [credential, make, change]] of credentialsFor(endpoint).entries()) {
        const mine = onePerCaller(endpoint, await cells[endpoint.name](world), index);
        const tokens = await make(mine.map(({ caller }) => caller));
        asked.push(...mine.map((cell, place) => ({
          ...cell, asIf: undefined, credential, token: tokens[place], ...change })));
      }
      counted(t, await expectAll(endpoint, asked));
    });
  }
});

test('a key that says it is for the account or for operations is not stored, or opens neither', async (t) => {
  for (const area of keyless) {
    for (const endpoint of inOrder.filter((one) => one.needsToken && entryOf(one).area === area)) {
      const [cell] = await cells[endpoint.name](world);
      const [token] = await keysOf([cell.caller], ['metrics:read']);
      await execute(service.dsn, `update auxeira.api_keys set scopes = '{${area}:write}';`)
        .catch(({ sqlstate }) => assert.equal(sqlstate, '23514'));
      counted(t, await expectAll(endpoint, [{ ...cell, asIf: undefined, token, isAllowed: false, isSeen: true }]));
    }
  }
});

test('a platform administrator does what is for administrators', async (t) => {
  const [admin] = world.members;
  await world.run(`update auxeira.users set is_admin = true where user_id = '${admin.user_id}';`);
  const ofAdministrators = inOrder.filter(({ function: name }) => catalogue.get(name)?.required_role === 'admin');
  assert.ok(ofAdministrators.length >= 3);
  for (const endpoint of ofAdministrators) {
    const [cell] = await cells[endpoint.name](world);
    const [{ token }] = await world.openSessions([admin]);
    const parameters = cell.parameters?.userId ? { userId: world.members[5].user_id } : cell.parameters;
    counted(t, await expectAll(endpoint, [{ ...cell, caller: admin, parameters, token, isAllowed: true }]));
  }
});

test('so many cells were tried', (t) => {
  t.diagnostic(`cells in all: ${total}`);
  assert.ok(total > 20_000);
});
