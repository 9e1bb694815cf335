// Each check of the JavaScript verifier is taken away in turn: something that must be refused is accepted then.
import assert from 'node:assert/strict';
import { createPrivateKey, sign } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const script = readFileSync(join(root, 'api/client/ledger.mjs'), 'utf8');
const vectors = JSON.parse(readFileSync(join(root, 'test/vectors/ledger.json'), 'utf8'));
const directory = mkdtempSync(join(tmpdir(), 'auxeira-mutants-'));
copyFileSync(join(root, 'api/client/ledger-encoding.mjs'), join(directory, 'ledger-encoding.mjs'));
after(() => rmSync(directory, { recursive: true }));

const seed = Buffer.from(`302e020100300506032b657004220420${vectors.key.seed}`, 'hex');
const signingKey = createPrivateKey({ key: seed, format: 'der', type: 'pkcs8' });
const trusted = vectors.key.public;

// A document like another, of which change() makes a forgery.
function forge(document, change) {
  const copy = structuredClone(document);
  change(copy);
  return copy;
}
function signAgain(head, from, to) {
  head.head = head.head.replace(from, to);
  head.signature = sign(null, Buffer.from(head.head), signingKey).toString('hex');
}

const receipt = vectors.receipts[1];
// The second head names no other than the one before it.
const consistency = vectors.consistencies.find(({ first, second }) => first.head.includes('block 1\n') && second.head.includes('block 3\n'));
const adjacent = vectors.consistencies.at(-1);
const flipped = (hash) => (hash[0] === '0' ? '1' : '0') + hash.slice(1);

// What is checked, the text of the check, what stands there without it, and what is accepted then.
const checks = [
  ['the leaf', '!== receipt.leaf)', '=== null)', forge(receipt, (copy) => { copy.salt = flipped(copy.salt); })],
  ['the key', 'trusted !== anyKey && trusted !== head.publicKey', 'false', receipt, '1'.repeat(64)],
  ['the signature', 'await isSigned(head) ?', 'true ?', forge(receipt, (copy) => { copy.signature = flipped(copy.signature); })],
  ['the size', 'head.treeSize !== BigInt(receipt.treeSize)', 'false', forge(receipt, (copy) => { copy.treeSize += 1; })],
  ['the path', '!await verifyInclusion(', 'false && !await verifyInclusion(', forge(receipt, (copy) => { copy.path[0] = flipped(copy.path[0]); })],
  ['the end of the path', 'return climb.atRoot && hash === root', 'return climb.atRoot', forge(receipt, (copy) => { copy.path[0] = flipped(copy.path[0]); })],
  ['the change', '!sameJson(change, receipt.change)', 'false', forge(receipt, (copy) => { copy.change.reason = 'another'; })],
  ['members of the change', 'names.length === Object.keys(other).length', 'true', forge(receipt, (copy) => { copy.change.more = 1; })],
  ['heads of consistency', 'return `${name}: ${fault}`', '{}', forge(consistency, (copy) => { copy.first.signature = flipped(copy.first.signature); })],
  ['the origin', 'first.origin !== second.origin', 'false', forge(consistency, (copy) => signAgain(copy.second, /\n[0-9a-f]{8}-/, '\n00000000-'))],
  ['the previous head', 'return named ?', 'return true ?', forge(adjacent, (copy) => signAgain(copy.second, /previous ./, 'previous B'))],
  ['incarnations', 'first.treeSize > second.treeSize || first.incarnation > second.incarnation', 'false',
    forge(consistency, (copy) => signAgain(copy.first, /incarnation \d+/, 'incarnation 9'))],
  ['consistency', 'return good ?', 'return true ?', forge(consistency, (copy) => { copy.path[0] = flipped(copy.path[0]); })],
  ['the first root', 'climb.atRoot && first === firstRoot && second === secondRoot', 'climb.atRoot && second === secondRoot',
    forge(consistency, (copy) => signAgain(copy.first, /\n[A-Za-z0-9+/]{43}=\nblock/, `\n${'A'.repeat(43)}=\nblock`))],
  ['the second root', 'climb.atRoot && first === firstRoot && second === secondRoot', 'climb.atRoot && first === firstRoot',
    forge(consistency, (copy) => signAgain(copy.second, /\n[A-Za-z0-9+/]{43}=\nblock/, `\n${'A'.repeat(43)}=\nblock`))],
];

async function verdict(text, name, document, key) {
  const file = join(directory, `${name.replaceAll(' ', '_')}.mjs`);
  writeFileSync(file, text);
  return (await (await import(pathToFileURL(file))).verify(document, key)).fault;
}

for (const [name, check, without, document, key = trusted] of checks) {
  test(`${name}: nothing else finds what this check does`, async () => {
    assert.equal(script.split(check).length, 2, 'the check is in the script once');
    assert.notEqual(await verdict(script, `with ${name}`, document, key), undefined);
    assert.equal(await verdict(script.replace(check, () => without), `without ${name}`, document, key), undefined);
  });
}
