/**
 * Log groups as CLS takes them (PutLogs) and gives them (PullLogs). Schema: `cls.proto` of the official SDKs; the Go SDK's
 * has `hostname` besides.
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
import { DELIMITED, type Reader, readVarint, skipValue, tagOf, VARINT } from '../logs/protobuf.ts';
import { type GroupSchema, LOG } from '../logs/schema.ts';

export interface LogGroup {
  /** Groups of one flow are shown in their context. */
  contextFlow?: string;
  /** Where the logs were read from. */
  filename?: string;
  /** The host that sent it: its address, and its name. */
  source?: string;
  hostname?: string;
  tags?: Readonly<Record<string, string>>;
  logs: readonly Log[];
}

export interface Log {
  /** Milliseconds since 1970; written in microseconds. */
  timeMs: number;
  fields: Fields;
}

const TIME = tagOf(1, VARINT);
const CONTEXT_FLOW = tagOf(2, DELIMITED);
const FILENAME = tagOf(3, DELIMITED);
const HOSTNAME = tagOf(6, DELIMITED);

/** Names of the labels: those under which CLS shows these fields. They are reserved. */
export const CLS_SCHEMA = {
  topic: undefined,
  source: tagOf(4, DELIMITED),
  tag: tagOf(5, DELIMITED),
  labels: [
    { field: FILENAME, name: '__FILENAME__' },
    { field: HOSTNAME, name: '__HOSTNAME__' },
  ],
  timeMsOf,
} satisfies GroupSchema;

/** A `LogGroupList`: the raw body of an upload. */
export function encodeLogGroups(groups: readonly LogGroup[]): Uint8Array {
  return encodeList(groups.map(encodeLogGroup));
}

/** One `LogGroup`: what a message holds. */
export function encodeLogGroup(group: LogGroup): Uint8Array {
  const tags = Object.entries(group.tags ?? {});
  return Buffer.concat([
    ...group.logs.flatMap((log) => delimited(LOG, logChunks(log))),
    ...textChunks(CONTEXT_FLOW, group.contextFlow),
    ...textChunks(FILENAME, group.filename),
    ...textChunks(CLS_SCHEMA.source, group.source),
    ...tags.flatMap(([key, value]) => pairChunks(CLS_SCHEMA.tag, key, value)),
    ...textChunks(HOSTNAME, group.hostname),
  ]);
}

function logChunks({ timeMs, fields }: Log): Uint8Array[] {
  const timeUs = Math.round(timeMs * 1000);
  assert(timeUs >= 0 && Number.isSafeInteger(timeUs), `timeMs out of range: ${timeMs}`);
  return [Uint8Array.from([TIME, ...varint(timeUs)]), ...contentChunks(fields)];
}

function timeMsOf(log: Reader): number {
  let time = 0;
  while (log.at < log.end) {
    const tag = readVarint(log, log.end);
    if (tag === TIME) time = readVarint(log, log.end);
    else skipValue(log, tag, log.end);
  }
  // Negative: of no use to anybody, as if it were missing.
  return time < 2 ** 63 ? millisecondsOf(time) : 0;
}

/**
 * Consumers are given microseconds; producers may write seconds or milliseconds too, and whether the service converts them is
 * not documented. So units are told apart by size: that is exact from 1973 to the year 5138.
 */
export function millisecondsOf(time: number): number {
  if (time < 1e11) return time * 1000;
  if (time < 1e14) return time;
  return time / (time < 1e17 ? 1e3 : 1e6);
}
