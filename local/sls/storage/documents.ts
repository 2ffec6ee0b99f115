import * as v from 'valibot';
import { formatKey } from '../../service/keyspace.ts';
import { key, position, whole } from '../../service/storage/values.ts';
import type { ConsumerGroup } from '../group/group.ts';
import { type Logstore, SHARDS_MAX } from '../state/logstore.ts';
import type { Project } from '../state/project.ts';

/** What is kept as JSON: projects, logstores with their shards, and consumer groups; not the log groups. */

const ids = v.pipe(v.array(whole), v.maxLength(SHARDS_MAX));
const PROJECT = v.object({ name: v.string(), description: v.string(), createdAtSec: whole });

const LOGSTORE = v.object({
  name: v.string(),
  settings: v.object({
    ttlDays: whole,
    shardCount: whole,
    autoSplit: v.boolean(),
    maxSplitShard: v.union([whole, v.literal(-1)]),
    enableTracking: v.boolean(),
    appendMeta: v.boolean(),
  }),
  createdAtSec: whole,
  modifiedAtSec: whole,
  shards: v.array(
    v.object({
      id: whole,
      status: v.picklist(['readwrite', 'readonly']),
      begin: key,
      end: key,
      createdAtSec: whole,
      closedAtSec: v.exactOptional(whole),
      parents: ids,
      firstPosition: position,
    }),
  ),
});

const name = v.string();
const GROUP = v.object({
  name,
  timeoutSec: whole,
  order: v.boolean(),
  consumers: v.array(v.tuple([name, v.number()])),
  shards: v.array(
    v.object({
      id: whole,
      parents: ids,
      allocation: v.variant('state', [
        v.object({ state: v.picklist(['not_alloc', 'wait', 'over']) }),
        v.object({ state: v.literal('already_alloc'), holder: name }),
        v.object({ state: v.literal('transfer'), holder: name, next: name }),
      ]),
      checkpoint: v.string(),
      updatedAtUs: whole,
      committedBy: v.string(),
    }),
  ),
});

export function writeProject({ name, description, createdAtSec }: Project): string {
  return JSON.stringify({ name, description, createdAtSec });
}

/** Throws what is wrong with the text; so do the others. */
export function readProject(text: string): Project {
  return { ...v.parse(PROJECT, JSON.parse(text)), logstores: new Map() };
}

export function writeLogstore({ name, settings, createdAtSec, modifiedAtSec, shards }: Logstore): string {
  const written = shards.map(({ range, groups: _, firstPosition, ...shard }) => ({
    ...shard,
    begin: formatKey(range.begin),
    end: formatKey(range.end),
    firstPosition: firstPosition.toString(),
  }));
  return JSON.stringify({ name, settings, createdAtSec, modifiedAtSec, shards: written });
}

/** Without its log groups and consumer groups. */
export function readLogstore(text: string, project: string): Logstore {
  const { shards, ...logstore } = v.parse(LOGSTORE, JSON.parse(text));
  return {
    ...logstore,
    project,
    expiredAtSec: 0,
    shards: shards.map(({ begin, end, ...shard }) => ({ ...shard, range: { begin, end }, groups: [] })),
    balancedWrites: 0,
    groups: new Map(),
  };
}

export function writeGroup({ consumers, shards, ...group }: ConsumerGroup): string {
  return JSON.stringify({ ...group, consumers: [...consumers], shards: [...shards.values()] });
}

export function readGroup(text: string): ConsumerGroup {
  const { consumers, shards, ...group } = v.parse(GROUP, JSON.parse(text));
  return {
    ...group,
    consumers: new Map(consumers),
    shards: new Map(shards.map((shard) => [shard.id, shard])),
  };
}
