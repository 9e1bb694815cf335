// Shapes of answers: an object of checks by member. Members beyond those named are additions, and welcome.
import assert from 'node:assert/strict';

const check = (what, holds) => (value, path) =>
  assert.ok(holds(value), `${path} is ${JSON.stringify(value)}, not ${what}`);
const matching = (what, pattern) => check(what, (value) => typeof value === 'string' && pattern.test(value));

export const string = check('a string', (value) => typeof value === 'string');
export const number = check('a number', (value) => Number.isFinite(value));
export const boolean = check('true or false', (value) => typeof value === 'boolean');
export const object = check('an object', (value) => value?.constructor === Object);
export const list = check('an array', Array.isArray);
export const uuid = matching('a UUID', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
export const time = matching('a time with its zone', /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|\+00:00)$/);
export const jwt = matching('a signed token', /^[\w-]+\.[\w-]+\.[\w-]+$/);
export const nothing = check('null', (value) => value === null);
export const exactly = (expected) => (value, path) => assert.deepEqual(value, expected, path);
export const between = (low, high) => check(`from ${low} to ${high}`, (value) => value >= low && value <= high);
export const listOf = (shape) => (value, path) => {
  list(value, path);
  value.forEach((item, index) => assertShape(item, shape, `${path}[${index}]`));
};
export const mapOf = (shape) => (value, path) => {
  object(value, path);
  for (const [key, member] of Object.entries(value)) assertShape(member, shape, `${path}.${key}`);
};

export function assertShape(value, shape, path = '$') {
  if (typeof shape === 'function') return shape(value, path);
  object(value, path);
  for (const [key, member] of Object.entries(shape)) {
    assert.ok(key in value, `${path}.${key} is missing`);
    assertShape(value[key], member, `${path}.${key}`);
  }
}
