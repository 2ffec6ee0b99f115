import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createDice } from '../../local/faults/dice.ts';
import { MUTANTS } from './mutants.ts';
import { patched } from './patch.ts';
import { runSeeds } from './pool.ts';
import { createScheduler } from './scheduler.ts';
import { runSeed } from './world.ts';

const NOTHING_LEFT_OUT = { mutant: undefined, overrides: {} };

describe('simulation', () => {
  it('finds nothing in a few dozen seeds', async () => {
    const results = await runSeeds({ from: 1, count: 60, untilFailure: false }, NOTHING_LEFT_OUT);
    expect(results.map(({ seed }) => seed)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
    expect(results.filter(({ violation }) => violation !== undefined)).toEqual([]);
  });

  it('is not idle: records are processed and refused, runs die, shards change hands, and some records are given up', async () => {
    const traces: string[] = [];
    for (let seed = 1; seed <= 40; seed++) traces.push(...(await runSeed(seed, {}, true)).trace);
    const told = [
      /process .* → succeeded/,
      /process .* → failed/,
      /process .* → named/,
      /process .* → timedOut/,
      / exits$/,
      /killed at its deadline/,
      /dead letter .* → kept/,
      /sink .* is down/,
      /shard\.claimed/,
      /, folded$/,
      /, answers \d+ rings/,
      /is rung/,
    ];
    for (const line of told) expect(traces.some((text) => line.test(text))).toBe(true);
  });

  it.each([3, 11, 20])('replays seed %i to the same trace', async (seed) => {
    const first = await runSeed(seed, {}, true);
    const second = await runSeed(seed, {}, true);
    expect(first.trace.length).toBeGreaterThan(100);
    expect(second.trace).toEqual(first.trace);
    // Watching must not change what happens.
    const unwatched = await runSeed(seed, {}, false);
    expect(unwatched.restAfter).toBe(first.restAfter);
  });

  it.each([
    'checkpoint before process',
    'no slot lock',
    'cache trusted after a foreign tick',
    'given back while something is left behind',
  ])('notices the mutant "%s"', async (mutant) => {
    const seeds = { from: 1, count: 200, untilFailure: true };
    const results = await runSeeds(seeds, { mutant, overrides: {} });
    expect(results.some(({ violation }) => violation !== undefined)).toBe(true);
  });

  it('finds the text of every mutant exactly once', () => {
    for (const { name, patches } of MUTANTS) {
      for (const patch of patches) {
        const source = readFileSync(new URL(`../../lib/${patch.file}`, import.meta.url), 'utf8');
        expect(patched(name, patch, source)).not.toBe(source);
      }
    }
  });
});

describe('scheduler', () => {
  it('runs events in order of time, and those of one moment in an order of its own', async () => {
    const orders = await Promise.all(
      Array.from({ length: 20 }, async (_, seed) => {
        const scheduler = createScheduler(0, createDice(`ties ${seed}`));
        const seen: string[] = [];
        for (const name of ['a', 'b']) scheduler.at(10, () => seen.push(name));
        scheduler.at(5, () => seen.push('first'));
        await scheduler.run(20, () => false);
        return seen.join(' ');
      }),
    );
    expect(new Set(orders)).toEqual(new Set(['first a b', 'first b a']));
  });
});
