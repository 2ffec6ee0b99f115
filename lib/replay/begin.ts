import { longestWaitMs } from '../delivery/waits.ts';
import { SettingsError } from '../errors.ts';
import { type ConsumerItem, consumerKey } from '../group/items.ts';
import { newGroup } from '../group/join.ts';
import { listAll } from '../group/listing.ts';
import { plan } from '../group/plan.ts';
import { settled } from '../group/settled.ts';
import type { RequestOptions } from '../group/store.ts';
import type { Logger } from '../observe/logger.ts';
import { forEachParallel } from '../parallel.ts';
import type { Clock, Random } from '../runtime.ts';
import type { Source, SourceShard } from '../sources/source.ts';
import type { TickSettings } from '../tick/context.ts';
import { termsOf } from '../tick/terms.ts';
import { clearReplay } from './clear.ts';
import {
  type BeginReplay,
  type ReplayBegun,
  type ReplayShard,
  type ReplayTable,
  replaySlot,
} from './replay.ts';
import { replaySettings } from './settings.ts';

const PARALLEL_MAX = 8;
/** What fails is tried again after a wait, at the longest; and what is tried may take a while. */
const PATIENCE_WAITS = 2.5;

export interface BeginTools extends ReplayTable {
  source: Source;
  logger: Logger;
  /** The table's time. */
  now(): number;
  clock: Clock;
  random: Random;
}

/**
 * Finds where the range is in each shard, and makes the replay's group with all of its slots and its first plan, so that their first runs
 * have something to do. What a replay that was killed has left is removed before. May be repeated.
 */
export async function beginReplay(
  tools: BeginTools,
  settings: TickSettings & { table: string },
  request: BeginReplay,
  options: RequestOptions & { deadline: number },
): Promise<ReplayBegun> {
  const { source } = tools;
  const { shards: listed, unlisted } = await listAll(source, options.signal, options);
  for (const error of unlisted.values()) throw error;
  const wanted = wantedOf(listed, request.shards);
  const found = new Map<string, ReplayShard>();
  await forEachParallel(wanted, PARALLEL_MAX, async ({ id }) => {
    found.set(id, await locate(source, id, request, options));
  });
  const shards = wanted.map(({ id }) => found.get(id)!).sort((a, b) => (a.shard < b.shard ? -1 : 1));
  const retainedSince = await retainedSinceOf(tools, wanted, options);
  const own = replaySettings(settings, request);
  const begun = {
    begun: true,
    group: settings.group,
    table: settings.table,
    unit: source.positions ?? 'positions',
    shards,
    patienceMs: PATIENCE_WAITS * longestWaitMs(own.times.intervalMs),
    ...(retainedSince !== undefined && { retainedSince }),
  } as const;
  if (request.dryRun) return begun;
  const until = await make(tools, own, request, options);
  return until === undefined ? begun : { begun: false, until };
}

function wantedOf(listed: readonly SourceShard[], ids: readonly string[] | undefined): SourceShard[] {
  const unknown = ids?.find((id) => listed.every((shard) => shard.id !== id));
  if (unknown !== undefined) {
    const known = listed.map(({ id }) => id).sort();
    throw new SettingsError('shards', unknown, `the stream has no such shard: it has ${known.join(', ')}`);
  }
  return listed.filter(({ id }) => ids === undefined || ids.includes(id));
}

/** Where the range is in a shard, and whether it begins before what is left there. */
async function locate(
  source: Source,
  shard: string,
  { from, to }: BeginReplay,
  { signal }: RequestOptions,
): Promise<ReplayShard> {
  const at = (unixMs: number) => source.cursorAt(shard, { at: 'time', unixMs }, signal);
  const [begin, first, end] = await Promise.all([
    source.cursorAt(shard, { at: 'begin' }, signal),
    at(from),
    at(to),
  ]);
  const distance = source.distance?.(first, end);
  const positions = first === end ? 0 : distance === undefined ? undefined : Math.max(0, distance);
  const there = { shard, from: first, to: end, positions };
  if (begin !== first || positions === 0) return there;
  const keptSince = await source.receivedAt?.(shard, begin, signal);
  return keptSince !== undefined && keptSince > from ? { ...there, keptSince } : there;
}

/** It takes a right of its own, and nothing depends on it. */
async function retainedSinceOf(
  { source, now }: BeginTools,
  [shard]: readonly SourceShard[],
  { signal }: RequestOptions,
): Promise<number | undefined> {
  if (shard === undefined) return undefined;
  const retentionMs = await source.retentionMs?.(shard.id, signal).catch(() => undefined);
  return retentionMs === undefined ? undefined : now() - retentionMs;
}

/** Makes all items. Returns until when another replay may be at work, if there is one. */
async function make(
  tools: BeginTools,
  settings: TickSettings,
  { id, slots: count }: BeginReplay,
  options: RequestOptions & { deadline: number },
): Promise<number | undefined> {
  const { source, logger, random, now } = tools;
  const store = settled(tools.store, tools);
  const { times, order, strategy, start, endAt, replay } = settings;
  const { skewMarginMs, sessionTimeoutMs } = times;
  const slots = Array.from({ length: count }, (_, index) => replaySlot(id, index));
  const isOurs = async (): Promise<boolean> =>
    (await store.get(consumerKey(slots[0]!), { ...options, consistent: true })) !== undefined;
  if (!(await isOurs())) {
    const limits = { now: now(), skewMarginMs };
    const cleared = await clearReplay(tools, limits, options);
    if (!cleared.cleared) return cleared.until;
    const group = newGroup(termsOf(settings, { kind: 'own' }), { now, times: { ...times, intervalMs: 0 } });
    const made = await store.update('GROUP', { set: group, condition: { absent: 'generation' } }, options);
    if (!made.accepted && !(await isOurs())) return now() + sessionTimeoutMs;
  }
  for (const slot of slots) {
    const set = newSlot(now(), sessionTimeoutMs);
    await store.update(consumerKey(slot), { set, condition: { absent: 'heartbeatAt' } }, options);
  }
  const group = await store.get('GROUP', { ...options, consistent: true });
  if (group === undefined || group.initialized) return undefined;
  const planning = {
    ...{ store, stream: source, logger, times, order, strategy, start, endAt, replay },
    ...{
      now: now(),
      planner: random.nonce(),
      deadline: options.deadline,
      asking: options.signal,
      assigns: true,
    },
  };
  await plan(planning, group, options);
  return undefined;
}

/** As a run would have left it. */
const newSlot = (now: number, sessionTimeoutMs: number): ConsumerItem => ({
  heartbeatAt: now,
  expiresAt: now + sessionTimeoutMs,
  busyUntil: 0,
  invocation: 'begin',
  tick: 0,
  acknowledged: 0,
});
