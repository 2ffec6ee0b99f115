/** Alarms and dashboard: what they name is what the code measures, and what is deployed is what was asked for. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ALARM_KINDS } from '../../infra/plugin/alarmKinds.ts';
import { alarmResources, readAlarms } from '../../infra/plugin/alarms.ts';
import type { AlarmsConfig } from '../../infra/plugin/config.ts';
import { dashboardResource } from '../../infra/plugin/dashboard.ts';
import type { Resources } from '../../infra/plugin/resources.ts';
import schema from '../../infra/schema.json' with { type: 'json' };
import { METRICS } from '../../lib/observe/metricNames.ts';
import { metricsOf } from '../../lib/tick/metrics.ts';
import { emptyResult, type ShardResult } from '../../lib/tick/result.ts';
import { PACKAGING_MS_MAX, packageFiles } from './osls.ts';
import { only, resourcesOf, tableResource } from './template.ts';

const topic = 'arn:aws:sns:eu-west-1:123456789012:woken';
const MINUTE_MS = 60_000;
const of = {
  ...{ group: 'orders', functionId: 'OrdersLambdaFunction', functionName: 'shop-dev-shardbeat-orders' },
  ...{ base: 'Orders', logGroupName: '/aws/lambda/shop-dev-shardbeat-orders', tags: {} },
};
const ALL: AlarmsConfig = { topic, ...Object.fromEntries(ALARM_KINDS.map((kind) => [kind, true])) };

function alarmsOf(config: AlarmsConfig, intervalMs = MINUTE_MS): Record<string, Record<string, unknown>> {
  const watched = readAlarms(config, 'groups.orders.alarms', intervalMs)!;
  const resources = alarmResources(watched, { ...of, intervalMs });
  expect(Object.values(resources).every(({ Type }) => Type === 'AWS::CloudWatch::Alarm')).toBe(true);
  return Object.fromEntries(
    Object.values(resources).map(({ Properties }) => [Properties.AlarmName, Properties]),
  );
}

interface Body {
  widgets: { type: string; properties: { query?: string; metrics?: [string, string, ...unknown[]][] } }[];
}
const bodyOf = (resources: Resources): Body => {
  const [{ Properties }] = Object.values(resources) as [Resources[string]];
  return JSON.parse((Properties.DashboardBody as { 'Fn::Sub': string })['Fn::Sub']);
};

/** Every metric that a tick can measure, by what counts it. */
function measured(): string[] {
  const shard: ShardResult = {
    ...{ shard: '0', stopped: 'deadline', batches: 1, records: 1, bytes: 1, cursor: 'c', lagMs: 1 },
    ...{ lagPositions: 1, retentionLeftMs: 1, deadLetters: 1, expired: { positions: 1 } },
  };
  const lingered = { lingerMs: 1, polls: 1 };
  const planned = { unassignedShards: 1, silentSlots: 1 };
  const result = { ...emptyResult('a', 'worked'), ...planned, ...lingered, shards: [shard] };
  const told = metricsOf({ slot: 'a', result, counted: {}, skewMs: 1 });
  const lib = join(import.meta.dirname, '../../lib');
  const sources = readdirSync(lib, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('observe/'))
    .map((path) => readFileSync(join(lib, path), 'utf8'))
    .join('\n');
  const counted = Object.keys(METRICS).filter((name) => sources.includes(`'${name}'`));
  return [...new Set([...Object.keys(told), ...counted])].sort();
}

describe('the metrics', () => {
  it('that have a name are those that a tick measures', () => {
    expect(measured()).toEqual(Object.keys(METRICS).sort());
  });

  it('of the alarms and the dashboard are such', () => {
    const ofAlarms = Object.values(alarmsOf(ALL)).map(({ Namespace, MetricName }) => [Namespace, MetricName]);
    const { widgets } = bodyOf(dashboardResource({ ...of, intervalMs: MINUTE_MS }));
    const shown = widgets.flatMap(({ properties }) => properties.metrics ?? []);
    const named = [...ofAlarms, ...shown.map(([namespace, name]) => [namespace, name])];
    const namesIn = (namespace: string) => [
      ...new Set(named.filter(([of]) => of === namespace).map(([, name]) => name)),
    ];
    expect(measured()).toEqual(expect.arrayContaining(namesIn('Shardbeat')));
    expect(namesIn('AWS/Lambda').sort()).toEqual(['Duration', 'Errors', 'Throttles']);
    expect(new Set(named.map(([namespace]) => namespace))).toEqual(new Set(['Shardbeat', 'AWS/Lambda']));
    // Nothing is measured that nobody is shown.
    const onTheDashboard = shown.filter(([namespace]) => namespace === 'Shardbeat').map(([, name]) => name);
    expect(onTheDashboard.sort()).toEqual(Object.keys(METRICS).sort());
  });
});

describe('an alarm', () => {
  it('is there for each kind that is on, and tells the topic when it goes off and when it is over', () => {
    for (const kind of ALARM_KINDS) {
      const alarms = Object.values(alarmsOf({ topic, [kind]: true }));
      expect(alarms.length, kind).toBeGreaterThan(0);
      for (const alarm of alarms) {
        expect(alarm).toMatchObject({ AlarmActions: [topic], OKActions: [topic] });
        expect(alarm.AlarmDescription).toMatch(/^Consumer group orders: .{20,}\.$/);
      }
    }
    expect(Object.keys(alarmsOf(ALL)).length).toBe(
      ALARM_KINDS.flatMap((kind) => Object.keys(alarmsOf({ topic, [kind]: true }))).length,
    );
    expect(readAlarms(undefined, 'alarms', MINUTE_MS)).toBeUndefined();
  });

  it('is of the group, or of its function where Lambda measures', () => {
    expect(alarmsOf({ topic, deadLetters: true })['shop-dev-shardbeat-orders-dead-letters']).toEqual({
      AlarmName: 'shop-dev-shardbeat-orders-dead-letters',
      AlarmDescription: expect.stringContaining('records were put aside'),
      Namespace: 'Shardbeat',
      Dimensions: [{ Name: 'group', Value: 'orders' }],
      ...{ MetricName: 'deadLetters', Statistic: 'Sum', Threshold: 0 },
      ...{ ComparisonOperator: 'GreaterThanThreshold', TreatMissingData: 'notBreaching' },
      ...{ Period: 60, EvaluationPeriods: 1, DatapointsToAlarm: 1 },
      ...{ AlarmActions: [topic], OKActions: [topic] },
    });
    expect(alarmsOf({ topic, errors: true })['shop-dev-shardbeat-orders-errors']).toMatchObject({
      Namespace: 'AWS/Lambda',
      Dimensions: [{ Name: 'FunctionName', Value: { Ref: 'OrdersLambdaFunction' } }],
    });
  });

  it('on ticks goes off where there is none, and one on the lag stays as it is', () => {
    const alarms = alarmsOf({ topic, silentSlots: true, lag: '30m' });
    expect(alarms['shop-dev-shardbeat-orders-no-ticks']).toMatchObject({
      ...{ MetricName: 'ticks', ComparisonOperator: 'LessThanThreshold', Threshold: 1 },
      TreatMissingData: 'breaching',
    });
    // In two intervals there need not be anybody who looks.
    expect(alarms['shop-dev-shardbeat-orders-silent-slots']).toMatchObject({
      ...{ Period: 240, EvaluationPeriods: 3, DatapointsToAlarm: 3 },
    });
    expect(alarms['shop-dev-shardbeat-orders-lag']).toMatchObject({
      ...{ MetricName: 'lagMs', Statistic: 'Maximum', Threshold: 1_800_000 },
      ...{ ComparisonOperator: 'GreaterThanThreshold', TreatMissingData: 'ignore' },
      ...{ EvaluationPeriods: 4, DatapointsToAlarm: 3 },
      AlarmDescription: 'Consumer group orders: a shard is more than 30m behind.',
    });
  });

  it('has limits that fit the group, unless it is given one', () => {
    const thresholds = (config: AlarmsConfig, intervalMs?: number) =>
      Object.values(alarmsOf({ topic, ...config }, intervalMs)).map(({ Threshold }) => Threshold);
    expect(thresholds({ lag: true })).toEqual([15 * MINUTE_MS]);
    expect(thresholds({ lag: true }, 5 * MINUTE_MS)).toEqual([50 * MINUTE_MS]);
    expect(thresholds({ retention: true })).toEqual([12 * 60 * MINUTE_MS, 0]);
    expect(thresholds({ retention: '3d' })).toEqual([3 * 24 * 60 * MINUTE_MS, 0]);
  });

  it.each([1, 7, 30])('looks at periods that CloudWatch takes, with an interval of %d minutes', (minutes) => {
    for (const alarm of Object.values(alarmsOf(ALL, minutes * MINUTE_MS))) {
      const { Period, EvaluationPeriods, DatapointsToAlarm } = alarm;
      expect(Number(EvaluationPeriods)).toBeGreaterThanOrEqual(Number(DatapointsToAlarm));
      expect(Number(Period) % 60).toBe(0);
      // "PutMetricAlarm": a day at most for periods under an hour, else a week.
      expect(Number(Period) * Number(EvaluationPeriods)).toBeLessThanOrEqual(86_400);
    }
  });

  it.each([
    [{ topic }, 'alarms: "(no alarm)" cannot be used: turn some on: silentSlots, lag, retention'],
    [{ topic, lag: false }, 'alarms: "(no alarm)"'],
    [{ lag: true }, 'alarms.topic: missing; name the topic of SNS'],
    [{ topic: [], lag: true }, 'alarms.topic'],
    [{ topic: 'woken', lag: true }, 'alarms.topic: "woken" cannot be used: name the topic of SNS'],
    [{ topic: 'arn:aws:sqs:eu-west-1:123456789012:woken', lag: true }, 'alarms.topic'],
    [{ topic, lag: '15' }, 'alarms.lag: "15" cannot be used: write a number and a unit'],
    [{ topic, lag: '0m' }, 'alarms.lag: "0m" cannot be used: write a duration such as 15m, or true'],
    [{ topic, retention: '4000d' }, 'alarms.retention'],
    [{ topic, blocked: '5m' }, 'alarms.blocked: "5m" cannot be used: write true, or leave it out'],
  ] as [AlarmsConfig, string][])('is refused as in %j', (config, message) => {
    expect(() => readAlarms(config, 'groups.orders.alarms', MINUTE_MS)).toThrow(message);
  });

  it('stands in the schema, each kind with what it takes', () => {
    const { properties } =
      schema.properties.custom.properties.shardbeat.properties.groups.additionalProperties.properties.alarms;
    expect(Object.keys(properties)).toEqual(['topic', ...ALARM_KINDS]);
  });
});

it('the dashboard shows each metric once, and the warnings of the log', () => {
  const resources = dashboardResource({ ...of, intervalMs: 5 * MINUTE_MS });
  expect(resources.OrdersDashboard?.Properties.DashboardName).toBe('shop-dev-shardbeat-orders');
  const { widgets } = bodyOf(resources);
  const shown = widgets.flatMap(({ properties }) => properties.metrics ?? []);
  const names = shown.map(([namespace, name]) => `${namespace} ${name}`);
  expect(new Set(names).size).toBe(names.length);
  for (const { type, properties } of widgets) {
    if (type === 'log') expect(properties.query).toContain("SOURCE '/aws/lambda/shop-dev-shardbeat-orders'");
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own.
    else expect(properties).toMatchObject({ region: '${AWS::Region}', period: 300 });
  }
  expect(widgets.map(({ type }) => type)).toContain('log');
});

it('a service is packaged with them, with its tags on all that can have some', {
  timeout: PACKAGING_MS_MAX,
}, async () => {
  const files = {
    'src/orders.js': 'export const eachBatch = () => {};',
    'serverless.yml': `
service: shop
plugins: [shardbeat]
provider: { name: aws, tags: { team: shop } }
custom:
  shardbeat:
    groups:
      orders:
        module: src/orders.js
        sls: { endpoint: cn-hangzhou.log.aliyuncs.com, project: shop, logstore: orders, secret: shardbeat/sls }
        dashboard: true
        alarms: { topic: !Ref Woken, lag: 30m, retention: true, errors: true }
resources:
  Resources:
    Woken: { Type: AWS::SNS::Topic }
`,
  };
  await using packaged = await packageFiles(files, '--stage', 'prod');
  expect(packaged.output).not.toMatch(/warning/i);
  const alarms = resourcesOf(packaged.template, 'AWS::CloudWatch::Alarm').map(({ Properties }) => Properties);
  expect(alarms.map(({ AlarmName }) => AlarmName)).toEqual(
    ['lag', 'retention', 'expired', 'errors', 'failed-ticks'].map(
      (name) => `shop-prod-shardbeat-orders-${name}`,
    ),
  );
  const [, , , errors] = alarms;
  expect(errors!.AlarmActions).toEqual([{ Ref: 'Woken' }]);
  expect(packaged.template.Resources[errors!.Dimensions[0].Value.Ref]!.Type).toBe('AWS::Lambda::Function');
  expect(resourcesOf(packaged.template, 'AWS::CloudWatch::Dashboard')).toHaveLength(1);
  const tags = [{ Key: 'team', Value: 'shop' }];
  expect(only(packaged.template, 'AWS::DynamoDB::Table')).toEqual(
    tableResource('shop-prod-shardbeat', { tags, isProtected: true }),
  );
  // What CloudFormation gives no tags.
  const bare = ['AWS::Lambda::EventInvokeConfig', 'AWS::Scheduler::Schedule'];
  const ours = Object.entries(packaged.template.Resources).filter(([id]) => id.startsWith('Shardbeat'));
  for (const [id, { Type, Properties }] of ours)
    expect(Properties.Tags, id).toEqual(bare.includes(Type) ? undefined : tags);
});
