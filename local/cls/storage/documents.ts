import * as v from 'valibot';
import { formatKey } from '../../service/keyspace.ts';
import { key, position, whole } from '../../service/storage/values.ts';
import { type ConsumerGroup, keyOf } from '../group/group.ts';
import type { Logset } from '../state/logset.ts';
import type { Topic } from '../state/topic.ts';

/** What is kept as JSON: logsets, topics with their partitions, and consumer groups; not the messages. */

const name = v.string();

const LOGSET = v.object({ id: v.string(), name, createdAtSec: whole });

const TOPIC = v.object({
  id: v.string(),
  settings: v.object({ name, retentionDays: whole }),
  createdAtSec: whole,
  firstOffset: position,
  partitions: v.array(
    v.object({
      id: whole,
      status: v.picklist(['readwrite', 'readonly']),
      begin: key,
      end: key,
      createdAtSec: whole,
      closedAtSec: v.exactOptional(whole),
      firstPosition: position,
    }),
  ),
});

/** An offset that is committed may be -1. */
const offset = v.pipe(
  v.string(),
  v.regex(/^-?\d{1,19}$/),
  v.transform((text) => BigInt(text)),
);

const GROUP = v.object({
  name,
  timeoutSec: whole,
  topics: v.array(v.string()),
  consumers: v.array(v.tuple([name, v.number()])),
  partitions: v.array(
    v.object({
      topicId: v.string(),
      id: whole,
      allocation: v.variant('state', [
        v.object({ state: v.literal('free') }),
        v.object({ state: v.literal('held'), holder: name }),
        v.object({ state: v.literal('moving'), holder: name, next: name }),
      ]),
    }),
  ),
  offsets: v.array(v.tuple([v.string(), offset])),
});

export function writeLogset({ id, name, createdAtSec }: Logset): string {
  return JSON.stringify({ id, name, createdAtSec });
}

/** Throws what is wrong with the text; so do the others. */
export function readLogset(text: string): Logset {
  return { ...v.parse(LOGSET, JSON.parse(text)), topics: new Map(), groups: new Map() };
}

export function writeTopic({ id, settings, createdAtSec, firstOffset, partitions }: Topic): string {
  const written = partitions.map(({ range, groups: _, firstPosition, ...partition }) => ({
    ...partition,
    begin: formatKey(range.begin),
    end: formatKey(range.end),
    firstPosition: firstPosition.toString(),
  }));
  const first = firstOffset.toString();
  return JSON.stringify({ id, settings, createdAtSec, firstOffset: first, partitions: written });
}

/** Without its messages. */
export function readTopic(text: string, logsetId: string): Topic {
  const { partitions, ...topic } = v.parse(TOPIC, JSON.parse(text));
  return {
    ...topic,
    logsetId,
    expiredAtSec: 0,
    partitions: partitions.map(({ begin, end, ...partition }) => ({
      ...partition,
      range: { begin, end },
      groups: [],
    })),
    balancedWrites: 0,
  };
}

export function writeGroup({ consumers, partitions, offsets, ...group }: ConsumerGroup): string {
  return JSON.stringify({
    ...group,
    consumers: [...consumers],
    partitions: [...partitions.values()],
    offsets: [...offsets].map(([partition, committed]) => [partition, committed.toString()]),
  });
}

export function readGroup(text: string): ConsumerGroup {
  const { consumers, partitions, offsets, ...group } = v.parse(GROUP, JSON.parse(text));
  return {
    ...group,
    consumers: new Map(consumers),
    partitions: new Map(partitions.map((partition) => [keyOf(partition), partition])),
    offsets: new Map(offsets),
  };
}
