import type { Actor } from '../host.ts';
import type { World } from '../world.ts';

/** The promises and rules that are watched. A failing seed names one of them. */
export type Check =
  | 'loss'
  | 'order'
  | 'rewind'
  | 'epoch'
  | 'generation'
  | 'two ticks in one slot'
  | 'two owners at work'
  | 'two planners'
  | 'false acknowledgement'
  | 'repeat'
  | 'other batch'
  | 'work while paused'
  | 'stale work'
  | 'frozen request'
  | 'no reading'
  | 'no plan'
  | 'unsettled write'
  | 'wrong time'
  | 'ghost'
  | 'deletion'
  | 'overfull item'
  | 'never at rest'
  | 'crash of the code';

/** After so many intervals a cache has been read anew, whatever happened. */
export const CACHE_AGE_INTERVALS = 31;

export interface Violation {
  check: Check;
  text: string;
  /** True time since the start. */
  atMs: number;
}

/** One batch handed to the user's function. */
export interface Delivery {
  actor: Actor;
  shard: string;
  from: string;
  positions: readonly number[];
  /** It succeeded, but the tick had given it up by then. */
  tooLate: boolean;
  /** Seeks of its shard when it began. */
  seeks: number;
  /** The shard was being sought when it began. */
  astray: boolean;
}

/** What became of one shard's records, by position. */
export interface ShardHistory {
  /** Latest success since the last seek to an earlier place. */
  succeeded: (Delivery | undefined)[];
  /** Processed or passed over, now or before a seek. */
  behind: boolean[];
  /** Not wanted: before the group's start, or sought over. */
  skipped: boolean[];
  /** Counts seeks. */
  seeks: number;
  /** When a seek was last under way. */
  soughtAt: number;
  /** Seeks that are not over, or were broken off: the owner may not know. */
  openSeeks: Set<Actor>;
  /** When a checkpoint landed whose sender was gone. */
  landedLateAt: number;
  ownerOfEpoch: Map<number, string | undefined>;
  epochMax: number;
  /** When it was last given up: whoever worked on it then has lost it. */
  givenUpAt: number;
  /** Done before the end time, by a clock that was ahead. */
  endedEarly: boolean;
  /** Who made its item. */
  madeBy: Actor | undefined;
  madeAt: number;
}

/** What one run was told, and has done. */
export interface ActorFacts {
  /** It took its heartbeat for accepted: it asked for more than its own item. */
  working: boolean;
  planning: boolean;
  /** How often it asked for records, and how long it waited for the list of shards. */
  pulls: number;
  listedForMs: number;
  /** Of the plan that it works by. */
  generation: number;
  workedOn: Set<string>;
  /** Shards of which a write had no answer. */
  troubled: Set<string>;
  /** Writes that it sent, and those of them that had no answer and were not sent again. */
  tried: WeakSet<object>;
  unsettled: Set<object>;
  /** Shards that it moved, as an operator. */
  sought: Set<string>;
  /** What the table last told it about a shard. */
  seen: Map<
    string,
    { owner: string | undefined; cursor: string; certain: boolean; failedTo?: string | undefined }
  >;
}

/** What all checks share. */
export interface Watch {
  readonly world: World;
  fail(check: Check, text: string): void;
  history(shard: string): ShardHistory;
  facts(actor: Actor): ActorFacts;
  /** The group was deleted: what comes now is another one's. */
  forget(shard: string): void;
  /** When the group had an item of every shard of its first listing. */
  initializedAt: number;
  /** A clock beyond the margin was in use lately: it may cost a repeat, nothing else. */
  clocksWrong(): boolean;
}

export function createWatch(world: World, fail: Watch['fail'], clocksWrong: Watch['clocksWrong']): Watch {
  const histories = new Map<string, ShardHistory>();
  const facts = new WeakMap<Actor, ActorFacts>();
  const watch: Watch = {
    world,
    fail,
    clocksWrong,
    initializedAt: Number.POSITIVE_INFINITY,
    history: (shard) => found(histories, shard, createHistory),
    forget(shard) {
      const { ownerOfEpoch, epochMax } = watch.history(shard);
      histories.set(shard, { ...createHistory(), ownerOfEpoch, epochMax });
    },
    facts: (actor) => found(facts, actor, createFacts),
  };
  return watch;
}

function found<K, V>(
  map: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}

const createHistory = (): ShardHistory => ({
  succeeded: [],
  behind: [],
  skipped: [],
  seeks: 0,
  soughtAt: 0,
  openSeeks: new Set(),
  landedLateAt: 0,
  ownerOfEpoch: new Map(),
  epochMax: 0,
  givenUpAt: 0,
  endedEarly: false,
  madeBy: undefined,
  madeAt: 0,
});

const createFacts = (): ActorFacts => ({
  working: false,
  planning: false,
  pulls: 0,
  listedForMs: 0,
  generation: Number.POSITIVE_INFINITY,
  workedOn: new Set(),
  troubled: new Set(),
  tried: new WeakSet(),
  unsettled: new Set(),
  sought: new Set(),
  seen: new Map(),
});

/** May the checkpoint pass this record? */
export function mayPass(watch: Watch, shard: string, position: number): boolean {
  const history = watch.history(shard);
  return (
    history.succeeded[position] !== undefined ||
    history.skipped[position] === true ||
    isTrimmed(watch, shard, position)
  );
}

/** Has the group been past this record? */
export function isBehind(watch: Watch, shard: string, position: number): boolean {
  const history = watch.history(shard);
  return history.endedEarly || history.behind[position] === true || isTrimmed(watch, shard, position);
}

function isTrimmed(watch: Watch, shard: string, position: number): boolean {
  const truth = watch.world.stream.shards.get(shard)!;
  return truth.removedAt !== undefined || position < truth.trimmedUntil;
}
