import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../lib/config/settings.ts';
import { deriveTimes } from '../../lib/times.ts';
import { type Packaged, packageService, type Resource, type Template } from './osls.ts';

const STORES = join(import.meta.dirname, '../../lib/group/stores');
const PACKAGING_MS_MAX = 120_000;

function resourcesOf(template: Template, type: string): Resource[] {
  return Object.values(template.Resources).filter(({ Type }) => Type === type);
}

function only(template: Template, type: string): Resource {
  const found = resourcesOf(template, type);
  expect(found).toHaveLength(1);
  return found[0]!;
}

const functionOf = (template: Template) => only(template, 'AWS::Lambda::Function').Properties;
const schedulesOf = (template: Template) =>
  resourcesOf(template, 'AWS::Scheduler::Schedule').map(({ Properties }) => Properties);
const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

/** As IAM calls them, in order of name: what the sources send. */
async function callsToTheTable(): Promise<string[]> {
  const calls = new Set<string>();
  for (const file of await readdir(STORES)) {
    const source = await readFile(join(STORES, file), 'utf8');
    for (const [, call] of source.matchAll(/new (\w+)Command\(/g)) calls.add(`dynamodb:${call}`);
  }
  return [...calls].sort();
}

describe('the service as it is written', () => {
  let packaged: Packaged;
  let template: Template;
  beforeAll(async () => {
    packaged = await packageService();
    template = packaged.template;
  }, PACKAGING_MS_MAX);
  afterAll(() => packaged?.[Symbol.asyncDispose]());

  it('starts two slots each minute', () => {
    const told = schedulesOf(template).map(({ ScheduleExpression, State, Target }) => {
      return { ScheduleExpression, State, input: JSON.parse(Target.Input) };
    });
    expect(told).toEqual([
      { ScheduleExpression: 'rate(1 minute)', State: 'ENABLED', input: { slot: 'consumer-0' } },
      { ScheduleExpression: 'rate(1 minute)', State: 'ENABLED', input: { slot: 'consumer-1' } },
    ]);
  });

  it('gives a tick 48 seconds, on arm64, with the runtime that the bundles are made for', () => {
    expect(functionOf(template)).toMatchObject({
      Handler: 'dist/consume/handler.handler',
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Timeout: 48,
      ReservedConcurrentExecutions: 2,
    });
  });

  it('starts a tick on time or not at all', () => {
    for (const { FlexibleTimeWindow, Target } of schedulesOf(template)) {
      expect(FlexibleTimeWindow).toEqual({ Mode: 'OFF' });
      expect(Target.RetryPolicy).toEqual({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
    }
    expect(only(template, 'AWS::Lambda::EventInvokeConfig').Properties).toMatchObject({
      FunctionName: { Ref: 'ConsumeLambdaFunction' },
      MaximumEventAgeInSeconds: 60,
      MaximumRetryAttempts: 0,
    });
  });

  it('keeps the group in one table, which outlives the stack', () => {
    const table = only(template, 'AWS::DynamoDB::Table');
    expect(table).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(table.Properties).toEqual({
      TableName: 'shardbeat-dev',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      Tags: [
        { Key: 'service', Value: 'shardbeat' },
        { Key: 'stage', Value: 'dev' },
      ],
    });
    expect(template.Outputs.GroupTableName).toMatchObject({ Value: { Ref: 'GroupTable' } });
    expect(template.Outputs.GroupTableArn).toMatchObject({ Value: arnOf('GroupTable') });
  });

  it('tells the function about that very table', () => {
    const { SHARDBEAT_TABLE } = functionOf(template).Environment.Variables;
    expect(SHARDBEAT_TABLE).toBe(only(template, 'AWS::DynamoDB::Table').Properties.TableName);
  });

  it('allows the function the calls that the store makes, on that table, its own secret and its own log', async () => {
    const statements = statementsOf(template, 'ConsumeRole');
    const calls = await callsToTheTable();
    expect(calls).toContain('dynamodb:UpdateItem');
    expect(functionOf(template).Role).toEqual(arnOf('ConsumeRole'));
    expect(statements).toEqual([
      {
        Effect: 'Allow',
        Action: calls,
        Resource: arnOf('GroupTable'),
      },
      {
        Effect: 'Allow',
        Action: 'secretsmanager:GetSecretValue',
        Resource: {
          // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own.
          'Fn::Sub': `${'arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:'}shardbeat/sls-??????`,
        },
      },
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: arnOf('ConsumeLogGroup'),
      },
    ]);
  });

  it('allows the schedules to start the function, and nothing else', () => {
    expect(statementsOf(template, 'ScheduleRole')).toEqual([
      { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: arnOf('ConsumeLambdaFunction') },
    ]);
    for (const { Target } of schedulesOf(template)) {
      expect(Target).toMatchObject({ Arn: arnOf('ConsumeLambdaFunction'), RoleArn: arnOf('ScheduleRole') });
    }
    expect(resourcesOf(template, 'AWS::IAM::Role')).toHaveLength(2);
    expect(resourcesOf(template, 'AWS::IAM::Policy')).toEqual([]);
  });

  it('holds the name of the secret, and nothing of the access key, in the environment', () => {
    const { Variables } = functionOf(template).Environment;
    expect(Variables.SHARDBEAT_SLS_SECRET).toBe('shardbeat/sls');
    expect(JSON.stringify(Variables)).not.toMatch(/ACCESS_KEY|resolve:/);
  });

  it('is told the times that it is deployed with', () => {
    const { Environment, Timeout } = functionOf(template);
    const { times } = readSettings(Environment.Variables);
    expect(times).toEqual(deriveTimes(60_000));
    expect(times.functionTimeoutMs).toBe(Timeout * 1_000);
  });
});

function statementsOf(template: Template, role: string): object[] {
  const { Properties } = template.Resources[role]!;
  expect(Properties.ManagedPolicyArns).toBeUndefined();
  return Properties.Policies.flatMap(({ PolicyDocument }: { PolicyDocument: { Statement: object[] } }) =>
    PolicyDocument.Statement.map((statement) => {
      const { Sid: _sid, ...rest } = statement as { Sid?: string };
      return rest;
    }),
  );
}

describe('the service with other parameters', () => {
  it('follows slots and interval everywhere', { timeout: PACKAGING_MS_MAX }, async () => {
    await using packaged = await packageService('slots=5', 'interval=10m', 'table=orders');
    const { Timeout, ReservedConcurrentExecutions, Environment } = functionOf(packaged.template);
    const schedules = schedulesOf(packaged.template);
    expect(schedules.map(({ ScheduleExpression }) => ScheduleExpression)).toEqual(
      Array(5).fill('rate(10 minutes)'),
    );
    expect(schedules.map(({ Target }) => JSON.parse(Target.Input).slot)).toEqual([
      'consumer-0',
      'consumer-1',
      'consumer-2',
      'consumer-3',
      'consumer-4',
    ]);
    expect(new Set(schedules.map(({ Name }) => Name)).size).toBe(5);
    expect(schedules.every(({ Target }) => Target.RetryPolicy.MaximumRetryAttempts === 0)).toBe(true);
    expect({ Timeout, ReservedConcurrentExecutions }).toEqual({
      Timeout: 480,
      ReservedConcurrentExecutions: 5,
    });
    expect(readSettings(Environment.Variables)).toMatchObject({
      table: 'orders',
      times: deriveTimes(600_000),
    });
    expect(only(packaged.template, 'AWS::DynamoDB::Table').Properties.TableName).toBe('orders');
  });

  it('reads CLS, with the secret of that', { timeout: PACKAGING_MS_MAX }, async () => {
    await using packaged = await packageService('source=cls', 'clsSecret=orders/cls');
    const { Variables } = functionOf(packaged.template).Environment;
    expect(Object.keys(Variables).filter((name) => name.includes('_SLS_'))).toEqual([]);
    expect(readSettings(Variables)).toMatchObject({
      source: 'cls',
      cls: { region: 'ap-guangzhou', credentials: { id: 'orders/cls' } },
    });
    expect(JSON.stringify(statementsOf(packaged.template, 'ConsumeRole'))).toContain(
      ':secret:orders/cls-??????',
    );
  });

  it.each([
    ['source=kafka', 'source: "kafka" cannot be used: choose sls or cls'],
    ['slots=0', 'slots: "0" cannot be used: write a whole number from 1 to 400'],
    ['interval=90s', 'interval: "90s" cannot be used'],
    ['slsProject=no/project', 'SHARDBEAT_SLS_PROJECT: "no/project" cannot be used'],
  ])('is not packaged with %s', { timeout: PACKAGING_MS_MAX }, async (parameter, message) => {
    await expect(packageService(parameter)).rejects.toThrow(message);
  });
});
