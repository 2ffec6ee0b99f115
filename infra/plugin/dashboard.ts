/** A dashboard of a group: from whether it ticks to what it costs. */
import { METRICS_NAMESPACE, type Metric } from '../../lib/observe/metricNames.ts';
import { type Resources, type Tags, tagged } from './resources.ts';

type Statistic = 'Sum' | 'Maximum' | 'Minimum';

interface Widget {
  title: string;
  /** Read together; those on the right have a scale of their own. */
  left: Partial<Record<Metric, Statistic>>;
  right?: Partial<Record<Metric, Statistic>>;
  /** Of Lambda itself. */
  lambda?: Readonly<Record<string, Statistic>>;
  stacked?: true;
}

const WIDGETS: readonly Widget[] = [
  {
    title: 'How far behind',
    left: { lagMs: 'Maximum', retentionLeftMs: 'Minimum' },
    right: { lagPositions: 'Maximum' },
  },
  { title: 'What was taken', left: { records: 'Sum', batches: 'Sum' }, right: { bytes: 'Sum' } },
  {
    title: 'Ticks',
    left: {
      ...{ ticks: 'Sum', pausedTicks: 'Sum', busyTicks: 'Sum', disagreeingTicks: 'Sum' },
      ...{ failedTicks: 'Sum', thrownTicks: 'Sum', failedPlans: 'Sum', coldStarts: 'Sum' },
    },
    lambda: { Errors: 'Sum', Throttles: 'Sum' },
  },
  {
    title: 'Where the time goes',
    left: { pullMs: 'Sum', userMs: 'Sum', commitMs: 'Sum' },
    right: { pullAheadMs: 'Sum', shortPulls: 'Sum', lingerMs: 'Sum', polls: 'Sum' },
    stacked: true,
  },
  {
    title: 'What your function does not take',
    left: {
      ...{ attempts: 'Sum', failedBatches: 'Sum', timedOutBatches: 'Sum', diedBatches: 'Sum' },
      deadLetters: 'Sum',
    },
  },
  {
    title: 'Shards and slots',
    left: {
      ...{ failedShards: 'Maximum', blockedShards: 'Maximum', outageShards: 'Maximum' },
      ...{ waitingShards: 'Maximum', unassignedShards: 'Maximum', silentSlots: 'Maximum' },
      ...{ handOffs: 'Sum', expiredPositions: 'Sum' },
    },
  },
  {
    title: 'Services',
    left: {
      ...{ sourceFailures: 'Sum', sourceThrottles: 'Sum', tableFailures: 'Sum', tableThrottles: 'Sum' },
      refusedConditions: 'Sum',
    },
    right: { skewMs: 'Maximum' },
  },
  {
    title: 'Cost: units of DynamoDB, time of Lambda',
    left: { readUnits: 'Sum', writeUnits: 'Sum' },
    lambda: { Duration: 'Sum' },
  },
];

const COLUMNS = 2;
const WIDTH = 12;
const HEIGHT = 6;
/** The newest first: where to look once a line above has moved. */
const LOG_QUERY =
  'fields @timestamp, slot, event, shard, error.message, message, remedy | filter level = "error" or level = "warn" | sort @timestamp desc | limit 50';

export interface DashboardOf {
  group: string;
  functionName: string;
  logGroupName: string;
  base: string;
  intervalMs: number;
  tags: Tags;
}

export function dashboardResource(of: DashboardOf): Resources {
  const { base, functionName, tags } = of;
  const widgets = [...WIDGETS.map((widget, index) => metricWidget(widget, index, of)), logWidget(of)];
  return {
    [`${base}Dashboard`]: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: {
        DashboardName: functionName,
        // The region is known only when it is deployed.
        DashboardBody: { 'Fn::Sub': JSON.stringify({ widgets }) },
        ...tagged(tags),
      },
    },
  };
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own.
const REGION = '${AWS::Region}';

function metricWidget(widget: Widget, index: number, of: DashboardOf): object {
  const { group, functionName, intervalMs } = of;
  const ours = (metrics: Widget['left'] = {}, options: object = {}) =>
    Object.entries(metrics).map(([metric, stat]) => [
      ...[METRICS_NAMESPACE, metric, 'group', group],
      { stat, ...options },
    ]);
  const lambdas = Object.entries(widget.lambda ?? {}).map(([metric, stat]) => [
    ...['AWS/Lambda', metric, 'FunctionName', functionName],
    { stat, yAxis: 'right' },
  ]);
  return {
    type: 'metric',
    ...placeOf(index),
    properties: {
      title: widget.title,
      region: REGION,
      view: 'timeSeries',
      stacked: widget.stacked ?? false,
      period: intervalMs / 1_000,
      metrics: [...ours(widget.left), ...ours(widget.right, { yAxis: 'right' }), ...lambdas],
    },
  };
}

const logWidget = ({ logGroupName }: DashboardOf): object => ({
  type: 'log',
  ...placeOf(WIDGETS.length),
  width: COLUMNS * WIDTH,
  properties: {
    title: 'Warnings and errors',
    region: REGION,
    view: 'table',
    query: `SOURCE '${logGroupName}' | ${LOG_QUERY}`,
  },
});

const placeOf = (index: number) => ({
  x: (index % COLUMNS) * WIDTH,
  y: Math.floor(index / COLUMNS) * HEIGHT,
  width: WIDTH,
  height: HEIGHT,
});
