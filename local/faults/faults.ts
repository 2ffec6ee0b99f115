import type { Dice } from './dice.ts';

/** Decides what happens. Each kind has a stream of chance of its own, so that one kind's draws do not move another's. */
export interface Faults<Name extends string> {
  /** Draws once. Always false after `cease`. */
  happens(name: Name): boolean;
  /** Length, target and so on of a fault that happens. */
  dice(name: Name): Dice;
  /** How often each kind has happened. */
  counts(): Readonly<Record<Name, number>>;
  hasCeased(): boolean;
  cease(): void;
}

export function createFaults<Name extends string>(
  rates: Readonly<Record<Name, number>>,
  dice: Dice,
): Faults<Name> {
  const names = Object.keys(rates) as Name[];
  const streams = new Map(names.map((name) => [name, dice.fork(name)]));
  const counts = Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
  let ceased = false;
  return {
    happens(name) {
      const happens = streams.get(name)!.chance(rates[name]) && !ceased;
      if (happens) counts[name]++;
      return happens;
    },
    dice: (name) => streams.get(name)!,
    counts: () => counts,
    hasCeased: () => ceased,
    cease: () => {
      ceased = true;
    },
  };
}
