import { adoptAssignment } from '../../group/adopted.ts';
import { fitting, logUnassigned, MORE_SLOTS_REMEDY } from '../../group/bounded.ts';
import { type ConsumerItem, shardKey } from '../../group/items.ts';
import type { ServiceGroup } from '../../sources/serviceGroup.ts';
import { type CachedShard, mayHaveExpired, type TickCache } from '../cache.ts';
import type { TickContext } from '../context.ts';
import type { Assigned } from './coordination.ts';
import type { Publishable, ServiceCheckpoints } from './serviceCheckpoints.ts';
import { isPublished } from './serviceProgress.ts';

export interface Service {
  group: ServiceGroup;
  checkpoints: ServiceCheckpoints;
}

type Known = ReadonlyMap<string, CachedShard>;

/** `wanted`: what the service wants the slot to hold. */
export interface Adopted extends Assigned {
  wanted: readonly string[];
}

/** The service's assignment as the slot's own, and what may be trusted of the cache under its grants. */
export async function takeAssignment(
  context: TickContext,
  service: Service,
  cache: TickCache | undefined,
): Promise<Adopted> {
  const before = context.consumer.assigned;
  const remembered: Known = cache?.shards ?? new Map();
  const { consumer, unassigned, wanted } = await adopted(context, service, remembered);
  // Not every service says so if it took the slot for dead, and gave its shards to somebody who has read on in them.
  // Then the shards are read, and held against the service's checkpoints.
  const mayBeDropped =
    cache !== undefined && mayHaveExpired(cache, context.groupNow(), context.settings.times);
  if (mayBeDropped) return { consumer, known: new Map(), unassigned, wanted };
  const hasSameGrant = (shard: string): boolean => before?.[shard] === consumer.assigned?.[shard];
  const known = new Map([...remembered].filter(([shard]) => hasSameGrant(shard)));
  return { consumer, known, unassigned, wanted };
}

/**
 * Says in mid-tick what the slot holds, as at its beginning, and whether the service wants another thing by now. Nothing is adopted: for that
 * the slot must be at work on nothing. Throws what the service throws.
 */
export async function hasChanged(
  { slot, budget }: TickContext,
  group: ServiceGroup,
  { consumer, wanted }: Adopted,
): Promise<boolean> {
  if (consumer.draining === true) return false;
  const held = Object.keys(consumer.assigned ?? {}).filter((shard) => group.isShard(shard));
  const answer = await group.heartbeat(slot, held, budget.work);
  return !answer.known || String([...wanted].sort()) !== String([...answer.assigned].sort());
}

/**
 * Adopts the service's assignment, and releases at once what was taken away: at this moment the slot works on nothing. First its
 * checkpoint goes to the service, as the next owner may be an official consumer; then the consumer item, so that whoever is given
 * the shard next finds it unlisted; then a second heartbeat without it.
 *
 * Answers with the consumer item by which to work, how many shards it has no room for, and all that the service wants. Throws what the service or the store throws: then no work may be done.
 */
async function adopted(
  context: TickContext,
  service: Service,
  known: Known,
): Promise<Omit<Adopted, 'known'> & { unassigned: number }> {
  const { store, slot, consumer, logger, budget } = context;
  const { group } = service;
  const { invocation } = consumer;
  const options = { signal: budget.requests };
  const { held, malformed } = heldBy(context, group);
  const grant = Math.max(context.groupNow(), (consumer.generation ?? 0) + 1);
  const adopt = (assigned: Record<string, number>): Promise<ConsumerItem> =>
    adoptAssignment(store, { slot, invocation }, { assigned, generation: grant }, options);
  // A leaving slot has no call to leave by: it gives back what it holds, and is then silent until it is dropped.
  if (consumer.draining === true && held.length === 0) {
    return { consumer: malformed.length === 0 ? consumer : await adopt({}), unassigned: 0, wanted: [] };
  }

  const { wanted, dropped } = await heartbeat(context, group, held);
  // Dropped, it may have been somebody else's meanwhile: everything is claimed again, under a new grant.
  const kept = dropped ? {} : (consumer.assigned ?? {});
  const taken = dropped ? [] : held.filter((shard) => !wanted.includes(shard));
  // What cannot be given up yet is kept, worked on and reported: the service waits.
  const retained = await stillToPublish(context, service, known, taken);
  const isKept = (shard: string): boolean => kept[shard] !== undefined;
  const added = wanted.filter((shard) => !isKept(shard));
  const holding = fitting([...wanted.filter(isKept), ...retained, ...added]);
  const fit = new Set(holding);
  const unassigned = wanted.filter((shard) => !fit.has(shard));
  logUnassigned(logger, unassigned, MORE_SLOTS_REMEDY);
  const released = taken.filter((shard) => !retained.includes(shard));
  const gone = released.length + malformed.length;
  const isSame = !dropped && gone === 0 && holding.every(isKept);
  const assigned = Object.fromEntries(holding.map((shard) => [shard, kept[shard] ?? grant]));
  const next = isSame ? consumer : await adopt(assigned);
  if (released.length > 0) {
    await group.heartbeat(slot, holding, budget.requests);
    logger.info('service.released', { shards: released });
  }
  if (dropped || taken.length > 0 || mayStarve(context, group, wanted)) await joinAgain(context, group);
  return { consumer: next, unassigned: unassigned.length, wanted };
}

/** Ids that an event names. */
const MALFORMED_SHOWN_MAX = 10;

/** What the slot holds. An id that is none would make every request invalid, and stand there for good. */
function heldBy(
  { consumer, logger }: TickContext,
  group: ServiceGroup,
): { held: string[]; malformed: string[] } {
  const listed = Object.keys(consumer.assigned ?? {});
  const held = listed.filter((shard) => group.isShard(shard));
  const malformed = listed.filter((shard) => !group.isShard(shard));
  if (malformed.length > 0)
    logger.warn('service.malformed', { shards: malformed.slice(0, MALFORMED_SHOWN_MAX) });
  return { held, malformed };
}

/** What the service wants the slot to hold, and whether it had dropped it. */
async function heartbeat(
  { slot, consumer, logger, budget }: TickContext,
  group: ServiceGroup,
  held: readonly string[],
): Promise<{ wanted: string[]; dropped: boolean }> {
  const isLeaving = consumer.draining === true;
  let answer = await group.heartbeat(slot, held, budget.requests);
  const dropped = !answer.known;
  if (dropped) {
    logger.warn('service.dropped', { held });
    // Not to be given anything, a leaving slot does not join again.
    if (!isLeaving) answer = await group.heartbeat(slot, [], budget.requests);
  }
  return { wanted: answer.known && !isLeaving ? answer.assigned : [], dropped };
}

/** A slot without work, and one to which it is not reported that it was dropped, look at the group's settings every so many ticks. */
const LOOK_TICKS = 5;

/** Whether the slot has nothing, or may have lost all between two ticks, and it is its turn to look why. */
function mayStarve({ consumer }: TickContext, group: ServiceGroup, wanted: readonly string[]): boolean {
  return consumer.tick % LOOK_TICKS === 0 && (wanted.length === 0 || !group.reportsDropped);
}

/**
 * Official workers bring their own session timeout at their start. One that is not longer than our interval has the service drop our
 * slots between any two ticks: brought back to ours, it lets them hold their shards again.
 */
async function joinAgain({ consumer, logger, budget }: TickContext, group: ServiceGroup): Promise<void> {
  if (consumer.draining === true) return;
  try {
    await group.join(budget.requests);
  } catch (error) {
    // What the slot has been given needs no settings; it looks again at one of its next ticks.
    logger.warn('service.notJoined', { error });
  }
}

/** Publishes checkpoints before the shards go. Answers with the shards for which that failed. */
async function stillToPublish(
  context: TickContext,
  { checkpoints }: Service,
  known: Known,
  shards: readonly string[],
): Promise<string[]> {
  const failed: string[] = [];
  const news: Publishable[] = [];
  for (const shard of shards.filter((shard) => !isPublished(known.get(shard)))) {
    try {
      news.push(...(await newsOf(context, checkpoints, shard)));
    } catch (error) {
      context.logger.warn('checkpoint.notPublished', { shard, error });
      failed.push(shard);
    }
  }
  const published = await checkpoints.publish(news);
  return [...failed, ...[...published].flatMap(([shard, what]) => (what === 'failed' ? [shard] : []))];
}

/** The shard's checkpoint, if it is ours and the service is to have it: what an operator sought in any case. */
async function newsOf(
  { store, slot, budget }: TickContext,
  checkpoints: ServiceCheckpoints,
  shard: string,
): Promise<Publishable[]> {
  const item = await store.get(shardKey(shard), { signal: budget.requests, consistent: true });
  if (item?.owner !== slot) return [];
  const { cursor, epoch, step, sought } = item;
  if (!sought && (await checkpoints.isPassed(shard, cursor))) return [];
  return [{ shard, cursor, epoch, step, sought }];
}
