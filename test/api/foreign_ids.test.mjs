// Ids of somebody else's things, put in every place that takes an id; and ids that are none.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { described, startAttempts } from './support/attempts.mjs';
import { cells } from './support/cells.mjs';
import { pathOf } from './support/endpoints.mjs';
import { put } from './support/parameters.mjs';
import { literal, query } from './support/sql.mjs';

const { service, world, endpoints, places, requestOf, send } = await startAttempts();
const memberNamed = (name) => world.members.find((member) => member.name === name);
const victim = memberNamed('startup_founder.owner');

const isSuccess = ({ status }) => status >= 200 && status < 300;
const uuidForm = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

// --- Of others -----------------------------------------------------------------------------------------------------

// Something of every kind, so that the victim's answers have its id.
const made = ['POST /api/auth/api-keys', 'POST /api/organizations/:organizationId/invitations', 'POST /api/documents',
  'POST /api/dashboard/metrics', 'POST /api/synthetic/generate', 'POST /api/sse/calculate', 'POST /api/integrations',
  'POST /api/gamification/action'];

async function idsToldTo(member) {
  const told = new Set();
  const wanted = endpoints.filter(({ name, method }) => made.includes(name) || method === 'GET');
  for (const endpoint of wanted.sort((one, other) => other.method.localeCompare(one.method))) {
    const cell = (await cells[endpoint.name](world)).find(({ caller, isOwn }) => caller === member && isOwn);
    const [{ text }] = await send(endpoint, [cell]);
    (text.match(uuidForm) ?? []).forEach((id) => told.add(id));
  }
  return [...told];
}

// What is the victim's: each row of the organization and of its members. But not the marks that say that there is
// news for it: whoever proposes a relationship leaves one.
const belongings = `
  select c.relname, query_to_xml(format(
    'select md5(coalesce(string_agg(t::text, chr(10) order by t::text), '''')) from auxeira.%I t
     where to_jsonb(t) ->> ''org_id'' = %L or to_jsonb(t) ->> ''user_id'' in (
       select user_id::text from auxeira.user_organizations where org_id = %2$L)',
    c.relname, ${literal(victim.org_id)}), false, false, '')::text as hash
  from pg_class c where c.relnamespace = 'auxeira'::regnamespace and c.relkind = 'r'
    and c.relname <> 'change_marks'`;

// What they need is there before the ids are asked for.
async function requestsOf(member) {
  const takesIds = (endpoint) => endpoint.function === null || places(endpoint, {}, 'uuids').length > 0;
  const made = [];
  for (const endpoint of endpoints.filter(takesIds)) {
    made.push([endpoint, { ...await requestOf(endpoint, member), caller: member }]);
  }
  return made;
}

describe('ids of a startup in the hands of', () => {
  for (const [name, relation] of [['government.owner', 'a stranger'], ['corporate_partner.owner', 'who proposed to it'],
    ['venture_capital.owner', 'an investor who may see its scores']]) {
    test(relation, async (t) => {
      const attacker = memberNamed(name);
      const attempts = await requestsOf(attacker);
      const known = await idsToldTo(attacker);
      const ids = (await idsToldTo(victim)).filter((id) => !known.includes(id));
      await world.lookAgain(service.dsn);
      // Of users, sessions, keys, invitations: for nobody but the victim's people.
      const isPrivate = (id) => !world.rows.has(id) && !world.organizations.some(({ org_id: other }) => other === id);
      const secrets = ids.filter(isPrivate);
      const before = await query(service.dsn, belongings);
      const found = [];
      let requests = 0;
      for (const [endpoint, cell] of attempts) {
        const tried = places(endpoint, cell, 'uuids').flatMap((place) => ids.map((id) => put(cell, place, id)));
        const answers = await send(endpoint, tried);
        requests += tried.length;
        answers.forEach((answer, index) => {
          if (!isSuccess(answer)) return;
          const sent = JSON.stringify(tried[index].parameters ?? {}) + JSON.stringify(tried[index].json ?? {});
          const leaks = [...world.leaksIn(attacker, answer.text, tried[index].opens),
            ...secrets.filter((id) => answer.text.includes(id) && !sent.includes(id))];
          if (leaks.length > 0) found.push(described(endpoint, tried[index], answer, `tells ${leaks}`));
        });
      }
      assert.deepEqual(found, []);
      assert.deepEqual(await query(service.dsn, belongings), before);
      t.diagnostic(`${requests} requests with ${ids.length} ids`);
      assert.ok(secrets.length > 5 && ids.length > 15 && requests > 300);
      await world.putBack();
    });
  }
});

// --- That are none -------------------------------------------------------------------------------------------------

const someId = randomUUID();
const malformed = ['mine', '0', '-1', '1e400', 'null', 'undefined', '%', ' ', `{${someId}}`, someId.replaceAll('-', ''),
  `${someId} `, ` ${someId}`, `${someId}0`, someId.slice(1), `urn:uuid:${someId}`, someId.replace('-', '–'),
  '👾'.repeat(9), 'é'.repeat(36), '\u202e', 'x'.repeat(1000), `${someId},${someId}`, '../../admin/stats', "' or true --", '${id}',
  '\u0001', '[]', '*'];
// As they are, in the path alone.
const undecodable = ['%00', '%zz', '%c0%80', '%ed%a0%80', `${someId}%00`, '%ff'];

const isProblem = ({ status, headers }) =>
  status >= 400 && status < 500 && headers.get('content-type') === 'application/problem+json; charset=utf-8';

describe('what is no id is refused', () => {
  for (const endpoint of endpoints) {
    test(endpoint.name, async (t) => {
      const cell = await requestOf(endpoint, victim);
      const where = places(endpoint, cell, 'uuids');
      if (where.length === 0) return t.skip('it takes no id');
      const inPlace = where.flatMap((place) => malformed.map((id) => put(cell, place, id)));
      const inPath = where.filter((place) => place.where === 'path').flatMap(({ name }) => undecodable.map((id) => ({
        ...cell, path: pathOf(endpoint, { ...cell.parameters, [name]: 'PLACE' }).replace('PLACE', id) })));
      const tried = [...inPlace, ...inPath];
      const answers = await send(endpoint, tried);
      const accepted = answers.map((answer, index) => [answer, tried[index]]).filter(([answer]) => !isProblem(answer))
        .map(([answer, asked]) => described(endpoint, asked, answer, 'accepted'));
      await world.putBack();
      return assert.deepEqual(accepted, []);
    });
  }
});

test('an id in capitals is the same id', async () => {
  const [{ token }] = await world.openSessions([victim]);
  const path = `/api/organizations/${victim.org_id.toUpperCase()}`;
  const { status, body } = await service.api.get(path, { token });
  assert.deepEqual([status, body.data.organizationId], [200, victim.org_id]);
  assert.equal((await service.api.get(path.replace(/[^/]*$/, randomUUID().toUpperCase()), { token })).status, 404);
});
