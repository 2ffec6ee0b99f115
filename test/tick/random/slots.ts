import { deliverBatches } from '../../../lib/delivery/eachBatch.ts';
import type { Batch } from '../../../lib/delivery/userModule.ts';
import { serviceCoordination } from '../../../lib/tick/coordination/service.ts';
import type { TickResult } from '../../../lib/tick/result.ts';
import type { World } from '../../support/world.ts';
import type { ServiceStage } from '../stages/stage.ts';
import { type Ledger, Violation } from './ledger.ts';
import { createLife, type Fate, type Life } from './life.ts';

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
  /** Whether the user's function refuses everything. */
  refuses?: boolean;
  /** What happens while the tick is held. */
  meanwhile?: () => Promise<void>;
}

/** Longer than any tick takes on a busy machine: no clock is waited for. */
const TICK_MS_MAX = 10_000;

export interface TickerOptions {
  stage: ServiceStage;
  group: Pick<World, 'clock' | 'store' | 'times' | 'tick'>;
  ledger: Ledger;
  note(what: string): void;
}

/** First cursor of each shard that a tick processed. */
type Begun = Map<string, string>;

/** Runs ticks to their ends, whichever those are: undefined if it died, or failed where it may. Watches what they do. */
export function createTicker({ stage, group, ledger, note }: TickerOptions) {
  const { source, serviceGroup } = stage;
  const { clock } = group;
  /** Which slot has a batch of the shard. */
  const working = new Map<string, string>();
  /** What a tick would keep to itself, as it does with whatever the user's function throws. */
  const violations: unknown[] = [];

  /** Never while another slot has a batch of the shard. */
  const processIn = (slot: string, life: Life, refuses: boolean, begun: Begun) => {
    const deliver = life.process(async (batch: Batch): Promise<void> => {
      if (!begun.has(batch.shard)) begun.set(batch.shard, batch.from);
      if (refuses) throw new Error('refused');
      note(`${slot} processes ${batch.shard.slice(-2)} ${[...batch.records].map((r) => r.get('content'))}`);
      ledger.delivered(batch);
    });
    const alone = async (batch: Batch): Promise<void> => {
      const other = working.get(batch.shard);
      if (other !== undefined) throw new Violation(`${slot} and ${other} work on ${batch.shard}`);
      working.set(batch.shard, slot);
      await deliver(batch).finally(() => working.delete(batch.shard));
    };
    return (batch: Batch): Promise<void> =>
      alone(batch).catch((error: unknown) => {
        if (error instanceof Violation) violations.push(error);
        throw error;
      });
  };

  const start = (slot: Slot, { sandbox, refuses = false }: TickPlan, life: Life, begun: Begun) =>
    group
      .tick(slot.name, sandbox, {
        store: life.around(group.store),
        source: life.around(source),
        coordination: serviceCoordination(life.around(serviceGroup)),
        deliver: deliverBatches(processIn(slot.name, life, refuses, begun)),
      })
      .then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      );

  const bury = (slot: Slot, life: Life): void => {
    life.die();
    slot.sandboxes++;
    for (const [shard, worker] of working) if (worker === slot.name) working.delete(shard);
  };

  /** Where official workers have committed, and nobody has since, nothing of that is begun again. */
  const checkTakenOver = (begun: Begun, known: ReadonlyMap<string, string>): void => {
    for (const [shard, from] of begun) {
      const theirs = known.get(shard);
      const isStill = theirs !== undefined && ledger.officialCheckpoints().get(shard) === theirs;
      if (isStill && (source.distance?.(from, theirs) ?? 0) > 0) {
        throw new Violation(`${shard} was begun at ${from}, though official workers had committed ${theirs}`);
      }
    }
  };

  return async (slot: Slot, plan: TickPlan): Promise<TickResult | undefined> => {
    const { name } = slot;
    const { fate, dies, meanwhile = async () => {} } = plan;
    const life = createLife(fate);
    const begun: Begun = new Map();
    const known = ledger.officialCheckpoints();
    const silentMs = clock.now() - slot.tickedAt;
    let mayThrow = stage.failing.heartbeats;
    Object.assign(slot, { tickedAt: clock.now(), running: true });
    const ended = start(slot, plan, life, begun);
    let outcome = await inTime(Promise.race([ended, life.held.then(() => undefined)]));
    if (outcome === undefined) {
      note(`${name} is held at ${fate?.of} ${fate?.at}, ${dies ? 'to die' : 'for a while'}`);
      await meanwhile();
      if (dies) bury(slot, life);
      else life.goOn();
      outcome = dies ? undefined : await inTime(ended);
      mayThrow ||= stage.failing.heartbeats;
    }
    slot.running = false;
    if (violations.length > 0) throw violations[0];
    if (outcome === undefined) return undefined;
    if ('error' in outcome) {
      note(`${name} threw ${outcome.error}`);
      if (mayThrow) return undefined;
      throw new Violation(`the tick of ${name} threw ${(outcome.error as Error).stack}`);
    }
    const { result } = outcome;
    note(`${name} ticked in ${plan.sandbox}: ${result.outcome}${shardsOf(result)}`);
    // Who knows nothing, or was silent for long, looks where others are.
    if (!result.warm || silentMs > group.times.sessionTimeoutMs) checkTakenOver(begun, known);
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
