/**
 * Writes log groups as SLS takes them (`PutLogs`) and gives them (`PullLogs`). Schema: `log_logs.proto` of the
 * official SDKs, equal in all of them.
 */
import assert from 'node:assert/strict';
import {
  contentChunks,
  delimited,
  encodeList,
  type Fields,
  pairChunks,
  textChunks,
  varint,
} from '../logs/encode.ts';
import { DELIMITED, FIXED32, type Reader, readVarint, skipValue, tagOf, VARINT } from '../logs/protobuf.ts';
import { type GroupSchema, LOG } from '../logs/schema.ts';

export type { FieldValue } from '../logs/encode.ts';

export interface LogGroup {
  topic?: string;
  /** The host that sent it. */
  source?: string;
  tags?: Readonly<Record<string, string>>;
  logs: readonly Log[];
}

export interface Log {
  /** Milliseconds since 1970, up to the year 2106. What is below a second is written as `Time_ns`. */
  timeMs: number;
  fields: Fields;
}

const TIME = tagOf(1, VARINT);
const TIME_NS = tagOf(4, FIXED32);

export const SLS_SCHEMA = {
  topic: tagOf(3, DELIMITED),
  source: tagOf(4, DELIMITED),
  tag: tagOf(6, DELIMITED),
  labels: [],
  timeMsOf,
} satisfies GroupSchema;

/** One `LogGroup` message: the raw body of `PutLogs`. */
export function encodeLogGroup(group: LogGroup): Uint8Array {
  const tags = Object.entries(group.tags ?? {});
  return Buffer.concat([
    ...group.logs.flatMap((log) => delimited(LOG, logChunks(log))),
    ...textChunks(SLS_SCHEMA.topic, group.topic),
    ...textChunks(SLS_SCHEMA.source, group.source),
    ...tags.flatMap(([key, value]) => pairChunks(SLS_SCHEMA.tag, key, value)),
  ]);
}

/** A `LogGroupList` message of groups that are encoded already: the raw body of an answer to `PullLogs`. */
export const encodeLogGroupList = encodeList;

function logChunks(log: Log): Uint8Array[] {
  const timeNs = Math.round((log.timeMs % 1000) * 1e6);
  const timeS = Math.floor(log.timeMs / 1000) + (timeNs === 1e9 ? 1 : 0);
  assert(timeS >= 0 && timeS < 2 ** 32, `timeMs out of range: ${log.timeMs}`);
  const chunks: Uint8Array[] = [Uint8Array.from([TIME, ...varint(timeS)]), ...contentChunks(log.fields)];
  if (timeNs % 1e9 !== 0) {
    const chunk = Buffer.alloc(5, TIME_NS);
    chunk.writeUInt32LE(timeNs, 1);
    chunks.push(chunk);
  }
  return chunks;
}

function timeMsOf(log: Reader): number {
  let timeS = 0;
  let timeNs = 0;
  while (log.at < log.end) {
    const tag = readVarint(log, log.end);
    if (tag === TIME) timeS = readVarint(log, log.end) % 2 ** 32;
    else {
      if (tag === TIME_NS) timeNs = log.bytes.readUInt32LE(log.at);
      skipValue(log, tag, log.end);
    }
  }
  return timeS * 1000 + timeNs / 1e6;
}
