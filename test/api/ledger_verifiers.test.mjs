// The two verifiers of the ledger, auxeira-verify and the JavaScript one: both prove the vectors, refuse the same
// forgeries and say the same of them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const { anyKey, verify, faultBetween, leafHash } = await import(join(root, 'api/client/ledger.mjs'));
const program = join(root, 'build/cmake/auxeira-verify');
const vectors = JSON.parse(readFileSync(join(root, 'test/vectors/ledger.json'), 'utf8'));
const heads = vectors.heads.map(({ head, signature, publicKey }) => ({ version: 1, head, signature, publicKey }));
const documents = [...vectors.receipts, ...vectors.consistencies, ...heads];
const directory = mkdtempSync(join(tmpdir(), 'auxeira-verify-'));
const keyFile = join(directory, 'key');
writeFileSync(keyFile, `${vectors.key.public}\n`);
after(() => rmSync(directory, { recursive: true }));

const run = (words, input = '') => spawnSync(program, words, { input, encoding: 'utf8' });
const clone = (document) => JSON.parse(JSON.stringify(document));
const lines = (all) => all.map((document) => JSON.stringify(document)).join('\n');
const signed = ['--key', keyFile];
const unreadable = 'unreadable';

// A document, or its text.
const textOf = (document) => (typeof document === 'string' ? document : JSON.stringify(document));

// undefined when it is proven, else the fault.
function verdictOfProgram(document) {
  const { status, stdout, stderr } = run(signed, textOf(document));
  if (status === 2) return unreadable;
  const [, proven, fault] = /^-: (?:(proven): .*|NOT PROVEN: (.*))\n$/.exec(stdout) ?? assert.fail(stdout + stderr);
  assert.equal(status, proven ? 0 : 1);
  return fault;
}

async function verdictOfScript(document) {
  try {
    return (await verify(document, vectors.key.public)).fault;
  } catch (error) {
    assert.ok(error instanceof TypeError || error instanceof SyntaxError, error);
    return unreadable;
  }
}

async function fault(document) {
  const [one, other] = [verdictOfProgram(document), await verdictOfScript(document)];
  assert.equal(other, one);
  return one;
}

test('both prove every vector', async () => {
  for (const document of documents) assert.equal(await fault(document), undefined);
});

test('the script tells what a receipt proves', async () => {
  for (const receipt of vectors.receipts) assert.deepEqual((await verify(receipt, anyKey)).change, receipt.change);
});

test('the vectors hold the last number that JavaScript has, and the next', () => {
  const { row } = vectors.receipts[0].change;
  assert.equal(row.c05, Number.MAX_SAFE_INTEGER);
  assert.equal(row.c06, String(2 ** 53));
});

// Every member of every kind of document: one digit or character of it, and a part of the list.
function forgeries(document) {
  const forged = [];
  const add = (change) => {
    const copy = clone(document);
    change(copy);
    forged.push(copy);
  };
  const other = (digit) => (digit === '0' ? '1' : '0');
  for (const member of ['salt', 'metadata', 'row', 'leaf', 'signature', 'publicKey']) {
    if (typeof document[member] !== 'string') continue;
    for (const at of [0, document[member].length >> 1, document[member].length - 1]) {
      add((copy) => { copy[member] = copy[member].slice(0, at) + other(copy[member][at]) + copy[member].slice(at + 1); });
    }
  }
  for (let at = 0; at < (document.path ?? []).length; ++at) {
    add((copy) => { copy.path[at] = other(copy.path[at][0]) + copy.path[at].slice(1); });
    add((copy) => { copy.path.splice(at, 1); });
    add((copy) => { copy.path.splice(at, 0, copy.path[at]); });
    if (at > 0) add((copy) => { [copy.path[0], copy.path[at]] = [copy.path[at], copy.path[0]]; });
  }
  if ('leafIndex' in document) {
    add((copy) => { copy.leafIndex += 1; });
    add((copy) => { copy.leafIndex = 9007199254740991; });
    add((copy) => { copy.treeSize += 1; });
    add((copy) => { copy.row = copy.row === null ? '' : null; });
    add((copy) => { copy.change.reason = 'another'; });
    add((copy) => { copy.change.row = { forged: true }; });
    add((copy) => { delete copy.change.at; });
  }
  if ('head' in document) add((copy) => { copy.head = copy.head.replace('block ', 'block 1'); });
  if ('first' in document) add((copy) => { copy.first.head = copy.first.head.replace('sealed 2', 'sealed 3'); });
  return forged;
}

test('both refuse what was tampered with, for the same reason', async () => {
  for (const document of [vectors.receipts[1], vectors.receipts[2], vectors.receipts[5], vectors.consistencies[3], heads[1]]) {
    for (const forged of forgeries(document)) {
      assert.ok((await fault(forged))?.length > 0, JSON.stringify(forged));
    }
  }
});

test('both refuse to read what is no evidence', async () => {
  const [receipt] = vectors.receipts;
  const without = (member) => Object.fromEntries(Object.entries(receipt).filter(([name]) => name !== member));
  const members = ['change', 'salt', 'metadata', 'row', 'leafIndex', 'treeSize', 'path', 'head', 'signature', 'publicKey'];
  for (const document of [{}, [], 1, null, { version: 1 }, { ...receipt, version: 2 }, without('version'), ...members.map(without),
    { ...receipt, leafIndex: -1 }, { ...receipt, leafIndex: 2 ** 53 }, { ...receipt, salt: 'AB'.repeat(16) },
    { ...receipt, salt: '00' }, { ...receipt, path: ['00'] }, { ...receipt, path: {} }]) {
    assert.equal(await fault(document), unreadable, JSON.stringify(document).slice(0, 80));
  }
});

test('both read the same texts', async () => {
  const [receipt] = vectors.receipts;
  const text = JSON.stringify(receipt);
  const written = (member, as) => text.replace(new RegExp(`"${member}":(\\d+)`), `"${member}":${as}`);
  for (const number of ['leafIndex', 'treeSize']) {
    for (const as of ['$1.0', '$1e0', '$1.000', '$1.0000000000000000001', '-0', '-$1', '9007199254740993', `$1.0,"${number}":$1.0`]) {
      assert.equal(await fault(written(number, as)), unreadable, as);
    }
    assert.equal(await fault(written(number, `$1.0,"${number}":$1`)), undefined);
    assert.equal(await fault(written(number, '$1,"extra":{"leafIndex":1.0,"treeSize":[1e0]}')), undefined);
  }
  for (const wrapped of [`\ufeff${text}`, `${text}\0`, `${text}\n\0`, `\0${text}`, `${text}x`]) assert.equal(await fault(wrapped), unreadable);
  for (const wrapped of [`\n ${text}\r\n`, JSON.stringify(receipt, null, 2)]) assert.equal(await fault(wrapped), undefined);
});

test('the script takes no key for any key only when told so', async () => {
  for (const key of [undefined, null, '', 'ab', false, 0, {}, '1'.repeat(63), vectors.key.public.toUpperCase()]) {
    await assert.rejects(verify(heads[0], key), TypeError, String(key));
  }
  assert.equal((await verify(heads[0], vectors.key.public)).fault, undefined);
});

// Only the encoding itself is wrong: leaf, head and signature fit it.
test('both refuse the same malformed encodings', async () => {
  for (const { name, encoding } of vectors.malformedValues) {
    assert.equal(await fault(await receiptOfValue(encoding)), 'malformed encoding', name);
  }
  for (const { name, encoding } of vectors.values) {
    assert.notEqual(await fault(await receiptOfValue(encoding)), 'malformed encoding', name);
  }
});

const seed = Buffer.from(`302e020100300506032b657004220420${vectors.key.seed}`, 'hex');
const signingKey = createPrivateKey({ key: seed, format: 'der', type: 'pkcs8' });
const bytes = (text) => Uint8Array.from(Buffer.from(text, 'hex'));

// A well signed receipt, in a tree of one leaf.
async function receiptOf(parts) {
  const receipt = Object.assign(clone(vectors.receipts[1]), { leafIndex: 0, treeSize: 1, path: [] }, parts);
  receipt.leaf = await leafHash(bytes(receipt.salt), bytes(receipt.metadata), bytes(receipt.row));
  const text = receipt.head.split('\n');
  [text[2], text[3]] = ['1', Buffer.from(receipt.leaf, 'hex').toString('base64')];
  receipt.head = text.join('\n');
  receipt.signature = sign(null, Buffer.from(receipt.head), signingKey).toString('hex');
  return receipt;
}

// Of a row with one value.
const receiptOfValue = (encoding) => receiptOf({ row: `000163${encoding}` });

test('both know the same operations', async () => {
  let known = '';
  for (let letter = 0; letter < 256; ++letter) {
    const operation = Buffer.of(letter).toString('hex');
    const metadata = vectors.receipts[1].metadata.replace(/0500000001../, `0500000001${operation}`);
    if (await fault(await receiptOf({ metadata })) !== 'malformed encoding') known += String.fromCharCode(letter);
  }
  assert.equal(known, 'ABCDEITUX');
});

test('a key that is not trusted is refused, unless any key will do', async () => {
  const other = join(directory, 'other');
  writeFileSync(other, `${'1'.repeat(64)}\n`);
  const { status, stdout } = run(['--key', other], JSON.stringify(heads[0]));
  assert.equal(status, 1);
  assert.match(stdout, /signed by key [0-9a-f]{8}, not by the trusted key/);
  const { fault: said } = await verify(heads[0], '1'.repeat(64));
  assert.equal(stdout, `-: NOT PROVEN: ${said}\n`);
  assert.equal(run(['--any-key'], JSON.stringify(heads[0])).status, 0);
  assert.equal((await verify(heads[0], anyKey)).fault, undefined);
});

test('the program takes files, and documents on lines, and holds their heads together', async () => {
  const file = join(directory, 'witness');
  writeFileSync(file, `${lines(heads)}\n`);
  const good = run([...signed, file, '-'], JSON.stringify(vectors.receipts[0]));
  assert.equal(good.status, 0, good.stdout + good.stderr);
  assert.equal(good.stdout.split('\n').length, heads.length + 2);
});

test('two well signed heads of one block that differ are a fork', async () => {
  const { head, signature, publicKey } = await receiptOfValue(vectors.values[0].encoding);
  const forked = { version: 1, head, signature, publicKey };
  const { status, stdout } = run(signed, lines([heads[0], forked]));
  assert.equal(status, 1);
  assert.match(stdout, /together: NOT PROVEN: .*the history was forked\n$/);
  assert.ok(stdout.includes(await faultBetween(heads[0], forked)));
  assert.equal(await faultBetween(heads[0], heads[1]), undefined);
});

test('what cannot be read is status 2 and one line', () => {
  for (const [words, input] of [
    [signed, ''], [signed, 'no JSON'], [signed, '{}'], [signed, '{"version":1}'], [[...signed, '/nowhere']],
    [['--key', '/nowhere']], [['--key']], [['--wrong']], [[], '{}'], [[...signed, '--any-key'], '{}'],
  ]) {
    const { status, stdout, stderr } = run(words, input);
    assert.deepEqual([status, stdout], [2, ''], words.join(' '));
    assert.match(stderr, /^auxeira-verify: [^\n]+\n$/);
  }
  assert.equal(run(['--help']).status, 0);
});
