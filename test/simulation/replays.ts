import type { Deliver } from '../../lib/delivery/delivered.ts';
import { StoreError } from '../../lib/errors.ts';
import { shardKey } from '../../lib/group/items.ts';
import { beginReplay } from '../../lib/replay/begin.ts';
import { conductReplay, type ReplayResult } from '../../lib/replay/conduct.ts';
import {
  type BeginReplay,
  type ReplayBegun,
  type ReplayTable,
  type ReplayTurned,
  replayPartition,
} from '../../lib/replay/replay.ts';
import { turnReplay } from '../../lib/replay/turn.ts';
import { startBudget } from '../../lib/tick/budget.ts';
import type { TickCache } from '../../lib/tick/cache.ts';
import { writeFate } from './fates.ts';
import type { Actor, Sandbox } from './host.ts';
import { createLetterStore, type Letters } from './letters.ts';
import { watchForBugs } from './platform.ts';
import { send } from './requests.ts';
import { createSource } from './source.ts';
import { createTable } from './table.ts';
import { createTransport, type Place, storeError } from './transport.ts';
import { createReading, type Reading } from './user/reading.ts';
import type { World } from './world.ts';

/** People who read the past again, beside the group: their commands may be killed, and so may the runs that they start. */
export interface Replays {
  cease(): void;
  /** Those under way come to their end; then somebody reads all of it, and nothing is left. */
  finish(failed: () => boolean): Promise<void>;
}

const COMMANDS_MAX = 6;
const SLOTS_MAX = 3;
/** Of a whole replay, however many runs of it die. */
const INTERVALS_MAX = 400;
/** So often the network delivers an invocation twice; so often its answer is lost. */
const TWICE = 0.05;
const LOST = 0.05;
const SAME_SANDBOX = 0.5;
const LATENCY_MS = 50;
/** The service's time of receipt is sure by then. */
const PAST_MS = 60_000;

export function startReplays(world: World): Replays {
  const { scheduler, scenario, faults, platform, settings, observer, trace } = world;
  const { intervalMs } = settings.times;
  const dice = world.dice.fork('replays');
  const partition = replayPartition(settings.group);
  const own = createOwnPlace(world);
  // Whatever name a replay has, its items are where that says.
  const place: Place = partition === settings.group ? world : own.place;
  const live = new Set<Actor>();
  const caches = new WeakMap<Sandbox, { id: string; caches: Map<string, TickCache> }>();
  let commands = 0;
  let ceased = false;
  let lastSandbox: Sandbox | undefined;

  const tableOf = (actor: Actor): ReplayTable => ({
    store: createTransport(world, actor, place),
    letters: createLetterStore(world, actor, own),
    dropLetters: ({ signal }) =>
      send(world, actor, {
        target: 'letters',
        label: () => 'drop all letters',
        fate: writeFate(world),
        signal,
        perform: async () => own.letters.kept.clear(),
        failed: (failure) => storeError(failure, 'write'),
      }),
  });

  /** A run of the function. Resolves where its sender is still there to hear it. */
  const invoke = <T>(sender: Actor, work: (run: Actor, deadline: number) => Promise<T>): Promise<T> => {
    const wanted = dice.chance(SAME_SANDBOX) ? lastSandbox : undefined;
    const run = platform.beside('replay', wanted);
    lastSandbox = run.sandbox;
    const { functionTimeoutMs } = scenario.times;
    const deadline = run.sandbox.clock.now() + functionTimeoutMs;
    return new Promise<T>((resolve, reject) => {
      const isLost = faults.happens('lostAnswer') || (!faults.hasCeased() && dice.chance(LOST));
      const answer = (action: () => void): void => {
        scheduler.after(LATENCY_MS, () => sender.sandbox.deliver(isLost ? () => reject(noAnswer()) : action));
      };
      const watch = (): void => {
        if (run.state === 'dead') answer(() => reject(noAnswer()));
        else if (run.state === 'live') scheduler.after(500, watch);
      };
      watch();
      work(run, deadline).then(
        (value) => {
          if (run.state !== 'live') return;
          platform.ended(run, `answers ${JSON.stringify(value).slice(0, 80)}`);
          answer(() => resolve(value));
        },
        (error) => {
          if (run.state !== 'live') return;
          watchForBugs(world, run, error);
          platform.ended(run, `throws ${String(error)}`);
          answer(() => reject(error instanceof StoreError ? error : noAnswer()));
        },
      );
    });
  };
  const twice = <T>(sender: Actor, work: (run: Actor, deadline: number) => Promise<T>): Promise<T> => {
    if (!faults.hasCeased() && dice.chance(TWICE)) {
      scheduler.after(dice.next() * 1_000, () => void invoke(sender, work).catch(() => {}));
    }
    return invoke(sender, work);
  };

  const tools = (run: Actor) => ({
    source: createSource(world, run),
    clock: run.sandbox.clock,
    random: { next: () => dice.next(), nonce: () => run.name },
    logger: platform.loggerOf(run),
    skewMs: () => (scenario.measuresSkew ? run.sandbox.skewMs : 0),
  });
  const stepsOf = (sender: Actor, reading: Reading) => ({
    begin: (request: BeginReplay): Promise<ReplayBegun> =>
      twice(sender, async (run, deadline) => {
        const { reserveMs } = scenario.times;
        const { skewMs, ...others } = tools(run);
        const { clock } = others;
        const budget = startBudget(clock, { deadline, reserveMs });
        const now = () => clock.now() + skewMs();
        const options = { signal: budget.requests, deadline: deadline + skewMs() };
        const given = { ...tableOf(run), ...others, now };
        return beginReplay(given, { ...settings, table: 't' }, request, options).finally(budget.end);
      }),
    turn: (request: Parameters<typeof turnReplay>[2]): Promise<ReplayTurned> =>
      twice(sender, async (run, deadline) => {
        const known = caches.get(run.sandbox);
        const remembered = known?.id === request.id ? known : { id: request.id, caches: new Map() };
        caches.set(run.sandbox, remembered);
        const { store, letters: deadLetters } = tableOf(run);
        const deliver: Deliver = reading.userOf(run);
        const given = { ...tools(run), store, deadLetters, deliver, caches: remembered.caches };
        const { endedRuns } = run.sandbox;
        return turnReplay({ ...given, endedRuns }, settings, request, { deadline });
      }),
  });

  /** One command, from its beginning to its end. */
  const command = async (
    range: Pick<BeginReplay, 'from' | 'to'>,
    slots: number,
  ): Promise<ReplayResult | undefined> => {
    const sandbox = platform.computer();
    sandbox.thaw();
    const name = `op${++commands} replay`;
    const actor: Actor = {
      ...{ name, slot: undefined, purpose: 'replay', sandbox, startedAt: scheduler.now() },
      ...{ deadline: Number.POSITIVE_INFINITY, state: 'live', open: 0 },
    };
    live.add(actor);
    observer.clockUsed(sandbox.offsetMs);
    trace.add(name, () => `starts: ${slots} slots`);
    const request = { id: `replay${commands}`, ...range, slots };
    const isBlocked = (shard: string): boolean =>
      place.table.item(shardKey(shard))?.pending?.block !== undefined;
    const isPutAside = (shard: string, position: number): boolean =>
      own.letters.kept.has(`${shard}/${position}/0`);
    const reading = createReading(world, dice, range, { isBlocked, isPutAside });
    const number = commands;
    const { clock } = sandbox;
    const stop = new AbortController();
    const tools = { ...tableOf(actor), steps: stepsOf(actor, reading), clock, now: clock.now };
    const stopsAfter = dice.chance(0.15) && !faults.hasCeased() ? dice.next() * 5 * intervalMs : undefined;
    if (stopsAfter !== undefined)
      scheduler.after(stopsAfter, () => sandbox.deliver(() => stop.abort(new Error('enough'))));
    const end = (how: string): void => {
      live.delete(actor);
      if (actor.state !== 'live') return;
      actor.state = 'ended';
      trace.add(name, () => how);
      observer.ended(actor, how);
    };
    return conductReplay(tools, request, { signal: stop.signal }).then(
      (result) => {
        end(`ends: ${JSON.stringify(result).slice(0, 200)}`);
        if ('begun' in result) return undefined;
        // Another one that has begun meanwhile may have been killed, and has its own items there.
        if (number === commands) own.shouldBeEmpty(`${name}, ${result.stopped}`);
        if (result.stopped === 'done') reading.shouldBeWhole(name, result);
        return result;
      },
      (error) => {
        watchForBugs(world, actor, error);
        end(`throws ${String(error)}`);
        return undefined;
      },
    );
  };

  const step = (): void => {
    if (ceased || commands >= COMMANDS_MAX) return;
    scheduler.after(dice.next() * 4 * intervalMs, step);
    const to = scheduler.now() - PAST_MS;
    const from = Math.max(world.startsAt - intervalMs, to - Math.ceil(dice.next() * 10) * intervalMs);
    if (to > world.startsAt) void command({ from, to }, dice.between(1, SLOTS_MAX));
  };
  if (scenario.replays) scheduler.after(dice.next() * 4 * intervalMs, step);

  return {
    cease() {
      ceased = true;
    },
    async finish(failed) {
      if (!scenario.replays) return;
      const until = scheduler.now() + INTERVALS_MAX * intervalMs;
      const rest = async (isOver: () => boolean): Promise<void> => {
        while (!isOver() && scheduler.now() < until && !failed()) {
          await scheduler.run(scheduler.now() + intervalMs, failed);
        }
      };
      const commandsLive = (): boolean => [...live].some(({ state }) => state === 'live');
      await rest(() => !commandsLive());
      if (failed()) return;
      if (commandsLive()) observer.fail('replay', 'a replay does not come to its end');
      // Whatever was left counts as left behind by then, and what was late has landed.
      await scheduler.run(Math.max(world.landsUntil, scheduler.now()) + 5 * intervalMs, failed);
      let result: ReplayResult | undefined;
      let isOver = false;
      const range = { from: world.startsAt - intervalMs, to: scheduler.now() - PAST_MS };
      void command(range, 2).then((ended) => {
        result = ended;
        isOver = true;
      });
      await rest(() => isOver);
      if (failed()) return;
      if (result?.stopped !== 'done') {
        observer.fail('replay', `the last one should read it all: ${JSON.stringify(result ?? isOver)}`);
      }
      own.shouldBeEmpty('all replays', true);
    },
  };
}

const noAnswer = () =>
  new StoreError('the simulated function did not answer', {
    code: 'FunctionFailed',
    outcome: 'unknown',
    retriable: false,
  });

/** What replays have of their own, and whether anything of it is left. */
function createOwnPlace(world: World) {
  let landedLate = false;
  const noted = (actor: Actor): void => {
    if (actor.purpose !== 'replay') world.observer.fail('replay', `${actor.name} writes to a replay`);
    // What comes when its sender is gone, the next one removes.
    if (actor.state !== 'live') landedLate = true;
  };
  const table = createTable(replayPartition(world.settings.group), world.scheduler.now, {
    wrote: (actor) => noted(actor),
  });
  const unseen = { read: () => {}, accepted: () => {}, refused: () => {}, unanswered: () => {} };
  const letters: Letters = { kept: new Map(), isFull: () => false, cease: () => {} };
  const observer = { ...unseen, lettered: (actor: Actor) => noted(actor), letterRemoved: () => {} };
  return {
    place: { table, observer } satisfies Place,
    letters,
    observer,
    shouldBeEmpty(who: string, always = false): void {
      const { group, consumers, shards } = table.state();
      const left = (group === undefined ? 0 : 1) + consumers.size + shards.size + letters.kept.size;
      const isExcused = landedLate && !always;
      landedLate = left > 0 && landedLate;
      if (left > 0 && !isExcused) world.observer.fail('replay', `${who}: ${left} items are left`);
    },
  };
}
