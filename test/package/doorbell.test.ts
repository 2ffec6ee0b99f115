import { describe, expect, it } from 'vitest';
import type { GroupConfig } from '../../infra/plugin/config.ts';
import { doorbellResources } from '../../infra/plugin/doorbell.ts';
import { readGroup } from '../../infra/plugin/group.ts';

const sls = { endpoint: 'cn-hangzhou.log.aliyuncs.com', project: 'shop', logstore: 'orders', secret: 's' };
const QUEUE = 'arn:aws:sqs:eu-west-1:123456789012:rings';
const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:rings';
const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });

function read(doorbell: GroupConfig['doorbell'], more: Partial<GroupConfig> = {}) {
  const service = { prefix: 'shop-dev', table: 'shop-dev-shardbeat', provider: {} };
  return readGroup(
    'orders',
    { module: 'src/orders.ts', sls, ...(doorbell !== undefined && { doorbell }), ...more },
    service,
  );
}
function resourcesOf(doorbell: GroupConfig['doorbell'], enabled = true) {
  const of = { group: 'orders', functionId: 'F', base: 'Orders', enabled, tags: { team: 'shop' } };
  return doorbellResources(read(doorbell).doorbell!, of);
}
const settingOf = (doorbell: GroupConfig['doorbell']) =>
  read(doorbell).function.environment.SHARDBEAT_DOORBELL;
const sidsOf = (doorbell: GroupConfig['doorbell']) =>
  (read(doorbell).resources.statements as { Sid: string }[]).map(({ Sid }) => Sid);

describe('a doorbell', () => {
  it('has the ticks of its group give their slots back, whatever rings', () => {
    expect(settingOf(undefined)).toBeUndefined();
    expect(settingOf(true)).toBe('true');
    expect(settingOf({ queue: QUEUE })).toBe('true');
    expect(() => read('yes')).toThrow(/doorbell: "yes" cannot be used: choose true or false/);
    expect(read(true).doorbell).toBeUndefined();
  });

  it('that is a queue is polled by Lambda, is told which messages are to come again, and may be read', () => {
    expect(resourcesOf({ queue: QUEUE })).toEqual({
      OrdersRingQueue: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          ...{ FunctionName: arnOf('F'), EventSourceArn: QUEUE, Enabled: true, BatchSize: 10 },
          FunctionResponseTypes: ['ReportBatchItemFailures'],
          ScalingConfig: { MaximumConcurrency: 2 },
          Tags: [{ Key: 'team', Value: 'shop' }],
        },
      },
    });
    expect(read({ queue: QUEUE }).resources.statements).toContainEqual({
      ...{ Sid: 'HearItsQueue', Effect: 'Allow', Resource: QUEUE },
      Action: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
    });
    expect(sidsOf({ topic: TOPIC, events: {} })).not.toContain('HearItsQueue');
  });

  it('that is a topic or a bus may start the function, each by its own', () => {
    const made = resourcesOf({ topic: TOPIC, events: { source: ['shop'] }, bus: 'shop' });
    expect(Object.keys(made)).toEqual([
      'OrdersRingTopic',
      'OrdersRingTopicPermission',
      'OrdersRingRule',
      'OrdersRingRulePermission',
    ]);
    expect(made.OrdersRingTopic!.Properties).toEqual({
      ...{ Protocol: 'lambda', TopicArn: TOPIC, Endpoint: arnOf('F') },
    });
    expect(made.OrdersRingTopicPermission!.Properties).toMatchObject({
      ...{ Principal: 'sns.amazonaws.com', SourceArn: TOPIC },
    });
    expect(made.OrdersRingRule!.Properties).toMatchObject({
      ...{ EventBusName: 'shop', EventPattern: { source: ['shop'] }, State: 'ENABLED' },
      Targets: [{ Arn: arnOf('F') }],
    });
    expect(made.OrdersRingRulePermission!.Properties).toMatchObject({
      ...{ Principal: 'events.amazonaws.com', SourceArn: arnOf('OrdersRingRule') },
    });
  });

  it('is still where the group is not enabled', () => {
    const made = resourcesOf({ queue: QUEUE, topic: TOPIC, events: {} }, false);
    expect(made.OrdersRingQueue!.Properties).toMatchObject({ Enabled: false });
    expect(made.OrdersRingRule!.Properties).toMatchObject({ State: 'DISABLED' });
    expect(made).not.toHaveProperty('OrdersRingTopic');
  });

  it.each([
    [{ queue: 'rings' }, /^groups\.orders\.doorbell\.queue: "rings" cannot be used: write an ARN/],
    [{ topic: QUEUE }, /^groups\.orders\.doorbell\.topic: ".*" cannot be used: write an ARN/],
    [{ bus: 'shop' }, /^groups\.orders\.doorbell\.events: missing; say which events/],
  ])('is refused with a remedy: %j', (doorbell, message) => {
    expect(() => read(doorbell)).toThrow(message);
  });

  it.each([
    [QUEUE, QUEUE],
    [QUEUE, 'https://sqs.eu-west-1.amazonaws.com/123456789012/rings'],
    [arnOf('Rings'), arnOf('Rings')],
  ])('is not the queue of the dead letters: %j', (queue, deadLetters) => {
    expect(() => read({ queue }, { deadLetters })).toThrow(/doorbell\.queue: .* take another queue/);
    expect(() => read({ queue }, { deadLetters: 's3://letters' })).not.toThrow();
    expect(() => read({ queue }, { deadLetters: arnOf('Letters') })).not.toThrow();
  });
});
