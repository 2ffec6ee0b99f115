import { beforeAll, expect, it } from 'vitest';
import { buildFunctions } from '../../build.ts';
import { systemClock as clock } from '../../lib/runtime.ts';
import { runChaos } from './run.ts';

beforeAll(() => buildFunctions());

it('a few rounds of kills, splits, joins and leaves lose nothing and keep every key in order', {
  timeout: 120_000,
}, async () => {
  const { signal } = new AbortController();
  const result = await runChaos({
    source: 'sls',
    rounds: 4,
    seed: 'fast',
    intervalMs: 500,
    clock,
    signal,
    onProgress: () => {},
  });
  expect(result).toMatchObject({ ok: true, problems: [], lost: 0, outOfOrder: 0, damaged: 0 });
  expect(result.kills).toBeGreaterThan(0);
  expect(result.processed).toBe(result.produced + result.duplicates);
});
