import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { type Bar, bench, median, ROUNDS, rounded, roundsOf, verdictOf } from '../../bench/support/report.ts';

const BAR: Bar = { name: 'idle writes', value: 10, limit: 11, unit: 'units', direction: 'at most' };

describe('a bar', () => {
  it.each<[verdict: string, bar: Partial<Bar>]>([
    ['met', { value: 11 }],
    ['missed', { value: 11.01 }],
    ['missed', { value: Number.NaN }],
    ['not measured', { value: undefined }],
    ['met', { direction: 'at least', value: 11 }],
    ['missed', { direction: 'at least', value: 10.99 }],
    ['missed', { direction: 'at least', value: Number.NaN }],
  ])('is %s: %j', (verdict, bar) => {
    expect(verdictOf({ ...BAR, ...bar })).toBe(verdict);
  });
});

describe('a bench', () => {
  let printed: string[];
  let out: MockInstance[];
  beforeEach(() => {
    printed = [];
    const keep = (...what: unknown[]): boolean => printed.push(...what.map(String)) > 0;
    const table = (rows: Record<string, unknown>[]): boolean =>
      keep(...rows.map((row) => Object.values(row).join(' | ')));
    out = [
      vi.spyOn(console, 'log').mockImplementation(keep),
      vi.spyOn(console, 'error').mockImplementation(keep),
      vi.spyOn(console, 'table').mockImplementation(table),
      vi.spyOn(process.stdout, 'write').mockImplementation(keep),
    ];
  });
  afterEach(() => {
    for (const spy of out) spy.mockRestore();
  });

  const run = (args: string[], bars: Bar[] = [BAR]): Promise<number> =>
    bench(
      { name: 'thing', summary: 'how fast it is', options: { rounds: ROUNDS } },
      (options) => ({ figures: { rounds: roundsOf(options) }, bars }),
      args,
    );
  const missed: Bar = { ...BAR, name: 'busy writes', value: 12.3456 };
  const absent: Bar = { ...BAR, name: 'beside another', value: undefined };

  it('says nothing of its bars unless it is asked', async () => {
    expect(await run([], [missed])).toBe(0);
    expect(printed).toEqual([]);
  });

  it('prints each bar with its verdict under --check, and fails if one is missed', async () => {
    expect(await run(['--check'], [BAR, missed, absent])).toBe(1);
    expect(printed.slice(1)).toEqual([
      'idle writes | 10 | at most 11 | units | met',
      'busy writes | 12.3 | at most 11 | units | missed',
      'beside another |  | at most 11 | units | not measured',
    ]);
  });

  it('fails for no bar that is met or cannot be measured here', async () => {
    expect(await run(['--check'], [BAR, absent])).toBe(0);
  });

  it('prints all it knows as its last line under --json', async () => {
    expect(await run(['--check', '--json', '--rounds', '3'], [missed])).toBe(1);
    expect(JSON.parse(printed.at(-1)!)).toEqual({
      bench: 'thing',
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      node: process.version,
      cpu: expect.stringMatching(/^\d+ × /),
      figures: { rounds: 3 },
      bars: [{ ...missed, verdict: 'missed' }],
    });
  });

  it.each([
    [['--chekc'], 'there is no such option; --check is one; see --help'],
    [['--rounds', '0'], 'write a whole number from 1 to 10000'],
    [['fast'], 'it takes options only; see --help'],
  ])('refuses %j with the remedy', async (args, remedy) => {
    expect(await run(args)).toBe(2);
    expect(printed.join()).toMatch(new RegExp(`^bench thing: .*${remedy}`));
  });

  it('tells what it measures and what it takes under --help', async () => {
    expect(await run(['--help'])).toBe(0);
    const help = printed.join();
    expect(help).toContain('bench thing: how fast it is\n\n  npm run bench thing -- [options]\n');
    for (const option of ['--rounds N', '--check', '--json', '-h, --help']) expect(help).toContain(option);
  });

  it('does not take a failure for a bar that is missed', async () => {
    const failing = bench(
      { name: 'thing', summary: '', options: {} },
      () => Promise.reject(new Error('no')),
      [],
    );
    await expect(failing).rejects.toThrow('no');
  });
});

describe('figures', () => {
  it('are rounded to what counts', () => {
    expect([12.3456, 0.001234, 12_345.6, 1_000].map(rounded)).toEqual([12.3, 0.00123, 12_346, 1_000]);
  });

  it('have a median that leaves them in order', () => {
    const values = [3, 1, 2];
    expect([median(values), median([4, 1, 3, 2]), values]).toEqual([2, 3, [3, 1, 2]]);
  });
});

describe('npm run bench', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, '../../bench/main.ts'), ...args], {
      encoding: 'utf8',
    });

  it('hands options on, and the exit code back', () => {
    const { status, stdout, stderr } = run('plan', '--rond', '1');
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringMatching(/^bench plan: .*--rond/)]);
  });

  it('names all benches for one that there is not', () => {
    const { status, stderr } = run('stroe');
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^bench: "stroe" .*\bstore\b/)]);
  });
});
