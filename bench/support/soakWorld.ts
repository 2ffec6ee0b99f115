/** A group for as long as somebody watches: a tick of each slot a minute, while shards, sandboxes, slots and records come and go. */
import { setImmediate } from 'node:timers/promises';
import type { DeadLetterStore } from '../../lib/delivery/deadLetters/deadLetters.ts';
import { userFunctionsOf } from '../../lib/delivery/userFunctions.ts';
import { SourceError } from '../../lib/errors.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import type { Clock } from '../../lib/runtime.ts';
import type { LogRecord, Source } from '../../lib/sources/source.ts';
import { createMemorySource } from '../../lib/testing/memorySource.ts';
import { createDice } from '../../local/faults/dice.ts';
import { createManualClock } from '../../test/support/clock.ts';
import { HEALTHY, settingsOf } from './groupUnits.ts';
import { createSandbox, type Sandbox } from './sandbox.ts';

export const GROUP = 'soak';
const MINUTE_MS = 60_000;
const SHARDS = 16;
/** How often, in minutes: a split or a merge, a new sandbox, a slot that stands still, a record that nobody takes, an outage. */
const EVERY = { resharding: 10, sandbox: 7, stillSlot: 45, poison: 30, outage: 60 };
/** For how long, in minutes: a slot stands still, and is removed from the group; all records fail; a shard outlives its end. */
const LASTS = { stillSlot: 10, outage: 2, closedShard: 30 };
const PULL_FAILS = 0.01;
const RECORDS_MAX = 3;

/** What the group's sandboxes have of the world outside. */
export interface Table {
  store: GroupStore;
  deadLetters: DeadLetterStore;
}

export interface SoakWorld {
  /**
   * One minute of the schedule. `calm`: records are written, and nothing else happens to the group, so that what failed is tried beside what
   * does not. `quiet`: nothing is written, either.
   */
  minute(weather: 'churn' | 'calm' | 'quiet'): Promise<void>;
  clock: Clock;
  /** Ticks so far, and what became of the records: each is taken, or a dead letter. */
  told(): { ticks: number; records: number; taken: number; poisonous: number; deadLetters: number };
}

export function createSoakWorld(slots: number, makeTable: (clock: Clock) => Table): SoakWorld {
  const dice = createDice('soak');
  const clock = createManualClock();
  const source = createMemorySource({ shards: numbered(0, SHARDS), now: clock.now });
  const shards = shardsOf(source, clock);
  const records = recordsOf(() => isOutage);
  let [minutes, ticks, isOutage, churns] = [0, 0, false, true];
  const flaky: Source = {
    ...source,
    pull: (request) =>
      churns && dice.chance(PULL_FAILS)
        ? Promise.reject(new SourceError('no answer', { code: 'Timeout', status: 0, retriable: true }))
        : source.pull(request),
  };
  const names = numbered(0, slots).map((slot) => `consumer-${slot}`);
  const settings = { ...settingsOf(HEALTHY), group: GROUP, slots: names };
  const { deliver } = userFunctionsOf({ eachRecord: records.take });
  const newSandbox = (): Sandbox =>
    createSandbox(settings, { ...makeTable(clock), clock, source: flaky, deliver });
  const sandboxes = new Map(names.map((name) => [name, newSandbox()]));
  const operator = makeTable(clock).deadLetters;

  const write = (): void => {
    for (const shard of shards.open()) source.append(shard, ...records.make(dice.between(0, RECORDS_MAX)));
  };
  const change = async (): Promise<void> => {
    const isDue = (every: number): boolean => minutes % every === every - 1;
    if (isDue(EVERY.resharding)) shards.replaceOldest();
    shards.trimOlderThan(LASTS.closedShard * MINUTE_MS);
    if (isDue(EVERY.sandbox)) sandboxes.set(dice.pick(names), newSandbox());
    if (isDue(EVERY.poison)) source.append(dice.pick(shards.open()), records.poisonous());
    if (isDue(EVERY.outage)) records.dropped(await dropAll(operator));
    isOutage = minutes % EVERY.outage < LASTS.outage;
  };

  return {
    clock,
    async minute(weather) {
      const churn = weather === 'churn';
      churns = churn;
      isOutage = false;
      if (weather !== 'quiet') write();
      if (churn) await change();
      const stands = Math.floor(minutes / EVERY.stillSlot) % slots;
      const isStill = churn && minutes % EVERY.stillSlot < LASTS.stillSlot;
      for (const [at, name] of names.entries()) {
        if (isStill && at === stands) continue;
        await sandboxes.get(name)!(name);
        ticks += 1;
        clock.advance(MINUTE_MS / 12 / slots);
      }
      clock.advance((MINUTE_MS * 11) / 12);
      minutes += 1;
      if (!churn) records.dropped(await dropAll(operator));
      // What weak references have been asked for is kept until the event loop goes on, which with all in memory it would not.
      await setImmediate();
    },
    told: () => ({ ticks, ...records.told() }),
  };
}

const numbered = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, at) => String(from + at));

/** The oldest are replaced, so that none is there for the whole time: what a source in memory keeps of its records would grow. */
function shardsOf(source: ReturnType<typeof createMemorySource>, clock: Clock) {
  let open = numbered(0, SHARDS);
  let next = SHARDS;
  const closed: { shard: string; at: number }[] = [];
  return {
    open: () => open,
    /** Two are merged, or one is split, in turns. */
    replaceOldest(): void {
      const isMerge = open.length >= SHARDS;
      const parents = open.slice(0, isMerge ? 2 : 1);
      const children = numbered(next, isMerge ? 1 : 2);
      next += children.length;
      source.replace(parents, children);
      open = [...open.slice(parents.length), ...children];
      for (const shard of parents) closed.push({ shard, at: clock.now() });
    },
    trimOlderThan(ageMs: number): void {
      while (closed[0] !== undefined && clock.now() - closed[0].at > ageMs)
        source.trim(closed.shift()!.shard);
    },
  };
}

/** A bit for each record, so that what is remembered of them is next to nothing. */
function recordsOf(isOutage: () => boolean) {
  const RECORDS = 1_000_000;
  const bits = new Uint8Array(RECORDS / 8);
  const POISON = 'poison';
  let [made, taken, poisonous, deadLetters] = [0, 0, 0, 0];
  return {
    make(count: number): string[] {
      made += count;
      return numbered(made - count, count);
    },
    poisonous: (): string => `${POISON} ${poisonous++}`,
    take(record: LogRecord): void {
      const content = record.get('content')!;
      if (isOutage() || content.startsWith(POISON)) throw new Error(`not taken: ${content}`);
      const [byte, bit] = [Number(content) >> 3, 1 << (Number(content) & 7)];
      if ((bits[byte]! & bit) === 0) taken += 1;
      bits[byte]! |= bit;
    },
    dropped(count: number): void {
      deadLetters += count;
    },
    told: () => ({ records: made, taken, poisonous, deadLetters }),
  };
}

async function dropAll(letters: DeadLetterStore): Promise<number> {
  const { signal } = new AbortController();
  let dropped = 0;
  for await (const claim of letters.claims({}, { signal, leaseMs: MINUTE_MS })) {
    if (claim !== 'taken' && (await claim.remove({ signal }))) dropped += 1;
  }
  return dropped;
}
