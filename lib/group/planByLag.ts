import { type Assignment, holdersOf, type PlanInput, planEvenly, type Strategy } from './planner.ts';

/** Moves for the sake of lag in one plan: each costs a hand-off, and the next plan can go on. */
const SWAPS_MAX = 16;
/** Below this excess over the average a hand-off costs more than it brings. */
const EXCESS_MIN = 1.25;

/**
 * Even in counts, and then, by swapping pairs of shards between the slots with the most and the least lag, more even in
 * lag too. A shard without a known lag weighs nothing. Deterministic.
 */
export const planByLag: Strategy = (input) => {
  const assignment = planEvenly(input);
  for (let swap = 0; swap < SWAPS_MAX && swapOnce(assignment, input); swap++);
  return assignment;
};

function swapOnce(assignment: Assignment, input: PlanInput): boolean {
  const lagOf = (shard: string): number => input.shards.get(shard)?.lagMs ?? 0;
  const loads = [...assignment]
    .map(([slot, shards]) => ({ slot, lag: sum(Object.keys(shards).map(lagOf)) }))
    .sort((a, b) => b.lag - a.lag || (a.slot < b.slot ? -1 : 1));
  const heaviest = loads[0];
  const lightest = loads.at(-1);
  if (heaviest === undefined || lightest === undefined || input.failing?.has(lightest.slot)) return false;
  if (heaviest.lag < EXCESS_MIN * (sum(loads.map(({ lag }) => lag)) / loads.length)) return false;

  // The pair whose exchange leaves the two slots closest to each other.
  const gap = heaviest.lag - lightest.lag;
  let best: { out: string; back: string; left: number } | undefined;
  for (const out of Object.keys(assignment.get(heaviest.slot)!).sort()) {
    for (const back of Object.keys(assignment.get(lightest.slot)!).sort()) {
      const left = Math.abs(gap - 2 * (lagOf(out) - lagOf(back)));
      if (left < (best?.left ?? gap)) best = { out, back, left };
    }
  }
  if (best === undefined) return false;
  move(assignment, best.out, heaviest.slot, lightest.slot, input);
  move(assignment, best.back, lightest.slot, heaviest.slot, input);
  return true;
}

/** One that comes back to where it was has not moved, and keeps its grant. */
function move(assignment: Assignment, shard: string, from: string, to: string, input: PlanInput): void {
  const holder = holdersOf(input).get(shard);
  delete assignment.get(from)![shard];
  assignment.get(to)![shard] = holder?.slot === to ? holder.grant : input.generation;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
