/**
 * CLS's own consumer groups, of one logset. API reference: CreateConsumerGroup, SendConsumerHeartbeat,
 * DescribeConsumerOffsets, CommitConsumerOffsets. There is no call that lists the consumers of a group or lets one leave.
 */
import { SourceError } from '../../errors.ts';
import { badResponse } from '../../http/failure.ts';
import { keepGroup } from '../keepGroup.ts';
import { ASSIGNED_MAX, type CommitOutcome, type OnGroupChange, type ServiceGroup } from '../serviceGroup.ts';
import type { ClsClient, PartitionOffset } from './client.ts';
import { isGroupMissing, isGroupThere } from './failure.ts';
import { isShard, partitionOf, shardOf } from './shardId.ts';

export interface ClsConsumerGroupOptions {
  client: ClsClient;
  topics: readonly string[];
  group: string;
  /** The service drops a slot that was silent for longer. */
  sessionTimeoutMs: number;
  onChange?: OnGroupChange;
}

/** How often the two questions of `look` are asked before answers that contradict each other are an error. */
const LOOKS_MAX = 3;

export function createClsConsumerGroup(options: ClsConsumerGroupOptions): ServiceGroup {
  const { client, group, onChange = () => {} } = options;
  const topics = [...options.topics].sort();
  const timeoutSec = Math.ceil(options.sessionTimeoutMs / 1_000);

  const kept = keepGroup({
    make: (signal) => client.createConsumerGroup({ group, topics, timeoutSec }, signal),
    isThere: isGroupThere,
    isMissing: isGroupMissing,
    onChange,
  });

  const offsets = (from: 'begin' | 'end', signal: AbortSignal): Promise<Map<string, string>> =>
    kept.withGroup(() => offsetsOfAll(client, group, topics, from, signal), signal);

  /** Every partition, with the offset that was committed; undefined where none was. */
  const look = async (signal: AbortSignal): Promise<[shard: string, offset: string | undefined][]> => {
    for (let looks = 1; ; looks++) {
      const first = await offsets('begin', signal);
      const end = await offsets('end', signal);
      const isCommitted = ([shard, offset]: [string, string]): boolean =>
        isOffset(offset) && end.get(shard) === offset;
      // A commit in between makes a shard that has a checkpoint look as if it had none.
      const again = [...first].every(isCommitted) ? first : await offsets('begin', signal);
      if ([...first].every(([shard, offset]) => again.get(shard) === offset)) {
        return [...first].map((entry) => [entry[0], isCommitted(entry) ? entry[1] : undefined]);
      }
      if (looks === LOOKS_MAX)
        throw badResponse(`the offsets of group ${group} do not stand still`, undefined);
    }
  };

  const commit = async (
    slot: string,
    wanted: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): Promise<Map<string, CommitOutcome>> => {
    const all = (outcome: CommitOutcome) => new Map([...wanted.keys()].map((shard) => [shard, outcome]));
    try {
      const offsets = [...wanted].map(([shard, offset]) => ({ ...partitionOf(shard), offset }));
      await client.commitConsumerOffsets({ group, consumer: slot, offsets }, signal);
      return all('committed');
    } catch (error) {
      if (isGroupMissing(error)) return all('notOwner');
      if (!isRefusal(error)) return all({ error });
      if (wanted.size === 1) return all(isNotOurs(error) ? 'notOwner' : { error });
    }
    // Refused as a whole: because of which of them, only the single ones tell.
    const outcomes = new Map<string, CommitOutcome>();
    for (const [shard, offset] of wanted) {
      const [outcome] = (await commit(slot, new Map([[shard, offset]]), signal)).values();
      outcomes.set(shard, outcome!);
    }
    return outcomes;
  };

  return {
    reportsDropped: false,

    isShard,

    async join(signal) {
      const groups = await client.describeConsumerGroups(signal);
      const found = groups.find((candidate) => candidate.group === group);
      if (found === undefined) {
        await kept.create(signal);
      } else if (found.timeoutSec !== timeoutSec || String([...found.topics].sort()) !== String(topics)) {
        await client.modifyConsumerGroup({ group, topics, timeoutSec }, signal);
        onChange('updated', found.timeoutSec === timeoutSec ? undefined : found.timeoutSec * 1_000);
      }
    },

    heartbeat: (slot, held, signal) =>
      kept.withGroup(async () => {
        const holding = held.map(partitionOf);
        const assigned = await client.sendConsumerHeartbeat(
          { group, consumer: slot, topics, holding },
          signal,
        );
        const shards = new Set(assigned.map(shardOf));
        if (shards.size > ASSIGNED_MAX)
          throw badResponse(`${shards.size} partitions for one consumer`, undefined);
        const strange = assigned.find(({ topic }) => !topics.includes(topic));
        // The group was given other topics; the next tick, in a sandbox that knows nothing, brings ours back.
        if (strange !== undefined) throw badResponse(`topic ${strange.topic} is not one of ours`, undefined);
        return { known: true, assigned: [...shards] } as const;
      }, signal),

    async checkpoints(signal) {
      const shards = await look(signal);
      return new Map(shards.flatMap(([shard, cursor]) => (cursor === undefined ? [] : [[shard, cursor]])));
    },

    commit,

    async status(signal) {
      const shards = await look(signal);
      return shards.map(([shard, cursor]) => ({ shard, consumer: undefined, cursor, updatedAt: undefined }));
    },

    remove: (signal) => kept.remove(() => client.deleteConsumerGroup(group, signal)),
  };
}

/**
 * Next offset to read of every partition, as the group has it, or as `from` says where it has none. Topic and partition are
 * optional in the request; a topic that is left out of the answer is asked for by its id, since a partition without an entry
 * would be taken for one that nobody has read.
 */
async function offsetsOfAll(
  client: ClsClient,
  group: string,
  topics: readonly string[],
  from: 'begin' | 'end',
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const found: PartitionOffset[] = await client.describeConsumerOffsets({ group, from }, signal);
  const missing = topics.filter((topic) => !found.some((entry) => entry.topic === topic));
  for (const topic of missing) {
    const entries = await client.describeConsumerOffsets({ group, from, topic }, signal);
    if (entries.length === 0) throw badResponse(`no offsets of topic ${topic}`, undefined);
    found.push(...entries);
  }
  return new Map(found.map((entry) => [shardOf(entry), entry.offset]));
}

/** An official worker that has read nothing commits -1. */
const isOffset = (offset: string): boolean => !offset.startsWith('-');

/** Whether one of several checkpoints may be why the service took none: codes that say nothing of the account or the time. */
function isRefusal(error: unknown): error is SourceError {
  return (
    error instanceof SourceError &&
    /^(OperationDenied|FailedOperation|(InvalidParameter|ResourceNotFound)\b.*)$/.test(error.code)
  );
}

/**
 * Whether the service checks who commits is not documented; if it does, the first code is what is left for it. The other one is
 * that of a partition which has gone with its last message.
 */
function isNotOurs({ code }: SourceError): boolean {
  return code === 'OperationDenied' || code.startsWith('ResourceNotFound');
}
