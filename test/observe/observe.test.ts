import { describe, expect, it } from 'vitest';
import { StoreError } from '../../lib/errors.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { type Ended, metricsLines, metricsOf } from '../../lib/tick/metrics.ts';
import type { ShardResult, TickResult } from '../../lib/tick/result.ts';

const NOW = Date.UTC(2026, 0, 31);
const CONTEXT = { group: 'orders', now: NOW, by: 'group' } as const;

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

const onlyLine = (ended: Ended): string => {
  const [line, ...others] = metricsLines(ended, CONTEXT);
  expect(others).toEqual([]);
  return line!;
};

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
    const { _aws, ...line } = JSON.parse(onlyLine(ended({ ...tickOf(), outcome })));
    expect(Object.keys(line).filter((name) => name.endsWith('Ticks'))).toEqual([metric]);
    expect(line[metric]).toBe(1);
  });

  it('count one that threw, of which nothing else is known than what was counted until then', () => {
    const line = JSON.parse(onlyLine(ended(undefined, { counted: { tableFailures: 4 } })));
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
    const { _aws, ...line } = JSON.parse(onlyLine(ended(tickOf({ lagMs: 0 }))));
    expect(line).toEqual({
      ...{ event: 'tick.metrics', group: 'orders', slot: 'consumer-0' },
      ...{ ticks: 1, batches: 0, records: 0, bytes: 0, lagMs: 0 },
    });
  });

  it('have beside them what the log service was asked and what it sent, which is no metric and costs nothing', () => {
    const counted = { attempts: 1, sourceRequests: 4, sourceBytes: 1_000 };
    const { _aws, ...line } = JSON.parse(onlyLine(ended(tickOf(), { counted })));
    expect(line).toMatchObject(counted);
    const names = _aws.CloudWatchMetrics[0].Metrics.map(({ Name }: { Name: string }) => Name);
    expect(names).toContain('attempts');
    expect(names).not.toContain('sourceRequests');
    expect(names).not.toContain('sourceBytes');
    expect(metricsOf(ended(tickOf(), { counted }))).not.toHaveProperty('sourceBytes');
  });

  it('are of the shard that is nearest to an end', () => {
    const result = tickOf(
      { lagPositions: 3, retentionLeftMs: 9_000 },
      { lagPositions: 70, retentionLeftMs: -5 },
      {},
    );
    expect(metricsOf(ended(result))).toMatchObject({ lagPositions: 70, retentionLeftMs: -5 });
  });

  it('are those of each shard, too, and by the second, where that is wanted', () => {
    const shards = [
      { shard: '0', records: 3, batches: 1, lagMs: 5 },
      { shard: '1', stopped: 'blocked', lagMs: 70 },
    ] as const;
    const given = { counted: { pullMs: 4 } };
    const lines = metricsLines(ended(tickOf(...shards), given), { ...CONTEXT, by: 'shard' }).map((line) =>
      JSON.parse(line),
    );
    const [group, first, second] = lines;
    expect(lines).toHaveLength(3);
    expect(group).toMatchObject({ records: 3, lagMs: 70, pullMs: 4 });
    expect(group).not.toHaveProperty('shard');
    expect(first).toMatchObject({ group: 'orders', slot: 'consumer-0', shard: '0', records: 3, lagMs: 5 });
    expect(second).toMatchObject({ shard: '1', records: 0, lagMs: 70, blockedShards: 1, failedShards: 1 });
    expect(lines.map(({ _aws }) => _aws.CloudWatchMetrics[0].Dimensions)).toEqual([
      [['group']],
      ...[[['group', 'shard']], [['group', 'shard']]],
    ]);
    for (const { _aws, ...line } of lines) {
      for (const { Name, StorageResolution } of _aws.CloudWatchMetrics[0].Metrics) {
        expect([typeof line[Name], StorageResolution]).toEqual(['number', 1]);
      }
    }
    for (const name of ['ticks', 'pullMs', 'skewMs']) expect(first).not.toHaveProperty(name);
  });

  it('name in the line just the values that it holds, with their units', () => {
    const line = JSON.parse(onlyLine(ended(tickOf({ bytes: 5, lagMs: 9 }))));
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
