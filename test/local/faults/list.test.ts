import { expect, it } from 'vitest';
import { createDice } from '../../../local/faults/dice.ts';
import { createFaults } from '../../../local/faults/faults.ts';
import { FAULTS, type FaultKind, hostRates, SIMULATION_RATES_MAX } from '../../../local/faults/list.ts';

it.each(FAULTS.map((kind: FaultKind) => [kind.name, kind] as const))(
  '%s is known to the simulation and to the host, or it is said why not',
  (_name, { what, simulation, host }) => {
    expect(what).toMatch(/^[a-z].{10,}[^.]$/);
    for (const rate of [simulation, host]) {
      if (typeof rate === 'string') expect(rate).toMatch(/^[a-z].{20,}[^.]$/);
      else expect(rate > 0 && rate <= 1).toBe(true);
    }
    expect(typeof simulation === 'number' || typeof host === 'number').toBe(true);
  },
);

it('each has a name of its own, and both draw from the list', () => {
  const names = FAULTS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(SIMULATION_RATES_MAX).toMatchObject({ crash: 0.03, trim: 1 });
  expect(SIMULATION_RATES_MAX).not.toHaveProperty('thrownAway');
  expect(hostRates(1)).toMatchObject({ crash: 0.1, freeze: 1 });
  expect(hostRates(0.5)).toMatchObject({ crash: 0.05, freeze: 1 });
  expect(hostRates(1)).not.toHaveProperty('split');
  expect(Object.values(hostRates(0)).every((rate) => rate === 0)).toBe(true);
});

it('what happens is decided by the seed, kind by kind, and is counted', () => {
  const drawn = (...others: ('late' | 'crash')[]): boolean[] => {
    const faults = createFaults({ late: 0.5, crash: 0.5 }, createDice('7'));
    for (const name of others) faults.happens(name);
    return Array.from({ length: 40 }, () => faults.happens('late'));
  };
  expect(drawn('crash', 'crash')).toEqual(drawn());
  expect(new Set(drawn())).toEqual(new Set([true, false]));
  const faults = createFaults({ late: 1, crash: 0 }, createDice('7'));
  for (let times = 0; times < 3; times++) faults.happens('late');
  faults.happens('crash');
  faults.cease();
  expect(faults.happens('late')).toBe(false);
  expect(faults.counts()).toEqual({ late: 3, crash: 0 });
});
