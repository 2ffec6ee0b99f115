import { AssertionError } from 'node:assert';
import type { Logger } from '../../lib/observe/logger.ts';
import { ownCoordination } from '../../lib/tick/coordination/own.ts';
import { tick } from '../../lib/tick/tick.ts';
import { type Actor, createSandbox, type Sandbox } from './host.ts';
import { createLetterStore } from './letters.ts';
import { createSource } from './source.ts';
import { shown } from './trace.ts';
import { createTransport } from './transport.ts';
import { createUser } from './user/user.ts';
import type { World } from './world.ts';

/** Runs ticks as Lambda does: a sandbox each, frozen in between, killed at the deadline. */
export interface Platform {
  invoke(slot: string, rung?: boolean): void;
  crash(actor: Actor, cause: string): void;
  /** A run of no slot of the group, in a sandbox of its own, or in that one, if it is free. */
  beside(purpose: 'redrive' | 'replay', sandbox?: Sandbox): Actor;
  /** It has come to its end, if it still lives. */
  ended(actor: Actor, how: string): void;
  loggerOf(actor: Actor): Logger;
  /** A sandbox outside of the platform: an operator's computer. */
  computer(): Sandbox;
  live(): readonly Actor[];
  /** Every clock is right again, within the margin. */
  correctClocks(): void;
}

const CLOCK_OFF_MS_MAX = 150_000;

export function createPlatform(world: World): Platform {
  const { scheduler, scenario, faults, trace, observer, settings } = world;
  const { functionTimeoutMs, skewMarginMs } = settings.times;
  const sandboxes: Sandbox[] = [];
  const live = new Set<Actor>();
  const dice = world.dice.fork('platform');
  let hosts = 0;
  let runs = 0;

  const smallOffsetMs = (): number => dice.between(-skewMarginMs / 2, skewMarginMs / 2);
  const create = (): Sandbox => createSandbox(`h${++hosts}`, smallOffsetMs(), scheduler);
  const createOne = (): Sandbox => {
    const sandbox = create();
    sandboxes.push(sandbox);
    return sandbox;
  };
  const moveClock = (sandbox: Sandbox): void => {
    if (!faults.happens('wrongClock')) return;
    sandbox.offsetMs = faults.dice('wrongClock').between(-CLOCK_OFF_MS_MAX, CLOCK_OFF_MS_MAX);
  };
  const choose = (slot: string): Sandbox => {
    const idle = sandboxes.filter((sandbox) => sandbox.state === 'frozen' && !busy(sandbox));
    if (idle.length === 0 || faults.happens('scatter')) return createOne();
    const last = idle.find((sandbox) => sandbox.caches.has(slot));
    // In the end nothing makes a cache cold that does not have to: what a warm tick does wrong must show.
    const isMoved = dice.chance(0.2) && !faults.hasCeased();
    return last === undefined || isMoved ? dice.pick(idle) : last;
  };
  const busy = (sandbox: Sandbox): boolean => [...live].some((actor) => actor.sandbox === sandbox);

  const leave = (actor: Actor, how: string): void => {
    live.delete(actor);
    trace.add(actor.name, () => how);
    observer.ended(actor, how);
  };
  const crash = (actor: Actor, cause: string): void => {
    if (actor.state !== 'live') return;
    actor.state = 'dead';
    actor.sandbox.die();
    leave(actor, cause);
    retryLater(actor.slot);
  };
  const retryLater = (slot: string | undefined): void => {
    if (slot === undefined || !faults.happens('retry')) return;
    scheduler.after(faults.dice('retry').between(100, 90_000), () => invoke(slot));
  };
  const ended = (actor: Actor, how: string): void => {
    if (actor.state !== 'live') return;
    actor.state = 'ended';
    actor.endedAt = scheduler.now();
    actor.sandbox.freeze();
    leave(actor, how);
  };

  const invoke = (slot: string, rung = false): void => {
    const sandbox = choose(slot);
    moveClock(sandbox);
    sandbox.thaw();
    const startedAt = scheduler.now();
    const name = `t${++runs} ${slot}@${sandbox.name}`;
    const actor: Actor = {
      name,
      slot,
      purpose: 'tick',
      sandbox,
      startedAt,
      deadline: startedAt + functionTimeoutMs,
      state: 'live',
      open: 0,
      isNew: !sandbox.caches.has(slot),
    };
    live.add(actor);
    observer.started(actor);
    trace.add(name, () => `${rung ? 'is rung' : 'starts'}, clock off by ${sandbox.offsetMs} ms`);
    scheduler.after(functionTimeoutMs, () => crash(actor, 'killed at its deadline'));
    const dependencies = {
      store: createTransport(world, actor),
      source: createSource(world, actor),
      coordination: ownCoordination,
      deliver: createUser(world, actor),
      deadLetters: createLetterStore(world, actor),
      clock: sandbox.clock,
      skewMs: () => {
        const skewMs = scenario.measuresSkew ? sandbox.skewMs : 0;
        observer.clockUsed(sandbox.offsetMs + skewMs);
        return skewMs;
      },
      random: { next: () => dice.next(), nonce: () => name },
      logger: createLogger(world, actor),
      caches: sandbox.caches,
      endedRuns: sandbox.endedRuns,
    };
    const deadline = sandbox.clock.now() + functionTimeoutMs;
    tick(dependencies, settings, { slot, deadline, rung }).then(
      (result) => {
        if (actor.state === 'live') observer.returned(actor, result);
        const { outcome, warm, folded, ringsAnswered } = result;
        const rings = folded ? ', folded' : ringsAnswered ? `, answers ${ringsAnswered} rings` : '';
        ended(actor, `returns ${outcome}${warm ? ', warm' : ''}${rings}`);
      },
      (error) => {
        watchForBugs(world, actor, error);
        ended(actor, `throws ${String(error)}`);
        retryLater(slot);
      },
    );
  };
  const beside = (purpose: 'redrive' | 'replay', wanted?: Sandbox): Actor => {
    const isFree = wanted?.state === 'frozen' && !busy(wanted);
    const sandbox = isFree ? wanted : createOne();
    moveClock(sandbox);
    sandbox.thaw();
    observer.clockUsed(sandbox.offsetMs);
    const startedAt = scheduler.now();
    const name = `t${++runs} ${purpose}@${sandbox.name}`;
    const deadline = startedAt + functionTimeoutMs;
    const actor: Actor = {
      name,
      slot: undefined,
      purpose,
      sandbox,
      startedAt,
      deadline,
      state: 'live',
      open: 0,
    };
    live.add(actor);
    trace.add(name, () => `starts, clock off by ${sandbox.offsetMs} ms`);
    scheduler.after(functionTimeoutMs, () => crash(actor, 'killed at its deadline'));
    return actor;
  };
  return {
    invoke,
    beside,
    ended,
    loggerOf: (actor) => createLogger(world, actor),
    crash,
    computer: () => {
      const computer = create();
      moveClock(computer);
      return computer;
    },
    live: () => [...live],
    correctClocks() {
      for (const sandbox of sandboxes) {
        // In mid-tick, that is a jump.
        if (busy(sandbox)) observer.clockUsed(sandbox.offsetMs);
        sandbox.offsetMs = smallOffsetMs();
      }
    },
  };
}

function createLogger(world: World, actor: Actor): Logger {
  const log = (event: string, fields: unknown): void => {
    world.trace.add(actor.name, () => `# ${event} ${shown(fields, world.startsAt)}`);
    const { error, shard } = (fields ?? {}) as { error?: unknown; shard?: unknown };
    watchForBugs(world, actor, error);
    if (event === 'plan.failed') world.observer.planFailed(actor, error);
    world.observer.logs(actor, event, shard);
  };
  const logger: Logger = { debug: log, info: log, warn: log, error: log, with: () => logger };
  return logger;
}

/** Whatever goes wrong outside, the code itself must not break: these are thrown by nothing else. */
export function watchForBugs(world: World, actor: Actor, error: unknown): void {
  const bugs = [TypeError, ReferenceError, RangeError, SyntaxError, AssertionError];
  if (bugs.some((bug) => error instanceof bug)) {
    world.observer.fail('crash of the code', `${actor.name}: ${(error as Error).stack}`);
  }
}
