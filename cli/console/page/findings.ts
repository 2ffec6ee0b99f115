/** What may be wrong with a group: what each rule of the verdict says. */
import type { ShardState, State } from '../feed.ts';

/** `bad`: records are lost, or nothing gets on. `warning`: something waits for a person. `note`: as somebody wanted it. */
export type Level = 'good' | 'note' | 'warning' | 'bad';

export interface Finding {
  readonly level: Level;
  /** A whole sentence. */
  readonly says: string;
  /** What is known besides: what was thrown. */
  readonly because?: string;
  /** What to do about it, in words. */
  readonly advice?: string;
  /** What to type. */
  readonly command?: string;
  /** Of whom it tells, where that is one. */
  readonly shard?: string;
  readonly slot?: string;
}

/** `command` makes what to type of the words behind `npx shardbeat`. */
export type Rule = (state: State, command: (words: string) => string) => Finding[];

const NAMES_MAX = 3;
const FOREVER_MS = Number.MAX_SAFE_INTEGER;

export const because = (text: string | undefined) =>
  text === undefined || text === '' ? {} : { because: text };

export const openOf = ({ shards }: State): readonly ShardState[] =>
  shards.filter(({ state }) => state !== 'done');

/** `shard 3`, `shards 1, 2 and 3`, `shards 1, 2, 3 and 40 more`. */
export function named(kind: 'shard' | 'slot', names: readonly string[]): string {
  const noun = kind === 'shard' ? (names.length === 1 ? 'shard ' : 'shards ') : '';
  const shown = names.length > NAMES_MAX + 1 ? names.slice(0, NAMES_MAX) : names;
  const rest = names.length - shown.length;
  const words = rest > 0 ? [...shown, `${rest} more`] : shown;
  return `${noun}${words.length > 1 ? `${words.slice(0, -1).join(', ')} and ${words.at(-1)}` : (words[0] ?? '')}`;
}

/** Of some shards in one finding: the one that has the least time stands for all. */
export function ofShards(
  shards: readonly ShardState[],
  finding: (names: string, worst: ShardState) => Omit<Finding, 'shard'>,
): Finding[] {
  const [worst] = shards.toSorted(
    (one, other) =>
      (one.leftMs ?? FOREVER_MS) - (other.leftMs ?? FOREVER_MS) || (other.lagMs ?? 0) - (one.lagMs ?? 0),
  );
  if (worst === undefined) return [];
  return [
    {
      ...finding(
        named(
          'shard',
          shards.map(({ shard }) => shard),
        ),
        worst,
      ),
      shard: worst.shard,
    },
  ];
}
