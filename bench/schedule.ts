/**
 * What becomes of the ticks of a group whose schedule starts anywhere within its minute, as EventBridge Scheduler's does, at the defaults of
 * `serverless.yml`: two slots, an interval of a minute. Beside it, the same group under a schedule that is regular.
 */
import { wholeNumber } from '../lib/commandLine/parse.ts';
import { type JitterFigures, type JitterOptions, measureJitter } from './support/jitteredGroup.ts';
import { type Bar, bench, rounded } from './support/report.ts';

const SLOTS = 2;
const LOST_MAX = 0.01;

interface Variant extends Omit<JitterOptions, 'slots' | 'minutes'> {
  /** Of the minutes that are asked for: what takes long is watched for less. */
  share: number;
}

interface Row extends Variant, JitterFigures {
  minutes: number;
}

const VARIANTS: readonly Variant[] = [
  { load: 'idle', lingers: false, jitters: false, share: 1 / 5 },
  { load: 'idle', lingers: false, jitters: true, share: 1 },
  { load: 'loaded', lingers: false, jitters: false, share: 1 / 10 },
  { load: 'loaded', lingers: false, jitters: true, share: 1 },
  { load: 'backlog', lingers: false, jitters: false, share: 1 / 20 },
  { load: 'backlog', lingers: false, jitters: true, share: 1 / 5 },
  { load: 'idle', lingers: true, jitters: false, share: 1 / 20 },
  { load: 'idle', lingers: true, jitters: true, share: 1 / 10 },
  { load: 'loaded', lingers: true, jitters: true, share: 1 / 10 },
];

const nameOf = ({ load, lingers, jitters }: Variant): string =>
  `${jitters ? 'starts from 0 to 59 s' : 'regular'}, ${load}${lingers ? ', linger: max' : ''}`;

function barsOf(rows: readonly Row[]): Bar[] {
  const most = { unit: 'slots', direction: 'at most', limit: 0 } as const;
  const bars: Bar[] = [
    { ...most, name: 'live slots that expired', value: rows.reduce((sum, { expired }) => sum + expired, 0) },
  ];
  for (const row of rows) {
    const name = `ticks lost: ${nameOf(row)}`;
    const isRegular = !row.jitters;
    bars.push({ ...most, name, value: row.lost / row.ticks, unit: '×', limit: isRegular ? 0 : LOST_MAX });
    if (isRegular) {
      const units = { name: `writes to its slot's item of a tick: ${nameOf(row)}`, value: row.slotWrites };
      bars.push({ ...most, ...units, unit: 'units', limit: 1 });
    }
  }
  return bars;
}

function show(rows: readonly Row[]): void {
  console.table(
    rows.map((row) => ({
      '': nameOf(row),
      minutes: row.minutes,
      ticks: row.ticks,
      lost: row.lost,
      expired: row.expired,
      'slot writes a tick': rounded(row.slotWrites),
      'write units': rounded(row.writeUnits),
      'read units': rounded(row.readUnits),
      'billed s': rounded(row.billedMs / 1_000),
      'runs at most': row.runsMax,
    })),
  );
}

process.exitCode = await bench(
  {
    name: 'schedule',
    summary: 'ticks that are lost, and what each costs, when a schedule starts anywhere within its minute',
    about:
      'Simulated minutes of two slots, each of one shard. "idle": nothing comes. "loaded": a tick works for up to 40 s. "backlog": for as long as it may.',
    options: {
      minutes: {
        type: 'string',
        value: 'N',
        default: '10000',
        help: 'simulated minutes of the two variants that are watched longest; 10000 unless set',
      },
    },
  },
  async (options) => {
    const most = wholeNumber('--minutes', options.minutes, 100, 1_000_000);
    const rows: Row[] = [];
    for (const variant of VARIANTS) {
      const minutes = Math.ceil(most * variant.share);
      rows.push({ ...variant, minutes, ...(await measureJitter({ slots: SLOTS, minutes, ...variant })) });
    }
    show(rows);
    return { figures: rows, bars: barsOf(rows) };
  },
);
