import { describe, expect, it } from 'vitest';
import { createLifecycle, type Stand } from '../../lib/delivery/lifecycle.ts';
import type { ShardFunctions } from '../../lib/delivery/userModule.ts';
import { contextOf } from '../../lib/testing.ts';
import { HOSTILE } from '../support/hostile.ts';

const at = (cursor: string, epoch = 1, step?: number): Stand => ({ cursor, epoch, step });

/** A sandbox, and what its module was told. */
function createSandbox(functions?: ShardFunctions) {
  const told: string[] = [];
  const lifecycle = createLifecycle(
    functions ?? {
      start: async (shard) => void told.push(`start ${shard}`),
      stop: async (shard, why) => void told.push(`stop ${shard} ${why}`),
    },
  );
  const context = contextOf();
  return {
    told: () => told.splice(0),
    context,
    lifecycle,
    /** A tick: what is assigned, and for each of those how it stands and is left. */
    async tick(slot: string, shards: Record<string, [Stand, Stand | 'lost' | 'done' | undefined]>) {
      await lifecycle.assigned(slot, Object.keys(shards), 'lost', context);
      for (const [shard, [stand, left]] of Object.entries(shards)) {
        await lifecycle.found(slot, shard, stand, context);
        await lifecycle.begun(slot, shard, stand, context);
        await lifecycle.ended(slot, shard, left, context);
      }
      return told.splice(0);
    },
  };
}

describe('a shard that a sandbox', () => {
  it('gains is started once, and goes on while nobody else has read in it', async () => {
    const { tick } = createSandbox();
    expect(await tick('a', { 0: [at('5'), at('7')] })).toEqual(['start 0']);
    expect(await tick('a', { 0: [at('7'), at('7', 1, 2)] })).toEqual([]);
    expect(await tick('a', { 0: [at('7', 1, 2), at('9')], 1: [at('0'), at('0')] })).toEqual(['start 1']);
    expect(await tick('a', { 0: [at('9'), at('9')], 1: [at('0'), at('0')] })).toEqual([]);
  });

  it.each<[string, Stand]>([
    ['read on in it', at('8')],
    ['done a part of what is pending', at('7', 1, 3)],
    ['had it meanwhile', at('7', 2)],
  ])('finds elsewhere than it left it was lost: another one has %s', async (_what, found) => {
    const { tick } = createSandbox();
    await tick('a', { 0: [at('5'), at('7')] });
    expect(await tick('a', { 0: [found, found] })).toEqual(['stop 0 lost', 'start 0']);
    expect(await tick('a', { 0: [found, found] })).toEqual([]);
  });

  it('is assigned no longer is stopped, before others begin', async () => {
    const { tick } = createSandbox();
    await tick('a', { 0: [at('5'), at('7')], 1: [at('0'), at('1')] });
    expect(await tick('a', { 1: [at('1'), at('1')], 2: [at('0'), at('0')] })).toEqual([
      'stop 0 lost',
      'start 2',
    ]);
    expect(await tick('a', {})).toEqual(['stop 1 lost', 'stop 2 lost']);
    expect(await tick('a', {})).toEqual([]);
  });

  it('loses or reads to its end is stopped at once, and only once', async () => {
    const { tick } = createSandbox();
    expect(await tick('a', { 0: [at('5'), 'lost'], 1: [at('5'), 'done'] })).toEqual([
      'start 0',
      'stop 0 lost',
      'start 1',
      'stop 1 done',
    ]);
    expect(await tick('a', {})).toEqual([]);
    expect(await tick('a', { 0: [at('5', 3), at('5', 3)] })).toEqual(['start 0']);
  });

  it('has no batch of is not started, and what it has begun it may be told again', async () => {
    const { lifecycle, context, told } = createSandbox();
    await lifecycle.found('a', '0', at('5'), context);
    await lifecycle.ended('a', '0', at('5'), context);
    expect(told()).toEqual([]);
    await lifecycle.found('a', '0', at('5'), context);
    await lifecycle.begun('a', '0', at('5'), context);
    await lifecycle.begun('a', '0', at('5'), context);
    await lifecycle.ended('a', '0', at('7'), context);
    expect(told()).toEqual(['start 0']);
    // Somebody else has read on, and there is nothing new.
    await lifecycle.found('a', '0', at('9'), context);
    await lifecycle.ended('a', '0', at('9'), context);
    expect(told()).toEqual(['stop 0 lost']);
  });

  it('is not sure of goes on if it stands where it was known to', async () => {
    const { tick } = createSandbox();
    await tick('a', { 0: [at('5'), undefined] });
    expect(await tick('a', { 0: [at('5'), undefined] })).toEqual([]);
    expect(await tick('a', { 0: [at('6'), at('6')] })).toEqual(['stop 0 lost', 'start 0']);
  });

  it('has under another slot is stopped as the first one’s, and the second one keeps it', async () => {
    const { tick, lifecycle, context, told } = createSandbox();
    await tick('a', { 0: [at('5'), at('7')] });
    expect(await tick('b', { 0: [at('7', 2), at('8', 2)] })).toEqual(['stop 0 lost', 'start 0']);
    expect(await tick('a', {})).toEqual([]);
    await lifecycle.ended('a', '0', 'lost', context);
    await lifecycle.ended('a', '0', at('7'), context);
    expect(told()).toEqual([]);
    expect(await tick('b', { 0: [at('8', 2), at('8', 2)] })).toEqual([]);
  });

  it('hands off with all others is drained', async () => {
    const { tick, lifecycle, context, told } = createSandbox();
    await tick('a', { 0: [at('5'), at('7')] });
    await lifecycle.assigned('a', [], 'drained', context);
    expect(told()).toEqual(['stop 0 drained']);
  });

  it('works on may change what it has told', async () => {
    const { tick } = createSandbox();
    const stand = { ...at('5') };
    await tick('a', { 0: [at('1'), stand] });
    stand.cursor = '99';
    expect(await tick('a', { 0: [at('5'), at('5')] })).toEqual([]);
  });
});

describe('the functions', () => {
  it('may be missing, one or both', async () => {
    const told: string[] = [];
    const start = (shard: string): void => void told.push(`start ${shard}`);
    const stop = (shard: string): void => void told.push(`stop ${shard}`);
    for (const functions of [{}, { start }, { stop }]) {
      const { tick } = createSandbox(functions);
      await tick('a', { 0: [at('5'), at('7')] });
      await tick('a', { 0: [at('9'), 'done'] });
    }
    expect(told).toEqual(['start 0', 'start 0', 'stop 0', 'stop 0']);
  });

  it('are given what a batch comes with, and a logger that names the shard', async () => {
    const { tick, context } = createSandbox({
      start: (_shard, { logger, remainingMs, signal }) =>
        logger.info('started', { left: remainingMs(), isOver: signal.aborted }),
    });
    await tick('a', { 7: [at('5'), at('7')] });
    expect(context.logged).toEqual([
      { level: 'info', event: 'started', shard: '7', left: 30_000, isOver: false },
    ]);
  });

  it.each(Object.entries(HOSTILE))('may throw %s: it is logged, and harms nothing', async (_name, make) => {
    const { tick, context } = createSandbox({
      start() {
        throw make();
      },
      stop: async () => {
        throw make();
      },
    });
    await tick('a', { 0: [at('5'), 'done'] });
    expect(context.logged.map(({ level, event, shard, why }) => [level, event, shard, why])).toEqual([
      ['error', 'shard.startFailed', '0', undefined],
      ['error', 'shard.stopFailed', '0', 'done'],
    ]);
  });

  it('are not waited for when the time is over, nor called after that', async () => {
    const ended = new AbortController();
    const told: string[] = [];
    const lifecycle = createLifecycle({
      start: (shard) => {
        told.push(`start ${shard}`);
        return shard === '0' ? new Promise<void>(() => {}) : undefined;
      },
      stop: (shard, why) => void told.push(`stop ${shard} ${why}`),
    });
    const context = contextOf({ signal: ended.signal });
    const begun = lifecycle.begun('a', '0', at('5'), context);
    ended.abort(new Error('the time is over'));
    await begun;
    expect(context.logged).toMatchObject([
      { event: 'shard.startFailed', shard: '0', error: { message: 'the time is over' } },
    ]);
    await lifecycle.begun('a', '1', at('5'), context);
    await lifecycle.ended('a', '0', 'lost', context);
    await lifecycle.assigned('a', [], 'lost', context);
    expect(told).toEqual(['start 0']);
    // In the next tick there is time again.
    await lifecycle.assigned('a', [], 'lost', contextOf());
    expect(told).toEqual(['start 0', 'stop 0 lost']);
  });
});
