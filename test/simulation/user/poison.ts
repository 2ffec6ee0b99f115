import type { Dice } from '../../../local/faults/dice.ts';
import type { PoisonHabits, PoisonKind } from './habits.ts';

/** Which records the user's function does not take: by their places, whoever asks and whenever. */
export interface Poisons {
  of(shard: string, position: number): PoisonKind | undefined;
  /** The record's key, by which a function may go. */
  keyOf(shard: string, position: number): number;
  /** What is written from now on is taken; and what was before, if it is cured. `ends`: how many records each shard has. */
  cease(ends: ReadonlyMap<string, number>): void;
}

interface Drawn {
  key: number;
  poison: PoisonKind | undefined;
}

const KEYS = 4;
/** After one, the next one: blocks of several are what it is about. */
const FOLLOWS = 0.35;

export function createPoisons(habits: PoisonHabits | undefined, dice: Dice): Poisons {
  const { share = 0, shardMax = 0, keys, kinds = [], isCured = true } = habits ?? {};
  const shards = new Map<string, { dice: Dice; drawn: Drawn[]; count: number }>();
  let wanted: ReadonlyMap<string, number> | undefined;

  /** All up to it, in order. */
  const drawn = (shard: string, position: number): Drawn => {
    const known = shards.get(shard) ?? { dice: dice.fork(shard), drawn: [], count: 0 };
    shards.set(shard, known);
    while (known.drawn.length <= position) {
      const key = known.dice.between(0, (keys ?? KEYS) - 1);
      const follows = known.drawn.at(-1)?.poison !== undefined;
      const isDrawn = known.dice.chance(follows ? Math.max(share, FOLLOWS) : share);
      const isBad = known.count < shardMax && (keys === undefined ? isDrawn : key === 0);
      const poison = isBad ? known.dice.pick(kinds) : undefined;
      if (isBad) known.count++;
      known.drawn.push({ key, poison });
    }
    return known.drawn[position]!;
  };
  return {
    of(shard, position) {
      const isOver = wanted !== undefined && (isCured || position >= (wanted.get(shard) ?? 0));
      return isOver ? undefined : drawn(shard, position).poison;
    },
    keyOf: (shard, position) => drawn(shard, position).key,
    cease(ends) {
      wanted = ends;
    },
  };
}
