import { type ConsumerItem, consumerKey, type GroupItem } from '../../../lib/group/items.ts';
import type { Actor } from '../host.ts';
import type { Request } from '../requests.ts';
import { watchAfterwards, watchLeaseOf } from './leases.ts';
import { watchNews } from './lingers.ts';
import type { Watch } from './watch.ts';

/** One tick per slot, one planner, and numbers that only grow. */

export function watchConsumerWrite(
  watch: Watch,
  actor: Actor,
  slot: string,
  before: ConsumerItem | undefined,
  after: ConsumerItem | undefined,
): void {
  watchNews(watch, slot, before, after);
  watchLeaseOf(watch, actor, slot, before, after);
  if (isAcknowledged(actor, before, after)) watchAcknowledged(watch, actor, after!);
  if (!watch.clocksWrong()) watchRunsOf(watch, slot, after);
  if (after === undefined) return;
  if (after.heartbeatAt === undefined) watch.fail('ghost', `slot ${slot} has an item, but no heartbeat`);
  const held = Object.keys(after.assigned ?? {}).length;
  const most = watch.world.scenario.slotShardsMax;
  if (held > most) watch.fail('overfull item', `slot ${slot} holds ${held} shards, and has room for ${most}`);
  if (before === undefined) return;
  if (after.tick < before.tick) watch.fail('generation', `slot ${slot} counts ticks backwards`);
  // Two planners at once may each overwrite the other: only a wrong clock lets them.
  if ((after.generation ?? 0) < (before.generation ?? 0) && !watch.clocksWrong()) {
    watch.fail('generation', `slot ${slot} goes back to an older plan`);
  }
}

/** In mid-tick, by the run that has the slot. */
const isAcknowledged = (
  actor: Actor,
  before: ConsumerItem | undefined,
  after: ConsumerItem | undefined,
): boolean =>
  actor.state === 'live' &&
  after?.invocation === actor.name &&
  before?.invocation === actor.name &&
  before.acknowledged !== after.acknowledged;

/** Who says that it goes by a new plan has nothing in work, of which others may be given a part at once. */
function watchAcknowledged(
  watch: Watch,
  actor: Actor,
  { generation = 0, assigned = {} }: ConsumerItem,
): void {
  const facts = watch.facts(actor);
  const { open, asides = 0 } = actor;
  // It is under way itself.
  if (facts.inWork.size > 0 || open - asides > 1) {
    watch.fail('false acknowledgement', `${actor.name} is at work, and says that it goes by a new plan`);
  }
  facts.generation = generation;
  for (const shard of facts.workedOn) if (assigned[shard] === undefined) facts.workedOn.delete(shard);
}

/** A run at work keeps its slot, and nobody may take its shards before it knows the plan that gave them away. */
function watchRunsOf(watch: Watch, slot: string, after: ConsumerItem | undefined): void {
  for (const run of watch.world.platform.live()) {
    const { working, generation } = watch.facts(run);
    if (run.slot !== slot || !working) continue;
    if (after === undefined) {
      watch.fail('deletion', `slot ${slot} was deleted while ${run.name} works in it`);
    } else if (after.acknowledged === (after.generation ?? 0) && generation < after.acknowledged) {
      watch.fail(
        'false acknowledgement',
        `${run.name} works by an older plan than slot ${slot} acknowledges`,
      );
    }
  }
}

export function watchGroupWrite(
  watch: Watch,
  actor: Actor,
  before: GroupItem | undefined,
  after: GroupItem | undefined,
): void {
  const facts = watch.facts(actor);
  if (!after?.initialized) watch.initializedAt = Number.POSITIVE_INFINITY;
  else if (!before?.initialized) watch.initializedAt = watch.world.scheduler.now();
  if (before === undefined && after !== undefined) watchFounding(watch, actor, after);
  if (before === undefined || after === undefined) return;
  if (after.generation < before.generation) watch.fail('generation', 'the plan generation falls');
  if (after.planUntil === 0) facts.planning = false;
  if (after.generation === before.generation || actor.slot === undefined) return;
  facts.planning = actor.state === 'live';
  for (const other of watch.world.platform.live()) {
    if (other === actor || !watch.facts(other).planning || !facts.planning || watch.clocksWrong()) continue;
    watch.fail('two planners', `${actor.name} begins a plan while ${other.name} is in one`);
  }
}

/** Whoever has measured its clock makes the group by the table's: it is a long wait for the first plan otherwise. */
function watchFounding(watch: Watch, actor: Actor, { createdAt }: GroupItem): void {
  const { scenario, scheduler, settings } = watch.world;
  const { skewMarginMs } = settings.times;
  watch.isFoundedWrong = createdAt > scheduler.now() + skewMarginMs;
  const { offsetMs, skewMs } = actor.sandbox;
  const isMeasured = scenario.measuresSkew && Math.abs(offsetMs + skewMs) <= skewMarginMs;
  if (!isMeasured || actor.state !== 'live') return;
  if (createdAt >= actor.startedAt - skewMarginMs && createdAt <= scheduler.now() + skewMarginMs) return;
  watch.fail(
    'wrong time',
    `${actor.name} makes the group at ${createdAt - watch.world.startsAt} by its clock`,
  );
}

/**
 * A run that asks for more than the group's and its own slot's item has taken its heartbeat for accepted. From then until it ends no
 * other run of the slot may do so.
 */
export function watchTicks(watch: Watch, actor: Actor, target: Request<unknown>['target']): void {
  if (actor.state !== 'live') {
    watch.fail('frozen request', `${actor.name} asks for ${target} after its end`);
    return;
  }
  watchAfterwards(watch, actor, target);
  const facts = watch.facts(actor);
  if (actor.slot === undefined || facts.working) return;
  if (target === 'GROUP' || target === consumerKey(actor.slot)) return;
  facts.working = true;
  for (const other of watch.world.platform.live()) {
    if (other === actor || other.slot !== actor.slot || !watch.facts(other).working) continue;
    if (watch.clocksWrong()) continue;
    watch.fail('two ticks in one slot', `${actor.name} works while ${other.name} does`);
  }
}
