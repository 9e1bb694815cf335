// Mails leave the outbox: once each, again after what may get better, never after what will not.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { smtpSettings, startFakeSmtp, startSmtp } from './support/smtp.mjs';
import { newKey, startService } from './support/service.mjs';
import { execute, literal, query } from './support/sql.mjs';
import { newAddress, newUser } from './support/users.mjs';
import { eventually, sleep } from './support/wait.mjs';

let service; // has no mail server: mails wait for the process that a test starts

before(async () => { service = await startService({ AUXEIRA_PUBLIC_URL: 'https://app.example/auxeira' }); });
after(() => service.close());
beforeEach(() => execute(service.dsn, 'delete from auxeira.mail_outbox;'));

const outbox = (sql) => execute(service.dsn, `update auxeira.mail_outbox set ${sql};`);

async function put(recipient = newAddress(), template = 'password_changed', fields = {}) {
  const all = JSON.stringify({ at: '2026-08-01T12:34:56Z', ...fields });
  await execute(service.dsn,
    `select auxeira.queue_mail(${literal(recipient)}, ${literal(template)}, ${literal(all)}::jsonb);`);
  return recipient;
}

async function stateOf(recipient) {
  const [row] = await query(service.dsn, `select sent_at is not null as sent, dropped_at is not null as dropped,
    attempts, last_error as error, token_sealed is not null as "hasToken", sent_at - created_at as took,
    due_at > now() + interval '10 seconds' as "isLater" from auxeira.mail_outbox
    where recipient = ${literal(recipient)}`);
  return row;
}

const isSent = (recipient) => eventually(`${recipient} is sent`, async () => (await stateOf(recipient)).sent);
const hasFailed = (recipient) => eventually(`${recipient} has failed`, async () => {
  const state = await stateOf(recipient);
  return state.error && state;
});

// A process that sends; it ends with the test.
async function sendThrough(t, smtp, settings) {
  const mailer = await service.another(smtpSettings(smtp, settings));
  t.after(() => mailer.stop());
  return mailer;
}

async function fake(t, answers) {
  const smtp = await startFakeSmtp(answers);
  t.after(() => smtp.close());
  return smtp;
}

async function real(t, options) {
  const smtp = await startSmtp(options);
  t.after(() => smtp.close());
  return smtp;
}

describe('a mail', () => {
  test('is sent at once, with a link that only the recipient knows', async (t) => {
    const smtp = await real(t);
    const mailer = await sendThrough(t, smtp);
    for (let i = 0; i < 3; i += 1) {
      const started = Date.now();
      const { email } = await newUser(mailer);
      const mail = await smtp.waitFor(email, /^Confirm/);
      assert.ok(Date.now() - started < 1900, `${Date.now() - started} ms`); // else it was found by looking
      assert.match(mail.link, /^https:\/\/app\.example\/auxeira\/verify-email#token=vt_[\w-]{43}$/);
      assert.deepEqual([mail.to, mail.sender, mail.headers.from, mail.headers['auto-submitted']],
        [email, 'no-reply@auxeira.example', 'Auxeira <no-reply@auxeira.example>', 'auto-generated']);
      await isSent(email);
      assert.equal((await stateOf(email)).hasToken, false);
      const log = mailer.log();
      assert.match(log, /"message":"mail sent","mailId":"[0-9a-f-]{36}","template":"verify_email"/);
      for (const secret of [email, mail.token]) assert.ok(!log.includes(secret));
    }
  });

  test('waits without a mail server, of which the log says so once', async (t) => {
    const recipient = await put();
    await sleep(2500);
    assert.deepEqual([(await stateOf(recipient)).attempts, service.log().match(/AUXEIRA_SMTP_URL/g).length], [0, 1]);
    const smtp = await real(t);
    await sendThrough(t, smtp);
    assert.equal((await smtp.waitFor(recipient)).subject, 'Your password was changed');
  });

  test('is sent once, though several processes send', async (t) => {
    const smtp = await real(t);
    const recipients = await Promise.all(Array.from({ length: 60 }, () => newAddress()));
    await execute(service.dsn, recipients.map((recipient) =>
      `select auxeira.queue_mail(${literal(recipient)}, 'password_changed', '{"at": "x"}');`).join('\n'));
    await Promise.all(Array.from({ length: 3 }, () => sendThrough(t, smtp)));
    await eventually('all are sent', async () =>
      await execute(service.dsn, 'select count(*) from auxeira.mail_outbox where sent_at is null;') === '0');
    assert.deepEqual(smtp.messages().map(({ to }) => to).sort(), recipients.sort());
    assert.equal(await execute(service.dsn, 'select max(attempts) from auxeira.mail_outbox;'), '1');
  });

  test('of a process that was killed is another\'s once the lease is over', async (t) => {
    const smtp = await fake(t, { RCPT: null });
    const recipient = await put();
    const killed = await sendThrough(t, smtp);
    await eventually('it is on the way', () => smtp.commands.includes(`RCPT TO:<${recipient}>`));
    await killed.stop('SIGKILL');
    smtp.relent();
    await sendThrough(t, smtp);
    await sleep(2500);
    assert.equal(smtp.kept.length, 0);
    await outbox('due_at = now()');
    await isSent(recipient);
    assert.equal(smtp.kept.length, 1);
  });

  test('cannot say more than its template, whatever its fields are', async (t) => {
    const smtp = await real(t);
    const recipient = await put(newAddress(), 'second_factor_changed', {
      what: 'x\r\n.\r\nMAIL FROM:<evil@example.org>\r\nBcc: evil@example.org\u2028\u0085é' });
    await sendThrough(t, smtp);
    const mail = await smtp.waitFor(recipient);
    assert.ok(mail.text.includes('\nx . MAIL FROM:<evil@example.org> Bcc: evil@example.org é.\n'), mail.text);
    assert.deepEqual([mail.recipients, mail.headers.bcc, smtp.messages().length], [[recipient], undefined, 1]);
  });

  test('goes to an address or nowhere', async (t) => {
    const smtp = await fake(t);
    const nowhere = ['a@b.example>\r\nRCPT TO:<evil@example.org', 'a@b.example, c@d.example', 'nobody'];
    for (const recipient of nowhere) await put(recipient);
    await sendThrough(t, smtp);
    for (const recipient of nowhere) {
      const { dropped, error } = await hasFailed(recipient);
      assert.deepEqual([dropped, error], [true, 'the recipient is not an address']);
    }
    assert.deepEqual(smtp.commands, []);
  });

  test('of which the link cannot be opened waits for the right key', async (t) => {
    const smtp = await real(t);
    const { email } = await newUser(service);
    const wrong = await sendThrough(t, smtp, { AUXEIRA_VAULT_KEY: newKey() });
    const { dropped, error } = await hasFailed(email);
    assert.deepEqual([dropped, error], [false, 'the link was sealed with another key']);
    await wrong.stop();
    await sendThrough(t, smtp);
    await outbox('due_at = now()');
    assert.match((await smtp.waitFor(email)).link, /#token=vt_/);
  });
});

describe('a server that', () => {
  test('refuses a mail: no server is asked again', async (t) => {
    const refusing = [{ RCPT: '550 5.1.1 no such user' }, { MAIL: '553 not you' }, { '.': '554 looks bad' }];
    for (const answers of refusing) {
      const smtp = await fake(t, answers);
      const recipient = await put();
      const mailer = await sendThrough(t, smtp);
      const { dropped, sent, error } = await hasFailed(recipient);
      assert.deepEqual([dropped, sent], [true, false]);
      assert.equal(error, `the server answered ${Object.values(answers)[0].slice(0, 3)}`);
      assert.ok(!mailer.log().includes(recipient));
      await mailer.stop();
    }
    await outbox('due_at = now()');
    const willing = await fake(t);
    await sendThrough(t, willing);
    await sleep(2500);
    assert.deepEqual(willing.commands, []);
  });

  const passing = [{ RCPT: '451 later' }, { '.': '452 full' }, { greeting: '421 busy' }, { MAIL: '530 who are you?' },
    { greeting: '554 not to you' }, { EHLO: '502 what?', HELO: '502 what?' }];
  for (const answers of passing) {
    test(`says ${JSON.stringify(answers)} is asked again, a minute later`, async (t) => {
      const smtp = await fake(t, answers);
      const recipient = await put();
      await sendThrough(t, smtp);
      const { dropped, sent, isLater, attempts } = await hasFailed(recipient);
      assert.deepEqual([dropped, sent, isLater, attempts], [false, false, true, 1]);
      smtp.relent();
      await outbox('due_at = now()');
      await isSent(recipient);
      assert.equal(smtp.kept.length, 1);
    });
  }

  test('is not there is asked again', async (t) => {
    const gone = await startFakeSmtp();
    gone.close();
    const recipient = await put();
    await sendThrough(t, gone);
    const { dropped, isLater, error } = await hasFailed(recipient);
    assert.deepEqual([dropped, isLater, error], [false, true, "Couldn't connect to server"]);
  });

  for (const [command, isKept] of [['greeting', false], ['RCPT', false], ['.', false], ['QUIT', true]]) {
    test(`hangs at ${command} does not hold up the end of the service`, async (t) => {
      const smtp = await fake(t, { [command]: null });
      const recipient = await put();
      const mailer = await sendThrough(t, smtp);
      await eventually('it hangs', () => smtp.commands.some((line) => line.startsWith(command)));
      const started = Date.now();
      assert.deepEqual(await mailer.stop(), { code: 0, signal: null });
      assert.ok(Date.now() - started < 1500, `${Date.now() - started} ms`);
      const { sent, dropped, error } = await stateOf(recipient);
      assert.deepEqual([sent, dropped, error], [isKept, false, isKept ? null : 'the service stops']);
    });
  }

  test('asks for a user and a password gets them', async (t) => {
    const credentials = Buffer.from('\0auxeira\0not a word').toString('base64');
    const smtp = await fake(t, { EHLO: '250-here\r\n250 AUTH PLAIN', AUTH: '334 ' });
    smtp.says[credentials.toUpperCase()] = '535 wrong';
    const recipient = await put();
    const mailer = await sendThrough(t, smtp,
      { AUXEIRA_SMTP_USER: 'auxeira', AUXEIRA_SMTP_PASSWORD: 'not a word' });
    const { dropped, error } = await hasFailed(recipient);
    assert.deepEqual([dropped, error], [false, 'Login denied, the server answered 535']);
    smtp.says[credentials.toUpperCase()] = '235 welcome';
    await outbox('due_at = now()');
    await isSent(recipient);
    assert.ok(!mailer.log().includes('not a word') && !mailer.log().includes(credentials));
  });
});

describe('encryption', () => {
  for (const tls of ['starttls', 'smtps']) {
    test(`${tls}: only with a certificate that is trusted`, async (t) => {
      const smtp = await real(t, { tls });
      const recipient = await put();
      for (const AUXEIRA_SMTP_TLS of ['required', 'optional']) {
        await outbox('due_at = now(), last_error = null');
        const wary = await sendThrough(t, smtp, { AUXEIRA_SMTP_TLS });
        const { dropped, error } = await hasFailed(recipient);
        assert.equal(dropped, false);
        assert.match(error, /^SSL peer certificate/);
        await wary.stop();
      }
      await outbox('due_at = now()');
      await sendThrough(t, smtp, { AUXEIRA_SMTP_TLS: 'required', AUXEIRA_SMTP_CA: smtp.certificate });
      await smtp.waitFor(recipient);
      assert.equal(smtp.messages().length, 1);
    });
  }

  test('is not offered: only where it is optional a mail goes', async (t) => {
    const smtp = await fake(t);
    const recipient = await put();
    const wary = await sendThrough(t, smtp, { AUXEIRA_SMTP_TLS: 'required' });
    assert.deepEqual([(await hasFailed(recipient)).error, smtp.commands.some((line) => line.startsWith('MAIL'))],
      ['Requested SSL level failed', false]);
    await wary.stop();
    await outbox('due_at = now()');
    await sendThrough(t, smtp, { AUXEIRA_SMTP_TLS: 'optional' });
    await isSent(recipient);
  });
});

describe('a database that', () => {
  test('ends the connection gets another one', async (t) => {
    const smtp = await real(t);
    const mailer = await sendThrough(t, smtp);
    for (let i = 0; i < 2; i += 1) {
      await eventually('one that rests is ended', async () => '1' === await execute(service.dsn,
        `select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database()
           and application_name = 'auxeira-api mailer' and state = 'idle' and query like '%take_mail%';`));
      await smtp.waitFor(await put());
    }
    assert.doesNotMatch(mailer.log(), /out of reach/);
  });

  test('refuses to give mails is asked until it does, and complains once', async (t) => {
    const smtp = await real(t);
    await execute(service.dsn, 'revoke execute on function auxeira.take_mail from auxeira_authenticator;');
    const mailer = await sendThrough(t, smtp);
    const recipient = await put();
    await sleep(5000);
    assert.equal(mailer.log().match(/outbox out of reach/g).length, 1);
    await execute(service.dsn, 'grant execute on function auxeira.take_mail to auxeira_authenticator;');
    await smtp.waitFor(recipient);
    await eventually('it says so', () => mailer.log().includes('outbox in reach'));
  });

  test('cannot be told of a mail that was sent is told later, and the mail is not sent again', async (t) => {
    const smtp = await real(t);
    await execute(service.dsn, 'revoke execute on function auxeira.mail_sent from auxeira_authenticator;');
    await sendThrough(t, smtp);
    const recipient = await put();
    await smtp.waitFor(recipient);
    await outbox('due_at = now()');
    await sleep(2500);
    await execute(service.dsn, 'grant execute on function auxeira.mail_sent to auxeira_authenticator;');
    await isSent(recipient);
    assert.equal(smtp.messages().length, 1);
  });
});
