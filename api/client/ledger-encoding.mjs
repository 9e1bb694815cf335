// Reads the encoding that the ledger hashes, as the JSON that people read: extension/ledger/ENCODING.md.

export class MalformedEncoding extends Error {
  constructor(message = 'malformed encoding') {
    super(message);
    this.name = 'MalformedEncoding';
  }
}

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
export const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (digits) => parseInt(digits, 16));

const refuse = () => {
  throw new MalformedEncoding();
};

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.place = 0;
  }
  get done() { return this.place === this.bytes.length; }
  take(length) {
    if (length > this.bytes.length - this.place) refuse();
    this.place += length;
    return this.bytes.subarray(this.place - length, this.place);
  }
  number(length) { return this.take(length).reduce((number, byte) => number * 256 + byte, 0); }
  rest() { return this.take(this.bytes.length - this.place); }
}

const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function utf8(bytes) {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

const text = (bytes) => utf8(bytes) ?? { bytes: hex(bytes) };
const name = (bytes) => utf8(bytes) ?? refuse();
const exact = (number) => (Number.isSafeInteger(Number(number)) ? Number(number) : String(number));
const finite = (number) => (Number.isFinite(number) ? number : String(number));
const integer = (bytes) => exact(view(bytes).getBigInt64(0));
const operation = (bytes) => ('IUDTBXAEC'.includes(text(bytes)) ? text(bytes) : refuse());
const uuid = (bytes) => hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

// --- Dates and times: since 2000-01-01, the least and the greatest number are the infinities ----------------------

const day = 86_400_000_000n;
// The calendar repeats itself, and Date has not all of it.
const eraDays = 146_097n;
const epoch = Date.UTC(2000, 0, 1);
const floorDivide = (number, by) => number / by - (number % by < 0n ? 1n : 0n);
const digits = (number, width) => String(number).padStart(width, '0');

function yearText(year) {
  if (year >= 0n && year <= 9999n) return digits(year, 4);
  return year < 0n ? `-${digits(-year, 6)}` : `+${digits(year, 6)}`;
}

function dayText(days) {
  const eras = floorDivide(days, eraDays);
  const date = new Date(epoch + Number(days - eras * eraDays) * 86_400_000);
  const year = BigInt(date.getUTCFullYear()) + eras * 400n;
  return `${yearText(year)}-${digits(date.getUTCMonth() + 1, 2)}-${digits(date.getUTCDate(), 2)}`;
}

function timeText(microseconds) {
  const seconds = microseconds / 1_000_000n;
  return [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n].map((part) => digits(part, 2)).join(':') +
    `.${digits(microseconds % 1_000_000n, 6)}`;
}

function orInfinity(number, bits, finiteText) {
  if (number === (1n << (bits - 1n)) - 1n) return 'infinity';
  return number === -(1n << (bits - 1n)) ? '-infinity' : finiteText(number);
}

const timestampText = (zone) => (bytes) => orInfinity(view(bytes).getBigInt64(0), 64n, (number) => {
  const days = floorDivide(number, day);
  return `${dayText(days)}T${timeText(number - days * day)}${zone}`;
});

// --- Documents, as the server stores them in a jsonb ----------------------------------------------------------

// Each byte as a character, until the whole text is there.
const characters = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
const bytesOf = (all) => Uint8Array.from(all, (character) => character.charCodeAt(0));
const escapes = { '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' };
const escape = (character) => escapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
const quoted = (bytes) => `"${characters(bytes).replace(/[^ !#-[\]-\u00ff]/g, escape)}"`;

function little(bytes, place, length) {
  if (place + length > bytes.length) refuse();
  return bytes.subarray(place, place + length).reduceRight((number, byte) => number * 256 + byte, 0);
}

// Digits of 10,000 each, the first one worth 10,000 to the power of the weight.
function readNumber(bytes) {
  const header = little(bytes, 4, 2);
  const isShort = (header & 0xc000) === 0x8000;
  if (little(bytes, 0, 4) !== bytes.length * 4 || bytes.length % 2 === 1 || header >= 0xc000) refuse();
  const groups = [];
  for (let place = isShort ? 6 : 8; place < bytes.length; place += 2) groups.push(little(bytes, place, 2));
  if (groups.some((group) => group > 9999)) refuse();
  return isShort
    ? { groups, isNegative: header & 0x2000, decimals: (header >> 7) & 0x3f, weight: (header & 0x3f) - (header & 0x40) }
    : { groups, isNegative: header & 0x4000, decimals: header & 0x3fff, weight: (little(bytes, 6, 2) << 16) >> 16 };
}

function numberText(bytes) {
  const { groups, isNegative, decimals, weight } = readNumber(bytes);
  const from = (first, count) => Array.from({ length: Math.max(count, 0) }, (_, i) => digits(groups[first + i] ?? 0, 4)).join('');
  const whole = from(0, weight + 1).replace(/^0+/, '') || '0';
  const fraction = from(weight + 1, Math.ceil(decimals / 4)).slice(0, decimals);
  return `${isNegative ? '-' : ''}${whole}${fraction && '.'}${fraction}`;
}

// The entries say where each key and value ends; all keys of an object come before its values.
class Container {
  constructor(bytes) {
    const header = little(bytes, 0, 4);
    this.isObject = (header & 0x20000000) !== 0;
    this.isScalar = (header & 0x10000000) !== 0;
    const isArray = (header & 0x40000000) !== 0;
    const count = header & 0x0fffffff;
    this.end = this.isObject ? 2 * count : count;
    if (this.isObject === isArray || (this.isScalar && (this.isObject || count !== 1)) || this.end > (bytes.length - 4) / 4) refuse();
    this.entries = bytes.subarray(4, 4 + 4 * this.end);
    this.data = bytes.subarray(4 + 4 * this.end);
    this.keys = [];
    [this.entry, this.offset] = [0, 0];
    while (this.isObject && this.entry < count) this.keys.push(this.kind === 0 ? this.next() : refuse());
    this.first = this.entry;
  }
  get done() { return this.entry === this.end && (this.offset === this.data.length || refuse()); }
  get kind() { return (little(this.entries, 4 * this.entry, 4) >>> 28) & 7; }
  // An entry has the length, or the offset of the end.
  next() {
    const entry = little(this.entries, 4 * this.entry, 4);
    const begin = this.offset;
    this.offset = (entry & 0x0fffffff) + (entry & 0x80000000 ? 0 : begin);
    if (this.offset < begin || this.offset > this.data.length) refuse();
    this.entry += 1;
    return this.data.subarray(begin, this.offset);
  }
  // Numbers and containers begin at the next word.
  nextAligned() {
    const padding = (4 - this.offset % 4) % 4;
    const bytes = this.next();
    return bytes.length < padding ? refuse() : bytes.subarray(padding);
  }
  bracket(ofObject, ofArray) { return this.isScalar ? '' : this.isObject ? ofObject : ofArray; }
}

// Without recursion: documents may be nested deeper than a stack is.
function documentText(stored) {
  const parts = [];
  const open = [];
  const begin = (bytes) => {
    open.push(new Container(bytes));
    parts.push(open.at(-1).bracket('{', '['));
  };
  const write = [
    (container) => parts.push(quoted(container.next())),
    (container) => parts.push(numberText(container.nextAligned())),
    (container) => parts.push((container.next(), 'false')),
    (container) => parts.push((container.next(), 'true')),
    (container) => parts.push((container.next(), 'null')),
    (container) => begin(container.nextAligned()),
  ];
  begin(stored);
  while (open.length > 0) {
    const container = open.at(-1);
    if (container.done) {
      parts.push(open.pop().bracket('}', ']'));
    } else {
      const place = container.entry - container.first;
      if (place > 0) parts.push(', ');
      if (container.isObject) parts.push(quoted(container.keys[place]), ': ');
      (write[container.kind] ?? refuse)(container);
    }
  }
  return text(bytesOf(parts.join('')));
}

// --- Values ---------------------------------------------------------------------------------------------------

const deepest = 64;

function dimensionsOf(reader) {
  const count = reader.number(4);
  if (count > 6) refuse();
  return Array.from({ length: count }, () => [reader.number(4), reader.number(4)][0]);
}

function nested(reader, [length, ...inner], depth) {
  return Array.from({ length }, () => {
    if (inner.length > 0) return nested(reader, inner, depth);
    const isNull = reader.number(1);
    if (isNull > 1) refuse();
    return isNull ? null : readValue(reader, depth);
  });
}

function array(bytes, depth) {
  const reader = new Reader(bytes);
  const dimensions = dimensionsOf(reader);
  const count = dimensions.reduce((product, length) => product * length, 1);
  // Every element takes a byte at least.
  if (dimensions.length > 0 && (count === 0 || count > bytes.length - reader.place)) refuse();
  const elements = dimensions.length > 0 ? nested(reader, dimensions, depth) : [];
  if (!reader.done) refuse();
  return elements;
}

function other(bytes) {
  const reader = new Reader(bytes);
  return { type: text(reader.take(reader.number(2))), bytes: hex(reader.rest()) };
}

const boolean = ([byte]) => (byte > 1 ? refuse() : byte === 1);

// By tag: the length where there is only one, and how the content is shown. What has no row is no value.
const tags = {
  1: [1, boolean],
  2: [8, integer],
  3: [4, (bytes) => finite(view(bytes).getFloat32(0))],
  4: [8, (bytes) => finite(view(bytes).getFloat64(0))],
  5: [undefined, text],
  6: [undefined, text],
  7: [undefined, (bytes) => ({ bytes: hex(bytes) })],
  8: [8, timestampText('Z')],
  9: [8, timestampText('')],
  10: [4, (bytes) => orInfinity(BigInt(view(bytes).getInt32(0)), 32n, dayText)],
  11: [8, (bytes) => timeText(view(bytes).getBigInt64(0))],
  12: [16, uuid],
  13: [undefined, documentText],
  14: [undefined, array],
  15: [undefined, (bytes, depth) => readRow(bytes, depth)],
  16: [undefined, other],
  17: [32, (bytes) => ({ digest: hex(bytes) })],
};

function readValue(reader, depth) {
  const tag = tags[reader.number(1)];
  const length = reader.number(4);
  if (!tag || depth === deepest || (tag[0] ?? length) !== length) refuse();
  return tag[1](reader.take(length), depth + 1);
}

function isBefore(one, other) {
  const at = one.findIndex((byte, place) => byte !== other[place]);
  return at === -1 ? one.length < other.length : one[at] < (other[at] ?? -1);
}

// An object with the columns as members.
export function readRow(bytes, depth = 0) {
  const reader = new Reader(bytes);
  const columns = [];
  for (let last; !reader.done;) {
    const column = reader.take(reader.number(2));
    if (last && !isBefore(last, column)) refuse();
    columns.push([name(column), readValue(reader, depth)]);
    last = column;
  }
  return Object.fromEntries(columns);
}

// --- Metadata -------------------------------------------------------------------------------------------------

const timestamp = timestampText('Z');
// By number, from 1: the name, how it is shown, the length where there is only one, whether it may be left out.
const fields = [
  ['changeId', integer, 8],
  ['transaction', integer, 8],
  ['at', timestamp, 8],
  ['table', text],
  ['operation', operation, 1],
  ['key', (bytes) => readRow(bytes)],
  ['organization', uuid, 16, true],
  ['user', uuid, 16, true],
  ['session', uuid, 16, true],
  ['role', text, undefined, true],
  ['login', text, undefined, true],
  ['address', text, undefined, true],
  ['requestId', text, undefined, true],
  ['traceId', text, undefined, true],
  ['reason', text, undefined, true],
];

function readMetadata(bytes) {
  const reader = new Reader(bytes);
  const shown = {};
  for (let last = 0; !reader.done;) {
    const number = reader.number(1);
    if (number <= last || number > fields.length) refuse();
    const content = reader.take(reader.number(4));
    const [member, show, length] = fields[number - 1];
    if ((length ?? content.length) !== content.length) refuse();
    shown[member] = show(content);
    last = number;
  }
  return fields.every(([member, , , optional]) => optional || member in shown) ? shown : refuse();
}

// The change that a receipt proves: the metadata as members, and the row after the change or null.
export const readChange = (metadata, row) => ({ ...readMetadata(metadata), row: row === null ? null : readRow(row) });
