import { crc32 } from 'node:zlib';
import type { LedgerEntry } from '../../local/run/ledger.ts';
import { createProof, type ProofTotals } from '../../local/run/proof.ts';
import { counterOf } from './counters.ts';

/**
 * What a chaos run is judged by. To the proof of a local run (nothing lost, nothing damaged, order within each shard) it
 * adds what splits, merges and kills put at risk:
 *
 * - Order by key: the records of one key come out in the order in which they went in, also across parents and children.
 * - Each shard is one chain of batches: a batch begins where the one before ended, or it is that batch again.
 * - A batch that is under the same id has the same records, and one that is repeated has the id that it had, or is a part of that: a sink that
 *   refuses anything else never has to.
 * - A record that is never taken becomes a dead letter, and nothing else does.
 * - A batch comes again only if the tick that had processed it was interrupted before anybody knew its checkpoint
 *   written. So an interrupted tick explains at most one batch in each shard it held; every other repeat is an error.
 * - What the function counts together with its checkpoints is exact: each record once, whatever came again, and none that is a dead letter.
 * - No shard is worked on by two slots at a time: a tick's checkpoint is never refused.
 */
export interface Account {
  /** The next record of `key` goes into the stream. Returns its line. `isPoison`: it is never taken. */
  produced(key: string, content: Uint8Array, isPoison?: boolean): number;
  /** A batch came out, in the order in which the user's function succeeded. */
  delivered(entry: LedgerEntry): void;
  /** A tick of the slot did not end well, in this shard or as a whole. All that it delivered must be in. */
  interrupted(slot: string, shard?: string): void;
  /** A tick's checkpoint was refused: somebody else had the shard while it was at work. */
  lost(slot: string, shard: string): void;
  /** The ids of batches that the sink refused. */
  refused(batches: readonly string[]): void;
  /** The lines that are dead letters at the end. */
  deadLettered(lines: readonly number[]): void;
  /** What was counted at the end. */
  counted(sums: ReadonlyMap<string, number>): void;
  totals(): ProofTotals & {
    keys: number;
    batchesRepeated: number;
    deadLetters: number;
    refusals: number;
    counted: number;
  };
  /** What must not be, for a person; none: all is well so far. */
  violations(): readonly string[];
}

interface LatestBatch {
  slot: string;
  from: string;
  to: string;
  /** Place after its last record, as far as its id tells. */
  last: number;
  mayRepeat: boolean;
}

/** More of them say nothing new. */
const VIOLATIONS_MAX = 50;

export function createAccount(): Account {
  const proof = createProof();
  const keyOfLine: string[] = [];
  /** The how-manieth record of its key a line is. */
  const sequenceOfLine: number[] = [];
  const sequencePut = new Map<string, number>();
  const sequenceSeen = new Map<string, number>();
  const latest = new Map<string, LatestBatch>();
  const violations: string[] = [];
  const poison = new Map<string, Set<number>>();
  const poisonLines = new Set<number>();
  let batchesRepeated = 0;
  let refusals = 0;
  let deadLetters = 0;
  let sum = 0;

  const complain = (text: string): void => {
    if (violations.length < VIOLATIONS_MAX) violations.push(text);
  };

  function checkChain({ slot, shard, batch }: LedgerEntry): void {
    const { from, to, first, last } = placesOf(batch);
    const before = latest.get(shard);
    latest.set(shard, { slot, from, to, last, mayRepeat: false });
    if (before === undefined || from === before.to) return;
    if (from !== before.from) {
      complain(`shard ${shard}: ${slot} delivered ${batch} after ${before.slot} had come to ${before.to}`);
      return;
    }
    if (to !== before.to) {
      complain(`shard ${shard}: ${slot} delivered ${batch}, which had begun as ${before.from}-${before.to}`);
    }
    // What lies between them was given up, or is lost: the records tell.
    if (first >= before.last) return;
    batchesRepeated += 1;
    if (before.mayRepeat) return;
    complain(`shard ${shard}: ${slot} repeats a batch of ${before.slot}, which nothing interrupted`);
  }

  function checkKey(line: number, { slot, shard }: LedgerEntry): void {
    const key = keyOfLine[line - 1];
    const sequence = sequenceOfLine[line - 1];
    // Damaged; the proof counts it.
    if (key === undefined || sequence === undefined) return;
    const seen = sequenceSeen.get(key) ?? 0;
    const isGiven = (missing: number): boolean => !poison.get(key)?.has(missing);
    const missing = Array.from({ length: Math.max(0, sequence - seen - 1) }, (_, index) => seen + 1 + index);
    if (missing.some(isGiven)) {
      complain(`key ${key}: ${slot} delivered record ${sequence} from shard ${shard} right after ${seen}`);
    }
    sequenceSeen.set(key, Math.max(seen, sequence));
  }

  return {
    produced: (key, content, isPoison = false) => {
      const sequence = (sequencePut.get(key) ?? 0) + 1;
      sequencePut.set(key, sequence);
      const line = keyOfLine.push(key);
      sequenceOfLine.push(sequence);
      if (isPoison) {
        poison.set(key, (poison.get(key) ?? new Set()).add(sequence));
        poisonLines.add(line);
      }
      proof.produced(line, crc32(content));
      return line;
    },
    delivered: (entry) => {
      proof.delivered(entry);
      checkChain(entry);
      for (let at = 0; at < entry.records.length; at += 2) checkKey(entry.records[at]!, entry);
    },
    interrupted: (slot, shard) => {
      const touched = shard === undefined ? [...latest.values()] : [latest.get(shard)];
      for (const batch of touched) if (batch?.slot === slot) batch.mayRepeat = true;
    },
    lost: (slot, shard) => complain(`shard ${shard}: ${slot} was at work on it when it was somebody else’s`),
    refused: (batches) => {
      refusals += batches.length;
      for (const batch of batches) complain(`${batch} came again with other records: the sink refused it`);
    },
    deadLettered: (lines) => {
      deadLetters = lines.length;
      const found = new Set(lines);
      if (found.size < lines.length) complain(`${lines.length - found.size} records are dead letters twice`);
      for (const line of poisonLines)
        if (!found.has(line)) complain(`line ${line}, which is never taken, is no dead letter`);
      for (const line of found) if (!poisonLines.has(line)) complain(`line ${line} is a dead letter`);
    },
    counted: (sums) => {
      const expected = new Map<string, number>();
      for (const [index, key] of keyOfLine.entries()) {
        if (poisonLines.has(index + 1)) continue;
        const counter = counterOf(key);
        expected.set(counter, (expected.get(counter) ?? 0) + 1);
      }
      sum = [...sums.values()].reduce((total, count) => total + count, 0);
      for (const counter of new Set([...expected.keys(), ...sums.keys()])) {
        const [is, wanted] = [sums.get(counter) ?? 0, expected.get(counter) ?? 0];
        if (is !== wanted) complain(`${counter} is ${is}, and ${wanted} records were put`);
      }
    },
    totals: () => {
      const { lost, ...totals } = proof.totals();
      const others = { keys: sequencePut.size, batchesRepeated, deadLetters, refusals, counted: sum };
      return { ...totals, ...others, lost: lost - deadLetters };
    },
    violations: () => violations,
  };
}

/** `group/shard/from-to`, and of a part its places; the local service's cursors have neither slash nor hyphen. */
function placesOf(batch: string): { from: string; to: string; first: number; last: number } {
  const [, from = '', to = '', first, last] = /\/([^/-]+)-([^/-]+)(?:\/(\d+)-(\d+))?$/.exec(batch) ?? [];
  return {
    from,
    to,
    first: Number(first ?? 0),
    last: last === undefined ? Number.POSITIVE_INFINITY : Number(last),
  };
}
