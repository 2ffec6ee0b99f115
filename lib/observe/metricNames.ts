/** The names under which CloudWatch has what a tick measures. docs/metrics.md says what each means, and what to do when it moves. */

export const METRICS_NAMESPACE = 'Shardbeat';

/** The unit in CloudWatch by name. Each name is billed by the month: what a part of another one tells has none of its own. */
export const METRICS = {
  ticks: 'Count',
  pausedTicks: 'Count',
  busyTicks: 'Count',
  disagreeingTicks: 'Count',
  failedTicks: 'Count',
  thrownTicks: 'Count',
  coldStarts: 'Count',
  silentSlots: 'Count',
  records: 'Count',
  bytes: 'Bytes',
  batches: 'Count',
  lagMs: 'Milliseconds',
  lagPositions: 'Count',
  retentionLeftMs: 'Milliseconds',
  attempts: 'Count',
  failedBatches: 'Count',
  timedOutBatches: 'Count',
  diedBatches: 'Count',
  deadLetters: 'Count',
  blockedShards: 'Count',
  outageShards: 'Count',
  failedShards: 'Count',
  waitingShards: 'Count',
  unassignedShards: 'Count',
  handOffs: 'Count',
  expiredPositions: 'Count',
  failedPlans: 'Count',
  lingerMs: 'Milliseconds',
  polls: 'Count',
  pullMs: 'Milliseconds',
  pullAheadMs: 'Milliseconds',
  shortPulls: 'Count',
  userMs: 'Milliseconds',
  commitMs: 'Milliseconds',
  sourceFailures: 'Count',
  sourceThrottles: 'Count',
  tableFailures: 'Count',
  tableThrottles: 'Count',
  refusedConditions: 'Count',
  readUnits: 'Count',
  writeUnits: 'Count',
  skewMs: 'Milliseconds',
} as const;

export type Metric = keyof typeof METRICS;

/** Whose silence would say something. All others are left out where they are zero: what is not sent in an hour costs nothing. */
export const ALWAYS_SENT: ReadonlySet<Metric> = new Set([
  'ticks',
  'records',
  'bytes',
  'batches',
  'lagMs',
] as const);
