import { describe, expect, it } from 'vitest';
import { createDice } from '../../../local/faults/dice.ts';
import { createFaults } from '../../../local/faults/faults.ts';
import { type HostFault, hostRates } from '../../../local/faults/list.ts';
import type { Invocation } from '../../../local/host/invocation.ts';
import { createPlatform } from '../../../local/host/platform.ts';
import { createPool } from '../../../local/host/pool.ts';
import type { Sandbox } from '../../../local/host/sandbox.ts';
import { createManualClock } from '../../support/clock.ts';
import { letTimePass } from '../../support/letTimePass.ts';

const INTERVAL_MS = 1_000;
const TIMEOUT_MS = 800;
const RUN_MS = 100;

/** One tick after another of a slot, each as long as it takes, where these faults always happen. */
async function ticks(
  count: number,
  always: readonly HostFault[],
  outcome: Invocation['outcome'] = 'answered',
  atOnce = 1,
) {
  const clock = createManualClock(0);
  const rates = { ...hostRates(0), ...Object.fromEntries(always.map((name) => [name, 1])) };
  const faults = createFaults(rates, createDice('seed'));
  const signals: string[] = [];
  const runs: { sandbox: number; atMs: number }[] = [];
  const closed: number[] = [];
  let skipped = 0;
  const names = new Map<Sandbox, number>();
  const pool = createPool(() => {
    const name = names.size;
    const sandbox: Sandbox = {
      load: async () => undefined,
      invoke: async () => ({ outcome: 'killed' }),
      pid: () => undefined,
      send: (signal) => signals.push(signal),
      close: async () => void closed.push(name),
    };
    names.set(sandbox, name);
    return sandbox;
  });
  const tick = createPlatform({
    ...{ intervalMs: INTERVAL_MS, timeoutMs: TIMEOUT_MS, clock, faults },
    signal: new AbortController().signal,
    poolOf: () => pool,
    onSkipped: () => {
      skipped++;
    },
    run: async (_slot, sandbox) => {
      runs.push({ sandbox: names.get(sandbox)!, atMs: clock.now() });
      await clock.sleep(RUN_MS);
      return (outcome === 'answered' ? { outcome, result: {} } : { outcome, error: '' }) as Invocation;
    },
  });
  for (let index = 0; index < count; index++) {
    const due = Promise.all(Array.from({ length: atOnce }, () => tick('consumer-0')));
    await letTimePass(clock, due, { stepMs: 10 });
  }
  return { runs, skipped, signals, closed, counts: faults.counts(), tookMs: clock.now() };
}

const sandboxesOf = ({ runs }: { runs: readonly { sandbox: number }[] }): number[] =>
  runs.map(({ sandbox }) => sandbox);

describe('a tick that the schedule has due', () => {
  it('runs once, in the warm sandbox, where nothing goes wrong', async () => {
    const went = await ticks(3, []);
    expect(sandboxesOf(went)).toEqual([0, 0, 0]);
    expect(went.signals).toEqual([]);
  });

  it('may never come, or come at another moment of its interval', async () => {
    expect((await ticks(3, ['missing'])).runs).toEqual([]);
    const { runs } = await ticks(5, ['late']);
    const lateMs = runs.map(({ atMs }, index) => atMs - (runs[index - 1]?.atMs ?? -RUN_MS) - RUN_MS);
    expect(runs).toHaveLength(5);
    expect(lateMs.every((ms) => ms >= 0 && ms <= INTERVAL_MS + 10)).toBe(true);
    expect(Math.max(...lateMs) - Math.min(...lateMs)).toBeGreaterThan(INTERVAL_MS / 4);
  });

  it('may come twice, and runs in another sandbox while the first one is at work', async () => {
    const went = await ticks(8, ['overlap']);
    expect(went.runs).toHaveLength(16);
    expect(new Set(sandboxesOf(went))).toEqual(new Set([0, 1]));
  });

  it('is left out while the one before still runs', async () => {
    const { runs, skipped } = await ticks(2, [], 'answered', 3);
    expect([runs.length, skipped]).toEqual([2, 4]);
  });

  it('is repeated after one interval and after two more if it was refused or failed, and then no more', async () => {
    const refused = await ticks(1, ['invocationThrottled', 'retry']);
    expect(refused).toMatchObject({ runs: [], counts: { invocationThrottled: 3, retry: 2 } });
    expect(refused.tookMs).toBeGreaterThanOrEqual(3 * INTERVAL_MS);
    const failed = await ticks(1, ['retry'], 'failed');
    expect(failed.runs.map(({ atMs }) => Math.round(atMs / INTERVAL_MS))).toEqual([0, 1, 3]);
    expect((await ticks(1, [], 'failed')).runs).toHaveLength(1);
  });

  it('may get a sandbox that is new, or lose the one that it had; idle ones are not kept without limit', async () => {
    expect(sandboxesOf(await ticks(3, ['thrownAway']))).toEqual([0, 1, 2]);
    expect((await ticks(3, ['thrownAway'])).closed).toEqual([0, 1, 2]);
    const scattered = await ticks(6, ['scatter']);
    expect(sandboxesOf(scattered)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(scattered.closed).toEqual([3, 4, 5]);
  });

  it('may die or stand still in the middle', async () => {
    expect((await ticks(2, ['crash'])).signals).toEqual(['SIGKILL', 'SIGKILL']);
    const { signals, counts } = await ticks(20, ['stall']);
    expect(counts.stall).toBe(20);
    expect(signals).toContain('SIGSTOP');
  });
});
