/** The function that starts the slots: Lambda's own protocol, and a real table. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { systemClock, systemRandom } from '../../lib/runtime.ts';
import { type Started, type StarterOptions, starter } from '../../lib/starter.ts';
import { type AwsService, startAwsService } from '../support/awsService.ts';
import { FUNCTION, operatorEnvironment } from '../support/deployedFunction.ts';
import { type LocalTable, startLocalTable } from '../support/localTable.ts';

const before = { ...process.env };
const environment = {
  SHARDBEAT_TABLE: 'shardbeat',
  SHARDBEAT_INTERVAL: '1m',
  SHARDBEAT_SLOTS: '1-3',
};
let table: LocalTable;
let lambda: AwsService;
let lines: string[];
/** Slots that Lambda was told to start. */
const begun = (): string[] => lambda.requests.map(({ body }) => JSON.parse(body.toString()).slot).sort();
const errors = (): Record<string, unknown>[] =>
  lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'error');

beforeAll(async () => {
  table = await startLocalTable('shardbeat');
  lambda = await startAwsService('lambda', () => ({ status: 202 }));
  Object.assign(process.env, operatorEnvironment(table.service.endpoint, lambda.url));
});
afterAll(async () => {
  process.env = before;
  await lambda.close();
  await table.close();
});
beforeEach(() => {
  lambda.requests.length = 0;
  lambda.fault = () => undefined;
  lines = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
});
afterEach(() => vi.restoreAllMocks());

/** A run of the starter of a group, in one sandbox. */
function starterOf(
  group: string,
  more: Record<string, string> = {},
  options: StarterOptions = { spreadMs: 50 },
) {
  const own = {
    SHARDBEAT_GROUP: group,
    SHARDBEAT_FUNCTION: FUNCTION,
    AWS_ENDPOINT_URL_LAMBDA: lambda?.url,
  };
  const handler = starter({ environment: { ...environment, ...own, ...more }, ...options });
  return (leftMs = 30_000): Promise<Started> => handler({}, { getRemainingTimeInMillis: () => leftMs });
}

it('starts all slots where there are always as many, and asks the table for nothing', async () => {
  const run = starterOf('fixed', { SHARDBEAT_SLOTS: '3-3', SHARDBEAT_TABLE: 'no-such-table' });
  expect(await run()).toEqual({ wanted: 3, started: ['consumer-0', 'consumer-1', 'consumer-2'], failed: [] });
  expect(begun()).toEqual(['consumer-0', 'consumer-1', 'consumer-2']);
  const [{ path, headers }] = lambda.requests as [AwsService['requests'][number]];
  expect(path).toBe(`/2015-03-31/functions/${FUNCTION}/invocations`);
  expect(headers['x-amz-invocation-type']).toBe('Event');
  expect(errors()).toEqual([]);
});

it('starts the last slots, too, where a part of the interval is longer than its own time', async () => {
  const run = starterOf('slow', { SHARDBEAT_SLOTS: '5', SHARDBEAT_INTERVAL: '30m' }, {});
  expect(await run(1_300)).toMatchObject({ wanted: 5, failed: [] });
  expect(begun()).toHaveLength(5);
});

it('starts again what may be started yet, and no slot twice without need', async () => {
  const failing = new Set(['consumer-1']);
  let left = 4;
  lambda.fault = ({ body }) =>
    failing.has(JSON.parse(body.toString()).slot) && left-- > 0
      ? { status: 429, body: '{"Type":"User","Reason":"CallerRateLimitExceeded","message":"Rate Exceeded."}' }
      : undefined;
  const run = starterOf('throttled', { SHARDBEAT_SLOTS: '2' });
  expect(await run()).toMatchObject({ started: ['consumer-0', 'consumer-1'], failed: [] });
  expect(begun()).toEqual(['consumer-0', ...Array(5).fill('consumer-1')]);
}, 10_000);

it('tells which slots it could not start, and why; it fails if there is none that it could', async () => {
  const denied = {
    status: 403,
    body: '{"Message":"User is not authorized to perform: lambda:InvokeFunction"}',
    headers: { 'x-amzn-errortype': 'AccessDeniedException' },
  };
  lambda.fault = ({ body }) => (JSON.parse(body.toString()).slot === 'consumer-1' ? denied : undefined);
  const run = starterOf('denied', { SHARDBEAT_SLOTS: '2' });
  expect(await run()).toMatchObject({ started: ['consumer-0'], failed: ['consumer-1'] });
  expect(errors()).toMatchObject([{ event: 'slots.notStarted', count: 1, slots: ['consumer-1'] }]);
  expect(JSON.stringify(errors())).toContain(
    `whoever calls must be allowed lambda:InvokeFunction on ${FUNCTION}`,
  );
  lambda.fault = () => denied;
  await expect(run()).rejects.toThrow('no slot could be started: slots.notStarted in the log says why');
  lambda.fault = () => ({ status: 404, body: '{}' });
  await expect(run()).rejects.toThrow('no slot could be started');
  expect(JSON.stringify(errors())).toContain('there is none in this region: correct its name, or the region');
});

it('starts what it started last, where the table can be read no more', async () => {
  const own = await startLocalTable('shardbeat');
  process.env.AWS_ENDPOINT_URL_DYNAMODB = own.service.endpoint;
  const run = starterOf('gone');
  const address = { client: own.client, table: 'shardbeat', group: 'gone' };
  const store = createDynamodbStore({ ...address, clock: systemClock, random: systemRandom });
  const set = { generation: 1, paused: true, scale: { slots: 3, lowered: false, calmIntervals: 10 } };
  const { signal } = new AbortController();
  await store.update('GROUP', { set, condition: { absent: 'generation' } }, { signal });
  expect(await run()).toMatchObject({ wanted: 3 });
  process.env.AWS_ENDPOINT_URL_DYNAMODB = table.service.endpoint;
  await own.close();
  expect(await run()).toMatchObject({ wanted: 3, started: ['consumer-0', 'consumer-1', 'consumer-2'] });
  expect(errors()).toMatchObject([{ event: 'slots.notRead' }]);
});

it('starts the least where the table cannot be read', async () => {
  const run = starterOf('unread', { SHARDBEAT_TABLE: 'no-such-table', SHARDBEAT_SLOTS: '2-3' });
  expect(await run()).toMatchObject({ wanted: 2, started: ['consumer-0', 'consumer-1'] });
  expect(errors()).toMatchObject([{ event: 'slots.notRead' }]);
});

it.each([
  [{ SHARDBEAT_FUNCTION: '' }, 'SHARDBEAT_FUNCTION: missing; set it'],
  [{ SHARDBEAT_FUNCTION: 'a b' }, 'write the name or the ARN of the function that consumes'],
  [{ SHARDBEAT_SLOTS: '3-2' }, 'SHARDBEAT_SLOTS: "3-2" cannot be used: write a count'],
])('refuses %j', (wrong, said) => {
  expect(() => starterOf('refused', wrong)).toThrow(said);
});
