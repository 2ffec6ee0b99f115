/** Two ways to do the same, in one process, in turns, so that whatever the machine does meanwhile falls on both alike. */
import type { LogRecord } from '../../lib/sources/source.ts';
import { type Bar, median } from './report.ts';

/** Both answer with a number that depends on all they read, so that nothing is optimised away. */
export interface Variant {
  ours: () => number;
  packages: () => number;
}

/** Rows a second of each, and how many times those of the packages ours are. */
export interface Compared {
  ours: number;
  packages: number;
  ratio: number;
}

/** Prints medians and ratios. Throws if the two disagree. */
export function sideBySide<Name extends string>(
  variants: Readonly<Record<Name, Variant>>,
  { against, logs, rounds }: { against: string; logs: number; rounds: number },
): Record<Name, Compared> {
  const compared = Object.entries<Variant>(variants).map(([name, { ours, packages }]) => {
    if (ours() !== packages()) throw new Error(`${name}: the decoders disagree`);
    const times: { ours: number[]; packages: number[] } = { ours: [], packages: [] };
    for (let round = 0; round < rounds; round++) {
      times.ours.push(durationMs(ours));
      times.packages.push(durationMs(packages));
    }
    const [mine, theirs] = [median(times.ours), median(times.packages)];
    const rate = (ms: number): string => `${Math.round(logs / ms)}k rows/s`.padStart(14);
    const ratio = theirs / mine;
    console.log(`${name.padEnd(22)} ours ${rate(mine)}   ${against} ${rate(theirs)}   × ${ratio.toFixed(2)}`);
    return [name, { ours: (1_000 * logs) / mine, packages: (1_000 * logs) / theirs, ratio }] as const;
  });
  return Object.fromEntries(compared) as Record<Name, Compared>;
}

/** Bars for some of them: how many times as fast as the packages we are at least. */
export const fastEnough = (
  compared: Readonly<Record<string, Compared>>,
  least: Readonly<Record<string, number>>,
): Bar[] =>
  Object.entries(least).map(([name, limit]) => ({
    name: `${name}: how many times as fast`,
    value: compared[name]?.ratio,
    limit,
    unit: '×',
    direction: 'at least',
  }));

/** What is read of our records in each variant, in order of less. */
export const READINGS = {
  'all fields as strings': (records: Iterable<LogRecord>): number => {
    let sum = 0;
    for (const record of records) {
      const fields = record.toObject();
      for (const name in fields) sum += fields[name]!.length;
    }
    return sum;
  },
  'one field': (records: Iterable<LogRecord>): number => {
    let sum = 0;
    for (const record of records) sum += record.get('status')!.length;
    return sum;
  },
  'no field': (records: Iterable<LogRecord>): number => {
    let count = 0;
    for (const _ of records) count++;
    return count;
  },
};

/** The i-th line of a web server's log, as a record. */
export const accessLog = (i: number) => ({
  timeMs: 1_767_225_600_000 + i,
  fields: {
    client: `203.0.113.${i % 256}`,
    method: i % 7 === 0 ? 'POST' : 'GET',
    path: `/presentations/logstash-monitorama-2013/images/kibana-dashboard${i}.png`,
    protocol: 'HTTP/1.1',
    status: i % 11 === 0 ? '404' : '200',
    bytes: `${(i * 7919) % 100_000}`,
    referrer: 'http://semicomplete.com/presentations/logstash-monitorama-2013/',
    agent:
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0 Safari/537.36',
    durationMs: `${i % 997}`,
    traceId: (i * 2_654_435_761).toString(16).padStart(32, '0'),
  },
});

function durationMs(work: () => number): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
