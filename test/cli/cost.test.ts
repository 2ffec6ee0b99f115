import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cost } from '../../cli/commands/cost.ts';
import { billOf } from '../../cli/cost/bill.ts';
import { readMeasured } from '../../cli/cost/measured.ts';
import { pricesOf, withPrices } from '../../cli/cost/prices.ts';
import { type GroupFacts, unitsOfRound } from '../../cli/cost/usage.ts';
import { runCommandLine } from '../../cli/run.ts';
import { createWorld } from './world.ts';

const directory = mkdtempSync(join(tmpdir(), 'cost-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function typed(line: string) {
  const world = createWorld({ directory });
  const code = await runCommandLine([{ heading: 'It', commands: [cost] }], line.split(' '), world);
  return { code, out: world.written(), said: world.said() };
}

/** 730 hours are 43,800 minutes. */
const FACTS: GroupFacts = {
  service: 'sls',
  slots: 2,
  shards: 10,
  intervalMs: 60_000,
  memoryMb: 512,
  tickMs: 1_000,
  bytesOfDay: 60e9,
  compressed: 0.2,
  passes: undefined,
  units: undefined,
  requests: undefined,
};
const PRICES = pricesOf('sls', 'arm64');

const amountsOf = (facts: Partial<GroupFacts>) =>
  Object.fromEntries(
    billOf({ ...FACTS, ...facts }, PRICES, { free: false }).lines.map(({ name, amount }) => [name, amount]),
  );
const costsOf = (...[facts, prices, options]: Parameters<typeof billOf>) =>
  Object.fromEntries(billOf(facts, prices, options).lines.map(({ name, usd }) => [name, usd]));

describe('what a group uses in a month', () => {
  it('follows from what it is', () => {
    expect(amountsOf({})).toEqual({
      lambdaTime: 43_800,
      lambdaRequests: 87_600,
      schedules: 87_600,
      writeUnits: 12.7 * 43_800,
      readUnits: 1.25 * 43_800,
      metrics: 12,
      requests: 20 * 43_800,
      reading: 365,
      egress: 365,
    });
  });

  it('is a fifth at an interval of five minutes, but for what is billed by the month and the byte', () => {
    const { metrics, reading, egress, ...rest } = amountsOf({ intervalMs: 300_000 });
    const often = amountsOf({});
    expect([metrics, reading, egress]).toEqual([12, 365, 365]);
    for (const [name, amount] of Object.entries(rest)) expect(amount).toBeCloseTo(often[name]! / 5);
  });

  it('has the units that were measured', () => {
    expect(amountsOf({ units: { write: 3, read: 0.5 }, requests: 5 })).toMatchObject({
      requests: 5 * 87_600,
      writeUnits: 3 * 87_600,
      readUnits: 0.5 * 87_600,
    });
  });

  it('is not known where nobody says how long a tick takes, or how much comes', () => {
    const bill = billOf({ ...FACTS, tickMs: undefined, bytesOfDay: undefined }, PRICES, { free: false });
    const unknown = bill.lines.filter(({ usd }) => usd === undefined);
    expect(unknown.map(({ name, formula }) => [name, formula])).toEqual([
      ['lambdaTime', 'not known: give --tick-ms, or --measured'],
      ['reading', 'not known: give --gb-per-day, or --measured'],
      ['egress', 'not known: give --gb-per-day, or --measured'],
    ]);
    expect(bill.total.atLeast).toBe(true);
    expect(bill.total.usd).toBeGreaterThan(0);
  });

  it('is estimated as it was measured, and rather too high than too low', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const rows = [...readme.matchAll(/^\| ([\d,]+) × ([\d,]+) +\| +([\d.]+) \| +([\d.]+) \|/gm)].map((row) =>
      row.slice(1).map((text) => Number(text.replace(',', ''))),
    );
    expect(rows).toHaveLength(4);
    for (const [shards = 0, slots = 0, idleWrites = 0, reads = 0] of rows) {
      const estimate = unitsOfRound({ slots, shards });
      for (const [estimated, measured] of [
        [estimate.write - shards, idleWrites],
        [estimate.read, reads],
      ] as const) {
        expect(estimated / measured).toBeGreaterThanOrEqual(0.99);
        expect(estimated / measured).toBeLessThan(1.3);
      }
    }
  });
});

describe('what that costs', () => {
  it('is amount times price, by part and in all', () => {
    const bill = billOf(FACTS, PRICES, { free: false });
    const costs = costsOf(FACTS, PRICES, { free: false });
    expect(costs.lambdaTime).toBeCloseTo(43_800 * 0.0000133334);
    expect(costs.writeUnits).toBeCloseTo(12.7 * 0.0438 * 0.625);
    expect(costs.egress).toBeCloseTo(73);
    expect(bill.total.usd).toBeCloseTo(Object.values(costs).reduce((sum: number, usd) => sum + usd!, 0));
    expect(bill.total.atLeast).toBe(false);
  });

  it('is less by what AWS gives each account, if that is asked for, and never below nothing', () => {
    const few = costsOf(FACTS, PRICES, { free: true });
    expect([few.lambdaTime, few.lambdaRequests, few.schedules]).toEqual([0, 0, 0]);
    expect(few.metrics).toBeCloseTo(2 * 0.3);
    const many = costsOf({ ...FACTS, slots: 400 }, PRICES, { free: true });
    expect(many.schedules).toBeCloseTo(17.52 - 14);
  });

  it('compares what is transferred as it is, compressed, and filtered', () => {
    const { transfers } = billOf({ ...FACTS, passes: 0.1 }, PRICES, { free: false });
    expect(transfers.map(({ how, gb, usd }) => [how, Math.round(gb! * 10), Math.round(usd! * 100)])).toEqual([
      ['as it is', 18_250, 44_713],
      ['zstd', 3_650, 8_943],
      ['zstd and SPL', 365, 894],
    ]);
  });

  it('does not know what SLS takes for a filter', () => {
    const bill = billOf({ ...FACTS, passes: 0.1 }, PRICES, { free: false });
    expect(bill.lines.at(-1)).toMatchObject({ name: 'filter', amount: 1_825, usd: undefined });
    expect(bill.total.atLeast).toBe(true);
  });
});

describe('prices', () => {
  it('have a source each', () => {
    for (const service of ['sls', 'cls'] as const) {
      for (const price of Object.values(pricesOf(service, 'x86_64'))) expect(price.source).not.toBe('');
    }
  });

  it('may be given', () => {
    const { egress, requests } = withPrices(PRICES, ['egress=0.12', 'filter=0.01']);
    expect(egress).toMatchObject({ usd: 0.12, source: 'as given', asOf: undefined });
    expect(requests).toBe(PRICES.requests);
  });

  it.each([
    ['egres=1', '--price: "egres" cannot be used: egress is one'],
    ['egress', '--price: "egress" cannot be used: write a name and US dollars, such as egress=0.12'],
    ['egress=-1', '--price: "egress=-1" cannot be used: write a name and US dollars, such as egress=0.12'],
  ])('are refused where they cannot be understood: %s', (text, message) => {
    expect(() => withPrices(PRICES, [text])).toThrow(message);
  });
});

const metricsLine = (at: number, more: object = {}) =>
  `2026-01-01T00:00:00Z\t${JSON.stringify({
    _aws: { Timestamp: at },
    event: 'tick.metrics',
    group: 'g',
    bytes: 1_000,
    writeUnits: 2,
    ...more,
  })}`;

const read = (text: string) => readMeasured(text, 'file.log');

describe('what was measured', () => {
  it('is the units of a tick of a local run, and not its haste', () => {
    const summary = JSON.stringify({
      ticks: 10,
      seconds: 3,
      dynamodb: { requests: 50, writeUnits: 30, readUnits: 5 },
      logService: { requests: 80, bytes: 1_000, rawBytes: 4_000 },
    });
    expect(read(summary)).toEqual({
      ticks: 10,
      units: { write: 3, read: 0.5 },
      requests: 8,
      compressed: 0.25,
      tickMs: undefined,
      memoryMb: undefined,
      bytesOfDay: undefined,
    });
  });

  it('is the time, the units and the bytes of a deployed function, by its log', () => {
    const log = [
      metricsLine(0),
      metricsLine(0, { shard: '0', bytes: 1_000 }),
      'REPORT RequestId: 1\tDuration: 90.1 ms\tBilled Duration: 100 ms\tMemory Size: 256 MB\tMax Memory Used: 90 MB',
      metricsLine(3_600_000, { readUnits: 1, sourceRequests: 6, sourceBytes: 500 }),
      '{"type":"platform.report","record":{"metrics":{"billedDurationMs":300,"memorySizeMB":256}}}',
      'something else {"_aws":',
    ].join('\n');
    expect(read(log)).toEqual({
      ticks: 2,
      units: { write: 2, read: 0.5 },
      requests: 3,
      compressed: 0.25,
      tickMs: 200,
      memoryMb: 256,
      bytesOfDay: 48_000,
    });
  });

  it('is not known where nobody told it', () => {
    const { requests, compressed } = read(metricsLine(0));
    expect([requests, compressed]).toEqual([undefined, undefined]);
    const earlier = JSON.stringify({ ticks: 1, dynamodb: { writeUnits: 1, readUnits: 1 } });
    expect(read(earlier)).toMatchObject({ requests: undefined, compressed: undefined });
    const idle = JSON.stringify({
      ...JSON.parse(earlier),
      logService: { requests: 4, bytes: 9, rawBytes: 0 },
    });
    expect(read(idle)).toMatchObject({ requests: 4, compressed: undefined });
  });

  it('tells nothing of a day by a few ticks', () => {
    expect(read(`${metricsLine(0)}\n${metricsLine(60_000)}`).bytesOfDay).toBeUndefined();
  });

  it.each(['', 'hello', '{"ticks":0}', '{"ticks":3}'])(
    'is refused where there is nothing in it: %s',
    (text) => {
      expect(() => read(text)).toThrow('--measured: "file.log" cannot be used: it must be what');
    },
  );
});

describe('shardbeat cost', () => {
  it('shows the parts, the total and where each is from', async () => {
    const { code, out } = await typed('cost --shards 10 --slots 2 --tick-ms 1000 --gb-per-day 60');
    expect(code).toBe(0);
    expect(out).toContain('2 slots, 10 shards, interval 1m, 512 MB');
    expect(out).toMatch(/^SLS egress +365 +0\.2 for GB +egress +73\.00$/m);
    expect(out).toMatch(/^9\d\.\d\d US dollars a month/m);
    expect(out).toMatch(/^Lambda time: ticks × .*; 2026-09\)$/m);
  });

  it('says that a total is a least one', async () => {
    expect((await typed('cost')).out).toMatch(/^at least \d/m);
  });

  it('takes what was measured, but for what is given', async () => {
    writeFileSync(
      join(directory, 'log'),
      `${metricsLine(0, { sourceRequests: 4, sourceBytes: 300 })}\nREPORT Billed Duration: 100 ms\tMemory Size: 256 MB\n`,
    );
    const { out } = await typed('cost --measured log --json --memory 1024');
    expect(JSON.parse(out).facts).toMatchObject({
      tickMs: 100,
      memoryMb: 1_024,
      units: { write: 2, read: 0 },
      requests: 4,
      compressed: 0.3,
    });
    expect(
      JSON.parse((await typed('cost --measured log --json --compressed 0.1')).out).facts.compressed,
    ).toBe(0.1);
    expect(JSON.parse((await typed('cost --measured log --json --tick-ms 7')).out).facts).toMatchObject({
      tickMs: 7,
      memoryMb: 256,
    });
  });

  it.each([
    ['cost --interval 1d', '--interval: '],
    ['cost --slots 0', '--slots: "0" cannot be used: write a whole number from 1 to 400'],
    ['cost --passes 2', '--passes: "2" cannot be used: write a number from 0 to 1'],
    ['cost --measured none', '--measured: "none" cannot be used: it cannot be read: '],
  ])('refuses what cannot be used: %s', async (line, message) => {
    const { code, said } = await typed(line);
    expect(code).toBe(2);
    expect(said).toContain(message);
  });

  it('has CLS with prices of its own', async () => {
    const { out } = await typed('cost --source cls --gb-per-day 10');
    expect(out).toMatch(/^CLS egress +152 +0\.141 for GB/m);
    expect(out).toMatch(/^snappy /m);
  });
});
