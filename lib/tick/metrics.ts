import type { Counted, Field } from '../observe/meter.ts';
import { ALWAYS_SENT, METRICS, METRICS_NAMESPACE, type Metric } from '../observe/metricNames.ts';
import { isFailed, type ShardResult, type TickResult } from './result.ts';

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

export type Measured = Partial<Record<Metric, number>>;

export interface MetricsContext {
  group: string;
  now: number;
  /** `shard`: those of each shard, too, and all of them by the second. */
  by: 'group' | 'shard';
}

/**
 * One tick's metrics as log lines in CloudWatch's embedded metric format, so that they need no request of their own. They are the
 * group's: the slot is a field to look for, and no dimension. Source: CloudWatch user guide, "Embedded metric format specification".
 */
export function metricsLines(ended: Ended, context: MetricsContext): string[] {
  const shards = context.by === 'shard' ? (ended.result?.shards ?? []) : [];
  return [
    lineOf(sent(metricsOf(ended)), ['group'], { slot: ended.slot, ...fieldsOf(ended) }, context),
    ...shards.map((result) =>
      lineOf(
        sent(metricsOfShards([result])),
        ['group', 'shard'],
        { slot: ended.slot, shard: result.shard },
        context,
      ),
    ),
  ];
}

function lineOf(
  metrics: Measured,
  dimensions: readonly string[],
  fields: { slot: string; shard?: string } & Partial<Record<Field, number>>,
  { group, now, by }: MetricsContext,
): string {
  const resolution = by === 'shard' ? { StorageResolution: 1 } : {};
  const named = Object.keys(metrics).map((name) => ({
    Name: name,
    Unit: METRICS[name as Metric],
    ...resolution,
  }));
  const directive = { Namespace: METRICS_NAMESPACE, Dimensions: [dimensions], Metrics: named };
  const _aws = { Timestamp: now, CloudWatchMetrics: [directive] };
  return JSON.stringify({ _aws, event: 'tick.metrics', group, ...fields, ...metrics });
}

/** What is told of what was measured. */
export const sent = (measured: Measured): Measured =>
  Object.fromEntries(
    Object.entries(measured).filter(([name, value]) => value !== 0 || ALWAYS_SENT.has(name as Metric)),
  );

/** What stands in the line and is no metric. */
function fieldsOf({ counted: { sourceRequests, sourceBytes } }: Ended): Partial<Record<Field, number>> {
  return sourceRequests === undefined ? {} : { sourceRequests, sourceBytes: sourceBytes ?? 0 };
}

/** Absent: not known of this tick. */
export function metricsOf({ result, counted: all, skewMs }: Ended): Measured {
  const { sourceRequests: _requests, sourceBytes: _bytes, ...counted } = all;
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
  const { planFailed, unassignedShards, silentSlots, lingerMs, polls, shards } = result;
  return {
    ...outcomeOf(result),
    failedPlans: planFailed ? 1 : 0,
    ...metricsOfShards(shards),
    ...(unassignedShards !== undefined && { unassignedShards }),
    ...(silentSlots !== undefined && { silentSlots }),
    ...(lingerMs !== undefined && { lingerMs, polls: polls ?? 0 }),
  };
}

/** Of several, what is furthest behind. */
function metricsOfShards(shards: readonly ShardResult[]): Measured {
  const lags = known(shards.map(({ lagMs }) => lagMs));
  const positions = known(shards.map(({ lagPositions }) => lagPositions));
  const left = known(shards.map(({ retentionLeftMs }) => retentionLeftMs));
  const expired = known(shards.map((shard) => shard.expired));
  const stoppedAs = (why: string): number => shards.filter(({ stopped }) => stopped === why).length;
  return {
    batches: sum(shards.map(({ batches }) => batches)),
    records: sum(shards.map(({ records }) => records)),
    bytes: sum(shards.map(({ bytes }) => bytes)),
    deadLetters: sum(shards.map(({ deadLetters = 0 }) => deadLetters)),
    ...(lags.length > 0 && { lagMs: Math.max(...lags) }),
    ...(positions.length > 0 && { lagPositions: Math.max(...positions) }),
    ...(left.length > 0 && { retentionLeftMs: Math.min(...left) }),
    failedShards: shards.filter(isFailed).length,
    blockedShards: stoppedAs('blocked'),
    waitingShards: stoppedAs('waiting'),
    // A gap of unknown size is still a gap.
    ...(expired.length > 0 && { expiredPositions: sum(expired.map(({ positions }) => positions ?? 1)) }),
  };
}

const outcomeOf = ({ outcome, folded }: TickResult): Measured => ({
  pausedTicks: outcome === 'paused' ? 1 : 0,
  busyTicks: outcome === 'busy' && !folded ? 1 : 0,
  disagreeingTicks: outcome === 'disagrees' ? 1 : 0,
  failedTicks: outcome === 'failed' ? 1 : 0,
});

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const known = <T>(values: readonly (T | undefined)[]): T[] => values.filter((value) => value !== undefined);
