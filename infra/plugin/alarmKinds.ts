/** Which alarms there are, of each kind. docs/metrics.md says what to do when one goes off. */
import { formatDuration } from '../../lib/duration.ts';
import type { Metric } from '../../lib/observe/metricNames.ts';
import type { AlarmsConfig } from './config.ts';

/** What is watched, and how long it may last. */
export interface Alarm {
  /** Part of its name and of its logical id. */
  name: string;
  metric: Metric | LambdaMetric;
  statistic: 'Sum' | 'Maximum' | 'Minimum';
  /** Goes off above the limit, or below it. */
  above?: number;
  below?: number;
  /** So many intervals of the group are looked at together. */
  intervals: number;
  /** It has to be so so often, `of` the last ones; in a row, unless set. A tick that is a moment late leaves a minute without data. */
  times: number;
  of?: number;
  /** What no data means. */
  silence: 'well' | 'alarm' | 'unchanged';
  /** For somebody who has just been woken. */
  what: string;
}

/** Of Lambda itself: a tick that is killed writes no metrics, and one that is throttled has not even begun. */
export type LambdaMetric = 'Errors' | 'Throttles';

/** As it is turned on. */
export type AlarmKind = Exclude<keyof AlarmsConfig, 'topic'>;

/** Both services keep records for a day at least. */
const RETENTION_MS_MIN = 12 * 3_600_000;
const LAG_MS_MIN = 15 * 60_000;
const LAG_INTERVALS_MIN = 10;

const DURABLE = { statistic: 'Maximum', above: 0, intervals: 1, times: 3, of: 4, silence: 'well' } as const;
const ANY = { statistic: 'Sum', above: 0, intervals: 1, times: 1, silence: 'well' } as const;

/** By kind, with its limit, where it has one. */
export const ALARMS: Readonly<Record<AlarmKind, (limitMs: number) => Alarm[]>> = {
  silentSlots: () => [
    {
      // Whoever looks at the plan tells it, which is in one of three intervals at the least.
      ...{ name: 'silent-slots', metric: 'silentSlots', ...DURABLE, intervals: 4, of: 3 },
      what: 'a slot has not ticked for twelve intervals: slot.expired in the log names it',
    },
    {
      ...{ name: 'no-ticks', metric: 'ticks', statistic: 'Sum', below: 1, intervals: 1, times: 5 },
      silence: 'alarm',
      what: 'no slot has ended a tick for five intervals: look at the schedules, and at the errors of the function',
    },
  ],
  lag: (limitMs) => [
    {
      ...{
        name: 'lag',
        metric: 'lagMs',
        statistic: 'Maximum',
        above: limitMs,
        ...{ intervals: 1, times: 3, of: 4 },
      },
      silence: 'unchanged',
      what: `a shard is more than ${formatDuration(limitMs)} behind`,
    },
  ],
  retention: (limitMs) => [
    {
      ...{ name: 'retention', metric: 'retentionLeftMs', statistic: 'Minimum', below: limitMs },
      ...{ intervals: 1, times: 1 },
      silence: 'unchanged',
      what: `in less than ${formatDuration(limitMs)} the retention passes a checkpoint, and what it passes is lost`,
    },
    {
      ...{ name: 'expired', metric: 'expiredPositions', ...ANY },
      what: 'the retention has passed a checkpoint, and what it has passed is lost: cursor.expired in the log says where',
    },
  ],
  deadLetters: () => [
    {
      ...{ name: 'dead-letters', metric: 'deadLetters', ...ANY },
      what: 'records were put aside: look at them, mend the function, and redrive or drop them',
    },
  ],
  blocked: () => [
    {
      ...{ name: 'blocked', metric: 'blockedShards', ...DURABLE },
      what: 'a shard does not go on by itself: shard.blocked in the log says which, and what to do',
    },
  ],
  outage: () => [
    {
      ...{ name: 'outage', metric: 'outageShards', ...DURABLE },
      what: 'nothing succeeds in a shard, so nothing is given up: look at what the function writes to',
    },
  ],
  errors: () => [
    {
      ...{ name: 'errors', metric: 'Errors', ...ANY, times: 3, of: 4 },
      what: 'ticks throw or die: the log of the function has the error, or the time or memory that ran out',
    },
    {
      ...{ name: 'failed-ticks', metric: 'failedTicks', ...ANY, times: 10, of: 12 },
      what: 'for ten intervals ticks have achieved nothing: look for shard.failed, batch.failed and plan.failed in the log',
    },
  ],
  throttling: () => [
    {
      ...{ name: 'throttled', metric: 'Throttles', ...ANY, times: 3, of: 4 },
      what: 'ticks are not started, as the account or the function has too few concurrent executions',
    },
    {
      ...{ name: 'table-throttled', metric: 'tableThrottles', ...ANY, times: 5, of: 6 },
      what: 'DynamoDB throttles the table',
    },
    {
      ...{ name: 'source-throttled', metric: 'sourceThrottles', ...ANY, times: 5, of: 6 },
      what: 'the log service refuses requests for its quotas: see SHARDBEAT_PULL_INTERVAL',
    },
  ],
};

export const ALARM_KINDS = Object.keys(ALARMS) as readonly AlarmKind[];

/** Those that have a limit, and the one that they have without it. */
export const LIMITS: Partial<Record<AlarmKind, (intervalMs: number) => number>> = {
  lag: (intervalMs) => Math.max(LAG_MS_MIN, LAG_INTERVALS_MIN * intervalMs),
  retention: () => RETENTION_MS_MIN,
};
