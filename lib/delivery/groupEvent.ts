import type { GivenUp } from '../group/pending.ts';

/** What happens to a group, as far as others may want to act on it. */
export type Happening =
  /** The slot has taken the shard, from another one or from nobody, and reads on at `cursor`. */
  | {
      readonly type: 'assigned';
      readonly shard: string;
      readonly from: string | undefined;
      readonly cursor: string;
    }
  /** The shard is the slot's no longer: `lost` to another one by a plan, or `drained` with all of its shards. */
  | { readonly type: 'revoked'; readonly shard: string; readonly why: 'lost' | 'drained' }
  /** The shard has ended, after a split or a merge or at the end time, and all of it is read. */
  | { readonly type: 'shardDone'; readonly shard: string; readonly cursor: string }
  /** The retention had passed the checkpoint. What lay before `to` is lost: so many positions, where the service tells. */
  | {
      readonly type: 'gap';
      readonly shard: string;
      readonly from: string;
      readonly to: string;
      readonly positions: number | undefined;
    }
  /** Records were put into the dead letters; `letters` has the first few of them. */
  | {
      readonly type: 'deadLettered';
      readonly shard: string;
      readonly reason: GivenUp;
      readonly count: number;
      readonly letters: readonly {
        readonly id: string;
        readonly attempts: number;
        readonly message: string;
      }[];
    }
  /** Every shard is read up to the end time. */
  | { readonly type: 'complete'; readonly endAt: number };

/** The same, with where it happened, and when by the group's clock, milliseconds since 1970. */
export type GroupEvent = Happening & { readonly group: string; readonly slot: string; readonly at: number };
