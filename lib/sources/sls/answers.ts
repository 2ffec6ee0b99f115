/** What is inside of answers in JSON, checked. */
import { badResponse } from '../../http/failure.ts';
import { ASSIGNED_MAX } from '../serviceGroup.ts';
import type { SlsResponse } from './transport.ts';

/** A shard as ListShards shows it. */
export interface ShardInfo {
  shardID: number;
  /** `readwrite`, or `readonly` once it was split or merged. */
  status: string;
  /** Of the range of hash keys it takes: 32 hex digits, the end exclusive. */
  inclusiveBeginKey: string;
  exclusiveEndKey: string;
  /** Seconds since 1970. */
  createTime: number;
}

/** Throws a `SourceError` (`BadResponse`), as all functions here, if the answer is something else. */
export function shardsOf(response: SlsResponse): ShardInfo[] {
  const shards = arrayOf(response);
  if (!shards.every(isShardInfo)) {
    throw badResponse('not a list of shards', requestIdOf(response));
  }
  return shards;
}

function isShardInfo(value: unknown): value is ShardInfo {
  const shard = value as Partial<Record<keyof ShardInfo, unknown>> | null;
  return (
    isShardId(shard?.shardID) &&
    typeof shard?.status === 'string' &&
    typeof shard.inclusiveBeginKey === 'string' &&
    typeof shard.exclusiveEndKey === 'string' &&
    typeof shard.createTime === 'number'
  );
}

const SHARD_ID_MAX = 2 ** 31 - 1;

export function isShardId(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= SHARD_ID_MAX;
}

/** The answer to a heartbeat: ids of shards, each once. */
export function assignedOf(response: SlsResponse): string[] {
  const ids = new Set(arrayOf(response));
  if (ids.size > ASSIGNED_MAX)
    throw badResponse(`${ids.size} shards for one consumer`, requestIdOf(response));
  for (const id of ids) {
    if (!isShardId(id)) throw badResponse('not a list of shard ids', requestIdOf(response));
  }
  return [...ids].map(String);
}

export function objectOf(response: SlsResponse): Record<string, unknown> {
  const value = json(response);
  if (typeof value !== 'object' || value === null) throw badResponse('not an object', requestIdOf(response));
  return value as Record<string, unknown>;
}

export function arrayOf(response: SlsResponse): unknown[] {
  const value = json(response);
  if (!Array.isArray(value)) throw badResponse('not a list', requestIdOf(response));
  return value;
}

export function requestIdOf(response: SlsResponse): string | undefined {
  return response.headers['x-log-requestid'];
}

function json(response: SlsResponse): unknown {
  try {
    return JSON.parse(response.body.toString());
  } catch {
    throw badResponse('not JSON', requestIdOf(response));
  }
}
