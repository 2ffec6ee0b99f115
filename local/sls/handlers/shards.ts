import { type Call, calledLogstore, type Handler } from '../call.ts';
import { refuse } from '../errors.ts';
import { type Answer, json } from '../http.ts';
import { formatKey } from '../state/keyspace.ts';
import * as logstores from '../state/logstore.ts';
import type { Shard } from '../state/shard.ts';

/** A shard as the API shows it. Nothing in it says which shards it continues. */
export interface ShardView {
  shardID: number;
  status: 'readwrite' | 'readonly';
  inclusiveBeginKey: string;
  exclusiveEndKey: string;
  serverIp: null;
  /** Seconds since 1970. */
  createTime: number;
}

export function viewOf(shard: Shard): ShardView {
  return {
    shardID: shard.id,
    status: shard.status,
    inclusiveBeginKey: formatKey(shard.range.begin),
    exclusiveEndKey: formatKey(shard.range.end),
    serverIp: null,
    createTime: shard.createdAtSec,
  };
}

/** ListShards */
export const listShards: Handler = (call) => answer(calledLogstore(call).shards);

/** SplitShard: at `key`, 32 hex digits, or into `shardCount` equal parts. */
export const splitShard: Handler = (call) => {
  const { key, shardCount } = call.request.query;
  if (key === undefined && shardCount === undefined) throw refuse.missingQuery('key');
  const by = key === undefined ? { count: Number(shardCount) } : { key };
  return answer(logstores.splitShard(calledLogstore(call), shardId(call), by, call.nowMs));
};

/** MergeShards: with the right neighbour. */
export const mergeShards: Handler = (call) =>
  answer(logstores.mergeShards(calledLogstore(call), shardId(call), call.nowMs));

function shardId(call: Call): string {
  return call.parameters.shard ?? '';
}

function answer(shards: Shard[]): Answer {
  return json(shards.map(viewOf));
}
