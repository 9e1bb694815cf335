// Mail servers of one's own: a real one, which keeps what it is given, and one that says what it is told to say.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { host, selfSigned } from './certificate.mjs';
import { eventually } from './wait.mjs';

// Whatever a failed test leaves behind ends with the tests of the file.
const running = new Set();
const closeAll = () => running.forEach((end) => end());
after(closeAll);
process.on('exit', closeAll);

async function listen(server) {
  await new Promise((resolve, reject) => { server.once('error', reject).listen(0, host, resolve); });
  return server.address().port;
}

async function freePort() {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

const accepts = (port) => new Promise((resolve) => {
  const socket = connect(port, host, () => { socket.destroy(); resolve(true); });
  socket.on('error', () => resolve(false));
});

// --- Reading mails -------------------------------------------------------------------------------------------

const decodeQuoted = (text) =>
  Buffer.from(text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, code) =>
    String.fromCharCode(parseInt(code, 16))), 'latin1');

const decodeWord = (encoding, text) => (encoding.toUpperCase() === 'B'
  ? Buffer.from(text, 'base64') : decodeQuoted(text.replaceAll('_', ' '))).toString('utf8');

// RFC 2047: blanks between two encoded words are not part of the text.
const decodeHeader = (text) => text.replace(/(\?=)\s+(=\?)/g, '$1$2')
  .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, encoding, word) => decodeWord(encoding, word));

const decoders = {
  'quoted-printable': decodeQuoted,
  base64: (text) => Buffer.from(text, 'base64'),
  '7bit': (text) => Buffer.from(text, 'latin1'),
  '8bit': (text) => Buffer.from(text, 'latin1'),
};

export function parseMail(bytes) {
  const raw = bytes.toString('latin1').replaceAll('\r\n', '\n');
  const end = raw.indexOf('\n\n');
  const lines = raw.slice(0, end).replace(/\n[ \t]/g, ' ').split('\n');
  const headers = Object.fromEntries(lines.map((line) => {
    const [name, value] = line.split(/: (.*)/s);
    return [name.toLowerCase(), decodeHeader(Buffer.from(value, 'latin1').toString('utf8'))];
  }));
  const text = decoders[headers['content-transfer-encoding']](raw.slice(end + 2)).toString('utf8');
  const [link, token] = text.match(/^https?:\S+#token=(\S+)$/m) ?? [];
  return {
    headers, text, link, token, subject: headers.subject, to: headers.to.replace(/^<(.*)>$/, '$1'),
    sender: headers['x-mailfrom'], recipients: headers['x-rcptto'].split(', '), // of the envelope
  };
}

// --- A real server ---------------------------------------------------------------------------------------------

// `tls`: 'starttls' or 'smtps', with a certificate of its own in the file `certificate`.
export async function startSmtp({ tls } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'auxeira-smtp-'));
  const port = await freePort();
  const { certificate, key } = tls ? selfSigned(directory) : {};
  const option = tls === 'smtps' ? 'smtps' : 'tls';
  const box = join(directory, 'box');
  const child = spawn('aiosmtpd', ['--nosetuid', '--smtputf8', '--listen', `${host}:${port}`,
    ...(tls ? [`--${option}cert`, certificate, `--${option}key`, key] : []),
    '--class', 'aiosmtpd.handlers.Mailbox', box], { stdio: 'ignore' });
  const end = () => {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  running.add(end);
  await eventually('the mail server listens', () => {
    if (child.exitCode !== null) throw new Error(`aiosmtpd ended with ${child.exitCode}`);
    return accepts(port);
  });
  const inOrder = (one, other) => one.localeCompare(other, 'en', { numeric: true });
  const messages = () => readdirSync(join(box, 'new')).sort(inOrder)
    .map((name) => parseMail(readFileSync(join(box, 'new', name))));
  return {
    port,
    certificate,
    url: `${tls === 'smtps' ? 'smtps' : 'smtp'}://${host}:${port}`,
    messages,
    // The newest one to the recipient whose subject matches.
    waitFor: (recipient, subjectPattern = /./) => eventually(`a mail ${subjectPattern} to ${recipient}`, () =>
      messages().findLast(({ recipients, subject }) =>
        recipients.includes(recipient) && subjectPattern.test(subject))),
    close() {
      running.delete(end);
      end();
    },
  };
}

// The settings of a service that sends through it.
export const smtpSettings = ({ url }, others = {}) => ({
  AUXEIRA_SMTP_URL: url, AUXEIRA_SMTP_FROM: 'no-reply@auxeira.example', AUXEIRA_SMTP_TLS: 'off', ...others,
});

// --- A server with answers of one's own ------------------------------------------------------------------------

const usual = { greeting: '220 here', EHLO: '250 here', MAIL: '250 ok', RCPT: '250 ok', DATA: '354 go on',
  '.': '250 kept', QUIT: '221 bye' };

// `answers`: what it says to a command, to the end of a mail ('.') or to a connection ('greeting') in place of the
// usual; null hangs; after relent() it is the usual again. `commands` are those it was given, `kept` the mails that
// it said it keeps.
export async function startFakeSmtp(answers = {}) {
  const says = { ...usual, ...answers };
  const commands = [];
  const kept = [];
  const sockets = new Set();
  const server = createServer((socket) => {
    let rest = '';
    let mail = null; // its lines, between DATA and the dot
    const answer = (to) => {
      const text = says[to] === undefined ? '500 what?' : says[to];
      if (to === 'DATA' && text?.startsWith('354')) mail = [];
      if (to === '.' && text?.startsWith('250')) kept.push(mail.join('\n'));
      if (to === '.') mail = null;
      if (text !== null) socket.write(`${text}\r\n`);
    };
    const take = (line) => {
      if (mail !== null && line !== '.') return mail.push(line);
      commands.push(line);
      return answer(line.split(/[ :]/)[0].toUpperCase());
    };
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.setEncoding('latin1');
    socket.on('data', (data) => {
      const lines = (rest + data).split('\r\n');
      rest = lines.pop();
      lines.forEach(take);
    });
    commands.push('greeting');
    answer('greeting');
  });
  const port = await listen(server);
  const end = () => {
    server.close();
    sockets.forEach((socket) => socket.destroy());
  };
  running.add(end);
  return {
    url: `smtp://${host}:${port}`, port, commands, kept, says,
    relent: () => Object.assign(says, usual),
    close() {
      running.delete(end);
      end();
    },
  };
}
