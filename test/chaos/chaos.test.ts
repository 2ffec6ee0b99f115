import { expect, it } from 'vitest';
import { systemClock as clock } from '../../lib/runtime.ts';
import { SOURCES } from '../../local/run/services/service.ts';
import { runChaos } from './run.ts';

it.each(SOURCES)(
  'on %s a few rounds of kills, splits, joins and leaves lose nothing and keep every key in order',
  {
    timeout: 120_000,
  },
  async (source) => {
    const { signal } = new AbortController();
    const result = await runChaos({
      source,
      rounds: 2,
      seed: 'real',
      intervalMs: 500,
      lingers: false,
      // Its intervals are too short for more than what it does by itself.
      faultsShare: 0,
      clock,
      signal,
      onProgress: () => {},
    });
    expect(result).toMatchObject({ ok: true, problems: [], lost: 0, outOfOrder: 0, damaged: 0 });
    expect(result.kills).toBeGreaterThan(0);
    expect(result.counted).toBe(result.produced - result.deadLetters);
    expect(result.processed).toBe(result.produced + result.duplicates - result.deadLetters);
  },
);
