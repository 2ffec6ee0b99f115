import { shardKey } from '../../../lib/group/items.ts';
import type { TickResult } from '../../../lib/tick/result.ts';
import type { Actor } from '../host.ts';
import type { Request } from '../requests.ts';
import { positionOf } from '../stream.ts';
import { attemptsOf, watchAttempt } from './attempts.ts';
import { watchSuspects } from './deaths.ts';
import { watchIdentity } from './identity.ts';
import { watchNoticed } from './lingers.ts';
import { watchSize } from './sizes.ts';
import { watchRound } from './waits.ts';
import {
  CACHE_AGE_INTERVALS,
  type Delivery,
  explainsRepeat,
  isBehind,
  isDisturbed,
  mayHaveHole,
  placeIn,
  type Watch,
} from './watch.ts';

/** What a tick may do with a shard, and what may be handed to the user's function. */

/**
 * A pull must be at the cursor that the table last told this run, under an ownership it was not told to have lost;
 * or, where it was told nothing, at the true checkpoint: a remembered cursor must be current. Or it goes on where an answer to such a pull
 * ended, with the checkpoint or ahead of it; but one pull at a time.
 */
export function watchPull(watch: Watch, actor: Actor, shard: string, cursor: string): void {
  const { seen: told, reading, pulling } = watch.facts(actor);
  if (pulling.has(shard)) watch.fail('two pulls', `${actor.name} pulls shard ${shard} twice at a time`);
  pulling.add(shard);
  const seen = told.get(shard);
  const before = reading.get(shard);
  const at = seen?.cursor ?? before?.from;
  const isStill = before !== undefined && (at === before.from || before.reached.has(at!));
  const isHeld = seen === undefined || (seen.owner === actor.slot && seen.certain);
  if (isStill && isHeld && before.reached.has(cursor) && positionOf(cursor) > positionOf(at!)) return;
  reading.set(shard, { from: cursor, reached: new Set() });
  if (seen !== undefined) {
    if (seen.owner === actor.slot && seen.cursor === cursor && seen.certain) return;
    const lost = seen.certain
      ? `it was told ${seen.cursor} of ${seen.owner}`
      : 'after a write that did not succeed';
    watch.fail('stale work', `${actor.name} reads shard ${shard} at ${cursor}: ${lost}`);
    return;
  }
  const { soughtAt, openSeeks, landedLateAt } = watch.history(shard);
  if (watch.clocksWrong() || openSeeks.size > 0 || soughtAt >= actor.startedAt) return;
  // A late write of an earlier tick, which this one's epoch cannot tell from its own: the next commit will.
  const agedMs = CACHE_AGE_INTERVALS * watch.world.settings.times.intervalMs;
  if (landedLateAt > 0 && landedLateAt >= actor.startedAt - agedMs) return;
  const item = watch.world.table.item(shardKey(shard));
  if (item !== undefined && item.owner === actor.slot && item.cursor === cursor) return;
  const truth = item === undefined ? 'it has no item' : `it is ${item.owner}'s at ${item.cursor}`;
  watch.fail('stale work', `${actor.name} remembers shard ${shard} at ${cursor}: ${truth}`);
}

/** What is noted of a failure is not noted beside a pull: what stands behind is not wanted before that. */
export function watchAhead(watch: Watch, actor: Actor, target: Request<unknown>['target']): void {
  const { pulling, failing } = watch.facts(actor);
  for (const shard of failing) {
    if (target !== shardKey(shard) || !pulling.has(shard)) continue;
    watch.fail('two pulls', `${actor.name} pulls shard ${shard} ahead of what has failed`);
  }
}

/** However long the service takes to list its shards, a tick that knows what it holds has read by then. */
export function watchReading(watch: Watch, actor: Actor, { warm, shards }: TickResult): void {
  const { pulls, listedForMs, isStalled } = watch.facts(actor);
  const isLong = listedForMs > watch.world.settings.times.functionTimeoutMs / 4;
  const hadNoTime = shards.some(({ stopped, batches }) => stopped === 'deadline' && batches === 0);
  // The table took the time.
  const isTableSlow = shards.some(({ stopped }) => stopped === 'storeFailed');
  if (!warm || isStalled || isTableSlow || !isLong || !hadNoTime || pulls > 0) return;
  watch.fail('no reading', `${actor.name} waited ${listedForMs} ms for the list of shards, and read nothing`);
}

export function watchBatch(watch: Watch, delivery: Delivery): void {
  const { actor, shard, positions } = delivery;
  watchOrder(watch, delivery);
  watchIdentity(watch, delivery);
  watchSize(watch, delivery);
  watchPlace(watch, delivery);
  watchAttempt(watch, delivery);
  watchRound(watch, delivery);
  watchSuspects(watch, delivery);
  watchNoticed(watch, delivery);
  for (const other of watch.world.platform.live()) {
    if (other === actor || !watch.facts(other).workedOn.has(shard) || watch.clocksWrong()) continue;
    watch.fail('two owners at work', `${actor.name} processes shard ${shard}, which ${other.name} works on`);
  }
  watch.facts(actor).workedOn.add(shard);
  for (const position of positions) {
    const earlier = watch.history(shard).succeeded[position];
    if (earlier === undefined || explainsRepeat(watch, earlier) || mayHaveHole(watch, shard)) continue;
    const by = `${actor.name} processes record ${position} of shard ${shard} again`;
    watch.fail('repeat', `${by}: ${earlier.actor.name} had done so, and nothing went wrong`);
    return;
  }
}

/** Nothing before the batch is left to process for the first time: in its shard, and in all that it continues. */
function watchOrder(watch: Watch, { actor, shard, positions }: Delivery): void {
  const first = positions[0]!;
  const gap = positions.find((position, index) => position !== first + index);
  // Between two pulls of one batch, what was to come may be past the retention.
  const { trimmedUntil } = watch.world.stream.shards.get(shard)!;
  if (gap !== undefined && gap > trimmedUntil)
    watch.fail('order', `the batch of shard ${shard} has a gap before ${gap}`);
  const behind = unprocessed(watch, shard, first);
  if (behind !== undefined && !isProbe(watch, shard, { first, count: positions.length, behind })) {
    watch.fail('order', `${actor.name} processes ${first} of shard ${shard} before ${behind}`);
  }
  if (!watch.world.scenario.order) return;
  if (positions.every((position) => watch.history(shard).behind[position])) return;
  for (const ancestor of ancestors(watch, shard)) {
    const left = unprocessed(watch, ancestor, Number.POSITIVE_INFINITY);
    if (left === undefined) continue;
    watch.fail('order', `${actor.name} processes shard ${shard} before ${left} of its ancestor ${ancestor}`);
  }
}

/** What was finished before is in the table before anything else is begun. Of a block, those behind the place come first. */
function watchPlace(watch: Watch, { actor, shard, id, positions }: Delivery): void {
  const item = watch.world.table.item(shardKey(shard));
  if (item === undefined || item.pending?.block !== undefined) return;
  const place = placeIn(item);
  const isGone = watch.world.stream.shards.get(shard)!.trimmedUntil > place;
  if (positions[0]! <= place || isGone || isDisturbed(watch, shard, actor.startedAt)) return;
  watch.fail('not checkpointed', `${actor.name} is given ${id}, and the item is at ${place}`);
}

/** The one record right after others of which each has failed as often as is allowed. */
function isProbe(
  watch: Watch,
  shard: string,
  { first, count, behind }: { first: number; count: number; behind: number },
): boolean {
  if (count !== 1) return false;
  // A seek that was broken off: its run goes by what was before, and may.
  if (watch.history(shard).openSeeks.size > 0) return true;
  const { attemptsMax } = watch.world.settings.delivery;
  for (let position = behind; position < first; position++) {
    // One that succeeded, and whose run died before it could note that, has failed as far as anybody knows.
    const succeeded = watch.history(shard).succeeded[position];
    const isKnown = isBehind(watch, shard, position) && !(succeeded && explainsRepeat(watch, succeeded));
    if (isKnown || attemptsOf(watch, shard, position) < attemptsMax) return false;
  }
  return true;
}

/** The first record before `end` that still waits for its first time. */
function unprocessed(watch: Watch, shard: string, end: number): number | undefined {
  const truth = watch.world.stream.shards.get(shard)!;
  for (let position = 0; position < Math.min(end, truth.receivedAt.length); position++) {
    if (!isBehind(watch, shard, position)) return position;
  }
  return undefined;
}

function ancestors(watch: Watch, shard: string): Set<string> {
  const found = new Set<string>();
  const visit = (id: string): void => {
    for (const parent of watch.world.stream.shards.get(id)!.parents) {
      // Of what the service does not list nobody can know, or wait for it for ever.
      if (found.has(parent) || watch.world.lists.wasHidden(parent)) continue;
      found.add(parent);
      visit(parent);
    }
  };
  visit(shard);
  return found;
}
