import type { DocumentKey } from '../../service/storage/documents.ts';
import type { LogKey } from '../../service/storage/records.ts';
import type { ConsumerGroup } from '../group/group.ts';
import type { Logset } from '../state/logset.ts';
import type { Partition } from '../state/partition.ts';
import type { Topic } from '../state/topic.ts';

/** Under which keys the state is kept. */

/** Ids of topics are unique over all logsets. */
export function logOf(topic: Topic, { id }: Partition): LogKey {
  return { stream: topic.id, shard: id };
}

export function logsetKey({ id }: Logset): DocumentKey {
  return { kind: 'logset', parent: '', name: id };
}

export function topicKey({ id, logsetId }: Topic): DocumentKey {
  return { kind: 'topic', parent: logsetId, name: id };
}

export function groupKey(logset: Logset, { name }: ConsumerGroup): DocumentKey {
  return { kind: 'group', parent: logset.id, name };
}
