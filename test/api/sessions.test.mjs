// Sessions: seeing them, ending them, and how soon an ended one is of no use.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { newClient, singleConnection } from './support/clients.mjs';
import { assertProblem, forbidden, invalidToken, sessionEnded, unauthenticated } from './support/problems.mjs';
import { leavesNoRow } from './support/rows.mjs';
import { startService } from './support/service.mjs';
import { assertShape, exactly, listOf, string, time, uuid } from './support/shapes.mjs';
import { execute, literal } from './support/sql.mjs';
import { read } from './support/tokens.mjs';
import { makeAdmin, newUser } from './support/users.mjs';

const service = await startService();
after(() => service.close());

const login = async (user, api = service.api) =>
  (await api.post('/api/auth/login', { ...user, refresh: true })).body.data;
const refresh = (refreshToken) => service.api.post('/api/auth/refresh', { refreshToken });
const me = (token) => service.api.get('/api/auth/me', { token });
const isAlive = async (token) => (await me(token)).status === 200;
const refreshable = (fields) => newUser(service, 'startup_founder', { refresh: true, ...fields });
const idOf = (token) => read(token).claims.sid;
const noSession = { status: 404, code: 'P0002', error: 'session not found' };

describe('the list of sessions', () => {
  test('says from where, with what and since when, and which is this one', async () => {
    const user = await refreshable();
    const client = newClient(service);
    const other = (await client.post('/api/auth/login', user, { headers: { 'user-agent': 'Browser/1.0' } })).body.data;
    const { status, body } = await user.api.get('/api/auth/sessions');
    assert.equal(status, 200);
    assertShape(body.data.sessions, listOf({
      sessionId: uuid, createdAt: time, lastSeenAt: time, expiresAt: time, address: string, userAgent: string,
    }));
    const byId = Object.fromEntries(body.data.sessions.map((session) => [session.sessionId, session]));
    assert.deepEqual(Object.keys(byId).sort(), [idOf(user.token), idOf(other.token)].sort());
    assertShape(byId[idOf(user.token)], { isCurrent: exactly(true), address: exactly('127.0.0.1') });
    assertShape(byId[idOf(other.token)], { isCurrent: exactly(false), userAgent: exactly('Browser/1.0') });
    assert.match(byId[idOf(other.token)].address, /^127\.1\./);
  });

  test('shows neither ended sessions nor those of others', async () => {
    const user = await refreshable();
    await newUser(service);
    const other = await login(user);
    await service.api.post('/api/auth/logout', undefined, { token: other.token });
    const { body } = await user.api.get('/api/auth/sessions');
    assert.deepEqual(body.data.sessions.map(({ sessionId }) => sessionId), [idOf(user.token)]);
  });

  test('holds no secrets', async () => {
    const user = await refreshable();
    const { text } = await user.api.get('/api/auth/sessions');
    for (const secret of [user.token, user.refreshToken, 'hash']) assert.ok(!text.includes(secret));
  });
});

describe('ending one session', () => {
  const end = (user, sessionId) => user.api.delete(`/api/auth/sessions/${sessionId}`);

  test('its tokens are of no use from the very next request, on the same connection and on others', async () => {
    const user = await refreshable();
    const other = await login(user);
    const connection = singleConnection(service, other.token);
    assert.equal((await connection.get('/api/auth/me')).status, 200);
    const sessionId = idOf(other.token);
    const { status, body } = await end(user, sessionId);
    assert.deepEqual([status, body], [200, { success: true, data: { sessionId, ended: true } }]);
    assertProblem(await connection.get('/api/auth/me'), sessionEnded);
    assertProblem(await me(other.token), sessionEnded);
    assertProblem(await refresh(other.refreshToken), invalidToken);
    assert.equal(connection.ports.size, 1);
    assert.ok(await isAlive(user.token));
    connection.close();
  });

  test('one\'s own', async () => {
    const user = await refreshable();
    assert.equal((await end(user, idOf(user.token))).status, 200);
    assertProblem(await me(user.token), sessionEnded);
  });

  test('neither those of others nor those that are not there', async () => {
    const user = await refreshable();
    const stranger = await refreshable();
    for (const id of [idOf(stranger.token), randomUUID(), user.userId]) {
      assertProblem(await leavesNoRow(service, () => end(user, id)), noSession);
    }
    assert.ok(await isAlive(stranger.token));
    for (const id of ['x', '1', "'", 'null', idOf(user.token).slice(1), `${idOf(user.token)}%20`]) {
      const answer = await leavesNoRow(service, () => end(user, id));
      assert.deepEqual([answer.status, answer.body.code], [422, '22023'], id);
    }
    assert.ok(await isAlive(user.token));
  });

  test('twice: the second time it is not there', async () => {
    const user = await refreshable();
    const other = await login(user);
    assert.equal((await end(user, idOf(other.token))).status, 200);
    assertProblem(await end(user, idOf(other.token)), noSession);
  });

  test('needs a token', async () => {
    assertProblem(await service.api.delete(`/api/auth/sessions/${randomUUID()}`), unauthenticated);
    assertProblem(await service.api.get('/api/auth/sessions'), unauthenticated);
  });
});

describe('logging out', () => {
  test('ends the access token and the refresh token at once, and nothing else', async () => {
    const user = await refreshable();
    const other = await login(user);
    const { status, body } = await user.api.post('/api/auth/logout');
    assert.deepEqual([status, body], [200, { success: true, data: { loggedOut: true } }]);
    assertProblem(await me(user.token), sessionEnded);
    assertProblem(await user.api.post('/api/auth/logout'), sessionEnded);
    assertProblem(await refresh(user.refreshToken), invalidToken);
    assert.ok(await isAlive(other.token));
  });

  test('on its own connection, and on many others', async () => {
    const user = await refreshable();
    const connections = Array.from({ length: 8 }, () => singleConnection(service, user.token));
    for (const connection of connections) assert.equal((await connection.get('/api/auth/me')).status, 200);
    assert.equal((await connections[0].post('/api/auth/logout')).status, 200);
    const answers = await Promise.all(connections.flatMap((connection) =>
      ['/api/auth/me', '/api/dashboard/metrics', '/api/gamification/profile'].map((path) => connection.get(path))));
    answers.forEach((answer) => assertProblem(answer, sessionEnded));
    connections.forEach((connection) => {
      assert.equal(connection.ports.size, 1);
      connection.close();
    });
  });

  test('everywhere', async () => {
    const user = await refreshable();
    const others = [await login(user), await login(user), await login(user)];
    const { status, body } = await user.api.post('/api/auth/logout-all');
    assert.deepEqual([status, body], [200, { success: true, data: { endedSessions: 4 } }]);
    for (const { token, refreshToken } of [user, ...others]) {
      assertProblem(await me(token), sessionEnded);
      assertProblem(await refresh(refreshToken), invalidToken);
    }
    assert.ok((await login(user)).token, 'the account is as it was');
  });

  test('needs a token', async () => {
    for (const path of ['/api/auth/logout', '/api/auth/logout-all']) {
      assertProblem(await service.api.post(path), unauthenticated);
    }
  });

  test('a body is allowed', async () => {
    const { api } = await newUser(service);
    assert.equal((await api.post('/api/auth/logout', { reason: 'done' })).status, 200);
  });
});

const admin = await newUser(service);
await makeAdmin(service.dsn, admin);

describe('an administrator', () => {
  const update = (userId, json, by = admin) => by.api.patch(`/api/admin/users/${userId}`, json);

  test('switches an account off: the very next request is refused, and logging in, too', async () => {
    const user = await refreshable();
    const connection = singleConnection(service, user.token);
    assert.equal((await connection.get('/api/auth/me')).status, 200);
    const { status, body } = await update(user.userId, { isActive: false });
    assert.deepEqual([status, body.data], [200, { userId: user.userId, isActive: false }]);
    assertProblem(await connection.get('/api/auth/me'), sessionEnded);
    assertProblem(await refresh(user.refreshToken), invalidToken);
    assert.equal((await newClient(service).post('/api/auth/login', user)).status, 401);
    connection.close();
  });

  test('and on again: the old sessions stay ended', async () => {
    const user = await refreshable();
    await update(user.userId, { isActive: false });
    assert.equal((await update(user.userId, { isActive: true })).status, 200);
    assertProblem(await me(user.token), sessionEnded);
    assert.ok((await login(user)).token);
  });

  test('nobody else may', async () => {
    const user = await refreshable();
    assertProblem(await update(admin.userId, { isActive: false }, user), forbidden);
    assertProblem(await update(user.userId, { isActive: false }, user), forbidden);
    assert.ok(await isAlive(admin.token));
  });

  test('nobody who is not there, and nothing else of an account', async () => {
    const user = await refreshable();
    assert.equal((await update(randomUUID(), { isActive: false })).status, 404);
    for (const json of [{ isActive: false, isAdmin: true }, { isActive: 'no' }, { email: 'a@b.example' }]) {
      const answer = await leavesNoRow(service, () => update(user.userId, json));
      assert.ok([400, 422].includes(answer.status), JSON.stringify(json));
    }
  });

  test('who is one no more is refused with the next request', async () => {
    const former = await newUser(service);
    await makeAdmin(service.dsn, former);
    assert.equal((await former.api.get('/api/admin/stats')).status, 200);
    await execute(service.dsn, `update auxeira.users set is_admin = false where user_id = ${literal(former.userId)};`);
    assertProblem(await former.api.get('/api/admin/stats'), forbidden);
  });
});

describe('the record of access', () => {
  const events = async (user, parameters = '') => (await user.api.get(`/api/auth/events${parameters}`)).body.data;

  test('has each event once, newest first', async () => {
    const user = await refreshable();
    await service.api.post('/api/auth/login', { email: user.email, password: 'not the password' });
    const other = await login(user);
    await refresh(other.refreshToken);
    await user.api.delete(`/api/auth/sessions/${idOf(other.token)}`);
    const { events: list } = await events(user);
    assert.deepEqual(list.map(({ event }) => event),
      ['session_ended', 'token_refreshed', 'login', 'login_failed', 'registered']);
    assertShape(list, listOf({ event: string, at: time, address: exactly('127.0.0.1'), requestId: string }));
    const text = JSON.stringify(list);
    for (const secret of [user.password, user.email, user.token, user.refreshToken]) assert.ok(!text.includes(secret));
  });

  test('comes in pages', async () => {
    const user = await refreshable();
    for (let i = 0; i < 4; i += 1) await login(user);
    const all = (await events(user)).events;
    const pages = [];
    for (let cursor; cursor !== null;) {
      const page = await events(user, `?limit=2${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
      assert.ok(page.events.length <= 2);
      pages.push(...page.events);
      cursor = page.nextCursor;
    }
    assert.deepEqual(pages, all);
  });

  test('shows nobody what concerns others', async () => {
    await refreshable();
    const { events: list } = await events(await newUser(service));
    assert.deepEqual(list.map(({ event }) => event), ['registered']);
  });

  test('line breaks cannot get in', async () => {
    const user = await refreshable();
    const headers = { 'user-agent': 'x\u2028y\u202ez {"event":"login"}' };
    const sent = Buffer.from(headers['user-agent'], 'utf8').toString('latin1');
    await service.api.post('/api/auth/login', { ...user, password: 'not it' }, { headers: { 'user-agent': sent } });
    const [{ userAgent }] = (await events(user)).events;
    assert.equal(userAgent, 'x y z {"event":"login"}');
  });
});
