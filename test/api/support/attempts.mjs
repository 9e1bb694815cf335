// A service with its ecosystem, and requests to it that are those of its members, changed in one place.
import { after } from 'node:test';
import { cells } from './cells.mjs';
import { Client } from './clients.mjs';
import { Ecosystem } from './ecosystem.mjs';
import { endpoints, inParallel, pathOf } from './endpoints.mjs';
import { placesOf } from './parameters.mjs';
import { startService } from './service.mjs';

export async function startAttempts() {
  const service = await startService();
  const world = await Ecosystem.in(service);
  const client = new Client(service.url, { maxSockets: 16 });
  after(async () => {
    client.close();
    await world.close();
    await service.close();
  });
  const places = await placesOf(service);

  // A request that this member may make, or anybody when the matrix lets them not: with what it needs made anew.
  async function requestOf(endpoint, member) {
    const all = (await cells[endpoint.name](world)).filter(({ isOwn }) => isOwn);
    return all.find(({ caller, isAllowed }) => isAllowed && caller === member)
      ?? all.find(({ isAllowed }) => isAllowed) ?? all.find(({ caller }) => caller === member);
  }

  async function send(endpoint, asked) {
    const sessions = await world.openSessions(asked.map(({ caller }) => caller));
    return inParallel(asked, async (cell, index) => {
      const started = performance.now();
      const path = cell.path ?? pathOf(endpoint, cell.parameters, cell.query);
      const answer = await client.send(endpoint.method, path,
        { json: cell.json, token: sessions[index].token, headers: cell.headers });
      return { ...answer, milliseconds: performance.now() - started };
    });
  }

  return { service, world, client, endpoints, places, requestOf, send };
}

export const described = (endpoint, cell, { status, text }, fault) =>
  `${cell.caller.name} ${endpoint.name} ${JSON.stringify([cell.parameters, cell.query, cell.json])}: ${fault}: `
  + `${status} ${text.slice(0, 300)}`;
