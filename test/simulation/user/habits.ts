import type { DeliverySettings } from '../../../lib/config/delivery.ts';
import type { Dice } from '../../../local/faults/dice.ts';
import { DELIVERY } from '../../support/delivery.ts';
import { RECORD_BYTES } from '../source.ts';

/** What a record does to the user's function: it throws, names it, ends the process, blocks it, or never comes back. */
export type PoisonKind = 'throws' | 'names' | 'exits' | 'loops' | 'hangs';
const POISON_KINDS: readonly PoisonKind[] = ['throws', 'names', 'exits', 'loops', 'hangs'];

/** The user's function, and what it is told to do. */
export interface Habits {
  /** With `records`, what comes before a failure is finished. */
  takes: 'batches' | 'records';
  /** On top of what a batch takes. */
  msPerRecord: number;
  /** It returns a write for each record, and no more than so many fit into a transaction. Undefined: it returns none. */
  writesMax?: number | undefined;
  poison: PoisonHabits | undefined;
  /** Whether what it writes to is down for good in the end. */
  sinkStaysDown: boolean;
}

export interface PoisonHabits {
  kinds: readonly PoisonKind[];
  share: number;
  shardMax: number;
  /** All records of one key are poison, out of so many keys. Undefined: single records. */
  keys: number | undefined;
  /** A later version of the function takes them all the same. */
  isCured: boolean;
}

export interface UserScenario {
  /** It takes what it is given, or throws: what else can happen in such a seed is the same as in a group whose function is well. */
  isPlain: boolean;
  delivery: DeliverySettings;
  habits: Habits;
}

/** Half of the seeds have a function that takes everything, and settings as a group has them that sets nothing. */
export function drawUser(dice: Dice, times: { intervalMs: number; functionTimeoutMs: number }): UserScenario {
  const isPlain = dice.chance(0.5);
  const delivery = drawDelivery(dice, times.intervalMs);
  const habits: Habits = {
    takes: dice.pick(['batches', 'records'] as const),
    msPerRecord: dice.pick([0, 0, 0, 500, 0.05, 0.2]),
    poison: dice.chance(0.7) ? drawPoison(dice) : undefined,
    sinkStaysDown: dice.chance(0.04),
  };
  // A share of the time that a tick has.
  if (habits.msPerRecord < 1) habits.msPerRecord *= times.functionTimeoutMs;
  if (!isPlain) return { isPlain, delivery, habits };
  return {
    isPlain,
    delivery: DELIVERY,
    habits: { takes: 'batches', msPerRecord: 0, poison: undefined, sinkStaysDown: false },
  };
}

function drawDelivery(dice: Dice, intervalMs: number): DeliverySettings {
  const joins = dice.chance(0.25);
  return {
    attemptsMax: dice.pick([1, 2, 3, 3, 5, 8]),
    onPoison: dice.chance(0.2) ? 'block' : 'deadLetter',
    recordsMax: dice.pick([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 1, 2, 3]),
    identity: dice.chance(0.35) ? 'durable' : 'refused',
    ageMaxMs: dice.chance(0.15) ? dice.between(2, 8) * intervalMs : undefined,
    bytesMin: joins ? dice.between(2, 12) * RECORD_BYTES : 0,
    waitMaxMs: joins ? dice.between(0, 3) * intervalMs : 0,
    recordsParallelMax: 1,
  };
}

function drawPoison(dice: Dice): PoisonHabits {
  const kinds = POISON_KINDS.filter(() => dice.chance(0.5));
  return {
    kinds: kinds.length > 0 ? kinds : [dice.pick(POISON_KINDS)],
    share: dice.pick([0.08, 0.2, 0.5]),
    shardMax: dice.between(1, 4),
    keys: dice.chance(0.25) ? dice.between(2, 5) : undefined,
    isCured: dice.chance(0.3),
  };
}
