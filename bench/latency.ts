/** From put to the user's function: a schedule of a minute without and with linger, and with a doorbell; and what each costs in a month. */
import { type Cost, costOf, MEMORY_MB } from './support/latency/cost.ts';
import type { RealFigures } from './support/latency/realTime.ts';
import { MINUTE_MS, measureVirtually, timesOf, type VirtualFigures } from './support/latency/virtualGroup.ts';
import { type Bar, bench, rounded } from './support/report.ts';

const SHARDS = 4;
const IDLE_MINUTES = 60;
const BUSY_MINUTES = 60;
/** Of each shard. */
const RECORD_EVERY_MS = 5_000;

interface Variant {
  name: string;
  lingerMs: number;
  doorbell: boolean;
}

const VARIANTS: readonly Variant[] = [
  { name: 'linger: off', lingerMs: 0, doorbell: false },
  { name: 'linger: off, and a ring for each record', lingerMs: 0, doorbell: true },
  { name: 'linger: 20s', lingerMs: 20_000, doorbell: false },
  { name: 'linger: max', lingerMs: Number.POSITIVE_INFINITY, doorbell: false },
];

interface Row extends Omit<VirtualFigures, 'latenciesMs'> {
  name: string;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  records: number;
  cost: Cost;
}

async function measureVariant({ name, ...variant }: Variant): Promise<Row> {
  const { latenciesMs, idle, busy } = await measureVirtually({
    ...variant,
    shards: SHARDS,
    slots: 1,
    idleMinutes: IDLE_MINUTES,
    busyMinutes: BUSY_MINUTES,
    recordEveryMs: RECORD_EVERY_MS,
  });
  return { name, ...spreadOf(latenciesMs), idle, busy, cost: costOf(busy, 1) };
}

const spreadOf = (ascending: readonly number[]) => ({
  p50Ms: ascending[Math.floor(ascending.length * 0.5)]!,
  p99Ms: ascending[Math.floor(ascending.length * 0.99)]!,
  maxMs: ascending.at(-1)!,
  records: ascending.length,
});

function show(rows: readonly Row[]): void {
  const dollars = (usd: number): string => usd.toFixed(2);
  console.log(
    `From put to the user's function: one slot, ${SHARDS} shards, of each a record in ${RECORD_EVERY_MS / 1_000} s on average, for ${BUSY_MINUTES} simulated minutes, accelerated`,
  );
  console.table(
    rows.map(({ name, p50Ms, p99Ms, maxMs, busy, cost }) => ({
      '': name,
      'p50 s': rounded(p50Ms / 1_000),
      'p99 s': rounded(p99Ms / 1_000),
      'max s': rounded(maxMs / 1_000),
      'billed s/min': rounded(busy.billedMs / 1_000),
      'ticks/min': rounded(busy.ticks),
      'refused/min': rounded(busy.refused),
      ...Object.fromEntries(MEMORY_MB.map((mb) => [`Lambda $ ${mb} MB`, dollars(cost.lambda[mb]!)])),
      'DynamoDB $': dollars(cost.dynamodb),
      'requests, schedule $': dollars(cost.requests + cost.schedules),
    })),
  );
  console.log('DynamoDB units a minute, idle and busy');
  console.table(
    rows.map(({ name, idle, busy }) => ({
      '': name,
      'idle W': rounded(idle.writeUnits),
      'idle R': rounded(idle.readUnits),
      'busy W': rounded(busy.writeUnits),
      'busy R': rounded(busy.readUnits),
    })),
  );
}

function showReal(figures: readonly RealFigures[]): void {
  console.log('The same in real time, over HTTP: two shards, a record in 0.4 s on average');
  console.table(
    figures.map(({ name, seconds, latenciesMs }) => {
      const { p50Ms, p99Ms, maxMs, records } = spreadOf(latenciesMs);
      return { '': name, seconds, records, 'p50 ms': p50Ms, 'p99 ms': p99Ms, 'max ms': maxMs };
    }),
  );
}

function barsOf(rows: readonly Row[]): Bar[] {
  const of = (name: string): Row => rows.find((row) => row.name === name)!;
  const [off, max] = [of('linger: off'), of('linger: max')];
  const rung = of('linger: off, and a ring for each record');
  const { functionTimeoutMs, reserveMs } = timesOf(Number.POSITIVE_INFINITY);
  const gapMs = MINUTE_MS - (functionTimeoutMs - reserveMs);
  const direction = 'at most';
  return [
    { name: 'max: p50', value: max.p50Ms, limit: 1_000, unit: 'ms', direction },
    { name: 'max: p99, the gap and a second', value: max.p99Ms, limit: gapMs + 1_000, unit: 'ms', direction },
    { name: 'ring: p99', value: rung.p99Ms, limit: 500, unit: 'ms', direction },
    { name: 'ring: refused', value: rung.busy.refused, limit: 0, unit: 'a minute', direction },
    {
      name: 'max: write units of an idle group, of those without',
      value: max.idle.writeUnits / off.idle.writeUnits,
      limit: 1,
      unit: '×',
      direction,
    },
    {
      name: 'max: read units of an idle group, of those without',
      value: max.idle.readUnits / off.idle.readUnits,
      limit: 1,
      unit: '×',
      direction,
    },
  ];
}

const REAL_MINUTES = 2;
const OFFICIAL_SECONDS = 30;

process.exitCode = await bench(
  {
    name: 'latency',
    summary: "how long a record waits from put to the user's function, and what that costs",
    about:
      'The figures are of simulated minutes, accelerated: the real ticks under a clock of their own, over a table and a stream in memory that take 8 and 25 ms for an answer. With --real, beside that, in real time and over HTTP: our handler for some minutes, and the official Python and Go consumers of SLS, which fetch every 200 ms, for half a minute each; what is missing of them is installed.',
    options: {
      real: {
        type: 'boolean',
        default: false,
        help: 'measures in real time, too, beside the official consumers; takes six minutes',
      },
    },
  },
  async ({ real }) => {
    const rows: Row[] = [];
    for (const variant of VARIANTS) rows.push(await measureVariant(variant));
    show(rows);
    const inRealTime: RealFigures[] = [];
    if (real) {
      const { measureOfficial, measureOurs } = await import('./support/latency/realTime.ts');
      inRealTime.push(...(await measureOfficial(OFFICIAL_SECONDS)), await measureOurs(REAL_MINUTES));
      showReal(inRealTime);
    }
    const figures = inRealTime.map(({ latenciesMs, ...rest }) => ({ ...rest, ...spreadOf(latenciesMs) }));
    return { figures: { virtual: rows, real: figures }, bars: barsOf(rows) };
  },
);
