import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../lib/config/settings.ts';
import { PACKAGING_MS_MAX, type Packaged, packageFiles, packageProject } from './osls.ts';
import {
  arnOf,
  functionOf,
  only,
  resourcesOf,
  schedulesOf,
  statementsOf,
  tableResource,
} from './template.ts';

const ELSEWHERE = join(import.meta.dirname, '../../examples/new-service/src/payments.ts');
const COLD_START = join(import.meta.dirname, 'fixtures/coldStart.mjs');

/** Starts the function of a group, from its archive alone, with the environment of the template. */
async function coldStart(packaged: Packaged, group: string): Promise<unknown> {
  const { Handler, Environment } = functionOf(packaged.template, group);
  const directory = await packaged.unpack(`shardbeat-${group}`);
  const bundle = join(directory, Handler.replace(/\.handler$/, '.mjs'));
  const env = { ...Environment.Variables, AWS_REGION: 'eu-west-1' };
  const { stdout } = await promisify(execFile)(process.execPath, [COLD_START, bundle], {
    env,
    cwd: directory,
  });
  return JSON.parse(stdout);
}

describe('examples/new-service', () => {
  let packaged: Packaged;
  beforeAll(async () => {
    packaged = await packageProject('examples/new-service');
  }, PACKAGING_MS_MAX);
  afterAll(() => packaged?.[Symbol.asyncDispose]());

  it('has two functions that start, each with its own stream', async () => {
    for (const group of ['orders', 'payments']) {
      expect(await coldStart(packaged, group)).toMatchObject({ handler: 'function' });
    }
    const settings = (group: string) =>
      readSettings(functionOf(packaged.template, group).Environment.Variables);
    expect(settings('orders')).toMatchObject({ group: 'orders', source: 'sls', start: { at: 'end' } });
    expect(settings('payments')).toMatchObject({ group: 'payments', source: 'cls' });
  });

  it('has one table, and for each group a role, a log group and its schedules', () => {
    expect(only(packaged.template, 'AWS::DynamoDB::Table')).toEqual(tableResource('shop-dev-shardbeat'));
    expect(resourcesOf(packaged.template, 'AWS::IAM::Role')).toHaveLength(4);
    expect(resourcesOf(packaged.template, 'AWS::Logs::LogGroup')).toHaveLength(2);
    const targets = schedulesOf(packaged.template).map(({ Target }) => Target.Arn);
    expect(targets).toEqual([
      ...Array(4).fill(arnOf('ShardbeatDashordersLambdaFunction')),
      arnOf('ShardbeatDashpaymentsLambdaFunction'),
    ]);
  });

  it('allows each function what it needs, and no other', () => {
    const allowed = JSON.stringify(statementsOf(packaged.template, 'ShardbeatDashordersRole'));
    expect(allowed).toContain('s3:PutObject');
    expect(allowed).toContain(':secret:shardbeat/sls-??????');
    const others = JSON.stringify(statementsOf(packaged.template, 'ShardbeatDashpaymentsRole'));
    expect(others).not.toMatch(/s3:|shardbeat\/sls/);
  });
});

describe('examples/existing-service', () => {
  let packaged: Packaged;
  let before: Packaged;
  beforeAll(async () => {
    packaged = await packageProject('examples/existing-service', ['esbuild']);
    before = await packageProject('examples/existing-service', ['esbuild'], (yaml) =>
      yaml.replace('- shardbeat', '').replace(/\ncustom:[\s\S]*/, ''),
    );
  }, 2 * PACKAGING_MS_MAX);
  afterAll(async () => {
    await packaged?.[Symbol.asyncDispose]();
    await before?.[Symbol.asyncDispose]();
  });

  it('is left as it was: functions, roles, names and archive', () => {
    expect(Object.keys(before.template.Resources)).toContain('IamRoleLambdaExecution');
    const timeless = (value: unknown) =>
      JSON.parse(JSON.stringify(value).replaceAll(/\d{13}-[\dTZ:.-]+/g, 'time'));
    expect(timeless(packaged.template.Resources)).toMatchObject(timeless(before.template.Resources));
    expect(packaged.archives.storefront).toEqual(before.archives.storefront);
    expect([...before.archives.storefront!.keys()]).toEqual(['dist/orders.js']);
  });

  it('has what the group needs besides, and nothing else', () => {
    const { Resources } = packaged.template;
    const added = Object.keys(Resources).filter((id) => !(id in before.template.Resources));
    expect(added.sort()).toEqual([
      'ShardbeatDashordersLambdaEvConf',
      'ShardbeatDashordersLambdaFunction',
      'ShardbeatDashordersLogGroup',
      'ShardbeatDashordersRole',
      'ShardbeatDashordersSchedule0',
      'ShardbeatDashordersScheduleRole',
      'ShardbeatTable',
    ]);
  });

  it('gives the function what the service gives all of its own', async () => {
    expect(functionOf(packaged.template, 'orders')).toMatchObject({
      Runtime: 'nodejs22.x',
      Tags: [{ Key: 'team', Value: 'storefront' }],
      Environment: { Variables: { ORDERS_TABLE: 'storefront-orders' } },
      Role: arnOf('ShardbeatDashordersRole'),
    });
    expect(await coldStart(packaged, 'orders')).toMatchObject({ handler: 'function' });
  });
});

describe('a service', () => {
  const YAML = (more: string, plugin = 'shardbeat') => `
service: shop
plugins: [${plugin}]
provider: { name: aws }
functions: { hello: { handler: hello.main, name: other-name } }
package: { patterns: ['!**', hello.js] }
custom:
  shardbeat:
    groups:
      orders:
        module: orders.js
        sls: { endpoint: cn-hangzhou.log.aliyuncs.com, project: shop, logstore: orders, secret: shardbeat/sls }
${more}`;
  const FILES = { 'orders.js': 'export const eachBatch = () => {};', 'hello.js': '' };
  const packageYaml = (yaml: string) => packageFiles({ ...FILES, 'serverless.yml': yaml });

  it('may name the plugin by its own entry, a module that is elsewhere, and a network for one group only', {
    timeout: PACKAGING_MS_MAX,
  }, async () => {
    const vpc = '        vpc: { securityGroupIds: [sg-1], subnetIds: [subnet-1] }';
    const yaml = YAML(vpc, 'shardbeat/serverless').replace('orders.js', ELSEWHERE);
    await using packaged = await packageYaml(yaml);
    expect(functionOf(packaged.template, 'orders').Handler).toBe('handler.handler');
    expect(functionOf(packaged.template, 'orders').VpcConfig).toEqual({
      SecurityGroupIds: ['sg-1'],
      SubnetIds: ['subnet-1'],
    });
    expect(JSON.stringify(statementsOf(packaged.template, 'ShardbeatDashordersRole'))).toContain(
      'ec2:CreateNetworkInterface',
    );
    // The Framework would allow it to all functions for the sake of one, and the log of this one besides.
    const theirs = packaged.template.Resources.IamRoleLambdaExecution?.Properties;
    expect(theirs?.ManagedPolicyArns).toBeUndefined();
    expect(JSON.stringify(theirs?.Policies)).not.toContain('/aws/lambda/shop-dev');
  });

  it.each([
    ['a misspelt setting', '        pullIntervall: 1s', "unrecognized property 'pullIntervall'"],
    [
      'a zero that YAML makes a number',
      '        pullInterval: 0',
      'groups.orders.pullInterval: "0" cannot be used',
    ],
    [
      'a truth value where there is none',
      '        strategy: true',
      "at 'custom.shardbeat.groups.orders.strategy'",
    ],
    [
      'more slots than a stack holds',
      `        slots: 300\n      bills: { module: orders.js, slots: 200, cls: { region: ap-guangzhou, logset: '1-1', topics: ['2-2'], secret: s } }`,
      'and 500 of these are slots: have fewer',
    ],
    [
      'a log that CloudWatch would not keep so long',
      '        logRetentionInDays: 10',
      "at 'custom.shardbeat.groups.orders.logRetentionInDays'",
    ],
    [
      'a pattern that matches nothing',
      '        environment: {}\n        package: { patterns: [none] }',
      'groups.orders.package.patterns: "none" cannot be used',
    ],
  ])('is not packaged with %s', { timeout: PACKAGING_MS_MAX }, async (_what, more, message) => {
    await expect(packageYaml(YAML(more))).rejects.toThrow(message);
  });
});
