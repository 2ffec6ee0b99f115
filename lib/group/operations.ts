import { SettingsError } from '../errors.ts';
import type { Position } from '../sources/source.ts';
import { type ConsumerItem, consumerKey, type ShardItem, shardKey } from './items.ts';
import { parentsFirst } from './parentsFirst.ts';
import type { Stream } from './planning.ts';
import type { Condition, GroupStore, RequestOptions, Write } from './store.ts';

export { type Description, describe } from './describe.ts';

/**
 * What an operator does to a group while its consumers run. Each is safe at any moment and may be repeated: if it stops
 * half-way, doing it again finishes it, and a bounded age of the consumers' caches heals what nobody finished.
 */

/** Stops all reading: slots keep their heartbeats and their shards. Ticks at work finish what they have begun. */
export function pause(store: GroupStore, options: RequestOptions): Promise<void> {
  return setPaused(store, true, options);
}

export function resume(store: GroupStore, options: RequestOptions): Promise<void> {
  return setPaused(store, false, options);
}

async function setPaused(store: GroupStore, paused: boolean, options: RequestOptions): Promise<void> {
  const written = await store.update(
    'GROUP',
    { set: { paused }, condition: { exists: 'generation' } },
    options,
  );
  if (!written.accepted) throw noGroup();
  const { consumers } = await store.readAll({ ...options, consistent: true });
  for (const slot of consumers.keys()) await coolDown(store, slot, options);
}

/**
 * Stops reading one shard: it keeps its owner, or is handed over as ever, and nothing is read from it. A tick at work finishes what it has
 * begun. Throws a SettingsError for a shard that is not there, or is done.
 */
export function pauseShard(store: GroupStore, shard: string, options: RequestOptions): Promise<void> {
  return changeShard(store, shard, { set: { paused: true } }, options);
}

export function resumeShard(store: GroupStore, shard: string, options: RequestOptions): Promise<void> {
  return changeShard(store, shard, { unset: ['paused'] }, options);
}

async function changeShard(
  store: GroupStore,
  shard: string,
  change: Omit<Write<ShardItem>, 'condition'>,
  options: RequestOptions,
): Promise<void> {
  const written = await store.update(shardKey(shard), { ...change, condition: UNDONE }, options);
  if (!written.accepted) {
    const isThere = (await store.get(shardKey(shard), { ...options, consistent: true })) !== undefined;
    const remedy = isThere
      ? 'it is done, and nothing is left to read'
      : 'the group has no such shard: `describe` lists them';
    throw new SettingsError('shard', shard, remedy);
  }
  // Whoever claims it after this write reads it with its item.
  if (written.item.owner !== undefined) await coolDown(store, written.item.owner, options);
}

/** There may be something left in it. */
const UNDONE: Condition<ShardItem> = {
  any: [
    { equal: 'state', value: 'open' },
    { equal: 'state', value: 'closing' },
  ],
};

/**
 * `from` and `cursor`: its checkpoint before, and now. `done`: everything in the shard was processed, and its children may have begun: it
 * cannot be read again in order.
 */
export type Sought =
  | { shard: string; sought: true; from: string; cursor: string }
  | { shard: string; sought: false; reason: 'done' | 'absent' };

/** Which shards are to go on where. */
export interface SeekRequest {
  shard: string | 'all';
  /** A cursor is of one shard only. */
  to: Position | { cursor: string };
  /** Only tells what would be. */
  dryRun?: boolean | undefined;
}

/**
 * Moves checkpoints: of one shard, or of all. `to` is a position, or a cursor (of one shard only). A batch in work is not
 * committed any more: its records come again or are passed over, as the new position says.
 *
 * The shard goes first, with a new epoch, so that no commit from before can undo it; then the slot that owned it at that
 * moment forgets what it remembers.
 */
export async function seek(
  store: GroupStore,
  stream: Pick<Stream, 'cursorAt'>,
  { shard, to, dryRun = false }: SeekRequest,
  options: RequestOptions,
): Promise<Sought[]> {
  if ('cursor' in to) checkCursor(shard, to.cursor);
  const shards =
    shard === 'all'
      ? [...(await store.readAll({ ...options, consistent: true })).shards.keys()].sort()
      : [shard];
  const answers: Sought[] = [];
  for (const id of shards) {
    const seen = await store.get(shardKey(id), { ...options, consistent: true });
    if (seen === undefined || seen.state === 'done') {
      answers.push({ shard: id, sought: false, reason: seen === undefined ? 'absent' : 'done' });
      continue;
    }
    const cursor = 'cursor' in to ? to.cursor : await stream.cursorAt(id, to, options.signal);
    const there = { shard: id, sought: true, from: seen.cursor, cursor } as const;
    answers.push(dryRun ? there : await seekShard(store, there, options));
  }
  return answers;
}

/** The log service is not asked: a checkpoint that is no cursor at all would be told of by each tick, and never be read on. */
function checkCursor(shard: string, cursor: string): void {
  if (shard === 'all') {
    const remedy = 'a cursor belongs to one shard: name the shard, or give a position';
    throw new SettingsError('to', cursor, remedy);
  }
  if (!/^\S+$/.test(cursor)) {
    throw new SettingsError(
      'to',
      cursor,
      'give a cursor as `describe` or a seek has told it, without blanks',
    );
  }
}

async function seekShard(
  store: GroupStore,
  there: Extract<Sought, { sought: true }>,
  options: RequestOptions,
): Promise<Sought> {
  const { shard, cursor } = there;
  const written = await store.update(
    shardKey(shard),
    {
      set: { cursor, sought: true },
      add: { epoch: 1 },
      unset: ['pending', 'step', 'lagMs'],
      condition: UNDONE,
    },
    options,
  );
  if (!written.accepted) {
    // Meanwhile it was read to its end, or deleted.
    const item = await store.get(shardKey(shard), { ...options, consistent: true });
    return { shard, sought: false, reason: item === undefined ? 'absent' : 'done' };
  }
  if (written.item.owner !== undefined) await coolDown(store, written.item.owner, options);
  return there;
}

/** Takes every shard from a slot and gives it no more, until `undrain`. The slot may go on ticking or stop. */
export async function drain(store: GroupStore, slot: string, options: RequestOptions): Promise<void> {
  await setDraining(store, slot, true, options);
}

export async function undrain(store: GroupStore, slot: string, options: RequestOptions): Promise<void> {
  await setDraining(store, slot, false, options);
}

async function setDraining(
  store: GroupStore,
  slot: string,
  draining: boolean,
  options: RequestOptions,
): Promise<void> {
  const condition = { exists: 'heartbeatAt' } as const;
  const written = await store.update(
    consumerKey(slot),
    { set: { draining }, unset: ['scaledDown'], condition },
    options,
  );
  if (!written.accepted)
    throw new SettingsError('slot', slot, 'the group has no such slot: `describe` lists them');
  await planSoon(store, options);
}

/**
 * Removes a slot from the table, unless a run of it may still be at work. A slot whose schedule still runs comes back with
 * its next tick: remove the schedule first.
 */
export async function removeSlot(
  store: GroupStore,
  slot: string,
  limits: { now: number; skewMarginMs: number; dryRun?: boolean | undefined },
  options: RequestOptions,
): Promise<{ removed: boolean; busyUntil?: number }> {
  const condition = { less: 'busyUntil', value: limits.now - limits.skewMarginMs } as const;
  if (!limits.dryRun && (await store.remove(consumerKey(slot), condition, options))) {
    await planSoon(store, options);
    return { removed: true };
  }
  const consumer = await store.get(consumerKey(slot), { ...options, consistent: true });
  const isFree = consumer === undefined || (limits.dryRun && consumer.busyUntil < condition.value);
  return isFree ? { removed: true } : { removed: false, busyUntil: consumer.busyUntil };
}

/**
 * Deletes the group, checkpoints and all. Refused while a slot's session lives, since its next tick would make the group
 * anew, from its start: remove the schedules first. The group item goes last, so that a repeat finds what is left; and a shard before
 * its parents, since a group that is left so may go on: a parent that is made anew would be read behind its children.
 */
export async function deleteGroup(
  store: GroupStore,
  limits: { now: number; skewMarginMs: number; dryRun?: boolean | undefined },
  options: RequestOptions,
): Promise<{ deleted: true } | { deleted: false; live: string[] }> {
  const { group, consumers, shards } = await store.readAll({ ...options, consistent: true });
  const expiry = limits.now - limits.skewMarginMs;
  const isLive = ({ expiresAt, busyUntil }: ConsumerItem): boolean =>
    Math.max(expiresAt, busyUntil) >= expiry;
  const live = [...consumers].filter(([, consumer]) => isLive(consumer)).map(([slot]) => slot);
  if (live.length > 0) return { deleted: false, live };
  if (limits.dryRun) return { deleted: true };
  for (const [slot, { expiresAt }] of consumers) {
    const condition = {
      all: [
        { equal: 'expiresAt', value: expiresAt },
        { less: 'busyUntil', value: expiry },
      ],
    } as const;
    if (!(await store.remove(consumerKey(slot), condition, options))) return { deleted: false, live: [slot] };
  }
  const childrenFirst = parentsFirst([...shards].map(([id, item]) => ({ id, ...item }))).reverse();
  for (const { id, epoch } of childrenFirst.flat()) {
    await store.remove(shardKey(id), { equal: 'epoch', value: epoch }, options);
  }
  if (group !== undefined) {
    await store.remove('GROUP', { equal: 'generation', value: group.generation }, options);
  }
  return { deleted: true };
}

/** A slot whose tick number has moved finds its sandbox's memory out of date, and reads everything again. */
async function coolDown(store: GroupStore, slot: string, options: RequestOptions): Promise<void> {
  await store.update(consumerKey(slot), { add: { tick: 1 }, condition: { exists: 'heartbeatAt' } }, options);
}

/** Makes the next plan due now, for every tick that looks. */
export async function planSoon(store: GroupStore, options: RequestOptions): Promise<void> {
  await store.update('GROUP', { set: { planDueAt: 0 }, condition: { exists: 'generation' } }, options);
}

const noGroup = () =>
  new SettingsError('group', undefined, 'the table has no such group: its first tick makes it');
