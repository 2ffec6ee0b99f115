import type { EachBatch } from '../../lib/delivery/userModule.ts';
import { type Actor, sleep } from './host.ts';
import type { World } from './world.ts';

/** The user's function: mostly quick, sometimes slow, and not always well-behaved. */
export function createProcessor(world: World, actor: Actor): EachBatch {
  const { observer, faults, scheduler, trace } = world;
  return async (batch, { signal }) => {
    const positions = [...batch.records].map((record) => Number(record.get('position')));
    const what = `process ${batch.shard} ${positions[0]}–${positions.at(-1)}`;
    trace.add(actor.name, () => `${what} …`);
    const delivery = observer.begun(actor, batch, positions);
    const slow = faults.happens('processSlow');
    const throws = faults.happens('processThrows');
    const ignores = faults.happens('processIgnores');
    const usualMs = world.latency.between(0, world.scenario.processMsMax);
    const slowMs = world.settings.times.functionTimeoutMs * 1.5 * faults.dice('processSlow').next();
    try {
      await sleep(scheduler, actor.sandbox, slow ? slowMs : usualMs, ignores ? undefined : signal);
      if (throws) throw new Error('the simulated function throws');
    } catch (error) {
      trace.add(actor.name, () => `${what} → ${String(error)}`);
      throw error;
    }
    trace.add(actor.name, () => `${what} → done`);
    observer.succeeded(delivery, signal.aborted);
  };
}
