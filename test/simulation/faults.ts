import type { Dice } from './dice.ts';

/**
 * Everything that can go wrong, with the highest rate of each: per request, per tick, per batch or per interval, as
 * its place of use says. A seed draws a rate for every kind; many are zero.
 */
export const FAULT_RATES_MAX = {
  // A sandbox: dies at any await, stops for a while, is told a wrong time.
  crash: 0.03,
  stall: 0.05,
  wrongClock: 0.2,
  // The schedule: the same tick twice, a tick late or never, a failed one again, another sandbox each time.
  overlap: 0.4,
  late: 0.3,
  missing: 0.3,
  retry: 0.6,
  scatter: 0.8,
  // The table: says no, never gets the request, its answer is lost, the write lands late or twice, old reads; a connection that
  // has died, and a service that fails: both at once, and the write may land all the same.
  throttled: 0.1,
  lostRequest: 0.05,
  lostAnswer: 0.1,
  delayedWrite: 0.2,
  lastWrite: 0.05,
  writtenTwice: 0.1,
  echo: 0.1,
  connectionDied: 0.2,
  serverError: 0.3,
  staleRead: 0.5,
  slowStore: 0.3,
  // The log service.
  sourceError: 0.1,
  // A list of shards that lacks one for long, or all, or fails; a stream that the settings do not name for a while.
  hiddenShard: 0.2,
  emptyList: 0.15,
  failingList: 0.15,
  droppedStream: 0.1,
  slowSource: 0.2,
  shortAnswer: 0.5,
  emptyAnswer: 0.1,
  listOutage: 0.05,
  split: 0.3,
  merge: 0.2,
  trim: 1,
  // The user's function.
  processThrows: 0.2,
  processNames: 0.2,
  processDies: 0.15,
  processSlow: 0.15,
  processIgnores: 0.08,
  // What it writes to, and where what it does not take is put.
  sinkDown: 0.15,
  lettersFull: 0.2,
  // People.
  churn: 0.4,
  operator: 0.5,
  operatorCrash: 0.5,
  redrive: 0.5,
} as const;

export type FaultName = keyof typeof FAULT_RATES_MAX;
export const FAULT_NAMES = Object.keys(FAULT_RATES_MAX) as FaultName[];
export type FaultRates = Record<FaultName, number>;

export interface Faults {
  /** Draws once. Always false after `cease`. */
  happens(name: FaultName): boolean;
  /** Length, target and so on of a fault that happens; a stream of its own per kind. */
  dice(name: FaultName): Dice;
  /** How many have happened, those of the user's function left out; or of these kinds. */
  happened(names?: readonly FaultName[]): number;
  hasCeased(): boolean;
  cease(): void;
}

/** Kinds that come at their highest rate together: what only two or three of them bring about must happen often. */
const THEMES: readonly (readonly FaultName[])[] = [
  ['delayedWrite', 'slowStore', 'operator'],
  ['delayedWrite', 'churn', 'stall'],
  ['connectionDied', 'overlap', 'scatter', 'churn'],
  ['serverError', 'split', 'operator'],
  ['echo', 'slowStore', 'operator', 'processSlow'],
  ['operator', 'operatorCrash'],
  ['operator', 'operatorCrash', 'split'],
  ['delayedWrite', 'crash', 'churn'],
  ['lastWrite', 'churn', 'late'],
  ['missing', 'late', 'churn', 'stall'],
  ['crash', 'retry', 'overlap', 'scatter'],
  ['split', 'merge', 'trim', 'sourceError'],
  ['listOutage', 'churn', 'split'],
  ['hiddenShard', 'split', 'merge', 'missing'],
  ['emptyList', 'failingList', 'droppedStream', 'churn'],
];
const DELIVERY_THEMES: readonly (readonly FaultName[])[] = [
  ['processThrows', 'processNames', 'shortAnswer', 'emptyAnswer', 'crash'],
  ['processDies', 'scatter', 'lostAnswer'],
  ['processDies', 'processNames', 'operator'],
  ['sinkDown', 'processDies', 'delayedWrite'],
  ['sinkDown', 'scatter', 'churn'],
  ['sinkDown', 'lettersFull', 'connectionDied'],
  ['processThrows', 'redrive', 'operatorCrash', 'connectionDied'],
  ['processDies', 'redrive', 'processSlow', 'delayedWrite'],
];
const FOCUS_KINDS_MAX = 3;

/** Kinds that a group meets only if its user's function does not take everything. */
const OF_DELIVERY: ReadonlySet<FaultName> = new Set([
  'shortAnswer',
  'emptyAnswer',
  'processNames',
  'processDies',
  'sinkDown',
  'lettersFull',
  'redrive',
]);

/** A third of the kinds are off, the others are mostly calm; some seeds are brutal in all, most in a few. `isPlain`: none is of delivery. */
export function drawRates(dice: Dice, { isPlain }: { isPlain: boolean }): FaultRates {
  const temper = dice.pick([0, 0.1, 0.4, 1]);
  const rates = {} as FaultRates;
  for (const name of FAULT_NAMES) {
    const share = dice.next() ** 2;
    rates[name] = dice.chance(0.35) ? 0 : FAULT_RATES_MAX[name] * share * temper;
  }
  const theme = dice.chance(0.5) ? dice.pick(isPlain ? THEMES : [...THEMES, ...DELIVERY_THEMES]) : [];
  for (const name of theme) rates[name] = FAULT_RATES_MAX[name];
  for (let kinds = dice.between(0, FOCUS_KINDS_MAX); kinds > 0; kinds--) {
    const name = dice.pick(FAULT_NAMES);
    rates[name] = FAULT_RATES_MAX[name];
  }
  // It is no fault: where somebody redrives, it is often.
  rates.redrive = dice.chance(0.6) ? FAULT_RATES_MAX.redrive : 0;
  if (isPlain) for (const name of OF_DELIVERY) rates[name] = 0;
  return rates;
}

export function createFaults(rates: FaultRates, dice: Dice): Faults {
  const streams = new Map(FAULT_NAMES.map((name) => [name, dice.fork(name)]));
  let ceased = false;
  let happened = 0;
  const counts = new Map<FaultName, number>();
  return {
    happens(name) {
      const happens = streams.get(name)!.chance(rates[name]) && !ceased;
      if (happens && !name.startsWith('process')) happened++;
      if (happens) counts.set(name, (counts.get(name) ?? 0) + 1);
      return happens;
    },
    happened: (names) =>
      names === undefined ? happened : names.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0),
    hasCeased: () => ceased,
    dice: (name) => streams.get(name)!,
    cease: () => {
      ceased = true;
    },
  };
}
