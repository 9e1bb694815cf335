// Every place of a request where a value can be put, and requests with a value put there.
import { membersOfRequests, pathParametersOf } from './endpoints.mjs';

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

function keysIn(value) {
  if (Array.isArray(value)) return value.flatMap(keysIn);
  return isObject(value) ? Object.entries(value).flatMap(([key, inner]) => [key, ...keysIn(inner)]) : [];
}

// Wherever the name occurs; at the top when it occurs nowhere.
function replaced(value, name, by) {
  if (Array.isArray(value)) return value.map((item) => replaced(item, name, by));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) =>
    [key, key === name ? by : replaced(inner, name, by)]));
}

const withMember = (json, name, value) =>
  (keysIn(json).includes(name) ? replaced(json, name, value) : { ...json, [name]: value });

// The cell with a value at a place.
export function put(cell, { where, name }, value) {
  if (where === 'path') return { ...cell, parameters: { ...cell.parameters, [name]: value } };
  if (where === 'query') return { ...cell, query: { ...cell.query, [name]: String(value) } };
  return { ...cell, json: withMember(cell.json ?? {}, name, value) };
}

// The places of an endpoint, of those that a cell uses and those that its function knows.
export async function placesOf(service) {
  const members = await membersOfRequests(service);
  const unique = (names) => [...new Set(names)];
  return (endpoint, cell, kind = 'all') => {
    const inPath = pathParametersOf(endpoint);
    const known = (members.get(endpoint.function)?.[kind] ?? []).filter((name) => !inPath.includes(name));
    const used = kind === 'all' ? keysIn(cell.json) : keysIn(cell.json).filter((name) => /Id$/.test(name));
    const place = (where) => (name) => ({ where, name });
    return endpoint.body === 'none'
      ? [...inPath.map(place('path')), ...known.map(place('query'))]
      : [...inPath.map(place('path')), ...unique([...known, ...used]).map(place('json'))];
  };
}
