import type { Pulled } from '../sources/source.ts';
import type { Holder, Room } from './bytes.ts';
import type { CachedShard } from './cache.ts';
import type { TickContext } from './context.ts';

/** A shard that is read, one range after another. */
export interface Reading {
  context: TickContext;
  shard: string;
  /** What the table holds, kept so. */
  at: CachedShard;
  /** Where the shard ends for this group, if that is so. */
  endCursor: string | undefined;
  /** What it has in memory, and may have. */
  holder: Holder;
  /** What was asked for while the user's function had what stands before it. */
  ahead: Ahead | undefined;
}

/** What a pull has come to: an answer; or the time is over; or what stood there is past the retention. */
export type Answer = Pulled | 'deadline' | 'cursorExpired';

/**
 * One pull that is under way, or over, while the user's function has the range before it. It is a read, and nothing else: nothing is noted
 * of it, and its records are given and passed only when their turn has come, as if they had been pulled then.
 */
export interface Ahead {
  cursor: string;
  /** As `pullTurn` answers: where there is a least time between pulls, that is waited for. */
  turn: Promise<boolean>;
  answer: Promise<Answer>;
  /** It has failed before anybody waited for it. */
  failed: boolean;
  /** When somebody began to wait for it. */
  wantedAt: number;
  stop: AbortController;
  room: Room;
}
