import { describe, expect, it } from 'vitest';
import { StoreError } from '../../lib/errors.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { metricsLine, metricsOf } from '../../lib/tick/metrics.ts';
import type { ShardResult, TickResult } from '../../lib/tick/result.ts';

const NOW = Date.UTC(2026, 0, 31);

function tickOf(...shards: Partial<ShardResult>[]): TickResult {
  const idle: ShardResult = {
    shard: '0',
    stopped: 'caughtUp',
    batches: 0,
    bytes: 0,
    cursor: 'c',
    lagMs: undefined,
  };
  return {
    slot: 'consumer-0',
    outcome: 'worked',
    tick: 7,
    generation: 3,
    warm: true,
    planned: false,
    planFailed: false,
    shards: shards.map((shard) => ({ ...idle, ...shard })),
  };
}

describe('the metrics of a tick', () => {
  it('add up its shards, with the lag of the one furthest behind', () => {
    const result = tickOf(
      { batches: 3, bytes: 100, lagMs: 20 },
      { batches: 1, bytes: 11, lagMs: 5_000 },
      { stopped: 'batchFailed' },
      { stopped: 'waiting' },
    );
    expect(metricsOf(result)).toEqual({
      batches: 4,
      bytes: 111,
      deadLetters: 0,
      lagMs: 5_000,
      failedShards: 1,
      waitingShards: 1,
      refusedTicks: 0,
      failedTicks: 0,
      failedPlans: 0,
    });
  });

  it('tell how much was passed over for its age, also when its size is not known', () => {
    const result = tickOf({ expired: { positions: 12 } }, { expired: { positions: undefined } });
    expect(metricsOf(result)).toMatchObject({ expiredPositions: 13 });
  });

  it('count a tick that found its slot taken', () => {
    expect(metricsOf({ ...tickOf(), outcome: 'busy' })).toMatchObject({ refusedTicks: 1 });
  });

  it('count a tick that failed, and a plan', () => {
    const failed = { ...tickOf(), outcome: 'failed', planFailed: true } as const;
    expect(metricsOf(failed)).toMatchObject({ failedTicks: 1, failedPlans: 1, refusedTicks: 0 });
  });

  it('name in the line just the values that it holds, with their units', () => {
    const line = JSON.parse(metricsLine(tickOf({ bytes: 5, lagMs: 9 }), { group: 'orders', now: NOW }));
    const [directive] = line._aws.CloudWatchMetrics;
    expect(line).toMatchObject({
      _aws: { Timestamp: NOW },
      group: 'orders',
      slot: 'consumer-0',
      bytes: 5,
      lagMs: 9,
    });
    expect(directive).toMatchObject({ Namespace: 'Shardbeat', Dimensions: [['group']] });
    expect(directive.Metrics).toContainEqual({ Name: 'lagMs', Unit: 'Milliseconds' });
    for (const { Name } of directive.Metrics) expect(line[Name]).toBeTypeOf('number');
  });
});

describe('the log', () => {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const last = () => JSON.parse(lines.at(-1)!);

  it('is one JSON object a line, with the fields of its logger and of the event', () => {
    createLogger({ level: 'info', write, now: () => NOW, fields: { group: 'orders' } })
      .with({ slot: 'a' })
      .info('shard.claimed', { shard: '0', from: null });
    expect(last()).toEqual({
      time: '2026-01-31T00:00:00.000Z',
      level: 'info',
      event: 'shard.claimed',
      group: 'orders',
      slot: 'a',
      shard: '0',
      from: null,
    });
  });

  it('leaves out what is below its level', () => {
    const logger = createLogger({ level: 'warn', write, now: () => NOW });
    const before = lines.length;
    logger.debug('a');
    logger.info('b');
    expect(lines).toHaveLength(before);
    logger.error('c');
    expect(lines).toHaveLength(before + 1);
  });

  it('writes errors with their name, message, code and cause', () => {
    const cause = new Error('socket hang up');
    const error = new StoreError('no answer', {
      code: 'Timeout',
      outcome: 'unknown',
      retriable: true,
      cause,
    });
    createLogger({ level: 'info', write, now: () => NOW }).error('shard.failed', { error, count: 1n });
    expect(last()).toMatchObject({
      error: {
        name: 'StoreError',
        message: 'no answer',
        code: 'Timeout',
        cause: { message: 'socket hang up' },
      },
      count: '1',
    });
  });
});
