// Valid requests of every endpoint, made from the description of the API.
import { description, operations, resolve } from './description.mjs';
import { complete } from './scores.mjs';

const day = 86_400_000;
const newest = Date.parse('2026-01-01T00:00:00Z');
const instant = (random) => new Date(newest - random.below(700) * day).toISOString();

// Of users there are ids that exist.
const texts = {
  uuid: (random, { ids }) => (random.chance(0.7) ? random.pick(ids) : random.uuid()),
  email: (random) => `${random.hex(6)}@fuzz.example`,
  date: (random) => instant(random).slice(0, 10),
  'date-time': instant,
  uri: (random) => `https://${random.hex(4)}.example/${random.hex(4)}`,
};

function text({ format, minLength = 1, maxLength = 40 }, random, user) {
  if (texts[format]) return texts[format](random, user);
  const length = Math.max(minLength, Math.min(maxLength, random.between(1, 12)));
  return random.hex(length).slice(0, length);
}

function number({ type, minimum = 0, maximum = 100 }, random) {
  const top = Math.min(maximum, minimum + 30);
  return type === 'integer' ? random.between(minimum, Math.floor(top)) : minimum + (top - minimum) * (random.below(1000) / 1000);
}

function object({ properties = {}, required = [], minProperties, additionalProperties }, random, user) {
  const chosen = Object.entries(properties).filter(([name]) => required.includes(name) || random.chance(0.3));
  const made = Object.fromEntries(chosen.map(([name, inner]) => [name, sampleOf(inner, random, user)]));
  if (additionalProperties || minProperties) made[`m${random.below(9)}`] = random.below(1000);
  return made;
}

const makers = {
  object,
  array: ({ items = {}, minItems = 0 }, random, user) =>
    Array.from({ length: random.between(Math.max(1, minItems), minItems + 2) }, () => sampleOf(items, random, user)),
  string: text,
  integer: number,
  number,
  boolean: (_, random) => random.chance(0.5),
};

export function sampleOf(schema, random, user) {
  const inner = resolve(schema);
  if (inner.enum) return random.pick(inner.enum);
  if (inner.default !== undefined && random.chance(0.5)) return inner.default;
  const make = makers[[inner.type].flat()[0]];
  return make ? make(inner, random, user) : random.hex(4);
}

const bodyOf = ({ requestBody }) => requestBody?.content?.['application/json']?.schema;

// What schemas say too little about.
const better = {
  'POST /api/sse/calculate': (body) => ({ ...body, responses: complete.responses, scale: 'unit' }),
  'POST /api/synthetic/generate': (body) => ({ ...body, count: 5, timeRangeDays: 5 }),
};

const parametersOf = ({ parameters = [] }) => parameters.map(resolve);
const valuesIn = (place, operation, random, user) => parametersOf(operation)
  .filter((one) => one.in === place && (one.required || random.chance(0.4)))
  .map(({ name, schema }) => [name, String(sampleOf(schema, random, user))]);

const queryOf = (operation, random, user) =>
  valuesIn('query', operation, random, user).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');

function targetOf(operation, random, user) {
  const values = Object.fromEntries(valuesIn('path', operation, random, user));
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name]));
  const query = queryOf(operation, random, user);
  return query === '' ? path : `${path}?${query}`;
}

// A request as its parts; `user` has a token and ids.
export function sampleRequest(operation, random, user) {
  const schema = bodyOf(operation);
  const name = `${operation.method} ${operation.path}`;
  const body = schema && (better[name] ?? ((same) => same))(sampleOf(schema, random, user));
  const isPublic = (operation.security ?? description.security).length === 0;
  const fields = valuesIn('header', operation, random, user).map(([field, value]) => [field, value.replace(/[^!-~]/g, '')]);
  if (!isPublic) fields.push(['Authorization', `Bearer ${user.token}`]);
  if (body) fields.push(['Content-Type', 'application/json']);
  return { method: operation.method, target: targetOf(operation, random, user), version: 'HTTP/1.1', fields, json: body,
    body: Buffer.from(body ? JSON.stringify(body) : ''), framing: body ? 'length' : 'none' };
}

export const everyOperation = operations;
