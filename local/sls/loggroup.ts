import { refuse } from './errors.ts';

/**
 * Checks that bytes are one well-formed LogGroup (proto2, as in the SDKs' log_logs.proto) without building anything:
 * a put is kept as it came, so what a consumer reads is what the producer wrote.
 */

/** API reference, PutLogs: a value is at most 1 MB. */
export const VALUE_BYTES_MAX = 1024 * 1024;

type Wire = 'varint' | 'fixed64' | 'bytes' | 'fixed32';
const WIRES: readonly (Wire | undefined)[] = ['varint', 'fixed64', 'bytes', undefined, undefined, 'fixed32'];

interface Message {
  readonly name: string;
  readonly fields: Readonly<Record<number, { wire: Wire; required?: boolean; message?: Message }>>;
}

/** A tag is 32 bits on the wire. */
const TAG_MAX = 2 ** 32 - 1;

const required = { wire: 'bytes', required: true } as const;
const CONTENT: Message = { name: 'Content', fields: { 1: required, 2: required } };
const TAG: Message = { name: 'LogTag', fields: { 1: required, 2: required } };
const LOG: Message = {
  name: 'Log',
  fields: {
    1: { wire: 'varint', required: true },
    2: { wire: 'bytes', message: CONTENT },
    4: { wire: 'fixed32' },
  },
};
const LOG_GROUP: Message = {
  name: 'LogGroup',
  fields: {
    1: { wire: 'bytes', message: LOG },
    2: { wire: 'bytes' },
    3: { wire: 'bytes' },
    4: { wire: 'bytes' },
    5: { wire: 'bytes' },
    6: { wire: 'bytes', message: TAG },
  },
};

/**
 * Number of logs in the group. Refuses with PostBodyInvalid what no protobuf parser would read (a cut field, a known
 * field of another wire type, a missing required one), with PostBodyTooLarge a value over 1 MB.
 */
export function countLogs(bytes: Uint8Array): number {
  let logs = 0;
  walk(bytes, 0, bytes.length, LOG_GROUP, (message) => {
    if (message === LOG) logs += 1;
  });
  return logs;
}

function walk(
  bytes: Uint8Array,
  start: number,
  end: number,
  message: Message,
  onMessage: (message: Message) => void,
): void {
  const seen = new Set<number>();
  let at = start;
  while (at < end) {
    const [tag, afterTag] = readVarint(bytes, at, end);
    const number = Math.floor(tag / 8);
    const wire = WIRES[tag % 8];
    const field = message.fields[number];
    if (number === 0 || tag > TAG_MAX || wire === undefined || (field && field.wire !== wire))
      throw refuse.bodyNotProtobuf();
    const [from, to] = extent(bytes, afterTag, end, wire);
    if (to > end) throw refuse.bodyNotProtobuf();
    if (message === CONTENT && number === 2 && to - from > VALUE_BYTES_MAX) {
      throw refuse.valueTooLarge(to - from, VALUE_BYTES_MAX);
    }
    if (field?.message) walk(bytes, from, to, field.message, onMessage);
    if (field?.required) seen.add(number);
    at = to;
  }
  for (const [number, field] of Object.entries(message.fields)) {
    if (field.required && !seen.has(Number(number))) throw refuse.bodyNotProtobuf();
  }
  onMessage(message);
}

/** Where a field's content lies; its end may be beyond what there is. */
function extent(bytes: Uint8Array, at: number, end: number, wire: Wire): [from: number, to: number] {
  if (wire === 'fixed32') return [at, at + 4];
  if (wire === 'fixed64') return [at, at + 8];
  const [value, after] = readVarint(bytes, at, end);
  return wire === 'varint' ? [at, after] : [after, after + value];
}

/** Precise up to 2^53, which tags and lengths never pass. */
function readVarint(bytes: Uint8Array, at: number, end: number): [value: number, after: number] {
  let value = 0;
  for (let index = 0; index < 10 && at + index < end; index += 1) {
    const byte = bytes[at + index]!;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return [value, at + index + 1];
  }
  throw refuse.bodyNotProtobuf();
}
