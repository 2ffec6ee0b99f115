/**
 * Writes log groups as SLS takes them (`PutLogs`) and gives them (`PullLogs`). Schema: `log_logs.proto` of the
 * official SDKs, equal in all of them.
 */
import assert from 'node:assert/strict';
import { DELIMITED, FIXED32, tagOf, VARINT } from './protobuf.ts';

export type FieldValue = string | Uint8Array;

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
  /** As pairs where a key comes more than once. */
  fields: Readonly<Record<string, FieldValue>> | readonly (readonly [string, FieldValue])[];
}

/** Field numbers of the schema, as tags. */
export const LIST = { group: tagOf(1, DELIMITED) };
export const GROUP = {
  log: tagOf(1, DELIMITED),
  topic: tagOf(3, DELIMITED),
  source: tagOf(4, DELIMITED),
  tag: tagOf(6, DELIMITED),
};
export const LOG = { time: tagOf(1, VARINT), content: tagOf(2, DELIMITED), timeNs: tagOf(4, FIXED32) };
/** Of a content and of a tag of a group. */
export const PAIR = { key: tagOf(1, DELIMITED), value: tagOf(2, DELIMITED) };

/** One `LogGroup` message: the raw body of `PutLogs`. */
export function encodeLogGroup(group: LogGroup): Uint8Array {
  const chunks = group.logs.flatMap((log) => delimited(GROUP.log, logChunks(log)));
  if (group.topic !== undefined) chunks.push(...delimited(GROUP.topic, [bytesOf(group.topic)]));
  if (group.source !== undefined) chunks.push(...delimited(GROUP.source, [bytesOf(group.source)]));
  for (const [key, value] of Object.entries(group.tags ?? {})) {
    chunks.push(...delimited(GROUP.tag, pairChunks(key, value)));
  }
  return Buffer.concat(chunks);
}

/** A `LogGroupList` message of groups that are encoded already: the raw body of an answer to `PullLogs`. */
export function encodeLogGroupList(groups: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(groups.flatMap((group) => delimited(LIST.group, [group])));
}

function logChunks(log: Log): Uint8Array[] {
  const timeNs = Math.round((log.timeMs % 1000) * 1e6);
  const timeS = Math.floor(log.timeMs / 1000) + (timeNs === 1e9 ? 1 : 0);
  assert(timeS >= 0 && timeS < 2 ** 32, `timeMs out of range: ${log.timeMs}`);
  const chunks: Uint8Array[] = [Uint8Array.from([LOG.time, ...varint(timeS)])];
  const pairs = Array.isArray(log.fields) ? log.fields : Object.entries(log.fields);
  for (const [key, value] of pairs) chunks.push(...delimited(LOG.content, pairChunks(key, value)));
  if (timeNs % 1e9 !== 0) {
    const chunk = Buffer.alloc(5, LOG.timeNs);
    chunk.writeUInt32LE(timeNs, 1);
    chunks.push(chunk);
  }
  return chunks;
}

function pairChunks(key: string, value: FieldValue): Uint8Array[] {
  return [...delimited(PAIR.key, [bytesOf(key)]), ...delimited(PAIR.value, [bytesOf(value)])];
}

/** Everything is kept as chunks and copied once, at the end. */
function delimited(tag: number, chunks: Uint8Array[]): Uint8Array[] {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  return [Uint8Array.from([tag, ...varint(length)]), ...chunks];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return bytes;
}

function bytesOf(value: FieldValue): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
