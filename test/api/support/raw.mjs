// Bytes on a socket, exactly as given, for what no HTTP client would send.
import { connect } from 'node:net';
import { answer } from './api.mjs';
import { sleep } from './wait.mjs';

export function open(url) {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true, allowHalfOpen: true });
  const peer = { socket, received: Buffer.alloc(0), closed: false };
  socket.on('data', (data) => { peer.received = Buffer.concat([peer.received, data]); });
  socket.on('error', () => { peer.closed = true; });
  socket.on('end', () => { peer.closed = true; });
  socket.on('close', () => { peer.closed = true; });
  return peer;
}

// Sends the pieces one by one, then reads until the server closes, `enough` says so, or patience ends.
export async function converse(url, pieces, { pause = 0, patience = 10_000, enough = () => false } = {}) {
  const peer = open(url);
  const started = Date.now();
  for (const piece of [pieces].flat()) {
    if (peer.closed) break;
    peer.socket.write(piece);
    await sleep(pause);
  }
  while (!peer.closed && !enough(peer.received) && Date.now() - started < patience) await sleep(5);
  peer.socket.destroy();
  return { received: peer.received, closed: peer.closed, milliseconds: Date.now() - started };
}

const endOfHead = Buffer.from('\r\n\r\n');

// The answers in the bytes, each as the API client gives them. `methods` of the requests, where not GET.
export function parseAnswers(bytes, methods = []) {
  const answers = [];
  let rest = bytes;
  while (rest.length > 0) {
    const end = rest.indexOf(endOfHead);
    if (end < 0) throw new Error(`no whole head in ${JSON.stringify(rest.toString('latin1').slice(0, 200))}`);
    const [statusLine, ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const status = Number(statusLine.match(/^HTTP\/1\.1 ([1-5][0-9]{2}) [A-Za-z' -]+$/)?.[1]);
    const headers = new Headers(lines.map((line) => line.split(/: (.*)/s).slice(0, 2)));
    const final = status >= 200;
    const hasBody = final && status !== 204 && methods[answers.filter((a) => a.status >= 200).length] !== 'HEAD';
    const length = hasBody ? Number(headers.get('content-length')) : 0;
    const body = rest.subarray(end + 4, end + 4 + length);
    if (!(status > 0) || body.length !== length) throw new Error(`malformed answer: ${statusLine}`);
    answers.push(answer(status, headers, body.toString(), null));
    rest = rest.subarray(end + 4 + length);
  }
  return answers;
}

// Says when so many final answers have arrived whole.
export function answered(count, methods) {
  return (bytes) => {
    try {
      return parseAnswers(bytes, methods).filter(({ status }) => status >= 200).length >= count;
    } catch {
      return false;
    }
  };
}

export const get = (path, ...headers) => request('GET', path, headers);

export function request(method, path, headers = [], body = '') {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  return [`${method} ${path} HTTP/1.1`, 'Host: test', ...headers, ...length, '', body].join('\r\n');
}

export const json = 'Content-Type: application/json';
