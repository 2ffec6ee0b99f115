import type { ConsumerItem } from '../../../lib/group/items.ts';
import type { Actor } from '../host.ts';
import type { Delivery, Watch } from './watch.ts';

/** What a run has to do that goes on once it has read all up. */

/** Between two looks, and what a look and the writes before it take where nothing fails. */
const LOOK_MS_MAX = 5_000 + 2_000;

/** What holds up a look, or has it see nothing. */
const IN_THE_WAY = ['stall', 'throttled', 'lostRequest', 'slowStore', 'staleRead'] as const;

/** A run polls: it asks again where it was told that there is nothing. */
export function watchPoll(watch: Watch, actor: Actor, shard: string, cursor: string): void {
  const facts = watch.facts(actor);
  const before = facts.reading.get(shard);
  if (facts.reread.delete(shard) || before?.from !== cursor || !before.reached.has(cursor)) return;
  facts.lingersSince ??= watch.world.scheduler.now();
}

/** It reads an item anew: a new round, in which it first catches up. */
export function watchRound(watch: Watch, actor: Actor, shard: string): void {
  const facts = watch.facts(actor);
  facts.lingersSince = undefined;
  facts.reread.add(shard);
  // Not to be had before.
  if (facts.suspected.size > 0) facts.others.add(shard);
}

/** Whoever else changes it. */
export function watchNews(
  watch: Watch,
  slot: string,
  before: ConsumerItem | undefined,
  after: ConsumerItem | undefined,
): void {
  if (before === undefined || after === undefined || before.invocation !== after.invocation) return;
  const isSame =
    before.tick === after.tick &&
    before.generation === after.generation &&
    (before.draining === true) === (after.draining === true);
  if (!isSame) watch.newsAt.set(slot, watch.world.scheduler.now());
}

/** What it is told begins another round, with an order of its own. */
export function watchHearing(watch: Watch, actor: Actor): void {
  const facts = watch.facts(actor);
  facts.suspected.clear();
  facts.others.clear();
  facts.heardAt = watch.world.scheduler.now();
  facts.unnoticed = undefined;
}

/** Something came, so that the run has to look. */
export function watchGiven(watch: Watch, { actor, begunAt }: Delivery): void {
  const facts = watch.facts(actor);
  const newsAt = watch.newsAt.get(actor.slot ?? '') ?? 0;
  if (facts.lingersSince === undefined || newsAt <= facts.heardAt || begunAt < newsAt) return;
  facts.unnoticed ??= { at: watch.world.scheduler.now(), faults: watch.world.faults.happened(IN_THE_WAY) };
}

/** Of what changes in a slot, a run that lingers goes on with nothing for longer than it takes to look. */
export function watchNoticed(watch: Watch, { actor, id }: Delivery): void {
  const { unnoticed, lingersSince } = watch.facts(actor);
  const { scheduler, faults, scenario } = watch.world;
  if (
    unnoticed === undefined ||
    // A look may not know yet what the other region has written.
    scenario.regions ||
    lingersSince === undefined ||
    faults.happened(IN_THE_WAY) !== unnoticed.faults
  )
    return;
  const sinceMs = scheduler.now() - unnoticed.at;
  if (sinceMs > LOOK_MS_MAX)
    watch.fail('not noticed', `${actor.name} is given ${id}, ${sinceMs} ms after others changed its slot`);
}

/** One that is at nothing, and that nothing has held up, is over before its lease is. */
export function watchLease(watch: Watch, actor: Actor): void {
  const { inWork, isStalled, working, faultsBefore } = watch.facts(actor);
  const { scheduler, faults } = watch.world;
  if (actor.state !== 'dead' || scheduler.now() < actor.deadline || inWork.size > 0) return;
  if (!working || isStalled || actor.killedBy !== undefined || faults.happened() !== faultsBefore) return;
  watch.fail('overrun', `${actor.name} is at work on nothing, and is killed at its deadline`);
}
