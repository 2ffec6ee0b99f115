import { describe, expect, it } from 'vitest';
import { createBoard } from '../../../local/run/board.ts';
import { type BuriedLine, createProof } from '../../../local/run/proof.ts';
import { exitCodeOf, formatSummary, type RunResult, resultOf } from '../../../local/run/summary.ts';

function run(
  delivered: [line: number, checksum: number][],
  { buried = [], ...more }: Partial<Parameters<typeof resultOf>[0]> & { buried?: BuriedLine[] } = {},
): RunResult {
  const proof = createProof();
  for (const line of [1, 2, 3]) proof.produced(line, line);
  const records = Uint32Array.from(delivered.flat());
  proof.delivered({ slot: 'consumer-0', shard: '0', batch: 'b', records });
  proof.deadLettered(buried);
  return resultOf({
    proof,
    board: createBoard(['consumer-0', 'consumer-1']),
    dynamodb: { requests: 12, writeUnits: 8, readUnits: 2.5 },
    elapsedMs: 1_234,
    interrupted: false,
    problem: undefined,
    shardName: (shard) => `a:${shard}`,
    ...more,
  });
}

const inOrder: [number, number][] = [
  [1, 1],
  [2, 2],
  [3, 3],
];

const first: BuriedLine = { line: 1, checksum: 1 };

describe('the summary', () => {
  it('says what somebody has redriven or dropped, and takes it for no loss', () => {
    const proof = createProof({ lettersMayGo: true });
    for (const line of [1, 2, 3]) proof.produced(line, line);
    proof.delivered({ slot: 'consumer-0', shard: '0', batch: 'b', records: Uint32Array.from([2, 2]) });
    proof.deadLettered([first, { line: 3, checksum: 3 }]);
    proof.deadLettered([first]);
    const result = run([], { proof });
    expect(exitCodeOf(result)).toBe(0);
    expect(formatSummary(result)).toMatch(
      /^Every record came out, in the order of its shard, but for 1 dead letter and 1 dead letter that somebody redrove or dropped\.$/m,
    );
    expect(formatSummary(result)).toMatch(/^ +dead letters +1 \(and 1 redriven or dropped\)$/m);
  });

  it('has exactly these keys', () => {
    expect(JSON.stringify(run(inOrder).summary)).toBe(
      '{"produced":3,"processed":3,"distinct":3,"duplicates":0,"deadLetters":0,"lost":0,"outOfOrder":0,"ticks":0,"handOffs":0,"dynamodb":{"requests":12,"writeUnits":8,"readUnits":2.5},"logService":{"requests":0,"bytes":0,"rawBytes":0},"seconds":1.2}',
    );
  });

  it('shows a person each consumer’s share, also of those that had none', () => {
    const text = formatSummary(run(inOrder));
    expect(text).toContain('Every record came out, in the order of its shard.');
    expect(text).toContain('consumer-0: 3, consumer-1: 0');
    expect(text).toContain('a:0: 3');
  });

  it('says how many records were given up, and what they are besides', () => {
    const text = formatSummary(run(inOrder, { buried: [first] }));
    expect(text).toMatch(/dead letters +1\n/);
    expect(text).toMatch(/ended twice +1 are dead letters and came out/);
  });

  it.each<[string, RunResult, number, string]>([
    ['complete', run(inOrder), 0, 'Every record'],
    ['with duplicates', run([...inOrder, [1, 1]]), 0, 'Every record'],
    ['lost', run(inOrder.slice(1)), 1, 'NOT everything'],
    [
      'with a dead letter',
      run(inOrder.slice(1), { buried: [first] }),
      0,
      'Every record came out, in the order of its shard, but for 1 dead letter.',
    ],
    ['a dead letter that came out', run(inOrder, { buried: [first] }), 1, 'NOT everything'],
    ['a dead letter twice', run(inOrder.slice(1), { buried: [first, first] }), 1, 'NOT everything'],
    ['out of order', run(inOrder.toReversed()), 1, 'NOT everything'],
    ['damaged', run([...inOrder, [1, 99]]), 1, 'NOT everything'],
    ['stuck', run(inOrder, { problem: 'Nothing went on' }), 1, 'Nothing went on'],
    ['interrupted', run(inOrder.slice(1), { interrupted: true }), 130, 'Stopped: 1 of 3 records'],
    ['interrupted at the end', run(inOrder, { interrupted: true }), 0, 'Every record'],
  ])('is %s: exit code and verdict', (_what, result, code, verdict) => {
    expect(exitCodeOf(result)).toBe(code);
    expect(formatSummary(result).startsWith(verdict)).toBe(true);
  });
});
