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
  const holders = holdersOf(input);
  for (let swap = 0; swap < SWAPS_MAX && swapOnce(assignment, input, holders); swap++);
  return assignment;
};

function swapOnce(assignment: Assignment, input: PlanInput, holders: ReturnType<typeof holdersOf>): boolean {
  const lagOf = (shard: string): number => input.shards.get(shard)?.lagMs ?? 0;
  const loads = [...assignment]
    .map(([slot, shards]) => ({ slot, lag: sum(Object.keys(shards).map(lagOf)) }))
    .sort((a, b) => b.lag - a.lag || (a.slot < b.slot ? -1 : 1));
  const heaviest = loads[0];
  const lightest = loads.at(-1);
  if (heaviest === undefined || lightest === undefined || input.failing?.has(lightest.slot)) return false;
  if (heaviest.lag < EXCESS_MIN * (sum(loads.map(({ lag }) => lag)) / loads.length)) return false;

  const weighed = (slot: string): Weighed[] =>
    Object.keys(assignment.get(slot)!)
      .sort()
      .map((shard) => ({ shard, lag: lagOf(shard) }));
  const exchange = bestExchange(weighed(heaviest.slot), weighed(lightest.slot), heaviest.lag - lightest.lag);
  if (exchange === undefined) return false;
  const move = (shard: string, from: string, to: string): void => {
    // One that comes back to where it was has not moved, and keeps its grant.
    const holder = holders.get(shard);
    delete assignment.get(from)![shard];
    assignment.get(to)![shard] = holder?.slot === to ? holder.grant : input.generation;
  };
  move(exchange.out, heaviest.slot, lightest.slot);
  move(exchange.back, lightest.slot, heaviest.slot);
  return true;
}

interface Weighed {
  shard: string;
  lag: number;
}

/**
 * The pair whose exchange leaves two slots, `gap` apart, closest to each other; of equal ones the first, in the order in which the shards are
 * given. Undefined where none brings them closer. A slot may hold thousands, so each looks for its counterpart, and not through all.
 */
export function bestExchange(
  outs: readonly Weighed[],
  backs: readonly Weighed[],
  gap: number,
): { out: string; back: string } | undefined {
  // Of each lag the first one; the places say which of two that are equally good comes first.
  const firsts = new Map<number, { shard: string; lag: number; place: number }>();
  for (const [place, back] of backs.entries())
    if (!firsts.has(back.lag)) firsts.set(back.lag, { ...back, place });
  const byLag = [...firsts.values()].sort((one, other) => one.lag - other.lag);
  let best: { out: string; back: string; left: number } | undefined;
  for (const out of outs) {
    const above = firstNotBelow(byLag, out.lag - gap / 2);
    const nearest = byLag
      .slice(Math.max(0, above - 1), above + 1)
      .map(({ shard, lag, place }) => ({ shard, place, left: Math.abs(gap - 2 * (out.lag - lag)) }))
      .sort((one, other) => one.left - other.left || one.place - other.place)[0];
    if (nearest !== undefined && nearest.left < (best?.left ?? gap)) {
      best = { out: out.shard, back: nearest.shard, left: nearest.left };
    }
  }
  return best;
}

function firstNotBelow(byLag: readonly Weighed[], lag: number): number {
  let low = 0;
  let high = byLag.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (byLag[middle]!.lag < lag) low = middle + 1;
    else high = middle;
  }
  return low;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
