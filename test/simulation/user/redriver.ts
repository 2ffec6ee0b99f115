import type { Deliver } from '../../../lib/delivery/delivered.ts';
import { type Actor, sleep } from '../host.ts';
import type { World } from '../world.ts';

/** How often a function that was not mended takes a record that it did not take before. */
const TAKES = 0.6;
const USUAL_MS_MAX = 2_000;

/** The user's function as a redrive calls it: a record at a time. It may have been mended, or may die of it once more. */
export function createRedriver(world: World, actor: Actor): Deliver {
  const { observer, faults, scheduler, scenario, settings, latency, platform } = world;
  return async ({ id, shard, records, redriven }, { signal }) => {
    const [record] = records;
    const letter = `${shard}/${record?.get('position')}/0`;
    const given = observer.redriveBegun(actor, { id, letter, isRedriven: redriven === true });
    const dice = faults.dice('redrive');
    const isTaken = faults.hasCeased() || dice.chance(TAKES);
    const slow = faults.happens('processSlow');
    const slowMs = settings.times.functionTimeoutMs * dice.next();
    const usualMs = latency.between(0, Math.min(USUAL_MS_MAX, scenario.processMsMax));
    const dies = faults.happens('processDies');
    try {
      await sleep(scheduler, actor.sandbox, slow ? slowMs : usualMs, signal);
    } catch (error) {
      observer.redriveEnded(given, 'timedOut');
      return { how: 'timedOut', done: 0, error };
    }
    if (dies) {
      platform.crash(actor, 'exits');
      return new Promise(() => {});
    }
    observer.redriveEnded(given, isTaken ? 'succeeded' : 'failed');
    return isTaken ? { how: 'succeeded' } : { how: 'failed', error: new Error('the simulated function') };
  };
}
