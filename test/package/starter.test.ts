/** One schedule that starts a function that starts the slots. */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGING_MS_MAX, type Packaged, packageFiles } from './osls.ts';
import { arnOf, functionOf, schedulesOf, statementsOf } from './template.ts';

const SERVICE = `
service: shop
plugins: [shardbeat]
provider:
  name: aws
  architecture: arm64
  vpc: { securityGroupIds: [sg-0123456789abcdef0], subnetIds: [subnet-0123456789abcdef0] }
custom:
  shardbeat:
    groups:
      orders:
        module: src/orders.js
        slots: { min: 2, max: 40 }
        reservedConcurrency: 40
        tags: { stream: orders }
        sls: { endpoint: cn-hangzhou.log.aliyuncs.com, project: shop, logstore: orders, secret: shardbeat/sls }
      payments:
        module: src/orders.js
        slots: { min: 450, max: 450 }
        sls: { endpoint: cn-hangzhou.log.aliyuncs.com, project: shop, logstore: payments, secret: shardbeat/sls }
`;
const own = 'ShardbeatDashordersDashstarter';

let packaged: Packaged;
beforeAll(async () => {
  packaged = await packageFiles({
    'src/orders.js': 'export const eachBatch = () => {};',
    'serverless.yml': SERVICE,
  });
}, PACKAGING_MS_MAX);
afterAll(() => packaged[Symbol.asyncDispose]());

describe('slots between a least and a greatest number', () => {
  it('have one schedule for each group, which starts their starter', () => {
    const targets = schedulesOf(packaged.template).map(({ Target }) => [Target.Arn, Target.Input]);
    expect(targets).toEqual([
      [arnOf(`${own}LambdaFunction`), '{}'],
      [arnOf('ShardbeatDashpaymentsDashstarterLambdaFunction'), '{}'],
    ]);
    expect(statementsOf(packaged.template, 'ShardbeatDashordersScheduleRole')).toEqual([
      { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: arnOf(`${own}LambdaFunction`) },
    ]);
  });

  it('are told to both functions, and to the starter whom it starts', () => {
    const consumer = functionOf(packaged.template, 'orders');
    const starter = functionOf(packaged.template, 'orders-starter');
    expect(consumer.Environment.Variables.SHARDBEAT_SLOTS).toBe('2-40');
    expect(starter.Environment.Variables).toEqual({
      SHARDBEAT_GROUP: 'orders',
      SHARDBEAT_INTERVAL: '1m',
      SHARDBEAT_SLOTS: '2-40',
      SHARDBEAT_TABLE: 'shop-dev-shardbeat',
      SHARDBEAT_FUNCTION: 'shop-dev-shardbeat-orders',
    });
    expect(consumer.FunctionName).toBe('shop-dev-shardbeat-orders');
    expect(starter).toMatchObject({
      Timeout: 30,
      Architectures: ['arm64'],
      Tags: [{ Key: 'stream', Value: 'orders' }],
    });
    // It needs no network of ours, and no runs of its own.
    expect(starter).not.toHaveProperty('VpcConfig');
    expect(starter).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  it('may be started, and seen in the table, by the starter; all of them always, without a look at the table', () => {
    const table = {
      Effect: 'Allow',
      Action: ['dynamodb:DeleteItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
      Resource: arnOf('ShardbeatTable'),
      Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['orders'] } },
    };
    const rest = (group: string) => [
      {
        Effect: 'Allow',
        Action: 'lambda:InvokeFunction',
        Resource: arnOf(`ShardbeatDash${group}LambdaFunction`),
      },
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: arnOf(`ShardbeatDash${group}DashstarterLogGroup`),
      },
    ];
    expect(statementsOf(packaged.template, `${own}Role`)).toEqual([table, ...rest('orders')]);
    expect(statementsOf(packaged.template, 'ShardbeatDashpaymentsDashstarterRole')).toEqual(rest('payments'));
  });

  it('are started by an archive that has nothing of the module, and less than the consumer', async () => {
    const { archives } = packaged;
    const bytes = (name: string, file: string): number => archives[name]!.get(file)!.length;
    expect([...archives['shardbeat-orders-starter']!.keys()].sort()).toEqual([
      'handler.mjs',
      'handler.mjs.map',
    ]);
    expect(bytes('shardbeat-orders-starter', 'handler.mjs')).toBeLessThan(
      bytes('shardbeat-orders', 'src/handler.mjs'),
    );
    const directory = await packaged.unpack('shardbeat-orders-starter');
    process.env.SHARDBEAT_GROUP = '';
    await expect(import(pathToFileURL(join(directory, 'handler.mjs')).href)).rejects.toThrow(
      'SHARDBEAT_GROUP: missing',
    );
  });
});
