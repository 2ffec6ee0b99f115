import { type ConsumerItem, consumerKey, shardKey } from '../../../lib/group/items.ts';
import type { Actor } from '../host.ts';
import type { Request } from '../requests.ts';
import type { Delivery, Watch } from './watch.ts';

/** What a slot that is given back promises: its run is at nothing, and begins nothing any more; and who has rung was heard. */

/** What a run has of the slot's rings: how many there are, and what it had pulled of each shard by then. */
export interface Ring {
  readonly at: number;
  readonly pulls: ReadonlyMap<string, number>;
  readonly faults: number;
}

export function watchLeaseOf(
  watch: Watch,
  actor: Actor,
  slot: string,
  before: ConsumerItem | undefined,
  after: ConsumerItem | undefined,
): void {
  if (before === undefined || after === undefined) return;
  if ((after.rings ?? 0) > (before.rings ?? 0)) {
    if (before.busyUntil < before.heartbeatAt)
      watch.fail('ring lost', `${actor.name} rings for slot ${slot}, which is free`);
    noteRing(watch, after);
  }
  const isGivenBack = before.busyUntil >= before.heartbeatAt && after.busyUntil < after.heartbeatAt;
  if (isGivenBack && after.invocation === before.invocation) watchGivenBack(watch, actor, slot, after);
}

function noteRing(watch: Watch, { invocation }: ConsumerItem): void {
  const run = watch.runs.get(invocation);
  if (run === undefined) return;
  const facts = watch.facts(run);
  const { scheduler, faults } = watch.world;
  facts.rungAt = { at: scheduler.now(), pulls: new Map(facts.pullsOf), faults: faults.happened() };
}

function watchGivenBack(watch: Watch, actor: Actor, slot: string, item: ConsumerItem): void {
  const run = watch.runs.get(item.invocation);
  if (run === undefined) return;
  if (actor !== run) {
    watch.fail('given back at work', `${actor.name} gives back slot ${slot}, which ${run.name} has`);
    return;
  }
  const facts = watch.facts(run);
  const { open, asides = 0, state } = run;
  // It is under way itself, or has landed late.
  const isAtWork = state === 'live' && (facts.inWork.size > 0 || open - asides > 1);
  const isLeft = facts.goesOn.size > 0 || facts.unanswered.size > 0;
  if (isAtWork || isLeft) {
    const why = isAtWork ? 'is at work' : 'leaves something behind';
    watch.fail('given back at work', `${run.name} ${why}, and gives its slot back`);
  }
  facts.working = false;
  facts.workedOn.clear();
  facts.hasGivenBack = true;
  watchRung(watch, run, item);
}

/** Whoever rang before that had the run poll once more, unless it had no time for that. */
function watchRung(watch: Watch, run: Actor, { assigned = {} }: ConsumerItem): void {
  const { rungAt, pullsOf } = watch.facts(run);
  const { table, scheduler, faults, settings } = watch.world;
  const { times, delivery, batchesMax } = settings;
  if (rungAt === undefined || faults.happened() !== rungAt.faults || watch.clocksWrong()) return;
  // Whatever it has pulled, there is time for as much again, and it may.
  const isFree = scheduler.now() < run.startedAt + times.functionTimeoutMs / 3;
  if (!isFree || Number.isFinite(batchesMax) || delivery.bytesMin > 0 || table.item('GROUP')?.paused) return;
  for (const [shard, grant] of Object.entries(assigned)) {
    const item = table.item(shardKey(shard));
    if (item === undefined || item.owner !== run.slot || item.grant !== grant || item.state !== 'open')
      continue;
    if (item.paused || item.pending !== undefined || item.givenUpAt !== undefined) continue;
    const before = rungAt.pulls.get(shard);
    if (before === undefined || (pullsOf.get(shard) ?? 0) > before) continue;
    watch.fail(
      'ring lost',
      `${run.name} gives its slot back, and has not pulled ${shard} since somebody rang`,
    );
    return;
  }
}

/** After that it only finds out what became of that write. */
export function watchAfterwards(watch: Watch, actor: Actor, target: Request<unknown>['target']): void {
  if (actor.slot === undefined || !watch.facts(actor).hasGivenBack) return;
  if (target === consumerKey(actor.slot)) return;
  watch.fail('given back at work', `${actor.name} has given its slot back, and asks for ${target}`);
}

/** Code of the user's that the run has given up may go on. */
export function goesOn(watch: Watch, delivery: Delivery): () => void {
  const { goesOn: going } = watch.facts(delivery.actor);
  going.add(delivery);
  return () => void going.delete(delivery);
}

/** Of a write to its own slot, a run knows what that does when it lands late. */
export function watchUnanswered(watch: Watch, actor: Actor, key: string, write: object): void {
  if (actor.slot === undefined || key !== consumerKey(actor.slot)) watch.facts(actor).unanswered.add(write);
}
