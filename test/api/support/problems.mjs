// The exact body of every refusal (RFC 9457, with the original client's `error`).
import assert from 'node:assert/strict';
import { STATUS_CODES } from 'node:http';

const requestId = /^[A-Za-z0-9._-]{1,64}$/;

// What the answer's header must say, by status.
const headerRules = {
  401: ['www-authenticate', /^Bearer( error="invalid_token")?$/],
  429: ['retry-after', /^[1-9][0-9]{0,3}$/],
  405: ['allow', /^[A-Z]+(, [A-Z]+)*$/],
  503: ['retry-after', /^[1-9][0-9]*$/],
};

// `instance` is null where the request line could not be read.
export function assertProblem(response, { status, code, error, detail = error, errors, instance }) {
  const path = instance === undefined ? response.path.split('?')[0] : instance;
  const id = response.headers.get('x-request-id');
  assert.deepEqual({ status: response.status, body: response.body }, {
    status,
    body: {
      type: 'about:blank', title: STATUS_CODES[status], status, detail,
      ...(path === null ? {} : { instance: path }),
      code, error, requestId: id,
      ...(errors ? { errors } : {}),
    },
  });
  assert.match(id, requestId);
  assert.equal(response.headers.get('content-type'), 'application/problem+json; charset=utf-8');
  const [header, form] = headerRules[status] ?? [];
  if (header) assert.match(response.headers.get(header) ?? '', form);
}

const fault = ([path, message]) => ({ path, message });

// 422 from the shim, for the flows in which it reads the body itself.
export const faulty = (path, message) => ({
  status: 422, code: '22023', error: `${path} ${message}`, errors: [{ path, message }],
});

// 422 from the request check: every fault, in the order found.
export const unacceptable = (...faults) => ({
  status: 422, code: '22023', error: `invalid request: ${faults[0].join(': ')}`, errors: faults.map(fault),
});

// 400 from the request check, for API functions.
export const missing = (name, ...faults) => ({
  status: 400, code: 'ZA400', error: `Missing required field: ${name}`, errors: faults.map(fault),
});

export const malformed = (reason) => ({ status: 400, code: 'malformed_request', error: reason });

export const unauthenticated = {
  status: 401, code: 'authentication_required', error: 'Authentication required',
};

export const invalidToken = { status: 401, code: 'invalid_token', error: 'Invalid or expired token' };

export const sessionEnded = {
  status: 401, code: '28000', error: 'the session has ended',
  detail: 'the session has ended. Log in again, or use the refresh token.',
};

export const wrongCredentials = { status: 401, code: '28P01', error: 'Invalid credentials' };

export const codeNeeded = { status: 401, code: 'totp_required', error: 'A one-time code is needed' };

export const tooManyAttempts = {
  status: 429, code: 'too_many_attempts', error: 'Too many attempts, please try again later',
};

export const rateLimited = {
  status: 429, code: 'rate_limited', error: 'Too many requests, please try again later',
};

const wrongProof = (name, code) => ({
  status: 422, code, error: `${name} is wrong`, errors: [{ path: name, message: 'is wrong' }],
});
export const wrongPassword = wrongProof('currentPassword', 'wrong_password');
export const wrongCode = wrongProof('code', 'wrong_code');

export const unusableLink = unacceptable(['token', 'it has been used, has expired or never was']);

export const verifyFirst = {
  status: 403, code: '42501', error: 'You are not allowed to do this',
  detail: 'You are not allowed to do this. Verify the e-mail address first.',
};

export const conflict = (error) => ({ status: 409, code: 'ZA409', error });

export const forbidden = { status: 403, code: '42501', error: 'You are not allowed to do this' };

export const unavailable = {
  status: 503, code: 'database_unavailable', error: 'The database is not available, please try again',
};
