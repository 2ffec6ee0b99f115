import type { Logger } from '../observe/logger.ts';
import { fitting, logUnassigned, MORE_SLOTS_REMEDY } from './bounded.ts';
import { type Holding, settleSought } from './commit.ts';
import { type ConsumerItem, consumerKey, shardKey } from './items.ts';
import type { Strategy } from './planner.ts';
import type { GroupStore, RequestOptions } from './store.ts';

/** What the group needs of a service that assigns the shards itself; see lib/sources/providerGroup.ts. */
export interface Assigner {
  readonly tellsDropped: boolean;
  isShard(id: string): boolean;
  join(signal: AbortSignal): Promise<void>;
  heartbeat(
    slot: string,
    held: readonly string[],
    signal: AbortSignal,
  ): Promise<{ known: true; assigned: string[] } | { known: false }>;
  commit(
    slot: string,
    checkpoints: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): Promise<Map<string, 'committed' | 'notOwner' | { error: unknown }>>;
}

/** Where the service assigns, a plan leaves every assignment as it is: it only tends the items. */
export const keepAssigned: Strategy = ({ consumers }) =>
  new Map([...consumers].map(([slot, { assigned = {} }]) => [slot, assigned]));

export interface Obeying {
  store: GroupStore;
  assigner: Assigner;
  slot: string;
  consumer: ConsumerItem;
  now: number;
  /** Whether the service is known to have the shard's checkpoint already. */
  isMirrored(shard: string): boolean;
  /** Whether the service's checkpoint is beyond this one: then somebody else has had the shard. */
  isPassed(shard: string, cursor: string): Promise<boolean>;
  logger: Logger;
}

/**
 * Takes the service's assignment for the slot's own, and releases at once what was taken away: at this moment the slot
 * works on nothing. First its checkpoint goes to the service, as the next owner may be an official consumer; then the
 * consumer item, so that whoever is given the shard next finds it unlisted; then a second heartbeat without it.
 *
 * Answers with the consumer item by which to work, and how many shards it has no room for. Throws what the service or the store
 * throws: then no work may be done.
 */
export async function obey(
  obeying: Obeying,
  options: RequestOptions,
): Promise<{ consumer: ConsumerItem; unassigned: number }> {
  const { assigner, slot, consumer, logger } = obeying;
  const { signal } = options;
  const { held, malformed } = assignmentOf(obeying);
  const grant = Math.max(obeying.now, (consumer.generation ?? 0) + 1);
  // A leaving slot has no call to leave by: it gives back what it holds, and is then silent until it is dropped.
  if (consumer.draining === true && held.length === 0) {
    const left = malformed.length === 0 ? consumer : await writeAssignment(obeying, {}, grant, options);
    return { consumer: left, unassigned: 0 };
  }

  let answer = await assigner.heartbeat(slot, held, signal);
  const dropped = !answer.known;
  if (!answer.known) {
    logger.warn('provider.dropped', { held });
    // Not to be given anything, a leaving slot does not join again.
    if (consumer.draining !== true) answer = await assigner.heartbeat(slot, [], signal);
  }
  const wanted = answer.known && consumer.draining !== true ? answer.assigned : [];
  // Dropped, it may have been somebody else's meanwhile: everything is claimed again, under a new grant.
  const kept = dropped ? {} : (consumer.assigned ?? {});
  const taken = dropped ? [] : held.filter((shard) => !wanted.includes(shard));
  // What cannot be given up yet is kept, worked on and reported: the service waits.
  const retained = await stillToMirror(obeying, taken, options);
  const isKept = (shard: string): boolean => kept[shard] !== undefined;
  const known = wanted.filter(isKept);
  const holding = fitting([...known, ...retained, ...wanted.filter((shard) => !isKept(shard))]);
  const fit = new Set(holding);
  const unassigned = wanted.filter((shard) => !fit.has(shard));
  logUnassigned(logger, unassigned, MORE_SLOTS_REMEDY);
  const assigned = Object.fromEntries(holding.map((shard) => [shard, kept[shard] ?? grant]));
  const released = taken.filter((shard) => !retained.includes(shard));
  const gone = released.length + malformed.length;
  const isSame = !dropped && gone === 0 && holding.every(isKept);
  const obedient = isSame ? consumer : await writeAssignment(obeying, assigned, grant, options);
  if (released.length > 0) {
    await assigner.heartbeat(slot, holding, signal);
    logger.info('provider.released', { shards: released });
  }
  if (dropped || taken.length > 0 || mayStarve(obeying, wanted)) await lookAtGroup(obeying, signal);
  return { consumer: obedient, unassigned: unassigned.length };
}

/** Ids that an event names. */
const MALFORMED_SHOWN_MAX = 10;

/** What the slot holds. An id that is none would make every request invalid, and stand there for good. */
function assignmentOf({ assigner, consumer, logger }: Obeying): { held: string[]; malformed: string[] } {
  const listed = Object.keys(consumer.assigned ?? {});
  const held = listed.filter((shard) => assigner.isShard(shard));
  const malformed = listed.filter((shard) => !assigner.isShard(shard));
  if (malformed.length > 0)
    logger.warn('provider.malformed', { shards: malformed.slice(0, MALFORMED_SHOWN_MAX) });
  return { held, malformed };
}

/** A slot without work, and one that is not told that it was dropped, look at the group's settings every so many ticks. */
const LOOK_TICKS = 5;

/** Whether the slot has nothing, or may have lost all between two ticks, and it is its turn to look why. */
function mayStarve({ assigner, consumer }: Obeying, wanted: readonly string[]): boolean {
  if (consumer.draining === true || consumer.tick % LOOK_TICKS !== 0) return false;
  return wanted.length === 0 || !assigner.tellsDropped;
}

/**
 * Official workers bring their own session timeout at their start. One that is not longer than our interval has the service drop our
 * slots between any two ticks: brought back to ours, it lets them hold their shards again.
 */
async function lookAtGroup({ assigner, consumer, logger }: Obeying, signal: AbortSignal): Promise<void> {
  if (consumer.draining === true) return;
  try {
    await assigner.join(signal);
  } catch (error) {
    // What the slot has been given needs no settings; it looks again at one of its next ticks.
    logger.warn('provider.notLooked', { error });
  }
}

/** A new generation: the cache of before is not for this assignment, and a planner that has read the item yields. */
async function writeAssignment(
  { store, slot, consumer }: Obeying,
  assigned: Record<string, number>,
  generation: number,
  options: RequestOptions,
): Promise<ConsumerItem> {
  const written = await store.update(
    consumerKey(slot),
    {
      set: { assigned, generation, acknowledged: generation },
      condition: { equal: 'invocation', value: consumer.invocation },
    },
    options,
  );
  if (!written.accepted) throw new Error(`slot ${slot} was taken over in mid-tick`);
  return written.item;
}

/** Brings checkpoints to the service before the shards go. Answers with those for which that failed. */
async function stillToMirror(
  obeying: Obeying,
  shards: readonly string[],
  options: RequestOptions,
): Promise<string[]> {
  const { store, assigner, slot, isMirrored, isPassed, logger } = obeying;
  const failed: string[] = [];
  const note = (shard: string, error: unknown): void => {
    logger.warn('checkpoint.notMirrored', { shard, error });
    failed.push(shard);
  };
  const checkpoints = new Map<string, string>();
  const sought: Holding[] = [];
  for (const shard of shards.filter((shard) => !isMirrored(shard))) {
    try {
      const item = await store.get(shardKey(shard), { ...options, consistent: true });
      if (item?.owner !== slot) continue;
      const { cursor, epoch } = item;
      // What an operator sought counts all the same.
      if (item.sought) sought.push({ shard, slot, epoch, cursor });
      if (item.sought || !(await isPassed(shard, cursor))) checkpoints.set(shard, cursor);
    } catch (error) {
      note(shard, error);
    }
  }
  if (checkpoints.size === 0) return failed;
  const outcomes = await assigner.commit(slot, checkpoints, options.signal);
  for (const [shard, outcome] of outcomes) {
    if (typeof outcome === 'object') note(shard, outcome.error);
  }
  for (const holding of sought) {
    if (outcomes.get(holding.shard) === 'committed') await settleSought(store, holding, options);
  }
  return failed;
}
