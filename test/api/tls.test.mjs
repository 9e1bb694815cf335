// TLS to PostgreSQL: spoken, and with no other server than the one that is meant (OWASP ASVS 5.0, 12.3.1).
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { host, selfSigned } from './support/certificate.mjs';
import { formatDsn, parseDsn } from './support/connection.mjs';
import { startInstance } from './support/instance.mjs';
import { newKey, startProcess } from './support/service.mjs';
import { execute, query } from './support/sql.mjs';
import { newUser } from './support/users.mjs';
import { eventually } from './support/wait.mjs';

let instance;
const directories = [];

// The server and the service are users of their own.
function newCertificate() {
  const directory = mkdtempSync(join(tmpdir(), 'auxeira-tls-'));
  chmodSync(directory, 0o755);
  directories.push(directory);
  return selfSigned(directory);
}

const served = newCertificate();

before(async () => {
  instance = await startInstance();
  const { uid, gid } = statSync(instance.cluster);
  chownSync(served.key, uid, gid);
  await execute(instance.dsn, `alter system set ssl_cert_file = '${served.certificate}';
    alter system set ssl_key_file = '${served.key}';
    alter system set ssl = on;
    select pg_reload_conf();`);
});
after(async () => {
  await instance.close();
  directories.forEach((directory) => rmSync(directory, { recursive: true }));
});

// The instance's own service uses the socket.
const startVerifying = (others, options) => startProcess({
  AUXEIRA_APP_DSN: formatDsn({ ...parseDsn(instance.appDsn), host, sslmode: 'verify-full',
    sslrootcert: served.certificate, ...others }),
  AUXEIRA_JWT_KEY: newKey(), AUXEIRA_VAULT_KEY: newKey(),
}, options);

const overNetwork = () => query(instance.dsn, `select distinct ssl, version from pg_stat_ssl
  join pg_stat_activity using (pid) where client_addr is not null`);

describe('a database that is reached over a network', () => {
  test('is spoken to in TLS, by every connection', async () => {
    const service = await startVerifying({});
    await newUser(service);
    assert.deepEqual(await overNetwork(), [{ ssl: true, version: 'TLSv1.3' }]);
    await service.stop();
  });

  for (const [what, others, reason] of [
    ['with a certificate of another authority', () => ({ sslrootcert: newCertificate().certificate }),
      /certificate verify failed/],
    ['with a certificate for another host', () => ({ host: 'db.example', hostaddr: host }),
      /does not match host name \\"db\.example\\"/],
  ]) {
    test(`${what} is none: the service does not get ready`, async () => {
      const service = await startVerifying(others(), { untilReady: false });
      await eventually('the log tells why', () => reason.test(service.log()));
      assert.equal((await service.api.get('/ready')).status, 503);
      assert.deepEqual(await overNetwork(), []);
      await service.stop();
    });
  }
});
