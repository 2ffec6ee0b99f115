/**
 * Positions in partitions. The one call that knows them answers with the offset that a group has committed, if there is one: so
 * it is asked with a group of its own, to which nobody commits.
 *
 * A new group asks for hundreds of positions, and 20 calls a second are allowed to all slots together. So what is asked about
 * partitions of one topic at the same time goes into one call.
 */
import { SourceError } from '../../errors.ts';
import { badResponse } from '../../http/failure.ts';
import type { ClsClient } from './client.ts';
import { isGroupMissing, isGroupThere } from './failure.ts';
import type { Partition } from './shardId.ts';
import { together } from './together.ts';

export interface PositionsOptions {
  client: ClsClient;
  /** Made when first needed. */
  group: string;
  /** All that will be asked about. */
  topics: readonly string[];
}

export interface Positions {
  /** Next offset to read at an end of the partition, or at a time, seconds since 1970; negative where nothing was written. */
  offsetAt(partition: Partition, from: From, signal: AbortSignal): Promise<string>;
}

type From = 'begin' | 'end' | number;
/** By partition. */
type Offsets = ReadonlyMap<number, string>;
/** `several`: it was asked about more than one partition. */
type Answer = { offsets: Offsets; several: boolean };

/** Consumers of the group would be dropped after it; there are none. */
const TIMEOUT_SEC = 60;
/** Of topics and moments asked about. Those that are used every tick are few. */
const QUESTIONS_MAX = 200;

export function createPositions({ client, group, topics }: PositionsOptions): Positions {
  const settings = { group, topics: [...topics], timeoutSec: TIMEOUT_SEC };

  const ask = async (
    topic: string,
    from: From,
    partitions: readonly number[],
    signal: AbortSignal,
  ): Promise<Offsets> => {
    // Several are asked about as all.
    const partition = new Set(partitions).size === 1 ? partitions[0] : undefined;
    const offsets = await client.describeConsumerOffsets({ group, from, topic, partition }, signal);
    const found = offsets.filter((entry) => entry.topic === topic);
    return new Map(found.map((entry) => [entry.partition, entry.offset]));
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

  /** Whether the group lacks the topic shows in an error, or in an answer without it. */
  const askMending = async (
    topic: string,
    from: From,
    partitions: readonly number[],
    signal: AbortSignal,
  ): Promise<Offsets> => {
    const first = await ask(topic, from, partitions, signal).catch((error: unknown) => {
      if (isGroupMissing(error) || isRefusedParameter(error)) return error as SourceError;
      throw error;
    });
    if (first instanceof Map && partitions.every((partition) => first.has(partition))) return first;
    const mended = await mend(topic, signal);
    // A group that is there by now was made meanwhile, for another topic or by another slot.
    if (!mended && first instanceof SourceError && !isGroupMissing(first)) throw first;
    return ask(topic, from, partitions, signal);
  };

  /** That all partitions of a topic may be asked about at once is said, but no official consumer does it. */
  const askTogether = async (
    topic: string,
    from: From,
    partitions: readonly number[],
    signal: AbortSignal,
  ): Promise<Answer> => {
    const several = new Set(partitions).size > 1;
    const offsets = await askMending(topic, from, partitions, signal).catch((error: unknown) => {
      if (several && isRefusedParameter(error)) return new Map<number, string>();
      throw error;
    });
    return { offsets, several };
  };

  const questions = new Map<string, (partition: number, signal: AbortSignal) => Promise<Answer>>();
  const questionOf = (topic: string, from: From) => {
    const key = `${from} ${topic}`;
    const known = questions.get(key);
    if (known !== undefined) return known;
    if (questions.size >= QUESTIONS_MAX) questions.clear();
    const question = together<number, Answer>((partitions, signal) =>
      askTogether(topic, from, partitions, signal),
    );
    questions.set(key, question);
    return question;
  };

  return {
    async offsetAt({ topic, partition }, from, signal) {
      const { offsets, several } = await questionOf(topic, from)(partition, signal);
      const missing = several && !offsets.has(partition);
      const found = missing ? await askMending(topic, from, [partition], signal) : offsets;
      const offset = found.get(partition);
      if (offset !== undefined) return offset;
      throw badResponse(`no offset of ${topic}, partition ${partition}`, undefined);
    },
  };
}

/** How a topic that is not the group's is refused is not documented; nor whether a partition may be left out. */
function isRefusedParameter(error: unknown): boolean {
  return error instanceof SourceError && /^(Invalid|Missing)Parameter/.test(error.code);
}

/**
 * The name of a consumer group that nobody commits to: for a group with an offset, CLS tells that one, wherever a position is asked
 * for. CLS takes letters, digits and underscores, and no digit in front.
 */
export function positionsGroupOf(group: string): string {
  return `positions_${group.replace(/\W/g, '_')}`;
}
