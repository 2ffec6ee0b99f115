import { Buffer } from 'node:buffer';
import { varint } from '../../lib/sources/logs/encode.ts';
import { refuseData } from './errors.ts';

/**
 * Takes the body of an upload apart: a LogGroupList (proto2, `cls.proto` of the official SDKs) into its groups, each of
 * which becomes a message. A group is kept as it came, but for the times of its logs: they are uploaded in seconds,
 * milliseconds or microseconds, and consumers get microseconds (product page 614/78973).
 */

/** "Uploading Logs", limits: per package, per group, per value, and of all values of a group. */
export const UPLOAD_LIMITS = {
  groups: 10,
  logs: 10_000,
  valueBytes: 1024 ** 2,
  groupValueBytes: 5 * 1024 ** 2,
};

type Wire = 'varint' | 'fixed64' | 'bytes' | 'fixed32';
const WIRES: readonly (Wire | undefined)[] = ['varint', 'fixed64', 'bytes', undefined, undefined, 'fixed32'];
/** A tag is 32 bits on the wire. */
const TAG_MAX = 2 ** 32 - 1;

interface Field {
  readonly number: number;
  /** Of a varint, its value, precise up to 2^53; else 0. */
  readonly value: number;
  /** The field with its tag, and its content alone. */
  readonly whole: Uint8Array;
  readonly content: Uint8Array;
}

type Schema = Readonly<Record<number, { wire: Wire; required?: true }>>;

const text = { wire: 'bytes' } as const;
const LIST: Schema = { 1: { wire: 'bytes' } };
/** logs, contextFlow, filename, source, logTags, hostname */
const LOG_GROUP: Schema = { 1: text, 2: text, 3: text, 4: text, 5: text, 6: text };
/** time, contents, collectTime */
const LOG: Schema = { 1: { wire: 'varint', required: true }, 2: text, 3: { wire: 'varint' } };
/** key, value: of a content, and of a tag */
const PAIR: Schema = { 1: { wire: 'bytes', required: true }, 2: { wire: 'bytes', required: true } };

/** The messages of an upload. Refuses with MissingContent, InvalidContent, LogSizeExceed. */
export function messagesOf(list: Uint8Array): Uint8Array[] {
  const groups = fieldsOf(list, LIST).filter(({ number }) => number === 1);
  if (groups.length === 0) throw refuseData.missingContent();
  if (groups.length > UPLOAD_LIMITS.groups) {
    throw refuseData.logSizeExceed(`An upload has at most ${UPLOAD_LIMITS.groups} log groups.`);
  }
  return groups.map(({ content }) => messageOf(content));
}

function messageOf(group: Uint8Array): Uint8Array {
  const fields = fieldsOf(group, LOG_GROUP);
  for (const { content } of fields.filter(({ number }) => number === 5)) fieldsOf(content, PAIR);
  const logs = fields.filter(({ number }) => number === 1);
  if (logs.length === 0) throw refuseData.missingContent();
  if (logs.length > UPLOAD_LIMITS.logs) {
    throw refuseData.logSizeExceed(`A log group has at most ${UPLOAD_LIMITS.logs} logs.`);
  }
  let valueBytes = 0;
  const chunks = fields.flatMap((field) => {
    if (field.number !== 1) return [field.whole];
    const log = fieldsOf(field.content, LOG);
    for (const content of log.filter(({ number }) => number === 2)) valueBytes += checkedValue(content);
    return logInMicroseconds(field, log);
  });
  if (valueBytes > UPLOAD_LIMITS.groupValueBytes) {
    throw refuseData.logSizeExceed(
      `The values of a log group have at most ${UPLOAD_LIMITS.groupValueBytes} bytes.`,
    );
  }
  return Buffer.concat(chunks);
}

/** Bytes of the value of a content. */
function checkedValue({ content }: Field): number {
  const value = fieldsOf(content, PAIR).findLast(({ number }) => number === 2)!;
  const bytes = value.content.byteLength;
  if (bytes > UPLOAD_LIMITS.valueBytes) {
    throw refuseData.logSizeExceed(`A value has at most ${UPLOAD_LIMITS.valueBytes} bytes.`);
  }
  return bytes;
}

/** The field of a log as it came, if its time is in microseconds, else with the time changed. */
function logInMicroseconds(field: Field, log: readonly Field[]): Uint8Array[] {
  const isLate = ({ number, value }: Field): boolean => number === 1 && microsecondsOf(value) !== value;
  if (!log.some(isLate)) return [field.whole];
  const chunks = log.map((part) =>
    part.number === 1 ? Uint8Array.from([0x08, ...varint(microsecondsOf(part.value))]) : part.whole,
  );
  const length = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return [Uint8Array.from([0x0a, ...varint(length)]), ...chunks];
}

/**
 * Times are told apart by their size: up to the year 5138 in seconds, and from 1973 on in the others. What the live
 * service makes of times before that is not documented. Negative ones are very large here, and stay as they are.
 */
export function microsecondsOf(time: number): number {
  if (time < 100_000_000_000) return time * 1_000_000;
  return time < 100_000_000_000_000 ? time * 1000 : time;
}

/** The fields of a message, in order. Refuses with InvalidContent what no protobuf parser would read as this schema. */
function fieldsOf(bytes: Uint8Array, schema: Schema): Field[] {
  const fields: Field[] = [];
  let at = 0;
  while (at < bytes.byteLength) {
    const [tag, afterTag] = readVarint(bytes, at);
    const number = Math.floor(tag / 8);
    const wire = WIRES[tag % 8];
    const known = schema[number];
    if (number === 0 || tag > TAG_MAX || !wire || (known && known.wire !== wire)) throw notProtobuf();
    const [value, from, to] = extent(bytes, afterTag, wire);
    if (to > bytes.byteLength) throw notProtobuf();
    fields.push({ number, value, whole: bytes.subarray(at, to), content: bytes.subarray(from, to) });
    at = to;
  }
  for (const [number, { required }] of Object.entries(schema)) {
    if (required && !fields.some((field) => field.number === Number(number))) throw notProtobuf();
  }
  return fields;
}

/** A varint's value, and where a field's content lies; its end may be beyond what there is. */
function extent(bytes: Uint8Array, at: number, wire: Wire): [value: number, from: number, to: number] {
  if (wire === 'fixed32') return [0, at, at + 4];
  if (wire === 'fixed64') return [0, at, at + 8];
  const [value, after] = readVarint(bytes, at);
  return wire === 'varint' ? [value, at, after] : [0, after, after + value];
}

function readVarint(bytes: Uint8Array, at: number): [value: number, after: number] {
  let value = 0;
  for (let index = 0; index < 10 && at + index < bytes.byteLength; index += 1) {
    const byte = bytes[at + index]!;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return [value, at + index + 1];
  }
  throw notProtobuf();
}

function notProtobuf() {
  return refuseData.invalidContent('The body is no LogGroupList.');
}
