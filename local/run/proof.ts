import { strict as assert } from 'node:assert';
import { SettingsError } from '../../lib/errors.ts';
import type { LedgerEntry } from './ledger.ts';

/** The account of a run: what went into the stream against what came out of it. */
export interface Proof {
  /** The next line goes into the stream; lines come in order, from 1. */
  produced(line: number, checksum: number): void;
  /** A batch came out, in the order in which the user's function succeeded. */
  delivered(entry: LedgerEntry): void;
  totals(): ProofTotals;
  recordsBySlot(): ReadonlyMap<string, number>;
  recordsByShard(): ReadonlyMap<string, number>;
}

export interface ProofTotals {
  /** Lines that went in. */
  produced: number;
  /** Records that came out with the content of a line; `distinct + duplicates`. */
  processed: number;
  /** Lines that came out at least once. */
  distinct: number;
  duplicates: number;
  /** Lines that did not come out. */
  lost: number;
  /** Lines that came out for the first time after a later line of the same shard had. */
  outOfOrder: number;
  /** Records that came out and were never put in: with a wrong content, or without a line's number. */
  damaged: number;
}

/** At 5 bytes of memory a line. */
const LINES_MAX = 2 ** 27;
const LINES_AT_FIRST = 1024;

export function createProof(): Proof {
  let checksums = new Uint32Array(LINES_AT_FIRST);
  let seen = new Uint8Array(LINES_AT_FIRST);
  const latestLine = new Map<string, number>();
  const bySlot = new Map<string, number>();
  const byShard = new Map<string, number>();
  const totals = { produced: 0, processed: 0, distinct: 0, outOfOrder: 0, damaged: 0 };

  function grow(): void {
    const size = checksums.length * 2;
    if (size > LINES_MAX) {
      throw new SettingsError('--input', `${totals.produced + 1} lines`, `a run takes at most ${LINES_MAX}`);
    }
    const [oldChecksums, oldSeen] = [checksums, seen];
    checksums = new Uint32Array(size);
    checksums.set(oldChecksums);
    seen = new Uint8Array(size);
    seen.set(oldSeen);
  }

  function deliver(shard: string, line: number, checksum: number): void {
    if (line < 1 || line > totals.produced || checksums[line - 1] !== checksum) {
      totals.damaged += 1;
      return;
    }
    totals.processed += 1;
    if (seen[line - 1] === 1) return;
    seen[line - 1] = 1;
    totals.distinct += 1;
    const latest = latestLine.get(shard) ?? 0;
    if (line < latest) totals.outOfOrder += 1;
    else latestLine.set(shard, line);
  }

  return {
    produced: (line, checksum) => {
      assert(line === totals.produced + 1, 'lines are produced in order');
      if (line > checksums.length) grow();
      checksums[line - 1] = checksum;
      totals.produced = line;
    },
    delivered: ({ slot, shard, records }) => {
      for (let at = 0; at < records.length; at += 2) deliver(shard, records[at]!, records[at + 1]!);
      add(bySlot, slot, records.length / 2);
      add(byShard, shard, records.length / 2);
    },
    totals: () => ({
      produced: totals.produced,
      processed: totals.processed,
      distinct: totals.distinct,
      duplicates: totals.processed - totals.distinct,
      lost: totals.produced - totals.distinct,
      outOfOrder: totals.outOfOrder,
      damaged: totals.damaged,
    }),
    recordsBySlot: () => bySlot,
    recordsByShard: () => byShard,
  };
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}
