// The description of the API, and whether an answer is as it says.
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export const description = JSON.parse(readFileSync(new URL('../../../api/openapi.json', import.meta.url), 'utf8'));

export const methods = ['get', 'post', 'put', 'patch', 'delete'];

// Each with the pointer to it, its method and its path.
export const operations = Object.entries(description.paths).flatMap(([path, item]) =>
  methods.filter((method) => method in item).map((method) => ({
    ...item[method], method: method.toUpperCase(), path, pointer: pointerTo('paths', path, method),
    form: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
  })));

export function pointerTo(...keys) {
  return `#${keys.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')}`;
}

export function resolve(value) {
  if (!value?.$ref) return value;
  const keys = value.$ref.slice(2).split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return resolve(keys.reduce((inner, key) => inner?.[key], description));
}

// Keywords of OpenAPI around its schemas are none of theirs.
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema(description, 'description');
const compiled = new Map();

// Of the schema there.
export function validatorAt(pointer) {
  if (!compiled.has(pointer)) compiled.set(pointer, ajv.compile({ $ref: `description${pointer}` }));
  return compiled.get(pointer);
}

const mediaType = (headers) => (headers.get('content-type') ?? '').split(';')[0];

function checkBody(pointer, body, where) {
  const validate = validatorAt(pointer);
  if (validate(body)) return;
  const faults = validate.errors.slice(0, 5).map(({ instancePath, message, params }) =>
    `${instancePath || 'the body'} ${message} ${JSON.stringify(params)}`);
  throw new Error(`${where} is not as described: ${faults.join('; ')}: ${JSON.stringify(body).slice(0, 600)}`);
}

// Of what is not described, only refusals are expected; and what is allowed may be asked everywhere.
function checkElsewhere({ method, status, headers, body }, where) {
  if (method === 'OPTIONS' && status === 204) return;
  if (status < 400) throw new Error(`${where} is not described`);
  if (body !== undefined && mediaType(headers) === 'application/problem+json') {
    checkBody('#/components/schemas/Problem', body, where);
  }
}

function checkHeaders(response, headers, where) {
  for (const [name, header] of Object.entries(response.headers ?? {})) {
    const { required, schema } = resolve(header);
    if (required && !headers.has(name)) throw new Error(`${where} has no ${name}`);
    if (schema.pattern && headers.has(name) && !new RegExp(schema.pattern).test(headers.get(name))) {
      throw new Error(`${where} has ${name}: ${headers.get(name)}`);
    }
  }
}

// Throws when an answer is one that the description does not name, or not as it says.
export function checkAnswer(answer) {
  const { method, path, status, headers, text, body } = answer;
  const where = `the ${status} of ${method} ${path.slice(0, 200)}`;
  const asked = method === 'HEAD' ? 'GET' : method;
  const operation = operations.find((one) => one.method === asked && one.form.test(path.split('?')[0]));
  if (!operation) return checkElsewhere(answer, where);
  const named = operation.responses[status];
  if (!named) throw new Error(`${where} is not described: ${text.slice(0, 600)}`);
  const response = resolve(named);
  checkHeaders(response, headers, where);
  if (method === 'HEAD' || !response.content) {
    if (text !== '') throw new Error(`${where} has a body`);
    return undefined;
  }
  const type = mediaType(headers);
  if (!(type in response.content)) throw new Error(`${where} is ${type || 'of no type'}`);
  const pointer = named.$ref ?? `${operation.pointer}/responses/${status}`;
  if (body !== undefined) checkBody(`${pointer}/content/${type.replaceAll('/', '~1')}/schema`, body, where);
  return undefined;
}
