import { describe, expect, it } from 'vitest';
import { StoreError } from '../../lib/errors.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { type Ended, metricsLine, metricsOf } from '../../lib/tick/metrics.ts';
import type { ShardResult, TickResult } from '../../lib/tick/result.ts';

const NOW = Date.UTC(2026, 0, 31);
const CONTEXT = { group: 'orders', now: NOW };

function tickOf(...shards: Partial<ShardResult>[]): TickResult {
  const idle: ShardResult = {
    shard: '0',
    stopped: 'caughtUp',
    batches: 0,
    records: 0,
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

const ended = (result: TickResult | undefined, more: Partial<Ended> = {}): Ended => ({
  slot: 'consumer-0',
  result,
  counted: {},
  skewMs: 0,
  ...more,
});

describe('the metrics of a tick', () => {
  it('add up its shards, with the lag of the one furthest behind', () => {
    const result = tickOf(
      { batches: 3, records: 30, bytes: 100, lagMs: 20 },
      { batches: 1, records: 2, bytes: 11, lagMs: 5_000, deadLetters: 2 },
      { stopped: 'batchFailed' },
      { stopped: 'blocked' },
      { stopped: 'waiting' },
    );
    expect(metricsOf(ended(result))).toEqual({
      ticks: 1,
      ...{ thrownTicks: 0, pausedTicks: 0, busyTicks: 0, disagreeingTicks: 0, failedTicks: 0 },
      ...{ batches: 4, records: 32, bytes: 111, lagMs: 5_000 },
      ...{ deadLetters: 2, failedShards: 2, blockedShards: 1, waitingShards: 1, failedPlans: 0 },
      skewMs: 0,
    });
  });

  it('tell how much was passed over for its age, also when its size is not known', () => {
    const result = tickOf({ expired: { positions: 12 } }, { expired: { positions: undefined } });
    expect(metricsOf(ended(result))).toMatchObject({ expiredPositions: 13 });
  });

  it.each([
    ['busy', 'busyTicks'],
    ['paused', 'pausedTicks'],
    ['disagrees', 'disagreeingTicks'],
    ['failed', 'failedTicks'],
  ] as const)('count one whose outcome was %s as one of %s', (outcome, metric) => {
    const { _aws, ...line } = JSON.parse(metricsLine(ended({ ...tickOf(), outcome }), CONTEXT));
    expect(Object.keys(line).filter((name) => name.endsWith('Ticks'))).toEqual([metric]);
    expect(line[metric]).toBe(1);
  });

  it('count one that threw, of which nothing else is known than what was counted until then', () => {
    const line = JSON.parse(metricsLine(ended(undefined, { counted: { tableFailures: 4 } }), CONTEXT));
    expect(line).toMatchObject({ slot: 'consumer-0', ticks: 1, thrownTicks: 1, tableFailures: 4 });
    expect(line).not.toHaveProperty('batches');
  });

  it('count a plan that failed', () => {
    expect(metricsOf(ended({ ...tickOf(), planFailed: true }))).toMatchObject({ failedPlans: 1 });
  });

  it('tell of a skew how large it is, and of what nobody looked at nothing', () => {
    expect(metricsOf(ended(tickOf(), { skewMs: -1_234.4 })).skewMs).toBe(1_234);
    const { unassignedShards, silentSlots, lagMs } = metricsOf(ended(tickOf()));
    expect([unassignedShards, silentSlots, lagMs]).toEqual([undefined, undefined, undefined]);
  });

  it('leave out in the line what is zero, unless its silence would say something', () => {
    const { _aws, ...line } = JSON.parse(metricsLine(ended(tickOf({ lagMs: 0 })), CONTEXT));
    expect(line).toEqual({
      ...{ event: 'tick.metrics', group: 'orders', slot: 'consumer-0' },
      ...{ ticks: 1, batches: 0, records: 0, bytes: 0, lagMs: 0 },
    });
  });

  it('name in the line just the values that it holds, with their units', () => {
    const line = JSON.parse(metricsLine(ended(tickOf({ bytes: 5, lagMs: 9 })), CONTEXT));
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
