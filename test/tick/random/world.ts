import type { Dice } from '../../simulation/dice.ts';
import { createManualClock } from '../../support/clock.ts';
import { createGroup } from '../../support/world.ts';
import { createLedger } from './ledger.ts';
import { createOfficial } from './official.ts';
import { handsOver, type Scenario, SERVICES } from './scenario.ts';
import { createTicker, type Slot } from './slots.ts';

export type RandomWorld = Awaited<ReturnType<typeof startWorld>>;

/** One group, its slots, a service and its official workers: everything that the events of a run act on. */
export async function startWorld(scenario: Scenario, dice: Dice) {
  const clock = createManualClock();
  const { shards, pull, officials } = scenario;
  const stage = await SERVICES[scenario.service]({ clock, shards, pullBytesMax: pull.bytesMax });
  const { source, serviceGroup } = stage;
  const given = { countMax: pull.countMax, shardsParallelMax: 1, order: stage.keepsOrder };
  const group = createGroup({ clock, source, serviceGroup }, given);
  const ledger = createLedger(source, { shared: officials > 0, handsOver: handsOver(scenario) });
  const trace: string[] = [];
  const note = (what: string): void => void trace.push(`${clock.now() % 10_000_000} ${what}`);
  const tick = createTicker({ stage, group, ledger, note });
  const slots = scenario.slots.map(
    (name, index): Slot => ({
      name,
      state: index === 0 ? 'live' : 'absent',
      silentFor: 0,
      sandboxes: 1,
      running: false,
      tickedAt: 0,
    }),
  );
  const workers = Array.from({ length: officials }, (_, index) =>
    createOfficial(`official_${index}`, { stage, ledger, dice: dice.fork(`official ${index}`), clock }),
  );
  return {
    scenario,
    clock,
    stage,
    group,
    ledger,
    trace,
    note,
    tick,
    slots,
    workers,
    /** When the current interval began. */
    roundAt: clock.now(),
  };
}
