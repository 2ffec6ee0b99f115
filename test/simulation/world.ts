import { assignedBytes, bounded } from '../../lib/group/bounded.ts';
import { shardKey } from '../../lib/group/items.ts';
import { planByLag } from '../../lib/group/planByLag.ts';
import { planEvenly } from '../../lib/group/planner.ts';
import type { Position } from '../../lib/sources/source.ts';
import type { TickSettings } from '../../lib/tick/context.ts';
import { createDice, type Dice } from '../../local/faults/dice.ts';
import { createFaults, type Faults } from './faults.ts';
import { createLateWrites, type LateWrites } from './late.ts';
import { type Letters, startLetters } from './letters.ts';
import { type Lists, startLists } from './lists.ts';
import { createObserver, type Observer } from './observer/observer.ts';
import { unrest } from './observer/rest.ts';
import { mayStayStuck } from './observer/stuck.ts';
import { CACHE_AGE_INTERVALS, type Violation } from './observer/watch.ts';
import { type Operators, startOperators } from './operators.ts';
import { createPlatform, type Platform } from './platform.ts';
import { type Redrives, startRedrives } from './redrives.ts';
import { createRegions, type Regions } from './regions.ts';
import { type Replays, startReplays } from './replays.ts';
import { drawScenario, type Overrides, type Scenario } from './scenario.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';
import { createStream, type Stream } from './stream.ts';
import { createTable, type Table } from './table.ts';
import { createTrace, type Trace } from './trace.ts';
import { createPoisons, type Poisons } from './user/poison.ts';
import { type Sink, startSink } from './user/sink.ts';
import { startWorkload, type Workload } from './workload.ts';

/** Everything of one run. Built in the order of the fields: each part may use those above it. */
export interface World {
  readonly startsAt: number;
  readonly scenario: Scenario;
  readonly settings: TickSettings;
  readonly dice: Dice;
  /** How long requests take, and what else is chance but no fault. */
  readonly latency: Dice;
  readonly faults: Faults;
  readonly scheduler: Scheduler;
  readonly regions: Regions;
  readonly lateWrites: LateWrites;
  readonly trace: Trace;
  readonly stream: Stream;
  readonly lists: Lists;
  readonly poisons: Poisons;
  readonly sink: Sink;
  readonly letters: Letters;
  readonly observer: Observer;
  readonly table: Table;
  readonly platform: Platform;
  readonly workload: Workload;
  readonly operators: Operators;
  readonly redrives: Redrives;
  readonly replays: Replays;
  /** The last moment at which a write under way may still land. */
  landsUntil: number;
}

export interface Outcome {
  seed: number;
  scenario: Scenario;
  violation: Violation | undefined;
  /** Intervals from the end of all faults until everything was at rest. */
  restAfter: number;
  trace: readonly string[];
}

const STARTS_AT = Date.UTC(2030, 0, 1);
const GROUP = 'orders';
/**
 * At rest within so many intervals after the last fault, those not counted in which checkpoints move: a backlog takes
 * the time that it takes. A seek that was broken off heals only with the age of the caches.
 */
const REST_INTERVALS_MAX = 12;
/** What has failed waits for so long at most. */
const WAIT_INTERVALS_MAX = 8;
const INTERVALS_MAX = 1_500;
/** So often somebody seeks where everything is at rest, and is broken off. */
const SEEKS_HALF = 0.05;

/** One seed from its first event to rest, or to its first violation. Same arguments, same outcome. */
export async function runSeed(seed: number, overrides: Overrides = {}, tracing = false): Promise<Outcome> {
  const world = createWorld(seed, overrides, tracing);
  const { scheduler, scenario, faults, observer } = world;
  const failed = (): boolean => observer.violation !== undefined;

  await scheduler.run(STARTS_AT + scenario.minutes * 60_000, failed);
  faults.cease();
  world.workload.cease();
  world.lists.cease();
  world.sink.cease();
  world.letters.cease();
  world.poisons.cease(endsOf(world.stream));
  world.platform.correctClocks();
  world.operators.cease();
  world.redrives.cease();
  world.replays.cease();
  world.trace.add('simulation', () => 'faults cease');
  // A write of theirs may have been on its way for long: only now is it certain what there is to set right.
  await scheduler.run(world.landsUntil, failed);
  world.operators.setRight();

  const restAfter = failed() ? 0 : await waitForRest(world);
  if (!failed() && world.latency.chance(SEEKS_HALF)) {
    // Where nothing is written any more, only the age of the owner's cache heals that.
    world.operators.seekHalf();
    await scheduler.run(scheduler.now() + 1_000, failed);
    await waitForRest(world);
  }
  if (!failed()) await redriveAll(world);
  if (!failed()) await world.replays.finish(failed);
  return { seed, scenario, violation: observer.violation, restAfter, trace: world.trace.lines() };
}

const endsOf = ({ shards }: Stream): Map<string, number> =>
  new Map([...shards].map(([id, { receivedAt }]) => [id, receivedAt.length]));

/** Longer than a redrive that was interrupted keeps a letter from others. */
const LEASES_MS = 20 * 60_000;
/** Redrives in a row that do away with none. */
const IDLE_REDRIVES_MAX = 3;

/** Once the function takes them, all dead letters can be given once more, and none is left. */
async function redriveAll({
  scheduler,
  observer,
  letters,
  redrives,
  scenario,
  settings,
}: World): Promise<void> {
  const failed = (): boolean => observer.violation !== undefined;
  if (letters.kept.size === 0) return;
  await scheduler.run(scheduler.now() + LEASES_MS, failed);
  for (let idle = 0, left = letters.kept.size; left > 0 && idle < IDLE_REDRIVES_MAX && !failed(); ) {
    void redrives.all();
    await scheduler.run(
      scheduler.now() + scenario.times.functionTimeoutMs + settings.times.intervalMs,
      failed,
    );
    idle = letters.kept.size < left ? 0 : idle + 1;
    left = letters.kept.size;
  }
  if (letters.kept.size > 0) observer.fail('letters left', [...letters.kept.keys()].join(' '));
}

async function waitForRest(world: World): Promise<number> {
  const { scheduler, observer, settings } = world;
  const failed = (): boolean => observer.violation !== undefined;
  let reasons: string[] = [];
  let restAfter: number | undefined;
  let moved = checkpoints(world);
  const idleMax = (): number =>
    REST_INTERVALS_MAX +
    (observer.cachesMayBeOld() ? CACHE_AGE_INTERVALS : 0) +
    (isAnyPending(world) ? WAIT_INTERVALS_MAX : 0);
  for (let interval = 1, idle = 0; idle < idleMax() && interval < INTERVALS_MAX; interval++, idle++) {
    await scheduler.run(scheduler.now() + settings.times.intervalMs, failed);
    await betweenTicks(world, failed);
    if (failed()) return interval;
    reasons = unrest(world);
    if (reasons.length === 0 && restAfter !== undefined) return restAfter;
    restAfter = reasons.length === 0 ? interval : undefined;
    const movedBefore = moved;
    moved = checkpoints(world);
    if (moved !== movedBefore || restAfter !== undefined) idle = 0;
    // Whether a record is to blame shows only where something else comes.
    if (moved === movedBefore && isAnyPending(world) && restAfter === undefined) world.workload.feed();
  }
  observer.fail('never at rest', reasons.join('; '));
  return INTERVALS_MAX;
}

/** During a tick a lock may be held. Where there always is one, any moment must do. */
async function betweenTicks({ scheduler, platform, settings }: World, failed: () => boolean): Promise<void> {
  const latest = scheduler.now() + settings.times.intervalMs;
  while (platform.live().length > 0 && scheduler.now() < latest && !failed()) {
    await scheduler.run(scheduler.now() + 100, failed);
  }
}

/** Where the group stands in all shards, to see whether it gets on. */
const checkpoints = (world: World): string =>
  [...world.table.state().shards]
    .map(([id, { cursor, state, pending }]) => {
      const { done, attempts, size, block, condemned } = pending ?? {};
      return [id, cursor, state, done, attempts, size, block, condemned?.count].join(' ');
    })
    .join();

const isAnyPending = (world: World): boolean =>
  world.stream.listed().some(({ id }) => {
    const pending = world.table.item(shardKey(id))?.pending;
    return pending !== undefined && !mayStayStuck(world, id);
  });

function createWorld(seed: number, overrides: Overrides, tracing: boolean): World {
  const dice = createDice(`seed ${seed}`);
  const scenario = drawScenario(seed, dice.fork('scenario'), overrides);
  const scheduler = createScheduler(STARTS_AT, dice.fork('scheduler'));
  const world = {
    startsAt: STARTS_AT,
    scenario,
    settings: tickSettings(scenario),
    dice,
    latency: dice.fork('latency'),
    faults: createFaults(scenario.rates, dice.fork('faults')),
    scheduler,
    lateWrites: createLateWrites(scheduler, dice.fork('late')),
    trace: createTrace(tracing, scheduler.now, STARTS_AT),
    stream: createStream(scenario.shards, scheduler.now),
    landsUntil: 0,
  } as { -readonly [Part in keyof World]: World[Part] };
  world.regions = createRegions(world);
  world.lists = startLists(world);
  world.poisons = createPoisons(scenario.habits.poison, dice.fork('poison'));
  world.sink = startSink(world);
  world.letters = startLetters(world);
  world.observer = createObserver(world);
  world.table = createTable(GROUP, scheduler.now, world.observer);
  world.platform = createPlatform(world);
  world.workload = startWorkload(world);
  world.operators = startOperators(world);
  world.redrives = startRedrives(world);
  world.replays = startReplays(world);
  return world;
}

/** Of what a slot is assigned. The longest name of a shard fits so often, and the shortest no oftener. */
export const slotBytesMax = ({ slotShardsMax }: Scenario): number => slotShardsMax * assignedBytes('a:10');

function tickSettings(scenario: Scenario): TickSettings {
  const { times, order, batchesMax, countMax, shardsParallelMax, bytesMax } = scenario;
  const at = scenario.start;
  const strategy = scenario.byLag ? planByLag : planEvenly;
  const start: Position = at === 'time' ? { at, unixMs: STARTS_AT } : { at };
  return {
    group: GROUP,
    times,
    stream: 'simulated://stream',
    start,
    endAt: scenario.endMinutes === undefined ? undefined : STARTS_AT + scenario.endMinutes * 60_000,
    order,
    settingsVersion: 1,
    strategy: (input) => bounded(strategy(input), input, slotBytesMax(scenario)),
    onCursorExpired: 'earliest',
    batchesMax,
    countMax,
    pullIntervalMs: 0,
    lingerMs: scenario.lingerMs,
    doorbell: scenario.doorbell,
    shardsParallelMax,
    bytesMax,
    delivery: scenario.delivery,
  };
}
