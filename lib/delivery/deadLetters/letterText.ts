/** Dead letters as JSON, which people can read where they lie, and records as the bytes that an item of a table holds. */
import { isUtf8 } from 'node:buffer';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import type { RawPair } from '../../sources/source.ts';
import type { KeptLetter, LetterHead, LetterRecord } from './deadLetters.ts';
import { keptLetter } from './kept.ts';
import type { RedriveState } from './shelf.ts';

/** Of the form. A later one that cannot be read is told from what is no letter. */
const VERSION = 1;

/** A text as it is; what is no UTF-8 in base 64. */
type TextOrBytes = string | { base64: string };

interface RecordJson {
  topic: string;
  source: string;
  tags: Readonly<Record<string, string>>;
  pairs: [key: TextOrBytes, value: TextOrBytes][];
}

export function writeLetter({ record, ...rest }: KeptLetter): string {
  return JSON.stringify({ version: VERSION, ...rest, record: record && recordJson(record) });
}

/** Undefined for what is no letter. */
export function readLetter(text: string): KeptLetter | undefined {
  const { version, record, ...rest } = parseObject(text) ?? {};
  if (version !== VERSION || !isHead(rest)) return undefined;
  const { redrives, redrivenAt, redriveMessage, claimedUntil, ...head } = rest;
  const { recordId = undefined, functionVersion = undefined, ...others } = head;
  const known = record === undefined ? undefined : recordIn(record);
  if (record !== undefined && known === undefined) return undefined;
  const state = { redrives: redrives ?? 0, redrivenAt, redriveMessage, claimedUntil };
  return keptLetter({ ...others, recordId, functionVersion }, known, state);
}

/** More than this gains little, and takes long. */
const QUALITY = 5;
/** A record is no larger than what one pull brings. */
const UNPACKED_BYTES_MAX = 256 * 1024 * 1024;

export function packRecord(record: LetterRecord): Uint8Array {
  const params = { [constants.BROTLI_PARAM_QUALITY]: QUALITY };
  return brotliCompressSync(JSON.stringify(recordJson(record)), { params });
}

/** Undefined for what was not packed here, or is no longer as it was. */
export function unpackRecord(packed: Uint8Array): LetterRecord | undefined {
  try {
    const bytes = brotliDecompressSync(packed, { maxOutputLength: UNPACKED_BYTES_MAX });
    return recordIn(parseObject(bytes.toString()));
  } catch {
    return undefined;
  }
}

const recordJson = ({ topic, source, tags, pairs }: LetterRecord): RecordJson => ({
  topic,
  source,
  tags,
  pairs: pairs.map(([key, value]) => [textOrBytes(key), textOrBytes(value)]),
});

function textOrBytes(bytes: Uint8Array): TextOrBytes {
  const { buffer, byteOffset, byteLength } = bytes;
  const view = Buffer.from(buffer, byteOffset, byteLength);
  return isUtf8(bytes) ? view.toString() : { base64: view.toString('base64') };
}

function recordIn(value: unknown): LetterRecord | undefined {
  const { topic, source, tags, pairs } = (value ?? {}) as Partial<RecordJson>;
  if (typeof topic !== 'string' || typeof source !== 'string' || !isTexts(tags)) return undefined;
  if (!Array.isArray(pairs)) return undefined;
  const read = pairs.map(pairIn);
  return read.includes(undefined) ? undefined : { topic, source, tags, pairs: read as RawPair[] };
}

function pairIn(value: unknown): RawPair | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [key, content] = [bytesIn(value[0]), bytesIn(value[1])];
  return key === undefined || content === undefined ? undefined : [key, content];
}

function bytesIn(value: unknown): Uint8Array | undefined {
  if (typeof value === 'string') return Buffer.from(value);
  const { base64 } = (value ?? {}) as { base64?: unknown };
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined;
}

const TEXTS = ['id', 'group', 'shard', 'from', 'to', 'reason', 'message'];
const NUMBERS = ['index', 'timeMs', 'attempts', 'firstAt', 'lastAt', 'givenUpAt'];

function isHead(
  value: Record<string, unknown>,
): value is Record<string, unknown> & LetterHead & RedriveState {
  return (
    TEXTS.every((field) => typeof value[field] === 'string') &&
    NUMBERS.every((field) => typeof value[field] === 'number') &&
    isTexts(value.stream)
  );
}

const isTexts = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((text) => typeof text === 'string');

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
