import type { Delivered } from '../../../lib/delivery/delivered.ts';
import type { ShardItem } from '../../../lib/group/items.ts';
import type { GivenUp } from '../../../lib/group/pending.ts';
import type { Actor } from '../host.ts';
import { positionOf } from '../stream.ts';
import type { World } from '../world.ts';
import type { Ring } from './leases.ts';

/** The promises and rules that are watched. A failing seed names one of them. */
export type Check =
  | 'loss'
  | 'order'
  | 'rewind'
  | 'epoch'
  | 'generation'
  | 'two ticks in one slot'
  | 'two owners at work'
  | 'given back at work'
  | 'ring lost'
  | 'two planners'
  | 'not noticed'
  | 'overrun'
  | 'false acknowledgement'
  | 'repeat'
  | 'other batch'
  | 'other records'
  | 'not noted'
  | 'not smaller'
  | 'too many records'
  | 'too small'
  | 'not checkpointed'
  | 'too early'
  | 'too short a wait'
  | 'not told'
  | 'too old'
  | 'given up too soon'
  | 'no evidence'
  | 'given up and given'
  | 'wrong letter'
  | 'suspects'
  | 'false death'
  | 'held up'
  | 'extra write'
  | 'stale write'
  | 'claimed twice'
  | 'not counted'
  | 'counted'
  | 'letters left'
  | 'work while paused'
  | 'stale work'
  | 'two pulls'
  | 'frozen request'
  | 'no reading'
  | 'no plan'
  | 'unsettled write'
  | 'wrong time'
  | 'ghost'
  | 'deletion'
  | 'overfull item'
  | 'never at rest'
  | 'replay'
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
  readonly id: string;
  /** The range of which it is a part, as its id names it. */
  readonly range: string;
  readonly actor: Actor;
  readonly shard: string;
  readonly positions: readonly number[];
  readonly begunAt: number;
  /** The item said beforehand that this range was begun. */
  readonly noted: boolean;
  /** What the tick was told. Undefined: nothing yet, or its run has died of it. */
  how: Delivered['how'] | undefined;
  endedAt: number | undefined;
  /** So many of its records, from the first one on, were processed. */
  done: number;
  /** It succeeded, but the tick had given it up by then. */
  tooLate: boolean;
  /** It succeeded while a wrong clock was in use: another run may have had the slot beside it. */
  atWrongTime: boolean;
  /** Seeks of its shard when it began. */
  readonly seeks: number;
  /** The shard was being sought when it began. */
  readonly astray: boolean;
}

/** What became of one shard's records, by position. */
export interface ShardHistory {
  /** Latest success since the last seek to an earlier place. */
  succeeded: (Delivery | undefined)[];
  /** Processed or passed over, now or before a seek. */
  behind: boolean[];
  /** Each time that a record was given, since the last seek to an earlier place. */
  tries: Delivery[][];
  /** Which success was its last one in time, counted over all. */
  finishedAs: (number | undefined)[];
  /** Each time that the item said of a run that it begins with the record. */
  begunBy: Begun[][];
  /** Who noted last what is pending, and when. */
  notedBy: Actor | undefined;
  notedAt: number;
  /** Who noted last that it has to wait. */
  waitNotedBy: Actor | undefined;
  /** It was noted as given up: why, and whether it has found its place. */
  givenUp: (GivenUpRecord | undefined)[];
  /** It is in what the function counts, since the last seek to an earlier place. */
  counted: (true | undefined)[];
  /** Not wanted: before the group's start, or sought over. */
  skipped: boolean[];
  /** Counts seeks. */
  seeks: number;
  /** When a seek was last under way. */
  soughtAt: number;
  /** Seeks that are not over, or were broken off: the owner may not know. */
  openSeeks: Set<Actor>;
  /** When a checkpoint landed whose sender was gone; and when a note did. */
  landedLateAt: number;
  notedLateAt: number;
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

export interface Begun {
  readonly run: string;
  readonly at: number;
  /** It came to that. */
  given: boolean;
}

export interface GivenUpRecord {
  reason: GivenUp;
  kept: boolean;
}

/** What one run was told, and has done. */
export interface ActorFacts {
  /** It took its heartbeat for accepted: it asked for more than its own item. */
  working: boolean;
  planning: boolean;
  /** How often it asked for records, and how long it waited for the list of shards. */
  pulls: number;
  pullsOf: Map<string, number>;
  listedForMs: number;
  /** It has given its slot back; and when somebody last rang for it. */
  hasGivenBack: boolean;
  rungAt: Ring | undefined;
  /** What was given up as its time was over, and whose code goes on; and writes that had no answer. */
  goesOn: Set<Delivery>;
  unanswered: Set<object>;
  /** Its sandbox stood still for a while. */
  isStalled: boolean;
  /** Of the plan that it works by. */
  generation: number;
  workedOn: Set<string>;
  /** What it was given and has not answered for. */
  inWork: Set<Delivery>;
  /** Shards of which it gave something while a run might die of it. */
  suspected: Set<string>;
  /** Shards that it has found suspect, whatever it gave of them. */
  suspects: Set<string>;
  /** Since when it polls what is read up. */
  lingersSince: number | undefined;
  /** Shards whose items it has read since it last pulled them. */
  reread: Set<string>;
  /** It was told anew of its slot. */
  heardAt: number;
  /** It gave something after others had changed its slot's item, and so many faults had happened by then. */
  unnoticed: { at: number; faults: number } | undefined;
  /** Shards that it had read before it gave something of which it might die. */
  others: Set<string>;
  /** Shards that it was assigned when it began. */
  assigned: Set<string>;
  /** Notes that it made before it gave something, where nothing was amiss. */
  earlyNotes: Set<string>;
  /** Faults that had happened when it began. */
  faultsBefore: number;
  /** Places in each shard up to which its answers go, and the cursor at which it began to read there. */
  reading: Map<string, { from: string; reached: Set<string> }>;
  /** Shards of which it waits for an answer; and those in which the last thing that it gave has failed. */
  pulling: Set<string>;
  failing: Set<string>;
  /** Shards of which a write had no answer; and of which one was refused. */
  troubled: Set<string>;
  refused: Set<string>;
  /** Shards of which the service said once that there is nothing; and of which it was told aloud that they do not get on. */
  emptied: Set<string>;
  told: Set<string>;
  /** Writes that it sent, and those of them that had no answer and were not sent again. */
  tried: WeakSet<object>;
  unsettled: Set<object>;
  /** Shards that it moved, as an operator. */
  sought: Set<string>;
  /** What the table last told it about a shard. */
  seen: Map<string, { at: number; owner: string | undefined; cursor: string; certain: boolean }>;
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
  /** What was given under each id. */
  readonly named: Map<string, readonly number[]>;
  /** The group was made by a clock beyond the margin: what its start means is off by as much. */
  isFoundedWrong: boolean;
  /** Every run, by its name. */
  readonly runs: Map<string, Actor>;
  /** When others last changed the item of a slot whose run has to go by it. */
  readonly newsAt: Map<string, number>;
  /** When something last succeeded: of a slot, and of a shard. */
  readonly successOf: Map<string, number>;
  /** Counts successes. */
  successes: number;
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
    isFoundedWrong: false,
    named: new Map(),
    runs: new Map(),
    newsAt: new Map(),
    successOf: new Map(),
    successes: 0,
    history: (shard) => found(histories, shard, createHistory),
    forget(shard) {
      const { ownerOfEpoch, epochMax } = watch.history(shard);
      histories.set(shard, { ...createHistory(), ownerOfEpoch, epochMax });
    },
    facts: (actor) => found(facts, actor, () => createFacts(world.faults.happened())),
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
  tries: [],
  finishedAs: [],
  begunBy: [],
  waitNotedBy: undefined,
  notedBy: undefined,
  notedAt: 0,
  givenUp: [],
  counted: [],
  succeeded: [],
  behind: [],
  skipped: [],
  seeks: 0,
  soughtAt: 0,
  openSeeks: new Set(),
  landedLateAt: 0,
  notedLateAt: 0,
  ownerOfEpoch: new Map(),
  epochMax: 0,
  givenUpAt: 0,
  endedEarly: false,
  madeBy: undefined,
  madeAt: 0,
});

const createFacts = (faultsBefore: number): ActorFacts => ({
  inWork: new Set(),
  suspected: new Set(),
  suspects: new Set(),
  lingersSince: undefined,
  reread: new Set(),
  heardAt: 0,
  unnoticed: undefined,
  others: new Set(),
  assigned: new Set(),
  earlyNotes: new Set(),
  faultsBefore,
  reading: new Map(),
  pulling: new Set(),
  failing: new Set(),
  working: false,
  planning: false,
  pulls: 0,
  pullsOf: new Map(),
  hasGivenBack: false,
  rungAt: undefined,
  goesOn: new Set(),
  unanswered: new Set(),
  listedForMs: 0,
  isStalled: false,
  generation: Number.POSITIVE_INFINITY,
  workedOn: new Set(),
  troubled: new Set(),
  refused: new Set(),
  emptied: new Set(),
  told: new Set(),
  tried: new WeakSet(),
  unsettled: new Set(),
  sought: new Set(),
  seen: new Map(),
});

/** Where the next record stands that is not finished, as the item says it. Of a range, those at its end are certain to be there. */
export function placeIn({ cursor, pending }: Pick<ShardItem, 'cursor' | 'pending'>): number {
  return pending === undefined ? positionOf(cursor) : positionOf(pending.to) - pending.count + pending.done;
}

/** May the checkpoint pass this record? */
export function mayPass(watch: Watch, shard: string, position: number): boolean {
  const history = watch.history(shard);
  const counts = watch.world.scenario.habits.writesMax !== undefined;
  return (
    (counts ? history.counted : history.succeeded)[position] !== undefined ||
    history.givenUp[position]?.kept === true ||
    history.skipped[position] === true ||
    isTrimmed(watch, shard, position)
  );
}

/**
 * Whether a range may lack some in its middle, that were past the retention between two pulls of it, and nobody can tell where: the
 * cursors say nothing of how far they are from each other.
 */
export function mayHaveHole({ world }: Watch, shard: string): boolean {
  return !world.scenario.tellsDistance && world.stream.shards.get(shard)!.trimmedUntil > 0;
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

/**
 * Something else moved the checkpoint since then, or may have: a seek, or a late write of a run before; or the shard was given up, as it
 * was not listed.
 */
export function isDisturbed(watch: Watch, shard: string, since: number): boolean {
  const { soughtAt, openSeeks, landedLateAt, notedLateAt, givenUpAt } = watch.history(shard);
  if (openSeeks.size > 0 || watch.clocksWrong()) return true;
  return Math.max(soughtAt, landedLateAt, notedLateAt, givenUpAt) >= since;
}

/** Its run died before the checkpoint, its write had no answer, its batch had been given up, or something else moved the checkpoint. */
export function explainsRepeat(watch: Watch, delivery: Delivery): boolean {
  const { actor, shard, astray, tooLate, atWrongTime } = delivery;
  if (astray || tooLate || actor.state === 'dead') return true;
  const { troubled, refused } = watch.facts(actor);
  if (troubled.has(shard) || isDisturbed(watch, shard, actor.startedAt)) return true;
  // What the run beside it had noted refused its checkpoint, however late the record comes again.
  if (refused.has(shard) && atWrongTime) return true;
  // A late write of one that is gone, of which its cache did not know.
  const agedMs = CACHE_AGE_INTERVALS * watch.world.settings.times.intervalMs;
  const { landedLateAt, notedLateAt } = watch.history(shard);
  return refused.has(shard) && Math.max(landedLateAt, notedLateAt) >= actor.startedAt - agedMs;
}
