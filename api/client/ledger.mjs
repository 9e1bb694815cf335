// Checks evidence of the ledger in a browser or in Node, with nothing but WebCrypto: receipts of changes, proofs that no
// change was taken back, and signed heads. The format is described in extension/ledger/ENCODING.md.
//
//     const verdict = await verify(document, trustedKey);   // the key in hexadecimal, or anyKey: whatever key it brings
//     verdict.fault     undefined when everything is proven, else what is wrong, in one line
//     verdict.change    of a receipt: what is proven, read from the encoding that was hashed
//
// A TypeError or SyntaxError is thrown for what is no evidence at all, be it good or bad, and a TypeError for what is no key.
import { readChange, fromHex, hex, MalformedEncoding } from './ledger-encoding.mjs';

const crypto = globalThis.crypto ?? (await import('node:crypto')).webcrypto;
const utf8 = new TextEncoder();

function joined(...parts) {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let place = 0;
  for (const part of parts) {
    bytes.set(part, place);
    place += part.length;
  }
  return bytes;
}

const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest('SHA-256', joined(...parts)));
const nodeHash = async (left, right) => hex(await sha256([1], fromHex(left), fromHex(right)));
const emptyRoot = async () => hex(await sha256());

export async function leafHash(salt, metadata, row) {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, metadata.length);
  return hex(await sha256([0], salt, length, metadata, [row ? 1 : 2], row ?? []));
}

// --- The tree: RFC 9162, 2.1 ----------------------------------------------------------------------------------

// Where a proof has come to on its way up: the node, and the last node of the same level.
class Climb {
  constructor(node, last) {
    this.node = BigInt(node);
    this.last = BigInt(last);
  }
  get atRoot() { return this.last === 0n; }
  get isRight() { return (this.node & 1n) === 1n; }
  // A last node without a brother is its own parent, up to where it has one.
  get joinsLeft() { return this.isRight || this.node === this.last; }
  up() {
    this.node >>= 1n;
    this.last >>= 1n;
  }
  upPastOnlyChildren() {
    while (!this.isRight && this.node !== 0n) this.up();
  }
}

export async function verifyInclusion(leaf, index, size, path, root) {
  if (BigInt(index) >= BigInt(size)) return false;
  const climb = new Climb(index, BigInt(size) - 1n);
  let hash = leaf;
  for (const brother of path) {
    if (climb.atRoot) return false;
    const left = climb.joinsLeft;
    hash = left ? await nodeHash(brother, hash) : await nodeHash(hash, brother);
    if (left) climb.upPastOnlyChildren();
    climb.up();
  }
  return climb.atRoot && hash === root;
}

export async function verifyConsistency(firstSize, firstRoot, secondSize, secondRoot, path) {
  const [small, large] = [BigInt(firstSize), BigInt(secondSize)];
  if (small === large) return path.length === 0 && firstRoot === secondRoot;
  if (small === 0n) return path.length === 0 && firstRoot === await emptyRoot();
  if (small > large) return false;
  const climb = new Climb(small - 1n, large - 1n);
  while (climb.isRight) climb.up();
  // A first tree that is one complete subtree is a node of the second, and the proof leaves it out.
  const brothers = (small & (small - 1n)) === 0n ? [firstRoot, ...path] : [...path];
  if (brothers.length === 0) return false;
  let first = brothers.shift();
  let second = first;
  for (const brother of brothers) {
    if (climb.atRoot) return false;
    const left = climb.joinsLeft;
    if (left) first = await nodeHash(brother, first);
    second = left ? await nodeHash(brother, second) : await nodeHash(second, brother);
    if (left) climb.upPastOnlyChildren();
    climb.up();
  }
  return climb.atRoot && first === firstRoot && second === secondRoot;
}

// --- Heads ----------------------------------------------------------------------------------------------------

const number = '(0|[1-9][0-9]*)';
const base64 = '([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)';
const headForm = new RegExp(`^auxeira-ledger/1\n([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\n${number}\n${base64}\n` +
  `block ${number}\nprevious ${base64}\nincarnation ${number}\nsealed (\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z)\n$`);
const largestNumber = (1n << 63n) - 1n;
const rawOf = (text) => hex(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));

function isTime(text) {
  const time = new Date(`${text.slice(0, 23)}Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().slice(0, 23) === text.slice(0, 23);
}

// The members of a head's text.
export function parseHead(text) {
  const parts = headForm.exec(text);
  const numbers = parts ? [parts[2], parts[4], parts[6]].map(BigInt) : [];
  if (!parts || !isTime(parts[7]) || numbers.some((n) => n > largestNumber)) throw new MalformedEncoding('malformed head');
  const [treeSize, block, incarnation] = numbers;
  return { origin: parts[1], treeSize, root: rawOf(parts[3]), block, previous: rawOf(parts[5]), incarnation, sealed: parts[7] };
}

// A short name for a key: the first eight digits of its SHA-256.
export const keyId = async (key) => hex(await sha256(fromHex(key))).slice(0, 8);

async function isSigned({ head, signature, publicKey }) {
  try {
    const key = await crypto.subtle.importKey('raw', fromHex(publicKey), 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, fromHex(signature), utf8.encode(head));
  } catch (error) {
    if (error.name === 'NotSupportedError') throw new Error('this browser cannot check Ed25519 signatures');
    return false;
  }
}

// For verify(): the document proves then that it was signed, and not by whom.
export const anyKey = Symbol('any key');

async function faultOfHead(head, trusted) {
  if (trusted !== anyKey && trusted !== head.publicKey) {
    return `the head is signed by key ${await keyId(head.publicKey)}, not by the trusted key ${await keyId(trusted)}`;
  }
  return await isSigned(head) ? undefined : 'the signature of the head is wrong';
}

// What is wrong between two good heads of one history.
export async function faultBetween(one, other) {
  const inOrder = parseHead(one.head).block <= parseHead(other.head).block;
  const [older, newer] = inOrder ? [one, other] : [other, one];
  const [first, second] = [parseHead(older.head), parseHead(newer.head)];
  if (first.origin !== second.origin) return 'the heads are of different installations';
  if (first.treeSize === second.treeSize && first.root !== second.root) {
    return 'the heads have different roots for the same size: the history was forked';
  }
  if (first.treeSize > second.treeSize || first.incarnation > second.incarnation) {
    return 'the later block has a smaller tree or an earlier incarnation: the history was forked';
  }
  if (first.block === second.block && older.head !== newer.head) {
    return 'the heads are of the same block and differ: the history was forked';
  }
  const named = first.block + 1n !== second.block || second.previous === hex(await sha256(utf8.encode(older.head)));
  return named ? undefined : 'the second head does not name the first as the previous: the history was forked';
}

// --- Documents ------------------------------------------------------------------------------------------------

const isBytes = (value, length) => typeof value === 'string' && /^(?:[0-9a-f]{2})*$/.test(value) &&
  (length === undefined || value.length === 2 * length);
const isNumber = (value) => Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
const isPath = (value) => Array.isArray(value) && value.every((hash) => isBytes(hash, 32));
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

const headMembers = {
  head: (value) => typeof value === 'string',
  signature: (value) => isBytes(value, 64),
  publicKey: (value) => isBytes(value, 32),
};
const isHead = (value) => isObject(value) && Object.entries(headMembers).every(([name, fits]) => fits(value[name]));

const receiptMembers = {
  change: (value) => value !== undefined,
  salt: (value) => isBytes(value, 16),
  metadata: (value) => isBytes(value),
  row: (value) => value === null || isBytes(value),
  leaf: (value) => isBytes(value, 32),
  leafIndex: isNumber,
  treeSize: isNumber,
  path: isPath,
  ...headMembers,
};

function sameJson(one, other) {
  if (!isObject(one) && !Array.isArray(one)) return one === other;
  if (!isObject(other) && !Array.isArray(other)) return false;
  const names = Object.keys(one);
  return Array.isArray(one) === Array.isArray(other) && names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && sameJson(one[name], other[name]));
}

async function verifyReceipt(receipt, trusted) {
  const metadata = fromHex(receipt.metadata);
  const row = receipt.row === null ? null : fromHex(receipt.row);
  const fault = (text) => ({ fault: text, heads: [receipt] });
  if (await leafHash(fromHex(receipt.salt), metadata, row) !== receipt.leaf) {
    return fault('the leaf is not the hash of the salt, the metadata and the row');
  }
  const headFault = await faultOfHead(receipt, trusted);
  if (headFault) return fault(headFault);
  const head = parseHead(receipt.head);
  if (head.treeSize !== BigInt(receipt.treeSize)) return fault('the tree size is not that of the head');
  if (!await verifyInclusion(receipt.leaf, receipt.leafIndex, receipt.treeSize, receipt.path, head.root)) {
    return fault('the path does not lead from the leaf to the root of the head');
  }
  const change = readChange(metadata, row);
  if (!sameJson(change, receipt.change)) return fault('the change that is shown is not the one that is proven');
  return { change, heads: [receipt] };
}

async function faultOfConsistency({ first, second, path }, trusted) {
  for (const [name, head] of [['first', first], ['second', second]]) {
    const fault = await faultOfHead(head, trusted);
    if (fault) return `${name}: ${fault}`;
  }
  const between = await faultBetween(first, second);
  if (between) return between;
  const [older, newer] = [parseHead(first.head), parseHead(second.head)];
  const good = await verifyConsistency(older.treeSize, older.root, newer.treeSize, newer.root, path);
  return good ? undefined : 'the path does not show that the first tree is the beginning of the second';
}

const verifyConsistencyDocument = async (document, trusted) =>
  ({ fault: await faultOfConsistency(document, trusted), heads: [document.first, document.second] });

async function verifyHead(head, trusted) {
  const fault = await faultOfHead(head, trusted);
  if (!fault) parseHead(head.head);
  return { fault, heads: [head] };
}

// By the member that only documents of the kind have.
const kinds = [
  ['leaf', receiptMembers, verifyReceipt],
  ['first', { first: isHead, second: isHead, path: isPath }, verifyConsistencyDocument],
  ['head', headMembers, verifyHead],
];

// The numbers that are members of a document, as they are written. It is JSON.
function numbersOf(text) {
  const written = new Map();
  let [depth, name] = [0];
  for (const [token, string, colon] of text.matchAll(/("(?:[^"\\]+|\\.)*")(\s*:)?|[[\]{}]|-?\d[-+.\deE]*/g)) {
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    else if (depth === 1 && colon) name = JSON.parse(string);
    else if (depth === 1 && !string) written.set(name, token);
  }
  return written;
}

// To JSON.parse 1.0 and 1e0 are 1. To others they are no whole numbers.
function checkMembers(evidence, members, written) {
  for (const [name, fits] of Object.entries(members)) {
    const isWhole = fits !== isNumber || /^\d+$/.test(written.get(name) ?? '0');
    if (!fits(evidence[name]) || !isWhole) throw new TypeError(`"${name}" is missing or wrong`);
  }
}

// Checks one document (a string, or what JSON.parse makes of it) against the key that must have signed it.
export async function verify(document, trusted) {
  if (trusted !== anyKey && !isBytes(trusted, 32)) {
    throw new TypeError('the trusted key is 64 lower-case hexadecimal digits, or anyKey');
  }
  const evidence = typeof document === 'string' ? JSON.parse(document) : document;
  const kind = isObject(evidence) && evidence.version === 1 && kinds.find(([name]) => Object.hasOwn(evidence, name));
  if (!kind) throw new TypeError('no receipt, consistency proof or head of version 1');
  const [, members, check] = kind;
  checkMembers(evidence, members, typeof document === 'string' ? numbersOf(document) : new Map());
  try {
    return await check(evidence, trusted);
  } catch (error) {
    if (error instanceof MalformedEncoding) return { fault: error.message, heads: [] };
    throw error;
  }
}
