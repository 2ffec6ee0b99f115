import { asInt64, type Fields } from '../../../lib/sources/cls/json.ts';
import { beginOf, endOf, positionAtTime } from '../../service/log.ts';
import type { ControlHandler } from '../call.ts';
import { refuse } from '../errors.ts';
import { invalid, isAbsent, listOf, objectsOf, optionalText, textOf } from '../fields.ts';
import { type ConsumerGroup, keyOf, type PartitionId } from '../group/group.ts';
import { heartbeat } from '../group/heartbeat.ts';
import { type Commit, commitOffsets } from '../group/offsets.ts';
import type { Logset } from '../state/logset.ts';
import type { Partition } from '../state/partition.ts';
import { calledGroup, nameOf } from './groups.ts';

/**
 * SendConsumerHeartbeat: `TopicPartitionsInfo` is what the consumer works on; the answer, over all topics of the group,
 * what it is to work on. `PartitionStrategy`, which SDKs send and nothing documents, changes nothing.
 */
export const sendConsumerHeartbeat: ControlHandler = (call) => {
  const { logset, group } = calledGroup(call);
  const consumer = nameOf(call, 'Consumer');
  const reported = new Set(reportedOf(call.body).map(keyOf));
  const { handOver } = call.behaviour;
  const held = heartbeat(group, consumer, reported, { nowMs: call.nowMs, handOver });
  call.state.storage.saveGroup(logset, group);
  return {
    ConsumerGroup: group.name,
    TopicPartitionsInfo: group.topics.map((topicId) => ({
      TopicID: topicId,
      Partitions: held.filter((partition) => partition.topicId === topicId).map(({ id }) => id),
    })),
  };
};

function reportedOf(body: Fields): PartitionId[] {
  return objectsOf(body, 'TopicPartitionsInfo').flatMap((info) => {
    const topicId = textOf(info, 'TopicID');
    return listOf(info, 'Partitions').map((id) => {
      if (!Number.isInteger(id)) throw invalid('Partitions');
      return { topicId, id: Number(id) };
    });
  });
}

/** CommitConsumerOffsets: any number of partitions, all or none of them. */
export const commitConsumerOffsets: ControlHandler = (call) => {
  const { logset, group } = calledGroup(call);
  const consumer = nameOf(call, 'Consumer');
  if (isAbsent(call.body.TopicPartitionOffsetsInfo)) {
    throw refuse.missingParameter('TopicPartitionOffsetsInfo');
  }
  const commits: Commit[] = objectsOf(call.body, 'TopicPartitionOffsetsInfo').flatMap((info) => {
    const topicId = textOf(info, 'TopicID');
    return objectsOf(info, 'PartitionOffsets').map(({ PartitionId, Offset }) => {
      const offset = asInt64(Offset);
      if (!Number.isInteger(PartitionId)) throw invalid('PartitionId');
      if (offset === undefined) throw invalid('Offset');
      return { topicId, id: Number(PartitionId), offset };
    });
  });
  commitOffsets(group, consumer, commits, { isFenced: call.behaviour.fencedCommits });
  call.state.storage.saveGroup(logset, group);
  return {};
};

/**
 * DescribeConsumerOffsets: of each partition the offset that the group committed, else that of `From`: `begin`, `end`, or
 * seconds since 1970, for the first message received then or later. All topics and partitions that are not told apart.
 */
export const describeConsumerOffsets: ControlHandler = (call) => {
  const { logset, group } = calledGroup(call);
  const topicId = optionalText(call.body, 'TopicId') ?? '';
  const id = partitionAsked(call.body);
  const positionOf = positionFor(call.body);
  if (topicId !== '' && !logset.topics.has(topicId)) throw refuse.topicNotExist(topicId);
  if (topicId !== '' && !group.topics.includes(topicId)) throw refuse.topicNotInGroup(topicId);
  const topics = topicId === '' ? group.topics : [topicId];
  const infos = topics.map((topic) => ({
    TopicID: topic,
    PartitionOffsets: partitionsOf(logset, topic)
      .filter((partition) => id === undefined || partition.id === id)
      .map((partition) => ({
        PartitionId: partition.id,
        Offset: committed(group, topic, partition) ?? positionOf(partition),
      })),
  }));
  if (id !== undefined && infos.every(({ PartitionOffsets }) => PartitionOffsets.length === 0)) {
    throw refuse.partitionNotExist(id);
  }
  return { ConsumerGroup: group.name, TopicPartitionOffsetsInfo: infos };
};

function partitionsOf(logset: Logset, topicId: string): readonly Partition[] {
  return logset.topics.get(topicId)?.partitions ?? [];
}

function committed(group: ConsumerGroup, topicId: string, { id }: Partition): bigint | undefined {
  return group.offsets.get(keyOf({ topicId, id }));
}

/** Text, as the API has it here, or a number as everywhere else. The Python SDK asks for -1 where it means all. */
function partitionAsked({ PartitionId }: Fields): number | undefined {
  if (isAbsent(PartitionId) || PartitionId === '' || Number(PartitionId) === -1) return undefined;
  if (!/^\d{1,9}$/.test(String(PartitionId))) throw invalid('PartitionId');
  return Number(PartitionId);
}

function positionFor({ From }: Fields): (partition: Partition) => bigint {
  if (isAbsent(From) || From === '') throw refuse.missingParameter('From');
  if (From === 'begin') return beginOf;
  if (From === 'end') return endOf;
  if (!/^\d{1,12}$/.test(String(From))) throw invalid('From');
  return (partition) => positionAtTime(partition, Number(From));
}
