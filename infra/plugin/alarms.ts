/** Alarms of a group, each turned on by its kind under `alarms`. */
import { AGE_MS_MAX, parseDuration } from '../../lib/duration.ts';
import { SettingsError } from '../../lib/errors.ts';
import { METRICS_NAMESPACE } from '../../lib/observe/metricNames.ts';
import { ALARM_KINDS, ALARMS, type Alarm, type AlarmKind, type LambdaMetric, LIMITS } from './alarmKinds.ts';
import type { AlarmsConfig, CloudFormation } from './config.ts';
import { type Resources, type Tags, tagged } from './resources.ts';

/** What is read of `alarms`. */
export interface Watched {
  alarms: readonly Alarm[];
  topics: readonly (string | CloudFormation)[];
}

const TOPIC = /^arn:[^:]+:sns:[^:]+:\d{12}:[\w-]{1,256}(\.fifo)?$/;

/** Reads what stands under `alarms`. Throws a SettingsError for what names no topic, no alarm, or no limit. */
export function readAlarms(
  config: AlarmsConfig | undefined,
  path: string,
  intervalMs: number,
): Watched | undefined {
  if (config === undefined) return undefined;
  const alarms = ALARM_KINDS.flatMap((kind) => {
    const limitMs = limitOf(config[kind], kind, `${path}.${kind}`, intervalMs);
    return limitMs === undefined ? [] : ALARMS[kind](limitMs);
  });
  if (alarms.length === 0) {
    throw new SettingsError(path, '(no alarm)', `turn some on: ${ALARM_KINDS.join(', ')}`);
  }
  const topics = [config.topic ?? []].flat().map((topic) => readTopic(topic, `${path}.topic`));
  if (topics.length === 0) throw noTopic(`${path}.topic`, config.topic);
  return { alarms, topics };
}

/** Undefined: it is off. 0: on, without a limit. */
function limitOf(value: unknown, kind: AlarmKind, field: string, intervalMs: number): number | undefined {
  const own = LIMITS[kind];
  if (value === undefined || value === null || String(value) === 'false') return undefined;
  // The Framework makes a text of it where there may be one.
  if (String(value) === 'true') return own?.(intervalMs) ?? 0;
  if (own === undefined) throw new SettingsError(field, value, 'write true, or leave it out');
  const limitMs = parseDuration(field, String(value), AGE_MS_MAX);
  if (limitMs > 0) return limitMs;
  throw new SettingsError(field, value, 'write a duration such as 15m, or true');
}

function readTopic(topic: string | CloudFormation, field: string): string | CloudFormation {
  if (typeof topic === 'object' || TOPIC.test(topic)) return topic;
  throw noTopic(field, topic);
}

const noTopic = (field: string, value: unknown): SettingsError =>
  new SettingsError(
    field,
    value,
    'name the topic of SNS that is told: arn:aws:sns:eu-west-1:123456789012:name, or { Ref: … } of one in resources',
  );

const MISSING = { well: 'notBreaching', alarm: 'breaching', unchanged: 'ignore' } as const;

/** The alarms as CloudWatch has them; each is called by the function's name and its own. */
export function alarmResources(
  { alarms, topics }: Watched,
  of: {
    group: string;
    functionId: string;
    functionName: string;
    base: string;
    intervalMs: number;
    tags: Tags;
  },
): Resources {
  const { group, functionId, functionName, base, intervalMs, tags } = of;
  const dimensionsOf = (metric: Alarm['metric']) =>
    isLambdas(metric)
      ? { Namespace: 'AWS/Lambda', Dimensions: [{ Name: 'FunctionName', Value: { Ref: functionId } }] }
      : { Namespace: METRICS_NAMESPACE, Dimensions: [{ Name: 'group', Value: group }] };
  const resourceOf = (alarm: Alarm): Resources[string] => ({
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: `${functionName}-${alarm.name}`,
      AlarmDescription: `Consumer group ${group}: ${alarm.what}.`,
      ...dimensionsOf(alarm.metric),
      MetricName: alarm.metric,
      Statistic: alarm.statistic,
      // Whole minutes, as CloudWatch wants them: no schedule has others.
      Period: (alarm.intervals * intervalMs) / 1_000,
      EvaluationPeriods: alarm.of ?? alarm.times,
      DatapointsToAlarm: alarm.times,
      ComparisonOperator: alarm.below === undefined ? 'GreaterThanThreshold' : 'LessThanThreshold',
      Threshold: alarm.below ?? alarm.above,
      TreatMissingData: MISSING[alarm.silence],
      AlarmActions: topics,
      OKActions: topics,
      ...tagged(tags),
    },
  });
  return Object.fromEntries(alarms.map((alarm) => [`${base}Alarm${idOf(alarm.name)}`, resourceOf(alarm)]));
}

const isLambdas = (metric: Alarm['metric']): metric is LambdaMetric =>
  metric === 'Errors' || metric === 'Throttles';

/** `silent-slots` → `SilentSlots`. */
const idOf = (name: string): string =>
  name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
