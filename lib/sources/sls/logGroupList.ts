/**
 * Reads the `LogGroupList` of an answer to `PullLogs` without building it: one pass checks the framing of the whole
 * answer and notes where groups begin; records are made while iterating, and values become strings when asked for.
 * So a malformed answer fails the pull, and iterating records cannot fail in the middle of someone's processing.
 *
 * A field that is missing though the schema requires it reads as empty (or time 0): one odd record of a producer must
 * not block its shard. Unknown fields are passed over.
 */
import type { LogRecord } from '../source.ts';
import { GROUP, LIST } from './logGroup.ts';
import {
  type Answer,
  createAnswer,
  emptyPair,
  type GroupInfo,
  nextContent,
  type Pair,
  readPair,
  SlsRecord,
  setFirst,
  textAt,
} from './logRecord.ts';
import { type Reader, readEnd, readVarint, skipValue } from './protobuf.ts';

export interface LogGroupList {
  groupCount: number;
  recordCount: number;
  /** In the order of the answer. May be iterated any number of times; each time makes new record objects. */
  records: Iterable<LogRecord>;
}

interface Group extends GroupInfo {
  start: number;
  end: number;
  recordCount: number;
}

/** Throws `SourceError` (`BadResponse`) if the bytes are not a whole `LogGroupList`. Records are views into `body`. */
export function decodeLogGroupList(body: Uint8Array): LogGroupList {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const reader: Reader = { bytes, at: 0, end: bytes.length };
  const groups: Group[] = [];
  while (reader.at < reader.end) {
    const tag = readVarint(reader, reader.end);
    if (tag === LIST.group) {
      const end = readEnd(reader, reader.end);
      groups.push(checkGroup(bytes, reader.at, end));
      reader.at = end;
    } else skipValue(reader, tag, reader.end);
  }
  const answer = createAnswer(bytes);
  return {
    groupCount: groups.length,
    recordCount: groups.reduce((sum, group) => sum + group.recordCount, 0),
    records: { [Symbol.iterator]: () => iterate(answer, groups) },
  };
}

/** Walks a whole group. What belongs to all of its records may stand after them. */
function checkGroup(bytes: Buffer, start: number, end: number): Group {
  const reader: Reader = { bytes, at: start, end };
  const pair = emptyPair();
  const tags: Record<string, string> = {};
  let topic = '';
  let source = '';
  let recordCount = 0;
  while (reader.at < end) {
    const tag = readVarint(reader, end);
    if (tag === GROUP.log) {
      checkLog(reader, readEnd(reader, end), pair);
      recordCount++;
    } else if (tag === GROUP.topic) topic = readText(reader, end);
    else if (tag === GROUP.source) source = readText(reader, end);
    else if (tag === GROUP.tag) {
      readPair(reader, readEnd(reader, end), pair);
      setFirst(
        tags,
        textAt(bytes, pair.keyStart, pair.keyEnd),
        textAt(bytes, pair.valueStart, pair.valueEnd),
      );
    } else skipValue(reader, tag, end);
  }
  return { start, end, recordCount, topic, source, tags: Object.freeze(tags) };
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

function* iterate(answer: Answer, groups: Group[]): Generator<LogRecord> {
  for (const group of groups) {
    const reader: Reader = { bytes: answer.bytes, at: group.start, end: group.end };
    while (reader.at < group.end) {
      const tag = readVarint(reader, group.end);
      if (tag === GROUP.log) {
        const end = readEnd(reader, group.end);
        yield new SlsRecord(answer, group, reader.at, end);
        reader.at = end;
      } else skipValue(reader, tag, group.end);
    }
  }
}
