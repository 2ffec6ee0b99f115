import type { Dice } from '../../local/faults/dice.ts';
import { type Faults as DrawnFaults, createFaults as drawFaults } from '../../local/faults/faults.ts';
import { SIMULATION_RATES_MAX, type SimulatedFault } from '../../local/faults/list.ts';

export type FaultName = SimulatedFault;
export const FAULT_NAMES = Object.keys(SIMULATION_RATES_MAX) as FaultName[];
/** A seed draws a rate for every kind; many are zero. */
export type FaultRates = Record<FaultName, number>;

export interface Faults extends DrawnFaults<FaultName> {
  /** How many have happened, those of the user's function left out; or of these kinds. */
  happened(names?: readonly FaultName[]): number;
}

const OTHERS = FAULT_NAMES.filter((name) => !name.startsWith('process'));

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
    rates[name] = dice.chance(0.35) ? 0 : SIMULATION_RATES_MAX[name] * share * temper;
  }
  const theme = dice.chance(0.5) ? dice.pick(isPlain ? THEMES : [...THEMES, ...DELIVERY_THEMES]) : [];
  for (const name of theme) rates[name] = SIMULATION_RATES_MAX[name];
  for (let kinds = dice.between(0, FOCUS_KINDS_MAX); kinds > 0; kinds--) {
    const name = dice.pick(FAULT_NAMES);
    rates[name] = SIMULATION_RATES_MAX[name];
  }
  // It is no fault: where somebody redrives, it is often.
  rates.redrive = dice.chance(0.6) ? SIMULATION_RATES_MAX.redrive : 0;
  if (isPlain) for (const name of OF_DELIVERY) rates[name] = 0;
  return rates;
}

export function createFaults(rates: FaultRates, dice: Dice): Faults {
  const faults = drawFaults(rates, dice);
  return {
    ...faults,
    happened: (names = OTHERS) => names.reduce((sum, name) => sum + faults.counts()[name], 0),
  };
}
