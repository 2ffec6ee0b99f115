import { shardKey } from '../../../lib/group/items.ts';
import type { TickResult } from '../../../lib/tick/result.ts';
import type { Actor } from '../host.ts';
import { CACHE_AGE_INTERVALS, type Delivery, isBehind, type Watch } from './watch.ts';

/** What a tick may do with a shard, and what may be handed to the user's function. */

/**
 * A pull must be at the cursor that the table last told this run, under an ownership it was not told to have lost;
 * or, where it was told nothing, at the true checkpoint: a remembered cursor must be current.
 */
export function watchPull(watch: Watch, actor: Actor, shard: string, cursor: string): void {
  const seen = watch.facts(actor).seen.get(shard);
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

/** However long the service takes to list its shards, a tick that knows what it holds has read by then. */
export function watchReading(watch: Watch, actor: Actor, { warm, shards }: TickResult): void {
  const { pulls, listedForMs } = watch.facts(actor);
  const isLong = listedForMs > watch.world.settings.times.functionTimeoutMs / 4;
  const hadNoTime = shards.some(({ stopped, batches }) => stopped === 'deadline' && batches === 0);
  if (!warm || !isLong || !hadNoTime || pulls > 0) return;
  watch.fail('no reading', `${actor.name} waited ${listedForMs} ms for the list of shards, and read nothing`);
}

export function watchBatch(watch: Watch, delivery: Delivery): void {
  const { actor, shard, positions } = delivery;
  watchOrder(watch, delivery);
  for (const other of watch.world.platform.live()) {
    if (other === actor || !watch.facts(other).workedOn.has(shard) || watch.clocksWrong()) continue;
    watch.fail('two owners at work', `${actor.name} processes shard ${shard}, which ${other.name} works on`);
  }
  watch.facts(actor).workedOn.add(shard);
  for (const position of positions) {
    const earlier = watch.history(shard).succeeded[position];
    if (earlier === undefined || explainsRepeat(watch, earlier)) continue;
    const by = `${actor.name} processes record ${position} of shard ${shard} again`;
    watch.fail('repeat', `${by}: ${earlier.actor.name} had done so, and nothing went wrong`);
    return;
  }
}

/**
 * Its run died before the checkpoint, its write had no answer, its batch had been given up, or something else moved the
 * checkpoint meanwhile: a seek, or a late write of a run before it; or the shard was given up, as it was not listed.
 */
function explainsRepeat(watch: Watch, earlier: Delivery): boolean {
  const { actor, shard, tooLate } = earlier;
  const { soughtAt, openSeeks, landedLateAt, givenUpAt } = watch.history(shard);
  if (earlier.astray || openSeeks.size > 0) return true;
  if (Math.max(soughtAt, landedLateAt, givenUpAt) >= actor.startedAt) return true;
  return tooLate || actor.state === 'dead' || watch.facts(actor).troubled.has(shard) || watch.clocksWrong();
}

/** Nothing before the batch is left to process for the first time: in its shard, and in all that it continues. */
function watchOrder(watch: Watch, { actor, shard, positions }: Delivery): void {
  const first = positions[0]!;
  const gap = positions.find((position, index) => position !== first + index);
  if (gap !== undefined) watch.fail('order', `the batch of shard ${shard} has a gap before ${gap}`);
  const behind = unprocessed(watch, shard, first);
  if (behind !== undefined) {
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
