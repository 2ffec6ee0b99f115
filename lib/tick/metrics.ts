import type { Counted } from '../observe/meter.ts';
import { ALWAYS_SENT, METRICS, METRICS_NAMESPACE, type Metric } from '../observe/metricNames.ts';
import { isFailed, type TickResult } from './result.ts';

/** A tick that is over. */
export interface Ended {
  slot: string;
  /** Absent: the tick threw. */
  result: TickResult | undefined;
  /** While it ran. */
  counted: Counted;
  /** What is added to our clock to have the group's. */
  skewMs: number;
}

type Measured = Partial<Record<Metric, number>>;

/**
 * One tick's metrics as a log line in CloudWatch's embedded metric format, so that they need no request of their own. They are the
 * group's: the slot is a field to look for, and no dimension. Source: CloudWatch user guide, "Embedded metric format specification".
 */
export function metricsLine(ended: Ended, context: { group: string; now: number }): string {
  const metrics = sent(metricsOf(ended));
  return JSON.stringify({
    _aws: {
      Timestamp: context.now,
      CloudWatchMetrics: [
        {
          Namespace: METRICS_NAMESPACE,
          Dimensions: [['group']],
          Metrics: Object.keys(metrics).map((name) => ({ Name: name, Unit: METRICS[name as Metric] })),
        },
      ],
    },
    event: 'tick.metrics',
    group: context.group,
    slot: ended.slot,
    ...metrics,
  });
}

const sent = (measured: Measured): Measured =>
  Object.fromEntries(
    Object.entries(measured).filter(([name, value]) => value !== 0 || ALWAYS_SENT.has(name as Metric)),
  );

/** Absent: not known of this tick. */
export function metricsOf({ result, counted, skewMs }: Ended): Measured {
  return {
    ticks: 1,
    thrownTicks: result === undefined ? 1 : 0,
    ...(result && metricsOfResult(result)),
    ...counted,
    skewMs: Math.abs(Math.round(skewMs)),
  };
}

/** What the answer of a tick says. */
export function metricsOfResult(result: TickResult): Measured {
  const { outcome, planFailed, unassignedShards, silentSlots, shards } = result;
  const lags = known(shards.map(({ lagMs }) => lagMs));
  const expired = known(shards.map((shard) => shard.expired));
  const stoppedAs = (why: string): number => shards.filter(({ stopped }) => stopped === why).length;
  return {
    ...outcomeOf(outcome),
    failedPlans: planFailed ? 1 : 0,
    batches: sum(shards.map(({ batches }) => batches)),
    records: sum(shards.map(({ records }) => records)),
    bytes: sum(shards.map(({ bytes }) => bytes)),
    deadLetters: sum(shards.map(({ deadLetters = 0 }) => deadLetters)),
    ...(lags.length > 0 && { lagMs: Math.max(...lags) }),
    failedShards: shards.filter(isFailed).length,
    blockedShards: stoppedAs('blocked'),
    waitingShards: stoppedAs('waiting'),
    ...(unassignedShards !== undefined && { unassignedShards }),
    ...(silentSlots !== undefined && { silentSlots }),
    // A gap of unknown size is still a gap.
    ...(expired.length > 0 && { expiredPositions: sum(expired.map(({ positions }) => positions ?? 1)) }),
  };
}

const outcomeOf = (outcome: TickResult['outcome']): Measured => ({
  pausedTicks: outcome === 'paused' ? 1 : 0,
  busyTicks: outcome === 'busy' ? 1 : 0,
  disagreeingTicks: outcome === 'disagrees' ? 1 : 0,
  failedTicks: outcome === 'failed' ? 1 : 0,
});

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const known = <T>(values: readonly (T | undefined)[]): T[] => values.filter((value) => value !== undefined);
