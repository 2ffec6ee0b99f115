import type { Deliver } from '../../../lib/delivery/delivered.ts';
import { serviceCoordination } from '../../../lib/tick/coordination/service.ts';
import type { TickResult } from '../../../lib/tick/result.ts';
import type { ManualClock } from '../../support/clock.ts';
import type { World } from '../../support/world.ts';
import type { ServiceStage } from '../stages/stage.ts';
import type { Given } from './given.ts';
import { type Ledger, type Run, Violation } from './ledger.ts';
import type { Letters } from './letters.ts';
import { createLife, type Fate, type Life } from './life.ts';
import { watchService, watchStore, watchUser } from './watched.ts';

export interface Slot {
  readonly name: string;
  state: 'absent' | 'live' | 'left';
  /** Rounds without a tick that are left. */
  silentFor: number;
  sandboxes: number;
  /** Its tick that is at work right now. */
  running: boolean;
  tickedAt: number;
}

export interface TickPlan {
  sandbox: string;
  fate?: Fate | undefined;
  dies?: boolean;
  /** What happens while the tick is held. */
  meanwhile?: () => Promise<void>;
  /** What happens next while the tick waits for time to pass; the least is that it does. */
  pass?: () => Promise<void>;
}

/** Longer than any tick takes on a busy machine: no clock is waited for. */
const TICK_MS_MAX = 10_000;
/** Between two moments at which something may happen in a tick that lingers. */
export const STEP_MS = 250;

export interface TickerOptions {
  stage: ServiceStage;
  group: Pick<World, 'store' | 'times' | 'tick'> & { clock: ManualClock };
  ledger: Ledger;
  given: Given;
  letters: Letters;
  user(life: Life): Deliver;
  note(what: string): void;
  /** A tick goes on once it has read all up. */
  lingers: boolean;
}

/** First cursor of each shard that a tick processed. */
type Begun = Map<string, string>;

/** How a tick was left: it came to its end, is held, or the user's function has ended its process. */
type Left = { result: TickResult } | { error: unknown } | 'held' | 'dead' | 'waits';

/** Runs ticks to their ends, whichever those are: undefined if it died, or failed where it may. Watches what they do. */
export function createTicker({ stage, group, ledger, given, letters, user, note, lingers }: TickerOptions) {
  const { source, serviceGroup } = stage;
  const { clock, times } = group;
  const service = watchService(serviceGroup, ledger);
  /** Which run has a batch of the shard, and until when it lives. */
  const working = new Map<string, { run: Run; until: number }>();
  /** Of the ticks that are at work. */
  const lives = new Set<Life>();

  /** Never while another slot has a batch of the shard. */
  const alone =
    (deliver: Deliver, { run, until, begun }: { run: Run; until: number; begun: Begun }): Deliver =>
    async (batch, context) => {
      const { shard, from } = batch;
      const other = working.get(shard);
      if (other !== undefined && other.until > clock.now()) {
        ledger.fail(`${run.slot} and ${other.run.slot} work on ${shard}`);
      }
      working.set(shard, { run, until });
      if (!begun.has(shard)) begun.set(shard, from);
      const delivered = await deliver(batch, context);
      if (working.get(shard)?.run === run) working.delete(shard);
      return delivered;
    };

  const start = (
    slot: Slot,
    { sandbox }: TickPlan,
    { life, run, begun, rung }: { life: Life; run: Run; begun: Begun; rung: boolean },
  ) => {
    const until = clock.now() + times.functionTimeoutMs;
    const watched = life.process(watchUser(user(life), { given, run }, note));
    const dependencies = {
      store: life.around(watchStore(group.store, ledger, run)),
      source: life.around(source),
      coordination: serviceCoordination(life.around(service)),
      deliver: alone(watched, { run, until, begun }),
      deadLetters: life.around(letters.box(run)),
      clock: life.clock(clock),
    };
    return group.tick(slot.name, sandbox, dependencies, until, { rung }).then(
      (result): Left => ({ result }),
      (error: unknown): Left => ({ error }),
    );
  };

  const bury = (slot: Slot, { life, run }: { life: Life; run: Run }): void => {
    life.die();
    slot.sandboxes++;
    given.died(run);
    for (const [shard, worker] of working) if (worker.run === run) working.delete(shard);
  };

  /** Where official workers have committed, and nobody has since, nothing of that is begun again. */
  const checkTakenOver = (begun: Begun, known: ReadonlyMap<string, string>): void => {
    for (const [shard, from] of begun) {
      const theirs = known.get(shard);
      const isStill = theirs !== undefined && ledger.officialCheckpoints().get(shard) === theirs;
      if (isStill && (source.distance?.(from, theirs) ?? 0) > 0) {
        ledger.fail(`${shard} was begun at ${from}, though official workers had committed ${theirs}`);
      }
    }
  };

  return async (slot: Slot, plan: TickPlan): Promise<TickResult | undefined> => {
    const { name } = slot;
    const { fate, dies, meanwhile = async () => {}, pass = async () => clock.advance(STEP_MS) } = plan;
    const life = createLife(fate);
    lives.add(life);
    const run: Run = { slot: name, died: false, noted: new Map() };
    const begun: Begun = new Map();
    const known = ledger.officialCheckpoints();
    const startedAt = clock.now();
    const silentMs = startedAt - slot.tickedAt;
    let mayThrow = stage.failing.heartbeats;
    // Whoever finds the slot taken rings, as nobody moves the time for who waits.
    const rung = silentMs < times.functionTimeoutMs + times.skewMarginMs;
    Object.assign(slot, { tickedAt: startedAt, running: true });
    const ended = start(slot, plan, { life, run, begun, rung });
    const exited = life.exited.then((): Left => 'dead');
    /** Lets time pass where the tick lingers, until it is over, or is held. */
    const untilLeft = async (...ways: Promise<Left>[]): Promise<Left> => {
      for (;;) {
        const waits = lingers ? [life.rest().then((): Left => 'waits')] : [];
        const left = await inTime(Promise.race([ended, exited, ...ways, ...waits]));
        if (left !== 'waits') return left;
        await Promise.all([...lives].map((other) => other.rest()));
        await pass();
      }
    };
    let left = await untilLeft(life.held.then((): Left => 'held'));
    if (left === 'held') {
      note(`${name} is held at ${fate?.of} ${fate?.at}, ${dies ? 'to die' : 'for a while'}`);
      await meanwhile();
      // The platform kills what is not over by then.
      const isKilled = dies || clock.now() >= startedAt + times.functionTimeoutMs;
      if (!isKilled) life.goOn();
      left = isKilled ? 'dead' : await untilLeft();
      mayThrow ||= stage.failing.heartbeats;
    }
    slot.running = false;
    lives.delete(life);
    if (left === 'dead' || left === 'held') {
      note(`${name} died`);
      bury(slot, { life, run });
    }
    ledger.check();
    if (typeof left === 'string') return undefined;
    if ('error' in left) {
      note(`${name} threw ${left.error}`);
      if (mayThrow) return undefined;
      throw new Violation(`the tick of ${name} threw ${(left.error as Error).stack}`);
    }
    const { result } = left;
    const { outcome, folded, ringsAnswered } = result;
    const rings = folded ? ', folded' : ringsAnswered ? ', answers rings' : '';
    note(`${name} ticked in ${plan.sandbox}: ${outcome}${rings}${shardsOf(result)}`);
    // Who knows nothing, or was silent for long, looks where others are.
    if (!result.warm || silentMs > times.sessionTimeoutMs) checkTakenOver(begun, known);
    return result;
  };
}

const shardsOf = ({ shards }: TickResult): string =>
  shards.map(({ shard, stopped }) => ` ${shard.slice(-2)}=${stopped}`).join('');

async function inTime<T>(tick: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Violation('a tick does not end')), TICK_MS_MAX);
  });
  return Promise.race([tick, late]).finally(() => clearTimeout(timer));
}
