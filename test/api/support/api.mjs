// An HTTP client for the API: one request, one answer, nothing hidden. An answer that is not as the API's description says is an
// error.
import { checkAnswer } from './description.mjs';

export class Api {
  isDescribed = true;

  constructor(url, token) {
    this.url = url;
    this.token = token;
  }

  // `json` is written as JSON; `body` is sent as it is. A token of null sends none.
  async send(method, path, { json, body = json === undefined ? undefined : JSON.stringify(json), token = this.token,
    headers = {} } = {}) {
    const all = new Headers(headers);
    if (token) all.set('authorization', `Bearer ${token}`);
    if (body !== undefined && !all.has('content-type')) all.set('content-type', 'application/json');
    const response = await fetch(this.url + path, {
      method, headers: all, body, redirect: 'manual', signal: AbortSignal.timeout(60_000),
    });
    return this.received(method, answer(response.status, response.headers, await textOf(response), path));
  }

  received(method, received) {
    if (this.isDescribed) checkAnswer({ method, ...received });
    return received;
  }

  get(path, options) {
    return this.send('GET', path, options);
  }

  post(path, json, options) {
    return this.send('POST', path, { json, ...options });
  }

  put(path, json, options) {
    return this.send('PUT', path, { json, ...options });
  }

  patch(path, json, options) {
    return this.send('PATCH', path, { json, ...options });
  }

  delete(path, options) {
    return this.send('DELETE', path, options);
  }
}

// A stream has no end: whoever wants its events opens it with support/stream.mjs.
export const isStream = (type) => /^text\/event-stream/.test(type ?? '');

async function textOf(response) {
  if (!isStream(response.headers.get('content-type'))) return response.text();
  await response.body?.cancel(); // HEAD has none
  return '';
}

// For servers other than the API.
export class OtherApi extends Api {
  isDescribed = false;
}

export function answer(status, headers, text, path) {
  const isJson = /\bjson\b/.test(headers.get('content-type') ?? '');
  return { status, headers, text, path, body: isJson && text !== '' ? JSON.parse(text) : undefined };
}

export const userTypes = ['startup_founder', 'venture_capital', 'angel_investor', 'corporate_partner', 'government',
  'esg_funder', 'impact_investor'];
