import { expect, it } from 'vitest';
import { measureJitter } from '../../bench/support/jitteredGroup.ts';

const HOURS = { slots: 2, minutes: 180, lingers: false } as const;

it('a group loses no tick and no slot, wherever within its minute a schedule starts', async () => {
  const { ticks, lost, expired, slotWrites, runsMax } = await measureJitter({
    ...HOURS,
    load: 'idle',
    jitters: true,
  });
  expect({ lost, expired }).toEqual({ lost: 0, expired: 0 });
  expect(ticks).toBeGreaterThan(350);
  expect(slotWrites).toBe(2);
  expect(runsMax).toBe(2);
});

it('a group pays nothing for that where its schedule is regular', async () => {
  const { lost, slotWrites } = await measureJitter({ ...HOURS, load: 'loaded', jitters: false });
  expect({ lost, slotWrites }).toEqual({ lost: 0, slotWrites: 1 });
});
