import type { Fields } from '../../../lib/sources/cls/json.ts';
import { formatKey } from '../../service/keyspace.ts';
import { type ControlHandler, calledTopic } from '../call.ts';
import { integerOf, optionalInteger, optionalText, textOf } from '../fields.ts';
import type { Partition } from '../state/partition.ts';
import * as resharding from '../state/resharding.ts';
import { PARTITIONS_MAX } from '../state/topic.ts';
import { timeText } from './times.ts';

/** A partition as the API shows it. Nothing in it says which partitions it continues. */
export interface PartitionView {
  PartitionId: number;
  Status: 'readwrite' | 'readonly';
  /** 32 hex digits; the examples of the API cut them down to four. */
  InclusiveBeginKey: string;
  ExclusiveEndKey: string;
  CreateTime: string;
  /** When it became readonly. */
  LastWriteTime: string | null;
}

export function viewOf({ id, status, range, createdAtSec, closedAtSec }: Partition): PartitionView {
  return {
    PartitionId: id,
    Status: status,
    InclusiveBeginKey: formatKey(range.begin),
    ExclusiveEndKey: formatKey(range.end),
    CreateTime: timeText(createdAtSec),
    LastWriteTime: closedAtSec === undefined ? null : timeText(closedAtSec),
  };
}

/** DescribePartitions */
export const describePartitions: ControlHandler = (call) =>
  answer(calledTopic(call, textOf(call.body, 'TopicId')).partitions);

/** SplitPartition: at `SplitKey`, if it makes two, else into `Number` equal parts. */
export const splitPartition: ControlHandler = (call) => {
  const { body, state, quotas, nowMs } = call;
  const topic = calledTopic(call, textOf(body, 'TopicId'));
  const id = integerOf(body, 'PartitionId', 0, Number.MAX_SAFE_INTEGER);
  const count = optionalInteger(body, 'Number', 2, PARTITIONS_MAX) ?? 2;
  const key = optionalText(body, 'SplitKey') ?? '';
  quotas.admitPartitions(topic.partitions.length + count);
  const by = key !== '' && count === 2 ? { key } : { count };
  const partitions = resharding.splitPartition(topic, id, by, nowMs);
  state.storage.saveTopic(topic);
  return answer(partitions);
};

/** MergePartition: with the one whose range follows. */
export const mergePartition: ControlHandler = (call) => {
  const { body, state, quotas, nowMs } = call;
  const topic = calledTopic(call, textOf(body, 'TopicId'));
  const id = integerOf(body, 'PartitionId', 0, Number.MAX_SAFE_INTEGER);
  quotas.admitPartitions(topic.partitions.length + 1);
  const partitions = resharding.mergePartitions(topic, id, nowMs);
  state.storage.saveTopic(topic);
  return answer(partitions);
};

function answer(partitions: readonly Partition[]): Fields {
  return { Partitions: partitions.map(viewOf) };
}
