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
  13: [undefined, text],
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
