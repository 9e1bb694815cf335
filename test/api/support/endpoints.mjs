// The endpoints, as the program itself lists them, and requests to them.
import { execFileSync } from 'node:child_process';
import { program } from './service.mjs';
import { query } from './sql.mjs';

export const endpoints = execFileSync(program, ['--routes'], { encoding: 'utf8' }).trim().split('\n')
  .map((line) => JSON.parse(line)).map((endpoint) => ({ ...endpoint, name: `${endpoint.method} ${endpoint.path}` }));

export const pathParametersOf = ({ path }) => [...path.matchAll(/:(\w+)/g)].map(([, name]) => name);

// The path with its parameters in place, and a query string.
export function pathOf({ path }, parameters = {}, query = {}) {
  const filled = path.replace(/:(\w+)/g, (_, name) => encodeURIComponent(parameters[name]));
  const search = new URLSearchParams(query).toString();
  return search === '' ? filled : `${filled}?${search}`;
}

// What the functions of the API say in the database of the members of their requests: a map from the function's name
// to the names of the members, and to those of them that are UUIDs.
export async function membersOfRequests({ dsn }) {
  const functions = await query(dsn, `
    select p.proname as name, p.prosrc as source from pg_proc p
    where p.pronamespace = 'auxeira_api'::regnamespace`);
  const namesIn = (source, form) => [...new Set([...source.matchAll(form)].map(([, name]) => name))];
  return new Map(functions.map(({ name, source }) => [name, {
    all: namesIn(source, /"(\w+)": \{\s*"type":/g).filter((member) => member !== 'properties'),
    uuids: namesIn(source, /"(\w+)": \{"type": "string", "format": "uuid"\}/g),
  }]));
}

// Runs a task for each item, so many at a time; the results in the order of the items.
export async function inParallel(items, task, width = 16) {
  const results = Array(items.length);
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await task(items[index], index);
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return results;
}
