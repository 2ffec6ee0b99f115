import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { METRICS } from '../../lib/observe/metricNames.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8');
const [tables = '', alarms = ''] = page.split('## Alarms worth having');
const cellsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
const namesIn = (cell: string): string[] => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name!);

it('the tables of docs/metrics.md have every metric, once, and no others', () => {
  const documented = cellsOf(tables).flatMap(([, name]) => namesIn(name!));
  expect(documented.toSorted()).toEqual(Object.keys(METRICS).toSorted());
});

it('each says what it means, and what to do when it moves', () => {
  for (const [, name, meaning, action] of cellsOf(tables)) {
    expect(meaning?.length, name).toBeGreaterThan(3);
    expect(action?.length, name).toBeGreaterThan(10);
  }
});

it('an alarm is on metrics that there are', () => {
  const named = cellsOf(alarms).flatMap(([, name]) => namesIn(name!));
  expect(Object.keys(METRICS)).toEqual(expect.arrayContaining(named));
  expect(named.length).toBeGreaterThan(10);
});
