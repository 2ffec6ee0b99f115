import { describe, expect, it } from 'vitest';
import { type BuriedLine, createProof, type Proof, type ProofTotals } from '../../../local/run/proof.ts';

const checksumOf = (line: number): number => line * 7 + 1;

function proofOf(
  lines: number,
  options: { lettersMayGo?: boolean } = {},
): Proof & { deliver(shard: string, ...lines: number[]): void } {
  const proof = createProof(options);
  for (let line = 1; line <= lines; line += 1) proof.produced(line, checksumOf(line));
  return {
    ...proof,
    deliver: (shard, ...delivered) =>
      proof.delivered({
        slot: 'consumer-0',
        shard,
        batch: 'b',
        records: Uint32Array.from(delivered.flatMap((line) => [line, checksumOf(line)])),
      }),
  };
}

const clean: ProofTotals = {
  produced: 6,
  processed: 6,
  distinct: 6,
  duplicates: 0,
  deadLetters: 0,
  lost: 0,
  endedTwice: 0,
  letGo: 0,
  outOfOrder: 0,
  damaged: 0,
};

describe('the proof', () => {
  it('finds nothing wrong if each line came out once, in the order of its shard', () => {
    const proof = proofOf(6);
    proof.deliver('1', 4, 5);
    proof.deliver('0', 1, 2, 3);
    proof.deliver('1', 6);
    expect(proof.totals()).toEqual(clean);
  });

  it('counts as lost what did not come out', () => {
    const proof = proofOf(6);
    proof.deliver('0', 1, 2, 3, 5, 6);
    expect(proof.totals()).toMatchObject({ processed: 5, distinct: 5, lost: 1 });
  });

  it('takes a batch that came again for duplicates, not for disorder', () => {
    const proof = proofOf(6);
    proof.deliver('0', 1, 2, 3);
    proof.deliver('0', 1, 2, 3);
    proof.deliver('0', 4, 5, 6);
    expect(proof.totals()).toEqual({ ...clean, processed: 9, duplicates: 3 });
  });

  it('counts a line that comes first after a later one of its shard, but not across shards', () => {
    const proof = proofOf(6);
    proof.deliver('0', 4, 6);
    proof.deliver('1', 1, 2);
    proof.deliver('0', 3, 5);
    expect(proof.totals()).toEqual({ ...clean, outOfOrder: 2 });
  });

  it('counts a line as lost if its content came out wrong, unless it also came right', () => {
    const proof = proofOf(6);
    const wrong = (line: number): void =>
      proof.delivered({ slot: 'consumer-0', shard: '0', batch: 'b', records: Uint32Array.from([line, 999]) });
    wrong(1);
    wrong(2);
    proof.deliver('0', 2, 3, 4, 5, 6);
    expect(proof.totals()).toEqual({ ...clean, processed: 5, distinct: 5, lost: 1, damaged: 2 });
  });

  it('counts as damaged what was never put in', () => {
    const proof = proofOf(6);
    proof.deliver('0', 0, 7, 1, 2, 3, 4, 5, 6);
    expect(proof.totals()).toEqual({ ...clean, damaged: 2 });
  });

  it('says how many records each consumer and each shard had', () => {
    const proof = proofOf(6);
    proof.deliver('0', 1, 2);
    proof.deliver('1', 3);
    expect(proof.recordsBySlot()).toEqual(new Map([['consumer-0', 3]]));
    expect([...proof.recordsByShard()]).toEqual([
      ['0', 2],
      ['1', 1],
    ]);
  });

  it('takes more lines than it first has room for', () => {
    const proof = proofOf(5_000);
    proof.deliver('0', ...Array.from({ length: 5_000 }, (_, index) => index + 1));
    expect(proof.totals()).toMatchObject({ produced: 5_000, distinct: 5_000, lost: 0, outOfOrder: 0 });
  });

  const buried = (line: number): BuriedLine => ({ line, checksum: checksumOf(line) });

  it('does not count as lost what became a dead letter, each time all of them are told', () => {
    const proof = proofOf(6);
    proof.deliver('0', 1, 2, 4, 5);
    proof.deadLettered([buried(3)]);
    expect(proof.totals()).toMatchObject({ processed: 4, deadLetters: 1, lost: 1, endedTwice: 0 });
    proof.deadLettered([buried(3), buried(6)]);
    expect(proof.totals()).toEqual({ ...clean, processed: 4, distinct: 4, deadLetters: 2 });
  });

  it('counts what was processed and is a dead letter all the same, and what is one twice', () => {
    const proof = proofOf(6);
    proof.deliver('0', 1, 2, 4, 5, 6);
    proof.deadLettered([buried(3), buried(4)]);
    expect(proof.totals()).toMatchObject({ deadLetters: 2, lost: 0, endedTwice: 1 });
    proof.deadLettered([buried(3), buried(3)]);
    expect(proof.totals()).toMatchObject({ deadLetters: 2, lost: 0, endedTwice: 1 });
  });

  it('counts a dead letter with a wrong content as damaged, and its line as lost', () => {
    const proof = proofOf(6);
    proof.deliver('0', 1, 2, 3, 4, 5);
    proof.deadLettered([{ line: 6, checksum: 999 }]);
    expect(proof.totals()).toMatchObject({ deadLetters: 1, lost: 1, damaged: 1, endedTwice: 0 });
  });

  it('takes a dead letter that was too large to be kept for one of the lines that did not come out', () => {
    const proof = proofOf(6);
    const unknown = { line: undefined, checksum: 0 };
    proof.deliver('0', 1, 2, 3, 4);
    proof.deadLettered([unknown, buried(5)]);
    expect(proof.totals()).toMatchObject({ deadLetters: 2, lost: 0, endedTwice: 0 });
    proof.deadLettered([unknown, unknown, unknown]);
    expect(proof.totals()).toMatchObject({ deadLetters: 3, lost: 0, endedTwice: 1 });
  });

  it('counts a dead letter that is gone as lost, unless somebody looks on who may have let it go', () => {
    const strict = proofOf(6);
    const lenient = proofOf(6, { lettersMayGo: true });
    for (const proof of [strict, lenient]) {
      proof.deliver('0', 1, 2, 4, 5);
      proof.deadLettered([buried(3), buried(6)]);
      proof.deadLettered([buried(6)]);
    }
    expect(strict.totals()).toMatchObject({ deadLetters: 1, lost: 1, letGo: 0 });
    expect(lenient.totals()).toMatchObject({ deadLetters: 1, lost: 0, letGo: 1 });
    // It came out after all, and the other one was let go; then it is there again.
    lenient.deliver('0', 3);
    lenient.deadLettered([]);
    expect(lenient.totals()).toMatchObject({ deadLetters: 0, lost: 0, letGo: 1, endedTwice: 0 });
    lenient.deadLettered([buried(6)]);
    expect(lenient.totals()).toMatchObject({ deadLetters: 1, lost: 0, letGo: 0 });
    const more = proofOf(3, { lettersMayGo: true });
    more.deadLettered([{ line: 3, checksum: 999 }]);
    more.deadLettered([]);
    expect(more.totals()).toMatchObject({ lost: 3, letGo: 0 });
  });

  it('has no order for a dead letter that was redriven', () => {
    const proof = proofOf(6);
    proof.deliver('0', 1, 2, 4, 5, 6);
    const records = Uint32Array.from([3, checksumOf(3)]);
    proof.delivered({ slot: 'consumer-0', shard: '0', batch: 'b', records, redriven: true });
    expect(proof.totals()).toEqual(clean);
  });
});
