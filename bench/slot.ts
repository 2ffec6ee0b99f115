/**
 * How many records a second one slot reads, by the function's memory, which is also its share of a processor, and by how long the log service takes
 * for a pull: the bundle as it is deployed, sixteen shards with more than it can read, two fields of each record read.
 */
import { wholeNumber } from '../lib/commandLine/parse.ts';
import type { Ended } from './memory/limited.ts';
import { withSetting } from './memory/setting.ts';
import { bench, rounded } from './support/report.ts';

const MEMORIES_MB = [128, 256, 512, 1_024, 1_769];
const LATENCIES_MS = [5, 50, 200];
const ANSWER_BYTES = 5_000_000;
/** "At 1,769 MB, a function has the equivalent of one vCPU": Lambda developer guide, "Configure Lambda function memory". */
const MEMORY_OF_A_PROCESSOR_MB = 1_769;
const MS_PER_S = 1_000;

interface Rate {
  memoryMb: number;
  latencyMs: number;
  recordsPerS: number | undefined;
  mbPerS: number | undefined;
  isSlowed: boolean;
}

process.exitCode = await bench(
  {
    name: 'slot',
    summary: 'records a second of one slot, by memory size and latency to the log service',
    options: {
      ticks: {
        type: 'string',
        value: 'N',
        default: '1',
        help: 'how often each process ticks; once unless set',
      },
    },
  },
  async ({ ticks }) => {
    const count = wholeNumber('--ticks', ticks, 1, 1_000);
    const rates = await withSetting('reads.ts', async ({ backlog, run }) => {
      const measured: Rate[] = [];
      for (const latencyMs of LATENCIES_MS) {
        backlog.serve({ answerBytes: ANSWER_BYTES, latencyMs });
        for (const memoryMb of MEMORIES_MB) {
          const cpuShare = memoryMb / MEMORY_OF_A_PROCESSOR_MB;
          measured.push(
            rateOf({ memoryMb, latencyMs }, await run({ ticks: count, limitMiB: memoryMb, cpuShare })),
          );
        }
      }
      return measured;
    });
    console.table(rates);
    return { figures: rates, bars: [] };
  },
);

function rateOf(of: Pick<Rate, 'memoryMb' | 'latencyMs'>, { said, isSlowed }: Ended): Rate {
  const perS = (amount: number | undefined): number | undefined =>
    said && amount !== undefined ? rounded((amount * MS_PER_S) / said.workMs!) : undefined;
  return { ...of, recordsPerS: perS(said?.records), mbPerS: perS(said && said.bytes! / 1e6), isSlowed };
}
