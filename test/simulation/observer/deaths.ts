import { consumerKey, type ShardItem, shardKey } from '../../../lib/group/items.ts';
import type { TickResult } from '../../../lib/tick/result.ts';
import type { Actor } from '../host.ts';
import { type Delivery, isDisturbed, placeIn, type Watch } from './watch.ts';

/** What a run that dies may cost: its own shard's time, and little of that of others. */

/** Those of which a run may die come last, and one at a time. */
export function watchSuspects(watch: Watch, { actor, shard, id }: Delivery): void {
  const { suspected, suspects, inWork, reading, others, assigned } = watch.facts(actor);
  const pending = watch.world.table.item(shardKey(shard))?.pending;
  const isSuspect = pending?.deadly === true;
  if (isSuspect && inWork.size > 0 && !isDisturbed(watch, shard, actor.startedAt)) {
    watch.fail('suspects', `${actor.name} is given ${id}, of which it may die, beside ${[...inWork][0]!.id}`);
  }
  if (isSuspect) {
    // What comes in them later is polled, and what is assigned later is worked on, all the same.
    if (suspected.size === 0) for (const read of reading.keys()) others.add(read);
    suspected.add(shard);
    suspects.add(shard);
  } else if (suspected.size > 0 && !suspects.has(shard) && !others.has(shard) && assigned.has(shard)) {
    const { lingerMs, times } = watch.world.settings;
    const isLate = watch.world.scheduler.now() - actor.startedAt > times.functionTimeoutMs / 2;
    // In a run that has waited for its slot there was no time for it in its turn, since some is kept for suspects; then it is polled.
    if (lingerMs > 0 && isLate) return;
    watch.fail('suspects', `${actor.name} is given ${id} after that of which it may die: ${[...suspected]}`);
  }
}

/** Notes made before something is given: of which run, and that a run died. */
export function watchNotes(
  watch: Watch,
  actor: Actor,
  shard: string,
  { before, after }: { before: ShardItem; after: ShardItem },
): void {
  if (before.pending?.deadly) watch.facts(actor).suspects.add(shard);
  const began = before.pending?.inWork;
  const begins = after.pending?.inWork;
  if (begins !== undefined && (begins.run !== began?.run || begins.at !== began.at)) {
    if (!before.pending?.deadly) watch.facts(actor).earlyNotes.add(shard);
    noteBegun(watch, shard, after, begins.run);
  }
  if (
    began === undefined ||
    began.run === actor.name ||
    begins !== undefined ||
    after.pending?.deadly !== true ||
    after.pending.condemned !== undefined
  )
    return;
  const run = watch.runs.get(began.run);
  if (run?.endedAt === undefined || isDisturbed(watch, shard, run.startedAt)) return;
  // One that came to its end too late to note anything is as good as dead.
  if (run.endedAt >= run.deadline - watch.world.settings.times.reserveMs / 2) return;
  // In another sandbox nobody can know, if the table did not answer, or not the truth.
  const { troubled, refused } = watch.facts(run);
  if (run.sandbox !== actor.sandbox && (troubled.has(shard) || refused.has(shard))) return;
  watch.fail('false death', `${actor.name} takes ${run.name} for dead, which came to its end`);
}

function noteBegun(watch: Watch, shard: string, item: ShardItem, run: string): void {
  const { begunBy } = watch.history(shard);
  const { done = 0, size = 1, block = 0, inWork } = item.pending ?? {};
  const first = placeIn(item) - done + (inWork?.place ?? done + block);
  for (let position = first; position < first + size; position++) {
    const begun = { run, at: watch.world.scheduler.now(), given: false };
    begunBy[position] = [...(begunBy[position] ?? []), begun];
  }
}

/** A warm tick in which all goes well writes checkpoints, and nothing else. */
export function watchEarlyNotes(watch: Watch, actor: Actor, { warm }: TickResult): void {
  const { earlyNotes } = watch.facts(actor);
  if (!warm || watch.world.settings.delivery.identity === 'durable' || earlyNotes.size === 0) return;
  watch.fail('extra write', `${actor.name} is warm, and notes ${[...earlyNotes]} before it gives anything`);
}

/** Ticks for which a shard may stand still because runs die of another one of its slot. */
const STANDSTILL_TICKS_MAX = 3;
/** What takes longer may run out of time by itself. */
const QUICK_MS_MAX = 500;

/** How long those shards stand still that have done nothing wrong. */
export function watchStandstill(watch: Watch) {
  const { world } = watch;
  const { scenario, settings } = world;
  const isQuick =
    scenario.processMsMax <= QUICK_MS_MAX &&
    scenario.habits.msPerRecord <= QUICK_MS_MAX &&
    settings.delivery.bytesMin === 0 &&
    settings.endAt === undefined;
  const ready = new WeakMap<Actor, Map<string, string>>();
  const ticks = new Map<string, number>();
  let killer: string | undefined;
  return {
    started(actor: Actor): void {
      if (isQuick) ready.set(actor, readyOf(watch, actor.slot!));
    },
    ended(actor: Actor): void {
      const begun = ready.get(actor);
      const { working, faultsBefore } = watch.facts(actor);
      if (begun === undefined || !working || watch.clocksWrong()) return;
      if (world.faults.happened() !== faultsBefore) return;
      if (actor.killedIn !== killer) ticks.clear();
      killer = actor.killedIn;
      for (const shard of ticks.keys()) if (!begun.has(shard)) ticks.delete(shard);
      for (const [shard, place] of begun) {
        const item = world.table.item(shardKey(shard));
        const standsStill =
          actor.killedBy !== undefined && actor.killedIn !== shard && placeOf(item) === place;
        ticks.set(shard, standsStill ? (ticks.get(shard) ?? 0) + 1 : 0);
        if (ticks.get(shard)! <= STANDSTILL_TICKS_MAX) continue;
        watch.fail(
          'held up',
          `shard ${shard} stands still for ${ticks.get(shard)} ticks, as runs die of ${actor.killedIn}`,
        );
      }
    },
  };
}

/** The shards in which the slot could get on now, and where they are. */
function readyOf(watch: Watch, slot: string): Map<string, string> {
  const { table, stream, scheduler } = watch.world;
  const { assigned = {} } = table.item(consumerKey(slot)) ?? {};
  const ready = new Map<string, string>();
  for (const [shard, grant] of Object.entries(assigned)) {
    const item = table.item(shardKey(shard));
    if (item?.owner !== slot || item.grant !== grant || item.givenUpAt !== undefined) continue;
    const { block, condemned, notBefore = 0, deadly, attempts = 0 } = item.pending ?? {};
    // Runs die of this one, too.
    if (deadly && attempts > 1) continue;
    const { receivedAt } = stream.shards.get(shard)!;
    const isStuck = block !== undefined || condemned !== undefined || notBefore > scheduler.now();
    if (isStuck || receivedAt[placeIn(item)] === undefined) continue;
    ready.set(shard, placeOf(item));
  }
  return ready;
}

/** One whose own records fail does not stand still because of others. */
function placeOf(item: ShardItem | undefined): string {
  const { done = 0, deadly, lastAt } = item?.pending ?? {};
  return `${item?.cursor} ${done} ${deadly ? '' : lastAt}`;
}
