import type { Batch } from '../../../lib/delivery/userModule.ts';
import type { Source } from '../../../lib/sources/source.ts';

/** What is found to be wrong. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

interface Entry {
  shard: string;
  /** Place in its shard. */
  index: number;
  putAt: number;
  /** Numbers of the deliveries to our slots. */
  deliveries: number[];
  official: boolean;
  /** Passed over because somebody wanted so. */
  excused: boolean;
  /** Past the retention. */
  expired: boolean;
  /** It was sought: a delivery of at least this number is wanted. */
  wantedFrom: number;
}

/** Every record that was put, and what became of it. Throws a Violation as soon as an order is broken. */
export interface Ledger {
  /** How many records were put. */
  readonly size: number;
  put(shard: string, content: string, putAt: number): void;
  processedByOfficial(shard: string, contents: readonly string[]): void;
  /** Official workers wrote this checkpoint at the service. */
  committedByOfficial(shard: string, cursor: string): void;
  /** The service has forgotten its checkpoints. */
  forgetCommitted(): void;
  /** What official workers wrote last, by shard. */
  officialCheckpoints(): Map<string, string>;
  /** One batch that our slots process. */
  delivered(batch: Batch): void;
  /** An operator moved the shard's checkpoint. `clear`: nobody was at work, so that what follows can be told. */
  sought(shard: string, to: 'begin' | 'end', clear: boolean): void;
  /** What was put until then is past the retention. */
  expire(until: number, isTold: (shard: string) => boolean): void;
  /** What is still wanted, in words. `told`: shards of which it was said that records are missing. */
  missing(told: ReadonlySet<string>): string[];
  repeated(): string[];
  readonly deliveries: number;
}

export interface LedgerRules {
  /** Others read the shards too, so that a batch may begin within one that was processed, but not committed. */
  shared: boolean;
  /** Official workers are never given what our slots have processed. */
  handsOver: boolean;
}

export function createLedger(source: Source, { shared, handsOver }: LedgerRules): Ledger {
  const entries = new Map<string, Entry>();
  const lengths = new Map<string, number>();
  const last = new Map<string, { from: string; to: string }>();
  /** A seek wins over what others commit until one of our slots has the shard. */
  const soughtOnce = new Set<string>();
  /** Sought while somebody had a batch of it. */
  const unordered = new Set<string>();
  const committed = new Map<string, string>();
  let deliveries = 0;

  /** A shard's records, from one on, without a gap. */
  const checkContiguous = (who: string, shard: string, contents: readonly string[]): void => {
    contents.forEach((content, at) => {
      const entry = entries.get(content);
      const expected = entries.get(contents[0]!)!.index + at;
      if (entry?.shard === shard && entry.index === expected) return;
      throw new Violation(`${who} got ${contents} of ${shard}: out of order`);
    });
  };

  /** A batch follows the one before, or is that one again, or begins where somebody else was by then. */
  const checkOrder = ({ shard, from, to }: Batch): void => {
    const before = last.get(shard);
    const least = shared ? before?.from : before?.to;
    if (before && from !== before.from && (source.distance?.(least!, from) ?? 0) < 0) {
      throw new Violation(`${shard} went back from ${before.from}-${before.to} to ${from}`);
    }
    if (!unordered.has(shard)) last.set(shard, { from, to });
  };

  const isMissing = (entry: Entry, told: ReadonlySet<string>): boolean => {
    const { shard, excused, expired, official, deliveries, wantedFrom } = entry;
    if (excused || (expired && (told.has(shard) || wantedFrom > 0))) return false;
    if (wantedFrom > 0) return (deliveries.at(-1) ?? -1) < wantedFrom;
    return !official && deliveries.length === 0;
  };

  return {
    put(shard, content, putAt) {
      const index = lengths.get(shard) ?? 0;
      lengths.set(shard, index + 1);
      const fresh = { deliveries: [], official: false, excused: false, expired: false, wantedFrom: 0 };
      entries.set(content, { shard, index, putAt, ...fresh });
    },
    processedByOfficial(shard, contents) {
      checkContiguous('an official worker', shard, contents);
      for (const content of contents) {
        const entry = entries.get(content)!;
        if (handsOver && entry.deliveries.length > 0) {
          throw new Violation(
            `an official worker got ${content} of ${shard}, which was handed over after it`,
          );
        }
        entry.official = true;
      }
    },
    committedByOfficial(shard, cursor) {
      if (!soughtOnce.has(shard)) committed.set(shard, cursor);
    },
    forgetCommitted: () => committed.clear(),
    officialCheckpoints: () => new Map(committed),
    delivered(batch) {
      const contents = [...batch.records].map((record) => record.get('content')!);
      checkContiguous('process', batch.shard, contents);
      checkOrder(batch);
      deliveries++;
      for (const content of contents) entries.get(content)!.deliveries.push(deliveries);
    },
    sought(shard, to, clear) {
      last.delete(shard);
      committed.delete(shard);
      soughtOnce.add(shard);
      if (!clear) unordered.add(shard);
      for (const entry of entries.values()) {
        if (entry.shard !== shard) continue;
        // The operator has passed over it.
        if (entry.expired) entry.excused = true;
        else if (to === 'end') Object.assign(entry, { excused: true, wantedFrom: 0 });
        else if (clear) Object.assign(entry, { excused: false, wantedFrom: deliveries + 1 });
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
      [...entries]
        .filter(([, entry]) => isMissing(entry, told))
        .map(([content, { shard }]) => `${content} (${shard})`),
    repeated: () =>
      [...entries].filter(([, { deliveries }]) => deliveries.length > 1).map(([content]) => content),
    get size() {
      return entries.size;
    },
    get deliveries() {
      return deliveries;
    },
  };
}
