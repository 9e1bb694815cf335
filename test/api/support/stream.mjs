// A client of server-sent events, by fetch: what an EventSource does, with headers of one's own.
import { validatorAt } from './description.mjs';
import { eventually } from './wait.mjs';

const isDescribed = validatorAt('#/components/schemas/EventData');

export class Stream {
  events = []; // {id, event, data}
  comments = 0;
  lastId = '';
  retry;
  ended = false;
  #abort = new AbortController();

  // Fulfilled when the head has come; `response` has the body only when there is no stream.
  static async open({ url, token }, { path = '/api/events', lastId, headers = {} } = {}) {
    const stream = new Stream();
    stream.response = await fetch(url + path, {
      headers: { accept: 'text/event-stream', ...(token && { authorization: `Bearer ${token}` }),
        ...(lastId && { 'last-event-id': lastId }), ...headers },
      signal: stream.#abort.signal,
    });
    stream.status = stream.response.status;
    if (stream.status === 200) stream.#read().catch(() => {}).finally(() => { stream.ended = true; });
    return stream;
  }

  async #read() {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of this.response.body) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop();
      blocks.forEach((block) => this.#take(block));
    }
  }

  #take(block) {
    const fields = {};
    for (const line of block.split('\n')) {
      const [, name, value] = line.match(/^([^:]*):? ?(.*)$/);
      if (name === '') this.comments += 1;
      else fields[name] = value;
    }
    if (fields.id !== undefined) this.lastId = fields.id;
    if (fields.retry !== undefined) this.retry = Number(fields.retry);
    if (fields.data === undefined) return;
    const data = JSON.parse(fields.data);
    if (!isDescribed(data)) throw new Error(`not as described: ${block}`);
    this.events.push({ id: fields.id, event: fields.event, data });
  }

  of(type) {
    return this.events.filter(({ event }) => event === type);
  }

  begun() {
    return eventually('the stream begins', () => this.retry !== undefined, { every: 10 });
  }

  async has(count, type) {
    await eventually(`${count} events of ${type ?? 'any type'}; there are ${JSON.stringify(this.events)}`.slice(0, 200),
      () => (type ? this.of(type) : this.events).length >= count, { every: 10, within: 10_000 });
    return type ? this.of(type) : this.events;
  }

  async end() {
    await eventually('the stream ends', () => this.ended, { every: 10, within: 10_000 });
    return this.events.at(-1);
  }

  close() {
    this.#abort.abort();
  }
}
