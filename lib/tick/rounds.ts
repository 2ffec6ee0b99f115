import type { ConsumerItem, GroupItem } from '../group/items.ts';
import { type Worked, workAsAssigned } from './assigned.ts';
import type { TickCache } from './cache.ts';
import type { ShardOutcome, TickContext } from './context.ts';
import type { Coordination, TickCoordination } from './coordination/coordination.ts';
import { giveBackUnlessRung } from './givingBack.ts';
import { type LingerEnd, linger, mayLinger } from './linger.ts';
import { loadOf } from './load.ts';
import { besidePlan, type Looked, look, type Planned } from './planning.ts';
import { achievedNothing, emptyResult, type TickResult } from './result.ts';
import { adoptNews } from './watch.ts';

/** With what a round begins. */
interface Beginning {
  context: TickContext;
  /** Absent where everything is read anew. */
  cache: TickCache | undefined;
  /** Read in this tick, before the heartbeat. */
  group?: GroupItem | undefined;
}

/** What a tick has done so far, over its rounds. */
interface Tally {
  looked: Looked['outcome'] | undefined;
  plans: Planned[];
  outcomes: Map<string, ShardOutcome>;
  unassigned: number | undefined;
  lingerMs: number;
  polls: number;
  ringsAnswered: number;
  /** What those polls took that brought something. */
  pollMs: number;
}

/**
 * Works on what is assigned, and beside it plans, if it is this tick's turn. A tick that lingers then polls, and begins another round
 * under the same lease when something has changed of what its slot has to do.
 */
export async function workInRounds(
  first: TickContext,
  coordination: Coordination,
  known: { cache: TickCache | undefined; group: GroupItem | undefined },
): Promise<TickResult> {
  const tally: Tally = {
    looked: undefined,
    plans: [],
    outcomes: new Map(),
    unassigned: undefined,
    lingerMs: 0,
    polls: 0,
    ringsAnswered: 0,
    pollMs: 0,
  };
  let context = first;
  let next = await workRound(first, coordination, known, tally);
  for (;;) {
    next ??= await endUnlessRung(context, tally);
    if (next === undefined) return resultOf(first, known.cache !== undefined, tally);
    const { cache } = next;
    context = next.context;
    next = await workRound(context, coordination, { cache }, tally).catch((error: unknown) => {
      // What was done before stays done. Nothing is remembered: the next tick begins as if it were new.
      context.logger.error('round.failed', { error });
      return undefined;
    });
  }
}

/** Gives the slot back, if it is given back; or else, where somebody has rung meanwhile, there is another round. */
async function endUnlessRung(context: TickContext, tally: Tally): Promise<Beginning | undefined> {
  const { slot, caches } = context;
  const cache = caches.get(slot);
  // One that did not end in order, or has lost the slot, remembers nothing.
  const rung = cache && (await giveBackUnlessRung(context));
  if (rung === undefined) return undefined;
  caches.delete(slot);
  tally.ringsAnswered++;
  return { context: { ...context, consumer: rung.consumer }, cache: rung.isAsKnown ? cache : undefined };
}

/** Undefined: the tick is over, and what may be remembered of it is put away. */
async function workRound(
  context: TickContext,
  coordination: Coordination,
  { cache, group }: Omit<Beginning, 'context'>,
  tally: Tally,
): Promise<Beginning | undefined> {
  const { slot, consumer, caches } = context;
  const current = coordination.forTick(context);
  const early = consumer.generation === undefined || isLeaving(consumer);
  const looked = await look(context, { knownDueAt: cache?.planDueAt, group, early });
  tally.looked ??= looked.outcome;
  if (looked.outcome === 'disagrees') return undefined;
  const round = { cache, before: tally.outcomes };
  const work = () => workAsAssigned(context, current, round, looked.outcome);
  const [worked, plan] = await besidePlan(context, current, looked, work);
  if (current.isAheadOfPlans && plan.planned && isAnyWaiting(worked)) await worked.workOn();
  const { unassigned } = worked;
  if (unassigned !== undefined) tally.unassigned = unassigned;
  tally.plans.push(plan);
  note(tally, worked);
  const end = await lingerOn(context, current, worked, { tally, looked });
  note(tally, worked);
  if (typeof end === 'object') {
    // From here on others may have what was taken away: nothing is in work.
    const adopted = await adoptNews(context, end.consumer);
    return adopted && { context: { ...context, consumer: adopted }, cache: undefined };
  }
  if (end === 'lost') return undefined;
  const remembered = worked.remembered(tally.plans.at(-1)!.planDueAt);
  if (end === 'reassigned') return { context: { ...context, consumer: worked.consumer }, cache: remembered };
  caches.set(slot, { ...remembered, load: loadOf(context, tally) });
  return undefined;
}

/** Plans early where the work has made that needed, and polls, until the tick or the round is over. */
async function lingerOn(
  context: TickContext,
  coordination: TickCoordination,
  worked: Worked,
  { tally, looked }: { tally: Tally; looked: Looked },
): Promise<Exclude<LingerEnd, 'finished' | 'woken'>> {
  const { clock, settings } = context;
  const { consumer, outcomes } = worked;
  const lingers = looked.outcome === 'worked';
  let looksAtOnce = tally.plans.at(-1)!.written;
  // A finished shard may let others begin.
  let wantsPlan = isAnyFinished(worked) || (coordination.isAheadOfPlans && isAnyWaiting(worked));
  for (;;) {
    let wakeAt: number | undefined;
    if (wantsPlan) {
      const again = await look(context, { early: true });
      const [, plan] = await besidePlan(context, coordination, again, async () => {});
      tally.plans.push(plan);
      looksAtOnce ||= plan.written;
      // Not twice in so short a time; then it is.
      if (!plan.planned) wakeAt = clock.now() + settings.times.intervalMs / 4;
    }
    if (!lingers || !mayLinger(context)) return 'over';
    const startedAt = clock.now();
    const lingering = {
      context: { ...context, consumer },
      coordination,
      outcomes,
      onPoll: () => tally.polls++,
      onCome: (durationMs: number) => {
        tally.pollMs += durationMs;
      },
    };
    const end = await linger(lingering, { looksAtOnce, wakeAt });
    tally.lingerMs += Math.max(0, clock.now() - startedAt);
    for (const outcome of await coordination.publish([...outcomes.values()]))
      outcomes.set(outcome.result.shard, outcome);
    if (end !== 'finished' && end !== 'woken') return end;
    wantsPlan = true;
    looksAtOnce = false;
  }
}

function note(tally: Tally, { outcomes }: Worked): void {
  for (const [shard, outcome] of outcomes) tally.outcomes.set(shard, outcome);
}

function resultOf({ slot, consumer, settings }: TickContext, warm: boolean, tally: Tally): TickResult {
  const { looked, plans, outcomes, lingerMs, polls, ringsAnswered } = tally;
  const unassigned = tally.unassigned ?? plans.findLast((made) => made.unassigned !== undefined)?.unassigned;
  const silent = silentOf(
    settings,
    plans.findLast(({ living }) => living),
  );
  const result: TickResult = {
    ...emptyResult(slot, looked!),
    tick: consumer.tick,
    generation: consumer.generation ?? 0,
    warm,
    planned: plans.some(({ planned }) => planned),
    planFailed: plans.some(({ failed }) => failed),
    ...(unassigned !== undefined && { unassignedShards: unassigned }),
    ...(silent !== undefined && { silentSlots: silent }),
    ...(lingerMs > 0 && { lingerMs, polls }),
    ...(ringsAnswered > 0 && { ringsAnswered }),
    shards: [...outcomes.values()].map(({ result }) => result),
  };
  const isIdle = result.outcome !== 'worked' || !achievedNothing(result);
  return isIdle ? result : { ...result, outcome: 'failed' };
}

/** How many of the slots that this deployment has do not live; of those that there are to be, where that follows the load. */
function silentOf(
  { slots, slotsMin }: TickContext['settings'],
  { living, slotsWanted }: Pick<Planned, 'living' | 'slotsWanted'> = {},
): number | undefined {
  if (slots === undefined || living === undefined) return undefined;
  if (slotsMin !== undefined) return slotsWanted && Math.max(0, slotsWanted - living.length);
  const alive = new Set(living);
  return slots.filter((slot) => !alive.has(slot)).length;
}

const isAnyWaiting = ({ outcomes }: Worked): boolean =>
  [...outcomes.values()].some(({ result }) => result.stopped === 'waiting');

const isAnyFinished = ({ outcomes }: Worked): boolean =>
  [...outcomes.values()].some(
    ({ result: { stopped, cursor } }) => stopped === 'done' && cursor !== undefined,
  );

/** A draining slot that still holds shards waits for a plan that takes them. */
function isLeaving(consumer: ConsumerItem): boolean {
  return consumer.draining === true && Object.keys(consumer.assigned ?? {}).length > 0;
}
