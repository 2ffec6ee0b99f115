/** What rings the function of a group besides its schedules, and what that needs in CloudFormation. */
import { isDeepStrictEqual } from 'node:util';
import { placeOfDeadLetters } from '../../lib/config/deadLetters.ts';
import { SettingsError } from '../../lib/errors.ts';
import type { CloudFormation, DoorbellConfig, GroupConfig } from './config.ts';
import { arnOf, type Resources, type Tags, tagged } from './resources.ts';

const QUEUE = /^arn:[^:]+:sqs:[^:]+:\d{12}:[\w-]{1,80}(\.fifo)?$/;
const TOPIC = /^arn:[^:]+:sns:[^:]+:\d{12}:[\w-]{1,256}$/;
/** At once: what waits for more messages comes later. A batch of a FIFO queue has no more than ten. */
const BATCH_SIZE = 10;
/** The least that Lambda takes. Of two runs at a time, one finds its slot taken, and leaves. */
const CONCURRENCY_MAX = 2;

/** Where there is more to it than a setting. Throws a SettingsError for what cannot ring, and for the queue of the group's dead letters. */
export function readDoorbell(config: GroupConfig, path: string): DoorbellConfig | undefined {
  const { doorbell } = config;
  if (typeof doorbell !== 'object' || doorbell === null) return undefined;
  const field = `${path}.doorbell`;
  const { queue, topic, events, bus } = doorbell;
  if (typeof queue === 'string' && !QUEUE.test(queue)) {
    throw new SettingsError(`${field}.queue`, queue, `write ${arnLike('sqs')}, or !GetAtt Queue.Arn`);
  }
  if (typeof topic === 'string' && !TOPIC.test(topic)) {
    throw new SettingsError(`${field}.topic`, topic, `write ${arnLike('sns')}, or !Ref Topic`);
  }
  if (bus !== undefined && events === undefined) {
    throw new SettingsError(
      `${field}.events`,
      undefined,
      'say which events of the bus ring: { source: [shop] }',
    );
  }
  if (queue !== undefined && isOfDeadLetters(queue, config)) {
    const remedy =
      'the dead letters of the group are in it, and would come as rings: take another queue for one of them';
    throw new SettingsError(`${field}.queue`, typeof queue === 'string' ? queue : '(set)', remedy);
  }
  return doorbell;
}

const arnLike = (service: string): string => `an ARN such as arn:aws:${service}:eu-west-1:123456789012:name`;

function isOfDeadLetters(queue: string | CloudFormation, { deadLetters }: GroupConfig): boolean {
  if (deadLetters === undefined || deadLetters === null) return false;
  if (typeof queue === 'object' || typeof deadLetters === 'object')
    return isDeepStrictEqual(queue, deadLetters);
  const { place } = placeOfDeadLetters(String(deadLetters));
  const [account, name] = queue.split(':').slice(-2);
  return place.at === 'sqs' && new URL(place.url).pathname === `/${account}/${name}`;
}

/** What the function's role allows Lambda, which polls the queue in its name. */
export const doorbellStatements = (doorbell: DoorbellConfig | undefined): object[] =>
  doorbell?.queue === undefined
    ? []
    : [
        {
          Sid: 'HearItsQueue',
          Effect: 'Allow',
          Action: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
          Resource: doorbell.queue,
        },
      ];

/** Each kind has what starts the function, and what lets it. A group that is not enabled is not rung, either. */
export function doorbellResources(
  { queue, topic, events, bus }: DoorbellConfig,
  of: { group: string; functionId: string; base: string; enabled: boolean; tags: Tags },
): Resources {
  const { group, functionId, base, enabled, tags } = of;
  const functionArn = arnOf(functionId);
  const leave = (service: string, source: string | CloudFormation): Resources[string] => ({
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName: functionArn,
      Principal: `${service}.amazonaws.com`,
      SourceArn: source,
    },
  });
  const mapping = {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      FunctionName: functionArn,
      EventSourceArn: queue,
      Enabled: enabled,
      BatchSize: BATCH_SIZE,
      // What is not named as failed is deleted.
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: CONCURRENCY_MAX },
      ...tagged(tags),
    },
  };
  const rule = {
    Type: 'AWS::Events::Rule',
    Properties: {
      Description: `Rings the consumer group ${group}`,
      ...(bus !== undefined && { EventBusName: bus }),
      EventPattern: events,
      State: enabled ? 'ENABLED' : 'DISABLED',
      // As of a schedule: a ring that is late is worth nothing, since the next tick has looked.
      Targets: [
        {
          Id: 'Ring',
          Arn: functionArn,
          RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
        },
      ],
      ...tagged(tags),
    },
  };
  const subscription = {
    Type: 'AWS::SNS::Subscription',
    Properties: { Protocol: 'lambda', TopicArn: topic, Endpoint: functionArn },
  };
  return {
    ...(queue !== undefined && { [`${base}RingQueue`]: mapping }),
    ...(topic !== undefined &&
      enabled && {
        [`${base}RingTopic`]: subscription,
        [`${base}RingTopicPermission`]: leave('sns', topic),
      }),
    ...(events !== undefined && {
      [`${base}RingRule`]: rule,
      [`${base}RingRulePermission`]: leave('events', arnOf(`${base}RingRule`)),
    }),
  };
}
