import { describe, expect, it } from 'vitest';
import { createActions } from '../../../cli/console/actions.ts';
import { redriveByNobody } from '../../../cli/console/redriver.ts';
import { SettingsError, ShardbeatError } from '../../../lib/errors.ts';
import type { OpenGroup, RedriveResult } from '../../../lib/operations.ts';

const { signal } = new AbortController();

describe('pausing and resuming', () => {
  const actionsOf = (status: string) => {
    const calls: unknown[] = [];
    const shards = [
      { shard: '0', state: 'open' },
      { shard: '1', state: 'open', paused: true },
      { shard: '2', state: 'done', paused: true },
      { shard: '3', state: 'closing', paused: true },
    ];
    const group = {
      describe: async () => ({ status, shards }),
      pause: async ({ shard }: { shard?: string }) => void calls.push(['pause', shard]),
      resume: async ({ shard }: { shard?: string }) => void calls.push(['resume', shard]),
    };
    return { calls, ...createActions(group as unknown as OpenGroup, redriveByNobody('no'), signal) };
  };

  it('of a group that is not there is refused, and writes nothing', async () => {
    const { pause, resume, calls } = actionsOf('absent');
    for (const act of [pause, resume]) {
      await expect(act({})).rejects.toMatchObject({
        status: 409,
        message: expect.stringMatching(/no such group/),
      });
    }
    expect(calls).toEqual([]);
  });

  it('a group tells which shards stay paused by themselves, of those that are not done', async () => {
    const { pause, resume, calls } = actionsOf('paused');
    expect(await resume({})).toEqual({ done: 'resumed', stillPaused: ['1', '3'] });
    expect(await resume({ shard: '1' })).toEqual({ done: 'resumed', stillPaused: [] });
    expect(await pause({})).toEqual({ done: 'paused', stillPaused: [] });
    expect(calls).toEqual([
      ['resume', undefined],
      ['resume', '1'],
      ['pause', undefined],
    ]);
  });
});

describe('a redrive of one letter that fails again', () => {
  const redriver = { by: {}, redrive: async () => ({ redriven: 0, failed: 1, skipped: 0 }) as RedriveResult };
  const redrive = (error: Error) => {
    const group = {
      // biome-ignore lint/correctness/useYield: it fails before it has any.
      async *deadLetters() {
        throw error;
      },
    };
    return createActions(group as unknown as OpenGroup, redriver, signal).redrive({ id: '0/7/0' });
  };

  it('is told without what was thrown where nobody here can read the letters; what else fails is told', async () => {
    const elsewhere = new SettingsError('--dead-letters', undefined, 'say where they are');
    expect(await redrive(elsewhere)).toEqual({ redriven: 0, failed: 1, skipped: 0 });
    await expect(redrive(new ShardbeatError('the table is away', { retriable: true }))).rejects.toThrow(
      'away',
    );
  });
});
