import { crc32 } from 'node:zlib';
import type { LedgerEntry } from '../../local/run/ledger.ts';
import { createProof, type ProofTotals } from '../../local/run/proof.ts';

/**
 * What a chaos run is judged by. To the proof of a local run (nothing lost, nothing damaged, order within each shard) it
 * adds what splits, merges and kills put at risk:
 *
 * - Order by key: the records of one key come out in the order in which they went in, also across parents and children.
 * - Each shard is one chain of batches: a batch begins where the one before ended, or it is that batch again.
 * - A batch comes again only if the tick that had processed it was interrupted before anybody knew its checkpoint
 *   written. So an interrupted tick explains at most one batch in each shard it held; every other repeat is an error.
 * - No shard is worked on by two slots at a time: a tick's checkpoint is never refused.
 */
export interface Account {
  /** The next record of `key` goes into the stream. Returns its line. */
  produced(key: string, content: Uint8Array): number;
  /** A batch came out, in the order in which the user's function succeeded. */
  delivered(entry: LedgerEntry): void;
  /** A tick of the slot did not end well, in this shard or as a whole. All that it delivered must be in. */
  interrupted(slot: string, shard?: string): void;
  /** A tick's checkpoint was refused: somebody else had the shard while it was at work. */
  lost(slot: string, shard: string): void;
  totals(): ProofTotals & { keys: number; batchesRepeated: number };
  /** What must not be, for a person; none: all is well so far. */
  violations(): readonly string[];
}

interface LatestBatch {
  slot: string;
  from: string;
  to: string;
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
  let batchesRepeated = 0;

  const complain = (text: string): void => {
    if (violations.length < VIOLATIONS_MAX) violations.push(text);
  };

  function checkChain({ slot, shard, batch }: LedgerEntry): void {
    const { from, to } = cursorsOf(batch);
    const before = latest.get(shard);
    latest.set(shard, { slot, from, to, mayRepeat: false });
    if (before === undefined || from === before.to) return;
    if (from !== before.from) {
      complain(`shard ${shard}: ${slot} delivered ${batch} after ${before.slot} had come to ${before.to}`);
      return;
    }
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
    if (sequence > seen + 1) {
      complain(`key ${key}: ${slot} delivered record ${sequence} from shard ${shard} right after ${seen}`);
    }
    sequenceSeen.set(key, Math.max(seen, sequence));
  }

  return {
    produced: (key, content) => {
      const sequence = (sequencePut.get(key) ?? 0) + 1;
      sequencePut.set(key, sequence);
      const line = keyOfLine.push(key);
      sequenceOfLine.push(sequence);
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
    totals: () => ({ ...proof.totals(), keys: sequencePut.size, batchesRepeated }),
    violations: () => violations,
  };
}

/** A batch id is `group/shard/from-to`; the local service's cursors have neither slash nor hyphen. */
function cursorsOf(batch: string): { from: string; to: string } {
  const [from = '', to = ''] = batch.slice(batch.lastIndexOf('/') + 1).split('-');
  return { from, to };
}
