// A certificate of one's own, which vouches for itself.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export const host = '127.0.0.1';

export function selfSigned(directory) {
  const [certificate, key] = ['certificate.pem', 'key.pem'].map((name) => join(directory, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-days', '2', '-subj', '/CN=localhost', '-addext', `subjectAltName=IP:${host}`, '-keyout', key,
    '-out', certificate], { stdio: 'ignore' });
  return { certificate, key };
}
