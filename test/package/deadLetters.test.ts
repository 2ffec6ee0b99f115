// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation's own.
import { describe, expect, it } from 'vitest';
import type { GroupConfig } from '../../infra/plugin/config.ts';
import { readGroup } from '../../infra/plugin/group.ts';

const sls = {
  endpoint: 'cn-hangzhou.log.aliyuncs.com',
  project: 'shop',
  logstore: 'orders',
  secret: 'shardbeat/sls',
};
const service = { prefix: 'shop-dev', table: 'shop-dev-shardbeat', provider: {} };

describe('the role of a group', () => {
  const sub = (rest: string) => ({ 'Fn::Sub': `arn:${'${AWS::Partition}'}:${rest}` });
  const statementsOf = (deadLetters: unknown) =>
    readGroup('orders', { module: 'src/orders.ts', sls, deadLetters } as GroupConfig, service)
      .resources.statements.map((statement) => statement as { Sid: string; Resource: unknown })
      .filter(({ Sid }) => Sid.endsWith('DeadLetters'))
      .map(({ Sid, Resource }) => [Sid, Resource]);
  const queue = { 'Fn::GetAtt': ['DeadLetters', 'Arn'] };
  const region = '${AWS::Region}';

  it.each([
    [undefined, []],
    ['table', []],
    [
      's3://letters/orders',
      [
        ['KeepDeadLetters', sub('s3:::letters/orders/orders/*')],
        ['ListDeadLetters', sub('s3:::letters')],
      ],
    ],
    [
      's3://letters',
      [
        ['KeepDeadLetters', sub('s3:::letters/orders/*')],
        ['ListDeadLetters', sub('s3:::letters')],
      ],
    ],
    [
      'https://sqs.eu-west-1.amazonaws.com/123456789012/orders',
      [['KeepDeadLetters', sub('sqs:eu-west-1:123456789012:orders')]],
    ],
    [
      'http://127.0.0.1:4566/000000000000/orders',
      [['KeepDeadLetters', sub(`sqs:${region}:000000000000:orders`)]],
    ],
    [
      'arn:aws:sqs:eu-west-1:123456789012:orders',
      [['KeepDeadLetters', sub('sqs:eu-west-1:123456789012:orders')]],
    ],
    [queue, [['KeepDeadLetters', queue]]],
    [
      { 'Fn::Sub': 's3://${Letters}/orders/' },
      [
        ['KeepDeadLetters', sub('s3:::${Letters}/orders/orders/*')],
        ['ListDeadLetters', sub('s3:::${Letters}')],
      ],
    ],
    [
      { 'Fn::Sub': ['s3://${Name}', { Name: 'letters' }] },
      [
        ['KeepDeadLetters', { 'Fn::Sub': [sub('s3:::${Name}/orders/*')['Fn::Sub'], { Name: 'letters' }] }],
        ['ListDeadLetters', { 'Fn::Sub': [sub('s3:::${Name}')['Fn::Sub'], { Name: 'letters' }] }],
      ],
    ],
  ])('allows what its dead letters need at %j', (deadLetters, expected) => {
    expect(statementsOf(deadLetters)).toEqual(expected);
  });

  it('is not made for a place that there is not', () => {
    expect(() => statementsOf('s3:letters')).toThrow(
      'groups.orders.deadLetters: "s3:letters" cannot be used',
    );
  });
});
