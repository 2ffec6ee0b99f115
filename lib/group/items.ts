import type { Pending } from './pending.ts';

/** The items of one group, exactly as they stand in the table. Times are milliseconds since 1970. */

/** Plan generation that gave a shard to a slot. Compared for equality only, never by order, except by the planner. */
export type Grant = number;

/** What every member of a group must have in common. It lives in the group, with a version. */
export interface SharedSettings {
  /** Which stream the group reads, such as `sls://project/logstore`. */
  stream: string;
  /** Who assigns the shards: our own planner, or the service's consumer group. */
  coordination: 'own' | 'service';
  intervalMs: number;
  sessionTimeoutMs: number;
  order: boolean;
  /** `begin`, `end` or a time in milliseconds. */
  start: string;
  /** A time in milliseconds, or `never`. */
  end: string;
}

/** How many slots there are to be, and what is remembered of how it came to that. */
export interface Scale {
  slots: number;
  /** They became fewer by the last change. */
  lowered: boolean;
  /** How many intervals the number stays before fewer are tried. */
  calmIntervals: number;
}

export interface GroupItem {
  /** Version of the items' form. */
  schema: number;
  /** Counts plans; seeded from the clock, so that it never repeats, not even for a group made again. */
  generation: number;
  /** Until when somebody holds the plan lock. */
  planUntil: number;
  /** Nonce of the run that took the plan lock last: one without an answer tells by it whether the lock is its own. */
  planner?: string;
  /** When the last plan was begun. Absent until the first. */
  plannedAt?: number;
  /** From when on the next plan is due: the earliest moment at which a session can have expired. */
  planDueAt: number;
  createdAt: number;
  settings: SharedSettings;
  settingsVersion: number;
  /** Every shard of the first listing has its item, so `start` no longer applies. */
  initialized: boolean;
  /** Streams that could not be listed then, nor since: where their shards start is still open. */
  awaited?: string[];
  paused: boolean;
  /** How many slots there are to be, where their number follows the load; absent until that was decided first. */
  scale?: Scale;
  /** When it was changed last. */
  scaledAt?: number;
  /** When every shard had been read up to the end time. */
  completedAt?: number;
}

/** How a tick went, for whoever decides how many slots there are to be. */
export interface Load {
  /** Of its time for work, the share that the work took: 1 is all of it. */
  busy: number;
  /** Shards that it left by its deadline, more than an interval behind. */
  behind: number;
}

export interface ConsumerItem {
  heartbeatAt: number;
  /** End of the session: from then on the planner gives the slot's shards away. */
  expiresAt: number;
  /** Counts heartbeats. A sandbox whose last tick was `tick - 1` knows that nobody ran in between. */
  tick: number;
  /** Nonce of the handler run that holds the slot. */
  invocation: string;
  /** Deadline of that run: until then nobody else ticks in this slot. One that has given the slot back has made it older than its heartbeat. */
  busyUntil: number;
  /** When a run last came while the one before it might have been at work. For some time after that, runs give the slot back. */
  earlyAt?: number;
  /** Counts rings that came while a run was at work: it polls once more for them before it gives the slot back. */
  rings?: number;
  /** Generation of the plan that last wrote this item; absent until the first plan that knows the slot. */
  generation?: number;
  /** Generation that the last heartbeat saw. */
  acknowledged: number;
  assigned?: Record<string, Grant>;
  /** The slot hands everything off and is given nothing. */
  draining?: boolean;
  /** Nobody drains it but who decides how many slots there are to be: it is taken back when more are wanted, and removed when it holds nothing. */
  scaledDown?: boolean;
  /** Of the last tick that a later one of the same sandbox has told of; only where the number of slots follows the load. */
  load?: Load;
}

export interface ShardItem {
  owner?: string;
  grant?: Grant;
  /** Fencing token: grows with every claim. Seeded from the clock. */
  epoch: number;
  /** The checkpoint: next cursor to read. */
  cursor: string;
  /** `closing`: the source has closed the shard, records may be left. `done`: every record was processed. */
  state: 'open' | 'closing' | 'done';
  parents: string[];
  /** Generation of the slot that held the shard when it was closed: a cache of that generation does not know. */
  closedUnder?: number;
  /** Since when the source has not listed the shard. */
  missingSince?: number;
  /** Since when the shard counts as gone, with records left. Its children may go on; listed again, so does the shard. */
  givenUpAt?: number;
  lagMs?: number;
  /** Nothing is read from it until somebody resumes it. */
  paused?: boolean;
  /** The cursor was set by `seek`, and nothing was committed since. */
  sought?: boolean;
  /** What was begun at the cursor and is not finished. */
  pending?: Pending;
  /** Counts the writes of `pending` since the checkpoint moved: the fence between them. Absent: none. */
  step?: number;
}

export type ItemKey = 'GROUP' | ConsumerKey | ShardKey;
export type ConsumerKey = `CONSUMER#${string}`;
export type ShardKey = `SHARD#${string}`;
export type ItemOf<K extends ItemKey> = K extends 'GROUP'
  ? GroupItem
  : K extends ConsumerKey
    ? ConsumerItem
    : ShardItem;

export const consumerKey = (slot: string): ConsumerKey => `CONSUMER#${slot}`;
export const shardKey = (shard: string): ShardKey => `SHARD#${shard}`;

/** Everything a group holds, read at one time. */
export interface GroupState {
  group: GroupItem | undefined;
  consumers: Map<string, ConsumerItem>;
  shards: Map<string, ShardItem>;
}

/** Sorts a group's items by kind. */
export function groupState(items: Iterable<readonly [string, object]>): GroupState {
  const state: GroupState = { group: undefined, consumers: new Map(), shards: new Map() };
  for (const [key, item] of items) {
    const separator = key.indexOf('#');
    const kind = separator < 0 ? key : key.slice(0, separator);
    const name = key.slice(separator + 1);
    if (kind === 'GROUP') state.group = item as GroupItem;
    else if (kind === 'CONSUMER') state.consumers.set(name, item as ConsumerItem);
    else if (kind === 'SHARD') state.shards.set(name, item as ShardItem);
  }
  return state;
}
