/** One record of an answer: a span of its bytes, read again at every question. The framing was checked before. */
import { giveBack } from '../../memory.ts';
import type { LogRecord, RawPair } from '../source.ts';
import { findInPlain, found, nextInPlain } from './plain.ts';
import { type Reader, readEnd, readVarint, skipValue } from './protobuf.ts';
import { CONTENT, PAIR, type Pair } from './schema.ts';
import { createTexts, type Texts, textAt, textIn } from './texts.ts';

/** Where an answer begins in its shard. Its log groups lie one behind the other from there on. */
export interface Origin {
  readonly shard: string;
  /** Of the first log group. */
  readonly position: bigint;
}

/** What all records of one answer share. */
export interface Answer {
  readonly bytes: Buffer;
  readonly texts: Texts;
  /** Undefined where that cannot be told: then its records have no ids. */
  readonly origin: Origin | undefined;
  /** Reads the time of the log that a reader stands at the start of: milliseconds since 1970. */
  readonly timeMsOf: (log: Reader) => number;
  /** Keys seen, by a hash of their bytes: the same few keys come again in every record. */
  readonly keys: ({ bytes: Buffer; text: string } | undefined)[];
  /** UTF-8 of field names asked for. */
  readonly names: Map<string, Buffer>;
  /** Somebody has views of its bytes. */
  isLent: boolean;
  /** Nobody is to read it any more. */
  isOver: boolean;
}

export interface GroupInfo {
  /** Its place among the groups of the answer. */
  readonly index: number;
  readonly topic: string;
  readonly source: string;
  readonly tags: Readonly<Record<string, string>>;
  /** All of its logs are: see `plain.ts`. */
  readonly isPlain: boolean;
}

const KEY_SLOTS = 512;
const CACHED_KEY_BYTES_MAX = 64;
const NAMES_MAX = 1024;

export function createAnswer(
  bytes: Buffer,
  timeMsOf: (log: Reader) => number,
  origin: Origin | undefined,
): Answer {
  return {
    ...{ bytes, origin, timeMsOf },
    texts: createTexts(bytes),
    keys: Array(KEY_SLOTS).fill(undefined),
    names: new Map(),
    ...{ isLent: false, isOver: false },
  };
}

/** Gives its memory back, unless somebody has views of it. Its records cannot be read any more in either case. */
export function endAnswer(answer: Answer): void {
  if (!answer.isOver && !answer.isLent) giveBack(answer.bytes);
  answer.isOver = true;
}

const OVER = 'this record is over, with its batch: keep what it holds (get, toObject), and not the record';

/** Throws where it is over. */
export function bytesOf({ bytes, isOver }: Answer): Buffer {
  if (isOver) throw new Error(OVER);
  return bytes;
}

export class DecodedRecord implements LogRecord {
  readonly #answer: Answer;
  readonly #group: GroupInfo;
  readonly #index: number;
  readonly #start: number;
  readonly #end: number;

  /** `index`: its place in the group. `start` and `end`: where it stands in the answer. */
  constructor(answer: Answer, group: GroupInfo, index: number, start: number, end: number) {
    this.#answer = answer;
    this.#group = group;
    this.#index = index;
    this.#start = start;
    this.#end = end;
  }

  /** See `placeOf`. */
  static placeOf(value: object): Place | undefined {
    return #answer in value ? { bytes: value.#answer.bytes, start: value.#start } : undefined;
  }

  get id(): string | undefined {
    const { origin } = this.#answer;
    return origin && `${origin.shard}/${origin.position + BigInt(this.#group.index)}/${this.#index}`;
  }

  get timeMs(): number {
    return this.#answer.timeMsOf(this.#reader());
  }

  get topic(): string {
    return this.#group.topic;
  }

  get source(): string {
    return this.#group.source;
  }

  get tags(): Readonly<Record<string, string>> {
    bytesOf(this.#answer);
    return this.#group.tags;
  }

  get(field: string): string | undefined {
    return this.#find(field) ? textIn(this.#answer.texts, found.start, found.end) : undefined;
  }

  bytes(field: string): Uint8Array | undefined {
    if (!this.#find(field)) return undefined;
    this.#answer.isLent = true;
    return this.#answer.bytes.subarray(found.start, found.end);
  }

  fields(): string[] {
    const names = new Set<string>();
    const reader = this.#reader();
    const pair = emptyPair();
    while (this.#next(reader, pair)) names.add(keyText(this.#answer, pair.keyStart, pair.keyEnd));
    return [...names];
  }

  *pairs(): Generator<RawPair, undefined> {
    const { bytes } = this.#answer;
    const reader = this.#reader();
    const pair = emptyPair();
    this.#answer.isLent = true;
    while (this.#next(reader, pair)) {
      yield [bytes.subarray(pair.keyStart, pair.keyEnd), bytes.subarray(pair.valueStart, pair.valueEnd)];
    }
  }

  toObject(): Record<string, string> {
    const object: Record<string, string> = {};
    const reader = this.#reader();
    const pair = emptyPair();
    while (this.#next(reader, pair)) {
      const key = keyText(this.#answer, pair.keyStart, pair.keyEnd);
      setFirst(object, key, textIn(this.#answer.texts, pair.valueStart, pair.valueEnd));
    }
    return object;
  }

  #reader(): Reader {
    return { bytes: bytesOf(this.#answer), at: this.#start, end: this.#end };
  }

  #next(reader: Reader, pair: Pair): boolean {
    return this.#group.isPlain ? nextInPlain(reader, pair) : nextContent(reader, pair);
  }

  /** Where it is, if it is there, `found` says. */
  #find(field: string): boolean {
    const bytes = bytesOf(this.#answer);
    const name = nameBytes(this.#answer, field);
    if (this.#group.isPlain) return findInPlain(bytes, this.#start, this.#end, name);
    const reader = this.#reader();
    const pair = emptyPair();
    while (nextContent(reader, pair)) {
      if (!equals(bytes, pair.keyStart, pair.keyEnd, name)) continue;
      found.start = pair.valueStart;
      found.end = pair.valueEnd;
      return true;
    }
    return false;
  }
}

/** Where a record stands: two that were made of the same answer are one record if they begin at the same place. */
export interface Place {
  readonly bytes: Uint8Array;
  readonly start: number;
}

/** Undefined for whatever was not made here. Iterating makes records anew, so that nothing else tells which of them are one. */
export function placeOf(value: object): Place | undefined {
  return DecodedRecord.placeOf(value);
}

/** Moves on to the record's next content and says where it stands; false at the record's end. */
export function nextContent(reader: Reader, pair: Pair): boolean {
  while (reader.at < reader.end) {
    const tag = readVarint(reader, reader.end);
    if (tag !== CONTENT) skipValue(reader, tag, reader.end);
    else {
      readPair(reader, readEnd(reader, reader.end), pair);
      return true;
    }
  }
  return false;
}

/** Reads the content or tag that ends at `end`. A missing key or value is empty; of a repeated one the last counts. */
export function readPair(reader: Reader, end: number, pair: Pair): void {
  pair.keyStart = pair.keyEnd = pair.valueStart = pair.valueEnd = end;
  while (reader.at < end) {
    const tag = readVarint(reader, end);
    if (tag === PAIR.key) {
      pair.keyEnd = readEnd(reader, end);
      pair.keyStart = reader.at;
      reader.at = pair.keyEnd;
    } else if (tag === PAIR.value) {
      pair.valueEnd = readEnd(reader, end);
      pair.valueStart = reader.at;
      reader.at = pair.valueEnd;
    } else skipValue(reader, tag, end);
  }
}

export function emptyPair(): Pair {
  return { keyStart: 0, keyEnd: 0, valueStart: 0, valueEnd: 0 };
}

/** Keeps the first of repeated keys, and takes any key for data (`__proto__` too). */
export function setFirst(object: Record<string, string>, key: string, value: string): void {
  if (object[key] === undefined) object[key] = value;
  else if (!Object.hasOwn(object, key)) {
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  }
}

function nameBytes({ names }: Answer, field: string): Buffer {
  const known = names.get(field);
  if (known) return known;
  if (names.size >= NAMES_MAX) names.clear();
  const bytes = Buffer.from(field);
  names.set(field, bytes);
  return bytes;
}

function keyText({ bytes, keys }: Answer, start: number, end: number): string {
  if (end - start > CACHED_KEY_BYTES_MAX) return textAt(bytes, start, end);
  let hash = end - start;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
  const slot = hash & (KEY_SLOTS - 1);
  const known = keys[slot];
  if (known && equals(bytes, start, end, known.bytes)) return known.text;
  const text = textAt(bytes, start, end);
  keys[slot] = { bytes: bytes.subarray(start, end), text };
  return text;
}

function equals(bytes: Buffer, start: number, end: number, other: Buffer): boolean {
  if (other.length !== end - start) return false;
  for (let i = 0; i < other.length; i++) if (bytes[start + i] !== other[i]) return false;
  return true;
}
