// The viewer at /docs: pages that need nothing from elsewhere and run nothing that is written into them (ASVS 3.4); names by
// content; compressed beforehand.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { launch, root, startService } from './support/service.mjs';

const web = join(root, 'build/web');
const service = await startService({ AUXEIRA_WEB: web });
after(() => service.close());

// Bytes as they come.
const fetchRaw = (path, headers = {}) => new Promise((resolve, reject) => {
  request(service.url + path, { headers }, (response) => {
    const parts = [];
    response.on('data', (part) => parts.push(part));
    response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
  }).on('error', reject).end();
});

const page = (await service.api.get('/docs')).text;
const linked = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path);
const assets = linked.filter((path) => path.startsWith('/docs/'));
const policyOf = ({ headers }) => Object.fromEntries(headers.get('content-security-policy').split('; ')
  .map((directive) => directive.split(/ (.*)/s).slice(0, 2)));

describe('the page', () => {
  test('may run and show what comes from here, and nothing that is written into it', async () => {
    const answer = await service.api.get('/docs');
    assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8');
    const policy = policyOf(answer);
    assert.equal(policy['default-src'], "'none'");
    assert.equal(policy['script-src'], "'self'");
    assert.equal(policy['style-src'], "'self'");
    assert.equal(policy['connect-src'], "'self'");
    assert.equal(policy['base-uri'], "'none'");
    assert.equal(policy['frame-ancestors'], "'none'");
    assert.ok(!/unsafe|https?:|\*/.test(answer.headers.get('content-security-policy')));
  });

  test('has nothing in it that this would refuse', () => {
    assert.deepEqual(page.match(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:/gi), null);
    assert.deepEqual(linked.filter((path) => !path.startsWith('/') || path.startsWith('//')), []);
    assert.ok(assets.length >= 4);
  });

  test('has the headers of ASVS 3.4, as its parts have', async () => {
    for (const path of ['/docs', ...assets]) {
      const { headers } = await service.api.get(path);
      assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
      assert.equal(headers.get('referrer-policy'), 'no-referrer', path);
      assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin', path);
      assert.match(headers.get('strict-transport-security'), /^max-age=31536000/, path);
      assert.match(headers.get('content-security-policy'), /^default-src 'none'/, path);
    }
  });

  test('is asked for again each time, and sent when it is another', async () => {
    const { headers } = await service.api.get('/docs');
    assert.equal(headers.get('cache-control'), 'public, no-cache');
    const again = await service.api.get('/docs', { headers: { 'if-none-match': headers.get('etag') } });
    assert.deepEqual([again.status, again.text], [304, '']);
  });
});

describe('its parts', () => {
  test('have names by their content, and stay good for ever', async () => {
    for (const path of assets) {
      const { status, headers, body } = await fetchRaw(path);
      assert.equal(status, 200, path);
      assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable', path);
      const [, hash] = path.match(/\.([0-9a-f]{16})\.\w+$/);
      assert.ok(createHash('sha256').update(body).digest('hex').startsWith(hash), path);
    }
  });

  test('are of their types', async () => {
    const types = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', png: 'image/png' };
    for (const path of assets) assert.equal((await fetchRaw(path)).headers['content-type'], types[path.split('.').at(-1)], path);
  });

  test('come compressed to who can read that', async () => {
    const path = assets.find((one) => one.endsWith('.css'));
    const plain = await fetchRaw(path);
    assert.equal(plain.headers['content-encoding'], undefined);
    const forms = [['br', brotliDecompressSync, 'gzip, deflate, br'], ['gzip', gunzipSync, 'gzip, deflate'], ['gzip', gunzipSync, 'br;q=0, *']];
    for (const [coding, unpack, accepted] of forms) {
      const { headers, body } = await fetchRaw(path, { 'accept-encoding': accepted });
      assert.equal(headers['content-encoding'], coding, accepted);
      assert.equal(headers.vary, 'Accept-Encoding');
      assert.ok(body.length < plain.body.length / 4);
      assert.ok(unpack(body).equals(plain.body), accepted);
      assert.notEqual(headers.etag, plain.headers.etag);
    }
  });

  test('ask nobody else', () => {
    const own = readdirSync(join(web, 'docs')).filter((name) => /^viewer\..*\.js$|^index\.html$/.test(name));
    assert.equal(own.length, 2);
    own.forEach((name) => assert.ok(!/https?:\/\//.test(readFileSync(join(web, 'docs', name), 'utf8')), name));
  });

  test('are those that were built, and no others', async () => {
    for (const path of ['/docs/none.js', '/docs/..%2f..%2fkeys', '/docs/index.html', '/docs/.hidden', `${assets[0]}.br`]) {
      assert.equal((await service.api.get(path)).status, 404, path);
    }
    assert.equal((await service.api.post('/docs', {})).status, 405);
    const head = await service.api.send('HEAD', '/docs');
    assert.deepEqual([head.status, head.text], [200, '']);
  });
});

describe('AUXEIRA_WEB', () => {
  test('may be none: there is no viewer then', async () => {
    const bare = await service.another({ AUXEIRA_WEB: undefined });
    assert.equal((await bare.api.get('/docs')).status, 404);
    assert.equal((await bare.api.get('/api/openapi.json')).status, 200);
    await bare.stop();
  });

  test('must be a directory', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'auxeira-web-'));
    writeFileSync(join(directory, 'file'), '');
    for (const wrong of ['none', 'file']) {
      const { ended, log } = launch({ ...service.settings, AUXEIRA_WEB: join(directory, wrong) });
      assert.equal((await ended).code, 2);
      assert.match(log(), /AUXEIRA_WEB=.* is no directory/);
    }
    rmSync(directory, { recursive: true });
  });
});
