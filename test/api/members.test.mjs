// Organizations: who belongs to them, as what, how one comes in, and how soon one is out.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { singleConnection } from './support/clients.mjs';
import {
  assertProblem, faulty, missing, sessionEnded, unacceptable, unauthenticated, unusableLink, verifyFirst,
} from './support/problems.mjs';
import { leavesNoRow } from './support/rows.mjs';
import { startService } from './support/service.mjs';
import { assertShape, exactly, jwt, listOf, nothing, string, time, uuid } from './support/shapes.mjs';
import { smtpSettings, startSmtp } from './support/smtp.mjs';
import { execute, literal, query } from './support/sql.mjs';
import { read } from './support/tokens.mjs';
import { newAddress, newUser, newVerifiedUser } from './support/users.mjs';

const smtp = await startSmtp();
const service = await startService(smtpSettings(smtp));
after(() => service.close());

const path = (organizationId, rest = '') => `/api/organizations/${organizationId}${rest}`;
const invite = (user, email, role = 'member', organizationId = user.organizationId) =>
  user.api.post(path(organizationId, '/invitations'), { email, role });
const accept = (user, token) => user.api.post('/api/invitations/accept', { token });
const setRole = (user, member, role) =>
  user.api.patch(path(user.organizationId, `/members/${member.userId}`), { role });
const remove = (user, member, organizationId = user.organizationId) =>
  user.api.delete(path(organizationId, `/members/${member.userId}`));
const switchTo = (user, organizationId) => user.api.post('/api/auth/active-organization', { organizationId });
const tokenFor = async ({ email }) => (await smtp.waitFor(email, /invite|invitation/i)).token;

const notFound = { status: 404, code: 'P0002', error: 'organization not found' };
const noMember = { status: 404, code: 'P0002', error: 'member not found' };
const unusableInvitation = unacceptable(['token', 'it has been used, has expired, or is for another e-mail address']);
const refusedRole = ({ status, body }) => assert.deepEqual([status, body.code], [403, '42501']);

// A user who has joined the organization of another and works in it.
async function newMember(owner, role) {
  const user = await newVerifiedUser(service, 'startup_founder', { refresh: true });
  await execute(service.dsn, `insert into auxeira.user_organizations (org_id, user_id, role)
    values (${literal(owner.organizationId)}, ${literal(user.userId)}, ${literal(role)});`);
  const switched = await switchTo(user, owner.organizationId);
  assert.equal(switched.status, 200, switched.text);
  user.api.token = switched.body.data.token;
  return { ...user, home: user.organizationId, organizationId: owner.organizationId, token: user.api.token };
}

describe('an organization', () => {
  test('is seen by its members, with their role', async () => {
    const owner = await newVerifiedUser(service);
    const viewer = await newMember(owner, 'viewer');
    for (const [user, role] of [[owner, 'owner'], [viewer, 'viewer']]) {
      const { status, body } = await user.api.get(path(owner.organizationId));
      assert.equal(status, 200);
      assertShape(body.data, { organizationId: exactly(owner.organizationId), role: exactly(role), name: string });
    }
    const { organizations } = (await viewer.api.get('/api/organizations')).body.data;
    assert.deepEqual(organizations.map((o) => [o.organizationId, o.role, o.isActive]).sort(),
      [[owner.organizationId, 'viewer', true], [viewer.home, 'owner', false]].sort());
  });

  test('is changed by admins', async () => {
    const owner = await newVerifiedUser(service);
    const admin = await newMember(owner, 'admin');
    const changes = { name: 'Ærø Wind', website: 'https://aeroe.example', stage: 'seed' };
    const { status, body } = await admin.api.patch(path(owner.organizationId), changes);
    assert.equal(status, 200);
    for (const [name, value] of Object.entries(changes)) assert.equal(body.data[name], value);
  });

  test('and by nobody else', async () => {
    const owner = await newVerifiedUser(service);
    for (const role of ['member', 'viewer']) {
      const user = await newMember(owner, role);
      refusedRole(await leavesNoRow(service, () => user.api.patch(path(owner.organizationId), { name: 'Mine' })));
    }
    const stranger = await newVerifiedUser(service);
    for (const id of [owner.organizationId, randomUUID()]) {
      assertProblem(await leavesNoRow(service, () => stranger.api.patch(path(id), { name: 'Mine' })), notFound);
      assertProblem(await stranger.api.get(path(id)), notFound);
      assertProblem(await stranger.api.get(path(id, '/members')), notFound);
    }
  });

  const refused = [{ name: '' }, { website: 'javascript:alert(1)' }, { website: 'https://a b' }, { stage: 'unicorn' },
    { type: 'government' }, { orgType: 'government' }, { metadata: {} }, { isActive: false }, { name: 7 },
    { logoUrl: 'file:///etc/passwd' }];
  for (const json of refused) {
    test(`${JSON.stringify(json)} is refused`, async () => {
      const owner = await newVerifiedUser(service);
      const answer = await leavesNoRow(service, () => owner.api.patch(path(owner.organizationId), json));
      assert.deepEqual([answer.status, answer.body.code], [422, '22023']);
    });
  }

  test('lists its members', async () => {
    const owner = await newVerifiedUser(service);
    const viewer = await newMember(owner, 'viewer');
    const { members } = (await viewer.api.get(path(owner.organizationId, '/members'))).body.data;
    assertShape(members, listOf({ userId: uuid, email: string, role: string, joinedAt: time }));
    assert.deepEqual(members.map(({ userId, role }) => [userId, role]),
      [[owner.userId, 'owner'], [viewer.userId, 'viewer']]);
  });
});

describe('invitations', () => {
  test('come by mail, and are accepted by whom they are for, once', async () => {
    const owner = await newVerifiedUser(service, 'venture_capital', { organization: { name: 'Nørth Fund' } });
    const guest = await newUser(service);
    const { status, body } = await invite(owner, guest.email, 'admin');
    assert.equal(status, 201);
    assertShape(body.data, {
      invitationId: uuid, email: exactly(guest.email), role: exactly('admin'), expiresAt: time,
    });
    assert.equal(body.data.token ?? body.data.tokenHash, undefined);
    const mail = await smtp.waitFor(guest.email, /invite|invitation/i);
    assert.ok(mail.text.includes('Nørth Fund') && mail.text.includes(owner.email));
    const joined = await accept(guest, mail.token);
    assert.equal(joined.status, 200);
    assertShape(joined.body.data, { organizationId: exactly(owner.organizationId), role: exactly('admin') });
    assertProblem(await accept(guest, mail.token), unusableInvitation);
    const switched = await switchTo(guest, owner.organizationId);
    assert.equal(switched.body.data.organizationId, owner.organizationId);
  });

  test('are nobody else\'s', async () => {
    const owner = await newVerifiedUser(service);
    const guest = await newVerifiedUser(service);
    await invite(owner, guest.email);
    const token = await tokenFor(guest);
    for (const other of [await newVerifiedUser(service), owner]) {
      assertProblem(await accept(other, token), unusableInvitation);
    }
    assert.equal((await accept(guest, token)).status, 200);
  });

  test('can be taken back, and replaced by another', async () => {
    const owner = await newVerifiedUser(service);
    const guest = await newVerifiedUser(service);
    const { invitationId } = (await invite(owner, guest.email)).body.data;
    const token = await tokenFor(guest);
    const invitations = async () =>
      (await owner.api.get(path(owner.organizationId, '/invitations'))).body.data.invitations;
    assert.deepEqual((await invitations()).map((i) => i.invitationId), [invitationId]);
    const revoked = await owner.api.delete(path(owner.organizationId, `/invitations/${invitationId}`));
    assert.deepEqual([revoked.status, revoked.body.data], [200, { invitationId, revoked: true }]);
    assert.deepEqual(await invitations(), []);
    assertProblem(await accept(guest, token), unusableInvitation);
  });

  test('end after a week', async () => {
    const owner = await newVerifiedUser(service);
    const guest = await newVerifiedUser(service);
    await invite(owner, guest.email);
    const token = await tokenFor(guest);
    await execute(service.dsn, `update auxeira.invitations set created_at = created_at - interval '7 days',
      expires_at = expires_at - interval '7 days' where email = ${literal(guest.email)};`);
    assertProblem(await accept(guest, token), unusableInvitation);
  });

  test('are made by admins with a verified address, and to owners by owners', async () => {
    const owner = await newVerifiedUser(service);
    for (const role of ['member', 'viewer']) {
      const user = await newMember(owner, role);
      refusedRole(await leavesNoRow(service, () => invite(user, newAddress())));
      refusedRole(await user.api.get(path(owner.organizationId, '/invitations')));
    }
    const admin = await newMember(owner, 'admin');
    assert.equal((await invite(admin, newAddress(), 'admin')).status, 201);
    refusedRole(await leavesNoRow(service, () => invite(admin, newAddress(), 'owner')));
    assert.equal((await invite(owner, newAddress(), 'owner')).status, 201);
    const unverified = await newUser(service);
    assertProblem(await leavesNoRow(service, () => invite(unverified, newAddress())), verifyFirst);
    const stranger = await newVerifiedUser(service);
    assertProblem(await invite(stranger, newAddress(), 'member', owner.organizationId), notFound);
  });

  test('the client chooses neither the token nor anything else', async () => {
    const owner = await newVerifiedUser(service);
    const email = newAddress();
    const json = { email, role: 'member', tokenHash: '0'.repeat(64), tokenSealed: '00' };
    assert.equal((await owner.api.post(path(owner.organizationId, '/invitations'), json)).status, 201);
    const [{ hash }] = await query(service.dsn, `select encode(token_hash, 'hex') as hash from auxeira.invitations
      where email = ${literal(email)}`);
    assert.notEqual(hash, '0'.repeat(64));
    for (const extra of [{ invitedBy: randomUUID() }, { expiresAt: '2099-01-01' }, { organization: 'x' }]) {
      const answer = await leavesNoRow(service, () =>
        owner.api.post(path(owner.organizationId, '/invitations'), { email, role: 'member', ...extra }));
      assert.equal(answer.status, 422);
    }
  });

  test('what cannot be a link is refused', async () => {
    const user = await newVerifiedUser(service);
    for (const token of ['', 'x', `vt_${'A'.repeat(42)}`, `rt_${'A'.repeat(43)}`]) {
      assertProblem(await leavesNoRow(service, () => accept(user, token)), unusableLink);
    }
    assertProblem(await leavesNoRow(service, () => accept(user, `vt_${'A'.repeat(43)}`)), unusableInvitation);
    assertProblem(await accept(user, undefined), missing('token', ['token', 'is required']));
    assertProblem(await accept(user, 7), faulty('token', 'must be a string'));
  });

  test('names with line breaks do not forge a mail', async () => {
    const owner = await newVerifiedUser(service, 'startup_founder',
      { organization: { name: 'Acme\r\nBcc: everybody@test.example\r\n\r\nForged' } });
    const email = newAddress();
    assert.equal((await invite(owner, email)).status, 201);
    const mail = await smtp.waitFor(email);
    assert.deepEqual(mail.recipients, [email]);
    assert.equal(mail.headers.bcc, undefined);
  });
});

describe('roles', () => {
  test('a change is felt with the very next request, on the same connection and on others', async () => {
    const owner = await newVerifiedUser(service);
    const member = await newMember(owner, 'member');
    const connection = singleConnection(service, member.token);
    const metric = { metrics: [{
      dashboard_type: 'startup_founder', metric_timestamp: new Date().toISOString(), metrics: { value: 1 } }] };
    assert.equal((await connection.post('/api/dashboard/metrics', metric)).status, 201);
    const { status, body } = await setRole(owner, member, 'viewer');
    assert.deepEqual([status, body.data],
      [200, { organizationId: owner.organizationId, userId: member.userId, role: 'viewer' }]);
    assertProblem(await connection.post('/api/dashboard/metrics', metric), sessionEnded);
    assertProblem(await member.api.get('/api/auth/me'), sessionEnded);
    assert.equal(connection.ports.size, 1);
    connection.close();

    const refreshed = await service.api.post('/api/auth/refresh', { refreshToken: member.refreshToken });
    assert.equal(refreshed.status, 200, 'the session goes on');
    member.api.token = refreshed.body.data.token;
    assert.equal((await member.api.get('/api/dashboard/metrics')).status, 200);
    assert.notEqual((await member.api.post('/api/dashboard/metrics', metric)).status, 201);
  });

  test('the same role changes nothing', async () => {
    const owner = await newVerifiedUser(service);
    const member = await newMember(owner, 'member');
    assert.equal((await setRole(owner, member, 'member')).status, 200);
    assert.equal((await member.api.get('/api/auth/me')).status, 200);
  });

  test('are given by admins; owners are made and unmade by owners', async () => {
    const owner = await newVerifiedUser(service);
    const admin = await newMember(owner, 'admin');
    const member = await newMember(owner, 'member');
    const viewer = await newMember(owner, 'viewer');
    for (const user of [member, viewer]) {
      refusedRole(await leavesNoRow(service, () => setRole(user, user, 'owner')));
      refusedRole(await leavesNoRow(service, () => setRole(user, admin, 'viewer')));
    }
    for (const [who, role] of [[admin, 'owner'], [member, 'owner'], [owner, 'viewer']]) {
      refusedRole(await leavesNoRow(service, () => setRole(admin, who, role)));
    }
    assert.equal((await setRole(admin, member, 'admin')).status, 200);
    assert.equal((await setRole(owner, admin, 'owner')).status, 200);
  });

  test('the last owner stays', async () => {
    const owner = await newVerifiedUser(service);
    for (const attempt of [() => setRole(owner, owner, 'admin'), () => remove(owner, owner)]) {
      const { status, body } = await leavesNoRow(service, attempt);
      assert.deepEqual([status, body.code], [409, 'ZA409']);
    }
  });

  test('two owners who demote each other: one is left', async () => {
    const owner = await newVerifiedUser(service);
    const other = await newMember(owner, 'owner');
    await Promise.all([setRole(owner, other, 'member'), setRole(other, owner, 'member')]);
    const owners = await query(service.dsn, `select user_id from auxeira.user_organizations
      where org_id = ${literal(owner.organizationId)} and role = 'owner' and left_at is null`);
    assert.equal(owners.length, 1);
  });

  test('nobody who is no member has one', async () => {
    const owner = await newVerifiedUser(service);
    const stranger = await newVerifiedUser(service);
    assertProblem(await leavesNoRow(service, () => setRole(owner, stranger, 'admin')), noMember);
    for (const role of ['root', 'Owner', '', null, 1]) {
      assert.ok([400, 422].includes((await leavesNoRow(service, () => setRole(owner, stranger, role))).status));
    }
    const itself = path(owner.organizationId, `/members/${stranger.userId}`);
    assertProblem(await stranger.api.patch(itself, { role: 'owner' }), notFound);
  });
});

describe('leaving', () => {
  test('a removed member is out with the very next request, on the same connection and on others', async () => {
    const owner = await newVerifiedUser(service);
    const member = await newMember(owner, 'member');
    const connection = singleConnection(service, member.token);
    assert.equal((await connection.get('/api/dashboard/metrics')).status, 200);
    assert.equal((await remove(owner, member)).status, 200);
    assertProblem(await connection.get('/api/dashboard/metrics'), sessionEnded);
    assertProblem(await member.api.get(path(owner.organizationId, '/members')), sessionEnded);
    connection.close();

    const { body } = await service.api.post('/api/auth/refresh', { refreshToken: member.refreshToken });
    assert.equal(body.data.organizationId, member.home, 'the session goes on at home');
    member.api.token = body.data.token;
    assertProblem(await member.api.get(path(owner.organizationId, '/members')), notFound);
    assertProblem(await switchTo(member, owner.organizationId), notFound);
  });

  test('everybody may leave', async () => {
    const owner = await newVerifiedUser(service);
    const viewer = await newMember(owner, 'viewer');
    assert.equal((await remove(viewer, viewer)).status, 200);
    const { members } = (await owner.api.get(path(owner.organizationId, '/members'))).body.data;
    assert.deepEqual(members.map(({ userId }) => userId), [owner.userId]);
  });

  test('members do not remove others, admins no owners', async () => {
    const owner = await newVerifiedUser(service);
    const roles = ['admin', 'member', 'viewer'];
    const [admin, member, viewer] = await Promise.all(roles.map((role) => newMember(owner, role)));
    for (const user of [member, viewer]) refusedRole(await leavesNoRow(service, () => remove(user, admin)));
    refusedRole(await leavesNoRow(service, () => remove(admin, owner)));
    assert.equal((await remove(admin, viewer)).status, 200);
    const stranger = await newVerifiedUser(service);
    assertProblem(await remove(stranger, member, owner.organizationId), notFound);
  });

  test('one may be invited again', async () => {
    const owner = await newVerifiedUser(service);
    const member = await newMember(owner, 'admin');
    await remove(owner, member);
    await invite(owner, member.email, 'viewer');
    member.api.token = (await service.api.post('/api/auth/login', member)).body.data.token;
    const { status, body } = await accept(member, await tokenFor(member));
    assert.deepEqual([status, body.data.role], [200, 'viewer']);
  });
});

test('a founder whom another owner removed logs in to a new organization, and may be invited back', async () => {
  const founder = await newVerifiedUser(service, 'startup_founder', { refresh: true });
  const owner = await newMember(founder, 'owner');
  assert.equal((await remove(owner, founder)).status, 200);
  assertProblem(await founder.api.get('/api/auth/me'), sessionEnded);
  assert.equal((await service.api.post('/api/auth/refresh', { refreshToken: founder.refreshToken })).status, 401);

  const logins = await Promise.all([1, 2, 3].map(() => service.api.post('/api/auth/login', founder)));
  const homes = new Set(logins.map(({ body }) => body.data.organizationId));
  assert.ok(homes.size === 1 && !homes.has(founder.organizationId), 'logins at once found one organization');
  founder.api.token = logins[0].body.data.token;
  const { organizations } = (await founder.api.get('/api/auth/me')).body.data;
  assert.deepEqual(organizations, [{
    organizationId: [...homes][0], name: founder.email.split('@')[0], type: 'startup', role: 'owner', isPrimary: true,
  }]);
  assertProblem(await founder.api.get(path(founder.organizationId)), notFound);

  await invite(owner, founder.email, 'admin');
  assert.equal((await accept(founder, await tokenFor(founder))).status, 200);
  assert.equal((await switchTo(founder, founder.organizationId)).status, 200);
});

describe('the active organization', () => {
  test('is switched: a token for the other one, and the token before is of no use', async () => {
    const owner = await newVerifiedUser(service);
    const member = await newMember(owner, 'member');
    const { status, body } = await switchTo(member, member.home);
    assert.equal(status, 200);
    assertShape(body.data, {
      userId: exactly(member.userId), userType: exactly('startup_founder'), organizationId: exactly(member.home),
      token: jwt, refreshToken: nothing, expiresIn: exactly(900),
    });
    assert.equal(read(body.data.token).claims.org, member.home);
    assert.equal(read(body.data.token).claims.sid, read(member.token).claims.sid);
    assertProblem(await member.api.get('/api/auth/me'), sessionEnded);
    assert.equal((await service.api.get('/api/auth/me', { token: body.data.token })).body.data.role, 'owner');
    const refreshed = await service.api.post('/api/auth/refresh', { refreshToken: member.refreshToken });
    assert.equal(refreshed.body.data.organizationId, member.home);
  });

  test('decides what is read and written', async () => {
    const owner = await newVerifiedUser(service);
    const member = await newMember(owner, 'member');
    const metric = (value) => ({ metrics: [{
      dashboard_type: 'startup_founder', metric_timestamp: new Date().toISOString(), metrics: { value } }] });
    await member.api.post('/api/dashboard/metrics', metric(1));
    member.api.token = (await switchTo(member, member.home)).body.data.token;
    await member.api.post('/api/dashboard/metrics', metric(2));
    const values = async (user) =>
      (await user.api.get('/api/dashboard/metrics')).body.data.metrics.map((m) => m.metric_value.value);
    assert.deepEqual(await values(owner), [1]);
    assert.deepEqual(await values(member), [2]);
  });

  test('without a refresh token the new token lives no longer than the one before', async () => {
    const user = await newVerifiedUser(service);
    const { claims } = read(user.token);
    await execute(service.dsn, `update auxeira.user_sessions set created_at = created_at - interval '1 hour'
      where user_id = ${literal(user.userId)};`);
    const { token, expiresIn } = (await switchTo(user, user.organizationId)).body.data;
    assert.ok(expiresIn <= 86_400 && Math.abs(read(token).claims.exp - claims.exp) <= 1);
  });

  test('is one\'s own', async () => {
    const user = await newVerifiedUser(service);
    const stranger = await newVerifiedUser(service);
    for (const id of [stranger.organizationId, randomUUID(), user.userId]) {
      assertProblem(await leavesNoRow(service, () => switchTo(user, id)), notFound);
    }
    for (const id of ['', 'x', `${user.organizationId} `, "' or true --"]) {
      assertProblem(await leavesNoRow(service, () => switchTo(user, id)), faulty('organizationId', 'must be a UUID'));
    }
    assertProblem(await switchTo(user, 7), faulty('organizationId', 'must be a string'));
    assertProblem(await switchTo(user, undefined), missing('organizationId', ['organizationId', 'is required']));
    assertProblem(await service.api.post('/api/auth/active-organization', { organizationId: user.organizationId }),
      unauthenticated);
    assert.equal((await user.api.get('/api/auth/me')).status, 200);
  });
});
