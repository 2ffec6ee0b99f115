/**
 * The CLS operations that Shardbeat uses, thinly: one function each, named as in the API reference
 * (cloud.tencent.com/document/product/614, "API"). Every function rejects as `Sender` says. A client is of one logset.
 */
import { RESPONSE_BYTES_MAX } from '../../http/sender.ts';
import {
  assignedOf,
  byTopic,
  type ConsumerGroupInfo,
  consumerGroupsOf,
  offsetsOf,
  type PartitionInfo,
  type PartitionOffset,
  partitionsOf,
  retentionDaysOf,
} from './answers.ts';
import type { Fields } from './json.ts';
import { logCalls } from './logCalls.ts';
import type { Partition } from './shardId.ts';
import { createTransport, type Transport, type TransportOptions } from './transport.ts';

export type { ConsumerGroupInfo, PartitionInfo, PartitionOffset } from './answers.ts';
export type { PulledMessages } from './logCalls.ts';

export interface ClientOptions extends TransportOptions {
  /** The id. */
  logset: string;
}

export type ClsClient = ReturnType<typeof createClsClient>;

/** Throws a SettingsError for options that cannot be used; nothing is sent before the first call. */
export function createClsClient(options: ClientOptions) {
  const transport = createTransport(options);
  const { logset, responseBytesMax = RESPONSE_BYTES_MAX } = options;
  return {
    logset,
    ...groupCalls(transport, logset),
    ...consumerCalls(transport, logset),
    ...partitionCalls(transport),
    ...logCalls(transport, responseBytesMax),
  };
}

function groupCalls(transport: Transport, logset: string) {
  const call = (action: string, body: Fields, idempotent: boolean, signal: AbortSignal) =>
    transport.control({ action, body: { LogsetId: logset, ...body }, idempotent, signal });
  const settingsOf = ({ group, topics, timeoutSec }: ConsumerGroupInfo): Fields => ({
    ConsumerGroup: group,
    Timeout: timeoutSec,
    Topics: topics,
  });

  return {
    /** Repeated as if it were harmless: whoever finds the group there already has to cope in any case. */
    async createConsumerGroup(settings: ConsumerGroupInfo, signal: AbortSignal): Promise<void> {
      await call('CreateConsumerGroup', settingsOf(settings), true, signal);
    },

    async modifyConsumerGroup(settings: ConsumerGroupInfo, signal: AbortSignal): Promise<void> {
      await call('ModifyConsumerGroup', settingsOf(settings), true, signal);
    },

    async deleteConsumerGroup(group: string, signal: AbortSignal): Promise<void> {
      await call('DeleteConsumerGroup', { ConsumerGroup: group }, true, signal);
    },

    /** Of the logset. */
    describeConsumerGroups: async (signal: AbortSignal): Promise<ConsumerGroupInfo[]> =>
      consumerGroupsOf(await call('DescribeConsumerGroups', {}, true, signal)),
  };
}

function consumerCalls(transport: Transport, logset: string) {
  const call = (action: string, body: Fields, signal: AbortSignal) =>
    transport.control({ action, body: { LogsetId: logset, ...body }, idempotent: true, signal });

  return {
    /** `topics`: of the group; `holding`: what the consumer still works on. Answers with what it is to work on. */
    async sendConsumerHeartbeat(
      beat: { group: string; consumer: string; topics: readonly string[]; holding: readonly Partition[] },
      signal: AbortSignal,
    ): Promise<Partition[]> {
      const held = byTopic(beat.holding, ({ partition }) => partition);
      const idle = beat.topics.filter((topic) => !held.some((entry) => entry.topic === topic));
      const body = {
        ConsumerGroup: beat.group,
        Consumer: beat.consumer,
        TopicPartitionsInfo: [...held, ...idle.map((topic) => ({ topic, entries: [] }))].map(
          ({ topic, entries }) => ({ TopicID: topic, Partitions: entries }),
        ),
        // Not documented; both official consumers send it.
        PartitionStrategy: 2,
      };
      return assignedOf(await call('SendConsumerHeartbeat', body, signal));
    },

    /**
     * The offset that the group has committed, or else the one that `from` stands for: an end of the partition, or the first
     * message received at a time or later, seconds since 1970. Of all topics and partitions unless told which.
     */
    async describeConsumerOffsets(
      ask: {
        group: string;
        from: 'begin' | 'end' | number;
        topic?: string | undefined;
        partition?: number | undefined;
      },
      signal: AbortSignal,
    ): Promise<PartitionOffset[]> {
      const { group, from, topic, partition } = ask;
      const body = {
        ConsumerGroup: group,
        From: String(from),
        ...(topic !== undefined && { TopicId: topic }),
        ...(partition !== undefined && { PartitionId: String(partition) }),
      };
      return offsetsOf(await call('DescribeConsumerOffsets', body, signal));
    },

    /** All of them in one call. */
    async commitConsumerOffsets(
      commit: { group: string; consumer: string; offsets: readonly PartitionOffset[] },
      signal: AbortSignal,
    ): Promise<void> {
      const entryOf = ({ partition, offset }: PartitionOffset) => ({
        PartitionId: partition,
        Offset: BigInt(offset),
      });
      const body = {
        ConsumerGroup: commit.group,
        Consumer: commit.consumer,
        TopicPartitionOffsetsInfo: byTopic(commit.offsets, entryOf).map(({ topic, entries }) => ({
          TopicID: topic,
          PartitionOffsets: entries,
        })),
      };
      await call('CommitConsumerOffsets', body, signal);
    },
  };
}

function partitionCalls(transport: Transport) {
  return {
    /** For how many days the topic keeps its messages. */
    describeRetentionDays: async (topic: string, signal: AbortSignal): Promise<number> => {
      const body = { Filters: [{ Key: 'topicId', Values: [topic] }], Limit: 1 };
      return retentionDaysOf(
        await transport.control({ action: 'DescribeTopics', body, idempotent: true, signal }),
        topic,
      );
    },

    /** With those that are readonly, as long as they are kept. */
    describePartitions: async (topic: string, signal: AbortSignal): Promise<PartitionInfo[]> => {
      const body = { TopicId: topic };
      return partitionsOf(
        await transport.control({ action: 'DescribePartitions', body, idempotent: true, signal }),
      );
    },
  };
}
