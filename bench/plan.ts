/** How long planning takes, on one core: a new group, a group in balance, one slot gone, one more, a tenth gone; and how it grows. */
import { planByLag } from '../lib/group/planByLag.ts';
import { type PlanInput, planEvenly, type Strategy } from '../lib/group/planner.ts';
import { type Growth, measureGrowth, SIZES } from './support/growth.ts';
import { type Bar, bench, median, rounded } from './support/report.ts';

const SHARDS = 10_000;
const SLOTS = 1_000;
const ROUNDS = 5;

const slotNames = (count: number): string[] => Array.from({ length: count }, (_, slot) => `consumer-${slot}`);
const lags = new Map(
  Array.from({ length: SHARDS }, (_, shard) => [String(shard), (shard * 7_919) % 100_000]),
);

function given(slots: readonly string[], before?: ReadonlyMap<string, Record<string, number>>): PlanInput {
  return {
    generation: before === undefined ? 1 : 2,
    consumers: new Map(slots.map((slot) => [slot, { assigned: before?.get(slot) ?? {} }])),
    shards: new Map([...lags].map(([shard, lagMs]) => [shard, { lagMs }])),
  };
}

const balanced = planEvenly(given(slotNames(SLOTS)));
const cases: [name: string, input: PlanInput][] = [
  ['a new group', given(slotNames(SLOTS))],
  ['in balance', given(slotNames(SLOTS), balanced)],
  ['one slot less', given(slotNames(SLOTS - 1), balanced)],
  ['one slot more', given(slotNames(SLOTS + 1), balanced)],
  ['a tenth less', given(slotNames(SLOTS * 0.9), balanced)],
];

function measure(strategy: Strategy, input: PlanInput): { milliseconds: number; moves: number } {
  const times: number[] = [];
  let moves = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now();
    const plan = strategy(input);
    times.push(performance.now() - startedAt);
    moves = [...plan.values()].flatMap(Object.values).filter((grant) => grant === input.generation).length;
  }
  return { milliseconds: median(times), moves };
}

async function measureAll() {
  console.log(`${SHARDS} shards, ${SLOTS} slots; the median of ${ROUNDS}`);
  const figures = cases.map(([name, input]) => {
    return { name, even: measure(planEvenly, input), byLag: measure(planByLag, input) };
  });
  console.table(
    figures.map(({ name, even, byLag }) => ({
      plan: name,
      'even ms': Math.round(even.milliseconds),
      moves: even.moves,
      'by lag ms': Math.round(byLag.milliseconds),
    })),
  );
  const growth = await measureGrowth();
  console.log('Milliseconds of CPU by shards; how much more than n log n the last one takes, of the first');
  console.table(
    growth.map(({ name, milliseconds, ratio }) => ({
      what: name,
      ...Object.fromEntries(SIZES.map((size, at) => [size, rounded(milliseconds[at]!)])),
      '÷ n log n': rounded(ratio),
    })),
  );
  return {
    figures: { cases: figures, growth },
    bars: [...figures.flatMap(barsOf), ...growth.map(growthBar)],
  };
}

/** The square would be 6. */
const GROWTH_MAX = 2;

const growthBar = ({ name, ratio }: Growth): Bar => ({
  name: `${name}: growth beside n log n`,
  value: ratio,
  limit: GROWTH_MAX,
  unit: '×',
  direction: 'at most',
});

/** What moves is least where it is as much as was held by those who are gone, or is given to those who are new. */
const MOVES: Readonly<Record<string, number>> = {
  'in balance': 0,
  'one slot less': SHARDS / SLOTS,
  'one slot more': Math.floor(SHARDS / (SLOTS + 1)),
  'a tenth less': SHARDS / 10,
};

const barsOf = ({ name, even }: { name: string; even: { moves: number } }): Bar[] =>
  MOVES[name] === undefined
    ? []
    : [
        {
          name: `${name}: moves`,
          value: even.moves,
          limit: MOVES[name],
          unit: 'shards',
          direction: 'at most',
        },
      ];

process.exitCode = await bench(
  { name: 'plan', summary: 'how long planning takes, what it moves, and how it grows', options: {} },
  measureAll,
);
