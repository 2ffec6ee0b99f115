import { type Answer, json } from '../../service/answer.ts';
import { formatKey } from '../../service/keyspace.ts';
import { type Call, calledLogstore, type Handler } from '../call.ts';
import { refuse } from '../errors.ts';
import * as logstores from '../state/logstore.ts';
import type { Shard } from '../state/shard.ts';
import { projectOf } from '../state/state.ts';

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
  const logstore = calledLogstore(call);
  call.quotas.admitSplit(projectOf(call.state, logstore.project), 'key' in by ? 2 : by.count);
  const shards = logstores.splitShard(logstore, shardId(call), by, call.nowMs);
  call.state.storage.saveLogstore(logstore);
  return answer(shards);
};

/** MergeShards: with the right neighbour. */
export const mergeShards: Handler = (call) => {
  const logstore = calledLogstore(call);
  const shards = logstores.mergeShards(logstore, shardId(call), call.nowMs);
  call.state.storage.saveLogstore(logstore);
  return answer(shards);
};

function shardId(call: Call): string {
  return call.parameters.shard ?? '';
}

function answer(shards: Shard[]): Answer {
  return json(shards.map(viewOf));
}
