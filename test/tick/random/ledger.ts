import type { Source } from '../../../lib/sources/source.ts';

/** What is found to be wrong. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** One tick of a slot, as far as its records are concerned. */
export interface Run {
  readonly slot: string;
  /** Nobody can know any more what it had done and not noted. */
  died: boolean;
  /** In which shards it noted before it gave something, and how many records that may have been. */
  readonly noted: Map<string, number>;
}

/** A record was given to the user's function. */
export interface Try {
  readonly run: Run;
  readonly id: string;
  /** The range of which its batch was a part. */
  readonly range: string;
  readonly begunAt: number;
  /** Undefined: its run has died of it, or is at work. */
  isDone: boolean | undefined;
}

/** A record, and what became of it. Moments are places in the order of all that happened. */
export interface Entry {
  readonly content: string;
  readonly shard: string;
  /** Place in its shard. */
  readonly index: number;
  readonly putAt: number;
  /** Cursor after what was put together with it. */
  readonly end: string;
  /** Since it was last sought. */
  tries: Try[];
  firstFailedAt: number | undefined;
  /** By our slots, the last time. */
  processed: { run: Run; at: number } | undefined;
  letter: { id: string; at: number } | undefined;
  /** Our own checkpoint was behind it. */
  passed: boolean;
  official: boolean;
  /** Passed over because somebody wanted so. */
  excused: boolean;
  /** Past the retention. */
  expired: boolean;
  /** It was sought: it has to be finished then or later. */
  wantedFrom: number;
}

/** Every record that was put, and what became of it. */
export interface Ledger {
  /** How many records were put. */
  readonly size: number;
  /** The next moment. */
  next(): number;
  /** Notes the first violation; what runs within a tick may not throw it. */
  fail(what: string): void;
  /** Throws it. */
  check(): void;
  /** `end`: cursor after what is put now. */
  put(shard: string, content: string, place: { putAt: number; end: string }): void;
  entry(content: string): Entry;
  /** A shard's records, in order. */
  of(shard: string): readonly Entry[];
  /** How many records each shard has. */
  lengths(): Map<string, number>;
  /** What follows cannot be told: it was sought while somebody had a batch of it. */
  isUnordered(shard: string): boolean;
  /** When it was last found that our slots go on where official workers have read on: what was pending was forgotten. */
  takenOverAt(shard: string): number;
  isFinished(entry: Entry): boolean;
  /** A checkpoint moved there: everything before has to be finished. */
  moved(who: 'the table' | 'the service', shard: string, cursor: string): void;
  processedByOfficial(shard: string, contents: readonly string[]): void;
  /** Official workers wrote this checkpoint at the service. */
  committedByOfficial(shard: string, cursor: string): void;
  /** The service has forgotten its checkpoints. */
  forgetCommitted(): void;
  /** What official workers wrote last, by shard. */
  officialCheckpoints(): Map<string, string>;
  /** An operator moved the shard's checkpoint. `clear`: nobody was at work, so that what follows can be told. */
  sought(shard: string, to: 'begin' | 'end', clear: boolean): void;
  /** What was put until then is past the retention. */
  expire(until: number, isTold: (shard: string) => boolean): void;
  /** What is still wanted, in words. `told`: shards of which it was said that records are missing. */
  missing(told: ReadonlySet<string>): string[];
}

export interface LedgerRules {
  /** Official workers are never given what our slots have passed. */
  handsOver: boolean;
  /** What the slots log, as it comes. */
  events: readonly { event: string; [field: string]: unknown }[];
}

export function createLedger(source: Source, { handsOver, events }: LedgerRules): Ledger {
  const entries = new Map<string, Entry>();
  const shards = new Map<string, Entry[]>();
  /** A seek wins over what others commit until one of our slots has the shard. */
  const soughtOnce = new Set<string>();
  const unordered = new Set<string>();
  const committed = new Map<string, string>();
  const takenOver = new Map<string, number>();
  let moment = 0;
  let heard = 0;
  let violation: string | undefined;

  const fail = (what: string): void => {
    violation ??= what;
  };
  const of = (shard: string): readonly Entry[] => shards.get(shard) ?? [];
  const isOver = ({ processed, letter, official, wantedFrom }: Entry): boolean =>
    (processed !== undefined && processed.at >= wantedFrom) ||
    (letter !== undefined && letter.at >= wantedFrom) ||
    (official && wantedFrom === 0);
  const isMissing = (entry: Entry, told: ReadonlySet<string>): boolean => {
    const { shard, excused, expired, wantedFrom } = entry;
    if (excused || (expired && (told.has(shard) || wantedFrom > 0))) return false;
    return !isOver(entry);
  };
  const isFinished = (entry: Entry): boolean => entry.excused || entry.expired || isOver(entry);

  return {
    next: () => ++moment,
    fail,
    check() {
      if (violation !== undefined) throw new Violation(violation);
    },
    put(shard, content, { putAt, end }) {
      const all = shards.get(shard) ?? [];
      const fresh = { tries: [], firstFailedAt: undefined, processed: undefined, letter: undefined };
      const flags = { passed: false, official: false, excused: false, expired: false, wantedFrom: 0 };
      const entry = { content, shard, index: all.length, putAt, end, ...fresh, ...flags };
      entries.set(content, entry);
      shards.set(shard, [...all, entry]);
    },
    entry: (content) => entries.get(content)!,
    of,
    lengths: () => new Map([...shards].map(([shard, all]) => [shard, all.length])),
    isUnordered: (shard) => unordered.has(shard),
    takenOverAt(shard) {
      for (; heard < events.length; heard++) {
        const { event, shard: its } = events[heard]!;
        if (event === 'shard.takenOver') takenOver.set(String(its), ++moment);
      }
      return takenOver.get(shard) ?? 0;
    },
    isFinished,
    moved(who, shard, cursor) {
      for (const entry of of(shard)) {
        if ((source.distance?.(entry.end, cursor) ?? 0) < 0) break;
        if (!isFinished(entry))
          fail(`${who} has ${cursor} of ${shard}, and ${entry.content} is not finished`);
        if (who === 'the table') entry.passed = true;
      }
    },
    processedByOfficial(shard, contents) {
      contents.forEach((content, at) => {
        const entry = entries.get(content);
        const expected = entries.get(contents[0]!)!.index + at;
        if (entry?.shard !== shard || entry.index !== expected) {
          fail(`an official worker got ${contents} of ${shard}: out of order`);
        } else if (handsOver && entry.passed) {
          fail(`an official worker got ${content} of ${shard}, which was handed over after it`);
        }
        if (entry !== undefined) entry.official = true;
      });
    },
    committedByOfficial(shard, cursor) {
      if (!soughtOnce.has(shard)) committed.set(shard, cursor);
    },
    forgetCommitted: () => committed.clear(),
    officialCheckpoints: () => new Map(committed),
    sought(shard, to, clear) {
      committed.delete(shard);
      soughtOnce.add(shard);
      if (!clear) unordered.add(shard);
      for (const entry of of(shard)) {
        Object.assign(entry, { tries: [], firstFailedAt: undefined, passed: false });
        // The operator has passed over it.
        if (entry.expired) entry.excused = true;
        else if (to === 'end') Object.assign(entry, { excused: true, wantedFrom: 0 });
        else if (clear) Object.assign(entry, { excused: false, wantedFrom: moment + 1 });
      }
    },
    expire(until, isTold) {
      for (const entry of entries.values()) {
        if (entry.putAt > until || entry.expired) continue;
        entry.expired = true;
        entry.excused ||= !isTold(entry.shard);
      }
    },
    missing: (told) =>
      [...entries.values()]
        .filter((entry) => isMissing(entry, told))
        .map(({ content, shard }) => `${content} (${shard})`),
    get size() {
      return entries.size;
    },
  };
}
