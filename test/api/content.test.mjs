// The forms of an answer: compressed or not, JSON or CSV, page by page.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { assertProblem } from './support/problems.mjs';
import { converse, get } from './support/raw.mjs';
import { startService } from './support/service.mjs';
import { newUser } from './support/users.mjs';

const service = await startService();
after(() => service.close());
const user = await newUser(service);
const day = (n) => `2026-01-${String(n).padStart(2, '0')}T00:00:00Z`;
const point = (n, fields = {}) => ({ dashboard_type: 'startup_founder', metric_timestamp: day(n), metrics: { revenue: n, '=burn': -n }, ...fields });
const window = 'from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z';
const metrics = `/api/dashboard/metrics?${window}`;
before(async () => {
  const { status, text } = await user.api.post('/api/dashboard/metrics',
    { metrics: [...Array(28).keys()].map((i) => point(i + 1, i === 27 ? { metric_name: '=HYPERLINK("x"), and\r\nmore' } : {})) });
  assert.equal(status, 201, text);
});

// The bytes as they come: what fetch would unpack.
async function bytesOf(path, ...headers) {
  const { received } = await converse(service.url,
    [get(path, `Authorization: Bearer ${user.token}`, 'Connection: close', ...headers)]);
  const end = received.indexOf('\r\n\r\n');
  const lines = received.subarray(0, end).toString().split('\r\n').slice(1).map((line) => line.split(/: (.*)/s).slice(0, 2));
  return { headers: new Headers(lines), body: received.subarray(end + 4) };
}

describe('gzip', () => {
  test('a long answer is a fraction, and the same', async () => {
    const plain = await bytesOf(metrics);
    const packed = await bytesOf(metrics, 'Accept-Encoding: br, gzip;q=0.5');
    assert.equal(packed.headers.get('content-encoding'), 'gzip');
    assert.equal(Number(packed.headers.get('content-length')), packed.body.length);
    assert.ok(packed.body.length < plain.body.length / 3, `${packed.body.length} of ${plain.body.length}`);
    assert.deepEqual(gunzipSync(packed.body), plain.body);
    for (const { headers } of [plain, packed]) assert.match(headers.get('vary'), /\bAccept-Encoding\b/);
    assert.equal(plain.headers.get('content-encoding'), null);
  });

  test('HEAD says what GET would', async () => {
    const packed = await bytesOf(metrics, 'Accept-Encoding: gzip');
    const { headers, text } = await user.api.send('HEAD', metrics, { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(text, '');
    assert.equal(headers.get('content-length'), packed.headers.get('content-length'));
    assert.equal(headers.get('content-encoding'), 'gzip');
  });

  test('not when it is not wanted, short, a refusal, or beside secrets', async () => {
    const codings = async (path, coding = 'gzip') => (await bytesOf(path, `Accept-Encoding: ${coding}`)).headers.get('content-encoding');
    for (const coding of ['identity', 'gzip;q=0', 'br', '*;q=0', 'gzip;q=1.5']) assert.equal(await codings(metrics, coding), null, coding);
    for (const path of ['/live', '/api/dashboard/metrics?days=1&limit=1', `/api/none/${'x'.repeat(2000)}`]) assert.equal(await codings(path), null, path);
    for (let i = 0; i < 8; i += 1) await service.api.post('/api/auth/login', user);
    const sessions = await bytesOf('/api/auth/sessions', 'Accept-Encoding: gzip');
    assert.ok(sessions.body.length > 1024);
    assert.equal(sessions.headers.get('content-encoding'), null);
  });
});

describe('ETags', () => {
  const asked = async (etag, ...headers) => bytesOf(metrics, `If-None-Match: ${etag}`, ...headers);
  let plain;
  let packed;
  before(async () => {
    plain = (await bytesOf(metrics)).headers.get('etag');
    packed = (await bytesOf(metrics, 'Accept-Encoding: gzip')).headers.get('etag');
  });

  test('one for each form', () => {
    assert.match(plain, /^"[0-9a-f]{32}"$/);
    assert.equal(packed, plain.replace(/"$/, '-gzip"'));
  });

  test('either is answered by 304, which names the form that the client has', async () => {
    for (const etag of [plain, packed]) {
      for (const coding of ['gzip', 'identity']) {
        const { headers, body } = await asked(etag, `Accept-Encoding: ${coding}`);
        assert.deepEqual([headers.get('etag'), headers.get('content-encoding'), body.length], [etag, null, 0]);
        assert.match(headers.get('vary'), /\bAccept-Encoding\b/);
      }
    }
  });

  test('CSV has none, and is not answered by that of JSON', async () => {
    for (const etag of [plain, '*']) {
      const { headers, body } = await asked(etag, 'Accept: text/csv');
      assert.equal(headers.get('etag'), null);
      assert.ok(body.length > 1024);
    }
  });

  test('pages of JSON have them, and links', async () => {
    const page = await user.api.get(`${metrics}&limit=5`);
    assert.match(page.headers.get('link'), /rel="next"/);
    const again = await user.api.get(`${metrics}&limit=5`, { headers: { 'if-none-match': page.headers.get('etag') } });
    assert.deepEqual([again.status, again.text], [304, '']);
  });
});

describe('Accept', () => {
  const json = 'application/json; charset=utf-8';
  const csv = 'text/csv; charset=utf-8; header=present';
  const typeOf = async (accept, path = metrics) => (await user.api.get(path, { headers: { accept } })).headers.get('content-type');

  const choices = {
    '*/*': json, 'application/json': json, 'application/*': json, 'text/csv': csv, 'text/csv, application/json;q=0.9': csv,
    'text/csv;q=0.5, application/json': json, 'text/csv, */*': json, 'text/*': csv,
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8': json,
  };
  for (const [accept, type] of Object.entries(choices)) {
    test(`${accept} is ${type.split(';')[0]}`, async () => assert.equal(await typeOf(accept), type));
  }

  for (const accept of ['text/html', 'application/xml', 'application/json;q=0', 'image/*']) {
    test(`${accept} cannot be had`, async () => {
      assertProblem(await user.api.get(metrics, { headers: { accept } }),
        { status: 406, code: 'not_acceptable', error: 'This can be had as application/json and text/csv only' });
      assertProblem(await user.api.get('/api/auth/me', { headers: { accept } }),
        { status: 406, code: 'not_acceptable', error: 'This can be had as application/json only' });
    });
  }

  test('CSV of what is no list cannot be had, and nothing is done', async () => {
    const before_ = (await user.api.get('/api/synthetic/sessions')).body.data.sessions.length;
    const refused = await user.api.post('/api/synthetic/generate', { count: 1 }, { headers: { accept: 'text/csv' } });
    assert.equal(refused.status, 406);
    assert.equal((await user.api.get('/api/synthetic/sessions')).body.data.sessions.length, before_);
  });

  test('probes are answered whatever they ask for', async () => {
    assert.equal(await typeOf('text/plain', '/live'), json);
  });
});

// RFC 4180, strictly.
function parseCsv(text) {
  assert.ok(text === '' || text.endsWith('\r\n'));
  const rows = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  let row = [];
  for (let match; (match = cell.exec(text)) !== null;) {
    row.push(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"'));
    if (match[3] === '\r\n') { rows.push(row); row = []; }
    if (cell.lastIndex === text.length) break;
  }
  assert.equal(row.length, 0, text);
  const [names = [], ...lines] = rows;
  lines.forEach((line) => assert.equal(line.length, names.length));
  return { names, lines: lines.map((line) => Object.fromEntries(line.map((value, i) => [names[i], value]))) };
}

describe('CSV', () => {
  const asCsv = (path, api = user.api) => api.get(path, { headers: { accept: 'text/csv' } });

  test('has the rows of the JSON, members of members in columns of their own', async () => {
    const { body } = await user.api.get(metrics);
    const answer = await asCsv(metrics);
    assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="metrics.csv"');
    assert.match(answer.headers.get('vary'), /\bAccept\b/);
    const { names, lines } = parseCsv(answer.text);
    assert.deepEqual(names, ['metric_id', 'dashboard_type', 'metric_name', 'metric_value.=burn', 'metric_value.revenue',
      'metric_timestamp', 'is_synthetic', 'synthetic_algorithm', 'created_at']);
    assert.deepEqual(lines.map((line) => [line.metric_id, Number(line['metric_value.revenue']), line.is_synthetic, line.synthetic_algorithm]),
      body.data.metrics.map((m) => [m.metric_id, m.metric_value.revenue, String(m.is_synthetic), m.synthetic_algorithm ?? '']));
  });

  test('has no cell that is a formula', async () => {
    const { lines } = parseCsv((await asCsv(metrics)).text);
    assert.equal(lines[0].metric_name, '\'=HYPERLINK("x"), and\r\nmore');
    assert.equal(lines[0]['metric_value.=burn'], '-28', 'a number is none');
    for (const name of ['=1+1', '+1', '-1+1', '@SUM(A1)', '\t=1', '\r=1', '  =1', '＝1', '\n-1', "'=1", 'a=1', '1']) {
      const own = await newUser(service);
      await own.api.post('/api/dashboard/metrics', { metrics: [point(1, { metric_name: name })] });
      const [line] = parseCsv((await asCsv(metrics, own.api)).text).lines;
      const isHarmless = ["'=1", 'a=1', '1'].includes(name);
      assert.equal(line.metric_name, isHarmless ? name : `'${name}`, JSON.stringify(name));
    }
  });

  test('of nothing is nothing', async () => {
    const { status, text } = await asCsv('/api/investments');
    assert.deepEqual([status, text], [200, '']);
  });

  test('is compressed, and refusals stay problems', async () => {
    const { headers } = await user.api.get(metrics, { headers: { accept: 'text/csv', 'accept-encoding': 'gzip' } });
    assert.equal(headers.get('content-encoding'), 'gzip');
    const refused = await asCsv('/api/dashboard/metrics?days=0');
    assert.equal(refused.headers.get('content-type'), 'application/problem+json; charset=utf-8');
    assert.equal(refused.status, 422);
  });

  for (const path of ['/api/auth/sessions', '/api/auth/events', '/api/organizations', `/api/organizations/${user.organizationId}/members`,
    '/api/relationships', '/api/partnerships', '/api/documents', '/api/integrations', '/api/facts/headcounts', '/api/synthetic/templates',
    '/api/synthetic/sessions', `/api/history/organizations/${user.organizationId}`]) {
    test(`${path.replace(user.organizationId, ':id')} can be had, with every row of the JSON`, async () => {
      const list = Object.values((await user.api.get(path)).body.data).find(Array.isArray);
      const answer = await asCsv(path);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(parseCsv(answer.text).lines.length, list.length);
    });
  }
});

describe('pages', () => {
  const next = ({ headers }) => headers.get('link')?.match(/^<(\/[^>]+)>; rel="next"$/)?.[1];
  const idsOf = async (first, headers = {}, read = ({ body }) => body.data.metrics.map(({ metric_id: id }) => id)) => {
    const ids = [];
    const sizes = [];
    for (let path = first; path !== undefined;) {
      const answer = await user.api.get(path, { headers });
      assert.equal(answer.status, 200, answer.text);
      const page = read(answer);
      ids.push(...page);
      sizes.push(page.length);
      path = next(answer);
    }
    return { ids, sizes };
  };

  test('links lead through all, each once, in order', async () => {
    const all = (await user.api.get(metrics)).body.data.metrics.map(({ metric_id: id }) => id);
    const { ids, sizes } = await idsOf(`${metrics}&limit=10`);
    assert.deepEqual(ids, all);
    assert.deepEqual(sizes, [10, 10, 8]);
  });

  test('CSV has them too', async () => {
    const read = ({ text }) => parseCsv(text).lines.map((line) => line.metric_id);
    const { ids, sizes } = await idsOf(`${metrics}&limit=14`, { accept: 'text/csv' }, read);
    assert.equal(new Set(ids).size, 28);
    assert.deepEqual(sizes.slice(0, 2), [14, 14]);
  });

  test('a link keeps what was asked, and nothing of it breaks out', async () => {
    const { headers } = await user.api.get(`${metrics}&limit=5&metric=revenue&x=%3E%22%0d%0aSet-Cookie:a&includeSynthetic=false`);
    const link = headers.get('link');
    assert.match(link, /^<\/api\/dashboard\/metrics\?from=2026-01-01T00%3A00%3A00Z&to=[^&]+&limit=5&metric=revenue&x=%3E%22%0D%0ASet-Cookie%3Aa&includeSynthetic=false&cursor=[0-9a-f_-]+>; rel="next"$/);
    assert.equal(headers.get('set-cookie'), null);
  });

  test('there is none after the last page, nor where there are no pages', async () => {
    assert.equal((await user.api.get(`${metrics}&limit=1000`)).headers.get('link'), null);
    assert.equal((await user.api.get('/api/auth/events?limit=1')).status, 200);
    assert.equal((await user.api.get('/api/relationships?limit=1')).headers.get('link'), null);
  });
});
