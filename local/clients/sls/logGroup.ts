import assert from 'node:assert/strict';
import protobuf from 'protobufjs';
import { LOG_GROUP } from '../../sls/schema.ts';
import { bytesOf, type Fields, type FieldValue, pairsOf } from '../fields.ts';

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

/** One `LogGroup` message: the raw body of `PutLogs`. */
export function encodeLogGroup({ topic, source, tags = {}, logs }: LogGroup): Uint8Array {
  return LOG_GROUP.encode({
    Logs: logs.map(messageOf),
    ...(topic !== undefined && { Topic: bytesOf(topic) }),
    ...(source !== undefined && { Source: bytesOf(source) }),
    LogTags: Object.entries(tags).map(contentOf),
  }).finish();
}

/** A `LogGroupList` message of groups that are encoded already: the raw body of an answer to `PullLogs`. */
export function encodeLogGroupList(groups: readonly Uint8Array[]): Uint8Array {
  const list = protobuf.Writer.create();
  for (const group of groups) list.uint32(LOG_GROUPS_TAG).bytes(group);
  return list.finish();
}

/** Precedes a group in its list. */
const LOG_GROUPS_TAG = 0x0a;

function messageOf({ timeMs, fields }: Log): object {
  const timeNs = Math.round((timeMs % 1000) * 1e6);
  const timeS = Math.floor(timeMs / 1000) + (timeNs === 1e9 ? 1 : 0);
  assert(timeS >= 0 && timeS < 2 ** 32, `timeMs out of range: ${timeMs}`);
  return {
    Time: timeS,
    Contents: pairsOf(fields).map(contentOf),
    ...(timeNs % 1e9 !== 0 && { Time_ns: timeNs }),
  };
}

function contentOf([key, value]: readonly [string, FieldValue]): object {
  return { Key: bytesOf(key), Value: bytesOf(value) };
}
