import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../lib/config/settings.ts';
import { deriveTimes } from '../../lib/times.ts';
import { PACKAGING_MS_MAX, type Packaged, packageService } from './osls.ts';
import {
  arnOf,
  functionOf,
  only,
  resourcesOf,
  schedulesOf,
  statementsOf,
  tableResource,
} from './template.ts';

const KEY = 'ShardbeatDashaccessDashlog';

describe('the service as it is written', () => {
  let packaged: Packaged;
  beforeAll(async () => {
    packaged = await packageService();
  }, PACKAGING_MS_MAX);
  afterAll(() => packaged?.[Symbol.asyncDispose]());
  const lambda = () => functionOf(packaged.template, 'access-log');

  it('starts two slots each minute', () => {
    const told = schedulesOf(packaged.template).map(({ ScheduleExpression, State, Target }) => {
      return { ScheduleExpression, State, input: JSON.parse(Target.Input) };
    });
    expect(told).toEqual([
      { ScheduleExpression: 'rate(1 minute)', State: 'ENABLED', input: { slot: 'consumer-0' } },
      { ScheduleExpression: 'rate(1 minute)', State: 'ENABLED', input: { slot: 'consumer-1' } },
    ]);
  });

  it('gives a tick 48 seconds, on arm64, with the runtime that the bundle is made for', () => {
    expect(lambda()).toMatchObject({
      Handler: 'functions/consume/handler.handler',
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Timeout: 48,
      ReservedConcurrentExecutions: 4,
    });
  });

  it('starts a tick on time or not at all', () => {
    for (const { FlexibleTimeWindow, Target } of schedulesOf(packaged.template)) {
      expect(FlexibleTimeWindow).toEqual({ Mode: 'OFF' });
      expect(Target.RetryPolicy).toEqual({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
    }
    expect(only(packaged.template, 'AWS::Lambda::EventInvokeConfig').Properties).toMatchObject({
      FunctionName: { Ref: `${KEY}LambdaFunction` },
      MaximumEventAgeInSeconds: 60,
      MaximumRetryAttempts: 0,
    });
  });

  it('keeps the group in one table, which outlives the stack, and tells the function about it', () => {
    expect(only(packaged.template, 'AWS::DynamoDB::Table')).toEqual(tableResource('example-dev-shardbeat'));
    expect(packaged.template.Outputs.ShardbeatTableName).toMatchObject({ Value: { Ref: 'ShardbeatTable' } });
    expect(packaged.template.Outputs.ShardbeatTableArn).toMatchObject({ Value: arnOf('ShardbeatTable') });
    expect(lambda().Environment.Variables.SHARDBEAT_TABLE).toBe('example-dev-shardbeat');
  });

  // That it is what the function does, test/rights holds against each other.
  it('allows the function its own items of that table, its own secret and its own log', () => {
    expect(lambda().Role).toEqual(arnOf(`${KEY}Role`));
    expect(statementsOf(packaged.template, `${KEY}Role`)).toEqual([
      {
        Effect: 'Allow',
        Action: ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
        Resource: arnOf('ShardbeatTable'),
        Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['access-log', 'access-log#*'] } },
      },
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: arnOf(`${KEY}LogGroup`),
      },
      {
        Effect: 'Allow',
        Action: 'secretsmanager:GetSecretValue',
        Resource: {
          // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own.
          'Fn::Sub': `${'arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:'}shardbeat/sls-??????`,
        },
      },
    ]);
  });

  it('allows the schedules to start the function, and nothing else', () => {
    expect(statementsOf(packaged.template, `${KEY}ScheduleRole`)).toEqual([
      { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: arnOf(`${KEY}LambdaFunction`) },
    ]);
    for (const { Target } of schedulesOf(packaged.template)) {
      expect(Target).toMatchObject({
        Arn: arnOf(`${KEY}LambdaFunction`),
        RoleArn: arnOf(`${KEY}ScheduleRole`),
      });
    }
    expect(resourcesOf(packaged.template, 'AWS::IAM::Role')).toHaveLength(2);
    expect(resourcesOf(packaged.template, 'AWS::IAM::Policy')).toEqual([]);
  });

  it('holds the name of the secret, and nothing of the access key, in the environment', () => {
    const { Variables } = lambda().Environment;
    expect(Variables.SHARDBEAT_SLS_SECRET).toBe('shardbeat/sls');
    expect(JSON.stringify(Variables)).not.toMatch(/ACCESS_KEY|resolve:/);
  });

  it('is told the times that it is deployed with, and its log is kept for a while', () => {
    const { Environment, Timeout } = lambda();
    const { times } = readSettings(Environment.Variables);
    expect(times).toEqual(deriveTimes(60_000));
    expect(times.functionTimeoutMs).toBe(Timeout * 1_000);
    expect(only(packaged.template, 'AWS::Logs::LogGroup').Properties).toMatchObject({
      LogGroupName: '/aws/lambda/example-dev-shardbeat-access-log',
      RetentionInDays: 14,
    });
  });

  it('makes the same archive of the same sources', { timeout: PACKAGING_MS_MAX }, async () => {
    await using again = await packageService(
      '--stage=prod',
      '--param=slots=5',
      '--param=interval=10m',
      '--param=runs=10',
    );
    expect(again.archives).toEqual(packaged.archives);
    const schedules = schedulesOf(again.template);
    expect(schedules.map(({ ScheduleExpression }) => ScheduleExpression)).toEqual(
      Array(5).fill('rate(10 minutes)'),
    );
    const made = functionOf(again.template, 'access-log');
    expect(made).toMatchObject({ Timeout: 480, ReservedConcurrentExecutions: 10 });
    expect(readSettings(made.Environment.Variables)).toMatchObject({
      table: 'example-prod-shardbeat',
      times: deriveTimes(600_000),
    });
  });

  it.each([
    ['slots=0', 'groups.access-log.slots: "0" cannot be used: write a whole number from 1 to 400'],
    ['interval=90s', 'groups.access-log.interval: "90s" cannot be used'],
  ])('is not packaged with %s', { timeout: PACKAGING_MS_MAX }, async (parameter, message) => {
    const packaging = packageService(`--param=${parameter}`);
    await expect(packaging).rejects.toThrow(message);
    // The Framework shows where errors come from that it does not know.
    await expect(packaging).rejects.not.toThrow(/ at .*plugin\.ts/);
  });
});
