import type { Dice } from '../../../local/faults/dice.ts';
import { createPoisons } from '../../simulation/user/poison.ts';
import { createManualClock } from '../../support/clock.ts';
import { createGroup, INTERVAL_MS } from '../../support/world.ts';
import { createGiven } from './given.ts';
import { createLedger } from './ledger.ts';
import { createLetters } from './letters.ts';
import type { Life } from './life.ts';
import { createOfficial } from './official.ts';
import { handsOver, type Scenario, SERVICES } from './scenario.ts';
import { createTicker, type Slot } from './slots.ts';
import { createTroubles } from './troubles.ts';
import { createUser } from './user.ts';

/** Of groups whose slots are given back after each tick. */
const DOORBELL_SHARE = 0.3;

export type RandomWorld = Awaited<ReturnType<typeof startWorld>>;

/** One group, its slots, a service and its official workers: everything that the events of a run act on. */
export async function startWorld(scenario: Scenario, dice: Dice) {
  const clock = createManualClock();
  const { shards, pull, officials, times, user, lingerMs } = scenario;
  const { delivery } = user;
  const stage = await SERVICES[scenario.service]({ clock, shards, pullBytesMax: pull.bytesMax, times });
  const { source, serviceGroup } = stage;
  const { countMax } = pull;
  const doorbell = dice.fork('doorbell').chance(DOORBELL_SHARE);
  const order = stage.keepsOrder;
  const settings = { countMax, shardsParallelMax: 1, order, times, delivery, lingerMs, doorbell };
  const group = createGroup({ clock, source, serviceGroup }, settings);
  const ledger = createLedger(source, { handsOver: handsOver(scenario), events: group.events });
  const rules = { ...delivery, functionTimeoutMs: times.functionTimeoutMs, now: clock.now };
  const given = createGiven(ledger, { ...rules, isDurable: delivery.identity === 'durable' });
  const letters = createLetters(ledger, given, rules);
  const troubles = createTroubles(scenario, { dice: dice.fork('troubles'), now: clock.now });
  const poisons = createPoisons(user.habits.poison, dice.fork('poison'));
  const trace: string[] = [];
  const note = (what: string): void => void trace.push(`${clock.now() % 100_000_000} ${what}`);
  const { recordsParallelMax } = delivery;
  const circumstances = { ...troubles, scenario: user, settings: { times }, latency: dice.fork('latency') };
  const userOf = (life: Life) =>
    createUser({ ...circumstances, poisons, clock, ledger, recordsParallelMax }, life);
  const lingers = lingerMs > 0;
  const tick = createTicker({ stage, group, ledger, given, letters, user: userOf, note, lingers });
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
    given,
    letters,
    poisons,
    troubles,
    trace,
    note,
    tick,
    slots,
    workers,
    /** When the current interval began. */
    roundAt: clock.now(),
    /** What takes so long with the usual interval. */
    scaled: (ms: number): number => Math.round((ms * times.intervalMs) / INTERVAL_MS),
  };
}
