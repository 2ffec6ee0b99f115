import { strict as assert } from 'node:assert';
import { SettingsError } from '../../lib/errors.ts';
import type { LedgerEntry } from './ledger.ts';

/** The account of a run: what went into the stream against what came out of it. */
export interface Proof {
  /** The next line goes into the stream; lines come in order, from 1. */
  produced(line: number, checksum: number): void;
  /** A batch came out, in the order in which the user's function succeeded. */
  delivered(entry: LedgerEntry): void;
  /** These are all the dead letters that there are. */
  deadLettered(letters: readonly BuriedLine[]): void;
  totals(): ProofTotals;
  recordsBySlot(): ReadonlyMap<string, number>;
  recordsByShard(): ReadonlyMap<string, number>;
}

/** The record of a dead letter, as it is kept. */
export interface BuriedLine {
  /** Which line it is; 0: it does not say. Undefined: it was too large to be kept, and could be any. */
  line: number | undefined;
  checksum: number;
}

export interface ProofTotals {
  /** Lines that went in. */
  produced: number;
  /** Records that came out with the content of a line; `distinct + duplicates`. */
  processed: number;
  /** Lines that came out at least once. */
  distinct: number;
  duplicates: number;
  /** Records that were given up and put aside. */
  deadLetters: number;
  /** Lines that neither came out nor are dead letters, nor were let go. */
  lost: number;
  /** Lines that were dead letters until somebody redrove or dropped them, where that may be. */
  letGo: number;
  /** Records that are dead letters and came out all the same, or are dead letters twice. */
  endedTwice: number;
  /** Lines that came out for the first time after a later line of the same shard had. */
  outOfOrder: number;
  /** Records that came out, or became dead letters, and were never put in: with a wrong content, or without a line's number. */
  damaged: number;
}

/** At 5 bytes of memory a line. */
const LINES_MAX = 2 ** 27;
const LINES_AT_FIRST = 1024;

/** `lettersMayGo`: somebody looks on, who may redrive or drop dead letters. Else one that is gone is lost. */
export function createProof({ lettersMayGo = false } = {}): Proof {
  let checksums = new Uint32Array(LINES_AT_FIRST);
  let seen = new Uint8Array(LINES_AT_FIRST);
  const latestLine = new Map<string, number>();
  const bySlot = new Map<string, number>();
  const byShard = new Map<string, number>();
  const totals = { produced: 0, processed: 0, distinct: 0, outOfOrder: 0, damaged: 0 };
  let buried: readonly BuriedLine[] = [];
  /** Lines that were dead letters, and did not come out since. */
  const gone = new Set<number>();

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

  const wasProduced = (line: number, checksum: number): boolean =>
    line >= 1 && line <= totals.produced && checksums[line - 1] === checksum;

  function deliver({ shard, redriven }: LedgerEntry, line: number, checksum: number): void {
    if (!wasProduced(line, checksum)) {
      totals.damaged += 1;
      return;
    }
    totals.processed += 1;
    if (seen[line - 1] === 1) return;
    seen[line - 1] = 1;
    totals.distinct += 1;
    // What was put aside comes when somebody wants it to.
    if (redriven) return;
    const latest = latestLine.get(shard) ?? 0;
    if (line < latest) totals.outOfOrder += 1;
    else latestLine.set(shard, line);
  }

  /** `only`: lines that are dead letters and nothing else. */
  function countBuried(): { only: number; endedTwice: number; damaged: number } {
    const counts = { only: 0, endedTwice: 0, damaged: 0 };
    const lines = new Set<number>();
    for (const { line, checksum } of buried) {
      if (line === undefined) counts.only += 1;
      else if (!wasProduced(line, checksum)) counts.damaged += 1;
      else if (lines.has(line) || seen[line - 1] === 1) counts.endedTwice += 1;
      else counts.only += 1;
      if (line !== undefined) lines.add(line);
    }
    return counts;
  }

  function noteGone(letters: readonly BuriedLine[]): void {
    for (const { line, checksum } of buried) {
      if (line !== undefined && wasProduced(line, checksum)) gone.add(line);
    }
    for (const { line } of letters) if (line !== undefined) gone.delete(line);
  }

  return {
    produced: (line, checksum) => {
      assert(line === totals.produced + 1, 'lines are produced in order');
      if (line > checksums.length) grow();
      checksums[line - 1] = checksum;
      totals.produced = line;
    },
    delivered: (entry) => {
      const { slot, shard, records } = entry;
      for (let at = 0; at < records.length; at += 2) deliver(entry, records[at]!, records[at + 1]!);
      add(bySlot, slot, records.length / 2);
      add(byShard, shard, records.length / 2);
    },
    deadLettered: (letters) => {
      if (lettersMayGo) noteGone(letters);
      buried = letters;
    },
    totals: () => {
      const { produced, processed, distinct, outOfOrder } = totals;
      const { only, endedTwice, damaged } = countBuried();
      const letGo = [...gone].filter((line) => seen[line - 1] !== 1).length;
      const left = produced - distinct - only - letGo;
      return {
        produced,
        processed,
        distinct,
        duplicates: processed - distinct,
        deadLetters: buried.length,
        lost: Math.max(0, left),
        letGo,
        // Fewer than none: one of those that were not kept is of a line that came out.
        endedTwice: endedTwice + Math.max(0, -left),
        outOfOrder,
        damaged: totals.damaged + damaged,
      };
    },
    recordsBySlot: () => bySlot,
    recordsByShard: () => byShard,
  };
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}
