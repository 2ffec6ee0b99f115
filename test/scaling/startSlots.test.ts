import { expect, it } from 'vitest';
import { StoreError } from '../../lib/errors.ts';
import { startSlots } from '../../lib/scaling/startSlots.ts';
import { createManualClock } from '../support/clock.ts';
import { letTimePass } from '../support/letTimePass.ts';

const SLOTS = ['consumer-0', 'consumer-1', 'consumer-2'];
const quiet = { debug() {}, info() {}, warn() {}, error() {}, with: () => quiet };
const refused = (retriable: boolean) => new StoreError('no', { code: 'no', outcome: 'refused', retriable });

/** When each slot was started, after the beginning. `fails`: of a slot, as long as it does. */
async function starts(fails: (slot: string, atMs: number) => Error | undefined, endsMs = 20_000) {
  const clock = createManualClock();
  const beganAt = clock.now();
  const tries: [slot: string, atMs: number][] = [];
  const ending = new AbortController();
  const start = async (slot: string): Promise<void> => {
    const atMs = clock.now() - beganAt;
    tries.push([slot, atMs]);
    const error = fails(slot, atMs);
    if (error !== undefined) throw error;
  };
  void clock.sleep(endsMs).then(() => ending.abort());
  const starting = startSlots(SLOTS, { start, clock, logger: quiet, spreadMs: 3_000 }, ending.signal);
  const failed = await letTimePass(clock, starting, { stepMs: 100 });
  return { tries, failed, tookMs: clock.now() - beganAt };
}

it('starts the slots one after the other, spread over the time that is given', async () => {
  const { tries, failed } = await starts(() => undefined);
  expect(tries).toEqual(SLOTS.map((slot, index) => [slot, index * 1_000]));
  expect(failed).toEqual([]);
});

it('tries again what may pass, until its time is over, and holds up no other slot', async () => {
  const { tries, failed, tookMs } = await starts((slot) =>
    slot === 'consumer-0' ? refused(true) : undefined,
  );
  expect(failed).toEqual(['consumer-0']);
  expect(tries.filter(([slot]) => slot !== 'consumer-0')).toEqual([
    ['consumer-1', 1_000],
    ['consumer-2', 2_000],
  ]);
  expect(tries.filter(([slot]) => slot === 'consumer-0')).toHaveLength(20);
  expect(tookMs).toBeLessThan(20_500);
});

it('does not try again what would not pass', async () => {
  const { tries, failed } = await starts((slot) => (slot === 'consumer-1' ? refused(false) : undefined));
  expect(failed).toEqual(['consumer-1']);
  expect(tries).toHaveLength(3);
});
