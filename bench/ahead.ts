/**
 * How long a tick takes for a backlog where each pull takes as long as the user's function has each batch: with the next one pulled
 * meanwhile, and without; with four shards at a time, and sixteen. In processes of their own, in turns.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bench, median, ROUNDS, rounded, roundsOf } from './support/report.ts';

const READ = join(import.meta.dirname, 'ahead/read.ts');
const CASES = [
  { parallel: 4, how: 'not ahead' },
  { parallel: 4, how: 'ahead' },
  { parallel: 16, how: 'not ahead' },
  { parallel: 16, how: 'ahead' },
] as const;
/** Half would be all that can be had; of a tick as short as with sixteen, the rest has a larger part. */
const RATIO_MAX = { 4: 0.65, 16: 0.75 };

process.exitCode = await bench(
  {
    name: 'ahead',
    summary:
      'how long a tick takes for a backlog, with the next batch pulled while one is in work, and without',
    options: { rounds: { ...ROUNDS, default: '5', help: 'how often each is measured; 5 unless set' } },
  },
  async (options) => {
    const seconds = CASES.map((): number[] => []);
    for (let round = 0; round < roundsOf(options); round++) {
      for (const [index, { parallel, how }] of CASES.entries())
        seconds[index]!.push(await read(parallel, how));
    }
    const figures = CASES.map((of, index) => ({ ...of, seconds: rounded(median(seconds[index]!)) }));
    console.table(figures);
    const ratio = (index: number): number => figures[index]!.seconds / figures[index - 1]!.seconds;
    const common = { unit: '×', direction: 'at most' } as const;
    return {
      figures,
      bars: [
        {
          ...common,
          name: 'ahead, of not ahead, four shards at a time',
          value: ratio(1),
          limit: RATIO_MAX[4],
        },
        {
          ...common,
          name: 'ahead, of not ahead, sixteen shards at a time',
          value: ratio(3),
          limit: RATIO_MAX[16],
        },
      ],
    };
  },
);

async function read(parallel: number, how: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [READ, String(parallel), how]);
  return Number(stdout) / 1_000;
}
