/** Two looks at a group, one after the other, and what they have to do with each other. Pure. */
import type { Distance } from '../../lib/distance.ts';
import type { Look } from '../look.ts';
import type { Event } from './feed.ts';
import type { Overlap } from './overlap.ts';
import type { Shard } from './state.ts';

/** `at`: as far as the table tells; it is taken to be between the two looks. */
export type Happening = Omit<Event, 'id' | 'at'> & { readonly at?: number };

export interface Between {
  readonly before: Look;
  readonly look: Look;
  /** Those that have begun. */
  readonly overlaps: ReadonlyMap<string, Overlap>;
  readonly distance: Distance | undefined;
}

/** A group that was deleted and made again meanwhile is another one. */
export const isSameGroup = (before: Look['description'], now: Look['description']): boolean =>
  before.group?.createdAt === now.group?.createdAt;

/** Whoever seeks makes a new epoch, as a claim does; but nobody claims a shard backwards. */
export const isSought = (was: Shard, is: Shard, distance: Distance | undefined): boolean =>
  is.cursor !== was.cursor &&
  ((is.sought === true && is.epoch !== was.epoch) || (distance?.(was.cursor, is.cursor) ?? 0) < 0);
