/**
 * Positions in partitions. The one call that knows them answers with the offset that a group has committed, if there is one: so
 * it is asked with a group of its own, to which nobody commits.
 */
import { SourceError } from '../../errors.ts';
import { badResponse } from '../http/failure.ts';
import type { ClsClient } from './client.ts';
import { isGroupMissing, isGroupThere } from './failure.ts';
import type { Partition } from './shardId.ts';

export interface PositionsOptions {
  client: ClsClient;
  /** Made when first needed. */
  group: string;
  /** All that will be asked about. */
  topics: readonly string[];
}

export interface Positions {
  /** Next offset to read at an end of the partition, or at a time, seconds since 1970; negative where nothing was written. */
  offsetAt(partition: Partition, from: 'begin' | 'end' | number, signal: AbortSignal): Promise<string>;
}

/** Consumers of the group would be dropped after it; there are none. */
const TIMEOUT_SEC = 60;

export function createPositions({ client, group, topics }: PositionsOptions): Positions {
  const settings = { group, topics: [...topics], timeoutSec: TIMEOUT_SEC };

  /** Undefined if the answer says nothing of the partition. */
  const ask = async (
    { topic, partition }: Partition,
    from: 'begin' | 'end' | number,
    signal: AbortSignal,
  ): Promise<string | undefined> => {
    const offsets = await client.describeConsumerOffsets({ group, from, topic, partition }, signal);
    return offsets.find((entry) => entry.topic === topic && entry.partition === partition)?.offset;
  };

  /** Makes the group, or adds the topics that came later. False: it was as it should be. */
  const mend = async (topic: string, signal: AbortSignal): Promise<boolean> => {
    const found = (await client.describeConsumerGroups(signal)).find((entry) => entry.group === group);
    if (found?.topics.includes(topic)) return false;
    if (found !== undefined) await client.modifyConsumerGroup(settings, signal);
    else {
      await client.createConsumerGroup(settings, signal).catch((error: unknown) => {
        if (!isGroupThere(error)) throw error;
      });
    }
    return true;
  };

  return {
    async offsetAt(partition, from, signal) {
      const first = await ask(partition, from, signal).catch((error: unknown) => {
        if (isGroupMissing(error) || isRefusedParameter(error)) return error as SourceError;
        throw error;
      });
      if (typeof first === 'string') return first;
      if (!(await mend(partition.topic, signal)) && first !== undefined) throw first;
      const second = await ask(partition, from, signal);
      if (second !== undefined) return second;
      throw badResponse(`no offset of ${partition.topic}, partition ${partition.partition}`, undefined);
    },
  };
}

/** How a topic that is not the group's is refused is not documented. */
function isRefusedParameter(error: unknown): boolean {
  return error instanceof SourceError && error.code.startsWith('InvalidParameter');
}
