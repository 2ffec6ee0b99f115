/**
 * Whether a function lives within its memory: the bundle as it is deployed, in a process that is killed above a limit, with sixteen shards of
 * which each has more than it can read, answers of many sizes, and a function that keeps each batch as objects of texts.
 */
import { wholeNumber } from '../lib/commandLine/parse.ts';
import type { Ended } from './memory/limited.ts';
import { type Setting, withSetting } from './memory/setting.ts';
import { bench } from './support/report.ts';

const LIMITS_MIB = [128, 256, 512];
const ANSWERS_MB = [1, 5, 20, 60];
const MB = 1_000_000;

interface Asked {
  limitMiB: number;
  answerMb: number;
  /** Of each log group; a thousandth of the answer unless set. */
  groupMb?: number;
  bound: 'by the memory' | 'none';
}

interface Run extends Asked {
  ended: Ended;
  /** The largest answer that was sent to its end. */
  largestMb: number;
}

const OPTIONS = {
  quick: { type: 'boolean', default: false, help: 'only answers of 60 MB' },
  ticks: { type: 'string', value: 'N', default: '1', help: 'how often each process ticks; once unless set' },
  unbounded: {
    type: 'boolean',
    default: false,
    help: 'also without a bound, at 512 MiB and answers of 60 MB: it dies',
  },
} as const;

process.exitCode = await bench(
  {
    name: 'memory',
    summary:
      'whether a function of 128, 256 and 512 MB lives with answers of 1 to 60 MB and code that keeps them',
    options: OPTIONS,
  },
  async ({ quick, unbounded, ticks }) => {
    const bound = 'by the memory';
    const asked: Asked[] = (quick ? [60] : ANSWERS_MB).flatMap((answerMb) =>
      LIMITS_MIB.map((limitMiB) => ({ answerMb, limitMiB, bound })),
    );
    // What SLS cannot make smaller.
    if (!quick) asked.push({ answerMb: 60, groupMb: 1, limitMiB: 128, bound });
    if (unbounded) asked.push({ answerMb: 60, limitMiB: 512, bound: 'none' });
    const count = wholeNumber('--ticks', ticks, 1, 1_000);
    const runs = await withSetting('keeps.ts', async (setting) => {
      const measured: Run[] = [];
      for (const of of asked) {
        const run = await measure(setting, of, count);
        measured.push(run);
        console.log(textOf(run));
      }
      return measured;
    });
    const bounded = runs.filter((run) => run.bound === bound);
    const idle = bounded.filter(({ ended }) => ended.said?.batches === 0);
    return {
      figures: runs,
      bars: [
        bar('deaths', bounded.filter(({ ended }) => ended.said === undefined).length),
        bar('processes that read nothing', idle.length),
      ],
    };
  },
);

function bar(name: string, value: number) {
  return { name, value, limit: 0, unit: 'of all', direction: 'at most' } as const;
}

async function measure({ backlog, run }: Setting, asked: Asked, ticks: number): Promise<Run> {
  const { limitMiB, answerMb, groupMb, bound } = asked;
  backlog.serve({ answerBytes: answerMb * MB, ...(groupMb && { groupBytes: groupMb * MB }) });
  const environment = bound === 'none' ? { SHARDBEAT_BYTES_MAX: String(10_000 * MB) } : {};
  const ended = await run({ ticks, limitMiB, environment });
  return { ...asked, ended, largestMb: backlog.largestBytes() / MB };
}

function textOf({ limitMiB, answerMb, groupMb, bound, ended, largestMb }: Run): string {
  const { said, memoryMiB, enforcement } = ended;
  const what =
    said === undefined
      ? `died: ${ended.complaints.trim().split('\n').slice(-3).join(' ').slice(-300)}`
      : `${said.batches} batches, ${Math.round(said.bytes! / MB)} MB, up to ${largestMb.toFixed(1)} MB at a time`;
  const answers = `answers of ${answerMb} MB${groupMb ? ` in log groups of ${groupMb} MB` : ''}`;
  return `${limitMiB} MiB (${enforcement}), ${answers}, bound ${bound}: at most ${memoryMiB} MiB; ${what}`;
}
