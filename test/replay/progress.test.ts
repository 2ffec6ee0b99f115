import { describe, expect, it } from 'vitest';
import { createPace } from '../../lib/replay/pace.ts';
import { createProgress } from '../../lib/replay/progress.ts';
import type { ReplayStanding, ReplayTurned } from '../../lib/replay/replay.ts';
import { createManualClock } from '../support/clock.ts';

const FROM = 1_000;
const begun = {
  ...{ begun: true as const, group: 'orders', table: 'shardbeat', unit: 'log groups', patienceMs: 1_000 },
  shards: ['0', '1'].map((shard) => ({ shard, from: 'a', to: 'b', positions: 10 })),
};
const standing = (shard: string, more: Partial<ReplayStanding> = {}): ReplayStanding => ({
  ...{ shard, state: 'open', parents: [], left: 10 },
  ...more,
});
const turned = (...shards: ReplayStanding[]): ReplayTurned => ({
  ...{ outcome: 'worked', batches: 0, records: 0, bytes: 0, expired: 0, errors: [] },
  shards,
});
const failing = { attempts: 1, message: 'Error: no', notBefore: undefined };
const started = () => {
  const clock = createManualClock();
  return { clock, progress: createProgress({ id: 'some', from: FROM, to: 9_000 }, begun, clock) };
};

describe('how far a replay has come', () => {
  it('is where to go on: before that, nothing is left in any shard', () => {
    const { progress } = started();
    expect(progress.goOnFrom()).toBe(FROM);
    progress.took(turned(standing('0', { left: 5, at: 3_000 }), standing('1')));
    expect(progress.goOnFrom()).toBe(FROM);
    progress.took(turned(standing('0', { left: 5 }), standing('1', { state: 'done', left: 0 })));
    expect(progress.goOnFrom()).toBe(3_000);
  });

  it('does not go back by the answer of a run that ended earlier', () => {
    const { progress } = started();
    progress.took(turned(standing('0', { state: 'done', left: 0 }), standing('1')));
    progress.took(turned(standing('0', { left: 4 }), standing('1', { state: 'done', left: 0 })));
    expect(progress.isOver()).toBe(true);
    expect(progress.now().share).toBe(1);
  });

  it('is stuck once all that is left has failed for long enough, or may not be given up', () => {
    const { progress, clock } = started();
    const stuck = standing('0', { failing: { ...failing, stuck: 1 } });
    const child = standing('1', { parents: ['0'] });
    progress.took(turned(stuck, child));
    expect(progress.isStuck(1_000)).toBe(false);
    clock.advance(1_001);
    expect(progress.isStuck(1_000)).toBe(true);
    progress.took(turned(stuck, standing('1')));
    expect(progress.isStuck(1_000)).toBe(false);
    progress.took(turned(standing('0', { failing: { ...failing, blocked: true } }), child));
    expect(progress.isStuck(1_000_000)).toBe(true);
  });
});

it('a replay that gets on waits for nothing; one that does not waits longer each time, until what failed is due', async () => {
  const waited: number[] = [];
  const sleep = async (durationMs: number) => void waited.push(durationMs);
  const pace = createPace({ ...createManualClock(), sleep });
  const { signal } = new AbortController();
  const after = (gotOn: boolean, notBefore?: number) =>
    pace.after(turned(standing('0', { failing: { ...failing, notBefore } })), gotOn, 10_000, signal);
  for (const gotOn of [false, false, false, true, false]) await after(gotOn);
  expect(waited).toEqual([200, 400, 800, 200]);
  await after(false, 10_250);
  expect(waited.at(-1)).toBe(250);
  for (let turn = 0; turn < 9; turn++) await after(false);
  expect(waited.at(-1)).toBe(5_000);
});
