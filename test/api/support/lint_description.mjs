// Says what is wrong with the description of the API, a line for each fault.
import { Validator } from '@seriousme/openapi-schema-validator';
import { description, operations, pointerTo, resolve, validatorAt } from './description.mjs';

const faults = [];
const fault = (where, what) => faults.push(`${where}: ${what}`);

// Every value with the pointer to it.
function* walk(value, ...keys) {
  yield [value, keys];
  if (value === null || typeof value !== 'object') return;
  for (const [key, inner] of Object.entries(value)) yield* walk(inner, ...keys, key);
}

const { valid, errors } = await new Validator().validate(structuredClone(description));
if (!valid) [errors].flat().forEach((error) => fault(error.instancePath ?? '', error.message ?? JSON.stringify(error)));

const used = new Set();
for (const [value, keys] of walk(description)) {
  const where = pointerTo(...keys);
  if (value?.$ref !== undefined) {
    used.add(value.$ref);
    if (resolve(value) === undefined) fault(where, `nothing is at ${value.$ref}`);
  }
  if (value !== null && typeof value === 'object' && keys.at(-1) === 'schema') {
    try {
      validatorAt(where);
    } catch (error) {
      fault(where, error.message);
    }
  }
}
for (const [kind, members] of Object.entries(description.components)) {
  if (kind === 'securitySchemes') continue;
  for (const name of Object.keys(members)) {
    if (!used.has(pointerTo('components', kind, name))) fault(pointerTo('components', kind, name), 'nothing refers to it');
  }
}

const tags = new Set(description.tags.map(({ name }) => name));
const ids = operations.map(({ operationId }) => operationId);
for (const { method, path, operationId, summary, parameters = [], requestBody, responses, ...operation } of operations) {
  const where = `${method} ${path}`;
  if (ids.filter((id) => id === operationId).length !== 1) fault(where, `operationId ${operationId} is not its own`);
  if (!/^[A-Z][^\n]{1,79}$/.test(summary ?? '') || summary.endsWith('.')) fault(where, `the summary is none: ${summary}`);
  if (operation.tags?.length !== 1 || !tags.has(operation.tags[0])) fault(where, 'it has no tag, or one that is not described');
  const inPath = parameters.map(resolve).filter((one) => one.in === 'path');
  const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  if (inPath.map(({ name }) => name).join() !== wanted.join()) fault(where, 'its parameters are not those of its path');
  if (inPath.some(({ required }) => required !== true)) fault(where, 'a parameter of the path is required');
  if (requestBody && ['GET', 'DELETE'].includes(method)) fault(where, 'it has a body');
  if (!Object.keys(responses).some((status) => status.startsWith('2'))) fault(where, 'it never succeeds');
  for (const [status, response] of Object.entries(responses)) {
    const { description: text, content = {}, headers = {} } = resolve(response);
    if (!text) fault(`${where} ${status}`, 'it has no description');
    if (!('X-Request-Id' in headers)) fault(`${where} ${status}`, 'it has no X-Request-Id');
    const isProblem = 'application/problem+json' in content;
    if (Number(status) >= 400 && !isProblem && status !== '503') fault(`${where} ${status}`, 'it is no problem');
  }
}

faults.forEach((line) => console.log(line));
