import { isFailed, type TickResult } from './result.ts';

/** Name in the answer → unit in CloudWatch. Few, and by group only: each one is billed by the month. */
const UNITS = {
  batches: 'Count',
  bytes: 'Bytes',
  deadLetters: 'Count',
  lagMs: 'Milliseconds',
  failedShards: 'Count',
  waitingShards: 'Count',
  unassignedShards: 'Count',
  expiredPositions: 'Count',
  refusedTicks: 'Count',
  failedTicks: 'Count',
  failedPlans: 'Count',
} as const;

type Metric = keyof typeof UNITS;

/**
 * One tick's metrics as a log line in CloudWatch's embedded metric format, so that they need no request of their own.
 * `lagMs` is that of the shard furthest behind. Source: CloudWatch user guide, "Embedded metric format specification".
 */
export function metricsLine(result: TickResult, context: { group: string; now: number }): string {
  const metrics = metricsOf(result);
  return JSON.stringify({
    _aws: {
      Timestamp: context.now,
      CloudWatchMetrics: [
        {
          Namespace: 'Shardbeat',
          Dimensions: [['group']],
          Metrics: Object.keys(metrics).map((name) => ({ Name: name, Unit: UNITS[name as Metric] })),
        },
      ],
    },
    event: 'tick.metrics',
    group: context.group,
    slot: result.slot,
    ...metrics,
  });
}

/** Absent: not known in this tick. */
export function metricsOf(result: TickResult): Partial<Record<Metric, number>> {
  const { outcome, planFailed, unassignedShards, shards } = result;
  const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);
  const lags = shards.flatMap(({ lagMs }) => (lagMs === undefined ? [] : [lagMs]));
  const expired = shards.flatMap((shard) => (shard.expired === undefined ? [] : [shard.expired.positions]));
  return {
    batches: sum(shards.map(({ batches }) => batches)),
    bytes: sum(shards.map(({ bytes }) => bytes)),
    deadLetters: sum(shards.map(({ deadLetters = 0 }) => deadLetters)),
    ...(lags.length > 0 && { lagMs: Math.max(...lags) }),
    failedShards: shards.filter(isFailed).length,
    waitingShards: shards.filter(({ stopped }) => stopped === 'waiting').length,
    ...(unassignedShards !== undefined && { unassignedShards }),
    // A gap of unknown size is still a gap.
    ...(expired.length > 0 && { expiredPositions: sum(expired.map((positions) => positions ?? 1)) }),
    refusedTicks: outcome === 'busy' || outcome === 'disagrees' ? 1 : 0,
    failedTicks: outcome === 'failed' ? 1 : 0,
    failedPlans: planFailed ? 1 : 0,
  };
}
