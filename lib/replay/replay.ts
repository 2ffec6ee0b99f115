/** A range of the past, read again beside the living group: what a replay is called, and what it is asked and answers. */
import type { DeadLetterStore } from '../delivery/deadLetters/deadLetters.ts';
import type { GroupStore, RequestOptions } from '../group/store.ts';
import type { TickResult } from '../tick/result.ts';

export {
  type BeginReplay,
  isSlotOf,
  type ReplayRange,
  type ReplayTurn,
  replaySlot,
} from '../config/replay.ts';

/** What a shard has of the range. */
export interface ReplayShard {
  readonly shard: string;
  readonly from: string;
  readonly to: string;
  /** How many positions that are; undefined where the service's cursors do not tell. */
  readonly positions: number | undefined;
  /** The range begins before what is left of the shard: when the service received the first of that. */
  readonly keptSince?: number;
}

/** What a replay reads, or would read. */
export interface ReplayCount {
  readonly begun: true;
  /** Of whoever has begun it. */
  readonly group: string;
  readonly table: string;
  /** What a position is, in the plural. */
  readonly unit: string;
  readonly shards: readonly ReplayShard[];
  /** What the service received before that is past the retention, where it tells. */
  readonly retainedSince?: number;
  /** Where nothing more succeeds for so long, nothing does: all that failed was tried again meanwhile. */
  readonly patienceMs: number;
}

/** Another replay of the group is at work, or may be until then. */
export interface ReplayRefused {
  readonly begun: false;
  readonly until: number;
}

export type ReplayBegun = ReplayCount | ReplayRefused;

/** Where a shard stands. */
export interface ReplayStanding {
  readonly shard: string;
  /** `gone`: the service no longer lists it. */
  readonly state: 'open' | 'done' | 'gone';
  readonly parents: readonly string[];
  /** Positions that are left of the range. */
  readonly left: number | undefined;
  /** When the service received what comes next. */
  readonly at?: number | undefined;
  /** What has failed there. */
  readonly failing?: {
    readonly attempts: number;
    readonly message: string;
    /** Not before then it is tried again. */
    readonly notBefore: number | undefined;
    /** So many records have failed as often as is allowed, and nothing shows that they are to blame. */
    readonly stuck?: number;
    /** They may not be given up, or there is no room for what is. */
    readonly blocked?: true;
  };
}

/** `gone`: there is no such replay any more. */
export interface ReplayTurned {
  readonly outcome: TickResult['outcome'] | 'gone';
  readonly batches: number;
  readonly records: number;
  readonly bytes: number;
  /** Positions that the retention has passed before they could be read. */
  readonly expired: number;
  /** What the log service or the table failed with. */
  readonly errors: readonly string[];
  /** Of all shards. */
  readonly shards: readonly ReplayStanding[];
}

/**
 * In the group's table, under a name that no group can have: no schedule is of it, reading the group reads none of it, and the role of the
 * group's function reaches it. One for each group: what a replay that was killed has left is found there by the next one.
 */
export const replayPartition = (group: string): string => `${group}#replay`;

/** What the user's function is told as the group. */
export const replayName = (group: string, id: string): string => `${replayPartition(group)}-${id}`;

/** Where a replay keeps what it knows, and what it gives up until it has told of it: nothing of that is the living group's. */
export interface ReplayTable {
  readonly store: GroupStore;
  readonly letters: Pick<DeadLetterStore, 'put' | 'list'>;
  /** Removes them all. */
  dropLetters(options: RequestOptions): Promise<void>;
}
