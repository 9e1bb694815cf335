// A good client, who asks all the time and must get the right answer to every question, whatever others do.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { assertProblem, invalidToken } from './problems.mjs';
import { eventually, sleep } from './wait.mjs';

const notFound = { status: 404, code: 'not_found' };

const questions = [
  ['GET', () => '/live', (response) => assert.equal(response.status, 200)],
  ['GET', () => `/none/${randomUUID()}`, (response) =>
    assertProblem(response, { ...notFound, error: response.body.error })],
  ['GET', () => '/api/auth/me', (response, user) => {
    assert.deepEqual([response.status, response.body.data.userId], [200, user.userId]);
  }],
  ['GET', () => `/api/sse/score/${randomUUID()}`, (response) => {
    assert.deepEqual([response.status, response.body.instance], [404, response.path]);
  }],
  ['POST', () => '/api/auth/refresh', (response) => assertProblem(response, invalidToken), { refreshToken: 'x' }],
];

export class Witness {
  answers = 0;
  fault;
  #isOver = false;
  #ended;

  constructor(user) {
    this.#ended = this.#ask(user);
  }

  // Each question under a name of its own, which the answer must have.
  async #ask(user) {
    for (let n = 0; !this.#isOver && !this.fault; n += 1) {
      const [method, path, check, json] = questions[n % questions.length];
      const id = randomUUID();
      try {
        const response = await user.api.send(method, path(), { json, headers: { 'x-request-id': id } });
        assert.equal(response.headers.get('x-request-id'), id);
        check(response, user);
        this.answers += 1;
      } catch (error) {
        this.fault = error;
      }
      await sleep(2);
    }
  }

  // So many more right answers, to every kind of question.
  async isServed(count = questions.length) {
    const enough = this.answers + count;
    await eventually(`${count} right answers`, () => this.fault || this.answers >= enough, { within: 60_000, every: 5 });
    if (this.fault) throw this.fault;
  }

  async stop() {
    this.#isOver = true;
    await this.#ended;
    if (this.fault) throw this.fault;
  }
}
