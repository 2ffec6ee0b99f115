import type { DeadLetter } from '../../../lib/delivery/deadLetters/deadLetters.ts';
import type { Delivered } from '../../../lib/delivery/delivered.ts';
import type { ConsumerItem, GroupItem, ItemKey, ShardItem } from '../../../lib/group/items.ts';
import type { TickResult } from '../../../lib/tick/result.ts';
import type { Actor } from '../host.ts';
import type { Request } from '../requests.ts';
import type { World } from '../world.ts';
import { endSeeks, watchShardWrite } from './checkpoints.ts';
import { type Counted, watchCounts } from './counts.ts';
import { watchEarlyNotes, watchStandstill } from './deaths.ts';
import { answer, begin, finish, type Given } from './deliveries.ts';
import { goesOn, watchUnanswered } from './leases.ts';
import { watchLetter } from './letters.ts';
import { watchHearing, watchLease, watchPoll, watchRound } from './lingers.ts';
import { watchPauses } from './pauses.ts';
import { type Redriven, watchRedrives } from './redrives.ts';
import { watchConsumerWrite, watchGroupWrite, watchTicks } from './slots.ts';
import { watchPlans, watchRepeats } from './trouble.ts';
import { hear, watchTold } from './waits.ts';
import { type Check, createWatch, type Delivery, type Violation } from './watch.ts';
import { watchAhead, watchPull, watchReading } from './work.ts';

/**
 * Sees everything as it truly happens, on both sides of every request, and knows what the code under test cannot: which
 * host is dead, which write has landed, whose clock is wrong. The first violation ends the run.
 */
export interface Observer {
  readonly violation: Violation | undefined;
  fail(check: Check, text: string): void;
  /** A tick or a command goes by a clock that is this far off. */
  clockUsed(offsetMs: number): void;
  /** A run of the handler begins. */
  started(actor: Actor): void;
  ended(actor: Actor, how: string): void;
  sent(actor: Actor, target: Request<unknown>['target']): void;
  /** A write had its effect. */
  /** `counted`: by what the user's function has written along. */
  wrote(
    actor: Actor,
    key: ItemKey,
    before: object | undefined,
    after: object | undefined,
    counted?: readonly Counted[],
  ): void;
  /** A consistent answer reached the actor; or that to a write. */
  read(actor: Actor, key: ItemKey, item: object | undefined, isRead?: boolean): void;
  accepted(actor: Actor, key: ItemKey, write: AnyWrite, item: object): void;
  refused(actor: Actor, key: ItemKey, write: AnyWrite): void;
  /** `refused`: it is certain that it had no effect. `unknown`: nobody knows, and the tick goes on. */
  unanswered(actor: Actor, key: ItemKey, write: AnyWrite, failure: 'refused' | 'unknown' | 'aborted'): void;
  planFailed(actor: Actor, error: unknown): void;
  /** It writes a line into its log. */
  logs(actor: Actor, event: string, shard: unknown): void;
  pulled(actor: Actor, shard: string, cursor: string): void;
  /** A pull has come to its end; and where an answer ends. */
  pullEnded(actor: Actor, shard: string): void;
  reached(actor: Actor, shard: string, cursor: string): void;
  /** An answer to a pull that has nothing, though records are there. */
  emptied(actor: Actor, shard: string): void;
  listed(actor: Actor, durationMs: number): void;
  stalled(actor: Actor): void;
  returned(actor: Actor, result: TickResult): void;
  begun(actor: Actor, given: Given): Delivery;
  answered(delivery: Delivery, delivered: Delivered): void;
  /** The tick has given the user's function up. Tells when that is over all the same. */
  goesOn(delivery: Delivery): () => void;
  /** It came to its end after that. */
  succeededLate(delivery: Delivery): void;
  /** A dead letter is kept; is given once more, and to what end; and is removed. */
  lettered(actor: Actor, letter: DeadLetter): void;
  redriveBegun(actor: Actor, given: { id: string; letter: string; isRedriven: boolean }): Redriven;
  redriveEnded(given: Redriven, how: Delivered['how']): void;
  letterRemoved(actor: Actor, letter: string, redrives: number): void;
  /** Has a seek been broken off, or a resume of a shard, so that a consumer may not know of it? */
  cachesMayBeOld(): boolean;
  endedEarly(shard: string): boolean;
}

interface AnyWrite {
  set?: object;
}

/** Intervals for which a wrong clock may have consequences: a session, a lock, and the ticks in between. */
const WRONG_CLOCK_INTERVALS = 5;

export function createObserver(world: World): Observer {
  const { scheduler, trace } = world;
  let violation: Violation | undefined;
  let clocksWrongUntil = 0;
  const fail = (check: Check, text: string): void => {
    if (violation !== undefined) return;
    violation = { check, text, atMs: scheduler.now() - world.startsAt };
    trace.add('observer', () => `VIOLATION ${check}: ${text}`);
  };
  const watch = createWatch(world, fail, () => scheduler.now() < clocksWrongUntil);
  const pauses = watchPauses(watch);
  const standstill = watchStandstill(watch);
  const redrives = watchRedrives(watch);

  return {
    get violation() {
      return violation;
    },
    fail,
    clockUsed(offsetMs) {
      const { intervalMs, skewMarginMs } = world.settings.times;
      if (Math.abs(offsetMs) <= skewMarginMs / 2) return;
      const effectMs = WRONG_CLOCK_INTERVALS * intervalMs + 2 * Math.abs(offsetMs);
      clocksWrongUntil = Math.max(clocksWrongUntil, scheduler.now() + effectMs);
    },
    started(actor) {
      watch.runs.set(actor.name, actor);
      standstill.started(actor);
    },
    ended(actor, how) {
      if (actor.slot !== undefined) standstill.ended(actor);
      if (actor.slot !== undefined) watchLease(watch, actor);
      endSeeks(watch, actor, how === 'done');
      pauses.ended(actor, how === 'done');
      if (actor.state === 'ended' && actor.open > 0) {
        fail('frozen request', `${actor.name} ${how}, ${actor.open} requests are under way`);
      }
      if (actor.slot !== undefined && actor.state === 'ended' && watch.facts(actor).unsettled.size > 0) {
        fail('unsettled write', `${actor.name} ${how}, and tried only once to find out about a write`);
      }
    },
    cachesMayBeOld: () =>
      pauses.isAnyUntold() ||
      [...world.stream.shards.keys()].some((id) => watch.history(id).openSeeks.size > 0),
    endedEarly: (shard) => watch.history(shard).endedEarly,
    sent(actor, target) {
      watchTicks(watch, actor, target);
      watchAhead(watch, actor, target);
    },
    wrote(actor, key, before, after, counted = []) {
      const items = { shard: split(key)[1], before: before as ShardItem, after: after as ShardItem };
      watchCounts(watch, actor, counted, items);
      if (actor.purpose === 'replay') fail('replay', `${actor.name} writes the group's ${key}`);
      const [kind, name] = split(key);
      if (kind === 'SHARD') {
        watchShardWrite(watch, actor, name, before as ShardItem, after as ShardItem);
        const isPaused = (item: unknown): boolean => (item as ShardItem | undefined)?.paused === true;
        pauses.wroteShard(name, isPaused(before), isPaused(after));
      } else if (kind === 'GROUP') {
        watchGroupWrite(watch, actor, before as GroupItem, after as GroupItem);
        pauses.wrote(before as GroupItem, after as GroupItem);
      } else watchConsumerWrite(watch, actor, name, before as ConsumerItem, after as ConsumerItem);
    },
    accepted(actor, key, write, item) {
      settled(actor, write);
      if (isFenced(key, write) || key.startsWith('CONSUMER#')) this.read(actor, key, item, false);
    },
    read(actor, key, item, isRead = true) {
      const [kind, name] = split(key);
      if (kind === 'CONSUMER') heardOfSlot(actor, name, item as ConsumerItem | undefined);
      if (kind !== 'SHARD') return;
      const { owner, cursor } = (item ?? {}) as Partial<ShardItem>;
      if (isRead) watchRound(watch, actor, name);
      watch.facts(actor).seen.set(name, { at: scheduler.now(), owner, cursor: cursor ?? '', certain: true });
    },
    refused(actor, key, write) {
      settled(actor, write);
      if (key.startsWith('SHARD#')) watch.facts(actor).refused.add(split(key)[1]);
      doubt(actor, key, write);
    },
    planFailed: (actor, error) => watchPlans(watch, actor, error),
    logs: (actor, event, shard) => hear(watch, actor, event, shard),
    unanswered(actor, key, write, failure) {
      watchRepeats(watch, actor, write, failure === 'unknown');
      if (failure !== 'refused') watchUnanswered(watch, actor, key, write);
      if (key.startsWith('SHARD#')) watch.facts(actor).troubled.add(split(key)[1]);
      doubt(actor, key, write);
    },
    pulled(actor, shard, cursor) {
      pauses.pulled(actor, shard);
      const { pullsOf } = watch.facts(actor);
      watch.facts(actor).pulls++;
      pullsOf.set(shard, (pullsOf.get(shard) ?? 0) + 1);
      watchPoll(watch, actor, shard, cursor);
      watchPull(watch, actor, shard, cursor);
    },
    stalled(actor) {
      watch.facts(actor).isStalled = true;
    },
    listed(actor, durationMs) {
      watch.facts(actor).listedForMs += durationMs;
    },
    emptied: (actor, shard) => watch.facts(actor).emptied.add(shard),
    pullEnded: (actor, shard) => watch.facts(actor).pulling.delete(shard),
    reached: (actor, shard, cursor) => watch.facts(actor).reading.get(shard)?.reached.add(cursor),
    returned(actor, result) {
      watchReading(watch, actor, result);
      watchEarlyNotes(watch, actor, result);
      watchTold(watch, actor, result);
    },
    begun(actor, given) {
      watch.facts(actor).failing.delete(given.shard);
      return begin(watch, actor, given);
    },
    answered(delivery, delivered) {
      const { actor, shard } = delivery;
      if (delivered.how !== 'succeeded' && delivered.how !== 'tooMany') watch.facts(actor).failing.add(shard);
      answer(watch, delivery, delivered);
    },
    goesOn: (delivery) => goesOn(watch, delivery),
    succeededLate(delivery) {
      delivery.tooLate = true;
      finish(watch, delivery, delivery.positions);
    },
    lettered: (actor, letter) => watchLetter(watch, actor, letter),
    redriveBegun: redrives.begun,
    redriveEnded: redrives.ended,
    letterRemoved: redrives.removed,
  };

  function settled(actor: Actor, write: object): void {
    const { unsettled, unanswered } = watch.facts(actor);
    unsettled.delete(write);
    unanswered.delete(write);
  }

  /** The answer to its heartbeat is what a run works by. */
  function heardOfSlot(actor: Actor, slot: string, item: ConsumerItem | undefined): void {
    const facts = watch.facts(actor);
    if (actor.slot !== slot || item === undefined) return;
    watchHearing(watch, actor);
    if (facts.working) return;
    facts.generation = item.generation ?? 0;
    facts.assigned = new Set(Object.keys(item.assigned ?? {}));
  }

  /** A fenced write that failed: what the actor knew of the shard holds no longer. */
  function doubt(actor: Actor, key: ItemKey, write: AnyWrite): void {
    if (!isFenced(key, write)) return;
    const seen = watch.facts(actor).seen;
    const shard = split(key)[1];
    seen.set(shard, {
      at: actor.startedAt,
      owner: undefined,
      cursor: '',
      ...seen.get(shard),
      certain: false,
    });
  }
}

/** A claim, a checkpoint or a failure; a planner's writes to a shard say nothing about who works on it. */
function isFenced(key: ItemKey, { set = {} }: AnyWrite): boolean {
  return key.startsWith('SHARD#') && ('owner' in set || 'cursor' in set || 'pending' in set);
}

function split(key: ItemKey): [kind: string, name: string] {
  const separator = key.indexOf('#');
  return separator < 0 ? [key, ''] : [key.slice(0, separator), key.slice(separator + 1)];
}
