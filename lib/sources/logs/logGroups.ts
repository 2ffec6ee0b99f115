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
  createAnswer,
  DecodedRecord,
  emptyPair,
  type GroupInfo,
  nextContent,
  type Origin,
  type Pair,
  readPair,
  setFirst,
  textAt,
} from './logRecord.ts';
import { type Reader, readEnd, readVarint, skipValue } from './protobuf.ts';
import { type GroupSchema, LOG } from './schema.ts';

export interface LogGroups {
  groupCount: number;
  recordCount: number;
  /** In the order of the answer. May be iterated any number of times; each time makes new record objects. */
  records: Iterable<LogRecord>;
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
    records: { [Symbol.iterator]: () => iterate(answer, groups) },
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
  let tags: Readonly<Record<string, string>> | undefined;
  const group = {
    index,
    start,
    end,
    recordCount: 0,
    topic,
    source: '',
    // Made when somebody asks: a million tags of somebody's group are a second's work.
    get tags() {
      tags ??= tagsOf(bytes, start, end, schema);
      return tags;
    },
  };
  while (reader.at < end) {
    const tag = readVarint(reader, end);
    if (tag === LOG) {
      checkLog(reader, readEnd(reader, end), pair);
      group.recordCount++;
    } else if (tag === schema.topic) group.topic = readText(reader, end);
    else if (tag === schema.source) group.source = readText(reader, end);
    else if (tag === schema.tag) readPair(reader, readEnd(reader, end), pair);
    else skipValue(reader, tag, end);
  }
  return group;
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

function checkLog(reader: Reader, end: number, pair: Pair): void {
  const log: Reader = { bytes: reader.bytes, at: reader.at, end };
  while (nextContent(log, pair));
  reader.at = end;
}

function readText(reader: Reader, end: number): string {
  const textEnd = readEnd(reader, end);
  const text = textAt(reader.bytes, reader.at, textEnd);
  reader.at = textEnd;
  return text;
}

function* iterate(answer: Answer, groups: readonly CheckedGroup[]): Generator<LogRecord> {
  for (const group of groups) {
    const reader: Reader = { bytes: answer.bytes, at: group.start, end: group.end };
    let index = 0;
    while (reader.at < group.end) {
      const tag = readVarint(reader, group.end);
      if (tag === LOG) {
        const end = readEnd(reader, group.end);
        yield new DecodedRecord(answer, group, index++, reader.at, end);
        reader.at = end;
      } else skipValue(reader, tag, group.end);
    }
  }
}
