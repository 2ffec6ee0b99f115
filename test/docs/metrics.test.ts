import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ALARM_KINDS, ALARMS } from '../../infra/plugin/alarmKinds.ts';
import { METRICS } from '../../lib/observe/metricNames.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8');
const [tables = '', rest = ''] = page.split('\n## Alarms\n');
const [alarms = ''] = rest.split('\n## ');
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

it('the table of alarms has all that can be turned on, each with its metrics', () => {
  const documented = cellsOf(alarms).map(([, kind, metrics]) => [
    namesIn(kind!)[0],
    namesIn(metrics!).sort(),
  ]);
  const made = ALARM_KINDS.map((kind) => [
    kind,
    ALARMS[kind](0)
      .flatMap(({ metric }) => (metric in METRICS ? [metric] : []))
      .sort(),
  ]);
  expect(documented).toEqual(made);
});
