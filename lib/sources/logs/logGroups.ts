/**
 * Reads log groups without building them: one pass checks the framing of the whole answer and notes where groups begin;
 * records are made while iterating, and values become strings when asked for. So a malformed answer fails the pull, and
 * iterating records cannot fail in the middle of someone's processing.
 *
 * A field that is missing though the schema requires it reads as empty (or time 0): one odd record of a producer must
 * not block its shard. Unknown fields are passed over.
 */
import type { LogRecord } from '../source.ts';
import {
  type Answer,
  bytesOf,
  createAnswer,
  DecodedRecord,
  emptyPair,
  endAnswer,
  type GroupInfo,
  nextContent,
  type Origin,
  readPair,
  setFirst,
} from './logRecord.ts';
import { isPlainLog } from './plain.ts';
import { type Reader, readEnd, readVarint, skipValue } from './protobuf.ts';
import { type GroupSchema, LOG, type Pair } from './schema.ts';
import { textAt } from './texts.ts';

export interface LogGroups {
  groupCount: number;
  recordCount: number;
  /** In the order of the answer. May be iterated any number of times; each time makes new record objects. */
  records: Iterable<LogRecord>;
  /** As `Pulled` says. */
  release: () => void;
}

/** A group whose framing was checked: a span of an answer's bytes. */
export interface CheckedGroup extends GroupInfo {
  start: number;
  end: number;
  recordCount: number;
}

/** Of checked groups in `bytes`, in their order. Records are views into them; `origin` gives them ids. */
export function recordsOf(
  bytes: Buffer,
  groups: readonly CheckedGroup[],
  schema: GroupSchema,
  origin: Origin | undefined,
): LogGroups {
  const answer = createAnswer(bytes, schema.timeMsOf, origin);
  return {
    groupCount: groups.length,
    recordCount: groups.reduce((sum, group) => sum + group.recordCount, 0),
    records: { [Symbol.iterator]: () => new Records(answer, groups) },
    release: () => endAnswer(answer),
  };
}

/**
 * Walks a whole group, from where the reader stands to its end: the `index`-th of its answer. What belongs to all of its records may
 * stand after them. Throws `SourceError` (`BadResponse`) if the bytes are not a whole group. `topic`: where the group does not
 * name it.
 */
export function checkGroup(reader: Reader, schema: GroupSchema, index: number, topic = ''): CheckedGroup {
  const { bytes, at: start, end } = reader;
  const pair = emptyPair();
  const texts = { topic, source: '' };
  let recordCount = 0;
  let isPlain = true;
  while (reader.at < end) {
    const tag = readVarint(reader, end);
    if (tag === LOG) {
      const logEnd = readEnd(reader, end);
      isPlain &&= isPlainLog(bytes, reader.at, logEnd);
      if (!isPlain) checkLog({ bytes, at: reader.at, end: logEnd }, pair);
      reader.at = logEnd;
      recordCount++;
    } else if (tag === schema.topic) texts.topic = readText(reader, end);
    else if (tag === schema.source) texts.source = readText(reader, end);
    else if (tag === schema.tag) readPair(reader, readEnd(reader, end), pair);
    else skipValue(reader, tag, end);
  }
  let tags: Readonly<Record<string, string>> | undefined;
  return {
    ...{ index, start, end, recordCount, isPlain },
    ...texts,
    // Made when somebody asks: a million tags of somebody's group are a second's work.
    get tags() {
      tags ??= tagsOf(bytes, start, end, schema);
      return tags;
    },
  };
}

/** Of a group that was checked. */
function tagsOf(
  bytes: Buffer,
  start: number,
  end: number,
  schema: GroupSchema,
): Readonly<Record<string, string>> {
  const reader: Reader = { bytes, at: start, end };
  const pair = emptyPair();
  const tags: Record<string, string> = {};
  const reserved: Record<string, string> = {};
  while (reader.at < end) {
    const tag = readVarint(reader, end);
    const label = schema.labels.find(({ field }) => field === tag);
    if (tag === schema.tag) {
      readPair(reader, readEnd(reader, end), pair);
      setFirst(
        tags,
        textAt(bytes, pair.keyStart, pair.keyEnd),
        textAt(bytes, pair.valueStart, pair.valueEnd),
      );
    } else if (label !== undefined) {
      const text = readText(reader, end);
      if (text !== '') reserved[label.name] = text;
    } else skipValue(reader, tag, end);
  }
  // What a producer wrote under a reserved name gives way.
  return Object.freeze(Object.assign(tags, reserved));
}

function checkLog(log: Reader, pair: Pair): void {
  while (nextContent(log, pair));
}

function readText(reader: Reader, end: number): string {
  const textEnd = readEnd(reader, end);
  const text = textAt(reader.bytes, reader.at, textEnd);
  reader.at = textEnd;
  return text;
}

/** By hand: a generator takes twice as long for each record. Left early it is over, as a generator is. */
class Records implements Iterator<LogRecord, undefined> {
  readonly #answer: Answer;
  readonly #groups: readonly CheckedGroup[];
  /** Of the group that is read next. */
  #place = 0;
  #group: CheckedGroup | undefined;
  #index = 0;
  readonly #reader: { bytes: Buffer; at: number; end: number };

  constructor(answer: Answer, groups: readonly CheckedGroup[]) {
    this.#answer = answer;
    this.#groups = groups;
    this.#reader = { bytes: bytesOf(answer), at: 0, end: 0 };
  }

  next(): IteratorResult<LogRecord, undefined> {
    const reader = this.#reader;
    bytesOf(this.#answer);
    for (;;) {
      while (reader.at < reader.end) {
        const tag = readVarint(reader, reader.end);
        if (tag === LOG) {
          const end = readEnd(reader, reader.end);
          const start = reader.at;
          reader.at = end;
          const value = new DecodedRecord(this.#answer, this.#group!, this.#index++, start, end);
          return { value, done: false };
        }
        skipValue(reader, tag, reader.end);
      }
      const group = this.#groups[this.#place];
      if (group === undefined) return { value: undefined, done: true };
      this.#place++;
      this.#group = group;
      this.#index = 0;
      reader.at = group.start;
      reader.end = group.end;
    }
  }

  return(): IteratorResult<LogRecord, undefined> {
    this.#place = this.#groups.length;
    this.#reader.at = this.#reader.end;
    return { value: undefined, done: true };
  }
}

/** What iterators have in common, such as `map`: TypeScript knows no class of that name to extend. */
Object.setPrototypeOf(Records.prototype, Object.getPrototypeOf(Object.getPrototypeOf([].values())));
