/** What Lambda and EventBridge Scheduler tell, by their own protocols. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDeployedReader } from '../../lib/credentials/awsDeployed.ts';
import { systemClock, systemRandom } from '../../lib/runtime.ts';
import { type AwsReply, type AwsService, account, startAwsService } from '../support/awsService.ts';

const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function:orders';
const signal = new AbortController().signal;
const answers = new Map<string, AwsReply>();
let lambda: AwsService;
let scheduler: AwsService;
let reader: ReturnType<typeof createDeployedReader>;

beforeAll(async () => {
  const answer = ({ path, query }: { path: string; query: URLSearchParams }): AwsReply =>
    answers.get(`${path}${query.get('NextToken') ?? ''}`) ?? { status: 404, body: '{}' };
  lambda = await startAwsService('lambda', answer);
  scheduler = await startAwsService('scheduler', answer);
  const endpoints = { lambda: lambda.url, scheduler: scheduler.url };
  reader = createDeployedReader({ account, endpoints, clock: systemClock, random: systemRandom });
});
beforeEach(() => answers.clear());
afterAll(() => Promise.all([lambda.close(), scheduler.close()]));

const says = (path: string, body: object): void => void answers.set(path, { body: JSON.stringify(body) });

describe('a deployed function', () => {
  it('is told as it is configured', async () => {
    says(`/2015-03-31/functions/${ARN}/configuration`, {
      FunctionArn: ARN,
      Runtime: 'nodejs24.x',
      Timeout: 48,
      MemorySize: 512,
      State: 'Active',
      LastUpdateStatus: 'Successful',
      Environment: { Variables: { A: 'b' } },
    });
    expect(await reader.function(ARN, signal)).toEqual({
      arn: ARN,
      runtime: 'nodejs24.x',
      timeoutMs: 48_000,
      memoryMb: 512,
      state: 'Active',
      lastUpdate: 'Successful',
      environment: { A: 'b' },
    });
  });

  it('is missed by its name, and a right by its own', async () => {
    await expect(reader.function('none', signal)).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      message: expect.stringContaining('correct its name, or the region'),
    });
    answers.set('/2015-03-31/functions/f/configuration', {
      status: 403,
      headers: { 'x-amzn-errortype': 'AccessDeniedException:http://internal' },
      body: JSON.stringify({ Message: 'no' }),
    });
    await expect(reader.function('f', signal)).rejects.toMatchObject({
      code: 'AccessDeniedException',
      message: expect.stringContaining('must be allowed lambda:GetFunctionConfiguration'),
    });
  });
});

describe('the schedules of a function', () => {
  it('are those that start it, from all pages', async () => {
    const listed = (Name: string, Arn: string) => ({ Name, GroupName: 'default', Target: { Arn } });
    says('/schedules', { Schedules: [listed('b', ARN), listed('other', `${ARN}-2`)], NextToken: 'more' });
    says('/schedulesmore', { Schedules: [listed('a', `${ARN}:live`), listed('c', `${ARN}-starter`)] });
    says('/schedules/c', { State: 'ENABLED', ScheduleExpression: 'rate(1 minute)', Target: { Input: '{}' } });
    says('/schedules/a', {
      State: 'DISABLED',
      ScheduleExpression: 'rate(1 minute)',
      Target: { Input: 'not json' },
    });
    says('/schedules/b', {
      State: 'ENABLED',
      ScheduleExpression: 'rate(2 minutes)',
      Target: { Input: '{"slot":"consumer-0"}', RetryPolicy: { MaximumRetryAttempts: 0 } },
    });
    expect(await reader.schedules({ functionArn: ARN, starterArn: `${ARN}-starter` }, signal)).toEqual([
      { name: 'a', enabled: false, expression: 'rate(1 minute)', slot: undefined, retriesMax: 185 },
      { name: 'b', enabled: true, expression: 'rate(2 minutes)', slot: 'consumer-0', retriesMax: 0 },
      {
        ...{ name: 'c', enabled: true, expression: 'rate(1 minute)', slot: undefined, retriesMax: 185 },
        ofStarter: true,
      },
    ]);
  });
});
