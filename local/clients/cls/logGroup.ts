import assert from 'node:assert/strict';
import { LOG_GROUP, LOG_GROUP_LIST } from '../../cls/schema.ts';
import { bytesOf, type Fields, type FieldValue, pairsOf } from '../fields.ts';

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

/** A `LogGroupList`: the raw body of an upload. */
export function encodeLogGroups(groups: readonly LogGroup[]): Uint8Array {
  return LOG_GROUP_LIST.encode({ logGroupList: groups.map(messageOf) }).finish();
}

/** One `LogGroup`: what a message holds. */
export function encodeLogGroup(group: LogGroup): Uint8Array {
  return LOG_GROUP.encode(messageOf(group)).finish();
}

function messageOf({ contextFlow, filename, source, hostname, tags = {}, logs }: LogGroup): object {
  return {
    logs: logs.map(logOf),
    ...(contextFlow !== undefined && { contextFlow: bytesOf(contextFlow) }),
    ...(filename !== undefined && { filename: bytesOf(filename) }),
    ...(source !== undefined && { source: bytesOf(source) }),
    logTags: Object.entries(tags).map(pairOf),
    ...(hostname !== undefined && { hostname: bytesOf(hostname) }),
  };
}

function logOf({ timeMs, fields }: Log): object {
  const timeUs = Math.round(timeMs * 1000);
  assert(timeUs >= 0 && Number.isSafeInteger(timeUs), `timeMs out of range: ${timeMs}`);
  return { time: timeUs, contents: pairsOf(fields).map(pairOf) };
}

function pairOf([key, value]: readonly [string, FieldValue]): object {
  return { key: bytesOf(key), value: bytesOf(value) };
}
