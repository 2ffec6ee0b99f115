import { FAULT_NAMES } from './faults.ts';
import type { Overrides } from './scenario.ts';
import type { Outcome } from './world.ts';

type Run = (overrides: Overrides) => Promise<Outcome>;

/**
 * Looks for a smaller run of the same seed that fails the same check: without kinds of fault, shorter, with fewer slots
 * and shards. One pass over each, and a second over the faults, as a shorter run may need fewer.
 */
export async function shrink(found: Outcome, run: Run, overrides: Overrides): Promise<Overrides> {
  let best = overrides;
  const accept = async (candidate: Overrides): Promise<boolean> => {
    const { violation } = await run(candidate);
    if (violation?.check !== found.violation?.check) return false;
    best = candidate;
    return true;
  };
  const dropFaults = async (): Promise<void> => {
    for (const name of FAULT_NAMES) {
      const without = best.without ?? [];
      if (found.scenario.rates[name] === 0 || without.includes(name)) continue;
      await accept({ ...best, without: [...without, name] });
    }
  };
  const lower = async (field: 'slots' | 'shards' | 'minutes', from: number): Promise<void> => {
    for (let value = from - 1; value >= 1; value--) {
      if (!(await accept({ ...best, [field]: value })) && field !== 'minutes') return;
    }
  };
  await dropFaults();
  await lower('slots', found.scenario.slots);
  await lower('shards', found.scenario.shards);
  await lower('minutes', found.scenario.minutes);
  await dropFaults();
  return best;
}

/** The arguments that say the same on the command line. */
export function argumentsOf(seed: number, mutant: string | undefined, overrides: Overrides): string {
  const { minutes, slots, shards, without = [] } = overrides;
  return [
    `--from ${seed} --seeds 1 --trace`,
    mutant === undefined ? '' : `--mutant "${mutant}"`,
    minutes === undefined ? '' : `--minutes ${minutes}`,
    slots === undefined ? '' : `--slots ${slots}`,
    shards === undefined ? '' : `--shards ${shards}`,
    without.length === 0 ? '' : `--without ${without.join(',')}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}
