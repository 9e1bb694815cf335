// Clients with an address of their own (all of 127.0.0.0/8 is this machine), and clients with one connection.
import * as http from 'node:http';
import * as https from 'node:https';
import { Api, answer } from './api.mjs';

export class Client extends Api {
  #agent;
  #protocol;
  #localAddress;
  ports = new Set(); // of its connections, on its side

  constructor(url, { token, localAddress = '127.0.0.1', maxSockets = Infinity, keepAlive = true } = {}) {
    super(url, token);
    this.#protocol = url.startsWith('https:') ? https : http;
    this.#agent = new this.#protocol.Agent({ keepAlive, maxSockets });
    this.#localAddress = localAddress;
  }

  send(method, path, { json, body = json === undefined ? undefined : JSON.stringify(json), token = this.token,
    headers = {} } = {}) {
    const all = { ...headers };
    if (token) all.authorization = `Bearer ${token}`;
    if (body !== undefined) {
      Object.assign(all, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    }
    return new Promise((resolve, reject) => {
      const sent = this.#protocol.request(this.url + path, {
        method, headers: all, agent: this.#agent, localAddress: this.#localAddress, timeout: 60_000 }, (response) => {
        this.ports.add(response.socket.localPort);
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (data) => { text += data; });
        response.on('end', () => {
          try {
            resolve(this.received(method, answer(response.statusCode, new Headers(response.headers), text, path)));
          } catch (error) {
            reject(error);
          }
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  close() {
    this.#agent.destroy();
  }
}

let last = 0;

// From an address that no test of this file has used before.
export function newClient({ url }, token) {
  last += 1;
  return new Client(url, { token, localAddress: `127.${1 + (last >> 16)}.${(last >> 8) & 255}.${last & 255}` });
}

// Sends everything over one connection.
export const singleConnection = ({ url }, token) => new Client(url, { token, maxSockets: 1 });
